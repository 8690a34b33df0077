/* Numbers that a scanner or a hurried hand spelt with letters ("O3/2O27", "77l4-2"): a copy of the page in
 * which they have their digits, so that the rules read them. Only single bytes change: the copy has the bytes
 * and offsets of the page. */
#include "phi-private.h"
#include <string.h>

static char
digit_of(char c)
{
  static const char letters[] = "OoQlI|SBZ", digits[] = "000111582";
  const char *at = c != '\0' ? strchr(letters, c) : NULL;
  return at ? digits[at - letters] : '\0';
}

static gboolean
is_part(char c)
{
  return g_ascii_isalnum(c) || c == '|' || (guchar)c >= 0x80;
}

static gboolean
joins(char c)
{
  return c == '-' || c == '/' || c == '.' || c == ':';
}

typedef struct {
  guint32 start, end;
  guint n_digits;     /* digits as they stand */
  gboolean is_number; /* nothing but digits and what is taken for one */
} Run;

/* The run of letters and digits that starts at or after from; FALSE at the end. */
static gboolean
next_run(const PhiPage *page, guint32 from, Run *run)
{
  while (from < page->n_bytes && !is_part(page->s[from]))
    from++;
  *run = (Run){from, from, 0, TRUE};
  for (; run->end < page->n_bytes && is_part(page->s[run->end]); run->end++) {
    const char c = page->s[run->end];
    run->n_digits += g_ascii_isdigit(c);
    run->is_number = run->is_number && (g_ascii_isdigit(c) || digit_of(c));
  }
  return run->end > run->start;
}

/* Whether a number stands on the other side of one joining mark. */
static gboolean
is_joined(const PhiPage *page, const Run *a, const Run *b)
{
  return a->is_number && b->is_number && (a->n_digits || b->n_digits) && b->start == a->end + 1 &&
         joins(page->s[a->end]);
}

/* "O2", "B12" and "S1" are what they say; inside a date or between digits a letter is not. */
static gboolean
is_misread(const PhiPage *page, const Run *run, gboolean joined)
{
  const guint n = run->end - run->start;
  if (!run->is_number || run->n_digits == n || (!joined && (n < 4 || run->n_digits * 2 < n)))
    return FALSE;
  return joined || run->n_digits + 1 < n || g_ascii_isdigit(page->s[run->start]);
}

GArray *
phi_rescan(const PhiPage *page, char **copy)
{
  g_autoptr(GArray) changed = g_array_new(FALSE, FALSE, 2 * sizeof(guint32));
  Run before = {0, 0, 0, FALSE}, run, after;
  *copy = NULL;
  for (gboolean more = next_run(page, 0, &run); more; before = run, run = after) {
    more = next_run(page, run.end, &after);
    if (!is_misread(page, &run, is_joined(page, &before, &run) || (more && is_joined(page, &run, &after))))
      continue;
    if (!*copy)
      *copy = g_strndup(page->s, page->n_bytes);
    for (guint32 i = run.start; i < run.end; i++)
      if (!g_ascii_isdigit((*copy)[i]))
        (*copy)[i] = digit_of((*copy)[i]);
    g_array_append_vals(changed, (guint32[]){run.start, run.end}, 1);
  }
  return *copy ? g_steal_pointer(&changed) : NULL;
}
