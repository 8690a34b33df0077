/* main.c: the table of commands. The process refuses itself the network and core dumps before anything else.
 */
#include "base/base.h"
#include "cli/cli.h"
#include "cli/commands.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef int (*Run)(int argc, char **argv);

static const struct {
  const char *name;
  Run run;
  const char *does;
} commands[] = {
    {NULL, NULL, "Streams: no project, JSON lines in and out"},
    {"deid", cr_cmd_deid, "find identifiers in notes, and take them out"},
    {"train", cr_cmd_train, "train a tagger on labelled notes"},
    {"tag", cr_cmd_tag, "label notes with a trained tagger"},
    {"eval", cr_cmd_eval, "how good a system's labels are against gold ones"},
    {"convert", cr_cmd_convert, "take labelled notes from one format to another"},
    {"agree", cr_cmd_agree, "how far readers agree: label files, a table of ratings, or a project"},
    {"attack", cr_cmd_attack, "what an attacker could make of an exported set"},
    {"monitor", cr_cmd_monitor, "scan a random share of an exported set for what was left"},
    {"attest", cr_cmd_attest, "what this program forbids itself, tested live"},
    {NULL, NULL, "Projects: a folder NAME.chartroom, encrypted, with its audit trail"},
    {"init", cr_cmd_init, "make a project"},
    {"member", cr_cmd_member, "people, roles and keys"},
    {"import", cr_cmd_import, "take notes in from text, JSON lines or CSV"},
    {"detect", cr_cmd_detect, "find the identifiers in them"},
    {"learn", cr_cmd_learn, "teach the project's own model what the reviewers decided"},
    {"review", cr_cmd_review, "decide on what was found; sign"},
    {"redact", cr_cmd_redact, "clear the notes that gate G1 lets through"},
    {"guidelines", cr_cmd_guidelines, "publish, show and compare versions of the guidelines"},
    {"assign", cr_cmd_assign, "give notes to readers"},
    {"label", cr_cmd_label, "take a reader's findings in, checked against the text"},
    {"resolve", cr_cmd_resolve, "settle differences between readers"},
    {"quality", cr_cmd_quality, "look at a sample, flag, approve"},
    {"export", cr_cmd_export, "training data with receipt and dataset card"},
    {"status", cr_cmd_status, "where every note is, and which gate holds"},
    {"override", cr_cmd_override,
     "pass a gate against its rule: two members, a reason, for ever on the card"},
    {"audit", cr_cmd_audit, "the trail: log, verify, anchor"},
    {"destroy", cr_cmd_destroy, "destroy the keys of originals; certificate"},
};

static void
print_help(FILE *to)
{
  fputs("Chartroom turns clinical notes into training data without the notes leaving the room.\n\n"
        "Usage: chartroom COMMAND [ARGUMENTS]\n",
        to);
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    if (commands[i].name)
      fprintf(to, "  %-11s %s\n", commands[i].name, commands[i].does);
    else
      fprintf(to, "\n%s\n", commands[i].does);
  fputs("\n`chartroom COMMAND --help` says more. Exit status: 0 done, 1 finished with findings (a gate held, "
        "verification\n"
        "failed, records were quarantined), 2 wrong usage or input, 3 internal.\n",
        to);
}

static int
run_command(int argc, char **argv)
{
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    if (g_strcmp0(commands[i].name, argv[1]) == 0)
      return commands[i].run(argc - 1, argv + 1);
  fprintf(stderr, "chartroom: usage: there is no command %s; see chartroom --help\n", argv[1]);
  return CR_EXIT_USAGE;
}

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  umask(077); /* what the program writes is for its user alone */
  setlocale(LC_ALL, "C.UTF-8");
  if (!cr_harden(&error)) {
    fprintf(stderr, "chartroom: %s: %s\n", cr_error_name(error), error->message);
    return CR_EXIT_INTERNAL;
  }
  if (argc < 2 || g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h") ||
      g_str_equal(argv[1], "help")) {
    print_help(argc < 2 ? stderr : stdout);
    return argc < 2 ? CR_EXIT_USAGE : CR_EXIT_DONE;
  }
  if (g_str_equal(argv[1], "--version")) {
    puts("chartroom " CR_VERSION);
    return CR_EXIT_DONE;
  }
  return run_command(argc, argv);
}
