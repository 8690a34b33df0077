/* Notes from any bytes read as a CSV table. */
#include "support/intake-sink.h"
#include "support/support.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  return fuzz_intake("csv", "notes.csv", data, size);
}
