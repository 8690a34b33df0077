/* Numbers and names of machines: digits become digits, letters letters, separators stay. Telephone numbers
 * lie in the exchange kept for fiction, SSNs in areas never issued, addresses of the net in ranges kept for
 * documents; a number that would pass as an NPI, a DEA number or a card is drawn again. */
#include "surrogate-private.h"
#include <string.h>

enum { MAX_TRIES = 100 };

/* ---- numbers that could be real ---- */

static gboolean
luhn(const char *prefix, const char *digits)
{
  g_autofree char *all = g_strconcat(prefix, digits, NULL);
  guint sum = 0;
  gsize n = strlen(all);
  for (gsize i = 0; i < n; i++) {
    guint d = (guint)(all[n - 1 - i] - '0') * (i % 2 ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  }
  return sum % 10 == 0;
}

static gboolean
is_dea(const char *s)
{
  gsize n = strlen(s);
  for (gsize i = 2; i < n; i++)
    if (!g_ascii_isdigit(s[i]))
      return FALSE;
  if (n != 9 || !g_ascii_isalpha(s[0]))
    return FALSE;
  int odd = s[2] + s[4] + s[6] - 3 * '0', even = s[3] + s[5] + s[7] - 3 * '0';
  return (odd + 2 * even) % 10 == s[8] - '0';
}

static gboolean
is_vin(const char *s)
{
  static const char letters[] = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ";
  static const int weights[] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  int sum = 0;
  if (strlen(s) != 17)
    return FALSE;
  for (guint i = 0; i < 17; i++) {
    const char *at = strchr(letters, g_ascii_toupper(s[i]));
    if (!at)
      return FALSE;
    sum += (int)((at - letters) % 10) * weights[i];
  }
  return g_ascii_toupper(s[8]) == "0123456789X"[sum % 11];
}

gboolean
surrogate_is_valid_number(const char *alnum)
{
  gsize n = strlen(alnum);
  if (strspn(alnum, "0123456789") == n)
    return (n == 10 && luhn("80840", alnum)) || (n >= 13 && n <= 19 && luhn("", alnum));
  return is_dea(alnum) || is_vin(alnum);
}

/* ---- codes ---- */

static char
draw_char(CrSurrogates *s, char like, gboolean first)
{
  if (g_ascii_isdigit(like))
    return (char)(first && like != '0' ? '1' + (char)surrogate_draw_below(s, 9)
                                       : '0' + (char)surrogate_draw_below(s, 10));
  return (char)('a' + (char)surrogate_draw_below(s, 26));
}

/* Digits and letters of the same form, neither in use nor real. */
static char *
draw_code(CrSurrogates *s, const char *folded)
{
  for (guint try = 0; try < MAX_TRIES; try++) {
    g_autofree char *code = g_strdup(folded);
    for (char *c = code; *c; c++)
      if (g_ascii_isalnum(*c))
        *c = draw_char(s, *c, c == code);
    if (!surrogate_is_valid_number(code) && (surrogate_is_free(s, code) || strlen(code) < 3) &&
        strcmp(code, folded) != 0)
      return g_steal_pointer(&code);
  }
  return NULL;
}

/* The last digits of a number that is known whole: those of its surrogate. */
static char *
find_ending(CrSurrogates *s, const char *folded)
{
  GHashTableIter iter;
  gpointer key, value;
  gsize n = strlen(folded);
  char *best = NULL;
  const char *best_key = NULL;
  if (n < 4 || n > 7)
    return NULL;
  g_hash_table_iter_init(&iter, s->map);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    SurrogateEntry *entry = value;
    gsize n_all = strlen(entry->surrogate);
    if (!g_str_has_prefix(key, "code:") || !g_str_has_suffix(key, folded) || n_all <= n ||
        strlen(key) != n_all + strlen("code:") || (best_key && strcmp(key, best_key) > 0))
      continue;
    best_key = key;
    g_free(best);
    best = g_strdup(entry->surrogate + n_all - n);
    entry->used = TRUE;
  }
  return best;
}

