/* A Hugging Face folder made of any bytes: the names of the tags, and the lines. */
#include "support/format-check.h"
#include "support/support.h"

#include <glib/gstdio.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzPart parts[2];
  fuzz_parts(data, size, parts, 2);
  g_autofree char *folder = g_build_filename(fuzz_folder(), "huggingface", NULL);
  (void)g_mkdir(folder, 0700);
  g_autofree char *info = fuzz_file("huggingface/dataset_info.json", parts[0].data, parts[0].size),
                  *lines = fuzz_file("huggingface/data.jsonl", parts[1].data, parts[1].size);
  return fuzz_format("huggingface", folder);
}
