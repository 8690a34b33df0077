/* Reading CoNLL columns; see iob.h. */
#include "formats/iob.h"
#include "formats/formats-private.h"
#include <string.h>

static const char opening[] = "-DOCSTART-";

typedef struct {
  const char *path;
  char *stem;
  gboolean by_sentence;
  guint n_columns; /* of every row, 0 before the first */
  CrIobScheme scheme;
  GPtrArray *documents;
  CrIobDocument *now; /* the last of documents, or NULL */
  gboolean in_sentence, in_span;
} Reading;

static void
reading_clear(Reading *reading)
{
  g_clear_pointer(&reading->stem, g_free);
  g_clear_pointer(&reading->documents, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

void
cr_iob_document_free(CrIobDocument *document)
{
  g_free(document->id);
  g_free(document->opening);
  g_string_free(document->text, TRUE);
  g_array_unref(document->tokens);
  g_array_unref(document->spans);
  g_ptr_array_unref(document->columns);
  g_string_chunk_free(document->words);
  g_free(document);
}

static void
document_free_cb(gpointer data)
{
  cr_iob_document_free(data);
}

static void
begin_document(Reading *reading, guint64 line)
{
  CrIobDocument *document = g_new0(CrIobDocument, 1);
  document->text = g_string_new(NULL);
  document->tokens = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  document->spans = g_array_new(FALSE, FALSE, sizeof(CrIobSpan));
  document->columns = g_ptr_array_new();
  document->words = g_string_chunk_new(4096);
  document->line = line;
  g_ptr_array_add(reading->documents, document);
  reading->now = document;
  reading->in_sentence = reading->in_span = FALSE;
}

static gboolean
refuse(const Reading *reading, const CrRawRecord *raw, const char *what, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_COLUMNS, "%s:%" G_GUINT64_FORMAT ": %s", reading->path, raw->line,
              what);
  return FALSE;
}

/* ---- a row ---- */

typedef struct {
  const char *token, *tag; /* tag NULL in a file of one column */
  gsize n_token, n_tag, n_before;
  guint n_columns;
} Row;

static gboolean
is_separator(char c, gboolean by_tab)
{
  return by_tab ? c == '\t' : c == ' ' || c == '\t';
}

/* Columns part at tabs where the line has one, else at runs of spaces. */
static Row
split_row(const char *bytes, gsize n_bytes)
{
  gboolean by_tab = memchr(bytes, '\t', n_bytes) != NULL;
  Row row = {.token = bytes, .n_columns = 1};
  gsize last = 0;
  while (row.n_token < n_bytes && !is_separator(bytes[row.n_token], by_tab))
    row.n_token++;
  for (gsize i = row.n_token; i < n_bytes; i++) {
    if (!is_separator(bytes[i], by_tab))
      continue;
    row.n_columns += by_tab || i == row.n_token || !is_separator(bytes[i - 1], by_tab);
    last = i + 1;
  }
  if (row.n_columns > 1) {
    row.tag = bytes + last;
    row.n_tag = n_bytes - last;
    row.n_before = last;
  }
  return row;
}

/* 'B', 'I', 'E', 'S' by what the letter means; 0 for what is no tag. */
static char
meaning_of(const char *tag, gsize n_tag)
{
  static const char letters[] = "BIMELSUW", meanings[] = "BIIEESSS";
  if (n_tag == 1 && tag[0] == 'O')
    return 'O';
  const char *letter = n_tag > 2 && tag[1] == '-' ? strchr(letters, tag[0]) : NULL;
  return letter != NULL && *letter != '\0' ? meanings[letter - letters] : '\0';
}

static void
add_tag(Reading *reading, const Row *row, CrSpan token)
{
  CrIobDocument *now = reading->now;
  char meaning = meaning_of(row->tag, row->n_tag);
  if (meaning == 'E')
    reading->scheme.end = row->tag[0];
  if (meaning == 'S')
    reading->scheme.single = row->tag[0];
  if (meaning == 'O') {
    reading->in_span = FALSE;
    return;
  }
  const char *label = g_string_chunk_insert_len(now->words, row->tag + 2, (gssize)row->n_tag - 2);
  CrIobSpan *last = now->spans->len > 0 ? &g_array_index(now->spans, CrIobSpan, now->spans->len - 1) : NULL;
  if (reading->in_span && (meaning == 'I' || meaning == 'E') && strcmp(last->label, label) == 0) {
    last->span.end = token.end;
  } else {
    CrIobSpan span = {token, label};
    g_array_append_val(now->spans, span);
  }
  reading->in_span = meaning != 'E' && meaning != 'S';
}

static gboolean
check_row(Reading *reading, const CrRawRecord *raw, const Row *row, GError **error)
{
  if (row->n_token == 0)
    return refuse(reading, raw, "no token before the first separator", error);
  if (reading->n_columns != 0 && row->n_columns != reading->n_columns)
    return refuse(reading, raw, "another number of columns than the lines before", error);
  if (row->tag != NULL && meaning_of(row->tag, row->n_tag) == '\0')
    return refuse(reading, raw,
                  "the last column is neither O nor a letter of IOB, BIOES or BILOU and a label", error);
  return TRUE;
}

static gboolean
add_row(Reading *reading, const CrRawRecord *raw, const char *bytes, gsize n_bytes, GError **error)
{
  Row row = split_row(bytes, n_bytes);
  if (!check_row(reading, raw, &row, error))
    return FALSE;
  reading->n_columns = row.n_columns;
  if (reading->now == NULL)
    begin_document(reading, raw->line);
  CrIobDocument *now = reading->now;
  if (reading->in_sentence)
    g_string_append_c(now->text, ' ');
  CrSpan token = {now->text->len, now->text->len + row.n_token};
  g_string_append_len(now->text, row.token, (gssize)row.n_token);
  g_array_append_val(now->tokens, token);
  g_ptr_array_add(now->columns,
                  g_string_chunk_insert_len(now->words, bytes, (gssize)(row.tag ? row.n_before : n_bytes)));
  reading->in_sentence = TRUE;
  if (row.tag != NULL)
    add_tag(reading, &row, token);
  return TRUE;
}

/* ---- the file ---- */

static void
end_sentence(Reading *reading)
{
  if (reading->in_sentence)
    g_string_append_c(reading->now->text, '\n');
  reading->in_sentence = reading->in_span = FALSE;
  if (reading->by_sentence && reading->now != NULL && reading->now->tokens->len > 0)
    reading->now = NULL;
}

static gsize
trimmed_length(const CrRawRecord *raw)
{
  gsize n = raw->n_bytes;
  while (n > 0 && g_ascii_isspace(raw->bytes[n - 1]))
    n--;
  return n;
}

static gboolean
add_line(Reading *reading, const CrRawRecord *raw, GError **error)
{
  gsize n = trimmed_length(raw);
  if (!g_utf8_validate_len(raw->bytes, n, NULL)) {
    g_set_error(error, CR_ERROR, memchr(raw->bytes, 0, n) ? CR_ERROR_NUL_BYTE : CR_ERROR_INVALID_UTF8,
                "%s:%" G_GUINT64_FORMAT ": the line is not UTF-8 text", reading->path, raw->line);
    return FALSE;
  }
  if (n == 0) {
    end_sentence(reading);
    return TRUE;
  }
  if (n < sizeof opening - 1 || memcmp(raw->bytes, opening, sizeof opening - 1) != 0)
    return add_row(reading, raw, raw->bytes, n, error);
  end_sentence(reading);
  begin_document(reading, raw->line);
  reading->now->opening = g_strndup(raw->bytes, n);
  return TRUE;
}

static gboolean
read_lines(Reading *reading, GError **error)
{
  g_autoptr(CrSource) source = cr_source_open(reading->path, error);
  while (source != NULL) {
    CrRawRecord raw;
    CrRead got = cr_source_next_line(source, CR_FORMATS_MAX_RECORD, &raw, error);
    if (got == CR_READ_TOO_LONG) {
      g_set_error(error, CR_ERROR, CR_ERROR_LIMIT, "%s:%" G_GUINT64_FORMAT ": a line of %zu bytes",
                  reading->path, raw.line, raw.n_bytes);
      return FALSE;
    }
    if (got != CR_READ_RECORD)
      return got == CR_READ_END;
    if (!add_line(reading, &raw, error))
      return FALSE;
  }
  return FALSE;
}

static char *
stem_of(const char *path)
{
  g_autofree char *name = g_path_get_basename(path);
  char *dot = strrchr(name, '.');
  return g_strndup(name, dot != NULL && dot > name ? (gsize)(dot - name) : strlen(name));
}

GPtrArray *
cr_iob_read(const char *path, gboolean by_sentence, GError **error)
{
  g_auto(Reading) reading = {.path = path,
                             .stem = stem_of(path),
                             .by_sentence = by_sentence,
                             .documents = g_ptr_array_new_with_free_func(document_free_cb)};
  if (!read_lines(&reading, error))
    return NULL;
  end_sentence(&reading);
  for (guint i = 0; i < reading.documents->len; i++) {
    CrIobDocument *document = reading.documents->pdata[i];
    document->scheme = reading.scheme;
    document->id =
        reading.documents->len > 1 ? g_strdup_printf("%s:%u", reading.stem, i + 1) : g_strdup(reading.stem);
  }
  return g_steal_pointer(&reading.documents);
}

gboolean
cr_iob_sniff(const char *path)
{
  g_autoptr(CrSource) source = g_file_test(path, G_FILE_TEST_IS_REGULAR) ? cr_source_open(path, NULL) : NULL;
  gsize n = 0, begin = 0;
  const char *head = source != NULL ? cr_source_peek(source, &n) : NULL;
  guint n_rows = 0;
  for (gsize i = 0; i < n; i++) {
    if (head[i] != '\n')
      continue;
    CrRawRecord raw = {.bytes = head + begin, .n_bytes = i - begin};
    gsize length = trimmed_length(&raw);
    Row row = split_row(raw.bytes, length);
    begin = i + 1;
    if (length == 0 || g_str_has_prefix(raw.bytes, opening))
      continue;
    if (row.tag == NULL || meaning_of(row.tag, row.n_tag) == '\0')
      return FALSE;
    n_rows++;
  }
  return n_rows > 0;
}
