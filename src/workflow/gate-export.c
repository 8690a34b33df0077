/* gate-export.c: gate G4, a check list. Every line is looked at, so that one refusal says everything that is
 * missing.
 *
 * An override (lead and a second member, on the card for ever) passes what people may answer for: notes that
 * are not approved are then left out, flags and agreement are taken as they are. It never passes an
 * identifier that nobody has looked at, a patient in two parts, a note that is not cleared, or a broken
 * trail. */
#include "workflow/release-private.h"

static gboolean
is_overridden(const CrRelease *release)
{
  return cr_gate_overridden(release->p, "G4", release->options->batch);
}

/* why NULL: met. */
static void
add_row(CrRelease *release, const char *gate, const char *what, const char *why, gboolean can_override)
{
  gboolean overridden = why && can_override && is_overridden(release);
  json_array_append_new(release->gates,
                        json_pack("{s:s, s:s, s:b, s:s?, s:b}", "gate", gate, "what", what, "ready",
                                  (int)(!why || overridden), "why", why, "overridden", (int)overridden));
  release->ready = release->ready && (!why || overridden);
}

static gboolean
is_in(const CrReleaseNote *note, const char *const *states)
{
  return g_strv_contains(states, note->state);
}

static gsize
count_not_in(const CrRelease *release, const char *const *states)
{
  gsize n = 0;
  for (guint i = 0; i < release->all->len; i++)
    n += !is_in(release->all->pdata[i], states);
  return n;
}

static const char *const cleared[] = {"cleared",  "assigned", "labelled", "resolved",
                                      "reviewed", "approved", "exported", NULL};

/* ---- notes ---- */

static void
check_cleared(CrRelease *release)
{
  gsize n = count_not_in(release, cleared);
  g_autofree char *why =
      n ? g_strdup_printf("%zu of %u notes are not cleared (privacy review)", n, release->all->len) : NULL;
  add_row(release, "G1", "every note is cleared", why, FALSE);
}

/* A note that is approved still stands in the approved form: "exported" after an unlabelled export may not.
 */
static gboolean
count_unapproved(CrRelease *release, gsize *n, GError **error)
{
  static const char *const approved[] = {"approved", "exported", NULL};
  *n = 0;
  for (guint i = 0; i < release->all->len; i++) {
    const CrReleaseNote *note = release->all->pdata[i];
    g_autoptr(GError) local = NULL;
    g_autofree char *sha = cr_labels_note_sha(release->p->work, note->id, &local);
    if (local) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    gboolean ok = sha && is_in(note, approved);
    *n += !ok;
    if (ok)
      g_ptr_array_add(release->notes, (gpointer)note);
  }
  return TRUE;
}

static gboolean
check_approved(CrRelease *release, GError **error)
{
  gsize n;
  if (!count_unapproved(release, &n, error))
    return FALSE;
  g_autofree char *why = n ? g_strdup_printf("%zu of %u notes are not approved (`quality` approves a batch)",
                                             n, release->all->len)
                           : NULL;
  add_row(release, "G4", "every note is approved", why, TRUE);
  return TRUE;
}

static void
choose_cleared(CrRelease *release)
{
  for (guint i = 0; i < release->all->len; i++)
    if (is_in(release->all->pdata[i], cleared))
      g_ptr_array_add(release->notes, release->all->pdata[i]);
}

static void
check_any(CrRelease *release)
{
  if (release->notes->len == 0)
    add_row(release, "G4", "there is a note to export", "no note is ready", FALSE);
}

/* ---- open reports ---- */

