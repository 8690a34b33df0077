/* Known identifiers that stand in the columns of a CSV row, gathered as the JSON of cli.md's "known". */
#include "intake/intake-private.h"
#include <string.h>

void
cr_known_row_clear(CrKnownRow *row)
{
  g_clear_pointer(&row->known, json_decref);
  g_clear_pointer(&row->name, json_decref);
}

static void
append(json_t *known, const char *list_name, json_t *value /* full */)
{
  json_t *list = json_object_get(known, list_name);
  if (list == NULL) {
    list = json_array();
    json_object_set_new(known, list_name, list);
  }
  json_array_append_new(list, value);
}

/* The start of a column's name, and the list its values go to. */
static const struct {
  const char *start, *list;
} lists[] = {{"date", "dates"}, {"dob", "dates"},    {"birth", "dates"},      {"phone", "phones"},
             {"fax", "phones"}, {"email", "emails"}, {"address", "addresses"}};
static const char *const name_parts[] = {"given", "middle", "family", "role"};

void
cr_known_row_set(CrKnownRow *row, const char *column, const char *value)
{
  g_autofree char *trimmed = g_strstrip(g_strdup(value));
  if (trimmed[0] == '\0')
    return;
  if (row->known == NULL) {
    row->known = json_object();
    row->name = json_object();
  }
  for (gsize i = 0; i < G_N_ELEMENTS(name_parts); i++)
    if (strcmp(column, name_parts[i]) == 0) {
      json_object_set_new(row->name, column, json_string(trimmed));
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
    if (g_str_has_prefix(column, lists[i].start)) {
      append(row->known, lists[i].list, json_string(trimmed));
      return;
    }
  append(row->known, "ids", json_pack("{s:s, s:s}", "kind", column, "value", trimmed));
}

static gboolean
finish_name(CrKnownRow *row, const char *where, GError **error)
{
  const char *role = json_string_value(json_object_get(row->name, "role"));
  if (json_object_size(row->name) == (role != NULL ? 1u : 0u))
    return TRUE; /* a role alone names nobody */
  g_autofree char *key = role != NULL ? cr_column_key(role) : g_strdup("patient");
  if (strcmp(key, "patient") != 0 && strcmp(key, "relative") != 0 && strcmp(key, "staff") != 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_CSV, "%s: the role is none of patient, relative, staff", where);
    return FALSE;
  }
  json_object_set_new(row->name, "role", json_string(key));
  append(row->known, "names", json_incref(row->name));
  return TRUE;
}

CrKnown *
cr_known_row_finish(CrKnownRow *row, const char *where, GError **error)
{
  if (row->known == NULL || !finish_name(row, where, error) || json_object_size(row->known) == 0)
    return NULL;
  return cr_known_from_json(row->known, error);
}
