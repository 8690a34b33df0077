/* insight.c: what readers disagree about, ranked by how much agreement each cluster would give back, and
 * asked as questions to the guidelines.
 *
 * What a cluster gives back: both readings are counted anew with all of its disputes settled, once as the
 * first reader has them and once as the second; the lower of both counts, so that no cluster is promised more
 * than the less favourable answer gives. */
#include "workflow/insight-private.h"

#include <math.h>
#include <string.h>

#define COMPARERS (CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER)

typedef struct {
  double gain, f1, kappa; /* by the batch's metric; strict F1; kappa on tokens */
  double now, settled;    /* of what is measured */
} Gain;

typedef struct {
  CrInsight *in;
  const char *metric;
  CrSettledFigures now;
  GArray *gains;       /* Gain a cluster */
  GArray *group_gains; /* Gain a group */
  GPtrArray *ranked;   /* CrCluster, borrowed */
  CrMeasure *measures; /* of a group */
} Ranking;

static const char *const measure_names[CR_MEASURE_N] = {"spans", "attributes", "links", "answers"};

/* ---- what settling gives back ---- */

static double
pick(const char *metric, const CrSettledFigures *f)
{
  if (g_str_equal(metric, "span_f1_strict"))
    return f->strict;
  return g_str_equal(metric, "span_f1_partial") ? f->partial : f->kappa;
}

static double
difference(double settled, double now)
{
  return isnan(settled) || isnan(now) ? 0 : settled - now;
}

static Gain
gain_of_spans(const Ranking *k, const CrSettled *s)
{
  double settled = fmin(pick(k->metric, &s->first), pick(k->metric, &s->second)),
         now = pick(k->metric, &k->now);
  return (Gain){difference(settled, now), difference(fmin(s->first.strict, s->second.strict), k->now.strict),
                difference(fmin(s->first.kappa, s->second.kappa), k->now.kappa), now, settled};
}

static double
share(double part, double whole)
{
  return whole > 0 ? part / whole : NAN;
}

/* n_sides: disputes over things that one side alone has; n: all. */
static Gain
gain_of_rest(const CrMeasured *m, CrMeasure measure, guint n, const guint n_sides[2])
{
  double equal = (double)m->equal, all = (double)m->all, a = n_sides[0], b = n_sides[1];
  gboolean links = measure == CR_MEASURE_LINKS;
  double now = share(links ? 2 * equal : equal, all);
  double settled = links ? fmin(share(2 * (equal + a), all + a - b), share(2 * (equal + b), all + b - a))
                         : share(equal + n, all);
  return (Gain){difference(settled, now), 0, 0, now, settled};
}

/* Clusters by number, or with `by_group` the groups of one kind. */
static GArray *
settle(Ranking *k, const CrComparison *comparison, const CrLabelSet *sets, gboolean by_group, GError **error)
{
  CrInsight *in = k->in;
  guint n_gains = by_group ? in->groups->len : in->clusters->len;
  g_autoptr(GArray) disputes = g_array_copy(in->disputes), gains = g_array_new(FALSE, TRUE, sizeof(Gain));
  g_autofree guint *sides = g_new0(guint, 3 * (gsize)n_gains + 1); /* of one reader alone, of both, all */
  for (guint i = 0; i < disputes->len && by_group; i++) {
    CrDispute *d = &g_array_index(disputes, CrDispute, i);
    d->cluster = ((CrCluster *)in->clusters->pdata[d->cluster])->group;
  }
  g_autoptr(GArray) settled = cr_agreement_settled(
      comparison, sets, (const CrDispute *)(gpointer)disputes->data, disputes->len, n_gains, &k->now, error);
  if (!settled)
    return NULL;
  g_array_set_size(gains, n_gains);
  for (guint i = 0; i < in->clusters->len; i++) {
    const CrCluster *c = in->clusters->pdata[i];
    gsize at = by_group ? c->group : i;
    sides[3 * at] += c->n_sides[0];
    sides[3 * at + 1] += c->n_sides[1];
    sides[3 * at + 2] += c->n;
    g_array_index(gains, Gain, at) =
        c->measure == CR_MEASURE_SPANS
            ? gain_of_spans(k, &g_array_index(settled, CrSettled, at))
            : gain_of_rest(&in->measured[c->measure], c->measure, sides[3 * at + 2], &sides[3 * at]);
  }
  return g_steal_pointer(&gains);
}

