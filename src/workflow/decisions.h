/* decisions: what one reviewer says of one note's candidates, as data without a store: read from lines, kept
 * as JSON, joined with the other reviewer's into what leaves the text. Bytes of the original text throughout.
 */
#pragma once
#include <chartroom/json.h>
#include <chartroom/phi.h>

typedef enum { CR_UNDECIDED, CR_REMOVE, CR_KEEP } CrVerdict;

typedef struct {
  CrSpan span;
  CrPhiKind kind;
} CrKindSpan;

typedef struct {
  CrVerdict verdict;
  CrKindSpan as;     /* with CR_REMOVE: these bounds and kind */
  gboolean by_added; /* with CR_REMOVE: additions that overlap it stand for it, `as` does not */
} CrDecision;

typedef struct {
  GArray *candidates; /* CrPhiSpan, owned: what the detector found */
  GArray *decisions;  /* CrDecision, one a candidate */
  GArray *added;      /* CrKindSpan, sorted */
  json_t *blind;      /* as they stood when the note had been read blind to its end; NULL: they still do */
} CrDecisions;

/* The candidates of a note as the vault keeps them. */
json_t *cr_candidates_to_json(const GArray *spans, const char *detector);
GArray *cr_candidates_from_json(const json_t *object);

CrDecisions *cr_decisions_new(GArray *candidates /* transfer full */);
void cr_decisions_free(CrDecisions *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrDecisions, cr_decisions_free)
json_t *cr_decisions_to_json(const CrDecisions *d);
/* Puts what cr_decisions_to_json gave back on the same candidates; NULL json: nothing decided. DAMAGED where
 * it does not fit. */
gboolean cr_decisions_restore(CrDecisions *d, const json_t *json, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Keeps the decisions as they stand now for the judgement of the review, unless they were kept before. */
void cr_decisions_keep_blind(CrDecisions *d);

/* One decision line (docs/files.md) about this note; "…-rest" are kept for cr_decisions_finish. BAD_DECISION,
 * SPAN_OUTSIDE… */
gboolean cr_decisions_apply(CrDecisions *d, const CrText *text, const json_t *line, CrVerdict *rest,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* At the end of a file: the rest. */
void cr_decisions_finish(CrDecisions *d, CrVerdict rest);
/* Candidates without a verdict, of kinds that the policy does not keep in the text anyway. */
guint cr_decisions_n_undecided(const CrDecisions *d, const CrPolicy *policy);

/* What both say together: every span that anyone removes, joined where they overlap (the kind whose treatment
 * is strictest). disputes (may be NULL): indices (guint) of candidates that one removes and another keeps.
 * GArray of CrPhiSpan. */
GArray *cr_decisions_join(CrDecisions *const *all, guint n, const CrPolicy *policy, GArray *disputes);
/* Of the candidates, how many nobody removes although somebody decided; and how many additions lie where no
 * detector found anything. */
void cr_decisions_count(CrDecisions *const *all, guint n, guint *n_kept, guint *n_only_people);
