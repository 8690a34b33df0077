/* trail-view.c: the trail as an auditor sees it. Needs no key and no open project: only the folder. */
#include "workflow/workflow-private.h"

/* The project's id, from the keyring's readable part. */
static char *
project_id(const char *path, GError **error)
{
  g_autofree char *file = cr_project_file(path, CR_FILE_KEYRING);
  g_autoptr(CrKeyring) ring = cr_keyring_load(cr_workflow_env(), file, error);
  return ring ? g_strdup(cr_keyring_project_id(ring)) : NULL;
}

static GPtrArray *
all_anchors(const char *id, const char *const *given)
{
  GPtrArray *anchors = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *kept = cr_trail_anchor_path(id);
  for (guint i = 0; given && given[i]; i++)
    g_ptr_array_add(anchors, g_strdup(given[i]));
  if (g_file_test(kept, G_FILE_TEST_EXISTS))
    g_ptr_array_add(anchors, g_steal_pointer(&kept));
  g_ptr_array_add(anchors, NULL);
  return anchors;
}

static json_t *
report_json(const CrAuditReport *r)
{
  json_t *notes = json_array();
  for (guint i = 0; r->notes && i < r->notes->len; i++)
    json_array_append_new(notes, json_string(r->notes->pdata[i]));
  return json_pack("{s:b, s:I, s:o, s:s?, s:I, s:s?, s:s?, s:s?, s:s?, s:o}", "ok", r->ok, "events",
                   (json_int_t)r->n_events, "broken_at",
                   r->broken_at >= 0 ? json_integer(r->broken_at) : json_null(), "what", r->what, "signed",
                   (json_int_t)r->n_signed, "signed_by", r->signed_by, "signed_at", r->signed_at, "head",
                   r->head, "root", r->root, "notes", notes);
}

json_t *
cr_project_audit_verify(const char *path, const char *const *anchors, GError **error)
{
  g_autofree char *id = project_id(path, error), *log = cr_project_file(path, CR_FILE_LOG),
                  *head = cr_project_file(path, CR_FILE_HEAD);
  if (!id)
    return NULL;
  g_autoptr(GPtrArray) all = all_anchors(id, anchors);
  g_autoptr(CrAuditReport) report = cr_audit_verify(log, head, (const char *const *)all->pdata, id, error);
  return report ? report_json(report) : NULL;
}

typedef struct {
  CrTrailFunc func;
  gpointer user_data;
} Walk;

static gboolean
walk_cb(const CrEventView *e, gpointer user_data)
{
  Walk *w = user_data;
  g_autoptr(json_t) row =
      json_pack("{s:I, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:b, s:s?}", "seq",
                (json_int_t)e->seq, "time", e->time, "actor", e->actor, "role", e->role, "session",
                e->session, "object", e->object, "action", e->action, "old", e->old_value, "new",
                e->new_value, "reason", e->reason, "sealed", e->sealed, "version", e->version);
  return w->func(row, w->user_data);
}

gboolean
cr_project_audit_walk(const char *path, CrTrailFunc func, gpointer user_data, GError **error)
{
  g_autofree char *log = cr_project_file(path, CR_FILE_LOG);
  Walk w = {func, user_data};
  return cr_audit_walk(log, walk_cb, &w, error);
}
