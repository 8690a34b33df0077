/* guidelines: files good and bad, canonical JSON, checks of labels, comparison of versions. */
#include <chartroom/guidelines.h>
#include <glib/gstdio.h>
#include <string.h>

static char *dir; /* a folder of our own */

static char *
write_file(const char *name, const char *text, gssize n_bytes)
{
  char *path = g_build_filename(dir, name, NULL);
  g_autoptr(GError) error = NULL;
  g_file_set_contents(path, text, n_bytes, &error);
  g_assert_no_error(error);
  return path;
}

static CrGuidelines *
load_text(const char *name, const char *text)
{
  g_autofree char *path = write_file(name, text, -1);
  g_autoptr(GError) error = NULL;
  CrGuidelines *g = cr_guidelines_load(path, &error);
  g_assert_no_error(error);
  return g;
}

/* The file is refused with BAD_GUIDELINES at that line (0: none named). */
static void
assert_bad(const char *name, const char *text, guint line)
{
  g_autofree char *path = write_file(name, text, -1);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrGuidelines) g = cr_guidelines_load(path, &error);
  g_assert_null(g);
  if (!g_error_matches(error, CR_ERROR, CR_ERROR_BAD_GUIDELINES))
    g_error("%s: %s", text, error->message);
  g_autofree char *prefix = line ? g_strdup_printf("%s:%u: ", path, line) : g_strdup_printf("%s: ", path);
  if (!g_str_has_prefix(error->message, prefix))
    g_error("%s is not at line %u: %s", text, line, error->message);
}

static const char *const small_yaml = "title: Small\n"
                                      "labels:\n"
                                      "  - name: DRUG\n"
                                      "    title: Medication\n"
                                      "    key: 1\n"
                                      "    attributes: [status]\n"
                                      "    definition: >\n"
                                      "      A medicine,\n"
                                      "      by name.\n"
                                      "  - {name: DOSE, critical: yes, colour: 3}\n"
                                      "attributes:\n"
                                      "  - {name: status, values: [yes, no, held], preset: no}\n"
                                      "relations:\n"
                                      "  - {name: of, from: DOSE, to: [DRUG]}\n"
                                      "questions:\n"
                                      "  - {name: type, choices: [clinic note, other], many: true}\n";

static void
test_yaml_reads(void)
{
  g_autoptr(CrGuidelines) g = load_text("small.yaml", small_yaml);
  g_assert_cmpstr(cr_guidelines_title(g), ==, "Small");
  g_assert_cmpstr(cr_guidelines_markdown(g), ==, "");
  const CrGuidelinesLabel *drug = cr_guidelines_find_label(g, "DRUG"),
                          *dose = cr_guidelines_find_label(g, "DOSE");
  g_assert_cmpstr(drug->title, ==, "Medication");
  g_assert_cmpstr(drug->key, ==, "1");
  g_assert_cmpstr(drug->definition, ==, "A medicine, by name.");
  g_assert_cmpstr(drug->attributes[0], ==, "status");
  g_assert_cmpuint(g_strv_length(drug->examples), ==, 0);
  g_assert_false(drug->critical);
  g_assert_cmpstr(dose->title, ==, "DOSE");
  g_assert_true(dose->critical);
  g_assert_cmpuint(dose->colour, ==, 3);
  g_assert_null(dose->chip);
  const CrGuidelinesAttribute *status = cr_guidelines_attributes(g)->pdata[0];
  g_assert_cmpstr(status->values[0], ==, "yes"); /* a word here, not a truth value */
  g_assert_cmpstr(status->preset, ==, "no");
  const CrGuidelinesRelation *of = cr_guidelines_relations(g)->pdata[0];
  g_assert_cmpstr(of->from[0], ==, "DOSE");
  const CrGuidelinesQuestion *type = cr_guidelines_questions(g)->pdata[0];
  g_assert_true(type->many);
  g_assert_cmpstr(type->choices[0], ==, "clinic note");
  g_assert_null(cr_guidelines_find_label(g, "drug"));
}

