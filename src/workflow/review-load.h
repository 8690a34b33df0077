/* review-load: a note as its reviewers see it, opened from the vault. */
#pragma once
#include "workflow/decisions.h"
#include "workflow/workflow-private.h"

typedef struct {
  char *note, *batch, *state;
  CrText *text;
  json_t *candidates;   /* as stored */
  GPtrArray *reviewers; /* char*: who has decided anything */
  GPtrArray *decisions; /* CrDecisions, one a reviewer */
} CrReviewNote;

/* only: that reviewer alone (made empty where it has decided nothing); NULL: every reviewer who has. */
CrReviewNote *cr_review_note_load(CrProject *p, const char *note, const char *only,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_review_note_free(CrReviewNote *n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrReviewNote, cr_review_note_free)

/* The policy of the project (work.db meta "policy", Safe Harbor by default). */
CrPolicy *cr_project_policy(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the member may see the others' decisions on a note of the batch in that state: enough members have
 * signed it once, the member among them. A note that came back after a leak is read blind again until they
 * have signed again. */
gboolean cr_review_is_unblinded(CrProject *p, const char *batch, const char *state, GError **error);
/* A decision line with "scan": answers one finding, or with "*" all open ones of the same words. *index is
 * made when it is needed, and the caller's to free. Runs in the transaction. */
gboolean cr_review_answer_scan(CrProject *p, GHashTable **index, const json_t *line, guint *n_answers,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Counts the disputes of a note and keeps the count in work.db (running transaction). */
gboolean cr_review_count_disputes(CrProject *p, const char *note, const CrPolicy *policy, guint *n,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
