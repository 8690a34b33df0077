/* Inside the phi room: pages, tokens, candidates, and the tables they are read with.
 *
 * A note is worked through in pages of about a megabyte, cut where a line or a word ends, so that memory does
 * not grow with the note. Inside a page offsets are 32-bit bytes from the page's first byte; a candidate
 * becomes a CrPhiSpan of the note only at the end. */
#pragma once
#include <chartroom/phi.h>
#include <chartroom/tagger.h>
#include <hs.h>

/* ---- lexicon: what a word may be ---- */
enum {
  PHI_LEX_FIRST_MASK = 0x000f, /* frequency class of a given name, 0 none .. 9 */
  PHI_LEX_LAST_MASK = 0x00f0,  /* of a surname, shifted by 4 */
  PHI_LEX_WORD = 0x0100,       /* an English word */
  PHI_LEX_COMMON = 0x0200,     /* an everyday one */
  PHI_LEX_CLINICAL = 0x0400,   /* of a disease classification */
  PHI_LEX_DRUG = 0x0800,
  PHI_LEX_EPONYM = 0x1000, /* names a disease, test, sign, instrument */
  PHI_LEX_PHRASE = 0x2000, /* begins a phrase of the gazetteer */
  PHI_LEX_STOP = 0x4000,   /* never part of a person's name, whatever its case */
  PHI_LEX_LISTED = 0x8000,
  PHI_LEX_GENERIC = 0x10000,  /* describes a place without naming it (outpatient, cardiology) */
  PHI_LEX_PARTICLE = 0x20000, /* van, de, bin: inside a name */
  PHI_LEX_CREDENTIAL = 0x40000,
  PHI_LEX_TITLE = 0x80000,
  PHI_LEX_SUFFIX = 0x100000, /* Jr, III */
  PHI_LEX_THING = 0x200000,  /* makes an eponym of the name before it (disease, sign, catheter) */
  PHI_LEX_SAYS = 0x400000,   /* what a person does: reports, denies, is */
  PHI_LEX_PLACE = 0x800000   /* a word that stands before a place: in, from, near */
};
#define PHI_FIRST(lex) ((lex)&PHI_LEX_FIRST_MASK)
#define PHI_LAST(lex) (((lex)&PHI_LEX_LAST_MASK) >> 4)

/* ---- languages ---- */
typedef struct PhiPage PhiPage;
typedef struct {
  const char *code;                                                    /* ISO 639-1 */
  const char *rules, *compiled, *words, *gazetteer, *nicknames, *scan; /* in the rules folder */
  const char *lexicon;                                                 /* in the lexicons folder */
  gboolean doubts; /* the tagger may doubt what was found by looks: trained on notes of many kinds */
  void (*find_names)(PhiPage *page);    /* names and places that no rule announces */
  char *(*recase)(const PhiPage *page); /* NULL, or phi_recase */
} PhiLanguage;
/* code NULL: English. An unknown one is CR_ERROR_USAGE, which lists those there are. */
const PhiLanguage *phi_language_find(const char *code, GError **error);

typedef struct PhiLexicon PhiLexicon;
PhiLexicon *phi_lexicon_load(const char *rules_dir, const PhiLanguage *language, GError **error);
void phi_lexicon_free(PhiLexicon *lexicon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PhiLexicon, phi_lexicon_free)
/* The flags of a word; case and the accents of Latin letters do not matter. 0 where it is not listed. */
guint32 phi_lexicon_find(const PhiLexicon *lexicon, const char *word, gsize n_bytes);
/* A place or institution known by its whole name ("los angeles", single spaces, lower case). */
typedef struct {
  CrPhiKind kind;
  double score; /* alone; with a cue before it the candidate is sure */
} PhiPhrase;
const PhiPhrase *phi_lexicon_phrase(const PhiLexicon *lexicon, const char *phrase);
/* Whether a and b name the same given name (Robert, Bob). Lower case. */
gboolean phi_lexicon_same_given(const PhiLexicon *lexicon, const char *a, const char *b);
const char *phi_lexicon_hash(const PhiLexicon *lexicon);

