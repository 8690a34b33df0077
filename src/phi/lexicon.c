/* The lexicon: an open-addressed table over one block of lower-case words. Always: words are folded (no
 * accents, ASCII lower case) both when stored and when looked up. */
#include "phi-private.h"
#include <string.h>

typedef struct {
  guint32 off; /* into the block; 0: empty */
  guint32 flags;
  guint8 n_bytes;
} Slot;

struct PhiLexicon {
  GByteArray *block;
  Slot *slots;
  guint32 n_slots, n_used; /* n_slots is a power of two */
  GHashTable *phrases;     /* char* -> PhiPhrase* */
  GHashTable *nicknames;   /* char* -> GPtrArray of group numbers */
  guint n_groups;
  char *hash;
};

enum { MAX_WORD = 48 };

/* Latin letters with marks, by their code point, to ASCII. Others stay as bytes. */
static char
fold_latin(gunichar c)
{
  static const char latin1[] = "aaaaaaaceeeeiiiidnooooo*ouuuuypsaaaaaaaceeeeiiiidnooooo*ouuuuypy";
  static const char extended[] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiijjjkkkllllllllllnnnnnnnn"
                                 "noooooooorrrrrrsssssssstttttt"
                                 "uuuuuuuuuuuuwwyyyzzzzzzs";
  if (c >= 0xc0 && c < 0x100)
    return latin1[c - 0xc0] == '*' ? 0 : latin1[c - 0xc0];
  if (c >= 0x100 && c < 0x180)
    return extended[c - 0x100];
  if (c >= 0x1ea0 && c <= 0x1ef9) /* Vietnamese */
    return c < 0x1eb8 ? 'a' : c < 0x1ec8 ? 'e' : c < 0x1ecc ? 'i' : c < 0x1ee4 ? 'o' : c < 0x1ef2 ? 'u' : 'y';
  return c == 0x1a0 || c == 0x1a1 ? 'o' : c == 0x1af || c == 0x1b0 ? 'u' : 0;
}

gboolean
phi_fold(const char *word, gsize n_bytes, char *buf, gsize n_buf)
{
  gsize n = 0;
  for (gsize i = 0; i < n_bytes;) {
    guchar byte = (guchar)word[i];
    if (byte < 0x80) {
      if (n + 1 >= n_buf)
        return FALSE;
      buf[n++] = g_ascii_tolower((char)byte);
      i++;
      continue;
    }
    gsize step = (gsize)(g_utf8_next_char(word + i) - (word + i));
    gunichar c = g_utf8_get_char(word + i);
    char ascii = fold_latin(c);
    if (n + step >= n_buf || i + step > n_bytes)
      return FALSE;
    if (c == 0x2019)
      buf[n++] = '\'';
    else if (ascii)
      buf[n++] = ascii;
    else if (c < 0x300 || c > 0x36f) { /* combining marks fall away */
      memcpy(buf + n, word + i, step);
      n += step;
    }
    i += step;
  }
  buf[n] = '\0';
  return TRUE;
}

static guint32
hash_word(const char *word, gsize n_bytes)
{
  guint32 hash = 2166136261u;
  for (gsize i = 0; i < n_bytes; i++)
    hash = (hash ^ (guchar)word[i]) * 16777619u; /* NOLINT: the analyser loses where a folded word ends */
  return hash ^ hash >> 15;
}

static Slot *
slot_of(const PhiLexicon *lexicon, const char *word, gsize n_bytes)
{
  guint32 i = hash_word(word, n_bytes) & (lexicon->n_slots - 1);
  while (lexicon->slots[i].off) {
    const Slot *slot = &lexicon->slots[i];
    if (slot->n_bytes == n_bytes && memcmp(lexicon->block->data + slot->off, word, n_bytes) == 0)
      break;
    i = (i + 1) & (lexicon->n_slots - 1);
  }
  return &lexicon->slots[i];
}

static void
grow(PhiLexicon *lexicon)
{
  g_autofree Slot *old = lexicon->slots;
  guint32 n_old = lexicon->n_slots;
  lexicon->n_slots *= 2;
  lexicon->slots = g_new0(Slot, lexicon->n_slots);
  for (guint32 i = 0; i < n_old; i++)
    if (old[i].off)
      *slot_of(lexicon, (const char *)lexicon->block->data + old[i].off, old[i].n_bytes) = old[i];
}

