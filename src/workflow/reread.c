/* reread.c: a sample of the cleared notes is read once more, whole, by somebody who looks for nothing but
 * identifiers. The draw and what was found stand in the trail; nothing else is kept. */
#include "workflow/reading-private.h"
#include "workflow/risk-report.h"
#include <chartroom/quality.h>

#include <math.h>

#define REREADERS (CR_ROLE_PRIVACY | CR_ROLE_SENIOR)

static const char *const past_clearing[] = {"cleared",  "assigned", "labelled", "resolved",
                                            "reviewed", "approved", "exported"};

static gint
compare_ids(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their codes, which does not hang on their states. */
static GPtrArray *
cleared_notes(CrProject *p, GError **error)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
  for (guint s = 0; s < G_N_ELEMENTS(past_clearing); s++) {
    GPtrArray *notes = cr_documents_ids(p->work, past_clearing[s], NULL, error);
    if (!notes)
      return NULL;
    g_ptr_array_extend_and_steal(all, notes);
  }
  g_ptr_array_sort(all, compare_ids);
  return g_steal_pointer(&all);
}

static void
tell_draw(CrProject *p, const GPtrArray *notes, guint n, double share, gint64 seed)
{
  CrRole role = cr_reading_role(p, REREADERS);
  g_autoptr(json_t) drawn = json_pack("{s:I, s:f, s:I, s:I}", "seed", (json_int_t)seed, "share", share, "of",
                                      (json_int_t)notes->len, "notes", (json_int_t)n);
  g_autofree char *value = cr_json_dump(drawn);
  cr_tx_event(p, role, "reread.drawn", "project", NULL, value, NULL);
  for (guint i = 0; i < n; i++) {
    g_autofree char *object = cr_reading_object(notes->pdata[i]);
    cr_tx_event(p, role, "note.reread-drawn", object, NULL, NULL, NULL);
  }
}

static gboolean
draw(CrProject *p, double share, gint64 seed, GError **error)
{
  g_autoptr(GPtrArray) notes = cleared_notes(p, error);
  if (!notes)
    return FALSE;
  if (notes->len == 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE, "no note is cleared");
    return FALSE;
  }
  seed = seed >= 0 ? seed : cr_seed_draw(p->env);
  guint n = (guint)CLAMP(ceil(share * notes->len - 1e-9), 1, notes->len);
  cr_seeded_shuffle((guint64)seed, notes->pdata, notes->len);
  if (!cr_tx_begin(p, error))
    return FALSE;
  tell_draw(p, notes, n, share, seed);
  return cr_reading_end(p, TRUE, error);
}

static json_t *
describe(const CrReread *r)
{
  json_t *json = json_deep_copy(r->drawn), *list = json_array();
  GHashTableIter iter;
  gpointer note, result;
  g_autoptr(GPtrArray) notes = g_ptr_array_new();
  g_hash_table_iter_init(&iter, r->results);
  while (g_hash_table_iter_next(&iter, &note, NULL))
    g_ptr_array_add(notes, note);
  g_ptr_array_sort(notes, compare_ids);
  for (guint i = 0; i < notes->len; i++) {
    result = g_hash_table_lookup(r->results, notes->pdata[i]);
    json_array_append_new(list, json_pack("{s:s, s:s}", "note", notes->pdata[i], "result", result));
  }
  json_object_set_new(json, "notes", list);
  return json;
}

static gboolean
load_draw(CrProject *p, CrReread *out, GError **error)
{
  if (!cr_reread_load(p, out, error))
    return FALSE;
  if (!out->drawn)
    g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE, "no sample was drawn to be read again");
  return out->drawn != NULL;
}

json_t *
cr_quality_reread(CrProject *p, double share, gint64 seed, GError **error)
{
  g_auto(CrReread) reread = {0};
  if (!cr_project_require(p, REREADERS, "reading cleared notes again", error) ||
      (share > 0 && !draw(p, share, seed, error)) || !load_draw(p, &reread, error))
    return NULL;
  return describe(&reread);
}

