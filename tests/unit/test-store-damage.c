/* Whatever becomes of the bytes of a database, it is refused or read as it was: never read wrong. */
#include "store-world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_ROWS 300

/* A closed database of N_ROWS rows with a few free pages, its bytes and its content. */
typedef struct {
  char *path, *content;
  GByteArray *bytes;
} Sound;

static void
sound_init(Sound *s, const char *name, const char *cipher)
{
  g_autofree char *long_value = g_strnfill(60000, 'z');
  s->path = world_path(name);
  cr_store_set_cipher(cipher);
  CrDb *db = world_open(s->path, TRUE);
  cr_store_set_cipher(NULL);
  g_assert_true(world_fill(db, 0, N_ROWS, NULL));
  g_assert_true(cr_db_set_meta(db, "z", long_value, NULL));
  g_assert_true(cr_db_exec(db, NULL, "DELETE FROM meta WHERE key='z'", ""));
  g_assert_cmpint(cr_db_get_int(db, 0, NULL, "PRAGMA freelist_count", ""), >, 3);
  s->content = world_must_content(db, NULL);
  world_close(db);
  s->bytes = world_load(s->path);
}

static void
sound_clear(Sound *s)
{
  world_remove(s->path);
  g_free(s->path);
  g_free(s->content);
  g_byte_array_unref(s->bytes);
}

typedef enum { REFUSED, SAME } Outcome;

/* Anything else fails the test. */
static Outcome
try_open(const Sound *s)
{
  g_autoptr(GError) error = NULL;
  CrDb *db = cr_db_open(s->path, CR_DB_WORK, world_key, FALSE, &error);
  g_autofree char *content = NULL;
  if (db && cr_db_check(db, &error))
    content = world_content(db, NULL, &error);
  if (db)
    (void)cr_db_close(db, NULL);
  if (content) {
    g_assert_no_error(error);
    g_assert_cmpstr(content, ==, s->content);
    return SAME;
  }
  g_assert_nonnull(strstr(error->message, s->path));
  assert_code(error, DAMAGED);
  return REFUSED;
}

/* ---- the file ---- */

static void
poke(const char *path, gsize at, guint8 value)
{
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint(fd, >=, 0);
  g_assert_cmpint(pwrite(fd, &value, 1, (off_t)at), ==, 1);
  close(fd);
}

static void
flip_one(const Sound *s, gsize at, guint8 mask)
{
  poke(s->path, at, s->bytes->data[at] ^ mask);
  if (try_open(s) != REFUSED)
    g_error("byte %" G_GSIZE_FORMAT " changed by %02x and nobody saw it", at, mask);
  poke(s->path, at, s->bytes->data[at]);
}

/* Every byte of the first page's beginning, each by one bit, and the clear ones by every bit and all; then
 * every so many, so that each page is met several times. */
static void
test_flip(gconstpointer cipher)
{
  Sound s;
  guint n = 0;
  gsize stride = g_test_slow() ? 97 : 499;
  sound_init(&s, "flip", cipher);
  for (gsize at = 0; at < 4096; at++, n++)
    flip_one(&s, at, (guint8)(1u << at % 8));
  for (gsize at = 0; at < 24; at++)
    for (guint mask = 1; mask < 256; mask++, n++)
      flip_one(&s, at, (guint8)mask);
  for (gsize at = 4096; at < s.bytes->len; at += stride, n++)
    flip_one(&s, at, (guint8)(1u << at % 8));
  for (gsize page = 8192; page < s.bytes->len; page += 8192) /* its first and last byte, and of the tag */
    for (guint k = 0; k < 3; k++, n++)
      flip_one(&s, page + (k == 0 ? 0 : k == 1 ? 8191 : 8192 - 64), 0xff);
  g_autoptr(GByteArray) after = world_load(s.path);
  assert_mem(after->data, after->len, s.bytes->data, s.bytes->len); /* nobody wrote to it */
  g_assert_cmpint(try_open(&s), ==, SAME);
  g_test_message("%u changed bytes, each refused", n);
  sound_clear(&s);
}