static gboolean
measure_gains(Ranking *k, GError **error)
{
  const CrGathered *g = &k->in->gathered;
  g_autoptr(GArray) all = cr_gathered_choose(g, NULL, NULL);
  g_autoptr(GArray) first = cr_gathered_spans(g, all, 0), second = cr_gathered_spans(g, all, 1);
  g_autofree const char **names = cr_gathered_labels(g->labels);
  CrComparison comparison = {.n_documents = all->len,
                             .tokens = (const GArray *const *)(gpointer)g->tokens->pdata,
                             .labels = names,
                             .n_labels = g_hash_table_size(g->labels)};
  CrLabelSet sets[2] = {{"first", (const CrLabelSpan *)(gpointer)first->data, first->len},
                        {"second", (const CrLabelSpan *)(gpointer)second->data, second->len}};
  k->gains = settle(k, &comparison, sets, FALSE, error);
  k->measures = g_new0(CrMeasure, k->in->groups->len + 1);
  k->group_gains = k->gains ? settle(k, &comparison, sets, TRUE, error) : NULL;
  return k->group_gains != NULL;
}

/* ---- ranking ---- */

static gint
by_value(double a, double b)
{
  return (a < b) - (a > b);
}

/* Spans first, then attributes, links, answers; each by what it gives back. */
static gint
compare_clusters(gconstpointer pa, gconstpointer pb, gpointer ranking)
{
  const CrCluster *a = *(CrCluster *const *)pa, *b = *(CrCluster *const *)pb;
  const Ranking *k = ranking;
  const Gain *x = &g_array_index(k->gains, Gain, a->number), *y = &g_array_index(k->gains, Gain, b->number);
  if (a->measure != b->measure)
    return a->measure < b->measure ? -1 : 1;
  gint order = by_value(x->gain, y->gain);
  if (order == 0)
    order = by_value(x->f1, y->f1);
  if (order == 0)
    order = by_value(a->n, b->n);
  return order ? order : strcmp(a->key, b->key);
}

static void
rank(Ranking *k)
{
  k->ranked = g_ptr_array_copy(k->in->clusters, NULL, NULL);
  g_ptr_array_set_free_func(k->ranked, NULL);
  g_ptr_array_sort_with_data(k->ranked, compare_clusters, k);
}

