/* Inside workflow/: the open project, and the one way to change it.
 *
 * A change is: cr_tx_begin; write vault rows (they count only once work.db says so); write work rows;
 * cr_tx_event for each thing that happened; cr_tx_commit. work.db's commit is the commit point: its
 * transaction holds the new rows and the audit lines (outbox) together. After the commit the lines are
 * appended to audit.log; a crash between the two is repaired at the next open. Vault rows of a transaction
 * are committed just before work.db's: after a crash they may be there without a work row, and are
 * overwritten or removed by the next command (orphans are invisible: nothing reads a vault row whose note is
 * not in work.db in the right state). */
#pragma once
#include <chartroom/known.h>
#include <chartroom/project.h>
#include <chartroom/text.h>
#include "audit/audit.h"
#include "base/keyring.h"
#include "store/store.h"

struct CrProject {
  CrEnv *env;
  char *path;    /* folder, absolute */
  char *id;      /* project id, from the keyring */
  char *session; /* random code */
  CrKeyring *keyring;
  CrMemberKeys *member; /* who acts */
  guint roles;
  CrLock *lock;
  CrDb *work;
  CrDb *vault;      /* NULL where the member does not hold the vault key */
  CrKey *vault_key; /* NULL likewise; wraps document keys */
  CrChain *chain;
  CrChain *chain_before; /* of the running transaction: what to go back to when it fails */
  CrAuditLog *log;
  guint64 waiting_bytes; /* lines in the outbox that the log file may not have on disk yet */
  guint64 log_bytes;     /* where the log ends once every committed line is in it */
  guint64 n_signed;      /* events that the last checkpoint covers */
  gboolean log_behind;   /* appending failed: the outbox has the lines, the next open hands them over */
  GString *pending;      /* lines of the running transaction */
  gboolean in_tx;
  gboolean broken; /* a failed transaction could not be taken back: nothing more is written in this session */
};

/* NOT_PERMITTED naming the roles that may. any_of is a set. */
gboolean cr_project_require(CrProject *p, guint any_of, const char *what,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_project_require_vault(CrProject *p, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean cr_tx_begin(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds an event under the member's identity; role: the one under which it is done. old_value, new_value,
 * reason may be NULL, and never hold note text or names. */
void cr_tx_event(CrProject *p, CrRole role, const char *action, const char *object, const char *old_value,
                 const char *new_value, const char *reason);
gboolean cr_tx_commit(CrProject *p,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT; /* on failure everything is rolled back */
void cr_tx_rollback(CrProject *p);

/* The note's document key (vault members only): DESTROYED where it is gone. */
CrKey *cr_original_key(CrProject *p, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Seals and opens with the document key, bound to the note and to what it is ("text", "spans", "decisions"…).
 */
GBytes *cr_original_seal(CrProject *p, const CrKey *key, const char *note, const char *what,
                         const void *plain, gsize n_bytes);
GBytes *cr_original_open(const CrKey *key, const char *note, const char *what, GBytes *box,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The original text and the known identifiers of a note. */
CrText *cr_original_load_text(CrProject *p, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where the note came from: its id there, its dates and "meta". DESTROYED. New reference. */
json_t *cr_original_load_source(CrProject *p, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Empty where the import knew nothing. */
CrKnown *cr_original_load_known(CrProject *p, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A sealed piece of JSON about a note: put in the running transaction; load gives NULL without error where
 * there is none. */
gboolean cr_original_put_json(CrProject *p, const char *note, const char *kind, const char *member,
                              json_t *value, char **box_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;
json_t *cr_original_load_json(CrProject *p, const char *note, const char *kind, const char *member,
                              GError **error);

/* The world that the next projects of this process live in (tests); NULL: the real one. */
void cr_workflow_set_env(CrEnv *env);
CrEnv *cr_workflow_env(void);

/* A setting of work.db's meta as a number, or fallback. */
double cr_project_setting(CrProject *p, const char *key, double fallback);

/* The files of a project folder; transfer full. */
char *cr_project_file(const char *path, const char *name);
#define CR_FILE_KEYRING "keyring"
#define CR_FILE_KEYRING_NEXT "keyring.next"
#define CR_FILE_WORK "work.db"
#define CR_FILE_VAULT "vault.db"
#define CR_FILE_LOG "audit.log"
#define CR_FILE_HEAD "audit.head"
#define CR_FILE_LOCK "lock"

/* transaction.c: brings audit.log up to what work.db committed; AUDIT_BROKEN, STORE_BEHIND. */
gboolean cr_trail_recover(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Syncs the log, signs the trail as it stands into audit.head and the anchor outside the project. */
gboolean cr_trail_seal(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where the anchor of a project is kept on this machine (outside the project); transfer full. */
char *cr_trail_anchor_path(const char *project_id);
/* keyring.c: runs inside a transaction: saves the changed keyring beside, records its hash; cr_keyring_settle
 * renames after the commit. */
gboolean cr_keyring_stage(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_keyring_settle(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "N-…" for a note given by its code or, where the member holds the vault key, by its source id. NOT_FOUND.
 * transfer full */
char *cr_project_resolve_note(CrProject *p, const char *code_or_source_id,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "M-…" for a member given by code or, where names can be opened, by name. */
char *cr_project_resolve_member(CrProject *p, const char *code_or_name,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes a note out of every queue, back to privacy review (state "leak"), inside the running transaction:
 * reviews of it, and what the export scan found in it, are void. */
gboolean cr_note_return_to_review(CrProject *p, CrRole role, const char *note, const char *reason,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Voids the reviews of a note whose candidates changed. */
gboolean cr_note_forget_reviews(CrProject *p, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* G1 for an import batch: NULL when it is open, else what is missing, with numbers; transfer full. *error
 * only on failure. */
char *cr_gate_clear_missing(CrProject *p, const char *batch, GError **error);
/* How many privacy reviewers a note needs: the setting, or 1 where one person works alone and 2 otherwise. */
guint cr_project_reviewers(CrProject *p);
/* Whether an override of the gate is on record for the scope (or for the whole project). */
gboolean cr_gate_overridden(CrProject *p, const char *gate, const char *scope);

/* Signs a statement for a record: returns JSON {"member","time","meaning","hash","signature"} as text, the
 * signature made with the member's Ed25519 key over "meaning\nhash\ntime\nmember". */
char *cr_project_sign(CrProject *p, const char *meaning, const char *record_hash_hex);
/* Whether such a statement over this hash was signed by the member. */
gboolean cr_project_signature_holds(CrProject *p, const char *member, const char *signed_json,
                                    const char *record_hash_hex);
