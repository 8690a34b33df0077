/* compare.c: two readings of a note side by side, and what differs between them. */
#include "workflow/reading-private.h"

#include <string.h>

/* ---- guidelines of many notes ---- */

static guint
version_hash(gconstpointer version)
{
  return g_int64_hash(version);
}

GHashTable *
cr_guidelines_cache_new(void)
{
  return g_hash_table_new_full(version_hash, g_int64_equal, g_free, (GDestroyNotify)cr_guidelines_free);
}

const CrGuidelines *
cr_guidelines_cached(CrProject *p, GHashTable *cache, gint64 version, GError **error)
{
  CrGuidelines *g = g_hash_table_lookup(cache, &version);
  if (!g && (g = cr_reading_guidelines(p, version, error)))
    g_hash_table_insert(cache, g_memdup2(&version, sizeof version), g);
  return g;
}

static const CrGuidelinesAttribute *
find_attribute(const CrGuidelines *g, const char *name)
{
  const GPtrArray *all = cr_guidelines_attributes(g);
  for (guint i = 0; i < all->len; i++)
    if (g_str_equal(((CrGuidelinesAttribute *)all->pdata[i])->name, name))
      return all->pdata[i];
  return NULL;
}

/* What a reader leaves unset stands at its preset: unset and set to the preset are the same reading. */
static void
fill_presets(const CrGuidelines *g, json_t *finding)
{
  const CrGuidelinesLabel *label = cr_guidelines_find_label(g, cr_reading_string(finding, "label"));
  json_t *given = json_object_get(finding, "attributes");
  g_autoptr(json_t) filled = given ? json_copy(given) : json_object();
  for (guint i = 0; label && label->attributes[i]; i++) {
    const CrGuidelinesAttribute *attribute = find_attribute(g, label->attributes[i]);
    if (attribute && attribute->preset && !json_object_get(filled, attribute->name))
      json_object_set_new(filled, attribute->name, json_string(attribute->preset));
  }
  if (json_object_size(filled) > 0)
    json_object_set(finding, "attributes", filled);
}

void
cr_set_presets(const CrGuidelines *g, json_t *set)
{
  json_t *finding;
  gsize i;
  json_array_foreach(json_object_get(set, "entities"), i, finding) fill_presets(g, finding);
}

json_t *
cr_reader_set(CrProject *p, GHashTable *cache, const char *note, const char *reader, const CrText *text,
              gint64 *version, GError **error)
{
  g_autoptr(CrJournal) journal = cr_journal_load(p, note, reader, error);
  if (!journal)
    return NULL;
  gint64 newest = 1;
  for (guint i = 0; i < journal->ops->len; i++)
    newest = MAX(newest, ((CrJournalOp *)journal->ops->pdata[i])->guidelines);
  const CrGuidelines *g = cr_guidelines_cached(p, cache, newest, error);
  if (!g)
    return NULL;
  g_autoptr(json_t) fold = cr_journal_fold(journal);
  cr_set_presets(g, fold);
  if (version)
    *version = MAX(*version, newest);
  return cr_set_final(text, fold, error);
}

/* ---- spans ---- */

static void
span_clear(gpointer data)
{
  CrLabelSpan *span = data;
  g_clear_pointer(&span->fragments, g_array_unref);
}

static guint
label_number(GHashTable *labels, const char *name)
{
  gpointer number = NULL;
  if (!g_hash_table_lookup_extended(labels, name, NULL, &number)) {
    number = GUINT_TO_POINTER(g_hash_table_size(labels));
    g_hash_table_insert(labels, g_strdup(name), number);
  }
  return GPOINTER_TO_UINT(number);
}

