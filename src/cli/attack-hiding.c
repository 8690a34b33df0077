/* attack-hiding.c: how many of the originals that were left an attacker tells from the surrogates around
 * them. */
#include "cli/attack.h"
#include "cli/export-docs.h"
#include "cli/lines.h"
#include <chartroom/risk.h>

#include <stdio.h>
#include <string.h>

enum { EXAMPLES = 20, MAX_RULES = 8 };

struct CrHidingRun {
  const CrAttackOptions *o;
  CrHiding *attacker;
  GHashTable *leaks;     /* id -> GArray of CrSpan, code points */
  GHashTable *originals; /* id -> text */
  GRand *rand;           /* of the simulation */
  GPtrArray *ids;        /* of the documents, in order */
  guint64 n_leaks, n_surrogates;
};

void
cr_hiding_run_free(CrHidingRun *run)
{
  if (!run)
    return;
  g_clear_pointer(&run->attacker, cr_hiding_free);
  g_clear_pointer(&run->leaks, g_hash_table_unref);
  g_clear_pointer(&run->originals, g_hash_table_unref);
  g_clear_pointer(&run->rand, g_rand_free);
  g_clear_pointer(&run->ids, g_ptr_array_unref);
  g_free(run);
}

/* ---- what is true ---- */

/* {"start","end"}, or with prefix "old_" those; FALSE where they are no offsets. */
static gboolean
span_of(const json_t *row, const char *start, const char *end, CrSpan *span)
{
  const json_t *a = json_object_get(row, start), *b = json_object_get(row, end);
  if (!json_is_integer(a) || !json_is_integer(b) || json_integer_value(a) < 0 ||
      json_integer_value(b) < json_integer_value(a))
    return FALSE;
  *span = (CrSpan){(gsize)json_integer_value(a), (gsize)json_integer_value(b)};
  return TRUE;
}

static gboolean
load_leaks(CrHidingRun *run, GError **error)
{
  g_autoptr(json_t) lines = cr_cli_read_lines(run->o->leaks, error);
  json_t *line;
  gsize i;
  if (!lines)
    return FALSE;
  json_array_foreach(lines, i, line)
  {
    const char *id = json_string_value(json_object_get(line, "id"));
    CrSpan span;
    if (!id || !span_of(line, "start", "end", &span)) {
      g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "%s:%zu: a leak has \"id\", \"start\" and \"end\"",
                  run->o->leaks, i + 1);
      return FALSE;
    }
    GArray *spans = g_hash_table_lookup(run->leaks, id);
    if (!spans) {
      spans = g_array_new(FALSE, FALSE, sizeof(CrSpan));
      g_hash_table_insert(run->leaks, g_strdup(id), spans);
    }
    g_array_append_val(spans, span);
  }
  return TRUE;
}

static gboolean
original_cb(json_t *document, gpointer user_data, GError **error)
{
  CrHidingRun *run = user_data;
  g_hash_table_insert(run->originals, g_strdup(json_string_value(json_object_get(document, "id"))),
                      g_strdup(json_string_value(json_object_get(document, "text"))));
  return TRUE;
}

static void
unref_array(gpointer array)
{
  g_array_unref(array);
}

CrHidingRun *
cr_hiding_run_new(const CrAttackOptions *o, GError **error)
{
  g_autoptr(CrHidingRun) run = g_new0(CrHidingRun, 1);
  guint32 seed[2] = {(guint32)o->seed, (guint32)((guint64)o->seed >> 32)};
  run->o = o;
  run->leaks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_array);
  run->originals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  run->ids = g_ptr_array_new_with_free_func(g_free);
  run->rand = g_rand_new_with_seed_array(seed, 2);
  run->attacker = cr_hiding_new(NULL, o->language, error);
  if (!run->attacker || (o->leaks && !load_leaks(run, error)) ||
      (o->originals && !cr_export_walk(o->originals, original_cb, run, error)))
    return NULL;
  return g_steal_pointer(&run);
}

/* ---- one document ---- */

/* The document as the attacker gets it, with what is true of it. */
typedef struct {
  CrText *text;
  GArray *surrogates, *leaks; /* CrSpan, bytes */
} Prepared;

static void
prepared_clear(Prepared *p)
{
  g_clear_pointer(&p->text, cr_text_unref);
  g_clear_pointer(&p->surrogates, g_array_unref);
  g_clear_pointer(&p->leaks, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Prepared, prepared_clear)

static gboolean
refuse_map(const CrHidingRun *run, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_SPAN_OUTSIDE,
              "document %u: its \"map\" does not fit its text or its original", run->ids->len);
  return FALSE;
}

