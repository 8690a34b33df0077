/* import.c: records from intake into the vault, in transactions of two thousand notes, so that a crash or a
 * full disk costs only what was not yet counted as accepted. */
#include <chartroom/privacy.h>
#include <chartroom/intake.h>

#include "store/documents.h"
#include "workflow/workflow-private.h"

#include <string.h>

#define NOTES_A_TRANSACTION 2000
#define MAX_LISTED 1000

typedef struct {
  CrProject *p;
  const CrImportOptions *options;
  CrManifest *manifest;
  char *batch;
  guint in_tx; /* notes of the running transaction */
  guint n_files;
  guint64 input, accepted, quarantined, duplicates, accepted_durable;
  json_t *rejected;
  CrProgressFunc progress;
  gpointer user_data;
  gboolean half_note; /* a note failed between its rows: the running transaction can't be kept */
  GError *error;      /* why the quarantine could not be written */
} Import;

static gboolean
commit_notes(Import *in, GError **error)
{
  if (in->p->in_tx && !cr_tx_commit(in->p, error))
    return FALSE;
  in->accepted_durable = in->accepted;
  in->in_tx = 0;
  return TRUE;
}

/* Room for one more note or quarantined record in a transaction. */
static gboolean
make_room(Import *in, GError **error)
{
  if (in->in_tx >= NOTES_A_TRANSACTION && !commit_notes(in, error))
    return FALSE;
  in->in_tx++;
  return in->p->in_tx || cr_tx_begin(in->p, error);
}

/* ---- what could not be taken ---- */

static gboolean
write_quarantine(Import *in, const json_t *row, const char *code, GError **error)
{
  CrProject *p = in->p;
  g_autofree char *text = cr_json_dump(row);
  g_autoptr(GBytes) box = cr_seal(p->env, p->vault_key, "quarantine", text, strlen(text));
  if (!make_room(in, error))
    return FALSE;
  g_autofree char *object = g_strconcat("batch:", in->batch, NULL);
  cr_tx_event(p, CR_ROLE_PRIVACY, "record.quarantined", object, NULL, code, NULL);
  return cr_vault_put_quarantine(p->vault, in->batch, box, cr_chain_n_events(p->chain_before), error);
}

static gboolean
reject(Import *in, const char *file, guint64 record, guint64 byte_off, const GError *why, GError **error)
{
  g_assert(why);
  g_autoptr(json_t) row =
      json_pack("{s:s, s:I, s:I, s:s, s:s, s:s}", "file", file, "record", (json_int_t)record, "byte",
                (json_int_t)byte_off, "code", cr_error_name(why), "message", why->message, "advice",
                cr_error_advice(why));
  in->quarantined++;
  if (json_array_size(in->rejected) < MAX_LISTED)
    json_array_append(in->rejected, row);
  return write_quarantine(in, row, cr_error_name(why), error);
}

static void
quarantine_cb(const CrQuarantined *q, gpointer user_data)
{
  Import *in = user_data;
  in->input++;
  if (!in->error)
    (void)!reject(in, q->file, q->record, q->byte_off, q->error, &in->error);
}

/* ---- one note ---- */

static gboolean
id_may_be_code(const char *id)
{
  gsize n = strlen(id);
  if (n == 0 || n > 64)
    return FALSE;
  for (const char *c = id; *c; c++)
    if (!g_ascii_isalnum(*c) && !strchr("._-", *c))
      return FALSE;
  return TRUE;
}

/* NULL with a reason for the quarantine. Codes have 40 bits: in one import of 100,000 notes out of 200, a
 * code is drawn that another note has. */
