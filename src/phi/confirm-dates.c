/* Dates, years and ages: what separates 3/14 from a score, May from a modal verb, 93 from a dose. */
#include "confirm-private.h"
#include <string.h>

enum { CONTEXT = 40, OLDEST_KEPT_AGE = 89 };

static const char *const date_cues[] = {
    "on",       "since",       "dated",     "date",        "dates",   "seen",      "admitted",  "discharged",
    "visit",    "from",        "until",     "till",        "through", "thru",      "by",        "due",
    "born",     "dob",         "dos",       "appointment", "appt",    "started",   "scheduled", "surgery",
    "placed",   "collected",   "performed", "last",        "lmp",     "edd",       "effective", "before",
    "after",    "begun",       "began",     "done",        "dc",      "completed", "signed",    "received",
    "returned", "rescheduled", "week",      "of",          "exp",     "expires",   "refilled",  "filled",
    "called",   "note",        "labs",      "echo",        "cxr",     "ct",        "mri",       "ekg",
    "ecg",      "eff",         "removed",   "between",     "tx",      "rx",        "cath",      "cabg",
    "imaging",  "results",     NULL};

static const char *const score_cues[] = {
    "pain",    "strength", "murmur",   "grade",     "score",      "scale",    "motor",       "reflexes",
    "reflex",  "dtr",      "dtrs",     "apgar",     "apgars",     "bp",       "pressure",    "vision",
    "va",      "acuity",   "power",    "sem",       "systolic",   "gcs",      "rated",       "rates",
    "rating",  "level",    "severity", "ratio",     "mmse",       "phq",      "pulses",      "pulse",
    "edema",   "muscle",   "flexion",  "extension", "weakness",   "snellen",  "orientation", "station",
    "recall",  "oriented", "guaiac",   "gravida",   "quadriceps", "acuities", "positive",    "er",
    "nodes",   "margins",  "mild",     "grade",     "visual",     "screen",   "biceps",      "triceps",
    "deltoid", "grip",     "epworth",  "moca",      "norton",     "braden",   "nihss",       "morse",
    "stage",   NULL};

static const char *const unit_words[] = {
    "mg",       "mcg",    "ml",      "g",    "kg",   "cc",   "units", "unit",   "tab",
    "tabs",     "tablet", "tablets", "ns",   "cup",  "cups", "inch",  "inches", "in",
    "strength", "normal", "mm",      "cm",   "dose", "pack", "ppd",   "hours",  "hrs",
    "days",     "weeks",  "times",   "mmhg", "meq",  "ft",   "lb",    "lbs",    "systolic",
    "sem",      "murmur", "pain",    "on",   NULL};

static char
byte_at(const PhiPage *page, guint32 off)
{
  return off < page->n_bytes ? page->s[off] : '\0';
}

static char
byte_before(const PhiPage *page, guint32 off)
{
  return off > 0 ? page->s[off - 1] : '\0';
}

static int
number_at(const PhiPage *page, guint32 off)
{
  int value = 0;
  for (guint32 i = off; i < page->n_bytes && i < off + 4 && g_ascii_isdigit(page->s[i]); i++)
    value = value * 10 + (page->s[i] - '0');
  return value;
}

/* A longer chain of numbers than a date has: 1.2.3.4, 12/3/4/5. A sentence's full stop is none. */
static gboolean
in_number_chain(const PhiPage *page, guint32 start, guint32 end)
{
  char before = byte_before(page, start), after = byte_at(page, end);
  if (g_ascii_isdigit(before) || g_ascii_isdigit(after))
    return TRUE;
  if (before && strchr("./", before) && start > 1 && g_ascii_isdigit(page->s[start - 2]))
    return TRUE;
  if (after && strchr("./", after) && g_ascii_isdigit(byte_at(page, end + 1)))
    return TRUE;
  return FALSE;
}

PHI_CONFIRMER(phi_confirm_date)
{
  PhiDate date;
  if (in_number_chain(page, candidate->start, candidate->end))
    return FALSE;
  if (!phi_date_parse(page->s + candidate->start, candidate->end - candidate->start, &date))
    return FALSE;
  if (strcmp(rule->context, "weak") == 0 && !phi_context_has(page, candidate->start, CONTEXT, date_cues))
    candidate->score = 0.3f;
  return TRUE;
}

