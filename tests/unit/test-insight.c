/* insight: what readers disagree about and what settling it gives back; what a new version of the guidelines
 * queues again. */
#include "reading-fixture.h"

static const char *const anna_ben[] = {"anna", "ben", NULL};

#define DRUG "{\"id\":\"a\",\"start\":23,\"end\":33,\"label\":\"DRUG\"}"
#define DRUG_LONG "{\"id\":\"a\",\"start\":23,\"end\":38,\"label\":\"DRUG\"}"
#define DRUG_TAIL "{\"id\":\"e\",\"start\":34,\"end\":38,\"label\":\"DRUG\"}"
#define STOPPED                                                                                              \
  "{\"id\":\"a\",\"start\":23,\"end\":33,\"label\":\"DRUG\",\"attributes\":{\"status\":\"stopped\"}}"
#define DOSE "{\"id\":\"b\",\"start\":34,\"end\":38,\"label\":\"DOSE\"}"
#define DOSE_AS_FREQUENCY "{\"id\":\"b\",\"start\":34,\"end\":38,\"label\":\"FREQUENCY\"}"
#define CONDITION "{\"id\":\"c\",\"start\":49,\"end\":61,\"label\":\"CONDITION\"}"
#define ALLERGY "{\"id\":\"d\",\"start\":23,\"end\":33,\"label\":\"ALLERGY\"}"
#define LINKED ",\"relations\":[{\"type\":\"detail_of\",\"from\":\"b\",\"to\":\"a\"}]"

static void
read_note(Fixture *f, const char *member, guint i, const char *entities, const char *rest)
{
  act_as(f, member);
  json_decref(label_lines(f, json_of("[{\"id\":\"%s\",\"entities\":[%s]%s}]", note(f, i), entities, rest)));
}

static void
begin(Fixture *f, guint n_notes)
{
  fixture_init(f, n_notes);
  fixture_members(f);
  set_meta(f, "agreement.metric", "span_f1_strict");
  publish(f, "One");
  assign(f, "pilot", anna_ben, 1, 0);
}

