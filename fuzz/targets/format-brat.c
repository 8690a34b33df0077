/* A brat document made of any bytes: the text, its annotations, and an annotation.conf. */
#include "support/format-check.h"
#include "support/support.h"

#include <glib/gstdio.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzPart parts[3];
  fuzz_parts(data, size, parts, 3);
  g_autofree char *folder = g_build_filename(fuzz_folder(), "brat", NULL);
  (void)g_mkdir(folder, 0700);
  g_autofree char *text = fuzz_file("brat/n1.txt", parts[0].data, parts[0].size),
                  *labels = fuzz_file("brat/n1.ann", parts[1].data, parts[1].size),
                  *conf = fuzz_file("brat/annotation.conf", parts[2].data, parts[2].size);
  return fuzz_format("brat", folder);
}
