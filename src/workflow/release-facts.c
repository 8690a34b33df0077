/* release-facts.c: the facts of the dataset card. What happened to the notes before they were read is taken
 * from the trail, which needs no key and can't be polished; what is not known is left out, and the card says
 * so. */
#include "workflow/release-private.h"

#include <math.h>
#include <string.h>

/* ---- from the trail ---- */

typedef struct {
  GHashTable *notes; /* released: id -> json_t {"cleared":{kind: n},"candidates":n}; borrowed ids */
  json_t *import;    /* {"input","accepted","quarantined","duplicates"} */
  json_t *policies, *detectors; /* used as sets */
} Trail;

static void
add_counts(json_t *sum, const char *text)
{
  g_autoptr(json_t) counts = text ? cr_json_parse(text, strlen(text), NULL) : NULL;
  const char *key;
  json_t *n;
  json_object_foreach(counts, key, n) if (json_is_integer(n)) json_object_set_new(
      sum, key, json_integer(json_integer_value(json_object_get(sum, key)) + json_integer_value(n)));
}

static void
take_note_event(Trail *t, const CrEventView *event, json_t *facts)
{
  if (g_strcmp0(event->action, "note.cleared") == 0) { /* the newest counts */
    json_t *kinds = json_object();
    add_counts(kinds, event->new_value);
    json_object_set_new(facts, "kinds", kinds);
    if (event->reason)
      json_object_set_new(facts, "policy", json_string(event->reason));
  } else if (g_strcmp0(event->action, "review.closed") == 0) {
    json_t *review = json_object();
    add_counts(review, event->new_value);
    json_object_set_new(facts, "review", review);
  } else if (g_strcmp0(event->action, "disputes.settled") == 0) {
    gint64 settled = (event->old_value ? g_ascii_strtoll(event->old_value, NULL, 10) : 0) -
                     (event->new_value ? g_ascii_strtoll(event->new_value, NULL, 10) : 0);
    json_object_set_new(facts, "disputes",
                        json_integer(json_integer_value(json_object_get(facts, "disputes")) + settled));
  } else if (g_strcmp0(event->action, "note.detected") == 0) {
    json_object_set_new(facts, "candidates",
                        json_integer(event->new_value ? g_ascii_strtoll(event->new_value, NULL, 10) : 0));
    if (event->reason)
      json_object_set_new(facts, "detector", json_string(event->reason));
  }
}

static gboolean
trail_cb(const CrEventView *event, gpointer user_data)
{
  Trail *t = user_data;
  if (!event->action || !event->object)
    return TRUE;
  if (g_str_equal(event->action, "import.finished"))
    add_counts(t->import, event->new_value);
  else if (g_str_has_prefix(event->object, "note:")) {
    json_t *facts = g_hash_table_lookup(t->notes, event->object + strlen("note:"));
    if (facts)
      take_note_event(t, event, facts);
  }
  return TRUE;
}

static void
sum_notes(Trail *t, json_t *preparation)
{
  GHashTableIter iter;
  gpointer value;
  json_int_t candidates = 0, removed = 0, kept = 0, added = 0, disputes = 0;
  json_t *kinds = json_object(), *n;
  const char *kind;
  g_hash_table_iter_init(&iter, t->notes);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    const json_t *review = json_object_get(value, "review");
    kept += json_integer_value(json_object_get(review, "kept"));
    added += json_integer_value(json_object_get(review, "added"));
    disputes += json_integer_value(json_object_get(value, "disputes"));
    candidates += json_integer_value(json_object_get(value, "candidates"));
    json_object_foreach(json_object_get(value, "kinds"), kind, n)
    {
      removed += json_integer_value(n);
      json_object_set_new(
          kinds, kind,
          json_integer(json_integer_value(json_object_get(kinds, kind)) + json_integer_value(n)));
    }
    const char *policy = cr_reading_string(value, "policy"), *detector = cr_reading_string(value, "detector");
    if (policy)
      json_object_set_new(t->policies, policy, json_true());
    if (detector)
      json_object_set_new(t->detectors, detector, json_true());
  }
  json_object_set_new(preparation, "candidates", json_integer(candidates));
  json_object_set_new(preparation, "removed", json_integer(removed));
  json_object_set_new(preparation, "kept", json_integer(kept));
  json_object_set_new(preparation, "added", json_integer(added));
  json_object_set_new(preparation, "disputes", json_integer(disputes));
  json_object_set_new(preparation, "redactions", kinds);
}

