/* The keyring: members, their public keys, and which project keys are sealed to whom.
 *
 * A member's passphrase goes through Argon2id and opens the member's secret keys (X25519 for boxes, Ed25519
 * for signing). Project keys are named ("vault", "work", "names", "findings/M-XXXX") and sealed to the public
 * keys of the members whose roles ask for them: role enforcement is which boxes exist, not which buttons
 * show. The file is checksummed (any flipped byte: CR_ERROR_DAMAGED) and signed by the member who wrote it.
 */
#pragma once
#include "base/base.h"

typedef enum {
  CR_ROLE_LEAD = 1 << 0,
  CR_ROLE_PRIVACY = 1 << 1,
  CR_ROLE_CLINICIAN = 1 << 2,
  CR_ROLE_SENIOR = 1 << 3,
  CR_ROLE_ENGINEER = 1 << 4,
  CR_ROLE_AUDITOR = 1 << 5,
  CR_ROLE_ALL = (1 << 6) - 1
} CrRole; /* a set */

char *cr_roles_format(guint roles); /* "lead,privacy"; transfer full */
gboolean cr_roles_parse(const char *list, guint *roles, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct CrKeyring CrKeyring;
typedef struct CrMemberKeys CrMemberKeys; /* an unlocked member: secret keys in guarded memory */

CrKeyring *cr_keyring_new(CrEnv *env, const char *project_id);
CrKeyring *cr_keyring_load(CrEnv *env, const char *path,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT; /* DAMAGED, NEWER_VERSION */
gboolean cr_keyring_save(CrKeyring *ring, const CrIo *io, const char *path, CrMemberKeys *signer,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_keyring_free(CrKeyring *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrKeyring, cr_keyring_free)
const char *cr_keyring_project_id(const CrKeyring *ring);
char *cr_keyring_hash_hex(const CrKeyring *ring); /* of the file as last loaded or saved; transfer full */

/* Members. code is "M-" and 6 random characters; the name is sealed with the project key "names". */
char *cr_keyring_add_member(CrKeyring *ring, const char *passphrase,
                            guint roles);        /* returns code, transfer full */
GStrv cr_keyring_members(const CrKeyring *ring); /* codes in order of joining; transfer full */
gboolean cr_keyring_has_member(const CrKeyring *ring, const char *code);
guint cr_keyring_roles(const CrKeyring *ring, const char *code);
gboolean cr_keyring_is_locked(const CrKeyring *ring, const char *code);
void cr_keyring_set_locked(CrKeyring *ring, const char *code, gboolean locked);
/* Public Ed25519 key, hex; transfer full. */
char *cr_keyring_sign_key_hex(const CrKeyring *ring, const char *code);
void cr_keyring_set_sealed_name(CrKeyring *ring, const char *code, GBytes *box);
GBytes *cr_keyring_sealed_name(const CrKeyring *ring, const char *code); /* borrowed, NULL where unset */

/* WRONG_PASSPHRASE, NO_SUCH_MEMBER, MEMBER_LOCKED. Costs about a third of a second of Argon2id; the
 * parameters stand with the member. For tests alone, members made while the environment variable
 * CHARTROOM_TEST_CHEAP_KDF is set cost next to nothing, and are as weak. */
CrMemberKeys *cr_keyring_unlock(CrKeyring *ring, const char *code, const char *passphrase,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_keyring_change_passphrase(CrKeyring *ring, CrMemberKeys *keys, const char *new_passphrase,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_member_keys_free(CrMemberKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrMemberKeys, cr_member_keys_free)
const char *cr_member_keys_code(const CrMemberKeys *keys);
void cr_member_keys_sign(const CrMemberKeys *keys, const void *data, gsize n_bytes, uint8_t signature[64]);
gboolean cr_signature_valid(const char *public_key_hex, const void *data, gsize n_bytes,
                            const uint8_t signature[64]);

/* Project keys. grant seals key to the member; open gives NOT_PERMITTED where no box for this member exists.
 */
void cr_keyring_grant(CrKeyring *ring, const char *key_name, const char *member, const CrKey *key);
void cr_keyring_revoke(CrKeyring *ring, const char *key_name,
                       const char *member); /* member NULL: every box of that key */
gboolean cr_keyring_granted(const CrKeyring *ring, const char *key_name, const char *member);
CrKey *cr_keyring_open_key(CrKeyring *ring, const char *key_name, CrMemberKeys *keys,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Which roles hold which key, the one table that says so: "vault" privacy; "work" everybody; "names" lead,
 * privacy, senior, auditor; "findings/" (prefix) lead, senior, engineer beside the reader. */
guint cr_key_roles(const char *key_name);
/* Changes the roles: revokes boxes that the new roles do not ask for and grants those it does, opening the
 * keys with granter's (NOT_PERMITTED naming the key where granter does not hold one that is asked for). */
gboolean cr_keyring_set_roles(CrKeyring *ring, const char *member, guint roles, CrMemberKeys *granter,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes the member's secret keys and boxes; code and public key stay, for the audit trail. */
void cr_keyring_remove_member(CrKeyring *ring, const char *code);
