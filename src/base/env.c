/* env.c: the outside world, real and repeatable. */
#include "base/base.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the real world ---- */

static int
real_open(const char *path, int flags, mode_t mode)
{
  return open(path, flags | O_CLOEXEC, mode);
}

static const CrIo real_io = {real_open, write, fsync, close, rename, unlink};

static gint64
real_now(CrEnv *env)
{
  return g_get_real_time();
}

static gint64
real_monotonic(CrEnv *env)
{
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (gint64)t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

static void
real_random(CrEnv *env, void *out, size_t n_bytes)
{
  randombytes_buf(out, n_bytes);
}

static const char *
real_boot_id(CrEnv *env)
{
  static char id[40];
  static gsize once = 0;
  if (g_once_init_enter(&once)) {
    g_autofree char *text = NULL;
    if (g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
      g_strlcpy(id, g_strstrip(text), sizeof id);
    else
      g_strlcpy(id, "unknown", sizeof id);
    g_once_init_leave(&once, 1);
  }
  return id;
}

CrEnv *
cr_env_default(void)
{
  static CrEnv env = {real_now, real_monotonic, real_random, real_boot_id, &real_io};
  static gsize once = 0;
  if (g_once_init_enter(&once)) {
    if (sodium_init() < 0)
      g_error("libsodium does not start");
    g_once_init_leave(&once, 1);
  }
  return &env;
}

/* ---- a repeatable world ---- */

typedef struct {
  CrEnv env; /* first: a CrEnv * is a TestEnv * */
  gint64 start_us, step_us, n_calls;
  guint64 n_random;
  unsigned char seed[randombytes_SEEDBYTES];
} TestEnv;

static gint64
test_now(CrEnv *env)
{
  TestEnv *t = (TestEnv *)env;
  return t->start_us + t->step_us * t->n_calls++;
}

static gint64
test_monotonic(CrEnv *env)
{
  TestEnv *t = (TestEnv *)env;
  return t->step_us * t->n_calls;
}

/* Each draw has its own seed: the test's, with the number of the draw in it. */
static void
test_random(CrEnv *env, void *out, size_t n_bytes)
{
  TestEnv *t = (TestEnv *)env;
  memcpy(t->seed + 8, &t->n_random, sizeof t->n_random);
  t->n_random++;
  randombytes_buf_deterministic(out, n_bytes, t->seed);
}

static const char *
test_boot_id(CrEnv *env)
{
  return "test-boot";
}

CrEnv *
cr_env_test_new(gint64 start_us, gint64 step_us, guint64 seed, const CrIo *io)
{
  TestEnv *t = g_new0(TestEnv, 1);
  t->env = (CrEnv){test_now, test_monotonic, test_random, test_boot_id, io ? io : cr_env_default()->io};
  t->start_us = start_us;
  t->step_us = step_us;
  memcpy(t->seed, &seed, sizeof seed);
  return &t->env;
}

void
cr_env_test_free(CrEnv *env)
{
  g_free(env);
}

/* ---- time and codes ---- */

char *
cr_time_format(gint64 utc_us)
{
  gint64 seconds = utc_us / G_USEC_PER_SEC, rest = utc_us % G_USEC_PER_SEC;
  if (rest < 0) {
    rest += G_USEC_PER_SEC;
    seconds--;
  }
  time_t t = (time_t)seconds;
  struct tm tm;
  gmtime_r(&t, &tm);
  return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                         tm.tm_hour, tm.tm_min, tm.tm_sec, (int)rest);
}

char *
cr_random_code(CrEnv *env, const char *prefix, guint n_chars)
{
  static const char letters[] =
      "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"; /* 32 of them: five bits each, none that look alike */
  G_STATIC_ASSERT(sizeof letters == 33);
  g_autofree uint8_t *bytes = g_malloc(n_chars);
  GString *code = g_string_new(prefix);
  env->random(env, bytes, n_chars);
  for (guint i = 0; i < n_chars; i++)
    g_string_append_c(code, letters[bytes[i] & 31]);
  return g_string_free(code, FALSE);
}
