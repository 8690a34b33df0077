/* i2b2/VA 2010: NAME.txt with NAME.con (concepts), NAME.ast (assertions) and NAME.rel (relations) beside it
 * or in folders concept, ast, rel. A place is line:token, lines from 1, tokens (parted by white space) from
 * 0, the last token included. Uzuner et al., JAMIA 18:552 (2011), and the challenge's annotation guidelines.
 */
#include "formats/formats-private.h"
#include "base/base.h"
#include <stdio.h>
#include <string.h>

typedef void (*BadFunc)(const GError *error, gpointer user_data);

static gboolean
bad_line(const char *path, guint line, const char *what, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_I2B2, "%s:%u: %s", path, line, what);
  return FALSE;
}

/* ---- places ---- */

typedef struct {
  GArray *tokens; /* CrSpan, bytes */
  GArray *first;  /* guint: of each line its first token; one more than there are lines */
} Places;

static gboolean
is_space(char c)
{
  return strchr(" \t\r\v\f", c) != NULL && c != '\0';
}

static Places
places_of(const char *text, gsize n_bytes)
{
  Places p = {g_array_new(FALSE, FALSE, sizeof(CrSpan)), g_array_new(FALSE, FALSE, sizeof(guint))};
  guint zero = 0;
  g_array_append_val(p.first, zero);
  for (gsize i = 0; i < n_bytes;) {
    CrSpan token = {i, i};
    while (token.end < n_bytes && text[token.end] != '\n' && !is_space(text[token.end]))
      token.end++;
    if (token.end > token.start)
      g_array_append_val(p.tokens, token);
    i = token.end;
    if (i < n_bytes && text[i] == '\n')
      g_array_append_val(p.first, p.tokens->len);
    i++;
  }
  g_array_append_val(p.first, p.tokens->len);
  return p;
}

static void
places_clear(Places *p)
{
  g_clear_pointer(&p->tokens, g_array_unref);
  g_clear_pointer(&p->first, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Places, places_clear)

static gboolean
token_at(const Places *p, guint line, guint token, CrSpan *out)
{
  if (line < 1 || line >= p->first->len)
    return FALSE;
  const guint first = g_array_index(p->first, guint, line - 1), next = g_array_index(p->first, guint, line);
  if (token >= next - first)
    return FALSE;
  *out = g_array_index(p->tokens, CrSpan, first + token);
  return TRUE;
}

/* Small letters, single spaces: how a concept's text is written. transfer full */
static char *
squeezed(const char *bytes, gsize n_bytes)
{
  g_autofree char *lower = g_utf8_strdown(bytes, (gssize)n_bytes);
  GString *out = g_string_new(NULL);
  for (const char *c = lower; *c != '\0'; c++)
    if (!g_ascii_isspace(*c))
      g_string_append_c(out, *c);
    else if (out->len > 0 && out->str[out->len - 1] != ' ')
      g_string_append_c(out, ' ');
  if (out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate(out, out->len - 1);
  return g_string_free(out, FALSE);
}

/* ---- reading ---- */

typedef struct {
  const char *path;
  guint line;
  const CrText *text;
  const Places *places;
  json_t *entities, *relations;
} Reading;

/* c="TEXT" L:T L:T at *at; moves it behind. bytes: where it stands. */
static gboolean
read_place(const Reading *r, const char **at, CrSpan *bytes, GError **error)
{
  guint from_line, from, to_line, to;
  int n = 0;
  CrSpan first, last;
  if (!g_str_has_prefix(*at, "c=\""))
    return bad_line(r->path, r->line, "no c=\"…\"", error);
  const char *said = *at + 3, *end = said; /* the text may hold quotes: it ends where the place begins */
  while ((end = strchr(end, '"')) != NULL &&
         sscanf(end, "\" %u:%u %u:%u%n", &from_line, &from, &to_line, &to, &n) != 4)
    end++;
  if (end == NULL)
    return bad_line(r->path, r->line, "no place L:T L:T behind the text", error);
  if (!token_at(r->places, from_line, from, &first) || !token_at(r->places, to_line, to, &last) ||
      last.end < first.end)
    return bad_line(r->path, r->line, "the place is not in the note", error);
  *bytes = (CrSpan){first.start, last.end};
  g_autofree char *stands = squeezed(cr_text_bytes(r->text) + bytes->start, bytes->end - bytes->start),
                  *given = squeezed(said, (gsize)(end - said));
  if (strcmp(stands, given) != 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_LABEL_TEXT, "%s:%u: the concept's text is not what stands there",
                r->path, r->line);
    return FALSE;
  }
  *at = end + n;
  return TRUE;
}

/* ||NAME="VALUE" at *at. transfer full; NULL with an error */
static char *
read_field(const Reading *r, const char **at, const char *name, GError **error)
{
  g_autofree char *head = g_strdup_printf("||%s=\"", name);
  const char *end = g_str_has_prefix(*at, head) ? strchr(*at + strlen(head), '"') : NULL;
  if (end == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_I2B2, "%s:%u: no %s\"…\" where it should stand", r->path,
                r->line, head);
    return NULL;
  }
  char *value = g_strndup(*at + strlen(head), (gsize)(end - *at) - strlen(head));
  *at = end + 1;
  return value;
}

