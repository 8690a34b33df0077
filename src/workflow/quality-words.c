/* quality-words.c: the quality report as a paper for people. What stands where is a table: a section names a
 * list of the report and its columns name members of the list's rows. */
#include "workflow/quality-private.h"
#include "report/report.h"
#include <chartroom/risk.h>

#include <string.h>

/* How a member is put into words. */
typedef enum { AS_TEXT, AS_NUMBER, AS_SHARE, AS_FIGURE, AS_FIGURE_SHARE, AS_GAP, AS_YES } Form;

typedef struct {
  const char *header, *path; /* path: "truth.f1"; "^reader": of the row that holds the list; "@": the key */
  Form form;
} Column;

#define MAX_COLUMNS 12
typedef struct {
  const char *heading; /* NULL: the one before goes on */
  const char *intro;
  const char *path; /* "review.classes[]"; "{}" after an object whose members are rows */
  Column columns[MAX_COLUMNS];
} Section;

static const Section sections[] = {
    {"Documents and readings",
     "A reading is what one reader found in one note that was read to its end; by hand: none of it came from "
     "a file.",
     "counts",
     {{"notes", "notes", AS_NUMBER},
      {"readings", "readings", AS_NUMBER},
      {"by hand", "by_hand", AS_NUMBER},
      {"read twice", "read_twice", AS_NUMBER},
      {"settled", "settled", AS_NUMBER},
      {"by a senior", "resolved", AS_NUMBER}}},
    {"Far from others of their kind",
     "Density: findings in 1,000 characters. Minutes: at work on the note, pauses over 5 minutes left out. "
     "MAD: the "
     "median distance from the median.",
     "outliers.kinds[]",
     {{"kind of note", "kind", AS_TEXT},
      {"readings", "density.readings", AS_NUMBER},
      {"median density", "density.median", AS_NUMBER},
      {"MAD", "density.mad", AS_NUMBER},
      {"by hand", "minutes.readings", AS_NUMBER},
      {"median minutes", "minutes.median", AS_NUMBER},
      {"MAD", "minutes.mad", AS_NUMBER}}},
    {NULL,
     "Modified z beyond 3.5 (Iglewicz and Hoaglin 1993).",
     "outliers.far[]",
     {{"note", "note", AS_TEXT},
      {"reader", "reader", AS_TEXT},
      {"kind of note", "kind", AS_TEXT},
      {"measure", "measure", AS_TEXT},
      {"value", "value", AS_NUMBER},
      {"z", "z", AS_NUMBER}}},
    {"Readers over time",
     "Fatigue: along the place of a note in a sitting (a pause of over 30 minutes begins another). "
     "Spearman's rho "
     "within sittings, p by permutation, "
     "adjusted after Holm.",
     "readers[]",
     {{"reader", "reader", AS_TEXT},
      {"notes", "notes", AS_NUMBER},
      {"sittings", "sittings", AS_NUMBER},
      {"median minutes", "minutes", AS_NUMBER},
      {"density rho", "fatigue.density.rho", AS_NUMBER},
      {"p", "fatigue.density.p_holm", AS_NUMBER},
      {"minutes rho", "fatigue.minutes.rho", AS_NUMBER},
      {"p", "fatigue.minutes.p_holm", AS_NUMBER},
      {"error rho", "fatigue.error.rho", AS_NUMBER},
      {"p", "fatigue.error.p_holm", AS_NUMBER}}},
    {NULL,
     "Drift: along the days. The slope is Theil and Sen's, a day.",
     "readers[]",
     {{"reader", "reader", AS_TEXT},
      {"density rho", "drift.density.rho", AS_NUMBER},
      {"p", "drift.density.p_holm", AS_NUMBER},
      {"slope", "drift.density.slope", AS_NUMBER},
      {"minutes rho", "drift.minutes.rho", AS_NUMBER},
      {"p", "drift.minutes.p_holm", AS_NUMBER},
      {"slope", "drift.minutes.slope", AS_NUMBER},
      {"error rho", "drift.error.rho", AS_NUMBER},
      {"p", "drift.error.p_holm", AS_NUMBER},
      {"slope", "drift.error.slope", AS_NUMBER}}},
    {"Readers against what was settled",
     "Strict: place and label. Notes that two have read, or that a senior reviewer resolved; 95 % intervals "
     "over "
     "resampled notes.",
     "readers[]",
     {{"reader", "reader", AS_TEXT},
      {"notes", "truth.notes", AS_NUMBER},
      {"resolved", "truth.resolved", AS_NUMBER},
      {"findings", "truth.findings", AS_NUMBER},
      {"F1", "truth.f1", AS_FIGURE},
      {"precision", "truth.precision", AS_FIGURE},
      {"recall", "truth.recall", AS_FIGURE}}},
    {NULL,
     NULL,
     "readers[].truth.labels[]",
     {{"reader", "^reader", AS_TEXT},
      {"label", "label", AS_TEXT},
      {"findings", "findings", AS_NUMBER},
      {"settled", "settled", AS_NUMBER},
      {"F1", "f1", AS_FIGURE},
      {"precision", "precision", AS_FIGURE},
      {"recall", "recall", AS_FIGURE}}},
    {"Review and acceptance",
     "The lot: settled notes of a batch with a finding of such a label; flagged: by a senior reviewer in "
     "this round. "
     "Wald's sequential test goes by what was looked at; the single sample is the smallest that holds both "
     "risks "
     "(hypergeometric).",
     "review.classes[]",
     {{"batch", "batch", AS_TEXT},
      {"labels", "labels", AS_TEXT},
      {"lot", "notes", AS_NUMBER},
      {"looked at", "looked_at", AS_NUMBER},
      {"flagged", "flagged", AS_NUMBER},
      {"acceptable", "acceptable", AS_SHARE},
      {"rejectable", "rejectable", AS_SHARE},
      {"single sample", "single_sample", AS_NUMBER},
      {"accept to", "accept_up_to", AS_NUMBER},
      {"clean needed", "clean_needed", AS_NUMBER},
      {"verdict", "verdict", AS_TEXT}}},
    {NULL,
     NULL,
     "review.labels[]",
     {{"batch", "batch", AS_TEXT},
      {"label", "label", AS_TEXT},
      {"critical", "critical", AS_YES},
      {"notes", "notes", AS_NUMBER},
      {"looked at", "looked_at", AS_NUMBER},
      {"share", "rate", AS_SHARE},
      {"flagged", "flagged", AS_NUMBER},
      {"flagged of those looked at, %", "flagged_share", AS_FIGURE_SHARE}}},
    {"Groups of documents",
     "Share of the documents (Wilson), findings in 1,000 characters, disagreement of two readers (1 less "
     "strict F1) "
     "and error (1 less strict F1 against what was settled), over resampled notes. Small groups are not "
     "told, nor is "
     "one that could be told from the rest.",
     "balance.groups[]",
     {{"value", "value", AS_TEXT},
      {"documents", "documents", AS_NUMBER},
      {"%", "share", AS_FIGURE_SHARE},
      {"density", "density", AS_FIGURE},
      {"read twice", "read_twice", AS_NUMBER},
      {"disagreement", "disagreement", AS_FIGURE},
      {"error", "error", AS_FIGURE}}},
    {NULL,
     "How much more than all other documents together; each side resampled apart.",
     "balance.groups[]",
     {{"value", "value", AS_TEXT},
      {"density", "density_gap", AS_GAP},
      {"disagreement", "disagreement_gap", AS_GAP},
      {"error", "error_gap", AS_GAP}}},
    {NULL,
     "Share of the settled findings.",
     "balance.groups[].labels{}",
     {{"value", "^value", AS_TEXT}, {"label", "@", AS_TEXT}, {"%", "", AS_FIGURE_SHARE}}},
    {"What suggestions did",
     "Unread: taken as suggested within a second of what the reader did before. Seconds: the median of a "
     "decision.",
     "influence.readers[]",
     {{"reader", "reader", AS_TEXT},
      {"by hand", "hand", AS_NUMBER},
      {"as suggested", "suggestion", AS_NUMBER},
      {"edited", "edited", AS_NUMBER},
      {"from files", "file", AS_NUMBER},
      {"unread", "unread", AS_NUMBER},
      {"unread, %", "unread_share", AS_FIGURE_SHARE},
      {"seconds by hand", "seconds.hand", AS_NUMBER},
      {"as suggested", "seconds.suggestion", AS_NUMBER},
      {"edited", "seconds.edited", AS_NUMBER}}},
    {NULL,
     "Strict F1 of two readers on notes where either took a suggestion, and on the others.",
     "influence.agreement{}",
     {{"suggestions", "@", AS_TEXT}, {"notes", "notes", AS_NUMBER}, {"F1", "span_f1_strict", AS_FIGURE}}},
};

