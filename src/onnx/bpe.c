/* Byte-level BPE: each byte of a piece is a symbol, and of all neighbours the pair that was learnt first is
 * joined, until none is left. The pairs wait in a heap, so that a piece of a megabyte takes no longer than
 * the words of one. */
#include "onnx-private.h"
#include <string.h>

/* ---- the tables ---- */

/* Printable bytes stand for themselves, the others for the characters from U+0100 on, in order. */
static gunichar
character_of(guint byte)
{
  static const guint shown[][2] = {{0x21, 0x7e}, {0xa1, 0xac}, {0xae, 0xff}};
  guint n_hidden = 0, from = 0;
  for (guint i = 0; i < G_N_ELEMENTS(shown); i++) {
    if (byte < shown[i][0])
      break;
    if (byte <= shown[i][1])
      return byte;
    n_hidden += shown[i][0] - from;
    from = shown[i][1] + 1;
  }
  return 0x100 + n_hidden + byte - from;
}

static gboolean
fill_bytes(OnnxTokenizer *t, const char *path, GError **error)
{
  for (guint byte = 0; byte < 256; byte++) {
    char symbol[7] = "";
    g_unichar_to_utf8(character_of(byte), symbol);
    if (!onnx_vocab_find(t, symbol, &t->byte_id[byte]))
      return onnx_refuse(error, path,
                         "the vocabulary has no token for byte 0x%02x: it is not a byte-level one", byte);
  }
  return TRUE;
}

/* "a b" or ["a", "b"]; the parts lie in copy or in the JSON. */
static gboolean
split_merge(const json_t *row, char **copy, const char **left, const char **right)
{
  if (json_is_array(row) && json_array_size(row) == 2) {
    *left = json_string_value(json_array_get(row, 0));
    *right = json_string_value(json_array_get(row, 1));
    return *left && *right;
  }
  char *blank = json_is_string(row) ? strchr(*copy = g_strdup(json_string_value(row)), ' ') : NULL;
  if (!blank)
    return FALSE;
  *blank = '\0';
  *left = *copy;
  *right = blank + 1;
  return TRUE;
}

static gboolean
read_merge(OnnxTokenizer *t, const json_t *row, guint32 rank)
{
  g_autofree char *copy = NULL;
  const char *left = NULL, *right = NULL;
  guint32 a, b;
  if (!split_merge(row, &copy, &left, &right) || !onnx_vocab_find(t, left, &a) ||
      !onnx_vocab_find(t, right, &b))
    return FALSE;
  g_autofree char *joined = g_strconcat(left, right, NULL);
  OnnxMerge merge = {(guint64)a << 32 | b, rank, 0};
  if (!onnx_vocab_find(t, joined, &merge.id))
    return FALSE;
  g_array_append_val(t->merges, merge);
  return TRUE;
}

static gint
compare_merges(gconstpointer left, gconstpointer right)
{
  const OnnxMerge *a = left, *b = right;
  if (a->pair != b->pair)
    return a->pair < b->pair ? -1 : 1;
  return a->rank < b->rank ? -1 : a->rank > b->rank;
}

gboolean
onnx_bpe_prepare(OnnxTokenizer *t, const json_t *merges, const char *path, GError **error)
{
  gsize i;
  json_t *row;
  if (!json_is_array(merges))
    return onnx_refuse(error, path, "the model has no \"merges\"");
  if (!fill_bytes(t, path, error))
    return FALSE;
  t->merges = g_array_new(FALSE, FALSE, sizeof(OnnxMerge));
  json_array_foreach((json_t *)merges, i, row)
  {
    if (!read_merge(t, row, (guint32)i))
      return onnx_refuse(error, path, "merge %zu is not two tokens of the vocabulary that make a third", i);
  }
  g_array_sort(t->merges, compare_merges);
  return TRUE;
}

