/* release.c: the export. Written aside, proved, told to the trail, then published in one rename. */
#include "workflow/release-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define EXPORTERS (CR_ROLE_ENGINEER | CR_ROLE_LEAD)

static void
note_free(gpointer data)
{
  CrReleaseNote *note = data;
  g_free(note->id);
  g_free(note->patient);
  g_free(note->type);
  g_free(note->specialty);
  g_free(note->language);
  g_free(note->state);
  g_free(note->import_batch);
  g_free(note->batch);
  g_strfreev(note->labels);
  g_free(note);
}

/* A folder that was not published leaves nothing behind. */
void
cr_release_clear(CrRelease *release)
{
  if (release->folder)
    (void)!cr_dir_remove(release->folder, NULL);
  g_clear_pointer(&release->folder, g_free);
  g_clear_pointer(&release->formats, g_ptr_array_unref);
  g_clear_pointer(&release->notes, g_ptr_array_unref);
  g_clear_pointer(&release->all, g_ptr_array_unref);
  g_clear_pointer(&release->batches, g_ptr_array_unref);
  g_clear_pointer(&release->splits, g_array_unref);
  g_clear_pointer(&release->gates, json_decref);
  g_clear_pointer(&release->guidelines, cr_guidelines_free);
  g_clear_pointer(&release->duplicates, cr_duplicates_free);
  g_clear_pointer(&release->leakage, json_decref);
  g_clear_pointer(&release->receipts, json_decref);
  g_clear_pointer(&release->not_carried, json_decref);
  g_clear_pointer(&release->facts, json_decref);
  g_clear_pointer(&release->anchor, json_decref);
  g_clear_pointer(&release->label_counts, g_hash_table_unref);
  g_clear_pointer(&release->relation_counts, g_hash_table_unref);
}

void
cr_release_progress(const CrRelease *release, const char *what, guint64 done)
{
  if (release->progress)
    release->progress(what, done, release->notes->len, release->user_data);
}

/* ---- what the release is about ---- */

static gboolean
choose_formats(CrRelease *release, GError **error)
{
  static const char *const preset[] = {"jsonl", NULL};
  const char *const *names = release->options->formats ? release->options->formats : preset;
  release->formats = g_ptr_array_new();
  for (guint i = 0; names[i]; i++) {
    const CrFormat *format = cr_format_find(names[i]);
    if (!format) {
      g_autofree char *said = cr_error_excerpt(names[i], 40);
      g_set_error(error, CR_ERROR, CR_ERROR_UNKNOWN_FORMAT, "there is no format '%s'", said);
      return FALSE;
    }
    if (!g_ptr_array_find(release->formats, format, NULL))
      g_ptr_array_add(release->formats, (gpointer)format);
  }
  if (release->formats->len > 0)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "no format is named");
  return FALSE;
}

typedef struct {
  CrRelease *release;
  gboolean is_reading_batch;
} Gathering;

static gboolean
gather_cb(const CrDocumentRow *row, gpointer user_data, GError **error)
{
  Gathering *g = user_data;
  CrReleaseNote *note = g_new0(CrReleaseNote, 1);
  *note = (CrReleaseNote){.id = g_strdup(row->id),
                          .patient = g_strdup(row->patient),
                          .type = g_strdup(row->type),
                          .specialty = g_strdup(row->specialty),
                          .language = g_strdup(row->language),
                          .state = g_strdup(row->state),
                          .import_batch = g_strdup(row->batch),
                          .year = row->year};
  g_ptr_array_add(g->release->all, note);
  return TRUE;
}

/* The reading batch of each note; with --batch, only those that are in it. */
static gboolean
place_in_batches(CrRelease *release, const char *only, GError **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < release->all->len;) {
    g_autoptr(GError) local = NULL;
    CrReleaseNote *note = release->all->pdata[i];
    note->batch = cr_labels_note_batch(release->p->work, note->id, &local);
    if (local) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    if (only && g_strcmp0(note->batch, only) != 0) {
      g_ptr_array_remove_index(release->all, i);
      continue;
    }
    if (note->batch && g_hash_table_add(seen, note->batch))
      g_ptr_array_add(release->batches, g_strdup(note->batch));
    i++;
  }
  return TRUE;
}

