/* reading: guidelines, draws, labels and the journal. */
#include "reading-fixture.h"

static const char *const anna_ben[] = {"anna", "ben", NULL};
static const char *const anna_only[] = {"anna", NULL};

/* ---- draws ---- */

/* The seed stands in the trail: a draw must be the same for ever. The order was computed apart from this
 * program. */
static void
test_shuffle_is_fixed(void)
{
  gpointer items[8];
  g_autoptr(GString) order = g_string_new(NULL);
  for (gsize i = 0; i < 8; i++)
    items[i] = GSIZE_TO_POINTER(i);
  cr_seeded_shuffle(42, items, 8);
  for (gsize i = 0; i < 8; i++)
    g_string_append_printf(order, "%zu", GPOINTER_TO_SIZE(items[i]));
  g_assert_cmpstr(order->str, ==, "31624075");
}

static void
check_draw(guint64 seed, gsize n, guint readers, double overlap)
{
  gsize twice = 0;
  g_autoptr(GArray) tasks = cr_draw_tasks(seed, n, readers, overlap, &twice);
  g_autofree guint *first = g_new0(guint, n), *second = g_new0(guint, n), *times = g_new0(guint, n),
                   *load = g_new0(guint, readers);
  for (guint i = 0; i < tasks->len; i++) {
    CrDrawnTask *task = &g_array_index(tasks, CrDrawnTask, i);
    g_assert_cmpuint(task->note, <, n);
    g_assert_cmpuint(task->reader, <, readers);
    *(times[task->note]++ == 0 ? &first[task->note] : &second[task->note]) = task->reader;
    load[task->reader]++;
  }
  gsize doubles = 0;
  for (gsize i = 0; i < n; i++) {
    g_assert_true(times[i] == 1 || (times[i] == 2 && first[i] != second[i]));
    doubles += times[i] == 2;
  }
  gsize wanted = 0;
  while (readers > 1 && (double)wanted < overlap * (double)n - 1e-9)
    wanted++;
  g_assert_cmpuint(doubles, ==, wanted);
  g_assert_cmpuint(twice, ==, wanted);
  guint least = G_MAXUINT, most = 0;
  for (guint r = 0; r < readers; r++) {
    least = MIN(least, load[r]);
    most = MAX(most, load[r]);
  }
  g_assert_cmpuint(most - least, <=, 2);
}

static void
test_draws(void)
{
  static const double overlaps[] = {0, 0.01, 0.2, 1.0 / 3, 0.5, 1};
  for (guint64 seed = 0; seed < 20; seed++)
    for (gsize n = 1; n < 40; n += 1 + seed % 3)
      for (guint readers = 1; readers < 6; readers++)
        for (guint o = 0; o < G_N_ELEMENTS(overlaps); o++)
          check_draw(seed, n, readers, overlaps[o]);
}

/* ---- guidelines and assignment ---- */

static void
test_guidelines(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  fixture_init(&f, 1);
  fixture_members(&f);
  g_assert_null(cr_reading_guidelines(f.p, -1, &error));
  expect(&error, CR_ERROR_GATE_GUIDELINES);
  g_autoptr(CrGuidelines) template = cr_reading_guidelines(f.p, 0, &error);
  g_assert_no_error(error);
  g_assert_nonnull(cr_guidelines_find_label(template, "STRENGTH"));
  g_assert_cmpint(cr_reading_publish(f.p, NULL, &error), ==, 1); /* the template, accepted by publishing it */
  g_assert_cmpint(publish(&f, "Second"), ==, 2);
  g_autoptr(CrGuidelines) first = cr_reading_guidelines(f.p, 1, &error),
                          newest = cr_reading_guidelines(f.p, -1, &error);
  g_assert_nonnull(cr_guidelines_find_label(first, "STRENGTH"));
  g_assert_cmpstr(cr_guidelines_title(newest), ==, "Second");
  g_assert_null(cr_reading_guidelines(f.p, 3, &error));
  expect(&error, CR_ERROR_NOT_FOUND);
  g_autoptr(json_t) list = cr_reading_guidelines_list(f.p, &error);
  g_assert_cmpuint(json_array_size(list), ==, 2);
  act_as(&f, "anna");
  guint64 before = events(&f);
  g_assert_cmpint(cr_reading_publish(f.p, first, &error), ==, -1);
  expect(&error, CR_ERROR_NOT_PERMITTED);
  g_assert_cmpuint(events(&f), ==, before);
}

