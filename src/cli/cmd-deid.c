/* deid: a stateless filter. JSON lines in, JSON lines out, one for one and in order; identifiers found, and
 * with --replace taken out. Always: a bad line becomes an error object in its place, memory is bounded by the
 * longest lines, and no note text reaches stderr. Threads find, in any order; surrogates are given by the
 * main thread, line after line, so that a seed gives the same output whatever the number of threads. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/deid-patients.h"
#include "cli/line-reader.h"
#include "cli/lines.h"

#include <chartroom/phi.h>
#include <stdio.h>
#include <string.h>

enum { BATCH_LINES = 64, BATCH_BYTES = 1 << 18, BATCHES_PER_JOB = 3, MAX_JOBS = 256 };

static const char help[] =
    "Reads documents, one JSON object a line: {\"id\", \"text\", \"known\"?: {\"names\", \"dates\", "
    "\"phones\", "
    "\"addresses\", \"ids\", \"emails\"}, …}.\n"
    "Adds \"phi\": [{\"start\", \"end\", \"kind\", \"identifier\", \"score\", \"by\"}] in code points of the "
    "input text; other keys pass through.\n"
    "With --replace tag, \"text\" is the redacted text, \"map\": [{\"start\", \"end\", \"old_start\", "
    "\"old_end\"}] "
    "leads back to the input\n"
    "text, \"entities\" move along, and \"known\" is left out. With --replace surrogate invented names, "
    "places, numbers and (policy expert) moved dates\n"
    "stand in their place, the same for the same original of a document, or of all lines with the same "
    "\"meta\": {\"patient\"} (the 4,096\n"
    "patients seen last are remembered). A line that cannot be read becomes {\"id\", "
    "\"error\"} in its place (exit 1).\n\n"
    "Example: chartroom deid --replace tag --jobs 4 < notes.jsonl > cleared.jsonl\n";

typedef struct {
  char *policy, *replace, *language;
  char *model;                             /* a tagger instead of the program's; "none": none */
  char *onnx, *onnx_labels, *onnx_runtime; /* a model of the user's; NULL: none */
  char *seed;                              /* NULL: none */
  double threshold;
  int jobs;
} Options;

typedef struct {
  const CrPhiDetector *detector;
  const CrPolicy *policy;
  gboolean replace;         /* by tags, in the threads */
  CrDeidPatients *patients; /* by surrogates, in the main thread; NULL: not */
  double threshold;
} Deid;

/* A line on its way: what the threads found, kept until its turn for surrogates comes. */
typedef struct {
  json_t *doc;
  CrText *text;
  CrKnown *known;
  GArray *found;
} Found;

static void
found_clear(gpointer data)
{
  Found *found = data;
  json_decref(found->doc);
  g_clear_pointer(&found->text, cr_text_unref);
  g_clear_pointer(&found->known, cr_known_free);
  g_clear_pointer(&found->found, g_array_unref);
}

/* ---- one line ---- */

static json_t *
span_to_json(const CrText *text, const CrPhiSpan *span)
{
  CrSpan cp = cr_span_to_unit(text, CR_UNIT_CODE_POINT, span->span);
  json_t *by = json_array();
  for (guint i = 0; span->by && span->by[i]; i++)
    json_array_append_new(by, json_string(span->by[i]));
  double score = (double)(gint64)(span->score * 1000 + 0.5) / 1000;
  return json_pack("{s:I, s:I, s:s, s:s, s:f, s:o}", "start", (json_int_t)cp.start, "end", (json_int_t)cp.end,
                   "kind", cr_phi_kind_name(span->kind), "identifier", cr_phi_kind_identifier(span->kind),
                   "score", score, "by", by);
}

