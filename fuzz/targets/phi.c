/* Detection and redaction of any text, with what is known of the patient after "====": candidates are ordered
 * and apart, and the log and the map of the redaction lead back to every byte of the original. */
#include "support/support.h"
#include <chartroom/phi.h>

#include <string.h>

static CrPhiDetector *detector;
static CrPhiScratch *scratch;
static CrPolicy *policy;
static CrPhiScan *scan;

static void
start(void)
{
  g_autoptr(GError) error = NULL;
  if (detector)
    return;
  detector = cr_phi_detector_new(NULL, NULL, &error);
  scratch = detector ? cr_phi_scratch_new(detector) : NULL;
  policy = cr_policy_load(NULL, "safe-harbor", &error);
  scan = cr_phi_scan_new(NULL, &error);
  fuzz_check(scratch && policy && scan, error ? error->message : "the tables can be read");
}

static void
check_ordered(const GArray *spans, gsize n, gboolean apart)
{
  for (guint i = 0; i < spans->len; i++) {
    const CrPhiSpan *s = &g_array_index(spans, CrPhiSpan, i);
    fuzz_check(s->span.start < s->span.end && s->span.end <= n, "a candidate lies in the text");
    fuzz_check(!apart || i == 0 || g_array_index(spans, CrPhiSpan, i - 1).span.end <= s->span.start,
               "candidates are ordered and apart");
  }
}

/* Puts the original back from the cleared text, the log and the pieces that were taken out. */
static void
check_back(const CrText *text, const CrRedaction *r)
{
  const char *old = cr_text_bytes(text), *new = cr_text_bytes(r->text);
  gsize old_pos = 0, new_pos = 0, n = cr_text_length(text, CR_UNIT_BYTE);
  fuzz_check(cr_offset_map_n_edits(r->map) <= r->log->len, "every edit of the map is in the log");
  for (guint i = 0; i <= r->log->len; i++) {
    CrEdit e = {n, n, cr_text_length(r->text, CR_UNIT_BYTE), cr_text_length(r->text, CR_UNIT_BYTE)};
    if (i < r->log->len)
      e = g_array_index(r->log, CrRedactionItem, i).edit;
    fuzz_check(e.old_start - old_pos == e.new_start - new_pos && e.old_start >= old_pos &&
                   memcmp(old + old_pos, new + new_pos, e.old_start - old_pos) == 0,
               "what was not taken out is there as it was");
    old_pos = e.old_end;
    new_pos = e.new_end;
  }
  CrSpan all = cr_offset_map_to_old(r->map, (CrSpan){0, cr_text_length(r->text, CR_UNIT_BYTE)}, NULL);
  fuzz_check(all.end <= n, "the map leads into the original");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzPart parts[2];
  g_autoptr(GError) error = NULL;
  start();
  fuzz_parts(data, size, parts, 2);
  g_autoptr(CrText) text = cr_text_new((const char *)parts[0].data, (gssize)parts[0].size, &error);
  if (!text)
    return fuzz_refused(&error);
  g_autoptr(json_t) json =
      parts[1].size ? cr_json_parse((const char *)parts[1].data, parts[1].size, NULL) : NULL;
  g_autoptr(CrKnown) known = json ? cr_known_from_json(json, NULL) : NULL;
  g_autoptr(GArray) spans = cr_phi_detect(detector, scratch, text, known, 0.0);
  check_ordered(spans, cr_text_length(text, CR_UNIT_BYTE), TRUE);
  g_autoptr(CrRedaction) cleared = cr_phi_redact(policy, text, spans, &error);
  if (!cleared)
    return fuzz_refused(&error);
  check_back(text, cleared);
  g_autoptr(GArray) asked = cr_phi_scan_run(scan, cleared->text);
  check_ordered(asked, cr_text_length(cleared->text, CR_UNIT_BYTE), FALSE);
  return 0;
}
