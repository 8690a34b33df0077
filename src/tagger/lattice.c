/* The lattice of one line: exact forward-backward with scaling (Rabiner 1989, section V.A), expected
 * transition counts and the best path, over IOBES states of which only legal steps exist. Mass below
 * NEGLIGIBLE is left out, which changes nothing that a double can show. */
#include "tagger-private.h"
#include <math.h>
#include <string.h>

#define NEGLIGIBLE 1e-17 /* nothing that a double can show */
#define LOWEST (-60.0)   /* scores are floored this far below the token's best: exp stays a normal number */

guint
cr_state_label(guint k, guint state)
{
  if (state < k)
    return state;
  if (state == k)
    return k;
  return (state - k - 1) % k;
}

gsize
cr_transition_index(guint k, guint from, guint to)
{
  const guint n_ends = cr_state_n_ends(k), first = cr_state_first_start(k);
  if (from < n_ends && to >= first && to < first + n_ends)
    return (gsize)from * n_ends + (to - first);
  if (from < n_ends || cr_state_label(k, from) != cr_state_label(k, to))
    return G_MAXSIZE;
  const gboolean from_b = from < cr_state_i(k, 0), to_i = to >= cr_state_i(k, 0), to_e = to < k;
  if (!to_i && !to_e)
    return G_MAXSIZE;
  return (gsize)n_ends * n_ends + 4 * (gsize)cr_state_label(k, from) + (from_b ? 0 : 2) + (to_e ? 1 : 0);
}

void
cr_lattice_init(CrLattice *lattice, guint k)
{
  *lattice = (CrLattice){.k = k, .negligible = NEGLIGIBLE};
  lattice->transition = g_new0(float, cr_transitions_n(k));
  lattice->exp_transition = g_new(double, cr_transitions_n(k));
  cr_lattice_set_transitions(lattice, lattice->transition);
}

void
cr_lattice_clear(CrLattice *lattice)
{
  g_free(lattice->score);
  g_free(lattice->forward);
  g_free(lattice->backward);
  g_free(lattice->emission);
  g_free(lattice->scale);
  g_free(lattice->from);
  g_free(lattice->transition);
  g_free(lattice->exp_transition);
  *lattice = (CrLattice){0};
}

void
cr_lattice_reserve(CrLattice *lattice, guint n_tokens)
{
  const gsize width = cr_states_n(lattice->k);
  if (n_tokens > lattice->n_allocated) {
    const gsize n = (gsize)n_tokens * width;
    lattice->score = g_renew(double, lattice->score, n);
    lattice->forward = g_renew(double, lattice->forward, n);
    lattice->backward = g_renew(double, lattice->backward, n);
    lattice->emission = g_renew(double, lattice->emission, n);
    lattice->from = g_renew(guint16, lattice->from, n);
    lattice->scale = g_renew(double, lattice->scale, n_tokens);
    lattice->n_allocated = n_tokens;
  }
  memset(lattice->score, 0, sizeof(double) * n_tokens * width);
}

void
cr_lattice_set_transitions(CrLattice *lattice, const float *transitions)
{
  const gsize n = cr_transitions_n(lattice->k);
  if (transitions != lattice->transition)
    memcpy(lattice->transition, transitions, n * sizeof(float));
  for (gsize i = 0; i < n; i++)
    lattice->exp_transition[i] = exp((double)lattice->transition[i]);
}

/* exp(score - the token's best), and that best. */
static double
row_emission(const double *score, double *emission, guint width)
{
  double best = score[0];
  for (guint s = 1; s < width; s++)
    best = MAX(best, score[s]);
  for (guint s = 0; s < width; s++)
    emission[s] = exp(MAX(score[s] - best, LOWEST));
  return best;
}

/* out[starts] += from[ends] x the block; out[E, I] += inside steps. */
static void
step_forward(const CrLattice *l, const double *from, double *out)
{
  const guint k = l->k, n = cr_state_n_ends(k);
  double *start = out + cr_state_first_start(k);
  for (guint i = 0; i < n; i++) {
    const double a = from[i];
    if (a < l->negligible)
      continue;
    const double *row = l->exp_transition + (gsize)i * n;
    for (guint j = 0; j < n; j++)
      start[j] += a * row[j];
  }
  const double *inside = l->exp_transition + (gsize)n * n;
  for (guint y = 0; y < k; y++, inside += 4) {
    const double b = from[cr_state_b(k, y)], i = from[cr_state_i(k, y)];
    out[cr_state_i(k, y)] += b * inside[0] + i * inside[2];
    out[cr_state_e(k, y)] += b * inside[1] + i * inside[3];
  }
}

