/* Inside the surrogates: tables, the map of one patient, and what makes a surrogate of each form. All
 * strings are UTF-8; what a maker returns is the caller's, NULL where it can make none. */
#pragma once
#include "phi-private.h"
#include <chartroom/surrogate.h>

/* ---- tables ---- */
typedef struct {
  GPtrArray *words; /* char* */
  GArray *up_to;    /* guint64, running sum of weights */
} SurrogateList;
void surrogate_list_clear(SurrogateList *list);

typedef enum { SURROGATE_MALE, SURROGATE_FEMALE, SURROGATE_FAMILY, SURROGATE_N_POOLS } SurrogatePool;
enum { SURROGATE_MAX_ORIGINS = 32 };

typedef struct {
  guint32 origins;       /* bits: whose lists have it */
  guint32 anglo;         /* its weight in the US lists */
  char gender;           /* m, f, u */
  guint32 given, family; /* weights */
} SurrogateName;

struct CrSurrogateTables {
  GPtrArray *origins; /* char* */
  SurrogateList names[SURROGATE_N_POOLS][SURROGATE_MAX_ORIGINS];
  PhiLexicon *lexicon; /* nicknames */
  GHashTable *known;   /* folded name -> SurrogateName */
  GHashTable *keep;    /* "CLASS word" -> itself: words that stay, by class: name, street, place, file */
  GHashTable *lists;   /* CLASS -> SurrogateList: street, place, saint, file */
  GHashTable *cities;  /* state code or "" -> SurrogateList of towns */
  GHashTable *zips;    /* state code or "" -> SurrogateList of three digits */
  GHashTable *states;  /* folded name or code -> code */
};
gboolean surrogate_keeps(const CrSurrogateTables *tables, const char *class, const char *folded);
const SurrogateName *surrogate_name_fact(const CrSurrogateTables *tables, const char *folded);

/* ---- folding ---- */
/* Letters and digits only, lower case, without accents; transfer full. */
char *surrogate_fold(const char *s, gsize n_bytes);
/* The surrogate written as the original was: ALL CAPS, lower case, or as it stands;
 * without accents where it had only ASCII. transfer full */
char *surrogate_recase(const char *original, gsize n_bytes, const char *surrogate);
gboolean surrogate_is_upper(const char *s, gsize n_bytes); /* two letters or more, none small */

/* ---- one patient's map ---- */
typedef struct {
  char *surrogate;
  gboolean used;
} SurrogateEntry;

struct CrSurrogates {
  const CrSurrogateTables *tables;
  const CrRealValues *real;
  CrDrawFunc draw;
  gpointer draw_data;
  guint64 state;
  int offset;
  GHashTable *map;   /* "CLASS:folded original" -> SurrogateEntry */
  GPtrArray *names;  /* the keys of class name, in order of arrival; borrowed from map */
  GPtrArray *people; /* "given|family", folded, in order of arrival */
  GHashTable *used_people;
  GHashTable *taken; /* folded surrogates handed out */
  CrRealValues *own; /* originals of this patient */
};
gsize surrogate_draw_below(CrSurrogates *s, gsize n);
const char *surrogate_find(CrSurrogates *s, const char *class, const char *folded);
const char *surrogate_put(CrSurrogates *s, const char *class, const char *folded, const char *surrogate);
/* Whether a word may be handed out: nobody's real value, not in use. */
gboolean surrogate_is_free(const CrSurrogates *s, const char *candidate);
/* A free word of the list, drawn by weight; NULL where there seems to be none. Borrowed. */
const char *surrogate_draw_word(CrSurrogates *s, const SurrogateList *list);

/* ---- mentions ---- */
typedef struct {
  const char *text; /* the note */
  gsize n_text;
  const char *s; /* the mention, inside text */
  gsize n;
  CrPhiKind kind;
  int year; /* of the note, for dates without one */
} SurrogateMention;

/* A run of letters and digits, marks and inner apostrophes; a possessive 's stays outside. */
typedef struct {
  gsize start, end;
  char *folded;
} SurrogateWord;
GArray *surrogate_words(const char *s, gsize n_bytes); /* of SurrogateWord, with clear function */

typedef char *(*SurrogateMaker)(CrSurrogates *s, const SurrogateMention *m);
void surrogate_learn_name(CrSurrogates *s, const SurrogateMention *m); /* of full names first */
char *surrogate_make_name(CrSurrogates *s, const SurrogateMention *m);
/* A surrogate for one word of a name, as the map has it; drawn where new. role: g given, f family. Borrowed.
 */
const char *surrogate_name_word(CrSurrogates *s, const SurrogateMention *m, const char *folded, char role);
char *surrogate_make_code(CrSurrogates *s, const SurrogateMention *m);
char *surrogate_make_ssn(CrSurrogates *s, const SurrogateMention *m);
char *surrogate_make_phone(CrSurrogates *s, const SurrogateMention *m);
char *surrogate_make_email(CrSurrogates *s, const SurrogateMention *m);
char *surrogate_make_url(CrSurrogates *s, const SurrogateMention *m);
char *surrogate_make_ip(CrSurrogates *s, const SurrogateMention *m);
char *surrogate_make_file(CrSurrogates *s, const SurrogateMention *m); /* file and user names */
char *surrogate_make_street(CrSurrogates *s, const SurrogateMention *m);
char *surrogate_make_city(CrSurrogates *s, const SurrogateMention *m);
char *surrogate_make_zip(CrSurrogates *s, const SurrogateMention *m);
char *surrogate_make_place(CrSurrogates *s, const SurrogateMention *m); /* facilities, organisations */
/* What the kind's maker makes; NULL: a tag. */
char *surrogate_make(CrSurrogates *s, const SurrogateMention *m);

/* Whether digits would pass as a real NPI, DEA number or card: such a number is never handed out. */
gboolean surrogate_is_valid_number(const char *alnum);
/* Moves the dates in a text by days and writes them back in their form; NULL where it is not all dates that
 * exist. year: for dates that name none. */
char *surrogate_shift_dates(const char *s, gsize n_bytes, int days, int year);
