/* Words of a page. A word holds its inner hyphens and apostrophes (O'Brien, Smith-Jones); a possessive 's
 * stays outside. Letters and digits never share a token. */
#include "phi-private.h"
#include <string.h>

typedef enum { CLASS_SPACE, CLASS_DIGIT, CLASS_LETTER, CLASS_PUNCT } Class;

static Class
classify_wide(gunichar c)
{
  if (g_unichar_isalpha(c) || g_unichar_ismark(c))
    return CLASS_LETTER;
  if (g_unichar_isspace(c) || (c >= 0x200b && c <= 0x200d) || c == 0xfeff)
    return CLASS_SPACE;
  return CLASS_PUNCT;
}

static Class
classify(const char *s, guint32 at, guint32 *next)
{
  guchar c = (guchar)s[at];
  if (c < 0x80) {
    *next = at + 1;
    return g_ascii_isalpha(c)   ? CLASS_LETTER
           : g_ascii_isdigit(c) ? CLASS_DIGIT
           : g_ascii_isspace(c) ? CLASS_SPACE
                                : CLASS_PUNCT;
  }
  *next = at + (guint32)(g_utf8_next_char(s + at) - (s + at));
  return classify_wide(g_utf8_get_char(s + at));
}

/* Length of an apostrophe or hyphen at at, 0 where there is none. */
static guint32
joiner(const PhiPage *page, guint32 at)
{
  if (at >= page->n_bytes)
    return 0;
  if (page->s[at] == '\'' || page->s[at] == '-')
    return 1;
  if (at + 3 <= page->n_bytes && memcmp(page->s + at, "\xe2\x80\x99", 3) == 0)
    return 3;
  return 0;
}

static guint32
word_end(const PhiPage *page, guint32 at)
{
  guint32 next;
  while (at < page->n_bytes) {
    if (classify(page->s, at, &next) == CLASS_LETTER) {
      at = next;
      continue;
    }
    guint32 n_join = joiner(page, at);
    if (!n_join || at + n_join >= page->n_bytes || classify(page->s, at + n_join, &next) != CLASS_LETTER)
      break;
    at = next;
  }
  return at;
}

/* Cuts "'s" off; *possessive gets what stood there. */
static guint32
cut_possessive(const PhiPage *page, guint32 start, guint32 end)
{
  for (guint32 n = 2; n <= 4; n += 2)
    if (end - start > n && (page->s[end - 1] == 's' || page->s[end - 1] == 'S') &&
        joiner(page, end - n) == n - 1 && page->s[end - n] != '-')
      return end - n;
  return end;
}

static gboolean
is_upper_at(const char *s)
{
  return (guchar)*s < 0x80 ? g_ascii_isupper(*s) : g_unichar_isupper(g_utf8_get_char(s));
}

static PhiShape
shape_of(const char *s, guint32 start, guint32 end)
{
  guint n = 0, n_upper = 0;
  gboolean first_upper = FALSE, inner_upper = FALSE, after_join = FALSE;
  for (guint32 i = start; i < end;) {
    guint32 next = (guint32)(g_utf8_next_char(s + i) - s);
    gunichar c = (guchar)s[i] < 0x80 ? (gunichar)(guchar)s[i] : g_utf8_get_char(s + i);
    if (c == '\'' || c == '-' || c == 0x2019 || g_unichar_ismark(c)) {
      after_join = TRUE;
    } else {
      gboolean upper = is_upper_at(s + i);
      n_upper += upper;
      if (n == 0)
        first_upper = upper;
      else if (upper && !after_join)
        inner_upper = TRUE;
      n++;
      after_join = FALSE;
    }
    i = next;
  }
  if (n_upper == 0)
    return PHI_SHAPE_LOWER;
  if (n == 1)
    return PHI_SHAPE_INITIAL;
  if (n_upper == n)
    return PHI_SHAPE_UPPER;
  return first_upper && !inner_upper ? PHI_SHAPE_CAPITAL : PHI_SHAPE_MIXED;
}