static char *
choose_code(Import *in, const CrRecord *r, gboolean *failed, GError **why)
{
  gboolean keep = in->options->keep_ids;
  if (keep && !id_may_be_code(r->id)) {
    g_set_error(why, CR_ERROR, CR_ERROR_USAGE,
                "the id can't be kept as a note code: letters, digits, . _ - and at most 64 of them");
    return NULL;
  }
  for (;;) {
    g_autoptr(GError) local = NULL;
    g_autofree char *code = keep ? g_strdup(r->id) : cr_random_code(in->p->env, "N-", 8);
    gboolean taken = cr_documents_exists(in->p->work, code, &local);
    *failed = local != NULL;
    if (taken && keep)
      g_set_error(&local, CR_ERROR, CR_ERROR_DUPLICATE_ID, "the id is the code of another note");
    if (local) {
      g_propagate_error(why, g_steal_pointer(&local));
      return NULL;
    }
    if (!taken)
      return g_steal_pointer(&code);
  }
}

/* FALSE with a reason for the quarantine where the project has the id or the text already. */
static gboolean
check_new(Import *in, const char *source_key, const char *content_key, gboolean *failed, GError **why)
{
  CrDb *vault = in->p->vault;
  g_autoptr(GError) local = NULL;
  g_autofree char *same_id = cr_vault_find_source(vault, source_key, &local);
  g_autofree char *same_text = local ? NULL : cr_vault_find_content(vault, content_key, &local);
  *failed = local != NULL;
  if (local) {
    g_propagate_error(why, g_steal_pointer(&local));
    return FALSE;
  }
  if (same_text)
    g_set_error(why, CR_ERROR, CR_ERROR_DUPLICATE_CONTENT, "the same text is note %s", same_text);
  else if (same_id)
    g_set_error(why, CR_ERROR, CR_ERROR_DUPLICATE_ID, "another text with this id is note %s", same_id);
  in->duplicates += same_id || same_text;
  return !same_id && !same_text;
}

static json_t *
source_json(const CrRecord *r)
{
  json_t *s = json_pack("{s:s, s:s?, s:I, s:I, s:s, s:s?, s:s?, s:s?}", "id", r->id, "file", r->source_file,
                        "record", (json_int_t)r->record, "byte", (json_int_t)r->byte_off, "sha256",
                        r->source_sha256, "patient", r->patient, "encounter", r->encounter, "date", r->date);
  if (r->meta)
    json_object_set(s, "meta", r->meta);
  return s;
}

static GBytes *
seal_json(CrProject *p, const CrKey *key, const char *note, const char *what, json_t *value)
{
  g_autofree char *text = cr_json_dump(value);
  return cr_original_seal(p, key, note, what, text, strlen(text));
}

static GBytes *
seal_known(Import *in, const CrKey *key, const char *note, const CrRecord *r)
{
  g_autoptr(CrKnown) known = cr_known_new();
  const CrKnown *listed = in->manifest ? cr_manifest_lookup(in->manifest, r->patient, r->id) : NULL;
  if (r->known)
    cr_known_merge(known, r->known);
  if (listed)
    cr_known_merge(known, listed);
  if (cr_known_is_empty(known))
    return NULL;
  g_autoptr(json_t) json = cr_known_to_json(known);
  return seal_json(in->p, key, note, "known", json);
}

static gboolean
store_original(Import *in, const CrRecord *r, const char *note, const char *source_key,
               const char *content_key, GError **error)
{
  CrProject *p = in->p;
  g_autoptr(CrKey) key = cr_key_new_random(p->env);
  g_autofree char *aad = g_strconcat("key:", note, NULL);
  g_autoptr(json_t) source = source_json(r);
  g_autoptr(GBytes) wrapped = cr_seal(p->env, p->vault_key, aad, cr_key_bytes(key), CR_KEY_BYTES);
  g_autoptr(GBytes) source_box = seal_json(p, key, note, "source", source);
  g_autoptr(GBytes) text =
      cr_original_seal(p, key, note, "text", cr_text_bytes(r->text), cr_text_length(r->text, CR_UNIT_BYTE));
  g_autoptr(GBytes) known = seal_known(in, key, note, r);
  CrOriginalRow row = {.note = note,
                       .source_key = source_key,
                       .content_key = content_key,
                       .wrapped_key = wrapped,
                       .source = source_box,
                       .text = text,
                       .known = known};
  return cr_vault_insert_original(p->vault, &row, cr_chain_n_events(p->chain_before), error);
}

