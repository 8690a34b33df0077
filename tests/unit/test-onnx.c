/* onnx: the tokenisers against another's answers, places, hostile lengths; windows, decoding; what a folder's
 * small files may hold. The runtime and graphs are driven by tests/integration/test-onnx.py. */
#include "onnx/onnx-private.h"
#include "base/base.h"
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* ---- a folder of our own ---- */

static char *folder;

static void
put(const char *name, const char *content)
{
  g_autofree char *path = g_build_filename(folder, name, NULL);
  g_assert_true(g_file_set_contents(path, content, -1, NULL));
}

static void
open_folder(void)
{
  folder = g_dir_make_tmp("chartroom-onnx-XXXXXX", NULL);
  g_assert_nonnull(folder);
}

static void
close_folder(void)
{
  g_assert_true(cr_dir_remove(folder, NULL));
  g_clear_pointer(&folder, g_free);
}

static OnnxTokenizer *
tokenizer_in(const char *where)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
  OnnxTokenizer *t = onnx_tokenizer_read(where, hash, &error);
  g_assert_no_error(error);
  return t;
}

/* "3:0-2 1:2-5": id and bytes of each token. */
static char *
tokens_of(const OnnxTokenizer *t, const char *text)
{
  g_auto(OnnxTokens) tokens = {NULL};
  onnx_tokens_init(&tokens);
  onnx_tokenize(t, text, (guint32)strlen(text), &tokens);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < tokens.tokens->len; i++) {
    const OnnxToken *token = &g_array_index(tokens.tokens, OnnxToken, i);
    g_string_append_printf(out, "%s%u:%u-%u", i ? " " : "", token->id, token->start, token->end);
  }
  return g_string_free(out, FALSE);
}

static void
expect_tokens(const OnnxTokenizer *t, const char *text, const char *want)
{
  g_autofree char *got = tokens_of(t, text);
  g_assert_cmpstr(got, ==, want);
}

/* ---- against another's answers ---- */

/* Code points of [start, end), widened to whole characters. */
static void
to_code_points(const char *text, guint32 start, guint32 end, glong *from, glong *to)
{
  while (start > 0 && ((guchar)text[start] & 0xc0) == 0x80)
    start--;
  while (((guchar)text[end] & 0xc0) == 0x80)
    end++;
  *from = g_utf8_pointer_to_offset(text, text + start);
  *to = g_utf8_pointer_to_offset(text, text + end);
}

static void
check_case(const OnnxTokenizer *t, const json_t *row)
{
  const char *text = json_string_value(json_object_get(row, "text"));
  const json_t *ids = json_object_get(row, "ids"), *spans = json_object_get(row, "spans");
  g_auto(OnnxTokens) tokens = {NULL};
  onnx_tokens_init(&tokens);
  onnx_tokenize(t, text, (guint32)json_string_length(json_object_get(row, "text")), &tokens);
  g_assert_cmpuint(tokens.tokens->len, ==, json_array_size(ids));
  for (guint i = 0; i < tokens.tokens->len; i++) {
    const OnnxToken *token = &g_array_index(tokens.tokens, OnnxToken, i);
    glong from, to, start = json_integer_value(json_array_get(json_array_get(spans, i), 0)),
                    end = json_integer_value(json_array_get(json_array_get(spans, i), 1));
    g_assert_cmpuint(token->id, ==, json_integer_value(json_array_get(ids, i)));
    to_code_points(text, token->start, token->end, &from, &to);
    if (token->start ==
        token->end) /* the space put before the text, which the other calls its first letter */
      continue;
    g_assert_cmpint(from, <=, start);
    g_assert_cmpint(to, >=, end);
    if (!t->nfc) {
      g_assert_cmpint(from, ==, start);
      for (const char *c = g_utf8_offset_to_pointer(text, end); c < g_utf8_offset_to_pointer(text, to);
           c = g_utf8_next_char(c))
        g_assert_true(g_unichar_type(g_utf8_get_char(c)) == G_UNICODE_NON_SPACING_MARK ||
                      g_unichar_type(g_utf8_get_char(c)) == G_UNICODE_FORMAT);
    }
  }
}

