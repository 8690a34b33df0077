/* review-terminal.c: see review-terminal.h. The note is drawn around the current candidate, which stands in
 * reverse video; the other candidates are bracketed by what was decided: [x removed], (kept), {open}. */
#include "cli/review-terminal.h"
#include "base/base.h"
#include <chartroom/phi.h>
#include <chartroom/privacy.h>
#include <chartroom/text.h>

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

typedef struct {
  CrCli *cli;
  CrProject *p;
  json_t *note; /* as cr_review_show gives it */
  CrText *text;
  guint current; /* candidate */
  guint n_note, n_notes;
  char *said; /* a line below the note */
  gboolean quit, next_note;
} Session;

static struct termios cooked;

static void
raw_mode(gboolean on)
{
  struct termios t = cooked;
  if (on) {
    t.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG); /* Ctrl-C comes as a key: it quits in good order */
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
  }
  tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

static const char *
str(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

static gsize
num(const json_t *object, const char *key)
{
  return (gsize)json_integer_value(json_object_get(object, key));
}

static json_t *
candidates(const Session *s)
{
  return json_object_get(s->note, "candidates");
}

static json_t *
current(const Session *s)
{
  return json_array_get(candidates(s), s->current);
}

/* What the member said of a candidate, or NULL. */
static const json_t *
mine(const Session *s, const json_t *candidate)
{
  const json_t *d = json_object_get(json_object_get(candidate, "decisions"), cr_project_member(s->p));
  return json_is_object(d) ? d : NULL;
}

static gboolean
is_open(const Session *s, const json_t *candidate)
{
  return !mine(s, candidate) && json_is_true(json_object_get(candidate, "needs_decision"));
}

static guint
n_open(const Session *s)
{
  guint n = 0;
  for (size_t i = 0; i < json_array_size(candidates(s)); i++)
    n += is_open(s, json_array_get(candidates(s), i));
  return n;
}

/* ---- drawing ---- */

static void
terminal_size(guint *rows, guint *columns)
{
  struct winsize w = {0};
  gboolean known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 0;
  *rows = known ? w.ws_row : 24;
  *columns = known ? w.ws_col : 80;
}

static const char *
opening(const Session *s, guint i, const json_t *c)
{
  const json_t *d = mine(s, c);
  if (i == s->current)
    return "\033[7m";
  if (!d)
    return "{";
  return g_str_equal(str(d, "decision"), "keep") ? "(" : "[";
}

static const char *
closing(const Session *s, guint i, const json_t *c)
{
  const json_t *d = mine(s, c);
  if (i == s->current)
    return "\033[0m";
  if (!d)
    return "}";
  return g_str_equal(str(d, "decision"), "keep") ? ")" : "]";
}

/* What stands between two byte offsets. Control characters of the note never reach the terminal. */
static void
append_words(GString *out, const char *bytes, gsize from, gsize to)
{
  g_autofree char *words = g_strndup(bytes + from, to - from);
  g_autofree char *clean = cr_cli_plain(words, TRUE);
  g_string_append(out, clean);
}

/* The note with its candidates marked, as one string. */
static GString *
marked_note(const Session *s)
{
  GString *out = g_string_new(NULL);
  const char *bytes = str(s->note, "text");
  gsize at = 0;
  for (guint i = 0; i <= json_array_size(candidates(s)); i++) {
    const json_t *c = json_array_get(candidates(s), i);
    CrSpan span = {strlen(bytes), strlen(bytes)};
    if (c && !cr_span_from_unit(s->text, CR_UNIT_CODE_POINT, num(c, "start"), num(c, "end"), &span, NULL))
      continue;
    if (span.start > at)
      append_words(out, bytes, at, span.start);
    at = MAX(at, span.start);
    if (!c)
      break;
    g_string_append(out, opening(s, i, c));
    if (span.end > at)
      append_words(out, bytes, at, span.end);
    at = MAX(at, span.end);
    g_string_append(out, closing(s, i, c));
  }
  return out;
}

typedef struct {
  GPtrArray *lines;
  GString *line;
  guint width;             /* characters of the line */
  gsize space;             /* bytes up to and with its last space; 0: none */
  guint width_after_space; /* characters behind it */
} Wrapping;

static void
end_line(Wrapping *w, gsize n_bytes)
{
  g_ptr_array_add(w->lines, g_strndup(w->line->str, n_bytes));
  g_string_erase(w->line, 0, (gssize)n_bytes);
  w->space = 0;
}

/* Breaks at the last space, or where there is none, here. */
static void
break_line(Wrapping *w)
{
  gboolean at_space = w->space > 0;
  end_line(w, at_space ? w->space : w->line->len);
  w->width = at_space ? w->width_after_space : 0;
}

static void
append_char(Wrapping *w, const char *c)
{
  g_string_append_unichar(w->line, g_utf8_get_char(c));
  w->width++;
  w->width_after_space++;
  if (*c == ' ') {
    w->space = w->line->len;
    w->width_after_space = 0;
  }
}

/* Lines of at most `columns` characters, broken at spaces; *line_of_current: the one in which the reverse
 * video begins. */
static GPtrArray *
wrap(const char *text, guint columns, guint *line_of_current)
{
  g_autoptr(GString) line = g_string_new(NULL);
  Wrapping w = {.lines = g_ptr_array_new_with_free_func(g_free), .line = line};
  for (const char *c = text; *c; c = g_utf8_next_char(c)) {
    if (*c == '\033') { /* ESC [ n m: takes no room */
      if (g_str_has_prefix(c, "\033[7m"))
        *line_of_current = w.lines->len;
      g_string_append_len(line, c, 4);
      c += 3;
    } else if (*c == '\n') {
      end_line(&w, line->len);
      w.width = 0;
    } else {
      if (w.width >= columns)
        break_line(&w);
      append_char(&w, c);
    }
  }
  end_line(&w, line->len);
  return w.lines;
}

static void
draw_candidate(const Session *s)
{
  const json_t *c = current(s), *d = c ? mine(s, c) : NULL;
  if (!c) {
    puts("The detectors found nothing here. M adds what they missed; D is done with the note.");
    return;
  }
  printf("%s %u of %zu  \033[1m%s\033[0m  found by %s (%.2f)  %s%s%s\n", str(c, "candidate"), s->current + 1,
         json_array_size(candidates(s)), str(c, "kind"), str(c, "by"),
         json_number_value(json_object_get(c, "score")), d ? "you: " : "",
         d ? str(d, "decision") : "undecided",
         json_is_true(json_object_get(c, "needs_decision")) ? "" : " (the policy keeps this kind)");
}

/* One line, empty where nobody reported anything of the note. */
static void
draw_leak(const Session *s, guint columns)
{
  g_autofree char *leak = cr_error_excerpt(str(s->note, "leak"), columns > 40 ? columns - 20 : 20);
  printf("%s%s\n", *leak ? "A reader reported: " : "", leak);
}

static void
draw(const Session *s)
{
  guint rows, columns, at = 0;
  terminal_size(&rows, &columns);
  g_autoptr(GString) text = marked_note(s);
  g_autoptr(GPtrArray) lines = wrap(text->str, columns, &at);
  guint room = rows > 12 ? rows - 8 : 4, from = at > room / 2 ? at - room / 2 : 0;
  if (from + room > lines->len)
    from = lines->len > room ? lines->len - room : 0;
  g_autofree char *source = cr_cli_plain(str(s->note, "source"), FALSE);
  printf("\033[2J\033[H\033[1m%s\033[0m (%s)  note %u of %u  %u undecided\n", source, str(s->note, "note"),
         s->n_note, s->n_notes, n_open(s));
  draw_leak(s, columns);
  for (guint i = from; i < lines->len && i < from + room; i++)
    puts((const char *)lines->pdata[i]);
  printf("\033[0m\n");
  draw_candidate(s);
  printf("A remove R keep 1-9 kind E bounds M add S same N next B back P preview D done Q quit ?\n%s",
         s->said ? s->said : "");
  fflush(stdout);
}

/* ---- deciding ---- */

static void
say(Session *s, const char *what)
{
  g_free(s->said);
  s->said = g_strdup(what);
}

static gboolean
reload(Session *s, GError **error)
{
  g_autofree char *note = g_strdup(str(s->note, "note"));
  json_t *fresh = cr_review_show(s->p, note, error);
  if (!fresh)
    return FALSE;
  json_decref(s->note);
  s->note = fresh;
  return TRUE;
}

/* Saves one decision line; what is refused is said below the note. */
static gboolean
send(Session *s, json_t *line)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) lines = json_array();
  json_object_set_new(line, "note", json_string(str(s->note, "note")));
  if (!json_is_true(json_object_get(s->note, "blind")))
    json_object_set_new(line, "reason", json_string("decided again after the signatures"));
  json_array_append_new(lines, line);
  g_autoptr(json_t) result = cr_review_decide(s->p, lines, "terminal", &error);
  if (result && reload(s, &error))
    return TRUE;
  say(s, error->message);
  return FALSE;
}

