/* Krippendorff's alpha for unitizing, the family of 2016: Krippendorff, Mathet, Bouvry & Widlöcher, "On the
 * reliability of unitizing textual continua: further developments", Quality & Quantity 50; formulas as in
 * Krippendorff, Content Analysis (4th ed. 2019), 12.6, eq. 32-38.
 *
 * Each reader parts the continuum into units with a label and gaps. Coincidences are lengths of
 * intersections of the segments of two readers; by chance a unit does not meet itself, which takes the square
 * of its length from what is expected, and a gap meets itself position by position, which takes its length.
 * Where spans of one reader overlap, the shortest is what stands there, as on the token grid. Documents are
 * continua of their own: no segment runs over their ends, and lengths add up. */
#include "agreement/unitizing.h"
#include <math.h>
#include <string.h>

/* Sums over documents. Behind them: length under each label and in gaps; then for each label what meets units
 * of others, what of that meets the same label, and the squares of units' lengths there. */
enum { ALL, SELF, ALIKE, GAPS_ALIKE, VALUED, N_SINGLE };

typedef struct {
  const CrComparison *comparison;
  const CrLabelSet *readers;
  guint n_readers, k; /* k labels; the gap is label k */
  gsize stride;
  float *rows; /* [n_documents][stride] */
  guint64 n_hidden;
} Family;

static gsize
column_length(const Family *f, guint label)
{
  (void)f;
  return N_SINGLE + (gsize)label;
}

static gsize
column_met(const Family *f, guint label)
{
  return N_SINGLE + (gsize)f->k + 1 + label;
}

static gsize
column_met_alike(const Family *f, guint label)
{
  return column_met(f, label) + f->k;
}

static gsize
column_met_self(const Family *f, guint label)
{
  return column_met(f, label) + 2 * (gsize)f->k;
}

gsize
cr_continuum_length(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers,
                    guint document)
{
  const GArray *tokens = comparison->tokens ? comparison->tokens[document] : NULL;
  gsize length = comparison->lengths ? comparison->lengths[document] : 0;
  if (tokens && tokens->len > 0)
    length = MAX(length, g_array_index(tokens, CrSpan, tokens->len - 1).end);
  for (guint r = 0; r < n_readers; r++)
    for (gsize i = 0; i < readers[r].n_spans; i++)
      if (readers[r].spans[i].document == document)
        length = MAX(length, readers[r].spans[i].end);
  return length;
}

/* ---- one document: cells between all bounds, each with every reader's label ---- */

typedef struct {
  gsize start, end, length; /* length: of the whole span */
  guint label, span;
} Piece;

typedef struct {
  const Family *f;
  GArray *bounds; /* gsize, ascending, from 0 to the length */
  GArray *pieces; /* Piece, of one reader */
  guint n_cells;
  guint *labels, *units; /* [reader][cell]; units: which span, 0 = gap */
} Sheet;

static int
compare_sizes(gconstpointer a, gconstpointer b)
{
  const gsize x = *(const gsize *)a, y = *(const gsize *)b;
  return (x > y) - (x < y);
}

/* The shortest first; of equals the label that comes first. */
static int
compare_pieces(gconstpointer pa, gconstpointer pb)
{
  const Piece *a = pa, *b = pb;
  const gsize x[] = {a->length, a->label, a->start}, y[] = {b->length, b->label, b->start};
  for (guint i = 0; i < 3; i++)
    if (x[i] != y[i])
      return x[i] < y[i] ? -1 : 1;
  return 0;
}

static void
add_span(GArray *pieces, const CrLabelSpan *span, guint number)
{
  gsize length = span->end - span->start;
  if (span->fragments) {
    length = 0;
    for (guint i = 0; i < span->fragments->len; i++)
      length +=
          g_array_index(span->fragments, CrSpan, i).end - g_array_index(span->fragments, CrSpan, i).start;
  }
  for (guint i = 0; i < (span->fragments ? span->fragments->len : 1); i++) {
    const CrSpan at =
        span->fragments ? g_array_index(span->fragments, CrSpan, i) : (CrSpan){span->start, span->end};
    const Piece piece = {at.start, at.end, length, span->label, number};
    if (at.end > at.start)
      g_array_append_val(pieces, piece);
  }
}

