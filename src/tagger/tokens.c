/* Cuts a note into tokens: at white space, at every change between letters and digits, before a capital
 * behind a small letter, and at each punctuation character. What a token says of itself is worked out once a
 * word and remembered. */
#include "tagger-private.h"
#include <string.h>

#define COLUMN_GAP 16 /* keeps columns off the same lines of the cache */
#define MAX_LINE 400  /* tokens; longer lines are cut, at punctuation where there is some */

/* ---- characters ---- */
typedef enum { SPACE, NEWLINE, LOWER, UPPER, LETTER, DIGIT, MARK, PUNCT } CharKind;

static CharKind
kind_of(gunichar c)
{
  if (c < 128) {
    if (c >= 'a' && c <= 'z')
      return LOWER;
    if (c >= 'A' && c <= 'Z')
      return UPPER;
    if (c >= '0' && c <= '9')
      return DIGIT;
    if (c == '\n' || c == '\r')
      return NEWLINE;
    return c <= ' ' || c == 127 ? SPACE : PUNCT;
  }
  if (c == 0x2028 || c == 0x2029 || c == 0x85)
    return NEWLINE;
  if (g_unichar_isspace(c))
    return SPACE;
  if (g_unichar_ismark(c))
    return MARK;
  if (g_unichar_isdigit(c))
    return DIGIT;
  if (!g_unichar_isalpha(c))
    return PUNCT;
  return g_unichar_isupper(c) ? UPPER : g_unichar_islower(c) ? LOWER : LETTER;
}

static gboolean
is_letter(CharKind kind)
{
  return kind == LOWER || kind == UPPER || kind == LETTER;
}

/* Whether a token that ended with `before` goes on with `kind`. */
static gboolean
goes_on(CharKind before, CharKind kind)
{
  if (kind == MARK)
    return TRUE;
  if (before == DIGIT)
    return kind == DIGIT;
  if (!is_letter(before))
    return FALSE;
  return is_letter(kind) && !(before == LOWER && kind == UPPER);
}

/* ---- what a word says of itself ---- */
typedef struct {
  guint64 key;
  guint32 column[CR_COL_CLASSES + 1];
  guint64 classes, lower;
} WordFacts;
#define CACHE_SLOTS 8192
struct CrWordCache {
  WordFacts slot[CACHE_SLOTS];
};

CrWordCache *
cr_word_cache_new(void)
{
  return g_new0(CrWordCache, 1);
}
void
cr_word_cache_free(CrWordCache *cache)
{
  g_free(cache);
}

typedef struct {
  char lower[256];
  gsize at[65]; /* byte offsets of its characters, and the end */
  guint n_chars;
  char shape[64], brief[64];
  guint n_shape, n_brief;
  gboolean capital, capitals, digits;
} Word;

static char
shape_of(CharKind kind, gunichar c)
{
  switch (kind) {
  case UPPER:
    return 'X';
  case LOWER:
  case LETTER:
    return 'x';
  case DIGIT:
    return '0';
  default:
    return c < 128 ? (char)c : '?';
  }
}

/* Lower case and shape of the first 63 characters; enough to tell words apart by. */
static void
spell(const char *text, gsize n_bytes, Word *word)
{
  word->n_chars = word->n_shape = word->n_brief = 0;
  gsize n_lower = 0;
  const char *end = text + n_bytes;
  gboolean all = TRUE, digits = TRUE, first_upper = FALSE;
  for (const char *p = text; p < end && word->n_chars < 63 && n_lower < 240; p = g_utf8_next_char(p)) {
    const gunichar c = (guchar)*p < 128 ? (gunichar)*p : g_utf8_get_char(p);
    const CharKind kind = kind_of(c);
    const char s = shape_of(kind, c);
    word->at[word->n_chars] = n_lower;
    if (word->n_chars == 0)
      first_upper = kind == UPPER;
    all = all && kind == UPPER;
    digits = digits && kind == DIGIT;
    n_lower += kind != UPPER && c < 128
                   ? (gsize)(word->lower[n_lower] = (char)c, 1)
                   : (gsize)g_unichar_to_utf8(g_unichar_tolower(c), word->lower + n_lower);
    word->shape[word->n_shape++] = s;
    if (word->n_brief == 0 || word->brief[word->n_brief - 1] != s)
      word->brief[word->n_brief++] = s;
    word->n_chars++;
  }
  word->at[word->n_chars] = n_lower;
  word->capital = first_upper;
  word->capitals = all;
  word->digits = digits;
}

