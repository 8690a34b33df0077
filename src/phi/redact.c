/* Redaction: spans and a policy make the cleared text, its map back, and the log. Always: the stretches
 * between two items of the log are the original's bytes, unchanged. */
#include "policy-private.h"
#include "surrogate-private.h"
#include <string.h>

typedef struct {
  CrSpan span;
  CrPhiKind kind;
  double score;
  gboolean mixed; /* made of several kinds: only a tag is safe */
} Piece;

static gint
compare_pieces(gconstpointer left, gconstpointer right)
{
  const Piece *a = left, *b = right;
  if (a->span.start != b->span.start)
    return a->span.start < b->span.start ? -1 : 1;
  return a->span.end == b->span.end ? 0 : a->span.end > b->span.end ? -1 : 1;
}

static gboolean
is_boundary(const CrText *text, gsize off)
{
  gsize n_bytes = cr_text_length(text, CR_UNIT_BYTE);
  return off == n_bytes || (off < n_bytes && ((guchar)cr_text_bytes(text)[off] & 0xc0) != 0x80);
}

static gboolean
check_span(const CrText *text, CrSpan span, guint nth, GError **error)
{
  if (span.start < span.end && is_boundary(text, span.start) && is_boundary(text, span.end))
    return TRUE;
  g_set_error(error, CR_ERROR, span.start < span.end ? CR_ERROR_SPAN_OUTSIDE : CR_ERROR_SPAN_ORDER,
              "span %u (bytes %" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT ") does not lie in the text", nth,
              span.start, span.end);
  return FALSE;
}

/* The spans that the policy takes out, sorted, overlaps joined; adjacent ones stay apart. */
static GArray *
collect(const CrPolicy *policy, const CrText *text, const GArray *spans, GError **error)
{
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Piece));
  for (guint i = 0; i < spans->len; i++) {
    const CrPhiSpan *span = &g_array_index(spans, CrPhiSpan, i);
    if (!check_span(text, span->span, i, error))
      return NULL;
    Piece piece = {span->span, span->kind, span->score, FALSE};
    if (cr_policy_action(policy, span->kind) != CR_PHI_KEEP)
      g_array_append_val(all, piece);
  }
  g_array_sort(all, compare_pieces);
  GArray *joined = g_array_new(FALSE, FALSE, sizeof(Piece));
  for (guint i = 0; i < all->len; i++) {
    const Piece *piece = &g_array_index(all, Piece, i);
    Piece *last = joined->len ? &g_array_index(joined, Piece, joined->len - 1) : NULL;
    if (!last || piece->span.start >= last->span.end) {
      g_array_append_val(joined, *piece);
      continue;
    }
    last->mixed = last->mixed || piece->kind != last->kind;
    last->span.end = MAX(last->span.end, piece->span.end);
    if (piece->score > last->score) {
      last->kind = piece->kind;
      last->score = piece->score;
    }
  }
  return joined;
}

/* ---- what stands in a span's place ---- */

typedef struct {
  char *text;
  const char *rule;
  CrPhiAction action;
} Substitute;

static gboolean
in_birth_context(const CrText *text, gsize off)
{
  static const char *const words[] = {"born", "dob", "d.o.b", "birth", "yob", "bday", "nacimiento", "nacid"};
  gsize low = off > 28 ? off - 28 : 0;
  g_autofree char *before = g_ascii_strdown(cr_text_bytes(text) + low, (gssize)(off - low));
  const char *line = strrchr(before, '\n');
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (strstr(line ? line : before, words[i]))
      return TRUE;
  return FALSE;
}

static Substitute
tag_of(const Piece *piece)
{
  return (Substitute){g_strdup_printf("[%s]", cr_phi_kind_name(piece->kind)), "tag", CR_PHI_TAG};
}

static SurrogateMention
mention_of(const CrText *text, const Piece *piece, int year)
{
  const char *bytes = cr_text_bytes(text);
  return (SurrogateMention){.text = bytes,
                            .n_text = cr_text_length(text, CR_UNIT_BYTE),
                            .s = bytes + piece->span.start,
                            .n = piece->span.end - piece->span.start,
                            .kind = piece->kind,
                            .year = year};
}

