/* quality-readers.c: notes that lie far from others of their kind, and each reader over time and against what
 * was settled. */
#include "workflow/quality-private.h"

#include <math.h>
#include <string.h>

#define FEWEST_OF_A_KIND 8

static const char *
kind_of(const CrQualityNote *n)
{
  return n->type ? n->type : "(no kind)";
}

static json_t *
number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

/* ---- outliers ---- */

typedef struct {
  const char *name;
  gsize value, z; /* offsets in CrQualityReading */
} Measure;

static const Measure measures[] = {
    {"density", G_STRUCT_OFFSET(CrQualityReading, density), G_STRUCT_OFFSET(CrQualityReading, z_density)},
    {"minutes", G_STRUCT_OFFSET(CrQualityReading, minutes), G_STRUCT_OFFSET(CrQualityReading, z_minutes)}};

static double
value_of(const CrQualityReading *r, gsize offset)
{
  return G_STRUCT_MEMBER(double, r, offset);
}

/* The readings of one kind of note for which the measure is known; their z scores are set. */
static json_t *
measure_kind(const GPtrArray *readings, const Measure *m)
{
  g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
  g_autoptr(GPtrArray) known = g_ptr_array_new();
  for (guint i = 0; i < readings->len; i++) {
    double value = value_of(readings->pdata[i], m->value);
    if (isnan(value))
      continue;
    g_array_append_val(values, value);
    g_ptr_array_add(known, readings->pdata[i]);
  }
  const double *x = (const double *)(gpointer)values->data;
  g_autofree double *z = g_new0(double, values->len + 1);
  if (values->len >= FEWEST_OF_A_KIND) {
    cr_stat_robust_z(x, values->len, z);
    for (guint i = 0; i < known->len; i++)
      G_STRUCT_MEMBER(double, known->pdata[i], m->z) = z[i];
  }
  json_t *row = json_pack("{s:i}", "readings", (int)values->len);
  json_object_set_new(row, "median", number(cr_stat_median(x, values->len)));
  json_object_set_new(row, "mad", number(values->len ? cr_stat_mad(x, values->len) : NAN));
  return row;
}

static GHashTable *
by_kind(const CrQualityData *d)
{
  GHashTable *kinds = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < d->readings->len; i++) {
    CrQualityReading *r = d->readings->pdata[i];
    const char *kind = kind_of(d->notes->pdata[r->note]);
    GPtrArray *list = g_hash_table_lookup(kinds, kind);
    if (!list)
      g_hash_table_insert(kinds, (gpointer)kind, list = g_ptr_array_new());
    g_ptr_array_add(list, r);
  }
  return kinds;
}

static json_t *
list_far(const CrQualityData *d)
{
  json_t *list = json_array();
  for (guint i = 0; i < d->readings->len; i++)
    for (guint m = 0; m < G_N_ELEMENTS(measures); m++) {
      const CrQualityReading *r = d->readings->pdata[i];
      const CrQualityNote *n = d->notes->pdata[r->note];
      double z = value_of(r, measures[m].z);
      if (!(fabs(z) > CR_STAT_FAR))
        continue;
      json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:f, s:f}", "note", n->id, "reader",
                                            r->reader, "kind", kind_of(n), "measure", measures[m].name,
                                            "value", value_of(r, measures[m].value), "z", z));
    }
  return list;
}

json_t *
cr_quality_outliers(CrQualityData *d)
{
  g_autoptr(GHashTable) kinds = by_kind(d);
  g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(kinds), (GCompareFunc)strcmp);
  json_t *rows = json_array();
  for (GList *name = names; name; name = name->next) {
    json_t *row = json_pack("{s:s}", "kind", name->data);
    for (guint m = 0; m < G_N_ELEMENTS(measures); m++)
      json_object_set_new(row, measures[m].name,
                          measure_kind(g_hash_table_lookup(kinds, name->data), &measures[m]));
    json_array_append_new(rows, row);
  }
  json_t *result = json_pack("{s:o}", "kinds", rows);
  json_object_set_new(result, "far", list_far(d));
  json_object_set_new(result, "beyond", json_real(CR_STAT_FAR));
  json_object_set_new(result, "fewest", json_integer(FEWEST_OF_A_KIND));
  return result;
}

/* ---- fatigue and drift ---- */

static double
error_of(const CrQualityReading *r)
{
  guint all = r->n_findings + r->n_truth;
  return r->has_truth && all > 0 ? 1 - 2.0 * r->n_common / all : NAN;
}

