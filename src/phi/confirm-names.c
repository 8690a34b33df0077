/* Names that a cue announces: a title, a role, a relation, a signature line, a header; or a credential
 * behind. */
#include "confirm-private.h"
#include <string.h>

static gboolean
option(const PhiRule *rule, const char *word)
{
  const char *at = strstr(rule->context, word);
  gsize n = strlen(word);
  return at && (at == rule->context || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' ');
}

static gboolean
is_punct(const PhiPage *page, guint i, const char *set)
{
  return i < page->tokens->len && PHI_TOKEN(page, i)->shape == PHI_SHAPE_PUNCT &&
         strchr(set, page->s[PHI_TOKEN(page, i)->start]) != NULL;
}

/* Over what may stand between cue and name: ". : - , ( " and further titles. *colon: a colon was there. */
static guint
skip_to_name(const PhiPage *page, const PhiRule *rule, guint i, gboolean *colon)
{
  static const char *const links[] = {"is", "name", "named", "by", "called", "was", "are", "names", NULL};
  const char *points = option(rule, "tight") ? "." : option(rule, "relation") ? ",(:\"" : ".:-,(\"*#/=_";
  for (guint n = 0; n < 8 && i < page->tokens->len; n++, i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (token->gap >= PHI_GAP_BLANK || (token->gap == PHI_GAP_LINE && !option(rule, "line") && !*colon))
      return page->tokens->len;
    if (is_punct(page, i, points))
      *colon = *colon || page->s[token->start] == ':';
    else if (!(token->lex & PHI_LEX_TITLE) && !phi_token_in(page, i, links))
      break;
  }
  return i;
}

/* How much the words speak for a name, however they were announced. */
static int
evidence(const PhiPage *page, guint first, guint after)
{
  int points = 0;
  for (guint i = first; i < after; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (token->shape == PHI_SHAPE_PUNCT || (token->lex & PHI_LEX_PARTICLE))
      continue;
    gboolean named = PHI_FIRST(token->lex) || PHI_LAST(token->lex);
    if (token->shape == PHI_SHAPE_INITIAL)
      points += is_punct(page, i + 1, ".") || after - first > 1;
    else if (named && (token->lex & PHI_LEX_DRUG) && !(token->lex & PHI_LEX_WORD))
      points += 0; /* Allegra */
    else if (named)
      points += token->lex & PHI_LEX_COMMON                                        ? 1
                : token->shape == PHI_SHAPE_UPPER && token->end - token->start < 4 ? 1
                                                                                   : 3;
    else if (token->lex & (PHI_LEX_CLINICAL | PHI_LEX_DRUG))
      points -= 3;
    else if (token->lex & PHI_LEX_WORD)
      points -= 2;
    else if (token->shape == PHI_SHAPE_UPPER)
      points += token->end - token->start > 4;
    else
      points += 1;
  }
  return points;
}

static guint
add_name(PhiPage *page, const PhiRule *rule, guint first, guint after)
{
  PhiCandidate candidate = {PHI_TOKEN(page, first)->start, PHI_TOKEN(page, after - 1)->end, rule->kind,
                            (float)rule->score, rule->by};
  g_array_append_val(page->found, candidate);
  return after;
}

/* "A. Smith MD, B. Jones RN and C. Li": further names of a list, credentials between them skipped. */
static void
read_list(PhiPage *page, const PhiRule *rule, guint i)
{
  for (guint n = 0; n < 12; n++) {
    guint from = i;
    while (i < page->tokens->len && i < from + 8 && PHI_TOKEN(page, i)->gap <= PHI_GAP_SPACE &&
           (is_punct(page, i, ",;/&.()") || phi_token_is(page, i, "and") ||
            (PHI_TOKEN(page, i)->lex & (PHI_LEX_CREDENTIAL | PHI_LEX_TITLE))))
      i++;
    if (i == from || i >= page->tokens->len || PHI_TOKEN(page, i)->gap > PHI_GAP_SPACE)
      return;
    guint after = phi_name_read(page, i, 0);
    if (after == i || evidence(page, i, after) < 2 || phi_name_is_eponym(page, i, after))
      return;
    i = add_name(page, rule, i, after);
  }
}

static guint
name_flags(const PhiRule *rule, gboolean colon)
{
  guint flags = option(rule, "lower") ? PHI_NAME_LOWER : 0;
  if (option(rule, "comma"))
    flags |= PHI_NAME_COMMA;
  if (option(rule, "sure") || (colon && option(rule, "header")))
    flags |= PHI_NAME_SURE;
  if (option(rule, "titled"))
    flags |= PHI_NAME_TITLED;
  return flags;
}

