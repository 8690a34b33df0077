/* Notes from any bytes read as JSON lines. */
#include "support/intake-sink.h"
#include "support/support.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  return fuzz_intake("jsonl", "notes.jsonl", data, size);
}
