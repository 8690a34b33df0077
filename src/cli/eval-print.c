/* eval's figures and errors for people. */
#include "cli/cli.h"
#include "cli/eval-study.h"

#include <stdio.h>
#include <string.h>

enum { CONTEXT = 30, SHOWN_CONFUSIONS = 15 };

typedef struct {
  const char *key, *title;
} Row;

static const Row measures[] = {{"strict", "strict (bounds and label)"},
                               {"exact", "exact (bounds)"},
                               {"partial", "partial (overlap half)"},
                               {"type", "type (overlap and label)"},
                               {"spans_strict", "spans strict"},
                               {"spans_merged", "spans merged"},
                               {"token", "words"},
                               {"token_kind", "words with their label"},
                               {"characters", "letters and digits"}};
static const Row shares[] = {{"spans_covered", "spans fully covered"},
                             {"spans_touched", "spans touched"},
                             {"leak_free", "leak-free documents"},
                             {"untouched", "documents without gold, untouched"}};

/* ---- cells ---- */

static char *
percent(const json_t *value)
{
  return json_is_number(value) ? g_strdup_printf("%.2f", 100 * json_number_value(value)) : g_strdup("-");
}

static char *
member_percent(const json_t *object, const char *figure, const char *member)
{
  return percent(json_object_get(json_object_get(object, figure), member));
}

static char *
interval(const json_t *figure)
{
  g_autofree char *low = percent(json_object_get(figure, "low")),
                  *high = percent(json_object_get(figure, "high"));
  return *low == '-' && low[1] == '\0' ? g_strdup("") : g_strdup_printf("%s - %s", low, high);
}

static gint64
whole(const json_t *object, const char *key)
{
  return json_integer_value(json_object_get(object, key));
}

static void G_GNUC_PRINTF(2, 3) add(GPtrArray *lines, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_ptr_array_add(lines, g_strdup_vprintf(format, args));
  va_end(args);
}

static void
print_lines(GPtrArray *lines)
{
  g_ptr_array_add(lines, NULL);
  cr_cli_print_table((const char *const *)lines->pdata);
  putchar('\n');
}

/* ---- the tables ---- */

static void
print_measures(const json_t *report)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  add(lines, "%%\tprecision\trecall\t    F1\t95 %% of F1");
  for (gsize m = 0; m < G_N_ELEMENTS(measures); m++) {
    const json_t *measure = json_object_get(report, measures[m].key);
    g_autofree char *p = member_percent(measure, "precision", "value"),
                    *r = member_percent(measure, "recall", "value"),
                    *f = member_percent(measure, "f1", "value"),
                    *between = interval(json_object_get(measure, "f1"));
    add(lines, "%s\t%s\t%s\t%s\t%s", measures[m].title, p, r, f, between);
  }
  print_lines(lines);
}

static void
print_shares(const json_t *report)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  const json_t *characters = json_object_get(report, "characters");
  const json_t *recall = json_object_get(characters, "recall");
  g_autofree char *cover = percent(json_object_get(recall, "value")), *cover_between = interval(recall);
  add(lines, "cover\t%%\t95 %%\tof");
  add(lines, "letters and digits of gold covered\t%s\t%s\t%" G_GINT64_FORMAT, cover, cover_between,
      whole(characters, "gold"));
  for (gsize s = 0; s < G_N_ELEMENTS(shares); s++) {
    const json_t *share = json_object_get(report, shares[s].key);
    g_autofree char *value = percent(json_object_get(share, "value")), *between = interval(share);
    add(lines, "%s\t%s\t%s\t%" G_GINT64_FORMAT, shares[s].title, value, between, whole(share, "of"));
  }
  print_lines(lines);
}

static void
print_labels(const json_t *report)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  const char *name;
  json_t *label;
  add(lines, "label, strict\tgold\tsystem\tprecision\trecall\t    F1\t95 %% of F1\tcovered");
  json_object_foreach(json_object_get(report, "per_label"), name, label)
  {
    g_autofree char *p = member_percent(label, "precision", "value"),
                    *r = member_percent(label, "recall", "value"), *f = member_percent(label, "f1", "value"),
                    *covered = member_percent(label, "spans_covered", "value"),
                    *between = interval(json_object_get(label, "f1")), *plain = cr_cli_plain(name, FALSE);
    add(lines, "%s%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s\t%s\t%s\t%s\t%s", plain,
        json_is_true(json_object_get(label, "reported")) ? " (reported)" : "", whole(label, "gold"),
        whole(label, "system"), p, r, f, between, covered);
  }
  print_lines(lines);
}

