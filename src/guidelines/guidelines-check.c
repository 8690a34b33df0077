/* Labels held against the guidelines they were made under, and the nearest name for what is not in them. */
#include "guidelines/guidelines-private.h"
#include "base/base.h"
#include <string.h>

/* ---- nearest name ---- */

enum { MAX_COMPARED = 64 };

/* Levenshtein (1966) over bytes, letter case apart; names longer than MAX_COMPARED count by their beginning.
 */
static guint
edit_distance(const char *a, const char *b)
{
  gsize n_a = MIN(strlen(a), MAX_COMPARED), n_b = MIN(strlen(b), MAX_COMPARED);
  guint row[MAX_COMPARED + 1];
  for (gsize j = 0; j <= n_b; j++)
    row[j] = (guint)j;
  for (gsize i = 1; i <= n_a; i++) {
    guint diagonal = row[0];
    row[0] = (guint)i;
    for (gsize j = 1; j <= n_b; j++) {
      guint above = row[j];
      guint changed = diagonal + (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]));
      row[j] = MIN(changed, MIN(above, row[j - 1]) + 1);
      diagonal = above;
    }
  }
  return row[n_b];
}

const char *
cr_guidelines_nearest(const char *given, const char *const *names)
{
  const char *nearest = NULL;
  guint least = G_MAXUINT;
  for (guint i = 0; names[i]; i++) {
    guint distance = edit_distance(given, names[i]);
    if (distance < least && (gsize)distance * 2 <= MAX(strlen(given), strlen(names[i]))) {
      least = distance;
      nearest = names[i];
    }
  }
  return nearest;
}

const char **
cr_guidelines_names(const GPtrArray *items)
{
  const char **names = g_new0(const char *, items->len + 1);
  for (guint i = 0; i < items->len; i++)
    names[i] = *(char *const *)items->pdata[i]; /* each of the four kinds begins with its name */
  return names;
}
G_STATIC_ASSERT(G_STRUCT_OFFSET(CrGuidelinesLabel, name) == 0);
G_STATIC_ASSERT(G_STRUCT_OFFSET(CrGuidelinesAttribute, name) == 0);
G_STATIC_ASSERT(G_STRUCT_OFFSET(CrGuidelinesRelation, name) == 0);
G_STATIC_ASSERT(G_STRUCT_OFFSET(CrGuidelinesQuestion, name) == 0);

/* ---- checking ---- */

static const char *
member_string(const json_t *object, const char *key)
{
  const char *value = json_string_value(json_object_get(object, key));
  return value ? value : "";
}

/* "'X' is not …; the nearest is 'Y'", with where before it. Names are cut: they come from a file. */
static void
set_unknown(GError **error, int code, const char *where, const char *what, const char *given,
            const char *const *known)
{
  const char *nearest = cr_guidelines_nearest(given, known);
  g_autofree char *all = g_strjoinv(", ", (char **)known), *list = cr_error_excerpt(*all ? all : "none", 200),
                  *cut = cr_error_excerpt(given, 40);
  g_set_error(error, CR_ERROR, code, "%s: %s '%s' is not in the guidelines; %s%s", where, what, cut,
              nearest ? "the nearest is " : "they have: ", nearest ? nearest : list);
}

static gconstpointer
find_named(const GPtrArray *items, const char *name)
{
  for (guint i = 0; i < items->len; i++)
    if (g_str_equal(*(char *const *)items->pdata[i], name))
      return items->pdata[i];
  return NULL;
}

/* An attribute's value is a word, or an object that holds it under "value" beside the words that led to it.
 */
static const char *
attribute_value(const json_t *value)
{
  return json_is_object(value) ? json_string_value(json_object_get(value, "value"))
                               : json_string_value(value);
}

static gboolean
check_attribute(const CrGuidelines *g, const CrGuidelinesLabel *label, const char *where, const char *name,
                const json_t *value, GError **error)
{
  if (!g_strv_contains((const char *const *)label->attributes, name)) {
    g_autofree char *what = g_strdup_printf("attribute of %s", label->name);
    set_unknown(error, CR_ERROR_LABEL_VALUE, where, what, name, (const char *const *)label->attributes);
    return FALSE;
  }
  const CrGuidelinesAttribute *attribute = find_named(g->attributes, name);
  const char *word = attribute_value(value);
  if (word && g_strv_contains((const char *const *)attribute->values, word))
    return TRUE;
  g_autofree char *what = g_strdup_printf("value of %s", name);
  set_unknown(error, CR_ERROR_LABEL_VALUE, where, what, word ? word : "",
              (const char *const *)attribute->values);
  return FALSE;
}

