/* Spanish names and places that no cue announces. Small letters begin months, weekdays and nationalities in
 * Spanish, so capital words inside a sentence are few: a given name with a surname behind it is a person. */
#include "confirm-es-private.h"

enum { MAX_NAME_WORDS = 7 };

static gboolean
is_pure(guint32 lex)
{
  return !(lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_STOP | PHI_LEX_GENERIC |
                  PHI_LEX_EPONYM | PHI_LEX_TITLE | PHI_LEX_THING));
}

static gboolean
opens_sentence(const PhiPage *page, guint i)
{
  return i == 0 || phi_es_gap(page, i) >= PHI_GAP_LINE || phi_es_is_char(page, i - 1, '.') ||
         phi_es_is_char(page, i - 1, '-') || phi_es_is_char(page, i - 1, ':') ||
         phi_es_is_char(page, i - 1, '?');
}

/* ---- places ---- */

static gboolean
behind_place_word(const PhiPage *page, guint i)
{
  return i > 0 && (phi_es_lex(page, i - 1) & PHI_LEX_PLACE) && phi_es_gap(page, i) <= PHI_GAP_LINE;
}

/* "Santiago Ruiz", "Mercedes Leon": a given name before a surname is no place. */
static gboolean
is_person_rather(const PhiPage *page, guint i, guint after)
{
  guint32 next = phi_es_lex(page, after);
  if (after - i != 1 || behind_place_word(page, i) || !phi_token_is_capital(page, after) ||
      phi_es_gap(page, after) != PHI_GAP_SPACE)
    return FALSE;
  return PHI_FIRST(phi_es_lex(page, i)) >= 3 && PHI_LAST(next) >= 4 &&
         !(next & (PHI_LEX_STOP | PHI_LEX_GENERIC));
}

/* "criterios de Roma", "preparacion Boston": a scale or a sign, no place. */
static gboolean
is_named_thing(const PhiPage *page, guint i)
{
  return (i > 0 && (phi_es_lex(page, i - 1) & PHI_LEX_THING)) ||
         (i > 1 && phi_es_is_link(page, i - 1) && (phi_es_lex(page, i - 2) & PHI_LEX_THING));
}

static guint
find_place(PhiPage *page, guint i)
{
  const PhiPhrase *phrase = NULL;
  guint after = phi_es_place_end(page, i, &phrase);
  if (after == i || is_person_rather(page, i, after) || is_named_thing(page, i))
    return i;
  double score = phrase->score;
  if (phi_es_shape(page, i) == PHI_SHAPE_UPPER && after - i == 1 && phi_es_length(page, i) < 6)
    score = MIN(score, 0.45);
  if (after - i == 1 && (PHI_LAST(phi_es_lex(page, i)) >= 5 || PHI_FIRST(phi_es_lex(page, i)) >= 5) &&
      i > 0 && phi_es_gap(page, i) == PHI_GAP_SPACE && PHI_FIRST(phi_es_lex(page, i - 1)) >= 4)
    return i; /* Ana Toledo */
  if (behind_place_word(page, i))
    score = MAX(score, 0.8);
  phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, after - 1)->end, phrase->kind, score,
               "lexicon:place");
  return score >= 0.5 ? after : i;
}

/* ---- persons ---- */

/* McRae, MacLeod, O'Neill. */
static gboolean
opens_mixed(const PhiPage *page, guint i)
{
  const char *s = page->s + PHI_TOKEN(page, i)->start;
  gsize n = phi_es_length(page, i);
  return n >= 5 && g_ascii_islower(s[n - 1]) && (memcmp(s, "Mc", 2) == 0 || memcmp(s, "Mac", 3) == 0);
}

static gboolean
is_name_word(const PhiPage *page, guint i)
{
  PhiShape shape = phi_es_shape(page, i);
  if (!phi_token_is_word(page, i) || shape == PHI_SHAPE_LOWER || shape == PHI_SHAPE_INITIAL)
    return FALSE;
  guint32 lex = phi_es_lex(page, i);
  if ((lex & (PHI_LEX_STOP | PHI_LEX_TITLE | PHI_LEX_CREDENTIAL | PHI_LEX_DRUG | PHI_LEX_GENERIC)) ||
      phi_es_is_char(page, i + 1, ':'))
    return FALSE;
  if (!PHI_FIRST(lex) && !PHI_LAST(lex) && (lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL)))
    return FALSE;
  return phi_token_is_capital(page, i) && (shape != PHI_SHAPE_MIXED || opens_mixed(page, i));
}

