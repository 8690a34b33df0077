/* config.json: what each number of the model's output means, and how much the model reads at once. */
#include "onnx-private.h"
#include <stdlib.h>
#include <string.h>

/* ---- labels ---- */

/* The schemes in use: BIO, IOB, BIOES, BILOU. */
static const struct {
  char letter;
  gboolean begins, ends;
} marks[] = {{'B', TRUE, FALSE}, {'I', FALSE, FALSE}, {'M', FALSE, FALSE}, {'E', FALSE, TRUE},
             {'L', FALSE, TRUE}, {'S', TRUE, TRUE},   {'U', TRUE, TRUE}};

static gboolean
has_mark(const char *label, OnnxLabel *out)
{
  if (!label[0] || (label[1] != '-' && label[1] != '_') || !label[2])
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(marks); i++)
    if (marks[i].letter == label[0]) {
      out->begins = marks[i].begins;
      out->ends = marks[i].ends;
      return TRUE;
    }
  return FALSE;
}

/* A set without B- and I- is a plain one: "E-MAIL" is then a name. */
static gboolean
is_marked_set(const GPtrArray *names)
{
  OnnxLabel unused;
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index(names, i);
    if ((name[0] == 'B' || name[0] == 'I') && has_mark(name, &unused))
      return TRUE;
  }
  return FALSE;
}

static guint
intern_entity(OnnxConfig *config, const char *name)
{
  for (guint i = 0; i < config->entities->len; i++)
    if (strcmp(g_ptr_array_index(config->entities, i), name) == 0)
      return i;
  g_ptr_array_add(config->entities, g_strdup(name));
  return config->entities->len - 1;
}

static void
add_labels(OnnxConfig *config, const GPtrArray *names)
{
  gboolean marked = is_marked_set(names);
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index(names, i);
    OnnxLabel label = {ONNX_OUTSIDE, FALSE, FALSE};
    if (strcmp(name, "O") != 0) {
      gboolean cut = marked && has_mark(name, &label);
      label.entity = intern_entity(config, cut ? name + 2 : name);
    }
    g_array_append_val(config->labels, label);
  }
}

/* {"0": "O", "1": "B-DATE"}: every number from 0 once. */
static gboolean
read_labels(OnnxConfig *config, const json_t *id2label, const char *path, GError **error)
{
  gsize n = json_object_size(id2label);
  if (!json_is_object(id2label) || n < 2 || n > ONNX_MAX_LABELS)
    return onnx_refuse(error, path, "\"id2label\" must name 2 to %d labels by their numbers",
                       ONNX_MAX_LABELS);
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (gsize i = 0; i < n; i++) {
    g_autofree char *key = g_strdup_printf("%zu", i);
    const char *name = json_string_value(json_object_get(id2label, key));
    if (!name || !*name)
      return onnx_refuse(error, path, "\"id2label\" has %zu labels but none with the number %zu", n, i);
    g_ptr_array_add(names, (gpointer)name);
  }
  add_labels(config, names);
  if (config->entities->len == 0)
    return onnx_refuse(error, path, "\"id2label\" names nothing but \"O\"");
  return TRUE;
}

/* ---- lengths ---- */

/* These count positions from behind the padding's. */
static gboolean
positions_follow_pad(const char *type)
{
  static const char *const types[] = {"roberta",        "camembert", "xlm-roberta", "longformer",
                                      "xlm-roberta-xl", "mpnet",     "ibert",       NULL};
  return type && g_strv_contains(types, type);
}

static gboolean
read_numbers(OnnxConfig *config, const json_t *object, const char *path, GError **error)
{
  gint64 positions;
  if (!onnx_json_number(object, "max_position_embeddings", 512, 8, G_MAXINT32, &positions) ||
      !onnx_json_number(object, "vocab_size", 0, 1, G_MAXINT32, &config->n_vocab) ||
      !onnx_json_number(object, "pad_token_id", -1, -1, G_MAXINT32, &config->pad))
    return onnx_refuse(error, path,
                       "\"max_position_embeddings\", \"vocab_size\" or \"pad_token_id\" is out of range");
  if (positions_follow_pad(json_string_value(json_object_get(object, "model_type"))))
    positions -= (config->pad < 0 ? 1 : config->pad) + 1;
  if (positions < 8)
    return onnx_refuse(error, path, "the model reads fewer than 8 tokens at once");
  config->max_length = (guint)MIN(positions, ONNX_MAX_LENGTH);
  return TRUE;
}

OnnxConfig *
onnx_config_read(const char *folder, GChecksum *hash, GError **error)
{
  g_autofree char *path = onnx_path(folder, "config.json");
  g_autoptr(json_t) object = onnx_read_object(folder, "config.json", hash, error);
  if (!object)
    return NULL;
  g_autoptr(OnnxConfig) config = g_new0(OnnxConfig, 1);
  config->labels = g_array_new(FALSE, FALSE, sizeof(OnnxLabel));
  config->entities = g_ptr_array_new_with_free_func(g_free);
  if (!read_labels(config, json_object_get(object, "id2label"), path, error) ||
      !read_numbers(config, object, path, error))
    return NULL;
  return g_steal_pointer(&config);
}

void
onnx_config_free(OnnxConfig *config)
{
  if (!config)
    return;
  g_array_unref(config->labels);
  g_ptr_array_unref(config->entities);
  g_free(config);
}
