/* The over-sensitive scan of what leaves: its own patterns (PCRE, data/rules/scan.tsv) and its own look at
 * capital letters. Shares no rule, tokeniser or merging with the detector, so that a fault of one is not the
 * other's. Redaction tags and generalised values never count. */
#include "phi-private.h"
#include <string.h>

typedef struct {
  CrPhiKind kind;
  double score;
  GRegex *regex;
} ScanRule;

struct CrPhiScan {
  GArray *rules;
  GHashTable *plain; /* words that a capital does not make suspicious, lower case */
  GHashTable *names; /* words that are names, whatever else they are */
  char *version;
};

static void
clear_rule(gpointer rule)
{
  g_clear_pointer(&((ScanRule *)rule)->regex, g_regex_unref);
}

static gboolean
scan_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  CrPhiScan *scan = data;
  ScanRule rule = {0};
  g_autoptr(GError) cause = NULL;
  if (n_fields != 3 || !cr_phi_kind_parse(fields[0], &rule.kind)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%u: expected KIND, SCORE and PATTERN", line);
    return FALSE;
  }
  rule.score = g_ascii_strtod(fields[1], NULL);
  rule.regex = g_regex_new(fields[2], G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, &cause);
  if (!rule.regex) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%u: %s", line, cause->message);
    return FALSE;
  }
  g_array_append_val(scan->rules, rule);
  return TRUE;
}

static void
add_word(GHashTable *table, const char *word)
{
  char folded[64];
  if (phi_fold(word, strlen(word), folded, sizeof folded))
    g_hash_table_add(table, g_strdup(folded));
}

static gboolean
word_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  CrPhiScan *scan = data;
  if (n_fields != 2)
    return TRUE;
  if (strpbrk(fields[1], "Wwcd"))
    add_word(scan->plain, fields[0]);
  const char rare =
      strlen(fields[0]) > 3 ? '3' : '4'; /* rare names of three letters are abbreviations, mostly */
  for (const char *c = fields[1]; *c; c++)
    if ((*c == 'f' && c[1] >= rare) || (*c == 'l' && c[1] >= '4'))
      add_word(scan->names, fields[0]);
  return TRUE;
}

/* Words of the lists: names, or words that a capital may open without a question. */
static gboolean
list_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  CrPhiScan *scan = data;
  if (n_fields != 2)
    return TRUE;
  gboolean names = strcmp(fields[0], "given") == 0 || strcmp(fields[0], "surname") == 0;
  g_auto(GStrv) words = g_strsplit(fields[1], " ", -1);
  for (guint i = 0; words[i]; i++)
    add_word(names ? scan->names : scan->plain, words[i]);
  return TRUE;
}

CrPhiScan *
cr_phi_scan_new(const char *rules_dir, GError **error)
{
  return cr_phi_scan_new_for(rules_dir, NULL, error);
}

CrPhiScan *
cr_phi_scan_new_for(const char *rules_dir, const char *code, GError **error)
{
  const PhiLanguage *language = phi_language_find(code, error);
  if (!language)
    return NULL;
  g_autoptr(CrPhiScan) scan = g_new0(CrPhiScan, 1);
  g_autoptr(GString) hash = g_string_new(NULL);
  g_autofree char *rules = phi_rules_path(rules_dir, language->scan);
  g_autofree char *lists = phi_rules_path(rules_dir, language->words);
  g_autofree char *words = phi_lexicon_path(rules_dir, language->lexicon);
  scan->rules = g_array_new(FALSE, FALSE, sizeof(ScanRule));
  g_array_set_clear_func(scan->rules, clear_rule);
  scan->plain = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  scan->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (!phi_table_read(rules, scan_row, scan, hash, error) ||
      !phi_table_read(lists, list_row, scan, hash, error) ||
      !phi_table_read(words, word_row, scan, hash, error))
    return NULL;
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, hash->str, -1);
  scan->version = g_strdup_printf("scan 1 %.8s", sum);
  return g_steal_pointer(&scan);
}

void
cr_phi_scan_free(CrPhiScan *scan)
{
  if (!scan)
    return;
  g_array_unref(scan->rules);
  g_hash_table_unref(scan->plain);
  g_hash_table_unref(scan->names);
  g_free(scan->version);
  g_free(scan);
}

const char *
cr_phi_scan_version(const CrPhiScan *scan)
{
  return scan->version;
}

/* ---- running ---- */

/* "[DATE 2018]", "[PATIENT]", "90+": length of one at s, else 0. */
static gsize
tag_length(const char *s, gsize n_bytes)
{
  gsize i = 1;
  if (n_bytes >= 3 && memcmp(s, "90+", 3) == 0)
    return 3;
  if (n_bytes < 3 || *s != '[')
    return 0;
  while (i < n_bytes && (g_ascii_isupper(s[i]) || g_ascii_isdigit(s[i])))
    i++;
  g_autofree char *name = g_strndup(s + 1, i - 1);
  CrPhiKind kind;
  if (!cr_phi_kind_parse(name, &kind))
    return 0;
  if (i < n_bytes && s[i] == ' ')
    for (i++; i < n_bytes && g_ascii_isdigit(s[i]);)
      i++;
  return i < n_bytes && s[i] == ']' ? i + 1 : 0;
}

/* A copy in which each tag is a run of '~', which no pattern takes for a word. */
static char *
blank_tags(const char *s, gsize n_bytes)
{
  char *copy = g_strndup(s, n_bytes);
  for (gsize i = 0; i < n_bytes;) {
    gsize n = copy[i] == '[' || copy[i] == '9' ? tag_length(copy + i, n_bytes - i) : 0;
    memset(copy + i, '~', n);
    i += n ? n : 1;
  }
  return copy;
}

