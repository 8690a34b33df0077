/* quality-balance.c: whether groups of documents fare alike, and whether suggestions steered the readers. */
#include "workflow/quality-private.h"
#include <chartroom/risk.h>

#include <math.h>
#include <string.h>

/* ---- sums over notes ---- */

typedef struct {
  GArray *part, *whole; /* double, one a note */
} Ratio;

static void
ratio_init(Ratio *r)
{
  r->part = g_array_new(FALSE, FALSE, sizeof(double));
  r->whole = g_array_new(FALSE, FALSE, sizeof(double));
}

static void
ratio_clear(Ratio *r)
{
  g_clear_pointer(&r->part, g_array_unref);
  g_clear_pointer(&r->whole, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ratio, ratio_clear)

static void
ratio_add(Ratio *r, double part, double whole)
{
  g_array_append_val(r->part, part);
  g_array_append_val(r->whole, whole);
}

static json_t *
ratio_json(const Ratio *r, gint64 seed)
{
  CrStatFigure f = cr_stat_ratio((const double *)(gpointer)r->part->data,
                                 (const double *)(gpointer)r->whole->data, r->part->len, (guint64)seed);
  return cr_stat_figure_json(&f);
}

/* Findings of a note: the settled ones, else the mean of its readings. */
static double
findings_of(const CrQualityNote *n)
{
  if (n->has_truth)
    return n->n_truth;
  double sum = 0;
  for (guint i = 0; i < n->n_readings; i++)
    sum += n->pair[i]->n_findings;
  return n->n_readings ? sum / n->n_readings : 0;
}

static gboolean
is_read(const CrQualityNote *n)
{
  return n->has_truth || n->n_readings > 0;
}

static void
add_disagreement(Ratio *r, const CrQualityNote *n)
{
  if (n->n_readings < 2)
    return;
  double both = n->pair[0]->n_findings + n->pair[1]->n_findings;
  ratio_add(r, both - 2.0 * cr_quality_common(n->pair[0]->keys, n->pair[1]->keys), both);
}

static void
add_errors(Ratio *r, const CrQualityNote *n)
{
  for (guint i = 0; i < n->n_readings; i++)
    if (n->pair[i]->has_truth) {
      double both = n->pair[i]->n_findings + n->n_truth;
      ratio_add(r, both - 2.0 * n->pair[i]->n_common, both);
    }
}

/* ---- groups ---- */

static gint
compare_groups(gconstpointer a, gconstpointer b)
{
  const GPtrArray *x = *(GPtrArray *const *)a, *y = *(GPtrArray *const *)b;
  const CrQualityNote *p = x->pdata[0], *q = y->pdata[0];
  return x->len != y->len ? (x->len > y->len ? -1 : 1) : g_strcmp0(p->group, q->group);
}

/* Notes by the value of the key, the largest group first. */
static GPtrArray *
make_groups(const CrQualityData *d)
{
  g_autoptr(GHashTable) by_value = g_hash_table_new(g_str_hash, g_str_equal);
  GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < d->notes->len; i++) {
    CrQualityNote *n = d->notes->pdata[i];
    const char *value = n->group ? n->group : "(not known)";
    GPtrArray *list = g_hash_table_lookup(by_value, value);
    if (!list) {
      g_hash_table_insert(by_value, (gpointer)value, list = g_ptr_array_new());
      g_ptr_array_add(groups, list);
    }
    g_ptr_array_add(list, n);
  }
  g_ptr_array_sort(groups, compare_groups);
  return groups;
}

static json_t *
label_shares(const GPtrArray *notes, gint64 seed)
{
  g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
  json_t *result = json_object();
  GHashTableIter iter;
  gpointer name;
  for (guint i = 0; i < notes->len; i++) {
    g_hash_table_iter_init(&iter, ((CrQualityNote *)notes->pdata[i])->labels);
    while (g_hash_table_iter_next(&iter, &name, NULL))
      g_hash_table_add(names, name);
  }
  g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(names), (GCompareFunc)strcmp);
  for (GList *at = sorted; at; at = at->next) {
    g_auto(Ratio) share = {0};
    ratio_init(&share);
    for (guint i = 0; i < notes->len; i++) {
      const CrQualityNote *n = notes->pdata[i];
      if (n->has_truth)
        ratio_add(&share, GPOINTER_TO_UINT(g_hash_table_lookup(n->labels, at->data)), n->n_truth);
    }
    json_object_set_new(result, at->data, ratio_json(&share, seed));
  }
  return result;
}

