/* assign.c: reading batches. Notes and readers are drawn by a seed that stands in the trail; gate G3 lets no
 * second batch begin before the pilot has passed. */
#include "workflow/reading-private.h"

#include <string.h>

#define PILOT_SIZE 500.0
#define DEFAULT_OVERLAP 0.2

typedef struct {
  CrProject *p;
  const CrAssignOptions *options;
  CrBatchRow *batch;  /* owned */
  GPtrArray *readers; /* codes */
  GPtrArray *notes;
  gint64 now_us;
  gsize n_twice;
} Assignment;

static void
assignment_clear(Assignment *a)
{
  g_clear_pointer(&a->batch, cr_batch_row_free);
  g_clear_pointer(&a->readers, g_ptr_array_unref);
  g_clear_pointer(&a->notes, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Assignment, assignment_clear)

/* Batch names stand in the trail and in file names, so they hold nothing that could be somebody's. */
static gboolean
check_name(const char *name, GError **error)
{
  gsize n = strlen(name);
  gboolean ok = n >= 1 && n <= 64 && name[0] != '.' && name[0] != '-';
  for (gsize i = 0; ok && i < n; i++)
    ok = g_ascii_isalnum(name[i]) || strchr("._-", name[i]);
  if (!ok)
    g_set_error(
        error, CR_ERROR, CR_ERROR_USAGE,
        "a batch's name is 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit");
  return ok;
}

static gboolean
add_reader(Assignment *a, const char *given, GError **error)
{
  CrKeyring *ring = a->p->keyring;
  g_autofree char *code = cr_project_resolve_member(a->p, given, error);
  if (!code)
    return FALSE;
  if (cr_keyring_is_locked(ring, code)) {
    g_set_error(error, CR_ERROR, CR_ERROR_MEMBER_LOCKED, "%s is locked", code);
    return FALSE;
  }
  if (!(cr_keyring_roles(ring, code) & CR_ROLE_CLINICIAN)) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_PERMITTED, "%s: reading needs the role clinician", code);
    return FALSE;
  }
  if (g_ptr_array_find_with_equal_func(a->readers, code, g_str_equal, NULL)) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "%s is named twice", code);
    return FALSE;
  }
  g_ptr_array_add(a->readers, g_steal_pointer(&code));
  return TRUE;
}

static gboolean
resolve_readers(Assignment *a, GError **error)
{
  const char *const *given = a->options->readers;
  for (guint i = 0; given && given[i]; i++)
    if (!add_reader(a, given[i], error))
      return FALSE;
  if (a->readers->len > 0 || a->options->again)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "no reader is named");
  return FALSE;
}

static gboolean
choose_overlap(Assignment *a, GError **error)
{
  double asked = a->options->overlap;
  if (asked > 1 || (asked > 0 && a->readers->len == 1)) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE,
                asked > 1 ? "the overlap is a share of the notes, 0%% to 100%%"
                          : "one reader can't read a note twice: name a second reader, or an overlap of 0%%");
    return FALSE;
  }
  a->batch->overlap = asked >= 0 ? asked : a->readers->len > 1 ? DEFAULT_OVERLAP : 0;
  return TRUE;
}

/* ---- a new batch ---- */

static gboolean
choose_notes(Assignment *a, GError **error)
{
  gint64 pilot_size = (gint64)cr_project_setting(a->p, "pilot.size", PILOT_SIZE);
  gint64 wanted = a->options->n_notes;
  if (a->batch->pilot && wanted > pilot_size) {
    g_set_error(error, CR_ERROR, CR_ERROR_GATE_PILOT,
                "the first batch is the pilot and holds %" G_GINT64_FORMAT
                " notes at most, not %" G_GINT64_FORMAT,
                pilot_size, wanted);
    return FALSE;
  }
  a->notes = cr_documents_ids(a->p->work, "cleared", NULL, error);
  if (!a->notes)
    return FALSE;
  if (a->notes->len == 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE, "no cleared note is waiting to be assigned");
    return FALSE;
  }
  if (wanted == 0)
    wanted = a->batch->pilot ? pilot_size : a->notes->len;
  cr_seeded_shuffle((guint64)a->batch->seed, a->notes->pdata, a->notes->len);
  if (wanted < a->notes->len)
    g_ptr_array_set_size(a->notes, (gint)wanted);
  return TRUE;
}

/* An overridden gate is passed, and says so in the trail and on the card. The override may name the pilot, or
 * the batch that is to begin. */
