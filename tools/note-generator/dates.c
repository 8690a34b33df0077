/* Dates in the shapes in which notes write them. */
#include "generator.h"
#include <string.h>

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
static const char *const holidays[] = {"Thanksgiving",
                                       "Christmas",
                                       "Easter",
                                       "Labor Day",
                                       "Memorial Day",
                                       "New Year's Eve",
                                       "Halloween",
                                       "Mother's Day",
                                       "the Fourth of July",
                                       "Ramadan",
                                       "Diwali",
                                       "Passover",
                                       "Lunar New Year",
                                       "Eid",
                                       "Christmas Eve",
                                       "Father's Day",
                                       "Valentine's Day",
                                       "Yom Kippur",
                                       "Juneteenth",
                                       "Super Bowl Sunday"};
static const char *const seasons[] = {"spring", "summer", "fall", "winter",
                                      "Spring", "Summer", "Fall", "autumn"};

static const char *const forms[] = {
    "any",     "num",        "numshort",   "iso",     "words",  "wordsnoyear", "ordinal", "monthyear",
    "month",   "season",     "holiday",    "weekday", "range",  "glued",       "stamp",   "dob",
    "admit",   "today",      "dots",       "euro",    "words4", "apostrophe",  "caps",    "weekdaydate",
    "compact", "monthrange", "dayofmonth", "spoken",  NULL};
gboolean
date_has_form(const char *form)
{
  return g_strv_contains(forms, form);
}

typedef struct {
  int y, m, d, weekday;
} Day;

static Day
day_of(int day)
{
  GDate date;
  g_date_clear(&date, 1);
  g_date_set_dmy(&date, 1, G_DATE_JANUARY, 1970);
  if (day >= 0)
    g_date_add_days(&date, (guint)day);
  else
    g_date_subtract_days(&date, (guint)-day);
  return (Day){g_date_get_year(&date), (int)g_date_get_month(&date), g_date_get_day(&date),
               (int)g_date_get_weekday(&date) - 1};
}

static const char *
suffix(int d)
{
  if (d % 10 == 1 && d != 11)
    return "st";
  if (d % 10 == 2 && d != 12)
    return "nd";
  if (d % 10 == 3 && d != 13)
    return "rd";
  return "th";
}

static char *
numeric(Day t, Random *r)
{
  const char *separator = random_chance(r, .8) ? "/" : "-";
  switch (random_below(r, 4)) {
  case 0:
    return g_strdup_printf("%02d%s%02d%s%04d", t.m, separator, t.d, separator, t.y);
  case 1:
    return g_strdup_printf("%d%s%d%s%02d", t.m, separator, t.d, separator, t.y % 100);
  case 2:
    return g_strdup_printf("%d%s%d%s%04d", t.m, separator, t.d, separator, t.y);
  default:
    return g_strdup_printf("%02d%s%02d%s%02d", t.m, separator, t.d, separator, t.y % 100);
  }
}

static char *
in_words(Day t, Random *r)
{
  const char *month = months[t.m - 1];
  g_autofree char *brief = g_strndup(month, 3);
  switch (random_below(r, 9)) {
  case 0:
    return g_strdup_printf("%s %d, %d", month, t.d, t.y);
  case 1:
    return g_strdup_printf("%s %d%s, %d", month, t.d, suffix(t.d), t.y);
  case 2:
    return g_strdup_printf("%s %d, %d", brief, t.d, t.y);
  case 3:
    return g_strdup_printf("%d %s %d", t.d, month, t.y);
  case 4:
    return g_strdup_printf("%02d-%s-%d", t.d, brief, t.y);
  case 5:
    return g_strdup_printf("%d-%s-%02d", t.d, brief, t.y % 100);
  case 6:
    return g_strdup_printf("%s. %d, %d", brief, t.d, t.y);
  case 7:
    return g_strdup_printf("%s %d %d", month, t.d, t.y);
  default:
    return g_strdup_printf("%d%s %s %d", t.d, suffix(t.d), month, t.y);
  }
}

static char *
range(Day t, Day u, Random *r)
{
  g_autofree char *brief = g_strndup(months[t.m - 1], 3);
  switch (random_below(r, 5)) {
  case 0:
    return g_strdup_printf("%d/%d-%d/%d", t.m, t.d, u.m, u.d);
  case 1:
    return g_strdup_printf("%d/%d/%02d - %d/%d/%02d", t.m, t.d, t.y % 100, u.m, u.d, u.y % 100);
  case 2:
    return g_strdup_printf("%s %d-%d, %d", months[t.m - 1], t.d, MIN(t.d + 3, 30), t.y);
  case 3:
    return g_strdup_printf("%s %d to %d", brief, t.d, MIN(t.d + 4, 30));
  default:
    return g_strdup_printf("%02d/%02d/%d to %02d/%02d/%d", t.m, t.d, t.y, u.m, u.d, u.y);
  }
}

static char *
caps(char *text)
{
  char *up = g_ascii_strup(text, -1);
  g_free(text);
  return up;
}

static char *
any(int day, Random *r)
{
  static const char *const often[] = {"num",       "num",         "num",      "num",     "words",
                                      "words",     "numshort",    "numshort", "iso",     "wordsnoyear",
                                      "monthyear", "ordinal",     "month",    "weekday", "apostrophe",
                                      "dots",      "weekdaydate", "words4"};
  return date_form(often[random_below(r, G_N_ELEMENTS(often))], day, r);
}

