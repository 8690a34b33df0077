/* The tokeniser's files: tokenizer.json (WordPiece as BERT has it, byte-level BPE as RoBERTa has it) or
 * vocab.txt. What a file asks for and this room does not do is refused by name, never passed over: the model
 * would otherwise read other words than it was trained on.
 *
 * Special tokens that stand in a note ("</s>") are read as the characters they are. */
#include "onnx-private.h"
#include "base/base.h"
#include <string.h>

enum { DEFAULT_MAX_CHARS = 100, MOST_MAX_CHARS = 1000 };

typedef struct {
  OnnxTokenizer *t;
  const char *path; /* of the file being read */
  GError **error;
} Reading;

void
onnx_tokenizer_free(OnnxTokenizer *t)
{
  if (!t)
    return;
  g_clear_pointer(&t->vocab, g_hash_table_unref);
  g_clear_pointer(&t->merges, g_array_unref);
  g_clear_pointer(&t->added, g_array_unref);
  g_free(t->continuing);
  g_free(t);
}

gboolean
onnx_vocab_find(const OnnxTokenizer *t, const char *piece, guint32 *id)
{
  gpointer found = g_hash_table_lookup(t->vocab, piece);
  if (found)
    *id = GPOINTER_TO_UINT(found) - 1;
  return found != NULL;
}

static void
add_piece(OnnxTokenizer *t, const char *piece, guint32 id)
{
  g_hash_table_insert(t->vocab, g_strdup(piece), GUINT_TO_POINTER(id + 1));
  t->max_id = MAX(t->max_id, id);
  t->max_piece = MAX(t->max_piece, strlen(piece));
}

static gboolean
find_named(const Reading *r, const char *what, const char *piece, guint32 *id)
{
  if (onnx_vocab_find(r->t, piece, id))
    return TRUE;
  g_autofree char *said = cr_error_excerpt(piece, 20);
  return onnx_refuse(r->error, r->path, "the %s token \"%s\" is not in the vocabulary", what, said);
}

static const char *
text_of(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

static gboolean
flag_of(const json_t *object, const char *key, gboolean fallback)
{
  const json_t *value = json_object_get(object, key);
  return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static gboolean
refuse_type(const Reading *r, const char *part, const json_t *object)
{
  const char *type = text_of(object, "type");
  g_autofree char *said = cr_error_excerpt(type ? type : "none", 30);
  return onnx_refuse(r->error, r->path, "\"%s\" of type %s is not supported", part, said);
}

/* ---- the vocabulary ---- */

static gboolean
read_vocab(const Reading *r, const json_t *vocab)
{
  const char *piece;
  json_t *id;
  if (!json_is_object(vocab) || json_object_size(vocab) == 0)
    return onnx_refuse(r->error, r->path, "the model has no \"vocab\"");
  json_object_foreach((json_t *)vocab, piece, id)
  {
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= G_MAXINT32)
      return onnx_refuse(r->error, r->path, "a token of the vocabulary has no number from 0");
    add_piece(r->t, piece, (guint32)json_integer_value(id));
  }
  return TRUE;
}

static void
clear_added(gpointer added)
{
  g_free(((OnnxAdded *)added)->s);
}

static gint
compare_added(gconstpointer left, gconstpointer right)
{
  const OnnxAdded *a = left, *b = right;
  if (a->n_bytes != b->n_bytes)
    return a->n_bytes > b->n_bytes ? -1 : 1;
  return strcmp(a->s, b->s);
}

/* Special tokens stand around windows, never in text; the others are words. */
static gboolean
add_added(const Reading *r, const json_t *token, const char *content, guint32 id)
{
  static const char *const not_done[] = {"single_word", "lstrip", "rstrip"};
  if (!onnx_vocab_find(r->t, content, &id))
    add_piece(r->t, content, id);
  if (flag_of(token, "special", FALSE))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(not_done); i++)
    if (flag_of(token, not_done[i], FALSE) || !*content)
      return onnx_refuse(r->error, r->path, "an added word with \"%s\" is not supported", not_done[i]);
  if (!flag_of(token, "normalized", TRUE))
    return onnx_refuse(r->error, r->path, "an added word that is not \"normalized\" is not supported");
  OnnxAdded added = {g_strdup(content), (guint32)strlen(content), id};
  g_array_append_val(r->t->added, added);
  r->t->may_begin[(guchar)content[0]] = TRUE;
  return TRUE;
}

