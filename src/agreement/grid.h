/* Inside agreement/: what one document contributes to the agreement of two readers, as a row of counts.
 *
 * Every figure of a comparison is a function of sums of such rows, so that a resample of documents costs a
 * weighted sum and no second look at a span. */
#pragma once
#include "agreement/agreement-private.h"

#define CR_GRID_MAX_LABELS 5000u

/* Columns of one pair of readers. O is the label of tokens outside every span, the last category. */
enum {
  COLUMN_SPANS,         /* spans of both readers together */
  COLUMN_STRICT,        /* pairs with the same bounds and label */
  COLUMN_EXACT,         /* pairs with the same bounds */
  COLUMN_PARTIAL_TWICE, /* 2 x same bounds + overlapping: twice the credit of partial matching */
  COLUMN_TYPE,          /* pairs with the same label */
  COLUMN_TOKENS,        /* tokens of the document */
  COLUMN_TOKENS_ALIKE,  /* tokens that both readers gave the same label */
  COLUMN_MARGINALS,     /* first reader's tokens by category, then the second's */
};
enum {
  LABEL_SPANS,
  LABEL_STRICT,
  LABEL_PARTIAL_TWICE,
  LABEL_TOKENS_BOTH, /* tokens that both readers have under the label */
  LABEL_TOKENS_A,
  LABEL_TOKENS_B,
  LABEL_N_COLUMNS
};

static inline guint
cr_column_label(guint n_labels, guint label)
{
  return COLUMN_MARGINALS + 2 * (n_labels + 1) + label * LABEL_N_COLUMNS;
}

static inline guint
cr_n_columns(guint n_labels)
{
  return cr_column_label(n_labels, n_labels);
}

typedef struct {
  guint64 overlapping_tokens;  /* with more than one label of the reader: the shortest span's counts */
  guint64 spans_without_token; /* not on the grid at all */
  guint64 *spans;              /* [n_labels] */
} CrReaderCounts;

typedef struct {
  guint n_documents, n_labels, n_readers, n_pairs;
  gsize stride;            /* columns of a document: n_pairs x cr_n_columns */
  float *rows;             /* [n_documents][stride]; whole numbers */
  CrReaderCounts *readers; /* [n_readers] */
} CrGrid;

/* LIMIT where the counts do not fit into memory. */
CrGrid *cr_grid_new(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_grid_free(CrGrid *grid);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrGrid, cr_grid_free)
