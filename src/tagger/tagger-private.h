/* What the files of the room share. States are ordered E(0..K-1) O(K) S(K+1..2K) B(2K+1..3K) I(3K+1..4K) for
 * K labels, so that those that may end an entity or stand outside ("ends": E, O, S) and those that may start
 * one ("starts": O, S, B) are each one contiguous block. */
#pragma once
#include <chartroom/tagger.h>
#include <stdint.h>

/* ---- hashing: our own mixing, the same on every machine ---- */
static inline guint64
cr_hash_step(guint64 h, guint64 v)
{
  h = (h ^ v) * G_GUINT64_CONSTANT(0x9FB21C651E98DF25);
  return h ^ (h >> 29);
}
static inline guint32
cr_hash_fold(guint64 h)
{
  guint32 f = (guint32)(h ^ (h >> 32));
  return f == 0 ? 1 : f; /* 0 means absent */
}
guint64 cr_hash_bytes(guint64 seed, const char *bytes, gsize n_bytes);

/* splitmix64 (Steele, Lea & Flood 2014) */
typedef struct {
  guint64 state;
} CrRandom;
static inline guint64
cr_random_next(CrRandom *r)
{
  guint64 z = (r->state += G_GUINT64_CONSTANT(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94D049BB133111EB);
  return z ^ (z >> 31);
}
static inline double
cr_random_unit(CrRandom *r)
{
  return (double)(cr_random_next(r) >> 11) * 0x1p-53;
}
static inline guint64
cr_random_below(CrRandom *r, guint64 n)
{
  return cr_random_next(r) % n;
}

/* ---- word classes: word -> bits ---- */
#define CR_MAX_CLASSES 64
typedef struct CrClasses CrClasses;
/* Rows "class<TAB>word word …"; words are lower-cased. A word may be in several classes. Rows
 * "~name<TAB>expression" are patterns. */
CrClasses *cr_classes_parse(const char *table, gsize n_bytes, const char *name, GError **error);
void cr_classes_free(CrClasses *classes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrClasses, cr_classes_free)
guint64 cr_classes_find(const CrClasses *classes, guint64 lower_hash); /* bits; 0 */
/* The same for a word in lower case; where it stands in no list, and the classes have a lexicon's, without
 * its accents. lower ends with a NUL; key is its hash. */
guint64 cr_classes_of_word(const CrClasses *classes, const char *lower, gsize n_bytes, guint64 key);
/* Takes the names out of a share of the lexicon's words, always the same ones. */
void cr_classes_hide_names(CrClasses *classes, double share);
int cr_classes_bit(const CrClasses *classes, const char *name); /* -1 where there is no such class */

/* ---- patterns: regular expressions of the class table ---- */
typedef struct CrPatterns CrPatterns;
CrPatterns *cr_patterns_new(void);
void cr_patterns_free(CrPatterns *patterns);
gboolean cr_patterns_add(CrPatterns *patterns, const char *name, const char *expression, GError **error);
const CrPatterns *cr_classes_patterns(const CrClasses *classes); /* may be NULL */

/* ---- columns: what is known of each token ---- */
#define CR_COLUMN_TABLE(X)                                                                                   \
  /* the token itself */                                                                                     \
  X(WORD, "word")                                                                                            \
  X(LOWER, "lower")                                                                                          \
  X(SHAPE, "shape")                                                                                          \
  X(SHORT, "short")                                                                                          \
  X(TYPE, "type")                                                                                            \
  X(LENGTH, "length")                                                                                        \
  X(PRE1, "pre1")                                                                                            \
  X(PRE2, "pre2")                                                                                            \
  X(PRE3, "pre3")                                                                                            \
  X(PRE4, "pre4")                                                                                            \
  X(PRE5, "pre5")                                                                                            \
  X(SUF1, "suf1")                                                                                            \
  X(SUF2, "suf2")                                                                                            \
  X(SUF3, "suf3")                                                                                            \
  X(SUF4, "suf4")                                                                                            \
  X(SUF5, "suf5")                                                                                            \
  X(CLASSES, "classes")                    /* its set of word classes */                                     \
  X(GAP, "gap") /* white space in front */ /* the stretch without white space around it */                   \
  X(CHUNK_SHAPE, "chunk-shape")                                                                              \
  X(CHUNK_KIND, "chunk-kind")                                                                                \
  X(CHUNK, "chunk")                                                                                          \
  X(CHUNK_AT, "chunk-at") /* its line */                                                                     \
  X(LINE, "line")                                                                                            \
  X(ZONE, "zone")                                                                                            \
  X(LINE_AT, "line-at")                                                                                      \
  X(LINE_END, "line-end") X(FIRST, "first") X(HEADER, "header") X(KEY, "key") X(KEY_AT, "key-at")            \
      X(PREV_HEADER, "prev-header") X(NEXT_HEADER, "next-header")                                            \
          X(SECTION, "section") /* capitalised runs, segments between punctuation, cues */                   \
      X(RUN_HEAD, "run-head") X(RUN_AT, "run-at") X(RUN_LENGTH, "run-length")                                \
          X(SEGMENT_HEAD, "segment-head") X(SEGMENT_AT, "segment-at") X(CUE, "cue") X(CUE_AT, "cue-at")      \
              X(KIN, "kin") X(POSTCODE_AT, "postcode-at") /* the same word elsewhere in the document */      \
      X(SAME_KEY, "same-key") X(SAME_KEY2, "same-key2") X(SAME_CUE, "same-cue")                              \
          X(SAME_COUNT, "same-count") /* regular expressions */ X(PATTERN, "pattern")                        \
              X(PATTERN_AT, "pattern-at") /* what a first pass made of the document */                       \
      X(GUESS, "guess") X(GUESS_SURE, "guess-sure") X(SAME_GUESS, "same-guess")                              \
          X(SAME_GUESS2, "same-guess2") X(PREV_GUESS, "prev-guess") X(NEXT_GUESS, "next-guess")

#define CR_COLUMN_ENUM_(code, name) CR_COL_##code,
typedef enum { CR_COLUMN_TABLE(CR_COLUMN_ENUM_) CR_N_COLUMNS } CrColumn;

/* Values of CR_COL_TYPE. */
enum { CR_TYPE_PUNCT = 1, CR_TYPE_DIGITS, CR_TYPE_CAPITALS, CR_TYPE_INITIAL, CR_TYPE_CAPITAL, CR_TYPE_SMALL };

typedef struct {
  guint32 first, n; /* tokens */
} CrSequence;

/* A document cut into tokens and lines. Columns are arrays of n_tokens hashes; 0 is "absent". */
typedef struct {
  const char *text;
  gsize n_bytes;
  guint n_tokens, n_allocated;
  guint32 *start, *end; /* bytes */
  guint64 *classes;     /* bits of each token */
  guint64 *lower;       /* hash of the lower-cased token */
  guint64 *word;        /* hash of the token as it is spelt: what all columns up to "classes" follow from */
  guint32 *columns[CR_N_COLUMNS];
  GArray *sequences; /* CrSequence */
} CrTokens;
typedef struct CrWordCache CrWordCache;
CrWordCache *cr_word_cache_new(void);
void cr_word_cache_free(CrWordCache *cache);
void cr_tokens_init(CrTokens *tokens);
void cr_tokens_clear(CrTokens *tokens);
/* Cuts text and fills what belongs to the token and its chunk. The cache belongs to one class table. */
void cr_tokens_read(CrTokens *tokens, CrWordCache *cache, const CrClasses *classes, const char *text,
                    gsize n_bytes);
void cr_columns_lines(CrTokens *tokens);                          /* the line's columns */
void cr_columns_runs(CrTokens *tokens, const CrClasses *classes); /* runs, segments, cues */
void cr_columns_same(CrTokens *tokens);                           /* the same word elsewhere */
void cr_columns_patterns(CrTokens *tokens, const CrPatterns *patterns);
/* label per token (n_labels: outside), and how sure, from a first pass. */
void cr_columns_guess(CrTokens *tokens, const guint16 *label, const float *sure, guint n_labels);

/* ---- templates ---- */
typedef struct {
  guint8 column;
  gint8 offset;
} CrPart;
#define CR_MAX_PARTS 4
#define CR_MAX_OFFSET 12
typedef struct {
  guint8 n_parts;
  gboolean each_class; /* one feature a class bit of the token at parts[0].offset */
  CrPart parts[CR_MAX_PARTS];
  guint64 seed;
} CrTemplate;
typedef struct CrTemplates {
  GArray *items;         /* CrTemplate */
  gboolean across_lines; /* "context document": offsets reach beyond the line */
  GPtrArray *skipped;    /* names of classes */
} CrTemplates;
/* The templates of a pass (1 or 2). */
CrTemplates *cr_templates_parse(const char *text, gsize n_bytes, guint pass, const char *name,
                                GError **error);
gboolean cr_templates_have_second_pass(const char *text);
/* The bits of the classes named by \"skip\". */
guint64 cr_templates_skipped(const CrTemplates *templates, const CrClasses *classes);
void cr_templates_free(CrTemplates *templates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrTemplates, cr_templates_free)
/* Hashes of the features of one token, appended to out (at most CR_MAX_FEATURES). Returns how many. */
#define CR_MAX_FEATURES 512
guint cr_templates_features(const CrTemplates *templates, const CrTokens *tokens, const CrSequence *line,
                            guint token, guint64 *out);
/* The same of some templates; line: what offsets may reach. */
guint cr_templates_of(const CrTemplate *items, guint n_items, const CrTokens *tokens, const CrSequence *line,
                      guint token, guint64 *out);
static inline gboolean
cr_line_has(const CrSequence *line, gint64 at)
{
  return at >= line->first && at < (gint64)line->first + line->n;
}
/* What stands for a column's value past the line's ends: a value of its own, by distance. */
static inline guint32
cr_line_value(const CrSequence *line, gint64 at)
{
  return (guint32)(at < line->first ? 0x10000 + (line->first - at) : 0x20000 + (at - line->first - line->n));
}
/* The feature of the lowest class of bits. */
static inline guint64
cr_class_feature(guint64 seed, guint64 bits)
{
  return cr_hash_step(seed, (guint64)__builtin_ctzll(bits) + 1);
}

/* ---- the lattice ---- */
#define CR_MAX_LABELS 63 /* 4 x 63 + 1 states fit a slot's count of 8 bits */
static inline guint
cr_states_n(guint k)
{
  return 4 * k + 1;
}
static inline guint
cr_state_outside(guint k)
{
  return k;
}
static inline guint
cr_state_e(guint k, guint label)
{
  (void)k;
  return label;
}
static inline guint
cr_state_s(guint k, guint label)
{
  return k + 1 + label;
}
static inline guint
cr_state_b(guint k, guint label)
{
  return 2 * k + 1 + label;
}
static inline guint
cr_state_i(guint k, guint label)
{
  return 3 * k + 1 + label;
}
static inline guint
cr_state_n_ends(guint k)
{
  return 2 * k + 1;
} /* states 0 .. 2K */
static inline guint
cr_state_first_start(guint k)
{
  return k;
} /* states K .. 3K */
/* The label of a state, K for outside. */
guint cr_state_label(guint k, guint state);

/* Transition weights: (2K+1)^2 from ends to starts, row by row, then for each label B->I B->E I->I I->E. */
static inline gsize
cr_transitions_n(guint k)
{
  return (gsize)(2 * k + 1) * (2 * k + 1) + 4 * (gsize)k;
}

typedef struct {
  guint k, n_allocated; /* labels; rows allocated */
  double negligible;    /* forward mass below it is left out; cr_lattice_init sets what changes nothing */
  double *score;        /* row a token, cr_states_n(k) wide: in: emission scores; kept */
  double *forward, *backward, *emission;
  double *scale;
  double *exp_transition; /* of cr_lattice_transitions */
  float *transition;
  guint16 *from; /* Viterbi */
} CrLattice;
void cr_lattice_init(CrLattice *lattice, guint k);
void cr_lattice_clear(CrLattice *lattice);
void cr_lattice_reserve(CrLattice *lattice, guint n_tokens); /* zeroes the scores of n_tokens rows */
void cr_lattice_set_transitions(CrLattice *lattice, const float *transitions);
/* Forward-backward over score[0..n); marginals (row a token) replace nothing: they go to out. Returns the log
 * of the partition function. */
double cr_lattice_marginals(CrLattice *lattice, guint n_tokens, double *out);
/* Adds the expected count of each transition to out (cr_transitions_n); after cr_lattice_marginals. */
void cr_lattice_expected(const CrLattice *lattice, guint n_tokens, double *out);
/* The best legal path. Returns its score. */
double cr_lattice_best(CrLattice *lattice, guint n_tokens, guint16 *states);
/* The score of one path (for tests and the loss); -inf where a step is not legal. */
double cr_lattice_path(const CrLattice *lattice, guint n_tokens, const guint16 *states);
/* Index of a transition's weight; G_MAXSIZE where the step is not legal. */
gsize cr_transition_index(guint k, guint from, guint to);

/* ---- rows of scores ---- */
/* A row holds outside, the S and the B of each label ("starts"), padding, then the E and the I of each label
 * ("inner"), padding. */
#define CR_ROW_BLOCK 16
#define CR_MAX_ROW 256 /* of CR_MAX_LABELS */
typedef struct {
  guint n_starts, n; /* floats up to inner, and in all: multiples of CR_ROW_BLOCK */
} CrRowLayout;
CrRowLayout cr_row_layout(guint k);
guint cr_row_place(guint k, guint state); /* of a state in its row */

/* ---- decoding with a beam ---- */
typedef struct {
  guint16 state, label;
  float forward, emission;
  double backward;
} CrActive;
typedef struct {
  float score[CR_MAX_ROW], emission[CR_MAX_ROW], in[CR_MAX_ROW];
  guint n_open; /* labels of spans open in front of the token */
  guint8 open[CR_MAX_LABELS];
  gboolean is_open[CR_MAX_LABELS];
  float in_e[CR_MAX_LABELS], in_i[CR_MAX_LABELS], emission_e[CR_MAX_LABELS], emission_i[CR_MAX_LABELS];
} CrDecoderRow;
typedef struct {
  guint k, n_allocated;
  CrRowLayout layout;
  float keep;        /* share of a token's forward sum that a state must have to go on; 0: all do */
  float *start_step; /* e^weight from each end, a row of starts each */
  float *inner_step; /* of each label: B to I, B to E, I to I, I to E */
  guint32 *first;    /* of each token's active states, and the end */
  guint32 *inner;    /* of each token's active states E and I, which stand last */
  CrActive *active;
  CrDecoderRow *row; /* of the token at work */
} CrDecoder;
/* beam: nats below the best that a state may lie and go on; INFINITY: no beam. */
void cr_decoder_init(CrDecoder *decoder, guint k, const float *transitions, float beam);
void cr_decoder_clear(CrDecoder *decoder);
/* Writes a token's scores. n_open 0: of the starts, as a row, of which what stands behind the states is left
 * as it is or far below. Else, behind that call for the same token, of the E and I of open labels, at
 * out[label] and out[k + label]. */
typedef void (*CrScoreFunc)(gpointer user_data, guint token, const guint8 *open, guint n_open, float *out);
/* Sums over a line; what the calls below read. */
void cr_decoder_run(CrDecoder *decoder, guint n_tokens, CrScoreFunc score, gpointer user_data);
/* After run: the spans, none less probable than cost, that serve the F measure best. */
void cr_decoder_spans(const CrDecoder *decoder, guint n_tokens, double cost, guint16 *states);
/* Probability of each label at a token, label[k] of outside. */
void cr_decoder_marginals(const CrDecoder *decoder, guint token, double *label);
double cr_decoder_outside(const CrDecoder *decoder, guint token); /* label[k] of it */
/* Probability that a label goes on at a token less that it begins there. */
double cr_decoder_goes_on(const CrDecoder *decoder, guint token, guint label);
/* From B or I: the weight of the step to an inner state of the label, of that token's score and of all that
 * can follow. */
double cr_decoder_weight(const CrDecoder *decoder, guint from, const CrActive *to);

/* ---- the model ---- */
/* A feature's slot: the upper half of its hash, and where its weights are: offset << 8 | count. */
typedef struct {
  guint32 fingerprint, where;
} CrSlot;
typedef struct {
  guint16 state;
  gint16 weight; /* in units of CrPass.unit */
} CrWeight;
typedef struct {
  CrTemplates *templates;
  guint64 skipped;     /* bits of classes */
  const CrSlot *slots; /* where == 0: empty */
  guint32 n_slots, n_weights;
  const CrWeight *weights; /* weights[0] is never used */
  float unit;
  float *transitions;
  struct CrPlan *plan;
} CrPass;
struct CrTagger {
  GBytes *bytes;
  guint k, n_passes;
  GPtrArray *labels;
  char *about, *version;
  const char *classes_text, *templates_text; /* inside bytes */
  CrClasses *classes;
  CrPass pass[2];
};

/* What a pass learnt, ready to be written. */
typedef struct {
  guint n_features, n_pairs;
  const guint64 *feature; /* hashes */
  const guint32 *first;   /* n_features + 1: the feature's pairs */
  const guint16 *state;   /* of each pair */
  const double *weight;   /* of each pair */
  const double *transition;
} CrLearnt;
GBytes *cr_model_write(const char *const *labels, guint k, const char *about, const char *classes,
                       const char *templates, const CrLearnt *learnt, guint n_passes, double prune);

/* The base's file with another about and another content of one pass (its templates and skipped classes do
 * not count); arrays in the order of bytes of the file. */
GBytes *cr_model_rewrite(const CrTagger *base, const char *about, guint pass, const CrPass *content);
/* Index of the feature's slot, or G_MAXUINT32. */
guint32 cr_pass_find(const CrPass *pass, guint64 hash);

/* ---- scoring ---- */
/* A pass made ready for tagging: shared by threads. */
typedef struct CrPlan CrPlan;
CrPlan *cr_plan_new(const CrPass *pass, guint k);
void cr_plan_free(CrPlan *plan);

/* Scores the tokens of a line: a CrScoreFunc and its user data. Of one thread. It remembers words by their
 * spelling: all tokens that one scorer sees are read with one class table. */
typedef struct CrScorer CrScorer;
CrScorer *cr_scorer_new(const CrPass *pass);
void cr_scorer_free(CrScorer *scorer);
void cr_scorer_begin(CrScorer *scorer, const CrTokens *tokens, const CrSequence *line);
void cr_scorer_score(gpointer scorer, guint token, const guint8 *open, guint n_open, float *out);

/* ---- tagging, in pieces that training shares ---- */
struct CrTaggerScratch {
  CrTokens tokens;
  CrWordCache *cache;
  CrDecoder decoder[2];
  CrScorer *scorer[2];
  guint16 *label; /* of each token; outside: none */
  float *sure;    /* probability of what label says: inside any span, or outside */
  guint n_labels, outside;
};
/* Cuts the text and fills every column but those of a first pass. */
void cr_tagger_read(const CrClasses *classes, CrTokens *tokens, CrWordCache *cache, const char *text,
                    gsize n_bytes);
/* One pass over read tokens: label and certainty of each token. threshold as in cr_tagger_tag; *states (may
 * be NULL) gets the state of each token. */
void cr_tagger_pass(const CrTagger *tagger, guint pass, CrTaggerScratch *scratch, const CrTokens *tokens,
                    double threshold, guint16 *states, guint16 *label, float *sure);
