/* How much of the gold the detector covers: measure-phi [--language CODE] [--errors] [--threshold R]
 * FILE.jsonl A line: {"id", "text", "entities": [{"start", "end", "label"}], "known"?}; offsets in code
 * points. Prints character cover, token precision, leak-free documents, and documents without gold that stay
 * untouched. Reported kinds (STATE, COUNTRY, AGE, YEAR, PROFESSION) are neither miss nor false alarm.
 * --errors prints the text of each miss and false alarm: for invented notes only. */
#include <chartroom/phi.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  gsize gold_chars, covered_chars, gold_spans, covered_spans, touched_spans;
  gsize system_tokens, right_tokens;
  gsize docs, gold_docs, leak_free, empty_docs, untouched;
} Sums;

static gboolean show_errors = FALSE;
static gboolean show_leftover = FALSE;
static double threshold = 0.5;
static char *language;
static CrPhiScan *scan;
static CrPolicy *policy;

static gboolean
is_reported_label(const char *label)
{
  CrPhiKind kind;
  return g_strcmp0(label, "-") == 0 || (label && cr_phi_kind_parse(label, &kind) && cr_phi_kind_is_reported_only(kind));
}

static void
paint(guint8 *mask, CrSpan span, guint8 bit)
{
  for (gsize i = span.start; i < span.end; i++)
    mask[i] |= bit;
}

/* REPORTED: the detector reports it as a state, an age, a year: no miss where the gold has it, no false alarm
 * where not. */
enum { GOLD = 1, FREE = 2, SYSTEM = 4, LETTER = 8, REPORTED = 16 };

/* Titles stay outside a name (the guidelines); some gold has them inside. */
static CrSpan
without_title(const CrText *text, CrSpan span)
{
  static const char *const titles[] = {"Dr. ", "Mr. ", "Mrs. ", "Ms. ", "Dr ", "Mr ", "Mrs ", "Ms "};
  for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
    if (span.end - span.start > strlen(titles[i]) &&
        strncmp(cr_text_bytes(text) + span.start, titles[i], strlen(titles[i])) == 0)
      span.start += strlen(titles[i]);
  return span;
}

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
count_gold(Sums *sums, const char *id, const CrText *text, const guint8 *mask, CrSpan span, const char *label,
           gboolean *leaked)
{
  gsize chars = 0, covered = 0;
  for (gsize i = span.start; i < span.end; i++) {
    if (!(mask[i] & LETTER))
      continue;
    chars++;
    covered += (mask[i] & (SYSTEM | REPORTED)) != 0;
  }
  sums->gold_spans++;
  sums->gold_chars += chars;
  sums->covered_chars += covered;
  sums->covered_spans += covered == chars;
  sums->touched_spans += covered > 0;
  if (covered < chars) {
    *leaked = TRUE;
    if (show_errors)
      show(covered ? "PART" : "MISS", id, text, span, label);
  }
}

static void
count_tokens(Sums *sums, const char *id, const CrText *text, const guint8 *mask, const GArray *found)
{
  g_autoptr(GArray) tokens = cr_text_tokens(text);
  for (guint i = 0; i < tokens->len; i++) {
    CrSpan token = g_array_index(tokens, CrSpan, i);
    gboolean system = FALSE, right = FALSE, letter = FALSE;
    for (gsize b = token.start; b < token.end; b++) {
      letter = letter || (mask[b] & LETTER);
      system = system || (mask[b] & SYSTEM);
      right = right || (mask[b] & (GOLD | FREE));
    }
    if (!system || !letter)
      continue;
    sums->system_tokens++;
    sums->right_tokens += right;
    if (!right && show_errors) {
      g_autofree char *by = NULL;
      for (guint k = 0; k < found->len; k++)
        if (cr_span_overlaps(g_array_index(found, CrPhiSpan, k).span, token)) {
          g_free(by);
          by = g_strjoinv(" ", g_array_index(found, CrPhiSpan, k).by);
        }
      show("FALSE", id, text, token, by);
    }
  }
}

/* What the independent scan still asks about after redaction. */
static void
print_leftover(const char *id, const CrText *text, const GArray *found)
{
  g_autoptr(CrRedaction) redaction = cr_phi_redact(policy, text, found, NULL);
  g_autoptr(GArray) left = redaction ? cr_phi_scan_run(scan, redaction->text) : NULL;
  for (guint i = 0; left && i < left->len; i++) {
    const CrPhiSpan *span = &g_array_index(left, CrPhiSpan, i);
    show("LEFT", id, redaction->text, span->span, span->by[0]);
  }
}

