/* destroy: crypto-shredding with a certificate. */
#include "base/base.h"
#include "cli/cli.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

typedef struct {
  char *what, *certificate, *reason, *second, *second_file;
} DestroyOptions;

static void
destroy_options_clear(DestroyOptions *o)
{
  g_free(o->what), g_free(o->certificate), g_free(o->reason), g_free(o->second), g_free(o->second_file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DestroyOptions, destroy_options_clear)

static gboolean
second_agrees(CrProject *p, const DestroyOptions *o, char **code, GError **error)
{
  if (!o->second)
    return TRUE;
  char *passphrase = cr_cli_passphrase(o->second_file, "CHARTROOM_SECOND_PASSPHRASE",
                                       "The second member's passphrase: ", FALSE, error);
  gboolean ok = passphrase && cr_project_check_second(p, o->second, passphrase, code, error);
  cr_cli_free_passphrase(passphrase);
  return ok;
}

static json_t *
destroy(CrCli *cli, CrProject *p, const DestroyOptions *o, GError **error)
{
  g_autofree char *second = NULL;
  if (!second_agrees(p, o, &second, error))
    return NULL;
  if (g_str_equal(o->what, "project"))
    return cr_project_destroy(p, o->reason, second, error);
  return cr_project_destroy_originals(p, cli->n_rest > 1 ? cli->rest[1] : NULL, o->reason, second, error);
}

/* The certificate's place is tried before anything is destroyed: what is gone must be on paper. */
static int
run(CrCli *cli, CrProject *p, const DestroyOptions *o)
{
  GError *error = NULL;
  const CrIo *io = cr_env_default()->io;
  if (!cr_file_replace(io, o->certificate, "", 0, 0644, &error))
    return cr_cli_fail(cli, error);
  g_autoptr(json_t) c = destroy(cli, p, o, &error);
  g_autofree char *text = c ? cr_json_dump(c) : NULL, *line = text ? g_strconcat(text, "\n", NULL) : NULL;
  if (!line || !cr_file_replace(io, o->certificate, line, strlen(line), 0644, &error))
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json(c);
  else
    printf(
        "Destroyed: %s. The certificate is %s; keep it, and destroy the backups that it cannot speak for.\n",
        json_string_value(json_object_get(c, "what")), o->certificate);
  return CR_EXIT_DONE;
}

static gboolean
known_what(const DestroyOptions *o, guint n_rest)
{
  if (g_strcmp0(o->what, "note") == 0)
    return n_rest == 2;
  return n_rest == 1 && (g_strcmp0(o->what, "originals") == 0 || g_strcmp0(o->what, "project") == 0);
}

int
cr_cmd_destroy(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  g_auto(DestroyOptions) o = {0};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"what", 0, 0, G_OPTION_ARG_STRING, &o.what,
       "originals (of every note), note (with its code), or project", "WHAT"},
      {"certificate", 0, 0, G_OPTION_ARG_FILENAME, &o.certificate,
       "Where the certificate goes; outside the project", "OUT"},
      {"reason", 0, 0, G_OPTION_ARG_STRING, &o.reason, "Why", "TEXT"},
      {"second", 0, 0, G_OPTION_ARG_STRING, &o.second, "A second member, who signs too", "MEMBER"},
      {"second-passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &o.second_file,
       "The second member's passphrase (else CHARTROOM_SECOND_PASSPHRASE, else asked)", "FILE"},
      {NULL}};
  if (!cr_cli_parse(&cli, argc, argv, CR_CLI_PROJECT,
                    "PROJECT --what originals|project|note [NOTE] --certificate OUT --reason TEXT",
                    "Destroys the keys of originals, or of the whole project, for ever: what they sealed "
                    "opens for nobody any more. Cleared\n"
                    "texts, labels and the trail stay (with --what project: the trail alone). The "
                    "certificate says what was done.",
                    entries, 1, 2, &status))
    return status;
  if (!known_what(&o, cli.n_rest) || !o.certificate || !o.reason)
    return cr_cli_usage(&cli, "destroy needs --what originals|project|note NOTE, --certificate and --reason");
  CrProject *p = cr_cli_open(&cli, &error);
  return p ? cr_cli_close(&cli, p, run(&cli, p, &o)) : cr_cli_fail(&cli, error);
}
