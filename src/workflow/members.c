/* members.c: people, roles and keys. A change of the keyring is staged beside it, committed with its events,
 * then renamed into place. */
#include "workflow/workflow-private.h"

#include <glib/gstdio.h>
#include <string.h>

gboolean
cr_keyring_stage(CrProject *p, GError **error)
{
  g_autofree char *next = cr_project_file(p->path, CR_FILE_KEYRING_NEXT);
  if (!cr_keyring_save(p->keyring, p->env->io, next, p->member, error))
    return FALSE;
  g_autofree char *hash = cr_keyring_hash_hex(p->keyring);
  cr_tx_event(p, p->roles & CR_ROLE_LEAD ? CR_ROLE_LEAD : p->roles, "keyring.changed", "project", NULL, hash,
              NULL);
  return cr_db_set_meta(p->work, "keyring", hash, error);
}

/* The staged keyring, where it is the one that the store committed. */
static gboolean
adopt_staged(CrProject *p, const char *hash, GError **error)
{
  g_autofree char *path = cr_project_file(p->path, CR_FILE_KEYRING),
                  *next = cr_project_file(p->path, CR_FILE_KEYRING_NEXT);
  g_autoptr(CrKeyring) staged = cr_keyring_load(p->env, next, NULL);
  g_autofree char *staged_hash = staged ? cr_keyring_hash_hex(staged) : NULL;
  if (g_strcmp0(staged_hash, hash) != 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_FOREIGN_KEYRING,
                "%s: its keyring is not the one that the project last recorded", p->path);
    return FALSE;
  }
  if (p->env->io->rename(next, path) != 0) {
    cr_error_set_errno(error, errno, path, "putting the keyring in place");
    return FALSE;
  }
  cr_keyring_free(p->keyring);
  p->keyring = g_steal_pointer(&staged);
  p->roles = cr_keyring_roles(p->keyring, cr_project_member(p));
  return cr_dir_sync(p->path, error);
}

gboolean
cr_keyring_settle(CrProject *p, GError **error)
{
  g_autofree char *path = cr_project_file(p->path, CR_FILE_KEYRING);
  g_autoptr(CrKeyring) on_disk = cr_keyring_load(p->env, path, NULL);
  g_autofree char *now = on_disk ? cr_keyring_hash_hex(on_disk) : NULL;
  g_autofree char *recorded = cr_db_dup_meta(p->work, "keyring", error);
  if (!recorded)
    return FALSE;
  return g_strcmp0(now, recorded) == 0 || adopt_staged(p, recorded, error);
}

/* Ends a change of the keyring: TRUE when it is committed and in place; else the keyring of the file is back
 * in memory. */
static gboolean
finish_keyring_change(CrProject *p, gboolean ok, GError **error)
{
  if (ok && cr_keyring_stage(p, error) && cr_tx_commit(p, error))
    return cr_keyring_settle(p, error);
  cr_tx_rollback(p);
  g_autofree char *path = cr_project_file(p->path, CR_FILE_KEYRING);
  CrKeyring *before = cr_keyring_load(p->env, path, NULL);
  if (before) {
    cr_keyring_free(p->keyring);
    p->keyring = before;
  }
  return FALSE;
}

static gboolean
seal_name(CrProject *p, const char *code, const char *name, GError **error)
{
  g_autoptr(CrKey) key = cr_keyring_open_key(p->keyring, "names", p->member, error);
  if (!key)
    return FALSE;
  g_autoptr(GBytes) box = cr_seal(p->env, key, code, name, strlen(name));
  cr_keyring_set_sealed_name(p->keyring, code, box);
  return TRUE;
}

/* The reader's own findings key, which the roles that compare readings hold too. */
static void
grant_findings_key(CrProject *p, const char *code)
{
  g_autofree char *name = g_strconcat("findings/", code, NULL);
  g_autoptr(CrKey) key = cr_key_new_random(p->env);
  g_auto(GStrv) members = cr_keyring_members(p->keyring);
  guint roles = cr_key_roles(name);
  cr_keyring_grant(p->keyring, name, code, key);
  for (guint i = 0; members[i]; i++)
    if ((cr_keyring_roles(p->keyring, members[i]) & roles) && !g_str_equal(members[i], code))
      cr_keyring_grant(p->keyring, name, members[i], key);
}