static void
test_reference(gconstpointer name)
{
  g_autofree char *where = g_test_build_filename(G_TEST_DIST, "cases", "onnx", name, NULL);
  g_autofree char *path = g_build_filename(where, "cases.jsonl", NULL), *all = NULL;
  g_assert_true(g_file_get_contents(path, &all, NULL, NULL));
  g_autoptr(OnnxTokenizer) t = tokenizer_in(where);
  guint n = 0;
  for (char *line = all, *next; *line; line = next + 1, n++) {
    next = strchr(line, '\n');
    g_autoptr(json_t) row = cr_json_parse(line, (gsize)(next - line), NULL);
    g_assert_nonnull(row);
    check_case(t, row);
  }
  g_assert_cmpuint(n, ==, 140);
}

/* ---- WordPiece ---- */

static void
test_vocab_txt(void)
{
  open_folder();
  put("vocab.txt", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nzor\r\n##vax\r\nzorv\r\n");
  g_autoptr(OnnxTokenizer) lower = tokenizer_in(folder);
  g_assert_cmpuint(lower->cls, ==, 2);
  g_assert_cmpuint(lower->sep, ==, 3);
  /* The longest entry from the left, even where the word then does not come out. */
  expect_tokens(lower, "zorvax", "1:0-6");
  expect_tokens(lower, "Zor", "4:0-3");
  expect_tokens(lower, " Z\xc3\xb6r\xcc\x81, zorv\xe2\x80\x8d!", "4:1-7 1:7-8 6:9-16 1:16-17");
  expect_tokens(lower, "", "");
  expect_tokens(lower, "\t \n", "");
  put("vocab.txt", "[UNK]\n[CLS]\n[SEP]\nZor\n");
  g_autoptr(OnnxTokenizer) cased = tokenizer_in(folder); /* a vocabulary with capitals is not lowered */
  expect_tokens(cased, "Zor zor", "3:0-3 0:4-7");
  put("tokenizer_config.json", "{\"do_lower_case\": true, \"cls_token\": {\"content\": \"Zor\"}}");
  put("special_tokens_map.json", "{\"sep_token\": \"[UNK]\"}");
  g_autoptr(OnnxTokenizer) told = tokenizer_in(folder);
  expect_tokens(told, "Zor", "0:0-3");
  g_assert_cmpuint(told->cls, ==, 3);
  g_assert_cmpuint(told->sep, ==, 0);
  close_folder();
}

static void
test_long_word(void)
{
  open_folder();
  put("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n##a\nb\n");
  g_autoptr(OnnxTokenizer) t = tokenizer_in(folder);
  g_autofree char *hundred = g_strnfill(100, 'a'), *more = g_strconcat(hundred, "\xcc\x81 b", NULL),
                  *longer = g_strconcat(hundred, "a\xcc\x81 b", NULL);
  g_autofree char *pieces = tokens_of(t, more);
  g_assert_true(g_str_has_prefix(pieces, "3:0-1 4:1-2 "));
  g_assert_true(g_str_has_suffix(pieces, " 4:99-102 5:103-104"));
  expect_tokens(t, longer, "0:0-103 5:104-105");
  close_folder();
}

/* ---- byte-level ---- */

/* A vocabulary of the 256 bytes alone, or with merges of a's. */
static void
put_byte_level(const char *merges, const char *more)
{
  g_autoptr(GString) s =
      g_string_new("{\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"vocab\":{");
  guint hidden = 0;
  for (guint byte = 0; byte < 256; byte++) {
    char shown[8] = "";
    gboolean printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
    g_unichar_to_utf8(printable ? byte : 0x100 + hidden++, shown);
    g_string_append_printf(s, "\"%s%s\":%u,", byte == '"' || byte == '\\' ? "\\" : "", shown, byte);
  }
  g_string_append_printf(s, "%s\"~~\":256},\"merges\":[%s]}}", more, merges);
  put("tokenizer.json", s->str);
}

static void
test_bytes(void)
{
  open_folder();
  put_byte_level("", "");
  g_autoptr(OnnxTokenizer) t = tokenizer_in(folder);
  g_assert_cmpuint(t->cls, ==, ONNX_NO_TOKEN);
  expect_tokens(t, "a \xc3\xa9", "97:0-1 32:1-2 195:2-3 169:3-4");
  g_auto(OnnxTokens) tokens = {NULL};
  onnx_tokens_init(&tokens);
  onnx_tokenize(t, " \xc3\xa9\xc2\xa0\n x", 8, &tokens); /* é, two blanks, blank and x */
  g_assert_cmpuint(tokens.words->len, ==, 3);
  g_assert_cmpuint(g_array_index(tokens.words, OnnxWord, 0).start, ==, 1);
  g_assert_cmpuint(g_array_index(tokens.words, OnnxWord, 0).end, ==, 3);
  g_assert_cmpuint(g_array_index(tokens.words, OnnxWord, 1).start, ==,
                   g_array_index(tokens.words, OnnxWord, 1).end);
  g_assert_cmpuint(g_array_index(tokens.words, OnnxWord, 2).start, ==, 7);
  close_folder();
}

/* One piece of a megabyte: the time must not grow with its square. */
static void
test_one_long_piece(void)
{
  open_folder();
  put_byte_level("\"a a\",\"aa aa\",\"aaaa aaaa\"", "\"aa\":257,\"aaaa\":258,\"aaaaaaaa\":259,");
  g_autoptr(OnnxTokenizer) t = tokenizer_in(folder);
  expect_tokens(t, "aaaaaaaaaaaaa", "259:0-8 258:8-12 97:12-13");
  gsize n = 1 << 20;
  g_autofree char *text = g_strnfill(n, 'a');
  g_auto(OnnxTokens) tokens = {NULL};
  onnx_tokens_init(&tokens);
  gint64 before = g_get_monotonic_time();
  onnx_tokenize(t, text, (guint32)n, &tokens);
  g_test_message("%.2f s", (double)(g_get_monotonic_time() - before) / G_USEC_PER_SEC);
  g_assert_cmpuint(tokens.tokens->len, ==, n / 8);
  g_assert_cmpuint(tokens.words->len, ==, 1);
  close_folder();
}

static void
test_composed(void)
{
  g_auto(OnnxNormal) normal = {NULL};
  onnx_normal_init(&normal, "ae\xcc\x81z", 5, TRUE, TRUE);
  g_assert_cmpuint(normal.n_bytes, ==, 5);
  g_assert_cmpmem(normal.s, 5, " a\xc3\xa9z", 5);
  const guint32 start[] = {0, 0, 1, 1, 4}, end[] = {0, 1, 4, 4, 5};
  for (guint32 i = 0; i < 5; i++) {
    g_assert_cmpuint(onnx_normal_start(&normal, i), ==, start[i]);
    g_assert_cmpuint(onnx_normal_end(&normal, i), ==, end[i]);
  }
}

/* ---- windows ---- */

/* How far a token is from the window's edges; the text's own ends are none. */
static guint
depth_in(const OnnxWindow *w, guint token, guint n)
{
  guint left = w->first == 0 ? n : token - w->first;
  guint right = w->first + w->n == n ? n : w->first + w->n - 1 - token;
  return MIN(left, right);
}

/* Every token is decided once, by the window in which it is farthest from an edge (of two, either). */
static void
check_windows(guint n, guint capacity)
{
  g_autoptr(GArray) windows = onnx_windows(n, capacity);
  guint next = 0;
  for (guint i = 0; i < windows->len; i++) {
    const OnnxWindow *w = &g_array_index(windows, OnnxWindow, i);
    g_assert_cmpuint(w->from, ==, next);
    g_assert_cmpuint(w->n, ==, MIN(n, capacity));
    g_assert_true(w->first <= w->from && w->from < w->to && w->to <= w->first + w->n && w->first + w->n <= n);
    next = w->to;
    for (guint token = w->from; token < w->to; token++)
      for (guint k = 0; k < windows->len; k++) {
        const OnnxWindow *other = &g_array_index(windows, OnnxWindow, k);
        if (token >= other->first && token < other->first + other->n)
          g_assert_cmpuint(depth_in(other, token, n), <=, depth_in(w, token, n) + 1);
      }
  }
  g_assert_cmpuint(next, ==, n);
}

static void
test_windows(void)
{
  for (guint capacity = 4; capacity < 20; capacity++)
    for (guint n = 0; n < 90; n++)
      check_windows(n, capacity);
  g_autoptr(GArray) windows = onnx_windows(1000, 510);
  g_assert_cmpuint(windows->len, ==, 3);
}

/* ---- decoding ---- */

/* labels: "O B-X I-X …"; words: for each word, for each of its tokens "label=logit" of the strongest label.
 */
typedef struct {
  OnnxConfig *config;
  OnnxTokens tokens;
  GArray *found;
  OnnxDecoder decoder;
  guint n_tokens;
} Decoding;

static void
decoding_open(Decoding *d, const char *id2label)
{
  g_autoptr(GError) error = NULL;
  open_folder();
  g_autofree char *json = g_strdup_printf("{\"id2label\": %s}", id2label);
  put("config.json", json);
  d->config = onnx_config_read(folder, NULL, &error);
  g_assert_no_error(error);
  onnx_tokens_init(&d->tokens);
  d->found = g_array_new(FALSE, FALSE, sizeof(CrOnnxSpan));
}

/* Words of one byte with a blank between; a digit string is a word, each digit the label of one of its
 * tokens. */
static char *
decode(Decoding *d, const char *words, float sure, double floor)
{
  g_auto(GStrv) list = g_strsplit(words, " ", -1);
  g_autofree float *logits = g_new0(float, d->config->labels->len);
  g_array_set_size(d->tokens.tokens, 0);
  g_array_set_size(d->tokens.words, 0);
  g_array_set_size(d->found, 0);
  for (guint32 w = 0; list[w]; w++) {
    onnx_tokens_add_word(&d->tokens, 2 * w, 2 * w + (strcmp(list[w], "") == 0 ? 0 : 1));
    for (gsize i = 0; i < MAX(strlen(list[w]), 1); i++)
      onnx_tokens_add(&d->tokens, 0, 2 * w, 2 * w + 1);
  }
  onnx_decoder_init(&d->decoder, d->config, &d->tokens, floor, d->found);
  for (guint32 w = 0, at = 0; list[w]; w++)
    for (gsize i = 0; i < MAX(strlen(list[w]), 1); i++) {
      guint label = list[w][0] ? (guint)(list[w][i] - '0') : 0;
      memset(logits, 0, d->config->labels->len * sizeof(float));
      logits[label] = sure;
      onnx_decoder_add(&d->decoder, at++, logits);
    }
  onnx_decoder_end(&d->decoder);
  onnx_decoder_clear(&d->decoder);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < d->found->len; i++) {
    const CrOnnxSpan *span = &g_array_index(d->found, CrOnnxSpan, i);
    g_assert_true(span->score >= floor && span->score <= 1);
    g_string_append_printf(out, "%s%s:%u-%u", i ? " " : "",
                           (char *)g_ptr_array_index(d->config->entities, span->entity), span->start,
                           span->end);
  }
  return g_string_free(out, FALSE);
}

