/* lock.c: one process at a time (an open file description lock: it goes with the process, whatever ends it).
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct CrLock {
  int fd;
};

CrLock *
cr_lock_take(const char *path, GError **error)
{
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    cr_error_set_errno(error, errno, path, "locking");
    return NULL;
  }
  if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
    int failed = errno;
    close(fd);
    if (failed == EAGAIN || failed == EACCES)
      g_set_error(error, CR_ERROR, CR_ERROR_PROJECT_LOCKED, "%s: another program has the project open", path);
    else
      cr_error_set_errno(error, failed, path, "locking");
    return NULL;
  }
  CrLock *lock = g_new(CrLock, 1);
  lock->fd = fd;
  return lock;
}

void
cr_lock_release(CrLock *lock)
{
  if (!lock)
    return;
  close(lock->fd);
  g_free(lock);
}
