/* A model in the runtime: opened once, run a window at a time by any thread. Always: each run is one text on
 * one thread of the runtime, so the numbers do not depend on how many run at once; what the runtime says of a
 * failed run is not passed on, since it may name words of the note. */
#include "onnx-private.h"
#include "base/base.h"
#include "onnx/runtime.h"
#include <string.h>

enum { MAX_INPUTS = 4, MAX_DIMS = 8 };

typedef struct {
  char *name;
  int element;     /* ONNX_INT64, ONNX_INT32 */
  gboolean is_ids; /* else what says which tokens count */
  gboolean is_zero;
} Input;

struct OnnxSession {
  OnnxRuntime rt;
  char *model;
  OnnxEnv *env;
  OnnxOptions *options;
  OnnxMemory *memory;
  OnnxAllocator *allocator; /* the library's own */
  OnnxGraph *graph;
  Input inputs[MAX_INPUTS];
  guint n_inputs;
  char *output;
  guint length; /* 0: any */
};

/* Frees the status. TRUE where there was none. */
static gboolean
went_well(const OnnxSession *s, OnnxStatus *status, const char *doing, GError **error)
{
  if (!status)
    return TRUE;
  g_autofree char *message = g_strdup(s->rt.status_message(status));
  g_autofree char *said = cr_error_excerpt(g_strstrip(message), 160);
  onnx_refuse(error, s->model, "%s: %s", doing, said);
  s->rt.status_free(status);
  return FALSE;
}

/* ---- opening ---- */

/* The library would write to standard error, which belongs to the program. */
static void
say_nothing(void *unused, int severity, const char *category, const char *log_id, const char *place,
            const char *message)
{
}

static char *
take_name(const OnnxSession *s, char *name)
{
  char *copy = g_strdup(name);
  OnnxStatus *status = s->rt.allocator_release(s->allocator, name);
  if (status)
    s->rt.status_free(status);
  return copy;
}

static gboolean
read_shape(const OnnxSession *s, const OnnxShape *shape, int *element, int64_t *dims, size_t *n_dims,
           GError **error)
{
  return went_well(s, s->rt.shape_element(shape, element), "reading a type", error) &&
         went_well(s, s->rt.shape_n_dims(shape, n_dims), "reading a shape", error) &&
         (*n_dims <= MAX_DIMS ||
          onnx_refuse(error, s->model, "a tensor of the graph has %zu dimensions", *n_dims)) &&
         went_well(s, s->rt.shape_dims(shape, dims, *n_dims), "reading a shape", error);
}

static gboolean
check_input_shape(OnnxSession *s, Input *input, const int64_t *dims, size_t n_dims, GError **error)
{
  if (input->element != ONNX_INT64 && input->element != ONNX_INT32)
    return onnx_refuse(error, s->model, "the input \"%s\" is not of whole numbers", input->name);
  if (n_dims != 2 || dims[0] > 1 || dims[1] > ONNX_MAX_LENGTH)
    return onnx_refuse(error, s->model, "the input \"%s\" does not take one text of up to %d tokens",
                       input->name, ONNX_MAX_LENGTH);
  if (dims[1] > 0)
    s->length = (guint)dims[1];
  return TRUE;
}

static gboolean
name_input(const OnnxSession *s, Input *input, GError **error)
{
  input->is_ids = strcmp(input->name, "input_ids") == 0;
  input->is_zero = strcmp(input->name, "token_type_ids") == 0;
  if (input->is_ids || input->is_zero || strcmp(input->name, "attention_mask") == 0)
    return TRUE;
  return onnx_refuse(error, s->model,
                     "the graph asks for an input \"%s\"; known are input_ids, "
                     "attention_mask, token_type_ids",
                     input->name);
}

static gboolean
read_input(OnnxSession *s, guint i, GError **error)
{
  Input *input = &s->inputs[i];
  OnnxType *type = NULL;
  const OnnxShape *shape = NULL;
  char *name = NULL;
  int64_t dims[MAX_DIMS] = {0};
  size_t n_dims = 0;
  if (!went_well(s, s->rt.graph_input_name(s->graph, i, s->allocator, &name), "reading an input", error))
    return FALSE;
  s->n_inputs = i + 1;
  input->name = take_name(s, name);
  if (!name_input(s, input, error) ||
      !went_well(s, s->rt.graph_input_type(s->graph, i, &type), "reading an input", error))
    return FALSE;
  gboolean good = went_well(s, s->rt.type_shape(type, &shape), "reading an input", error);
  if (good && !shape)
    good = onnx_refuse(error, s->model, "the input \"%s\" is not a tensor", input->name);
  good = good && read_shape(s, shape, &input->element, dims, &n_dims, error) &&
         check_input_shape(s, input, dims, n_dims, error);
  s->rt.type_free(type);
  return good;
}

