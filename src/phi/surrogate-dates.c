/* Dates moved by days and written back as they stood: each number in its width, each month in its language,
 * length and case, ordinals with the right ending. What is not wholly understood is not moved. */
#include "surrogate-private.h"
#include <string.h>

typedef enum {
  TOK_NUMBER,
  TOK_MONTH,
  TOK_DAY_NAME,
  TOK_SEASON,
  TOK_ENDING,
  TOK_GLUE,
  TOK_GAP,
  TOK_OTHER
} TokKind;

typedef struct {
  gsize start, end;
  TokKind kind;
  int value; /* of a number; 1..12 of a month; 0..3 of a season */
} Tok;

/* A date as tokens: which number is which; -1: not written. */
typedef struct {
  int year, month, day, ending;
  guint after; /* the first token behind it */
} Shape;

typedef struct {
  const char *s;
  GArray *toks;
  int days, year;
  gboolean loose; /* the date in hand has a number of one digit, or a month in words */
  GString *out;
} Shift;

/* ---- tokens ---- */

static const char *const months_en[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
static const char *const months_es[] = {"Enero",      "Febrero", "Marzo",     "Abril",
                                        "Mayo",       "Junio",   "Julio",     "Agosto",
                                        "Septiembre", "Octubre", "Noviembre", "Diciembre"};
static const char *const seasons[] = {"winter", "spring", "summer", "autumn", "fall"};
static const char *const endings[] = {"st", "nd", "rd", "th", NULL};
static const char *const glue[] = {
    "of",    "the",    "de",        "del",      "el",   "la",      "to",    "and",  "through", "thru",
    "until", "from",   "on",        "a",        "al",   "y",       "hasta", "or",   "week",    "early",
    "mid",   "late",   "in",        "day",      "dia",  "between", "since", "last", "next",    "this",
    "past",  "coming", "following", "previous", "week", "of",      NULL};
static const char *const day_names[] = {
    "monday", "tuesday", "wednesday", "thursday", "friday",  "saturday", "sunday",  "mon", "tue",
    "tues",   "wed",     "weds",      "thu",      "thur",    "thurs",    "fri",     "sat", "sun",
    "lunes",  "martes",  "miercoles", "jueves",   "viernes", "sabado",   "domingo", NULL};

static void
classify(const char *s, Tok *tok)
{
  gsize n = tok->end - tok->start;
  g_autofree char *lower = g_ascii_strdown(s + tok->start, (gssize)n);
  g_autofree char *folded = surrogate_fold(s + tok->start, n);
  tok->kind = TOK_OTHER;
  if ((tok->value = phi_month_from_name(s + tok->start, n)))
    tok->kind = TOK_MONTH;
  else if (g_strv_contains(endings, lower))
    tok->kind = TOK_ENDING;
  else if (g_strv_contains(glue, lower))
    tok->kind = TOK_GLUE;
  else if (g_strv_contains(day_names, folded))
    tok->kind = TOK_DAY_NAME;
  for (guint i = 0; i < G_N_ELEMENTS(seasons); i++)
    if (strcmp(lower, seasons[i]) == 0) {
      tok->kind = TOK_SEASON;
      tok->value = MIN((int)i, 3);
    }
}

static GArray *
tokens_of(const char *s, gsize n_bytes)
{
  GArray *toks = g_array_new(FALSE, TRUE, sizeof(Tok));
  for (gsize at = 0; at < n_bytes;) {
    Tok tok = {.start = at, .kind = TOK_GAP};
    if (g_ascii_isdigit(s[at])) {
      tok.kind = TOK_NUMBER;
      for (; at < n_bytes && g_ascii_isdigit(s[at]); at++)
        tok.value = at - tok.start < 8 ? tok.value * 10 + (s[at] - '0') : G_MAXINT;
    } else if (g_ascii_isalpha(s[at]) || (guchar)s[at] >= 0xc3) {
      while (at < n_bytes && (g_ascii_isalpha(s[at]) || (guchar)s[at] >= 0x80) &&
             !(tok.start < at && (guchar)s[at] == 0xe2))
        at++;
      if ((guchar)s[tok.start] != 0xe2)
        classify(s, (tok.end = at, &tok));
    } else {
      while (at < n_bytes && !g_ascii_isalnum(s[at]) && (guchar)s[at] < 0xc3)
        at++;
    }
    tok.end = at;
    g_array_append_val(toks, tok);
  }
  return toks;
}

static const Tok *
tok_at(const Shift *x, guint i)
{
  static const Tok none = {.kind = TOK_OTHER};
  return i < x->toks->len ? &g_array_index(x->toks, Tok, i) : &none;
}

static gsize
width(const Shift *x, guint i)
{
  return tok_at(x, i)->kind == TOK_NUMBER ? tok_at(x, i)->end - tok_at(x, i)->start : 0;
}

/* One of /-. alone, or with spaces around it. */
static char
separator(const Shift *x, guint i)
{
  const Tok *tok = tok_at(x, i);
  if (tok->kind != TOK_GAP)
    return 0;
  g_autofree char *gap = g_strstrip(g_strndup(x->s + tok->start, tok->end - tok->start));
  return strlen(gap) == 1 && strchr("/-.", *gap) ? *gap : 0;
}

static gboolean
is_year(const Shift *x, guint i)
{
  return width(x, i) == 4 && tok_at(x, i)->value >= 1850 && tok_at(x, i)->value <= 2150;
}

static gboolean
is_day(const Shift *x, guint i)
{
  gsize n = width(x, i);
  return (n == 1 || n == 2) && tok_at(x, i)->value >= 1 && tok_at(x, i)->value <= 31;
}

static gboolean
has_apostrophe(const Shift *x, guint i)
{
  const Tok *gap = tok_at(x, i);
  return gap->kind == TOK_GAP && (x->s[gap->end - 1] == '\'' || (guchar)x->s[gap->end - 1] == 0x99);
}

/* ---- shapes ---- */

static const Shape no_shape = {-1, -1, -1, -1, 0};

/* a/b/c, a/b, with the year first, last or away. */
static gboolean
read_numeric(const Shift *x, guint i, Shape *shape)
{
  char first = separator(x, i + 1), second = separator(x, i + 3);
  gsize a = width(x, i), b = width(x, i + 2), c = width(x, i + 4);
  *shape = no_shape;
  int at = (int)i;
  if (a && first && first == second && b && b <= 2 && c && (a == 4 ? c <= 2 : a <= 2 && (c == 2 || c == 4))) {
    gboolean day_first = a != 4 && tok_at(x, i)->value > 12;
    *shape = a == 4      ? (Shape){at, at + 2, at + 4, -1, i + 5}
             : day_first ? (Shape){at + 4, at + 2, at, -1, i + 5}
                         : (Shape){at + 4, at, at + 2, -1, i + 5};
    return TRUE;
  }
  if (!a || !first || !b)
    return FALSE;
  if (a == 4 && b == 2 && is_year(x, i))
    *shape = (Shape){at, at + 2, -1, -1, i + 3};
  else if (a <= 2 && (is_year(x, i + 2) || (b == 2 && tok_at(x, i + 2)->value > 31)))
    *shape = (Shape){at + 2, at, -1, -1, i + 3};
  else if (a <= 2 && b <= 2 && tok_at(x, i)->value > 12)
    *shape = (Shape){-1, at + 2, at, -1, i + 3};
  else if (a <= 2 && b <= 2)
    *shape = (Shape){-1, at, at + 2, -1, i + 3};
  return shape->after > 0;
}

/* Past blanks, commas, hyphens and words like "of". */
static guint
past_glue(const Shift *x, guint i)
{
  while (tok_at(x, i)->kind == TOK_GAP || tok_at(x, i)->kind == TOK_GLUE)
    i++;
  return i;
}

static void
read_year_behind(const Shift *x, Shape *shape, gboolean two_digits)
{
  guint next = past_glue(x, shape->after);
  gboolean short_year = width(x, next) == 2 && (has_apostrophe(x, next - 1) || two_digits);
  if ((is_year(x, next) || short_year) && !separator(x, next + 1) &&
      tok_at(x, next + 1)->kind != TOK_ENDING) {
    shape->year = (int)next;
    shape->after = next + 1;
  }
}

/* 5 March 2018, the 5th of March, 14-Mar-18, 14MAR2018. */
static gboolean
read_day_month(const Shift *x, guint i, Shape *shape)
{
  if (!is_day(x, i))
    return FALSE;
  guint next = i + 1;
  int ending = -1;
  if (tok_at(x, next)->kind == TOK_ENDING)
    ending = (int)next++;
  next = past_glue(x, next);
  if (tok_at(x, next)->kind != TOK_MONTH)
    return FALSE;
  *shape = (Shape){-1, (int)next, (int)i, ending, next + 1};
  read_year_behind(x, shape, separator(x, next + 1) != 0 || width(x, next + 1) == 2);
  return TRUE;
}

/* March 5th, 2018; March 2018; Mar '18; March. */
static gboolean
read_month(const Shift *x, guint i, Shape *shape)
{
  if (tok_at(x, i)->kind != TOK_MONTH)
    return FALSE;
  *shape = (Shape){-1, (int)i, -1, -1, i + 1};
  guint next = past_glue(x, i + 1);
  if (is_day(x, next) && !(tok_at(x, next - 1)->kind == TOK_GAP && has_apostrophe(x, next - 1))) {
    shape->day = (int)next;
    shape->after = next + 1;
    if (tok_at(x, next + 1)->kind == TOK_ENDING)
      shape->ending = (int)shape->after++;
    guint behind = past_glue(x, shape->after);
    gboolean ends = behind + 1 >= x->toks->len && !strchr("-/", separator(x, shape->after));
    read_year_behind(x, shape, ends && separator(x, shape->after) == 0);
    return TRUE;
  }
  read_year_behind(x, shape, width(x, next) == 2);
  return TRUE;
}

/* ---- moving ---- */

static int
full_year(const Shift *x, int tok)
{
  int value = tok_at(x, (guint)tok)->value;
  return width(x, (guint)tok) == 4 ? value : value <= 40 ? 2000 + value : 1900 + value;
}

static gboolean
moved(int year, int month, int day, int days, GDate *date)
{
  if (month < 1 || month > 12 || day < 1 || day > 31 || year < 1800 || year > 2200 ||
      !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
    return FALSE;
  g_date_clear(date, 1);
  g_date_set_dmy(date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
  if (days >= 0)
    g_date_add_days(date, (guint)days);
  else
    g_date_subtract_days(date, (guint)-days);
  return TRUE;
}

static gboolean
move_shape(const Shift *x, const Shape *shape, int year_beside, GDate *date)
{
  int year = shape->year >= 0 ? full_year(x, shape->year) : year_beside;
  int month = tok_at(x, (guint)shape->month)->value;
  int day = shape->day >= 0 ? tok_at(x, (guint)shape->day)->value : 15;
  if (moved(year, month, day, x->days, date))
    return TRUE;
  return shape->year < 0 && moved(2000, month, day, x->days, date); /* 2/29 of a year unsaid */
}

/* In the width it had; a number of two digits needs no zero where its neighbour has none (2/23 -> 3/2). */
static void
put_number(Shift *x, guint i, int value)
{
  const Tok *tok = tok_at(x, i);
  int n = (int)(tok->end - tok->start);
  gboolean joined =
      separator(x, i + 1) || tok_at(x, i + 1)->kind == TOK_MONTH || (i > 0 && separator(x, i - 1));
  gboolean zero = x->s[tok->start] == '0' || (joined && !x->loose);
  if (n == 2 && value > 99)
    value %= 100;
  if (n == 1 || (n == 2 && !zero && tok->value >= 10 && tok->value <= 31))
    g_string_append_printf(x->out, "%d", value);
  else
    g_string_append_printf(x->out, "%0*d", n, value);
}

/* Whether n bytes are the month's whole name, or its first three letters. */
static gboolean
is_name(const char *s, gsize n, const char *name)
{
  return (n == strlen(name) || n == 3) && g_ascii_strncasecmp(s, name, n) == 0;
}

/* May is the whole name but where hyphens or slashes make it the short one. */
static void
put_month(Shift *x, guint i, guint month)
{
  const Tok *tok = tok_at(x, i);
  const char *was = x->s + tok->start;
  gsize n = tok->end - tok->start;
  if (tok->kind == TOK_NUMBER) {
    put_number(x, i, (int)month);
    return;
  }
  guint before = (guint)CLAMP(tok->value, 1, 12) - 1, now = CLAMP(month, 1, 12) - 1;
  gboolean spanish = !is_name(was, n, months_en[before]) && is_name(was, n, months_es[before]);
  const char *const *names = spanish ? months_es : months_en;
  gboolean may = n == 3 && strlen(names[before]) == 3;
  gboolean whole = may ? !separator(x, i + 1) && (i == 0 || !separator(x, i - 1)) && !width(x, i + 1)
                       : n > 4 || n == strlen(names[before]);
  g_autofree char *formed = whole ? g_strdup(names[now]) : g_strndup(names[now], 3);
  g_autofree char *cased = surrogate_recase(was, n, formed);
  g_string_append(x->out, cased);
}

static void
put_ending(Shift *x, guint i, int day)
{
  const Tok *tok = tok_at(x, i);
  const char *ending = day / 10 == 1   ? "th"
                       : day % 10 == 1 ? "st"
                       : day % 10 == 2 ? "nd"
                       : day % 10 == 3 ? "rd"
                                       : "th";
  g_autofree char *cased = surrogate_recase(x->s + tok->start, tok->end - tok->start, ending);
  g_string_append(x->out, cased);
}

static void
put_year(Shift *x, guint i, int year)
{
  g_string_append_printf(x->out, width(x, i) == 2 ? "%02d" : "%04d", width(x, i) == 2 ? year % 100 : year);
}

/* A month's name that no hyphen ties to its day. */
static gboolean
is_named(const Shift *x, const Shape *shape)
{
  guint month = (guint)MAX(shape->month, 0);
  return tok_at(x, month)->kind == TOK_MONTH && !separator(x, month + 1) &&
         (month == 0 || (!separator(x, month - 1) && tok_at(x, month - 1)->kind == TOK_GAP));
}

static void
put_shape(Shift *x, guint from, const Shape *shape, const GDate *date)
{
  for (guint i = from; i < shape->after; i++) {
    const Tok *tok = tok_at(x, i);
    x->loose = is_named(x, shape) || (shape->month >= 0 && width(x, (guint)shape->month) == 1) ||
               (shape->day >= 0 && width(x, (guint)shape->day) == 1);
    if ((int)i == shape->year)
      put_year(x, i, g_date_get_year(date));
    else if ((int)i == shape->month)
      put_month(x, i, g_date_get_month(date));
    else if ((int)i == shape->day)
      put_number(x, i, g_date_get_day(date));
    else if ((int)i == shape->ending)
      put_ending(x, i, g_date_get_day(date));
    else
      g_string_append_len(x->out, x->s + tok->start, (gssize)(tok->end - tok->start));
  }
}

/* 20180314, 03142018 */
static gboolean
move_compact(Shift *x, guint i)
{
  int value = tok_at(x, i)->value;
  GDate date;
  if (width(x, i) != 8)
    return FALSE;
  if (value / 10000 >= 1850 && moved(value / 10000, value / 100 % 100, value % 100, x->days, &date)) {
    g_string_append_printf(x->out, "%04d%02d%02d", g_date_get_year(&date), (int)g_date_get_month(&date),
                           g_date_get_day(&date));
    return TRUE;
  }
  if (!moved(value % 10000, value / 1000000, value / 10000 % 100, x->days, &date))
    return FALSE;
  g_string_append_printf(x->out, "%02d%02d%04d", (int)g_date_get_month(&date), g_date_get_day(&date),
                         g_date_get_year(&date));
  return TRUE;
}

/* The year of a range stands once, at its end: "March 3 to April 5, 2018". */
static int
year_ahead(const Shift *x, guint i)
{
  for (; i < x->toks->len; i++)
    if (is_year(x, i) || (width(x, i) == 2 && i >= 4 && separator(x, i - 1) && separator(x, i - 3)))
      return full_year(x, (int)i);
  return x->year;
}

/* "3-5" of "March 3-5, 2018": a second day of the month before it. Written out where the month ends between.
 */
static gboolean
move_second_day(Shift *x, guint *i, const Shape *first, const GDate *first_date)
{
  const Tok *gap = tok_at(x, first->after);
  guint next = past_glue(x, first->after);
  if (first->month < 0 || tok_at(x, (guint)first->month)->kind != TOK_MONTH || first->day < 0 ||
      first->year >= 0 || next == first->after || !is_day(x, next) || next - first->after > 3 ||
      memchr(x->s + gap->start, '\n', gap->end - gap->start))
    return FALSE;
  Shape shape = {-1, first->month, (int)next, -1, next + 1};
  if (tok_at(x, next + 1)->kind == TOK_ENDING)
    shape.ending = (int)shape.after++;
  read_year_behind(x, &shape, FALSE);
  GDate date;
  if (!move_shape(x, &shape, year_ahead(x, next), &date))
    return FALSE;
  for (guint k = first->after; k < next; k++)
    g_string_append_len(x->out, x->s + tok_at(x, k)->start,
                        (gssize)(tok_at(x, k)->end - tok_at(x, k)->start));
  if (g_date_get_month(&date) != g_date_get_month(first_date)) {
    put_month(x, (guint)first->month, g_date_get_month(&date));
    g_string_append_c(x->out, ' ');
  }
  put_shape(x, next, &shape, &date);
  *i = shape.after;
  return TRUE;
}

static gboolean
move_season(Shift *x, guint *i)
{
  static const int middle[] = {1, 4, 7, 10};
  static const char *const names[] = {"Winter", "Spring", "Summer", "Fall"};
  const Tok *tok = tok_at(x, *i);
  Shape shape = {-1, -1, -1, -1, *i + 1};
  read_year_behind(x, &shape, FALSE);
  GDate date;
  if (!moved(shape.year >= 0 ? full_year(x, shape.year) : x->year, middle[tok->value], 15, x->days, &date))
    return FALSE;
  const char *name = names[(int)g_date_get_month(&date) % 12 / 3];
  g_autofree char *cased = surrogate_recase(x->s + tok->start, tok->end - tok->start, name);
  g_string_append(x->out, cased);
  put_shape(x, *i + 1, &shape, &date);
  *i = shape.after;
  return TRUE;
}

static gboolean
move_next(Shift *x, guint *i)
{
  Shape shape;
  GDate date;
  if (tok_at(x, *i)->kind == TOK_SEASON)
    return move_season(x, i);
  if (width(x, *i) == 8 && move_compact(x, *i)) {
    (*i)++;
    return TRUE;
  }
  if (read_day_month(x, *i, &shape) || read_numeric(x, *i, &shape) || read_month(x, *i, &shape)) {
    if (!move_shape(x, &shape, year_ahead(x, shape.after), &date))
      return FALSE;
    put_shape(x, *i, &shape, &date);
    *i = shape.after;
    (void)move_second_day(x, i, &shape, &date);
    return TRUE;
  }
  if (!is_year(x, *i) || !moved(tok_at(x, *i)->value, 7, 1, x->days, &date))
    return FALSE;
  put_year(x, (*i)++, g_date_get_year(&date));
  return TRUE;
}

/* The time of 2018-03-14T10:22:00Z. */
static gboolean
is_time(const Shift *x, guint i)
{
  const Tok *tok = tok_at(x, i);
  return i > 0 && tok->kind == TOK_OTHER && tok->end - tok->start == 1 && x->s[tok->start] == 'T' &&
         width(x, i - 1) > 0 && width(x, i + 1) > 0;
}

char *
surrogate_shift_dates(const char *s, gsize n_bytes, int days, int year)
{
  g_autoptr(GArray) toks = tokens_of(s, n_bytes);
  g_autoptr(GString) out = g_string_new(NULL);
  Shift x = {s, toks, days, year ? year : 2001, FALSE, out};
  for (guint i = 0; i < toks->len;) {
    const Tok *tok = tok_at(&x, i);
    if (is_time(&x, i)) {
      g_string_append_len(out, s + tok->start, (gssize)(n_bytes - tok->start));
      break;
    }
    if (tok->kind == TOK_GAP || tok->kind == TOK_GLUE || tok->kind == TOK_DAY_NAME) {
      g_string_append_len(out, s + tok->start, (gssize)(tok->end - tok->start));
      i++;
    } else if (!move_next(&x, &i))
      return NULL;
  }
  return g_string_free(g_steal_pointer(&out), FALSE);
}
