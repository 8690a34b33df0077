/* The tagger: the lattice against all paths, the gradient against differences, models that are damaged,
 * training that repeats itself byte by byte, text of every shape. */
#include "tagger/train-private.h"
#include <math.h>
#include <string.h>

/* ---- the lattice against brute force ---- */
typedef struct {
  CrLattice lattice;
  guint n;
} Small;

static void
small_init(Small *s, guint k, guint n, guint64 seed)
{
  CrRandom random = {seed};
  const guint width = cr_states_n(k);
  g_autofree float *transitions = g_new(float, cr_transitions_n(k));
  for (gsize i = 0; i < cr_transitions_n(k); i++)
    transitions[i] = (float)(cr_random_unit(&random) * 4 - 2);
  cr_lattice_init(&s->lattice, k);
  cr_lattice_set_transitions(&s->lattice, transitions);
  cr_lattice_reserve(&s->lattice, n);
  for (gsize i = 0; i < (gsize)n * width; i++)
    s->lattice.score[i] = cr_random_unit(&random) * 6 - 3;
  s->n = n;
}

/* The next path, counted like a number of base width; FALSE after the last. */
static gboolean
next_path(guint16 *path, guint n, guint width)
{
  for (guint i = n; i-- > 0;) {
    if (++path[i] < width)
      return TRUE;
    path[i] = 0;
  }
  return FALSE;
}

static void
brute_force(const Small *s, double *log_z, double *best, double *marginals, double *expected)
{
  const guint k = s->lattice.k, width = cr_states_n(k);
  guint16 path[8] = {0};
  double sum = 0;
  *best = -INFINITY;
  do {
    const double score = cr_lattice_path(&s->lattice, s->n, path);
    if (isinf(score))
      continue;
    const double p = exp(score);
    sum += p;
    *best = MAX(*best, score);
    for (guint i = 0; i < s->n; i++)
      marginals[i * width + path[i]] += p;
    for (guint i = 1; i < s->n; i++)
      expected[cr_transition_index(k, path[i - 1], path[i])] += p;
  } while (next_path(path, s->n, width));
  for (guint i = 0; i < s->n * width; i++)
    marginals[i] /= sum;
  for (gsize i = 0; i < cr_transitions_n(k); i++)
    expected[i] /= sum;
  *log_z = log(sum);
}

static void
assert_close(double a, double b)
{
  g_assert_cmpfloat(fabs(a - b), <, 1e-9 * (1 + fabs(b)));
}

static void
check_lattice(guint k, guint n, guint64 seed)
{
  Small s;
  small_init(&s, k, n, seed);
  const guint width = cr_states_n(k);
  const gsize n_transitions = cr_transitions_n(k);
  g_autofree double *wanted = g_new0(double, n *width), *got = g_new(double, n *width);
  g_autofree double *wanted_steps = g_new0(double, n_transitions), *steps = g_new0(double, n_transitions);
  guint16 states[8];
  double log_z, best;
  brute_force(&s, &log_z, &best, wanted, wanted_steps);
  assert_close(cr_lattice_marginals(&s.lattice, n, got), log_z);
  for (guint i = 0; i < n * width; i++)
    assert_close(got[i], wanted[i]);
  cr_lattice_expected(&s.lattice, n, steps);
  for (gsize i = 0; i < n_transitions; i++)
    assert_close(steps[i], wanted_steps[i]);
  assert_close(cr_lattice_best(&s.lattice, n, states), best);
  assert_close(cr_lattice_path(&s.lattice, n, states), best);
  cr_lattice_clear(&s.lattice);
}

static void
test_lattice(void)
{
  for (guint64 seed = 1; seed <= 20; seed++) {
    for (guint n = 1; n <= 5; n++)
      check_lattice(1, n, seed);
    for (guint n = 1; n <= 4; n++)
      check_lattice(2, n, seed * 31);
    check_lattice(3, 3, seed * 77);
  }
}

/* ---- the spans that are chosen ---- */
/* Adds amount to the sum of each span of a path; or, for amount 0, sums up what the spans are worth. */
static double
walk_spans(guint k, guint n, const guint16 *path, double amount, double cost, double *sums)
{
  double worth = 0;
  for (guint t = 0, first = 0; t < n; t++) {
    const guint label = cr_state_label(k, path[t]);
    if (path[t] == cr_state_s(k, label % k) || path[t] == cr_state_b(k, label % k))
      first = t;
    if (label == k || (path[t] != cr_state_s(k, label) && path[t] != cr_state_e(k, label)))
      continue;
    double *sum = &sums[(first * n + t) * k + label];
    *sum += amount;
    worth += *sum - cost;
  }
  return worth;
}

