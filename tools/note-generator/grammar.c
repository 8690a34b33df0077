/* Grammar files: "== SYMBOL [weight]" opens a production, the lines up to the next one are its text; "=*
 * SYMBOL" opens a list, each line a production; "# " at a line's start is a comment; "@kind:" and "@hold"
 * open the text of a root ("note:STYLE"). */
#include "generator.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void
finish(Grammar *grammar, const char *symbol, Production *made, GString *text)
{
  if (text->len > 0 && text->str[text->len - 1] == '\n')
    g_string_truncate(text, text->len - 1);
  while (text->str[0] == '@') {
    char *end = strchr(text->str, '\n');
    g_autofree char *line = end ? g_strndup(text->str, (gsize)(end - text->str)) : g_strdup(text->str);
    if (g_str_has_prefix(line, "@kind:"))
      made->kind = g_strdup(g_strstrip(line + 6));
    else if (g_str_equal(line, "@hold"))
      made->hold = TRUE;
    g_string_erase(text, 0, end ? end - text->str + 1 : (gssize)text->len);
  }
  made->text = g_string_free(text, FALSE);
  GPtrArray *list = g_hash_table_lookup(grammar->symbols, symbol);
  if (list == NULL)
    g_hash_table_insert(grammar->symbols, g_strdup(symbol), list = g_ptr_array_new());
  g_ptr_array_add(list, made);
}

/* What is being read: a production, or a list of them, one a line. */
typedef struct {
  Grammar *grammar;
  const char *name;
  char *symbol; /* owned */
  double weight;
  gboolean list;
  Production *made;
  GString *text;
} Reader;

static void
close_production(Reader *r)
{
  if (r->made != NULL)
    finish(r->grammar, r->symbol, r->made, r->text);
  r->made = NULL;
}

static void
open_production(Reader *r, guint line)
{
  close_production(r);
  r->made = g_new0(Production, 1);
  r->made->weight = r->weight;
  r->made->where = g_strdup_printf("%s:%u", r->name, line);
  r->text = g_string_new(NULL);
}

static void
read_head(Reader *r, const char *line, guint number)
{
  close_production(r);
  g_auto(GStrv) head = g_strsplit(line + 3, " ", -1);
  g_free(r->symbol);
  r->symbol = g_strdup(head[0]);
  r->weight = head[1] != NULL && *head[1] != '\0' ? g_ascii_strtod(head[1], NULL) : 1;
  r->list = line[1] == '*';
  if (!r->list)
    open_production(r, number);
}

static void
read_file(Grammar *grammar, const char *name, const char *bytes)
{
  g_auto(GStrv) lines = g_strsplit(bytes, "\n", -1);
  Reader r = {.grammar = grammar, .name = name};
  for (guint i = 0; lines[i] != NULL; i++) {
    const gboolean last = lines[i + 1] == NULL && *lines[i] == '\0';
    if (g_str_has_prefix(lines[i], "== ") || g_str_has_prefix(lines[i], "=* "))
      read_head(&r, lines[i], i + 1);
    else if (r.symbol == NULL || *lines[i] == '#' || last || (r.list && *lines[i] == '\0'))
      continue;
    else {
      if (r.list)
        open_production(&r, i + 1);
      g_string_append_printf(r.text, "%s\n", lines[i]);
    }
  }
  close_production(&r);
  g_free(r.symbol);
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

gboolean
grammar_load(Grammar *grammar, const char *dir, GError **error)
{
  *grammar = (Grammar){g_hash_table_new(g_str_hash, g_str_equal), g_ptr_array_new()};
  g_autoptr(GDir) folder = g_dir_open(dir, 0, error);
  if (folder == NULL)
    return FALSE;
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  for (const char *name; (name = g_dir_read_name(folder)) != NULL;)
    if (g_str_has_suffix(name, ".txt"))
      g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, compare_strings);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *path = g_build_filename(dir, g_ptr_array_index(names, i), NULL), *bytes = NULL;
    if (!g_file_get_contents(path, &bytes, NULL, error))
      return FALSE;
    read_file(grammar, g_ptr_array_index(names, i), bytes);
  }
  return TRUE;
}

gboolean
grammar_add_carrier(Grammar *grammar, const char *path, GError **error)
{
  g_autofree char *bytes = NULL;
  if (!g_file_get_contents(path, &bytes, NULL, error))
    return FALSE;
  g_auto(GStrv) lines = g_strsplit(bytes, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    json_auto_t *row = json_loads(lines[i], 0, NULL);
    const char *text = json_string_value(json_object_get(row, "text"));
    if (text != NULL)
      g_ptr_array_add(grammar->carriers, g_strdup(text));
  }
  return TRUE;
}

const GPtrArray *
grammar_find(const Grammar *grammar, const char *symbol)
{
  return g_hash_table_lookup(grammar->symbols, symbol);
}

/* Whether a word between braces and bars can only be meant as a name: "{word}", or capitals with a form. */
static gboolean
means_name(const char *text, const char *start, gsize n)
{
  if (n == 0 || *start == '?' || *start == '#')
    return FALSE;
  if (start > text && start[-1] == '{' && start[n] == '}')
    return TRUE;
  const gsize head = strspn(start, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  return g_ascii_isupper(*start) && head > 1 && head + 1 < n && g_ascii_islower(start[head + 1]) &&
         start[head] == '.' &&
         head + 1 + strspn(start + head + 1, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

/* The first name that is nothing known; NULL where all are. transfer full */
static char *
unknown_in(const Grammar *grammar, const char *text)
{
  for (const char *at = strpbrk(text, "{|"); at != NULL; at = strpbrk(at + 1, "{|")) {
    const gsize n = strcspn(at + 1, "{}|");
    if ((at > text && at[-1] == '\\') || !means_name(text, at + 1, n))
      continue;
    g_autofree char *name = g_strndup(at + 1, n);
    if (!slot_exists(name) && grammar_find(grammar, name) == NULL)
      return g_steal_pointer(&name);
  }
  return NULL;
}

gboolean
grammar_check(const Grammar *grammar, GError **error)
{
  GHashTableIter iter;
  gpointer symbol, value;
  g_hash_table_iter_init(&iter, grammar->symbols);
  while (g_hash_table_iter_next(&iter, &symbol, &value)) {
    const GPtrArray *list = value;
    for (guint i = 0; i < list->len; i++) {
      const Production *p = g_ptr_array_index(list, i);
      g_autofree char *unknown = unknown_in(grammar, p->text);
      if (unknown == NULL)
        continue;
      g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: {%s} is neither a symbol nor a slot",
                  p->where, unknown);
      return FALSE;
    }
  }
  return TRUE;
}
