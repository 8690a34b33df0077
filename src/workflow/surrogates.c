/* surrogates.c: see surrogates.h. */
#include "workflow/surrogates.h"
#include "store/documents.h"
#include "store/review.h"
#include "workflow/release-private.h"
#include "workflow/review-load.h"

#include <string.h>

enum { MAX_OPEN_MAPS = 2048 };

struct CrProjectSurrogates {
  CrProject *p;
  CrSurrogateTables *tables;
  CrRealValues *real;
  CrPhiScan *scan;
  CrKey *key;             /* of findings */
  GHashTable *patient_of; /* note -> patient */
  GHashTable *notes_of;   /* patient -> GPtrArray of notes, in order of import */
  GHashTable *maps;       /* patient -> CrSurrogates */
};

void
cr_project_surrogates_free(CrProjectSurrogates *s)
{
  if (!s)
    return;
  g_clear_pointer(&s->maps, g_hash_table_unref);
  g_clear_pointer(&s->patient_of, g_hash_table_unref);
  g_clear_pointer(&s->notes_of, g_hash_table_unref);
  g_clear_pointer(&s->real, cr_real_values_free);
  g_clear_pointer(&s->tables, cr_surrogate_tables_free);
  g_clear_pointer(&s->scan, cr_phi_scan_free);
  g_clear_pointer(&s->key, cr_key_unref);
  g_free(s);
}

static gboolean
list_cb(const CrDocumentRow *row, gpointer user_data, GError **error)
{
  CrProjectSurrogates *s = user_data;
  GPtrArray *notes = g_hash_table_lookup(s->notes_of, row->patient);
  char *note = g_strdup(row->id);
  if (!notes) {
    notes = g_ptr_array_new();
    g_hash_table_insert(s->notes_of, g_strdup(row->patient), notes);
  }
  g_ptr_array_add(notes, note);
  g_hash_table_insert(s->patient_of, note, g_strdup(row->patient));
  return TRUE;
}

/* ---- what is real ---- */

static gboolean
is_out_of_reach(const GError *error)
{
  return g_error_matches(error, CR_ERROR, CR_ERROR_DESTROYED) ||
         g_error_matches(error, CR_ERROR, CR_ERROR_WRONG_STATE);
}

static void
add_candidates(CrProjectSurrogates *s, const CrReviewNote *n)
{
  g_autoptr(GArray) spans = cr_candidates_from_json(n->candidates);
  for (guint i = 0; i < spans->len; i++) {
    const CrPhiSpan *span = &g_array_index(spans, CrPhiSpan, i);
    cr_real_values_add(s->real, cr_text_bytes(n->text) + span->span.start, span->span.end - span->span.start);
  }
}

/* Notes whose originals are destroyed, or that no detector has read, tell nothing. */
static gboolean
learn_real(CrProjectSurrogates *s, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrKnown) known = cr_original_load_known(s->p, note, &local);
  g_autoptr(CrReviewNote) n = known ? cr_review_note_load(s->p, note, cr_project_member(s->p), &local) : NULL;
  if (known)
    cr_real_values_add_known(s->real, known);
  if (n)
    add_candidates(s, n);
  if (!local || is_out_of_reach(local))
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

static gboolean
learn_all(CrProjectSurrogates *s, GError **error)
{
  GHashTableIter iter;
  gpointer note;
  if (!cr_documents_list(s->p->work, NULL, NULL, list_cb, s, error))
    return FALSE;
  g_hash_table_iter_init(&iter, s->patient_of);
  while (g_hash_table_iter_next(&iter, &note, NULL))
    if (!learn_real(s, note, error))
      return FALSE;
  return TRUE;
}

CrProjectSurrogates *
cr_project_surrogates_new(CrProject *p, GError **error)
{
  g_autoptr(CrProjectSurrogates) s = g_new0(CrProjectSurrogates, 1);
  s->p = p;
  s->real = cr_real_values_new();
  s->patient_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  s->notes_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  s->maps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)cr_surrogates_free);
  s->tables = cr_surrogate_tables_load(NULL, error);
  s->scan = s->tables ? cr_phi_scan_new(NULL, error) : NULL;
  s->key = s->scan ? cr_keyring_open_key(p->keyring, "work", p->member, error) : NULL;
  return s->key && learn_all(s, error) ? g_steal_pointer(&s) : NULL;
}

/* ---- maps ---- */

static guint64
draw(gpointer user_data)
{
  CrEnv *env = user_data;
  guint64 bits;
  env->random(env, &bits, sizeof bits);
  return bits;
}

