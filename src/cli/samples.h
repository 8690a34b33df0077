/* samples: labelled corpora as the tagger's samples. */
#pragma once
#include "cli/corpus.h"
#include <chartroom/tagger.h>

typedef struct {
  GPtrArray *labels;  /* char *, in order of the alphabet, NULL at the end */
  GPtrArray *corpora; /* of the documents, which the samples borrow from */
  GArray *samples;    /* CrTagSample */
  GPtrArray *spans;   /* GArray of CrTagSpan, one a sample */
} CrSamples;

/* Reads all paths. Labels are those found. */
gboolean cr_samples_read(CrSamples *samples, const char *const *paths, const CrCorpusOptions *options,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_samples_clear(CrSamples *samples);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrSamples, cr_samples_clear)

/* Puts the tagger's spans in place of the document's. */
void cr_samples_tag(const CrTagger *tagger, CrTaggerScratch *scratch, CrCorpusDocument *document,
                    double threshold);
