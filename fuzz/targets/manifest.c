/* A manifest of known identifiers from any bytes; JSON lines where they begin with a brace, else CSV. */
#include "support/support.h"
#include <chartroom/intake.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = fuzz_file(size && data[0] == '{' ? "known.jsonl" : "known.csv", data, size);
  g_autoptr(CrManifest) manifest = cr_manifest_load(path, &error);
  if (!manifest)
    return fuzz_refused(&error);
  const CrKnown *known = cr_manifest_lookup(manifest, "P1", "n1");
  fuzz_check(!known || cr_manifest_size(manifest) > 0, "an empty manifest knows nobody");
  if (known) {
    g_autoptr(json_t) said = cr_known_to_json(known);
    g_autoptr(CrKnown) again = cr_known_from_json(said, &error);
    fuzz_check(again != NULL, "what is known can be written and read");
  }
  return 0;
}
