/* keyring: roles are which boxes exist; any changed byte is refused. */
#include "base/keyring-private.h"
#include <chartroom/json.h>

#include <glib/gstdio.h>
#include <string.h>

#define assert_code(error, code)                                                                             \
  do {                                                                                                       \
    g_assert_error((error), CR_ERROR, CR_ERROR_##code);                                                      \
    g_clear_error(&(error));                                                                                 \
  } while (0)

static char *dir, *path;

/* A keyring with a lead who holds every key, saved at path. */
static CrKeyring *
make_ring(CrEnv *env, char **lead, CrMemberKeys **keys)
{
  static const char *const names[] = {"vault", "work", "names"};
  g_autoptr(GError) error = NULL;
  CrKeyring *ring = cr_keyring_new(env, "C-TEST");
  *lead = cr_keyring_add_member(ring, "correct horse", CR_ROLE_ALL);
  *keys = cr_keyring_unlock(ring, *lead, "correct horse", &error);
  g_assert_no_error(error);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autoptr(CrKey) key = cr_key_new_random(env);
    cr_keyring_grant(ring, names[i], *lead, key);
  }
  g_assert_true(cr_keyring_save(ring, env->io, path, *keys, &error));
  return ring;
}

static void
test_unlock(void)
{
  CrEnv *env = cr_env_default();
  g_autoptr(GError) error = NULL;
  g_autofree char *lead = NULL;
  g_autoptr(CrMemberKeys) keys = NULL;
  g_autoptr(CrKeyring) ring = make_ring(env, &lead, &keys);
  g_autoptr(CrKeyring) loaded = cr_keyring_load(env, path, &error);
  g_assert_no_error(error);
  g_autofree char *a = cr_keyring_hash_hex(ring), *b = cr_keyring_hash_hex(loaded);
  g_assert_cmpstr(a, ==, b);
  g_assert_cmpstr(cr_keyring_project_id(loaded), ==, "C-TEST");
  g_assert_null(cr_keyring_unlock(loaded, lead, "wrong horse", &error));
  assert_code(error, WRONG_PASSPHRASE);
  g_assert_null(cr_keyring_unlock(loaded, "M-NOBODY", "correct horse", &error));
  assert_code(error, NO_SUCH_MEMBER);
  cr_keyring_set_locked(loaded, lead, TRUE);
  g_assert_null(cr_keyring_unlock(loaded, lead, "correct horse", &error));
  assert_code(error, MEMBER_LOCKED);
  g_assert_true(cr_keyring_change_passphrase(ring, keys, "another", &error));
  g_autoptr(CrMemberKeys) again = cr_keyring_unlock(ring, lead, "another", &error);
  g_assert_nonnull(again);
  g_assert_null(cr_keyring_unlock(ring, lead, "correct horse", &error));
  assert_code(error, WRONG_PASSPHRASE);
}

/* What each role can open, from the promise in security.md, not from the code's table. */
static void
test_roles_are_keys(void)
{
  static const struct {
    guint role;
    gboolean vault, names;
  } cases[] = {{CR_ROLE_LEAD, FALSE, TRUE},       {CR_ROLE_PRIVACY, TRUE, TRUE},
               {CR_ROLE_CLINICIAN, FALSE, FALSE}, {CR_ROLE_SENIOR, FALSE, TRUE},
               {CR_ROLE_ENGINEER, FALSE, FALSE},  {CR_ROLE_AUDITOR, FALSE, TRUE}};
  CrEnv *env = cr_env_default();
  g_autofree char *lead = NULL;
  g_autoptr(CrMemberKeys) keys = NULL;
  g_autoptr(CrKeyring) ring = make_ring(env, &lead, &keys);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *code = cr_keyring_add_member(ring, "pw", 0);
    g_assert_true(cr_keyring_set_roles(ring, code, cases[i].role, keys, &error));
    g_autoptr(CrMemberKeys) member = cr_keyring_unlock(ring, code, "pw", &error);
    g_autoptr(CrKey) work = cr_keyring_open_key(ring, "work", member, &error);
    g_assert_nonnull(work);
    g_autoptr(CrKey) vault = cr_keyring_open_key(ring, "vault", member, &error);
    g_assert_cmpint(vault != NULL, ==, cases[i].vault);
    if (!vault)
      assert_code(error, NOT_PERMITTED);
    g_autoptr(CrKey) names = cr_keyring_open_key(ring, "names", member, &error);
    g_assert_cmpint(names != NULL, ==, cases[i].names);
    g_clear_error(&error);
  }
}

