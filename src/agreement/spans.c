/* Agreement of readers over documents: span F1 and kappa on the token grid, for each pair of readers and on
 * average, with intervals over resampled documents; what the grid leaves out, and warnings.
 *
 * All figures of one resample come from the same documents, so the mean over pairs has its interval too. */
#include "agreement/gamma.h"
#include "agreement/grid.h"
#include "agreement/unitizing.h"
#include <math.h>

/* ---- figures ---- */

typedef enum { F1_STRICT, F1_EXACT, F1_PARTIAL, F1_TYPE, TOKEN_KAPPA, TOKEN_AC1, N_WHOLE } Whole;
typedef enum { LABEL_F1_STRICT, LABEL_F1_PARTIAL, LABEL_KAPPA, N_PER_LABEL } PerLabel;
static const char *const whole_names[N_WHOLE] = {"strict", "exact",       "partial",
                                                 "type",   "token_kappa", "token_ac1"};

/* Figure f: a Whole, or from N_WHOLE on N_PER_LABEL of each label. */
static guint
n_figures(const CrGrid *grid)
{
  return N_WHOLE + N_PER_LABEL * grid->n_labels;
}

/* Sums over documents of one pair's columns; minus (may be NULL): a document to leave out. */
typedef struct {
  const double *sums;
  const float *minus;
} Sums;

static double
at(Sums s, guint column)
{
  return s.sums[column] - (s.minus ? (double)s.minus[column] : 0);
}

static double
ratio(double part, double whole, const char **why)
{
  if (whole > 0)
    return part / whole;
  *why = "neither reader marked anything";
  return NAN;
}

static double
token_figure(const CrGrid *grid, Sums s, Whole figure, const char **why)
{
  guint k = grid->n_labels + 1;
  double *rows = g_newa(double, 2 * (gsize)k), *columns = rows + k;
  for (guint c = 0; c < 2 * k; c++)
    rows[c] = at(s, COLUMN_MARGINALS + c);
  double n = at(s, COLUMN_TOKENS), alike = at(s, COLUMN_TOKENS_ALIKE);
  return figure == TOKEN_KAPPA ? cr_kappa_from_marginals(n, alike, rows, columns, k, why)
                               : cr_ac1_from_marginals(n, alike, rows, columns, k, why);
}

static double
label_figure(const CrGrid *grid, Sums s, guint label, PerLabel figure, const char **why)
{
  guint base = cr_column_label(grid->n_labels, label);
  if (figure == LABEL_F1_STRICT)
    return ratio(2 * at(s, base + LABEL_STRICT), at(s, base + LABEL_SPANS), why);
  if (figure == LABEL_F1_PARTIAL)
    return ratio(at(s, base + LABEL_PARTIAL_TWICE), at(s, base + LABEL_SPANS), why);
  double n = at(s, COLUMN_TOKENS), a = at(s, base + LABEL_TOKENS_A), b = at(s, base + LABEL_TOKENS_B),
         both = at(s, base + LABEL_TOKENS_BOTH);
  const double rows[] = {a, n - a}, columns[] = {b, n - b};
  return cr_kappa_from_marginals(n, n - a - b + 2 * both, rows, columns, 2, why);
}

static double
figure_of_pair(const CrGrid *grid, Sums s, guint f, const char **why)
{
  switch (f) {
  case F1_STRICT:
    return ratio(2 * at(s, COLUMN_STRICT), at(s, COLUMN_SPANS), why);
  case F1_EXACT:
    return ratio(2 * at(s, COLUMN_EXACT), at(s, COLUMN_SPANS), why);
  case F1_PARTIAL:
    return ratio(at(s, COLUMN_PARTIAL_TWICE), at(s, COLUMN_SPANS), why);
  case F1_TYPE:
    return ratio(2 * at(s, COLUMN_TYPE), at(s, COLUMN_SPANS), why);
  case TOKEN_KAPPA:
  case TOKEN_AC1:
    return token_figure(grid, s, (Whole)f, why);
  default:
    return label_figure(grid, s, (f - N_WHOLE) / N_PER_LABEL, (PerLabel)((f - N_WHOLE) % N_PER_LABEL), why);
  }
}

