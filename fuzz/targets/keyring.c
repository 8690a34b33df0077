/* A keyring file from any bytes: as it is, and as the JSON line of a file whose checksum holds. */
#include "base/keyring.h"
#include "support/support.h"

static void
load(const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrKeyring) ring = cr_keyring_load(cr_env_default(), path, &error);
  if (!ring) {
    fuzz_refused(&error);
    return;
  }
  g_auto(GStrv) members = cr_keyring_members(ring);
  for (guint i = 0; members[i]; i++)
    fuzz_check(cr_keyring_has_member(ring, members[i]), "a member that is listed is there");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *as_is = fuzz_file("keyring", data, size);
  load(as_is);
  GString *file = g_string_new("chartroom keyring 1\n");
  g_string_append_len(file, (const char *)data, (gssize)size);
  g_string_append_c(file, '\n');
  g_autofree char *sum = cr_sha256_hex(file->str, file->len);
  g_string_append_printf(file, "sha256 %s\n", sum);
  g_autofree char *bytes = g_string_free(file, FALSE);
  g_autofree char *path = fuzz_file("keyring", (const uint8_t *)bytes, size + 21 + 72);
  load(path);
  return 0;
}