/* A box copied under another member's name does not open: it is sealed to a key, not to a word in a file. */
static void
test_stolen_box(void)
{
  CrEnv *env = cr_env_default();
  g_autoptr(GError) error = NULL;
  g_autofree char *lead = NULL, *text = NULL;
  g_autoptr(CrMemberKeys) keys = NULL;
  g_autoptr(CrKeyring) ring = make_ring(env, &lead, &keys);
  g_autofree char *thief = cr_keyring_add_member(ring, "pw", CR_ROLE_CLINICIAN);
  g_autoptr(CrMemberKeys) stolen = cr_keyring_unlock(ring, thief, "pw", &error);
  g_assert_null(cr_keyring_open_key(ring, "vault", stolen, &error));
  assert_code(error, NOT_PERMITTED);
  /* The thief edits the file: the lead's boxes under the thief's code, checksum made anew. */
  g_assert_true(cr_keyring_save(ring, env->io, path, keys, &error));
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_auto(GStrv) parts = g_strsplit(lines[1], "\"grants\":", 2);
  g_auto(GStrv) swapped = g_strsplit(parts[1], lead, -1);
  g_autofree char *grants = g_strjoinv(thief, swapped),
                  *head = g_strdup_printf("%s\n%s\"grants\":%s\n", lines[0], parts[0], grants);
  g_autofree char *sum = cr_sha256_hex(head, strlen(head)),
                  *file = g_strdup_printf("%ssha256 %s\n", head, sum);
  g_assert_true(g_file_set_contents(path, file, -1, NULL));
  g_assert_null(cr_keyring_load(env, path, &error));
  assert_code(error, DAMAGED); /* the signature is the lead's, over something else */
}

static void
test_granter_must_hold(void)
{
  CrEnv *env = cr_env_default();
  g_autoptr(GError) error = NULL;
  g_autofree char *lead = NULL;
  g_autoptr(CrMemberKeys) keys = NULL;
  g_autoptr(CrKeyring) ring = make_ring(env, &lead, &keys);
  g_autofree char *second = cr_keyring_add_member(ring, "pw", 0),
                  *third = cr_keyring_add_member(ring, "pw", 0);
  g_assert_true(cr_keyring_set_roles(ring, second, CR_ROLE_LEAD, keys, &error));
  g_autoptr(CrMemberKeys) lead_only = cr_keyring_unlock(ring, second, "pw", &error);
  g_assert_false(cr_keyring_set_roles(ring, third, CR_ROLE_PRIVACY, lead_only, &error));
  assert_code(error, NOT_PERMITTED);
  g_assert_true(cr_keyring_set_roles(ring, third, CR_ROLE_CLINICIAN, lead_only, &error));
  g_assert_true(cr_keyring_set_roles(ring, third, CR_ROLE_PRIVACY, keys, &error));
  g_assert_true(cr_keyring_granted(ring, "vault", third));
  g_assert_true(
      cr_keyring_set_roles(ring, third, CR_ROLE_CLINICIAN, keys, &error)); /* and it is taken away again */
  g_assert_false(cr_keyring_granted(ring, "vault", third));
  cr_keyring_remove_member(ring, third);
  g_assert_false(cr_keyring_granted(ring, "work", third));
  g_assert_null(cr_keyring_unlock(ring, third, "pw", &error));
  assert_code(error, NO_SUCH_MEMBER);
}

static gboolean
refused(CrEnv *env, const char *file, gsize n)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(g_file_set_contents(path, file, (gssize)n, NULL));
  CrKeyring *ring = cr_keyring_load(env, path, &error);
  gboolean clear = !ring && (g_error_matches(error, CR_ERROR, CR_ERROR_DAMAGED) ||
                             g_error_matches(error, CR_ERROR, CR_ERROR_NEWER_VERSION));
  cr_keyring_free(ring);
  return clear;
}

static void
test_every_flip(void)
{
  CrEnv *env = cr_env_default();
  g_autofree char *lead = NULL, *text = NULL;
  g_autoptr(CrMemberKeys) keys = NULL;
  g_autoptr(CrKeyring) ring = make_ring(env, &lead, &keys);
  gsize n = 0;
  g_assert_true(g_file_get_contents(path, &text, &n, NULL));
  for (gsize i = 0; i < n; i++) {
    text[i] = (char)(text[i] ^ (1 << (i % 8)));
    g_assert_true(refused(env, text, n));
    text[i] = (char)(text[i] ^ (1 << (i % 8)));
  }
  for (gsize cut = 0; cut < n; cut += 7)
    g_assert_true(refused(env, text, cut));
  g_autofree char *longer = g_strconcat(text, "\n", NULL);
  g_assert_true(refused(env, longer, n + 1));
}

