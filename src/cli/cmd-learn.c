/* learn: the project's own model, its versions and the way back. */
#include "cli/cli.h"
#include "cli/commands.h"
#include <chartroom/privacy.h>

#include <stdio.h>

static gint64
number(const json_t *object, const char *key)
{
  return (gint64)json_integer_value(json_object_get(object, key));
}

static double
percent(const json_t *report, const char *when, const char *set, const char *what)
{
  const json_t *figures = json_object_get(json_object_get(report, when), set);
  return 100 * json_real_value(json_object_get(figures, what));
}

static void
print_figures(const json_t *report)
{
  static const char *const sets[] = {"regression", "held"};
  for (guint i = 0; i < G_N_ELEMENTS(sets); i++)
    printf("  %-10s  cover %.2f %% -> %.2f %%, precision %.2f %% -> %.2f %%\n", sets[i],
           percent(report, "before", sets[i], "cover"), percent(report, "after", sets[i], "cover"),
           percent(report, "before", sets[i], "precision"), percent(report, "after", sets[i], "precision"));
}

static void
print_report(const json_t *report)
{
  if (json_is_true(json_object_get(report, "accepted")))
    printf("Version %" G_GINT64_FORMAT " is in use, learnt from %" G_GINT64_FORMAT " notes, %" G_GINT64_FORMAT
           " held back\n",
           number(report, "version"), number(report, "notes"), number(report, "held"));
  else
    printf("Kept out: %s\n", json_string_value(json_object_get(report, "why")));
  print_figures(report);
}

static void
print_versions(const json_t *list)
{
  const json_t *row;
  size_t i;
  printf("In use: %" G_GINT64_FORMAT "%s\n", number(list, "current"),
         number(list, "current") == 0 ? ", the program's own" : "");
  json_array_foreach(json_object_get(list, "versions"), i, row)
  {
    printf("%" G_GINT64_FORMAT "  %s  %s  %" G_GINT64_FORMAT " notes, %" G_GINT64_FORMAT " held back\n",
           number(row, "version"), json_string_value(json_object_get(row, "time")),
           json_string_value(json_object_get(row, "member")), number(row, "notes"), number(row, "held"));
    print_figures(row);
  }
}

static int
report(const CrCli *cli, const json_t *result, gboolean versions, gboolean rollback)
{
  if (cli->json)
    cr_cli_print_json(result);
  else if (versions)
    print_versions(result);
  else if (rollback)
    printf("In use: %" G_GINT64_FORMAT "\n", number(result, "version"));
  else
    print_report(result);
  return versions || rollback || json_is_true(json_object_get(result, "accepted")) ? CR_EXIT_DONE
                                                                                   : CR_EXIT_FINDINGS;
}

int
cr_cmd_learn(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_autofree char *language = NULL;
  gboolean versions = FALSE, rollback = FALSE;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"language", 0, 0, G_OPTION_ARG_STRING, &language, "Of the notes (default en)", "LANGUAGE"},
      {"versions", 0, 0, G_OPTION_ARG_NONE, &versions, "List the versions and their figures", NULL},
      {"rollback", 0, 0, G_OPTION_ARG_NONE, &rollback, "Go back to the version before", NULL},
      {NULL}};
  if (!cr_cli_parse(&cli, argc, argv, CR_CLI_PROJECT, "PROJECT",
                    "Teaches the project's own model what the privacy reviewers decided, in seconds and on "
                    "this machine. It is\nkept only where it finds no less than before in notes that are "
                    "frozen for that; else the exit status is 1.",
                    entries, 1, 1, &status))
    return status;
  if (versions && rollback)
    return cr_cli_usage(&cli, "either --versions or --rollback");
  CrProject *p = cr_cli_open(&cli, &error);
  if (!p)
    return cr_cli_fail(&cli, error);
  g_autoptr(json_t) result = versions   ? cr_project_learn_versions(p, language, &error)
                             : rollback ? cr_project_learn_rollback(p, language, &error)
                                        : cr_project_learn(p, language, &error);
  return cr_cli_close(&cli, p, result ? report(&cli, result, versions, rollback) : cr_cli_fail(&cli, error));
}