static void
add_flags(PhiLexicon *lexicon, const char *word, guint flags)
{
  char folded[MAX_WORD];
  if (!phi_fold(word, strlen(word), folded, sizeof folded) || !*folded)
    return;
  gsize n_bytes = strlen(folded);
  Slot *slot = slot_of(lexicon, folded, n_bytes);
  if (!slot->off) {
    if (lexicon->n_used * 2 > lexicon->n_slots) {
      grow(lexicon);
      slot = slot_of(lexicon, folded, n_bytes);
    }
    slot->off = lexicon->block->len;
    slot->n_bytes = (guint8)n_bytes;
    g_byte_array_append(lexicon->block, (const guint8 *)folded, (guint)n_bytes);
    lexicon->n_used++;
  }
  slot->flags |= flags | PHI_LEX_LISTED;
}

static guint
parse_flags(const char *text)
{
  guint flags = 0;
  for (const char *c = text; *c; c++)
    switch (*c) {
    case 'f':
      flags |= (guint)(c[1] - '0') & PHI_LEX_FIRST_MASK;
      break;
    case 'l':
      flags |= ((guint)(c[1] - '0') << 4) & PHI_LEX_LAST_MASK;
      break;
    case 'W':
      flags |= PHI_LEX_COMMON | PHI_LEX_WORD;
      break;
    case 'w':
      flags |= PHI_LEX_WORD;
      break;
    case 'c':
      flags |= PHI_LEX_CLINICAL;
      break;
    case 'd':
      flags |= PHI_LEX_DRUG;
      break;
    default:
      break;
    }
  return flags;
}

static gboolean
bad_row(GError **error, guint line, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%u: %s", line, what);
  return FALSE;
}

static gboolean
lexicon_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  if (n_fields != 2)
    return bad_row(error, line, "expected WORD and FLAGS");
  add_flags(data, fields[0], parse_flags(fields[1]));
  return TRUE;
}

/* data/rules/words.tsv: LIST, then words. */
static gboolean
words_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  static const struct {
    const char *list;
    guint flags;
  } lists[] = {{"eponym", PHI_LEX_EPONYM},
               {"stop", PHI_LEX_STOP},
               {"clinical", PHI_LEX_CLINICAL | PHI_LEX_WORD},
               {"drug", PHI_LEX_DRUG},
               {"common", PHI_LEX_WORD | PHI_LEX_COMMON},
               {"given", 6},
               {"surname", 6 << 4},
               {"generic", PHI_LEX_GENERIC},
               {"particle", PHI_LEX_PARTICLE},
               {"credential", PHI_LEX_CREDENTIAL | PHI_LEX_STOP},
               {"title", PHI_LEX_TITLE | PHI_LEX_STOP},
               {"suffix", PHI_LEX_SUFFIX},
               {"thing", PHI_LEX_THING},
               {"says", PHI_LEX_SAYS},
               {"place", PHI_LEX_PLACE}};
  if (n_fields != 2)
    return bad_row(error, line, "expected LIST and WORDS");
  for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
    if (strcmp(lists[i].list, fields[0]) == 0) {
      g_auto(GStrv) words = g_strsplit(fields[1], " ", -1);
      for (guint w = 0; words[w]; w++)
        if (*words[w])
          add_flags(data, words[w], lists[i].flags);
      return TRUE;
    }
  return bad_row(error, line, "unknown list");
}

/* Full stops and ampersands drop out, as they do when a note is read. */
static void
normalise_phrase(char *phrase)
{
  char *out = phrase;
  for (const char *c = phrase; *c; c++)
    if (*c == '.' || *c == '+')
      continue;
    else if (*c != '&' && !(*c == ' ' && (out == phrase || out[-1] == ' ')))
      *out++ = *c;
  while (out > phrase && out[-1] == ' ')
    out--;
  *out = '\0';
}

static gboolean
phrase_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  PhiLexicon *lexicon = data;
  CrPhiKind kind;
  if (n_fields != 3 || !cr_phi_kind_parse(fields[0], &kind))
    return bad_row(error, line, "expected KIND, SCORE and PHRASES");
  double score = g_ascii_strtod(fields[1], NULL);
  g_auto(GStrv) phrases = g_strsplit(fields[2], ";", -1);
  for (guint i = 0; phrases[i]; i++) {
    char folded[128];
    g_strstrip(phrases[i]);
    if (!*phrases[i] || !phi_fold(phrases[i], strlen(phrases[i]), folded, sizeof folded))
      continue;
    normalise_phrase(folded);
    PhiPhrase *phrase = g_new(PhiPhrase, 1);
    *phrase = (PhiPhrase){kind, score};
    g_hash_table_replace(lexicon->phrases, g_strdup(folded), phrase);
    g_autofree char *first = g_strndup(folded, strcspn(folded, " "));
    add_flags(lexicon, first, PHI_LEX_PHRASE);
  }
  return TRUE;
}

