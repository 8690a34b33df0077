/* capture: who found what of a note before anybody knew of the others' findings; what residual risk is
 * estimated from. An identifier is one span that was taken out. Somebody found it when a span of theirs
 * overlaps it, whatever the bounds and the kind: bounds move between reviewers, and a name half covered was
 * seen. */
#pragma once
#include "workflow/decisions.h"
#include <chartroom/risk.h>

typedef struct {
  CrCapture kinds[CR_PHI_N_KINDS];
} CrCaptureKinds;

/* removed: CrPhiSpan, joined (cr_decisions_join); those of kinds that the policy keeps do not count. first
 * and second as they stand; of those that changed since, the blind reading counts. DAMAGED where it does not
 * fit. */
gboolean cr_capture_note(const CrDecisions *first, const CrDecisions *second, const GArray *removed,
                         const CrPolicy *policy, CrCaptureKinds *out,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* {"DATE": [8 counts], …}, kinds without any left out; and added to what out holds. */
json_t *cr_capture_to_json(const CrCaptureKinds *kinds);
void cr_capture_from_json(CrCaptureKinds *out, const json_t *json);
