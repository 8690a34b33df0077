/* A labelled corpus read whole and written again: columns, brat, JSON lines. */
#include "cli/corpus.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* ---- a folder of its own for each test ---- */

typedef struct {
  char *dir;
} World;

static void
world_set_up(World *world, gconstpointer unused)
{
  world->dir = g_dir_make_tmp("corpus-XXXXXX", NULL);
  g_assert_nonnull(world->dir);
}

static void
world_tear_down(World *world, gconstpointer unused)
{
  const char *argv[] = {"rm", "-rf", world->dir, NULL};
  g_assert_true(
      g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  g_free(world->dir);
}

static char *
path_of(const World *world, const char *name)
{
  return g_build_filename(world->dir, name, NULL);
}

static char *
put(const World *world, const char *name, const char *bytes)
{
  char *path = path_of(world, name);
  g_autofree char *parent = g_path_get_dirname(path);
  g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
  g_assert_true(g_file_set_contents(path, bytes, -1, NULL));
  return path;
}

static GPtrArray *
read_well(const char *path, const CrCorpusOptions *options)
{
  g_autoptr(GError) error = NULL;
  GPtrArray *documents = cr_corpus_read(path, options, &error);
  g_assert_no_error(error);
  return documents;
}

static void
assert_refused(const char *path, const CrCorpusOptions *options, int code, const char *where)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) documents = cr_corpus_read(path, options, &error);
  g_assert_null(documents);
  g_assert_error(error, CR_ERROR, code);
  if (where != NULL && strstr(error->message, where) == NULL)
    g_error("\"%s\" does not say \"%s\"", error->message, where);
}

/* "ID [label 'text' 'text'] …" a document a line: what a test compares. */
static char *
said(const GPtrArray *documents)
{
  GString *out = g_string_new(NULL);
  for (guint d = 0; d < documents->len; d++) {
    const CrCorpusDocument *document = documents->pdata[d];
    g_string_append(out, document->id);
    for (guint i = 0; i < document->spans->len; i++) {
      const CrCorpusSpan *span = &g_array_index(document->spans, CrCorpusSpan, i);
      g_autofree char *text = span->fragments ? cr_fragments_dup_text(document->text, span->fragments)
                                              : cr_span_dup_text(document->text, span->span);
      g_string_append_printf(out, " %s'%s'", span->label, text);
    }
    g_string_append_c(out, '\n');
  }
  return g_string_free(out, FALSE);
}

static void
assert_said(const GPtrArray *documents, const char *expected)
{
  g_autofree char *found = said(documents);
  g_assert_cmpstr(found, ==, expected);
}

static void
assert_file(const char *path, const char *expected)
{
  g_autofree char *found = NULL;
  g_assert_true(g_file_get_contents(path, &found, NULL, NULL));
  g_assert_cmpstr(found, ==, expected);
}

/* ---- columns ---- */

static const char two_sentences[] =
    "BRCA1\tB-Gene\nin\tO\nbreast\tB-Disease\ncancer\tI-Disease\n\nNo\tO\nCafé\tB-Food\n\n";

static void
test_iob_text(World *world, gconstpointer unused)
{
  g_autofree char *path = put(world, "x.tsv", two_sentences);
  g_autoptr(GPtrArray) documents = read_well(path, NULL);
  assert_said(documents, "x Gene'BRCA1' Disease'breast cancer' Food'Café'\n");
  const CrCorpusDocument *document = documents->pdata[0];
  g_autofree char *text =
      g_strndup(cr_text_bytes(document->text), cr_text_length(document->text, CR_UNIT_BYTE));
  g_assert_cmpstr(text, ==, "BRCA1 in breast cancer\nNo Café\n");
  g_assert_cmpuint(document->tokens->len, ==, 6);
  CrSpan last = g_array_index(document->tokens, CrSpan, 5);
  g_assert_cmpuint(last.start, ==, 26);
  g_assert_cmpuint(last.end, ==, 31);
}

