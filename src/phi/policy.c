/* Policy tables: what becomes of each kind. data/rules/policy-NAME.tsv has a row a kind: KIND, keep | tag |
 * surrogate | shift | generalise, and for the last how: date.year, zip3, age90. */
#include "policy-private.h"
#include <string.h>

static gboolean
bad_row(GError **error, guint line, const char *what, const char *which)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_POLICY, "%u: %s \"%s\"", line, what, which);
  return FALSE;
}

static gboolean
set_replace(CrPolicy *policy, const char *what, guint line, GError **error)
{
  policy->says_replace = TRUE;
  policy->surrogates = strcmp(what, "surrogate") == 0;
  return policy->surrogates || strcmp(what, "tag") == 0 ||
         bad_row(error, line, "replace takes tag or surrogate, not", what);
}

static gboolean
header_row(CrPolicy *policy, char **fields, guint line, GError **error)
{
  if (strcmp(fields[0], "name") == 0)
    policy->name = (g_free(policy->name), g_strdup(fields[1]));
  else if (strcmp(fields[0], "version") == 0)
    policy->table_version = (g_free(policy->table_version), g_strdup(fields[1]));
  else if (strcmp(fields[0], "zip") == 0)
    policy->zip_table = (g_free(policy->zip_table), g_strdup(fields[1]));
  else if (strcmp(fields[0], "birth-year") == 0)
    policy->last_birth_year_90 = (int)g_ascii_strtoll(fields[1], NULL, 10);
  else if (strcmp(fields[0], "replace") == 0)
    return set_replace(policy, fields[1], line, error);
  else
    return bad_row(error, line, "unknown kind or key", fields[0]);
  return TRUE;
}

/* A date is all that can be shifted; what is not listed has no surrogates. */
static gboolean
parse_plain(PolicyRow *row, CrPhiKind kind, const char *action)
{
  static const struct {
    const char *name;
    CrPhiAction action;
  } actions[] = {
      {"keep", CR_PHI_KEEP}, {"tag", CR_PHI_TAG}, {"surrogate", CR_PHI_SURROGATE}, {"shift", CR_PHI_SHIFT}};
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
    if (strcmp(actions[i].name, action) == 0) {
      row->action = actions[i].action;
      return row->action != CR_PHI_SHIFT || kind == CR_PHI_DATE || kind == CR_PHI_YEAR;
    }
  return FALSE;
}

static gboolean
parse_how(PolicyRow *row, const char *how)
{
  static const char *const names[] = {[PHI_HOW_TAG] = "tag",
                                      [PHI_HOW_YEAR] = "date.year",
                                      [PHI_HOW_ZIP3] = "zip3",
                                      [PHI_HOW_AGE90] = "age90"};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(names[i], how) == 0) {
      row->how = (PhiHow)i;
      return TRUE;
    }
  return FALSE;
}

static gboolean
policy_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  CrPolicy *policy = data;
  CrPhiKind kind;
  if (n_fields < 2)
    return bad_row(error, line, "a row has a kind and an action:", fields[0]);
  if (!cr_phi_kind_parse(fields[0], &kind))
    return header_row(policy, fields, line, error);
  PolicyRow *row = &policy->rows[kind];
  if (row->given)
    return bad_row(error, line, "the kind stands twice:", fields[0]);
  row->given = TRUE;
  if (strcmp(fields[1], "generalise") == 0 && n_fields == 3 && parse_how(row, fields[2]))
    row->action = CR_PHI_GENERALISE;
  else if (!parse_plain(row, kind, fields[1]))
    return bad_row(error, line,
                   "expected keep, tag, surrogate, shift (dates alone) or generalise with date.year, zip3 or "
                   "age90, not",
                   fields[1]);
  if (!policy->says_replace)
    policy->surrogates = policy->surrogates || row->action >= CR_PHI_SURROGATE;
  return TRUE;
}

static gboolean
zip_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  GHashTable *allowed = data;
  const char *prefix = fields[0];
  if (strlen(prefix) != 3 || strspn(prefix, "0123456789") != 3)
    return bad_row(error, line, "expected three digits, not", prefix);
  g_hash_table_add(allowed, g_strdup(prefix));
  return TRUE;
}

/* What the tables say is wrong stays BAD_POLICY, whichever file it stands in. */
static gboolean
read_table(const char *path, PhiRowFunc func, gpointer data, GString *hash, GError **error)
{
  g_autoptr(GError) cause = NULL;
  if (phi_table_read(path, func, data, hash, &cause))
    return TRUE;
  g_set_error_literal(error, CR_ERROR, CR_ERROR_BAD_POLICY, cause->message);
  return FALSE;
}

static gboolean
check(const CrPolicy *policy, const char *path, GError **error)
{
  for (guint kind = 0; kind < CR_PHI_N_KINDS; kind++)
    if (!policy->rows[kind].given) {
      g_set_error(error, CR_ERROR, CR_ERROR_BAD_POLICY, "%s: no row for the kind %s", path,
                  cr_phi_kind_name(kind));
      return FALSE;
    }
  if (policy->name && policy->table_version)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_POLICY, "%s: no row \"%s\"", path,
              policy->name ? "version" : "name");
  return FALSE;
}

static char *
find_policy(const char *rules_dir, const char *name_or_file)
{
  if (strchr(name_or_file, '/') || g_str_has_suffix(name_or_file, ".tsv"))
    return g_strdup(name_or_file);
  g_autofree char *file = g_strdup_printf("policy-%s.tsv", name_or_file);
  return phi_rules_path(rules_dir, file);
}

CrPolicy *
cr_policy_load(const char *rules_dir, const char *name_or_file, GError **error)
{
  g_autoptr(CrPolicy) policy = g_new0(CrPolicy, 1);
  g_autoptr(GString) hash = g_string_new(NULL);
  g_autofree char *path = find_policy(rules_dir, name_or_file);
  policy->zips = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (!read_table(path, policy_row, policy, hash, error) || !check(policy, path, error))
    return NULL;
  if (policy->zip_table) {
    g_autofree char *zip_path = phi_rules_path(rules_dir, policy->zip_table);
    if (!read_table(zip_path, zip_row, policy->zips, hash, error))
      return NULL;
  }
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, hash->str, -1);
  policy->version = g_strdup_printf("%s %s %.8s", policy->name, policy->table_version, sum);
  return g_steal_pointer(&policy);
}

void
cr_policy_free(CrPolicy *policy)
{
  if (!policy)
    return;
  g_free(policy->name);
  g_free(policy->table_version);
  g_free(policy->zip_table);
  g_free(policy->version);
  g_hash_table_unref(policy->zips);
  g_free(policy);
}

const char *
cr_policy_name(const CrPolicy *policy)
{
  return policy->name;
}

const char *
cr_policy_version(const CrPolicy *policy)
{
  return policy->version;
}

CrPhiAction
cr_policy_action(const CrPolicy *policy, CrPhiKind kind)
{
  g_return_val_if_fail((guint)kind < CR_PHI_N_KINDS, CR_PHI_TAG);
  return policy->rows[kind].action;
}

gboolean
cr_policy_replaces(const CrPolicy *policy)
{
  return policy->surrogates;
}
