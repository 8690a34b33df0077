/* Numbers that identify: check digits, ranges, and the value that follows a cue. */
#include "confirm-private.h"
#include <string.h>

enum { MAX_ID = 40 };

static guint
count_digits(const char *s, gsize n_bytes, char *digits, guint max)
{
  guint n = 0;
  for (gsize i = 0; i < n_bytes; i++)
    if (g_ascii_isdigit(s[i])) {
      if (n < max)
        digits[n] = s[i];
      n++;
    }
  return n;
}

/* ---- the value after a cue ---- */

static guint32
skip_blanks(const PhiPage *page, guint32 at)
{
  while (at < page->n_bytes && (page->s[at] == ' ' || page->s[at] == '\t'))
    at++;
  return at;
}

static gboolean
skip_word(const PhiPage *page, guint32 *at, const char *word)
{
  gsize n = strlen(word);
  if (*at + n > page->n_bytes || g_ascii_strncasecmp(page->s + *at, word, n) != 0)
    return FALSE;
  if (g_ascii_isalpha(word[n - 1]) && *at + n < page->n_bytes && g_ascii_isalpha(page->s[*at + n]))
    return FALSE;
  *at += (guint32)n;
  return TRUE;
}

/* What may stand between a cue and its value: "MRN: ", "MRN number is ", "MRN (hospital) # ". */
static guint32
skip_link(const PhiPage *page, guint32 at)
{
  static const char *const links[] = {
      ":",      ".",      "#",    "=",   "numbers", "number",    "num",    "nbr",       "no.",    "no",
      "is",     "was",    "ids",  "id",  "code",    "ending in", "ending", "last four", "last 4", "-",
      "digits", "record", "card", "tag", "(",       ",",         "*",      "\"",        NULL};
  for (guint round = 0; round < 8; round++) {
    guint32 from = at = skip_blanks(page, at);
    for (guint i = 0; links[i]; i++)
      if (skip_word(page, &at, links[i]))
        break;
    if (at == from)
      break;
  }
  return at;
}

/* A value on the next line belongs to the cue only where the line ends with it ("MRN:\n  123"). */
static guint32
skip_line_break(const PhiPage *page, guint32 at)
{
  guint32 i = at;
  if (i < page->n_bytes && page->s[i] == '\r')
    i++;
  return i < page->n_bytes && page->s[i] == '\n' ? skip_blanks(page, i + 1) : at;
}

static guint32
id_end(const PhiPage *page, guint32 at)
{
  guint32 end = at, last = at;
  while (end < page->n_bytes && end - at < MAX_ID) {
    char c = page->s[end];
    if (g_ascii_isalnum(c))
      last = ++end;
    else if (strchr("-./#*_", c) && c)
      end++;
    else if (c == ' ' && end > at && g_ascii_isdigit(page->s[end - 1]) && end + 1 < page->n_bytes &&
             g_ascii_isdigit(page->s[end + 1]) && last - at <= 12) /* "123 456 789" */
      end++;
    else
      break;
  }
  return last;
}

static guint
digits_between(const PhiPage *page, guint32 start, guint32 end)
{
  char none[1];
  return count_digits(page->s + start, end - start, none, 0);
}

/* "MRN123456 on 3/14": the space form must not swallow a date or a time. */
static guint32
trim_value(const PhiPage *page, guint32 start, guint32 end)
{
  const char *space = memchr(page->s + start, ' ', end - start);
  while (space) {
    guint32 piece = (guint32)(space - page->s) + 1;
    guint32 piece_end = piece;
    while (piece_end < end && g_ascii_isdigit(page->s[piece_end]))
      piece_end++;
    if (piece_end < end && page->s[piece_end] != ' ' && page->s[piece_end] != '-')
      return (guint32)(space - page->s);
    space = memchr(page->s + piece, ' ', end - piece);
  }
  return end;
}

/* context: the least number of digits (default 3). */
PHI_CONFIRMER(phi_confirm_id_after)
{
  guint least = *rule->context ? (guint)g_ascii_strtoull(rule->context, NULL, 10) : 3;
  if (candidate->end < page->n_bytes && g_ascii_isalpha(page->s[candidate->end]) && candidate->end > 0 &&
      g_ascii_isalpha(page->s[candidate->end - 1]))
    return FALSE;
  guint32 start = skip_link(page, candidate->end);
  start = skip_link(page, skip_line_break(page, start));
  guint32 end = trim_value(page, start, id_end(page, start));
  if (end <= start || digits_between(page, start, end) < least)
    return FALSE;
  candidate->start = start;
  candidate->end = end;
  return TRUE;
}

