/* formats: what is written is what was read; what is wrong is refused with its place; labels move only where
 * one place fits. */
#include <chartroom/formats.h>
#include "base/records.h"
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static char *folder;

/* ---- files and documents ---- */

static char *
in_folder(const char *name)
{
  return g_build_filename(folder, name, NULL);
}

static char *
put(const char *name, const char *bytes)
{
  char *path = in_folder(name);
  g_autofree char *parent = g_path_get_dirname(path);
  g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
  g_assert_true(g_file_set_contents(path, bytes, -1, NULL));
  return path;
}

static char *
get(const char *name)
{
  g_autofree char *path = in_folder(name);
  char *bytes = NULL;
  g_file_get_contents(path, &bytes, NULL, NULL);
  return bytes;
}

static void
assert_file(const char *name, const char *expected)
{
  g_autofree char *bytes = get(name);
  g_assert_cmpstr(bytes, ==, expected);
}

static void
clear_folder(const char *name)
{
  g_autofree char *path = in_folder(name), *command = g_strdup_printf("rm -rf '%s'", path);
  g_assert_cmpint(system(command), ==, 0);
}

static json_t *
parse(const char *json)
{
  g_autoptr(GError) error = NULL;
  json_t *value = cr_json_parse(json, strlen(json), &error);
  g_assert_no_error(error);
  return value;
}

typedef struct {
  json_t *documents;
  GPtrArray *errors; /* "name: message" with the folder cut off */
} Kept;

static Kept *
kept_new(void)
{
  Kept *kept = g_new0(Kept, 1);
  kept->documents = json_array();
  kept->errors = g_ptr_array_new_with_free_func(g_free);
  return kept;
}

static void
kept_free(Kept *kept)
{
  json_decref(kept->documents);
  g_ptr_array_unref(kept->errors);
  g_free(kept);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kept, kept_free)

static gboolean
document_cb(json_t *document, gpointer data, GError **error)
{
  json_array_append(((Kept *)data)->documents, document);
  return TRUE;
}

static void
bad_cb(const GError *error, gpointer data)
{
  const char *message = error->message;
  if (g_str_has_prefix(message, folder))
    message += strlen(folder) + 1;
  g_ptr_array_add(((Kept *)data)->errors, g_strdup_printf("%s: %s", cr_error_name(error), message));
}

static Kept *
read_all(const char *format, const char *path)
{
  Kept *kept = kept_new();
  g_autoptr(GError) error = NULL;
  gboolean done = cr_format_find(format)->read(path, document_cb, bad_cb, kept, &error);
  g_assert_no_error(error);
  g_assert_true(done);
  return kept;
}

static void
not_carried_free(gpointer data)
{
  CrNotCarried *item = data;
  g_free(item->document);
  g_free(item->what);
  g_free(item);
}

/* Writes the documents; what was not carried comes back as one string. */
static char *
write_all(const char *format_name, const char *path, const json_t *documents, const json_t *schema)
{
  const CrFormat *format = cr_format_find(format_name);
  g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(not_carried_free);
  g_autoptr(GError) error = NULL;
  CrWriter *writer = format->writer_new(path, schema, &error);
  g_assert_no_error(error);
  size_t i;
  json_t *document;
  json_array_foreach(documents, i, document)
  {
    gboolean added = format->writer_add(writer, document, lost, &error);
    g_assert_no_error(error);
    g_assert_true(added);
  }
  gboolean done = format->writer_finish(writer, &error);
  g_assert_no_error(error);
  g_assert_true(done);
  GString *list = g_string_new(NULL);
  for (guint k = 0; k < lost->len; k++) {
    const CrNotCarried *item = lost->pdata[k];
    g_string_append_printf(list, "%s%s: %s", k > 0 ? "\n" : "", item->document, item->what);
  }
  return g_string_free(list, FALSE);
}

static void
assert_json(const json_t *value, const char *expected)
{
  g_autofree char *dump = cr_json_dump(value);
  g_assert_cmpstr(dump, ==, expected);
}

static void
assert_error(const Kept *kept, guint i, const char *start)
{
  g_assert_cmpuint(kept->errors->len, >, i);
  if (!g_str_has_prefix(kept->errors->pdata[i], start))
    g_error("%s is not %s…", (char *)kept->errors->pdata[i], start);
}

/* ---- jsonl ---- */

static void
test_jsonl(void)
{
  g_autofree char *path = put(
      "a.jsonl", "\xEF\xBB\xBF{\"entities\":[{\"label\":\"X\",\"end\":5,\"start\":4,\"more\":1}],\"text\":"
                 "\"caf\xC3\xA9\xF0\x9F\x98\x8A\",\"extra\":{\"k\":null}}\r\n"
                 "\n"
                 "{\"id\":7,\"text\":\"\"}");
  g_autofree char *out = in_folder("out.jsonl");
  g_autoptr(Kept) kept = read_all("jsonl", path);
  g_assert_cmpuint(kept->errors->len, ==, 0);
  g_autofree char *lost = write_all("jsonl", out, kept->documents, NULL);
  g_assert_cmpstr(lost, ==, "");
  assert_file(
      "out.jsonl",
      "{\"id\":\"a.jsonl-1\",\"text\":\"caf\xC3\xA9\xF0\x9F\x98\x8A\",\"entities\":[{\"id\":\"T1\",\"start\":"
      "4,\"end\":5,"
      "\"label\":\"X\",\"text\":\"\xF0\x9F\x98\x8A\",\"more\":1}],\"relations\":[],\"extra\":{\"k\":null}}\n"
      "{\"id\":\"7\",\"text\":\"\",\"entities\":[],\"relations\":[]}\n");
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) receipt = cr_receipt_make(cr_format_find("jsonl"), out, &error);
  g_assert_no_error(error);
  g_assert_cmpint(json_integer_value(json_object_get(receipt, "proved")), ==, 1);
}

