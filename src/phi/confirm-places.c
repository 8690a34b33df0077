/* Places and institutions: the table's pattern finds the word that makes them (Street, Hospital, a state,
 * "lives in"); here the words around it are read. */
#include "confirm-private.h"
#include <string.h>

enum { MAX_PLACE_WORDS = 6, ADDRESS_LINE = 120 };

static gboolean
is_char(const PhiPage *page, guint i, char c)
{
  return i < page->tokens->len && PHI_TOKEN(page, i)->shape == PHI_SHAPE_PUNCT &&
         page->s[PHI_TOKEN(page, i)->start] == c;
}

static gboolean
lex_has(const PhiPage *page, guint i, guint32 flag)
{
  return i < page->tokens->len && (PHI_TOKEN(page, i)->lex & flag) != 0;
}

static PhiGap
gap_of(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? (PhiGap)PHI_TOKEN(page, i)->gap : PHI_GAP_BLANK;
}

static PhiShape
shape_at(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? (PhiShape)PHI_TOKEN(page, i)->shape : PHI_SHAPE_PUNCT;
}

static const char *const saints[] = {"st", "mt", "ft", "ste", NULL};

/* Stop words that open or fill the names of institutions (General, City, New, Elm Street). */
static gboolean
may_name_a_place(const PhiPage *page, guint i)
{
  static const char *const words[] = {
      "general",   "city",      "county",    "state",    "new",      "north",   "south",
      "east",      "west",      "northern",  "southern", "eastern",  "western", "northeast",
      "northwest", "southeast", "southwest", "street",   "american", "white",   "black",
      "long",      "christian", "catholic",  "jewish",   "native",   "indian",  "spring",
      "heart",     "sacred",    "good",      "first",    "mount",    "saint",   "central",
      "upper",     "lower",     "may",       "will",     "hill",     NULL};
  return phi_token_in(page, i, words);
}

static gboolean
is_proper(const PhiPage *page, guint i)
{
  return phi_token_is_capital(page, i) && (!lex_has(page, i, PHI_LEX_STOP) || may_name_a_place(page, i));
}

/* The token before i that may belong to a proper name which goes on at i: a capital word, "St.", "&". */
static guint
step_back(const PhiPage *page, guint i)
{
  static const char *const connectors[] = {"of", "and", "the", "for", "de", "la", "del", "los", "las", NULL};
  if (i == 0 || gap_of(page, i) > PHI_GAP_SPACE)
    return i;
  guint before = i - 1;
  if (is_char(page, before, '.') && before > 0 && gap_of(page, before) == PHI_GAP_NONE &&
      (phi_token_in(page, before - 1, saints) || shape_at(page, before - 1) == PHI_SHAPE_INITIAL))
    return before - 1;
  if (is_proper(page, before))
    return before;
  if (phi_token_in(page, before, saints) && gap_of(page, i) == PHI_GAP_SPACE)
    return before;
  gboolean link = phi_token_in(page, before, connectors) || is_char(page, before, '&') ||
                  is_char(page, before, '-') || is_char(page, before, '/');
  if (link && before > 0) {
    if (phi_token_is(page, before, "the") && before > 0 && gap_of(page, before) <= PHI_GAP_SPACE &&
        phi_token_in(page, before - 1, connectors))
      before--;
    if (before > 0 && gap_of(page, before) <= PHI_GAP_SPACE && is_proper(page, before - 1))
      return before - 1;
  }
  return i;
}

static guint
walk_back(const PhiPage *page, guint i, guint max_words)
{
  for (guint n = 0; n < max_words; n++) {
    guint before = step_back(page, i);
    if (before == i)
      break;
    i = before;
  }
  return i;
}

/* "of Springfield", "at Dallas", "for Special Surgery", "- Westside" after a facility's word. */
static guint
walk_on(const PhiPage *page, guint i)
{
  static const char *const links[] = {"of", "at", "for", "and", NULL};
  guint from = i;
  if (gap_of(page, i) > PHI_GAP_SPACE || !phi_token_in(page, i, links))
    return i;
  gboolean and = phi_token_is(page, i, "and");
  guint at = i + 1;
  if (phi_token_is(page, at, "the"))
    at++;
  guint first = at;
  while (at < first + MAX_PLACE_WORDS && gap_of(page, at) <= PHI_GAP_SPACE &&
         phi_token_is_capital(page, at) && !lex_has(page, at, PHI_LEX_STOP | PHI_LEX_TITLE)) {
    at++;
    if (phi_token_is(page, at, "of") && phi_token_is_capital(page, at + 1))
      at++;
  }
  if (at == first || (and&&!lex_has(page, at - 1, PHI_LEX_GENERIC)))
    return from;
  return at;
}

