/* formats: labelled documents in and out. One CrFormat table a format: sniff, read, write, offset unit. What
 * a format cannot carry is listed, never dropped silently; what is written is proved by reading the written
 * bytes back. */
#pragma once
#include <chartroom/text.h>
#include <chartroom/json.h>

G_BEGIN_DECLS

/* One document in memory is the JSON object of cli.md: id, text, meta, known, entities, relations, any other
 * key passes through. Entity offsets are code points. Numbers of fragments, attributes, codes as there. */

typedef struct {
  char *document, *what;
} CrNotCarried; /* "relations", "attributes of T3", … */

typedef gboolean (*CrDocumentFunc)(json_t *document, gpointer user_data,
                                   GError **error); /* borrowed; FALSE stops */

typedef struct CrFormat CrFormat;
typedef struct CrWriter CrWriter;
struct CrFormat {
  const char *name;   /* "jsonl" */
  const char *title;  /* "Chartroom JSON lines" */
  CrUnit unit;        /* of the offsets in the file */
  gboolean is_folder; /* many files (brat) */
  const char *extension;
  /* Reads path; bad documents go to bad (file:record:position in the error) and the rest goes on. */
  gboolean (*read)(const char *path, CrDocumentFunc func,
                   void (*bad)(const GError *error, gpointer user_data), gpointer user_data, GError **error);
  CrWriter *(*writer_new)(const char *path, const json_t *schema /* of guidelines, or NULL */,
                          GError **error);
  gboolean (*writer_add)(CrWriter *writer, const json_t *document, GPtrArray *not_carried /* CrNotCarried */,
                         GError **error);
  gboolean (*writer_finish)(CrWriter *writer, GError **error); /* frees the writer in any case */
  void (*writer_discard)(CrWriter *writer); /* instead of finish: frees it, and nothing is left on the disk */
  gboolean (*sniff)(const char *path, const char *head, gsize n_head);
};
CR_EXPORT const CrFormat *cr_format_find(const char *name);
CR_EXPORT const CrFormat *const *cr_formats(void); /* NULL-terminated */
CR_EXPORT const CrFormat *cr_format_sniff(const char *path);
/* How the name of a file ends that says its format: ".jsonl", ".doccano.jsonl". NULL for folders. transfer
 * full */
CR_EXPORT char *cr_format_ending(const CrFormat *format);

/* Checks one document: every entity's offsets inside the text, in order, on characters; its "text" (where
 * given) equal to the slice. One problem an entity. */
typedef struct {
  char *entity; /* id */
  char *label;
  gsize start, end;   /* as given, code points */
  char *said, *found; /* the label's text, and what stands at its offsets; for the screen and the label file's
                         owner, never a log */
  gboolean has_nearest;
  gsize nearest_start, nearest_end;
  guint n_found; /* where `said` really stands */
  GError *error;
} CrLabelProblem;
CR_EXPORT GPtrArray *
cr_labels_check(const CrText *text,
                const json_t *entities); /* of CrLabelProblem, free func set; empty = fine */
/* Moves what fits one place only (exactly one occurrence, or one occurrence nearest by a clear margin: see
 * formats.c), in place. Returns the problems that remain; moved (may be NULL) gets the ones repaired. */
CR_EXPORT GPtrArray *cr_labels_repair(const CrText *text, json_t *entities, GPtrArray **moved);

/* The receipt: reads the written files back with code of its own (not the writer's), slices the written text
 * in the format's unit, and compares with every entity's text. JSON
 * {"format","unit","files":[{"path","bytes","sha256"}],"documents","entities","proved"}; OFFSET_NOT_PROVED
 * names document and entity. New reference. */
CR_EXPORT json_t *cr_receipt_make(const CrFormat *format, const char *path,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The files that a release's receipt names, a line each, "SHA-256  PATH", ascending by path: what its
 * signature
 * ("signed") is over. transfer full */
CR_EXPORT char *cr_receipt_manifest(const json_t *receipt);
/* For an auditor: does a folder still match its receipt.json, and hold its signature? Whose key it is, the
 * trail says. */
CR_EXPORT gboolean cr_receipt_check(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The dataset card from one JSON object of facts (see docs/formats.md for its keys): Markdown and JSON.
 * transfer full */
CR_EXPORT char *cr_card_markdown(const json_t *facts);

G_END_DECLS
