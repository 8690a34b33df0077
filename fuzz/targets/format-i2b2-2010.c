/* An i2b2 2010 note made of any bytes: the text, its concepts, assertions and relations. */
#include "support/format-check.h"
#include "support/support.h"

#include <glib/gstdio.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const names[] = {"i2b2/n1.txt", "i2b2/n1.con", "i2b2/n1.ast", "i2b2/n1.rel"};
  FuzzPart parts[4];
  fuzz_parts(data, size, parts, 4);
  g_autofree char *folder = g_build_filename(fuzz_folder(), "i2b2", NULL);
  (void)g_mkdir(folder, 0700);
  for (guint i = 0; i < 4; i++) {
    g_autofree char *path = fuzz_file(names[i], parts[i].data, parts[i].size);
    g_assert(path);
  }
  return fuzz_format("i2b2-2010", folder);
}
