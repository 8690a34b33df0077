/* Inside evaluation/: a document becomes a row of counts; figures are ratios of sums of rows, so that
 * resampling documents is summing rows again. */
#pragma once
#include <chartroom/evaluation.h>
#include "agreement/match.h"

/* ---- the row ---- */

/* Measures with precision, recall and F1. The first CR_MATCH_N are the span counts of SemEval-2013, in the
 * order of CrMatch. */
typedef enum {
  MEASURE_SPANS_STRICT = CR_MATCH_N, /* bounds alone, each once */
  MEASURE_SPANS_MERGED,              /* after joining what only punctuation and blanks part */
  MEASURE_TOKEN,
  MEASURE_TOKEN_KIND,
  MEASURE_CHARACTERS,
  N_MEASURES
} Measure;
typedef enum { SHARE_SPANS_COVERED, SHARE_SPANS_TOUCHED, SHARE_LEAK_FREE, SHARE_UNTOUCHED, N_SHARES } Share;

enum { COUNT_CORRECT, COUNT_INCORRECT, COUNT_PARTIAL, COUNT_MISSING, COUNT_SPURIOUS, N_COUNTS };
/* hit: gold found; right: system justified. They differ where what is only reported covers gold. */
enum { PART_GOLD, PART_HIT, PART_SYSTEM, PART_RIGHT, N_PARTS };
enum {
  LABEL_GOLD,
  LABEL_SYSTEM,
  LABEL_STRICT,
  LABEL_CHARS,
  LABEL_CHARS_COVERED,
  LABEL_SPANS_COVERED,
  N_LABEL
};
enum {
  GROUP_GOLD,
  GROUP_STRICT,
  GROUP_SPANS_COVERED,
  GROUP_CHARS,
  GROUP_CHARS_COVERED,
  GROUP_DOCUMENTS,
  GROUP_GOLD_DOCUMENTS,
  GROUP_LEAK_FREE,
  GROUP_SYSTEM_TOKENS,
  GROUP_RIGHT_TOKENS,
  N_GROUP
};
enum {
  COLUMN_COUNTS,
  COLUMN_PARTS = COLUMN_COUNTS + CR_MATCH_N * N_COUNTS,
  COLUMN_SHARES = COLUMN_PARTS + (N_MEASURES - CR_MATCH_N) * N_PARTS, /* part, whole of each */
  COLUMN_GOLD = COLUMN_SHARES + 2 * N_SHARES,                         /* spans as given */
  COLUMN_SYSTEM,
  COLUMN_LABELS
};
gsize cr_row_length(const CrEvaluationScheme *scheme);
gsize cr_row_label(guint label);                                   /* column of a label's first */
gsize cr_row_group(const CrEvaluationScheme *scheme, guint group); /* column of a group's first */

/* Fills the row. confusion (may be NULL): [n_labels + 1]^2, gold by system, the last of each for none. */
void cr_row_fill(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document, float *row,
                 guint64 *confusion);
/* All rows, one after another. g_free. */
float *cr_rows_new(const CrEvaluationScheme *scheme, const CrEvaluationDocument *documents, guint n_documents,
                   guint64 *confusion);

/* ---- mask.c: which bytes are whose ---- */

enum {
  MASK_LETTER = 1,    /* the first byte of a letter or digit */
  MASK_GOLD = 2,      /* in a gold span */
  MASK_NEED = 4,      /* and to be covered */
  MASK_FREE = 8,      /* in a gold span that is only reported */
  MASK_SYSTEM = 16,   /* in a system span */
  MASK_REPORTED = 32, /* in a system span that is only reported */
};
typedef struct {
  guint8 *bits; /* [length of the text] */
  gsize n_bytes;
} CrMask;
void cr_mask_init(CrMask *mask, const CrEvaluationScheme *scheme, const CrEvaluationDocument *document);
void cr_mask_clear(CrMask *mask);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrMask, cr_mask_clear)

/* Letters and digits under a span that have one of the bits of each; of a span without any, its other bytes
 * that are no blanks. */
typedef struct {
  gsize all, with;
} CrCover;
CrCover cr_mask_cover(const CrMask *mask, const CrText *text, const CrLabelSpan *span, guint8 bits);
/* The same, without a title at the start of the span. */
CrCover cr_mask_cover_needed(const CrMask *mask, const CrEvaluationScheme *scheme, const CrText *text,
                             const CrLabelSpan *span);
gboolean cr_label_is_reported(const CrEvaluationScheme *scheme, guint label);
/* The pieces of a span: whole is used where it has no fragments. */
const CrSpan *cr_span_pieces(const CrLabelSpan *span, CrSpan *whole, gsize *n_pieces);
/* Pairs of the document's spans without those that are neither miss nor false alarm. GArray of CrMatched. */
GArray *cr_pairs_that_count(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document,
                            const CrMask *mask);

/* ---- tokens.c, merged.c ---- */
void cr_row_count_tokens(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document,
                         const CrMask *mask, float *row);
void cr_row_count_bounds(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document,
                         const GArray *pairs, float *row);

/* ---- figures.c ---- */

/* Figure f of sums: 3 a measure (precision, recall, F1), 1 a share, then 5 a label, 5 a group, 3 spreads. */
enum { FIGURE_PRECISION, FIGURE_RECALL, FIGURE_F1, N_PRF };
enum { LABEL_FIGURES = 5, GROUP_FIGURES = 5, N_SPREADS = 3 };
guint cr_figure_of_share(Share share);
guint cr_figure_of_label(guint label);
guint cr_figure_of_group(const CrEvaluationScheme *scheme, guint group);
guint cr_figure_of_spread(const CrEvaluationScheme *scheme);
guint cr_n_figures(const CrEvaluationScheme *scheme);
double cr_figure_value(const CrEvaluationScheme *scheme, const double *sums, guint figure);
extern const char *const cr_measure_names[N_MEASURES],
    *const cr_share_names[N_SHARES], *const cr_prf_names[N_PRF],
                                         *const cr_label_figure_names[LABEL_FIGURES],
                                             *const cr_group_figure_names[GROUP_FIGURES];
