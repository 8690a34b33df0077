/* How much of the gold the detector covers: measure-phi [--language CODE] [--errors] [--threshold R]
 * FILE.jsonl
 * A line: {"id", "text", "entities": [{"start", "end", "label"}], "known"?}; offsets in code points. Prints
 * character cover, token precision, leak-free documents, and documents without gold that stay untouched, as
 * `chartroom eval` counts them. --errors prints the text of each miss and false alarm: for invented notes
 * only.
 */
#include <chartroom/evaluation.h>
#include <chartroom/phi.h>
#include <stdio.h>
#include <string.h>

static gboolean show_errors = FALSE;
static gboolean show_leftover = FALSE;
static double threshold = 0.5;
static char *language;
static CrPhiScan *scan;
static CrPolicy *policy;

/* ---- what is judged: the label "-" is neither miss nor false alarm ---- */

typedef struct {
  char *id;
  CrText *text;
  GArray *found;         /* CrPhiSpan */
  GArray *gold, *system; /* CrLabelSpan */
} Note;

/* Labels are the kinds, then every other word that the gold uses. */
typedef struct {
  GPtrArray *notes, *labels;
  gboolean *is_reported;
} Study;

static void
note_free(gpointer data)
{
  Note *note = data;
  g_free(note->id);
  cr_text_unref(note->text);
  g_array_unref(note->found);
  g_array_unref(note->gold);
  g_array_unref(note->system);
  g_free(note);
}

static void
study_init(Study *study)
{
  study->notes = g_ptr_array_new_with_free_func(note_free);
  study->labels = g_ptr_array_new_with_free_func(g_free);
  for (guint k = 0; k < CR_PHI_N_KINDS; k++)
    g_ptr_array_add(study->labels, g_strdup(cr_phi_kind_name((CrPhiKind)k)));
}

