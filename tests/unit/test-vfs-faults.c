/* The n-th call to the disk fails, for every n: a clear error, and a store in which every acknowledged
 * transaction is whole and every other one is whole or not there. */
#include "vfs-shim.h"

#define N_TX 8
#define ROWS 12

typedef struct {
  const char *name;
  guint ops;
  int rc, os_error;
  gboolean half;
  CrErrorCode code; /* what the caller is told */
} Fault;

static const Fault faults[] = {
    {"full", SHIM_WRITE, SQLITE_FULL, ENOSPC, FALSE, CR_ERROR_DISK_FULL},
    {"full-half", SHIM_WRITE, SQLITE_FULL, ENOSPC, TRUE, CR_ERROR_DISK_FULL},
    {"quota", SHIM_WRITE | SHIM_SYNC | SHIM_CUT, SQLITE_IOERR_WRITE, EDQUOT, FALSE, CR_ERROR_DISK_FULL},
    {"write", SHIM_WRITE, SQLITE_IOERR_WRITE, EIO, FALSE, CR_ERROR_IO},
    {"write-half", SHIM_WRITE, SQLITE_IOERR_WRITE, EIO, TRUE, CR_ERROR_IO},
    {"sync", SHIM_SYNC, SQLITE_IOERR_FSYNC, EIO, FALSE, CR_ERROR_IO},
    {"cut", SHIM_CUT, SQLITE_IOERR_TRUNCATE, EIO, FALSE, CR_ERROR_IO},
    {"read", SHIM_READ, SQLITE_IOERR_READ, EIO, FALSE, CR_ERROR_IO},
    {"size", SHIM_SIZE, SQLITE_IOERR_FSTAT, EIO, FALSE, CR_ERROR_IO},
    {"remove", SHIM_REMOVE, SQLITE_IOERR_DELETE, EIO, FALSE, CR_ERROR_IO},
    {"open", SHIM_OPEN, SQLITE_CANTOPEN, EMFILE, FALSE, CR_ERROR_IO},
    {"any", 127, SQLITE_IOERR, EIO, FALSE, CR_ERROR_IO},
};

typedef struct {
  const Fault *fault;
  gboolean once, create;
  const char *path;
  gboolean acknowledged[N_TX];
  guint n_errors;
} Run;

static void
expect(Run *run, GError **error)
{
  g_assert_nonnull(*error);
  g_assert_nonnull(strstr((*error)->message, run->path));
  if ((*error)->code != (int)run->fault->code)
    g_error("%s%s, call %u: %s", run->fault->name, run->once ? " once" : "", shim_plan.fail_at,
            (*error)->message);
  g_clear_error(error);
  run->n_errors++;
}

/* Eight transactions, the log moved into the file in between, each failure noted and gone on from. */
static void
work(Run *run)
{
  g_autoptr(GError) error = NULL;
  CrDb *db = cr_db_open(run->path, CR_DB_WORK, world_key, run->create, &error);
  if (!db) {
    expect(run, &error);
    return;
  }
  for (guint t = 0; t < N_TX; t++) {
    run->acknowledged[t] = world_fill(db, t * ROWS, (t + 1) * ROWS, &error);
    if (!run->acknowledged[t])
      expect(run, &error);
    g_assert_false(cr_db_in_transaction(db));
    if (t % 3 == 2 && !cr_db_checkpoint(db, &error))
      expect(run, &error);
  }
  if (!cr_db_close(db, &error))
    expect(run, &error);
}

static guint
rows_of(CrDb *db, guint tx)
{
  guint n = 0;
  for (guint i = tx * ROWS; i < (tx + 1) * ROWS; i++) {
    g_autofree char *key = g_strdup_printf("row-%06u", i), *value = world_value(i),
                    *found = cr_db_dup_meta(db, key, NULL);
    if (found)
      g_assert_cmpstr(found, ==, value);
    n += found != NULL;
  }
  return n;
}

