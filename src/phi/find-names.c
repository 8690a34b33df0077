/* Names and places that no cue announces: the lexicon's word on capitalised words, weighed. A word that is
 * also an everyday word never stands as a name alone. */
#include "phi-private.h"
#include <string.h>

enum { MAX_PHRASE = 5 };

static gboolean
is_char(const PhiPage *page, guint i, char c)
{
  return i < page->tokens->len && PHI_TOKEN(page, i)->shape == PHI_SHAPE_PUNCT &&
         page->s[PHI_TOKEN(page, i)->start] == c;
}

static guint32
lex_at(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? PHI_TOKEN(page, i)->lex : 0;
}

static PhiGap
gap_at(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? (PhiGap)PHI_TOKEN(page, i)->gap : PHI_GAP_BLANK;
}

/* Nothing but a name: no English word, no clinical word, no drug. */
static gboolean
is_pure(guint32 lex)
{
  return !(lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_STOP | PHI_LEX_GENERIC));
}

static gboolean
opens_sentence(const PhiPage *page, guint i)
{
  return i == 0 || gap_at(page, i) >= PHI_GAP_LINE || is_char(page, i - 1, '.') ||
         is_char(page, i - 1, '-') || is_char(page, i - 1, ':') || is_char(page, i - 1, '?') ||
         is_char(page, i - 1, '!');
}

/* ---- places known by name ---- */

static guint
longest_phrase(const PhiPage *page, guint i, const PhiPhrase **found)
{
  char phrase[128];
  gsize n = 0;
  guint after = i, words = 0;
  for (guint at = i; at < page->tokens->len && words < MAX_PHRASE; at++) {
    const PhiToken *token = PHI_TOKEN(page, at);
    if (at > i && token->gap > PHI_GAP_SPACE && token->gap != PHI_GAP_LINE)
      break;
    if (token->shape == PHI_SHAPE_PUNCT) {
      if (page->s[token->start] != '.' && page->s[token->start] != '&')
        break;
      continue;
    }
    if (n + (token->end - token->start) + 2 > sizeof phrase)
      break;
    if (n)
      phrase[n++] = ' ';
    if (!phi_fold(page->s + token->start, token->end - token->start, phrase + n, sizeof phrase - n))
      break;
    n += strlen(phrase + n);
    words++;
    const PhiPhrase *hit = phi_lexicon_phrase(page->lexicon, phrase);
    if (hit) {
      *found = hit;
      after = at + 1;
    }
  }
  return after;
}

/* Virginia Phillips, Austin Clark: a given name before a surname is no place, unless a place's word leads. */
static gboolean
is_person_rather(const PhiPage *page, guint i)
{
  guint32 next = lex_at(page, i + 1);
  if (PHI_FIRST(lex_at(page, i)) < 2 || gap_at(page, i + 1) != PHI_GAP_SPACE ||
      !phi_token_is_capital(page, i + 1))
    return FALSE;
  if (i > 0 && (lex_at(page, i - 1) & PHI_LEX_PLACE) && gap_at(page, i) <= PHI_GAP_LINE)
    return FALSE;
  return PHI_LAST(next) >= 2 && !(next & (PHI_LEX_STOP | PHI_LEX_GENERIC | PHI_LEX_THING | PHI_LEX_CLINICAL));
}

static guint
find_place(PhiPage *page, guint i)
{
  const PhiPhrase *phrase = NULL;
  guint after = longest_phrase(page, i, &phrase);
  if (!phrase)
    return i;
  double score = phrase->score;
  const PhiToken *token = PHI_TOKEN(page, i);
  if (phrase->kind == CR_PHI_CITY && after - i == 1 && token->shape == PHI_SHAPE_UPPER &&
      token->end - token->start < 6)
    score = MIN(score, 0.3); /* LIMA */
  if ((lex_at(page, after) & PHI_LEX_THING) && gap_at(page, after) <= PHI_GAP_SPACE)
    return i; /* Boston brace */
  if (after + 1 < page->tokens->len && PHI_TOKEN(page, after)->shape == PHI_SHAPE_INITIAL &&
      PHI_TOKEN(page, after + 1)->shape == PHI_SHAPE_NUMBER && gap_at(page, after + 1) == PHI_GAP_NONE)
    return i; /* Montreal A2L3B2 */
  if (i > 0 && (lex_at(page, i - 1) & PHI_LEX_PLACE) && gap_at(page, i) <= PHI_GAP_LINE)
    score = MAX(score, 0.8);
  phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, after - 1)->end, phrase->kind, score,
               "lexicon:place");
  return score >= 0.5 || phrase->kind == CR_PHI_STATE ? after : i;
}

