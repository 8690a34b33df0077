/* label: a reader's queue, notes, and findings from a file. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include <chartroom/reading.h>

#include <stdio.h>
#include <string.h>

typedef struct {
  char *file, *leak, *ask;
  gboolean all, repair, check;
} LabelOptions;

static void
label_options_clear(LabelOptions *o)
{
  g_free(o->file), g_free(o->leak), g_free(o->ask);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LabelOptions, label_options_clear)

/* ---- reading ---- */

static int
list_tasks(CrCli *cli, CrProject *p)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  g_autoptr(json_t) tasks = cr_reading_tasks(p, FALSE, &error);
  if (!tasks)
    return cr_cli_fail(cli, error);
  if (cli->json) {
    cr_cli_print_json_lines(tasks);
    return CR_EXIT_DONE;
  }
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(lines, g_strdup("note\tbatch\tround\ttask\tstate"));
  json_array_foreach(tasks, i, row)
      g_ptr_array_add(lines, g_strdup_printf("%s\t%s\t%" G_GINT64_FORMAT "\t%s\t%s", cr_cli_text(row, "note"),
                                             cr_cli_text(row, "batch"), cr_cli_int(row, "round"),
                                             cr_cli_text(row, "task"), cr_cli_text(row, "state")));
  g_ptr_array_add(lines, NULL);
  cr_cli_print_table((const char *const *)lines->pdata);
  return CR_EXIT_DONE;
}

static gboolean
print_note(CrProject *p, const char *note, GError **error)
{
  g_autoptr(json_t) line = cr_reading_open_note(p, note, error);
  if (line)
    cr_cli_print_json(line);
  return line != NULL;
}

/* The member's notes as document lines: to be labelled with any tool and given back with --file. */
static int
print_notes(CrCli *cli, CrProject *p, gboolean all)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  if (!all)
    return print_note(p, cli->rest[1], &error) ? CR_EXIT_DONE : cr_cli_fail(cli, error);
  g_autoptr(json_t) tasks = cr_reading_tasks(p, FALSE, &error);
  if (!tasks)
    return cr_cli_fail(cli, error);
  json_array_foreach(tasks, i, row)
  {
    const char *state = cr_cli_text(row, "state");
    if (!g_str_equal(state, "assigned") && !g_str_equal(state, "labelled"))
      continue;
    if (!print_note(p, cr_cli_text(row, "note"), &error))
      return cr_cli_fail(cli, error);
  }
  return CR_EXIT_DONE;
}

/* ---- taking a file in ---- */

/* The lines that are about NOTE; one line without an id is about it too. */
static json_t *
choose_lines(CrCli *cli, const LabelOptions *o, GError **error)
{
  g_autoptr(json_t) lines = cr_cli_read_lines(o->file, error), chosen = json_array();
  json_t *line;
  gsize i;
  if (!lines || o->all)
    return g_steal_pointer(&lines);
  json_array_foreach(lines, i, line)
  {
    if (!json_object_get(line, "id"))
      json_object_set_new(line, "id", json_string(cli->rest[1]));
    if (g_str_equal(cr_cli_text(line, "id"), cli->rest[1]))
      json_array_append(chosen, line);
  }
  if (json_array_size(chosen) > 0)
    return g_steal_pointer(&chosen);
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s: no line is about note %s", o->file, cli->rest[1]);
  return NULL;
}

/* For the eyes of the file's owner, who may read the note. */
static void
print_problem(const json_t *row)
{
  json_t *nearest = json_object_get(row, "nearest");
  gint64 n = cr_cli_int(row, "occurrences");
  g_autofree char *said = cr_cli_plain(cr_cli_text(row, "said"), FALSE),
                  *found = cr_cli_plain(cr_cli_text(row, "found"), FALSE);
  printf("  %s %s %s %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT ": the label says \"%s\", there stands \"%s\"",
         cr_cli_text(row, "note"), cr_cli_text(row, "entity"), cr_cli_text(row, "label"),
         cr_cli_int(row, "start"), cr_cli_int(row, "end"), said, found);
  if (json_is_array(nearest))
    printf("; nearest match %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT ", %s",
           (gint64)json_integer_value(json_array_get(nearest, 0)),
           (gint64)json_integer_value(json_array_get(nearest, 1)),
           n == 1 ? "the only one" : "one of several");
  putchar('\n');
}

static int
fail_with_problems(CrCli *cli, json_t *problems, GError *error)
{
  json_t *row;
  gsize i;
  if (cli->json && json_array_size(problems) > 0) {
    g_autoptr(json_t) all = json_pack("{s:O}", "problems", problems);
    cr_cli_print_json(all);
  } else
    json_array_foreach(problems, i, row) print_problem(row);
  return cr_cli_fail(cli, error);
}

