/* Labelled documents from a folder of CSV tables made of any bytes: documents, findings, relations. */
#include "support/format-check.h"
#include "support/support.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzPart parts[3];
  fuzz_parts(data, size, parts, 3);
  g_autofree char *documents = fuzz_file("documents.csv", parts[0].data, parts[0].size),
                  *findings = fuzz_file("findings.csv", parts[1].data, parts[1].size),
                  *relations = fuzz_file("relations.csv", parts[2].data, parts[2].size);
  return fuzz_format("csv", fuzz_folder());
}
