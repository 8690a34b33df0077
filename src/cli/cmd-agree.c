/* agree: how far readers agree, from one label file a reader or from a table of ratings. A project goes to
 * cr_cmd_project_agree. */
#include "base/base.h"
#include "cli/agree.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include <string.h>

gboolean
cr_place_refuse(GError **error, CrPlace place, int code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, CR_ERROR, code, "%s:%" G_GUINT64_FORMAT ": %s", place.path, place.line, message);
  return FALSE;
}

gboolean
cr_place_refuse_because(GError **error, CrPlace place, GError *why)
{
  g_propagate_prefixed_error(error, why, "%s:%" G_GUINT64_FORMAT ": ", place.path, place.line);
  return FALSE;
}

/* ---- for people ---- */

static void
add_line(GPtrArray *lines, const char *name, const json_t *value)
{
  const json_t *inner = json_is_object(value) ? json_object_get(value, "value") : value;
  const json_t *low = json_object_get(value, "low"), *high = json_object_get(value, "high");
  if (!json_is_number(inner))
    g_ptr_array_add(lines, g_strdup_printf("%s\tnot defined\t\t", name));
  else if (json_is_number(low) && json_is_number(high))
    g_ptr_array_add(lines, g_strdup_printf("%s\t%.3f\t%.3f\t%.3f", name, json_number_value(inner),
                                           json_number_value(low), json_number_value(high)));
  else
    g_ptr_array_add(lines, g_strdup_printf("%s\t%.3f\t\t", name, json_number_value(inner)));
}

static void
add_members(GPtrArray *lines, const char *prefix, const json_t *object, const char *const *members)
{
  for (guint i = 0; members[i]; i++) {
    g_autofree char *name = g_strdelimit(g_strconcat(prefix, members[i], NULL), "_", ' ');
    add_line(lines, name, json_object_get(object, members[i]));
  }
}

static void
add_span_lines(GPtrArray *lines, const json_t *out)
{
  static const char *const f1[] = {"strict", "exact", "partial", "type", NULL},
                           *const tokens[] = {"token_kappa", "token_ac1", "token_percent", NULL},
                           *const label_f1[] = {"strict", "partial", NULL},
                           *const kappa[] = {"token_kappa", NULL};
  const char *label = NULL;
  json_t *figures = NULL;
  add_members(lines, "span F1 ", json_object_get(out, "span_f1"), f1);
  add_members(lines, "", out, tokens);
  json_object_foreach(json_object_get(out, "per_label"), label, figures)
  {
    g_autofree char *prefix = g_strconcat(label, ": ", NULL),
                    *f1_prefix = g_strconcat(prefix, "span F1 ", NULL);
    add_members(lines, f1_prefix, json_object_get(figures, "span_f1"), label_f1);
    add_members(lines, prefix, figures, kappa);
  }
}

static void
print_warnings(const json_t *out)
{
  const json_t *warnings = json_object_get(out, "warnings");
  for (gsize i = 0; i < json_array_size(warnings); i++) {
    const json_t *warning = json_array_get(warnings, i);
    g_print("%s: %s\n", json_string_value(json_object_get(warning, "code")),
            json_string_value(json_object_get(warning, "message")));
  }
}

static void
print_table(const json_t *out)
{
  static const char *const ratings[] = {"percent",
                                        "cohen_kappa",
                                        "cohen_kappa_linear",
                                        "cohen_kappa_quadratic",
                                        "scott_pi",
                                        "fleiss_kappa",
                                        "conger_kappa",
                                        "light_kappa",
                                        "krippendorff_alpha",
                                        "gwet_ac1",
                                        "gwet_ac2",
                                        NULL};
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(lines, g_strdup("\tvalue\tlow\thigh"));
  if (json_object_get(out, "span_f1"))
    add_span_lines(lines, out);
  else
    add_members(lines, "", out, ratings);
  g_ptr_array_add(lines, NULL);
  cr_cli_print_table((const char *const *)lines->pdata);
  print_warnings(out);
}

