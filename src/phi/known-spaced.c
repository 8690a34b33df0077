/* Known names whose letters stand apart, as a scanner leaves them: "Fel dma n", "A BE BE". The page is read
 * without its spaces; a match begins where a word does and ends where one does. */
#include "known-private.h"
#include <string.h>

enum { LEAST_LETTERS = 4, MOST_SPACES = 2 };

typedef struct {
  GString *letters; /* folded letters; anything else but spaces is one '.' */
  GArray *places;   /* guint32: where each of them stands in the page */
} Squeezed;

static void
put(Squeezed *out, const char *bytes, gsize n_bytes, guint32 place)
{
  g_string_append_len(out->letters, bytes, (gssize)n_bytes);
  for (gsize i = 0; i < n_bytes; i++)
    g_array_append_val(out->places, place);
}

/* More spaces than a scanner leaves between letters part as a mark does. */
static Squeezed
squeeze(const PhiPage *page)
{
  Squeezed out = {g_string_sized_new(page->n_bytes), g_array_new(FALSE, FALSE, sizeof(guint32))};
  for (guint32 at = 0, n_spaces = 0, step; at < page->n_bytes; at += step) {
    const char *c = page->s + at;
    char folded[16];
    step = (guint32)(g_utf8_next_char(c) - c);
    if (*c == ' ') {
      if (++n_spaces > MOST_SPACES)
        put(&out, ".", 1, at);
      continue;
    }
    n_spaces = 0;
    if ((g_ascii_isalpha(*c) || (guchar)*c >= 0x80) && phi_fold(c, step, folded, sizeof folded))
      put(&out, folded, strlen(folded), at);
    else
      put(&out, ".", 1, at);
  }
  return out;
}

static gboolean
is_letter_at(const PhiPage *page, guint32 at)
{
  return at < page->n_bytes && (g_ascii_isalpha(page->s[at]) || (guchar)page->s[at] >= 0x80);
}

/* Whether the letters of the match stand apart and no word goes on at its ends. */
static gboolean
is_spaced(const PhiPage *page, guint32 start, guint32 end)
{
  return memchr(page->s + start, ' ', end - start) && !(start > 0 && is_letter_at(page, start - 1)) &&
         !is_letter_at(page, end);
}

static void
find_part(const KnownPart *part, const Squeezed *in, PhiPage *page)
{
  const gsize n = strlen(part->word);
  for (const char *at = in->letters->str; (at = strstr(at, part->word)) != NULL; at++) {
    const gsize first = (gsize)(at - in->letters->str);
    const guint32 start = g_array_index(in->places, guint32, first),
                  last = g_array_index(in->places, guint32, first + n - 1);
    const guint32 end = last + (guint32)(g_utf8_next_char(page->s + last) - (page->s + last));
    if (is_spaced(page, start, end))
      phi_page_add(page, start, end, part->kind, 0.95, "known:name");
  }
}

void
phi_known_find_spaced(const PhiKnownSet *set, PhiPage *page)
{
  gboolean any = FALSE;
  for (guint i = 0; i < set->parts->len && !any; i++)
    any = strlen(g_array_index(set->parts, KnownPart, i).word) >= LEAST_LETTERS;
  if (!any)
    return;
  Squeezed in = squeeze(page);
  for (guint i = 0; i < set->parts->len; i++) {
    const KnownPart *part = &g_array_index(set->parts, KnownPart, i);
    if (strlen(part->word) >= LEAST_LETTERS)
      find_part(part, &in, page);
  }
  g_string_free(in.letters, TRUE);
  g_array_unref(in.places);
}
