/* A guidelines file as a JSON tree that knows its lines.
 *
 * YAML is read event by event: depth and number of nodes are capped, and what could make a small file large
 * or mean something unseen (anchors, aliases, tags, a second document) is refused. JSON is parsed by
 * cr_json_parse (which refuses repeated keys); a second walk over the bytes, in step with the tree that they
 * gave, finds the lines. */
#include "guidelines/guidelines-private.h"
#include "base/base.h"
#include <string.h>
#include <yaml.h>

void
cr_guidelines_source_clear(CrGuidelinesSource *source)
{
  json_decref(source->root);
  if (source->lines)
    g_hash_table_unref(source->lines);
  source->root = NULL;
  source->lines = NULL;
}

static void
set_bad(GError **error, const char *path, guint line, const char *message)
{
  const char *name = path ? path : "guidelines";
  if (line)
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_GUIDELINES, "%s:%u: %s", name, line, message);
  else
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_GUIDELINES, "%s: %s", name, message);
}

void
cr_guidelines_bad_line(GError **error, const char *path, guint line, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  set_bad(error, path, line, message);
}

void
cr_guidelines_bad(GError **error, const CrGuidelinesSource *source, const json_t *where, const char *format,
                  ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  guint line = source->lines && where ? GPOINTER_TO_UINT(g_hash_table_lookup(source->lines, where)) : 0;
  set_bad(error, source->path, line, message);
}

/* true, false and null are one node each in jansson: they carry no line. */
static void
note_line(GHashTable *lines, json_t *value, guint line)
{
  if (!json_is_boolean(value) && !json_is_null(value))
    g_hash_table_insert(lines, value, GUINT_TO_POINTER(line));
}

/* ---- YAML ---- */

typedef struct {
  yaml_parser_t parser;
  const char *path;
  GHashTable *lines;
  guint n_nodes;
} Yaml;

static gboolean
yaml_next(Yaml *y, yaml_event_t *event, GError **error)
{
  if (yaml_parser_parse(&y->parser, event))
    return TRUE;
  cr_guidelines_bad_line(error, y->path, (guint)y->parser.problem_mark.line + 1, "not valid YAML: %s",
                         y->parser.problem ? y->parser.problem : "cannot be read");
  return FALSE;
}

static gboolean
yaml_refuse(Yaml *y, const yaml_event_t *event, GError **error, const char *what)
{
  cr_guidelines_bad_line(error, y->path, (guint)event->start_mark.line + 1, "%s", what);
  return FALSE;
}

static gboolean
is_null_scalar(const yaml_event_t *event)
{
  const char *value = (const char *)event->data.scalar.value;
  return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
         (!*value || g_str_equal(value, "~") || g_str_equal(value, "null"));
}

static json_t *
yaml_scalar(Yaml *y, const yaml_event_t *event, GError **error)
{
  const char *value = (const char *)event->data.scalar.value;
  gsize length = event->data.scalar.length;
  if (memchr(value, '\0', length)) {
    yaml_refuse(y, event, error, "a NUL character");
    return NULL;
  }
  json_t *scalar = is_null_scalar(event) ? json_null() : json_stringn(value, length);
  if (!scalar)
    yaml_refuse(y, event, error, "a value that is not valid UTF-8");
  return scalar;
}

static json_t *yaml_value(Yaml *y, const yaml_event_t *event, guint depth, GError **error);

static gboolean
yaml_fill_sequence(Yaml *y, json_t *array, guint depth, GError **error)
{
  for (;;) {
    yaml_event_t event;
    if (!yaml_next(y, &event, error))
      return FALSE;
    gboolean end = event.type == YAML_SEQUENCE_END_EVENT;
    json_t *item = end ? NULL : yaml_value(y, &event, depth + 1, error);
    guint line = (guint)event.start_mark.line + 1;
    yaml_event_delete(&event);
    if (end)
      return TRUE;
    if (!item)
      return FALSE;
    note_line(y->lines, item, line);
    json_array_append_new(array, item);
  }
}

