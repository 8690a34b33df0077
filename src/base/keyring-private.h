/* Inside base: the keyring in memory, shared by keyring.c (what can be done with it) and keyring-file.c (how
 * it lies on disk). */
#pragma once
#include "base/keyring.h"

#include <sodium.h>

typedef struct {
  char *code;
  guint roles;
  gboolean locked, removed;
  uint8_t box_key[crypto_box_PUBLICKEYBYTES];
  uint8_t sign_key[crypto_sign_PUBLICKEYBYTES];
  uint8_t salt[crypto_pwhash_SALTBYTES];
  guint64 opslimit, memlimit; /* of Argon2id, for this member */
  GBytes
      *secret;  /* box secret key, then signing secret key, sealed under the passphrase; NULL once removed */
  GBytes *name; /* sealed with the project key "names"; NULL while unset */
} CrKeyringMember;

typedef struct {
  char *key, *member;
  GBytes *box; /* crypto_box_seal of the 32 bytes */
} CrKeyringGrant;

struct CrKeyring {
  CrEnv *env;
  char *project;
  GPtrArray *members; /* CrKeyringMember */
  GPtrArray *grants;  /* CrKeyringGrant */
  char *hash;         /* of the file as last loaded or saved */
};

struct CrMemberKeys {
  char *code;
  uint8_t box_key[crypto_box_PUBLICKEYBYTES];
  uint8_t *secret; /* sodium_malloc: box secret key, then signing secret key */
};

#define CR_SECRET_BYTES (crypto_box_SECRETKEYBYTES + crypto_sign_SECRETKEYBYTES)
/* What cr_seal makes of n_bytes. */
#define CR_SEALED_BYTES(n_bytes)                                                                             \
  ((n_bytes) + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES)

CrKeyring *cr_keyring_alloc(CrEnv *env);
void cr_keyring_member_free(gpointer member);
void cr_keyring_grant_free(gpointer grant);
CrKeyringMember *cr_keyring_find(const CrKeyring *ring, const char *code); /* NULL where there is none */
