/* quality: a senior reviewer looks at a sample, flags, and approves batches. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/quality.h"
#include "base/base.h"
#include <chartroom/quality.h>
#include <chartroom/reading.h>

#include <stdio.h>
#include <string.h>

typedef struct {
  const char *file;
  const char *key, *format, *out; /* report */
  double share;
  gboolean sampled; /* --sample was given */
  gint64 seed;
} QualityOptions;

static void
print_batch(const json_t *batch)
{
  json_t *row;
  gsize i;
  printf("Batch %s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " notes resolved%s",
         cr_cli_text(batch, "batch"), cr_cli_int(batch, "resolved"), cr_cli_int(batch, "notes"),
         json_is_true(json_object_get(batch, "approved")) ? ", approved" : "");
  if (json_array_size(json_object_get(batch, "sample")) > 0)
    printf("; sample of %.0f %%, %" G_GINT64_FORMAT " flags",
           100 * json_number_value(json_object_get(batch, "share")), cr_cli_int(batch, "flags"));
  putchar('\n');
  json_array_foreach(json_object_get(batch, "sample"), i, row)
      printf("  %s  %-4s  %" G_GINT64_FORMAT " findings, %.1f in 1,000 characters\n",
             cr_cli_text(row, "note"), cr_cli_text(row, "state"), cr_cli_int(row, "findings"),
             json_number_value(json_object_get(row, "density")));
}

static int
list(CrCli *cli, CrProject *p, const QualityOptions *o)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  g_autoptr(json_t) batches = cr_reading_quality_list(p, o->share, &error);
  if (!batches)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json_lines(batches);
  else
    json_array_foreach(batches, i, row) print_batch(row);
  return CR_EXIT_DONE;
}

/* A note as it would leave: for the eyes of the senior reviewer. */
static int
show(CrCli *cli, CrProject *p, const QualityOptions *o)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  if (cli->n_rest != 3)
    return cr_cli_usage(cli, "usage: chartroom quality PROJECT show NOTE");
  g_autoptr(json_t) set = cr_reading_final(p, cli->rest[2], &error);
  if (!set)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json(set);
  else
    json_array_foreach(json_object_get(set, "entities"), i, row)
        printf("  %-5s %6" G_GINT64_FORMAT "-%-6" G_GINT64_FORMAT " %-14s %s\n", cr_cli_text(row, "id"),
               cr_cli_int(row, "start"), cr_cli_int(row, "end"), cr_cli_text(row, "label"),
               cr_cli_text(row, "text"));
  return CR_EXIT_DONE;
}

static int
decide(CrCli *cli, CrProject *p, const QualityOptions *o)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  if (!o->file)
    return cr_cli_usage(cli, "quality decide needs --file FILE");
  g_autoptr(json_t) lines = cr_cli_read_lines(o->file, &error);
  g_autoptr(json_t) report = lines ? cr_reading_quality_decide(p, lines, &error) : NULL;
  if (!report)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json_lines(report);
  else
    json_array_foreach(report, i, row)
        printf("%s  %s\n", cr_cli_text(row, "note"), cr_cli_text(row, "state"));
  return CR_EXIT_DONE;
}

static int
approve(CrCli *cli, CrProject *p, const QualityOptions *o)
{
  GError *error = NULL;
  if (cli->n_rest != 3)
    return cr_cli_usage(cli, "usage: chartroom quality PROJECT approve BATCH");
  g_autoptr(json_t) result = cr_reading_approve(p, cli->rest[2], o->share, &error);
  if (!result)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json(result);
  else
    printf("Batch %s is approved and signed: %" G_GINT64_FORMAT " notes, %" G_GINT64_FORMAT
           " of them looked at.\n",
           cr_cli_text(result, "batch"), cr_cli_int(result, "notes"), cr_cli_int(result, "sampled"));
  return CR_EXIT_DONE;
}

/* ---- a second look at what is left ---- */

static int
reread_decide(CrCli *cli, CrProject *p, const char *file)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  g_autoptr(json_t) lines = cr_cli_read_lines(file, &error);
  g_autoptr(json_t) report = lines ? cr_quality_reread_decide(p, lines, &error) : NULL;
  if (!report)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json_lines(report);
  else
    json_array_foreach(report, i, row)
        printf("%s  %s\n", cr_cli_text(row, "note"), cr_cli_text(row, "result"));
  return CR_EXIT_DONE;
}

static int
reread_show(CrCli *cli, CrProject *p)
{
  GError *error = NULL;
  g_autoptr(json_t) note = cr_quality_reread_show(p, cli->rest[2], &error);
  if (!note)
    return cr_cli_fail(cli, error);
  g_autofree char *plain = cr_cli_plain(cr_cli_text(note, "text"), TRUE);
  if (cli->json)
    cr_cli_print_json(note);
  else
    puts(plain);
  return CR_EXIT_DONE;
}

static int
reread(CrCli *cli, CrProject *p, const QualityOptions *o)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  if (o->file)
    return reread_decide(cli, p, o->file);
  if (cli->n_rest == 3)
    return reread_show(cli, p);
  g_autoptr(json_t) sample = cr_quality_reread(p, o->sampled ? o->share : 0, o->seed, &error);
  if (!sample)
    return cr_cli_fail(cli, error);
  if (cli->json) {
    cr_cli_print_json(sample);
    return CR_EXIT_DONE;
  }
  printf("%zu of %" G_GINT64_FORMAT " cleared notes, drawn with seed %" G_GINT64_FORMAT "\n",
         json_array_size(json_object_get(sample, "notes")), cr_cli_int(sample, "of"),
         cr_cli_int(sample, "seed"));
  json_array_foreach(json_object_get(sample, "notes"), i, row)
      printf("  %s  %s\n", cr_cli_text(row, "note"), cr_cli_text(row, "result"));
  return CR_EXIT_DONE;
}

