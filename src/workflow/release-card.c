/* release-card.c: what goes with the data: the dataset card, the guidelines, the agreement table, the parts.
 */
#include "workflow/release-private.h"

#include <string.h>

static gboolean
put_card(CrRelease *release, GError **error)
{
  release->facts = cr_release_facts(release, error);
  if (!release->facts)
    return FALSE;
  g_autofree char *markdown = cr_card_markdown(release->facts);
  return cr_release_put(release, "dataset-card.md", markdown, strlen(markdown), error) &&
         cr_release_put_json(release, "dataset-card.json", release->facts, error);
}

static gboolean
put_guidelines(CrRelease *release, GError **error)
{
  const char *markdown = cr_guidelines_markdown(release->guidelines);
  g_autoptr(json_t) json = cr_guidelines_to_json(release->guidelines);
  json_object_set_new(json, "version", json_integer(release->version));
  return cr_release_put_json(release, "guidelines.json", json, error) &&
         cr_release_put(release, "guidelines.md", markdown, strlen(markdown), error);
}

static gboolean
put_agreement(CrRelease *release, GError **error)
{
  g_autoptr(json_t) list = json_array();
  for (guint i = 0; i < release->batches->len; i++) {
    g_autoptr(GError) local = NULL;
    g_autoptr(CrBatchRow) batch = cr_labels_load_batch(release->p->work, release->batches->pdata[i], &local);
    g_autoptr(CrAgreementRow) record =
        batch ? cr_labels_load_agreement(release->p->work, batch->name, batch->round, &local) : NULL;
    json_t *json = record ? cr_json_parse(record->json, strlen(record->json), &local) : NULL;
    if (local) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    if (json)
      json_array_append_new(list, json);
  }
  return cr_release_put_json(release, "agreement.json", list, error);
}

/* Which note is in which part; patients by number only. */
static gboolean
put_splits(CrRelease *release, GError **error)
{
  gint64 seed = release->options->seed >= 0 ? release->options->seed : 1;
  g_autoptr(json_t) parts = json_object();
  for (guint s = 0; s < release->splits->len; s++) {
    const CrReleaseSplit *split = &g_array_index(release->splits, CrReleaseSplit, s);
    json_t *ids = json_array();
    for (guint i = 0; i < release->notes->len; i++) {
      const CrReleaseNote *note = release->notes->pdata[i];
      if (note->split == s)
        json_array_append_new(ids, json_string(note->id));
    }
    json_object_set_new(parts, split->name,
                        json_pack("{s:f, s:I, s:o}", "share", split->share, "patients",
                                  (json_int_t)split->n_patients, "notes", ids));
  }
  g_autoptr(json_t) splits = json_pack("{s:I, s:s, s:O, s:O?}", "seed", (json_int_t)seed, "unit", "patient",
                                       "parts", parts, "leakage", release->leakage);
  return cr_release_put_json(release, "splits.json", splits, error);
}

gboolean
cr_release_describe(CrRelease *release, GError **error)
{
  if (!release->options->unlabelled && (!put_guidelines(release, error) || !put_agreement(release, error)))
    return FALSE;
  return put_splits(release, error) && put_card(release, error);
}
