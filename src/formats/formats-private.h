/* Inside formats/: pieces of an entity, checks that hold for every format, and files that are whole or not
 * there. */
#pragma once
#include <chartroom/formats.h>
#include "base/records.h"
#include <stdio.h>

/* A document and its escapes; a file's record beyond it is refused (LIMIT). */
#define CR_FORMATS_MAX_RECORD ((gsize)256 << 20)

extern const CrFormat cr_format_jsonl, cr_format_csv, cr_format_brat, cr_format_prodigy, cr_format_doccano,
    cr_format_label_studio, cr_format_conll, cr_format_huggingface, cr_format_i2b2_2010, cr_format_i2b2_2014, cr_format_mae;

/* ---- pieces.c: where an entity stands. GArray of CrSpan, in the order the entity gives; code points unless
 * said ---- */

/* SPAN_OUTSIDE for what is not a whole number from 0, SPAN_ORDER where start is after end or start and end
 * are not the bounds of the fragments. A piece may be empty. */
GArray *cr_pieces_of(const json_t *entity, GError **error);
GArray *cr_pieces_to_bytes(const CrText *text, const GArray *pieces, GError **error); /* SPAN_OUTSIDE */
/* The pieces' text, joined by one space. pieces in bytes. transfer full */
char *cr_pieces_dup_text(const CrText *text, const GArray *byte_pieces);
/* Sets start, end, and fragments where there is more than one piece. */
void cr_pieces_set(json_t *entity, const GArray *pieces);
CrSpan cr_pieces_bounds(const GArray *pieces);

/* ---- document.c ---- */

/* The document's text, after the check that the document is what cli.md says: an id; entities with offsets
 * inside the text, a label, an id of their own, and, where they give a text, the one that stands there;
 * relations between things that are there. where prefixes messages ("file:3"). */
CrText *cr_document_check(const json_t *document, const char *where, GError **error);
const char *cr_document_id(const json_t *document); /* "" where there is none */
/* An array member, or NULL where it is absent or something else. Borrowed. */
json_t *cr_document_array(const json_t *document, const char *member);
const char *cr_json_string(const json_t *object, const char *member); /* borrowed or NULL */
/* Gives ids to entities and relations that have none ("T7", "R2", the first free). In place. */
void cr_document_name_all(json_t *document);

void cr_not_carried_add(GPtrArray *not_carried, const char *document, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* For members that no table names: "score of T1, T2". known: NULL-terminated. */
void cr_not_carried_members(GPtrArray *not_carried, const char *document, const json_t *array,
                            const char *const *known);

/* ---- out.c: files that are whole or not there ---- */
typedef struct CrOut CrOut;
/* Beside path, until cr_out_commit renames it over. path "-": standard output, as it comes. */
CrOut *cr_out_open(const char *path, GError **error);
gboolean cr_out_write(CrOut *out, const char *bytes, gsize n_bytes, GError **error);
gboolean cr_out_commit(CrOut *out, GError **error); /* frees in any case */
void cr_out_free(CrOut *out);                       /* without commit: nothing is left */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrOut, cr_out_free)

/* A file inside a folder that is being written: plain, synced with its folder. */
gboolean cr_out_write_plain(const char *path, const char *bytes, gsize n_bytes, GError **error);

/* A folder being written beside target. EXISTS where target is there and not an empty folder. transfer full:
 * its path
 */
char *cr_out_folder_new(const char *target, GError **error);
/* The folder in place of target, synced; on failure it is removed. */
gboolean cr_out_folder_publish(const char *folder, const char *target, GError **error);

/* ---- folder.c: formats of one file a note ---- */
/* An id as the path of its file without the ending, taken in stems; transfer full. DUPLICATE_ID. */
char *cr_folder_stem(GHashTable *stems, const char *id, const char *ending, GPtrArray *not_carried,
                     GError **error);
/* A file of the folder that is being written; folders between are made. */
gboolean cr_folder_write(const char *folder, const char *relative, const char *bytes, gsize n_bytes,
                         GError **error);
/* The document, or one with LF for CR LF and its offsets moved, which is told. New reference. */
json_t *cr_document_plain_lines(const json_t *document, GPtrArray *not_carried);

/* Files below root, "/"-separated and sorted; hidden ones left out. */
GPtrArray *cr_list_files(const char *root, GError **error);
