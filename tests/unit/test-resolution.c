/* resolution: agreement, the pilot's gate, what a senior reviewer decides, the quality sample, approval. */
#include "reading-fixture.h"

static const char *const anna_ben[] = {"anna", "ben", NULL};
static const char *const anna_only[] = {"anna", NULL};

/* Both have read every note; ben leaves out the last `drop` findings. */
static void
read_by_two(Fixture *f, guint n_notes, guint drop)
{
  fixture_init(f, n_notes);
  fixture_members(f);
  publish(f, "One");
  assign(f, "pilot", anna_ben, 1, 0);
  label_queue(f, "anna", 0);
  label_queue(f, "ben", drop);
}

/* A reason for every line that has none. */
static void
give_reasons(json_t *lines)
{
  json_t *line;
  gsize i;
  json_array_foreach(lines, i,
                     line) if (!json_object_get(line, "reason") && !json_object_get(line, "confirm"))
      json_object_set_new(line, "reason", json_string("as the guidelines say"));
}

static json_t *
decide(Fixture *f, json_t *lines /* taken */)
{
  give_reasons(lines);
  g_autoptr(GError) error = NULL;
  json_t *report = cr_reading_resolve_decide(f->p, lines, &error);
  json_decref(lines);
  g_assert_no_error(error);
  return report;
}

static void
refuse_decision(Fixture *f, json_t *line /* taken */, int code)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) lines = json_pack("[o]", line);
  guint64 before = events(f);
  give_reasons(lines);
  g_assert_null(cr_reading_resolve_decide(f->p, lines, &error));
  expect(&error, code);
  g_assert_cmpuint(events(f), ==, before);
}

static gsize
n_final(Fixture *f, guint i)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) set = cr_reading_final(f->p, note(f, i), &error);
  g_assert_no_error(error);
  return json_array_size(json_object_get(set, "entities"));
}

static void
assert_gate(Fixture *f, int code)
{
  g_autoptr(GError) error = NULL;
  gboolean open = cr_gate_pilot(f->p, &error);
  g_assert_true(open == (code < 0));
  if (code >= 0)
    expect(&error, code);
}

/* ---- agreement ---- */

static void
test_agreement(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  read_by_two(&f, 4, 0);
  act_as(&f, "eng");
  g_autoptr(json_t) all = cr_reading_agree(f.p, NULL, -1, &error);
  g_assert_no_error(error);
  json_t *batch = json_array_get(all, 0);
  g_assert_cmpfloat(json_number_value(json_object_get(batch, "value")), ==, 1);
  g_assert_true(json_is_true(json_object_get(batch, "reached")));
  g_assert_cmpint(json_integer_value(json_object_get(batch, "notes")), ==, 4);
  /* Equal readings need nobody's decision. */
  for (guint i = 0; i < 4; i++)
    assert_state(&f, i, "resolved");
  act_as(&f, "anna");
  g_assert_null(cr_reading_agree(f.p, NULL, -1, &error));
  expect(&error, CR_ERROR_NOT_PERMITTED);
}

/* The same readings and seed give the same numbers. */
static void
test_agreement_repeats(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  read_by_two(&f, 5, 1);
  act_as(&f, "eng");
  g_autoptr(json_t) once = cr_reading_agree(f.p, "pilot", 9, &error),
                    again = cr_reading_agree(f.p, "pilot", 9, &error);
  g_assert_true(json_equal(once, again));
  double value = json_number_value(json_object_get(json_array_get(once, 0), "value"));
  g_assert_true(value > 0 && value < 1);
  json_t *strict = json_object_get(
      json_object_get(json_object_get(json_array_get(once, 0), "overall"), "span_f1"), "strict");
  g_assert_cmpfloat_with_epsilon(json_number_value(json_object_get(strict, "value")), 2.0 * 3 / 7, 1e-9);
  g_assert_null(cr_reading_agree(f.p, "none", 9, &error));
  expect(&error, CR_ERROR_NOT_FOUND);
}

static void
test_nothing_to_compare(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  fixture_init(&f, 2);
  fixture_members(&f);
  publish(&f, "One");
  assign(&f, "pilot", anna_only, 0, 0);
  label_queue(&f, "anna", 0);
  act_as(&f, "eng");
  g_assert_null(cr_reading_agree(f.p, NULL, -1, &error));
  expect(&error, CR_ERROR_WRONG_STATE);
}

/* ---- the pilot's gate ---- */

