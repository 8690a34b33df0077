/* decisions: what a reviewer says of candidates, joined with the other's; nothing removed may come back by
 * accident. */
#include "workflow/capture.h"
#include "workflow/decisions.h"

#include <string.h>

static const char note[] = "Maria Lopez (MRN 4471) saw Dr. Parkinson on 3/14/2018 in Reno, NV.";

#define assert_code(error, code)                                                                             \
  do {                                                                                                       \
    g_assert_error((error), CR_ERROR, CR_ERROR_##code);                                                      \
    g_clear_error(&(error));                                                                                 \
  } while (0)

typedef struct {
  CrText *text;
  CrPolicy *policy;
} Fixture;

static void
set_up(Fixture *f, gconstpointer unused)
{
  g_autoptr(GError) error = NULL;
  f->text = cr_text_new(note, -1, &error);
  f->policy = cr_policy_load(NULL, "safe-harbor", &error);
  g_assert_no_error(error);
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
  cr_text_unref(f->text);
  cr_policy_free(f->policy);
}

static CrSpan
span_of(const char *words)
{
  const char *at = strstr(note, words);
  g_assert_nonnull(at);
  return (CrSpan){(gsize)(at - note), (gsize)(at - note) + strlen(words)};
}

/* Candidates C1.. as the detector would give them. */
static CrDecisions *
candidates(void)
{
  static const struct {
    const char *words;
    CrPhiKind kind;
  } found[] = {{"Maria Lopez", CR_PHI_PATIENT},
               {"4471", CR_PHI_MRN},
               {"Parkinson", CR_PHI_STAFF},
               {"3/14/2018", CR_PHI_DATE},
               {"NV", CR_PHI_STATE}};
  GArray *spans = g_array_new(FALSE, TRUE, sizeof(CrPhiSpan));
  g_array_set_clear_func(spans, (GDestroyNotify)cr_phi_span_clear);
  for (guint i = 0; i < G_N_ELEMENTS(found); i++) {
    CrPhiSpan s = {.span = span_of(found[i].words), .kind = found[i].kind, .score = .9};
    g_array_append_val(spans, s);
  }
  return cr_decisions_new(spans);
}

static gboolean
say(CrDecisions *d, const Fixture *f, const char *line, GError **error)
{
  CrVerdict rest = CR_UNDECIDED;
  g_autoptr(json_t) json = cr_json_parse(line, strlen(line), NULL);
  g_assert_nonnull(json);
  gboolean ok = cr_decisions_apply(d, f->text, json, &rest, error);
  if (ok)
    cr_decisions_finish(d, rest);
  return ok;
}

static void
said(CrDecisions *d, const Fixture *f, const char *line)
{
  g_autoptr(GError) error = NULL;
  say(d, f, line, &error);
  g_assert_no_error(error);
}

/* "PATIENT:Maria Lopez MRN:4471", what the join takes out. */
static char *
joined(const Fixture *f, CrDecisions **all, guint n, guint *n_disputes)
{
  g_autoptr(GArray) disputes = g_array_new(FALSE, FALSE, sizeof(guint));
  g_autoptr(GArray) spans = cr_decisions_join(all, n, f->policy, disputes);
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; i < spans->len; i++) {
    const CrPhiSpan *s = &g_array_index(spans, CrPhiSpan, i);
    g_autofree char *words = cr_span_dup_text(f->text, s->span);
    g_string_append_printf(out, "%s%s:%s", i ? " " : "", cr_phi_kind_name(s->kind), words);
  }
  if (n_disputes)
    *n_disputes = disputes->len;
  return g_strdup(out->str);
}

static void
assert_joined(const Fixture *f, CrDecisions *d, const char *expected)
{
  g_autofree char *got = joined(f, &d, 1, NULL);
  g_assert_cmpstr(got, ==, expected);
}