/* Bare "may", "mar", "dec" in lower case are words more often than months. */
static gboolean
is_doubtful_month(const PhiPage *page, const PhiCandidate *candidate)
{
  static const char *const doubtful[] = {"may", "mar", "march", "dec",    "sep",
                                         "jan", "jun", "oct",   "august", NULL};
  for (guint32 i = candidate->start; i < candidate->end; i++) {
    if (!g_ascii_isalpha(page->s[i]))
      continue;
    guint32 end = i;
    while (end < candidate->end && g_ascii_isalpha(page->s[end]))
      end++;
    char word[24];
    if (g_ascii_islower(page->s[i]) && phi_fold(page->s + i, end - i, word, sizeof word) &&
        phi_word_in(word, doubtful))
      return TRUE;
    i = end;
  }
  return FALSE;
}

/* context "words": a month's name is part of it; "numbers": m/d. */
static gboolean
month_day_in_words(PhiPage *page, PhiCandidate *candidate)
{
  PhiDate date;
  if (g_ascii_isdigit(byte_before(page, candidate->start)) ||
      !phi_date_parse(page->s + candidate->start, candidate->end - candidate->start, &date))
    return FALSE;
  char next[16];
  static const char *const counted[] = {"times", "mg", "hours", "percent", "days", "tablets", NULL};
  if (!date.year && is_doubtful_month(page, candidate) &&
      (!phi_context_has(page, candidate->start, 16, date_cues) ||
       (phi_word_after(page, candidate->end, "", next, sizeof next) && phi_word_in(next, counted))))
    return FALSE;
  return TRUE;
}

static gboolean
looks_like_score(const PhiPage *page, const PhiCandidate *candidate, const PhiDate *date)
{
  char next[24];
  if (phi_context_has(page, candidate->start, CONTEXT, score_cues))
    return TRUE;
  if (phi_word_after(page, candidate->end, "- ", next, sizeof next) &&
      (phi_word_in(next, score_cues) ||
       (phi_word_in(next, unit_words) && byte_at(page, candidate->end) != '.')))
    return TRUE;
  gboolean leading_zero = page->s[candidate->start] == '0';
  if (!leading_zero && date->month == date->day && date->month <= 10)
    return TRUE; /* 8/8 */
  return !leading_zero &&
         (date->day == 5 || date->day == 6 || date->day == 10 || date->day == 4 || date->day == 2) &&
         date->month <= date->day;
}

static gboolean
month_day_in_numbers(PhiPage *page, PhiCandidate *candidate)
{
  PhiDate date;
  guint32 start = candidate->start, end = candidate->end;
  char before = byte_before(page, start), after = byte_at(page, end);
  if (g_ascii_isalpha(before) && g_ascii_islower(before) && g_ascii_isalpha(after))
    return FALSE;
  if (in_number_chain(page, start, end) || after == '%' || after == '/' || before == '+' || before == '.' ||
      before == '[')
    return FALSE;
  if (number_at(page, start) > 12 || !phi_date_parse(page->s + start, end - start, &date))
    return FALSE; /* 24/7 */
  char cue[24];
  gboolean cued = phi_word_before(page, start, "(", cue, sizeof cue) && phi_word_in(cue, date_cues);
  gboolean score = looks_like_score(page, candidate, &date);
  if (score)
    candidate->score = cued && !phi_context_has(page, start, 24, score_cues) ? 0.55f : 0.2f;
  else if (cued)
    candidate->score = 0.9f;
  return TRUE;
}

/* "3-14" needs a cue; "3/14" speaks for itself unless it is a score. */
static gboolean
month_day_with_dash(PhiPage *page, PhiCandidate *candidate)
{
  static const char *const cues[] = {"on",         "since", "dated", "date", "seen",        "admitted",
                                     "discharged", "visit", "due",   "appt", "appointment", NULL};
  char cue[24];
  if (!month_day_in_numbers(page, candidate))
    return FALSE;
  if (!(phi_word_before(page, candidate->start, ":(", cue, sizeof cue) && phi_word_in(cue, cues)))
    candidate->score = 0.2f;
  return TRUE;
}

PHI_CONFIRMER(phi_confirm_month_day)
{
  if (strcmp(rule->context, "words") == 0)
    return month_day_in_words(page, candidate);
  if (strcmp(rule->context, "dash") == 0)
    return month_day_with_dash(page, candidate);
  return month_day_in_numbers(page, candidate);
}

/* "last Friday", "this March": the word belongs to the date. */
static void
take_relative(const PhiPage *page, PhiCandidate *candidate)
{
  static const char *const words[] = {"last", "next", "this", "past", "early", "late", "mid", NULL};
  char word[16];
  guint32 at = candidate->start;
  while (at > 0 && (page->s[at - 1] == ' ' || page->s[at - 1] == '-'))
    at--;
  if (at == candidate->start || !phi_word_before(page, at, "", word, sizeof word) ||
      !phi_word_in(word, words))
    return;
  candidate->start = at - (guint32)strlen(word);
}