static json_t *
map_to_json(const CrText *old_text, const CrRedaction *redaction)
{
  json_t *map = json_array();
  for (guint i = 0; i < redaction->log->len; i++) {
    CrEdit edit = g_array_index(redaction->log, CrRedactionItem, i).edit;
    CrSpan now = cr_span_to_unit(redaction->text, CR_UNIT_CODE_POINT, (CrSpan){edit.new_start, edit.new_end});
    CrSpan old = cr_span_to_unit(old_text, CR_UNIT_CODE_POINT, (CrSpan){edit.old_start, edit.old_end});
    json_array_append_new(map, json_pack("{s:I, s:I, s:I, s:I}", "start", (json_int_t)now.start, "end",
                                         (json_int_t)now.end, "old_start", (json_int_t)old.start, "old_end",
                                         (json_int_t)old.end));
  }
  return map;
}

/* Where a pair of code point offsets of the old text lies in the new one. FALSE where it lies nowhere. */
static gboolean
move_offsets(const CrText *old_text, const CrRedaction *redaction, json_t *start, json_t *end, CrSpan *bytes,
             CrSpan *moved)
{
  CrSpan span;
  if (!json_is_integer(start) || !json_is_integer(end) || json_integer_value(start) < 0 ||
      json_integer_value(end) < 0 ||
      !cr_span_from_unit(old_text, CR_UNIT_CODE_POINT, (gsize)json_integer_value(start),
                         (gsize)json_integer_value(end), &span, NULL))
    return FALSE;
  *bytes = cr_offset_map_to_new(redaction->map, span, NULL);
  *moved = cr_span_to_unit(redaction->text, CR_UNIT_CODE_POINT, *bytes);
  return TRUE;
}

static void
move_fragments(const CrText *old_text, const CrRedaction *redaction, json_t *fragments)
{
  size_t i;
  json_t *pair;
  json_array_foreach(fragments, i, pair)
  {
    CrSpan bytes, moved;
    if (!move_offsets(old_text, redaction, json_array_get(pair, 0), json_array_get(pair, 1), &bytes, &moved))
      continue;
    json_array_set_new(pair, 0, json_integer((json_int_t)moved.start));
    json_array_set_new(pair, 1, json_integer((json_int_t)moved.end));
  }
}

/* Entities of the input name words of the old text: they follow it, or what cannot follow is dropped. */
static void
move_entities(const CrText *old_text, const CrRedaction *redaction, json_t *doc)
{
  json_t *entities = json_object_get(doc, "entities");
  for (size_t i = json_array_size(entities); i-- > 0;) {
    json_t *entity = json_array_get(entities, i);
    CrSpan bytes, moved;
    if (!move_offsets(old_text, redaction, json_object_get(entity, "start"), json_object_get(entity, "end"),
                      &bytes, &moved)) {
      json_array_remove(entities, i);
      continue;
    }
    g_autofree char *text = cr_span_dup_text(redaction->text, bytes);
    json_object_set_new(entity, "start", json_integer((json_int_t)moved.start));
    json_object_set_new(entity, "end", json_integer((json_int_t)moved.end));
    if (json_object_get(entity, "text"))
      json_object_set_new(entity, "text", json_string(text));
    move_fragments(old_text, redaction, json_object_get(entity, "fragments"));
  }
}

static gboolean
replace_text(const Deid *deid, CrSurrogates *surrogates, const CrText *text, const GArray *found, json_t *doc,
             GError **error)
{
  g_autoptr(CrRedaction) redaction = cr_phi_redact_with(deid->policy, surrogates, text, found, error);
  if (!redaction)
    return FALSE;
  const char *bytes = cr_text_bytes(redaction->text);
  gsize n_bytes = cr_text_length(redaction->text, CR_UNIT_BYTE);
  json_object_set_new(doc, "text", json_stringn(bytes, n_bytes));
  json_object_set_new(doc, "map", map_to_json(text, redaction));
  move_entities(text, redaction, doc);
  json_object_del(doc, "known");
  return TRUE;
}

