/* Reading a person's name at a token, forwards after a cue and backwards before a credential. Always: a name
 * never crosses a word of the stop list, and a token is taken once. */
#include "phi-private.h"
#include <string.h>

enum { MAX_WORDS = 6 };

static gboolean
has(const PhiPage *page, guint i, guint32 flag)
{
  return i < page->tokens->len && (PHI_TOKEN(page, i)->lex & flag) != 0;
}

static gboolean
is_char(const PhiPage *page, guint i, char c)
{
  return i < page->tokens->len && PHI_TOKEN(page, i)->shape == PHI_SHAPE_PUNCT &&
         page->s[PHI_TOKEN(page, i)->start] == c;
}

static PhiGap
gap_of(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? (PhiGap)PHI_TOKEN(page, i)->gap : PHI_GAP_BLANK;
}

/* Single letters stand in the stop list as words (a, I, K); as initials they are judged elsewhere. */
static gboolean
is_stop(const PhiPage *page, guint i)
{
  return has(page, i, PHI_LEX_STOP) && PHI_TOKEN(page, i)->shape != PHI_SHAPE_INITIAL;
}

static gboolean
is_name_word(guint32 lex)
{
  return PHI_FIRST(lex) || PHI_LAST(lex);
}

static gboolean
is_lower_name(const PhiPage *page, guint i)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  if (token->lex & (PHI_LEX_STOP | PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_SAYS))
    return FALSE;
  if (token->end - token->start < 2)
    return FALSE;
  return is_name_word(token->lex) ? !(token->lex & PHI_LEX_COMMON) || PHI_LAST(token->lex) >= 6
                                  : !(token->lex & PHI_LEX_WORD) && !(token->lex & PHI_LEX_LISTED);
}

/* "I saw", "A week": a capital that is a word. */
static gboolean
is_initial(const PhiPage *page, guint i)
{
  if (PHI_TOKEN(page, i)->shape != PHI_SHAPE_INITIAL)
    return FALSE;
  if (is_char(page, i + 1, '.') && gap_of(page, i + 1) == PHI_GAP_NONE)
    return TRUE;
  char c = page->s[PHI_TOKEN(page, i)->start];
  if (i + 1 < page->tokens->len && gap_of(page, i + 1) == PHI_GAP_NONE &&
      PHI_TOKEN(page, i + 1)->shape == PHI_SHAPE_NUMBER)
    return FALSE; /* T2 */
  if (is_char(page, i + 1, '&') || is_char(page, i + 1, '/') || is_char(page, i + 1, '-') ||
      is_char(page, i + 1, '+'))
    return FALSE;
  return !((c == 'I' || c == 'A') && i + 1 < page->tokens->len &&
           PHI_TOKEN(page, i + 1)->shape == PHI_SHAPE_LOWER);
}

/* Behind a title even White, Long and May are surnames. */
static gboolean
is_surname(const PhiPage *page, guint i)
{
  return PHI_LAST(PHI_TOKEN(page, i)->lex) >= 2 && PHI_TOKEN(page, i)->shape >= PHI_SHAPE_CAPITAL &&
         !has(page, i, PHI_LEX_TITLE | PHI_LEX_CREDENTIAL);
}

/* "M.D.", "R.N." with no name behind them. */
static gboolean
is_dotted_credential(const PhiPage *page, guint i)
{
  static const char *const dotted[] = {"MD", "DO", "RN", "NP", "PA", "MS", "MA", "BS", "DC", "OD", NULL};
  if (!is_char(page, i + 1, '.') || i + 2 >= page->tokens->len || gap_of(page, i + 2) != PHI_GAP_NONE ||
      PHI_TOKEN(page, i + 2)->shape != PHI_SHAPE_INITIAL)
    return FALSE;
  char letters[3] = {page->s[PHI_TOKEN(page, i)->start], page->s[PHI_TOKEN(page, i + 2)->start], '\0'};
  guint after = is_char(page, i + 3, '.') ? i + 4 : i + 3;
  gboolean name_follows = phi_token_is_capital(page, after) && gap_of(page, after) == PHI_GAP_SPACE;
  return g_strv_contains(dotted, letters) && !name_follows;
}

/* McKenzie, DeShawn, JoAnn: one inner capital with small letters behind; not PaCO, GmbH. */
static gboolean
is_mixed_name(const PhiPage *page, guint i)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  guint n_upper = 0, n_lower = 0;
  for (guint32 at = token->start; at < token->end; at++) {
    gboolean upper = g_ascii_isupper(page->s[at]);
    n_upper += upper;
    n_lower = upper ? 0 : n_lower + 1;
  }
  return n_upper <= 3 && n_lower >= 2;
}