static void
test_pilot_below_the_floor(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  read_by_two(&f, 3, 4); /* ben found nothing */
  assert_gate(&f, CR_ERROR_GATE_PILOT);
  act_as(&f, "sen");
  for (guint i = 0; i < 3; i++)
    json_decref(decide(&f, json_pack("[{s:s, s:s}]", "note", note(&f, i), "take", "anna")));
  approve(&f, "pilot");
  assert_gate(&f, CR_ERROR_GATE_PILOT); /* not measured */
  agree(&f, "eng");
  assert_gate(&f, CR_ERROR_GATE_PILOT); /* measured, below */
  act_as(&f, "lead");
  /* The same guidelines are no reason to read again. */
  CrAssignOptions again = {.batch = "pilot", .again = TRUE, .overlap = -1, .seed = -1};
  g_assert_null(cr_reading_assign(f.p, &again, &error));
  expect(&error, CR_ERROR_GATE_PILOT);
  publish(&f, "Clearer");
  g_autoptr(json_t) round = cr_reading_assign(f.p, &again, &error);
  g_assert_no_error(error);
  g_assert_cmpint(json_integer_value(json_object_get(round, "round")), ==, 2);
  for (guint i = 0; i < 3; i++)
    assert_state(&f, i, "assigned");
  label_queue(&f, "anna", 0);
  label_queue(&f, "ben", 0);
  agree(&f, "eng");
  assert_gate(&f, CR_ERROR_GATE_PILOT); /* agreed, but not approved */
  approve(&f, "pilot");
  assert_gate(&f, -1);
  /* The next batch may begin. */
  act_as(&f, "lead");
  add_note(&f, NOTE_TEXT, "P-9", "Letter");
  assign(&f, "two", anna_ben, 0, 0);
}

static void
test_pilot_overridden(void)
{
  static const char *const scopes[] = {NULL, "pilot", "two"};
  for (guint i = 0; i < G_N_ELEMENTS(scopes); i++) {
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;
    fixture_init(&f, 4);
    fixture_members(&f);
    publish(&f, "One");
    assign(&f, "pilot", anna_ben, 1, 2);
    CrAssignOptions options = {.batch = "two", .readers = anna_ben, .overlap = -1, .seed = -1};
    g_assert_null(cr_reading_assign(f.p, &options, &error));
    expect(&error, CR_ERROR_GATE_PILOT);
    g_assert_true(
        cr_project_override(f.p, "G3", scopes[i], "the readers are needed now", "sen", "sen", &error));
    assign(&f, "two", anna_ben, 0, 0);
    g_autoptr(json_t) gates = cr_reading_gates(f.p, &error);
    g_assert_cmpuint(json_array_size(gates), ==, 2);
  }
}

/* A reading that changes after the measurement makes the measurement old. */
static void
test_stale_agreement(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  read_by_two(&f, 2, 1);
  agree(&f, "eng");
  g_assert_true(cr_gate_agreement(f.p, "pilot", CR_ERROR_GATE_EXPORT, &error));
  g_assert_no_error(error);
  act_as(&f, "ben");
  json_decref(label_lines(&f, json_pack("[o]", label_line(note(&f, 0), 2))));
  g_assert_false(cr_gate_agreement(f.p, "pilot", CR_ERROR_GATE_EXPORT, &error));
  g_assert_nonnull(strstr(error->message, "changed"));
  expect(&error, CR_ERROR_GATE_EXPORT);
}

static void
test_one_person_alone(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  fixture_init(&f, 2);
  publish(&f, "One");
  assign(&f, "pilot", (const char *const[]){"lead", NULL}, 0, 0);
  label_queue(&f, "lead", 0);
  g_autoptr(json_t) list = cr_reading_quality_list(f.p, 1, &error);
  g_autoptr(json_t) lines = json_pack("[{s:s, s:s}, {s:s, s:s}]", "note", note(&f, 0), "decision", "ok",
                                      "note", note(&f, 1), "decision", "ok");
  g_autoptr(json_t) ok = cr_reading_quality_decide(f.p, lines, &error);
  g_autoptr(json_t) signed_batch = cr_reading_approve(f.p, "pilot", 0, &error);
  g_assert_no_error(error);
  assert_gate(&f, -1); /* nobody to agree with; the card says so */
  add_member(&f, "anna", "clinician");
  assert_gate(&f, CR_ERROR_GATE_PILOT); /* with a second member, somebody could have read twice */
}

/* ---- differences ---- */

static json_t *
side(Fixture *f, const char *entities, const char *rest)
{
  return json_of("{\"id\":\"%s\",\"entities\":[%s]%s}", note(f, 0), entities, rest);
}

