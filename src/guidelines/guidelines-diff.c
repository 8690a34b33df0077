/* Two versions compared: what changed, and which labels made under the old one must be read again.
 *
 * Works on the canonical JSON of both. A label, relation, attribute or question that is gone counts as
 * renamed where exactly one new one differs from it in nothing but the words shown (name, title, key, chip,
 * colour). */
#include "guidelines/guidelines-private.h"
#include <string.h>

typedef struct {
  const char *what, *list;
  const char *const *shown;   /* members that readers see but that mean nothing to a label */
  const char *const *meaning; /* members that do */
} Kind;

static const char *const
    label_shown[] = {"title", "key", "chip", "colour", "critical", NULL},
    *const label_meaning[] = {"definition", "examples", "counter_examples", "attributes", NULL},
    *const title_only[] = {"title", NULL}, *const attribute_meaning[] = {"values", "preset", NULL},
    *const relation_meaning[] = {"from", "to", NULL}, *const question_meaning[] = {"choices", "many", NULL};

enum { LABEL, ATTRIBUTE, RELATION, QUESTION, N_KINDS };
static const Kind kinds[N_KINDS] = {{"label", "labels", label_shown, label_meaning},
                                    {"attribute", "attributes", title_only, attribute_meaning},
                                    {"relation", "relations", title_only, relation_meaning},
                                    {"question", "questions", title_only, question_meaning}};

typedef struct {
  const json_t *a, *b; /* canonical */
  json_t *changes;
  GHashTable *touched;           /* names of labels of a, borrowed */
  GHashTable *touched_questions; /* of questions of a */
  json_t *asks, *asks_questions; /* names new in b */
} Diff;

static const char *
name_of(const json_t *item)
{
  return json_string_value(json_object_get(item, "name"));
}

static json_t *
find(const json_t *root, const char *list, const char *name)
{
  const json_t *items = json_object_get(root, list);
  for (gsize i = 0; i < json_array_size(items); i++)
    if (g_str_equal(name_of(json_array_get(items, i)), name))
      return json_array_get(items, i);
  return NULL;
}

static void
add_change(Diff *diff, const char *what, const char *name, const char *kind, json_t *old_value,
           json_t *new_value)
{
  json_t *change = json_object();
  json_object_set_new(change, "what", json_string(what));
  json_object_set_new(change, "name", json_string(name));
  json_object_set_new(change, "kind", json_string(kind));
  if (old_value)
    json_object_set(change, "old", old_value);
  if (new_value)
    json_object_set(change, "new", new_value);
  json_array_append_new(diff->changes, change);
}

/* ---- what is touched ---- */

static gboolean
has_string(const json_t *list, const char *word)
{
  for (gsize i = 0; i < json_array_size(list); i++)
    if (g_str_equal(json_string_value(json_array_get(list, i)), word))
      return TRUE;
  return FALSE;
}

/* Only labels that a had: what was made under a carries no others. */
static void
touch_label(Diff *diff, const char *name)
{
  if (find(diff->a, "labels", name))
    g_hash_table_add(diff->touched, (gpointer)name);
}

static void
touch_labels_with(Diff *diff, const char *attribute)
{
  const json_t *labels = json_object_get(diff->a, "labels");
  for (gsize i = 0; i < json_array_size(labels); i++) {
    const json_t *label = json_array_get(labels, i);
    if (has_string(json_object_get(label, "attributes"), attribute))
      touch_label(diff, name_of(label));
  }
}

/* Labels that stand in one list and not in the other. */
static void
touch_ends(Diff *diff, const json_t *old_ends, const json_t *new_ends)
{
  for (gsize i = 0; i < json_array_size(old_ends); i++) {
    const char *name = json_string_value(json_array_get(old_ends, i));
    if (!has_string(new_ends, name))
      touch_label(diff, name);
  }
  for (gsize i = 0; i < json_array_size(new_ends); i++) {
    const char *name = json_string_value(json_array_get(new_ends, i));
    if (!has_string(old_ends, name))
      touch_label(diff, name);
  }
}

/* The item changed in meaning (or came, old_item NULL, or went, new_item NULL). */
static void
touch(Diff *diff, guint kind, const char *name, const json_t *old_item, const json_t *new_item)
{
  switch (kind) {
  case LABEL:
    touch_label(diff, name);
    break;
  case ATTRIBUTE:
    touch_labels_with(diff, name);
    break;
  case RELATION:
    touch_ends(diff, json_object_get(old_item, "from"), json_object_get(new_item, "from"));
    touch_ends(diff, json_object_get(old_item, "to"), json_object_get(new_item, "to"));
    break;
  default:
    if (old_item)
      g_hash_table_add(diff->touched_questions, (gpointer)name);
  }
}

/* ---- one kind of item after another ---- */

static gboolean
same(const json_t *a, const json_t *b, const char *const *members)
{
  for (guint i = 0; members[i]; i++) {
    json_t *old_value = json_object_get(a, members[i]), *new_value = json_object_get(b, members[i]);
    if (old_value != new_value && !json_equal(old_value, new_value))
      return FALSE;
  }
  return TRUE;
}

