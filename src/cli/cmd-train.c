/* train: a tagger from labelled documents, measured on others. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/samples.h"
#include "base/base.h"
#include <stdio.h>
#include <string.h>

static const char help[] =
    "Trains a tagger on the documents of --train (give it again for more) and prints strict precision, "
    "recall "
    "and F1\nper label on those of --dev. The recipe of the kind and language (features, word classes, "
    "passes) "
    "stands in data/tagger;\noptions change it. Same data, options and seed give the same bytes.\n\n"
    "Example: chartroom train --kind phi --language es --train train/ --dev dev/ --format brat --out "
    "es.crf\n";

typedef struct {
  char *kind, *language, *format, *key, *out, *templates, *classes, *algorithm;
  char **train, **dev;
  gint64 seed;
  int epochs, jobs, folds, min_count;
  double dropout, augment, l1, l2, prune;
} Options;

static void
options_clear(Options *o)
{
  g_free(o->kind), g_free(o->language), g_free(o->format), g_free(o->key), g_free(o->out);
  g_free(o->templates), g_free(o->classes), g_free(o->algorithm);
  g_strfreev(o->train), g_strfreev(o->dev);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean
replace_text(const char *path, char **text, const char **borrowed, GError **error)
{
  if (path == NULL)
    return TRUE;
  g_autoptr(GBytes) bytes = cr_file_read(path, 64 << 20, error);
  if (bytes == NULL)
    return FALSE;
  gsize n;
  const char *data = g_bytes_get_data(bytes, &n);
  g_free(*text);
  *borrowed = *text = g_strndup(data, n);
  return TRUE;
}

static gboolean
load_recipe(const Options *o, CrTaggerRecipe *recipe, GError **error)
{
  if (!cr_tagger_recipe_load(NULL, o->kind, o->language, recipe, error))
    return FALSE;
  CrTaggerTraining *t = &recipe->training;
  if (!replace_text(o->templates, &recipe->templates, &t->templates, error) ||
      !replace_text(o->classes, &recipe->classes, &t->classes, error))
    return FALSE;
  if (o->epochs > 0)
    t->epochs = (guint)o->epochs;
  if (o->folds >= 0)
    t->folds = (guint)o->folds;
  if (o->min_count > 0)
    t->min_count = (guint)o->min_count;
  if (o->dropout >= 0)
    t->dropout = o->dropout;
  if (o->augment >= 0)
    t->augment = o->augment;
  if (o->l1 >= 0)
    t->l1 = o->l1;
  if (o->l2 >= 0)
    t->l2 = o->l2;
  if (o->prune >= 0)
    t->prune = o->prune;
  t->jobs = (guint)MAX(o->jobs, 1);
  t->seed = (guint64)o->seed;
  return TRUE;
}

static gboolean
check(const Options *o, CrTaggerTraining *t, GError **error)
{
  if (o->algorithm != NULL && g_str_equal(o->algorithm, "lbfgs")) {
    t->algorithm = CR_TAGGER_LBFGS;
    if (o->epochs <= 0)
      t->epochs = 200;
  } else if (o->algorithm != NULL && !g_str_equal(o->algorithm, "adagrad")) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "--algorithm %s: adagrad or lbfgs", o->algorithm);
    return FALSE;
  }
  if (t->dropout < 1 && t->augment <= 100 && t->folds <= 100)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "--dropout is below 1, --augment and --folds at most 100");
  return FALSE;
}

/* What the model says of itself: no paths, no dates, so that the bytes depend on the data alone. */
static char *
about(const Options *o, const CrTaggerTraining *t, const CrSamples *s)
{
  gsize n_spans = 0, n_bytes = 0;
  for (guint i = 0; i < s->samples->len; i++) {
    n_spans += g_array_index(s->samples, CrTagSample, i).n_spans;
    n_bytes += g_array_index(s->samples, CrTagSample, i).n_bytes;
  }
  g_autoptr(json_t) json = json_pack(
      "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:f, s:f}", "kind", o->kind, "language", o->language, "seed",
      (json_int_t)t->seed, "documents", (json_int_t)s->samples->len, "spans", (json_int_t)n_spans, "bytes",
      (json_int_t)n_bytes, "epochs", (json_int_t)t->epochs, "dropout", t->dropout, "augment", t->augment);
  return cr_json_dump(json);
}

/* ---- strict scores on the dev set ---- */
typedef struct {
  char *label;
  guint64 gold, found, right;
} Score;

