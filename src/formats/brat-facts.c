/* All that a document says, as brat lines. What no line can say is listed. */
#include "formats/brat-private.h"
#include <string.h>

typedef struct {
  const json_t *document;
  const char *name; /* the document's id */
  const CrText *text;
  GPtrArray *not_carried;
  GHashTable *ids;   /* document's id -> brat's id, both owned */
  GHashTable *taken; /* brat ids in use, owned by ids */
  GPtrArray *lines;  /* of CrBratLine; in the end in brat's order */
  GPtrArray *later;  /* attributes and codes: behind the things they are about */
} Facts;

static void
facts_clear(Facts *facts)
{
  g_clear_pointer(&facts->taken, g_hash_table_unref);
  g_clear_pointer(&facts->ids, g_hash_table_unref);
  g_clear_pointer(&facts->lines, g_ptr_array_unref);
  g_clear_pointer(&facts->later, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Facts, facts_clear)

/* ---- names that brat can hold ---- */

/* name where brat can hold it, else with underscores, and listed. transfer full */
static char *
word(Facts *facts, const char *name, const char *forbidden, const char *what, const char *id)
{
  if (cr_brat_is_word(name, forbidden))
    return g_strdup(name);
  g_autoptr(GString) out = g_string_new(NULL);
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p)) {
    char one[8] = {0};
    memcpy(one, p, (gsize)(g_utf8_next_char(p) - p));
    g_string_append(out, cr_brat_is_word(one, forbidden) ? one : "_");
  }
  if (out->len == 0)
    g_string_append_c(out, '_');
  cr_not_carried_add(facts->not_carried, facts->name, "%s of %s as it is (written with underscores)", what,
                     id);
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean
is_brat_id(const char *id, char letter)
{
  return id != NULL && id[0] == letter && g_ascii_isdigit(id[1]) && cr_brat_is_word(id, "\t:");
}

static void
take_ids(Facts *facts, const char *member, char letter)
{
  size_t i;
  json_t *item;
  json_array_foreach(cr_document_array(facts->document, member), i, item)
  {
    const char *id = cr_json_string(item, "id");
    if (is_brat_id(id, letter) && !g_hash_table_contains(facts->ids, id)) {
      char *copy = g_strdup(id);
      g_hash_table_insert(facts->ids, g_strdup(id), copy);
      g_hash_table_add(facts->taken, copy);
    }
  }
}

static void
make_ids(Facts *facts, const char *member, char letter)
{
  guint next = 1, n_renamed = 0;
  size_t i;
  json_t *item;
  json_array_foreach(cr_document_array(facts->document, member), i, item)
  {
    const char *id = cr_json_string(item, "id");
    if (id != NULL && g_hash_table_contains(facts->ids, id))
      continue;
    char *made = g_strdup_printf("%c%u", letter, next++);
    while (g_hash_table_contains(facts->taken, made)) {
      g_free(made);
      made = g_strdup_printf("%c%u", letter, next++);
    }
    g_hash_table_add(facts->taken, made);
    g_hash_table_insert(
        facts->ids, id != NULL ? g_strdup(id) : g_strdup_printf("\n%s/%" G_GSIZE_FORMAT, member, i), made);
    n_renamed += id != NULL;
  }
  if (n_renamed > 0)
    cr_not_carried_add(facts->not_carried, facts->name, "ids of %u of the %s (written as %c and a number)",
                       n_renamed, member, letter);
}

/* The brat id of the i-th item of a member. */
static const char *
id_of(const Facts *facts, const char *member, const json_t *item, size_t i)
{
  const char *id = cr_json_string(item, "id");
  g_autofree char *place = id == NULL ? g_strdup_printf("\n%s/%" G_GSIZE_FORMAT, member, i) : NULL;
  return g_hash_table_lookup(facts->ids, id != NULL ? id : place);
}

/* ---- attributes and codes ---- */