/* pair -1: the mean over the pairs for which the figure is defined. */
static double
figure_value(const CrGrid *grid, const double *sums, const float *minus, gint pair, guint f, const char **why)
{
  guint width = cr_n_columns(grid->n_labels), n_defined = 0;
  double sum = 0;
  for (guint p = pair < 0 ? 0 : (guint)pair; p < (pair < 0 ? grid->n_pairs : (guint)pair + 1); p++) {
    Sums s = {sums + (gsize)p * width, minus ? minus + (gsize)p * width : NULL};
    double value = figure_of_pair(grid, s, f, why);
    sum += isnan(value) ? 0 : value;
    n_defined += !isnan(value);
  }
  return n_defined ? sum / n_defined : NAN;
}

/* ---- resampling ---- */

typedef struct {
  const CrGrid *grid;
  double *sums; /* [stride] over all documents */
  guint n_resamples;
  double *drawn;   /* [n_series][n_resamples] */
  double *scratch; /* [n_documents] for the jackknife */
} Bootstrap;

/* Series: every figure on average, then, with more than one pair, the whole-set figures of each pair. */
static guint
n_series(const CrGrid *grid)
{
  return n_figures(grid) + (grid->n_pairs > 1 ? N_WHOLE * grid->n_pairs : 0);
}

static void
series_meaning(const CrGrid *grid, guint series, gint *pair, guint *figure)
{
  guint n = n_figures(grid);
  *pair = series < n ? -1 : (gint)((series - n) / N_WHOLE);
  *figure = series < n ? series : (series - n) % N_WHOLE;
}

static void
add_row(double *sums, const float *row, double weight, gsize n)
{
  for (gsize i = 0; i < n; i++)
    sums[i] += weight * (double)row[i];
}

static void
draw_cb(const double *sums, guint resample, gpointer data)
{
  Bootstrap *b = data;
  for (guint series = 0; series < n_series(b->grid); series++) {
    gint pair;
    guint figure;
    const char *why = NULL;
    series_meaning(b->grid, series, &pair, &figure);
    b->drawn[(gsize)series * b->n_resamples + resample] =
        figure_value(b->grid, sums, NULL, pair, figure, &why);
  }
}

static void
bootstrap_run(Bootstrap *b, guint64 seed)
{
  const CrGrid *grid = b->grid;
  b->sums = g_new0(double, MAX(grid->stride, 1));
  for (guint d = 0; d < grid->n_documents; d++)
    add_row(b->sums, grid->rows + d * grid->stride, 1, grid->stride);
  b->drawn = g_new(double, (gsize)n_series(grid) * b->n_resamples);
  b->scratch = g_new(double, grid->n_documents);
  cr_resample_rows(grid->rows, grid->n_documents, grid->stride, b->n_resamples, seed, draw_cb, b);
}