/* Puts back the original of one replacement, or leaves the surrogate. out is the text so far, *at the byte of
 * the exported text up to which it is copied. */
static gboolean
copy_replacement(CrHidingRun *run, const CrText *exported, const CrText *original, const json_t *row,
                 GString *out, gsize *at, Prepared *p, GError **error)
{
  CrSpan cp, old_cp, now, old;
  if (!span_of(row, "start", "end", &cp) ||
      !cr_span_from_unit(exported, CR_UNIT_CODE_POINT, cp.start, cp.end, &now, NULL) || now.start < *at)
    return refuse_map(run, error);
  gboolean leave = original && g_rand_double(run->rand) < run->o->simulate;
  if (leave && (!span_of(row, "old_start", "old_end", &old_cp) ||
                !cr_span_from_unit(original, CR_UNIT_CODE_POINT, old_cp.start, old_cp.end, &old, NULL)))
    return refuse_map(run, error);
  const CrText *from = leave ? original : exported;
  CrSpan span = leave ? old : now;
  g_string_append_len(out, cr_text_bytes(exported) + *at, (gssize)(now.start - *at));
  CrSpan placed = {out->len, out->len + (span.end - span.start)};
  g_string_append_len(out, cr_text_bytes(from) + span.start, (gssize)(span.end - span.start));
  g_array_append_val(leave ? p->leaks : p->surrogates, placed);
  *at = now.end;
  return TRUE;
}

static gboolean
prepare(CrHidingRun *run, const json_t *document, const char *id, Prepared *p, GError **error)
{
  const char *old = g_hash_table_lookup(run->originals, id);
  g_autoptr(CrText) exported = cr_attack_text(document, error);
  g_autoptr(CrText) original = exported && old ? cr_text_new(old, -1, error) : NULL;
  g_autoptr(GString) out = g_string_new(NULL);
  const json_t *row;
  gsize i, at = 0;
  if (!exported || (old && !original))
    return FALSE;
  if (run->o->simulate > 0 && !original) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s: it has no original of document %u",
                run->o->originals, run->ids->len);
    return FALSE;
  }
  json_array_foreach(
      json_object_get(document, "map"), i,
      row) if (!copy_replacement(run, exported, original, row, out, &at, p, error)) return FALSE;
  g_string_append_len(out, cr_text_bytes(exported) + at,
                      (gssize)(cr_text_length(exported, CR_UNIT_BYTE) - at));
  p->text = cr_text_new(out->str, (gssize)out->len, error);
  return p->text != NULL;
}

/* Leaks that the user names; they count in the exported text, which no simulation has changed. */
static gboolean
add_named(CrHidingRun *run, const char *id, Prepared *p, GError **error)
{
  const GArray *named = g_hash_table_lookup(run->leaks, id);
  for (guint i = 0; named && i < named->len; i++) {
    CrSpan cp = g_array_index(named, CrSpan, i), span;
    if (!cr_span_from_unit(p->text, CR_UNIT_CODE_POINT, cp.start, cp.end, &span, error)) {
      g_prefix_error(error, "%s: ", run->o->leaks);
      return FALSE;
    }
    g_array_append_val(p->leaks, span);
  }
  g_hash_table_remove(run->leaks, id);
  return TRUE;
}

gboolean
cr_hiding_run_add(CrHidingRun *run, const json_t *document, GError **error)
{
  const char *id = json_string_value(json_object_get(document, "id"));
  g_auto(Prepared)
      p = {NULL, g_array_new(FALSE, FALSE, sizeof(CrSpan)), g_array_new(FALSE, FALSE, sizeof(CrSpan))};
  g_ptr_array_add(run->ids, g_strdup(id));
  if (!prepare(run, document, id, &p, error) || !add_named(run, id, &p, error))
    return FALSE;
  cr_hiding_add(run->attacker, p.text, cr_attack_person(document), p.surrogates, p.leaks);
  run->n_leaks += p.leaks->len;
  run->n_surrogates += p.surrogates->len;
  return TRUE;
}

/* ---- the report ---- */

static guint
n_rules(guint mask)
{
  guint n = 0;
  for (; mask; mask &= mask - 1)
    n++;
  return n;
}

/* Guesses of which at least so many of the mask's rules hold, and the distinct leaks among them. */
typedef struct {
  guint64 guesses, right, leaks;
} Tally;