/* ---- cells ---- */

typedef struct {
  const json_t *row, *parent; /* parent: the row that holds the list */
  const char *key;
} Place;

static const json_t *
follow(const json_t *from, const char *path)
{
  g_auto(GStrv) steps = g_strsplit(path, ".", -1);
  for (guint i = 0; steps[i] && from; i++)
    from = *steps[i] ? json_object_get(from, steps[i]) : from;
  return from;
}

static char *
number_text(double value, double times)
{
  g_autoptr(json_t) figure = json_pack("{s:f}", "value", value);
  g_autofree char *text = cr_risk_figure_text(figure, value < 0 ? -times : times);
  return value < 0 ? g_strconcat("-", text, NULL) : g_steal_pointer(&text);
}

/* A difference with its sign: "+0.120 (-0.010 to +0.250)". */
static char *
gap_text(const json_t *gap)
{
  const json_t *value = json_object_get(gap, "value"), *low = json_object_get(gap, "low"),
               *high = json_object_get(gap, "high");
  if (!json_is_number(value))
    return g_strdup("not defined");
  if (!json_is_number(low))
    return g_strdup_printf("%+.3f", json_number_value(value));
  return g_strdup_printf("%+.3f (%+.3f to %+.3f)", json_number_value(value), json_number_value(low),
                         json_number_value(high));
}

