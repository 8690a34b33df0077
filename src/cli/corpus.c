/* Reading a labelled corpus; see corpus.h. Files of documents go through the formats' own readers, which
 * check offsets and texts; here they become spans in bytes. */
#include "cli/corpus.h"
#include <chartroom/formats.h>
#include <errno.h>
#include <string.h>

static void
span_clear_cb(gpointer data)
{
  CrCorpusSpan *span = data;
  g_clear_pointer(&span->label, g_free);
  g_clear_pointer(&span->fragments, g_array_unref);
}

GArray *
cr_corpus_spans_new(void)
{
  GArray *spans = g_array_new(FALSE, TRUE, sizeof(CrCorpusSpan));
  g_array_set_clear_func(spans, span_clear_cb);
  return spans;
}

static void
document_free(CrCorpusDocument *document)
{
  g_free(document->id);
  g_clear_pointer(&document->text, cr_text_unref);
  g_clear_pointer(&document->spans, g_array_unref);
  g_clear_pointer(&document->tokens, g_array_unref);
  g_clear_pointer(&document->columns, cr_iob_document_free);
  json_decref(document->document);
  g_free(document);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrCorpusDocument, document_free)

static void
document_free_cb(gpointer data)
{
  document_free(data);
}

static int
compare_spans(gconstpointer a, gconstpointer b)
{
  const CrCorpusSpan *p = a, *q = b;
  int order = cr_span_compare(&p->span, &q->span);
  return order != 0 ? order : strcmp(p->label, q->label);
}

/* ---- spans of a document object ---- */

static gboolean
read_piece(const CrText *text, const json_t *start, const json_t *end, CrSpan *out, GError **error)
{
  json_int_t from = json_integer_value(start), to = json_integer_value(end);
  if (json_is_integer(start) && json_is_integer(end) && from >= 0 && to >= 0)
    return cr_span_from_unit(text, CR_UNIT_CODE_POINT, (gsize)from, (gsize)to, out, error);
  g_set_error(error, CR_ERROR, CR_ERROR_SPAN_OUTSIDE, "start and end are not whole numbers from 0");
  return FALSE;
}

static gboolean
read_fragments(const CrText *text, const json_t *list, CrCorpusSpan *out, GError **error)
{
  g_autoptr(GArray) pieces = cr_fragments_new();
  size_t i;
  json_t *pair;
  json_array_foreach(list, i, pair)
  {
    CrSpan piece;
    if (!read_piece(text, json_array_get(pair, 0), json_array_get(pair, 1), &piece, error))
      return FALSE;
    g_array_append_val(pieces, piece);
  }
  out->fragments = cr_fragments_normalise(pieces);
  out->span = cr_fragments_bounds(out->fragments);
  if (out->fragments->len == 1)
    g_clear_pointer(&out->fragments, g_array_unref);
  return TRUE;
}

static gboolean
add_item(CrCorpusDocument *document, const json_t *item, const char *label_key, GError **error)
{
  const char *label = json_string_value(json_object_get(item, label_key));
  const json_t *list = json_object_get(item, "fragments");
  CrCorpusSpan span = {.item = item};
  if (label == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "no \"%s\" that is a string", label_key);
    return FALSE;
  }
  gboolean read = json_array_size(list) > 0 ? read_fragments(document->text, list, &span, error)
                                            : read_piece(document->text, json_object_get(item, "start"),
                                                         json_object_get(item, "end"), &span.span, error);
  if (!read)
    return FALSE;
  span.label = g_strdup(label);
  g_array_append_val(document->spans, span);
  return TRUE;
}

static gboolean
add_items(CrCorpusDocument *document, const char *key, const char *path, GError **error)
{
  const char *label_key = strcmp(key, "phi") == 0 ? "kind" : "label";
  const json_t *list = json_object_get(document->document, key);
  size_t i;
  json_t *item;
  json_array_foreach(list, i, item)
  {
    g_autoptr(GError) failure = NULL;
    if (add_item(document, item, label_key, &failure))
      continue;
    g_set_error(error, CR_ERROR, failure->code, "%s: %s: %s %zu: %s", path, document->id, key, i + 1,
                failure->message);
    return FALSE;
  }
  g_array_sort(document->spans, compare_spans);
  return TRUE;
}

static CrCorpusDocument *
document_of(json_t *object, const char *key, const char *path, GError **error)
{
  const json_t *text = json_object_get(object, "text");
  g_autoptr(CrCorpusDocument) document = g_new0(CrCorpusDocument, 1);
  document->document = json_incref(object);
  document->id = g_strdup(json_string_value(json_object_get(object, "id")));
  document->text = cr_text_new(json_string_value(text), (gssize)json_string_length(text), error);
  document->spans = cr_corpus_spans_new();
  if (document->text == NULL || !add_items(document, key, path, error))
    return NULL;
  return g_steal_pointer(&document);
}