/* The letters and digits put where those of the original stood. */
static char *
pour(const char *s, gsize n_bytes, const char *code)
{
  GString *out = g_string_new(NULL);
  for (const char *at = s; at < s + n_bytes; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (g_unichar_isalnum(c) && *code) {
      gunichar put = g_utf8_get_char(code);
      g_string_append_unichar(out, g_unichar_isupper(c) ? g_unichar_toupper(put) : put);
      code = g_utf8_next_char(code);
    } else {
      g_string_append_unichar(out, c);
    }
  }
  return g_string_free(out, FALSE);
}

typedef char *(*DrawForm)(CrSurrogates *s, const char *folded);

static char *
make_by(CrSurrogates *s, const char *text, gsize n, DrawForm draw)
{
  g_autofree char *folded = surrogate_fold(text, n);
  const char *mapped = surrogate_find(s, "code", folded);
  if (mapped)
    return pour(text, n, mapped);
  if (!*folded)
    return NULL;
  g_autofree char *ending = find_ending(s, folded);
  g_autofree char *drawn = ending ? NULL : draw(s, folded);
  if (ending)
    return pour(text, n, ending);
  return drawn ? pour(text, n, surrogate_put(s, "code", folded, drawn)) : NULL;
}

/* A plan, a device or a licence that is words is named like an institution. */
char *
surrogate_make_code(CrSurrogates *s, const SurrogateMention *m)
{
  for (gsize i = 0; i < m->n; i++)
    if (g_ascii_isdigit(m->s[i]))
      return make_by(s, m->s, m->n, draw_code);
  return m->kind == CR_PHI_HEALTHPLAN ? surrogate_make_place(s, m) : make_by(s, m->s, m->n, draw_code);
}

/* Areas 900-999 with groups 01-49: neither SSN nor ITIN. */
static char *
draw_ssn(CrSurrogates *s, const char *folded)
{
  if (strspn(folded, "0123456789") != 9 || folded[9])
    return draw_code(s, folded);
  for (guint try = 0; try < MAX_TRIES; try++) {
    g_autofree char *code =
        g_strdup_printf("9%02u%02u%04u", (guint)surrogate_draw_below(s, 100),
                        1 + (guint)surrogate_draw_below(s, 49), 1 + (guint)surrogate_draw_below(s, 9999));
    if (surrogate_is_free(s, code))
      return g_steal_pointer(&code);
  }
  return NULL;
}

/* XXX-XX-1234: what is masked stays so. */
char *
surrogate_make_ssn(CrSurrogates *s, const SurrogateMention *m)
{
  gsize at = 0;
  while (at < m->n && strchr("Xx*#- .", m->s[at]))
    at++;
  if (at == m->n)
    return NULL;
  g_autofree char *made = make_by(s, m->s + at, m->n - at, draw_ssn);
  g_autofree char *mask = g_strndup(m->s, at);
  return made ? g_strconcat(mask, made, NULL) : NULL;
}

/* ---- telephones ---- */

/* NANP: exchange 555, lines 0100-0199, which are kept for fiction. */
static char *
draw_phone(CrSurrogates *s, const char *folded)
{
  gsize n = strlen(folded), digits = strspn(folded, "0123456789");
  gboolean one = n == 11 && folded[0] == '1';
  if (digits != n || !(n == 7 || n == 10 || one))
    return draw_code(s, folded);
  gboolean free_call = n >= 10 && folded[one] == '8' && folded[one + 1] == folded[one + 2];
  for (guint try = 0; try < MAX_TRIES; try++) {
    guint area = free_call ? 800 : 200 + (guint)surrogate_draw_below(s, 800);
    if (area % 100 == 11 || area / 10 % 10 == 9)
      continue;
    guint line = 100 + (guint)surrogate_draw_below(s, 100);
    g_autofree char *code = n == 7 ? g_strdup_printf("555%04u", line)
                                   : g_strdup_printf("%s%u555%04u", one ? "1" : "", area, line);
    if (surrogate_is_free(s, code) && !surrogate_is_valid_number(code))
      return g_steal_pointer(&code);
  }
  return draw_code(s, folded);
}