/* One case for all its words: "GARCIA LOPEZ", "Ana Ruiz", not "Ana TAC". */
static gboolean
same_case(const PhiPage *page, guint i, PhiShape first)
{
  return (phi_es_shape(page, i) == PHI_SHAPE_UPPER) == (first == PHI_SHAPE_UPPER);
}

/* "Crescencia Gago Manteca": behind a given name and a surname a word with a capital is the second surname.
 */
static gboolean
may_be_surname(const PhiPage *page, guint i)
{
  return phi_es_shape(page, i) == PHI_SHAPE_CAPITAL && !phi_es_is_char(page, i + 1, ':') &&
         !(phi_es_lex(page, i) & (PHI_LEX_STOP | PHI_LEX_TITLE | PHI_LEX_CREDENTIAL | PHI_LEX_DRUG |
                                  PHI_LEX_GENERIC | PHI_LEX_CLINICAL | PHI_LEX_THING | PHI_LEX_PHRASE));
}

static guint
read_person(const PhiPage *page, guint i)
{
  guint after = i + 1;
  PhiShape first = phi_es_shape(page, i);
  for (guint n = 1; n < MAX_NAME_WORDS; n++) {
    guint at = after;
    if (phi_es_shape(page, at) == PHI_SHAPE_INITIAL && phi_es_is_char(page, at + 1, '.') &&
        phi_es_gap(page, at) == PHI_GAP_SPACE)
      at += 2;
    for (guint k = 0; k < 3 && phi_es_joins_name(page, at); k++)
      at++;
    if (phi_es_gap(page, at) > PHI_GAP_SPACE || !same_case(page, at, first) ||
        !(is_name_word(page, at) || (n >= 2 && may_be_surname(page, at))))
      break;
    after = at + 1;
  }
  return after;
}

typedef struct {
  guint n_words, n_named, n_pure, n_unknown, n_eponym;
  guint best_last;
} Tally;

static Tally
tally(const PhiPage *page, guint first, guint after)
{
  Tally t = {0};
  for (guint i = first; i < after; i++) {
    guint32 lex = phi_es_lex(page, i);
    if (!phi_token_is_word(page, i) || phi_es_shape(page, i) == PHI_SHAPE_LOWER)
      continue;
    t.n_words++;
    t.n_pure += is_pure(lex) && (PHI_FIRST(lex) || PHI_LAST(lex));
    t.n_named += PHI_FIRST(lex) || PHI_LAST(lex);
    t.n_unknown += !(lex & PHI_LEX_LISTED);
    t.n_eponym += (lex & PHI_LEX_EPONYM) != 0;
    t.best_last = i > first ? MAX(t.best_last, PHI_LAST(lex)) : t.best_last;
  }
  return t;
}

/* "Borja, su pareja" */
static gboolean
is_related(const PhiPage *page, guint after)
{
  static const char *const whose[] = {"su",      "sus",     "mi",    "hijo",  "hija",
                                      "hermano", "hermana", "madre", "padre", "esposa",
                                      "esposo",  "marido",  "nieta", "nieto", NULL};
  return phi_es_is_char(page, after, ',') && phi_es_word_in(page, after + 1, whose);
}

static gboolean
person_acts(const PhiPage *page, guint after)
{
  return (phi_es_lex(page, after) & PHI_LEX_SAYS) && phi_es_gap(page, after) == PHI_GAP_SPACE &&
         phi_es_shape(page, after) == PHI_SHAPE_LOWER;
}

/* "Dolores refiere", "Nahiara, hija de": a given name alone. */
static double
score_single(const PhiPage *page, guint i, guint after)
{
  guint32 lex = phi_es_lex(page, i);
  if (person_acts(page, after) && PHI_FIRST(lex) >= 5 && !(lex & (PHI_LEX_EPONYM | PHI_LEX_CLINICAL)))
    return 0.7;
  if (is_pure(lex) && is_related(page, after))
    return 0.8;
  if (!is_pure(lex) || opens_sentence(page, i))
    return 0.2;
  return PHI_FIRST(lex) >= 5 ? 0.55 : 0.2;
}