static void
add_attribute(Facts *facts, const char *id, const char *name, const json_t *value)
{
  const char *string = json_string_value(value);
  g_autofree char *number = json_is_number(value) ? cr_json_dump(value) : NULL;
  if (!json_is_true(value) && number == NULL &&
      (string == NULL || string[0] == '\0' || !cr_brat_is_line(string, FALSE))) {
    cr_not_carried_add(facts->not_carried, facts->name, "attribute %s of %s", name, id);
    return;
  }
  if (number != NULL)
    cr_not_carried_add(facts->not_carried, facts->name, "attribute %s of %s as a number (written as a word)",
                       name, id);
  g_autofree char *type = word(facts, name, "", "attribute name", id);
  CrBratLine *line = cr_brat_line_new(CR_BRAT_ATTRIBUTE, NULL, type);
  cr_brat_line_add(line, NULL, id);
  line->value = number != NULL ? g_steal_pointer(&number) : g_strdup(string);
  g_ptr_array_add(facts->later, line);
}

static void
add_attributes(Facts *facts, const char *id, const json_t *item)
{
  json_t *attributes = json_object_get(item, "attributes"), *value, *one;
  const char *name;
  size_t i;
  if (attributes != NULL && !json_is_object(attributes))
    cr_not_carried_add(facts->not_carried, facts->name, "attributes of %s", id);
  json_object_foreach(attributes, name, value)
  {
    if (!json_is_array(value))
      add_attribute(facts, id, name, value);
    else
      json_array_foreach(value, i, one) add_attribute(facts, id, name, one);
  }
}

static void
list_code_members(const Facts *facts, const char *id, const json_t *code, const char *const *known)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)code, key, value)
  {
    if (!g_strv_contains(known, key))
      cr_not_carried_add(facts->not_carried, facts->name, "%s of a code of %s", key, id);
  }
}

static void
add_codes(Facts *facts, const char *id, const json_t *item)
{
  static const char *const known[] = {"system", "code", "display", NULL};
  const json_t *codes = json_object_get(item, "codes");
  size_t i;
  json_t *code;
  json_array_foreach(codes, i, code)
  {
    const char *system = cr_json_string(code, "system"), *value = cr_json_string(code, "code");
    const char *display = cr_json_string(code, "display");
    if (!cr_brat_is_word(system, ":") || value == NULL || !cr_brat_is_line(value, FALSE) ||
        (display != NULL && !cr_brat_is_line(display, FALSE))) {
      cr_not_carried_add(facts->not_carried, facts->name, "a code of %s", id);
      continue;
    }
    CrBratLine *line = cr_brat_line_new(CR_BRAT_CODE, NULL, "Reference");
    cr_brat_line_add(line, NULL, id);
    line->value = g_strdup(system);
    line->code = g_strdup(value);
    line->display = display != NULL && display[0] != '\0' ? g_strdup(display) : NULL;
    g_ptr_array_add(facts->later, line);
  }
  json_array_foreach(codes, i, code) list_code_members(facts, id, code, known);
}

/* ---- entities, events, relations, equivalences, notes ---- */

static gboolean
same_pieces(const GArray *a, const GArray *b)
{
  return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len * sizeof(CrSpan)) == 0);
}

/* The pieces as brat can hold them; NULL and listed where nothing is left. */
static GArray *
brat_pieces(Facts *facts, const char *id, const GArray *pieces)
{
  g_autoptr(GArray) split = cr_brat_split(facts->text, pieces);
  if (split->len == 0) {
    cr_not_carried_add(facts->not_carried, facts->name, "%s (nothing but line breaks)", id);
    return NULL;
  }
  g_autoptr(GArray) again = cr_brat_join(facts->text, split);
  if (!same_pieces(again, pieces))
    cr_not_carried_add(facts->not_carried, facts->name, "bounds of %s at line breaks", id);
  return g_steal_pointer(&split);
}

static gboolean
add_entity(Facts *facts, const json_t *entity, size_t i, GError **error)
{
  const char *id = id_of(facts, "entities", entity, i), *label = cr_json_string(entity, "label");
  g_autoptr(GArray) pieces = cr_pieces_of(entity, error);
  if (pieces == NULL)
    return FALSE;
  g_autoptr(GArray) split = brat_pieces(facts, id, pieces);
  if (split == NULL)
    return TRUE;
  g_autoptr(GArray) bytes = cr_pieces_to_bytes(facts->text, split, error);
  if (bytes == NULL)
    return FALSE;
  g_autofree char *type = word(facts, label != NULL ? label : "", "", "label", id);
  CrBratLine *line = cr_brat_line_new(CR_BRAT_ENTITY, id, type);
  g_array_append_vals(line->pieces, split->data, split->len);
  line->value = cr_pieces_dup_text(facts->text, bytes);
  g_ptr_array_add(facts->lines, line);
  add_attributes(facts, id, entity);
  add_codes(facts, id, entity);
  return TRUE;
}

