/* Near duplicates: shingles, their minima, bands of minima as buckets, and the exact measure of what meets.
 */
#include <chartroom/duplicates.h>
#include <string.h>

enum { MINIMA = 128, BANDS = 32, ROWS = MINIMA / BANDS };

struct CrDuplicates {
  GArray *minima; /* guint32[MINIMA] a note */
  guint64 factor[MINIMA], summand[MINIMA];
};

/* splitmix64 (Steele, Lea & Flood 2014) */
static guint64
mix(guint64 z)
{
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

CrDuplicates *
cr_duplicates_new(void)
{
  CrDuplicates *d = g_new0(CrDuplicates, 1);
  d->minima = g_array_new(FALSE, FALSE, MINIMA * sizeof(guint32));
  for (guint i = 0; i < MINIMA; i++) {
    d->factor[i] = mix(2 * i + 1) | 1;
    d->summand[i] = mix(2 * i + 2);
  }
  return d;
}

void
cr_duplicates_free(CrDuplicates *d)
{
  if (!d)
    return;
  g_array_unref(d->minima);
  g_free(d);
}

/* ---- shingles ---- */

static gboolean
next_word(const char **at, const char *end, guint64 *hash)
{
  const char *p = *at;
  while (p < end && !g_unichar_isalnum(g_utf8_get_char(p)))
    p = g_utf8_next_char(p);
  guint64 h = 0;
  gboolean any = FALSE;
  for (; p < end && g_unichar_isalnum(g_utf8_get_char(p)); p = g_utf8_next_char(p)) {
    h = mix(h + G_GUINT64_CONSTANT(0x9E3779B97F4A7C15) + g_unichar_tolower(g_utf8_get_char(p)));
    any = TRUE;
  }
  *at = p;
  *hash = h;
  return any;
}

static int
compare_hashes(gconstpointer a, gconstpointer b)
{
  const guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;
  return (x > y) - (x < y);
}

/* Ascending, each once. */
static GArray *
shingles_of(const char *text, gsize n_bytes)
{
  GArray *out = g_array_new(FALSE, FALSE, sizeof(guint64));
  guint64 last[CR_SHINGLE_WORDS] = {0}, word;
  guint n_words = 0;
  for (const char *at = text; next_word(&at, text + n_bytes, &word);) {
    memmove(last, last + 1, sizeof last - sizeof *last);
    last[CR_SHINGLE_WORDS - 1] = word;
    if (++n_words < CR_SHINGLE_WORDS)
      continue;
    guint64 h = 0;
    for (guint i = 0; i < CR_SHINGLE_WORDS; i++)
      h = mix(h ^ last[i]);
    g_array_append_val(out, h);
  }
  if (out->len == 0) {
    guint64 h = 1;
    for (guint i = 0; i < CR_SHINGLE_WORDS; i++)
      h = mix(h ^ last[i]);
    g_array_append_val(out, h);
  }
  g_array_sort(out, compare_hashes);
  guint kept = 0;
  for (guint i = 0; i < out->len; i++)
    if (i == 0 || g_array_index(out, guint64, i) != g_array_index(out, guint64, kept - 1))
      g_array_index(out, guint64, kept++) = g_array_index(out, guint64, i);
  g_array_set_size(out, kept);
  return out;
}

guint
cr_duplicates_add(CrDuplicates *d, const char *text, gsize n_bytes)
{
  g_autoptr(GArray) shingles = shingles_of(text, n_bytes);
  const guint number = d->minima->len;
  g_array_set_size(d->minima, number + 1);
  guint32 *minima = (guint32 *)(void *)d->minima->data + (gsize)number * MINIMA;
  memset(minima, 0xff, MINIMA * sizeof *minima);
  for (guint s = 0; s < shingles->len; s++) {
    const guint64 h = g_array_index(shingles, guint64, s);
    for (guint i = 0; i < MINIMA; i++) {
      const guint32 value = (guint32)((h * d->factor[i] + d->summand[i]) >> 32);
      minima[i] = MIN(minima[i], value);
    }
  }
  return number;
}

/* ---- pairs ---- */

double
cr_duplicates_likeness(const char *a, gsize n_a, const char *b, gsize n_b)
{
  g_autoptr(GArray) one = shingles_of(a, n_a), other = shingles_of(b, n_b);
  guint i = 0, k = 0, both = 0;
  while (i < one->len && k < other->len) {
    const guint64 x = g_array_index(one, guint64, i), y = g_array_index(other, guint64, k);
    both += x == y;
    i += x <= y;
    k += y <= x;
  }
  return (double)both / (double)(one->len + other->len - both);
}

/* The share of minima that are equal estimates J. */
static double
estimate(const CrDuplicates *d, guint a, guint b)
{
  const guint32 *all = (const guint32 *)(const void *)d->minima->data;
  const guint32 *x = all + (gsize)a * MINIMA, *y = all + (gsize)b * MINIMA;
  guint n = 0;
  for (guint i = 0; i < MINIMA; i++)
    n += x[i] == y[i];
  return (double)n / MINIMA;
}

typedef struct {
  guint64 key;
  guint note;
} Slot;

static int
compare_slots(gconstpointer pa, gconstpointer pb)
{
  const Slot *a = pa, *b = pb;
  const int order = (a->key > b->key) - (a->key < b->key);
  return order ? order : (a->note > b->note) - (a->note < b->note);
}

/* Of one band: every note with the hash of its minima there, ordered so that buckets stand together. */
static GArray *
slots_of_band(const CrDuplicates *d, guint band)
{
  GArray *slots = g_array_sized_new(FALSE, FALSE, sizeof(Slot), d->minima->len);
  for (guint n = 0; n < d->minima->len; n++) {
    const guint32 *minima =
        (const guint32 *)(const void *)d->minima->data + (gsize)n * MINIMA + (gsize)band * ROWS;
    Slot slot = {band, n};
    for (guint i = 0; i < ROWS; i++)
      slot.key = mix(slot.key * 31 + minima[i] + 1);
    g_array_append_val(slots, slot);
  }
  g_array_sort(slots, compare_slots);
  return slots;
}

static void
meet(const CrDuplicates *d, const GArray *slots, double at_least, GHashTable *seen, GArray *pairs)
{
  for (guint i = 1, first = 0; i < slots->len; i++) {
    const Slot *slot = &g_array_index(slots, Slot, i);
    if (slot->key != g_array_index(slots, Slot, first).key)
      first = i;
    const guint from = i - first > CR_DUPLICATES_PER_BUCKET ? i - CR_DUPLICATES_PER_BUCKET : first;
    for (guint k = from; k < i; k++) {
      CrDuplicatePair pair = {g_array_index(slots, Slot, k).note, slot->note, 0};
      const guint64 key = (guint64)pair.a << 32 | pair.b;
      if (!g_hash_table_add(seen, g_memdup2(&key, sizeof key)))
        continue;
      pair.likeness = estimate(d, pair.a, pair.b);
      if (pair.likeness >= at_least)
        g_array_append_val(pairs, pair);
    }
  }
}

static int
compare_pairs(gconstpointer pa, gconstpointer pb)
{
  const CrDuplicatePair *x = pa, *y = pb;
  const int order = (x->a > y->a) - (x->a < y->a);
  return order ? order : (x->b > y->b) - (x->b < y->b);
}

GArray *
cr_duplicates_pairs(const CrDuplicates *d, double at_least)
{
  GArray *pairs = g_array_new(FALSE, FALSE, sizeof(CrDuplicatePair));
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  for (guint band = 0; band < BANDS; band++) {
    g_autoptr(GArray) slots = slots_of_band(d, band);
    meet(d, slots, at_least, seen, pairs);
  }
  g_array_sort(pairs, compare_pairs);
  return pairs;
}
