/* Rates of the detector over notes: bench-detect [--mb N] [FILE.jsonl…]
 * Without files over invented notes (tests/cases/phi/notes.jsonl). The texts are repeated to N megabytes
 * (default 16). Prints MB/s of one core for a count of words as `wc -w` makes it, a bare scan of the rule
 * database, all rules with their confirmers, the tagger alone, and all detectors; the ratios to the bare
 * scan; and the time to start. */
#include "phi/phi-private.h"
#include "tagger/tagger-private.h"
#include <stdio.h>
#include <string.h>

typedef struct {
  GPtrArray *texts; /* CrText */
  gsize n_bytes;
} Load;

static void
unref_text(gpointer text)
{
  cr_text_unref(text);
}

static gboolean
add_file(Load *load, const char *path)
{
  g_autofree char *bytes = NULL;
  g_autoptr(GError) error = NULL;
  if (!g_file_get_contents(path, &bytes, NULL, &error))
    return fprintf(stderr, "bench-detect: %s\n", error->message), FALSE;
  g_auto(GStrv) lines = g_strsplit(bytes, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    g_autoptr(json_t) doc = *lines[i] ? cr_json_parse(lines[i], strlen(lines[i]), NULL) : NULL;
    const char *s = json_string_value(json_object_get(doc, "text"));
    CrText *text = s ? cr_text_new(s, -1, NULL) : NULL;
    if (!text)
      continue;
    g_ptr_array_add(load->texts, text);
    load->n_bytes += cr_text_length(text, CR_UNIT_BYTE);
  }
  return TRUE;
}

static gsize sink; /* keeps the compiler from dropping the work */

static gsize
count_words(const char *s, gsize n)
{
  gsize words = 0;
  gboolean inside = FALSE;
  for (gsize i = 0; i < n; i++) {
    gboolean space = g_ascii_isspace(s[i]);
    words += !space && !inside;
    inside = !space;
  }
  return words;
}

static int
match_cb(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *data)
{
  ++*(gsize *)data;
  return 0;
}

typedef struct {
  const CrPhiDetector *detector;
  CrPhiScratch *scratch;
  PhiRules *rules;
  PhiLexicon *lexicon;
  hs_scratch_t *hs;
  GArray *matches, *tokens, *found;
  const CrTagger *tagger;
  CrTaggerScratch *tagging;
  gsize n_tokens; /* that the tagger saw */
} Bench;

typedef void (*Work)(Bench *bench, const CrText *text);

static void
do_words(Bench *bench, const CrText *text)
{
  sink += count_words(cr_text_bytes(text), cr_text_length(text, CR_UNIT_BYTE));
}

static void
do_scan(Bench *bench, const CrText *text)
{
  hs_scan(phi_rules_database(bench->rules), cr_text_bytes(text), (unsigned)cr_text_length(text, CR_UNIT_BYTE),
          0, bench->hs, match_cb, &sink);
}

static void
do_rules(Bench *bench, const CrText *text)
{
  PhiPage page = {
      NULL,          bench->lexicon, cr_text_bytes(text), (guint32)cr_text_length(text, CR_UNIT_BYTE),
      bench->tokens, bench->found};
  g_array_set_size(page.found, 0);
  phi_tokens_fill(&page);
  phi_rules_run(bench->rules, bench->hs, bench->matches, &page);
  sink += page.found->len;
}

static void
do_tag(Bench *bench, const CrText *text)
{
  g_autoptr(GArray) spans = cr_tagger_tag(bench->tagger, bench->tagging, cr_text_bytes(text),
                                          cr_text_length(text, CR_UNIT_BYTE), 0.5);
  bench->n_tokens += bench->tagging->tokens.n_tokens;
  sink += spans->len;
}

static void
do_all(Bench *bench, const CrText *text)
{
  g_autoptr(GArray) found = cr_phi_detect(bench->detector, bench->scratch, text, NULL, 0.5);
  sink += found->len;
}

static double
rate(Bench *bench, const Load *load, Work work, gsize n_bytes)
{
  gint64 start = g_get_monotonic_time();
  gsize done = 0;
  while (done < n_bytes)
    for (guint i = 0; i < load->texts->len && done < n_bytes; i++) {
      const CrText *text = g_ptr_array_index(load->texts, i);
      work(bench, text);
      done += cr_text_length(text, CR_UNIT_BYTE);
    }
  return (double)done / (double)MAX(g_get_monotonic_time() - start, 1);
}

