/* What agreement a cluster of disputes holds back: the figures of two readers as they would be if all of its
 * disputes had been settled, once as the first reader has it and once as the second.
 *
 * Every figure is a function of sums of one row a document (grid.h), so only the documents of a cluster are
 * counted anew: their old rows leave the sums and the new ones come in. */
#include "agreement/grid.h"
#include <math.h>
#include <stdlib.h>

typedef struct {
  const CrComparison *comparison;
  const CrLabelSet *readers;
  const CrGrid *grid;
  gsize *starts[2]; /* [n_documents + 1] where each document's spans begin */
  double *sums;     /* [stride] over all documents */
} Whole;

typedef struct {
  const CrDispute *disputes; /* of one cluster, by document */
  gsize n;
} Cluster;

static void
whole_clear(Whole *w)
{
  for (guint side = 0; side < 2; side++)
    g_clear_pointer(&w->starts[side], g_free);
  g_clear_pointer(&w->sums, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Whole, whole_clear)

static double
share(double part, double whole)
{
  return whole > 0 ? part / whole : NAN;
}

static CrSettledFigures
figures_of(const double *sums, guint n_labels)
{
  guint k = n_labels + 1;
  const double *rows = sums + COLUMN_MARGINALS, *columns = rows + k;
  const char *why = NULL;
  return (CrSettledFigures){
      share(2 * sums[COLUMN_STRICT], sums[COLUMN_SPANS]),
      share(sums[COLUMN_PARTIAL_TWICE], sums[COLUMN_SPANS]),
      cr_kappa_from_marginals(sums[COLUMN_TOKENS], sums[COLUMN_TOKENS_ALIKE], rows, columns, k, &why)};
}

static void
add_row(double *sums, const float *row, double weight, gsize n)
{
  for (gsize i = 0; i < n; i++)
    sums[i] += weight * (double)row[i];
}

static gsize *
find_starts(const CrLabelSet *set, guint n_documents)
{
  gsize *starts = g_new(gsize, (gsize)n_documents + 1), at = 0;
  for (guint d = 0; d < n_documents; d++) {
    starts[d] = at;
    while (at < set->n_spans && set->spans[at].document == d)
      at++;
  }
  starts[n_documents] = at;
  return starts;
}

/* ---- one cluster ---- */

static gint
compare_spans(gconstpointer a, gconstpointer b)
{
  const CrLabelSpan *x = a, *y = b;
  if (x->document != y->document)
    return x->document < y->document ? -1 : 1;
  if (x->start != y->start)
    return x->start < y->start ? -1 : 1;
  return (x->end > y->end) - (x->end < y->end);
}

static gboolean
is_disputed(const Cluster *c, guint side, gsize place)
{
  for (gsize i = 0; i < c->n; i++)
    for (guint k = 0; k < c->disputes[i].n_spans[side]; k++)
      if (c->disputes[i].spans[side][k] == place)
        return TRUE;
  return FALSE;
}

static void
append_span(GArray *out, const CrLabelSpan *span, guint document)
{
  CrLabelSpan copy = *span; /* the fragments stay the set's */
  copy.document = document;
  g_array_append_val(out, copy);
}

/* The side's spans of the document; where the other side is right, its disputed spans are the other's. */
static void
append_document(const Whole *w, const Cluster *here, guint side, guint right, guint document, guint as,
                GArray *out)
{
  for (gsize i = w->starts[side][document]; i < w->starts[side][document + 1]; i++)
    if (side == right || !is_disputed(here, side, i))
      append_span(out, &w->readers[side].spans[i], as);
  for (gsize d = 0; side != right && d < here->n; d++)
    for (guint k = 0; k < here->disputes[d].n_spans[right]; k++)
      append_span(out, &w->readers[right].spans[here->disputes[d].spans[right][k]], as);
}

static Cluster
of_document(Cluster cluster, gsize first)
{
  gsize n = 1;
  while (first + n < cluster.n && cluster.disputes[first + n].document == cluster.disputes[first].document)
    n++;
  return (Cluster){cluster.disputes + first, n};
}

/* The cluster's documents as a comparison of their own, settled by one of the readers. */
static CrGrid *
settle(const Whole *w, Cluster cluster, guint right, GError **error)
{
  g_autoptr(GArray) first = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan)),
                    second = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  GArray *const sets[2] = {first, second};
  g_autoptr(GPtrArray) tokens = g_ptr_array_new();
  CrLabelSet readers[2];
  for (gsize i = 0; i < cluster.n;) {
    Cluster here = of_document(cluster, i);
    guint document = here.disputes[0].document;
    for (guint side = 0; side < 2; side++)
      append_document(w, &here, side, right, document, tokens->len, sets[side]);
    g_ptr_array_add(tokens, (gpointer)w->comparison->tokens[document]);
    i += here.n;
  }
  for (guint side = 0; side < 2; side++) {
    g_array_sort(sets[side], compare_spans);
    readers[side] = (CrLabelSet){w->readers[side].reader, (const CrLabelSpan *)(gpointer)sets[side]->data,
                                 sets[side]->len};
  }
  CrComparison comparison = *w->comparison;
  comparison.n_documents = tokens->len;
  comparison.tokens = (const GArray *const *)(gpointer)tokens->pdata;
  return cr_grid_new(&comparison, readers, 2, error);
}