static char *
cell_text(const Place *place, const Column *c)
{
  if (g_str_equal(c->path, "@"))
    return g_strdup(place->key);
  const json_t *value = *c->path == '^' ? follow(place->parent, c->path + 1) : follow(place->row, c->path);
  if (c->form == AS_FIGURE || c->form == AS_FIGURE_SHARE)
    return cr_risk_figure_text(value, c->form == AS_FIGURE ? 1 : 100);
  if (c->form == AS_GAP)
    return gap_text(value);
  if (c->form == AS_YES)
    return g_strdup(json_is_true(value) ? "yes" : "no");
  if (json_is_string(value))
    return g_strdup(json_string_value(value));
  if (!json_is_number(value))
    return g_strdup("–");
  char *text = number_text(json_number_value(value), c->form == AS_SHARE ? 100 : 1);
  if (c->form != AS_SHARE)
    return text;
  char *share = g_strconcat(text, " %", NULL);
  g_free(text);
  return share;
}

/* ---- rows ---- */

static void
add_row(CrPaper *paper, const Section *s, const Place *place)
{
  g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < MAX_COLUMNS && s->columns[i].header; i++)
    g_ptr_array_add(cells, cell_text(place, &s->columns[i]));
  g_ptr_array_add(cells, NULL);
  cr_paper_add_row(paper, (const char *const *)cells->pdata);
}

/* The rows that the rest of the path leads to. Returns how many. */
static guint
add_rows(CrPaper *paper, const Section *s, const Place *from, const char *path)
{
  const char *list = strstr(path, "[]"), *members = strstr(path, "{}"), *end = list ? list : members;
  guint n = 0;
  if (!end) {
    if (paper)
      add_row(paper, s, from);
    return 1;
  }
  g_autofree char *head = g_strndup(path, (gsize)(end - path));
  const char *rest = end[2] == '.' ? end + 3 : end + 2, *key;
  json_t *found = (json_t *)follow(from->row, head), *item;
  gsize i;
  if (list)
    json_array_foreach(found, i, item)
    {
      Place place = {item, from->row, NULL};
      n += add_rows(paper, s, &place, rest);
    }
  else
    json_object_foreach(found, key, item)
    {
      Place place = {item, from->row, key};
      n += add_rows(paper, s, &place, rest);
    }
  return n;
}

