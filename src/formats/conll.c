/* CoNLL columns as a format of documents: tokens and tags (iob.h does the columns). The text is the tokens,
 * joined; what a file has beside token and tag is kept, so that it is written again as it was. */
#include "formats/formats-private.h"
#include "formats/iob.h"
#include <string.h>

/* ---- reading ---- */

static json_t *
columns_json(const CrIobDocument *iob)
{
  json_t *columns = json_array();
  for (guint i = 0; i < iob->columns->len; i++)
    json_array_append_new(columns, json_string(iob->columns->pdata[i]));
  const char end[2] = {iob->scheme.end, '\0'}, single[2] = {iob->scheme.single, '\0'};
  return json_pack("{s:o, s:s, s:s, s:s*}", "columns", columns, "end", end, "single", single, "opening",
                   iob->opening);
}

static json_t *
document_of(const CrIobDocument *iob, GError **error)
{
  g_autoptr(CrText) text = cr_text_new(iob->text->str, (gssize)iob->text->len, error);
  json_t *entities = json_array();
  for (guint i = 0; text != NULL && i < iob->spans->len; i++) {
    const CrIobSpan *span = &g_array_index(iob->spans, CrIobSpan, i);
    const CrSpan at = cr_span_to_unit(text, CR_UNIT_CODE_POINT, span->span);
    json_array_append_new(entities, json_pack("{s:I, s:I, s:s, s:o}", "start", (json_int_t)at.start, "end",
                                              (json_int_t)at.end, "label", span->label, "text",
                                              json_stringn(iob->text->str + span->span.start,
                                                           span->span.end - span->span.start)));
  }
  json_t *document =
      json_pack("{s:s, s:o, s:o, s:o}", "id", iob->id, "text", json_stringn(iob->text->str, iob->text->len),
                "entities", entities, "conll", columns_json(iob));
  cr_document_name_all(document);
  if (text == NULL)
    g_clear_pointer(&document, json_decref);
  return document;
}

static gboolean
read_conll(const char *path, CrDocumentFunc func, void (*bad)(const GError *error, gpointer user_data),
           gpointer user_data, GError **error)
{
  g_autoptr(GPtrArray) documents = cr_iob_read(path, FALSE, error);
  for (guint i = 0; documents != NULL && i < documents->len; i++) {
    g_autoptr(json_t) document = document_of(documents->pdata[i], error);
    if (document == NULL || !func(document, user_data, error))
      return FALSE;
  }
  return documents != NULL;
}

/* ---- writing ---- */

struct CrWriter {
  char *path;
  GPtrArray *documents; /* CrIobDocument */
};

static CrWriter *
writer_new(const char *path, const json_t *schema, GError **error)
{
  CrWriter *writer = g_new0(CrWriter, 1);
  writer->path = g_strdup(path);
  writer->documents = g_ptr_array_new_with_free_func((GDestroyNotify)cr_iob_document_free);
  return writer;
}

/* The columns that the document was read with: they stand where its tokens do, one after the other. FALSE
 * where the text is no longer made of them. */
static gboolean
take_columns(CrIobDocument *iob, const json_t *conll)
{
  const json_t *columns = json_object_get(conll, "columns");
  const char *end = cr_json_string(conll, "end"), *single = cr_json_string(conll, "single"),
             *opening = cr_json_string(conll, "opening");
  g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  g_autoptr(GPtrArray) rows = g_ptr_array_new();
  gsize at = 0;
  for (size_t i = 0; i < json_array_size(columns); i++) {
    const char *row = json_string_value(json_array_get(columns, i)) ?: "";
    const gsize n = strcspn(row, " \t");
    while (at < iob->text->len && g_ascii_isspace(iob->text->str[at]))
      at++;
    if (n == 0 || at + n > iob->text->len || memcmp(iob->text->str + at, row, n) != 0)
      return FALSE;
    const CrSpan token = {at, at + n};
    g_array_append_val(tokens, token);
    g_ptr_array_add(rows, g_string_chunk_insert(iob->words, row));
    at += n;
  }
  if (tokens->len == 0)
    return FALSE;
  g_array_unref(iob->tokens);
  g_ptr_array_unref(iob->columns);
  iob->tokens = g_steal_pointer(&tokens);
  iob->columns = g_steal_pointer(&rows);
  iob->scheme = (CrIobScheme){end != NULL ? *end : 0, single != NULL ? *single : 0};
  iob->opening = g_strdup(opening);
  return TRUE;
}

/* Whether a token starts (or ends) at byte. */
static gboolean
is_bound(const GArray *tokens, gsize byte, gboolean start)
{
  guint low = 0, high = tokens->len;
  while (low < high) {
    const guint mid = low + (high - low) / 2;
    const CrSpan token = g_array_index(tokens, CrSpan, mid);
    const gsize bound = start ? token.start : token.end;
    if (bound == byte)
      return TRUE;
    if (bound < byte)
      low = mid + 1;
    else
      high = mid;
  }
  return FALSE;
}

/* Tells what the tags cannot say of an entity; FALSE where it gets none. */
static gboolean
fits(const CrIobDocument *iob, const GArray *bytes, gsize behind, const char *id, const char *document,
     GPtrArray *not_carried)
{
  const CrSpan bounds = cr_pieces_bounds(bytes);
  const gsize n_breaks =
      memchr(iob->text->str + bounds.start, '\n', bounds.end - bounds.start) != NULL ? 1 : 0;
  if (bounds.start < behind) {
    cr_not_carried_add(not_carried, document, "overlap of %s", id);
    return FALSE;
  }
  if (bytes->len > 1)
    cr_not_carried_add(not_carried, document, "fragments of %s", id);
  if (n_breaks > 0)
    cr_not_carried_add(not_carried, document, "line break in %s", id);
  if (!is_bound(iob->tokens, bounds.start, TRUE) || !is_bound(iob->tokens, bounds.end, FALSE))
    cr_not_carried_add(not_carried, document, "bounds of %s", id);
  return TRUE;
}