static void
test_lines(Fixture *f, gconstpointer unused)
{
  g_autoptr(CrDecisions) d = candidates();
  g_assert_cmpint(cr_decisions_n_undecided(d, f->policy), ==,
                  4); /* the state stays by policy, whatever is said */
  said(d, f, "{\"candidate\":\"C1\",\"decision\":\"remove\"}");
  said(d, f, "{\"start\":17,\"end\":21,\"text\":\"4471\",\"decision\":\"accept\",\"kind\":\"ACCOUNT\"}");
  said(d, f, "{\"candidate\":\"C3\",\"decision\":\"keep\"}");
  g_assert_cmpint(cr_decisions_n_undecided(d, f->policy), ==, 1);
  said(d, f, "{\"decision\":\"remove-rest\"}");
  g_assert_cmpint(cr_decisions_n_undecided(d, f->policy), ==, 0);
  assert_joined(f, d, "PATIENT:Maria Lopez ACCOUNT:4471 DATE:3/14/2018 STATE:NV");
  said(d, f,
       "{\"candidate\":\"C1\",\"start\":0,\"end\":5,\"decision\":\"move\"}"); /* a later line replaces */
  said(d, f, "{\"start\":57,\"end\":61,\"kind\":\"CITY\",\"text\":\"Reno\",\"decision\":\"add\"}");
  assert_joined(f, d, "PATIENT:Maria ACCOUNT:4471 DATE:3/14/2018 CITY:Reno STATE:NV");
}

static void
test_bad_lines(Fixture *f, gconstpointer unused)
{
  static const struct {
    const char *line;
    CrErrorCode code;
  } cases[] = {
      {"{\"candidate\":\"C1\",\"decision\":\"maybe\"}", CR_ERROR_BAD_DECISION},
      {"{\"candidate\":\"C6\",\"decision\":\"remove\"}", CR_ERROR_BAD_DECISION},
      {"{\"candidate\":\"C0\",\"decision\":\"remove\"}", CR_ERROR_BAD_DECISION},
      {"{\"start\":1,\"end\":3,\"decision\":\"remove\"}", CR_ERROR_BAD_DECISION},
      {"{\"start\":1,\"decision\":\"add\",\"kind\":\"CITY\"}", CR_ERROR_BAD_DECISION},
      {"{\"start\":57,\"end\":61,\"decision\":\"add\"}", CR_ERROR_BAD_DECISION},
      {"{\"start\":57,\"end\":61,\"decision\":\"add\",\"kind\":\"TOWN\"}", CR_ERROR_BAD_DECISION},
      {"{\"start\":-1,\"end\":4,\"decision\":\"add\",\"kind\":\"CITY\"}", CR_ERROR_BAD_DECISION},
      {"{\"start\":0,\"end\":11,\"text\":\"Maria Lopes\",\"decision\":\"remove\"}", CR_ERROR_BAD_DECISION},
      {"{\"start\":57,\"end\":6100,\"decision\":\"add\",\"kind\":\"CITY\"}", CR_ERROR_SPAN_OUTSIDE},
      {"{\"start\":5,\"end\":5,\"decision\":\"add\",\"kind\":\"CITY\"}", CR_ERROR_SPAN_ORDER}};
  g_autoptr(CrDecisions) d = candidates();
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_false(say(d, f, cases[i].line, &error));
    g_assert_error(error, CR_ERROR, (gint)cases[i].code);
    g_assert_null(strstr(error->message, "Maria"));
  }
  g_assert_cmpint(cr_decisions_n_undecided(d, f->policy), ==, 4);
}

/* An addition over two candidates stands for both. Taking it away must open both again: neither may count as
 * removed with nothing removing it. */
