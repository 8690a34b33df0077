/* WordPiece as BERT describes it: text cleaned, words cut at white space, punctuation and Chinese characters,
 * and each word cut into the longest entries of the vocabulary from its left. Every character carries the
 * bytes of the text it came from, through lower case and lost accents, so every piece has its exact place. */
#include "onnx-private.h"
#include <string.h>

typedef struct {
  guint32 at;         /* byte in the word */
  guint32 start, end; /* bytes of the text */
} WordChar;

typedef struct {
  const OnnxTokenizer *t;
  OnnxTokens *out;
  GString *word;    /* UTF-8 after normalising; its first max_chars characters */
  GArray *chars;    /* WordChar of each */
  gboolean is_long; /* more followed */
  GString *piece;   /* room for a look-up */
} Cutting;

/* ---- characters ---- */

static const struct {
  gunichar first, last;
} chinese[] = {{0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},   {0x20000, 0x2a6df},
               {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f}, {0x2b820, 0x2ceaf}, {0x2f800, 0x2fa1f}};

static gboolean
is_chinese(gunichar c)
{
  for (guint i = 0; i < G_N_ELEMENTS(chinese); i++)
    if (c >= chinese[i].first && c <= chinese[i].last)
      return TRUE;
  return FALSE;
}

/* White_Space of the Unicode Character Database. */
gboolean
onnx_is_space(gunichar c)
{
  return g_unichar_isspace(c) || c == '\v' || c == 0x85;
}

static gboolean
has_type(gunichar c, guint32 types)
{
  return (1u << g_unichar_type(c)) & types;
}

#define TYPE(name) (1u << G_UNICODE_##name)

/* BERT counts all of ASCII's signs, also those that Unicode calls symbols. */
static gboolean
is_punctuation(gunichar c)
{
  if (c < 0x80)
    return g_ascii_ispunct((char)c);
  return has_type(c, TYPE(CONNECT_PUNCTUATION) | TYPE(DASH_PUNCTUATION) | TYPE(CLOSE_PUNCTUATION) |
                         TYPE(FINAL_PUNCTUATION) | TYPE(INITIAL_PUNCTUATION) | TYPE(OTHER_PUNCTUATION) |
                         TYPE(OPEN_PUNCTUATION));
}

/* What cleaning takes out. */
static gboolean
is_dirt(gunichar c)
{
  if (c == '\t' || c == '\n' || c == '\r')
    return FALSE;
  return c == 0xfffd || has_type(c, TYPE(CONTROL) | TYPE(FORMAT) | TYPE(PRIVATE_USE) | TYPE(SURROGATE));
}

/* ---- words into pieces ---- */

static guint32
char_at(const Cutting *c, guint i)
{
  return i < c->chars->len ? g_array_index(c->chars, WordChar, i).at : (guint32)c->word->len;
}

/* The longest entry that begins at character from; its last character's number + 1, from where none does. */
static guint
longest_piece(Cutting *c, guint from, guint32 *id)
{
  g_string_assign(c->piece, from ? c->t->continuing : "");
  gsize n_prefix = c->piece->len;
  guint32 at = char_at(c, from);
  g_string_append(c->piece, c->word->str + at);
  for (guint to = c->chars->len; to > from; to--) {
    g_string_truncate(c->piece, n_prefix + char_at(c, to) - at);
    if (c->piece->len <= c->t->max_piece && onnx_vocab_find(c->t, c->piece->str, id))
      return to;
  }
  return from;
}

static void
add_unknown(const Cutting *c)
{
  const OnnxWord *word = &g_array_index(c->out->words, OnnxWord, c->out->words->len - 1);
  onnx_tokens_add(c->out, c->t->unk, word->start, word->end);
}

static void
cut_word(Cutting *c)
{
  guint n_before = c->out->tokens->len;
  for (guint from = 0, to; from < c->chars->len; from = to) {
    guint32 id = 0;
    to = longest_piece(c, from, &id);
    if (to == from) {
      g_array_set_size(c->out->tokens, n_before);
      add_unknown(c);
      return;
    }
    onnx_tokens_add(c->out, id, g_array_index(c->chars, WordChar, from).start,
                    g_array_index(c->chars, WordChar, to - 1).end);
  }
}