/* ---- passphrases ---- */

/* What a real member costs an attacker, and that opening asks the member's parameters, not the environment.
 */
static void
test_cost(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrKeyring) ring = cr_keyring_new(cr_env_default(), "C-TEST");
  g_autofree char *cheap = cr_keyring_add_member(ring, "pw", CR_ROLE_LEAD);
  g_unsetenv("CHARTROOM_TEST_CHEAP_KDF");
  g_autofree char *real = cr_keyring_add_member(ring, "pw", CR_ROLE_LEAD);
  const CrKeyringMember *m = cr_keyring_find(ring, real), *weak = cr_keyring_find(ring, cheap);
  g_assert_cmpuint(m->opslimit, >=, 3);
  g_assert_cmpuint(m->memlimit, >=, (guint64)128 << 20);
  g_assert_cmpuint(weak->memlimit, <, m->memlimit);
  g_assert_true(memcmp(m->salt, weak->salt, sizeof m->salt) != 0);
  g_autoptr(CrMemberKeys) a = cr_keyring_unlock(ring, cheap, "pw", &error);
  g_assert_no_error(error);
  g_setenv("CHARTROOM_TEST_CHEAP_KDF", "1", TRUE);
  g_autoptr(CrMemberKeys) b = cr_keyring_unlock(ring, real, "pw", &error);
  g_assert_no_error(error);
}

static void
test_any_passphrase(void)
{
  g_autofree char *huge = g_strnfill(100000, 'p'), *nearly = g_strnfill(99999, 'p');
  const char *const right[] = {"", " ", "\xc3\xa9t\xc3\xa9", "\xff\xfe", huge};
  const char *const wrong[] = {" ", "", "\xc3\xa9t\xc3\xa8", "\xff", nearly};
  g_autoptr(CrKeyring) ring = cr_keyring_new(cr_env_default(), "C-TEST");
  for (guint i = 0; i < G_N_ELEMENTS(right); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *code = cr_keyring_add_member(ring, right[i], CR_ROLE_LEAD);
    g_autoptr(CrMemberKeys) keys = cr_keyring_unlock(ring, code, right[i], &error);
    g_assert_no_error(error);
    g_assert_null(cr_keyring_unlock(ring, code, wrong[i], &error));
    assert_code(error, WRONG_PASSPHRASE);
  }
}

/* Neither the passphrase nor a secret key stands in the file; codes and roles do. */
static void
test_what_can_be_read(void)
{
  g_autofree char *lead = NULL, *text = NULL;
  g_autoptr(CrMemberKeys) keys = NULL;
  g_autoptr(CrKeyring) ring = make_ring(cr_env_default(), &lead, &keys);
  gsize n = 0;
  g_assert_true(g_file_get_contents(path, &text, &n, NULL));
  g_autofree char *box_hex = cr_hex(keys->secret, crypto_box_SECRETKEYBYTES),
                  *sign_hex = cr_hex(keys->secret + crypto_box_SECRETKEYBYTES, crypto_sign_SEEDBYTES),
                  *box_64 = g_base64_encode(keys->secret, crypto_box_SECRETKEYBYTES);
  const char *const secrets[] = {"correct horse", box_hex, sign_hex, box_64};
  for (guint i = 0; i < G_N_ELEMENTS(secrets); i++)
    g_assert_null(strstr(text, secrets[i]));
  g_assert_nonnull(strstr(text, lead));
  g_assert_nonnull(strstr(text, "lead,privacy"));
}

/* ---- a file that is signed and summed rightly, and still makes no sense ---- */

typedef void (*Forge)(json_t *ring, const char *lead);

/* Writes ring as changed by forge, signed by keys and with its checksum. */
static void
write_forged(CrMemberKeys *keys, Forge forge)
{
  g_autofree char *text = NULL;
  uint8_t signature[crypto_sign_BYTES];
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autoptr(json_t) json = cr_json_parse(lines[1], strlen(lines[1]), NULL);
  json_object_del(json, "signature");
  forge(json, cr_member_keys_code(keys));
  g_autofree char *said = cr_json_dump(json);
  cr_member_keys_sign(keys, said, strlen(said), signature);
  g_autofree char *hex = cr_hex(signature, sizeof signature);
  json_object_set_new(json, "signature", json_string(hex));
  g_autofree char *body = cr_json_dump(json), *head = g_strdup_printf("%s\n%s\n", lines[0], body),
                  *sum = cr_sha256_hex(head, strlen(head)),
                  *file = g_strdup_printf("%ssha256 %s\n", head, sum);
  g_assert_true(g_file_set_contents(path, file, -1, NULL));
}