static void
refuse_assign(Fixture *f, const char *batch, const char *const *readers, double overlap, gint64 n, int code)
{
  g_autoptr(GError) error = NULL;
  CrAssignOptions options = {.batch = batch, .readers = readers, .overlap = overlap, .n_notes = n, .seed = 5};
  guint64 before = events(f);
  g_assert_null(cr_reading_assign(f->p, &options, &error));
  expect(&error, code);
  g_assert_cmpuint(events(f), ==, before);
}

static void
test_assign_refused(void)
{
  g_auto(Fixture) f = {0};
  fixture_init(&f, 6);
  fixture_members(&f);
  refuse_assign(&f, "pilot", anna_ben, 0.2, 0, CR_ERROR_GATE_GUIDELINES);
  publish(&f, "One");
  set_meta(&f, "pilot.size", "4");
  refuse_assign(&f, "../x", anna_ben, 0.2, 0, CR_ERROR_USAGE);
  refuse_assign(&f, "", anna_ben, 0.2, 0, CR_ERROR_USAGE);
  refuse_assign(&f, "pilot", (const char *const[]){NULL}, 0.2, 0, CR_ERROR_USAGE);
  refuse_assign(&f, "pilot", (const char *const[]){"nobody", NULL}, 0, 0, CR_ERROR_NO_SUCH_MEMBER);
  refuse_assign(&f, "pilot", (const char *const[]){"sen", NULL}, 0, 0, CR_ERROR_NOT_PERMITTED);
  refuse_assign(&f, "pilot", (const char *const[]){"anna", "anna", NULL}, 0, 0, CR_ERROR_USAGE);
  refuse_assign(&f, "pilot", anna_only, 0.2, 0, CR_ERROR_USAGE);
  refuse_assign(&f, "pilot", anna_ben, 1.5, 0, CR_ERROR_USAGE);
  refuse_assign(&f, "pilot", anna_ben, 0.2, 5, CR_ERROR_GATE_PILOT); /* more than the pilot holds */
  assign(&f, "pilot", anna_ben, 0.5, 0);
  refuse_assign(&f, "pilot", anna_ben, 0.2, 0, CR_ERROR_EXISTS);
  refuse_assign(&f, "two", anna_ben, 0.2, 0, CR_ERROR_GATE_PILOT);
  act_as(&f, "anna");
  refuse_assign(&f, "two", anna_ben, 0.2, 0, CR_ERROR_NOT_PERMITTED);
}

static void
test_assign_again_with_the_same_seed(void)
{
  g_autofree char *drawn[2] = {NULL, NULL};
  for (guint round = 0; round < 2; round++) {
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;
    fixture_init(&f, 9);
    fixture_members(&f);
    publish(&f, "One");
    assign(&f, "pilot", anna_ben, 1.0 / 3, 5);
    g_autoptr(json_t) tasks = cr_reading_tasks(f.p, TRUE, &error);
    g_assert_cmpuint(json_array_size(tasks), ==, 7); /* 5 notes, 2 of them twice */
    json_t *task;
    gsize i;
    g_autoptr(GString) s = g_string_new(NULL);
    json_array_foreach(tasks, i, task) g_string_append_printf(
        s, "%s:%s ", json_string_value(json_object_get(task, "note")),
        g_str_equal(json_string_value(json_object_get(task, "reader")), code(&f, "anna")) ? "anna" : "ben");
    drawn[round] = g_strdup(s->str);
  }
  /* The order of a note's two tasks is that of the codes, which are the same here: the world is repeatable.
   */
  g_assert_cmpstr(drawn[0], ==, drawn[1]);
  g_free(drawn[1]);
  drawn[1] = NULL;
}

/* ---- label files ---- */

/* The widely copied example: every offset is wrong. */
static json_t *
wild_line(const char *id)
{
  return json_of("{\"id\":\"%s\",\"entities\":["
                 "{\"start\":21,\"end\":31,\"label\":\"DRUG\",\"text\":\"lisinopril\"},"
                 "{\"start\":32,\"end\":36,\"label\":\"DOSE\",\"text\":\"10mg\"},"
                 "{\"start\":37,\"end\":42,\"label\":\"FREQUENCY\",\"text\":\"daily\"},"
                 "{\"start\":47,\"end\":59,\"label\":\"CONDITION\",\"text\":\"hypertension\"}]}",
                 id);
}

typedef struct {
  guint n_repaired, n_read;
} EventCount;

static gboolean
count_events_cb(const CrEventView *event, gpointer user_data)
{
  EventCount *n = user_data;
  n->n_repaired += g_strcmp0(event->action, "finding.repaired") == 0;
  n->n_read += g_strcmp0(event->action, "note.read") == 0;
  g_assert_null(strstr(event->new_value ? event->new_value : "", "lisinopril"));
  return TRUE;
}

