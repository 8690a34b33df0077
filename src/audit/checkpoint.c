/* checkpoint: what a member signs of the trail: its size, the root of its tree, the hash of its last event.
 *
 * The signed message begins with a line that no other signature of this program begins with, and holds one
 * value a line, none with a newline. Reading is strict: a checkpoint must be byte for byte what writing it
 * again gives, so that no changed byte passes for spelling. */
#include "audit/audit-private.h"
#include <chartroom/json.h>

#define MESSAGE_DOMAIN "chartroom audit checkpoint v1"

char *
cr_checkpoint_message(const CrCheckpoint *c)
{
  return g_strdup_printf(MESSAGE_DOMAIN "\n%s\n%" G_GUINT64_FORMAT "\n%s\n%s\n%s\n%s\n%s\n", c->project,
                         c->size, c->root_hex, c->head_hex, c->time, c->member, c->key_hex);
}

static void
write_member(GString *out, const char *key, const char *value)
{
  g_string_append(out, key);
  cr_json_string_write(out, value);
}

char *
cr_checkpoint_format(const CrCheckpoint *c)
{
  g_autofree char *signature = cr_hex(c->signature, sizeof c->signature);
  GString *out = g_string_new(NULL);
  write_member(out, "{\"checkpoint\":{\"project\":", c->project);
  g_string_append_printf(out, ",\"size\":%" G_GUINT64_FORMAT, c->size);
  write_member(out, ",\"root\":", c->root_hex);
  write_member(out, ",\"head\":", c->head_hex);
  write_member(out, ",\"time\":", c->time);
  write_member(out, ",\"member\":", c->member);
  write_member(out, ",\"key\":", c->key_hex);
  write_member(out, ",\"signature\":", signature);
  g_string_append(out, "}}\n");
  return g_string_free(out, FALSE);
}

void
cr_checkpoint_free(CrCheckpoint *checkpoint)
{
  if (!checkpoint)
    return;
  g_free(checkpoint->project);
  g_free(checkpoint->time);
  g_free(checkpoint->member);
  g_free(checkpoint->key_hex);
  g_free(checkpoint);
}

/* One line of text, or NULL. */
static char *
dup_line(const json_t *object, const char *key)
{
  const char *value = json_string_value(json_object_get(object, key));
  return value && !strchr(value, '\n') ? g_strdup(value) : NULL;
}

static gboolean
copy_hash(const json_t *object, const char *key, char out[CR_HEX_HASH + 1])
{
  const char *value = json_string_value(json_object_get(object, key));
  guint8 hash[CR_HASH_BYTES];
  if (!value || !cr_unhex(value, hash, sizeof hash))
    return FALSE;
  memcpy(out, value, CR_HEX_HASH + 1);
  return TRUE;
}

static CrCheckpoint *
from_json(const json_t *object)
{
  g_autoptr(CrCheckpoint) c = g_new0(CrCheckpoint, 1);
  c->project = dup_line(object, "project");
  c->time = dup_line(object, "time");
  c->member = dup_line(object, "member");
  c->key_hex = dup_line(object, "key");
  const json_t *size = json_object_get(object, "size");
  const char *signature = json_string_value(json_object_get(object, "signature"));
  if (!c->project || !c->time || !c->member || !c->key_hex || !json_is_integer(size) ||
      json_integer_value(size) < 0 || !copy_hash(object, "root", c->root_hex) ||
      !copy_hash(object, "head", c->head_hex) || !signature ||
      !cr_unhex(signature, c->signature, sizeof c->signature))
    return NULL;
  c->size = (guint64)json_integer_value(size);
  return g_steal_pointer(&c);
}

CrCheckpoint *
cr_checkpoint_parse(const char *bytes, gsize n_bytes)
{
  if (n_bytes == 0 || bytes[n_bytes - 1] != '\n')
    return NULL;
  g_autoptr(json_t) line = cr_json_parse(bytes, n_bytes - 1, NULL);
  g_autoptr(CrCheckpoint) checkpoint = from_json(json_object_get(line, "checkpoint"));
  if (!checkpoint)
    return NULL;
  g_autofree char *again = cr_checkpoint_format(checkpoint);
  if (strlen(again) != n_bytes || memcmp(again, bytes, n_bytes) != 0)
    return NULL;
  return g_steal_pointer(&checkpoint);
}

gboolean
cr_checkpoint_signature_valid(const CrCheckpoint *checkpoint)
{
  g_autofree char *message = cr_checkpoint_message(checkpoint);
  return cr_signature_valid(checkpoint->key_hex, message, strlen(message), checkpoint->signature);
}