/* A plain number ("room 412B", "bed 7", "badge 5521"). */
PHI_CONFIRMER(phi_confirm_number_after)
{
  guint32 start = skip_link(page, candidate->end);
  guint32 end = start;
  while (end < page->n_bytes && (g_ascii_isalnum(page->s[end]) || (page->s[end] == '-' && end > start)) &&
         end - start < 12)
    end++;
  while (end > start && page->s[end - 1] == '-')
    end--;
  if (end <= start || digits_between(page, start, end) < (guint)(*rule->context ? atoi(rule->context) : 1) ||
      !phi_stands_alone(page, start, end))
    return FALSE;
  if (end < page->n_bytes && (page->s[end] == '%' || page->s[end] == '/'))
    return FALSE;
  char next[16];
  static const char *const units[] = {"air",   "mg",      "days",  "weeks", "hours", "degrees",
                                      "times", "minutes", "years", "units", "ml",    NULL};
  if (phi_word_after(page, end, "", next, sizeof next) && phi_word_in(next, units))
    return FALSE;
  candidate->start = start;
  candidate->end = end;
  return TRUE;
}

/* ---- telephone ---- */

static void
say_fax(const PhiPage *page, PhiCandidate *candidate)
{
  static const char *const fax[] = {"fax", "facsimile", "f", "faxed", NULL};
  static const char *const phone[] = {"phone", "tel", "telephone", "ph", "p", "cell", "call", NULL};
  if (phi_context_has(page, candidate->start, 24, fax) &&
      !(phi_context_has(page, candidate->start, 10, phone) &&
        !phi_context_has(page, candidate->start, 10, fax)))
    candidate->kind = CR_PHI_FAX;
}

/* context "local": seven digits. */
PHI_CONFIRMER(phi_confirm_phone)
{
  char before = candidate->start > 0 ? page->s[candidate->start - 1] : ' ';
  char after = candidate->end < page->n_bytes ? page->s[candidate->end] : ' ';
  if (g_ascii_isalnum(before) || g_ascii_isdigit(after) || before == '.' || before == '/' || before == '-')
    return FALSE;
  if ((after == '-' || after == '/') && candidate->end + 1 < page->n_bytes &&
      g_ascii_isdigit(page->s[candidate->end + 1]))
    return FALSE;
  char digits[16];
  guint n = count_digits(page->s + candidate->start, candidate->end - candidate->start, digits, 16);
  if (strcmp(rule->context, "local") == 0 && (digits[0] < '2' || n < 7))
    return FALSE;
  say_fax(page, candidate);
  return TRUE;
}

PHI_CONFIRMER(phi_confirm_phone_after)
{
  guint least = *rule->context ? (guint)atoi(rule->context) : 7;
  guint32 start = skip_link(page, candidate->end);
  guint32 end = start, last = start;
  if (candidate->end > 0 && g_ascii_isalpha(page->s[candidate->end - 1]) && candidate->end < page->n_bytes &&
      g_ascii_isalpha(page->s[candidate->end]))
    return FALSE;
  while (start > 0 && (page->s[start - 1] == '(' || page->s[start - 1] == '+'))
    start--;
  while (end < page->n_bytes && end - start < 24) {
    char c = page->s[end];
    if (g_ascii_isdigit(c))
      last = ++end;
    else if (c && strchr("()-. +", c))
      end++;
    else
      break;
  }
  guint n = digits_between(page, start, last);
  if (n < least || n > 15)
    return FALSE;
  candidate->start = start;
  candidate->end = last;
  return TRUE;
}

/* context: the least number of digits among letters that a scanner takes for digits. */
PHI_CONFIRMER(phi_confirm_mostly_digits)
{
  return phi_stands_alone(page, candidate->start, candidate->end) &&
         digits_between(page, candidate->start, candidate->end) >= (guint)atoi(rule->context);
}

/* ---- numbers with a law of their own ---- */

