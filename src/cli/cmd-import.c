/* import, detect, redact: notes on their way to cleared text. */
#include "cli/cli.h"
#include "cli/commands.h"
#include <chartroom/privacy.h>

#include <stdio.h>
#include <string.h>

static gint64
number(const json_t *object, const char *key)
{
  return json_integer_value(json_object_get(object, key));
}

/* ---- import ---- */

/* COLUMN=FIELD,… as a table; NULL with an error where one is not of that form. */
static GHashTable *
parse_map(char **pairs, GError **error)
{
  g_autoptr(GHashTable) map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; pairs && pairs[i]; i++) {
    char *equals = strrchr(pairs[i], '=');
    if (!equals || equals == pairs[i] || !equals[1]) {
      g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "--map takes COLUMN=FIELD");
      return NULL;
    }
    g_hash_table_insert(map, g_strndup(pairs[i], (gsize)(equals - pairs[i])), g_strdup(equals + 1));
  }
  return g_steal_pointer(&map);
}

/* One line: where, which error, why. The reasons of some errors name the place too: once is enough. */
static void
print_reason(const json_t *row)
{
  const char *why = json_string_value(json_object_get(row, "message")),
             *file = json_string_value(json_object_get(row, "file"));
  g_autofree char *place = g_strdup_printf("%s:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ": ", file,
                                           number(row, "record"), number(row, "byte"));
  g_autofree char *only_file = g_strdup_printf("%s: ", file);
  if (g_str_has_prefix(why, place))
    why += strlen(place);
  else if (g_str_has_prefix(why, only_file))
    why += strlen(only_file);
  printf("  %s%s: %s\n", place, json_string_value(json_object_get(row, "code")), why);
}

static void
print_rejected(const json_t *rejected)
{
  size_t i;
  json_t *row;
  json_array_foreach(rejected, i, row)
  {
    if (i == 20) {
      printf("  … and %zu more; --json lists them\n", json_array_size(rejected) - i);
      return;
    }
    print_reason(row);
  }
}

static int
report_import(CrCli *cli, const json_t *result)
{
  if (cli->json)
    cr_cli_print_json(result);
  else {
    printf("%s: %" G_GINT64_FORMAT " records: %" G_GINT64_FORMAT " accepted, %" G_GINT64_FORMAT
           " quarantined (%" G_GINT64_FORMAT " of them duplicates)\n",
           json_string_value(json_object_get(result, "batch")), number(result, "input"),
           number(result, "accepted"), number(result, "quarantined"), number(result, "duplicates"));
    print_rejected(json_object_get(result, "rejected"));
  }
  return number(result, "quarantined") ? CR_EXIT_FINDINGS : CR_EXIT_DONE;
}

int
cr_cmd_import(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_auto(GStrv) map = NULL;
  g_autofree char *known = NULL, *batch = NULL, *format = NULL, *language = NULL;
  gboolean keep_ids = FALSE;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"known", 0, 0, G_OPTION_ARG_FILENAME, &known,
       "What is known of the patients: names, dates, numbers (JSON lines or CSV, docs/files.md)", "MANIFEST"},
      {"map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &map,
       "A column of a CSV file and the field it is: id, text, patient, encounter, type, specialty, "
       "author_role, date, language, meta.NAME",
       "COLUMN=FIELD"},
      {"batch", 0, 0, G_OPTION_ARG_STRING, &batch, "Name of the import batch (else import-N)", "NAME"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &format, "text, jsonl or csv (else from name and content)",
       "FORMAT"},
      {"language", 0, 0, G_OPTION_ARG_STRING, &language, "Language of notes that do not say", "CODE"},
      {"keep-ids", 0, 0, G_OPTION_ARG_NONE, &keep_ids,
       "Keep the source's note ids as note codes: you state that they identify nobody", NULL},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT FILE…",
          "Takes notes into the encrypted vault. A FILE is a text file (one note), a folder of them, JSON "
          "lines or CSV. A record\n"
          "that cannot be taken is quarantined with its place and the reason, and the rest goes on.\n\n"
          "Example: chartroom import p.chartroom notes.csv --map NOTE_TEXT=text --map MRN=patient --known "
          "patients.csv",
          entries, 2, -1, &status))
    return status;
  g_autoptr(GHashTable) table = parse_map(map, &error);
  CrProject *p = table ? cr_cli_open(&cli, &error) : NULL;
  if (!p)
    return cr_cli_fail(&cli, error);
  CrImportOptions options = {.batch = batch,
                             .map = table,
                             .format = format,
                             .known = known,
                             .language = language,
                             .keep_ids = keep_ids};
  g_autoptr(json_t) result =
      cr_project_import(p, (const char *const *)cli.rest + 1, &options, cr_cli_progress, NULL, &error);
  cr_cli_progress_end();
  return cr_cli_close(&cli, p, result ? report_import(&cli, result) : cr_cli_fail(&cli, error));
}