static json_t *
keys_of(const json_t *object)
{
  json_t *list = json_array(), *unused;
  const char *key;
  json_object_foreach((json_t *)object, key, unused) json_array_append_new(list, json_string(key));
  return list;
}

static void
decref_cb(gpointer value)
{
  json_decref(value);
}

static gboolean
read_trail(CrRelease *release, json_t *facts, GError **error)
{
  CrProject *p = release->p;
  g_autoptr(GHashTable) notes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, decref_cb);
  g_autoptr(json_t) import = json_object(), policies = json_object(), detectors = json_object();
  g_autofree char *log = cr_project_file(p->path, CR_FILE_LOG);
  Trail trail = {notes, import, policies, detectors};
  for (guint i = 0; i < release->notes->len; i++)
    g_hash_table_insert(notes, ((CrReleaseNote *)release->notes->pdata[i])->id, json_object());
  if (!cr_audit_walk(log, trail_cb, &trail, error))
    return FALSE;
  json_t *preparation = json_object();
  sum_notes(&trail, preparation);
  json_object_set_new(preparation, "policy", keys_of(policies));
  json_object_set_new(preparation, "detector", keys_of(detectors));
  json_object_set_new(preparation, "reviewers", json_integer(cr_project_reviewers(p)));
  json_object_set_new(facts, "preparation", preparation);
  json_t *source = json_object();
  json_object_set(source, "files", json_object_get(import, "files"));
  json_object_set(source, "imported", json_object_get(import, "accepted"));
  json_object_set(source, "quarantined", json_object_get(import, "quarantined"));
  json_object_set(source, "duplicates", json_object_get(import, "duplicates"));
  json_object_set_new(source, "released", json_integer(release->notes->len));
  json_object_set_new(source, "selection",
                      json_string(release->options->batch
                                      ? "the notes of one batch, drawn by the seed that stands in the trail"
                                      : "every note of the project that passed the gates"));
  json_object_set_new(facts, "source", source);
  return TRUE;
}

/* ---- guidelines and readers ---- */

static json_t *
strv_json(const char *const *list)
{
  json_t *array = json_array();
  for (guint i = 0; list && list[i]; i++)
    json_array_append_new(array, json_string(list[i]));
  return array;
}

static json_t *
label_rows(const CrRelease *release)
{
  json_t *rows = json_array();
  const GPtrArray *labels = cr_guidelines_labels(release->guidelines);
  for (guint i = 0; i < labels->len; i++) {
    const CrGuidelinesLabel *label = labels->pdata[i];
    json_array_append_new(
        rows,
        json_pack("{s:s, s:s?, s:s?, s:o, s:I}", "name", label->name, "title", label->title, "definition",
                  label->definition, "attributes", strv_json((const char *const *)label->attributes), "count",
                  (json_int_t)GPOINTER_TO_UINT(g_hash_table_lookup(release->label_counts, label->name))));
  }
  return rows;
}

static json_t *
attribute_rows(const CrRelease *release)
{
  json_t *rows = json_array();
  const GPtrArray *attributes = cr_guidelines_attributes(release->guidelines);
  for (guint i = 0; i < attributes->len; i++) {
    const CrGuidelinesAttribute *attribute = attributes->pdata[i];
    json_array_append_new(rows,
                          json_pack("{s:s, s:s?, s:o}", "name", attribute->name, "title", attribute->title,
                                    "values", strv_json((const char *const *)attribute->values)));
  }
  return rows;
}

static json_t *
relation_rows(const CrRelease *release)
{
  json_t *rows = json_array();
  const GPtrArray *relations = cr_guidelines_relations(release->guidelines);
  for (guint i = 0; i < relations->len; i++) {
    const CrGuidelinesRelation *relation = relations->pdata[i];
    json_array_append_new(rows,
                          json_pack("{s:s, s:s?, s:o, s:o, s:I}", "name", relation->name, "title",
                                    relation->title, "from", strv_json((const char *const *)relation->from),
                                    "to", strv_json((const char *const *)relation->to), "count",
                                    (json_int_t)GPOINTER_TO_UINT(
                                        g_hash_table_lookup(release->relation_counts, relation->name))));
  }
  return rows;
}