static gboolean
settled_figures(const Whole *w, Cluster cluster, guint right, CrSettledFigures *out, GError **error)
{
  gsize stride = w->grid->stride;
  g_autoptr(CrGrid) grid = settle(w, cluster, right, error);
  g_autofree double *sums = g_memdup2(w->sums, stride * sizeof(double));
  if (!grid)
    return FALSE;
  for (gsize i = 0; i < cluster.n; i += of_document(cluster, i).n)
    add_row(sums, w->grid->rows + cluster.disputes[i].document * stride, -1, stride);
  for (guint d = 0; d < grid->n_documents; d++)
    add_row(sums, grid->rows + d * stride, 1, stride);
  *out = figures_of(sums, grid->n_labels);
  return TRUE;
}

/* ---- all of them ---- */

static gint
compare_disputes(gconstpointer a, gconstpointer b)
{
  const CrDispute *x = a, *y = b;
  if (x->cluster != y->cluster)
    return x->cluster < y->cluster ? -1 : 1;
  return (x->document > y->document) - (x->document < y->document);
}

static gboolean
settle_all(const Whole *w, GArray *disputes, CrSettled *out, GError **error)
{
  const CrDispute *all = (const CrDispute *)(gpointer)disputes->data;
  for (guint i = 0; i < disputes->len;) {
    guint n = 1;
    while (i + n < disputes->len && all[i + n].cluster == all[i].cluster)
      n++;
    Cluster cluster = {all + i, n};
    CrSettled *settled = &out[all[i].cluster];
    if (!settled_figures(w, cluster, 0, &settled->first, error) ||
        !settled_figures(w, cluster, 1, &settled->second, error))
      return FALSE;
    i += n;
  }
  return TRUE;
}

GArray *
cr_agreement_settled(const CrComparison *comparison, const CrLabelSet *readers, const CrDispute *disputes,
                     gsize n_disputes, guint n_clusters, CrSettledFigures *now, GError **error)
{
  g_autoptr(CrGrid) grid = cr_grid_new(comparison, readers, 2, error);
  if (!grid)
    return NULL;
  g_auto(Whole) w = {comparison, readers, grid, {NULL, NULL}, g_new0(double, MAX(grid->stride, 1))};
  for (guint side = 0; side < 2; side++)
    w.starts[side] = find_starts(&readers[side], comparison->n_documents);
  for (guint d = 0; d < grid->n_documents; d++)
    add_row(w.sums, grid->rows + d * grid->stride, 1, grid->stride);
  *now = figures_of(w.sums, grid->n_labels);
  g_autoptr(GArray) sorted = g_array_new(FALSE, FALSE, sizeof(CrDispute)),
                    out = g_array_new(FALSE, TRUE, sizeof(CrSettled));
  if (n_disputes > 0)
    g_array_append_vals(sorted, disputes, (guint)n_disputes);
  g_array_sort(sorted, compare_disputes);
  for (guint c = 0; c < n_clusters; c++) {
    CrSettled unchanged = {*now, *now};
    g_array_append_val(out, unchanged);
  }
  return settle_all(&w, sorted, (CrSettled *)(gpointer)out->data, error) ? g_steal_pointer(&out) : NULL;
}
