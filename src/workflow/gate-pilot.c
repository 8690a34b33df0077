/* gate-pilot.c: gate G3. No second batch before the pilot went through all stages and its readers agreed. */
#include "workflow/reading-private.h"

#include <string.h>

#define FLOOR 0.70

static const char *const metrics[] = {"token_kappa", "span_f1_strict", "span_f1_partial", NULL};

double
cr_agreement_floor(CrProject *p)
{
  return cr_project_setting(p, "agreement.floor", FLOOR);
}

char *
cr_agreement_metric(CrProject *p)
{
  g_autofree char *set = cr_db_dup_meta(p->work, "agreement.metric", NULL);
  return g_strdup(set && g_strv_contains(metrics, set) ? set : metrics[0]);
}

json_t *
cr_agreement_pick(const json_t *result, const char *metric)
{
  if (g_str_has_prefix(metric, "span_f1_"))
    return json_object_get(json_object_get(result, "span_f1"), metric + strlen("span_f1_"));
  return json_object_get(result, metric);
}

char *
cr_agreement_inputs(CrProject *p, const char *batch, GError **error)
{
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
  g_autoptr(GPtrArray) notes = cr_labels_doubly_read(p->work, batch, error);
  for (guint i = 0; notes && i < notes->len; i++) {
    g_autofree char *hash = cr_labels_inputs_hash(p->work, notes->pdata[i], error);
    if (!hash)
      return NULL;
    g_checksum_update(sum, (const guchar *)hash, -1);
  }
  return notes ? g_strdup(g_checksum_get_string(sum)) : NULL;
}

/* ---- the floor ---- */

static gboolean
refuse(GError **error, CrErrorCode code, const char *batch, const char *why)
{
  g_set_error(error, CR_ERROR, (int)code, "batch '%s': %s", batch, why);
  return FALSE;
}

static gboolean
check_value(CrProject *p, const CrAgreementRow *record, CrErrorCode code, GError **error)
{
  g_autofree char *metric = cr_agreement_metric(p);
  g_autoptr(json_t) json = cr_json_parse(record->json, strlen(record->json), error);
  if (!json)
    return FALSE;
  json_t *value = json_object_get(cr_agreement_pick(json_object_get(json, "overall"), metric), "value");
  double floor = cr_agreement_floor(p);
  if (json_is_number(value) && json_number_value(value) >= floor)
    return TRUE;
  g_autofree char *why = json_is_number(value)
                             ? g_strdup_printf("agreement %.2f (%s, %" G_GINT64_FORMAT
                                               " notes read twice) is below the floor of %.2f",
                                               json_number_value(value), metric, record->n_notes, floor)
                             : g_strdup_printf("agreement (%s, %" G_GINT64_FORMAT
                                               " notes read twice) is not defined: there is nothing "
                                               "to agree on",
                                               metric, record->n_notes);
  return refuse(error, code, record->batch, why);
}

static gboolean
check_record(CrProject *p, const CrBatchRow *batch, CrErrorCode code, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrAgreementRow) record = cr_labels_load_agreement(p->work, batch->name, batch->round, &local);
  g_autofree char *inputs = local ? NULL : cr_agreement_inputs(p, batch->name, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (!record)
    return refuse(error, code, batch->name, "its agreement has not been measured in this round");
  if (!g_str_equal(record->inputs, inputs))
    return refuse(error, code, batch->name, "its readings have changed since its agreement was measured");
  return check_value(p, record, code, error);
}

gboolean
cr_gate_agreement(CrProject *p, const char *name, CrErrorCode code, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrBatchRow) batch = cr_labels_load_batch(p->work, name, error);
  if (!batch)
    return FALSE;
  gint64 n_double = cr_labels_count_doubly(p->work, name, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (n_double > 0)
    return check_record(p, batch, code, error);
  /* One person alone has nobody to agree with; the dataset card says so. */
  if (cr_reading_works_alone(p))
    return TRUE;
  return refuse(error, code, name, "no note of it is read by two readers, so agreement is not known");
}

/* ---- the pilot ---- */

static gboolean
find_pilot_cb(const CrBatchRow *row, gpointer name, GError **error)
{
  char **found = name;
  if (row->pilot && !*found)
    *found = g_strdup(row->name);
  return TRUE;
}

gboolean
cr_gate_pilot(CrProject *p, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *pilot = NULL;
  if (!cr_labels_list_batches(p->work, find_pilot_cb, &pilot, error))
    return FALSE;
  if (!pilot)
    return TRUE;
  gint64 all = cr_labels_batch_count(p->work, pilot, NULL, &local);
  gint64 through = local ? 0 : cr_labels_batch_count(p->work, pilot, "approved", &local);
  through += local ? 0 : cr_labels_batch_count(p->work, pilot, "exported", &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (through < all) {
    g_set_error(error, CR_ERROR, CR_ERROR_GATE_PILOT,
                "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " notes of the pilot batch '%s' are not approved",
                all - through, all, pilot);
    return FALSE;
  }
  return cr_gate_agreement(p, pilot, CR_ERROR_GATE_PILOT, error);
}

/* ---- for status ---- */

static void
add_gate(json_t *list, const char *gate, const GError *why, gboolean overridden)
{
  json_array_append_new(list, json_pack("{s:s, s:b, s:s?, s:b}", "gate", gate, "holds", why && !overridden,
                                        "why", why ? why->message : NULL, "overridden", (int)overridden));
}

static gboolean
is_gate(const GError *error)
{
  return !error || g_error_matches(error, CR_ERROR, CR_ERROR_GATE_GUIDELINES) ||
         g_error_matches(error, CR_ERROR, CR_ERROR_GATE_PILOT);
}

json_t *
cr_reading_gates(CrProject *p, GError **error)
{
  g_autoptr(GError) guidelines = NULL, pilot = NULL;
  (void)!cr_gate_guidelines(p, NULL, &guidelines);
  (void)!cr_gate_pilot(p, &pilot);
  if (!is_gate(guidelines) || !is_gate(pilot)) {
    GError **failed = is_gate(guidelines) ? &pilot : &guidelines;
    g_propagate_error(error, g_steal_pointer(failed));
    return NULL;
  }
  json_t *list = json_array();
  add_gate(list, "G2", guidelines, FALSE);
  g_autoptr(GPtrArray) names = cr_labels_batch_names(p->work, error);
  if (names && names->len > 0)
    add_gate(list, "G3", pilot, pilot && cr_gate_overridden(p, "G3", NULL));
  return list;
}
