/* Table files of this room: tab-separated lines, # opens a comment line. Where they lie: rules_dir, or the
 * installed folder, or the source tree's while running from a build. */
#include "phi-private.h"
#include "base/base.h"
#include <errno.h>
#include <string.h>

char *
phi_rules_path(const char *rules_dir, const char *name)
{
  if (rules_dir)
    return g_build_filename(rules_dir, name, NULL);
  return g_build_filename(cr_data_dir(), "rules", name, NULL);
}

/* A build keeps the compiled table in the build folder, an installation beside the table. */
char *
phi_compiled_path(const char *rules_dir, const PhiLanguage *language)
{
  g_autofree char *beside = phi_rules_path(rules_dir, language->compiled);
  if (rules_dir || g_file_test(beside, G_FILE_TEST_EXISTS))
    return g_steal_pointer(&beside);
  return g_build_filename(CR_PHI_BUILT_RULES, language->compiled, NULL);
}

char *
phi_model_path(const char *rules_dir, const PhiLanguage *language)
{
  g_autofree char *name = g_strdup_printf("phi-%s.crf", language->code);
  if (rules_dir)
    return g_build_filename(rules_dir, "..", "models", name, NULL);
  return g_build_filename(cr_data_dir(), "models", name, NULL);
}

/* A site's own rules folder may bring its own lexicon; otherwise the program's is used. */
char *
phi_lexicon_path(const char *rules_dir, const char *name)
{
  if (rules_dir) {
    g_autofree char *own = g_build_filename(rules_dir, "..", "lexicons", name, NULL);
    if (g_file_test(own, G_FILE_TEST_EXISTS))
      return g_steal_pointer(&own);
  }
  return g_build_filename(cr_data_dir(), "lexicons", name, NULL);
}

static gboolean
read_rows(char *bytes, PhiRowFunc func, gpointer data, GError **error)
{
  guint line = 0;
  for (char *at = bytes; at && *at;) {
    char *next = strchr(at, '\n');
    if (next)
      *next++ = '\0';
    line++;
    g_strchomp(at);
    if (*at && *at != '#') {
      char *fields[12];
      guint n = 0;
      for (char *field = at; field && n < G_N_ELEMENTS(fields); n++) {
        fields[n] = field;
        field = strchr(field, '\t');
        if (field)
          *field++ = '\0';
      }
      if (!func(fields, n, line, data, error))
        return FALSE;
    }
    at = next;
  }
  return TRUE;
}

gboolean
phi_table_read(const char *path, PhiRowFunc func, gpointer data, GString *hash_of, GError **error)
{
  g_autofree char *bytes = NULL;
  gsize n_bytes = 0;
  g_autoptr(GError) cause = NULL;
  if (!g_file_get_contents(path, &bytes, &n_bytes, &cause)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%s: cannot be read", path);
    return FALSE;
  }
  if (memchr(bytes, 0, n_bytes) || !g_utf8_validate(bytes, (gssize)n_bytes, NULL)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%s: not a UTF-8 text", path);
    return FALSE;
  }
  if (hash_of) {
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, n_bytes);
    g_string_append(hash_of, sum);
  }
  g_autoptr(GError) inner = NULL;
  if (read_rows(bytes, func, data, &inner))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%s:%s", path, inner ? inner->message : "bad row");
  return FALSE;
}
