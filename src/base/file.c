/* file.c: reading files; folders that are whole or not there. */
#include "base/file-private.h"

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

/* ---- reading ---- */

typedef struct {
  char *data;
  gsize n_bytes, capacity;
} Buffer;

static gboolean
make_room(Buffer *buffer)
{
  if (buffer->n_bytes < buffer->capacity)
    return TRUE;
  char *larger = g_try_realloc(buffer->data, buffer->capacity * 2);
  errno = ENOMEM;
  if (!larger)
    return FALSE;
  buffer->data = larger;
  buffer->capacity *= 2;
  return TRUE;
}

/* Until the end of the file, or until there is more than max_bytes; errno tells what failed. */
static gboolean
read_to_end(int fd, gsize max_bytes, Buffer *buffer)
{
  while (buffer->n_bytes <= max_bytes) {
    if (!make_room(buffer))
      return FALSE;
    ssize_t n = read(fd, buffer->data + buffer->n_bytes, buffer->capacity - buffer->n_bytes);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n == 0;
    buffer->n_bytes += (gsize)n;
  }
  return TRUE;
}

/* The size that the file says it has is a hint: it may be a pipe, or grow. One byte more shows the end. */
static gboolean
read_whole(int fd, gsize max_bytes, Buffer *buffer)
{
  struct stat st;
  if (fstat(fd, &st) != 0)
    return FALSE;
  gsize expected = S_ISREG(st.st_mode) ? MIN((gsize)st.st_size, max_bytes) : 0;
  buffer->capacity = MAX(expected, 4095) + 1;
  buffer->data = g_try_malloc(buffer->capacity);
  errno = ENOMEM;
  return buffer->data && read_to_end(fd, max_bytes, buffer);
}

GBytes *
cr_file_read(const char *path, gsize max_bytes, GError **error)
{
  Buffer buffer = {0};
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  gboolean ok = fd >= 0 && read_whole(fd, max_bytes, &buffer);
  if (!ok)
    cr_error_set_errno(error, errno, path, "reading");
  else if (buffer.n_bytes > max_bytes)
    g_set_error(error, CR_ERROR, CR_ERROR_LIMIT, "%s: more than %" G_GSIZE_FORMAT " bytes", path, max_bytes);
  if (fd >= 0)
    close(fd);
  if (ok && buffer.n_bytes <= max_bytes)
    return g_bytes_new_take(buffer.data, buffer.n_bytes);
  g_free(buffer.data);
  return NULL;
}

static gboolean
hash_to_end(int fd, GChecksum *hash, guint64 *n_bytes)
{
  gsize size = 1 << 18;
  g_autofree guint8 *block = g_malloc(size);
  for (*n_bytes = 0;;) {
    ssize_t n = read(fd, block, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n == 0;
    g_checksum_update(hash, block, n);
    *n_bytes += (guint64)n;
  }
}

char *
cr_file_sha256_hex(const char *path, guint64 *n_bytes, GError **error)
{
  g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  gboolean ok = fd >= 0 && hash_to_end(fd, hash, n_bytes);
  if (!ok)
    cr_error_set_errno(error, errno, path, "reading");
  if (fd >= 0)
    close(fd);
  return ok ? g_strdup(g_checksum_get_string(hash)) : NULL;
}

/* ---- syncing ---- */

static gboolean
sync_path(const CrIo *io, const char *path, int flags, GError **error)
{
  int fd = io->open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0);
  gboolean ok = fd >= 0 && io->fsync(fd) == 0;
  if (!ok)
    cr_error_set_errno(error, errno, path, "syncing");
  if (fd >= 0)
    io->close(fd);
  return ok;
}

/* The way to a folder may lead over links, and its own name may be one. */
gboolean
cr_dir_sync_by(const CrIo *io, const char *dir, GError **error)
{
  g_autofree char *inside = g_build_filename(dir, ".", NULL);
  return sync_path(io, inside, O_DIRECTORY, error);
}

gboolean
cr_dir_sync(const char *dir, GError **error)
{
  return cr_dir_sync_by(cr_env_default()->io, dir, error);
}

/* ---- folders ---- */

typedef gboolean (*EntryFunc)(const CrIo *io, const char *path, mode_t kind, GError **error);

static GPtrArray *
list_folder(const char *dir, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
  const char *name;
  if (!listing) {
    cr_error_set_errno(error, errno, dir, "reading the folder");
    return NULL;
  }
  while ((name = g_dir_read_name(listing)))
    g_ptr_array_add(names, g_build_filename(dir, name, NULL));
  return g_steal_pointer(&names);
}

