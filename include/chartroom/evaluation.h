/* evaluation: how far a system's spans are what the gold spans say. Nothing here reads files or knows a
 * scheme of labels: texts, spans and labels in, one JSON object out. docs/evaluation.md says what each figure
 * is.
 *
 * A figure that is not defined (0/0) is null in the object; it is never silently 0 or 1. */
#pragma once
#include <chartroom/agreement.h>
#include <chartroom/text.h>

G_BEGIN_DECLS

/* One document, with spans in bytes of its text, on boundaries (CrLabelSpan.document is not looked at). */
typedef struct {
  const char *id;
  const CrText *text;
  const CrLabelSpan *gold, *system;
  gsize n_gold, n_system;
  const gint *gold_groups; /* [n_gold] the group of each gold span, -1 = none; NULL = the document's */
  gint group;              /* the document's, -1 = none */
} CrEvaluationDocument;

typedef struct {
  const char *const *labels; /* of gold and system alike; CrLabelSpan.label is a place in it */
  guint n_labels;
  /* Labels that are neither miss nor false alarm, only said ([n_labels]); NULL: there are none. Where the
   * system says one over a gold span, the span is covered. */
  const gboolean *is_reported;
  gboolean titles_are_free;  /* "Dr. " and the like at the start of a gold span need not be covered */
  const char *const *groups; /* of documents or gold spans */
  guint n_groups;
  /* Groups with too little gold to be compared ([n_groups]): no part of the spread. NULL: all are. */
  const gboolean *is_small;
  guint n_bootstrap; /* resamples of documents; 0: no intervals */
  guint64 seed;
} CrEvaluationScheme;

/* Every figure with its 95 % percentile interval over resampled documents. New reference. */
CR_EXPORT json_t *cr_evaluation_report(const CrEvaluationScheme *scheme,
                                       const CrEvaluationDocument *documents, guint n_documents);
/* Two systems over the same documents: for each figure both values, their difference (second less first) with
 * its interval over the same resamples, and the two-sided p of no difference. New reference. */
CR_EXPORT json_t *cr_evaluation_compare(const CrEvaluationScheme *scheme, const CrEvaluationDocument *first,
                                        const CrEvaluationDocument *second, guint n_documents);

/* What went wrong at one place of a document. */
typedef enum {
  CR_EVALUATION_MISS,  /* a gold span that no span of the system touches */
  CR_EVALUATION_PART,  /* one with letters or digits outside all spans of the system */
  CR_EVALUATION_FALSE, /* a system span that no gold span touches */
  CR_EVALUATION_OVER,  /* one with letters or digits outside all gold spans */
  CR_EVALUATION_LABEL, /* right words, another label */
  CR_EVALUATION_N_ERRORS
} CrEvaluationErrorKind;
CR_EXPORT const char *cr_evaluation_error_name(CrEvaluationErrorKind kind); /* "miss", "part", … */
typedef struct {
  CrEvaluationErrorKind kind;
  CrSpan span;       /* bounds, bytes */
  gint gold, system; /* labels, -1 where there is none */
} CrEvaluationError;
/* By place. transfer full; GArray of CrEvaluationError. */
CR_EXPORT GArray *cr_evaluation_errors(const CrEvaluationScheme *scheme,
                                       const CrEvaluationDocument *document);

G_END_DECLS
