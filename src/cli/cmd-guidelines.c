/* guidelines: versions of what readers are asked to find. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include <chartroom/reading.h>

#include <stdio.h>
#include <string.h>

typedef struct {
  gboolean template, keep;
} GuidelinesOptions;

/* Which labels and questions the version affects, and which notes for it. */
static void
print_affected(const json_t *result)
{
  json_t *row, *name;
  gsize i, k;
  printf("Version %" G_GINT64_FORMAT " of the guidelines is published.\n", cr_cli_int(result, "version"));
  json_array_foreach(json_object_get(result, "affected"), i, row)
      printf("  %s %s: %s; %" G_GINT64_FORMAT " findings in %" G_GINT64_FORMAT " notes\n",
             cr_cli_text(row, "what"), cr_cli_text(row, "name"), cr_cli_text(row, "why"),
             cr_cli_int(row, "findings"), cr_cli_int(row, "notes"));
  json_array_foreach(json_object_get(result, "notes"), i, row)
  {
    printf("  %s  %s, was %s:", cr_cli_text(row, "note"), cr_cli_text(row, "batch"), cr_cli_text(row, "was"));
    json_array_foreach(json_object_get(row, "because"), k, name)
        printf("%s %s", k ? "," : "", json_string_value(name));
    putchar('\n');
  }
  if (json_array_size(json_object_get(result, "notes")) + (gsize)cr_cli_int(result, "kept") > 0)
    printf("%zu notes are affected, %" G_GINT64_FORMAT " of them queued to be read again; %" G_GINT64_FORMAT
           " keep their state.\n",
           json_array_size(json_object_get(result, "notes")), cr_cli_int(result, "queued"),
           cr_cli_int(result, "kept"));
}

static int
publish(CrCli *cli, CrProject *p, const GuidelinesOptions *o)
{
  GError *error = NULL;
  if (o->template != (cli->n_rest == 2))
    return cr_cli_usage(cli, "guidelines publish takes a FILE, or --template");
  g_autoptr(CrGuidelines) g = o->template ? NULL : cr_guidelines_load(cli->rest[2], &error);
  if (!g && !o->template)
    return cr_cli_fail(cli, error);
  g_autoptr(json_t) result = cr_reading_publish_report(p, g, o->keep ? CR_PUBLISH_KEEP : 0, &error);
  if (!result)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json(result);
  else
    print_affected(result);
  return CR_EXIT_DONE;
}

static void
print_labels(const CrGuidelines *g)
{
  const GPtrArray *labels = cr_guidelines_labels(g);
  printf("%s\n\n", cr_guidelines_title(g));
  for (guint i = 0; i < labels->len; i++) {
    const CrGuidelinesLabel *label = labels->pdata[i];
    g_autofree char *attributes = g_strjoinv(", ", label->attributes);
    printf("  %-14s %s%s%s%s%s\n", label->name, label->title ? label->title : "",
           label->critical ? " (critical: two senior reviewers)" : "", *attributes ? " [" : "", attributes,
           *attributes ? "]" : "");
    if (label->definition)
      printf("                 %s\n", label->definition);
  }
  printf("\n%s", cr_guidelines_markdown(g));
}

/* A version as typed; -1 (the newest) where none is. */
static gboolean
parse_version(const CrCli *cli, guint at, gint64 *version, GError **error)
{
  *version = -1;
  return cli->n_rest <= at || cr_cli_parse_number("a version", cli->rest[at], version, error);
}

static int
show(CrCli *cli, CrProject *p, const GuidelinesOptions *o)
{
  GError *error = NULL;
  gint64 version;
  g_autoptr(CrGuidelines) g =
      parse_version(cli, 2, &version, &error) ? cr_reading_guidelines(p, version, &error) : NULL;
  if (!g)
    return cr_cli_fail(cli, error);
  g_autoptr(json_t) json = cr_guidelines_to_json(g);
  if (cli->json)
    cr_cli_print_json(json);
  else
    print_labels(g);
  return CR_EXIT_DONE;
}

