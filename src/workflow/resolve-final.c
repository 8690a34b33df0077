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

/* The set of the newest final resolution on today's readings; NULL without error where there is none. */
static json_t *
load_resolved(CrProject *p, const char *note, char **flags, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *inputs = cr_labels_inputs_hash(p->work, note, error);
  if (!inputs)
    return NULL;
  g_autoptr(CrResolutionRow) row = cr_labels_load_resolution(p->work, note, inputs, "final", NULL, &local);
  g_autoptr(json_t) content = row ? cr_resolution_open(p, row, &local) : NULL;
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  if (!content)
    return NULL;
  if (flags)
    *flags = g_strdup(row->flags);
  json_t *set = json_object_get(content, "set");
  return set ? json_incref(set) : NULL;
}

static json_t *
load_agreed(CrProject *p, GHashTable *cache, const char *note, GError **error)
{
  g_autoptr(CrReading) r = cr_reading_load(p, cache, note, error);
  if (!r)
    return NULL;
  if (r->differences->len == 0)
    return json_incref(r->sets[0]);
  g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE,
              "note %s: %u differences of its readers are not resolved", note, r->differences->len);
  return NULL;
}

json_t *
cr_final_load(CrProject *p, GHashTable *cache, const char *note, char **sha256, char **flags, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *text_sha = cr_labels_cleared_sha(p->work, note, error), *found = NULL;
  if (!text_sha)
    return NULL;
  g_autoptr(json_t) set = load_resolved(p, note, &found, &local);
  if (!set && !local)
    set = load_agreed(p, cache, note, &local);
  if (!set) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  if (sha256)
    *sha256 = cr_set_sha256(set, text_sha);
  if (flags)
    *flags = found ? g_steal_pointer(&found) : g_strdup("");
  return g_steal_pointer(&set);
}

json_t *
cr_reading_final(CrProject *p, const char *note, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  if (!cr_project_require(p, CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER,
                          "seeing a note's final findings", error))
    return NULL;
  return cr_final_load(p, cache, note, NULL, NULL, error);
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
