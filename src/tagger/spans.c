/* Which spans to report: not those of the one best path, but those that do not overlap and whose
 * probabilities, each less what a wrong span costs, sum up highest (weighted interval scheduling). For the F
 * measure a span is worth reporting well below one half (Lewis 1995). */
#include "tagger-private.h"

typedef struct {
  guint first, last, label;
  double gain; /* probability less the cost */
} Candidate;

static const CrActive *
active(const CrDecoder *d, guint t, guint state)
{
  for (guint32 i = d->first[t]; i < d->first[t + 1]; i++)
    if (d->active[i].state == state)
      return &d->active[i];
  return NULL;
}

static double
weight(const CrDecoder *d, guint from, const CrActive *to)
{
  return to == NULL ? 0 : cr_decoder_weight(d, from, to);
}

/* The spans of one label that begin, with probability p, at token t. */
static void
gather_from(const CrDecoder *d, guint n, guint t, guint label, double p, double cost, GArray *out)
{
  guint from = cr_state_b(d->k, label);
  for (guint last = t + 1; last < n && p > cost; last++) {
    const double on = weight(d, from, active(d, last, cr_state_i(d->k, label)));
    const double end = weight(d, from, active(d, last, cr_state_e(d->k, label)));
    if (on + end <= 0)
      return;
    const Candidate c = {t, last, label, p * end / (on + end) - cost};
    if (c.gain > 0)
      g_array_append_val(out, c);
    p *= on / (on + end);
    from = cr_state_i(d->k, label);
  }
}

/* Every span that is more probable than the cost, in the order of its first token. */
static GArray *
gather(const CrDecoder *d, guint n, double cost)
{
  GArray *out = g_array_new(FALSE, FALSE, sizeof(Candidate));
  for (guint t = 0; t < n; t++)
    for (guint32 i = d->first[t]; i < d->first[t + 1]; i++) {
      const CrActive *a = &d->active[i];
      const guint label = a->label;
      const double p = (double)a->forward * a->backward;
      const Candidate single = {t, t, label, p - cost};
      if (label == d->k || p <= cost)
        continue;
      if (a->state == cr_state_s(d->k, label))
        g_array_append_val(out, single);
      else if (a->state == cr_state_b(d->k, label))
        gather_from(d, n, t, label, p, cost, out);
    }
  return out;
}

static void
mark(guint k, const Candidate *c, guint16 *states)
{
  if (c->first == c->last) {
    states[c->first] = (guint16)cr_state_s(k, c->label);
    return;
  }
  states[c->first] = (guint16)cr_state_b(k, c->label);
  for (guint t = c->first + 1; t < c->last; t++)
    states[t] = (guint16)cr_state_i(k, c->label);
  states[c->last] = (guint16)cr_state_e(k, c->label);
}

/* chosen[t]: the span, plus 1, that the best choice among the tokens from t on begins with; 0: none at t. */
static void
choose(const GArray *found, guint n, double *best, guint *chosen)
{
  guint c = found->len;
  for (guint t = n; t-- > 0;) {
    best[t] = best[t + 1];
    for (; c > 0 && g_array_index(found, Candidate, c - 1).first == t; c--) {
      const Candidate *x = &g_array_index(found, Candidate, c - 1);
      if (x->gain + best[x->last + 1] > best[t])
        best[t] = x->gain + best[x->last + 1], chosen[t] = c;
    }
  }
}

void
cr_decoder_spans(const CrDecoder *d, guint n, double cost, guint16 *states)
{
  g_autoptr(GArray) found = gather(d, n, cost);
  for (guint t = 0; t < n; t++)
    states[t] = (guint16)cr_state_outside(d->k);
  if (found->len == 0)
    return;
  g_autofree double *best = g_new0(double, n + 1);
  g_autofree guint *chosen = g_new0(guint, n + 1);
  choose(found, n, best, chosen);
  for (guint t = 0; t < n; t++) {
    if (chosen[t] == 0)
      continue;
    const Candidate *c = &g_array_index(found, Candidate, chosen[t] - 1);
    mark(d->k, c, states);
    t = c->last;
  }
}