static void
score_of_lattice(gpointer lattice, guint token, const guint8 *open, guint n_open, float *out)
{
  const CrLattice *l = lattice;
  const guint k = l->k, first = cr_state_first_start(k);
  const double *score = l->score + (gsize)token * cr_states_n(k);
  for (guint i = 0; n_open == 0 && i < cr_state_n_ends(k); i++)
    out[i] = (float)score[first + i];
  for (guint i = 0; i < n_open; i++) {
    out[open[i]] = (float)score[cr_state_e(k, open[i])];
    out[k + open[i]] = (float)score[cr_state_i(k, open[i])];
  }
}

static void
check_spans(guint k, guint n, guint64 seed, double cost)
{
  Small s;
  small_init(&s, k, n, seed);
  const guint width = cr_states_n(k);
  g_autofree double *sums = g_new0(double, n *n *k), *marginals = g_new(double, n *width);
  const double log_z = cr_lattice_marginals(&s.lattice, n, marginals);
  guint16 path[8] = {0}, states[8];
  do
    if (!isinf(cr_lattice_path(&s.lattice, n, path)))
      walk_spans(k, n, path, exp(cr_lattice_path(&s.lattice, n, path) - log_z), 0, sums);
  while (next_path(path, n, width));
  double best = 0;
  do
    if (!isinf(cr_lattice_path(&s.lattice, n, path)))
      best = MAX(best, walk_spans(k, n, path, 0, cost, sums));
  while (next_path(path, n, width));
  CrDecoder decoder;
  cr_decoder_init(&decoder, k, s.lattice.transition, INFINITY);
  cr_decoder_run(&decoder, n, score_of_lattice, &s.lattice);
  cr_decoder_spans(&decoder, n, cost, states);
  g_assert_false(isinf(cr_lattice_path(&s.lattice, n, states)));
  g_assert_cmpfloat(fabs(walk_spans(k, n, states, 0, cost, sums) - best), <, 1e-5);
  cr_decoder_clear(&decoder);
  cr_lattice_clear(&s.lattice);
}

static void
test_spans(void)
{
  for (guint64 seed = 1; seed <= 20; seed++)
    for (double cost = .02; cost < .6; cost += .14) {
      for (guint n = 1; n <= 5; n++)
        check_spans(1, n, seed, cost);
      check_spans(2, 4, seed * 13, cost);
      check_spans(3, 3, seed * 29, cost);
    }
}

/* The decoder without a beam agrees with the lattice; with one it is close. */
static void
check_decoder(guint k, guint n, guint64 seed, float beam, double within)
{
  Small s;
  small_init(&s, k, n, seed);
  const guint width = cr_states_n(k);
  g_autofree double *wanted = g_new(double, n *width);
  guint16 states[8];
  double label[CR_MAX_LABELS + 1];
  CrDecoder decoder;
  cr_lattice_marginals(&s.lattice, n, wanted);
  cr_decoder_init(&decoder, k, s.lattice.transition, beam);
  cr_decoder_run(&decoder, n, score_of_lattice, &s.lattice);
  for (guint t = 0; t < n; t++) {
    double sum[CR_MAX_LABELS + 1] = {0};
    for (guint state = 0; state < width; state++)
      sum[cr_state_label(k, state)] += wanted[t * width + state];
    cr_decoder_marginals(&decoder, t, label);
    for (guint y = 0; y <= k; y++)
      g_assert_cmpfloat(fabs(label[y] - sum[y]), <, within);
    g_assert_cmpfloat(cr_decoder_outside(&decoder, t), ==, label[k]);
  }
  cr_decoder_spans(&decoder, n, .3, states);
  g_assert_true(isfinite(cr_lattice_path(&s.lattice, n, states)));
  cr_decoder_clear(&decoder);
  cr_lattice_clear(&s.lattice);
}

static void
test_decoder(void)
{
  for (guint64 seed = 1; seed <= 30; seed++)
    for (guint n = 1; n <= 6; n++) {
      check_decoder((guint)(1 + seed % 4), n, seed, INFINITY, 1e-6);
      check_decoder((guint)(1 + seed % 4), n, seed, 6, .3);
      check_decoder((guint)(1 + seed % 4), n, seed, 0, 1.01);
    }
}