static guint32
type_of(const Word *w)
{
  if (w->digits)
    return CR_TYPE_DIGITS;
  if (w->capitals)
    return w->n_chars == 1 ? CR_TYPE_INITIAL : CR_TYPE_CAPITALS;
  if (w->capital)
    return CR_TYPE_CAPITAL;
  return w->shape[0] == 'x' ? CR_TYPE_SMALL : CR_TYPE_PUNCT;
}

static guint32
piece(const Word *w, guint from, guint to)
{
  return cr_hash_fold(cr_hash_bytes(from == 0 ? 1 : 2, w->lower + w->at[from], w->at[to] - w->at[from]));
}

static void
fill_facts(WordFacts *facts, const CrClasses *classes, const char *text, gsize n_bytes)
{
  Word w;
  spell(text, n_bytes, &w);
  const guint32 type = type_of(&w);
  guint32 *c = facts->column;
  memset(c, 0, sizeof facts->column);
  facts->lower = cr_hash_bytes(0, w.lower, w.at[w.n_chars]);
  w.lower[w.at[w.n_chars]] = '\0';
  facts->classes = cr_classes_of_word(classes, w.lower, w.at[w.n_chars], facts->lower);
  c[CR_COL_WORD] = cr_hash_fold(facts->key);
  c[CR_COL_LOWER] = cr_hash_fold(facts->lower);
  c[CR_COL_SHAPE] = cr_hash_fold(cr_hash_bytes(3, w.shape, w.n_shape));
  c[CR_COL_SHORT] = cr_hash_fold(cr_hash_bytes(4, w.brief, w.n_brief));
  c[CR_COL_TYPE] = type;
  c[CR_COL_LENGTH] = 1 + MIN(w.n_chars, 12);
  c[CR_COL_CLASSES] = facts->classes == 0 ? 0 : cr_hash_fold(cr_hash_step(5, facts->classes));
  if (type == CR_TYPE_PUNCT)
    return;
  for (guint n = 1; n <= 5 && n <= w.n_chars; n++) {
    c[CR_COL_PRE1 + n - 1] = piece(&w, 0, n);
    c[CR_COL_SUF1 + n - 1] = w.n_chars > n ? piece(&w, w.n_chars - n, w.n_chars) : 0;
  }
}

static const WordFacts *
facts_of(CrWordCache *cache, const CrClasses *classes, const char *text, gsize n_bytes)
{
  const guint64 key = cr_hash_bytes(6, text, n_bytes);
  WordFacts *facts = &cache->slot[(key >> 11) & (CACHE_SLOTS - 1)];
  if (facts->key == key)
    return facts;
  facts->key = key;
  fill_facts(facts, classes, text, n_bytes);
  return facts;
}

/* ---- the list of tokens ---- */
void
cr_tokens_init(CrTokens *tokens)
{
  *tokens = (CrTokens){.sequences = g_array_new(FALSE, FALSE, sizeof(CrSequence))};
}

void
cr_tokens_clear(CrTokens *tokens)
{
  g_free(tokens->start);
  g_free(tokens->end);
  g_free(tokens->classes);
  g_free(tokens->lower);
  g_free(tokens->word);
  g_free(tokens->columns[0]); /* all are in one block */
  if (tokens->sequences != NULL)
    g_array_unref(tokens->sequences);
  *tokens = (CrTokens){0};
}

