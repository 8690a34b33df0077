/* label-file.c: label files of a reader, checked in full before anything is written; all notes or none. Each
 * note is prepared twice, to be checked and to be written, and let go in between: memory holds one at a time.
 */
#include "workflow/reading-private.h"
#include <chartroom/formats.h>

#include <string.h>

typedef struct {
  CrProject *p;
  guint flags;
  gint64 newest; /* guidelines */
  CrGuidelines *guidelines;
  json_t *problems; /* may be NULL */
  GPtrArray *notes; /* Prepared */
  GHashTable *seen; /* notes, borrowed */
} LabelFile;

typedef struct {
  char *note;
  CrJournal *journal;
  json_t *set;      /* what the file says, canonical */
  json_t *repaired; /* [{"entity","label","from":[s,e],"to":[s,e]}] */
  gboolean done;
} Prepared;

static void
prepared_clear(Prepared *n)
{
  g_clear_pointer(&n->note, g_free);
  g_clear_pointer(&n->journal, cr_journal_free);
  g_clear_pointer(&n->set, json_decref);
  g_clear_pointer(&n->repaired, json_decref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Prepared, prepared_clear)

static void
label_file_clear(LabelFile *file)
{
  g_clear_pointer(&file->guidelines, cr_guidelines_free);
  g_clear_pointer(&file->seen, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LabelFile, label_file_clear)

/* ---- checking ---- */

/* Every finding has an id, no two the same. */
static gboolean
check_ids(json_t *entities, const char *note, GError **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  json_t *entity;
  gsize i;
  json_array_foreach(entities, i, entity)
  {
    if (!json_is_object(entity)) {
      g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "note %s: entity number %zu is not an object", note,
                  i + 1);
      return FALSE;
    }
    const char *id = cr_reading_string(entity, "id");
    if (!id || g_hash_table_add(seen, (gpointer)id))
      continue;
    g_autofree char *said = cr_error_excerpt(id, 40);
    g_set_error(error, CR_ERROR, CR_ERROR_DUPLICATE_ID, "note %s: two findings have the id %s", note, said);
    return FALSE;
  }
  json_array_foreach(entities, i, entity)
  {
    g_autofree char *id = g_strdup_printf("#%zu", i + 1);
    if (!cr_reading_string(entity, "id"))
      json_object_set_new(entity, "id", json_string(id));
  }
  return TRUE;
}

/* Numbers and names are there before anything looks at the text. */
static gboolean
check_shapes(const json_t *entities, GError **error)
{
  json_t *entity;
  gsize i;
  json_array_foreach((json_t *)entities, i, entity)
  {
    g_autoptr(json_t) shaped = cr_finding_canonical(entity, error);
    if (!shaped)
      return FALSE;
  }
  return TRUE;
}

static json_t *
describe_problem(const char *note, const CrLabelProblem *problem)
{
  json_t *nearest = problem->has_nearest ? json_pack("[I, I]", (json_int_t)problem->nearest_start,
                                                     (json_int_t)problem->nearest_end)
                                         : json_null();
  return json_pack("{s:s, s:s?, s:s?, s:I, s:I, s:s?, s:s?, s:o, s:I, s:s}", "note", note, "entity",
                   problem->entity, "label", problem->label, "start", (json_int_t)problem->start, "end",
                   (json_int_t)problem->end, "said", problem->said, "found", problem->found, "nearest",
                   nearest, "occurrences", (json_int_t)problem->n_found, "code",
                   cr_error_name(problem->error));
}

/* Refuses with the first problem; every one of them goes to the caller's list. */
static gboolean
report_problems(LabelFile *file, const char *note, const GPtrArray *problems, gsize n_all, GError **error)
{
  if (problems->len == 0)
    return TRUE;
  for (guint i = 0; file->problems && i < problems->len; i++)
    json_array_append_new(file->problems, describe_problem(note, problems->pdata[i]));
  const CrLabelProblem *first = problems->pdata[0];
  g_set_error(error, CR_ERROR, first->error->code,
              "note %s: %u of %zu findings do not fit the text, first %s at "
              "%zu-%zu",
              note, problems->len, n_all, first->entity ? first->entity : "?", first->start, first->end);
  return FALSE;
}

static void
note_repaired(Prepared *n, const GPtrArray *moved, const json_t *entities)
{
  for (guint i = 0; i < moved->len; i++) {
    const CrLabelProblem *was = moved->pdata[i];
    g_autoptr(json_t) wrapped = json_pack("{s:O}", "entities", entities);
    json_t *now = cr_set_find(wrapped, "entities", was->entity);
    if (!now)
      continue;
    json_array_append_new(n->repaired,
                          json_pack("{s:s?, s:s?, s:[I, I], s:[O, O]}", "entity", was->entity, "label",
                                    was->label, "from", (json_int_t)was->start, (json_int_t)was->end, "to",
                                    json_object_get(now, "start"), json_object_get(now, "end")));
  }
}

static gboolean
check_places(LabelFile *file, Prepared *n, const CrText *text, json_t *entities, GError **error)
{
  g_autoptr(GPtrArray) moved = NULL;
  g_autoptr(GPtrArray) problems = file->flags & CR_LABEL_REPAIR ? cr_labels_repair(text, entities, &moved)
                                                                : cr_labels_check(text, entities);
  if (moved)
    note_repaired(n, moved, entities);
  return report_problems(file, n->note, problems, json_array_size(entities), error);
}

static gboolean
check_version(const LabelFile *file, const json_t *line, const char *note, GError **error)
{
  json_t *given = json_object_get(line, "guidelines");
  gint64 version = given ? json_integer_value(given) : file->newest;
  if (version == file->newest)
    return TRUE;
  g_set_error(error, CR_ERROR,
              version > file->newest || version < 1 ? CR_ERROR_NOT_FOUND : CR_ERROR_LABEL_OLD_GUIDELINES,
              "note %s: labelled under version %" G_GINT64_FORMAT
              " of the guidelines; version %" G_GINT64_FORMAT " is published",
              note, version, file->newest);
  return FALSE;
}

static gint
compare_choices(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(json_string_value(*(json_t *const *)a), json_string_value(*(json_t *const *)b));
}

/* The order of the choices of a question that takes many means nothing. New reference. */
static json_t *
sorted_choices(const json_t *answer)
{
  g_autoptr(GPtrArray) choices = g_ptr_array_new();
  for (gsize i = 0; i < json_array_size(answer); i++)
    g_ptr_array_add(choices, json_array_get(answer, i));
  g_ptr_array_sort(choices, compare_choices);
  json_t *list = json_array();
  for (guint i = 0; i < choices->len; i++)
    json_array_append(list, choices->pdata[i]);
  return list;
}

static json_t *
canonical_answers(json_t *answers)
{
  const char *question;
  json_t *answer, *canonical = json_object();
  if (!json_is_object(answers))
    return json_decref(canonical), json_incref(answers); /* the guidelines refuse it */
  json_object_foreach(answers, question, answer) json_object_set_new(
      canonical, question, json_is_array(answer) ? sorted_choices(answer) : json_incref(answer));
  return canonical;
}

/* A member that is not there, or null, says nothing. */
static json_t *
given_member(const json_t *line, const char *name)
{
  json_t *value = json_object_get(line, name);
  return json_is_null(value) ? NULL : value;
}

/* What has the wrong shape stays, for the check against the guidelines to refuse. */
static json_t *
canonical_set(const json_t *entities, const json_t *line, GError **error)
{
  g_autoptr(json_t) list = json_array();
  json_t *entity, *relations = given_member(line, "relations"), *answers = given_member(line, "answers");
  gsize i;
  json_array_foreach((json_t *)entities, i, entity)
  {
    json_t *finding = cr_finding_canonical(entity, error);
    if (!finding)
      return NULL;
    json_array_append_new(list, finding);
  }
  json_t *set = json_object();
  json_object_set(set, "entities", list);
  json_object_set_new(set, "relations", relations ? json_incref(relations) : json_array());
  json_object_set_new(set, "answers", answers ? canonical_answers(answers) : json_object());
  return set;
}

static gboolean
prepare_set(LabelFile *file, Prepared *n, const json_t *line, GError **error)
{
  g_autoptr(CrText) text = cr_documents_load_cleared(file->p->work, n->note, error);
  json_t *given = json_object_get(line, "entities");
  if (!text)
    return FALSE;
  if (given && !json_is_array(given)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "note %s: \"entities\" is not a list", n->note);
    return FALSE;
  }
  g_autoptr(json_t) entities = given ? json_deep_copy(given) : json_array();
  if (!check_ids(entities, n->note, error) || !check_shapes(entities, error) ||
      !check_places(file, n, text, entities, error))
    return FALSE;
  n->set = canonical_set(entities, line, error);
  if (!n->set)
    return FALSE;
  if (cr_set_check(file->guidelines, n->set, error))
    return TRUE;
  g_prefix_error(error, "note %s: ", n->note);
  return FALSE;
}

