/* Decoding with a beam. Each token's row of states is worked through whole, in loops that the compiler turns
 * into vectors; behind it only the states go on whose forward probability is within the beam (and outside,
 * through which a legal path always leads). Without a beam the sums and the best path are the lattice's. */
#include "tagger-private.h"
#include <math.h>
#include <string.h>

#define LOWEST (-80.0F) /* e to that is still a normal float */

/* e^x for x <= 0: 2^n by its bits, 2^fraction by its Taylor series to the seventh power; within 2e-7. */
static inline float
exp_down(float x)
{
  const float t = (x < LOWEST ? LOWEST : x) * 1.44269504F - .5F;
  const gint32 n = (gint32)t;
  const float f = (t - (float)n + .5F) * .69314718F;
  const float p =
      1 +
      f * (1 +
           f * (.5F + f * (.16666667F +
                           f * (.041666667F + f * (.0083333333F + f * (.0013888889F + f * .00019841270F))))));
  const union {
    gint32 i;
    float f;
  } power = {(n + 127) << 23};
  return p * power.f;
}

void
cr_decoder_init(CrDecoder *d, guint k, const float *transitions, float beam)
{
  const guint n = cr_states_n(k);
  *d = (CrDecoder){.k = k, .keep = expf(-beam)};
  d->step = g_new(float, (gsize)n *n);
  d->exp_step = g_new(float, (gsize)n *n);
  for (guint from = 0; from < n; from++)
    for (guint to = 0; to < n; to++) {
      const gsize at = cr_transition_index(k, from, to);
      d->step[(gsize)from * n + to] = at == G_MAXSIZE ? -INFINITY : transitions[at];
      d->exp_step[(gsize)from * n + to] = at == G_MAXSIZE ? 0 : expf(transitions[at]);
    }
  d->row = g_new(CrDecoderRow, 1);
}

void
cr_decoder_clear(CrDecoder *d)
{
  g_free(d->step);
  g_free(d->exp_step);
  g_free(d->score);
  g_free(d->first);
  g_free(d->active);
  g_free(d->row);
  *d = (CrDecoder){0};
}

float *
cr_decoder_scores(CrDecoder *d, guint n_tokens)
{
  const gsize width = cr_states_n(d->k);
  if (n_tokens > d->n_allocated) {
    d->score = g_renew(float, d->score, n_tokens *width);
    d->first = g_renew(guint32, d->first, n_tokens + 1);
    d->active = g_renew(CrActive, d->active, n_tokens * width);
    d->n_allocated = n_tokens;
  }
  memset(d->score, 0, sizeof(float) * n_tokens * width);
  return d->score;
}

/* Emissions relative to the token's best; 0 where a state may not stand at the line's start or end. */
static void
fill_emission(const CrDecoder *d, const float *score, gboolean at_start, gboolean at_end, float *emission)
{
  const guint width = cr_states_n(d->k), first = cr_state_first_start(d->k), n_ends = cr_state_n_ends(d->k);
  float best = score[0];
  for (guint s = 1; s < width; s++)
    best = score[s] > best ? score[s] : best;
  for (guint s = 0; s < width; s++)
    emission[s] = exp_down(score[s] - best);
  for (guint s = 0; s < width; s++)
    if ((at_start && (s < first || s >= first + n_ends)) || (at_end && s >= n_ends))
      emission[s] = 0;
}

/* Adds what one state passes on to each next one: to the sums, and to the best ways. */
static void
pass_on(const CrActive *from, gint32 number, const float *restrict exp_step, const float *restrict step,
        guint width, float *restrict in, float *restrict best, gint32 *restrict back)
{
  const float forward = from->forward, so_far = from->best;
  for (guint s = 0; s < width; s++)
    in[s] += forward * exp_step[s];
  for (guint s = 0; s < width; s++) {
    const float through = so_far + step[s], was = best[s];
    const gint32 who = back[s];
    best[s] = through > was ? through : was;
    back[s] = through > was ? number : who;
  }
}