/* An extension, or letters behind the number, is a code of its own. */
char *
surrogate_make_phone(CrSurrogates *s, const SurrogateMention *m)
{
  gsize end = 0;
  while (end < m->n && !g_ascii_isalpha(m->s[end]) && m->s[end] != '#')
    end++;
  g_autofree char *number = make_by(s, m->s, end, draw_phone);
  GString *out = g_string_new(number ? number : "");
  while (end < m->n && !g_ascii_isdigit(m->s[end]))
    g_string_append_c(out, m->s[end++]);
  if (end < m->n) {
    g_autofree char *rest = make_by(s, m->s + end, m->n - end, draw_code);
    g_string_append(out, rest ? rest : "");
  }
  return g_string_free(out, FALSE);
}

/* ---- machines ---- */

char *
surrogate_make_ip(CrSurrogates *s, const SurrogateMention *m)
{
  static const char *const nets[] = {"192.0.2", "198.51.100", "203.0.113"};
  g_autofree char *key = g_ascii_strdown(m->s, (gssize)m->n);
  const char *mapped = surrogate_find(s, "ip", key);
  if (mapped)
    return g_strdup(mapped);
  for (guint try = 0; try < MAX_TRIES; try++) {
    g_autofree char *made = memchr(m->s, ':', m->n)
                                ? g_strdup_printf("2001:db8::%x:%x", (guint)surrogate_draw_below(s, 65536),
                                                  1 + (guint)surrogate_draw_below(s, 65535))
                                : g_strdup_printf("%s.%u", nets[surrogate_draw_below(s, G_N_ELEMENTS(nets))],
                                                  1 + (guint)surrogate_draw_below(s, 254));
    if (surrogate_is_free(s, made))
      return g_strdup(surrogate_put(s, "ip", key, made));
  }
  return NULL;
}

/* jsmith: the first letter of one name and the whole of another. */
static char *
split_login(CrSurrogates *s, const char *folded)
{
  if (strlen(folded) < 4)
    return NULL;
  const char *family = surrogate_find(s, "name", folded + 1);
  if (!family)
    return NULL;
  for (guint i = 0; i < s->people->len; i++) {
    g_auto(GStrv) person = g_strsplit(s->people->pdata[i], "|", 2);
    const char *given = person[0][0] == folded[0] && strcmp(person[1], folded + 1) == 0
                            ? surrogate_find(s, "name", person[0])
                            : NULL;
    if (given) {
      g_autofree char *letter = surrogate_fold(given + 1, 1),
                      *rest = surrogate_fold(family + 1, strlen(family + 1));
      return g_strconcat(letter, rest, NULL);
    }
  }
  char letter = (char)('a' + (char)surrogate_draw_below(s, 26));
  g_autofree char *rest = surrogate_fold(family + 1, strlen(family + 1));
  g_autofree char *made = g_strdup_printf("%c%s", letter, rest);
  return g_strdup(surrogate_put(s, "login", folded, made));
}

/* ksmith14 is a letter, a name, digits; a run of letters is a name where it is one or could be. */
static void
append_run(CrSurrogates *s, const SurrogateMention *m, GString *out, const char *run, gsize n)
{
  g_autofree char *folded = surrogate_fold(run, n);
  if (surrogate_keeps(s->tables, "file", folded)) {
    g_string_append_len(out, run, (gssize)n);
    return;
  }
  g_autofree char *made = NULL;
  const char *mapped = surrogate_find(s, "login", folded), *known = surrogate_find(s, "name", folded);
  if (mapped)
    made = g_strdup(mapped);
  else if (n == 1)
    made = make_by(s, run, n, draw_code);
  else if (known)
    made = surrogate_fold(known + 1, strlen(known + 1));
  else if (!(made = split_login(s, folded))) {
    const char *word = surrogate_name_word(s, m, folded, 'f');
    made = word ? surrogate_fold(word, strlen(word)) : NULL;
  }
  g_autofree char *title = made ? g_strdup(made) : g_strdup("x");
  guint n_upper = 0;
  for (gsize i = 0; i < n; i++)
    n_upper += g_ascii_isupper(run[i]) != 0;
  if (n_upper && n_upper < n)
    title[0] = g_ascii_toupper(title[0]);
  g_autofree char *formed = n_upper == n ? g_utf8_strup(title, -1) : g_strdup(title);
  g_string_append(out, formed);
}