static gboolean
is_first_word(const PhiPage *page, guint i, guint flags)
{
  if (!phi_token_is_word(page, i) ||
      (is_stop(page, i) && !((flags & PHI_NAME_TITLED) && is_surname(page, i))))
    return FALSE;
  const PhiToken *token = PHI_TOKEN(page, i);
  switch ((PhiShape)token->shape) {
  case PHI_SHAPE_INITIAL:
    return is_initial(page, i) && !is_dotted_credential(page, i);
  case PHI_SHAPE_LOWER:
    return (flags & PHI_NAME_LOWER) && is_lower_name(page, i);
  case PHI_SHAPE_UPPER:
  case PHI_SHAPE_CAPITAL:
  case PHI_SHAPE_MIXED:
    if (!phi_token_is_capital(page, i) || (token->shape == PHI_SHAPE_MIXED && !is_mixed_name(page, i)))
      return FALSE;
    if (flags & PHI_NAME_SURE)
      return !(token->lex & PHI_LEX_THING);
    return is_name_word(token->lex) || !(token->lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG));
  default:
    return FALSE;
  }
}

static gboolean
is_next_word(const PhiPage *page, guint i, guint flags, PhiShape first)
{
  if (!phi_token_is_word(page, i) || is_stop(page, i) || has(page, i, PHI_LEX_THING))
    return FALSE;
  const PhiToken *token = PHI_TOKEN(page, i);
  if (token->shape == PHI_SHAPE_INITIAL)
    return is_initial(page, i);
  if (token->shape == PHI_SHAPE_LOWER)
    return first == PHI_SHAPE_LOWER && is_lower_name(page, i) &&
           (is_name_word(token->lex) || !(token->lex & PHI_LEX_LISTED));
  if (!phi_token_is_capital(page, i) || (token->shape == PHI_SHAPE_MIXED && !is_mixed_name(page, i)))
    return FALSE;
  gboolean named = is_name_word(token->lex);
  if (token->shape == PHI_SHAPE_UPPER && first != PHI_SHAPE_UPPER && first != PHI_SHAPE_INITIAL && !named)
    return FALSE;
  if ((token->lex & PHI_LEX_COMMON) && PHI_LAST(token->lex) < 4 && PHI_FIRST(token->lex) < 4)
    return FALSE;
  return named || !(token->lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG));
}

static guint
after_initial(const PhiPage *page, guint i)
{
  if (PHI_TOKEN(page, i)->shape == PHI_SHAPE_INITIAL && is_char(page, i + 1, '.') &&
      gap_of(page, i + 1) == PHI_GAP_NONE)
    return i + 2;
  return i + 1;
}

/* "van der", "de la": only where a name word follows. Returns the token after the particles, i where none. */
static guint
skip_particles(const PhiPage *page, guint i, guint flags, PhiShape first)
{
  guint at = i;
  while (has(page, at, PHI_LEX_PARTICLE) && gap_of(page, at + 1) <= PHI_GAP_SPACE && at < i + 3)
    at++;
  return at > i && is_next_word(page, at, flags, first) ? at : i;
}

/* Robert "Bob" Smith, Robert (Bob) Smith. */
static guint
skip_nickname(const PhiPage *page, guint i)
{
  if ((is_char(page, i, '"') || is_char(page, i, '(')) && i + 3 < page->tokens->len &&
      phi_token_is_capital(page, i + 1) && is_name_word(PHI_TOKEN(page, i + 1)->lex) &&
      (is_char(page, i + 2, '"') || is_char(page, i + 2, ')')) && phi_token_is_capital(page, i + 3) &&
      gap_of(page, i + 3) == PHI_GAP_SPACE && !has(page, i + 3, PHI_LEX_STOP))
    return i + 3;
  return i;
}

static guint
skip_suffix(const PhiPage *page, guint i)
{
  guint at = is_char(page, i, ',') ? i + 1 : i;
  if (!has(page, at, PHI_LEX_SUFFIX) || gap_of(page, at) > PHI_GAP_SPACE || !phi_token_is_capital(page, at))
    return i;
  at++;
  return is_char(page, at, '.') && gap_of(page, at) == PHI_GAP_NONE ? at + 1 : at;
}

/* A name may go on at the next line where what stands there is nothing but a name. */
static gboolean
goes_on(const PhiPage *page, guint i, guint flags)
{
  PhiGap gap = gap_of(page, i);
  if (gap <= PHI_GAP_SPACE)
    return TRUE;
  if (gap != PHI_GAP_LINE || !(flags & PHI_NAME_SURE) || is_char(page, i + 1, ':'))
    return FALSE;
  guint32 lex = PHI_TOKEN(page, i)->lex;
  return is_name_word(lex) && !(lex & PHI_LEX_WORD) && gap_of(page, i + 1) < PHI_GAP_LINE;
}