static gboolean
read_added(const Reading *r, const json_t *added)
{
  gsize i;
  json_t *token;
  json_array_foreach((json_t *)added, i, token)
  {
    const char *content = text_of(token, "content");
    gint64 id;
    if (!content || !onnx_json_number(token, "id", -1, 0, G_MAXINT32 - 1, &id) || id < 0)
      return onnx_refuse(r->error, r->path, "\"added_tokens\" %zu has no \"content\" and \"id\"", i);
    if (!add_added(r, token, content, (guint32)id))
      return FALSE;
  }
  g_array_sort(r->t->added, compare_added);
  return TRUE;
}

/* ---- WordPiece ---- */

static gboolean
read_bert_normalizer(const Reading *r, const json_t *normalizer)
{
  OnnxTokenizer *t = r->t;
  if (!normalizer || json_is_null(normalizer))
    return TRUE;
  if (g_strcmp0(text_of(normalizer, "type"), "BertNormalizer") != 0)
    return refuse_type(r, "normalizer", normalizer);
  t->clean = flag_of(normalizer, "clean_text", TRUE);
  t->cjk = flag_of(normalizer, "handle_chinese_chars", TRUE);
  t->lower = flag_of(normalizer, "lowercase", TRUE);
  t->strip_accents = flag_of(normalizer, "strip_accents", t->lower);
  return TRUE;
}

static gboolean
read_wordpiece(const Reading *r, const json_t *object, const json_t *model)
{
  gint64 max_chars;
  const json_t *pre = json_object_get(object, "pre_tokenizer");
  const char *unk = text_of(model, "unk_token"), *continuing = text_of(model, "continuing_subword_prefix");
  if (g_strcmp0(text_of(pre, "type"), "BertPreTokenizer") != 0)
    return refuse_type(r, "pre_tokenizer", pre);
  if (r->t->added->len)
    return onnx_refuse(r->error, r->path, "added words are not supported with WordPiece");
  if (!onnx_json_number(model, "max_input_chars_per_word", DEFAULT_MAX_CHARS, 1, MOST_MAX_CHARS, &max_chars))
    return onnx_refuse(r->error, r->path, "\"max_input_chars_per_word\" is not a number from 1 to %d",
                       MOST_MAX_CHARS);
  r->t->max_chars = (guint)max_chars;
  r->t->continuing = g_strdup(continuing ? continuing : "##");
  return read_bert_normalizer(r, json_object_get(object, "normalizer")) &&
         find_named(r, "unknown", unk ? unk : "[UNK]", &r->t->unk);
}

/* ---- byte-level BPE ---- */

static gboolean
is_given(const json_t *model, const char *key)
{
  const json_t *value = json_object_get(model, key);
  if (json_is_string(value))
    return *json_string_value(value) != '\0';
  return value && !json_is_null(value) && !json_is_false(value) &&
         !(json_is_real(value) && json_real_value(value) == 0);
}

static gboolean
read_bpe(const Reading *r, const json_t *object, const json_t *model)
{
  static const char *const not_done[] = {"dropout", "continuing_subword_prefix", "end_of_word_suffix",
                                         "byte_fallback"};
  const json_t *pre = json_object_get(object, "pre_tokenizer"), *norm = json_object_get(object, "normalizer");
  if (g_strcmp0(text_of(pre, "type"), "ByteLevel") != 0 || !flag_of(pre, "use_regex", TRUE))
    return refuse_type(r, "pre_tokenizer", pre);
  if (norm && !json_is_null(norm) && g_strcmp0(text_of(norm, "type"), "NFC") != 0)
    return refuse_type(r, "normalizer", norm);
  for (guint i = 0; i < G_N_ELEMENTS(not_done); i++)
    if (is_given(model, not_done[i]))
      return onnx_refuse(r->error, r->path, "\"%s\" is not supported", not_done[i]);
  r->t->is_bpe = TRUE;
  r->t->nfc = json_is_object(norm);
  r->t->add_prefix_space = flag_of(pre, "add_prefix_space", FALSE);
  r->t->ignore_merges = flag_of(model, "ignore_merges", FALSE);
  if (r->t->add_prefix_space && r->t->added->len)
    return onnx_refuse(r->error, r->path, "added words are not supported with \"add_prefix_space\"");
  return onnx_bpe_prepare(r->t, json_object_get(model, "merges"), r->path, r->error);
}

/* ---- what stands around a window ---- */

static gboolean
read_pair(const Reading *r, const json_t *processor)
{
  const char *cls = json_string_value(json_array_get(json_object_get(processor, "cls"), 0));
  const char *sep = json_string_value(json_array_get(json_object_get(processor, "sep"), 0));
  if (!cls || !sep)
    return onnx_refuse(r->error, r->path, "\"post_processor\" names no \"cls\" and \"sep\"");
  return find_named(r, "first", cls, &r->t->cls) && find_named(r, "last", sep, &r->t->sep);
}

