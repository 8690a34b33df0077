/* Places: the words that say what a place is (Street, Hospital, St.) stay, the words that name it are
 * replaced by a name of the same sort; house and unit numbers become numbers. */
#include "surrogate-private.h"
#include <string.h>

static const SurrogateList *
list(const CrSurrogates *s, const char *name)
{
  return g_hash_table_lookup(s->tables->lists, name);
}

/* What stands for a name, by its folded words; drawn where new. */
static const char *
map_name(CrSurrogates *s, const char *class, const char *folded, const SurrogateList *from)
{
  const char *mapped = surrogate_find(s, class, folded);
  if (mapped)
    return mapped;
  const char *drawn = surrogate_draw_word(s, from);
  return drawn ? surrogate_put(s, class, folded, drawn) : NULL;
}

/* ---- numbers inside addresses ---- */

static char *
make_number(CrSurrogates *s, const SurrogateMention *m, const SurrogateWord *word)
{
  SurrogateMention part = *m;
  part.s = m->s + word->start;
  part.n = word->end - word->start;
  part.kind = CR_PHI_OTHERID;
  gsize n_digits = strspn(word->folded, "0123456789");
  g_autofree char *ending = g_strdup(word->folded + n_digits);
  gboolean ordinal = n_digits && (g_str_equal(ending, "st") || g_str_equal(ending, "nd") ||
                                  g_str_equal(ending, "rd") || g_str_equal(ending, "th"));
  if (!ordinal)
    return surrogate_make_code(s, &part);
  const char *mapped = surrogate_find(s, "ordinal", word->folded);
  guint number = 0;
  for (guint try = 0; !mapped && try < 50 && number == 0; try++) {
    number = 2 + (guint)surrogate_draw_below(s, 97);
    number = (guint)g_ascii_strtoull(word->folded, NULL, 10) == number ? 0 : number;
  }
  guint last = number / 10 % 10 == 1 ? 0 : number % 10;
  g_autofree char *made = g_strdup_printf("%u%s", number,
                                          last == 1   ? "st"
                                          : last == 2 ? "nd"
                                          : last == 3 ? "rd"
                                                      : "th");
  return surrogate_recase(part.s, part.n, mapped ? mapped : surrogate_put(s, "ordinal", word->folded, made));
}

static gboolean
has_digit(const char *folded)
{
  return strcspn(folded, "0123456789") < strlen(folded);
}

/* ---- a mention as kept words, numbers and names ---- */

typedef struct {
  const char *keep;  /* class of words that stay */
  const char *class; /* of the map */
  const char *list;
} Sort;

static gboolean
stays(const CrSurrogates *s, const Sort *sort, const SurrogateWord *word)
{
  return surrogate_keeps(s->tables, sort->keep, word->folded);
}

static gboolean
after_saint(const GArray *words, guint i)
{
  static const char *const saints[] = {"st", "saint", "sta", "santa", "san", "santo", NULL};
  return i > 0 && g_strv_contains(saints, g_array_index(words, SurrogateWord, i - 1).folded);
}

/* From word i on, as long as words are names: their end. Hyphens and blanks lie between, nothing else. */
static guint
run_end(const CrSurrogates *s, const SurrogateMention *m, const Sort *sort, const GArray *words, guint i)
{
  guint end = i + 1;
  for (; end < words->len; end++) {
    const SurrogateWord *last = &g_array_index(words, SurrogateWord, end - 1),
                        *next = &g_array_index(words, SurrogateWord, end);
    g_autofree char *gap = g_strndup(m->s + last->end, next->start - last->end);
    if (stays(s, sort, next) || has_digit(next->folded) || strspn(gap, " -&'.\t") != strlen(gap))
      break;
  }
  return end;
}

