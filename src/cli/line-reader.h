/* Lines from a file descriptor, of any length up to a limit, NUL bytes and all. */
#pragma once
#include <chartroom/error.h>

#define CR_LINE_MAX_BYTES (512 << 20)

typedef struct {
  char *bytes; /* owned, without the line's end; NUL-terminated */
  gsize n_bytes;
  guint64 number;    /* from 1 */
  gboolean too_long; /* beyond CR_LINE_MAX_BYTES: bytes is NULL, the rest was skipped */
} CrLine;
void cr_line_clear(gpointer line);

typedef struct CrLineReader CrLineReader;
CrLineReader *cr_line_reader_new(int fd); /* fd stays the caller's */
void cr_line_reader_free(CrLineReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrLineReader, cr_line_reader_free)
/* FALSE at the end, or where reading fails. A last line without an end counts. */
gboolean cr_line_reader_next(CrLineReader *reader, CrLine *line);
/* Whether the end was reached without a failure. */
gboolean cr_line_reader_ended(const CrLineReader *reader, GError **error);