/* "single": a special token, the text, a special token. */
static gboolean
read_template(const Reading *r, const json_t *processor)
{
  const json_t *single = json_object_get(processor, "single");
  const char *cls = text_of(json_object_get(json_array_get(single, 0), "SpecialToken"), "id");
  const char *sep = text_of(json_object_get(json_array_get(single, 2), "SpecialToken"), "id");
  if (json_array_size(single) != 3 || !cls || !sep || !json_object_get(json_array_get(single, 1), "Sequence"))
    return onnx_refuse(r->error, r->path,
                       "the template is not one special token, the text, one special token");
  return find_named(r, "first", cls, &r->t->cls) && find_named(r, "last", sep, &r->t->sep);
}

static gboolean
read_processor(const Reading *r, const json_t *processor)
{
  const char *type = text_of(processor, "type");
  if (!processor || json_is_null(processor) || g_strcmp0(type, "ByteLevel") == 0)
    return TRUE;
  if (g_strcmp0(type, "RobertaProcessing") == 0 || g_strcmp0(type, "BertProcessing") == 0)
    return read_pair(r, processor);
  if (g_strcmp0(type, "TemplateProcessing") == 0)
    return read_template(r, processor);
  return refuse_type(r, "post_processor", processor);
}

static gboolean
read_tokenizer_json(const char *folder, GChecksum *hash, OnnxTokenizer *t, GError **error)
{
  g_autofree char *path = onnx_path(folder, "tokenizer.json");
  g_autoptr(json_t) object = onnx_read_object(folder, "tokenizer.json", hash, error);
  if (!object)
    return FALSE;
  Reading r = {t, path, error};
  const json_t *model = json_object_get(object, "model");
  const char *type = text_of(model, "type");
  gboolean bpe = g_strcmp0(type, "BPE") == 0;
  if (!bpe && g_strcmp0(type, "WordPiece") != 0)
    return refuse_type(&r, "model", model);
  return read_vocab(&r, json_object_get(model, "vocab")) &&
         read_added(&r, json_object_get(object, "added_tokens")) &&
         (bpe ? read_bpe(&r, object, model) : read_wordpiece(&r, object, model)) &&
         read_processor(&r, json_object_get(object, "post_processor"));
}

/* ---- vocab.txt ---- */

/* One token a line, its number the line's, from 0. */
static gboolean
read_lines(const Reading *r, GChecksum *hash)
{
  gsize n = 0;
  g_autoptr(GBytes) bytes = cr_file_read(r->path, ONNX_MAX_FILE, r->error);
  if (!bytes)
    return FALSE;
  const char *s = g_bytes_get_data(bytes, &n);
  if (n == 0 || memchr(s, 0, n) || !g_utf8_validate(s, (gssize)n, NULL))
    return onnx_refuse(r->error, r->path, "not a text in UTF-8");
  g_checksum_update(hash, (const guchar *)s, (gssize)n);
  g_autofree char *copy = g_strndup(s, n);
  guint32 id = 0;
  for (char *at = copy; at && *at; id++) {
    char *next = strchr(at, '\n');
    if (next)
      *next++ = '\0';
    gsize length = strlen(at);
    if (length && at[length - 1] == '\r')
      at[length - 1] = '\0';
    add_piece(r->t, at, id);
    at = next;
  }
  return TRUE;
}

/* Whether words of the vocabulary have capitals; special tokens stand in brackets. */
static gboolean
is_cased(const OnnxTokenizer *t)
{
  GHashTableIter iter;
  gpointer piece;
  g_hash_table_iter_init(&iter, t->vocab);
  while (g_hash_table_iter_next(&iter, &piece, NULL))
    for (const char *c = piece; *c && *(const char *)piece != '['; c++)
      if (g_ascii_isupper(*c))
        return TRUE;
  return FALSE;
}

/* A special token is named by a string or by an object with its content. */
static const char *
special(const json_t *const *sources, guint n_sources, const char *key, const char *fallback)
{
  for (guint i = 0; i < n_sources; i++) {
    const json_t *value = json_object_get(sources[i], key);
    const char *text = json_is_object(value) ? text_of(value, "content") : json_string_value(value);
    if (text)
      return text;
  }
  return fallback;
}

