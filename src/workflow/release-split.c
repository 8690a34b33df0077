/* release-split.c: training, development and test parts: their shares, and a second look at what was drawn.
 */
#include "workflow/release-private.h"

#include <string.h>

static void
split_clear(gpointer data)
{
  g_free(((CrReleaseSplit *)data)->name);
}

static const char *
split_name(guint i, guint n)
{
  if (n == 1)
    return "all";
  if (i == 0)
    return "train";
  return n == 3 && i == 1 ? "dev" : "test";
}

static gboolean
bad_split(const char *given, GError **error)
{
  g_autofree char *said = cr_error_excerpt(given, 40);
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE,
              "split '%s': give one to three shares that add up to 100, as in 80/10/10", said);
  return FALSE;
}

gboolean
cr_release_parse_split(CrRelease *release, GError **error)
{
  const char *given = release->options->split ? release->options->split : "100";
  g_auto(GStrv) parts = g_strsplit(given, "/", -1);
  guint n = g_strv_length(parts);
  double sum = 0;
  release->splits = g_array_new(FALSE, TRUE, sizeof(CrReleaseSplit));
  g_array_set_clear_func(release->splits, split_clear);
  if (n < 1 || n > 3)
    return bad_split(given, error);
  for (guint i = 0; i < n; i++) {
    char *end;
    double share = g_ascii_strtod(parts[i], &end);
    if (end == parts[i] || *end || !(share > 0 && share <= 100))
      return bad_split(given, error);
    CrReleaseSplit split = {.name = g_strdup(split_name(i, n)), .share = share / 100};
    g_array_append_val(release->splits, split);
    sum += share;
  }
  return (sum > 99.99 && sum < 100.01) || bad_split(given, error);
}

char *
cr_release_split_problem(const CrRelease *release)
{
  g_autoptr(GHashTable) part_of = g_hash_table_new(g_str_hash, g_str_equal);
  g_autofree gboolean *filled = g_new0(gboolean, release->splits->len);
  for (guint i = 0; i < release->notes->len; i++) {
    const CrReleaseNote *note = release->notes->pdata[i];
    gpointer before;
    filled[note->split] = TRUE;
    if (!g_hash_table_lookup_extended(part_of, note->patient, NULL, &before))
      g_hash_table_insert(part_of, note->patient, GUINT_TO_POINTER(note->split));
    else if (GPOINTER_TO_UINT(before) != note->split)
      return g_strdup_printf("note %s: its patient stands in two parts", note->id);
  }
  for (guint i = 0; i < release->splits->len; i++)
    if (!filled[i])
      return g_strdup_printf("%u patients can't fill the part '%s' of %u parts", g_hash_table_size(part_of),
                             g_array_index(release->splits, CrReleaseSplit, i).name, release->splits->len);
  return NULL;
}