static void
decoding_close(Decoding *d)
{
  onnx_config_free(d->config);
  onnx_tokens_clear(&d->tokens);
  g_array_unref(d->found);
  close_folder();
}

static void
expect_spans(Decoding *d, const char *words, const char *want)
{
  g_autofree char *got = decode(d, words, 12, 0.5);
  g_assert_cmpstr(got, ==, want);
}

static void
test_decode_bio(void)
{
  Decoding d = {NULL};
  decoding_open(&d, "{\"0\":\"O\",\"1\":\"B-X\",\"2\":\"I-X\",\"3\":\"B-Y\",\"4\":\"I-Y\"}");
  expect_spans(&d, "0 1 2 2 0", "X:2-7");
  expect_spans(&d, "1 1 2", "X:0-1 X:2-5");
  expect_spans(&d, "2 2 4 4", "X:0-3 Y:4-7"); /* nothing began, and yet it is in */
  expect_spans(&d, "12 00 1", "X:0-1 X:4-5");
  expect_spans(&d, "100 011", "X:2-3"); /* the mean over a word's tokens */
  expect_spans(&d, "1  2", "X:0-5");    /* a word of white space decides nothing */
  expect_spans(&d, "", "");
  /* Logits of 1: the label has e / (e + 4) = .40, all but O together .85 of a word in, .60 of a word out. */
  g_autofree char *some = decode(&d, "1 0", 1, 0.7), *all = decode(&d, "1 0", 1, 0.5),
                  *none = decode(&d, "1", 1, 0.9);
  g_assert_cmpstr(some, ==, "X:0-1");
  g_assert_cmpstr(all, ==, "X:0-3");
  g_assert_cmpstr(none, ==, "");
  g_assert_cmpfloat_with_epsilon(1 - 1 / (G_E + 4), 0.8512, 0.0001);
  decoding_close(&d);
}