/* The surrogate, or a tag where none of the form can be made. */
static Substitute
surrogate_of(CrSurrogates *surrogates, const CrText *text, const Piece *piece, int year)
{
  SurrogateMention m = mention_of(text, piece, year);
  char *made = surrogate_make(surrogates, &m);
  if (made)
    return (Substitute){made, "surrogate", CR_PHI_SURROGATE};
  Substitute tag = tag_of(piece);
  tag.rule = "surrogate.none";
  return tag;
}

static Substitute
year_of(const CrPolicy *policy, const CrText *text, const Piece *piece)
{
  int year = phi_date_year(cr_text_bytes(text) + piece->span.start, piece->span.end - piece->span.start);
  if (!year)
    return (Substitute){g_strdup_printf("[%s]", cr_phi_kind_name(piece->kind)), "date.unknown-year",
                        CR_PHI_GENERALISE};
  if (year <= policy->last_birth_year_90 && in_birth_context(text, piece->span.start))
    return (Substitute){g_strdup("90+"), "date.birth-90", CR_PHI_GENERALISE};
  return (Substitute){g_strdup_printf("[%s %d]", cr_phi_kind_name(piece->kind), year), "date.year",
                      CR_PHI_GENERALISE};
}

/* Who is over 89 by the year of birth stays so; a weekday alone is right as it stands. */
static Substitute
shifted(const CrPolicy *policy, CrSurrogates *surrogates, const CrText *text, const Piece *piece, int year)
{
  SurrogateMention m = mention_of(text, piece, year);
  int own = phi_date_year(m.s, m.n);
  if (own && own <= policy->last_birth_year_90 && in_birth_context(text, piece->span.start))
    return (Substitute){g_strdup("90+"), "date.birth-90", CR_PHI_GENERALISE};
  char *made = m.n <= 256 ? surrogate_shift_dates(m.s, m.n, cr_surrogates_offset(surrogates), year) : NULL;
  if (made)
    return (Substitute){made, "date.shift", CR_PHI_SHIFT};
  Substitute tag = tag_of(piece);
  tag.rule = "shift.none";
  return tag;
}

static Substitute
zip_of(const CrPolicy *policy, const CrText *text, const Piece *piece)
{
  char prefix[4] = "";
  const char *s = cr_text_bytes(text) + piece->span.start;
  gsize n_bytes = piece->span.end - piece->span.start;
  if (n_bytes >= 5 && strspn((char[6]){s[0], s[1], s[2], s[3], s[4], 0}, "0123456789") == 5)
    memcpy(prefix, s, 3);
  gboolean allowed = *prefix && g_hash_table_contains(policy->zips, prefix);
  return (Substitute){g_strdup_printf("[ZIP %s]", allowed ? prefix : "000"),
                      allowed ? "zip3.allowed" : "zip3.restricted", CR_PHI_GENERALISE};
}

static Substitute
substitute(const CrPolicy *policy, CrSurrogates *surrogates, const CrText *text, const Piece *piece, int year)
{
  const PolicyRow *row = &policy->rows[piece->kind];
  if (!piece->mixed && !surrogates && row->action == CR_PHI_SHIFT)
    return year_of(policy, text, piece);
  if (piece->mixed || row->action == CR_PHI_TAG || (!surrogates && row->action != CR_PHI_GENERALISE))
    return tag_of(piece);
  if (row->action == CR_PHI_SURROGATE)
    return surrogate_of(surrogates, text, piece, year);
  if (row->action == CR_PHI_SHIFT)
    return shifted(policy, surrogates, text, piece, year);
  switch (row->how) {
  case PHI_HOW_YEAR:
    return year_of(policy, text, piece);
  case PHI_HOW_ZIP3:
    return zip_of(policy, text, piece);
  case PHI_HOW_AGE90:
    return (Substitute){g_strdup("90+"), "age90", CR_PHI_GENERALISE};
  default:
    return tag_of(piece);
  }
}

static void
clear_item(gpointer item)
{
  g_free(((CrRedactionItem *)item)->rule);
}

