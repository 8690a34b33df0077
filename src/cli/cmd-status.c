/* status, override, audit, attest: what stands where, and what can be proved. */
#include "base/base.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include <chartroom/formats.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *
text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

/* ---- status ---- */

static void
print_states(const json_t *status)
{
  const char *state;
  json_t *n;
  gint64 all = 0;
  json_object_foreach(json_object_get(status, "states"), state, n) all += json_integer_value(n);
  printf("%" G_GINT64_FORMAT " notes", all);
  json_object_foreach(json_object_get(status, "states"), state, n) if (json_integer_value(n))
      printf(", %" G_GINT64_FORMAT " %s", (gint64)json_integer_value(n), state);
  putchar('\n');
}

static gboolean
print_status(const json_t *status)
{
  size_t i;
  json_t *row;
  gboolean held = FALSE;
  printf("Project %s, %" G_GINT64_FORMAT " events, %" G_GINT64_FORMAT " privacy reviewer(s) a note\n",
         text_of(status, "project"), (gint64)json_integer_value(json_object_get(status, "events")),
         (gint64)json_integer_value(json_object_get(status, "reviewers")));
  print_states(status);
  json_array_foreach(json_object_get(status, "waiting"), i, row) printf(
      "  %" G_GINT64_FORMAT " wait for %s (%s)\n", (gint64)json_integer_value(json_object_get(row, "count")),
      text_of(row, "what"), text_of(row, "who"));
  json_array_foreach(json_object_get(status, "gates"), i, row)
  {
    gboolean holds = json_is_true(json_object_get(row, "holds"));
    const char *batch = text_of(row, "batch");
    held |= holds;
    printf("  %s %s%s%s%s%s\n", text_of(row, "gate"), holds ? "holds" : "is open", *batch ? " for " : "",
           batch, *text_of(row, "why") ? ": " : "", text_of(row, "why"));
  }
  json_array_foreach(json_object_get(status, "overrides"), i, row)
      printf("  %s was overridden by %s and %s: %s\n", text_of(row, "gate"), text_of(row, "lead"),
             text_of(row, "second"), text_of(row, "reason"));
  return held;
}

int
cr_cmd_status(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  GError *error = NULL;
  int status;
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "PROJECT",
          "Says how many notes stand at each stage, what waits for whom, and which gate holds and why.", NULL,
          1, 1, &status))
    return status;
  CrProject *p = cr_cli_open(&cli, &error);
  if (!p)
    return cr_cli_fail(&cli, error);
  g_autoptr(json_t) result = cr_project_status(p, &error);
  if (!result)
    return cr_cli_close(&cli, p, cr_cli_fail(&cli, error));
  if (cli.json)
    cr_cli_print_json(result);
  else
    print_status(result);
  return cr_cli_close(&cli, p, CR_EXIT_DONE);
}

/* ---- override ---- */

int
cr_cmd_override(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_autofree char *batch = NULL, *reason = NULL, *second = NULL, *second_file = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"batch", 0, 0, G_OPTION_ARG_STRING, &batch, "Only for this batch (else the whole project)", "NAME"},
      {"reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why; printed on the dataset card for ever", "TEXT"},
      {"second", 0, 0, G_OPTION_ARG_STRING, &second, "The second member", "MEMBER"},
      {"second-passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &second_file,
       "The second member's passphrase (else CHARTROOM_SECOND_PASSPHRASE, else asked)", "FILE"},
      {NULL}};
  if (!cr_cli_parse(&cli, argc, argv, CR_CLI_PROJECT, "PROJECT G1|G2|G3|G4",
                    "Lets work pass a gate against its rule. It takes the lead and a second member, both "
                    "with their passphrase, and a\n"
                    "reason. It is in the trail and on every dataset card of the project from then on.",
                    entries, 2, 2, &status))
    return status;
  if (!reason || !second)
    return cr_cli_usage(&cli, "an override needs --reason and --second");
  CrProject *p = cr_cli_open(&cli, &error);
  if (!p)
    return cr_cli_fail(&cli, error);
  char *passphrase = cr_cli_passphrase(second_file, "CHARTROOM_SECOND_PASSPHRASE",
                                       "The second member's passphrase: ", FALSE, &error);
  gboolean ok = passphrase && cr_project_override(p, cli.rest[1], batch, reason, second, passphrase, &error);
  cr_cli_free_passphrase(passphrase);
  if (ok && !cli.json)
    printf("%s is overridden%s%s. It stands in the trail and on the dataset card.\n", cli.rest[1],
           batch ? " for " : "", batch ? batch : "");
  return cr_cli_close(&cli, p, ok ? CR_EXIT_DONE : cr_cli_fail(&cli, error));
}