static void
test_iob_schemes(World *world, gconstpointer unused)
{
  static const struct {
    const char *columns, *expected;
  } cases[] = {
      /* IOB1: an I that continues nothing begins; a B parts neighbours of one label */
      {"a I-X\nb I-X\nc B-X\nd O\ne I-Y\n", "x X'a b' X'c' Y'e'\n"},
      {"a I-X\nb I-Y\n", "x X'a' Y'b'\n"},
      {"a I-X\n\nb I-X\n", "x X'a' X'b'\n"},
      {"a B-X\nb I-X\nc E-X\nd S-X\ne I-X\n", "x X'a b c' X'd' X'e'\n"},
      {"a B-X\nb L-X\nc U-X\n", "x X'a b' X'c'\n"},
      {"a E-X\nb E-X\n", "x X'a' X'b'\n"},
      {"a NN B-X-1 \nb NN I-X-1\r\n", "x X-1'a b'\n"},
      {"\xEF\xBB\xBF"
       "a B-X",
       "x X'a'\n"},
      {"a\nb\n", "x\n"},
      {"\n\n", ""},
  };
  const CrCorpusOptions iob = {.format = "iob"};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = put(world, "x.iob", cases[i].columns);
    g_autoptr(GPtrArray) documents = read_well(path, &iob);
    assert_said(documents, cases[i].expected);
  }
}

static void
test_iob_documents(World *world, gconstpointer unused)
{
  g_autofree char *path =
      put(world, "x.conll", "-DOCSTART- -X- O\n\na N B-X\n\nb N O\n\n-DOCSTART- -X- O\n\nc N B-X\n");
  g_autoptr(GPtrArray) documents = read_well(path, NULL);
  assert_said(documents, "x:1 X'a'\nx:2 X'c'\n");
  const CrCorpusOptions by_sentence = {.by_sentence = TRUE};
  g_autofree char *plain = put(world, "y.tsv", two_sentences);
  g_autoptr(GPtrArray) sentences = read_well(plain, &by_sentence);
  assert_said(sentences, "y:1 Gene'BRCA1' Disease'breast cancer'\ny:2 Food'Café'\n");
}

static void
test_iob_refused(World *world, gconstpointer unused)
{
  static const struct {
    const char *columns, *where;
    int code;
  } cases[] = {
      {"a O\nb X-Y\n", "x.iob:2:", CR_ERROR_BAD_COLUMNS},   {"a O\nb B-\n", "x.iob:2:", CR_ERROR_BAD_COLUMNS},
      {"a O\nb N O\n", "x.iob:2:", CR_ERROR_BAD_COLUMNS},   {"a\tO\n\tO\n", "x.iob:2:", CR_ERROR_BAD_COLUMNS},
      {"a O\n\xff O\n", "x.iob:2:", CR_ERROR_INVALID_UTF8},
  };
  const CrCorpusOptions iob = {.format = "iob"};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = put(world, "x.iob", cases[i].columns);
    assert_refused(path, &iob, cases[i].code, cases[i].where);
  }
}

/* Read and written, a file is what it was, other columns and scheme too. */
static void
test_iob_round_trip(World *world, gconstpointer unused)
{
  static const char *const files[] = {
      two_sentences,
      "-DOCSTART- -X- O\n\na N  B-X\nb N  I-X\n\nc N  O\n\n",
      "a S-X\nb B-X\nc I-X\nd E-X\n\n",
      "a U-X\nb B-X\nc L-X\n\n",
  };
  g_autofree char *out = path_of(world, "out");
  for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = put(world, "in", files[i]);
    g_autoptr(GPtrArray) documents = read_well(path, NULL);
    g_assert_true(cr_corpus_write(out, "iob", documents, &error));
    assert_file(out, files[i]);
  }
}

static void
set_span(CrCorpusDocument *document, gsize start, gsize end, const char *label)
{
  CrCorpusSpan span = {.span = {start, end}, .label = g_strdup(label)};
  g_array_append_val(document->spans, span);
}

/* Tags of spans that are not made of tokens, that overlap, that run over a line's end. */
static void
test_iob_predictions(World *world, gconstpointer unused)
{
  g_autofree char *path = put(world, "in", "aa O\nbb O\ncc O\n\ndd O\n"), *out = path_of(world, "out");
  g_autoptr(GPtrArray) documents = read_well(path, NULL);
  CrCorpusDocument *document = documents->pdata[0]; /* "aa bb cc\ndd\n" */
  set_span(document, 1, 2, "X");
  set_span(document, 3, 5, "Y");
  set_span(document, 3, 11, "Z Z");
  g_assert_true(cr_corpus_write(out, "iob", documents, NULL));
  assert_file(out, "aa B-X\nbb B-Z_Z\ncc I-Z_Z\n\ndd B-Z_Z\n\n");
}