/* ---- persons ---- */

/* The verb of a person after a name: "Xochitl reports", "Ana Ruiz is a". */
static gboolean
person_acts(const PhiPage *page, guint after)
{
  if (is_char(page, after, ','))
    after++;
  return after < page->tokens->len && gap_at(page, after) <= PHI_GAP_LINE &&
         (lex_at(page, after) & PHI_LEX_SAYS) && PHI_TOKEN(page, after)->shape == PHI_SHAPE_LOWER;
}

typedef struct {
  guint n_words, n_pure, n_listed, n_unknown, n_initial, n_upper;
  int best_first, best_last;
} Tally;

static Tally
tally_name(const PhiPage *page, guint first, guint after)
{
  Tally t = {0};
  for (guint i = first; i < after; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (token->shape == PHI_SHAPE_PUNCT || (token->lex & (PHI_LEX_PARTICLE | PHI_LEX_SUFFIX)))
      continue;
    if (token->shape == PHI_SHAPE_INITIAL) {
      t.n_initial++;
      continue;
    }
    t.n_words++;
    t.n_upper += token->shape == PHI_SHAPE_UPPER;
    gboolean named = PHI_FIRST(token->lex) || PHI_LAST(token->lex);
    t.n_listed += named;
    t.n_pure += named && is_pure(token->lex);
    t.n_unknown += !(token->lex & PHI_LEX_LISTED);
    t.best_first = MAX(t.best_first, (int)PHI_FIRST(token->lex));
    t.best_last = MAX(t.best_last, (int)PHI_LAST(token->lex));
  }
  return t;
}

static double
score_pair(const PhiPage *page, guint first, guint after, const Tally *t)
{
  int given = (int)PHI_FIRST(lex_at(page, first));
  if (t->n_upper && t->n_upper == t->n_words) /* a heading or an acronym unless both are plainly names */
    return given >= 3 && t->n_pure == t->n_words ? 0.75 : 0.2;
  if (t->n_pure >= 2)
    return given ? 0.95 : 0.8;
  if (t->n_pure && t->n_listed >= 2)
    return given ? 0.9 : 0.7;
  if (t->n_pure && t->n_unknown)
    return given ? 0.85 : 0.65;
  if (t->n_listed >= 2 && given >= 5 && t->best_last >= 6)
    return opens_sentence(page, first) ? 0.6 : 0.8; /* Grace Young, Mark Hill */
  if (t->n_listed && t->n_unknown && given >= 4)
    return 0.6;
  if (t->n_unknown >= 2 && !opens_sentence(page, first))
    return 0.4;
  return 0.2;
}

static double
score_single(const PhiPage *page, guint i, const Tally *t)
{
  guint32 lex = lex_at(page, i);
  if (PHI_TOKEN(page, i)->shape == PHI_SHAPE_UPPER)
    return is_pure(lex) && PHI_FIRST(lex) >= 6 ? 0.4 : 0.1;
  if (!is_pure(lex))
    return t->n_initial && PHI_FIRST(lex) >= 5              ? 0.7
           : PHI_FIRST(lex) >= 7 && !(lex & PHI_LEX_COMMON) ? 0.5
                                                            : 0.15;
  if (t->n_initial)
    return PHI_FIRST(lex) || PHI_LAST(lex) >= 3 ? 0.9 : 0.5;
  if (PHI_FIRST(lex) >= 4)
    return 0.65;
  if (PHI_FIRST(lex) >= 1 || PHI_LAST(lex) >= 5)
    return opens_sentence(page, i) ? 0.5 : 0.55;
  return PHI_LAST(lex) >= 3 ? 0.45 : 0.1;
}

/* The word of a name that is one word and initials. */
static guint
word_of(const PhiPage *page, guint first, guint after)
{
  for (guint i = first; i < after; i++)
    if (PHI_TOKEN(page, i)->shape > PHI_SHAPE_INITIAL || PHI_TOKEN(page, i)->shape == PHI_SHAPE_CAPITAL)
      return i;
  return first;
}

