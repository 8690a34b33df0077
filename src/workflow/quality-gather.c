/* quality-gather.c: every finished reading with its time, its findings and the settled ones beside it. What a
 * reader did when comes from the journals (sealed per reader) and from the trail (when a note was opened). */
#include "workflow/quality-private.h"

#include <math.h>
#include <string.h>

const char *const cr_origin_names[CR_ORIGIN_N] = {"hand", "suggestion", "edited", "file"};

/* ---- memory ---- */

static void
reading_free(gpointer data)
{
  CrQualityReading *r = data;
  g_free(r->reader);
  g_hash_table_unref(r->keys);
  g_hash_table_unref(r->labels);
  g_free(r);
}

static void
note_free(gpointer data)
{
  CrQualityNote *n = data;
  g_free(n->id);
  g_free(n->batch);
  g_free(n->type);
  g_free(n->group);
  g_hash_table_unref(n->keys);
  g_hash_table_unref(n->labels);
  g_free(n);
}

static GHashTable *
new_times(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
}

static GHashTable *
new_counts(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
cr_quality_data_init(CrQualityData *d, CrProject *p, const char *key, gint64 seed)
{
  *d = (CrQualityData){.p = p,
                       .key = key,
                       .seed = seed,
                       .notes = g_ptr_array_new_with_free_func(note_free),
                       .readings = g_ptr_array_new_with_free_func(reading_free),
                       .note_places = new_counts(),
                       .views = new_times(),
                       .flags = new_times(),
                       .reader_seconds = new_times()};
  for (guint i = 0; i < CR_ORIGIN_N; i++)
    d->seconds[i] = g_array_new(FALSE, FALSE, sizeof(double));
}

void
cr_quality_data_clear(CrQualityData *d)
{
  g_clear_pointer(&d->notes, g_ptr_array_unref);
  g_clear_pointer(&d->readings, g_ptr_array_unref);
  g_clear_pointer(&d->note_places, g_hash_table_unref);
  g_clear_pointer(&d->views, g_hash_table_unref);
  g_clear_pointer(&d->flags, g_hash_table_unref);
  g_clear_pointer(&d->reader_seconds, g_hash_table_unref);
  for (guint i = 0; i < CR_ORIGIN_N; i++)
    g_clear_pointer(&d->seconds[i], g_array_unref);
}

/* ---- the trail ---- */

static gboolean
parse_time(const char *text, gint64 *us)
{
  g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;
  if (time)
    *us = g_date_time_to_unix(time) * 1000000 + g_date_time_get_microsecond(time);
  return time != NULL;
}

static void
add_time(GHashTable *table, const char *key, gint64 us)
{
  GArray *times = g_hash_table_lookup(table, key);
  if (!times)
    g_hash_table_insert(table, g_strdup(key), times = g_array_new(FALSE, FALSE, sizeof(gint64)));
  g_array_append_val(times, us);
}

static gboolean
event_cb(const CrEventView *e, gpointer user_data)
{
  CrQualityData *d = user_data;
  gint64 us;
  if (!e->action || !e->object || !e->actor || !g_str_has_prefix(e->object, "note:"))
    return TRUE;
  const char *note = e->object + strlen("note:");
  gboolean viewed = g_str_equal(e->action, "note.viewed"), flagged = g_str_equal(e->action, "quality.flag");
  if (!(viewed || flagged) || !parse_time(e->time, &us))
    return TRUE;
  g_autofree char *key = g_strjoin(" ", e->actor, note, NULL);
  add_time(viewed ? d->views : d->flags, viewed ? key : note, us);
  return TRUE;
}

/* ---- sets ---- */

static void
count_up(GHashTable *counts, const char *key)
{
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, key));
  g_hash_table_replace(counts, g_strdup(key), GUINT_TO_POINTER(n + 1));
}

static guint
count_set(const json_t *set, GHashTable *keys, GHashTable *labels)
{
  json_t *finding, *entities = json_object_get(set, "entities");
  gsize i;
  json_array_foreach(entities, i, finding)
  {
    const char *label = cr_reading_string(finding, "label");
    g_autofree char *place = cr_finding_place(finding), *key = g_strjoin("\t", place, label, NULL);
    count_up(keys, key);
    count_up(labels, label);
  }
  return (guint)json_array_size(entities);
}

guint
cr_quality_common(GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer key, n;
  guint common = 0;
  g_hash_table_iter_init(&iter, a);
  while (g_hash_table_iter_next(&iter, &key, &n))
    common += MIN(GPOINTER_TO_UINT(n), GPOINTER_TO_UINT(g_hash_table_lookup(b, key)));
  return common;
}

/* ---- one reading ---- */

static CrOrigin
origin_of(const CrJournalOp *op)
{
  for (guint i = 0; i < CR_ORIGIN_N; i++)
    if (g_str_equal(op->origin, cr_origin_names[i]))
      return (CrOrigin)i;
  return CR_ORIGIN_FILE; /* "repair" */
}

static gint
compare_times(gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return (x > y) - (x < y);
}

