/* init and member: making a project, and its people. */
#include "cli/cli.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

int
cr_cmd_init(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  CrInitOptions options = {0};
  g_autofree char *template = NULL, *name = NULL, *code = NULL, *purpose = NULL, *licence = NULL,
                  *metric = NULL;
  double floor = 0;
  int reviewers = 0, pilot = 0, status;
  GError *error = NULL;
  const GOptionEntry entries[] = {
      {"template", 0, 0, G_OPTION_ARG_STRING, &template,
       "Guidelines to start from: medications, problems, medications-problems", "NAME"},
      {"reviewers", 0, 0, G_OPTION_ARG_INT, &reviewers,
       "Privacy reviewers a note needs, 1 or 2 (else 2, or 1 while one person works alone)", "N"},
      {"metric", 0, 0, G_OPTION_ARG_STRING, &metric,
       "Agreement that gates G3 and G4 ask for: token_kappa (default), span_f1_strict, span_f1_partial",
       "METRIC"},
      {"floor", 0, 0, G_OPTION_ARG_DOUBLE, &floor, "And the value it must reach (0.70)", "VALUE"},
      {"pilot", 0, 0, G_OPTION_ARG_INT, &pilot, "Notes in the pilot batch (500)", "N"},
      {"purpose", 0, 0, G_OPTION_ARG_STRING, &purpose, "What the data is for; stands on the dataset card",
       "TEXT"},
      {"licence", 0, 0, G_OPTION_ARG_STRING, &licence,
       "Under which terms it may be used; stands on the dataset card", "TEXT"},
      {"name", 0, 0, G_OPTION_ARG_STRING, &name, "Name of the first member", "NAME"},
      {NULL}};
  if (!cr_cli_parse(&cli, argc, argv, CR_CLI_PROJECT, "PROJECT",
                    "Makes the folder PROJECT (NAME.chartroom) with its two encrypted stores, its audit "
                    "trail and a first member who\n"
                    "holds every role. The passphrase opens the project; nobody can recover it.\n\n"
                    "Example: chartroom init pneumonia.chartroom --template medications",
                    entries, 1, 1, &status))
    return status;
  if (reviewers < 0 || reviewers > 2)
    return cr_cli_usage(&cli, "--reviewers takes 1 or 2");
  if (pilot < 0)
    return cr_cli_usage(&cli, "--pilot takes a number of notes");
  char *passphrase =
      cr_cli_passphrase(cli.passphrase_file, "CHARTROOM_PASSPHRASE", "New passphrase: ", TRUE, &error);
  if (!passphrase)
    return cr_cli_fail(&cli, error);
  options = (CrInitOptions){.template_name = template,
                            .reviewers = (guint)reviewers,
                            .metric = metric,
                            .floor = floor,
                            .pilot = (guint)pilot,
                            .purpose = purpose,
                            .licence = licence,
                            .member_name = name};
  gboolean ok = *passphrase && cr_project_init(cli.rest[0], passphrase, &options, &code, &error);
  gboolean empty = !*passphrase;
  cr_cli_free_passphrase(passphrase);
  if (empty)
    return cr_cli_usage(&cli, "the passphrase is empty");
  if (!ok)
    return cr_cli_fail(&cli, error);
  if (cli.json) {
    g_autoptr(json_t) json = json_pack("{s:s, s:s}", "project", cli.rest[0], "member", code);
    cr_cli_print_json(json);
  } else
    printf("%s is ready. You are member %s and hold every role.\nNext: chartroom import %s FILE…\n",
           cli.rest[0], code, cli.rest[0]);
  return CR_EXIT_DONE;
}

/* ---- member ---- */

typedef struct {
  char *roles, *reason, *new_passphrase_file;
} MemberOptions;

static int
member_add(CrCli *cli, CrProject *p, const MemberOptions *o)
{
  GError *error = NULL;
  if (cli->n_rest != 3 || !o->roles)
    return cr_cli_usage(cli, "it is chartroom member add PROJECT NAME --roles ROLE,… ");
  char *passphrase = cr_cli_passphrase(o->new_passphrase_file, "CHARTROOM_NEW_PASSPHRASE",
                                       "The new member's passphrase: ", TRUE, &error);
  g_autofree char *code =
      passphrase ? cr_project_member_add(p, cli->rest[2], passphrase, o->roles, &error) : NULL;
  cr_cli_free_passphrase(passphrase);
  if (!code)
    return cr_cli_fail(cli, error);
  if (cli->json) {
    g_autoptr(json_t) json = json_pack("{s:s, s:s}", "member", code, "roles", o->roles);
    cr_cli_print_json(json);
  } else
    printf("%s is member %s with the roles %s\n", cli->rest[2], code, o->roles);
  return CR_EXIT_DONE;
}