GArray *
cr_set_spans(const CrText *text, const json_t *set, guint document, GHashTable *labels, GError **error)
{
  g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  g_array_set_clear_func(spans, span_clear);
  json_t *finding;
  gsize i;
  json_array_foreach(json_object_get(set, "entities"), i, finding)
  {
    g_autoptr(GArray) fragments = cr_fragments_new();
    if (!cr_finding_fragments(text, finding, fragments, error))
      return NULL;
    CrSpan bounds = cr_fragments_bounds(fragments);
    CrLabelSpan span = {document, bounds.start, bounds.end,
                        label_number(labels, cr_reading_string(finding, "label")), NULL};
    if (fragments->len > 1)
      span.fragments = g_steal_pointer(&fragments);
    g_array_append_val(spans, span);
  }
  return g_steal_pointer(&spans);
}

/* ---- differences ---- */

typedef struct {
  CrReading *r;
  const CrGuidelines *g;
  guint n_groups;
} Comparing;

static json_t *
finding_at(const CrReading *r, int side, gssize i)
{
  return i < 0 ? NULL : json_array_get(json_object_get(r->sets[side], "entities"), (gsize)i);
}

static gboolean
is_critical(const CrGuidelines *g, const json_t *finding)
{
  const char *name = finding ? cr_reading_string(finding, "label") : NULL;
  const CrGuidelinesLabel *label = name ? cr_guidelines_find_label(g, name) : NULL;
  return label && label->critical;
}

static void
difference_free(gpointer data)
{
  CrReadingDifference *d = data;
  g_clear_pointer(&d->a, json_decref);
  g_clear_pointer(&d->b, json_decref);
  g_free(d);
}

static void
add_difference(Comparing *c, const char *kind, json_t *a, json_t *b, guint group)
{
  CrReadingDifference *d = g_new(CrReadingDifference, 1);
  *d = (CrReadingDifference){kind, a ? json_incref(a) : NULL, b ? json_incref(b) : NULL, group,
                             is_critical(c->g, a) || is_critical(c->g, b)};
  g_ptr_array_add(c->r->differences, d);
}

static void
set_group(Comparing *c, int side, gssize i, guint group)
{
  if (i >= 0)
    g_array_index(c->r->groups[side], guint, i) = group;
}

static void
add_pair(Comparing *c, const char *kind, gssize a, gssize b)
{
  guint group = c->n_groups++;
  set_group(c, 0, a, group);
  set_group(c, 1, b, group);
  json_t *x = finding_at(c->r, 0, a), *y = finding_at(c->r, 1, b);
  if (kind)
    add_difference(c, kind, x, y, group);
  else if (x && y) {
    json_t *ax = json_object_get(x, "attributes"), *ay = json_object_get(y, "attributes");
    if ((ax || ay) && !(ax && ay && json_equal(ax, ay)))
      add_difference(c, "attributes", x, y, group);
  }
}

static char *
finding_key(const json_t *finding)
{
  g_autofree char *place = cr_finding_place(finding);
  return g_strconcat(place, " ", cr_reading_string(finding, "label"), NULL);
}

#define NO_GROUP G_MAXUINT

/* Findings that stand on both sides, label and place alike. */
static void
pair_equal(Comparing *c)
{
  g_autoptr(GHashTable) waiting =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_queue_free);
  for (guint i = 0; i < c->r->groups[0]->len; i++) {
    char *key = finding_key(finding_at(c->r, 0, i));
    GQueue *queue = g_hash_table_lookup(waiting, key);
    if (!queue)
      g_hash_table_insert(waiting, g_strdup(key), queue = g_queue_new());
    g_queue_push_tail(queue, GUINT_TO_POINTER(i));
    g_free(key);
  }
  for (guint k = 0; k < c->r->groups[1]->len; k++) {
    g_autofree char *key = finding_key(finding_at(c->r, 1, k));
    GQueue *queue = g_hash_table_lookup(waiting, key);
    if (queue && !g_queue_is_empty(queue))
      add_pair(c, NULL, GPOINTER_TO_UINT(g_queue_pop_head(queue)), k);
  }
}