static void
measure_line(Sums *sums, const CrPhiDetector *detector, CrPhiScratch *scratch, json_t *doc)
{
  const char *id = json_string_value(json_object_get(doc, "id"));
  json_t *value = json_object_get(doc, "text"), *gold = json_object_get(doc, "entities");
  g_autoptr(CrText) text = cr_text_new(json_string_value(value), (gssize)json_string_length(value), NULL);
  g_autoptr(CrKnown) known =
      json_object_get(doc, "known") ? cr_known_from_json(json_object_get(doc, "known"), NULL) : NULL;
  g_autoptr(GArray) found = cr_phi_detect(detector, scratch, text, known, threshold);
  gsize n = cr_text_length(text, CR_UNIT_BYTE), must = 0;
  g_autofree guint8 *mask = g_malloc0(n + 1);
  for (gsize i = 0; i < n; i++)
    if (g_ascii_isalnum(cr_text_bytes(text)[i]) ||
        ((guchar)cr_text_bytes(text)[i] >= 0xc3 && (guchar)cr_text_bytes(text)[i] != 0xe2))
      mask[i] |= LETTER;
  for (guint i = 0; i < found->len; i++) {
    const CrPhiSpan *span = &g_array_index(found, CrPhiSpan, i);
    paint(mask, span->span, cr_phi_kind_is_reported_only(span->kind) ? REPORTED : SYSTEM);
  }
  if (show_leftover)
    print_leftover(id ? id : "?", text, found);
  gboolean leaked = FALSE;
  json_t *entity;
  size_t i;
  json_array_foreach(gold, i, entity)
  {
    CrSpan span;
    const char *label = json_string_value(json_object_get(entity, "label"));
    if (!cr_span_from_unit(text, CR_UNIT_CODE_POINT,
                           (gsize)json_integer_value(json_object_get(entity, "start")),
                           (gsize)json_integer_value(json_object_get(entity, "end")), &span, NULL))
      continue;
    paint(mask, span, is_reported_label(label) ? FREE : GOLD);
    span = without_title(text, span);
    if (is_reported_label(label))
      continue;
    must++;
    count_gold(sums, id ? id : "?", text, mask, span, label, &leaked);
  }
  gsize false_before = sums->system_tokens - sums->right_tokens;
  count_tokens(sums, id ? id : "?", text, mask, found);
  sums->docs++;
  sums->gold_docs += must > 0;
  sums->leak_free += must > 0 && !leaked;
  sums->empty_docs += must == 0;
  sums->untouched += must == 0 && sums->system_tokens - sums->right_tokens == false_before;
}

static double
percent(gsize part, gsize all)
{
  return all ? 100.0 * (double)part / (double)all : 100.0;
}

static void
print_sums(const char *path, const Sums *s)
{
  printf("%s: %zu documents, %zu identifiers\n", path, s->docs, s->gold_spans);
  printf("  characters covered      %6.2f %%\n", percent(s->covered_chars, s->gold_chars));
  printf("  spans fully covered     %6.2f %%   touched %6.2f %%\n", percent(s->covered_spans, s->gold_spans),
         percent(s->touched_spans, s->gold_spans));
  printf("  token precision         %6.2f %%   (%zu of %zu)\n", percent(s->right_tokens, s->system_tokens),
         s->right_tokens, s->system_tokens);
  printf("  leak-free documents     %6.2f %%   (%zu of %zu)\n", percent(s->leak_free, s->gold_docs),
         s->leak_free, s->gold_docs);
  printf("  empty ones untouched    %6.2f %%   (%zu of %zu)\n", percent(s->untouched, s->empty_docs),
         s->untouched, s->empty_docs);
}

static int
measure_file(const CrPhiDetector *detector, CrPhiScratch *scratch, const char *path)
{
  g_autofree char *bytes = NULL;
  g_autoptr(GError) error = NULL;
  if (!g_file_get_contents(path, &bytes, NULL, &error))
    return fprintf(stderr, "measure-phi: %s\n", error->message), 2;
  g_auto(GStrv) lines = g_strsplit(bytes, "\n", -1);
  Sums sums = {0};
  for (guint i = 0; lines[i]; i++) {
    if (!*g_strstrip(lines[i]))
      continue;
    g_autoptr(json_t) doc = cr_json_parse(lines[i], strlen(lines[i]), &error);
    if (!doc)
      return fprintf(stderr, "measure-phi: %s:%u: %s\n", path, i + 1, error->message), 2;
    measure_line(&sums, detector, scratch, doc);
  }
  print_sums(path, &sums);
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
  scan = cr_phi_scan_new(NULL, &error);
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