/* ---- the command ---- */

static const char help[] = "FILE…: JSON lines, one file a reader, each with the same notes (\"id\", "
                           "\"text\", \"entities\"). Prints one JSON\n"
                           "object: span F1 and kappa on the token grid with 95 % intervals over resampled "
                           "notes, per label and per pair\n"
                           "of readers, what the grid leaves out, and warnings. TABLE.csv: a header of rater "
                           "names, a row a unit, an\n"
                           "empty cell where a rating is missing. docs/agreement.md defines every figure.\n\n"
                           "  chartroom agree ann.jsonl bob.jsonl\n"
                           "  chartroom agree --ratings triage.csv --level ordinal --table\n"
                           "  chartroom agree PROJECT.chartroom --help";

/* A project may stand behind options with values: its name decides. */
static gboolean
is_project(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    gsize length = strlen(argv[i]);
    while (length > 1 && argv[i][length - 1] == '/')
      length--;
    g_autofree char *path = g_strndup(argv[i], length);
    if (*path != '-' && g_str_has_suffix(path, ".chartroom"))
      return TRUE;
  }
  return FALSE;
}

typedef struct {
  char *ratings, *level;
  gint64 seed;
  gint resamples;
  gboolean table;
} Options;

static void
options_clear(Options *o)
{
  g_free(o->ratings);
  g_free(o->level);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static const char *
wrong_usage(const Options *o, guint n_files)
{
  static const char *const levels[] = {"nominal", "ordinal", "interval", "ratio", NULL};
  if (o->ratings && n_files)
    return "give label files or --ratings, not both";
  if (!o->ratings && n_files < 2)
    return "give one label file for each of two or more readers, or --ratings TABLE.csv";
  if (o->level && !o->ratings)
    return "--level belongs to --ratings";
  if (o->level && !g_strv_contains(levels, o->level))
    return "--level is nominal, ordinal, interval or ratio";
  if (o->seed < 0)
    return "--seed is a whole number from 0";
  return o->resamples < 2 || o->resamples > 100000 ? "--resamples is between 2 and 100000" : NULL;
}

int
cr_cmd_agree(int argc, char **argv)
{
  if (is_project(argc, argv))
    return cr_cmd_project_agree(argc, argv);
  g_auto(Options) o = {.seed = 1, .resamples = 2000};
  const GOptionEntry entries[] = {
      {"ratings", 0, 0, G_OPTION_ARG_FILENAME, &o.ratings, "A table of ratings instead of label files",
       "TABLE.csv"},
      {"level", 0, 0, G_OPTION_ARG_STRING, &o.level, "Of the ratings: nominal, ordinal, interval, ratio",
       "LEVEL"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, "Of the resampling (1)", "N"},
      {"resamples", 0, 0, G_OPTION_ARG_INT, &o.resamples, "How many (2000)", "N"},
      {"table", 0, 0, G_OPTION_ARG_NONE, &o.table, "Print a table for people instead of JSON", NULL},
      {NULL}};
  g_auto(CrCli) cli = {0};
  int status = CR_EXIT_DONE;
  if (!cr_cli_parse(&cli, argc, argv, CR_CLI_JSON, "FILE FILE… | --ratings TABLE.csv", help, entries, 0, -1,
                    &status))
    return status;
  const char *wrong = wrong_usage(&o, cli.n_rest);
  if (wrong)
    return cr_cli_usage(&cli, "%s", wrong);
  GError *error = NULL;
  g_autoptr(json_t) out =
      o.ratings ? cr_agree_ratings(o.ratings, o.level ? o.level : "nominal", &error)
                : cr_agree_files(cli.rest, cli.n_rest, (guint64)o.seed, (guint)o.resamples, &error);
  if (!out)
    return cr_cli_fail(&cli, error);
  if (o.table && !cli.json)
    print_table(out);
  else
    cr_cli_print_json(out);
  return CR_EXIT_DONE;
}
