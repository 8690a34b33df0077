/* Scores of the tokens of a line. What a word says by itself at each offset is summed up once and remembered
 * as rows; to it come the features of several words and of the place. Weights are counted in units: sums of
 * up to 512 features are whole numbers that a float holds exactly, so that no order of adding and no memory
 * of earlier words changes a bit. */
#include "plan-private.h"
#include "rows-private.h"
#include <string.h>

#define WORD_SETS 2048 /* of four remembered words */
#define WIDE_SETS 1024 /* of four remembered rows that do not fit 16 bits */
#define SKIP_REACH 2   /* how far around a token all words must be harmless for it to be passed over */
#define SURE 50        /* score of outside there */
#define FEW_OPEN 5     /* labels for which single sums are faster than whole rows */
#define NOWHERE (-1e30F)

/* What is to be added up for a token. */
typedef struct {
  gboolean skipped;
  guint n_features, n_wide, n_dense, n_few;
  guint64 feature[CR_MAX_FEATURES];
  const float *wide[CR_N_ROLES];                     /* of words */
  const gint16 *dense[CR_MAX_FEATURES + CR_N_ROLES]; /* of words, and of features with many weights */
  guint32 few[CR_MAX_FEATURES];                      /* where features with few have theirs */
} Terms;

/* What a search found: features come again and again, and this is smaller than the table. */
enum { RECENT = 1 << 15 };
typedef struct {
  guint64 hash;
  guint32 where;
} Recent;

/* Tables are larger than the caches: the terms of a token are looked up in two steps, some tokens ahead, and
 * each step asks for the memory that the next one reads. */
#define AHEAD 4

/* What a word says by itself: a row for each offset, but for those of `wide`, which do not fit. */
typedef struct {
  guint32 wide; /* bits of roles */
  gint16 row[];
} Word;

struct CrScorer {
  const CrPass *pass;
  const CrPlan *plan;
  Recent *recent;
  CrMemo *words; /* Word */
  CrMemo *wide;  /* rows of floats, by word and offset */
  const CrTokens *tokens;
  CrSequence line, context; /* context: what offsets reach */
  const Word **word;        /* of the tokens from first_word on */
  guint first_word, n_allocated;
  Terms terms[AHEAD], own; /* of tokens by their number in the line; of a word */
  float few[CR_MAX_ROW], blank[CR_MAX_ROW];
};

CrScorer *
cr_scorer_new(const CrPass *pass)
{
  CrScorer *s = g_new0(CrScorer, 1);
  s->pass = pass;
  s->plan = pass->plan;
  s->recent = g_new0(Recent, RECENT);
  for (guint i = 0; i < RECENT; i++)
    s->recent[i] = (Recent){~(guint64)i << 24, 0}; /* of no feature that belongs there */
  const gsize n_row = s->plan->layout.n;
  s->words =
      cr_memo_new(WORD_SETS, (sizeof(Word) + sizeof(gint16) * s->plan->n_roles * n_row + 63) / 64 * 64);
  s->wide = cr_memo_new(WIDE_SETS, sizeof(float) * n_row);
  for (guint i = 0; i < CR_MAX_ROW; i++)
    s->blank[i] = NOWHERE;
  for (guint i = 0; i < cr_states_n(s->plan->k); i++)
    s->blank[s->plan->place[i]] = 0;
  return s;
}

void
cr_scorer_free(CrScorer *s)
{
  if (s == NULL)
    return;
  cr_memo_free(s->words);
  cr_memo_free(s->wide);
  g_free(s->recent);
  g_free(s->word);
  g_free(s);
}

/* ---- features ---- */
static guint32
search(const CrScorer *s, guint64 hash)
{
  const CrSlot *slots = s->plan->slots;
  const guint32 fingerprint = (guint32)(hash >> 32), mask = s->pass->n_slots - 1;
  for (guint32 at = (guint32)hash & mask; slots[at].where != 0; at = (at + 1) & mask)
    if (slots[at].fingerprint == fingerprint)
      return slots[at].where;
  return 0;
}

static inline Recent *
recent_of(const CrScorer *s, guint64 hash)
{
  return &s->recent[(hash >> 24) & (RECENT - 1)];
}

