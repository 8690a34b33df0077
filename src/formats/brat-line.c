/* One line of a brat annotation file, taken apart and put together (brat's server/src/annotation.py). */
#include "formats/brat-private.h"
#include <string.h>

const char *const cr_brat_extensions[] = {"ann", "a1", "a2", "rel", "co", NULL};

static void
argument_free(gpointer data)
{
  CrBratArgument *argument = data;
  g_free(argument->role);
  g_free(argument->target);
  g_free(argument);
}

CrBratLine *
cr_brat_line_new(CrBratKind kind, const char *id, const char *type)
{
  CrBratLine *line = g_new0(CrBratLine, 1);
  line->kind = kind;
  line->id = g_strdup(id);
  line->type = g_strdup(type);
  line->pieces = cr_fragments_new();
  line->arguments = g_ptr_array_new_with_free_func(argument_free);
  return line;
}

void
cr_brat_line_free(CrBratLine *line)
{
  if (line == NULL)
    return;
  g_free(line->id);
  g_free(line->type);
  g_free(line->value);
  g_free(line->code);
  g_free(line->display);
  g_array_unref(line->pieces);
  g_ptr_array_unref(line->arguments);
  g_free(line);
}

void
cr_brat_line_add(CrBratLine *line, const char *role, const char *target)
{
  CrBratArgument *argument = g_new0(CrBratArgument, 1);
  argument->role = g_strdup(role);
  argument->target = g_strdup(target);
  g_ptr_array_add(line->arguments, argument);
}

const char *
cr_brat_line_target(const CrBratLine *line, guint i)
{
  return ((const CrBratArgument *)line->arguments->pdata[i])->target;
}

/* ---- taking apart ---- */

static gboolean
bad(GError **error, const char *what)
{
  g_set_error_literal(error, CR_ERROR, CR_ERROR_BAD_BRAT, what);
  return FALSE;
}

static gboolean
parse_number(const char **at, gsize *out)
{
  char *end = NULL;
  if (!g_ascii_isdigit(**at))
    return FALSE;
  guint64 value = g_ascii_strtoull(*at, &end, 10);
  if (end - *at > 15)
    return FALSE;
  *out = value;
  *at = end;
  return TRUE;
}

/* "0 3;4 7" */
static gboolean
parse_pieces(CrBratLine *line, const char *at, GError **error)
{
  for (;;) {
    CrSpan piece;
    if (!parse_number(&at, &piece.start) || *at++ != ' ' || !parse_number(&at, &piece.end))
      return bad(error, "the offsets are not \"START END\", several joined by \";\"");
    if (piece.start > piece.end)
      return bad(error, "the start is after the end");
    g_array_append_val(line->pieces, piece);
    if (*at == '\0')
      return TRUE;
    if (*at++ != ';')
      return bad(error, "the offsets are not \"START END\", several joined by \";\"");
  }
}

/* The word at *at, up to a space; *at ends behind that space. NULL at the end. transfer full */
static char *
next_word(const char **at)
{
  const char *space = strchr(*at, ' ');
  gsize n = space != NULL ? (gsize)(space - *at) : strlen(*at);
  if (n == 0)
    return NULL;
  char *word = g_strndup(*at, n);
  *at += n + (space != NULL ? 1 : 0);
  return word;
}

/* "Role:T1" words up to the end. */
static gboolean
parse_arguments(CrBratLine *line, const char *at, GError **error)
{
  for (;;) {
    while (*at == ' ')
      at++;
    g_autofree char *word = next_word(&at);
    if (word == NULL)
      return TRUE;
    char *colon = strchr(word, ':');
    if (colon == NULL || colon == word || colon[1] == '\0')
      return bad(error, "an argument is not \"ROLE:ID\"");
    *colon = '\0';
    cr_brat_line_add(line, word, colon + 1);
  }
}

static gboolean
parse_entity(CrBratLine *line, const char *data, const char *tail, GError **error)
{
  line->type = next_word(&data);
  if (line->type == NULL)
    return bad(error, "no type");
  if (!parse_pieces(line, data, error))
    return FALSE;
  if (tail == NULL)
    return bad(error, "no text behind the offsets");
  line->value = g_strdup(tail);
  return TRUE;
}

static gboolean
parse_relation(CrBratLine *line, const char *data, const char *tail, GError **error)
{
  line->type = next_word(&data);
  if (line->type == NULL)
    return bad(error, "no type");
  if (!parse_arguments(line, data, error))
    return FALSE;
  return line->arguments->len == 2 || bad(error, "a relation has two arguments");
}

