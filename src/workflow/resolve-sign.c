/* resolve-sign.c: what a resolution's signature covers, and who decided what, when and why.
 *
 * Signed is the hash of the whole record: the note, the readings it was made on, every decision with its
 * reason, the set that comes out and the state. A record whose signature does not hold is not used. */
#include "workflow/reading-private.h"

#include <string.h>

#define COMPARERS (CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER)

char *
cr_resolution_hash(const CrResolutionRow *row, const json_t *content)
{
  g_autoptr(json_t) record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "note", row->note, "resolver",
                                       row->resolver, "inputs", row->inputs, "state", row->state, "flags",
                                       row->flags, "sha256", row->sha256, "content", (json_t *)content);
  g_autofree char *text = cr_reading_canonical(record);
  return cr_sha256_hex(text, strlen(text));
}

gboolean
cr_resolution_check(CrProject *p, const CrResolutionRow *row, const json_t *content, GError **error)
{
  g_autofree char *hash = cr_resolution_hash(row, content);
  if (row->signature && cr_project_signature_holds(p, row->resolver, row->signature, hash))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_SEAL_BROKEN,
              "note %s: the signature of %s over its resolution does not hold", row->note, row->resolver);
  return FALSE;
}

/* ---- the history of a note ---- */

typedef struct {
  CrProject *p;
  json_t *list;
} History;

static gboolean
history_cb(const CrResolutionRow *row, gpointer user_data, GError **error)
{
  History *h = user_data;
  g_autoptr(json_t) content = cr_resolution_open(h->p, row, error);
  if (!content)
    return FALSE;
  g_autofree char *time = cr_time_format(row->time_us);
  gboolean holds = cr_resolution_check(h->p, row, content, NULL);
  json_t *item = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I}", "resolver", row->resolver, "time", time,
                           "state", row->state, "flags", row->flags, "sha256", row->sha256, "signature_holds",
                           (int)holds, "guidelines", (json_int_t)row->guidelines);
  static const char *const shown[] = {"decisions", "reason", "confirms", "critical"};
  for (guint i = 0; i < G_N_ELEMENTS(shown); i++)
    if (json_object_get(content, shown[i]))
      json_object_set(item, shown[i], json_object_get(content, shown[i]));
  json_array_append_new(h->list, item);
  return TRUE;
}

json_t *
cr_reading_resolve_history(CrProject *p, const char *name, GError **error)
{
  g_autoptr(json_t) list = json_array();
  History h = {p, list};
  if (!cr_project_require(p, COMPARERS, "seeing who decided what", error))
    return NULL;
  g_autofree char *note = cr_project_resolve_note(p, name, error);
  if (!note || !cr_labels_list_resolutions(p->work, note, history_cb, &h, error))
    return NULL;
  return g_steal_pointer(&list);
}
