/* release-groups.c: what must not be parted: the notes of a patient, and patients whose notes are nearly the
 * same, lest a model be tested on what it was trained on. */
#include "workflow/release-private.h"

#include <math.h>
#include <string.h>

enum { MOST_LISTED = 1000 };
#define LIKE .8 /* Jaccard's J of the shingles of two notes from which on they are near duplicates */

static void
group_free(gpointer data)
{
  CrReleaseGroup *group = data;
  g_ptr_array_unref(group->notes);
  g_free(group);
}

/* ---- joining ---- */

static guint
root_of(GArray *parents, guint i)
{
  guint *parent = (guint *)(void *)parents->data;
  while (parent[i] != i)
    i = parent[i] = parent[parent[i]];
  return i;
}

/* Of two groups that would together outgrow the smallest part, each stays by itself: a template that half of
 * the notes follow is no reason to have one part only. The pair then counts as a leak. */
static gsize
most_notes(const CrRelease *release)
{
  double least = 1;
  for (guint i = 0; i < release->splits->len; i++)
    least = MIN(least, g_array_index(release->splits, CrReleaseSplit, i).share);
  return MAX(2, (gsize)(least * release->notes->len / 2));
}

typedef struct {
  GArray *parents, *sizes; /* guint; of patients, in the order of their first note */
  GArray *patient_of;      /* guint, of each note */
} Patients;

static void
join(const Patients *patients, guint a, guint b, gsize most)
{
  guint *size = (guint *)(void *)patients->sizes->data;
  const guint x = root_of(patients->parents, g_array_index(patients->patient_of, guint, a)),
              y = root_of(patients->parents, g_array_index(patients->patient_of, guint, b));
  if (x == y || (gsize)size[x] + size[y] > most)
    return;
  g_array_index(patients->parents, guint, MAX(x, y)) = MIN(x, y);
  size[MIN(x, y)] += size[MAX(x, y)];
}

static void
number_patients(const CrRelease *release, Patients *patients)
{
  g_autoptr(GHashTable) numbers = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < release->notes->len; i++) {
    const CrReleaseNote *note = release->notes->pdata[i];
    gpointer found;
    guint number = patients->parents->len, none = 0;
    if (g_hash_table_lookup_extended(numbers, note->patient, NULL, &found))
      number = GPOINTER_TO_UINT(found);
    else {
      g_hash_table_insert(numbers, note->patient, GUINT_TO_POINTER(number));
      g_array_append_val(patients->parents, number);
      g_array_append_val(patients->sizes, none);
    }
    g_array_append_val(patients->patient_of, number);
    g_array_index(patients->sizes, guint, number)++;
  }
}

static int
compare_likeness(gconstpointer pa, gconstpointer pb)
{
  const CrDuplicatePair *a = pa, *b = pb;
  if (a->likeness != b->likeness)
    return a->likeness < b->likeness ? 1 : -1;
  return a->a != b->a ? (a->a > b->a) - (a->a < b->a) : (a->b > b->b) - (a->b < b->b);
}

/* The likest first. */
static void
join_duplicates(const CrRelease *release, const Patients *patients)
{
  if (!release->duplicates || release->splits->len < 2)
    return;
  g_autoptr(GArray) pairs = cr_duplicates_pairs(release->duplicates, LIKE);
  g_array_sort(pairs, compare_likeness);
  for (guint i = 0; i < pairs->len; i++) {
    const CrDuplicatePair *pair = &g_array_index(pairs, CrDuplicatePair, i);
    join(patients, pair->a, pair->b, most_notes(release));
  }
}

GPtrArray *
cr_release_groups(const CrRelease *release)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
  g_autoptr(GArray) parents = g_array_new(FALSE, TRUE, sizeof(guint)),
                    sizes = g_array_new(FALSE, TRUE, sizeof(guint)),
                    patient_of = g_array_new(FALSE, TRUE, sizeof(guint));
  Patients patients = {parents, sizes, patient_of};
  number_patients(release, &patients);
  join_duplicates(release, &patients);
  g_autofree CrReleaseGroup **of_root = g_new0(CrReleaseGroup *, parents->len + 1);
  g_autoptr(GHashTable) counted = g_hash_table_new(g_direct_hash, g_direct_equal);
  for (guint i = 0; i < release->notes->len; i++) {
    const guint patient = g_array_index(patient_of, guint, i), root = root_of(parents, patient);
    if (!of_root[root]) {
      of_root[root] = g_new0(CrReleaseGroup, 1);
      of_root[root]->notes = g_ptr_array_new();
      g_ptr_array_add(groups, of_root[root]);
    }
    of_root[root]->n_patients += g_hash_table_add(counted, GUINT_TO_POINTER(patient));
    g_ptr_array_add(of_root[root]->notes, release->notes->pdata[i]);
  }
  return groups;
}

/* ---- what is in two parts all the same ---- */

static gboolean
list_pair(CrRelease *release, const CrDuplicatePair *pair, json_t *list, GError **error)
{
  const CrReleaseNote *a = release->notes->pdata[pair->a], *b = release->notes->pdata[pair->b];
  if (json_array_size(list) >= MOST_LISTED)
    return TRUE;
  g_autoptr(CrText) one = cr_documents_load_cleared(release->p->work, a->id, error);
  g_autoptr(CrText) other = one ? cr_documents_load_cleared(release->p->work, b->id, error) : NULL;
  if (!other)
    return FALSE;
  const double j = cr_duplicates_likeness(cr_text_bytes(one), cr_text_length(one, CR_UNIT_BYTE),
                                          cr_text_bytes(other), cr_text_length(other, CR_UNIT_BYTE));
  json_array_append_new(list, json_pack("{s:[s,s], s:[s,s], s:f}", "notes", a->id, b->id, "parts",
                                        g_array_index(release->splits, CrReleaseSplit, a->split).name,
                                        g_array_index(release->splits, CrReleaseSplit, b->split).name,
                                        "likeness", round(j * 1e4) / 1e4));
  return TRUE;
}

gboolean
cr_release_check_leakage(CrRelease *release, GError **error)
{
  g_autoptr(GArray) pairs = cr_duplicates_pairs(release->duplicates, LIKE);
  g_autoptr(json_t) list = json_array();
  json_int_t n_across = 0;
  for (guint i = 0; i < pairs->len; i++) {
    const CrDuplicatePair *pair = &g_array_index(pairs, CrDuplicatePair, i);
    const CrReleaseNote *a = release->notes->pdata[pair->a], *b = release->notes->pdata[pair->b];
    if (a->split == b->split)
      continue;
    n_across++;
    if (!list_pair(release, pair, list, error))
      return FALSE;
  }
  g_clear_pointer(&release->leakage, json_decref);
  release->leakage =
      json_pack("{s:f, s:i, s:I, s:I, s:O}", "likeness_from", LIKE, "shingle_words", (int)CR_SHINGLE_WORDS,
                "near_duplicates", (json_int_t)pairs->len, "in_two_parts", n_across, "pairs", list);
  return TRUE;
}
