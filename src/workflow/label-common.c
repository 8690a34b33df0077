/* label-common.c: what the files from guidelines to release share. */
#include "workflow/reading-private.h"

CrRole
cr_reading_role(CrProject *p, guint any_of)
{
  for (guint bit = CR_ROLE_LEAD; bit <= CR_ROLE_AUDITOR; bit <<= 1)
    if (p->roles & any_of & bit)
      return (CrRole)bit;
  return (CrRole)p->roles;
}

char *
cr_reading_object(const char *note)
{
  return g_strconcat("note:", note, NULL);
}

gboolean
cr_reading_move(CrProject *p, CrRole role, const char *note, const char *state, const char *reason,
                GError **error)
{
  g_autofree char *old = cr_documents_get_state(p->work, note, error);
  if (!old || !cr_documents_set_state(p->work, note, state, error))
    return FALSE;
  g_autofree char *object = cr_reading_object(note), *action = g_strconcat("note.", state, NULL);
  cr_tx_event(p, role, action, object, old, state, reason);
  return TRUE;
}

gboolean
cr_reading_in_state(CrProject *p, const char *note, const char *const *states, const char *what,
                    GError **error)
{
  g_autofree char *state = cr_documents_get_state(p->work, note, error);
  if (!state)
    return FALSE;
  if (g_strv_contains(states, state))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE, "note %s is %s: %s", note, state, what);
  return FALSE;
}

char *
cr_reading_canonical(const json_t *value)
{
  char *dumped = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
  char *copy = g_strdup(dumped);
  free(dumped);
  return copy;
}

gboolean
cr_reading_end(CrProject *p, gboolean ok, GError **error)
{
  if (ok)
    return cr_tx_commit(p, error);
  cr_tx_rollback(p);
  return FALSE;
}

CrKey *
cr_reading_key(CrProject *p, const char *reader, GError **error)
{
  g_autofree char *name = g_strconcat("findings/", reader, NULL);
  return cr_keyring_open_key(p->keyring, name, p->member, error);
}

guint
cr_reading_count_members(CrProject *p, guint any_of)
{
  guint n = 0;
  g_auto(GStrv) codes = cr_keyring_members(p->keyring);
  for (guint i = 0; codes[i]; i++)
    if ((cr_keyring_roles(p->keyring, codes[i]) & any_of) && !cr_keyring_is_locked(p->keyring, codes[i]))
      n++;
  return n;
}

gboolean
cr_reading_works_alone(CrProject *p)
{
  return cr_reading_count_members(p, CR_ROLE_ALL) == 1;
}

const char *
cr_reading_string(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

const char *
cr_reading_need(const json_t *object, const char *key, GError **error)
{
  const char *value = cr_reading_string(object, key);
  if (!value)
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "the line has no \"%s\"", key);
  return value;
}
