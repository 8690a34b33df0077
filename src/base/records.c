/* records: buffered forward reading of lines and CSV records. The buffer holds [start, end) of the file; a
 * record is handed out as a slice of it, so nothing is copied on the way. */
#include "base/records.h"
#include "base/base.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 18, PEEK = 4096 };

struct CrSource {
  char *path;
  int fd;
  char *buffer;
  gsize start, end, capacity; /* unread bytes are buffer[start, end) */
  guint64 file_off;           /* of buffer[start] */
  guint64 line;               /* of buffer[start] */
  guint64 size;
  gboolean at_eof, had_bom;
};

static void
set_errno(GError **error, const char *path, const char *doing)
{
  int err = errno;
  cr_error_set_errno(error, err, path, doing);
}

/* Reads more behind what there is. FALSE on failure; at the end of the file sets at_eof. */
static gboolean
fill(CrSource *source, GError **error)
{
  if (source->start > 0 && (source->start == source->end || source->end == source->capacity)) {
    memmove(source->buffer, source->buffer + source->start, source->end - source->start);
    source->end -= source->start;
    source->start = 0;
  }
  if (source->end == source->capacity) {
    char *larger = g_try_realloc(source->buffer, source->capacity * 2);
    if (larger == NULL) {
      g_set_error(error, CR_ERROR, CR_ERROR_LIMIT,
                  "%s: no memory for a record of over %" G_GSIZE_FORMAT " bytes", source->path,
                  source->capacity);
      return FALSE;
    }
    source->buffer = larger;
    source->capacity *= 2;
  }
  ssize_t n;
  do
    n = read(source->fd, source->buffer + source->end, source->capacity - source->end);
  while (n < 0 && errno == EINTR);
  if (n < 0) {
    set_errno(error, source->path, "reading");
    return FALSE;
  }
  source->at_eof = n == 0;
  source->end += (gsize)n;
  return TRUE;
}

static gboolean
starts_with(const CrSource *source, const char *mark, gsize n_mark)
{
  return source->end - source->start >= n_mark && memcmp(source->buffer + source->start, mark, n_mark) == 0;
}

/* Takes the UTF-8 mark; refuses the marks of the encodings that we do not read. */
static gboolean
take_mark(CrSource *source, GError **error)
{
  while (source->end - source->start < PEEK && !source->at_eof)
    if (!fill(source, error))
      return FALSE;
  if (starts_with(source, "\xFF\xFE", 2) || starts_with(source, "\xFE\xFF", 2) ||
      starts_with(source, "\0\0\xFE\xFF", 4)) {
    g_set_error(error, CR_ERROR, CR_ERROR_INVALID_UTF8, "%s: byte 0: the byte order mark of UTF-16 or UTF-32",
                source->path);
    return FALSE;
  }
  if (starts_with(source, "\xEF\xBB\xBF", 3)) {
    source->had_bom = TRUE;
    source->start += 3;
    source->file_off += 3;
  }
  return TRUE;
}

static gboolean
open_file(CrSource *source, GError **error)
{
  struct stat st;
  if (strcmp(source->path, "-") == 0)
    source->fd = dup(STDIN_FILENO);
  else
    source->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (source->fd < 0 || fstat(source->fd, &st) != 0) {
    set_errno(error, source->path, "opening");
    return FALSE;
  }
  if (S_ISDIR(st.st_mode)) {
    g_set_error(error, CR_ERROR, CR_ERROR_IO, "%s: is a folder, not a file", source->path);
    return FALSE;
  }
  source->size = S_ISREG(st.st_mode) ? (guint64)st.st_size : 0;
  return TRUE;
}

CrSource *
cr_source_open(const char *path, GError **error)
{
  g_autoptr(CrSource) source = g_new0(CrSource, 1);
  source->path = g_strdup(path);
  source->fd = -1;
  source->line = 1;
  source->capacity = CHUNK;
  source->buffer = g_malloc(source->capacity);
  if (!open_file(source, error) || !take_mark(source, error))
    return NULL;
  return g_steal_pointer(&source);
}

void
cr_source_free(CrSource *source)
{
  if (source == NULL)
    return;
  if (source->fd >= 0)
    close(source->fd);
  g_free(source->buffer);
  g_free(source->path);
  g_free(source);
}

const char *
cr_source_path(const CrSource *source)
{
  return source->path;
}

gboolean
cr_source_had_bom(const CrSource *source)
{
  return source->had_bom;
}

guint64
cr_source_size(const CrSource *source)
{
  return source->size;
}

guint64
cr_source_offset(const CrSource *source)
{
  return source->file_off;
}

const char *
cr_source_peek(CrSource *source, gsize *n_bytes)
{
  *n_bytes = MIN(source->end - source->start, (gsize)PEEK);
  return source->buffer + source->start;
}

