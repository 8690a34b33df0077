/* assign: notes are drawn and given to readers. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include <chartroom/reading.h>

#include <stdio.h>
#include <string.h>

typedef struct {
  char *batch, *readers, *overlap, *notes, *seed;
  gboolean again;
} AssignArguments;

static void
assign_arguments_clear(AssignArguments *a)
{
  g_free(a->batch), g_free(a->readers), g_free(a->overlap), g_free(a->notes), g_free(a->seed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AssignArguments, assign_arguments_clear)

static gboolean
read_options(const AssignArguments *a, CrAssignOptions *o, GError **error)
{
  o->batch = a->batch;
  o->again = a->again;
  o->overlap = -1;
  o->seed = -1;
  return (!a->overlap || cr_cli_parse_share(a->overlap, &o->overlap, error)) &&
         (!a->notes || cr_cli_parse_number("--notes", a->notes, &o->n_notes, error)) &&
         (!a->seed || cr_cli_parse_number("--seed", a->seed, &o->seed, error));
}

static void
print_assignment(const json_t *result)
{
  json_t *row;
  gsize i;
  printf("Batch %s%s, round %" G_GINT64_FORMAT ": %" G_GINT64_FORMAT " notes, %" G_GINT64_FORMAT
         " of them for two readers, under version %" G_GINT64_FORMAT
         " of the guidelines (seed %" G_GINT64_FORMAT ")\n",
         cr_cli_text(result, "batch"), json_is_true(json_object_get(result, "pilot")) ? " (the pilot)" : "",
         cr_cli_int(result, "round"), cr_cli_int(result, "notes"), cr_cli_int(result, "twice"),
         cr_cli_int(result, "guidelines"), cr_cli_int(result, "seed"));
  json_array_foreach(json_object_get(result, "readers"), i, row)
      printf("  %s reads %" G_GINT64_FORMAT "\n", cr_cli_text(row, "member"), cr_cli_int(row, "notes"));
}

int
cr_cmd_assign(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_auto(AssignArguments) a = {0};
  CrAssignOptions options = {0};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"batch", 0, 0, G_OPTION_ARG_STRING, &a.batch, "Name of the reading batch", "NAME"},
      {"readers", 0, 0, G_OPTION_ARG_STRING, &a.readers, "Who reads: codes or names", "A,B"},
      {"overlap", 0, 0, G_OPTION_ARG_STRING, &a.overlap, "Share of the notes for a second reader (20%)",
       "SHARE"},
      {"notes", 0, 0, G_OPTION_ARG_STRING, &a.notes, "How many (the pilot's size at first, then all)", "N"},
      {"seed", 0, 0, G_OPTION_ARG_STRING, &a.seed, "Of the draw (else drawn; it stands in the trail)", "S"},
      {"again", 0, 0, G_OPTION_ARG_NONE, &a.again, "A new round of the batch under the newest guidelines",
       NULL},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT --batch NAME --readers A,B [--overlap 20%]",
          "Draws cleared notes into a reading batch and gives each to a reader, some to two. The first "
          "batch is the pilot: the\n"
          "next begins when the pilot is approved and its readers agree well enough (gate G3).\n\n"
          "Example: chartroom assign p.chartroom --batch pilot --readers anna,ben --overlap 30%",
          entries, 1, 1, &status))
    return status;
  if (!a.batch || (!a.readers && !a.again))
    return cr_cli_usage(&cli, "assign needs --batch and --readers");
  g_auto(GStrv) readers = a.readers ? g_strsplit(a.readers, ",", -1) : NULL;
  for (guint i = 0; readers && readers[i]; i++)
    g_strstrip(readers[i]);
  options.readers = (const char *const *)readers;
  if (!read_options(&a, &options, &error))
    return cr_cli_fail(&cli, error);
  CrProject *p = cr_cli_open(&cli, &error);
  if (!p)
    return cr_cli_fail(&cli, error);
  g_autoptr(json_t) result = cr_reading_assign(p, &options, &error);
  if (result && cli.json)
    cr_cli_print_json(result);
  else if (result)
    print_assignment(result);
  return cr_cli_close(&cli, p, result ? CR_EXIT_DONE : cr_cli_fail(&cli, error));
}
