/* keyring.c: members and the project keys sealed to them. */
#include "base/keyring-private.h"

#include <string.h>

/* About a third of a second and 128 MiB on a small workstation. */
#define PASSPHRASE_OPS 5
#define PASSPHRASE_MEM ((guint64)128 << 20)

void
cr_keyring_member_free(gpointer item)
{
  CrKeyringMember *m = item;
  g_free(m->code);
  g_clear_pointer(&m->secret, g_bytes_unref);
  g_clear_pointer(&m->name, g_bytes_unref);
  g_free(m);
}

void
cr_keyring_grant_free(gpointer item)
{
  CrKeyringGrant *g = item;
  g_free(g->key);
  g_free(g->member);
  g_clear_pointer(&g->box, g_bytes_unref);
  g_free(g);
}

CrKeyring *
cr_keyring_alloc(CrEnv *env)
{
  CrKeyring *ring = g_new0(CrKeyring, 1);
  cr_env_default(); /* starts libsodium */
  ring->env = env;
  ring->members = g_ptr_array_new_with_free_func(cr_keyring_member_free);
  ring->grants = g_ptr_array_new_with_free_func(cr_keyring_grant_free);
  return ring;
}

CrKeyring *
cr_keyring_new(CrEnv *env, const char *project_id)
{
  CrKeyring *ring = cr_keyring_alloc(env);
  ring->project = g_strdup(project_id);
  return ring;
}

void
cr_keyring_free(CrKeyring *ring)
{
  if (!ring)
    return;
  g_ptr_array_unref(ring->members);
  g_ptr_array_unref(ring->grants);
  g_free(ring->project);
  g_free(ring->hash);
  g_free(ring);
}

const char *
cr_keyring_project_id(const CrKeyring *ring)
{
  return ring->project;
}

char *
cr_keyring_hash_hex(const CrKeyring *ring)
{
  return g_strdup(ring->hash);
}

/* ---- members ---- */

CrKeyringMember *
cr_keyring_find(const CrKeyring *ring, const char *code)
{
  for (guint i = 0; i < ring->members->len; i++) {
    CrKeyringMember *m = ring->members->pdata[i];
    if (g_strcmp0(m->code, code) == 0)
      return m;
  }
  return NULL;
}

/* The key that a passphrase gives for this member. */
static CrKey *
passphrase_key(const CrKeyringMember *m, const char *passphrase)
{
  uint8_t bytes[CR_KEY_BYTES];
  if (crypto_pwhash(bytes, sizeof bytes, passphrase, strlen(passphrase), m->salt, m->opslimit, m->memlimit,
                    crypto_pwhash_ALG_ARGON2ID13) != 0)
    g_error("not enough memory to check a passphrase (%" G_GUINT64_FORMAT " MiB)", m->memlimit >> 20);
  return cr_key_new_take(bytes);
}

static void
seal_secret(CrKeyring *ring, CrKeyringMember *m, const uint8_t *secret, const char *passphrase)
{
  gboolean cheap = g_getenv("CHARTROOM_TEST_CHEAP_KDF") != NULL;
  ring->env->random(ring->env, m->salt, sizeof m->salt);
  m->opslimit = cheap ? crypto_pwhash_OPSLIMIT_MIN : PASSPHRASE_OPS;
  m->memlimit = cheap ? crypto_pwhash_MEMLIMIT_MIN : PASSPHRASE_MEM;
  g_autoptr(CrKey) key = passphrase_key(m, passphrase);
  g_clear_pointer(&m->secret, g_bytes_unref);
  m->secret = cr_seal(ring->env, key, m->code, secret, CR_SECRET_BYTES);
}

char *
cr_keyring_add_member(CrKeyring *ring, const char *passphrase, guint roles)
{
  CrKeyringMember *m = g_new0(CrKeyringMember, 1);
  uint8_t seed[crypto_box_SEEDBYTES], *secret = sodium_malloc(CR_SECRET_BYTES);
  G_STATIC_ASSERT(crypto_box_SEEDBYTES == crypto_sign_SEEDBYTES);
  do {
    g_free(m->code);
    m->code = cr_random_code(ring->env, "M-", 6);
  } while (cr_keyring_find(ring, m->code)); /* also of a member long gone: the trail speaks of it */
  m->roles = roles;
  ring->env->random(ring->env, seed, sizeof seed);
  crypto_box_seed_keypair(m->box_key, secret, seed);
  ring->env->random(ring->env, seed, sizeof seed);
  crypto_sign_seed_keypair(m->sign_key, secret + crypto_box_SECRETKEYBYTES, seed);
  seal_secret(ring, m, secret, passphrase);
  sodium_memzero(seed, sizeof seed);
  sodium_free(secret);
  g_ptr_array_add(ring->members, m);
  return g_strdup(m->code);
}

GStrv
cr_keyring_members(const CrKeyring *ring)
{
  g_autoptr(GStrvBuilder) codes = g_strv_builder_new();
  for (guint i = 0; i < ring->members->len; i++)
    g_strv_builder_add(codes, ((CrKeyringMember *)ring->members->pdata[i])->code);
  return g_strv_builder_end(codes);
}

