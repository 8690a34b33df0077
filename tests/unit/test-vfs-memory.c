/* The n-th allocation of the engine fails: the program ends as it does where GLib's fails, never otherwise,
 * and leaves a store in which everything acknowledged is there. Each n runs in a process of its own. */
#include "store-world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_TX 4
#define ROWS 10

static sqlite3_mem_methods real;
static guint n_calls, fail_at;
static gboolean once;

/* ---- the allocator ---- */

static gboolean
fails(void)
{
  n_calls++;
  return fail_at != 0 && (once ? n_calls == fail_at : n_calls >= fail_at);
}

static void *
failing_malloc(int n)
{
  return fails() ? NULL : real.xMalloc(n);
}

static void *
failing_realloc(void *memory, int n)
{
  return fails() ? NULL : real.xRealloc(memory, n);
}

static void
allocator_init(void)
{
  g_assert_cmpint(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real), ==, SQLITE_OK);
  sqlite3_mem_methods mine = real;
  mine.xMalloc = failing_malloc;
  mine.xRealloc = failing_realloc;
  g_assert_cmpint(sqlite3_config(SQLITE_CONFIG_MALLOC, &mine), ==, SQLITE_OK);
  g_assert_cmpint(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), ==, SQLITE_OK);
}

/* ---- the child ---- */

static void
tell(int pipe_end, guint n)
{
  g_assert_cmpint(write(pipe_end, &n, sizeof n), ==, sizeof n);
}

/* Tells of each acknowledged transaction, and at the end of the allocations it took. */
static void
work(const char *path, int pipe_end)
{
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  n_calls = 0;
  CrDb *db = world_open(path, FALSE);
  for (guint t = 0; t < N_TX; t++) {
    g_assert_true(world_fill(db, t * ROWS, (t + 1) * ROWS, NULL));
    tell(pipe_end, t + 1);
    g_autofree char *content = world_must_content(db, NULL);
  }
  world_close(db);
  tell(pipe_end, n_calls);
  _exit(0);
}

typedef struct {
  gboolean ended;         /* by GLib's message of missing memory */
  guint n_acked, n_calls; /* n_calls 0 where ended */
} Told;

static Told
run_child(const char *path)
{
  int ends[2], status = 0;
  guint n, n_told = 0;
  Told told = {0};
  g_assert_cmpint(pipe(ends), ==, 0);
  pid_t child = fork();
  g_assert_cmpint(child, >=, 0);
  if (child == 0) {
    g_assert_cmpint(dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO), ==, STDERR_FILENO);
    g_assert_cmpint(dup2(STDERR_FILENO, STDOUT_FILENO), ==, STDOUT_FILENO);
    work(path, ends[1]);
  }
  close(ends[1]);
  for (; read(ends[0], &n, sizeof n) == sizeof n; n_told++)
    *(n_told < N_TX ? &told.n_acked : &told.n_calls) = n;
  close(ends[0]);
  waitpid(child, &status, 0);
  told.ended = WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP; /* g_error; an assertion is SIGABRT */
  if (!told.ended && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
    g_error("allocation %u%s: status %x", fail_at, once ? " once" : "", status);
  return told;
}

/* ---- the parent ---- */

static void
verify(const char *path, guint n_acked)
{
  guint n_rows = 0;
  fail_at = 0;
  CrDb *db = world_open(path, FALSE);
  g_assert_true(cr_db_check(db, NULL));
  g_autofree char *content = world_must_content(db, &n_rows);
  g_assert_cmpuint(n_rows % ROWS, ==, 0);
  g_assert_cmpuint(n_rows / ROWS, >=, n_acked);
  world_close(db);
}

static void
test_allocations(gconstpointer is_once)
{
  g_autofree char *path = world_path(is_once ? "memory-once" : "memory");
  world_close(world_open(path, TRUE));
  g_autoptr(GByteArray) start = world_load(path);
  guint stride = g_test_slow() ? 1 : 7, n_ended = 0;
  once = GPOINTER_TO_INT(is_once);
  Told whole = run_child(path);
  g_assert_cmpuint(whole.n_acked, ==, N_TX);
  g_assert_cmpuint(whole.n_calls, >, 500);
  for (guint n = 1; n <= whole.n_calls; n += stride) {
    world_remove(path);
    world_save(path, start->data, start->len);
    fail_at = n;
    Told told = run_child(path);
    n_ended += told.ended;
    g_assert_true(told.ended || told.n_acked == N_TX);
    verify(path, told.n_acked);
  }
  g_test_message("%u allocations, every %u. failed, %u ended the program", whole.n_calls, stride, n_ended);
  g_assert_cmpuint(n_ended, >, whole.n_calls / stride / 2);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  allocator_init();
  world_init();
  g_test_add_data_func("/vfs/memory/once", GINT_TO_POINTER(TRUE), test_allocations);
  g_test_add_data_func("/vfs/memory/from-then-on", GINT_TO_POINTER(FALSE), test_allocations);
  int failed = g_test_run();
  world_clear();
  return failed;
}
