/* Batch training by liblbfgs: L-BFGS with an L2 penalty, OWL-QN where there is an L1 penalty. */
#include "train-private.h"
#include <lbfgs.h>
#include <math.h>
#include <string.h>

static void
score_line(const CrTrainSet *set, const CrTrainLine *line, const double *x, CrLattice *lattice)
{
  const guint width = cr_states_n(set->k);
  cr_lattice_reserve(lattice, line->line->n);
  for (guint i = 0; i < line->line->n; i++) {
    double *score = lattice->score + (gsize)i * width;
    for (gsize f = set->offsets[line->first + i]; f < set->offsets[line->first + i + 1]; f++) {
      const guint32 feature = set->features[f];
      for (guint32 p = set->first[feature]; p < set->first[feature + 1]; p++)
        score[set->state[p]] += x[p];
    }
  }
}

static void
add_gradient(const CrTrainSet *set, const CrTrainLine *line, const double *marginals, double *gradient)
{
  const guint width = cr_states_n(set->k);
  for (guint i = 0; i < line->line->n; i++) {
    const double *row = marginals + (gsize)i * width;
    const guint16 gold = line->example->gold[line->line->first + i];
    for (gsize f = set->offsets[line->first + i]; f < set->offsets[line->first + i + 1]; f++) {
      const guint32 feature = set->features[f];
      for (guint32 p = set->first[feature]; p < set->first[feature + 1]; p++)
        gradient[p] += row[set->state[p]] - (set->state[p] == gold ? 1 : 0);
    }
  }
}

double
cr_train_loss(const CrTrainSet *set, CrLattice *lattice, const double *x, double *gradient)
{
  const gsize n_transitions = cr_transitions_n(set->k);
  g_autofree float *transitions = g_new(float, n_transitions);
  g_autofree double *marginals = NULL;
  gsize n_marginals = 0;
  double loss = 0;
  for (gsize t = 0; t < n_transitions; t++)
    transitions[t] = (float)x[set->n_pairs + t];
  cr_lattice_set_transitions(lattice, transitions);
  for (guint l = 0; l < set->lines->len; l++) {
    const CrTrainLine *line = &g_array_index(set->lines, CrTrainLine, l);
    const guint16 *gold = line->example->gold + line->line->first;
    const gsize need = (gsize)line->line->n * cr_states_n(set->k);
    if (need > n_marginals)
      marginals = g_renew(double, marginals, n_marginals = need);
    score_line(set, line, x, lattice);
    loss += cr_lattice_marginals(lattice, line->line->n, marginals) -
            cr_lattice_path(lattice, line->line->n, gold);
    add_gradient(set, line, marginals, gradient);
    cr_lattice_expected(lattice, line->line->n, gradient + set->n_pairs);
    for (guint i = 1; i < line->line->n; i++)
      gradient[set->n_pairs + cr_transition_index(set->k, gold[i - 1], gold[i])] -= 1;
  }
  return loss;
}

typedef struct {
  const CrTrainSet *set;
  const CrTaggerTraining *training;
  CrLattice lattice;
} Batch;

static lbfgsfloatval_t
evaluate_cb(void *instance, const lbfgsfloatval_t *x, lbfgsfloatval_t *g, const int n,
            const lbfgsfloatval_t step)
{
  (void)step;
  Batch *b = instance;
  const double l2 = b->training->l2;
  memset(g, 0, sizeof *g * (gsize)n);
  double loss = cr_train_loss(b->set, &b->lattice, x, g);
  for (int i = 0; i < n; i++) {
    loss += l2 * x[i] * x[i];
    g[i] += 2 * l2 * x[i];
  }
  return loss;
}

static int
progress_cb(void *instance, const lbfgsfloatval_t *x, const lbfgsfloatval_t *g, const lbfgsfloatval_t fx,
            const lbfgsfloatval_t xnorm, const lbfgsfloatval_t gnorm, const lbfgsfloatval_t step, int n,
            int k, int ls)
{
  (void)x, (void)g, (void)xnorm, (void)gnorm, (void)step, (void)n, (void)ls;
  const Batch *b = instance;
  if (b->training->progress != NULL)
    b->training->progress((guint)k, fx / (double)MAX(b->set->n_tokens, 1), b->training->user_data);
  return 0;
}

double *
cr_train_lbfgs(const CrTrainSet *set, const CrTaggerTraining *training)
{
  const gsize n = set->n_pairs + cr_transitions_n(set->k);
  Batch batch = {.set = set, .training = training};
  lbfgs_parameter_t parameter;
  lbfgs_parameter_init(&parameter);
  parameter.max_iterations = (int)training->epochs;
  parameter.past = 5;
  parameter.delta = 1e-5;
  if (training->l1 > 0) {
    parameter.orthantwise_c = training->l1;
    parameter.orthantwise_end = (int)n;
    parameter.linesearch = LBFGS_LINESEARCH_BACKTRACKING;
  }
  lbfgsfloatval_t *x = lbfgs_malloc((int)n);
  memset(x, 0, sizeof *x * n);
  cr_lattice_init(&batch.lattice, set->k);
  lbfgs((int)n, x, NULL, evaluate_cb, progress_cb, &batch,
        &parameter); /* stops at its best point in any case */
  cr_lattice_clear(&batch.lattice);
  double *weights = g_memdup2(x, sizeof *x * n);
  lbfgs_free(x);
  return weights;
}