static gboolean
is_reading_batch(CrRelease *release, const char *name)
{
  g_autoptr(CrBatchRow) row = cr_labels_load_batch(release->p->work, name, NULL);
  return row != NULL;
}

static gboolean
gather_notes(CrRelease *release, GError **error)
{
  const char *batch = release->options->batch;
  gboolean reading = batch && is_reading_batch(release, batch);
  Gathering g = {release, reading};
  release->all = g_ptr_array_new_with_free_func(note_free);
  release->notes = g_ptr_array_new();
  release->batches = g_ptr_array_new_with_free_func(g_free);
  if (batch && !reading && !release->options->unlabelled) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no reading batch '%s'", batch);
    return FALSE;
  }
  if (!cr_documents_list(release->p->work, NULL, reading ? NULL : batch, gather_cb, &g, error) ||
      !place_in_batches(release, reading ? batch : NULL, error))
    return FALSE;
  if (release->all->len > 0)
    return TRUE;
  g_set_error(error, CR_ERROR, batch ? CR_ERROR_NOT_FOUND : CR_ERROR_WRONG_STATE,
              "%s: there is no note to export", batch ? batch : release->p->path);
  return FALSE;
}

gboolean
cr_release_gather(CrRelease *release, GError **error)
{
  if (!cr_project_require(release->p, EXPORTERS, "exporting", error) || !choose_formats(release, error) ||
      !cr_release_parse_split(release, error))
    return FALSE;
  if (!release->options->unlabelled) {
    if (!cr_gate_guidelines(release->p, &release->version, error) ||
        !(release->guidelines = cr_reading_guidelines(release->p, release->version, error)))
      return FALSE;
  }
  return gather_notes(release, error);
}

/* ---- the folder ---- */

static gboolean
taken(const char *out, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_EXISTS, "%s is there, and is not an earlier export", out);
  return FALSE;
}

/* An empty folder or an earlier export may be replaced; anything else is somebody's. */
static gboolean
check_out(const CrRelease *release, GError **error)
{
  const char *out = release->options->out;
  if (!out || !*out) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "no folder to write to is named");
    return FALSE;
  }
  g_autofree char *full = g_canonicalize_filename(out, NULL),
                  *inside = g_strconcat(release->p->path, "/", NULL);
  if (g_str_equal(full, release->p->path) || g_str_has_prefix(full, inside)) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "%s lies inside the project", out);
    return FALSE;
  }
  if (!g_file_test(out, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autoptr(GDir) dir = g_dir_open(out, 0, NULL);
  g_autofree char *receipt = g_build_filename(out, "receipt.json", NULL);
  if (!dir || (g_dir_read_name(dir) && !g_file_test(receipt, G_FILE_TEST_EXISTS)))
    return taken(out, error);
  return TRUE;
}

/* Beside the target, named after the project: whoever holds the project's lock is the only one who writes
 * there, so what a killed export left behind can go. */
static gboolean
make_folder(CrRelease *release, GError **error)
{
  g_autofree char *full = g_canonicalize_filename(release->options->out, NULL),
                  *parent = g_path_get_dirname(full);
  g_autofree char *folder = g_strconcat(full, ".partial-", release->p->id, NULL);
  if (g_mkdir_with_parents(parent, 0777) != 0) {
    cr_error_set_errno(error, errno, parent, "making the folder");
    return FALSE;
  }
  if (!cr_dir_remove(folder, error))
    return FALSE;
  if (g_mkdir(folder, 0777) != 0) {
    cr_error_set_errno(error, errno, folder, "making the folder");
    return FALSE;
  }
  release->folder = g_steal_pointer(&folder);
  return TRUE;
}

/* ---- the receipt ---- */

static gint
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What lies in the folder beside the data files, which their own receipts name. */
static json_t *
hash_rest(const CrRelease *release, GError **error)
{
  g_autoptr(GDir) dir = g_dir_open(release->folder, 0, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(json_t) files = json_array();
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir))
    g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *path = g_build_filename(release->folder, names->pdata[i], NULL);
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
      continue;
    guint64 n_bytes = 0;
    g_autofree char *sha = cr_file_sha256_hex(path, &n_bytes, error);
    if (!sha)
      return NULL;
    json_array_append_new(files, json_pack("{s:s, s:I, s:s}", "path", names->pdata[i], "bytes",
                                           (json_int_t)n_bytes, "sha256", sha));
  }
  return g_steal_pointer(&files);
}

