/* resolve-final.c: the set of a note that goes on, and the notes that need nobody's decision. */
#include "workflow/reading-private.h"

#include <string.h>

static char *
bind_resolution(const CrResolutionRow *row)
{
  return g_strdup_printf("resolution:%s:%s:%" G_GINT64_FORMAT ":%s:%s:%s", row->note, row->resolver,
                         row->time_us, row->inputs, row->state, row->sha256);
}

json_t *
cr_resolution_open(CrProject *p, const CrResolutionRow *row, GError **error)
{
  g_autoptr(CrKey) key = cr_reading_key(p, row->resolver, error);
  g_autofree char *aad = bind_resolution(row);
  g_autoptr(GBytes) plain =
      key ? cr_seal_open(key, aad, g_bytes_get_data(row->box, NULL), g_bytes_get_size(row->box), error)
          : NULL;
  return plain ? cr_json_parse(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain), error) : NULL;
}

GBytes *
cr_resolution_seal(CrProject *p, const CrResolutionRow *row, const json_t *content, GError **error)
{
  g_autoptr(CrKey) key = cr_reading_key(p, row->resolver, error);
  if (!key)
    return NULL;
  g_autofree char *aad = bind_resolution(row), *plain = cr_json_dump(content);
  return cr_seal(p->env, key, aad, plain, strlen(plain));
}

void
cr_final_clear(CrFinal *final)
{
  g_clear_pointer(&final->set, json_decref);
  g_clear_pointer(&final->sha256, g_free);
  g_clear_pointer(&final->flags, g_free);
}

/* The newest final resolution on today's readings; out->set stays NULL where there is none. */
static gboolean
load_resolved(CrProject *p, const char *note, CrFinal *out, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *inputs = cr_labels_inputs_hash(p->work, note, error);
  if (!inputs)
    return FALSE;
  g_autoptr(CrResolutionRow) row = cr_labels_load_resolution(p->work, note, inputs, "final", NULL, &local);
  g_autoptr(json_t) content = row ? cr_resolution_open(p, row, &local) : NULL;
  if (content && !cr_resolution_check(p, row, content, error))
    return FALSE;
  g_auto(GStrv) readers = local ? NULL : cr_labels_note_readers(p->work, note, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (!content)
    return TRUE;
  out->set = json_incref(json_object_get(content, "set"));
  out->flags = g_strdup(row->flags);
  out->guidelines = row->guidelines;
  out->n_readers = g_strv_length(readers);
  out->n_differences = (guint)json_integer_value(json_object_get(content, "differences"));
  out->is_critical = json_is_true(json_object_get(content, "critical"));
  out->is_resolved = TRUE;
  return TRUE;
}

static gboolean
load_agreed(CrProject *p, GHashTable *cache, const char *note, CrFinal *out, GError **error)
{
  g_autoptr(CrReading) r = cr_reading_load(p, cache, note, error);
  if (!r)
    return FALSE;
  if (r->differences->len > 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE,
                "note %s: %u differences of its readers are not resolved", note, r->differences->len);
    return FALSE;
  }
  out->set = json_incref(r->sets[0]);
  out->flags = g_strdup("");
  out->guidelines = r->version;
  out->n_readers = r->n_readers;
  return TRUE;
}

gboolean
cr_final_load(CrProject *p, GHashTable *cache, const char *note, CrFinal *out, GError **error)
{
  g_auto(CrFinal) final = {0};
  g_autofree char *text_sha = cr_labels_cleared_sha(p->work, note, error);
  if (!text_sha || !load_resolved(p, note, &final, error) ||
      (!final.set && !load_agreed(p, cache, note, &final, error)))
    return FALSE;
  final.sha256 = cr_set_sha256(final.set, text_sha);
  *out = final;
  final = (CrFinal){0};
  return TRUE;
}

json_t *
cr_reading_final(CrProject *p, const char *note, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  if (!cr_project_require(p, CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER,
                          "seeing a note's final findings", error))
    return NULL;
  g_auto(CrFinal) final = {0};
  return cr_final_load(p, cache, note, &final, error) ? json_incref(final.set) : NULL;
}

/* ---- what nobody has to decide ---- */

/* A senior reviewer has begun to decide on today's readings and is not through. */
static gboolean
is_being_resolved(CrProject *p, const char *note, gboolean *waits, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *inputs = cr_labels_inputs_hash(p->work, note, error);
  if (!inputs)
    return FALSE;
  g_autoptr(CrResolutionRow) row = cr_labels_load_resolution(p->work, note, inputs, NULL, NULL, &local);
  *waits = row != NULL;
  if (!local)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

static gboolean
settle_note(CrProject *p, GHashTable *cache, CrRole role, const char *note, gint64 *n_passed, GError **error)
{
  gboolean waits = FALSE;
  if (!is_being_resolved(p, note, &waits, error))
    return FALSE;
  g_autoptr(CrReading) r = waits ? NULL : cr_reading_load(p, cache, note, error);
  if (!r || r->differences->len > 0)
    return waits || r != NULL;
  ++*n_passed;
  return cr_reading_move(p, role, note, "resolved",
                         r->n_readers == 1 ? "read once" : "both readings are equal", error);
}

gboolean
cr_reading_settle(CrProject *p, GHashTable *cache, CrRole role, const char *batch, gint64 *n_passed,
                  GError **error)
{
  gint64 passed = 0;
  g_autoptr(GPtrArray) notes = batch ? cr_labels_batch_notes(p->work, batch, "labelled", error)
                                     : cr_documents_ids(p->work, "labelled", NULL, error);
  if (!notes)
    return FALSE;
  for (guint i = 0; i < notes->len; i++)
    if (!settle_note(p, cache, role, notes->pdata[i], &passed, error))
      return FALSE;
  if (n_passed)
    *n_passed = passed;
  return TRUE;
}
