/* known: what the hospital's export itself says of a patient, as JSON and in memory.
 *
 * Values are identifiers: no error message ever holds one, only the name of the member that is wrong. */
#include <chartroom/known.h>
#include <string.h>

static void
name_free(gpointer data)
{
  CrKnownName *name = data;
  g_free(name->given);
  g_free(name->middle);
  g_free(name->family);
  g_free(name->role);
  g_free(name);
}

static void
id_free(gpointer data)
{
  CrKnownId *id = data;
  g_free(id->kind);
  g_free(id->value);
  g_free(id);
}

/* The lists of plain strings, so that reading, writing and merging are each one loop. */
static const struct {
  const char *member;
  gsize offset;
} string_lists[] = {{"dates", G_STRUCT_OFFSET(CrKnown, dates)},
                    {"phones", G_STRUCT_OFFSET(CrKnown, phones)},
                    {"addresses", G_STRUCT_OFFSET(CrKnown, addresses)},
                    {"emails", G_STRUCT_OFFSET(CrKnown, emails)}};

static GPtrArray **
string_list(const CrKnown *known, guint i)
{
  return G_STRUCT_MEMBER_P(known, string_lists[i].offset);
}

CrKnown *
cr_known_new(void)
{
  CrKnown *known = g_new0(CrKnown, 1);
  known->names = g_ptr_array_new_with_free_func(name_free);
  known->ids = g_ptr_array_new_with_free_func(id_free);
  for (guint i = 0; i < G_N_ELEMENTS(string_lists); i++)
    *string_list(known, i) = g_ptr_array_new_with_free_func(g_free);
  return known;
}

static void
list_free(GPtrArray *list)
{
  if (list)
    g_ptr_array_unref(list);
}

void
cr_known_free(CrKnown *known)
{
  if (!known)
    return;
  list_free(known->names);
  list_free(known->ids);
  for (guint i = 0; i < G_N_ELEMENTS(string_lists); i++)
    list_free(*string_list(known, i));
  g_free(known);
}

static guint
n_of(const GPtrArray *list)
{
  return list ? list->len : 0;
}

gboolean
cr_known_is_empty(const CrKnown *known)
{
  guint n = n_of(known->names) + n_of(known->ids);
  for (guint i = 0; i < G_N_ELEMENTS(string_lists); i++)
    n += n_of(*string_list(known, i));
  return n == 0;
}

/* ---- adding without repeats ---- */

static gboolean
has_name(const GPtrArray *names, const CrKnownName *other)
{
  for (guint i = 0; i < names->len; i++) {
    const CrKnownName *name = names->pdata[i];
    if (g_strcmp0(name->given, other->given) == 0 && g_strcmp0(name->middle, other->middle) == 0 &&
        g_strcmp0(name->family, other->family) == 0 && g_strcmp0(name->role, other->role) == 0)
      return TRUE;
  }
  return FALSE;
}

void
cr_known_add_name(CrKnown *known, const char *given, const char *middle, const char *family, const char *role)
{
  CrKnownName name = {(char *)given, (char *)middle, (char *)family, (char *)(role ? role : "patient")};
  if (!known->names)
    known->names = g_ptr_array_new_with_free_func(name_free);
  if ((!given && !middle && !family) || has_name(known->names, &name))
    return;
  CrKnownName *copy = g_new0(CrKnownName, 1);
  *copy =
      (CrKnownName){g_strdup(name.given), g_strdup(name.middle), g_strdup(name.family), g_strdup(name.role)};
  g_ptr_array_add(known->names, copy);
}

static gboolean
has_id(const GPtrArray *ids, const char *kind, const char *value)
{
  for (guint i = 0; i < ids->len; i++) {
    const CrKnownId *id = ids->pdata[i];
    if (g_strcmp0(id->kind, kind) == 0 && g_strcmp0(id->value, value) == 0)
      return TRUE;
  }
  return FALSE;
}

void
cr_known_add_id(CrKnown *known, const char *kind, const char *value)
{
  if (!known->ids)
    known->ids = g_ptr_array_new_with_free_func(id_free);
  if (has_id(known->ids, kind, value))
    return;
  CrKnownId *id = g_new0(CrKnownId, 1);
  *id = (CrKnownId){g_strdup(kind), g_strdup(value)};
  g_ptr_array_add(known->ids, id);
}

static void
add_string(GPtrArray **list, const char *value)
{
  if (!*list)
    *list = g_ptr_array_new_with_free_func(g_free);
  if (!g_ptr_array_find_with_equal_func(*list, value, g_str_equal, NULL))
    g_ptr_array_add(*list, g_strdup(value));
}

void
cr_known_merge(CrKnown *into, const CrKnown *from)
{
  for (guint i = 0; i < n_of(from->names); i++) {
    const CrKnownName *name = from->names->pdata[i];
    cr_known_add_name(into, name->given, name->middle, name->family, name->role);
  }
  for (guint i = 0; i < n_of(from->ids); i++) {
    const CrKnownId *id = from->ids->pdata[i];
    cr_known_add_id(into, id->kind, id->value);
  }
  for (guint k = 0; k < G_N_ELEMENTS(string_lists); k++) {
    const GPtrArray *list = *string_list(from, k);
    for (guint i = 0; i < n_of(list); i++)
      add_string(string_list(into, k), list->pdata[i]);
  }
}

/* ---- JSON in ---- */

