/* Any bytes as JSON: refused with an error, or a value that survives being written and read again. */
#include "support/support.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) value = cr_json_parse((const char *)data, size, &error);
  if (!value)
    return fuzz_refused(&error);
  g_autofree char *said = cr_json_dump(value);
  g_autoptr(json_t) again = cr_json_parse(said, strlen(said), &error);
  fuzz_check(again && json_equal(value, again), "what was written reads as the same value");
  g_autofree char *twice = cr_json_dump(again);
  fuzz_check(strcmp(said, twice) == 0, "writing twice gives the same bytes");
  return 0;
}
