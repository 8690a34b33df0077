/* harden: what the process forbids itself holds in threads and children, and nothing else breaks. Each test
 * is a process of its own: there is no way back. */
#include "base/base.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
harden(void)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(cr_harden(&error));
  g_assert_no_error(error);
}

static void
in_own_process(const char *path)
{
  g_test_trap_subprocess(path, 30 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed();
}

/* ---- before: the tests of the promises can fail ---- */

static void
test_before(void)
{
  g_autoptr(GPtrArray) promises = cr_harden_test();
  guint n_kept = 0;
  for (guint i = 0; i < promises->len; i++)
    n_kept += ((CrPromise *)promises->pdata[i])->enforced ? 1 : 0;
  g_assert_cmpuint(n_kept, <, promises->len);
}

/* ---- every promise ---- */

static void
promises_hold(void)
{
  harden();
  g_autoptr(GPtrArray) promises = cr_harden_test();
  g_assert_cmpuint(promises->len, >=, 7);
  for (guint i = 0; i < promises->len; i++) {
    const CrPromise *p = promises->pdata[i];
    if (!p->enforced)
      g_error("%s: %s", p->name, p->detail);
  }
}

static void
test_promises(void)
{
  in_own_process("/harden/promises/subprocess");
}

/* ---- no socket but the machine's own ---- */

static gboolean
is_refused(int family, int type)
{
  int fd = socket(family, type, 0), failed = errno;
  if (fd >= 0)
    close(fd);
  return fd < 0 && failed == EAFNOSUPPORT;
}

static void
assert_only_unix(void)
{
  int pair[2];
  for (int family = 0; family < 64; family++)
    g_assert_true(family == AF_UNIX || is_refused(family, SOCK_DGRAM));
  g_assert_true(is_refused(AF_NETLINK, SOCK_RAW));
  /* The kernel looks at 32 bits of the family: what stands above them must not hide it. */
  long fd = syscall(SYS_socket, (1l << 32) | AF_INET, SOCK_STREAM, 0);
  g_assert_true(fd < 0 && errno == EAFNOSUPPORT);
  g_assert_cmpint(socketpair(AF_INET, SOCK_STREAM, 0, pair), ==, -1);
  g_assert_cmpint(errno, ==, EAFNOSUPPORT);
  g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
  close(pair[0]);
  close(pair[1]);
}

static gpointer
assert_in_thread(gpointer unused)
{
  assert_only_unix();
  return NULL;
}

static void
assert_in_child(void)
{
  int status = 0;
  pid_t child = fork();
  if (child == 0)
    _exit(is_refused(AF_INET, SOCK_STREAM) && is_refused(AF_INET6, SOCK_STREAM) ? 0 : 1);
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
no_way_out(void)
{
  harden();
  assert_only_unix();
  g_thread_join(g_thread_new("sockets", assert_in_thread, NULL));
  assert_in_child();
  harden(); /* a second time changes nothing */
  assert_only_unix();
}

static void
test_sockets(void)
{
  in_own_process("/harden/sockets/subprocess");
}

/* ---- what must go on working ---- */

static gboolean
quit_cb(gpointer loop)
{
  g_main_loop_quit(loop);
  return G_SOURCE_REMOVE;
}

static void
spawn(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *out = NULL;
  int status = 0;
  g_assert_true(g_spawn_command_line_sync("/bin/echo still here", &out, NULL, &status, &error));
  g_assert_no_error(error);
  g_assert_cmpstr(out, ==, "still here\n");
}

static void
read_own_file(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) self = cr_file_read("/proc/self/status", 1 << 20, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(g_bytes_get_size(self), >, 0);
}

/* A main loop with a timer, GIO's file monitor of a folder (inotify), a child, keys in locked memory. */
static void
the_rest_works(void)
{
  harden();
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  g_autoptr(GFile) here = g_file_new_for_path(g_get_tmp_dir());
  g_autoptr(GFileMonitor) monitor = g_file_monitor_directory(here, G_FILE_MONITOR_NONE, NULL, NULL);
  g_autoptr(CrKey) key = cr_key_new_random(cr_env_default());
  g_assert_nonnull(monitor);
  g_assert_nonnull(key);
  g_timeout_add(1, quit_cb, loop);
  g_main_loop_run(loop);
  spawn();
  read_own_file();
}

static void
test_the_rest(void)
{
  in_own_process("/harden/rest/subprocess");
}

/* ---- a crash leaves no core ---- */

static void
test_no_core(void)
{
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    if (!cr_harden(NULL))
      _exit(2);
    signal(SIGABRT, SIG_DFL);
    abort();
  }
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
  g_assert_false(WCOREDUMP(status));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  cr_env_default();
  g_test_add_func("/harden/before", test_before);
  g_test_add_func("/harden/promises", test_promises);
  g_test_add_func("/harden/promises/subprocess", promises_hold);
  g_test_add_func("/harden/sockets", test_sockets);
  g_test_add_func("/harden/sockets/subprocess", no_way_out);
  g_test_add_func("/harden/rest", test_the_rest);
  g_test_add_func("/harden/rest/subprocess", the_rest_works);
  g_test_add_func("/harden/no-core", test_no_core);
  return g_test_run();
}