static guint
cell_at(const Sheet *s, gsize bound)
{
  guint low = 0, high = s->bounds->len;
  while (low < high) {
    const guint mid = low + (high - low) / 2;
    if (g_array_index(s->bounds, gsize, mid) < bound)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

/* next[i]: the first cell from i on that is still free. */
static guint
free_from(guint *next, guint i)
{
  guint root = i;
  while (next[root] != root)
    root = next[root];
  while (next[i] != root) {
    const guint after = next[i];
    next[i] = root;
    i = after;
  }
  return root;
}

/* How many spans come to nothing. */
static guint
paint(Sheet *s, guint reader)
{
  guint *labels = s->labels + (gsize)reader * s->n_cells, *units = s->units + (gsize)reader * s->n_cells;
  g_autofree guint *next = g_new(guint, (gsize)s->n_cells + 1);
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL), shown = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i <= s->n_cells; i++)
    next[i] = i;
  for (guint i = 0; i < s->n_cells; i++)
    labels[i] = s->f->k, units[i] = 0;
  g_array_sort(s->pieces, compare_pieces);
  for (guint p = 0; p < s->pieces->len; p++) {
    const Piece *piece = &g_array_index(s->pieces, Piece, p);
    const guint end = cell_at(s, piece->end);
    g_hash_table_add(seen, GUINT_TO_POINTER(piece->span));
    for (guint c = free_from(next, cell_at(s, piece->start)); c < end; c = free_from(next, c)) {
      labels[c] = piece->label, units[c] = piece->span;
      next[c] = c + 1;
      g_hash_table_add(shown, GUINT_TO_POINTER(piece->span));
    }
  }
  return g_hash_table_size(seen) - g_hash_table_size(shown);
}

static void
count_cell(const Sheet *s, guint cell, guint *by_label, double *row)
{
  const Family *f = s->f;
  const double m1 = f->n_readers - 1, x = (double)(g_array_index(s->bounds, gsize, cell + 1) -
                                                   g_array_index(s->bounds, gsize, cell));
  guint valued = 0;
  for (guint r = 0; r < f->n_readers; r++) {
    const guint label = s->labels[(gsize)r * s->n_cells + cell];
    by_label[label]++;
    valued += label < f->k;
    row[column_length(f, label)] += x;
  }
  row[VALUED] += x * valued * (valued > 0 ? valued - 1 : 0) / m1;
  for (guint r = 0; r < f->n_readers; r++) {
    const guint label = s->labels[(gsize)r * s->n_cells + cell], n = by_label[label];
    by_label[label] = 0; /* once a label */
    if (n == 0)
      continue;
    row[ALIKE] += x * n * (n - 1) / m1;
    if (label == f->k)
      row[GAPS_ALIKE] += x * n * (n - 1) / m1;
    else {
      row[column_met(f, label)] += x * n * (valued - 1) / m1;
      row[column_met_alike(f, label)] += x * n * (n - 1) / m1;
    }
  }
}

static gboolean
has_others(const Sheet *s, guint reader, guint cell)
{
  for (guint r = 0; r < s->f->n_readers; r++)
    if (r != reader && s->labels[(gsize)r * s->n_cells + cell] < s->f->k)
      return TRUE;
  return FALSE;
}

/* Of a reader's segments: their own share of what could meet. */
static void
count_segments(const Sheet *s, guint reader, double *row)
{
  const Family *f = s->f;
  const guint *labels = s->labels + (gsize)reader * s->n_cells,
              *units = s->units + (gsize)reader * s->n_cells;
  for (guint c = 0, end; c < s->n_cells; c = end) {
    double length = 0, met = 0;
    for (end = c; end < s->n_cells && units[end] == units[c]; end++) {
      const double x =
          (double)(g_array_index(s->bounds, gsize, end + 1) - g_array_index(s->bounds, gsize, end));
      length += x;
      met += units[c] != 0 && has_others(s, reader, end) ? x : 0;
    }
    row[SELF] += units[c] == 0 ? length : length * length;
    if (units[c] != 0)
      row[column_met_self(f, labels[c])] += met * met;
  }
}

