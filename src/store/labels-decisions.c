/* labels-decisions.c: agreement records, resolutions, the quality sample, releases. */
#include "store/labels.h"
#include "store/labels-private.h"

/* ---- agreement records ---- */

gboolean
cr_labels_put_agreement(CrDb *work, const CrAgreementRow *row, GError **error)
{
  return cr_db_exec(work, error,
                    "INSERT INTO agreement(batch, round, guidelines, member, time_us, seed, inputs, n_notes,"
                    " json, sha256) VALUES(?,?,?,?,?,?,?,?,?,?)",
                    "siisiisiss", row->batch, row->round, row->guidelines, row->member, row->time_us,
                    row->seed, row->inputs, row->n_notes, row->json, row->sha256);
}

CrAgreementRow *
cr_labels_load_agreement(CrDb *work, const char *batch, gint64 round, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error,
                  "SELECT id, batch, round, guidelines, member, time_us, seed, inputs, n_notes, json, sha256"
                  " FROM agreement WHERE batch=? AND round=? ORDER BY id DESC LIMIT 1",
                  "si", batch, round);
  if (!stmt)
    return NULL;
  if (!cr_stmt_step(stmt, &local)) {
    (void)cr_labels_finish(g_steal_pointer(&local), error);
    return NULL;
  }
  CrAgreementRow row = {.id = cr_stmt_int(stmt, 0),
                        .batch = g_strdup(cr_stmt_text(stmt, 1)),
                        .round = cr_stmt_int(stmt, 2),
                        .guidelines = cr_stmt_int(stmt, 3),
                        .member = g_strdup(cr_stmt_text(stmt, 4)),
                        .time_us = cr_stmt_int(stmt, 5),
                        .seed = cr_stmt_int(stmt, 6),
                        .inputs = g_strdup(cr_stmt_text(stmt, 7)),
                        .n_notes = cr_stmt_int(stmt, 8),
                        .json = g_strdup(cr_stmt_text(stmt, 9)),
                        .sha256 = g_strdup(cr_stmt_text(stmt, 10))};
  return g_memdup2(&row, sizeof row);
}

void
cr_agreement_row_free(CrAgreementRow *row)
{
  if (!row)
    return;
  g_free((char *)row->batch);
  g_free((char *)row->member);
  g_free((char *)row->inputs);
  g_free((char *)row->json);
  g_free((char *)row->sha256);
  g_free(row);
}

/* ---- resolutions ---- */

gboolean
cr_labels_put_resolution(CrDb *work, const CrResolutionRow *row, GError **error)
{
  return cr_db_exec(
      work, error,
      "INSERT INTO resolution(note, resolver, time_us, guidelines, inputs, state, flags, sha256,"
      " signature, box) VALUES(?,?,?,?,?,?,?,?,?,?)",
      "ssiisssssB", row->note, row->resolver, row->time_us, row->guidelines, row->inputs, row->state,
      row->flags, row->sha256, row->signature, row->box);
}

static CrResolutionRow *
copy_resolution(CrStmt *stmt)
{
  CrResolutionRow row = {.id = cr_stmt_int(stmt, 0),
                         .note = g_strdup(cr_stmt_text(stmt, 1)),
                         .resolver = g_strdup(cr_stmt_text(stmt, 2)),
                         .time_us = cr_stmt_int(stmt, 3),
                         .guidelines = cr_stmt_int(stmt, 4),
                         .inputs = g_strdup(cr_stmt_text(stmt, 5)),
                         .state = g_strdup(cr_stmt_text(stmt, 6)),
                         .flags = g_strdup(cr_stmt_text(stmt, 7)),
                         .sha256 = g_strdup(cr_stmt_text(stmt, 8)),
                         .signature = g_strdup(cr_stmt_text(stmt, 9)),
                         .box = cr_stmt_dup_bytes(stmt, 10)};
  return g_memdup2(&row, sizeof row);
}

