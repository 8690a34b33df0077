/* merkle: the tree of RFC 9162, section 2.1.1, kept as its growing edge.
 *
 * MTH({}) = SHA-256(), MTH({d}) = SHA-256(0x00 || d), MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n]))
 * with k the largest power of two below n. An entry d is the 32-byte hash of an event, which stands for its
 * line. The edge holds one root for each bit of n: appending carries like adding one. */
#include "audit/audit-private.h"

void
cr_merkle_leaf(const void *entry, gsize n_bytes, guint8 out[CR_HASH_BYTES])
{
  guint8 stack[1 + CR_HASH_BYTES];
  g_autofree guint8 *heap = n_bytes > CR_HASH_BYTES ? g_malloc(1 + n_bytes) : NULL;
  guint8 *input = heap ? heap : stack;
  input[0] = 0x00;
  if (n_bytes > 0)
    memcpy(input + 1, entry, n_bytes);
  cr_sha256(input, 1 + n_bytes, out);
}

static void
join(const guint8 *left, const guint8 *right, guint8 out[CR_HASH_BYTES])
{
  guint8 input[1 + 2 * CR_HASH_BYTES];
  input[0] = 0x01;
  memcpy(input + 1, left, CR_HASH_BYTES);
  memcpy(input + 1 + CR_HASH_BYTES, right, CR_HASH_BYTES);
  cr_sha256(input, sizeof input, out);
}

void
cr_frontier_append(CrFrontier *frontier, const guint8 leaf[CR_HASH_BYTES])
{
  guint8 carried[CR_HASH_BYTES];
  memcpy(carried, leaf, sizeof carried);
  guint level = 0;
  for (; frontier->size >> level & 1; level++)
    join(frontier->nodes[level], carried, carried);
  memcpy(frontier->nodes[level], carried, sizeof carried);
  frontier->size++;
}

void
cr_frontier_root(const CrFrontier *frontier, guint8 out[CR_HASH_BYTES])
{
  guint8 root[CR_HASH_BYTES];
  gboolean first = TRUE;
  cr_sha256("", 0, root);
  for (guint level = 0; level < 64; level++) {
    if (!(frontier->size >> level & 1))
      continue;
    if (first)
      memcpy(root, frontier->nodes[level], sizeof root);
    else
      join(frontier->nodes[level], root, root);
    first = FALSE;
  }
  memcpy(out, root, sizeof root);
}