static void
grow(CrTokens *t)
{
  t->n_allocated = t->n_allocated ? t->n_allocated * 2 : 1024;
  t->start = g_renew(guint32, t->start, t->n_allocated);
  t->end = g_renew(guint32, t->end, t->n_allocated);
  t->classes = g_renew(guint64, t->classes, t->n_allocated);
  t->lower = g_renew(guint64, t->lower, t->n_allocated);
  t->word = g_renew(guint64, t->word, t->n_allocated);
  guint32 *columns = g_new(guint32, (gsize)(t->n_allocated + COLUMN_GAP) * CR_N_COLUMNS);
  for (guint c = 0; c < CR_N_COLUMNS; c++) {
    guint32 *column = columns + (gsize)(t->n_allocated + COLUMN_GAP) * c;
    if (t->n_tokens > 0)
      memcpy(column, t->columns[c], sizeof(guint32) * t->n_tokens);
    if (c > 0)
      t->columns[c] = column;
  }
  g_free(t->columns[0]); /* the block that all were in */
  t->columns[0] = columns;
}

static void
add_token(CrTokens *t, CrWordCache *cache, const CrClasses *classes, gsize start, gsize end, guint32 gap)
{
  if (t->n_tokens == t->n_allocated)
    grow(t);
  const guint at = t->n_tokens++;
  const WordFacts *facts = facts_of(cache, classes, t->text + start, end - start);
  t->start[at] = (guint32)start;
  t->end[at] = (guint32)end;
  t->classes[at] = facts->classes;
  t->lower[at] = facts->lower;
  t->word[at] = facts->key;
  for (guint c = 0; c <= CR_COL_CLASSES; c++)
    t->columns[c][at] = facts->column[c];
  t->columns[CR_COL_GAP][at] = gap;
}

/* Ends the sequence that began at token first; a very long line is cut at its last punctuation. */
static void
end_line(CrTokens *t, guint first)
{
  while (t->n_tokens - first > MAX_LINE) {
    guint n = MAX_LINE;
    while (n > MAX_LINE / 2 && t->columns[CR_COL_TYPE][first + n - 1] != CR_TYPE_PUNCT)
      n--;
    if (n == MAX_LINE / 2)
      n = MAX_LINE;
    g_array_append_val(t->sequences, ((CrSequence){first, n}));
    first += n;
  }
  if (t->n_tokens > first)
    g_array_append_val(t->sequences, ((CrSequence){first, t->n_tokens - first}));
}

enum { GAP_NONE = 1, GAP_SPACE, GAP_WIDE, GAP_LINE };

static void
cut(CrTokens *t, CrWordCache *cache, const CrClasses *classes)
{
  const char *text = t->text, *end = text + t->n_bytes;
  guint first = 0;
  guint32 gap = GAP_LINE;
  for (const char *p = text; p < end;) {
    gunichar c = (guchar)*p < 128 ? (gunichar)*p : g_utf8_get_char(p);
    CharKind kind = kind_of(c);
    if (kind == NEWLINE)
      end_line(t, first), first = t->n_tokens;
    if (kind == NEWLINE || kind == SPACE) {
      gap = kind == NEWLINE                ? GAP_LINE
            : gap == GAP_LINE              ? GAP_LINE
            : gap == GAP_NONE && c != '\t' ? GAP_SPACE
                                           : GAP_WIDE;
      p = g_utf8_next_char(p);
      continue;
    }
    const char *start = p;
    for (CharKind before = kind;; before = kind == MARK ? before : kind) {
      p = g_utf8_next_char(p);
      if (p >= end)
        break;
      c = (guchar)*p < 128 ? (gunichar)*p : g_utf8_get_char(p);
      kind = kind_of(c);
      if (!goes_on(before, kind))
        break;
    }
    add_token(t, cache, classes, (gsize)(start - text), (gsize)(p - text), gap);
    gap = GAP_NONE;
  }
  end_line(t, first);
}

/* ---- the stretch between white space ---- */
typedef struct {
  guint digits, letters, dots, slashes, dashes, colons, ats, others;
} Count;

