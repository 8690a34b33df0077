/* Reading and writing documents that are JSON values of another shape; see shape.h. */
#include "formats/shape.h"
#include "base/base.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef void (*BadFunc)(const GError *error, gpointer user_data);

/* ---- reading ---- */

typedef struct {
  const CrShape *shape;
  const char *path;
  CrDocumentFunc func;
  BadFunc bad;
  gpointer user_data;
  guint64 n_taken;
  gboolean stopped; /* func said no: its error is the reader's */
} Reading;

static void
name_document(json_t *document, const Reading *r)
{
  if (json_is_string(json_object_get(document, "id")))
    return;
  g_autofree char *base = g_path_get_basename(r->path);
  g_autofree char *made = g_strdup_printf("%s-%" G_GUINT64_FORMAT, base, r->n_taken + 1);
  g_autoptr(json_t) rest = json_copy(document);
  json_object_clear(document);
  json_object_set_new(document, "id", json_string(made));
  json_object_del(rest, "id");
  json_object_update(document, rest);
}

static gboolean
take(json_t *document, gpointer data, GError **error)
{
  Reading *r = data;
  name_document(document, r);
  r->n_taken++;
  cr_document_name_all(document);
  g_autoptr(CrText) text = cr_document_check(document, r->path, error);
  if (text == NULL)
    return FALSE;
  r->stopped = !r->func(document, r->user_data, error);
  return !r->stopped;
}

/* FALSE only where the caller is to stop. */
static gboolean
take_value(Reading *r, const json_t *value, const char *where, GError **error)
{
  g_autoptr(GError) failure = NULL;
  if (!json_is_object(value))
    g_set_error(&failure, CR_ERROR, CR_ERROR_BAD_JSON, "%s: not a JSON object", where);
  else
    (void)!r->shape->read(value, where, take, r, &failure);
  if (r->stopped) {
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
  }
  if (failure != NULL)
    r->bad(failure, r->user_data);
  return TRUE;
}

static gboolean
is_blank(const CrRawRecord *raw)
{
  for (gsize i = 0; i < raw->n_bytes; i++)
    if (!g_ascii_isspace(raw->bytes[i]))
      return FALSE;
  return TRUE;
}

static gboolean
take_line(Reading *r, const CrRawRecord *raw, GError **error)
{
  g_autofree char *where = g_strdup_printf("%s:%" G_GUINT64_FORMAT, r->path, raw->line);
  g_autoptr(GError) failure = NULL, said = NULL;
  g_autoptr(json_t) value = is_blank(raw) ? NULL : cr_json_parse(raw->bytes, raw->n_bytes, &failure);
  if (failure != NULL)
    g_set_error(&said, CR_ERROR, failure->code, "%s: %s", where, failure->message);
  if (said != NULL)
    r->bad(said, r->user_data);
  return value == NULL || take_value(r, value, where, error);
}

static gboolean
read_lines(Reading *r, GError **error)
{
  g_autoptr(CrSource) source = cr_source_open(r->path, error);
  while (source != NULL) {
    CrRawRecord raw;
    CrRead got = cr_source_next_line(source, CR_FORMATS_MAX_RECORD, &raw, error);
    if (got == CR_READ_END || got == CR_READ_FAILED)
      return got == CR_READ_END;
    if (got == CR_READ_TOO_LONG) {
      g_autoptr(GError) failure = g_error_new(CR_ERROR, CR_ERROR_LIMIT,
                                              "%s:%" G_GUINT64_FORMAT ": a line of %" G_GSIZE_FORMAT " bytes",
                                              r->path, raw.line, raw.n_bytes);
      r->bad(failure, r->user_data);
    } else if (!take_line(r, &raw, error))
      return FALSE;
  }
  return FALSE;
}

/* A list of values, or values over several lines, one behind the other. */
static gboolean
read_whole(Reading *r, GError **error)
{
  g_autoptr(GBytes) bytes = cr_file_read(r->path, CR_FORMATS_MAX_RECORD, error);
  if (bytes == NULL)
    return FALSE;
  gsize n_left = 0;
  const char *at = g_bytes_get_data(bytes, &n_left);
  for (guint number = 1; n_left > 0; number++) {
    json_error_t failure;
    g_autoptr(json_t) value =
        json_loadb(at, n_left, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &failure);
    if (value == NULL) {
      g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "%s: line %d behind value %u: not JSON", r->path,
                  failure.line, number - 1);
      return FALSE;
    }
    const gsize n_values = json_is_array(value) ? json_array_size(value) : 1;
    for (gsize i = 0; i < n_values; i++) {
      g_autofree char *where =
          g_strdup_printf("%s:%" G_GSIZE_FORMAT, r->path, json_is_array(value) ? i + 1 : number);
      if (!take_value(r, json_is_array(value) ? json_array_get(value, i) : value, where, error))
        return FALSE;
    }
    for (at += failure.position, n_left -= (gsize)failure.position; n_left > 0 && g_ascii_isspace(*at); at++)
      n_left--;
  }
  return TRUE;
}

