/* annotation.conf and visual.conf: brat refuses events whose types are not declared, and shows types without
 * colours as one. Both name what the guidelines and the written documents hold. */
#include "formats/brat-private.h"
#include <string.h>

struct CrBratTypes {
  GTree *entities, *relations, *equivs; /* type */
  GTree *events;                        /* type -> GTree of roles */
  GTree *attributes;                    /* name -> GTree of values */
  GTree *titles;                        /* label -> title */
};

static int
compare(gconstpointer a, gconstpointer b, gpointer unused)
{
  return strcmp(a, b);
}

static void
free_tree(gpointer tree)
{
  if (tree != NULL)
    g_tree_unref(tree);
}

static GTree *
set_new(void)
{
  return g_tree_new_full(compare, NULL, g_free, NULL);
}

static void
set_add(GTree *set, const char *name)
{
  if (g_tree_lookup_extended(set, name, NULL, NULL))
    return;
  g_tree_insert(set, g_strdup(name), NULL);
}

/* The set under name, made where it is not there yet. */
static GTree *
set_of(GTree *sets, const char *name)
{
  GTree *set = g_tree_lookup(sets, name);
  if (set == NULL) {
    set = set_new();
    g_tree_insert(sets, g_strdup(name), set);
  }
  return set;
}

/* Guidelines names that brat cannot hold are left to the documents, which are written with underscores. */
static gboolean
is_plain(const char *name)
{
  return name != NULL && name[0] != '\0' && strpbrk(name, " \t\r\n:|,[]") == NULL;
}

static void
add_schema(CrBratTypes *types, const json_t *schema)
{
  size_t i, k;
  json_t *item, *value;
  json_array_foreach(cr_document_array(schema, "labels"), i, item)
  {
    const char *name = cr_json_string(item, "name"), *title = cr_json_string(item, "title");
    if (!is_plain(name))
      continue;
    set_add(types->entities, name);
    if (title != NULL && strpbrk(title, "|\r\n") == NULL)
      g_tree_insert(types->titles, g_strdup(name), g_strdup(title));
  }
  json_array_foreach(cr_document_array(schema, "relations"), i, item)
  {
    if (is_plain(cr_json_string(item, "name")))
      set_add(types->relations, cr_json_string(item, "name"));
  }
  json_array_foreach(cr_document_array(schema, "attributes"), i, item)
  {
    if (!is_plain(cr_json_string(item, "name")))
      continue;
    GTree *values = set_of(types->attributes, cr_json_string(item, "name"));
    json_array_foreach(cr_document_array(item, "values"), k, value)
    {
      if (is_plain(json_string_value(value)))
        set_add(values, json_string_value(value));
    }
  }
}

CrBratTypes *
cr_brat_types_new(const json_t *schema)
{
  CrBratTypes *types = g_new0(CrBratTypes, 1);
  types->entities = set_new();
  types->relations = set_new();
  types->equivs = set_new();
  types->events = g_tree_new_full(compare, NULL, g_free, free_tree);
  types->attributes = g_tree_new_full(compare, NULL, g_free, free_tree);
  types->titles = g_tree_new_full(compare, NULL, g_free, g_free);
  if (schema != NULL)
    add_schema(types, schema);
  return types;
}

void
cr_brat_types_free(CrBratTypes *types)
{
  g_tree_unref(types->entities);
  g_tree_unref(types->relations);
  g_tree_unref(types->equivs);
  g_tree_unref(types->events);
  g_tree_unref(types->attributes);
  g_tree_unref(types->titles);
  g_free(types);
}

/* "Theme2" fills the role Theme once more. */
static char *
bare_role(const char *role)
{
  gsize n = strlen(role);
  while (n > 1 && g_ascii_isdigit(role[n - 1]))
    n--;
  return g_strndup(role, n);
}

static void
add_line(CrBratTypes *types, const CrBratLine *line)
{
  if (line->kind == CR_BRAT_ENTITY)
    set_add(types->entities, line->type);
  else if (line->kind == CR_BRAT_RELATION)
    set_add(types->relations, line->type);
  else if (line->kind == CR_BRAT_EQUIV)
    set_add(types->equivs, line->type);
  else if (line->kind == CR_BRAT_ATTRIBUTE && line->value != NULL)
    set_add(set_of(types->attributes, line->type), line->value);
  else if (line->kind == CR_BRAT_ATTRIBUTE)
    set_of(types->attributes, line->type);
  if (line->kind != CR_BRAT_EVENT)
    return;
  GTree *roles = set_of(types->events, line->type);
  for (guint i = 1; i < line->arguments->len; i++) {
    g_autofree char *role = bare_role(((const CrBratArgument *)line->arguments->pdata[i])->role);
    set_add(roles, role);
  }
}

