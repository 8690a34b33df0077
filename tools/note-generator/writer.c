/* Writes a note: expands the grammar and keeps where each identifier stands. */
#include "generator.h"
#include <string.h>

enum { MAX_DEPTH = 24 };

void
note_drop_marks(Note *note, guint from)
{
  for (guint i = from; i < note->marks->len; i++) {
    g_free(g_array_index(note->marks, Mark, i).label);
    g_free(g_array_index(note->marks, Mark, i).origin);
  }
  g_array_set_size(note->marks, from);
}

void
note_clear(Note *note)
{
  note_drop_marks(note, 0);
  g_array_unref(note->marks);
  g_string_free(note->text, TRUE);
}

void
writer_init(Writer *w, const Grammar *grammar, const Names *names, guint64 seed)
{
  *w = (Writer){.grammar = grammar, .names = names, .random = {seed}};
  w->note = (Note){g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(Mark))};
  w->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  person_draw(names, &w->random, &w->patient);
  for (guint i = 0; i < N_STAFF; i++)
    person_draw(names, &w->random, &w->staff[i]);
  for (guint i = 0; i < N_RELATIVES; i++) {
    person_draw(names, &w->random, &w->relative[i]);
    if (random_chance(&w->random, .3)) {
      g_free(w->relative[i].family);
      w->relative[i].family = g_strdup(w->patient.family);
    }
  }
  w->admit_day = 10957 + (int)random_below(&w->random, 9400); /* 2000 to 2025 */
  w->birth_year = 1970 + w->admit_day / 365 - (int)random_below(&w->random, 89);
}

void
writer_clear(Writer *w)
{
  person_clear(&w->patient);
  for (guint i = 0; i < N_STAFF; i++)
    person_clear(&w->staff[i]);
  for (guint i = 0; i < N_RELATIVES; i++)
    person_clear(&w->relative[i]);
  g_hash_table_unref(w->kept);
  note_clear(&w->note);
}

static void
add_mark(Writer *w, gsize start, const char *label, const char *origin, const char *form)
{
  if (w->note.text->len == start)
    return;
  const Mark mark = {start, w->note.text->len, g_strdup(label), g_strdup(origin), form};
  g_array_append_val(w->note.marks, mark);
}

/* "#ddd-LL": d digit, D digit but 0, L capital, l small letter, h hexadecimal; anything else is itself. */
static void
write_pattern(Writer *w, const char *pattern)
{
  Random *r = &w->random;
  for (const char *c = pattern; *c != '\0'; c++) {
    char out = *c;
    if (*c == 'd')
      out = (char)('0' + random_below(r, 10));
    else if (*c == 'D')
      out = (char)('1' + random_below(r, 9));
    else if (*c == 'L')
      out = "ABCDEFGHJKLMNPRSTUVWXYZ"[random_below(r, 23)];
    else if (*c == 'l')
      out = (char)('a' + random_below(r, 26));
    else if (*c == 'h')
      out = "0123456789ABCDEF"[random_below(r, 16)];
    g_string_append_c(w->note.text, out);
  }
}

static gboolean
write_slot(Writer *w, const char *slot)
{
  g_autofree char *label = NULL, *origin = NULL, *before = NULL, *after = NULL;
  g_autofree char *value = slot_value(w, slot, &label, &origin, &before, &after);
  if (before != NULL)
    g_string_append(w->note.text, before);
  const gsize start = w->note.text->len;
  g_string_append(w->note.text, value);
  if (label != NULL && !w->inside)
    add_mark(w, start, label, origin, origin != NULL ? g_intern_string(strchr(slot, '.') + 1) : NULL);
  if (after != NULL)
    g_string_append(w->note.text, after);
  return TRUE;
}

static const Production *
draw(const GPtrArray *list, Random *r)
{
  double all = 0;
  const Production *chosen = NULL;
  for (guint i = 0; i < list->len; i++) {
    const Production *p = g_ptr_array_index(list, i);
    all += p->weight;
    if (p->weight > 0 && random_chance(r, p->weight / all))
      chosen = p;
  }
  return chosen != NULL ? chosen : g_ptr_array_index(list, 0);
}

/* Symbols whose name ends in "1" … say the same all through a note: "MRN1". */
static gboolean
write_kept(Writer *w, const char *symbol)
{
  const char *said = g_hash_table_lookup(w->kept, symbol);
  if (said == NULL)
    return FALSE;
  const gsize start = w->note.text->len;
  g_string_append(w->note.text, said);
  if (kind_of_symbol(symbol) != NULL && !w->inside)
    add_mark(w, start, kind_of_symbol(symbol), NULL, NULL);
  return TRUE;
}

