/* Compiles the rule table ahead of time, so that programs start without compiling it:
 * compile-rules RULES.tsv OUT.hsdb. The result serves processors of the kind it was made on; elsewhere the
 * table is compiled at the start. */
#include "phi/phi-private.h"
#include <stdio.h>

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  if (argc != 3)
    return fprintf(stderr, "usage: compile-rules RULES.tsv OUT.hsdb\n"), 2;
  g_autoptr(PhiRules) rules = phi_rules_load(argv[1], NULL, &error);
  if (!rules)
    return fprintf(stderr, "compile-rules: %s\n", error->message), 3;
  gsize n_bytes = 0;
  g_autofree char *bytes = phi_rules_serialise(rules, &n_bytes);
  if (!g_file_set_contents(argv[2], bytes, (gssize)n_bytes, &error))
    return fprintf(stderr, "compile-rules: %s\n", error->message), 3;
  return 0;
}