static EventCount
count_events(Fixture *f)
{
  g_autoptr(GError) error = NULL;
  EventCount n = {0};
  g_autofree char *log = cr_project_file(f->path, CR_FILE_LOG);
  g_assert_true(cr_audit_walk(log, count_events_cb, &n, &error));
  return n;
}

static void
start_reading(Fixture *f, guint n_notes)
{
  fixture_init(f, n_notes);
  fixture_members(f);
  publish(f, "One");
  assign(f, "pilot", anna_ben, 1, 0);
  act_as(f, "anna");
}

static void
test_wrong_offsets(void)
{
  static const int places[][2] = {{23, 33}, {34, 38}, {39, 44}, {49, 61}};
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) problems = NULL;
  start_reading(&f, 1);
  g_autoptr(json_t) lines = json_pack("[o]", wild_line(note(&f, 0)));
  guint64 before = events(&f);
  g_assert_null(cr_reading_label(f.p, lines, 0, &problems, &error));
  g_assert_null(strstr(error->message, "lisinopril"));
  expect(&error, CR_ERROR_LABEL_TEXT);
  g_assert_cmpuint(events(&f), ==, before);
  g_assert_cmpuint(json_array_size(problems), ==, 4);
  for (guint i = 0; i < 4; i++) {
    json_t *nearest = json_object_get(json_array_get(problems, i), "nearest");
    g_assert_cmpint(json_integer_value(json_array_get(nearest, 0)), ==, places[i][0]);
    g_assert_cmpint(json_integer_value(json_array_get(nearest, 1)), ==, places[i][1]);
  }
  g_autoptr(json_t) report = cr_reading_label(f.p, lines, CR_LABEL_REPAIR, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(json_array_size(json_object_get(json_array_get(report, 0), "repaired")), ==, 4);
  g_autoptr(json_t) set = cr_reading_findings(f.p, note(&f, 0), NULL, &error);
  for (guint i = 0; i < 4; i++) {
    json_t *finding = json_array_get(json_object_get(set, "entities"), i);
    g_assert_cmpint(json_integer_value(json_object_get(finding, "start")), ==, places[i][0]);
    g_assert_cmpint(json_integer_value(json_object_get(finding, "end")), ==, places[i][1]);
    g_assert_cmpint(json_integer_value(json_object_get(finding, "guidelines")), ==, 1);
  }
  EventCount n = count_events(&f);
  g_assert_cmpuint(n.n_repaired, ==, 4);
  g_assert_cmpuint(n.n_read, ==, 1);
}

static void
refuse_line(Fixture *f, json_t *line /* taken */, int code)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) lines = json_pack("[o]", line);
  guint64 before = events(f);
  g_assert_null(cr_reading_label(f->p, lines, 0, NULL, &error));
  expect(&error, code);
  g_assert_cmpuint(events(f), ==, before);
}

static json_t *
one_entity(const char *id, const char *entity)
{
  return json_of("{\"id\":\"%s\",\"entities\":[%s]}", id, entity);
}

static void
test_bad_lines(void)
{
  static const struct {
    const char *entity;
    int code;
  } bad[] = {
      {"{\"start\":23,\"end\":33,\"label\":\"DRUGS\"}", CR_ERROR_LABEL_UNKNOWN},
      {"{\"start\":23,\"end\":33}", CR_ERROR_MISSING_FIELD},
      {"{\"start\":23,\"label\":\"DRUG\"}", CR_ERROR_MISSING_FIELD},
      {"{\"start\":2.5,\"end\":33,\"label\":\"DRUG\"}", CR_ERROR_MISSING_FIELD},
      {"{\"start\":-1,\"end\":3,\"label\":\"DRUG\"}", CR_ERROR_SPAN_OUTSIDE},
      {"{\"start\":50,\"end\":500,\"label\":\"DRUG\"}", CR_ERROR_SPAN_OUTSIDE},
      {"{\"start\":33,\"end\":23,\"label\":\"DRUG\"}", CR_ERROR_SPAN_ORDER},
      {"{\"start\":23,\"end\":23,\"label\":\"DRUG\"}", CR_ERROR_SPAN_ORDER},
      {"{\"start\":23,\"end\":33,\"label\":\"DRUG\",\"text\":\"Lisinopril\"}", CR_ERROR_LABEL_TEXT},
      {"{\"start\":23,\"end\":33,\"label\":\"DRUG\",\"attributes\":{\"status\":\"maybe\"}}",
       CR_ERROR_LABEL_VALUE},
      {"{\"id\":\"T1\",\"start\":23,\"end\":33,\"label\":\"DRUG\"},{\"id\":\"T1\",\"start\":34,\"end\":38,"
       "\"label\":\"DOSE\"}",
       CR_ERROR_DUPLICATE_ID},
      {"7", CR_ERROR_BAD_JSON},
  };
  g_auto(Fixture) f = {0};
  start_reading(&f, 2);
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
    refuse_line(&f, one_entity(note(&f, 0), bad[i].entity), bad[i].code);
  refuse_line(&f, json_of("{\"entities\":[]}"), CR_ERROR_MISSING_FIELD);
  refuse_line(&f, json_of("{\"id\":\"N-none\",\"entities\":[]}"), CR_ERROR_NOT_FOUND);
  refuse_line(&f, json_of("{\"id\":\"%s\",\"entities\":{}}", note(&f, 0)), CR_ERROR_BAD_JSON);
  refuse_line(&f, json_of("{\"id\":\"%s\",\"guidelines\":2}", note(&f, 0)), CR_ERROR_NOT_FOUND);
  refuse_line(&f, json_of("{\"id\":\"%s\",\"answers\":{\"group\":\"foot\"}}", note(&f, 0)),
              CR_ERROR_LABEL_VALUE);
  refuse_line(&f, json_of("{\"id\":\"%s\",\"answers\":{\"nothing\":\"heart\"}}", note(&f, 0)),
              CR_ERROR_LABEL_VALUE);
  refuse_line(
      &f,
      json_of("{\"id\":\"%s\",\"entities\":[],\"relations\":[{\"type\":\"detail_of\",\"from\":\"T1\",\"to\":"
              "\"T2\"}]}",
              note(&f, 0)),
      CR_ERROR_LABEL_RELATION);
}

