/* roles.c: the roles by name, and the one table that says which role holds which project key. */
#include "base/keyring.h"

#include <string.h>

static const char *const role_names[] = {"lead",   "privacy",  "clinician",
                                         "senior", "engineer", "auditor"}; /* bit 0, 1, … */

static const struct {
  const char *key; /* ending in '/': a prefix */
  guint roles;
} key_table[] = {{"vault", CR_ROLE_PRIVACY},
                 {"work", CR_ROLE_ALL},
                 {"names", CR_ROLE_LEAD | CR_ROLE_PRIVACY | CR_ROLE_SENIOR | CR_ROLE_AUDITOR},
                 {"findings/", CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER}};

char *
cr_roles_format(guint roles)
{
  g_autoptr(GString) list = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(role_names); i++)
    if (roles & (1u << i))
      g_string_append_printf(list, "%s%s", list->len ? "," : "", role_names[i]);
  return g_strdup(list->str);
}

gboolean
cr_roles_parse(const char *list, guint *roles, GError **error)
{
  g_auto(GStrv) words = g_strsplit(list, ",", -1);
  guint set = 0;
  for (guint w = 0; words[w]; w++) {
    guint i = 0;
    g_strstrip(words[w]);
    while (i < G_N_ELEMENTS(role_names) && !g_str_equal(role_names[i], words[w]))
      i++;
    if (i == G_N_ELEMENTS(role_names) && !g_str_equal(words[w], "all")) {
      g_set_error(error, CR_ERROR, CR_ERROR_USAGE,
                  "%s is not a role; the roles are lead, privacy, clinician, senior, engineer, auditor",
                  words[w]);
      return FALSE;
    }
    set |= i == G_N_ELEMENTS(role_names) ? CR_ROLE_ALL : 1u << i;
  }
  *roles = set;
  return TRUE;
}

guint
cr_key_roles(const char *key_name)
{
  for (guint i = 0; i < G_N_ELEMENTS(key_table); i++) {
    const char *key = key_table[i].key;
    if (g_str_has_suffix(key, "/") ? g_str_has_prefix(key_name, key) : g_str_equal(key_name, key))
      return key_table[i].roles;
  }
  return 0;
}
