/* The detector: tables and database once, then notes page by page. Always: the detector is read-only after
 * _new; what changes lives in the scratch or on the stack of one call. */
#include "phi-private.h"
#include <string.h>

enum { PAGE_BYTES = 1 << 20 };
#define RULES_VERSION "1"

struct CrPhiDetector {
  const PhiLanguage *language;
  PhiLexicon *lexicon;
  PhiRules *rules;
  PhiTagger *tagger; /* NULL: none */
  PhiOnnx *onnx;     /* NULL: no model of the user's */
  char *rules_dir;   /* NULL: the program's */
  char *version;
};

struct CrPhiScratch {
  CrTaggerScratch *tagger;
  hs_scratch_t *hs;
  GArray *matches; /* three guint32: rule, from, to */
  GArray *tokens;  /* PhiToken */
  GArray *found;   /* PhiCandidate */
};

static char *
version_of(const PhiLexicon *lexicon, const PhiRules *rules)
{
  g_autofree char *all = g_strconcat(phi_lexicon_hash(lexicon), phi_rules_hash(rules), NULL);
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
  return g_strdup_printf("rules " RULES_VERSION " %.8s", sum);
}

CrPhiDetector *
cr_phi_detector_new(const char *rules_dir, const char *language, GError **error)
{
  const PhiLanguage *tables = phi_language_find(language, error);
  if (!tables)
    return NULL;
  if (hs_valid_platform() != HS_SUCCESS) {
    g_set_error(error, CR_ERROR, CR_ERROR_INTERNAL,
                "this processor lacks what the rule engine needs (SSE4.2)");
    return NULL;
  }
  g_autoptr(CrPhiDetector) detector = g_new0(CrPhiDetector, 1);
  detector->rules_dir = g_strdup(rules_dir);
  detector->language = tables;
  detector->lexicon = phi_lexicon_load(rules_dir, tables, error);
  if (!detector->lexicon)
    return NULL;
  g_autofree char *path = phi_rules_path(rules_dir, tables->rules);
  g_autofree char *compiled = phi_compiled_path(rules_dir, tables);
  detector->rules = phi_rules_load(path, compiled, error);
  if (!detector->rules)
    return NULL;
  detector->version = version_of(detector->lexicon, detector->rules);
  g_autofree char *model = phi_model_path(rules_dir, tables);
  if (g_file_test(model, G_FILE_TEST_EXISTS) && !cr_phi_detector_use_tagger(detector, model, error))
    return NULL;
  return g_steal_pointer(&detector);
}

void
cr_phi_detector_free(CrPhiDetector *detector)
{
  if (!detector)
    return;
  phi_lexicon_free(detector->lexicon);
  phi_rules_free(detector->rules);
  phi_tagger_free(detector->tagger);
  phi_onnx_free(detector->onnx);
  g_free(detector->rules_dir);
  g_free(detector->version);
  g_free(detector);
}

const char *
cr_phi_detector_version(const CrPhiDetector *detector)
{
  return detector->version;
}

gboolean
cr_phi_detector_take_tagger(CrPhiDetector *detector, CrTagger *model, GError **error)
{
  PhiTagger *tagger = model ? phi_tagger_new(detector->rules_dir, model, error) : NULL;
  if (model && !tagger)
    return FALSE;
  phi_tagger_free(detector->tagger);
  detector->tagger = tagger;
  g_free(detector->version);
  g_autofree char *rules = version_of(detector->lexicon, detector->rules);
  detector->version = tagger ? g_strdup_printf("%s, %s", rules, cr_tagger_version(phi_tagger_model(tagger)))
                             : g_steal_pointer(&rules);
  return TRUE;
}

gboolean
cr_phi_detector_use_tagger(CrPhiDetector *detector, const char *path, GError **error)
{
  CrTagger *model = path ? cr_tagger_open(path, error) : NULL;
  return (model || !path) && cr_phi_detector_take_tagger(detector, model, error);
}

const CrTagger *
cr_phi_detector_tagger(const CrPhiDetector *detector)
{
  return detector->tagger ? phi_tagger_model(detector->tagger) : NULL;
}

