/* draw: numbers from a seed, the same on every machine. */
#pragma once
#include <glib.h>

typedef struct {
  guint64 state;
} CrStatRandom;

/* SplitMix64 (Steele, Lea & Flood 2014). */
static inline guint64
cr_stat_next(CrStatRandom *r)
{
  guint64 z = r->state += G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/* 0 .. n-1; the bias of one part in 2^32 / n is beyond what resamples can show. */
static inline gsize
cr_stat_below(CrStatRandom *r, gsize n)
{
  return (gsize)(((cr_stat_next(r) >> 32) * (guint64)n) >> 32);
}