/* ---- audit ---- */

typedef struct {
  char *note, *member, *out;
  char **anchors;
} AuditOptions;

typedef struct {
  CrCli *cli;
  const AuditOptions *o;
} LogView;

static gboolean
log_cb(const json_t *event, gpointer user_data)
{
  const LogView *v = user_data;
  if (v->o->member && !g_str_equal(v->o->member, text_of(event, "actor")))
    return TRUE;
  g_autofree char *object = v->o->note ? g_strconcat("note:", v->o->note, NULL) : NULL;
  if (object && !g_str_equal(object, text_of(event, "object")))
    return TRUE;
  if (v->cli->json) {
    cr_cli_print_json(event);
    return TRUE;
  }
  const char *old = text_of(event, "old"), *new = text_of(event, "new"), *reason = text_of(event, "reason");
  gboolean sealed = json_is_true(json_object_get(event, "sealed"));
  printf("%6" G_GINT64_FORMAT "  %.19s  %-9s %-10s %-26s %s",
         (gint64)json_integer_value(json_object_get(event, "seq")), text_of(event, "time"),
         text_of(event, "actor"), text_of(event, "role"), text_of(event, "action"), text_of(event, "object"));
  if (*old || *new)
    printf("  %s -> %s",
           sealed && *old ? "(sealed)"
           : *old         ? old
                          : "-",
           sealed && *new ? "(sealed)"
           : *new         ? new
                          : "-");
  printf("%s%s\n", *reason ? "  because: " : "", reason);
  return TRUE;
}

/* A trail is shown only where it holds: what was changed is not to be read as if it were true. */
static int
audit_log(CrCli *cli, const AuditOptions *o)
{
  GError *error = NULL;
  LogView v = {cli, o};
  g_autoptr(json_t) report = cr_project_audit_verify(cli->rest[0], NULL, &error);
  if (!report || !cr_project_audit_walk(cli->rest[0], log_cb, &v, &error))
    return cr_cli_fail(cli, error);
  if (json_is_true(json_object_get(report, "ok")))
    return CR_EXIT_DONE;
  return cr_cli_fail(cli, g_error_new(CR_ERROR, CR_ERROR_AUDIT_BROKEN, "%s", text_of(report, "what")));
}

static int
audit_verify(CrCli *cli, const AuditOptions *o)
{
  GError *error = NULL;
  size_t i;
  json_t *note;
  g_autoptr(json_t) report = cr_project_audit_verify(cli->rest[0], (const char *const *)o->anchors, &error);
  if (!report)
    return cr_cli_fail(cli, error);
  gboolean ok = json_is_true(json_object_get(report, "ok"));
  if (cli->json)
    cr_cli_print_json(report);
  else {
    gint64 n_signed = (gint64)json_integer_value(json_object_get(report, "signed"));
    printf("%s: %" G_GINT64_FORMAT " events, %" G_GINT64_FORMAT " of them signed",
           ok ? "The trail holds" : "The trail does NOT hold",
           (gint64)json_integer_value(json_object_get(report, "events")), n_signed);
    if (n_signed > 0)
      printf(" (by %s at %s)", text_of(report, "signed_by"), text_of(report, "signed_at"));
    putchar('\n');
    if (!ok)
      printf("  %s\n", text_of(report, "what"));
    json_array_foreach(json_object_get(report, "notes"), i, note) printf("  %s\n", json_string_value(note));
  }
  return ok ? CR_EXIT_DONE : CR_EXIT_FINDINGS;
}

static int
audit_anchor(CrCli *cli, const AuditOptions *o)
{
  GError *error = NULL;
  CrProject *p = cr_cli_open(cli, &error);
  if (!p)
    return cr_cli_fail(cli, error);
  g_autofree char *anchor = cr_project_audit_anchor(p, &error);
  gboolean ok = anchor != NULL;
  if (ok && o->out)
    ok = cr_file_replace(cr_env_default()->io, o->out, anchor, strlen(anchor), 0644, &error);
  else if (ok)
    fputs(anchor, stdout);
  return cr_cli_close(cli, p, ok ? CR_EXIT_DONE : cr_cli_fail(cli, error));
}

