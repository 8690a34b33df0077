/* risk-report.c: residual risk, from what the trail recorded when each note was cleared. Whoever may see the
 * trail can work it out again. */
#include "workflow/risk-report.h"
#include <chartroom/quality.h>

#include <math.h>
#include <string.h>

typedef struct {
  GHashTable *only;  /* ids, NULL: all */
  GHashTable *found; /* note -> newest review.closed: {"found"?, "clinical"?} */
  guint64 n_leaks;
  CrReread *reread;
} Walk;

void
cr_reread_clear(CrReread *r)
{
  g_clear_pointer(&r->drawn, json_decref);
  g_clear_pointer(&r->results, g_hash_table_unref);
}

/* ---- the trail ---- */

static void
take_reread(CrReread *r, const char *action, const char *note, const char *value)
{
  if (g_str_equal(action, "note.reread-drawn"))
    g_hash_table_insert(r->results, g_strdup(note), g_strdup("open"));
  else if (g_str_equal(action, "note.reread") && value && g_hash_table_contains(r->results, note))
    g_hash_table_insert(r->results, g_strdup(note), g_strdup(value));
}

static void
take_draw(CrReread *r, const char *value)
{
  g_clear_pointer(&r->drawn, json_decref);
  r->drawn = value ? cr_json_parse(value, strlen(value), NULL) : NULL;
  g_hash_table_remove_all(r->results);
}

static void
take_note(Walk *w, const CrEventView *event, const char *note)
{
  if (w->only && !g_hash_table_contains(w->only, note))
    return;
  take_reread(w->reread, event->action, note, event->new_value);
  if (g_str_equal(event->action, "note.leak-reported"))
    w->n_leaks++;
  if (!g_str_equal(event->action, "review.closed") || !event->new_value)
    return;
  g_autoptr(json_t) review = cr_json_parse(event->new_value, strlen(event->new_value), NULL);
  if (review)
    g_hash_table_insert(w->found, g_strdup(note), g_steal_pointer(&review));
}

static gboolean
event_cb(const CrEventView *event, gpointer user_data)
{
  Walk *w = user_data;
  if (!event->action || !event->object)
    return TRUE;
  if (g_str_equal(event->action, "reread.drawn"))
    take_draw(w->reread, event->new_value);
  else if (g_str_has_prefix(event->object, "note:"))
    take_note(w, event, event->object + strlen("note:"));
  return TRUE;
}

static void
decref_cb(gpointer value)
{
  json_decref(value);
}

static gboolean
walk(CrProject *p, Walk *w, GError **error)
{
  g_autofree char *log = cr_project_file(p->path, CR_FILE_LOG);
  w->reread->results = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return cr_audit_walk(log, event_cb, w, error);
}

gboolean
cr_reread_load(CrProject *p, CrReread *out, GError **error)
{
  g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, decref_cb);
  Walk w = {.found = found, .reread = out};
  return walk(p, &w, error);
}

/* ---- figures ---- */

/* Of all identifiers that there were, the share that is estimated to be left. */
static json_t *
left_json(const CrRiskFigure *missed, guint64 found)
{
  if (missed->why)
    return cr_risk_figure_json(missed);
  double n = (double)found;
  CrRiskFigure share = {missed->value / (n + missed->value), missed->low / (n + missed->low),
                        missed->high / (n + missed->high), NULL};
  return cr_risk_figure_json(&share);
}

static json_t *
capture_json(const CrCapture *capture)
{
  CrCaptureReport r = cr_capture_report(capture);
  return json_pack(
      "{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "found", (json_int_t)r.found, "both",
      (json_int_t)r.both, "first_only", (json_int_t)r.first_only, "second_only", (json_int_t)r.second_only,
      "beyond_detector", (json_int_t)r.beyond_detector, "later", (json_int_t)r.later, "missed",
      cr_risk_figure_json(&r.missed), "missed_pooled", cr_risk_figure_json(&r.missed_pooled), "missed_shown",
      cr_risk_figure_json(&r.missed_shown), "missed_hidden", cr_risk_figure_json(&r.missed_hidden),
      "missed_at_least", cr_risk_figure_json(&r.missed_at_least), "left", left_json(&r.missed, r.found));
}