static void
test_jsonl_bad(void)
{
  static const struct {
    const char *line, *error;
  } cases[] = {
      {"{\"text\":\"abc\"", "bad-json: bad.jsonl:1"},
      {"[1]", "missing-field: bad.jsonl:1"},
      {"{\"text\":1}", "missing-field: bad.jsonl:1"},
      {"{\"text\":\"abc\",\"entities\":{}}", "bad-json: bad.jsonl:1"},
      {"{\"text\":\"abc\",\"entities\":[1]}", "missing-field: bad.jsonl:1"},
      {"{\"text\":\"abc\",\"entities\":[{\"start\":0,\"end\":1}]}", "missing-field: bad.jsonl:1: entity 1"},
      {"{\"text\":\"abc\",\"entities\":[{\"id\":\"T9\",\"start\":0,\"end\":4,\"label\":\"X\"}]}",
       "span-outside: bad.jsonl:1: T9"},
      {"{\"text\":\"abc\",\"entities\":[{\"start\":2,\"end\":1,\"label\":\"X\"}]}",
       "span-order: bad.jsonl:1"},
      {"{\"text\":\"abc\",\"entities\":[{\"start\":-1,\"end\":1,\"label\":\"X\"}]}",
       "span-outside: bad.jsonl:1"},
      {"{\"text\":\"abc\",\"entities\":[{\"start\":0.5,\"end\":1,\"label\":\"X\"}]}",
       "span-outside: bad.jsonl:1"},
      {"{\"text\":\"abc\",\"entities\":[{\"start\":0,\"end\":9223372036854775807,\"label\":\"X\"}]}",
       "span-outside: bad.jsonl:1"},
      {"{\"text\":\"abc\",\"entities\":[{\"start\":0,\"end\":1,\"label\":\"X\",\"text\":\"b\"}]}",
       "label-text: bad.jsonl:1"},
      {"{\"text\":\"abc\",\"entities\":[{\"start\":0,\"end\":2,\"label\":\"X\",\"fragments\":[[0,1],[2,3]]}]"
       "}",
       "span-order: bad.jsonl:1"},
      {"{\"text\":\"abc\",\"entities\":[{\"id\":\"T1\",\"start\":0,\"end\":1,\"label\":\"X\"},{\"id\":\"T1\","
       "\"start\":1,"
       "\"end\":2,\"label\":\"X\"}]}",
       "duplicate-id: bad.jsonl:1: T1"},
      {"{\"text\":\"abc\",\"entities\":[{\"id\":\"T1\",\"start\":0,\"end\":1,\"label\":\"X\"}],\"relations\":"
       "[{\"id\":\"R1\","
       "\"type\":\"a\",\"from\":\"T1\",\"to\":\"T2\"}]}",
       "missing-field: bad.jsonl:1: R1"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *bytes = g_strconcat(cases[i].line, "\n{\"id\":\"good\",\"text\":\"g\"}\n", NULL);
    g_autofree char *path = put("bad.jsonl", bytes);
    g_autoptr(Kept) kept = read_all("jsonl", path);
    g_assert_cmpuint(kept->errors->len, ==, 1);
    assert_error(kept, 0, cases[i].error);
    g_assert_cmpuint(json_array_size(kept->documents), ==, 1);
  }
}

static void
test_discard(void)
{
  static const char *const names[] = {"jsonl", "csv", "brat"};
  g_autoptr(json_t) good = parse("{\"id\":\"d\",\"text\":\"abc\",\"entities\":[]}");
  g_autoptr(json_t) bad =
      parse("{\"id\":\"e\",\"text\":\"abc\",\"entities\":[{\"start\":1,\"end\":9,\"label\":\"X\"}]}");
  clear_folder("discard");
  g_autofree char *dir = in_folder("discard");
  g_assert_cmpint(g_mkdir(dir, 0700), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
    const CrFormat *format = cr_format_find(names[i]);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = in_folder("discard/out");
    CrWriter *writer = format->writer_new(path, NULL, &error);
    g_assert_true(format->writer_add(writer, good, NULL, &error));
    g_assert_false(format->writer_add(writer, bad, NULL, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_SPAN_OUTSIDE);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS)); /* nothing under its name before it is whole */
    format->writer_discard(writer);
    g_autoptr(GDir) left = g_dir_open(dir, 0, NULL);
    g_assert_null(g_dir_read_name(left));
  }
}

static void
test_exists(void)
{
  g_autofree char *inside = put("there/keep.txt", "mine"), *dir = in_folder("there");
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_format_find("brat")->writer_new(dir, NULL, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_EXISTS);
  g_clear_error(&error);
  g_assert_null(cr_format_find("csv")->writer_new(inside, NULL, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_EXISTS);
  assert_file("there/keep.txt", "mine");
}

/* ---- csv ---- */

static const char rich[] = "{\"id\":\"a,\\\"b\\\"\",\"text\":\"one,\\r\\n\\\"two\\\"\\n=three "
                           "\",\"meta\":{\"k\":[1,null]},\"known\":{\"names\":[]},"
                           "\"entities\":[{\"id\":\"T1\",\"start\":0,\"end\":3,\"label\":\"A "
                           "B\",\"text\":\"one\",\"fragments\":[[0,1],[2,3]],"
                           "\"attributes\":{\"negation\":\"absent\",\"n\":2,\"empty\":\"\"},\"codes\":[{"
                           "\"system\":\"RxNorm\",\"code\":\"1\"}],"
                           "\"score\":0.25,\"by\":[\"rule:x\"],\"note\":\"kept\"},"
                           "{\"id\":\"\",\"start\":4,\"end\":4,\"label\":\"\",\"text\":\"\"}],"
                           "\"relations\":[{\"id\":\"R1\",\"type\":\"t\",\"from\":\"T1\",\"to\":\"T1\",\"w\":"
                           "true}],\"phi\":[{\"start\":1}]}";

static void
test_csv(void)
{
  g_autoptr(json_t) documents = json_array();
  g_autoptr(json_t) schema = parse("{\"attributes\":[{\"name\":\"negation\"},{\"name\":\"other\"}]}");
  json_t *document = parse(rich);
  json_object_set_new(json_array_get(json_object_get(document, "entities"), 0), "text", json_string("o e"));
  json_array_append_new(documents, document);
  json_array_append_new(documents,
                        parse("{\"id\":\"empty\",\"text\":\"\",\"entities\":[],\"relations\":[]}"));
  for (int with_schema = 0; with_schema < 2; with_schema++) {
    clear_folder("csv");
    g_autofree char *path = in_folder("csv");
    g_autofree char *lost = write_all("csv", path, documents, with_schema ? schema : NULL);
    g_assert_cmpstr(lost, ==, "");
    g_autoptr(Kept) kept = read_all("csv", path);
    g_assert_cmpuint(kept->errors->len, ==, 0);
    g_assert_true(json_equal(kept->documents, documents));
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) receipt = cr_receipt_make(cr_format_find("csv"), path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(json_integer_value(json_object_get(receipt, "proved")), ==, 2);
  }
  g_autofree char *findings = get("csv/findings.csv");
  g_assert_true(g_str_has_prefix(findings, "document,id,start,end,label,text,fragments,attributes,codes,"
                                           "score,by,attributes.negation,attributes.other,more\n"));
}

static void
test_csv_order(void)
{
  g_autofree char *a = put("order/documents.csv", "text,id,ward\r\n\"b\r\nb\",2,x\r\naaa,1,\r\n");
  g_autofree char *b = put("order/findings.csv",
                           "label,start,end,document,id\nX,0,1,1,T1\nY,1,3,2,T1\nZ,1,2,1,T2\nQ,0,1,9,T1\n");
  g_autofree char *path = in_folder("order");
  g_autoptr(Kept) kept = read_all("csv", path);
  g_assert_cmpuint(json_array_size(kept->documents), ==, 2);
  assert_json(json_array_get(kept->documents, 0),
              "{\"text\":\"b\\r\\nb\",\"id\":\"2\",\"ward\":\"x\",\"entities\":[{\"label\":\"Y\",\"start\":1,"
              "\"end\":3,\"id\":\"T1\"}],"
              "\"relations\":[]}");
  g_assert_cmpuint(json_array_size(json_object_get(json_array_get(kept->documents, 1), "entities")), ==, 2);
  assert_error(kept, 0, "bad-csv: order/findings.csv:5");
}

static void
test_csv_bad(void)
{
  g_autofree char *a =
      put("cbad/documents.csv", "id,text,meta\n1,abc,\n1,again,\n,none,\n4,abc,{\n5,abc\n6,abc,\n7,abc,\n");
  g_autofree char *b = put("cbad/findings.csv", "document,start,end,label\n6,0,x,A\n7,0,9,A\n1,0,1\n");
  g_autofree char *path = in_folder("cbad");
  g_autoptr(Kept) kept = read_all("csv", path);
  g_assert_cmpuint(json_array_size(kept->documents), ==, 1);
  g_assert_cmpuint(kept->errors->len, ==, 7);
  assert_error(kept, 0, "bad-csv: cbad/findings.csv:4");
  assert_error(kept, 1, "duplicate-id: cbad/documents.csv:3");
  assert_error(kept, 2, "missing-field: cbad/documents.csv:4");
  assert_error(kept, 3, "bad-csv: cbad/documents.csv:5");
  assert_error(kept, 4, "bad-csv: cbad/documents.csv:6");
  assert_error(kept, 5, "bad-csv: cbad/findings.csv:2");
  assert_error(kept, 6, "span-outside: cbad/documents.csv:8");
}

/* ---- brat ---- */

static const char brat_text[] = "caf\xC3\xA9\xF0\x9F\x98\x8Apain\nin the\tleft arm\n";
static const char brat_lines[] = "T1\tSign 5 9\tpain\n"
                                 "T2\tPlace 10 12;17 25\tin left arm\n"
                                 "# a comment\n"
                                 "# another\tone\n"
                                 "T3\tSign 5 9;10 12\tpain in\n"
                                 "E1\tFinding:T1 Where:T2 \n"
                                 "A1\tSure E1 yes indeed\n"
                                 "\n"
                                 "M2\tNegation T1\n"
                                 "R1\tPart Whole:T1 Part:T2\t\n"
                                 "N1\tReference T1 SNOMED:22253000\t\tPain\n"
                                 "A3\tSure T1 a\n"
                                 "A4\tSure T1 b\n"
                                 "*\tEquiv T1 T3\n"
                                 "#1\tAnnotatorNotes T1\tso \"said\"\n"
                                 "T4\tWord 17 25\tleft arm\textra column\n"
                                 "T5\tWord 10 12;13 16\tinthe\n"
                                 "T6\tNothing 3 3\t\n"
                                 "T7\tOver 5 12\tpain in";

static void
test_brat(void)
{
  g_autofree char *a = put("brat/sub/n.txt", brat_text), *b = put("brat/sub/n.ann", brat_lines);
  g_autofree char *c = put("brat/bare.txt", "no annotations\n"), *d = put("brat/empty.txt", ""),
                  *e = put("brat/empty.ann", "");
  g_autofree char *f = put("brat/st.txt", "abc"), *g = put("brat/st.a1", "T1\tP 0 1\ta\n");
  g_autofree char *h = put("brat/st.a2", "E1\tP:T1 Theme:T1\nM1\tNegation E1\n"), *path = in_folder("brat");
  clear_folder("brat2");
  clear_folder("brat3");
  g_autofree char *second = in_folder("brat2"), *jsonl = in_folder("brat.jsonl"), *third = in_folder("brat3");
  g_autoptr(Kept) kept = read_all("brat", path);
  g_assert_cmpuint(kept->errors->len, ==, 0);
  g_assert_cmpuint(json_array_size(kept->documents), ==, 4);
  const json_t *document = json_array_get(kept->documents, 3);
  g_assert_cmpstr(json_string_value(json_object_get(document, "id")), ==, "sub/n");
  const json_t *entities = json_object_get(document, "entities");
  assert_json(json_array_get(entities, 0),
              "{\"id\":\"T1\",\"start\":5,\"end\":9,\"label\":\"Sign\",\"text\":\"pain\",\"attributes\":{"
              "\"Negation\":true,\"Sure\":[\"a\","
              "\"b\"]},\"codes\":[{\"system\":\"SNOMED\",\"code\":\"22253000\",\"display\":\"Pain\"}]}");
  assert_json(json_array_get(entities, 2),
              "{\"id\":\"T3\",\"start\":5,\"end\":12,\"label\":\"Sign\",\"text\":\"pain\\nin\"}");
  assert_json(json_object_get(document, "relations"),
              "[{\"id\":\"R1\",\"type\":\"Part\",\"from\":\"T1\",\"to\":\"T2\",\"from_role\":\"Whole\",\"to_"
              "role\":\"Part\"}]");
  assert_json(json_object_get(document, "events"), "[{\"id\":\"E1\",\"type\":\"Finding\",\"trigger\":\"T1\","
                                                   "\"arguments\":[{\"role\":\"Where\",\"id\":\"T2\"}],"
                                                   "\"attributes\":{\"Sure\":\"yes indeed\"}}]");
  g_autofree char *lost = write_all("brat", second, kept->documents, NULL);
  g_assert_cmpstr(lost, ==, "");
  assert_file("brat2/sub/n.ann", brat_lines);
  assert_file("brat2/sub/n.txt", brat_text);
  assert_file("brat2/st.a2", "E1\tP:T1 Theme:T1\nM1\tNegation E1\n");
  assert_file("brat2/empty.ann", "");
  assert_file("brat2/bare.txt", "no annotations\n");
  g_assert_null(get("brat2/bare.ann"));
  g_assert_null(get("brat2/st.ann"));
  /* By way of JSON lines, too. */
  g_free(write_all("jsonl", jsonl, kept->documents, NULL));
  g_autoptr(Kept) again = read_all("jsonl", jsonl);
  g_free(write_all("brat", third, again->documents, NULL));
  assert_file("brat3/sub/n.ann", brat_lines);
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) receipt = cr_receipt_make(cr_format_find("brat"), third, &error);
  g_assert_no_error(error);
  g_assert_cmpint(json_integer_value(json_object_get(receipt, "proved")), ==, 8);
}

