/* Makes a pass ready for tagging. */
#include "plan-private.h"
#include "rows-private.h"
#include <string.h>

#define MAX_ROWS (1U << 16) /* some 20 MB: the features that stand first in the table have them */
#define DENSE_FROM 12       /* weights from which on adding a row is faster than adding them one by one */

static void
put_row(const CrPlan *plan, const CrPass *pass, guint32 where, gint16 *row)
{
  const CrWeight *weight = pass->weights + (where >> 8);
  for (guint i = 0; i < (where & 255); i++)
    row[cr_row_half(plan->place[GUINT16_FROM_LE(weight[i].state)])] = GINT16_FROM_LE(weight[i].weight);
}

static gboolean
is_dense(const CrPass *pass, guint32 slot)
{
  return (GUINT32_FROM_LE(pass->slots[slot].where) & 255) >= DENSE_FROM;
}

static void
fill_rows(CrPlan *plan, const CrPass *pass)
{
  guint32 n = 0;
  for (guint32 s = 0; s < pass->n_slots; s++)
    n += is_dense(pass, s);
  n = MIN(n, MAX_ROWS);
  plan->dense = g_new0(gint16, (gsize)n * plan->layout.n + 1);
  plan->slots = g_new(CrSlot, pass->n_slots);
  const guint32 n_rows = n;
  n = 0;
  for (guint32 s = 0; s < pass->n_slots; s++) {
    const guint32 where = GUINT32_FROM_LE(pass->slots[s].where);
    plan->slots[s] = (CrSlot){GUINT32_FROM_LE(pass->slots[s].fingerprint), where};
    if (!is_dense(pass, s) || n == n_rows)
      continue;
    put_row(plan, pass, where, plan->dense + (gsize)n * plan->layout.n);
    plan->slots[s].where = n++ << 8 | CR_DENSE_MARK;
  }
}

/* Whether a template asks one word alone, and at which offset. */
static gboolean
one_word(const CrTemplate *item, int *offset)
{
  *offset = item->parts[0].offset;
  for (guint p = 0; p < item->n_parts; p++)
    if (item->parts[p].column > CR_COL_CLASSES || item->parts[p].offset != *offset)
      return FALSE;
  return TRUE;
}

static void
part_templates(CrPlan *plan, const CrTemplates *templates)
{
  for (guint r = 0; r < CR_N_ROLES; r++)
    plan->role[r] = g_array_new(FALSE, FALSE, sizeof(CrTemplate));
  plan->rest = g_array_new(FALSE, FALSE, sizeof(CrTemplate));
  for (guint i = 0; i < templates->items->len; i++) {
    CrTemplate item = g_array_index(templates->items, CrTemplate, i);
    int offset;
    if (one_word(&item, &offset))
      g_array_append_val(plan->role[offset + CR_MAX_OFFSET], item);
    else
      g_array_append_val(plan->rest, item);
  }
  for (guint r = 0; r < CR_N_ROLES; r++)
    if (plan->role[r]->len > 0)
      plan->offset[plan->n_roles++] = (gint8)((int)r - CR_MAX_OFFSET);
}

CrPlan *
cr_plan_new(const CrPass *pass, guint k)
{
  CrPlan *plan = g_new0(CrPlan, 1);
  plan->k = k;
  plan->layout = cr_row_layout(k);
  for (guint s = 0; s < cr_states_n(k); s++)
    plan->place[s] = (guint16)cr_row_place(k, s);
  fill_rows(plan, pass);
  part_templates(plan, pass->templates);
  return plan;
}

void
cr_plan_free(CrPlan *plan)
{
  if (plan == NULL)
    return;
  for (guint r = 0; r < CR_N_ROLES; r++)
    g_array_unref(plan->role[r]);
  g_array_unref(plan->rest);
  g_free(plan->slots);
  g_free(plan->dense);
  g_free(plan);
}
