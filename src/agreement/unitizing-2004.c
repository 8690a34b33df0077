/* Krippendorff's alpha for unitizing of 1995 (Sociological Methodology 25) in the form of 2004 (Quality &
 * Quantity 38, eq. 4-10; Content Analysis, 2nd ed., p. 251-256), for two readers: of each label apart, its
 * units and the gaps between them; differences are squares of lengths. For more readers it does not behave as
 * it should, which is why there is a family of 2016. */
#include "agreement/unitizing.h"
#include <math.h>

typedef struct {
  gsize start, length;
  gboolean is_unit;
} Segment;

typedef struct {
  gsize length;
  guint document;
} Sized;

typedef struct {
  GArray *units, *gaps; /* Sized, the longest first */
  double *observed;     /* [n_documents]: sums of squares */
} Label;

struct CrAlpha2004 {
  guint n_documents, n_labels;
  double *lengths; /* of the continua */
  Label *labels;
};

/* ---- what stands in the documents ---- */

/* The units of a label: overlapping spans of it are one; gaps fill what is left. */
static GArray *
segments_of(const CrLabelSet *set, gsize first, guint document, guint label, gsize length)
{
  g_autoptr(GArray) pieces = cr_fragments_new();
  GArray *out = g_array_new(FALSE, FALSE, sizeof(Segment));
  for (gsize i = first; i < set->n_spans && set->spans[i].document == document; i++) {
    const CrLabelSpan *span = &set->spans[i];
    const CrSpan whole = {span->start, span->end};
    if (span->label != label || span->start == span->end)
      continue;
    if (span->fragments)
      g_array_append_vals(pieces, span->fragments->data, span->fragments->len);
    else
      g_array_append_val(pieces, whole);
  }
  g_array_sort(pieces, cr_span_compare);
  gsize at = 0;
  for (guint i = 0; i < pieces->len;) {
    CrSpan unit = g_array_index(pieces, CrSpan, i);
    for (i++; i < pieces->len && g_array_index(pieces, CrSpan, i).start < unit.end; i++)
      unit.end = MAX(unit.end, g_array_index(pieces, CrSpan, i).end);
    const Segment gap = {at, unit.start - at, FALSE}, own = {unit.start, unit.end - unit.start, TRUE};
    if (gap.length > 0)
      g_array_append_val(out, gap);
    g_array_append_val(out, own);
    at = unit.end;
  }
  const Segment rest = {at, length > at ? length - at : 0, FALSE};
  if (rest.length > 0)
    g_array_append_val(out, rest);
  return out;
}

static double
square(double x)
{
  return x * x;
}

/* Of a segment of one reader and one of the other. */
static double
difference(const Segment *a, const Segment *b)
{
  const double from = (double)a->start - (double)b->start, to = from + (double)a->length - (double)b->length;
  if (a->is_unit && b->is_unit)
    return from < (double)b->length && -from < (double)a->length ? square(from) + square(to) : 0;
  if (a->is_unit && !b->is_unit)
    return from >= 0 && to <= 0 ? square((double)a->length) : 0;
  if (!a->is_unit && b->is_unit)
    return from <= 0 && to >= 0 ? square((double)b->length) : 0;
  return 0;
}

/* Only segments that share a place differ; both lists are in order. Each pair counts from either side. */
static double
observed(const GArray *a, const GArray *b)
{
  double sum = 0;
  guint first = 0;
  for (guint i = 0; i < a->len; i++) {
    const Segment *one = &g_array_index(a, Segment, i);
    while (first < b->len &&
           g_array_index(b, Segment, first).start + g_array_index(b, Segment, first).length <= one->start)
      first++;
    for (guint k = first; k < b->len && g_array_index(b, Segment, k).start < one->start + one->length; k++)
      sum += 2 * difference(one, &g_array_index(b, Segment, k));
  }
  return sum;
}

static void
take_segments(Label *label, const GArray *segments, guint document)
{
  for (guint i = 0; i < segments->len; i++) {
    const Segment *s = &g_array_index(segments, Segment, i);
    const Sized sized = {s->length, document};
    g_array_append_val(s->is_unit ? label->units : label->gaps, sized);
  }
}

static int
longest_first(gconstpointer pa, gconstpointer pb)
{
  const Sized *a = pa, *b = pb;
  return a->length != b->length ? (a->length < b->length ? 1 : -1)
                                : (a->document > b->document) - (a->document < b->document);
}

