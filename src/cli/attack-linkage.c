/* attack-linkage.c: who could be singled out by age, sex, place, year, work, a rare disease: classes of
 * documents that are alike in all of them. */
#include "base/base.h"
#include "cli/attack.h"
#include "cli/lines.h"
#include <chartroom/risk.h>

#include <stdio.h>
#include <string.h>

enum { SMALLEST = 10, SETS = 10, MAX_SET = 3, IDS_SHOWN = 5 };

struct CrLinkageRun {
  const CrAttackOptions *o;
  CrQuasi *quasi;
  GPtrArray *names;         /* char*: the keys that are used, NULL-terminated */
  GArray *from;             /* gint: number in the quasi table, -1: meta.NAME */
  GPtrArray *ids, *persons; /* char*; a person may be NULL */
  GPtrArray *values;        /* of each document: GPtrArray of char*, as many as keys */
  GHashTable *spread;       /* word of a key of words -> documents that hold it */
};

static void
free_values(gpointer values)
{
  g_ptr_array_unref(values);
}

void
cr_linkage_run_free(CrLinkageRun *run)
{
  if (!run)
    return;
  g_clear_pointer(&run->quasi, cr_quasi_free);
  g_ptr_array_unref(run->names);
  g_array_unref(run->from);
  g_ptr_array_unref(run->ids);
  g_ptr_array_unref(run->persons);
  g_ptr_array_unref(run->values);
  g_hash_table_unref(run->spread);
  g_free(run);
}

/* ---- which keys ---- */

static gboolean
add_key(CrLinkageRun *run, const char *name, GError **error)
{
  const char *const *keys = cr_quasi_keys(run->quasi);
  gint number = -1;
  for (gint i = 0; keys[i]; i++)
    if (g_str_equal(keys[i], name))
      number = i;
  if (number < 0 && !(g_str_has_prefix(name, "meta.") && name[5])) {
    g_autofree char *all = g_strjoinv(", ", (char **)keys), *said = cr_error_excerpt(name, 20);
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "there is no key '%s'; there are %s, and meta.NAME", said,
                all);
    return FALSE;
  }
  if (run->names->len >= CR_RISK_MAX_KEYS) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "at most %d keys", CR_RISK_MAX_KEYS);
    return FALSE;
  }
  g_ptr_array_add(run->names, g_strdup(name));
  g_array_append_val(run->from, number);
  return TRUE;
}

static gboolean
choose_keys(CrLinkageRun *run, GError **error)
{
  g_auto(GStrv) given = run->o->keys ? g_strsplit(run->o->keys, ",", -1) : NULL;
  const char *const *keys = given ? (const char *const *)given : cr_quasi_keys(run->quasi);
  for (guint i = 0; keys[i]; i++)
    if (!add_key(run, keys[i], error))
      return FALSE;
  return TRUE;
}

CrLinkageRun *
cr_linkage_run_new(const CrAttackOptions *o, GError **error)
{
  g_autoptr(CrLinkageRun) run = g_new0(CrLinkageRun, 1);
  run->o = o;
  run->names = g_ptr_array_new_with_free_func(g_free);
  run->from = g_array_new(FALSE, FALSE, sizeof(gint));
  run->ids = g_ptr_array_new_with_free_func(g_free);
  run->persons = g_ptr_array_new_with_free_func(g_free);
  run->values = g_ptr_array_new_with_free_func(free_values);
  run->spread = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  run->quasi = cr_quasi_new(NULL, o->language, error);
  if (!run->quasi || !choose_keys(run, error))
    return NULL;
  return g_steal_pointer(&run);
}

static gboolean
is_words(const CrLinkageRun *run, guint key)
{
  gint from = g_array_index(run->from, gint, key);
  return from >= 0 && cr_quasi_is_words(run->quasi, (guint)from);
}

/* ---- one document ---- */

static char *
meta_value(const json_t *meta, const char *name)
{
  const json_t *value = json_object_get(meta, name);
  if (json_is_integer(value))
    return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
  return json_is_string(value) ? g_utf8_strdown(json_string_value(value), -1) : NULL;
}

static void
count_spread(CrLinkageRun *run, const char *words)
{
  g_auto(GStrv) list = words ? g_strsplit(words, "\n", -1) : NULL;
  for (guint i = 0; list && list[i]; i++) {
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(run->spread, list[i]));
    g_hash_table_insert(run->spread, g_strdup(list[i]), GUINT_TO_POINTER(n + 1));
  }
}

