/* A policy table from any bytes. */
#include "support/support.h"
#include <chartroom/phi.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = fuzz_file("policy.tsv", data, size);
  g_autoptr(CrPolicy) policy = cr_policy_load(NULL, path, &error);
  if (!policy)
    return fuzz_refused(&error);
  fuzz_check(cr_policy_name(policy) && cr_policy_version(policy), "a policy has a name and a version");
  for (guint kind = 0; kind < CR_PHI_N_KINDS; kind++)
    fuzz_check(cr_policy_action(policy, (CrPhiKind)kind) <= CR_PHI_GENERALISE, "every kind has an action");
  return 0;
}
