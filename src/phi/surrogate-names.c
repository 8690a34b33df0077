/* Names: a word of a name has its own surrogate, so that every form of a name made of these words agrees.
 * Full names are learned first: then initials and lone words know whose they are. */
#include "surrogate-private.h"
#include <string.h>

enum { CONTEXT_BEFORE = 24, CONTEXT_AFTER = 300 };

/* ---- words ---- */

static gboolean
in_word(const char *s, gsize n_bytes, gsize at, gboolean inside)
{
  gunichar c = g_utf8_get_char(s + at);
  if (g_unichar_isalnum(c) || (inside && g_unichar_ismark(c)))
    return TRUE;
  gsize next = at + (gsize)g_utf8_skip[(guchar)s[at]];
  return inside && (c == '\'' || c == 0x2019) && next < n_bytes &&
         g_unichar_isalpha(g_utf8_get_char(s + next));
}

/* Smith's: the word is Smith. O'S is left. */
static gsize
without_possessive(const char *s, gsize start, gsize end)
{
  static const char *const endings[] = {"'s", "\xe2\x80\x99s", "'S", "\xe2\x80\x99S"};
  for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
    gsize n = strlen(endings[i]);
    if (end - start > n + 1 && memcmp(s + end - n, endings[i], n) == 0)
      return end - n;
  }
  return end;
}

static void
word_clear(gpointer word)
{
  g_free(((SurrogateWord *)word)->folded);
}

GArray *
surrogate_words(const char *s, gsize n_bytes)
{
  GArray *words = g_array_new(FALSE, FALSE, sizeof(SurrogateWord));
  g_array_set_clear_func(words, word_clear);
  for (gsize at = 0; at < n_bytes;) {
    gsize start = at;
    while (at < n_bytes && in_word(s, n_bytes, at, at > start))
      at += (gsize)g_utf8_skip[(guchar)s[at]];
    if (at == start) {
      at += (gsize)g_utf8_skip[(guchar)s[at]];
      continue;
    }
    SurrogateWord word = {start, without_possessive(s, start, at), NULL};
    word.folded = surrogate_fold(s + start, word.end - start);
    g_array_append_val(words, word);
  }
  return words;
}

/* ---- what the words of a name are ---- */

typedef struct {
  SurrogateWord *word;
  char role;        /* g, f; 0: stays as it is */
  gboolean initial; /* a letter, or several that are initials */
} Part;

/* JS, J: letters that stand for names. Two and three capitals that are no listed name. */
static gboolean
is_initial(const CrSurrogates *s, const SurrogateMention *m, const SurrogateWord *word, guint n_words)
{
  glong n = g_utf8_strlen(word->folded, -1);
  if (n <= 1)
    return TRUE;
  return n_words == 1 && n <= 3 && m->n == word->end - word->start && surrogate_is_upper(m->s, m->n) &&
         !surrogate_name_fact(s->tables, word->folded);
}

static gboolean
has_title_before(const SurrogateMention *m)
{
  gsize at = (gsize)(m->s - m->text), low = at > 8 ? at - 8 : 0;
  g_autofree char *before = g_ascii_strdown(m->text + low, (gssize)(at - low));
  static const char *const titles[] = {"dr. ", "dr ", "mr. ",  "mr ",   "mrs. ", "mrs ",
                                       "ms. ", "ms ", "miss ", "dra. ", "sra. "};
  for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
    if (g_str_has_suffix(before, titles[i]))
      return TRUE;
  return FALSE;
}

static char
role_alone(const CrSurrogates *s, const SurrogateMention *m, const char *folded)
{
  const SurrogateName *fact = surrogate_name_fact(s->tables, folded);
  if (has_title_before(m))
    return 'f';
  if (!fact)
    return m->kind == CR_PHI_STAFF ? 'f' : 'g';
  return fact->given > fact->family ? 'g' : 'f';
}

static gboolean
comma_between(const SurrogateMention *m, const SurrogateWord *a, const SurrogateWord *b)
{
  return memchr(m->s + a->end, ',', b->start - a->end) != NULL;
}

static gboolean
hyphen_between(const SurrogateMention *m, const SurrogateWord *a, const SurrogateWord *b)
{
  return b->start - a->end == 1 && m->s[a->end] == '-';
}

/* Given Middle Family; Family, Given Middle; what hyphens join is one part. */
static void
assign_roles(const CrSurrogates *s, const SurrogateMention *m, GArray *parts)
{
  guint comma = 0;
  for (guint i = 1; i < parts->len && !comma; i++)
    if (comma_between(m, g_array_index(parts, Part, i - 1).word, g_array_index(parts, Part, i).word))
      comma = i;
  guint first_family = parts->len - 1;
  while (!comma && first_family > 1 &&
         hyphen_between(m, g_array_index(parts, Part, first_family - 1).word,
                        g_array_index(parts, Part, first_family).word))
    first_family--;
  for (guint i = 0; i < parts->len; i++) {
    Part *part = &g_array_index(parts, Part, i);
    part->role = comma ? (i < comma ? 'f' : 'g') : i >= first_family ? 'f' : 'g';
  }
  if (parts->len == 1)
    g_array_index(parts, Part, 0).role = role_alone(s, m, g_array_index(parts, Part, 0).word->folded);
}

