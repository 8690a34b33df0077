/* scan: the lines of a log, in order, with their hashes.
 *
 * The file is read in chunks of whole lines. An event's hash depends on its own line alone (the link to the
 * event before is text inside it), so chunks are parsed and hashed by several threads while the callback sees
 * them in order. At most WINDOW chunks are in memory, however long the log. A log of one chunk starts no
 * thread. */
#include "audit/audit-private.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CHUNK_BYTES (256u << 10)
#define WINDOW 8
#define MAX_THREADS 4

typedef struct {
  char *bytes;
  gsize n_bytes;
  guint64 byte_off;
  gboolean with_hashes;
  GArray *lines; /* CrScanned */
  gboolean done;
} Chunk;

typedef struct {
  const char *path;
  int fd;
  gboolean with_hashes, at_end;
  GByteArray *carry; /* the beginning of a line whose end was not read yet */
  guint64 byte_off;  /* of the carry */
  GQueue in_flight;  /* Chunk, oldest first */
  GThreadPool *pool;
  GMutex mutex;
  GCond chunk_done;
} Scan;

static void
chunk_free(Chunk *chunk)
{
  if (!chunk)
    return;
  g_free(chunk->bytes);
  g_array_unref(chunk->lines);
  g_free(chunk);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chunk, chunk_free)

/* ---- digesting ---- */

static void
digest_line(CrScanned *scanned, const char *bytes, gsize n_bytes, gboolean with_hashes)
{
  scanned->well_formed = cr_event_line_parse(bytes, n_bytes, &scanned->line);
  if (!scanned->well_formed || !with_hashes)
    return;
  char hex[CR_HEX_HASH];
  cr_sha256(bytes, scanned->line.n_hashed, scanned->hash);
  cr_merkle_leaf(scanned->hash, CR_HASH_BYTES, scanned->leaf);
  cr_hex_into(scanned->hash, CR_HASH_BYTES, hex);
  scanned->hash_fits = memcmp(hex, scanned->line.hash, sizeof hex) == 0;
}

/* A chunk without a newline is a line too long to be one of ours: it comes out as one that is not well
 * formed. */
static void
digest_chunk(Chunk *chunk)
{
  const char *end = chunk->bytes + chunk->n_bytes;
  for (const char *p = chunk->bytes; p < end;) {
    const char *newline = memchr(p, '\n', (gsize)(end - p));
    CrScanned scanned = {.byte_off = chunk->byte_off + (guint64)(p - chunk->bytes)};
    if (newline)
      digest_line(&scanned, p, (gsize)(newline - p), chunk->with_hashes);
    g_array_append_val(chunk->lines, scanned);
    p = newline ? newline + 1 : end;
  }
}

static void
digest_in_thread(gpointer data, gpointer user_data)
{
  Chunk *chunk = data;
  Scan *scan = user_data;
  digest_chunk(chunk);
  g_mutex_lock(&scan->mutex);
  chunk->done = TRUE;
  g_cond_signal(&scan->chunk_done);
  g_mutex_unlock(&scan->mutex);
}

/* ---- reading ---- */

static gboolean
read_more(Scan *scan, GError **error)
{
  gsize n_before = scan->carry->len;
  g_byte_array_set_size(scan->carry, (guint)n_before + CHUNK_BYTES);
  ssize_t n = 0;
  do
    n = read(scan->fd, scan->carry->data + n_before, CHUNK_BYTES);
  while (n < 0 && errno == EINTR);
  int err = errno;
  g_byte_array_set_size(scan->carry, (guint)(n_before + (n > 0 ? (gsize)n : 0)));
  scan->at_end = n == 0;
  if (n >= 0)
    return TRUE;
  cr_error_set_errno(error, err, scan->path, "reading");
  return FALSE;
}

/* The first n_bytes of the carry as a chunk; the rest stays. */
static Chunk *
take_chunk(Scan *scan, gsize n_bytes)
{
  Chunk *chunk = g_new0(Chunk, 1);
  chunk->bytes = g_memdup2(scan->carry->data, n_bytes);
  chunk->n_bytes = n_bytes;
  chunk->byte_off = scan->byte_off;
  chunk->with_hashes = scan->with_hashes;
  chunk->lines = g_array_sized_new(FALSE, FALSE, sizeof(CrScanned), 640);
  scan->byte_off += n_bytes;
  g_byte_array_remove_range(scan->carry, 0, (guint)n_bytes);
  return chunk;
}

