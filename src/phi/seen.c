/* Propagation: what was found once in a note is found everywhere in it. Parts of names of three letters and
 * more, whole names of institutions, numbers of five digits and more. A part that is also an everyday word
 * counts only with a capital inside a sentence. */
#include "phi-private.h"
#include <string.h>

typedef struct {
  CrPhiKind kind;
  double score;
  guint32 lex;
} Part;

struct PhiSeen {
  const PhiLexicon *lexicon;
  GHashTable *parts;   /* folded word -> Part */
  GHashTable *phrases; /* folded words joined by a space -> Part */
  GHashTable *firsts;  /* first words of phrases */
};

PhiSeen *
phi_seen_new(const PhiLexicon *lexicon)
{
  PhiSeen *seen = g_new0(PhiSeen, 1);
  seen->lexicon = lexicon;
  seen->parts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  seen->phrases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  seen->firsts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return seen;
}

void
phi_seen_free(PhiSeen *seen)
{
  if (!seen)
    return;
  g_hash_table_unref(seen->parts);
  g_hash_table_unref(seen->phrases);
  g_hash_table_unref(seen->firsts);
  g_free(seen);
}

gboolean
phi_seen_is_empty(const PhiSeen *seen)
{
  return g_hash_table_size(seen->parts) == 0 && g_hash_table_size(seen->phrases) == 0;
}

static void
learn(GHashTable *table, const char *key, CrPhiKind kind, double score, guint32 lex)
{
  Part *old = g_hash_table_lookup(table, key);
  if (old && old->score >= score)
    return;
  Part *part = g_new(Part, 1);
  *part = (Part){kind, score, lex};
  g_hash_table_replace(table, g_strdup(key), part);
}

static void
learn_name(PhiSeen *seen, const PhiPage *page, const PhiCandidate *c)
{
  for (guint i = phi_token_at(page, c->start); i < page->tokens->len && PHI_TOKEN(page, i)->end <= c->end;
       i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    char word[64];
    if (token->shape < PHI_SHAPE_LOWER || token->shape == PHI_SHAPE_INITIAL ||
        token->end - token->start < 3 ||
        (token->lex & (PHI_LEX_STOP | PHI_LEX_PARTICLE | PHI_LEX_SUFFIX | PHI_LEX_THING)))
      continue;
    if (phi_fold(page->s + token->start, token->end - token->start, word, sizeof word))
      learn(seen->parts, word, c->kind, c->score, token->lex);
  }
}

/* The words of [first, after) joined; FALSE where they do not fit. */
static gboolean
join_words(const PhiPage *page, guint first, guint after, char *buf, gsize n_buf)
{
  gsize n = 0;
  for (guint i = first; i < after; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    if (token->shape == PHI_SHAPE_PUNCT)
      continue;
    if (n + (token->end - token->start) + 2 > n_buf)
      return FALSE;
    if (n)
      buf[n++] = ' ';
    if (!phi_fold(page->s + token->start, token->end - token->start, buf + n, n_buf - n))
      return FALSE;
    n += strlen(buf + n);
  }
  buf[n] = '\0';
  return n > 0;
}

static void
learn_phrase(PhiSeen *seen, const PhiPage *page, const PhiCandidate *c)
{
  char phrase[128], first[64];
  guint from = phi_token_at(page, c->start), after = phi_token_at(page, c->end);
  if (from >= after || c->end - c->start < 5 || !join_words(page, from, after, phrase, sizeof phrase) ||
      !join_words(page, from, from + 1, first, sizeof first))
    return;
  if (!strchr(phrase, ' ') &&
      (PHI_TOKEN(page, from)->lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG)) &&
      PHI_TOKEN(page, from)->shape == PHI_SHAPE_LOWER)
    return;
  learn(seen->phrases, phrase, c->kind, c->score, PHI_TOKEN(page, from)->lex);
  g_hash_table_add(seen->firsts, g_strdup(first));
}

