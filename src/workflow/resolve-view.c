/* resolve-view.c: what waits for a senior reviewer, and one note with both readings side by side. */
#include "workflow/reading-private.h"

typedef struct {
  CrProject *p;
  GHashTable *cache;
  json_t *open;
  gint64 n_agreed;
} Listing;

/* The acting member's own decisions so far on today's readings, and whose word a note waits for. */
static gboolean
describe_progress(CrProject *p, const char *note, json_t *row, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *inputs = cr_labels_inputs_hash(p->work, note, error);
  if (!inputs)
    return FALSE;
  g_autoptr(CrResolutionRow) mine =
      cr_labels_load_resolution(p->work, note, inputs, NULL, cr_project_member(p), &local);
  g_autoptr(CrResolutionRow) second =
      local ? NULL : cr_labels_load_resolution(p->work, note, inputs, "second", NULL, &local);
  g_autoptr(json_t) content = mine && !local ? cr_resolution_open(p, mine, &local) : NULL;
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  json_object_set_new(row, "decided",
                      json_integer((json_int_t)json_object_size(json_object_get(content, "decisions"))));
  json_object_set_new(row, "waits", json_string(second ? "a second senior reviewer" : "a decision"));
  if (second)
    json_object_set_new(row, "resolver", json_string(second->resolver));
  return TRUE;
}

static gboolean
list_note(Listing *l, const char *note, GError **error)
{
  g_autoptr(CrReading) r = cr_reading_load(l->p, l->cache, note, error);
  if (!r)
    return FALSE;
  g_autofree char *batch = cr_labels_note_batch(l->p->work, note, error);
  json_t *row = json_pack("{s:s, s:s?, s:I}", "note", note, "batch", batch, "differences",
                          (json_int_t)r->differences->len);
  json_array_append_new(l->open, row);
  if (!describe_progress(l->p, note, row, error))
    return FALSE;
  gboolean begun =
      json_object_get(row, "resolver") || json_integer_value(json_object_get(row, "decided")) > 0;
  if (r->differences->len == 0 && !begun) {
    json_array_remove(l->open, json_array_size(l->open) - 1);
    l->n_agreed++;
  }
  return TRUE;
}

json_t *
cr_reading_resolve_list(CrProject *p, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  g_autoptr(json_t) open = json_array();
  Listing l = {p, cache, open, 0};
  if (!cr_project_require(p, CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER, "listing differences", error))
    return NULL;
  g_autoptr(GPtrArray) notes = cr_documents_ids(p->work, "labelled", NULL, error);
  for (guint i = 0; notes && i < notes->len; i++)
    if (!list_note(&l, notes->pdata[i], error))
      return NULL;
  if (!notes)
    return NULL;
  gint64 resolved = cr_documents_count(p->work, "resolved", NULL, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  return json_pack("{s:O, s:I, s:I}", "open", open, "agreed", (json_int_t)l.n_agreed, "resolved",
                   (json_int_t)resolved);
}

/* ---- one note ---- */

static json_t *
describe_difference(const CrReading *r, guint i)
{
  const CrReadingDifference *d = r->differences->pdata[i];
  json_t *row =
      json_pack("{s:i, s:s, s:b}", "difference", (int)i + 1, "kind", d->kind, "critical", (int)d->critical);
  json_object_set_new(row, r->readers[0], d->a ? json_incref(d->a) : json_null());
  json_object_set_new(row, r->readers[1], d->b ? json_incref(d->b) : json_null());
  return row;
}

static gboolean
record_view(CrProject *p, const char *note, GError **error)
{
  g_autofree char *object = cr_reading_object(note);
  if (!cr_tx_begin(p, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_SENIOR, "note.compared", object, NULL, NULL, NULL);
  return cr_tx_commit(p, error);
}

json_t *
cr_reading_resolve_show(CrProject *p, const char *note, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  if (!cr_project_require(p, CR_ROLE_SENIOR, "comparing readings", error))
    return NULL;
  static const char *const read[] = {"labelled", "resolved", "reviewed", "approved", "exported", NULL};
  if (!cr_reading_in_state(p, note, read, "its readers are not through", error))
    return NULL;
  g_autoptr(CrReading) r = cr_reading_load(p, cache, note, error);
  if (!r || !record_view(p, note, error))
    return NULL;
  json_t *readers = json_object(), *differences = json_array();
  for (guint side = 0; side < r->n_readers; side++)
    json_object_set(readers, r->readers[side], r->sets[side]);
  for (guint i = 0; i < r->differences->len; i++)
    json_array_append_new(differences, describe_difference(r, i));
  json_t *result = json_pack("{s:s, s:o, s:o}", "note", note, "readers", readers, "differences", differences);
  json_object_set_new(result, "text",
                      json_stringn(cr_text_bytes(r->text), cr_text_length(r->text, CR_UNIT_BYTE)));
  if (!describe_progress(p, note, result, error)) {
    json_decref(result);
    return NULL;
  }
  return result;
}
