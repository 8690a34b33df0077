/* monitor: an over-sensitive scan, which shares no rule with the detector, of a seeded random share of an
 * exported set. Two walks: one for the ids, from which is drawn, one for the texts that were drawn. */
#include "base/base.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/export-docs.h"
#include "cli/lines.h"
#include <chartroom/phi.h>
#include <chartroom/quality.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  char *share_text, *seed_text, *project;
  gboolean send_back, show;
  double share;
  gint64 seed;
} Options;

typedef struct {
  const Options *o;
  CrPhiScan *scan;
  GPtrArray *ids;    /* all, sorted */
  GHashTable *drawn; /* borrowed ids */
  json_t *rows;      /* of cr_quality_monitor */
  gint64 n_findings;
} Monitor;

static void
monitor_clear(Monitor *m)
{
  g_clear_pointer(&m->scan, cr_phi_scan_free);
  g_clear_pointer(&m->drawn, g_hash_table_unref);
  g_clear_pointer(&m->ids, g_ptr_array_unref);
  g_clear_pointer(&m->rows, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Monitor, monitor_clear)

/* ---- the draw ---- */

static const char *
id_of(const json_t *document)
{
  return json_string_value(json_object_get(document, "id"));
}

static gboolean
id_cb(json_t *document, gpointer user_data, GError **error)
{
  g_ptr_array_add(user_data, g_strdup(id_of(document)));
  return TRUE;
}

static gint
compare_ids(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* From the sorted ids, so that the draw does not hang on the files' order. */
static void
draw(Monitor *m)
{
  guint n = (guint)CLAMP(ceil(m->o->share * m->ids->len - 1e-9), 1, m->ids->len);
  g_ptr_array_sort(m->ids, compare_ids);
  cr_seeded_shuffle((guint64)m->o->seed, m->ids->pdata, m->ids->len);
  for (guint i = 0; i < n; i++)
    g_hash_table_add(m->drawn, m->ids->pdata[i]);
}

/* ---- the scan ---- */

static json_t *
finding_json(const Monitor *m, const CrText *text, const CrPhiSpan *span)
{
  CrSpan cp = cr_span_to_unit(text, CR_UNIT_CODE_POINT, span->span);
  g_autofree char *words = m->o->show ? cr_span_dup_text(text, span->span) : NULL;
  json_t *json = json_pack("{s:I, s:I, s:s, s:f, s:s?}", "start", (json_int_t)cp.start, "end",
                           (json_int_t)cp.end, "kind", cr_phi_kind_name(span->kind), "score", span->score,
                           "by", span->by ? span->by[0] : NULL);
  if (words)
    json_object_set_new(json, "text", json_string(words));
  return json;
}

static gboolean
scan_cb(json_t *document, gpointer user_data, GError **error)
{
  Monitor *m = user_data;
  const json_t *value = json_object_get(document, "text");
  if (!g_hash_table_contains(m->drawn, id_of(document)))
    return TRUE;
  g_autoptr(CrText) text = cr_text_new(json_string_value(value), (gssize)json_string_length(value), error);
  if (!text)
    return FALSE;
  cr_cli_progress("documents", json_array_size(m->rows), g_hash_table_size(m->drawn), NULL);
  g_autoptr(GArray) found = cr_phi_scan_run(m->scan, text);
  g_autofree char *sha = cr_sha256_hex(cr_text_bytes(text), cr_text_length(text, CR_UNIT_BYTE));
  json_t *findings = json_array();
  for (guint i = 0; i < found->len; i++)
    json_array_append_new(findings, finding_json(m, text, &g_array_index(found, CrPhiSpan, i)));
  m->n_findings += found->len;
  json_array_append_new(
      m->rows, json_pack("{s:s, s:s, s:o}", "note", id_of(document), "sha256", sha, "findings", findings));
  return TRUE;
}

static json_t *
draw_json(const Monitor *m)
{
  return json_pack("{s:I, s:f, s:I, s:s}", "seed", (json_int_t)m->o->seed, "share", m->o->share, "of",
                   (json_int_t)m->ids->len, "scan", cr_phi_scan_version(m->scan));
}

static json_t *
drawn_ids(const Monitor *m)
{
  json_t *list = json_array();
  const json_t *row;
  gsize i;
  json_array_foreach(m->rows, i, row) json_array_append(list, json_object_get(row, "note"));
  return list;
}

/* ---- what comes of it ---- */

/* Without a project: what was drawn, then a line a finding. */
static int
print_findings(const Monitor *m)
{
  json_t *head = draw_json(m), *row, *finding;
  gsize i, k;
  json_object_set_new(head, "drawn", drawn_ids(m));
  json_object_set_new(head, "findings", json_integer(m->n_findings));
  g_autoptr(json_t) first = json_pack("{s:o}", "monitor", head);
  cr_cli_print_json(first);
  json_array_foreach(m->rows, i, row) json_array_foreach(json_object_get(row, "findings"), k, finding)
  {
    g_autoptr(json_t) line = json_pack("{s:O}", "id", json_object_get(row, "note"));
    json_object_update(line, finding);
    cr_cli_print_json(line);
  }
  return m->n_findings ? CR_EXIT_FINDINGS : CR_EXIT_DONE;
}

static void
print_ids(const char *what, const json_t *ids)
{
  const json_t *id;
  gsize i;
  if (json_array_size(ids) == 0)
    return;
  printf("%s:", what);
  json_array_foreach(ids, i, id)
  {
    g_autofree char *plain = cr_cli_plain(json_string_value(id), FALSE);
    printf(" %s", plain);
  }
  putchar('\n');
}

static void
print_report(const Monitor *m, const json_t *report)
{
  g_autoptr(json_t) ids = drawn_ids(m);
  printf("Drew %" G_GINT64_FORMAT " of %u documents with seed %" G_GINT64_FORMAT ": %" G_GINT64_FORMAT
         " findings, %" G_GINT64_FORMAT " of them answered before, %" G_GINT64_FORMAT " open\n",
         cr_cli_int(report, "drawn"), m->ids->len, m->o->seed, cr_cli_int(report, "findings"),
         cr_cli_int(report, "answered"), cr_cli_int(report, "open"));
  print_ids("Drawn", ids);
  print_ids("With open findings", json_object_get(report, "notes"));
  print_ids("Not what was cleared", json_object_get(report, "changed"));
  print_ids("Not of this project", json_object_get(report, "unknown"));
  if (cr_cli_int(report, "returned") > 0)
    printf("%" G_GINT64_FORMAT " notes went back to privacy review.\n", cr_cli_int(report, "returned"));
  else if (cr_cli_int(report, "open") > 0)
    puts("The open findings wait for an answer: `chartroom review PROJECT list --scan`.");
}

static int
hand_over(CrCli *cli, const Monitor *m)
{
  GError *error = NULL;
  g_free(cli->rest[0]);
  cli->rest[0] = g_strdup(m->o->project);
  CrProject *p = cr_cli_open(cli, &error);
  if (!p)
    return cr_cli_fail(cli, error);
  g_autoptr(json_t) told = draw_json(m);
  g_autoptr(json_t) report = cr_quality_monitor(p, m->rows, told, m->o->send_back, &error);
  if (!report)
    return cr_cli_close(cli, p, cr_cli_fail(cli, error));
  if (cli->json) {
    json_object_update(report, told);
    json_object_set_new(report, "ids", drawn_ids(m));
    cr_cli_print_json(report);
  } else
    print_report(m, report);
  gboolean found = cr_cli_int(report, "open") > 0 ||
                   json_array_size(json_object_get(report, "changed")) > 0 ||
                   json_array_size(json_object_get(report, "unknown")) > 0;
  return cr_cli_close(cli, p, found ? CR_EXIT_FINDINGS : CR_EXIT_DONE);
}

static int
run(CrCli *cli, const Options *o)
{
  GError *error = NULL;
  g_auto(Monitor) m = {.o = o,
                       .ids = g_ptr_array_new_with_free_func(g_free),
                       .drawn = g_hash_table_new(g_str_hash, g_str_equal),
                       .rows = json_array()};
  m.scan = cr_phi_scan_new(NULL, &error);
  if (!m.scan || !cr_export_walk(cli->rest[0], id_cb, m.ids, &error))
    return cr_cli_fail(cli, error);
  draw(&m);
  if (!cr_export_walk(cli->rest[0], scan_cb, &m, &error))
    return cr_cli_fail(cli, error);
  cr_cli_progress_end();
  return o->project ? hand_over(cli, &m) : print_findings(&m);
}

static const char help[] = "EXPORT is the folder of an export, or JSON lines of redacted notes. A random "
                           "share of it is scanned by patterns "
                           "and\nlists that the detector does not use, which would rather ask about a drug "
                           "than miss a name. The seed is told "
                           "and\nrecorded: the same seed draws the same documents.\n\n"
                           "With --project, what nobody has answered before waits there for a privacy "
                           "reviewer (`review list --scan`) and "
                           "holds\ngate G4; a \"leak\" in answer sends the note back, --send-back does so at "
                           "once. Without it, the first line "
                           "says what was\ndrawn, and each finding is a line {\"id\", \"start\", \"end\", "
                           "\"kind\", \"score\", \"by\"} in code "
                           "points of the exported text.\n\n"
                           "Exit 1 where anything was found. No note text is printed unless --show is given.";

static gboolean
parse(Options *o, GError **error)
{
  o->seed = -1;
  o->share = 0.05;
  if ((o->share_text && !cr_cli_parse_share(o->share_text, &o->share, error)) ||
      (o->seed_text && !cr_cli_parse_number("--seed", o->seed_text, &o->seed, error)))
    return FALSE;
  if (o->send_back && !o->project) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "--send-back needs --project");
    return FALSE;
  }
  if (o->seed < 0)
    o->seed = cr_seed_draw(cr_env_default());
  return TRUE;
}

int
cr_cmd_monitor(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  Options o = {0};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"share", 0, 0, G_OPTION_ARG_STRING, &o.share_text, "Share of the documents, at least one (5%)",
       "SHARE"},
      {"seed", 0, 0, G_OPTION_ARG_STRING, &o.seed_text, "Of the draw (else drawn, and told)", "N"},
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &o.project, "Findings go to this project's review", "PROJECT"},
      {"send-back", 0, 0, G_OPTION_ARG_NONE, &o.send_back, "Notes with a finding go back to privacy review",
       NULL},
      {"show", 0, 0, G_OPTION_ARG_NONE, &o.show, "Without --project: print the words that were found", NULL},
      {NULL}};
  if (cr_cli_parse(&cli, argc, argv, CR_CLI_PROJECT, "EXPORT", help, entries, 1, 1, &status))
    status = parse(&o, &error) ? run(&cli, &o) : cr_cli_fail(&cli, error);
  g_free(o.share_text), g_free(o.seed_text), g_free(o.project);
  return status;
}