/* The entity there, of this label if one is given; NULL where there is none. Borrowed. */
static json_t *
entity_at(const Reading *r, CrSpan bytes, const char *label)
{
  const CrSpan at = cr_span_to_unit(r->text, CR_UNIT_CODE_POINT, bytes);
  size_t i;
  json_t *entity;
  json_array_foreach(r->entities, i, entity)
  {
    if (json_integer_value(json_object_get(entity, "start")) == (json_int_t)at.start &&
        json_integer_value(json_object_get(entity, "end")) == (json_int_t)at.end &&
        (label == NULL || strcmp(label, cr_json_string(entity, "label")) == 0))
      return entity;
  }
  return NULL;
}

static json_t *
add_entity(const Reading *r, CrSpan bytes, const char *label)
{
  const CrSpan at = cr_span_to_unit(r->text, CR_UNIT_CODE_POINT, bytes);
  json_t *entity = json_pack("{s:s, s:I, s:I, s:s}", "id", "", "start", (json_int_t)at.start, "end",
                             (json_int_t)at.end, "label", label);
  g_autofree char *id = g_strdup_printf("T%zu", json_array_size(r->entities) + 1);
  json_object_set_new(entity, "id", json_string(id));
  json_array_append_new(r->entities, entity);
  return entity;
}

static gboolean
read_concept(const Reading *r, const char *line, GError **error)
{
  CrSpan bytes;
  if (!read_place(r, &line, &bytes, error))
    return FALSE;
  g_autofree char *label = read_field(r, &line, "t", error);
  if (label == NULL || *line != '\0')
    return label == NULL ? FALSE : bad_line(r->path, r->line, "something behind the type", error);
  add_entity(r, bytes, label);
  return TRUE;
}

static gboolean
read_assertion(const Reading *r, const char *line, GError **error)
{
  CrSpan bytes;
  if (!read_place(r, &line, &bytes, error))
    return FALSE;
  g_autofree char *label = read_field(r, &line, "t", error);
  g_autofree char *value = label != NULL ? read_field(r, &line, "a", error) : NULL;
  if (value == NULL)
    return FALSE;
  json_t *entity = entity_at(r, bytes, label);
  if (entity == NULL)
    entity = add_entity(r, bytes, label);
  json_object_set_new(entity, "attributes", json_pack("{s:s}", "assertion", value));
  return TRUE;
}

static gboolean
read_relation(const Reading *r, const char *line, GError **error)
{
  CrSpan from, to;
  if (!read_place(r, &line, &from, error))
    return FALSE;
  g_autofree char *type = read_field(r, &line, "r", error);
  if (type == NULL)
    return FALSE;
  if (!g_str_has_prefix(line, "||"))
    return bad_line(r->path, r->line, "no second concept", error);
  line += 2;
  if (!read_place(r, &line, &to, error))
    return FALSE;
  json_t *a = entity_at(r, from, NULL), *b = entity_at(r, to, NULL);
  if (a == NULL || b == NULL)
    return bad_line(r->path, r->line, "an end of the relation is no concept", error);
  json_array_append_new(r->relations, json_pack("{s:s, s:s, s:s}", "type", type, "from",
                                                cr_json_string(a, "id"), "to", cr_json_string(b, "id")));
  return TRUE;
}

