/* Notes without small or without capital letters: a copy of the page in which words that can be names begin
 * with a capital and others are small, so that every finder reads it like any note. Only ASCII letters change
 * their case: the copy has the bytes and offsets of the page. */
#include "phi-private.h"
#include <string.h>

enum { LEAST_WORDS = 4, MAX_HEAD = 5 };
typedef enum { CASE_MIXED, CASE_LOWER, CASE_UPPER } Case;

static Case
case_of(const PhiPage *page)
{
  guint n = 0, n_lower = 0, n_upper = 0;
  for (guint i = 0; i < page->tokens->len; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (token->shape < PHI_SHAPE_LOWER || token->shape == PHI_SHAPE_INITIAL || token->end - token->start < 2)
      continue;
    n++;
    n_lower += token->shape == PHI_SHAPE_LOWER;
    n_upper += token->shape == PHI_SHAPE_UPPER;
  }
  if (n < LEAST_WORDS)
    return CASE_MIXED;
  if ((n - n_lower - n_upper) * 50 <= n && n_upper * 8 <= n)
    return CASE_LOWER;
  return n_upper * 20 >= n * 19 ? CASE_UPPER : CASE_MIXED;
}

static guint32
lex_at(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? PHI_TOKEN(page, i)->lex : 0;
}

static gboolean
follows_closely(const PhiPage *page, guint i)
{
  return i > 0 && i < page->tokens->len && PHI_TOKEN(page, i)->gap <= PHI_GAP_SPACE;
}

static gboolean
is_word(const PhiPage *page, guint i)
{
  return phi_token_is_word(page, i) && PHI_TOKEN(page, i)->shape != PHI_SHAPE_INITIAL;
}

static gboolean
is_pure_name(guint32 lex)
{
  return (PHI_FIRST(lex) || PHI_LAST(lex)) &&
         !(lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_STOP | PHI_LEX_GENERIC |
                  PHI_LEX_TITLE | PHI_LEX_CREDENTIAL | PHI_LEX_EPONYM));
}

static gboolean
is_mark(const PhiPage *page, guint i, char c)
{
  return i < page->tokens->len && PHI_TOKEN(page, i)->shape == PHI_SHAPE_PUNCT &&
         page->s[PHI_TOKEN(page, i)->start] == c;
}

/* "PaCO2": letters that a number goes on from. */
static gboolean
runs_into_number(const PhiPage *page, guint i)
{
  return i + 1 < page->tokens->len && PHI_TOKEN(page, i + 1)->shape == PHI_SHAPE_NUMBER &&
         PHI_TOKEN(page, i + 1)->gap == PHI_GAP_NONE;
}

gboolean
phi_ends_like_a_term(const char *s, gsize n_bytes)
{
  static const char *const endings[] = {
      "tomy",   "stomy", "plasty", "scopy",   "graphy",  "gram",    "itis",  "osis", "iasis",  "emia",
      "uria",   "pathy", "algia",  "plegia",  "mab",     "nib",     "azole", "pril", "sartan", "statin",
      "cillin", "mycin", "olol",   "tidine",  "therapy", "ation",   "tion",  "ing",  "ated",   "ness",
      "ment",   "ally",  "ology",  "ologist", "ular",    "ectasis", "ized",  "ive",  "ous",    "xaban"};
  for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
    gsize n = strlen(endings[i]);
    if (n_bytes > n + 1 && g_ascii_strncasecmp(s + n_bytes - n, endings[i], n) == 0)
      return TRUE;
  }
  return FALSE;
}

/* A word that nothing lists: a rare name or a typing error; the finders weigh it. */
static gboolean
is_unlisted(const PhiPage *page, guint i)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  return !(token->lex & ~(guint32)PHI_LEX_PHRASE) && token->end - token->start >= 4 &&
         !runs_into_number(page, i) &&
         !phi_ends_like_a_term(page->s + token->start, token->end - token->start);
}

/* John, Peter: words of some list too, but hardly ever said. */
static gboolean
is_plain_given(const PhiPage *page, guint i)
{
  guint32 lex = lex_at(page, i);
  if (lex & (PHI_LEX_STOP | PHI_LEX_DRUG | PHI_LEX_SAYS | PHI_LEX_TITLE | PHI_LEX_CREDENTIAL))
    return FALSE;
  return PHI_FIRST(lex) >= 7 && !(lex & PHI_LEX_COMMON);
}

