/* The tree of a file read into a CrGuidelines: every member known, every name declared once, every reference
 * to something declared. What fails names its line. */
#include "guidelines/guidelines-private.h"
#include "base/base.h"
#include <string.h>

typedef const CrGuidelinesSource Source;

static const char *const root_keys[] = {"title",     "text",      "labels", "attributes",
                                        "relations", "questions", NULL};
static const char *const label_keys[] = {"name",       "title",      "key",      "chip",
                                         "colour",     "definition", "examples", "counter_examples",
                                         "attributes", "critical",   NULL};
static const char *const attribute_keys[] = {"name", "title", "values", "preset", NULL};
static const char *const relation_keys[] = {"name", "title", "from", "to", NULL};
static const char *const question_keys[] = {"name", "title", "choices", "many", NULL};

/* ---- words ---- */

enum { MAX_NAME = 64, MAX_LINE = 200, MAX_PROSE = 20000 };

/* A name goes into every export format and onto command lines. */
static gboolean
is_name(const char *s)
{
  gsize length = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
  return length > 0 && !s[length] && length <= MAX_NAME && s[0] != '-';
}

/* A value of an attribute: one word of any script. */
static gboolean
is_value(const char *s)
{
  if (!*s || g_utf8_strlen(s, -1) > MAX_NAME)
    return FALSE;
  for (; *s; s = g_utf8_next_char(s)) {
    gunichar c = g_utf8_get_char(s);
    if (g_unichar_isspace(c) || g_unichar_iscntrl(c))
      return FALSE;
  }
  return TRUE;
}

/* Control characters could speak to the terminal that shows the guidelines. */
static gboolean
has_control(const char *s, const char *allowed)
{
  for (; *s; s = g_utf8_next_char(s)) {
    gunichar c = g_utf8_get_char(s);
    if (g_unichar_iscntrl(c) && (c >= 0x80 || !strchr(allowed, (int)c)))
      return TRUE;
  }
  return FALSE;
}

/* ---- members ---- */

