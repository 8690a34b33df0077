/* The door: a model's folder loaded, tried once, and run over texts. */
#include "onnx-private.h"
#include "base/base.h"
#include <math.h>
#include <string.h>

struct CrOnnx {
  OnnxConfig *config;
  OnnxTokenizer *tokenizer;
  OnnxSession *session;
  guint capacity; /* tokens of the text in one window */
  guint32 pad;    /* fills windows of a fixed length; the mask hides it */
  char *hash;
};

/* ---- loading ---- */

static guint
n_special(const OnnxTokenizer *t)
{
  return (t->cls != ONNX_NO_TOKEN) + (t->sep != ONNX_NO_TOKEN);
}

/* The model's own limit, the tokeniser's, the graph's: the least. */
static gboolean
set_lengths(CrOnnx *onnx, const char *model, GError **error)
{
  guint length = onnx->config->max_length, fixed = onnx_session_length(onnx->session);
  if (onnx->tokenizer->max_length)
    length = MIN(length, onnx->tokenizer->max_length);
  if (fixed && fixed <= length)
    length = fixed;
  else if (fixed)
    return onnx_refuse(error, model, "the graph takes %u tokens at once, the model reads %u", fixed, length);
  if (length < n_special(onnx->tokenizer) + 4)
    return onnx_refuse(error, model, "the graph takes only %u tokens at once", length);
  onnx->capacity = length - n_special(onnx->tokenizer);
  guint32 said = onnx->tokenizer->pad;
  onnx->pad = said != ONNX_NO_TOKEN ? said : (guint32)MAX(onnx->config->pad, 0);
  return TRUE;
}

static gboolean
check_vocab(const CrOnnx *onnx, const char *folder, GError **error)
{
  if (onnx->config->n_vocab && onnx->tokenizer->max_id >= onnx->config->n_vocab)
    return onnx_refuse(error, folder,
                       "the vocabulary goes up to token %u, config.json says %" G_GINT64_FORMAT " tokens",
                       onnx->tokenizer->max_id, onnx->config->n_vocab);
  return TRUE;
}

/* cls, n tokens from first, sep: as the model was trained. */
static guint
fill_window(const CrOnnx *onnx, const OnnxTokens *tokens, guint first, guint n, guint32 *ids)
{
  const OnnxTokenizer *t = onnx->tokenizer;
  guint at = 0;
  if (t->cls != ONNX_NO_TOKEN)
    ids[at++] = t->cls;
  for (guint i = 0; i < n; i++)
    ids[at++] = g_array_index(tokens->tokens, OnnxToken, first + i).id;
  if (t->sep != ONNX_NO_TOKEN)
    ids[at++] = t->sep;
  return at;
}

static gboolean
are_numbers(const float *logits, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite(logits[i])) {
      g_set_error(error, CR_ERROR, CR_ERROR_ONNX_MODEL, "the model answers with numbers that are none");
      return FALSE;
    }
  return TRUE;
}

/* A window of four tokens: shows that graph, labels and vocabulary fit before the first note comes. */
static gboolean
try_once(const CrOnnx *onnx, GError **error)
{
  guint n_labels = onnx->config->labels->len;
  guint32 ids[6] = {0};
  g_auto(OnnxTokens) tokens = {NULL};
  onnx_tokens_init(&tokens);
  onnx_tokens_add_word(&tokens, 0, 0);
  for (guint i = 0; i < 4; i++)
    onnx_tokens_add(&tokens, i % 2 ? onnx->tokenizer->max_id : 0, 0, 0);
  g_autofree float *logits = g_new(float, G_N_ELEMENTS(ids) * n_labels);
  guint n = fill_window(onnx, &tokens, 0, 4, ids);
  if (onnx_session_run(onnx->session, ids, n, onnx->pad, n_labels, logits, error) &&
      are_numbers(logits, (gsize)n * n_labels, error))
    return TRUE;
  g_prefix_error(error, "tried on the first and the last token of the vocabulary: ");
  return FALSE;
}

static gboolean
load_folder(CrOnnx *onnx, const char *folder, const char *model, const char *runtime, GError **error)
{
  g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
  guint64 n_bytes;
  if (!(onnx->config = onnx_config_read(folder, hash, error)) ||
      !(onnx->tokenizer = onnx_tokenizer_read(folder, hash, error)) || !check_vocab(onnx, folder, error) ||
      !(onnx->session = onnx_session_open(model, runtime, error)) || !set_lengths(onnx, model, error) ||
      !try_once(onnx, error))
    return FALSE;
  g_autofree char *sum = cr_file_sha256_hex(model, &n_bytes, error);
  if (!sum)
    return FALSE;
  g_checksum_update(hash, (const guchar *)sum, (gssize)strlen(sum));
  onnx->hash = g_strdup(g_checksum_get_string(hash));
  return TRUE;
}

