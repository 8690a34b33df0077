/* A VFS between the cipher and the system's own, for tests: it fails the calls that a plan names, and records
 * what is written, synced, cut and removed. Databases use it while cr_store_set_vfs(SHIM_VFS) is in force. */
#pragma once
#include "store-world.h"

#include <errno.h>

#define SHIM_VFS "multipleciphers-shim" /* the engine puts its cipher in front of "shim" by this name */

typedef enum {
  SHIM_OPEN = 1,
  SHIM_READ = 2,
  SHIM_WRITE = 4,
  SHIM_SYNC = 8,
  SHIM_CUT = 16,
  SHIM_REMOVE = 32,
  SHIM_SIZE = 64
} ShimOp;

/* Fails the calls of the kinds in ops from the fail_at-th (from 1), or only that one. */
typedef struct {
  guint ops, fail_at;
  gboolean once, half; /* half: the first half of the write arrives */
  int rc, os_error;
  guint n;        /* calls counted so far */
  gboolean fired; /* out: something failed */
} ShimPlan;

static ShimPlan shim_plan;

/* Called after each call that changed a file and did not fail; path is that of the file. */
static void (*shim_record)(ShimOp op, const char *path, const void *data, gsize n, gint64 offset);

typedef struct {
  sqlite3_file base;
  const char *path; /* the engine's, valid while open */
  sqlite3_file *real;
} ShimFile;

static sqlite3_vfs *shim_real;

static inline sqlite3_file *
shim_of(sqlite3_file *file)
{
  return ((ShimFile *)file)->real;
}

static inline int
shim_hit(ShimOp op)
{
  if (!(shim_plan.ops & op))
    return SQLITE_OK;
  guint n = ++shim_plan.n;
  if (shim_plan.fail_at == 0 || n < shim_plan.fail_at || (shim_plan.once && n > shim_plan.fail_at))
    return SQLITE_OK;
  shim_plan.fired = TRUE;
  errno = shim_plan.os_error;
  return shim_plan.rc;
}

static inline void
shim_tell(ShimOp op, const char *path, const void *data, gsize n, gint64 offset)
{
  if (shim_record)
    shim_record(op, path, data, n, offset);
}

static int
shim_close(sqlite3_file *file)
{
  return shim_of(file)->pMethods->xClose(shim_of(file));
}

static int
shim_read(sqlite3_file *file, void *data, int n, sqlite3_int64 offset)
{
  int rc = shim_hit(SHIM_READ);
  return rc != SQLITE_OK ? rc : shim_of(file)->pMethods->xRead(shim_of(file), data, n, offset);
}

static int
shim_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
  int rc = shim_hit(SHIM_WRITE);
  int n_now = rc == SQLITE_OK ? n : shim_plan.half ? n / 2 : 0;
  int real = n_now ? shim_of(file)->pMethods->xWrite(shim_of(file), data, n_now, offset) : SQLITE_OK;
  if (real == SQLITE_OK && n_now)
    shim_tell(SHIM_WRITE, ((ShimFile *)file)->path, data, (gsize)n_now, offset);
  return rc != SQLITE_OK ? rc : real;
}

static int
shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
  int rc = shim_hit(SHIM_CUT);
  if (rc == SQLITE_OK)
    rc = shim_of(file)->pMethods->xTruncate(shim_of(file), size);
  if (rc == SQLITE_OK)
    shim_tell(SHIM_CUT, ((ShimFile *)file)->path, NULL, 0, size);
  return rc;
}

static int
shim_sync(sqlite3_file *file, int flags)
{
  int rc = shim_hit(SHIM_SYNC); /* the disk itself is left in peace: no test here cuts the power */
  if (rc == SQLITE_OK)
    shim_tell(SHIM_SYNC, ((ShimFile *)file)->path, NULL, 0, 0);
  return rc;
}

static int
shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
  int rc = shim_hit(SHIM_SIZE);
  return rc != SQLITE_OK ? rc : shim_of(file)->pMethods->xFileSize(shim_of(file), size);
}

static int
shim_lock(sqlite3_file *file, int lock)
{
  return shim_of(file)->pMethods->xLock(shim_of(file), lock);
}

static int
shim_unlock(sqlite3_file *file, int lock)
{
  return shim_of(file)->pMethods->xUnlock(shim_of(file), lock);
}

static int
shim_reserved(sqlite3_file *file, int *out)
{
  return shim_of(file)->pMethods->xCheckReservedLock(shim_of(file), out);
}

static int
shim_control(sqlite3_file *file, int op, void *arg)
{
  return shim_of(file)->pMethods->xFileControl(shim_of(file), op, arg);
}

static int
shim_sector(sqlite3_file *file)
{
  return shim_of(file)->pMethods->xSectorSize(shim_of(file));
}

static int
shim_characteristics(sqlite3_file *file)
{
  return shim_of(file)->pMethods->xDeviceCharacteristics(shim_of(file));
}

static const sqlite3_io_methods shim_methods = {.iVersion = 1,
                                                .xClose = shim_close,
                                                .xRead = shim_read,
                                                .xWrite = shim_write,
                                                .xTruncate = shim_truncate,
                                                .xSync = shim_sync,
                                                .xFileSize = shim_size,
                                                .xLock = shim_lock,
                                                .xUnlock = shim_unlock,
                                                .xCheckReservedLock = shim_reserved,
                                                .xFileControl = shim_control,
                                                .xSectorSize = shim_sector,
                                                .xDeviceCharacteristics = shim_characteristics};

/* Every file has a name: the engine keeps nothing in temporary files. */
static int
shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  ShimFile *mine = (ShimFile *)file;
  int rc = shim_hit(SHIM_OPEN);
  g_assert_nonnull(name);
  mine->base.pMethods = NULL;
  mine->path = name;
  mine->real = (sqlite3_file *)(mine + 1);
  if (rc == SQLITE_OK)
    rc = shim_real->xOpen(shim_real, name, mine->real, flags, out_flags);
  if (rc == SQLITE_OK)
    mine->base.pMethods = &shim_methods;
  return rc;
}

static int
shim_remove(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
  int rc = shim_hit(SHIM_REMOVE);
  if (rc == SQLITE_OK)
    rc = shim_real->xDelete(shim_real, name, sync_dir);
  if (rc == SQLITE_OK)
    shim_tell(SHIM_REMOVE, name, NULL, 0, 0);
  return rc;
}

static int
shim_last_error(sqlite3_vfs *vfs, int n, char *text)
{
  return shim_plan.fired ? shim_plan.os_error : shim_real->xGetLastError(shim_real, n, text);
}

static inline void
shim_init(void)
{
  static sqlite3_vfs vfs;
  g_assert_cmpint(sqlite3_initialize(), ==, SQLITE_OK);
  shim_real = sqlite3_vfs_find("unix");
  g_assert_nonnull(shim_real);
  vfs = *shim_real;
  vfs.zName = "shim";
  vfs.pNext = NULL;
  vfs.szOsFile = (int)sizeof(ShimFile) + shim_real->szOsFile;
  vfs.xOpen = shim_open;
  vfs.xDelete = shim_remove;
  vfs.xGetLastError = shim_last_error;
  g_assert_cmpint(sqlite3_vfs_register(&vfs, 0), ==, SQLITE_OK);
}
