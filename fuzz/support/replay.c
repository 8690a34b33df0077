/* replay: runs a fuzz target over its corpus under an ordinary compiler, as a test. Each file goes in as it
 * is, cut short at many places, and with single bytes changed (the same ones each time). A crash ends the
 * process, and the test with it; the line before says which file it was. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_VARIATIONS 64

/* In a block of exactly that size, so that a sanitised build sees a read beyond it. */
static void
run_exactly(const uint8_t *data, size_t size)
{
  uint8_t *copy = g_malloc(size ? size : 1);
  if (size)
    memcpy(copy, data, size);
  (void)LLVMFuzzerTestOneInput(copy, size);
  g_free(copy);
}

static void
run_file(const uint8_t *data, size_t size, guint32 seed)
{
  run_exactly(data, size);
  g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
  g_autofree uint8_t *changed = g_malloc(size ? size : 1);
  for (guint i = 0; i < N_VARIATIONS && size > 0; i++) {
    run_exactly(data, size * i / N_VARIATIONS);
    memcpy(changed, data, size);
    changed[g_rand_int(rand) % size] = (uint8_t)g_rand_int(rand);
    run_exactly(changed, size);
  }
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *
corpus_files(const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GError) error = NULL;
  g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
  if (!dir)
    g_error("%s", error->message);
  for (const char *name; (name = g_dir_read_name(dir));)
    g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, compare_names);
  return names;
}

int
main(int argc, char **argv)
{
  if (argc != 2) {
    fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
    return 2;
  }
  g_autoptr(GPtrArray) names = corpus_files(argv[1]);
  if (names->len == 0)
    g_error("%s: no file", argv[1]);
  printf("1..%u\n", names->len);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *path = g_build_filename(argv[1], names->pdata[i], NULL), *bytes = NULL;
    gsize n = 0;
    printf("# %s\n", (char *)names->pdata[i]);
    fflush(stdout);
    if (!g_file_get_contents(path, &bytes, &n, NULL))
      g_error("%s: cannot be read", path);
    run_file((const uint8_t *)bytes, n, i + 1);
    printf("ok %u - %s\n", i + 1, (char *)names->pdata[i]);
  }
  return 0;
}