/* out[s] = sum over legal next of transition x next; where forward has no mass the result is not needed. */
static void
step_backward(const CrLattice *l, const double *forward, const double *next, double *out)
{
  const guint k = l->k, n = cr_state_n_ends(k);
  const double *start = next + cr_state_first_start(k);
  for (guint i = 0; i < n; i++) {
    out[i] = 0;
    if (forward[i] < l->negligible)
      continue;
    const double *row = l->exp_transition + (gsize)i * n;
    double sum = 0;
    for (guint j = 0; j < n; j++)
      sum += row[j] * start[j];
    out[i] = sum;
  }
  const double *inside = l->exp_transition + (gsize)n * n;
  for (guint y = 0; y < k; y++, inside += 4) {
    const double i = next[cr_state_i(k, y)], e = next[cr_state_e(k, y)];
    out[cr_state_b(k, y)] = inside[0] * i + inside[1] * e;
    out[cr_state_i(k, y)] = inside[2] * i + inside[3] * e;
  }
}

static double
pass_forward(CrLattice *l, guint n_tokens)
{
  const guint k = l->k, width = cr_states_n(k), first = cr_state_first_start(k), n_ends = cr_state_n_ends(k);
  double log_z = 0;
  for (guint t = 0; t < n_tokens; t++) {
    double *row = l->forward + (gsize)t * width, *emission = l->emission + (gsize)t * width, sum = 0;
    log_z += row_emission(l->score + (gsize)t * width, emission, width);
    memset(row, 0, sizeof(double) * width);
    if (t > 0)
      step_forward(l, row - width, row);
    else
      for (guint s = first; s < first + n_ends; s++)
        row[s] = 1;
    for (guint s = 0; s < width; s++)
      sum += row[s] *= emission[s];
    for (guint s = 0; s < width; s++)
      row[s] /= sum;
    l->scale[t] = sum;
    log_z += log(sum);
  }
  return log_z;
}

double
cr_lattice_marginals(CrLattice *l, guint n_tokens, double *out)
{
  if (n_tokens == 0)
    return 0;
  const guint k = l->k, width = cr_states_n(k), n_ends = cr_state_n_ends(k);
  double log_z = pass_forward(l, n_tokens), end = 0;
  const double *last = l->forward + (gsize)(n_tokens - 1) * width;
  for (guint s = 0; s < n_ends; s++)
    end += last[s];
  g_autofree double *next = g_new(double, width);
  for (guint t = n_tokens; t-- > 0;) {
    double *row = l->backward + (gsize)t * width;
    const double *forward = l->forward + (gsize)t * width;
    if (t == n_tokens - 1)
      for (guint s = 0; s < width; s++)
        row[s] = s < n_ends ? 1 / end : 0;
    else
      step_backward(l, forward, next, row);
    for (guint s = 0; s < width; s++)
      out[(gsize)t * width + s] = forward[s] * row[s];
    for (guint s = 0; s < width; s++)
      next[s] = row[s] * l->emission[(gsize)t * width + s] / l->scale[t];
  }
  return log_z + log(end);
}

/* One step's expected counts: a[i] x transition x v[j]. */
static void
add_expected(const CrLattice *l, const double *a, const double *v, double *out)
{
  const guint k = l->k, n = cr_state_n_ends(k);
  const double *start = v + cr_state_first_start(k);
  for (guint i = 0; i < n; i++) {
    if (a[i] < l->negligible)
      continue;
    const double *row = l->exp_transition + (gsize)i * n;
    double *to = out + (gsize)i * n;
    for (guint j = 0; j < n; j++)
      to[j] += a[i] * row[j] * start[j];
  }
  const double *inside = l->exp_transition + (gsize)n * n;
  double *to = out + (gsize)n * n;
  for (guint y = 0; y < k; y++, inside += 4, to += 4) {
    const double b = a[cr_state_b(k, y)], i = a[cr_state_i(k, y)];
    const double vi = v[cr_state_i(k, y)], ve = v[cr_state_e(k, y)];
    to[0] += b * inside[0] * vi;
    to[1] += b * inside[1] * ve;
    to[2] += i * inside[2] * vi;
    to[3] += i * inside[3] * ve;
  }
}