/* The key of the next member: transfer full in *key, NULL at the end of the mapping. */
static gboolean
yaml_key(Yaml *y, const json_t *object, char **key, guint *line, GError **error)
{
  yaml_event_t event;
  if (!yaml_next(y, &event, error))
    return FALSE;
  gboolean fine = TRUE;
  *key = NULL;
  *line = (guint)event.start_mark.line + 1;
  if (event.type == YAML_SCALAR_EVENT && event.data.scalar.anchor == NULL) {
    *key = g_strndup((const char *)event.data.scalar.value, event.data.scalar.length);
    if (json_object_get(object, *key))
      fine = yaml_refuse(y, &event, error, "the key stands here twice");
  } else if (event.type != YAML_MAPPING_END_EVENT)
    fine = yaml_refuse(y, &event, error, "a key must be a word");
  yaml_event_delete(&event);
  if (!fine)
    g_clear_pointer(key, g_free);
  return fine;
}

static gboolean
yaml_fill_mapping(Yaml *y, json_t *object, guint depth, GError **error)
{
  for (;;) {
    g_autofree char *key = NULL;
    guint line = 0;
    if (!yaml_key(y, object, &key, &line, error))
      return FALSE;
    if (!key)
      return TRUE;
    yaml_event_t event;
    if (!yaml_next(y, &event, error))
      return FALSE;
    json_t *value = yaml_value(y, &event, depth + 1, error);
    yaml_event_delete(&event);
    if (!value)
      return FALSE;
    note_line(y->lines, value, line);
    if (json_object_set_new(object, key, value) != 0) {
      cr_guidelines_bad_line(error, y->path, line, "a key that is not valid UTF-8");
      return FALSE;
    }
  }
}

static gboolean
yaml_allowed(Yaml *y, const yaml_event_t *event, guint depth, GError **error)
{
  const yaml_char_t *anchor = NULL, *tag = NULL;
  if (event->type == YAML_SCALAR_EVENT) {
    anchor = event->data.scalar.anchor;
    tag = event->data.scalar.tag;
  } else if (event->type == YAML_SEQUENCE_START_EVENT) {
    anchor = event->data.sequence_start.anchor;
    tag = event->data.sequence_start.tag;
  } else if (event->type == YAML_MAPPING_START_EVENT) {
    anchor = event->data.mapping_start.anchor;
    tag = event->data.mapping_start.tag;
  }
  if (event->type == YAML_ALIAS_EVENT || anchor)
    return yaml_refuse(y, event, error, "anchors (&) and aliases (*) are not taken: write the value out");
  if (tag)
    return yaml_refuse(y, event, error, "tags (!) are not taken");
  if (depth > CR_GUIDELINES_MAX_DEPTH)
    return yaml_refuse(y, event, error, "nested too deep");
  if (++y->n_nodes > CR_GUIDELINES_MAX_NODES)
    return yaml_refuse(y, event, error, "too many values");
  return TRUE;
}

static json_t *
yaml_value(Yaml *y, const yaml_event_t *event, guint depth, GError **error)
{
  if (!yaml_allowed(y, event, depth, error))
    return NULL;
  if (event->type == YAML_SCALAR_EVENT)
    return yaml_scalar(y, event, error);
  gboolean is_list = event->type == YAML_SEQUENCE_START_EVENT;
  g_autoptr(json_t) value = is_list ? json_array() : json_object();
  gboolean fine =
      is_list ? yaml_fill_sequence(y, value, depth, error) : yaml_fill_mapping(y, value, depth, error);
  return fine ? g_steal_pointer(&value) : NULL;
}

/* One event of the frame around the document, which must be of that type. */
static gboolean
yaml_expect(Yaml *y, yaml_event_type_t type, const char *otherwise, GError **error)
{
  yaml_event_t event;
  if (!yaml_next(y, &event, error))
    return FALSE;
  gboolean fine = event.type == type || yaml_refuse(y, &event, error, otherwise);
  yaml_event_delete(&event);
  return fine;
}

static json_t *
yaml_document(Yaml *y, GError **error)
{
  if (!yaml_expect(y, YAML_STREAM_START_EVENT, "not a YAML file", error) ||
      !yaml_expect(y, YAML_DOCUMENT_START_EVENT, "the file is empty", error))
    return NULL;
  yaml_event_t event;
  if (!yaml_next(y, &event, error))
    return NULL;
  g_autoptr(json_t) root = yaml_value(y, &event, 0, error);
  yaml_event_delete(&event);
  if (!root || !yaml_expect(y, YAML_DOCUMENT_END_EVENT, "one document only", error) ||
      !yaml_expect(y, YAML_STREAM_END_EVENT, "one document only", error))
    return NULL;
  note_line(y->lines, root, 1);
  return g_steal_pointer(&root);
}

