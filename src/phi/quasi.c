/* quasi.c: what a redacted note still says of its patient. The table says where to look
 * (data/rules/quasi.tsv). */
#include "phi-private.h"
#include <chartroom/attack.h>
#include <string.h>

typedef enum { FROM_META, FROM_TEXT, FROM_WORDS, FROM_KIND } From;

typedef struct {
  guint key;
  From from;
  GStrv members; /* of FROM_META */
  GRegex *regex;
  char *value; /* of "text=VALUE", else NULL */
  CrPhiKind kind;
} Row;

struct CrQuasi {
  GPtrArray *keys; /* char*, NULL-terminated */
  GArray *rows;    /* Row */
  CrPhiDetector *detector;
  CrPhiScratch *scratch;
};

static void
clear_row(gpointer data)
{
  Row *row = data;
  g_clear_pointer(&row->members, g_strfreev);
  g_clear_pointer(&row->regex, g_regex_unref);
  g_clear_pointer(&row->value, g_free);
}

void
cr_quasi_free(CrQuasi *q)
{
  if (!q)
    return;
  g_clear_pointer(&q->keys, g_ptr_array_unref);
  g_clear_pointer(&q->rows, g_array_unref);
  g_clear_pointer(&q->scratch, cr_phi_scratch_free);
  g_clear_pointer(&q->detector, cr_phi_detector_free);
  g_free(q);
}

/* ---- the table ---- */

static gboolean
bad(GError **error, guint line, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%u: %s", line, what);
  return FALSE;
}

static guint
key_number(CrQuasi *q, const char *name)
{
  guint at;
  if (!g_ptr_array_find_with_equal_func(q->keys, name, g_str_equal, &at)) {
    at = q->keys->len;
    g_ptr_array_add(q->keys, g_strdup(name));
  }
  return at;
}

static gboolean
read_pattern(Row *row, const char *pattern, guint line, GError **error)
{
  g_autoptr(GError) cause = NULL;
  row->regex = g_regex_new(pattern, G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, &cause);
  if (!row->regex)
    return bad(error, line, cause->message);
  return row->value || g_regex_get_capture_count(row->regex) > 0 ||
         bad(error, line, "the pattern has no bracket for the value");
}

static gboolean
read_row(CrQuasi *q, char **fields, guint line, Row *row, GError **error)
{
  row->key = key_number(q, fields[0]);
  if (strcmp(fields[1], "meta") == 0) {
    row->members = g_strsplit(fields[2], " ", -1);
    return TRUE;
  }
  if (strcmp(fields[1], "kind") == 0) {
    row->from = FROM_KIND;
    return cr_phi_kind_parse(fields[2], &row->kind) || bad(error, line, "no such kind of identifier");
  }
  row->from = strcmp(fields[1], "words") == 0 ? FROM_WORDS : FROM_TEXT;
  if (g_str_has_prefix(fields[1], "text="))
    row->value = g_strdup(fields[1] + strlen("text="));
  else if (row->from == FROM_TEXT && strcmp(fields[1], "text") != 0)
    return bad(error, line, "the second field is meta, text, text=VALUE, words or kind");
  return read_pattern(row, fields[2], line, error);
}

static gboolean
row_cb(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  CrQuasi *q = data;
  Row row = {0};
  if (n_fields != 3)
    return bad(error, line, "expected KEY, FROM and WHAT");
  gboolean ok = read_row(q, fields, line, &row, error);
  g_array_append_val(q->rows, row);
  return ok;
}

CrQuasi *
cr_quasi_new(const char *rules_dir, const char *language, GError **error)
{
  g_autoptr(CrQuasi) q = g_new0(CrQuasi, 1);
  g_autofree char *path = phi_rules_path(rules_dir, "quasi.tsv");
  q->keys = g_ptr_array_new_with_free_func(g_free);
  q->rows = g_array_new(FALSE, TRUE, sizeof(Row));
  g_array_set_clear_func(q->rows, clear_row);
  q->detector = cr_phi_detector_new(rules_dir, language, error);
  if (!q->detector || !phi_table_read(path, row_cb, q, NULL, error))
    return NULL;
  q->scratch = cr_phi_scratch_new(q->detector);
  g_ptr_array_add(q->keys, NULL);
  return g_steal_pointer(&q);
}

const char *const *
cr_quasi_keys(const CrQuasi *q)
{
  return (const char *const *)q->keys->pdata;
}

