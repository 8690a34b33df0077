/* release-draw.c: which part gets which group. Iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011,
 * fig. 1) over kinds of note, specialties and finding types: the rarest that is left is given out first, each
 * group to the part that lacks most of it. */
#include "workflow/release-private.h"

#include <string.h>

typedef struct {
  char *name;        /* borrowed key of the table */
  double *lacks;     /* of each part: notes it should still get */
  GPtrArray *groups; /* those that have it, in the seeded order */
  gsize n_left;      /* notes not given out */
} Stratum;

typedef struct {
  CrRelease *release;
  GPtrArray *groups, *strata;
  double *lacks; /* notes of any kind, of each part */
  gboolean *is_given;
} Draw;

static void
stratum_free(gpointer data)
{
  Stratum *s = data;
  g_free(s->name);
  g_free(s->lacks);
  g_ptr_array_unref(s->groups);
  g_free(s);
}

static CrReleaseSplit *
split_at(const CrRelease *release, guint i)
{
  return &g_array_index(release->splits, CrReleaseSplit, i);
}

/* ---- strata ---- */

/* "type=…", "specialty=…", and "label=…" of each finding type in the note. transfer full */
static GPtrArray *
names_of(const CrReleaseNote *note)
{
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(names, g_strconcat("type=", note->type ? note->type : "", NULL));
  if (note->specialty)
    g_ptr_array_add(names, g_strconcat("specialty=", note->specialty, NULL));
  for (guint i = 0; note->labels && note->labels[i]; i++)
    g_ptr_array_add(names, g_strconcat("label=", note->labels[i], NULL));
  return names;
}

static void
count_note(Draw *draw, GHashTable *by_name, CrReleaseGroup *group, const char *name)
{
  Stratum *s = g_hash_table_lookup(by_name, name);
  if (!s) {
    s = g_new0(Stratum, 1);
    *s = (Stratum){g_strdup(name), g_new0(double, draw->release->splits->len), g_ptr_array_new(), 0};
    g_hash_table_insert(by_name, s->name, s);
    g_ptr_array_add(draw->strata, s);
  }
  if (s->groups->len == 0 || s->groups->pdata[s->groups->len - 1] != group)
    g_ptr_array_add(s->groups, group);
  s->n_left++;
}

static gint
compare_strata(gconstpointer pa, gconstpointer pb)
{
  return strcmp((*(Stratum *const *)pa)->name, (*(Stratum *const *)pb)->name);
}

static void
fill_strata(Draw *draw)
{
  g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint g = 0; g < draw->groups->len; g++) {
    CrReleaseGroup *group = draw->groups->pdata[g];
    for (guint i = 0; i < group->notes->len; i++) {
      g_autoptr(GPtrArray) names = names_of(group->notes->pdata[i]);
      for (guint k = 0; k < names->len; k++)
        count_note(draw, by_name, group, names->pdata[k]);
    }
  }
  g_ptr_array_sort(draw->strata, compare_strata);
  for (guint i = 0; i < draw->release->splits->len; i++) {
    const double share = split_at(draw->release, i)->share;
    draw->lacks[i] = share * draw->release->notes->len;
    for (guint k = 0; k < draw->strata->len; k++) {
      Stratum *s = draw->strata->pdata[k];
      s->lacks[i] = share * (double)s->n_left;
    }
  }
}

/* ---- giving out ---- */

static Stratum *
stratum_named(const Draw *draw, const char *name)
{
  Stratum key = {.name = (char *)name}, *at = &key;
  Stratum **found = bsearch(&at, draw->strata->pdata, draw->strata->len, sizeof(gpointer), compare_strata);
  g_assert(found);
  return *found;
}

static void
give(Draw *draw, CrReleaseGroup *group, guint to)
{
  CrReleaseSplit *split = split_at(draw->release, to);
  split->n_patients += group->n_patients;
  split->n_notes += group->notes->len;
  draw->lacks[to] -= group->notes->len;
  draw->is_given[group->rank] = TRUE;
  for (guint i = 0; i < group->notes->len; i++) {
    CrReleaseNote *note = group->notes->pdata[i];
    g_autoptr(GPtrArray) names = names_of(note);
    note->split = to;
    for (guint k = 0; k < names->len; k++) {
      Stratum *s = stratum_named(draw, names->pdata[k]);
      s->lacks[to]--;
      s->n_left--;
    }
  }
}

