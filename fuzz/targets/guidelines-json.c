/* Guidelines from any bytes read as JSON. */
#include "support/guidelines-check.h"
#include "support/support.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  return fuzz_guidelines(FALSE, data, size);
}