static void
state_guidelines(const CrRelease *release, json_t *facts)
{
  g_autoptr(json_t) json = cr_guidelines_to_json(release->guidelines);
  g_autofree char *text = cr_json_dump(json), *sha = cr_sha256_hex(text, strlen(text));
  json_object_set_new(facts, "guidelines",
                      json_pack("{s:s?, s:I, s:I, s:s, s:o, s:o, s:o}", "title",
                                cr_guidelines_title(release->guidelines), "version",
                                (json_int_t)release->version, "versions", (json_int_t)release->version,
                                "sha256", sha, "labels", label_rows(release), "attributes",
                                attribute_rows(release), "relations", relation_rows(release)));
}

static gboolean
state_readers(const CrRelease *release, json_t *facts, GError **error)
{
  g_autoptr(json_t) codes = json_object();
  json_int_t readings = 0;
  for (guint i = 0; i < release->notes->len; i++) {
    const CrReleaseNote *note = release->notes->pdata[i];
    g_auto(GStrv) readers = cr_labels_note_readers(release->p->work, note->id, error);
    if (!readers)
      return FALSE;
    for (guint k = 0; readers[k]; k++, readings++)
      json_object_set_new(codes, readers[k], json_true());
  }
  json_object_set_new(facts, "readers",
                      json_pack("{s:I, s:o, s:I, s:I}", "count", (json_int_t)json_object_size(codes), "codes",
                                keys_of(codes), "readings", readings, "overlap",
                                (json_int_t)release->n_twice));
  return TRUE;
}

/* ---- agreement ---- */

static void
add_measure(json_t *rows, const char *batch, const char *measure, const char *label, const json_t *estimate,
            const json_t *notes)
{
  json_t *value = json_object_get(estimate, "value");
  g_autofree char *remark =
      g_strdup_printf("batch %s%s", batch, json_is_number(value) ? "" : ": not defined");
  if (!estimate)
    return;
  json_t *row = json_pack("{s:s, s:s, s:O, s:s}", "measure", measure, "label", label ? label : "all",
                          "documents", notes, "note", remark);
  static const char *const keys[] = {"value", "low", "high"};
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
    if (json_is_number(json_object_get(estimate, keys[i])))
      json_object_set(row, keys[i], json_object_get(estimate, keys[i]));
  json_array_append_new(rows, row);
}

static void
add_batch_agreement(json_t *rows, const json_t *record)
{
  const json_t *overall = json_object_get(record, "overall"), *f1 = json_object_get(overall, "span_f1"),
               *notes = json_object_get(record, "notes");
  const char *batch = cr_reading_string(record, "batch");
  add_measure(rows, batch, "Cohen's kappa on tokens", NULL, json_object_get(overall, "token_kappa"), notes);
  add_measure(rows, batch, "Span F1, strict", NULL, json_object_get(f1, "strict"), notes);
  add_measure(rows, batch, "Span F1, partial", NULL, json_object_get(f1, "partial"), notes);
}

static gboolean
state_agreement(const CrRelease *release, json_t *facts, GError **error)
{
  json_t *rows = json_array();
  json_object_set_new(facts, "agreement", rows);
  for (guint i = 0; i < release->batches->len; i++) {
    g_autoptr(GError) local = NULL;
    g_autoptr(CrBatchRow) batch = cr_labels_load_batch(release->p->work, release->batches->pdata[i], &local);
    g_autoptr(CrAgreementRow) record =
        batch ? cr_labels_load_agreement(release->p->work, batch->name, batch->round, &local) : NULL;
    g_autoptr(json_t) json = record ? cr_json_parse(record->json, strlen(record->json), &local) : NULL;
    if (local) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    if (json)
      add_batch_agreement(rows, json);
  }
  return TRUE;
}

/* ---- resolution, quality, composition ---- */

static gboolean
state_quality(CrRelease *release, json_t *facts, GError **error)
{
  gint64 sampled = 0, passed = 0, flagged = 0;
  guint64 n_open = 0;
  if (!cr_release_count_open(release, &n_open, error))
    return FALSE;
  for (guint i = 0; i < release->batches->len; i++) {
    g_autoptr(GError) local = NULL;
    g_autoptr(CrBatchRow) b = cr_labels_load_batch(release->p->work, release->batches->pdata[i], &local);
    CrDb *work = release->p->work;
    sampled += b ? cr_labels_count_quality(work, b->name, b->round, NULL, &local) : 0;
    passed += b && !local ? cr_labels_count_quality(work, b->name, b->round, "ok", &local) : 0;
    flagged += b && !local ? cr_labels_count_quality(work, b->name, b->round, "flag", &local) : 0;
    if (local) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
  }
  json_object_set_new(facts, "resolution",
                      json_pack("{s:I, s:I, s:I, s:I}", "differences", (json_int_t)release->n_differences,
                                "resolved", (json_int_t)release->n_resolved, "open", (json_int_t)n_open,
                                "critical", (json_int_t)release->n_critical));
  json_object_set_new(facts, "quality",
                      json_pack("{s:I, s:I, s:I, s:I}", "sampled", (json_int_t)sampled, "passed",
                                (json_int_t)passed, "flagged", (json_int_t)flagged, "approved",
                                (json_int_t)release->notes->len));
  return TRUE;
}