static json_t *
first_of(json_t *ring, const char *list)
{
  return json_array_get(json_object_get(ring, list), 0);
}

static void
forge_nothing(json_t *ring, const char *lead)
{
}

static void
forge_twin(json_t *ring, const char *lead)
{
  json_array_append_new(json_object_get(ring, "members"), json_deep_copy(first_of(ring, "members")));
}

static void
forge_second_box(json_t *ring, const char *lead)
{
  json_array_append_new(json_object_get(ring, "grants"), json_deep_copy(first_of(ring, "grants")));
}

static void
forge_stranger(json_t *ring, const char *lead)
{
  json_object_set_new(first_of(ring, "grants"), "member", json_string("M-NOBODY"));
}

static void
forge_short_box(json_t *ring, const char *lead)
{
  json_object_set_new(first_of(ring, "grants"), "box", json_string("AAAA"));
}

static void
forge_cost(json_t *ring, const char *lead)
{
  json_object_set_new(first_of(ring, "members"), "mem", json_integer((json_int_t)1 << 50));
}

static void
forge_negative_cost(json_t *ring, const char *lead)
{
  json_object_set_new(first_of(ring, "members"), "ops", json_integer(-1));
}

static void
forge_no_secret(json_t *ring, const char *lead)
{
  json_object_set_new(first_of(ring, "members"), "secret", json_null());
}

static void
forge_role(json_t *ring, const char *lead)
{
  json_object_set_new(first_of(ring, "members"), "roles", json_string("lead,emperor"));
}

static void
forge_removed_signer(json_t *ring, const char *lead)
{
  json_object_set_new(first_of(ring, "members"), "removed", json_true());
  json_object_set_new(first_of(ring, "members"), "secret", json_null());
  json_array_clear(json_object_get(ring, "grants"));
}

static void
forge_signer(json_t *ring, const char *lead)
{
  json_object_set_new(ring, "signed_by", json_string("M-NOBODY"));
}

static void
forge_types(json_t *ring, const char *lead)
{
  json_object_set_new(ring, "members", json_string(lead));
}

static void
forge_no_project(json_t *ring, const char *lead)
{
  json_object_del(ring, "project");
}

static void
test_senseless(void)
{
  static const Forge forges[] = {forge_nothing,       forge_twin,   forge_second_box,    forge_stranger,
                                 forge_short_box,     forge_cost,   forge_negative_cost, forge_no_secret,
                                 forge_role,          forge_signer, forge_types,         forge_no_project,
                                 forge_removed_signer};
  for (guint i = 0; i < G_N_ELEMENTS(forges); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *lead = NULL;
    g_autoptr(CrMemberKeys) keys = NULL;
    g_autoptr(CrKeyring) ring = make_ring(cr_env_default(), &lead, &keys);
    write_forged(keys, forges[i]);
    g_autoptr(CrKeyring) loaded = cr_keyring_load(cr_env_default(), path, &error);
    if (i == 0) /* the forging itself makes a sound file */
      g_assert_no_error(error);
    else
      assert_code(error, DAMAGED);
  }
}

/* ---- roles change whole or not at all ---- */

static void
test_roles_all_or_nothing(void)
{
  CrEnv *env = cr_env_default();
  g_autoptr(GError) error = NULL;
  g_autofree char *lead = NULL;
  g_autoptr(CrMemberKeys) keys = NULL;
  g_autoptr(CrKeyring) ring = make_ring(env, &lead, &keys);
  g_autofree char *second = cr_keyring_add_member(ring, "pw", 0),
                  *third = cr_keyring_add_member(ring, "pw", 0);
  g_assert_true(cr_keyring_set_roles(ring, second, CR_ROLE_LEAD, keys, &error));
  g_autoptr(CrMemberKeys) no_vault = cr_keyring_unlock(ring, second, "pw", &error);
  g_assert_true(cr_keyring_set_roles(ring, third, CR_ROLE_CLINICIAN, no_vault, &error));
  cr_keyring_revoke(ring, "vault", lead); /* so that "vault" is the last of the names */
  g_autoptr(CrKey) vault = cr_key_new_random(env);
  cr_keyring_grant(ring, "vault", lead, vault);
  g_assert_false(cr_keyring_set_roles(ring, third, CR_ROLE_PRIVACY, no_vault, &error));
  assert_code(error, NOT_PERMITTED);
  g_assert_cmpuint(cr_keyring_roles(ring, third), ==, CR_ROLE_CLINICIAN);
  g_assert_true(cr_keyring_granted(ring, "work", third));
  g_assert_false(cr_keyring_granted(ring, "names", third)); /* which the granter did hold */
}