static void
test_truncate(void)
{
  Sound s;
  sound_init(&s, "truncate", NULL);
  g_autoptr(GRand) random = g_rand_new_with_seed(11);
  for (gsize n = 0; n < s.bytes->len; n += 8192) {
    world_save(s.path, s.bytes->data, n);
    g_assert_cmpint(try_open(&s), ==, REFUSED);
    gsize ragged = n + (gsize)g_rand_int_range(random, 1, 8192);
    world_save(s.path, s.bytes->data, ragged);
    g_assert_cmpint(try_open(&s), ==, REFUSED);
  }
  world_save(s.path, s.bytes->data, s.bytes->len - 1);
  g_assert_cmpint(try_open(&s), ==, REFUSED);
  sound_clear(&s);
}

/* What stands behind the last page is no part of the database. */
static void
test_append(void)
{
  static const gsize lengths[] = {1, 100, 4096, 8191, 8192, 8193, 3 * 8192};
  Sound s;
  sound_init(&s, "append", NULL);
  for (guint i = 0; i < G_N_ELEMENTS(lengths); i++)
    for (int filled = 0; filled < 2; filled++) {
      g_autofree guint8 *longer = g_malloc0(s.bytes->len + lengths[i]);
      memcpy(longer, s.bytes->data, s.bytes->len);
      memset(longer + s.bytes->len, filled ? 0xa5 : 0, lengths[i]);
      world_save(s.path, longer, s.bytes->len + lengths[i]);
      (void)try_open(&s);
      world_save(s.path, s.bytes->data, s.bytes->len);
    }
  sound_clear(&s);
}

static void
copy_page(const Sound *s, gsize to, gsize from)
{
  g_autofree guint8 *bytes = g_memdup2(s->bytes->data, s->bytes->len);
  memcpy(bytes + to * 8192, s->bytes->data + from * 8192, 8192);
  world_save(s->path, bytes, s->bytes->len);
  g_assert_cmpint(try_open(s), ==, REFUSED);
}

/* A page is bound to its place: a sound one in another place, or zeros, are refused. */
static void
test_move_pages(gconstpointer cipher)
{
  Sound s;
  sound_init(&s, "move", cipher);
  gsize n_pages = s.bytes->len / 8192;
  for (gsize p = 1; p < n_pages; p++)
    copy_page(&s, p, p - 1);
  for (gsize p = 0; p < n_pages; p++) {
    g_autofree guint8 *bytes = g_memdup2(s.bytes->data, s.bytes->len);
    memset(bytes + p * 8192, 0, 8192);
    world_save(s.path, bytes, s.bytes->len);
    g_assert_cmpint(try_open(&s), ==, REFUSED);
  }
  sound_clear(&s);
}