static double
score_person(const PhiPage *page, guint first, guint after)
{
  Tally t = tally(page, first, after);
  guint32 lex = phi_es_lex(page, first);
  guint given = PHI_FIRST(lex);
  gboolean upper = phi_es_shape(page, first) == PHI_SHAPE_UPPER;
  if (t.n_words == 1)
    return upper ? 0.2 : score_single(page, first, after);
  if (t.n_eponym && t.n_pure < 2)
    return 0.2;
  if (given >= 5 && t.best_last >= 5)
    return t.n_pure ? 0.93 : person_acts(page, after) ? 0.85 : opens_sentence(page, first) ? 0.5 : 0.6;
  if (given >= 4 && is_pure(lex))
    return t.best_last >= 3 ? 0.85 : t.n_unknown && !upper ? 0.7 : upper ? 0.45 : 0.6;
  if (PHI_LAST(lex) >= 6 && t.best_last >= 6 && t.n_pure)
    return 0.7; /* two surnames */
  if (!upper && !t.n_eponym && given >= 2 && is_pure(lex) && t.n_named + t.n_unknown == t.n_words)
    return opens_sentence(page, first) ? 0.5 : 0.6;
  if (upper || t.n_eponym || t.n_pure + t.n_unknown < t.n_words || t.n_words > 4)
    return t.n_pure >= 2 && !upper ? 0.55 : 0.2;
  if (person_acts(page, after))
    return 0.8;
  if (t.n_pure)
    return opens_sentence(page, first) && t.n_pure < 2 ? 0.5 : 0.6;
  return opens_sentence(page, first) ? 0.4 : 0.5; /* two words that no list has */
}

static guint
best_last(const PhiPage *page, guint first, guint after)
{
  guint best = 0;
  for (guint i = first; i < after; i++)
    best = MAX(best, PHI_LAST(phi_es_lex(page, i)));
  return best;
}

/* "Garcia Lopez, Ana" at the beginning of a line or a cell. */
static guint
find_reversed(PhiPage *page, guint i, guint after)
{
  guint given = after + 1;
  guint least = phi_es_shape(page, i) == PHI_SHAPE_UPPER ? 1 : 5;
  if (!phi_es_is_char(page, after, ',') || phi_es_gap(page, i) < PHI_GAP_WIDE ||
      best_last(page, i, after) < least || phi_es_gap(page, given) > PHI_GAP_SPACE ||
      PHI_FIRST(phi_es_lex(page, given)) < 5 || !is_name_word(page, given))
    return after;
  guint end = read_person(page, given);
  phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, end - 1)->end, CR_PHI_PATIENT, 0.85,
               "lexicon:last-first");
  return end;
}

/* "A. Monreal": an initial before a surname. */
static guint
find_initialled(PhiPage *page, guint i)
{
  guint at = i;
  while (at < i + 4 && phi_es_is_short_name(page, at) && phi_es_is_char(page, at + 1, '.') &&
         phi_es_gap(page, at + 1) == PHI_GAP_NONE)
    at += 2;
  gboolean given = phi_es_shape(page, i) != PHI_SHAPE_INITIAL; /* Ma. de los Angeles */
  while (given && at > i && at < i + 5 && phi_es_joins_name(page, at))
    at++;
  if (at == i || !is_name_word(page, at) || phi_es_gap(page, at) != PHI_GAP_SPACE ||
      (given ? PHI_FIRST(phi_es_lex(page, at)) + PHI_LAST(phi_es_lex(page, at)) < 4
             : PHI_LAST(phi_es_lex(page, at)) < 4 || !is_pure(phi_es_lex(page, at))))
    return i;
  guint after = read_person(page, at);
  if (phi_name_is_eponym(page, at, after))
    return i;
  phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, after - 1)->end, CR_PHI_PATIENT, 0.75,
               "lexicon:name");
  return after;
}

static guint
find_person(PhiPage *page, guint i)
{
  if (phi_es_is_short_name(page, i) && phi_es_is_char(page, i + 1, '.'))
    return find_initialled(page, i);
  if (!is_name_word(page, i))
    return i;
  guint after = read_person(page, i), reversed = find_reversed(page, i, after);
  if (reversed > after)
    return reversed;
  if (phi_name_is_eponym(page, i, after) || is_named_thing(page, i))
    return after;
  double score = score_person(page, i, after);
  if (score < 0.25)
    return after - i > 1 ? i : after;
  phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, after - 1)->end, CR_PHI_PATIENT, score,
               "lexicon:name");
  return score >= 0.5 ? after : i;
}

void
phi_es_names_run(PhiPage *page)
{
  for (guint i = 0; i < page->tokens->len;) {
    guint after = i;
    if (phi_token_is_capital(page, i)) {
      if (phi_es_lex(page, i) & PHI_LEX_PHRASE)
        after = find_place(page, i);
      if (after == i)
        after = find_person(page, i);
    }
    i = after > i ? after : i + 1;
  }
}
