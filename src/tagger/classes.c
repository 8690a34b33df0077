/* Word classes: which lists a lower-cased word stands in, as bits. Open addressing on the word's hash. */
#include "tagger-private.h"
#include <string.h>

struct CrClasses {
  guint64 *key, *bits; /* key 0: empty */
  gsize n_slots, n_words;
  GPtrArray *names;
  CrPatterns *patterns; /* NULL: none */
  gboolean is_folded;   /* a lexicon's words are among them, which have no accents */
};

#define OF_LEXICON "lexicon-" /* its flags f1 .. f9 and l1 .. l9 say that a word is a name */

guint64
cr_hash_bytes(guint64 seed, const char *bytes, gsize n_bytes)
{
  guint64 h = seed ^ (n_bytes * G_GUINT64_CONSTANT(0xC2B2AE3D27D4EB4F)), word;
  for (; n_bytes >= 8; bytes += 8, n_bytes -= 8) {
    memcpy(&word, bytes, 8);
    h = cr_hash_step(h, GUINT64_FROM_LE(word));
  }
  word = 0;
  memcpy(&word, bytes, n_bytes);
  return cr_hash_step(h, GUINT64_FROM_LE(word)) | 1; /* never 0 */
}

static void
grow(CrClasses *c)
{
  g_autofree guint64 *key = g_steal_pointer(&c->key), *bits = g_steal_pointer(&c->bits);
  const gsize n = c->n_slots;
  c->n_slots = n ? n * 2 : 1024;
  c->key = g_new0(guint64, c->n_slots);
  c->bits = g_new0(guint64, c->n_slots);
  for (gsize i = 0; i < n; i++) {
    if (key[i] == 0)
      continue;
    gsize at = (key[i] >> 7) & (c->n_slots - 1);
    while (c->key[at] != 0)
      at = (at + 1) & (c->n_slots - 1);
    c->key[at] = key[i], c->bits[at] = bits[i];
  }
}

static void
add(CrClasses *c, guint64 key, guint bit)
{
  if (2 * (c->n_words + 1) > c->n_slots)
    grow(c);
  gsize at = (key >> 7) & (c->n_slots - 1);
  while (c->key[at] != 0 && c->key[at] != key)
    at = (at + 1) & (c->n_slots - 1);
  if (c->key[at] == 0)
    c->n_words++;
  c->key[at] = key;
  c->bits[at] |= G_GUINT64_CONSTANT(1) << bit;
}

static int
class_of(CrClasses *c, const char *name)
{
  const int bit = cr_classes_bit(c, name);
  if (bit >= 0 || c->names->len >= CR_MAX_CLASSES)
    return bit;
  g_ptr_array_add(c->names, g_strdup(name));
  c->is_folded = c->is_folded || g_str_has_prefix(name, OF_LEXICON);
  return (int)c->names->len - 1;
}

static gboolean
parse_pattern(CrClasses *c, const char *pattern, const char *expression, const char *name, guint line,
              GError **error)
{
  g_autoptr(GError) why = NULL;
  if (c->patterns == NULL)
    c->patterns = cr_patterns_new();
  if (cr_patterns_add(c->patterns, pattern, expression, &why))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_TEMPLATE, "%s:%u: not a regular expression: %s", name, line,
              why->message);
  return FALSE;
}

static gboolean
parse_row(CrClasses *c, char *row, const char *name, guint line, GError **error)
{
  char *words = strchr(row, '\t');
  if (words == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_TEMPLATE, "%s:%u: a row is a class, a tab and its words", name,
                line);
    return FALSE;
  }
  *words++ = '\0';
  if (*row == '~')
    return parse_pattern(c, row + 1, words, name, line, error);
  const int bit = class_of(c, row);
  if (bit < 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_TEMPLATE, "%s:%u: more than %d classes", name, line,
                CR_MAX_CLASSES);
    return FALSE;
  }
  g_auto(GStrv) word = g_strsplit(words, " ", -1);
  for (guint i = 0; word[i] != NULL; i++) {
    if (*word[i] == '\0')
      continue;
    g_autofree char *lower = g_utf8_strdown(word[i], -1);
    add(c, cr_hash_bytes(0, lower, strlen(lower)), (guint)bit);
  }
  return TRUE;
}

