/* Known identifiers, found: in every form a note may give them. Always: what matches here is sure; forms that
 * are also ordinary words need a capital. */
#include "known-private.h"
#include <string.h>

/* ---- looking ---- */

/* Whether a and b differ by at most max edits (Damerau, adjacent letters may change places); short words. */
static gboolean
within_edits(const char *a, const char *b, guint max)
{
  guint n = (guint)strlen(a), m = (guint)strlen(b);
  guint rows[3][64];
  if (n >= 63 || m >= 63 || (n > m ? n - m : m - n) > max)
    return FALSE;
  guint *before = rows[0], *last = rows[1], *now = rows[2];
  for (guint j = 0; j <= m; j++)
    last[j] = j;
  for (guint i = 1; i <= n; i++) {
    now[0] = i;
    for (guint j = 1; j <= m; j++) {
      guint best = last[j - 1] + (a[i - 1] != b[j - 1]);
      best = MIN(best, MIN(last[j], now[j - 1]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        best = MIN(best, before[j - 2] + 1);
      now[j] = best;
    }
    guint *spare = before;
    before = last;
    last = now;
    now = spare;
  }
  return last[m] <= max;
}

static guint
edits_allowed(gsize n_bytes)
{
  return n_bytes < 5 ? 0 : n_bytes < 9 ? 1 : 2;
}

static gboolean
is_ordinary(guint32 lex)
{
  return (lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_STOP)) != 0;
}

static const KnownPart *
match_part(const PhiKnownSet *set, const char *word, const PhiToken *token, gboolean opens, const char **how)
{
  gsize n = strlen(word);
  for (guint i = 0; i < set->parts->len; i++) {
    const KnownPart *part = &g_array_index(set->parts, KnownPart, i);
    *how = "known:name";
    if (strcmp(part->word, word) == 0)
      return is_ordinary(part->lex) && token->shape == PHI_SHAPE_LOWER ? NULL : part;
    gboolean ordinary = is_ordinary(token->lex);
    if (part->given && token->shape != PHI_SHAPE_LOWER && !(ordinary && opens) &&
        phi_lexicon_same_given(set->lexicon, part->word, word))
      return part; /* Will for William, but not where "Will follow" opens a sentence */
    if (ordinary)
      continue;
    guint allowed = edits_allowed(MIN(n, strlen(part->word)));
    *how = "known:typo";
    if (allowed && token->shape != PHI_SHAPE_LOWER && within_edits(part->word, word, allowed) &&
        (part->word[0] == word[0] || allowed == 1 || !(token->lex & PHI_LEX_LISTED)))
      return part;
    if (allowed && token->shape == PHI_SHAPE_LOWER && !(token->lex & PHI_LEX_LISTED) &&
        within_edits(part->word, word, 1))
      return part;
  }
  return NULL;
}

static void
find_parts(const PhiKnownSet *set, PhiPage *page, guint i)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  char word[64];
  const char *how = NULL;
  gboolean opens = i == 0 || token->gap >= PHI_GAP_LINE || PHI_TOKEN(page, i - 1)->shape == PHI_SHAPE_PUNCT;
  if (token->shape < PHI_SHAPE_LOWER ||
      !phi_fold(page->s + token->start, token->end - token->start, word, sizeof word))
    return;
  const KnownPart *part = match_part(set, word, token, opens, &how);
  if (!part && strchr(word, '-')) {
    g_auto(GStrv) pieces = g_strsplit(word, "-", 4);
    for (guint p = 0; pieces[p] && !part; p++)
      part = strlen(pieces[p]) > 2 ? match_part(set, pieces[p], token, opens, &how) : NULL;
  }
  if (!part)
    return;
  gboolean exact = strcmp(how, "known:name") == 0;
  if (!exact && phi_name_is_eponym(page, i, i + 1))
    return;
  guint32 start = token->start, end = token->end;
  if (i + 1 < page->tokens->len && PHI_TOKEN(page, i + 1)->shape == PHI_SHAPE_INITIAL && part->given &&
      PHI_TOKEN(page, i + 1)->gap == PHI_GAP_SPACE && i + 2 < page->tokens->len &&
      page->s[PHI_TOKEN(page, i + 2)->start] == '.')
    end = PHI_TOKEN(page, i + 2)->end; /* John S. */
  if (i >= 2 && page->s[PHI_TOKEN(page, i - 1)->start] == '.' &&
      PHI_TOKEN(page, i - 2)->shape == PHI_SHAPE_INITIAL && token->gap <= PHI_GAP_SPACE && !part->given)
    start = PHI_TOKEN(page, i - 2)->start; /* J. Smith */
  phi_page_add(page, start, end, part->kind, exact ? 1.0 : 0.85, how);
}

