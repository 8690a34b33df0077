/* Labelled documents from any bytes read as the format conll. */
#include "support/format-check.h"
#include "support/support.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *path = fuzz_file("in.conll", data, size);
  return fuzz_format("conll", path);
}