/* Inlined: a function that does nothing but ask for memory counts as doing nothing. */
CR_ROW_INLINE void
ask(const CrScorer *s, const Terms *terms)
{
  for (guint f = 0; f < terms->n_features; f++)
    if (recent_of(s, terms->feature[f])->hash != terms->feature[f])
      __builtin_prefetch(&s->plan->slots[(guint32)terms->feature[f] & (s->pass->n_slots - 1)]);
}

static inline guint32
find(const CrScorer *s, guint64 hash)
{
  Recent *recent = recent_of(s, hash);
  if (recent->hash != hash)
    *recent = (Recent){hash, search(s, hash)};
  return recent->where;
}

/* The weights of the features from first to end. */
static void
look_up(const CrScorer *s, Terms *terms, guint first, guint end)
{
  terms->n_dense = terms->n_few = 0;
  for (guint f = first; f < end; f++) {
    const guint32 where = find(s, terms->feature[f]);
    const gboolean is_dense = (where & 255) == CR_DENSE_MARK;
    const gint16 *row = s->plan->dense + (is_dense ? (gsize)(where >> 8) * s->plan->layout.n : 0);
    terms->dense[terms->n_dense] = row;
    terms->few[terms->n_few] = where;
    terms->n_dense += is_dense;
    terms->n_few += !is_dense && where != 0;
    __builtin_prefetch(is_dense ? (const void *)row : (const void *)&s->pass->weights[where >> 8]);
    if (is_dense) {
      __builtin_prefetch(row + 32);
      __builtin_prefetch(row + 64);
    }
  }
}

static void
add_few(const CrScorer *s, const Terms *terms, float *row)
{
  for (guint f = 0; f < terms->n_few; f++) {
    const CrWeight *weight = s->pass->weights + (terms->few[f] >> 8);
    for (guint i = 0; i < (terms->few[f] & 255); i++)
      row[s->plan->place[GUINT16_FROM_LE(weight[i].state)]] += (float)GINT16_FROM_LE(weight[i].weight);
  }
}

/* out[0..n) = unit x (few + all rows)[from..from + n) */
static CR_WIDE void
add_up(const Terms *terms, const float *few, guint from, guint n, float unit, float *out)
{
  for (guint at = from; at < from + n; at += CR_ROW_BLOCK, out += CR_ROW_BLOCK) {
    CrLanes a = *(const CrLanes *)(few + at), b = *(const CrLanes *)(few + at + CR_LANES);
    CrLaneBits x = {0}, y = {0};
    for (guint r = 0; r < terms->n_wide; r++) {
      const CrLanes *row = (const CrLanes *)(terms->wide[r] + at);
      a += row[0], b += row[1];
    }
    for (guint r = 0; r < terms->n_dense; r++)
      cr_row_add_halves(&x, &y, terms->dense[r] + at);
    CrLanes *to = (CrLanes *)out;
    to[0] = (a + __builtin_convertvector(x, CrLanes)) * unit;
    to[1] = (b + __builtin_convertvector(y, CrLanes)) * unit;
  }
}

/* ---- the memory of words ---- */
/* The features of one word at one offset. */
static guint
word_features(const GArray *templates, const guint32 *columns, guint64 classes, guint64 *out, guint room)
{
  guint n = 0;
  for (guint i = 0; i < templates->len; i++) {
    const CrTemplate *item = &g_array_index(templates, CrTemplate, i);
    guint64 h = item->seed;
    gboolean whole = TRUE;
    for (guint p = item->each_class ? 1 : 0; p < item->n_parts && whole; p++) {
      whole = columns[item->parts[p].column] != 0;
      h = cr_hash_step(h, columns[item->parts[p].column]);
    }
    if (whole && !item->each_class && n < room)
      out[n++] = h;
    for (guint64 bits = classes; whole && item->each_class && bits != 0 && n < room; bits &= bits - 1)
      out[n++] = cr_class_feature(h, bits);
  }
  return n;
}

/* The columns of a word, or of a place past the ends: that stands for a word of its own. */
typedef struct {
  guint64 key, classes;
  guint32 column[CR_COL_CLASSES + 1];
} Facts;

static void
facts_of(const CrScorer *s, gint64 at, Facts *facts)
{
  const gboolean inside = cr_line_has(&s->context, at);
  facts->key = inside ? s->tokens->word[at] : cr_line_value(&s->context, at);
  facts->classes = inside ? s->tokens->classes[at] : 0;
  for (guint c = 0; c <= CR_COL_CLASSES; c++)
    facts->column[c] = inside ? s->tokens->columns[c][at] : (guint32)facts->key;
}