static gboolean
read_inputs(OnnxSession *s, GError **error)
{
  size_t n = 0;
  gboolean has_ids = FALSE;
  if (!went_well(s, s->rt.graph_n_inputs(s->graph, &n), "counting the inputs", error))
    return FALSE;
  if (n > MAX_INPUTS)
    return onnx_refuse(error, s->model, "the graph asks for %zu inputs", n);
  for (guint i = 0; i < n; i++) {
    if (!read_input(s, i, error))
      return FALSE;
    has_ids = has_ids || s->inputs[i].is_ids;
  }
  return has_ids || onnx_refuse(error, s->model, "the graph has no input \"input_ids\"");
}

/* The output named logits, or the only one. */
static gboolean
read_output(OnnxSession *s, GError **error)
{
  size_t n = 0;
  if (!went_well(s, s->rt.graph_n_outputs(s->graph, &n), "counting the outputs", error))
    return FALSE;
  for (size_t i = 0; i < n; i++) {
    char *name = NULL;
    if (!went_well(s, s->rt.graph_output_name(s->graph, i, s->allocator, &name), "reading an output", error))
      return FALSE;
    g_autofree char *copy = take_name(s, name);
    if (n == 1 || strcmp(copy, "logits") == 0) {
      s->output = g_steal_pointer(&copy);
      return TRUE;
    }
  }
  return onnx_refuse(error, s->model, "none of the graph's %zu outputs is named \"logits\"", n);
}

static gboolean
open_graph(OnnxSession *s, GError **error)
{
  const OnnxRuntime *rt = &s->rt;
  return went_well(s, rt->env_new(say_nothing, NULL, ONNX_LOG_FATAL, "chartroom", &s->env), "starting",
                   error) &&
         went_well(s, rt->env_disable_telemetry(s->env), "starting", error) &&
         went_well(s, rt->options_new(&s->options), "starting", error) &&
         went_well(s, rt->options_set_threads(s->options, 1), "starting", error) &&
         went_well(s, rt->memory_new_cpu(ONNX_ARENA, ONNX_DEFAULT_MEMORY, &s->memory), "starting", error) &&
         went_well(s, rt->allocator_default(&s->allocator), "starting", error) &&
         went_well(s, rt->graph_open(s->env, s->model, s->options, &s->graph), "the runtime refuses it",
                   error);
}

OnnxSession *
onnx_session_open(const char *model, const char *runtime, GError **error)
{
  g_autoptr(OnnxSession) s = g_new0(OnnxSession, 1);
  s->model = g_strdup(model);
  if (!g_file_test(model, G_FILE_TEST_IS_REGULAR)) {
    onnx_refuse(error, model, "there is no such file");
    return NULL;
  }
  if (!onnx_runtime_open(runtime, &s->rt, error) || !open_graph(s, error) || !read_inputs(s, error) ||
      !read_output(s, error))
    return NULL;
  return g_steal_pointer(&s);
}

#define FREE(s, member, how)                                                                                 \
  if ((s)->member)                                                                                           \
  (s)->rt.how((s)->member)

void
onnx_session_close(OnnxSession *s)
{
  if (!s)
    return;
  FREE(s, graph, graph_free);
  FREE(s, memory, memory_free);
  FREE(s, options, options_free);
  FREE(s, env, env_free);
  for (guint i = 0; i < s->n_inputs; i++)
    g_free(s->inputs[i].name);
  g_free(s->output);
  g_free(s->model);
  g_free(s);
}

guint
onnx_session_length(const OnnxSession *s)
{
  return s->length;
}

/* ---- running ---- */

static gint64
number_of(const Input *input, const guint32 *ids, guint n, guint i, guint32 pad)
{
  if (input->is_ids)
    return i < n ? ids[i] : pad;
  return i < n && !input->is_zero;
}