static void
test_json_equals_yaml(void)
{
  g_autoptr(CrGuidelines) yaml = load_text("small.yaml", small_yaml);
  g_autoptr(json_t) canonical = cr_guidelines_to_json(yaml);
  g_autofree char *text = cr_json_dump(canonical);
  g_autoptr(CrGuidelines) json = load_text("small.json", text);
  g_autoptr(json_t) again = cr_guidelines_to_json(json);
  g_autofree char *second = cr_json_dump(again);
  g_assert_cmpstr(second, ==, text);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrGuidelines) memory = cr_guidelines_from_json(canonical, &error);
  g_assert_no_error(error);
  g_autoptr(json_t) third = cr_guidelines_to_json(memory);
  g_assert_true(json_equal(third, canonical));
}

static void
test_canonical_sorts_sets(void)
{
  g_autoptr(CrGuidelines) a = load_text(
      "a.yaml", "title: T\nlabels:\n- {name: A, attributes: [y, x]}\n- {name: B}\nattributes:\n- {name: x, "
                "values: [1, 2]}\n- {name: y, values: [1]}\nrelations:\n- {name: r, from: [B, A], to: A}\n");
  g_autoptr(CrGuidelines) b = load_text(
      "b.yaml",
      "labels:\n- {attributes: [x, y], name: A}\n- {name: B, title: ''}\nattributes:\n- {name: x, "
      "values: [1, 2]}\n- {name: y, values: ['1']}\nrelations:\n- {name: r, from: [A, B], to: [A]}\n"
      "title: ' T '\n");
  g_autoptr(json_t) ja = cr_guidelines_to_json(a), jb = cr_guidelines_to_json(b);
  g_autofree char *ta = cr_json_dump(ja), *tb = cr_json_dump(jb);
  g_assert_cmpstr(ta, ==, tb);
}

static void
test_markdown_beside(void)
{
  g_autofree char *md = write_file("words.md", "\xEF\xBB\xBF# Words\n\tcafé\r\n", -1);
  g_autoptr(CrGuidelines) g = load_text("t.yaml", "title: T\ntext: words.md\nlabels: [{name: A}]\n");
  g_assert_cmpstr(cr_guidelines_markdown(g), ==, "# Words\n\tcafé\r\n");
  g_autoptr(CrGuidelines) inside =
      load_text("t.yaml", "title: T\ntext: |\n  # Here\n  see words.md\nlabels: [{name: A}]\n");
  g_assert_cmpstr(cr_guidelines_markdown(inside), ==, "# Here\nsee words.md\n");
  assert_bad("t.yaml", "title: T\ntext: ../words.md\nlabels: [{name: A}]\n", 2);
  assert_bad("t.yaml", "title: T\ntext: /etc/words.md\nlabels: [{name: A}]\n", 2);
  g_autofree char *path = write_file("t.yaml", "title: T\ntext: missing.md\nlabels: [{name: A}]\n", -1);
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_guidelines_load(path, &error));
  g_assert_nonnull(strstr(error->message, "missing.md"));
  g_clear_error(&error);
  g_autofree char *binary = write_file("binary.md", "a\xFFz", -1);
  g_autofree char *other = write_file("t.yaml", "title: T\ntext: binary.md\nlabels: [{name: A}]\n", -1);
  g_assert_null(cr_guidelines_load(other, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_INVALID_UTF8);
}

