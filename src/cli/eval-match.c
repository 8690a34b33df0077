/* Which of a system's documents is which of gold's; see eval-study.h. */
#include "cli/eval-study.h"
#include <string.h>

/* What a document is known by: its id, in columns its place, or the id without folder and extension. */
static char *
name_of(const CrCorpusDocument *document, guint place, gboolean is_stem)
{
  if (document->columns != NULL)
    return g_strdup_printf("%u", place);
  if (!is_stem)
    return g_strdup(document->id);
  char *name = g_path_get_basename(document->id), *dot = strrchr(name, '.');
  if (dot != NULL && dot > name)
    *dot = '\0';
  return name;
}

/* name -> document; of names that stand twice stems are left out, ids are refused. */
static GHashTable *
index_of(const GPtrArray *corpus, const char *path, gboolean is_stem, GError **error)
{
  g_autoptr(GHashTable) index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                        twice = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < corpus->len; i++) {
    char *name = name_of(corpus->pdata[i], i, is_stem);
    if (g_hash_table_contains(index, name)) {
      g_hash_table_add(twice, g_strdup(name));
      if (!is_stem) {
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_COMPARABLE, "%s: the id \"%s\" stands twice", path, name);
        g_free(name);
        return NULL;
      }
    }
    g_hash_table_replace(index, name, corpus->pdata[i]);
  }
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init(&iter, twice);
  while (g_hash_table_iter_next(&iter, &name, NULL))
    g_hash_table_remove(index, name);
  return g_steal_pointer(&index);
}

static gboolean
same_text(const CrText *a, const CrText *b)
{
  gsize n = cr_text_length(a, CR_UNIT_BYTE);
  return n == cr_text_length(b, CR_UNIT_BYTE) && memcmp(cr_text_bytes(a), cr_text_bytes(b), n) == 0;
}

/* partners[i]: the system's document for gold's i, or NULL. */
gboolean
cr_study_match(const CrStudy *study, CrStudySystem *system, const char *gold_path,
               CrCorpusDocument **partners, GError **error)
{
  g_autoptr(GHashTable) golds = index_of(study->gold, gold_path, FALSE, error),
                        used = g_hash_table_new(NULL, NULL);
  g_autoptr(GHashTable) ids = golds != NULL ? index_of(system->corpus, system->path, FALSE, error) : NULL;
  g_autoptr(GHashTable) stems = ids != NULL ? index_of(system->corpus, system->path, TRUE, error) : NULL;
  if (stems == NULL)
    return FALSE;
  for (guint i = 0; i < study->gold->len; i++) {
    CrCorpusDocument *gold = study->gold->pdata[i];
    g_autofree char *id = name_of(gold, i, FALSE), *stem = name_of(gold, i, TRUE);
    CrCorpusDocument *partner = g_hash_table_lookup(ids, id);
    partner = partner != NULL ? partner : g_hash_table_lookup(stems, stem);
    if (partner == NULL || !g_hash_table_add(used, partner))
      continue;
    if (!same_text(gold->text, partner->text)) {
      g_set_error(error, CR_ERROR, CR_ERROR_NOT_COMPARABLE, "%s: %s has another text than in %s",
                  system->path, partner->id, gold_path);
      return FALSE;
    }
    partners[i] = partner;
  }
  for (guint i = 0; i < system->corpus->len; i++)
    if (!g_hash_table_contains(used, system->corpus->pdata[i]))
      g_ptr_array_add(system->extra, ((CrCorpusDocument *)system->corpus->pdata[i])->id);
  return TRUE;
}
