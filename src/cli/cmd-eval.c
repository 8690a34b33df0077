/* eval: how good a system's labels are against gold ones; two systems against each other. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/eval-study.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_BOOTSTRAP = 1000, DEFAULT_LEAST = 20, MAX_BOOTSTRAP = 1000000 };

static const char help[] =
    "Reads brat folders, IOB columns, JSON lines and CSV tables; documents are matched by id or by the "
    "file's name,\n"
    "columns by place. Prints strict, exact, partial and type agreement (SemEval-2013), bounds alone strict "
    "and\n"
    "merged (MEDDOCAN), words and characters, cover and leak-free documents, each label, and 95 % intervals "
    "over\n"
    "resampled documents. Where the labels are kinds of identifiers, STATE, COUNTRY, AGE, YEAR and "
    "PROFESSION are\n"
    "neither miss nor false alarm. --system twice compares two systems (paired bootstrap).\n"
    "Documents that one side lacks are told, left out, and set the exit status 1.\n"
    "--errors prints words of the notes: not for text that may not be shown.\n\n"
    "Example: chartroom eval --gold gold.jsonl --system found.jsonl --group origin\n";

typedef struct {
  char *gold, *format, *gold_key, *system_key, *scheme, *label_map, *group;
  char **systems;
  gboolean all_kinds, errors;
  int n_errors, n_bootstrap, least;
  gint64 seed;
} Options;

static void
options_clear(Options *options)
{
  g_clear_pointer(&options->gold, g_free);
  g_clear_pointer(&options->format, g_free);
  g_clear_pointer(&options->gold_key, g_free);
  g_clear_pointer(&options->system_key, g_free);
  g_clear_pointer(&options->scheme, g_free);
  g_clear_pointer(&options->label_map, g_free);
  g_clear_pointer(&options->group, g_free);
  g_clear_pointer(&options->systems, g_strfreev);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* The number behind --errors, which may stand alone. */
static Options *parsing;

static gboolean
parse_errors_cb(const char *name, const char *value, gpointer data, GError **error)
{
  char *end = NULL;
  long n = value != NULL ? strtol(value, &end, 10) : 0;
  parsing->errors = TRUE;
  parsing->n_errors = (int)n;
  if (value == NULL || (end != value && *end == '\0' && n > 0 && n <= G_MAXINT))
    return TRUE;
  g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--errors %s: not a whole number from 1",
              value);
  return FALSE;
}

static gboolean
parse(CrCli *cli, int argc, char **argv, Options *options, int *status)
{
  const GOptionEntry entries[] = {
      {"gold", 0, 0, G_OPTION_ARG_FILENAME, &options->gold, "What is right", "PATH"},
      {"system", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->systems, "What was found; twice: compared",
       "PATH"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &options->format, "brat, iob, jsonl, csv (else known by looks)",
       "F"},
      {"group", 0, 0, G_OPTION_ARG_STRING, &options->group,
       "Figures by this member of the documents' meta, or attribute of the gold entities", "KEY"},
      {"group-least", 0, 0, G_OPTION_ARG_INT, &options->least,
       "Gold spans that a group needs to take part in the spread (20)", "N"},
      {"scheme", 0, 0, G_OPTION_ARG_STRING, &options->scheme,
       "Gold's labels are of this scheme (meddocan, i2b2-2014, asq-phi, presidio): take them as kinds",
       "NAME"},
      {"label-map", 0, 0, G_OPTION_ARG_FILENAME, &options->label_map,
       "Table LABEL<tab>LABEL of both sides' labels; - sets one aside", "FILE"},
      {"gold-key", 0, 0, G_OPTION_ARG_STRING, &options->gold_key, "entities or phi, in JSON lines", "KEY"},
      {"system-key", 0, 0, G_OPTION_ARG_STRING, &options->system_key, "entities or phi, in JSON lines",
       "KEY"},
      {"all-kinds", 0, 0, G_OPTION_ARG_NONE, &options->all_kinds, "Count the reported kinds like the others",
       NULL},
      {"bootstrap", 0, 0, G_OPTION_ARG_INT, &options->n_bootstrap, "Resamples (1000; 0: no intervals)", "N"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &options->seed, "Of the resamples (1)", "N"},
      {"errors", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, parse_errors_cb,
       "Print misses and false alarms with the words around them, N of each kind", "N"},
      {NULL}};
  parsing = options;
  return cr_cli_parse(cli, argc, argv, CR_CLI_JSON, "--gold GOLD --system SYSTEM", help, entries, 0, 0,
                      status);
}

static gboolean
is_key(const char *key)
{
  return key == NULL || strcmp(key, "entities") == 0 || strcmp(key, "phi") == 0;
}

