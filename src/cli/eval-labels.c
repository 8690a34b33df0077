/* Tables that translate one scheme's labels into another's. */
#include "base/base.h"
#include "cli/eval-study.h"
#include <string.h>

enum { MAX_MAP_BYTES = 1 << 20 };

GHashTable *
cr_label_map_read(const char *path, GError **error)
{
  g_autoptr(GBytes) bytes = cr_file_read(path, MAX_MAP_BYTES, error);
  if (bytes == NULL)
    return NULL;
  gsize n_bytes;
  const char *data = g_bytes_get_data(bytes, &n_bytes);
  g_autofree char *text = g_strndup(data != NULL ? data : "", n_bytes);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autoptr(GHashTable) map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_strchomp(lines[i]);
    if (lines[i][0] == '\0' || lines[i][0] == '#')
      continue;
    g_auto(GStrv) columns = g_strsplit(lines[i], "\t", -1);
    if (g_strv_length(columns) != 2 || columns[0][0] == '\0' || columns[1][0] == '\0') {
      g_set_error(error, CR_ERROR, CR_ERROR_BAD_COLUMNS, "%s:%u: not a label, a tab and a label", path,
                  i + 1);
      return NULL;
    }
    if (!g_hash_table_replace(map, g_strdup(columns[0]), g_strdup(columns[1]))) {
      g_set_error(error, CR_ERROR, CR_ERROR_BAD_COLUMNS, "%s:%u: the label stands twice", path, i + 1);
      return NULL;
    }
  }
  return g_steal_pointer(&map);
}

void
cr_label_map_apply(GHashTable *map, GPtrArray *corpus)
{
  for (guint d = 0; map != NULL && d < corpus->len; d++) {
    GArray *spans = ((CrCorpusDocument *)corpus->pdata[d])->spans;
    for (guint i = 0; i < spans->len; i++) {
      CrCorpusSpan *span = &g_array_index(spans, CrCorpusSpan, i);
      const char *to = g_hash_table_lookup(map, span->label);
      if (to == NULL)
        continue;
      g_free(span->label);
      span->label = g_strdup(to);
    }
  }
}
