/* What the words around a token say of it: the capitalised run it stands in, the segment between two
 * punctuation marks, the last cue and kinship word, and where the same word stands elsewhere in the note. */
#include "tagger-private.h"
#include <string.h>

static guint
bucket(guint n)
{
  return n <= 5 ? n : n <= 8 ? 6 : n <= 14 ? 7 : 8;
}

static gboolean
in_run(const CrTokens *t, guint i)
{
  const guint32 type = t->columns[CR_COL_TYPE][i];
  return type == CR_TYPE_CAPITALS || type == CR_TYPE_INITIAL || type == CR_TYPE_CAPITAL;
}
/* Small words and marks that may stand inside a name: "de la", "van", "O'Neil", "Smith-Jones", "J.". */
static gboolean
joins_run(const CrTokens *t, guint i, guint64 particle)
{
  return (t->classes[i] & particle) != 0 || strchr("'-.", t->text[t->start[i]]) != NULL;
}

static void
fill_run(CrTokens *t, guint first, guint n)
{
  const guint32 head = cr_hash_fold(cr_hash_step(21, t->lower[first]));
  for (guint i = 0; i < n; i++) {
    t->columns[CR_COL_RUN_HEAD][first + i] = head;
    t->columns[CR_COL_RUN_AT][first + i] = 1 + bucket(i);
    t->columns[CR_COL_RUN_LENGTH][first + i] = 1 + bucket(n);
  }
}

static void
fill_runs(CrTokens *t, const CrSequence *line, guint64 particle)
{
  const guint end = line->first + line->n;
  for (guint i = line->first; i < end;) {
    if (!in_run(t, i)) {
      i++;
      continue;
    }
    guint last = i, next = i + 1;
    while (next < end && next - last <= 2 && (in_run(t, next) || joins_run(t, next, particle))) {
      if (in_run(t, next))
        last = next;
      next++;
    }
    fill_run(t, i, last + 1 - i);
    i = last + 1;
  }
}

static void
fill_segments(CrTokens *t, const CrSequence *line)
{
  guint head = line->first;
  for (guint i = line->first; i < line->first + line->n; i++) {
    t->columns[CR_COL_SEGMENT_HEAD][i] = i == head ? 0 : cr_hash_fold(cr_hash_step(22, t->lower[head]));
    t->columns[CR_COL_SEGMENT_AT][i] = 1 + bucket(i - head);
    if (strchr(",;:().", t->text[t->start[i]]) != NULL)
      head = i + 1;
  }
}

static void
fill_cues(CrTokens *t, const CrSequence *line, guint64 cue, guint64 kin)
{
  guint32 last = 0, relative = 0;
  guint at = 0;
  for (guint i = line->first; i < line->first + line->n; i++, at++) {
    t->columns[CR_COL_CUE][i] = last;
    t->columns[CR_COL_CUE_AT][i] = last ? 1 + bucket(at) : 0;
    t->columns[CR_COL_KIN][i] = relative;
    if (t->classes[i] & cue)
      last = cr_hash_fold(cr_hash_step(23, t->lower[i])), at = 0;
    if (t->classes[i] & kin)
      relative = cr_hash_fold(cr_hash_step(24, t->lower[i]));
  }
}

/* Tokens to the next number of five digits on the line. */
static void
fill_postcodes(CrTokens *t, const CrSequence *line)
{
  guint far = G_MAXUINT;
  for (guint i = line->first + line->n; i-- > line->first;) {
    const gboolean postcode = t->columns[CR_COL_TYPE][i] == CR_TYPE_DIGITS && t->end[i] - t->start[i] == 5;
    far = postcode ? 0 : far == G_MAXUINT ? far : far + 1;
    t->columns[CR_COL_POSTCODE_AT][i] = far > 12 ? 0 : 1 + far;
  }
}

static guint64
mask(const CrClasses *classes, const char *name)
{
  const int bit = cr_classes_bit(classes, name);
  return bit < 0 ? 0 : G_GUINT64_CONSTANT(1) << bit;
}

void
cr_columns_runs(CrTokens *t, const CrClasses *classes)
{
  const guint64 particle = mask(classes, "particle"), cue = mask(classes, "cue"), kin = mask(classes, "kin");
  for (guint s = 0; s < t->sequences->len; s++) {
    const CrSequence *line = &g_array_index(t->sequences, CrSequence, s);
    fill_runs(t, line, particle);
    fill_segments(t, line);
    fill_cues(t, line, cue | kin, kin);
    fill_postcodes(t, line);
  }
}

/* ---- the same word elsewhere ---- */
/* What a document's mentions of one word have told: the two first different values, and how often it stands.
 */
typedef struct {
  guint32 value[3], times[3];
  guint count;
} Told;

static void
tell(Told *told, guint32 value)
{
  if (value == 0)
    return;
  for (guint i = 0; i < 3; i++) {
    if (told->times[i] != 0 && told->value[i] != value)
      continue;
    told->value[i] = value;
    told->times[i]++;
    return;
  }
}

