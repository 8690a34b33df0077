/* Numbers of Spanish and Spanish-American papers: check letters and digits, and the value behind a cue. */
#include "confirm-es-private.h"
#include <string.h>

enum { MAX_VALUE = 40 };

static guint
digits_of(const PhiPage *page, guint32 start, guint32 end, char *digits, guint max)
{
  guint n = 0;
  for (guint32 i = start; i < end; i++)
    if (g_ascii_isdigit(page->s[i]) && n < max)
      digits[n++] = page->s[i];
  return n;
}

static guint64
value_of(const char *digits, guint n)
{
  guint64 value = 0;
  for (guint i = 0; i < n; i++)
    value = value * 10 + (guint64)(digits[i] - '0');
  return value;
}

/* DNI and NIE: 8 digits, or X, Y, Z and 7, and the letter of the remainder by 23. A wrong letter is a typing
 * error and stays somebody's number. */
PHI_CONFIRMER(phi_confirm_es_nif)
{
  static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
  char digits[9];
  if (!phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  digits[0] = '0';
  char lead = g_ascii_toupper(page->s[candidate->start]);
  guint n = 0;
  if (g_ascii_isalpha(lead)) {
    digits[0] = (char)('0' + (lead - 'X'));
    n = 1;
  }
  n += digits_of(page, candidate->start, candidate->end, digits + n, 8);
  char letter = g_ascii_toupper(page->s[candidate->end - 1]);
  if (n != 8 || letters[value_of(digits, 8) % 23] != letter)
    candidate->score = 0.6f;
  return n == 8;
}

/* Spanish social security: two digits of the province, eight, and the remainder of the ten by 97. */
PHI_CONFIRMER(phi_confirm_es_nass)
{
  char digits[13];
  guint n = digits_of(page, candidate->start, candidate->end, digits, 13);
  if (n != 12 || !phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  guint64 province = value_of(digits, 2), number = value_of(digits + 2, 8);
  guint64 joined = number < 10000000 ? number + province * 10000000 : value_of(digits, 10);
  return province >= 1 && province <= 66 && joined % 97 == value_of(digits + 10, 2);
}

/* CIF: a letter of the kind of company, seven digits, a check digit or letter. */
PHI_CONFIRMER(phi_confirm_es_cif)
{
  char d[8];
  guint n = digits_of(page, candidate->start, candidate->end, d, 8);
  if (n < 7 || !phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  guint sum = 0;
  for (guint i = 0; i < 7; i++) {
    guint v = (guint)(d[i] - '0') * (i % 2 ? 1 : 2);
    sum += v > 9 ? v - 9 : v;
  }
  guint check = (10 - sum % 10) % 10;
  char last = g_ascii_toupper(page->s[candidate->end - 1]);
  return g_ascii_isdigit(last) ? check == (guint)(last - '0') : "JABCDEFGHI"[check] == last;
}

/* Chilean RUT: weights 2..7 from the right, the remainder by 11 taken from 11. */
PHI_CONFIRMER(phi_confirm_es_rut)
{
  char d[9];
  guint n = digits_of(page, candidate->start, candidate->end - 1, d, 9), sum = 0;
  if (n < 7 || n > 8 || !phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  for (guint i = 0; i < n; i++)
    sum += (guint)(d[n - 1 - i] - '0') * (2 + i % 6);
  guint check = 11 - sum % 11;
  char want = check == 11 ? '0' : check == 10 ? 'K' : (char)('0' + check);
  return g_ascii_toupper(page->s[candidate->end - 1]) == want;
}

/* Argentinian CUIT and CUIL: eleven digits, weights 5 4 3 2 7 6 5 4 3 2. */
PHI_CONFIRMER(phi_confirm_es_cuit)
{
  static const guint weights[] = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
  char d[12];
  guint n = digits_of(page, candidate->start, candidate->end, d, 12), sum = 0;
  if (n != 11 || !phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  for (guint i = 0; i < 10; i++)
    sum += (guint)(d[i] - '0') * weights[i];
  guint check = (11 - sum % 11) % 11;
  return check == (guint)(d[10] - '0');
}

/* Mexican CURP: the date inside it must be one. */
PHI_CONFIRMER(phi_confirm_es_curp)
{
  char d[8];
  guint n = digits_of(page, candidate->start + 4, candidate->start + 10, d, 6);
  guint64 month = n == 6 ? value_of(d + 2, 2) : 0, day = n == 6 ? value_of(d + 4, 2) : 0;
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
         phi_stands_alone(page, candidate->start, candidate->end);
}

/* ---- the value behind a cue ---- */

static guint32
skip_link(const PhiPage *page, guint32 at)
{
  static const char *const links[] = {":",
                                      ".",
                                      "#",
                                      "=",
                                      "-",
                                      "(",
                                      ",",
                                      "\302\272",
                                      "\302\260",
                                      "n\302\272",
                                      "n\302\260",
                                      "n.\302\272",
                                      "n\303\272mero",
                                      "numero",
                                      "num",
                                      "nro",
                                      "no",
                                      "n",
                                      "col",
                                      "colegiado",
                                      "colegiada",
                                      "historia",
                                      "de",
                                      "del",
                                      "clinica",
                                      "cl\303\255nica",
                                      "paciente",
                                      "es",
                                      "el",
                                      "la",
                                      "nhc",
                                      "cc",
                                      "dni",
                                      NULL};
  for (guint round = 0; round < 12; round++) {
    while (at < page->n_bytes && (page->s[at] == ' ' || page->s[at] == '\t'))
      at++;
    guint i = 0;
    for (; links[i]; i++) {
      gsize n = strlen(links[i]);
      if (at + n > page->n_bytes || g_ascii_strncasecmp(page->s + at, links[i], n) != 0)
        continue;
      char next = at + n < page->n_bytes ? page->s[at + n] : ' ';
      if (g_ascii_isalpha(links[i][n - 1]) && (g_ascii_isalnum(next) || (guchar)next >= 0xc2))
        continue;
      at += (guint32)n;
      break;
    }
    if (!links[i])
      break;
  }
  return at;
}

/* A digit behind one or two spaces. */
static gboolean
is_digit_near(const PhiPage *page, guint32 space)
{
  guint32 at = space + 1 < page->n_bytes && page->s[space + 1] == ' ' ? space + 2 : space + 1;
  return at < page->n_bytes && g_ascii_isdigit(page->s[at]);
}

/* Groups of letters and digits; a space only where a digit stands on both its sides and no date begins. */
static guint32
value_end(const PhiPage *page, guint32 at)
{
  guint32 end = at, last = at;
  while (end < page->n_bytes && end - at < MAX_VALUE) {
    char c = page->s[end];
    if (g_ascii_isalnum(c))
      last = ++end;
    else if (c && strchr("-./_", c))
      end++;
    else if (c == ' ' && end > at && is_digit_near(page, end) &&
             (g_ascii_isdigit(page->s[end - 1]) || last - at <= 4))
      end += page->s[end + 1] == ' ' ? 2 : 1;
    else
      break;
  }
  return last;
}

/* A group that has no digit, behind one that has, is the next word ("368503.NASS", "1234-urgente"). */
static guint32
trim_words(const PhiPage *page, guint32 start, guint32 end)
{
  gboolean digit_seen = FALSE;
  for (guint32 i = start; i < end;) {
    guint32 from = i, digits = 0;
    while (i < end && g_ascii_isalnum(page->s[i]))
      digits += g_ascii_isdigit(page->s[i++]) != 0;
    if (digit_seen && digits == 0 && i - from > 2)
      return from - 1;
    digit_seen = digit_seen || digits > 0;
    while (i < end && !g_ascii_isalnum(page->s[i]))
      i++;
  }
  return end;
}

/* context: the least number of digits (default 3). */
PHI_CONFIRMER(phi_confirm_es_id)
{
  guint least = *rule->context ? (guint)g_ascii_strtoull(rule->context, NULL, 10) : 3;
  char none[MAX_VALUE];
  if (!phi_es_cue_stands(page, candidate))
    return FALSE;
  guint32 start = skip_link(page, candidate->end);
  guint32 end = trim_words(page, start, value_end(page, start));
  while (end > start && !g_ascii_isalnum(page->s[end - 1]))
    end--;
  if (end <= start || digits_of(page, start, end, none, MAX_VALUE) < least)
    return FALSE;
  candidate->start = start;
  candidate->end = end;
  return TRUE;
}

/* ---- telephone ---- */

static void
say_fax(const PhiPage *page, PhiCandidate *candidate)
{
  static const char *const fax[] = {"fax", "telefax", NULL};
  static const char *const phone[] = {"tel", "telefono", "tfno", "tlf", "tlfno", "movil", "telf", NULL};
  if (phi_context_has(page, candidate->start, 16, fax) && !phi_context_has(page, candidate->start, 8, phone))
    candidate->kind = CR_PHI_FAX;
}

PHI_CONFIRMER(phi_confirm_es_phone)
{
  char before = candidate->start > 0 ? page->s[candidate->start - 1] : ' ';
  char after = candidate->end < page->n_bytes ? page->s[candidate->end] : ' ';
  if (g_ascii_isalnum(before) || g_ascii_isalnum(after) || strchr(".,/-", before))
    return FALSE;
  char none[16];
  if (page->s[candidate->start] == '+' && digits_of(page, candidate->start, candidate->end, none, 16) < 9)
    return FALSE;
  if (strchr(".,/-", after) && candidate->end + 1 < page->n_bytes &&
      g_ascii_isdigit(page->s[candidate->end + 1]))
    return FALSE;
  say_fax(page, candidate);
  return TRUE;
}

/* " ext. 1530", " ext 12". */
static guint32
extension_end(const PhiPage *page, guint32 end)
{
  guint32 at = end;
  while (at < page->n_bytes && (page->s[at] == ' ' || page->s[at] == ',' || page->s[at] == '-'))
    at++;
  if (at + 3 >= page->n_bytes || g_ascii_strncasecmp(page->s + at, "ext", 3) != 0)
    return end;
  for (at += 3; at < page->n_bytes && page->s[at] && strchr("ensio. :", page->s[at]);)
    at++;
  guint32 digits = at;
  while (at < page->n_bytes && g_ascii_isdigit(page->s[at]))
    at++;
  return at > digits ? at : end;
}

static guint32
phone_end(const PhiPage *page, guint32 start)
{
  guint32 end = start, last = start;
  while (end < page->n_bytes && end - start < 26) {
    char c = page->s[end];
    if (g_ascii_isdigit(c))
      last = ++end;
    else if (c && strchr("()-. +/", c))
      end++;
    else
      break;
  }
  return extension_end(page, last);
}

/* context: the least number of digits. */
PHI_CONFIRMER(phi_confirm_es_phone_after)
{
  char none[MAX_VALUE];
  if (!phi_es_cue_stands(page, candidate))
    return FALSE;
  guint32 start = skip_link(page, candidate->end);
  while (start > 0 && start < page->n_bytes && page->s[start - 1] == '(')
    start--;
  guint32 end = phone_end(page, start);
  guint n = digits_of(page, start, end, none, MAX_VALUE);
  if (n < (guint)g_ascii_strtoull(rule->context, NULL, 10) || n > 24)
    return FALSE;
  candidate->start = start;
  candidate->end = end;
  return TRUE;
}

/* "habitacion 412B", "cama 23-2". */
PHI_CONFIRMER(phi_confirm_es_room)
{
  char none[MAX_VALUE];
  if (!phi_es_cue_stands(page, candidate))
    return FALSE;
  guint32 start = skip_link(page, candidate->end), end = start;
  while (end < page->n_bytes && end - start < 8 &&
         (g_ascii_isalnum(page->s[end]) || (page->s[end] == '-' && end > start)))
    end++;
  if (end < start + 2 || digits_of(page, start, end, none, MAX_VALUE) < 1 ||
      !g_ascii_isdigit(page->s[start]) || !phi_stands_alone(page, start, end))
    return FALSE;
  candidate->start = start;
  candidate->end = end;
  return TRUE;
}

/* The match holds the cue too: the identifier begins with its first digit ("matricula: 4521 KLM"). */
PHI_CONFIRMER(phi_confirm_es_from_digit)
{
  while (candidate->start < candidate->end && !g_ascii_isdigit(page->s[candidate->start]))
    candidate->start++;
  return phi_stands_alone(page, candidate->start, candidate->end);
}
