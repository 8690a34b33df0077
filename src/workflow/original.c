/* original.c: originals and sealed facts about them, under each note's own key. Plaintext lives in wiped
 * memory or in a CrText that the caller drops; never on disk. */
#include "workflow/workflow-private.h"
#include "store/documents.h"

#include <sodium.h>
#include <string.h>

static char *
aad_of(const char *note, const char *what)
{
  return g_strconcat(what, ":", note, NULL);
}

CrKey *
cr_original_key(CrProject *p, const char *note, GError **error)
{
  if (!cr_project_require_vault(p, "opening an original", error))
    return NULL;
  g_autoptr(GBytes) wrapped = cr_vault_load_key(p->vault, note, error);
  if (!wrapped)
    return NULL;
  g_autofree char *aad = aad_of(note, "key");
  g_autoptr(GBytes) bytes =
      cr_seal_open(p->vault_key, aad, g_bytes_get_data(wrapped, NULL), g_bytes_get_size(wrapped), error);
  if (!bytes)
    return NULL;
  uint8_t copy[CR_KEY_BYTES];
  if (g_bytes_get_size(bytes) != sizeof copy) {
    g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "note %s: its key has the wrong length", note);
    return NULL;
  }
  memcpy(copy, g_bytes_get_data(bytes, NULL), sizeof copy);
  return cr_key_new_take(copy);
}

GBytes *
cr_original_seal(CrProject *p, const CrKey *key, const char *note, const char *what, const void *plain,
                 gsize n_bytes)
{
  g_autofree char *aad = aad_of(note, what);
  return cr_seal(p->env, key, aad, plain, n_bytes);
}

GBytes *
cr_original_open(const CrKey *key, const char *note, const char *what, GBytes *box, GError **error)
{
  g_autofree char *aad = aad_of(note, what);
  return cr_seal_open(key, aad, g_bytes_get_data(box, NULL), g_bytes_get_size(box), error);
}

CrText *
cr_original_load_text(CrProject *p, const char *note, GError **error)
{
  g_autoptr(CrKey) key = cr_original_key(p, note, error);
  g_autoptr(GBytes) box = key ? cr_vault_load_original(p->vault, note, CR_ORIGINAL_TEXT, error) : NULL;
  if (!box)
    return NULL;
  g_autoptr(GBytes) text = cr_original_open(key, note, "text", box, error);
  return text ? cr_text_new_bytes(text, error) : NULL;
}

gboolean
cr_original_put_json(CrProject *p, const char *note, const char *kind, const char *member, json_t *value,
                     char **box_hash, GError **error)
{
  g_autoptr(CrKey) key = cr_original_key(p, note, error);
  if (!key)
    return FALSE;
  char *text = cr_json_dump(value);
  gsize n = strlen(text);
  g_autoptr(GBytes) box = cr_original_seal(p, key, note, kind, text, n);
  sodium_memzero(text, n);
  g_free(text);
  if (box_hash)
    *box_hash = cr_sha256_hex(g_bytes_get_data(box, NULL), g_bytes_get_size(box));
  return cr_vault_put_piece(p->vault, note, kind, member, box, cr_chain_n_events(p->chain_before), error);
}

json_t *
cr_original_load_json(CrProject *p, const char *note, const char *kind, const char *member, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(GBytes) box = cr_vault_load_piece(p->vault, note, kind, member, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  g_autoptr(CrKey) key = box ? cr_original_key(p, note, error) : NULL;
  g_autoptr(GBytes) text = key ? cr_original_open(key, note, kind, box, error) : NULL;
  return text ? cr_json_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), error) : NULL;
}

json_t *
cr_original_load_source(CrProject *p, const char *note, GError **error)
{
  g_autoptr(CrKey) key = cr_original_key(p, note, error);
  g_autoptr(GBytes) box = key ? cr_vault_load_original(p->vault, note, CR_ORIGINAL_SOURCE, error) : NULL;
  g_autoptr(GBytes) text = box ? cr_original_open(key, note, "source", box, error) : NULL;
  return text ? cr_json_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), error) : NULL;
}

CrKnown *
cr_original_load_known(CrProject *p, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(GBytes) box = cr_vault_load_original(p->vault, note, CR_ORIGINAL_KNOWN, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  if (!box)
    return cr_known_new();
  g_autoptr(CrKey) key = cr_original_key(p, note, error);
  g_autoptr(GBytes) text = key ? cr_original_open(key, note, "known", box, error) : NULL;
  g_autoptr(json_t) json =
      text ? cr_json_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), error) : NULL;
  return json ? cr_known_from_json(json, error) : NULL;
}

char *
cr_project_resolve_note(CrProject *p, const char *code_or_source_id, GError **error)
{
  g_autoptr(GError) local = NULL;
  if (cr_documents_exists(p->work, code_or_source_id, &local))
    return g_strdup(code_or_source_id);
  char *note = NULL;
  if (!local && p->vault) {
    g_autofree char *key =
        cr_keyed_hash_hex(p->vault_key, "source", code_or_source_id, strlen(code_or_source_id));
    note = cr_vault_find_source(p->vault, key, &local);
  }
  if (!note && !local)
    g_set_error(&local, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no such note in %s", p->path);
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return note;
}
