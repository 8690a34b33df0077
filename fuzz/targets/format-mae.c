/* Labelled documents from any bytes read as an XML file of i2b2 2014. */
#include "support/format-check.h"
#include "support/support.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *path = fuzz_file("in.xml", data, size);
  return fuzz_format("mae", path);
}