static void
ranking_clear(Ranking *k)
{
  g_clear_pointer(&k->gains, g_array_unref);
  g_clear_pointer(&k->group_gains, g_array_unref);
  g_clear_pointer(&k->ranked, g_ptr_array_unref);
  g_clear_pointer(&k->measures, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ranking, ranking_clear)

/* ---- questions ---- */

/* {what} and {words} stand for a cluster's; the words of "bounds" and "answer" carry their own marks. */
static const struct {
  const char *kind, *question;
} questions[] = {
    {"bounds", "Does a {what} take in {words}?"},
    {"type", "Which is “{words}”: {what}?"},
    {"missing", "Is “{words}” a {what}, or is it not marked?"},
    {"split", "Is “{words}” one {what}, or several?"},
    {"attributes", "What holds for “{words}”, {what}?"},
    {"link", "Are these joined by {what}: “{words}”?"},
    {"answer", "What answers {what}: {words}?"},
};

static char *
ask(const CrCluster *c)
{
  const char *form = "";
  for (guint i = 0; i < G_N_ELEMENTS(questions); i++)
    if (g_str_equal(questions[i].kind, c->kind))
      form = questions[i].question;
  g_auto(GStrv) around_what = g_strsplit(form, "{what}", 2);
  g_autofree char *with_what = g_strjoinv(c->what, around_what);
  g_auto(GStrv) around_words = g_strsplit(with_what, "{words}", 2);
  return g_strjoinv(c->words, around_words);
}

static gboolean
is_asked(const json_t *asked, const char *text, gint64 guidelines)
{
  json_t *row;
  gsize i;
  json_array_foreach((json_t *)asked, i, row)
  {
    if (json_integer_value(json_object_get(row, "guidelines")) == guidelines &&
        g_strcmp0(cr_reading_string(row, "text"), text) == 0)
      return TRUE;
  }
  return FALSE;
}

/* The first clusters that give anything back, as questions to the lead; those that stand already stay one. */
static gboolean
store_questions(const Ranking *k, CrRole role, gint64 guidelines, guint n_wanted, gint64 *n_stored,
                GError **error)
{
  g_autoptr(json_t) asked = cr_reading_questions(k->in->p, error);
  *n_stored = 0;
  if (!asked)
    return FALSE;
  for (guint i = 0, n = 0; i < k->ranked->len && n < n_wanted; i++) {
    const CrCluster *c = k->ranked->pdata[i];
    g_autofree char *text = ask(c);
    if (g_array_index(k->gains, Gain, c->number).gain <= 0)
      continue;
    n++;
    if (is_asked(asked, text, guidelines))
      continue;
    if (!cr_question_put(k->in->p, role, "QI-", c->first_note, text, guidelines, error))
      return FALSE;
    ++*n_stored;
  }
  return TRUE;
}

/* ---- the report ---- */

static json_t *
number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

static void
put_gain(json_t *row, const Ranking *k, CrMeasure measure, const Gain *gain)
{
  gboolean spans = measure == CR_MEASURE_SPANS;
  json_object_set_new(row, "measure", json_string(spans ? k->metric : measure_names[measure]));
  json_object_set_new(row, "settled", number(gain->settled));
  json_object_set_new(row, "gain", number(gain->gain));
  if (!spans)
    return;
  json_object_set_new(row, "gain_span_f1_strict", number(gain->f1));
  json_object_set_new(row, "gain_token_kappa", number(gain->kappa));
}

static json_t *
describe_cluster(const Ranking *k, const CrCluster *c)
{
  g_autofree char *question = ask(c);
  json_t *row =
      json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:s}", "kind", c->kind, "what", c->what, "cleared_text",
                c->words, "pattern", c->pattern, "differences", (json_int_t)c->n, "notes",
                (json_int_t)c->n_notes, "critical", (int)c->critical, "question", question);
  put_gain(row, k, c->measure, &g_array_index(k->gains, Gain, c->number));
  json_object_set(row, "examples", c->examples);
  return row;
}

static gint
compare_groups(gconstpointer pa, gconstpointer pb, gpointer ranking)
{
  guint a = *(const guint *)pa, b = *(const guint *)pb;
  const Ranking *k = ranking;
  if (k->measures[a] != k->measures[b])
    return k->measures[a] < k->measures[b] ? -1 : 1;
  gint order =
      by_value(g_array_index(k->group_gains, Gain, a).gain, g_array_index(k->group_gains, Gain, b).gain);
  return order ? order : (a > b) - (a < b);
}

/* One row a kind and what, however its words are. */
static json_t *
describe_groups(const Ranking *k)
{
  json_t *list = json_array();
  guint n = k->in->groups->len;
  g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(guint));
  g_autofree guint *counts = g_new0(guint, n + 1);
  g_autofree const CrCluster **firsts = g_new0(const CrCluster *, n + 1);
  for (guint i = 0; i < k->in->clusters->len; i++) {
    const CrCluster *c = k->in->clusters->pdata[i];
    counts[c->group] += c->n;
    k->measures[c->group] = c->measure;
    firsts[c->group] = firsts[c->group] ? firsts[c->group] : c;
  }
  for (guint i = 0; i < n; i++)
    g_array_append_val(order, i);
  g_array_sort_with_data(order, compare_groups, (gpointer)k);
  for (guint i = 0; i < n; i++) {
    guint group = g_array_index(order, guint, i);
    json_t *row = json_pack("{s:s, s:s, s:I}", "kind", firsts[group]->kind, "what", firsts[group]->what,
                            "differences", (json_int_t)counts[group]);
    put_gain(row, k, firsts[group]->measure, &g_array_index(k->group_gains, Gain, group));
    json_array_append_new(list, row);
  }
  return list;
}

