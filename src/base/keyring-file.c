/* keyring-file.c: the keyring on disk. Three lines: "chartroom keyring 1", one JSON object, "sha256 HEX" over
 * the two before. The object carries an Ed25519 signature, by the member who wrote it, over itself without
 * the signature. Every byte counts: a file that is not exactly what would be written again is refused. */
#include "base/keyring-private.h"
#include <chartroom/json.h>

#include <string.h>

#define MAGIC "chartroom keyring "
#define VERSION 1
#define MAX_BYTES ((gsize)16 << 20)

/* ---- writing ---- */

static json_t *
bytes_json(GBytes *bytes)
{
  gsize n = 0;
  const guchar *data = bytes ? g_bytes_get_data(bytes, &n) : NULL;
  g_autofree char *text = data ? g_base64_encode(data, n) : NULL;
  return text ? json_string(text) : json_null();
}

static json_t *
member_json(const CrKeyringMember *m)
{
  g_autofree char *roles = cr_roles_format(m->roles), *box = cr_hex(m->box_key, sizeof m->box_key),
                  *sign = cr_hex(m->sign_key, sizeof m->sign_key), *salt = cr_hex(m->salt, sizeof m->salt);
  return json_pack("{s:s, s:s, s:b, s:b, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "member", m->code, "roles",
                   roles, "locked", m->locked, "removed", m->removed, "box_key", box, "sign_key", sign,
                   "salt", salt, "ops", (json_int_t)m->opslimit, "mem", (json_int_t)m->memlimit, "secret",
                   bytes_json(m->secret), "name", bytes_json(m->name));
}

static json_t *
ring_json(const CrKeyring *ring, const char *signer)
{
  json_t *members = json_array(), *grants = json_array();
  for (guint i = 0; i < ring->members->len; i++)
    json_array_append_new(members, member_json(ring->members->pdata[i]));
  for (guint i = 0; i < ring->grants->len; i++) {
    const CrKeyringGrant *g = ring->grants->pdata[i];
    json_array_append_new(
        grants, json_pack("{s:s, s:s, s:o}", "key", g->key, "member", g->member, "box", bytes_json(g->box)));
  }
  return json_pack("{s:s, s:o, s:o, s:s}", "project", ring->project, "members", members, "grants", grants,
                   "signed_by", signer);
}

gboolean
cr_keyring_save(CrKeyring *ring, const CrIo *io, const char *path, CrMemberKeys *signer, GError **error)
{
  uint8_t signature[crypto_sign_BYTES];
  g_autoptr(json_t) json = ring_json(ring, signer->code);
  g_autofree char *said = cr_json_dump(json);
  cr_member_keys_sign(signer, said, strlen(said), signature);
  g_autofree char *hex = cr_hex(signature, sizeof signature);
  json_object_set_new(json, "signature", json_string(hex));
  g_autofree char *body = cr_json_dump(json), *head = g_strdup_printf(MAGIC "%d\n%s\n", VERSION, body);
  g_autofree char *sum = cr_sha256_hex(head, strlen(head)),
                  *file = g_strdup_printf("%ssha256 %s\n", head, sum);
  if (!cr_file_replace(io, path, file, strlen(file), 0600, error))
    return FALSE;
  g_free(ring->hash);
  ring->hash = cr_sha256_hex(file, strlen(file));
  return TRUE;
}

/* ---- reading ---- */

static gboolean
damaged(const char *path, const char *what, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "%s: %s", path, what);
  return FALSE;
}

static GBytes *
json_bytes(const json_t *value)
{
  gsize n = 0;
  const char *text = json_string_value(value);
  guchar *data = text ? g_base64_decode(text, &n) : NULL;
  return data ? g_bytes_new_take(data, n) : NULL;
}

static gboolean
has_size(GBytes *bytes, gsize n_bytes)
{
  return bytes && g_bytes_get_size(bytes) == n_bytes;
}

/* Each code stands there once; whoever is removed has no secret, whoever is not has one. */
static gboolean
read_member(CrKeyring *ring, const json_t *json)
{
  const char *code = json_string_value(json_object_get(json, "member"));
  if (!code || cr_keyring_find(ring, code))
    return FALSE;
  CrKeyringMember *m = g_new0(CrKeyringMember, 1);
  const char *roles = json_string_value(json_object_get(json, "roles"));
  g_ptr_array_add(ring->members, m);
  m->code = g_strdup(code);
  m->locked = json_is_true(json_object_get(json, "locked"));
  m->removed = json_is_true(json_object_get(json, "removed"));
  m->opslimit = (guint64)json_integer_value(json_object_get(json, "ops"));
  m->memlimit = (guint64)json_integer_value(json_object_get(json, "mem"));
  m->secret = json_bytes(json_object_get(json, "secret"));
  m->name = json_bytes(json_object_get(json, "name"));
  return roles && (*roles == 0 || cr_roles_parse(roles, &m->roles, NULL)) &&
         (m->removed ? !m->secret : has_size(m->secret, CR_SEALED_BYTES(CR_SECRET_BYTES))) &&
         cr_unhex(json_string_value(json_object_get(json, "box_key")), m->box_key, sizeof m->box_key) &&
         cr_unhex(json_string_value(json_object_get(json, "sign_key")), m->sign_key, sizeof m->sign_key) &&
         cr_unhex(json_string_value(json_object_get(json, "salt")), m->salt, sizeof m->salt) &&
         m->opslimit >= crypto_pwhash_OPSLIMIT_MIN && m->opslimit <= 64 &&
         m->memlimit >= crypto_pwhash_MEMLIMIT_MIN && m->memlimit <= (guint64)4 << 30;
}

