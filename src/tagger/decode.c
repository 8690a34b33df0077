/* Decoding with a beam. Only what can be reached is looked at: behind the states where no span is open any
 * state that starts one (or outside), behind an open span the two states that go on with its label. Behind
 * each token only the states go on whose forward probability is within the beam (and outside, through which a
 * legal path always leads). Without a beam the sums are the lattice's. */
#include "rows-private.h"
#include <math.h>
#include <string.h>

#define NOWHERE (-1e30F)

CR_ROW_INLINE float
exp_down(float x, float top)
{
  float in[CR_LANES] = {x, x, x, x, x, x, x, x}, out[CR_LANES];
  cr_row_exp(out, in, top, CR_LANES);
  return out[0];
}

static void
fill_steps(CrDecoder *d, const float *transitions)
{
  const guint k = d->k, n = cr_state_n_ends(k), width = d->layout.n_starts;
  d->start_step = g_new0(float, (gsize)n *width);
  d->inner_step = g_new(float, 4 * (gsize)k);
  for (guint from = 0; from < n; from++)
    for (guint to = 0; to < n; to++)
      d->start_step[(gsize)from * width + to] = expf(transitions[(gsize)from * n + to]);
  for (guint i = 0; i < 4 * k; i++)
    d->inner_step[i] = expf(transitions[(gsize)n * n + i]);
}

CrRowLayout
cr_row_layout(guint k)
{
  const guint starts = cr_state_n_ends(k), inner = 2 * k, block = CR_ROW_BLOCK;
  CrRowLayout layout = {(starts + block - 1) / block * block, 0};
  layout.n = layout.n_starts + (inner + block - 1) / block * block;
  return layout;
}

guint
cr_row_place(guint k, guint state)
{
  const guint first = cr_state_first_start(k), n = cr_state_n_ends(k);
  if (state >= first && state < first + n)
    return state - first;
  return cr_row_layout(k).n_starts + (state < first ? state : state - (first + n) + k);
}

void
cr_decoder_init(CrDecoder *d, guint k, const float *transitions, float beam)
{
  *d = (CrDecoder){.k = k, .keep = expf(-beam), .layout = cr_row_layout(k)};
  fill_steps(d, transitions);
  d->row = g_new0(CrDecoderRow, 1);
  for (guint i = 0; i < CR_MAX_ROW; i++)
    d->row->score[i] = NOWHERE; /* what is padding stays so */
}

void
cr_decoder_clear(CrDecoder *d)
{
  g_free(d->start_step);
  g_free(d->inner_step);
  g_free(d->first);
  g_free(d->inner);
  g_free(d->active);
  g_free(d->row);
  *d = (CrDecoder){0};
}

static void
reserve(CrDecoder *d, guint n_tokens)
{
  if (n_tokens <= d->n_allocated)
    return;
  d->first = g_renew(guint32, d->first, n_tokens + 1);
  d->inner = g_renew(guint32, d->inner, n_tokens);
  d->active = g_renew(CrActive, d->active, (gsize)n_tokens * cr_states_n(d->k));
  d->n_allocated = n_tokens;
}

/* What an open span passes on to the two states that go on with it. */
static void
reach_inner(CrDecoder *d, const CrActive *from)
{
  const guint k = d->k, label = from->label;
  const float *step = d->inner_step + 4 * label + (from->state < cr_state_i(k, 0) ? 0 : 2);
  CrDecoderRow *row = d->row;
  if (!row->is_open[label]) {
    row->is_open[label] = TRUE;
    row->open[row->n_open++] = (guint8)label;
    row->in_i[label] = row->in_e[label] = 0;
  }
  row->in_i[label] += from->forward * step[0];
  row->in_e[label] += from->forward * step[1];
}

/* What reaches each state from those that went on. */
static CR_WIDE void
reach(CrDecoder *d, guint t)
{
  const guint n = cr_state_n_ends(d->k);
  CrDecoderRow *row = d->row;
  for (guint i = 0; i < row->n_open; i++)
    row->is_open[row->open[i]] = FALSE;
  row->n_open = 0;
  for (guint s = 0; s < d->layout.n_starts; s++)
    row->in[s] = t == 0 && s < n ? 1 : 0;
  for (guint32 i = t == 0 ? 0 : d->first[t - 1]; t > 0 && i < d->first[t]; i++) {
    const CrActive *from = &d->active[i];
    if (from->state < n)
      cr_row_add_scaled(row->in, d->start_step + (gsize)from->state * d->layout.n_starts, from->forward,
                        d->layout.n_starts);
    else
      reach_inner(d, from);
  }
}

/* The best score among the states that may stand here. */
CR_ROW_INLINE float
best_score(const CrDecoder *d, gboolean at_end)
{
  const CrDecoderRow *row = d->row;
  const float *inner = row->score + d->layout.n_starts;
  float best = row->score[0];
  if (!at_end)
    best = cr_row_largest(row->score, d->layout.n_starts);
  for (guint s = 1; at_end && s <= d->k; s++)
    best = MAX(best, row->score[s]);
  for (guint i = 0; i < row->n_open; i++) {
    best = MAX(best, inner[row->open[i]]);
    if (!at_end)
      best = MAX(best, inner[d->k + row->open[i]]);
  }
  return best;
}