void
cr_lattice_expected(const CrLattice *l, guint n_tokens, double *out)
{
  const guint width = cr_states_n(l->k);
  g_autofree double *v = g_new(double, width);
  for (guint t = 1; t < n_tokens; t++) {
    const gsize at = (gsize)t * width;
    for (guint s = 0; s < width; s++)
      v[s] = l->emission[at + s] * l->backward[at + s] / l->scale[t];
    add_expected(l, l->forward + at - width, v, out);
  }
}

/* The best predecessor of every state; ends first, so that ties go to the lower state. */
static void
best_step(const CrLattice *l, const double *from, double *to, guint16 *back)
{
  const guint k = l->k, n = cr_state_n_ends(k), first = cr_state_first_start(k);
  for (guint s = 0; s < cr_states_n(k); s++)
    to[s] = -INFINITY;
  for (guint i = 0; i < n; i++) {
    if (isinf(from[i]))
      continue;
    const float *row = l->transition + (gsize)i * n;
    for (guint j = 0; j < n; j++) {
      const double score = from[i] + (double)row[j];
      if (score > to[first + j])
        to[first + j] = score, back[first + j] = (guint16)i;
    }
  }
  const float *inside = l->transition + (gsize)n * n;
  for (guint y = 0; y < k; y++, inside += 4) {
    const guint b = cr_state_b(k, y), i = cr_state_i(k, y), e = cr_state_e(k, y);
    const gboolean i_from_b = from[b] + (double)inside[0] >= from[i] + (double)inside[2];
    const gboolean e_from_b = from[b] + (double)inside[1] >= from[i] + (double)inside[3];
    to[i] = i_from_b ? from[b] + (double)inside[0] : from[i] + (double)inside[2];
    to[e] = e_from_b ? from[b] + (double)inside[1] : from[i] + (double)inside[3];
    back[i] = (guint16)(i_from_b ? b : i);
    back[e] = (guint16)(e_from_b ? b : i);
  }
}

double
cr_lattice_best(CrLattice *l, guint n_tokens, guint16 *states)
{
  if (n_tokens == 0)
    return 0;
  const guint k = l->k, width = cr_states_n(k), first = cr_state_first_start(k), n_ends = cr_state_n_ends(k);
  for (guint s = 0; s < width; s++)
    l->forward[s] = s >= first && s < first + n_ends ? l->score[s] : -INFINITY;
  for (guint t = 1; t < n_tokens; t++) {
    double *row = l->forward + (gsize)t * width;
    best_step(l, row - width, row, l->from + (gsize)t * width);
    for (guint s = 0; s < width; s++)
      row[s] += l->score[(gsize)t * width + s];
  }
  const double *last = l->forward + (gsize)(n_tokens - 1) * width;
  guint best = cr_state_outside(k);
  for (guint s = 0; s < n_ends; s++)
    if (last[s] > last[best])
      best = s;
  const double score = last[best];
  for (guint t = n_tokens; t-- > 0;) {
    states[t] = (guint16)best;
    if (t > 0)
      best = l->from[(gsize)t * width + best];
  }
  return score;
}

double
cr_lattice_path(const CrLattice *l, guint n_tokens, const guint16 *states)
{
  const guint k = l->k, width = cr_states_n(k), first = cr_state_first_start(k), n_ends = cr_state_n_ends(k);
  if (n_tokens == 0)
    return 0;
  if (states[0] < first || states[0] >= first + n_ends || states[n_tokens - 1] >= n_ends)
    return -INFINITY;
  double score = 0;
  for (guint t = 0; t < n_tokens; t++) {
    score += l->score[(gsize)t * width + states[t]];
    if (t == 0)
      continue;
    const gsize at = cr_transition_index(k, states[t - 1], states[t]);
    if (at == G_MAXSIZE)
      return -INFINITY;
    score += (double)l->transition[at];
  }
  return score;
}
