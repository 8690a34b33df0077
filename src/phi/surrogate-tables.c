/* What surrogates are drawn from: names by gender and origin (data/names), and surrogates.tsv. Names that are
 * also everyday words, eponyms, drugs or titles are known but never drawn. */
#include "surrogate-private.h"
#include "base/base.h"
#include <string.h>

typedef struct {
  CrSurrogateTables *tables;
  const PhiLexicon *lexicon;
  gboolean family;
} Reading;

void
surrogate_list_clear(SurrogateList *list)
{
  g_clear_pointer(&list->words, g_ptr_array_unref);
  g_clear_pointer(&list->up_to, g_array_unref);
}

static void
list_add(SurrogateList *list, const char *word, guint64 weight)
{
  if (!list->words) {
    list->words = g_ptr_array_new_with_free_func(g_free);
    list->up_to = g_array_new(FALSE, FALSE, sizeof(guint64));
  }
  guint64 before = list->up_to->len ? g_array_index(list->up_to, guint64, list->up_to->len - 1) : 0;
  guint64 sum = before + MAX(weight, 1);
  g_ptr_array_add(list->words, g_strdup(word));
  g_array_append_val(list->up_to, sum);
}

static void
list_free(gpointer list)
{
  surrogate_list_clear(list);
  g_free(list);
}

static SurrogateList *
list_of(GHashTable *lists, const char *name)
{
  SurrogateList *list = g_hash_table_lookup(lists, name);
  if (!list)
    g_hash_table_insert(lists, g_strdup(name), list = g_new0(SurrogateList, 1));
  return list;
}

static gboolean
bad(GError **error, guint line, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%u: %s", line, what);
  return FALSE;
}

/* ---- names ---- */

static gint
origin_index(CrSurrogateTables *tables, const char *name)
{
  for (guint i = 0; i < tables->origins->len; i++)
    if (strcmp(tables->origins->pdata[i], name) == 0)
      return (gint)i;
  if (tables->origins->len == SURROGATE_MAX_ORIGINS)
    return -1;
  g_ptr_array_add(tables->origins, g_strdup(name));
  return (gint)tables->origins->len - 1;
}

static gboolean
may_be_drawn(const PhiLexicon *lexicon, const char *name)
{
  const guint32 never = PHI_LEX_EPONYM | PHI_LEX_DRUG | PHI_LEX_STOP | PHI_LEX_COMMON | PHI_LEX_CLINICAL |
                        PHI_LEX_TITLE | PHI_LEX_THING | PHI_LEX_PARTICLE | PHI_LEX_GENERIC;
  return g_utf8_strlen(name, -1) >= 3 && !strpbrk(name, " -'.") &&
         !(phi_lexicon_find(lexicon, name, strlen(name)) & never);
}

static void
learn_fact(CrSurrogateTables *tables, const char *name, guint origin, char gender, guint32 weight)
{
  char *folded = surrogate_fold(name, strlen(name));
  SurrogateName *fact = g_hash_table_lookup(tables->known, folded);
  if (!fact) {
    g_hash_table_insert(tables->known, folded, fact = g_new0(SurrogateName, 1));
    fact->gender = gender;
  } else {
    g_free(folded);
  }
  if (gender && fact->gender && fact->gender != gender)
    fact->gender = weight > 3 * fact->given ? gender : fact->given > 3 * weight ? fact->gender : 'u';
  else if (gender)
    fact->gender = gender;
  fact->origins |= 1u << origin;
  if (strcmp(tables->origins->pdata[origin], "anglo") == 0)
    fact->anglo = MAX(fact->anglo, weight);
  guint32 *sum = gender ? &fact->given : &fact->family;
  *sum = MAX(*sum, weight);
}

static gboolean
name_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  Reading *reading = data;
  if (n_fields != (reading->family ? 4u : 5u))
    return bad(error, line, "a name has the columns of the heading");
  guint at = reading->family ? 1 : 2;
  gint origin = origin_index(reading->tables, fields[at]);
  char gender = reading->family ? 0 : fields[1][0];
  guint32 weight = (guint32)g_ascii_strtoull(fields[at + 1], NULL, 10);
  if (origin < 0 || (gender && !strchr("mfu", gender)))
    return bad(error, line, "unknown gender, or too many origins");
  learn_fact(reading->tables, fields[0], (guint)origin, gender, weight);
  if (!may_be_drawn(reading->lexicon, fields[0]))
    return TRUE;
  SurrogateList(*names)[SURROGATE_MAX_ORIGINS] = reading->tables->names;
  if (reading->family)
    list_add(&names[SURROGATE_FAMILY][origin], fields[0], weight);
  if (gender == 'm' || gender == 'u')
    list_add(&names[SURROGATE_MALE][origin], fields[0], weight);
  if (gender == 'f' || gender == 'u')
    list_add(&names[SURROGATE_FEMALE][origin], fields[0], weight);
  return TRUE;
}

