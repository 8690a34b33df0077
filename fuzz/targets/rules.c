/* The rule compiler over any bytes: a table that compiles runs over a text. */
#include "phi/phi-private.h"
#include "support/support.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = fuzz_file("rules.tsv", data, size);
  g_autoptr(PhiRules) rules = phi_rules_load(path, NULL, &error);
  if (!rules)
    return fuzz_refused(&error);
  fuzz_check(phi_rules_database(rules) && phi_rules_hash(rules), "rules that were loaded are compiled");
  gsize n = 0;
  g_autofree char *compiled = phi_rules_serialise(rules, &n);
  g_autofree char *compiled_path = fuzz_file("rules.hsdb", (const uint8_t *)compiled, n);
  g_autoptr(PhiRules) again = phi_rules_load(path, compiled_path, &error);
  fuzz_check(again && phi_rules_count(again) == phi_rules_count(rules), "compiled rules can be loaded");
  return 0;
}