/* One bad line keeps the whole file out. */
static void
test_file_is_all_or_none(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  start_reading(&f, 3);
  g_autoptr(json_t) lines = json_pack("[o, o, o]", label_line(note(&f, 0), 0), label_line(note(&f, 1), 0),
                                      one_entity(note(&f, 2), "{\"start\":1,\"end\":2,\"label\":\"NO\"}"));
  g_assert_null(cr_reading_label(f.p, lines, 0, NULL, &error));
  expect(&error, CR_ERROR_LABEL_UNKNOWN);
  for (guint i = 0; i < 3; i++) {
    g_autoptr(json_t) set = cr_reading_findings(f.p, note(&f, i), NULL, &error);
    g_assert_cmpuint(json_array_size(json_object_get(set, "entities")), ==, 0);
  }
  json_array_remove(lines, 2);
  json_array_append_new(lines, label_line(note(&f, 0), 1));
  g_assert_null(cr_reading_label(f.p, lines, 0, NULL, &error));
  expect(&error, CR_ERROR_DUPLICATE_ID); /* a note twice */
}

static json_t *
answer_line(const char *note, const char *answers)
{
  json_t *line = label_line(note, 0);
  json_object_set_new(line, "answers", json_loads(answers, JSON_DECODE_ANY, NULL));
  return line;
}

/* Answers are held to the guidelines' questions; the order of several choices means nothing. */
static void
test_answers_of_a_file(void)
{
  static const char *const refused[] = {"[]",
                                        "\"heart\"",
                                        "{\"group\":\"head\"}",
                                        "{\"group\":[\"heart\"]}",
                                        "{\"organs\":\"heart\"}",
                                        "{\"organs\":[\"heart\",\"heart\"]}",
                                        "{\"no-such\":\"heart\"}"};
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  start_reading(&f, 1);
  for (guint i = 0; i < G_N_ELEMENTS(refused); i++)
    refuse_line(&f, answer_line(note(&f, 0), refused[i]), CR_ERROR_LABEL_VALUE);
  json_t *bad_links = label_line(note(&f, 0), 0);
  json_object_set_new(bad_links, "relations", json_string("R1"));
  g_autoptr(json_t) one = json_pack("[o]", bad_links);
  g_assert_null(cr_reading_label(f.p, one, 0, NULL, &error));
  g_clear_error(&error);
  json_decref(
      label_lines(&f, json_pack("[o]", answer_line(note(&f, 0), "{\"organs\":[\"lung\",\"heart\"]}"))));
  g_autoptr(json_t) again =
      label_lines(&f, json_pack("[o]", answer_line(note(&f, 0), "{\"organs\":[\"heart\",\"lung\"]}")));
  g_assert_cmpint(json_integer_value(json_object_get(json_array_get(again, 0), "answers")), ==, 0);
}