/* What changed since the files were read is written as it is now; the rest stays as it was. */
static void
test_brat_edited(void)
{
  g_autofree char *a = put("edit/n.txt", "one two three\n");
  g_autofree char *b = put(
      "edit/n.ann", "T1\tA 0 3\tone\nT2\tA 4 7\ttwo\nA1\tSure T1 \nA2\tLow T2\nR1\tr Arg1:T1 Arg2:T2\t\n");
  g_autofree char *path = in_folder("edit"), *out = in_folder("edited");
  clear_folder("edited");
  g_autoptr(Kept) kept = read_all("brat", path);
  json_t *document = json_array_get(kept->documents, 0), *entities = json_object_get(document, "entities");
  json_t *first = json_array_get(entities, 0);
  json_object_set_new(first, "label", json_string("B"));
  json_object_del(json_array_get(entities, 1), "attributes");
  json_object_set_new(json_array_get(entities, 1), "attributes", parse("{\"High\":true}"));
  json_array_append_new(entities,
                        parse("{\"id\":\"x9\",\"start\":8,\"end\":13,\"label\":\"C D\",\"score\":0.5}"));
  json_array_append_new(json_object_get(document, "relations"),
                        parse("{\"type\":\"s\",\"from\":\"x9\",\"to\":\"T1\"}"));
  json_object_set_new(document, "meta", parse("{\"ward\":1}"));
  g_autofree char *lost = write_all("brat", out, kept->documents, NULL);
  assert_file("edited/n.ann", "T1\tB 0 3\tone\nT2\tA 4 7\ttwo\nA1\tSure T1 \nR1\tr Arg1:T1 Arg2:T2\t\n"
                              "T3\tC_D 8 13\tthree\nR2\ts Arg1:T3 Arg2:T1\nA3\tHigh T2\n");
  g_assert_cmpstr(lost, ==,
                  "n: ids of 1 of the entities (written as T and a number)\n"
                  "n: label of T3 as it is (written with underscores)\n"
                  "n: meta\n"
                  "n: score of x9");
}

static void
test_brat_lost(void)
{
  g_autoptr(json_t) documents = json_array();
  json_array_append_new(
      documents,
      parse("{\"id\":\"../up/.h/a\",\"text\":\"one\\r\\ntwo\\n\",\"entities\":["
            "{\"id\":\"T1\",\"start\":0,\"end\":8,\"label\":\"L\",\"attributes\":{\"a\":{},\"b\":2,\"c\":"
            "false,\"d\":\"x\\ny\",\"e\":\"ok\"},"
            "\"codes\":[{\"system\":\"http://snomed.info/"
            "sct\",\"code\":\"1\"},{\"system\":\"ICD10\",\"code\":\"R52\",\"score\":1}]},"
            "{\"id\":\"T2\",\"start\":3,\"end\":5,\"label\":\"L\"},{\"id\":\"T3\",\"start\":5,\"end\":9,"
            "\"label\":\"L\"}],"
            "\"relations\":[{\"id\":\"R1\",\"type\":\"r\",\"from\":\"T1\",\"to\":\"T2\"}],"
            "\"notes\":[{\"id\":\"#1\",\"type\":\"AnnotatorNotes\",\"target\":\"T1\",\"text\":\"a\\nb\"}]}"));
  clear_folder("lost");
  g_autofree char *out = in_folder("lost");
  g_autofree char *lost = write_all("brat", out, documents, NULL);
  assert_file("lost/_./up/_h/a.txt", "one\ntwo\n");
  assert_file(
      "lost/_./up/_h/a.ann",
      "T1\tL 0 3;4 7\tone two\nT3\tL 4 7\ttwo\nA1\tb T1 2\nA2\te T1 ok\nN1\tReference T1 ICD10:R52\t\n"
      "#1\tAnnotatorNotes T1\ta b\n");
  static const char *const expected[] = {"id as it is (the file is _./up/_h/a.txt)",
                                         "CR LF line ends of the text (written as LF)",
                                         "attribute a of T1",
                                         "attribute b of T1 as a number",
                                         "attribute c of T1",
                                         "attribute d of T1",
                                         "a code of T1",
                                         "score of a code of T1",
                                         "T2 (nothing but line breaks)",
                                         "bounds of T3 at line breaks",
                                         "R1 (it names what is not there)",
                                         "line breaks in the note #1"};
  for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
    if (strstr(lost, expected[i]) == NULL)
      g_error("not listed: %s\nin: %s", expected[i], lost);
  g_auto(GStrv) lines = g_strsplit(lost, "\n", -1);
  g_assert_cmpuint(g_strv_length(lines), ==, G_N_ELEMENTS(expected));
}