static gboolean
parse_event(CrBratLine *line, const char *data, const char *tail, GError **error)
{
  g_autofree char *head = next_word(&data);
  char *colon = head != NULL ? strchr(head, ':') : NULL;
  if (colon == NULL || colon == head || colon[1] == '\0')
    return bad(error, "an event starts with \"TYPE:TRIGGER\"");
  line->type = g_strndup(head, (gsize)(colon - head));
  cr_brat_line_add(line, NULL, colon + 1);
  return parse_arguments(line, data, error);
}

static gboolean
parse_attribute(CrBratLine *line, const char *data, const char *tail, GError **error)
{
  line->type = next_word(&data);
  g_autofree char *target = line->type != NULL ? next_word(&data) : NULL;
  if (target == NULL)
    return bad(error, "an attribute is \"NAME ID\" or \"NAME ID VALUE\"");
  cr_brat_line_add(line, NULL, target);
  line->value = data[0] != '\0' ? g_strdup(data) : NULL;
  return TRUE;
}

static gboolean
parse_code(CrBratLine *line, const char *data, const char *tail, GError **error)
{
  line->type = next_word(&data);
  g_autofree char *target = line->type != NULL ? next_word(&data) : NULL;
  const char *colon = target != NULL ? strchr(data, ':') : NULL;
  if (colon == NULL || colon == data)
    return bad(error, "a normalisation is \"TYPE ID SYSTEM:CODE\"");
  cr_brat_line_add(line, NULL, target);
  line->value = g_strndup(data, (gsize)(colon - data));
  line->code = g_strdup(colon + 1);
  while (tail != NULL && *tail == '\t')
    tail++;
  line->display = tail != NULL ? g_strndup(tail, strcspn(tail, "\t")) : NULL;
  return TRUE;
}

static gboolean
parse_note(CrBratLine *line, const char *data, const char *tail, GError **error)
{
  line->type = next_word(&data);
  g_autofree char *target = line->type != NULL ? next_word(&data) : NULL;
  if (target == NULL || *data != '\0' || tail == NULL || !g_ascii_isdigit(line->id[1]))
    line->kind = CR_BRAT_COMMENT;
  else
    cr_brat_line_add(line, NULL, target);
  line->value = g_strdup(tail);
  return TRUE;
}

static gboolean
parse_equiv(CrBratLine *line, const char *data, const char *tail, GError **error)
{
  line->type = next_word(&data);
  if (line->type == NULL)
    return bad(error, "no type");
  for (;;) {
    while (*data == ' ')
      data++;
    g_autofree char *word = next_word(&data);
    if (word == NULL)
      break;
    cr_brat_line_add(line, NULL, word);
  }
  return line->arguments->len >= 2 || bad(error, "an equivalence has two members or more");
}

static const struct {
  char letter;
  CrBratKind kind;
  gboolean (*parse)(CrBratLine *line, const char *data, const char *tail, GError **error);
} parsers[] = {{'T', CR_BRAT_ENTITY, parse_entity},       {'R', CR_BRAT_RELATION, parse_relation},
               {'E', CR_BRAT_EVENT, parse_event},         {'A', CR_BRAT_ATTRIBUTE, parse_attribute},
               {'M', CR_BRAT_ATTRIBUTE, parse_attribute}, {'N', CR_BRAT_CODE, parse_code},
               {'#', CR_BRAT_NOTE, parse_note},           {'*', CR_BRAT_EQUIV, parse_equiv}};

/* What cannot be written again as it was is not brat: types, roles and ids are words, the rest is one line.
 */