/* The spans of one side that have no group yet, with where they stand in the set. */
static GArray *
unpaired(const Comparing *c, int side, const GArray *spans, GArray *where)
{
  GArray *rest = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  for (guint i = 0; i < spans->len; i++)
    if (g_array_index(c->r->groups[side], guint, i) == NO_GROUP) {
      g_array_append_val(rest, g_array_index(spans, CrLabelSpan, i));
      g_array_append_val(where, i);
    }
  return rest;
}

static void
pair_rest(Comparing *c, const GArray *a, const GArray *b)
{
  g_autoptr(GArray) where_a = g_array_new(FALSE, FALSE, sizeof(guint)),
                    where_b = g_array_new(FALSE, FALSE, sizeof(guint));
  g_autoptr(GArray) rest_a = unpaired(c, 0, a, where_a), rest_b = unpaired(c, 1, b, where_b);
  g_autoptr(GArray) found = cr_span_differences((const CrLabelSpan *)(gpointer)rest_a->data, rest_a->len,
                                                (const CrLabelSpan *)(gpointer)rest_b->data, rest_b->len);
  for (guint i = 0; i < found->len; i++) {
    const CrDifference *d = &g_array_index(found, CrDifference, i);
    add_pair(c, d->kind, d->a < 0 ? -1 : (gssize)g_array_index(where_a, guint, d->a),
             d->b < 0 ? -1 : (gssize)g_array_index(where_b, guint, d->b));
  }
  /* Nothing falls out, whatever the matching calls equal. */
  for (guint i = 0; i < c->r->groups[0]->len; i++)
    if (g_array_index(c->r->groups[0], guint, i) == NO_GROUP)
      add_pair(c, "missing", i, -1);
  for (guint i = 0; i < c->r->groups[1]->len; i++)
    if (g_array_index(c->r->groups[1], guint, i) == NO_GROUP)
      add_pair(c, "missing", -1, i);
}

static gint64
position(const CrReadingDifference *d)
{
  return json_integer_value(json_object_get(d->a ? d->a : d->b, "start"));
}

static gint
compare_differences(gconstpointer pa, gconstpointer pb)
{
  const CrReadingDifference *a = *(CrReadingDifference *const *)pa, *b = *(CrReadingDifference *const *)pb;
  gint64 x = position(a), y = position(b);
  return x != y ? (x < y ? -1 : 1) : (a->group > b->group) - (a->group < b->group);
}

/* ---- links and answers ---- */

static guint
group_of(const CrReading *r, int side, const char *id)
{
  json_t *finding, *entities = json_object_get(r->sets[side], "entities");
  gsize i;
  json_array_foreach(entities, i, finding) if (g_strcmp0(cr_reading_string(finding, "id"), id) ==
                                               0) return g_array_index(r->groups[side], guint, i);
  return NO_GROUP;
}

static GHashTable *
links_by_key(const CrReading *r, int side)
{
  GHashTable *links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  json_t *link;
  gsize i;
  json_array_foreach(json_object_get(r->sets[side], "relations"), i, link)
      g_hash_table_insert(links,
                          g_strdup_printf("%s %u %u", cr_reading_string(link, "type"),
                                          group_of(r, side, cr_reading_string(link, "from")),
                                          group_of(r, side, cr_reading_string(link, "to"))),
                          link);
  return links;
}

static void
compare_links(Comparing *c)
{
  g_autoptr(GHashTable) a = links_by_key(c->r, 0), b = links_by_key(c->r, 1);
  for (int side = 0; side < 2; side++) {
    GHashTable *mine = side == 0 ? a : b, *other = side == 0 ? b : a;
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(mine), (GCompareFunc)strcmp);
    for (GList *key = keys; key; key = key->next) {
      json_t *link = g_hash_table_lookup(mine, key->data);
      if (!g_hash_table_contains(other, key->data))
        add_difference(c, "link", side == 0 ? link : NULL, side == 1 ? link : NULL, NO_GROUP);
    }
  }
}

