/* seal.c: keys in guarded memory, sealing, hashing (libsodium). */
#include "base/base.h"

#include <sodium.h>
#include <string.h>

struct CrKey {
  gatomicrefcount refs;
  uint8_t *bytes; /* sodium_malloc */
};

static CrKey *
key_alloc(void)
{
  CrKey *key = g_new0(CrKey, 1);
  cr_env_default(); /* starts libsodium */
  g_atomic_ref_count_init(&key->refs);
  key->bytes = sodium_malloc(CR_KEY_BYTES);
  if (!key->bytes)
    g_error("no guarded memory for a key: the limit of locked memory is too low (ulimit -l)");
  return key;
}

CrKey *
cr_key_new_random(CrEnv *env)
{
  CrKey *key = key_alloc();
  env->random(env, key->bytes, CR_KEY_BYTES);
  sodium_mprotect_readonly(key->bytes);
  return key;
}

CrKey *
cr_key_new_take(uint8_t bytes[CR_KEY_BYTES])
{
  CrKey *key = key_alloc();
  memcpy(key->bytes, bytes, CR_KEY_BYTES);
  sodium_memzero(bytes, CR_KEY_BYTES);
  sodium_mprotect_readonly(key->bytes);
  return key;
}

CrKey *
cr_key_ref(CrKey *key)
{
  g_atomic_ref_count_inc(&key->refs);
  return key;
}

void
cr_key_unref(CrKey *key)
{
  if (!key || !g_atomic_ref_count_dec(&key->refs))
    return;
  sodium_free(key->bytes); /* wipes */
  g_free(key);
}

const uint8_t *
cr_key_bytes(const CrKey *key)
{
  return key->bytes;
}

/* ---- sealing ---- */

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

GBytes *
cr_seal(CrEnv *env, const CrKey *key, const char *aad, const void *plain, gsize n_bytes)
{
  uint8_t *box = g_malloc(NONCE + n_bytes + TAG);
  env->random(env, box, NONCE);
  crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE, NULL, plain, n_bytes, (const uint8_t *)aad,
                                             aad ? strlen(aad) : 0, NULL, box, key->bytes);
  return g_bytes_new_take(box, NONCE + n_bytes + TAG);
}

typedef struct {
  uint8_t *data;
  gsize n_bytes;
} Wiped;

static void
wiped_free(gpointer user_data)
{
  Wiped *w = user_data;
  sodium_memzero(w->data, w->n_bytes);
  g_free(w->data);
  g_free(w);
}

/* Takes memory of g_malloc, and wipes it when the last reference goes. */
static GBytes *
bytes_new_wiped(void *data, gsize n_bytes)
{
  Wiped *w = g_new(Wiped, 1);
  *w = (Wiped){data, n_bytes};
  return g_bytes_new_with_free_func(data, n_bytes, wiped_free, w);
}

GBytes *
cr_seal_open(const CrKey *key, const char *aad, const void *box, gsize n_bytes, GError **error)
{
  gsize n_plain = n_bytes >= NONCE + TAG ? n_bytes - NONCE - TAG : 0;
  uint8_t *plain = g_malloc(n_plain + 1);
  if (n_bytes < NONCE + TAG || crypto_aead_xchacha20poly1305_ietf_decrypt(
                                   plain, NULL, NULL, (const uint8_t *)box + NONCE, n_bytes - NONCE,
                                   (const uint8_t *)aad, aad ? strlen(aad) : 0, box, key->bytes) != 0) {
    sodium_memzero(plain, n_plain + 1);
    g_free(plain);
    g_set_error(error, CR_ERROR, CR_ERROR_SEAL_BROKEN, "a sealed box (%s) does not open", aad ? aad : "-");
    return NULL;
  }
  return bytes_new_wiped(plain, n_plain);
}

/* ---- hashing ---- */

void
cr_sha256(const void *data, gsize n_bytes, uint8_t out[CR_HASH_BYTES])
{
  crypto_hash_sha256(out, data, n_bytes);
}

char *
cr_sha256_hex(const void *data, gsize n_bytes)
{
  uint8_t hash[CR_HASH_BYTES];
  cr_sha256(data, n_bytes, hash);
  return cr_hex(hash, sizeof hash);
}

char *
cr_hex(const void *data, gsize n_bytes)
{
  char *hex = g_malloc(n_bytes * 2 + 1);
  sodium_bin2hex(hex, n_bytes * 2 + 1, data, n_bytes);
  return hex;
}

gboolean
cr_unhex(const char *hex, void *out, gsize n_bytes)
{
  size_t n = 0;
  const char *end = NULL;
  g_autofree uint8_t *bytes = g_malloc(n_bytes + 1);
  if (!hex || strlen(hex) != n_bytes * 2 ||
      sodium_hex2bin(bytes, n_bytes, hex, n_bytes * 2, NULL, &n, &end) != 0 || n != n_bytes)
    return FALSE;
  memcpy(out, bytes, n_bytes);
  return TRUE;
}

char *
cr_keyed_hash_hex(const CrKey *key, const char *context, const void *data, gsize n_bytes)
{
  uint8_t mac[crypto_auth_hmacsha256_BYTES];
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key->bytes, CR_KEY_BYTES);
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)context,
                                strlen(context) + 1); /* with its NUL: no context runs into the data */
  crypto_auth_hmacsha256_update(&state, data, n_bytes);
  crypto_auth_hmacsha256_final(&state, mac);
  return cr_hex(mac, sizeof mac);
}