/* "J.S.", "J. S.", "JMS"; two bare letters only where they are no abbreviation of the house. */
static void
find_initials(const PhiKnownSet *set, PhiPage *page, guint i)
{
  char letters[4] = {0};
  guint n = 0, at = i;
  const PhiToken *token = PHI_TOKEN(page, i);
  gboolean dotted = token->shape == PHI_SHAPE_INITIAL;
  if (token->shape == PHI_SHAPE_UPPER && token->end - token->start <= 3) {
    n = token->end - token->start;
    memcpy(letters, page->s + token->start, n);
    at = i + 1;
  }
  while (dotted && n < 3 && at + 1 < page->tokens->len && PHI_TOKEN(page, at)->shape == PHI_SHAPE_INITIAL &&
         page->s[PHI_TOKEN(page, at + 1)->start] == '.' &&
         PHI_TOKEN(page, at)->gap <= PHI_GAP_SPACE + (n ? 0 : 9)) {
    letters[n++] = page->s[PHI_TOKEN(page, at)->start];
    at += 2;
  }
  if (n < 2)
    return;
  for (guint k = 0; k < set->initials->len; k++) {
    const KnownInitials *known = &g_array_index(set->initials, KnownInitials, k);
    if (strcmp(known->letters, letters) == 0 && (dotted || n == 3 || !(token->lex & PHI_LEX_LISTED)))
      phi_page_add(page, token->start, PHI_TOKEN(page, at - 1)->end, known->kind, dotted ? 0.95 : 0.6,
                   "known:initials");
  }
}

/* A code at at, its separators ignored. Returns its end, 0 where it does not stand there. */
static guint32
match_code(const PhiPage *page, guint32 at, const char *squeezed)
{
  guint gap = 0;
  for (const char *want = squeezed; at < page->n_bytes;) {
    char c = g_ascii_tolower(page->s[at]);
    if (c == *want) {
      at++;
      gap = 0;
      if (!*++want)
        return at >= page->n_bytes || !g_ascii_isalnum(page->s[at]) ? at : 0;
    } else if (want > squeezed && gap < 3 && c && strchr(" -.()/#_@+", c)) {
      at++;
      gap++;
    } else {
      return 0;
    }
  }
  return 0;
}

static gboolean
stands_last_four(const PhiPage *page, guint32 at)
{
  guint32 low = at > 24 ? at - 24 : 0;
  g_autofree char *before = g_ascii_strdown(page->s + low, at - low);
  static const char *const cues[] = {"last 4", "last four", "ending in", "ends in", "ending",
                                     "x-",     "xx",        "**",        "ssn",     "##"};
  for (guint i = 0; i < G_N_ELEMENTS(cues); i++)
    if (strstr(before, cues[i]))
      return TRUE;
  return FALSE;
}

static void
find_codes_at(const PhiKnownSet *set, PhiPage *page, guint32 at)
{
  gboolean digit = g_ascii_isdigit(page->s[at]);
  for (guint i = 0; i < set->codes->len; i++) {
    const KnownCode *code = &g_array_index(set->codes, KnownCode, i);
    guint32 end = match_code(page, at, code->squeezed);
    if (end)
      phi_page_add(page, at, end, code->kind, 1.0, code->by);
    gsize n = strlen(code->squeezed);
    if (!end && digit && code->last_four && n > 5) {
      end = match_code(page, at, code->squeezed + n - 4);
      if (end == at + 4 && stands_last_four(page, at))
        phi_page_add(page, at, end, code->kind, 0.9, code->by);
    }
  }
}

