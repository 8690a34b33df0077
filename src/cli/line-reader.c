/* line-reader.c: see the header. One buffer of 64 KB, and the line being put together. */
#include "cli/line-reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 1 << 16 };

struct CrLineReader {
  int fd, failed; /* errno of a failed read, else 0 */
  gboolean at_end;
  gsize start, end; /* unread part of buffer */
  guint64 number;
  char buffer[BUFFER];
};

void
cr_line_clear(gpointer line)
{
  g_clear_pointer(&((CrLine *)line)->bytes, g_free);
}

CrLineReader *
cr_line_reader_new(int fd)
{
  CrLineReader *reader = g_new0(CrLineReader, 1);
  reader->fd = fd;
  return reader;
}

void
cr_line_reader_free(CrLineReader *reader)
{
  g_free(reader);
}

static gboolean
fill(CrLineReader *reader)
{
  ssize_t n;
  do
    n = read(reader->fd, reader->buffer, BUFFER);
  while (n < 0 && errno == EINTR);
  reader->failed = n < 0 ? errno : 0;
  reader->at_end = n <= 0;
  reader->start = 0;
  reader->end = n > 0 ? (gsize)n : 0;
  return n > 0;
}

/* Moves bytes up to the line's end, or all, into out. TRUE where the end was met. */
static gboolean
take(CrLineReader *reader, GString *out, gboolean *too_long)
{
  const char *from = reader->buffer + reader->start;
  gsize n_here = reader->end - reader->start;
  const char *end = memchr(from, '\n', n_here);
  gsize n = end ? (gsize)(end - from) : n_here;
  if (out->len + n > CR_LINE_MAX_BYTES)
    *too_long = TRUE;
  if (*too_long)
    g_string_truncate(out, 0);
  else
    g_string_append_len(out, from, (gssize)n);
  reader->start += end ? n + 1 : n;
  return end != NULL;
}

gboolean
cr_line_reader_next(CrLineReader *reader, CrLine *line)
{
  g_autoptr(GString) out = g_string_new(NULL);
  gboolean any = FALSE, too_long = FALSE, ended = FALSE;
  while (!ended) {
    if (reader->start == reader->end && (reader->at_end || !fill(reader)))
      break;
    any = TRUE;
    ended = take(reader, out, &too_long);
  }
  if (!any || reader->failed)
    return FALSE;
  if (out->len && out->str[out->len - 1] == '\r')
    g_string_truncate(out, out->len - 1);
  *line = (CrLine){NULL, out->len, ++reader->number, too_long};
  if (!too_long)
    line->bytes = g_string_free(g_steal_pointer(&out), FALSE);
  return TRUE;
}

gboolean
cr_line_reader_ended(const CrLineReader *reader, GError **error)
{
  if (!reader->failed)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_IO, "standard input cannot be read: %s", g_strerror(reader->failed));
  return FALSE;
}
