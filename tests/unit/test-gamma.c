/* gamma: the best alignment against all alignments there are, and against the golden values where they are.
 */
#include "agreement/gamma.h"
#include <math.h>
#include <string.h>

enum { MOST = 4 };

static GPtrArray *
unit_lists(guint n_readers)
{
  GPtrArray *lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  for (guint r = 0; r < n_readers; r++)
    g_ptr_array_add(lists, g_array_new(FALSE, FALSE, sizeof(CrGammaUnit)));
  return lists;
}

static void
assert_near(double value, double expected, double by, const char *what)
{
  if (!(fabs(value - expected) <= by))
    g_error("%s: %.7f, expected %.7f", what, value, expected);
}

/* ---- every alignment ---- */

typedef struct {
  GPtrArray *lists;
  gboolean used[MOST][MOST];
  gint tuple[MOST];
  double best;
} All;

static const CrGammaUnit *
unit_of(const All *all, guint reader, gint unit)
{
  return &g_array_index((const GArray *)all->lists->pdata[reader], CrGammaUnit, (guint)unit);
}

static double
tuple_cost(const All *all)
{
  double sum = 0, n_pairs = 0;
  for (guint a = 0; a < all->lists->len; a++)
    for (guint b = a + 1; b < all->lists->len; b++, n_pairs++)
      sum += all->tuple[a] < 0 || all->tuple[b] < 0
                 ? 1
                 : cr_gamma_dissimilarity(unit_of(all, a, all->tuple[a]), unit_of(all, b, all->tuple[b]));
  return sum / n_pairs;
}

static void place_rest(All *all, double sum);

/* Readers before the first unit that is left have none left: they are missing from its tuple. */
static void
choose(All *all, guint reader, double sum)
{
  if (reader == all->lists->len) {
    gint kept[MOST];
    memcpy(kept, all->tuple, sizeof kept);
    place_rest(all, sum + tuple_cost(all));
    memcpy(all->tuple, kept, sizeof kept);
    return;
  }
  all->tuple[reader] = -1;
  choose(all, reader + 1, sum);
  for (guint u = 0; u < ((const GArray *)all->lists->pdata[reader])->len; u++) {
    if (all->used[reader][u])
      continue;
    all->used[reader][u] = TRUE;
    all->tuple[reader] = (gint)u;
    choose(all, reader + 1, sum);
    all->used[reader][u] = FALSE;
  }
  all->tuple[reader] = -1;
}

static void
place_rest(All *all, double sum)
{
  for (guint r = 0; r < all->lists->len; r++) {
    all->tuple[r] = -1;
    for (guint u = 0; u < ((const GArray *)all->lists->pdata[r])->len; u++) {
      if (all->used[r][u])
        continue;
      all->used[r][u] = TRUE;
      all->tuple[r] = (gint)u;
      choose(all, r + 1, sum);
      all->used[r][u] = FALSE;
      return;
    }
  }
  all->best = MIN(all->best, sum);
}

static void
test_brute(void)
{
  for (guint t = 0; t < 600; t++) {
    guint n_readers = (guint)g_test_rand_int_range(2, 4);
    g_autoptr(GPtrArray) lists = unit_lists(n_readers);
    for (guint r = 0; r < n_readers; r++)
      for (gint n = g_test_rand_int_range(0, n_readers == 2 ? MOST + 1 : MOST); n > 0; n--) {
        double start = g_test_rand_int_range(0, 20);
        CrGammaUnit unit = {start, start + g_test_rand_int_range(1, 12), (guint)g_test_rand_int_range(0, 3)};
        g_array_append_val((GArray *)lists->pdata[r], unit);
      }
    All all = {.lists = lists, .best = INFINITY};
    place_rest(&all, 0);
    double bound, best = cr_gamma_best_sum((const GArray *const *)lists->pdata, n_readers, &bound);
    assert_near(best, all.best, 1e-6, "best alignment");
    assert_near(bound, best, 1e-6, "bound of a complete search");
  }
}

/* ---- golden ---- */

static guint
reader_of(const json_t *unit)
{
  const char *name = json_string_value(json_object_get(unit, "annotator"));
  g_assert_true(name && strlen(name) == 4 && g_ascii_isdigit(name[3]));
  return (guint)(name[3] - '1');
}

/* Disorder: the sum over the mean number of units of a reader. */
static void
assert_disorder(const json_t *units, const json_t *expected, const char *what)
{
  guint n_readers = 0;
  for (gsize i = 0; i < json_array_size(units); i++)
    n_readers = MAX(n_readers, reader_of(json_array_get(units, i)) + 1);
  g_autoptr(GPtrArray) lists = unit_lists(n_readers);
  for (gsize i = 0; i < json_array_size(units); i++) {
    const json_t *u = json_array_get(units, i);
    CrGammaUnit unit = {json_number_value(json_object_get(u, "start")),
                        json_number_value(json_object_get(u, "end")),
                        (guint)json_string_value(json_object_get(u, "category"))[0]};
    g_array_append_val((GArray *)lists->pdata[reader_of(u)], unit);
  }
  double bound, sum = cr_gamma_best_sum((const GArray *const *)lists->pdata, n_readers, &bound);
  g_assert_true(json_is_number(expected));
  assert_near(sum * n_readers / (double)json_array_size(units), json_number_value(expected), 0.00005, what);
}

static void
test_golden(void)
{
  static const char *const names[] = {"fixture_01_two_annotators_simple.json",
                                      "fixture_03_identical_perfect.json",
                                      "fixture_04_three_annotators.json"};
  if (!g_getenv("CR_SHARED")) {
    g_test_skip("CR_SHARED is not set: no golden values");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *path =
        g_build_filename(g_getenv("CR_SHARED"), "golden", "agreement", "gamma", names[i], NULL);
    g_autoptr(json_t) golden = json_load_file(path, 0, NULL);
    g_assert_nonnull(golden);
    const json_t *tier1 = json_object_get(golden, "tier1"),
                 *samples = json_object_get(json_object_get(golden, "tier2"), "sampledContinua");
    assert_disorder(json_object_get(golden, "continuum"), json_object_get(tier1, "bestAlignmentDisorder"),
                    names[i]);
    g_assert_cmpuint(json_array_size(samples), ==, 10);
    for (gsize s = 0; s < json_array_size(samples); s++) {
      const json_t *sample = json_array_get(samples, s);
      assert_disorder(json_object_get(sample, "units"), json_object_get(sample, "bestAlignmentDisorder"),
                      names[i]);
    }
  }
}

/* (1, 5) and (2, 6): ((1 + 1) / 8)^2; (1, 5) and (10, 15): ((9 + 10) / 9)^2, and 1 for the label. */
static void
test_dissimilarity(void)
{
  const CrGammaUnit a = {1, 5, 0}, b = {2, 6, 0}, c = {10, 15, 1};
  assert_near(cr_gamma_dissimilarity(&a, &b), 0.0625, 1e-12, "near");
  assert_near(cr_gamma_dissimilarity(&a, &c), 361.0 / 81 + 1, 1e-12, "far");
  assert_near(cr_gamma_dissimilarity(&c, &a), 361.0 / 81 + 1, 1e-12, "swapped");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/gamma/dissimilarity", test_dissimilarity);
  g_test_add_func("/gamma/brute", test_brute);
  g_test_add_func("/gamma/golden", test_golden);
  return g_test_run();
}