/* Exporters write model.onnx beside config.json, or into a folder onnx/ of its own there. */
static void
find_files(const char *path, char **folder, char **model)
{
  static const char below[] = "onnx" G_DIR_SEPARATOR_S "model.onnx";
  if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
    *folder = g_strdup(path);
    *model = onnx_path(path, !onnx_has(path, "model.onnx") && onnx_has(path, below) ? below : "model.onnx");
    return;
  }
  g_autofree char *beside = g_path_get_dirname(path), *above = onnx_path(beside, "..");
  gboolean is_beside = onnx_has(beside, "config.json") || !onnx_has(above, "config.json");
  *folder = is_beside ? g_steal_pointer(&beside) : g_steal_pointer(&above);
  *model = g_strdup(path);
}

CrOnnx *
cr_onnx_load(const char *path, const char *runtime, GError **error)
{
  g_autofree char *folder = NULL, *model = NULL;
  find_files(path, &folder, &model);
  g_autoptr(CrOnnx) onnx = g_new0(CrOnnx, 1);
  if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
    onnx_refuse(error, path, "there is no such file or folder");
    return NULL;
  }
  if (!load_folder(onnx, folder, model, runtime, error))
    return NULL;
  return g_steal_pointer(&onnx);
}

void
cr_onnx_free(CrOnnx *onnx)
{
  if (!onnx)
    return;
  onnx_session_close(onnx->session);
  onnx_tokenizer_free(onnx->tokenizer);
  onnx_config_free(onnx->config);
  g_free(onnx->hash);
  g_free(onnx);
}

guint
cr_onnx_n_entities(const CrOnnx *onnx)
{
  return onnx->config->entities->len;
}

const char *
cr_onnx_entity(const CrOnnx *onnx, guint entity)
{
  return g_ptr_array_index(onnx->config->entities, entity);
}

void
cr_onnx_ignore(CrOnnx *onnx, guint entity)
{
  for (guint i = 0; i < onnx->config->labels->len; i++) {
    OnnxLabel *label = &g_array_index(onnx->config->labels, OnnxLabel, i);
    if (label->entity == entity)
      label->entity = ONNX_OUTSIDE;
  }
}

const char *
cr_onnx_hash(const CrOnnx *onnx)
{
  return onnx->hash;
}

/* ---- a text ---- */

static gboolean
run_window(const CrOnnx *onnx, const OnnxTokens *tokens, const OnnxWindow *window, guint32 *ids,
           float *logits, OnnxDecoder *decoder, GError **error)
{
  guint n_labels = onnx->config->labels->len;
  guint n = fill_window(onnx, tokens, window->first, window->n, ids);
  if (!onnx_session_run(onnx->session, ids, n, onnx->pad, n_labels, logits, error) ||
      !are_numbers(logits, (gsize)n * n_labels, error))
    return FALSE;
  const float *first = logits + (onnx->tokenizer->cls != ONNX_NO_TOKEN ? n_labels : 0);
  for (guint i = window->from; i < window->to; i++)
    onnx_decoder_add(decoder, i, first + (gsize)(i - window->first) * n_labels);
  return TRUE;
}

static gboolean
run_windows(const CrOnnx *onnx, const OnnxTokens *tokens, OnnxDecoder *decoder, GError **error)
{
  gsize most = onnx->capacity + 2;
  g_autoptr(GArray) windows = onnx_windows(tokens->tokens->len, onnx->capacity);
  g_autofree guint32 *ids = g_try_new(guint32, most);
  g_autofree float *logits = g_try_new(float, most * onnx->config->labels->len);
  if (!ids || !logits) {
    g_set_error(error, CR_ERROR, CR_ERROR_LIMIT, "no memory for windows of %u tokens", onnx->capacity);
    return FALSE;
  }
  for (guint i = 0; i < windows->len; i++)
    if (!run_window(onnx, tokens, &g_array_index(windows, OnnxWindow, i), ids, logits, decoder, error))
      return FALSE;
  return TRUE;
}

gboolean
cr_onnx_find(const CrOnnx *onnx, const char *utf8, guint32 n_bytes, double floor, GArray *found,
             GError **error)
{
  guint n_before = found->len;
  g_assert(n_bytes <= 1u << 30);
  g_auto(OnnxTokens) tokens = {NULL};
  g_auto(OnnxDecoder) decoder = {NULL};
  onnx_tokens_init(&tokens);
  onnx_tokenize(onnx->tokenizer, utf8, n_bytes, &tokens);
  onnx_decoder_init(&decoder, onnx->config, &tokens, floor, found);
  if (!run_windows(onnx, &tokens, &decoder, error)) {
    g_array_set_size(found, n_before);
    return FALSE;
  }
  onnx_decoder_end(&decoder);
  return TRUE;
}
