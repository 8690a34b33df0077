/* Training as a whole: documents read and encoded, a first pass, out-of-fold guesses of it, a second pass
 * that sees them, and the model written. */
#include "train-private.h"
#include "model-file.h"
#include <string.h>

#define REPLACED .7 /* of the mentions in an augmented copy */

void
cr_tagger_training_init(CrTaggerTraining *t)
{
  *t = (CrTaggerTraining){.algorithm = CR_TAGGER_ADAGRAD,
                          .epochs = 14,
                          .rate = .1,
                          .dropout = .7,
                          .l2 = .1,
                          .prune = .05,
                          .min_count = 1,
                          .augment = 1,
                          .folds = 4,
                          .jobs = 1,
                          .seed = 1};
}

/* ---- encoding ---- */
static int
span_order(gconstpointer a, gconstpointer b)
{
  const CrTagSpan *x = a, *y = b;
  if (x->span.start != y->span.start)
    return x->span.start < y->span.start ? -1 : 1;
  return x->span.end == y->span.end ? 0 : x->span.end > y->span.end ? -1 : 1;
}

/* The states of the tokens of a line from first to last (inside it). */
static void
mark(guint16 *gold, guint k, guint first, guint last, guint label)
{
  if (first == last) {
    gold[first] = (guint16)cr_state_s(k, label);
    return;
  }
  gold[first] = (guint16)cr_state_b(k, label);
  for (guint i = first + 1; i < last; i++)
    gold[i] = (guint16)cr_state_i(k, label);
  gold[last] = (guint16)cr_state_e(k, label);
}

static void
encode_line(CrExample *e, guint k, const CrSequence *line, const GArray *spans)
{
  const CrTokens *t = &e->tokens;
  guint i = line->first;
  for (guint s = 0; s < spans->len; s++) {
    const CrTagSpan *span = &g_array_index(spans, CrTagSpan, s);
    while (i < line->first + line->n && t->end[i] <= span->span.start)
      i++;
    const guint first = i;
    while (i < line->first + line->n && t->start[i] < span->span.end)
      i++;
    if (i > first)
      mark(e->gold, k, first, i - 1, span->label);
  }
}

static void
encode(CrExample *e, guint k, const CrTagSpan *spans, gsize n_spans)
{
  g_autoptr(GArray) sorted = g_array_new(FALSE, FALSE, sizeof(CrTagSpan));
  g_array_append_vals(sorted, spans, (guint)n_spans);
  g_array_sort(sorted, span_order);
  e->gold = g_new(guint16, e->tokens.n_tokens + 1);
  for (guint i = 0; i < e->tokens.n_tokens; i++)
    e->gold[i] = (guint16)cr_state_outside(k);
  for (guint l = 0; l < e->tokens.sequences->len; l++)
    encode_line(e, k, &g_array_index(e->tokens.sequences, CrSequence, l), sorted);
}

void
cr_example_read(CrExample *e, const CrClasses *classes, CrWordCache *cache, guint k,
                const CrTagSample *sample)
{
  cr_tokens_init(&e->tokens);
  cr_tagger_read(classes, &e->tokens, cache, sample->text, sample->n_bytes);
  encode(e, k, sample->spans, sample->n_spans);
}

typedef struct {
  const CrTaggerTraining *training;
  const char *const *labels;
  guint k;
  CrClasses *classes;
  CrTemplates *templates[2];
  CrWordCache *cache;
  GPtrArray *examples; /* CrExample */
  guint n_groups;
} Course;

static void
example_free(gpointer data)
{
  cr_example_clear(data);
  g_free(data);
}

static void
add_example(Course *c, const char *text, gsize n_bytes, const CrTagSpan *spans, gsize n_spans, guint group)
{
  CrExample *e = g_new0(CrExample, 1);
  e->group = group;
  e->text = g_strndup(text, n_bytes);
  cr_example_read(e, c->classes, c->cache, c->k, &(CrTagSample){e->text, n_bytes, spans, n_spans});
  g_ptr_array_add(c->examples, e);
}