#define DRUG "{\"id\":\"a\",\"start\":23,\"end\":33,\"label\":\"DRUG\"}"
#define DRUG_LONG "{\"id\":\"a\",\"start\":23,\"end\":38,\"label\":\"DRUG\"}"
#define DOSE "{\"id\":\"b\",\"start\":34,\"end\":38,\"label\":\"DOSE\"}"
#define DOSE_AS_FREQUENCY "{\"id\":\"b\",\"start\":34,\"end\":38,\"label\":\"FREQUENCY\"}"
#define STOPPED                                                                                              \
  "{\"id\":\"a\",\"start\":23,\"end\":33,\"label\":\"DRUG\",\"attributes\":{\"status\":\"stopped\"}}"
#define CONDITION "{\"id\":\"c\",\"start\":49,\"end\":61,\"label\":\"CONDITION\"}"
#define ALLERGY "{\"id\":\"d\",\"start\":23,\"end\":33,\"label\":\"ALLERGY\"}"
#define LINKED ",\"relations\":[{\"type\":\"detail_of\",\"from\":\"b\",\"to\":\"a\"}]"

static void
two_sides(Fixture *f, const char *a, const char *rest_a, const char *b, const char *rest_b)
{
  fixture_init(f, 1);
  fixture_members(f);
  publish(f, "One");
  assign(f, "pilot", anna_ben, 1, 0);
  act_as(f, "anna");
  json_decref(label_lines(f, json_pack("[o]", side(f, a, rest_a))));
  act_as(f, "ben");
  json_decref(label_lines(f, json_pack("[o]", side(f, b, rest_b))));
  act_as(f, "sen");
}

static char *
kinds_of(Fixture *f)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) shown = cr_reading_resolve_show(f->p, note(f, 0), &error);
  g_assert_no_error(error);
  g_autoptr(GString) kinds = g_string_new(NULL);
  json_t *row;
  gsize i;
  json_array_foreach(json_object_get(shown, "differences"), i, row)
      g_string_append_printf(kinds, "%s%s", i ? " " : "", json_string_value(json_object_get(row, "kind")));
  return g_strdup(kinds->str);
}

static void
test_difference_kinds(void)
{
  static const struct {
    const char *a, *rest_a, *b, *rest_b, *kinds;
  } cases[] = {
      {DRUG, "", DRUG, "", ""},
      {DRUG, "", "", "", "missing"},
      {DRUG, "", DRUG_LONG, "", "bounds"},
      {DOSE, "", DOSE_AS_FREQUENCY, "", "type"},
      {DRUG, "", STOPPED, "", "attributes"},
      {STOPPED, "", STOPPED, "", ""},
      {DRUG "," DOSE, LINKED, DRUG "," DOSE, "", "link"},
      {DRUG "," DOSE, LINKED, DRUG "," DOSE, LINKED, ""},
      {DRUG "," DOSE, LINKED, DRUG_LONG "," DOSE, LINKED, "bounds"}, /* the link follows the finding */
      {DRUG, ",\"answers\":{\"group\":\"heart\"}", DRUG, ",\"answers\":{\"group\":\"lung\"}", "answer"},
      {DRUG, ",\"answers\":{\"group\":\"heart\"}", DRUG, "", "answer"},
      {DRUG "," CONDITION, "", DOSE "," CONDITION, "", "missing missing"},
      {ALLERGY, "", DRUG, "", "type"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Fixture) f = {0};
    two_sides(&f, cases[i].a, cases[i].rest_a, cases[i].b, cases[i].rest_b);
    g_autofree char *kinds = kinds_of(&f);
    g_assert_cmpstr(kinds, ==, cases[i].kinds);
  }
}

/* ---- deciding ---- */