static void
begin_table(CrPaper *paper, const Section *s)
{
  const char *headers[MAX_COLUMNS + 1] = {NULL};
  char alignment[MAX_COLUMNS + 1] = {0};
  for (guint i = 0; i < MAX_COLUMNS && s->columns[i].header; i++) {
    headers[i] = s->columns[i].header;
    alignment[i] = s->columns[i].form == AS_TEXT || s->columns[i].form == AS_YES ? 'l' : 'r';
  }
  cr_paper_add_table(paper, headers, alignment);
}

static void
add_section(CrPaper *paper, const Section *s, const json_t *report)
{
  gboolean one = !strstr(s->path, "[]") && !strstr(s->path, "{}");
  Place top = {one ? follow(report, s->path) : report, NULL, NULL};
  if (s->heading)
    cr_paper_add_heading(paper, s->heading);
  if (s->intro)
    cr_paper_add_paragraph(paper, s->intro);
  if (add_rows(NULL, s, &top, one ? "" : s->path) == 0) {
    if (s->heading || s->intro)
      cr_paper_add_paragraph(paper, "None.");
    return;
  }
  begin_table(paper, s);
  add_rows(paper, s, &top, one ? "" : s->path);
}

/* Which key, and what was left out of its groups. */
static void
add_suppressed(CrPaper *paper, const json_t *report)
{
  const json_t *balance = json_object_get(report, "balance"),
               *hidden = json_object_get(balance, "suppressed");
  g_autofree char *text = g_strdup_printf(
      "Key of the groups: %s. Not told: %" JSON_INTEGER_FORMAT " groups with %" JSON_INTEGER_FORMAT
      " documents together, as a group of fewer than %" JSON_INTEGER_FORMAT " documents is among them.",
      cr_reading_string(balance, "key"), json_integer_value(json_object_get(hidden, "groups")),
      json_integer_value(json_object_get(hidden, "documents")),
      json_integer_value(json_object_get(balance, "least")));
  if (json_integer_value(json_object_get(hidden, "groups")) == 0)
    *strstr(text, " Not told") = '\0';
  cr_paper_add_paragraph(paper, text);
}

static CrPaper *
make_paper(const json_t *report)
{
  CrPaper *paper = cr_paper_new("How good the labels are");
  g_autofree char *made =
      g_strdup_printf("Made %s by Chartroom %s, seed %" JSON_INTEGER_FORMAT
                      ". Readers are named by their codes; no word of a note stands here. Sources and "
                      "limits: docs/quality.md.",
                      cr_reading_string(report, "time"), cr_reading_string(report, "version"),
                      json_integer_value(json_object_get(report, "seed")));
  cr_paper_add_paragraph(paper, made);
  for (guint i = 0; i < G_N_ELEMENTS(sections); i++) {
    add_section(paper, &sections[i], report);
    if (sections[i].heading && g_str_equal(sections[i].path, "balance.groups[]"))
      add_suppressed(paper, report);
  }
  return paper;
}

GBytes *
cr_quality_report_render(const json_t *report, const char *format, GError **error)
{
  if (g_str_equal(format, "json")) {
    g_autofree char *text = cr_json_dump(report);
    char *line = g_strconcat(text, "\n", NULL);
    return g_bytes_new_take(line, strlen(line));
  }
  g_autoptr(CrPaper) paper = make_paper(report);
  if (g_str_equal(format, "pdf"))
    return cr_paper_to_pdf(paper, cr_reading_string(report, "time"), error);
  if (g_str_equal(format, "markdown")) {
    char *text = cr_paper_to_markdown(paper);
    return g_bytes_new_take(text, strlen(text));
  }
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "a report is json, markdown or pdf");
  return NULL;
}
