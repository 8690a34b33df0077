/* The trained tagger as a detector: its spans become candidates, its labels kinds. */
#include "phi-private.h"
#include <string.h>

enum { WINDOW_BYTES = 1 << 16 };
#define SUREST 0.99 /* a guess is never certain */
/* What the other finders found on the page says how likely a further identifier is there: the odds of a guess
 * are multiplied accordingly, so that a score means the same as a rule's. Chosen on the development notes
 * (docs/phi-evaluation.md). */
static const struct {
  guint least; /* identifiers found by others */
  double odds;
} evidence[] = {{3, 2.5}, {1, 1}, {0, 0.4}};

/* A find by looks that scores below the first is doubted where the tagger's probability is below the second.
 */
#define DOUBTED_BELOW 0.9
#define DOUBT 0.04
#define EPONYM_WORTH 0.6
#define KNOWN_FROM 0.8 /* score of a state, a year … that a guess does not overrule */

struct PhiTagger {
  CrTagger *model;
  int *kinds; /* of each label; -1: none */
};

typedef struct {
  const char *label;
  int kind;
} Wanted;

static gboolean
take_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  Wanted *wanted = data;
  CrPhiKind kind;
  (void)line, (void)error;
  if (n_fields == 3 && wanted->kind < 0 && strcmp(fields[1], wanted->label) == 0 &&
      cr_phi_kind_parse(fields[2], &kind))
    wanted->kind = (int)kind;
  return TRUE;
}

/* A label is a kind's name, or a label of another scheme (schemes.tsv); -1 where it is no identifier. */
static gboolean
kind_of(const char *rules_dir, const char *label, int *kind, GError **error)
{
  CrPhiKind own;
  if (cr_phi_kind_parse(label, &own)) {
    *kind = (int)own;
    return TRUE;
  }
  g_autofree char *path = phi_rules_path(rules_dir, "schemes.tsv");
  Wanted wanted = {label, -1};
  if (!phi_table_read(path, take_row, &wanted, NULL, error))
    return FALSE;
  *kind = wanted.kind;
  return TRUE;
}

PhiTagger *
phi_tagger_new(const char *rules_dir, CrTagger *model, GError **error)
{
  g_autoptr(PhiTagger) tagger = g_new0(PhiTagger, 1);
  tagger->model = model;
  const guint n = cr_tagger_n_labels(tagger->model);
  tagger->kinds = g_new(int, n);
  for (guint i = 0; i < n; i++)
    if (!kind_of(rules_dir, cr_tagger_label(tagger->model, i), &tagger->kinds[i], error))
      return NULL;
  return g_steal_pointer(&tagger);
}

void
phi_tagger_free(PhiTagger *tagger)
{
  if (!tagger)
    return;
  cr_tagger_free(tagger->model);
  g_free(tagger->kinds);
  g_free(tagger);
}

const CrTagger *
phi_tagger_model(const PhiTagger *tagger)
{
  return tagger->model;
}

static double
with_odds(double p, double odds)
{
  return p * odds / (p * odds + 1 - p);
}

/* A window ends behind a line, or where no line ends, before a character. */
static guint32
window_end(const PhiPage *page, guint32 from)
{
  if (page->n_bytes - from <= WINDOW_BYTES)
    return page->n_bytes;
  guint32 end = from + WINDOW_BYTES;
  for (guint32 at = end; at > from + WINDOW_BYTES / 2; at--)
    if (page->s[at - 1] == '\n')
      return at;
  for (guint32 at = end; at > from + WINDOW_BYTES / 2; at--)
    if (page->s[at - 1] == ' ')
      return at;
  while (((guchar)page->s[end] & 0xc0) == 0x80)
    end--;
  return end;
}

static double
odds_of(const PhiPage *page, double threshold)
{
  guint n = 0;
  for (guint i = 0; i < page->found->len; i++) {
    const PhiCandidate *c = &g_array_index(page->found, PhiCandidate, i);
    n += c->score >= threshold && !cr_phi_kind_is_reported_only(c->kind);
  }
  for (guint i = 0; i < G_N_ELEMENTS(evidence); i++)
    if (n >= evidence[i].least)
      return evidence[i].odds;
  g_assert_not_reached();
}

/* What a rule or the lexicon found by its looks and the tagger is nearly sure is nothing loses half its
 * score. */
static void
doubt(const CrTaggerScratch *scratch, PhiPage *page, guint32 from, guint32 end)
{
  for (guint i = 0; i < page->found->len; i++) {
    PhiCandidate *c = &g_array_index(page->found, PhiCandidate, i);
    const gboolean by_looks = g_str_has_prefix(c->by, "rule:") || g_str_has_prefix(c->by, "lexicon:");
    if (by_looks && c->score < DOUBTED_BELOW && c->start >= from && c->end <= end &&
        cr_tagger_inside(scratch, c->start - from, c->end - from) < DOUBT)
      c->score /= 2;
  }
}