typedef struct {
  const char *gold, *system;
  gint64 n;
} Confusion;

static int
compare_confusions(gconstpointer a, gconstpointer b)
{
  const Confusion *p = a, *q = b;
  return p->n != q->n                    ? (p->n < q->n ? 1 : -1)
         : strcmp(p->gold, q->gold) != 0 ? strcmp(p->gold, q->gold)
                                         : strcmp(p->system, q->system);
}

static void
print_confusion(const json_t *report)
{
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Confusion));
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  const char *gold, *system;
  json_t *row, *cell;
  json_object_foreach(json_object_get(report, "confusion"), gold, row) json_object_foreach(row, system, cell)
  {
    Confusion one = {gold, system, json_integer_value(cell)};
    if (strcmp(gold, system) != 0)
      g_array_append_val(all, one);
  }
  if (all->len == 0)
    return;
  g_array_sort(all, compare_confusions);
  add(lines, "gold\ttaken for\ttimes");
  for (guint i = 0; i < all->len && i < SHOWN_CONFUSIONS; i++) {
    const Confusion *one = &g_array_index(all, Confusion, i);
    g_autofree char *from = cr_cli_plain(one->gold, FALSE), *to = cr_cli_plain(one->system, FALSE);
    add(lines, "%s\t%s\t%" G_GINT64_FORMAT, *from ? from : "(none)", *to ? to : "(none)", one->n);
  }
  print_lines(lines);
}

static void
print_groups(const json_t *report)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  const json_t *spread = json_object_get(report, "spread");
  const char *name;
  json_t *group;
  if (spread == NULL)
    return;
  add(lines, "group\tdocuments\tgold\tstrict recall\tspans covered\t95 %%\tletters covered\tleak-free");
  json_object_foreach(json_object_get(report, "groups"), name, group)
  {
    g_autofree char *recall = member_percent(group, "recall", "value"),
                    *spans = member_percent(group, "spans_covered", "value"),
                    *letters = member_percent(group, "characters", "value"),
                    *leak_free = member_percent(group, "leak_free", "value"),
                    *between = interval(json_object_get(group, "spans_covered")),
                    *plain = cr_cli_plain(name, FALSE);
    add(lines, "%s%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s\t%s\t%s\t%s\t%s", plain,
        json_is_true(json_object_get(group, "small")) ? " (small)" : "", whole(group, "documents"),
        whole(group, "gold"), recall, spans, between, letters, leak_free);
  }
  g_autofree char *recall = member_percent(spread, "recall", "value"),
                  *spans = member_percent(spread, "spans_covered", "value"),
                  *letters = member_percent(spread, "characters", "value");
  add(lines, "best less worst, without small ones\t\t\t%s\t%s\t\t%s\t", recall, spans, letters);
  print_lines(lines);
}

void
cr_study_print(const CrStudy *study, const json_t *report)
{
  const json_t *intervals = json_object_get(report, "intervals");
  printf("%" G_GINT64_FORMAT " %s, %" G_GINT64_FORMAT " gold spans, %" G_GINT64_FORMAT " system spans",
         whole(report, "documents"), study->by_sentence ? "sentences" : "documents",
         whole(report, "gold_spans"), whole(report, "system_spans"));
  printf("; %" G_GINT64_FORMAT " resamples, seed %" G_GINT64_FORMAT "\n", whole(intervals, "resamples"),
         whole(intervals, "seed"));
  if (study->is_phi)
    puts("identifiers: STATE, COUNTRY, AGE, YEAR and PROFESSION are neither miss nor false alarm");
  putchar('\n');
  print_shares(report);
  print_measures(report);
  print_labels(report);
  print_groups(report);
  print_confusion(report);
}

/* ---- two systems ---- */

static void
add_difference(GPtrArray *lines, const char *title, const json_t *figure)
{
  const json_t *p = json_object_get(figure, "p");
  g_autofree char *first = percent(json_object_get(figure, "first")),
                  *second = percent(json_object_get(figure, "second")),
                  *difference = percent(json_object_get(figure, "difference")), *between = interval(figure);
  g_autofree char *chance = json_is_number(p) ? g_strdup_printf("%.4f", json_number_value(p)) : g_strdup("-");
  add(lines, "%s\t%s\t%s\t%s\t%s\t%s", title, first, second, difference, between, chance);
}

