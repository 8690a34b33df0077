/* Privacy decisions from any lines over a fixed note: refused, or a state that survives being kept, and that
 * joins with another reviewer's into spans that lie in the text. */
#include "support/support.h"
#include "workflow/capture.h"
#include "workflow/decisions.h"

#include <string.h>

static const char note[] = "Seen on 3 May 2019: Ms. Ida Varga, DOB 1/2/1930. Caf\xc3\xa9 call 555-0100.";

static GArray *
candidates(void)
{
  static const struct {
    gsize start, end;
    CrPhiKind kind;
  } found[] = {{8, 18, CR_PHI_DATE}, {24, 33, CR_PHI_PATIENT}, {39, 47, CR_PHI_DATE}, {60, 68, CR_PHI_PHONE}};
  GArray *spans = g_array_new(FALSE, TRUE, sizeof(CrPhiSpan));
  g_array_set_clear_func(spans, (GDestroyNotify)cr_phi_span_clear);
  for (guint i = 0; i < G_N_ELEMENTS(found); i++) {
    CrPhiSpan s = {{found[i].start, found[i].end}, found[i].kind, 0.9, g_new0(char *, 1)};
    g_array_append_val(spans, s);
  }
  return spans;
}

static void
apply_line(CrDecisions *d, const CrText *text, const char *bytes, size_t n, CrVerdict *rest)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) line = cr_json_parse(bytes, n, &error);
  if (!line || !cr_decisions_apply(d, text, line, rest, &error))
    fuzz_refused(&error);
}

static CrDecisions *
apply_lines(const CrText *text, FuzzPart part)
{
  CrDecisions *d = cr_decisions_new(candidates());
  CrVerdict rest = CR_UNDECIDED;
  while (part.size > 0) {
    const uint8_t *end = memchr(part.data, '\n', part.size);
    size_t n = end ? (size_t)(end - part.data) : part.size;
    apply_line(d, text, (const char *)part.data, n, &rest);
    part = (FuzzPart){part.data + n + !!end, part.size - n - !!end};
  }
  cr_decisions_finish(d, rest);
  return d;
}

static void
check_kept(const CrDecisions *d)
{
  g_autoptr(json_t) said = cr_decisions_to_json(d);
  g_autoptr(CrDecisions) again = cr_decisions_new(candidates());
  g_autoptr(GError) error = NULL;
  fuzz_check(cr_decisions_restore(again, said, &error), error ? error->message : "decisions can be restored");
  g_autoptr(json_t) twice = cr_decisions_to_json(again);
  fuzz_check(fuzz_json_equal(said, twice), "decisions are kept as they were");
}

/* Each identifier that left was found by somebody of eight, and counting does not hang on whether the blind
 * reading was kept beside. */
static void
check_found(CrDecisions *one, CrDecisions *two, const GArray *joined, const CrPolicy *policy)
{
  CrCaptureKinds kinds = {0}, again = {0}, back = {0};
  g_autoptr(GError) error = NULL;
  guint64 n = 0, left = 0;
  fuzz_check(cr_capture_note(one, two, joined, policy, &kinds, &error), error ? error->message : "counted");
  for (guint i = 0; i < joined->len; i++)
    left += cr_policy_action(policy, g_array_index(joined, CrPhiSpan, i).kind) != CR_PHI_KEEP;
  for (guint k = 0; k < CR_PHI_N_KINDS; k++)
    for (guint i = 0; i < 8; i++)
      n += kinds.kinds[k].cells[i];
  fuzz_check(n == left, "each identifier is counted once");
  cr_decisions_keep_blind(one);
  cr_decisions_keep_blind(two);
  fuzz_check(cr_capture_note(one, two, joined, policy, &again, &error), error ? error->message : "counted");
  fuzz_check(memcmp(&kinds, &again, sizeof kinds) == 0, "the blind reading is the reading");
  g_autoptr(json_t) json = cr_capture_to_json(&kinds);
  cr_capture_from_json(&back, json);
  fuzz_check(memcmp(&kinds, &back, sizeof kinds) == 0, "counts are kept as they were");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static CrPolicy *policy;
  FuzzPart parts[2];
  g_autoptr(GError) error = NULL;
  if (!policy)
    policy = cr_policy_load(NULL, "safe-harbor", &error);
  fuzz_check(policy != NULL, "the policy can be read");
  fuzz_parts(data, size, parts, 2);
  g_autoptr(CrText) text = cr_text_new(note, -1, &error);
  g_autoptr(CrDecisions) one = apply_lines(text, parts[0]), two = apply_lines(text, parts[1]);
  check_kept(one);
  g_autoptr(GArray) disputes = g_array_new(FALSE, FALSE, sizeof(guint));
  CrDecisions *both[] = {one, two};
  g_autoptr(GArray) joined = cr_decisions_join(both, 2, policy, disputes);
  for (guint i = 0; i < joined->len; i++) {
    CrSpan s = g_array_index(joined, CrPhiSpan, i).span;
    fuzz_check(s.start < s.end && s.end <= strlen(note), "what leaves the text lies in it");
  }
  g_autoptr(CrRedaction) cleared = cr_phi_redact(policy, text, joined, &error);
  fuzz_check(cleared != NULL, error ? error->message : "what is decided can be cleared");
  check_found(one, two, joined, policy);
  check_kept(one);
  return 0;
}