/* "Asthma Clinic" describes, "Cedar Clinic" names: a clinical word that is nobody's name, or a pure drug. */
static gboolean
is_generic(const PhiPage *page, guint i)
{
  static const char *const links[] = {"of", "and", "the", "for", "at", NULL};
  static const char *const naming[] = {"general",  "city",     "county", "state", "central",
                                       "memorial", "american", "street", NULL};
  guint32 lex = PHI_TOKEN(page, i)->lex;
  if (phi_token_in(page, i, naming) && phi_token_is_capital(page, i))
    return FALSE;
  if (lex & (PHI_LEX_GENERIC | PHI_LEX_STOP | PHI_LEX_PARTICLE))
    return TRUE;
  if ((lex & PHI_LEX_DRUG) && !(lex & PHI_LEX_WORD))
    return TRUE;
  if ((lex & PHI_LEX_CLINICAL) && !PHI_LAST(lex) && !(lex & (PHI_LEX_DRUG | PHI_LEX_EPONYM)))
    return TRUE;
  return phi_token_in(page, i, links);
}

static gboolean
is_all_generic(const PhiPage *page, guint first, guint after)
{
  for (guint i = first; i < after; i++)
    if (phi_token_is_word(page, i) && !is_generic(page, i))
      return FALSE;
  return TRUE;
}

/* "mayo clinic", "st. mary's hospital" in a note without capitals. */
static guint
walk_back_lower(const PhiPage *page, guint i)
{
  if (i == 0 || gap_of(page, i) > PHI_GAP_SPACE || shape_at(page, i - 1) != PHI_SHAPE_LOWER)
    return i;
  guint32 lex = PHI_TOKEN(page, i - 1)->lex;
  gboolean saint = i > 1 && (phi_token_in(page, i - 2, saints) ||
                             (i > 2 && is_char(page, i - 2, '.') && phi_token_in(page, i - 3, saints)));
  if (saint)
    return is_char(page, i - 2, '.') ? i - 3 : i - 2;
  gboolean named = (PHI_LAST(lex) >= 3 || !lex) && !(lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG |
                                                            PHI_LEX_EPONYM | PHI_LEX_STOP | PHI_LEX_GENERIC));
  return named && PHI_TOKEN(page, i - 1)->end - PHI_TOKEN(page, i - 1)->start > 3 ? i - 1 : i;
}

/* Capital words at the front that only open the sentence, or describe. */
static guint
trim_front(const PhiPage *page, guint first, guint anchor)
{
  static const char *const openers[] = {
      "seen",      "at",          "from",     "in",         "to",       "via",       "per",      "called",
      "contacted", "transferred", "admitted", "discharged", "referred", "facility",  "location", "hospital",
      "visited",   "attends",     "attended", "attending",  "visits",   "joined",    "left",     "saw",
      "uses",      "used",        "works",    "worked",     "lives",    "lived",     "goes",     "went",
      "completed", "finished",    "started",  "near",       "outside",  "prior",     "records",  "stayed",
      "receives",  "received",    "returned", "living",     "working",  "delivered", "born",     NULL};
  while (first < anchor && phi_token_in(page, first, openers))
    first++;
  while (first < anchor &&
         (shape_at(page, first) == PHI_SHAPE_PUNCT || shape_at(page, first) == PHI_SHAPE_LOWER) &&
         !phi_token_in(page, first, saints))
    first++;
  return first;
}

/* "Stanford Health", "Chicago VA": such a word makes an institution only at the end of the phrase. */
static gboolean
ends_phrase(const PhiPage *page, guint i)
{
  static const char *const next[] = {"on",  "in",    "at",     "for",  "and",   "with",      "since",
                                     "to",  "from",  "by",     "last", "today", "yesterday", "where",
                                     "who", "was",   "is",     "has",  "this",  "as",        "but",
                                     "or",  "after", "before", "via",  NULL};
  return gap_of(page, i) >= PHI_GAP_LINE || shape_at(page, i) == PHI_SHAPE_PUNCT ||
         shape_at(page, i) == PHI_SHAPE_NUMBER || phi_token_in(page, i, next);
}