/* "Zephyrine reports": a word that nothing lists, and a verb that only persons do. */
static gboolean
speaks(const PhiPage *page, guint first, guint after)
{
  static const char *const verbs[] = {"reports", "reported",    "denies",   "denied", "states",
                                      "says",    "complains",   "endorses", "agrees", "wants",
                                      "told",    "understands", "walked",   "feels",  NULL};
  const PhiToken *token = PHI_TOKEN(page, first);
  return after == first + 1 && token->shape == PHI_SHAPE_CAPITAL && token->end - token->start > 3 &&
         gap_at(page, after) == PHI_GAP_SPACE && phi_token_in(page, after, verbs) &&
         !phi_ends_like_a_term(page->s + token->start, token->end - token->start);
}

static double
score_name(const PhiPage *page, guint first, guint after)
{
  Tally t = tally_name(page, first, after);
  if (t.n_words == 0)
    return 0;
  double score = t.n_words > 1 ? score_pair(page, first, after, &t)
                               : score_single(page, word_of(page, first, after), &t);
  if (t.n_words > 1 && t.n_initial)
    score = MIN(0.97, score + 0.1);
  if (person_acts(page, after) && (t.n_pure || t.n_unknown == t.n_words) && t.n_upper == 0)
    score = MAX(score, t.n_pure || t.n_words > 1 ? 0.8 : speaks(page, first, after) ? 0.6 : 0.3);
  return score;
}

/* "LAST, FIRST M": the comma form without a cue, at the start of a line or a cell. */
static guint
find_reversed(PhiPage *page, guint i)
{
  guint32 last = lex_at(page, i), given = lex_at(page, i + 2);
  if (!is_char(page, i + 1, ',') || gap_at(page, i + 1) != PHI_GAP_NONE ||
      gap_at(page, i + 2) > PHI_GAP_SPACE || !phi_token_is_capital(page, i + 2))
    return i;
  if (PHI_LAST(last) < 1 || PHI_FIRST(given) < 2 || (last & PHI_LEX_STOP) || (given & PHI_LEX_STOP))
    return i;
  if (!is_pure(last) && !is_pure(given))
    return i;
  gboolean edge = gap_at(page, i) >= PHI_GAP_WIDE || i == 0 || is_char(page, i - 1, ':');
  guint after = phi_name_read(page, i + 2, 0);
  if (after <= i + 2)
    return i;
  gboolean closed = gap_at(page, after) >= PHI_GAP_WIDE ||
                    PHI_TOKEN(page, after - 1)->shape == PHI_SHAPE_INITIAL || is_char(page, after, '(');
  double score = edge ? 0.85 : closed ? 0.7 : 0.45;
  phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, after - 1)->end, CR_PHI_PATIENT, score,
               "lexicon:last-first");
  return score >= 0.5 ? after : i;
}

static guint
find_person(PhiPage *page, guint i)
{
  guint after = find_reversed(page, i);
  if (after > i)
    return after;
  after = phi_name_read(page, i, 0);
  if (after == i)
    return i;
  if (phi_name_is_eponym(page, i, after))
    return after;
  if (gap_at(page, i) == PHI_GAP_NONE && i > 0 && PHI_TOKEN(page, i - 1)->shape == PHI_SHAPE_NUMBER)
    return i + 1; /* 34F */
  double score = score_name(page, i, after);
  if (score < 0.25)
    return i;
  phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, after - 1)->end, CR_PHI_PATIENT, score,
               "lexicon:name");
  return after;
}

void
phi_names_run(PhiPage *page)
{
  for (guint i = 0; i < page->tokens->len;) {
    const PhiToken *token = PHI_TOKEN(page, i);
    guint after = i;
    if (token->shape > PHI_SHAPE_LOWER && phi_token_is_capital(page, i)) {
      if ((token->lex & PHI_LEX_PHRASE) && !is_person_rather(page, i))
        after = find_place(page, i);
      if (after == i && !(token->lex & PHI_LEX_STOP))
        after = find_person(page, i);
    }
    i = after > i ? after : i + 1;
  }
}