static const struct {
  const char *ending, *folder;
  gboolean (*read)(const Reading *r, const char *line, GError **error);
} parts[] = {
    {".con", "concept", read_concept}, {".ast", "ast", read_assertion}, {".rel", "rel", read_relation}};

/* Beside the note, or in the part's folder beside it or beside its folder. transfer full; NULL: not there */
static char *
find_part(const char *stem, guint part)
{
  g_autofree char *name = g_path_get_basename(stem), *dir = g_path_get_dirname(stem),
                  *up = g_path_get_dirname(dir);
  g_autofree char *file = g_strconcat(name, parts[part].ending, NULL);
  const char *const folders[][2] = {{dir, ""}, {dir, parts[part].folder}, {up, parts[part].folder}};
  for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
    g_autofree char *path = g_build_filename(folders[i][0], folders[i][1], file, NULL);
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
      return g_steal_pointer(&path);
  }
  return NULL;
}

static gboolean
read_part(Reading *r, guint part, GError **error)
{
  g_autoptr(GBytes) bytes = cr_file_read(r->path, CR_FORMATS_MAX_RECORD, error);
  gsize n = 0;
  const char *data = bytes != NULL ? g_bytes_get_data(bytes, &n) : NULL;
  g_autofree char *copy = g_strndup(data, n);
  g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
  if (bytes == NULL)
    return FALSE;
  for (guint i = 0; lines[i] != NULL; i++) {
    r->line = i + 1;
    g_strchomp(lines[i]);
    if (!g_utf8_validate(lines[i], -1, NULL))
      return bad_line(r->path, r->line, "not UTF-8", error);
    if (lines[i][0] != '\0' && !parts[part].read(r, lines[i], error))
      return FALSE;
  }
  return TRUE;
}

static json_t *
read_note(const char *path, const char *id, GError **error)
{
  g_autoptr(GBytes) bytes = cr_file_read(path, CR_FORMATS_MAX_RECORD, error);
  g_autoptr(GError) why = NULL;
  g_autoptr(CrText) text = bytes != NULL ? cr_text_new_bytes(bytes, &why) : NULL;
  if (why != NULL)
    g_set_error(error, CR_ERROR, why->code, "%s: %s", path, why->message);
  if (text == NULL)
    return NULL;
  g_auto(Places) places = places_of(cr_text_bytes(text), cr_text_length(text, CR_UNIT_BYTE));
  g_autoptr(json_t) entities = json_array(), relations = json_array();
  g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".txt"));
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    g_autofree char *part = find_part(stem, i);
    Reading r = {part, 0, text, &places, entities, relations};
    if (part != NULL && !read_part(&r, i, error))
      return NULL;
  }
  json_t *document = json_pack("{s:s, s:o, s:O, s:O}", "id", id, "text",
                               json_stringn(cr_text_bytes(text), cr_text_length(text, CR_UNIT_BYTE)),
                               "entities", entities, "relations", relations);
  cr_document_name_all(document);
  return document;
}

static gboolean
read_folder(const char *path, CrDocumentFunc func, BadFunc bad, gpointer user_data, GError **error)
{
  g_autoptr(GPtrArray) files = cr_list_files(path, error);
  for (guint i = 0; files != NULL && i < files->len; i++) {
    const char *name = files->pdata[i];
    g_autoptr(GError) failure = NULL;
    if (!g_str_has_suffix(name, ".txt"))
      continue;
    g_autofree char *full = g_build_filename(path, name, NULL), *id = g_strndup(name, strlen(name) - 4);
    g_autoptr(json_t) document = read_note(full, id, &failure);
    if (document == NULL)
      bad(failure, user_data);
    else if (!func(document, user_data, error))
      return FALSE;
  }
  return files != NULL;
}

/* ---- writing ---- */

struct CrWriter {
  char *target, *folder;
  GHashTable *stems;
};

