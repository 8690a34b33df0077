/* The compiled form of one patient's known identifiers, seen by the compiler and by the finder. */
#pragma once
#include "phi-private.h"

typedef struct {
  char *word; /* folded */
  CrPhiKind kind;
  guint32 lex;
  gboolean given;
} KnownPart;

typedef struct {
  char *squeezed; /* letters and digits, lower case */
  CrPhiKind kind;
  const char *by;
  gboolean last_four; /* its last four digits count after a cue */
} KnownCode;

typedef struct {
  GPtrArray *words; /* folded, canonical (street -> st) */
  CrPhiKind kind;
} KnownPlace;

typedef struct {
  char letters[4]; /* upper case */
  CrPhiKind kind;
} KnownInitials;

struct PhiKnownSet {
  const PhiLexicon *lexicon;
  GArray *parts, *codes, *places, *initials, *dates; /* KnownPart … PhiDate */
  guint32 first_letters;                             /* a..z of the parts */
  guint64 code_starts[2];                            /* ASCII characters that open a code */
};

/* Names whose letters stand apart. */
void phi_known_find_spaced(const PhiKnownSet *set, PhiPage *page);
/* One spelling for the words of an address: street and st are st. word folded; borrowed. */
const char *phi_known_canonical(const char *word);