/* An exported folder against its receipt: every file there, with its hash and its offsets. */
static int
audit_receipt(CrCli *cli, const AuditOptions *o)
{
  GError *error = NULL;
  if (!cr_receipt_check(cli->rest[0], &error)) { /* a check that failed is a finding, not wrong usage */
    gboolean was_checked = g_error_matches(error, CR_ERROR, CR_ERROR_DAMAGED);
    int status = cr_cli_fail(cli, error);
    return was_checked ? CR_EXIT_FINDINGS : status;
  }
  if (cli->json) {
    g_autoptr(json_t) json = json_pack("{s:b, s:s}", "ok", TRUE, "folder", cli->rest[0]);
    cr_cli_print_json(json);
  } else
    printf("%s is as its receipt says\n", cli->rest[0]);
  return CR_EXIT_DONE;
}

static const char *const audit_verb_names[] = {"log", "verify", "anchor", "receipt", NULL};

static const struct {
  const char *name;
  int (*run)(CrCli *cli, const AuditOptions *o);
} audit_verbs[] = {
    {"log", audit_log}, {"verify", audit_verify}, {"anchor", audit_anchor}, {"receipt", audit_receipt}};

static void
audit_options_clear(AuditOptions *o)
{
  g_free(o->note), g_free(o->member), g_free(o->out);
  g_strfreev(o->anchors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AuditOptions, audit_options_clear)

int
cr_cmd_audit(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_auto(AuditOptions) o = {0};
  int status;
  const GOptionEntry entries[] = {
      {"note", 0, 0, G_OPTION_ARG_STRING, &o.note, "log: only events about this note", "N-CODE"},
      {"by", 0, 0, G_OPTION_ARG_STRING, &o.member, "log: only events by this member", "M-CODE"},
      {"anchor", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o.anchors,
       "verify: an anchor that was kept elsewhere (repeat)", "FILE"},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &o.out, "anchor: write it to FILE (else printed)", "FILE"},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "log|verify|anchor PROJECT | receipt DIR",
          "  log PROJECT      every event: who, what, when, why\n"
          "  verify PROJECT   checks the chain, the tree and the signatures; needs no passphrase; exit 1 "
          "where it does not hold\n"
          "  anchor PROJECT   signs the trail as it stands; keep the line outside the project, so that a "
          "rollback shows\n"
          "  receipt DIR      checks an exported folder against its receipt: hashes, and every offset\n\n"
          "What happens between two anchors at the hands of somebody who holds all keys cannot be detected.",
          entries, 2, 2, &status))
    return status;
  cr_cli_project_first(&cli, audit_verb_names);
  for (guint i = 0; i < G_N_ELEMENTS(audit_verbs); i++)
    if (g_str_equal(audit_verbs[i].name, cli.rest[1]))
      return audit_verbs[i].run(&cli, &o);
  return cr_cli_usage(&cli, "audit: the verbs are log, verify, anchor and receipt");
}

/* ---- attest ---- */

static char *
own_hash(void)
{
  g_autoptr(GMappedFile) self = g_mapped_file_new("/proc/self/exe", FALSE, NULL);
  return self ? cr_sha256_hex(g_mapped_file_get_contents(self), g_mapped_file_get_length(self))
              : g_strdup("unknown");
}

int
cr_cmd_attest(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  gboolean all = TRUE;
  int status;
  if (!cr_cli_parse(&cli, argc, argv, CR_CLI_JSON, "",
                    "Says what the process forbids itself, and tests each promise while it runs. Exit 1 "
                    "where one does not hold.",
                    NULL, 0, 0, &status))
    return status;
  g_autoptr(GPtrArray) promises = cr_harden_test();
  g_autofree char *hash = own_hash();
  g_autoptr(json_t) list = json_array();
  for (guint i = 0; i < promises->len; i++) {
    const CrPromise *p = promises->pdata[i];
    all &= p->enforced;
    json_array_append_new(list, json_pack("{s:s, s:b, s:s?}", "promise", p->name, "enforced", p->enforced,
                                          "detail", p->detail));
    if (!cli.json)
      printf("%-4s %s%s%s\n", p->enforced ? "yes" : "NO", p->name, p->detail ? ": " : "",
             p->detail ? p->detail : "");
  }
  if (cli.json) {
    g_autoptr(json_t) json =
        json_pack("{s:s, s:s, s:O}", "version", CR_VERSION, "binary_sha256", hash, "promises", list);
    cr_cli_print_json(json);
  } else
    printf("chartroom %s, SHA-256 of the program %s\n", CR_VERSION, hash);
  return all ? CR_EXIT_DONE : CR_EXIT_FINDINGS;
}