/* Every state has a label, every legal step a weight of its own, and no step that IOBES forbids has one. */
static void
test_steps(void)
{
  for (guint k = 1; k <= 5; k++) {
    g_autofree guint *used = g_new0(guint, cr_transitions_n(k));
    for (guint a = 0; a < cr_states_n(k); a++)
      for (guint b = 0; b < cr_states_n(k); b++) {
        const gsize at = cr_transition_index(k, a, b);
        const gboolean a_open = a >= cr_state_b(k, 0), b_goes_on = b < k || b >= cr_state_i(k, 0);
        const gboolean legal =
            a_open ? b_goes_on && cr_state_label(k, a) == cr_state_label(k, b) : !b_goes_on;
        g_assert_cmpint(at != G_MAXSIZE, ==, legal);
        if (legal)
          used[at]++;
      }
    for (gsize i = 0; i < cr_transitions_n(k); i++)
      g_assert_cmpuint(used[i], ==, 1);
  }
}

/* ---- training on a few lines ---- */
static const char templates[] = "lower[-1..1]\nshape[0]\nsuf2[0]\nlower[-1] lower[0]\nclass[0]\n"
                                "pass 2\nguess[0]\nguess[-1] lower[0]\nsame-guess[0]\n";
static const char classes[] = "given\tanna ben\nkin\tmother\n";
static const char *const labels[] = {"NAME", "DATE", NULL};
static const char *const texts[] = {"Seen by Anna Levi on 3/14.\nMother Ruth called.",
                                    "Ben Okafor came 12/25 with mother Zoë.", "No change. Levi agrees 4/1.",
                                    "Pain 3/10 and BP 120/80.\n", "Dr. Pepper, no name."};
static const CrTagSpan spans[] = {{{8, 17}, 0, 1},  {{21, 25}, 1, 1}, {{34, 38}, 0, 1}, {{0, 10}, 0, 1},
                                  {{16, 21}, 1, 1}, {{34, 38}, 0, 1}, {{11, 15}, 0, 1}, {{23, 26}, 1, 1}};
static const guint first_span[] = {0, 3, 6, 8, 8, 8};

static void
samples_init(CrTagSample *samples)
{
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    samples[i] =
        (CrTagSample){texts[i], strlen(texts[i]), spans + first_span[i], first_span[i + 1] - first_span[i]};
}

static CrTagger *
train(CrTaggerAlgorithm algorithm, guint folds, guint jobs, guint64 seed)
{
  CrTagSample samples[G_N_ELEMENTS(texts)];
  CrTaggerTraining training;
  g_autoptr(GError) error = NULL;
  samples_init(samples);
  cr_tagger_training_init(&training);
  training.templates = templates;
  training.classes = classes;
  training.algorithm = algorithm;
  training.epochs = 40;
  training.dropout = .2;
  training.folds = folds;
  training.jobs = jobs;
  training.seed = seed;
  training.prune = 1e-4;
  CrTagger *tagger = cr_tagger_train(samples, G_N_ELEMENTS(texts), labels, &training, &error);
  g_assert_no_error(error);
  return tagger;
}

static void
assert_learnt(const CrTagger *tagger)
{
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(tagger);
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(GArray) found = cr_tagger_tag(tagger, scratch, texts[i], strlen(texts[i]), 0);
    g_assert_cmpuint(found->len, ==, first_span[i + 1] - first_span[i]);
    for (guint s = 0; s < found->len; s++) {
      const CrTagSpan *got = &g_array_index(found, CrTagSpan, s), *wanted = &spans[first_span[i] + s];
      g_assert_cmpuint(got->span.start, ==, wanted->span.start);
      g_assert_cmpuint(got->span.end, ==, wanted->span.end);
      g_assert_cmpuint(got->label, ==, wanted->label);
    }
  }
}

static void
test_learns(void)
{
  g_autoptr(CrTagger) online = train(CR_TAGGER_ADAGRAD, 0, 1, 1);
  g_autoptr(CrTagger) batch = train(CR_TAGGER_LBFGS, 0, 1, 1);
  g_autoptr(CrTagger) twice = train(CR_TAGGER_ADAGRAD, 2, 1, 1);
  assert_learnt(online);
  assert_learnt(batch);
  assert_learnt(twice);
  g_assert_cmpstr(cr_tagger_label(online, 1), ==, "DATE");
}