static CrWriter *
writer_new(const char *path, const json_t *schema, GError **error)
{
  g_autofree char *folder = cr_out_folder_new(path, error);
  if (folder == NULL)
    return NULL;
  CrWriter *writer = g_new0(CrWriter, 1);
  *writer = (CrWriter){g_strdup(path), g_steal_pointer(&folder),
                       g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  return writer;
}

typedef struct {
  const CrText *text;
  const Places *places;
  GHashTable *by_id; /* id -> "c=… L:T L:T" */
  GString *out[G_N_ELEMENTS(parts)];
  const char *document;
  GPtrArray *not_carried;
} Writing;

/* The tokens that have a part of it, on one line; FALSE where there are none, or more lines. */
static gboolean
find_tokens(const Places *p, CrSpan bytes, guint *line, guint *first, guint *last, gboolean *exact)
{
  guint from = 0;
  while (from < p->tokens->len && g_array_index(p->tokens, CrSpan, from).end <= bytes.start)
    from++;
  guint to = from;
  while (to < p->tokens->len && g_array_index(p->tokens, CrSpan, to).start < bytes.end)
    to++;
  for (*line = 1; *line < p->first->len && g_array_index(p->first, guint, *line) <= from; (*line)++)
    ;
  if (to == from || *line >= p->first->len || to > g_array_index(p->first, guint, *line))
    return FALSE;
  *first = from - g_array_index(p->first, guint, *line - 1);
  *last = to - 1 - g_array_index(p->first, guint, *line - 1);
  *exact = g_array_index(p->tokens, CrSpan, from).start == bytes.start &&
           g_array_index(p->tokens, CrSpan, to - 1).end == bytes.end;
  return TRUE;
}

static gboolean
has_quote(const char *value)
{
  return strchr(value, '"') != NULL || strchr(value, '\n') != NULL || strstr(value, "||") != NULL;
}

static void
write_attributes(Writing *w, const json_t *entity, const char *place)
{
  const char *id = cr_json_string(entity, "id"), *key;
  json_t *value;
  json_object_foreach(json_object_get(entity, "attributes"), key, value)
  {
    if (strcmp(key, "assertion") == 0 && json_is_string(value) && !has_quote(json_string_value(value)))
      g_string_append_printf(w->out[1], "%s||t=\"%s\"||a=\"%s\"\n", place, cr_json_string(entity, "label"),
                             json_string_value(value));
    else
      cr_not_carried_add(w->not_carried, w->document, "attributes of %s", id);
  }
}

static void
write_entity(Writing *w, const json_t *entity)
{
  const char *id = cr_json_string(entity, "id"), *label = cr_json_string(entity, "label");
  g_autoptr(GArray) pieces = cr_pieces_of(entity, NULL), bytes = cr_pieces_to_bytes(w->text, pieces, NULL);
  const CrSpan bounds = cr_pieces_bounds(bytes);
  guint line, first, last;
  gboolean exact;
  if (!find_tokens(w->places, bounds, &line, &first, &last, &exact) || has_quote(label)) {
    cr_not_carried_add(w->not_carried, w->document, "%s, which is not on one line", id);
    return;
  }
  if (bytes->len > 1)
    cr_not_carried_add(w->not_carried, w->document, "fragments of %s", id);
  if (!exact)
    cr_not_carried_add(w->not_carried, w->document, "bounds of %s", id);
  CrSpan from = {0, 0}, to = {0, 0};
  (void)token_at(w->places, line, first, &from);
  (void)token_at(w->places, line, last, &to);
  g_autofree char *said = squeezed(cr_text_bytes(w->text) + from.start, to.end - from.start);
  char *place = g_strdup_printf("c=\"%s\" %u:%u %u:%u", said, line, first, line, last);
  g_string_append_printf(w->out[0], "%s||t=\"%s\"\n", place, label);
  write_attributes(w, entity, place);
  g_hash_table_insert(w->by_id, (gpointer)id, place);
}

static void
write_relation(Writing *w, const json_t *relation)
{
  const char *from = g_hash_table_lookup(w->by_id, cr_json_string(relation, "from")),
             *to = g_hash_table_lookup(w->by_id, cr_json_string(relation, "to")),
             *type = cr_json_string(relation, "type");
  if (from == NULL || to == NULL || has_quote(type))
    cr_not_carried_add(w->not_carried, w->document, "relation %s", cr_json_string(relation, "id"));
  else
    g_string_append_printf(w->out[2], "%s||r=\"%s\"||%s\n", from, type, to);
}

static gboolean
write_parts(const Writing *w, const char *folder, const char *stem, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    g_autofree char *file = g_strconcat(stem, parts[i].ending, NULL);
    if ((i == 0 || w->out[i]->len > 0) &&
        !cr_folder_write(folder, file, w->out[i]->str, w->out[i]->len, error))
      return FALSE;
  }
  return TRUE;
}