gboolean
cr_keyring_has_member(const CrKeyring *ring, const char *code)
{
  return cr_keyring_find(ring, code) != NULL;
}

guint
cr_keyring_roles(const CrKeyring *ring, const char *code)
{
  const CrKeyringMember *m = cr_keyring_find(ring, code);
  return m ? m->roles : 0;
}

gboolean
cr_keyring_is_locked(const CrKeyring *ring, const char *code)
{
  const CrKeyringMember *m = cr_keyring_find(ring, code);
  return m && m->locked;
}

void
cr_keyring_set_locked(CrKeyring *ring, const char *code, gboolean locked)
{
  CrKeyringMember *m = cr_keyring_find(ring, code);
  if (m)
    m->locked = locked;
}

char *
cr_keyring_sign_key_hex(const CrKeyring *ring, const char *code)
{
  const CrKeyringMember *m = cr_keyring_find(ring, code);
  return m ? cr_hex(m->sign_key, sizeof m->sign_key) : NULL;
}

void
cr_keyring_set_sealed_name(CrKeyring *ring, const char *code, GBytes *box)
{
  CrKeyringMember *m = cr_keyring_find(ring, code);
  g_assert(m);
  g_clear_pointer(&m->name, g_bytes_unref);
  m->name = g_bytes_ref(box);
}

GBytes *
cr_keyring_sealed_name(const CrKeyring *ring, const char *code)
{
  const CrKeyringMember *m = cr_keyring_find(ring, code);
  return m ? m->name : NULL;
}

void
cr_keyring_remove_member(CrKeyring *ring, const char *code)
{
  CrKeyringMember *m = cr_keyring_find(ring, code);
  if (!m)
    return;
  m->removed = TRUE;
  m->roles = 0;
  g_clear_pointer(&m->secret, g_bytes_unref);
  for (guint i = ring->grants->len; i-- > 0;)
    if (g_str_equal(((CrKeyringGrant *)ring->grants->pdata[i])->member, code))
      g_ptr_array_remove_index(ring->grants, i);
}

/* ---- a member who is there ---- */

static gboolean
may_unlock(const CrKeyringMember *m, const char *code, GError **error)
{
  if (!m || m->removed)
    g_set_error(error, CR_ERROR, CR_ERROR_NO_SUCH_MEMBER, "there is no member %s", code);
  else if (m->locked)
    g_set_error(error, CR_ERROR, CR_ERROR_MEMBER_LOCKED, "member %s is locked", code);
  return m && !m->removed && !m->locked;
}

CrMemberKeys *
cr_keyring_unlock(CrKeyring *ring, const char *code, const char *passphrase, GError **error)
{
  const CrKeyringMember *m = cr_keyring_find(ring, code);
  if (!may_unlock(m, code, error))
    return NULL;
  g_autoptr(CrKey) key = passphrase_key(m, passphrase);
  g_autoptr(GBytes) secret =
      cr_seal_open(key, m->code, g_bytes_get_data(m->secret, NULL), g_bytes_get_size(m->secret), NULL);
  if (!secret || g_bytes_get_size(secret) != CR_SECRET_BYTES) {
    g_set_error(error, CR_ERROR, CR_ERROR_WRONG_PASSPHRASE, "the passphrase does not open member %s", code);
    return NULL;
  }
  CrMemberKeys *keys = g_new0(CrMemberKeys, 1);
  keys->code = g_strdup(code);
  memcpy(keys->box_key, m->box_key, sizeof keys->box_key);
  keys->secret = sodium_malloc(CR_SECRET_BYTES);
  memcpy(keys->secret, g_bytes_get_data(secret, NULL), CR_SECRET_BYTES);
  return keys;
}

gboolean
cr_keyring_change_passphrase(CrKeyring *ring, CrMemberKeys *keys, const char *new_passphrase, GError **error)
{
  CrKeyringMember *m = cr_keyring_find(ring, keys->code);
  if (!may_unlock(m, keys->code, error))
    return FALSE;
  seal_secret(ring, m, keys->secret, new_passphrase);
  return TRUE;
}

void
cr_member_keys_free(CrMemberKeys *keys)
{
  if (!keys)
    return;
  sodium_free(keys->secret);
  g_free(keys->code);
  g_free(keys);
}

const char *
cr_member_keys_code(const CrMemberKeys *keys)
{
  return keys->code;
}

void
cr_member_keys_sign(const CrMemberKeys *keys, const void *data, gsize n_bytes, uint8_t signature[64])
{
  crypto_sign_detached(signature, NULL, data, n_bytes, keys->secret + crypto_box_SECRETKEYBYTES);
}

gboolean
cr_signature_valid(const char *public_key_hex, const void *data, gsize n_bytes, const uint8_t signature[64])
{
  uint8_t key[crypto_sign_PUBLICKEYBYTES];
  return cr_unhex(public_key_hex, key, sizeof key) &&
         crypto_sign_verify_detached(signature, data, n_bytes, key) == 0;
}

