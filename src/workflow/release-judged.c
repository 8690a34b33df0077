/* release-judged.c: what the card says against the release: what may be left in it, which gates stood open by
 * whose word, what nobody settled. */
#include "workflow/release-private.h"
#include "workflow/risk-report.h"

/* ---- residual risk ---- */

static json_t *
risk_row(const char *kind, const json_t *report)
{
  static const char *const counts[] = {"found", "both", "beyond_detector"};
  const json_t *missed = json_object_get(report, "missed");
  json_t *row = json_pack("{s:s}", "kind", kind);
  for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
    json_object_set(row, counts[i], json_object_get(report, counts[i]));
  json_object_set_new(row, "one",
                      json_integer(json_integer_value(json_object_get(report, "first_only")) +
                                   json_integer_value(json_object_get(report, "second_only"))));
  if (json_is_number(json_object_get(missed, "value"))) {
    json_object_set(row, "missed", json_object_get(missed, "value"));
    json_object_set(row, "low", json_object_get(missed, "low"));
    json_object_set(row, "high", json_object_get(missed, "high"));
    g_autofree char *estimate = cr_risk_figure_text(missed, 1);
    json_object_set_new(row, "estimate", json_string(estimate));
  } else {
    g_autofree char *estimate = g_strconcat("not defined: ", cr_reading_string(missed, "why"), NULL);
    json_object_set_new(row, "estimate", json_string(estimate));
  }
  return row;
}

/* What the set lost that was no identifier. */
static void
state_clinical(json_t *preparation, const json_t *clinical)
{
  g_autofree char *share = cr_risk_figure_text(json_object_get(clinical, "share"), 100);
  g_autofree char *text = g_strdup_printf("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT ", %s %%",
                                          json_integer_value(json_object_get(clinical, "masked")),
                                          json_integer_value(json_object_get(clinical, "all")), share);
  if (json_is_object(clinical))
    json_object_set_new(preparation, "clinical_masked", json_string(text));
}

gboolean
cr_release_state_risk(CrRelease *release, json_t *preparation, GError **error)
{
  g_autoptr(GHashTable) only = g_hash_table_new(g_str_hash, g_str_equal);
  json_t *rows = json_array(), *kind;
  gsize i;
  json_object_set_new(preparation, "risk", rows);
  for (i = 0; i < release->notes->len; i++)
    g_hash_table_add(only, ((CrReleaseNote *)release->notes->pdata[i])->id);
  g_autoptr(json_t) report = cr_risk_report(release->p, only, error);
  if (!report)
    return FALSE;
  json_object_set(preparation, "residual_risk", json_object_get(report, "statement"));
  state_clinical(preparation, json_object_get(report, "clinical"));
  if (json_integer_value(json_object_get(report, "read_twice")) == 0)
    return TRUE;
  json_array_append_new(rows, risk_row("all", json_object_get(report, "all")));
  json_array_foreach(json_object_get(report, "kinds"), i, kind)
      json_array_append_new(rows, risk_row(cr_reading_string(kind, "kind"), kind));
  return TRUE;
}

/* ---- gates ---- */

static json_t *
gate_row(const char *gate, const char *title, const char *why, gboolean overridden)
{
  g_autofree char *state = overridden ? g_strconcat("OVERRIDDEN: ", why, NULL)
                           : why      ? g_strconcat("not met: ", why, NULL)
                                      : g_strdup("met");
  return json_pack("{s:s, s:s, s:s}", "gate", gate, "title", title, "state", state);
}

static json_t *
check_list_row(const json_t *row)
{
  gboolean overridden = json_is_true(json_object_get(row, "overridden"));
  return gate_row(cr_reading_string(row, "gate"), cr_reading_string(row, "what"),
                  overridden ? cr_reading_string(row, "why") : NULL, overridden);
}

/* Guidelines and pilot as they stand; of no meaning for notes that leave without labels. */
static gboolean
add_reading_gates(CrRelease *release, json_t *rows, GError **error)
{
  static const char *const titles[][2] = {
      {"G2", "guidelines were published before anybody read"},
      {"G3", "the pilot batch was approved and reached the agreement floor"}};
  g_autoptr(json_t) gates = cr_reading_gates(release->p, error);
  json_t *row;
  gsize i;
  if (!gates)
    return FALSE;
  json_array_foreach(gates, i, row) for (guint t = 0; t < G_N_ELEMENTS(titles); t++)
  {
    if (g_str_equal(titles[t][0], cr_reading_string(row, "gate")))
      json_array_append_new(rows, gate_row(titles[t][0], titles[t][1], cr_reading_string(row, "why"),
                                           json_is_true(json_object_get(row, "overridden"))));
  }
  return TRUE;
}

json_t *
cr_release_gate_rows(CrRelease *release, GError **error)
{
  g_autoptr(json_t) rows = json_array();
  json_t *row;
  gsize i;
  json_array_foreach(release->gates, i, row)
  {
    if (i == 1 && !release->options->unlabelled && !add_reading_gates(release, rows, error))
      return NULL; /* the first of the check list is G1 */
    json_array_append_new(rows, check_list_row(row));
  }
  return json_incref(rows);
}

/* ---- differences ---- */

gboolean
cr_release_count_open(CrRelease *release, guint64 *n, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  *n = 0;
  for (guint i = 0; i < release->all->len; i++) {
    const CrReleaseNote *note = release->all->pdata[i];
    if (!g_str_equal(note->state, "labelled"))
      continue;
    g_autoptr(CrReading) reading = cr_reading_load(release->p, cache, note->id, error);
    if (!reading)
      return FALSE;
    *n += reading->differences->len;
  }
  return TRUE;
}