static void
append_piece(const CrPolicy *policy, CrSurrogates *surrogates, const CrText *text, const Piece *piece,
             int year, GString *out, GArray *log)
{
  Substitute sub = substitute(policy, surrogates, text, piece, year);
  CrRedactionItem item = {.kind = piece->kind, .action = sub.action, .rule = g_strdup(sub.rule)};
  item.edit = (CrEdit){piece->span.start, piece->span.end, out->len, out->len + strlen(sub.text)};
  g_string_append(out, sub.text);
  g_array_append_val(log, item);
  g_free(sub.text);
}

static CrOffsetMap *
map_of(const GArray *log, gsize old_length, gsize new_length, GError **error)
{
  g_autofree CrEdit *edits = g_new0(CrEdit, log->len + 1);
  for (guint i = 0; i < log->len; i++)
    edits[i] = g_array_index(log, CrRedactionItem, i).edit;
  return cr_offset_map_new(edits, log->len, old_length, new_length, error);
}

/* What the note holds that no surrogate may be; full names before their parts. Gives the latest year that a
 * date names, 0 where none does. */
static int
learn_note(CrSurrogates *surrogates, const CrText *text, const GArray *spans, const GArray *pieces)
{
  int year = 0;
  for (guint i = 0; i < spans->len; i++) {
    const CrPhiSpan *span = &g_array_index(spans, CrPhiSpan, i);
    const char *s = cr_text_bytes(text) + span->span.start;
    gsize n = span->span.end - span->span.start;
    gboolean dated = span->kind == CR_PHI_DATE || span->kind == CR_PHI_YEAR;
    if (dated && n <= 64)
      year = MAX(year, phi_date_year(s, n));
    else if (!dated)
      cr_real_values_add(surrogates->own, s, n);
  }
  for (guint i = 0; i < pieces->len; i++) {
    const Piece *piece = &g_array_index(pieces, Piece, i);
    SurrogateMention m = mention_of(text, piece, 0);
    if (piece->kind <= CR_PHI_RELATIVE && !piece->mixed && m.n <= 256)
      surrogate_learn_name(surrogates, &m);
  }
  return year;
}

CrRedaction *
cr_phi_redact(const CrPolicy *policy, const CrText *text, const GArray *phi_spans, GError **error)
{
  return cr_phi_redact_with(policy, NULL, text, phi_spans, error);
}

CrRedaction *
cr_phi_redact_with(const CrPolicy *policy, CrSurrogates *surrogates, const CrText *text,
                   const GArray *phi_spans, GError **error)
{
  g_autoptr(GArray) pieces = collect(policy, text, phi_spans, error);
  if (!pieces)
    return NULL;
  int year = surrogates ? learn_note(surrogates, text, phi_spans, pieces) : 0;
  g_autoptr(CrRedaction) redaction = g_new0(CrRedaction, 1);
  redaction->log = g_array_new(FALSE, FALSE, sizeof(CrRedactionItem));
  g_array_set_clear_func(redaction->log, clear_item);
  const char *s = cr_text_bytes(text);
  gsize n_bytes = cr_text_length(text, CR_UNIT_BYTE), at = 0;
  g_autoptr(GString) out = g_string_sized_new(n_bytes + 64);
  for (guint i = 0; i < pieces->len; i++) {
    const Piece *piece = &g_array_index(pieces, Piece, i);
    g_string_append_len(out, s + at, (gssize)(piece->span.start - at));
    append_piece(policy, surrogates, text, piece, year, out, redaction->log);
    at = piece->span.end;
  }
  g_string_append_len(out, s + at, (gssize)(n_bytes - at));
  redaction->map = map_of(redaction->log, n_bytes, out->len, error);
  redaction->text = redaction->map ? cr_text_new(out->str, (gssize)out->len, error) : NULL;
  return redaction->text ? g_steal_pointer(&redaction) : NULL;
}

void
cr_redaction_free(CrRedaction *redaction)
{
  if (!redaction)
    return;
  g_clear_pointer(&redaction->text, cr_text_unref);
  g_clear_pointer(&redaction->map, cr_offset_map_free);
  g_clear_pointer(&redaction->log, g_array_unref);
  g_free(redaction);
}