/* Something must be there to recognise a label by: an empty definition is like any other empty one. */
static gboolean
is_telling(const Kind *kind, const json_t *item)
{
  if (kind != &kinds[LABEL])
    return TRUE;
  const char *definition = json_string_value(json_object_get(item, "definition"));
  return (definition && *definition) || json_array_size(json_object_get(item, "examples")) > 0;
}

/* The only item of list `in` that other lacks and that means what item means; NULL for none or several. */
static json_t *
find_twin(const Kind *kind, const json_t *in, const json_t *other, const json_t *item)
{
  const json_t *items = json_object_get(in, kind->list);
  json_t *twin = NULL;
  for (gsize i = 0; i < json_array_size(items); i++) {
    json_t *candidate = json_array_get(items, i);
    if (find(other, kind->list, name_of(candidate)) || !same(item, candidate, kind->meaning))
      continue;
    if (twin)
      return NULL;
    twin = candidate;
  }
  return is_telling(kind, item) ? twin : NULL;
}

/* A rename holds only where both sides see the other as the only candidate. */
static json_t *
find_renamed(Diff *diff, const Kind *kind, const json_t *old_item)
{
  json_t *renamed = find_twin(kind, diff->b, diff->a, old_item);
  return renamed && find_twin(kind, diff->a, diff->b, renamed) == old_item ? renamed : NULL;
}

static void
compare_members(Diff *diff, guint kind, const json_t *old_item, const json_t *new_item)
{
  const Kind *k = &kinds[kind];
  const char *const *sets[] = {k->shown, k->meaning};
  for (guint s = 0; s < G_N_ELEMENTS(sets); s++)
    for (guint i = 0; sets[s][i]; i++) {
      json_t *old_value = json_object_get(old_item, sets[s][i]),
             *new_value = json_object_get(new_item, sets[s][i]);
      if (old_value == new_value || json_equal(old_value, new_value))
        continue;
      add_change(diff, k->what, name_of(old_item), sets[s][i], old_value, new_value);
      if (sets[s] == k->meaning)
        touch(diff, kind, name_of(old_item), old_item, new_item);
    }
}

static void
compare_old(Diff *diff, guint kind, const json_t *old_item)
{
  const Kind *k = &kinds[kind];
  const char *name = name_of(old_item);
  const json_t *new_item = find(diff->b, k->list, name);
  if (!new_item) {
    new_item = find_renamed(diff, k, old_item);
    json_t *new_name = json_object_get(new_item, "name");
    add_change(diff, k->what, name, new_item ? "renamed" : "removed", json_object_get(old_item, "name"),
               new_name);
    touch(diff, kind, name, old_item, NULL);
  }
  if (new_item)
    compare_members(diff, kind, old_item, new_item);
}

static void
compare_new(Diff *diff, guint kind, json_t *new_item)
{
  const Kind *k = &kinds[kind];
  const char *name = name_of(new_item);
  if (find(diff->a, k->list, name))
    return;
  json_t *twin = find_twin(k, diff->a, diff->b, new_item);
  if (twin && find_renamed(diff, k, twin) == new_item)
    return;
  add_change(diff, k->what, name, "added", NULL, json_object_get(new_item, "name"));
  touch(diff, kind, name, NULL, new_item);
  if (kind == LABEL || kind == QUESTION)
    json_array_append(kind == LABEL ? diff->asks : diff->asks_questions, json_object_get(new_item, "name"));
}

static void
compare_kind(Diff *diff, guint kind)
{
  const json_t *old_items = json_object_get(diff->a, kinds[kind].list),
               *new_items = json_object_get(diff->b, kinds[kind].list);
  for (gsize i = 0; i < json_array_size(old_items); i++)
    compare_old(diff, kind, json_array_get(old_items, i));
  for (gsize i = 0; i < json_array_size(new_items); i++)
    compare_new(diff, kind, json_array_get(new_items, i));
}

/* Names of the list's items that are in the set, in the list's order. */
static json_t *
in_order(const json_t *items, GHashTable *set)
{
  json_t *names = json_array();
  for (gsize i = 0; i < json_array_size(items); i++)
    if (g_hash_table_contains(set, name_of(json_array_get(items, i))))
      json_array_append(names, json_object_get(json_array_get(items, i), "name"));
  return names;
}

