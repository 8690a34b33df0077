/* cli.c: what the commands share; see cli.h. */
#include "cli/cli.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

void
cr_cli_clear(CrCli *cli)
{
  g_clear_pointer(&cli->member, g_free);
  g_clear_pointer(&cli->passphrase_file, g_free);
  g_clear_pointer(&cli->rest, g_strfreev);
}

/* ---- options ---- */

static void
add_shared_options(GOptionContext *context, CrCli *cli, CrCliFlags flags)
{
  const GOptionEntry json[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &cli->json, "Print one JSON object (or JSON lines)", NULL}, {NULL}};
  const GOptionEntry project[] = {
      {"member", 0, 0, G_OPTION_ARG_STRING, &cli->member,
       "Who acts (else CHARTROOM_MEMBER, else whom the passphrase opens)", "CODE"},
      {"passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &cli->passphrase_file,
       "The passphrase is the first line of FILE (else CHARTROOM_PASSPHRASE, else asked)", "FILE"},
      {NULL}};
  if (flags)
    g_option_context_add_main_entries(context, json, NULL);
  if (flags & CR_CLI_PROJECT)
    g_option_context_add_main_entries(context, project, NULL);
}

/* `chartroom COMMAND` in front of the usage line, whatever the program is called. */
static GOptionContext *
make_context(const char *usage, const char *help, const GOptionEntry *entries, CrCli *cli, CrCliFlags flags)
{
  GOptionContext *context = g_option_context_new(usage);
  g_option_context_set_description(context, help);
  if (entries)
    g_option_context_add_main_entries(context, entries, NULL);
  add_shared_options(context, cli, flags);
  g_option_context_set_help_enabled(context, FALSE);
  g_option_context_set_strict_posix(context, FALSE);
  return context;
}

static gboolean
wants_help(int argc, char **argv)
{
  for (int i = 1; i < argc && !g_str_equal(argv[i], "--"); i++)
    if (g_str_equal(argv[i], "--help") || g_str_equal(argv[i], "-h"))
      return TRUE;
  return FALSE;
}

static gboolean
check_rest(CrCli *cli, const char *name, const char *usage, int min_rest, int max_rest, int *status)
{
  if ((int)cli->n_rest >= min_rest && (max_rest < 0 || (int)cli->n_rest <= max_rest))
    return TRUE;
  *status = cr_cli_usage(cli, "it is chartroom %s %s", name, usage);
  return FALSE;
}

gboolean
cr_cli_parse(CrCli *cli, int argc, char **argv, CrCliFlags flags, const char *usage, const char *help,
             const GOptionEntry *entries, int min_rest, int max_rest, int *status)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GOptionContext) context = make_context(usage, help, entries, cli, flags);
  g_autofree char *program = g_strconcat("chartroom ", argv[0], NULL);
  g_auto(GStrv) args = g_new0(char *, argc + 1);
  g_set_prgname(program);
  if (wants_help(argc, argv)) {
    g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
    fputs(text, stdout);
    *status = CR_EXIT_DONE;
    return FALSE;
  }
  for (int i = 0; i < argc; i++)
    args[i] = g_strdup(argv[i]);
  if (!g_option_context_parse_strv(context, &args, &error)) {
    *status = cr_cli_usage(cli, "%s", error->message);
    return FALSE;
  }
  cli->rest = g_strdupv(args + 1);
  cli->n_rest = g_strv_length(cli->rest);
  if (cli->n_rest && g_str_equal(cli->rest[0], "--")) {
    g_free(cli->rest[0]);
    memmove(cli->rest, cli->rest + 1, cli->n_rest-- * sizeof(char *));
  }
  if (!cli->member)
    cli->member = g_strdup(g_getenv("CHARTROOM_MEMBER"));
  return check_rest(cli, argv[0], usage, min_rest, max_rest, status);
}

