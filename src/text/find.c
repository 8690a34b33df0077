/* find: where a label's text stands, when its offsets were wrong. */
#include "text/utf8-private.h"
#include <chartroom/text.h>

gboolean
cr_text_find_nearest(const CrText *text, const char *needle, gsize near, CrSpan *out, guint *n_found)
{
  const char *data = cr_text_bytes(text), *p = data;
  const char *end = data + cr_text_length(text, CR_UNIT_BYTE);
  gsize n_needle = strlen(needle), best = G_MAXSIZE;
  guint found = 0;
  gboolean ascii = FALSE;
  if (n_needle > 0 && cr_utf8_check(needle, n_needle, &(gsize){0}, &ascii) == CR_UTF8_OK)
    for (; (p = memmem(p, (gsize)(end - p), needle, n_needle)); p++) {
      gsize start = (gsize)(p - data);
      gsize distance = start > near ? start - near : near - start;
      gsize best_distance = best > near ? best - near : near - best;
      if (found++ == 0 || distance < best_distance)
        best = start;
    }
  if (n_found)
    *n_found = found;
  if (found == 0)
    return FALSE;
  *out = (CrSpan){best, best + n_needle};
  return TRUE;
}
