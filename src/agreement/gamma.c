/* The best alignment of gamma (Mathet, Widlöcher & Métivier, Computational Linguistics 41(3), 2015).
 *
 * A unitary alignment takes at most one unit of each reader; its disorder is the mean dissimilarity over all
 * pairs of readers, a pair in which a unit is missing counting 1. Alignments that cost more than their units
 * alone never help (4.2 of the paper), so units fall into components that cannot reach one another. A
 * component is searched by branch and bound; what is left after a number of steps is bounded from below. */
#include "agreement/gamma.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 100000, MOST_READERS = 16, NONE = -1 };

double
cr_gamma_dissimilarity(const CrGammaUnit *a, const CrGammaUnit *b)
{
  const double lengths = a->end - a->start + b->end - b->start;
  const double apart = fabs(a->start - b->start) + fabs(a->end - b->end);
  const double position = lengths > 0 ? apart / lengths * (apart / lengths) : apart > 0 ? INFINITY : 0;
  return position + (a->label != b->label);
}

typedef struct {
  gint units[MOST_READERS]; /* of each reader, NONE = missing */
  double cost;
} Tuple;

typedef struct {
  const GArray *const *readers;
  guint n_readers, n_units;
  guint *first;      /* of each reader, the number of its first unit */
  GPtrArray *tuples; /* of each unit: GArray of Tuple in which it is the first, the cheapest first */
  gboolean *is_done;
  guint *members; /* of the component, in the order of their starts */
  guint n_members, n_steps;
  double best;
  double *least; /* of each unit: what it adds at least to any alignment */
} Search;

static const CrGammaUnit *
unit_at(const Search *s, guint reader, gint unit)
{
  return &g_array_index(s->readers[reader], CrGammaUnit, (guint)unit);
}

static double
cost_of(const Search *s, const Tuple *t)
{
  const double n_pairs = s->n_readers * (s->n_readers - 1) / 2.0;
  double sum = 0;
  for (guint a = 0; a < s->n_readers; a++)
    for (guint b = a + 1; b < s->n_readers; b++)
      sum += t->units[a] == NONE || t->units[b] == NONE
                 ? 1
                 : cr_gamma_dissimilarity(unit_at(s, a, t->units[a]), unit_at(s, b, t->units[b]));
  return sum / n_pairs;
}

/* ---- the tuples that can help ---- */

/* With all pairs counted, n units together may cost at most n. */
static void
extend(Search *s, Tuple *t, guint reader, guint n_units, GArray *out)
{
  if (reader == s->n_readers) {
    t->cost = cost_of(s, t);
    if (n_units == 1 || t->cost < n_units)
      g_array_append_val(out, *t);
    return;
  }
  t->units[reader] = NONE;
  extend(s, t, reader + 1, n_units, out);
  for (guint u = 0; u < s->readers[reader]->len; u++) {
    double worst = 0;
    t->units[reader] = (gint)u;
    for (guint r = 0; r < reader; r++)
      if (t->units[r] != NONE)
        worst = MAX(worst, cr_gamma_dissimilarity(unit_at(s, r, t->units[r]), unit_at(s, reader, (gint)u)));
    /* the pair alone, the others missing at no cost, is more than all units by themselves */
    if (worst < s->n_readers * (s->n_readers * (s->n_readers - 1) / 2.0))
      extend(s, t, reader + 1, n_units + 1, out);
  }
  t->units[reader] = NONE;
}

static int
cheapest_first(gconstpointer pa, gconstpointer pb)
{
  const Tuple *a = pa, *b = pb;
  guint n[2] = {0, 0};
  for (guint r = 0; r < MOST_READERS; r++) {
    n[0] += a->units[r] != NONE;
    n[1] += b->units[r] != NONE;
  }
  const double x = a->cost / n[0], y = b->cost / n[1]; /* a unit */
  return (x > y) - (x < y);
}

/* ---- components ---- */

static guint
root_of(guint *parent, guint i)
{
  while (parent[i] != i)
    i = parent[i] = parent[parent[i]];
  return i;
}

static guint
number_of(const Search *s, guint reader, gint unit)
{
  return s->first[reader] + (guint)unit;
}

static gint
first_member(const Search *s, const Tuple *t)
{
  for (guint r = 0; r < s->n_readers; r++)
    if (t->units[r] != NONE)
      return (gint)number_of(s, r, t->units[r]);
  return NONE;
}

/* Every unit gets the tuples that hold it; components come from the tuples of several units. */
static void
list_tuples(Search *s, guint *parent)
{
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Tuple));
  Tuple t = {.cost = 0};
  for (guint r = 0; r < MOST_READERS; r++)
    t.units[r] = NONE;
  extend(s, &t, 0, 0, all);
  g_array_sort(all, cheapest_first);
  for (guint i = 0; i < all->len; i++) {
    const Tuple *tuple = &g_array_index(all, Tuple, i);
    const gint one = first_member(s, tuple);
    guint n = 0;
    if (one == NONE)
      continue;
    for (guint r = 0; r < s->n_readers; r++)
      n += tuple->units[r] != NONE;
    for (guint r = 0; r < s->n_readers; r++) {
      if (tuple->units[r] == NONE)
        continue;
      const guint number = number_of(s, r, tuple->units[r]);
      g_array_append_val((GArray *)s->tuples->pdata[number], *tuple);
      s->least[number] = MIN(s->least[number], tuple->cost / n);
      parent[root_of(parent, number)] = root_of(parent, (guint)one);
    }
  }
}

/* ---- the search ---- */

