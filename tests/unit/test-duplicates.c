/* duplicates: J by hand, pairs against every pair compared, clusters of a template. */
#include <chartroom/duplicates.h>
#include <string.h>

static double
of(const char *a, const char *b)
{
  return cr_duplicates_likeness(a, strlen(a), b, strlen(b));
}

/* Shingles of five words: abcde bcdef cdefg and abcde bcdef cdefh have two of four in common. */
static void
test_likeness(void)
{
  g_assert_cmpfloat(of("a b c d e f g", "a b c d e f h"), ==, 2.0 / 4);
  g_assert_cmpfloat(of("a b c d e f g", "A, b; c\nd (e) F g."), ==, 1);
  g_assert_cmpfloat(of("a b c", "a b c"), ==, 1); /* one short shingle */
  g_assert_cmpfloat(of("a b c", "a b d"), ==, 0);
  g_assert_cmpfloat(of("", ""), ==, 1);
  g_assert_cmpfloat(of("déjà vu à la fin du jour", "DÉJÀ VU À LA FIN DU JOUR"), ==, 1);
  g_assert_cmpfloat(of("a b c d e a b c d e a b c d e", "a b c d e a b c d e"), ==, 1); /* sets */
}

static char *
note_of(GRand *rand, const char *base, double changed)
{
  g_auto(GStrv) words = g_strsplit(base, " ", -1);
  for (guint i = 0; words[i]; i++)
    if (g_rand_double(rand) < changed) {
      g_free(words[i]);
      words[i] = g_strdup_printf("w%u", g_rand_int_range(rand, 0, 5000));
    }
  return g_strjoinv(" ", words);
}

static char *
draw(GRand *rand)
{
  GString *s = g_string_new(NULL);
  for (guint i = 0; i < 120; i++)
    g_string_append_printf(s, "%sw%u", i ? " " : "", g_rand_int_range(rand, 0, 5000));
  return g_string_free(s, FALSE);
}

/* 40 notes with two slightly changed copies each: the pairs are those that comparing all with all gives, but
 * for what lies within three standard errors of the threshold. */
static void
test_pairs(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  g_autoptr(CrDuplicates) d = cr_duplicates_new();
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < 40; i++) {
    g_autofree char *base = draw(rand);
    for (guint copy = 0; copy < 3; copy++)
      g_ptr_array_add(notes, note_of(rand, base, .015 * copy));
  }
  for (guint i = 0; i < notes->len; i++)
    g_assert_cmpuint(cr_duplicates_add(d, notes->pdata[i], strlen(notes->pdata[i])), ==, i);
  g_autoptr(GArray) pairs = cr_duplicates_pairs(d, .7);
  guint n_sure = 0, at = 0;
  for (guint a = 0; a < notes->len; a++)
    for (guint b = a + 1; b < notes->len; b++) {
      const CrDuplicatePair *next = at < pairs->len ? &g_array_index(pairs, CrDuplicatePair, at) : NULL;
      const gboolean found = next && next->a == a && next->b == b;
      const double exact = of(notes->pdata[a], notes->pdata[b]);
      at += found;
      n_sure += exact > .835;
      g_assert_true(found ? exact > .565 : exact < .835);
      if (found)
        g_assert_cmpfloat_with_epsilon(next->likeness, exact, .18);
    }
  g_assert_cmpuint(at, ==, pairs->len); /* in order, none twice */
  g_assert_cmpuint(n_sure, >, 20);
}

static guint
root(guint *parent, guint i)
{
  return parent[i] == i ? i : root(parent, parent[i]);
}

/* 500 notes of one template: linear work, and still one cluster. */
static void
test_template(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(8);
  g_autoptr(CrDuplicates) d = cr_duplicates_new();
  g_autofree char *base = draw(rand);
  guint parent[500];
  for (guint i = 0; i < 500; i++) {
    g_autofree char *note = note_of(rand, base, .004);
    parent[i] = cr_duplicates_add(d, note, strlen(note));
  }
  g_autoptr(GArray) pairs = cr_duplicates_pairs(d, .8);
  g_assert_cmpuint(pairs->len, <, 500 * 32 * CR_DUPLICATES_PER_BUCKET / 4);
  for (guint i = 0; i < pairs->len; i++) {
    const CrDuplicatePair *pair = &g_array_index(pairs, CrDuplicatePair, i);
    parent[root(parent, pair->b)] = root(parent, pair->a);
  }
  guint n_apart = 0;
  for (guint i = 0; i < 500; i++)
    n_apart += root(parent, i) != root(parent, 0);
  g_assert_cmpuint(n_apart, <=, 10);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/duplicates/likeness", test_likeness);
  g_test_add_func("/duplicates/pairs", test_pairs);
  g_test_add_func("/duplicates/template", test_template);
  return g_test_run();
}