gboolean
cr_source_seek(CrSource *source, guint64 byte_off, guint64 line, GError **error)
{
  guint64 buffer_off = source->file_off - source->start;
  if (byte_off >= buffer_off && byte_off <= buffer_off + source->end) {
    source->start = (gsize)(byte_off - buffer_off);
    source->file_off = byte_off;
    source->line = line;
    return TRUE;
  }
  if (lseek(source->fd, (off_t)byte_off, SEEK_SET) < 0) {
    set_errno(error, source->path, "seeking");
    return FALSE;
  }
  source->start = source->end = 0;
  source->at_eof = FALSE;
  source->file_off = byte_off;
  source->line = line;
  return TRUE;
}

/* ---- one scan for both kinds of record ---- */

typedef enum { FIELD_START, UNQUOTED, QUOTED, QUOTE_IN_QUOTED } CsvState;

typedef struct {
  gsize done;         /* bytes of the record looked at; the line end included once found */
  guint64 n_passed;   /* bytes let go because the record is too long */
  guint n_line_ends;  /* seen inside the record */
  gboolean found_end; /* done stands behind the line end */
  CsvState state;
} Scan;

static void
scan_line(Scan *scan, const char *bytes, gsize n_bytes)
{
  const char *line_end = memchr(bytes + scan->done, '\n', n_bytes - scan->done);
  scan->found_end = line_end != NULL;
  scan->done = line_end != NULL ? (gsize)(line_end - bytes) + 1 : n_bytes;
}

/* Inside quotes only a quote changes anything: jump to it, counting the lines on the way. */
static gsize
skip_quoted(Scan *scan, const char *bytes, gsize from, gsize n_bytes)
{
  const char *quote = memchr(bytes + from, '"', n_bytes - from);
  gsize to = quote != NULL ? (gsize)(quote - bytes) : n_bytes;
  for (const char *p = memchr(bytes + from, '\n', to - from); p != NULL;
       p = memchr(p + 1, '\n', to - (gsize)(p + 1 - bytes)))
    scan->n_line_ends++;
  if (quote == NULL)
    return n_bytes;
  scan->state = QUOTE_IN_QUOTED;
  return to + 1;
}

static void
scan_csv(Scan *scan, const char *bytes, gsize n_bytes, char delimiter)
{
  gsize i = scan->done;
  while (i < n_bytes && !scan->found_end) {
    if (scan->state == QUOTED) {
      i = skip_quoted(scan, bytes, i, n_bytes);
      continue;
    }
    char c = bytes[i++];
    if (c == '"' && (scan->state == FIELD_START || scan->state == QUOTE_IN_QUOTED))
      scan->state = QUOTED;
    else if (c == '\n')
      scan->found_end = TRUE;
    else
      scan->state = c == delimiter ? FIELD_START : UNQUOTED;
  }
  scan->done = i;
}

/* Hands the record of n bytes out and moves on. */
static void
take(CrSource *source, const Scan *scan, CrRawRecord *out)
{
  gsize n = scan->done - (scan->found_end ? 1 : 0);
  const char *bytes = source->buffer + source->start;
  if (scan->found_end && n > 0 && bytes[n - 1] == '\r')
    n--;
  *out = (CrRawRecord){.bytes = bytes,
                       .n_bytes = n,
                       .byte_off = source->file_off,
                       .line = source->line,
                       .n_lines = scan->n_line_ends + 1,
                       .is_last = !scan->found_end};
  source->start += scan->done;
  source->file_off += scan->done;
  source->line += scan->n_line_ends + (scan->found_end ? 1 : 0);
}

/* Lets the bytes looked at go, so that a record of any length passes through a buffer of the limit's size. */
static void
pass_over(CrSource *source, Scan *scan)
{
  scan->n_passed += scan->done;
  source->start += scan->done;
  source->file_off += scan->done;
  scan->done = 0;
}

static CrRead
finish(CrSource *source, Scan *scan, guint64 byte_off, guint64 line, CrRawRecord *out)
{
  CrRead unclosed = scan->state == QUOTED ? CR_READ_UNCLOSED : CR_READ_RECORD;
  if (scan->n_passed == 0) {
    take(source, scan, out);
    return unclosed;
  }
  pass_over(source, scan);
  source->line = line + scan->n_line_ends + 1;
  *out = (CrRawRecord){.n_bytes = scan->n_passed,
                       .byte_off = byte_off,
                       .line = line,
                       .n_lines = scan->n_line_ends + 1,
                       .is_last = !scan->found_end};
  return unclosed == CR_READ_UNCLOSED ? unclosed : CR_READ_TOO_LONG;
}

static CrRead
next(CrSource *source, int delimiter /* -1: lines */, gsize max_bytes, CrRawRecord *out, GError **error)
{
  Scan scan = {0};
  guint64 byte_off = source->file_off, line = source->line;
  for (;;) {
    const char *bytes = source->buffer + source->start;
    gsize n_bytes = source->end - source->start;
    if (delimiter < 0)
      scan_line(&scan, bytes, n_bytes);
    else
      scan_csv(&scan, bytes, n_bytes, (char)delimiter);
    if (scan.done > max_bytes || (scan.n_passed > 0 && !scan.found_end))
      pass_over(source, &scan);
    if (scan.found_end || source->at_eof)
      break;
    if (!fill(source, error))
      return CR_READ_FAILED;
  }
  if (!scan.found_end && scan.done == 0 && scan.n_passed == 0)
    return CR_READ_END;
  return finish(source, &scan, byte_off, line, out);
}

