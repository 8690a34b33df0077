/* The rule table and its database. Always: rule i of the table is expression id i of the database. */
#include "phi-private.h"
#include <stdlib.h>
#include <string.h>

struct PhiRules {
  GArray *rules; /* PhiRule */
  hs_database_t *database;
  GString *hash;
};

static void
clear_rule(gpointer data)
{
  PhiRule *rule = data;
  g_free(rule->id);
  g_free(rule->pattern);
  g_free(rule->context);
}

static gboolean
bad_rule(GError **error, guint line, const char *what, const char *which)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%u: %s \"%s\"", line, what, which);
  return FALSE;
}

/* i: case does not matter, s: the match's own start is wanted. */
static gboolean
parse_rule_flags(PhiRule *rule, const char *text)
{
  for (const char *c = text; *c; c++)
    if (*c == 'i')
      rule->flags |= HS_FLAG_CASELESS;
    else if (*c == 's')
      rule->has_start = TRUE;
    else if (*c != '-')
      return FALSE;
  rule->flags |= rule->has_start ? HS_FLAG_SOM_LEFTMOST : 0;
  return TRUE;
}

/* Patterns may use {month}, {mon} … of the table's own "define" rows. */
static char *
expand(GHashTable *defines, const char *pattern)
{
  g_autoptr(GString) out = g_string_new(pattern);
  GHashTableIter iter;
  gpointer name, value;
  g_hash_table_iter_init(&iter, defines);
  while (g_hash_table_iter_next(&iter, &name, &value))
    g_string_replace(out, name, value, 0);
  return g_string_free(g_steal_pointer(&out), FALSE);
}

typedef struct {
  PhiRules *rules;
  GHashTable *defines;
  GHashTable *wanted; /* ids of the rules to take; NULL: all */
  const char *path;
} Loading;

static gboolean
define_row(Loading *loading, char **fields, guint n_fields, guint line, GError **error)
{
  if (n_fields != 3)
    return bad_rule(error, line, "a definition has a name and a pattern:", fields[0]);
  g_autofree char *name = g_strdup_printf("{%s}", fields[1]);
  g_autofree char *value = expand(loading->defines, fields[2]);
  g_hash_table_insert(loading->defines, g_steal_pointer(&name), g_strdup_printf("(?:%s)", value));
  return TRUE;
}

static gboolean shared_row(const Loading *loading, char **fields, guint n_fields, guint line, GError **error);

/* ID KIND SCORE FLAGS PATTERN [CONFIRMER [CONTEXT]] */
static gboolean
rule_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  Loading *loading = data;
  if (strcmp(fields[0], "define") == 0)
    return define_row(loading, fields, n_fields, line, error);
  if (strcmp(fields[0], "shared") == 0)
    return shared_row(loading, fields, n_fields, line, error);
  if (loading->wanted && !g_hash_table_remove(loading->wanted, fields[0]))
    return TRUE;
  PhiRule rule = {0};
  if (n_fields < 5 || n_fields > 7)
    return bad_rule(error, line, "a rule has five to seven columns:", fields[0]);
  if (!cr_phi_kind_parse(fields[1], &rule.kind))
    return bad_rule(error, line, "unknown kind", fields[1]);
  rule.score = g_ascii_strtod(fields[2], NULL);
  if (!(rule.score > 0 && rule.score <= 1))
    return bad_rule(error, line, "the score must lie in (0, 1]:", fields[2]);
  if (!parse_rule_flags(&rule, fields[3]))
    return bad_rule(error, line, "unknown flag in", fields[3]);
  if (n_fields > 5 && strcmp(fields[5], "-") != 0 && !(rule.confirmer = phi_confirmer_find(fields[5])))
    return bad_rule(error, line, "unknown confirmer", fields[5]);
  if (!rule.has_start && !rule.confirmer)
    return bad_rule(error, line, "without flag s a rule needs a confirmer:", fields[0]);
  g_autofree char *by = g_strdup_printf("rule:%s", fields[0]);
  rule.id = g_strdup(fields[0]);
  rule.by = g_intern_string(by);
  rule.pattern = expand(loading->defines, fields[4]);
  rule.context = g_strdup(n_fields > 6 ? fields[6] : "");
  g_array_append_val(loading->rules->rules, rule);
  return TRUE;
}

/* "shared ID ID …": the rules of the folder above that serve this language too. */
static gboolean
shared_row(const Loading *loading, char **fields, guint n_fields, guint line, GError **error)
{
  if (n_fields != 2 || loading->wanted)
    return bad_rule(error, line, "rules to share are named in one column:", fields[0]);
  g_autofree char *folder = g_path_get_dirname(loading->path);
  g_autofree char *path = g_build_filename(folder, "..", "rules.tsv", NULL);
  g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) defines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_auto(GStrv) ids = g_strsplit(fields[1], " ", -1);
  for (guint i = 0; ids[i]; i++)
    if (*ids[i])
      g_hash_table_add(wanted, g_strdup(ids[i]));
  Loading above = {loading->rules, defines, wanted, path};
  if (!phi_table_read(path, rule_row, &above, loading->rules->hash, error))
    return FALSE;
  GHashTableIter iter;
  gpointer missing;
  g_hash_table_iter_init(&iter, wanted);
  return !g_hash_table_iter_next(&iter, &missing, NULL) ||
         bad_rule(error, line, "no such rule to share:", missing);
}

