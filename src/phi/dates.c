/* What a date's text says: year, month, day, as far as given. Reads the shapes of US notes, numeric dates
 * month first unless that cannot be, and the names of months in English and Spanish. */
#include "phi-private.h"
#include <string.h>

enum { MAX_PARTS = 4 };

typedef struct {
  int value;
  int n_digits;
  gboolean apostrophe; /* '18 */
  gboolean ordinal;    /* 5th */
} Part;

typedef struct {
  Part parts[MAX_PARTS];
  guint n_parts;
  int month; /* from a name */
  guint month_at;
  gboolean has_month;
} Reading;

int
phi_month_from_name(const char *s, gsize n_bytes)
{
  static const char *const names[] = {
      "january",   "february", "march",    "april",    "may",        "june",    "july",      "august",
      "september", "october",  "november", "december", "enero",      "febrero", "marzo",     "abril",
      "mayo",      "junio",    "julio",    "agosto",   "septiembre", "octubre", "noviembre", "diciembre"};
  if (n_bytes < 3)
    return 0;
  if ((n_bytes == 4 && g_ascii_strncasecmp(s, "sept", 4) == 0) ||
      (n_bytes == 9 && g_ascii_strncasecmp(s, "setiembre", 9) == 0))
    return 9;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if ((n_bytes == 3 || n_bytes == strlen(names[i])) && g_ascii_strncasecmp(s, names[i], n_bytes) == 0)
      return (int)(i % 12) + 1;
  return 0;
}

static int
widen_year(int value, int n_digits)
{
  if (n_digits == 4)
    return value;
  return value <= 40 ? 2000 + value : 1900 + value;
}

static gboolean
is_year(const Part *part)
{
  return (part->n_digits == 4 && part->value >= 1850 && part->value <= 2150) || part->apostrophe ||
         (part->n_digits == 2 && part->value > 31);
}

/* Splits into numbers and a month's name. */
static void
read_parts(const char *s, gsize n_bytes, Reading *out)
{
  memset(out, 0, sizeof *out);
  for (gsize i = 0; i < n_bytes;) {
    gsize from = i;
    if (g_ascii_isdigit(s[i])) {
      int value = 0;
      while (i < n_bytes && g_ascii_isdigit(s[i]) && i - from < 8)
        value = value * 10 + (s[i++] - '0');
      if (out->n_parts == MAX_PARTS)
        return;
      Part *part = &out->parts[out->n_parts++];
      *part = (Part){value, (int)(i - from), from > 0 && (s[from - 1] == '\'' || (guchar)s[from - 1] == 0x99),
                     FALSE};
    } else if (g_ascii_isalpha(s[i])) {
      while (i < n_bytes && g_ascii_isalpha(s[i]))
        i++;
      int month = phi_month_from_name(s + from, i - from);
      if (month && !out->has_month) {
        out->has_month = TRUE;
        out->month = month;
        out->month_at = out->n_parts;
      } else if (out->n_parts && i - from == 2) {
        out->parts[out->n_parts - 1].ordinal = TRUE;
      }
    } else {
      i++;
    }
  }
}

static void
set_year(PhiDate *date, const Part *part)
{
  date->year = widen_year(part->value, part->n_digits == 4 ? 4 : 2);
  date->year_digits = part->n_digits == 4 ? 4 : 2;
}

static gboolean
from_named_month(const Reading *r, PhiDate *date)
{
  date->month = r->month;
  for (guint i = 0; i < r->n_parts; i++) {
    const Part *part = &r->parts[i];
    gboolean last = i + 1 == r->n_parts;
    if (is_year(part) ||
        (date->day && last && part->n_digits == 2 && !part->ordinal && i >= r->month_at && i > 0))
      set_year(date, part);
    else if (!date->day && part->value >= 1 && part->value <= 31)
      date->day = part->value;
  }
  return TRUE;
}

static gboolean
valid(const PhiDate *date)
{
  static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (date->month < 1 || date->month > 12)
    return FALSE;
  return date->day >= 0 && date->day <= days[date->month - 1];
}

/* a/b/c with the year first or last; a/b. */
static gboolean
from_numbers(const Reading *r, PhiDate *date)
{
  const Part *p = r->parts;
  if (r->n_parts == 1 && p[0].n_digits == 8) { /* 20180314, 03142018 */
    *date = (PhiDate){p[0].value / 10000, p[0].value / 100 % 100, p[0].value % 100, 4};
    if (date->year >= 1850 && date->year <= 2150 && valid(date))
      return TRUE;
    *date = (PhiDate){p[0].value % 10000, p[0].value / 1000000, p[0].value / 10000 % 100, 4};
    return date->year >= 1850 && date->year <= 2150 && valid(date);
  }
  if (r->n_parts < 2)
    return FALSE;
  guint first = 0;
  if (p[0].n_digits == 4) {
    set_year(date, &p[0]);
    first = 1;
  } else if (r->n_parts >= 3) {
    set_year(date, &p[2]);
  } else if (p[1].n_digits == 4) {
    set_year(date, &p[1]);
    date->month = p[0].value;
    return valid(date);
  }
  date->month = p[first].value;
  date->day = first + 1 < r->n_parts ? p[first + 1].value : 0;
  if (date->month > 12 && date->day <= 12 && date->day > 0) { /* day first */
    int day = date->month;
    date->month = date->day;
    date->day = day;
  }
  return valid(date);
}

gboolean
phi_date_parse(const char *s, gsize n_bytes, PhiDate *date)
{
  Reading reading;
  read_parts(s, n_bytes, &reading);
  PhiDate read = {0};
  gboolean good =
      reading.has_month ? from_named_month(&reading, &read) && valid(&read) : from_numbers(&reading, &read);
  if (good)
    *date = read;
  return good;
}

int
phi_date_year(const char *s, gsize n_bytes)
{
  for (gsize i = 0; i + 4 <= n_bytes; i++) { /* four digits that stand alone say it plainly */
    if (i > 0 && g_ascii_isdigit(s[i - 1]))
      continue;
    gsize n = 0;
    while (i + n < n_bytes && g_ascii_isdigit(s[i + n]))
      n++;
    int value =
        n >= 4 ? (int)g_ascii_strtoull((char[5]){s[i], s[i + 1], s[i + 2], s[i + 3], 0}, NULL, 10) : 0;
    if (n == 4 && value >= 1850 && value <= 2150)
      return value;
  }
  PhiDate date;
  return phi_date_parse(s, n_bytes, &date) ? date.year : 0;
}

gboolean
phi_date_agrees(const PhiDate *note, const PhiDate *known)
{
  if (!note->month || !known->month)
    return FALSE;
  gboolean straight = note->month == known->month && (!note->day || note->day == known->day);
  gboolean turned = note->day && note->month == known->day && note->day == known->month;
  if (!straight && !turned)
    return FALSE;
  if (!note->year || !known->year)
    return TRUE;
  return note->year == known->year || (note->year_digits == 2 && note->year % 100 == known->year % 100);
}