PHI_CONFIRMER(phi_confirm_month_alone)
{
  static const char *const cues[] = {"in",       "since", "this",   "last",  "next", "early",  "late",
                                     "mid",      "by",    "until",  "of",    "from", "during", "through",
                                     "till",     "past",  "before", "after", "to",   "for",    "around",
                                     "previous", "and",   "month",  NULL};
  static const char *const unsure[] = {"may", "march", "mar", "jan", "dec", "sep", "august", "april", "june",
                                       "jun", "oct",   "nov", "feb", "apr", "jul", "aug",    "sept",  NULL};
  static const char *const strict[] = {"in",    "since", "last",   "next", "early",   "late",
                                       "mid",   "until", "during", "from", "through", "before",
                                       "after", "by",    "till",   "this", "around",  NULL};
  char word[16], cue[24];
  if (!phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  if (!phi_fold(page->s + candidate->start, candidate->end - candidate->start, word, sizeof word))
    return FALSE;
  gboolean cued = phi_word_before(page, candidate->start, "-(", cue, sizeof cue);
  gboolean upper = g_ascii_isupper(page->s[candidate->start]);
  take_relative(page, candidate);
  if (!upper)
    return cued && phi_word_in(cue, strict) && strcmp(word, "may") != 0 && strcmp(word, "march") != 0 &&
           strlen(word) > 3;
  if (phi_word_in(word, unsure) && !(cued && phi_word_in(cue, cues)))
    candidate->score = strcmp(word, "june") == 0 || strcmp(word, "april") == 0 ? 0.3f : 0.2f;
  return TRUE;
}

/* "on friday": the pattern takes the preposition along. */
static void
drop_preposition(const PhiPage *page, PhiCandidate *candidate)
{
  static const char *const words[] = {"on ", "since ", "until ", "by ", "coming "};
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_str_has_prefix(page->s + candidate->start, words[i])) {
      candidate->start += (guint32)strlen(words[i]);
      return;
    }
}