static gboolean
fits(const Search *s, const Tuple *t)
{
  for (guint r = 0; r < s->n_readers; r++)
    if (t->units[r] != NONE && s->is_done[number_of(s, r, t->units[r])])
      return FALSE;
  return TRUE;
}

static double
mark(Search *s, const Tuple *t, gboolean done)
{
  double least = 0;
  for (guint r = 0; r < s->n_readers; r++)
    if (t->units[r] != NONE) {
      s->is_done[number_of(s, r, t->units[r])] = done;
      least += s->least[number_of(s, r, t->units[r])];
    }
  return least;
}

/* left: what the units that are not done add at least; the first of them in the text is placed next. */
static void
place_next(Search *s, guint from, double sum, double left)
{
  if (sum + left >= s->best - 1e-12)
    return;
  while (from < s->n_members && s->is_done[s->members[from]])
    from++;
  if (from == s->n_members) {
    s->best = sum;
    return;
  }
  const GArray *tuples = s->tuples->pdata[s->members[from]];
  for (guint k = 0; k < tuples->len && s->n_steps < MOST_STEPS; k++) {
    const Tuple *t = &g_array_index(tuples, Tuple, k);
    if (!fits(s, t))
      continue;
    s->n_steps++;
    const double least = mark(s, t, TRUE);
    place_next(s, from + 1, sum + t->cost, left - least);
    (void)mark(s, t, FALSE);
  }
}

typedef struct {
  double start;
  guint number;
} Placed;

static int
by_start(const void *pa, const void *pb)
{
  const Placed *a = pa, *b = pb;
  return a->start != b->start ? (a->start < b->start ? -1 : 1)
                              : (a->number > b->number) - (a->number < b->number);
}

/* All units, those of a component together, in the order of their starts. */
static Placed *
in_order(const Search *s)
{
  Placed *all = g_new(Placed, s->n_units + 1);
  for (guint r = 0; r < s->n_readers; r++)
    for (guint u = 0; u < s->readers[r]->len; u++)
      all[number_of(s, r, (gint)u)] = (Placed){unit_at(s, r, (gint)u)->start, number_of(s, r, (gint)u)};
  qsort(all, s->n_units, sizeof *all, by_start);
  return all;
}

/* The cheapest tuple of all that are left, again and again: where the search starts from. */
static double
greedy(Search *s)
{
  double sum = 0;
  g_autoptr(GPtrArray) taken = g_ptr_array_new();
  for (;;) {
    const Tuple *best = NULL;
    for (guint i = 0; i < s->n_members; i++) {
      const GArray *tuples = s->tuples->pdata[s->members[i]];
      for (guint k = 0; k < tuples->len && !s->is_done[s->members[i]]; k++) {
        const Tuple *t = &g_array_index(tuples, Tuple, k);
        if (!fits(s, t))
          continue;
        if (!best || cheapest_first(t, best) < 0)
          best = t;
        break;
      }
    }
    if (!best)
      break;
    sum += best->cost;
    (void)mark(s, best, TRUE);
    g_ptr_array_add(taken, (gpointer)best);
  }
  for (guint i = 0; i < taken->len; i++)
    (void)mark(s, taken->pdata[i], FALSE);
  return sum;
}

static double
search_component(Search *s, double *bound)
{
  double left = 0;
  for (guint i = 0; i < s->n_members; i++)
    left += s->least[s->members[i]];
  s->n_steps = 0;
  s->best = greedy(s) + 1e-9;
  const double start = s->best - 1e-9;
  place_next(s, 0, 0, left);
  s->best = MIN(s->best, start);
  *bound += s->n_steps < MOST_STEPS ? s->best : MIN(left, s->best);
  return s->best;
}

static void
clear(Search *s)
{
  g_ptr_array_unref(s->tuples);
  g_free(s->is_done);
  g_free(s->members);
  g_free(s->least);
  g_free(s->first);
}

double
cr_gamma_best_sum(const GArray *const *readers, guint n_readers, double *bound)
{
  Search s = {.readers = readers, .n_readers = n_readers};
  double sum = 0;
  *bound = 0;
  s.first = g_new0(guint, n_readers + 1);
  for (guint r = 0; r < n_readers; r++)
    s.first[r + 1] = s.first[r] + readers[r]->len;
  s.n_units = s.first[n_readers];
  s.tuples = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  s.is_done = g_new0(gboolean, s.n_units + 1);
  s.members = g_new(guint, s.n_units + 1);
  s.least = g_new(double, s.n_units + 1);
  g_autofree guint *parent = g_new(guint, s.n_units + 1);
  for (guint i = 0; i < s.n_units; i++) {
    g_ptr_array_add(s.tuples, g_array_new(FALSE, FALSE, sizeof(Tuple)));
    parent[i] = i;
    s.least[i] = 1;
  }
  list_tuples(&s, parent);
  g_autofree Placed *all = in_order(&s);
  g_autoptr(GHashTable) of_root = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
  g_autoptr(GPtrArray) components = g_ptr_array_new();
  for (guint i = 0; i < s.n_units; i++) {
    const guint root = root_of(parent, all[i].number);
    GArray *members = g_hash_table_lookup(of_root, GUINT_TO_POINTER(root));
    if (!members) {
      members = g_array_new(FALSE, FALSE, sizeof(guint));
      g_hash_table_insert(of_root, GUINT_TO_POINTER(root), members);
      g_ptr_array_add(components, members);
    }
    g_array_append_val(members, all[i].number);
  }
  for (guint c = 0; c < components->len; c++) {
    const GArray *members = components->pdata[c];
    s.n_members = members->len;
    memcpy(s.members, members->data, members->len * sizeof(guint));
    sum += search_component(&s, bound);
  }
  clear(&s);
  return sum;
}