/* ---- how good the labels are ---- */

static int
report(CrCli *cli, CrProject *p, const QualityOptions *o)
{
  GError *error = NULL;
  static const char *const formats[] = {"json", "markdown", "pdf", NULL};
  const char *format = o->format ? o->format : cli->json ? "json" : "markdown";
  if (!g_strv_contains(formats, format))
    return cr_cli_usage(cli, "quality report: --format is json, markdown or pdf");
  g_autoptr(json_t) made = cr_quality_report(p, o->key, o->seed, &error);
  g_autoptr(GBytes) bytes = made ? cr_quality_report_render(made, format, &error) : NULL;
  if (!bytes)
    return cr_cli_fail(cli, error);
  gsize n_bytes = 0;
  const void *data = g_bytes_get_data(bytes, &n_bytes);
  if (!o->out)
    fwrite(data, 1, n_bytes, stdout);
  else if (!cr_file_replace(cr_env_default()->io, o->out, data, n_bytes, 0644, &error))
    return cr_cli_fail(cli, error);
  return CR_EXIT_DONE;
}

static const struct {
  const char *name;
  int (*run)(CrCli *cli, CrProject *p, const QualityOptions *o);
} verbs[] = {{"list", list},       {"show", show},     {"decide", decide},
             {"approve", approve}, {"reread", reread}, {"report", report}};

static int
judge(CrCli *cli)
{
  GError *error = NULL;
  CrProject *p = cr_cli_open(cli, &error);
  return p ? cr_cli_close(cli, p, cr_cli_judge_review(cli, p)) : cr_cli_fail(cli, error);
}

int
cr_cmd_quality(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_autofree char *file = NULL, *sample = NULL, *seed = NULL, *key = NULL, *format = NULL, *out = NULL;
  QualityOptions o = {.seed = -1};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"file", 0, 0, G_OPTION_ARG_FILENAME, &file, "decide, reread: JSON lines (- for standard input)",
       "FILE"},
      {"sample", 0, 0, G_OPTION_ARG_STRING, &sample,
       "Share of each batch to look at (10%); never shrinks. reread: share of the cleared notes to draw",
       "SHARE"},
      {"seed", 0, 0, G_OPTION_ARG_STRING, &seed,
       "reread: seed of the draw (else drawn, and recorded). report: of its intervals (1)", "N"},
      {"key", 0, 0, G_OPTION_ARG_STRING, &key,
       "report: groups of documents by this (type, specialty, author_role, language, or a key of \"meta\")",
       "KEY"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &format, "report: json, markdown or pdf (markdown)", "FORMAT"},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &out, "report: into this file (else standard output)", "FILE"},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT,
          "PROJECT [list|show NOTE|decide --file FILE|approve BATCH|reread [NOTE]|report] [--sample 10%]",
          "Without a verb: what is estimated to be left in the cleared notes, by kind of identifier, from "
          "what the two privacy\n"
          "reviewers and the detector found apart from each other, and from the notes read again; and which "
          "clinical words were\n"
          "masked with the identifiers (the words to privacy reviewers, how many to all). "
          "docs/privacy-measures.md has the definitions.\n\n"
          "  list           draws a seeded sample of each resolved batch, at least one note, and what "
          "critical findings "
          "ask for besides, and lists it\n"
          "  show NOTE      the findings that would leave\n"
          "  decide         {\"note\", \"decision\": \"ok\"} or {\"note\", \"decision\": \"flag\", "
          "\"reason\"}\n"
          "  approve BATCH  signs the batch when every sampled note is ok and no flag is open\n"
          "  reread         with --sample draws cleared notes to be read once more for identifiers alone, "
          "else "
          "lists them; NOTE: its\n"
          "                 text; --file: {\"note\", \"decision\": \"clean\"} or {\"note\", \"decision\": "
          "\"leak\", "
          "\"reason\"}\n"
          "  report         how good the labels are: densities and times far off, each reader over time and "
          "against what was settled,\n"
          "                 review and acceptance, groups of documents compared, what suggestions did "
          "(docs/quality.md)\n\n"
          "A flagged note is resolved anew (`resolve decide`), then looked at again. A leak goes back to "
          "privacy review.",
          entries, 1, 3, &status))
    return status;
  o.file = file;
  o.key = key;
  o.format = format;
  o.out = out;
  if (sample && !cr_cli_parse_share(sample, &o.share, &error))
    return cr_cli_fail(&cli, error);
  if (seed && !cr_cli_parse_number("--seed", seed, &o.seed, &error))
    return cr_cli_fail(&cli, error);
  o.sampled = sample != NULL;
  if (cli.n_rest == 1)
    return judge(&cli);
  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
    if (!g_str_equal(verbs[i].name, cli.rest[1]))
      continue;
    CrProject *p = cr_cli_open(&cli, &error);
    return p ? cr_cli_close(&cli, p, verbs[i].run(&cli, p, &o)) : cr_cli_fail(&cli, error);
  }
  return cr_cli_usage(&cli, "quality: there is no verb '%s'", cli.rest[1]);
}