/* Whether the first line is not a value of its own. A pipe is read as lines. */
static gboolean
is_whole(const char *path)
{
  struct stat st;
  g_autoptr(GError) ignored = NULL;
  CrRawRecord raw;
  if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
    return FALSE;
  g_autoptr(CrSource) source = cr_source_open(path, &ignored);
  while (source != NULL &&
         cr_source_next_line(source, CR_FORMATS_MAX_RECORD, &raw, &ignored) == CR_READ_RECORD) {
    if (is_blank(&raw))
      continue;
    g_autoptr(json_t) value = cr_json_parse(raw.bytes, raw.n_bytes, NULL);
    return raw.bytes[0] == '[' || (value == NULL && strspn(raw.bytes, "{ \t\r\n") >= raw.n_bytes);
  }
  return FALSE;
}

gboolean
cr_shape_read(const CrShape *shape, const char *path, CrDocumentFunc func, BadFunc bad, gpointer user_data,
              GError **error)
{
  Reading r = {shape, path, func, bad, user_data, 0, FALSE};
  return is_whole(path) ? read_whole(&r, error) : read_lines(&r, error);
}

/* ---- writing ---- */

struct CrWriter {
  const CrShape *shape;
  CrOut *out;
  guint64 n_values;
};

CrWriter *
cr_shape_writer_new(const CrShape *shape, const char *path, GError **error)
{
  CrOut *out = cr_out_open(path, error);
  if (out == NULL)
    return NULL;
  CrWriter *writer = g_new0(CrWriter, 1);
  *writer = (CrWriter){shape, out, 0};
  return writer;
}

gboolean
cr_shape_writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  g_autoptr(json_t) own = json_deep_copy(document);
  g_autoptr(CrText) text = cr_document_check(own, cr_document_id(own), error);
  if (text == NULL)
    return FALSE;
  cr_document_name_all(own);
  g_autoptr(json_t) value = writer->shape->write(own, text, not_carried, error);
  if (value == NULL)
    return FALSE;
  g_autofree char *bytes = cr_json_dump(value);
  const char *before = !writer->shape->is_list ? "" : writer->n_values == 0 ? "[" : ",\n";
  writer->n_values++;
  return cr_out_write(writer->out, before, strlen(before), error) &&
         cr_out_write(writer->out, bytes, strlen(bytes), error) &&
         (writer->shape->is_list || cr_out_write(writer->out, "\n", 1, error));
}

gboolean
cr_shape_writer_finish(CrWriter *writer, GError **error)
{
  const char *end = !writer->shape->is_list ? "" : writer->n_values == 0 ? "[]\n" : "]\n";
  CrOut *out = writer->out;
  g_free(writer);
  if (cr_out_write(out, end, strlen(end), error))
    return cr_out_commit(out, error);
  cr_out_free(out);
  return FALSE;
}

void
cr_shape_writer_discard(CrWriter *writer)
{
  cr_out_free(writer->out);
  g_free(writer);
}

/* ---- what shapes share ---- */

void
cr_shape_keep(json_t *document, const char *keep, const json_t *value, const char *const *named)
{
  g_autoptr(json_t) kept = json_object();
  const char *key;
  json_t *member;
  json_object_foreach((json_t *)value, key, member)
  {
    if (!g_strv_contains(named, key))
      json_object_set(kept, key, member);
  }
  if (json_object_size(kept) > 0)
    json_object_set(document, keep, kept);
}

void
cr_shape_restore(json_t *value, const json_t *document, const char *keep)
{
  json_object_update_missing(value, json_object_get(document, keep));
}

char *
cr_shape_id(const json_t *value)
{
  if (json_is_string(value))
    return g_strdup(json_string_value(value));
  return json_is_integer(value) ? g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value)) : NULL;
}

const json_t *
cr_shape_member(const json_t *object, const char *name, const char *where, GError **error)
{
  const json_t *value = json_object_get(object, name);
  if (value == NULL)
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "%s: no member \"%s\"", where, name);
  return value;
}

json_t *
cr_shape_add_entity(json_t *entities, const char *id, const json_t *start, const json_t *end,
                    const char *label)
{
  json_t *entity = json_object();
  if (id != NULL)
    json_object_set_new(entity, "id", json_string(id));
  json_object_set(entity, "start", (json_t *)start);
  json_object_set(entity, "end", (json_t *)end);
  if (label != NULL)
    json_object_set_new(entity, "label", json_string(label));
  json_array_append_new(entities, entity);
  return entity;
}

void
cr_shape_not_carried(GPtrArray *not_carried, const json_t *document, const char *const *members,
                     const char *const *of_entities, const char *const *of_relations)
{
  const char *id = cr_document_id(document), *key;
  json_t *value;
  json_object_foreach((json_t *)document, key, value)
  {
    if (!g_strv_contains(members, key) &&
        !(json_is_array(value) ? json_array_size(value) == 0
                               : json_object_size(value) == 0 && json_is_object(value)))
      cr_not_carried_add(not_carried, id, "%s", key);
  }
  cr_not_carried_members(not_carried, id, cr_document_array(document, "entities"), of_entities);
  cr_not_carried_members(not_carried, id, cr_document_array(document, "relations"), of_relations);
}
