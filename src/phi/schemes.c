/* The labels of other annotation schemes as kinds: data/rules/schemes.tsv. */
#include "phi-private.h"
#include <string.h>

typedef struct {
  const char *scheme;
  GHashTable *kinds; /* label -> kind, or "-" */
} Reading;

static gboolean
take_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  Reading *reading = data;
  CrPhiKind kind;
  if (n_fields != 3 || (strcmp(fields[2], "-") != 0 && !cr_phi_kind_parse(fields[2], &kind))) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%u: not a scheme, a label and a kind", line);
    return FALSE;
  }
  if (strcmp(fields[0], reading->scheme) == 0)
    g_hash_table_replace(reading->kinds, g_strdup(fields[1]), g_strdup(fields[2]));
  return TRUE;
}

GHashTable *
cr_phi_scheme_load(const char *rules_dir, const char *scheme, GError **error)
{
  g_autofree char *path = phi_rules_path(rules_dir, "schemes.tsv");
  g_autoptr(GHashTable) kinds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  Reading reading = {scheme, kinds};
  if (!phi_table_read(path, take_row, &reading, NULL, error))
    return NULL;
  if (g_hash_table_size(kinds) > 0)
    return g_steal_pointer(&kinds);
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s: no scheme \"%s\"", path, scheme);
  return NULL;
}