/* The next whole lines; *out NULL at the end of the file, where the carry holds what has no newline. */
static gboolean
read_chunk(Scan *scan, Chunk **out, GError **error)
{
  *out = NULL;
  while (!scan->at_end) {
    gsize n_before = scan->carry->len;
    if (!read_more(scan, error))
      return FALSE;
    gsize n_new = scan->carry->len - n_before;
    const guint8 *newline = n_new > 0 ? memrchr(scan->carry->data + n_before, '\n', n_new) : NULL;
    if (newline || scan->carry->len > CR_MAX_LINE) {
      *out = take_chunk(scan, newline ? (gsize)(newline + 1 - scan->carry->data) : scan->carry->len);
      return TRUE;
    }
  }
  return TRUE;
}

/* ---- the pipeline ---- */

static void
start_chunk(Scan *scan, Chunk *chunk)
{
  gboolean alone = !scan->with_hashes || chunk->byte_off == 0;
  if (!alone && !scan->pool)
    scan->pool = g_thread_pool_new(digest_in_thread, scan,
                                   (gint)CLAMP(g_get_num_processors(), 1, MAX_THREADS), TRUE, NULL);
  g_queue_push_tail(&scan->in_flight, chunk);
  if (alone || !scan->pool) {
    digest_chunk(chunk);
    chunk->done = TRUE;
  } else {
    g_thread_pool_push(scan->pool, chunk, NULL);
  }
}

static Chunk *
finish_oldest(Scan *scan)
{
  Chunk *chunk = g_queue_pop_head(&scan->in_flight);
  g_mutex_lock(&scan->mutex);
  while (!chunk->done)
    g_cond_wait(&scan->chunk_done, &scan->mutex);
  g_mutex_unlock(&scan->mutex);
  return chunk;
}

static gboolean
deliver_oldest(Scan *scan, CrScanFunc func, gpointer data)
{
  g_autoptr(Chunk) chunk = finish_oldest(scan);
  for (guint i = 0; i < chunk->lines->len; i++)
    if (!func(&g_array_index(chunk->lines, CrScanned, i), data))
      return FALSE;
  return TRUE;
}

/* FALSE only where reading failed. *stopped: the callback asked for it. */
static gboolean
run(Scan *scan, CrScanFunc func, gpointer data, gboolean *stopped, GError **error)
{
  const guint window = scan->with_hashes ? WINDOW : 1;
  gboolean more = TRUE;
  *stopped = FALSE;
  while (more || scan->in_flight.length > 0) {
    while (more && scan->in_flight.length < window) {
      Chunk *chunk = NULL;
      if (!read_chunk(scan, &chunk, error))
        return FALSE;
      more = chunk != NULL;
      if (chunk)
        start_chunk(scan, chunk);
    }
    if (scan->in_flight.length > 0 && !deliver_oldest(scan, func, data)) {
      *stopped = TRUE;
      return TRUE;
    }
  }
  return TRUE;
}

static void
scan_clear(Scan *scan)
{
  while (scan->in_flight.length > 0)
    chunk_free(finish_oldest(scan));
  if (scan->pool)
    g_thread_pool_free(scan->pool, FALSE, TRUE);
  g_byte_array_unref(scan->carry);
  g_mutex_clear(&scan->mutex);
  g_cond_clear(&scan->chunk_done);
  close(scan->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scan, scan_clear)

static gboolean
set_cannot_open(GError **error, const char *path)
{
  if (errno == ENOENT)
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s: there is no such file", path);
  else
    cr_error_set_errno(error, errno, path, "opening");
  return FALSE;
}

gboolean
cr_audit_scan(const char *path, guint64 byte_off, gboolean with_hashes, CrScanFunc func, gpointer data,
              gsize *torn_bytes, GError **error)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return set_cannot_open(error, path);
  g_auto(Scan) scan = {.path = path, .fd = fd, .with_hashes = with_hashes, .byte_off = byte_off};
  scan.carry = g_byte_array_new();
  g_mutex_init(&scan.mutex);
  g_cond_init(&scan.chunk_done);
  if (lseek(fd, (off_t)byte_off, SEEK_SET) < 0) {
    cr_error_set_errno(error, errno, path, "reading");
    return FALSE;
  }
  gboolean stopped = FALSE;
  if (!run(&scan, func, data, &stopped, error))
    return FALSE;
  if (torn_bytes)
    *torn_bytes = stopped ? 0 : scan.carry->len;
  return TRUE;
}
