/* corpus: a labelled corpus read whole, from any format: brat folders, CoNLL columns (IOB), JSON lines, CSV
 * tables. What train, tag and eval work on. */
#pragma once
#include <chartroom/json.h>
#include <chartroom/text.h>
#include "formats/iob.h"

typedef struct {
  CrSpan span; /* bytes; the bounds of the fragments */
  char *label;
  GArray *fragments; /* of CrSpan in bytes, normalised; NULL where it is one piece */
  const json_t
      *item; /* the entity in the document, for its attributes and score; NULL from columns. Borrowed */
} CrCorpusSpan;

typedef struct {
  char *id;
  CrText *text;
  GArray *spans;          /* CrCorpusSpan, by start and end */
  GArray *tokens;         /* CrSpan in bytes, from columns only (sentences end with a line feed); else NULL */
  json_t *document;       /* the whole object; from columns {"id", "text"} */
  CrIobDocument *columns; /* what a file of columns is written again from; else NULL */
} CrCorpusDocument;

typedef struct {
  const char *format; /* "brat", "iob", "jsonl", "csv"; NULL: known by its looks */
  const char *key;    /* JSON lines: the member that holds the spans, "entities" (NULL) or "phi", whose labels
                         stand in "kind" */
  gboolean by_sentence; /* columns: each sentence is a document */
  GPtrArray *refused;   /* takes GError of documents that cannot be read; NULL: the first ends the reading */
} CrCorpusOptions;

/* Of CrCorpusDocument, free func set; in the order of the file, or of the names. options may be NULL. Errors
 * say file:line. */
GPtrArray *cr_corpus_read(const char *path, const CrCorpusOptions *options,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An empty array of CrCorpusSpan that frees what its members own: to put in place of a document's spans. */
GArray *cr_corpus_spans_new(void);

/* Writes the documents with their spans as they are now: brat as .txt and .ann, columns with the same tokens
 * and the labels as tags (made from word tokens where the document came from elsewhere), JSON lines and CSV
 * as the document with its entities replaced. Relations, which name entities that are gone, are left out. */
gboolean cr_corpus_write(const char *path, const char *format, const GPtrArray *documents,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The name of the format that path is in, static; UNKNOWN_FORMAT. */
const char *cr_corpus_format_of(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
