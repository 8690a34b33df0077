/* agree PROJECT: how far the readers of a project agree. */
#include "cli/agree.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include <chartroom/reading.h>

#include <stdio.h>
#include <string.h>

static void
print_estimate(const char *name, const json_t *estimate)
{
  json_t *value = json_object_get(estimate, "value"), *low = json_object_get(estimate, "low");
  if (!estimate)
    return;
  if (!json_is_number(value)) {
    printf("  %-18s not defined\n", name);
    return;
  }
  printf("  %-18s %.3f", name, json_number_value(value));
  if (json_is_number(low))
    printf("  (95 %%: %.3f to %.3f)", json_number_value(low),
           json_number_value(json_object_get(estimate, "high")));
  putchar('\n');
}

static void
print_figures(const json_t *metrics)
{
  const json_t *f1 = json_object_get(metrics, "span_f1");
  print_estimate("kappa on tokens", json_object_get(metrics, "token_kappa"));
  print_estimate("span F1 strict", json_object_get(f1, "strict"));
  print_estimate("span F1 exact", json_object_get(f1, "exact"));
  print_estimate("span F1 partial", json_object_get(f1, "partial"));
  print_estimate("span F1 type", json_object_get(f1, "type"));
}

static void
print_labels(const json_t *per_label)
{
  const char *label;
  json_t *row;
  json_object_foreach((json_t *)per_label, label, row)
  {
    json_t *strict = json_object_get(json_object_get(json_object_get(row, "span_f1"), "strict"), "value"),
           *kappa = json_object_get(json_object_get(row, "token_kappa"), "value");
    printf("  %-18s", label);
    if (json_is_number(strict))
      printf(" F1 strict %.3f", json_number_value(strict));
    if (json_is_number(kappa))
      printf("  kappa %.3f", json_number_value(kappa));
    putchar('\n');
  }
}

static void
print_attributes(const json_t *attributes)
{
  const char *name;
  json_t *row;
  json_object_foreach((json_t *)attributes, name, row)
      printf("  attribute %-18s equal on %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " findings\n", name,
             cr_cli_int(row, "equal"), cr_cli_int(row, "findings"));
}

static void
print_batch(const json_t *batch)
{
  json_t *overall = json_object_get(batch, "overall"), *row;
  gsize i;
  printf("Batch %s, round %" G_GINT64_FORMAT ": %" G_GINT64_FORMAT " notes read by two (of %" G_GINT64_FORMAT
         " assigned to two); seed %" G_GINT64_FORMAT "\n",
         cr_cli_text(batch, "batch"), cr_cli_int(batch, "round"), cr_cli_int(batch, "notes"),
         cr_cli_int(batch, "assigned"), cr_cli_int(batch, "seed"));
  print_figures(overall);
  print_labels(json_object_get(overall, "per_label"));
  print_attributes(json_object_get(batch, "attributes"));
  json_array_foreach(json_object_get(overall, "warnings"), i, row)
      printf("  note: %s\n", json_is_string(row) ? json_string_value(row) : cr_cli_text(row, "message"));
  if (json_array_size(json_object_get(batch, "pairs")) > 1)
    json_array_foreach(json_object_get(batch, "pairs"), i, row)
    {
      json_t *readers = json_object_get(row, "readers");
      printf("  %s and %s, %" G_GINT64_FORMAT " notes:\n", json_string_value(json_array_get(readers, 0)),
             json_string_value(json_array_get(readers, 1)), cr_cli_int(row, "notes"));
      print_estimate("kappa on tokens", json_object_get(row, "token_kappa"));
    }
  printf("The floor of %.2f (%s) is %s.\n", json_number_value(json_object_get(batch, "floor")),
         cr_cli_text(batch, "metric"),
         json_is_true(json_object_get(batch, "reached")) ? "reached" : "not reached");
}

int
cr_cmd_project_agree(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_autofree char *batch = NULL, *seed = NULL, *ask = NULL;
  gboolean insight = FALSE, table = FALSE;
  gint64 used = -1, n_questions = 10;
  GError *error = NULL;
  json_t *row;
  gsize i;
  int status;
  const GOptionEntry entries[] = {
      {"batch", 0, 0, G_OPTION_ARG_STRING, &batch, "Only this reading batch", "NAME"},
      {"seed", 0, 0, G_OPTION_ARG_STRING, &seed, "Of the intervals (else the batch's)", "S"},
      {"insight", 0, 0, G_OPTION_ARG_NONE, &insight,
       "What the readers disagree about, ranked by what settling it would give back", NULL},
      {"table", 0, 0, G_OPTION_ARG_NONE, &table, "With --insight: one line a cluster, in columns", NULL},
      {"ask", 0, 0, G_OPTION_ARG_STRING, &ask,
       "With --insight: how many questions to the guidelines are kept (10)", "N"},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT [--batch NAME] [--insight [--table]]",
          "Compares the notes that two readers have read, batch by batch: kappa on tokens, span F1, per "
          "label and per pair of readers,\n"
          "with 95 % intervals over resampled notes. The result is recorded: gates G3 and G4 look at it. "
          "Notes on which both\n"
          "readings are equal go on; the others wait for `resolve`. Members are named by their codes.\n\n"
          "--insight sorts the differences by kind (bounds, type, missing, split, attributes, link, answer) "
          "and "
          "words, says how much\n"
          "agreement each cluster would give back if it were settled, and keeps the first as questions for "
          "the "
          "lead\n"
          "(`guidelines questions`). It quotes the cleared text. docs/quality.md has the definitions.",
          entries, 1, 1, &status))
    return status;
  if (seed && !cr_cli_parse_number("--seed", seed, &used, &error))
    return cr_cli_fail(&cli, error);
  if (ask && !cr_cli_parse_number("--ask", ask, &n_questions, &error))
    return cr_cli_fail(&cli, error);
  if ((table || ask) && !insight)
    return cr_cli_usage(&cli, "agree: --table and --ask go with --insight");
  CrProject *p = cr_cli_open(&cli, &error);
  if (!p)
    return cr_cli_fail(&cli, error);
  if (insight)
    return cr_cli_close(&cli, p, cr_agree_insight(&cli, p, batch, (guint)MIN(n_questions, 1000), table));
  g_autoptr(json_t) result = cr_reading_agree(p, batch, used, &error);
  if (result && cli.json)
    cr_cli_print_json_lines(result);
  else
    json_array_foreach(result, i, row) print_batch(row);
  return cr_cli_close(&cli, p, result ? CR_EXIT_DONE : cr_cli_fail(&cli, error));
}
