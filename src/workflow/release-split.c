/* release-split.c: training, development and test parts without a patient in two of them.
 *
 * Patients are put in order of the kind of note they mostly have, shuffled by the seed within a kind, and
 * given one after the other to the part that lacks most of its share: each kind spreads over the parts by
 * itself. */
#include "workflow/release-private.h"

#include <string.h>

static void
split_clear(gpointer data)
{
  g_free(((CrReleaseSplit *)data)->name);
}

static const char *
split_name(guint i, guint n)
{
  if (n == 1)
    return "all";
  if (i == 0)
    return "train";
  return n == 3 && i == 1 ? "dev" : "test";
}

static gboolean
bad_split(const char *given, GError **error)
{
  g_autofree char *said = cr_error_excerpt(given, 40);
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE,
              "split '%s': give one to three shares that add up to 100, as in 80/10/10", said);
  return FALSE;
}

gboolean
cr_release_parse_split(CrRelease *release, GError **error)
{
  const char *given = release->options->split ? release->options->split : "100";
  g_auto(GStrv) parts = g_strsplit(given, "/", -1);
  guint n = g_strv_length(parts);
  double sum = 0;
  release->splits = g_array_new(FALSE, TRUE, sizeof(CrReleaseSplit));
  g_array_set_clear_func(release->splits, split_clear);
  if (n < 1 || n > 3)
    return bad_split(given, error);
  for (guint i = 0; i < n; i++) {
    char *end;
    double share = g_ascii_strtod(parts[i], &end);
    if (end == parts[i] || *end || !(share > 0 && share <= 100))
      return bad_split(given, error);
    CrReleaseSplit split = {.name = g_strdup(split_name(i, n)), .share = share / 100};
    g_array_append_val(release->splits, split);
    sum += share;
  }
  return (sum > 99.99 && sum < 100.01) || bad_split(given, error);
}

/* ---- patients ---- */

typedef struct {
  const char *code, *type; /* borrowed; type: of most of the notes, "" where unknown */
  GPtrArray *notes;        /* CrReleaseNote */
  guint rank;              /* in the seeded order */
} Patient;

static void
patient_free(gpointer data)
{
  Patient *patient = data;
  g_ptr_array_unref(patient->notes);
  g_free(patient);
}

static const char *
type_of(const CrReleaseNote *note)
{
  return note->type ? note->type : "";
}

/* The commonest kind; of equals the first by name. */
static const char *
main_type(const Patient *patient)
{
  const char *best = NULL;
  guint best_n = 0;
  for (guint i = 0; i < patient->notes->len; i++) {
    const char *type = type_of(patient->notes->pdata[i]);
    guint n = 0;
    for (guint k = 0; k < patient->notes->len; k++)
      n += g_str_equal(type, type_of(patient->notes->pdata[k]));
    if (n > best_n || (n == best_n && strcmp(type, best) < 0)) {
      best = type;
      best_n = n;
    }
  }
  return best;
}