CrRead
cr_source_next_chunk(CrSource *source, CrRawRecord *out, GError **error)
{
  if (source->start == source->end && !source->at_eof && !fill(source, error))
    return CR_READ_FAILED;
  if (source->start == source->end)
    return CR_READ_END;
  Scan scan = {.done = source->end - source->start};
  take(source, &scan, out);
  return CR_READ_RECORD;
}

CrRead
cr_source_next_line(CrSource *source, gsize max_bytes, CrRawRecord *out, GError **error)
{
  return next(source, -1, max_bytes, out, error);
}

CrRead
cr_source_next_csv(CrSource *source, char delimiter, gsize max_bytes, CrRawRecord *out, GError **error)
{
  return next(source, (guchar)delimiter, max_bytes, out, error);
}

/* ---- fields ---- */

/* Reads the quoted field that opens at *at; *at ends behind its closing quote. */
static CrField
unquote(const char *bytes, gsize n_bytes, gsize *at, GByteArray *scratch)
{
  gsize i = *at + 1;
  const char *quote = memchr(bytes + i, '"', n_bytes - i);
  gsize end = quote != NULL ? (gsize)(quote - bytes) : n_bytes;
  if (end + 1 >= n_bytes || bytes[end + 1] != '"') {
    *at = MIN(end + 1, n_bytes);
    return (CrField){bytes + i, end - i};
  }
  guint first = scratch->len;
  while (i < n_bytes) {
    quote = memchr(bytes + i, '"', n_bytes - i);
    end = quote != NULL ? (gsize)(quote - bytes) : n_bytes;
    gboolean doubled = end + 1 < n_bytes && bytes[end + 1] == '"';
    g_byte_array_append(scratch, (const guint8 *)bytes + i, (guint)(end - i + (doubled ? 1 : 0)));
    i = MIN(end + (doubled ? 2 : 1), n_bytes);
    if (!doubled)
      break;
  }
  *at = i;
  return (CrField){(const char *)scratch->data + first, scratch->len - first};
}

static gsize
field_end(const char *bytes, gsize from, gsize n_bytes, char delimiter)
{
  const char *p = memchr(bytes + from, delimiter, n_bytes - from);
  return p != NULL ? (gsize)(p - bytes) : n_bytes;
}

gboolean
cr_csv_split(const CrRawRecord *record, char delimiter, GArray *fields, GByteArray *scratch)
{
  const char *bytes = record->bytes;
  gsize n_bytes = record->n_bytes, i = 0;
  gboolean fine = TRUE;
  g_array_set_size(fields, 0);
  /* Grown once to what it can need at most, so that fields may point into it. */
  g_byte_array_set_size(scratch, (guint)n_bytes);
  g_byte_array_set_size(scratch, 0);
  for (;;) {
    CrField field;
    if (i < n_bytes && bytes[i] == '"') {
      field = unquote(bytes, n_bytes, &i, scratch);
      gsize end = field_end(bytes, i, n_bytes, delimiter);
      fine = fine && end == i;
      i = end;
    } else {
      gsize end = field_end(bytes, i, n_bytes, delimiter);
      field = (CrField){bytes + i, end - i};
      i = end;
    }
    g_array_append_val(fields, field);
    if (i >= n_bytes)
      return fine;
    i++; /* the delimiter; another field follows, be it empty */
  }
}

char
cr_csv_delimiter(const char *header, gsize n_bytes)
{
  if (memchr(header, ',', n_bytes) != NULL)
    return ',';
  if (memchr(header, '\t', n_bytes) != NULL)
    return '\t';
  return memchr(header, ';', n_bytes) != NULL ? ';' : ',';
}

static gboolean
needs_quotes(const char *bytes, gsize n_bytes)
{
  if (n_bytes > 0 && (bytes[0] == ' ' || bytes[n_bytes - 1] == ' '))
    return TRUE;
  for (gsize i = 0; i < n_bytes; i++)
    if (bytes[i] == ',' || bytes[i] == '"' || bytes[i] == '\n' || bytes[i] == '\r')
      return TRUE;
  return FALSE;
}

void
cr_csv_append(GString *out, const char *bytes, gsize n_bytes)
{
  if (!needs_quotes(bytes, n_bytes)) {
    g_string_append_len(out, bytes, (gssize)n_bytes);
    return;
  }
  g_string_append_c(out, '"');
  for (gsize i = 0; i < n_bytes;) {
    const char *quote = memchr(bytes + i, '"', n_bytes - i);
    gsize end = quote != NULL ? (gsize)(quote - bytes) : n_bytes;
    g_string_append_len(out, bytes + i, (gssize)(end - i));
    if (quote != NULL)
      g_string_append(out, "\"\"");
    i = end + (quote != NULL ? 1 : 0);
  }
  g_string_append_c(out, '"');
}
