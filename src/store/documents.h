/* documents: notes and their states (work.db), originals and what is known of them (vault.db).
 *
 * Rows of the vault carry tx, the audit sequence number at which their transaction began. The vault commits
 * before work.db, and both note the transaction that last changed the vault: where they differ at open, the
 * vault's never committed in work.db, and cr_vault_drop_uncommitted removes its rows. (That work.db has more
 * events by then says nothing: a member without the vault's key may have been here in between.) Vault rows
 * are never changed: the newest of a kind counts. */
#pragma once
#include "store/store.h"
#include <chartroom/text.h>

/* ---- work.db ---- */
typedef struct {
  const char *id;      /* "N-…" */
  const char *batch;   /* import batch */
  const char *patient; /* random code "P-…" */
  const char *state;
  const char *type, *specialty, *author_role, *language; /* NULL where unknown */
  gint64 year;                                           /* 0 where unknown */
  gint64 seq;                                            /* order of import, from 1 */
  gint64 n_candidates, n_disputes;
  const char *cleared_sha256; /* NULL before clearing */
} CrDocumentRow;              /* borrowed, valid during the callback */
typedef gboolean (*CrDocumentRowFunc)(const CrDocumentRow *row, gpointer user_data, GError **error);

gboolean cr_documents_insert(CrDb *work, const CrDocumentRow *row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In import order; state and batch may be NULL. The callback must not change the rows (collect ids first). */
gboolean cr_documents_list(CrDb *work, const char *state, const char *batch, CrDocumentRowFunc func,
                           gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ids of those notes, in import order; transfer full. */
GPtrArray *cr_documents_ids(CrDb *work, const char *state, const char *batch,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_documents_exists(CrDb *work, const char *id, GError **error);
char *cr_documents_get_state(CrDb *work, const char *id,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT; /* NOT_FOUND; transfer full */
/* field: "type", "specialty", "author_role" or "language"; NULL without error where the note has none. */
char *cr_documents_dup_metadata(CrDb *work, const char *id, const char *field, GError **error);
gboolean cr_documents_set_state(CrDb *work, const char *id, const char *state,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_documents_set_counts(CrDb *work, const char *id, gint64 n_candidates, gint64 n_disputes,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT; /* -1 keeps */
gboolean cr_documents_set_cleared(CrDb *work, const char *id, const CrText *text, const char *sha256,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
CrText *cr_documents_load_cleared(CrDb *work, const char *id,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT; /* WRONG_STATE before clearing */
/* Identifiers of the note that one reviewer removes and another keeps, as last counted. */
gint64 cr_documents_n_disputes(CrDb *work, const char *id, GError **error);
gint64 cr_documents_count(CrDb *work, const char *state, const char *batch, GError **error);
GPtrArray *cr_documents_batches(CrDb *work, GError **error); /* names in order of import; transfer full */
char *cr_documents_batch_of(CrDb *work, const char *id, GError **error);

/* Settings of the project live in work.db's meta ("reviewers", "agreement.metric", "agreement.floor",
 * "pilot.size", …). */

/* ---- vault.db ---- */
typedef struct {
  const char *note;
  const char *source_key, *content_key; /* keyed hashes of the source id and of the text */
  GBytes *wrapped_key;                  /* the document key, sealed with the vault key */
  GBytes *source, *text, *known;        /* sealed with the document key; known may be NULL */
} CrOriginalRow;
gboolean cr_vault_insert_original(CrDb *vault, const CrOriginalRow *row, guint64 tx,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The note whose source id (or text) has that keyed hash, or NULL; transfer full. */
char *cr_vault_find_source(CrDb *vault, const char *source_key, GError **error);
char *cr_vault_find_content(CrDb *vault, const char *content_key, GError **error);
GBytes *cr_vault_load_key(CrDb *vault, const char *note,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT; /* DESTROYED where gone */
/* A key of its own for what belongs to no single note (a model): name takes the place of the note. */
gboolean cr_vault_put_key(CrDb *vault, const char *name, GBytes *wrapped, guint64 tx,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Deletes the wrapped key: what it sealed opens never again (once the log is cut: cr_db_checkpoint). */
gboolean cr_vault_destroy_key(CrDb *vault, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
typedef enum { CR_ORIGINAL_SOURCE, CR_ORIGINAL_TEXT, CR_ORIGINAL_KNOWN } CrOriginalPart;
GBytes *cr_vault_load_original(CrDb *vault, const char *note, CrOriginalPart part,
                               GError **error); /* NULL without error: no such part */
/* Patient codes: the code for the keyed hash of a source patient id, made with fresh_code where new. NULL
 * without error where another patient has fresh_code: draw again. transfer full */
char *cr_vault_patient_code(CrDb *vault, const char *patient_key, const char *fresh_code,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Pieces: sealed facts about a note, newest of (note, kind, member) counts. kind: "spans", "decisions",
 * "redaction", "scan". member NULL: none. */
gboolean cr_vault_put_piece(CrDb *vault, const char *note, const char *kind, const char *member, GBytes *box,
                            guint64 tx, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cr_vault_load_piece(CrDb *vault, const char *note, const char *kind, const char *member,
                            GError **error); /* NULL without error: none */
/* Quarantined records (paths may identify: sealed with the vault key). */
gboolean cr_vault_put_quarantine(CrDb *vault, const char *batch, GBytes *box, guint64 tx,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *cr_vault_load_quarantine(CrDb *vault, const char *batch,
                                    GError **error); /* of GBytes; transfer full */
gboolean cr_vault_note_tx(CrDb *vault, CrDb *work, guint64 tx, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_vault_drop_uncommitted(CrDb *vault, CrDb *work, GError **error) G_GNUC_WARN_UNUSED_RESULT;
