/* settle: what settling a cluster of disputes gives back, against hand-made figures and against the whole
 * comparison made anew with the sets changed by hand. */
#include <chartroom/agreement.h>
#include <chartroom/text.h>

#include <math.h>
#include <string.h>

enum { N_DOCUMENTS = 4, N_TOKENS = 12, N_LABELS = 3 };

typedef struct {
  GArray *spans[2]; /* CrLabelSpan */
  GArray *tokens;   /* CrSpan, the same for every document */
  const GArray *documents[N_DOCUMENTS];
  CrLabelSet sets[2];
  CrComparison comparison;
} World;

static const char *const labels[] = {"A", "B", "C"};

static void
world_init(World *w, guint n_documents)
{
  for (guint side = 0; side < 2; side++)
    w->spans[side] = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  w->tokens = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  for (gsize t = 0; t < N_TOKENS; t++) {
    CrSpan token = {t * 2, t * 2 + 2};
    g_array_append_val(w->tokens, token);
  }
  for (guint d = 0; d < N_DOCUMENTS; d++)
    w->documents[d] = w->tokens;
  w->comparison = (CrComparison){n_documents, w->documents, labels, N_LABELS, 1, 2};
}

static void
world_clear(World *w)
{
  g_clear_pointer(&w->tokens, g_array_unref);
  for (guint side = 0; side < 2; side++)
    g_clear_pointer(&w->spans[side], g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

static void
add(World *w, guint side, guint document, gsize start, gsize end, guint label)
{
  CrLabelSpan span = {document, start, end, label, NULL};
  g_array_append_val(w->spans[side], span);
}

static const CrLabelSet *
sets_of(World *w)
{
  for (guint side = 0; side < 2; side++)
    w->sets[side] = (CrLabelSet){side ? "second" : "first",
                                 (const CrLabelSpan *)(gpointer)w->spans[side]->data, w->spans[side]->len};
  return w->sets;
}

static void
assert_near(double got, double wanted)
{
  if (isnan(got) != isnan(wanted) || fabs(got - wanted) > 1e-9)
    g_error("%.12f, expected %.12f", got, wanted);
}

/* One document of 12 tokens. First: A on tokens 0-1, B on 3, C on 6. Second: A on 0, B on 3, nothing else.
 * Strict F1 = 2*1/5 = .4. The bounds of A settled: by the first or the second 2*2/5 = .8. C settled: both
 * have it 2*2/6 = .6667, nobody 2*1/4 = .5.
 * Kappa on tokens now: alike 10 of 12 (tokens 1, 6 differ); marginals first A2 B1 C1 O8, second A1 B1 C0 O10:
 * pe = (2*1 + 1*1 + 0 + 8*10)/144 = 83/144, kappa = (120-83)/(144-83) = 37/61. C as the second has it: alike
 * 11, first A2 B1 O9: pe = (2+1+90)/144, kappa = (132-93)/(144-93) = 39/51. */
static void
test_by_hand(void)
{
  g_auto(World) w = {0};
  g_autoptr(GError) error = NULL;
  world_init(&w, 1);
  add(&w, 0, 0, 0, 4, 0);
  add(&w, 0, 0, 6, 8, 1);
  add(&w, 0, 0, 12, 14, 2);
  add(&w, 1, 0, 0, 2, 0);
  add(&w, 1, 0, 6, 8, 1);
  const guint zero[] = {0}, two[] = {2};
  const CrDispute disputes[] = {{1, 0, {two, NULL}, {1, 0}}, {0, 0, {zero, zero}, {1, 1}}};
  CrSettledFigures now;
  g_autoptr(GArray) settled = cr_agreement_settled(&w.comparison, sets_of(&w), disputes, 2, 3, &now, &error);
  g_assert_no_error(error);
  const CrSettled *s = (const CrSettled *)(gpointer)settled->data;
  assert_near(now.strict, .4);
  assert_near(now.partial, (2 * 1 + 1) / 5.0);
  assert_near(now.kappa, 37.0 / 61);
  assert_near(s[0].first.strict, .8);
  assert_near(s[0].second.strict, .8);
  assert_near(s[1].first.strict, 4.0 / 6);
  assert_near(s[1].second.strict, .5);
  assert_near(s[1].second.kappa, 39.0 / 51);
  assert_near(s[2].first.strict, now.strict); /* an empty cluster gives nothing back */
}

/* Nothing is marked: not defined, and not silently 1. */
static void
test_empty(void)
{
  g_auto(World) w = {0};
  g_autoptr(GError) error = NULL;
  world_init(&w, 2);
  CrSettledFigures now;
  g_autoptr(GArray) settled = cr_agreement_settled(&w.comparison, sets_of(&w), NULL, 0, 0, &now, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(settled->len, ==, 0);
  g_assert_true(isnan(now.strict) && isnan(now.kappa));
}

static gint
compare_spans(gconstpointer a, gconstpointer b)
{
  const CrLabelSpan *x = a, *y = b;
  if (x->document != y->document)
    return x->document < y->document ? -1 : 1;
  return x->start != y->start ? (x->start < y->start ? -1 : 1) : (x->end > y->end) - (x->end < y->end);
}

static double
number(const json_t *report, const char *metric, const char *member)
{
  const json_t *value = json_object_get(report, metric);
  value = json_object_get(member ? json_object_get(value, member) : value, "value");
  return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The whole comparison again, with every disputed span of the cluster as `right` has it. */
static void
check_anew(World *w, const GArray *disputes, guint cluster, guint right, const CrSettledFigures *got)
{
  g_autoptr(GError) error = NULL;
  g_auto(World) anew = {0};
  world_init(&anew, w->comparison.n_documents);
  for (guint side = 0; side < 2; side++)
    for (guint i = 0; i < w->spans[side]->len; i++) {
      gboolean goes = FALSE;
      for (guint d = 0; d < disputes->len && side != right; d++) {
        const CrDispute *one = &g_array_index(disputes, CrDispute, d);
        for (guint k = 0; k < one->n_spans[side]; k++)
          goes |= one->cluster == cluster && one->spans[side][k] == i;
      }
      if (!goes)
        g_array_append_val(anew.spans[side], g_array_index(w->spans[side], CrLabelSpan, i));
    }
  for (guint d = 0; d < disputes->len; d++) {
    const CrDispute *one = &g_array_index(disputes, CrDispute, d);
    for (guint k = 0; k < one->n_spans[right] && one->cluster == cluster; k++)
      g_array_append_val(anew.spans[!right],
                         g_array_index(w->spans[right], CrLabelSpan, one->spans[right][k]));
  }
  for (guint side = 0; side < 2; side++)
    g_array_sort(anew.spans[side], compare_spans);
  g_autoptr(json_t) report = cr_agreement_spans(&anew.comparison, sets_of(&anew), 2, &error);
  g_assert_no_error(error);
  assert_near(got->strict, number(report, "span_f1", "strict"));
  assert_near(got->partial, number(report, "span_f1", "partial"));
  assert_near(got->kappa, number(report, "token_kappa", NULL));
}

static void
fill(World *w)
{
  for (guint side = 0; side < 2; side++) {
    for (guint d = 0; d < w->comparison.n_documents; d++)
      for (gint n = g_test_rand_int_range(0, 6); n > 0; n--) {
        gsize start = (gsize)g_test_rand_int_range(0, 2 * N_TOKENS - 3);
        add(w, side, d, start, start + (gsize)g_test_rand_int_range(1, 4),
            (guint)g_test_rand_int_range(0, 3));
      }
    g_array_sort(w->spans[side], compare_spans);
  }
}

static void
test_brute_force(void)
{
  enum { CLUSTERS = 3 };
  for (guint t = 0; t < 300; t++) {
    g_auto(World) w = {0};
    g_autoptr(GError) error = NULL;
    world_init(&w, N_DOCUMENTS);
    fill(&w);
    /* Every span of the first is a dispute with no, or one, span of the second in the same document. */
    g_autofree guint *places = g_new(guint, 64);
    g_autoptr(GArray) disputes = g_array_new(FALSE, FALSE, sizeof(CrDispute));
    for (guint i = 0; i < 64; i++)
      places[i] = i;
    for (guint i = 0, j = 0; i < w.spans[0]->len; i++) {
      const CrLabelSpan *a = &g_array_index(w.spans[0], CrLabelSpan, i);
      while (j < w.spans[1]->len && g_array_index(w.spans[1], CrLabelSpan, j).document < a->document)
        j++;
      gboolean pair = j < w.spans[1]->len &&
                      g_array_index(w.spans[1], CrLabelSpan, j).document == a->document &&
                      g_test_rand_int_range(0, 2);
      CrDispute one = {
          (guint)g_test_rand_int_range(0, CLUSTERS), a->document, {places + i, places + j}, {1, pair}};
      j += pair;
      g_array_append_val(disputes, one);
    }
    CrSettledFigures now;
    g_autoptr(GArray) settled =
        cr_agreement_settled(&w.comparison, sets_of(&w), (const CrDispute *)(gpointer)disputes->data,
                             disputes->len, CLUSTERS, &now, &error);
    g_assert_no_error(error);
    for (guint c = 0; c < CLUSTERS; c++) {
      const CrSettled *s = &g_array_index(settled, CrSettled, c);
      check_anew(&w, disputes, c, 0, &s->first);
      check_anew(&w, disputes, c, 1, &s->second);
    }
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/settle/by-hand", test_by_hand);
  g_test_add_func("/settle/empty", test_empty);
  g_test_add_func("/settle/brute-force", test_brute_force);
  return g_test_run();
}