/* Pages of a database of another project do not open in this one. */
static void
test_foreign_pages(void)
{
  Sound s;
  sound_init(&s, "ours", NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("theirs");
  CrDb *db = cr_db_open(path, CR_DB_WORK, other_key, TRUE, &error);
  g_assert_no_error(error);
  g_assert_true(world_fill(db, 0, N_ROWS, NULL));
  world_close(db);
  g_autoptr(GByteArray) theirs = world_load(path);
  for (gsize p = 0; p < MIN(theirs->len, s.bytes->len) / 8192; p++) {
    g_autofree guint8 *bytes = g_memdup2(s.bytes->data, s.bytes->len);
    memcpy(bytes + p * 8192, theirs->data + p * 8192, 8192);
    world_save(s.path, bytes, s.bytes->len);
    if (p > 0) {
      g_assert_cmpint(try_open(&s), ==, REFUSED);
      continue;
    }
    g_assert_null(cr_db_open(s.path, CR_DB_WORK, world_key, FALSE, &error));
    assert_code(error, SEAL_BROKEN); /* its first page is that of the other project */
  }
  world_remove(path);
  sound_clear(&s);
}

/* ---- damage while it is open ---- */

/* Whoever overlooked the damage is told at the latest here, and nothing was committed after it. */
static void
close_damaged(CrDb *db, const Sound *s)
{
  g_autoptr(GError) error = NULL;
  g_assert_false(world_fill(db, 900, 910, &error));
  assert_code(error, DAMAGED);
  g_assert_false(cr_db_in_transaction(db));
  g_assert_false(cr_db_close(db, &error));
  assert_code(error, DAMAGED);
  g_assert_cmpint(try_open(s), ==, SAME);
}

/* Nothing of the database stays in memory. */
static void
forget_pages(CrDb *db)
{
  g_assert_true(cr_db_exec(db, NULL, "PRAGMA shrink_memory", ""));
}

static void
test_damage_while_open(void)
{
  Sound s;
  g_autoptr(GError) error = NULL;
  sound_init(&s, "while-open", NULL);
  CrDb *db = world_open(s.path, FALSE);
  guint n_refused = 0;
  for (gsize p = 0; p < s.bytes->len / 8192; p++) {
    gsize at = p * 8192 + 777;
    poke(s.path, at, s.bytes->data[at] ^ 1);
    forget_pages(db);
    g_autofree char *content = world_content(db, NULL, &error);
    if (content) /* a page that holds none of the rows */
      g_assert_cmpstr(content, ==, s.content);
    else
      assert_code(error, DAMAGED);
    n_refused += content == NULL;
    g_assert_false(cr_db_check(db, &error));
    assert_code(error, DAMAGED);
    poke(s.path, at, s.bytes->data[at]);
    g_autofree char *healed = world_must_content(db, NULL); /* the rest was never in doubt */
    g_assert_cmpstr(healed, ==, s.content);
  }
  g_assert_cmpuint(n_refused, >, 10);
  close_damaged(db, &s);
  sound_clear(&s);
}

/* The bytes of page 1 that the cipher leaves out, read anew. */
static void
test_clear_bytes_while_open(void)
{
  Sound s;
  g_autoptr(GError) error = NULL;
  sound_init(&s, "clear-open", NULL);
  CrDb *db = world_open(s.path, FALSE);
  for (gsize at = 16; at < 24; at++) {
    poke(s.path, at, s.bytes->data[at] ^ 0x11);
    forget_pages(db);
    g_assert_null(world_content(db, NULL, &error));
    assert_code(error, DAMAGED);
    poke(s.path, at, s.bytes->data[at]);
  }
  g_autofree char *healed = world_must_content(db, NULL);
  g_assert_cmpstr(healed, ==, s.content);
  close_damaged(db, &s);
  sound_clear(&s);
}

/* ---- the log ---- */

#define N_COMMITS 12

/* A database as a kill leaves it: twelve commits of which the file has two and the log ten; content[k] is
 * what it holds after k commits. */
typedef struct {
  char *path, *wal, *content[N_COMMITS + 1];
  GByteArray *db_bytes, *wal_bytes;
} Killed;

static void
killed_init(Killed *k, const char *name)
{
  g_autofree char *live = g_strconcat(world_dir, "/live-", name, NULL),
                  *live_wal = g_strconcat(live, "-wal", NULL);
  k->path = world_path(name);
  k->wal = g_strconcat(k->path, "-wal", NULL);
  CrDb *db = world_open(live, TRUE);
  for (guint i = 0; i <= N_COMMITS; i++) {
    if (i > 0)
      g_assert_true(world_fill(db, i * 10, i * 10 + 10, NULL));
    if (i == 2)
      g_assert_true(cr_db_checkpoint(db, NULL));
    k->content[i] = world_must_content(db, NULL);
  }
  k->db_bytes = world_load(live);
  k->wal_bytes = world_load(live_wal);
  world_close(db);
  world_remove(live);
}

static void
killed_clear(Killed *k)
{
  world_remove(k->path);
  for (guint i = 0; i <= N_COMMITS; i++)
    g_free(k->content[i]);
  g_byte_array_unref(k->db_bytes);
  g_byte_array_unref(k->wal_bytes);
  g_free(k->path);
  g_free(k->wal);
}

static void
killed_write(const Killed *k, const guint8 *wal, gsize n_wal)
{
  world_remove(k->path);
  world_save(k->path, k->db_bytes->data, k->db_bytes->len);
  world_save(k->wal, wal, n_wal);
}

/* How many commits the database holds; whole ones, or the test fails. -1: refused. */
static int
commits_left(const Killed *k)
{
  g_autoptr(GError) error = NULL;
  CrDb *db = cr_db_open(k->path, CR_DB_WORK, world_key, FALSE, &error);
  if (!db) {
    assert_code(error, DAMAGED);
    return -1;
  }
  g_assert_true(cr_db_check(db, NULL));
  g_autofree char *content = world_must_content(db, NULL);
  world_close(db);
  for (int i = 0; i <= N_COMMITS; i++)
    if (strcmp(k->content[i], content) == 0)
      return i;
  g_error("%s holds something that was never committed", k->path);
}

static void
test_log_is_recovered(void)
{
  Killed k;
  killed_init(&k, "recovered");
  killed_write(&k, k.wal_bytes->data, k.wal_bytes->len);
  g_assert_cmpint(commits_left(&k), ==, N_COMMITS);
  g_assert_cmpint(commits_left(&k), ==, N_COMMITS); /* and again from the file */
  killed_clear(&k);
}

/* The engine takes a log up to the first frame that does not fit: commits before it stay, those after it are
 * gone without an error. (The workflow knows from the audit trail that they are missing.) */
static void
test_log_flipped(void)
{
  Killed k;
  int last = 2, n_refused = 0;
  killed_init(&k, "flipped");
  gsize stride = g_test_slow() ? 101 : 509;
  for (gsize at = 0; at < k.wal_bytes->len; at += at < 100 ? 1 : stride) {
    g_autofree guint8 *wal = g_memdup2(k.wal_bytes->data, k.wal_bytes->len);
    wal[at] ^= (guint8)(1u << at % 8);
    killed_write(&k, wal, k.wal_bytes->len);
    int left = commits_left(&k);
    n_refused += left < 0;
    g_assert_cmpint(left, <, N_COMMITS); /* no changed frame is taken */
    if (left >= 0) {
      g_assert_cmpint(left, >=, last); /* the further back the change, the more stays */
      last = left;
    }
  }
  g_assert_cmpint(last, ==, N_COMMITS - 1);
  g_test_message("%d refused", n_refused);
  killed_clear(&k);
}

static void
test_log_truncated(void)
{
  Killed k;
  int last = 2;
  killed_init(&k, "cut");
  for (gsize n = 0; n < k.wal_bytes->len; n += 1777) {
    killed_write(&k, k.wal_bytes->data, n);
    int left = commits_left(&k);
    g_assert_cmpint(left, >=, last);
    last = left;
  }
  g_assert_cmpint(last, >=, N_COMMITS - 1);
  killed_clear(&k);
}

/* Somebody who can compute the log's checksums still can't change a page: the cipher refuses it. */
static void
wal_sum(const guint8 *data, gsize n, gboolean big_endian, guint32 sum[2])
{
  for (gsize i = 0; i + 8 <= n; i += 8) {
    guint32 x, y;
    memcpy(&x, data + i, 4);
    memcpy(&y, data + i + 4, 4);
    sum[0] += (big_endian ? GUINT32_FROM_BE(x) : GUINT32_FROM_LE(x)) + sum[1];
    sum[1] += (big_endian ? GUINT32_FROM_BE(y) : GUINT32_FROM_LE(y)) + sum[0];
  }
}

static void
put_sum(guint8 *at, const guint32 sum[2])
{
  guint32 be[2] = {GUINT32_TO_BE(sum[0]), GUINT32_TO_BE(sum[1])};
  memcpy(at, be, 8);
}

static void
sum_all_frames(guint8 *wal, gsize n)
{
  gboolean big_endian = wal[3] & 1;
  guint32 sum[2] = {0, 0};
  wal_sum(wal, 24, big_endian, sum);
  put_sum(wal + 24, sum);
  for (gsize at = 32; at + 24 + 8192 <= n; at += 24 + 8192) {
    wal_sum(wal + at, 8, big_endian, sum);
    wal_sum(wal + at + 24, 8192, big_endian, sum);
    put_sum(wal + at + 16, sum);
  }
}

static void
test_log_forged(void)
{
  Killed k;
  g_autoptr(GError) error = NULL;
  killed_init(&k, "forged");
  g_autofree guint8 *same = g_memdup2(k.wal_bytes->data, k.wal_bytes->len);
  sum_all_frames(same, k.wal_bytes->len);
  assert_mem(same, k.wal_bytes->len, k.wal_bytes->data, k.wal_bytes->len); /* the sums are understood */
  for (gsize frame = 32; frame < k.wal_bytes->len; frame += 24 + 8192) {
    g_autofree guint8 *wal = g_memdup2(k.wal_bytes->data, k.wal_bytes->len);
    guint32 page;
    memcpy(&page, wal + frame, 4);
    wal[frame + 24 + (GUINT32_FROM_BE(page) == 1 ? 20 : 500)] ^= 1; /* page 1: a byte outside the cipher */
    sum_all_frames(wal, k.wal_bytes->len);
    killed_write(&k, wal, k.wal_bytes->len);
    CrDb *db = cr_db_open(k.path, CR_DB_WORK, world_key, FALSE, &error);
    g_autofree char *content = db && cr_db_check(db, &error) ? world_content(db, NULL, &error) : NULL;
    if (content) /* a later frame of the same page counts */
      g_assert_cmpstr(content, ==, k.content[N_COMMITS]);
    else
      assert_code(error, DAMAGED);
    if (db)
      (void)cr_db_close(db, NULL);
  }
  killed_clear(&k);
}

/* A log that was left behind is not lost because somebody tried the wrong key. */
static void
test_wrong_key_keeps_log(void)
{
  Killed k;
  g_autoptr(GError) error = NULL;
  killed_init(&k, "keeps-log");
  killed_write(&k, k.wal_bytes->data, k.wal_bytes->len);
  g_assert_null(cr_db_open(k.path, CR_DB_WORK, other_key, FALSE, &error));
  assert_code(error, SEAL_BROKEN);
  g_assert_cmpint(commits_left(&k), ==, N_COMMITS);
  killed_clear(&k);
}

/* ---- a kill ---- */

static void
commit_for_ever(const char *path, int pipe_end)
{
  CrDb *db = cr_db_open(path, CR_DB_WORK, world_key, FALSE, NULL);
  for (guint i = 0; db; i++) {
    if (!world_fill(db, i * 5, i * 5 + 5, NULL))
      _exit(1);
    if (i % 7 == 6 && !cr_db_checkpoint(db, NULL))
      _exit(1);
    if (write(pipe_end, &i, sizeof i) != sizeof i)
      _exit(1);
  }
  _exit(1);
}

/* The number of commits that the child had acknowledged before it was killed. */
static guint
run_and_kill(const char *path, guint after_us)
{
  int ends[2];
  guint n = 0, i;
  g_assert_cmpint(pipe(ends), ==, 0);
  pid_t child = fork();
  g_assert_cmpint(child, >=, 0);
  if (child == 0) {
    close(ends[0]);
    commit_for_ever(path, ends[1]);
  }
  close(ends[1]);
  g_usleep(after_us);
  kill(child, SIGKILL);
  while (read(ends[0], &i, sizeof i) == sizeof i)
    n = i + 1;
  int status = 0;
  waitpid(child, &status, 0);
  g_assert_true(WIFSIGNALED(status));
  close(ends[0]);
  return n;
}

static void
test_kill(void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed(5);
  guint total = 0;
  for (guint loop = 0; loop < (g_test_slow() ? 400u : 40u); loop++) {
    g_autofree char *path = world_path("kill");
    guint n_rows = 0;
    world_close(world_open(path, TRUE));
    guint n = run_and_kill(path, (guint)g_rand_int_range(random, 1000, 60000));
    CrDb *db = world_open(path, FALSE);
    g_assert_true(cr_db_check(db, NULL));
    g_autofree char *content = world_must_content(db, &n_rows);
    g_assert_cmpuint(n_rows % 5, ==, 0);
    g_assert_cmpuint(n_rows / 5, >=, n);     /* nothing acknowledged is lost */
    g_assert_cmpuint(n_rows / 5, <=, n + 1); /* at most the one that was under way */
    world_close(db);
    world_remove(path);
    total += n;
  }
  g_assert_cmpuint(total, >, 40);
  g_test_message("%u acknowledged commits", total);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  world_init();
  g_test_add_data_func("/store/damage/flip/aegis", "aegis", test_flip);
  g_test_add_data_func("/store/damage/flip/chacha20", "chacha20", test_flip);
  g_test_add_func("/store/damage/truncate", test_truncate);
  g_test_add_func("/store/damage/append", test_append);
  g_test_add_data_func("/store/damage/move-pages/aegis", "aegis", test_move_pages);
  g_test_add_data_func("/store/damage/move-pages/chacha20", "chacha20", test_move_pages);
  g_test_add_func("/store/damage/foreign-pages", test_foreign_pages);
  g_test_add_func("/store/damage/while-open", test_damage_while_open);
  g_test_add_func("/store/damage/clear-bytes-while-open", test_clear_bytes_while_open);
  g_test_add_func("/store/damage/log/recovered", test_log_is_recovered);
  g_test_add_func("/store/damage/log/flipped", test_log_flipped);
  g_test_add_func("/store/damage/log/truncated", test_log_truncated);
  g_test_add_func("/store/damage/log/forged", test_log_forged);
  g_test_add_func("/store/damage/log/wrong-key", test_wrong_key_keeps_log);
  g_test_add_func("/store/damage/kill", test_kill);
  int failed = g_test_run();
  world_clear();
  return failed;
}
