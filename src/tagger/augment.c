/* Augmentation: copies of documents in which most mentions are replaced by other mentions of the same label,
 * the same mention by the same other one throughout a copy, so that the tagger learns the places and not the
 * names. A replacement is a mention of the pool, or one put together of the pool's words. */
#include "train-private.h"
#include <string.h>

static void
collect(GPtrArray **pools, const CrTagSample *sample)
{
  for (gsize i = 0; i < sample->n_spans; i++) {
    const CrTagSpan *s = &sample->spans[i];
    g_ptr_array_add(pools[s->label], g_strndup(sample->text + s->span.start, s->span.end - s->span.start));
  }
}

static guint
n_words(const char *text)
{
  guint n = 1;
  for (; *text != '\0'; text++)
    n += *text == ' ';
  return n;
}

/* A mention of the pool; half the time, where it has as many words as another drawn one, words of both. */
static char *
draw(const GPtrArray *pool, CrRandom *random)
{
  const char *one = g_ptr_array_index(pool, cr_random_below(random, pool->len));
  const char *two = g_ptr_array_index(pool, cr_random_below(random, pool->len));
  const guint n = n_words(one);
  if (n < 2 || n != n_words(two) || cr_random_unit(random) < .5)
    return g_strdup(one);
  g_auto(GStrv) a = g_strsplit(one, " ", -1), b = g_strsplit(two, " ", -1);
  GString *mixed = g_string_new(NULL);
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c(mixed, ' ');
    g_string_append(mixed, cr_random_next(random) & 1 ? a[i] : b[i]);
  }
  return g_string_free(mixed, FALSE);
}

/* What stands for a mention in this copy: NULL where it stays. Remembered, so that it is the same everywhere.
 */
static const char *
replacement(GHashTable *chosen, const GPtrArray *pool, const CrTagSample *sample, const CrTagSpan *span,
            double share, CrRandom *random)
{
  g_autofree char *was = g_strndup(sample->text + span->span.start, span->span.end - span->span.start);
  g_autofree char *key = g_strdup_printf("%u %s", span->label, was);
  gpointer found;
  if (g_hash_table_lookup_extended(chosen, key, NULL, &found))
    return found;
  const gboolean stays = cr_random_unit(random) >= share || strchr(was, '\n') != NULL;
  char *now = stays ? NULL : draw(pool, random);
  g_hash_table_insert(chosen, g_steal_pointer(&key), now);
  return now;
}

static CrVariant *
make(const CrTagSample *sample, guint group, GPtrArray **pools, double share, CrRandom *random)
{
  g_autoptr(GHashTable) chosen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  CrVariant *v = g_new0(CrVariant, 1);
  GString *text = g_string_sized_new(sample->n_bytes + 64);
  gsize at = 0;
  v->group = group;
  v->spans = g_array_new(FALSE, FALSE, sizeof(CrTagSpan));
  for (gsize i = 0; i < sample->n_spans; i++) {
    CrTagSpan span = sample->spans[i];
    if (span.span.start < at)
      continue; /* overlaps the one before */
    const char *now = replacement(chosen, pools[span.label], sample, &span, share, random);
    g_string_append_len(text, sample->text + at, (gssize)(span.span.start - at));
    const gsize start = text->len;
    if (now != NULL)
      g_string_append(text, now);
    else
      g_string_append_len(text, sample->text + span.span.start, (gssize)(span.span.end - span.span.start));
    at = span.span.end;
    span.span = (CrSpan){start, text->len};
    g_array_append_val(v->spans, span);
  }
  g_string_append_len(text, sample->text + at, (gssize)(sample->n_bytes - at));
  v->n_bytes = text->len;
  v->text = g_string_free(text, FALSE);
  return v;
}

static void
variant_free(gpointer data)
{
  CrVariant *v = data;
  g_free(v->text);
  g_array_unref(v->spans);
  g_free(v);
}

GPtrArray *
cr_augment(const CrTagSample *samples, gsize n_samples, guint n_labels, double copies, double share,
           guint64 seed)
{
  GPtrArray *variants = g_ptr_array_new_with_free_func(variant_free);
  g_autofree GPtrArray **pools = g_new(GPtrArray *, n_labels);
  CrRandom random = {seed};
  for (guint y = 0; y < n_labels; y++)
    pools[y] = g_ptr_array_new_with_free_func(g_free);
  for (gsize i = 0; i < n_samples; i++)
    collect(pools, &samples[i]);
  for (double left = copies; left > 0; left -= 1)
    for (gsize i = 0; i < n_samples; i++)
      if (left >= 1 || cr_random_unit(&random) < left)
        g_ptr_array_add(variants, make(&samples[i], (guint)i, pools, share, &random));
  for (guint y = 0; y < n_labels; y++)
    g_ptr_array_unref(pools[y]);
  return variants;
}