/* The most told value but for one mention of `own`, and the next. */
static void
hear(const Told *told, guint32 own, guint32 out[2])
{
  guint best[2] = {0, 0};
  out[0] = out[1] = 0;
  for (guint i = 0; i < 3; i++) {
    const guint times = told->times[i] - (told->times[i] > 0 && told->value[i] == own ? 1 : 0);
    if (times > best[0]) {
      best[1] = best[0], out[1] = out[0];
      best[0] = times, out[0] = told->value[i];
    } else if (times > best[1])
      best[1] = times, out[1] = told->value[i];
  }
}

static gboolean
may_repeat(const CrTokens *t, guint i)
{
  const guint32 type = t->columns[CR_COL_TYPE][i];
  return type != CR_TYPE_PUNCT && t->end[i] - t->start[i] > 2 && (in_run(t, i) || type == CR_TYPE_DIGITS);
}

/* Slots of the words that may repeat, one a distinct word; slot[i] of each token, G_MAXUINT32 for none. */
static guint
number_words(const CrTokens *t, guint32 *slot)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
  guint n = 0;
  for (guint i = 0; i < t->n_tokens; i++) {
    slot[i] = G_MAXUINT32;
    if (!may_repeat(t, i))
      continue;
    const gpointer found = g_hash_table_lookup(seen, &t->lower[i]);
    if (found == NULL)
      g_hash_table_insert(seen, &t->lower[i], GUINT_TO_POINTER(++n));
    slot[i] = found == NULL ? n - 1 : GPOINTER_TO_UINT(found) - 1;
  }
  return n;
}

void
cr_columns_same(CrTokens *t)
{
  g_autofree guint32 *slot = g_new(guint32, t->n_tokens + 1);
  const guint n = number_words(t, slot);
  g_autofree Told *keys = g_new0(Told, n + 1), *cues = g_new0(Told, n + 1);
  for (guint i = 0; i < t->n_tokens; i++) {
    if (slot[i] == G_MAXUINT32)
      continue;
    keys[slot[i]].count++;
    tell(&keys[slot[i]], t->columns[CR_COL_KEY][i]);
    if (t->columns[CR_COL_CUE_AT][i] != 0 && t->columns[CR_COL_CUE_AT][i] <= 4)
      tell(&cues[slot[i]], t->columns[CR_COL_CUE][i]);
  }
  for (guint i = 0; i < t->n_tokens; i++) {
    if (slot[i] == G_MAXUINT32)
      continue;
    guint32 heard[2];
    hear(&keys[slot[i]], t->columns[CR_COL_KEY][i], heard);
    t->columns[CR_COL_SAME_KEY][i] = heard[0];
    t->columns[CR_COL_SAME_KEY2][i] = heard[1];
    hear(&cues[slot[i]], t->columns[CR_COL_CUE_AT][i] <= 4 ? t->columns[CR_COL_CUE][i] : 0, heard);
    t->columns[CR_COL_SAME_CUE][i] = heard[0];
    t->columns[CR_COL_SAME_COUNT][i] = 1 + MIN(keys[slot[i]].count, 5u);
  }
}

/* ---- a first pass's guesses ---- */
static guint32
guess_value(guint label)
{
  return cr_hash_fold(cr_hash_step(25, label + 1));
}

static void
fill_same_guess(CrTokens *t, const guint16 *label, guint n_labels)
{
  g_autofree guint32 *slot = g_new(guint32, t->n_tokens + 1);
  const guint n = number_words(t, slot);
  g_autofree Told *told = g_new0(Told, n + 1);
  for (guint i = 0; i < t->n_tokens; i++)
    if (slot[i] != G_MAXUINT32 && label[i] < n_labels)
      tell(&told[slot[i]], guess_value(label[i]));
  for (guint i = 0; i < t->n_tokens; i++) {
    if (slot[i] == G_MAXUINT32)
      continue;
    guint32 heard[2];
    hear(&told[slot[i]], label[i] < n_labels ? guess_value(label[i]) : 0, heard);
    t->columns[CR_COL_SAME_GUESS][i] = heard[0];
    t->columns[CR_COL_SAME_GUESS2][i] = heard[1];
  }
}

/* The label of the last entity before each token (forward), or of the next one behind it. */
static void
fill_neighbour(CrTokens *t, const guint16 *label, guint n_labels, gboolean forward)
{
  const CrColumn column = forward ? CR_COL_PREV_GUESS : CR_COL_NEXT_GUESS;
  guint32 last = 0, inside = 0;
  for (guint n = 0; n < t->n_tokens; n++) {
    const guint i = forward ? n : t->n_tokens - 1 - n;
    const guint32 own = label[i] < n_labels ? guess_value(label[i]) : 0;
    if (own != inside && inside != 0)
      last = inside;
    inside = own;
    t->columns[column][i] = last;
  }
}

void
cr_columns_guess(CrTokens *t, const guint16 *label, const float *sure, guint n_labels)
{
  for (guint i = 0; i < t->n_tokens; i++) {
    t->columns[CR_COL_GUESS][i] = guess_value(label[i]);
    t->columns[CR_COL_GUESS_SURE][i] = cr_hash_fold(cr_hash_step(guess_value(label[i]), sure[i] > .98F  ? 3
                                                                                        : sure[i] > .8F ? 2
                                                                                                        : 1));
  }
  fill_same_guess(t, label, n_labels);
  fill_neighbour(t, label, n_labels, TRUE);
  fill_neighbour(t, label, n_labels, FALSE);
}
