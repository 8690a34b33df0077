/* status.c: where every note is, who is waited for, which gate holds and why. */
#include <chartroom/privacy.h>
#include <chartroom/reading.h>
#include <chartroom/release.h>

#include "store/documents.h"
#include "store/review.h"
#include "workflow/workflow-private.h"

/* In the order of the work; what each state waits for. */
static const struct {
  const char *state, *waits_for;
  CrRole who;
} stages[] = {{"imported", "detection", CR_ROLE_PRIVACY},
              {"detected", "privacy review", CR_ROLE_PRIVACY},
              {"review", "privacy review", CR_ROLE_PRIVACY},
              {"leak", "privacy review of a reported leak", CR_ROLE_PRIVACY},
              {"cleared", "assignment to readers", CR_ROLE_LEAD},
              {"assigned", "labelling", CR_ROLE_CLINICIAN},
              {"labelled", "resolution", CR_ROLE_SENIOR},
              {"resolved", "quality review", CR_ROLE_SENIOR},
              {"reviewed", "approval", CR_ROLE_SENIOR},
              {"approved", "export", CR_ROLE_ENGINEER},
              {"exported", NULL, 0}};

/* Stages that wait for the same are one row. */
static void
add_waiting(json_t *waiting, const char *what, CrRole role, gint64 n)
{
  g_autofree char *who = cr_roles_format(role);
  size_t i;
  json_t *row;
  json_array_foreach(waiting, i, row) if (g_str_equal(json_string_value(json_object_get(row, "what")), what))
  {
    json_object_set_new(row, "count", json_integer(json_integer_value(json_object_get(row, "count")) + n));
    return;
  }
  json_array_append_new(waiting,
                        json_pack("{s:s, s:s, s:I}", "what", what, "who", who, "count", (json_int_t)n));
}

static gboolean
count_states(CrProject *p, json_t *states, json_t *waiting, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(stages); i++) {
    g_autoptr(GError) local = NULL;
    gint64 n = cr_documents_count(p->work, stages[i].state, NULL, &local);
    if (local) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    json_object_set_new(states, stages[i].state, json_integer(n));
    if (n > 0 && stages[i].waits_for)
      add_waiting(waiting, stages[i].waits_for, stages[i].who, n);
  }
  gint64 open = cr_review_scan_count(p->work, "open", error);
  if (open > 0)
    json_array_append_new(waiting, json_pack("{s:s, s:s, s:I}", "what", "answers to the export scan", "who",
                                             "privacy", "count", (json_int_t)open));
  return TRUE;
}

/* G1, one row an import batch that is not all cleared. */
static gboolean
clear_gates(CrProject *p, json_t *gates, json_t *batches, GError **error)
{
  g_autoptr(GPtrArray) names = cr_documents_batches(p->work, error);
  for (guint i = 0; names && i < names->len; i++) {
    const char *batch = names->pdata[i];
    gint64 all = cr_documents_count(p->work, NULL, batch, error), open = 0;
    static const char *const before[] = {"imported", "detected", "review", "leak"};
    for (guint s = 0; s < G_N_ELEMENTS(before); s++)
      open += cr_documents_count(p->work, before[s], batch, error);
    json_array_append_new(batches, json_pack("{s:s, s:I, s:I}", "batch", batch, "notes", (json_int_t)all,
                                             "cleared", (json_int_t)(all - open)));
    if (open == 0)
      continue;
    g_autoptr(GError) local = NULL;
    g_autofree char *why = cr_gate_clear_missing(p, batch, &local);
    if (local) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    json_array_append_new(gates, json_pack("{s:s, s:s, s:b, s:s}", "gate", "G1", "batch", batch, "holds",
                                           why != NULL, "why", why ? why : "`redact` can clear the batch"));
  }
  return names != NULL;
}

static gboolean
override_cb(const CrOverrideRow *row, gpointer list, GError **error)
{
  g_autofree char *time = cr_time_format(row->time_us);
  json_array_append_new(list, json_pack("{s:s, s:s?, s:s, s:s, s:s, s:s}", "gate", row->gate, "scope",
                                        row->scope, "reason", row->reason, "lead", row->lead, "second",
                                        row->second, "time", time));
  return TRUE;
}

json_t *
cr_project_status(CrProject *p, GError **error)
{
  g_autoptr(json_t) states = json_object(), waiting = json_array(), gates = json_array(),
                    batches = json_array(), overrides = json_array();
  if (!count_states(p, states, waiting, error) || !clear_gates(p, gates, batches, error))
    return NULL;
  g_autoptr(json_t) reading = cr_reading_gates(p, error);
  if (!reading || !cr_override_list(p->work, override_cb, overrides, error))
    return NULL;
  json_array_extend(gates, reading);
  return json_pack("{s:s, s:s, s:I, s:i, s:O, s:O, s:O, s:O, s:O}", "project", p->id, "member",
                   cr_project_member(p), "events", (json_int_t)cr_chain_n_events(p->chain), "reviewers",
                   (int)cr_project_reviewers(p), "states", states, "waiting", waiting, "gates", gates,
                   "batches", batches, "overrides", overrides);
}
