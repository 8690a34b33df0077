/* Where the program's own tables and models lie: CHARTROOM_DATA, else the source tree's data while running
 * from a build, else the installed folder. */
#include "base/base.h"

#ifndef CR_SOURCE_DATA
#error "src/base/meson.build defines CR_SOURCE_DATA and CR_INSTALLED_DATA"
#endif

const char *
cr_data_dir(void)
{
  static gsize once = 0;
  static const char *dir = NULL;
  if (g_once_init_enter(&once)) {
    const char *named = g_getenv("CHARTROOM_DATA");
    if (named && *named)
      dir = g_strdup(named);
    else
      dir = g_file_test(CR_SOURCE_DATA "/rules/rules.tsv", G_FILE_TEST_EXISTS) ? CR_SOURCE_DATA
                                                                               : CR_INSTALLED_DATA;
    g_once_init_leave(&once, 1);
  }
  return dir;
}