/* What reaches each state from those that went on. */
static void
reach(CrDecoder *d, guint t)
{
  const guint width = cr_states_n(d->k);
  CrDecoderRow *row = d->row;
  for (guint s = 0; s < width; s++) {
    row->in[s] = t == 0 ? 1 : 0;
    row->best[s] = t == 0 ? 0 : -INFINITY;
    row->back[s] = 0;
  }
  for (guint32 i = t == 0 ? 0 : d->first[t - 1]; t > 0 && i < d->first[t]; i++) {
    const gsize at = (gsize)d->active[i].state * width;
    pass_on(&d->active[i], (gint32)i, d->exp_step + at, d->step + at, width, row->in, row->best, row->back);
  }
}

/* The states that go on, scaled so that their sum is 1 and the best way has score 0: no float overflows. */
static void
go_on(CrDecoder *d, guint t, guint32 *n)
{
  const guint width = cr_states_n(d->k), outside = cr_state_outside(d->k);
  const float *score = d->score + (gsize)t * width;
  CrDecoderRow *row = d->row;
  float sum = 0, top = -INFINITY;
  for (guint s = 0; s < width; s++) {
    row->in[s] *= row->emission[s];
    sum += row->in[s];
  }
  d->first[t] = *n;
  for (guint s = 0; s < width; s++) {
    if (row->emission[s] == 0 || row->best[s] == -INFINITY || (row->in[s] < d->keep * sum && s != outside))
      continue;
    const float best = row->best[s] + score[s];
    top = best > top ? best : top;
    d->active[(*n)++] =
        (CrActive){(guint16)s, (guint32)row->back[s], row->in[s] / sum, row->emission[s], 0, best};
  }
  for (guint32 i = d->first[t]; i < *n; i++)
    d->active[i].best -= top;
  d->first[t + 1] = *n;
}

static void
pass_backward(CrDecoder *d, guint t, guint n_tokens)
{
  const guint width = cr_states_n(d->k);
  double sum = 0;
  for (guint32 i = d->first[t]; i < d->first[t + 1]; i++) {
    CrActive *from = &d->active[i];
    double out = t + 1 == n_tokens ? 1 : 0;
    for (guint32 j = d->first[t + 1]; t + 1 < n_tokens && j < d->first[t + 2]; j++)
      out += (double)d->exp_step[(gsize)from->state * width + d->active[j].state] *
             (double)d->active[j].emission * d->active[j].backward;
    from->backward = out;
    sum += out * (double)from->forward;
  }
  for (guint32 i = d->first[t]; i < d->first[t + 1]; i++) /* so that forward x backward is the marginal */
    d->active[i].backward /= sum;
}

static void
read_back(CrDecoder *d, guint n_tokens, guint16 *states)
{
  guint32 at = d->first[n_tokens - 1];
  for (guint32 i = at; i < d->first[n_tokens]; i++)
    if (d->active[i].best > d->active[at].best)
      at = i;
  for (guint t = n_tokens; t-- > 0;) {
    states[t] = d->active[at].state;
    at = d->active[at].back;
  }
}

void
cr_decoder_run(CrDecoder *d, guint n_tokens, guint16 *states)
{
  const guint width = cr_states_n(d->k);
  guint32 n = 0;
  for (guint t = 0; t < n_tokens; t++) {
    fill_emission(d, d->score + (gsize)t * width, t == 0, t + 1 == n_tokens, d->row->emission);
    reach(d, t);
    go_on(d, t, &n);
  }
  for (guint t = n_tokens; t-- > 0;)
    pass_backward(d, t, n_tokens);
  if (n_tokens > 0)
    read_back(d, n_tokens, states);
}

void
cr_decoder_marginals(const CrDecoder *d, guint token, double *label)
{
  memset(label, 0, sizeof(double) * (d->k + 1));
  for (guint32 i = d->first[token]; i < d->first[token + 1]; i++)
    label[cr_state_label(d->k, d->active[i].state)] += (double)d->active[i].forward * d->active[i].backward;
}

double
cr_decoder_goes_on(const CrDecoder *d, guint token, guint label)
{
  double on = 0;
  for (guint32 i = d->first[token]; i < d->first[token + 1]; i++) {
    const CrActive *a = &d->active[i];
    if (cr_state_label(d->k, a->state) != label)
      continue;
    const gboolean inner = a->state == cr_state_i(d->k, label) || a->state == cr_state_e(d->k, label);
    on += (inner ? 1 : -1) * (double)a->forward * a->backward;
  }
  return on;
}