static int
compare_starts(gconstpointer pa, gconstpointer pb)
{
  const json_t *a = *(json_t *const *)pa, *b = *(json_t *const *)pb;
  const json_int_t x = json_integer_value(json_object_get(a, "start")),
                   y = json_integer_value(json_object_get(b, "start"));
  if (x != y)
    return x < y ? -1 : 1;
  const json_int_t p = json_integer_value(json_object_get(a, "end")),
                   q = json_integer_value(json_object_get(b, "end"));
  return (p < q) - (p > q);
}

static gboolean
set_entities(CrIobDocument *iob, const CrText *text, const json_t *document, GPtrArray *not_carried,
             GError **error)
{
  g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(CrIobSpan));
  g_autoptr(GPtrArray) ordered = g_ptr_array_new();
  size_t i;
  json_t *entity;
  gsize behind = 0;
  json_array_foreach(cr_document_array(document, "entities"), i, entity) g_ptr_array_add(ordered, entity);
  g_ptr_array_sort(ordered, compare_starts);
  for (i = 0; i < ordered->len; i++) {
    g_autoptr(GArray) pieces = cr_pieces_of(ordered->pdata[i], error);
    g_autoptr(GArray) bytes = pieces != NULL ? cr_pieces_to_bytes(text, pieces, error) : NULL;
    if (bytes == NULL)
      return FALSE;
    CrIobSpan span = {cr_pieces_bounds(bytes), cr_json_string(ordered->pdata[i], "label")};
    if (!fits(iob, bytes, behind, cr_json_string(ordered->pdata[i], "id"), cr_document_id(document),
              not_carried))
      continue;
    behind = span.span.end;
    g_array_append_val(spans, span);
  }
  cr_iob_document_set_spans(iob, (const CrIobSpan *)(const void *)spans->data, spans->len);
  return TRUE;
}

/* What a reader of the columns gets back: the tokens with one space or line break between. */
static gboolean
is_text_kept(const CrIobDocument *iob)
{
  for (guint i = 0; i < iob->tokens->len; i++) {
    const CrSpan token = g_array_index(iob->tokens, CrSpan, i);
    const gsize before = i > 0 ? g_array_index(iob->tokens, CrSpan, i - 1).end : 0;
    if (i > 0 ? token.start != before + 1 || strchr(" \n", iob->text->str[before]) == NULL : token.start != 0)
      return FALSE;
  }
  const gsize end = iob->tokens->len > 0 ? g_array_index(iob->tokens, CrSpan, iob->tokens->len - 1).end : 0;
  return end + 1 == iob->text->len && iob->text->str[end] == '\n';
}

static gboolean
writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  static const char *const members[] = {"id", "text", "entities", "conll", "relations", NULL};
  static const char *const of_entities[] = {"id", "start", "end", "label", "text", "fragments", NULL};
  g_autoptr(json_t) own = json_deep_copy(document);
  g_autoptr(CrText) text = cr_document_check(own, cr_document_id(own), error);
  if (text == NULL)
    return FALSE;
  cr_document_name_all(own);
  CrIobDocument *iob = cr_iob_document_new(cr_document_id(own), text);
  g_ptr_array_add(writer->documents, iob);
  if (!take_columns(iob, json_object_get(own, "conll")) && writer->documents->len > 1)
    iob->opening = g_strdup("-DOCSTART- -X- O O");
  if (json_object_get(own, "conll") == NULL)
    cr_not_carried_add(not_carried, cr_document_id(own), "id");
  if (!is_text_kept(iob))
    cr_not_carried_add(not_carried, cr_document_id(own), "white space between the words of the text");
  size_t i;
  json_t *item;
  const char *key;
  json_object_foreach(own, key, item) if (!g_strv_contains(members, key) &&
                                          json_object_size(item) + json_array_size(item) > 0)
      cr_not_carried_add(not_carried, cr_document_id(own), "%s", key);
  cr_not_carried_members(not_carried, cr_document_id(own), cr_document_array(own, "entities"), of_entities);
  json_array_foreach(cr_document_array(own, "relations"), i, item)
      cr_not_carried_add(not_carried, cr_document_id(own), "relation %s", cr_json_string(item, "id"));
  return set_entities(iob, text, own, not_carried, error);
}

static void
writer_discard(CrWriter *writer)
{
  g_ptr_array_unref(writer->documents);
  g_free(writer->path);
  g_free(writer);
}

static gboolean
writer_finish(CrWriter *writer, GError **error)
{
  const gboolean done = cr_iob_write(writer->path, writer->documents, error);
  writer_discard(writer);
  return done;
}

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  return n_head > 0 && g_ascii_strcasecmp(path + strlen(path) - MIN(strlen(path), 6), ".conll") == 0 &&
         cr_iob_sniff(path);
}

const CrFormat cr_format_conll = {.name = "conll",
                                  .title = "CoNLL columns (IOB2, BIOES)",
                                  .unit = CR_UNIT_CODE_POINT,
                                  .extension = ".conll",
                                  .read = read_conll,
                                  .writer_new = writer_new,
                                  .writer_add = writer_add,
                                  .writer_finish = writer_finish,
                                  .writer_discard = writer_discard,
                                  .sniff = sniff};