/* A surname that is a word too: behind a title ("dr. white") or a given name ("mary young"). */
static gboolean
is_led_name(const PhiPage *page, guint i)
{
  guint32 lex = lex_at(page, i);
  if (PHI_LAST(lex) < 3 || (lex & PHI_LEX_SAYS) || !follows_closely(page, i) ||
      ((lex & PHI_LEX_CLINICAL) && PHI_LAST(lex) < 7))
    return FALSE;
  guint before = i - 1;
  if (before > 0 && is_mark(page, before, '.'))
    before--;
  guint32 led = lex_at(page, before);
  if (led & PHI_LEX_TITLE)
    return !(lex & PHI_LEX_STOP) || is_mark(page, before + 1, '.');
  return before + 1 == i && !(lex & (PHI_LEX_STOP | PHI_LEX_CLINICAL)) && PHI_FIRST(led) >= 4 &&
         (is_pure_name(led) || is_plain_given(page, before) || (PHI_FIRST(led) >= 6 && PHI_LAST(lex) >= 7));
}

static gboolean
is_letter(const PhiPage *page, guint i)
{
  return i < page->tokens->len && PHI_TOKEN(page, i)->end - PHI_TOKEN(page, i)->start == 1 &&
         g_ascii_isalpha(page->s[PHI_TOKEN(page, i)->start]);
}

/* "grace okafor", "peter b.", "jack brown": what follows tells that a word is a given name. */
static gboolean
is_given_of_name(const PhiPage *page, guint i)
{
  guint32 lex = lex_at(page, i), next = lex_at(page, i + 1);
  if (PHI_FIRST(lex) < 5 || (lex & PHI_LEX_STOP) || !follows_closely(page, i + 1))
    return FALSE;
  if (is_pure_name(next) && PHI_LAST(next) >= 2)
    return TRUE;
  return is_letter(page, i + 1)
             ? is_mark(page, i + 2, '.') || is_mark(page, i + 2, ',')
             : PHI_FIRST(lex) >= 6 && PHI_LAST(next) >= 7 && !(next & (PHI_LEX_STOP | PHI_LEX_SAYS));
}

/* Two or three letters are acronyms more often than names: a neighbour must tell. */
static gboolean
is_short_alone(const PhiPage *page, guint i)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  if (token->end - token->start > 3 || PHI_FIRST(token->lex) >= 7 || PHI_LAST(token->lex) >= 7)
    return FALSE;
  if (follows_closely(page, i) && (is_pure_name(lex_at(page, i - 1)) ||
                                   (lex_at(page, i - 1) & PHI_LEX_TITLE) || is_mark(page, i - 1, '.')))
    return FALSE;
  return !(follows_closely(page, i + 1) && (is_pure_name(lex_at(page, i + 1)) || is_mark(page, i + 1, ',')));
}

/* "ml/min", "f/u" */
static gboolean
is_behind_slash(const PhiPage *page, guint i)
{
  return i > 0 && PHI_TOKEN(page, i)->gap == PHI_GAP_NONE && is_mark(page, i - 1, '/') &&
         PHI_TOKEN(page, i)->end - PHI_TOKEN(page, i)->start <= 4;
}

static gboolean
may_be_name(const PhiPage *page, guint i)
{
  if (i >= page->tokens->len || !is_word(page, i) || is_behind_slash(page, i) || runs_into_number(page, i))
    return FALSE;
  return (is_pure_name(lex_at(page, i)) && !is_short_alone(page, i)) || is_plain_given(page, i) ||
         is_led_name(page, i) || is_given_of_name(page, i);
}

/* The letter at i is an initial: "peter b.", "denise r", "a. ferreira", "dr. r. m. osei". */
static gboolean
is_name_initial(const PhiPage *page, guint i)
{
  if (!is_letter(page, i))
    return FALSE;
  gboolean dotted = is_mark(page, i + 1, '.');
  if (follows_closely(page, i) && may_be_name(page, i - 1) && PHI_FIRST(lex_at(page, i - 1)) >= 4 &&
      (dotted || is_mark(page, i + 1, ',') || i + 1 >= page->tokens->len ||
       PHI_TOKEN(page, i + 1)->gap >= PHI_GAP_WIDE))
    return TRUE;
  if (!dotted)
    return FALSE;
  for (guint at = i + 2; at < i + 6 && follows_closely(page, at); at += 2) {
    if (may_be_name(page, at) || (is_word(page, at) && is_unlisted(page, at)))
      return TRUE;
    if (!is_letter(page, at) || !is_mark(page, at + 1, '.'))
      break;
  }
  return FALSE;
}