static void
count_one(json_t *counts, const char *name)
{
  const char *key = name ? name : "";
  json_object_set_new(counts, key, json_integer(json_integer_value(json_object_get(counts, key)) + 1));
}

static void
state_composition(const CrRelease *release, json_t *facts)
{
  json_t *types = json_object(), *specialties = json_object(), *languages = json_object();
  gint64 from = G_MAXINT64, to = 0;
  for (guint i = 0; i < release->notes->len; i++) {
    const CrReleaseNote *note = release->notes->pdata[i];
    count_one(types, note->type);
    count_one(specialties, note->specialty);
    if (note->language)
      count_one(languages, note->language);
    if (note->year > 0) {
      from = MIN(from, note->year);
      to = MAX(to, note->year);
    }
  }
  json_t *years =
      to > 0 ? json_pack("{s:I, s:I}", "from", (json_int_t)from, "to", (json_int_t)to) : json_object();
  json_object_set_new(facts, "composition",
                      json_pack("{s:o, s:o, s:o}", "type", types, "specialty", specialties, "years", years));
  json_object_set_new(facts, "languages", keys_of(languages));
  json_decref(languages);
}

/* Notes that are nearly the same in two parts let a model be tested on what it learnt. */
static void
state_leakage(const CrRelease *release, json_t *facts)
{
  const json_int_t n = json_integer_value(json_object_get(release->leakage, "near_duplicates")),
                   across = json_integer_value(json_object_get(release->leakage, "in_two_parts"));
  g_autofree char *said = g_strdup_printf(
      "%" JSON_INTEGER_FORMAT
      " pairs of notes share 80 %% and more of their runs of %d words; %" JSON_INTEGER_FORMAT
      " of them stand in two parts%s",
      n, (int)CR_SHINGLE_WORDS, across,
      across > 0 ? " (splits.json lists them): figures on the test part may be flattered" : "");
  if (release->leakage && release->splits->len > 1)
    json_object_set_new(facts, "leakage", json_string(said));
}

static void
state_splits(const CrRelease *release, json_t *facts)
{
  json_t *rows = json_array();
  json_int_t entities = 0, relations = 0;
  for (guint i = 0; i < release->splits->len; i++) {
    const CrReleaseSplit *s = &g_array_index(release->splits, CrReleaseSplit, i);
    entities += (json_int_t)s->n_entities;
    relations += (json_int_t)s->n_relations;
    json_array_append_new(rows,
                          json_pack("{s:s, s:I, s:I, s:I, s:I}", "name", s->name, "documents",
                                    (json_int_t)s->n_notes, "patients", (json_int_t)s->n_patients, "entities",
                                    (json_int_t)s->n_entities, "relations", (json_int_t)s->n_relations));
  }
  gint64 seed = release->options->seed >= 0 ? release->options->seed : 1;
  g_autofree char *method = g_strdup_printf(
      "by patient, spread over kinds of note, specialties and finding types, seed %" G_GINT64_FORMAT, seed);
  json_object_set_new(facts, "splits", rows);
  json_object_set_new(facts, "split_method", json_string(method));
  if (!release->options->unlabelled) {
    json_object_set_new(facts, "entities", json_integer(entities));
    json_object_set_new(facts, "relations", json_integer(relations));
  }
}

/* ---- what has to be said ---- */

static void add_gap(json_t *gaps, guint64 n, const char *format) G_GNUC_PRINTF(3, 0);

static void
add_gap(json_t *gaps, guint64 n, const char *format)
{
  if (n == 0)
    return;
  g_autofree char *number = g_strdup_printf("%" G_GUINT64_FORMAT, n);
  g_autofree char *text = g_strconcat(number, format, NULL);
  json_array_append_new(gaps, json_string(text));
}