static void
test_take_one_by_one(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  /* 1 the drug's bounds, 2 the dose that ben misses, 3 the problem that anna misses, 4 anna's link */
  two_sides(&f, DRUG "," DOSE, LINKED, DRUG_LONG "," CONDITION, "");
  g_autofree char *kinds = kinds_of(&f);
  g_assert_cmpstr(kinds, ==, "bounds missing missing link");
  refuse_decision(&f, json_pack("{s:s, s:i, s:s}", "note", note(&f, 0), "difference", 5, "take", "both"),
                  CR_ERROR_BAD_DECISION);
  refuse_decision(&f, json_pack("{s:s, s:i, s:s}", "note", note(&f, 0), "difference", 1, "take", "eng"),
                  CR_ERROR_BAD_DECISION);
  refuse_decision(&f, json_pack("{s:s, s:i}", "note", note(&f, 0), "difference", 1), CR_ERROR_MISSING_FIELD);
  g_autoptr(json_t) part = decide(&f, json_pack("[{s:s, s:i, s:s, s:s}]", "note", note(&f, 0), "difference",
                                                1, "take", "ben", "reason", "the whole name"));
  g_assert_cmpstr(json_string_value(json_object_get(json_array_get(part, 0), "state")), ==, "part");
  g_assert_cmpint(json_integer_value(json_object_get(json_array_get(part, 0), "open")), ==, 3);
  assert_state(&f, 0, "labelled");
  g_assert_null(cr_reading_final(f.p, note(&f, 0), &error));
  expect(&error, CR_ERROR_WRONG_STATE);
  g_autoptr(json_t) rest =
      decide(&f, json_pack("[{s:s, s:i, s:s}, {s:s, s:i, s:s}, {s:s, s:i, s:s}]", "note", note(&f, 0),
                           "difference", 2, "take", "anna", "note", note(&f, 0), "difference", 3, "take",
                           "none", "note", note(&f, 0), "difference", 4, "take", "both"));
  g_assert_cmpstr(json_string_value(json_object_get(json_array_get(rest, 0), "state")), ==, "final");
  assert_state(&f, 0, "resolved");
  g_autoptr(json_t) set = cr_reading_final(f.p, note(&f, 0), &error);
  g_autofree char *text = cr_reading_canonical(set);
  g_assert_cmpstr(
      text, ==,
      "{\"answers\":{},\"entities\":[{\"attributes\":{\"status\":\"current\"},\"end\":38,\"id\":\"T1\","
      "\"label\":\"DRUG\",\"start\":23,\"text\":\"lisinopril 10mg\"},{\"end\":38,\"id\":\"T2\",\"label\":"
      "\"DOSE\",\"start\":34,\"text\":\"10mg\"}],\"relations\":[{\"from\":\"T2\",\"id\":\"R1\",\"to\":\"T1\","
      "\"type\":\"detail_of\"}]}");
}

static void
test_take_both_and_none(void)
{
  g_auto(Fixture) f = {0}, g = {0};
  g_autoptr(GError) error = NULL;
  two_sides(&f, DRUG, "", DRUG_LONG, "");
  json_decref(
      decide(&f, json_pack("[{s:s, s:i, s:s}]", "note", note(&f, 0), "difference", 1, "take", "both")));
  g_assert_cmpuint(n_final(&f, 0), ==, 2);
  /* A decision may be changed until the note is approved. */
  json_decref(
      decide(&f, json_pack("[{s:s, s:i, s:s}]", "note", note(&f, 0), "difference", 1, "take", "none")));
  g_assert_cmpuint(n_final(&f, 0), ==, 0);
  act_as(&f, "eng");
  refuse_decision(&f, json_pack("{s:s, s:s}", "note", note(&f, 0), "take", "anna"), CR_ERROR_NOT_PERMITTED);
  two_sides(&g, DRUG, "", STOPPED, "");
  refuse_decision(&g, json_pack("{s:s, s:i, s:s}", "note", note(&g, 0), "difference", 1, "take", "both"),
                  CR_ERROR_BAD_DECISION);
  json_decref(
      decide(&g, json_pack("[{s:s, s:i, s:s}]", "note", note(&g, 0), "difference", 1, "take", "ben")));
  g_autoptr(json_t) set = cr_reading_final(g.p, note(&g, 0), &error);
  json_t *finding = json_array_get(json_object_get(set, "entities"), 0);
  g_assert_cmpstr(json_string_value(json_object_get(json_object_get(finding, "attributes"), "status")), ==,
                  "stopped");
}

static void
test_own_reading(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  two_sides(&f, DRUG, "", "", "");
  refuse_decision(
      &f,
      json_of("{\"note\":\"%s\",\"entities\":[{\"start\":0,\"end\":7,\"label\":\"DRUG\",\"text\":\"x\"}]}",
              note(&f, 0)),
      CR_ERROR_LABEL_TEXT);
  refuse_decision(
      &f, json_of("{\"note\":\"%s\",\"entities\":[{\"start\":0,\"end\":7,\"label\":\"NO\"}]}", note(&f, 0)),
      CR_ERROR_LABEL_UNKNOWN);
  json_decref(
      decide(&f, json_of("[{\"note\":\"%s\",\"entities\":[" STOPPED "," CONDITION "]}]", note(&f, 0))));
  g_assert_cmpuint(n_final(&f, 0), ==, 2);
}