static gboolean
has_letter_or_digit(const PhiPage *page, guint32 start, guint32 end)
{
  for (guint32 at = start; at < end; at++)
    if (g_ascii_isalnum(page->s[at]) || (guchar)page->s[at] >= 0xc0)
      return TRUE;
  return FALSE;
}

/* Nothing but marks, or words that the lists know for medicine and for nobody's name: a heading is not a
 * person. */
static gboolean
is_plain(const PhiPage *page, guint32 start, guint32 end)
{
  const guint32 plain = PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_TITLE | PHI_LEX_CREDENTIAL;
  guint n_words = 0;
  for (guint i = phi_token_at(page, start); i < page->tokens->len && PHI_TOKEN(page, i)->start < end; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (token->shape == PHI_SHAPE_PUNCT)
      continue;
    if (!(token->lex & plain) || PHI_FIRST(token->lex) || PHI_LAST(token->lex))
      return FALSE;
    n_words++;
  }
  return n_words > 0 || !has_letter_or_digit(page, start, end);
}

/* "GDS 7/30", "session 9 of 16": points and turns, of which the word before tells. */
static gboolean
is_count(const PhiPage *page, guint32 start, guint32 end)
{
  static const char *const counted[] = {
      "adl",       "apgar",  "asrs",    "audit", "bdcaf", "bdi",   "braden",   "cage",      "cdai",  "cows",
      "curb",      "cycle",  "dash",    "dast",  "dose",  "ecog",  "epds",     "ess",       "fim",   "flacc",
      "gad",       "gcs",    "gds",     "grade", "grip",  "haq",   "iadl",     "intensity", "mmse",  "moca",
      "motor",     "murmur", "nihss",   "nrs",   "odi",   "pain",  "pcl",      "phq",       "power", "rass",
      "rey",       "score",  "session", "sjc",   "sleep", "slums", "strength", "timi",      "tjc",   "tomm",
      "treatment", "updrs",  "vas",     "visit", "wells", "womac"};
  const guint i = phi_token_at(page, start);
  guint n_numbers = 0;
  for (guint k = i; k < page->tokens->len && PHI_TOKEN(page, k)->start < end; k++) {
    const PhiToken *token = PHI_TOKEN(page, k);
    n_numbers += token->shape == PHI_SHAPE_NUMBER;
    if (token->end - token->start > 2 || (token->shape == PHI_SHAPE_LOWER && !phi_token_is(page, k, "of")))
      return FALSE;
  }
  for (guint back = 1; back <= 2 && back <= i && n_numbers == 2; back++)
    for (gsize w = 0; w < G_N_ELEMENTS(counted); w++)
      if (phi_token_is(page, i - back, counted[w]))
        return TRUE;
  return FALSE;
}

/* What a guess is worth: a word alone that names a disease or a sign is seldom a person. */
static double
worth(const PhiPage *page, guint32 start, guint32 end, double score)
{
  const guint i = phi_token_at(page, start);
  if (i >= page->tokens->len)
    return score;
  const PhiToken *token = PHI_TOKEN(page, i);
  return token->start == start && token->end >= end && (token->lex & PHI_LEX_EPONYM) ? score * EPONYM_WORTH
                                                                                     : score;
}

/* Whether another finder tells that the whole of it is a state, a country, an age, a year or a profession. */
static gboolean
is_only_reported(const PhiPage *page, guint32 start, guint32 end)
{
  for (guint i = 0; i < page->found->len; i++) {
    const PhiCandidate *c = &g_array_index(page->found, PhiCandidate, i);
    if (c->start <= start && c->end >= end && c->score >= KNOWN_FROM && cr_phi_kind_is_reported_only(c->kind))
      return TRUE;
  }
  return FALSE;
}

void
phi_tagger_find(const PhiTagger *tagger, CrTaggerScratch *scratch, PhiPage *page, double threshold,
                gboolean doubts)
{
  const char *by = g_intern_static_string("tagger");
  const double odds = odds_of(page, threshold), bar = with_odds(threshold, 1 / odds);
  for (guint32 from = 0, end; from < page->n_bytes; from = end) {
    end = window_end(page, from);
    g_autoptr(GArray) spans =
        cr_tagger_tag(tagger->model, scratch, page->s + from, end - from, MAX(bar, 1e-3));
    if (doubts)
      doubt(scratch, page, from, end);
    for (guint i = 0; i < spans->len; i++) {
      const CrTagSpan *span = &g_array_index(spans, CrTagSpan, i);
      const int kind = tagger->kinds[span->label];
      const guint32 start = from + (guint32)span->span.start, stop = from + (guint32)span->span.end;
      if (kind >= 0 && !is_plain(page, start, stop) && !is_only_reported(page, start, stop) &&
          !(kind == CR_PHI_DATE && is_count(page, start, stop)))
        phi_page_add(page, start, stop, (CrPhiKind)kind,
                     worth(page, start, stop, MIN(with_odds(span->score, odds), SUREST)), by);
    }
  }
}
