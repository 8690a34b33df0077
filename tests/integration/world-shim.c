/* world-shim.c: a bad world for the tests, put before the C library with LD_PRELOAD.
 *
 * CR_SHIM_STATFS=0x6969   every file system is of that kind
 * CR_SHIM_COUNT=FILE      writes to FILE how many calls that change files the process made
 * CR_SHIM_KILL=N          the process dies (SIGKILL) in front of the N-th of them
 * CR_SHIM_TEAR=N          the same, after half of what the N-th write would have written
 * CR_SHIM_TEE=FILE        appends to FILE all that the process writes into files
 * CR_SHIM_FULL=N          from the N-th on, whatever needs room fails: the disk is full */
#undef _FILE_OFFSET_BITS /* both names of each call are defined here */
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define NEXT(name) ((__typeof__(&name))next(#name))

static long n_calls;

static void *
next(const char *name)
{
  return dlsym(RTLD_NEXT, name);
}

static long
setting(const char *name)
{
  const char *value = getenv(name);
  return value ? strtol(value, NULL, 0) : 0;
}

/* Standard streams are not files of the project. */
static int
matters(int fd)
{
  return fd > 2;
}

/* One more call; may not return. needs_room: whether it fails on a full disk. */
static int
one_more(int needs_room)
{
  long full = setting("CR_SHIM_FULL");
  if (++n_calls == setting("CR_SHIM_KILL"))
    kill(getpid(), SIGKILL);
  if (!needs_room || !full || n_calls < full)
    return 0;
  errno = ENOSPC;
  return -1;
}

static int
tears(void)
{
  return n_calls == setting("CR_SHIM_TEAR");
}

static void
die_after(ssize_t n_written)
{
  (void)n_written;
  kill(getpid(), SIGKILL);
}

static ssize_t
keep(const void *data, ssize_t n)
{
  const char *path = getenv("CR_SHIM_TEE");
  int fd = path && n > 0 ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (fd >= 0 && NEXT(write)(fd, data, (size_t)n) != n)
    abort();
  if (fd >= 0)
    close(fd);
  return n;
}

EXPORT ssize_t
write(int fd, const void *data, size_t n)
{
  if (!matters(fd))
    return NEXT(write)(fd, data, n);
  if (one_more(1) != 0)
    return -1;
  if (tears())
    die_after(NEXT(write)(fd, data, n / 2));
  return keep(data, NEXT(write)(fd, data, n));
}

static ssize_t
write_at(int fd, const void *data, size_t n, off64_t at)
{
  if (one_more(1) != 0)
    return -1;
  if (tears())
    die_after(NEXT(pwrite64)(fd, data, n / 2, at));
  return keep(data, NEXT(pwrite64)(fd, data, n, at));
}

EXPORT ssize_t
pwrite64(int fd, const void *data, size_t n, off64_t at)
{
  return write_at(fd, data, n, at);
}

EXPORT ssize_t
pwrite(int fd, const void *data, size_t n, off_t at)
{
  return write_at(fd, data, n, at);
}

EXPORT int
fsync(int fd)
{
  return one_more(0) ? -1 : NEXT(fsync)(fd);
}

EXPORT int
fdatasync(int fd)
{
  return one_more(0) ? -1 : NEXT(fdatasync)(fd);
}

EXPORT int
ftruncate64(int fd, off64_t length)
{
  return one_more(0) ? -1 : NEXT(ftruncate64)(fd, length);
}

EXPORT int
ftruncate(int fd, off_t length)
{
  return ftruncate64(fd, length);
}

EXPORT int
rename(const char *from, const char *to)
{
  return one_more(0) ? -1 : NEXT(rename)(from, to);
}

EXPORT int
renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
  return one_more(0) ? -1 : NEXT(renameat2)(from_dir, from, to_dir, to, flags);
}

EXPORT int
unlink(const char *path)
{
  return one_more(0) ? -1 : NEXT(unlink)(path);
}

EXPORT int
statfs(const char *path, struct statfs *fs)
{
  int result = NEXT(statfs)(path, fs);
  if (result == 0 && setting("CR_SHIM_STATFS"))
    fs->f_type = setting("CR_SHIM_STATFS");
  return result;
}

EXPORT int
statfs64(const char *path, struct statfs64 *fs)
{
  int result = NEXT(statfs64)(path, fs);
  if (result == 0 && setting("CR_SHIM_STATFS"))
    fs->f_type = setting("CR_SHIM_STATFS");
  return result;
}

__attribute__((destructor)) static void
tell_count(void)
{
  const char *path = getenv("CR_SHIM_COUNT");
  FILE *out = path ? fopen(path, "w") : NULL;
  if (!out)
    return;
  fprintf(out, "%ld\n", n_calls);
  fclose(out);
}