static double
minutes_of(const CrQualityReading *r)
{
  return r->z_minutes;
}

static double
density_of(const CrQualityReading *r)
{
  return r->z_density;
}

/* Density and time as they lie among notes of the kind, so that a day of long letters is no drift. */
static const struct {
  const char *name;
  double (*value)(const CrQualityReading *r);
} followed[] = {{"density", density_of}, {"minutes", minutes_of}, {"error", error_of}};

static json_t *
describe_trend(const CrTrend *t)
{
  if (t->why)
    return json_pack("{s:n, s:n, s:s, s:I}", "rho", "p", "why", t->why, "notes", (json_int_t)t->n);
  json_t *row = json_pack("{s:f, s:f, s:b, s:I, s:I}", "rho", t->rho, "p", t->p, "exact", (int)t->is_exact,
                          "notes", (json_int_t)t->n, "strata", (json_int_t)t->n_strata);
  json_object_set_new(row, "slope", number(t->slope));
  json_object_set_new(row, "low", number(t->low));
  json_object_set_new(row, "high", number(t->high));
  return row;
}

/* Readings made by hand of one reader: fatigue along the place in a sitting, drift along the days. */
static json_t *
follow(const CrQualityData *d, const GPtrArray *mine, gboolean fatigue)
{
  json_t *result = json_object();
  g_autofree double *x = g_new(double, mine->len + 1), *y = g_new(double, mine->len + 1);
  g_autofree guint *strata = g_new(guint, mine->len + 1);
  for (guint f = 0; f < G_N_ELEMENTS(followed); f++) {
    gsize n = 0;
    for (guint i = 0; i < mine->len; i++) {
      const CrQualityReading *r = mine->pdata[i];
      double value = followed[f].value(r);
      if (!r->by_hand || isnan(value))
        continue;
      x[n] = fatigue ? r->position : (double)r->end_us / (24.0 * 3600e6);
      y[n] = value;
      strata[n++] = fatigue ? r->sitting : 0;
    }
    CrTrend trend = cr_stat_trend(x, y, strata, n, (guint64)d->seed);
    json_object_set_new(result, followed[f].name, describe_trend(&trend));
  }
  return result;
}

/* ---- against what was settled ---- */

static json_t *
ratio(GArray *part, GArray *whole, gint64 seed)
{
  CrStatFigure f = cr_stat_ratio((const double *)(gpointer)part->data, (const double *)(gpointer)whole->data,
                                 part->len, (guint64)seed);
  return cr_stat_figure_json(&f);
}

static guint
count_of(GHashTable *counts, const char *key)
{
  return GPOINTER_TO_UINT(g_hash_table_lookup(counts, key));
}

/* Findings of one label that are both in the reading and settled. */
static guint
common_of_label(const CrQualityReading *r, GHashTable *truth, const char *label)
{
  GHashTableIter iter;
  gpointer key, n;
  guint common = 0;
  g_autofree char *end = g_strconcat("\t", label, NULL);
  g_hash_table_iter_init(&iter, r->keys);
  while (g_hash_table_iter_next(&iter, &key, &n))
    if (g_str_has_suffix(key, end))
      common += MIN(GPOINTER_TO_UINT(n), count_of(truth, key));
  return common;
}

/* label NULL: all findings. One row a note, so that notes can be resampled. */
static json_t *
compare_label(const CrQualityData *d, const GPtrArray *mine, const char *label)
{
  g_autoptr(GArray)
      twice = g_array_new(FALSE, FALSE, sizeof(double)),
      both = g_array_new(FALSE, FALSE, sizeof(double)), common = g_array_new(FALSE, FALSE, sizeof(double)),
      own = g_array_new(FALSE, FALSE, sizeof(double)), truth = g_array_new(FALSE, FALSE, sizeof(double));
  guint64 n_own = 0, n_truth = 0;
  for (guint i = 0; i < mine->len; i++) {
    const CrQualityReading *r = mine->pdata[i];
    const CrQualityNote *n = d->notes->pdata[r->note];
    if (!r->has_truth)
      continue;
    double c = label ? common_of_label(r, n->keys, label) : r->n_common,
           a = label ? count_of(r->labels, label) : r->n_findings,
           b = label ? count_of(n->labels, label) : n->n_truth, c2 = 2 * c, ab = a + b;
    g_array_append_val(twice, c2);
    g_array_append_val(both, ab);
    g_array_append_val(common, c);
    g_array_append_val(own, a);
    g_array_append_val(truth, b);
    n_own += (guint64)a;
    n_truth += (guint64)b;
  }
  json_t *row = json_pack("{s:I, s:I}", "findings", (json_int_t)n_own, "settled", (json_int_t)n_truth);
  json_object_set_new(row, "f1", ratio(twice, both, d->seed));
  json_object_set_new(row, "precision", ratio(common, own, d->seed));
  json_object_set_new(row, "recall", ratio(common, truth, d->seed));
  return row;
}