static gboolean
check_entity(const CrGuidelines *g, const json_t *entity, const char *where, GError **error)
{
  const char *name = member_string(entity, "label");
  const CrGuidelinesLabel *label = cr_guidelines_find_label(g, name);
  if (!label) {
    g_autofree const char **known = cr_guidelines_names(g->labels);
    set_unknown(error, CR_ERROR_LABEL_UNKNOWN, where, "label", name, known);
    return FALSE;
  }
  const json_t *attributes = json_object_get(entity, "attributes");
  if (attributes && !json_is_null(attributes) && !json_is_object(attributes)) {
    g_set_error(error, CR_ERROR, CR_ERROR_LABEL_VALUE, "%s: 'attributes' must be an object", where);
    return FALSE;
  }
  const char *key = NULL;
  json_t *value = NULL;
  json_object_foreach((json_t *)attributes, key, value)
  {
    if (!check_attribute(g, label, where, key, value, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
expect_array(const json_t *list, const char *what, GError **error)
{
  if (!list || json_is_null(list) || json_is_array(list))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "'%s' must be a list", what);
  return FALSE;
}

/* "entity T3", or its place in the list where it has no id. */
static char *
name_item(const char *kind, const json_t *item, gsize i)
{
  const char *id = member_string(item, "id");
  g_autofree char *cut = cr_error_excerpt(id, 40);
  return *id ? g_strdup_printf("%s %s", kind, cut) : g_strdup_printf("%s number %zu", kind, i + 1);
}

/* Checks the entities; by_id gets id -> label, both borrowed. */
static gboolean
check_entities(const CrGuidelines *g, const json_t *entities, GHashTable *by_id, GError **error)
{
  for (gsize i = 0; i < json_array_size(entities); i++) {
    const json_t *entity = json_array_get(entities, i);
    g_autofree char *where = name_item("entity", entity, i);
    if (!check_entity(g, entity, where, error))
      return FALSE;
    const char *id = member_string(entity, "id");
    if (*id && !g_hash_table_insert(by_id, (gpointer)id, (gpointer)member_string(entity, "label"))) {
      g_set_error(error, CR_ERROR, CR_ERROR_LABEL_RELATION, "%s: another entity has that id", where);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_end(const json_t *relation, const char *where, const char *type, const char *end, const GStrv allowed,
          GHashTable *by_id, GError **error)
{
  const char *id = member_string(relation, end), *label = g_hash_table_lookup(by_id, id);
  g_autofree char *cut = cr_error_excerpt(id, 40), *list = g_strjoinv(", ", allowed);
  if (!label)
    g_set_error(error, CR_ERROR, CR_ERROR_LABEL_RELATION, "%s: '%s' names no entity ('%s')", where, end, cut);
  else if (!g_strv_contains((const char *const *)allowed, label))
    g_set_error(error, CR_ERROR, CR_ERROR_LABEL_RELATION, "%s: '%s' of %s is %s, a %s; it must be one of: %s",
                where, end, type, cut, label, list);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_relation(const CrGuidelines *g, const json_t *relation, const char *where, GHashTable *by_id,
               GError **error)
{
  const char *type = member_string(relation, "type");
  const CrGuidelinesRelation *declared = find_named(g->relations, type);
  if (!declared) {
    g_autofree const char **known = cr_guidelines_names(g->relations);
    set_unknown(error, CR_ERROR_LABEL_RELATION, where, "relation", type, known);
    return FALSE;
  }
  if (!check_end(relation, where, type, "from", declared->from, by_id, error) ||
      !check_end(relation, where, type, "to", declared->to, by_id, error))
    return FALSE;
  if (!g_str_equal(member_string(relation, "from"), member_string(relation, "to")))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_LABEL_RELATION, "%s: both ends are the same entity", where);
  return FALSE;
}

gboolean
cr_guidelines_check(const CrGuidelines *g, const json_t *entities, const json_t *relations, GError **error)
{
  if (!expect_array(entities, "entities", error) || !expect_array(relations, "relations", error))
    return FALSE;
  g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
  if (!check_entities(g, entities, by_id, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(relations); i++) {
    g_autofree char *where = name_item("relation", json_array_get(relations, i), i);
    if (!check_relation(g, json_array_get(relations, i), where, by_id, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_choice(const CrGuidelinesQuestion *question, const json_t *choice, const char *where, GError **error)
{
  const char *name = json_string_value(choice);
  if (name && g_strv_contains((const char *const *)question->choices, name))
    return TRUE;
  set_unknown(error, CR_ERROR_LABEL_VALUE, where, "choice", name ? name : "",
              (const char *const *)question->choices);
  return FALSE;
}

/* One shape a question, so that equal answers are equal JSON: a choice, or a list of different choices. */
static gboolean
check_answer(const CrGuidelinesQuestion *question, const json_t *answer, GError **error)
{
  g_autofree char *where = g_strdup_printf("answer to %s", question->name);
  if (json_is_array(answer) != question->many) {
    g_set_error(error, CR_ERROR, CR_ERROR_LABEL_VALUE, "%s: takes %s", where,
                question->many ? "a list of choices" : "one choice, not a list");
    return FALSE;
  }
  if (!question->many)
    return check_choice(question, answer, where, error);
  for (gsize i = 0; i < json_array_size(answer); i++) {
    if (!check_choice(question, json_array_get(answer, i), where, error))
      return FALSE;
    for (gsize k = 0; k < i; k++)
      if (json_equal(json_array_get(answer, i), json_array_get(answer, k))) {
        g_set_error(error, CR_ERROR, CR_ERROR_LABEL_VALUE, "%s: a choice stands twice", where);
        return FALSE;
      }
  }
  return TRUE;
}

gboolean
cr_guidelines_check_answers(const CrGuidelines *g, const json_t *answers, GError **error)
{
  if (answers && !json_is_null(answers) && !json_is_object(answers)) {
    g_set_error(error, CR_ERROR, CR_ERROR_LABEL_VALUE, "'answers' must be an object");
    return FALSE;
  }
  const char *name = NULL;
  json_t *answer = NULL;
  json_object_foreach((json_t *)answers, name, answer)
  {
    const CrGuidelinesQuestion *question = find_named(g->questions, name);
    if (!question) {
      g_autofree const char **known = cr_guidelines_names(g->questions);
      set_unknown(error, CR_ERROR_LABEL_VALUE, "answers", "question", name, known);
      return FALSE;
    }
    if (!check_answer(question, answer, error))
      return FALSE;
  }
  return TRUE;
}