/* What is compared between groups of documents. */
enum { DENSITY, DISAGREEMENT, ERRORS, N_COMPARED };
static const char *const compared_names[N_COMPARED][2] = {
    {"density", "density_gap"}, {"disagreement", "disagreement_gap"}, {"error", "error_gap"}};

static void
add_note(Ratio compared[N_COMPARED], const CrQualityNote *n)
{
  if (is_read(n))
    ratio_add(&compared[DENSITY], 1000 * findings_of(n), (double)n->length);
  add_disagreement(&compared[DISAGREEMENT], n);
  add_errors(&compared[ERRORS], n);
}

static const double *
values(const GArray *array)
{
  return (const double *)(gconstpointer)array->data;
}

static json_t *
gap_json(const Ratio *mine, const Ratio *others, gint64 seed)
{
  CrStatFigure f = cr_stat_gap(values(mine->part), values(mine->whole), mine->part->len, values(others->part),
                               values(others->whole), others->part->len, (guint64)seed);
  return cr_stat_figure_json(&f);
}

static json_t *
describe_group(const CrQualityData *d, const char *value, const GPtrArray *notes)
{
  Ratio mine[N_COMPARED], others[N_COMPARED];
  g_autoptr(GHashTable) inside = g_hash_table_new(NULL, NULL);
  for (guint k = 0; k < N_COMPARED; k++) {
    ratio_init(&mine[k]);
    ratio_init(&others[k]);
  }
  for (guint i = 0; i < notes->len; i++)
    g_hash_table_add(inside, notes->pdata[i]);
  for (guint i = 0; i < d->notes->len; i++)
    add_note(g_hash_table_contains(inside, d->notes->pdata[i]) ? mine : others, d->notes->pdata[i]);
  CrRiskFigure share = cr_risk_wilson(notes->len, d->notes->len);
  json_t *row = json_pack("{s:s, s:I, s:I, s:I}", "value", value, "documents", (json_int_t)notes->len,
                          "read_twice", (json_int_t)mine[DISAGREEMENT].part->len, "readings_compared",
                          (json_int_t)mine[ERRORS].part->len);
  json_object_set_new(row, "share", cr_risk_figure_json(&share));
  for (guint k = 0; k < N_COMPARED; k++) {
    json_object_set_new(row, compared_names[k][0], ratio_json(&mine[k], d->seed));
    json_object_set_new(row, compared_names[k][1], gap_json(&mine[k], &others[k], d->seed));
    ratio_clear(&mine[k]);
    ratio_clear(&others[k]);
  }
  json_object_set_new(row, "labels", label_shares(notes, d->seed));
  return row;
}

/* How many of the groups, largest first, may be told: none below the least; and what is left, which the told
 * ones and the whole give away together, is nothing or the least of documents (several groups, as one alone
 * that was left out is smaller). */
static guint
count_shown(const GPtrArray *groups, guint least)
{
  guint shown = 0, n_left = 0;
  while (shown < groups->len && ((GPtrArray *)groups->pdata[shown])->len >= least)
    shown++;
  for (guint i = shown; i < groups->len; i++)
    n_left += ((GPtrArray *)groups->pdata[i])->len;
  while (shown > 0 && shown < groups->len && n_left < least)
    n_left += ((GPtrArray *)groups->pdata[--shown])->len;
  return shown;
}

json_t *
cr_quality_balance(const CrQualityData *d, guint least)
{
  g_autoptr(GPtrArray) groups = make_groups(d);
  guint shown = count_shown(groups, least), n_hidden = 0;
  json_t *rows = json_array();
  for (guint i = 0; i < groups->len; i++) {
    const GPtrArray *notes = groups->pdata[i];
    const CrQualityNote *first = notes->pdata[0];
    if (i < shown)
      json_array_append_new(rows, describe_group(d, first->group ? first->group : "(not known)", notes));
    else
      n_hidden += notes->len;
  }
  return json_pack("{s:s, s:I, s:I, s:o, s:{s:I, s:I}}", "key", d->key, "least", (json_int_t)least,
                   "documents", (json_int_t)d->notes->len, "groups", rows, "suppressed", "groups",
                   (json_int_t)(groups->len - shown), "documents", (json_int_t)n_hidden);
}

/* ---- suggestions ---- */