static gboolean
check_words(const CrBratLine *line, GError **error)
{
  static const char wrong[] = "a type, role or name with white space or a control character in it";
  const char *forbidden = line->kind == CR_BRAT_EVENT ? ":" : "";
  const char *const texts[] = {line->kind == CR_BRAT_ATTRIBUTE ? line->value : NULL, line->code,
                               line->display, line->kind == CR_BRAT_NOTE ? line->value : NULL};
  if (line->kind == CR_BRAT_COMMENT)
    return TRUE;
  if (!cr_brat_is_word(line->type, forbidden) ||
      (line->kind == CR_BRAT_CODE && !cr_brat_is_word(line->value, ":")))
    return bad(error, wrong);
  for (guint i = 0; i < line->arguments->len; i++) {
    const CrBratArgument *argument = line->arguments->pdata[i];
    if (!cr_brat_is_word(argument->target, "") ||
        (argument->role != NULL && !cr_brat_is_word(argument->role, ":")))
      return bad(error, wrong);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
    if (texts[i] != NULL && !cr_brat_is_line(texts[i], line->kind == CR_BRAT_NOTE))
      return bad(error, "a character that ends a line stands inside one");
  return TRUE;
}

static gboolean
id_is_sound(const char *id, char letter)
{
  if (letter == '*')
    return id[1] == '\0';
  if (letter == '#')
    return TRUE;
  return g_ascii_isdigit(id[1]) && cr_brat_is_word(id, ":");
}

/* copy: id<TAB>data[<TAB>tail], cut in place. */
static gboolean
parse_copy(CrBratLine *line, char *copy, GError **error)
{
  char *data = strchr(copy, '\t'), *tail = NULL;
  if (data != NULL)
    *data++ = '\0';
  if (data != NULL && (tail = strchr(data, '\t')) != NULL)
    *tail++ = '\0';
  if (copy[0] == '#' && (data == NULL || !cr_brat_is_word(copy, ":"))) {
    line->kind = CR_BRAT_COMMENT;
    return TRUE;
  }
  if (data == NULL)
    return bad(error, "not \"ID<TAB>…\"");
  for (gsize i = 0; i < G_N_ELEMENTS(parsers); i++)
    if (parsers[i].letter == copy[0]) {
      if (!id_is_sound(copy, copy[0]))
        return bad(error, "the id is not a letter and a number");
      line->id = g_strdup(copy);
      line->kind = parsers[i].kind;
      return parsers[i].parse(line, data, tail, error) && check_words(line, error);
    }
  return bad(error, "starts with none of T R E A M N # *");
}

CrBratLine *
cr_brat_line_parse(const char *bytes, gsize n_bytes, GError **error)
{
  g_autoptr(CrBratLine) line = cr_brat_line_new(CR_BRAT_COMMENT, NULL, NULL);
  while (n_bytes > 0 && bytes[n_bytes - 1] == '\r')
    n_bytes--;
  g_autofree char *copy = g_strndup(bytes, n_bytes);
  if (copy[0] != '\0' && !parse_copy(line, copy, error))
    return NULL;
  return g_steal_pointer(&line);
}

/* ---- putting together ---- */

static void
format_pieces(const CrBratLine *line, GString *out)
{
  for (guint i = 0; i < line->pieces->len; i++) {
    CrSpan piece = g_array_index(line->pieces, CrSpan, i);
    g_string_append_printf(out, "%c%" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT, i == 0 ? ' ' : ';', piece.start,
                           piece.end);
  }
}

static void
format_arguments(const CrBratLine *line, guint first, GString *out)
{
  for (guint i = first; i < line->arguments->len; i++) {
    const CrBratArgument *argument = line->arguments->pdata[i];
    if (argument->role != NULL)
      g_string_append_printf(out, " %s:%s", argument->role, argument->target);
    else
      g_string_append_printf(out, " %s", argument->target);
  }
}

/* All behind the id's tab but the text that a T line repeats. */
static void
format_body(const CrBratLine *line, GString *out)
{
  g_string_append(out, line->type);
  if (line->kind == CR_BRAT_ENTITY)
    format_pieces(line, out);
  else if (line->kind == CR_BRAT_EVENT)
    g_string_append_printf(out, ":%s", cr_brat_line_target(line, 0));
  format_arguments(line, line->kind == CR_BRAT_EVENT ? 1 : 0, out);
  if (line->kind == CR_BRAT_ATTRIBUTE && line->value != NULL)
    g_string_append_printf(out, " %s", line->value);
  if (line->kind == CR_BRAT_CODE)
    g_string_append_printf(out, " %s:%s\t%s", line->value, line->code,
                           line->display != NULL ? line->display : "");
  if (line->kind == CR_BRAT_NOTE)
    g_string_append_printf(out, "\t%s", line->value);
}

void
cr_brat_line_format(const CrBratLine *line, GString *out)
{
  g_assert(line->kind != CR_BRAT_COMMENT);
  g_string_append_printf(out, "%s\t", line->id);
  format_body(line, out);
  if (line->kind == CR_BRAT_ENTITY)
    g_string_append_printf(out, "\t%s", line->value);
}

char *
cr_brat_line_key(const CrBratLine *line)
{
  static const char letters[] = {'T', 'R', 'E', 'A', 'N', '#', '*', '-'};
  gboolean has_id = line->kind == CR_BRAT_ENTITY || line->kind == CR_BRAT_RELATION ||
                    line->kind == CR_BRAT_EVENT || line->kind == CR_BRAT_NOTE;
  g_autoptr(GString) key = g_string_new(NULL);
  g_string_append_printf(key, "%c\t%s\t", letters[line->kind], has_id ? line->id : "");
  /* The type of an N line ("Reference") has no place in a code: its key goes without. */
  if (line->kind == CR_BRAT_CODE)
    g_string_append_printf(key, "%s\t%s\t%s\t%s", cr_brat_line_target(line, 0), line->value, line->code,
                           line->display != NULL ? line->display : "");
  else
    format_body(line, key);
  return g_string_free(g_steal_pointer(&key), FALSE);
}