/* ---- project keys ---- */

static CrKeyringGrant *
find_grant(const CrKeyring *ring, const char *key_name, const char *member)
{
  for (guint i = 0; i < ring->grants->len; i++) {
    CrKeyringGrant *g = ring->grants->pdata[i];
    if (g_str_equal(g->key, key_name) && g_str_equal(g->member, member))
      return g;
  }
  return NULL;
}

void
cr_keyring_revoke(CrKeyring *ring, const char *key_name, const char *member)
{
  for (guint i = ring->grants->len; i-- > 0;) {
    const CrKeyringGrant *g = ring->grants->pdata[i];
    if (g_str_equal(g->key, key_name) && (!member || g_str_equal(g->member, member)))
      g_ptr_array_remove_index(ring->grants, i);
  }
}

void
cr_keyring_grant(CrKeyring *ring, const char *key_name, const char *member, const CrKey *key)
{
  const CrKeyringMember *m = cr_keyring_find(ring, member);
  CrKeyringGrant *g = g_new0(CrKeyringGrant, 1);
  uint8_t *box = g_malloc(CR_KEY_BYTES + crypto_box_SEALBYTES);
  g_assert(m);
  crypto_box_seal(box, cr_key_bytes(key), CR_KEY_BYTES, m->box_key);
  cr_keyring_revoke(ring, key_name, member);
  g->key = g_strdup(key_name);
  g->member = g_strdup(member);
  g->box = g_bytes_new_take(box, CR_KEY_BYTES + crypto_box_SEALBYTES);
  g_ptr_array_add(ring->grants, g);
}

gboolean
cr_keyring_granted(const CrKeyring *ring, const char *key_name, const char *member)
{
  return find_grant(ring, key_name, member) != NULL;
}

CrKey *
cr_keyring_open_key(CrKeyring *ring, const char *key_name, CrMemberKeys *keys, GError **error)
{
  const CrKeyringGrant *g = find_grant(ring, key_name, keys->code);
  uint8_t bytes[CR_KEY_BYTES];
  if (!g) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_PERMITTED, "member %s does not hold the key %s", keys->code,
                key_name);
    return NULL;
  }
  if (g_bytes_get_size(g->box) != CR_KEY_BYTES + crypto_box_SEALBYTES ||
      crypto_box_seal_open(bytes, g_bytes_get_data(g->box, NULL), g_bytes_get_size(g->box), keys->box_key,
                           keys->secret) != 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_SEAL_BROKEN, "the key %s does not open for member %s", key_name,
                keys->code);
    return NULL;
  }
  return cr_key_new_take(bytes);
}

/* The names of all project keys, each once. */
static GPtrArray *
key_names(const CrKeyring *ring)
{
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < ring->grants->len; i++) {
    const CrKeyringGrant *g = ring->grants->pdata[i];
    if (!g_ptr_array_find_with_equal_func(names, g->key, g_str_equal, NULL))
      g_ptr_array_add(names, g_strdup(g->key));
  }
  return names;
}

static gboolean
is_own_key(const char *key_name, const char *member)
{
  return g_str_has_prefix(key_name, "findings/") && g_str_equal(key_name + strlen("findings/"), member);
}

static gboolean
is_asked_for(const char *key_name, const char *member, guint roles)
{
  return is_own_key(key_name, member) || (cr_key_roles(key_name) & roles);
}

/* The keys that the member is to get, each beside its name; NULL beside the others. NULL with an error where
 * granter does not hold one of them. */
static GPtrArray *
open_new_keys(CrKeyring *ring, const GPtrArray *names, const char *member, guint roles, CrMemberKeys *granter,
              GError **error)
{
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)cr_key_unref);
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    gboolean is_new = is_asked_for(name, member, roles) && !cr_keyring_granted(ring, name, member);
    CrKey *key = is_new ? cr_keyring_open_key(ring, name, granter, error) : NULL;
    if (is_new && !key)
      return NULL;
    g_ptr_array_add(keys, key);
  }
  return g_steal_pointer(&keys);
}

gboolean
cr_keyring_set_roles(CrKeyring *ring, const char *member, guint roles, CrMemberKeys *granter, GError **error)
{
  g_autoptr(GPtrArray) names = key_names(ring);
  CrKeyringMember *m = cr_keyring_find(ring, member);
  if (!m || m->removed) {
    g_set_error(error, CR_ERROR, CR_ERROR_NO_SUCH_MEMBER, "there is no member %s", member);
    return FALSE;
  }
  g_autoptr(GPtrArray) keys = open_new_keys(ring, names, member, roles, granter, error);
  if (!keys)
    return FALSE;
  for (guint i = 0; i < names->len; i++) {
    if (keys->pdata[i])
      cr_keyring_grant(ring, names->pdata[i], member, keys->pdata[i]);
    else if (!is_asked_for(names->pdata[i], member, roles))
      cr_keyring_revoke(ring, names->pdata[i], member);
  }
  m->roles = roles;
  return TRUE;
}