static void
test_decode_schemes(void)
{
  Decoding plain = {NULL}, bilou = {NULL};
  decoding_open(&plain, "{\"0\":\"O\",\"1\":\"E-MAIL\",\"2\":\"ID\"}");
  g_assert_cmpstr(g_ptr_array_index(plain.config->entities, 0), ==, "E-MAIL");
  expect_spans(&plain, "1 1 2 2 0 2", "E-MAIL:0-3 ID:4-7 ID:10-11");
  decoding_close(&plain);
  decoding_open(&bilou, "{\"0\":\"O\",\"1\":\"B-X\",\"2\":\"I-X\",\"3\":\"L-X\",\"4\":\"U-X\"}");
  g_assert_cmpuint(bilou.config->entities->len, ==, 1);
  expect_spans(&bilou, "1 2 3 2 4 4 1 3", "X:0-5 X:6-7 X:8-9 X:10-11 X:12-15");
  decoding_close(&bilou);
}

/* ---- what a folder may hold ---- */

static void
test_config(void)
{
  static const char *const bad[] = {
      "[]",
      "{}",
      "{\"id2label\": [\"O\", \"B-X\"]}",
      "{\"id2label\": {\"0\": \"O\"}}",
      "{\"id2label\": {\"0\": \"O\", \"1\": \"\"}}",
      "{\"id2label\": {\"0\": \"O\", \"1\": \"O\"}}",
      "{\"id2label\": {\"0\": \"O\", \"1\": 7}}",
      "{\"id2label\": {\"0\": \"O\", \"01\": \"B-X\"}}",
      "{\"id2label\": {\"0\": \"O\", \"1\": \"B-X\"}, \"max_position_embeddings\": 2}",
      "{\"id2label\": {\"0\": \"O\", \"1\": \"B-X\"}, \"vocab_size\": \"many\"}"};
  open_folder();
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    put("config.json", bad[i]);
    g_assert_null(onnx_config_read(folder, NULL, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_ONNX_MODEL);
  }
  put("config.json", "{\"id2label\": {\"0\": \"O\", \"1\": \"B-X\"}, \"model_type\": \"roberta\", "
                     "\"max_position_embeddings\": 514, \"pad_token_id\": 1}");
  g_autoptr(OnnxConfig) config = onnx_config_read(folder, NULL, NULL);
  g_assert_cmpuint(config->max_length, ==, 512);
  close_folder();
}