static gboolean
pilot_lets_pass(CrProject *p, const char *pilot, const char *batch, GError **error)
{
  g_autoptr(GError) local = NULL;
  if (cr_gate_pilot(p, &local) ||
      (g_error_matches(local, CR_ERROR, CR_ERROR_GATE_PILOT) &&
       (cr_gate_overridden(p, "G3", batch) || cr_gate_overridden(p, "G3", pilot))))
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

static gboolean
begin_batch(Assignment *a, GError **error)
{
  g_autoptr(CrBatchRow) old = cr_labels_load_batch(a->p->work, a->options->batch, NULL);
  g_autoptr(GPtrArray) names = cr_labels_batch_names(a->p->work, error);
  if (!names)
    return FALSE;
  if (old) {
    g_set_error(error, CR_ERROR, CR_ERROR_EXISTS, "there is a reading batch '%s'", a->options->batch);
    return FALSE;
  }
  if (names->len > 0 && !pilot_lets_pass(a->p, names->pdata[0], a->options->batch, error))
    return FALSE;
  a->batch->name = g_strdup(a->options->batch);
  a->batch->seq = (gint64)names->len + 1;
  a->batch->pilot = names->len == 0;
  a->batch->round = 1;
  a->batch->seed = a->options->seed >= 0 ? a->options->seed : cr_seed_draw(a->p->env);
  return choose_overlap(a, error) && choose_notes(a, error);
}

/* ---- a new round ---- */

static gboolean
collect_reader_cb(const CrTaskRow *row, gpointer readers, GError **error)
{
  if (!g_ptr_array_find_with_equal_func(readers, row->reader, g_str_equal, NULL))
    g_ptr_array_add(readers, g_strdup(row->reader));
  return TRUE;
}

static gboolean
same_readers(Assignment *a, GError **error)
{
  g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func(g_free);
  if (!cr_labels_list_tasks(a->p->work, NULL, a->batch->name, NULL, collect_reader_cb, before, error))
    return FALSE;
  for (guint i = 0; i < before->len; i++)
    if (!add_reader(a, before->pdata[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
begin_round(Assignment *a, GError **error)
{
  cr_batch_row_free(a->batch);
  a->batch = cr_labels_load_batch(a->p->work, a->options->batch, error);
  gint64 newest;
  if (!a->batch || !cr_gate_guidelines(a->p, &newest, error))
    return FALSE;
  if (newest <= a->batch->guidelines) {
    g_set_error(error, CR_ERROR, CR_ERROR_GATE_PILOT,
                "batch '%s' is being read under version %" G_GINT64_FORMAT
                ", the newest: a new round needs a new version of the guidelines",
                a->batch->name, a->batch->guidelines);
    return FALSE;
  }
  a->batch->round++;
  a->batch->sample_share = 0;
  g_clear_pointer((char **)&a->batch->sha256, g_free);
  g_clear_pointer((char **)&a->batch->signature, g_free);
  if (a->options->seed >= 0)
    a->batch->seed = a->options->seed;
  if (a->readers->len > 0 && !choose_overlap(a, error))
    return FALSE;
  a->notes = cr_labels_batch_notes(a->p->work, a->batch->name, NULL, error);
  return a->notes != NULL;
}

/* ---- writing ---- */

static gboolean
put_task(Assignment *a, const char *note, const char *reader, GError **error)
{
  CrTaskRow row = {.batch = a->batch->name,
                   .note = note,
                   .reader = reader,
                   .state = "open",
                   .round = a->batch->round,
                   .guidelines = a->batch->guidelines};
  return cr_labels_put_task(a->p->work, &row, a->now_us, error);
}

static gboolean
put_drawn_tasks(Assignment *a, GError **error)
{
  /* The tasks are drawn from the batch's seed and the round, so that a new round with new readers is a new
   * draw. */
  guint64 seed = (guint64)a->batch->seed + (guint64)a->batch->round;
  g_autoptr(GArray) tasks =
      cr_draw_tasks(seed, a->notes->len, a->readers->len, a->batch->overlap, &a->n_twice);
  for (guint i = 0; i < tasks->len; i++) {
    CrDrawnTask *task = &g_array_index(tasks, CrDrawnTask, i);
    if (!put_task(a, a->notes->pdata[task->note], a->readers->pdata[task->reader], error))
      return FALSE;
  }
  return TRUE;
}

typedef struct {
  GPtrArray *notes, *readers;
} Pairs;

static gboolean
collect_pair_cb(const CrTaskRow *row, gpointer user_data, GError **error)
{
  Pairs *pairs = user_data;
  g_ptr_array_add(pairs->notes, g_strdup(row->note));
  g_ptr_array_add(pairs->readers, g_strdup(row->reader));
  return TRUE;
}

/* Everybody reads the same notes again. */
static gboolean
repeat_tasks(Assignment *a, GError **error)
{
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free),
                       readers = g_ptr_array_new_with_free_func(g_free);
  Pairs pairs = {notes, readers};
  g_autoptr(GError) local = NULL;
  a->n_twice = (gsize)cr_labels_count_doubly(a->p->work, a->batch->name, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (!same_readers(a, error) ||
      !cr_labels_list_tasks(a->p->work, NULL, a->batch->name, NULL, collect_pair_cb, &pairs, error) ||
      !cr_labels_end_tasks(a->p->work, a->batch->name, NULL, "closed", error))
    return FALSE;
  for (guint i = 0; i < notes->len; i++)
    if (!put_task(a, notes->pdata[i], readers->pdata[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
put_tasks(Assignment *a, GError **error)
{
  if (a->options->again && a->readers->len == 0)
    return repeat_tasks(a, error);
  return cr_labels_end_tasks(a->p->work, a->batch->name, NULL, "closed", error) && put_drawn_tasks(a, error);
}

static gboolean
put_notes(Assignment *a, GError **error)
{
  for (guint i = 0; i < a->notes->len; i++) {
    const char *note = a->notes->pdata[i];
    gboolean ok = a->options->again ? cr_labels_set_note_sha(a->p->work, note, NULL, error)
                                    : cr_labels_put_note(a->p->work, note, a->batch->name, i + 1, error);
    if (!ok || !cr_reading_move(a->p, CR_ROLE_LEAD, note, "assigned", NULL, error))
      return FALSE;
  }
  return TRUE;
}

static json_t *
describe(const Assignment *a)
{
  return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:f}", "batch", a->batch->name, "pilot",
                   (int)a->batch->pilot, "round", (json_int_t)a->batch->round, "guidelines",
                   (json_int_t)a->batch->guidelines, "notes", (json_int_t)a->notes->len, "twice",
                   (json_int_t)a->n_twice, "seed", (json_int_t)a->batch->seed, "overlap", a->batch->overlap);
}

static gboolean
write_assignment(Assignment *a, GError **error)
{
  if (!cr_labels_put_batch(a->p->work, a->batch, error) || !put_notes(a, error) || !put_tasks(a, error))
    return FALSE;
  g_autoptr(json_t) what = describe(a);
  g_autofree char *object = g_strconcat("batch:", a->batch->name, NULL), *value = cr_json_dump(what);
  cr_tx_event(a->p, CR_ROLE_LEAD, a->options->again ? "batch.again" : "batch.assigned", object, NULL, value,
              NULL);
  return TRUE;
}

static gboolean
count_cb(const CrTaskRow *row, gpointer counts, GError **error)
{
  json_t *n = json_object_get(counts, row->reader);
  json_object_set_new(counts, row->reader, json_integer(json_integer_value(n) + 1));
  return TRUE;
}

static json_t *
report(Assignment *a, GError **error)
{
  g_autoptr(json_t) counts = json_object();
  if (!cr_labels_list_tasks(a->p->work, NULL, a->batch->name, NULL, count_cb, counts, error))
    return NULL;
  json_t *result = describe(a), *list = json_array(), *n;
  const char *reader;
  json_object_foreach(counts, reader, n)
      json_array_append_new(list, json_pack("{s:s, s:O}", "member", reader, "notes", n));
  json_object_set_new(result, "readers", list);
  return result;
}

json_t *
cr_reading_assign(CrProject *p, const CrAssignOptions *options, GError **error)
{
  g_auto(Assignment) a = {.p = p,
                          .options = options,
                          .batch = g_new0(CrBatchRow, 1),
                          .readers = g_ptr_array_new_with_free_func(g_free),
                          .now_us = p->env->now_us(p->env)};
  gint64 newest;
  if (!cr_project_require(p, CR_ROLE_LEAD, "assigning notes", error) || !check_name(options->batch, error) ||
      !cr_gate_guidelines(p, &newest, error) || !resolve_readers(&a, error) ||
      !(options->again ? begin_round(&a, error) : begin_batch(&a, error)))
    return NULL;
  a.batch->guidelines = newest;
  a.batch->time_us = a.now_us;
  if (!cr_tx_begin(p, error) || !cr_reading_end(p, write_assignment(&a, error), error))
    return NULL;
  return report(&a, error);
}

/* ---- the queue ---- */

static gboolean
task_cb(const CrTaskRow *row, gpointer list, GError **error)
{
  json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "note", row->note, "batch",
                                        row->batch, "reader", row->reader, "round", (json_int_t)row->round,
                                        "guidelines", (json_int_t)row->guidelines, "task", row->state,
                                        "state", row->note_state));
  return TRUE;
}

json_t *
cr_reading_tasks(CrProject *p, gboolean all, GError **error)
{
  if (all &&
      !cr_project_require(p, CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER, "seeing all tasks", error))
    return NULL;
  g_autoptr(json_t) list = json_array();
  const char *reader = all ? NULL : cr_project_member(p);
  if (!cr_labels_list_tasks(p->work, reader, NULL, NULL, task_cb, list, error))
    return NULL;
  return g_steal_pointer(&list);
}