gboolean
cr_phi_detector_add_onnx(CrPhiDetector *detector, const char *model, const char *labels, const char *runtime,
                         GError **error)
{
  g_assert(!detector->onnx);
  detector->onnx = phi_onnx_load(detector->rules_dir, model, labels, runtime, error);
  if (!detector->onnx)
    return FALSE;
  g_autofree char *version = g_steal_pointer(&detector->version);
  detector->version = g_strdup_printf("%s, onnx %.8s", version, phi_onnx_hash(detector->onnx));
  return TRUE;
}

CrPhiScratch *
cr_phi_scratch_new(const CrPhiDetector *detector)
{
  CrPhiScratch *scratch = g_new0(CrPhiScratch, 1);
  hs_error_t status = hs_alloc_scratch(phi_rules_database(detector->rules), &scratch->hs);
  g_assert(status == HS_SUCCESS);
  if (detector->tagger)
    scratch->tagger = cr_tagger_scratch_new(phi_tagger_model(detector->tagger));
  scratch->matches = g_array_new(FALSE, FALSE, 3 * sizeof(guint32));
  scratch->tokens = g_array_new(FALSE, FALSE, sizeof(PhiToken));
  scratch->found = g_array_new(FALSE, FALSE, sizeof(PhiCandidate));
  return scratch;
}

void
cr_phi_scratch_free(CrPhiScratch *scratch)
{
  if (!scratch)
    return;
  hs_free_scratch(scratch->hs);
  cr_tagger_scratch_free(scratch->tagger);
  g_array_unref(scratch->matches);
  g_array_unref(scratch->tokens);
  g_array_unref(scratch->found);
  g_free(scratch);
}

/* Where the page that starts at from ends: a blank line, else a line's end, else white space, else a
 * character, near the page size. */
static gsize
page_end(const char *s, gsize n_bytes, gsize from)
{
  if (n_bytes - from <= PAGE_BYTES)
    return n_bytes;
  gsize limit = from + PAGE_BYTES, floor = limit - PAGE_BYTES / 8, line = 0, space = 0;
  for (gsize i = limit; i > floor; i--) {
    if (s[i - 1] == '\n') {
      if (i >= 2 && s[i - 2] == '\n')
        return i;
      line = line ? line : i;
    } else if (s[i - 1] == ' ') {
      space = space ? space : i;
    }
  }
  if (line || space)
    return line ? line : space;
  while (((guchar)s[limit] & 0xc0) == 0x80)
    limit--;
  return limit;
}

static PhiPage
open_page(const CrPhiDetector *detector, CrPhiScratch *scratch, const char *s, gsize n_bytes)
{
  PhiPage page = {detector, detector->lexicon, s, (guint32)n_bytes, scratch->tokens, scratch->found};
  g_array_set_size(page.found, 0);
  phi_tokens_fill(&page);
  return page;
}

typedef struct {
  const CrPhiDetector *detector;
  CrPhiScratch *scratch;
  const PhiKnownSet *known;
  double threshold;
  GError **error;
} Run;

static gboolean
find_by_model(const Run *run, PhiPage *page)
{
  if (!run->detector->onnx)
    return TRUE;
  g_autoptr(GArray) found = phi_onnx_find(run->detector->onnx, page, run->threshold, run->error);
  if (!found)
    return FALSE;
  g_array_append_vals(page->found, found->data, found->len);
  return TRUE;
}

static void
find_by_words(const Run *run, PhiPage *page)
{
  phi_rules_run(run->detector->rules, run->scratch->hs, run->scratch->matches, page);
  run->detector->language->find_names(page);
}

static gboolean
overlaps_any(const GArray *ranges, const PhiCandidate *c)
{
  for (guint i = 0; i < ranges->len; i++) {
    const guint32 *range = (const guint32 *)(const void *)ranges->data + (gsize)2 * i;
    if (c->start < range[1] && range[0] < c->end)
      return TRUE;
  }
  return FALSE;
}