static gboolean
is_identifying_number(const PhiPage *page, const PhiCandidate *c)
{
  guint n_digits = 0;
  for (guint32 i = c->start; i < c->end; i++)
    n_digits += g_ascii_isdigit(page->s[i]);
  return n_digits >= 5;
}

/* What a name counts for that only the tagger found. */
#define GUESSED 0.6F

void
phi_seen_learn(PhiSeen *seen, const PhiPage *page, double threshold)
{
  for (guint i = 0; i < page->found->len; i++) {
    PhiCandidate learnt = g_array_index(page->found, PhiCandidate, i);
    const PhiCandidate *c = &learnt;
    const gboolean guessed = g_str_equal(c->by, "tagger");
    if (c->score < (guessed ? threshold : MAX(threshold, 0.5)))
      continue;
    if (guessed) /* it tells where, seldom what: others say the kind */
      learnt.score = MIN(learnt.score, GUESSED);
    switch (c->kind) {
    case CR_PHI_PATIENT:
    case CR_PHI_STAFF:
    case CR_PHI_RELATIVE:
      learn_name(seen, page, c);
      break;
    case CR_PHI_FACILITY:
    case CR_PHI_ORGANIZATION:
    case CR_PHI_CITY:
    case CR_PHI_COUNTY:
    case CR_PHI_STREET:
      learn_phrase(seen, page, c);
      break;
    case CR_PHI_MRN:
    case CR_PHI_ACCOUNT:
    case CR_PHI_HEALTHPLAN:
    case CR_PHI_OTHERID:
    case CR_PHI_LICENSE:
    case CR_PHI_SSN:
    case CR_PHI_DEVICE:
      if (is_identifying_number(page, c))
        learn_phrase(seen, page, c);
      break;
    default:
      break;
    }
  }
}

static gboolean
opens_sentence(const PhiPage *page, guint i)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  if (i == 0 || token->gap >= PHI_GAP_LINE)
    return TRUE;
  const PhiToken *before = PHI_TOKEN(page, i - 1);
  return before->shape == PHI_SHAPE_PUNCT && strchr(".!?:-", page->s[before->start]) != NULL;
}

static gboolean
fits(const PhiPage *page, guint i, const Part *part)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  gboolean capital = phi_token_is_capital(page, i);
  if (phi_name_is_eponym(page, i, i + 1) && !(part->score >= 0.9 && !(part->lex & PHI_LEX_EPONYM)))
    return FALSE;
  if (!(part->lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG)))
    return TRUE;
  if (token->shape == PHI_SHAPE_LOWER || !capital)
    return FALSE;
  if (!(part->lex & PHI_LEX_COMMON))
    return TRUE;
  if (token->end < page->n_bytes && page->s[token->end] == ':')
    return FALSE; /* a key */
  return !opens_sentence(page, i) || !(part->lex & PHI_LEX_CLINICAL);
}

static void
find_part(const PhiSeen *seen, PhiPage *page, guint i, const char *word)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  const Part *part = g_hash_table_lookup(seen->parts, word);
  if (part && fits(page, i, part))
    phi_page_add(page, token->start, token->end, part->kind, MIN(part->score, 0.9), "propagated");
}

/* One letter more, less or other. */
static gboolean
one_edit(const char *a, gsize n_a, const char *b, gsize n_b)
{
  gsize i = 0;
  while (i < n_a && i < n_b && a[i] == b[i])
    i++;
  gsize rest_a = n_a - i, rest_b = n_b - i;
  if (rest_a == rest_b)
    return rest_a > 0 && memcmp(a + i + 1, b + i + 1, rest_a - 1) == 0;
  if (rest_a + 1 == rest_b)
    return memcmp(a + i, b + i + 1, rest_a) == 0;
  return rest_b + 1 == rest_a && memcmp(a + i + 1, b + i, rest_b) == 0;
}

enum { SHORTEST_MISSPELT = 6 };