/* The brat id of what the document calls id; NULL and listed where that was not carried or is not there. */
static const char *
target(Facts *facts, const char *id, const char *of)
{
  const char *found = id != NULL ? g_hash_table_lookup(facts->ids, id) : NULL;
  if (found == NULL)
    cr_not_carried_add(facts->not_carried, facts->name, "%s (it names what is not there)", of);
  return found;
}

static void
add_relation(Facts *facts, const json_t *relation, size_t i)
{
  static const char *const ends[] = {"from", "to"}, *const roles[] = {"from_role", "to_role"};
  static const char *const usual[] = {"Arg1", "Arg2"};
  const char *id = id_of(facts, "relations", relation, i), *type = cr_json_string(relation, "type");
  g_autofree char *name = word(facts, type != NULL ? type : "", "", "type", id);
  g_autoptr(CrBratLine) line = cr_brat_line_new(CR_BRAT_RELATION, id, name);
  for (gsize k = 0; k < 2; k++) {
    const char *end = target(facts, cr_json_string(relation, ends[k]), id),
               *role = cr_json_string(relation, roles[k]);
    if (end == NULL)
      return;
    g_autofree char *role_word = word(facts, role != NULL ? role : usual[k], ":", "role", id);
    cr_brat_line_add(line, role_word, end);
  }
  g_ptr_array_add(facts->lines, g_steal_pointer(&line));
  add_attributes(facts, id, relation);
}

static void
add_event(Facts *facts, const json_t *event, size_t i)
{
  const char *id = id_of(facts, "events", event, i), *type = cr_json_string(event, "type");
  const char *trigger = target(facts, cr_json_string(event, "trigger"), id);
  if (trigger == NULL)
    return;
  g_autofree char *name = word(facts, type != NULL ? type : "", ":", "type", id);
  CrBratLine *line = cr_brat_line_new(CR_BRAT_EVENT, id, name);
  cr_brat_line_add(line, NULL, trigger);
  size_t k;
  json_t *argument;
  json_array_foreach(cr_document_array(event, "arguments"), k, argument)
  {
    const char *role = cr_json_string(argument, "role");
    const char *of = target(facts, cr_json_string(argument, "id"), id);
    if (of == NULL)
      continue;
    g_autofree char *role_word = word(facts, role != NULL ? role : "", ":", "role", id);
    cr_brat_line_add(line, role_word, of);
  }
  g_ptr_array_add(facts->lines, line);
  add_attributes(facts, id, event);
  add_codes(facts, id, event);
}

static void
add_equiv(Facts *facts, const json_t *equiv)
{
  const char *type = cr_json_string(equiv, "type");
  g_autofree char *name = word(facts, type != NULL ? type : "Equiv", "", "type", "an equivalence");
  g_autoptr(CrBratLine) line = cr_brat_line_new(CR_BRAT_EQUIV, "*", name);
  size_t k;
  json_t *member;
  json_array_foreach(cr_document_array(equiv, "members"), k, member)
  {
    const char *of = target(facts, json_string_value(member), "an equivalence");
    if (of == NULL)
      return;
    cr_brat_line_add(line, NULL, of);
  }
  if (line->arguments->len >= 2)
    g_ptr_array_add(facts->later, g_steal_pointer(&line));
}

/* Free text on one line: each break becomes a space, and is listed. transfer full */
static char *
one_line(Facts *facts, const char *text, const char *id)
{
  if (cr_brat_is_line(text, TRUE))
    return g_strdup(text);
  g_autoptr(GString) flat = g_string_new(NULL);
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    g_string_append_unichar(flat, cr_brat_is_break(c) && c != '\t' ? ' ' : c);
  }
  cr_not_carried_add(facts->not_carried, facts->name, "line breaks in the note %s", id);
  return g_string_free(g_steal_pointer(&flat), FALSE);
}