/* When the reader did anything with the note: opened it, decided. */
static GArray *
all_times(const CrQualityData *d, const CrJournal *j)
{
  g_autofree char *key = g_strjoin(" ", j->reader, j->note, NULL);
  const GArray *views = g_hash_table_lookup(d->views, key);
  GArray *times = g_array_new(FALSE, FALSE, sizeof(gint64));
  for (guint i = 0; views && i < views->len; i++)
    g_array_append_val(times, g_array_index(views, gint64, i));
  for (guint i = 0; i < j->ops->len; i++)
    g_array_append_val(times, ((CrJournalOp *)j->ops->pdata[i])->time_us);
  g_array_sort(times, compare_times);
  return times;
}

/* How long after what the reader did last; negative: nothing before. */
static gint64
gap_before(const GArray *times, gint64 us)
{
  gint64 before = -1;
  for (guint i = 0; i < times->len && g_array_index(times, gint64, i) < us; i++)
    before = g_array_index(times, gint64, i);
  return before < 0 ? -1 : us - before;
}

static void
note_seconds(CrQualityData *d, const char *reader, CrOrigin origin, double seconds)
{
  g_autofree char *key = g_strjoin(" ", reader, cr_origin_names[origin], NULL);
  GArray *list = g_hash_table_lookup(d->reader_seconds, key);
  if (!list)
    g_hash_table_insert(d->reader_seconds, g_strdup(key), list = g_array_new(FALSE, FALSE, sizeof(double)));
  g_array_append_val(list, seconds);
  g_array_append_val(d->seconds[origin], seconds);
}

/* Findings made, by where they came from, and how fast. */
static void
take_op(CrQualityData *d, CrQualityReading *r, const CrJournalOp *op, const GArray *times)
{
  static const char *const not_decisions[] = {"done", "reopen", "undo", NULL};
  const char *name = cr_reading_string(op->op, "op");
  CrOrigin origin = origin_of(op);
  if (!name || g_strv_contains(not_decisions, name))
    return;
  r->n_origins[origin]++;
  if (origin == CR_ORIGIN_FILE)
    return;
  gint64 gap = gap_before(times, op->time_us);
  r->n_unread += origin == CR_ORIGIN_SUGGESTION && gap >= 0 && gap < CR_QUALITY_UNREAD_US;
  if (gap >= 0 && gap <= CR_QUALITY_IDLE_US)
    note_seconds(d, r->reader, origin, (double)gap / 1e6);
}

static double
work_minutes(const GArray *times)
{
  gint64 us = 0;
  for (guint i = 1; i < times->len; i++)
    us += MIN(g_array_index(times, gint64, i) - g_array_index(times, gint64, i - 1), CR_QUALITY_IDLE_US);
  return (double)us / 60e6;
}

static void
take_journal(CrQualityData *d, CrQualityReading *r, const CrJournal *j)
{
  g_autoptr(GArray) times = all_times(d, j);
  for (guint i = 0; i < j->ops->len; i++) {
    const CrJournalOp *op = j->ops->pdata[i];
    take_op(d, r, op, times);
    r->end_us = MAX(r->end_us, op->time_us);
  }
  r->by_hand = r->n_origins[CR_ORIGIN_FILE] == 0 && times->len >= 2 && r->end_us > 0;
  r->minutes = r->by_hand ? work_minutes(times) : NAN;
}

