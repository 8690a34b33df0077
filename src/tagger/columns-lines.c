/* What the line a token stands in says of it: its place, the line's header ("Name: ..."), the nearest key in
 * front, the headers of the lines around it and the section above. */
#include "tagger-private.h"
#include <string.h>

static guint
bucket(guint n)
{
  return n <= 4 ? n : n <= 6 ? 5 : n <= 9 ? 6 : n <= 14 ? 7 : n <= 24 ? 8 : n <= 49 ? 9 : 10;
}

static gboolean
is_char(const CrTokens *t, guint i, char c)
{
  return t->text[t->start[i]] == c;
}
static gboolean
is_word(const CrTokens *t, guint i)
{
  return t->columns[CR_COL_TYPE][i] > CR_TYPE_DIGITS;
}

/* Whether the ':' at token i ends a key: words in front, no digit right behind it. */
static gboolean
ends_key(const CrTokens *t, const CrSequence *line, guint i)
{
  if (!is_char(t, i, ':') || i == line->first)
    return FALSE;
  if (!is_word(t, i - 1) && !is_char(t, i - 1, ')') && !is_char(t, i - 1, '#') && !is_char(t, i - 1, '.'))
    return FALSE;
  return i + 1 == line->first + line->n || t->columns[CR_COL_GAP][i + 1] > 1 || !is_char(t, i + 1, '/');
}

/* The hash of the line's first words up to a ':' among its first seven tokens; 0 where it has none. */
static guint32
header_of(const CrTokens *t, const CrSequence *line)
{
  guint64 h = 11;
  for (guint i = line->first; i < line->first + MIN(line->n, 7u); i++) {
    if (ends_key(t, line, i))
      return cr_hash_fold(h);
    h = cr_hash_step(h, t->lower[i]);
  }
  return 0;
}

/* A line that heads a section: short and all capitals, or ending in ':'. */
static guint32
section_of(const CrTokens *t, const CrSequence *line)
{
  if (line->n > 7)
    return 0;
  gboolean capitals = line->n > 0;
  guint64 h = 12;
  for (guint i = line->first; i < line->first + line->n; i++) {
    const guint32 type = t->columns[CR_COL_TYPE][i];
    capitals = capitals && (type == CR_TYPE_PUNCT || type == CR_TYPE_CAPITALS);
    if (is_word(t, i))
      h = cr_hash_step(h, t->lower[i]);
  }
  const guint last = line->first + line->n - 1;
  return is_char(t, last, ':') || (capitals && is_word(t, line->first)) ? cr_hash_fold(h) : 0;
}

static void
fill_keys(CrTokens *t, const CrSequence *line)
{
  guint32 key = 0;
  guint at = 0;
  for (guint i = line->first; i < line->first + line->n; i++, at++) {
    t->columns[CR_COL_KEY][i] = key;
    t->columns[CR_COL_KEY_AT][i] = key ? 1 + bucket(at) : 0;
    if (ends_key(t, line, i))
      key = cr_hash_fold(cr_hash_step(13, t->lower[i - 1])), at = 0;
  }
}

static void
fill_line(CrTokens *t, const CrSequence *line, guint number, guint32 header, guint32 section)
{
  const guint32 first = cr_hash_fold(cr_hash_step(14, t->lower[line->first]));
  for (guint i = line->first; i < line->first + line->n; i++) {
    t->columns[CR_COL_LINE][i] = 1 + (number < 24 ? number : 24 + bucket(number));
    t->columns[CR_COL_ZONE][i] = 1 + (guint32)((guint64)t->start[i] * 10 / (t->n_bytes + 1));
    t->columns[CR_COL_LINE_AT][i] = 1 + bucket(i - line->first);
    t->columns[CR_COL_LINE_END][i] = 1 + bucket(line->first + line->n - 1 - i);
    t->columns[CR_COL_FIRST][i] = first;
    t->columns[CR_COL_HEADER][i] = header;
    t->columns[CR_COL_SECTION][i] = section;
  }
  fill_keys(t, line);
}

void
cr_columns_lines(CrTokens *t)
{
  const guint n = t->sequences->len;
  g_autofree guint32 *header = g_new(guint32, n + 2);
  guint32 section = 0;
  header[0] = header[n + 1] = 1;
  for (guint s = 0; s < n; s++)
    header[s + 1] = header_of(t, &g_array_index(t->sequences, CrSequence, s));
  for (guint s = 0; s < n; s++) {
    const CrSequence *line = &g_array_index(t->sequences, CrSequence, s);
    fill_line(t, line, s, header[s + 1], section);
    for (guint i = line->first; i < line->first + line->n; i++) {
      t->columns[CR_COL_PREV_HEADER][i] = header[s];
      t->columns[CR_COL_NEXT_HEADER][i] = header[s + 2];
    }
    const guint32 own = section_of(t, line);
    if (own != 0)
      section = own;
  }
}
