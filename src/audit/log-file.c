/* log file: the append-only handle of audit.log. A line is in the file whole or not at all: what a failed
 * write left behind is cut off again. */
#include "audit/audit-private.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct CrAuditLog {
  const CrIo *io;
  char *path;
  int fd;
  guint64 n_bytes;
  gboolean torn; /* a part of a line could not be cut off: nothing may be appended behind it */
};

CrAuditLog *
cr_audit_log_open(const CrIo *io, const char *path, GError **error)
{
  int fd = io->open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) {
    cr_error_set_errno(error, errno, path, "opening");
    if (fd >= 0)
      io->close(fd);
    return NULL;
  }
  g_autofree char *folder = g_path_get_dirname(path);
  if (info.st_size == 0 && !cr_dir_sync(folder, error)) { /* it may be new: its name must last too */
    io->close(fd);
    return NULL;
  }
  CrAuditLog *log = g_new0(CrAuditLog, 1);
  *log = (CrAuditLog){io, g_strdup(path), fd, (guint64)info.st_size, FALSE};
  return log;
}

/* Writes it all; what was written of it on failure is in *n_written. */
static gboolean
write_all(CrAuditLog *log, const char *bytes, gsize n_bytes, gsize *n_written)
{
  while (*n_written < n_bytes) {
    ssize_t n = log->io->write(log->fd, bytes + *n_written, n_bytes - *n_written);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      errno = n == 0 ? EIO : errno;
      return FALSE;
    }
    *n_written += (gsize)n;
  }
  return TRUE;
}

gboolean
cr_audit_log_append(CrAuditLog *log, const char *lines, gsize n_bytes, GError **error)
{
  g_assert(n_bytes == 0 || lines[n_bytes - 1] == '\n');
  gsize n_written = 0;
  if (log->torn) {
    g_set_error(error, CR_ERROR, CR_ERROR_IO, "%s: ends in an incomplete line; open it again", log->path);
    return FALSE;
  }
  if (write_all(log, lines, n_bytes, &n_written)) {
    log->n_bytes += n_bytes;
    return TRUE;
  }
  cr_error_set_errno(error, errno, log->path, "appending");
  log->torn = n_written > 0 && ftruncate(log->fd, (off_t)log->n_bytes) != 0;
  return FALSE;
}

gboolean
cr_audit_log_sync(CrAuditLog *log, GError **error)
{
  if (log->io->fsync(log->fd) == 0)
    return TRUE;
  cr_error_set_errno(error, errno, log->path, "syncing");
  return FALSE;
}

gboolean
cr_audit_log_truncate(CrAuditLog *log, guint64 n_bytes, GError **error)
{
  g_assert(n_bytes <= log->n_bytes);
  if (ftruncate(log->fd, (off_t)n_bytes) != 0) {
    cr_error_set_errno(error, errno, log->path, "cutting off an incomplete line");
    return FALSE;
  }
  log->n_bytes = n_bytes;
  log->torn = FALSE;
  return cr_audit_log_sync(log, error);
}

guint64
cr_audit_log_size(const CrAuditLog *log)
{
  return log->n_bytes;
}

void
cr_audit_log_close(CrAuditLog *log)
{
  if (!log)
    return;
  log->io->close(log->fd);
  g_free(log->path);
  g_free(log);
}
