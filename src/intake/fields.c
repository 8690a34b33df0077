/* What the columns and keys of exports are called, as tables, and where their values go in a record. */
#include "intake/intake-private.h"
#include <string.h>

#define MEMBER(name)                                                                                         \
  {                                                                                                          \
#name, G_STRUCT_OFFSET(CrRecord, name)                                                                   \
  }
static const struct {
  const char *name;
  gsize member;
} members[] = {MEMBER(id),        MEMBER(patient),     MEMBER(encounter), MEMBER(type),
               MEMBER(specialty), MEMBER(author_role), MEMBER(date),      MEMBER(language)};
#undef MEMBER

const char *const cr_record_fields[] = {"id",          "patient", "encounter", "type", "specialty",
                                        "author_role", "date",    "language",  NULL};

const char *const cr_text_names[] = {"text",   "note",          "note_text", "notetext", "report_text",
                                     "report", "document_text", "document",  "content",  "body",
                                     NULL};

/* field, the column names that mean it where no --map says otherwise; best first. */
static const struct {
  const char *field, *columns[12];
} defaults[] = {
    {"id",
     {"id", "note_id", "noteid", "document_id", "doc_id", "report_id", "row_id", "file_id", "encounter_id"}},
    {"patient", {"patient", "patient_id", "subject_id", "person_id", "pat_id", "mrn"}},
    {"encounter", {"encounter", "encounter_id", "visit_id", "hadm_id", "stay_id", "csn"}},
    {"type", {"type", "note_type", "notetype", "document_type", "doc_type", "category"}},
    {"specialty", {"specialty", "specialism", "department", "service"}},
    {"author_role", {"author_role", "authorrole", "provider_role", "role"}},
    {"date", {"date", "note_date", "notedate", "chartdate", "charttime", "service_date", "encounter_date"}},
    {"language", {"language", "lang"}},
};

char **
cr_record_member(CrRecord *record, const char *field)
{
  for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
    if (strcmp(members[i].name, field) == 0)
      return (char **)G_STRUCT_MEMBER_P(record, members[i].member);
  return NULL;
}

char *
cr_column_key(const char *column)
{
  g_autofree char *lower = g_utf8_strdown(column, -1);
  char *key = g_strdup(g_strstrip(lower));
  for (char *p = key; *p != '\0'; p++)
    if (*p == ' ' || *p == '-')
      *p = '_';
  return key;
}

char *
cr_columns_list(const GPtrArray *columns)
{
  g_autoptr(GString) list = g_string_new(NULL);
  for (guint i = 0; i < columns->len; i++) {
    g_autofree char *name =
        g_utf8_substring(columns->pdata[i], 0, MIN(40, g_utf8_strlen(columns->pdata[i], -1)));
    if (i == 30) {
      g_string_append_printf(list, ", and %u more", columns->len - i);
      break;
    }
    g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", name);
  }
  return g_string_free(g_steal_pointer(&list), FALSE);
}

static void
target_clear(gpointer data)
{
  g_free(((CrTarget *)data)->name);
}

