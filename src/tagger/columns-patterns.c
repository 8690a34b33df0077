/* Regular expressions of the class table ("~name<TAB>expression" rows): each token inside a match is told the
 * expression's name and its place in the match. Where two match, the row that stands first has it. */
#include "tagger-private.h"
#include <string.h>

struct CrPatterns {
  GPtrArray *names;   /* char * */
  GPtrArray *regexes; /* GRegex */
};

CrPatterns *
cr_patterns_new(void)
{
  CrPatterns *p = g_new0(CrPatterns, 1);
  p->names = g_ptr_array_new_with_free_func(g_free);
  p->regexes = g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))g_regex_unref);
  return p;
}

void
cr_patterns_free(CrPatterns *p)
{
  if (p == NULL)
    return;
  g_ptr_array_unref(p->names);
  g_ptr_array_unref(p->regexes);
  g_free(p);
}

gboolean
cr_patterns_add(CrPatterns *p, const char *name, const char *expression, GError **error)
{
  GRegex *regex = g_regex_new(expression, G_REGEX_OPTIMIZE | G_REGEX_MULTILINE, 0, error);
  if (regex == NULL)
    return FALSE;
  g_ptr_array_add(p->names, g_strdup(name));
  g_ptr_array_add(p->regexes, regex);
  return TRUE;
}

enum { AT_ONLY = 1, AT_FIRST, AT_INSIDE, AT_LAST };

/* Tokens that lie wholly inside [start, end), from token i on, which is moved along. */
static void
fill_match(CrTokens *t, guint *i, guint32 start, guint32 end, guint64 name)
{
  while (*i < t->n_tokens && t->start[*i] < start)
    ++*i;
  guint last = *i;
  while (last < t->n_tokens && t->end[last] <= end)
    last++;
  for (guint k = *i; k < last; k++) {
    if (t->columns[CR_COL_PATTERN][k] != 0)
      continue;
    const guint at = last == *i + 1 ? AT_ONLY : k == *i ? AT_FIRST : k + 1 == last ? AT_LAST : AT_INSIDE;
    t->columns[CR_COL_PATTERN][k] = cr_hash_fold(name);
    t->columns[CR_COL_PATTERN_AT][k] = cr_hash_fold(cr_hash_step(name, at));
  }
}

static void
fill_pattern(CrTokens *t, const GRegex *regex, const char *name)
{
  const guint64 hash = cr_hash_bytes(31, name, strlen(name));
  g_autoptr(GMatchInfo) match = NULL;
  guint i = 0;
  g_regex_match_full(regex, t->text, (gssize)t->n_bytes, 0, 0, &match, NULL);
  while (g_match_info_matches(match)) {
    int start, end;
    const int group = g_match_info_get_match_count(match) > 1 ? 1 : 0;
    if (g_match_info_fetch_pos(match, group, &start, &end) && start >= 0)
      fill_match(t, &i, (guint32)start, (guint32)end, hash);
    if (!g_match_info_next(match, NULL))
      break;
  }
}

void
cr_columns_patterns(CrTokens *t, const CrPatterns *p)
{
  for (guint i = 0; p != NULL && i < p->regexes->len; i++)
    fill_pattern(t, g_ptr_array_index(p->regexes, i), g_ptr_array_index(p->names, i));
}