/* The sum of what a word says at one offset: of the features from first to end. */
static void
fill_role(CrScorer *s, guint first, guint end, float *row)
{
  look_up(s, &s->own, first, end);
  s->own.n_wide = 0;
  memset(s->few, 0, sizeof(float) * s->plan->layout.n);
  add_few(s, &s->own, s->few);
  add_up(&s->own, s->few, 0, s->plan->layout.n, 1, row);
}

static const float *
wide_row(CrScorer *s, gint64 at, guint role)
{
  gboolean is_new;
  Facts facts;
  facts_of(s, at, &facts);
  float *row = cr_memo_find(s->wide, cr_hash_step(cr_hash_step(1, facts.key), role), &is_new);
  if (!is_new)
    return row;
  s->own.n_features = word_features(s->plan->role[s->plan->offset[role] + CR_MAX_OFFSET], facts.column,
                                    facts.classes, s->own.feature, CR_MAX_FEATURES);
  ask(s, &s->own);
  fill_role(s, 0, s->own.n_features, row);
  return row;
}

/* FALSE where the row does not fit 16 bits. */
static CR_WIDE gboolean
narrow(const float *row, guint n, gint16 *out)
{
  CrLaneBits lost = {0};
  for (guint at = 0; at < n; at += CR_ROW_BLOCK)
    cr_row_narrow(row + at, out + at, &lost);
  gint32 any = 0;
  for (guint i = 0; i < CR_LANES; i++)
    any |= lost[i];
  return any == 0;
}

static void
fill_word(CrScorer *s, const Facts *facts, Word *word)
{
  const CrPlan *plan = s->plan;
  Terms *own = &s->own;
  guint end[CR_N_ROLES];
  float row[CR_MAX_ROW];
  own->n_features = 0;
  for (guint r = 0; r < plan->n_roles; r++)
    end[r] = own->n_features +=
        word_features(plan->role[plan->offset[r] + CR_MAX_OFFSET], facts->column, facts->classes,
                      own->feature + own->n_features, CR_MAX_FEATURES - own->n_features);
  ask(s, own);
  word->wide = 0;
  for (guint r = 0; r < plan->n_roles; r++) {
    fill_role(s, r == 0 ? 0 : end[r - 1], end[r], row);
    if (!narrow(row, plan->layout.n, word->row + (gsize)r * plan->layout.n))
      word->wide |= 1U << r;
  }
}

static const Word *
word_at(CrScorer *s, gint64 at)
{
  gboolean is_new;
  const guint64 key = cr_line_has(&s->context, at) ? s->tokens->word[at] : cr_line_value(&s->context, at);
  Word *word = cr_memo_find(s->words, key, &is_new);
  if (is_new) {
    Facts facts;
    facts_of(s, at, &facts);
    fill_word(s, &facts, word);
  }
  return word;
}

/* The row of the word that stands at an offset from a token. */
static void
add_word(CrScorer *s, guint token, guint role, Terms *terms)
{
  const gint64 at = (gint64)token + s->plan->offset[role];
  const Word *word = cr_line_has(&s->context, at) ? s->word[at - s->first_word] : word_at(s, at);
  if (word->wide >> role & 1) {
    terms->wide[terms->n_wide++] = wide_row(s, at, role);
    return;
  }
  const gint16 *row = word->row + (gsize)role * s->plan->layout.n;
  terms->dense[terms->n_dense++] = row;
  for (guint i = 0; i < s->plan->layout.n_starts; i += 32)
    __builtin_prefetch(row + i);
}

/* ---- lines ---- */
void
cr_scorer_begin(CrScorer *s, const CrTokens *tokens, const CrSequence *line)
{
  const CrSequence whole_text = {0, tokens->n_tokens};
  s->tokens = tokens;
  s->line = *line;
  s->context = s->pass->templates->across_lines ? whole_text : *line;
  const guint before = MIN(line->first - s->context.first, CR_MAX_OFFSET);
  const guint behind = MIN(s->context.first + s->context.n - line->first - line->n, (guint)CR_MAX_OFFSET);
  const guint n = before + line->n + behind;
  s->first_word = line->first - before;
  if (n > s->n_allocated)
    s->word = g_renew(const Word *, s->word, s->n_allocated = n);
  cr_memo_begin(s->words);
  cr_memo_begin(s->wide);
  for (guint i = 0; i < n; i++)
    s->word[i] = word_at(s, (gint64)s->first_word + i);
}