gboolean
cr_quasi_is_words(const CrQuasi *q, guint key)
{
  for (guint i = 0; i < q->rows->len; i++)
    if (g_array_index(q->rows, Row, i).key == key && g_array_index(q->rows, Row, i).from == FROM_WORDS)
      return TRUE;
  return FALSE;
}

/* ---- one note ---- */

/* Values caught and how often; the first of those caught most often wins. */
typedef struct {
  GPtrArray *values; /* char* */
  GArray *counts;    /* guint */
  gboolean sure;     /* from meta: nothing in the text counts against it */
} Votes;

static Votes *
votes_new(void)
{
  Votes *v = g_new0(Votes, 1);
  v->values = g_ptr_array_new_with_free_func(g_free);
  v->counts = g_array_new(FALSE, FALSE, sizeof(guint));
  return v;
}

static void
votes_free(gpointer data)
{
  Votes *v = data;
  g_ptr_array_unref(v->values);
  g_array_unref(v->counts);
  g_free(v);
}

static void
vote(Votes *v, const char *value)
{
  guint at, one = 1;
  g_autofree char *folded = g_utf8_strdown(value, -1);
  g_strstrip(folded);
  if (!*folded)
    return;
  if (g_ptr_array_find_with_equal_func(v->values, folded, g_str_equal, &at)) {
    g_array_index(v->counts, guint, at)++;
    return;
  }
  g_ptr_array_add(v->values, g_steal_pointer(&folded));
  g_array_append_val(v->counts, one);
}

static void
vote_meta(Votes *v, const Row *row, const json_t *meta)
{
  for (guint i = 0; row->members[i]; i++) {
    const json_t *value = json_object_get(meta, row->members[i]);
    g_autofree char *number =
        json_is_integer(value) ? g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value)) : NULL;
    const char *said = number ? number : json_string_value(value);
    if (!said || !*said)
      continue;
    v->sure = TRUE;
    vote(v, said);
    return;
  }
}

static void
vote_pattern(Votes *v, const Row *row, const char *s, gsize n_bytes)
{
  g_autoptr(GMatchInfo) match = NULL;
  g_regex_match_full(row->regex, s, (gssize)n_bytes, 0, 0, &match, NULL);
  for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
    g_autofree char *caught = row->value ? g_strdup(row->value) : g_match_info_fetch(match, 1);
    vote(v, caught);
  }
}

static void
vote_kind(Votes *v, const Row *row, const CrText *text, const GArray *found)
{
  for (guint i = 0; i < found->len; i++) {
    const CrPhiSpan *span = &g_array_index(found, CrPhiSpan, i);
    g_autofree char *words = span->kind == row->kind ? cr_span_dup_text(text, span->span) : NULL;
    if (words)
      vote(v, words);
  }
}

static gint
compare_words(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *
elect(const Votes *v, gboolean all)
{
  guint best = 0;
  if (v->values->len == 0)
    return NULL;
  if (all) {
    g_ptr_array_sort(v->values, compare_words);
    g_ptr_array_add(v->values, NULL);
    return g_strjoinv("\n", (char **)v->values->pdata);
  }
  for (guint i = 1; i < v->counts->len; i++)
    if (g_array_index(v->counts, guint, i) > g_array_index(v->counts, guint, best))
      best = i;
  return g_strdup(v->values->pdata[best]);
}

static void
collect(const CrQuasi *q, const CrText *text, const json_t *meta, const GArray *found, GPtrArray *votes)
{
  const char *s = cr_text_bytes(text);
  gsize n_bytes = cr_text_length(text, CR_UNIT_BYTE);
  for (guint i = 0; i < q->rows->len; i++) {
    const Row *row = &g_array_index(q->rows, Row, i);
    Votes *v = votes->pdata[row->key];
    if (v->sure)
      continue;
    if (row->from == FROM_META)
      vote_meta(v, row, meta);
    else if (row->from == FROM_KIND)
      vote_kind(v, row, text, found);
    else
      vote_pattern(v, row, s, n_bytes);
  }
}

GPtrArray *
cr_quasi_read(CrQuasi *q, const CrText *text, const json_t *meta)
{
  GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) votes = g_ptr_array_new_with_free_func(votes_free);
  g_autoptr(GArray) found = cr_phi_detect(q->detector, q->scratch, text, NULL, 0.5);
  for (guint key = 0; key + 1 < q->keys->len; key++)
    g_ptr_array_add(votes, votes_new());
  collect(q, text, meta, found, votes);
  for (guint key = 0; key < votes->len; key++)
    g_ptr_array_add(values, elect(votes->pdata[key], cr_quasi_is_words(q, key)));
  return values;
}