static gboolean
read_vocab_txt(const char *folder, GChecksum *hash, const json_t *settings, const json_t *map,
               OnnxTokenizer *t, GError **error)
{
  const json_t *sources[] = {map, settings};
  g_autofree char *path = onnx_path(folder, "vocab.txt");
  Reading r = {t, path, error};
  if (!read_lines(&r, hash))
    return FALSE;
  t->clean = TRUE;
  t->cjk = flag_of(settings, "tokenize_chinese_chars", TRUE);
  t->lower = flag_of(settings, "do_lower_case", !is_cased(t));
  t->strip_accents = flag_of(settings, "strip_accents", t->lower);
  t->continuing = g_strdup("##");
  t->max_chars = DEFAULT_MAX_CHARS;
  return find_named(&r, "unknown", special(sources, 2, "unk_token", "[UNK]"), &t->unk) &&
         find_named(&r, "first", special(sources, 2, "cls_token", "[CLS]"), &t->cls) &&
         find_named(&r, "last", special(sources, 2, "sep_token", "[SEP]"), &t->sep);
}

/* ---- the folder ---- */

/* The files beside are optional; an empty object stands for an absent one. */
static json_t *
read_beside(const char *folder, const char *name, GChecksum *hash, GError **error)
{
  return onnx_has(folder, name) ? onnx_read_object(folder, name, hash, error) : json_object();
}

static void
read_common(OnnxTokenizer *t, const json_t *settings, const json_t *map)
{
  const json_t *sources[] = {map, settings};
  const char *pad = special(sources, 2, "pad_token", "[PAD]");
  gint64 length;
  if (!onnx_vocab_find(t, pad, &t->pad))
    t->pad = ONNX_NO_TOKEN;
  /* Writers put a number of thirty digits here where there is no limit. */
  if (onnx_json_number(settings, "model_max_length", 0, 8, G_MAXINT32, &length))
    t->max_length = (guint)length;
}

static OnnxTokenizer *
new_tokenizer(void)
{
  OnnxTokenizer *t = g_new0(OnnxTokenizer, 1);
  t->vocab = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  t->added = g_array_new(FALSE, FALSE, sizeof(OnnxAdded));
  g_array_set_clear_func(t->added, clear_added);
  t->cls = t->sep = ONNX_NO_TOKEN;
  return t;
}

OnnxTokenizer *
onnx_tokenizer_read(const char *folder, GChecksum *hash, GError **error)
{
  g_autoptr(OnnxTokenizer) t = new_tokenizer();
  g_autoptr(json_t) settings = read_beside(folder, "tokenizer_config.json", hash, error);
  g_autoptr(json_t) map = settings ? read_beside(folder, "special_tokens_map.json", hash, error) : NULL;
  if (!map)
    return NULL;
  gboolean good = FALSE;
  if (onnx_has(folder, "tokenizer.json"))
    good = read_tokenizer_json(folder, hash, t, error);
  else if (onnx_has(folder, "vocab.txt"))
    good = read_vocab_txt(folder, hash, settings, map, t, error);
  else
    onnx_refuse(error, folder, "holds neither tokenizer.json nor vocab.txt");
  if (!good)
    return NULL;
  read_common(t, settings, map);
  return g_steal_pointer(&t);
}

/* ---- tokens ---- */

void
onnx_tokens_init(OnnxTokens *tokens)
{
  tokens->tokens = g_array_new(FALSE, FALSE, sizeof(OnnxToken));
  tokens->words = g_array_new(FALSE, FALSE, sizeof(OnnxWord));
}

void
onnx_tokens_clear(OnnxTokens *tokens)
{
  g_clear_pointer(&tokens->tokens, g_array_unref);
  g_clear_pointer(&tokens->words, g_array_unref);
}

void
onnx_tokens_add_word(OnnxTokens *tokens, guint32 start, guint32 end)
{
  OnnxWord word = {start, end};
  g_array_append_val(tokens->words, word);
}

void
onnx_tokens_add(OnnxTokens *tokens, guint32 id, guint32 start, guint32 end)
{
  OnnxToken token = {id, start, end, tokens->words->len - 1};
  g_array_append_val(tokens->tokens, token);
}

void
onnx_tokenize(const OnnxTokenizer *tokenizer, const char *utf8, guint32 n_bytes, OnnxTokens *out)
{
  g_array_set_size(out->tokens, 0);
  g_array_set_size(out->words, 0);
  if (tokenizer->is_bpe)
    onnx_bpe(tokenizer, utf8, n_bytes, out);
  else
    onnx_wordpiece(tokenizer, utf8, n_bytes, out);
}