/* ---- critical labels ---- */

static const char *
state_of_report(json_t *report)
{
  return json_string_value(json_object_get(json_array_get(report, 0), "state"));
}

static void
test_critical_with_one_senior(void)
{
  g_auto(Fixture) f = {0};
  two_sides(&f, ALLERGY, "", "", "");
  /* The lead holds every role, so sen is not the only senior reviewer yet. */
  act_as(&f, "lead");
  g_autoptr(GError) error = NULL;
  g_assert_true(cr_project_member_roles(f.p, "lead", "lead,privacy,engineer", "gives reviewing up", &error));
  act_as(&f, "sen");
  g_autoptr(json_t) report = decide(&f, json_pack("[{s:s, s:s}]", "note", note(&f, 0), "take", "anna"));
  g_assert_cmpstr(state_of_report(report), ==, "final");
  g_assert_cmpstr(json_string_value(json_object_get(json_array_get(report, 0), "flags")), ==, "one-senior");
}

static void
test_critical_with_two(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  two_sides(&f, ALLERGY, "", "", "");
  g_autoptr(json_t) first = decide(&f, json_pack("[{s:s, s:s}]", "note", note(&f, 0), "take", "anna"));
  g_assert_cmpstr(state_of_report(first), ==, "second");
  assert_state(&f, 0, "labelled");
  refuse_decision(&f, json_pack("{s:s, s:b}", "note", note(&f, 0), "confirm", 1),
                  CR_ERROR_BAD_DECISION); /* own */
  agree(&f, "eng");
  assert_state(&f, 0, "labelled"); /* nothing passes it on meanwhile */
  act_as(&f, "lead");
  /* Another opinion is a dispute until both say the same. */
  g_autoptr(json_t) other = decide(&f, json_pack("[{s:s, s:s}]", "note", note(&f, 0), "take", "ben"));
  g_assert_cmpstr(state_of_report(other), ==, "second");
  assert_state(&f, 0, "labelled");
  g_autoptr(json_t) list = cr_reading_resolve_list(f.p, &error);
  g_assert_cmpuint(json_array_size(json_object_get(list, "open")), ==, 1);
  g_autoptr(json_t) anew = decide(
      &f, json_pack("[{s:s, s:s, s:s}]", "note", note(&f, 0), "take", "anna", "reason", "seen with sen"));
  g_assert_cmpstr(state_of_report(anew), ==, "final");
  assert_state(&f, 0, "resolved");
}

static void
test_critical_confirmed(void)
{
  g_auto(Fixture) f = {0};
  two_sides(&f, ALLERGY, "", "", "");
  json_decref(decide(&f, json_pack("[{s:s, s:s}]", "note", note(&f, 0), "take", "anna")));
  act_as(&f, "lead");
  g_autoptr(json_t) report = decide(&f, json_pack("[{s:s, s:b}]", "note", note(&f, 0), "confirm", 1));
  g_assert_cmpstr(state_of_report(report), ==, "final");
  g_assert_cmpuint(n_final(&f, 0), ==, 1);
}

/* One senior reviewer can't be the second as well, in whatever words; a removed critical finding asks for
 * two, an untouched one does not. */
static void
test_one_senior_tries_both(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  two_sides(&f, ALLERGY, "", "", "");
  for (guint i = 0; i < 3; i++) {
    g_autoptr(json_t) report = decide(&f, json_pack("[{s:s, s:s}]", "note", note(&f, 0), "take", "anna"));
    g_assert_cmpstr(state_of_report(report), ==, "second");
  }
  refuse_decision(&f, json_pack("{s:s, s:b}", "note", note(&f, 0), "confirm", 1), CR_ERROR_BAD_DECISION);
  g_autoptr(json_t) own = decide(&f, json_of("[{\"note\":\"%s\",\"entities\":[" ALLERGY "]}]", note(&f, 0)));
  g_assert_cmpstr(state_of_report(own), ==, "second");
  assert_state(&f, 0, "labelled");
  /* Whom the lead makes a senior reviewer can; whose role is taken away can't any more. */
  act_as(&f, "eng");
  refuse_decision(&f, json_pack("{s:s, s:b}", "note", note(&f, 0), "confirm", 1), CR_ERROR_NOT_PERMITTED);
  act_as(&f, "anna");
  refuse_decision(&f, json_pack("{s:s, s:b}", "note", note(&f, 0), "confirm", 1), CR_ERROR_NOT_PERMITTED);
  act_as(&f, "lead");
  add_member(&f, "sue", "senior");
  act_as(&f, "sue");
  g_autoptr(json_t) second = decide(&f, json_pack("[{s:s, s:b}]", "note", note(&f, 0), "confirm", 1));
  g_assert_cmpstr(state_of_report(second), ==, "final");
  assert_state(&f, 0, "resolved");
  g_autoptr(json_t) history = cr_reading_resolve_history(f.p, note(&f, 0), &error);
  g_assert_no_error(error);
  g_assert_cmpuint(json_array_size(history), ==, 5);
  json_t *last = json_array_get(history, 4);
  g_assert_cmpstr(json_string_value(json_object_get(json_object_get(last, "confirms"), "resolver")), ==,
                  code(&f, "sen"));
  g_assert_cmpstr(json_string_value(json_object_get(last, "resolver")), ==, code(&f, "sue"));
}

