/* A trail, its head and an anchor from any bytes ("====" between them): verify, load and walk agree on how
 * far it is good. */
#include "audit/audit.h"
#include "support/support.h"

#include <string.h>

static gboolean
count_cb(const CrEventView *event, gpointer user_data)
{
  guint64 *n = user_data;
  ++*n;
  return event->action != NULL || event->seq < G_MAXUINT64;
}

static void
check_chain(const char *log, const CrAuditReport *report)
{
  g_autoptr(GError) error = NULL;
  gsize torn = 0;
  g_autoptr(CrChain) chain = cr_chain_load(cr_env_default(), "P-FUZZ", log, &torn, &error);
  if (!chain) {
    fuzz_check(!report->ok, "a trail that cannot be continued does not verify");
    fuzz_refused(&error);
    return;
  }
  fuzz_check(torn > 0 || cr_chain_n_events(chain) == report->n_events, "both read the same number of events");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzPart parts[3];
  g_autoptr(GError) error = NULL;
  guint64 n = 0;
  fuzz_parts(data, size, parts, 3);
  g_autofree char *log = fuzz_file("audit.log", parts[0].data, parts[0].size),
                  *head = fuzz_file("audit.head", parts[1].data, parts[1].size),
                  *anchor = fuzz_file("anchor", parts[2].data, parts[2].size);
  const char *const anchors[] = {anchor, NULL};
  g_autoptr(CrAuditReport) report =
      cr_audit_verify(log, head, parts[2].size ? anchors : NULL, "P-FUZZ", &error);
  if (!report)
    return fuzz_refused(&error);
  fuzz_check(report->ok == !report->what, "a trail that does not hold says why");
  fuzz_check(report->n_signed <= report->n_events, "no more is signed than is there");
  check_chain(log, report);
  if (!cr_audit_walk(log, count_cb, &n, &error))
    fuzz_refused(&error);
  else
    fuzz_check(!report->ok || n == report->n_events, "a walk meets every event");
  return 0;
}