/* A reader's findings stay open to the reader, and to those who compare them. */
static void
test_findings_keys(void)
{
  CrEnv *env = cr_env_default();
  g_autoptr(GError) error = NULL;
  g_autofree char *lead = NULL;
  g_autoptr(CrMemberKeys) keys = NULL;
  g_autoptr(CrKeyring) ring = make_ring(env, &lead, &keys);
  g_autofree char *a = cr_keyring_add_member(ring, "pw", 0), *b = cr_keyring_add_member(ring, "pw", 0),
                  *name = g_strconcat("findings/", a, NULL);
  g_autoptr(CrKey) findings = cr_key_new_random(env);
  cr_keyring_grant(ring, name, lead, findings);
  g_assert_true(cr_keyring_set_roles(ring, a, CR_ROLE_CLINICIAN, keys, &error));
  g_assert_true(cr_keyring_set_roles(ring, b, CR_ROLE_CLINICIAN, keys, &error));
  g_assert_true(cr_keyring_granted(ring, name, a));
  g_assert_false(cr_keyring_granted(ring, name, b)); /* blind */
  g_assert_true(cr_keyring_set_roles(ring, b, CR_ROLE_CLINICIAN | CR_ROLE_SENIOR, keys, &error));
  g_assert_true(cr_keyring_granted(ring, name, b));
  g_assert_true(cr_keyring_set_roles(ring, a, CR_ROLE_AUDITOR, keys, &error));
  g_assert_true(cr_keyring_granted(ring, name, a)); /* what was one's own stays readable to one */
}

static void
test_newer_version(void)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(g_file_set_contents(path, "chartroom keyring 2\nwhatever\n", -1, NULL));
  g_assert_null(cr_keyring_load(cr_env_default(), path, &error));
  assert_code(error, NEWER_VERSION);
}

static void
test_roles_text(void)
{
  g_autoptr(GError) error = NULL;
  guint roles = 0;
  g_assert_true(cr_roles_parse("privacy, lead", &roles, &error));
  g_assert_cmpint(roles, ==, CR_ROLE_LEAD | CR_ROLE_PRIVACY);
  g_autofree char *text = cr_roles_format(roles);
  g_assert_cmpstr(text, ==, "lead,privacy");
  g_assert_false(cr_roles_parse("admin", &roles, &error));
  assert_code(error, USAGE);
  g_assert_cmpint(roles, ==, CR_ROLE_LEAD | CR_ROLE_PRIVACY); /* untouched on failure */
}

int
main(int argc, char **argv)
{
  g_setenv("CHARTROOM_TEST_CHEAP_KDF", "1", TRUE);
  g_test_init(&argc, &argv, NULL);
  dir = g_dir_make_tmp("chartroom-keyring-XXXXXX", NULL);
  path = g_build_filename(dir, "keyring", NULL);
  g_test_add_func("/keyring/unlock", test_unlock);
  g_test_add_func("/keyring/roles-are-keys", test_roles_are_keys);
  g_test_add_func("/keyring/stolen-box", test_stolen_box);
  g_test_add_func("/keyring/granter", test_granter_must_hold);
  g_test_add_func("/keyring/flips", test_every_flip);
  g_test_add_func("/keyring/senseless", test_senseless);
  g_test_add_func("/keyring/newer", test_newer_version);
  g_test_add_func("/keyring/roles-all-or-nothing", test_roles_all_or_nothing);
  g_test_add_func("/keyring/findings", test_findings_keys);
  g_test_add_func("/keyring/cost", test_cost);
  g_test_add_func("/keyring/any-passphrase", test_any_passphrase);
  g_test_add_func("/keyring/readable", test_what_can_be_read);
  g_test_add_func("/keyring/roles-text", test_roles_text);
  int status = g_test_run();
  cr_dir_remove(dir, NULL);
  g_free(dir);
  g_free(path);
  return status;
}