PHI_CONFIRMER(phi_confirm_weekday)
{
  static const char *const recurring[] = {"every", "each", "weekly", NULL};
  static const char *const parts[] = {"through", "to", "and", "thru", NULL};
  char cue[24], next[24];
  if (!phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  drop_preposition(page, candidate);
  if (phi_word_before(page, candidate->start, "", cue, sizeof cue)) {
    if (phi_word_in(cue, recurring))
      return FALSE;
    if (phi_word_in(cue, parts) &&
        phi_context_has(page, candidate->start, 24, (const char *const[]){"monday", "every", NULL}))
      return FALSE;
  }
  if (phi_word_after(page, candidate->end, "", next, sizeof next) && phi_word_in(next, parts) &&
      strcmp(next, "and") != 0)
    return FALSE;
  take_relative(page, candidate);
  return TRUE;
}

/* "Wed, Feb 6th", "Mon 3/4", "last Fri": an abbreviation that a date or "last" speaks for. */
PHI_CONFIRMER(phi_confirm_weekday_short)
{
  static const char *const cues[] = {"last", "next", "this", "on", "since", "until", NULL};
  char cue[16], next[24];
  if (!phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  guint32 after = candidate->end;
  while (byte_at(page, after) == ',' || byte_at(page, after) == ' ')
    after++;
  gboolean dated =
      after > candidate->end && ((g_ascii_isdigit(byte_at(page, after)) &&
                                  (byte_at(page, after + 1) == '/' || byte_at(page, after + 2) == '/')) ||
                                 (phi_word_after(page, candidate->end, ", ", next, sizeof next) &&
                                  phi_month_from_name(next, strlen(next)) > 0));
  if (dated)
    return TRUE;
  return phi_word_before(page, candidate->start, "", cue, sizeof cue) && phi_word_in(cue, cues) &&
         byte_at(page, candidate->end) != '/' && byte_at(page, candidate->end) != ',';
}

/* A scanner's O and l for 0 and 1. */
PHI_CONFIRMER(phi_confirm_date_ocr)
{
  char text[16];
  PhiDate date;
  guint n_digits = 0, n_letters = 0;
  gsize n = candidate->end - candidate->start;
  if (n >= sizeof text || !phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    char c = page->s[candidate->start + i];
    n_digits += g_ascii_isdigit(c);
    n_letters += g_ascii_isalpha(c);
    text[i] = c == 'O' || c == 'o' ? '0' : c == 'l' || c == 'I' ? '1' : c;
  }
  return n_letters && n_digits >= 3 && phi_date_parse(text, n, &date);
}

PHI_CONFIRMER(phi_confirm_day_alone)
{
  static const char *const things[] = {
      "toe",           "finger",  "metatarsal", "metacarpal",  "digit",     "floor", "rib",
      "time",          "day",     "percentile", "grade",       "dose",      "cycle", "trimester",
      "week",          "ray",     "nerve",      "intercostal", "ventricle", "line",  "visit",
      "degree",        "attempt", "cranial",    "lumbar",      "round",     "pod",   "hospital",
      "postoperative", "post",    "born",       "child",       NULL};
  char next[24];
  guint32 digits = candidate->end;
  while (digits > candidate->start && !g_ascii_isdigit(page->s[digits - 1]))
    digits--;
  while (digits > candidate->start && g_ascii_isdigit(page->s[digits - 1]))
    digits--;
  candidate->start = digits;
  if (number_at(page, digits) > 31 || number_at(page, digits) < 1)
    return FALSE;
  if (!phi_word_after(page, candidate->end, "", next, sizeof next) || byte_at(page, candidate->end) == '.' ||
      byte_at(page, candidate->end) == ',')
    return TRUE;
  if (phi_word_in(next, things))
    return FALSE;
  guint32 lex = phi_lexicon_find(page->lexicon, next, strlen(next));
  return !(lex & PHI_LEX_CLINICAL) || phi_month_from_name(next, strlen(next)) > 0;
}

static gboolean
is_birth_context(const PhiPage *page, guint32 off)
{
  static const char *const birth[] = {"born", "birth",  "dob",    "birthdate",  "birthday", "birthyear",
                                      "yob",  "nacido", "nacida", "nacimiento", NULL};
  return phi_context_has(page, off, 24, birth);
}

PHI_CONFIRMER(phi_confirm_year)
{
  static const char *const units[] = {
      "mg",    "mcg",  "ml", "kcal",  "cal", "calories", "calorie", "units", "iu", "g",  "cc",  "meq", "mls",
      "steps", "feet", "ft", "hours", "hrs", "ng",       "pg",      "cells", "u",  "lb", "lbs", "w",   NULL};
  char next[16];
  if (!phi_stands_alone(page, candidate->start, candidate->end) ||
      in_number_chain(page, candidate->start, candidate->end))
    return FALSE;
  char before = byte_before(page, candidate->start), after = byte_at(page, candidate->end);
  if ((before && strchr("-#/$<>=:@", before) && before != '/' && before != ':') || after == '%' ||
      after == ':')
    return FALSE;
  if (phi_word_after(page, candidate->end, "", next, sizeof next) && phi_word_in(next, units))
    return FALSE;
  if (is_birth_context(page, candidate->start) && number_at(page, candidate->start) < 1937) {
    candidate->kind = CR_PHI_AGE90;
    candidate->score = 0.9f;
  }
  return TRUE;
}

/* The number inside the match is the candidate. */
static gboolean
narrow_to_number(const PhiPage *page, PhiCandidate *candidate, int *value)
{
  guint32 i = candidate->start;
  while (i < candidate->end && !g_ascii_isdigit(page->s[i]))
    i++;
  guint32 end = i;
  *value = 0;
  while (end < candidate->end && g_ascii_isdigit(page->s[end]) && end - i < 4)
    *value = *value * 10 + (page->s[end++] - '0');
  if (i == end)
    return FALSE;
  candidate->start = i;
  candidate->end = end;
  return TRUE;
}

/* context "words": the match spells the age out and is over 89 by itself. */
PHI_CONFIRMER(phi_confirm_age)
{
  int value;
  if (strcmp(rule->context, "words") == 0)
    return phi_stands_alone(page, candidate->start, candidate->end);
  if (strcmp(rule->context, "after") == 0) {
    candidate->start = candidate->end;
    while (candidate->end < page->n_bytes && g_ascii_isdigit(page->s[candidate->end]))
      candidate->end++;
  }
  if (!narrow_to_number(page, candidate, &value) || value > 125)
    return FALSE;
  char before = byte_before(page, candidate->start), after = byte_at(page, candidate->end);
  if (g_ascii_isalnum(before) || before == '.' || before == '/' || g_ascii_isdigit(after) || after == '/' ||
      (after == '.' && g_ascii_isdigit(byte_at(page, candidate->end + 1))) || after == '%')
    return FALSE;
  candidate->kind = value > OLDEST_KEPT_AGE ? CR_PHI_AGE90 : CR_PHI_AGE;
  return TRUE;
}

/* context: words that must not follow. */
PHI_CONFIRMER(phi_confirm_bounded)
{
  char next[24];
  if (!phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  if (!*rule->context || !phi_word_after(page, candidate->end, "", next, sizeof next))
    return TRUE;
  g_auto(GStrv) words = g_strsplit(rule->context, " ", -1);
  return !g_strv_contains((const char *const *)words, next);
}
