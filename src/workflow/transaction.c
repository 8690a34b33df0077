/* transaction.c: the one way to change a project. Rows and audit lines commit together in work.db; the trail
 * on disk follows, and is brought up to date at the next open if a crash came between. */
#include "workflow/workflow-private.h"
#include "store/documents.h"

#include <string.h>
#include <sys/stat.h>

/* Lines stay in the outbox until the log file is known to be on disk; it is synced when this much has
 * gathered, and at close. */
#define SYNC_EVERY_BYTES (1u << 20)

gboolean
cr_tx_begin(CrProject *p, GError **error)
{
  g_assert(!p->in_tx);
  if (p->broken) {
    g_set_error(error, CR_ERROR, CR_ERROR_IO, "%s: an earlier write failed; open the project again", p->path);
    return FALSE;
  }
  if (!cr_db_begin(p->work, error))
    return FALSE;
  if (p->vault && !cr_db_begin(p->vault, error)) {
    cr_db_rollback(p->work);
    return FALSE;
  }
  p->chain_before = cr_chain_copy(p->chain);
  g_string_truncate(p->pending, 0);
  p->in_tx = TRUE;
  return TRUE;
}

void
cr_tx_event(CrProject *p, CrRole role, const char *action, const char *object, const char *old_value,
            const char *new_value, const char *reason)
{
  g_assert(p->in_tx);
  g_autofree char *role_name = cr_roles_format(role);
  CrEvent event = {.actor = cr_member_keys_code(p->member),
                   .role = role_name,
                   .session = p->session,
                   .object = object,
                   .action = action,
                   .old_value = old_value,
                   .new_value = new_value,
                   .reason = reason};
  g_autofree char *line = cr_chain_append(p->chain, &event);
  g_string_append(p->pending, line);
}

void
cr_tx_rollback(CrProject *p)
{
  if (!p->in_tx)
    return;
  if (cr_db_in_transaction(p->work))
    cr_db_rollback(p->work);
  if (p->vault && cr_db_in_transaction(p->vault))
    cr_db_rollback(p->vault);
  if (p->chain_before) {
    cr_chain_free(p->chain);
    p->chain = g_steal_pointer(&p->chain_before);
  }
  g_string_truncate(p->pending, 0);
  p->in_tx = FALSE;
}

/* Puts the lines into the outbox, and takes those out that the log file is known to hold. */
static gboolean
stage_lines(CrProject *p, GError **error)
{
  g_autoptr(GBytes) state = cr_chain_state(p->chain);
  if (p->waiting_bytes > SYNC_EVERY_BYTES && !p->log_behind) {
    if (!cr_audit_log_sync(p->log, error) || !cr_outbox_clear(p->work, p->log_bytes, error))
      return FALSE;
    p->waiting_bytes = 0;
  }
  return cr_outbox_put(p->work, p->pending->str, p->pending->len, p->log_bytes, state, error);
}

/* After the commit: the change stands whether or not the file takes the lines. */
static void
hand_over(CrProject *p)
{
  g_autoptr(GError) error = NULL;
  if (!p->log_behind && !cr_audit_log_append(p->log, p->pending->str, p->pending->len, &error)) {
    p->log_behind = TRUE;
    g_printerr("chartroom: the audit trail will be completed at the next opening: %s\n", error->message);
  }
  p->log_bytes += p->pending->len;
  p->waiting_bytes += p->pending->len;
}

/* Both databases note that this transaction changed the vault, so that half of it shows at the next open. */
static gboolean
note_vault(CrProject *p, GError **error)
{
  return !p->vault || !cr_db_has_changed(p->vault) ||
         cr_vault_note_tx(p->vault, p->work, cr_chain_n_events(p->chain_before), error);
}

gboolean
cr_tx_commit(CrProject *p, GError **error)
{
  g_assert(p->in_tx &&
           p->pending->len > 0); /* a change without an event is not a change this program makes */
  if (!stage_lines(p, error) || !note_vault(p, error) || (p->vault && !cr_db_commit(p->vault, error)) ||
      !cr_db_commit(p->work, error)) {
    cr_tx_rollback(p);
    return FALSE;
  }
  hand_over(p);
  g_clear_pointer(&p->chain_before, cr_chain_free);
  g_string_truncate(p->pending, 0);
  p->in_tx = FALSE;
  return TRUE;
}

/* The tail of the log beyond what is known to be in it must be the beginning of the lines that wait. */
static gboolean
check_tail(const char *path, guint64 from, guint64 to, const char *waiting, gsize n_waiting, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &local);
  if (!file) {
    g_set_error(error, CR_ERROR, CR_ERROR_IO, "%s: %s", path, local->message);
    return FALSE;
  }
  gsize n_tail = (gsize)(to - from);
  if (n_tail <= n_waiting && memcmp(g_mapped_file_get_contents(file) + from, waiting, n_tail) == 0)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_STORE_BEHIND, "%s tells of more than work.db holds", path);
  return FALSE;
}

/* The last line in the file must be the event that the store committed last. */
static gboolean
check_head(const char *path, const char *head_hex, GError **error)
{
  g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
  const char *text = file ? g_mapped_file_get_contents(file) : NULL;
  gsize n = file ? g_mapped_file_get_length(file) : 0;
  if (n < 100 || !text || text[n - 1] != '\n' || !g_strstr_len(text + n - 100, 100, head_hex)) {
    g_set_error(error, CR_ERROR, CR_ERROR_AUDIT_BROKEN,
                "%s does not end with the event that the project committed last", path);
    return FALSE;
  }
  return TRUE;
}

