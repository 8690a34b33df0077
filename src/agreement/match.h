/* match: the spans of two readers of one document, paired. */
#pragma once
#include <chartroom/agreement.h>

typedef struct {
  gssize a, b;
  gsize overlap;
  gboolean is_exact; /* same bounds, every piece */
} CrMatched;
/* Spans of one document paired one to one, then those left alone on either side; GArray of CrMatched. Which
 * side is called a changes nothing but the sides. */
GArray *cr_match_pairs(const CrLabelSpan *a, gsize n_a, const CrLabelSpan *b, gsize n_b);
/* Adds one pair, or one span left alone, to the counts of SemEval-2013. */
void cr_match_count(const CrMatched *pair, gboolean same_label, CrSpanCounts counts[CR_MATCH_N]);
/* Units that both spans have, in all their pieces. */
gsize cr_match_overlap(const CrLabelSpan *a, const CrLabelSpan *b);
