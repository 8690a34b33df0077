/* label-set.c: sets of findings as JSON. One canonical form, so that equal findings are equal bytes. */
#include "workflow/reading-private.h"

#include <string.h>

/* What a finding carries beside its place, label and attributes; anything else a file says is not a finding's
 * business and would leave the project unread by anybody. "text" is never kept: it is the slice. */
static const char *const carried[] = {"codes", "score", "by"};

static gboolean
read_span(const json_t *start, const json_t *end, CrSpan *out, const char *id, GError **error)
{
  if (!json_is_integer(start) || !json_is_integer(end)) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD,
                "finding %s: \"start\" and \"end\" must be whole numbers", id);
    return FALSE;
  }
  json_int_t from = json_integer_value(start), to = json_integer_value(end);
  if (from < 0 || to < 0 || to > G_MAXINT32) {
    g_set_error(error, CR_ERROR, CR_ERROR_SPAN_OUTSIDE,
                "finding %s: %" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT " can't be offsets", id, from,
                to);
    return FALSE;
  }
  if (from >= to) {
    g_set_error(error, CR_ERROR, CR_ERROR_SPAN_ORDER,
                "finding %s: %" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT, id, from, to);
    return FALSE;
  }
  *out = (CrSpan){(gsize)from, (gsize)to};
  return TRUE;
}

/* The fragments in code points: as given, else the one from start to end. */
static GArray *
read_fragments(const json_t *entity, const char *id, GError **error)
{
  g_autoptr(GArray) spans = cr_fragments_new();
  json_t *list = json_object_get(entity, "fragments"), *pair;
  CrSpan span;
  gsize i;
  if (json_array_size(list) == 0) {
    if (!read_span(json_object_get(entity, "start"), json_object_get(entity, "end"), &span, id, error))
      return NULL;
    g_array_append_val(spans, span);
    return g_steal_pointer(&spans);
  }
  json_array_foreach(list, i, pair)
  {
    if (!read_span(json_array_get(pair, 0), json_array_get(pair, 1), &span, id, error))
      return NULL;
    g_array_append_val(spans, span);
  }
  return cr_fragments_normalise(spans);
}

static void
set_place(json_t *finding, const GArray *fragments)
{
  CrSpan bounds = cr_fragments_bounds(fragments);
  json_object_set_new(finding, "start", json_integer((json_int_t)bounds.start));
  json_object_set_new(finding, "end", json_integer((json_int_t)bounds.end));
  if (fragments->len < 2)
    return;
  json_t *list = json_array();
  for (guint i = 0; i < fragments->len; i++) {
    CrSpan span = g_array_index(fragments, CrSpan, i);
    json_array_append_new(list, json_pack("[I, I]", (json_int_t)span.start, (json_int_t)span.end));
  }
  json_object_set_new(finding, "fragments", list);
}

/* An attribute's value is a word, or an object that holds it beside the words that led to it. */
static void
copy_attributes(json_t *finding, const json_t *attributes)
{
  const char *name;
  json_t *value, *copy;
  if (json_object_size(attributes) == 0)
    return;
  copy = json_object();
  json_object_foreach((json_t *)attributes, name, value)
      json_object_set(copy, name, json_is_object(value) ? json_object_get(value, "value") : value);
  json_object_set_new(finding, "attributes", copy);
}

static void
copy_carried(json_t *finding, const json_t *entity)
{
  for (guint i = 0; i < G_N_ELEMENTS(carried); i++) {
    json_t *value = json_object_get(entity, carried[i]);
    if (value && !json_is_null(value))
      json_object_set_new(finding, carried[i], json_deep_copy(value));
  }
}

json_t *
cr_finding_canonical(const json_t *entity, GError **error)
{
  const char *id = cr_reading_string(entity, "id"), *label = cr_reading_string(entity, "label");
  if (!label) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "finding %s has no \"label\"", id ? id : "?");
    return NULL;
  }
  g_autoptr(GArray) fragments = read_fragments(entity, id ? id : "?", error);
  if (!fragments)
    return NULL;
  json_t *finding = json_object();
  if (id)
    json_object_set_new(finding, "id", json_string(id));
  set_place(finding, fragments);
  json_object_set_new(finding, "label", json_string(label));
  copy_attributes(finding, json_object_get(entity, "attributes"));
  copy_carried(finding, entity);
  return finding;
}