/* ---- tokens ---- */
typedef enum {
  PHI_SHAPE_PUNCT,
  PHI_SHAPE_NUMBER,  /* digits */
  PHI_SHAPE_LOWER,   /* word */
  PHI_SHAPE_CAPITAL, /* Word */
  PHI_SHAPE_INITIAL, /* W */
  PHI_SHAPE_UPPER,   /* WORD */
  PHI_SHAPE_MIXED    /* McWord, wOrd */
} PhiShape;
typedef enum { PHI_GAP_NONE, PHI_GAP_SPACE, PHI_GAP_WIDE, PHI_GAP_LINE, PHI_GAP_BLANK } PhiGap;
typedef struct {
  guint32 start, end; /* bytes in the page; a possessive 's is not part of the word */
  guint32 lex;
  guint8 shape; /* PhiShape */
  guint8 gap;   /* PhiGap: what stands before it */
} PhiToken;

typedef struct {
  guint32 start, end;
  CrPhiKind kind;
  float score;
  const char *by; /* interned */
} PhiCandidate;

struct PhiPage {
  const CrPhiDetector *detector;
  const PhiLexicon *lexicon;
  const char *s; /* the page's bytes; not NUL-terminated */
  guint32 n_bytes;
  GArray *tokens; /* PhiToken */
  GArray *found;  /* PhiCandidate */
};

void phi_tokens_fill(PhiPage *page);
/* The first token that starts at or after off; tokens->len where none does. */
guint phi_token_at(const PhiPage *page, guint32 off);
#define PHI_TOKEN(page, i) (&g_array_index((page)->tokens, PhiToken, (i)))
gboolean phi_token_is(const PhiPage *page, guint i, const char *lower_word);   /* ASCII case ignored */
gboolean phi_token_in(const PhiPage *page, guint i, const char *const *words); /* sorted, lower case */
gboolean phi_token_is_word(const PhiPage *page, guint i);
gboolean phi_token_is_capital(const PhiPage *page, guint i); /* begins with an upper-case letter */
/* ASCII lower case without accents, into buf; FALSE where it does not fit. */
gboolean phi_fold(const char *word, gsize n_bytes, char *buf, gsize n_buf);

void phi_page_add(PhiPage *page, guint32 start, guint32 end, CrPhiKind kind, double score, const char *by);

/* ---- rules ---- */
typedef struct {
  char *id;
  const char *by; /* "rule:ID", interned */
  CrPhiKind kind;
  double score;
  gboolean has_start; /* the pattern's own start is known; else only its end */
  char *pattern;
  unsigned flags;
  struct PhiConfirmer const *confirmer; /* NULL: the match is the candidate */
  char *context;                        /* argument of the confirmer, may be "" */
} PhiRule;

/* Looks at one match; may move its bounds, change kind and score, or add candidates of its own and refuse.
 * FALSE: no candidate. */
typedef gboolean (*PhiConfirm)(PhiPage *page, const PhiRule *rule, PhiCandidate *candidate);
typedef struct PhiConfirmer {
  const char *name;
  PhiConfirm confirm;
} PhiConfirmer;
const PhiConfirmer *phi_confirmer_find(const char *name);

typedef struct PhiRules PhiRules;
/* compiled_path: the same table compiled before (phi_rules_serialise), used where it fits; may be NULL. */
PhiRules *phi_rules_load(const char *path, const char *compiled_path, GError **error);
char *phi_rules_serialise(const PhiRules *rules, gsize *n_bytes); /* transfer full */
void phi_rules_free(PhiRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PhiRules, phi_rules_free)
const hs_database_t *phi_rules_database(const PhiRules *rules);
const char *phi_rules_hash(const PhiRules *rules);
guint phi_rules_count(const PhiRules *rules);
/* Runs all rules over the page and adds what the confirmers let through. matches: room for raw matches. */
void phi_rules_run(const PhiRules *rules, hs_scratch_t *scratch, GArray *matches, PhiPage *page);
/* A row of a table file: fields split at tabs, comments (#) and empty lines skipped. */
typedef gboolean (*PhiRowFunc)(char **fields, guint n_fields, guint line, gpointer data, GError **error);
gboolean phi_table_read(const char *path, PhiRowFunc func, gpointer data, GString *hash_of, GError **error);

/* ---- numbers misread ---- */
/* Where letters stand for digits: the ranges (two guint32 each, bytes) and a copy of the page with the digits;
 * NULL, and no copy, where there are none. transfer full */
GArray *phi_rescan(const PhiPage *page, char **copy);