/* One box a key and member, and none for members who are not there. */
static gboolean
read_grant(CrKeyring *ring, const json_t *json)
{
  const char *key = json_string_value(json_object_get(json, "key")),
             *member = json_string_value(json_object_get(json, "member"));
  const CrKeyringMember *m = cr_keyring_find(ring, member);
  if (!key || !m || m->removed || cr_keyring_granted(ring, key, member))
    return FALSE;
  CrKeyringGrant *g = g_new0(CrKeyringGrant, 1);
  g_ptr_array_add(ring->grants, g);
  g->key = g_strdup(key);
  g->member = g_strdup(member);
  g->box = json_bytes(json_object_get(json, "box"));
  return has_size(g->box, CR_KEY_BYTES + crypto_box_SEALBYTES);
}

static gboolean
read_rows(CrKeyring *ring, const json_t *list, gboolean (*read)(CrKeyring *, const json_t *))
{
  size_t i;
  json_t *row;
  json_array_foreach(list, i, row) if (!read(ring, row)) return FALSE;
  return json_is_array(list);
}

/* By a member who is still there. */
static gboolean
signature_holds(const CrKeyring *ring, json_t *json)
{
  uint8_t signature[crypto_sign_BYTES];
  const char *signer = json_string_value(json_object_get(json, "signed_by"));
  const CrKeyringMember *m = cr_keyring_find(ring, signer);
  g_autofree char *hex = g_strdup(json_string_value(json_object_get(json, "signature")));
  if (!m || m->removed || !cr_unhex(hex, signature, sizeof signature))
    return FALSE;
  json_object_del(json, "signature");
  g_autofree char *said = cr_json_dump(json);
  return crypto_sign_verify_detached(signature, (const uint8_t *)said, strlen(said), m->sign_key) == 0;
}

static gboolean
read_ring(CrKeyring *ring, json_t *json)
{
  ring->project = g_strdup(json_string_value(json_object_get(json, "project")));
  return ring->project && read_rows(ring, json_object_get(json, "members"), read_member) &&
         read_rows(ring, json_object_get(json, "grants"), read_grant) && signature_holds(ring, json);
}

/* The version in the first line, or 0 where it is not a keyring. */
static guint64
file_version(const char *file)
{
  return g_str_has_prefix(file, MAGIC) ? g_ascii_strtoull(file + strlen(MAGIC), NULL, 10) : 0;
}

/* The JSON line of a file whose checksum holds; NULL where it does not. */
static char *
checked_body(const char *file, gsize n)
{
  const char *first = memchr(file, '\n', n),
             *second = first ? memchr(first + 1, '\n', n - (gsize)(first + 1 - file)) : NULL;
  if (!second)
    return NULL;
  gsize n_head = (gsize)(second + 1 - file);
  g_autofree char *sum = cr_sha256_hex(file, n_head), *line = g_strdup_printf("sha256 %s\n", sum);
  if (n - n_head != strlen(line) || memcmp(file + n_head, line, strlen(line)) != 0)
    return NULL;
  return g_strndup(first + 1, (gsize)(second - first - 1));
}

CrKeyring *
cr_keyring_load(CrEnv *env, const char *path, GError **error)
{
  g_autoptr(CrKeyring) ring = cr_keyring_alloc(env);
  g_autoptr(GBytes) bytes = cr_file_read(path, MAX_BYTES, error);
  if (!bytes)
    return NULL;
  gsize n = g_bytes_get_size(bytes);
  g_autofree char *file = g_strndup(g_bytes_get_data(bytes, NULL), n);
  if (file_version(file) > VERSION) {
    g_set_error(error, CR_ERROR, CR_ERROR_NEWER_VERSION, "%s: version %" G_GUINT64_FORMAT, path,
                file_version(file));
    return NULL;
  }
  g_autofree char *body = file_version(file) == VERSION && strlen(file) == n ? checked_body(file, n) : NULL;
  g_autoptr(json_t) json = body ? cr_json_parse(body, strlen(body), NULL) : NULL;
  if (!json || !read_ring(ring, json)) {
    damaged(path,
            json ? "a member, a key or the signature in it is not sound"
                 : "it is not a keyring, or its checksum does not hold",
            error);
    return NULL;
  }
  ring->hash = cr_sha256_hex(file, n);
  return g_steal_pointer(&ring);
}