/* Births are written whole. */
static char *
born(int day, Random *r)
{
  static const char *const often[] = {"num", "num", "num", "num", "words", "iso", "dots", "euro", "compact"};
  return date_form(often[random_below(r, G_N_ELEMENTS(often))], day, r);
}

/* "march third nineteen fifty two", as dictated. */
static char *
spoken(Day t, Random *r)
{
  static const char *const days[] = {
      "first",        "second",       "third",          "fourth",        "fifth",        "sixth",
      "seventh",      "eighth",       "ninth",          "tenth",         "eleventh",     "twelfth",
      "thirteenth",   "fourteenth",   "fifteenth",      "sixteenth",     "seventeenth",  "eighteenth",
      "nineteenth",   "twentieth",    "twenty first",   "twenty second", "twenty third", "twenty fourth",
      "twenty fifth", "twenty sixth", "twenty seventh", "twenty eighth", "twenty ninth", "thirtieth",
      "thirty first"};
  static const char *const tens[] = {"",      "",      "twenty",  "thirty", "forty",
                                     "fifty", "sixty", "seventy", "eighty", "ninety"};
  static const char *const ones[] = {"hundred", "oh one",  "oh two",    "oh three", "oh four",
                                     "oh five", "oh six",  "oh seven",  "oh eight", "oh nine",
                                     "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                     "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  static const char *const units[] = {"",      " one", " two",   " three", " four",
                                      " five", " six", " seven", " eight", " nine"};
  const int century = t.y / 100, rest = t.y % 100;
  g_autofree char *month = g_ascii_strdown(months[t.m - 1], -1);
  g_autofree char *year =
      rest < 20 ? g_strdup(ones[rest]) : g_strdup_printf("%s%s", tens[rest / 10], units[rest % 10]);
  if (random_chance(r, .3))
    return g_strdup_printf("%s %s", month, days[t.d - 1]);
  return g_strdup_printf("%s %s %s %s", month, days[t.d - 1], century == 19 ? "nineteen" : "twenty", year);
}

char *
date_form(const char *form, int day, Random *r)
{
  const Day t = day_of(day), u = day_of(day + 1 + (int)random_below(r, 9));
  const char *month = months[t.m - 1];
  g_autofree char *brief = g_strndup(month, 3);
#define IS(name) g_str_equal(form, name)
  if (IS("any") || IS("admit") || IS("today"))
    return any(day, r);
  if (IS("dob"))
    return born(day, r);
  if (IS("spoken"))
    return spoken(t, r);
  if (IS("num"))
    return numeric(t, r);
  if (IS("numshort"))
    return g_strdup_printf(random_chance(r, .8) ? "%d/%d" : "%02d/%02d", t.m, t.d);
  if (IS("iso"))
    return g_strdup_printf("%04d-%02d-%02d", t.y, t.m, t.d);
  if (IS("dots"))
    return g_strdup_printf("%02d.%02d.%04d", t.d, t.m, t.y);
  if (IS("euro"))
    return g_strdup_printf("%02d/%02d/%04d", t.d, t.m, t.y);
  if (IS("compact"))
    return g_strdup_printf("%04d%02d%02d", t.y, t.m, t.d);
  if (IS("words"))
    return in_words(t, r);
  if (IS("words4"))
    return g_strdup_printf("the %d%s of %s, %d", t.d, suffix(t.d), month, t.y);
  if (IS("wordsnoyear"))
    return random_chance(r, .5) ? g_strdup_printf("%s %d", month, t.d) : g_strdup_printf("%s %d", brief, t.d);
  if (IS("ordinal"))
    return random_chance(r, .5) ? g_strdup_printf("%s %d%s", month, t.d, suffix(t.d))
                                : g_strdup_printf("the %d%s of %s", t.d, suffix(t.d), month);
  if (IS("dayofmonth"))
    return g_strdup_printf("the %d%s", t.d, suffix(t.d));
  if (IS("monthyear"))
    return random_chance(r, .6)   ? g_strdup_printf("%s %d", month, t.y)
           : random_chance(r, .5) ? g_strdup_printf("%d/%d", t.m, t.y)
                                  : g_strdup_printf("%s of %d", month, t.y);
  if (IS("apostrophe"))
    return g_strdup_printf("%s '%02d", random_chance(r, .5) ? brief : month, t.y % 100);
  if (IS("month"))
    return g_strdup(month);
  if (IS("monthrange"))
    return g_strdup_printf("%s-%s %d", brief, months[(t.m + 1) % 12], t.y);
  if (IS("season"))
    return random_chance(r, .6) ? g_strdup_printf("%s %d", seasons[random_below(r, 8)], t.y)
                                : g_strdup_printf("%s of %d", seasons[random_below(r, 8)], t.y);
  if (IS("holiday"))
    return g_strdup(holidays[random_below(r, G_N_ELEMENTS(holidays))]);
  if (IS("weekday"))
    return g_strdup(weekdays[t.weekday]);
  if (IS("weekdaydate"))
    return g_strdup_printf("%s, %s %d, %d", weekdays[t.weekday], month, t.d, t.y);
  if (IS("range"))
    return range(t, u, r);
  if (IS("glued"))
    return random_chance(r, .5) ? g_strdup_printf("%d/%d", t.m, t.y)
                                : g_strdup_printf("%d/%d/%02d", t.m, t.d, t.y % 100);
  if (IS("stamp"))
    return random_chance(r, .5) ? g_strdup_printf("%04d-%02d-%02d", t.y, t.m, t.d)
                                : g_strdup_printf("%02d/%02d/%04d", t.m, t.d, t.y);
  if (IS("caps"))
    return caps(in_words(t, r));
#undef IS
  return NULL;
}
