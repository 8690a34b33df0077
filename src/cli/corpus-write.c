/* Writing a corpus with other labels; see corpus.h. */
#include "cli/corpus.h"
#include <chartroom/formats.h>
#include <string.h>

/* ---- documents ---- */

static json_t *
entity_of(const CrText *text, const CrCorpusSpan *span, guint number)
{
  g_autofree char *id = g_strdup_printf("T%u", number);
  CrSpan bounds = cr_span_to_unit(text, CR_UNIT_CODE_POINT, span->span);
  json_t *entity = json_pack("{s:s, s:I, s:I, s:s}", "id", id, "start", (json_int_t)bounds.start, "end",
                             (json_int_t)bounds.end, "label", span->label);
  if (span->fragments == NULL)
    return entity;
  json_t *list = json_array();
  for (guint i = 0; i < span->fragments->len; i++) {
    CrSpan piece = cr_span_to_unit(text, CR_UNIT_CODE_POINT, g_array_index(span->fragments, CrSpan, i));
    json_array_append_new(list, json_pack("[I, I]", (json_int_t)piece.start, (json_int_t)piece.end));
  }
  json_object_set_new(entity, "fragments", list);
  return entity;
}

/* The document with its spans as entities, and without what was said about the old ones. New reference. */
static json_t *
document_now(const CrCorpusDocument *document)
{
  static const char *const about_entities[] = {"relations", "events", "equivs", "notes", "brat"};
  json_t *now = json_copy(document->document), *entities = json_array();
  for (gsize i = 0; i < G_N_ELEMENTS(about_entities); i++)
    json_object_del(now, about_entities[i]);
  for (guint i = 0; i < document->spans->len; i++)
    json_array_append_new(entities,
                          entity_of(document->text, &g_array_index(document->spans, CrCorpusSpan, i), i + 1));
  json_object_set_new(now, "entities", entities);
  return now;
}

static void
not_carried_free_cb(gpointer data)
{
  CrNotCarried *item = data;
  g_free(item->document);
  g_free(item->what);
  g_free(item);
}

static gboolean
write_documents(const CrFormat *format, const char *path, const GPtrArray *documents, GError **error)
{
  g_autoptr(GPtrArray) not_carried = g_ptr_array_new_with_free_func(not_carried_free_cb);
  CrWriter *writer = format->writer_new(path, NULL, error);
  for (guint i = 0; writer != NULL && i < documents->len; i++) {
    g_autoptr(json_t) now = document_now(documents->pdata[i]);
    if (format->writer_add(writer, now, not_carried, error))
      continue;
    format->writer_discard(writer);
    return FALSE;
  }
  return writer != NULL && format->writer_finish(writer, error);
}

/* ---- columns ---- */

static void
set_tags(CrIobDocument *columns, const CrCorpusDocument *document)
{
  g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(CrIobSpan));
  for (guint i = 0; i < document->spans->len; i++) {
    const CrCorpusSpan *span = &g_array_index(document->spans, CrCorpusSpan, i);
    for (guint f = 0; f < (span->fragments != NULL ? span->fragments->len : 1); f++) {
      CrIobSpan piece = {span->fragments != NULL ? g_array_index(span->fragments, CrSpan, f) : span->span,
                         span->label};
      g_array_append_val(spans, piece);
    }
  }
  cr_iob_document_set_spans(columns, (const CrIobSpan *)(gpointer)spans->data, spans->len);
}

static gboolean
write_columns(const char *path, const GPtrArray *documents, GError **error)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new(), made = g_ptr_array_new();
  for (guint i = 0; i < documents->len; i++) {
    const CrCorpusDocument *document = documents->pdata[i];
    CrIobDocument *columns = document->columns;
    if (columns == NULL) {
      columns = cr_iob_document_new(document->id, document->text);
      g_ptr_array_add(made, columns);
    }
    set_tags(columns, document);
    g_ptr_array_add(all, columns);
  }
  gboolean written = cr_iob_write(path, all, error);
  for (guint i = 0; i < made->len; i++)
    cr_iob_document_free(made->pdata[i]);
  return written;
}

gboolean
cr_corpus_write(const char *path, const char *format, const GPtrArray *documents, GError **error)
{
  const CrFormat *found = cr_format_find(format);
  if (strcmp(format, "iob") == 0)
    return write_columns(path, documents, error);
  if (found != NULL)
    return write_documents(found, path, documents, error);
  g_set_error(error, CR_ERROR, CR_ERROR_UNKNOWN_FORMAT, "no format \"%s\"", format);
  return FALSE;
}