static void
test_tasks_and_versions(void)
{
  g_auto(Fixture) f = {0};
  fixture_init(&f, 2);
  fixture_members(&f);
  publish(&f, "One");
  assign(&f, "pilot", anna_only, 0, 1);
  act_as(&f, "ben");
  refuse_line(&f, label_line(note(&f, 0), 0), CR_ERROR_NO_TASK);
  act_as(&f, "eng");
  refuse_line(&f, label_line(note(&f, 0), 0), CR_ERROR_NOT_PERMITTED);
  act_as(&f, "lead");
  publish(&f, "Two");
  act_as(&f, "anna");
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) tasks = cr_reading_tasks(f.p, FALSE, &error);
  g_assert_cmpuint(json_array_size(tasks), ==, 1);
  const char *mine = json_string_value(json_object_get(json_array_get(tasks, 0), "note"));
  json_t *old = label_line(mine, 0);
  json_object_set_new(old, "guidelines", json_integer(1));
  refuse_line(&f, old, CR_ERROR_LABEL_OLD_GUIDELINES);
  json_decref(label_lines(&f, json_pack("[o]", label_line(mine, 0))));
}

/* The file's findings replace the reader's earlier ones; the journal keeps both. */
static void
test_second_file_replaces(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  start_reading(&f, 1);
  json_decref(label_lines(&f, json_pack("[o]", label_line(note(&f, 0), 0))));
  assert_state(&f, 0, "assigned"); /* ben has not read it */
  g_autoptr(json_t) first = cr_reading_findings(f.p, note(&f, 0), NULL, &error);
  json_t *changed = label_line(note(&f, 0), 1);
  json_t *drug = json_array_get(json_object_get(changed, "entities"), 0);
  json_object_set_new(drug, "attributes", json_pack("{s:s}", "status", "stopped"));
  json_t *dose = json_array_get(json_object_get(changed, "entities"), 1);
  json_object_set_new(dose, "end", json_integer(36));
  json_object_del(dose, "text");
  json_object_set_new(changed, "done", json_false());
  json_object_set_new(changed, "answers", json_pack("{s:s}", "group", "heart"));
  g_autoptr(json_t) report = label_lines(&f, json_pack("[o]", changed));
  json_t *row = json_array_get(report, 0);
  g_assert_cmpint(json_integer_value(json_object_get(row, "moved")), ==, 1);
  g_assert_cmpint(json_integer_value(json_object_get(row, "changed")), ==, 1);
  g_assert_cmpint(json_integer_value(json_object_get(row, "removed")), ==, 1);
  g_assert_cmpint(json_integer_value(json_object_get(row, "added")), ==, 0);
  g_assert_cmpint(json_integer_value(json_object_get(row, "answers")), ==, 1);
  g_autoptr(json_t) set = cr_reading_findings(f.p, note(&f, 0), NULL, &error);
  json_t *kept = json_array_get(json_object_get(set, "entities"), 0);
  g_assert_true(json_equal(json_object_get(kept, "id"),
                           json_object_get(json_array_get(json_object_get(first, "entities"), 0), "id")));
  g_assert_cmpstr(json_string_value(json_object_get(json_object_get(kept, "attributes"), "status")), ==,
                  "stopped");
  g_assert_cmpuint(json_array_size(json_object_get(set, "relations")), ==, 1);
  g_autoptr(CrJournal) journal = cr_journal_load(f.p, note(&f, 0), code(&f, "anna"), &error);
  g_assert_cmpuint(journal->ops->len, ==,
                   6 + 5); /* 4 adds, a link, done; remove, move, attribute, answer, reopen */
}

/* What the program gives out it takes back, and finds nothing changed. */
static void
test_round_trip(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  start_reading(&f, 1);
  json_decref(label_lines(&f, json_pack("[o]", label_line(note(&f, 0), 0))));
  g_autoptr(json_t) before = cr_reading_findings(f.p, note(&f, 0), NULL, &error);
  json_t *line = cr_reading_open_note(f.p, note(&f, 0), &error);
  g_assert_no_error(error);
  g_autoptr(json_t) report = label_lines(&f, json_pack("[o]", line));
  static const char *const counts[] = {"added",   "moved", "relabelled", "changed",
                                       "removed", "links", "answers"};
  for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
    g_assert_cmpint(json_integer_value(json_object_get(json_array_get(report, 0), counts[i])), ==, 0);
  g_autoptr(json_t) after = cr_reading_findings(f.p, note(&f, 0), NULL, &error);
  g_assert_true(json_equal(before, after));
}

/* ---- blindness ---- */

