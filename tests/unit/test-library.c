/* The shared library as a program outside sees it: the headers of include/chartroom alone, and every function
 * they declare. */
#include <chartroom/agreement.h>
#include <chartroom/formats.h>
#include <chartroom/phi.h>
#include <chartroom/privacy.h>
#include <chartroom/reading.h>
#include <chartroom/release.h>

#include <string.h>

/* A note in, a cleared note out, and every place in it found again in the original. */
static void
test_clear_a_note(void)
{
  static const char original[] =
      "Patient: Maria Lopez, MRN: 00418823, seen 03/14/2018 by Dr. Chen. Café au lait spots.";
  g_autoptr(GError) error = NULL;
  g_autoptr(CrText) text = cr_text_new(original, -1, &error);
  g_autoptr(CrPhiDetector) detector = cr_phi_detector_new(NULL, "en", &error);
  g_assert_no_error(error);
  g_autoptr(CrPhiScratch) scratch = cr_phi_scratch_new(detector);
  g_autoptr(CrPolicy) policy = cr_policy_load(NULL, "safe-harbor", &error);
  g_autoptr(GArray) found = cr_phi_detect(detector, scratch, text, NULL, 0.5);
  g_autoptr(CrRedaction) cleared = cr_phi_redact(policy, text, found, &error);
  g_assert_no_error(error);
  g_autofree char *said =
      g_strndup(cr_text_bytes(cleared->text), cr_text_length(cleared->text, CR_UNIT_BYTE));
  g_assert_null(strstr(said, "Lopez"));
  g_assert_null(strstr(said, "00418823"));
  g_assert_nonnull(strstr(said, "Café au lait"));
  CrSpan spots = {(gsize)(strstr(said, "Café") - said), strlen(said)};
  CrSpan there = cr_offset_map_to_old(cleared->map, spots, NULL);
  g_assert_cmpint(there.start, ==, strstr(original, "Café") - original);
}

/* "cr_text_new" from a line of nm or of a header. */
static void
add_names(GHashTable *names, const char *text, const char *pattern)
{
  g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
  g_autoptr(GMatchInfo) match = NULL;
  for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL))
    g_hash_table_add(names, g_match_info_fetch(match, 1));
}

static void
add_declared(GHashTable *names)
{
  g_autofree char *folder = g_build_filename(g_getenv("CR_SOURCE"), "include", "chartroom", NULL);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *name; (name = g_dir_read_name(dir));) {
    g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    add_names(names, text, "CR_EXPORT[^;]*?\\b(cr_\\w+)\\s*\\(");
  }
}

static void
test_exported_is_declared(void)
{
  g_autofree char *library = g_build_filename(g_getenv("CR_BUILD"), "src", "libchartroom.so", NULL),
                  *symbols = NULL;
  g_autoptr(GHashTable) declared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                        exported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  const char *argv[] = {"nm", "-D", "--defined-only", library, NULL};
  GHashTableIter iter;
  gpointer name;
  if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &symbols, NULL, NULL, NULL) ||
      !symbols || !*symbols) {
    g_test_skip("nm is not here");
    return;
  }
  add_names(exported, symbols, "^[0-9a-f]+ [TtWDBR] (\\w+)");
  add_declared(declared);
  g_assert_cmpint(g_hash_table_size(declared), >, 100);
  g_hash_table_iter_init(&iter, declared);
  while (g_hash_table_iter_next(&iter, &name, NULL))
    if (!g_hash_table_contains(exported, name))
      g_test_fail_printf("%s is declared in include/chartroom and not exported", (const char *)name);
  g_hash_table_iter_init(&iter, exported);
  while (g_hash_table_iter_next(&iter, &name, NULL))
    if (!g_hash_table_contains(declared, name) && !g_str_has_prefix(name, "__"))
      g_test_fail_printf("%s is exported and not declared", (const char *)name);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/library/clear-a-note", test_clear_a_note);
  g_test_add_func("/library/exported-is-declared", test_exported_is_declared);
  return g_test_run();
}