static void
end_word(Cutting *c)
{
  if (c->chars->len) {
    if (c->is_long)
      add_unknown(c);
    else
      cut_word(c);
  }
  g_string_truncate(c->word, 0);
  g_array_set_size(c->chars, 0);
  c->is_long = FALSE;
}

/* ---- characters into words ---- */

static OnnxWord *
last_word(Cutting *c)
{
  return &g_array_index(c->out->words, OnnxWord, c->out->words->len - 1);
}

static void
add_char(Cutting *c, gunichar ch, guint32 start, guint32 end)
{
  if (c->chars->len == 0)
    onnx_tokens_add_word(c->out, start, end);
  last_word(c)->end = end;
  if (c->chars->len == c->t->max_chars) {
    c->is_long = TRUE;
    return;
  }
  WordChar place = {(guint32)c->word->len, start, end};
  g_array_append_val(c->chars, place);
  g_string_append_unichar(c->word, ch);
}

/* A lost accent or joiner belongs to the character before it. */
static void
stretch(Cutting *c, guint32 start, guint32 end)
{
  if (c->chars->len == 0 || last_word(c)->end != start)
    return;
  last_word(c)->end = end;
  if (!c->is_long)
    g_array_index(c->chars, WordChar, c->chars->len - 1).end = end;
}

static void
take_char(Cutting *c, gunichar ch, guint32 start, guint32 end)
{
  if (onnx_is_space(ch)) {
    end_word(c);
  } else if (is_punctuation(ch) || (c->t->cjk && is_chinese(ch))) {
    end_word(c);
    add_char(c, ch, start, end);
    end_word(c);
  } else {
    add_char(c, ch, start, end);
  }
}

/* GLib knows the case of letters; Roman numerals and circled letters have one too. */
static gunichar
lower_case(gunichar c)
{
  if (c >= 0x2160 && c <= 0x216f)
    return c + 0x10;
  if (c >= 0x24b6 && c <= 0x24cf)
    return c + 0x1a;
  return g_unichar_tolower(c);
}

/* One letter, the I with a dot, becomes two. */
static void
take_lower(Cutting *c, gunichar ch, guint32 start, guint32 end)
{
  take_char(c, ch == 0x130 ? 'i' : lower_case(ch), start, end);
  if (ch == 0x130)
    take_char(c, 0x307, start, end);
}

static void
take_decomposed(Cutting *c, gunichar ch, guint32 start, guint32 end)
{
  gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
  gsize n = g_unichar_fully_decompose(ch, FALSE, parts, G_N_ELEMENTS(parts));
  for (gsize i = 0; i < n; i++) {
    if (has_type(parts[i], TYPE(NON_SPACING_MARK)))
      stretch(c, start, end);
    else if (c->t->lower)
      take_lower(c, parts[i], start, end);
    else
      take_char(c, parts[i], start, end);
  }
}

static void
take(Cutting *c, gunichar ch, guint32 start, guint32 end)
{
  if (c->t->clean && is_dirt(ch)) {
    if (has_type(ch, TYPE(FORMAT)))
      stretch(c, start, end);
  } else if (c->t->strip_accents) {
    take_decomposed(c, ch, start, end);
  } else if (c->t->lower) {
    take_lower(c, ch, start, end);
  } else {
    take_char(c, ch, start, end);
  }
}

void
onnx_wordpiece(const OnnxTokenizer *tokenizer, const char *utf8, guint32 n_bytes, OnnxTokens *out)
{
  Cutting c = {tokenizer,         out, g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(WordChar)), FALSE,
               g_string_new(NULL)};
  for (const char *at = utf8, *next; at < utf8 + n_bytes; at = next) {
    next = g_utf8_next_char(at);
    take(&c, g_utf8_get_char(at), (guint32)(at - utf8), (guint32)(next - utf8));
  }
  end_word(&c);
  g_string_free(c.word, TRUE);
  g_string_free(c.piece, TRUE);
  g_array_unref(c.chars);
}