/* ---- files of documents ---- */

typedef struct {
  const char *path, *key;
  GPtrArray *documents, *refused;
} Reading;

static void
refuse_cb(const GError *error, gpointer data)
{
  Reading *reading = data;
  if (!g_error_matches(error, CR_ERROR, CR_ERROR_NOT_CARRIED)) /* a file beside the notes */
    g_ptr_array_add(reading->refused, g_error_copy(error));
}

static gboolean
document_cb(json_t *object, gpointer data, GError **error)
{
  Reading *reading = data;
  g_autoptr(GError) failure = NULL;
  CrCorpusDocument *document = document_of(object, reading->key, reading->path, &failure);
  if (document != NULL)
    g_ptr_array_add(reading->documents, document);
  else
    refuse_cb(failure, reading);
  return TRUE;
}

static void
error_free_cb(gpointer error)
{
  g_error_free(error);
}

static GPtrArray *
read_documents(const CrFormat *format, const char *path, const CrCorpusOptions *options, GError **error)
{
  g_autoptr(GPtrArray) documents = g_ptr_array_new_with_free_func(document_free_cb),
                       own = g_ptr_array_new_with_free_func(error_free_cb);
  Reading reading = {path, options->key != NULL ? options->key : "entities", documents,
                     options->refused != NULL ? options->refused : own};
  if (!format->read(path, document_cb, refuse_cb, &reading, error))
    return NULL;
  if (own->len == 0)
    return g_steal_pointer(&documents);
  if (error != NULL)
    *error = g_error_copy(own->pdata[0]);
  return NULL;
}

/* ---- columns ---- */

static CrCorpusDocument *
document_of_columns(CrIobDocument *columns, GError **error)
{
  g_autoptr(CrCorpusDocument) document = g_new0(CrCorpusDocument, 1);
  document->columns = columns;
  document->id = g_strdup(columns->id);
  document->tokens = g_array_ref(columns->tokens);
  document->spans = cr_corpus_spans_new();
  document->text = cr_text_new(columns->text->str, (gssize)columns->text->len, error);
  document->document =
      json_pack("{s:s, s:s%}", "id", columns->id, "text", columns->text->str, columns->text->len);
  if (document->text == NULL)
    return NULL;
  for (guint i = 0; i < columns->spans->len; i++) {
    const CrIobSpan *found = &g_array_index(columns->spans, CrIobSpan, i);
    CrCorpusSpan span = {.span = found->span, .label = g_strdup(found->label)};
    g_array_append_val(document->spans, span);
  }
  return g_steal_pointer(&document);
}

static GPtrArray *
read_columns(const char *path, const CrCorpusOptions *options, GError **error)
{
  g_autoptr(GPtrArray) files = cr_iob_read(path, options->by_sentence, error);
  g_autoptr(GPtrArray) documents = g_ptr_array_new_with_free_func(document_free_cb);
  if (files == NULL)
    return NULL;
  g_ptr_array_set_free_func(files, NULL);
  for (guint i = 0; i < files->len; i++) {
    CrCorpusDocument *document = document_of_columns(files->pdata[i], error);
    if (document == NULL) {
      for (guint rest = i + 1; rest < files->len; rest++)
        cr_iob_document_free(files->pdata[rest]);
      return NULL;
    }
    g_ptr_array_add(documents, document);
  }
  return g_steal_pointer(&documents);
}

/* ---- the format ---- */

const char *
cr_corpus_format_of(const char *path, GError **error)
{
  const CrFormat *format = cr_format_sniff(path);
  if (format != NULL)
    return format->name;
  if (cr_iob_sniff(path))
    return "iob";
  if (g_file_test(path, G_FILE_TEST_EXISTS))
    g_set_error(error, CR_ERROR, CR_ERROR_UNKNOWN_FORMAT, "%s: not known by its looks; name it with --format",
                path);
  else
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s: is not there", path);
  return NULL;
}

GPtrArray *
cr_corpus_read(const char *path, const CrCorpusOptions *options, GError **error)
{
  static const CrCorpusOptions plain = {0};
  const CrCorpusOptions *wanted = options != NULL ? options : &plain;
  const char *name = wanted->format != NULL ? wanted->format : cr_corpus_format_of(path, error);
  if (name == NULL)
    return NULL;
  if (strcmp(name, "iob") == 0)
    return read_columns(path, wanted, error);
  const CrFormat *format = cr_format_find(name);
  if (format != NULL)
    return read_documents(format, path, wanted, error);
  g_set_error(error, CR_ERROR, CR_ERROR_UNKNOWN_FORMAT, "no format \"%s\"", name);
  return NULL;
}
