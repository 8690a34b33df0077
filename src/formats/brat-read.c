/* Reading brat: a folder of NAME.txt with NAME.ann (or the shared tasks' .a1, .a2, .rel, .co). What a
 * document line has no place for stays in members of its own (events, equivs, notes) and in "brat", which
 * keeps the order of the lines and those that brat itself would have written otherwise: so the files can be
 * written again as they were. */
#include "formats/brat-private.h"
#include "formats/brat-read.h"
#include "base/base.h"
#include <string.h>

typedef struct {
  char *stem; /* path without extension */
  CrText *text;
  json_t *document, *layout; /* layout: member "brat", borrowed */
  GPtrArray *lines;          /* of Placed */
  GHashTable *things;        /* id -> json_t of entity, relation, event; borrowed both */
} Reading;

typedef struct {
  CrBratLine *line;
  char *where;    /* "file:line" */
  GBytes *raw;    /* as it stands in the file, without its line feed */
  json_t *layout; /* of its file; borrowed */
} Placed;

static void
placed_free(gpointer data)
{
  Placed *placed = data;
  cr_brat_line_free(placed->line);
  g_free(placed->where);
  g_bytes_unref(placed->raw);
  g_free(placed);
}

static void
reading_clear(Reading *reading)
{
  g_clear_pointer(&reading->stem, g_free);
  g_clear_pointer(&reading->text, cr_text_unref);
  g_clear_pointer(&reading->document, json_decref);
  g_clear_pointer(&reading->lines, g_ptr_array_unref);
  g_clear_pointer(&reading->things, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

static gboolean
bad_line(GError **error, const Placed *placed, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_BRAT, "%s: %s%s%s", placed->where,
              placed->line->id != NULL ? placed->line->id : "", placed->line->id != NULL ? ": " : "", what);
  return FALSE;
}

/* ---- text ---- */

static gboolean
read_text(Reading *reading, GError **error)
{
  g_autofree char *path = g_strconcat(reading->stem, ".txt", NULL);
  g_autoptr(GError) failure = NULL;
  g_autoptr(GBytes) bytes = cr_file_read(path, CR_FORMATS_MAX_RECORD, error);
  if (bytes == NULL)
    return FALSE;
  gsize n_bytes = 0;
  const char *data = g_bytes_get_data(bytes, &n_bytes);
  reading->text = cr_text_new(n_bytes > 0 ? data : "", (gssize)n_bytes, &failure);
  if (reading->text == NULL) {
    g_set_error(error, CR_ERROR, failure->code, "%s: %s", path, failure->message);
    return FALSE;
  }
  json_object_set_new(reading->document, "text", json_stringn(n_bytes > 0 ? data : "", n_bytes));
  return TRUE;
}

/* ---- lines ---- */

/* What brat would have written for this line. */
static char *
usual_form(const Reading *reading, const CrBratLine *line)
{
  g_autoptr(GString) out = g_string_new(NULL);
  if (line->kind != CR_BRAT_ENTITY) {
    cr_brat_line_format(line, out);
    return g_string_free(g_steal_pointer(&out), FALSE);
  }
  g_autoptr(GArray) joined = cr_brat_join(reading->text, line->pieces);
  g_autoptr(GArray) split = cr_brat_split(reading->text, joined);
  g_autoptr(GArray) bytes = cr_pieces_to_bytes(reading->text, split, NULL);
  g_autoptr(CrBratLine) usual = cr_brat_line_new(CR_BRAT_ENTITY, line->id, line->type);
  g_array_append_vals(usual->pieces, split->data, split->len);
  usual->value = cr_pieces_dup_text(reading->text, bytes);
  cr_brat_line_format(usual, out);
  return g_string_free(g_steal_pointer(&out), FALSE);
}

/* The line's place in the layout: its id where the rest can be made again, else the line itself. */
static void
remember(const Reading *reading, const Placed *placed)
{
  const CrBratLine *line = placed->line;
  gsize n_bytes = 0;
  const char *data = g_bytes_get_data(placed->raw, &n_bytes), *bytes = n_bytes > 0 ? data : "";
  if (line->kind == CR_BRAT_COMMENT) {
    json_array_append_new(placed->layout, json_pack("{s:s%}", "raw", bytes, n_bytes));
    return;
  }
  gboolean has_id =
      line->kind != CR_BRAT_ATTRIBUTE && line->kind != CR_BRAT_CODE && line->kind != CR_BRAT_EQUIV;
  g_autofree char *usual = has_id ? usual_form(reading, line) : NULL;
  if (has_id && strlen(usual) == n_bytes && memcmp(usual, bytes, n_bytes) == 0)
    json_array_append_new(placed->layout, json_string(line->id));
  else
    json_array_append_new(placed->layout, json_stringn(bytes, n_bytes));
}

static gboolean
check_entity(const Reading *reading, const Placed *placed, GError **error)
{
  g_autoptr(GError) failure = NULL;
  g_autoptr(GArray) bytes = cr_pieces_to_bytes(reading->text, placed->line->pieces, &failure);
  if (bytes == NULL)
    return bad_line(error, placed, failure->message);
  if (!cr_brat_text_fits(reading->text, bytes, placed->line->value))
    return bad_line(error, placed, "its text is not what stands at its offsets");
  return TRUE;
}

static gboolean
check_entities(const Reading *reading, GError **error)
{
  for (guint i = 0; i < reading->lines->len; i++) {
    const Placed *placed = reading->lines->pdata[i];
    if (placed->line->kind == CR_BRAT_ENTITY && !check_entity(reading, placed, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_line(Reading *reading, json_t *layout, const CrRawRecord *raw, gsize n_bytes, const char *path,
          GError **error)
{
  g_autofree char *where = g_strdup_printf("%s:%" G_GUINT64_FORMAT, path, raw->line);
  g_autoptr(GError) failure = NULL;
  if (!g_utf8_validate_len(raw->bytes, n_bytes, NULL)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_BRAT, "%s: not valid UTF-8", where);
    return FALSE;
  }
  CrBratLine *line = cr_brat_line_parse(raw->bytes, n_bytes, &failure);
  if (line == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_BRAT, "%s: %s", where, failure->message);
    return FALSE;
  }
  Placed *placed = g_new0(Placed, 1);
  placed->line = line;
  placed->where = g_steal_pointer(&where);
  placed->raw = g_bytes_new(raw->bytes, n_bytes);
  placed->layout = layout;
  g_ptr_array_add(reading->lines, placed);
  return TRUE;
}

/* The line end that cr_source took off may have been CR LF: the CR belongs to the line as it was. */
static gsize
with_cr(const CrRawRecord *raw)
{
  return raw->n_bytes + (!raw->is_last && raw->bytes[raw->n_bytes] == '\r' ? 1 : 0);
}

/* What holds for one of the annotation files: "unended" (no line feed behind the last line), "marked" (a byte
 * order mark before the first). */
static void
note_file(const Reading *reading, const char *what, const char *extension)
{
  if (json_object_get(reading->layout, what) == NULL)
    json_object_set_new(reading->layout, what, json_array());
  json_array_append_new(json_object_get(reading->layout, what), json_string(extension));
}

static gboolean
read_lines(Reading *reading, CrSource *source, json_t *layout, const char *extension, GError **error)
{
  for (;;) {
    CrRawRecord raw;
    CrRead got = cr_source_next_line(source, 1 << 24, &raw, error);
    if (got == CR_READ_END || got == CR_READ_FAILED)
      return got == CR_READ_END;
    if (got == CR_READ_TOO_LONG) {
      g_set_error(error, CR_ERROR, CR_ERROR_LIMIT,
                  "%s:%" G_GUINT64_FORMAT ": a line of %" G_GSIZE_FORMAT " bytes", cr_source_path(source),
                  raw.line, raw.n_bytes);
      return FALSE;
    }
    if (raw.is_last)
      note_file(reading, "unended", extension);
    if (!take_line(reading, layout, &raw, with_cr(&raw), cr_source_path(source), error))
      return FALSE;
  }
}

static gboolean
read_annotations(Reading *reading, GError **error)
{
  for (gsize i = 0; cr_brat_extensions[i] != NULL; i++) {
    g_autofree char *path = g_strdup_printf("%s.%s", reading->stem, cr_brat_extensions[i]);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
      continue;
    g_autoptr(CrSource) source = cr_source_open(path, error);
    json_t *layout = json_array();
    json_object_set_new(reading->layout, cr_brat_extensions[i], layout);
    if (source != NULL && cr_source_had_bom(source))
      note_file(reading, "marked", cr_brat_extensions[i]);
    if (source == NULL || !read_lines(reading, source, layout, cr_brat_extensions[i], error))
      return FALSE;
  }
  return TRUE;
}

/* ---- CR LF: brat under Python 3 counts two characters, under Python 2 it counted one (its issue 853) ----
 */

/* Code points that start a CR LF. */
static GArray *
line_ends(const CrText *text)
{
  GArray *ends = g_array_new(FALSE, FALSE, sizeof(gsize));
  const char *bytes = cr_text_bytes(text), *end = bytes + cr_text_length(text, CR_UNIT_BYTE);
  gsize code_point = 0;
  for (const char *p = bytes; p < end; p = g_utf8_next_char(p), code_point++)
    if (p[0] == '\r' && p + 1 < end && p[1] == '\n')
      g_array_append_val(ends, code_point);
  return ends;
}

/* An offset that counts each CR LF before it as one character, as one that counts it as two. */
static gsize
widen(const GArray *ends, gsize offset)
{
  for (guint i = 0; i < ends->len && g_array_index(ends, gsize, i) < offset; i++)
    offset++;
  return offset;
}

static void
widen_all(const Reading *reading, const GArray *ends)
{
  for (guint i = 0; i < reading->lines->len; i++) {
    GArray *pieces = ((Placed *)reading->lines->pdata[i])->line->pieces;
    for (guint k = 0; k < pieces->len; k++) {
      CrSpan *piece = &g_array_index(pieces, CrSpan, k);
      *piece = (CrSpan){widen(ends, piece->start), widen(ends, piece->end)};
    }
  }
}

/* One way of counting must fit every line of the document. */
static gboolean
settle_offsets(Reading *reading, GError **error)
{
  g_autoptr(GError) failure = NULL;
  if (check_entities(reading, &failure))
    return TRUE;
  g_autoptr(GArray) ends = line_ends(reading->text);
  widen_all(reading, ends);
  if (ends->len > 0 && check_entities(reading, NULL))
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&failure));
  return FALSE;
}

/* ---- lines become members ---- */

static json_t *
member_array(const Reading *reading, const char *member)
{
  json_t *array = json_object_get(reading->document, member);
  if (array == NULL) {
    array = json_array();
    json_object_set_new(reading->document, member, array);
  }
  return array;
}

static json_t *
entity_of(const Reading *reading, const CrBratLine *line)
{
  json_t *entity = json_pack("{s:s}", "id", line->id);
  g_autoptr(GArray) pieces = cr_brat_join(reading->text, line->pieces);
  g_autoptr(GArray) bytes = cr_pieces_to_bytes(reading->text, pieces, NULL);
  CrSpan bounds = cr_pieces_bounds(pieces);
  g_autofree char *found = cr_pieces_dup_text(reading->text, bytes);
  json_object_set_new(entity, "start", json_integer((json_int_t)bounds.start));
  json_object_set_new(entity, "end", json_integer((json_int_t)bounds.end));
  json_object_set_new(entity, "label", json_string(line->type));
  json_object_set_new(entity, "text", json_string(found));
  cr_pieces_set(entity, pieces);
  return entity;
}

static json_t *
relation_of(const CrBratLine *line)
{
  const CrBratArgument *from = line->arguments->pdata[0], *to = line->arguments->pdata[1];
  json_t *relation = json_pack("{s:s, s:s, s:s, s:s}", "id", line->id, "type", line->type, "from",
                               from->target, "to", to->target);
  if (strcmp(from->role, "Arg1") != 0 || strcmp(to->role, "Arg2") != 0) {
    json_object_set_new(relation, "from_role", json_string(from->role));
    json_object_set_new(relation, "to_role", json_string(to->role));
  }
  return relation;
}

static json_t *
event_of(const CrBratLine *line)
{
  json_t *arguments = json_array();
  for (guint i = 1; i < line->arguments->len; i++) {
    const CrBratArgument *argument = line->arguments->pdata[i];
    json_array_append_new(arguments, json_pack("{s:s, s:s}", "role", argument->role, "id", argument->target));
  }
  return json_pack("{s:s, s:s, s:s, s:o}", "id", line->id, "type", line->type, "trigger",
                   cr_brat_line_target(line, 0), "arguments", arguments);
}

/* First pass: the things that other lines are about. */
static gboolean
add_thing(Reading *reading, const Placed *placed, GError **error)
{
  const CrBratLine *line = placed->line;
  json_t *thing = NULL;
  const char *member = NULL;
  if (line->kind == CR_BRAT_ENTITY) {
    thing = entity_of(reading, line);
    member = "entities";
  } else if (line->kind == CR_BRAT_RELATION) {
    thing = relation_of(line);
    member = "relations";
  } else if (line->kind == CR_BRAT_EVENT) {
    thing = event_of(line);
    member = "events";
  } else {
    return TRUE;
  }
  json_array_append_new(member_array(reading, member), thing);
  if (!g_hash_table_insert(reading->things, line->id, thing))
    return bad_line(error, placed, "the id stands twice");
  return TRUE;
}

static void
set_attribute(json_t *thing, const CrBratLine *line)
{
  json_t *attributes = json_object_get(thing, "attributes");
  json_t *value = line->value != NULL ? json_string(line->value) : json_true();
  if (attributes == NULL) {
    attributes = json_object();
    json_object_set_new(thing, "attributes", attributes);
  }
  json_t *there = json_object_get(attributes, line->type);
  if (there == NULL)
    json_object_set_new(attributes, line->type, value);
  else if (json_is_array(there))
    json_array_append_new(there, value);
  else
    json_object_set_new(attributes, line->type, json_pack("[O, o]", there, value));
}

static void
add_code(json_t *thing, const CrBratLine *line)
{
  json_t *codes = json_object_get(thing, "codes");
  json_t *code = json_pack("{s:s, s:s}", "system", line->value, "code", line->code);
  if (line->display != NULL && line->display[0] != '\0')
    json_object_set_new(code, "display", json_string(line->display));
  if (codes == NULL) {
    codes = json_array();
    json_object_set_new(thing, "codes", codes);
  }
  json_array_append_new(codes, code);
}

static void
add_equiv(const Reading *reading, const CrBratLine *line)
{
  json_t *members = json_array();
  for (guint i = 0; i < line->arguments->len; i++)
    json_array_append_new(members, json_string(cr_brat_line_target(line, i)));
  json_array_append_new(member_array(reading, "equivs"),
                        json_pack("{s:s, s:o}", "type", line->type, "members", members));
}

/* Second pass: what is said about things, wherever in the file they stand. */
static gboolean
add_statement(Reading *reading, const Placed *placed, GError **error)
{
  const CrBratLine *line = placed->line;
  for (guint i = 0; i < line->arguments->len; i++)
    if (!g_hash_table_contains(reading->things, cr_brat_line_target(line, i)))
      return bad_line(error, placed, "it names an id that no line has");
    else if (line->kind == CR_BRAT_RELATION && *cr_brat_line_target(line, i) == 'R')
      return bad_line(error, placed, "a relation joins findings and events, not relations");
  json_t *thing =
      line->arguments->len > 0 ? g_hash_table_lookup(reading->things, cr_brat_line_target(line, 0)) : NULL;
  if (line->kind == CR_BRAT_ATTRIBUTE)
    set_attribute(thing, line);
  else if (line->kind == CR_BRAT_CODE)
    add_code(thing, line);
  else if (line->kind == CR_BRAT_EQUIV)
    add_equiv(reading, line);
  else if (line->kind == CR_BRAT_NOTE)
    json_array_append_new(member_array(reading, "notes"),
                          json_pack("{s:s, s:s, s:s, s:s}", "id", line->id, "type", line->type, "target",
                                    cr_brat_line_target(line, 0), "text", line->value));
  return TRUE;
}

/* Ids of lines that are not things, too, stand once. */
static gboolean
check_ids(const Reading *reading, GError **error)
{
  g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < reading->lines->len; i++) {
    const Placed *placed = reading->lines->pdata[i];
    const CrBratLine *line = placed->line;
    if (line->kind != CR_BRAT_COMMENT && line->kind != CR_BRAT_EQUIV && !g_hash_table_add(ids, line->id))
      return bad_line(error, placed, "the id stands twice");
  }
  return TRUE;
}

