/* Files that are whole or not there: written beside, synced, renamed. */
#include "formats/formats-private.h"
#include "base/base.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 1 << 18 };

struct CrOut {
  char *path, *temporary; /* temporary NULL: standard output */
  int fd;
  GString *buffer;
};

CrOut *
cr_out_open(const char *path, GError **error)
{
  const CrIo *io = cr_env_default()->io;
  g_autoptr(CrOut) out = g_new0(CrOut, 1);
  out->fd = -1;
  out->path = g_strdup(path);
  out->buffer = g_string_sized_new(BUFFER);
  if (strcmp(path, "-") == 0) {
    out->fd = STDOUT_FILENO;
    return g_steal_pointer(&out);
  }
  g_autofree char *code = cr_random_code(cr_env_default(), ".part-", 8);
  out->temporary = g_strconcat(path, code, NULL);
  out->fd = io->open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out->fd < 0) {
    cr_error_set_errno(error, errno, path, "creating");
    g_clear_pointer(&out->temporary, g_free);
    return NULL;
  }
  return g_steal_pointer(&out);
}

void
cr_out_free(CrOut *out)
{
  const CrIo *io = cr_env_default()->io;
  if (out == NULL)
    return;
  if (out->temporary != NULL) {
    if (out->fd >= 0)
      io->close(out->fd);
    io->unlink(out->temporary);
  }
  g_string_free(out->buffer, TRUE);
  g_free(out->temporary);
  g_free(out->path);
  g_free(out);
}

static gboolean
write_all(CrOut *out, const char *bytes, gsize n_bytes, GError **error)
{
  const CrIo *io = cr_env_default()->io;
  while (n_bytes > 0) {
    ssize_t n = io->write(out->fd, bytes, n_bytes);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      cr_error_set_errno(error, errno, out->path, "writing");
      return FALSE;
    }
    bytes += n;
    n_bytes -= (gsize)n;
  }
  return TRUE;
}

static gboolean
flush(CrOut *out, GError **error)
{
  gboolean done = write_all(out, out->buffer->str, out->buffer->len, error);
  g_string_truncate(out->buffer, 0);
  return done;
}

gboolean
cr_out_write(CrOut *out, const char *bytes, gsize n_bytes, GError **error)
{
  if (out->buffer->len + n_bytes > BUFFER && !flush(out, error))
    return FALSE;
  if (n_bytes > BUFFER)
    return write_all(out, bytes, n_bytes, error);
  g_string_append_len(out->buffer, bytes, (gssize)n_bytes);
  return TRUE;
}

static gboolean
sync_and_rename(CrOut *out, GError **error)
{
  const CrIo *io = cr_env_default()->io;
  gboolean failed = io->fsync(out->fd) != 0;
  if (failed)
    cr_error_set_errno(error, errno, out->path, "writing to the disk");
  int closed = io->close(out->fd);
  out->fd = -1;
  if (!failed && closed != 0) {
    failed = TRUE;
    cr_error_set_errno(error, errno, out->path, "closing");
  }
  if (!failed && io->rename(out->temporary, out->path) != 0) {
    failed = TRUE;
    cr_error_set_errno(error, errno, out->path, "renaming");
  }
  if (failed)
    return FALSE;
  g_clear_pointer(&out->temporary, g_free);
  g_autofree char *folder = g_path_get_dirname(out->path);
  return cr_dir_sync(folder, error);
}

gboolean
cr_out_commit(CrOut *out, GError **error)
{
  gboolean done = flush(out, error) && (out->temporary == NULL || sync_and_rename(out, error));
  cr_out_free(out);
  return done;
}

gboolean
cr_out_write_plain(const char *path, const char *bytes, gsize n_bytes, GError **error)
{
  const CrIo *io = cr_env_default()->io;
  g_autoptr(CrOut) out = g_new0(CrOut, 1);
  out->path = g_strdup(path);
  out->buffer = g_string_new(NULL);
  out->fd = io->open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out->fd < 0) {
    cr_error_set_errno(error, errno, path, "creating");
    return FALSE;
  }
  gboolean done = write_all(out, bytes, n_bytes, error);
  if (io->close(out->fd) != 0 && done) {
    cr_error_set_errno(error, errno, path, "closing");
    return FALSE;
  }
  return done;
}

/* ---- folders ---- */

static gboolean
target_is_free(const char *target, GError **error)
{
  g_autoptr(GDir) dir = g_dir_open(target, 0, NULL);
  gboolean is_there = g_file_test(target, G_FILE_TEST_EXISTS) || g_file_test(target, G_FILE_TEST_IS_SYMLINK);
  if (!is_there || (dir != NULL && g_dir_read_name(dir) == NULL))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_EXISTS, "%s: %s", target,
              dir != NULL ? "the folder is not empty" : "is there and is not a folder");
  return FALSE;
}

char *
cr_out_folder_new(const char *target, GError **error)
{
  if (!target_is_free(target, error))
    return NULL;
  gsize n = strlen(target);
  while (n > 1 && target[n - 1] == '/')
    n--;
  g_autofree char *code = cr_random_code(cr_env_default(), ".part-", 8);
  g_autofree char *bare = g_strndup(target, n);
  g_autofree char *folder = g_strconcat(bare, code, NULL);
  if (mkdir(folder, 0700) != 0) {
    cr_error_set_errno(error, errno, target, "creating the folder");
    return NULL;
  }
  return g_steal_pointer(&folder);
}

gboolean
cr_out_folder_publish(const char *folder, const char *target, GError **error)
{
  if (target_is_free(target, error) && cr_dir_publish(cr_env_default()->io, folder, target, error))
    return TRUE;
  cr_dir_remove(folder, NULL);
  return FALSE;
}

static gboolean
list_below(const char *root, const char *relative, GPtrArray *files, GError **error)
{
  g_autofree char *path = g_build_filename(root, relative, NULL);
  g_autoptr(GError) failure = NULL;
  g_autoptr(GDir) dir = g_dir_open(path, 0, &failure);
  if (dir == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_IO, "%s: opening the folder: %s", path, failure->message);
    return FALSE;
  }
  for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
    if (name[0] == '.')
      continue;
    g_autofree char *below = relative[0] != '\0' ? g_build_filename(relative, name, NULL) : g_strdup(name);
    g_autofree char *full = g_build_filename(root, below, NULL);
    struct stat st;
    if (lstat(full, &st) == 0 && S_ISDIR(st.st_mode)) {
      if (!list_below(root, below, files, error))
        return FALSE;
    } else if (!g_file_test(full, G_FILE_TEST_IS_DIR)) { /* a linked folder is not entered: no loops */
      g_ptr_array_add(files, g_steal_pointer(&below));
    }
  }
  return TRUE;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
cr_list_files(const char *root, GError **error)
{
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
  if (!list_below(root, "", files, error))
    return NULL;
  g_ptr_array_sort(files, compare_names);
  return g_steal_pointer(&files);
}
