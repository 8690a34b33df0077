/* duplicates: notes that are nearly the same, found among many without comparing each with each.
 *
 * A note is the set of its shingles: every run of CR_SHINGLE_WORDS words (letters and digits, small, whatever
 * stands between them); a shorter note is one shingle. Two notes are as alike as their sets:
 * Jaccard's J = |A and B| / |A or B|. Pairs are looked for by MinHash (Broder 1997) in bands (Leskovec,
 * Rajaraman & Ullman, Mining of Massive Datasets, 3.4): 32 bands of 4 of 128 minima; a pair of J = .8 is met
 * with a probability of 1 - (1 - .8^4)^32 > .99999, one of J = .5 with .87. The hash functions are fixed: the
 * same notes give the same pairs. */
#pragma once
#include <chartroom/error.h>

G_BEGIN_DECLS

enum { CR_SHINGLE_WORDS = 5, CR_DUPLICATES_PER_BUCKET = 64 };

typedef struct CrDuplicates CrDuplicates;
CR_EXPORT CrDuplicates *cr_duplicates_new(void);
CR_EXPORT void cr_duplicates_free(CrDuplicates *duplicates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrDuplicates, cr_duplicates_free)

/* Adds a note and returns its number, from 0. The text is not kept, only 512 bytes of minima. */
CR_EXPORT guint cr_duplicates_add(CrDuplicates *duplicates, const char *text, gsize n_bytes);

typedef struct {
  guint a, b;      /* numbers, a < b */
  double likeness; /* J as the minima estimate it, 0..1: standard error at most .045 */
} CrDuplicatePair;
/* The pairs whose estimate is at_least or more, ascending by a, then b. In a bucket of many (a template) each
 * note is compared with CR_DUPLICATES_PER_BUCKET others before it, so that a cluster stays connected and the
 * time linear. transfer full, of CrDuplicatePair */
CR_EXPORT GArray *cr_duplicates_pairs(const CrDuplicates *duplicates, double at_least);

/* J of two texts, exactly. */
CR_EXPORT double cr_duplicates_likeness(const char *a, gsize n_a, const char *b, gsize n_b);

G_END_DECLS
