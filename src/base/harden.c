/* harden.c: what the process refuses itself, and the test of each promise. */
#include "base/base.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* LeakSanitizer stops its threads by ptrace, which a process that is not dumpable refuses. */
#ifdef CR_SANITIZED
#define DUMPABLE 1
#else
#define DUMPABLE 0
#endif

static gboolean
refuse_core_dumps(void)
{
  struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_CORE, &none) == 0 && (DUMPABLE || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
}

/* Sockets of other families fail as if the machine had none; io_uring could open them behind the filter's
 * back. */
static int
refuse_network(void)
{
  static const int only_unix[] = {SCMP_SYS(socket), SCMP_SYS(socketpair)};
  static const int never[] = {SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
                              SCMP_SYS(io_uring_register)};
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  int failed = filter ? 0 : -ENOMEM;
  for (guint i = 0; !failed && i < G_N_ELEMENTS(only_unix); i++)
    failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), only_unix[i], 1,
                              SCMP_A0_32(SCMP_CMP_NE, AF_UNIX, 0));
  for (guint i = 0; !failed && i < G_N_ELEMENTS(never); i++)
    failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), never[i], 0);
  if (!failed)
    failed = seccomp_load(filter);
  if (filter)
    seccomp_release(filter);
  return failed;
}

gboolean
cr_harden(GError **error)
{
  int failed = 0;
  if (!refuse_core_dumps())
    failed = -errno;
  if (!failed)
    failed = refuse_network();
  if (failed)
    g_set_error(error, CR_ERROR, CR_ERROR_INTERNAL,
                "the kernel does not let the program forbid itself core dumps and the network: %s",
                g_strerror(-failed));
  return !failed;
}

/* ---- the promises, tested ---- */

static gboolean
socket_refused(int family, char **detail)
{
  int fd = socket(family, SOCK_STREAM, 0);
  int failed = errno;
  if (fd >= 0)
    close(fd);
  *detail = g_strdup(fd >= 0 ? "a socket was opened" : g_strerror(failed));
  return fd < 0 && failed == EAFNOSUPPORT;
}

static gboolean
test_ipv4(char **detail)
{
  return socket_refused(AF_INET, detail);
}

static gboolean
test_ipv6(char **detail)
{
  return socket_refused(AF_INET6, detail);
}

static gboolean
test_packet(char **detail)
{
  return socket_refused(AF_PACKET, detail);
}

static gboolean
test_unix(char **detail)
{
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0)
    close(fd);
  *detail = g_strdup(fd >= 0 ? "works (the desktop needs it)" : "refused");
  return fd >= 0;
}

static gboolean
test_io_uring(char **detail)
{
  long fd = syscall(SYS_io_uring_setup, 1, NULL);
  int failed = errno;
  *detail = g_strdup(g_strerror(failed));
  return fd < 0 && failed == EPERM;
}

static gboolean
test_core(char **detail)
{
  struct rlimit limit;
  gboolean none = getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0;
  int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  *detail = g_strdup_printf("limit %s, dumpable %d", none ? "0" : "not 0", dumpable);
  return none && (DUMPABLE || dumpable == 0);
}

static gboolean
test_filter(char **detail)
{
  int mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
  *detail = g_strdup_printf("seccomp mode %d", mode);
  return mode == 2;
}

static const struct {
  const char *name;
  gboolean (*test)(char **detail);
} promises[] = {{"a system call filter is in force", test_filter},
                {"no IPv4 socket can be opened", test_ipv4},
                {"no IPv6 socket can be opened", test_ipv6},
                {"no packet socket can be opened", test_packet},
                {"sockets within the machine stay possible", test_unix},
                {"io_uring is refused", test_io_uring},
                {"no core file is written", test_core}};

static void
promise_free(gpointer item)
{
  g_free(((CrPromise *)item)->detail);
  g_free(item);
}

GPtrArray *
cr_harden_test(void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func(promise_free);
  for (guint i = 0; i < G_N_ELEMENTS(promises); i++) {
    CrPromise *p = g_new0(CrPromise, 1);
    p->name = promises[i].name;
    p->enforced = promises[i].test(&p->detail);
    g_ptr_array_add(list, p);
  }
  return list;
}
