/* Text: one immutable type with byte, code point and UTF-16 offsets; spans; the map from changed text back to
 * the old.
 *
 * The canonical unit inside is the UTF-8 byte, half-open. Text is never normalised, trimmed or re-encoded. */
#pragma once
#include <chartroom/error.h>

G_BEGIN_DECLS

typedef struct CrText CrText;

typedef enum { CR_UNIT_BYTE, CR_UNIT_CODE_POINT, CR_UNIT_UTF16 } CrUnit;

/* Copies. Refuses invalid UTF-8 (overlong forms, surrogates, above U+10FFFF: CR_ERROR_INVALID_UTF8 with the
 * byte offset) and NUL (CR_ERROR_NUL_BYTE). n_bytes -1: NUL-terminated. */
CR_EXPORT CrText *cr_text_new(const char *utf8, gssize n_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes over bytes already in memory without a copy. */
CR_EXPORT CrText *cr_text_new_bytes(GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT CrText *cr_text_ref(CrText *text);
CR_EXPORT void cr_text_unref(CrText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrText, cr_text_unref)

CR_EXPORT const char *
cr_text_bytes(const CrText *text); /* borrowed; NUL-terminated only when made by cr_text_new */
CR_EXPORT gsize cr_text_length(const CrText *text, CrUnit unit);
/* Converts an offset that lies on a boundary of both units; O(log n), O(1) for ASCII. FALSE where off is
 * beyond the text or inside a character. */
CR_EXPORT gboolean cr_text_convert(const CrText *text, CrUnit from, gsize off, CrUnit to, gsize *out);
/* Line (from 1) and column in code points (from 1) of a byte offset; lines end with LF, CR LF or CR alone. An
 * offset beyond the text means its end. Walks the text: for messages. */
CR_EXPORT void cr_text_line_column(const CrText *text, gsize byte_off, gsize *line, gsize *column);

/* ---- spans ---- */
typedef struct {
  gsize start, end;
} CrSpan; /* half-open, bytes unless said */

CR_EXPORT gboolean cr_span_overlaps(CrSpan a, CrSpan b); /* share at least one unit */
CR_EXPORT gboolean cr_span_contains(CrSpan outer, CrSpan inner);
CR_EXPORT gint cr_span_compare(gconstpointer a, gconstpointer b); /* by start, then end */
/* Converts unit offsets into bytes. FALSE with SPAN_ORDER (also where the span is empty) or SPAN_OUTSIDE
 * (also inside a character). */
CR_EXPORT gboolean cr_span_from_unit(const CrText *text, CrUnit unit, gsize start, gsize end, CrSpan *out,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The span must lie in the text, on boundaries. */
CR_EXPORT CrSpan cr_span_to_unit(const CrText *text, CrUnit unit, CrSpan bytes);
CR_EXPORT char *cr_span_dup_text(const CrText *text, CrSpan bytes); /* transfer full */

/* An ordered list of fragments of one finding: GArray of CrSpan. */
CR_EXPORT GArray *cr_fragments_new(void);
/* The list sorted, with touching and overlapping members joined: the set of units covered. transfer full */
CR_EXPORT GArray *cr_fragments_normalise(const GArray *fragments);
CR_EXPORT CrSpan cr_fragments_bounds(const GArray *fragments);
CR_EXPORT gboolean cr_fragments_equal(const GArray *a, const GArray *b);
CR_EXPORT gsize cr_fragments_overlap(const GArray *a, const GArray *b); /* units in common; both normalised */
CR_EXPORT gsize cr_fragments_length(const GArray *fragments);
CR_EXPORT GArray *cr_fragments_union(const GArray *a, const GArray *b);
CR_EXPORT GArray *cr_fragments_intersect(const GArray *a, const GArray *b);
CR_EXPORT GArray *cr_fragments_subtract(const GArray *a, const GArray *b);
/* brat's text of a finding: the fragments' text joined by one space. transfer full */
CR_EXPORT char *cr_fragments_dup_text(const CrText *text, const GArray *fragments);

/* ---- the map from a changed text to the one it came from ---- */
typedef struct CrOffsetMap CrOffsetMap;
typedef struct {
  gsize old_start, old_end, new_start, new_end;
} CrEdit; /* bytes; a piece that was replaced */

/* edits ascending, not overlapping, consistent (the unchanged stretches between them have equal length): else
 * NULL with CR_ERROR_INTERNAL. Copies. */
CR_EXPORT CrOffsetMap *cr_offset_map_new(const CrEdit *edits, gsize n_edits, gsize old_length,
                                         gsize new_length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_offset_map_free(CrOffsetMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrOffsetMap, cr_offset_map_free)
CR_EXPORT gsize cr_offset_map_n_edits(const CrOffsetMap *map);
CR_EXPORT CrEdit cr_offset_map_edit(const CrOffsetMap *map, gsize i);
/* Where a span of the new text lay in the old one, and back. A span that touches the inside of an edit grows
 * to the whole edit; *exact (may be NULL) tells whether it stayed as it was. What was deleted or inserted at
 * the very edge of the span is left out. The span must lie in its text. */
CR_EXPORT CrSpan cr_offset_map_to_old(const CrOffsetMap *map, CrSpan new_span, gboolean *exact);
CR_EXPORT CrSpan cr_offset_map_to_new(const CrOffsetMap *map, CrSpan old_span, gboolean *exact);
/* The map new->old of `later` applied after `earlier`. */
CR_EXPORT CrOffsetMap *cr_offset_map_compose(const CrOffsetMap *earlier, const CrOffsetMap *later,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Compact bytes with version and checksum (DAMAGED on anything else). */
CR_EXPORT GBytes *cr_offset_map_serialise(const CrOffsetMap *map);
CR_EXPORT CrOffsetMap *cr_offset_map_parse(GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- tokens and sentences ---- */
/* Word tokens by UAX #29 (ICU, root locale), white space left out, letters and digits split where they meet
 * as clinical text needs ("10mg" is "10", "mg"), "@" alone; punctuation counts. GArray of CrSpan: the grid
 * that token agreement counts on. Any thread. */
CR_EXPORT GArray *cr_text_tokens(const CrText *text);
/* UAX #29, without the white space around them; a line break ends a sentence. GArray of CrSpan. Any thread.
 */
CR_EXPORT GArray *cr_text_sentences(const CrText *text);

/* ---- finding a moved label again ---- */
/* The exact occurrence of needle in text nearest to byte offset near; FALSE where there is none. *n_found
 * (may be NULL) counts all occurrences, overlapping ones too. Of two equally near the earlier. */
CR_EXPORT gboolean cr_text_find_nearest(const CrText *text, const char *needle, gsize near, CrSpan *out,
                                        guint *n_found);

G_END_DECLS