/* Turns what reaches each state into forward probabilities, but for a common factor: its sum is returned. */
CR_ROW_INLINE float
weigh(CrDecoder *d, gboolean at_end)
{
  CrDecoderRow *row = d->row;
  const guint n = d->layout.n_starts;
  const float best = best_score(d, at_end), *inner = row->score + n;
  cr_row_exp(row->emission, row->score, best, n);
  for (guint s = d->k + 1; at_end && s < n; s++)
    row->emission[s] = 0;
  float sum = cr_row_multiply(row->in, row->emission, n);
  for (guint i = 0; i < row->n_open; i++) {
    const guint label = row->open[i];
    row->emission_e[label] = exp_down(inner[label], best);
    row->emission_i[label] = at_end ? 0 : exp_down(inner[d->k + label], best);
    row->in_e[label] *= row->emission_e[label];
    row->in_i[label] *= row->emission_i[label];
    sum += row->in_e[label] + row->in_i[label];
  }
  return sum;
}

/* The states that go on, outside first, scaled so that their sum is 1: no float overflows. */
CR_ROW_INLINE void
go_on(CrDecoder *d, guint t, gboolean at_end, float sum, guint32 *n)
{
  const CrDecoderRow *row = d->row;
  const guint k = d->k, n_starts = cr_state_n_ends(k), block = CR_ROW_BLOCK;
  const float least = d->keep * sum, scale = 1 / sum;
  CrActive *to = d->active + *n;
  d->first[t] = *n;
  *to++ = (CrActive){(guint16)k, (guint16)k, row->in[0] * scale, row->emission[0], 0};
  for (guint from = 0; from < n_starts; from += block) {
    if (!cr_row_any_from(row->in + from, least))
      continue;
    for (guint s = MAX(from, 1); s < MIN(from + block, n_starts); s++)
      if (row->in[s] >= least && row->emission[s] > 0)
        *to++ = (CrActive){(guint16)(k + s), (guint16)(s <= k ? s - 1 : s - k - 1), row->in[s] * scale,
                           row->emission[s], 0};
  }
  d->inner[t] = (guint32)(to - d->active);
  for (guint i = 0; i < row->n_open; i++) {
    const guint16 y = row->open[i];
    if (row->in_e[y] >= least)
      *to++ = (CrActive){(guint16)cr_state_e(k, y), y, row->in_e[y] * scale, row->emission_e[y], 0};
    if (row->in_i[y] >= least && !at_end)
      *to++ = (CrActive){(guint16)cr_state_i(k, y), y, row->in_i[y] * scale, row->emission_i[y], 0};
  }
  *n = d->first[t + 1] = (guint32)(to - d->active);
}

double
cr_decoder_weight(const CrDecoder *d, guint from, const CrActive *to)
{
  const gboolean goes_on = from >= cr_state_i(d->k, 0), ends = to->state < d->k;
  const float step = d->inner_step[4 * to->label + (goes_on ? 2 : 0) + (ends ? 1 : 0)];
  return (double)step * (double)to->emission * to->backward;
}

/* What can follow a state: of the active ones of the next token the starts, or those of its label. */
static double
sum_behind(const CrDecoder *d, guint t, const CrActive *from)
{
  const guint k = d->k;
  double out = 0;
  if (from->state < cr_state_n_ends(k)) {
    const float *step = d->start_step + (gsize)from->state * d->layout.n_starts;
    for (guint32 j = d->first[t + 1]; j < d->inner[t + 1]; j++) {
      const CrActive *to = &d->active[j];
      out += (double)step[to->state - k] * (double)to->emission * to->backward;
    }
    return out;
  }
  for (guint32 j = d->inner[t + 1]; j < d->first[t + 2]; j++)
    if (d->active[j].label == from->label)
      out += cr_decoder_weight(d, from->state, &d->active[j]);
  return out;
}

static void
pass_backward(CrDecoder *d, guint t, guint n_tokens)
{
  double sum = 0;
  for (guint32 i = d->first[t]; i < d->first[t + 1]; i++) {
    CrActive *from = &d->active[i];
    from->backward = t + 1 == n_tokens ? 1 : sum_behind(d, t, from);
    sum += from->backward * (double)from->forward;
  }
  for (guint32 i = d->first[t]; i < d->first[t + 1]; i++) /* so that forward x backward is the marginal */
    d->active[i].backward /= sum;
}

static CR_WIDE void
stand(CrDecoder *d, guint t, gboolean at_end, guint32 *n)
{
  go_on(d, t, at_end, weigh(d, at_end), n);
}

void
cr_decoder_run(CrDecoder *d, guint n_tokens, CrScoreFunc score, gpointer user_data)
{
  guint32 n = 0;
  reserve(d, n_tokens);
  for (guint t = 0; t < n_tokens; t++) {
    const gboolean at_end = t + 1 == n_tokens;
    reach(d, t);
    score(user_data, t, NULL, 0, d->row->score);
    if (d->row->n_open > 0)
      score(user_data, t, d->row->open, d->row->n_open, d->row->score + d->layout.n_starts);
    stand(d, t, at_end, &n);
  }
  for (guint t = n_tokens; t-- > 0;)
    pass_backward(d, t, n_tokens);
}

double
cr_decoder_outside(const CrDecoder *d, guint token)
{
  const CrActive *outside = &d->active[d->first[token]];
  return (double)outside->forward * outside->backward;
}

void
cr_decoder_marginals(const CrDecoder *d, guint token, double *label)
{
  memset(label, 0, sizeof(double) * (d->k + 1));
  for (guint32 i = d->first[token]; i < d->first[token + 1]; i++)
    label[d->active[i].label] += (double)d->active[i].forward * d->active[i].backward;
}

double
cr_decoder_goes_on(const CrDecoder *d, guint token, guint label)
{
  double on = 0;
  for (guint32 i = d->first[token]; i < d->first[token + 1]; i++) {
    const CrActive *a = &d->active[i];
    if (a->label != label)
      continue;
    const gboolean inner = a->state == cr_state_i(d->k, label) || a->state == cr_state_e(d->k, label);
    on += (inner ? 1 : -1) * (double)a->forward * a->backward;
  }
  return on;
}
