/* destroy.c: crypto-shredding. What was sealed under a key is gone when the last copy of the key is: wrapped
 * keys are deleted, the write-ahead log is cut, and the certificate says what was done and what it cannot
 * speak for (NIST SP 800-88, cryptographic erase). The trail stays whole: the chain covers ciphertext. */
#include <chartroom/project.h>

#include "store/documents.h"
#include "workflow/learn.h"
#include "workflow/workflow-private.h"

#include <errno.h>
#include <unistd.h>

/* ---- the certificate ---- */

static json_t *
certificate(CrProject *p, const char *what, const char *reason, gint64 n_notes, const char *second)
{
  g_autofree char *time = cr_time_format(p->env->now_us(p->env));
  json_t *c = json_pack(
      "{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s?, s:s, s:s, s:s?}", "certificate", "destruction", "project",
      p->id, "where", p->path, "what", what, "notes", (json_int_t)n_notes, "method",
      "cryptographic erase: every copy of the keys in the project was deleted, and the database's log cut",
      "tool", "Chartroom " CR_VERSION, "reason", reason, "time", time, "member", cr_project_member(p),
      "second_member", second);
  json_object_set_new(c, "basis", json_string("NIST SP 800-88 Rev. 1, cryptographic erase"));
  json_object_set_new(
      c, "limits",
      json_string("This speaks for the project folder alone. Backups and copies of its keyring or databases "
                  "made before "
                  "this time hold the keys still: destroy them too, and list them beside this certificate."));
  return c;
}

static void
sign_certificate(CrProject *p, json_t *c)
{
  g_autofree char *text = cr_json_dump(c), *hash = cr_sha256_hex(text, strlen(text));
  g_autofree char *signature = cr_project_sign(p, "I destroyed what this certificate names", hash);
  json_object_set_new(c, "sha256", json_string(hash));
  json_object_set_new(c, "signature", cr_json_parse(signature, strlen(signature), NULL));
}

/* ---- the keys ---- */

/* TRUE where no original of those notes opens any more. */
static gboolean
verify_gone(CrProject *p, const GPtrArray *notes, GError **error)
{
  for (guint i = 0; i < notes->len; i++) {
    g_autoptr(GError) why = NULL;
    g_autoptr(CrKey) key = cr_original_key(p, notes->pdata[i], &why);
    if (key || !g_error_matches(why, CR_ERROR, CR_ERROR_DESTROYED)) {
      g_set_error(error, CR_ERROR, CR_ERROR_INTERNAL, "note %s still opens after its key was deleted",
                  (char *)notes->pdata[i]);
      return FALSE;
    }
  }
  return TRUE;
}

/* The keys go with the vault's commit, a moment before the trail's: what is meant stands there first, so that
 * no key is ever gone without a word. */
static gboolean
announce(CrProject *p, const char *object, const char *n, const char *reason, GError **error)
{
  if (!cr_tx_begin(p, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_PRIVACY, "originals.destruction-begun", object, n, NULL, reason);
  if (cr_tx_commit(p, error))
    return TRUE;
  cr_tx_rollback(p);
  return FALSE;
}

static gboolean
delete_keys(CrProject *p, const GPtrArray *notes, const char *object, const char *reason, GError **error)
{
  g_autofree char *n = g_strdup_printf("%u originals", notes->len);
  if (!announce(p, object, n, reason, error) || !cr_tx_begin(p, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_PRIVACY, "originals.destroyed", object, n, NULL, reason);
  for (guint i = 0; i < notes->len; i++)
    if (!cr_vault_destroy_key(p->vault, notes->pdata[i], error)) {
      cr_tx_rollback(p);
      return FALSE;
    }
  if (!cr_learnt_destroy(p, reason, error)) {
    cr_tx_rollback(p);
    return FALSE;
  }
  if (cr_tx_commit(p, error))
    return cr_db_checkpoint(p->vault, error) && verify_gone(p, notes, error);
  cr_tx_rollback(p);
  return FALSE;
}

json_t *
cr_project_destroy_originals(CrProject *p, const char *note, const char *reason, const char *second,
                             GError **error)
{
  g_autoptr(GPtrArray) notes = NULL;
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "destroying originals", error) ||
      !cr_project_require_vault(p, "destroying originals", error))
    return NULL;
  if (note) {
    g_autofree char *code = cr_project_resolve_note(p, note, error);
    if (!code)
      return NULL;
    notes = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(notes, g_steal_pointer(&code));
  } else if (!(notes = cr_documents_ids(p->work, NULL, NULL, error)))
    return NULL;
  g_autofree char *object = note ? g_strconcat("note:", notes->pdata[0], NULL) : g_strdup("project");
  if (!delete_keys(p, notes, object, reason, error))
    return NULL;
  json_t *c = certificate(p, note ? "the original of one note" : "all originals", reason, notes->len, second);
  json_object_set_new(c, "verification", json_string("each original was tried and does not open"));
  sign_certificate(p, c);
  return c;
}

/* The whole project: no key of a store stays with anybody; the databases go; the trail and the public part of
 * the keyring stay. */
json_t *
cr_project_destroy(CrProject *p, const char *reason, const char *second, GError **error)
{
  static const char *const keys[] = {"vault", "work", "names"}, *const files[] = {CR_FILE_VAULT, CR_FILE_WORK,
                                                                                  "vault.db-wal",
                                                                                  "work.db-wal"};
  gint64 n = cr_documents_count(p->work, NULL, NULL, error);
  if (!cr_project_require(p, CR_ROLE_LEAD, "destroying a project", error) || !cr_tx_begin(p, error))
    return NULL;
  cr_tx_event(p, CR_ROLE_LEAD, "project.destroyed", "project", NULL, NULL, reason);
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
    cr_keyring_revoke(p->keyring, keys[i], NULL);
  if (!cr_keyring_stage(p, error) || !cr_tx_commit(p, error) || !cr_keyring_settle(p, error) ||
      !cr_trail_seal(p, error))
    return NULL;
  json_t *c = certificate(p, "the whole project", reason, n, second);
  json_object_set_new(c, "verification",
                      json_string("the keyring holds no key of the databases, and the databases are gone"));
  sign_certificate(p, c);
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = cr_project_file(p->path, files[i]);
    if (unlink(path) != 0 && errno != ENOENT) {
      cr_error_set_errno(error, errno, path, "removing");
      json_decref(c);
      return NULL;
    }
  }
  return c;
}

gboolean
cr_project_check_second(CrProject *p, const char *member, const char *passphrase, char **code, GError **error)
{
  g_autofree char *other = cr_project_resolve_member(p, member, error);
  if (!other)
    return FALSE;
  if (g_str_equal(other, cr_project_member(p))) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_PERMITTED, "two different members must agree");
    return FALSE;
  }
  g_autoptr(CrMemberKeys) keys = cr_keyring_unlock(p->keyring, other, passphrase, error);
  if (keys)
    *code = g_steal_pointer(&other);
  return keys != NULL;
}
