/* cli: what the commands share. One table of commands (main.c), one file a command, one way to parse, open,
 * print and fail. A command is int cr_cmd_NAME(int argc, char **argv), argv[0] its own name, and returns the
 * exit status. */
#pragma once
#include <chartroom/project.h>

typedef struct {
  gboolean json;         /* --json */
  char *member;          /* --member, or CHARTROOM_MEMBER; NULL: whom the passphrase opens */
  char *passphrase_file; /* --passphrase-file */
  GStrv rest;            /* positional arguments after the options, never NULL */
  guint n_rest;
} CrCli;
void cr_cli_clear(CrCli *cli);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrCli, cr_cli_clear)

typedef enum {
  CR_CLI_STREAM = 0,      /* --json is implied or of no meaning */
  CR_CLI_JSON = 1 << 0,   /* takes --json */
  CR_CLI_PROJECT = 1 << 1 /* takes --json, --member, --passphrase-file */
} CrCliFlags;

/* Parses the options. usage: what stands after the command's name ("PROJECT NOTE --file FILE"); help:
 * paragraphs below the options (what it does, an example). FALSE: return *status (help was shown: 0; a wrong
 * option was reported: 2). min_rest..max_rest positional arguments (max -1: any). */
gboolean cr_cli_parse(CrCli *cli, int argc, char **argv, CrCliFlags flags, const char *usage,
                      const char *help, const GOptionEntry *entries, int min_rest, int max_rest, int *status);

/* For `audit` and `member`, whose verb may stand before the project or after it: puts the project first.
 * verbs: NULL-terminated. */
void cr_cli_project_first(CrCli *cli, const char *const *verbs);

/* Opens the project rest[0] with the passphrase from --passphrase-file, CHARTROOM_PASSPHRASE or the terminal.
 */
CrProject *cr_cli_open(CrCli *cli, GError **error);
/* Runs after the work: closes (signs the trail), reports a failure of closing, and returns the exit status.
 * status: what the work came to. */
int cr_cli_close(CrCli *cli, CrProject *project, int status);
/* Prints "chartroom: NAME: MESSAGE; ADVICE" on stderr, with --json also {"error":{"code","message","advice"}}
 * on stdout; frees the error; returns its exit status. */
int cr_cli_fail(CrCli *cli, GError *error);
int cr_cli_usage(CrCli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A passphrase: from file (first line) where given, else the environment variable env where set, else typed
 * at the terminal without echo (twice with confirm). Free with cr_cli_free_passphrase, which wipes it. */
char *cr_cli_passphrase(const char *file, const char *env, const char *prompt, gboolean confirm,
                        GError **error);
void cr_cli_free_passphrase(char *passphrase);

/* Note text for a terminal: control characters, which could move the cursor or worse, become spaces;
 * keep_lines leaves line ends. transfer full */
char *cr_cli_plain(const char *text, gboolean keep_lines);
/* One JSON value and a newline on stdout. */
void cr_cli_print_json(const json_t *value);
/* A table for people: columns separated by '\t' in each line, aligned; numbers to the right. */
void cr_cli_print_table(const char *const *lines);
/* A CrProgressFunc (all 0: not known): on stderr, where it is a terminal and the work takes over a second, at most ten times a
 * second. */
void cr_cli_progress(const char *what, guint64 done, guint64 all, gpointer unused);
void cr_cli_progress_end(void);