static void
test_critical_taken_out(void)
{
  static const struct {
    const char *a, *b, *own, *state;
  } cases[] = {{ALLERGY "," CONDITION, ALLERGY "," CONDITION, CONDITION, "second"},
               {ALLERGY "," CONDITION, ALLERGY, ALLERGY, "final"},
               {CONDITION, "", ALLERGY, "second"},
               {CONDITION, "", CONDITION, "final"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Fixture) f = {0};
    two_sides(&f, cases[i].a, "", cases[i].b, "");
    g_autoptr(json_t) report =
        decide(&f, json_of("[{\"note\":\"%s\",\"entities\":[%s]}]", note(&f, 0), cases[i].own));
    g_assert_cmpstr(state_of_report(report), ==, cases[i].state);
  }
}

/* No decision without a reason; the reasons are in the record, and the signature is over all of it. */
static void
test_reasons_are_signed(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  two_sides(&f, DRUG "," DOSE, "", DRUG_LONG, "");
  const char *bare[] = {
      "{\"note\":\"%s\",\"difference\":1,\"take\":\"anna\"}", "{\"note\":\"%s\",\"take\":\"anna\"}",
      "{\"note\":\"%s\",\"take\":\"anna\",\"reason\":\"  \"}", "{\"note\":\"%s\",\"entities\":[]}"};
  for (guint i = 0; i < G_N_ELEMENTS(bare); i++) {
    g_autoptr(GString) line = g_string_new(bare[i]);
    g_string_replace(line, "%s", note(&f, 0), 0);
    g_autoptr(json_t) lines = json_of("[%s]", line->str);
    g_assert_null(cr_reading_resolve_decide(f.p, lines, &error));
    expect(&error, CR_ERROR_BAD_DECISION);
  }
  json_decref(decide(&f, json_pack("[{s:s, s:i, s:s, s:s}]", "note", note(&f, 0), "difference", 1, "take",
                                   "anna", "reason", "the dose is a finding of its own")));
  json_decref(decide(&f, json_pack("[{s:s, s:i, s:s, s:s}]", "note", note(&f, 0), "difference", 2, "take",
                                   "anna", "reason", "rule 3")));
  act_as(&f, "eng");
  g_autoptr(json_t) history = cr_reading_resolve_history(f.p, note(&f, 0), &error);
  g_assert_cmpuint(json_array_size(history), ==, 2);
  for (guint i = 0; i < 2; i++) {
    json_t *row = json_array_get(history, i),
           *first = json_object_get(json_object_get(row, "decisions"), "1");
    g_assert_true(json_is_true(json_object_get(row, "signature_holds")));
    g_assert_cmpstr(json_string_value(json_object_get(first, "reason")), ==,
                    "the dose is a finding of its own");
  }
  act_as(&f, "ben");
  g_assert_null(cr_reading_resolve_history(f.p, note(&f, 0), &error));
  expect(&error, CR_ERROR_NOT_PERMITTED);
}

/* The flags stand on the dataset card: they are signed with the rest. */
static void
test_forged_flags(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  two_sides(&f, DRUG, "", "", "");
  json_decref(decide(&f, json_pack("[{s:s, s:s}]", "note", note(&f, 0), "take", "anna")));
  g_autofree char *inputs = cr_labels_inputs_hash(f.p->work, note(&f, 0), &error);
  g_autoptr(CrResolutionRow) row =
      cr_labels_load_resolution(f.p->work, note(&f, 0), inputs, "final", NULL, &error);
  CrResolutionRow forged = *row;
  forged.flags = "one-senior";
  g_assert_true(cr_tx_begin(f.p, &error) && cr_labels_put_resolution(f.p->work, &forged, &error));
  cr_tx_event(f.p, CR_ROLE_SENIOR, "setting.changed", "project", NULL, NULL, NULL);
  g_assert_true(cr_tx_commit(f.p, &error));
  g_assert_null(cr_reading_final(f.p, note(&f, 0), &error));
  expect(&error, CR_ERROR_SEAL_BROKEN);
}