CrClasses *
cr_classes_parse(const char *table, gsize n_bytes, const char *name, GError **error)
{
  g_autoptr(CrClasses) c = g_new0(CrClasses, 1);
  c->names = g_ptr_array_new_with_free_func(g_free);
  grow(c);
  if (!g_utf8_validate(table, (gssize)n_bytes, NULL)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_TEMPLATE, "%s: the class table is not UTF-8", name);
    return NULL;
  }
  g_autofree char *copy = g_strndup(table, n_bytes);
  guint line = 0;
  for (char *row = copy, *next; row != NULL; row = next) {
    line++;
    next = strchr(row, '\n');
    if (next != NULL)
      *next++ = '\0';
    if (*row == '\0' || *row == '#')
      continue;
    if (!parse_row(c, row, name, line, error))
      return NULL;
  }
  return g_steal_pointer(&c);
}

void
cr_classes_free(CrClasses *c)
{
  if (c == NULL)
    return;
  g_free(c->key);
  g_free(c->bits);
  g_ptr_array_unref(c->names);
  cr_patterns_free(c->patterns);
  g_free(c);
}

guint64
cr_classes_find(const CrClasses *c, guint64 key)
{
  if (c == NULL)
    return 0;
  gsize at = (key >> 7) & (c->n_slots - 1);
  while (c->key[at] != 0 && c->key[at] != key)
    at = (at + 1) & (c->n_slots - 1);
  return c->key[at] == key ? c->bits[at] : 0;
}

static gunichar
without_stroke(gunichar c)
{
  static const struct {
    gunichar letter, plain;
  } table[] = {{0xe6, 'a'}, {0xf0, 'd'}, {0xf8, 'o'}, {0x111, 'd'}, {0x127, 'h'}, {0x131, 'i'}, {0x142, 'l'}};
  for (guint i = 0; i < G_N_ELEMENTS(table); i++)
    if (table[i].letter == c)
      return table[i].plain;
  return c;
}

guint64
cr_classes_of_word(const CrClasses *c, const char *lower, gsize n_bytes, guint64 key)
{
  const guint64 found = cr_classes_find(c, key);
  char folded[256];
  gsize n = 0;
  if (found != 0 || c == NULL || !c->is_folded || g_str_is_ascii(lower))
    return found;
  g_autofree char *apart = g_utf8_normalize(lower, (gssize)n_bytes, G_NORMALIZE_NFD);
  for (const char *p = apart; p != NULL && *p != '\0' && n + 6 < sizeof folded; p = g_utf8_next_char(p))
    if (!g_unichar_ismark(g_utf8_get_char(p)))
      n += (gsize)g_unichar_to_utf8(without_stroke(g_utf8_get_char(p)), folded + n);
  return n > 0 ? cr_classes_find(c, cr_hash_bytes(0, folded, n)) : 0;
}

void
cr_classes_hide_names(CrClasses *c, double share)
{
  guint64 names = 0;
  for (guint i = 0; i < c->names->len; i++) {
    const char *name = g_ptr_array_index(c->names, i);
    if (g_str_has_prefix(name, OF_LEXICON) && strchr("fl", name[strlen(OF_LEXICON)]) != NULL)
      names |= G_GUINT64_CONSTANT(1) << i;
  }
  for (gsize i = 0; i < c->n_slots; i++)
    if ((c->key[i] >> 32) % 1000 < (guint64)(share * 1000))
      c->bits[i] &= ~names;
}

int
cr_classes_bit(const CrClasses *c, const char *name)
{
  for (guint i = 0; c != NULL && i < c->names->len; i++)
    if (g_str_equal(g_ptr_array_index(c->names, i), name))
      return (int)i;
  return -1;
}

const CrPatterns *
cr_classes_patterns(const CrClasses *c)
{
  return c == NULL ? NULL : c->patterns;
}
