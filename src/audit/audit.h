/* audit: the tamper-evident trail. Events, hash chain, Merkle tree, signed checkpoints, verification. Knows
 * nothing of the store: the workflow puts an event's line into the same database transaction as the change it
 * tells of (the outbox), and hands it to the log file after the commit; what a crash kept from the file is
 * handed over at the next open.
 *
 * audit.log: one JSON object a line, keys in fixed order, written by this room alone; the hash of an event is
 * SHA-256 over its line up to and without the hash member; prev of the first event is SHA-256 of "chartroom
 * audit v1", newline, the project id. The tree is that of RFC 9162 with the 32 bytes of each event's hash as
 * entry. audit.head: the last signed checkpoint, replaced atomically, so that a log cut short shows. Anchors
 * are the same checkpoint kept outside the project, one or more lines a file.
 *
 * Who may sign: the members that the log itself introduced before, by an event with action "member.added",
 * object "member:CODE", new value {"key":"public Ed25519 key, hex",…}. */
#pragma once
#include "base/base.h"

/* What an event says. Strings borrowed; NULL = absent. old_value and new_value never hold plain note text or
 * names: counts, states, hashes, or a sealed box in base64 (sealed = TRUE). */
typedef struct {
  const char *actor;   /* member code, or "system" */
  const char *role;    /* the role under which it was done, "lead" */
  const char *session; /* random code of the session */
  const char *object; /* "note:N-…", "project", "member:M-…", "guidelines:3", "batch:…", "export:…" */
  const char *action; /* "note.imported", … ; the table of actions is in workflow */
  const char *old_value, *new_value, *reason;
  gboolean sealed;
} CrEvent;

/* The growing end of a chain: enough to append. */
typedef struct CrChain CrChain;
CrChain *cr_chain_new(CrEnv *env, const char *project_id);
/* Reads and checks a log to its end. A torn last line (no newline) is left out: *torn_bytes says how long it
 * is. AUDIT_BROKEN names the event, NOT_FOUND where there is no log. */
CrChain *cr_chain_load(CrEnv *env, const char *project_id, const char *log_path, gsize *torn_bytes,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Fast open: continues from a known end (sequence, hash, and the serialised tree frontier) without reading
 * the log. */
GBytes *cr_chain_state(const CrChain *chain);
CrChain *cr_chain_from_state(CrEnv *env, const char *project_id, GBytes *state,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_chain_free(CrChain *chain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrChain, cr_chain_free)
CrChain *cr_chain_copy(const CrChain *chain); /* so that a rolled-back transaction can go back */
guint64
cr_chain_n_events(const CrChain *chain); /* also the sequence number of the next event; the first is 0 */
const char *cr_chain_head_hex(const CrChain *chain); /* hash of the last event; 64 zeros before the first */

/* Makes the next event's line (with newline), advances the chain. Invalid UTF-8 in a value becomes U+FFFD.
 * transfer full */
char *cr_chain_append(CrChain *chain, const CrEvent *event);
/* A checkpoint's bytes: {"checkpoint":{project,size,root,head,time,member,key,signature}} one line with its
 * newline; sign gets the message to sign. transfer full */
typedef void (*CrSignFunc)(gpointer signer, const void *data, gsize n_bytes, uint8_t signature[64]);
char *cr_chain_checkpoint(CrChain *chain, const char *member, const char *public_key_hex, CrSignFunc sign,
                          gpointer signer);

/* The log file: append-only handle, made where it is not there. Lines given to append are complete; where
 * append fails nothing of them stays in the file. sync fsyncs. */
typedef struct CrAuditLog CrAuditLog;
CrAuditLog *cr_audit_log_open(const CrIo *io, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_audit_log_append(CrAuditLog *log, const char *lines, gsize n_bytes,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_audit_log_sync(CrAuditLog *log, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_audit_log_truncate(CrAuditLog *log, guint64 n_bytes,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT; /* only to drop a torn tail */
guint64 cr_audit_log_size(const CrAuditLog *log);
void cr_audit_log_close(CrAuditLog *log);

/* Verification: needs no key. Streams; memory O(log n). */
typedef struct {
  gboolean ok;
  guint64 n_events;            /* good ones before the first bad one */
  gint64 broken_at;            /* sequence number of the first bad event, or -1 */
  char *what;                  /* what is wrong first, one line, NULL where ok; more of it is in notes */
  guint64 n_signed;            /* events covered by the newest valid checkpoint */
  char *signed_by, *signed_at; /* of that checkpoint */
  char *head, *root;           /* hex */
  GPtrArray *notes; /* lines: what is excluded since when, unsigned tail, anchors checked; char* owned */
} CrAuditReport;
/* head_path: audit.head; NULL leaves it out. anchors: paths of anchor files, NULL-terminated; may be NULL. A
 * file that is missing is a finding; NULL with error only where one that is there cannot be read. */
CrAuditReport *cr_audit_verify(const char *log_path, const char *head_path, const char *const *anchors,
                               const char *project_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_audit_report_free(CrAuditReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrAuditReport, cr_audit_report_free)

/* Walks the events of a log for display; return FALSE from the callback to stop. fields are NULL where
 * absent. */
typedef struct {
  guint64 seq;
  const char *time, *actor, *role, *session, *object, *action, *old_value, *new_value, *reason, *version,
      *hash;
  gboolean sealed;
} CrEventView;
typedef gboolean (*CrEventFunc)(const CrEventView *event, gpointer user_data);
gboolean cr_audit_walk(const char *log_path, CrEventFunc func, gpointer user_data,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
