/* monitor.c: what a scan of an export found comes back into the review. Which notes were drawn, by which
 * seed, and how many findings each had stands in the trail. */
#include "workflow/release-private.h"
#include <chartroom/quality.h>

#include <string.h>

#define MONITORS (CR_ROLE_PRIVACY | CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER)

typedef struct {
  CrProject *p;
  CrRole role;
  CrKey *key;
  gboolean send_back;
  json_t *notes, *unknown, *changed;
  gint64 n_findings, n_answered, n_open, n_returned;
} Monitor;

static void
monitor_clear(Monitor *m)
{
  g_clear_pointer(&m->key, cr_key_unref);
  g_clear_pointer(&m->notes, json_decref);
  g_clear_pointer(&m->unknown, json_decref);
  g_clear_pointer(&m->changed, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Monitor, monitor_clear)

static gboolean
file_finding(Monitor *m, const char *note, const json_t *finding, gint64 *n_open, GError **error)
{
  g_autoptr(GError) local = NULL;
  const char *kind = cr_reading_need(finding, "kind", error);
  gint64 start = json_integer_value(json_object_get(finding, "start")),
         end = json_integer_value(json_object_get(finding, "end"));
  if (!kind)
    return FALSE;
  g_autofree char *key = cr_scan_finding_key(m->key, note, start, end, kind);
  gboolean answered = cr_review_scan_answered(m->p->work, key, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  m->n_findings++;
  m->n_answered += answered;
  *n_open += !answered;
  CrScanFinding row = {.key = key, .note = note, .kind = kind, .status = "open", .start = start, .end = end};
  return answered || cr_review_scan_put(m->p->work, &row, error);
}

static gboolean
file_findings(Monitor *m, const char *note, const json_t *findings, GError **error)
{
  gint64 n_open = 0, n_before = m->n_findings;
  const json_t *finding;
  gsize i;
  json_array_foreach(findings, i, finding) if (!file_finding(m, note, finding, &n_open, error)) return FALSE;
  g_autofree char *object = cr_reading_object(note),
                  *value =
                      g_strdup_printf("{\"findings\":%" G_GINT64_FORMAT ",\"open\":%" G_GINT64_FORMAT "}",
                                      m->n_findings - n_before, n_open);
  cr_tx_event(m->p, m->role, "note.monitored", object, NULL, value, NULL);
  m->n_open += n_open;
  if (n_open == 0)
    return TRUE;
  json_array_append_new(m->notes, json_string(note));
  if (!m->send_back)
    return TRUE;
  m->n_returned++;
  return cr_note_return_to_review(m->p, m->role, note, "found by the monitor of an export", error);
}

/* Whether the exported text is the one that stands cleared now. */
static gboolean
is_cleared_text(Monitor *m, const char *note, const char *sha, gboolean *same)
{
  g_autoptr(GError) not_cleared = NULL; /* it has gone back since */
  g_autofree char *now = cr_labels_cleared_sha(m->p->work, note, &not_cleared);
  *same = g_strcmp0(now, sha) == 0;
  return now || g_error_matches(not_cleared, CR_ERROR, CR_ERROR_WRONG_STATE);
}

static gboolean
take_note(Monitor *m, const json_t *row, GError **error)
{
  g_autoptr(GError) local = NULL;
  const char *note = cr_reading_need(row, "note", error), *sha = cr_reading_string(row, "sha256");
  gboolean same;
  if (!note)
    return FALSE;
  gboolean known = cr_documents_exists(m->p->work, note, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (!known) {
    json_array_append_new(m->unknown, json_string(note));
    return TRUE;
  }
  if (!is_cleared_text(m, note, sha, &same)) {
    g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "note %s: its cleared text cannot be read", note);
    return FALSE;
  }
  if (same)
    return file_findings(m, note, json_object_get(row, "findings"), error);
  json_array_append_new(m->changed, json_string(note));
  g_autofree char *object = cr_reading_object(note);
  cr_tx_event(m->p, m->role, "note.monitored", object, NULL, "{\"changed\":true}", NULL);
  return TRUE;
}

static void
tell(Monitor *m, const json_t *drawn, const json_t *draw)
{
  g_autoptr(json_t) json = json_deep_copy(draw);
  json_object_set_new(json, "drawn", json_integer((json_int_t)json_array_size(drawn)));
  json_object_set_new(json, "findings", json_integer(m->n_findings));
  json_object_set_new(json, "open", json_integer(m->n_open));
  json_object_set_new(json, "unknown", json_integer((json_int_t)json_array_size(m->unknown)));
  json_object_set_new(json, "changed", json_integer((json_int_t)json_array_size(m->changed)));
  g_autofree char *value = cr_json_dump(json);
  cr_tx_event(m->p, m->role, "export.monitored", "project", NULL, value, NULL);
}

static gboolean
take_all(Monitor *m, const json_t *drawn, const json_t *draw, GError **error)
{
  const json_t *row;
  gsize i;
  json_array_foreach(drawn, i, row) if (!take_note(m, row, error)) return FALSE;
  tell(m, drawn, draw);
  return TRUE;
}

json_t *
cr_quality_monitor(CrProject *p, const json_t *drawn, const json_t *draw, gboolean send_back, GError **error)
{
  if (!cr_project_require(p, MONITORS, "monitoring an export", error))
    return NULL;
  g_auto(Monitor) m = {.p = p,
                       .role = cr_reading_role(p, MONITORS),
                       .send_back = send_back,
                       .notes = json_array(),
                       .unknown = json_array(),
                       .changed = json_array()};
  m.key = cr_keyring_open_key(p->keyring, "work", p->member, error);
  if (!m.key || !cr_tx_begin(p, error) || !cr_reading_end(p, take_all(&m, drawn, draw, error), error))
    return NULL;
  return json_pack("{s:I, s:I, s:I, s:I, s:O, s:I, s:O, s:O}", "drawn", (json_int_t)json_array_size(drawn),
                   "findings", (json_int_t)m.n_findings, "answered", (json_int_t)m.n_answered, "open",
                   (json_int_t)m.n_open, "notes", m.notes, "returned", (json_int_t)m.n_returned, "unknown",
                   m.unknown, "changed", m.changed);
}