static void
test_iob_from_text(World *world, gconstpointer unused)
{
  g_autofree char *path =
                      put(world, "in.jsonl",
                          "{\"id\":\"a\",\"text\":\"No café.\\n10mg\",\"entities\":[{\"start\":3,\"end\":7,"
                          "\"label\":\"F\"},{\"start\":9,\"end\":13,\"label\":\"D\"}]}\n"),
                  *out = path_of(world, "out");
  g_autoptr(GPtrArray) documents = read_well(path, NULL);
  g_assert_true(cr_corpus_write(out, "iob", documents, NULL));
  assert_file(out, "No\tO\ncafé\tB-F\n.\tO\n\n10\tB-D\nmg\tI-D\n");
}

static void
test_iob_corpora(World *world, gconstpointer unused)
{
  static const char *const names[] = {"ncbi-disease/train.tsv", "bc5cdr/devel.tsv"};
  g_autofree char *out = path_of(world, "out");
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *path =
        g_getenv("CR_SHARED") ? g_build_filename(g_getenv("CR_SHARED"), "corpora", names[i], NULL) : NULL;
    if (path == NULL || !g_file_test(path, G_FILE_TEST_EXISTS)) {
      g_test_skip("the shared corpora are not here");
      return;
    }
    g_autoptr(GPtrArray) documents = read_well(path, NULL);
    g_assert_true(cr_corpus_write(out, "iob", documents, NULL));
    g_autofree char *before = NULL, *after = NULL;
    g_assert_true(g_file_get_contents(path, &before, NULL, NULL));
    g_assert_true(g_file_get_contents(out, &after, NULL, NULL));
    g_assert_cmpstr(g_strchomp(after), ==, g_strchomp(before));
  }
}

/* ---- documents ---- */

static void
test_jsonl(World *world, gconstpointer unused)
{
  g_autofree char *path =
      put(world, "in.jsonl",
          "{\"id\":\"a\",\"text\":\"é one two "
          "three\",\"meta\":{\"style\":\"x\"},\"entities\":[{\"start\":6,\"end\":9,"
          "\"label\":\"L\"},{\"start\":2,\"end\":15,\"fragments\":[[10,15],[2,5]],\"label\":\"D\"}],"
          "\"phi\":[{\"start\":0,\"end\":1,\"kind\":\"CITY\"}]}\n{\"id\":\"b\",\"text\":\"plain\"}\n");
  g_autoptr(GPtrArray) documents = read_well(path, NULL);
  assert_said(documents, "a D'one three' L'two'\nb\n");
  const CrCorpusOptions phi = {.key = "phi"};
  g_autoptr(GPtrArray) found = read_well(path, &phi);
  assert_said(found, "a CITY'é'\nb\n");
  const CrCorpusDocument *first = found->pdata[0];
  g_assert_cmpstr(json_string_value(json_object_get(json_object_get(first->document, "meta"), "style")), ==,
                  "x");
}

static void
test_jsonl_written(World *world, gconstpointer unused)
{
  g_autofree char *path = put(
                      world, "in.jsonl",
                      "{\"id\":\"a\",\"text\":\"é one two\",\"meta\":{\"k\":1},\"entities\":[{\"id\":\"T9\","
                      "\"start\":0,\"end\":1,\"label\":\"L\"}],\"relations\":[{\"id\":\"R1\",\"type\":\"t\","
                      "\"from\":\"T9\",\"to\":\"T9\"}]}\n"),
                  *out = path_of(world, "out.jsonl");
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) documents = read_well(path, NULL);
  CrCorpusDocument *document = documents->pdata[0];
  g_array_unref(document->spans);
  document->spans = cr_corpus_spans_new();
  set_span(document, 3, 6, "NEW");
  g_assert_true(cr_corpus_write(out, "jsonl", documents, &error));
  assert_file(
      out, "{\"id\":\"a\",\"text\":\"é one two\",\"meta\":{\"k\":1},\"entities\":[{\"id\":\"T1\",\"start\":2,"
           "\"end\":5,\"label\":\"NEW\",\"text\":\"one\"}],\"relations\":[]}\n");
}