static void
add_finding(GArray *found, gsize start, gsize end, CrPhiKind kind, double score, const char *by)
{
  CrPhiSpan span = {{start, end}, kind, score, g_new0(char *, 2)};
  span.by[0] = g_strdup(by);
  g_array_append_val(found, span);
}

static void
run_patterns(const CrPhiScan *scan, const char *s, gsize n_bytes, GArray *found)
{
  for (guint i = 0; i < scan->rules->len; i++) {
    const ScanRule *rule = &g_array_index(scan->rules, ScanRule, i);
    g_autoptr(GMatchInfo) match = NULL;
    g_regex_match_full(rule->regex, s, (gssize)n_bytes, 0, 0, &match, NULL);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
      int start, end;
      if (g_match_info_fetch_pos(match, 0, &start, &end) && end > start)
        add_finding(found, (gsize)start, (gsize)end, rule->kind, rule->score, "scan:pattern");
    }
  }
}

static gboolean
opens_sentence(const char *s, gsize at)
{
  gboolean space = FALSE;
  while (at > 0 && (s[at - 1] == ' ' || s[at - 1] == '\t' || s[at - 1] == '"' || s[at - 1] == '(')) {
    at--;
    space = TRUE;
  }
  return at == 0 || s[at - 1] == '\n' || s[at - 1] == '\r' || (space && strchr(".:;?!-*", s[at - 1]));
}

static gboolean
is_letter(const char *s, gsize at, gsize n_bytes)
{
  return at < n_bytes && (g_ascii_isalpha(s[at]) || ((guchar)s[at] >= 0xc3 && (guchar)s[at] != 0xe2) ||
                          ((guchar)s[at] & 0xc0) == 0x80);
}

/* One capital word: a name's word inside a sentence, or a word that no list knows. */
static void
judge_word(const CrPhiScan *scan, const char *s, gsize start, gsize end, GArray *found)
{
  char word[48];
  if (!phi_fold(s + start, end - start, word, sizeof word))
    return;
  gboolean all_capital = end - start > 1 && g_ascii_isupper(s[start + 1]);
  gboolean plain = g_hash_table_contains(scan->plain, word);
  gboolean name = g_hash_table_contains(scan->names, word);
  if (end - start < 3 || (all_capital && !name && end - start < 6))
    return;
  if (!plain)
    add_finding(found, start, end, CR_PHI_PATIENT, name ? 0.8 : 0.5, name ? "scan:name" : "scan:capital");
  else if (name && !all_capital && !opens_sentence(s, start))
    add_finding(found, start, end, CR_PHI_PATIENT, 0.4, "scan:name-word");
}

/* A name written small, that is no word besides. */
static void
judge_small_word(const CrPhiScan *scan, const char *s, gsize start, gsize end, GArray *found)
{
  char word[32];
  if (end - start < 4 || !phi_fold(s + start, end - start, word, sizeof word))
    return;
  if (g_hash_table_contains(scan->names, word) && !g_hash_table_contains(scan->plain, word))
    add_finding(found, start, end, CR_PHI_PATIENT, 0.4, "scan:small-name");
}

static void
run_capitals(const CrPhiScan *scan, const char *s, gsize n_bytes, GArray *found)
{
  for (gsize at = 0; at < n_bytes;) {
    gsize start = at;
    while (is_letter(s, at, n_bytes))
      at++;
    if (at == start)
      at++;
    else if (g_ascii_isupper(s[start]) ||
             ((guchar)s[start] >= 0xc3 && g_unichar_isupper(g_utf8_get_char(s + start))))
      judge_word(scan, s, start, at, found);
    else
      judge_small_word(scan, s, start, at, found);
  }
}

static gint
compare_spans(gconstpointer left, gconstpointer right)
{
  const CrPhiSpan *a = left, *b = right;
  if (a->span.start != b->span.start)
    return a->span.start < b->span.start ? -1 : 1;
  return a->span.end == b->span.end ? 0 : a->span.end > b->span.end ? -1 : 1;
}

static void
clear_span(gpointer span)
{
  cr_phi_span_clear(span);
}

static GArray *
join_overlaps(GArray *found)
{
  GArray *out = g_array_new(FALSE, FALSE, sizeof(CrPhiSpan));
  g_array_set_clear_func(out, clear_span);
  g_array_sort(found, compare_spans);
  for (guint i = 0; i < found->len; i++) {
    CrPhiSpan *span = &g_array_index(found, CrPhiSpan, i);
    CrPhiSpan *last = out->len ? &g_array_index(out, CrPhiSpan, out->len - 1) : NULL;
    if (last && span->span.start < last->span.end) {
      last->span.end = MAX(last->span.end, span->span.end);
      if (span->score > last->score) {
        last->kind = span->kind;
        last->score = span->score;
      }
      continue;
    }
    CrPhiSpan copy = *span;
    span->by = NULL;
    g_array_append_val(out, copy);
  }
  return out;
}

GArray *
cr_phi_scan_run(const CrPhiScan *scan, const CrText *text)
{
  gsize n_bytes = cr_text_length(text, CR_UNIT_BYTE);
  g_autofree char *copy = blank_tags(cr_text_bytes(text), n_bytes);
  g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(CrPhiSpan));
  g_array_set_clear_func(found, clear_span);
  run_patterns(scan, copy, n_bytes, found);
  run_capitals(scan, copy, n_bytes, found);
  return join_overlaps(found);
}