/* first: of each reader the place where the document's spans begin; moved behind them. */
static void
count_document(Family *f, guint document, gsize *first)
{
  g_autoptr(GArray) bounds = g_array_new(FALSE, FALSE, sizeof(gsize));
  g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  gsize zero = 0, length = f->comparison->lengths ? f->comparison->lengths[document] : 0;
  const GArray *tokens = f->comparison->tokens ? f->comparison->tokens[document] : NULL;
  if (tokens && tokens->len > 0)
    length = MAX(length, g_array_index(tokens, CrSpan, tokens->len - 1).end);
  g_array_append_val(bounds, zero);
  for (guint r = 0; r < f->n_readers; r++) {
    GArray *own = g_array_new(FALSE, FALSE, sizeof(Piece));
    const CrLabelSet *set = &f->readers[r];
    g_ptr_array_add(pieces, own);
    for (guint number = 1; first[r] < set->n_spans && set->spans[first[r]].document == document;
         first[r]++, number++)
      add_span(own, &set->spans[first[r]], number);
    for (guint p = 0; p < own->len; p++) {
      const Piece *piece = &g_array_index(own, Piece, p);
      g_array_append_val(bounds, piece->start);
      g_array_append_val(bounds, piece->end);
      length = MAX(length, piece->end);
    }
  }
  if (length == 0)
    return;
  g_array_append_val(bounds, length);
  g_array_sort(bounds, compare_sizes);
  guint kept = 1;
  for (guint i = 1; i < bounds->len; i++)
    if (g_array_index(bounds, gsize, i) != g_array_index(bounds, gsize, kept - 1))
      g_array_index(bounds, gsize, kept++) = g_array_index(bounds, gsize, i);
  g_array_set_size(bounds, kept);
  const gsize n = (gsize)f->n_readers * (kept - 1);
  g_autofree guint *labels = g_new(guint, n), *units = g_new(guint, n),
                   *by_label = g_new0(guint, (gsize)f->k + 1);
  g_autofree double *row = g_new0(double, f->stride);
  Sheet s = {f, bounds, NULL, kept - 1, labels, units};
  for (guint r = 0; r < f->n_readers; r++) {
    s.pieces = pieces->pdata[r];
    f->n_hidden += paint(&s, r);
  }
  row[ALL] = (double)length * f->n_readers;
  for (guint c = 0; c < s.n_cells; c++)
    count_cell(&s, c, by_label, row);
  for (guint r = 0; r < f->n_readers; r++)
    count_segments(&s, r, row);
  for (gsize i = 0; i < f->stride; i++)
    f->rows[(gsize)document * f->stride + i] = (float)row[i];
}

/* ---- figures ---- */

typedef enum {
  FIGURE_U,
  FIGURE_BINARY,
  FIGURE_CU,
  N_FIGURES
} Figure; /* from N_FIGURES on: (k)u of a label */

static double
one_less(double observed, double expected)
{
  return expected > 0 ? 1 - observed / expected : NAN;
}

static double
of_all(const Family *f, const double *s, Figure figure)
{
  const double n = s[ALL], gaps = s[column_length(f, f->k)], left = n * n - s[SELF];
  double squares = 0;
  if (figure == FIGURE_BINARY)
    return one_less(2 * (gaps - s[GAPS_ALIKE]), 2 * gaps * (n - gaps) * n / left);
  for (guint label = 0; label <= f->k; label++)
    squares += s[column_length(f, label)] * s[column_length(f, label)];
  return one_less(n - s[ALIKE], (n * n - squares) * n / left);
}