static gboolean
compile(PhiRules *rules, const char *path, GError **error)
{
  guint n = rules->rules->len;
  g_autofree const char **patterns = g_new0(const char *, n);
  g_autofree unsigned *flags = g_new0(unsigned, n);
  g_autofree unsigned *ids = g_new0(unsigned, n);
  for (guint i = 0; i < n; i++) {
    const PhiRule *rule = &g_array_index(rules->rules, PhiRule, i);
    patterns[i] = rule->pattern;
    flags[i] = rule->flags;
    ids[i] = i;
  }
  hs_compile_error_t *failure = NULL;
  if (hs_compile_multi(patterns, flags, ids, n, HS_MODE_BLOCK, NULL, &rules->database, &failure) ==
      HS_SUCCESS)
    return TRUE;
  int which = failure->expression;
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%s: rule \"%s\": %s", path,
              which >= 0 ? g_array_index(rules->rules, PhiRule, which).id : "?", failure->message);
  hs_free_compile_error(failure);
  return FALSE;
}

/* ---- the compiled table: "CRHS1", the hash of rules.tsv in hex, the database ---- */

#define COMPILED_MAGIC "CRHS1\n"

char *
phi_rules_serialise(const PhiRules *rules, gsize *n_bytes)
{
  char *database = NULL;
  size_t n_database = 0;
  hs_error_t status = hs_serialize_database(rules->database, &database, &n_database);
  g_assert(status == HS_SUCCESS);
  GString *out = g_string_new(COMPILED_MAGIC);
  g_string_append(out, rules->hash->str);
  g_string_append_len(out, database, (gssize)n_database);
  free(database);
  *n_bytes = out->len;
  return g_string_free(out, FALSE);
}

/* FALSE where there is none, it belongs to another table, or another kind of processor made it. */
static gboolean
load_compiled(PhiRules *rules, const char *path)
{
  g_autofree char *bytes = NULL;
  gsize n_bytes = 0, n_head = strlen(COMPILED_MAGIC) + rules->hash->len;
  if (!path || !g_file_get_contents(path, &bytes, &n_bytes, NULL) || n_bytes <= n_head)
    return FALSE;
  if (memcmp(bytes, COMPILED_MAGIC, strlen(COMPILED_MAGIC)) != 0 ||
      memcmp(bytes + strlen(COMPILED_MAGIC), rules->hash->str, rules->hash->len) != 0)
    return FALSE;
  return hs_deserialize_database(bytes + n_head, n_bytes - n_head, &rules->database) == HS_SUCCESS;
}

PhiRules *
phi_rules_load(const char *path, const char *compiled_path, GError **error)
{
  g_autoptr(PhiRules) rules = g_new0(PhiRules, 1);
  rules->rules = g_array_new(FALSE, FALSE, sizeof(PhiRule));
  g_array_set_clear_func(rules->rules, clear_rule);
  rules->hash = g_string_new(NULL);
  g_autoptr(GHashTable) defines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  Loading loading = {rules, defines, NULL, path};
  if (!phi_table_read(path, rule_row, &loading, rules->hash, error))
    return NULL;
  if (rules->rules->len == 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%s: holds no rule", path);
    return NULL;
  }
  if (!load_compiled(rules, compiled_path) && !compile(rules, path, error))
    return NULL;
  return g_steal_pointer(&rules);
}

void
phi_rules_free(PhiRules *rules)
{
  if (!rules)
    return;
  g_array_unref(rules->rules);
  hs_free_database(rules->database);
  g_string_free(rules->hash, TRUE);
  g_free(rules);
}

const hs_database_t *
phi_rules_database(const PhiRules *rules)
{
  return rules->database;
}

const char *
phi_rules_hash(const PhiRules *rules)
{
  return rules->hash->str;
}

guint
phi_rules_count(const PhiRules *rules)
{
  return rules->rules->len;
}

/* ---- running ---- */

typedef struct {
  guint32 rule, from, to;
} Match;

static int
match_cb(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *data)
{
  GArray *matches = data;
  Match match = {id, (guint32)from, (guint32)to};
  if (matches->len) { /* the same rule growing to the right: keep the longest */
    Match *last = &g_array_index(matches, Match, matches->len - 1);
    if (last->rule == match.rule && last->from == match.from && last->to <= match.to && from) {
      last->to = match.to;
      return 0;
    }
  }
  g_array_append_val(matches, match);
  return 0;
}

static gint
compare_matches(gconstpointer left, gconstpointer right)
{
  const Match *a = left, *b = right;
  if (a->rule != b->rule)
    return a->rule < b->rule ? -1 : 1;
  if (a->from != b->from)
    return a->from < b->from ? -1 : 1;
  return a->to == b->to ? 0 : a->to > b->to ? -1 : 1;
}

static void
try_match(const PhiRules *rules, const Match *match, PhiPage *page)
{
  const PhiRule *rule = &g_array_index(rules->rules, PhiRule, match->rule);
  PhiCandidate candidate = {rule->has_start ? match->from : match->to, match->to, rule->kind,
                            (float)rule->score, rule->by};
  if (rule->confirmer && !rule->confirmer->confirm(page, rule, &candidate))
    return;
  if (candidate.start < candidate.end)
    g_array_append_val(page->found, candidate);
}

void
phi_rules_run(const PhiRules *rules, hs_scratch_t *scratch, GArray *matches, PhiPage *page)
{
  g_assert(g_array_get_element_size(matches) == sizeof(Match));
  g_array_set_size(matches, 0);
  hs_error_t status = hs_scan(rules->database, page->s, page->n_bytes, 0, scratch, match_cb, matches);
  g_assert(status == HS_SUCCESS);
  g_array_sort(matches, compare_matches);
  const Match *last = NULL;
  for (guint i = 0; i < matches->len; i++) {
    const Match *match = &g_array_index(matches, Match, i);
    gboolean has_start = g_array_index(rules->rules, PhiRule, match->rule).has_start;
    if (last && has_start && last->rule == match->rule && match->to <= last->to)
      continue; /* inside a longer match of the same rule */
    try_match(rules, match, page);
    last = match;
  }
}