/* A lead holds the senior reviewer's findings key and can seal a record anew, but can't sign it. */
static void
test_forged_record(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  two_sides(&f, DRUG, "", "", "");
  json_decref(decide(&f, json_pack("[{s:s, s:s}]", "note", note(&f, 0), "take", "anna")));
  g_assert_cmpuint(n_final(&f, 0), ==, 1);
  act_as(&f, "lead");
  g_autofree char *inputs = cr_labels_inputs_hash(f.p->work, note(&f, 0), &error);
  g_autoptr(CrResolutionRow) row =
      cr_labels_load_resolution(f.p->work, note(&f, 0), inputs, "final", NULL, &error);
  g_autoptr(json_t) content = cr_resolution_open(f.p, row, &error);
  json_object_set_new(content, "reason", json_string("another"));
  g_autoptr(GBytes) box = cr_resolution_seal(f.p, row, content, &error);
  g_assert_no_error(error);
  CrResolutionRow forged = *row;
  forged.box = box;
  g_assert_true(cr_tx_begin(f.p, &error) && cr_labels_put_resolution(f.p->work, &forged, &error));
  cr_tx_event(f.p, CR_ROLE_LEAD, "setting.changed", "project", NULL, NULL, NULL);
  g_assert_true(cr_tx_commit(f.p, &error));
  g_assert_null(cr_reading_final(f.p, note(&f, 0), &error));
  expect(&error, CR_ERROR_SEAL_BROKEN);
  g_autoptr(json_t) history = cr_reading_resolve_history(f.p, note(&f, 0), &error);
  g_assert_true(json_is_true(json_object_get(json_array_get(history, 0), "signature_holds")));
  g_assert_true(json_is_false(json_object_get(json_array_get(history, 1), "signature_holds")));
}

/* ---- quality ---- */

static void
test_quality_sample(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  read_by_two(&f, 12, 0);
  act_as(&f, "sen");
  g_autoptr(json_t) small = cr_reading_quality_list(f.p, 0.25, &error);
  g_autoptr(json_t) same = cr_reading_quality_list(f.p, 0, &error),
                    less = cr_reading_quality_list(f.p, 0.1, &error);
  json_t *sample = json_object_get(json_array_get(small, 0), "sample");
  g_assert_cmpuint(json_array_size(sample), ==, 3);
  g_assert_true(json_equal(small, same) && json_equal(small, less)); /* never shrinks */
  guint64 before = events(&f);
  g_autoptr(json_t) again = cr_reading_quality_list(f.p, 0, &error);
  g_assert_cmpuint(events(&f), ==, before); /* looking at a drawn sample changes nothing */
  g_autoptr(json_t) more = cr_reading_quality_list(f.p, 0.5, &error);
  json_t *larger = json_object_get(json_array_get(more, 0), "sample");
  g_assert_cmpuint(json_array_size(larger), ==, 6);
  json_t *row, *other;
  gsize i, k;
  json_array_foreach(sample, i, row)
  {
    gboolean there = FALSE;
    json_array_foreach(larger, k, other) there |=
        json_equal(json_object_get(row, "note"), json_object_get(other, "note"));
    g_assert_true(there);
  }
  g_assert_null(cr_reading_quality_list(f.p, 1.5, &error));
  expect(&error, CR_ERROR_USAGE);
  g_assert_null(cr_reading_approve(f.p, "pilot", 0, &error)); /* six are not looked at */
  expect(&error, CR_ERROR_WRONG_STATE);
}

static void
refuse_quality(Fixture *f, json_t *line /* taken */, int code)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) lines = json_pack("[o]", line);
  guint64 before = events(f);
  g_assert_null(cr_reading_quality_decide(f->p, lines, &error));
  expect(&error, code);
  g_assert_cmpuint(events(f), ==, before);
}

static void
quality(Fixture *f, guint i, const char *decision, const char *reason)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) lines =
      json_pack("[{s:s, s:s, s:s?}]", "note", note(f, i), "decision", decision, "reason", reason);
  g_autoptr(json_t) report = cr_reading_quality_decide(f->p, lines, &error);
  g_assert_no_error(error);
}