static gboolean
set_wrong(GError **error, const char *where, const char *should_be)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "known.%s: should be %s", where, should_be);
  return FALSE;
}

/* The member as a string: NULL where it is absent, null or empty. */
static gboolean
get_string(const json_t *object, const char *list, gsize i, const char *member, const char **out,
           GError **error)
{
  const json_t *value = json_object_get(object, member);
  if (value && !json_is_null(value) && !json_is_string(value)) {
    g_autofree char *where = g_strdup_printf("%s[%" G_GSIZE_FORMAT "].%s", list, i, member);
    return set_wrong(error, where, "a string");
  }
  const char *string = json_string_value(value);
  *out = string && *string ? string : NULL;
  return TRUE;
}

/* The member as a list; NULL (an empty one to the json_array functions) where it is absent or null. */
static gboolean
get_list(const json_t *object, const char *member, const json_t **out, GError **error)
{
  const json_t *value = json_object_get(object, member);
  if (value && !json_is_null(value) && !json_is_array(value))
    return set_wrong(error, member, "a list");
  *out = json_is_array(value) ? value : NULL;
  return TRUE;
}

static gboolean
check_entry(const json_t *entry, const char *list, gsize i, gboolean is_right, const char *should_be,
            GError **error)
{
  if (is_right)
    return TRUE;
  g_autofree char *where = g_strdup_printf("%s[%" G_GSIZE_FORMAT "]", list, i);
  return set_wrong(error, where, should_be);
}

static gboolean
read_names(CrKnown *known, const json_t *object, GError **error)
{
  const json_t *list = NULL;
  if (!get_list(object, "names", &list, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(list); i++) {
    const json_t *entry = json_array_get(list, i);
    const char *given = NULL, *middle = NULL, *family = NULL, *role = NULL;
    if (!check_entry(entry, "names", i, json_is_object(entry), "an object", error) ||
        !get_string(entry, "names", i, "given", &given, error) ||
        !get_string(entry, "names", i, "middle", &middle, error) ||
        !get_string(entry, "names", i, "family", &family, error) ||
        !get_string(entry, "names", i, "role", &role, error))
      return FALSE;
    cr_known_add_name(known, given, middle, family, role);
  }
  return TRUE;
}

static gboolean
read_ids(CrKnown *known, const json_t *object, GError **error)
{
  const json_t *list = NULL;
  if (!get_list(object, "ids", &list, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(list); i++) {
    const json_t *entry = json_array_get(list, i);
    const char *kind = NULL, *value = NULL;
    if (!check_entry(entry, "ids", i, json_is_object(entry), "an object", error) ||
        !get_string(entry, "ids", i, "kind", &kind, error) ||
        !get_string(entry, "ids", i, "value", &value, error))
      return FALSE;
    if (value)
      cr_known_add_id(known, kind ? kind : "id", value);
  }
  return TRUE;
}

static gboolean
read_strings(CrKnown *known, guint k, const json_t *object, GError **error)
{
  const char *member = string_lists[k].member;
  const json_t *list = NULL;
  if (!get_list(object, member, &list, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(list); i++) {
    const json_t *entry = json_array_get(list, i);
    if (!check_entry(entry, member, i, json_is_string(entry), "a string", error))
      return FALSE;
    if (*json_string_value(entry))
      add_string(string_list(known, k), json_string_value(entry));
  }
  return TRUE;
}

CrKnown *
cr_known_from_json(const json_t *object, GError **error)
{
  if (!json_is_object(object)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "known: should be an object");
    return NULL;
  }
  g_autoptr(CrKnown) known = cr_known_new();
  if (!read_names(known, object, error) || !read_ids(known, object, error))
    return NULL;
  for (guint k = 0; k < G_N_ELEMENTS(string_lists); k++)
    if (!read_strings(known, k, object, error))
      return NULL;
  return g_steal_pointer(&known);
}

/* ---- JSON out ---- */

static void
set_string(json_t *object, const char *member, const char *value)
{
  if (value)
    json_object_set_new(object, member, json_string(value));
}

static json_t *
name_to_json(const CrKnownName *name)
{
  json_t *object = json_object();
  set_string(object, "given", name->given);
  set_string(object, "middle", name->middle);
  set_string(object, "family", name->family);
  set_string(object, "role", name->role);
  return object;
}

static json_t *
id_to_json(const CrKnownId *id)
{
  json_t *object = json_object();
  set_string(object, "kind", id->kind);
  set_string(object, "value", id->value);
  return object;
}

static void
set_list(json_t *object, const char *member, json_t *list)
{
  if (json_array_size(list) > 0)
    json_object_set_new(object, member, list);
  else
    json_decref(list);
}

json_t *
cr_known_to_json(const CrKnown *known)
{
  json_t *object = json_object(), *names = json_array(), *ids = json_array();
  for (guint i = 0; i < n_of(known->names); i++)
    json_array_append_new(names, name_to_json(known->names->pdata[i]));
  for (guint i = 0; i < n_of(known->ids); i++)
    json_array_append_new(ids, id_to_json(known->ids->pdata[i]));
  set_list(object, "names", names);
  for (guint k = 0; k < G_N_ELEMENTS(string_lists); k++) {
    const GPtrArray *list = *string_list(known, k);
    json_t *strings = json_array();
    for (guint i = 0; i < n_of(list); i++)
      json_array_append_new(strings, json_string(list->pdata[i]));
    set_list(object, string_lists[k].member, strings);
  }
  set_list(object, "ids", ids);
  return object;
}