static json_t *
median_json(const GArray *values)
{
  if (!values || values->len == 0)
    return json_null();
  return json_real(cr_stat_median((const double *)(gpointer)values->data, values->len));
}

typedef struct {
  guint64 origins[CR_ORIGIN_N], unread;
} Steered;

static json_t *
describe_steered(const Steered *s)
{
  json_t *row = json_object();
  for (guint i = 0; i < CR_ORIGIN_N; i++)
    json_object_set_new(row, cr_origin_names[i], json_integer((json_int_t)s->origins[i]));
  guint64 shown = s->origins[CR_ORIGIN_SUGGESTION] + s->origins[CR_ORIGIN_EDITED];
  CrRiskFigure accepted = cr_risk_wilson(s->origins[CR_ORIGIN_SUGGESTION], shown),
               unread = cr_risk_wilson(s->unread, s->origins[CR_ORIGIN_SUGGESTION]);
  json_object_set_new(row, "unread", json_integer((json_int_t)s->unread));
  json_object_set_new(row, "as_suggested", cr_risk_figure_json(&accepted));
  json_object_set_new(row, "unread_share", cr_risk_figure_json(&unread));
  return row;
}

static json_t *
describe_reader(const CrQualityData *d, const char *reader, const Steered *s)
{
  json_t *row = describe_steered(s), *seconds = json_object();
  for (guint i = 0; i < CR_ORIGIN_FILE; i++) {
    g_autofree char *key = g_strjoin(" ", reader, cr_origin_names[i], NULL);
    json_object_set_new(seconds, cr_origin_names[i],
                        median_json(g_hash_table_lookup(d->reader_seconds, key)));
  }
  json_object_set_new(row, "reader", json_string(reader));
  json_object_set_new(row, "seconds", seconds);
  return row;
}

static json_t *
steered_readers(const CrQualityData *d)
{
  json_t *list = json_array();
  for (guint i = 0, end; i < d->readings->len; i = end) {
    const CrQualityReading *first = d->readings->pdata[i];
    Steered s = {0};
    for (end = i; end < d->readings->len; end++) {
      const CrQualityReading *r = d->readings->pdata[end];
      if (!g_str_equal(r->reader, first->reader))
        break;
      s.unread += r->n_unread;
      for (guint k = 0; k < CR_ORIGIN_N; k++)
        s.origins[k] += r->n_origins[k];
    }
    json_array_append_new(list, describe_reader(d, first->reader, &s));
  }
  return list;
}

static gboolean
saw_suggestions(const CrQualityNote *n)
{
  for (guint i = 0; i < n->n_readings; i++)
    if (n->pair[i]->n_origins[CR_ORIGIN_SUGGESTION] + n->pair[i]->n_origins[CR_ORIGIN_EDITED] > 0)
      return TRUE;
  return FALSE;
}

/* Strict F1 of two readers, on notes where either took a suggestion and on the others. */
static json_t *
agreement_with(const CrQualityData *d, gboolean suggested)
{
  g_auto(Ratio) f1 = {0};
  ratio_init(&f1);
  for (guint i = 0; i < d->notes->len; i++) {
    const CrQualityNote *n = d->notes->pdata[i];
    if (n->n_readings < 2 || saw_suggestions(n) != suggested)
      continue;
    ratio_add(&f1, 2.0 * cr_quality_common(n->pair[0]->keys, n->pair[1]->keys),
              n->pair[0]->n_findings + n->pair[1]->n_findings);
  }
  json_t *row = json_pack("{s:I}", "notes", (json_int_t)f1.part->len);
  json_object_set_new(row, "span_f1_strict", ratio_json(&f1, d->seed));
  return row;
}

json_t *
cr_quality_influence(const CrQualityData *d)
{
  json_t *seconds = json_object(), *result = json_object();
  for (guint i = 0; i < CR_ORIGIN_FILE; i++)
    json_object_set_new(seconds, cr_origin_names[i], median_json(d->seconds[i]));
  json_object_set_new(result, "readers", steered_readers(d));
  json_object_set_new(result, "seconds", seconds);
  json_object_set_new(result, "unread_below_seconds", json_real((double)CR_QUALITY_UNREAD_US / 1e6));
  json_object_set_new(
      result, "agreement",
      json_pack("{s:o, s:o}", "with", agreement_with(d, TRUE), "without", agreement_with(d, FALSE)));
  return result;
}