static gboolean
nickname_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  PhiLexicon *lexicon = data;
  if (n_fields != 1)
    return bad_row(error, line, "expected names separated by spaces");
  g_auto(GStrv) names = g_strsplit(fields[0], " ", -1);
  for (guint i = 0; names[i]; i++) {
    GArray *groups = g_hash_table_lookup(lexicon->nicknames, names[i]);
    if (!groups) {
      groups = g_array_new(FALSE, FALSE, sizeof(guint));
      g_hash_table_insert(lexicon->nicknames, g_strdup(names[i]), groups);
    }
    g_array_append_val(groups, lexicon->n_groups);
    if (!PHI_FIRST(phi_lexicon_find(lexicon, names[i], strlen(names[i]))))
      add_flags(lexicon, names[i], 3);
  }
  lexicon->n_groups++;
  return TRUE;
}

static void
free_groups(gpointer groups)
{
  g_array_unref(groups);
}

static gboolean
load_tables(PhiLexicon *lexicon, const char *rules_dir, const PhiLanguage *language, GError **error)
{
  g_autoptr(GString) hash = g_string_new(NULL);
  g_autofree char *words = phi_lexicon_path(rules_dir, language->lexicon);
  g_autofree char *lists = phi_rules_path(rules_dir, language->words);
  g_autofree char *phrases = phi_rules_path(rules_dir, language->gazetteer);
  g_autofree char *nicknames = phi_rules_path(rules_dir, language->nicknames);
  if (!phi_table_read(words, lexicon_row, lexicon, hash, error) ||
      !phi_table_read(lists, words_row, lexicon, hash, error) ||
      !phi_table_read(phrases, phrase_row, lexicon, hash, error) ||
      !phi_table_read(nicknames, nickname_row, lexicon, hash, error))
    return FALSE;
  lexicon->hash = g_string_free(g_steal_pointer(&hash), FALSE);
  return TRUE;
}

PhiLexicon *
phi_lexicon_load(const char *rules_dir, const PhiLanguage *language, GError **error)
{
  g_autoptr(PhiLexicon) lexicon = g_new0(PhiLexicon, 1);
  lexicon->block = g_byte_array_sized_new(1 << 20);
  g_byte_array_append(lexicon->block, (const guint8 *)"", 1);
  lexicon->n_slots = 1 << 18;
  lexicon->slots = g_new0(Slot, lexicon->n_slots);
  lexicon->phrases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  lexicon->nicknames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_groups);
  if (!load_tables(lexicon, rules_dir, language, error))
    return NULL;
  return g_steal_pointer(&lexicon);
}

void
phi_lexicon_free(PhiLexicon *lexicon)
{
  if (!lexicon)
    return;
  g_byte_array_unref(lexicon->block);
  g_free(lexicon->slots);
  g_hash_table_unref(lexicon->phrases);
  g_hash_table_unref(lexicon->nicknames);
  g_free(lexicon->hash);
  g_free(lexicon);
}

guint32
phi_lexicon_find(const PhiLexicon *lexicon, const char *word, gsize n_bytes)
{
  char folded[MAX_WORD];
  if (!phi_fold(word, n_bytes, folded, sizeof folded))
    return 0;
  const Slot *slot = slot_of(lexicon, folded, strlen(folded));
  return slot->off ? slot->flags : 0;
}

const PhiPhrase *
phi_lexicon_phrase(const PhiLexicon *lexicon, const char *phrase)
{
  return g_hash_table_lookup(lexicon->phrases, phrase);
}

gboolean
phi_lexicon_same_given(const PhiLexicon *lexicon, const char *a, const char *b)
{
  const GArray *left = g_hash_table_lookup(lexicon->nicknames, a);
  const GArray *right = g_hash_table_lookup(lexicon->nicknames, b);
  if (!left || !right)
    return FALSE;
  for (guint i = 0; i < left->len; i++)
    for (guint j = 0; j < right->len; j++)
      if (g_array_index(left, guint, i) == g_array_index(right, guint, j))
        return TRUE;
  return FALSE;
}

const char *
phi_lexicon_hash(const PhiLexicon *lexicon)
{
  return lexicon->hash;
}
