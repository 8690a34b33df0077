/* Typed merging: candidates that overlap become one span with the kind of the surest and the finders of all.
 * What must be found outweighs what is only reported. */
#include "phi-private.h"

static gint
compare_candidates(gconstpointer left, gconstpointer right)
{
  const PhiCandidate *a = left, *b = right;
  if (a->start != b->start)
    return a->start < b->start ? -1 : 1;
  if (a->end != b->end)
    return a->end > b->end ? -1 : 1;
  if (a->kind != b->kind)
    return a->kind < b->kind ? -1 : 1;
  return g_strcmp0(a->by, b->by);
}

/* The lexicon knows a person, seldom which, and the tagger guesses: they yield to a finder that knows. */
static double
weight(const PhiCandidate *candidate)
{
  double weight = candidate->score;
  if (!cr_phi_kind_is_reported_only(candidate->kind))
    weight += 1;
  if (g_str_has_prefix(candidate->by, "lexicon:"))
    weight -= 0.3;
  if (g_str_equal(candidate->by, "tagger"))
    weight -= 0.7;
  if (g_str_has_prefix(candidate->by, "known:"))
    weight += 1;
  return weight;
}

static void
note_finder(GPtrArray *by, const char *finder)
{
  for (guint i = 0; i < by->len; i++)
    if (g_ptr_array_index(by, i) == finder)
      return;
  g_ptr_array_add(by, (gpointer)finder);
}

/* A name that propagates finds itself: that it did says nothing where another found it. */
static GStrv
dup_finders(GPtrArray *by)
{
  if (by->len > 1)
    g_ptr_array_remove(by, (gpointer)g_intern_static_string("propagated"));
  GStrv out = g_new0(char *, by->len + 1);
  for (guint i = 0; i < by->len; i++)
    out[i] = g_strdup(g_ptr_array_index(by, i));
  return out;
}

static void
flush(const PhiCandidate *best, guint32 start, guint32 end, double score, GPtrArray *by, gsize base,
      GArray *spans)
{
  CrPhiSpan span = {{base + start, base + end}, best->kind, score, dup_finders(by)};
  g_array_append_val(spans, span);
  g_ptr_array_set_size(by, 0);
}

void
phi_merge(GArray *candidates, gsize base, double threshold, GArray *spans)
{
  g_autoptr(GPtrArray) by = g_ptr_array_new();
  const PhiCandidate *best = NULL;
  guint32 start = 0, end = 0;
  double score = 0;
  g_array_sort(candidates, compare_candidates);
  for (guint i = 0; i < candidates->len; i++) {
    const PhiCandidate *c = &g_array_index(candidates, PhiCandidate, i);
    if (c->score < threshold)
      continue;
    if (best && c->start >= end) {
      flush(best, start, end, score, by, base, spans);
      best = NULL;
    }
    if (!best) {
      best = c;
      start = c->start;
      end = c->end;
      score = c->score;
    } else {
      end = MAX(end, c->end);
      score = MAX(score, c->score);
      if (weight(c) > weight(best))
        best = c;
    }
    note_finder(by, c->by);
  }
  if (best)
    flush(best, start, end, score, by, base, spans);
}