static gboolean
prepare_line(LabelFile *file, const json_t *line, Prepared *n, GError **error)
{
  const char *id = cr_reading_need(line, "id", error);
  n->note = id ? cr_project_resolve_note(file->p, id, error) : NULL;
  if (!n->note || !check_version(file, line, n->note, error))
    return FALSE;
  n->done = !json_is_false(json_object_get(line, "done"));
  n->repaired = json_array();
  n->journal = cr_task_open(file->p, n->note, error);
  return n->journal && prepare_set(file, n, line, error);
}

static gboolean
check_line(LabelFile *file, const json_t *line, json_t *report, GError **error)
{
  g_auto(Prepared) n = {0};
  if (!prepare_line(file, line, &n, error))
    return FALSE;
  if (!g_hash_table_add(file->seen, g_strdup(n.note))) {
    g_set_error(error, CR_ERROR, CR_ERROR_DUPLICATE_ID, "note %s stands twice in the file", n.note);
    return FALSE;
  }
  json_array_append_new(report, json_pack("{s:s, s:O}", "note", n.note, "repaired", n.repaired));
  return TRUE;
}

/* Every line is looked at, so that one run shows everything that has to be corrected. */
static gboolean
check_all(LabelFile *file, const json_t *lines, json_t *report, GError **error)
{
  g_autoptr(GError) first = NULL;
  json_t *line;
  gsize i;
  json_array_foreach((json_t *)lines, i, line)
  {
    g_autoptr(GError) why = NULL;
    if (!check_line(file, line, report, &why) && !first)
      first = g_steal_pointer(&why);
  }
  if (!first)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&first));
  return FALSE;
}