static void
add_examples(Course *c, const CrTagSample *samples, gsize n_samples)
{
  for (gsize i = 0; i < n_samples; i++)
    add_example(c, samples[i].text, samples[i].n_bytes, samples[i].spans, samples[i].n_spans, (guint)i);
  g_autoptr(GPtrArray) variants =
      cr_augment(samples, n_samples, c->k, c->training->augment, REPLACED, c->training->seed ^ 0xA06);
  for (guint i = 0; i < variants->len; i++) {
    const CrVariant *v = g_ptr_array_index(variants, i);
    add_example(c, v->text, v->n_bytes, (const CrTagSpan *)v->spans->data, v->spans->len, v->group);
  }
  c->n_groups = (guint)n_samples;
}

/* ---- one pass ---- */
typedef struct {
  CrTrainSet *set;
  double *weights;
} Trained;

static Trained
train_pass(const Course *c, guint pass, guint without_fold, gboolean tell)
{
  g_autoptr(GPtrArray) examples = g_ptr_array_new();
  for (guint i = 0; i < c->examples->len; i++) {
    CrExample *e = g_ptr_array_index(c->examples, i);
    if (without_fold == G_MAXUINT || e->group % c->training->folds != without_fold)
      g_ptr_array_add(examples, e);
  }
  CrTaggerTraining training = *c->training;
  if (!tell)
    training.progress = NULL;
  Trained t = {cr_train_set_new(c->k, c->templates[pass], (const CrExample *const *)examples->pdata,
                                examples->len, training.min_count, training.full_count, NULL),
               NULL};
  t.weights = training.algorithm == CR_TAGGER_LBFGS ? cr_train_lbfgs(t.set, &training)
                                                    : cr_train_adagrad(t.set, &training);
  return t;
}

static void
trained_clear(Trained *t)
{
  cr_train_set_free(t->set);
  g_free(t->weights);
}

static CrLearnt
learnt_of(const Trained *t)
{
  return (CrLearnt){t->set->dictionary.n, t->set->n_pairs, t->set->dictionary.hash,     t->set->first,
                    t->set->state,        t->weights,      t->weights + t->set->n_pairs};
}

static CrTagger *
write_model(const Course *c, const Trained *trained, guint n_passes, double prune, GError **error)
{
  CrLearnt learnt[2];
  for (guint p = 0; p < n_passes; p++)
    learnt[p] = learnt_of(&trained[p]);
  const CrTaggerTraining *t = c->training;
  g_autoptr(GBytes) bytes =
      cr_model_write(c->labels, c->k, t->about != NULL ? t->about : "{}",
                     t->classes != NULL ? t->classes : "", t->templates, learnt, n_passes, prune);
  return cr_tagger_new(bytes, "trained model", error);
}

/* ---- out-of-fold guesses ---- */
void
cr_example_guess(const CrTagger *model, CrTaggerScratch *scratch, CrExample *e)
{
  const guint n = e->tokens.n_tokens;
  g_autofree guint16 *states = g_new(guint16, n + 1), *label = g_new(guint16, n + 1);
  g_autofree float *sure = g_new(float, n + 1);
  cr_tagger_pass(model, 0, scratch, &e->tokens, 0, states, label, sure);
  cr_columns_guess(&e->tokens, label, sure, model->k);
}

typedef struct {
  const Course *course;
  guint fold;
  GError *error;
} Fold;

static gpointer
fold_main(gpointer data)
{
  Fold *f = data;
  Trained trained = train_pass(f->course, 0, f->fold, FALSE);
  g_autoptr(CrTagger) model = write_model(f->course, &trained, 1, f->course->training->prune, &f->error);
  trained_clear(&trained);
  if (model == NULL)
    return NULL;
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(model);
  for (guint i = 0; i < f->course->examples->len; i++) {
    CrExample *e = g_ptr_array_index(f->course->examples, i);
    if (e->group % f->course->training->folds == f->fold)
      cr_example_guess(model, scratch, e);
  }
  return NULL;
}

