/* base: what every room stands on. Injected clock, randomness and file writing; atomic file replacement;
 * hashing; keys in guarded memory; sealing. Knows nothing of notes, projects or people. */
#pragma once
#include <chartroom/error.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

/* ---- env.h: the outside world, injectable ----------------------------------------------------------------
 */

/* Each write to the disk that is not the database engine's own goes through this table, so that tests can
 * fail the n-th call. Functions behave like the system calls of the same name and set errno. */
typedef struct {
  int (*open)(const char *path, int flags, mode_t mode);
  ssize_t (*write)(int fd, const void *buf, size_t n_bytes);
  int (*fsync)(int fd);
  int (*close)(int fd);
  int (*rename)(const char *from, const char *to);
  int (*unlink)(const char *path);
} CrIo;

typedef struct CrEnv CrEnv;
struct CrEnv {
  gint64 (*now_us)(CrEnv *env);                          /* UTC, microseconds since the epoch */
  gint64 (*monotonic_us)(CrEnv *env);                    /* since boot */
  void (*random)(CrEnv *env, void *out, size_t n_bytes); /* unpredictable in production */
  const char *(*boot_id)(CrEnv *env);                    /* borrowed */
  const CrIo *io;
};

/* The real world: system clock, libsodium randomness, system calls. Static, thread-safe. Starts libsodium. */
CrEnv *cr_env_default(void);

/* A repeatable world for tests: the clock starts at start_us and moves by step_us a call, randomness is
 * ChaCha20 keyed by seed. io may be NULL for the system's. Free with cr_env_test_free. */
CrEnv *cr_env_test_new(gint64 start_us, gint64 step_us, guint64 seed, const CrIo *io);
void cr_env_test_free(CrEnv *env);

/* "2026-11-22T20:43:37.123456Z"; transfer full. */
char *cr_time_format(gint64 utc_us);
/* A random code of n_chars of 23456789ABCDEFGHJKLMNPQRSTUVWXYZ behind prefix ("N-7K3M9QXA"); transfer full.
 */
char *cr_random_code(CrEnv *env, const char *prefix, guint n_chars);

/* Seeded draws, the same on every machine (splitmix64, Fisher-Yates from the end). */
void cr_seeded_shuffle(guint64 seed, gpointer *items, gsize n_items);
gint64 cr_seed_draw(CrEnv *env); /* 0 .. 2^53-1 */

/* ---- file.h: files that are whole or not there ------------------------------------------------------------
 */

/* Reads a whole file, or a pipe to its end, of at most max_bytes (CR_ERROR_LIMIT beyond). */
GBytes *cr_file_read(const char *path, gsize max_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The SHA-256 of a file of any size, in hex, and its size; a block of it is in memory at a time. */
char *cr_file_sha256_hex(const char *path, guint64 *n_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes beside (.NAME.chartroom.tmp), fsyncs, renames over path, fsyncs the folder. mode for example 0600.
 * Writers of one path wait for each other; what a killed one left goes with the next. On failure path is
 * what it was, or (only where syncing the folder failed) the new whole. A device or a pipe is written to and
 * stays what it is. */
gboolean cr_file_replace(const CrIo *io, const char *path, const void *data, gsize n_bytes, mode_t mode,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether something is there (behind a link, too) that is neither a file nor a folder: /dev/null, a pipe. */
gboolean cr_path_is_device(const char *path);
/* fsyncs each file below dir and the folders, then renames dir to target in one step. Where target is a
 * folder it is exchanged and the old one removed (RENAME_EXCHANGE): a reader sees the old whole or the new
 * whole. Where it is a file or a link, or its file system can't exchange: CR_ERROR_EXISTS. */
gboolean cr_dir_publish(const CrIo *io, const char *dir, const char *target,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes a folder and what is in it; missing is fine. Links are removed, never followed. */
gboolean cr_dir_remove(const char *dir, GError **error);
gboolean cr_dir_sync(const char *dir, GError **error);
/* Sets error from errno: DISK_FULL for ENOSPC, EDQUOT and EFBIG, NOT_FOUND for ENOENT and ENOTDIR, else IO;
 * message "PATH: doing what: strerror". */
void cr_error_set_errno(GError **error, int err, const char *path, const char *doing);
/* What somebody gave, fit for a message: at most max_chars characters, whole ones, nothing that speaks to a
 * terminal; "…" where more follows. transfer full */
char *cr_error_excerpt(const char *given, gsize max_chars);

/* Whether path is on NFS, SMB, or another network file system (statfs magic). */
gboolean cr_path_is_network(const char *path);
/* The folder of the program's own tables and models: CHARTROOM_DATA, the source tree's data in a build, or the
 * installed one. Borrowed, static. */
const char *cr_data_dir(void);

/* ---- seal.h: keys and sealing (libsodium)
 * ------------------------------------------------------------------ */

#define CR_KEY_BYTES 32
#define CR_HASH_BYTES 32 /* SHA-256 */

/* A secret key in guarded, locked memory (sodium_malloc), wiped when freed. */
typedef struct CrKey CrKey;
CrKey *cr_key_new_random(CrEnv *env);
CrKey *cr_key_new_take(uint8_t bytes[CR_KEY_BYTES]); /* copies, then wipes the source */
CrKey *cr_key_ref(CrKey *key);
void cr_key_unref(CrKey *key);
const uint8_t *cr_key_bytes(const CrKey *key); /* borrowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrKey, cr_key_unref)

/* XChaCha20-Poly1305: 24 random nonce bytes, then ciphertext with tag. aad binds the box to its place (for
 * example "text:" and the document id); it may be NULL. Opening with another key or aad:
 * CR_ERROR_SEAL_BROKEN. The opened bytes are wiped when their last reference goes. */
GBytes *cr_seal(CrEnv *env, const CrKey *key, const char *aad, const void *plain, gsize n_bytes);
GBytes *cr_seal_open(const CrKey *key, const char *aad, const void *box, gsize n_bytes,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

void cr_sha256(const void *data, gsize n_bytes, uint8_t out[CR_HASH_BYTES]);
char *cr_sha256_hex(const void *data, gsize n_bytes);         /* 64 lower-case digits; transfer full */
char *cr_hex(const void *data, gsize n_bytes);                /* transfer full */
gboolean cr_unhex(const char *hex, void *out, gsize n_bytes); /* exactly n_bytes, else FALSE */
/* HMAC-SHA-256 of data under key, hex: an index over secret values that tells nothing without the key. */
char *cr_keyed_hash_hex(const CrKey *key, const char *context, const void *data, gsize n_bytes);

/* ---- harden.h: what the process refuses itself
 * ------------------------------------------------------------- */

/* First thing in main: no core dumps, not dumpable, and a seccomp filter that lets sockets be AF_UNIX only
 * and refuses io_uring. FALSE with an error where the kernel will not. */
gboolean cr_harden(GError **error);
/* Each promise of cr_harden tested live. One GVariant-free row a promise: name, enforced, detail. */
typedef struct {
  const char *name;
  gboolean enforced;
  char *detail;
} CrPromise;
GPtrArray *cr_harden_test(void); /* of CrPromise, free func set */

/* ---- lock.h
 * ------------------------------------------------------------------------------------------------- */
/* An exclusive lock on a file, held until released or the process ends. CR_ERROR_PROJECT_LOCKED where another
 * has it. */
typedef struct CrLock CrLock;
CrLock *cr_lock_take(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_lock_release(CrLock *lock);