static json_t *
insight(Fixture *f, const char *member, guint n_questions)
{
  g_autoptr(GError) error = NULL;
  act_as(f, member);
  g_autoptr(json_t) list = cr_reading_insight(f->p, "pilot", n_questions, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(json_array_size(list), ==, 1);
  return json_incref(json_array_get(list, 0));
}

static const char *
word(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

static double
real(const json_t *object, const char *key)
{
  json_t *value = json_object_get(object, key);
  g_assert_true(json_is_real(value));
  return json_real_value(value);
}

#define assert_near(a, b) g_assert_cmpfloat_with_epsilon(a, b, 1e-9)

/* ---- kinds ---- */

static void
test_kinds(void)
{
  static const struct {
    const char *a, *rest_a, *b, *rest_b, *kind, *what, *question;
  } cases[] = {
      {DRUG, "", "", "", "missing", "DRUG", "Is “lisinopril” a DRUG, or is it not marked?"},
      {DRUG, "", DRUG_LONG, "", "bounds", "DRUG", "Does a DRUG take in “10mg” behind it?"},
      {DRUG_LONG, "", DRUG "," DRUG_TAIL, "", "split", "DRUG", "Is “lisinopril 10mg” one DRUG, or several?"},
      {DRUG "," DRUG_TAIL, "", DRUG_LONG, "", "split", "DRUG", "Is “lisinopril 10mg” one DRUG, or several?"},
      {DOSE, "", DOSE_AS_FREQUENCY, "", "type", "DOSE or FREQUENCY", "Which is “10mg”: DOSE or FREQUENCY?"},
      {DRUG, "", STOPPED, "", "attributes", "DRUG.status: current or stopped",
       "What holds for “lisinopril”, DRUG.status: current or stopped?"},
      {DRUG "," DOSE, LINKED, DRUG "," DOSE, "", "link", "detail_of",
       "Are these joined by detail_of: “10mg → lisinopril”?"},
      {DRUG, ",\"answers\":{\"group\":\"heart\"}", DRUG, ",\"answers\":{\"group\":\"lung\"}", "answer",
       "group", "What answers group: heart or lung?"},
      {ALLERGY, "", DRUG, "", "type", "ALLERGY or DRUG", "Which is “lisinopril”: ALLERGY or DRUG?"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Fixture) f = {0};
    begin(&f, 1);
    read_note(&f, "anna", 0, cases[i].a, cases[i].rest_a);
    read_note(&f, "ben", 0, cases[i].b, cases[i].rest_b);
    g_autoptr(json_t) batch = insight(&f, "sen", 0);
    json_t *clusters = json_object_get(batch, "clusters"), *c = json_array_get(clusters, 0);
    g_assert_cmpuint(json_array_size(clusters), ==, 1);
    g_assert_cmpstr(word(c, "kind"), ==, cases[i].kind);
    g_assert_cmpstr(word(c, "what"), ==, cases[i].what);
    g_assert_cmpstr(word(c, "question"), ==, cases[i].question);
    g_assert_true(json_is_true(json_object_get(c, "critical")) == (i == G_N_ELEMENTS(cases) - 1));
    assert_near(real(c, "settled"), 1); /* there is nothing else to disagree about */
  }
}

/* ---- ranking ---- */

/* Four notes; DRUG found by both in all, the problem by anna in all and by ben in one; in the first, anna's
 * dose is a frequency to ben. Strict F1 = 2*5/(8+5+2) = 2/3. The three missing problems settled: all have
 * them 2*8/18, none 2*5/12: .8333 at the least, 1/6 more. The dose settled: 2*6/15, 2/15 more. */
static void
disagree(Fixture *f)
{
  begin(f, 4);
  for (guint i = 0; i < 4; i++) {
    read_note(f, "anna", i, i ? DRUG "," CONDITION : DRUG "," CONDITION "," DOSE, "");
    read_note(f, "ben", i, i == 3 ? DRUG "," CONDITION : i ? DRUG : DRUG "," DOSE_AS_FREQUENCY, "");
  }
}

static void
test_ranking(void)
{
  g_auto(Fixture) f = {0};
  disagree(&f);
  g_autoptr(json_t) batch = insight(&f, "eng", 0);
  assert_near(real(json_object_get(batch, "now"), "span_f1_strict"), 2.0 / 3);
  json_t *clusters = json_object_get(batch, "clusters"), *first = json_array_get(clusters, 0),
         *second = json_array_get(clusters, 1), *kinds = json_object_get(batch, "by_kind");
  g_assert_cmpuint(json_array_size(clusters), ==, 2);
  g_assert_cmpstr(word(first, "kind"), ==, "missing");
  g_assert_cmpstr(word(first, "measure"), ==, "span_f1_strict");
  g_assert_cmpint(json_integer_value(json_object_get(first, "differences")), ==, 3);
  g_assert_cmpint(json_integer_value(json_object_get(first, "notes")), ==, 3);
  assert_near(real(first, "settled"), 10.0 / 12);
  assert_near(real(first, "gain"), 1.0 / 6);
  assert_near(real(first, "gain_span_f1_strict"), 1.0 / 6);
  g_assert_true(real(first, "gain_token_kappa") > 0 && real(first, "gain_token_kappa") < 1);
  assert_near(real(second, "settled"), 12.0 / 15);
  assert_near(real(second, "gain"), 2.0 / 15);
  g_assert_cmpuint(json_array_size(kinds), ==, 2);
  assert_near(real(json_array_get(kinds, 0), "gain"), 1.0 / 6);
}

/* 3 of 4 attributes are equal, 1 of 2 links (both have one, anna has another). */
static void
test_other_measures(void)
{
  g_auto(Fixture) f = {0};
  begin(&f, 4);
  for (guint i = 0; i < 4; i++) {
    read_note(&f, "anna", i, DRUG "," DOSE, i < 2 ? LINKED : "");
    read_note(&f, "ben", i, i ? DRUG "," DOSE : STOPPED "," DOSE, i < 1 ? LINKED : "");
  }
  g_autoptr(json_t) batch = insight(&f, "lead", 0);
  json_t *now = json_object_get(batch, "now"), *clusters = json_object_get(batch, "clusters");
  assert_near(real(now, "span_f1_strict"), 1);
  assert_near(real(now, "attributes"), 3.0 / 4);
  assert_near(real(now, "links"), 2.0 / 3);
  g_assert_true(json_is_null(json_object_get(now, "answers")));
  g_assert_cmpuint(json_array_size(clusters), ==, 2);
  g_assert_cmpstr(word(json_array_get(clusters, 0), "measure"), ==, "attributes");
  assert_near(real(json_array_get(clusters, 0), "gain"), 1.0 / 4);
  g_assert_cmpstr(word(json_array_get(clusters, 1), "measure"), ==, "links");
  assert_near(real(json_array_get(clusters, 1), "settled"), 1);
}

/* ---- questions ---- */

static void
test_questions(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  disagree(&f);
  g_autoptr(json_t) first = insight(&f, "sen", 1), more = insight(&f, "lead", 5),
                    again = insight(&f, "lead", 5);
  g_assert_cmpint(json_integer_value(json_object_get(first, "asked")), ==, 1);
  g_assert_cmpint(json_integer_value(json_object_get(more, "asked")), ==, 1); /* the first stands */
  g_assert_cmpint(json_integer_value(json_object_get(again, "asked")), ==, 0);
  g_autoptr(json_t) asked = cr_reading_questions(f.p, &error);
  g_assert_cmpuint(json_array_size(asked), ==, 2);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpstr(word(json_array_get(asked, i), "from"), ==, "insight");
    g_assert_nonnull(word(json_array_get(asked, i), "text"));
  }
  act_as(&f, "anna");
  g_autoptr(json_t) hidden = cr_reading_questions(f.p, &error);
  g_assert_null(word(json_array_get(hidden, 0), "text"));
  g_assert_null(cr_reading_insight(f.p, NULL, 1, &error));
  expect(&error, CR_ERROR_NOT_PERMITTED);
  act_as(&f, "lead");
  g_assert_null(cr_reading_insight(f.p, "none", 1, &error));
  expect(&error, CR_ERROR_NOT_FOUND);
}

/* ---- new guidelines ---- */

static json_t *
item_of(json_t *guidelines, const char *list, const char *name)
{
  json_t *item;
  gsize i;
  json_array_foreach(json_object_get(guidelines, list), i,
                     item) if (g_str_equal(word(item, "name"), name)) return item;
  g_assert_not_reached();
}

static json_t *
publish_json(Fixture *f, json_t *json, guint flags)
{
  g_autoptr(GError) error = NULL;
  act_as(f, "lead");
  g_autoptr(CrGuidelines) g = cr_guidelines_from_json(json, &error);
  g_assert_no_error(error);
  json_t *result = cr_reading_publish_report(f->p, g, flags, &error);
  g_assert_no_error(error);
  return result;
}

/* The guidelines with another definition of a label. */
static json_t *
redefined(const char *label, const char *definition)
{
  json_t *json = guidelines_json();
  json_object_set_new(item_of(json, "labels", label), "definition", json_string(definition));
  return json;
}

static gint64
count(const json_t *result, const char *key)
{
  json_t *value = json_object_get(result, key);
  return json_is_array(value) ? (gint64)json_array_size(value) : json_integer_value(value);
}

/* Three notes, the problem in the first alone, approved. */
static void
approved(Fixture *f)
{
  begin(f, 3);
  for (guint i = 0; i < 3; i++)
    for (guint r = 0; r < 2; r++)
      read_note(f, anna_ben[r], i, i ? DRUG : DRUG "," CONDITION, "");
  approve(f, "pilot");
}

static void
test_exact_notes(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  approved(&f);
  g_autoptr(json_t) json = redefined("CONDITION", "A problem."),
                    unused = redefined("ALLERGY", "Not tolerated.");
  g_autoptr(json_t) result = publish_json(&f, json, 0);
  g_assert_cmpint(count(result, "version"), ==, 2);
  g_assert_cmpint(count(result, "queued"), ==, 1);
  g_assert_cmpint(count(result, "kept"), ==, 2);
  json_t *affected = json_array_get(json_object_get(result, "affected"), 0),
         *row = json_array_get(json_object_get(result, "notes"), 0);
  g_assert_cmpstr(word(affected, "name"), ==, "CONDITION");
  g_assert_cmpstr(word(affected, "why"), ==, "changed");
  g_assert_cmpint(count(affected, "findings"), ==, 2); /* of two readers */
  g_assert_cmpint(count(affected, "notes"), ==, 1);
  g_assert_cmpstr(word(row, "note"), ==, note(&f, 0));
  g_assert_cmpstr(word(row, "was"), ==, "approved");
  assert_state(&f, 0, "assigned");
  assert_state(&f, 1, "approved");
  assert_state(&f, 2, "approved");
  /* The two readers have it again, under the new version, with what they found. */
  act_as(&f, "anna");
  g_autoptr(json_t) tasks = cr_reading_tasks(f.p, FALSE, &error);
  guint n_open = 0;
  json_t *task;
  gsize i;
  json_array_foreach(tasks, i, task) if (g_str_equal(word(task, "task"), "open"))
  {
    n_open++;
    g_assert_cmpstr(word(task, "note"), ==, note(&f, 0));
    g_assert_cmpint(count(task, "guidelines"), ==, 2);
  }
  g_assert_cmpuint(n_open, ==, 1);
  g_autoptr(json_t) found = cr_reading_findings(f.p, note(&f, 0), NULL, &error);
  g_assert_cmpint(count(found, "entities"), ==, 2);
  read_note(&f, "anna", 0, DRUG "," CONDITION, "");
  read_note(&f, "ben", 0, DRUG "," CONDITION, "");
  approve(&f, "pilot"); /* the others are approved still */
  for (guint k = 0; k < 3; k++)
    assert_state(&f, k, "approved");
  /* What no finding has touches nothing. */
  g_autoptr(json_t) nothing = publish_json(&f, unused, 0);
  g_assert_cmpint(count(nothing, "queued"), ==, 1); /* CONDITION is as it was before version 2 */
}

static void
test_nothing_touched(void)
{
  g_auto(Fixture) f = {0};
  approved(&f);
  g_autoptr(json_t) json = redefined("ALLERGY", "Not tolerated."), title = guidelines_json();
  g_autoptr(json_t) result = publish_json(&f, json, 0);
  g_assert_cmpint(count(result, "queued"), ==, 0);
  g_assert_cmpint(count(result, "kept"), ==, 3);
  g_assert_cmpint(count(json_array_get(json_object_get(result, "affected"), 0), "notes"), ==, 0);
  for (guint i = 0; i < 3; i++)
    assert_state(&f, i, "approved");
}

static void
test_removed_and_added(void)
{
  g_auto(Fixture) f = {0};
  approved(&f);
  g_autoptr(json_t) json = guidelines_json();
  json_t *labels = json_object_get(json, "labels");
  json_array_remove(labels, 3); /* CONDITION */
  g_autoptr(json_t) told = publish_json(&f, json, CR_PUBLISH_KEEP);
  g_assert_cmpint(count(told, "notes"), ==, 1);
  g_assert_cmpint(count(told, "queued"), ==, 0);
  g_assert_cmpstr(word(json_array_get(json_object_get(told, "affected"), 0), "why"), ==, "removed");
  assert_state(&f, 0, "approved");
  json_array_append_new(labels, json_of("{\"name\":\"SIGN\",\"title\":\"Sign\",\"definition\":\"Seen.\"}"));
  g_autoptr(json_t) result = publish_json(&f, json, 0);
  g_assert_cmpint(count(result, "queued"), ==, 3); /* nobody looked for signs in any of them */
  json_t *row = json_array_get(json_object_get(result, "affected"), 0);
  g_assert_cmpstr(word(row, "why"), ==, "added");
  g_assert_cmpint(count(row, "findings"), ==, 0);
  g_assert_cmpint(count(row, "notes"), ==, 3);
  for (guint i = 0; i < 3; i++)
    assert_state(&f, i, "assigned");
}

/* A new label asks for nothing of a note that nobody has read to its end: it is in the queue already. */
static void
test_unread_notes_stay(void)
{
  g_auto(Fixture) f = {0};
  begin(&f, 2);
  for (guint r = 0; r < 2; r++)
    read_note(&f, anna_ben[r], 0, DRUG, "");
  g_autoptr(json_t) json = guidelines_json();
  json_array_append_new(json_object_get(json, "labels"),
                        json_of("{\"name\":\"SIGN\",\"title\":\"Sign\",\"definition\":\"Seen.\"}"));
  g_autoptr(json_t) result = publish_json(&f, json, 0);
  g_assert_cmpint(count(result, "queued"), ==, 1);
  g_assert_cmpint(count(result, "kept"), ==, 1);
  g_assert_cmpstr(word(json_array_get(json_object_get(result, "notes"), 0), "note"), ==, note(&f, 0));
}

/* What a senior reviewer alone found counts as well, and a resolution of the old readings is void once they
 * are read again. */
static void
test_found_in_resolution(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  begin(&f, 2);
  for (guint i = 0; i < 2; i++) {
    read_note(&f, "anna", i, DRUG, "");
    read_note(&f, "ben", i, DRUG "," DOSE, "");
  }
  act_as(&f, "sen");
  g_autoptr(json_t) lines =
      json_of("[{\"note\":\"%s\",\"entities\":[" DRUG "," CONDITION "],\"reason\":\"overlooked\"},"
              "{\"note\":\"%s\",\"take\":\"anna\",\"reason\":\"no dose\"}]",
              note(&f, 0), note(&f, 1));
  g_autoptr(json_t) decided = cr_reading_resolve_decide(f.p, lines, &error);
  g_assert_no_error(error);
  g_autoptr(json_t) json = redefined("CONDITION", "A problem."), result = publish_json(&f, json, 0);
  g_assert_cmpint(count(result, "queued"), ==, 1);
  g_assert_cmpstr(word(json_array_get(json_object_get(result, "notes"), 0), "note"), ==, note(&f, 0));
  assert_state(&f, 0, "assigned");
  assert_state(&f, 1, "resolved");
  read_note(&f, "anna", 0, DRUG, "");
  read_note(&f, "ben", 0, DRUG "," DOSE, "");
  assert_state(&f, 0, "labelled");
  act_as(&f, "sen");
  g_assert_null(cr_reading_final(f.p, note(&f, 0), &error));
  expect(&error, CR_ERROR_WRONG_STATE);
}

/* A question and a label of one name are two things. */
static void
test_question_changed(void)
{
  g_auto(Fixture) f = {0};
  begin(&f, 2);
  for (guint r = 0; r < 2; r++) {
    read_note(&f, anna_ben[r], 0, DRUG, ",\"answers\":{\"group\":\"heart\"}");
    read_note(&f, anna_ben[r], 1, DRUG, "");
  }
  g_autoptr(json_t) json = guidelines_json();
  json_array_append_new(json_object_get(item_of(json, "questions", "group"), "choices"), json_string("skin"));
  g_autoptr(json_t) result = publish_json(&f, json, 0);
  g_assert_cmpint(count(result, "queued"), ==, 1);
  assert_state(&f, 0, "assigned");
  assert_state(&f, 1, "labelled");
  g_assert_cmpstr(word(json_array_get(json_object_get(result, "affected"), 0), "what"), ==, "question");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/insight/kinds", test_kinds);
  g_test_add_func("/insight/ranking", test_ranking);
  g_test_add_func("/insight/other-measures", test_other_measures);
  g_test_add_func("/insight/questions", test_questions);
  g_test_add_func("/requeue/exact-notes", test_exact_notes);
  g_test_add_func("/requeue/nothing-touched", test_nothing_touched);
  g_test_add_func("/requeue/removed-and-added", test_removed_and_added);
  g_test_add_func("/requeue/unread-notes-stay", test_unread_notes_stay);
  g_test_add_func("/requeue/found-in-resolution", test_found_in_resolution);
  g_test_add_func("/requeue/question-changed", test_question_changed);
  return g_test_run();
}