void
cr_cli_project_first(CrCli *cli, const char *const *verbs)
{
  if (cli->n_rest < 2 || !g_strv_contains(verbs, cli->rest[0]))
    return;
  char *verb = cli->rest[0];
  cli->rest[0] = cli->rest[1];
  cli->rest[1] = verb;
}

/* ---- failing ---- */

static int
print_failure(CrCli *cli, const char *code, const char *message, const char *advice, int status)
{
  fprintf(stderr, "chartroom: %s: %s%s%s\n", code, message, *advice ? "; " : "", advice);
  if (cli && cli->json) {
    json_t *json =
        json_pack("{s:{s:s, s:s, s:s}}", "error", "code", code, "message", message, "advice", advice);
    cr_cli_print_json(json);
    json_decref(json);
  }
  return status;
}

int
cr_cli_fail(CrCli *cli, GError *error)
{
  g_autoptr(GError) owned = error;
  cr_cli_progress_end();
  return print_failure(cli, cr_error_name(owned), owned->message, cr_error_advice(owned),
                       cr_error_exit(owned));
}

int
cr_cli_usage(CrCli *cli, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  return print_failure(cli, "usage", message, "see --help", CR_EXIT_USAGE);
}

/* ---- passphrases ---- */

static char *
read_line_hidden(const char *prompt)
{
  struct termios before, hidden;
  char line[1024];
  fputs(prompt, stderr);
  tcgetattr(STDIN_FILENO, &before);
  hidden = before;
  hidden.c_lflag &= (tcflag_t)~ECHO;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  char *got = fgets(line, sizeof line, stdin);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  fputc('\n', stderr);
  if (got)
    line[strcspn(line, "\n")] = 0;
  char *copy = got ? g_strdup(line) : NULL;
  sodium_memzero(line, sizeof line);
  return copy;
}

static char *
ask(const char *prompt, gboolean confirm, GError **error)
{
  if (!isatty(STDIN_FILENO)) {
    g_set_error(error, CR_ERROR, CR_ERROR_NO_PASSPHRASE,
                "a passphrase is needed, and there is no terminal to ask at");
    return NULL;
  }
  char *first = read_line_hidden(prompt);
  char *second = first && confirm ? read_line_hidden("Once more: ") : NULL;
  gboolean same = !confirm || g_strcmp0(first, second) == 0;
  cr_cli_free_passphrase(second);
  if (first && *first && same)
    return first;
  cr_cli_free_passphrase(first);
  g_set_error(error, CR_ERROR, CR_ERROR_NO_PASSPHRASE,
              same ? "no passphrase was typed" : "the two passphrases differ");
  return NULL;
}

char *
cr_cli_passphrase(const char *file, const char *env, const char *prompt, gboolean confirm, GError **error)
{
  if (confirm && g_getenv("CHARTROOM_TEST_CHEAP_KDF"))
    fputs("chartroom: warning: CHARTROOM_TEST_CHEAP_KDF is set: this passphrase will protect nothing\n",
          stderr);
  g_autoptr(GError) local = NULL;
  if (file) {
    char *text = NULL;
    if (!g_file_get_contents(file, &text, NULL, &local)) {
      g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s: %s", file, local->message);
      return NULL;
    }
    text[strcspn(text, "\r\n")] = 0;
    return text;
  }
  const char *set = env ? g_getenv(env) : NULL;
  return set ? g_strdup(set) : ask(prompt, confirm, error);
}

void
cr_cli_free_passphrase(char *passphrase)
{
  if (!passphrase)
    return;
  sodium_memzero(passphrase, strlen(passphrase));
  g_free(passphrase);
}

/* ---- projects ---- */

CrProject *
cr_cli_open(CrCli *cli, GError **error)
{
  char *passphrase =
      cr_cli_passphrase(cli->passphrase_file, "CHARTROOM_PASSPHRASE", "Passphrase: ", FALSE, error);
  CrProject *project = passphrase ? cr_project_open(cli->rest[0], cli->member, passphrase, error) : NULL;
  cr_cli_free_passphrase(passphrase);
  return project;
}