/* A word before it that is a name and nothing else, or a town. */
static gboolean
is_surely_named(const PhiPage *page, guint first, guint after)
{
  for (guint i = first; i < after; i++) {
    guint32 lex = PHI_TOKEN(page, i)->lex;
    if (phi_token_is_word(page, i) && phi_token_is_capital(page, i) && !is_generic(page, i) &&
        (lex & (PHI_LEX_PHRASE) || PHI_LAST(lex) >= 4 || PHI_FIRST(lex) || phi_token_in(page, i, saints) ||
         !(lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG))))
      return TRUE;
  }
  return FALSE;
}

/* context "short": the word needs a sure name before it and nothing behind it. */
PHI_CONFIRMER(phi_confirm_facility)
{
  guint anchor = phi_token_at(page, candidate->start);
  guint after = phi_token_at(page, candidate->end);
  if (anchor >= page->tokens->len || !phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  if (PHI_TOKEN(page, anchor)->start != candidate->start)
    return FALSE;
  gboolean small = shape_at(page, anchor) == PHI_SHAPE_LOWER;
  guint first = trim_front(page, walk_back(page, anchor, MAX_PLACE_WORDS), anchor);
  if (first == anchor && small)
    first = walk_back_lower(page, anchor);
  guint end = !small || phi_token_is(page, after, "at") ? walk_on(page, after) : after;
  gboolean named_before = first < anchor && !is_all_generic(page, first, anchor);
  gboolean named_after = end > after && !is_all_generic(page, after, end);
  if (small && named_after && !named_before && !is_surely_named(page, after, end))
    named_after = FALSE;
  if (!named_before && !named_after)
    return FALSE;
  if (strcmp(rule->context, "short") == 0 &&
      (!named_before || !ends_phrase(page, after) || !is_surely_named(page, first, anchor)))
    return FALSE;
  if (small && named_before && lex_has(page, anchor - 1, PHI_LEX_EPONYM | PHI_LEX_CLINICAL | PHI_LEX_DRUG) &&
      anchor - first == 1)
    return FALSE;
  if (small && gap_of(page, first) >= PHI_GAP_LINE && anchor - first == 1 &&
      lex_has(page, first, PHI_LEX_WORD))
    return FALSE;
  if (small && !named_before) /* "rehabilitation at Mercy Manor": the name alone */
    first = phi_token_is(page, after + 1, "the") ? after + 2 : after + 1;
  candidate->start = PHI_TOKEN(page, first)->start;
  candidate->end = MAX(candidate->end, PHI_TOKEN(page, end - 1)->end);
  return TRUE;
}

/* ---- addresses ---- */

static gboolean
is_house_number(const PhiPage *page, guint i)
{
  return shape_at(page, i) == PHI_SHAPE_NUMBER && PHI_TOKEN(page, i)->end - PHI_TOKEN(page, i)->start <= 6;
}

/* ", Apt 4B", ", Suite 300", " NW", " #12". Returns the byte after. */
static guint32
unit_end(const PhiPage *page, guint i, guint32 end)
{
  static const char *const directions[] = {"n",  "s",     "e",     "w",    "nw",   "ne", "sw",
                                           "se", "north", "south", "east", "west", NULL};
  static const char *const units[] = {"apt", "apartment", "suite", "ste",  "unit",     "floor", "fl",
                                      "rm",  "room",      "lot",   "bldg", "building", NULL};
  if (gap_of(page, i) <= PHI_GAP_SPACE && phi_token_in(page, i, directions))
    end = PHI_TOKEN(page, i++)->end;
  if (is_char(page, i, '.') && gap_of(page, i) == PHI_GAP_NONE)
    i++;
  if (is_char(page, i, ','))
    i++;
  gboolean unit = phi_token_in(page, i, units);
  if (unit || is_char(page, i, '#')) {
    i++;
    while (is_char(page, i, '.') || is_char(page, i, '#'))
      i++;
    if (gap_of(page, i) <= PHI_GAP_SPACE &&
        (shape_at(page, i) == PHI_SHAPE_NUMBER || shape_at(page, i) == PHI_SHAPE_INITIAL)) {
      end = PHI_TOKEN(page, i)->end;
      if (gap_of(page, i + 1) == PHI_GAP_NONE &&
          (shape_at(page, i + 1) == PHI_SHAPE_INITIAL || shape_at(page, i + 1) == PHI_SHAPE_NUMBER))
        end = PHI_TOKEN(page, i + 1)->end;
    }
  }
  return end;
}

static gboolean
is_street_word(const PhiPage *page, guint i, gboolean small)
{
  static const char *const ordinals[] = {"st", "nd", "rd", "th", NULL};
  if (phi_token_in(page, i, ordinals) && i > 0 && shape_at(page, i - 1) == PHI_SHAPE_NUMBER &&
      gap_of(page, i) == PHI_GAP_NONE)
    return TRUE;
  if (phi_token_is_capital(page, i))
    return !lex_has(page, i, PHI_LEX_TITLE);
  return small && shape_at(page, i) == PHI_SHAPE_LOWER && !lex_has(page, i, PHI_LEX_STOP | PHI_LEX_SAYS);
}

/* "N.", "St.", "Mt." before a street's name: a full stop that ends no sentence. */
static gboolean
is_abbreviation(const PhiPage *page, guint i)
{
  return shape_at(page, i) == PHI_SHAPE_INITIAL || phi_token_in(page, i, saints) ||
         (phi_token_is_capital(page, i) && PHI_TOKEN(page, i)->end - PHI_TOKEN(page, i)->start <= 2);
}

/* "6 minute walk", "24 hour ct", "2 CHEST CT": without the case of a name, a word that is only ever a
 * street's or a person's must stand between number and suffix. */
static gboolean
is_street_small(const PhiPage *page, guint first, guint anchor)
{
  static const char *const trees[] = {
      "main",   "oak",        "elm",    "maple",  "pine",   "cedar",   "park",   "lake",   "hill",   "river",
      "church", "washington", "walnut", "willow", "spring", "mill",    "high",   "school", "center", "market",
      "broad",  "chestnut",   "spruce", "birch",  "cherry", "orchard", "meadow", "forest", "valley", NULL};
  for (guint i = first; i < anchor; i++) {
    guint32 lex = PHI_TOKEN(page, i)->lex;
    guint32 words = PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_STOP;
    gboolean ordinal = i > 0 && shape_at(page, i - 1) == PHI_SHAPE_NUMBER && gap_of(page, i) == PHI_GAP_NONE;
    if (ordinal && i > first + 1)
      return TRUE;
    if (PHI_TOKEN(page, i)->end - PHI_TOKEN(page, i)->start > 2 && phi_token_is_word(page, i) &&
        (!(lex & words) || PHI_LAST(lex) >= 5 || phi_token_in(page, i, trees)))
      return TRUE;
  }
  return FALSE;
}

/* First token of "123 N 5th", "One Main", "Elm" before the suffix; *numbered tells whether a number opens it.
 */
static guint
street_start(const PhiPage *page, guint anchor, gboolean *numbered)
{
  guint first = anchor;
  gboolean small = shape_at(page, anchor) == PHI_SHAPE_LOWER;
  *numbered = FALSE;
  for (guint n = 0; n < 5 && first > 0 && gap_of(page, first) <= PHI_GAP_SPACE; n++) {
    guint i = first - 1;
    if (is_char(page, i, '.') && gap_of(page, i) == PHI_GAP_NONE && i > 0 && is_abbreviation(page, i - 1))
      i--;
    if (is_house_number(page, i) && gap_of(page, first) == PHI_GAP_SPACE) {
      first = i;
      *numbered = TRUE;
      while (first > 1 && is_char(page, first - 1, '-') && is_house_number(page, first - 2) &&
             gap_of(page, first) == PHI_GAP_NONE)
        first -= 2;
      break;
    }
    if (!is_street_word(page, i, small)) {
      if (shape_at(page, i) != PHI_SHAPE_NUMBER || gap_of(page, first) != PHI_GAP_NONE)
        break;
    }
    first = i;
  }
  return first;
}

/* context "numbered": the suffix is also an everyday word (Court, Way): a number must open it. */
PHI_CONFIRMER(phi_confirm_street)
{
  guint anchor = phi_token_at(page, candidate->start);
  if (anchor >= page->tokens->len || PHI_TOKEN(page, anchor)->start != candidate->start)
    return FALSE;
  gboolean numbered, small = shape_at(page, anchor) == PHI_SHAPE_LOWER;
  guint first = street_start(page, anchor, &numbered);
  while (!numbered && first < anchor && lex_has(page, first, PHI_LEX_STOP) && !may_name_a_place(page, first))
    first++;
  if (first == anchor || (numbered && anchor - first < 2))
    return FALSE;
  if (!numbered && (small || strcmp(rule->context, "numbered") == 0))
    return FALSE;
  gboolean short_suffix = strcmp(rule->context, "numbered") == 0;
  if (short_suffix && shape_at(page, anchor) != PHI_SHAPE_CAPITAL && !is_street_small(page, first, anchor))
    return FALSE;
  if (!numbered && shape_at(page, first) == PHI_SHAPE_PUNCT)
    return FALSE;
  if (!numbered && (is_all_generic(page, first, anchor) || lex_has(page, anchor, PHI_LEX_CREDENTIAL)))
    return FALSE;
  guint32 end = candidate->end;
  if (end < page->n_bytes && page->s[end] == '.' && page->s[end - 1] != '.')
    end++;
  candidate->start = PHI_TOKEN(page, first)->start;
  candidate->end = unit_end(page, phi_token_at(page, end), end);
  if (!numbered)
    candidate->score = 0.7f;
  if (page->s[candidate->end - 1] == '.' && candidate->end == end && numbered == FALSE)
    candidate->end--;
  return TRUE;
}

/* ---- city, state, ZIP ---- */

static void
add_zip(PhiPage *page, guint i)
{
  while (is_char(page, i, '.') || is_char(page, i, ','))
    i++;
  if (shape_at(page, i) != PHI_SHAPE_NUMBER || PHI_TOKEN(page, i)->end - PHI_TOKEN(page, i)->start != 5 ||
      gap_of(page, i) > PHI_GAP_WIDE)
    return;
  guint32 end = PHI_TOKEN(page, i)->end;
  if (is_char(page, i + 1, '-') && shape_at(page, i + 2) == PHI_SHAPE_NUMBER &&
      gap_of(page, i + 2) == PHI_GAP_NONE && PHI_TOKEN(page, i + 2)->end - PHI_TOKEN(page, i + 2)->start == 4)
    end = PHI_TOKEN(page, i + 2)->end;
  phi_page_add(page, PHI_TOKEN(page, i)->start, end, CR_PHI_ZIP, 0.95, "rule:zip.after-state");
}

static gboolean
has_zip(const PhiPage *page, guint i)
{
  while (is_char(page, i, '.') || is_char(page, i, ','))
    i++;
  return shape_at(page, i) == PHI_SHAPE_NUMBER && PHI_TOKEN(page, i)->end - PHI_TOKEN(page, i)->start == 5 &&
         gap_of(page, i) <= PHI_GAP_WIDE;
}

/* How sure the words from first to after are a town: 2 known, 1 may be, 0 no. */
static int
town_evidence(const PhiPage *page, guint first, guint after)
{
  char phrase[128];
  gsize n = 0;
  for (guint i = first; i < after; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (token->shape == PHI_SHAPE_PUNCT)
      continue;
    if (n + (token->end - token->start) + 2 > sizeof phrase)
      return 0;
    if (n)
      phrase[n++] = ' ';
    if (!phi_fold(page->s + token->start, token->end - token->start, phrase + n, sizeof phrase - n))
      return 0;
    n += strlen(phrase + n);
  }
  if (n && phi_lexicon_phrase(page->lexicon, phrase))
    return 2;
  for (guint i = first; i < after; i++)
    if (lex_has(page, i, PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_CREDENTIAL) &&
        !PHI_LAST(PHI_TOKEN(page, i)->lex))
      return 0;
  return first < after;
}

/* The words before a state that its town is made of: the longest known town, else up to two capitals. */
static guint
town_start(const PhiPage *page, guint end, int *evidence)
{
  guint best = end, at = end;
  *evidence = 0;
  for (guint n = 0; n < 4; n++) {
    guint before = step_back(page, at);
    if (before == at || lex_has(page, before, PHI_LEX_TITLE))
      break;
    at = before;
    int found = town_evidence(page, at, end);
    if (found == 2 || (found == 1 && *evidence < 2 && n < 3)) {
      best = at;
      *evidence = MAX(found, *evidence);
    }
  }
  return best;
}

/* The match is a state's name or its two letters. context "letters": two letters, which need a town or a ZIP.
 */
PHI_CONFIRMER(phi_confirm_state)
{
  static const char *const credentials[] = {"md", "pa", "ma", "nd", "dc", "ot", "mt", "ms", "al", "va", NULL};
  gboolean letters = strcmp(rule->context, "letters") == 0;
  if (!phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  guint i = phi_token_at(page, candidate->start), after = phi_token_at(page, candidate->end);
  if (i >= page->tokens->len || PHI_TOKEN(page, i)->start != candidate->start)
    return FALSE;
  gboolean comma = i > 0 && is_char(page, i - 1, ',') && gap_of(page, i) <= PHI_GAP_SPACE;
  gboolean zip = has_zip(page, after);
  int evidence = 0;
  guint town_end = comma ? i - 1 : i;
  guint first = (comma || zip || !letters) ? town_start(page, town_end, &evidence) : town_end;
  gboolean shouted = first < town_end && shape_at(page, first) == PHI_SHAPE_UPPER; /* 0.8 CM, IN TISSUE */
  gboolean doubtful = letters && (shouted || phi_token_in(page, i, credentials));
  if (letters && !zip && (evidence == 0 || (doubtful && evidence < 2)))
    return FALSE;
  if (letters && !zip && !comma && evidence < 2)
    return FALSE;
  if (first < town_end && (comma || zip || evidence == 2))
    phi_page_add(page, PHI_TOKEN(page, first)->start, PHI_TOKEN(page, town_end - 1)->end, CR_PHI_CITY,
                 evidence == 2 ? 0.95 : 0.75, "rule:city.before-state");
  if (zip)
    add_zip(page, after);
  return TRUE;
}

/* ---- what a cue announces ---- */

static gboolean
is_place_word(const PhiPage *page, guint i)
{
  guint32 lex = i < page->tokens->len ? PHI_TOKEN(page, i)->lex : 0;
  if (!phi_token_is_capital(page, i) || gap_of(page, i) > PHI_GAP_SPACE || (lex & PHI_LEX_TITLE))
    return FALSE;
  if ((lex & PHI_LEX_DRUG) && !(lex & PHI_LEX_WORD))
    return FALSE;
  return !(lex & PHI_LEX_STOP) || may_name_a_place(page, i);
}

/* "lives in Cedar Falls", "works at Acme Steel": the capital words after the cue. context "proof": one of
 * them must not be an everyday word. */
PHI_CONFIRMER(phi_confirm_place_after)
{
  guint i = phi_token_at(page, candidate->end);
  if (candidate->end > 0 && candidate->end < page->n_bytes && g_ascii_isalnum(page->s[candidate->end - 1]) &&
      g_ascii_isalnum(page->s[candidate->end]))
    return FALSE;
  if (phi_token_is(page, i, "the") || phi_token_is(page, i, "a") || phi_token_is(page, i, "an") ||
      is_char(page, i, ':'))
    i++;
  guint first = i, after = i;
  gboolean named = FALSE;
  while (after < first + MAX_PLACE_WORDS &&
         (is_place_word(page, after) || (after > first && is_char(page, after, '&')))) {
    guint32 lex = PHI_TOKEN(page, after)->lex;
    if (!is_char(page, after, '&'))
      named = named || !(lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_GENERIC)) || PHI_LAST(lex) >= 3;
    after++;
    if (phi_token_in(page, after, saints) == FALSE && is_char(page, after, '.') &&
        phi_token_in(page, after - 1, saints))
      after++;
    if (phi_token_is(page, after, "of") && is_place_word(page, after + 1))
      after++;
  }
  if (after == first || (!named && after - first < 2))
    return FALSE;
  if (strcmp(rule->context, "proof") == 0 && !named)
    return FALSE;
  candidate->start = PHI_TOKEN(page, first)->start;
  candidate->end = PHI_TOKEN(page, after - 1)->end;
  return TRUE;
}

/* "Address: …": the rest of the line up to a wide gap or the next key. */
PHI_CONFIRMER(phi_confirm_address_after)
{
  guint32 at = candidate->end;
  while (at < page->n_bytes && strchr(" \t:#", page->s[at]) && page->s[at])
    at++;
  guint32 end = at;
  gboolean digit = FALSE;
  while (end < page->n_bytes && end - at < ADDRESS_LINE && page->s[end] != '\n' && page->s[end] != '\r' &&
         page->s[end] != '\t' && page->s[end] != '|' && page->s[end] != ';') {
    if (page->s[end] == ' ' && end + 1 < page->n_bytes && page->s[end + 1] == ' ')
      break;
    digit = digit || g_ascii_isdigit(page->s[end]);
    end++;
  }
  while (end > at && strchr(" .,", page->s[end - 1]))
    end--;
  while (end > at && end < page->n_bytes && ((guchar)page->s[end] & 0xc0) == 0x80)
    end--;
  if (end - at < 5 || !digit || page->s[at] == '[') /* taken out before */
    return FALSE;
  candidate->start = at;
  candidate->end = end;
  return TRUE;
}