/* Calls func for path and, first, for everything below it; links are not followed. Nothing there is fine. */
static gboolean
walk(const CrIo *io, const char *path, EntryFunc func, GError **error)
{
  struct stat st;
  int failed = lstat(path, &st) == 0 ? 0 : errno;
  if (failed && failed != ENOENT)
    cr_error_set_errno(error, failed, path, "looking at it");
  if (failed)
    return failed == ENOENT;
  g_autoptr(GPtrArray) names = S_ISDIR(st.st_mode) ? list_folder(path, error) : NULL;
  if (S_ISDIR(st.st_mode) && !names)
    return FALSE;
  for (guint i = 0; names && i < names->len; i++)
    if (!walk(io, names->pdata[i], func, error))
      return FALSE;
  return func(io, path, st.st_mode & S_IFMT, error);
}

static gboolean
sync_entry(const CrIo *io, const char *path, mode_t kind, GError **error)
{
  return (kind != S_IFREG && kind != S_IFDIR) ||
         sync_path(io, path, kind == S_IFDIR ? O_DIRECTORY : 0, error);
}

static gboolean
remove_entry(const CrIo *io, const char *path, mode_t kind, GError **error)
{
  if ((kind == S_IFDIR ? rmdir(path) : unlink(path)) == 0 || errno == ENOENT)
    return TRUE;
  cr_error_set_errno(error, errno, path, "removing");
  return FALSE;
}

gboolean
cr_dir_remove(const char *dir, GError **error)
{
  return walk(NULL, dir, remove_entry, error);
}

/* What is at target: a folder, nothing, or (FALSE) something that must not be exchanged. */
static gboolean
look_at_target(const char *target, gboolean *is_there, GError **error)
{
  struct stat st;
  *is_there = lstat(target, &st) == 0;
  if (*is_there ? S_ISDIR(st.st_mode) : errno == ENOENT)
    return TRUE;
  if (*is_there)
    g_set_error(error, CR_ERROR, CR_ERROR_EXISTS, "%s: it is a %s, not a folder", target,
                S_ISLNK(st.st_mode) ? "link" : "file");
  else
    cr_error_set_errno(error, errno, target, "looking at it");
  return FALSE;
}

static gboolean
exchange(const char *dir, const char *target, GError **error)
{
  if (renameat2(AT_FDCWD, dir, AT_FDCWD, target, RENAME_EXCHANGE) == 0)
    return TRUE;
  if (errno == EINVAL || errno == ENOSYS)
    g_set_error(error, CR_ERROR, CR_ERROR_EXISTS,
                "%s: its file system can't replace a folder in one step; nothing was replaced", target);
  else
    cr_error_set_errno(error, errno, target, "putting it in place");
  return FALSE;
}

/* target has no slash at its end */
static gboolean
put_in_place(const CrIo *io, const char *dir, const char *target, GError **error)
{
  g_autofree char *parent = g_path_get_dirname(target);
  gboolean is_there = FALSE;
  if (!look_at_target(target, &is_there, error))
    return FALSE;
  if (is_there)
    return exchange(dir, target, error) && cr_dir_sync_by(io, parent, error) && cr_dir_remove(dir, error);
  if (io->rename(dir, target) == 0)
    return cr_dir_sync_by(io, parent, error);
  cr_error_set_errno(error, errno, target, "putting it in place");
  return FALSE;
}

gboolean
cr_dir_publish(const CrIo *io, const char *dir, const char *target, GError **error)
{
  g_autofree char *bare = g_canonicalize_filename(target, NULL);
  return walk(io, dir, sync_entry, error) && put_in_place(io, dir, bare, error);
}

gboolean
cr_path_is_network(const char *path)
{
  static const guint32 network[] = {
      NFS_SUPER_MAGIC,         SMB_SUPER_MAGIC,       0xFF534D42 /* CIFS */,
      0xFE534D42 /* SMB 2 */,  AFS_SUPER_MAGIC,       0x6B414653 /* the kernel's own AFS */,
      CODA_SUPER_MAGIC,        0x01021997 /* 9p */,   0x00C36400 /* Ceph */,
      0x0BD00BD0 /* Lustre */, 0x01161970 /* GFS2 */, 0x7461636F /* OCFS2 */};
  struct statfs fs;
  if (statfs(path, &fs) != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(network); i++)
    if ((guint32)fs.f_type == network[i])
      return TRUE;
  return FALSE;
}