static void
test_flag(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  read_by_two(&f, 2, 0);
  act_as(&f, "sen");
  g_autoptr(json_t) list = cr_reading_quality_list(f.p, 1, &error);
  refuse_quality(&f, json_pack("{s:s, s:s}", "note", note(&f, 0), "decision", "flag"), CR_ERROR_BAD_DECISION);
  refuse_quality(&f, json_pack("{s:s, s:s}", "note", note(&f, 0), "decision", "good"), CR_ERROR_BAD_DECISION);
  quality(&f, 0, "flag", "a drug is missing");
  quality(&f, 1, "ok", NULL);
  assert_state(&f, 1, "reviewed");
  g_assert_null(cr_reading_approve(f.p, "pilot", 0, &error));
  expect(&error, CR_ERROR_WRONG_STATE);
  refuse_quality(&f, json_pack("{s:s, s:s}", "note", note(&f, 0), "decision", "ok"), CR_ERROR_BAD_DECISION);
  json_decref(decide(&f, json_of("[{\"note\":\"%s\",\"entities\":[" DRUG "]}]", note(&f, 0))));
  quality(&f, 0, "ok", NULL);
  g_autoptr(json_t) approved = cr_reading_approve(f.p, "pilot", 0, &error);
  g_assert_no_error(error);
  g_assert_nonnull(json_object_get(json_object_get(approved, "signature"), "signature"));
  assert_state(&f, 0, "approved");
  g_assert_null(cr_reading_approve(f.p, "pilot", 0, &error));
  expect(&error, CR_ERROR_WRONG_STATE);
  /* What is approved is settled. */
  refuse_decision(&f, json_pack("{s:s, s:s}", "note", note(&f, 0), "take", "anna"), CR_ERROR_WRONG_STATE);
  act_as(&f, "anna");
  g_autoptr(json_t) lines = json_pack("[o]", label_line(note(&f, 0), 0));
  g_assert_null(cr_reading_label(f.p, lines, 0, NULL, &error));
  expect(&error, CR_ERROR_WRONG_STATE);
}

static void
test_approve_too_early(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  read_by_two(&f, 2, 1);
  act_as(&f, "sen");
  g_assert_null(cr_reading_approve(f.p, "pilot", 0, &error));
  expect(&error, CR_ERROR_WRONG_STATE);
  g_assert_null(cr_reading_approve(f.p, "none", 0, &error));
  expect(&error, CR_ERROR_NOT_FOUND);
  act_as(&f, "eng");
  g_assert_null(cr_reading_approve(f.p, "pilot", 0, &error));
  expect(&error, CR_ERROR_NOT_PERMITTED);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/resolution/agreement", test_agreement);
  g_test_add_func("/resolution/agreement-repeats", test_agreement_repeats);
  g_test_add_func("/resolution/nothing-to-compare", test_nothing_to_compare);
  g_test_add_func("/resolution/pilot-below-the-floor", test_pilot_below_the_floor);
  g_test_add_func("/resolution/pilot-overridden", test_pilot_overridden);
  g_test_add_func("/resolution/stale-agreement", test_stale_agreement);
  g_test_add_func("/resolution/one-person-alone", test_one_person_alone);
  g_test_add_func("/resolution/difference-kinds", test_difference_kinds);
  g_test_add_func("/resolution/one-by-one", test_take_one_by_one);
  g_test_add_func("/resolution/both-and-none", test_take_both_and_none);
  g_test_add_func("/resolution/own-reading", test_own_reading);
  g_test_add_func("/resolution/critical-one-senior", test_critical_with_one_senior);
  g_test_add_func("/resolution/critical-two", test_critical_with_two);
  g_test_add_func("/resolution/critical-confirmed", test_critical_confirmed);
  g_test_add_func("/resolution/one-senior-tries-both", test_one_senior_tries_both);
  g_test_add_func("/resolution/critical-taken-out", test_critical_taken_out);
  g_test_add_func("/resolution/reasons-are-signed", test_reasons_are_signed);
  g_test_add_func("/resolution/forged-flags", test_forged_flags);
  g_test_add_func("/resolution/forged-record", test_forged_record);
  g_test_add_func("/resolution/quality-sample", test_quality_sample);
  g_test_add_func("/resolution/flag", test_flag);
  g_test_add_func("/resolution/approve-too-early", test_approve_too_early);
  return g_test_run();
}
