/* guidelines-check: guidelines from any bytes are refused, or survive their own canonical JSON; nothing
 * changed between a version and itself. */
#include "guidelines-check.h"
#include "guidelines/guidelines-private.h"
#include "support.h"

static void
check_diff(const CrGuidelines *a, const CrGuidelines *b)
{
  g_autoptr(json_t) diff = cr_guidelines_diff(a, b);
  g_autofree char *text = cr_guidelines_diff_text(diff);
  fuzz_check(json_array_size(json_object_get(diff, "changes")) == 0, "a version does not differ from itself");
  fuzz_check(text != NULL, "a difference can be told");
}

int
fuzz_guidelines(gboolean yaml, const uint8_t *data, size_t size)
{
  g_auto(CrGuidelinesSource) source = {0};
  g_autoptr(GError) error = NULL;
  if (!(yaml ? cr_guidelines_source_yaml : cr_guidelines_source_json)(&source, (const char *)data, size,
                                                                      &error))
    return fuzz_refused(&error);
  g_autoptr(CrGuidelines) g = cr_guidelines_read(&source, &error);
  if (!g)
    return fuzz_refused(&error);
  g_autoptr(json_t) said = cr_guidelines_to_json(g);
  g_autoptr(CrGuidelines) again = cr_guidelines_from_json(said, &error);
  fuzz_check(again != NULL, "the canonical JSON can be read");
  g_autoptr(json_t) twice = cr_guidelines_to_json(again);
  fuzz_check(fuzz_json_equal(said, twice), "the canonical JSON is canonical");
  check_diff(g, again);
  return 0;
}
