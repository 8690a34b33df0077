/* What is known of a patient, from any JSON: read, written, read again; merged with itself it does not grow.
 */
#include "support/support.h"
#include <chartroom/known.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) json = cr_json_parse((const char *)data, size, &error);
  if (!json)
    return fuzz_refused(&error);
  g_autoptr(CrKnown) known = cr_known_from_json(json, &error);
  if (!known)
    return fuzz_refused(&error);
  g_autoptr(json_t) said = cr_known_to_json(known);
  g_autoptr(CrKnown) again = cr_known_from_json(said, &error);
  fuzz_check(again != NULL, "what was written can be read");
  g_autoptr(CrKnown) both = cr_known_new();
  cr_known_merge(both, known);
  g_autoptr(json_t) once = cr_known_to_json(both);
  cr_known_merge(both, again);
  g_autoptr(json_t) twice = cr_known_to_json(both);
  fuzz_check(fuzz_json_equal(once, twice), "merging what is there already adds nothing");
  fuzz_check(cr_known_is_empty(known) == cr_known_is_empty(both), "empty stays empty");
  return 0;
}