static void
test_blind(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  start_reading(&f, 1);
  json_decref(label_lines(&f, json_pack("[o]", label_line(note(&f, 0), 0))));
  static const char *const who[] = {"ben", "anna", "sen", "eng", "lead"};
  for (guint i = 0; i < G_N_ELEMENTS(who); i++) {
    act_as(&f, who[i]);
    g_autoptr(json_t) set = cr_reading_findings(f.p, note(&f, 0), code(&f, "anna"), &error);
    if (i == 0)
      expect(&error, CR_ERROR_NOT_PERMITTED);
    g_assert_no_error(error);
    g_assert_true((set != NULL) == (i > 0));
  }
  act_as(&f, "ben");
  g_assert_null(cr_reading_final(f.p, note(&f, 0), &error));
  expect(&error, CR_ERROR_NOT_PERMITTED);
  g_assert_null(cr_reading_tasks(f.p, TRUE, &error));
  expect(&error, CR_ERROR_NOT_PERMITTED);
}

/* A box that is moved to another place in the journal does not open. */
static void
test_journal_is_bound(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  start_reading(&f, 2);
  json_decref(label_lines(&f, json_pack("[o]", label_line(note(&f, 0), 0))));
  gboolean ok = cr_db_begin(f.p->work, &error) &&
                cr_db_exec(f.p->work, &error, "UPDATE finding_op SET note=? WHERE note=?", "ss", note(&f, 1),
                           note(&f, 0)) &&
                cr_db_commit(f.p->work, &error);
  g_assert_true(ok);
  g_assert_null(cr_journal_load(f.p, note(&f, 1), code(&f, "anna"), &error));
  expect(&error, CR_ERROR_SEAL_BROKEN);
}

/* ---- one operation at a time ---- */

static char *
do_op(Fixture *f, const char *json, char **finding)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) op = json_of("%s", json);
  char *id = NULL;
  g_assert_true(cr_reading_add_op(f->p, note(f, 0), op, "hand", &id, finding, &error));
  g_assert_no_error(error);
  return id;
}

static void
refuse_op(Fixture *f, const char *json, int code)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) op = json_of("%s", json);
  guint64 before = events(f);
  g_assert_false(cr_reading_add_op(f->p, note(f, 0), op, "hand", NULL, NULL, &error));
  expect(&error, code);
  g_assert_cmpuint(events(f), ==, before);
}

static gsize
n_findings(Fixture *f)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) set = cr_reading_findings(f->p, note(f, 0), NULL, &error);
  g_assert_no_error(error);
  return json_array_size(json_object_get(set, "entities"));
}

static void
test_operations(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  g_autofree char *finding = NULL, *first = NULL, *undo = NULL, *redo = NULL;
  start_reading(&f, 1);
  first = do_op(&f, "{\"op\":\"add\",\"start\":23,\"end\":33,\"label\":\"DRUG\"}", &finding);
  g_assert_cmpuint(n_findings(&f), ==, 1);
  g_autofree char *move = g_strdup_printf("{\"op\":\"move\",\"id\":\"%s\",\"start\":23,\"end\":38}", finding);
  g_free(do_op(&f, move, NULL));
  refuse_op(&f, "{\"op\":\"move\",\"id\":\"F-NONE\",\"start\":23,\"end\":38}", CR_ERROR_NOT_FOUND);
  refuse_op(&f, "{\"op\":\"add\",\"start\":23,\"end\":33,\"label\":\"NO\"}", CR_ERROR_LABEL_UNKNOWN);
  refuse_op(&f, "{\"op\":\"add\",\"start\":23,\"end\":3300,\"label\":\"DRUG\"}", CR_ERROR_SPAN_OUTSIDE);
  refuse_op(&f, "{\"op\":\"dance\"}", CR_ERROR_USAGE);
  refuse_op(&f, "{\"start\":1}", CR_ERROR_MISSING_FIELD);
  g_assert_cmpuint(n_findings(&f), ==, 1);
  /* Undo takes back the newest that stands: the move, then the add. */
  g_assert_true(cr_reading_undo(f.p, note(&f, 0), NULL, NULL, &error));
  g_autoptr(json_t) set = cr_reading_findings(f.p, note(&f, 0), NULL, &error);
  g_assert_cmpint(
      json_integer_value(json_object_get(json_array_get(json_object_get(set, "entities"), 0), "end")), ==,
      33);
  g_assert_true(cr_reading_undo(f.p, note(&f, 0), NULL, &undo, &error));
  g_assert_cmpuint(n_findings(&f), ==, 0);
  g_assert_false(cr_reading_undo(f.p, note(&f, 0), NULL, NULL, &error));
  expect(&error, CR_ERROR_NOT_FOUND);
  g_assert_false(cr_reading_undo(f.p, note(&f, 0), first, NULL, &error)); /* undone already */
  expect(&error, CR_ERROR_NOT_FOUND);
  /* Redo is undoing the undo; it survives closing. */
  g_assert_true(cr_reading_undo(f.p, note(&f, 0), undo, &redo, &error));
  g_assert_cmpuint(n_findings(&f), ==, 1);
  act_as(&f, "ben");
  act_as(&f, "anna");
  g_assert_cmpuint(n_findings(&f), ==, 1);
  g_assert_true(cr_reading_undo(f.p, note(&f, 0), redo, NULL, &error));
  g_assert_cmpuint(n_findings(&f), ==, 0);
}

