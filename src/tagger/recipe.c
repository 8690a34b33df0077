/* Recipes: how each kind of tagger is trained, as a table. The word classes of a recipe are its own file and,
 * where it names one, a lexicon whose flags become classes. */
#include "tagger-private.h"
#include "base/base.h"
#include <string.h>

#define MAX_TABLE (64 << 20)

enum {
  KIND,
  LANGUAGE,
  TEMPLATES,
  CLASSES,
  LEXICON,
  EPOCHS,
  DROPOUT,
  AUGMENT,
  FOLDS,
  MIN_COUNT,
  PRUNE,
  FULL_COUNT,
  HIDDEN_NAMES,
  N_FIELDS
};

static char *
read_text(const char *dir, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename(dir, name, NULL);
  g_autoptr(GBytes) bytes = cr_file_read(path, MAX_TABLE, error);
  if (bytes == NULL)
    return NULL;
  gsize n;
  const char *data = g_bytes_get_data(bytes, &n);
  return g_strndup(data, n);
}

/* "word<TAB>flags" rows, a flag a capital or small letter with a digit perhaps, to "class<TAB>words" rows. */
static void
add_lexicon(GString *classes, char *lexicon)
{
  g_autoptr(GHashTable) rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))g_free);
  for (char *line = lexicon, *next; line != NULL; line = next) {
    next = strchr(line, '\n');
    if (next != NULL)
      *next++ = '\0';
    char *flags = strchr(line, '\t');
    if (*line == '#' || flags == NULL)
      continue;
    *flags++ = '\0';
    for (; *flags != '\0'; flags++) {
      if (!g_ascii_isalpha(*flags))
        continue;
      const gboolean graded = g_ascii_isdigit(flags[1]);
      g_autofree char *name = g_strndup(flags, graded ? 2 : 1);
      GString *row = g_hash_table_lookup(rows, name);
      if (row == NULL) {
        row = g_string_new(NULL);
        g_ptr_array_add(order, g_strdup(name));
        g_hash_table_insert(rows, g_strdup(name), row);
      }
      g_string_append_printf(row, " %s", line);
    }
  }
  for (guint i = 0; i < order->len; i++) {
    const char *name = g_ptr_array_index(order, i);
    GString *row = g_hash_table_lookup(rows, name);
    g_string_append_printf(classes, "lexicon-%s\t%s\n", name, row->str);
    g_string_free(row, TRUE);
  }
}

static gboolean
read_classes(const char *data_dir, const char *dir, char **field, char **classes, GError **error)
{
  g_autofree char *own = read_text(dir, field[CLASSES], error);
  if (own == NULL)
    return FALSE;
  GString *all = g_string_new(own);
  if (!g_str_equal(field[LEXICON], "-")) {
    g_autofree char *lexicon = read_text(data_dir, field[LEXICON], error);
    if (lexicon == NULL) {
      g_string_free(all, TRUE);
      return FALSE;
    }
    add_lexicon(all, lexicon);
  }
  *classes = g_string_free(all, FALSE);
  return TRUE;
}

static void
read_settings(char **field, CrTaggerTraining *t)
{
  cr_tagger_training_init(t);
  t->epochs = (guint)g_ascii_strtoull(field[EPOCHS], NULL, 10);
  t->dropout = g_ascii_strtod(field[DROPOUT], NULL);
  t->augment = g_ascii_strtod(field[AUGMENT], NULL);
  t->folds = (guint)g_ascii_strtoull(field[FOLDS], NULL, 10);
  t->min_count = (guint)g_ascii_strtoull(field[MIN_COUNT], NULL, 10);
  t->prune = g_ascii_strtod(field[PRUNE], NULL);
  t->full_count = (guint)g_ascii_strtoull(field[FULL_COUNT], NULL, 10);
  t->hidden_names = g_ascii_strtod(field[HIDDEN_NAMES], NULL);
}

static char **
find_row(char *table, const char *kind, const char *language)
{
  g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (*lines[i] == '#')
      continue;
    char **field = g_strsplit(lines[i], "\t", -1);
    if (g_strv_length(field) == N_FIELDS && g_str_equal(field[KIND], kind) &&
        g_str_equal(field[LANGUAGE], language))
      return field;
    g_strfreev(field);
  }
  return NULL;
}

gboolean
cr_tagger_recipe_load(const char *data_dir, const char *kind, const char *language, CrTaggerRecipe *recipe,
                      GError **error)
{
  if (data_dir == NULL)
    data_dir = cr_data_dir();
  g_autofree char *dir = g_build_filename(data_dir, "tagger", NULL);
  g_autofree char *table = read_text(dir, "recipes.tsv", error);
  if (table == NULL)
    return FALSE;
  g_auto(GStrv) field = find_row(table, kind, language);
  if (field == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s/recipes.tsv: no recipe for kind %s in language %s",
                dir, kind, language);
    return FALSE;
  }
  CrTaggerRecipe made = {0};
  made.templates = read_text(dir, field[TEMPLATES], error);
  if (made.templates == NULL || !read_classes(data_dir, dir, field, &made.classes, error)) {
    g_free(made.templates);
    return FALSE;
  }
  read_settings(field, &made.training);
  made.training.templates = made.templates;
  made.training.classes = made.classes;
  *recipe = made;
  return TRUE;
}

void
cr_tagger_recipe_clear(CrTaggerRecipe *recipe)
{
  g_clear_pointer(&recipe->templates, g_free);
  g_clear_pointer(&recipe->classes, g_free);
}
