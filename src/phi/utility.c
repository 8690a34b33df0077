/* utility.c: see utility.h. Words are looked up folded; what is told of them is the list's spelling. */
#include "phi-private.h"
#include <chartroom/utility.h>
#include <string.h>

enum { MAX_WORD = 48 };
enum { LISTED_DRUG = 1, LISTED_PROBLEM = 2, LISTED_LAB = 4 };

typedef struct {
  CrUtilityClass class;
  guint64 all, masked;
} Word;

struct CrUtility {
  PhiLexicon *lexicon;
  GHashTable *listed; /* word -> LISTED_* */
  GHashTable *words;  /* "class:word" -> Word */
};

const char *
cr_utility_class_name(CrUtilityClass class)
{
  static const char *const names[] = {"drug", "problem", "eponym", "lab"};
  return names[class];
}

static gboolean
row_cb(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  static const char *const lists[] = {"drug", "problem", "lab"};
  CrUtility *u = data;
  guint list = 0;
  while (list < G_N_ELEMENTS(lists) && strcmp(lists[list], fields[0]) != 0)
    list++;
  if (n_fields != 2 || list == G_N_ELEMENTS(lists)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%u: expected drug, problem or lab, and words", line);
    return FALSE;
  }
  g_auto(GStrv) words = g_strsplit(fields[1], " ", -1);
  for (guint i = 0; words[i]; i++) {
    guint flags = GPOINTER_TO_UINT(g_hash_table_lookup(u->listed, words[i])) | 1u << list;
    g_hash_table_insert(u->listed, g_strdup(words[i]), GUINT_TO_POINTER(flags));
  }
  return TRUE;
}

CrUtility *
cr_utility_new(const char *rules_dir, const char *language, GError **error)
{
  g_autoptr(CrUtility) u = g_new0(CrUtility, 1);
  g_autofree char *path = phi_rules_path(rules_dir, "utility.tsv");
  u->listed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  u->words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  const PhiLanguage *tables = phi_language_find(language, error);
  u->lexicon = tables ? phi_lexicon_load(rules_dir, tables, error) : NULL;
  if (!u->lexicon || !phi_table_read(path, row_cb, u, NULL, error))
    return NULL;
  return g_steal_pointer(&u);
}

void
cr_utility_free(CrUtility *u)
{
  if (!u)
    return;
  g_clear_pointer(&u->lexicon, phi_lexicon_free);
  g_hash_table_unref(u->listed);
  g_hash_table_unref(u->words);
  g_free(u);
}

/* ---- one word ---- */

/* "K 4.1" is potassium, "K 4" may be an initial. */
static gboolean
is_enough(const PhiPage *page, guint i, guint number)
{
  gboolean letter = PHI_TOKEN(page, i)->end - PHI_TOKEN(page, i)->start == 1;
  return !letter || (number + 2 < page->tokens->len && page->s[PHI_TOKEN(page, number + 1)->start] == '.' &&
                     PHI_TOKEN(page, number + 1)->gap == PHI_GAP_NONE &&
                     PHI_TOKEN(page, number + 2)->shape == PHI_SHAPE_NUMBER &&
                     PHI_TOKEN(page, number + 2)->gap == PHI_GAP_NONE);
}

/* A number comes after the word, a few marks between them at most. */
static gboolean
has_value(const PhiPage *page, guint i)
{
  for (guint k = i + 1; k < page->tokens->len && k <= i + 3; k++) {
    const PhiToken *t = PHI_TOKEN(page, k);
    if (t->gap >= PHI_GAP_LINE)
      return FALSE;
    if (t->shape == PHI_SHAPE_NUMBER)
      return is_enough(page, i, k);
    if (!phi_token_in(page, k, (const char *const[]){"is", "of", "was", NULL}) &&
        !strchr(":=<>-", page->s[t->start]))
      return FALSE;
  }
  return FALSE;
}

static gboolean
is_name(guint32 lex)
{
  return PHI_FIRST(lex) || PHI_LAST(lex);
}

