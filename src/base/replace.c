/* replace.c: a file that is the old one whole or the new one whole. The new one is written beside it under a
 * name that is always the same, by whoever holds a lock on it: so that what a killed writer left (a keyring
 * with keys that were destroyed since) does not outlive the next one. */
#include "base/file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the file beside ---- */

static char *
name_beside(const char *path)
{
  g_autofree char *dir = g_path_get_dirname(path), *name = g_path_get_basename(path);
  return g_strdup_printf("%s/.%s.chartroom.tmp", dir, name);
}

/* Where the file system has no locks, one writer at a time is up to the caller. */
static void
wait_for_lock(int fd)
{
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  while (fcntl(fd, F_OFD_SETLKW, &whole) != 0 && errno == EINTR)
    ;
}

static gboolean
is_still_at(int fd, const char *path)
{
  struct stat open_one, there;
  return fstat(fd, &open_one) == 0 && lstat(path, &there) == 0 && open_one.st_ino == there.st_ino &&
         open_one.st_dev == there.st_dev;
}

/* Waits for the writer of what stands there, and removes it where it was left. */
static gboolean
remove_left(const CrIo *io, const char *aside)
{
  int fd = open(aside, O_RDWR | O_NOFOLLOW | O_CLOEXEC), failed = errno;
  if (fd < 0 && failed == ENOENT)
    return TRUE;
  if (fd >= 0)
    wait_for_lock(fd);
  gboolean ok = (fd >= 0 && !is_still_at(fd, aside)) || io->unlink(aside) == 0 || errno == ENOENT;
  failed = errno;
  if (fd >= 0)
    close(fd);
  errno = failed;
  return ok;
}

/* A new file, locked; -1 with errno. */
static int
open_aside(const CrIo *io, const char *aside, mode_t mode)
{
  for (;;) {
    int fd = io->open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 && (errno != EEXIST || !remove_left(io, aside)))
      return -1;
    if (fd < 0)
      continue;
    wait_for_lock(fd);
    if (is_still_at(fd, aside))
      return fd;
    io->close(fd); /* taken for one that was left, between its making and its lock */
  }
}

/* ---- writing ---- */

static gboolean
write_all(const CrIo *io, int fd, const char *data, gsize n_bytes)
{
  while (n_bytes > 0) {
    ssize_t n = io->write(fd, data, n_bytes);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      errno = n == 0 ? ENOSPC : errno;
      return FALSE;
    }
    data += n;
    n_bytes -= (gsize)n;
  }
  return TRUE;
}

/* The lock is held until the new file has the name. */
static gboolean
write_over(const CrIo *io, const char *aside, int fd, const char *path, const void *data, gsize n_bytes)
{
  gboolean ok = write_all(io, fd, data, n_bytes) && io->fsync(fd) == 0 && io->rename(aside, path) == 0;
  int failed = errno;
  if (!ok)
    io->unlink(aside);
  io->close(fd); /* synced: nothing is left to fail */
  errno = failed;
  return ok;
}

gboolean
cr_path_is_device(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* A file put where a device stood would take it from every other program. */
static gboolean
write_through(const CrIo *io, const char *path, const void *data, gsize n_bytes, GError **error)
{
  int fd = io->open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0);
  gboolean ok = fd >= 0 && write_all(io, fd, data, n_bytes);
  if (!ok)
    cr_error_set_errno(error, errno, path, "writing");
  if (fd >= 0)
    io->close(fd);
  return ok;
}

gboolean
cr_file_replace(const CrIo *io, const char *path, const void *data, gsize n_bytes, mode_t mode,
                GError **error)
{
  if (cr_path_is_device(path))
    return write_through(io, path, data, n_bytes, error);
  g_autofree char *aside = name_beside(path), *dir = g_path_get_dirname(path);
  int fd = open_aside(io, aside, mode);
  if (fd >= 0 && write_over(io, aside, fd, path, data, n_bytes))
    return cr_dir_sync_by(io, dir, error);
  cr_error_set_errno(error, errno, path, "writing");
  return FALSE;
}
