/* Training: the set of lines with their features, and what optimisers share. */
#pragma once
#include "tagger-private.h"

/* One document read for training. */
typedef struct {
  CrTokens tokens;
  guint16 *gold; /* state of each token */
  guint group;   /* the sample it comes from: copies made by augmentation share it */
  char *text;    /* owned where the text was made by augmentation */
} CrExample;
void cr_example_clear(CrExample *example);
/* Cuts the text, which must outlive the example, and gives each token the state that the spans say. */
void cr_example_read(CrExample *example, const CrClasses *classes, CrWordCache *cache, guint k,
                     const CrTagSample *sample);
/* The guesses of the model's first pass, as columns for the second. */
void cr_example_guess(const CrTagger *model, CrTaggerScratch *scratch, CrExample *example);

/* Feature hashes numbered in the order of their first sight. */
typedef struct {
  guint64 *key;
  guint32 *number, *count; /* count by number */
  guint64 *hash;           /* by number */
  gsize n_slots;
  guint32 n, n_allocated;
} CrDictionary;

typedef struct {
  const CrExample *example;
  const CrSequence *line;
  gsize first; /* of the line's tokens in offsets */
} CrTrainLine;

typedef struct {
  guint k;
  CrDictionary dictionary;
  GArray *lines;     /* CrTrainLine */
  guint32 *features; /* numbers, token after token */
  gsize n_features, n_features_allocated;
  gsize *offsets; /* of each token's features; one more at the end */
  gsize n_tokens, n_tokens_allocated;
  guint32 *first; /* dictionary.n + 1: pairs of each feature */
  guint16 *state; /* of each pair */
  guint32 n_pairs;
} CrTrainSet;

/* Features that occur less than min_count times have no pairs. A pair is a feature and a state that gold
 * shows together, or outside; features seen full_count times (0: none) have a pair with every state;
 * what base (may be NULL) has of a feature has pairs too. */
CrTrainSet *cr_train_set_new(guint k, const CrTemplates *templates, const CrExample *const *examples, gsize n,
                             guint min_count, guint full_count, const CrPass *base);
void cr_train_set_free(CrTrainSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrTrainSet, cr_train_set_free)

/* Negative log-likelihood of all lines and its gradient at x (pairs, then transitions), added to gradient. */
double cr_train_loss(const CrTrainSet *set, CrLattice *lattice, const double *x, double *gradient);

/* Each returns the weights: pairs, then transitions. */
double *cr_train_adagrad(const CrTrainSet *set, const CrTaggerTraining *training);
/* The same from given weights, to which each weight that learning moves is pulled back by pull. */
double *cr_train_adagrad_from(const CrTrainSet *set, const CrTaggerTraining *training, const double *start,
                              double pull);
double *cr_train_lbfgs(const CrTrainSet *set, const CrTaggerTraining *training);

/* Copies of the samples with mentions replaced by others of the same label; appends to examples' texts. */
typedef struct {
  char *text;
  gsize n_bytes;
  GArray *spans; /* CrTagSpan */
  guint group;
} CrVariant;
GPtrArray *cr_augment(const CrTagSample *samples, gsize n_samples, guint n_labels, double copies,
                      double share, guint64 seed);