json_t *
cr_guidelines_diff(const CrGuidelines *a, const CrGuidelines *b)
{
  g_autoptr(json_t) old_json = cr_guidelines_to_json(a), new_json = cr_guidelines_to_json(b);
  g_autoptr(GHashTable) touched = g_hash_table_new(g_str_hash, g_str_equal),
                        questions = g_hash_table_new(g_str_hash, g_str_equal);
  Diff diff = {old_json, new_json, json_array(), touched, questions, json_array(), json_array()};
  json_t *old_title = json_object_get(old_json, "title"), *new_title = json_object_get(new_json, "title");
  if (!json_equal(old_title, new_title))
    add_change(&diff, "guidelines", "", "title", old_title, new_title);
  if (!json_equal(json_object_get(old_json, "text"), json_object_get(new_json, "text")))
    add_change(&diff, "guidelines", "", "text", NULL, NULL);
  for (guint kind = 0; kind < N_KINDS; kind++)
    compare_kind(&diff, kind);
  json_t *result = json_object();
  json_object_set_new(result, "changes", diff.changes);
  json_object_set_new(result, "touches", in_order(json_object_get(old_json, "labels"), touched));
  json_object_set_new(result, "asks", diff.asks);
  json_object_set_new(result, "touches_questions",
                      in_order(json_object_get(old_json, "questions"), questions));
  json_object_set_new(result, "asks_questions", diff.asks_questions);
  return result;
}

/* ---- words ---- */

static const char *
word(const json_t *change, const char *key)
{
  const char *value = json_string_value(json_object_get(change, key));
  return value ? value : "";
}

static char *
list_words(const json_t *list)
{
  GString *out = g_string_new(NULL);
  for (gsize i = 0; i < json_array_size(list); i++)
    g_string_append_printf(out, "%s%s", i ? ", " : "", json_string_value(json_array_get(list, i)));
  return g_string_free(out, FALSE);
}

/* "values changed: + a, b; - c" for lists of words; order alone is said to be that. */
static void
append_list_change(GString *out, const json_t *old_list, const json_t *new_list)
{
  gboolean any = FALSE;
  const json_t *from[] = {new_list, old_list}, *without[] = {old_list, new_list};
  for (guint side = 0; side < 2; side++)
    for (gsize i = 0; i < json_array_size(from[side]); i++) {
      const char *item = json_string_value(json_array_get(from[side], i));
      if (has_string(without[side], item))
        continue;
      g_string_append_printf(out, "%s%s %s", any ? ", " : ": ", side ? "without" : "now also", item);
      any = TRUE;
    }
  if (!any)
    g_string_append(out, ": order only");
}

static gboolean
is_prose(const char *kind)
{
  static const char *const prose[] = {"definition", "examples", "counter_examples", "text", NULL};
  return g_strv_contains(prose, kind);
}

static char *
scalar_words(const json_t *value)
{
  if (json_is_integer(value))
    return g_strdup_printf("%d", (int)json_integer_value(value));
  if (json_is_boolean(value))
    return g_strdup(json_is_true(value) ? "yes" : "no");
  return g_strdup(json_is_string(value) ? json_string_value(value) : "none");
}

static void
append_change(GString *out, const json_t *change)
{
  const char *what = word(change, "what"), *kind = word(change, "kind");
  g_autofree char *name = g_strjoin(*word(change, "name") ? " " : "", what, word(change, "name"), NULL);
  name[0] = g_ascii_toupper(name[0]);
  const json_t *old_value = json_object_get(change, "old"), *new_value = json_object_get(change, "new");
  if (g_str_equal(kind, "added") || g_str_equal(kind, "removed")) {
    g_string_append_printf(out, "%s: %s\n", name, kind);
    return;
  }
  if (g_str_equal(kind, "renamed")) {
    g_string_append_printf(out, "%s: renamed to %s\n", name, json_string_value(new_value));
    return;
  }
  g_autofree char *member = g_strdelimit(g_strdup(kind), "_", '-');
  g_string_append_printf(out, "%s: %s changed", name, member);
  if (!is_prose(kind) && (json_is_array(old_value) || json_is_array(new_value)))
    append_list_change(out, old_value, new_value);
  else if (!is_prose(kind)) {
    g_autofree char *before = scalar_words(old_value), *after = scalar_words(new_value);
    g_string_append_printf(out, " from %s to %s", before, after);
  }
  g_string_append_c(out, '\n');
}

static void
append_names(GString *out, const char *lead, const json_t *names)
{
  g_autofree char *list = list_words(names);
  if (*list)
    g_string_append_printf(out, "%s: %s\n", lead, list);
}

char *
cr_guidelines_diff_text(const json_t *diff)
{
  GString *out = g_string_new(NULL);
  const json_t *changes = json_object_get(diff, "changes"), *touches = json_object_get(diff, "touches");
  for (gsize i = 0; i < json_array_size(changes); i++)
    append_change(out, json_array_get(changes, i));
  if (json_array_size(changes) == 0)
    g_string_append(out, "Nothing changed\n");
  append_names(out, "To be read again, labels", touches);
  append_names(out, "To be looked for in notes already read, labels", json_object_get(diff, "asks"));
  append_names(out, "To be answered again, questions", json_object_get(diff, "touches_questions"));
  append_names(out, "To be answered for notes already read, questions",
               json_object_get(diff, "asks_questions"));
  if (json_array_size(changes) > 0 && json_array_size(touches) == 0)
    g_string_append(out, "No label already made is touched\n");
  return g_string_free(out, FALSE);
}