static json_t *
describe_now(const Ranking *k)
{
  static const guint none[2] = {0, 0};
  json_t *now = json_object();
  json_object_set_new(now, "span_f1_strict", number(k->now.strict));
  json_object_set_new(now, "span_f1_partial", number(k->now.partial));
  json_object_set_new(now, "token_kappa", number(k->now.kappa));
  for (guint m = CR_MEASURE_ATTRIBUTES; m < CR_MEASURE_N; m++)
    json_object_set_new(now, measure_names[m],
                        number(gain_of_rest(&k->in->measured[m], (CrMeasure)m, 0, none).now));
  return now;
}

static json_t *
report(const Ranking *k, const CrBatchRow *batch, gint64 n_notes)
{
  json_t *result =
      json_pack("{s:s, s:I, s:I, s:I, s:I, s:s}", "batch", batch->name, "round", (json_int_t)batch->round,
                "guidelines", (json_int_t)batch->guidelines, "notes", (json_int_t)n_notes, "differences",
                (json_int_t)k->in->n_differences, "metric", k->metric);
  json_t *clusters = json_array();
  for (guint i = 0; i < k->ranked->len; i++)
    json_array_append_new(clusters, describe_cluster(k, k->ranked->pdata[i]));
  json_object_set_new(result, "now", describe_now(k));
  json_object_set_new(result, "by_kind", describe_groups(k));
  json_object_set_new(result, "clusters", clusters);
  return result;
}

static gboolean
look_at_batch(CrProject *p, CrRole role, const char *name, guint n_questions, json_t *list, GError **error)
{
  g_autoptr(CrBatchRow) batch = cr_labels_load_batch(p->work, name, error);
  g_autoptr(GPtrArray) notes = batch ? cr_labels_doubly_read(p->work, name, error) : NULL;
  if (!notes || notes->len == 0)
    return notes != NULL;
  g_auto(CrInsight) in;
  cr_insight_init(&in, p);
  g_autofree char *metric = cr_agreement_metric(p), *object = g_strconcat("batch:", name, NULL);
  g_auto(Ranking) k = {.in = &in, .metric = metric};
  gint64 newest, n_stored = 0;
  if (!cr_insight_collect(&in, notes, error) || !measure_gains(&k, error) ||
      !cr_gate_guidelines(p, &newest, error))
    return FALSE;
  rank(&k);
  if (n_questions > 0 && !store_questions(&k, role, newest, n_questions, &n_stored, error))
    return FALSE;
  json_t *result = report(&k, batch, notes->len);
  json_object_set_new(result, "asked", json_integer(n_stored));
  json_array_append_new(list, result);
  g_autofree char *value =
      g_strdup_printf("{\"differences\":%zu,\"clusters\":%u,\"asked\":%" G_GINT64_FORMAT "}",
                      in.n_differences, in.clusters->len, n_stored);
  cr_tx_event(p, role, "batch.compared", object, NULL, value, NULL);
  return TRUE;
}

static gboolean
look_at_all(CrProject *p, CrRole role, const char *batch, guint n_questions, json_t *list, GError **error)
{
  g_autoptr(GPtrArray) names = cr_labels_batch_names(p->work, error);
  for (guint i = 0; names && i < names->len; i++)
    if ((!batch || g_str_equal(batch, names->pdata[i])) &&
        !look_at_batch(p, role, names->pdata[i], n_questions, list, error))
      return FALSE;
  return names != NULL;
}

json_t *
cr_reading_insight(CrProject *p, const char *batch, guint n_questions, GError **error)
{
  g_autoptr(json_t) list = json_array();
  if (!cr_project_require(p, COMPARERS, "seeing what readers disagree about", error) ||
      !cr_agreement_comparable(p, batch, error))
    return NULL;
  CrRole role = cr_reading_role(p, COMPARERS);
  if (!cr_tx_begin(p, error) ||
      !cr_reading_end(p, look_at_all(p, role, batch, n_questions, list, error), error))
    return NULL;
  return g_steal_pointer(&list);
}