static json_t *
reread_json(const CrReread *r)
{
  guint64 n_read = 0, n_leaks = 0;
  GHashTableIter iter;
  gpointer result;
  if (!r->drawn)
    return json_null();
  g_hash_table_iter_init(&iter, r->results);
  while (g_hash_table_iter_next(&iter, NULL, &result)) {
    n_read += !g_str_equal(result, "open");
    n_leaks += g_str_equal(result, "leak");
  }
  CrRiskFigure exact = cr_risk_exact(n_leaks, n_read), wilson = cr_risk_wilson(n_leaks, n_read);
  double below = n_leaks == 0 ? cr_risk_none_seen(n_read) : NAN;
  json_t *json = json_pack("{s:I, s:I, s:I, s:o, s:o}", "drawn", (json_int_t)g_hash_table_size(r->results),
                           "read", (json_int_t)n_read, "with_identifier", (json_int_t)n_leaks, "exact",
                           cr_risk_figure_json(&exact), "wilson", cr_risk_figure_json(&wilson));
  json_object_set_new(json, "below", isnan(below) ? json_null() : json_real(below));
  return json;
}

static json_t *
kinds_json(const CrCaptureKinds *kinds, CrCapture *all)
{
  json_t *list = json_array();
  for (guint k = 0; k < CR_PHI_N_KINDS; k++) {
    CrCaptureReport r = cr_capture_report(&kinds->kinds[k]);
    cr_capture_add(all, &kinds->kinds[k]);
    if (r.found + r.later == 0)
      continue;
    json_t *row = capture_json(&kinds->kinds[k]);
    json_object_set_new(row, "kind", json_string(cr_phi_kind_name((CrPhiKind)k)));
    json_array_append_new(list, row);
  }
  return list;
}

/* ---- in words ---- */

static char *
in_words(const CrRiskFigure *figure)
{
  g_autoptr(json_t) json = cr_risk_figure_json(figure);
  return cr_risk_figure_text(json, 1);
}

static void
say_missed(GString *out, const CrCapture *all)
{
  CrCaptureReport r = cr_capture_report(all);
  g_autofree char *missed = in_words(&r.missed), *pooled = in_words(&r.missed_pooled);
  if (!r.missed.why) {
    g_string_append_printf(out, "An estimated %s more were missed by all (95 %% interval in brackets). ",
                           missed);
    return;
  }
  g_string_append_printf(out, "How many were missed by all can't be estimated: %s. ", r.missed.why);
  if (!r.missed_pooled.why)
    g_string_append_printf(
        out,
        "If what the detector showed had not helped the reviewers, it would be %s, which is too "
        "hopeful. ",
        pooled);
}

static void
say_reread(GString *out, const json_t *reread)
{
  json_int_t n = json_integer_value(json_object_get(reread, "read")),
             leaks = json_integer_value(json_object_get(reread, "with_identifier"));
  const json_t *exact = json_object_get(reread, "exact");
  if (n == 0)
    g_string_append(out, "No sample of the cleared notes was read again.");
  else if (leaks == 0)
    g_string_append_printf(out,
                           "%" JSON_INTEGER_FORMAT
                           " cleared notes drawn by lot were read again, none held an "
                           "identifier: with 95 %% confidence fewer than %.1f %% of the notes do.",
                           n, 100 * json_number_value(json_object_get(reread, "below")));
  else
    g_string_append_printf(out,
                           "%" JSON_INTEGER_FORMAT
                           " cleared notes drawn by lot were read again, %" JSON_INTEGER_FORMAT
                           " held an identifier: %.1f %% of the notes (95 %% interval %.1f to %.1f %%), "
                           "those found were sent back.",
                           n, leaks, 100 * json_number_value(json_object_get(exact, "value")),
                           100 * json_number_value(json_object_get(exact, "low")),
                           100 * json_number_value(json_object_get(exact, "high")));
}

