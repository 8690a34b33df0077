/* risk-report: what the trail says of the review of notes, and what follows from it. */
#pragma once
#include "workflow/capture.h"
#include "workflow/workflow-private.h"

/* The sample that was drawn last to be read again. */
typedef struct {
  json_t *drawn;       /* {"seed","share","of"}, NULL: none */
  GHashTable *results; /* note -> "open", "clean", "leak"; owned */
} CrReread;
void cr_reread_clear(CrReread *reread);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrReread, cr_reread_clear)
/* From the trail. only: notes (ids) that count, NULL: all. */
gboolean cr_reread_load(CrProject *p, CrReread *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The report of cr_quality_risk. only: as above. */
json_t *cr_risk_report(CrProject *p, GHashTable *only, GError **error) G_GNUC_WARN_UNUSED_RESULT;
