/* known identifiers: in and out of JSON, wrong types named and never quoted. */
#include <chartroom/known.h>
#include <string.h>

static CrKnown *
known_of(const char *json, GError **error)
{
  g_autoptr(json_t) object = json_loads(json, JSON_DECODE_ANY, NULL);
  g_assert_nonnull(object);
  return cr_known_from_json(object, error);
}

static void
test_known_round_trip(void)
{
  const char *json =
      "{\"names\":[{\"given\":\"Ann\",\"family\":\"Lee\"},{\"family\":\"Roe\",\"role\":\"staff\"},"
      "{\"role\":\"patient\"}],\"dates\":[\"1950-01-02\",\"\",\"1950-01-02\"],\"phones\":null,"
      "\"ids\":[{\"kind\":\"mrn\",\"value\":\"12\"},{\"value\":\"7\"},{\"kind\":\"x\"}],\"other\":3}";
  g_autoptr(GError) error = NULL;
  g_autoptr(CrKnown) known = known_of(json, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(known->names->len, ==, 2);
  g_autoptr(json_t) object = cr_known_to_json(known);
  g_autofree char *dumped = json_dumps(object, JSON_COMPACT);
  g_assert_cmpstr(dumped, ==,
                  "{\"names\":[{\"given\":\"Ann\",\"family\":\"Lee\",\"role\":\"patient\"},"
                  "{\"family\":\"Roe\",\"role\":\"staff\"}],\"dates\":[\"1950-01-02\"],"
                  "\"ids\":[{\"kind\":\"mrn\",\"value\":\"12\"},{\"kind\":\"id\",\"value\":\"7\"}]}");
  g_autoptr(CrKnown) other =
      known_of("{\"names\":[{\"given\":\"Ann\",\"family\":\"Lee\"},{\"given\":\"Bo\"}],"
               "\"emails\":[\"a@b\"],\"dates\":[\"1950-01-02\"]}",
               &error);
  cr_known_merge(other, known);
  cr_known_merge(other, known);
  g_assert_cmpuint(other->names->len, ==, 3);
  g_assert_cmpuint(other->dates->len, ==, 1);
  g_assert_cmpuint(other->ids->len, ==, 2);
  g_assert_false(cr_known_is_empty(other));
}

static void
test_known_wrong_types(void)
{
  static const char *const cases[][2] = {
      {"[]", "known:"},
      {"{\"names\":{}}", "known.names:"},
      {"{\"names\":[\"SECRET\"]}", "known.names[0]:"},
      {"{\"names\":[{},{\"given\":[\"SECRET\"]}]}", "known.names[1].given:"},
      {"{\"names\":[{\"role\":1}]}", "known.names[0].role:"},
      {"{\"dates\":\"SECRET\"}", "known.dates:"},
      {"{\"phones\":[\"SECRET\",5]}", "known.phones[1]:"},
      {"{\"emails\":[null]}", "known.emails[0]:"},
      {"{\"addresses\":7}", "known.addresses:"},
      {"{\"ids\":[{\"kind\":\"mrn\",\"value\":12}]}", "known.ids[0].value:"},
      {"{\"ids\":[[]]}", "known.ids[0]:"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(known_of(cases[i][0], &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_BAD_JSON);
    g_assert_true(g_str_has_prefix(error->message, cases[i][1]));
    g_assert_null(strstr(error->message, "SECRET"));
  }
}

static void
test_known_empty(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrKnown) known = known_of("{}", &error);
  g_assert_no_error(error);
  g_assert_true(cr_known_is_empty(known));
  CrKnown bare = {NULL};
  g_assert_true(cr_known_is_empty(&bare));
  cr_known_merge(known, &bare);
  g_autoptr(json_t) object = cr_known_to_json(&bare);
  g_assert_cmpuint(json_object_size(object), ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/known/round-trip", test_known_round_trip);
  g_test_add_func("/known/wrong-types", test_known_wrong_types);
  g_test_add_func("/known/empty", test_known_empty);
  return g_test_run();
}
