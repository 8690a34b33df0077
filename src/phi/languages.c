/* The languages there are rules for. Tables of the first lie in the rules folder itself, those of another in
 * a folder of its own; policies, kinds and the scan are shared. */
#include "phi-private.h"
#include <string.h>

static const PhiLanguage languages[] = {
    {"en", "rules.tsv", "rules.hsdb", "words.tsv", "gazetteer.tsv", "nicknames.tsv", "scan.tsv",
     "lexicon.tsv", TRUE, phi_names_run, phi_recase},
    {"es", "es/rules.tsv", "rules-es.hsdb", "es/words.tsv", "es/gazetteer.tsv", "es/nicknames.tsv",
     "es/scan.tsv", "es/lexicon.tsv", FALSE, phi_es_names_run, NULL},
};

static char *
list_codes(void)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(languages); i++)
    g_string_append_printf(out, "%s%s", i ? ", " : "", languages[i].code);
  return g_string_free(out, FALSE);
}

const PhiLanguage *
phi_language_find(const char *code, GError **error)
{
  if (!code)
    return &languages[0];
  for (guint i = 0; i < G_N_ELEMENTS(languages); i++)
    if (strcmp(languages[i].code, code) == 0)
      return &languages[i];
  g_autofree char *have = list_codes();
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "there are no rules for the language \"%s\" (have: %s)", code,
              have);
  return NULL;
}

const char *
cr_phi_language_of(const char *tag)
{
  for (guint i = 0; tag && i < G_N_ELEMENTS(languages); i++) {
    gsize n = strlen(languages[i].code);
    if (g_ascii_strncasecmp(tag, languages[i].code, n) == 0 && !g_ascii_isalpha(tag[n]))
      return languages[i].code;
  }
  return languages[0].code;
}
