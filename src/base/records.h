/* records: a file read forward, one record at a time: lines, or CSV records after RFC 4180. Memory holds one
 * record, however long the file; a record beyond the limit is passed over whole, never cut.
 *
 * Bytes are handed out as they stand in the file. Only a UTF-8 byte order mark at the very start is taken as
 * the file's encoding mark and left out; offsets count from the first byte of the file, mark included. */
#pragma once
#include <chartroom/error.h>

typedef struct CrSource CrSource;

/* "-" is standard input. Folders are refused (CR_ERROR_IO), and files in UTF-16 or UTF-32
 * (CR_ERROR_INVALID_UTF8, known by their byte order mark). */
CrSource *cr_source_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_source_free(CrSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrSource, cr_source_free)

const char *cr_source_path(const CrSource *source); /* borrowed */
gboolean cr_source_had_bom(const CrSource *source);
guint64 cr_source_size(const CrSource *source);   /* bytes of the file, 0 where not known (a pipe) */
guint64 cr_source_offset(const CrSource *source); /* bytes handed out so far */
/* The bytes that come next, at most 4096, without taking them. Borrowed until the next call. */
const char *cr_source_peek(CrSource *source, gsize *n_bytes);
/* Goes to an offset that an earlier record reported, so that the next record is that one. FALSE on a pipe. */
gboolean cr_source_seek(CrSource *source, guint64 byte_off, guint64 line,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One record as it stands in the file, without its line end. Borrowed until the next call. */
typedef struct {
  const char *bytes; /* not NUL-terminated */
  gsize n_bytes;
  guint64 byte_off; /* where it starts in the file */
  guint64 line;     /* the line it starts on, from 1 */
  guint n_lines;    /* it takes */
  gboolean is_last; /* no line end followed: the end of the file */
} CrRawRecord;

typedef enum {
  CR_READ_RECORD,
  CR_READ_END,
  CR_READ_TOO_LONG, /* passed over; byte_off and line say where it was, n_bytes how long, bytes is NULL */
  CR_READ_UNCLOSED, /* CSV only: a quoted field that is open at the end of the file */
  CR_READ_FAILED    /* error set */
} CrRead;

/* What is in the buffer: for a file that is one record. Never CR_READ_TOO_LONG. */
CrRead cr_source_next_chunk(CrSource *source, CrRawRecord *out, GError **error);
CrRead cr_source_next_line(CrSource *source, gsize max_bytes, CrRawRecord *out, GError **error);
/* A line break inside quotes belongs to the record. A quote opens only at the start of a field. */
CrRead cr_source_next_csv(CrSource *source, char delimiter, gsize max_bytes, CrRawRecord *out,
                          GError **error);

typedef struct {
  const char *bytes;
  gsize n_bytes;
} CrField;

/* The fields of a raw CSV record, unquoted. They point into the record or into scratch (both must outlive
 * them). FALSE where something follows a closing quote: fields then holds what could be read. */
gboolean cr_csv_split(const CrRawRecord *record, char delimiter, GArray *fields /* of CrField */,
                      GByteArray *scratch);
/* ',' unless the header has none and has ';' or a tab. */
char cr_csv_delimiter(const char *header, gsize n_bytes);
/* Appends a field as CSV: quoted where it must be, quotes doubled, bytes as they are. */
void cr_csv_append(GString *out, const char *bytes, gsize n_bytes);
