/* What scoring needs of a pass. The templates are parted: those that ask one word alone, by where it stands
 * from the token (their sum of weights is worked out once a word), and the rest. Features with many weights
 * have them written out as rows. */
#pragma once
#include "tagger-private.h"

#define CR_N_ROLES (2 * CR_MAX_OFFSET + 1)
#define CR_DENSE_MARK 255 /* no feature has so many weights */

struct CrPlan {
  guint k;
  CrRowLayout layout;
  guint16 place[4 * CR_MAX_LABELS + 2]; /* of a state in its row */
  CrSlot *slots;                        /* where: row << 8 | CR_DENSE_MARK, else as in the file */
  gint16 *dense;                        /* rows */
  GArray *role[CR_N_ROLES];             /* CrTemplate of one word, offset CR_MAX_OFFSET less: offsets 0 */
  gint8 offset[CR_N_ROLES];             /* of the roles that have templates */
  guint n_roles;
  GArray *rest; /* CrTemplate */
};

/* Memory by a key: n_sets, a power of two, x 4 x n_bytes. */
typedef struct CrMemo CrMemo;
CrMemo *cr_memo_new(guint n_sets, gsize n_bytes);
void cr_memo_free(CrMemo *memo);
void cr_memo_begin(CrMemo *memo); /* what was found before may be given up */
/* The bytes of a key, to be written where *is_new. */
gpointer cr_memo_find(CrMemo *memo, guint64 key, gboolean *is_new);
