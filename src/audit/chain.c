/* chain: the growing end of a trail: how many events, the hash of the last, the edge of the tree. */
#include "audit/audit-private.h"

struct CrChain {
  CrEnv *env;
  char *project_id;
  char prev_hex[CR_HEX_HASH + 1]; /* of the next event */
  CrFrontier tree;
};

static const char no_head[CR_HEX_HASH + 1] =
    "0000000000000000000000000000000000000000000000000000000000000000";

CrChain *
cr_chain_new(CrEnv *env, const char *project_id)
{
  CrChain *chain = g_new0(CrChain, 1);
  chain->env = env;
  chain->project_id = g_strdup(project_id);
  cr_genesis_hex(project_id, chain->prev_hex);
  return chain;
}

void
cr_chain_free(CrChain *chain)
{
  if (!chain)
    return;
  g_free(chain->project_id);
  g_free(chain);
}

CrChain *
cr_chain_copy(const CrChain *chain)
{
  CrChain *copy = g_memdup2(chain, sizeof *chain);
  copy->project_id = g_strdup(chain->project_id);
  return copy;
}

guint64
cr_chain_n_events(const CrChain *chain)
{
  return chain->tree.size;
}

const char *
cr_chain_head_hex(const CrChain *chain)
{
  return chain->tree.size > 0 ? chain->prev_hex : no_head;
}

char *
cr_chain_append(CrChain *chain, const CrEvent *event)
{
  CrEnv *env = chain->env;
  g_autofree char *time = cr_time_format(env->now_us(env));
  CrEventPlace place = {chain->tree.size, time, env->boot_id(env), env->monotonic_us(env), chain->prev_hex};
  GString *line = g_string_sized_new(640);
  guint8 hash[CR_HASH_BYTES], leaf[CR_HASH_BYTES];
  cr_event_line_write(line, &place, event, hash);
  cr_hex_into(hash, sizeof hash, chain->prev_hex);
  cr_merkle_leaf(hash, sizeof hash, leaf);
  cr_frontier_append(&chain->tree, leaf);
  return g_string_free(line, FALSE);
}

char *
cr_chain_checkpoint(CrChain *chain, const char *member, const char *public_key_hex, CrSignFunc sign,
                    gpointer signer)
{
  g_autofree char *time = cr_time_format(chain->env->now_us(chain->env));
  CrCheckpoint checkpoint = {.project = chain->project_id,
                             .time = time,
                             .member = (char *)member,
                             .key_hex = (char *)public_key_hex,
                             .size = chain->tree.size};
  g_assert(!strpbrk(chain->project_id, "\n") && !strpbrk(member, "\n") && !strpbrk(public_key_hex, "\n"));
  guint8 root[CR_HASH_BYTES];
  cr_frontier_root(&chain->tree, root);
  cr_hex_into(root, sizeof root, checkpoint.root_hex);
  memcpy(checkpoint.head_hex, cr_chain_head_hex(chain), CR_HEX_HASH);
  g_autofree char *message = cr_checkpoint_message(&checkpoint);
  sign(signer, message, strlen(message), checkpoint.signature);
  return cr_checkpoint_format(&checkpoint);
}

/* ---- reading a log ---- */

typedef struct {
  CrSequence sequence;
} Load;

static gboolean
load_cb(const CrScanned *scanned, gpointer data)
{
  Load *load = data;
  return cr_sequence_take(&load->sequence, scanned);
}

CrChain *
cr_chain_load(CrEnv *env, const char *project_id, const char *log_path, gsize *torn_bytes, GError **error)
{
  g_autofree Load *load = g_new0(Load, 1);
  cr_sequence_init(&load->sequence, project_id);
  gsize torn = 0;
  if (!cr_audit_scan(log_path, 0, TRUE, load_cb, load, &torn, error))
    return NULL;
  if (load->sequence.fault != CR_FAULT_NONE) {
    gint64 broken_at = -1;
    g_autofree char *what = cr_sequence_explain(&load->sequence, log_path, &broken_at);
    g_set_error(error, CR_ERROR, CR_ERROR_AUDIT_BROKEN, "%s: %s", log_path, what);
    return NULL;
  }
  CrChain *chain = cr_chain_new(env, project_id);
  chain->tree = load->sequence.tree;
  memcpy(chain->prev_hex, load->sequence.head_hex, sizeof chain->prev_hex);
  if (torn_bytes)
    *torn_bytes = torn;
  return chain;
}