static Score *
score_of(GArray *scores, const char *label)
{
  for (guint i = 0; i < scores->len; i++)
    if (g_str_equal(g_array_index(scores, Score, i).label, label))
      return &g_array_index(scores, Score, i);
  const Score score = {.label = g_strdup(label)};
  g_array_append_val(scores, score);
  return &g_array_index(scores, Score, scores->len - 1);
}

static gboolean
has_span(const GArray *spans, const CrCorpusSpan *wanted)
{
  for (guint i = 0; i < spans->len; i++) {
    const CrCorpusSpan *span = &g_array_index(spans, CrCorpusSpan, i);
    if (cr_span_compare(&span->span, &wanted->span) == 0 && g_str_equal(span->label, wanted->label))
      return TRUE;
  }
  return FALSE;
}

static void
score_document(const CrTagger *tagger, CrTaggerScratch *scratch, CrCorpusDocument *document, GArray *scores)
{
  g_autoptr(GArray) gold = g_array_ref(document->spans);
  cr_samples_tag(tagger, scratch, document, 0);
  for (guint i = 0; i < gold->len; i++)
    score_of(scores, g_array_index(gold, CrCorpusSpan, i).label)->gold++;
  for (guint i = 0; i < document->spans->len; i++) {
    const CrCorpusSpan *span = &g_array_index(document->spans, CrCorpusSpan, i);
    Score *score = score_of(scores, span->label);
    score->found++;
    score->right += has_span(gold, span);
  }
}

static int
compare_scores(gconstpointer a, gconstpointer b)
{
  return strcmp(((const Score *)a)->label, ((const Score *)b)->label);
}

static double
ratio(guint64 part, guint64 all)
{
  return all > 0 ? (double)part / (double)all : 0;
}

static json_t *
score_json(const Score *s)
{
  const double p = ratio(s->right, s->found), r = ratio(s->right, s->gold);
  return json_pack("{s:I, s:I, s:I, s:f, s:f, s:f}", "gold", (json_int_t)s->gold, "found",
                   (json_int_t)s->found, "right", (json_int_t)s->right, "precision", p, "recall", r, "f1",
                   p + r > 0 ? 2 * p * r / (p + r) : 0.);
}

static char *
score_row(const Score *s)
{
  const double p = ratio(s->right, s->found), r = ratio(s->right, s->gold);
  return g_strdup_printf("%s\t%" G_GUINT64_FORMAT "\t%.4f\t%.4f\t%.4f", s->label, s->gold, p, r,
                         p + r > 0 ? 2 * p * r / (p + r) : 0.);
}

static void
print_scores(const CrCli *cli, GArray *scores)
{
  Score all = {.label = (char *)"all"};
  g_array_sort(scores, compare_scores);
  g_autoptr(json_t) labels = json_object();
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(rows, g_strdup("label\tgold\tprecision\trecall\tF1"));
  for (guint i = 0; i < scores->len; i++) {
    const Score *s = &g_array_index(scores, Score, i);
    all.gold += s->gold, all.found += s->found, all.right += s->right;
    json_object_set_new(labels, s->label, score_json(s));
    g_ptr_array_add(rows, score_row(s));
  }
  g_ptr_array_add(rows, score_row(&all));
  g_ptr_array_add(rows, NULL);
  g_autoptr(json_t) out = json_pack("{s:o, s:O}", "all", score_json(&all), "labels", labels);
  if (cli->json)
    cr_cli_print_json(out);
  else
    cr_cli_print_table((const char *const *)rows->pdata);
}

static gboolean
measure(const CrCli *cli, const Options *o, const CrCorpusOptions *corpus, const CrTagger *tagger,
        GError **error)
{
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(tagger);
  g_autoptr(GArray) scores = g_array_new(FALSE, FALSE, sizeof(Score));
  gboolean ok = TRUE;
  for (guint i = 0; o->dev[i] != NULL && ok; i++) {
    g_autoptr(GPtrArray) documents = cr_corpus_read(o->dev[i], corpus, error);
    ok = documents != NULL;
    for (guint d = 0; ok && d < documents->len; d++)
      score_document(tagger, scratch, g_ptr_array_index(documents, d), scores);
  }
  if (ok)
    print_scores(cli, scores);
  for (guint i = 0; i < scores->len; i++)
    g_free(g_array_index(scores, Score, i).label);
  return ok;
}

static void
progress_cb(guint epoch, double loss, gpointer user_data)
{
  (void)user_data;
  fprintf(stderr, "chartroom: train: pass %u, loss %.5f a token\n", epoch, loss);
}