static gboolean
is_calendar_word(const PhiPage *page, guint i)
{
  static const char *const words[] = {"january",   "february", "april",    "june",     "july",   "august",
                                      "september", "october",  "november", "december", "monday", "tuesday",
                                      "wednesday", "thursday", "friday",   "saturday", "sunday", NULL};
  return phi_token_in(page, i, words);
}

static void
shift(char *copy, const PhiToken *token, gboolean capital)
{
  gboolean first = TRUE;
  for (guint32 at = token->start; at < token->end; at++) {
    char c = copy[at];
    copy[at] = first && capital ? g_ascii_toupper(c) : g_ascii_tolower(c);
    first = c == '-' || c == '\'';
  }
}

/* Stop words inside the names of institutions. */
static gboolean
fills_a_name(const PhiPage *page, guint i)
{
  static const char *const words[] = {"high",    "first",   "new",   "north", "south",  "east",
                                      "west",    "general", "state", "city",  "county", "good",
                                      "central", "upper",   "lower", "long",  "white",  "black",
                                      "spring",  "hill",    "heart", "mount", "street", NULL};
  return phi_token_in(page, i, words);
}

/* The words before "hospital", "school" … up to a preposition name it, unless all of them only describe. */
static void
raise_head(const PhiPage *page, guint anchor, char *copy)
{
  static const char *const leads[] = {"at",      "from",    "to",      "in", "near", "via",
                                      "by",      "attends", "outside", "of", "with", "attended",
                                      "visited", "on",      "off",     NULL};
  guint first = anchor;
  gboolean named = FALSE;
  while (first > 0 && anchor - first < MAX_HEAD && follows_closely(page, first) && is_word(page, first - 1) &&
         !(lex_at(page, first - 1) & PHI_LEX_SAYS) &&
         (!(lex_at(page, first - 1) & PHI_LEX_STOP) || fills_a_name(page, first - 1)) &&
         !phi_token_in(page, first - 1, leads)) {
    first--;
    guint32 lex = lex_at(page, first);
    named = named || fills_a_name(page, first) ||
            !((lex & (PHI_LEX_GENERIC | PHI_LEX_TITLE)) || ((lex & PHI_LEX_DRUG) && !(lex & PHI_LEX_WORD)) ||
              ((lex & PHI_LEX_CLINICAL) && !PHI_LAST(lex)));
  }
  if (first == anchor || !named || first == 0 || !follows_closely(page, first) ||
      !phi_token_in(page, first - 1, leads))
    return;
  for (guint i = first; i <= anchor; i++)
    shift(copy, PHI_TOKEN(page, i), TRUE);
}

/* The words of the longest phrase of the gazetteer at i. */
static void
raise_phrase(const PhiPage *page, guint i, char *copy)
{
  char phrase[128];
  gsize n = 0;
  guint after = i;
  for (guint at = i; at < page->tokens->len && at < i + MAX_HEAD && (at == i || follows_closely(page, at));
       at++) {
    const PhiToken *token = PHI_TOKEN(page, at);
    if (!is_word(page, at) || n + (token->end - token->start) + 2 > sizeof phrase)
      break;
    if (n)
      phrase[n++] = ' ';
    if (!phi_fold(page->s + token->start, token->end - token->start, phrase + n, sizeof phrase - n))
      break;
    n += strlen(phrase + n);
    const PhiPhrase *found = phi_lexicon_phrase(page->lexicon, phrase);
    if (found && found->score >= 0.5 && (at > i || !(lex_at(page, i) & (PHI_LEX_WORD | PHI_LEX_CLINICAL))))
      after = at + 1;
  }
  for (guint at = i; at < after; at++)
    shift(copy, PHI_TOKEN(page, at), TRUE);
}