/* A word that nothing lists, one edit from a name that was seen ("Korolenco"). */
static void
find_misspelt(const PhiSeen *seen, PhiPage *page, guint i, const char *word)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  gsize n = strlen(word);
  if (token->lex || n < SHORTEST_MISSPELT || token->shape == PHI_SHAPE_LOWER ||
      g_hash_table_contains(seen->parts, word))
    return;
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, seen->parts);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    const Part *part = value;
    const char *name = key;
    if (name[0] != word[0] || (part->lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG)) ||
        !one_edit(word, n, name, strlen(name)))
      continue;
    phi_page_add(page, token->start, token->end, part->kind, 0.7, "propagated");
    return;
  }
}

/* "Papad akis": two pieces that make a name seen before. */
static void
find_parted(const PhiSeen *seen, PhiPage *page, guint i, const char *word)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  gsize n = strlen(word);
  char joined[64];
  if (i + 1 >= page->tokens->len || PHI_TOKEN(page, i + 1)->gap != PHI_GAP_SPACE ||
      !phi_token_is_capital(page, i))
    return;
  const PhiToken *next = PHI_TOKEN(page, i + 1);
  if (next->shape != PHI_SHAPE_LOWER || next->end - next->start + n + 1 >= sizeof joined)
    return;
  memcpy(joined, word, n);
  if (!phi_fold(page->s + next->start, next->end - next->start, joined + n, sizeof joined - n))
    return;
  const Part *part = strlen(joined) >= SHORTEST_MISSPELT ? g_hash_table_lookup(seen->parts, joined) : NULL;
  if (part && !(part->lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG)))
    phi_page_add(page, token->start, next->end, part->kind, 0.8, "propagated");
}

/* Parts of a hyphenated word: "Ruiz-Vega" where Ruiz was seen. */
static void
find_hyphenated(const PhiSeen *seen, PhiPage *page, guint i, const char *word)
{
  const PhiToken *token = PHI_TOKEN(page, i);
  g_auto(GStrv) pieces = g_strsplit(word, "-", 4);
  for (guint p = 0; pieces[p]; p++) {
    const Part *part = strlen(pieces[p]) >= 3 ? g_hash_table_lookup(seen->parts, pieces[p]) : NULL;
    if (part && token->shape != PHI_SHAPE_LOWER && !(part->lex & PHI_LEX_WORD)) {
      phi_page_add(page, token->start, token->end, part->kind, 0.7, "propagated");
      return;
    }
  }
}

static void
find_phrase(const PhiSeen *seen, PhiPage *page, guint i, const char *first)
{
  if (!g_hash_table_contains(seen->firsts, first))
    return;
  guint words = 0;
  for (guint after = i + 1; after <= page->tokens->len && words < 10; after++) {
    if (PHI_TOKEN(page, after - 1)->shape == PHI_SHAPE_PUNCT && after > i + 1)
      continue;
    words++;
    char phrase[128];
    if (!join_words(page, i, after, phrase, sizeof phrase))
      return;
    const Part *part = g_hash_table_lookup(seen->phrases, phrase);
    if (!part)
      continue;
    gboolean one_word = after == i + 1;
    if (one_word && PHI_TOKEN(page, i)->shape == PHI_SHAPE_LOWER && (part->lex & PHI_LEX_LISTED))
      continue;
    phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, after - 1)->end, part->kind,
                 MIN(part->score, 0.9), "propagated");
  }
}

void
phi_seen_run(const PhiSeen *seen, PhiPage *page)
{
  if (phi_seen_is_empty(seen))
    return;
  for (guint i = 0; i < page->tokens->len; i++) {
    const PhiToken *token = PHI_TOKEN(page, i);
    char word[64];
    if (token->shape == PHI_SHAPE_PUNCT ||
        !phi_fold(page->s + token->start, token->end - token->start, word, sizeof word))
      continue;
    find_phrase(seen, page, i, word);
    if (token->shape < PHI_SHAPE_LOWER || token->end - token->start < 3)
      continue;
    find_part(seen, page, i, word);
    find_misspelt(seen, page, i, word);
    find_parted(seen, page, i, word);
    if (memchr(word, '-', strlen(word)))
      find_hyphenated(seen, page, i, word);
  }
}