static gboolean
build(Reading *reading, GError **error)
{
  member_array(reading, "entities");
  member_array(reading, "relations");
  for (guint i = 0; i < reading->lines->len; i++)
    if (!add_thing(reading, reading->lines->pdata[i], error))
      return FALSE;
  for (guint i = 0; i < reading->lines->len; i++)
    if (!add_statement(reading, reading->lines->pdata[i], error))
      return FALSE;
  return check_ids(reading, error);
}

json_t *
cr_brat_read_document(const char *stem, const char *id, GError **error)
{
  g_auto(Reading) reading = {.stem = g_strdup(stem),
                             .document = json_pack("{s:s}", "id", id),
                             .lines = g_ptr_array_new_with_free_func(placed_free),
                             .things = g_hash_table_new(g_str_hash, g_str_equal)};
  g_autoptr(json_t) layout = json_object();
  reading.layout = layout;
  if (!read_text(&reading, error) || !read_annotations(&reading, error) || !settle_offsets(&reading, error))
    return NULL;
  for (guint i = 0; i < reading.lines->len; i++)
    remember(&reading, reading.lines->pdata[i]);
  if (!build(&reading, error))
    return NULL;
  json_object_set(reading.document, "brat", layout);
  return g_steal_pointer(&reading.document);
}