static void
print_repairs(const json_t *report)
{
  json_t *row;
  gsize i;
  json_array_foreach(json_object_get(report, "repaired"), i, row)
  {
    json_t *from = json_object_get(row, "from"), *to = json_object_get(row, "to");
    printf("    repaired %s %s: %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT " -> %" G_GINT64_FORMAT
           "-%" G_GINT64_FORMAT "\n",
           cr_cli_text(row, "entity"), cr_cli_text(row, "label"),
           (gint64)json_integer_value(json_array_get(from, 0)),
           (gint64)json_integer_value(json_array_get(from, 1)),
           (gint64)json_integer_value(json_array_get(to, 0)),
           (gint64)json_integer_value(json_array_get(to, 1)));
  }
}

static void
print_report(const json_t *report, gboolean checked_only)
{
  json_t *row;
  gsize i;
  json_array_foreach((json_t *)report, i, row)
  {
    if (checked_only)
      printf("%s  fits\n", cr_cli_text(row, "note"));
    else
      printf("%s  %" G_GINT64_FORMAT " added, %" G_GINT64_FORMAT " moved, %" G_GINT64_FORMAT
             " changed, %" G_GINT64_FORMAT " removed, %" G_GINT64_FORMAT " links; now %s\n",
             cr_cli_text(row, "note"), cr_cli_int(row, "added"), cr_cli_int(row, "moved"),
             cr_cli_int(row, "changed") + cr_cli_int(row, "relabelled"), cr_cli_int(row, "removed"),
             cr_cli_int(row, "links"), cr_cli_text(row, "state"));
    print_repairs(row);
  }
}

static int
take_file(CrCli *cli, CrProject *p, const LabelOptions *o)
{
  GError *error = NULL;
  g_autoptr(json_t) problems = NULL, lines = choose_lines(cli, o, &error);
  guint flags = (o->repair ? CR_LABEL_REPAIR : 0) | (o->check ? CR_LABEL_CHECK_ONLY : 0);
  g_autoptr(json_t) report = lines ? cr_reading_label(p, lines, flags, &problems, &error) : NULL;
  if (!report)
    return fail_with_problems(cli, problems, error);
  if (cli->json)
    cr_cli_print_json_lines(report);
  else
    print_report(report, o->check);
  return CR_EXIT_DONE;
}

/* ---- telling ---- */

static int
tell(CrCli *cli, CrProject *p, const LabelOptions *o)
{
  GError *error = NULL;
  gboolean ok = o->leak ? cr_reading_report_leak(p, cli->rest[1], o->leak, &error)
                        : cr_reading_ask(p, cli->rest[1], o->ask, &error);
  if (!ok)
    return cr_cli_fail(cli, error);
  if (!cli->json)
    puts(o->leak ? "The note is out of every queue and back in privacy review."
                 : "The lead will see the question.");
  return CR_EXIT_DONE;
}

static int
run(CrCli *cli, CrProject *p, const LabelOptions *o)
{
  if (o->leak || o->ask)
    return tell(cli, p, o);
  if (o->file)
    return take_file(cli, p, o);
  return cli->n_rest == 1 && !o->all ? list_tasks(cli, p) : print_notes(cli, p, o->all);
}

int
cr_cmd_label(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_auto(LabelOptions) o = {0};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"file", 0, 0, G_OPTION_ARG_FILENAME, &o.file,
       "Label file: JSON lines, one a note (- for standard input)", "FILE"},
      {"all", 0, 0, G_OPTION_ARG_NONE, &o.all, "Every note of the file, or of your queue", NULL},
      {"repair", 0, 0, G_OPTION_ARG_NONE, &o.repair,
       "Move labels whose text fits one place only; each move is in the trail", NULL},
      {"check", 0, 0, G_OPTION_ARG_NONE, &o.check, "Check the file, change nothing", NULL},
      {"leak", 0, 0, G_OPTION_ARG_STRING, &o.leak, "Report an identifier that was missed", "WHAT"},
      {"ask", 0, 0, G_OPTION_ARG_STRING, &o.ask, "Ask the lead: the guidelines do not say", "QUESTION"},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT [NOTE | --all] [--file FILE]",
          "Without a NOTE: your queue. With a NOTE or --all: the cleared notes with your findings, as JSON "
          "lines to "
          "label with any\n"
          "tool. With --file: takes such lines in, as your findings; they replace your earlier ones of the "
          "notes.\n\n"
          "A line: {\"id\", \"entities\": [{\"id\", \"start\", \"end\", \"label\", \"text\", \"fragments\", "
          "\"attributes\"}], \"relations\":\n"
          "[{\"type\", \"from\", \"to\"}], \"answers\": {question: choice}, \"guidelines\": 1, \"done\": "
          "true}. Offsets "
          "count Unicode code points,\n"
          "half-open, in the cleared text; \"text\" must be what stands there. All notes of the file or "
          "none.\n\n"
          "Example: chartroom label p.chartroom --all --file labels-A.jsonl",
          entries, 1, 2, &status))
    return status;
  if ((o.leak || o.ask || (o.file && !o.all)) && cli.n_rest < 2)
    return cr_cli_usage(&cli, "label needs a NOTE (or, with --file, --all)");
  CrProject *p = cr_cli_open(&cli, &error);
  return p ? cr_cli_close(&cli, p, run(&cli, p, &o)) : cr_cli_fail(&cli, error);
}
