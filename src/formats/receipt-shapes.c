/* The receipt's readers of other programs' formats. Where a format has no text for a finding (doccano), what
 * is proved is that its offsets lie in the text; where it has tokens (CoNLL, Hugging Face), that each tag has
 * one, and each token stands where it is said to. */
#include "formats/receipt.h"
#include "base/base.h"
#include <string.h>

static json_t *
parse(const char *bytes, gsize n_bytes)
{
  json_error_t failure;
  return json_loadb(bytes, n_bytes, JSON_REJECT_DUPLICATES, &failure);
}

static gboolean
prove_place(CrProof *proof, const CrProofText *text, const json_t *start, const json_t *end,
            const json_t *said, const char *where, GError **error)
{
  g_autoptr(GArray) offsets = cr_proof_offsets(start, end, NULL);
  if (offsets == NULL)
    return cr_proof_failed(where, "no offsets", error);
  return cr_proof_finding(proof, text, offsets, json_string_value(said), FALSE, where, error);
}

/* ---- Prodigy ---- */

static json_int_t
number_in(const json_t *object, const char *member)
{
  return json_integer_value(json_object_get(object, member));
}

/* The first and the last token of a span have a part of it, and those beside them have none. */
static gboolean
has_its_tokens(const json_t *span, const json_t *tokens)
{
  const json_t *first = json_object_get(span, "token_start"), *last = json_object_get(span, "token_end");
  if (first == NULL && last == NULL)
    return TRUE;
  const size_t i = (size_t)json_integer_value(first), k = (size_t)json_integer_value(last);
  const json_t *from = json_array_get(tokens, i), *to = json_array_get(tokens, k),
               *before = i > 0 ? json_array_get(tokens, i - 1) : NULL,
               *behind = json_array_get(tokens, k + 1);
  const json_int_t start = number_in(span, "start"), end = number_in(span, "end");
  return from != NULL && to != NULL && number_in(from, "end") > start && number_in(to, "start") < end &&
         (before == NULL || number_in(before, "end") <= start) &&
         (behind == NULL || number_in(behind, "start") >= end);
}