CrResolutionRow *
cr_labels_load_resolution(CrDb *work, const char *note, const char *inputs, const char *state,
                          const char *resolver, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error,
                  "SELECT id, note, resolver, time_us, guidelines, inputs, state, flags, sha256, signature,"
                  " box FROM resolution WHERE note=?1 AND inputs=?2 AND (?3 IS NULL OR state=?3)"
                  " AND (?4 IS NULL OR resolver=?4) ORDER BY id DESC LIMIT 1",
                  "ssss", note, inputs, state, resolver);
  if (!stmt)
    return NULL;
  if (!cr_stmt_step(stmt, &local)) {
    (void)cr_labels_finish(g_steal_pointer(&local), error);
    return NULL;
  }
  return copy_resolution(stmt);
}

gboolean
cr_labels_list_resolutions(CrDb *work, const char *note, CrResolutionRowFunc func, gpointer user_data,
                           GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error,
                  "SELECT id, note, resolver, time_us, guidelines, inputs, state, flags, sha256, signature,"
                  " box FROM resolution WHERE note=? ORDER BY id",
                  "s", note);
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    g_autoptr(CrResolutionRow) row = copy_resolution(stmt);
    if (!func(row, user_data, error))
      return FALSE;
  }
  return cr_labels_finish(g_steal_pointer(&local), error);
}

void
cr_resolution_row_free(CrResolutionRow *row)
{
  if (!row)
    return;
  g_free((char *)row->note);
  g_free((char *)row->resolver);
  g_free((char *)row->inputs);
  g_free((char *)row->state);
  g_free((char *)row->flags);
  g_free((char *)row->sha256);
  g_free((char *)row->signature);
  g_clear_pointer(&row->box, g_bytes_unref);
  g_free(row);
}

/* ---- the quality sample ---- */

gboolean
cr_labels_put_quality(CrDb *work, const CrQualityRow *row, GError **error)
{
  return cr_db_exec(work, error,
                    "INSERT INTO quality(batch, round, note, state, member, time_us, box)"
                    " VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(batch, round, note)"
                    " DO UPDATE SET state=?4, member=?5, time_us=?6, box=?7",
                    "sisssiB", row->batch, row->round, row->note, row->state, row->member, row->time_us,
                    row->box);
}

gboolean
cr_labels_list_quality(CrDb *work, const char *batch, gint64 round, CrQualityRowFunc func, gpointer user_data,
                       GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error,
                  "SELECT q.batch, q.note, q.state, q.member, q.round, q.time_us, q.box FROM quality q"
                  " JOIN reading_note r ON r.note=q.note AND r.batch=q.batch"
                  " WHERE q.batch=? AND q.round=? ORDER BY r.seq",
                  "si", batch, round);
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    g_autoptr(GBytes) box = cr_stmt_dup_bytes(stmt, 6);
    CrQualityRow row = {.batch = cr_stmt_text(stmt, 0),
                        .note = cr_stmt_text(stmt, 1),
                        .state = cr_stmt_text(stmt, 2),
                        .member = cr_stmt_text(stmt, 3),
                        .round = cr_stmt_int(stmt, 4),
                        .time_us = cr_stmt_int(stmt, 5),
                        .box = box};
    if (!func(&row, user_data, error))
      return FALSE;
  }
  return cr_labels_finish(g_steal_pointer(&local), error);
}

char *
cr_labels_quality_state(CrDb *work, const char *batch, gint64 round, const char *note, GError **error)
{
  return cr_labels_one_text(cr_db_query(work, error,
                                        "SELECT state FROM quality WHERE batch=? AND round=? AND note=?",
                                        "sis", batch, round, note),
                            error);
}

gint64
cr_labels_count_quality(CrDb *work, const char *batch, gint64 round, const char *state, GError **error)
{
  return cr_db_get_int(work, 0, error,
                       "SELECT count(*) FROM quality q JOIN reading_note r ON r.note=q.note AND"
                       " r.batch=q.batch WHERE q.batch=?1 AND q.round=?2 AND (?3 IS NULL OR q.state=?3)",
                       "sis", batch, round, state);
}

/* ---- releases ---- */

gboolean
cr_labels_put_release(CrDb *work, const char *id, const char *member, gint64 time_us, const char *json,
                      const char *receipt_sha256, GError **error)
{
  return cr_db_exec(work, error,
                    "INSERT INTO data_release(id, seq, member, time_us, json, receipt_sha256)"
                    " SELECT ?, coalesce(max(seq), 0) + 1, ?, ?, ?, ? FROM data_release",
                    "ssiss", id, member, time_us, json, receipt_sha256);
}
