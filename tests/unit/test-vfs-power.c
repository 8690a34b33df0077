/* The power goes out: of what was written and not yet synced, any part may have reached the disk, in any
 * order, torn at any sector. Whatever was acknowledged is there, and the rest is whole or absent.
 *
 * A workload runs once and every change of a file is recorded; images of the disk at random moments are then
 * made from the record and opened. */
#include "vfs-shim.h"

#define N_TX 40
#define ROWS 8
#define SECTOR 512

typedef struct {
  ShimOp op;
  guint file;    /* index into suffixes */
  gint64 offset; /* or the new size; of a removal: nothing */
  GBytes *data;
} Change;

static const char *const suffixes[] = {"", "-wal", "-journal"};
#define N_FILES G_N_ELEMENTS(suffixes)

static GArray *changes;       /* of Change */
static char *live;            /* the database of the workload */
static guint acked[N_TX];     /* how many changes there were when transaction t was acknowledged */
static GByteArray *beginning; /* the database before the first change */

/* ---- the record ---- */

static guint
file_of(const char *path)
{
  const char *suffix = path + strlen(path) -
                       (g_str_has_suffix(path, "-wal")       ? 4
                        : g_str_has_suffix(path, "-journal") ? 8
                                                             : 0);
  for (guint i = 0; i < N_FILES; i++)
    if (strcmp(suffix, suffixes[i]) == 0)
      return i;
  g_assert_not_reached();
}

static void
record(ShimOp op, const char *path, const void *data, gsize n, gint64 offset)
{
  Change change = {
      .op = op, .file = file_of(path), .offset = offset, .data = data ? g_bytes_new(data, n) : NULL};
  g_array_append_val(changes, change);
}

static void
change_clear(gpointer item)
{
  g_clear_pointer(&((Change *)item)->data, g_bytes_unref);
}

/* Transactions, the log moved into the file now and then, the database closed and opened again in between. */
static void
run_workload(void)
{
  live = world_path("power-live");
  world_close(world_open(live, TRUE));
  beginning = world_load(live);
  changes = g_array_new(FALSE, FALSE, sizeof(Change));
  g_array_set_clear_func(changes, change_clear);
  shim_record = record;
  CrDb *db = world_open(live, FALSE);
  for (guint t = 0; t < N_TX; t++) {
    g_assert_true(world_fill(db, t * ROWS, (t + 1) * ROWS, NULL));
    acked[t] = changes->len;
    if (t % 7 == 6)
      g_assert_true(cr_db_checkpoint(db, NULL));
    if (t % 13 == 12) {
      world_close(db);
      db = world_open(live, FALSE);
    }
  }
  world_close(db);
  shim_record = NULL;
}

/* ---- images ---- */

typedef struct {
  GByteArray *bytes;
  gboolean exists;
} DiskFile;

typedef struct {
  DiskFile files[N_FILES];
  guint durable[N_FILES]; /* changes before this one are on the disk for certain */
  double keep;            /* how likely a change after it is */
  GRand *random;
} Disk;

static void
put_bytes(GByteArray *file, gint64 offset, const guint8 *data, gsize n)
{
  gsize old = file->len, end = (gsize)offset + n;
  if (end > old) {
    g_byte_array_set_size(file, (guint)end);
    memset(file->data + old, 0, end - old);
  }
  memcpy(file->data + offset, data, n);
}

/* Each sector by itself. */
static void
put_torn(Disk *disk, GByteArray *file, gint64 offset, const guint8 *data, gsize n)
{
  for (gsize at = 0; at < n;) {
    gsize n_now = MIN(n - at, SECTOR - ((gsize)offset + at) % SECTOR);
    if (g_rand_boolean(disk->random))
      put_bytes(file, offset + (gint64)at, data + at, n_now);
    at += n_now;
  }
}

static void
apply_write(Disk *disk, DiskFile *file, const Change *change, gboolean certain)
{
  gsize n;
  const guint8 *data = g_bytes_get_data(change->data, &n);
  file->exists = TRUE;
  if (certain || g_rand_boolean(disk->random))
    put_bytes(file->bytes, change->offset, data, n);
  else
    put_torn(disk, file->bytes, change->offset, data, n);
}