static gint64
year_of(const char *date)
{
  if (!date || strlen(date) < 4)
    return 0;
  for (int i = 0; i < 4; i++)
    if (!g_ascii_isdigit(date[i]))
      return 0;
  gint64 year = g_ascii_strtoll(date, NULL, 10);
  return year >= 10000 ? year / 10000 : year; /* 20180314 */
}

static char *
patient_code(Import *in, const CrRecord *r, GError **error)
{
  CrProject *p = in->p;
  g_autofree char *who =
      r->patient ? g_strconcat("patient:", r->patient, NULL) : g_strconcat("note:", r->id, NULL);
  g_autofree char *key = cr_keyed_hash_hex(p->vault_key, "patient", who, strlen(who));
  g_autoptr(GError) local = NULL;
  char *code = NULL;
  while (!code && !local) { /* none without an error: another patient has the fresh code */
    g_autofree char *fresh = cr_random_code(p->env, "P-", 8);
    code = cr_vault_patient_code(p->vault, key, fresh, &local);
  }
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return code;
}

static gboolean
store_note(Import *in, const CrRecord *r, const char *note, const char *source_key, const char *content_key,
           GError **error)
{
  CrProject *p = in->p;
  g_autofree char *patient = patient_code(in, r, error), *object = g_strconcat("note:", note, NULL);
  if (!patient || !store_original(in, r, note, source_key, content_key, error))
    return FALSE;
  CrDocumentRow row = {.id = note,
                       .batch = in->batch,
                       .patient = patient,
                       .state = "imported",
                       .type = r->type,
                       .specialty = r->specialty,
                       .author_role = r->author_role,
                       .language = r->language             ? r->language
                                   : in->options->language ? in->options->language
                                                           : "en",
                       .year = year_of(r->date)};
  cr_tx_event(p, CR_ROLE_PRIVACY, "note.imported", object, NULL, content_key, NULL);
  return cr_documents_insert(p->work, &row, error);
}

/* TRUE: the note is in, or quarantined; FALSE: the import must stop. */
static gboolean
take(Import *in, const CrRecord *r, GError **error)
{
  CrProject *p = in->p;
  g_autoptr(GError) why = NULL;
  gboolean failed = FALSE;
  if (!make_room(in, error))
    return FALSE;
  g_autofree char *source_key = cr_keyed_hash_hex(p->vault_key, "source", r->id, strlen(r->id));
  g_autofree char *content_key = cr_keyed_hash_hex(p->vault_key, "content", cr_text_bytes(r->text),
                                                   cr_text_length(r->text, CR_UNIT_BYTE));
  g_autofree char *note =
      check_new(in, source_key, content_key, &failed, &why) ? choose_code(in, r, &failed, &why) : NULL;
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
  }
  if (!note)
    return reject(in, r->source_file, r->record, r->byte_off, why, error);
  if (!store_note(in, r, note, source_key, content_key, error))
    return FALSE;
  in->accepted++;
  return TRUE;
}

static gboolean
accept_cb(CrRecord *record, gpointer user_data, GError **error)
{
  Import *in = user_data;
  in->input++;
  gboolean ok = take(in, record, error);
  in->half_note = !ok;
  cr_record_free(record);
  if (ok && in->error) {
    g_propagate_error(error, g_steal_pointer(&in->error));
    return FALSE;
  }
  return ok;
}

static void
progress_cb(guint64 done, guint64 all, gpointer user_data)
{
  Import *in = user_data;
  if (in->progress)
    in->progress("bytes", done, all, in->user_data);
}

/* ---- the whole ---- */