static char *
introduce(CrProject *p, const char *code, guint roles)
{
  g_autofree char *key = cr_keyring_sign_key_hex(p->keyring, code), *list = cr_roles_format(roles);
  return g_strdup_printf("{\"key\":\"%s\",\"roles\":\"%s\"}", key, list);
}

char *
cr_project_member_add(CrProject *p, const char *name, const char *passphrase, const char *roles,
                      GError **error)
{
  guint set;
  if (!cr_project_require(p, CR_ROLE_LEAD, "adding a member", error) || !cr_roles_parse(roles, &set, error) ||
      !cr_tx_begin(p, error))
    return NULL;
  g_autofree char *code = cr_keyring_add_member(p->keyring, passphrase, 0);
  g_autofree char *object = g_strconcat("member:", code, NULL), *introduced = introduce(p, code, set);
  cr_tx_event(p, CR_ROLE_LEAD, "member.added", object, NULL, introduced, NULL);
  gboolean ok =
      seal_name(p, code, name, error) && cr_keyring_set_roles(p->keyring, code, set, p->member, error);
  if (ok)
    grant_findings_key(p, code);
  if (!finish_keyring_change(p, ok, error))
    return NULL;
  return g_steal_pointer(&code);
}

gboolean
cr_project_member_roles(CrProject *p, const char *member, const char *roles, const char *reason,
                        GError **error)
{
  guint set;
  g_autofree char *code = NULL;
  if (!cr_project_require(p, CR_ROLE_LEAD, "changing roles", error) || !cr_roles_parse(roles, &set, error) ||
      !(code = cr_project_resolve_member(p, member, error)))
    return FALSE;
  if (g_str_equal(code, cr_project_member(p)) && !(set & CR_ROLE_LEAD)) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_PERMITTED,
                "a lead can't give up the lead role: another lead must take it");
    return FALSE;
  }
  if (!cr_tx_begin(p, error))
    return FALSE;
  g_autofree char *object = g_strconcat("member:", code, NULL),
                  *old = cr_roles_format(cr_keyring_roles(p->keyring, code)), *new = cr_roles_format(set);
  cr_tx_event(p, CR_ROLE_LEAD, "member.roles", object, old, new, reason);
  gboolean ok = cr_keyring_set_roles(p->keyring, code, set, p->member, error);
  if (!finish_keyring_change(p, ok, error))
    return FALSE;
  p->roles = cr_keyring_roles(p->keyring, cr_project_member(p));
  return TRUE;
}

static char *
resolve_other(CrProject *p, const char *member, const char *what, GError **error)
{
  if (!cr_project_require(p, CR_ROLE_LEAD, what, error))
    return NULL;
  g_autofree char *code = cr_project_resolve_member(p, member, error);
  if (!code || !g_str_equal(code, cr_project_member(p)))
    return g_steal_pointer(&code);
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_PERMITTED, "%s: a member can't do this to itself", what);
  return NULL;
}

gboolean
cr_project_member_lock(CrProject *p, const char *member, gboolean locked, const char *reason, GError **error)
{
  g_autofree char *code = resolve_other(p, member, locked ? "locking a member" : "unlocking a member", error);
  if (!code || !cr_tx_begin(p, error))
    return FALSE;
  g_autofree char *object = g_strconcat("member:", code, NULL);
  cr_tx_event(p, CR_ROLE_LEAD, locked ? "member.locked" : "member.unlocked", object, NULL, NULL, reason);
  cr_keyring_set_locked(p->keyring, code, locked);
  return finish_keyring_change(p, TRUE, error);
}

gboolean
cr_project_member_remove(CrProject *p, const char *member, const char *reason, GError **error)
{
  g_autofree char *code = resolve_other(p, member, "removing a member", error);
  if (!code || !cr_tx_begin(p, error))
    return FALSE;
  g_autofree char *object = g_strconcat("member:", code, NULL),
                  *old = cr_roles_format(cr_keyring_roles(p->keyring, code));
  cr_tx_event(p, CR_ROLE_LEAD, "member.removed", object, old, NULL, reason);
  cr_keyring_remove_member(p->keyring, code);
  return finish_keyring_change(p, TRUE, error);
}

