/* generate-notes: invented notes with every identifier marked, as JSON lines. See data/generator/README.md.
 */
#include "generator.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  char *data, *names, *styles, *not_styles, *use;
  char **carriers, **marked;
  int n, copies;
  gint64 seed;
} Options;

static gboolean
listed(const char *list, const char *style)
{
  if (list == NULL)
    return FALSE;
  g_auto(GStrv) names = g_strsplit(list, ",", -1);
  return g_strv_contains((const char *const *)names, style);
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The roots to draw from; styles that are held out only where they are named. */
static GPtrArray *
roots(const Grammar *grammar, const Options *o)
{
  GPtrArray *list = g_ptr_array_new();
  GHashTableIter iter;
  gpointer symbol, value;
  g_hash_table_iter_init(&iter, grammar->symbols);
  while (g_hash_table_iter_next(&iter, &symbol, &value)) {
    if (!g_str_has_prefix(symbol, "note:"))
      continue;
    const Production *p = g_ptr_array_index((const GPtrArray *)value, 0);
    const char *style = (const char *)symbol + 5;
    const gboolean wanted =
        o->styles != NULL ? listed(o->styles, style) : !p->hold && !listed(o->not_styles, style);
    if (wanted)
      g_ptr_array_add(list, symbol);
  }
  g_ptr_array_sort(list, compare_strings);
  return list;
}

static char *
draw_noise(Note *note, Random *random)
{
  GString *said = g_string_new(NULL);
  static const double chance[] = {.11, .08, .06, .08, .12, .04, .06, .03, .08, .025, .04};
  for (guint i = 0; noise_names[i] != NULL; i++) {
    if (!random_chance(random, chance[i]))
      continue;
    noise_apply(note, noise_names[i], random);
    g_string_append_printf(said, "%s%s", said->len > 0 ? "+" : "", noise_names[i]);
  }
  if (said->len == 0)
    g_string_append(said, "none");
  return g_string_free(said, FALSE);
}

static json_t *
mark_json(const Note *note, const Mark *m, guint number)
{
  const char *text = note->text->str;
  g_autofree char *id = g_strdup_printf("T%u", number);
  const json_int_t start = g_utf8_pointer_to_offset(text, text + m->start);
  const json_int_t end = start + g_utf8_pointer_to_offset(text + m->start, text + m->end);
  json_t *e = json_pack("{s:s, s:I, s:I, s:s, s:o}", "id", id, "start", start, "end", end, "label", m->label,
                        "text", json_stringn(text + m->start, m->end - m->start));
  if (m->origin != NULL)
    json_object_set_new(e, "attributes", json_pack("{s:s, s:s}", "origin", m->origin, "form", m->form));
  return e;
}

static void
print_note(const Note *note, guint number, const char *style, const char *kind, const char *noise)
{
  g_autofree char *id = g_strdup_printf("G%06u", number);
  json_t *entities = json_array();
  for (guint i = 0; i < note->marks->len; i++)
    json_array_append_new(entities, mark_json(note, &g_array_index(note->marks, Mark, i), i + 1));
  json_auto_t *row = json_pack("{s:s, s:o, s:{s:s, s:s, s:s}, s:o}", "id", id, "text",
                               json_stringn(note->text->str, note->text->len), "meta", "style", style, "kind",
                               kind, "noise", noise, "entities", entities);
  g_autofree char *line = json_dumps(row, JSON_COMPACT);
  puts(line);
}

/* Neighbouring seeds share no notes, nor parts of them. */
static guint64
note_seed(gint64 seed, guint number)
{
  Random of_run = {(guint64)seed};
  Random of_note = {random_next(&of_run) ^ ((guint64)number + 1) * G_GUINT64_CONSTANT(0xD1342543DE82EF95)};
  return random_next(&of_note);
}

static gboolean
write_note(const Grammar *grammar, const Names *names, const Options *o, const GPtrArray *list, guint number,
           GError **error)
{
  Writer w;
  writer_init(&w, grammar, names, note_seed(o->seed, number));
  const char *root = g_ptr_array_index(list, random_below(&w.random, list->len));
  const gboolean ok = writer_symbol(&w, root, root, error);
  if (ok) {
    g_autofree char *noise = draw_noise(&w.note, &w.random);
    note_tidy(&w.note);
    print_note(&w.note, number, root + 5, w.kind != NULL ? w.kind : "note", noise);
  }
  writer_clear(&w);
  return ok;
}

static gboolean
write_marked(const Grammar *grammar, const Names *names, const Options *o, const char *line, guint number,
             gboolean again, GError **error)
{
  Writer w;
  writer_init(&w, grammar, names, note_seed(o->seed, number));
  const gboolean ok = marked_write(&w, line, again, error);
  if (ok && again && number % 4 == 0)
    noise_apply(&w.note, "lower", &w.random);
  if (ok) {
    g_autofree char *noise = again ? draw_noise(&w.note, &w.random) : g_strdup("none");
    note_tidy(&w.note);
    print_note(&w.note, number, "marked", "note", noise);
  }
  writer_clear(&w);
  return ok;
}

/* Each marked note as it is, then its copies. */
static gboolean
write_all_marked(const Grammar *grammar, const Names *names, const Options *o, const char *path,
                 guint *number, GError **error)
{
  g_autofree char *bytes = NULL;
  if (!g_file_get_contents(path, &bytes, NULL, error))
    return FALSE;
  g_auto(GStrv) lines = g_strsplit(bytes, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    for (int copy = 0; *lines[i] != '\0' && copy <= o->copies; copy++)
      if (!write_marked(grammar, names, o, lines[i], (*number)++, copy > 0, error))
        return FALSE;
  return TRUE;
}

static gboolean
generate(const Options *o, GError **error)
{
  Grammar grammar;
  Names names;
  if (!grammar_load(&grammar, o->data, error) || !names_load(&names, o->names, o->use, error) ||
      !grammar_check(&grammar, error))
    return FALSE;
  for (guint i = 0; o->carriers != NULL && o->carriers[i] != NULL; i++)
    if (!grammar_add_carrier(&grammar, o->carriers[i], error))
      return FALSE;
  g_autoptr(GPtrArray) list = roots(&grammar, o);
  if (list->len == 0) {
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: no style is left to draw from", o->data);
    return FALSE;
  }
  for (int i = 0; i < o->n; i++)
    if (!write_note(&grammar, &names, o, list, (guint)i, error))
      return FALSE;
  guint number = 1000000;
  for (guint i = 0; o->marked != NULL && o->marked[i] != NULL; i++)
    if (!write_all_marked(&grammar, &names, o, o->marked[i], &number, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_options(Options *o, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &o->data, "grammar files (data/generator)", "DIR"},
      {"names", 0, 0, G_OPTION_ARG_FILENAME, &o->names, "name tables (data/names)", "DIR"},
      {"use", 0, 0, G_OPTION_ARG_STRING, &o->use, "names of this use only: train or held", "USE"},
      {"carrier", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->carriers, "JSON lines of text without identifiers",
       "FILE"},
      {"marked", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->marked,
       "JSON lines of marked notes, to be drawn again", "FILE"},
      {"copies", 0, 0, G_OPTION_ARG_INT, &o->copies, "of each marked note, beside itself (0)", "N"},
      {"n", 0, 0, G_OPTION_ARG_INT, &o->n, "notes (10)", "N"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &o->seed, "of everything drawn (1)", "S"},
      {"styles", 0, 0, G_OPTION_ARG_STRING, &o->styles, "only these, held out or not", "A,B"},
      {"not-styles", 0, 0, G_OPTION_ARG_STRING, &o->not_styles, "all but these", "A,B"},
      G_OPTION_ENTRY_NULL};
  g_autoptr(GOptionContext) context = g_option_context_new("- invented notes with every identifier marked");
  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, argc, argv, error))
    return FALSE;
  if (o->data != NULL && o->names != NULL)
    return TRUE;
  g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--data and --names must be given");
  return FALSE;
}

static void
clear_options(Options *o)
{
  g_free(o->data), g_free(o->names), g_free(o->styles), g_free(o->not_styles), g_free(o->use);
  g_strfreev(o->carriers);
  g_strfreev(o->marked);
}

int
main(int argc, char **argv)
{
  Options o = {.n = 10, .seed = 1};
  g_autoptr(GError) error = NULL;
  const gboolean done = read_options(&o, &argc, &argv, &error) && generate(&o, &error);
  clear_options(&o);
  if (!done)
    fprintf(stderr, "generate-notes: %s\n", error->message);
  return done ? 0 : 2;
}