/* Dr. Pepper, Dr. Brown's bottles. */
static gboolean
is_product(const PhiPage *page, guint first, guint after)
{
  static const char *const products[] = {"pepper", "scholl", "scholls", "bronner", "oz", "google", NULL};
  static const char *const things[] = {"nipple",  "nipples", "bottle", "bottles",
                                       "insoles", "inserts", "soap",   NULL};
  return after - first == 1 && (phi_token_in(page, first, products) || phi_token_in(page, after, things));
}

static gboolean
is_upper_cue(const PhiPage *page, guint32 end)
{
  while (end > 0 && !g_ascii_isalpha(page->s[end - 1]))
    end--;
  return end > 0 && g_ascii_isupper(page->s[end - 1]);
}

/* "0.4 ms." is no title. next: the token after the cue. */
static gboolean
is_unit(const PhiPage *page, guint next)
{
  while (next > 0 && is_punct(page, next - 1, "."))
    next--;
  return next > 1 && PHI_TOKEN(page, next - 2)->shape == PHI_SHAPE_NUMBER &&
         PHI_TOKEN(page, next - 1)->shape == PHI_SHAPE_LOWER;
}

static gboolean
is_acronym(const PhiPage *page, guint first, guint after)
{
  const PhiToken *token = PHI_TOKEN(page, first);
  return after - first == 1 && token->shape == PHI_SHAPE_UPPER && token->end - token->start <= 5 &&
         !PHI_FIRST(token->lex) && !PHI_LAST(token->lex);
}

/* context, words: lower (lower-case names too), comma (LAST, FIRST), sure (any capitalised word is one),
 * titled (surnames of the stop list too: Dr. White), header (sure after a colon; without one nothing), line
 * (the name may stand on the next line), list, relation (only , ( : " between), kin (an unlisted word is
 * enough), tight (only a full stop between), proof (the lexicon must speak for it).
 */
PHI_CONFIRMER(phi_confirm_name_after)
{
  gboolean colon = candidate->end > 0 && strchr(":\t", page->s[candidate->end - 1]) != NULL;
  if (candidate->end > 0 && candidate->end < page->n_bytes && g_ascii_isalnum(page->s[candidate->end - 1]) &&
      g_ascii_isalnum(page->s[candidate->end]))
    return FALSE;
  guint next = phi_token_at(page, candidate->end);
  if (next > 0 && PHI_TOKEN(page, next - 1)->end > candidate->end)
    return FALSE; /* Child-Pugh */
  guint first = skip_to_name(page, rule, phi_token_at(page, candidate->end), &colon);
  if (first >= page->tokens->len || (option(rule, "header") && !colon))
    return FALSE;
  guint after = phi_name_read(page, first, name_flags(rule, colon));
  if (after == first)
    return FALSE;
  if (PHI_TOKEN(page, first)->shape == PHI_SHAPE_LOWER && is_upper_cue(page, candidate->end))
    return FALSE; /* MR arthrogram */
  if (is_product(page, first, after))
    return FALSE;
  if (option(rule, "titled") && is_unit(page, next))
    return FALSE;
  if (option(rule, "header") && !option(rule, "list") && is_acronym(page, first, after) &&
      !is_upper_cue(page, candidate->end))
    return FALSE; /* Newborn: HBIG */
  int points = evidence(page, first, after);
  int least = option(rule, "proof")           ? (option(rule, "kin") ? 1 : 2)
              : option(rule, "titled")        ? -9
              : option(rule, "sure") || colon ? -2
                                              : 1;
  if (points < least || (!option(rule, "sure") && phi_name_is_eponym(page, first, after)))
    return FALSE;
  candidate->start = PHI_TOKEN(page, first)->start;
  candidate->end = PHI_TOKEN(page, after - 1)->end;
  if (option(rule, "list"))
    read_list(page, rule, after);
  return TRUE;
}

/* The match opens with the credential; the name ends before it. */
PHI_CONFIRMER(phi_confirm_name_before)
{
  guint end = phi_token_at(page, candidate->start);
  while (end < page->tokens->len && is_punct(page, end, ",("))
    end++;
  while (end > 0 && (is_punct(page, end - 1, ",(") || (PHI_TOKEN(page, end - 1)->lex & PHI_LEX_CREDENTIAL)))
    end--;
  guint first = phi_name_read_back(page, end);
  if (first == end || PHI_TOKEN(page, first)->gap == PHI_GAP_NONE)
    if (first == end || first == 0 || !is_punct(page, first - 1, "(/:\"-_*."))
      return FALSE;
  if (evidence(page, first, end) < (end - first > 1 ? 1 : 0))
    return FALSE;
  candidate->start = PHI_TOKEN(page, first)->start;
  candidate->end = PHI_TOKEN(page, end - 1)->end;
  return TRUE;
}