/* ---- the end as bytes ----
 *
 * "CRC", version 1; size, 8 bytes, least significant first; the next event's prev, 32 bytes; the roots of the
 * edge, 32 bytes for each bit of size; the project's hash, 32 bytes; the first 8 bytes of the SHA-256 of all
 * that. */

#define STATE_HEADER "CRC\1"
#define STATE_FIXED (4 + 8 + 2 * CR_HASH_BYTES + 8)

static void
append_hex(GByteArray *bytes, const char *hex)
{
  guint8 hash[CR_HASH_BYTES];
  gboolean good = cr_unhex(hex, hash, sizeof hash);
  g_assert(good);
  g_byte_array_append(bytes, hash, sizeof hash);
}

GBytes *
cr_chain_state(const CrChain *chain)
{
  GByteArray *bytes = g_byte_array_new();
  guint64 size = GUINT64_TO_LE(chain->tree.size);
  char genesis[CR_HEX_HASH + 1];
  cr_genesis_hex(chain->project_id, genesis);
  g_byte_array_append(bytes, (const guint8 *)STATE_HEADER, 4);
  g_byte_array_append(bytes, (const guint8 *)&size, sizeof size);
  append_hex(bytes, chain->prev_hex);
  for (guint level = 0; level < 64; level++)
    if (chain->tree.size >> level & 1)
      g_byte_array_append(bytes, chain->tree.nodes[level], CR_HASH_BYTES);
  append_hex(bytes, genesis);
  guint8 check[CR_HASH_BYTES];
  cr_sha256(bytes->data, bytes->len, check);
  g_byte_array_append(bytes, check, 8);
  return g_byte_array_free_to_bytes(bytes);
}

/* Whether the bytes are a whole state of this project; *size_out its size. */
static gboolean
state_whole(const guint8 *data, gsize n, const char *genesis_hex, guint64 *size_out)
{
  if (n < STATE_FIXED || memcmp(data, STATE_HEADER, 4) != 0)
    return FALSE;
  guint8 check[CR_HASH_BYTES], genesis[CR_HASH_BYTES];
  cr_sha256(data, n - 8, check);
  guint64 size = 0;
  memcpy(&size, data + 4, sizeof size);
  size = GUINT64_FROM_LE(size);
  gsize n_roots = (gsize)__builtin_popcountll(size);
  *size_out = size;
  return memcmp(check, data + n - 8, 8) == 0 && n == STATE_FIXED + n_roots * CR_HASH_BYTES &&
         cr_unhex(genesis_hex, genesis, sizeof genesis) &&
         memcmp(genesis, data + n - 8 - CR_HASH_BYTES, CR_HASH_BYTES) == 0;
}

CrChain *
cr_chain_from_state(CrEnv *env, const char *project_id, GBytes *state, GError **error)
{
  g_autoptr(CrChain) chain = cr_chain_new(env, project_id);
  gsize n = 0;
  const guint8 *data = g_bytes_get_data(state, &n);
  guint64 size = 0;
  if (!state_whole(data, n, chain->prev_hex, &size)) {
    g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED,
                "the end of the audit chain: not whole, or of another project");
    return NULL;
  }
  chain->tree.size = size;
  cr_hex_into(data + 12, CR_HASH_BYTES, chain->prev_hex);
  const guint8 *root = data + 12 + CR_HASH_BYTES;
  for (guint level = 0; level < 64; level++)
    if (size >> level & 1) {
      memcpy(chain->tree.nodes[level], root, CR_HASH_BYTES);
      root += CR_HASH_BYTES;
    }
  return g_steal_pointer(&chain);
}
