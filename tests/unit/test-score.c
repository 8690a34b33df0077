/* The scores of a line: what the scorer adds up from remembered words and rows is, bit for bit, the sum of
 * the weights of the token's features, whatever it saw before; and the memory that it keeps words in. */
#include "tagger/plan-private.h"
#include <string.h>

#define SKIPPED_SCORE 50

/* ---- the sum over the features, in whole numbers ---- */
static void
sum_features(const CrPass *pass, const CrTokens *tokens, const CrSequence *line, guint token, gint64 *sum)
{
  guint64 features[CR_MAX_FEATURES];
  const guint n = cr_templates_features(pass->templates, tokens, line, token, features);
  for (guint f = 0; f < n; f++) {
    const guint32 slot = cr_pass_find(pass, features[f]);
    const guint32 where = slot == G_MAXUINT32 ? 0 : GUINT32_FROM_LE(pass->slots[slot].where);
    for (guint i = 0; i < (where & 255); i++) {
      const CrWeight *weight = pass->weights + (where >> 8) + i;
      sum[GUINT16_FROM_LE(weight->state)] += GINT16_FROM_LE(weight->weight);
    }
  }
}

/* Skipped tokens score outside alone. Returns whether this is one. */
static gboolean
is_skipped(const CrTagger *model, const float *starts)
{
  gboolean alone = starts[0] == SKIPPED_SCORE;
  for (guint s = 1; s < cr_state_n_ends(model->k); s++)
    alone = alone && starts[s] == 0;
  return alone;
}

static void
check_token(const CrTagger *model, CrScorer *scorer, const CrTokens *tokens, const CrSequence *line, guint i,
            guint n_open)
{
  const CrPass *pass = &model->pass[0];
  const guint k = model->k, first = cr_state_first_start(k);
  g_autofree gint64 *sum = g_new0(gint64, cr_states_n(k));
  float starts[CR_MAX_ROW], inner[CR_MAX_ROW];
  guint8 open[CR_MAX_LABELS];
  for (guint y = 0; y < n_open; y++)
    open[y] = (guint8)((y * 7 + i) % k);
  cr_scorer_score(scorer, i, NULL, 0, starts);
  cr_scorer_score(scorer, i, open, n_open, inner);
  if (is_skipped(model, starts))
    return;
  sum_features(pass, tokens, line, line->first + i, sum);
  for (guint s = 0; s < cr_state_n_ends(k); s++)
    g_assert_cmpfloat(starts[s], ==, (float)sum[first + s] * pass->unit);
  for (guint y = 0; y < n_open; y++) {
    g_assert_cmpfloat(inner[open[y]], ==, (float)sum[cr_state_e(k, open[y])] * pass->unit);
    g_assert_cmpfloat(inner[k + open[y]], ==, (float)sum[cr_state_i(k, open[y])] * pass->unit);
  }
}

static void
check_text(const CrTagger *model, CrScorer *scorer, CrTokens *tokens, CrWordCache *cache, const char *text)
{
  cr_tagger_read(model->classes, tokens, cache, text, strlen(text));
  for (guint l = 0; l < tokens->sequences->len; l++) {
    const CrSequence *line = &g_array_index(tokens->sequences, CrSequence, l);
    cr_scorer_begin(scorer, tokens, line);
    for (guint i = 0; i < line->n; i++)
      check_token(model, scorer, tokens, line, i, 1 + (l + i) % MIN(model->k, 9));
  }
}

static CrTagger *
open_model(const char *name)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_build_filename(g_getenv("CR_SOURCE"), "data", "models", name, NULL);
  CrTagger *model = cr_tagger_open(path, &error);
  g_assert_no_error(error);
  return model;
}

/* Words that no list knows, digits, accents, a line of one token, an empty one, one that is cut. */
static char *
make_text(guint64 seed)
{
  static const char *const words[] = {"Dr.",  "Anna",      "Levi-Ström", "MRN:",     "004-11-93", "seen",
                                      "on",   "3/14/2021", "with",       "mother",   "(555)",     "zqxv",
                                      "José", "the",       "of",         "HOSPITAL", ",",         "Will",
                                      "mg",   "\n",        "\n\n",       "Phone:"};
  CrRandom random = {seed};
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < 700; i++) {
    if (cr_random_below(&random, 9) == 0)
      g_string_append_printf(text, "w%x ", (guint)cr_random_below(&random, 1 << 20));
    g_string_append_printf(text, "%s ", words[cr_random_below(&random, G_N_ELEMENTS(words))]);
  }
  return g_string_free(text, FALSE);
}

static void
test_sums(gconstpointer name)
{
  g_autoptr(CrTagger) model = open_model(name);
  CrWordCache *cache = cr_word_cache_new();
  CrScorer *scorer = cr_scorer_new(&model->pass[0]);
  CrTokens tokens;
  cr_tokens_init(&tokens);
  for (guint64 seed = 0; seed < 40; seed++) {
    g_autofree char *text = make_text(seed % 30);
    check_text(model, scorer, &tokens, cache, text);
  }
  cr_tokens_clear(&tokens);
  cr_scorer_free(scorer);
  cr_word_cache_free(cache);
}

/* What a text is tagged as does not depend on what the scratch saw before. */
static void
test_history(void)
{
  g_autoptr(CrTagger) model = open_model("phi-en.crf");
  g_autoptr(CrTaggerScratch) old = cr_tagger_scratch_new(model);
  for (guint64 seed = 0; seed < 12; seed++) {
    g_autoptr(CrTaggerScratch) fresh = cr_tagger_scratch_new(model);
    g_autofree char *text = make_text(seed);
    g_autoptr(GArray) a = cr_tagger_tag(model, old, text, strlen(text), .3);
    g_autoptr(GArray) b = cr_tagger_tag(model, fresh, text, strlen(text), .3);
    g_assert_cmpuint(a->len, >, 0);
    g_assert_cmpuint(a->len, ==, b->len);
    g_assert_cmpint(memcmp(a->data, b->data, a->len * sizeof(CrTagSpan)), ==, 0);
  }
}

/* ---- the memory ---- */
/* Finds n keys and writes those that are new; what was handed out in a round stays. Returns how many were
 * new. */
static guint
find_keys(CrMemo *memo, guint n, guint round)
{
  guint64 *held[40];
  guint n_new = 0;
  cr_memo_begin(memo);
  for (guint64 i = 0; i < n; i++) {
    gboolean is_new;
    const guint64 key = ((i * 11 + round) % 64) << 20;
    held[i] = cr_memo_find(memo, key, &is_new);
    n_new += is_new;
    if (is_new)
      *held[i] = ~key;
  }
  for (guint64 i = 0; i < n; i++)
    g_assert_cmpuint(*held[i], ==, ~(((i * 11 + round) % 64) << 20));
  return n_new;
}

static void
test_memo(void)
{
  CrMemo *memo = cr_memo_new(2, sizeof(guint64)); /* eight places */
  for (guint round = 0; round < 50; round++)
    find_keys(memo, 40, round);
  g_assert_cmpuint(find_keys(memo, 8, 7), <=, 8);
  for (guint again = 0; again < 5; again++)
    g_assert_cmpuint(find_keys(memo, 8, 7), ==, 0);
  g_assert_cmpuint(find_keys(memo, 8, 8), >, 0);
  cr_memo_free(memo);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_data_func("/score/sums-en", "phi-en.crf", test_sums);
  g_test_add_data_func("/score/sums-es", "phi-es.crf", test_sums);
  g_test_add_func("/score/history", test_history);
  g_test_add_func("/score/memo", test_memo);
  return g_test_run();
}
