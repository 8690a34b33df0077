/* file.c: files that are whole or not there. */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

void
cr_error_set_errno(GError **error, int err, const char *path, const char *doing)
{
  gboolean full = err == ENOSPC || err == EDQUOT || err == EFBIG;
  gboolean missing = err == ENOENT || err == ENOTDIR;
  g_set_error(error, CR_ERROR,
              full      ? CR_ERROR_DISK_FULL
              : missing ? CR_ERROR_NOT_FOUND
                        : CR_ERROR_IO,
              "%s: %s: %s", path, doing, g_strerror(err));
}

GBytes *
cr_file_read(const char *path, gsize max_bytes, GError **error)
{
  struct stat st;
  char *data = NULL;
  gsize n = 0;
  g_autoptr(GError) local = NULL;
  if (stat(path, &st) != 0) {
    cr_error_set_errno(error, errno, path, "reading");
    return NULL;
  }
  if (S_ISREG(st.st_mode) && (gsize)st.st_size > max_bytes) {
    g_set_error(error, CR_ERROR, CR_ERROR_LIMIT, "%s: %" G_GINT64_FORMAT " bytes, more than %" G_GSIZE_FORMAT,
                path, (gint64)st.st_size, max_bytes);
    return NULL;
  }
  if (!g_file_get_contents(path, &data, &n, &local)) {
    g_set_error(error, CR_ERROR, CR_ERROR_IO, "%s", local->message);
    return NULL;
  }
  return g_bytes_new_take(data, n);
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

/* Writes, syncs and closes; errno tells what failed. */
static gboolean
fill_file(const CrIo *io, int fd, const void *data, gsize n_bytes)
{
  gboolean ok = write_all(io, fd, data, n_bytes) && io->fsync(fd) == 0;
  int failed = errno;
  ok = io->close(fd) == 0 && ok;
  if (!ok && failed)
    errno = failed;
  return ok;
}

gboolean
cr_dir_sync(const char *dir, GError **error)
{
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync(fd) == 0;
  if (!ok)
    cr_error_set_errno(error, errno, dir, "syncing the folder");
  if (fd >= 0)
    close(fd);
  return ok;
}

gboolean
cr_file_replace(const CrIo *io, const char *path, const void *data, gsize n_bytes, mode_t mode,
                GError **error)
{
  g_autofree char *aside = g_strdup_printf("%s.%d.tmp", path, (int)getpid()), *dir = g_path_get_dirname(path);
  int fd = io->open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
  if (fd < 0) {
    cr_error_set_errno(error, errno, path, "writing");
    return FALSE;
  }
  if (!fill_file(io, fd, data, n_bytes) || io->rename(aside, path) != 0) {
    cr_error_set_errno(error, errno, path, "writing");
    io->unlink(aside);
    return FALSE;
  }
  return cr_dir_sync(dir, error);
}

/* ---- folders ---- */

typedef gboolean (*EntryFunc)(const char *path, gboolean is_folder, const CrIo *io, GError **error);

/* Calls func for everything below dir, contents before their folder; links are not followed. */
static gboolean
walk(const char *dir, EntryFunc func, const CrIo *io, GError **error)
{
  g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
  const char *name;
  if (!listing) {
    cr_error_set_errno(error, errno, dir, "reading the folder");
    return FALSE;
  }
  while ((name = g_dir_read_name(listing))) {
    g_autofree char *path = g_build_filename(dir, name, NULL);
    struct stat st;
    if (lstat(path, &st) != 0) {
      cr_error_set_errno(error, errno, path, "looking at it");
      return FALSE;
    }
    gboolean is_folder = S_ISDIR(st.st_mode);
    if ((is_folder && !walk(path, func, io, error)) || !func(path, is_folder, io, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
sync_entry(const char *path, gboolean is_folder, const CrIo *io, GError **error)
{
  int fd = io->open(path, is_folder ? O_RDONLY | O_DIRECTORY : O_RDONLY, 0);
  gboolean ok = fd >= 0 && io->fsync(fd) == 0;
  if (!ok)
    cr_error_set_errno(error, errno, path, "syncing");
  if (fd >= 0)
    io->close(fd);
  return ok;
}

static gboolean
remove_entry(const char *path, gboolean is_folder, const CrIo *io, GError **error)
{
  if ((is_folder ? rmdir(path) : unlink(path)) == 0)
    return TRUE;
  cr_error_set_errno(error, errno, path, "removing");
  return FALSE;
}

gboolean
cr_dir_remove(const char *dir, GError **error)
{
  if (!g_file_test(dir, G_FILE_TEST_IS_DIR))
    return TRUE;
  return walk(dir, remove_entry, NULL, error) && remove_entry(dir, TRUE, NULL, error);
}

gboolean
cr_dir_publish(const CrIo *io, const char *dir, const char *target, GError **error)
{
  g_autofree char *parent = g_path_get_dirname(target);
  if (!walk(dir, sync_entry, io, error) || !cr_dir_sync(dir, error))
    return FALSE;
  if (!g_file_test(target, G_FILE_TEST_EXISTS)) {
    if (io->rename(dir, target) == 0)
      return cr_dir_sync(parent, error);
    cr_error_set_errno(error, errno, target, "putting it in place");
    return FALSE;
  }
  if (renameat2(AT_FDCWD, dir, AT_FDCWD, target, RENAME_EXCHANGE) != 0) {
    cr_error_set_errno(error, errno, target, "putting it in place");
    return FALSE;
  }
  return cr_dir_sync(parent, error) && cr_dir_remove(dir, error);
}

gboolean
cr_path_is_network(const char *path)
{
  static const long network[] = {NFS_SUPER_MAGIC,       SMB_SUPER_MAGIC, 0xFF534D42 /* CIFS */,
                                 0xFE534D42 /* SMB2 */, AFS_SUPER_MAGIC, CODA_SUPER_MAGIC,
                                 0x01021997 /* 9p */,   0x00C36400 /* Ceph */};
  struct statfs fs;
  if (statfs(path, &fs) != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(network); i++)
    if ((guint32)fs.f_type == (guint32)network[i])
      return TRUE;
  return FALSE;
}