static void
test_brat_bad(void)
{
  static const struct {
    const char *line, *error;
  } cases[] = {
      {"T1\tX 1 4\tabc\n", "bad-brat: bb/n.ann:1: T1"}, /* text is not the slice */
      {"T1\tX 0 99\tabc\n", "bad-brat: bb/n.ann:1"},    /* beyond */
      {"T1\tX 3 0\tabc\n", "bad-brat: bb/n.ann:1"},
      {"T1\tX 0 3\n", "bad-brat: bb/n.ann:1"}, /* no text */
      {"T1\tX 0\tabc\n", "bad-brat: bb/n.ann:1"},
      {"T1\tX 0 3;\tabc\n", "bad-brat: bb/n.ann:1"},
      {"T1\tX 0 18446744073709551616\tabc\n", "bad-brat: bb/n.ann:1"},
      {"T1\tX -1 3\tabc\n", "bad-brat: bb/n.ann:1"},
      {"T1 X 0 3 abc\n", "bad-brat: bb/n.ann:1"},
      {"Q1\tX 0 3\tabc\n", "bad-brat: bb/n.ann:1"},
      {"Tx\tX 0 3\tabc\n", "bad-brat: bb/n.ann:1"},
      {"T1\tX 0 3\tabc\nT1\tX 0 3\tabc\n", "bad-brat: bb/n.ann:2: T1"},
      {"T1\tX 0 3\tabc\nA1\ta T1\nA1\tb T1\n", "bad-brat: bb/n.ann:3: A1"},
      {"T1\tX 0 3\tabc\nR1\tr Arg1:T1 Arg2:T2\n", "bad-brat: bb/n.ann:2: R1"},
      {"T1\tX 0 3\tabc\nR1\tr Arg1:T1\n", "bad-brat: bb/n.ann:2"},
      {"A1\tNeg T1\n", "bad-brat: bb/n.ann:1: A1"},
      {"#1\tAnnotatorNotes T1\tx\n", "bad-brat: bb/n.ann:1: #1"},
      {"T1\tX 0 3\tabc\nE1\tX\n", "bad-brat: bb/n.ann:2"},
      {"T1\tX 0 3\tabc\nE1\tX:T1 Theme:E2\n", "bad-brat: bb/n.ann:2: E1"},
      {"T1\tX 0 3\tabc\nN1\tReference T1 none\tx\n", "bad-brat: bb/n.ann:2"},
      {"*\tEquiv T1\n", "bad-brat: bb/n.ann:1"},
      {"T1\tX 0 3\tab\xFF\n", "bad-brat: bb/n.ann:1"},
  };
  g_autofree char *text = put("bb/n.txt", "abc def\n"), *good = put("bb/z.txt", "good\n"),
                  *path = in_folder("bb");
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *lines = put("bb/n.ann", cases[i].line);
    g_autoptr(Kept) kept = read_all("brat", path);
    g_assert_cmpuint(kept->errors->len, ==, 1);
    assert_error(kept, 0, cases[i].error);
    g_assert_cmpuint(json_array_size(kept->documents), ==, 1);
  }
  g_autofree char *orphan = put("bo/lone.ann", "T1\tX 0 3\tabc\n"),
                  *conf = put("bo/annotation.conf", "[entities]\n");
  g_autofree char *nul = put("bo/u.txt", "caf\xE9"), *bo = in_folder("bo");
  g_autoptr(Kept) kept = read_all("brat", bo);
  assert_error(kept, 0, "not-carried: bo/annotation.conf");
  assert_error(kept, 1, "bad-brat: bo/lone.ann");
  assert_error(kept, 2, "invalid-utf8: bo/u.txt");
}

/* brat counts CR LF as two characters; the text comes in as it is. */
static void
test_brat_crlf(void)
{
  g_autofree char *a = put("crlf/n.txt", "one\r\ntwo\r\n"), *b = put("crlf/n.ann", "T1\tA 5 8\ttwo\r\n");
  g_autofree char *path = in_folder("crlf"), *out = in_folder("lf");
  clear_folder("lf");
  g_autoptr(Kept) kept = read_all("brat", path);
  g_assert_cmpuint(kept->errors->len, ==, 0);
  g_assert_cmpstr(json_string_value(json_object_get(json_array_get(kept->documents, 0), "text")), ==,
                  "one\r\ntwo\r\n");
  g_autofree char *lost = write_all("brat", out, kept->documents, NULL);
  g_assert_cmpstr(lost, ==, "n: CR LF line ends of the text (written as LF)");
  assert_file("lf/n.txt", "one\ntwo\n");
  assert_file("lf/n.ann", "T1\tA 4 7\ttwo\n");
}

/* Python 2 brat counted CR LF as one character: its offsets are understood where they all fit so. */
static void
test_brat_crlf_counted_once(void)
{
  g_autofree char *a = put("crlf1/n.txt", "one\r\ntwo\r\nthree\r\n");
  g_autofree char *b =
      put("crlf1/n.ann", "\xEF\xBB\xBFT1\tA 0 3\tone\nT2\tA 8 13\tthree\nT3\tB 4 7;8 13\ttwo three\n");
  g_autofree char *c = put("crlf1/mixed.txt", "one\r\ntwo\r\nthree\r\n"), *path = in_folder("crlf1");
  g_autofree char *d = put("crlf1/mixed.ann", "T1\tA 5 8\ttwo\nT2\tA 8 13\tthree\n"), *out = in_folder("lf1");
  clear_folder("lf1");
  g_autoptr(Kept) kept = read_all("brat", path);
  assert_error(kept, 0, "bad-brat: crlf1/mixed.ann:2: T2");
  g_assert_cmpuint(json_array_size(kept->documents), ==, 1);
  g_free(write_all("brat", out, kept->documents, NULL));
  assert_file("lf1/n.txt", "one\ntwo\nthree\n");
  assert_file("lf1/n.ann", "\xEF\xBB\xBFT1\tA 0 3\tone\nT2\tA 8 13\tthree\nT3\tB 4 7;8 13\ttwo three\n");
}

/* Bytes changed at random: a file is refused, or it is written again exactly as it was. */
static void
test_brat_mutated(void)
{
  static const char alphabet[] = "T1RE*#AN \t\n;:059-x\r\xC3\xA9";
  GRand *rand = g_rand_new_with_seed(3);
  guint n_accepted = 0;
  g_free(put("mut/n.txt", brat_text));
  g_autofree char *path = in_folder("mut"), *out = in_folder("mutated");
  for (guint round = 0; round < 1500; round++) {
    g_autofree char *bytes = g_strdup(brat_lines);
    for (gint k = g_rand_int_range(rand, 1, 3); k > 0; k--)
      bytes[g_rand_int_range(rand, 0, (gint)strlen(brat_lines))] =
          alphabet[g_rand_int_range(rand, 0, sizeof alphabet - 1)];
    g_free(put("mut/n.ann", bytes));
    g_autoptr(Kept) kept = read_all("brat", path);
    g_assert_cmpuint(kept->errors->len + json_array_size(kept->documents), ==, 1);
    if (kept->errors->len > 0) {
      assert_error(kept, 0, "bad-brat: mut/n.ann:");
      continue;
    }
    n_accepted++;
    clear_folder("mutated");
    g_autofree char *lost = write_all("brat", out, kept->documents, NULL);
    g_assert_cmpstr(lost, ==, "");
    assert_file("mutated/n.ann", bytes);
  }
  g_assert_cmpuint(n_accepted, >, 50);
  g_rand_free(rand);
}