static int
member_list(CrCli *cli, CrProject *p, const MemberOptions *o)
{
  GError *error = NULL;
  g_autoptr(json_t) list = cr_project_member_list(p, &error);
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  size_t i;
  json_t *row;
  if (!list)
    return cr_cli_fail(cli, error);
  if (cli->json) {
    cr_cli_print_json(list);
    return CR_EXIT_DONE;
  }
  json_array_foreach(list, i, row)
  {
    const char *name = json_string_value(json_object_get(row, "name")),
               *roles = json_string_value(json_object_get(row, "roles"));
    g_ptr_array_add(lines,
                    g_strdup_printf("%s\t%s\t%s\t%s%s", json_string_value(json_object_get(row, "member")),
                                    name ? name : "-", *roles ? roles : "(removed)",
                                    json_is_true(json_object_get(row, "locked")) ? "locked " : "",
                                    json_object_get(row, "you") ? "you" : ""));
  }
  g_ptr_array_add(lines, NULL);
  cr_cli_print_table((const char *const *)lines->pdata);
  return CR_EXIT_DONE;
}

static int
done_or_fail(CrCli *cli, gboolean ok, GError *error)
{
  return ok ? CR_EXIT_DONE : cr_cli_fail(cli, error);
}

static int
member_roles(CrCli *cli, CrProject *p, const MemberOptions *o)
{
  GError *error = NULL;
  if (cli->n_rest != 3 || !o->roles)
    return cr_cli_usage(cli, "it is chartroom member roles PROJECT MEMBER --roles ROLE,…");
  gboolean ok = cr_project_member_roles(p, cli->rest[2], o->roles, o->reason, &error);
  return done_or_fail(cli, ok, error);
}

static int
lock_or_unlock(CrCli *cli, CrProject *p, const MemberOptions *o, gboolean lock)
{
  GError *error = NULL;
  if (cli->n_rest != 3)
    return cr_cli_usage(cli, "it is chartroom member lock|unlock PROJECT MEMBER");
  gboolean ok = cr_project_member_lock(p, cli->rest[2], lock, o->reason, &error);
  return done_or_fail(cli, ok, error);
}

static int
member_lock(CrCli *cli, CrProject *p, const MemberOptions *o)
{
  return lock_or_unlock(cli, p, o, TRUE);
}

static int
member_unlock(CrCli *cli, CrProject *p, const MemberOptions *o)
{
  return lock_or_unlock(cli, p, o, FALSE);
}

static int
member_remove(CrCli *cli, CrProject *p, const MemberOptions *o)
{
  GError *error = NULL;
  if (cli->n_rest != 3)
    return cr_cli_usage(cli, "it is chartroom member remove PROJECT MEMBER");
  gboolean ok = cr_project_member_remove(p, cli->rest[2], o->reason, &error);
  return done_or_fail(cli, ok, error);
}

static const struct {
  const char *name;
  int (*run)(CrCli *cli, CrProject *p, const MemberOptions *o);
} member_verbs[] = {{"add", member_add},   {"list", member_list},     {"roles", member_roles},
                    {"lock", member_lock}, {"unlock", member_unlock}, {"remove", member_remove}};

static const char *const member_verb_names[] = {"add", "list", "roles", "lock", "unlock", "remove", NULL};

int
cr_cmd_member(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  MemberOptions o = {0};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"roles", 0, 0, G_OPTION_ARG_STRING, &o.roles, "Of lead, privacy, clinician, senior, engineer, auditor",
       "ROLE,…"},
      {"reason", 0, 0, G_OPTION_ARG_STRING, &o.reason, "Why; for the trail", "TEXT"},
      {"new-passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &o.new_passphrase_file,
       "The new member's passphrase (else CHARTROOM_NEW_PASSPHRASE, else asked)", "FILE"},
      {NULL}};
  if (!cr_cli_parse(
          &cli, argc, argv, CR_CLI_PROJECT, "add|list|roles|lock|unlock|remove PROJECT [MEMBER]",
          "  add PROJECT NAME --roles ROLE,…     a new member; the lead must hold the keys that the roles "
          "ask for\n"
          "  list PROJECT                        codes, roles, and names where you may see them\n"
          "  roles PROJECT MEMBER --roles ROLE,… other roles\n"
          "  lock|unlock PROJECT MEMBER          keep a member out, let the member in again\n"
          "  remove PROJECT MEMBER               for good; the code stays in the trail\n\n"
          "A role is a set of keys: a clinician's key cannot open an original, an engineer's no name.",
          entries, 2, 3, &status))
    return status;
  cr_cli_project_first(&cli, member_verb_names);
  for (guint i = 0; i < G_N_ELEMENTS(member_verbs); i++)
    if (g_str_equal(member_verbs[i].name, cli.rest[1])) {
      CrProject *p = cr_cli_open(&cli, &error);
      status = p ? cr_cli_close(&cli, p, member_verbs[i].run(&cli, p, &o)) : cr_cli_fail(&cli, error);
      g_free(o.roles), g_free(o.reason), g_free(o.new_passphrase_file);
      return status;
    }
  return cr_cli_usage(&cli, "member: the verbs are add, list, roles, lock, unlock and remove");
}