gboolean
cr_linkage_run_add(CrLinkageRun *run, const json_t *document, GError **error)
{
  const json_t *meta = json_object_get(document, "meta");
  g_autoptr(CrText) text = cr_attack_text(document, error);
  if (!text)
    return FALSE;
  g_autoptr(GPtrArray) read = cr_quasi_read(run->quasi, text, meta);
  GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
  for (guint key = 0; key < run->names->len; key++) {
    gint from = g_array_index(run->from, gint, key);
    char *value = from >= 0 ? g_strdup(read->pdata[from])
                            : meta_value(meta, (char *)run->names->pdata[key] + strlen("meta."));
    if (is_words(run, key))
      count_spread(run, value);
    g_ptr_array_add(values, value);
  }
  g_ptr_array_add(run->values, values);
  g_ptr_array_add(run->ids, g_strdup(json_string_value(json_object_get(document, "id"))));
  g_ptr_array_add(run->persons, g_strdup(cr_attack_person(document)));
  return TRUE;
}

/* ---- the table ---- */

/* Of several words the one that fewest documents hold, if fewer than k do; the rest says little. */
static char *
rarest(const CrLinkageRun *run, const char *words)
{
  g_auto(GStrv) list = g_strsplit(words, "\n", -1);
  guint best = G_MAXUINT, at = 0;
  for (guint i = 0; list[i]; i++) {
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(run->spread, list[i]));
    if (n < best) {
      best = n;
      at = i;
    }
  }
  return best < run->o->k ? g_strdup(list[at]) : NULL;
}

static CrKeyTable *
make_table(CrLinkageRun *run)
{
  CrKeyTable *table = cr_key_table_new((const char *const *)run->names->pdata, run->names->len);
  for (guint i = 0; i < run->values->len; i++) {
    GPtrArray *values = run->values->pdata[i];
    for (guint key = 0; key < values->len; key++)
      if (values->pdata[key] && is_words(run, key)) {
        char *words = values->pdata[key];
        values->pdata[key] = rarest(run, words);
        g_free(words);
      }
    cr_key_table_add(table, run->persons->pdata[i], (const char *const *)values->pdata);
  }
  return table;
}

/* ---- the report ---- */

static guint64
count_below(const GArray *sizes, gint64 k)
{
  guint64 n = 0;
  for (guint i = 0; i < sizes->len; i++)
    n += g_array_index(sizes, guint, i) < k;
  return n;
}

static json_t *
mask_json(const CrLinkageRun *run, guint mask)
{
  json_t *list = json_array();
  for (guint key = 0; key < run->names->len; key++)
    if (mask >> key & 1)
      json_array_append_new(list, json_string(run->names->pdata[key]));
  return list;
}

static json_t *
share_json(guint64 n, guint64 all)
{
  return json_pack("{s:I, s:f}", "documents", (json_int_t)n, "share", all ? (double)n / (double)all : 0);
}

static json_t *
values_json(const CrLinkageRun *run, const CrKeyTable *table, guint row, guint mask)
{
  json_t *values = json_object();
  for (guint key = 0; key < run->names->len; key++) {
    const char *value = cr_key_table_value(table, row, key);
    if (mask >> key & 1)
      json_object_set_new(values, run->names->pdata[key], value ? json_string(value) : json_null());
  }
  return values;
}

/* The documents of the smallest classes: how many persons share each one's values. */
static json_t *
smallest_json(const CrLinkageRun *run, const CrKeyTable *table, const GArray *sizes, guint mask)
{
  json_t *rows = json_array();
  for (guint size = 1; size < run->o->k && json_array_size(rows) < SMALLEST; size++)
    for (guint i = 0; i < sizes->len && json_array_size(rows) < SMALLEST; i++) {
      if (g_array_index(sizes, guint, i) != size)
        continue;
      json_t *row = json_pack("{s:s, s:i}", "id", run->ids->pdata[i], "size", (int)size);
      if (run->o->show)
        json_object_set_new(row, "values", values_json(run, table, i, mask));
      json_array_append_new(rows, row);
    }
  return rows;
}