static gboolean
open_bench(Bench *bench, const char *code, GError **error)
{
  const PhiLanguage *language = phi_language_find(code, error);
  if (!language)
    return FALSE;
  g_autofree char *path = phi_rules_path(NULL, language->rules),
                  *compiled = phi_compiled_path(NULL, language);
  gint64 start = g_get_monotonic_time();
  CrPhiDetector *detector = cr_phi_detector_new(NULL, code, error);
  if (!detector)
    return FALSE;
  printf("start           %8.1f ms (%s)\n", (double)(g_get_monotonic_time() - start) / 1000,
         cr_phi_detector_version(detector));
  bench->detector = detector;
  bench->scratch = cr_phi_scratch_new(detector);
  bench->rules = phi_rules_load(path, compiled, error);
  bench->lexicon = phi_lexicon_load(NULL, language, error);
  bench->tagger = cr_phi_detector_tagger(detector);
  bench->tagging = bench->tagger ? cr_tagger_scratch_new(bench->tagger) : NULL;
  bench->matches = g_array_new(FALSE, FALSE, 3 * sizeof(guint32));
  bench->tokens = g_array_new(FALSE, FALSE, sizeof(PhiToken));
  bench->found = g_array_new(FALSE, FALSE, sizeof(PhiCandidate));
  return bench->rules && bench->lexicon &&
         hs_alloc_scratch(phi_rules_database(bench->rules), &bench->hs) == HS_SUCCESS;
}

static void
print_rates(Bench *bench, const Load *load, gsize n_bytes)
{
  double words = rate(bench, load, do_words, n_bytes), scan = rate(bench, load, do_scan, n_bytes);
  double rules = rate(bench, load, do_rules, n_bytes), all = rate(bench, load, do_all, n_bytes);
  double tag = bench->tagger ? rate(bench, load, do_tag, n_bytes) : 0;
  double tokens = tag * (double)bench->n_tokens / (double)MAX(n_bytes, 1);
  double kb = (double)load->n_bytes / (double)load->texts->len / 1000;
  printf("texts           %8u, %.1f KB on average\n", load->texts->len, kb);
  printf("count of words  %8.1f MB/s\n", words);
  printf("bare scan       %8.1f MB/s\n", scan);
  printf("rules           %8.1f MB/s   %.2f of the bare scan\n", rules, rules / scan);
  printf("tagging         %8.2f MB/s   %.2f of the bare scan, %.2f M tokens/s\n", tag, tag / scan, tokens);
  printf("all detectors   %8.2f MB/s   %.2f of the bare scan, %.0f notes/s of 2 KB\n", all, all / scan,
         all * 500);
}

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  int mb = 16;
  g_autofree char *code = NULL;
  GOptionEntry entries[] = {
      {"mb", 0, 0, G_OPTION_ARG_INT, &mb, "megabytes to run over", "N"},
      {"language", 0, 0, G_OPTION_ARG_STRING, &code, "of the notes (default en)", "CODE"},
      G_OPTION_ENTRY_NULL};
  g_autoptr(GOptionContext) context = g_option_context_new("[FILE.jsonl…]");
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(unref_text);
  Load load = {texts, 0};
  Bench bench = {0};
  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error) || mb < 1)
    return fprintf(stderr, "bench-detect: %s\n", error ? error->message : "--mb takes a positive number"), 2;
  const char *source = g_getenv("CR_SOURCE");
  g_autofree char *notes =
      g_build_filename(source ? source : ".", "tests", "cases", "phi", "notes.jsonl", NULL);
  if (argc < 2 && !add_file(&load, notes))
    return 2;
  for (int i = 1; i < argc; i++)
    if (!add_file(&load, argv[i]))
      return 2;
  if (load.n_bytes == 0)
    return fprintf(stderr, "bench-detect: no text\n"), 2;
  if (!open_bench(&bench, code, &error))
    return fprintf(stderr, "bench-detect: %s\n", error ? error->message : "no memory"), 3;
  print_rates(&bench, &load, (gsize)mb << 20);
  return 0;
}
