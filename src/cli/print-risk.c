/* print-risk.c: residual risk for people: the sentence first, then the figures by kind. */
#include "cli/lines.h"
#include "cli/quality.h"
#include <chartroom/quality.h>
#include <chartroom/risk.h>

#include <stdio.h>

enum { WORDS_SHOWN = 20 };

static void
add_kind(GPtrArray *lines, const char *kind, const json_t *row)
{
  g_autofree char *missed = cr_risk_figure_text(json_object_get(row, "missed"), 1),
                  *pooled = cr_risk_figure_text(json_object_get(row, "missed_pooled"), 1),
                  *least = cr_risk_figure_text(json_object_get(row, "missed_at_least"), 1);
  g_ptr_array_add(lines, g_strdup_printf("%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT
                                         "\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s\t%s\t%s",
                                         kind, cr_cli_int(row, "found"), cr_cli_int(row, "both"),
                                         cr_cli_int(row, "first_only"), cr_cli_int(row, "second_only"),
                                         cr_cli_int(row, "beyond_detector"), missed, pooled, least));
}

static void
print_kinds(const json_t *risk)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  json_t *row;
  gsize i;
  g_ptr_array_add(
      lines, g_strdup("kind\tfound\tboth\tfirst alone\tsecond alone\tbeyond detector\tmissed\tpooled\tat "
                      "least"));
  add_kind(lines, "all", json_object_get(risk, "all"));
  json_array_foreach(json_object_get(risk, "kinds"), i, row) add_kind(lines, cr_cli_text(row, "kind"), row);
  g_ptr_array_add(lines, NULL);
  putchar('\n');
  cr_cli_print_table((const char *const *)lines->pdata);
  puts("\nmissed: by all three, 95 % interval; the reviewers are taken as independent given the detector "
       "(Chapman 1951 "
       "apart for what it\nshowed and what it did not). pooled: as if the detector had shown them nothing, "
       "which is too "
       "hopeful. at least: Chao (1987).");
}

static void
print_left(const json_t *risk)
{
  const json_t *left = json_object_get(json_object_get(risk, "all"), "left");
  g_autofree char *text = cr_risk_figure_text(left, 100);
  if (json_is_number(json_object_get(left, "value")))
    printf("Of all identifiers that were there, %s %% are estimated to be left.\n", text);
}

/* ---- what masking took ---- */

static void
print_words(const json_t *utility)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  json_t *row;
  gsize i;
  g_ptr_array_add(lines, g_strdup("word\tclass\tmasked\tof"));
  json_array_foreach(json_object_get(utility, "words"), i, row) g_ptr_array_add(
      lines, g_strdup_printf("%s\t%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT, cr_cli_text(row, "word"),
                             cr_cli_text(row, "class"), cr_cli_int(row, "masked"), cr_cli_int(row, "all")));
  if (lines->len == 1)
    return;
  g_ptr_array_add(lines, NULL);
  putchar('\n');
  cr_cli_print_table((const char *const *)lines->pdata);
}

static void
print_utility(const json_t *utility)
{
  g_autofree char *share = cr_risk_figure_text(json_object_get(utility, "share"), 100),
                  *precision = cr_risk_figure_text(json_object_get(utility, "precision"), 100);
  const char *class;
  json_t *row;
  printf("\nOf the clinical words %s %% were masked; of %" G_GINT64_FORMAT
         " words masked, %s %% are on no clinical list.\n",
         share, cr_cli_int(utility, "words_masked"), precision);
  json_object_foreach(json_object_get(utility, "classes"), class, row)
      printf("  %-8s %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " masked\n", class, cr_cli_int(row, "masked"),
             cr_cli_int(row, "all"));
  print_words(utility);
}

static void
print_clinical(const json_t *clinical)
{
  g_autofree char *share = cr_risk_figure_text(json_object_get(clinical, "share"), 100);
  if (json_is_object(clinical))
    printf("\nOf %" G_GINT64_FORMAT " clinical words %" G_GINT64_FORMAT
           " were masked: %s %%. A privacy reviewer is told which.\n",
           cr_cli_int(clinical, "all"), cr_cli_int(clinical, "masked"), share);
}

/* NULL without error where the member may not open the originals. */
static json_t *
load_utility(CrProject *p, GError **error)
{
  g_autoptr(GError) local = NULL;
  json_t *utility = cr_quality_utility(p, WORDS_SHOWN, cr_cli_progress, NULL, &local);
  if (local && !g_error_matches(local, CR_ERROR, CR_ERROR_NOT_PERMITTED))
    g_propagate_error(error, g_steal_pointer(&local));
  cr_cli_progress_end();
  return utility;
}

int
cr_cli_judge_review(CrCli *cli, CrProject *p)
{
  GError *error = NULL;
  g_autoptr(json_t) risk = cr_quality_risk(p, &error);
  g_autoptr(json_t) utility = risk ? load_utility(p, &error) : NULL;
  if (error)
    return cr_cli_fail(cli, error);
  if (cli->json) {
    json_object_set(risk, "utility", utility ? utility : json_null());
    cr_cli_print_json(risk);
    return CR_EXIT_DONE;
  }
  printf("%" G_GINT64_FORMAT " cleared notes, %" G_GINT64_FORMAT
         " of them read by two privacy reviewers\n%s\n",
         cr_cli_int(risk, "notes"), cr_cli_int(risk, "read_twice"), cr_cli_text(risk, "statement"));
  print_left(risk);
  if (cr_cli_int(risk, "read_twice") > 0)
    print_kinds(risk);
  if (utility)
    print_utility(utility);
  else
    print_clinical(json_object_get(risk, "clinical"));
  return CR_EXIT_DONE;
}