gboolean
cr_guidelines_source_yaml(CrGuidelinesSource *source, const char *bytes, gsize n_bytes, GError **error)
{
  Yaml y = {.path = source->path, .lines = g_hash_table_new(NULL, NULL)};
  if (!yaml_parser_initialize(&y.parser))
    g_error("out of memory");
  yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&y.parser, (const unsigned char *)bytes, n_bytes);
  json_t *root = yaml_document(&y, error);
  yaml_parser_delete(&y.parser);
  if (!root) {
    g_hash_table_unref(y.lines);
    return FALSE;
  }
  cr_guidelines_source_clear(source);
  source->root = root;
  source->lines = y.lines;
  return TRUE;
}

/* ---- JSON ---- */

typedef struct {
  const char *p, *end;
  guint line;
  GHashTable *lines;
} Walk;

static void
walk_space(Walk *w)
{
  for (; w->p < w->end && strchr(" \t\r\n", *w->p); w->p++)
    if (*w->p == '\n')
      w->line++;
}

/* Over a string, a number or a word. */
static void
walk_scalar(Walk *w)
{
  if (w->p < w->end && *w->p == '"') {
    for (w->p++; w->p < w->end && *w->p != '"'; w->p++)
      if (*w->p == '\\')
        w->p++;
    w->p++;
  } else
    while (w->p < w->end && !strchr(",]} \t\r\n", *w->p))
      w->p++;
  w->p = MIN(w->p, w->end);
}

static gboolean
walk_at_end(Walk *w, char closing)
{
  walk_space(w);
  if (w->p < w->end && *w->p == ',') {
    w->p++;
    walk_space(w);
  }
  if (w->p < w->end && *w->p != closing)
    return FALSE;
  w->p = MIN(w->p + 1, w->end);
  return TRUE;
}

static void walk_value(Walk *w, json_t *value);

static void
walk_object(Walk *w, json_t *object)
{
  void *member = json_object_iter(object);
  for (w->p++; !walk_at_end(w, '}'); member = json_object_iter_next(object, member)) {
    guint line = w->line;
    walk_scalar(w); /* the key */
    walk_space(w);
    w->p++; /* the colon */
    json_t *value = json_object_iter_value(member);
    walk_value(w, value);
    note_line(w->lines, value, line);
  }
}

static void
walk_value(Walk *w, json_t *value)
{
  walk_space(w);
  note_line(w->lines, value, w->line);
  if (json_is_object(value)) {
    walk_object(w, value);
    return;
  }
  if (!json_is_array(value)) {
    walk_scalar(w);
    return;
  }
  gsize i = 0;
  for (w->p++; !walk_at_end(w, ']'); i++)
    walk_value(w, json_array_get(value, i));
}

gboolean
cr_guidelines_source_json(CrGuidelinesSource *source, const char *bytes, gsize n_bytes, GError **error)
{
  GError *json_error = NULL;
  g_autoptr(json_t) root = cr_json_parse(bytes, n_bytes, &json_error);
  if (!root) {
    g_propagate_prefixed_error(error, json_error, "%s: ", source->path ? source->path : "guidelines");
    return FALSE;
  }
  g_autoptr(GHashTable) lines = g_hash_table_new(NULL, NULL);
  Walk walk = {.p = bytes, .end = bytes + n_bytes, .line = 1, .lines = lines};
  walk_value(&walk, root);
  cr_guidelines_source_clear(source);
  source->root = g_steal_pointer(&root);
  source->lines = g_steal_pointer(&lines);
  return TRUE;
}

gboolean
cr_guidelines_source_load(CrGuidelinesSource *source, const char *path, GError **error)
{
  gboolean is_json = g_str_has_suffix(path, ".json");
  if (!is_json && !g_str_has_suffix(path, ".yaml") && !g_str_has_suffix(path, ".yml")) {
    cr_guidelines_bad_line(error, path, 0, "the name must end in .yaml, .yml or .json");
    return FALSE;
  }
  g_autoptr(GBytes) file = cr_file_read(path, CR_GUIDELINES_MAX_BYTES, error);
  if (!file)
    return FALSE;
  gsize n_bytes = 0;
  const char *bytes = g_bytes_get_data(file, &n_bytes);
  if (n_bytes == 0) {
    cr_guidelines_bad_line(error, path, 0, "the file is empty");
    return FALSE;
  }
  source->path = path;
  return is_json ? cr_guidelines_source_json(source, bytes, n_bytes, error)
                 : cr_guidelines_source_yaml(source, bytes, n_bytes, error);
}