/* A part of a path or a file's name that is a number of the patient: as elsewhere. Its length, 0 where it is
 * none. */
static gsize
append_known_code(CrSurrogates *s, GString *out, const char *text, gsize n)
{
  gsize end = 0;
  while (end < n && !strchr("/?=&#@_.", text[end]))
    end++;
  g_autofree char *folded = surrogate_fold(text, end);
  const char *code = end >= 4 ? surrogate_find(s, "code", folded) : NULL;
  g_autofree char *poured = code ? pour(text, end, code) : NULL;
  g_string_append(out, poured ? poured : "");
  return poured ? end : 0;
}

/* Runs of letters as names, runs of digits as digits; everything else stays. */
static void
append_login(CrSurrogates *s, const SurrogateMention *m, GString *out, const char *text, gsize n)
{
  for (gsize at = 0; at < n;) {
    gsize start = at;
    gboolean begins = at == 0 || !g_ascii_isalnum(text[at - 1]);
    gsize code = begins ? append_known_code(s, out, text + at, n - at) : 0;
    if (code) {
      at += code;
      continue;
    }
    if (g_ascii_isdigit(text[at])) {
      while (at < n && g_ascii_isdigit(text[at]))
        at++;
      g_autofree char *date = at - start == 8 ? surrogate_shift_dates(text + start, 8, s->offset, 0) : NULL;
      g_autofree char *made = date ? NULL : make_by(s, text + start, at - start, draw_code);
      g_string_append(out, date ? date : made ? made : "0");
    } else if (g_ascii_isalpha(text[at]) || (guchar)text[at] >= 0x80) {
      while (at < n && (g_ascii_isalpha(text[at]) || (guchar)text[at] >= 0x80) &&
             !(at > start && g_ascii_islower(text[at - 1]) && g_ascii_isupper(text[at])))
        at++;
      append_run(s, m, out, text + start, at - start);
    } else {
      g_string_append_c(out, text[at++]);
    }
  }
}

char *
surrogate_make_file(CrSurrogates *s, const SurrogateMention *m)
{
  GString *out = g_string_new(NULL);
  append_login(s, m, out, m->s, m->n);
  return g_string_free(out, FALSE);
}

static const char *
map_host(CrSurrogates *s, const char *host, gsize n)
{
  static const char *const hosts[] = {"example.com", "example.org", "example.net"};
  g_autofree char *key = g_ascii_strdown(host, (gssize)n);
  const char *mapped = surrogate_find(s, "host", key);
  if (mapped)
    return mapped;
  const char *drawn = hosts[surrogate_draw_below(s, G_N_ELEMENTS(hosts))];
  if (strcmp(drawn, key) == 0)
    drawn = hosts[drawn == hosts[0]];
  g_autofree char *www = g_str_has_prefix(key, "www.") ? g_strconcat("www.", drawn, NULL) : g_strdup(drawn);
  return surrogate_put(s, "host", key, www);
}

char *
surrogate_make_email(CrSurrogates *s, const SurrogateMention *m)
{
  const char *at = memchr(m->s, '@', m->n);
  if (!at)
    return surrogate_make_file(s, m);
  GString *out = g_string_new(NULL);
  append_login(s, m, out, m->s, (gsize)(at - m->s));
  g_autofree char *host = surrogate_recase(at + 1, (gsize)(m->s + m->n - at - 1),
                                           map_host(s, at + 1, (gsize)(m->s + m->n - at - 1)));
  g_string_append_printf(out, "@%s", host);
  return g_string_free(out, FALSE);
}

char *
surrogate_make_url(CrSurrogates *s, const SurrogateMention *m)
{
  g_autofree char *url = g_strndup(m->s, m->n);
  const char *scheme = strstr(url, "://"), *host = scheme ? scheme + 3 : url;
  const char *path = host + strcspn(host, "/?#");
  GString *out = g_string_new_len(url, host - url);
  g_string_append(out, map_host(s, host, (gsize)(path - host)));
  append_login(s, m, out, path, strlen(path));
  return g_string_free(out, FALSE);
}