/* FALSE where the word is none of them. */
static gboolean
class_of(const CrUtility *u, const PhiPage *page, guint i, const char *word, CrUtilityClass *class)
{
  guint32 lex = PHI_TOKEN(page, i)->lex;
  guint listed = GPOINTER_TO_UINT(g_hash_table_lookup(u->listed, word));
  gboolean rare = !(lex & (PHI_LEX_WORD | PHI_LEX_COMMON)) && !is_name(lex) && strlen(word) >= 5 &&
                  !(lex & PHI_LEX_PHRASE); /* a place may begin so */
  if ((listed & LISTED_LAB) && has_value(page, i))
    *class = CR_UTILITY_LAB;
  else if ((listed & LISTED_DRUG) || (rare && (lex & PHI_LEX_DRUG)))
    *class = CR_UTILITY_DRUG;
  else if ((listed & LISTED_PROBLEM) || (rare && (lex & PHI_LEX_CLINICAL)))
    *class = CR_UTILITY_PROBLEM;
  else if ((lex & PHI_LEX_EPONYM) && i + 1 < page->tokens->len &&
           (PHI_TOKEN(page, i + 1)->lex & PHI_LEX_THING))
    *class = CR_UTILITY_EPONYM;
  else
    return FALSE;
  return TRUE;
}

static void
count_word(CrUtility *u, CrUtilityClass class, const char *word, gboolean masked)
{
  g_autofree char *key = g_strdup_printf("%d:%s", (int)class, word);
  Word *w = g_hash_table_lookup(u->words, key);
  if (!w) {
    w = g_new0(Word, 1);
    w->class = class;
    g_hash_table_insert(u->words, g_steal_pointer(&key), w);
  }
  w->all++;
  w->masked += masked;
}

/* The masked span that ends after off, from *at on; spans and words both ascend. */
static gboolean
is_masked(const GArray *masked, guint *at, gsize start, gsize end)
{
  while (*at < masked->len && g_array_index(masked, CrSpan, *at).end <= start)
    ++*at;
  return *at < masked->len && g_array_index(masked, CrSpan, *at).start < end;
}

static void
count_page(CrUtility *u, const PhiPage *page, const GArray *masked, CrUtilityCounts *sum)
{
  guint at = 0;
  for (guint i = 0; i < page->tokens->len; i++) {
    const PhiToken *t = PHI_TOKEN(page, i);
    char word[MAX_WORD];
    CrUtilityClass class;
    if (!phi_token_is_word(page, i))
      continue;
    gboolean hidden = is_masked(masked, &at, t->start, t->end);
    sum->words_masked += hidden;
    if (!phi_fold(page->s + t->start, t->end - t->start, word, sizeof word) ||
        !class_of(u, page, i, word, &class))
      continue;
    sum->all[class]++;
    sum->masked[class] += hidden;
    count_word(u, class, word, hidden);
  }
}

void
cr_utility_add(CrUtility *u, const CrText *original, const GArray *masked, CrUtilityCounts *sum)
{
  g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(PhiToken));
  gsize n_bytes = cr_text_length(original, CR_UNIT_BYTE);
  g_assert(n_bytes < G_MAXUINT32);
  PhiPage page = {
      .lexicon = u->lexicon, .s = cr_text_bytes(original), .n_bytes = (guint32)n_bytes, .tokens = tokens};
  phi_tokens_fill(&page);
  count_page(u, &page, masked, sum);
}

/* ---- the words ---- */

typedef struct {
  const char *key;
  const Word *word;
} Entry;

static gint
most_masked_first(gconstpointer a, gconstpointer b)
{
  const Entry *x = a, *y = b;
  if (x->word->masked != y->word->masked)
    return x->word->masked > y->word->masked ? -1 : 1;
  return strcmp(x->key, y->key);
}

json_t *
cr_utility_words(const CrUtility *u, guint top)
{
  json_t *list = json_array();
  g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(Entry));
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, u->words);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    Entry entry = {key, value};
    if (entry.word->masked)
      g_array_append_val(entries, entry);
  }
  g_array_sort(entries, most_masked_first);
  for (guint i = 0; i < MIN(top, entries->len); i++) {
    const Entry *e = &g_array_index(entries, Entry, i);
    json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I}", "word", strchr(e->key, ':') + 1, "class",
                                          cr_utility_class_name(e->word->class), "masked",
                                          (json_int_t)e->word->masked, "all", (json_int_t)e->word->all));
  }
  return list;
}