static void
test_done(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  start_reading(&f, 1);
  g_free(do_op(&f, "{\"op\":\"add\",\"start\":23,\"end\":33,\"label\":\"DRUG\"}", NULL));
  g_assert_true(cr_reading_done(f.p, note(&f, 0), TRUE, &error));
  assert_state(&f, 0, "assigned");
  act_as(&f, "ben");
  g_assert_true(cr_reading_done(f.p, note(&f, 0), TRUE, &error));
  assert_state(&f, 0, "labelled");
  g_assert_true(cr_reading_done(f.p, note(&f, 0), FALSE, &error));
  assert_state(&f, 0, "assigned");
  g_autoptr(json_t) line = cr_reading_open_note(f.p, note(&f, 0), &error);
  g_assert_cmpstr(json_string_value(json_object_get(line, "text")), ==, NOTE_TEXT);
  g_assert_true(json_is_false(json_object_get(line, "done")));
}

/* ---- the fold and the difference, at random ---- */

/* Two findings of one label at one place differ in nothing that an order could hang on. */
static gboolean
is_new_place(GHashTable *places, const json_t *entity)
{
  g_autofree char *place = cr_finding_place(entity);
  return g_hash_table_add(places,
                          g_strconcat(place, json_string_value(json_object_get(entity, "label")), NULL));
}

static json_t *
random_set(GRand *rand)
{
  g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  static const char *const labels[] = {"DRUG", "DOSE", "CONDITION"};
  json_t *entities = json_array(), *relations = json_array();
  gint n = g_rand_int_range(rand, 0, 9);
  for (gint i = 0; i < n; i++) {
    gint start = g_rand_int_range(rand, 0, 20), end = start + g_rand_int_range(rand, 1, 6);
    g_autofree char *id = g_strdup_printf("T%d", i + 1);
    json_t *entity = json_pack("{s:s, s:i, s:i, s:s}", "id", id, "start", start, "end", end, "label",
                               labels[g_rand_int_range(rand, 0, 3)]);
    if (g_rand_boolean(rand))
      json_object_set_new(entity, "attributes",
                          json_pack("{s:s}", "status", g_rand_boolean(rand) ? "current" : "stopped"));
    if (g_rand_int_range(rand, 0, 4) == 0)
      json_object_set_new(entity, "fragments", json_pack("[[i,i],[i,i]]", start, end, end + 3, end + 5)),
          json_object_set_new(entity, "end", json_integer(end + 5));
    if (g_rand_int_range(rand, 0, 6) == 0)
      json_object_set_new(entity, "score", json_real(0.5));
    if (is_new_place(places, entity))
      json_array_append(entities, entity);
    json_decref(entity);
  }
  for (gint i = 0; n > 1 && i < n / 2; i++) {
    g_autofree char *from = g_strdup_printf("T%d", g_rand_int_range(rand, 1, n + 1)),
                    *to = g_strdup_printf("T%d", g_rand_int_range(rand, 1, n + 1));
    json_array_append_new(relations,
                          json_pack("{s:s, s:s, s:s}", "type", "detail_of", "from", from, "to", to));
  }
  json_t *set = json_pack("{s:o, s:o, s:{}}", "entities", entities, "relations", relations, "answers");
  if (g_rand_boolean(rand))
    json_object_set_new(json_object_get(set, "answers"), "group",
                        json_string(g_rand_boolean(rand) ? "heart" : "lung"));
  return set;
}

static json_t *
canonical_entities(json_t *set)
{
  json_t *list = json_array(), *entity;
  gsize i;
  json_array_foreach(json_object_get(set, "entities"), i, entity)
      json_array_append_new(list, cr_finding_canonical(entity, NULL));
  json_object_set_new(set, "entities", list);
  return set;
}

static void
append_op(CrJournal *journal, json_t *op)
{
  CrJournalOp *row = g_new0(CrJournalOp, 1);
  row->id = g_strdup_printf("O-%u", journal->ops->len);
  row->guidelines = 1;
  row->origin = g_strdup("file");
  row->op = json_incref(op);
  g_ptr_array_add(journal->ops, row);
}

static void
op_free_cb(gpointer data)
{
  CrJournalOp *op = data;
  g_free(op->id);
  g_free(op->origin);
  json_decref(op->op);
  g_free(op);
}

