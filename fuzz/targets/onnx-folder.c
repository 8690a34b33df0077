/* The small files of a model's folder and a text for it: config.json, tokenizer.json (where it begins with a
 * brace) or vocab.txt, tokenizer_config.json, special_tokens_map.json, the text. What is read is sound;
 * tokens and words lie in the text in order; windows decide each token once; and what is decoded, from
 * numbers that only depend on the tokens, lies on character boundaries. */
#include "onnx/onnx-private.h"
#include "support/support.h"
#include <glib/gstdio.h>
#include <string.h>

static const char *const names[] = {"config.json", "tokenizer.json", "tokenizer_config.json",
                                    "special_tokens_map.json"};

static void
lay_out(const FuzzPart *parts)
{
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    gboolean lines = i == 1 && (parts[i].size == 0 || parts[i].data[0] != '{');
    g_autofree char *path = fuzz_file(lines ? "vocab.txt" : names[i], parts[i].data, parts[i].size);
    g_autofree char *other = g_build_filename(fuzz_folder(), names[i], NULL);
    if (lines || (i > 1 && parts[i].size == 0))
      (void)g_remove(other);
  }
}

static gboolean
is_boundary(const char *s, guint32 n, guint32 at)
{
  return at == n || ((guchar)s[at] & 0xc0) != 0x80;
}

static void
check_tokens(const OnnxTokens *t, const char *s, guint32 n)
{
  guint32 end = 0, start = 0;
  for (guint i = 0; i < t->words->len; i++) {
    const OnnxWord *w = &g_array_index(t->words, OnnxWord, i);
    fuzz_check(w->start <= w->end && w->end <= n, "a word lies in the text");
    fuzz_check(is_boundary(s, n, w->start) && is_boundary(s, n, w->end), "a word is of whole characters");
    fuzz_check(w->start == w->end || w->start >= end, "words are apart");
    end = MAX(end, w->end);
  }
  for (guint i = 0; i < t->tokens->len; i++) {
    const OnnxToken *k = &g_array_index(t->tokens, OnnxToken, i);
    fuzz_check(k->start <= k->end && k->end <= n && k->start >= start, "tokens are ordered and in the text");
    fuzz_check(k->word < t->words->len, "a token is of a word");
    start = k->start;
  }
}

static void
check_found(const GArray *found, const OnnxConfig *config, const char *s, guint32 n)
{
  guint32 end = 0;
  for (guint i = 0; i < found->len; i++) {
    const CrOnnxSpan *span = &g_array_index(found, CrOnnxSpan, i);
    fuzz_check(span->start < span->end && span->start >= end && span->end <= n,
               "spans are ordered and apart");
    fuzz_check(is_boundary(s, n, span->start) && is_boundary(s, n, span->end), "a span is of characters");
    fuzz_check(span->entity < config->entities->len, "a span has an entity");
    fuzz_check(span->score > 0 && span->score <= 1, "a score is a probability");
    end = span->end;
  }
}

static void
decode(const OnnxConfig *config, const OnnxTokens *tokens, const char *s, guint32 n)
{
  g_autoptr(GArray) windows = onnx_windows(tokens->tokens->len, config->max_length - 2);
  g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(CrOnnxSpan));
  g_autofree float *logits = g_new(float, config->labels->len);
  g_auto(OnnxDecoder) decoder = {NULL};
  onnx_decoder_init(&decoder, config, tokens, 0.5, found);
  guint next = 0;
  for (guint i = 0; i < windows->len; i++) {
    const OnnxWindow *w = &g_array_index(windows, OnnxWindow, i);
    for (guint at = w->from; at < w->to; at++, next++) {
      fuzz_check(at == next, "each token is decided once");
      guint32 mixed = g_array_index(tokens->tokens, OnnxToken, at).id * 2654435761u;
      for (guint l = 0; l < config->labels->len; l++)
        logits[l] = (float)((mixed >> (l % 24)) & 0xff) - 128;
      onnx_decoder_add(&decoder, at, logits);
    }
  }
  onnx_decoder_end(&decoder);
  fuzz_check(next == tokens->tokens->len, "every token is decided");
  check_found(found, config, s, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzPart parts[5];
  g_autoptr(GError) error = NULL;
  fuzz_parts(data, size, parts, 5);
  lay_out(parts);
  g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
  g_autoptr(OnnxConfig) config = onnx_config_read(fuzz_folder(), hash, &error);
  if (!config)
    fuzz_refused(&error);
  g_autoptr(OnnxTokenizer) tokenizer = onnx_tokenizer_read(fuzz_folder(), hash, &error);
  if (!tokenizer)
    return fuzz_refused(&error);
  const char *s = (const char *)parts[4].data;
  guint32 n = (guint32)parts[4].size;
  if (!g_utf8_validate(s, n, NULL))
    return 0;
  g_auto(OnnxTokens) tokens = {NULL};
  onnx_tokens_init(&tokens);
  onnx_tokenize(tokenizer, s, n, &tokens);
  check_tokens(&tokens, s, n);
  if (config)
    decode(config, &tokens, s, n);
  return 0;
}