static json_t *
make_receipt(CrRelease *release, const char *id, GError **error)
{
  g_autofree char *time = cr_time_format(release->p->env->now_us(release->p->env));
  gint64 seed = release->options->seed >= 0 ? release->options->seed : 1;
  g_autoptr(json_t) files = hash_rest(release, error);
  if (!files)
    return NULL;
  return json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:O, s:O, s:O, s:O, s:{s:s, s:I}}", "receipt", 1,
                   "release", id, "project", release->p->id, "program", "chartroom " CR_VERSION, "time", time,
                   "labelled", (int)!release->options->unlabelled, "receipts", release->receipts, "files",
                   files, "gates", release->gates, "trail", release->anchor, "split", "shares",
                   release->options->split ? release->options->split : "100", "seed", (json_int_t)seed);
}

/* Over the manifest, so that it also holds for a copy; the key is in the trail ("member.added"). */
static gboolean
sign_receipt(const CrRelease *release, json_t *receipt, GError **error)
{
  CrProject *p = release->p;
  g_autofree char *manifest = cr_receipt_manifest(receipt), *hash = cr_sha256_hex(manifest, strlen(manifest)),
                  *text = cr_project_sign(p, "export manifest", hash),
                  *key = cr_keyring_sign_key_hex(p->keyring, cr_project_member(p));
  json_t *statement = cr_json_parse(text, strlen(text), error);
  if (!statement)
    return FALSE;
  json_object_set_new(statement, "public_key", json_string(key));
  json_object_set_new(receipt, "signed", statement);
  return TRUE;
}

/* ---- telling the trail ---- */