static void
test_addition_stands_for_candidates(Fixture *f, gconstpointer unused)
{
  g_autoptr(CrDecisions) d = candidates();
  said(d, f, "{\"start\":0,\"end\":21,\"kind\":\"PATIENT\",\"decision\":\"add\"}");
  g_assert_cmpint(cr_decisions_n_undecided(d, f->policy), ==, 2);
  assert_joined(f, d, "PATIENT:Maria Lopez (MRN 4471");
  said(d, f, "{\"candidate\":\"C1\",\"decision\":\"keep\"}");
  g_assert_cmpint(cr_decisions_n_undecided(d, f->policy), ==, 3); /* C2 is open again */
  said(d, f, "{\"start\":0,\"end\":21,\"kind\":\"PATIENT\",\"decision\":\"add\"}");
  said(d, f, "{\"start\":0,\"end\":21,\"decision\":\"keep\"}"); /* taken back at its own place */
  g_assert_cmpint(cr_decisions_n_undecided(d, f->policy), ==, 4);
  said(d, f, "{\"start\":0,\"end\":21,\"kind\":\"PATIENT\",\"decision\":\"add\"}");
  said(d, f,
       "{\"start\":0,\"end\":5,\"kind\":\"PATIENT\",\"decision\":\"add\"}"); /* a smaller one in its place */
  g_assert_cmpint(cr_decisions_n_undecided(d, f->policy), ==, 3);
}

static void
test_two_reviewers(Fixture *f, gconstpointer unused)
{
  CrDecisions *both[] = {candidates(), candidates()};
  guint disputes = 0, kept, only;
  said(both[0], f, "{\"decision\":\"remove-rest\"}");
  said(both[1], f, "{\"candidate\":\"C3\",\"decision\":\"keep\"}");
  said(both[1], f, "{\"start\":0,\"end\":5,\"kind\":\"PATIENT\",\"decision\":\"add\"}");
  said(both[1], f, "{\"start\":57,\"end\":61,\"kind\":\"CITY\",\"decision\":\"add\"}");
  said(both[1], f, "{\"decision\":\"remove-rest\"}");
  g_autofree char *first = joined(f, both, 2, &disputes);
  g_assert_cmpint(disputes, ==, 1);
  g_assert_cmpstr(
      first, ==,
      "PATIENT:Maria Lopez MRN:4471 STAFF:Parkinson DATE:3/14/2018 CITY:Reno STATE:NV"); /* the wider bounds,
                                                                                            and what one added
                                                                                          */
  said(both[0], f, "{\"candidate\":\"C3\",\"decision\":\"keep\"}");
  g_autofree char *settled = joined(f, both, 2, &disputes);
  g_assert_cmpint(disputes, ==, 0);
  g_assert_null(strstr(settled, "Parkinson"));
  cr_decisions_count(both, 2, &kept, &only);
  g_assert_cmpint(kept, ==, 1);
  g_assert_cmpint(only, ==, 1);
  cr_decisions_free(both[0]);
  cr_decisions_free(both[1]);
}

/* Where kinds differ, the stricter treatment wins: a town called a state by one reviewer does not stay. */
static void
test_stricter_kind_wins(Fixture *f, gconstpointer unused)
{
  CrDecisions *both[] = {candidates(), candidates()};
  said(both[0], f, "{\"candidate\":\"C5\",\"decision\":\"remove\",\"kind\":\"STATE\"}");
  said(both[1], f, "{\"candidate\":\"C5\",\"decision\":\"remove\",\"kind\":\"CITY\"}");
  g_autofree char *got = joined(f, both, 2, NULL);
  g_assert_cmpstr(got, ==, "CITY:NV");
  cr_decisions_free(both[0]);
  cr_decisions_free(both[1]);
}

static void
test_json_round_trip(Fixture *f, gconstpointer unused)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrDecisions) d = candidates(), again = candidates();
  said(d, f, "{\"candidate\":\"C1\",\"start\":0,\"end\":5,\"decision\":\"move\"}");
  said(d, f, "{\"start\":12,\"end\":21,\"kind\":\"MRN\",\"decision\":\"add\"}");
  said(d, f, "{\"candidate\":\"C4\",\"decision\":\"keep\"}");
  g_autoptr(json_t) json = cr_decisions_to_json(d), found = cr_candidates_to_json(d->candidates, "rules 1");
  g_assert_true(cr_decisions_restore(again, json, &error));
  g_autoptr(json_t) same = cr_decisions_to_json(again);
  g_assert_true(json_equal(json, same));
  g_autoptr(GArray) spans = cr_candidates_from_json(found);
  g_assert_cmpint(spans->len, ==, 5);
  json_array_remove(json_object_get(json, "decided"), 0);
  g_assert_false(cr_decisions_restore(again, json, &error));
  assert_code(error, DAMAGED);
}

