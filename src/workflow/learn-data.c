/* learn-data.c: what is learnt from, and what a model is measured on. */
#include "workflow/learn.h"

#include "store/documents.h"
#include "store/review.h"
#include "workflow/review-load.h"

#include <string.h>

#define HELD_OF 10 /* one note of ten is held back */
#define THRESHOLD .3

void
cr_learn_note_free(gpointer data)
{
  CrLearnNote *note = data;
  g_clear_pointer(&note->text, cr_text_unref);
  g_clear_pointer(&note->known, cr_known_free);
  g_clear_pointer(&note->spans, g_array_unref);
  g_free(note);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrLearnNote, cr_learn_note_free)

static void
clear_span(gpointer span)
{
  cr_phi_span_clear(span);
}

static GArray *
spans_new(void)
{
  GArray *spans = g_array_new(FALSE, FALSE, sizeof(CrPhiSpan));
  g_array_set_clear_func(spans, clear_span);
  return spans;
}

/* ---- invented notes ---- */

static gboolean
add_entity(CrLearnNote *note, const json_t *entity)
{
  gsize start, end;
  CrPhiSpan span = {.score = 1};
  const char *label = json_string_value(json_object_get(entity, "label"));
  if (!label || !cr_phi_kind_parse(label, &span.kind) ||
      !cr_text_convert(note->text, CR_UNIT_CODE_POINT,
                       (gsize)json_integer_value(json_object_get(entity, "start")), CR_UNIT_BYTE, &start) ||
      !cr_text_convert(note->text, CR_UNIT_CODE_POINT,
                       (gsize)json_integer_value(json_object_get(entity, "end")), CR_UNIT_BYTE, &end) ||
      start >= end)
    return FALSE;
  span.span = (CrSpan){start, end};
  g_array_append_val(note->spans, span);
  return TRUE;
}

static CrLearnNote *
invented_note(const char *line, const char *path, guint number, GError **error)
{
  g_autoptr(json_t) json = cr_json_parse(line, strlen(line), error);
  const char *text = json ? json_string_value(json_object_get(json, "text")) : NULL;
  g_autoptr(CrLearnNote) note = g_new0(CrLearnNote, 1);
  note->spans = spans_new();
  note->text = text ? cr_text_new(text, -1, error) : NULL;
  gboolean ok = note->text != NULL;
  const json_t *entity;
  size_t i;
  json_array_foreach(json_object_get(json, "entities"), i, entity) ok = ok && add_entity(note, entity);
  if (ok)
    return g_steal_pointer(&note);
  g_clear_error(error);
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_MODEL, "%s:%u: not a marked note", path, number);
  return NULL;
}

GPtrArray *
cr_learn_invented(const char *name, const char *language, GError **error)
{
  g_autofree char *file = g_strdup_printf("%s-%s.jsonl", name, language), *all = NULL,
                  *path = g_build_filename(cr_data_dir(), "tagger", file, NULL);
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(cr_learn_note_free);
  if (!g_file_get_contents(path, &all, NULL, NULL)) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s: notes in this language cannot be learnt from",
                path);
    return NULL;
  }
  g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    CrLearnNote *note = *lines[i] ? invented_note(lines[i], path, i + 1, error) : NULL;
    if (*lines[i] && !note)
      return NULL;
    if (note)
      g_ptr_array_add(notes, note);
  }
  return g_steal_pointer(&notes);
}

/* ---- the project's notes ---- */

typedef struct {
  const char *language;
  GPtrArray *ids;
} Wanted;

static gboolean
collect_cb(const CrDocumentRow *row, gpointer data, GError **error)
{
  Wanted *w = data;
  if (g_str_equal(cr_phi_language_of(row->language), w->language) && !g_str_equal(row->state, "leak"))
    g_ptr_array_add(w->ids, g_strdup(row->id));
  return TRUE;
}

/* What stays in the text whatever is said of it is not decided on: there the detector's word stands. */
static void
add_reported(GArray *spans, const CrReviewNote *n)
{
  g_autoptr(GArray) found = cr_candidates_from_json(n->candidates);
  for (guint i = 0; i < found->len; i++) {
    const CrPhiSpan *s = &g_array_index(found, CrPhiSpan, i);
    gboolean taken = !cr_phi_kind_is_reported_only(s->kind);
    for (guint j = 0; j < spans->len && !taken; j++) {
      const CrPhiSpan *t = &g_array_index(spans, CrPhiSpan, j);
      taken = s->span.start < t->span.end && t->span.start < s->span.end;
    }
    if (!taken)
      g_array_append_val(spans, ((CrPhiSpan){.span = s->span, .kind = s->kind, .score = 1}));
  }
}

