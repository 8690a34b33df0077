/* walk: the events of a log for people to read. Checks the form of each line, not the chain: that is verify's
 * work. */
#include "audit/audit-private.h"

typedef struct {
  CrEventFunc func;
  gpointer user_data;
  guint64 n_lines;
  gboolean broken;
} Walk;

static gboolean
walk_cb(const CrScanned *scanned, gpointer data)
{
  Walk *walk = data;
  const CrEventLine *line = &scanned->line;
  char *fields[CR_N_FIELDS] = {NULL};
  gboolean good = scanned->well_formed, more = FALSE;
  for (guint i = 0; good && i < CR_N_FIELDS; i++) {
    fields[i] = cr_slice_dup(line->fields[i]);
    good = !fields[i] || g_utf8_validate(fields[i], -1, NULL);
  }
  if (good) {
    char hash[CR_HEX_HASH + 1] = "";
    memcpy(hash, line->hash, CR_HEX_HASH);
    CrEventView view = {line->seq,
                        fields[CR_FIELD_TIME],
                        fields[CR_FIELD_ACTOR],
                        fields[CR_FIELD_ROLE],
                        fields[CR_FIELD_SESSION],
                        fields[CR_FIELD_OBJECT],
                        fields[CR_FIELD_ACTION],
                        fields[CR_FIELD_OLD],
                        fields[CR_FIELD_NEW],
                        fields[CR_FIELD_REASON],
                        fields[CR_FIELD_VERSION],
                        hash,
                        line->sealed};
    walk->n_lines++;
    more = walk->func(&view, walk->user_data);
  }
  for (guint i = 0; i < CR_N_FIELDS; i++)
    g_free(fields[i]);
  walk->broken = !good;
  return more;
}

gboolean
cr_audit_walk(const char *log_path, CrEventFunc func, gpointer user_data, GError **error)
{
  Walk walk = {func, user_data, 0, FALSE};
  if (!cr_audit_scan(log_path, 0, FALSE, walk_cb, &walk, NULL, error))
    return FALSE;
  if (!walk.broken)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_AUDIT_BROKEN, "%s: event %" G_GUINT64_FORMAT ": changed", log_path,
              walk.n_lines);
  return FALSE;
}