static void
add_names(GHashTable *names, GHashTable *labels)
{
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init(&iter, labels);
  while (g_hash_table_iter_next(&iter, &name, NULL))
    g_hash_table_add(names, name);
}

static json_t *
compare_truth(const CrQualityData *d, const GPtrArray *mine)
{
  g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
  guint n_compared = 0, n_resolved = 0;
  for (guint i = 0; i < mine->len; i++) {
    const CrQualityReading *r = mine->pdata[i];
    const CrQualityNote *n = d->notes->pdata[r->note];
    if (!r->has_truth)
      continue;
    n_compared++;
    n_resolved += n->is_resolved;
    add_names(names, r->labels);
    add_names(names, n->labels);
  }
  json_t *result = compare_label(d, mine, NULL), *labels = json_array();
  g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(names), (GCompareFunc)strcmp);
  for (GList *name = sorted; name; name = name->next) {
    json_t *row = compare_label(d, mine, name->data);
    json_object_set_new(row, "label", json_string(name->data));
    json_array_append_new(labels, row);
  }
  json_object_set_new(result, "notes", json_integer(n_compared));
  json_object_set_new(result, "resolved", json_integer(n_resolved));
  json_object_set_new(result, "labels", labels);
  return result;
}

/* ---- one reader ---- */

static json_t *
describe_reader(const CrQualityData *d, const GPtrArray *mine)
{
  const CrQualityReading *first = mine->pdata[0], *last = mine->pdata[mine->len - 1];
  g_autoptr(GArray) minutes = g_array_new(FALSE, FALSE, sizeof(double));
  for (guint i = 0; i < mine->len; i++) {
    const CrQualityReading *r = mine->pdata[i];
    if (!isnan(r->minutes))
      g_array_append_val(minutes, r->minutes);
  }
  json_t *row =
      json_pack("{s:s, s:I, s:I, s:I}", "reader", first->reader, "notes", (json_int_t)mine->len, "by_hand",
                (json_int_t)minutes->len, "sittings", (json_int_t)last->sitting - first->sitting + 1);
  json_object_set_new(row, "minutes",
                      number(cr_stat_median((const double *)(gpointer)minutes->data, minutes->len)));
  json_object_set_new(row, "fatigue", follow(d, mine, TRUE));
  json_object_set_new(row, "drift", follow(d, mine, FALSE));
  json_object_set_new(row, "truth", compare_truth(d, mine));
  return row;
}

/* Many figures are followed, and some move by chance: every p of the report is told as Holm adjusts it too.
 */
static void
adjust(json_t *readers)
{
  static const char *const along[] = {"fatigue", "drift"};
  g_autoptr(GArray) p = g_array_new(FALSE, FALSE, sizeof(double));
  g_autoptr(GPtrArray) rows = g_ptr_array_new();
  json_t *reader;
  gsize i;
  json_array_foreach(readers, i, reader) for (guint k = 0; k < 2 * G_N_ELEMENTS(followed); k++)
  {
    json_t *row = json_object_get(json_object_get(reader, along[k % 2]), followed[k / 2].name),
           *value = json_object_get(row, "p");
    double one = json_number_value(value);
    if (!json_is_number(value))
      continue;
    g_array_append_val(p, one);
    g_ptr_array_add(rows, row);
  }
  double *values = (double *)(gpointer)p->data;
  cr_stat_holm(values, p->len, values);
  for (guint k = 0; k < p->len; k++)
    json_object_set_new(rows->pdata[k], "p_holm", json_real(values[k]));
}

json_t *
cr_quality_readers(CrQualityData *d)
{
  json_t *list = json_array();
  for (guint i = 0, end; i < d->readings->len; i = end) {
    const CrQualityReading *first = d->readings->pdata[i];
    g_autoptr(GPtrArray) mine = g_ptr_array_new();
    for (end = i; end < d->readings->len; end++) {
      CrQualityReading *r = d->readings->pdata[end];
      if (!g_str_equal(r->reader, first->reader))
        break;
      g_ptr_array_add(mine, r);
    }
    json_array_append_new(list, describe_reader(d, mine));
  }
  adjust(list);
  return list;
}