static gint
compare_types(gconstpointer pa, gconstpointer pb)
{
  const Patient *a = *(Patient *const *)pa, *b = *(Patient *const *)pb;
  gint order = strcmp(a->type, b->type);
  return order ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

/* As they came in, not by their codes, which are random: the same notes in another project part alike. */
static GPtrArray *
list_patients(const CrRelease *release)
{
  g_autoptr(GHashTable) by_code = g_hash_table_new(g_str_hash, g_str_equal);
  GPtrArray *patients = g_ptr_array_new_with_free_func(patient_free);
  for (guint i = 0; i < release->notes->len; i++) {
    CrReleaseNote *note = release->notes->pdata[i];
    Patient *patient = g_hash_table_lookup(by_code, note->patient);
    if (!patient) {
      patient = g_new0(Patient, 1);
      patient->code = note->patient;
      patient->notes = g_ptr_array_new();
      g_hash_table_insert(by_code, note->patient, patient);
      g_ptr_array_add(patients, patient);
    }
    g_ptr_array_add(patient->notes, note);
  }
  gint64 seed = release->options->seed >= 0 ? release->options->seed : 1;
  cr_seeded_shuffle((guint64)seed, patients->pdata, patients->len);
  for (guint i = 0; i < patients->len; i++) {
    Patient *patient = patients->pdata[i];
    patient->rank = i;
    patient->type = main_type(patient);
  }
  g_ptr_array_sort(patients, compare_types);
  return patients;
}

/* ---- giving out ---- */

static CrReleaseSplit *
split_at(const CrRelease *release, guint i)
{
  return &g_array_index(release->splits, CrReleaseSplit, i);
}

/* The part that would lack most once everything so far, this patient too, is given out. */
static guint
neediest(const CrRelease *release, gsize given, gsize n)
{
  guint best = 0;
  double most = -G_MAXDOUBLE;
  for (guint i = 0; i < release->splits->len; i++) {
    const CrReleaseSplit *split = split_at(release, i);
    double lacks = split->share * (double)(given + n) - (double)split->n_notes;
    if (lacks > most) {
      most = lacks;
      best = i;
    }
  }
  return best;
}

static void
give(CrRelease *release, const Patient *patient, guint to)
{
  CrReleaseSplit *split = split_at(release, to);
  split->n_patients++;
  split->n_notes += patient->notes->len;
  for (guint i = 0; i < patient->notes->len; i++)
    ((CrReleaseNote *)patient->notes->pdata[i])->split = to;
}

static void
take_back(CrRelease *release, const Patient *patient)
{
  CrReleaseSplit *split = split_at(release, ((CrReleaseNote *)patient->notes->pdata[0])->split);
  split->n_patients--;
  split->n_notes -= patient->notes->len;
}

/* With few patients a small share may come away empty: it gets the patient with the fewest notes of the part
 * with the most patients. */
static void
fill_empty(CrRelease *release, const GPtrArray *patients, guint empty)
{
  guint richest = 0;
  for (guint i = 1; i < release->splits->len; i++)
    if (split_at(release, i)->n_patients > split_at(release, richest)->n_patients)
      richest = i;
  if (split_at(release, richest)->n_patients < 2)
    return;
  const Patient *chosen = NULL;
  for (guint i = 0; i < patients->len; i++) {
    const Patient *patient = patients->pdata[i];
    if (((CrReleaseNote *)patient->notes->pdata[0])->split == richest &&
        (!chosen || patient->notes->len < chosen->notes->len))
      chosen = patient;
  }
  if (!chosen)
    return;
  take_back(release, chosen);
  give(release, chosen, empty);
}

void
cr_release_draw_split(CrRelease *release)
{
  g_autoptr(GPtrArray) patients = list_patients(release);
  gsize given = 0;
  for (guint i = 0; i < patients->len; i++) {
    const Patient *patient = patients->pdata[i];
    give(release, patient, neediest(release, given, patient->notes->len));
    given += patient->notes->len;
  }
  for (guint i = 0; i < release->splits->len; i++)
    if (split_at(release, i)->n_patients == 0)
      fill_empty(release, patients, i);
}

char *
cr_release_split_problem(const CrRelease *release)
{
  g_autoptr(GHashTable) part_of = g_hash_table_new(g_str_hash, g_str_equal);
  g_autofree gboolean *filled = g_new0(gboolean, release->splits->len);
  for (guint i = 0; i < release->notes->len; i++) {
    const CrReleaseNote *note = release->notes->pdata[i];
    gpointer before;
    filled[note->split] = TRUE;
    if (!g_hash_table_lookup_extended(part_of, note->patient, NULL, &before))
      g_hash_table_insert(part_of, note->patient, GUINT_TO_POINTER(note->split));
    else if (GPOINTER_TO_UINT(before) != note->split)
      return g_strdup_printf("note %s: its patient stands in two parts", note->id);
  }
  for (guint i = 0; i < release->splits->len; i++)
    if (!filled[i])
      return g_strdup_printf("%u patients can't fill the part '%s' of %u parts", g_hash_table_size(part_of),
                             split_at(release, i)->name, release->splits->len);
  return NULL;
}