static char *
as_final(const CrText *text, const json_t *set)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) final = cr_set_final(text, set, &error);
  g_assert_no_error(error);
  return cr_reading_canonical(final);
}

/* Whatever stood before, after the operations of the difference stands what the file says. */
static void
test_diff_at_random(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrText) text = cr_text_new("a text of more than forty code points, so that all fits", -1, &error);
  CrEnv *env = cr_env_test_new(0, 1, 3, NULL);
  GRand *rand = g_rand_new_with_seed(20);
  for (guint round = 0; round < 300; round++) {
    CrJournal *journal = g_new0(CrJournal, 1);
    journal->ops = g_ptr_array_new_with_free_func(op_free_cb);
    for (guint file = 0; file < 4; file++) {
      g_autoptr(json_t) to = canonical_entities(random_set(rand)), from = cr_journal_fold(journal);
      g_autoptr(json_t) counts = json_object(), ops = cr_set_diff(env, from, to, counts);
      json_t *op;
      gsize i;
      json_array_foreach(ops, i, op) append_op(journal, op);
      g_autoptr(json_t) after = cr_journal_fold(journal);
      g_autofree char *got = as_final(text, after), *wanted = as_final(text, to);
      g_assert_cmpstr(got, ==, wanted);
      g_autoptr(json_t) none = cr_set_diff(env, after, to, counts);
      g_assert_cmpuint(json_array_size(none), ==, 0); /* and there is no more to do */
    }
    cr_journal_free(journal);
  }
  g_rand_free(rand);
  cr_env_test_free(env);
}

/* ---- leaks and questions ---- */

static void
test_leak(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  start_reading(&f, 2);
  json_decref(label_lines(&f, json_pack("[o]", label_line(note(&f, 0), 0))));
  g_assert_true(cr_reading_report_leak(f.p, note(&f, 0), "a name in line 1", &error));
  assert_state(&f, 0, "leak");
  g_autoptr(json_t) tasks = cr_reading_tasks(f.p, FALSE, &error);
  g_assert_cmpuint(json_array_size(tasks), ==, 1);
  g_assert_cmpstr(json_string_value(json_object_get(json_array_get(tasks, 0), "note")), ==, note(&f, 1));
  refuse_line(&f, label_line(note(&f, 0), 0), CR_ERROR_NO_TASK);
  g_autofree char *reason = cr_labels_leak_reason(f.p->work, note(&f, 0), &error);
  g_assert_cmpstr(reason, ==, "a name in line 1");
  g_assert_false(cr_reading_report_leak(f.p, note(&f, 0), "again", &error));
  expect(&error, CR_ERROR_WRONG_STATE);
}

static void
test_question(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  start_reading(&f, 1);
  g_assert_true(cr_reading_ask(f.p, note(&f, 0), "is a class a drug?", &error));
  act_as(&f, "ben");
  g_autoptr(json_t) others = cr_reading_questions(f.p, &error);
  g_assert_null(json_object_get(json_array_get(others, 0), "text"));
  act_as(&f, "lead");
  g_autoptr(json_t) asked = cr_reading_questions(f.p, &error);
  g_assert_cmpstr(json_string_value(json_object_get(json_array_get(asked, 0), "text")), ==,
                  "is a class a drug?");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/reading/shuffle-is-fixed", test_shuffle_is_fixed);
  g_test_add_func("/reading/draws", test_draws);
  g_test_add_func("/reading/guidelines", test_guidelines);
  g_test_add_func("/reading/assign-refused", test_assign_refused);
  g_test_add_func("/reading/assign-same-seed", test_assign_again_with_the_same_seed);
  g_test_add_func("/reading/wrong-offsets", test_wrong_offsets);
  g_test_add_func("/reading/bad-lines", test_bad_lines);
  g_test_add_func("/reading/all-or-none", test_file_is_all_or_none);
  g_test_add_func("/reading/label/answers", test_answers_of_a_file);
  g_test_add_func("/reading/tasks-and-versions", test_tasks_and_versions);
  g_test_add_func("/reading/second-file-replaces", test_second_file_replaces);
  g_test_add_func("/reading/round-trip", test_round_trip);
  g_test_add_func("/reading/blind", test_blind);
  g_test_add_func("/reading/journal-is-bound", test_journal_is_bound);
  g_test_add_func("/reading/operations", test_operations);
  g_test_add_func("/reading/done", test_done);
  g_test_add_func("/reading/diff-at-random", test_diff_at_random);
  g_test_add_func("/reading/leak", test_leak);
  g_test_add_func("/reading/question", test_question);
  return g_test_run();
}
