/* project.c: making, opening and closing a project folder. */
#include "workflow/workflow-private.h"
#include "store/documents.h"
#include <chartroom/guidelines.h>

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static CrEnv *test_env;

void
cr_workflow_set_env(CrEnv *env)
{
  test_env = env;
}

CrEnv *
cr_workflow_env(void)
{
  return test_env ? test_env : cr_env_default();
}

char *
cr_project_file(const char *path, const char *name)
{
  return g_build_filename(path, name, NULL);
}

static CrProject *
project_alloc(const char *path)
{
  CrProject *p = g_new0(CrProject, 1);
  p->env = cr_workflow_env();
  p->path = g_canonicalize_filename(path, NULL);
  p->session = cr_random_code(p->env, "X-", 8);
  p->pending = g_string_new(NULL);
  return p;
}

/* Frees without writing anything more. */
static void
project_drop(CrProject *p)
{
  cr_tx_rollback(p);
  g_clear_pointer(&p->chain, cr_chain_free);
  g_clear_pointer(&p->log, cr_audit_log_close);
  if (p->vault)
    (void)cr_db_close(p->vault, NULL);
  if (p->work)
    (void)cr_db_close(p->work, NULL);
  g_clear_pointer(&p->vault_key, cr_key_unref);
  g_clear_pointer(&p->member, cr_member_keys_free);
  g_clear_pointer(&p->keyring, cr_keyring_free);
  g_clear_pointer(&p->lock, cr_lock_release);
  g_string_free(p->pending, TRUE);
  g_free(p->path);
  g_free(p->id);
  g_free(p->session);
  g_free(p);
}

/* ---- making ---- */

static gboolean
grant_first_keys(CrProject *p, const char *code, const char *name, GError **error)
{
  static const char *const names[] = {"work", "vault", "names"};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autoptr(CrKey) key = cr_key_new_random(p->env);
    cr_keyring_grant(p->keyring, names[i], code, key);
  }
  g_autofree char *findings = g_strconcat("findings/", code, NULL);
  g_autoptr(CrKey) own = cr_key_new_random(p->env);
  cr_keyring_grant(p->keyring, findings, code, own);
  g_autoptr(CrKey) names_key = cr_keyring_open_key(p->keyring, "names", p->member, error);
  if (!names_key)
    return FALSE;
  g_autoptr(GBytes) box = cr_seal(p->env, names_key, code, name, strlen(name));
  cr_keyring_set_sealed_name(p->keyring, code, box);
  return TRUE;
}

static gboolean
open_stores(CrProject *p, gboolean create, GError **error)
{
  g_autofree char *work = cr_project_file(p->path, CR_FILE_WORK),
                  *vault = cr_project_file(p->path, CR_FILE_VAULT);
  const char *code = cr_member_keys_code(p->member);
  g_autoptr(CrKey) work_key = cr_keyring_open_key(p->keyring, "work", p->member, error);
  p->work = work_key ? cr_db_open(work, CR_DB_WORK, work_key, create, error) : NULL;
  if (!p->work)
    return FALSE;
  if (!cr_keyring_granted(p->keyring, "vault", code))
    return TRUE;
  p->vault_key = cr_keyring_open_key(p->keyring, "vault", p->member, error);
  p->vault = p->vault_key ? cr_db_open(vault, CR_DB_VAULT, p->vault_key, create, error) : NULL;
  return p->vault != NULL;
}

