/* utility-report.c: what masking took of the clinical content, from the originals and the logs of what was
 * taken out. */
#include "store/documents.h"
#include "workflow/workflow-private.h"
#include <chartroom/quality.h>
#include <chartroom/risk.h>
#include <chartroom/utility.h>

static const char *const past_clearing[] = {"cleared",  "assigned", "labelled", "resolved",
                                            "reviewed", "approved", "exported"};

typedef struct {
  CrProject *p;
  CrUtility *utility;
  CrUtilityCounts counts;
  gint64 n_notes, n_destroyed, n_all;
  CrProgressFunc progress; /* may be NULL */
  gpointer user_data;
} Measuring;

/* The stretches of the original that were taken out. */
static GArray *
masked_spans(const json_t *redaction)
{
  GArray *spans = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  const json_t *item;
  gsize i;
  json_array_foreach(json_object_get(redaction, "items"), i, item)
  {
    CrSpan span = {(gsize)json_integer_value(json_object_get(item, "old_start")),
                   (gsize)json_integer_value(json_object_get(item, "old_end"))};
    g_array_append_val(spans, span);
  }
  return spans;
}

static gboolean
measure_note(Measuring *m, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrText) text = cr_original_load_text(m->p, note, &local);
  g_autoptr(json_t) redaction = text ? cr_original_load_json(m->p, note, "redaction", NULL, &local) : NULL;
  if (g_error_matches(local, CR_ERROR, CR_ERROR_DESTROYED)) {
    m->n_destroyed++;
    return TRUE;
  }
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  g_autoptr(GArray) spans = masked_spans(redaction);
  cr_utility_add(m->utility, text, spans, &m->counts);
  m->n_notes++;
  if (m->progress)
    m->progress("notes", (guint64)(m->n_notes + m->n_destroyed), (guint64)m->n_all, m->user_data);
  return TRUE;
}

static gboolean
measure_all(Measuring *m, GError **error)
{
  for (guint s = 0; s < G_N_ELEMENTS(past_clearing); s++) {
    g_autoptr(GPtrArray) notes = cr_documents_ids(m->p->work, past_clearing[s], NULL, error);
    for (guint i = 0; notes && i < notes->len; i++)
      if (!measure_note(m, notes->pdata[i], error))
        return FALSE;
    if (!notes)
      return FALSE;
  }
  return TRUE;
}

static json_t *
describe(const Measuring *m, guint top)
{
  json_t *classes = json_object();
  guint64 all = 0, masked = 0;
  for (guint i = 0; i < CR_UTILITY_N_CLASSES; i++) {
    all += m->counts.all[i];
    masked += m->counts.masked[i];
    json_object_set_new(classes, cr_utility_class_name((CrUtilityClass)i),
                        json_pack("{s:I, s:I}", "all", (json_int_t)m->counts.all[i], "masked",
                                  (json_int_t)m->counts.masked[i]));
  }
  CrRiskFigure share = cr_risk_wilson(masked, all),
               precision = cr_risk_wilson(m->counts.words_masked - masked, m->counts.words_masked);
  return json_pack("{s:I, s:I, s:o, s:I, s:I, s:o, s:o, s:o}", "notes", (json_int_t)m->n_notes, "destroyed",
                   (json_int_t)m->n_destroyed, "classes", classes, "words_masked",
                   (json_int_t)m->counts.words_masked, "clinical_masked", (json_int_t)masked, "share",
                   cr_risk_figure_json(&share), "precision", cr_risk_figure_json(&precision), "words",
                   cr_utility_words(m->utility, top));
}

json_t *
cr_quality_utility(CrProject *p, guint top, CrProgressFunc progress, gpointer user_data, GError **error)
{
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "measuring what was masked", error) ||
      !cr_project_require_vault(p, "measuring what was masked", error))
    return NULL;
  g_autoptr(CrUtility) utility = cr_utility_new(NULL, NULL, error);
  Measuring m = {.p = p, .utility = utility, .progress = progress, .user_data = user_data};
  m.n_all = cr_documents_count(p->work, NULL, NULL, NULL);
  if (!utility || !measure_all(&m, error) || !cr_tx_begin(p, error))
    return NULL;
  cr_tx_event(p, CR_ROLE_PRIVACY, "utility.measured", "project", NULL, NULL, NULL);
  if (cr_tx_commit(p, error))
    return describe(&m, top);
  cr_tx_rollback(p);
  return NULL;
}