static double
of_coding(const Family *f, const double *s, gint of_label)
{
  const double n = s[VALUED];
  double alike = 0, squares = 0, self = 0;
  for (guint label = 0; label < f->k; label++) {
    alike += s[column_met_alike(f, label)];
    squares += s[column_met(f, label)] * s[column_met(f, label)];
    self += s[column_met_self(f, label)];
  }
  if (of_label < 0)
    return n > 0 && n * n > self ? one_less(n - alike, (n * n - squares) * n / (n * n - self)) : NAN;
  const double met = s[column_met(f, (guint)of_label)], left = n - self / MAX(n, 1);
  const double expected = (met * n - s[column_met_self(f, (guint)of_label)]) / left,
               expected_other = met * (n - met) / left;
  return met > 0 && left > 0 && expected_other > 0
             ? 1 - expected / met * (met - s[column_met_alike(f, (guint)of_label)]) / expected_other
             : NAN;
}

static double
figure_of(const Family *f, const double *sums, guint figure)
{
  if (figure == FIGURE_U || figure == FIGURE_BINARY)
    return of_all(f, sums, (Figure)figure);
  return of_coding(f, sums, figure == FIGURE_CU ? -1 : (gint)(figure - N_FIGURES));
}

/* ---- intervals ---- */

typedef struct {
  const Family *f;
  guint n_figures, n_resamples;
  double *drawn, *sums;
} Drawn;

static void
draw_cb(const double *sums, guint resample, gpointer data)
{
  Drawn *d = data;
  for (guint i = 0; i < d->n_figures; i++)
    d->drawn[(gsize)i * d->n_resamples + resample] = figure_of(d->f, sums, i);
}

static json_t *
number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
with_interval(double value, CrInterval interval, const char *name, const char *why, json_t *notes)
{
  if (!isfinite(value)) {
    g_autofree char *full = g_strconcat("unitizing_alpha", *name ? "." : "", name, NULL);
    json_object_set_new(notes, full, json_string(why));
    return json_null();
  }
  json_t *out = json_object();
  json_object_set_new(out, "value", number(value));
  json_object_set_new(out, "low", number(interval.low));
  json_object_set_new(out, "high", number(interval.high));
  return out;
}

static json_t *
figure_json(const Drawn *d, guint figure, const char *name, json_t *notes)
{
  const guint n = d->f->comparison->n_documents;
  const double value = figure_of(d->f, d->sums, figure);
  g_autofree double *jackknife = g_new(double, n), *less = g_new(double, d->f->stride);
  for (guint doc = 0; doc < n; doc++) {
    for (gsize i = 0; i < d->f->stride; i++)
      less[i] = d->sums[i] - (double)d->f->rows[(gsize)doc * d->f->stride + i];
    jackknife[doc] = figure_of(d->f, less, figure);
  }
  CrInterval interval =
      cr_interval(value, d->drawn + (gsize)figure * d->n_resamples, d->n_resamples, jackknife, n);
  if (n < 2)
    interval.low = interval.high = NAN;
  return with_interval(value, interval, name,
                       figure < FIGURE_CU ? "one label, or gaps alone, fill the notes"
                                          : "no units of two readers meet, or all of them have one label",
                       notes);
}

/* Percentiles; as many resamples as take about a second. */
static CrInterval
interval_2004(const CrAlpha2004 *alpha, guint n_documents, guint n_resamples, guint64 seed, double value)
{
  const CrInterval none = {NAN, NAN, FALSE, 0};
  const gsize most = 50000000 / MAX(cr_alpha_2004_size(alpha), 1);
  const guint n = (guint)MIN(most, n_resamples);
  CrRandom random = {seed};
  if (n < 100 || n_documents < 2)
    return none;
  g_autofree double *values = g_new(double, n);
  g_autofree guint *weights = g_new(guint, n_documents);
  for (guint i = 0; i < n; i++) {
    memset(weights, 0, n_documents * sizeof *weights);
    for (guint d = 0; d < n_documents; d++)
      weights[cr_random_below(&random, n_documents)]++;
    values[i] = cr_alpha_2004_value(alpha, -1, weights);
  }
  return cr_interval(value, values, n, NULL, 0);
}

