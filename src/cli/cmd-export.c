/* export: training data with its receipt and dataset card. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include <chartroom/release.h>

#include <stdio.h>
#include <string.h>

typedef struct {
  char *format, *out, *split, *seed, *batch;
  gboolean unlabelled, check;
} ExportArguments;

static void
export_arguments_clear(ExportArguments *a)
{
  g_free(a->format), g_free(a->out), g_free(a->split), g_free(a->seed), g_free(a->batch);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExportArguments, export_arguments_clear)

static void
print_gates(const json_t *gates)
{
  json_t *row;
  gsize i;
  json_array_foreach((json_t *)gates, i, row)
  {
    gboolean ready = json_is_true(json_object_get(row, "ready")),
             passed = json_is_true(json_object_get(row, "overridden"));
    const char *why = cr_cli_text(row, "why");
    printf("  %-10s %s: %s%s%s\n",
           passed  ? "OVERRIDDEN"
           : ready ? "met"
                   : "HOLDS",
           cr_cli_text(row, "gate"), cr_cli_text(row, "what"), *why ? ": " : "", why);
  }
}

static void
print_losses(const char *format, const json_t *kinds)
{
  const char *kind;
  json_t *n;
  printf("  %s does not carry:", format);
  json_object_foreach((json_t *)kinds, kind, n)
      printf(" %s (%" G_GINT64_FORMAT " notes)", kind, (gint64)json_integer_value(n));
  putchar('\n');
}

static void
print_leakage(const json_t *leakage, gsize n_parts)
{
  if (n_parts > 1 && cr_cli_int(leakage, "in_two_parts") > 0)
    printf("  %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
           " pairs of near duplicates stand in two parts (splits.json lists them)\n",
           cr_cli_int(leakage, "in_two_parts"), cr_cli_int(leakage, "near_duplicates"));
}

static void
print_export(const json_t *result)
{
  const char *name;
  json_t *row;
  printf("%s: %" G_GINT64_FORMAT " notes, %" G_GINT64_FORMAT " findings; every offset proved\n",
         cr_cli_text(result, "out"), cr_cli_int(result, "notes"), cr_cli_int(result, "entities"));
  json_object_foreach(json_object_get(result, "splits"), name, row) printf(
      "  %-6s %6" G_GINT64_FORMAT " notes of %" G_GINT64_FORMAT " patients, %" G_GINT64_FORMAT " findings\n",
      name, cr_cli_int(row, "notes"), cr_cli_int(row, "patients"), cr_cli_int(row, "entities"));
  print_leakage(json_object_get(result, "leakage"), json_object_size(json_object_get(result, "splits")));
  json_object_foreach(json_object_get(result, "not_carried"), name, row) print_losses(name, row);
  print_gates(json_object_get(result, "gates"));
  puts("  receipt.json proves the offsets, dataset-card.md says what this is");
}

static int
check(CrCli *cli, CrProject *p, const CrReleaseOptions *options)
{
  GError *error = NULL;
  g_autoptr(json_t) result = cr_release_check(p, options, cr_cli_progress, NULL, &error);
  cr_cli_progress_end();
  if (!result)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json(result);
  else
    print_gates(json_object_get(result, "gates"));
  return json_is_true(json_object_get(result, "ready")) ? CR_EXIT_DONE : CR_EXIT_FINDINGS;
}

static int export(CrCli *cli, CrProject *p, const CrReleaseOptions *options)
{
  GError *error = NULL;
  g_autoptr(json_t) result = cr_release_export(p, options, cr_cli_progress, NULL, &error);
  cr_cli_progress_end();
  if (!result)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json(result);
  else
    print_export(result);
  return CR_EXIT_DONE;
}

int
cr_cmd_export(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_auto(ExportArguments) a = {0};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"format", 0, 0, G_OPTION_ARG_STRING, &a.format, "jsonl (default), csv, brat; several with commas",
       "FORMAT"},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &a.out, "Folder to make; an earlier export there is replaced",
       "DIR"},
      {"split", 0, 0, G_OPTION_ARG_STRING, &a.split, "Shares of train, dev and test; no patient in two",
       "80/10/10"},
      {"seed", 0, 0, G_OPTION_ARG_STRING, &a.seed, "Of the split (1)", "S"},
      {"unlabelled", 0, 0, G_OPTION_ARG_NONE, &a.unlabelled, "Cleared notes without labels", NULL},
      {"batch", 0, 0, G_OPTION_ARG_STRING, &a.batch, "Only the notes of this batch", "NAME"},
      {"check", 0, 0, G_OPTION_ARG_NONE, &a.check, "Only say what gate G4 asks for, and what is missing",
       NULL},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT --format jsonl,csv,brat --out DIR [--split 80/10/10]",
          "Gives out approved notes with their findings, behind gate G4: every note approved; no dispute, "
          "leak "
          "report or quality flag\n"
          "open; an over-sensitive scan of all that leaves answered; agreement at the floor; no patient in "
          "two "
          "parts; the trail\n"
          "verifies. DIR appears whole or not at all, with receipt.json, the dataset card, the guidelines "
          "and "
          "the agreement.\n\n"
          "Example: chartroom export p.chartroom --format jsonl,brat --split 80/10/10 --out release",
          entries, 1, 1, &status))
    return status;
  if (!a.out && !a.check)
    return cr_cli_usage(&cli, "export needs --out DIR");
  gint64 seed = -1;
  if (a.seed && !cr_cli_parse_number("--seed", a.seed, &seed, &error))
    return cr_cli_fail(&cli, error);
  g_auto(GStrv) formats = a.format ? g_strsplit(a.format, ",", -1) : NULL;
  CrReleaseOptions options = {.formats = (const char *const *)formats,
                              .out = a.out,
                              .split = a.split,
                              .seed = seed,
                              .unlabelled = a.unlabelled,
                              .batch = a.batch};
  CrProject *p = cr_cli_open(&cli, &error);
  if (!p)
    return cr_cli_fail(&cli, error);
  return cr_cli_close(&cli, p, a.check ? check(&cli, p, &options) : export(&cli, p, &options));
}