CrAlpha2004 *
cr_alpha_2004_new(const CrComparison *comparison, const CrLabelSet *readers)
{
  CrAlpha2004 *alpha = g_new0(CrAlpha2004, 1);
  gsize first[2] = {0, 0};
  alpha->n_documents = comparison->n_documents;
  alpha->n_labels = comparison->n_labels;
  alpha->lengths = g_new0(double, MAX(alpha->n_documents, 1));
  alpha->labels = g_new0(Label, MAX(alpha->n_labels, 1));
  for (guint l = 0; l < alpha->n_labels; l++) {
    alpha->labels[l].units = g_array_new(FALSE, FALSE, sizeof(Sized));
    alpha->labels[l].gaps = g_array_new(FALSE, FALSE, sizeof(Sized));
    alpha->labels[l].observed = g_new0(double, alpha->n_documents);
  }
  for (guint d = 0; d < alpha->n_documents; d++) {
    const CrLabelSet here[2] = {{NULL, readers[0].spans + first[0], readers[0].n_spans - first[0]},
                                {NULL, readers[1].spans + first[1], readers[1].n_spans - first[1]}};
    gsize n[2] = {0, 0};
    for (guint r = 0; r < 2; r++)
      while (n[r] < here[r].n_spans && here[r].spans[n[r]].document == d)
        n[r]++;
    const CrLabelSet own[2] = {{NULL, here[0].spans, n[0]}, {NULL, here[1].spans, n[1]}};
    const gsize length = cr_continuum_length(comparison, own, 2, d);
    alpha->lengths[d] = (double)length;
    for (guint l = 0; l < alpha->n_labels; l++) {
      g_autoptr(GArray) a = segments_of(&own[0], 0, d, l, length), b = segments_of(&own[1], 0, d, l, length);
      alpha->labels[l].observed[d] = observed(a, b);
      take_segments(&alpha->labels[l], a, d);
      take_segments(&alpha->labels[l], b, d);
    }
    first[0] += n[0], first[1] += n[1];
  }
  for (guint l = 0; l < alpha->n_labels; l++) {
    g_array_sort(alpha->labels[l].units, longest_first);
    g_array_sort(alpha->labels[l].gaps, longest_first);
  }
  return alpha;
}

void
cr_alpha_2004_free(CrAlpha2004 *alpha)
{
  for (guint l = 0; l < alpha->n_labels; l++) {
    g_array_unref(alpha->labels[l].units);
    g_array_unref(alpha->labels[l].gaps);
    g_free(alpha->labels[l].observed);
  }
  g_free(alpha->labels);
  g_free(alpha->lengths);
  g_free(alpha);
}

gsize
cr_alpha_2004_size(const CrAlpha2004 *alpha)
{
  gsize n = 0;
  for (guint l = 0; l < alpha->n_labels; l++)
    n += alpha->labels[l].units->len + alpha->labels[l].gaps->len;
  return n;
}

/* ---- the value ---- */

static double
weight_of(const guint *weights, guint document)
{
  return weights ? weights[document] : 1;
}

/* What units of these lengths would differ by if they lay anywhere: 2/L times the sum over units of
 * (N - 1)/3 (2 l^3 - 3 l^2 + l) + l^2 times the sum over gaps of l_gap - l + 1, where the unit fits. */
static double
expected(const Label *label, const guint *weights, double length)
{
  double n_units = 0, sum = 0, own = 0, n_gaps = 0, in_gaps = 0;
  guint g = 0;
  for (guint i = 0; i < label->units->len; i++)
    n_units += weight_of(weights, g_array_index(label->units, Sized, i).document);
  for (guint i = 0; i < label->units->len; i++) {
    const Sized *unit = &g_array_index(label->units, Sized, i);
    const double l = (double)unit->length, w = weight_of(weights, unit->document);
    for (; g < label->gaps->len && g_array_index(label->gaps, Sized, g).length >= unit->length; g++) {
      const Sized *gap = &g_array_index(label->gaps, Sized, g);
      n_gaps += weight_of(weights, gap->document);
      in_gaps += weight_of(weights, gap->document) * (double)gap->length;
    }
    sum += w * ((n_units - 1) / 3 * (2 * l * l * l - 3 * l * l + l) + l * l * (in_gaps - n_gaps * (l - 1)));
    own += w * l * (l - 1);
  }
  const double all = 2 * length;
  return 2 / length * sum / (all * (all - 1) - own);
}

double
cr_alpha_2004_value(const CrAlpha2004 *alpha, gint of_label, const guint *weights)
{
  double length = 0, all_observed = 0, all_expected = 0;
  for (guint d = 0; d < alpha->n_documents; d++)
    length += weight_of(weights, d) * alpha->lengths[d];
  for (guint l = 0; l < alpha->n_labels && length > 0; l++) {
    if (of_label >= 0 && l != (guint)of_label)
      continue;
    double seen = 0;
    for (guint d = 0; d < alpha->n_documents; d++)
      seen += weight_of(weights, d) * alpha->labels[l].observed[d];
    all_observed += seen / (2 * length * length);
    all_expected += expected(&alpha->labels[l], weights, length);
  }
  return all_expected > 0 ? 1 - all_observed / all_expected : NAN;
}
