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
#include <chartroom/project.h>
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
  CrDb *vault;                   /* NULL where the member does not hold the vault key */
  CrKey *vault_key;              /* NULL likewise; wraps document keys */
  CrChain *chain, *chain_before; /* chain_before: what to go back to when a transaction fails */
  CrAuditLog *log;
  GString *pending; /* lines of the running transaction */
  guint tx_depth;
};

/* NOT_PERMITTED naming the roles that may. any_of is a set. */
gboolean cr_project_require(CrProject *p, guint any_of, const char *what,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_project_require_vault(CrProject *p, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean cr_tx_begin(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds an event under the member's identity; role: the one under which it is done. old_value, new_value,
 * reason may be NULL, and never hold note text or names unless sealed = TRUE (cr_project_seal_for_note). */
void cr_tx_event(CrProject *p, CrRole role, const char *action, const char *object, const char *old_value,
                 const char *new_value, const char *reason);
void cr_tx_event_sealed(CrProject *p, CrRole role, const char *action, const char *object,
                        const char *old_box, const char *new_box, const char *reason);
gboolean cr_tx_commit(CrProject *p,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT; /* on failure everything is rolled back */
void cr_tx_rollback(CrProject *p);

/* Seals text with the note's document key, base64, for an event's old or new value. NULL with DESTROYED where
 * the key is gone. */
char *cr_project_seal_for_note(CrProject *p, const char *note, const char *plain, GError **error);

/* "N-…" for a note given by its code or, where the member holds the vault key, by its source id. NOT_FOUND.
 * transfer full */
char *cr_project_resolve_note(CrProject *p, const char *code_or_source_id,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "M-…" for a member given by code or, where names can be opened, by name. */
char *cr_project_resolve_member(CrProject *p, const char *code_or_name,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Signs a statement for a record: returns JSON {"member","time","meaning","hash","signature"} as text, the
 * signature made with the member's Ed25519 key over "meaning\nhash\ntime\nmember". */
char *cr_project_sign(CrProject *p, const char *meaning, const char *record_hash_hex);