/* One row a way to go wrong: text, and the line that the message must name. */
static const struct {
  const char *text;
  guint line;
} bad_yaml[] = {
    {"", 0},
    {"# nothing\n", 2},
    {"just words\n", 1},
    {"- a\n- b\n", 1},
    {"title: T\n", 0},
    {"title: T\nlabels: []\n", 0},
    {"labels: [{name: A}]\n", 0},
    {"title: T\ntitle: U\nlabels: [{name: A}]\n", 2},
    {"title: T\nlabels:\n- name: A\n  name: B\n", 4},
    {"title: T\nlabels: {name: A}\n", 2},
    {"title: T\nlabels: [A]\n", 2},
    {"title: T\nlabels:\n- title: only\n", 3},
    {"title: T\nlabels:\n- name: 'two words'\n", 3},
    {"title: T\nlabels:\n- name: café\n", 3},
    {"title: T\nlabels:\n- name: A\n- name: B\n- name: a\n", 5},
    {"title: T\nlabels:\n- {name: A, key: x}\n- name: B\n  key: X\n", 5},
    {"title: T\nlabels:\n- {name: A, chip: ABC}\n- {name: B, chip: ABC}\n", 4},
    {"title: T\nlabels:\n- name: A\n  chip: TOOLONG\n", 4},
    {"title: T\nlabels:\n- name: A\n  chip: abc\n", 4},
    {"title: T\nlabels:\n- name: A\n  key: ctrl\n", 4},
    {"title: T\nlabels:\n- name: A\n  colour: 9\n", 4},
    {"title: T\nlabels:\n- name: A\n  colour: red\n", 4},
    {"title: T\nlabels:\n- name: A\n  critical: perhaps\n", 4},
    {"title: T\nlabels:\n- name: A\n  exmaples: [x]\n", 4},
    {"title: T\nlabels:\n- name: A\n  attributes: [gone]\n", 4},
    {"title: T\nlabels:\n- name: A\n  examples: [x, x]\n", 4},
    {"title: T\nlabels:\n- name: A\n  examples: [{a: b}]\n", 4},
    {"title: T\nlabels:\n- name: A\n  title: \"two\\nlines\"\n", 4},
    {"title: T\nlabels:\n- name: A\n  definition: \"\\e[31mred\"\n", 4},
    {"title: T\nlabels:\n- name: A\n  definition: \"a\\0b\"\n", 4},
    {"title: T\nlabels: [{name: A}]\nattributes:\n- name: x\n", 4},
    {"title: T\nlabels: [{name: A}]\nattributes:\n- name: x\n  values: [two words]\n", 5},
    {"title: T\nlabels: [{name: A}]\nattributes:\n- name: x\n  values: [a]\n  preset: b\n", 6},
    {"title: T\nlabels: [{name: A}]\nattributes:\n- name: x\n  values: [a, a]\n", 5},
    {"title: T\nlabels: [{name: A}]\nrelations:\n- name: r\n  from: A\n", 4},
    {"title: T\nlabels: [{name: A}]\nrelations:\n- name: r\n  from: A\n  to: B\n", 6},
    {"title: T\nlabels: [{name: A}]\nquestions:\n- name: q\n", 4},
    {"title: T\nlabels: &a [{name: A}]\n", 2},
    {"title: T\nlabels: [{name: A}]\nattributes: *a\n", 3},
    {"title: !!str T\nlabels: [{name: A}]\n", 1},
    {"title: T\nlabels: [{name: A}]\n---\ntitle: U\n", 3},
    {"title: T\nlabels: [{name: A}\n", 3},
    {"title: T\n\tlabels: x\n", 2},
    {"? [a, b]\n: c\n", 1},
    {"title: T\ntext: [a]\nlabels: [{name: A}]\n", 2},
};

static void
test_bad_yaml(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(bad_yaml); i++)
    assert_bad("bad.yaml", bad_yaml[i].text, bad_yaml[i].line);
}