/* The note's code, if it is of the sample. */
static char *
find_drawn(CrProject *p, const CrReread *reread, const char *name, GError **error)
{
  g_autofree char *note = cr_project_resolve_note(p, name, error);
  if (!note || g_hash_table_contains(reread->results, note))
    return g_steal_pointer(&note);
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "note %s was not drawn to be read again", note);
  return NULL;
}

json_t *
cr_quality_reread_show(CrProject *p, const char *name, GError **error)
{
  g_auto(CrReread) reread = {0};
  if (!cr_project_require(p, REREADERS, "reading cleared notes again", error) ||
      !load_draw(p, &reread, error))
    return NULL;
  g_autofree char *note = find_drawn(p, &reread, name, error);
  g_autoptr(CrText) text = note ? cr_documents_load_cleared(p->work, note, error) : NULL;
  if (!text || !cr_tx_begin(p, error))
    return NULL;
  g_autofree char *object = cr_reading_object(note);
  cr_tx_event(p, cr_reading_role(p, REREADERS), "note.reread-viewed", object, NULL, NULL, NULL);
  if (!cr_reading_end(p, TRUE, error))
    return NULL;
  return json_pack("{s:s, s:s%}", "note", note, "text", cr_text_bytes(text),
                   cr_text_length(text, CR_UNIT_BYTE));
}

static gboolean
put_result(CrProject *p, const char *note, const char *result, const char *reason, GError **error)
{
  CrRole role = cr_reading_role(p, REREADERS);
  g_autofree char *object = cr_reading_object(note);
  cr_tx_event(p, role, "note.reread", object, NULL, result, NULL);
  if (g_str_equal(result, "clean"))
    return TRUE;
  g_autofree char *sha = cr_labels_cleared_sha(p->work, note, error);
  return sha &&
         cr_labels_put_leak(p->work, note, cr_project_member(p), p->env->now_us(p->env), reason, sha,
                            error) &&
         cr_note_return_to_review(p, role, note, NULL, error);
}

static gboolean
decide_line(CrProject *p, const CrReread *reread, const json_t *line, json_t *report, GError **error)
{
  const char *name = cr_reading_need(line, "note", error),
             *decision = name ? cr_reading_need(line, "decision", error) : NULL,
             *reason = cr_reading_string(line, "reason");
  g_autofree char *note = decision ? find_drawn(p, reread, name, error) : NULL;
  if (!note)
    return FALSE;
  gboolean leak = g_str_equal(decision, "leak");
  if (!leak && !g_str_equal(decision, "clean"))
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "note %s: a decision is \"clean\" or \"leak\"", note);
  else if (leak && !reason)
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "note %s: a leak needs a \"reason\"", note);
  else if (put_result(p, note, decision, reason, error)) {
    json_array_append_new(report, json_pack("{s:s, s:s}", "note", note, "result", decision));
    return TRUE;
  }
  return FALSE;
}

static gboolean
decide_lines(CrProject *p, const CrReread *reread, const json_t *lines, json_t *report, GError **error)
{
  json_t *line;
  gsize i;
  json_array_foreach((json_t *)lines, i, line) if (!decide_line(p, reread, line, report, error)) return FALSE;
  return TRUE;
}

json_t *
cr_quality_reread_decide(CrProject *p, const json_t *lines, GError **error)
{
  g_auto(CrReread) reread = {0};
  g_autoptr(json_t) report = json_array();
  if (!cr_project_require(p, REREADERS, "reading cleared notes again", error) ||
      !load_draw(p, &reread, error))
    return NULL;
  if (json_array_size(lines) == 0)
    return g_steal_pointer(&report);
  if (!cr_tx_begin(p, error) || !cr_reading_end(p, decide_lines(p, &reread, lines, report, error), error))
    return NULL;
  return g_steal_pointer(&report);
}