static int
diff(CrCli *cli, CrProject *p, const GuidelinesOptions *o)
{
  GError *error = NULL;
  gint64 a, b;
  if (cli->n_rest != 4)
    return cr_cli_usage(cli, "guidelines PROJECT diff takes two versions (0 is the template of init)");
  if (!parse_version(cli, 2, &a, &error) || !parse_version(cli, 3, &b, &error))
    return cr_cli_fail(cli, error);
  g_autoptr(CrGuidelines) old = cr_reading_guidelines(p, a, &error);
  g_autoptr(CrGuidelines) new = old ? cr_reading_guidelines(p, b, &error) : NULL;
  if (!new)
    return cr_cli_fail(cli, error);
  g_autoptr(json_t) changes = cr_guidelines_diff(old, new);
  g_autofree char *text = cr_guidelines_diff_text(changes);
  if (cli->json)
    cr_cli_print_json(changes);
  else
    fputs(text, stdout);
  return CR_EXIT_DONE;
}

static int
list(CrCli *cli, CrProject *p, const GuidelinesOptions *o)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  g_autoptr(json_t) versions = cr_reading_guidelines_list(p, &error);
  if (!versions)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json_lines(versions);
  else
    json_array_foreach(versions, i, row)
        printf("%3" G_GINT64_FORMAT "  %.19s  %s  %" G_GINT64_FORMAT " labels  %s\n",
               cr_cli_int(row, "version"), cr_cli_text(row, "time"), cr_cli_text(row, "member"),
               cr_cli_int(row, "labels"), cr_cli_text(row, "title"));
  return CR_EXIT_DONE;
}

static int
questions(CrCli *cli, CrProject *p, const GuidelinesOptions *o)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  g_autoptr(json_t) asked = cr_reading_questions(p, &error);
  if (!asked)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json_lines(asked);
  else
    json_array_foreach(asked, i, row)
        printf("%s  %.19s  %s%s  %s  under version %" G_GINT64_FORMAT "\n    %s\n",
               cr_cli_text(row, "question"), cr_cli_text(row, "time"), cr_cli_text(row, "reader"),
               g_str_equal(cr_cli_text(row, "from"), "insight") ? " (readings compared)" : "",
               cr_cli_text(row, "note"), cr_cli_int(row, "guidelines"), cr_cli_text(row, "text"));
  return CR_EXIT_DONE;
}

static const struct {
  const char *name;
  int (*run)(CrCli *cli, CrProject *p, const GuidelinesOptions *o);
} verbs[] = {{"publish", publish}, {"show", show}, {"diff", diff}, {"list", list}, {"questions", questions}};

int
cr_cmd_guidelines(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  GuidelinesOptions o = {0};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {{"template", 0, 0, G_OPTION_ARG_NONE, &o.template,
                                   "publish: the template that the project was made with", NULL},
                                  {"keep", 0, 0, G_OPTION_ARG_NONE, &o.keep,
                                   "publish: tell which notes it affects, and queue none again", NULL},
                                  {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT publish FILE|show [VERSION]|diff A B|list|questions",
          "  publish FILE    the next version, from YAML or JSON with a Markdown text beside it; lists the "
          "notes "
          "that it affects:\n"
          "                  those with findings of a label that changed or is gone, all that were read "
          "where one is new.\n"
          "                  They are queued again for their readers; the others keep their state\n"
          "  show [VERSION]  the newest, or that one (0: the template of init)\n"
          "  diff A B        what changed, and which labels must be read again\n"
          "  list            all versions\n"
          "  questions       where readers found that the guidelines do not say, and what `agree --insight` "
          "asks\n\n"
          "A published version never changes: every label carries the version it was made under.\n"
          "Keys of the file: title, text, labels, attributes, relations, questions (docs/files.md; "
          "data/guidelines has examples).",
          entries, 2, 4, &status))
    return status;
  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
    if (!g_str_equal(verbs[i].name, cli.rest[1]))
      continue;
    CrProject *p = cr_cli_open(&cli, &error);
    return p ? cr_cli_close(&cli, p, verbs[i].run(&cli, p, &o)) : cr_cli_fail(&cli, error);
  }
  return cr_cli_usage(&cli, "guidelines: there is no verb '%s'", cli.rest[1]);
}