static void
next_open(Session *s)
{
  guint n = (guint)json_array_size(candidates(s));
  for (guint i = 1; i <= n; i++)
    if (is_open(s, json_array_get(candidates(s), (s->current + i) % n))) {
      s->current = (s->current + i) % n;
      return;
    }
  say(s, "Every candidate of this note is decided. Read it to its end, then D.");
}

static void
decide(Session *s, const char *decision)
{
  if (current(s) &&
      send(s, json_pack("{s:s, s:s}", "candidate", str(current(s), "candidate"), "decision", decision)))
    next_open(s);
}

/* The same words again in this note get the same decision. */
static void
decide_same(Session *s)
{
  const json_t *d = current(s) ? mine(s, current(s)) : NULL;
  if (!d) {
    say(s, "Decide this one first; S then does the same with all like it in this note.");
    return;
  }
  g_autofree char *words = g_strdup(str(current(s), "text")), *decision = g_strdup(str(d, "decision"));
  for (guint i = 0; i < json_array_size(candidates(s)); i++) {
    const json_t *c = json_array_get(candidates(s), i);
    if (!mine(s, c) && g_str_equal(str(c, "text"), words) &&
        !send(s, json_pack("{s:s, s:s}", "candidate", str(c, "candidate"), "decision", decision)))
      return;
  }
  next_open(s);
}

