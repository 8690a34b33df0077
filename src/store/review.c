/* review.c: progress, signatures and scan findings in work.db. */
#include "store/review.h"

gboolean
cr_review_set(CrDb *work, const char *note, const char *reviewer, gboolean complete, const char *hash,
              GError **error)
{
  return cr_db_exec(
      work, error,
      "INSERT INTO review(note, reviewer, complete, hash) VALUES(?,?,?,?)"
      " ON CONFLICT(note, reviewer) DO UPDATE SET complete=excluded.complete, hash=excluded.hash",
      "ssis", note, reviewer, (gint64)complete, hash);
}

gboolean
cr_review_forget(CrDb *work, const char *note, GError **error)
{
  return cr_db_exec(work, error, "DELETE FROM review WHERE note=?", "s", note);
}

gboolean
cr_review_is_complete(CrDb *work, const char *note, const char *reviewer, GError **error)
{
  return cr_db_get_int(work, 0, error, "SELECT complete FROM review WHERE note=? AND reviewer=?", "ss", note,
                       reviewer) != 0;
}

/* States in which privacy review is open: before detection there is nothing to decide, after clearing it is
 * done. */
gint64
cr_review_n_incomplete(CrDb *work, const char *batch, const char *reviewer, GError **error)
{
  return cr_db_get_int(
      work, 0, error,
      "SELECT count(*) FROM document d WHERE d.batch=? AND d.state IN('imported','detected','review','leak')"
      " AND NOT EXISTS(SELECT 1 FROM review r WHERE r.note=d.id AND r.reviewer=? AND r.complete)",
      "ss", batch, reviewer);
}

char *
cr_review_batch_hash(CrDb *work, const char *batch, const char *reviewer, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(GString) all = g_string_new(NULL);
  g_autoptr(CrStmt) stmt = cr_db_query(work, error,
                                       "SELECT r.note, r.hash FROM review r JOIN document d ON d.id=r.note "
                                       "WHERE d.batch=? AND r.reviewer=? ORDER BY d.seq",
                                       "ss", batch, reviewer);
  if (!stmt)
    return NULL;
  while (cr_stmt_step(stmt, &local))
    g_string_append_printf(all, "%s %s\n", cr_stmt_text(stmt, 0), cr_stmt_text(stmt, 1));
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  return cr_sha256_hex(all->str, all->len);
}

gboolean
cr_review_put_signature(CrDb *work, const char *batch, const char *reviewer, const char *hash,
                        const char *signature_json, GError **error)
{
  return cr_db_exec(
      work, error,
      "INSERT INTO review_signature(batch, reviewer, hash, signature) VALUES(?,?,?,?)"
      " ON CONFLICT(batch, reviewer) DO UPDATE SET hash=excluded.hash, signature=excluded.signature",
      "ssss", batch, reviewer, hash, signature_json);
}

static GStrv
list_texts(CrStmt *query, GPtrArray *second, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = query;
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  if (!stmt)
    return NULL;
  while (cr_stmt_step(stmt, &local)) {
    g_ptr_array_add(texts, g_strdup(cr_stmt_text(stmt, 0)));
    if (second)
      g_ptr_array_add(second, g_strdup(cr_stmt_text(stmt, 1)));
  }
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  g_ptr_array_add(texts, NULL);
  return (GStrv)g_ptr_array_free(g_steal_pointer(&texts), FALSE);
}

GStrv
cr_review_signers(CrDb *work, const char *batch, GStrv *stale, GError **error)
{
  g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GStrvBuilder) current = g_strv_builder_new(), old = g_strv_builder_new();
  g_auto(GStrv) members = list_texts(
      cr_db_query(work, error, "SELECT reviewer, hash FROM review_signature WHERE batch=? ORDER BY reviewer",
                  "s", batch),
      hashes, error);
  if (!members)
    return NULL;
  for (guint i = 0; members[i]; i++) {
    g_autofree char *now = cr_review_batch_hash(work, batch, members[i], error);
    if (!now)
      return NULL;
    g_strv_builder_add(g_str_equal(now, hashes->pdata[i]) ? current : old, members[i]);
  }
  if (stale)
    *stale = g_strv_builder_end(old);
  return g_strv_builder_end(current);
}

GStrv
cr_review_reviewers(CrDb *work, const char *note, GError **error)
{
  return list_texts(
      cr_db_query(work, error, "SELECT reviewer FROM review WHERE note=? ORDER BY reviewer", "s", note), NULL,
      error);
}