static void
test_bad_tokenizers(void)
{
  static const char *const bad[] = {
      "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0}}}",
      "{\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"model\":{\"type\":\"WordPiece\",\"vocab\":{}}}",
      "{\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":"
      "-1}}}",
      "{\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":"
      "0}}}",
      "{\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"model\":{\"type\":\"WordPiece\",\"unk_token\":"
      "\"a\","
      "\"max_input_chars_per_word\":0,\"vocab\":{\"a\":0}}}",
      "{\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},"
      "\"merges\":[]}}",
      "{\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}"};
  open_folder();
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
    put("tokenizer.json", bad[i]);
    g_assert_null(onnx_tokenizer_read(folder, hash, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_ONNX_MODEL);
  }
  close_folder();
}

int
main(int argc, char **argv)
{
  static const char *const references[] = {"uncased", "cased", "roberta", "composed", "added"};
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(references); i++) {
    g_autofree char *path = g_strconcat("/onnx/reference/", references[i], NULL);
    g_test_add_data_func(path, references[i], test_reference);
  }
  g_test_add_func("/onnx/vocab-txt", test_vocab_txt);
  g_test_add_func("/onnx/long-word", test_long_word);
  g_test_add_func("/onnx/bytes", test_bytes);
  g_test_add_func("/onnx/one-long-piece", test_one_long_piece);
  g_test_add_func("/onnx/composed", test_composed);
  g_test_add_func("/onnx/windows", test_windows);
  g_test_add_func("/onnx/decode-bio", test_decode_bio);
  g_test_add_func("/onnx/decode-schemes", test_decode_schemes);
  g_test_add_func("/onnx/config", test_config);
  g_test_add_func("/onnx/bad-tokenizers", test_bad_tokenizers);
  return g_test_run();
}