static char *
name_batch(CrProject *p, const char *wanted, GError **error)
{
  g_autoptr(GPtrArray) batches = cr_documents_batches(p->work, error);
  if (!batches)
    return NULL;
  return wanted ? g_strdup(wanted) : g_strdup_printf("import-%u", batches->len + 1);
}

static gboolean
begin_import(Import *in, GError **error)
{
  g_autofree char *object = g_strconcat("batch:", in->batch, NULL);
  if (!cr_tx_begin(in->p, error))
    return FALSE;
  cr_tx_event(in->p, CR_ROLE_PRIVACY, "import.started", object, NULL,
              in->options->keep_ids ? "source ids kept: stated to identify nobody" : NULL, NULL);
  return TRUE;
}

static gboolean
read_files(Import *in, const char *const *files, GError **error)
{
  static const CrIntakeSink sink = {accept_cb, quarantine_cb, progress_cb};
  CrIntakeOptions options = {
      .map = in->options->map, .format = in->options->format, .default_language = in->options->language};
  for (guint i = 0; files[i]; i++, in->n_files++)
    if (!cr_intake_read(files[i], &options, &sink, in, error))
      return FALSE;
  if (in->error) {
    g_propagate_error(error, g_steal_pointer(&in->error));
    return FALSE;
  }
  return TRUE;
}

static gboolean
end_import(Import *in, GError **error)
{
  g_autofree char *object = g_strconcat("batch:", in->batch, NULL);
  g_autofree char *counts =
      g_strdup_printf("{\"files\":%u,\"input\":%" G_GUINT64_FORMAT ",\"accepted\":%" G_GUINT64_FORMAT
                      ",\"quarantined\":%" G_GUINT64_FORMAT ",\"duplicates\":%" G_GUINT64_FORMAT "}",
                      in->n_files, in->input, in->accepted, in->quarantined, in->duplicates);
  if (!in->p->in_tx && !cr_tx_begin(in->p, error))
    return FALSE;
  cr_tx_event(in->p, CR_ROLE_PRIVACY, "import.finished", object, NULL, counts, NULL);
  return commit_notes(in, error);
}

/* What stops an import half way must not take the notes with it that came in before. */
static void
keep_what_came(Import *in, GError **error)
{
  g_autoptr(GError) ignored = NULL;
  gboolean kept = !in->half_note && in->p->in_tx && commit_notes(in, &ignored);
  cr_tx_rollback(in->p);
  if (!kept)
    in->accepted = in->accepted_durable;
  if (in->accepted)
    g_prefix_error(error, "%" G_GUINT64_FORMAT " notes are in; then: ", in->accepted);
}

json_t *
cr_project_import(CrProject *p, const char *const *files, const CrImportOptions *options,
                  CrProgressFunc progress, gpointer user_data, GError **error)
{
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "importing", error) ||
      !cr_project_require_vault(p, "importing", error))
    return NULL;
  g_autoptr(CrManifest) manifest = options->known ? cr_manifest_load(options->known, error) : NULL;
  if (options->known && !manifest)
    return NULL;
  g_autoptr(json_t) rejected = json_array();
  g_autofree char *batch = name_batch(p, options->batch, error);
  Import in = {.p = p,
               .options = options,
               .manifest = manifest,
               .batch = batch,
               .rejected = rejected,
               .progress = progress,
               .user_data = user_data};
  if (!batch || !begin_import(&in, error))
    return NULL;
  if (!read_files(&in, files, error) || !end_import(&in, error)) {
    keep_what_came(&in, error);
    return NULL;
  }
  return json_pack("{s:s, s:I, s:I, s:I, s:I, s:O}", "batch", batch, "input", (json_int_t)in.input,
                   "accepted", (json_int_t)in.accepted, "quarantined", (json_int_t)in.quarantined,
                   "duplicates", (json_int_t)in.duplicates, "rejected", rejected);
}
