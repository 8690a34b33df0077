/* convert: any format to any other, without a project. What is written is proved before it takes its name;
 * what could not be carried, and what could not be read, is said. */
#include "cli/cli.h"
#include "cli/commands.h"
#include <chartroom/formats.h>
#include "base/base.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 20 }; /* of each list on a terminal; --json has all */

typedef struct {
  const CrFormat *from, *to;
  CrWriter *writer;
  GPtrArray *not_carried; /* of CrNotCarried */
  json_t *refused, *left; /* errors of documents; files that hold none */
  CrExit refused_exit;    /* of the first refused */
  guint64 n_documents, n_entities;
} Run;

static void
not_carried_free(gpointer data)
{
  CrNotCarried *item = data;
  g_free(item->document);
  g_free(item->what);
  g_free(item);
}

static void
run_clear(Run *run)
{
  if (run->writer)
    run->to->writer_discard(run->writer);
  g_clear_pointer(&run->not_carried, g_ptr_array_unref);
  g_clear_pointer(&run->refused, json_decref);
  g_clear_pointer(&run->left, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* ---- reading into the writer ---- */

static void
bad_cb(const GError *error, gpointer data)
{
  Run *run = data;
  gboolean is_left = g_error_matches(error, CR_ERROR, CR_ERROR_NOT_CARRIED);
  if (!is_left && json_array_size(run->refused) == 0)
    run->refused_exit = cr_error_exit(error);
  json_array_append_new(is_left ? run->left : run->refused,
                        json_pack("{s:s, s:s, s:s}", "code", cr_error_name(error), "message", error->message,
                                  "advice", cr_error_advice(error)));
}

/* A document that the target refuses is told like one that could not be read; a failing disk ends the run. */
static gboolean
document_cb(json_t *document, gpointer data, GError **error)
{
  Run *run = data;
  g_autoptr(GError) failure = NULL;
  if (run->to->writer_add(run->writer, document, run->not_carried, &failure)) {
    run->n_documents++;
    run->n_entities += json_array_size(json_object_get(document, "entities"));
    return TRUE;
  }
  if (cr_error_exit(failure) == CR_EXIT_INTERNAL) {
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
  }
  bad_cb(failure, run);
  return TRUE;
}

/* ---- the target ---- */

static gboolean
check_target(const Run *run, const char *out, GError **error)
{
  g_autoptr(GDir) dir = g_dir_open(out, 0, NULL);
  if (cr_path_is_device(out)) {
    g_set_error(error, CR_ERROR, CR_ERROR_EXISTS,
                "%s: is a device or a pipe, and what is written is proved by reading it back: give a file",
                out);
    return FALSE;
  }
  if (!g_file_test(out, G_FILE_TEST_EXISTS) || (dir && run->to->is_folder && !g_dir_read_name(dir)) ||
      (!dir && !run->to->is_folder))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_EXISTS, "%s: %s", out,
              run->to->is_folder ? "is there, and is not an empty folder" : "is a folder");
  return FALSE;
}

static void
remove_part(const Run *run, const char *part)
{
  if (run->to->is_folder)
    cr_dir_remove(part, NULL);
  else
    g_unlink(part);
}

/* Proves what stands at part, then gives it its name. NULL where it is not proved: nothing is left. */
static json_t *
prove_and_rename(const Run *run, const char *part, const char *out, GError **error)
{
  g_autofree char *parent = g_path_get_dirname(out);
  json_t *receipt = cr_receipt_make(run->to, part, error);
  if (!receipt) {
    remove_part(run, part);
    return NULL;
  }
  if (g_rename(part, out) != 0) {
    cr_error_set_errno(error, errno, out, "renaming");
    remove_part(run, part);
    json_decref(receipt);
    return NULL;
  }
  if (!run->to->is_folder) {
    g_autofree char *name = g_path_get_basename(out);
    json_t *file = json_array_get(json_object_get(receipt, "files"), 0);
    json_object_set_new(file, "path", json_string(name));
  }
  if (!cr_dir_sync(parent, error))
    g_clear_pointer(&receipt, json_decref);
  return receipt;
}

static char *
part_name(const char *out)
{
  gsize n = strlen(out);
  while (n > 1 && out[n - 1] == '/')
    n--;
  g_autofree char *bare = g_strndup(out, n), *code = cr_random_code(cr_env_default(), ".part-", 8);
  return g_strconcat(bare, code, NULL);
}

/* The receipt; NULL with an error, or without one where nothing was written since nothing could be read. */
static json_t *
convert(Run *run, const char *in, const char *out, GError **error)
{
  g_autofree char *part = part_name(out);
  if (!check_target(run, out, error))
    return NULL;
  run->writer = run->to->writer_new(part, NULL, error);
  if (!run->writer || !run->from->read(in, document_cb, bad_cb, run, error))
    return NULL;
  if (run->n_documents == 0 && json_array_size(run->refused) > 0)
    return NULL;
  if (!run->to->writer_finish(g_steal_pointer(&run->writer), error))
    return NULL;
  return prove_and_rename(run, part, out, error);
}

/* ---- the report ---- */

static json_t *
not_carried_json(const GPtrArray *not_carried)
{
  json_t *list = json_array();
  for (guint i = 0; i < not_carried->len; i++) {
    const CrNotCarried *item = not_carried->pdata[i];
    json_array_append_new(list, json_pack("{s:s, s:s}", "document", item->document, "what", item->what));
  }
  return list;
}

static void
print_not_carried(const GPtrArray *not_carried, const char *format)
{
  for (guint i = 0; i < not_carried->len && i < SHOWN; i++) {
    const CrNotCarried *item = not_carried->pdata[i];
    fprintf(stderr, "chartroom: not-carried: %s: %s cannot carry: %s\n", item->document, format, item->what);
  }
  if (not_carried->len > SHOWN)
    fprintf(stderr, "chartroom: not-carried: and %u more; --json lists them\n", not_carried->len - SHOWN);
}

static void
print_errors(const json_t *list)
{
  size_t i;
  json_t *item;
  json_array_foreach(list, i, item)
  {
    if (i == SHOWN) {
      fprintf(stderr, "chartroom: and %zu more; --json lists them\n", json_array_size(list) - i);
      return;
    }
    fprintf(stderr, "chartroom: %s: %s; %s\n", json_string_value(json_object_get(item, "code")),
            json_string_value(json_object_get(item, "message")),
            json_string_value(json_object_get(item, "advice")));
  }
}

static void
print_left(const json_t *left)
{
  size_t i;
  json_t *item;
  json_array_foreach(left, i, item)
  {
    fprintf(stderr, "chartroom: note: %s\n", json_string_value(json_object_get(item, "message")));
  }
}

static void
report(const CrCli *cli, const Run *run, const json_t *receipt, const char *out)
{
  if (cli->json) {
    g_autoptr(json_t) object =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:O, s:o, s:O, s:O?}", "from", run->from->name, "to",
                  run->to->name, "out", out, "documents", (json_int_t)run->n_documents, "entities",
                  (json_int_t)run->n_entities, "refused", run->refused, "not_carried",
                  not_carried_json(run->not_carried), "left", run->left, "receipt", (json_t *)receipt);
    cr_cli_print_json(object);
  }
  print_left(run->left);
  print_errors(run->refused);
  print_not_carried(run->not_carried, run->to->title);
  if (!cli->json && receipt)
    printf("%s: %" G_GUINT64_FORMAT " documents, %" G_GUINT64_FORMAT
           " entities from %s to %s, every offset proved\n",
           out, run->n_documents, run->n_entities, run->from->name, run->to->name);
  else if (!cli->json)
    fprintf(stderr, "chartroom: nothing was written: no document could be read\n");
}

