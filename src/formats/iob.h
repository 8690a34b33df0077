/* CoNLL columns: a token a line, its tag (IOB, IOB2, BIOES, BILOU) in the last column, an empty line behind a
 * sentence, "-DOCSTART-" before a document. Read so that it can be written again with other tags and nothing
 * else changed.
 *
 * The format has no text, only tokens: the text is made of them, joined by one space, a line a sentence. */
#pragma once
#include <chartroom/text.h>

typedef struct {
  CrSpan span;       /* bytes of the text, from the first to the last token */
  const char *label; /* lives as long as the document */
} CrIobSpan;

/* The letters a file uses beside B and I; 0 where it has none (IOB2). */
typedef struct {
  char end, single;
} CrIobScheme;

typedef struct {
  char *id;            /* the file's name without extension; "NAME:3" where it holds more than one document */
  char *opening;       /* the "-DOCSTART-" line, NULL */
  GString *text;       /* sentences end with a line feed */
  GArray *tokens;      /* CrSpan: bytes of the text */
  GPtrArray *columns;  /* const char *, a token: the line up to the tag, its separator too */
  GArray *spans;       /* CrIobSpan, by start */
  GStringChunk *words; /* what columns and labels point into */
  CrIobScheme scheme;
  guint64 line; /* of the file, where the document starts */
} CrIobDocument;

/* A tag that continues nothing begins a span, as in IOB. A file of one column has no tags: no spans.
 * by_sentence: each sentence is a document. Returns CrIobDocument, free func set. Errors say file:line. */
GPtrArray *cr_iob_read(const char *path, gboolean by_sentence, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_iob_document_free(CrIobDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrIobDocument, cr_iob_document_free)

/* A document of a text that has no columns yet: its word tokens, a sentence a line. */
CrIobDocument *cr_iob_document_new(const char *id, const CrText *text);
/* Replaces the spans. A token goes to the first span that has a part of it, the longer of two that start
 * together: the format holds neither parts of tokens nor overlaps. */
void cr_iob_document_set_spans(CrIobDocument *document, const CrIobSpan *spans, gsize n_spans);

/* Whole or not there. documents: CrIobDocument. */
gboolean cr_iob_write(const char *path, const GPtrArray *documents, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the file's first lines are such columns. */
gboolean cr_iob_sniff(const char *path);