/* Once more, over the numbers as they were before a scanner read them; only what they are part of counts. */
static void
find_misread(const Run *run, PhiPage *page)
{
  const char *original = page->s;
  g_autofree char *copy = NULL;
  g_autoptr(GArray) changed = phi_rescan(page, &copy);
  if (!changed)
    return;
  const guint n_before = page->found->len;
  page->s = copy;
  phi_tokens_fill(page);
  phi_rules_run(run->detector->rules, run->scratch->hs, run->scratch->matches, page);
  guint kept = n_before;
  for (guint i = n_before; i < page->found->len; i++) {
    const PhiCandidate c = g_array_index(page->found, PhiCandidate, i);
    if (overlaps_any(changed, &c))
      g_array_index(page->found, PhiCandidate, kept++) = c;
  }
  g_array_set_size(page->found, kept);
  page->s = original;
  phi_tokens_fill(page);
}

static gboolean
find_alone(const Run *run, PhiPage *page)
{
  const char *original = page->s;
  g_autofree char *recased = run->detector->language->recase ? run->detector->language->recase(page) : NULL;
  if (recased) {
    page->s = recased;
    phi_tokens_fill(page);
  }
  find_by_words(run, page);
  if (recased) {
    page->s = original;
    phi_tokens_fill(page);
  }
  find_misread(run, page);
  if (run->detector->tagger)
    phi_tagger_find(run->detector->tagger, run->scratch->tagger, page, run->threshold,
                    run->detector->language->doubts);
  if (run->known)
    phi_known_run(run->known, page);
  return find_by_model(run, page);
}

/* One page: found, propagated and merged at once. */
static gboolean
detect_single(const Run *run, const char *s, gsize n_bytes, GArray *spans)
{
  g_autoptr(PhiSeen) seen = phi_seen_new(run->detector->lexicon);
  PhiPage page = open_page(run->detector, run->scratch, s, n_bytes);
  if (!find_alone(run, &page))
    return FALSE;
  phi_seen_learn(seen, &page, run->threshold);
  phi_seen_run(seen, &page);
  phi_merge(page.found, 0, run->threshold, spans);
  return TRUE;
}

/* Several pages: learn from all of them first, keeping what each holds. */
static gboolean
detect_pages(const Run *run, const char *s, gsize n_bytes, GArray *spans)
{
  g_autoptr(PhiSeen) seen = phi_seen_new(run->detector->lexicon);
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  for (gsize from = 0, end; from < n_bytes; from = end) {
    end = page_end(s, n_bytes, from);
    PhiPage page = open_page(run->detector, run->scratch, s + from, end - from);
    if (!find_alone(run, &page))
      return FALSE;
    phi_seen_learn(seen, &page, run->threshold);
    g_ptr_array_add(kept, g_array_copy(page.found));
  }
  guint number = 0;
  for (gsize from = 0, end; from < n_bytes; from = end) {
    end = page_end(s, n_bytes, from);
    PhiPage page = open_page(run->detector, run->scratch, s + from, end - from);
    const GArray *found = g_ptr_array_index(kept, number++);
    g_array_append_vals(page.found, found->data, found->len);
    phi_seen_run(seen, &page);
    phi_merge(page.found, from, run->threshold, spans);
  }
  return TRUE;
}

static void
clear_span(gpointer span)
{
  cr_phi_span_clear(span);
}

GArray *
cr_phi_detect_checked(const CrPhiDetector *detector, CrPhiScratch *scratch, const CrText *text,
                      const CrKnown *known, double threshold, GError **error)
{
  g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(CrPhiSpan));
  g_array_set_clear_func(spans, clear_span);
  g_autoptr(PhiKnownSet) set = known ? phi_known_compile(detector->lexicon, known) : NULL;
  Run run = {detector, scratch, set, threshold, error};
  const char *s = cr_text_bytes(text);
  gsize n_bytes = cr_text_length(text, CR_UNIT_BYTE);
  gboolean done =
      n_bytes <= PAGE_BYTES ? detect_single(&run, s, n_bytes, spans) : detect_pages(&run, s, n_bytes, spans);
  return done ? g_steal_pointer(&spans) : NULL;
}

GArray *
cr_phi_detect(const CrPhiDetector *detector, CrPhiScratch *scratch, const CrText *text, const CrKnown *known,
              double threshold)
{
  g_autoptr(GError) error = NULL;
  g_assert(!detector->onnx);
  GArray *spans = cr_phi_detect_checked(detector, scratch, text, known, threshold, &error);
  g_assert(spans);
  return spans;
}
