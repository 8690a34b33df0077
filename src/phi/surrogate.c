/* The map of one patient: folded original -> surrogate, drawn at random the first time and remembered. */
#include "surrogate-private.h"
#include "base/base.h"
#include <string.h>

enum { MAX_TRIES = 300, MAX_WEEKS = 52 };

/* ---- folding ---- */

char *
surrogate_fold(const char *s, gsize n_bytes)
{
  g_autofree char *plain = g_utf8_normalize(s, (gssize)n_bytes, G_NORMALIZE_ALL);
  g_autoptr(GString) out = g_string_new(NULL);
  for (const char *at = plain ? plain : ""; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (g_unichar_isalnum(c))
      g_string_append_unichar(out, g_unichar_tolower(c));
  }
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
count_case(const char *s, gsize n_bytes, guint *n_upper, guint *n_lower)
{
  *n_upper = *n_lower = 0;
  for (const char *at = s; at < s + n_bytes; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    *n_upper += g_unichar_isupper(c) != 0;
    *n_lower += g_unichar_islower(c) != 0;
  }
}

gboolean
surrogate_is_upper(const char *s, gsize n_bytes)
{
  guint n_upper, n_lower;
  count_case(s, n_bytes, &n_upper, &n_lower);
  return n_upper > 1 && n_lower == 0;
}

char *
surrogate_recase(const char *original, gsize n_bytes, const char *surrogate)
{
  guint n_upper, n_lower;
  gboolean plain = TRUE;
  for (gsize i = 0; i < n_bytes; i++)
    plain = plain && (guchar)original[i] < 0x80;
  g_autofree char *spelt = plain ? g_str_to_ascii(surrogate, "C") : g_strdup(surrogate);
  count_case(original, n_bytes, &n_upper, &n_lower);
  if (n_upper > 1 && n_lower == 0)
    return g_utf8_strup(spelt, -1);
  if (n_lower > 0 && n_upper == 0)
    return g_utf8_strdown(spelt, -1);
  return g_steal_pointer(&spelt);
}

/* ---- real values ---- */

struct CrRealValues {
  GHashTable *folded;
};

CrRealValues *
cr_real_values_new(void)
{
  CrRealValues *values = g_new0(CrRealValues, 1);
  values->folded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return values;
}

void
cr_real_values_free(CrRealValues *values)
{
  if (!values)
    return;
  g_hash_table_unref(values->folded);
  g_free(values);
}

void
cr_real_values_add(CrRealValues *values, const char *value, gsize n_bytes)
{
  g_autoptr(GArray) words = surrogate_words(value, n_bytes);
  char *whole = surrogate_fold(value, n_bytes);
  if (*whole)
    g_hash_table_add(values->folded, whole);
  else
    g_free(whole);
  for (guint i = 0; i < words->len; i++) {
    const char *folded = g_array_index(words, SurrogateWord, i).folded;
    if (g_utf8_strlen(folded, -1) >= 2)
      g_hash_table_add(values->folded, g_strdup(folded));
  }
}

static void
add_texts(CrRealValues *values, const GPtrArray *texts)
{
  for (guint i = 0; texts && i < texts->len; i++)
    cr_real_values_add(values, texts->pdata[i], strlen(texts->pdata[i]));
}

void
cr_real_values_add_known(CrRealValues *values, const CrKnown *known)
{
  for (guint i = 0; known->names && i < known->names->len; i++) {
    const CrKnownName *name = known->names->pdata[i];
    const char *parts[] = {name->given, name->middle, name->family};
    for (guint p = 0; p < G_N_ELEMENTS(parts); p++)
      if (parts[p])
        cr_real_values_add(values, parts[p], strlen(parts[p]));
  }
  for (guint i = 0; known->ids && i < known->ids->len; i++) {
    const CrKnownId *id = known->ids->pdata[i];
    cr_real_values_add(values, id->value, strlen(id->value));
  }
  add_texts(values, known->dates);
  add_texts(values, known->phones);
  add_texts(values, known->addresses);
  add_texts(values, known->emails);
}

/* ---- draws ---- */

static guint64
draw_system(gpointer user_data)
{
  CrEnv *env = cr_env_default();
  guint64 bits;
  env->random(env, &bits, sizeof bits);
  return bits;
}

/* splitmix64 (Steele, Lea, Flood 2014), as base/draw.c. */
static guint64
draw_seeded(gpointer user_data)
{
  guint64 *state = user_data, z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

gsize
surrogate_draw_below(CrSurrogates *s, gsize n)
{
  guint64 limit = G_MAXUINT64 - G_MAXUINT64 % n, value;
  do
    value = s->draw(s->draw_data);
  while (value >= limit);
  return (gsize)(value % n);
}

gboolean
surrogate_is_free(const CrSurrogates *s, const char *candidate)
{
  g_autofree char *folded = surrogate_fold(candidate, strlen(candidate));
  return !g_hash_table_contains(s->taken, folded) && !g_hash_table_contains(s->own->folded, folded) &&
         !(s->real && g_hash_table_contains(s->real->folded, folded));
}

const char *
surrogate_draw_word(CrSurrogates *s, const SurrogateList *list)
{
  if (!list || !list->words)
    return NULL;
  guint64 sum = g_array_index(list->up_to, guint64, list->up_to->len - 1);
  for (guint try = 0; try < MAX_TRIES; try++) {
    guint64 at = surrogate_draw_below(s, sum);
    guint low = 0, high = list->up_to->len - 1;
    while (low < high) {
      guint middle = (low + high) / 2;
      if (at < g_array_index(list->up_to, guint64, middle))
        high = middle;
      else
        low = middle + 1;
    }
    if (surrogate_is_free(s, list->words->pdata[low]))
      return list->words->pdata[low];
  }
  return NULL;
}

/* ---- the map ---- */

static void
entry_free(gpointer data)
{
  g_free(((SurrogateEntry *)data)->surrogate);
  g_free(data);
}

CrSurrogates *
cr_surrogates_new(const CrSurrogateTables *tables, const CrRealValues *real, CrDrawFunc draw,
                  gpointer user_data)
{
  CrSurrogates *s = g_new0(CrSurrogates, 1);
  s->tables = tables;
  s->real = real;
  s->draw = draw ? draw : draw_system;
  s->draw_data = user_data;
  s->map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
  s->names = g_ptr_array_new();
  s->people = g_ptr_array_new_with_free_func(g_free);
  s->used_people = g_hash_table_new(g_str_hash, g_str_equal);
  s->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  s->own = cr_real_values_new();
  int weeks = 1 + (int)surrogate_draw_below(s, MAX_WEEKS);
  s->offset = 7 * (surrogate_draw_below(s, 2) ? weeks : -weeks);
  return s;
}

CrSurrogates *
cr_surrogates_new_seeded(const CrSurrogateTables *tables, const CrRealValues *real, guint64 seed)
{
  guint64 state = seed;
  CrSurrogates *s = cr_surrogates_new(tables, real, draw_seeded, &state);
  s->state = state;
  s->draw_data = &s->state;
  return s;
}

void
cr_surrogates_free(CrSurrogates *s)
{
  if (!s)
    return;
  g_ptr_array_unref(s->names);
  g_hash_table_unref(s->used_people);
  g_ptr_array_unref(s->people);
  g_hash_table_unref(s->map);
  g_hash_table_unref(s->taken);
  cr_real_values_free(s->own);
  g_free(s);
}

void
cr_surrogates_exclude(CrSurrogates *s, const CrKnown *known)
{
  cr_real_values_add_known(s->own, known);
}

guint
cr_surrogates_size(const CrSurrogates *s)
{
  return g_hash_table_size(s->map);
}

int
cr_surrogates_offset(const CrSurrogates *s)
{
  return s->offset;
}

const char *
surrogate_find(CrSurrogates *s, const char *class, const char *folded)
{
  g_autofree char *key = g_strconcat(class, ":", folded, NULL);
  SurrogateEntry *entry = g_hash_table_lookup(s->map, key);
  if (!entry)
    return NULL;
  entry->used = TRUE;
  return entry->surrogate;
}

static const char *
insert(CrSurrogates *s, char *key, const char *surrogate, gboolean used)
{
  SurrogateEntry *entry = g_new0(SurrogateEntry, 1);
  *entry = (SurrogateEntry){g_strdup(surrogate), used};
  g_hash_table_insert(s->map, key, entry);
  if (g_str_has_prefix(key, "name:"))
    g_ptr_array_add(s->names, key);
  const char *word = g_str_has_prefix(key, "name:") ? surrogate + 1 : surrogate; /* past the role */
  g_hash_table_add(s->taken, surrogate_fold(word, strlen(word)));
  return entry->surrogate;
}

const char *
surrogate_put(CrSurrogates *s, const char *class, const char *folded, const char *surrogate)
{
  return insert(s, g_strconcat(class, ":", folded, NULL), surrogate, TRUE);
}

/* ---- to and from the vault ---- */

static int
compare_keys(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *
cr_surrogates_dup_used(const CrSurrogates *s)
{
  json_t *people = json_array(), *map = json_object(), *names = json_array();
  g_autofree const char **keys = (const char **)g_hash_table_get_keys_as_array(s->map, NULL);
  qsort(keys, g_hash_table_size(s->map), sizeof *keys, compare_keys);
  for (guint i = 0; keys[i]; i++) {
    const SurrogateEntry *entry = g_hash_table_lookup(s->map, keys[i]);
    if (entry->used)
      json_object_set_new(map, keys[i], json_string(entry->surrogate));
  }
  for (guint i = 0; i < s->people->len; i++)
    if (g_hash_table_contains(s->used_people, s->people->pdata[i]))
      json_array_append_new(people, json_string(s->people->pdata[i]));
  for (guint i = 0; i < s->names->len; i++)
    if (json_object_get(map, s->names->pdata[i]))
      json_array_append_new(names, json_string(s->names->pdata[i]));
  return json_pack("{s:i, s:o, s:o, s:o}", "offset", s->offset, "people", people, "names", names, "map", map);
}

void
cr_surrogates_forget_use(CrSurrogates *s)
{
  GHashTableIter iter;
  gpointer entry;
  g_hash_table_iter_init(&iter, s->map);
  while (g_hash_table_iter_next(&iter, NULL, &entry))
    ((SurrogateEntry *)entry)->used = FALSE;
  g_hash_table_remove_all(s->used_people);
}

static gboolean
well_formed(const json_t *used, GError **error)
{
  size_t i;
  const char *key;
  json_t *value;
  json_int_t offset = json_integer_value(json_object_get(used, "offset"));
  gboolean good = offset != 0 && offset % 7 == 0 && ABS(offset) <= 7 * MAX_WEEKS &&
                  json_is_array(json_object_get(used, "people")) &&
                  json_is_object(json_object_get(used, "map")) &&
                  json_is_array(json_object_get(used, "names"));
  json_array_foreach(json_object_get(used, "people"), i, value) good = good && json_is_string(value);
  json_object_foreach(json_object_get(used, "map"), key, value) good =
      good && json_is_string(value) && (json_string_length(value) > 1 || !g_str_has_prefix(key, "name:"));
  if (!good)
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "not a map of surrogates");
  return good;
}

static void
restore_entry(CrSurrogates *s, const char *key, const json_t *value)
{
  if (!json_is_string(value) || g_hash_table_contains(s->map, key))
    return;
  insert(s, g_strdup(key), json_string_value(value), FALSE);
  const char *original = strchr(key, ':');
  if (original)
    cr_real_values_add(s->own, original + 1, strlen(original + 1));
}

gboolean
cr_surrogates_restore(CrSurrogates *s, const json_t *used, GError **error)
{
  size_t i;
  const char *key;
  json_t *value, *map = json_object_get(used, "map");
  if (!well_formed(used, error))
    return FALSE;
  s->offset = (int)json_integer_value(json_object_get(used, "offset"));
  json_array_foreach(json_object_get(used, "names"), i, value) if (json_is_string(value))
      restore_entry(s, json_string_value(value), json_object_get(map, json_string_value(value)));
  json_object_foreach(map, key, value) restore_entry(s, key, value);
  json_array_foreach(
      json_object_get(used, "people"), i,
      value) if (!g_ptr_array_find_with_equal_func(s->people, json_string_value(value), g_str_equal, NULL))
      g_ptr_array_add(s->people, g_strdup(json_string_value(value)));
  return TRUE;
}

/* ---- by kind ---- */

static const SurrogateMaker makers[CR_PHI_N_KINDS] = {[CR_PHI_PATIENT] = surrogate_make_name,
                                                      [CR_PHI_STAFF] = surrogate_make_name,
                                                      [CR_PHI_RELATIVE] = surrogate_make_name,
                                                      [CR_PHI_FACILITY] = surrogate_make_place,
                                                      [CR_PHI_ORGANIZATION] = surrogate_make_place,
                                                      [CR_PHI_LANDMARK] = surrogate_make_place,
                                                      [CR_PHI_STREET] = surrogate_make_street,
                                                      [CR_PHI_CITY] = surrogate_make_city,
                                                      [CR_PHI_COUNTY] = surrogate_make_place,
                                                      [CR_PHI_ZIP] = surrogate_make_zip,
                                                      [CR_PHI_PHONE] = surrogate_make_phone,
                                                      [CR_PHI_FAX] = surrogate_make_phone,
                                                      [CR_PHI_EMAIL] = surrogate_make_email,
                                                      [CR_PHI_SSN] = surrogate_make_ssn,
                                                      [CR_PHI_MRN] = surrogate_make_code,
                                                      [CR_PHI_HEALTHPLAN] = surrogate_make_code,
                                                      [CR_PHI_ACCOUNT] = surrogate_make_code,
                                                      [CR_PHI_LICENSE] = surrogate_make_code,
                                                      [CR_PHI_VEHICLE] = surrogate_make_code,
                                                      [CR_PHI_DEVICE] = surrogate_make_code,
                                                      [CR_PHI_URL] = surrogate_make_url,
                                                      [CR_PHI_IP] = surrogate_make_ip,
                                                      [CR_PHI_PHOTO] = surrogate_make_file,
                                                      [CR_PHI_OTHERID] = surrogate_make_code,
                                                      [CR_PHI_USERNAME] = surrogate_make_file};

/* What is as it was, or is nothing, is no surrogate. */
char *
surrogate_make(CrSurrogates *s, const SurrogateMention *m)
{
  if (!makers[m->kind] || m->n > 512)
    return NULL;
  g_autofree char *made = makers[m->kind](s, m);
  if (!made || !*made)
    return NULL;
  g_autofree char *now = surrogate_fold(made, strlen(made)), *was = surrogate_fold(m->s, m->n);
  return strcmp(now, was) == 0 ? NULL : g_steal_pointer(&made);
}