/* Asks for a line in cooked mode; NULL where it is empty. */
static char *
ask(const char *prompt)
{
  char line[512];
  raw_mode(FALSE);
  printf("%s", prompt);
  fflush(stdout);
  char *got = fgets(line, sizeof line, stdin);
  raw_mode(TRUE);
  if (!got)
    return NULL;
  g_strstrip(line);
  return *line ? g_strdup(line) : NULL;
}

static const CrPhiKind quick_kinds[] = {CR_PHI_PATIENT,  CR_PHI_STAFF, CR_PHI_RELATIVE,
                                        CR_PHI_FACILITY, CR_PHI_CITY,  CR_PHI_DATE,
                                        CR_PHI_PHONE,    CR_PHI_MRN,   CR_PHI_OTHERID};

static void
change_kind(Session *s, guint i)
{
  if (current(s) && send(s, json_pack("{s:s, s:s, s:s}", "candidate", str(current(s), "candidate"),
                                      "decision", "remove", "kind", cr_phi_kind_name(quick_kinds[i]))))
    next_open(s);
}

/* Where words stand in the note: the occurrence nearest to the current candidate. */
static gboolean
find_words(Session *s, const char *words, CrSpan *cp)
{
  CrSpan bytes = {0, 0};
  gsize near = 0;
  guint n = 0;
  if (current(s))
    (void)cr_text_convert(s->text, CR_UNIT_CODE_POINT, num(current(s), "start"), CR_UNIT_BYTE, &near);
  if (!cr_text_find_nearest(s->text, words, near, &bytes, &n)) {
    say(s, "These words do not stand in the note.");
    return FALSE;
  }
  *cp = cr_span_to_unit(s->text, CR_UNIT_CODE_POINT, bytes);
  return TRUE;
}

static void
add_missed(Session *s)
{
  CrSpan cp;
  g_autofree char *words = ask("Words that were missed, as they stand in the note: ");
  if (!words || !find_words(s, words, &cp))
    return;
  g_autofree char *kind = ask("Kind (PATIENT, STAFF, DATE, …): "),
                  *upper = kind ? g_ascii_strup(kind, -1) : NULL;
  if (upper && send(s, json_pack("{s:I, s:I, s:s, s:s}", "start", (json_int_t)cp.start, "end",
                                 (json_int_t)cp.end, "kind", upper, "decision", "add")))
    say(s, "Added.");
}

static void
move_bounds(Session *s)
{
  g_autofree char *words = current(s) ? ask("The words that identify, as they stand in the note: ") : NULL;
  CrSpan cp;
  if (words && find_words(s, words, &cp) &&
      send(s, json_pack("{s:s, s:I, s:I, s:s}", "candidate", str(current(s), "candidate"), "start",
                        (json_int_t)cp.start, "end", (json_int_t)cp.end, "decision", "move")))
    next_open(s);
}

static void
preview(Session *s)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) cleared = cr_review_preview(s->p, str(s->note, "note"), &error);
  if (!cleared) {
    say(s, error->message);
    return;
  }
  g_autofree char *text = cr_cli_plain(str(cleared, "text"), TRUE);
  printf("\033[2J\033[H%s\n", text);
  g_free(ask("\nEnter goes back. "));
}