/* A lower threshold finds at least what a higher one finds. */
static void
test_threshold(void)
{
  g_autoptr(CrTagger) tagger = train(CR_TAGGER_ADAGRAD, 0, 1, 1);
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(tagger);
  const char *text = "Zed Levi and Omar saw mother Ann 5/6, pain 4/10.";
  gsize before = G_MAXSIZE;
  for (double threshold = .01; threshold < 1; threshold += .07) {
    g_autoptr(GArray) found = cr_tagger_tag(tagger, scratch, text, strlen(text), threshold);
    gsize covered = 0;
    for (guint i = 0; i < found->len; i++) {
      const CrTagSpan *s = &g_array_index(found, CrTagSpan, i);
      covered += s->span.end - s->span.start;
      g_assert_true(i == 0 || g_array_index(found, CrTagSpan, i - 1).span.end <= s->span.start);
    }
    g_assert_cmpuint(covered, <=, before);
    before = covered;
  }
}

/* How likely each place is inside a span, after tagging. */
static void
test_inside(void)
{
  g_autoptr(CrTagger) tagger = train(CR_TAGGER_ADAGRAD, 0, 1, 1);
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(tagger);
  g_autoptr(GArray) found = cr_tagger_tag(tagger, scratch, texts[0], strlen(texts[0]), 0);
  g_assert_cmpuint(found->len, ==, 3);
  g_assert_cmpfloat(cr_tagger_inside(scratch, 8, 17), >, .5);
  g_assert_cmpfloat(cr_tagger_inside(scratch, 22, 23), >, .5);
  g_assert_cmpfloat(cr_tagger_inside(scratch, 0, 7), <, .5);
  g_assert_cmpfloat(cr_tagger_inside(scratch, 5, 9), >, .5); /* the surest of the tokens that it touches */
  g_assert_cmpfloat(cr_tagger_inside(scratch, 900, 901), ==, 0);
}

static void
test_same_bytes(void)
{
  g_autoptr(CrTagger) one = train(CR_TAGGER_ADAGRAD, 2, 1, 7), two = train(CR_TAGGER_ADAGRAD, 2, 3, 7);
  g_autoptr(CrTagger) other = train(CR_TAGGER_ADAGRAD, 2, 1, 8);
  g_assert_true(g_bytes_equal(cr_tagger_bytes(one), cr_tagger_bytes(two)));
  g_assert_false(g_bytes_equal(cr_tagger_bytes(one), cr_tagger_bytes(other)));
}

/* The analytic gradient against central differences, every weight that the data touch. */
static void
check_gradient(guint full_count)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrTemplates) parsed = cr_templates_parse(templates, strlen(templates), 1, "test", &error);
  g_assert_no_error(error);
  CrWordCache *cache = cr_word_cache_new();
  CrExample example = {0};
  cr_tokens_init(&example.tokens);
  cr_tagger_read(NULL, &example.tokens, cache, texts[0], strlen(texts[0]));
  example.gold = g_new(guint16, example.tokens.n_tokens);
  for (guint i = 0; i < example.tokens.n_tokens; i++)
    example.gold[i] = (guint16)(i % 3 == 1 ? cr_state_s(2, i % 2) : cr_state_outside(2));
  const CrExample *all[] = {&example};
  g_autoptr(CrTrainSet) set = cr_train_set_new(2, parsed, all, 1, 1, full_count, NULL);
  for (guint32 f = 0; f < set->dictionary.n; f++)
    if (full_count > 0 && set->dictionary.count[f] >= full_count)
      g_assert_cmpuint(set->first[f + 1] - set->first[f], ==, cr_states_n(2));
  const gsize n = set->n_pairs + cr_transitions_n(2);
  g_autofree double *x = g_new(double, n), *gradient = g_new0(double, n), *ignored = g_new0(double, n);
  CrRandom random = {3};
  for (gsize i = 0; i < n; i++)
    x[i] = (double)(float)(cr_random_unit(&random) - .5);
  CrLattice lattice;
  cr_lattice_init(&lattice, 2);
  cr_train_loss(set, &lattice, x, gradient);
  for (gsize i = 0; i < n; i++) {
    const double was = x[i], step = 0x1p-10; /* exact in a float, which transitions are kept in */
    x[i] = was + step;
    const double up = cr_train_loss(set, &lattice, x, ignored);
    x[i] = was - step;
    const double down = cr_train_loss(set, &lattice, x, ignored);
    x[i] = was;
    g_assert_cmpfloat(fabs((up - down) / (2 * step) - gradient[i]), <, 2e-5);
  }
  cr_lattice_clear(&lattice);
  cr_word_cache_free(cache);
  cr_example_clear(&example);
}