/* Each fold writes the guess columns of its own examples alone, and no fold reads them: they may run at once.
 */
static gboolean
guess_out_of_fold(Course *c, GError **error)
{
  const guint folds = c->training->folds, jobs = MAX(c->training->jobs, 1);
  g_autofree Fold *fold = g_new0(Fold, folds);
  g_autofree GThread **thread = g_new0(GThread *, folds);
  for (guint first = 0; first < folds; first += jobs) {
    const guint end = MIN(folds, first + jobs);
    for (guint f = first; f < end; f++) {
      fold[f] = (Fold){c, f, NULL};
      thread[f] = g_thread_new("fold", fold_main, &fold[f]);
    }
    for (guint f = first; f < end; f++)
      g_thread_join(thread[f]);
  }
  for (guint f = 0; f < folds; f++)
    if (fold[f].error != NULL) {
      g_propagate_error(error, fold[f].error);
      return FALSE;
    }
  return TRUE;
}

static CrTagger *
run(Course *c, guint n_passes, GError **error)
{
  Trained trained[2] = {train_pass(c, 0, G_MAXUINT, TRUE)};
  CrTagger *tagger = NULL;
  if (n_passes == 1 || guess_out_of_fold(c, error)) {
    if (n_passes == 2)
      trained[1] = train_pass(c, 1, G_MAXUINT, TRUE);
    tagger = write_model(c, trained, n_passes, c->training->prune, error);
  }
  trained_clear(&trained[0]);
  if (n_passes == 2 && trained[1].set != NULL)
    trained_clear(&trained[1]);
  return tagger;
}

static gboolean
check(const CrTagSample *samples, gsize n_samples, guint k, GError **error)
{
  if (n_samples == 0 || k == 0 || k > CR_MAX_LABELS) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE,
                "training needs documents and 1 to %d labels; there are %zu and %u", CR_MAX_LABELS, n_samples,
                k);
    return FALSE;
  }
  for (gsize i = 0; i < n_samples; i++)
    for (gsize s = 0; s < samples[i].n_spans; s++)
      g_assert(samples[i].spans[s].label < k && samples[i].spans[s].span.end <= samples[i].n_bytes);
  return TRUE;
}

static void
course_clear(Course *c)
{
  for (guint p = 0; p < 2; p++)
    cr_templates_free(c->templates[p]);
  cr_classes_free(c->classes);
  cr_word_cache_free(c->cache);
  if (c->examples != NULL)
    g_ptr_array_unref(c->examples);
}

CrTagger *
cr_tagger_train(const CrTagSample *samples, gsize n_samples, const char *const *labels,
                const CrTaggerTraining *training, GError **error)
{
  Course c = {.training = training, .labels = labels, .k = g_strv_length((char **)labels)};
  if (!check(samples, n_samples, c.k, error))
    return NULL;
  const guint n_passes = training->folds >= 2 && cr_templates_have_second_pass(training->templates) ? 2 : 1;
  const char *classes = training->classes != NULL ? training->classes : "";
  CrTagger *tagger = NULL;
  c.classes = cr_classes_parse(classes, strlen(classes), "classes", error);
  gboolean ok = c.classes != NULL;
  if (ok)
    cr_classes_hide_names(c.classes, training->hidden_names);
  for (guint p = 0; p < n_passes && ok; p++) {
    c.templates[p] =
        cr_templates_parse(training->templates, strlen(training->templates), p + 1, "templates", error);
    ok = c.templates[p] != NULL;
  }
  if (ok) {
    c.cache = cr_word_cache_new();
    c.examples = g_ptr_array_new_with_free_func(example_free);
    add_examples(&c, samples, n_samples);
    tagger = run(&c, n_passes, error);
  }
  course_clear(&c);
  return tagger;
}