static Count
count_chars(const char *p, const char *end)
{
  Count n = {0};
  for (; p < end; p++) {
    const guchar c = (guchar)*p;
    if (g_ascii_isdigit(c))
      n.digits++;
    else if (g_ascii_isalpha(c) || c >= 128)
      n.letters++;
    else if (c == '.')
      n.dots++;
    else if (c == '/')
      n.slashes++;
    else if (c == '-')
      n.dashes++;
    else if (c == ':')
      n.colons++;
    else if (c == '@')
      n.ats++;
    else
      n.others++;
  }
  return n;
}

enum {
  CHUNK_WORD = 1,
  CHUNK_EMAIL,
  CHUNK_URL,
  CHUNK_DATE,
  CHUNK_RATIO,
  CHUNK_TIME,
  CHUNK_DECIMAL,
  CHUNK_PHONE,
  CHUNK_POSTCODE,
  CHUNK_NUMBER,
  CHUNK_LONG_NUMBER,
  CHUNK_CODE,
  CHUNK_MIXED,
  CHUNK_MARKS
};

static guint32
kind_of_chunk(Count n)
{
  if (n.ats > 0 && n.letters > 2)
    return CHUNK_EMAIL;
  if (n.letters > 5 && (n.slashes >= 2 || n.dots >= 2) && n.digits < n.letters)
    return CHUNK_URL;
  if (n.digits == 0)
    return n.letters > 0 ? CHUNK_WORD : CHUNK_MARKS;
  if (n.letters > 0)
    return n.digits >= 3 ? CHUNK_CODE : CHUNK_MIXED;
  if (n.slashes == 2 || (n.dashes == 2 && n.digits <= 8) || (n.dots == 2 && n.digits >= 6))
    return CHUNK_DATE;
  if (n.slashes == 1)
    return CHUNK_RATIO;
  if (n.colons >= 1)
    return CHUNK_TIME;
  if (n.dots == 1 && n.digits < 7)
    return CHUNK_DECIMAL;
  if (n.dashes >= 1 && n.digits >= 7)
    return CHUNK_PHONE;
  if (n.digits == 5)
    return CHUNK_POSTCODE;
  return n.digits > 6 ? CHUNK_LONG_NUMBER : CHUNK_NUMBER;
}

static void
fill_chunk(CrTokens *t, guint first, guint n)
{
  guint last = first + n;
  const char *start = t->text + t->start[first];
  while (last > first + 1 && strchr(".,;:)", t->text[t->start[last - 1]]) != NULL)
    last--; /* closing marks */
  const char *end = t->text + t->end[last - 1];
  guint64 shape = 7, spelt = 8;
  for (guint i = first; i < last; i++) {
    shape = cr_hash_step(shape, t->columns[CR_COL_SHORT][i]);
    spelt = cr_hash_step(spelt, t->lower[i]);
  }
  const guint32 kind = kind_of_chunk(count_chars(start, end));
  for (guint i = first; i < first + n; i++) {
    t->columns[CR_COL_CHUNK_SHAPE][i] = cr_hash_fold(shape);
    t->columns[CR_COL_CHUNK][i] = n > 1 ? cr_hash_fold(spelt) : 0;
    t->columns[CR_COL_CHUNK_KIND][i] = kind;
    t->columns[CR_COL_CHUNK_AT][i] = 1 + MIN(i - first, 6u) + (i + 1 == last ? 8 : 0);
  }
}

static void
fill_chunks(CrTokens *t)
{
  for (guint first = 0, next; first < t->n_tokens; first = next) {
    for (next = first + 1; next < t->n_tokens && t->columns[CR_COL_GAP][next] == GAP_NONE; next++) {
    }
    fill_chunk(t, first, next - first);
  }
}

void
cr_tokens_read(CrTokens *t, CrWordCache *cache, const CrClasses *classes, const char *text, gsize n_bytes)
{
  g_assert(n_bytes <= G_MAXUINT32);
  t->text = text;
  t->n_bytes = n_bytes;
  t->n_tokens = 0;
  g_array_set_size(t->sequences, 0);
  cut(t, cache, classes);
  for (guint c = CR_COL_GAP + 1; c < CR_N_COLUMNS && t->n_tokens > 0; c++)
    memset(t->columns[c], 0, sizeof(guint32) * t->n_tokens);
  fill_chunks(t);
}
