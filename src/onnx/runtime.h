/* The part of ONNX Runtime's C interface that this room uses, in our own words. The library hands out one
 * table of functions whose order is fixed for ever from version 1 of the interface on: a row here is a place
 * in that table. Rows are checked against a real library by tests/integration/test-onnx.py. */
#pragma once
#include <chartroom/error.h>
#include <stdint.h>

typedef struct OnnxStatus OnnxStatus; /* NULL: it went well */
typedef struct OnnxEnv OnnxEnv;
typedef struct OnnxOptions OnnxOptions;
typedef struct OnnxGraph OnnxGraph; /* a session, in the library's words */
typedef struct OnnxValue OnnxValue;
typedef struct OnnxMemory OnnxMemory;
typedef struct OnnxAllocator OnnxAllocator;
typedef struct OnnxType OnnxType;
typedef struct OnnxShape OnnxShape; /* element type and dimensions */
typedef void (*OnnxLog)(void *unused, int severity, const char *category, const char *log_id,
                        const char *place, const char *message);

/* Numbers of the interface. */
enum { ONNX_FLOAT = 1, ONNX_INT32 = 6, ONNX_INT64 = 7, ONNX_FLOAT16 = 10 };
enum { ONNX_LOG_FATAL = 4, ONNX_ARENA = 1, ONNX_DEFAULT_MEMORY = 0 };
enum { ONNX_INTERFACE_VERSION = 1 }; /* all rows below are of the first */

/* place, our name, result, arguments */
#define ONNX_RUNTIME_TABLE(X)                                                                                \
  X(2, status_message, const char *, (const OnnxStatus *))                                                   \
  X(4, env_new, OnnxStatus *, (OnnxLog, void *, int severity, const char *log_id, OnnxEnv **))               \
  X(6, env_disable_telemetry, OnnxStatus *, (const OnnxEnv *))                                               \
  X(7, graph_open, OnnxStatus *, (const OnnxEnv *, const char *path, const OnnxOptions *, OnnxGraph **))     \
  X(9, graph_run, OnnxStatus *,                                                                              \
    (OnnxGraph *, const void *run_options, const char *const *in_names, const OnnxValue *const *in,          \
     size_t n_in, const char *const *out_names, size_t n_out, OnnxValue **out))                              \
  X(10, options_new, OnnxStatus *, (OnnxOptions **))                                                         \
  X(24, options_set_threads, OnnxStatus *, (OnnxOptions *, int n))                                           \
  X(30, graph_n_inputs, OnnxStatus *, (const OnnxGraph *, size_t *n))                                        \
  X(31, graph_n_outputs, OnnxStatus *, (const OnnxGraph *, size_t *n))                                       \
  X(33, graph_input_type, OnnxStatus *, (const OnnxGraph *, size_t i, OnnxType **))                          \
  X(36, graph_input_name, OnnxStatus *, (const OnnxGraph *, size_t i, OnnxAllocator *, char **))             \
  X(37, graph_output_name, OnnxStatus *, (const OnnxGraph *, size_t i, OnnxAllocator *, char **))            \
  X(49, value_new, OnnxStatus *,                                                                             \
    (const OnnxMemory *, void *data, size_t n_bytes, const int64_t *dims, size_t n_dims, int element,        \
     OnnxValue **))                                                                                          \
  X(51, value_data, OnnxStatus *, (OnnxValue *, void **data))                                                \
  X(55, type_shape, OnnxStatus *, (const OnnxType *, const OnnxShape **borrowed))                            \
  X(60, shape_element, OnnxStatus *, (const OnnxShape *, int *element))                                      \
  X(61, shape_n_dims, OnnxStatus *, (const OnnxShape *, size_t *n))                                          \
  X(62, shape_dims, OnnxStatus *, (const OnnxShape *, int64_t *dims, size_t n))                              \
  X(65, value_shape, OnnxStatus *, (const OnnxValue *, OnnxShape **))                                        \
  X(69, memory_new_cpu, OnnxStatus *, (int allocator, int memory, OnnxMemory **))                            \
  X(76, allocator_release, OnnxStatus *, (OnnxAllocator *, void *))                                          \
  X(78, allocator_default, OnnxStatus *, (OnnxAllocator **))                                                 \
  X(92, env_free, void, (OnnxEnv *))                                                                         \
  X(93, status_free, void, (OnnxStatus *))                                                                   \
  X(94, memory_free, void, (OnnxMemory *))                                                                   \
  X(95, graph_free, void, (OnnxGraph *))                                                                     \
  X(96, value_free, void, (OnnxValue *))                                                                     \
  X(98, type_free, void, (OnnxType *))                                                                       \
  X(99, shape_free, void, (OnnxShape *))                                                                     \
  X(100, options_free, void, (OnnxOptions *))

typedef struct {
#define ONNX_RUNTIME_MEMBER(place, name, result, arguments) result(*name) arguments;
  ONNX_RUNTIME_TABLE(ONNX_RUNTIME_MEMBER)
#undef ONNX_RUNTIME_MEMBER
} OnnxRuntime;

/* Opens the library (see cr_onnx_load) and fills the table. It stays in the process to its end: its threads
 * and static data outlive every model. */
gboolean onnx_runtime_open(const char *given, OnnxRuntime *runtime, GError **error) G_GNUC_WARN_UNUSED_RESULT;