static CrLearnNote *
settled_note(CrProject *p, const char *id, const CrPolicy *policy, GError **error)
{
  g_autoptr(CrReviewNote) n = cr_review_note_load(p, id, NULL, error);
  if (!n)
    return NULL;
  g_autoptr(CrLearnNote) note = g_new0(CrLearnNote, 1);
  note->text = cr_text_ref(n->text);
  note->known = cr_original_load_known(p, id, error);
  note->spans = cr_decisions_join((CrDecisions *const *)n->decisions->pdata, n->decisions->len, policy, NULL);
  add_reported(note->spans, n);
  return note->known ? g_steal_pointer(&note) : NULL;
}

/* Drawn by the vault's key and the note's code: the same notes for ever, and nobody chooses them. */
static gboolean
is_held(CrProject *p, const char *id)
{
  g_autofree char *hash = cr_keyed_hash_hex(p->vault_key, "held", id, strlen(id));
  hash[8] = '\0';
  return g_ascii_strtoull(hash, NULL, 16) % HELD_OF == 0;
}

static gboolean
add_note(CrProject *p, const char *id, const CrPolicy *policy, GPtrArray *notes, GPtrArray *held,
         GError **error)
{
  g_autoptr(GError) local = NULL;
  CrLearnNote *note = settled_note(p, id, policy, &local);
  if (note)
    g_ptr_array_add(is_held(p, id) ? held : notes, note);
  else if (!g_error_matches(local, CR_ERROR, CR_ERROR_DESTROYED)) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  return TRUE;
}

static gboolean
add_batch(CrProject *p, const char *batch, const char *language, GPtrArray *notes, GPtrArray *held,
          GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *missing = cr_gate_clear_missing(p, batch, &local);
  if (missing)
    return TRUE;
  g_autoptr(CrPolicy) policy = local ? NULL : cr_project_policy(p, &local);
  Wanted wanted = {language, g_ptr_array_new_with_free_func(g_free)};
  g_autoptr(GPtrArray) ids = wanted.ids;
  if (!policy || !cr_documents_list(p->work, NULL, batch, collect_cb, &wanted, &local)) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  for (guint i = 0; i < ids->len; i++)
    if (!add_note(p, ids->pdata[i], policy, notes, held, error))
      return FALSE;
  return TRUE;
}

gboolean
cr_learn_settled(CrProject *p, const char *language, GPtrArray *notes, GPtrArray *held, GError **error)
{
  g_autoptr(GPtrArray) batches = cr_documents_batches(p->work, error);
  for (guint i = 0; batches && i < batches->len; i++)
    if (!add_batch(p, batches->pdata[i], language, notes, held, error))
      return FALSE;
  return batches != NULL;
}

/* ---- measuring ---- */

static void
mark(guint8 *mask, const GArray *spans, guint8 bit)
{
  for (guint i = 0; i < spans->len; i++) {
    const CrPhiSpan *s = &g_array_index(spans, CrPhiSpan, i);
    for (gsize b = s->span.start; b < s->span.end; b++)
      mask[b] |= cr_phi_kind_is_reported_only(s->kind) ? 4 : bit;
  }
}

CrLearnFigures
cr_learn_measure(const CrPhiDetector *detector, const GPtrArray *notes)
{
  g_autoptr(CrPhiScratch) scratch = cr_phi_scratch_new(detector);
  guint64 n_gold = 0, n_found = 0, n_both = 0, n_right = 0;
  for (guint i = 0; i < notes->len; i++) {
    const CrLearnNote *note = notes->pdata[i];
    const gsize n = cr_text_length(note->text, CR_UNIT_BYTE);
    g_autofree guint8 *mask = g_malloc0(n + 1);
    g_autoptr(GArray) found = cr_phi_detect(detector, scratch, note->text, note->known, THRESHOLD);
    mark(mask, note->spans, 1);
    mark(mask, found, 2);
    for (gsize b = 0; b < n; b++) {
      n_gold += (mask[b] & 1) != 0;
      n_found += (mask[b] & 2) != 0;
      n_both += (mask[b] & 3) == 3;
      n_right += (mask[b] & 2) != 0 && (mask[b] & 5) != 0;
    }
  }
  return (CrLearnFigures){n_gold ? (double)n_both / (double)n_gold : 1,
                          n_found ? (double)n_right / (double)n_found : 1};
}