/* ---- surrogates.tsv ---- */

static void
fix_origin(CrSurrogateTables *tables, const char *folded, const char *origin)
{
  SurrogateName *fact = g_hash_table_lookup(tables->known, folded);
  gint at = origin_index(tables, origin);
  if (!fact || at < 0)
    return;
  fact->origins = 1u << at;
  fact->anglo = 0;
}

static gboolean
word_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  CrSurrogateTables *tables = data;
  if (n_fields != 3)
    return bad(error, line, "a row has a kind of row, a class and words");
  g_auto(GStrv) words = g_strsplit(fields[2], ";", -1);
  for (guint i = 0; words[i]; i++) {
    const char *word = g_strstrip(words[i]);
    if (strcmp(fields[0], "keep") == 0)
      g_hash_table_add(tables->keep, g_strconcat(fields[1], " ", word, NULL));
    else if (strcmp(fields[0], "list") == 0)
      list_add(list_of(tables->lists, fields[1]), word, 1);
    else if (strcmp(fields[0], "origin") == 0)
      fix_origin(tables, word, fields[1]);
    else if (strcmp(fields[0], "state") == 0)
      g_hash_table_insert(tables->states, g_strdup(word), g_strdup(fields[1]));
    else if (strcmp(fields[0], "town") == 0 || strcmp(fields[0], "zip") == 0) {
      GHashTable *lists = fields[0][0] == 't' ? tables->cities : tables->zips;
      list_add(list_of(lists, fields[1]), word, 1);
      list_add(list_of(lists, ""), word, 1);
    } else
      return bad(error, line, "unknown kind of row");
  }
  return TRUE;
}

static GHashTable *
new_lists(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, list_free);
}

static gboolean
load_names(CrSurrogateTables *tables, const char *rules_dir, GError **error)
{
  PhiLexicon *lexicon = tables->lexicon = phi_lexicon_load(rules_dir, phi_language_find(NULL, NULL), error);
  g_autofree char *given = g_build_filename(cr_data_dir(), "names", "given.tsv", NULL),
                  *family = g_build_filename(cr_data_dir(), "names", "family.tsv", NULL);
  Reading reading = {tables, lexicon, FALSE};
  if (!lexicon || !phi_table_read(given, name_row, &reading, NULL, error))
    return FALSE;
  reading.family = TRUE;
  return phi_table_read(family, name_row, &reading, NULL, error);
}

CrSurrogateTables *
cr_surrogate_tables_load(const char *rules_dir, GError **error)
{
  g_autoptr(CrSurrogateTables) tables = g_new0(CrSurrogateTables, 1);
  tables->origins = g_ptr_array_new_with_free_func(g_free);
  tables->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  tables->keep = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  tables->states = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  tables->lists = new_lists();
  tables->cities = new_lists();
  tables->zips = new_lists();
  g_autofree char *path = phi_rules_path(rules_dir, "surrogates.tsv");
  if (!load_names(tables, rules_dir, error) || !phi_table_read(path, word_row, tables, NULL, error))
    return NULL;
  return g_steal_pointer(&tables);
}

void
cr_surrogate_tables_free(CrSurrogateTables *tables)
{
  if (!tables)
    return;
  for (guint pool = 0; pool < SURROGATE_N_POOLS; pool++)
    for (guint origin = 0; origin < SURROGATE_MAX_ORIGINS; origin++)
      surrogate_list_clear(&tables->names[pool][origin]);
  g_clear_pointer(&tables->lexicon, phi_lexicon_free);
  g_ptr_array_unref(tables->origins);
  g_hash_table_unref(tables->known);
  g_hash_table_unref(tables->keep);
  g_hash_table_unref(tables->states);
  g_hash_table_unref(tables->lists);
  g_hash_table_unref(tables->cities);
  g_hash_table_unref(tables->zips);
  g_free(tables);
}

gboolean
surrogate_keeps(const CrSurrogateTables *tables, const char *class, const char *folded)
{
  g_autofree char *key = g_strconcat(class, " ", folded, NULL);
  return g_hash_table_contains(tables->keep, key);
}

const SurrogateName *
surrogate_name_fact(const CrSurrogateTables *tables, const char *folded)
{
  return g_hash_table_lookup(tables->known, folded);
}
