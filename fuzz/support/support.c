/* support: see support.h. */
#include "support.h"
#include "base/base.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
fuzz_check(gboolean held, const char *what)
{
  if (held)
    return;
  fprintf(stderr, "fuzz: does not hold: %s\n", what);
  abort();
}

int
fuzz_refused(GError **error)
{
  fuzz_check(*error != NULL, "a refusal sets an error");
  fuzz_check((*error)->domain == CR_ERROR, "an error is of the one domain");
  fuzz_check((*error)->message[0] != '\0', "an error says something");
  fuzz_check(g_utf8_validate((*error)->message, -1, NULL), "a message is UTF-8");
  g_clear_error(error);
  return 0;
}

#define CUT "\n====\n"
#define N_CUT (sizeof CUT - 1)

void
fuzz_parts(const uint8_t *data, size_t size, FuzzPart *parts, guint n_parts)
{
  for (guint i = 0; i < n_parts; i++) {
    const uint8_t *cut = i + 1 < n_parts && size >= N_CUT ? memmem(data, size, CUT, N_CUT) : NULL;
    size_t n = cut ? (size_t)(cut - data) + 1 : size;
    parts[i] = (FuzzPart){data, n};
    data += cut ? n + N_CUT - 1 : n;
    size -= cut ? n + N_CUT - 1 : n;
  }
}

static char *folder;

static void
remove_folder(void)
{
  (void)cr_dir_remove(folder, NULL);
}

const char *
fuzz_folder(void)
{
  if (folder)
    return folder;
  const char *memory = g_file_test("/dev/shm", G_FILE_TEST_IS_DIR) && g_access("/dev/shm", W_OK) == 0
                           ? "/dev/shm"
                           : g_get_tmp_dir();
  folder = g_build_filename(memory, "chartroom-fuzz-XXXXXX", NULL);
  fuzz_check(g_mkdtemp(folder) != NULL, "a folder can be made");
  (void)atexit(remove_folder);
  return folder;
}

char *
fuzz_file(const char *name, const uint8_t *data, size_t size)
{
  char *path = g_build_filename(fuzz_folder(), name, NULL);
  FILE *file = fopen(path, "wb");
  gboolean written = file && fwrite(data, 1, size, file) == size;
  fuzz_check(written && fclose(file) == 0, "a file can be written");
  return path;
}

char *
fuzz_file_string(const char *name, const char *content)
{
  return fuzz_file(name, (const uint8_t *)content, strlen(content));
}

gboolean
fuzz_json_equal(const json_t *a, const json_t *b)
{
  g_autofree char *said_a = json_dumps(a, JSON_SORT_KEYS | JSON_ENCODE_ANY);
  g_autofree char *said_b = json_dumps(b, JSON_SORT_KEYS | JSON_ENCODE_ANY);
  return said_a && said_b && strcmp(said_a, said_b) == 0;
}