static guint
read_words(const PhiPage *page, guint i, guint flags)
{
  if (i >= page->tokens->len)
    return i;
  guint at = i;
  PhiShape first = (PhiShape)PHI_TOKEN(page, i)->shape;
  guint start = skip_particles(page, i, flags, PHI_SHAPE_CAPITAL);
  if (start == i && !is_first_word(page, i, flags))
    return i;
  at = after_initial(page, start);
  for (guint n = 1; n < MAX_WORDS; n++) {
    guint inner = skip_nickname(page, at);
    inner = skip_particles(page, inner, flags, first);
    if (inner >= page->tokens->len || !goes_on(page, inner, flags) ||
        !is_next_word(page, inner, flags, first))
      break;
    if (first == PHI_SHAPE_INITIAL && PHI_TOKEN(page, inner)->shape != PHI_SHAPE_LOWER)
      first = (PhiShape)PHI_TOKEN(page, inner)->shape;
    at = after_initial(page, inner);
  }
  return skip_suffix(page, at);
}

/* ", M.D.", ", MA": letters behind a name, no given name. */
static gboolean
is_credential_here(const PhiPage *page, guint i, PhiShape before)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  if (token->shape == PHI_SHAPE_UPPER && before != PHI_SHAPE_UPPER && token->end - token->start <= 4)
    return TRUE;
  return token->shape == PHI_SHAPE_INITIAL && is_dotted_credential(page, i);
}

/* "LAST, FIRST M". */
static guint
read_after_comma(const PhiPage *page, guint comma, guint flags)
{
  guint i = comma + 1;
  if (gap_of(page, comma) != PHI_GAP_NONE || gap_of(page, i) > PHI_GAP_SPACE || i >= page->tokens->len)
    return comma;
  if (has(page, i, PHI_LEX_CREDENTIAL) || !is_first_word(page, i, flags & ~(guint)PHI_NAME_SURE) ||
      is_credential_here(page, i, comma > 0 ? (PhiShape)PHI_TOKEN(page, comma - 1)->shape : PHI_SHAPE_PUNCT))
    return comma;
  return read_words(page, i, flags & ~(guint)PHI_NAME_SURE);
}

guint
phi_name_read(const PhiPage *page, guint i, guint flags)
{
  guint at = read_words(page, i, flags);
  if (at == i || !(flags & PHI_NAME_COMMA) || !is_char(page, at, ','))
    return at;
  return read_after_comma(page, at, flags);
}

static gboolean
belongs_back(const PhiPage *page, guint i, gboolean nearest)
{
  if (!phi_token_is_word(page, i) || is_stop(page, i))
    return FALSE;
  const PhiToken *token = PHI_TOKEN(page, i);
  if (token->shape == PHI_SHAPE_INITIAL)
    return TRUE;
  if (!phi_token_is_capital(page, i))
    return FALSE;
  if (is_name_word(token->lex))
    return nearest || !(token->lex & PHI_LEX_COMMON) || PHI_FIRST(token->lex) >= 4 ||
           PHI_LAST(token->lex) >= 5;
  return nearest || !(token->lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG));
}

guint
phi_name_read_back(const PhiPage *page, guint end)
{
  guint first = end;
  for (guint n = 0; n < MAX_WORDS && first > 0; n++) {
    guint i = first - 1;
    if (is_char(page, i, '.') && i > 0 && PHI_TOKEN(page, i - 1)->shape == PHI_SHAPE_INITIAL)
      i--;
    else if (has(page, i, PHI_LEX_PARTICLE) && n > 0 && i > 0 && belongs_back(page, i - 1, FALSE)) {
      first = i;
      continue;
    }
    if (!belongs_back(page, i, n == 0) || (first < end && gap_of(page, first) > PHI_GAP_SPACE))
      break;
    first = i;
  }
  return first;
}

gboolean
phi_name_is_eponym(const PhiPage *page, guint first, guint after)
{
  if (after >= page->tokens->len)
    return has(page, after - 1, PHI_LEX_EPONYM);
  gboolean near = gap_of(page, after) <= PHI_GAP_SPACE || gap_of(page, after) == PHI_GAP_LINE;
  if (near && has(page, after, PHI_LEX_THING))
    return TRUE;
  if (is_char(page, after, '-') && has(page, after + 1, PHI_LEX_EPONYM))
    return TRUE;
  for (guint i = first + 1; i < after; i++) /* Child-Pugh B */
    if (PHI_TOKEN(page, i)->shape != PHI_SHAPE_INITIAL && PHI_TOKEN(page, i)->shape != PHI_SHAPE_PUNCT)
      return FALSE;
  return has(page, first, PHI_LEX_EPONYM) && (after - first == 1 || !PHI_FIRST(PHI_TOKEN(page, first)->lex));
}