static gboolean
is_head(const PhiPage *page, guint i)
{
  static const char *const heads[] = {
      "hospital", "clinic",  "snf",      "center",     "centre",  "rehab",  "manor",  "hospice",  "school",
      "church",   "college", "academy",  "university", "street",  "avenue", "road",   "lane",     "pharmacy",
      "medical",  "nursing", "family",   "elementary", "prison",  "jail",   "health", "pavilion", "lodge",
      "village",  "estates", "county",   "infirmary",  "daycare", "middle", "high",   "temple",   "mosque",
      "parish",   "airport", "memorial", "regional",   "general", NULL};
  return phi_token_in(page, i, heads);
}

/* "nm 87901": a state's letters before a ZIP; "sp22-004417", "hmo-234567": letters that open a number. */
static gboolean
opens_code(const PhiPage *page, guint i)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  guint32 n_letters = token->end - token->start;
  guint at = i + 1;
  if (n_letters > 5 || at >= page->tokens->len)
    return FALSE;
  if (PHI_TOKEN(page, at)->shape == PHI_SHAPE_NUMBER && PHI_TOKEN(page, at)->gap == PHI_GAP_SPACE)
    return n_letters == 2 && PHI_TOKEN(page, at)->end - PHI_TOKEN(page, at)->start == 5 && i > 0 &&
           (is_mark(page, i - 1, ',') || (lex_at(page, i - 1) & PHI_LEX_PHRASE));
  if (runs_into_number(page, i))
    at++;
  return is_mark(page, at, '-') && PHI_TOKEN(page, at)->gap == PHI_GAP_NONE && at + 1 < page->tokens->len &&
         PHI_TOKEN(page, at + 1)->shape == PHI_SHAPE_NUMBER && PHI_TOKEN(page, at + 1)->gap == PHI_GAP_NONE &&
         PHI_TOKEN(page, at + 1)->end - PHI_TOKEN(page, at + 1)->start >= 4;
}

static void
raise_code(const PhiToken *token, char *copy)
{
  for (guint32 at = token->start; at < token->end; at++)
    copy[at] = g_ascii_toupper(copy[at]);
}

static void
raise_around(const PhiPage *page, guint i, char *copy)
{
  if (lex_at(page, i) & PHI_LEX_PHRASE)
    raise_phrase(page, i, copy);
  if (is_head(page, i))
    raise_head(page, i, copy);
}

static gboolean
wants_capital(const PhiPage *page, guint i)
{
  return may_be_name(page, i) || is_unlisted(page, i) || is_calendar_word(page, i);
}

static void
recase_lower(const PhiPage *page, char *copy)
{
  for (guint i = 0; i < page->tokens->len; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (token->shape != PHI_SHAPE_LOWER)
      continue;
    if (opens_code(page, i))
      raise_code(token, copy);
    else if (is_letter(page, i) ? is_name_initial(page, i) : wants_capital(page, i))
      shift(copy, token, TRUE);
    raise_around(page, i, copy);
  }
}

/* What can be no name becomes small; credentials and short words that nothing lists (acronyms) stay. */
static void
recase_upper(const PhiPage *page, char *copy)
{
  for (guint i = 0; i < page->tokens->len; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (token->shape == PHI_SHAPE_INITIAL && !is_name_initial(page, i) && !is_mark(page, i + 1, '.') &&
        token->gap != PHI_GAP_NONE && PHI_TOKEN(page, i)->gap <= PHI_GAP_SPACE &&
        !runs_into_number(page, i) && strchr("AI", copy[token->start]))
      shift(copy, token, FALSE);
    if (token->shape != PHI_SHAPE_UPPER || (token->lex & PHI_LEX_CREDENTIAL))
      continue;
    if (wants_capital(page, i))
      shift(copy, token, TRUE);
    else if ((token->lex & PHI_LEX_LISTED) && !PHI_FIRST(token->lex) && !PHI_LAST(token->lex) &&
             !(token->lex & PHI_LEX_PHRASE) && token->end - token->start > 2)
      shift(copy, token, FALSE);
    raise_around(page, i, copy);
  }
}

char *
phi_recase(const PhiPage *page)
{
  Case all = case_of(page);
  if (all == CASE_MIXED)
    return NULL;
  char *copy = g_memdup2(page->s, page->n_bytes);
  if (all == CASE_LOWER)
    recase_lower(page, copy);
  else
    recase_upper(page, copy);
  return copy;
}