/* How many would still be below k if a key were taken away. */
static json_t *
without_json(const CrLinkageRun *run, const CrKeyTable *table, guint mask)
{
  json_t *rows = json_array();
  for (guint key = 0; key < run->names->len; key++) {
    if (!(mask >> key & 1) || mask == 1u << key)
      continue;
    g_autoptr(GArray) sizes = cr_key_table_alike(table, mask & ~(1u << key));
    json_array_append_new(rows, json_pack("{s:s, s:I, s:I}", "key", run->names->pdata[key], "below_k",
                                          (json_int_t)count_below(sizes, run->o->k), "unique",
                                          (json_int_t)count_below(sizes, 2)));
  }
  return rows;
}

static json_t *
histogram_json(const GArray *histogram)
{
  json_t *list = json_array();
  for (guint i = 0; i < histogram->len; i++)
    if (g_array_index(histogram, guint64, i))
      json_array_append_new(list, json_pack("{s:i, s:I}", "size", (int)i + 1, "classes",
                                            (json_int_t)g_array_index(histogram, guint64, i)));
  return list;
}

static json_t *
population_json(const CrLinkageRun *run, const GArray *histogram)
{
  const char *method;
  if (run->o->population <= 0)
    return json_null();
  CrRiskFigure f = cr_risk_population_unique(histogram, (guint64)run->o->population, &method);
  json_t *json = cr_risk_figure_json(&f);
  json_object_set_new(json, "method", json_string(method));
  json_object_set_new(json, "population", json_integer(run->o->population));
  return json;
}

static json_t *
set_json(const CrLinkageRun *run, const CrKeyTable *table, guint mask)
{
  g_autoptr(GArray) sizes = cr_key_table_alike(table, mask), histogram = cr_key_table_histogram(table, mask);
  return json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "keys", mask_json(run, mask), "k",
                   (json_int_t)run->o->k, "below_k", share_json(count_below(sizes, run->o->k), sizes->len),
                   "unique", share_json(count_below(sizes, 2), sizes->len), "population_unique",
                   population_json(run, histogram), "classes", histogram_json(histogram), "without",
                   without_json(run, table, mask), "smallest", smallest_json(run, table, sizes, mask));
}

static json_t *
singling_json(const CrLinkageRun *run, const CrKeyTable *table, guint mask)
{
  json_t *rows = json_array();
  g_autoptr(GArray) sets = cr_key_table_singling(table, mask, MAX_SET);
  for (guint i = 0; i < MIN(sets->len, SETS); i++) {
    const CrKeySet *set = &g_array_index(sets, CrKeySet, i);
    json_array_append_new(rows, json_pack("{s:o, s:I}", "keys", mask_json(run, set->mask), "documents",
                                          (json_int_t)set->n_rows));
  }
  return rows;
}

static json_t *
keys_json(const CrLinkageRun *run, const CrKeyTable *table)
{
  json_t *rows = json_array();
  for (guint key = 0; key < run->names->len; key++) {
    json_int_t known = 0;
    g_autoptr(GHashTable) distinct = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < cr_key_table_n_rows(table); i++) {
      const char *value = cr_key_table_value(table, i, key);
      known += value != NULL;
      if (value)
        g_hash_table_add(distinct, (gpointer)value);
    }
    json_array_append_new(rows, json_pack("{s:s, s:I, s:I}", "key", run->names->pdata[key], "known", known,
                                          "values", (json_int_t)g_hash_table_size(distinct)));
  }
  return rows;
}

static guint
count_persons(const CrLinkageRun *run)
{
  guint n = 0;
  g_autoptr(GHashTable) persons = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < run->persons->len; i++)
    n += !run->persons->pdata[i] || g_hash_table_add(persons, run->persons->pdata[i]);
  return n;
}

/* Keys that any document tells. */
static guint
told_mask(const CrLinkageRun *run, const CrKeyTable *table)
{
  guint mask = 0;
  for (guint key = 0; key < run->names->len; key++)
    for (guint i = 0; i < cr_key_table_n_rows(table) && !(mask >> key & 1); i++)
      mask |= cr_key_table_value(table, i, key) ? 1u << key : 0;
  return mask;
}