void
cr_brat_types_add(CrBratTypes *types, const GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    add_line(types, lines->pdata[i]);
}

/* ---- the files ---- */

typedef struct {
  GString *out;
  const CrBratTypes *types;
} Put;

static gboolean
put_entity(gpointer key, gpointer value, gpointer data)
{
  Put *put = data;
  if (g_tree_lookup(put->types->events, key) == NULL) /* else it is a trigger, declared there */
    g_string_append_printf(put->out, "%s\n", (char *)key);
  return FALSE;
}

static gboolean
put_relation(gpointer key, gpointer value, gpointer data)
{
  Put *put = data;
  g_string_append_printf(put->out, "%s\tArg1:<ANY>, Arg2:<ANY>\n", (char *)key);
  return FALSE;
}

static gboolean
put_equiv(gpointer key, gpointer value, gpointer data)
{
  Put *put = data;
  g_string_append_printf(put->out, "%s\tArg1:<ANY>, Arg2:<ANY>, <REL-TYPE>:symmetric-transitive\n",
                         (char *)key);
  return FALSE;
}

static gboolean
put_role(gpointer key, gpointer value, gpointer data)
{
  GString *out = data;
  g_string_append_printf(out, "%s%s*:<ANY>", g_str_has_suffix(out->str, "\t") ? "" : ", ", (char *)key);
  return FALSE;
}

static gboolean
put_event(gpointer key, gpointer value, gpointer data)
{
  Put *put = data;
  g_string_append_printf(put->out, "%s", (char *)key);
  if (g_tree_nnodes(value) > 0) {
    g_string_append_c(put->out, '\t');
    g_tree_foreach(value, put_role, put->out);
  }
  g_string_append_c(put->out, '\n');
  return FALSE;
}

static gboolean
put_value(gpointer key, gpointer value, gpointer data)
{
  GString *out = data;
  g_string_append_printf(out, "%s%s", g_str_has_suffix(out->str, ":") ? "" : "|", (char *)key);
  return FALSE;
}

static gboolean
put_attribute(gpointer key, gpointer value, gpointer data)
{
  Put *put = data;
  g_string_append_printf(put->out, "%s\tArg:<ANY>", (char *)key);
  if (g_tree_nnodes(value) > 0) {
    g_string_append(put->out, ", Value:");
    g_tree_foreach(value, put_value, put->out);
  }
  g_string_append_c(put->out, '\n');
  return FALSE;
}

static gboolean
put_title(gpointer key, gpointer value, gpointer data)
{
  Put *put = data;
  g_string_append_printf(put->out, "%s | %s\n", (char *)key, (char *)value);
  return FALSE;
}

/* Eight colours that black text is read well on. */
static const char *const colours[] = {"#8fb2ff", "#ffd27f", "#9fd8a4", "#f4a6a0",
                                      "#c9b3f0", "#8edcd9", "#f2b5d8", "#d6d08a"};

typedef struct {
  GString *out;
  guint n;
} Colours;

static gboolean
put_colour(gpointer key, gpointer value, gpointer data)
{
  Colours *put = data;
  g_string_append_printf(put->out, "%s\tbgColor:%s\n", (char *)key,
                         colours[put->n++ % G_N_ELEMENTS(colours)]);
  return FALSE;
}

gboolean
cr_brat_types_write(const CrBratTypes *types, const char *folder, GError **error)
{
  g_autoptr(GString) annotation = g_string_new("[entities]\n"), visual = g_string_new("[labels]\n");
  Put put = {annotation, types}, put_visual = {visual, types};
  Colours put_colours = {visual, 0};
  g_tree_foreach(types->entities, put_entity, &put);
  g_string_append(annotation, "\n[relations]\n<OVERLAP>\tArg1:<ANY>, Arg2:<ANY>, <OVL-TYPE>:<ANY>\n");
  g_tree_foreach(types->relations, put_relation, &put);
  g_tree_foreach(types->equivs, put_equiv, &put);
  g_string_append(annotation, "\n[events]\n");
  g_tree_foreach(types->events, put_event, &put);
  g_string_append(annotation, "\n[attributes]\n");
  g_tree_foreach(types->attributes, put_attribute, &put);
  g_tree_foreach(types->titles, put_title, &put_visual);
  g_string_append(visual, "\n[drawing]\nSPAN_DEFAULT\tfgColor:black, bgColor:lightgreen, borderColor:darken\n"
                          "ARC_DEFAULT\tcolor:black, arrowHead:triangle-5\n");
  g_tree_foreach(types->entities, put_colour, &put_colours);
  return cr_folder_write(folder, "annotation.conf", annotation->str, annotation->len, error) &&
         cr_folder_write(folder, "visual.conf", visual->str, visual->len, error);
}