static void
add_note(Facts *facts, const json_t *note, size_t i)
{
  const char *type = cr_json_string(note, "type"), *text = cr_json_string(note, "text");
  const char *id = id_of(facts, "notes", note, i), *about = cr_json_string(note, "target");
  const char *of = target(facts, about, id);
  if (of == NULL)
    return;
  g_autofree char *flat = one_line(facts, text != NULL ? text : "", id);
  g_autofree char *name = word(facts, type != NULL ? type : "AnnotatorNotes", "", "type", id);
  CrBratLine *line = cr_brat_line_new(CR_BRAT_NOTE, id, name);
  cr_brat_line_add(line, NULL, of);
  line->value = g_steal_pointer(&flat);
  g_ptr_array_add(facts->later, line);
}

static const struct {
  const char *member;
  char letter;
} named[] = {{"entities", 'T'}, {"events", 'E'}, {"relations", 'R'}, {"notes", '#'}};

static void
forget(Facts *facts, const char *member, size_t i)
{
  const json_t *item = json_array_get(cr_document_array(facts->document, member), i);
  const char *id = cr_json_string(item, "id");
  if (id != NULL)
    g_hash_table_remove(facts->ids, id);
}

static gboolean
add_entities(Facts *facts, GError **error)
{
  size_t i;
  json_t *item;
  json_array_foreach(cr_document_array(facts->document, "entities"), i, item)
  {
    guint before = facts->lines->len;
    if (!add_entity(facts, item, i, error))
      return FALSE;
    if (facts->lines->len == before)
      forget(facts, "entities", i);
  }
  return TRUE;
}

static void
list_members(const Facts *facts)
{
  static const char *const document[] = {"id",     "text",  "entities", "relations", "events",
                                         "equivs", "notes", "brat",     NULL};
  static const char *const entity[] = {"id",        "start",      "end",   "label", "text",
                                       "fragments", "attributes", "codes", NULL};
  static const char *const relation[] = {"id",        "type",    "from",       "to",
                                         "from_role", "to_role", "attributes", NULL};
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)facts->document, key, value)
  {
    gboolean empty = json_is_null(value) || (json_is_object(value) && json_object_size(value) == 0);
    if (!g_strv_contains(document, key) && !empty)
      cr_not_carried_add(facts->not_carried, facts->name, "%s", key);
  }
  cr_not_carried_members(facts->not_carried, facts->name, cr_document_array(facts->document, "entities"),
                         entity);
  cr_not_carried_members(facts->not_carried, facts->name, cr_document_array(facts->document, "relations"),
                         relation);
}

static void
free_line(gpointer line)
{
  cr_brat_line_free(line);
}

GPtrArray *
cr_brat_lines_of(const json_t *document, const CrText *text, GPtrArray *not_carried, GError **error)
{
  g_auto(Facts) facts = {.document = document,
                         .name = cr_document_id(document),
                         .text = text,
                         .not_carried = not_carried,
                         .ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                         .taken = g_hash_table_new(g_str_hash, g_str_equal),
                         .lines = g_ptr_array_new_with_free_func(free_line),
                         .later = g_ptr_array_new_with_free_func(free_line)};
  size_t i;
  json_t *item;
  for (gsize k = 0; k < G_N_ELEMENTS(named); k++)
    take_ids(&facts, named[k].member, named[k].letter);
  for (gsize k = 0; k < G_N_ELEMENTS(named); k++)
    make_ids(&facts, named[k].member, named[k].letter);
  if (!add_entities(&facts, error))
    return NULL;
  json_array_foreach(cr_document_array(document, "events"), i, item) add_event(&facts, item, i);
  json_array_foreach(cr_document_array(document, "relations"), i, item) add_relation(&facts, item, i);
  json_array_foreach(cr_document_array(document, "equivs"), i, item) add_equiv(&facts, item);
  json_array_foreach(cr_document_array(document, "notes"), i, item) add_note(&facts, item, i);
  list_members(&facts);
  g_ptr_array_extend_and_steal(facts.lines, g_steal_pointer(&facts.later));
  return g_steal_pointer(&facts.lines);
}