static Tally
tally(const GArray *guesses, guint mask, guint least, int group)
{
  Tally t = {0};
  guint last_document = G_MAXUINT;
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < guesses->len; i++) {
    const CrHidingGuess *g = &g_array_index(guesses, CrHidingGuess, i);
    if ((group >= 0 && (int)g->group != group) || n_rules(g->rules & mask) < least)
      continue;
    if (g->document != last_document)
      g_hash_table_remove_all(seen);
    last_document = g->document;
    t.guesses++;
    if (g->truth != CR_HIDING_LEAK)
      continue;
    t.right++;
    t.leaks += g_hash_table_add(seen, GUINT_TO_POINTER(g->leak + 1));
  }
  return t;
}

/* Leaks against surrogates by how many rules speak against each. */
static CrRiskFigure
told_apart(const GArray *guesses, int group)
{
  g_autoptr(GArray) leaks = g_array_new(FALSE, FALSE, sizeof(double)),
                    others = g_array_new(FALSE, FALSE, sizeof(double));
  for (guint i = 0; i < guesses->len; i++) {
    const CrHidingGuess *g = &g_array_index(guesses, CrHidingGuess, i);
    double score = n_rules(g->rules);
    if ((group >= 0 && (int)g->group != group) || g->truth == CR_HIDING_HARMLESS)
      continue;
    g_array_append_val(g->truth == CR_HIDING_LEAK ? leaks : others, score);
  }
  CrRiskFigure f =
      cr_risk_auc((double *)(void *)leaks->data, leaks->len, (double *)(void *)others->data, others->len);
  if (f.why && leaks->len > 0)
    f.why = "no surrogate stands where the attacker looks: nothing hides the leaks";
  return f;
}

static json_t *
rule_json(const CrHidingRun *run, const GArray *guesses, const CrHidingRule *rule, guint mask, guint least)
{
  Tally t = tally(guesses, mask, least, -1);
  CrRiskFigure precision = cr_risk_wilson(t.right, t.guesses), told = cr_risk_wilson(t.leaks, run->n_leaks);
  return json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:o}", "rule", rule->name, "why", rule->why, "guesses",
                   (json_int_t)t.guesses, "right", (json_int_t)t.right, "leaks", (json_int_t)t.leaks,
                   "precision", cr_risk_figure_json(&precision), "told", cr_risk_figure_json(&told));
}

static json_t *
rules_json(const CrHidingRun *run, const GArray *guesses)
{
  static const CrHidingRule together[] = {{"any", "one of them or more"}, {"several", "two of them or more"}};
  json_t *rows = json_array();
  guint all = 0;
  const CrHidingRule *rule;
  for (guint i = 0; (rule = cr_hiding_rule(i)); i++) {
    all |= 1u << i;
    json_array_append_new(rows, rule_json(run, guesses, rule, 1u << i, 1));
  }
  for (guint least = 1; least <= G_N_ELEMENTS(together); least++)
    json_array_append_new(rows, rule_json(run, guesses, &together[least - 1], all, least));
  return rows;
}

static json_t *
groups_json(const GArray *guesses)
{
  json_t *rows = json_array();
  for (guint group = 0; group < CR_HIDING_N_GROUPS; group++) {
    Tally t = tally(guesses, 0, 0, (int)group);
    CrRiskFigure apart = told_apart(guesses, (int)group);
    json_array_append_new(rows, json_pack("{s:s, s:I, s:I, s:o}", "group",
                                          cr_hiding_group_name((CrHidingGroup)group), "looked_at",
                                          (json_int_t)t.guesses, "leaks", (json_int_t)t.leaks, "told_apart",
                                          cr_risk_figure_json(&apart)));
  }
  return rows;
}

/* The words, for who asked for them: the attacker's surest guesses. */
static json_t *
examples_json(const CrHidingRun *run, const GArray *guesses)
{
  static const char *const truths[] = {"leak", "surrogate", "harmless"};
  json_t *rows = json_array();
  for (guint n = MAX_RULES; n > 0; n--)
    for (guint i = 0; i < guesses->len && json_array_size(rows) < EXAMPLES; i++) {
      const CrHidingGuess *g = &g_array_index(guesses, CrHidingGuess, i);
      if (n_rules(g->rules) == n)
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:i}", "id", run->ids->pdata[g->document],
                                              "words", g->words, "truth", truths[g->truth], "rules", (int)n));
    }
  return rows;
}