PHI_CONFIRMER(phi_confirm_ssn)
{
  char digits[9];
  if (!phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  guint n = count_digits(page->s + candidate->start, candidate->end - candidate->start, digits, 9);
  if (n == 9 && (memcmp(digits, "000", 3) == 0 || memcmp(digits, "666", 3) == 0 || digits[0] == '9' ||
                 memcmp(digits + 3, "00", 2) == 0 || memcmp(digits + 5, "0000", 4) == 0)) {
    candidate->kind = CR_PHI_OTHERID; /* never issued, but it stands for somebody all the same */
    candidate->score = 0.7f;
  }
  return TRUE;
}

static gboolean
luhn_holds(const char *digits, guint n, guint sum)
{
  for (guint i = 0; i < n; i++) {
    guint value = (guint)(digits[n - 1 - i] - '0') * (1 + i % 2);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

PHI_CONFIRMER(phi_confirm_luhn)
{
  char digits[19];
  guint n = count_digits(page->s + candidate->start, candidate->end - candidate->start, digits, 19);
  return n >= 13 && n <= 19 && phi_stands_alone(page, candidate->start, candidate->end) &&
         luhn_holds(digits, n, 0);
}

/* National Provider Identifier: Luhn over 80840 and the ten digits; the prefix adds 24. */
PHI_CONFIRMER(phi_confirm_npi)
{
  char digits[10];
  guint n = count_digits(page->s + candidate->start, candidate->end - candidate->start, digits, 10);
  return n == 10 && phi_stands_alone(page, candidate->start, candidate->end) && luhn_holds(digits, 10, 24);
}

/* DEA number: (d1+d3+d5) + 2(d2+d4+d6) ends in d7. */
PHI_CONFIRMER(phi_confirm_dea)
{
  char d[7];
  guint n = count_digits(page->s + candidate->start, candidate->end - candidate->start, d, 7);
  if (n != 7 || !phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  int sum = (d[0] - '0') + (d[2] - '0') + (d[4] - '0') + 2 * ((d[1] - '0') + (d[3] - '0') + (d[5] - '0'));
  return sum % 10 == d[6] - '0';
}

/* Vehicle identification number: ISO 3779 check digit in the ninth place. */
PHI_CONFIRMER(phi_confirm_vin)
{
  static const char values[] = "12345678012345070923456789"; /* A..Z; I, O, Q do not occur */
  static const int weights[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  int sum = 0, n_letters = 0;
  if (candidate->end - candidate->start != 17 || !phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  for (guint i = 0; i < 17; i++) {
    char c = g_ascii_toupper(page->s[candidate->start + i]);
    n_letters += g_ascii_isalpha(c);
    sum += weights[i] * ((g_ascii_isdigit(c) ? c : values[c - 'A']) - '0');
  }
  static const char checks[] = "0123456789X";
  char want = checks[sum % 11];
  return n_letters > 0 && g_ascii_toupper(page->s[candidate->start + 8]) == want;
}

PHI_CONFIRMER(phi_confirm_ipv4)
{
  guint32 i = candidate->start;
  for (guint octet = 0; octet < 4; octet++) {
    int value = 0;
    while (i < candidate->end && g_ascii_isdigit(page->s[i]))
      value = value * 10 + (page->s[i++] - '0');
    if (value > 255)
      return FALSE;
    i++;
  }
  if (candidate->start > 0 &&
      (g_ascii_isalnum(page->s[candidate->start - 1]) || page->s[candidate->start - 1] == '.'))
    return FALSE;
  return !(candidate->end + 1 < page->n_bytes && page->s[candidate->end] == '.' &&
           g_ascii_isdigit(page->s[candidate->end + 1])) &&
         phi_stands_alone(page, candidate->start, candidate->end);
}

/* Hexadecimal groups and colons: a letter and "::", or eight groups, so that 10:30:15 is none. */
PHI_CONFIRMER(phi_confirm_ipv6)
{
  guint n_colons = 0, n_letters = 0;
  gboolean gap = FALSE;
  for (guint32 i = candidate->start; i < candidate->end; i++) {
    n_letters += g_ascii_isalpha(page->s[i]);
    n_colons += page->s[i] == ':';
    gap = gap || (i > candidate->start && page->s[i] == ':' && page->s[i - 1] == ':');
  }
  return phi_stands_alone(page, candidate->start, candidate->end) &&
         ((gap && n_letters + n_colons > 3) || (n_colons == 7));
}

PHI_CONFIRMER(phi_confirm_url)
{
  while (candidate->end > candidate->start && strchr(".,;:!?)'\"", page->s[candidate->end - 1]))
    candidate->end--;
  if (candidate->start > 0 &&
      (page->s[candidate->start - 1] == '@' || g_ascii_isalnum(page->s[candidate->start - 1])))
    return FALSE;
  return candidate->end - candidate->start > 4;
}

static guint32
run_back(const PhiPage *page, guint32 at, const char *also)
{
  while (at > 0 && (g_ascii_isalnum(page->s[at - 1]) || (page->s[at - 1] && strchr(also, page->s[at - 1]))))
    at--;
  return at;
}

/* The match is the extension. A name that tells nothing (scan.pdf) is no identifier. */
PHI_CONFIRMER(phi_confirm_file_name)
{
  guint32 dot = candidate->start;
  candidate->start = run_back(page, dot, "_-.");
  while (candidate->start < dot && !g_ascii_isalnum(page->s[candidate->start]))
    candidate->start++;
  gsize n_bytes = dot - candidate->start;
  return n_bytes > 2 && (memchr(page->s + candidate->start, '_', n_bytes) ||
                         memchr(page->s + candidate->start, '-', n_bytes));
}

/* The match is the last label of a host's name; a path may follow. */
PHI_CONFIRMER(phi_confirm_domain)
{
  guint32 dot = candidate->start;
  candidate->start = run_back(page, dot, "-.");
  while (candidate->start < dot && !g_ascii_isalnum(page->s[candidate->start]))
    candidate->start++;
  if (candidate->start == dot || (candidate->start > 0 && page->s[candidate->start - 1] == '@'))
    return FALSE;
  if (candidate->end < page->n_bytes && page->s[candidate->end] == '/')
    while (candidate->end < page->n_bytes && !g_ascii_isspace(page->s[candidate->end]) &&
           !strchr("<>\"", page->s[candidate->end]))
      candidate->end++;
  return phi_confirm_url(page, rule, candidate);
}

/* A code that is only digits and letters: not one of the genes, drugs, and instruments that look alike. */
PHI_CONFIRMER(phi_confirm_code)
{
  guint32 start = candidate->start, end = candidate->end;
  static const char *const units[] = {"mg",     "ml",  "mcg", "units",    "iu",      "cells",
                                      "copies", "cfu", "mm",  "colonies", "dollars", NULL};
  char next[16], before = start > 0 ? page->s[start - 1] : ' ';
  if (!phi_stands_alone(page, start, end) || strchr("$.,", before) ||
      (end + 1 < page->n_bytes && strchr(".,", page->s[end]) && g_ascii_isdigit(page->s[end + 1])))
    return FALSE;
  if (phi_word_after(page, end, "/", next, sizeof next) && phi_word_in(next, units))
    return FALSE;
  static const char *const terms[] = {"icd",    "cpt", "snomed", "loinc", "nct",   "hcpcs",
                                      "rxnorm", "ndc", "pmid",   "sars",  "covid", NULL};
  if (end - start > 3 && (memcmp(page->s + start, "CA-", 3) == 0 || memcmp(page->s + start, "CA ", 3) == 0))
    return FALSE; /* CA-125, a tumour marker */
  return !phi_context_has(page, start, 16, terms) &&
         !(end - start > 3 && memcmp(page->s + start, "NCT", 3) == 0);
}

/* User name after "username", "login", "@handle": one word. */
PHI_CONFIRMER(phi_confirm_user_after)
{
  guint32 start = skip_blanks(page, candidate->end);
  while (start < page->n_bytes && strchr(":=\"", page->s[start]) && page->s[start])
    start = skip_blanks(page, start + 1);
  if (skip_word(page, &start, "is"))
    start = skip_blanks(page, start);
  guint32 end = start;
  while (end < page->n_bytes &&
         (g_ascii_isalnum(page->s[end]) || (page->s[end] && strchr("._-@", page->s[end]))))
    end++;
  while (end > start && strchr("._-", page->s[end - 1]))
    end--;
  gboolean marked = digits_between(page, start, end) > 0 || memchr(page->s + start, '_', end - start) ||
                    memchr(page->s + start, '.', end - start) || start > candidate->end + 1;
  if (end - start < 3 || !marked)
    return FALSE;
  candidate->start = start;
  candidate->end = end;
  return TRUE;
}
