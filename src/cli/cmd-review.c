/* review: privacy decisions of the member who is here. */
#include "base/base.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/review-terminal.h"
#include <chartroom/privacy.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  char *file, *batch;
  gboolean disputed, scan, words, all, preview;
} ReviewOptions;

static void
review_options_clear(ReviewOptions *o)
{
  g_free(o->file), g_free(o->batch);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ReviewOptions, review_options_clear)

static const char *
str(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

static gint64
num(const json_t *object, const char *key)
{
  return json_integer_value(json_object_get(object, key));
}

static void
print_rows(const json_t *list)
{
  size_t i;
  json_t *row;
  json_array_foreach(list, i, row) cr_cli_print_json(row);
}

/* ---- list ---- */

static void
print_finding(const json_t *row)
{
  g_autofree char *before = cr_cli_plain(str(row, "before"), FALSE),
                  *text = cr_cli_plain(str(row, "text"), FALSE),
                  *after = cr_cli_plain(str(row, "after"), FALSE);
  if (json_object_get(row, "count"))
    printf("%6" G_GINT64_FORMAT "  %-12s ", num(row, "count"), str(row, "kind"));
  else
    printf("%s  %s  %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "  %s  %s  ", str(row, "scan"), str(row, "note"),
           num(row, "start"), num(row, "end"), str(row, "kind"), str(row, "status"));
  gboolean at_terminal = isatty(STDOUT_FILENO);
  printf("…%s%s%s%s%s…\n", before, at_terminal ? "\033[7m" : "{", text, at_terminal ? "\033[0m" : "}", after);
}

static int
print_scan(CrCli *cli, const json_t *list)
{
  if (cli->json)
    print_rows(list);
  for (size_t i = 0; !cli->json && i < json_array_size(list); i++)
    print_finding(json_array_get(list, i));
  return CR_EXIT_DONE;
}

static int
review_list(CrCli *cli, CrProject *p, const ReviewOptions *o)
{
  GError *error = NULL;
  size_t i;
  json_t *row;
  g_autoptr(json_t) list = o->scan && o->words ? cr_review_scan_words(p, &error)
                           : o->scan           ? cr_review_scan_findings(p, !o->all, &error)
                                               : cr_review_list(p, o->batch, o->disputed, &error);
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  if (!list)
    return cr_cli_fail(cli, error);
  if (o->scan)
    return print_scan(cli, list);
  if (cli->json) {
    print_rows(list);
    return CR_EXIT_DONE;
  }
  g_ptr_array_add(lines, g_strdup("note\tsource\tbatch\tstate\tcandidates\tdisputes\tyou"));
  json_array_foreach(list, i, row)
      g_ptr_array_add(lines, g_strdup_printf("%s\t%s\t%s\t%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s",
                                             str(row, "note"), str(row, "source"), str(row, "batch"),
                                             str(row, "state"), num(row, "candidates"), num(row, "disputes"),
                                             json_is_true(json_object_get(row, "complete")) ? "done" : "-"));
  g_ptr_array_add(lines, NULL);
  cr_cli_print_table((const char *const *)lines->pdata);
  return CR_EXIT_DONE;
}

/* ---- show ---- */

static void
print_candidate(const json_t *c)
{
  const char *member;
  json_t *d;
  printf("  %-5s %6" G_GINT64_FORMAT "-%-6" G_GINT64_FORMAT " %-12s %.2f  %s", str(c, "candidate"),
         num(c, "start"), num(c, "end"), str(c, "kind"), json_number_value(json_object_get(c, "score")),
         str(c, "text"));
  json_object_foreach(json_object_get(c, "decisions"), member, d)
      printf("  %s: %s", member, json_is_object(d) ? str(d, "decision") : "undecided");
  printf("  [%s]\n", str(c, "by"));
}

static void
print_leak(const json_t *note)
{
  g_autofree char *leak = json_object_get(note, "leak") ? cr_cli_plain(str(note, "leak"), FALSE) : NULL;
  if (leak)
    printf("  A reader reported: %s\n", leak);
}

static int
review_show(CrCli *cli, CrProject *p, const ReviewOptions *o)
{
  GError *error = NULL;
  size_t i;
  json_t *row;
  if (cli->n_rest != 3)
    return cr_cli_usage(cli, "it is chartroom review PROJECT show NOTE");
  g_autoptr(json_t) note =
      o->preview ? cr_review_preview(p, cli->rest[2], &error) : cr_review_show(p, cli->rest[2], &error);
  if (!note)
    return cr_cli_fail(cli, error);
  if (cli->json) {
    cr_cli_print_json(note);
    return CR_EXIT_DONE;
  }
  g_autofree char *text = cr_cli_plain(str(note, "text"), TRUE);
  printf("%s\n", text);
  print_leak(note);
  json_array_foreach(json_object_get(note, "candidates"), i, row) print_candidate(row);
  json_array_foreach(json_object_get(note, "added"), i, row)
      printf("  added %6" G_GINT64_FORMAT "-%-6" G_GINT64_FORMAT " %-12s       %s  by %s\n",
             num(row, "start"), num(row, "end"), str(row, "kind"), str(row, "text"), str(row, "by"));
  return CR_EXIT_DONE;
}

/* ---- decide ---- */

/* The lines of a file as an array; an empty line is null, so that the places in errors stay those of the
 * file. */
static json_t *
read_lines(const char *path, GError **error)
{
  g_autoptr(GBytes) bytes = cr_file_read(path, (gsize)1 << 30, error);
  if (!bytes)
    return NULL;
  g_autoptr(json_t) lines = json_array();
  gsize n = 0;
  const char *at = g_bytes_get_data(bytes, &n), *end = at + n;
  for (guint number = 1; at < end; number++) {
    const char *stop = memchr(at, '\n', (gsize)(end - at));
    stop = stop ? stop : end;
    g_autofree char *line = g_strstrip(g_strndup(at, (gsize)(stop - at)));
    json_t *value = *line ? cr_json_parse(line, strlen(line), error) : json_null();
    if (!value) {
      g_prefix_error(error, "%s:%u: ", path, number);
      return NULL;
    }
    json_array_append_new(lines, value);
    at = stop + 1;
  }
  return g_steal_pointer(&lines);
}

static int
review_decide(CrCli *cli, CrProject *p, const ReviewOptions *o)
{
  GError *error = NULL;
  if (!o->file)
    return cr_cli_usage(cli, "it is chartroom review PROJECT decide --file DECISIONS.jsonl");
  g_autoptr(json_t) lines = read_lines(o->file, &error);
  g_autoptr(json_t) result = lines ? cr_review_decide(p, lines, o->file, &error) : NULL;
  if (!result)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json(result);
  else
    printf("%" G_GINT64_FORMAT " decisions on %" G_GINT64_FORMAT " notes, %" G_GINT64_FORMAT
           " of them complete; %" G_GINT64_FORMAT " scan findings answered\n",
           num(result, "decisions"), num(result, "notes"), num(result, "complete"), num(result, "answers"));
  return CR_EXIT_DONE;
}

/* ---- sign ---- */

static int
review_sign(CrCli *cli, CrProject *p, const ReviewOptions *o)
{
  GError *error = NULL;
  if (cli->n_rest != 3)
    return cr_cli_usage(cli, "it is chartroom review PROJECT sign BATCH");
  g_autoptr(json_t) result = cr_review_sign(p, cli->rest[2], &error);
  if (!result)
    return cr_cli_fail(cli, error);
  if (cli->json) {
    cr_cli_print_json(result);
    return CR_EXIT_DONE;
  }
  printf("Signed by %s: \"%s\"\n", str(result, "member"), str(result, "statement"));
  printf("%zu of %" G_GINT64_FORMAT " signatures; %" G_GINT64_FORMAT " identifiers in dispute\n",
         json_array_size(json_object_get(result, "signers")), num(result, "needed"), num(result, "disputes"));
  return CR_EXIT_DONE;
}

static int
review_start(CrCli *cli, CrProject *p, const ReviewOptions *o)
{
  return cr_review_terminal(cli, p, cli->n_rest > 2 ? cli->rest[2] : o->batch);
}

static const struct {
  const char *name;
  int (*run)(CrCli *cli, CrProject *p, const ReviewOptions *o);
} verbs[] = {{"list", review_list},
             {"show", review_show},
             {"decide", review_decide},
             {"sign", review_sign},
             {"start", review_start}};

int
cr_cmd_review(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_auto(ReviewOptions) o = {0};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"file", 0, 0, G_OPTION_ARG_FILENAME, &o.file, "decide: the decisions, JSON lines (docs/files.md)",
       "FILE"},
      {"batch", 0, 0, G_OPTION_ARG_STRING, &o.batch, "list, start: only this import batch", "NAME"},
      {"disputed", 0, 0, G_OPTION_ARG_NONE, &o.disputed, "list: only notes in dispute", NULL},
      {"scan", 0, 0, G_OPTION_ARG_NONE, &o.scan, "list: what the export scan found and nobody answered",
       NULL},
      {"words", 0, 0, G_OPTION_ARG_NONE, &o.words, "list --scan: by their words, most frequent first", NULL},
      {"all", 0, 0, G_OPTION_ARG_NONE, &o.all, "list --scan: also what is answered", NULL},
      {"preview", 0, 0, G_OPTION_ARG_NONE, &o.preview, "show: the note as your decisions would clear it",
       NULL},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT,
          "PROJECT list|show NOTE|decide --file FILE|sign BATCH|start [BATCH]",
          "  list             the notes, and how far you are\n"
          "  show NOTE        the original with its candidates; the view is recorded\n"
          "  decide           takes decisions from a file: remove, keep, add, move (docs/files.md)\n"
          "  start [BATCH]    at the terminal, one candidate after another\n"
          "  sign BATCH       your statement that you read the batch to its end and know of nothing left\n\n"
          "Two reviewers (as the project asks) decide without seeing each other. When both have signed, what "
          "one removes and\n"
          "the other keeps is listed (list --disputed) and holds gate G1 until one of them decides anew, "
          "with a reason.",
          entries, 2, 3, &status))
    return status;
  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
    if (g_str_equal(verbs[i].name, cli.rest[1])) {
      CrProject *p = cr_cli_open(&cli, &error);
      return p ? cr_cli_close(&cli, p, verbs[i].run(&cli, p, &o)) : cr_cli_fail(&cli, error);
    }
  return cr_cli_usage(&cli, "review %s: there is no such verb", cli.rest[1]);
}