char *
cr_finding_place(const json_t *entity)
{
  g_autoptr(GString) place = g_string_new(NULL);
  json_t *list = json_object_get(entity, "fragments"), *pair;
  gsize i;
  if (json_array_size(list) == 0)
    g_string_append_printf(place, "%" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT,
                           json_integer_value(json_object_get(entity, "start")),
                           json_integer_value(json_object_get(entity, "end")));
  json_array_foreach(list, i, pair) g_string_append_printf(
      place, "%s%" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT, i > 0 ? "," : "",
      json_integer_value(json_array_get(pair, 0)), json_integer_value(json_array_get(pair, 1)));
  return g_string_free(g_steal_pointer(&place), FALSE);
}

gboolean
cr_finding_fragments(const CrText *text, const json_t *entity, GArray *bytes, GError **error)
{
  const char *id = cr_reading_string(entity, "id");
  g_autoptr(GArray) spans = read_fragments(entity, id ? id : "?", error);
  if (!spans)
    return FALSE;
  for (guint i = 0; i < spans->len; i++) {
    CrSpan in = g_array_index(spans, CrSpan, i), out;
    if (!cr_span_from_unit(text, CR_UNIT_CODE_POINT, in.start, in.end, &out, error))
      return FALSE;
    g_array_append_val(bytes, out);
  }
  return TRUE;
}

char *
cr_finding_text(const CrText *text, const json_t *entity, GError **error)
{
  g_autoptr(GArray) bytes = cr_fragments_new();
  return cr_finding_fragments(text, entity, bytes, error) ? cr_fragments_dup_text(text, bytes) : NULL;
}

static gint
compare_int(const json_t *a, const json_t *b, const char *key)
{
  json_int_t x = json_integer_value(json_object_get(a, key)), y = json_integer_value(json_object_get(b, key));
  return x < y ? -1 : x > y;
}

/* So that the order of findings at one place hangs on what they say, and on ids last. */
static gint
compare_attributes(const json_t *a, const json_t *b)
{
  json_t *x = json_object_get(a, "attributes"), *y = json_object_get(b, "attributes");
  g_autofree char *text_x = x ? cr_reading_canonical(x) : NULL, *text_y = y ? cr_reading_canonical(y) : NULL;
  return g_strcmp0(text_x, text_y);
}

gint
cr_finding_compare(gconstpointer pa, gconstpointer pb)
{
  const json_t *a = *(json_t *const *)pa, *b = *(json_t *const *)pb;
  gint order = compare_int(a, b, "start");
  if (order == 0)
    order = compare_int(a, b, "end");
  if (order == 0)
    order = g_strcmp0(cr_reading_string(a, "label"), cr_reading_string(b, "label"));
  if (order == 0) {
    g_autofree char *place_a = cr_finding_place(a), *place_b = cr_finding_place(b);
    order = strcmp(place_a, place_b);
  }
  if (order == 0)
    order = compare_attributes(a, b);
  return order != 0 ? order : g_strcmp0(cr_reading_string(a, "id"), cr_reading_string(b, "id"));
}

/* ---- final sets ---- */

/* Findings in order, renumbered; ids (old id -> new) for the links. */
static json_t *
number_findings(const CrText *text, const json_t *entities, GHashTable *ids, GError **error)
{
  g_autoptr(GPtrArray) sorted = g_ptr_array_new();
  g_autoptr(json_t) list = json_array();
  gsize i;
  json_t *entity;
  json_array_foreach((json_t *)entities, i, entity) g_ptr_array_add(sorted, entity);
  g_ptr_array_sort(sorted, cr_finding_compare);
  for (i = 0; i < sorted->len; i++) {
    g_autoptr(json_t) finding = cr_finding_canonical(sorted->pdata[i], error);
    g_autofree char *id = g_strdup_printf("T%" G_GSIZE_FORMAT, i + 1);
    g_autofree char *slice = finding ? cr_finding_text(text, finding, error) : NULL;
    if (!slice)
      return NULL;
    const char *old = cr_reading_string(sorted->pdata[i], "id");
    if (old)
      g_hash_table_insert(ids, g_strdup(old), g_strdup(id));
    json_object_set_new(finding, "id", json_string(id));
    json_object_set_new(finding, "text", json_string(slice));
    json_array_append(list, finding);
  }
  return g_steal_pointer(&list);
}