static void
test_jsonl_refused(World *world, gconstpointer unused)
{
  static const struct {
    const char *line;
    int code;
  } cases[] = {
      {"{\"id\":\"a\",\"text\":\"abc\",\"entities\":[{\"start\":1,\"end\":9,\"label\":\"L\"}]}",
       CR_ERROR_SPAN_OUTSIDE},
      {"{\"id\":\"a\",\"text\":\"abc\",\"entities\":[{\"start\":2,\"end\":1,\"label\":\"L\"}]}",
       CR_ERROR_SPAN_ORDER},
      {"{\"id\":\"a\",\"text\":\"abc\",\"entities\":[{\"start\":1,\"end\":2}]}", CR_ERROR_MISSING_FIELD},
      {"{\"id\":\"a\",\"error\":{}}", CR_ERROR_MISSING_FIELD},
      {"{\"id\":", CR_ERROR_BAD_JSON},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *bytes = g_strdup_printf("{\"id\":\"ok\",\"text\":\"x\"}\n%s\n", cases[i].line);
    g_autofree char *path = put(world, "in.jsonl", bytes);
    assert_refused(path, NULL, cases[i].code, "in.jsonl:2");
    g_autoptr(GPtrArray) refused = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    const CrCorpusOptions lenient = {.refused = refused};
    g_autoptr(GPtrArray) documents = read_well(path, &lenient);
    assert_said(documents, "ok\n");
    g_assert_cmpuint(refused->len, ==, 1);
  }
  g_autofree char *path =
      put(world, "phi.jsonl",
          "{\"id\":\"a\",\"text\":\"abc\",\"phi\":[{\"start\":1,\"end\":9,\"kind\":\"CITY\"}]}\n");
  const CrCorpusOptions phi = {.key = "phi"};
  assert_refused(path, &phi, CR_ERROR_SPAN_OUTSIDE, "phi.jsonl: a: phi 1:");
}

static void
test_brat(World *world, gconstpointer unused)
{
  g_autofree char *txt = put(world, "in/sub/n1.txt", "The café closed\nearly\n"),
                  *ann = put(world, "in/sub/n1.ann",
                             "T1\tP 4 8\tcafé\nT2\tD 9 15;16 21\tclosed early\nA1\tNeg T1\n"),
                  *other = put(world, "in/annotation.conf", "[entities]\n"), *in = path_of(world, "in"),
                  *out = path_of(world, "out"), *txt_out = path_of(world, "out/sub/n1.txt"),
                  *ann_out = path_of(world, "out/sub/n1.ann");
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) documents = read_well(in, NULL);
  g_autofree char *found = said(documents);
  g_assert_true(g_str_has_prefix(found, "sub/n1 P'café' D'closed"));
  CrCorpusDocument *document = documents->pdata[0];
  g_array_remove_index(document->spans, 0);
  g_assert_true(cr_corpus_write(out, "brat", documents, &error));
  g_assert_no_error(error);
  assert_file(txt_out, "The café closed\nearly\n");
  assert_file(ann_out, "T1\tD 9 15;16 21\tclosed early\n");
}

static void
test_nothing_there(World *world, gconstpointer unused)
{
  g_autofree char *missing = path_of(world, "missing"), *odd = put(world, "odd", "what is this");
  const CrCorpusOptions wrong = {.format = "nothing"}, iob = {.format = "iob"};
  assert_refused(missing, NULL, CR_ERROR_NOT_FOUND, "missing");
  assert_refused(odd, NULL, CR_ERROR_UNKNOWN_FORMAT, "odd");
  assert_refused(odd, &wrong, CR_ERROR_UNKNOWN_FORMAT, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) documents = cr_corpus_read(missing, &iob, &error);
  g_assert_null(documents);
  g_assert_nonnull(error);
}

int
main(int argc, char **argv)
{
  static const struct {
    const char *path;
    void (*run)(World *, gconstpointer);
  } tests[] = {
      {"/corpus/iob/text", test_iob_text},
      {"/corpus/iob/schemes", test_iob_schemes},
      {"/corpus/iob/documents", test_iob_documents},
      {"/corpus/iob/refused", test_iob_refused},
      {"/corpus/iob/round-trip", test_iob_round_trip},
      {"/corpus/iob/predictions", test_iob_predictions},
      {"/corpus/iob/from-text", test_iob_from_text},
      {"/corpus/iob/corpora", test_iob_corpora},
      {"/corpus/jsonl", test_jsonl},
      {"/corpus/jsonl/written", test_jsonl_written},
      {"/corpus/jsonl/refused", test_jsonl_refused},
      {"/corpus/brat", test_brat},
      {"/corpus/nothing-there", test_nothing_there},
  };
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
    g_test_add(tests[i].path, World, NULL, world_set_up, tests[i].run, world_tear_down);
  return g_test_run();
}