static void
test_gradient(void)
{
  check_gradient(0);
  check_gradient(2);
}

/* ---- models that are damaged ---- */
static void
assert_refused(const guint8 *data, gsize n_bytes)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = g_bytes_new(data, n_bytes);
  g_autoptr(CrTagger) tagger = cr_tagger_new(bytes, "model", &error);
  g_assert_null(tagger);
  g_assert_error(error, CR_ERROR, CR_ERROR_BAD_MODEL);
  g_assert_true(g_str_has_prefix(error->message, "model: "));
}

static void
test_damage(void)
{
  g_autoptr(CrTagger) tagger = train(CR_TAGGER_ADAGRAD, 2, 1, 1);
  gsize n_bytes;
  const guint8 *data = g_bytes_get_data(cr_tagger_bytes(tagger), &n_bytes);
  g_autofree guint8 *copy = g_memdup2(data, n_bytes + 0);
  for (gsize i = 0; i < n_bytes; i++) {
    copy[i] ^= (guint8)(1 << (i % 8));
    assert_refused(copy, n_bytes);
    copy[i] = data[i];
  }
  for (gsize cut = 0; cut < n_bytes; cut += 1 + cut / 16)
    assert_refused(data, cut);
}

static void
test_missing(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrTagger) tagger = cr_tagger_open("/nonexistent/model.crf", &error);
  g_assert_null(tagger);
  g_assert_error(error, CR_ERROR, CR_ERROR_NOT_FOUND);
}

/* ---- templates and classes ---- */
static void
test_bad_templates(void)
{
  static const char *const bad[] = {"",
                                    "# nothing",
                                    "word",
                                    "word[",
                                    "word[x]",
                                    "word[0",
                                    "colour[0]",
                                    "word[99]",
                                    "word[2..1]",
                                    "word[0] lower[0] type[0] shape[0] pre1[0]",
                                    "lower[0] class[0]",
                                    "word[-12..12] lower[-12..12]"};
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(CrTemplates) parsed = cr_templates_parse(bad[i], strlen(bad[i]), 1, "t", &error);
    g_assert_null(parsed);
    g_assert_error(error, CR_ERROR, CR_ERROR_BAD_TEMPLATE);
  }
}

static void
test_classes(void)
{
  g_autoptr(GError) error = NULL;
  const char *table = "# words\na\tOne TWO\nb\ttwo Ärzte\n";
  g_autoptr(CrClasses) parsed = cr_classes_parse(table, strlen(table), "c", &error);
  g_assert_no_error(error);
  g_assert_cmpint(cr_classes_bit(parsed, "b"), ==, 1);
  g_assert_cmpuint(cr_classes_find(parsed, cr_hash_bytes(0, "two", 3)), ==, 3);
  g_assert_cmpuint(cr_classes_find(parsed, cr_hash_bytes(0, "ärzte", 6)), ==, 2);
  g_assert_cmpuint(cr_classes_find(parsed, cr_hash_bytes(0, "three", 5)), ==, 0);
  g_assert_null(cr_classes_parse("no tab", 6, "c", &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_BAD_TEMPLATE);
}

static void
test_patterns(void)
{
  g_autoptr(GError) error = NULL;
  const char *table = "~date\t\\d+/\\d+\n~kin\tmi (madre)$\n~any\t\\w+\n", *text = "El 3/4 mi madre\n";
  g_autoptr(CrClasses) parsed = cr_classes_parse(table, strlen(table), "c", &error);
  g_assert_no_error(error);
  CrWordCache *cache = cr_word_cache_new();
  CrTokens t;
  cr_tokens_init(&t);
  cr_tagger_read(parsed, &t, cache, text, strlen(text));
  g_assert_cmpuint(t.n_tokens, ==, 6); /* El 3 / 4 mi madre */
  const guint32 *name = t.columns[CR_COL_PATTERN], *at = t.columns[CR_COL_PATTERN_AT];
  g_assert_true(name[1] == name[2] &&
                name[2] == name[3]); /* the whole match, and the row that stands first */
  g_assert_true(at[1] != at[2] && at[2] != at[3] && at[1] != at[3]);
  g_assert_true(name[0] == name[4] && name[0] != name[1]);
  g_assert_true(name[5] != name[4] && name[5] != name[1] && name[5] != 0); /* the group alone */
  cr_tokens_clear(&t);
  cr_word_cache_free(cache);
  const char *wrong = "a\tone\n~b\t(open\n";
  g_assert_null(cr_classes_parse(wrong, strlen(wrong), "c", &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_BAD_TEMPLATE);
  g_assert_nonnull(strstr(error->message, "c:2"));
}

/* ---- tokens ---- */
static void
test_tokens(void)
{
  static const struct {
    const char *text, *tokens;
  } cases[] = {{"CABG3/2018", "CABG|3|/|2018"},
               {"McDonald's", "Mc|Donald|'|s"},
               {"Zoë\r\nNguyễn Thị", "Zoë|Nguyễn|Thị"},
               {"a\xcc\x81"
                "b 👩‍⚕️x",
                "a\xcc\x81"
                "b|👩|\xe2\x80\x8d|⚕\xef\xb8\x8f|x"},
               {"", ""},
               {" \n\t", ""},
               {"28036Madrid", "28036|Madrid"}};
  CrWordCache *cache = cr_word_cache_new();
  CrTokens tokens;
  cr_tokens_init(&tokens);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    cr_tagger_read(NULL, &tokens, cache, cases[i].text, strlen(cases[i].text));
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint t = 0; t < tokens.n_tokens; t++)
      g_string_append_printf(all, "%s%.*s", t ? "|" : "", (int)(tokens.end[t] - tokens.start[t]),
                             cases[i].text + tokens.start[t]);
    g_assert_cmpstr(all->str, ==, cases[i].tokens);
  }
  cr_tokens_clear(&tokens);
  cr_word_cache_free(cache);
}