static GArray *
read_parts(const CrSurrogates *s, const SurrogateMention *m, GArray *words)
{
  GArray *parts = g_array_new(FALSE, TRUE, sizeof(Part));
  for (guint i = 0; i < words->len; i++) {
    SurrogateWord *word = &g_array_index(words, SurrogateWord, i);
    gboolean letter = words->len == 1 || /* MS, E.: not Ms, e */
                      (word->end - word->start == 1 && g_ascii_isupper(m->s[word->start]));
    if (!*word->folded || (!letter && surrogate_keeps(s->tables, "name", word->folded)))
      continue;
    Part part = {word, 0, is_initial(s, m, word, words->len)};
    g_array_append_val(parts, part);
  }
  if (parts->len)
    assign_roles(s, m, parts);
  return parts;
}

/* ---- who they may be ---- */

/* Optimal string alignment, at most limit. */
static gboolean
is_near(const char *a, const char *b, guint limit)
{
  gsize n = strlen(a), m = strlen(b);
  guint row[3][68];
  if (n > 64 || m > 64 || (n > m ? n - m : m - n) > limit)
    return FALSE;
  for (gsize j = 0; j <= m; j++)
    row[0][j] = (guint)j;
  for (gsize i = 1; i <= n; i++) {
    guint *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
    now[0] = (guint)i;
    for (gsize j = 1; j <= m; j++) {
      now[j] = MIN(MIN(last[j] + 1, now[j - 1] + 1), last[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = MIN(now[j], before[j - 2] + 1);
    }
  }
  return row[n % 3][m] <= limit;
}

/* The surrogate of a name that this is a misspelling of; a name that is listed is no misspelling. */
static const char *
find_misspelt(CrSurrogates *s, const char *folded)
{
  gsize n = strlen(folded);
  if (n < 5 || surrogate_name_fact(s->tables, folded))
    return NULL;
  for (guint i = 0; i < s->names->len; i++) {
    const char *other = (const char *)s->names->pdata[i] + strlen("name:");
    if (strlen(other) >= 5 && is_near(folded, other, n >= 9 ? 2 : 1))
      return surrogate_find(s, "name", other);
  }
  return NULL;
}

/* Bob is the Robert of before. */
static const char *
find_nickname(CrSurrogates *s, const char *folded)
{
  for (guint i = 0; i < s->names->len; i++) {
    const char *other = (const char *)s->names->pdata[i] + strlen("name:");
    const SurrogateEntry *entry = g_hash_table_lookup(s->map, s->names->pdata[i]);
    if (entry->surrogate[0] == 'g' && phi_lexicon_same_given(s->tables->lexicon, folded, other))
      return surrogate_find(s, "name", other);
  }
  return NULL;
}

static guint
count_words(const char *text, const char *const *words)
{
  g_auto(GStrv) all = g_str_tokenize_and_fold(text, "C", NULL);
  guint n = 0;
  for (guint i = 0; all[i]; i++)
    n += g_strv_contains(words, all[i]);
  return n;
}

/* Whole characters between two places of the note. */
static char *
slice(const SurrogateMention *m, gsize from, gsize to)
{
  while (from < to && ((guchar)m->text[from] & 0xc0) == 0x80)
    from++;
  while (to > from && to < m->n_text && ((guchar)m->text[to] & 0xc0) == 0x80)
    to--;
  return g_strndup(m->text + from, to - from);
}

/* From Mr. and Mrs. before, he and she after. */
static char
gender_around(const SurrogateMention *m)
{
  static const char *const male[] = {"he",      "him",     "his",  "mr",    "son",       "father",
                                     "husband", "brother", "male", "man",   "gentleman", "boy",
                                     "sr",      "don",     "hijo", "padre", "hermano",   NULL};
  static const char *const female[] = {"she",    "her",  "hers",   "mrs",    "ms",      "miss", "daughter",
                                       "mother", "wife", "sister", "female", "woman",   "lady", "girl",
                                       "sra",    "dona", "hija",   "madre",  "hermana", NULL};
  gsize at = (gsize)(m->s - m->text), after = at + m->n;
  g_autofree char *before = slice(m, at > CONTEXT_BEFORE ? at - CONTEXT_BEFORE : 0, at);
  g_autofree char *behind = slice(m, after, MIN(after + CONTEXT_AFTER, m->n_text));
  guint men = 4 * count_words(before, male) + count_words(behind, male);
  guint women = 4 * count_words(before, female) + count_words(behind, female);
  return men > women ? 'm' : women > men ? 'f' : 'u';
}

static guint
anglo(const CrSurrogates *s)
{
  for (guint i = 0; i < s->tables->origins->len; i++)
    if (strcmp(s->tables->origins->pdata[i], "anglo") == 0)
      return i;
  return 0;
}

/* An origin that all listed words of the name share, or else one of the first listed. What is common in the
 * US lists and in nobody's alone is of the US. */
static guint
origin_of(const CrSurrogates *s, const SurrogateMention *m)
{
  g_autoptr(GArray) words = surrogate_words(m->s, m->n);
  guint us = anglo(s);
  guint32 origins = 0, weight = 0;
  for (guint i = 0; i < words->len; i++) {
    const SurrogateName *fact = surrogate_name_fact(s->tables, g_array_index(words, SurrogateWord, i).folded);
    if (!fact || surrogate_keeps(s->tables, "name", g_array_index(words, SurrogateWord, i).folded))
      continue;
    origins = origins & fact->origins ? origins & fact->origins : origins ? origins : fact->origins;
    weight = MAX(weight, fact->anglo);
  }
  if (!origins || ((origins & 1u << us) && (weight >= 100 || origins == 1u << us)))
    return us;
  origins &= ~(1u << us);
  return (guint)g_bit_nth_lsf(origins, -1);
}

/* Initials must change with the name; a name that is rarely a woman's is no woman's. not_gender 0: any. */
static const char *
draw_other_initial(CrSurrogates *s, const SurrogateList *list, const char *folded, char not_gender)
{
  for (guint try = 0; try < 40; try++) {
    const char *word = surrogate_draw_word(s, list);
    if (!word)
      return NULL;
    g_autofree char *drawn = surrogate_fold(word, strlen(word));
    const SurrogateName *fact = surrogate_name_fact(s->tables, drawn);
    if (drawn[0] != folded[0] && !(not_gender && fact && fact->gender == not_gender))
      return word;
  }
  return NULL;
}

/* The list knows best; then the ending of an unlisted name, then what stands around it. */
static char
gender_of(const SurrogateMention *m, const SurrogateName *fact, const char *folded)
{
  if (fact && fact->given && fact->gender != 'u')
    return fact->gender;
  if (!fact || !fact->given)
    if (g_str_has_suffix(folded, "a") || g_str_has_suffix(folded, "o"))
      return g_str_has_suffix(folded, "a") ? 'f' : 'm';
  return gender_around(m);
}

static const char *
draw_name(CrSurrogates *s, const SurrogateMention *m, const char *folded, char role)
{
  const SurrogateName *fact = surrogate_name_fact(s->tables, folded);
  guint origin = origin_of(s, m);
  SurrogatePool pool = SURROGATE_FAMILY;
  char not_gender = 0;
  if (role == 'g') {
    char gender = gender_of(m, fact, folded);
    gboolean male = gender == 'u' ? surrogate_draw_below(s, 2) == 0 : gender == 'm';
    pool = male ? SURROGATE_MALE : SURROGATE_FEMALE;
    not_gender = male ? 'f' : 'm';
  }
  const char *word = draw_other_initial(s, &s->tables->names[pool][origin], folded, not_gender);
  for (guint i = 0; !word && i < s->tables->origins->len; i++)
    word = draw_other_initial(s, &s->tables->names[pool][i], folded, not_gender);
  return word;
}

const char *
surrogate_name_word(CrSurrogates *s, const SurrogateMention *m, const char *folded, char role)
{
  const char *entry = surrogate_find(s, "name", folded);
  entry = entry ? entry : find_misspelt(s, folded);
  entry = entry || role != 'g' ? entry : find_nickname(s, folded);
  if (!entry) {
    const char *drawn = draw_name(s, m, folded, role);
    if (!drawn)
      return NULL;
    g_autofree char *marked = g_strdup_printf("%c%s", role, drawn);
    entry = surrogate_put(s, "name", folded, marked);
  }
  return entry + 1;
}

/* ---- initials ---- */

static gboolean
begins_with(const char *name, gunichar letter)
{
  return *name && g_utf8_get_char(name) == letter;
}

/* The word of somebody known that the initial stands for: of one whose other name stands beside; where none
 * does, of the first whose name begins so. NULL: nobody's. */
static char *
whose_initial(CrSurrogates *s, gunichar letter, char role, const char *beside)
{
  char *found = NULL;
  for (guint i = 0; i < s->people->len; i++) {
    g_auto(GStrv) names = g_strsplit(s->people->pdata[i], "|", 2);
    const char *mine = names[role == 'f' ? 1 : 0], *other = names[role == 'f' ? 0 : 1];
    if (!begins_with(mine, letter))
      continue;
    if (beside && !g_str_has_prefix(other, beside))
      continue;
    if (beside) {
      g_free(found);
      g_hash_table_add(s->used_people, s->people->pdata[i]);
      return g_strdup(mine);
    }
    found = found ? found : g_strdup(mine);
  }
  return found;
}

static void
append_letter(GString *out, gunichar letter, gunichar like)
{
  g_string_append_unichar(out,
                          g_unichar_islower(like) ? g_unichar_tolower(letter) : g_unichar_toupper(letter));
}

static void
append_initial(CrSurrogates *s, GString *out, gunichar original, char role, const char *beside)
{
  gunichar letter = g_unichar_tolower(original);
  g_autofree char *name = whose_initial(s, letter, role, beside);
  const char *surrogate = name ? surrogate_find(s, "name", name) : NULL;
  if (surrogate) {
    append_letter(out, g_utf8_get_char(surrogate + 1), original);
    return;
  }
  char key[10] = {role};
  key[1 + g_unichar_to_utf8(letter, key + 1)] = '\0';
  const char *mapped = surrogate_find(s, "initial", key);
  if (!mapped) {
    char drawn[2] = {0};
    do
      drawn[0] = (char)('a' + surrogate_draw_below(s, 26));
    while ((gunichar)drawn[0] == letter);
    mapped = surrogate_put(s, "initial", key, drawn);
  }
  append_letter(out, (gunichar)mapped[0], original);
}

/* J, JS, JAS: the last of several is the family's. */
static void
append_initials(CrSurrogates *s, GString *out, const SurrogateMention *m, const Part *part,
                const char *beside)
{
  const char *at = m->s + part->word->start, *end = m->s + part->word->end;
  glong n = g_utf8_strlen(at, end - at);
  char first_letter[8] = "";
  if (n > 1)
    first_letter[g_unichar_to_utf8(g_unichar_tolower(g_utf8_get_char(at)), first_letter)] = '\0';
  for (glong i = 0; at < end; at = g_utf8_next_char(at), i++) {
    gboolean family = n > 1 && i + 1 == n;
    append_initial(s, out, g_utf8_get_char(at), n > 1 ? (family ? 'f' : 'g') : part->role,
                   n > 1 ? (family ? first_letter : NULL) : beside);
  }
}

/* ---- a mention ---- */

/* The first word of the other role, whole or its letter. */
static const char *
beside(const GArray *parts, char role)
{
  for (guint i = 0; i < parts->len; i++)
    if (g_array_index(parts, Part, i).role != role)
      return g_array_index(parts, Part, i).word->folded;
  return NULL;
}

static void
learn_person(CrSurrogates *s, const char *given, const char *family)
{
  char *person = g_strconcat(given, "|", family, NULL);
  guint at;
  if (g_ptr_array_find_with_equal_func(s->people, person, g_str_equal, &at)) {
    g_free(person);
  } else {
    g_ptr_array_add(s->people, person);
    at = s->people->len - 1;
  }
  g_hash_table_add(s->used_people, s->people->pdata[at]);
}

/* Mary Ann Smith-Jones may be called by any two of her names. */
void
surrogate_learn_name(CrSurrogates *s, const SurrogateMention *m)
{
  g_autoptr(GArray) words = surrogate_words(m->s, m->n), parts = read_parts(s, m, words);
  for (guint g = 0; g < parts->len; g++)
    for (guint f = 0; f < parts->len; f++) {
      const Part *given = &g_array_index(parts, Part, g), *family = &g_array_index(parts, Part, f);
      if (given->role == 'g' && family->role == 'f' && !given->initial && !family->initial &&
          surrogate_name_word(s, m, given->word->folded, 'g') &&
          surrogate_name_word(s, m, family->word->folded, 'f'))
        learn_person(s, given->word->folded, family->word->folded);
    }
}

char *
surrogate_make_name(CrSurrogates *s, const SurrogateMention *m)
{
  g_autoptr(GArray) words = surrogate_words(m->s, m->n), parts = read_parts(s, m, words);
  g_autoptr(GString) out = g_string_new(NULL);
  gsize at = 0;
  for (guint i = 0; i < parts->len; i++) {
    const Part *part = &g_array_index(parts, Part, i);
    const SurrogateWord *word = part->word;
    g_string_append_len(out, m->s + at, (gssize)(word->start - at));
    at = word->end;
    if (part->initial) {
      append_initials(s, out, m, part, beside(parts, part->role));
      continue;
    }
    const char *surrogate = surrogate_name_word(s, m, word->folded, part->role);
    if (!surrogate)
      return NULL;
    g_autofree char *formed = surrogate_recase(m->s + word->start, word->end - word->start, surrogate);
    g_string_append(out, formed);
  }
  g_string_append_len(out, m->s + at, (gssize)(m->n - at));
  return parts->len ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