/* The numbers of an input; transfer full. */
static gpointer
fill_input(const Input *input, const guint32 *ids, guint n, guint length, guint32 pad)
{
  gint64 *wide = g_new(gint64, length);
  gint32 *narrow = (gint32 *)(gpointer)wide;
  for (guint i = 0; i < length; i++) {
    gint64 number = number_of(input, ids, n, i, pad);
    if (input->element == ONNX_INT64)
      wide[i] = number;
    else
      narrow[i] = (gint32)number;
  }
  return wide;
}

/* IEEE 754 half precision. */
static float
from_half(guint16 half)
{
  guint exponent = (half >> 10) & 0x1f, fraction = half & 0x3ff;
  double sign = half & 0x8000 ? -1 : 1;
  if (exponent == 0x1f)
    return (float)(fraction ? __builtin_nan("") : sign * __builtin_inf());
  double value = exponent ? 1 + fraction / 1024.0 : fraction / 512.0;
  return (float)(sign * __builtin_ldexp(value, (int)exponent - 15));
}

static gboolean
copy_logits(const OnnxSession *s, OnnxValue *value, guint length, guint n, guint n_labels, float *logits,
            GError **error)
{
  OnnxShape *shape = NULL;
  int64_t dims[MAX_DIMS] = {0};
  size_t n_dims = 0;
  int element = 0;
  void *data = NULL;
  if (!went_well(s, s->rt.value_shape(value, &shape), "reading the output", error))
    return FALSE;
  gboolean good = read_shape(s, shape, &element, dims, &n_dims, error);
  s->rt.shape_free(shape);
  if (!good)
    return FALSE;
  if (n_dims != 3 || dims[0] != 1 || dims[1] != length)
    return onnx_refuse(error, s->model, "the output is not one row of numbers a token");
  if (dims[2] != n_labels)
    return onnx_refuse(error, s->model, "the output has %" G_GINT64_FORMAT " labels, config.json names %u",
                       (gint64)dims[2], n_labels);
  if (element != ONNX_FLOAT && element != ONNX_FLOAT16)
    return onnx_refuse(error, s->model, "the output is not of floating point numbers");
  if (!went_well(s, s->rt.value_data(value, &data), "reading the output", error))
    return FALSE;
  for (gsize i = 0; i < (gsize)n * n_labels; i++)
    logits[i] = element == ONNX_FLOAT ? ((const float *)data)[i] : from_half(((const guint16 *)data)[i]);
  return TRUE;
}

static gboolean
run_graph(const OnnxSession *s, OnnxValue *const *in, OnnxValue **out, GError **error)
{
  const char *names[MAX_INPUTS];
  for (guint i = 0; i < s->n_inputs; i++)
    names[i] = s->inputs[i].name;
  const char *output = s->output;
  OnnxStatus *status =
      s->rt.graph_run(s->graph, NULL, names, (const OnnxValue *const *)in, s->n_inputs, &output, 1, out);
  if (!status)
    return TRUE;
  s->rt.status_free(status);
  return onnx_refuse(error, s->model, "the model failed on a window of text");
}

gboolean
onnx_session_run(const OnnxSession *s, const guint32 *ids, guint n, guint32 pad, guint n_labels,
                 float *logits, GError **error)
{
  guint length = s->length ? s->length : n;
  int64_t dims[2] = {1, length};
  OnnxValue *in[MAX_INPUTS] = {NULL}, *out = NULL;
  gpointer data[MAX_INPUTS] = {NULL};
  gboolean good = TRUE;
  g_assert(n <= length);
  for (guint i = 0; good && i < s->n_inputs; i++) {
    const Input *input = &s->inputs[i];
    data[i] = fill_input(input, ids, n, length, pad);
    gsize n_bytes = length * (input->element == ONNX_INT64 ? sizeof(gint64) : sizeof(gint32));
    good = went_well(s, s->rt.value_new(s->memory, data[i], n_bytes, dims, 2, input->element, &in[i]),
                     "making an input", error);
  }
  good = good && run_graph(s, in, &out, error) && copy_logits(s, out, length, n, n_labels, logits, error);
  if (out)
    s->rt.value_free(out);
  for (guint i = 0; i < s->n_inputs; i++) {
    if (in[i])
      s->rt.value_free(in[i]);
    g_free(data[i]);
  }
  return good;
}
