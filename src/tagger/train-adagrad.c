/* Online training, a line at a time: AdaGrad with feature dropout, the weights averaged over the second half
 * of the passes. */
#include "train-private.h"
#include <math.h>
#include <string.h>

#define NEGLIGIBLE 1e-7 /* forward mass: what is left out moves no gradient that is followed (1e-6) */

typedef struct {
  const CrTrainSet *set;
  const CrTaggerTraining *training;
  CrRandom random;
  gsize n_weights;         /* pairs and transitions */
  float *weight, *squares; /* squares start at 1 */
  const double *start;     /* or NULL: zero */
  double pull;             /* towards start */
  double *sum;             /* of the averaged passes */
  CrLattice lattice;
  GArray *kept;       /* guint32: features of the line's tokens that dropout left */
  GArray *kept_first; /* guint: of each token, and the end */
  double *marginals, *expected;
  gsize n_marginals;
} Online;

static void
update(Online *o, gsize at, double gradient)
{
  if (o->start != NULL)
    gradient -= o->pull * ((double)o->weight[at] - o->start[at]);
  const float g = (float)gradient;
  o->squares[at] += g * g;
  o->weight[at] += (float)o->training->rate * g / sqrtf(o->squares[at]);
}

/* Draws which features stay, and adds their weights (scaled for those left out) to the scores. */
static void
draw_line(Online *o, const CrTrainLine *line)
{
  const CrTrainSet *set = o->set;
  const double scale = 1 / (1 - o->training->dropout);
  const guint64 bar = (guint64)(o->training->dropout * 0x1p32);
  const guint width = cr_states_n(set->k);
  g_array_set_size(o->kept, 0);
  g_array_set_size(o->kept_first, 0);
  for (guint i = 0; i < line->line->n; i++) {
    double *score = o->lattice.score + (gsize)i * width;
    g_array_append_val(o->kept_first, o->kept->len);
    guint64 random = 0;
    for (gsize f = set->offsets[line->first + i]; f < set->offsets[line->first + i + 1]; f++) {
      random = f & 1 ? random >> 32 : cr_random_next(&o->random);
      const guint32 feature = set->features[f];
      if ((random & 0xffffffff) < bar || set->first[feature] == set->first[feature + 1])
        continue;
      g_array_append_val(o->kept, feature);
      for (guint32 p = set->first[feature]; p < set->first[feature + 1]; p++)
        score[set->state[p]] += scale * (double)o->weight[p];
    }
  }
  g_array_append_val(o->kept_first, o->kept->len);
}

static void
learn_features(Online *o, const CrTrainLine *line)
{
  const CrTrainSet *set = o->set;
  const double scale = 1 / (1 - o->training->dropout);
  const guint width = cr_states_n(set->k);
  for (guint i = 0; i < line->line->n; i++) {
    double *difference = o->marginals + (gsize)i * width;
    for (guint s = 0; s < width; s++)
      difference[s] *= -scale;
    difference[line->example->gold[line->line->first + i]] += scale;
    const guint end = g_array_index(o->kept_first, guint, i + 1);
    for (guint f = g_array_index(o->kept_first, guint, i); f < end; f++) {
      const guint32 feature = g_array_index(o->kept, guint32, f);
      for (guint32 p = set->first[feature]; p < set->first[feature + 1]; p++)
        if (fabs(difference[set->state[p]]) > 1e-6)
          update(o, p, difference[set->state[p]]);
    }
  }
}

static void
learn_transitions(Online *o, const guint16 *gold, guint n)
{
  const gsize n_transitions = cr_transitions_n(o->set->k);
  memset(o->expected, 0, sizeof(double) * n_transitions);
  cr_lattice_expected(&o->lattice, n, o->expected);
  for (guint i = 1; i < n; i++)
    o->expected[cr_transition_index(o->set->k, gold[i - 1], gold[i])] -= 1;
  for (gsize t = 0; t < n_transitions; t++) {
    if (fabs(o->expected[t]) <= 1e-6)
      continue;
    update(o, o->set->n_pairs + t, -o->expected[t]);
    o->lattice.transition[t] = o->weight[o->set->n_pairs + t];
    o->lattice.exp_transition[t] = exp((double)o->lattice.transition[t]);
  }
}

static double
learn_line(Online *o, const CrTrainLine *line)
{
  const guint n = line->line->n, width = cr_states_n(o->set->k);
  const guint16 *gold = line->example->gold + line->line->first;
  cr_lattice_reserve(&o->lattice, n);
  if ((gsize)n * width > o->n_marginals) {
    o->n_marginals = (gsize)n * width;
    o->marginals = g_renew(double, o->marginals, o->n_marginals);
  }
  draw_line(o, line);
  const double loss =
      cr_lattice_marginals(&o->lattice, n, o->marginals) - cr_lattice_path(&o->lattice, n, gold);
  learn_transitions(o, gold, n);
  learn_features(o, line);
  return loss;
}

static void
shuffle(guint32 *order, guint n, CrRandom *random)
{
  for (guint i = n; i > 1; i--) {
    const guint j = (guint)cr_random_below(random, i);
    const guint32 swap = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swap;
  }
}

static void
run(Online *o)
{
  const guint n = o->set->lines->len, epochs = o->training->epochs;
  g_autofree guint32 *order = g_new(guint32, n + 1);
  for (guint i = 0; i < n; i++)
    order[i] = i;
  for (guint epoch = 0; epoch < epochs; epoch++) {
    double loss = 0;
    shuffle(order, n, &o->random);
    for (guint i = 0; i < n; i++)
      loss += learn_line(o, &g_array_index(o->set->lines, CrTrainLine, order[i]));
    if (epoch >= epochs / 2)
      for (gsize w = 0; w < o->n_weights; w++)
        o->sum[w] += (double)o->weight[w];
    if (o->training->progress != NULL)
      o->training->progress(epoch + 1, loss / (double)MAX(o->set->n_tokens, 1), o->training->user_data);
  }
  for (gsize w = 0; w < o->n_weights; w++)
    o->sum[w] /= epochs - epochs / 2;
}

double *
cr_train_adagrad(const CrTrainSet *set, const CrTaggerTraining *training)
{
  return cr_train_adagrad_from(set, training, NULL, 0);
}

double *
cr_train_adagrad_from(const CrTrainSet *set, const CrTaggerTraining *training, const double *start,
                      double pull)
{
  Online o = {.set = set, .training = training, .random = {training->seed}, .start = start, .pull = pull};
  o.n_weights = set->n_pairs + cr_transitions_n(set->k);
  o.weight = g_new0(float, o.n_weights);
  o.squares = g_new(float, o.n_weights);
  o.sum = g_new0(double, o.n_weights);
  for (gsize w = 0; w < o.n_weights; w++)
    o.squares[w] = 1, o.weight[w] = start != NULL ? (float)start[w] : 0;
  o.expected = g_new(double, cr_transitions_n(set->k));
  o.kept = g_array_new(FALSE, FALSE, sizeof(guint32));
  o.kept_first = g_array_new(FALSE, FALSE, sizeof(guint));
  cr_lattice_init(&o.lattice, set->k);
  o.lattice.negligible = NEGLIGIBLE;
  cr_lattice_set_transitions(&o.lattice, o.weight + set->n_pairs);
  run(&o);
  cr_lattice_clear(&o.lattice);
  g_array_unref(o.kept);
  g_array_unref(o.kept_first);
  g_free(o.weight);
  g_free(o.squares);
  g_free(o.marginals);
  g_free(o.expected);
  return o.sum;
}