static void
apply(Disk *disk, const Change *change, gboolean certain)
{
  DiskFile *file = &disk->files[change->file];
  if (!certain && g_rand_double(disk->random) >= disk->keep)
    return;
  if (change->op == SHIM_WRITE)
    apply_write(disk, file, change, certain);
  else if (change->op == SHIM_CUT && change->offset <= file->bytes->len)
    g_byte_array_set_size(file->bytes, (guint)change->offset);
  else if (change->op == SHIM_REMOVE) {
    g_byte_array_set_size(file->bytes, 0);
    file->exists = FALSE;
  }
}

/* A sync makes what came before it on that file certain; so does a later life of a removed file. */
static void
find_durable(Disk *disk, guint moment)
{
  for (guint i = 0; i < moment; i++) {
    const Change *change = &g_array_index(changes, Change, i);
    if (change->op == SHIM_SYNC)
      disk->durable[change->file] = i;
    for (guint k = i + 1; change->op == SHIM_REMOVE && k < moment; k++)
      if (g_array_index(changes, Change, k).file == change->file) {
        disk->durable[change->file] = i + 1;
        break;
      }
  }
}

static void
disk_init(Disk *disk, guint moment, GRand *random)
{
  static const double likely[] = {0, 0.3, 0.7, 1};
  *disk = (Disk){.keep = likely[g_rand_int_range(random, 0, G_N_ELEMENTS(likely))], .random = random};
  for (guint f = 0; f < N_FILES; f++)
    disk->files[f].bytes = g_byte_array_new();
  g_byte_array_append(disk->files[0].bytes, beginning->data, beginning->len);
  disk->files[0].exists = TRUE;
  find_durable(disk, moment);
  for (guint i = 0; i < moment; i++) {
    const Change *change = &g_array_index(changes, Change, i);
    apply(disk, change, i < disk->durable[change->file]);
  }
}

static void
disk_write(const Disk *disk, const char *path)
{
  world_remove(path);
  for (guint f = 0; f < N_FILES; f++) {
    g_autofree char *name = g_strconcat(path, suffixes[f], NULL);
    if (disk->files[f].exists)
      world_save(name, disk->files[f].bytes->data, disk->files[f].bytes->len);
    g_byte_array_unref(disk->files[f].bytes);
  }
}

/* ---- what must hold ---- */

static guint
rows_of(CrDb *db, guint tx)
{
  g_autofree char *first = g_strdup_printf("row-%06u", tx * ROWS),
                  *end = g_strdup_printf("row-%06u", (tx + 1) * ROWS);
  guint n = 0;
  g_autoptr(GError) error = NULL;
  g_autoptr(CrStmt) stmt =
      cr_db_query(db, &error, "SELECT value FROM meta WHERE key>=? AND key<? ORDER BY key", "ss", first, end);
  for (; cr_stmt_step(stmt, &error); n++) {
    g_autofree char *value = world_value(tx * ROWS + n);
    g_assert_cmpstr(cr_stmt_text(stmt, 0), ==, value);
  }
  g_assert_no_error(error);
  return n;
}

static void
verify(const char *path, guint moment, guint image)
{
  CrDb *db = world_open(path, FALSE);
  gboolean gone = FALSE;
  g_assert_true(cr_db_check(db, NULL));
  for (guint t = 0; t < N_TX; t++) {
    guint n = rows_of(db, t);
    if ((n != ROWS && n != 0) || (n == 0 && acked[t] <= moment) || (n != 0 && gone))
      g_error("image %u, after change %u: transaction %u has %u rows", image, moment, t, n);
    gone = n == 0; /* and none after it */
  }
  world_close(db);
}

static void
test_images(void)
{
  g_autofree char *path = world_path("power-image");
  g_autoptr(GRand) random = g_rand_new_with_seed(20261122);
  guint n_images = g_test_slow() ? 5000 : 500;
  run_workload();
  for (guint image = 0; image < n_images; image++) {
    guint moment = (guint)g_rand_int_range(random, 0, (gint)changes->len + 1);
    Disk disk;
    disk_init(&disk, moment, random);
    disk_write(&disk, path);
    verify(path, moment, image);
  }
  g_test_message("%u changes, %u images", changes->len, n_images);
  world_remove(path);
  world_remove(live);
  g_array_unref(changes);
  g_byte_array_unref(beginning);
  g_free(live);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  world_init();
  shim_init();
  cr_store_set_vfs(SHIM_VFS);
  g_test_add_func("/vfs/power/images", test_images);
  int failed = g_test_run();
  world_clear();
  return failed;
}