/* ---- dates ---- */
typedef struct {
  int year, month, day; /* 0: not given */
  int year_digits;      /* 2, 4, 0 */
} PhiDate;
/* Reads the first date of any clinical shape out of text. FALSE where there is none. */
gboolean phi_date_parse(const char *s, gsize n_bytes, PhiDate *date);
/* The year that stands in a date's text (two digits widened), 0 where it has none. */
int phi_date_year(const char *s, gsize n_bytes);
gboolean phi_date_agrees(const PhiDate *note, const PhiDate *known); /* partials allowed */
int phi_month_from_name(const char *s, gsize n_bytes);               /* 1..12, 0 */

/* ---- detectors ---- */
/* A copy of a page without small or without capital letters in which possible names begin with a capital;
 * only the case of ASCII letters differs. NULL where the page has both. Transfer full. */
char *phi_recase(const PhiPage *page);
/* An ending of medicine or grammar (itis, ectomy, ing): no name, though nothing lists the word. */
gboolean phi_ends_like_a_term(const char *s, gsize n_bytes);
void phi_names_run(PhiPage *page); /* lexicon names and places */
void phi_es_names_run(PhiPage *page);
/* Reads a person's name at token i. flags: PHI_NAME_*. Returns the token after it, i where there is none. */
enum { PHI_NAME_LOWER = 1, PHI_NAME_COMMA = 2, PHI_NAME_SURE = 4, PHI_NAME_TITLED = 8 };
guint phi_name_read(const PhiPage *page, guint i, guint flags);
guint phi_name_read_back(const PhiPage *page, guint end); /* first token of the name that ends before end */
gboolean phi_name_is_eponym(const PhiPage *page, guint first, guint after);

typedef struct PhiKnownSet PhiKnownSet;
PhiKnownSet *phi_known_compile(const PhiLexicon *lexicon, const CrKnown *known); /* NULL where empty */
void phi_known_free(PhiKnownSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PhiKnownSet, phi_known_free)
void phi_known_run(const PhiKnownSet *set, PhiPage *page);

/* Names found once, found everywhere. */
typedef struct PhiSeen PhiSeen;
PhiSeen *phi_seen_new(const PhiLexicon *lexicon);
void phi_seen_free(PhiSeen *seen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PhiSeen, phi_seen_free)
void phi_seen_learn(PhiSeen *seen, const PhiPage *page, double threshold);
gboolean phi_seen_is_empty(const PhiSeen *seen);
void phi_seen_run(const PhiSeen *seen, PhiPage *page);

/* ---- the trained tagger ---- */
typedef struct PhiTagger PhiTagger;
PhiTagger *phi_tagger_new(const char *rules_dir, CrTagger *model, GError **error); /* takes the model */
void phi_tagger_free(PhiTagger *tagger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PhiTagger, phi_tagger_free)
const CrTagger *phi_tagger_model(const PhiTagger *tagger);
/* Adds what reaches the threshold. */
void phi_tagger_find(const PhiTagger *tagger, CrTaggerScratch *scratch, PhiPage *page, double threshold,
                     gboolean doubts);

/* A user's own model: its labels as kinds (data/rules/onnx-labels.tsv, a table of the user's before it). */
typedef struct PhiOnnx PhiOnnx;
PhiOnnx *phi_onnx_load(const char *rules_dir, const char *model, const char *labels, const char *runtime,
                       GError **error);
void phi_onnx_free(PhiOnnx *onnx);
const char *phi_onnx_hash(const PhiOnnx *onnx);
/* What it finds on a page: GArray of PhiCandidate, those below threshold left out; transfer full. NULL where
 * the model failed. */
GArray *phi_onnx_find(const PhiOnnx *onnx, const PhiPage *page, double threshold, GError **error);

/* Overlapping candidates become one span: GArray of CrPhiSpan at base, those below threshold left out. */
void phi_merge(GArray *candidates, gsize base, double threshold, GArray *spans);

/* ---- files ---- */
char *phi_rules_path(const char *rules_dir, const char *name); /* transfer full */
/* The rules of the language compiled, beside the rules; transfer full. */
char *phi_compiled_path(const char *rules_dir, const PhiLanguage *language);
/* The trained tagger of a language: the models folder beside rules. */
char *phi_model_path(const char *rules_dir, const PhiLanguage *language);
char *phi_lexicon_path(const char *rules_dir, const char *name); /* the lexicons folder beside rules */
