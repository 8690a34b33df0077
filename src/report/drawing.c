/* drawing.c: finds cairo and pango on the machine. */
#include "report/drawing.h"
#include <dlfcn.h>

#include <string.h>

static const char *const libraries[] = {"libcairo.so.2", "libpango-1.0.so.0", "libpangocairo-1.0.so.0",
                                        "libgobject-2.0.so.0"};

static gboolean
refuse(GError **error, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_PDF_LIBRARY, "a PDF can't be drawn: %s", what);
  return FALSE;
}

static gpointer
find(void *const *handles, const char *name)
{
  gpointer found = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(libraries) && !found; i++)
    found = dlsym(handles[i], name);
  return found;
}

static gboolean
fill(CrDrawing *drawing, void *const *handles, GError **error)
{
  gpointer found;
#define FILL(function)                                                                                       \
  if (!(found = find(handles, #function)))                                                                   \
    return refuse(error, "the libraries on this machine have no " #function);                                \
  memcpy(&drawing->function, &found, sizeof found);
  CR_DRAWING_TABLE(FILL)
#undef FILL
  return TRUE;
}

const CrDrawing *
cr_drawing_open(GError **error)
{
  static CrDrawing drawing;
  static gboolean is_open;
  void *handles[G_N_ELEMENTS(libraries)];
  for (guint i = 0; i < G_N_ELEMENTS(libraries) && !is_open; i++)
    if (!(handles[i] = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL))) {
      refuse(error, dlerror());
      return NULL;
    }
  is_open = is_open || fill(&drawing, handles, error);
  return is_open ? &drawing : NULL;
}
