/* review: who has decided what, without saying what (work.db): completeness, signatures, disputes, and the
 * findings of the export scan. The decisions themselves are sealed pieces in the vault. */
#pragma once
#include "store/store.h"

/* How far one reviewer is with one note. hash: of the sealed decisions, so that a signature covers them. */
gboolean cr_review_set(CrDb *work, const char *note, const char *reviewer, gboolean complete,
                       const char *hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_review_forget(CrDb *work, const char *note, GError **error)
    G_GNUC_WARN_UNUSED_RESULT; /* after a leak or a new detection: start anew */
gboolean cr_review_is_complete(CrDb *work, const char *note, const char *reviewer, GError **error);
/* Notes of the batch in a state that is under review and not complete for the reviewer. */
gint64 cr_review_n_incomplete(CrDb *work, const char *batch, const char *reviewer, GError **error);
/* SHA-256 hex over the reviewer's notes and decision hashes of the batch, in import order. transfer full */
char *cr_review_batch_hash(CrDb *work, const char *batch, const char *reviewer,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_review_put_signature(CrDb *work, const char *batch, const char *reviewer, const char *hash,
                                 const char *signature_json, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reviewers with a signature over the batch whose hash is the one of today; codes, transfer full. *stale (may
 * be NULL) gets those whose decisions changed since. */
GStrv cr_review_signers(CrDb *work, const char *batch, GStrv *stale,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
GStrv cr_review_reviewers(CrDb *work, const char *note,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT; /* who decided anything on it */

/* Identifiers in dispute in the notes of the batch that are under review. */
gint64 cr_review_n_disputes(CrDb *work, const char *batch, GError **error);

/* Overrides of gates, kept for ever. scope NULL: the whole project. */
typedef struct {
  const char *gate, *scope, *reason, *lead, *second;
  gint64 time_us;
} CrOverrideRow;
gboolean cr_override_put(CrDb *work, const CrOverrideRow *row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For the scope or for the whole project. */
gboolean cr_override_exists(CrDb *work, const char *gate, const char *scope, GError **error);
typedef gboolean (*CrOverrideFunc)(const CrOverrideRow *row, gpointer user_data, GError **error);
gboolean cr_override_list(CrDb *work, CrOverrideFunc func, gpointer user_data,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Findings of the export scan. key: "S-" and a keyed hash; span in code points of the cleared text. status:
 * "open", "kept", "leak". */
typedef struct {
  const char *key, *note, *kind, *status, *reason;
  gint64 start, end;
} CrScanFinding;
gboolean cr_review_scan_put(CrDb *work, const CrScanFinding *finding,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT; /* known keys keep their status */
gboolean cr_review_scan_answered(CrDb *work, const char *key, GError **error); /* "kept", "surrogate" */
gboolean cr_review_scan_set(CrDb *work, const char *key, const char *status, const char *reason,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT; /* NOT_FOUND */
gboolean cr_review_scan_clear_note(CrDb *work, const char *note, GError **error)
    G_GNUC_WARN_UNUSED_RESULT; /* its text changed: findings go */
gint64 cr_review_scan_count(CrDb *work, const char *status, GError **error);
char *cr_review_scan_note(CrDb *work, const char *key, GError **error); /* NOT_FOUND */
typedef gboolean (*CrScanFunc)(const CrScanFinding *finding, gpointer user_data, GError **error);
gboolean cr_review_scan_list(CrDb *work, const char *status, CrScanFunc func, gpointer user_data,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