static CrText *
text_of(json_t *doc, GError **error)
{
  json_t *text = json_object_get(doc, "text");
  if (json_is_string(text))
    return cr_text_new(json_string_value(text), (gssize)json_string_length(text), error);
  g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "no string \"text\"");
  return NULL;
}

static gboolean
known_of(json_t *doc, CrKnown **known, GError **error)
{
  json_t *value = json_object_get(doc, "known");
  if (!value || json_is_null(value))
    return TRUE;
  *known = cr_known_from_json(value, error);
  return *known != NULL;
}

static gboolean
work_on(const Deid *deid, CrPhiScratch *scratch, Found *line, GError **error)
{
  json_t *doc = line->doc;
  if (!json_is_object(doc)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "not an object");
    return FALSE;
  }
  line->text = text_of(doc, error);
  if (!line->text || !known_of(doc, &line->known, error))
    return FALSE;
  line->found =
      cr_phi_detect_checked(deid->detector, scratch, line->text, line->known, deid->threshold, error);
  if (!line->found)
    return FALSE;
  json_t *phi = json_array();
  for (guint i = 0; i < line->found->len; i++)
    json_array_append_new(phi, span_to_json(line->text, &g_array_index(line->found, CrPhiSpan, i)));
  json_object_set_new(doc, "phi", phi);
  return !deid->replace || replace_text(deid, NULL, line->text, line->found, doc, error);
}

/* The byte that a message begins with ("byte 17: …"), 0 where it names none. */
static json_int_t
byte_of(const GError *error)
{
  return g_str_has_prefix(error->message, "byte ") ? g_ascii_strtoll(error->message + 5, NULL, 10) : 0;
}

static char *
error_line(json_t *doc, guint64 line, const GError *error)
{
  json_t *id = json_is_object(doc) ? json_object_get(doc, "id") : NULL;
  g_autoptr(json_t) out =
      json_pack("{s:O?, s:{s:s, s:I, s:I, s:s}}", "id", id, "error", "code", cr_error_name(error), "line",
                (json_int_t)line, "byte", byte_of(error), "message", error->message);
  if (!id)
    json_object_set_new(out, "id", json_null());
  return cr_json_dump(out);
}

/* The line that answers a line; *bad is set where it is an error. NULL where it waits for its surrogates in
 * *found. transfer full */
static char *
answer(const Deid *deid, CrPhiScratch *scratch, const CrLine *in, Found *found, gboolean *bad)
{
  g_autoptr(GError) error = NULL;
  if (in->too_long)
    g_set_error(&error, CR_ERROR, CR_ERROR_LIMIT, "the line is longer than %d MB", CR_LINE_MAX_BYTES >> 20);
  else
    found->doc = cr_json_parse(in->bytes, in->n_bytes, &error);
  if (found->doc && work_on(deid, scratch, found, &error))
    return deid->patients ? NULL : cr_json_dump(found->doc);
  *bad = TRUE;
  return error_line(found->doc, in->number, error);
}

/* The answer to a line whose turn has come. transfer full */
static char *
answer_found(const Deid *deid, Found *found, guint64 number, gboolean *bad)
{
  g_autoptr(GError) error = NULL;
  CrSurrogates *surrogates = cr_deid_patients_for(deid->patients, found->doc);
  if (found->known)
    cr_surrogates_exclude(surrogates, found->known);
  if (replace_text(deid, surrogates, found->text, found->found, found->doc, &error))
    return cr_json_dump(found->doc);
  *bad = TRUE;
  return error_line(found->doc, number, error);
}

/* ---- batches and threads ---- */

typedef struct {
  GArray *lines;      /* CrLine, taken over */
  GPtrArray *answers; /* char*, one a line; NULL: waits in found */
  GArray *found;      /* Found, one a line */
  gboolean bad;       /* one of them is an error */
  gboolean done;      /* guarded by the pool's lock */
} Batch;

