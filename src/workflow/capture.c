/* capture.c: see capture.h. */
#include "workflow/capture.h"

/* The decisions as they were read blind: d itself, or a copy that the caller frees. */
static CrDecisions *
blind_of(const CrDecisions *d, GError **error)
{
  CrDecisions *blind = cr_decisions_new(g_array_ref(d->candidates));
  g_autoptr(json_t) json = d->blind ? json_incref(d->blind) : cr_decisions_to_json(d);
  if (cr_decisions_restore(blind, json, error))
    return blind;
  cr_decisions_free(blind);
  return NULL;
}

static gboolean
detector_found(const CrDecisions *d, CrSpan span)
{
  for (guint i = 0; i < d->candidates->len; i++)
    if (cr_span_overlaps(g_array_index(d->candidates, CrPhiSpan, i).span, span))
      return TRUE;
  return FALSE;
}

static gboolean
reviewer_found(const CrDecisions *d, CrSpan span)
{
  for (guint i = 0; i < d->decisions->len; i++) {
    const CrDecision *x = &g_array_index(d->decisions, CrDecision, i);
    if (x->verdict == CR_REMOVE && !x->by_added && cr_span_overlaps(x->as.span, span))
      return TRUE;
  }
  for (guint i = 0; i < d->added->len; i++)
    if (cr_span_overlaps(g_array_index(d->added, CrKindSpan, i).span, span))
      return TRUE;
  return FALSE;
}

gboolean
cr_capture_note(const CrDecisions *first, const CrDecisions *second, const GArray *removed,
                const CrPolicy *policy, CrCaptureKinds *out, GError **error)
{
  g_autoptr(CrDecisions) a = blind_of(first, error);
  g_autoptr(CrDecisions) b = a ? blind_of(second, error) : NULL;
  if (!b)
    return FALSE;
  for (guint i = 0; i < removed->len; i++) {
    const CrPhiSpan *s = &g_array_index(removed, CrPhiSpan, i);
    if (cr_policy_action(policy, s->kind) == CR_PHI_KEEP)
      continue;
    guint who = (detector_found(a, s->span) ? CR_FOUND_DETECTOR : 0) |
                (reviewer_found(a, s->span) ? CR_FOUND_FIRST : 0) |
                (reviewer_found(b, s->span) ? CR_FOUND_SECOND : 0);
    out->kinds[s->kind].cells[who]++;
  }
  return TRUE;
}

static gboolean
has_any(const CrCapture *c)
{
  guint64 n = 0;
  for (guint i = 0; i < G_N_ELEMENTS(c->cells); i++)
    n += c->cells[i];
  return n > 0;
}

json_t *
cr_capture_to_json(const CrCaptureKinds *kinds)
{
  json_t *json = json_object();
  for (guint k = 0; k < CR_PHI_N_KINDS; k++) {
    if (!has_any(&kinds->kinds[k]))
      continue;
    json_t *cells = json_array();
    for (guint i = 0; i < G_N_ELEMENTS(kinds->kinds[k].cells); i++)
      json_array_append_new(cells, json_integer((json_int_t)kinds->kinds[k].cells[i]));
    json_object_set_new(json, cr_phi_kind_name((CrPhiKind)k), cells);
  }
  return json;
}

void
cr_capture_from_json(CrCaptureKinds *out, const json_t *json)
{
  const char *name;
  json_t *cells;
  json_object_foreach((json_t *)json, name, cells)
  {
    CrPhiKind kind;
    if (!cr_phi_kind_parse(name, &kind))
      continue;
    for (guint i = 0; i < G_N_ELEMENTS(out->kinds[kind].cells); i++)
      out->kinds[kind].cells[i] += (guint64)MAX(0, json_integer_value(json_array_get(cells, i)));
  }
}