/* What is wrong with the options, or NULL. */
static const char *
complaint(const Options *options)
{
  if (options->gold == NULL || options->systems == NULL)
    return "name --gold and --system";
  if (g_strv_length(options->systems) > CR_STUDY_MAX_SYSTEMS)
    return "--system stands at most twice";
  if (options->n_bootstrap < 0 || options->n_bootstrap > MAX_BOOTSTRAP)
    return "--bootstrap: not a number from 0 to 1000000";
  if (options->least < 1)
    return "--group-least: not a number from 1";
  return is_key(options->gold_key) && is_key(options->system_key) ? NULL : "a key is entities or phi";
}

/* ---- the object ---- */

static json_t *
names_json(const GPtrArray *names)
{
  json_t *list = json_array();
  for (guint i = 0; i < names->len; i++)
    json_array_append_new(list, json_string(names->pdata[i]));
  return list;
}

static json_t *
report_of(const CrStudy *study, guint s, const Options *options)
{
  const CrStudySystem *system = &study->systems[s];
  json_t *object =
      json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "gold", options->gold, "system", system->path, "mode",
                study->is_phi ? "phi" : "labels", "unit", study->by_sentence ? "sentence" : "document",
                "missing", names_json(study->missing), "extra", names_json(system->extra));
  g_autoptr(json_t) figures = cr_evaluation_report(&study->scheme, system->documents, study->n_documents);
  json_object_update(object, figures);
  return object;
}

/* ---- the command ---- */

static void
warn_about(const char *what, const GPtrArray *names)
{
  if (names->len == 0)
    return;
  g_autofree char *first = cr_cli_plain(names->pdata[0], FALSE);
  g_printerr("chartroom: note: %u %s, left out: %s%s\n", names->len, what, first, names->len > 1 ? " …" : "");
}

static gboolean
warn_all(const CrStudy *study)
{
  guint n = study->missing->len;
  warn_about("gold documents that a system lacks", study->missing);
  for (guint s = 0; s < study->n_systems; s++) {
    warn_about("documents that gold lacks", study->systems[s].extra);
    n += study->systems[s].extra->len;
  }
  return n > 0;
}

static void
print_one(const CrCli *cli, const CrStudy *study, const Options *options)
{
  g_autoptr(json_t) report = report_of(study, 0, options);
  g_autoptr(json_t) errors = options->errors ? cr_study_errors(study, (guint)options->n_errors) : NULL;
  if (errors != NULL)
    json_object_set(report, "errors", errors);
  if (cli->json) {
    cr_cli_print_json(report);
    return;
  }
  cr_study_print(study, report);
  if (errors != NULL)
    cr_study_print_errors(errors);
}

static void
print_two(const CrCli *cli, const CrStudy *study, const Options *options)
{
  g_autoptr(json_t) object = json_object();
  json_object_set_new(object, "first", report_of(study, 0, options));
  json_object_set_new(object, "second", report_of(study, 1, options));
  json_object_set_new(object, "comparison",
                      cr_evaluation_compare(&study->scheme, study->systems[0].documents,
                                            study->systems[1].documents, study->n_documents));
  if (cli->json)
    cr_cli_print_json(object);
  else
    cr_study_print_comparison(object);
}

int
cr_cmd_eval(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_auto(Options) options = {.n_bootstrap = DEFAULT_BOOTSTRAP, .least = DEFAULT_LEAST, .seed = 1};
  g_auto(CrStudy) study = {0};
  GError *error = NULL;
  int status = CR_EXIT_DONE;
  if (!parse(&cli, argc, argv, &options, &status))
    return status;
  if (complaint(&options) != NULL)
    return cr_cli_usage(&cli, "%s", complaint(&options));
  if (options.errors && g_strv_length(options.systems) > 1)
    return cr_cli_usage(&cli, "--errors is of one system");
  const CrStudyOptions wanted = {.gold = options.gold,
                                 .systems = options.systems,
                                 .format = options.format,
                                 .gold_key = options.gold_key,
                                 .system_key = options.system_key,
                                 .scheme = options.scheme,
                                 .label_map = options.label_map,
                                 .group = options.group,
                                 .least = (guint)options.least,
                                 .all_kinds = options.all_kinds};
  if (!cr_study_read(&study, &wanted, &error))
    return cr_cli_fail(&cli, error);
  study.scheme.n_bootstrap = (guint)options.n_bootstrap;
  study.scheme.seed = (guint64)options.seed;
  gboolean has_findings = warn_all(&study);
  if (study.n_systems == 1)
    print_one(&cli, &study, &options);
  else
    print_two(&cli, &study, &options);
  return has_findings ? CR_EXIT_FINDINGS : CR_EXIT_DONE;
}