typedef struct {
  Deid deid;
  GAsyncQueue *work; /* Batch; the pool itself as the sign to stop */
  GMutex lock;
  GCond changed;
  GPtrArray *threads;
} Pool;

static Batch *
new_batch(void)
{
  Batch *batch = g_new0(Batch, 1);
  batch->lines = g_array_new(FALSE, FALSE, sizeof(CrLine));
  g_array_set_clear_func(batch->lines, cr_line_clear);
  batch->answers = g_ptr_array_new_with_free_func(g_free);
  batch->found = g_array_new(FALSE, TRUE, sizeof(Found));
  g_array_set_clear_func(batch->found, found_clear);
  return batch;
}

static void
free_batch(Batch *batch)
{
  g_array_unref(batch->lines);
  g_ptr_array_unref(batch->answers);
  g_array_unref(batch->found);
  g_free(batch);
}

static void
run_batch(const Deid *deid, CrPhiScratch *scratch, Batch *batch)
{
  g_array_set_size(batch->found, batch->lines->len);
  for (guint i = 0; i < batch->lines->len; i++) {
    CrLine *line = &g_array_index(batch->lines, CrLine, i);
    Found *found = &g_array_index(batch->found, Found, i);
    char *out = answer(deid, scratch, line, found, &batch->bad);
    cr_line_clear(line);
    if (out) {
      found_clear(found);
      *found = (Found){0};
    }
    g_ptr_array_add(batch->answers, out);
  }
}

/* FALSE where stdout takes no more. */
static gboolean
write_batch(const Deid *deid, Batch *batch)
{
  for (guint i = 0; i < batch->lines->len; i++) {
    guint64 number = g_array_index(batch->lines, CrLine, i).number;
    char **out = (char **)&batch->answers->pdata[i];
    if (!*out)
      *out = answer_found(deid, &g_array_index(batch->found, Found, i), number, &batch->bad);
    gsize n = strlen(*out);
    (*out)[n] = '\n';
    if (fwrite(*out, 1, n + 1, stdout) != n + 1)
      return FALSE;
    g_clear_pointer(out, g_free);
  }
  return TRUE;
}

static gpointer
worker(gpointer data)
{
  Pool *pool = data;
  g_autoptr(CrPhiScratch) scratch = cr_phi_scratch_new(pool->deid.detector);
  for (;;) {
    Batch *batch = g_async_queue_pop(pool->work);
    if ((gpointer)batch == pool)
      return NULL;
    run_batch(&pool->deid, scratch, batch);
    g_mutex_lock(&pool->lock);
    batch->done = TRUE;
    g_cond_broadcast(&pool->changed);
    g_mutex_unlock(&pool->lock);
  }
}

/* The next lines, at most BATCH_LINES or about BATCH_BYTES; NULL at the end. */
static Batch *
read_batch(CrLineReader *reader)
{
  Batch *batch = new_batch();
  gsize n_bytes = 0;
  CrLine line;
  while (batch->lines->len < BATCH_LINES && n_bytes < BATCH_BYTES && cr_line_reader_next(reader, &line)) {
    n_bytes += line.n_bytes;
    g_array_append_val(batch->lines, line);
  }
  if (batch->lines->len)
    return batch;
  free_batch(batch);
  return NULL;
}

/* Writes what is finished; with at_least_one waits for the oldest. FALSE where stdout takes no more. */
static gboolean
write_finished(Pool *pool, GQueue *waiting, gboolean at_least_one, gboolean *bad)
{
  for (Batch *batch; (batch = g_queue_peek_head(waiting)); at_least_one = FALSE) {
    g_mutex_lock(&pool->lock);
    while (at_least_one && !batch->done)
      g_cond_wait(&pool->changed, &pool->lock);
    gboolean done = batch->done;
    g_mutex_unlock(&pool->lock);
    if (!done)
      return TRUE;
    g_queue_pop_head(waiting);
    gboolean written = write_batch(&pool->deid, batch);
    *bad = *bad || batch->bad;
    free_batch(batch);
    if (!written)
      return FALSE;
  }
  return TRUE;
}

