/* The object: made whole by guidelines-read.c, handed out read-only, written back as canonical JSON. */
#include "guidelines/guidelines-private.h"
#include "base/base.h"
#include <string.h>

static void
label_free(gpointer data)
{
  CrGuidelinesLabel *label = data;
  g_free(label->name);
  g_free(label->title);
  g_free(label->key);
  g_free(label->chip);
  g_free(label->definition);
  g_strfreev(label->examples);
  g_strfreev(label->counter_examples);
  g_strfreev(label->attributes);
  g_free(label);
}

static void
attribute_free(gpointer data)
{
  CrGuidelinesAttribute *attribute = data;
  g_free(attribute->name);
  g_free(attribute->title);
  g_strfreev(attribute->values);
  g_free(attribute->preset);
  g_free(attribute);
}

static void
relation_free(gpointer data)
{
  CrGuidelinesRelation *relation = data;
  g_free(relation->name);
  g_free(relation->title);
  g_strfreev(relation->from);
  g_strfreev(relation->to);
  g_free(relation);
}

static void
question_free(gpointer data)
{
  CrGuidelinesQuestion *question = data;
  g_free(question->name);
  g_free(question->title);
  g_strfreev(question->choices);
  g_free(question);
}

CrGuidelines *
cr_guidelines_new_empty(void)
{
  CrGuidelines *g = g_new0(CrGuidelines, 1);
  g->labels = g_ptr_array_new_with_free_func(label_free);
  g->attributes = g_ptr_array_new_with_free_func(attribute_free);
  g->relations = g_ptr_array_new_with_free_func(relation_free);
  g->questions = g_ptr_array_new_with_free_func(question_free);
  return g;
}

void
cr_guidelines_free(CrGuidelines *g)
{
  if (!g)
    return;
  g_free(g->title);
  g_free(g->markdown);
  g_ptr_array_unref(g->labels);
  g_ptr_array_unref(g->attributes);
  g_ptr_array_unref(g->relations);
  g_ptr_array_unref(g->questions);
  g_free(g);
}

CrGuidelines *
cr_guidelines_load(const char *path, GError **error)
{
  g_auto(CrGuidelinesSource) source = {0};
  if (!cr_guidelines_source_load(&source, path, error))
    return NULL;
  return cr_guidelines_read(&source, error);
}

CrGuidelines *
cr_guidelines_from_json(const json_t *object, GError **error)
{
  g_auto(CrGuidelinesSource) source = {.root = json_incref((json_t *)object)};
  return cr_guidelines_read(&source, error);
}

/* CHARTROOM_DATA names another data folder; a program in a build uses the source tree's, an installed one its
 * own. */
static char *
template_dir_default(void)
{
  const char *data = g_getenv("CHARTROOM_DATA");
  if (data && *data)
    return g_build_filename(data, "guidelines", NULL);
  if (g_file_test(CR_GUIDELINES_SOURCE_DIR, G_FILE_TEST_IS_DIR))
    return g_strdup(CR_GUIDELINES_SOURCE_DIR);
  return g_strdup(CR_GUIDELINES_INSTALLED_DIR);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
list_templates(const char *dir_path)
{
  g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  for (const char *entry = dir ? g_dir_read_name(dir) : NULL; entry; entry = g_dir_read_name(dir))
    if (g_str_has_suffix(entry, ".yaml"))
      g_ptr_array_add(names, g_strndup(entry, strlen(entry) - strlen(".yaml")));
  g_ptr_array_sort(names, compare_names);
  g_ptr_array_add(names, NULL);
  return g_strjoinv(", ", (char **)names->pdata);
}

CrGuidelines *
cr_guidelines_template(const char *template_dir, const char *name, GError **error)
{
  g_autofree char *dir = template_dir ? g_strdup(template_dir) : template_dir_default();
  g_autofree char *file = g_strconcat(name, ".yaml", NULL);
  g_autofree char *path = g_build_filename(dir, file, NULL);
  if (!*name || strchr(name, '/') || *name == '.' || !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
    g_autofree char *known = list_templates(dir);
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "guidelines template '%s': not in %s, which has: %s",
                name, dir, *known ? known : "none");
    return NULL;
  }
  return cr_guidelines_load(path, error);
}

/* ---- canonical JSON: members in this order, sets sorted, what is unset left out ---- */

