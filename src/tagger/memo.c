/* What was worked out before, by a key: sets of four, of which the one unused for longest gives way.
 * What was handed out since cr_memo_begin stays where it is. */
#include "plan-private.h"

enum { WAYS = 4 };

typedef struct {
  guint64 key[WAYS];
  guint32 used[WAYS]; /* when: a number of cr_memo_begin; 0: empty */
} Set;

struct CrMemo {
  Set *sets;
  guint mask; /* sets, less 1 */
  gsize n_bytes;
  guint8 *rows;
  guint32 now;
  GPtrArray *spare; /* for keys for which no place could be given up */
  guint n_spare;
};

CrMemo *
cr_memo_new(guint n_sets, gsize n_bytes)
{
  CrMemo *m = g_new0(CrMemo, 1);
  m->sets = g_new0(Set, n_sets);
  m->mask = n_sets - 1;
  m->n_bytes = n_bytes;
  m->rows = g_malloc((gsize)n_sets * WAYS * n_bytes);
  m->spare = g_ptr_array_new_with_free_func(g_free);
  return m;
}

void
cr_memo_free(CrMemo *m)
{
  if (m == NULL)
    return;
  g_free(m->sets);
  g_free(m->rows);
  g_ptr_array_unref(m->spare);
  g_free(m);
}

void
cr_memo_begin(CrMemo *m)
{
  m->n_spare = 0;
  if (++m->now != 0)
    return;
  for (guint s = 0; s <= m->mask; s++)
    m->sets[s] = (Set){0};
  m->now = 1;
}

static gpointer
spare_row(CrMemo *m)
{
  if (m->n_spare == m->spare->len)
    g_ptr_array_add(m->spare, g_malloc(m->n_bytes));
  return g_ptr_array_index(m->spare, m->n_spare++);
}

gpointer
cr_memo_find(CrMemo *m, guint64 key, gboolean *is_new)
{
  const guint at = (guint)(key >> 20) & m->mask;
  Set *set = &m->sets[at];
  guint oldest = 0;
  *is_new = FALSE;
  for (guint w = 0; w < WAYS; w++) {
    if (set->used[w] != 0 && set->key[w] == key) {
      set->used[w] = m->now;
      return m->rows + ((gsize)at * WAYS + w) * m->n_bytes;
    }
    oldest = set->used[w] < set->used[oldest] ? w : oldest;
  }
  *is_new = TRUE;
  if (set->used[oldest] == m->now)
    return spare_row(m);
  set->key[oldest] = key;
  set->used[oldest] = m->now;
  return m->rows + ((gsize)at * WAYS + oldest) * m->n_bytes;
}