/* A small-letter word of none but the skipped classes, or a mark that ends or parts a clause. */
static gboolean
is_harmless(const CrTokens *tokens, guint token, guint64 skipped)
{
  const guint64 classes = tokens->classes[token];
  const guint32 type = tokens->columns[CR_COL_TYPE][token];
  if (type == CR_TYPE_PUNCT)
    return strchr(".,;", tokens->text[tokens->start[token]]) != NULL;
  return type == CR_TYPE_SMALL && classes != 0 && (classes & ~skipped) == 0;
}

static gboolean
may_skip(const CrTokens *tokens, const CrSequence *line, guint token, guint64 skipped)
{
  if (skipped == 0)
    return FALSE;
  const guint from = token < line->first + SKIP_REACH ? line->first : token - SKIP_REACH;
  const guint to = MIN(token + SKIP_REACH, line->first + line->n - 1);
  for (guint i = from; i <= to; i++)
    if (!is_harmless(tokens, i, skipped))
      return FALSE;
  return TRUE;
}

/* The first step: the token's features. */
static void
prepare(CrScorer *s, guint i)
{
  const GArray *rest = s->plan->rest;
  const guint token = s->line.first + i;
  Terms *terms = &s->terms[i % AHEAD];
  if (i >= s->line.n)
    return;
  terms->skipped = may_skip(s->tokens, &s->line, token, s->pass->skipped);
  if (terms->skipped)
    return;
  terms->n_features = cr_templates_of((const CrTemplate *)(void *)rest->data, rest->len, s->tokens,
                                      &s->context, token, terms->feature);
  ask(s, terms);
}

/* The second step: their weights. */
static void
resolve(CrScorer *s, guint i)
{
  const CrPlan *plan = s->plan;
  Terms *terms = &s->terms[i % AHEAD];
  if (i >= s->line.n || terms->skipped)
    return;
  look_up(s, terms, 0, terms->n_features);
  terms->n_wide = 0;
  for (guint r = 0; r < plan->n_roles; r++)
    add_word(s, s->line.first + i, r, terms);
}

/* One state's score. */
static float
add_up_one(const CrScorer *s, const Terms *terms, guint place)
{
  const guint half = cr_row_half(place);
  float sum = s->few[place];
  gint32 whole = 0;
  for (guint r = 0; r < terms->n_wide; r++)
    sum += terms->wide[r][place];
  for (guint r = 0; r < terms->n_dense; r++)
    whole += terms->dense[r][half];
  return (sum + (float)whole) * s->pass->unit;
}

static void
score_open(const CrScorer *s, const Terms *terms, const guint8 *open, guint n_open, float *out)
{
  const CrPlan *plan = s->plan;
  const guint from = plan->layout.n_starts, k = plan->k;
  if (!terms->skipped && n_open > FEW_OPEN) {
    add_up(terms, s->few, from, plan->layout.n - from, s->pass->unit, out);
    return;
  }
  for (guint i = 0; i < n_open; i++) {
    out[open[i]] = terms->skipped ? 0 : add_up_one(s, terms, from + open[i]);
    out[k + open[i]] = terms->skipped ? 0 : add_up_one(s, terms, from + k + open[i]);
  }
}

void
cr_scorer_score(gpointer scorer, guint i, const guint8 *open, guint n_open, float *out)
{
  CrScorer *s = scorer;
  const CrRowLayout *layout = &s->plan->layout;
  const Terms *terms = &s->terms[i % AHEAD];
  if (n_open > 0) {
    score_open(s, terms, open, n_open, out);
    return;
  }
  if (i == 0)
    prepare(s, 0), prepare(s, 1), resolve(s, 0);
  prepare(s, i + 2), resolve(s, i + 1);
  memcpy(s->few, s->blank, sizeof(float) * layout->n);
  if (terms->skipped) {
    memcpy(out, s->blank, sizeof(float) * layout->n_starts);
    out[0] = SURE;
    return;
  }
  add_few(s, terms, s->few);
  add_up(terms, s->few, 0, layout->n_starts, s->pass->unit, out);
}