static gboolean
check_keys(Source *source, const json_t *object, const char *what, const char *const *known, GError **error)
{
  if (!json_is_object(object)) {
    cr_guidelines_bad(error, source, object, "%s must be a set of named members (name: value)", what);
    return FALSE;
  }
  const char *key = NULL;
  json_t *value = NULL;
  json_object_foreach((json_t *)object, key, value)
  {
    if (g_strv_contains(known, key))
      continue;
    const char *nearest = cr_guidelines_nearest(key, known);
    g_autofree char *name = cr_error_excerpt(key, 40);
    cr_guidelines_bad(error, source, value, "%s has no member '%s'%s%s%s", what, name,
                      nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return FALSE;
  }
  return TRUE;
}

/* The member as text, without white space around it; *out NULL where it is absent or empty. */
static gboolean
read_string(Source *source, const json_t *object, const char *key, glong max, const char *controls,
            char **out, GError **error)
{
  const json_t *value = json_object_get(object, key);
  *out = NULL;
  if (!value || json_is_null(value))
    return TRUE;
  if (!json_is_string(value)) {
    cr_guidelines_bad(error, source, value, "'%s' must be text", key);
    return FALSE;
  }
  g_autofree char *text = g_strstrip(g_strdup(json_string_value(value)));
  if (g_utf8_strlen(text, -1) > max || has_control(text, controls)) {
    cr_guidelines_bad(error, source, value, "'%s' must be at most %ld characters%s", key, max,
                      *controls ? ", without control characters" : " on one line");
    return FALSE;
  }
  if (*text)
    *out = g_steal_pointer(&text);
  return TRUE;
}

static gboolean
read_name(Source *source, const json_t *object, const char *what, char **out, GError **error)
{
  if (!read_string(source, object, "name", MAX_NAME, "", out, error))
    return FALSE;
  if (*out && is_name(*out))
    return TRUE;
  cr_guidelines_bad(error, source, *out ? json_object_get(object, "name") : object,
                    *out ? "the name of a %s is made of letters A-Z a-z, digits, _ and -, at most 64"
                         : "a %s needs a name",
                    what);
  g_clear_pointer(out, g_free);
  return FALSE;
}

static gboolean
read_title(Source *source, const json_t *object, const char *name, char **out, GError **error)
{
  if (!read_string(source, object, "title", MAX_LINE, "", out, error))
    return FALSE;
  if (!*out)
    *out = g_strdup(name);
  return TRUE;
}

static gboolean
read_flag(Source *source, const json_t *object, const char *key, gboolean *out, GError **error)
{
  static const char *const yes[] = {"true", "yes", NULL}, *const no[] = {"false", "no", NULL};
  const json_t *value = json_object_get(object, key);
  const char *word = json_is_string(value) ? json_string_value(value) : "";
  *out = json_is_true(value) || g_strv_contains(yes, word);
  if (!value || json_is_null(value) || json_is_boolean(value) || *out || g_strv_contains(no, word))
    return TRUE;
  cr_guidelines_bad(error, source, json_is_string(value) ? value : object, "'%s' must be true or false", key);
  return FALSE;
}

static gboolean
read_colour(Source *source, const json_t *object, guint *out, GError **error)
{
  const json_t *value = json_object_get(object, "colour");
  json_int_t number = json_integer_value(value);
  guint64 parsed = 0;
  gboolean fine = !value || json_is_null(value) || json_is_integer(value);
  if (json_is_string(value)) {
    fine = g_ascii_string_to_unsigned(json_string_value(value), 10, 0, 8, &parsed, NULL);
    number = (json_int_t)parsed;
  }
  if (fine && number >= 0 && number <= 8) {
    *out = (guint)number;
    return TRUE;
  }
  cr_guidelines_bad(error, source, value, "'colour' must be a slot from 1 to 8");
  return FALSE;
}

typedef struct {
  glong max;
  const char *controls;
  gboolean (*fits)(const char *s); /* NULL: any text */
  const char *must;                /* what fits() asks for */
} Item;

static const Item name_item = {MAX_NAME, "", is_name, "a name (letters, digits, _ and -)"},
                  value_item = {MAX_NAME, "", is_value, "one word of at most 64 characters"},
                  choice_item = {MAX_LINE, "", NULL, "text on one line"},
                  prose_item = {MAX_PROSE, "\n\t", NULL, "text"};

static gboolean
read_item(Source *source, const json_t *where, const json_t *value, const char *key, const Item *item,
          GPtrArray *list, GError **error)
{
  g_autofree char *text =
      json_is_string(value) ? g_strstrip(g_strdup(json_string_value(value))) : g_strdup("");
  if (!*text || g_utf8_strlen(text, -1) > item->max || has_control(text, item->controls) ||
      (item->fits && !item->fits(text))) {
    cr_guidelines_bad(error, source, json_is_string(value) ? value : where, "each of '%s' must be %s", key,
                      item->must);
    return FALSE;
  }
  for (guint i = 0; i < list->len; i++)
    if (g_str_equal(list->pdata[i], text)) {
      g_autofree char *name = cr_error_excerpt(text, 64);
      cr_guidelines_bad(error, source, value, "'%s' has '%s' twice", key, name);
      return FALSE;
    }
  g_ptr_array_add(list, g_steal_pointer(&text));
  return TRUE;
}

/* A list of texts; one text stands for a list of one. *out is never NULL afterwards. */
static gboolean
read_list(Source *source, const json_t *object, const char *key, const Item *item, GStrv *out, GError **error)
{
  const json_t *value = json_object_get(object, key);
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  gsize n = json_is_array(value) ? json_array_size(value) : value && !json_is_null(value) ? 1 : 0;
  if (n > CR_GUIDELINES_MAX_ITEMS) {
    cr_guidelines_bad(error, source, value, "'%s' has more than %u items", key, CR_GUIDELINES_MAX_ITEMS);
    return FALSE;
  }
  for (gsize i = 0; i < n; i++) {
    const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;
    if (!read_item(source, json_is_array(value) ? value : object, one, key, item, list, error))
      return FALSE;
  }
  g_ptr_array_add(list, NULL);
  *out = (GStrv)g_ptr_array_steal(list, NULL);
  return TRUE;
}

/* ---- one of each ---- */

static gboolean
read_key_and_chip(Source *source, const json_t *object, CrGuidelinesLabel *label, GError **error)
{
  if (!read_string(source, object, "key", MAX_LINE, "", &label->key, error) ||
      !read_string(source, object, "chip", MAX_LINE, "", &label->chip, error))
    return FALSE;
  if (label->key && (!g_ascii_isalnum(label->key[0]) || label->key[1])) {
    cr_guidelines_bad(error, source, json_object_get(object, "key"), "'key' must be one letter or digit");
    return FALSE;
  }
  gsize capitals = label->chip ? strspn(label->chip, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") : 0;
  if (label->chip && (label->chip[capitals] || capitals > 4)) {
    cr_guidelines_bad(error, source, json_object_get(object, "chip"), "'chip' must be at most 4 capitals");
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_label(Source *source, const json_t *object, CrGuidelines *g, GError **error)
{
  CrGuidelinesLabel *label = g_new0(CrGuidelinesLabel, 1);
  g_ptr_array_add(g->labels, label);
  if (!check_keys(source, object, "a label", label_keys, error) ||
      !read_name(source, object, "label", &label->name, error) ||
      !read_title(source, object, label->name, &label->title, error) ||
      !read_key_and_chip(source, object, label, error) ||
      !read_colour(source, object, &label->colour, error) ||
      !read_string(source, object, "definition", MAX_PROSE, "\n\t", &label->definition, error) ||
      !read_list(source, object, "examples", &prose_item, &label->examples, error) ||
      !read_list(source, object, "counter_examples", &prose_item, &label->counter_examples, error) ||
      !read_list(source, object, "attributes", &name_item, &label->attributes, error) ||
      !read_flag(source, object, "critical", &label->critical, error))
    return FALSE;
  if (!label->definition)
    label->definition = g_strdup("");
  return TRUE;
}

static gboolean
read_attribute(Source *source, const json_t *object, CrGuidelines *g, GError **error)
{
  CrGuidelinesAttribute *attribute = g_new0(CrGuidelinesAttribute, 1);
  g_ptr_array_add(g->attributes, attribute);
  if (!check_keys(source, object, "an attribute", attribute_keys, error) ||
      !read_name(source, object, "attribute", &attribute->name, error) ||
      !read_title(source, object, attribute->name, &attribute->title, error) ||
      !read_list(source, object, "values", &value_item, &attribute->values, error) ||
      !read_string(source, object, "preset", MAX_NAME, "", &attribute->preset, error))
    return FALSE;
  if (!attribute->values[0]) {
    cr_guidelines_bad(error, source, object, "attribute '%s' needs values", attribute->name);
    return FALSE;
  }
  if (attribute->preset && !g_strv_contains((const char *const *)attribute->values, attribute->preset)) {
    cr_guidelines_bad(error, source, json_object_get(object, "preset"),
                      "the preset of attribute '%s' is not one of its values", attribute->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_relation(Source *source, const json_t *object, CrGuidelines *g, GError **error)
{
  CrGuidelinesRelation *relation = g_new0(CrGuidelinesRelation, 1);
  g_ptr_array_add(g->relations, relation);
  if (!check_keys(source, object, "a relation", relation_keys, error) ||
      !read_name(source, object, "relation", &relation->name, error) ||
      !read_title(source, object, relation->name, &relation->title, error) ||
      !read_list(source, object, "from", &name_item, &relation->from, error) ||
      !read_list(source, object, "to", &name_item, &relation->to, error))
    return FALSE;
  if (relation->from[0] && relation->to[0])
    return TRUE;
  cr_guidelines_bad(error, source, object, "relation '%s' needs labels in 'from' and in 'to'",
                    relation->name);
  return FALSE;
}

static gboolean
read_question(Source *source, const json_t *object, CrGuidelines *g, GError **error)
{
  CrGuidelinesQuestion *question = g_new0(CrGuidelinesQuestion, 1);
  g_ptr_array_add(g->questions, question);
  if (!check_keys(source, object, "a question", question_keys, error) ||
      !read_name(source, object, "question", &question->name, error) ||
      !read_title(source, object, question->name, &question->title, error) ||
      !read_list(source, object, "choices", &choice_item, &question->choices, error) ||
      !read_flag(source, object, "many", &question->many, error))
    return FALSE;
  if (question->choices[0])
    return TRUE;
  cr_guidelines_bad(error, source, object, "question '%s' needs choices", question->name);
  return FALSE;
}

/* ---- all of them ---- */

typedef gboolean (*ReadOne)(Source *source, const json_t *object, CrGuidelines *g, GError **error);

static gboolean
read_each(Source *source, const char *key, ReadOne read_one, CrGuidelines *g, GError **error)
{
  const json_t *list = json_object_get(source->root, key);
  if (!list || json_is_null(list))
    return TRUE;
  if (!json_is_array(list) || json_array_size(list) > CR_GUIDELINES_MAX_ITEMS) {
    cr_guidelines_bad(error, source, list, "'%s' must be a list of at most %u", key, CR_GUIDELINES_MAX_ITEMS);
    return FALSE;
  }
  for (gsize i = 0; i < json_array_size(list); i++)
    if (!read_one(source, json_array_get(list, i), g, error))
      return FALSE;
  return TRUE;
}

/* Every item begins with its name: the second of two that are alike is reported. fold: letter case apart. */
static gboolean
check_unique(Source *source, const char *list_key, const char *member, gboolean fold, GError **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  const json_t *list = json_object_get(source->root, list_key);
  for (gsize i = 0; i < json_array_size(list); i++) {
    const json_t *value = json_object_get(json_array_get(list, i), member);
    if (!json_is_string(value))
      continue;
    g_autofree char *word = g_strstrip(g_strdup(json_string_value(value)));
    if (!*word)
      continue;
    if (!g_hash_table_add(seen, fold ? g_ascii_strdown(word, -1) : g_strdup(word))) {
      g_autofree char *name = cr_error_excerpt(word, 64);
      cr_guidelines_bad(error, source, value, "'%s' in '%s': '%s' stands there twice", member, list_key,
                        name);
      return FALSE;
    }
  }
  return TRUE;
}

/* Each of names must be declared; what is reported stands in the list_key-th list's i-th item. */
static gboolean
check_declared(Source *source, const char *list_key, guint i, const char *member, const GStrv names,
               const GPtrArray *declared, const char *kind, GError **error)
{
  g_autofree const char **known = cr_guidelines_names(declared);
  for (guint n = 0; names[n]; n++) {
    if (g_strv_contains(known, names[n]))
      continue;
    const char *nearest = cr_guidelines_nearest(names[n], known);
    const json_t *where = json_object_get(json_array_get(json_object_get(source->root, list_key), i), member);
    cr_guidelines_bad(error, source, where, "'%s': %s '%s' is not declared%s%s%s", member, kind, names[n],
                      nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_references(Source *source, const CrGuidelines *g, GError **error)
{
  for (guint i = 0; i < g->labels->len; i++) {
    const CrGuidelinesLabel *label = g->labels->pdata[i];
    if (!check_declared(source, "labels", i, "attributes", label->attributes, g->attributes, "attribute",
                        error))
      return FALSE;
  }
  for (guint i = 0; i < g->relations->len; i++) {
    const CrGuidelinesRelation *relation = g->relations->pdata[i];
    if (!check_declared(source, "relations", i, "from", relation->from, g->labels, "label", error) ||
        !check_declared(source, "relations", i, "to", relation->to, g->labels, "label", error))
      return FALSE;
  }
  return TRUE;
}

/* Names that differ in letter case alone would be one label to a careless eye. */
static gboolean
check_names(Source *source, GError **error)
{
  return check_unique(source, "labels", "name", TRUE, error) &&
         check_unique(source, "labels", "key", TRUE, error) &&
         check_unique(source, "labels", "chip", FALSE, error) &&
         check_unique(source, "attributes", "name", TRUE, error) &&
         check_unique(source, "relations", "name", TRUE, error) &&
         check_unique(source, "questions", "name", TRUE, error);
}

/* ---- the text ---- */

static gboolean
names_a_file(Source *source, const char *text)
{
  return source->path && g_str_has_suffix(text, ".md") && !strchr(text, '\n');
}

static char *
load_markdown(Source *source, const json_t *where, const char *name, GError **error)
{
  if (strchr(name, '/') || *name == '.') {
    cr_guidelines_bad(error, source, where, "'text' names a file in the same folder, without a path");
    return NULL;
  }
  g_autofree char *dir = g_path_get_dirname(source->path);
  g_autofree char *path = g_build_filename(dir, name, NULL);
  g_autoptr(GBytes) file = cr_file_read(path, CR_GUIDELINES_MAX_BYTES, error);
  if (!file)
    return NULL;
  gsize n_bytes = 0;
  const char *bytes = g_bytes_get_data(file, &n_bytes);
  gsize bom = n_bytes >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  if (n_bytes > bom && !g_utf8_validate_len(bytes + bom, n_bytes - bom, NULL)) {
    g_set_error(error, CR_ERROR, CR_ERROR_INVALID_UTF8, "%s: not UTF-8 (or with a NUL)", path);
    return NULL;
  }
  return g_strndup(n_bytes ? bytes + bom : "", n_bytes - bom);
}

static gboolean
read_markdown(Source *source, CrGuidelines *g, GError **error)
{
  const json_t *value = json_object_get(source->root, "text");
  if (value && !json_is_null(value) && !json_is_string(value)) {
    cr_guidelines_bad(error, source, value, "'text' must be Markdown or the name of a .md file");
    return FALSE;
  }
  const char *text = json_is_string(value) ? json_string_value(value) : "";
  g->markdown = names_a_file(source, text) ? load_markdown(source, value, text, error) : g_strdup(text);
  if (!g->markdown)
    return FALSE;
  if (!has_control(g->markdown, "\n\r\t"))
    return TRUE;
  cr_guidelines_bad(error, source, value, "the text holds control characters");
  return FALSE;
}

CrGuidelines *
cr_guidelines_read(Source *source, GError **error)
{
  g_autoptr(CrGuidelines) g = cr_guidelines_new_empty();
  if (!check_keys(source, source->root, "the guidelines", root_keys, error) ||
      !read_string(source, source->root, "title", MAX_LINE, "", &g->title, error) ||
      !read_markdown(source, g, error) || !read_each(source, "labels", read_label, g, error) ||
      !read_each(source, "attributes", read_attribute, g, error) ||
      !read_each(source, "relations", read_relation, g, error) ||
      !read_each(source, "questions", read_question, g, error) || !check_names(source, error) ||
      !check_references(source, g, error))
    return NULL;
  if (g->title && g->labels->len + g->questions->len > 0)
    return g_steal_pointer(&g);
  cr_guidelines_bad(error, source, NULL,
                    g->title ? "no label and no question: nothing to read for" : "'title' is missing");
  return NULL;
}