/* "MRN:3 …": kind and who found it, of what the join takes out. */
static void
assert_found(const Fixture *f, CrDecisions **both, const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) spans = cr_decisions_join(both, 2, f->policy, NULL);
  g_autoptr(GString) out = g_string_new(NULL);
  CrCaptureKinds kinds = {0}, back = {0};
  g_assert_true(cr_capture_note(both[0], both[1], spans, f->policy, &kinds, &error));
  g_assert_no_error(error);
  for (guint k = 0; k < CR_PHI_N_KINDS; k++)
    for (guint i = 0; i < 8; i++)
      for (guint64 n = 0; n < kinds.kinds[k].cells[i]; n++)
        g_string_append_printf(out, "%s%s:%u", out->len ? " " : "", cr_phi_kind_name((CrPhiKind)k), i);
  g_assert_cmpstr(out->str, ==, expected);
  g_autoptr(json_t) json = cr_capture_to_json(&kinds);
  cr_capture_from_json(&back, json);
  g_assert_cmpmem(&back, sizeof back, &kinds, sizeof kinds);
}

/* Bits: 1 the detector, 2 the first, 4 the second. */
static void
test_who_found(Fixture *f, gconstpointer unused)
{
  CrDecisions *both[] = {candidates(), candidates()};
  said(both[0], f, "{\"decision\":\"remove-rest\"}");
  said(both[0], f, "{\"start\":57,\"end\":61,\"kind\":\"CITY\",\"decision\":\"add\"}");
  said(both[1], f, "{\"candidate\":\"C1\",\"start\":0,\"end\":5,\"decision\":\"move\"}"); /* other bounds */
  said(both[1], f, "{\"candidate\":\"C2\",\"decision\":\"keep\"}");
  said(both[1], f, "{\"decision\":\"remove-rest\"}");
  /* NV is of a kind that the policy keeps */
  assert_found(f, both, "PATIENT:7 STAFF:7 CITY:2 DATE:7 MRN:3");
  /* What the second says after having seen the first is not found by the second. */
  cr_decisions_keep_blind(both[1]);
  said(both[1], f, "{\"candidate\":\"C2\",\"decision\":\"remove\"}");
  said(both[1], f, "{\"start\":57,\"end\":61,\"kind\":\"CITY\",\"decision\":\"add\"}");
  said(both[1], f, "{\"start\":23,\"end\":26,\"kind\":\"USERNAME\",\"decision\":\"add\"}");
  cr_decisions_keep_blind(both[1]); /* the first time counts */
  assert_found(f, both, "PATIENT:7 STAFF:7 CITY:2 DATE:7 MRN:3 USERNAME:0");
  g_autoptr(json_t) json = cr_decisions_to_json(both[1]);
  g_autoptr(GError) error = NULL;
  CrDecisions *again = candidates();
  g_assert_true(cr_decisions_restore(again, json, &error));
  cr_decisions_free(both[1]);
  both[1] = again;
  assert_found(f, both, "PATIENT:7 STAFF:7 CITY:2 DATE:7 MRN:3 USERNAME:0");
  cr_decisions_free(both[0]);
  cr_decisions_free(both[1]);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add("/decisions/lines", Fixture, NULL, set_up, test_lines, tear_down);
  g_test_add("/decisions/bad-lines", Fixture, NULL, set_up, test_bad_lines, tear_down);
  g_test_add("/decisions/additions", Fixture, NULL, set_up, test_addition_stands_for_candidates, tear_down);
  g_test_add("/decisions/two-reviewers", Fixture, NULL, set_up, test_two_reviewers, tear_down);
  g_test_add("/decisions/stricter-kind", Fixture, NULL, set_up, test_stricter_kind_wins, tear_down);
  g_test_add("/decisions/json", Fixture, NULL, set_up, test_json_round_trip, tear_down);
  g_test_add("/decisions/who-found", Fixture, NULL, set_up, test_who_found, tear_down);
  return g_test_run();
}