static void
stop_threads(Pool *pool)
{
  for (guint i = 0; i < pool->threads->len; i++)
    g_async_queue_push(pool->work, pool);
  for (guint i = 0; i < pool->threads->len; i++)
    g_thread_join(g_ptr_array_index(pool->threads, i));
}

static gboolean
pump(Pool *pool, CrLineReader *reader, gboolean *bad)
{
  GQueue waiting = G_QUEUE_INIT;
  gboolean good = TRUE;
  for (Batch *batch; good && (batch = read_batch(reader));) {
    g_queue_push_tail(&waiting, batch);
    g_async_queue_push(pool->work, batch);
    good = write_finished(pool, &waiting, waiting.length > pool->threads->len * BATCHES_PER_JOB, bad);
  }
  while (good && waiting.length)
    good = write_finished(pool, &waiting, TRUE, bad);
  stop_threads(pool);
  g_queue_clear_full(&waiting, (GDestroyNotify)free_batch);
  return good;
}

static gboolean
run_threads(const Deid *deid, guint n_jobs, CrLineReader *reader, gboolean *bad)
{
  g_autoptr(GPtrArray) threads = g_ptr_array_new();
  g_autoptr(GAsyncQueue) work = g_async_queue_new();
  Pool pool = {.deid = *deid, .work = work, .threads = threads};
  g_mutex_init(&pool.lock);
  g_cond_init(&pool.changed);
  for (guint i = 0; i < n_jobs; i++)
    g_ptr_array_add(threads, g_thread_new("deid", worker, &pool));
  gboolean good = pump(&pool, reader, bad);
  g_mutex_clear(&pool.lock);
  g_cond_clear(&pool.changed);
  return good && fflush(stdout) == 0;
}

/* ---- the command ---- */

static gboolean
check_options(const Options *options, GError **error)
{
  const char *what = NULL;
  static const char *const ways[] = {"tag", "surrogate", "none", NULL};
  if (options->replace && !g_strv_contains(ways, options->replace))
    what = "--replace takes tag, surrogate or none";
  else if (options->seed && g_strcmp0(options->replace, "surrogate") != 0)
    what = "--seed goes with --replace surrogate";
  else if (!(options->threshold >= 0 && options->threshold <= 1))
    what = "--threshold takes a number from 0 to 1";
  else if ((options->onnx_labels || options->onnx_runtime) && !options->onnx)
    what = "--onnx-labels and --onnx-runtime go with --onnx";
  else if (options->jobs < 1 || options->jobs > MAX_JOBS)
    what = "--jobs takes a number from 1 to 256";
  if (!what)
    return TRUE;
  g_set_error_literal(error, CR_ERROR, CR_ERROR_USAGE, what);
  return FALSE;
}

static gboolean
start_surrogates(const Options *options, CrSurrogateTables **tables, CrDeidPatients **patients,
                 GError **error)
{
  gint64 seed = -1;
  if (options->seed && !cr_cli_parse_number("--seed", options->seed, &seed, error))
    return FALSE;
  *tables = cr_surrogate_tables_load(NULL, error);
  if (!*tables)
    return FALSE;
  *patients = cr_deid_patients_new(*tables, seed);
  return TRUE;
}

