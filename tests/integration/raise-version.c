/* raise-version.c: makes the store of a project one that a newer program wrote, for the tests.
 * Usage: raise-version PROJECT work.db|vault.db MEMBER, the passphrase in CHARTROOM_PASSPHRASE. */
#include "base/base.h"
#include "base/keyring.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

static gboolean
raise_version(const char *project, const char *file, const char *member, GError **error)
{
  gboolean vault = g_str_equal(file, "vault.db");
  g_autofree char *ring_path = g_build_filename(project, "keyring", NULL),
                  *path = g_build_filename(project, file, NULL);
  g_autoptr(CrKeyring) ring = cr_keyring_load(cr_env_default(), ring_path, error);
  g_autoptr(CrMemberKeys) keys =
      ring ? cr_keyring_unlock(ring, member, g_getenv("CHARTROOM_PASSPHRASE"), error) : NULL;
  g_autoptr(CrKey) key = keys ? cr_keyring_open_key(ring, vault ? "vault" : "work", keys, error) : NULL;
  CrDb *db = key ? cr_db_open(path, vault ? CR_DB_VAULT : CR_DB_WORK, key, FALSE, error) : NULL;
  if (!db)
    return FALSE;
  gboolean ok = cr_db_exec(db, error, "PRAGMA user_version=999999", "");
  return cr_db_close(db, ok ? error : NULL) && ok;
}

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  if (argc == 4 && raise_version(argv[1], argv[2], argv[3], &error))
    return 0;
  fprintf(stderr, "raise-version: %s\n", error ? error->message : "PROJECT FILE MEMBER");
  return 1;
}