static void
bootstrap_clear(Bootstrap *b)
{
  g_clear_pointer(&b->sums, g_free);
  g_clear_pointer(&b->drawn, g_free);
  g_clear_pointer(&b->scratch, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bootstrap, bootstrap_clear)

static CrInterval
interval_of(Bootstrap *b, guint series, double value)
{
  const CrGrid *grid = b->grid;
  gint pair;
  guint figure;
  const char *why = NULL;
  series_meaning(grid, series, &pair, &figure);
  for (guint d = 0; d < grid->n_documents; d++)
    b->scratch[d] = figure_value(grid, b->sums, grid->rows + d * grid->stride, pair, figure, &why);
  CrInterval interval = cr_interval(value, b->drawn + (gsize)series * b->n_resamples, b->n_resamples,
                                    b->scratch, grid->n_documents);
  if (grid->n_documents < 2)
    interval.low = interval.high = NAN;
  return interval;
}

/* ---- the report ---- */

typedef struct {
  const CrComparison *comparison;
  const CrLabelSet *readers;
  Bootstrap *bootstrap;
  json_t *notes, *warnings;
  guint n_flat; /* intervals of no width */
} Report;

static void warn(Report *r, const char *code, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void
warn(Report *r, const char *code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  json_array_append_new(r->warnings, json_pack("{s:s, s:s}", "code", code, "message", message));
}

static json_t *
number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

/* {value, low, high}, or null with a note under name. */
static json_t *
estimate(Report *r, guint series, const char *name)
{
  const CrGrid *grid = r->bootstrap->grid;
  gint pair;
  guint figure;
  const char *why = NULL;
  series_meaning(grid, series, &pair, &figure);
  double value = figure_value(grid, r->bootstrap->sums, NULL, pair, figure, &why);
  if (isnan(value)) {
    json_object_set_new(r->notes, name, json_string(why));
    return json_null();
  }
  CrInterval interval = interval_of(r->bootstrap, series, value);
  r->n_flat += interval.is_flat && pair < 0 && figure < N_WHOLE;
  json_t *object = json_object();
  json_object_set_new(object, "value", number(value));
  json_object_set_new(object, "low", number(interval.low));
  json_object_set_new(object, "high", number(interval.high));
  return object;
}

static void
put_whole(Report *r, json_t *out, guint first_series, const char *where)
{
  json_t *f1 = json_object();
  for (guint f = 0; f <= F1_TYPE; f++) {
    g_autofree char *name = g_strdup_printf("%sspan_f1.%s", where, whole_names[f]);
    json_object_set_new(f1, whole_names[f], estimate(r, first_series + f, name));
  }
  json_object_set_new(out, "span_f1", f1);
  for (guint f = TOKEN_KAPPA; f < N_WHOLE; f++) {
    g_autofree char *name = g_strconcat(where, whole_names[f], NULL);
    json_object_set_new(out, whole_names[f], estimate(r, first_series + f, name));
  }
}

static json_t *
span_counts(const Report *r, guint label)
{
  const CrGrid *grid = r->bootstrap->grid;
  json_t *counts = json_array();
  for (guint i = 0; i < grid->n_readers; i++)
    json_array_append_new(counts, json_integer((json_int_t)grid->readers[i].spans[label]));
  return counts;
}

static json_t *
label_report(Report *r, guint label)
{
  guint series = N_WHOLE + label * N_PER_LABEL;
  const char *name = r->comparison->labels[label];
  g_autofree char *strict = g_strdup_printf("per_label.%s.span_f1.strict", name),
                  *partial = g_strdup_printf("per_label.%s.span_f1.partial", name),
                  *kappa = g_strdup_printf("per_label.%s.token_kappa", name);
  json_t *f1 = json_object(), *out = json_object();
  json_object_set_new(out, "spans", span_counts(r, label));
  json_object_set_new(f1, "strict", estimate(r, series + LABEL_F1_STRICT, strict));
  json_object_set_new(f1, "partial", estimate(r, series + LABEL_F1_PARTIAL, partial));
  json_object_set_new(out, "span_f1", f1);
  json_object_set_new(out, "token_kappa", estimate(r, series + LABEL_KAPPA, kappa));
  return out;
}

static json_t *
pairs_report(Report *r)
{
  const CrGrid *grid = r->bootstrap->grid;
  json_t *out = json_array();
  guint series = n_figures(grid);
  for (guint i = 0; i < grid->n_readers; i++)
    for (guint j = i + 1; j < grid->n_readers; j++, series += N_WHOLE) {
      g_autofree char *where = g_strdup_printf("pairs.%s.%s.", r->readers[i].reader, r->readers[j].reader);
      json_t *pair = json_object();
      json_object_set_new(pair, "readers", json_pack("[s, s]", r->readers[i].reader, r->readers[j].reader));
      put_whole(r, pair, series, where);
      json_array_append_new(out, pair);
    }
  return out;
}

static json_t *
dropped_report(Report *r)
{
  const CrGrid *grid = r->bootstrap->grid;
  json_t *out = json_array();
  for (guint i = 0; i < grid->n_readers; i++) {
    const CrReaderCounts *counts = &grid->readers[i];
    const char *reader = r->readers[i].reader;
    json_array_append_new(out, json_pack("{s:s, s:I, s:I}", "reader", reader, "overlapping_tokens",
                                         (json_int_t)counts->overlapping_tokens, "spans_without_token",
                                         (json_int_t)counts->spans_without_token));
    if (counts->overlapping_tokens)
      warn(r, "overlap",
           "%s: %" G_GUINT64_FORMAT
           " tokens carry more than one label; token_kappa counts the shortest span's "
           "(the kappas per label count all)",
           reader, counts->overlapping_tokens);
    if (counts->spans_without_token)
      warn(r, "off-grid", "%s: %" G_GUINT64_FORMAT " spans touch no token and are in span_f1 only", reader,
           counts->spans_without_token);
  }
  return out;
}

/* ---- what would mislead ---- */

/* Shares of all tokens by category, both sides of every pair together. */
static json_t *
prevalence_report(const Report *r, double *largest, const char **largest_name)
{
  const CrGrid *grid = r->bootstrap->grid;
  guint k = grid->n_labels + 1, width = cr_n_columns(grid->n_labels);
  json_t *out = json_object();
  *largest = 0;
  *largest_name = "O";
  for (guint c = 0; c < k; c++) {
    double tokens = 0, under = 0;
    for (guint p = 0; p < grid->n_pairs; p++) {
      const double *sums = r->bootstrap->sums + (gsize)p * width;
      tokens += 2 * sums[COLUMN_TOKENS];
      under += sums[COLUMN_MARGINALS + c] + sums[COLUMN_MARGINALS + k + c];
    }
    const char *name = c < grid->n_labels ? r->comparison->labels[c] : "O";
    double share = tokens > 0 ? under / tokens : 0;
    json_object_set_new(out, name, json_real(share));
    if (share > *largest) {
      *largest = share;
      *largest_name = name;
    }
  }
  return out;
}

static double
mean_token_agreement(const Report *r)
{
  const CrGrid *grid = r->bootstrap->grid;
  const double *sums = r->bootstrap->sums;
  double mean = 0;
  for (guint p = 0; p < grid->n_pairs; p++, sums += cr_n_columns(grid->n_labels))
    mean += sums[COLUMN_TOKENS] > 0 ? sums[COLUMN_TOKENS_ALIKE] / sums[COLUMN_TOKENS] : 0;
  return mean / grid->n_pairs;
}

static void
warn_prevalence(Report *r, const json_t *out, double share, const char *name)
{
  double percent = mean_token_agreement(r);
  const json_t *kappa = json_object_get(json_object_get(out, "token_kappa"), "value"),
               *ac1 = json_object_get(json_object_get(out, "token_ac1"), "value");
  if (json_is_real(kappa) && share >= 0.8 && percent >= 0.8 && percent - json_real_value(kappa) >= 0.3)
    warn(r, "prevalence",
         "%.0f %% of the tokens are %s: token_kappa (%.2f) is low beside the agreement (%.2f) for that "
         "reason; "
         "read token_ac1 (%.2f) and span_f1 with it",
         share * 100, name, json_real_value(kappa), percent, json_real_value(ac1));
}

static void
warn_documents(Report *r)
{
  guint n = r->comparison->n_documents;
  if (n < 10)
    warn(r, "few-documents", "%u document%s: intervals over so few documents are rough", n,
         n == 1 ? "" : "s");
  if (r->n_flat && n > 1)
    warn(r, "interval-flat",
         "%u of the figures came out the same in every resample: the width of 0 says that these documents "
         "hold "
         "no variation, not that the figure is certain",
         r->n_flat);
}

static void
warn_labels(Report *r)
{
  const CrGrid *grid = r->bootstrap->grid;
  for (guint l = 0; l < grid->n_labels; l++) {
    guint64 most = 0;
    for (guint i = 0; i < grid->n_readers; i++)
      most = MAX(most, grid->readers[i].spans[l]);
    if (most > 0 && most < 10)
      warn(r, "rare-label",
           "%s: no reader has more than %" G_GUINT64_FORMAT " spans of it: its figures are rough",
           r->comparison->labels[l], most);
  }
}

static json_t *
reader_names(const Report *r)
{
  json_t *names = json_array();
  for (guint i = 0; i < r->bootstrap->grid->n_readers; i++)
    json_array_append_new(names, json_string(r->readers[i].reader));
  return names;
}

static json_t *
make_report(Report *r, guint64 seed)
{
  const CrGrid *grid = r->bootstrap->grid;
  json_t *out = json_object(), *per_label = json_object();
  double share = 0;
  const char *name = NULL;
  json_object_set_new(out, "documents", json_integer(grid->n_documents));
  json_object_set_new(out, "readers", reader_names(r));
  put_whole(r, out, 0, "");
  json_object_set_new(out, "token_percent", number(mean_token_agreement(r)));
  json_object_set_new(out, "token_prevalence", prevalence_report(r, &share, &name));
  for (guint l = 0; l < grid->n_labels; l++)
    json_object_set_new(per_label, r->comparison->labels[l], label_report(r, l));
  json_object_set_new(out, "per_label", per_label);
  json_object_set_new(
      out, "unitizing_alpha",
      cr_unitizing_report(r->comparison, r->readers, grid->n_readers, r->bootstrap->n_resamples, r->notes));
  json_object_set_new(out, "gamma", cr_gamma_report(r->comparison, r->readers, grid->n_readers, r->notes));
  if (grid->n_pairs > 1)
    json_object_set_new(out, "pairs", pairs_report(r));
  json_object_set_new(out, "dropped", dropped_report(r));
  json_object_set_new(out, "intervals",
                      json_pack("{s:s, s:i, s:I}", "method", "BCa bootstrap over documents, 95 %",
                                "resamples", (int)r->bootstrap->n_resamples, "seed",
                                (json_int_t)(seed & G_MAXINT64)));
  warn_documents(r);
  warn_labels(r);
  warn_prevalence(r, out, share, name);
  json_object_set_new(out, "notes", r->notes);
  json_object_set_new(out, "warnings", r->warnings);
  return out;
}

json_t *
cr_agreement_spans(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers, GError **error)
{
  if (n_readers < 2 || comparison->n_documents == 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_COMPARABLE, "agreement: %s",
                n_readers < 2 ? "needs two readers" : "no note that every reader has read");
    return NULL;
  }
  if (comparison->n_labels > CR_GRID_MAX_LABELS) {
    g_set_error(error, CR_ERROR, CR_ERROR_LIMIT, "agreement: %u labels, more than %u", comparison->n_labels,
                CR_GRID_MAX_LABELS);
    return NULL;
  }
  g_autoptr(CrGrid) grid = cr_grid_new(comparison, readers, n_readers, error);
  if (!grid)
    return NULL;
  g_auto(Bootstrap)
      bootstrap = {.grid = grid, .n_resamples = comparison->n_bootstrap ? comparison->n_bootstrap : 2000};
  bootstrap_run(&bootstrap, comparison->seed & G_MAXINT64);
  Report report = {comparison, readers, &bootstrap, json_object(), json_array(), 0};
  return make_report(&report, comparison->seed);
}