json_t *
cr_hiding_run_report(CrHidingRun *run, GError **error)
{
  if (g_hash_table_size(run->leaks) > 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s: it names %u documents that are not in the set",
                run->o->leaks, g_hash_table_size(run->leaks));
    return NULL;
  }
  const GArray *guesses = cr_hiding_finish(run->attacker);
  Tally all = tally(guesses, 0, 0, -1);
  CrRiskFigure base = cr_risk_wilson(all.right, all.guesses), apart = told_apart(guesses, -1);
  json_t *json = json_pack("{s:I, s:b, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "documents",
                           (json_int_t)run->ids->len, "simulated", (int)(run->o->simulate > 0), "surrogates",
                           (json_int_t)run->n_surrogates, "leaks", (json_int_t)run->n_leaks, "noticed",
                           (json_int_t)all.leaks, "looked_at", (json_int_t)all.guesses, "base",
                           cr_risk_figure_json(&base), "rules", rules_json(run, guesses), "told_apart",
                           cr_risk_figure_json(&apart), "groups", groups_json(guesses));
  if (run->o->simulate > 0) {
    json_object_set_new(json, "share", json_real(run->o->simulate));
    json_object_set_new(json, "seed", json_integer(run->o->seed));
  }
  if (run->o->show)
    json_object_set_new(json, "examples", examples_json(run, guesses));
  return json;
}

/* ---- for people ---- */

static void
print_rules(const json_t *report)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  json_t *row;
  gsize i;
  g_ptr_array_add(lines, g_strdup("rule\tguesses\tright\t% right (95 %)\t% of leaks told (95 %)"));
  json_array_foreach(json_object_get(report, "rules"), i, row)
  {
    g_autofree char *right = cr_risk_figure_text(json_object_get(row, "precision"), 100),
                    *told = cr_risk_figure_text(json_object_get(row, "told"), 100);
    g_ptr_array_add(lines, g_strdup_printf("%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s\t%s",
                                           cr_cli_text(row, "rule"), cr_cli_int(row, "guesses"),
                                           cr_cli_int(row, "right"), right, told));
  }
  g_ptr_array_add(lines, NULL);
  cr_cli_print_table((const char *const *)lines->pdata);
  json_array_foreach(json_object_get(report, "rules"), i, row)
      printf("  %s: %s\n", cr_cli_text(row, "rule"), cr_cli_text(row, "why"));
}

static void
print_apart(const char *what, const json_t *figure)
{
  g_autofree char *text = cr_risk_figure_text(figure, 1);
  const char *why = cr_cli_text(figure, "why");
  printf("  %-7s %s%s%s\n", what, text, *why ? ": " : "", why);
}

static void
print_examples(const json_t *examples)
{
  json_t *row;
  gsize i;
  json_array_foreach((json_t *)examples, i, row)
  {
    g_autofree char *words = cr_cli_plain(cr_cli_text(row, "words"), FALSE),
                    *id = cr_cli_plain(cr_cli_text(row, "id"), FALSE);
    printf("  %s  %-9s  %s\n", id, cr_cli_text(row, "truth"), words);
  }
}

void
cr_hiding_print(const json_t *report)
{
  g_autofree char *base = cr_risk_figure_text(json_object_get(report, "base"), 100);
  json_t *row;
  gsize i;
  printf("HIDING IN PLAIN SIGHT: %" G_GINT64_FORMAT " documents, %" G_GINT64_FORMAT
         " replacements, %" G_GINT64_FORMAT " originals left in them%s\n",
         cr_cli_int(report, "documents"), cr_cli_int(report, "surrogates"), cr_cli_int(report, "leaks"),
         json_is_true(json_object_get(report, "simulated")) ? " by lot" : "");
  printf("The attacker looks at %" G_GINT64_FORMAT " places, among them %" G_GINT64_FORMAT
         " of the leaks; guessing blindly he is right in %s %%.\n\n",
         cr_cli_int(report, "looked_at"), cr_cli_int(report, "noticed"), base);
  print_rules(report);
  puts("\nChance that a leak looks more like an original than a surrogate does (0.5: not told apart, 1: "
       "always):");
  print_apart("all", json_object_get(report, "told_apart"));
  json_array_foreach(json_object_get(report, "groups"), i, row)
      print_apart(cr_cli_text(row, "group"), json_object_get(row, "told_apart"));
  print_examples(json_object_get(report, "examples"));
}