static void
verify(const Run *run)
{
  CrDb *db = world_open(run->path, FALSE);
  g_assert_true(cr_db_check(db, NULL));
  for (guint t = 0; t < N_TX; t++) {
    guint n = rows_of(db, t);
    if (n != ROWS && (n != 0 || run->acknowledged[t]))
      g_error("%s%s, call %u: transaction %u was%s acknowledged and has %u rows", run->fault->name,
              run->once ? " once" : "", shim_plan.fail_at, t, run->acknowledged[t] ? "" : " not", n);
  }
  world_close(db);
}

/* FALSE once no call was left to fail. */
static gboolean
run_one(const Fault *fault, gboolean once, gboolean create, const GByteArray *start, guint fail_at)
{
  g_autofree char *path = world_path("faulty");
  Run run = {.fault = fault, .once = once, .create = create, .path = path};
  world_remove(path);
  if (!create)
    world_save(path, start->data, start->len);
  shim_plan = (ShimPlan){.ops = fault->ops,
                         .fail_at = fail_at,
                         .once = once,
                         .half = fault->half,
                         .rc = fault->rc,
                         .os_error = fault->os_error};
  work(&run);
  shim_plan.ops = 0;
  gboolean opened = run.acknowledged[0] || run.acknowledged[N_TX - 1];
  if (!create || opened) /* a database that could not be made holds nothing to look at */
    verify(&run);
  if (!shim_plan.fired)
    for (guint t = 0; t < N_TX; t++)
      g_assert_true(run.acknowledged[t]);
  return shim_plan.fired;
}

static void
run_all(gboolean create)
{
  g_autofree char *path = world_path("start");
  world_close(world_open(path, TRUE));
  g_autoptr(GByteArray) start = world_load(path);
  world_remove(path);
  guint total = 0;
  for (guint f = 0; f < G_N_ELEMENTS(faults); f++)
    for (int once = 0; once < 2; once++) {
      guint n = 1;
      while (run_one(&faults[f], once, create, start, n))
        n++;
      g_test_message("%s%s: %u calls failed in turn", faults[f].name, once ? " once" : "", n - 1);
      total += n - 1;
    }
  g_assert_cmpuint(total, >, 500);
}

static void
test_existing(void)
{
  run_all(FALSE);
}

static void
test_create(void)
{
  run_all(TRUE);
}

/* What a kill left in the log is not lost because the disk can't be read for a moment. */
static void
test_recovery(void)
{
  static const Fault *fault = &faults[7];
  g_assert_cmpstr(fault->name, ==, "read");
  g_autofree char *live = world_path("live"), *live_wal = g_strconcat(live, "-wal", NULL),
                  *path = world_path("left"), *wal = g_strconcat(path, "-wal", NULL);
  CrDb *db = world_open(live, TRUE);
  for (guint t = 0; t < N_TX; t++)
    g_assert_true(world_fill(db, t * ROWS, (t + 1) * ROWS, NULL));
  g_autoptr(GByteArray) db_bytes = world_load(live), wal_bytes = world_load(live_wal);
  world_close(db);
  gboolean fired = TRUE;
  for (guint n = 1; fired; n++)
    for (int once = 0; once < 2; once++) {
      g_autoptr(GError) error = NULL;
      Run run = {.fault = fault, .once = once, .path = path};
      memset(run.acknowledged, TRUE, sizeof run.acknowledged);
      for (guint t = 0; t < N_TX; t++)
        run.acknowledged[t] = TRUE;
      world_remove(path);
      world_save(path, db_bytes->data, db_bytes->len);
      world_save(wal, wal_bytes->data, wal_bytes->len);
      shim_plan = (ShimPlan){.ops = SHIM_READ, .fail_at = n, .once = once, .rc = fault->rc, .os_error = EIO};
      CrDb *again = cr_db_open(path, CR_DB_WORK, world_key, FALSE, &error);
      gboolean closed = again && cr_db_close(again, &error);
      shim_plan.ops = 0;
      if (!closed)
        expect(&run, &error);
      verify(&run);
      fired = shim_plan.fired;
    }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  world_init();
  shim_init();
  cr_store_set_vfs(SHIM_VFS);
  g_test_add_func("/vfs/faults/existing", test_existing);
  g_test_add_func("/vfs/faults/create", test_create);
  g_test_add_func("/vfs/faults/recovery", test_recovery);
  int failed = g_test_run();
  world_clear();
  return failed;
}