static const char *
name_of_run(CrSurrogates *s, const SurrogateMention *m, const Sort *sort, const GArray *words, guint from,
            guint to)
{
  gsize start = g_array_index(words, SurrogateWord, from).start,
        end = g_array_index(words, SurrogateWord, to - 1).end;
  g_autofree char *folded = surrogate_fold(m->s + start, end - start);
  return map_name(s, sort->class, folded, list(s, after_saint(words, from) ? "saint" : sort->list));
}

/* How many of the words name the place. */
static guint
n_telling(const CrSurrogates *s, const Sort *sort, const GArray *words)
{
  guint n = 0;
  for (guint i = 0; i < words->len; i++)
    n += !stays(s, sort, &g_array_index(words, SurrogateWord, i));
  return n;
}

static char *
rename_runs(CrSurrogates *s, const SurrogateMention *m, const Sort *sort, const GArray *words)
{
  g_autoptr(GString) out = g_string_new(NULL);
  gsize at = 0;
  for (guint i = 0; i < words->len;) {
    const SurrogateWord *word = &g_array_index(words, SurrogateWord, i);
    if (stays(s, sort, word)) {
      i++;
      continue;
    }
    gboolean number = has_digit(word->folded);
    guint end = number ? i + 1 : run_end(s, m, sort, words, i);
    gsize stop = g_array_index(words, SurrogateWord, end - 1).end;
    const char *name = number ? NULL : name_of_run(s, m, sort, words, i, end);
    g_autofree char *made = number ? make_number(s, m, word)
                            : name ? surrogate_recase(m->s + word->start, stop - word->start, name)
                                   : NULL;
    if (!made)
      return NULL;
    g_string_append_len(out, m->s + at, (gssize)(word->start - at));
    g_string_append(out, made);
    at = stop;
    i = end;
  }
  g_string_append_len(out, m->s + at, (gssize)(m->n - at));
  return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
surrogate_make_street(CrSurrogates *s, const SurrogateMention *m)
{
  static const Sort sort = {"street", "street", "street"};
  g_autoptr(GArray) words = surrogate_words(m->s, m->n);
  return n_telling(s, &sort, words) ? rename_runs(s, m, &sort, words) : NULL;
}

/* MGH: letters for letters. */
static char *
make_acronym(CrSurrogates *s, const SurrogateMention *m, const SurrogateWord *word)
{
  SurrogateMention part = *m;
  part.kind = CR_PHI_OTHERID;
  part.s = m->s + word->start;
  part.n = word->end - word->start;
  g_autofree char *code = surrogate_make_code(s, &part), *before = g_strndup(m->s, word->start),
                  *behind = g_strndup(m->s + word->end, m->n - word->end);
  return code ? g_strconcat(before, code, behind, NULL) : NULL;
}

/* Children's Hospital: none of its words names it, so that a name comes before its last word. */
static char *
name_anew(CrSurrogates *s, const SurrogateMention *m, const GArray *words)
{
  g_autofree char *folded = surrogate_fold(m->s, m->n);
  const char *name = words->len ? map_name(s, "place", folded, list(s, "place")) : NULL;
  if (!name)
    return NULL;
  const SurrogateWord *last = &g_array_index(words, SurrogateWord, words->len - 1);
  g_autofree char *kind = surrogate_keeps(s->tables, "kind", last->folded) || words->len == 1
                              ? g_strndup(m->s + last->start, m->n - last->start)
                              : g_strdup("");
  g_autofree char *cased = surrogate_recase(m->s, m->n, name);
  return *kind ? g_strconcat(cased, " ", kind, NULL) : g_strdup(cased);
}

char *
surrogate_make_place(CrSurrogates *s, const SurrogateMention *m)
{
  static const Sort sort = {"place", "place", "place"};
  g_autoptr(GArray) words = surrogate_words(m->s, m->n);
  if (!n_telling(s, &sort, words))
    return name_anew(s, m, words);
  const SurrogateWord *first = &g_array_index(words, SurrogateWord, 0);
  gsize n = first->end - first->start;
  if (words->len == 1 && n >= 2 && n <= 5 && surrogate_is_upper(m->s + first->start, n) &&
      !has_digit(first->folded))
    return make_acronym(s, m, first);
  return rename_runs(s, m, &sort, words);
}

/* ---- towns and ZIPs ---- */

/* The state that stands beside: ", MA", "in Massachusetts". "" where none does. */
static const char *
state_near(const CrSurrogates *s, const SurrogateMention *m, gboolean before)
{
  gsize at = (gsize)(m->s - m->text), end = at + m->n;
  gsize from = before ? (at > 24 ? at - 24 : 0) : end, to = before ? at : MIN(end + 24, m->n_text);
  while (from < to && ((guchar)m->text[from] & 0xc0) == 0x80)
    from++;
  while (to > from && to < m->n_text && ((guchar)m->text[to] & 0xc0) == 0x80)
    to--;
  g_autoptr(GArray) words = surrogate_words(m->text + from, to - from);
  for (guint n = 1; n <= 3 && n <= words->len; n++) {
    guint first = before ? words->len - n : 0;
    gsize start = from + g_array_index(words, SurrogateWord, first).start,
          stop = from + g_array_index(words, SurrogateWord, first + n - 1).end;
    g_autofree char *folded = surrogate_fold(m->text + start, stop - start);
    const char *code = g_hash_table_lookup(s->tables->states, folded);
    if (code && (strlen(folded) > 2 || surrogate_is_upper(m->text + start, stop - start)))
      return code;
  }
  return "";
}

static const SurrogateList *
of_state(GHashTable *lists, const char *state)
{
  const SurrogateList *found = g_hash_table_lookup(lists, state);
  return found ? found : g_hash_table_lookup(lists, "");
}

char *
surrogate_make_city(CrSurrogates *s, const SurrogateMention *m)
{
  g_autofree char *folded = surrogate_fold(m->s, m->n);
  if (g_str_has_suffix(folded, "county") && strlen(folded) > 6)
    return surrogate_make_place(s, m);
  const char *name = map_name(s, "town", folded, of_state(s->tables->cities, state_near(s, m, FALSE)));
  if (!name)
    name = map_name(s, "town", folded, of_state(s->tables->cities, ""));
  return name ? surrogate_recase(m->s, m->n, name) : NULL;
}

/* 02115-1234: the four have a surrogate of their own. */
static char *
with_four(CrSurrogates *s, const SurrogateMention *m, const char *five, const char *folded)
{
  const char *four = surrogate_find(s, "zip4", folded + 5);
  char drawn[8];
  g_snprintf(drawn, sizeof drawn, "%04u", 1 + (guint)surrogate_draw_below(s, 9999));
  four = four ? four : surrogate_put(s, "zip4", folded + 5, drawn);
  return m->n == 10 ? g_strdup_printf("%s%c%s", five, m->s[5], four) : g_strconcat(five, four, NULL);
}

/* The area is one of the state's, the rest is drawn. */
char *
surrogate_make_zip(CrSurrogates *s, const SurrogateMention *m)
{
  g_autofree char *folded = surrogate_fold(m->s, m->n);
  const SurrogateList *areas = of_state(s->tables->zips, state_near(s, m, TRUE));
  gsize n = strlen(folded);
  if (strspn(folded, "0123456789") != n || (n != 5 && n != 9))
    return surrogate_make_code(s, m);
  g_autofree char *five = g_strndup(folded, 5);
  const char *mapped = surrogate_find(s, "zip", five);
  for (guint try = 0; !mapped && try < 200; try++) {
    const char *area = areas->words->pdata[surrogate_draw_below(s, areas->words->len)];
    g_autofree char *zip = g_strdup_printf("%s%02u", area, 1 + (guint)surrogate_draw_below(s, 99));
    if (surrogate_is_free(s, zip))
      mapped = surrogate_put(s, "zip", five, zip);
  }
  if (!mapped)
    return NULL;
  return n == 9 ? with_four(s, m, mapped, folded) : g_strdup(mapped);
}
