/* Finds ONNX Runtime on the machine. Always: what was looked for, and where, stands in the message when it is
 * not there; a library that is not an ONNX Runtime, or another generation of it, is refused before any of its
 * functions but the first is called. */
#include "onnx/runtime.h"
#include "base/base.h"
#include <dlfcn.h>
#include <string.h>

/* What the one exported function hands out. */
typedef struct {
  const void *(*table_of)(guint32 interface_version);
  const char *(*version)(void);
} Entry;

static const char *const usual_names[] = {"libonnxruntime.so.1", "libonnxruntime.so"};

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean
refuse(GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *what = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error_literal(error, CR_ERROR, CR_ERROR_ONNX_RUNTIME, what);
  return FALSE;
}

static void *
open_usual(const char **name)
{
  for (guint i = 0; i < G_N_ELEMENTS(usual_names); i++) {
    void *handle = dlopen(usual_names[i], RTLD_NOW | RTLD_LOCAL);
    if (handle) {
      *name = usual_names[i];
      return handle;
    }
  }
  return NULL;
}

/* Where somebody names a library, no other is taken. */
static void *
open_library(const char *given, const char **name, GError **error)
{
  const char *from_env = g_getenv("CHARTROOM_ONNXRUNTIME");
  *name = given ? given : from_env && *from_env ? from_env : NULL;
  void *handle = *name ? dlopen(*name, RTLD_NOW | RTLD_LOCAL) : open_usual(name);
  if (handle)
    return handle;
  if (*name)
    refuse(error, "the library named by %s cannot be opened: %s",
           given ? "--onnx-runtime" : "CHARTROOM_ONNXRUNTIME", dlerror());
  else
    refuse(error,
           "no ONNX Runtime on this machine: neither %s nor %s is on the loader's path, and neither "
           "--onnx-runtime nor CHARTROOM_ONNXRUNTIME names one",
           usual_names[0], usual_names[1]);
  return NULL;
}

static gboolean
fill(OnnxRuntime *runtime, const char *name, const Entry *entry, GError **error)
{
  const char *version = entry->version();
  const gpointer *table = entry->table_of(ONNX_INTERFACE_VERSION);
  if (!version || !g_str_has_prefix(version, "1.") || !table) {
    g_autofree char *said = cr_error_excerpt(version ? version : "none", 80);
    return refuse(error, "%s is ONNX Runtime %s; version 1 is needed", name, said);
  }
#define FILL(place, member, result, arguments) memcpy(&runtime->member, &table[place], sizeof(gpointer));
  ONNX_RUNTIME_TABLE(FILL)
#undef FILL
  return TRUE;
}

gboolean
onnx_runtime_open(const char *given, OnnxRuntime *runtime, GError **error)
{
  const char *name = NULL;
  void *handle = open_library(given, &name, error);
  if (!handle)
    return FALSE;
  const Entry *(*entry_of)(void) = NULL;
  void *symbol = dlsym(handle, "OrtGetApiBase");
  memcpy(&entry_of, &symbol, sizeof symbol);
  const Entry *entry = entry_of ? entry_of() : NULL;
  if (entry && fill(runtime, name, entry, error))
    return TRUE;
  if (!entry)
    refuse(error, "%s is not an ONNX Runtime: it has no OrtGetApiBase", name);
  dlclose(handle);
  return FALSE;
}