/* Settings of the gates, only where they are not the defaults. */
static gboolean
gate_settings(CrProject *p, const CrInitOptions *options, GError **error)
{
  static const char *const metrics[] = {"token_kappa", "span_f1_strict", "span_f1_partial", NULL};
  char floor[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *pilot = g_strdup_printf("%u", options->pilot);
  if (options->metric && !g_strv_contains(metrics, options->metric)) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE,
                "there is no such metric; they are token_kappa, span_f1_strict and span_f1_partial");
    return FALSE;
  }
  if (options->floor < 0 || options->floor > 1) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "the floor of agreement lies between 0 and 1");
    return FALSE;
  }
  return (!options->metric || cr_db_set_meta(p->work, "agreement.metric", options->metric, error)) &&
         (options->floor <= 0 ||
          cr_db_set_meta(p->work, "agreement.floor", g_ascii_dtostr(floor, sizeof floor, options->floor),
                         error)) &&
         (!options->pilot || cr_db_set_meta(p->work, "pilot.size", pilot, error));
}

static gboolean
first_settings(CrProject *p, const CrInitOptions *options, GError **error)
{
  g_autofree char *reviewers = g_strdup_printf("%u", options->reviewers);
  if (!cr_db_set_meta(p->work, "project", p->id, error) ||
      !cr_db_set_meta(p->work, "reviewers", reviewers, error) ||
      !cr_db_set_meta(p->vault, "project", p->id, error))
    return FALSE;
  if (!gate_settings(p, options, error))
    return FALSE;
  if ((options->purpose && !cr_db_set_meta(p->work, "purpose", options->purpose, error)) ||
      (options->licence && !cr_db_set_meta(p->work, "licence", options->licence, error)))
    return FALSE;
  if (!options->template_name)
    return TRUE;
  g_autoptr(CrGuidelines) template =
      cr_guidelines_template(options->template_dir, options->template_name, error);
  if (!template)
    return FALSE;
  g_autoptr(json_t) json = cr_guidelines_to_json(template);
  g_autofree char *text = cr_json_dump(json);
  return cr_db_set_meta(p->work, "guidelines.template", text, error);
}

static void
first_events(CrProject *p, const CrInitOptions *options)
{
  const char *code = cr_member_keys_code(p->member);
  g_autofree char *object = g_strconcat("member:", code, NULL),
                  *key = cr_keyring_sign_key_hex(p->keyring, code), *roles = cr_roles_format(p->roles);
  g_autofree char *introduced = g_strdup_printf("{\"key\":\"%s\",\"roles\":\"%s\"}", key, roles);
  g_autofree char *settings =
      g_strdup_printf("{\"reviewers\":%u,\"template\":\"%s\",\"metric\":\"%s\",\"floor\":%.3f,\"pilot\":%u}",
                      options->reviewers, options->template_name ? options->template_name : "",
                      options->metric ? options->metric : "", options->floor, options->pilot);
  cr_tx_event(p, CR_ROLE_LEAD, "member.added", object, NULL, introduced, NULL);
  cr_tx_event(p, CR_ROLE_LEAD, "project.created", "project", NULL, settings, NULL);
}

static gboolean
fill_new_project(CrProject *p, const char *passphrase, const CrInitOptions *options, GError **error)
{
  g_autofree char *log = cr_project_file(p->path, CR_FILE_LOG);
  p->id = cr_random_code(p->env, "C-", 12);
  p->keyring = cr_keyring_new(p->env, p->id);
  g_autofree char *code = cr_keyring_add_member(p->keyring, passphrase, CR_ROLE_ALL);
  p->roles = CR_ROLE_ALL;
  p->member = cr_keyring_unlock(p->keyring, code, passphrase, error);
  if (!p->member || !grant_first_keys(p, code, options->member_name ? options->member_name : "lead", error) ||
      !open_stores(p, TRUE, error))
    return FALSE;
  p->chain = cr_chain_new(p->env, p->id);
  p->log = cr_audit_log_open(p->env->io, log, error);
  if (!p->log || !cr_tx_begin(p, error))
    return FALSE;
  first_events(p, options);
  return first_settings(p, options, error) && cr_keyring_stage(p, error) && cr_tx_commit(p, error) &&
         cr_keyring_settle(p, error) && cr_trail_seal(p, error);
}