static void
test_brat_conf(void)
{
  g_autoptr(json_t) schema = parse(
      "{\"labels\":[{\"name\":\"DRUG\",\"title\":\"Medication\"}],\"relations\":[{\"name\":\"TREATS\"}],"
      "\"attributes\":[{\"name\":\"negation\",\"values\":[\"present\",\"absent\"]}]}");
  g_autoptr(json_t) documents = json_array();
  json_array_append_new(
      documents,
      parse("{\"id\":\"d\",\"text\":\"aspirin\",\"entities\":[{\"start\":0,\"end\":7,\"label\":\"DRUG\"}]}"));
  clear_folder("conf");
  g_autofree char *out = in_folder("conf");
  g_free(write_all("brat", out, documents, schema));
  assert_file("conf/annotation.conf",
              "[entities]\nDRUG\n\n[relations]\n<OVERLAP>\tArg1:<ANY>, Arg2:<ANY>, "
              "<OVL-TYPE>:<ANY>\nTREATS\tArg1:<ANY>, "
              "Arg2:<ANY>\n\n[events]\n\n[attributes]\nnegation\tArg:<ANY>, Value:absent|present\n");
  g_autofree char *visual = get("conf/visual.conf");
  g_assert_nonnull(strstr(visual, "DRUG | Medication\n"));
}

/* Documents of random text and labels, breaks and other scripts in them: through every format and back. */
static json_t *
random_document(GRand *rand, guint n)
{
  static const char *const bits[] = {
      "a",         "Z",  " ", "\n", "\r\n", "\t", "\xC3\xA9",     "\xE4\xB8\xAD", "\xF0\x9F\x98\x8A",
      "e\xCC\x81", "\"", ",", ";",  ":",    "\\", "\xE2\x80\xA8", "\xC2\x85",     "|",
      "#",         "T1"};
  g_autoptr(GString) text = g_string_new(NULL);
  for (gint k = g_rand_int_range(rand, 1, 60); k > 0; k--)
    g_string_append(text, bits[g_rand_int_range(rand, 0, G_N_ELEMENTS(bits))]);
  glong length = g_utf8_strlen(text->str, -1);
  g_autofree char *id = g_strdup_printf("doc-%u", n);
  json_t *entities = json_array();
  for (gint k = g_rand_int_range(rand, 0, 8); k > 0; k--) {
    glong start = g_rand_int_range(rand, 0, (gint)length),
          end = g_rand_int_range(rand, (gint)start + 1, (gint)length + 1);
    glong middle = g_rand_int_range(rand, (gint)start, (gint)end + 1);
    json_t *entity =
        json_pack("{s:I, s:I, s:s}", "start", (json_int_t)start, "end", (json_int_t)end, "label", "L");
    if (middle - start > 1 && end - middle > 1)
      json_object_set_new(entity, "fragments",
                          json_pack("[[I,I],[I,I]]", (json_int_t)start, (json_int_t)middle - 1,
                                    (json_int_t)middle, (json_int_t)end));
    json_array_append_new(entities, entity);
  }
  return json_pack("{s:s, s:s, s:o, s:[]}", "id", id, "text", text->str, "entities", entities, "relations");
}

static void
test_random(void)
{
  GRand *rand = g_rand_new_with_seed(11);
  for (guint round = 0; round < 60; round++) {
    g_autoptr(json_t) documents = json_array();
    for (guint i = 0; i < 5; i++)
      json_array_append_new(documents, random_document(rand, i));
    clear_folder("random-csv");
    clear_folder("random-brat");
    clear_folder("random-brat2");
    g_autofree char *jsonl = in_folder("random.jsonl"), *csv = in_folder("random-csv");
    g_autofree char *brat = in_folder("random-brat"), *brat2 = in_folder("random-brat2");
    g_free(write_all("jsonl", jsonl, documents, NULL));
    g_autoptr(Kept) first = read_all("jsonl", jsonl);
    g_assert_cmpuint(first->errors->len, ==, 0);
    g_free(write_all("csv", csv, first->documents, NULL));
    g_autoptr(Kept) second = read_all("csv", csv);
    g_assert_true(json_equal(first->documents, second->documents));
    g_free(write_all("brat", brat, second->documents, NULL));
    g_autoptr(Kept) third = read_all("brat", brat);
    g_assert_cmpuint(third->errors->len, ==, 2);
    assert_error(third, 0, "not-carried: random-brat/annotation.conf");
    assert_error(third, 1, "not-carried: random-brat/visual.conf");
    g_autofree char *lost = write_all("brat", brat2, third->documents, NULL);
    g_assert_cmpstr(lost, ==, "");
    g_autoptr(Kept) fourth = read_all("brat", brat2);
    g_assert_true(json_equal(third->documents, fourth->documents));
    static const char *const names[] = {"jsonl", "csv", "brat"};
    const char *const paths[] = {jsonl, csv, brat};
    for (gsize k = 0; k < G_N_ELEMENTS(names); k++) {
      g_autoptr(GError) error = NULL;
      g_autoptr(json_t) receipt = cr_receipt_make(cr_format_find(names[k]), paths[k], &error);
      g_assert_no_error(error);
      g_assert_cmpint(json_integer_value(json_object_get(receipt, "documents")), ==, 5);
    }
  }
  g_rand_free(rand);
}

/* Whole corpora: brat to JSON lines to CSV to brat, every byte as it was. */
static void
round_trip(const char *corpus)
{
  clear_folder("trip-csv");
  clear_folder("trip-brat");
  g_autofree char *jsonl = in_folder("trip.jsonl"), *csv = in_folder("trip-csv"),
                  *brat = in_folder("trip-brat");
  g_autoptr(Kept) first = read_all("brat", corpus);
  g_free(write_all("jsonl", jsonl, first->documents, NULL));
  g_autoptr(Kept) second = read_all("jsonl", jsonl);
  g_free(write_all("csv", csv, second->documents, NULL));
  g_autoptr(Kept) third = read_all("csv", csv);
  g_autofree char *lost = write_all("brat", brat, third->documents, NULL);
  g_assert_cmpstr(lost, ==, "");
  g_autofree char *command = g_strdup_printf("cd '%s' && find . -name '*.txt' -o -name '*.ann' | while read "
                                             "-r f; do cmp \"$f\" '%s'/\"$f\" || exit 1; done",
                                             corpus, brat);
  g_assert_cmpint(system(command), ==, 0);
  for (guint i = 0; i < first->errors->len; i++)
    assert_error(first, i, "not-carried");
}

