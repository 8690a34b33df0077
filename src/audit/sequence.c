/* sequence: the chain read event by event, and what is wrong where it breaks.
 *
 * Each line must carry the next number, the hash of the line before, and its own hash. Where one does not,
 * the lines behind it tell an edit from a deletion, a swap or a copy. */
#include "audit/audit-private.h"

void
cr_sequence_init(CrSequence *sequence, const char *project_id)
{
  memset(sequence, 0, sizeof *sequence);
  cr_genesis_hex(project_id, sequence->head_hex);
}

static CrFault
fault_of(const CrSequence *sequence, const CrScanned *scanned)
{
  if (!scanned->well_formed || !scanned->hash_fits)
    return CR_FAULT_CHANGED;
  if (scanned->line.seq != sequence->tree.size)
    return CR_FAULT_NUMBER;
  if (memcmp(scanned->line.prev, sequence->head_hex, CR_HEX_HASH) != 0)
    return CR_FAULT_PREV;
  return CR_FAULT_NONE;
}

gboolean
cr_sequence_take(CrSequence *sequence, const CrScanned *scanned)
{
  sequence->fault = fault_of(sequence, scanned);
  if (sequence->fault != CR_FAULT_NONE) {
    sequence->fault_off = scanned->byte_off;
    sequence->fault_seq = scanned->well_formed ? scanned->line.seq : sequence->tree.size;
    return FALSE;
  }
  memcpy(sequence->head_hex, scanned->line.hash, CR_HEX_HASH);
  cr_frontier_append(&sequence->tree, scanned->leaf);
  return TRUE;
}

/* ---- explaining ---- */

/* What stands behind the bad line. */
typedef struct {
  guint64 wanted; /* the event that should have stood there */
  guint n_lines;  /* looked at so far; the first is the bad line itself */
  char bad_hash[CR_HEX_HASH];
  gboolean next_follows;   /* the next line was made after the bad one */
  gboolean next_is_wanted; /* the two stand in each other's place */
  gboolean wanted_later;
  guint64 after; /* the event that stands before the wanted one, where it comes later */
  guint64 last_seq;
} Ahead;

static gboolean
ahead_cb(const CrScanned *scanned, gpointer data)
{
  Ahead *ahead = data;
  guint place = ahead->n_lines++;
  if (!scanned->well_formed)
    return TRUE;
  if (place == 0)
    memcpy(ahead->bad_hash, scanned->line.hash, CR_HEX_HASH);
  if (place == 1)
    ahead->next_follows = memcmp(scanned->line.prev, ahead->bad_hash, CR_HEX_HASH) == 0;
  if (place >= 1 && scanned->line.seq == ahead->wanted) {
    ahead->next_is_wanted = place == 1;
    ahead->wanted_later = TRUE;
    ahead->after = ahead->last_seq;
    return FALSE;
  }
  ahead->last_seq = scanned->line.seq;
  return TRUE;
}

#define N G_GUINT64_FORMAT

/* Another number than the next: missing, moved or doubled. */
static char *
explain_number(const CrSequence *sequence, const Ahead *ahead, gint64 *broken_at)
{
  guint64 wanted = sequence->tree.size, found = sequence->fault_seq;
  if (found < wanted) {
    *broken_at = (gint64)found;
    return g_strdup_printf("event %" N ": stands again behind event %" N, found, wanted - 1);
  }
  *broken_at = (gint64)wanted;
  if (ahead->next_is_wanted && found == wanted + 1)
    return g_strdup_printf("event %" N ": swapped with event %" N, wanted, found);
  if (ahead->wanted_later)
    return g_strdup_printf("event %" N ": out of order: it stands behind event %" N, wanted, ahead->after);
  if (wanted == 0)
    return g_strdup_printf("event 0: missing: the trail begins with event %" N, found);
  return g_strdup_printf("event %" N ": missing: %" N " is followed by %" N, wanted, wanted - 1, found);
}

/* The link to the event before is wrong though both are whole: one of the two was hashed again. A line behind
 * that still follows the second clears it. */
static char *
explain_prev(const CrSequence *sequence, const Ahead *ahead, gint64 *broken_at)
{
  guint64 here = sequence->tree.size;
  *broken_at = (gint64)here;
  if (here == 0)
    return g_strdup("event 0: changed, or of another project");
  if (ahead->n_lines > 1 && !ahead->next_follows)
    return g_strdup_printf("event %" N ": changed and hashed again: it does not follow event %" N, here,
                           here - 1);
  *broken_at = (gint64)here - 1;
  return g_strdup_printf("event %" N ": changed and hashed again: event %" N " was made after another",
                         here - 1, here);
}

char *
cr_sequence_explain(const CrSequence *sequence, const char *log_path, gint64 *broken_at)
{
  guint64 here = sequence->tree.size;
  *broken_at = (gint64)here;
  Ahead ahead = {.wanted = here};
  if (sequence->fault == CR_FAULT_NUMBER || sequence->fault == CR_FAULT_PREV) {
    g_autoptr(GError) ignored =
        NULL; /* the log was readable a moment ago; without it the answer is coarser */
    if (!cr_audit_scan(log_path, sequence->fault_off, FALSE, ahead_cb, &ahead, NULL, &ignored))
      ahead.n_lines = 0;
  }
  switch (sequence->fault) {
  case CR_FAULT_NUMBER:
    return explain_number(sequence, &ahead, broken_at);
  case CR_FAULT_PREV:
    return explain_prev(sequence, &ahead, broken_at);
  case CR_FAULT_TORN:
    return g_strdup_printf("event %" N ": incomplete last line", here);
  default:
    return g_strdup_printf("event %" N ": changed", here);
  }
}