/* ---- the report ---- */

static void
set_2004(json_t *out, const Family *f, guint n_resamples, json_t *notes)
{
  g_autoptr(CrAlpha2004) alpha = cr_alpha_2004_new(f->comparison, f->readers);
  const double value = cr_alpha_2004_value(alpha, -1, NULL);
  const CrInterval interval =
      interval_2004(alpha, f->comparison->n_documents, n_resamples, f->comparison->seed & G_MAXINT64, value);
  g_autoptr(json_t) whole = with_interval(value, interval, "", "neither reader has a unit", notes);
  if (json_is_object(whole))
    json_object_update(out, whole);
  else
    json_object_set(out, "value", whole);
  for (guint label = 0; label < f->k; label++)
    json_object_set_new(json_object_get(json_object_get(out, "per_label"), f->comparison->labels[label]),
                        "alpha_2004", number(cr_alpha_2004_value(alpha, (gint)label, NULL)));
}

static json_t *
labels_json(const Drawn *d, json_t *notes)
{
  const Family *f = d->f;
  json_t *out = json_object();
  for (guint label = 0; label < f->k; label++) {
    const double length = d->sums[column_length(f, label)], met = d->sums[column_met(f, label)];
    g_autofree char *name = g_strdup_printf("per_label.%s.ku", f->comparison->labels[label]);
    json_t *row = json_object();
    json_object_set_new(row, "ku", figure_json(d, N_FIGURES + label, name, notes));
    json_object_set_new(row, "coverage", number(length > 0 ? met / length : NAN));
    json_object_set_new(out, f->comparison->labels[label], row);
  }
  return out;
}

static json_t *
report(const Family *f, guint n_resamples, json_t *notes)
{
  static const char *const names[N_FIGURES] = {"u", "binary", "cu"};
  Drawn d = {f, N_FIGURES + f->k, n_resamples, NULL, NULL};
  json_t *out = json_object();
  d.drawn = g_new(double, (gsize)d.n_figures *n_resamples);
  d.sums = g_new0(double, f->stride);
  for (gsize i = 0; i < f->comparison->n_documents * f->stride; i++)
    d.sums[i % f->stride] += (double)f->rows[i];
  cr_resample_rows(f->rows, f->comparison->n_documents, f->stride, n_resamples,
                   f->comparison->seed & G_MAXINT64, draw_cb, &d);
  const gboolean pair = f->n_readers == 2;
  json_object_set_new(out, "version",
                      json_string(pair ? "Krippendorff 2004 (value, alpha_2004); Krippendorff, Mathet, "
                                         "Bouvry & Widlöcher 2016 (u, binary, cu, ku)"
                                       : "Krippendorff, Mathet, Bouvry & Widlöcher 2016"));
  for (guint i = 0; i < N_FIGURES; i++)
    json_object_set_new(out, names[i], figure_json(&d, i, names[i], notes));
  json_object_set_new(out, "per_label", labels_json(&d, notes));
  json_object_set_new(out, "hidden", json_integer((json_int_t)f->n_hidden));
  if (pair)
    set_2004(out, f, n_resamples, notes);
  else if (json_is_object(json_object_get(out, "u")))
    json_object_update(out, json_object_get(out, "u"));
  else
    json_object_set_new(out, "value", json_null());
  g_free(d.drawn);
  g_free(d.sums);
  return out;
}

json_t *
cr_unitizing_report(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers,
                    guint n_resamples, json_t *notes)
{
  Family f = {
      .comparison = comparison, .readers = readers, .n_readers = n_readers, .k = comparison->n_labels};
  g_autofree gsize *first = g_new0(gsize, n_readers);
  f.stride = N_SINGLE + 1 + 4 * (gsize)f.k;
  f.rows = g_new0(float, MAX(comparison->n_documents * f.stride, 1));
  for (guint d = 0; d < comparison->n_documents; d++)
    count_document(&f, d, first);
  json_t *out = report(&f, n_resamples, notes);
  g_free(f.rows);
  return out;
}