static void
state_gaps(const CrRelease *release, json_t *facts)
{
  json_t *gaps = json_array(), *kinds;
  const char *format;
  if (cr_project_reviewers(release->p) < 2)
    json_array_append_new(gaps,
                          json_string("Identifiers were reviewed by one privacy reviewer, not by two."));
  if (release->options->unlabelled)
    json_array_append_new(gaps, json_string("The notes carry no labels."));
  else if (release->n_twice == 0)
    json_array_append_new(gaps, json_string("No note was read by two readers: agreement was not measured."));
  add_gap(gaps, release->n_one_senior,
          " notes with a difference on a critical label were resolved by one senior reviewer, for the "
          "project had "
          "no second.");
  add_gap(gaps, release->n_own_reading,
          " notes were resolved by a senior reviewer who was one of their readers.");
  add_gap(gaps, release->all->len - release->notes->len, " notes were left out: they are not approved.");
  json_object_foreach(release->not_carried, format, kinds)
  {
    g_autoptr(json_t) names = keys_of(kinds);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "The format %s does not carry:", format);
    for (gsize i = 0; i < json_array_size(names); i++)
      g_string_append_printf(text, "%s %s", i > 0 ? "," : "", json_string_value(json_array_get(names, i)));
    json_array_append_new(gaps, json_string(g_string_append_c(text, '.')->str));
  }
  json_object_set_new(facts, "gaps", gaps);
}

static gboolean
state_gates(CrRelease *release, json_t *facts, GError **error)
{
  json_t *rows = cr_release_gate_rows(release, error);
  return rows && json_object_set_new(facts, "gates", rows) == 0;
}

static gboolean
override_cb(const CrOverrideRow *row, gpointer list, GError **error)
{
  g_autofree char *time = cr_time_format(row->time_us),
                  *members = g_strconcat(row->lead, " and ", row->second, NULL);
  json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "gate", row->gate, "scope",
                                        row->scope ? row->scope : "the project", "reason", row->reason,
                                        "member", members, "time", time));
  return TRUE;
}

/* Every override of the project, whatever it was about: for ever. */
static gboolean
state_overrides(const CrRelease *release, json_t *facts, GError **error)
{
  json_t *list = json_array();
  json_object_set_new(facts, "overrides", list);
  return cr_override_list(release->p->work, override_cb, list, error);
}

/* What the lead said when the project was made. */
static void
state_setting(const CrRelease *release, json_t *facts, const char *key)
{
  g_autofree char *value = cr_db_dup_meta(release->p->work, key, NULL);
  if (value)
    json_object_set_new(facts, key, json_string(value));
}

static void
state_opening(const CrRelease *release, json_t *facts)
{
  CrProject *p = release->p;
  g_autofree char *name = g_path_get_basename(p->path), *time = cr_time_format(p->env->now_us(p->env));
  json_t *formats = json_array();
  for (guint i = 0; i < release->formats->len; i++)
    json_array_append_new(formats, json_string(((const CrFormat *)release->formats->pdata[i])->title));
  if (g_str_has_suffix(name, ".chartroom"))
    name[strlen(name) - strlen(".chartroom")] = '\0';
  json_object_set_new(facts, "project", json_string(name));
  state_setting(release, facts, "purpose");
  state_setting(release, facts, "licence");
  json_object_set_new(facts, "created", json_string(time));
  json_object_set_new(facts, "program", json_string("chartroom " CR_VERSION));
  json_object_set_new(facts, "format", formats);
  json_object_set_new(facts, "documents", json_integer(release->notes->len));
  json_object_set_new(facts, "audit",
                      json_pack("{s:I, s:s}", "events", (json_int_t)cr_chain_n_events(p->chain), "head",
                                cr_chain_head_hex(p->chain)));
}

static gboolean
state_labels(CrRelease *release, json_t *facts, GError **error)
{
  json_object_set_new(facts, "labelled", json_boolean(!release->options->unlabelled));
  if (release->options->unlabelled)
    return TRUE;
  state_guidelines(release, facts);
  return state_readers(release, facts, error) && state_agreement(release, facts, error) &&
         state_quality(release, facts, error);
}

json_t *
cr_release_facts(CrRelease *release, GError **error)
{
  g_autoptr(json_t) facts = json_object();
  state_opening(release, facts);
  state_composition(release, facts);
  state_splits(release, facts);
  state_leakage(release, facts);
  state_gaps(release, facts);
  if (!state_gates(release, facts, error) || !read_trail(release, facts, error) ||
      !cr_release_state_risk(release, json_object_get(facts, "preparation"), error) ||
      !state_labels(release, facts, error) || !state_overrides(release, facts, error))
    return NULL;
  return g_steal_pointer(&facts);
}