/* ---- detect ---- */

static void
print_kinds(const json_t *by_kind)
{
  const char *kind, *separator = "  ";
  json_t *n;
  json_object_foreach((json_t *)by_kind, kind, n)
  {
    printf("%s%s %" G_GINT64_FORMAT, separator, kind, (gint64)json_integer_value(n));
    separator = ", ";
  }
  if (json_object_size(by_kind))
    putchar('\n');
}

int
cr_cmd_detect(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_autofree char *batch = NULL;
  gboolean again = FALSE;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"batch", 0, 0, G_OPTION_ARG_STRING, &batch, "Only this import batch", "NAME"},
      {"again", 0, 0, G_OPTION_ARG_NONE, &again,
       "Also notes whose review has begun: their decisions are void", NULL},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT",
          "Runs the detectors over the notes that wait for it: what is known of the patients, the rule "
          "table, and every name\n"
          "found once, everywhere in the patient's notes. People decide on the result: `chartroom review`.",
          entries, 1, 1, &status))
    return status;
  CrProject *p = cr_cli_open(&cli, &error);
  if (!p)
    return cr_cli_fail(&cli, error);
  g_autoptr(json_t) result = cr_project_detect(p, batch, again, cr_cli_progress, NULL, &error);
  cr_cli_progress_end();
  if (!result)
    return cr_cli_close(&cli, p, cr_cli_fail(&cli, error));
  if (cli.json)
    cr_cli_print_json(result);
  else {
    printf("%" G_GINT64_FORMAT " candidates in %" G_GINT64_FORMAT " notes (%s)\n",
           number(result, "candidates"), number(result, "notes"),
           json_string_value(json_object_get(result, "detector")));
    print_kinds(json_object_get(result, "by_kind"));
  }
  return cr_cli_close(&cli, p, CR_EXIT_DONE);
}

/* ---- redact ---- */

static int
report_redact(CrCli *cli, const json_t *result)
{
  const json_t *held = json_object_get(result, "held");
  size_t i;
  json_t *row;
  if (cli->json)
    cr_cli_print_json(result);
  else {
    printf("%" G_GINT64_FORMAT " notes cleared by policy %s\n", number(result, "cleared"),
           json_string_value(json_object_get(result, "version")));
    print_kinds(json_object_get(result, "by_kind"));
    json_array_foreach(held, i, row) printf(
        "Gate G1 holds %" G_GINT64_FORMAT " notes of %s: %s\n", number(row, "notes"),
        json_string_value(json_object_get(row, "batch")), json_string_value(json_object_get(row, "why")));
  }
  return json_array_size(held) ? CR_EXIT_FINDINGS : CR_EXIT_DONE;
}

int
cr_cmd_redact(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_autofree char *batch = NULL, *policy = NULL, *replace = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"policy", 0, 0, G_OPTION_ARG_STRING, &policy,
       "safe-harbor (where none was chosen), limited, expert, or a policy file; the first clearing fixes it",
       "POLICY"},
      {"replace", 0, 0, G_OPTION_ARG_STRING, &replace,
       "By tags or by invented names, places, numbers and moved dates (default: as the policy says); the "
       "first "
       "clearing fixes it",
       "tag|surrogate"},
      {"batch", 0, 0, G_OPTION_ARG_STRING, &batch, "Only this import batch", "NAME"},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT",
          "Clears every note that gate G1 lets through: each identifier becomes a tag, a surrogate, "
          "or what the policy leaves of it. The\n"
          "original, the map back to it and the log stay in the vault. What the gate holds is "
          "said, with the reason; exit 1.",
          entries, 1, 1, &status))
    return status;
  CrProject *p = cr_cli_open(&cli, &error);
  if (!p)
    return cr_cli_fail(&cli, error);
  g_autoptr(json_t) result = !replace || cr_project_choose_replacement(p, replace, &error)
                                 ? cr_project_redact(p, policy, batch, cr_cli_progress, NULL, &error)
                                 : NULL;
  cr_cli_progress_end();
  return cr_cli_close(&cli, p, result ? report_redact(&cli, result) : cr_cli_fail(&cli, error));
}