static json_t *
answer_of(const json_t *set, const char *question)
{
  json_t *value = json_object_get(json_object_get(set, "answers"), question);
  return value ? json_pack("{s:s, s:O}", "question", question, "value", value) : NULL;
}

static void
compare_answers(Comparing *c)
{
  g_autoptr(json_t) questions = json_object();
  const char *question;
  json_t *unused;
  json_object_update(questions, json_object_get(c->r->sets[0], "answers"));
  json_object_update(questions, json_object_get(c->r->sets[1], "answers"));
  json_object_foreach(questions, question, unused)
  {
    g_autoptr(json_t) a = answer_of(c->r->sets[0], question), b = answer_of(c->r->sets[1], question);
    if (!(a && b && json_equal(a, b)))
      add_difference(c, "answer", a, b, NO_GROUP);
  }
}

static gboolean
compare(Comparing *c, GError **error)
{
  g_autoptr(GHashTable) labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GArray) a = cr_set_spans(c->r->text, c->r->sets[0], 0, labels, error);
  g_autoptr(GArray) b = a ? cr_set_spans(c->r->text, c->r->sets[1], 0, labels, error) : NULL;
  if (!b)
    return FALSE;
  pair_equal(c);
  pair_rest(c, a, b);
  g_ptr_array_sort(c->r->differences, compare_differences);
  compare_links(c);
  compare_answers(c);
  return TRUE;
}

/* ---- loading ---- */

void
cr_reading_free(CrReading *r)
{
  if (!r)
    return;
  g_free(r->note);
  g_clear_pointer(&r->text, cr_text_unref);
  for (int side = 0; side < 2; side++) {
    g_free(r->readers[side]);
    g_clear_pointer(&r->sets[side], json_decref);
    g_clear_pointer(&r->groups[side], g_array_unref);
  }
  g_ptr_array_unref(r->differences);
  g_free(r);
}

static gboolean
load_side(CrProject *p, GHashTable *cache, CrReading *r, int side, const char *reader, GError **error)
{
  r->readers[side] = g_strdup(reader);
  r->sets[side] = cr_reader_set(p, cache, r->note, reader, r->text, &r->version, error);
  if (!r->sets[side])
    return FALSE;
  gsize n = json_array_size(json_object_get(r->sets[side], "entities"));
  guint none = NO_GROUP;
  r->groups[side] = g_array_sized_new(FALSE, FALSE, sizeof(guint), (guint)n);
  for (gsize i = 0; i < n; i++)
    g_array_append_val(r->groups[side], none);
  return TRUE;
}

CrReading *
cr_reading_load(CrProject *p, GHashTable *cache, const char *note, GError **error)
{
  g_autoptr(CrReading) r = g_new0(CrReading, 1);
  r->note = g_strdup(note);
  r->differences = g_ptr_array_new_with_free_func(difference_free);
  g_auto(GStrv) readers = cr_labels_note_readers(p->work, note, error);
  r->text = readers ? cr_documents_load_cleared(p->work, note, error) : NULL;
  if (!r->text)
    return NULL;
  r->n_readers = g_strv_length(readers);
  if (r->n_readers < 1 || r->n_readers > 2) {
    g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE, "note %s is assigned to %u readers", note,
                r->n_readers);
    return NULL;
  }
  for (guint side = 0; side < r->n_readers; side++)
    if (!load_side(p, cache, r, (int)side, readers[side], error))
      return NULL;
  Comparing c = {r, cr_guidelines_cached(p, cache, r->version, error), 0};
  if (!c.g || (r->n_readers == 2 && !compare(&c, error)))
    return NULL;
  return g_steal_pointer(&r);
}

int
cr_reading_side(const CrReading *r, const char *reader)
{
  for (guint side = 0; side < r->n_readers; side++)
    if (g_strcmp0(r->readers[side], reader) == 0)
      return (int)side;
  return -1;
}