static gboolean
mark_exported(CrRelease *release, CrRole role, GError **error)
{
  for (guint i = 0; i < release->notes->len; i++) {
    const CrReleaseNote *note = release->notes->pdata[i];
    if (g_str_equal(note->state, "approved") &&
        !cr_reading_move(release->p, role, note->id, "exported", NULL, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
record(CrRelease *release, const char *id, const char *receipt, GError **error)
{
  CrProject *p = release->p;
  CrRole role = cr_reading_role(p, EXPORTERS);
  g_autofree char *sha = cr_sha256_hex(receipt, strlen(receipt)), *object = g_strconcat("export:", id, NULL);
  g_autofree char *value =
      g_strdup_printf("{\"notes\":%u,\"labelled\":%s,\"receipt\":\"%s\"}", release->notes->len,
                      release->options->unlabelled ? "false" : "true", sha);
  /* An unlabelled export moves no note: its notes go on to be read. */
  if (!release->options->unlabelled && !mark_exported(release, role, error))
    return FALSE;
  cr_tx_event(p, role, "export.written", object, NULL, value, NULL);
  return cr_labels_put_release(p->work, id, cr_project_member(p), p->env->now_us(p->env), value, sha, error);
}

static void
tell_failure(CrProject *p, const char *id)
{
  g_autofree char *object = g_strconcat("export:", id, NULL);
  if (!cr_tx_begin(p, NULL))
    return;
  cr_tx_event(p, cr_reading_role(p, EXPORTERS), "export.failed", object, NULL, NULL, NULL);
  (void)!cr_tx_commit(p, NULL);
}

/* Nothing leaves untold: the event is durable before the folder appears. Where the folder then does not
 * appear, the trail says that too. */
static gboolean
publish(CrRelease *release, const char *id, const char *receipt, GError **error)
{
  CrProject *p = release->p;
  g_autofree char *full = g_canonicalize_filename(release->options->out, NULL);
  if (!cr_tx_begin(p, error) || !cr_reading_end(p, record(release, id, receipt, error), error))
    return FALSE;
  if (cr_dir_publish(p->env->io, release->folder, full, error)) {
    g_clear_pointer(&release->folder, g_free);
    return TRUE;
  }
  /* The folder may stand, whole, and only the last sync of the folder around it have failed: then the trail
   * is right as it is, and the caller still learns of the error. */
  if (g_file_test(release->folder, G_FILE_TEST_IS_DIR))
    tell_failure(p, id);
  return FALSE;
}

/* ---- doors ---- */

static gboolean
anchor_trail(CrRelease *release, GError **error)
{
  g_autofree char *line = cr_project_audit_anchor(release->p, error);
  release->anchor = line ? cr_json_parse(line, strlen(line), error) : NULL;
  return release->anchor != NULL;
}

static gboolean
refuse(const CrRelease *release, GError **error)
{
  g_autoptr(GString) why = g_string_new(NULL);
  json_t *row;
  gsize i;
  json_array_foreach(release->gates, i, row) if (!json_is_true(json_object_get(row, "ready")))
      g_string_append_printf(why, "%s%s", why->len ? "; " : "", cr_reading_string(row, "why"));
  g_set_error(error, CR_ERROR, CR_ERROR_GATE_EXPORT, "nothing was exported: %s", why->str);
  return FALSE;
}

static json_t *
describe_splits(const CrRelease *release)
{
  json_t *splits = json_object();
  for (guint i = 0; i < release->splits->len; i++) {
    const CrReleaseSplit *split = &g_array_index(release->splits, CrReleaseSplit, i);
    json_object_set_new(splits, split->name,
                        json_pack("{s:I, s:I, s:I}", "notes", (json_int_t)split->n_notes, "patients",
                                  (json_int_t)split->n_patients, "entities", (json_int_t)split->n_entities));
  }
  return splits;
}

static json_t *
report(const CrRelease *release, const char *id, const json_t *receipt)
{
  json_int_t entities = 0;
  for (guint i = 0; i < release->splits->len; i++)
    entities += (json_int_t)g_array_index(release->splits, CrReleaseSplit, i).n_entities;
  return json_pack("{s:s, s:s, s:I, s:I, s:o, s:O, s:O, s:O, s:O?}", "out", release->options->out, "release",
                   id, "notes", (json_int_t)release->notes->len, "entities", entities, "splits",
                   describe_splits(release), "receipt", receipt, "gates", release->gates, "not_carried",
                   release->not_carried, "leakage", release->leakage);
}

static gboolean
write_folder(CrRelease *release, const char *id, json_t **receipt, GError **error)
{
  if (!make_folder(release, error) || !cr_release_write(release, error) || !anchor_trail(release, error) ||
      !cr_release_describe(release, error))
    return FALSE;
  *receipt = make_receipt(release, id, error);
  return *receipt && sign_receipt(release, *receipt, error) &&
         cr_release_put_json(release, "receipt.json", *receipt, error);
}

json_t *
cr_release_export(CrProject *p, const CrReleaseOptions *options, CrProgressFunc progress, gpointer user_data,
                  GError **error)
{
  g_auto(CrRelease) release = {.p = p, .options = options, .progress = progress, .user_data = user_data};
  g_autoptr(json_t) receipt = NULL;
  if (!cr_release_gather(&release, error) || !check_out(&release, error) || !cr_gate_export(&release, error))
    return NULL;
  if (!release.ready && !refuse(&release, error))
    return NULL;
  g_autofree char *id = cr_random_code(p->env, "X-", 8);
  if (!write_folder(&release, id, &receipt, error))
    return NULL;
  g_autofree char *text = cr_release_dump(receipt);
  return publish(&release, id, text, error) ? report(&release, id, receipt) : NULL;
}

json_t *
cr_release_check(CrProject *p, const CrReleaseOptions *options, CrProgressFunc progress, gpointer user_data,
                 GError **error)
{
  g_auto(CrRelease) release = {.p = p, .options = options, .progress = progress, .user_data = user_data};
  if (!cr_release_gather(&release, error) || !cr_gate_export(&release, error))
    return NULL;
  return json_pack("{s:b, s:I, s:I, s:O}", "ready", (int)release.ready, "notes", (json_int_t)release.all->len,
                   "leaving", (json_int_t)release.notes->len, "gates", release.gates);
}
