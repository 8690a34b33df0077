/* The Spanish detector over any text: candidates lie in it, ordered and apart, and the text can be cleared.
 */
#include "support/support.h"
#include <chartroom/phi.h>

static CrPhiDetector *detector;
static CrPhiScratch *scratch;
static CrPolicy *policy;

static void
start(void)
{
  g_autoptr(GError) error = NULL;
  if (detector)
    return;
  detector = cr_phi_detector_new(NULL, "es", &error);
  scratch = detector ? cr_phi_scratch_new(detector) : NULL;
  policy = cr_policy_load(NULL, "safe-harbor", &error);
  fuzz_check(scratch && policy, error ? error->message : "the tables can be read");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  start();
  g_autoptr(CrText) text = cr_text_new((const char *)data, (gssize)size, &error);
  if (!text)
    return fuzz_refused(&error);
  gsize n = cr_text_length(text, CR_UNIT_BYTE);
  g_autoptr(GArray) found = cr_phi_detect(detector, scratch, text, NULL, 0.25);
  for (guint i = 0; i < found->len; i++) {
    const CrPhiSpan *s = &g_array_index(found, CrPhiSpan, i);
    fuzz_check(s->span.start < s->span.end && s->span.end <= n, "a candidate lies in the text");
    fuzz_check(i == 0 || g_array_index(found, CrPhiSpan, i - 1).span.end <= s->span.start,
               "candidates are ordered and apart");
    fuzz_check(
        g_utf8_validate(cr_text_bytes(text) + s->span.start, (gssize)(s->span.end - s->span.start), NULL),
        "a candidate ends between characters");
  }
  g_autoptr(CrRedaction) redaction = cr_phi_redact(policy, text, found, &error);
  fuzz_check(redaction != NULL, "what was found can be taken out");
  return 0;
}