/* "T2", "T10" by number. */
static gint
compare_ids(const char *a, const char *b)
{
  gint64 x = g_ascii_strtoll(a + 1, NULL, 10), y = g_ascii_strtoll(b + 1, NULL, 10);
  return x < y ? -1 : x > y;
}

static gint
compare_links(gconstpointer pa, gconstpointer pb)
{
  const json_t *a = *(json_t *const *)pa, *b = *(json_t *const *)pb;
  gint order = compare_ids(cr_reading_string(a, "from"), cr_reading_string(b, "from"));
  if (order == 0)
    order = compare_ids(cr_reading_string(a, "to"), cr_reading_string(b, "to"));
  return order != 0 ? order : g_strcmp0(cr_reading_string(a, "type"), cr_reading_string(b, "type"));
}

static void
json_free_cb(gpointer value)
{
  json_decref(value);
}

static json_t *
number_links(const json_t *relations, GHashTable *ids)
{
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(json_free_cb);
  json_t *list = json_array(), *link;
  gsize i;
  json_array_foreach((json_t *)relations, i, link)
  {
    const char *type = cr_reading_string(link, "type"), *from_id = cr_reading_string(link, "from"),
               *to_id = cr_reading_string(link, "to");
    const char *from = from_id ? g_hash_table_lookup(ids, from_id) : NULL,
               *to = to_id ? g_hash_table_lookup(ids, to_id) : NULL;
    if (type && from && to)
      g_ptr_array_add(kept,
                      json_pack("{s:s, s:s, s:s, s:s}", "id", "R", "type", type, "from", from, "to", to));
  }
  g_ptr_array_sort(kept, compare_links);
  for (guint k = 0; k < kept->len; k++) {
    if (k > 0 && compare_links(&kept->pdata[k - 1], &kept->pdata[k]) == 0)
      continue;
    g_autofree char *id = g_strdup_printf("R%" G_GSIZE_FORMAT, json_array_size(list) + 1);
    json_object_set_new(kept->pdata[k], "id", json_string(id));
    json_array_append(list, kept->pdata[k]);
  }
  return list;
}

json_t *
cr_set_final(const CrText *text, const json_t *set, GError **error)
{
  g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  json_t *entities = number_findings(text, json_object_get(set, "entities"), ids, error);
  if (!entities)
    return NULL;
  json_t *answers = json_object_get(set, "answers");
  json_t *final = json_object();
  json_object_set_new(final, "entities", entities);
  json_object_set_new(final, "relations", number_links(json_object_get(set, "relations"), ids));
  json_object_set_new(final, "answers", answers ? json_deep_copy(answers) : json_object());
  return final;
}

char *
cr_set_sha256(const json_t *set, const char *text_sha256)
{
  g_autoptr(json_t) whole = json_pack("{s:O, s:s}", "set", set, "text", text_sha256);
  g_autofree char *canonical = cr_reading_canonical(whole);
  return cr_sha256_hex(canonical, strlen(canonical));
}

json_t *
cr_set_find(const json_t *set, const char *kind, const char *id)
{
  json_t *item;
  gsize i;
  json_array_foreach(json_object_get(set, kind), i,
                     item) if (g_strcmp0(cr_reading_string(item, "id"), id) == 0) return item;
  return NULL;
}

/* ---- against the guidelines ---- */

gboolean
cr_set_check(const CrGuidelines *g, const json_t *set, GError **error)
{
  return cr_guidelines_check(g, json_object_get(set, "entities"), json_object_get(set, "relations"), error) &&
         cr_guidelines_check_answers(g, json_object_get(set, "answers"), error);
}