/* ---- the command ---- */

static const CrFormat *
find_format(const char *name, GError **error)
{
  const CrFormat *format = cr_format_find(name);
  if (!format)
    g_set_error(error, CR_ERROR, CR_ERROR_UNKNOWN_FORMAT, "no format \"%s\"", name);
  return format;
}

static const CrFormat *
source_format(const char *name, const char *in, GError **error)
{
  if (name)
    return find_format(name, error);
  const CrFormat *format = cr_format_sniff(in);
  if (!format && g_file_test(in, G_FILE_TEST_EXISTS))
    g_set_error(error, CR_ERROR, CR_ERROR_UNKNOWN_FORMAT, "%s: not known by its looks; name it with --from",
                in);
  else if (!format)
    cr_error_set_errno(error, ENOENT, in, "opening");
  return format;
}

static const CrFormat *
target_format(const char *name, const char *out, GError **error)
{
  if (name)
    return find_format(name, error);
  for (gsize i = 0; cr_formats()[i]; i++) {
    g_autofree char *ending = cr_format_ending(cr_formats()[i]);
    if (ending && g_str_has_suffix(out, ending))
      return cr_formats()[i];
  }
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "%s: name the format to write with --to", out);
  return NULL;
}

static char *
help_text(void)
{
  g_autoptr(GString) help = g_string_new("Formats:\n");
  for (gsize i = 0; cr_formats()[i]; i++)
    g_string_append_printf(help, "  %-8s %s%s\n", cr_formats()[i]->name, cr_formats()[i]->title,
                           cr_formats()[i]->is_folder ? " (a folder)" : "");
  g_string_append(
      help,
      "\nWhat the target cannot carry is listed on stderr and sets the exit status 1; so does a document\n"
      "that could not be read. Nothing is left behind where the whole could not be written.\n\n"
      "Example: chartroom convert --from brat --to jsonl corpus/ corpus.jsonl");
  return g_string_free(g_steal_pointer(&help), FALSE);
}

int
cr_cmd_convert(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_autofree char *from = NULL, *to = NULL, *help = help_text();
  GError *error = NULL;
  int status = CR_EXIT_DONE;
  const GOptionEntry entries[] = {
      {"from", 0, 0, G_OPTION_ARG_STRING, &from, "Format of IN (else known by its looks)", "FORMAT"},
      {"to", 0, 0, G_OPTION_ARG_STRING, &to, "Format of OUT (else known by its name)", "FORMAT"},
      {NULL}};
  if (!cr_cli_parse(&cli, argc, argv, CR_CLI_JSON, "IN OUT", help, entries, 2, 2, &status))
    return status;
  g_auto(Run) run = {.not_carried = g_ptr_array_new_with_free_func(not_carried_free),
                     .refused = json_array(),
                     .left = json_array()};
  run.from = source_format(from, cli.rest[0], &error);
  run.to = run.from ? target_format(to, cli.rest[1], &error) : NULL;
  g_autoptr(json_t) receipt = run.to ? convert(&run, cli.rest[0], cli.rest[1], &error) : NULL;
  if (error)
    return cr_cli_fail(&cli, error);
  g_assert(run.to);
  report(&cli, &run, receipt, cli.rest[1]);
  if (!receipt)
    return (int)run.refused_exit;
  return json_array_size(run.refused) || run.not_carried->len ? CR_EXIT_FINDINGS : CR_EXIT_DONE;
}