static void
tell_rest(const json_t *document, GPtrArray *not_carried)
{
  static const char *const of_entities[] = {"id",   "start",     "end",        "label",
                                            "text", "fragments", "attributes", NULL};
  static const char *const of_relations[] = {"id", "type", "from", "to", NULL};
  static const char *const members[] = {"id", "text", "entities", "relations", NULL};
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)document, key, value)
  {
    if (!g_strv_contains(members, key) && json_object_size(value) + json_array_size(value) > 0)
      cr_not_carried_add(not_carried, cr_document_id(document), "%s", key);
  }
  cr_not_carried_members(not_carried, cr_document_id(document), cr_document_array(document, "entities"),
                         of_entities);
  cr_not_carried_members(not_carried, cr_document_id(document), cr_document_array(document, "relations"),
                         of_relations);
}

static gboolean
writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  g_autoptr(json_t) own = json_deep_copy(document);
  g_autoptr(CrText) text = cr_document_check(own, cr_document_id(own), error);
  if (text == NULL)
    return FALSE;
  cr_document_name_all(own);
  g_autofree char *stem = cr_folder_stem(writer->stems, cr_document_id(own), ".txt", not_carried, error),
                  *note = stem != NULL ? g_strconcat(stem, ".txt", NULL) : NULL;
  const gsize n = cr_text_length(text, CR_UNIT_BYTE);
  if (stem == NULL || !cr_folder_write(writer->folder, note, cr_text_bytes(text), n, error))
    return FALSE;
  g_auto(Places) places = places_of(cr_text_bytes(text), n);
  g_autoptr(GHashTable) by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  Writing w = {text, &places, by_id, {NULL}, cr_document_id(own), not_carried};
  size_t i;
  json_t *item;
  for (guint k = 0; k < G_N_ELEMENTS(parts); k++)
    w.out[k] = g_string_new(NULL);
  json_array_foreach(cr_document_array(own, "entities"), i, item) write_entity(&w, item);
  json_array_foreach(cr_document_array(own, "relations"), i, item) write_relation(&w, item);
  tell_rest(own, not_carried);
  const gboolean done = write_parts(&w, writer->folder, stem, error);
  for (guint k = 0; k < G_N_ELEMENTS(parts); k++)
    g_string_free(w.out[k], TRUE);
  return done;
}

static void
writer_free(CrWriter *writer)
{
  g_free(writer->target);
  g_free(writer->folder);
  g_hash_table_unref(writer->stems);
  g_free(writer);
}

static gboolean
writer_finish(CrWriter *writer, GError **error)
{
  const gboolean done = cr_out_folder_publish(writer->folder, writer->target, error);
  writer_free(writer);
  return done;
}

static void
writer_discard(CrWriter *writer)
{
  cr_dir_remove(writer->folder, NULL);
  writer_free(writer);
}

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  g_autoptr(GPtrArray) files = g_file_test(path, G_FILE_TEST_IS_DIR) ? cr_list_files(path, NULL) : NULL;
  for (guint i = 0; files != NULL && i < files->len; i++)
    if (g_str_has_suffix(files->pdata[i], ".con"))
      return TRUE;
  return FALSE;
}

const CrFormat cr_format_i2b2_2010 = {.name = "i2b2-2010",
                                      .title = "i2b2/VA 2010 concepts (a folder)",
                                      .unit = CR_UNIT_CODE_POINT,
                                      .is_folder = TRUE,
                                      .read = read_folder,
                                      .writer_new = writer_new,
                                      .writer_add = writer_add,
                                      .writer_finish = writer_finish,
                                      .writer_discard = writer_discard,
                                      .sniff = sniff};
