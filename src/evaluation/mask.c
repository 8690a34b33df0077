/* Which bytes of a text are letters, gold, the system's; what counts of its pairs. */
#include "evaluation/evaluation-private.h"
#include <string.h>

gboolean
cr_label_is_reported(const CrEvaluationScheme *scheme, guint label)
{
  return scheme->is_reported != NULL && scheme->is_reported[label];
}

const CrSpan *
cr_span_pieces(const CrLabelSpan *span, CrSpan *whole, gsize *n_pieces)
{
  if (span->fragments != NULL && span->fragments->len > 0) {
    *n_pieces = span->fragments->len;
    return (const CrSpan *)(gpointer)span->fragments->data;
  }
  *whole = (CrSpan){span->start, span->end};
  *n_pieces = 1;
  return whole;
}

/* Titles stay outside a name; some gold has them inside. Where what needs cover starts. */
static gsize
start_needed(const CrEvaluationScheme *scheme, const CrText *text, const CrLabelSpan *span)
{
  static const char *const titles[] = {"Dr. ", "Mr. ", "Mrs. ", "Ms. ", "Dr ",  "Mr ",
                                       "Mrs ", "Ms ",  "Dra. ", "Sr. ", "Sra. "};
  const char *start = cr_text_bytes(text) + span->start;
  for (gsize i = 0; scheme->titles_are_free && i < G_N_ELEMENTS(titles); i++) {
    gsize n = strlen(titles[i]);
    if (span->end - span->start > n && strncmp(start, titles[i], n) == 0)
      return span->start + n;
  }
  return span->start;
}

static void
paint(CrMask *mask, const CrLabelSpan *span, gsize from, guint8 bits)
{
  CrSpan whole;
  gsize n_pieces;
  const CrSpan *pieces = cr_span_pieces(span, &whole, &n_pieces);
  for (gsize p = 0; p < n_pieces; p++)
    for (gsize i = MAX(pieces[p].start, from); i < pieces[p].end; i++)
      mask->bits[i] |= bits;
}

static void
mark_letters(CrMask *mask, const CrText *text)
{
  const char *bytes = cr_text_bytes(text);
  for (gsize i = 0; i < mask->n_bytes; i += g_utf8_skip[(guchar)bytes[i]]) {
    guchar c = (guchar)bytes[i];
    if (c < 0x80 ? g_ascii_isalnum(c) : g_unichar_isalnum(g_utf8_get_char(bytes + i)))
      mask->bits[i] |= MASK_LETTER;
  }
}

void
cr_mask_init(CrMask *mask, const CrEvaluationScheme *scheme, const CrEvaluationDocument *document)
{
  mask->n_bytes = cr_text_length(document->text, CR_UNIT_BYTE);
  mask->bits = g_malloc0(mask->n_bytes + 1);
  mark_letters(mask, document->text);
  for (gsize i = 0; i < document->n_gold; i++) {
    const CrLabelSpan *span = &document->gold[i];
    gboolean is_reported = cr_label_is_reported(scheme, span->label);
    paint(mask, span, span->start, is_reported ? MASK_FREE : MASK_GOLD);
    if (!is_reported)
      paint(mask, span, start_needed(scheme, document->text, span), MASK_NEED);
  }
  for (gsize i = 0; i < document->n_system; i++) {
    const CrLabelSpan *span = &document->system[i];
    paint(mask, span, span->start, cr_label_is_reported(scheme, span->label) ? MASK_REPORTED : MASK_SYSTEM);
  }
}

void
cr_mask_clear(CrMask *mask)
{
  g_clear_pointer(&mask->bits, g_free);
}

static CrCover
cover_from(const CrMask *mask, const CrText *text, const CrLabelSpan *span, gsize from, guint8 bits)
{
  CrCover letters = {0, 0}, others = {0, 0};
  CrSpan whole;
  gsize n_pieces;
  const CrSpan *pieces = cr_span_pieces(span, &whole, &n_pieces);
  for (gsize p = 0; p < n_pieces; p++)
    for (gsize i = MAX(pieces[p].start, from); i < pieces[p].end; i++) {
      CrCover *cover = mask->bits[i] & MASK_LETTER ? &letters : &others;
      if (cover == &others && g_ascii_isspace(cr_text_bytes(text)[i]))
        continue;
      cover->all++;
      cover->with += (mask->bits[i] & bits) != 0;
    }
  return letters.all > 0 ? letters : others;
}

CrCover
cr_mask_cover(const CrMask *mask, const CrText *text, const CrLabelSpan *span, guint8 bits)
{
  return cover_from(mask, text, span, span->start, bits);
}

CrCover
cr_mask_cover_needed(const CrMask *mask, const CrEvaluationScheme *scheme, const CrText *text,
                     const CrLabelSpan *span)
{
  return cover_from(mask, text, span, start_needed(scheme, text, span), MASK_SYSTEM | MASK_REPORTED);
}

/* ---- pairs ---- */

static gboolean
touches(const CrMask *mask, const CrLabelSpan *span, guint8 bits)
{
  CrSpan whole;
  gsize n_pieces;
  const CrSpan *pieces = cr_span_pieces(span, &whole, &n_pieces);
  for (gsize p = 0; p < n_pieces; p++)
    for (gsize i = pieces[p].start; i < pieces[p].end; i++)
      if (mask->bits[i] & bits)
        return TRUE;
  return FALSE;
}

static gboolean
counts(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document, const CrMask *mask,
       const CrMatched *pair)
{
  if (scheme->is_reported == NULL)
    return TRUE;
  if (pair->a >= 0)
    return !scheme->is_reported[document->gold[pair->a].label];
  const CrLabelSpan *alone = &document->system[pair->b];
  return !scheme->is_reported[alone->label] && !touches(mask, alone, MASK_FREE);
}

GArray *
cr_pairs_that_count(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document,
                    const CrMask *mask)
{
  GArray *pairs = cr_match_pairs(document->gold, document->n_gold, document->system, document->n_system);
  guint kept = 0;
  for (guint i = 0; i < pairs->len; i++) {
    CrMatched pair = g_array_index(pairs, CrMatched, i);
    if (counts(scheme, document, mask, &pair))
      g_array_index(pairs, CrMatched, kept++) = pair;
  }
  return g_array_set_size(pairs, kept);
}