json_t *
cr_linkage_run_report(CrLinkageRun *run)
{
  g_autoptr(CrKeyTable) table = make_table(run);
  guint all = told_mask(run, table), plain = all;
  json_t *sets = json_array();
  for (guint key = 0; key < run->names->len; key++)
    if (is_words(run, key))
      plain &= ~(1u << key);
  if (plain)
    json_array_append_new(sets, set_json(run, table, plain));
  if (all != plain)
    json_array_append_new(sets, set_json(run, table, all));
  return json_pack("{s:I, s:I, s:o, s:o, s:o}", "documents", (json_int_t)run->ids->len, "persons",
                   (json_int_t)count_persons(run), "keys", keys_json(run, table), "sets", sets, "singling",
                   singling_json(run, table, all));
}

/* ---- for people ---- */

static char *
join_names(const json_t *list, const char *between)
{
  g_autoptr(GString) out = g_string_new(NULL);
  json_t *name;
  gsize i;
  json_array_foreach((json_t *)list, i, name)
      g_string_append_printf(out, "%s%s", i ? between : "", json_string_value(name));
  return g_strdup(out->str);
}

static void
print_class(const json_t *row)
{
  const char *key;
  json_t *value;
  g_autofree char *id = cr_cli_plain(cr_cli_text(row, "id"), FALSE);
  printf("    %s  %" G_GINT64_FORMAT, id, cr_cli_int(row, "size"));
  json_object_foreach(json_object_get(row, "values"), key, value)
  {
    g_autofree char *plain = json_is_string(value) ? cr_cli_plain(json_string_value(value), FALSE) : NULL;
    if (plain)
      printf("  %s %s", key, plain);
  }
  putchar('\n');
}

static void
print_set(const json_t *set)
{
  const json_t *below = json_object_get(set, "below_k"), *unique = json_object_get(set, "unique"),
               *population = json_object_get(set, "population_unique");
  g_autofree char *keys = join_names(json_object_get(set, "keys"), ", "),
                  *alone = cr_risk_figure_text(population, 100);
  json_t *row;
  gsize i;
  printf("\nBy %s:\n  fewer than %" G_GINT64_FORMAT " alike: %" G_GINT64_FORMAT
         " documents (%.1f %%); alone: %" G_GINT64_FORMAT " (%.1f %%)\n",
         keys, cr_cli_int(set, "k"), cr_cli_int(below, "documents"),
         100 * json_number_value(json_object_get(below, "share")), cr_cli_int(unique, "documents"),
         100 * json_number_value(json_object_get(unique, "share")));
  if (json_is_object(population))
    printf("  alone in a population of %" G_GINT64_FORMAT ", estimate of %s: %s %% of the documents %s\n",
           cr_cli_int(population, "population"), cr_cli_text(population, "method"), alone,
           cr_cli_text(population, "why"));
  json_array_foreach(json_object_get(set, "without"), i, row)
      printf("  without %-10s %" G_GINT64_FORMAT " below k, %" G_GINT64_FORMAT " alone\n",
             cr_cli_text(row, "key"), cr_cli_int(row, "below_k"), cr_cli_int(row, "unique"));
  if (json_array_size(json_object_get(set, "smallest")) > 0)
    puts("  smallest classes (document, persons alike):");
  json_array_foreach(json_object_get(set, "smallest"), i, row) print_class(row);
}

void
cr_linkage_print(const json_t *report)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  json_t *row;
  gsize i;
  printf("LINKAGE: %" G_GINT64_FORMAT " documents of %" G_GINT64_FORMAT " persons\n\n",
         cr_cli_int(report, "documents"), cr_cli_int(report, "persons"));
  g_ptr_array_add(lines, g_strdup("key\tdocuments that tell it\tdifferent values"));
  json_array_foreach(json_object_get(report, "keys"), i, row) g_ptr_array_add(
      lines, g_strdup_printf("%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT, cr_cli_text(row, "key"),
                             cr_cli_int(row, "known"), cr_cli_int(row, "values")));
  g_ptr_array_add(lines, NULL);
  cr_cli_print_table((const char *const *)lines->pdata);
  json_array_foreach(json_object_get(report, "sets"), i, row) print_set(row);
  puts("\nSmallest sets of keys that single documents out (up to 3 keys):");
  json_array_foreach(json_object_get(report, "singling"), i, row)
  {
    g_autofree char *keys = join_names(json_object_get(row, "keys"), " + ");
    printf("  %-36s %" G_GINT64_FORMAT " documents\n", keys, cr_cli_int(row, "documents"));
  }
  if (json_array_size(json_object_get(report, "singling")) == 0)
    puts("  none");
}
