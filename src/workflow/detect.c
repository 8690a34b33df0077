/* detect.c: runs the detectors over the notes that wait for it. Notes of one patient are looked at together:
 * a name found in one of them is looked for in the others. */
#include <chartroom/intake.h>
#include <chartroom/phi.h>
#include <chartroom/privacy.h>

#include "store/documents.h"
#include "workflow/decisions.h"
#include "workflow/learn.h"
#include "workflow/workflow-private.h"

#define NOTES_A_TRANSACTION 200
/* A name that the rules are this sure of is worth looking for in the patient's other notes. */
#define SURE .8
#define THRESHOLD .3

/* What reads the notes of one language. */
typedef struct {
  const char *language; /* cr_phi_language_of */
  CrPhiDetector *detector;
  CrPhiScratch *scratch;
} Reader;

static void
reader_free(gpointer data)
{
  Reader *reader = data;
  g_clear_pointer(&reader->scratch, cr_phi_scratch_free);
  g_clear_pointer(&reader->detector, cr_phi_detector_free);
  g_free(reader);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reader, reader_free)

typedef struct {
  CrProject *p;
  GPtrArray *readers;
  GArray *by_kind; /* guint64 */
  guint64 n_notes, n_candidates, n_all;
  guint in_tx;
  CrProgressFunc progress;
  gpointer user_data;
} Detection;

typedef struct {
  char *note, *patient;
  const char *language;
} Waiting;

static void
waiting_clear(gpointer item)
{
  g_free(((Waiting *)item)->note);
  g_free(((Waiting *)item)->patient);
}

static gboolean
collect_cb(const CrDocumentRow *row, gpointer list, GError **error)
{
  Waiting w = {g_strdup(row->id), g_strdup(row->patient), cr_phi_language_of(row->language)};
  g_array_append_val(list, w);
  return TRUE;
}

static gint
by_patient(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(((const Waiting *)a)->patient, ((const Waiting *)b)->patient);
}

static GArray *
waiting_notes(CrProject *p, const char *batch, gboolean again, GError **error)
{
  static const char *const states[] = {"imported", "detected", "review"};
  g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Waiting));
  g_array_set_clear_func(list, waiting_clear);
  for (guint i = 0; i < (again ? G_N_ELEMENTS(states) : 1); i++)
    if (!cr_documents_list(p->work, states[i], batch, collect_cb, list, error))
      return NULL;
  g_array_sort(list, by_patient);
  return g_steal_pointer(&list);
}

static const char *
role_of(CrPhiKind kind)
{
  return kind == CR_PHI_PATIENT    ? "patient"
         : kind == CR_PHI_STAFF    ? "staff"
         : kind == CR_PHI_RELATIVE ? "relative"
                                   : NULL;
}

/* "Maria Lopez" as given and family name; one word alone as a family name. */
static void
add_name(CrKnown *names, const char *text, const char *role)
{
  g_auto(GStrv) words = g_regex_split_simple("[\\s,]+", text, 0, 0);
  guint n = g_strv_length(words);
  if (n == 0 || n > 4 || g_utf8_strlen(words[n - 1], -1) < 3)
    return;
  CrKnownName *name = g_new0(CrKnownName, 1);
  name->given = n > 1 ? g_strdup(words[0]) : NULL;
  name->family = g_strdup(words[n - 1]);
  name->role = g_strdup(role);
  g_ptr_array_add(names->names, name);
}

static void
gather_names(CrKnown *names, const CrText *text, const GArray *spans)
{
  for (guint i = 0; i < spans->len; i++) {
    const CrPhiSpan *s = &g_array_index(spans, CrPhiSpan, i);
    const char *role = s->score >= SURE ? role_of(s->kind) : NULL;
    if (!role)
      continue;
    g_autofree char *name = cr_span_dup_text(text, s->span);
    add_name(names, name, role);
  }
}

/* Tables are loaded with the first note of their language. */
static const Reader *
reader_of(Detection *d, const char *language, GError **error)
{
  for (guint i = 0; i < d->readers->len; i++)
    if (g_str_equal(((const Reader *)d->readers->pdata[i])->language, language))
      return d->readers->pdata[i];
  g_autoptr(Reader) reader = g_new0(Reader, 1);
  reader->language = language;
  reader->detector = cr_project_detector(d->p, language, error);
  if (!reader->detector)
    return NULL;
  reader->scratch = cr_phi_scratch_new(reader->detector);
  g_ptr_array_add(d->readers, reader);
  return g_steal_pointer(&reader);
}

static GArray *
detect_note(Detection *d, const Waiting *w, const CrKnown *shared, CrKnown *found, GError **error)
{
  const Reader *reader = reader_of(d, w->language, error);
  g_autoptr(CrText) text = reader ? cr_original_load_text(d->p, w->note, error) : NULL;
  g_autoptr(CrKnown) known = text ? cr_original_load_known(d->p, w->note, error) : NULL;
  if (!known)
    return NULL;
  if (shared)
    cr_known_merge(known, shared);
  GArray *spans = cr_phi_detect(reader->detector, reader->scratch, text,
                                cr_known_is_empty(known) ? NULL : known, THRESHOLD);
  if (found)
    gather_names(found, text, spans);
  return spans;
}