static json_t *
strings(const char *const *list, gboolean sorted)
{
  g_autoptr(GPtrArray) items = g_ptr_array_new();
  for (guint i = 0; list[i]; i++)
    g_ptr_array_add(items, (gpointer)list[i]);
  if (sorted)
    g_ptr_array_sort(items, compare_names);
  json_t *array = json_array();
  for (guint i = 0; i < items->len; i++)
    json_array_append_new(array, json_string(items->pdata[i]));
  return array;
}

static void
set_string(json_t *object, const char *key, const char *value)
{
  if (value)
    json_object_set_new(object, key, json_string(value));
}

static json_t *
label_to_json(const CrGuidelinesLabel *label)
{
  json_t *o = json_object();
  set_string(o, "name", label->name);
  set_string(o, "title", label->title);
  set_string(o, "key", label->key);
  set_string(o, "chip", label->chip);
  json_object_set_new(o, "colour", json_integer(label->colour));
  set_string(o, "definition", label->definition);
  json_object_set_new(o, "examples", strings((const char *const *)label->examples, FALSE));
  json_object_set_new(o, "counter_examples", strings((const char *const *)label->counter_examples, FALSE));
  json_object_set_new(o, "attributes", strings((const char *const *)label->attributes, TRUE));
  json_object_set_new(o, "critical", json_boolean(label->critical));
  return o;
}

static json_t *
attribute_to_json(const CrGuidelinesAttribute *attribute)
{
  json_t *o = json_object();
  set_string(o, "name", attribute->name);
  set_string(o, "title", attribute->title);
  json_object_set_new(o, "values", strings((const char *const *)attribute->values, FALSE));
  set_string(o, "preset", attribute->preset);
  return o;
}

static json_t *
relation_to_json(const CrGuidelinesRelation *relation)
{
  json_t *o = json_object();
  set_string(o, "name", relation->name);
  set_string(o, "title", relation->title);
  json_object_set_new(o, "from", strings((const char *const *)relation->from, TRUE));
  json_object_set_new(o, "to", strings((const char *const *)relation->to, TRUE));
  return o;
}

static json_t *
question_to_json(const CrGuidelinesQuestion *question)
{
  json_t *o = json_object();
  set_string(o, "name", question->name);
  set_string(o, "title", question->title);
  json_object_set_new(o, "choices", strings((const char *const *)question->choices, FALSE));
  json_object_set_new(o, "many", json_boolean(question->many));
  return o;
}

json_t *
cr_guidelines_to_json(const CrGuidelines *g)
{
  json_t *labels = json_array(), *attributes = json_array(), *relations = json_array(),
         *questions = json_array();
  for (guint i = 0; i < g->labels->len; i++)
    json_array_append_new(labels, label_to_json(g->labels->pdata[i]));
  for (guint i = 0; i < g->attributes->len; i++)
    json_array_append_new(attributes, attribute_to_json(g->attributes->pdata[i]));
  for (guint i = 0; i < g->relations->len; i++)
    json_array_append_new(relations, relation_to_json(g->relations->pdata[i]));
  for (guint i = 0; i < g->questions->len; i++)
    json_array_append_new(questions, question_to_json(g->questions->pdata[i]));
  json_t *root = json_object();
  set_string(root, "title", g->title);
  set_string(root, "text", g->markdown);
  json_object_set_new(root, "labels", labels);
  json_object_set_new(root, "attributes", attributes);
  json_object_set_new(root, "relations", relations);
  json_object_set_new(root, "questions", questions);
  return root;
}

/* ---- reading ---- */

const char *
cr_guidelines_title(const CrGuidelines *g)
{
  return g->title;
}

const char *
cr_guidelines_markdown(const CrGuidelines *g)
{
  return g->markdown;
}

const GPtrArray *
cr_guidelines_labels(const CrGuidelines *g)
{
  return g->labels;
}

const GPtrArray *
cr_guidelines_attributes(const CrGuidelines *g)
{
  return g->attributes;
}

const GPtrArray *
cr_guidelines_relations(const CrGuidelines *g)
{
  return g->relations;
}

const GPtrArray *
cr_guidelines_questions(const CrGuidelines *g)
{
  return g->questions;
}

const CrGuidelinesLabel *
cr_guidelines_find_label(const CrGuidelines *g, const char *name)
{
  for (guint i = 0; i < g->labels->len; i++) {
    const CrGuidelinesLabel *label = g->labels->pdata[i];
    if (g_str_equal(label->name, name))
      return label;
  }
  return NULL;
}
