/* compare-gather.c: the doubly read notes of a batch, both readings of each, as spans over tokens. */
#include "workflow/reading-private.h"

void
cr_gathered_clear(CrGathered *g)
{
  g_clear_pointer(&g->labels, g_hash_table_unref);
  g_clear_pointer(&g->readings, g_ptr_array_unref);
  g_clear_pointer(&g->tokens, g_ptr_array_unref);
  for (int side = 0; side < 2; side++)
    g_clear_pointer(&g->spans[side], g_ptr_array_unref);
}

/* Labels of the guidelines first, in their order, so that numbers do not hang on who found what. */
static gboolean
number_labels(CrGathered *g, GError **error)
{
  g_autoptr(CrGuidelines) guidelines = cr_reading_guidelines(g->p, -1, error);
  if (!guidelines)
    return FALSE;
  const GPtrArray *all = cr_guidelines_labels(guidelines);
  for (guint i = 0; i < all->len; i++)
    g_hash_table_insert(g->labels, g_strdup(((CrGuidelinesLabel *)all->pdata[i])->name), GUINT_TO_POINTER(i));
  return TRUE;
}

static gboolean
gather_note(CrGathered *g, GHashTable *cache, const char *note, GError **error)
{
  CrReading *r = cr_reading_load(g->p, cache, note, error);
  if (!r)
    return FALSE;
  g_ptr_array_add(g->readings, r);
  g_ptr_array_add(g->tokens, cr_text_tokens(r->text));
  for (int side = 0; side < 2; side++) {
    GArray *spans = cr_set_spans(r->text, r->sets[side], 0, g->labels, error);
    if (!spans)
      return FALSE;
    g_ptr_array_add(g->spans[side], spans);
  }
  return TRUE;
}

gboolean
cr_gathered_load(CrGathered *g, const GPtrArray *notes, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  g->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g->readings = g_ptr_array_new_with_free_func((GDestroyNotify)cr_reading_free);
  g->tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  for (int side = 0; side < 2; side++)
    g->spans[side] = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  if (!number_labels(g, error))
    return FALSE;
  for (guint i = 0; i < notes->len; i++)
    if (!gather_note(g, cache, notes->pdata[i], error))
      return FALSE;
  return TRUE;
}

const char **
cr_gathered_labels(GHashTable *labels)
{
  const char **names = g_new0(const char *, g_hash_table_size(labels) + 1);
  GHashTableIter iter;
  gpointer name, number;
  g_hash_table_iter_init(&iter, labels);
  while (g_hash_table_iter_next(&iter, &name, &number))
    names[GPOINTER_TO_UINT(number)] = name;
  return names;
}

/* The spans of one side of the chosen readings, documents numbered anew. */
GArray *
cr_gathered_spans(const CrGathered *g, const GArray *chosen, int side)
{
  GArray *all = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  for (guint document = 0; document < chosen->len; document++) {
    const GArray *spans = g->spans[side]->pdata[g_array_index(chosen, guint, document)];
    for (guint i = 0; i < spans->len; i++) {
      CrLabelSpan span = g_array_index(spans, CrLabelSpan, i); /* fragments stay the reading's */
      span.document = document;
      g_array_append_val(all, span);
    }
  }
  return all;
}

GArray *
cr_gathered_choose(const CrGathered *g, const char *first, const char *second)
{
  GArray *chosen = g_array_new(FALSE, FALSE, sizeof(guint));
  for (guint i = 0; i < g->readings->len; i++) {
    const CrReading *r = g->readings->pdata[i];
    if (!first || (g_str_equal(r->readers[0], first) && g_str_equal(r->readers[1], second)))
      g_array_append_val(chosen, i);
  }
  return chosen;
}