/* NULL where the member may not open names, or the name is unset. */
static char *
open_name(CrProject *p, const char *code)
{
  g_autoptr(CrKey) key = cr_keyring_open_key(p->keyring, "names", p->member, NULL);
  GBytes *box = cr_keyring_sealed_name(p->keyring, code);
  if (!key || !box)
    return NULL;
  g_autoptr(GBytes) name = cr_seal_open(key, code, g_bytes_get_data(box, NULL), g_bytes_get_size(box), NULL);
  return name ? g_strndup(g_bytes_get_data(name, NULL), g_bytes_get_size(name)) : NULL;
}

json_t *
cr_project_member_list(CrProject *p, GError **error)
{
  g_auto(GStrv) codes = cr_keyring_members(p->keyring);
  json_t *list = json_array();
  for (guint i = 0; codes[i]; i++) {
    g_autofree char *roles = cr_roles_format(cr_keyring_roles(p->keyring, codes[i])),
                    *name = open_name(p, codes[i]);
    json_t *row = json_pack("{s:s, s:s, s:b}", "member", codes[i], "roles", roles, "locked",
                            cr_keyring_is_locked(p->keyring, codes[i]));
    if (name)
      json_object_set_new(row, "name", json_string(name));
    if (g_str_equal(codes[i], cr_project_member(p)))
      json_object_set_new(row, "you", json_true());
    json_array_append_new(list, row);
  }
  return list;
}

char *
cr_project_resolve_member(CrProject *p, const char *code_or_name, GError **error)
{
  if (cr_keyring_has_member(p->keyring, code_or_name))
    return g_strdup(code_or_name);
  g_auto(GStrv) codes = cr_keyring_members(p->keyring);
  for (guint i = 0; codes[i]; i++) {
    g_autofree char *name = open_name(p, codes[i]);
    if (g_strcmp0(name, code_or_name) == 0)
      return g_strdup(codes[i]);
  }
  g_set_error(error, CR_ERROR, CR_ERROR_NO_SUCH_MEMBER, "there is no member %s in %s", code_or_name, p->path);
  return NULL;
}

char *
cr_project_sign(CrProject *p, const char *meaning, const char *record_hash_hex)
{
  g_autofree char *time = cr_time_format(p->env->now_us(p->env));
  g_autofree char *said = g_strdup_printf("chartroom signature\n%s\n%s\n%s\n%s\n%s", p->id, meaning,
                                          record_hash_hex, time, cr_project_member(p));
  uint8_t signature[64];
  cr_member_keys_sign(p->member, said, strlen(said), signature);
  g_autofree char *hex = cr_hex(signature, sizeof signature);
  g_autoptr(json_t) json = json_pack("{s:s, s:s, s:s, s:s, s:s}", "member", cr_project_member(p), "time",
                                     time, "meaning", meaning, "hash", record_hash_hex, "signature", hex);
  return cr_json_dump(json);
}

static const char *
member_of(const json_t *object, const char *key)
{
  const char *value = json_string_value(json_object_get(object, key));
  return value ? value : "";
}

gboolean
cr_project_signature_holds(CrProject *p, const char *member, const char *signed_json,
                           const char *record_hash_hex)
{
  g_autoptr(json_t) json = cr_json_parse(signed_json, strlen(signed_json), NULL);
  g_autofree char *key = cr_keyring_sign_key_hex(p->keyring, member);
  uint8_t signature[64];
  if (!json || !key || !g_str_equal(member_of(json, "member"), member) ||
      !g_str_equal(member_of(json, "hash"), record_hash_hex) ||
      !cr_unhex(member_of(json, "signature"), signature, sizeof signature))
    return FALSE;
  g_autofree char *said =
      g_strdup_printf("chartroom signature\n%s\n%s\n%s\n%s\n%s", p->id, member_of(json, "meaning"),
                      record_hash_hex, member_of(json, "time"), member);
  return cr_signature_valid(key, said, strlen(said), signature);
}