static void
find_codes(const PhiKnownSet *set, PhiPage *page)
{
  if (set->codes->len == 0)
    return;
  gboolean inside = FALSE;
  for (guint32 at = 0; at < page->n_bytes; at++) {
    guchar c = (guchar)g_ascii_tolower(page->s[at]);
    gboolean alnum = g_ascii_isalnum(c);
    if (alnum && (!inside || (g_ascii_isdigit(c) && !g_ascii_isdigit(page->s[at - 1]))) &&
        (g_ascii_isdigit(c) || (set->code_starts[c / 64] >> (c % 64) & 1)))
      find_codes_at(set, page, at);
    inside = alnum;
  }
}

static gboolean
token_is_canonical(const PhiPage *page, guint i, const char *want)
{
  char word[64];
  const PhiToken *token = PHI_TOKEN(page, i);
  char first = page->s[token->start];
  if (g_ascii_isalnum(first) && g_ascii_tolower(first) != *want)
    return FALSE; /* the two spellings of a word begin with the same letter */
  return phi_fold(page->s + token->start, token->end - token->start, word, sizeof word) &&
         strcmp(phi_known_canonical(word), want) == 0;
}

/* Words of an address part; the text may drop or add punctuation between them, glued pieces ("4B") too. */
static guint
match_place(const PhiPage *page, guint i, const GPtrArray *words)
{
  guint at = i;
  for (guint w = 0; w < words->len; w++) {
    const char *want = g_ptr_array_index(words, w);
    while (at > i && at < page->tokens->len && PHI_TOKEN(page, at)->shape == PHI_SHAPE_PUNCT &&
           strchr(".,#-", page->s[PHI_TOKEN(page, at)->start]))
      at++;
    if (at >= page->tokens->len)
      return i;
    if (token_is_canonical(page, at, want)) {
      at++;
      continue;
    }
    gsize n = strlen(want);
    guint32 start = PHI_TOKEN(page, at)->start;
    if (start + n > page->n_bytes || g_ascii_strncasecmp(page->s + start, want, n) != 0)
      return i;
    while (at < page->tokens->len && PHI_TOKEN(page, at)->end <= start + n)
      at++;
    if (at == i || PHI_TOKEN(page, at - 1)->end != start + n)
      return i;
  }
  return at;
}

static void
find_places(const PhiKnownSet *set, PhiPage *page, guint i)
{
  for (guint k = 0; k < set->places->len; k++) {
    const KnownPlace *place = &g_array_index(set->places, KnownPlace, k);
    guint after = match_place(page, i, place->words);
    if (after == i)
      continue;
    const PhiToken *token = PHI_TOKEN(page, i);
    if (after == i + 1 && token->shape == PHI_SHAPE_LOWER && is_ordinary(token->lex))
      continue;
    if (after == i + 1 && token->shape == PHI_SHAPE_NUMBER)
      continue;
    phi_page_add(page, token->start, PHI_TOKEN(page, after - 1)->end, place->kind, 1.0, "known:address");
  }
}

/* What the date rules found, weak candidates too, against the known dates. */
static void
confirm_dates(const PhiKnownSet *set, PhiPage *page)
{
  for (guint i = 0; set->dates->len && i < page->found->len; i++) {
    PhiCandidate *c = &g_array_index(page->found, PhiCandidate, i);
    PhiDate date;
    if (c->kind != CR_PHI_DATE || !phi_date_parse(page->s + c->start, c->end - c->start, &date))
      continue;
    for (guint d = 0; d < set->dates->len; d++)
      if (phi_date_agrees(&date, &g_array_index(set->dates, PhiDate, d)) && date.day) {
        c->score = MAX(c->score, c->score <= 0.2f && !date.year ? 0.5f : 1.0f);
        c->by = g_intern_static_string("known:date");
        break;
      }
  }
}

void
phi_known_run(const PhiKnownSet *set, PhiPage *page)
{
  confirm_dates(set, page);
  find_codes(set, page);
  phi_known_find_spaced(set, page);
  for (guint i = 0; i < page->tokens->len; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (set->parts->len)
      find_parts(set, page, i);
    if (set->initials->len && token->shape > PHI_SHAPE_LOWER)
      find_initials(set, page, i);
    if (set->places->len && token->shape != PHI_SHAPE_PUNCT)
      find_places(set, page, i);
  }
}
