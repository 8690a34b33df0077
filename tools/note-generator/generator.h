/* The note generator: invented notes with every identifier marked, from a grammar. Nothing here reads a real
 * note; the names are lists, the rest is drawn. */
#pragma once
#include <glib.h>
#include <stdint.h>

/* ---- randomness: splitmix64, the same everywhere ---- */
typedef struct {
  guint64 state;
} Random;
guint64 random_next(Random *r);
guint random_below(Random *r, guint n);
gboolean random_chance(Random *r, double p);

/* ---- names ---- */
typedef struct {
  char *name, *origin;
  char gender; /* m f u; family names: u */
  guint weight;
} Name;
typedef struct {
  GPtrArray *given, *family; /* Name */
  GPtrArray *origins;        /* char *, sorted */
  GHashTable *pools;         /* to draw from */
} Names;
/* use: "train", "held", or NULL for all. */
gboolean names_load(Names *names, const char *dir, const char *use, GError **error);

typedef struct {
  char *given, *middle, *family, *origin; /* owned */
  char gender;                            /* m f */
} Person;
void person_draw(const Names *names, Random *random, Person *person);
void person_clear(Person *person);
const char *names_draw(const Names *names, Random *random, gboolean family, char gender, const char *origin);
/* The person's name in a form ("full", "last", "lastfirst" …); NULL for no such form. transfer full */
char *person_form(const Person *person, const char *form, Random *random);
gboolean person_has_form(const char *form);

/* ---- grammar ---- */
typedef struct {
  char *text, *where; /* where: file:line */
  double weight;
  char *kind;    /* of a root: @kind */
  gboolean hold; /* of a root: @hold */
} Production;
typedef struct {
  GHashTable *symbols; /* char * -> GPtrArray of Production */
  GPtrArray *carriers; /* char * */
} Grammar;
gboolean grammar_load(Grammar *grammar, const char *dir, GError **error);
gboolean grammar_add_carrier(Grammar *grammar, const char *path, GError **error);
/* Every {SYMBOL} and slot of every production exists. */
gboolean grammar_check(const Grammar *grammar, GError **error);
const GPtrArray *grammar_find(const Grammar *grammar, const char *symbol);

/* ---- a note ---- */
typedef struct {
  gsize start, end; /* bytes */
  char *label;      /* owned */
  char *origin;     /* owned, or NULL */
  const char *form; /* of a person: as a slot names it; NULL elsewhere */
} Mark;
typedef struct {
  GString *text;
  GArray *marks; /* Mark */
} Note;
void note_clear(Note *note);
void note_drop_marks(Note *note, guint from); /* all marks from that number on */

enum { N_STAFF = 6, N_RELATIVES = 3 };
typedef struct {
  const Grammar *grammar;
  const Names *names;
  Random random;
  Person patient, staff[N_STAFF], relative[N_RELATIVES];
  int admit_day, birth_year; /* days since 1970-01-01 */
  GHashTable *kept;          /* what a note says again the same: "MRN" … */
  Note note;
  const char *kind; /* of the root that was drawn */
  int depth;
  gboolean inside; /* a mark: no marks within */
} Writer;
void writer_init(Writer *writer, const Grammar *grammar, const Names *names, guint64 seed);
void writer_clear(Writer *writer);
/* Appends an expansion of a text. */
gboolean writer_expand(Writer *writer, const char *text, const char *where, GError **error);
gboolean writer_symbol(Writer *writer, const char *symbol, const char *where, GError **error);
/* Whether a slot is made by the program itself, and its text. */
gboolean slot_exists(const char *slot);
char *slot_value(Writer *writer, const char *slot, char **label, char **origin, char **before, char **after);

/* The kind that a symbol of the grammar is marked as, or NULL. */
const char *kind_of_symbol(const char *symbol);

/* ---- notes written by hand ---- */
/* Writes a marked note (a JSON line with text and entities, ascending); again: with most identifiers drawn
 * anew. */
gboolean marked_write(Writer *writer, const char *line, gboolean again, GError **error);

/* ---- dates ---- */
char *date_form(const char *form, int day, Random *random);
gboolean date_has_form(const char *form);

/* ---- noise ---- */
extern const char *const noise_names[]; /* NULL-terminated */
void noise_apply(Note *note, const char *name, Random *random);
/* Marks that run over a line end are cut there; white space at their ends is left out. */
void note_tidy(Note *note);