/* Hands the waiting lines to the log again, from where it is known to be right. */
static gboolean
complete_log(CrProject *p, const char *path, guint64 known_bytes, const char *waiting, gsize n_waiting,
             GError **error)
{
  guint64 size = cr_audit_log_size(p->log);
  if (size < known_bytes) {
    g_set_error(error, CR_ERROR, CR_ERROR_AUDIT_BROKEN,
                "%s was cut short: %" G_GUINT64_FORMAT " bytes of %" G_GUINT64_FORMAT, path, size,
                known_bytes);
    return FALSE;
  }
  if (!check_tail(path, known_bytes, size, waiting, n_waiting, error))
    return FALSE;
  if (size - known_bytes == n_waiting)
    return TRUE;
  return cr_audit_log_truncate(p->log, known_bytes, error) &&
         cr_audit_log_append(p->log, waiting, n_waiting, error);
}

/* A trail that does not hold is not worked on. Up to this size (some 150,000 events, a fifth of a second) it
 * is read whole at each opening; beyond, its end is, and the whole at export and by `audit verify`. */
#define READ_WHOLE_BYTES ((guint64)64 << 20)

static gboolean
check_whole(CrProject *p, const char *path, GError **error)
{
  if (p->log_bytes > READ_WHOLE_BYTES)
    return TRUE;
  g_autoptr(CrAuditReport) report = cr_audit_verify(path, NULL, NULL, p->id, error);
  if (report && !report->ok)
    g_set_error(error, CR_ERROR, CR_ERROR_AUDIT_BROKEN, "%s: %s", path, report->what);
  return report && report->ok;
}

gboolean
cr_trail_recover(CrProject *p, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *path = cr_project_file(p->path, CR_FILE_LOG);
  guint64 end = 0, known = 0;
  g_autoptr(GBytes) state = cr_outbox_state(p->work, &end, &local);
  g_autoptr(GBytes) waiting = local ? NULL : cr_outbox_load(p->work, &known, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (!state) {
    g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "%s: work.db holds no trail", p->path);
    return FALSE;
  }
  p->chain = cr_chain_from_state(p->env, p->id, state, error);
  p->log = p->chain ? cr_audit_log_open(p->env->io, path, error) : NULL;
  if (!p->log)
    return FALSE;
  gsize n_waiting = 0;
  const char *lines = waiting ? g_bytes_get_data(waiting, &n_waiting) : "";
  p->log_bytes = end;
  return complete_log(p, path, waiting ? known : end, lines, n_waiting, error) &&
         check_head(path, cr_chain_head_hex(p->chain), error) && check_whole(p, path, error);
}

static void
sign_cb(gpointer signer, const void *data, gsize n_bytes, uint8_t signature[64])
{
  cr_member_keys_sign(signer, data, n_bytes, signature);
}

char *
cr_trail_anchor_path(const char *project_id)
{
  g_autofree char *name = g_strconcat(project_id, ".anchor", NULL);
  return g_build_filename(g_get_user_data_dir(), "chartroom", "anchors", name, NULL);
}

static char *
make_checkpoint(CrProject *p)
{
  g_autofree char *key = cr_keyring_sign_key_hex(p->keyring, cr_member_keys_code(p->member));
  return cr_chain_checkpoint(p->chain, cr_member_keys_code(p->member), key, sign_cb, p->member);
}

/* The anchor on this machine is a second look-out, not a promise: where the folder can't be written,
 * verification says so. */
static void
keep_anchor(CrProject *p, const char *checkpoint)
{
  g_autofree char *path = cr_trail_anchor_path(p->id);
  g_autofree char *dir = g_path_get_dirname(path);
  g_autoptr(GError) ignored = NULL;
  if (g_mkdir_with_parents(dir, 0700) == 0 &&
      !cr_file_replace(p->env->io, path, checkpoint, strlen(checkpoint), 0600, &ignored))
    g_debug("anchor not kept: %s", ignored->message);
}

gboolean
cr_trail_seal(CrProject *p, GError **error)
{
  if (p->log_behind || p->n_signed == cr_chain_n_events(p->chain))
    return TRUE;
  if (!cr_audit_log_sync(p->log, error))
    return FALSE;
  g_autofree char *head = cr_project_file(p->path, CR_FILE_HEAD);
  g_autofree char *checkpoint = make_checkpoint(p);
  if (!cr_file_replace(p->env->io, head, checkpoint, strlen(checkpoint), 0600, error))
    return FALSE;
  keep_anchor(p, checkpoint);
  p->n_signed = cr_chain_n_events(p->chain);
  return cr_db_begin(p->work, error) && cr_outbox_clear(p->work, p->log_bytes, error) &&
         cr_db_commit(p->work, error);
}

char *
cr_project_audit_anchor(CrProject *p, GError **error)
{
  if (!cr_tx_begin(p, error))
    return NULL;
  g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, cr_chain_n_events(p->chain));
  cr_tx_event(p, CR_ROLE_AUDITOR & p->roles ? CR_ROLE_AUDITOR : p->roles, "audit.anchored", "project", NULL,
              size, NULL);
  if (!cr_tx_commit(p, error) || !cr_trail_seal(p, error))
    return NULL;
  return make_checkpoint(p);
}
