/* resolve: a senior reviewer settles what two readers see differently. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include <chartroom/reading.h>

#include <stdio.h>
#include <string.h>

static int
list(CrCli *cli, CrProject *p, const char *file)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  g_autoptr(json_t) result = cr_reading_resolve_list(p, &error);
  if (!result)
    return cr_cli_fail(cli, error);
  if (cli->json) {
    cr_cli_print_json(result);
    return CR_EXIT_DONE;
  }
  json_array_foreach(json_object_get(result, "open"), i, row)
      printf("%s  %s  %" G_GINT64_FORMAT " differences, %" G_GINT64_FORMAT " decided; waits for %s\n",
             cr_cli_text(row, "note"), cr_cli_text(row, "batch"), cr_cli_int(row, "differences"),
             cr_cli_int(row, "decided"), cr_cli_text(row, "waits"));
  printf("%zu notes are open, %" G_GINT64_FORMAT " need no decision, %" G_GINT64_FORMAT " are resolved\n",
         json_array_size(json_object_get(result, "open")), cr_cli_int(result, "agreed"),
         cr_cli_int(result, "resolved"));
  return CR_EXIT_DONE;
}

/* ---- one note ---- */

static void
print_side(const char *reader, const json_t *side)
{
  printf("      %s: ", reader);
  if (!json_is_object(side))
    puts("nothing");
  else if (json_object_get(side, "label")) {
    g_autofree char *attributes =
        json_object_get(side, "attributes") ? cr_json_dump(json_object_get(side, "attributes")) : NULL;
    printf("%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT " %s \"%s\" %s\n", cr_cli_int(side, "start"),
           cr_cli_int(side, "end"), cr_cli_text(side, "label"), cr_cli_text(side, "text"),
           attributes ? attributes : "");
  } else {
    g_autofree char *dumped = cr_json_dump(side);
    puts(dumped);
  }
}

static void
print_differences(const json_t *note)
{
  json_t *row, *unused;
  const char *reader;
  gsize i;
  printf("%s\n\n", cr_cli_text(note, "text"));
  json_array_foreach(json_object_get(note, "differences"), i, row)
  {
    printf("  %" G_GINT64_FORMAT ". %s%s\n", cr_cli_int(row, "difference"), cr_cli_text(row, "kind"),
           json_is_true(json_object_get(row, "critical")) ? " (critical: two senior reviewers)" : "");
    json_object_foreach(json_object_get(note, "readers"), reader, unused)
        print_side(reader, json_object_get(row, reader));
  }
}

static int
show(CrCli *cli, CrProject *p, const char *file)
{
  GError *error = NULL;
  if (cli->n_rest != 3)
    return cr_cli_usage(cli, "usage: chartroom resolve PROJECT show NOTE");
  g_autoptr(json_t) note = cr_reading_resolve_show(p, cli->rest[2], &error);
  if (!note)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json(note);
  else
    print_differences(note);
  return CR_EXIT_DONE;
}

static const char *
say_state(const char *state)
{
  if (g_str_equal(state, "final"))
    return "resolved";
  return g_str_equal(state, "second") ? "waits for a second senior reviewer" : "partly decided";
}

static int
decide(CrCli *cli, CrProject *p, const char *file)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  if (!file)
    return cr_cli_usage(cli, "resolve decide needs --file FILE");
  g_autoptr(json_t) lines = cr_cli_read_lines(file, &error);
  g_autoptr(json_t) report = lines ? cr_reading_resolve_decide(p, lines, &error) : NULL;
  if (!report)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json_lines(report);
  else
    json_array_foreach(report, i, row)
        printf("%s  %s%s%s\n", cr_cli_text(row, "note"), say_state(cr_cli_text(row, "state")),
               *cr_cli_text(row, "flags") ? "; flagged " : "", cr_cli_text(row, "flags"));
  return CR_EXIT_DONE;
}

static void
print_decisions(const json_t *decisions)
{
  const char *number;
  json_t *one;
  json_object_foreach((json_t *)decisions, number, one)
  {
    g_autofree char *reason = cr_cli_plain(cr_cli_text(one, "reason"), FALSE);
    printf("    %s: %s; %s\n", number, cr_cli_text(one, "take"), reason);
  }
}

/* Who decided what of a note, when and why. */
static int
history(CrCli *cli, CrProject *p, const char *file)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  if (cli->n_rest != 3)
    return cr_cli_usage(cli, "usage: chartroom resolve PROJECT history NOTE");
  g_autoptr(json_t) list = cr_reading_resolve_history(p, cli->rest[2], &error);
  if (!list)
    return cr_cli_fail(cli, error);
  if (cli->json) {
    cr_cli_print_json_lines(list);
    return CR_EXIT_DONE;
  }
  json_array_foreach(list, i, row)
  {
    const char *confirms = cr_cli_text(json_object_get(row, "confirms"), "resolver");
    g_autofree char *reason = cr_cli_plain(cr_cli_text(row, "reason"), FALSE);
    printf("%.19s  %s  %s%s%s%s%s; signature %s\n", cr_cli_text(row, "time"), cr_cli_text(row, "resolver"),
           say_state(cr_cli_text(row, "state")), *confirms ? "; confirms " : "", confirms,
           *reason ? "; " : "", reason,
           json_is_true(json_object_get(row, "signature_holds")) ? "holds" : "does NOT hold");
    print_decisions(json_object_get(row, "decisions"));
  }
  return CR_EXIT_DONE;
}

static const struct {
  const char *name;
  int (*run)(CrCli *cli, CrProject *p, const char *file);
} verbs[] = {{"list", list}, {"show", show}, {"decide", decide}, {"history", history}};

int
cr_cmd_resolve(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_autofree char *file = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"file", 0, 0, G_OPTION_ARG_FILENAME, &file, "decide: JSON lines (- for standard input)", "FILE"},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT list|show NOTE|decide --file FILE|history NOTE",
          "  list          notes whose readers differ\n"
          "  show NOTE     both readings, differences numbered\n"
          "  decide        {\"note\", \"difference\": 2, \"take\": \"M-…\" | \"both\" | \"none\", "
          "\"reason\"} for one,\n"
          "                {\"note\", \"take\": \"M-…\", \"reason\"} for the whole note,\n"
          "                {\"note\", \"entities\", \"relations\", \"reason\"} for a reading of one's own,\n"
          "                {\"note\", \"confirm\": true} for the other senior reviewer's\n"
          "  history NOTE  who decided what, when and why, and whether the signatures hold\n\n"
          "Nothing is decided by counting. A difference on a critical label needs two senior reviewers who "
          "come to "
          "the same findings;\n"
          "with one in the project the note is flagged, and the dataset card says so. Decisions are signed.",
          entries, 2, 3, &status))
    return status;
  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
    if (!g_str_equal(verbs[i].name, cli.rest[1]))
      continue;
    CrProject *p = cr_cli_open(&cli, &error);
    return p ? cr_cli_close(&cli, p, verbs[i].run(&cli, p, file)) : cr_cli_fail(&cli, error);
  }
  return cr_cli_usage(&cli, "resolve: there is no verb '%s'", cli.rest[1]);
}
