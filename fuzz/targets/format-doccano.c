/* Labelled documents from any bytes read as the format doccano. */
#include "support/format-check.h"
#include "support/support.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *path = fuzz_file("in.jsonl", data, size);
  return fuzz_format("doccano", path);
}