int
cr_cli_close(CrCli *cli, CrProject *project, int status)
{
  GError *error = NULL;
  cr_cli_progress_end();
  if (cr_project_close(project, &error))
    return status;
  if (status >= CR_EXIT_USAGE && (int)cr_error_exit(error) <= status) {
    g_error_free(error); /* the command has told what is wrong */
    return status;
  }
  int failed = cr_cli_fail(cli, error);
  return MAX(status, failed);
}

/* ---- printing ---- */

/* Controls, also those of two bytes (U+009B begins a sequence as ESC [ does), and what turns the direction of
 * writing, so that words would seem to stand where they don't. */
static gboolean
is_plain(gunichar c)
{
  gboolean is_direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  return !is_direction && c >= 0x20 && !(c >= 0x7f && c <= 0x9f);
}

char *
cr_cli_plain(const char *text, gboolean keep_lines)
{
  GString *plain = g_string_new(NULL);
  for (const char *c = text; *c; c = g_utf8_next_char(c)) {
    gunichar u = g_utf8_get_char(c);
    g_string_append_unichar(plain, is_plain(u) || (keep_lines && u == '\n') ? u : ' ');
  }
  return g_string_free(plain, FALSE);
}

void
cr_cli_print_json(const json_t *value)
{
  g_autofree char *text = cr_json_dump(value);
  puts(text);
}

static gboolean
is_number(const char *cell)
{
  return *cell && strspn(cell, "0123456789.,-+% ") == strlen(cell);
}

static void
measure(const char *const *lines, GArray *widths)
{
  for (guint i = 0; lines[i]; i++) {
    g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);
    for (guint c = 0; cells[c]; c++) {
      guint w = (guint)g_utf8_strlen(cells[c], -1);
      if (c >= widths->len)
        g_array_set_size(widths, c + 1);
      g_array_index(widths, guint, c) = MAX(g_array_index(widths, guint, c), w);
    }
  }
}

static void
print_cell(const char *cell, guint width, gboolean last)
{
  int pad = (int)width - (int)g_utf8_strlen(cell, -1);
  if (is_number(cell))
    printf("%*s%s", pad, "", cell);
  else if (last)
    fputs(cell, stdout);
  else
    printf("%s%*s", cell, pad, "");
  fputs(last ? "\n" : "  ", stdout);
}

void
cr_cli_print_table(const char *const *lines)
{
  g_autoptr(GArray) widths = g_array_new(FALSE, TRUE, sizeof(guint));
  measure(lines, widths);
  for (guint i = 0; lines[i]; i++) {
    g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);
    for (guint c = 0; cells[c]; c++)
      print_cell(cells[c], g_array_index(widths, guint, c), !cells[c + 1]);
  }
}

/* ---- progress ---- */

static gint64 progress_began, progress_shown;

void
cr_cli_progress(const char *what, guint64 done, guint64 all, gpointer unused)
{
  gint64 now = g_get_monotonic_time();
  if (!progress_began)
    progress_began = now;
  if (!isatty(STDERR_FILENO) || now - progress_began < G_USEC_PER_SEC ||
      now - progress_shown < G_USEC_PER_SEC / 10)
    return;
  double seconds = (double)(now - progress_began) / G_USEC_PER_SEC, rate = (double)done / seconds;
  double left = rate > 0 && all > done ? (double)(all - done) / rate : 0;
  progress_shown = now;
  if (all)
    fprintf(stderr, "\r\033[K%.0f %%  %.0f %s/s  %.0f s left", 100.0 * (double)done / (double)all, rate, what,
            left);
  else
    fprintf(stderr, "\r\033[K%" G_GUINT64_FORMAT " %s  %.0f %s/s", done, what, rate, what);
  fflush(stderr);
}

void
cr_cli_progress_end(void)
{
  if (progress_shown)
    fputs("\r\033[K", stderr);
  progress_began = progress_shown = 0;
}