static const OnnxMerge *
find_merge(const OnnxTokenizer *t, guint32 left, guint32 right)
{
  guint64 pair = (guint64)left << 32 | right;
  guint low = 0, high = t->merges->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (g_array_index(t->merges, OnnxMerge, middle).pair < pair)
      low = middle + 1;
    else
      high = middle;
  }
  const OnnxMerge *merge = low < t->merges->len ? &g_array_index(t->merges, OnnxMerge, low) : NULL;
  return merge && merge->pair == pair ? merge : NULL;
}

/* ---- joining ---- */

#define NOTHING G_MAXUINT32

typedef struct {
  guint32 id;             /* ONNX_NO_TOKEN: joined to the one before it */
  guint32 from, to;       /* bytes of the piece */
  guint32 before, behind; /* symbols; NOTHING at the ends */
} Symbol;

typedef struct {
  guint32 rank, at;    /* the left symbol */
  guint32 left, right; /* what stood there when the pair was seen */
  guint32 id;          /* what it becomes */
} Pair;

typedef struct {
  const OnnxTokenizer *t;
  GArray *symbols; /* Symbol */
  GArray *heap;    /* Pair: the lowest rank first, of two the left one */
} Joining;

#define PAIR(j, i) (&g_array_index((j)->heap, Pair, (i)))
#define SYMBOL(j, i) (&g_array_index((j)->symbols, Symbol, (i)))