static void
count(Detection *d, const GArray *spans)
{
  for (guint i = 0; i < spans->len; i++)
    g_array_index(d->by_kind, guint64, g_array_index(spans, CrPhiSpan, i).kind)++;
  d->n_candidates += spans->len;
  d->n_notes++;
}

static gboolean
record(Detection *d, const Waiting *w, const GArray *spans, GError **error)
{
  CrProject *p = d->p;
  const char *note = w->note;
  const Reader *reader = reader_of(d, w->language, error);
  if (!reader)
    return FALSE;
  const char *version = cr_phi_detector_version(reader->detector);
  g_autoptr(json_t) json = cr_candidates_to_json(spans, version);
  g_autofree char *object = g_strconcat("note:", note, NULL),
                  *n = g_strdup_printf("%u candidates", spans->len);
  g_autofree char *state = NULL;
  if (!p->in_tx && !cr_tx_begin(p, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_PRIVACY, "note.detected", object, NULL, n, version);
  if (!cr_original_put_json(p, note, "spans", NULL, json, NULL, error) ||
      !cr_note_forget_reviews(p, note, error) || !cr_documents_set_state(p->work, note, "detected", error) ||
      !cr_documents_set_counts(p->work, note, spans->len, 0, error))
    return FALSE;
  count(d, spans);
  d->in_tx++;
  return TRUE;
}

/* The notes of one patient: the first look gathers names, the second looks for them everywhere. They are
 * committed together: half of them, found again after a crash, would not know the names of the others. */
static gboolean
detect_patient(Detection *d, const Waiting *notes, guint n, GError **error)
{
  g_autoptr(CrKnown) names = cr_known_new();
  for (guint i = 0; n > 1 && i < n; i++) {
    g_autoptr(GArray) first = detect_note(d, &notes[i], NULL, names, error);
    if (!first)
      return FALSE;
  }
  for (guint i = 0; i < n; i++) {
    g_autoptr(GArray) spans = detect_note(d, &notes[i], n > 1 ? names : NULL, NULL, error);
    if (!spans || !record(d, &notes[i], spans, error))
      return FALSE;
    if (d->progress)
      d->progress("notes", d->n_notes, d->n_all, d->user_data);
  }
  if (d->in_tx < NOTES_A_TRANSACTION)
    return TRUE;
  d->in_tx = 0;
  return cr_tx_commit(d->p, error);
}

static gboolean
detect_all(Detection *d, const GArray *list, GError **error)
{
  for (guint from = 0, to; from < list->len; from = to) {
    const Waiting *first = &g_array_index(list, Waiting, from);
    for (to = from + 1;
         to < list->len && g_str_equal(g_array_index(list, Waiting, to).patient, first->patient); to++)
      ;
    if (!detect_patient(d, first, to - from, error))
      return FALSE;
  }
  return !d->p->in_tx || cr_tx_commit(d->p, error);
}

/* "rules 1 abcdef01", those of several languages with a comma between. */
static char *
versions(const Detection *d)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < d->readers->len; i++)
    g_string_append_printf(out, "%s%s", i ? ", " : "",
                           cr_phi_detector_version(((const Reader *)d->readers->pdata[i])->detector));
  return g_string_free(out, FALSE);
}

static json_t *
result(const Detection *d)
{
  g_autofree char *used = versions(d);
  json_t *kinds = json_object();
  for (guint k = 0; k < CR_PHI_N_KINDS; k++)
    if (g_array_index(d->by_kind, guint64, k))
      json_object_set_new(kinds, cr_phi_kind_name((CrPhiKind)k),
                          json_integer((json_int_t)g_array_index(d->by_kind, guint64, k)));
  return json_pack("{s:I, s:I, s:o, s:s}", "notes", (json_int_t)d->n_notes, "candidates",
                   (json_int_t)d->n_candidates, "by_kind", kinds, "detector", used);
}

json_t *
cr_project_detect(CrProject *p, const char *batch, gboolean again, CrProgressFunc progress,
                  gpointer user_data, GError **error)
{
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "detecting", error) ||
      !cr_project_require_vault(p, "detecting", error))
    return NULL;
  g_autoptr(GArray) list = waiting_notes(p, batch, again, error);
  if (!list)
    return NULL;
  g_autoptr(GPtrArray) readers = g_ptr_array_new_with_free_func(reader_free);
  g_autoptr(GArray) by_kind = g_array_new(FALSE, TRUE, sizeof(guint64));
  g_array_set_size(by_kind, CR_PHI_N_KINDS);
  Detection d = {.p = p,
                 .readers = readers,
                 .by_kind = by_kind,
                 .n_all = list->len,
                 .progress = progress,
                 .user_data = user_data};
  if ((list->len || reader_of(&d, cr_phi_language_of(NULL), error)) && detect_all(&d, list, error))
    return result(&d);
  cr_tx_rollback(p);
  return NULL;
}