/* The part that lacks most of the stratum; of equals the one that lacks most notes. A part that is full
 * gets nothing while another is not: the shares come first. */
static guint
neediest(const Draw *draw, const Stratum *s)
{
  guint best = 0;
  for (guint i = 1; i < draw->release->splits->len; i++) {
    const gboolean open = draw->lacks[i] > 0, best_open = draw->lacks[best] > 0;
    if (open != best_open               ? open
        : s->lacks[i] != s->lacks[best] ? s->lacks[i] > s->lacks[best]
                                        : draw->lacks[i] > draw->lacks[best])
      best = i;
  }
  return best;
}

static Stratum *
rarest_left(const Draw *draw)
{
  Stratum *rarest = NULL;
  for (guint i = 0; i < draw->strata->len; i++) {
    Stratum *s = draw->strata->pdata[i];
    if (s->n_left > 0 && (!rarest || s->n_left < rarest->n_left))
      rarest = s;
  }
  return rarest;
}

static void
give_all(Draw *draw)
{
  for (Stratum *s = rarest_left(draw); s; s = rarest_left(draw))
    for (guint i = 0; i < s->groups->len; i++) {
      CrReleaseGroup *group = s->groups->pdata[i];
      if (!draw->is_given[group->rank])
        give(draw, group, neediest(draw, s));
    }
}

/* ---- parts that came away empty ---- */

static guint
split_of(const CrReleaseGroup *group)
{
  return ((CrReleaseNote *)group->notes->pdata[0])->split;
}

/* With few patients a small share may come away empty: it gets the group with the fewest notes of the part
 * with the most groups. */
static void
fill_empty(Draw *draw, guint empty)
{
  g_autofree guint *n = g_new0(guint, draw->release->splits->len);
  guint richest = 0;
  CrReleaseGroup *chosen = NULL;
  for (guint i = 0; i < draw->groups->len; i++)
    n[split_of(draw->groups->pdata[i])]++;
  for (guint i = 1; i < draw->release->splits->len; i++)
    richest = n[i] > n[richest] ? i : richest;
  for (guint i = 0; i < draw->groups->len && n[richest] > 1; i++) {
    CrReleaseGroup *group = draw->groups->pdata[i];
    if (split_of(group) == richest && (!chosen || group->notes->len < chosen->notes->len))
      chosen = group;
  }
  if (!chosen)
    return;
  CrReleaseSplit *from = split_at(draw->release, richest), *to = split_at(draw->release, empty);
  from->n_patients -= chosen->n_patients, to->n_patients += chosen->n_patients;
  from->n_notes -= chosen->notes->len, to->n_notes += chosen->notes->len;
  for (guint i = 0; i < chosen->notes->len; i++)
    ((CrReleaseNote *)chosen->notes->pdata[i])->split = empty;
}

/* Groups in the order they came in, not by their codes, which are random: the same notes in another project
 * part alike. */
void
cr_release_draw_split(CrRelease *release)
{
  gint64 seed = release->options->seed >= 0 ? release->options->seed : 1;
  g_autoptr(GPtrArray) groups = cr_release_groups(release);
  g_autoptr(GPtrArray) strata = g_ptr_array_new_with_free_func(stratum_free);
  g_autofree double *lacks = g_new0(double, release->splits->len);
  g_autofree gboolean *is_given = g_new0(gboolean, groups->len + 1);
  Draw draw = {release, groups, strata, lacks, is_given};
  cr_seeded_shuffle((guint64)seed, groups->pdata, groups->len);
  for (guint i = 0; i < groups->len; i++)
    ((CrReleaseGroup *)groups->pdata[i])->rank = i;
  fill_strata(&draw);
  give_all(&draw);
  for (guint i = 0; i < release->splits->len; i++)
    if (split_at(release, i)->n_notes == 0)
      fill_empty(&draw, i);
}