static void
test_bad_json(void)
{
  assert_bad("bad.json", "{\n\"title\": \"T\",\n\"labels\": [\n{\"name\": \"A\"},\n{\"name\": 7}\n]}", 5);
  assert_bad("bad.json",
             "{\n\"title\": \"T }] \\\" [{\",\n\"labels\":\n[\n{\"name\": \"A\", \"colour\": 1.5}]}", 5);
  assert_bad("bad.json", "{\"title\": \"T\", \"labels\": [{\"name\": \"A\",\n \"critical\": 1}]}", 1);
  assert_bad("bad.json", "[]", 1);
  static const char *const not_json[] = {"{\"title\": \"T\",", "{\"title\": \"T\", \"title\": \"U\"}",
                                         "{\"title\": \"T\"} {}", " "};
  for (guint i = 0; i < G_N_ELEMENTS(not_json); i++) {
    g_autofree char *path = write_file("cut.json", not_json[i], -1);
    g_autoptr(GError) error = NULL;
    g_assert_null(cr_guidelines_load(path, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_BAD_JSON);
    g_assert_nonnull(strstr(error->message, path));
  }
  g_autoptr(CrGuidelines) good = load_text(
      "good.json",
      "\n{ \"labels\" : [ { \"n\\u0061me\" : \"A\" , \"critical\":true},\n{\"name\":\"B\",\"examples\":[]}] "
      ",\"title\":\"T\"}\n");
  g_assert_true(cr_guidelines_find_label(good, "A")->critical);
}

static void
test_bombs(void)
{
  g_autoptr(GString) deep = g_string_new("title: T\nlabels: ");
  for (guint i = 0; i < 500; i++)
    g_string_append_c(deep, '[');
  assert_bad("deep.yaml", deep->str, 2);
  g_autoptr(GString) wide = g_string_new("title: T\nlabels: [");
  for (guint i = 0; i < 250000; i++)
    g_string_append(wide, "a,");
  g_string_append(wide, "a]\n");
  assert_bad("wide.yaml", wide->str, 2);
  g_autofree char *huge = g_strnfill(5 * 1024 * 1024, '#');
  g_autofree char *path = write_file("huge.yaml", huge, -1);
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_guidelines_load(path, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_LIMIT);
  assert_bad("name.txt", "title: T\n", 0);
}

/* Every cut of a good file either reads or is refused with a named error. */
static void
test_truncations(void)
{
  for (gsize n = 0; n < strlen(small_yaml); n++) {
    g_autofree char *path = write_file("cut.yaml", small_yaml, (gssize)n);
    g_autoptr(GError) error = NULL;
    g_autoptr(CrGuidelines) g = cr_guidelines_load(path, &error);
    g_assert_true((g != NULL) != (error != NULL));
    if (error)
      g_assert_error(error, CR_ERROR, CR_ERROR_BAD_GUIDELINES);
  }
}

/* Bytes changed, dropped, doubled at random: the file reads, or is refused with a name; nothing else. */
static void
test_mutations(void)
{
  const char *source = g_getenv("CR_SOURCE");
  g_autofree char *path =
      g_build_filename(source ? source : ".", "data", "guidelines", "problems.yaml", NULL);
  g_autofree char *good = NULL;
  gsize n_bytes = 0;
  g_assert_true(g_file_get_contents(path, &good, &n_bytes, NULL));
  guint n_refused = 0;
  for (guint i = 0; i < 600; i++) {
    g_autoptr(GString) text = g_string_new_len(good, (gssize)n_bytes);
    for (gint k = g_test_rand_int_range(1, 4); k > 0; k--) {
      gsize at = (gsize)g_test_rand_int_range(0, (gint)text->len);
      gint how = g_test_rand_int_range(0, 3);
      if (how == 0)
        text->str[at] = (char)g_test_rand_int_range(0, 256);
      else if (how == 1)
        g_string_erase(text, (gssize)at, MIN(7, (gssize)(text->len - at)));
      else
        g_string_insert_len(text, (gssize)at, good + at / 2, 9);
    }
    g_autofree char *mutant = write_file("mutant.yaml", text->str, (gssize)text->len);
    g_autoptr(GError) error = NULL;
    g_autoptr(CrGuidelines) g = cr_guidelines_load(mutant, &error);
    g_assert_true((g != NULL) != (error != NULL));
    if (!g) {
      n_refused++;
      g_assert_true(error->domain == CR_ERROR && error->code != CR_ERROR_INTERNAL);
      g_assert_true(g_utf8_validate(error->message, -1, NULL));
      continue;
    }
    g_autoptr(json_t) json = cr_guidelines_to_json(g);
    g_autoptr(CrGuidelines) again = cr_guidelines_from_json(json, &error);
    g_assert_no_error(error);
    g_autoptr(json_t) same = cr_guidelines_to_json(again);
    g_assert_true(json_equal(json, same));
  }
  g_assert_cmpuint(n_refused, >, 50);
}

static void
test_templates(void)
{
  static const char *const names[] = {"medications", "problems", "medications-problems"};
  const char *source = g_getenv("CR_SOURCE");
  g_autofree char *templates = g_build_filename(source ? source : ".", "data", "guidelines", NULL);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(CrGuidelines) g = cr_guidelines_template(templates, names[i], &error);
    g_assert_no_error(error);
    g_assert_cmpuint(strlen(cr_guidelines_markdown(g)), >, 3000);
    for (guint l = 0; l < cr_guidelines_labels(g)->len; l++) {
      const CrGuidelinesLabel *label = cr_guidelines_labels(g)->pdata[l];
      g_assert_true(label->key && label->chip && label->colour == l + 1);
      g_assert_true(label->definition[0] && label->examples[0] && label->counter_examples[0]);
      g_assert_nonnull(strstr(label->examples[0], "["));
    }
    g_autoptr(json_t) json = cr_guidelines_to_json(g);
    g_autoptr(CrGuidelines) again = cr_guidelines_from_json(json, &error);
    g_assert_no_error(error);
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(CrGuidelines) by_default = cr_guidelines_template(NULL, "problems", &error);
  g_assert_no_error(error);
  g_assert_nonnull(cr_guidelines_find_label(by_default, "CONDITION"));
  g_assert_null(cr_guidelines_template(templates, "radiology", &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_NOT_FOUND);
  g_assert_nonnull(strstr(error->message, "medications, medications-problems, problems"));
  g_clear_error(&error);
  g_assert_null(cr_guidelines_template(templates, "../guidelines/problems", &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_NOT_FOUND);
}

/* ---- labels held against a version ---- */

static void
assert_check(const CrGuidelines *g, const char *entities, const char *relations, int code, const char *says)
{
  json_error_t reason;
  g_autoptr(json_t) e = json_loads(entities, JSON_DECODE_ANY, &reason),
                    r = relations ? json_loads(relations, JSON_DECODE_ANY, &reason) : NULL;
  g_assert_nonnull(e);
  g_autoptr(GError) error = NULL;
  gboolean fine = cr_guidelines_check(g, e, r, &error);
  g_assert_true(fine == (error == NULL));
  if (code < 0)
    g_assert_no_error(error);
  else
    g_assert_error(error, CR_ERROR, code);
  if (says && !strstr(error->message, says))
    g_error("'%s' does not say '%s'", error->message, says);
}

static void
test_check_entities(void)
{
  g_autoptr(CrGuidelines) g = load_text("small.yaml", small_yaml);
  assert_check(g, "[]", NULL, -1, NULL);
  assert_check(g, "null", "null", -1, NULL);
  assert_check(g, "[{\"id\":\"T1\",\"label\":\"DRUG\",\"attributes\":{\"status\":\"held\"}}]", NULL, -1,
               NULL);
  assert_check(g, "[{\"label\":\"DRUG\",\"attributes\":{\"status\":{\"value\":\"no\",\"cue\":{}}}}]", NULL,
               -1, NULL);
  assert_check(g, "[{\"id\":\"T1\",\"label\":\"DRUGS\"}]", NULL, CR_ERROR_LABEL_UNKNOWN, "nearest is DRUG");
  assert_check(g, "[{\"id\":\"T1\",\"label\":\"dosis\"}]", NULL, CR_ERROR_LABEL_UNKNOWN, "nearest is DOSE");
  assert_check(g, "[{\"id\":\"T1\",\"label\":\"PROCEDURE\"}]", NULL, CR_ERROR_LABEL_UNKNOWN,
               "they have: DRUG, DOSE");
  assert_check(g, "[{\"label\":\"DRUG\"},{\"start\":1}]", NULL, CR_ERROR_LABEL_UNKNOWN, "entity number 2");
  assert_check(g, "[7]", NULL, CR_ERROR_LABEL_UNKNOWN, "entity number 1");
  assert_check(g, "{}", NULL, CR_ERROR_BAD_JSON, NULL);
  assert_check(g, "[{\"label\":\"DOSE\",\"attributes\":{\"status\":\"held\"}}]", NULL, CR_ERROR_LABEL_VALUE,
               "attribute of DOSE");
  assert_check(g, "[{\"label\":\"DRUG\",\"attributes\":{\"status\":\"hold\"}}]", NULL, CR_ERROR_LABEL_VALUE,
               "nearest is held");
  assert_check(g, "[{\"label\":\"DRUG\",\"attributes\":{\"status\":true}}]", NULL, CR_ERROR_LABEL_VALUE,
               NULL);
  assert_check(g, "[{\"label\":\"DRUG\",\"attributes\":[\"status\"]}]", NULL, CR_ERROR_LABEL_VALUE, NULL);
  assert_check(g, "[{\"id\":\"T\\u001b[1\",\"label\":\"é\\u0007\"}]", NULL, CR_ERROR_LABEL_UNKNOWN, "'é?'");
}

static void
test_check_relations(void)
{
  g_autoptr(CrGuidelines) g = load_text("small.yaml", small_yaml);
  const char *two = "[{\"id\":\"T1\",\"label\":\"DRUG\"},{\"id\":\"T2\",\"label\":\"DOSE\"}]";
  assert_check(g, two, "[{\"id\":\"R1\",\"type\":\"of\",\"from\":\"T2\",\"to\":\"T1\"}]", -1, NULL);
  assert_check(g, two, "[{\"id\":\"R1\",\"type\":\"of\",\"from\":\"T1\",\"to\":\"T2\"}]",
               CR_ERROR_LABEL_RELATION, "must be one of: DOSE");
  assert_check(g, two, "[{\"id\":\"R1\",\"type\":\"off\",\"from\":\"T2\",\"to\":\"T1\"}]",
               CR_ERROR_LABEL_RELATION, "nearest is of");
  assert_check(g, two, "[{\"id\":\"R1\",\"type\":\"of\",\"from\":\"T2\",\"to\":\"T9\"}]",
               CR_ERROR_LABEL_RELATION, "T9");
  assert_check(g, two, "[{\"id\":\"R1\",\"type\":\"of\",\"from\":\"T2\"}]", CR_ERROR_LABEL_RELATION, "'to'");
  assert_check(g, two, "[null]", CR_ERROR_LABEL_RELATION, "relation number 1");
  assert_check(g, two, "\"R1\"", CR_ERROR_BAD_JSON, NULL);
  assert_check(g, "[{\"id\":\"T1\",\"label\":\"DRUG\"},{\"id\":\"T1\",\"label\":\"DOSE\"}]", NULL,
               CR_ERROR_LABEL_RELATION, "T1");
  g_autoptr(CrGuidelines) loop =
      load_text("loop.yaml", "title: T\nlabels: [{name: A}]\nrelations: [{name: r, from: A, to: A}]\n");
  assert_check(loop, "[{\"id\":\"T1\",\"label\":\"A\"}]", "[{\"type\":\"r\",\"from\":\"T1\",\"to\":\"T1\"}]",
               CR_ERROR_LABEL_RELATION, "same entity");
}

static void
assert_answers(const CrGuidelines *g, const char *answers, gboolean fine)
{
  g_autoptr(json_t) json = answers ? json_loads(answers, JSON_DECODE_ANY, NULL) : NULL;
  g_autoptr(GError) error = NULL;
  g_assert_true(cr_guidelines_check_answers(g, json, &error) == fine);
  if (!fine)
    g_assert_error(error, CR_ERROR, CR_ERROR_LABEL_VALUE);
}

static void
test_check_answers(void)
{
  g_autoptr(CrGuidelines) g = load_text(
      "q.yaml",
      "title: T\nquestions:\n- {name: one, choices: [a b, c]}\n- {name: many, choices: [x, y], many: "
      "true}\n");
  assert_answers(g, NULL, TRUE);
  assert_answers(g, "{}", TRUE);
  assert_answers(g, "{\"one\":\"a b\",\"many\":[\"x\",\"y\"]}", TRUE);
  assert_answers(g, "{\"one\":\"c\",\"many\":[]}", TRUE);
  assert_answers(g, "{\"one\":[\"c\"]}", FALSE);
  assert_answers(g, "{\"many\":\"x\"}", FALSE);
  assert_answers(g, "{\"many\":[\"x\",\"y\",\"x\"]}", FALSE);
  assert_answers(g, "{\"one\":[\"a b\",\"c\"]}", FALSE);
  assert_answers(g, "{\"one\":\"b\"}", FALSE);
  assert_answers(g, "{\"two\":\"c\"}", FALSE);
  assert_answers(g, "{\"many\":[\"x\",7]}", FALSE);
  assert_answers(g, "[]", FALSE);
}

/* ---- versions compared: three lines a case ---- */

static const char *const base_yaml = "title: T\n"
                                     "text: |\n  first\n"
                                     "labels:\n"
                                     "- {name: DRUG, definition: a medicine, attributes: [status]}\n"
                                     "- {name: DOSE, definition: how much}\n"
                                     "- {name: ROUTE, definition: the way in}\n"
                                     "attributes:\n- {name: status, values: [now, past], preset: now}\n"
                                     "relations:\n- {name: of, from: [DOSE], to: [DRUG]}\n"
                                     "questions:\n- {name: kind, choices: [a, b]}\n";

static const struct {
  const char *from, *to; /* replaced in base_yaml */
  const char *touches, *asks, *questions;
  const char *line; /* must stand in the text */
} diff_cases[] = {
    {"title: T\n", "title: T\n", "", "", "", "Nothing changed\n"},
    {"first", "second", "", "", "", "Guidelines: text changed\n"},
    {"title: T\n", "title: U\n", "", "", "", "Guidelines: title changed from T to U\n"},
    {"how much", "how much at once", "DOSE", "", "", "Label DOSE: definition changed\n"},
    {"{name: DOSE,", "{name: DOSE, title: Amount,", "", "", "",
     "Label DOSE: title changed from DOSE to Amount\n"},
    {"{name: DOSE,", "{name: DOSE, critical: true,", "", "", "",
     "Label DOSE: critical changed from no to yes\n"},
    {"{name: DOSE,", "{name: DOSE, examples: [x],", "DOSE", "", "", "Label DOSE: examples changed\n"},
    {"{name: ROUTE,", "{name: WAY,", "ROUTE", "", "", "Label ROUTE: renamed to WAY\n"},
    {"- {name: ROUTE, definition: the way in}\n", "", "ROUTE", "", "", "Label ROUTE: removed\n"},
    {"- {name: ROUTE,", "- {name: FORM, definition: shape}\n- {name: ROUTE,", "", "FORM", "",
     "Label FORM: added\n"},
    {"{name: ROUTE, definition: the way in}", "{name: FORM, definition: shape}", "ROUTE", "FORM", "",
     "To be looked for in notes already read, labels: FORM\n"},
    {"attributes: [status]", "attributes: []", "DRUG", "", "",
     "Label DRUG: attributes changed: without status\n"},
    {"values: [now, past]", "values: [now, past, held]", "DRUG", "", "",
     "Attribute status: values changed: now also held\n"},
    {"values: [now, past]", "values: [past, now]", "DRUG", "", "",
     "Attribute status: values changed: order only\n"},
    {"preset: now", "preset: past", "DRUG", "", "", "Attribute status: preset changed from now to past\n"},
    {"name: status, values", "name: status, title: State, values", "", "", "",
     "Attribute status: title changed from status to State\n"},
    {"from: [DOSE]", "from: [DOSE, ROUTE]", "ROUTE", "", "", "Relation of: from changed: now also ROUTE\n"},
    {"name: of,", "name: belongs,", "DRUG, DOSE", "", "", "Relation of: renamed to belongs\n"},
    {"relations:\n- {name: of, from: [DOSE], to: [DRUG]}\n", "", "DRUG, DOSE", "", "",
     "Relation of: removed\n"},
    {"choices: [a, b]", "choices: [a, b, c]", "", "", "kind", "To be answered again, questions: kind\n"},
    {"questions:\n", "questions:\n- {name: more, choices: [x]}\n", "", "", "",
     "To be answered for notes already read, questions: more\n"},
};

static char *
replaced(const char *text, const char *from, const char *to)
{
  g_assert_nonnull(strstr(text, from));
  GString *out = g_string_new(text);
  g_string_replace(out, from, to, 1);
  return g_string_free(out, FALSE);
}

static void
assert_names(const json_t *diff, const char *key, const char *expected)
{
  g_autoptr(GString) names = g_string_new(NULL);
  const json_t *list = json_object_get(diff, key);
  for (gsize i = 0; i < json_array_size(list); i++)
    g_string_append_printf(names, "%s%s", i ? ", " : "", json_string_value(json_array_get(list, i)));
  g_assert_cmpstr(names->str, ==, expected);
}

static void
test_diff(void)
{
  g_autoptr(CrGuidelines) before = load_text("before.yaml", base_yaml);
  for (guint i = 0; i < G_N_ELEMENTS(diff_cases); i++) {
    g_autofree char *changed = replaced(base_yaml, diff_cases[i].from, diff_cases[i].to);
    g_autoptr(CrGuidelines) after = load_text("after.yaml", changed);
    g_autoptr(json_t) diff = cr_guidelines_diff(before, after);
    g_autofree char *text = cr_guidelines_diff_text(diff);
    if (!strstr(text, diff_cases[i].line))
      g_error("case %u: '%s' is not in:\n%s", i, diff_cases[i].line, text);
    assert_names(diff, "touches", diff_cases[i].touches);
    assert_names(diff, "asks", diff_cases[i].asks);
    assert_names(diff, "touches_questions", diff_cases[i].questions);
    g_autoptr(json_t) none = cr_guidelines_diff(after, after);
    g_assert_cmpuint(json_array_size(json_object_get(none, "changes")), ==, 0);
  }
}

/* Two that could be the new name are none. */
static void
test_diff_ambiguous_rename(void)
{
  g_autoptr(CrGuidelines) a = load_text("a.yaml", "title: T\nlabels: [{name: A, definition: same}]\n");
  g_autoptr(CrGuidelines) b =
      load_text("b.yaml", "title: T\nlabels: [{name: B, definition: same}, {name: C, definition: same}]\n");
  g_autoptr(json_t) diff = cr_guidelines_diff(a, b), back = cr_guidelines_diff(b, a);
  assert_names(diff, "touches", "A");
  assert_names(diff, "asks", "B, C");
  assert_names(back, "touches", "B, C");
  assert_names(back, "asks", "A");
  g_autoptr(CrGuidelines) bare = load_text("c.yaml", "title: T\nlabels: [{name: A}]\n"),
                          other = load_text("d.yaml", "title: T\nlabels: [{name: B}]\n");
  g_autoptr(json_t) unlike = cr_guidelines_diff(bare, other);
  assert_names(unlike, "asks", "B");
}

static void
remove_dir(void)
{
  g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
  for (const char *name = g_dir_read_name(entries); name; name = g_dir_read_name(entries)) {
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_unlink(path);
  }
  g_rmdir(dir);
  g_free(dir);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  dir = g_dir_make_tmp("chartroom-guidelines-XXXXXX", NULL);
  g_test_add_func("/guidelines/yaml", test_yaml_reads);
  g_test_add_func("/guidelines/json-equals-yaml", test_json_equals_yaml);
  g_test_add_func("/guidelines/canonical", test_canonical_sorts_sets);
  g_test_add_func("/guidelines/markdown", test_markdown_beside);
  g_test_add_func("/guidelines/bad-yaml", test_bad_yaml);
  g_test_add_func("/guidelines/bad-json", test_bad_json);
  g_test_add_func("/guidelines/bombs", test_bombs);
  g_test_add_func("/guidelines/truncations", test_truncations);
  g_test_add_func("/guidelines/mutations", test_mutations);
  g_test_add_func("/guidelines/templates", test_templates);
  g_test_add_func("/guidelines/check/entities", test_check_entities);
  g_test_add_func("/guidelines/check/relations", test_check_relations);
  g_test_add_func("/guidelines/check/answers", test_check_answers);
  g_test_add_func("/guidelines/diff", test_diff);
  g_test_add_func("/guidelines/diff/rename", test_diff_ambiguous_rename);
  int status = g_test_run();
  remove_dir();
  return status;
}
