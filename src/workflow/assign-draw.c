/* assign-draw.c: who reads what. The seed stands in the trail, so that anybody can draw again and compare. */
#include "workflow/reading-private.h"

#include <math.h>

/* The reader with the least to do, except one; the first of equals in a rotation that starts at `from`. */
static guint
least_loaded(const guint *loads, guint n_readers, guint except, guint from)
{
  guint best = G_MAXUINT;
  for (guint i = 0; i < n_readers; i++) {
    guint reader = (from + i) % n_readers;
    if (reader != except && (best == G_MAXUINT || loads[reader] < loads[best]))
      best = reader;
  }
  return best;
}

static void
add_task(GArray *tasks, guint *loads, gsize note, guint reader)
{
  CrDrawnTask task = {note, reader};
  g_array_append_val(tasks, task);
  loads[reader]++;
}

/* Notes for a second reader come from every first reader in turn, so that nobody's notes are read twice more
 * often than another's. */
static void
add_seconds(GArray *tasks, guint *loads, guint n_readers, const guint *first, const gpointer *order,
            gsize n_notes, gsize n_twice)
{
  g_autofree gsize *at = g_new0(gsize, n_readers); /* how far each first reader's notes are used up */
  guint turn = 0;
  for (gsize drawn = 0; drawn < n_twice; turn = (turn + 1) % n_readers) {
    gsize *i = &at[turn];
    while (*i < n_notes && first[GPOINTER_TO_SIZE(order[*i])] != turn)
      ++*i;
    if (*i == n_notes)
      continue;
    gsize note = GPOINTER_TO_SIZE(order[(*i)++]);
    add_task(tasks, loads, note, least_loaded(loads, n_readers, turn, turn));
    drawn++;
  }
}

GArray *
cr_draw_tasks(guint64 seed, gsize n_notes, guint n_readers, double overlap, gsize *n_twice)
{
  GArray *tasks = g_array_new(FALSE, FALSE, sizeof(CrDrawnTask));
  g_autofree guint *loads = g_new0(guint, n_readers), *first = g_new(guint, n_notes);
  g_autofree gpointer *order = g_new(gpointer, n_notes);
  gsize twice = n_readers > 1 ? (gsize)ceil(overlap * (double)n_notes - 1e-9) : 0;
  *n_twice = MIN(twice, n_notes);
  for (gsize i = 0; i < n_notes; i++)
    order[i] = GSIZE_TO_POINTER(i);
  cr_seeded_shuffle(seed, order, n_notes);
  for (gsize i = 0; i < n_notes; i++) {
    gsize note = GPOINTER_TO_SIZE(order[i]);
    first[note] = least_loaded(loads, n_readers, G_MAXUINT, (guint)(i % n_readers));
    add_task(tasks, loads, note, first[note]);
  }
  cr_seeded_shuffle(seed ^ 0x5EC0D5EC0D5EC0D5u, order, n_notes);
  add_seconds(tasks, loads, n_readers, first, order, n_notes, *n_twice);
  return tasks;
}