/* Text of every shape, one very long line among it: spans stay inside, ascending, on characters. */
static void
test_any_text(void)
{
  g_autoptr(CrTagger) tagger = train(CR_TAGGER_ADAGRAD, 2, 1, 1);
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(tagger);
  static const char *const pieces[] = {"Anna ", "3/14",     "\n",      "é",  "👩‍⚕️", "\t",   ":",
                                       "Levi",  "\xcc\x81", "mother ", "12", "漢字",          "\r\n", "'s"};
  CrRandom random = {11};
  for (guint round = 0; round < 60; round++) {
    g_autoptr(GString) text = g_string_new(NULL);
    const guint n = round == 0 ? 20000 : (guint)cr_random_below(&random, 400);
    for (guint i = 0; i < n; i++)
      g_string_append(text, round == 0 ? "Anna " : pieces[cr_random_below(&random, G_N_ELEMENTS(pieces))]);
    g_autoptr(GArray) found = cr_tagger_tag(tagger, scratch, text->str, text->len, round % 2 ? .1 : 0);
    gsize at = 0;
    for (guint i = 0; i < found->len; i++) {
      const CrTagSpan *s = &g_array_index(found, CrTagSpan, i);
      g_assert_cmpuint(s->span.start, >=, at);
      g_assert_cmpuint(s->span.end, >, s->span.start);
      g_assert_cmpuint(s->span.end, <=, text->len);
      g_assert_true(g_utf8_validate(text->str + s->span.start, (gssize)(s->span.end - s->span.start), NULL));
      g_assert_cmpfloat(s->score, >=, 0);
      g_assert_cmpfloat(s->score, <=, 1);
      at = s->span.end;
    }
  }
}