static void
test_corpora(void)
{
  static const char *const corpora[] = {"samples/brat", "corpora/maccrobat", "corpora/meddocan"};
  const char *shared = g_getenv("CR_SHARED");
  guint n = 0;
  for (gsize i = 0; i < G_N_ELEMENTS(corpora); i++) {
    g_autofree char *path = g_build_filename(shared != NULL ? shared : "/nonexistent", corpora[i], NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
      continue;
    round_trip(path);
    n++;
  }
  if (n == 0)
    g_test_skip("no brat corpora in CR_SHARED");
}

/* ---- sniffing ---- */

static void
test_sniff(void)
{
  g_autofree char *jsonl = put("sniff/a.jsonl", " {\"text\":\"x\"}"), *ann = put("sniff/b/c/d.ann", "");
  g_autofree char *csv = put("sniff/e/documents.csv", "id,text\n"), *text = put("sniff/f.txt", "plain");
  g_autofree char *brat_dir = in_folder("sniff/b"), *csv_dir = in_folder("sniff/e"),
                  *none = in_folder("sniff/none");
  g_assert_cmpstr(cr_format_sniff(jsonl)->name, ==, "jsonl");
  g_assert_cmpstr(cr_format_sniff(ann)->name, ==, "brat");
  g_assert_cmpstr(cr_format_sniff(brat_dir)->name, ==, "brat");
  g_assert_cmpstr(cr_format_sniff(csv_dir)->name, ==, "csv");
  g_assert_null(cr_format_sniff(text));
  g_assert_null(cr_format_sniff(none));
  g_assert_null(cr_format_find("docx"));
}

/* ---- labels ---- */

static void
assert_span(const json_t *entities, size_t i, json_int_t start, json_int_t end)
{
  const json_t *entity = json_array_get(entities, i);
  g_assert_cmpint(json_integer_value(json_object_get(entity, "start")), ==, start);
  g_assert_cmpint(json_integer_value(json_object_get(entity, "end")), ==, end);
}

/* The widely copied example with offsets that are two short. */
static void
test_labels_example(void)
{
  static const struct {
    const char *found;
    gsize start, end;
  } expected[] = {{"n lisinopr", 23, 33}, {"l 10", 34, 38}, {"g dai", 39, 44}, {"r hypertensi", 49, 61}};
  g_autoptr(CrText) text =
      cr_text_new("Patient was started on lisinopril 10mg daily for hypertension.", -1, NULL);
  g_autoptr(json_t) entities = parse("[{\"start\":21,\"end\":31,\"label\":\"DRUG\",\"text\":\"lisinopril\"},{"
                                     "\"start\":32,\"end\":36,\"label\":\"DOSE\",\"text\":"
                                     "\"10mg\"},{\"start\":37,\"end\":42,\"label\":\"FREQUENCY\",\"text\":"
                                     "\"daily\"},{\"start\":47,\"end\":59,\"label\":"
                                     "\"CONDITION\",\"text\":\"hypertension\"}]");
  g_autoptr(GPtrArray) problems = cr_labels_check(text, entities);
  g_assert_cmpuint(problems->len, ==, 4);
  for (guint i = 0; i < 4; i++) {
    const CrLabelProblem *problem = problems->pdata[i];
    g_assert_error(problem->error, CR_ERROR, CR_ERROR_LABEL_TEXT);
    g_assert_cmpstr(problem->found, ==, expected[i].found);
    g_assert_true(problem->has_nearest);
    g_assert_cmpuint(problem->n_found, ==, 1);
    g_assert_cmpuint(problem->nearest_start, ==, expected[i].start);
    g_assert_cmpuint(problem->nearest_end, ==, expected[i].end);
    g_assert_null(strstr(problem->error->message, problem->said)); /* never note text in a message */
  }
  g_autoptr(GPtrArray) moved = NULL;
  g_autoptr(GPtrArray) left = cr_labels_repair(text, entities, &moved);
  g_assert_cmpuint(left->len, ==, 0);
  g_assert_cmpuint(moved->len, ==, 4);
  for (guint i = 0; i < 4; i++)
    assert_span(entities, i, (json_int_t)expected[i].start, (json_int_t)expected[i].end);
  g_autoptr(GPtrArray) none = cr_labels_check(text, entities);
  g_assert_cmpuint(none->len, ==, 0);
}

static void
test_labels_cases(void)
{
  static const struct {
    const char *text, *entities, *error,
        *after; /* after: the entity once repaired, NULL where it stays a problem */
  } cases[] = {
      {"daily, daily", "[{\"start\":3,\"end\":8,\"label\":\"F\",\"text\":\"daily\"}]", "label-text", NULL},
      {"daily and then, weeks later, once more daily",
       "[{\"start\":1,\"end\":6,\"label\":\"F\",\"text\":\"daily\"}]", "label-text", "0 5"},
      {"daily and then daily", "[{\"start\":7,\"end\":12,\"label\":\"F\",\"text\":\"daily\"}]", "label-text",
       NULL},
      {"no such word", "[{\"start\":0,\"end\":2,\"label\":\"F\",\"text\":\"yes\"}]", "label-text", NULL},
      {"one two", "[{\"start\":4,\"end\":99,\"label\":\"F\",\"text\":\"two\"}]", "span-outside", "4 7"},
      {"one two", "[{\"start\":7,\"end\":4,\"label\":\"F\",\"text\":\"two\"}]", "span-order", "4 7"},
      {"one two", "[{\"start\":-4,\"end\":7,\"label\":\"F\",\"text\":\"two\"}]", "span-outside", "4 7"},
      {"one two", "[{\"start\":4,\"end\":4,\"label\":\"F\",\"text\":\"\"}]", "span-order", NULL},
      {"one two", "[{\"start\":4,\"end\":99,\"label\":\"F\"}]", "span-outside", NULL},
      {"one two", "[{\"start\":\"4\",\"end\":7,\"label\":\"F\",\"text\":\"two\"}]", "span-outside", "4 7"},
      {"one two", "[{\"start\":4,\"end\":7,\"label\":\"F\",\"text\":7}]", "label-text", NULL},
      {"one two", "[{\"start\":4,\"end\":7,\"label\":\"F\",\"text\":\"Two\"}]", "label-text", NULL},
      /* bytes counted for code points */
      {"caf\xC3\xA9 na\xC3\xAFve aspirin", "[{\"start\":14,\"end\":21,\"label\":\"D\",\"text\":\"aspirin\"}]",
       "span-outside", "11 18"},
      /* both pieces move together */
      {"__left big arm",
       "[{\"start\":0,\"end\":12,\"label\":\"P\",\"text\":\"left arm\",\"fragments\":[[0,4],[9,12]]}]",
       "label-text", "2 14"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(CrText) text = cr_text_new(cases[i].text, -1, NULL);
    g_autoptr(json_t) entities = parse(cases[i].entities);
    g_autoptr(GPtrArray) problems = cr_labels_check(text, entities);
    g_assert_cmpuint(problems->len, ==, 1);
    g_assert_cmpstr(cr_error_name(((CrLabelProblem *)problems->pdata[0])->error), ==, cases[i].error);
    g_autoptr(GPtrArray) left = cr_labels_repair(text, entities, NULL);
    g_assert_cmpuint(left->len, ==, cases[i].after == NULL ? 1 : 0);
    if (cases[i].after == NULL)
      continue;
    g_auto(GStrv) after = g_strsplit(cases[i].after, " ", 2);
    assert_span(entities, 0, atoi(after[0]), atoi(after[1]));
    g_autoptr(GPtrArray) none = cr_labels_check(text, entities);
    g_assert_cmpuint(none->len, ==, 0);
  }
}

/* Two labels never end up on one another. */
static void
test_labels_taken(void)
{
  g_autoptr(CrText) text = cr_text_new("aspirin 10 mg", -1, NULL);
  g_autoptr(json_t) twice =
      parse("[{\"id\":\"a\",\"start\":1,\"end\":8,\"label\":\"D\",\"text\":\"aspirin\"},"
            "{\"id\":\"b\",\"start\":3,\"end\":10,\"label\":\"D\",\"text\":\"aspirin\"}]");
  g_autoptr(GPtrArray) left = cr_labels_repair(text, twice, NULL);
  g_assert_cmpuint(left->len, ==, 2);
  g_autoptr(json_t) taken =
      parse("[{\"id\":\"a\",\"start\":0,\"end\":7,\"label\":\"D\",\"text\":\"aspirin\"},"
            "{\"id\":\"b\",\"start\":3,\"end\":10,\"label\":\"D\",\"text\":\"aspirin\"}]");
  g_autoptr(GPtrArray) second = cr_labels_repair(text, taken, NULL);
  g_assert_cmpuint(second->len, ==, 1);
  assert_span(taken, 1, 3, 10);
}

/* Random labels, some shifted: what repair moves stands where its text is; what was right is never touched;
 * repairing twice changes nothing more. */
static void
test_labels_random(void)
{
  GRand *rand = g_rand_new_with_seed(5);
  for (guint round = 0; round < 400; round++) {
    g_autoptr(json_t) document = random_document(rand, round);
    json_t *entities = json_object_get(document, "entities"), *entity;
    const char *bytes = json_string_value(json_object_get(document, "text"));
    g_autoptr(CrText) text = cr_text_new(bytes, -1, NULL);
    size_t i;
    g_autoptr(GArray) shifts = g_array_new(FALSE, TRUE, sizeof(gint));
    json_array_foreach(entities, i, entity)
    {
      json_int_t start = json_integer_value(json_object_get(entity, "start")),
                 end = json_integer_value(json_object_get(entity, "end"));
      g_autofree char *said = g_utf8_substring(bytes, start, end);
      gint shift = g_rand_boolean(rand) ? g_rand_int_range(rand, -3, 4) : 0;
      json_object_del(entity, "fragments");
      json_object_set_new(entity, "text", json_string(said));
      json_object_set_new(entity, "start", json_integer(MAX(0, start + shift)));
      json_object_set_new(entity, "end", json_integer(MAX(0, end + shift)));
      g_array_append_val(shifts, shift);
    }
    g_autoptr(json_t) before = json_deep_copy(entities);
    g_autoptr(GPtrArray) problems = cr_labels_check(text, entities);
    g_autoptr(GPtrArray) moved = NULL;
    g_autoptr(GPtrArray) left = cr_labels_repair(text, entities, &moved);
    g_assert_cmpuint(problems->len, ==, left->len + moved->len);
    g_autoptr(GPtrArray) after = cr_labels_check(text, entities);
    g_assert_cmpuint(after->len, ==, left->len);
    json_array_foreach(entities, i, entity)
    {
      if (g_array_index(shifts, gint, i) == 0)
        g_assert_true(json_equal(entity, json_array_get(before, i)));
    }
    g_autoptr(json_t) once = json_deep_copy(entities);
    g_autoptr(GPtrArray) again = cr_labels_repair(text, entities, NULL);
    g_assert_cmpuint(again->len, <=, left->len);
  }
  g_rand_free(rand);
}

/* ---- receipt ---- */

static void
write_release(const char *format, const char *name, gboolean with_receipt)
{
  g_autoptr(json_t) documents = json_array();
  json_array_append_new(
      documents,
      parse("{\"id\":\"d1\",\"text\":\"caf\xC3\xA9 \xF0\x9F\x98\x8A aspirin\",\"entities\":[{\"start\":7,"
            "\"end\":14,\"label\":\"DRUG\"}]}"));
  g_autofree char *path = in_folder(name),
                  *dir = cr_format_find(format)->is_folder ? g_strdup(path) : g_path_get_dirname(path);
  g_free(write_all(format, path, documents, NULL));
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) receipt = cr_receipt_make(cr_format_find(format), path, &error);
  g_assert_no_error(error);
  g_assert_cmpint(json_integer_value(json_object_get(receipt, "entities")), ==, 1);
  g_assert_cmpint(json_integer_value(json_object_get(receipt, "proved")), ==, 1);
  g_autofree char *dump = cr_json_dump(receipt), *place = g_build_filename(dir, "receipt.json", NULL);
  if (with_receipt)
    g_assert_true(g_file_set_contents(place, dump, -1, NULL));
}

static void
test_receipt(void)
{
  static const struct {
    const char *format, *name, *dir, *file;
  } cases[] = {{"jsonl", "rj/data.jsonl", "rj", "rj/data.jsonl"},
               {"csv", "rc", "rc", "rc/findings.csv"},
               {"brat", "rb", "rb", "rb/d1.ann"}};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    clear_folder(cases[i].dir);
    g_autofree char *dir = in_folder(cases[i].dir);
    if (strcmp(cases[i].format, "jsonl") == 0)
      g_assert_cmpint(g_mkdir(dir, 0700), ==, 0);
    write_release(cases[i].format, cases[i].name, TRUE);
    g_autoptr(GError) error = NULL;
    g_assert_true(cr_receipt_check(dir, &error));
    g_assert_no_error(error);
    g_autofree char *stranger = g_build_filename(dir, "stranger.txt", NULL);
    g_assert_true(g_file_set_contents(stranger, "x", -1, NULL));
    g_assert_false(cr_receipt_check(dir, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
    g_clear_error(&error);
    g_assert_cmpint(g_unlink(stranger), ==, 0);
    g_autofree char *bytes = get(cases[i].file);
    for (gsize k = 0; bytes[k] != '\0'; k++) { /* any byte flipped is seen */
      bytes[k] ^= 1;
      g_free(put(cases[i].file, bytes));
      g_assert_false(cr_receipt_check(dir, &error));
      g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
      g_clear_error(&error);
      bytes[k] ^= 1;
    }
    g_autofree char *file = in_folder(cases[i].file);
    g_assert_cmpint(g_unlink(file), ==, 0);
    g_assert_false(cr_receipt_check(dir, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
  }
}

/* Texts around the lengths at which the receipt's reader marks its way; findings up to the last character. */
static void
test_receipt_long(void)
{
  for (guint n = 1022; n < 1027; n++)
    for (guint times = 1; times < 3; times++) {
      g_autoptr(GString) text = g_string_new(NULL);
      g_autoptr(json_t) documents = json_array();
      json_t *entities = json_array();
      for (guint i = 0; i < n * times; i++)
        g_string_append(text, i % 7 == 0 ? "\xF0\x9F\x98\x8A" : "x");
      for (guint i = 0; i < n * times; i += 31)
        json_array_append_new(
            entities, json_pack("{s:i, s:i, s:s}", "start", (int)i, "end", (int)(n * times), "label", "L"));
      json_array_append_new(documents,
                            json_pack("{s:s, s:s, s:o}", "id", "d", "text", text->str, "entities", entities));
      g_autofree char *path = in_folder("long.jsonl");
      g_free(write_all("jsonl", path, documents, NULL));
      g_autoptr(GError) error = NULL;
      g_autoptr(json_t) receipt = cr_receipt_make(cr_format_find("jsonl"), path, &error);
      g_assert_no_error(error);
      g_assert_cmpint(json_integer_value(json_object_get(receipt, "proved")), ==,
                      (json_int_t)json_array_size(entities));
      g_autofree char *bytes = get("long.jsonl"), *end = g_strdup_printf("\"end\":%u", n * times);
      g_autofree char *beyond = g_strdup_printf("\"end\":%u", n * times + 1);
      g_auto(GStrv) parts = g_strsplit(bytes, end, 2);
      g_autofree char *wrong = g_strjoinv(beyond, parts);
      g_free(put("long.jsonl", wrong));
      g_assert_null(cr_receipt_make(cr_format_find("jsonl"), path, &error));
      g_assert_error(error, CR_ERROR, CR_ERROR_OFFSET_NOT_PROVED);
    }
}

/* A writer that counts wrong would be found out. */
static void
test_receipt_refuses(void)
{
  static const struct {
    const char *format, *path, *bytes;
  } cases[] = {
      {"jsonl", "x.jsonl",
       "{\"text\":\"caf\xC3\xA9 "
       "x\",\"entities\":[{\"id\":\"T1\",\"start\":6,\"end\":7,\"label\":\"L\",\"text\":\"x\"}]}\n"},
      {"jsonl", "x.jsonl",
       "{\"text\":\"abc\",\"entities\":[{\"id\":\"T1\",\"start\":0,\"end\":9,\"label\":\"L\",\"text\":"
       "\"abc\"}]}\n"},
      {"jsonl", "x.jsonl",
       "{\"text\":\"abc\",\"entities\":[{\"id\":\"T1\",\"start\":0,\"end\":3,\"label\":\"L\"}]}\n"},
      {"jsonl", "x.jsonl",
       "{\"text\":\"abc\",\"entities\":[{\"id\":\"T1\",\"label\":\"L\",\"text\":\"abc\"}]}\n"},
      {"jsonl", "x.jsonl", "{\"text\":\n"},
      {"csv", "xc/findings.csv", "document,id,start,end,label,text\nd,T1,1,2,L,x\n"},
      {"csv", "xc/findings.csv", "document,id,start,end,label,text\ne,T1,0,1,L,a\n"},
      {"brat", "xb/n.ann", "T1\tL 1 3\tab\n"},
      {"brat", "xb/n.ann", "T1\tL 0 1;2\ta\n"},
  };
  g_autofree char *csv = put("xc/documents.csv", "id,text\nd,abc\n"), *txt = put("xb/n.txt", "abc");
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    const CrFormat *format = cr_format_find(cases[i].format);
    g_autofree char *file = put(cases[i].path, cases[i].bytes);
    g_autofree char *path = format->is_folder ? g_path_get_dirname(file) : g_strdup(file);
    g_autoptr(GError) error = NULL;
    g_assert_null(cr_receipt_make(format, path, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_OFFSET_NOT_PROVED);
  }
}

/* As a release lays it out: parts below the folder, and files beside them. */
static void
test_receipt_release(void)
{
  clear_folder("rel");
  g_autofree char *card = put("rel/card.md", "# card"), *dir = in_folder("rel"),
                  *sub = in_folder("rel/train");
  g_assert_cmpint(g_mkdir(sub, 0700), ==, 0);
  write_release("jsonl", "rel/train/notes.jsonl", FALSE);
  write_release("brat", "rel/brat", FALSE);
  g_autofree char *jsonl = in_folder("rel/train/notes.jsonl"), *brat = in_folder("rel/brat");
  g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "# card", -1);
  g_autoptr(GError) error = NULL;
  json_t *one = cr_receipt_make(cr_format_find("jsonl"), jsonl, &error),
         *two = cr_receipt_make(cr_format_find("brat"), brat, &error);
  json_object_set_new(one, "base", json_string("train"));
  json_object_set_new(two, "base", json_string("brat"));
  g_autoptr(json_t) receipt = json_pack("{s:[o,o], s:[{s:s, s:i, s:s}]}", "receipts", one, two, "files",
                                        "path", "card.md", "bytes", 6, "sha256", hash);
  g_autofree char *dump = cr_json_dump(receipt);
  g_free(put("rel/receipt.json", dump));
  g_assert_true(cr_receipt_check(dir, &error));
  g_assert_no_error(error);
  g_free(put("rel/card.md", "# Card"));
  g_assert_false(cr_receipt_check(dir, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
}

static void
test_receipt_escape(void)
{
  g_autofree char *a =
      put("esc/receipt.json",
          "{\"format\":\"jsonl\",\"files\":[{\"path\":\"../secret\",\"bytes\":1,\"sha256\":\"00\"}]}");
  g_autofree char *b = put("secret", "x"), *dir = in_folder("esc");
  g_autoptr(GError) error = NULL;
  g_assert_false(cr_receipt_check(dir, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
}

/* ---- card ---- */

static void
test_card_empty(void)
{
  g_autoptr(json_t) facts = json_object();
  g_autofree char *card = cr_card_markdown(facts);
  static const char *const headings[] = {"## Where the notes come from",
                                         "## How identifiers were removed",
                                         "## What was labelled",
                                         "## Who read the notes",
                                         "## How differences were settled",
                                         "## What is in it",
                                         "## Gaps and limits",
                                         "## Who may use it",
                                         "## Gates and overrides",
                                         "## The trail"};
  for (gsize i = 0; i < G_N_ELEMENTS(headings); i++)
    g_assert_nonnull(strstr(card, headings[i]));
  g_assert_nonnull(strstr(card, "# not recorded"));
  g_assert_null(strstr(card, "| 0 |")); /* nothing is made up */
  g_assert_null(strstr(card, "(null)"));
}

static void
test_card(void)
{
  g_autoptr(json_t) facts = parse("{\"project\":\"Heart | "
                                  "<b>failure</"
                                  "b>\\nset\",\"documents\":12345,\"agreement\":[{\"measure\":\"F1\","
                                  "\"label\":\"DRUG\",\"value\":0.91234,"
                                  "\"low\":0.9,\"high\":1.0}],\"overrides\":[],\"gaps\":[],\"preparation\":{"
                                  "\"redactions\":{\"DATE\":1,\"NAME\":3}},"
                                  "\"readers\":{\"codes\":[\"M-A\",\"M-B\"],\"count\":2}}");
  g_autofree char *card = cr_card_markdown(facts);
  g_assert_true(g_str_has_prefix(card, "# Heart \\| &lt;b>failure&lt;/b> set\n"));
  g_assert_nonnull(strstr(card, "| Notes | 12,345 |\n"));
  g_assert_nonnull(strstr(card, "| Measure | Label | Value | 95 % from | to |\n| --- | --- | --- | --- | --- "
                                "|\n| F1 | DRUG | 0.912 | 0.900 | 1.000 |\n"));
  g_assert_nonnull(strstr(card, "| NAME | 3 | 75 % |\n| DATE | 1 | 25 % |\n"));
  g_assert_nonnull(strstr(card, "| Codes | M-A, M-B |\n"));
  g_assert_nonnull(strstr(card, "No gate was overridden."));
  g_assert_nonnull(strstr(card, "None are known."));
  json_object_set_new(facts, "labelled", json_false());
  g_autofree char *bare = cr_card_markdown(facts);
  g_assert_nonnull(strstr(bare, "released without labels"));
  g_assert_null(strstr(bare, "Who read the notes"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  folder = g_dir_make_tmp("chartroom-formats-XXXXXX", NULL);
  g_test_add_func("/formats/jsonl", test_jsonl);
  g_test_add_func("/formats/jsonl-bad", test_jsonl_bad);
  g_test_add_func("/formats/discard", test_discard);
  g_test_add_func("/formats/exists", test_exists);
  g_test_add_func("/formats/csv", test_csv);
  g_test_add_func("/formats/csv-order", test_csv_order);
  g_test_add_func("/formats/csv-bad", test_csv_bad);
  g_test_add_func("/formats/brat", test_brat);
  g_test_add_func("/formats/brat-edited", test_brat_edited);
  g_test_add_func("/formats/brat-lost", test_brat_lost);
  g_test_add_func("/formats/brat-bad", test_brat_bad);
  g_test_add_func("/formats/brat-crlf", test_brat_crlf);
  g_test_add_func("/formats/brat-crlf-counted-once", test_brat_crlf_counted_once);
  g_test_add_func("/formats/brat-mutated", test_brat_mutated);
  g_test_add_func("/formats/brat-conf", test_brat_conf);
  g_test_add_func("/formats/random", test_random);
  g_test_add_func("/formats/corpora", test_corpora);
  g_test_add_func("/formats/sniff", test_sniff);
  g_test_add_func("/labels/example", test_labels_example);
  g_test_add_func("/labels/cases", test_labels_cases);
  g_test_add_func("/labels/taken", test_labels_taken);
  g_test_add_func("/labels/random", test_labels_random);
  g_test_add_func("/receipt/made-and-checked", test_receipt);
  g_test_add_func("/receipt/long", test_receipt_long);
  g_test_add_func("/receipt/refuses", test_receipt_refuses);
  g_test_add_func("/receipt/release", test_receipt_release);
  g_test_add_func("/receipt/escape", test_receipt_escape);
  g_test_add_func("/card/empty", test_card_empty);
  g_test_add_func("/card/full", test_card);
  int status = g_test_run();
  g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
  if (system(command) != 0)
    g_printerr("# %s stays\n", folder);
  g_free(folder);
  return status;
}
