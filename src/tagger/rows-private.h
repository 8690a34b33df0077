/* Loops over rows of floats, a state each, in blocks that vector registers hold; inlined into what calls
 * them, which is compiled for wide registers as well. Each element is worked out alone, sums run in eight
 * lanes of a fixed order and nothing is contracted, so that the bits are the same whatever the registers'
 * width. */
#pragma once
#include "tagger-private.h"
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(CR_SANITIZED)
#define CR_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define CR_WIDE
#endif
#define CR_ROW_INLINE static inline __attribute__((always_inline))

enum { CR_LANES = 8 };
typedef float CrLanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef gint32 CrLaneBits __attribute__((vector_size(32), aligned(2), may_alias));

/* to += row x factor */
CR_ROW_INLINE void
cr_row_add_scaled(float *to, const float *row, float factor, guint n)
{
  for (guint at = 0; at < n; at += CR_LANES)
    *(CrLanes *)(to + at) += *(const CrLanes *)(row + at) * factor;
}

/* to x= by; the sum of to */
CR_ROW_INLINE float
cr_row_multiply(float *to, const float *by, guint n)
{
  CrLanes v = {0};
  for (guint at = 0; at < n; at += CR_LANES) {
    *(CrLanes *)(to + at) *= *(const CrLanes *)(by + at);
    v += *(const CrLanes *)(to + at);
  }
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

CR_ROW_INLINE float
cr_row_largest(const float *row, guint n)
{
  CrLanes best = *(const CrLanes *)row;
  for (guint at = CR_LANES; at < n; at += CR_LANES) {
    const CrLanes v = *(const CrLanes *)(row + at);
    const CrLaneBits larger = v > best;
    best = (CrLanes)(((CrLaneBits)v & larger) | ((CrLaneBits)best & ~larger));
  }
  float top = best[0];
  for (guint i = 1; i < CR_LANES; i++)
    top = best[i] > top ? best[i] : top;
  return top;
}

/* Whether one of a block is at least that. */
CR_ROW_INLINE gboolean
cr_row_any_from(const float *row, float least)
{
  typedef gint64 Wide __attribute__((vector_size(32)));
  CrLaneBits any = {0};
  for (guint i = 0; i < CR_ROW_BLOCK; i += CR_LANES)
    any |= *(const CrLanes *)(row + i) >= least;
  const Wide w = (Wide)any;
  return (w[0] | w[1] | w[2] | w[3]) != 0;
}

/* Rows of whole numbers in 16 bits hold the two halves of each block in turns, so that shifts part them. */
CR_ROW_INLINE guint
cr_row_half(guint place)
{
  const guint in_block = place % CR_ROW_BLOCK;
  return place - in_block + 2 * (in_block % CR_LANES) + in_block / CR_LANES;
}

CR_ROW_INLINE void
cr_row_add_halves(CrLaneBits *first, CrLaneBits *second, const gint16 *row)
{
  const CrLaneBits both = *(const CrLaneBits *)(const void *)row;
  *first += (both << 16) >> 16;
  *second += both >> 16;
}

/* A block in 16 bits; *lost gets bits where one does not fit. */
CR_ROW_INLINE void
cr_row_narrow(const float *row, gint16 *to, CrLaneBits *lost)
{
  const CrLaneBits first = __builtin_convertvector(*(const CrLanes *)row, CrLaneBits);
  const CrLaneBits second = __builtin_convertvector(*(const CrLanes *)(row + CR_LANES), CrLaneBits);
  *lost |= (first ^ ((first << 16) >> 16)) | (second ^ ((second << 16) >> 16));
  *(CrLaneBits *)(void *)to = (first & 0xFFFF) | (second << 16);
}

/* to = e^(row - top), for row <= top: 2^n by its bits, 2^fraction by its Taylor series to the seventh power;
 * within 2e-7. Less than CR_LOWEST counts as that: e to it is still a normal float. */
#define CR_LOWEST (-80.0F)
CR_ROW_INLINE void
cr_row_exp(float *to, const float *row, float top, guint n)
{
  for (guint at = 0; at < n; at += CR_LANES) {
    CrLanes x = *(const CrLanes *)(row + at) - top;
    const CrLaneBits low = x < CR_LOWEST;
    const CrLanes lowest = CR_LOWEST - (CrLanes){0};
    x = (CrLanes)(((CrLaneBits)lowest & low) | ((CrLaneBits)x & ~low));
    const CrLanes t = x * 1.44269504F - .5F;
    const CrLaneBits whole = __builtin_convertvector(t, CrLaneBits);
    const CrLanes f = (t - __builtin_convertvector(whole, CrLanes) + .5F) * .69314718F;
    const CrLanes high = .041666667F + f * (.0083333333F + f * (.0013888889F + f * .00019841270F));
    const CrLanes p = 1 + f * (1 + f * (.5F + f * (.16666667F + f * high)));
    *(CrLanes *)(to + at) = p * (CrLanes)((whole + 127) << 23);
  }
}
