/* Labelled corpora as the tagger's samples; see samples.h. A finding of several pieces is learnt piece by
 * piece, and of findings that overlap the first and longest is learnt. */
#include "cli/samples.h"
#include <string.h>

static int
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
gather_labels(CrSamples *s)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint c = 0; c < s->corpora->len; c++) {
    const GPtrArray *documents = g_ptr_array_index(s->corpora, c);
    for (guint d = 0; d < documents->len; d++) {
      const CrCorpusDocument *document = g_ptr_array_index(documents, d);
      for (guint i = 0; i < document->spans->len; i++) {
        char *label = g_array_index(document->spans, CrCorpusSpan, i).label;
        if (g_hash_table_add(seen, label))
          g_ptr_array_add(s->labels, g_strdup(label));
      }
    }
  }
  g_ptr_array_sort(s->labels, compare_names);
}

static guint
label_number(const CrSamples *s, const char *label)
{
  for (guint i = 0; i < s->labels->len; i++)
    if (g_str_equal(g_ptr_array_index(s->labels, i), label))
      return i;
  g_assert_not_reached();
}

static void
add_span(const CrSamples *s, const CrCorpusSpan *span, GArray *out)
{
  CrTagSpan tag = {span->span, label_number(s, span->label), 1};
  if (span->fragments == NULL) {
    g_array_append_val(out, tag);
    return;
  }
  for (guint f = 0; f < span->fragments->len; f++) {
    tag.span = g_array_index(span->fragments, CrSpan, f);
    g_array_append_val(out, tag);
  }
}

static void
add_sample(CrSamples *s, const CrCorpusDocument *document)
{
  GArray *spans = g_array_new(FALSE, FALSE, sizeof(CrTagSpan));
  for (guint i = 0; i < document->spans->len; i++)
    add_span(s, &g_array_index(document->spans, CrCorpusSpan, i), spans);
  g_array_sort(spans, cr_span_compare); /* a CrTagSpan begins with its CrSpan */
  g_ptr_array_add(s->spans, spans);
  const CrTagSample sample = {cr_text_bytes(document->text), cr_text_length(document->text, CR_UNIT_BYTE),
                              (const CrTagSpan *)spans->data, spans->len};
  g_array_append_val(s->samples, sample);
}

gboolean
cr_samples_read(CrSamples *s, const char *const *paths, const CrCorpusOptions *options, GError **error)
{
  *s = (CrSamples){g_ptr_array_new_with_free_func(g_free),
                   g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref),
                   g_array_new(FALSE, FALSE, sizeof(CrTagSample)),
                   g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref)};
  for (guint i = 0; paths[i] != NULL; i++) {
    GPtrArray *documents = cr_corpus_read(paths[i], options, error);
    if (documents == NULL)
      return FALSE;
    g_ptr_array_add(s->corpora, documents);
  }
  gather_labels(s);
  for (guint c = 0; c < s->corpora->len; c++) {
    const GPtrArray *documents = g_ptr_array_index(s->corpora, c);
    for (guint d = 0; d < documents->len; d++)
      add_sample(s, g_ptr_array_index(documents, d));
  }
  return TRUE;
}

void
cr_samples_clear(CrSamples *s)
{
  g_clear_pointer(&s->labels, g_ptr_array_unref);
  g_clear_pointer(&s->samples, g_array_unref);
  g_clear_pointer(&s->spans, g_ptr_array_unref);
  g_clear_pointer(&s->corpora, g_ptr_array_unref);
}

void
cr_samples_tag(const CrTagger *tagger, CrTaggerScratch *scratch, CrCorpusDocument *document, double threshold)
{
  g_autoptr(GArray) found = cr_tagger_tag(tagger, scratch, cr_text_bytes(document->text),
                                          cr_text_length(document->text, CR_UNIT_BYTE), threshold);
  g_array_unref(document->spans);
  document->spans = cr_corpus_spans_new();
  for (guint i = 0; i < found->len; i++) {
    const CrTagSpan *tag = &g_array_index(found, CrTagSpan, i);
    const CrCorpusSpan span = {.span = tag->span, .label = g_strdup(cr_tagger_label(tagger, tag->label))};
    g_array_append_val(document->spans, span);
  }
}