static gboolean
check_leaks(CrRelease *release, GError **error)
{
  g_autoptr(GError) local = NULL;
  gint64 n = cr_documents_count(release->p->work, "leak", NULL, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  g_autofree char *why =
      n ? g_strdup_printf("%" G_GINT64_FORMAT " reported leaks are open (privacy review)", n) : NULL;
  add_row(release, "G4", "no leak report is open", why, FALSE);
  return TRUE;
}

static gboolean
check_flags(CrRelease *release, GError **error)
{
  gint64 n = 0;
  for (guint i = 0; i < release->batches->len; i++) {
    g_autoptr(GError) local = NULL;
    g_autoptr(CrBatchRow) batch = cr_labels_load_batch(release->p->work, release->batches->pdata[i], &local);
    n += batch ? cr_labels_count_quality(release->p->work, batch->name, batch->round, "flag", &local) : 0;
    if (local) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
  }
  g_autofree char *why =
      n ? g_strdup_printf("%" G_GINT64_FORMAT " quality flags are open (quality review)", n) : NULL;
  add_row(release, "G4", "no quality flag is open", why, TRUE);
  return TRUE;
}

static gsize
count_disputes(const CrRelease *release)
{
  static const char *const undecided[] = {"labelled", NULL};
  gsize n = 0;
  for (guint i = 0; i < release->all->len; i++)
    n += is_in(release->all->pdata[i], undecided);
  return n;
}

static void
check_disputes(CrRelease *release)
{
  gsize n = count_disputes(release);
  g_autofree char *why = n ? g_strdup_printf("%zu notes wait for a senior reviewer (resolution)", n) : NULL;
  add_row(release, "G4", "no difference between readers is open", why, TRUE);
}

/* ---- agreement ---- */

/* Batches whose notes were read by two stand for themselves; one without any rests on the pilot. */
static gboolean
check_batch_agreement(CrRelease *release, const char *name, char **why, GError **error)
{
  g_autoptr(GError) local = NULL;
  CrProject *p = release->p;
  gint64 n_double = cr_labels_count_doubly(p->work, name, &local);
  if (!local && n_double > 0)
    (void)!cr_gate_agreement(p, name, CR_ERROR_GATE_EXPORT, &local);
  else if (!local) {
    (void)!cr_gate_pilot(p, &local);
    if (g_error_matches(local, CR_ERROR, CR_ERROR_GATE_PILOT))
      local->code = CR_ERROR_GATE_EXPORT;
  }
  if (!local)
    return TRUE;
  if (g_error_matches(local, CR_ERROR, CR_ERROR_GATE_EXPORT)) {
    *why = g_strdup(local->message);
    return TRUE;
  }
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

static gboolean
check_agreement(CrRelease *release, GError **error)
{
  g_autoptr(GString) all = g_string_new(NULL);
  for (guint i = 0; i < release->batches->len; i++) {
    g_autofree char *why = NULL;
    if (!check_batch_agreement(release, release->batches->pdata[i], &why, error))
      return FALSE;
    if (why)
      g_string_append_printf(all, "%s%s", all->len ? "; " : "", why);
  }
  add_row(release, "G4", "agreement is at the floor", all->len ? all->str : NULL, TRUE);
  return TRUE;
}

/* ---- what leaves ---- */

static gboolean
check_scan(CrRelease *release, GError **error)
{
  CrReleaseScan scan = {0};
  if (!cr_release_scan(release, &scan, error))
    return FALSE;
  g_free(scan.version);
  g_autofree char *why =
      scan.n_open
          ? g_strdup_printf("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                            " findings of the scan of all that leaves have no answer (`review list --scan`)",
                            scan.n_open, scan.n_findings)
          : NULL;
  add_row(release, "G4", "the identifier scan of all that leaves is answered", why, FALSE);
  return TRUE;
}

static gboolean
check_split(CrRelease *release, GError **error)
{
  if (release->notes->len == 0)
    return TRUE; /* said already */
  if (!cr_release_load_labels(release, error))
    return FALSE;
  cr_release_draw_split(release);
  g_autofree char *why = cr_release_split_problem(release);
  add_row(release, "G4", "no patient stands in two parts", why, FALSE);
  return cr_release_check_leakage(release, error);
}

static gboolean
check_trail(CrRelease *release, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(json_t) report = cr_project_audit_verify(release->p->path, NULL, &local);
  if (!report && !g_error_matches(local, CR_ERROR, CR_ERROR_AUDIT_BROKEN)) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  gboolean ok = report && json_is_true(json_object_get(report, "ok"));
  const char *what = report ? cr_reading_string(report, "what") : local->message;
  add_row(release, "G4", "the audit trail verifies", ok ? NULL : what ? what : "it does not", FALSE);
  return TRUE;
}

static gboolean
check_labels(CrRelease *release, GError **error)
{
  if (!check_approved(release, error) || !check_flags(release, error))
    return FALSE;
  check_disputes(release);
  return check_agreement(release, error);
}

gboolean
cr_gate_export(CrRelease *release, GError **error)
{
  release->ready = TRUE;
  release->gates = json_array();
  check_cleared(release);
  if (release->options->unlabelled)
    choose_cleared(release);
  else if (!check_labels(release, error))
    return FALSE;
  check_any(release);
  return check_leaks(release, error) && check_scan(release, error) && check_split(release, error) &&
         check_trail(release, error);
}