static json_t *
statement(guint64 n_twice, const CrCapture *all, const json_t *reread, guint64 n_leaks)
{
  g_autoptr(GString) out = g_string_new(NULL);
  CrCaptureReport r = cr_capture_report(all);
  if (n_twice == 0)
    g_string_append(out,
                    "No note was read by two privacy reviewers, so what both missed can't be estimated. ");
  else {
    g_string_append_printf(out,
                           "The detector and two reviewers who did not see each other's decisions found "
                           "%" G_GUINT64_FORMAT " identifiers in %" G_GUINT64_FORMAT
                           " notes; %" G_GUINT64_FORMAT " came up only later. ",
                           r.found, n_twice, r.later);
    say_missed(out, all);
  }
  say_reread(out, reread);
  if (n_leaks)
    g_string_append_printf(out, " Readers reported %" G_GUINT64_FORMAT " identifiers that had been left.",
                           n_leaks);
  return json_string(out->str);
}

/* ---- the report ---- */

static guint64
sum_notes(const Walk *w, CrCaptureKinds *kinds)
{
  GHashTableIter iter;
  gpointer found;
  guint64 n = 0;
  g_hash_table_iter_init(&iter, w->found);
  while (g_hash_table_iter_next(&iter, NULL, &found)) {
    const json_t *counts = json_object_get(found, "found");
    n += json_is_object(counts);
    cr_capture_from_json(kinds, counts);
  }
  return n;
}

/* Of the clinical words of the notes, those that masking took: null where it was not counted. */
static json_t *
clinical_json(const Walk *w)
{
  GHashTableIter iter;
  gpointer review;
  guint64 all = 0, masked = 0;
  g_hash_table_iter_init(&iter, w->found);
  while (g_hash_table_iter_next(&iter, NULL, &review)) {
    const json_t *counts = json_object_get(review, "clinical");
    all += (guint64)MAX(0, json_integer_value(json_array_get(counts, 0)));
    masked += (guint64)MAX(0, json_integer_value(json_array_get(counts, 1)));
  }
  CrRiskFigure share = cr_risk_wilson(masked, all);
  return all ? json_pack("{s:I, s:I, s:o}", "all", (json_int_t)all, "masked", (json_int_t)masked, "share",
                         cr_risk_figure_json(&share))
             : json_null();
}

json_t *
cr_risk_report(CrProject *p, GHashTable *only, GError **error)
{
  g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, decref_cb);
  g_auto(CrReread) reread = {0};
  Walk w = {.only = only, .found = found, .reread = &reread};
  if (!walk(p, &w, error))
    return NULL;
  CrCaptureKinds kinds = {0};
  CrCapture all = {{0}};
  guint64 n_twice = sum_notes(&w, &kinds);
  json_t *rows = kinds_json(&kinds, &all), *again = reread_json(&reread);
  return json_pack("{s:I, s:I, s:o, s:o, s:o, s:I, s:o, s:o}", "notes", (json_int_t)g_hash_table_size(found),
                   "read_twice", (json_int_t)n_twice, "all", capture_json(&all), "kinds", rows, "reread",
                   again, "leaks_reported", (json_int_t)w.n_leaks, "clinical", clinical_json(&w), "statement",
                   statement(n_twice, &all, again, w.n_leaks));
}

json_t *
cr_quality_risk(CrProject *p, GError **error)
{
  if (!cr_project_require(p, CR_ROLE_PRIVACY | CR_ROLE_SENIOR | CR_ROLE_LEAD | CR_ROLE_ENGINEER,
                          "judging the review", error))
    return NULL;
  return cr_risk_report(p, NULL, error);
}