static gboolean
is_before(const Pair *a, const Pair *b)
{
  return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void
push_pair(Joining *j, const Pair *pair)
{
  guint i = j->heap->len;
  g_array_append_val(j->heap, *pair);
  for (guint above; i > 0 && is_before(pair, PAIR(j, above = (i - 1) / 2)); i = above)
    *PAIR(j, i) = *PAIR(j, above);
  *PAIR(j, i) = *pair;
}

static Pair
pop_pair(Joining *j)
{
  Pair first = *PAIR(j, 0), last = *PAIR(j, j->heap->len - 1);
  guint n = j->heap->len - 1, i = 0;
  g_array_set_size(j->heap, n);
  for (guint child; n && (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && is_before(PAIR(j, child + 1), PAIR(j, child)))
      child++;
    if (!is_before(PAIR(j, child), &last))
      break;
    *PAIR(j, i) = *PAIR(j, child);
  }
  if (n)
    *PAIR(j, i) = last;
  return first;
}

static void
see_pair(Joining *j, guint32 at)
{
  guint32 behind = at == NOTHING ? NOTHING : SYMBOL(j, at)->behind;
  if (behind == NOTHING)
    return;
  const OnnxMerge *merge = find_merge(j->t, SYMBOL(j, at)->id, SYMBOL(j, behind)->id);
  if (!merge)
    return;
  Pair pair = {merge->rank, at, SYMBOL(j, at)->id, SYMBOL(j, behind)->id, merge->id};
  push_pair(j, &pair);
}

/* Joins the pair unless one of its symbols has changed since it was seen. */
static void
join_pair(Joining *j, const Pair *pair)
{
  Symbol *left = SYMBOL(j, pair->at);
  if (left->id != pair->left || left->behind == NOTHING)
    return;
  Symbol *right = SYMBOL(j, left->behind);
  if (right->id != pair->right)
    return;
  right->id = ONNX_NO_TOKEN;
  left->id = pair->id;
  left->to = right->to;
  left->behind = right->behind;
  if (left->behind != NOTHING)
    SYMBOL(j, left->behind)->before = pair->at;
  see_pair(j, left->before);
  see_pair(j, pair->at);
}

static void
fill_symbols(Joining *j, const OnnxNormal *normal, guint32 from, guint32 to)
{
  g_array_set_size(j->symbols, 0);
  for (guint32 i = from; i < to; i++) {
    guint32 n = i - from;
    Symbol symbol = {j->t->byte_id[(guchar)normal->s[i]], i, i + 1, n ? n - 1 : NOTHING,
                     i + 1 < to ? n + 1 : NOTHING};
    g_array_append_val(j->symbols, symbol);
  }
}

/* ---- a text ---- */

/* The word without the white space that the piece begins or ends with. */
static void
add_word(const char *utf8, OnnxTokens *out, guint32 start, guint32 end)
{
  while (start < end && onnx_is_space(g_utf8_get_char(utf8 + start)))
    start = (guint32)(g_utf8_next_char(utf8 + start) - utf8);
  while (end > start) {
    const char *before = g_utf8_prev_char(utf8 + end);
    if (!onnx_is_space(g_utf8_get_char(before)))
      break;
    end = (guint32)(before - utf8);
  }
  onnx_tokens_add_word(out, start, end);
}

/* A piece that is itself an entry, for models that look there first. */
static gboolean
add_whole(const Joining *j, const OnnxNormal *normal, guint32 from, guint32 to, OnnxTokens *out)
{
  g_autoptr(GString) shown = g_string_new(NULL);
  guint32 id;
  for (guint32 i = from; i < to; i++)
    g_string_append_unichar(shown, character_of((guchar)normal->s[i]));
  if (!onnx_vocab_find(j->t, shown->str, &id))
    return FALSE;
  onnx_tokens_add(out, id, onnx_normal_start(normal, from), onnx_normal_end(normal, to - 1));
  return TRUE;
}

static void
add_piece(Joining *j, const OnnxNormal *normal, guint32 from, guint32 to, OnnxTokens *out)
{
  if (j->t->ignore_merges && to - from <= j->t->max_piece && add_whole(j, normal, from, to, out))
    return;
  fill_symbols(j, normal, from, to);
  for (guint32 i = 0; i + 1 < j->symbols->len; i++)
    see_pair(j, i);
  while (j->heap->len) {
    Pair pair = pop_pair(j);
    join_pair(j, &pair);
  }
  for (guint32 i = 0; i != NOTHING; i = SYMBOL(j, i)->behind) {
    const Symbol *symbol = SYMBOL(j, i);
    onnx_tokens_add(out, symbol->id, onnx_normal_start(normal, symbol->from),
                    onnx_normal_end(normal, symbol->to - 1));
  }
}

static void
cut_stretch(Joining *j, const char *utf8, const OnnxNormal *normal, guint32 from, guint32 stop,
            OnnxTokens *out)
{
  for (guint32 to; from < stop; from = to) {
    to = onnx_pretoken_end(normal->s, stop, from);
    add_word(utf8, out, onnx_normal_start(normal, from), onnx_normal_end(normal, to - 1));
    add_piece(j, normal, from, to, out);
  }
}

/* The longest added word at byte i. */
static const OnnxAdded *
added_at(const OnnxTokenizer *t, const OnnxNormal *normal, guint32 i)
{
  if (!t->may_begin[(guchar)normal->s[i]])
    return NULL;
  for (guint k = 0; k < t->added->len; k++) {
    const OnnxAdded *added = &g_array_index(t->added, OnnxAdded, k);
    if (added->n_bytes <= normal->n_bytes - i && memcmp(normal->s + i, added->s, added->n_bytes) == 0)
      return added;
  }
  return NULL;
}

void
onnx_bpe(const OnnxTokenizer *tokenizer, const char *utf8, guint32 n_bytes, OnnxTokens *out)
{
  g_auto(OnnxNormal) normal = {NULL};
  guint32 from = 0;
  onnx_normal_init(&normal, utf8, n_bytes, tokenizer->nfc, tokenizer->add_prefix_space);
  Joining j = {tokenizer, g_array_new(FALSE, FALSE, sizeof(Symbol)), g_array_new(FALSE, FALSE, sizeof(Pair))};
  for (guint32 i = 0; i < normal.n_bytes; i++) {
    const OnnxAdded *added = added_at(tokenizer, &normal, i);
    if (!added)
      continue;
    cut_stretch(&j, utf8, &normal, from, i, out);
    from = i + added->n_bytes;
    guint32 start = onnx_normal_start(&normal, i), end = onnx_normal_end(&normal, from - 1);
    add_word(utf8, out, start, end);
    onnx_tokens_add(out, added->id, start, end);
    i = from - 1;
  }
  cut_stretch(&j, utf8, &normal, from, normal.n_bytes, out);
  g_array_unref(j.symbols);
  g_array_unref(j.heap);
}