/* ---- writing ---- */

static gboolean
is_repaired(const Prepared *n, const json_t *op)
{
  json_t *row;
  gsize i;
  json_array_foreach(n->repaired, i, row)
  {
    json_t *to = json_object_get(row, "to");
    if (json_equal(json_array_get(to, 0), json_object_get(op, "start")) &&
        json_equal(json_array_get(to, 1), json_object_get(op, "end")))
      return TRUE;
  }
  return FALSE;
}

/* One event a repaired finding: offsets only. */
static void
tell_repairs(CrProject *p, const Prepared *n)
{
  g_autofree char *object = cr_reading_object(n->note);
  json_t *row;
  gsize i;
  json_array_foreach(n->repaired, i, row)
  {
    g_autofree char *old = cr_json_dump(json_object_get(row, "from")),
                    *new = cr_json_dump(json_object_get(row, "to"));
    cr_tx_event(p, CR_ROLE_CLINICIAN, "finding.repaired", object, old, new, cr_reading_string(row, "label"));
  }
}

static gboolean
put_ops(LabelFile *file, Prepared *n, const json_t *ops, GChecksum *hash, GError **error)
{
  json_t *op;
  gsize i;
  json_array_foreach((json_t *)ops, i, op)
  {
    const char *origin = is_repaired(n, op) ? "repair" : "file";
    if (!cr_journal_put(file->p, n->journal, op, file->newest, origin, hash, error))
      return FALSE;
  }
  g_autoptr(json_t) end = json_pack("{s:s}", "op", n->done ? "done" : "reopen");
  return cr_journal_put(file->p, n->journal, end, file->newest, "file", hash, error) != NULL;
}

static gboolean
write_note(LabelFile *file, Prepared *n, json_t *report, GError **error)
{
  CrProject *p = file->p;
  json_t *row = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:O}", "note", n->note, "added", 0,
                          "moved", 0, "relabelled", 0, "changed", 0, "removed", 0, "links", 0, "answers", 0,
                          "repaired", n->repaired);
  json_array_append_new(report, row);
  g_autoptr(json_t) before = cr_journal_fold(n->journal), ops = cr_set_diff(p->env, before, n->set, row);
  g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
  if (!put_ops(file, n, ops, hash, error) || !cr_task_finish(p, n->note, n->done, error))
    return FALSE;
  g_autofree char *object = cr_reading_object(n->note);
  g_autofree char *value =
      g_strdup_printf("{\"ops\":%zu,\"findings\":%zu,\"guidelines\":%" G_GINT64_FORMAT ",\"sha256\":\"%s\"}",
                      json_array_size(ops), json_array_size(json_object_get(n->set, "entities")),
                      file->newest, g_checksum_get_string(hash));
  cr_tx_event(p, CR_ROLE_CLINICIAN, "note.read", object, NULL, value, NULL);
  tell_repairs(p, n);
  g_autofree char *state = cr_documents_get_state(p->work, n->note, error);
  json_object_set_new(row, "state", json_string(state));
  return state != NULL;
}

static gboolean
write_all(LabelFile *file, const json_t *lines, json_t *report, GError **error)
{
  json_t *line;
  gsize i;
  json_array_foreach((json_t *)lines, i, line)
  {
    g_auto(Prepared) n = {0};
    if (!prepare_line(file, line, &n, error) || !write_note(file, &n, report, error))
      return FALSE;
  }
  return TRUE;
}

json_t *
cr_reading_label(CrProject *p, const json_t *lines, guint flags, json_t **problems, GError **error)
{
  g_autoptr(json_t) found = json_array(), checked = json_array(), report = json_array();
  g_auto(LabelFile) file = {.p = p,
                            .flags = flags,
                            .problems = found,
                            .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  if (!cr_gate_guidelines(p, &file.newest, error) ||
      !(file.guidelines = cr_reading_guidelines(p, file.newest, error)))
    return NULL;
  gboolean fits = check_all(&file, lines, checked, error);
  if (problems)
    *problems = json_incref(found);
  if (!fits)
    return NULL;
  if (flags & CR_LABEL_CHECK_ONLY || json_array_size(lines) == 0)
    return g_steal_pointer(&checked);
  if (!cr_tx_begin(p, error) || !cr_reading_end(p, write_all(&file, lines, report, error), error))
    return NULL;
  return g_steal_pointer(&report);
}