static gboolean
prove_prodigy_line(CrProof *proof, const char *bytes, gsize n_bytes, const char *where, GError **error)
{
  g_autoptr(json_t) line = parse(bytes, n_bytes);
  const json_t *text = json_object_get(line, "text"), *tokens = json_object_get(line, "tokens"),
               *spans = json_object_get(line, "spans");
  if (!json_is_string(text))
    return cr_proof_failed(where, "not an example with a text", error);
  g_auto(CrProofText) marked = cr_proof_text(json_string_value(text), json_string_length(text));
  CrProof of_tokens = {0};
  proof->documents++;
  for (size_t i = 0; i < json_array_size(tokens); i++) {
    const json_t *token = json_array_get(tokens, i);
    if (!prove_place(&of_tokens, &marked, json_object_get(token, "start"), json_object_get(token, "end"),
                     json_object_get(token, "text"), where, error))
      return FALSE;
  }
  for (size_t i = 0; i < json_array_size(spans); i++) {
    const json_t *span = json_array_get(spans, i);
    if (!has_its_tokens(span, tokens))
      return cr_proof_failed(where, "a span's tokens are not where it is", error);
    if (!prove_place(proof, &marked, json_object_get(span, "start"), json_object_get(span, "end"),
                     json_object_get(span, "text"), where, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
cr_proof_prodigy(const char *path, CrProof *proof, GError **error)
{
  return cr_proof_lines(path, proof, prove_prodigy_line, error);
}

/* ---- doccano ---- */

static gboolean
prove_doccano_line(CrProof *proof, const char *bytes, gsize n_bytes, const char *where, GError **error)
{
  g_autoptr(json_t) line = parse(bytes, n_bytes);
  const json_t *text = json_object_get(line, "text"), *entities = json_object_get(line, "entities");
  if (!json_is_string(text))
    return cr_proof_failed(where, "not an example with a text", error);
  const glong n = g_utf8_strlen(json_string_value(text), (gssize)json_string_length(text));
  proof->documents++;
  for (size_t i = 0; i < json_array_size(entities); i++) {
    const json_t *start = json_object_get(json_array_get(entities, i), "start_offset"),
                 *end = json_object_get(json_array_get(entities, i), "end_offset");
    proof->entities++;
    if (!json_is_integer(start) || !json_is_integer(end) || json_integer_value(start) < 0 ||
        json_integer_value(start) > json_integer_value(end) || json_integer_value(end) > n)
      return cr_proof_failed(where, "an entity lies outside the text", error);
    proof->proved++;
  }
  return TRUE;
}

gboolean
cr_proof_doccano(const char *path, CrProof *proof, GError **error)
{
  return cr_proof_lines(path, proof, prove_doccano_line, error);
}

/* ---- Label Studio ---- */

static gboolean
prove_task(CrProof *proof, const json_t *task, const char *where, GError **error)
{
  const json_t *text = json_object_get(json_object_get(task, "data"), "text");
  const json_t *results = json_object_get(json_array_get(json_object_get(task, "annotations"), 0), "result");
  if (!json_is_string(text))
    return cr_proof_failed(where, "a task without its text", error);
  g_auto(CrProofText) marked = cr_proof_text(json_string_value(text), json_string_length(text));
  proof->documents++;
  for (size_t i = 0; i < json_array_size(results); i++) {
    const json_t *value = json_object_get(json_array_get(results, i), "value");
    if (json_is_array(json_object_get(value, "labels")) && json_is_integer(json_object_get(value, "start")) &&
        !prove_place(proof, &marked, json_object_get(value, "start"), json_object_get(value, "end"),
                     json_object_get(value, "text"), where, error))
      return FALSE;
  }
  return TRUE;
}

/* A task a line, but for the marks of the list: the file is as large as it likes. */
static gboolean
prove_task_line(CrProof *proof, const char *bytes, gsize n_bytes, const char *where, GError **error)
{
  if (n_bytes > 0 && bytes[0] == '[')
    bytes++, n_bytes--;
  if (n_bytes > 0 && (bytes[n_bytes - 1] == ',' || (bytes[n_bytes - 1] == ']')))
    n_bytes--;
  if (n_bytes == 0)
    return TRUE;
  g_autoptr(json_t) task = parse(bytes, n_bytes);
  return json_is_object(task) ? prove_task(proof, task, where, error)
                              : cr_proof_failed(where, "not a task", error);
}

gboolean
cr_proof_label_studio(const char *path, CrProof *proof, GError **error)
{
  return cr_proof_lines(path, proof, prove_task_line, error);
}

/* ---- CoNLL ---- */

static gboolean
prove_column(CrProof *proof, const char *bytes, gsize n_bytes, const char *where, GError **error)
{
  const gboolean opens = n_bytes >= 10 && memcmp(bytes, "-DOCSTART-", 10) == 0;
  gsize tag = n_bytes;
  if (n_bytes == 0)
    return TRUE;
  proof->documents += opens || proof->documents == 0;
  if (opens)
    return TRUE;
  while (tag > 0 && bytes[tag - 1] != '\t' && bytes[tag - 1] != ' ')
    tag--;
  if (tag == 0)
    return cr_proof_failed(where, "a line of one column", error);
  const char *at = bytes + tag;
  const gsize n = n_bytes - tag;
  const gboolean named = n > 2 && at[1] == '-' && strchr("BISEUL", at[0]) != NULL;
  if (!named && !(n == 1 && at[0] == 'O'))
    return cr_proof_failed(where, "not a tag", error);
  const gboolean begins = named && strchr("BSU", at[0]) != NULL;
  proof->entities += begins;
  proof->proved += begins;
  return TRUE;
}

gboolean
cr_proof_conll(const char *path, CrProof *proof, GError **error)
{
  return cr_proof_lines(path, proof, prove_column, error);
}

/* ---- Hugging Face ---- */

static gboolean
prove_tokens(CrProof *proof, const char *bytes, gsize n_bytes, const char *where, GError **error)
{
  g_autoptr(json_t) line = parse(bytes, n_bytes);
  const json_t *tokens = json_object_get(line, "tokens"), *tags = json_object_get(line, "ner_tags"),
               *starts = json_object_get(line, "starts"), *text = json_object_get(line, "text");
  if (!json_is_array(tokens) || json_array_size(tokens) != json_array_size(tags) ||
      json_array_size(tokens) != json_array_size(starts) || !json_is_string(text))
    return cr_proof_failed(where, "tokens, tags and starts are not of one length", error);
  g_auto(CrProofText) marked = cr_proof_text(json_string_value(text), json_string_length(text));
  CrProof of_tokens = {0};
  proof->documents++;
  for (size_t i = 0; i < json_array_size(tokens); i++) {
    const json_t *token = json_array_get(tokens, i), *start = json_array_get(starts, i);
    g_autoptr(json_t) end =
        json_integer(json_integer_value(start) + g_utf8_strlen(json_string_value(token) ?: "", -1));
    if (!json_is_integer(json_array_get(tags, i)))
      return cr_proof_failed(where, "a tag is not a number", error);
    if (!prove_place(&of_tokens, &marked, start, end, token, where, error))
      return FALSE;
    /* "O" is 0, and each label's first tag is odd: B-, then I-. */
    proof->entities += json_integer_value(json_array_get(tags, i)) % 2 == 1;
    proof->proved += json_integer_value(json_array_get(tags, i)) % 2 == 1;
  }
  return TRUE;
}

gboolean
cr_proof_huggingface(const char *path, CrProof *proof, GError **error)
{
  g_autofree char *data = g_build_filename(path, "data.jsonl", NULL);
  return cr_proof_lines(data, proof, prove_tokens, error);
}