static gboolean
close_stores(CrProject *p, GError **error)
{
  CrDb *vault = g_steal_pointer(&p->vault), *work = g_steal_pointer(&p->work);
  gboolean ok = !vault || cr_db_close(vault, error);
  return (!work || cr_db_close(work, ok ? error : NULL)) && ok;
}

gboolean
cr_project_init(const char *path, const char *passphrase, const CrInitOptions *options, char **member_code,
                GError **error)
{
  g_autofree char *target = g_canonicalize_filename(path, NULL), *parent = g_path_get_dirname(target);
  g_autofree char *aside = g_strdup_printf("%s.init-XXXXXX", target);
  if (g_file_test(target, G_FILE_TEST_EXISTS)) {
    g_set_error(error, CR_ERROR, CR_ERROR_EXISTS, "%s is already there", path);
    return FALSE;
  }
  if (cr_path_is_network(parent)) {
    g_set_error(error, CR_ERROR, CR_ERROR_NETWORK_FILESYSTEM, "%s lies on a network file system", parent);
    return FALSE;
  }
  if (!g_mkdtemp(aside)) {
    cr_error_set_errno(error, errno, aside, "making the folder");
    return FALSE;
  }
  CrProject *p = project_alloc(aside);
  gboolean ok = fill_new_project(p, passphrase, options, error) && close_stores(p, error);
  if (ok && member_code)
    *member_code = g_strdup(cr_member_keys_code(p->member));
  project_drop(p);
  ok = ok && cr_dir_publish(cr_workflow_env()->io, aside, target, error);
  if (!ok)
    cr_dir_remove(aside, NULL);
  return ok;
}

/* ---- opening ---- */

static gboolean
check_folder(const char *path, GError **error)
{
  static const char *const needed[] = {CR_FILE_KEYRING, CR_FILE_WORK, CR_FILE_VAULT, CR_FILE_LOG};
  for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
    g_autofree char *file = cr_project_file(path, needed[i]);
    if (!g_file_test(file, G_FILE_TEST_IS_REGULAR)) {
      g_set_error(error, CR_ERROR, CR_ERROR_NOT_A_PROJECT, "%s: there is no %s in it", path, needed[i]);
      return FALSE;
    }
  }
  if (!cr_path_is_network(path))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_NETWORK_FILESYSTEM, "%s lies on a network file system", path);
  return FALSE;
}

/* The signed head names the project in the clear, so a keyring of another project shows before any passphrase
 * is tried. */
static gboolean
check_keyring_belongs(CrProject *p, GError **error)
{
  g_autofree char *head = cr_project_file(p->path, CR_FILE_HEAD);
  g_autofree char *text = NULL;
  if (!g_file_get_contents(head, &text, NULL, NULL) || strstr(text, p->id))
    return TRUE; /* a missing head is the trail's finding, not the keyring's */
  g_set_error(error, CR_ERROR, CR_ERROR_FOREIGN_KEYRING, "%s: its keyring is that of project %s", p->path,
              p->id);
  return FALSE;
}

/* The one member whom the passphrase opens. */
static CrMemberKeys *
unlock_any(CrKeyring *ring, const char *passphrase, GError **error)
{
  g_auto(GStrv) codes = cr_keyring_members(ring);
  g_autoptr(CrMemberKeys) found = NULL;
  g_autoptr(GError) first = NULL;
  for (guint i = 0; codes[i]; i++) {
    g_autoptr(GError) why = NULL;
    g_autoptr(CrMemberKeys) keys = cr_keyring_unlock(ring, codes[i], passphrase, &why);
    if (keys && found) {
      g_set_error(error, CR_ERROR, CR_ERROR_USAGE,
                  "the passphrase opens more than one member: name one with --member");
      return NULL;
    }
    if (keys)
      found = g_steal_pointer(&keys);
    else if (!first || g_error_matches(why, CR_ERROR, CR_ERROR_WRONG_PASSPHRASE)) {
      g_clear_error(&first);
      first = g_steal_pointer(&why);
    }
  }
  if (!found)
    g_propagate_error(error, g_steal_pointer(&first));
  return g_steal_pointer(&found);
}

