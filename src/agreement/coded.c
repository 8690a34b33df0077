/* Ratings as a unit-by-rater array of places in the sorted list of the values that occur. Units without any
 * rating are left out: nobody saw them. */
#include "agreement/agreement-private.h"
#include <math.h>
#include <stdlib.h>

static int
compare_doubles(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The distinct values, ascending; *n_distinct gets their number. */
static double *
distinct_values(const CrRatings *ratings, guint *n_distinct)
{
  gsize n = 0, n_cells = ratings->n_units * ratings->n_raters;
  double *values = g_new(double, MAX(n_cells, 1));
  for (gsize i = 0; i < n_cells; i++)
    if (!isnan(ratings->values[i]))
      values[n++] = ratings->values[i];
  qsort(values, n, sizeof *values, compare_doubles);
  *n_distinct = 0;
  for (gsize i = 0; i < n; i++)
    if (i == 0 || values[i] > values[*n_distinct - 1])
      values[(*n_distinct)++] = values[i];
  return values;
}

static gint
place_of(const CrCoded *coded, double value)
{
  const double *found = bsearch(&value, coded->values, coded->n_categories, sizeof value, compare_doubles);
  return (gint)(found - coded->values);
}

CrCoded *
cr_coded_new(const CrRatings *ratings, const char *level)
{
  CrCoded *coded = g_new0(CrCoded, 1);
  coded->level = level;
  coded->n_raters = ratings->n_raters;
  coded->values = distinct_values(ratings, &coded->n_categories);
  coded->codes = g_new(gint, MAX(ratings->n_units * ratings->n_raters, 1));
  for (gsize u = 0; u < ratings->n_units; u++) {
    gint *row = coded->codes + coded->n_units * coded->n_raters;
    guint64 n_missing = 0;
    for (gsize r = 0; r < coded->n_raters; r++) {
      double value = ratings->values[u * coded->n_raters + r];
      row[r] = isnan(value) ? -1 : place_of(coded, value);
      n_missing += isnan(value) ? 1 : 0;
    }
    if (n_missing == coded->n_raters)
      continue;
    coded->n_missing += n_missing;
    coded->n_units++;
  }
  return coded;
}

void
cr_coded_free(CrCoded *coded)
{
  if (!coded)
    return;
  g_free(coded->values);
  g_free(coded->codes);
  g_free(coded);
}

guint64 *
cr_coded_table(const CrCoded *coded, gsize a, gsize b)
{
  guint k = coded->n_categories;
  guint64 *table = g_new0(guint64, MAX((gsize)k * k, 1));
  for (gsize u = 0; u < coded->n_units; u++) {
    const gint *row = coded->codes + u * coded->n_raters;
    if (row[a] >= 0 && row[b] >= 0)
      table[(gsize)row[a] * k + (gsize)row[b]]++;
  }
  return table;
}