static void
show_kinds(Session *s)
{
  g_autoptr(GString) line =
      g_string_new("In the note: {undecided} [remove] (keep); F goes forward. Kinds:\n");
  for (guint i = 0; i < G_N_ELEMENTS(quick_kinds); i++)
    g_string_append_printf(line, "%u %s  ", i + 1, cr_phi_kind_name(quick_kinds[i]));
  say(s, line->str);
}

static void
step(Session *s, int by)
{
  guint n = (guint)json_array_size(candidates(s));
  if (n)
    s->current = (s->current + n + (guint)(by + (int)n)) % n;
}

static void
done_with_note(Session *s)
{
  if (n_open(s) > 0) {
    next_open(s);
    say(s, "There are candidates that you have not decided.");
    return;
  }
  if (json_array_size(candidates(s)) ==
      0) /* nothing to decide is a decision too: it puts the reviewer on record */
    (void)send(s, json_pack("{s:s}", "decision", "keep-rest"));
  s->next_note = TRUE;
}

static void
quit(Session *s)
{
  s->quit = TRUE;
}

static void
remove_it(Session *s)
{
  decide(s, "remove");
}

static void
keep_it(Session *s)
{
  decide(s, "keep");
}

static void
back(Session *s)
{
  step(s, -1);
}

static void
forward(Session *s)
{
  step(s, 1);
}

static const struct {
  char key;
  void (*run)(Session *s);
} keys[] = {{'a', remove_it},   {'r', keep_it},        {'e', move_bounds}, {'m', add_missed},
            {'s', decide_same}, {'n', next_open},      {'b', back},        {'f', forward},
            {'p', preview},     {'d', done_with_note}, {'q', quit},        {'?', show_kinds}};

static void
press(Session *s, int key)
{
  say(s, "");
  if (key == EOF || key == 3 || key == 4) {
    s->quit = TRUE;
    return;
  }
  if (key >= '1' && key <= '9') {
    change_kind(s, (guint)(key - '1'));
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
    if (g_ascii_tolower((char)key) == keys[i].key) {
      keys[i].run(s);
      return;
    }
}

static gboolean
review_note(Session *s, const char *note, GError **error)
{
  s->note = cr_review_show(s->p, note, error);
  s->text = s->note ? cr_text_new(str(s->note, "text"), -1, error) : NULL;
  s->current = 0;
  s->next_note = FALSE;
  if (s->text && json_array_size(candidates(s)) && !is_open(s, current(s)))
    next_open(s);
  while (s->text && !s->quit && !s->next_note) {
    draw(s);
    press(s, getchar());
  }
  gboolean ok = s->text != NULL;
  g_clear_pointer(&s->text, cr_text_unref);
  g_clear_pointer(&s->note, json_decref);
  return ok;
}

static gboolean
in_review(const json_t *row)
{
  static const char *const states[] = {"detected", "review", "leak", NULL};
  return g_strv_contains(states, str(row, "state")) && !json_is_true(json_object_get(row, "complete"));
}

/* The batch of all notes listed, or NULL where they are of several. */
static const char *
one_batch(const json_t *list)
{
  const char *batch = str(json_array_get(list, 0), "batch");
  for (size_t i = 1; i < json_array_size(list); i++)
    if (!g_str_equal(str(json_array_get(list, i), "batch"), batch))
      return NULL;
  return *batch ? batch : NULL;
}

int
cr_review_terminal(CrCli *cli, CrProject *project, const char *batch)
{
  GError *error = NULL;
  Session s = {.cli = cli, .p = project};
  size_t i;
  json_t *row;
  if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &cooked) != 0)
    return cr_cli_usage(cli,
                        "review start needs a terminal; `review decide --file` takes decisions from a file");
  g_autoptr(json_t) list = cr_review_list(project, batch, FALSE, &error);
  if (!list)
    return cr_cli_fail(cli, error);
  json_array_foreach(list, i, row) s.n_notes += in_review(row);
  raw_mode(TRUE);
  json_array_foreach(list, i, row) if (!s.quit && !error && in_review(row))
  {
    s.n_note++;
    (void)!review_note(&s, str(row, "note"), &error);
  }
  raw_mode(FALSE);
  g_free(s.said);
  if (error)
    return cr_cli_fail(cli, error);
  if (s.quit)
    puts("\033[2J\033[HEverything you decided is saved.");
  else
    printf("\033[2J\033[HNo note is left to decide. Next: chartroom review %s sign %s\n", cli->rest[0],
           batch             ? batch
           : one_batch(list) ? one_batch(list)
                             : "BATCH");
  return CR_EXIT_DONE;
}