static gboolean
unlock(CrProject *p, const char *member, const char *passphrase, GError **error)
{
  p->member = member ? cr_keyring_unlock(p->keyring, member, passphrase, error)
                     : unlock_any(p->keyring, passphrase, error);
  if (p->member)
    p->roles = cr_keyring_roles(p->keyring, cr_member_keys_code(p->member));
  return p->member != NULL;
}

/* What the stores say must be about this project, no older than its trail, and about this keyring; a keyring
 * that was staged but not renamed when the program ended is put in place. */
static gboolean
check_stores(CrProject *p, GError **error)
{
  g_autofree char *id = cr_db_dup_meta(p->work, "project", error);
  if (!id)
    return FALSE;
  if (!g_str_equal(id, p->id)) {
    g_set_error(error, CR_ERROR, CR_ERROR_FOREIGN_KEYRING, "%s: work.db is that of project %s", p->path, id);
    return FALSE;
  }
  return cr_trail_recover(p, error) && cr_keyring_settle(p, error);
}

static gboolean
open_project(CrProject *p, const char *member, const char *passphrase, GError **error)
{
  g_autofree char *lock = cr_project_file(p->path, CR_FILE_LOCK),
                  *ring = cr_project_file(p->path, CR_FILE_KEYRING);
  p->lock = cr_lock_take(lock, error);
  p->keyring = p->lock ? cr_keyring_load(p->env, ring, error) : NULL;
  if (!p->keyring)
    return FALSE;
  p->id = g_strdup(cr_keyring_project_id(p->keyring));
  if (!check_keyring_belongs(p, error) || !unlock(p, member, passphrase, error) ||
      !open_stores(p, FALSE, error) || !check_stores(p, error))
    return FALSE;
  p->n_signed = 0;
  if (!p->vault)
    return TRUE;
  return cr_db_begin(p->vault, error) && cr_vault_drop_uncommitted(p->vault, p->work, error) &&
         cr_db_commit(p->vault, error);
}

CrProject *
cr_project_open(const char *path, const char *member, const char *passphrase, GError **error)
{
  if (!check_folder(path, error))
    return NULL;
  CrProject *p = project_alloc(path);
  if (open_project(p, member, passphrase, error)) {
    p->n_signed = cr_chain_n_events(p->chain);
    return p;
  }
  project_drop(p);
  return NULL;
}

gboolean
cr_project_close(CrProject *p, GError **error)
{
  cr_tx_rollback(p);
  gboolean ok = cr_trail_seal(p, error);
  ok = close_stores(p, ok ? error : NULL) && ok;
  project_drop(p);
  return ok;
}

void
cr_project_free(CrProject *p)
{
  if (p)
    (void)cr_project_close(p, NULL);
}

const char *
cr_project_member(const CrProject *p)
{
  return cr_member_keys_code(p->member);
}

/* ---- what a member may do ---- */

gboolean
cr_project_require(CrProject *p, guint any_of, const char *what, GError **error)
{
  if (p->roles & any_of)
    return TRUE;
  g_autofree char *roles = cr_roles_format(any_of);
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_PERMITTED, "%s: %s needs one of the roles %s",
              cr_project_member(p), what, roles);
  return FALSE;
}

gboolean
cr_project_require_vault(CrProject *p, const char *what, GError **error)
{
  if (p->vault)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_PERMITTED,
              "%s: %s needs the key of the originals, which privacy reviewers hold", cr_project_member(p),
              what);
  return FALSE;
}

double
cr_project_setting(CrProject *p, const char *key, double fallback)
{
  g_autofree char *value = cr_db_dup_meta(p->work, key, NULL);
  return value ? g_ascii_strtod(value, NULL) : fallback;
}