static gboolean
gather_reading(CrQualityData *d, GHashTable *cache, guint place, const char *reader, const CrText *text,
               GError **error)
{
  g_autoptr(GError) local = NULL;
  CrQualityNote *n = d->notes->pdata[place];
  g_autofree char *task = cr_labels_task_state(d->p->work, n->id, reader, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (g_strcmp0(task, "done") != 0)
    return TRUE;
  g_autoptr(CrJournal) journal = cr_journal_load(d->p, n->id, reader, error);
  g_autoptr(json_t) set = journal ? cr_reader_set(d->p, cache, n->id, reader, text, NULL, error) : NULL;
  if (!set)
    return FALSE;
  CrQualityReading *r = g_new0(CrQualityReading, 1);
  *r = (CrQualityReading){.note = place,
                          .reader = g_strdup(reader),
                          .is_done = TRUE,
                          .z_density = NAN,
                          .z_minutes = NAN,
                          .keys = new_counts(),
                          .labels = new_counts()};
  g_ptr_array_add(d->readings, r);
  r->n_findings = count_set(set, r->keys, r->labels);
  r->density = n->length ? 1000.0 * r->n_findings / (double)n->length : 0;
  take_journal(d, r, journal);
  if (n->n_readings < 2)
    n->pair[n->n_readings++] = r;
  return TRUE;
}

/* ---- one note ---- */

/* What is settled is what the readings are held against: resolved, or read alike by two. */
static gboolean
gather_truth(CrQualityData *d, GHashTable *cache, CrQualityNote *n, GError **error)
{
  static const char *const settled[] = {"resolved", "reviewed", "approved", "exported", NULL};
  g_autofree char *state = cr_documents_get_state(d->p->work, n->id, error);
  if (!state)
    return FALSE;
  if (!g_strv_contains(settled, state))
    return TRUE;
  g_auto(CrFinal) final = {0};
  if (!cr_final_load(d->p, cache, n->id, &final, error))
    return FALSE;
  n->n_truth = count_set(final.set, n->keys, n->labels);
  n->has_truth = TRUE;
  n->is_resolved = final.is_resolved;
  return TRUE;
}

/* A note read once and resolved by nobody is its own truth, which tells nothing. */
static void
compare_truth(CrQualityNote *n)
{
  for (guint i = 0; i < n->n_readings; i++) {
    CrQualityReading *r = n->pair[i];
    r->has_truth = n->has_truth && (n->is_resolved || n->n_readings == 2);
    r->n_truth = n->n_truth;
    r->n_common = r->has_truth ? cr_quality_common(r->keys, n->keys) : 0;
  }
}

static gboolean
is_open_field(const char *key)
{
  static const char *const fields[] = {"type", "specialty", "author_role", "language", NULL};
  return g_strv_contains(fields, key);
}

static char *
value_text(const json_t *value)
{
  if (!value || json_is_null(value))
    return NULL;
  if (!json_is_string(value))
    return cr_reading_canonical(value);
  return *json_string_value(value) ? g_strdup(json_string_value(value)) : NULL;
}

/* The value of the key: one of the open fields, or of the source's "meta", for whoever may open originals. */
static gboolean
load_group(CrQualityData *d, CrQualityNote *n, GError **error)
{
  g_autoptr(GError) local = NULL;
  if (is_open_field(d->key)) {
    n->group = cr_documents_dup_metadata(d->p->work, n->id, d->key, &local);
  } else {
    g_autoptr(json_t) source = cr_original_load_source(d->p, n->id, &local);
    n->group = value_text(json_object_get(json_object_get(source, "meta"), d->key));
    if (g_error_matches(local, CR_ERROR, CR_ERROR_DESTROYED))
      g_clear_error(&local);
  }
  if (!local)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

static gboolean
gather_note(CrQualityData *d, GHashTable *cache, const char *id, const char *batch, GError **error)
{
  g_autoptr(CrText) text = cr_documents_load_cleared(d->p->work, id, error);
  g_auto(GStrv) readers = text ? cr_labels_note_readers(d->p->work, id, error) : NULL;
  if (!readers)
    return FALSE;
  CrQualityNote *n = g_new0(CrQualityNote, 1);
  guint place = d->notes->len;
  *n = (CrQualityNote){.id = g_strdup(id),
                       .batch = g_strdup(batch),
                       .keys = new_counts(),
                       .labels = new_counts(),
                       .type = cr_documents_dup_metadata(d->p->work, id, "type", NULL),
                       .length = cr_text_length(text, CR_UNIT_CODE_POINT)};
  g_ptr_array_add(d->notes, n);
  g_hash_table_insert(d->note_places, g_strdup(id), GUINT_TO_POINTER(place + 1));
  for (guint i = 0; readers[i]; i++)
    if (!gather_reading(d, cache, place, readers[i], text, error))
      return FALSE;
  if (!gather_truth(d, cache, n, error) || !load_group(d, n, error))
    return FALSE;
  compare_truth(n);
  return TRUE;
}

static gboolean
gather_batch(CrQualityData *d, GHashTable *cache, const char *batch, GError **error)
{
  g_autoptr(GPtrArray) notes = cr_labels_batch_notes(d->p->work, batch, NULL, error);
  for (guint i = 0; notes && i < notes->len; i++)
    if (!gather_note(d, cache, notes->pdata[i], batch, error))
      return FALSE;
  return notes != NULL;
}

/* ---- sittings ---- */

static gint
compare_readings(gconstpointer pa, gconstpointer pb)
{
  const CrQualityReading *a = *(CrQualityReading *const *)pa, *b = *(CrQualityReading *const *)pb;
  int order = strcmp(a->reader, b->reader);
  if (order == 0)
    order = (a->end_us > b->end_us) - (a->end_us < b->end_us);
  return order ? order : (a->note > b->note) - (a->note < b->note);
}

/* Readings of a reader in the order of time; a long pause begins another sitting. */
static void
find_sittings(CrQualityData *d)
{
  g_ptr_array_sort(d->readings, compare_readings);
  const CrQualityReading *before = NULL;
  guint sitting = 0, position = 0;
  for (guint i = 0; i < d->readings->len; i++) {
    CrQualityReading *r = d->readings->pdata[i];
    gboolean same = before && g_str_equal(before->reader, r->reader);
    if (!same || r->end_us - before->end_us > CR_QUALITY_SITTING_US) {
      sitting++;
      position = 0;
    }
    r->sitting = sitting;
    r->position = ++position;
    before = r;
  }
}

gboolean
cr_quality_gather(CrQualityData *d, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  g_autofree char *log = cr_project_file(d->p->path, CR_FILE_LOG);
  g_autoptr(GPtrArray) batches = cr_labels_batch_names(d->p->work, error);
  if (!batches || !cr_audit_walk(log, event_cb, d, error))
    return FALSE;
  for (guint i = 0; i < batches->len; i++)
    if (!gather_batch(d, cache, batches->pdata[i], error))
      return FALSE;
  find_sittings(d);
  return TRUE;
}