/* What the patient's notes, as far as they can be opened, used before. */
static gboolean
restore(CrProjectSurrogates *s, CrSurrogates *map, const GPtrArray *notes, GError **error)
{
  for (guint i = 0; i < notes->len; i++) {
    g_autoptr(GError) local = NULL;
    g_autoptr(json_t) used = cr_original_load_json(s->p, notes->pdata[i], "surrogates", NULL, &local);
    if (used && !cr_surrogates_restore(map, used, error))
      return FALSE;
    if (local && !is_out_of_reach(local)) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
  }
  return TRUE;
}

CrSurrogates *
cr_project_surrogates_for(CrProjectSurrogates *s, const char *note, GError **error)
{
  const char *patient = g_hash_table_lookup(s->patient_of, note);
  CrSurrogates *map = patient ? g_hash_table_lookup(s->maps, patient) : NULL;
  if (!patient) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "note %s has no patient", note);
    return NULL;
  }
  if (!map) {
    g_autoptr(CrSurrogates) fresh = cr_surrogates_new(s->tables, s->real, draw, s->p->env);
    if (!restore(s, fresh, g_hash_table_lookup(s->notes_of, patient), error))
      return NULL;
    if (g_hash_table_size(s->maps) >= MAX_OPEN_MAPS)
      g_hash_table_remove_all(s->maps); /* they are in the vault */
    map = g_steal_pointer(&fresh);
    g_hash_table_insert(s->maps, g_strdup(patient), map);
  }
  cr_surrogates_forget_use(map);
  return map;
}

/* ---- keeping ---- */

static gboolean
touches_surrogate(const CrRedaction *redaction, CrSpan span)
{
  for (guint i = 0; i < redaction->log->len; i++) {
    const CrRedactionItem *item = &g_array_index(redaction->log, CrRedactionItem, i);
    if ((item->action == CR_PHI_SURROGATE || item->action == CR_PHI_SHIFT) &&
        cr_span_overlaps(span, (CrSpan){item->edit.new_start, item->edit.new_end}))
      return TRUE;
  }
  return FALSE;
}

/* Where the scan asks about the note with tags, in the original: GArray of CrSpan. */
static GArray *
asked_of_tags(const CrPhiScan *scan, const CrRedaction *tagged)
{
  GArray *asked = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  g_autoptr(GArray) found = cr_phi_scan_run(scan, tagged->text);
  for (guint i = 0; i < found->len; i++) {
    CrSpan old = cr_offset_map_to_old(tagged->map, g_array_index(found, CrPhiSpan, i).span, NULL);
    g_array_append_val(asked, old);
  }
  return asked;
}

static gboolean
overlaps_any(const GArray *spans, CrSpan span)
{
  for (guint i = 0; i < spans->len; i++)
    if (cr_span_overlaps(g_array_index(spans, CrSpan, i), span))
      return TRUE;
  return FALSE;
}

static gboolean
answer_scan(CrProjectSurrogates *s, const char *note, const CrRedaction *redaction, const CrRedaction *tagged,
            GError **error)
{
  g_autoptr(GArray) asked = asked_of_tags(s->scan, tagged);
  g_autoptr(GArray) found = cr_phi_scan_run(s->scan, redaction->text);
  for (guint i = 0; i < found->len; i++) {
    const CrPhiSpan *span = &g_array_index(found, CrPhiSpan, i);
    CrSpan old = cr_offset_map_to_old(redaction->map, span->span, NULL);
    if (!touches_surrogate(redaction, span->span) || overlaps_any(asked, old))
      continue;
    CrSpan at = cr_span_to_unit(redaction->text, CR_UNIT_CODE_POINT, span->span);
    const char *kind = cr_phi_kind_name(span->kind);
    g_autofree char *key = cr_scan_finding_key(s->key, note, (gint64)at.start, (gint64)at.end, kind);
    CrScanFinding finding = {.key = key,
                             .note = note,
                             .kind = kind,
                             .status = "surrogate",
                             .start = (gint64)at.start,
                             .end = (gint64)at.end};
    if (!cr_review_scan_put(s->p->work, &finding, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
cr_project_surrogates_keep(CrProjectSurrogates *s, const char *note, CrSurrogates *map,
                           const CrRedaction *redaction, const CrRedaction *tagged, GError **error)
{
  g_autoptr(json_t) used = cr_surrogates_dup_used(map);
  return cr_original_put_json(s->p, note, "surrogates", NULL, used, NULL, error) &&
         answer_scan(s, note, redaction, tagged, error);
}
