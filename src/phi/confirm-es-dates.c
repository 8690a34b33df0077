/* Spanish dates that need a look around: a month or a weekday by itself, and what a number of years means. */
#include "confirm-es-private.h"
#include <string.h>
#include <string.h>

/* "en marzo", "desde el lunes": the last word of the match is the date. */
PHI_CONFIRMER(phi_confirm_es_last_word)
{
  static const char *const recurring[] = {"todos", "cada", "los", NULL};
  char word[16];
  if (!phi_es_cue_stands(page, candidate))
    return FALSE;
  guint32 start = candidate->end;
  while (start > candidate->start && page->s[start - 1] != ' ')
    start--;
  if (phi_word_before(page, candidate->start, "", word, sizeof word) && phi_word_in(word, recurring))
    return FALSE;
  candidate->start = start;
  return TRUE;
}

/* "el día 14": a day of the month, none of an admission or a cycle ("el dia 3 de ingreso"). */
PHI_CONFIRMER(phi_confirm_es_day)
{
  static const char *const counted[] = {
      "postoperatorio", "ingreso", "tratamiento", "ciclo", "evolucion", "vida",
      "estancia",       "post",    "del",         "de",    NULL};
  char next[24];
  guint32 start = candidate->start;
  if (!phi_es_cue_stands(page, candidate))
    return FALSE;
  while (start < candidate->end && !g_ascii_isdigit(page->s[start]))
    start++;
  guint32 end = start;
  int day = 0;
  while (end < candidate->end && g_ascii_isdigit(page->s[end]))
    day = day * 10 + (page->s[end++] - '0');
  candidate->start = start;
  if (day < 1 || day > 31)
    return FALSE;
  static const char *const cues[] = {"cita",       "citado",     "citada", "citan",  "control", "consulta",
                                     "programada", "programado", "acudir", "vacuna", "nacio",   NULL};
  if (candidate->end == end && !phi_context_has(page, candidate->start, 60, cues))
    return FALSE;
  return candidate->end > end || !phi_word_after(page, candidate->end, "", next, sizeof next) ||
         !phi_word_in(next, counted);
}

/* "Fecha de nacimiento: 23/010/1990": digits and their marks behind the key, however they were typed. */
PHI_CONFIRMER(phi_confirm_es_date_after)
{
  guint32 start = candidate->end;
  while (start < page->n_bytes && (page->s[start] == ' ' || page->s[start] == ':' || page->s[start] == '\t'))
    start++;
  guint32 end = start, last = start, digits = 0;
  while (end < page->n_bytes && end - start < 16 && page->s[end] &&
         (g_ascii_isdigit(page->s[end]) || strchr("/-. ", page->s[end]))) {
    digits += g_ascii_isdigit(page->s[end]) != 0;
    last = g_ascii_isdigit(page->s[end]) ? end + 1 : last;
    end++;
  }
  if (digits < 4 || digits > 9 || (last < page->n_bytes && g_ascii_isalpha(page->s[last])))
    return FALSE;
  candidate->start = start;
  candidate->end = last;
  return TRUE;
}

/* "05/10 12:40 h", "el 3/6": a day and a month without a year. 6/10 is a score more often: a word that dates,
 * or a time behind it, must speak for it. */
PHI_CONFIRMER(phi_confirm_es_day_month)
{
  static const char *const cues[] = {"el",    "del",     "al",    "dia",    "desde",   "hasta",
                                     "fecha", "control", "cita",  "alta",   "ingreso", "fur",
                                     "fum",   "fpp",     "entre", "visita", NULL};
  int parts[2] = {0, 0}, part = 0;
  char cue[24];
  char before = candidate->start > 0 ? page->s[candidate->start - 1] : ' ';
  char after = candidate->end < page->n_bytes ? page->s[candidate->end] : ' ';
  if (!phi_stands_alone(page, candidate->start, candidate->end) || strchr("/.,-+", before) ||
      strchr("/%", after))
    return FALSE;
  for (guint32 i = candidate->start; i < candidate->end; i++) {
    part = part == 0 && page->s[i] == '/' ? 1 : part;
    if (g_ascii_isdigit(page->s[i]))
      parts[part] = parts[part] * 10 + (page->s[i] - '0');
  }
  if (parts[0] < 1 || parts[0] > 31 || parts[1] < 1 || parts[1] > 12)
    return FALSE;
  gboolean timed = candidate->end + 4 < page->n_bytes && g_ascii_isspace(after) &&
                   g_ascii_isdigit(page->s[candidate->end + 1]) &&
                   memchr(page->s + candidate->end + 1, ':', 3) != NULL;
  return timed || (phi_word_before(page, candidate->start, ":(", cue, sizeof cue) && phi_word_in(cue, cues));
}