gboolean
cr_review_scan_put(CrDb *work, const CrScanFinding *f, GError **error)
{
  return cr_db_exec(work, error,
                    "INSERT OR IGNORE INTO scan_finding(key, note, kind, start, \"end\", status, reason) "
                    "VALUES(?,?,?,?,?,?,?)",
                    "sssiiss", f->key, f->note, f->kind, f->start, f->end, f->status ? f->status : "open",
                    f->reason);
}

gboolean
cr_review_scan_answered(CrDb *work, const char *key, GError **error)
{
  return cr_db_get_int(work, 0, error, "SELECT 1 FROM scan_finding WHERE key=? AND status IN('kept','surrogate')", "s",
                       key) == 1;
}

gboolean
cr_review_scan_set(CrDb *work, const char *key, const char *status, const char *reason, GError **error)
{
  if (!cr_db_exec(work, error, "UPDATE scan_finding SET status=?, reason=? WHERE key=?", "sss", status,
                  reason, key))
    return FALSE;
  if (cr_db_changes(work) == 1)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no scan finding %s", key);
  return FALSE;
}

gboolean
cr_review_scan_clear_note(CrDb *work, const char *note, GError **error)
{
  return cr_db_exec(work, error, "DELETE FROM scan_finding WHERE note=?", "s", note);
}

gint64
cr_review_scan_count(CrDb *work, const char *status, GError **error)
{
  return cr_db_get_int(work, 0, error, "SELECT count(*) FROM scan_finding WHERE ?1 IS NULL OR status=?1", "s",
                       status);
}

char *
cr_review_scan_note(CrDb *work, const char *key, GError **error)
{
  g_auto(GStrv) notes = list_texts(
      cr_db_query(work, error, "SELECT note FROM scan_finding WHERE key=?", "s", key), NULL, error);
  if (!notes)
    return NULL;
  if (notes[0])
    return g_strdup(notes[0]);
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no scan finding %s", key);
  return NULL;
}

gboolean
cr_review_scan_list(CrDb *work, const char *status, CrScanFunc func, gpointer user_data, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error,
                  "SELECT s.key, s.note, s.kind, s.status, s.reason, s.start, s.\"end\" FROM scan_finding s"
                  " JOIN document d ON d.id=s.note WHERE ?1 IS NULL OR s.status=?1 ORDER BY d.seq, s.start",
                  "s", status);
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    CrScanFinding f = {.key = cr_stmt_text(stmt, 0),
                       .note = cr_stmt_text(stmt, 1),
                       .kind = cr_stmt_text(stmt, 2),
                       .status = cr_stmt_text(stmt, 3),
                       .reason = cr_stmt_text(stmt, 4),
                       .start = cr_stmt_int(stmt, 5),
                       .end = cr_stmt_int(stmt, 6)};
    if (!func(&f, user_data, error))
      return FALSE;
  }
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  return TRUE;
}

gint64
cr_review_n_disputes(CrDb *work, const char *batch, GError **error)
{
  return cr_db_get_int(work, 0, error,
                       "SELECT coalesce(sum(n_disputes),0) FROM document WHERE batch=?"
                       " AND state IN('detected','review','leak')",
                       "s", batch);
}

gboolean
cr_override_put(CrDb *work, const CrOverrideRow *row, GError **error)
{
  return cr_db_exec(
      work, error,
      "INSERT INTO gate_override(gate, scope, reason, lead, second, time_us) VALUES(?,?,?,?,?,?)", "sssssi",
      row->gate, row->scope, row->reason, row->lead, row->second, row->time_us);
}

gboolean
cr_override_exists(CrDb *work, const char *gate, const char *scope, GError **error)
{
  return cr_db_get_int(work, 0, error,
                       "SELECT 1 FROM gate_override WHERE gate=? AND (scope IS NULL OR scope=?) LIMIT 1",
                       "ss", gate, scope) == 1;
}

gboolean
cr_override_list(CrDb *work, CrOverrideFunc func, gpointer user_data, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = cr_db_query(
      work, error, "SELECT gate, scope, reason, lead, second, time_us FROM gate_override ORDER BY id", "");
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    CrOverrideRow row = {cr_stmt_text(stmt, 0), cr_stmt_text(stmt, 1), cr_stmt_text(stmt, 2),
                         cr_stmt_text(stmt, 3), cr_stmt_text(stmt, 4), cr_stmt_int(stmt, 5)};
    if (!func(&row, user_data, error))
      return FALSE;
  }
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  return TRUE;
}