static int
run(CrCli *cli, const Options *options)
{
  g_autoptr(GError) error = NULL;
  if (!check_options(options, &error))
    return cr_cli_fail(cli, g_steal_pointer(&error));
  g_autoptr(CrPhiDetector) detector = cr_phi_detector_new(NULL, options->language, &error);
  const char *model = g_strcmp0(options->model, "none") == 0 ? NULL : options->model;
  if (detector && options->model && !cr_phi_detector_use_tagger(detector, model, &error))
    return cr_cli_fail(cli, g_steal_pointer(&error));
  if (!detector || (options->onnx && !cr_phi_detector_add_onnx(detector, options->onnx, options->onnx_labels,
                                                               options->onnx_runtime, &error)))
    return cr_cli_fail(cli, g_steal_pointer(&error));
  g_autoptr(CrPolicy) policy =
      cr_policy_load(NULL, options->policy ? options->policy : "safe-harbor", &error);
  if (!policy)
    return cr_cli_fail(cli, g_steal_pointer(&error));
  g_autoptr(CrSurrogateTables) tables = NULL;
  g_autoptr(CrDeidPatients) patients = NULL;
  if (g_strcmp0(options->replace, "surrogate") == 0 && !start_surrogates(options, &tables, &patients, &error))
    return cr_cli_fail(cli, g_steal_pointer(&error));
  Deid deid = {detector, policy, g_strcmp0(options->replace, "tag") == 0, patients, options->threshold};
  g_autoptr(CrLineReader) reader = cr_line_reader_new(0);
  gboolean bad = FALSE;
  gboolean good = run_threads(&deid, (guint)options->jobs, reader, &bad);
  if (!good || !cr_line_reader_ended(reader, &error)) {
    if (!error)
      g_set_error(&error, CR_ERROR, CR_ERROR_IO, "standard output cannot be written");
    return cr_cli_fail(cli, g_steal_pointer(&error));
  }
  return bad ? CR_EXIT_FINDINGS : CR_EXIT_DONE;
}

int
cr_cmd_deid(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  Options options = {.threshold = 0.5, .jobs = 1};
  gboolean json = FALSE; /* as every command takes it; this one prints nothing else */
  int status = 0;
  const GOptionEntry entries[] = {
      {"policy", 0, 0, G_OPTION_ARG_STRING, &options.policy,
       "What becomes of each kind: safe-harbor (default), limited, expert, or a table of your own",
       "safe-harbor|limited|expert|FILE"},
      {"replace", 0, 0, G_OPTION_ARG_STRING, &options.replace, "Also take the identifiers out",
       "tag|surrogate|none"},
      {"seed", 0, 0, G_OPTION_ARG_STRING, &options.seed,
       "Draw the same surrogates again (else they are random)", "N"},
      {"threshold", 0, 0, G_OPTION_ARG_DOUBLE, &options.threshold, "Least score of a finding (default 0.5)",
       "R"},
      {"language", 0, 0, G_OPTION_ARG_STRING, &options.language, "Language of the notes: en (default), es",
       "CODE"},
      {"model", 0, 0, G_OPTION_ARG_FILENAME, &options.model,
       "A tagger made by `chartroom train` instead of the program's; none: no tagger", "FILE"},
      {"onnx", 0, 0, G_OPTION_ARG_FILENAME, &options.onnx,
       "Let a token classifier of your own find along: its model.onnx, or the folder", "FILE"},
      {"onnx-labels", 0, 0, G_OPTION_ARG_FILENAME, &options.onnx_labels,
       "What its labels mean: LABEL, tab, kind or -", "FILE"},
      {"onnx-runtime", 0, 0, G_OPTION_ARG_FILENAME, &options.onnx_runtime,
       "The ONNX Runtime library (else CHARTROOM_ONNXRUNTIME, else the loader's)", "FILE"},
      {"jobs", 0, 0, G_OPTION_ARG_INT, &options.jobs, "Threads (default 1)", "N"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON lines, which it always does", NULL},
      {NULL}};
  if (cr_cli_parse(&cli, argc, argv, CR_CLI_STREAM, "< NOTES.jsonl > OUT.jsonl", help, entries, 0, 0,
                   &status))
    status = run(&cli, &options);
  g_free(options.policy);
  g_free(options.replace);
  g_free(options.seed);
  g_free(options.language);
  g_free(options.model);
  g_free(options.onnx);
  g_free(options.onnx_labels);
  g_free(options.onnx_runtime);
  return status;
}