/* "patient", "text", "meta.ward", "known.phone". FALSE where there is no such field. */
static gboolean
target_parse(const char *field, CrTarget *out)
{
  if (strcmp(field, "text") == 0) {
    *out = (CrTarget){.kind = CR_TARGET_TEXT};
    return TRUE;
  }
  if (g_str_has_prefix(field, "meta.") && field[5] != '\0') {
    *out = (CrTarget){.kind = CR_TARGET_META, .name = g_strdup(field + 5)};
    return TRUE;
  }
  if (g_str_has_prefix(field, "known.") && field[6] != '\0') {
    *out = (CrTarget){.kind = CR_TARGET_KNOWN, .name = cr_column_key(field + 6)};
    return TRUE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
    if (strcmp(members[i].name, field) == 0) {
      *out = (CrTarget){.kind = CR_TARGET_FIELD, .member = members[i].member};
      return TRUE;
    }
  return FALSE;
}

/* Exactly so, else the first that is the same but for case. -1 where there is none. */
static int
find_column(const GPtrArray *columns, const char *name)
{
  g_autofree char *key = cr_column_key(name);
  for (guint i = 0; i < columns->len; i++)
    if (strcmp(columns->pdata[i], name) == 0)
      return (int)i;
  for (guint i = 0; i < columns->len; i++) {
    g_autofree char *column = cr_column_key(columns->pdata[i]);
    if (strcmp(column, key) == 0)
      return (int)i;
  }
  return -1;
}

static gboolean
apply_map(const char *path, const GPtrArray *columns, GHashTable *map, CrTarget *targets, gboolean *is_set,
          GError **error)
{
  GHashTableIter iter;
  gpointer column, field;
  g_hash_table_iter_init(&iter, map);
  while (g_hash_table_iter_next(&iter, &column, &field)) {
    int at = find_column(columns, column);
    if (at < 0) {
      g_autofree char *list = cr_columns_list(columns);
      g_set_error(error, CR_ERROR, CR_ERROR_MISSING_COLUMN,
                  "%s: no column \"%s\" (asked for %s); there are: %s", path, (char *)column, (char *)field,
                  list);
      return FALSE;
    }
    CrTarget target;
    if (!target_parse(field, &target)) {
      g_set_error(error, CR_ERROR, CR_ERROR_USAGE,
                  "no field \"%s\" to map the column \"%s\" to; there are text, id, patient, encounter, "
                  "type, specialty, "
                  "author_role, date, language, meta.NAME, known.NAME",
                  (char *)field, (char *)column);
      return FALSE;
    }
    target_clear(&targets[at]);
    targets[at] = target;
    is_set[at] = TRUE;
  }
  return TRUE;
}

static gboolean
has_target(const CrTarget *targets, guint n, const gboolean *is_set, const CrTarget *wanted)
{
  for (guint i = 0; i < n; i++)
    if (is_set[i] && targets[i].kind == wanted->kind && targets[i].member == wanted->member)
      return TRUE;
  return FALSE;
}

/* The first of the names that is a free column gets the field, unless the map gave it to one. */
static void
apply_names(const GPtrArray *columns, const char *field, const char *const *names, CrTarget *targets,
            gboolean *is_set)
{
  CrTarget wanted;
  if (!target_parse(field, &wanted) || has_target(targets, columns->len, is_set, &wanted))
    return;
  for (gsize k = 0; names[k] != NULL; k++) {
    int at = find_column(columns, names[k]);
    if (at >= 0 && !is_set[at]) {
      target_clear(&targets[at]);
      targets[at] = wanted;
      is_set[at] = TRUE;
      return;
    }
  }
}

/* What no rule names goes to meta under its own name; a second column of that name under "name.2". */
static void
apply_meta(const GPtrArray *columns, CrTarget *targets)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < columns->len; i++) {
    const char *column = columns->pdata[i];
    char *name = column[0] != '\0' ? g_strdup(column) : g_strdup_printf("column_%u", i + 1);
    for (guint n = 2; g_hash_table_contains(seen, name); n++) {
      g_free(name);
      name = g_strdup_printf("%s.%u", column, n);
    }
    g_hash_table_add(seen, g_strdup(name));
    targets[i] = (CrTarget){.kind = CR_TARGET_META, .name = name};
  }
}

static gboolean
require_text(const char *path, const GPtrArray *columns, const CrTarget *targets, GError **error)
{
  for (guint i = 0; i < columns->len; i++)
    if (targets[i].kind == CR_TARGET_TEXT)
      return TRUE;
  g_autofree char *list = cr_columns_list(columns);
  g_set_error(error, CR_ERROR, CR_ERROR_MISSING_COLUMN, "%s: no column for the note's text; there are: %s",
              path, list);
  return FALSE;
}

GArray *
cr_targets_new(const char *path, const GPtrArray *columns, GHashTable *map, GError **error)
{
  g_autoptr(GArray) targets = g_array_new(FALSE, TRUE, sizeof(CrTarget));
  g_array_set_clear_func(targets, target_clear);
  g_array_set_size(targets, columns->len);
  CrTarget *data = (CrTarget *)(gpointer)targets->data;
  g_autofree gboolean *is_set = g_new0(gboolean, columns->len + 1);
  apply_meta(columns, data);
  if (map != NULL && !apply_map(path, columns, map, data, is_set, error))
    return NULL;
  apply_names(columns, "text", cr_text_names, data, is_set);
  for (gsize i = 0; i < G_N_ELEMENTS(defaults); i++)
    apply_names(columns, defaults[i].field, defaults[i].columns, data, is_set);
  if (!require_text(path, columns, data, error))
    return NULL;
  return g_steal_pointer(&targets);
}

/* "9999-99-99 99:99" where 9 is a digit, "." a space or T; the value may be longer only by what time carries.
 */
static gboolean
matches(const char *value, const char *pattern)
{
  for (; *pattern != '\0'; pattern++, value++) {
    gboolean fits = *pattern == '9'   ? g_ascii_isdigit(*value)
                    : *pattern == '.' ? *value == ' ' || *value == 'T'
                                      : *value == *pattern;
    if (!fits)
      return FALSE;
  }
  return *value == '\0' || strchr(".:+-Z0123456789", *value) != NULL;
}

gboolean
cr_record_set_date(CrRecord *record, const char *value)
{
  const char *v = value;
  char *iso = NULL;
  if (matches(v, "9999-99-99.99:99"))
    iso = g_strdup_printf("%.10sT%s", v, v + 11);
  else if (strlen(v) == 10 && matches(v, "9999-99-99"))
    iso = g_strdup(v);
  else if (strlen(v) == 8 && matches(v, "99999999"))
    iso = g_strdup_printf("%.4s-%.2s-%.2s", v, v + 4, v + 6);
  else if ((strlen(v) == 12 || strlen(v) == 14) && matches(v, "999999999999"))
    iso = g_strdup_printf("%.4s-%.2s-%.2sT%.2s:%.2s", v, v + 4, v + 6, v + 8, v + 10);
  if (iso == NULL)
    return FALSE;
  g_free(record->date);
  record->date = iso;
  return TRUE;
}