/* A hyphenated word is what its parts are together: a name where both may be names. */
static guint32
lex_of(const PhiPage *page, guint32 start, guint32 end)
{
  guint32 lex = phi_lexicon_find(page->lexicon, page->s + start, end - start);
  const char *hyphen = lex ? NULL : memchr(page->s + start, '-', end - start);
  if (!hyphen)
    return lex;
  guint32 cut = (guint32)(hyphen - page->s);
  guint32 left = phi_lexicon_find(page->lexicon, page->s + start, cut - start);
  guint32 right = phi_lexicon_find(page->lexicon, page->s + cut + 1, end - cut - 1);
  guint32 words = PHI_LEX_WORD | PHI_LEX_COMMON | PHI_LEX_CLINICAL | PHI_LEX_DRUG;
  guint32 either = (words & ~PHI_LEX_COMMON) | PHI_LEX_EPONYM | PHI_LEX_STOP;
  return ((left | right) & either) | (left & right & ~words) | (left & right & PHI_LEX_COMMON);
}

static void
add_word(PhiPage *page, guint32 start, guint32 end, PhiGap gap)
{
  PhiToken token = {.start = start, .end = cut_possessive(page, start, end), .gap = (guint8)gap};
  token.shape = (guint8)shape_of(page->s, token.start, token.end);
  token.lex = lex_of(page, token.start, token.end);
  g_array_append_val(page->tokens, token);
}

static PhiGap
gap_after_space(PhiGap gap, char c)
{
  if (c == '\n')
    return gap == PHI_GAP_LINE || gap == PHI_GAP_BLANK ? PHI_GAP_BLANK : PHI_GAP_LINE;
  if (c == '\r' || gap >= PHI_GAP_LINE)
    return gap;
  return gap == PHI_GAP_NONE && c != '\t' ? PHI_GAP_SPACE : PHI_GAP_WIDE;
}

void
phi_tokens_fill(PhiPage *page)
{
  PhiGap gap = PHI_GAP_BLANK;
  g_array_set_size(page->tokens, 0);
  for (guint32 at = 0; at < page->n_bytes;) {
    guint32 next;
    Class class = classify(page->s, at, &next);
    if (class == CLASS_SPACE) {
      gap = gap_after_space(gap, page->s[at]);
      at = next;
      continue;
    }
    if (class == CLASS_LETTER) {
      next = word_end(page, at);
      add_word(page, at, next, gap);
    } else {
      while (class == CLASS_DIGIT && next < page->n_bytes && g_ascii_isdigit(page->s[next]))
        next++;
      PhiToken token = {.start = at, .end = next, .gap = (guint8)gap};
      token.shape = class == CLASS_DIGIT ? PHI_SHAPE_NUMBER : PHI_SHAPE_PUNCT;
      g_array_append_val(page->tokens, token);
    }
    gap = PHI_GAP_NONE;
    at = next;
  }
}

guint
phi_token_at(const PhiPage *page, guint32 off)
{
  guint low = 0, high = page->tokens->len;
  while (low < high) {
    guint mid = (low + high) / 2;
    if (PHI_TOKEN(page, mid)->start < off)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

gboolean
phi_token_is(const PhiPage *page, guint i, const char *lower_word)
{
  if (i >= page->tokens->len)
    return FALSE;
  const PhiToken *token = PHI_TOKEN(page, i);
  gsize n_bytes = strlen(lower_word);
  return token->end - token->start == n_bytes &&
         g_ascii_strncasecmp(page->s + token->start, lower_word, n_bytes) == 0;
}

gboolean
phi_token_in(const PhiPage *page, guint i, const char *const *words)
{
  if (i >= page->tokens->len)
    return FALSE;
  const PhiToken *token = PHI_TOKEN(page, i);
  char c = g_ascii_tolower(page->s[token->start]);
  for (guint w = 0; words[w]; w++)
    if (words[w][0] == c && phi_token_is(page, i, words[w]))
      return TRUE;
  return FALSE;
}

gboolean
phi_token_is_word(const PhiPage *page, guint i)
{
  return i < page->tokens->len && PHI_TOKEN(page, i)->shape >= PHI_SHAPE_LOWER;
}

gboolean
phi_token_is_capital(const PhiPage *page, guint i)
{
  if (i >= page->tokens->len || PHI_TOKEN(page, i)->shape <= PHI_SHAPE_LOWER)
    return FALSE;
  return is_upper_at(page->s + PHI_TOKEN(page, i)->start);
}

void
phi_page_add(PhiPage *page, guint32 start, guint32 end, CrPhiKind kind, double score, const char *by)
{
  if (start >= end || end > page->n_bytes)
    return;
  PhiCandidate candidate = {start, end, kind, (float)score, g_intern_string(by)};
  g_array_append_val(page->found, candidate);
}