static void
study_clear(Study *study)
{
  g_clear_pointer(&study->notes, g_ptr_array_unref);
  g_clear_pointer(&study->labels, g_ptr_array_unref);
  g_clear_pointer(&study->is_reported, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Study, study_clear)

static guint
label_place(Study *study, const char *name)
{
  guint place;
  if (g_ptr_array_find_with_equal_func(study->labels, name, g_str_equal, &place))
    return place;
  g_ptr_array_add(study->labels, g_strdup(name));
  return study->labels->len - 1;
}

static void
add_gold(Study *study, Note *note, const json_t *entities)
{
  json_t *entity;
  size_t i;
  json_array_foreach(entities, i, entity)
  {
    CrSpan span;
    const char *label = json_string_value(json_object_get(entity, "label"));
    if (label && cr_span_from_unit(note->text, CR_UNIT_CODE_POINT,
                                   (gsize)json_integer_value(json_object_get(entity, "start")),
                                   (gsize)json_integer_value(json_object_get(entity, "end")), &span, NULL)) {
      CrLabelSpan gold = {.start = span.start, .end = span.end, .label = label_place(study, label)};
      g_array_append_val(note->gold, gold);
    }
  }
}

static gboolean
add_note(Study *study, const CrPhiDetector *detector, CrPhiScratch *scratch, const json_t *doc,
         GError **error)
{
  const json_t *value = json_object_get(doc, "text"), *known_json = json_object_get(doc, "known");
  const char *id = json_string_value(json_object_get(doc, "id"));
  CrText *text = cr_text_new(json_string_value(value) ? json_string_value(value) : "",
                             (gssize)json_string_length(value), error);
  g_autoptr(CrKnown) known = known_json ? cr_known_from_json(known_json, NULL) : NULL;
  if (!text)
    return FALSE;
  Note *note = g_new0(Note, 1);
  note->id = g_strdup(id ? id : "?");
  note->text = text;
  note->found = cr_phi_detect(detector, scratch, text, known, threshold);
  note->gold = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  note->system = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  for (guint i = 0; i < note->found->len; i++) {
    const CrPhiSpan *span = &g_array_index(note->found, CrPhiSpan, i);
    CrLabelSpan plain = {.start = span->span.start, .end = span->span.end, .label = span->kind};
    g_array_append_val(note->system, plain);
  }
  add_gold(study, note, json_object_get(doc, "entities"));
  g_ptr_array_add(study->notes, note);
  return TRUE;
}

static CrEvaluationDocument *
documents_of(const Study *study)
{
  CrEvaluationDocument *documents = g_new0(CrEvaluationDocument, study->notes->len + 1);
  for (guint i = 0; i < study->notes->len; i++) {
    const Note *note = study->notes->pdata[i];
    documents[i] = (CrEvaluationDocument){.id = note->id,
                                          .text = note->text,
                                          .gold = (const CrLabelSpan *)(gpointer)note->gold->data,
                                          .n_gold = note->gold->len,
                                          .system = (const CrLabelSpan *)(gpointer)note->system->data,
                                          .n_system = note->system->len,
                                          .group = -1};
  }
  return documents;
}

/* ---- what is shown ---- */

static void
show(const char *what, const char *id, const CrText *text, CrSpan span, const char *note)
{
  const char *s = cr_text_bytes(text);
  gsize n = cr_text_length(text, CR_UNIT_BYTE), low = span.start > 40 ? span.start - 40 : 0;
  gsize high = MIN(n, span.end + 30);
  g_autofree char *before = g_strndup(s + low, span.start - low),
                  *in = g_strndup(s + span.start, span.end - span.start),
                  *after = g_strndup(s + span.end, high - span.end);
  g_autofree char *all = g_strdup_printf("%s<<%s>>%s", before, in, after);
  g_strdelimit(all, "\n\r\t", '|');
  printf("%s %s [%s] %s\n", what, id, note, all);
}

static void
show_error(const Study *study, const Note *note, const CrEvaluationError *error)
{
  g_autofree char *by = NULL;
  const char *said = error->gold >= 0 ? study->labels->pdata[error->gold] : "";
  if (error->kind == CR_EVALUATION_LABEL)
    return;
  if (error->kind == CR_EVALUATION_FALSE || error->kind == CR_EVALUATION_OVER)
    for (guint k = 0; k < note->found->len && !by; k++)
      if (cr_span_overlaps(g_array_index(note->found, CrPhiSpan, k).span, error->span))
        by = g_strjoinv(" ", g_array_index(note->found, CrPhiSpan, k).by);
  show(cr_evaluation_error_name(error->kind), note->id, note->text, error->span, by ? by : said);
}

/* What the independent scan still asks about after redaction. */
static void
show_left(const Note *note)
{
  g_autoptr(CrRedaction) redaction = cr_phi_redact(policy, note->text, note->found, NULL);
  g_autoptr(GArray) left = redaction ? cr_phi_scan_run(scan, redaction->text) : NULL;
  for (guint i = 0; left && i < left->len; i++) {
    const CrPhiSpan *span = &g_array_index(left, CrPhiSpan, i);
    show("left", note->id, redaction->text, span->span, span->by[0]);
  }
}

static double
percent(const json_t *figure)
{
  const json_t *value = json_object_get(figure, "value");
  return json_is_number(value) ? 100 * json_number_value(value) : 100;
}

static gsize
count(const json_t *object, const char *key)
{
  return (gsize)json_integer_value(json_object_get(object, key));
}

static void
print_figures(const char *path, const json_t *report)
{
  const json_t *characters = json_object_get(report, "characters"),
               *tokens = json_object_get(report, "token");
  const json_t *covered = json_object_get(report, "spans_covered"),
               *free = json_object_get(report, "leak_free");
  const json_t *untouched = json_object_get(report, "untouched");
  printf("%s: %zu documents, %zu identifiers\n", path, count(report, "documents"), count(covered, "of"));
  printf("  characters covered      %6.2f %%\n", percent(json_object_get(characters, "recall")));
  printf("  spans fully covered     %6.2f %%   touched %6.2f %%\n", percent(covered),
         percent(json_object_get(report, "spans_touched")));
  printf("  token precision         %6.2f %%   (%zu of %zu)\n", percent(json_object_get(tokens, "precision")),
         count(tokens, "right"), count(tokens, "system"));
  printf("  leak-free documents     %6.2f %%   (%zu of %zu)\n", percent(free), count(free, "part"),
         count(free, "of"));
  printf("  empty ones untouched    %6.2f %%   (%zu of %zu)\n", percent(untouched), count(untouched, "part"),
         count(untouched, "of"));
}

static void
print_study(const char *path, Study *study)
{
  study->is_reported = g_new0(gboolean, study->labels->len);
  for (guint k = 0; k < CR_PHI_N_KINDS; k++)
    study->is_reported[k] = cr_phi_kind_is_reported_only((CrPhiKind)k);
  for (guint l = CR_PHI_N_KINDS; l < study->labels->len; l++)
    study->is_reported[l] = strcmp(study->labels->pdata[l], "-") == 0;
  const CrEvaluationScheme scheme = {.labels = (const char *const *)study->labels->pdata,
                                     .n_labels = study->labels->len,
                                     .is_reported = study->is_reported,
                                     .titles_are_free = TRUE};
  g_autofree CrEvaluationDocument *documents = documents_of(study);
  for (guint i = 0; i < study->notes->len; i++) {
    g_autoptr(GArray) errors = show_errors ? cr_evaluation_errors(&scheme, &documents[i]) : NULL;
    for (guint e = 0; errors && e < errors->len; e++)
      show_error(study, study->notes->pdata[i], &g_array_index(errors, CrEvaluationError, e));
    if (show_leftover)
      show_left(study->notes->pdata[i]);
  }
  g_autoptr(json_t) report = cr_evaluation_report(&scheme, documents, study->notes->len);
  print_figures(path, report);
}

static int
measure_file(const CrPhiDetector *detector, CrPhiScratch *scratch, const char *path)
{
  g_autofree char *bytes = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(Study) study = {0};
  study_init(&study);
  if (!g_file_get_contents(path, &bytes, NULL, &error))
    return fprintf(stderr, "measure-phi: %s\n", error->message), 2;
  g_auto(GStrv) lines = g_strsplit(bytes, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (!*g_strstrip(lines[i]))
      continue;
    g_autoptr(json_t) doc = cr_json_parse(lines[i], strlen(lines[i]), &error);
    if (!doc || !add_note(&study, detector, scratch, doc, &error))
      return fprintf(stderr, "measure-phi: %s:%u: %s\n", path, i + 1, error->message), 2;
  }
  print_study(path, &study);
  return 0;
}

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  GOptionEntry entries[] = {
      {"errors", 'e', 0, G_OPTION_ARG_NONE, &show_errors, "print each error", NULL},
      {"leftover", 'l', 0, G_OPTION_ARG_NONE, &show_leftover,
       "print what the scan asks about after redaction", NULL},
      {"language", 0, 0, G_OPTION_ARG_STRING, &language, "of the notes (default en)", "CODE"},
      {"threshold", 't', 0, G_OPTION_ARG_DOUBLE, &threshold, "least score", "R"},
      G_OPTION_ENTRY_NULL};
  g_autoptr(GOptionContext) context = g_option_context_new("FILE.jsonl…");
  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error) || argc < 2)
    return fprintf(stderr, "measure-phi: %s\n", error ? error->message : "name a file"), 2;
  g_autoptr(CrPhiDetector) detector = cr_phi_detector_new(NULL, language, &error);
  if (!detector)
    return fprintf(stderr, "measure-phi: %s\n", error->message), 3;
  g_autoptr(CrPhiScratch) scratch = cr_phi_scratch_new(detector);
  scan = cr_phi_scan_new_for(NULL, language, &error);
  policy = cr_policy_load(NULL, "safe-harbor", &error);
  if (!scan || !policy)
    return fprintf(stderr, "measure-phi: %s\n", error->message), 3;
  int status = 0;
  for (int i = 1; i < argc && status == 0; i++)
    status = measure_file(detector, scratch, argv[i]);
  cr_phi_scan_free(scan);
  cr_policy_free(policy);
  return status;
}
