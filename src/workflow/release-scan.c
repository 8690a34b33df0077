/* release-scan.c: the over-sensitive scan of everything that leaves: the cleared text of each note, and what
 * is said about it (kind of note, specialty). Findings are filed for the privacy reviewers under keys that
 * stay the same from scan to scan. */
#include "workflow/release-private.h"
#include <chartroom/phi.h>

#include <string.h>

typedef struct {
  CrRelease *release;
  CrReleaseScan *out;
  GHashTable *scans; /* language, static -> CrPhiScan */
  CrKey *key;
  GHashTable *said; /* words of the meta data that were looked at */
} Scanning;

static void
scanning_clear(Scanning *s)
{
  g_clear_pointer(&s->scans, g_hash_table_unref);
  g_clear_pointer(&s->key, cr_key_unref);
  g_clear_pointer(&s->said, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scanning, scanning_clear)

char *
cr_scan_finding_key(const CrKey *work, const char *what, gint64 start, gint64 end, const char *kind)
{
  g_autofree char *place =
      g_strdup_printf("%s:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%s", what, start, end, kind);
  g_autofree char *hash = cr_keyed_hash_hex(work, "export-scan", place, strlen(place));
  return g_strdup_printf("S-%.16s", hash);
}

static gboolean
file_finding(Scanning *s, const char *note, const char *what, const char *kind, gint64 start, gint64 end,
             GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *key = cr_scan_finding_key(s->key, what, start, end, kind);
  CrScanFinding finding = {
      .key = key, .note = note, .kind = kind, .status = "open", .start = start, .end = end};
  CrDb *work = s->release->p->work;
  gboolean answered = cr_review_scan_answered(work, key, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  s->out->n_findings++;
  s->out->n_open += !answered;
  return answered || cr_review_scan_put(work, &finding, error);
}

static gboolean
scan_text(Scanning *s, const CrReleaseNote *note, GError **error)
{
  g_autoptr(CrText) text = cr_documents_load_cleared(s->release->p->work, note->id, error);
  if (!text)
    return FALSE;
  (void)cr_duplicates_add(s->release->duplicates, cr_text_bytes(text), cr_text_length(text, CR_UNIT_BYTE));
  const CrPhiScan *scan = g_hash_table_lookup(s->scans, cr_phi_language_of(note->language));
  g_autoptr(GArray) found = cr_phi_scan_run(scan, text);
  for (guint i = 0; i < found->len; i++) {
    const CrPhiSpan *span = &g_array_index(found, CrPhiSpan, i);
    CrSpan at = cr_span_to_unit(text, CR_UNIT_CODE_POINT, span->span);
    if (!file_finding(s, note->id, note->id, cr_phi_kind_name(span->kind), (gint64)at.start, (gint64)at.end,
                      error))
      return FALSE;
  }
  return TRUE;
}

/* Each wording once in a project: the key hangs on the words, not on the note. */
static gboolean
scan_said(Scanning *s, const CrReleaseNote *note, const char *field, const char *value, GError **error)
{
  if (!value || !*value || !g_hash_table_add(s->said, g_strdup_printf("%s=%s", field, value)))
    return TRUE;
  g_autoptr(CrText) text = cr_text_new(value, -1, error);
  if (!text)
    return FALSE;
  const CrPhiScan *scan = g_hash_table_lookup(s->scans, cr_phi_language_of(note->language));
  g_autoptr(GArray) found = cr_phi_scan_run(scan, text);
  g_autofree char *what = g_strdup_printf("%s=%s", field, value);
  for (guint i = 0; i < found->len; i++) {
    const CrPhiSpan *span = &g_array_index(found, CrPhiSpan, i);
    g_autofree char *kind = g_strdup_printf("%s in the note's %s", cr_phi_kind_name(span->kind), field);
    if (!file_finding(s, note->id, what, kind, 0, 0, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
scan_all(Scanning *s, GError **error)
{
  g_clear_pointer(&s->release->duplicates, cr_duplicates_free);
  s->release->duplicates = cr_duplicates_new();
  for (guint i = 0; i < s->release->notes->len; i++) {
    const CrReleaseNote *note = s->release->notes->pdata[i];
    if (!scan_text(s, note, error) || !scan_said(s, note, "type", note->type, error) ||
        !scan_said(s, note, "specialty", note->specialty, error))
      return FALSE;
    s->out->n_notes++;
    cr_release_progress(s->release, "notes scanned", i + 1);
  }
  g_autofree char *value =
      g_strdup_printf("{\"notes\":%" G_GUINT64_FORMAT ",\"findings\":%" G_GUINT64_FORMAT
                      ",\"open\":%" G_GUINT64_FORMAT ",\"scan\":\"%s\"}",
                      s->out->n_notes, s->out->n_findings, s->out->n_open, s->out->version);
  cr_tx_event(s->release->p, cr_reading_role(s->release->p, CR_ROLE_ENGINEER | CR_ROLE_LEAD),
              "export.scanned", "project", NULL, value, NULL);
  return TRUE;
}

static void
free_scan(gpointer scan)
{
  cr_phi_scan_free(scan);
}

static gboolean
load_scan(Scanning *s, const char *language, GString *versions, GError **error)
{
  if (g_hash_table_contains(s->scans, language))
    return TRUE;
  CrPhiScan *scan = cr_phi_scan_new_for(NULL, language, error);
  if (!scan)
    return FALSE;
  g_hash_table_insert(s->scans, (gpointer)language, scan);
  g_string_append_printf(versions, "%s%s", versions->len ? ", " : "", cr_phi_scan_version(scan));
  return TRUE;
}

/* The scan of each language of the notes; the English one where there are none. */
static gboolean
load_scans(Scanning *s, GError **error)
{
  g_autoptr(GString) versions = g_string_new(NULL);
  s->scans = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_scan);
  if (!load_scan(s, cr_phi_language_of(NULL), versions, error))
    return FALSE;
  for (guint i = 0; i < s->release->notes->len; i++) {
    const CrReleaseNote *note = s->release->notes->pdata[i];
    if (!load_scan(s, cr_phi_language_of(note->language), versions, error))
      return FALSE;
  }
  s->out->version = g_string_free(g_steal_pointer(&versions), FALSE);
  return TRUE;
}

gboolean
cr_release_scan(CrRelease *release, CrReleaseScan *out, GError **error)
{
  CrProject *p = release->p;
  g_auto(Scanning) s = {
      .release = release, .out = out, .said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  s.key = load_scans(&s, error) ? cr_keyring_open_key(p->keyring, "work", p->member, error) : NULL;
  if (!s.key)
    return FALSE;
  return cr_tx_begin(p, error) && cr_reading_end(p, scan_all(&s, error), error);
}