gboolean
writer_symbol(Writer *w, const char *symbol, const char *where, GError **error)
{
  const GPtrArray *list = grammar_find(w->grammar, symbol);
  if (list == NULL || w->depth >= MAX_DEPTH) {
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: {%s} %s", where, symbol,
                list == NULL ? "is neither a symbol nor a slot" : "goes too deep");
    return FALSE;
  }
  if (write_kept(w, symbol))
    return TRUE;
  const gboolean outer = w->inside;
  const char *kind = kind_of_symbol(symbol);
  const gsize start = w->note.text->len;
  const Production *p = draw(list, &w->random);
  if (p->kind != NULL)
    w->kind = p->kind;
  w->inside = outer || kind != NULL;
  w->depth++;
  const gboolean ok = writer_expand(w, p->text, p->where, error);
  w->depth--;
  w->inside = outer;
  if (ok && kind != NULL && !outer)
    add_mark(w, start, kind, NULL, NULL);
  if (ok && g_ascii_isdigit(symbol[strlen(symbol) - 1]))
    g_hash_table_insert(w->kept, g_strdup(symbol), g_strdup(w->note.text->str + start));
  return ok;
}

/* The end of the brace group that begins at open. */
static const char *
closing(const char *open)
{
  int depth = 0;
  for (const char *c = open; *c != '\0'; c++) {
    if (*c == '\\' && c[1] != '\0')
      c++;
    else if (*c == '{')
      depth++;
    else if (*c == '}' && --depth == 0)
      return c;
  }
  return NULL;
}

/* Splits at the "|" of the outer level. */
static GPtrArray *
alternatives(const char *body)
{
  GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
  int depth = 0;
  const char *start = body, *c = body;
  for (; *c != '\0'; c++) {
    if (*c == '{')
      depth++;
    else if (*c == '}')
      depth--;
    else if (*c == '|' && depth == 0) {
      g_ptr_array_add(list, g_strndup(start, (gsize)(c - start)));
      start = c + 1;
    }
  }
  g_ptr_array_add(list, g_strndup(start, (gsize)(c - start)));
  return list;
}

/* A carrier's text may hold slots: make-carrier puts them where names and dates can stand. A plain one holds
 * none. */
static gboolean
write_carrier(Writer *w, gboolean plain, const char *where, GError **error)
{
  enum { MAX_DRAWS = 30 };
  const GPtrArray *list = w->grammar->carriers;
  for (guint i = 0; i < MAX_DRAWS && list->len > 0; i++) {
    const char *text = g_ptr_array_index(list, random_below(&w->random, list->len));
    if (!plain || strchr(text, '{') == NULL)
      return writer_expand(w, text, "a carrier", error);
  }
  return writer_symbol(w, "carrier", where, error);
}

/* A slot or symbol by its name alone. */
static gboolean
write_name(Writer *w, const char *name, const char *where, GError **error)
{
  return slot_exists(name) ? write_slot(w, name) : writer_symbol(w, name, where, error);
}

/* "{NAME}", "{a|b|NAME}" where a name in capitals stands for what it names (a word in small letters is a
 * word),
 * "{?maybe}", "{#ddd}". */
static gboolean
write_group(Writer *w, const char *body, const char *where, GError **error)
{
  if (*body == '?')
    return random_chance(&w->random, .5) || writer_expand(w, body + 1, where, error);
  if (*body == '#')
    return write_pattern(w, body + 1), TRUE;
  if (g_str_equal(body, "CARRIER") || g_str_equal(body, "CARRIER.plain"))
    return write_carrier(w, body[7] == '.', where, error);
  g_autoptr(GPtrArray) list = alternatives(body);
  if (list->len == 1)
    return write_name(w, body, where, error);
  const char *chosen = g_ptr_array_index(list, random_below(&w->random, list->len));
  const gboolean capital = *chosen == '=' || (g_ascii_isupper(*chosen) && g_ascii_isupper(chosen[1]));
  if (capital && (slot_exists(chosen) || grammar_find(w->grammar, chosen) != NULL))
    return write_name(w, chosen, where, error);
  return writer_expand(w, chosen, where, error);
}

gboolean
writer_expand(Writer *w, const char *text, const char *where, GError **error)
{
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '\\' && (c[1] == '{' || c[1] == '}'))
      g_string_append_c(w->note.text, *++c);
    else if (*c != '{')
      g_string_append_c(w->note.text, *c);
    else {
      const char *end = closing(c);
      if (end == NULL) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: a brace is not closed", where);
        return FALSE;
      }
      g_autofree char *body = g_strndup(c + 1, (gsize)(end - c - 1));
      if (!write_group(w, body, where, error))
        return FALSE;
      c = end;
    }
  }
  return TRUE;
}