/* ---- recipes ---- */
static void
test_recipes(void)
{
  static const char *const rows[][2] = {{"phi", "en"}, {"phi", "es"}, {"clinical", "en"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_auto(CrTaggerRecipe) recipe = {0};
    g_assert_true(cr_tagger_recipe_load(NULL, rows[i][0], rows[i][1], &recipe, &error));
    g_autoptr(CrTemplates) one =
        cr_templates_parse(recipe.templates, strlen(recipe.templates), 1, "t", &error);
    g_assert_no_error(error);
    g_autoptr(CrClasses) words = cr_classes_parse(recipe.classes, strlen(recipe.classes), "c", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(recipe.training.epochs, >, 0);
  }
  g_autoptr(GError) error = NULL;
  CrTaggerRecipe recipe = {0};
  g_assert_false(cr_tagger_recipe_load(NULL, "phi", "xx", &recipe, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_NOT_FOUND);
}

/* ---- learning further ---- */

static const char *const further_texts[] = {"CARE OF: quill zorn, bed 4", "CARE OF: vesper thane, bed 9",
                                            "CARE OF: ilka drum, bed 2", "CARE OF: orrin vask, bed 7"};
static const gsize further_ends[] = {19, 21, 18, 19};

static CrTagger *
learn_further(const CrTagger *base, guint64 seed)
{
  CrTagSample replay[G_N_ELEMENTS(texts)], samples[G_N_ELEMENTS(further_texts)];
  CrTagSpan names[G_N_ELEMENTS(further_texts)];
  CrTaggerUpdate update;
  g_autoptr(GError) error = NULL;
  samples_init(replay);
  for (guint i = 0; i < G_N_ELEMENTS(further_texts); i++) {
    names[i] = (CrTagSpan){{9, further_ends[i]}, 0, 1};
    samples[i] = (CrTagSample){further_texts[i], strlen(further_texts[i]), &names[i], 1};
  }
  cr_tagger_update_init(&update);
  update.epochs = 20;
  update.seed = seed;
  CrTagger *tagger =
      cr_tagger_update(base, samples, G_N_ELEMENTS(samples), replay, G_N_ELEMENTS(replay), &update, &error);
  g_assert_no_error(error);
  return tagger;
}

static guint
n_names(const CrTagger *tagger, const char *text, gsize end)
{
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(tagger);
  g_autoptr(GArray) found = cr_tagger_tag(tagger, scratch, text, strlen(text), 0);
  guint n = 0;
  for (guint i = 0; i < found->len; i++) {
    const CrTagSpan *s = &g_array_index(found, CrTagSpan, i);
    n += s->label == 0 && s->span.start == 9 && s->span.end == end;
  }
  return n;
}

/* Names of a style that the base misses, also such as were not shown; what the base knew stays. */
static void
test_update(void)
{
  for (guint folds = 0; folds <= 2; folds += 2) {
    g_autoptr(CrTagger) base = train(CR_TAGGER_ADAGRAD, folds, 1, 1);
    g_autoptr(CrTagger) updated = learn_further(base, 1);
    g_assert_cmpuint(n_names(base, "CARE OF: marn pell, bed 5", 18), ==, 0);
    g_assert_cmpuint(n_names(updated, "CARE OF: marn pell, bed 5", 18), ==, 1);
    for (guint i = 0; i < G_N_ELEMENTS(further_texts); i++)
      g_assert_cmpuint(n_names(updated, further_texts[i], further_ends[i]), ==, 1);
    assert_learnt(updated);
    assert_learnt(base);
    g_assert_cmpuint(cr_tagger_n_labels(updated), ==, cr_tagger_n_labels(base));
    g_assert_cmpstr(cr_tagger_about(updated), ==, cr_tagger_about(base));
  }
}

static void
test_update_same_bytes(void)
{
  g_autoptr(CrTagger) base = train(CR_TAGGER_ADAGRAD, 0, 1, 1);
  g_autoptr(CrTagger) one = learn_further(base, 3), two = learn_further(base, 3);
  g_autoptr(CrTagger) other = learn_further(base, 4);
  g_assert_true(g_bytes_equal(cr_tagger_bytes(one), cr_tagger_bytes(two)));
  g_assert_false(g_bytes_equal(cr_tagger_bytes(one), cr_tagger_bytes(other)));
}

static void
assert_same_feature(const CrPass *a, const CrPass *b, guint64 hash)
{
  const guint32 x = cr_pass_find(a, hash), y = cr_pass_find(b, hash);
  g_assert_cmpuint(x, !=, G_MAXUINT32);
  g_assert_cmpuint(y, !=, G_MAXUINT32);
  const guint32 wx = GUINT32_FROM_LE(a->slots[x].where), wy = GUINT32_FROM_LE(b->slots[y].where);
  g_assert_cmpuint(wx & 255, ==, wy & 255);
  for (guint i = 0; i < (wx & 255); i++) {
    const CrWeight *u = a->weights + (wx >> 8) + i, *v = b->weights + (wy >> 8) + i;
    g_assert_cmpuint(u->state, ==, v->state);
    g_assert_cmpfloat_with_epsilon((double)GINT16_FROM_LE(u->weight) * (double)a->unit,
                                   (double)GINT16_FROM_LE(v->weight) * (double)b->unit, 1e-3);
  }
}

/* A table that has to be doubled still answers for each feature that no new document showed. */
static void
test_update_grows(void)
{
  g_autoptr(CrTagger) base = train(CR_TAGGER_ADAGRAD, 0, 1, 1);
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(GError) error = NULL;
  CrTaggerUpdate update;
  for (guint i = 0; i < 3000; i++)
    g_string_append_printf(text, "w%ux%u\n", i * 7919 % 3001, i);
  const CrTagSpan span = {{0, 4}, 1, 1};
  const CrTagSample sample = {text->str, text->len, &span, 1};
  cr_tagger_update_init(&update);
  update.min_count = 1;
  update.prune = 0;
  update.epochs = 1;
  g_autoptr(CrTagger) grown = cr_tagger_update(base, &sample, 1, NULL, 0, &update, &error);
  g_assert_no_error(error);
  const CrPass *a = &base->pass[0], *b = &grown->pass[0];
  g_assert_cmpuint(b->n_slots, >, a->n_slots);
  CrTagSample old[G_N_ELEMENTS(texts)];
  samples_init(old);
  CrExample example = {0}, shown = {0};
  CrWordCache *cache = cr_word_cache_new();
  cr_example_read(&example, base->classes, cache, base->k, &old[1]);
  cr_example_read(&shown, base->classes, cache, base->k, &sample);
  const CrExample *const all[] = {&example}, *const new_ones[] = {&shown};
  g_autoptr(CrTrainSet) set = cr_train_set_new(base->k, a->templates, all, 1, 1, 0, NULL),
                        other = cr_train_set_new(base->k, a->templates, new_ones, 1, 1, 0, NULL);
  g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
  guint n_same = 0;
  for (guint32 f = 0; f < other->dictionary.n; f++)
    g_hash_table_add(seen, &other->dictionary.hash[f]);
  for (guint32 f = 0; f < set->dictionary.n; f++)
    if (!g_hash_table_contains(seen, &set->dictionary.hash[f]) &&
        cr_pass_find(a, set->dictionary.hash[f]) != G_MAXUINT32) {
      assert_same_feature(a, b, set->dictionary.hash[f]);
      n_same++;
    }
  g_assert_cmpuint(n_same, >, 20);
  cr_example_clear(&example);
  cr_example_clear(&shown);
  cr_word_cache_free(cache);
}

static void
test_update_refuses(void)
{
  g_autoptr(CrTagger) base = train(CR_TAGGER_ADAGRAD, 0, 1, 1);
  CrTaggerUpdate update;
  CrTagSample samples[G_N_ELEMENTS(texts)];
  g_autoptr(GError) no_base = NULL, no_samples = NULL;
  samples_init(samples);
  cr_tagger_update_init(&update);
  g_assert_null(cr_tagger_update(NULL, samples, 1, NULL, 0, &update, &no_base));
  g_assert_error(no_base, CR_ERROR, CR_ERROR_USAGE);
  g_assert_null(cr_tagger_update(base, samples, 0, samples, 2, &update, &no_samples));
  g_assert_error(no_samples, CR_ERROR, CR_ERROR_USAGE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tagger/lattice", test_lattice);
  g_test_add_func("/tagger/decoder", test_decoder);
  g_test_add_func("/tagger/steps", test_steps);
  g_test_add_func("/tagger/gradient", test_gradient);
  g_test_add_func("/tagger/learns", test_learns);
  g_test_add_func("/tagger/update", test_update);
  g_test_add_func("/tagger/update-same-bytes", test_update_same_bytes);
  g_test_add_func("/tagger/update-grows", test_update_grows);
  g_test_add_func("/tagger/update-refuses", test_update_refuses);
  g_test_add_func("/tagger/spans", test_spans);
  g_test_add_func("/tagger/threshold", test_threshold);
  g_test_add_func("/tagger/inside", test_inside);
  g_test_add_func("/tagger/same-bytes", test_same_bytes);
  g_test_add_func("/tagger/damage", test_damage);
  g_test_add_func("/tagger/missing", test_missing);
  g_test_add_func("/tagger/bad-templates", test_bad_templates);
  g_test_add_func("/tagger/classes", test_classes);
  g_test_add_func("/tagger/patterns", test_patterns);
  g_test_add_func("/tagger/tokens", test_tokens);
  g_test_add_func("/tagger/any-text", test_any_text);
  g_test_add_func("/tagger/recipes", test_recipes);
  return g_test_run();
}
