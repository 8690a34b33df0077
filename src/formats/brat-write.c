/* Writing brat's annotation lines: where the document still says what its "brat" member remembers, the lines
 * come out as they were and in their order; the rest is written as brat writes it. */
#include "formats/brat-private.h"
#include "formats/brat-write.h"
#include <string.h>

typedef struct {
  const CrText *text;
  GPtrArray *facts;    /* of CrBratLine: all that the document says */
  GHashTable *by_id;   /* id -> CrBratLine */
  GHashTable *by_key;  /* cr_brat_line_key -> GPtrArray of CrBratLine not written yet */
  GHashTable *written; /* CrBratLine */
  GHashTable *taken;   /* ids of lines that the layout brings */
} Writing;

static void
writing_clear(Writing *writing)
{
  g_clear_pointer(&writing->by_id, g_hash_table_unref);
  g_clear_pointer(&writing->by_key, g_hash_table_unref);
  g_clear_pointer(&writing->written, g_hash_table_unref);
  g_clear_pointer(&writing->taken, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Writing, writing_clear)

static void
free_list(gpointer list)
{
  g_ptr_array_unref(list);
}

static void
index_facts(Writing *writing)
{
  for (guint i = 0; i < writing->facts->len; i++) {
    CrBratLine *line = writing->facts->pdata[i];
    if (line->id != NULL && line->kind != CR_BRAT_EQUIV)
      g_hash_table_insert(writing->by_id, line->id, line);
    g_autofree char *key = cr_brat_line_key(line);
    GPtrArray *list = g_hash_table_lookup(writing->by_key, key);
    if (list == NULL) {
      list = g_ptr_array_new();
      g_hash_table_insert(writing->by_key, g_steal_pointer(&key), list);
    }
    g_ptr_array_add(list, line);
  }
}

/* A remembered T line says what the fact says when its pieces, cut at breaks, and its text do. */
static void
normalise(const Writing *writing, CrBratLine *line)
{
  if (line->kind != CR_BRAT_ENTITY)
    return;
  gsize n = cr_text_length(writing->text, CR_UNIT_CODE_POINT);
  for (guint i = 0; i < line->pieces->len; i++)
    if (g_array_index(line->pieces, CrSpan, i).end > n)
      return; /* of another text: its key will fit nothing */
  g_autoptr(GArray) joined = cr_brat_join(writing->text, line->pieces);
  g_array_unref(line->pieces);
  line->pieces = cr_brat_split(writing->text, joined);
}

static gboolean
text_still_fits(const Writing *writing, const CrBratLine *line)
{
  if (line->kind != CR_BRAT_ENTITY)
    return TRUE;
  g_autoptr(GArray) bytes = cr_pieces_to_bytes(writing->text, line->pieces, NULL);
  return bytes != NULL && cr_brat_text_fits(writing->text, bytes, line->value);
}

static CrBratLine *
take_by_key(Writing *writing, const CrBratLine *remembered)
{
  g_autofree char *key = cr_brat_line_key(remembered);
  GPtrArray *list = g_hash_table_lookup(writing->by_key, key);
  for (guint i = 0; list != NULL && i < list->len; i++)
    if (!g_hash_table_contains(writing->written, list->pdata[i]))
      return list->pdata[i];
  return NULL;
}

static void
put_fact(Writing *writing, CrBratLine *fact, GString *out)
{
  g_hash_table_add(writing->written, fact);
  cr_brat_line_format(fact, out);
  g_string_append_c(out, '\n');
}

static void
put_raw(const char *raw, GString *out)
{
  g_string_append(out, raw);
  g_string_append_c(out, '\n');
}

/* A line of the layout: as it was where the document still says it, as it is now where the thing changed, not
 * at all where it is gone. */
static void
put_remembered(Writing *writing, const char *entry, GString *out)
{
  g_autoptr(CrBratLine) line =
      strchr(entry, '\t') != NULL ? cr_brat_line_parse(entry, strlen(entry), NULL) : NULL;
  const char *id = line != NULL ? line->id : entry;
  CrBratLine *fact = NULL;
  if (line != NULL && line->kind != CR_BRAT_COMMENT) {
    gboolean fits = text_still_fits(writing, line);
    normalise(writing, line);
    fact = fits ? take_by_key(writing, line) : NULL;
  }
  if (fact != NULL) {
    g_hash_table_add(writing->written, fact);
    put_raw(entry, out);
    return;
  }
  fact = id != NULL ? g_hash_table_lookup(writing->by_id, id) : NULL;
  if (fact != NULL && !g_hash_table_contains(writing->written, fact))
    put_fact(writing, fact, out);
}

static void
put_layout(Writing *writing, const json_t *layout, GString *out)
{
  size_t i;
  json_t *entry;
  json_array_foreach(layout, i, entry)
  {
    const char *raw = cr_json_string(entry, "raw");
    if (raw != NULL && strchr(raw, '\n') == NULL)
      put_raw(raw, out);
    else if (json_is_string(entry) && strchr(json_string_value(entry), '\n') == NULL)
      put_remembered(writing, json_string_value(entry), out);
  }
}

static void
note_taken_ids(Writing *writing, const json_t *layout)
{
  size_t i;
  json_t *entry;
  json_array_foreach(layout, i, entry)
  {
    const char *s = json_is_object(entry) ? cr_json_string(entry, "raw") : json_string_value(entry);
    const char *tab = s != NULL ? strchr(s, '\t') : NULL;
    if (tab != NULL)
      g_hash_table_add(writing->taken, g_strndup(s, (gsize)(tab - s)));
  }
}

/* Gives the facts that have none an id of their own kind. */
static void
name_facts(Writing *writing)
{
  guint next[2] = {1, 1};
  for (guint i = 0; i < writing->facts->len; i++) {
    CrBratLine *line = writing->facts->pdata[i];
    gboolean is_code = line->kind == CR_BRAT_CODE;
    if (line->id != NULL || g_hash_table_contains(writing->written, line))
      continue;
    char *id = NULL;
    do {
      g_free(id);
      id = g_strdup_printf("%c%u", is_code ? 'N' : 'A', next[is_code]++);
    } while (g_hash_table_contains(writing->taken, id));
    line->id = id;
  }
}

/* The last of the document's annotation files takes what is new. */
static const char *
last_extension(const json_t *brat)
{
  const char *last = NULL;
  for (gsize i = 0; cr_brat_extensions[i] != NULL; i++)
    if (json_is_array(json_object_get(brat, cr_brat_extensions[i])))
      last = cr_brat_extensions[i];
  return last;
}

static void
put_rest(Writing *writing, GString *out)
{
  name_facts(writing);
  for (guint i = 0; i < writing->facts->len; i++)
    if (!g_hash_table_contains(writing->written, writing->facts->pdata[i]))
      put_fact(writing, writing->facts->pdata[i], out);
}

/* Whether the layout says so of this file: "unended" or "marked". */
static gboolean
is_noted(const json_t *brat, const char *what, const char *extension)
{
  size_t i;
  json_t *entry;
  json_array_foreach(json_object_get(brat, what), i, entry)
  {
    if (json_is_string(entry) && strcmp(json_string_value(entry), extension) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
write_one(Writing *writing, const json_t *brat, const char *extension, gboolean is_last, const char *folder,
          const char *stem, GError **error)
{
  g_autoptr(GString) out = g_string_new(NULL);
  g_autofree char *relative = g_strdup_printf("%s.%s", stem, extension);
  if (is_noted(brat, "marked", extension))
    g_string_append(out, "\xEF\xBB\xBF");
  put_layout(writing, json_object_get(brat, extension), out);
  gsize n_remembered = out->len;
  if (is_last)
    put_rest(writing, out);
  if (out->len == n_remembered && out->len > 0 && is_noted(brat, "unended", extension))
    g_string_truncate(out, out->len - 1);
  return cr_folder_write(folder, relative, out->str, out->len, error);
}

gboolean
cr_brat_write_annotations(const char *folder, const char *stem, const json_t *document, const CrText *text,
                          GPtrArray *facts, GError **error)
{
  const json_t *brat = json_object_get(document, "brat");
  g_auto(Writing) writing = {.text = text,
                             .facts = facts,
                             .by_id = g_hash_table_new(g_str_hash, g_str_equal),
                             .by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list),
                             .written = g_hash_table_new(NULL, NULL),
                             .taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  const char *last = last_extension(brat);
  index_facts(&writing);
  for (gsize i = 0; cr_brat_extensions[i] != NULL; i++)
    note_taken_ids(&writing, json_object_get(brat, cr_brat_extensions[i]));
  /* A note that came without an annotation file goes without one, as long as there is nothing to say. */
  if (last == NULL && json_is_object(brat) && facts->len == 0)
    return TRUE;
  if (last == NULL)
    return write_one(&writing, NULL, "ann", TRUE, folder, stem, error);
  for (gsize i = 0; cr_brat_extensions[i] != NULL; i++) {
    const char *extension = cr_brat_extensions[i];
    if (json_is_array(json_object_get(brat, extension)) &&
        !write_one(&writing, brat, extension, strcmp(extension, last) == 0, folder, stem, error))
      return FALSE;
  }
  return TRUE;
}