static gboolean
run(const CrCli *cli, const Options *o, GError **error)
{
  g_auto(CrTaggerRecipe) recipe = {0};
  g_auto(CrSamples) samples = {0};
  const CrCorpusOptions corpus = {.format = o->format, .key = o->key};
  if (!load_recipe(o, &recipe, error) || !check(o, &recipe.training, error) ||
      !cr_samples_read(&samples, (const char *const *)o->train, &corpus, error))
    return FALSE;
  g_autofree char *described = about(o, &recipe.training, &samples);
  recipe.training.about = described;
  recipe.training.progress = progress_cb;
  g_ptr_array_add(samples.labels, NULL);
  g_autoptr(CrTagger) tagger =
      cr_tagger_train((const CrTagSample *)samples.samples->data, samples.samples->len,
                      (const char *const *)samples.labels->pdata, &recipe.training, error);
  if (tagger == NULL)
    return FALSE;
  gsize n_bytes;
  const void *bytes = g_bytes_get_data(cr_tagger_bytes(tagger), &n_bytes);
  if (!cr_file_replace(cr_env_default()->io, o->out, bytes, n_bytes, 0644, error))
    return FALSE;
  return o->dev == NULL || measure(cli, o, &corpus, tagger, error);
}

int
cr_cmd_train(int argc, char **argv)
{
  g_auto(Options)
      o = {.seed = 1, .folds = -1, .dropout = -1, .augment = -1, .l1 = -1, .l2 = -1, .prune = -1, .jobs = 1};
  const GOptionEntry entries[] = {
      {"kind", 0, 0, G_OPTION_ARG_STRING, &o.kind, "phi or clinical", "KIND"},
      {"language", 0, 0, G_OPTION_ARG_STRING, &o.language, "language of the texts (en)", "L"},
      {"train", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o.train, "labelled documents to learn from", "PATH"},
      {"dev", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o.dev, "labelled documents to measure on", "PATH"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &o.format, "brat, iob or jsonl (by its looks)", "F"},
      {"key", 0, 0, G_OPTION_ARG_STRING, &o.key, "JSON lines: where the spans are, entities or phi", "KEY"},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &o.out, "the model", "MODEL"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, "of everything drawn (1)", "N"},
      {"jobs", 0, 0, G_OPTION_ARG_INT, &o.jobs, "threads; the model does not depend on it (1)", "N"},
      {"templates", 0, 0, G_OPTION_ARG_FILENAME, &o.templates, "feature templates instead of the recipe's",
       "FILE"},
      {"classes", 0, 0, G_OPTION_ARG_FILENAME, &o.classes, "word classes instead of the recipe's", "FILE"},
      {"algorithm", 0, 0, G_OPTION_ARG_STRING, &o.algorithm, "adagrad or lbfgs (adagrad)", "NAME"},
      {"epochs", 0, 0, G_OPTION_ARG_INT, &o.epochs, "passes over the data, or iterations of lbfgs", "N"},
      {"dropout", 0, 0, G_OPTION_ARG_DOUBLE, &o.dropout, "share of features left out while learning", "R"},
      {"augment", 0, 0, G_OPTION_ARG_DOUBLE, &o.augment, "copies with other mentions, a document", "R"},
      {"folds", 0, 0, G_OPTION_ARG_INT, &o.folds, "of the second pass (0: one pass)", "N"},
      {"min-count", 0, 0, G_OPTION_ARG_INT, &o.min_count, "features seen less often are not learnt", "N"},
      {"l1", 0, 0, G_OPTION_ARG_DOUBLE, &o.l1, "lbfgs: penalty on absolute weights", "R"},
      {"l2", 0, 0, G_OPTION_ARG_DOUBLE, &o.l2, "lbfgs: penalty on squared weights", "R"},
      {"prune", 0, 0, G_OPTION_ARG_DOUBLE, &o.prune, "weights below it are left out", "R"},
      G_OPTION_ENTRY_NULL};
  g_auto(CrCli) cli = {0};
  g_autoptr(GError) error = NULL;
  int status = 0;
  if (!cr_cli_parse(&cli, argc, argv, CR_CLI_JSON, "--kind KIND --train PATH [--dev PATH] --out MODEL", help,
                    entries, 0, 0, &status))
    return status;
  if (o.language == NULL)
    o.language = g_strdup("en");
  if (o.kind == NULL || o.train == NULL || o.out == NULL)
    return cr_cli_usage(&cli, "--kind, --train and --out must be given");
  return run(&cli, &o, &error) ? CR_EXIT_DONE : cr_cli_fail(&cli, g_steal_pointer(&error));
}
