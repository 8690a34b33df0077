/* draw.c: seeded draws. The same seed gives the same draw on every machine and in every version. */
#include "base/base.h"

/* splitmix64 (Steele, Lea, Flood 2014). */
static guint64
next_random(guint64 *state)
{
  guint64 z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/* 0 .. n-1 without bias: values of the last, incomplete stretch are drawn again. */
static gsize
next_below(guint64 *state, guint64 n)
{
  guint64 limit = G_MAXUINT64 - G_MAXUINT64 % n, value;
  do
    value = next_random(state);
  while (value >= limit);
  return (gsize)(value % n);
}

void
cr_seeded_shuffle(guint64 seed, gpointer *items, gsize n_items)
{
  guint64 state = seed;
  for (gsize i = n_items; i > 1; i--) {
    gsize j = next_below(&state, i);
    gpointer held = items[i - 1];
    items[i - 1] = items[j];
    items[j] = held;
  }
}

gint64
cr_seed_draw(CrEnv *env)
{
  guint64 seed;
  env->random(env, &seed, sizeof seed);
  return (gint64)(seed >> 11); /* 53 bits: exact in every JSON reader */
}
