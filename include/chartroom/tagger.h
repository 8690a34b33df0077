/* tagger: a linear-chain conditional random field (Lafferty, McCallum & Pereira 2001) over the tokens of a
 * note, with IOBES states, hashed features from a template file, exact marginals, training by AdaGrad (Duchi,
 * Hazan & Singer 2011) or L-BFGS / OWL-QN (Andrew & Gao 2007), and a checksummed model file. Knows labels,
 * not what they mean. */
#pragma once
#include <chartroom/text.h>

G_BEGIN_DECLS

/* A labelled stretch. Bytes, on character boundaries. */
typedef struct {
  CrSpan span;
  guint label;  /* index into the model's labels */
  double score; /* mean probability of its tokens of being inside a span of any label, 0..1 */
} CrTagSpan;

/* A trained model: immutable, shared by threads. */
typedef struct CrTagger CrTagger;
/* Maps the file read-only. BAD_MODEL where it is cut, changed, of another version, or not a model. */
CR_EXPORT CrTagger *cr_tagger_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from bytes in memory; name stands in messages. */
CR_EXPORT CrTagger *cr_tagger_new(GBytes *bytes, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_tagger_free(CrTagger *tagger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrTagger, cr_tagger_free)
CR_EXPORT GBytes *cr_tagger_bytes(const CrTagger *tagger); /* what cr_tagger_new reads; borrowed */
CR_EXPORT guint cr_tagger_n_labels(const CrTagger *tagger);
CR_EXPORT const char *cr_tagger_label(const CrTagger *tagger, guint i); /* borrowed */
CR_EXPORT const char *cr_tagger_about(const CrTagger *tagger);          /* JSON: kind, language, training */
CR_EXPORT const char *cr_tagger_version(const CrTagger *tagger);        /* "tagger 1 0a1b2c3d" */

/* Working memory of one thread. */
typedef struct CrTaggerScratch CrTaggerScratch;
CR_EXPORT CrTaggerScratch *cr_tagger_scratch_new(const CrTagger *tagger);
CR_EXPORT void cr_tagger_scratch_free(CrTaggerScratch *scratch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrTaggerScratch, cr_tagger_scratch_free)

/* The spans of text[0..n_bytes), valid UTF-8, ascending, not overlapping. threshold 0: those
 * spans that serve the F measure best, none of them less probable than .3; else also every token whose
 * probability of being outside is at most 1 - threshold is inside a span, labelled by its most probable
 * label, so that a low threshold finds more. GArray of CrTagSpan, transfer full. */
CR_EXPORT GArray *cr_tagger_tag(const CrTagger *tagger, CrTaggerScratch *scratch, const char *text,
                                gsize n_bytes, double threshold);

/* Of the text last tagged with this scratch: the greatest probability of being inside a span that a token in
 * [start, end) has; 0 where no token lies there. */
CR_EXPORT double cr_tagger_inside(const CrTaggerScratch *scratch, gsize start, gsize end);

/* ---- training ---- */

/* One document and its gold spans, in labels of the list given to train; overlapping spans: the earlier,
 * longer one is learnt. Borrowed for the time of the call. */
typedef struct {
  const char *text;
  gsize n_bytes;
  const CrTagSpan *spans;
  gsize n_spans;
} CrTagSample;

typedef enum { CR_TAGGER_ADAGRAD, CR_TAGGER_LBFGS } CrTaggerAlgorithm;

typedef struct {
  const char *templates; /* text of a template file (docs/tagger.md) */
  const char *classes;   /* text of a word class table, or NULL */
  const char *about;     /* JSON kept in the model, or NULL */
  CrTaggerAlgorithm algorithm;
  guint epochs;        /* AdaGrad: passes; L-BFGS: iterations at most */
  double rate;         /* AdaGrad's eta */
  double dropout;      /* share of features left out of each token of each pass, 0..1 */
  double hidden_names; /* share of the lexicon's names that training takes for unknown words: there are always
                          more names than a list has */
  double l1, l2;       /* L-BFGS: penalties (l1 > 0 runs OWL-QN) */
  double prune;        /* weights below it (absolute) are not kept */
  guint min_count;     /* features seen less often are not learnt */
  guint full_count; /* features seen as often get a weight for every state, else for those seen; 0: none do */
  double augment;   /* copies of each document with mentions replaced by others of the training set */
  guint folds;      /* of the second pass's training; 0: one pass */
  guint jobs;       /* threads; the result does not depend on it */
  guint64 seed;
  void (*progress)(guint epoch, double loss, gpointer user_data); /* from the calling thread; or NULL */
  gpointer user_data;
} CrTaggerTraining;
/* The settings that gave the best cross-validated figures (docs/phi-evaluation.md). */
CR_EXPORT void cr_tagger_training_init(CrTaggerTraining *training);

/* A recipe: what data/tagger/recipes.tsv says for a kind ("phi", "clinical") and language: fills the
 * settings, and the texts that they borrow. data_dir NULL: the program's. NOT_FOUND where there is none. */
typedef struct {
  CrTaggerTraining training;
  char *templates, *classes;
} CrTaggerRecipe;
CR_EXPORT gboolean cr_tagger_recipe_load(const char *data_dir, const char *kind, const char *language,
                                         CrTaggerRecipe *recipe, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_tagger_recipe_clear(CrTaggerRecipe *recipe);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrTaggerRecipe, cr_tagger_recipe_clear)

/* Deterministic: same samples, settings and seed give the same bytes. BAD_TEMPLATE, USAGE for no samples. */
CR_EXPORT CrTagger *cr_tagger_train(const CrTagSample *samples, gsize n_samples, const char *const *labels,
                                    const CrTaggerTraining *training,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- learning further ---- */

typedef struct {
  guint epochs;    /* passes over samples and replay */
  double rate;     /* AdaGrad's eta */
  double dropout;  /* as in training */
  double pull;     /* towards the base's weights: the higher, the less of the base is given up */
  double prune;    /* weights below it (absolute) are not added */
  guint min_count; /* features that the base lacks are learnt from so many sights on */
  guint64 seed;
  const char *about; /* JSON kept in the model; NULL: the base's */
} CrTaggerUpdate;
CR_EXPORT void cr_tagger_update_init(CrTaggerUpdate *update);

/* A model that learnt the samples on top of base and went on with replay beside them, so that it does not
 * forget: the base's weights, moved, and those of features that the samples show and the base lacks. Labels
 * are the base's. Of a model of two passes the last one learns. The base stays as it is. Deterministic. USAGE
 * for no samples, BAD_MODEL where the base has no room for what is added. */
CR_EXPORT CrTagger *cr_tagger_update(const CrTagger *base, const CrTagSample *samples, gsize n_samples,
                                     const CrTagSample *replay, gsize n_replay, const CrTaggerUpdate *update,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
