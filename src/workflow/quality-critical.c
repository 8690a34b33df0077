/* quality-critical.c: how much of a batch must be looked at because of critical labels. The share that a
 * senior reviewer asks for is drawn first; notes with a critical finding are then added, in the same seeded
 * order, until there are as many of them as the single sample of the plan asks for. */
#include "workflow/quality-private.h"

/* acceptable, rejectable shares of flagged notes, and the risks of erring about either. */
static const CrSamplingPlan critical = {0.01, 0.05, 0.05, 0.10}, other = {0.025, 0.10, 0.05, 0.10};

const CrSamplingPlan *
cr_quality_plan(gboolean is_critical)
{
  return is_critical ? &critical : &other;
}

static gboolean
has_critical_label(const CrGuidelines *g)
{
  const GPtrArray *labels = cr_guidelines_labels(g);
  for (guint i = 0; i < labels->len; i++)
    if (((CrGuidelinesLabel *)labels->pdata[i])->critical)
      return TRUE;
  return FALSE;
}

static gboolean
has_critical_finding(CrProject *p, GHashTable *cache, const CrGuidelines *g, const char *note, gboolean *has,
                     GError **error)
{
  g_auto(CrFinal) final = {0};
  json_t *finding;
  gsize i;
  if (!cr_final_load(p, cache, note, &final, error))
    return FALSE;
  json_array_foreach(json_object_get(final.set, "entities"), i, finding)
  {
    const CrGuidelinesLabel *label = cr_guidelines_find_label(g, cr_reading_string(finding, "label"));
    *has = *has || (label && label->critical);
  }
  return TRUE;
}

GPtrArray *
cr_quality_more_critical(CrProject *p, GHashTable *cache, const GPtrArray *order, gsize n_drawn,
                         GError **error)
{
  g_autoptr(CrGuidelines) g = cr_reading_guidelines(p, -1, error);
  g_autoptr(GPtrArray) more = g_ptr_array_new(), held = g_ptr_array_new();
  guint64 n_seen = 0, most = 0;
  if (!g)
    return NULL;
  for (gsize i = 0; has_critical_label(g) && i < order->len; i++) {
    gboolean has = FALSE;
    if (!has_critical_finding(p, cache, g, order->pdata[i], &has, error))
      return NULL;
    n_seen += has && i < n_drawn;
    if (has)
      g_ptr_array_add(held, order->pdata[i]);
  }
  guint64 wanted = held->len ? cr_stat_single_sample(&critical, held->len, &most) : 0;
  for (guint64 i = n_seen; i < wanted; i++)
    g_ptr_array_add(more, held->pdata[i]);
  return g_steal_pointer(&more);
}