void
cr_study_print_comparison(const json_t *object)
{
  const json_t *comparison = json_object_get(object, "comparison"), *first = json_object_get(object, "first");
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  printf("%" G_GINT64_FORMAT " documents\nfirst: %s\nsecond: %s\n\n", whole(first, "documents"),
         json_string_value(json_object_get(first, "system")),
         json_string_value(json_object_get(json_object_get(object, "second"), "system")));
  add(lines, "%%\tfirst\tsecond\tdifference\t95 %%\tp");
  add_difference(lines, "letters and digits of gold covered",
                 json_object_get(json_object_get(comparison, "characters"), "recall"));
  for (gsize s = 0; s < G_N_ELEMENTS(shares); s++)
    add_difference(lines, shares[s].title, json_object_get(comparison, shares[s].key));
  for (gsize m = 0; m < G_N_ELEMENTS(measures); m++) {
    g_autofree char *title = g_strconcat(measures[m].title, ", F1", NULL);
    add_difference(lines, title, json_object_get(json_object_get(comparison, measures[m].key), "f1"));
  }
  const char *name;
  json_t *label;
  json_object_foreach(json_object_get(comparison, "per_label"), name, label)
  {
    g_autofree char *plain = cr_cli_plain(name, FALSE), *title = g_strconcat(plain, ", strict F1", NULL);
    add_difference(lines, title, json_object_get(label, "f1"));
  }
  print_lines(lines);
}

/* ---- errors ---- */

/* Up to CONTEXT characters before (or behind) a byte. transfer full */
static char *
words_around(const CrText *text, gsize from, gboolean before)
{
  const char *bytes = cr_text_bytes(text);
  gsize at = from, n = cr_text_length(text, CR_UNIT_BYTE);
  for (guint i = 0; i < CONTEXT && (before ? at > 0 : at < n); i++) {
    if (before)
      at = (gsize)(g_utf8_prev_char(bytes + at) - bytes);
    else
      at += g_utf8_skip[(guchar)bytes[at]];
  }
  return cr_span_dup_text(text, before ? (CrSpan){at, from} : (CrSpan){from, at});
}

static json_t *
error_json(const CrStudy *study, const CrEvaluationDocument *document, const CrEvaluationError *error)
{
  CrSpan place = cr_span_to_unit(document->text, CR_UNIT_CODE_POINT, error->span);
  g_autofree char *words = cr_span_dup_text(document->text, error->span),
                  *before = words_around(document->text, error->span.start, TRUE),
                  *behind = words_around(document->text, error->span.end, FALSE);
  return json_pack("{s:s, s:s, s:I, s:I, s:s?, s:s?, s:s, s:s, s:s}", "id", document->id, "error",
                   cr_evaluation_error_name(error->kind), "start", (json_int_t)place.start, "end",
                   (json_int_t)place.end, "gold", error->gold >= 0 ? study->labels->pdata[error->gold] : NULL,
                   "system", error->system >= 0 ? study->labels->pdata[error->system] : NULL, "before",
                   before, "text", words, "behind", behind);
}

json_t *
cr_study_errors(const CrStudy *study, guint n)
{
  guint shown[CR_EVALUATION_N_ERRORS] = {0};
  json_t *list = json_array();
  for (guint d = 0; d < study->n_documents; d++) {
    const CrEvaluationDocument *document = &study->systems[0].documents[d];
    g_autoptr(GArray) errors = cr_evaluation_errors(&study->scheme, document);
    for (guint i = 0; i < errors->len; i++) {
      const CrEvaluationError *error = &g_array_index(errors, CrEvaluationError, i);
      if (n == 0 || shown[error->kind]++ < n)
        json_array_append_new(list, error_json(study, document, error));
    }
  }
  return list;
}

static const char *
member(const json_t *object, const char *key)
{
  const char *value = json_string_value(json_object_get(object, key));
  return value != NULL ? value : "-";
}

void
cr_study_print_errors(const json_t *errors)
{
  size_t i;
  json_t *error;
  json_array_foreach(errors, i, error)
  {
    g_autofree char *line = g_strdup_printf(
        "%s %s %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT " [%s/%s] %s<<%s>>%s", member(error, "error"),
        member(error, "id"), whole(error, "start"), whole(error, "end"), member(error, "gold"),
        member(error, "system"), member(error, "before"), member(error, "text"), member(error, "behind"));
    g_autofree char *plain = cr_cli_plain(line, FALSE);
    puts(plain);
  }
}
