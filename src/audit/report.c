/* report: what verification found. One finding is said first, the others follow as notes. */
#include "audit/audit-private.h"

void
cr_report_note(CrAuditReport *report, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_ptr_array_add(report->notes, g_strdup_vprintf(format, args));
  va_end(args);
}

/* The first finding is what the report says; more are notes. */
void
cr_report_finding(CrAuditReport *report, gint64 broken_at, char *what)
{
  if (report->ok) {
    report->ok = FALSE;
    report->broken_at = broken_at;
    report->what = what;
  } else {
    g_ptr_array_add(report->notes, what);
  }
}

/* Where the chain breaks is said first even where a checkpoint before it did not fit: it names an event, the
 * checkpoint only a stretch. */
void
cr_report_chain_finding(CrAuditReport *report, gint64 broken_at, char *what)
{
  if (!report->ok)
    g_ptr_array_add(report->notes, g_steal_pointer(&report->what));
  report->ok = TRUE;
  cr_report_finding(report, broken_at, what);
}

CrAuditReport *
cr_report_new(void)
{
  CrAuditReport *report = g_new0(CrAuditReport, 1);
  report->ok = TRUE;
  report->broken_at = -1;
  report->notes = g_ptr_array_new_with_free_func(g_free);
  return report;
}

void
cr_audit_report_free(CrAuditReport *report)
{
  if (!report)
    return;
  g_free(report->what);
  g_free(report->signed_by);
  g_free(report->signed_at);
  g_free(report->head);
  g_free(report->root);
  g_ptr_array_unref(report->notes);
  g_free(report);
}
