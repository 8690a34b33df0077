/* intake: what comes in, what is quarantined and where, and that nothing is lost between the two. */
#include <chartroom/intake.h>
#include <chartroom/json.h>
#include "base/records.h"
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a sink that keeps everything ---- */

typedef struct {
  GPtrArray *records;
  GPtrArray *errors; /* "name file-base record byte" */
  guint stop_after;  /* 0: never */
  guint64 last_done, last_all;
} Kept;

static void
free_record(gpointer record)
{
  cr_record_free(record);
}

static Kept *
kept_new(void)
{
  Kept *kept = g_new0(Kept, 1);
  kept->records = g_ptr_array_new_with_free_func(free_record);
  kept->errors = g_ptr_array_new_with_free_func(g_free);
  return kept;
}

static void
kept_free(Kept *kept)
{
  g_ptr_array_unref(kept->records);
  g_ptr_array_unref(kept->errors);
  g_free(kept);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kept, kept_free)

static gboolean
accept_cb(CrRecord *record, gpointer data, GError **error)
{
  Kept *kept = data;
  g_ptr_array_add(kept->records, record);
  if (kept->records->len == kept->stop_after) {
    g_set_error(error, CR_ERROR, CR_ERROR_DISK_FULL, "stop");
    return FALSE;
  }
  return TRUE;
}

static void
quarantine_cb(const CrQuarantined *q, gpointer data)
{
  Kept *kept = data;
  g_autofree char *base = g_path_get_basename(q->file);
  g_assert_true(g_str_has_prefix(q->error->message, q->file)); /* the message says where */
  g_ptr_array_add(kept->errors, g_strdup_printf("%s %s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                                cr_error_name(q->error), base, q->record, q->byte_off));
}

static void
progress_cb(guint64 done, guint64 all, gpointer data)
{
  Kept *kept = data;
  g_assert_cmpuint(done, >=, kept->last_done);
  g_assert_cmpuint(done, <=, all);
  kept->last_done = done;
  kept->last_all = all;
}

static const CrIntakeSink sink = {accept_cb, quarantine_cb, progress_cb};

/* ---- files ---- */

static char *folder;

static char *
put(const char *name, const char *bytes, gssize n)
{
  char *path = g_build_filename(folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname(path);
  g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
  g_assert_true(g_file_set_contents(path, bytes, n, NULL));
  return path;
}

static Kept *
read_bytes(const char *name, const char *bytes, gssize n, const CrIntakeOptions *options)
{
  Kept *kept = kept_new();
  g_autofree char *path = put(name, bytes, n);
  g_autoptr(GError) error = NULL;
  gboolean done = cr_intake_read(path, options, &sink, kept, &error);
  g_assert_no_error(error);
  g_assert_true(done);
  return kept;
}

static void
read_fails(const char *name, const char *bytes, gssize n, const CrIntakeOptions *options, int code)
{
  g_autoptr(Kept) kept = kept_new();
  g_autofree char *path = put(name, bytes, n);
  g_autoptr(GError) error = NULL;
  g_assert_false(cr_intake_read(path, options, &sink, kept, &error));
  g_assert_error(error, CR_ERROR, code);
  g_assert_cmpuint(kept->records->len, ==, 0);
}

static const CrRecord *
record(const Kept *kept, guint i)
{
  g_assert_cmpuint(kept->records->len, >, i);
  return kept->records->pdata[i];
}

static char *
text_of(const CrRecord *r)
{
  return g_strndup(cr_text_bytes(r->text), cr_text_length(r->text, CR_UNIT_BYTE));
}

static void
assert_text(const CrRecord *r, const char *expected)
{
  g_autofree char *text = text_of(r);
  g_assert_cmpstr(text, ==, expected);
}

static void
assert_meta(const CrRecord *r, const char *key, const char *expected)
{
  g_assert_cmpstr(json_string_value(json_object_get(r->meta, key)), ==, expected);
}

static void
assert_error(const Kept *kept, guint i, const char *expected)
{
  g_assert_cmpuint(kept->errors->len, >, i);
  g_assert_cmpstr(kept->errors->pdata[i], ==, expected);
}

/* ---- text ---- */

static void
test_text(void)
{
  g_autoptr(Kept) kept = read_bytes("note 7.txt", "BP 120/80\r\nna\xC3\xAFve\r\n", -1, NULL);
  g_assert_cmpuint(kept->records->len, ==, 1);
  g_assert_cmpstr(record(kept, 0)->id, ==, "note 7");
  assert_text(record(kept, 0), "BP 120/80\r\nna\xC3\xAFve\r\n");
  g_assert_null(record(kept, 0)->meta);
  g_assert_cmpuint(record(kept, 0)->record, ==, 1);
  g_autofree char *hash =
      g_compute_checksum_for_string(G_CHECKSUM_SHA256, "BP 120/80\r\nna\xC3\xAFve\r\n", -1);
  g_assert_cmpstr(record(kept, 0)->source_sha256, ==, hash);
  g_assert_cmpuint(kept->last_done, ==, kept->last_all);
}

static void
test_text_bom(void)
{
  CrIntakeOptions options = {.default_language = "en"};
  g_autoptr(Kept) kept = read_bytes("b.txt", "\xEF\xBB\xBFHello", -1, &options);
  assert_text(record(kept, 0), "Hello");
  g_assert_true(json_is_true(json_object_get(record(kept, 0)->meta, "bom")));
  g_assert_cmpstr(record(kept, 0)->language, ==, "en");
  /* Only the first is the file's mark. */
  g_autoptr(Kept) twice = read_bytes("c.txt", "\xEF\xBB\xBF\xEF\xBB\xBFHello", -1, NULL);
  assert_text(record(twice, 0), "\xEF\xBB\xBFHello");
}

static void
test_text_bad(void)
{
  static const struct {
    const char *bytes;
    gssize n;
    const char *error;
  } cases[] = {
      {"", 0, "empty-text x.txt 1 0"},
      {" \r\n\t \xC2\xA0\n", -1, "empty-text x.txt 1 0"},
      {"\xEF\xBB\xBF", 3, "empty-text x.txt 1 0"},
      {"ab\0cd", 5, "nul-byte x.txt 1 0"},
      {"caf\xE9 au lait", -1, "invalid-utf8 x.txt 1 0"},
      {"lone \xED\xA0\x80 surrogate", -1, "invalid-utf8 x.txt 1 0"},
      {"overlong \xC0\xAF", -1, "invalid-utf8 x.txt 1 0"},
      {"cut \xE2\x82", -1, "invalid-utf8 x.txt 1 0"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Kept) kept = read_bytes("x.txt", cases[i].bytes, cases[i].n, NULL);
    g_assert_cmpuint(kept->records->len, ==, 0);
    g_assert_cmpuint(kept->errors->len, ==, 1);
    assert_error(kept, 0, cases[i].error);
  }
}

static void
test_text_utf16(void)
{
  read_fails("u.txt", "\xFF\xFEH\0i\0", 6, NULL, CR_ERROR_INVALID_UTF8);
  read_fails("u.csv", "\xFE\xFF\0i\0d", 6, NULL, CR_ERROR_INVALID_UTF8);
  read_fails("u.jsonl", "\xFF\xFE{\0}\0", 6, NULL, CR_ERROR_INVALID_UTF8);
}

static void
test_text_large(void)
{
  gsize n = CR_INTAKE_MAX_NOTE;
  g_autofree char *bytes = g_malloc(n + 1);
  memset(bytes, 'a', n + 1);
  g_autoptr(Kept) most = read_bytes("large.txt", bytes, (gssize)n, NULL);
  g_assert_cmpuint(most->records->len, ==, 1);
  g_assert_cmpuint(cr_text_length(record(most, 0)->text, CR_UNIT_BYTE), ==, n);
  g_autoptr(Kept) beyond = read_bytes("large.txt", bytes, (gssize)n + 1, NULL);
  g_assert_cmpuint(beyond->records->len, ==, 0);
  assert_error(beyond, 0, "limit large.txt 1 0");
}

/* ---- folders and kinds of files ---- */

static void
test_folder(void)
{
  g_autofree char *a = put("dir/b.txt", "second", -1), *b = put("dir/a.txt", "first", -1);
  g_autofree char *c = put("dir/sub/a.txt", "third", -1), *d = put("dir/.hidden.txt", "hidden", -1);
  g_autofree char *e = put("dir/c.pdf", "%PDF-1.4 …", -1), *f = put("dir/d.rtf", "{\\rtf1 x}", -1);
  g_autofree char *g = put("dir/e.csv", "a,b\n1,2\n", -1), *dir = g_build_filename(folder, "dir", NULL);
  g_autofree char *h = put("dir/f.txt", "{\\rtf1 a letter that calls itself text}", -1);
  g_autofree char *loop = g_build_filename(dir, "loop", NULL);
  g_autoptr(Kept) kept = kept_new();
  g_autoptr(GError) error = NULL;
  g_assert_true(symlink("..", loop) == 0);
  g_assert_true(cr_intake_read(dir, NULL, &sink, kept, &error));
  g_assert_no_error(error);
  g_assert_cmpuint(kept->records->len, ==, 3);
  g_assert_cmpstr(record(kept, 0)->id, ==, "a");
  g_assert_cmpstr(record(kept, 1)->id, ==, "b");
  g_assert_cmpstr(record(kept, 2)->id, ==, "sub/a");
  g_assert_cmpuint(kept->errors->len, ==, 4);
  assert_error(kept, 0, "unknown-format c.pdf 1 0");
  assert_error(kept, 1, "unknown-format d.rtf 1 0");
  assert_error(kept, 2, "missing-column e.csv 1 0");
  assert_error(kept, 3, "unknown-format f.txt 1 0");
  g_assert_cmpuint(kept->last_done, ==, kept->last_all);
}

static void
test_missing_path(void)
{
  g_autoptr(Kept) kept = kept_new();
  g_autoptr(GError) error = NULL;
  g_assert_false(cr_intake_read("/nonexistent/x.txt", NULL, &sink, kept, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_NOT_FOUND);
  CrIntakeOptions options = {.format = "docx"};
  read_fails("y.txt", "y", -1, &options, CR_ERROR_UNKNOWN_FORMAT);
  read_fails("y.docx", "PK\x03\x04", -1, NULL, CR_ERROR_UNKNOWN_FORMAT);
  read_fails("y.xyz", "some text", -1, NULL, CR_ERROR_UNKNOWN_FORMAT);
}

static void
test_stop(void)
{
  g_autoptr(Kept) kept = kept_new();
  g_autofree char *path = put("stop.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"text\":\"c\"}\n", -1);
  g_autoptr(GError) error = NULL;
  kept->stop_after = 2;
  g_assert_false(cr_intake_read(path, NULL, &sink, kept, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_DISK_FULL);
  g_assert_cmpuint(kept->records->len, ==, 2);
  /* In a folder too, and the other files are not read. */
  g_autofree char *one = put("stopdir/a.txt", "a", -1), *two = put("stopdir/b.txt", "b", -1);
  g_autofree char *dir = g_build_filename(folder, "stopdir", NULL);
  g_autoptr(Kept) second = kept_new();
  g_clear_error(&error);
  second->stop_after = 1;
  g_assert_false(cr_intake_read(dir, NULL, &sink, second, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_DISK_FULL);
  g_assert_cmpuint(second->records->len, ==, 1);
}

/* ---- JSON lines ---- */

static void
test_jsonl(void)
{
  g_autoptr(Kept) kept =
      read_bytes("n.jsonl",
                 "{\"id\":\"A1\",\"text\":\"caf\\u00e9 \\ud83d\\ude0a\",\"patient\":17,\"date\":\"2023-04-05 "
                 "10:11:12\",\"ward\":\"3B\","
                 "\"meta\":{\"type\":\"11506-3\",\"ward\":\"old\",\"n\":5},\"known\":{\"names\":[{\"given\":"
                 "\"Ann\",\"family\":\"Lee\",\"role\":"
                 "\"patient\"}]}}\r\n"
                 "\n"
                 "{\"note_text\":\"two\",\"type\":\"ED\",\"date\":\"4/5/23\"}",
                 -1, NULL);
  const CrRecord *first = record(kept, 0), *second = record(kept, 1);
  g_assert_cmpuint(kept->records->len + kept->errors->len, ==, 2);
  g_assert_cmpstr(first->id, ==, "A1");
  assert_text(first, "caf\xC3\xA9 \xF0\x9F\x98\x8A");
  g_assert_cmpstr(first->patient, ==, "17");
  g_assert_cmpstr(first->type, ==, "11506-3");
  g_assert_cmpstr(first->date, ==, "2023-04-05T10:11:12");
  assert_meta(first, "ward", "old");
  assert_meta(first, "line.ward", "3B");
  g_assert_cmpint(json_integer_value(json_object_get(first->meta, "n")), ==, 5);
  g_assert_null(json_object_get(first->meta, "type"));
  g_assert_null(json_object_get(first->meta, "known"));
  g_assert_cmpuint(first->known->names->len, ==, 1);
  g_assert_cmpstr(second->id, ==, "n:3");
  g_assert_cmpstr(second->type, ==, "ED");
  g_assert_null(second->date);
  assert_meta(second, "date", "4/5/23");
  g_assert_cmpuint(second->record, ==, 3);
}

static void
test_jsonl_bad(void)
{
  static const char lines[] = "{\"text\":\"fine\"}\n"           /* byte 0 */
                              "{\"text\":\"no end}\n"           /* 16 */
                              "[\"text\"]\n"                    /* 33 */
                              "{\"id\":\"x\"}\n"                /* 42 */
                              "{\"text\":7}\n"                  /* 53 */
                              "{\"text\":\" \\n\"}\n"           /* 64 */
                              "{\"text\":\"a\\u0000b\"}\n"      /* 79 */
                              "{\"text\":\"\\ud83d alone\"}\n"  /* 99 */
                              "{\"text\":\"\xFF\"}\n"           /* 123 */
                              "{\"text\":\"fine\"}\n"           /* 136 */
                              "{\"text\":\"x\",\"known\":[]}\n" /* 152 */
                              "{\"text\":\"cut of";             /* 176 */
  g_autoptr(Kept) kept = read_bytes("bad.jsonl", lines, -1, NULL);
  g_assert_cmpuint(kept->records->len, ==, 2);
  g_assert_cmpuint(kept->errors->len, ==, 10);
  assert_error(kept, 0, "bad-json bad.jsonl 2 16");
  assert_error(kept, 1, "bad-json bad.jsonl 3 33");
  assert_error(kept, 2, "missing-field bad.jsonl 4 42");
  assert_error(kept, 3, "missing-field bad.jsonl 5 53");
  assert_error(kept, 4, "empty-text bad.jsonl 6 64");
  g_assert_true(g_str_has_suffix(kept->errors->pdata[5], " bad.jsonl 7 79"));
  assert_error(kept, 6, "lone-surrogate bad.jsonl 8 99");
  assert_error(kept, 7, "invalid-utf8 bad.jsonl 9 123");
  g_assert_true(g_str_has_suffix(kept->errors->pdata[8], " bad.jsonl 11 152"));
  assert_error(kept, 9, "bad-json bad.jsonl 12 176");
  g_assert_cmpuint(record(kept, 1)->byte_off, ==, 136);
}

static void
test_jsonl_map(void)
{
  g_autoptr(GHashTable) map = g_hash_table_new(g_str_hash, g_str_equal);
  CrIntakeOptions options = {.map = map};
  g_hash_table_insert(map, "Body", "text");
  g_hash_table_insert(map, "ref", "id");
  g_autoptr(Kept) kept = read_bytes(
      "m.ndjson", "{\"Body\":\"b\",\"ref\":\"r\",\"id\":\"other\",\"text\":\"t\"}\n", -1, &options);
  assert_text(record(kept, 0), "b");
  g_assert_cmpstr(record(kept, 0)->id, ==, "r");
  assert_meta(record(kept, 0), "id", "other");
  assert_meta(record(kept, 0), "text", "t");
}

/* One import, two files, one map: the column of the other file must not hide this file's own field. */
static void
test_jsonl_map_of_another_file(void)
{
  g_autoptr(GHashTable) map = g_hash_table_new(g_str_hash, g_str_equal);
  CrIntakeOptions options = {.map = map};
  g_hash_table_insert(map, "visit_date", "date");
  g_autoptr(Kept) kept = read_bytes(
      "m2.jsonl", "{\"id\":\"a\",\"text\":\"t\",\"meta\":{\"date\":\"2018-10-07\"}}\n", -1, &options);
  g_assert_cmpstr(record(kept, 0)->date, ==, "2018-10-07");
}

/* A long text is taken out of its line before the line is parsed: the same must come of it as of a short one,
 * which goes through the parser. */
static void
test_jsonl_long(void)
{
  static const struct {
    const char *tail; /* JSON, behind 400 bytes of text */
    const char *text; /* what it means; NULL: refused */
    const char *error;
  } cases[] = {
      {"plain\"", "plain", NULL},
      {"\\\"q\\\" \\\\\"", "\"q\" \\", NULL},
      {"\\/\\b\\f\\n\\r\\t\"", "/\b\f\n\r\t", NULL},
      {"\\u00e9\\uD83D\\ude0A\\uffff\"", "\xC3\xA9\xF0\x9F\x98\x8A\xEF\xBF\xBF", NULL},
      {"\xE4\xB8\xAD\", \"text \": 1", "\xE4\xB8\xAD", NULL},
      {"\\q\"", NULL, "bad-json"},
      {"\\u12\"", NULL, "bad-json"},
      {"\\u12", NULL, "bad-json"},
      {"\\", NULL, "bad-json"},
      {"\x01\"", NULL, "bad-json"},
      {"\t\"", NULL, "bad-json"},
      {"\" x", NULL, "bad-json"},
      {"\", \"text\": \"twice\"", NULL, "bad-json"},
      {"\\u0000\"", NULL, "nul-byte"},
      {"\\ud83d\"", NULL, "lone-surrogate"},
      {"\\ud83d\\u0041\"", NULL, "lone-surrogate"},
      {"\\ude0a\"", NULL, "lone-surrogate"},
      {"\xED\xA0\x80\"", NULL, "invalid-utf8"},
  };
  g_autofree char *head = g_strnfill(400, 'w');
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    for (guint is_long = 0; is_long < 2; is_long++) {
      g_autofree char *line = g_strdup_printf("{\"meta\": {\"text\": \"%s\"}, \"text\" : \"%s%s}\n", head,
                                              is_long ? head : "", cases[i].tail);
      g_autofree char *expected = g_strconcat(is_long ? head : "", cases[i].text, NULL);
      g_autoptr(Kept) kept = read_bytes("l.jsonl", line, -1, NULL);
      g_assert_cmpuint(kept->records->len, ==, cases[i].text != NULL ? 1 : 0);
      if (cases[i].text == NULL) {
        g_autofree char *error = g_strdup_printf("%s l.jsonl 1 0", cases[i].error);
        assert_error(kept, 0, error);
        continue;
      }
      assert_text(record(kept, 0), expected);
      assert_meta(record(kept, 0), "text", head);
    }
}

/* Bytes of a long line changed at random: taken exactly where the general parser takes the line, with the
 * same text. */
static void
test_jsonl_mutated(void)
{
  static const char alphabet[] = "\"\\{}[]:,u0d8 nt\x01\xC3\xA9x";
  GRand *rand = g_rand_new_with_seed(9);
  guint n_taken = 0;
  g_autofree char *fill = g_strnfill(300, 'w');
  g_autofree char *whole =
      g_strdup_printf("{\"id\":\"a\",\"meta\":{\"text\":\"m\",\"l\":[1,{\"k\":\"}\"}]},\"text\" : \"%s "
                      "\\u00e9\\ud83d\\ude0a \\\\ \\\"q\\\" \xC3\xA9\",\"n\":7}",
                      fill);
  for (guint round = 0; round < 3000; round++) {
    g_autofree char *line = g_strdup(whole);
    gsize n = strlen(line), first = g_rand_boolean(rand) ? 0 : n - 70;
    for (gint k = g_rand_int_range(rand, 1, 3); k > 0; k--)
      line[g_rand_int_range(rand, (gint)first, (gint)n)] =
          alphabet[g_rand_int_range(rand, 0, sizeof alphabet - 1)];
    g_autoptr(json_t) parsed = cr_json_parse(line, n, NULL);
    const json_t *text = json_object_get(parsed, "text");
    g_autoptr(Kept) kept = read_bytes("mut.jsonl", line, -1, NULL);
    g_assert_cmpuint(kept->records->len, ==, json_is_string(text) ? 1 : 0);
    g_assert_cmpuint(kept->errors->len, ==, json_is_string(text) ? 0 : 1);
    if (json_is_string(text))
      assert_text(record(kept, 0), json_string_value(text));
    n_taken += kept->records->len;
  }
  g_assert_cmpuint(n_taken, >, 300);
  g_rand_free(rand);
}

/* ---- CSV ---- */

static void
test_csv(void)
{
  g_autoptr(Kept) kept = read_bytes("n.csv",
                                    "\xEF\xBB\xBFNote ID,Patient,MRN,Note,Ward,date\r\n"
                                    "1,P7,445566,\"Line one\r\nshe said \"\"no\"\"\",3B,20230405\r\n"
                                    "2,P8,,plain 5' 10\" tall,,2023-04-06\r\n"
                                    "\r\n"
                                    ",P9,,\"\",,\r\n"
                                    "4,P9,,last,x,05.04.2023",
                                    -1, NULL);
  g_assert_cmpuint(kept->records->len, ==, 3);
  g_assert_cmpuint(kept->errors->len, ==, 1);
  assert_error(kept, 0, "empty-text n.csv 3 131");
  const CrRecord *first = record(kept, 0);
  g_assert_cmpstr(first->id, ==, "1");
  g_assert_cmpstr(first->patient, ==, "P7");
  g_assert_cmpstr(first->date, ==, "2023-04-05");
  assert_text(first, "Line one\r\nshe said \"no\"");
  assert_meta(first, "Ward", "3B");
  assert_text(record(kept, 1), "plain 5' 10\" tall");
  g_assert_null(record(kept, 1)->known);
  g_assert_cmpuint(record(kept, 2)->record, ==, 4);
  assert_meta(record(kept, 2), "date", "05.04.2023");
}

static void
test_csv_columns(void)
{
  read_fails("c.csv", "", 0, NULL, CR_ERROR_MISSING_COLUMN);
  read_fails("c.csv", "a,b,c\n1,2,3\n", -1, NULL, CR_ERROR_MISSING_COLUMN);
  g_autoptr(GHashTable) map = g_hash_table_new(g_str_hash, g_str_equal);
  CrIntakeOptions options = {.map = map};
  g_hash_table_insert(map, "dialogue", "text");
  g_hash_table_insert(map, "given", "known.given");
  g_hash_table_insert(map, "tel", "known.phone");
  read_fails("c.csv", "id,note\n1,x\n", -1, &options, CR_ERROR_MISSING_COLUMN);
  g_autoptr(Kept) kept =
      read_bytes("c.csv", "encounter_id,id,note,Dialogue,given,tel\nE,I,n,d,Ann,555\n", -1, &options);
  const CrRecord *r = record(kept, 0);
  assert_text(r, "d");
  g_assert_cmpstr(r->id, ==, "I");
  g_assert_cmpstr(r->encounter, ==, "E");
  assert_meta(r, "note", "n");
  g_assert_cmpstr(((CrKnownName *)r->known->names->pdata[0])->given, ==, "Ann");
  g_assert_cmpstr(r->known->phones->pdata[0], ==, "555");
  g_hash_table_insert(map, "id", "colour");
  read_fails("c.csv", "encounter_id,id,note,Dialogue,given,tel\n", -1, &options, CR_ERROR_USAGE);
}

static void
test_csv_bad(void)
{
  g_autoptr(Kept) kept = read_bytes("b.csv",
                                    "id,text\n"                 /* 0 */
                                    "1,a\n"                     /* 8 */
                                    "2\n"                       /* 12 */
                                    "3,c,more\n"                /* 14 */
                                    "4,\"d\"e\n"                /* 23 */
                                    "5,\xFF\n"                  /* 30 */
                                    "6,f\n"                     /* 34 */
                                    "7,\"never\nclosed\n8,h\n", /* 38 */
                                    -1, NULL);
  g_assert_cmpuint(kept->records->len, ==, 2);
  g_assert_cmpuint(kept->errors->len, ==, 5);
  assert_error(kept, 0, "bad-csv b.csv 2 12");
  assert_error(kept, 1, "bad-csv b.csv 3 14");
  assert_error(kept, 2, "bad-csv b.csv 4 23");
  assert_error(kept, 3, "invalid-utf8 b.csv 5 30");
  assert_error(kept, 4, "bad-csv b.csv 7 38");
  g_autoptr(Kept) nul = read_bytes("nul.csv", "id,text\n1,a\0b\n2,c\n", 18, NULL);
  assert_error(nul, 0, "nul-byte nul.csv 1 8");
  g_assert_cmpuint(nul->records->len, ==, 1);
}

static void
test_csv_delimiters(void)
{
  g_autoptr(Kept) semicolon = read_bytes("s.csv", "id;text\n1;a, b\n", -1, NULL);
  assert_text(record(semicolon, 0), "a, b");
  g_autoptr(Kept) tab = read_bytes("t.tsv", "id\ttext\n1\t\"a\tb\"\n", -1, NULL);
  assert_text(record(tab, 0), "a\tb");
}

/* Any bytes: what goes in comes out or is quarantined, record for record, and what comes out is what stood
 * there. */
static void
test_csv_random(void)
{
  GRand *rand = g_rand_new_with_seed(7);
  static const char *const bits[] = {"a", ",", "\"", "\n", "\r\n", "\r", "\xC3\xA9", " ", "=1", ";", "\t"};
  for (guint round = 0; round < 300; round++) {
    g_autoptr(GString) file = g_string_new("id,text\r\n");
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    guint n = (guint)g_rand_int_range(rand, 0, 12);
    for (guint i = 0; i < n; i++) {
      g_autoptr(GString) text = g_string_new("x");
      for (gint k = g_rand_int_range(rand, 0, 30); k > 0; k--)
        g_string_append(text, bits[g_rand_int_range(rand, 0, G_N_ELEMENTS(bits))]);
      g_string_append_printf(file, "%u,", i);
      cr_csv_append(file, text->str, text->len);
      g_string_append(file, "\r\n");
      g_ptr_array_add(texts, g_string_free(g_steal_pointer(&text), FALSE));
    }
    g_autoptr(Kept) kept = read_bytes("r.csv", file->str, (gssize)file->len, NULL);
    g_assert_cmpuint(kept->errors->len, ==, 0);
    g_assert_cmpuint(kept->records->len, ==, n);
    for (guint i = 0; i < n; i++)
      assert_text(record(kept, i), texts->pdata[i]);
  }
  g_rand_free(rand);
}

/* Records larger than the buffer, and records at every place relative to its edge. */
static void
test_long_records(void)
{
  for (guint n = (1u << 18) - 40; n < (1u << 18) + 8; n++) {
    g_autoptr(GString) file = g_string_new("{\"text\":\"");
    for (guint i = 0; i < n; i++)
      g_string_append_c(file, 'y');
    g_string_append(file, "\"}\n{\"text\":\"second\"}\n");
    g_autoptr(Kept) kept = read_bytes("long.jsonl", file->str, (gssize)file->len, NULL);
    g_assert_cmpuint(kept->records->len, ==, 2);
    g_assert_cmpuint(cr_text_length(record(kept, 0)->text, CR_UNIT_BYTE), ==, n);
    assert_text(record(kept, 1), "second");
    g_assert_cmpuint(record(kept, 1)->byte_off, ==, n + 12);
  }
}

/* The records' reader alone: what is too long is passed over whole. */
static void
test_too_long(void)
{
  g_autoptr(GString) file = g_string_new("short\n");
  for (guint i = 0; i < 700000; i++)
    g_string_append_c(file, 'z');
  g_string_append(file, "\nlast");
  g_autofree char *path = put("lines", file->str, (gssize)file->len);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrSource) source = cr_source_open(path, &error);
  CrRawRecord raw;
  g_assert_cmpint(cr_source_next_line(source, 1000, &raw, &error), ==, CR_READ_RECORD);
  g_assert_cmpint(cr_source_next_line(source, 1000, &raw, &error), ==, CR_READ_TOO_LONG);
  g_assert_cmpuint(raw.byte_off, ==, 6);
  g_assert_cmpuint(raw.n_bytes, ==, 700001);
  g_assert_cmpint(cr_source_next_line(source, 1000, &raw, &error), ==, CR_READ_RECORD);
  g_assert_true(raw.n_bytes == 4 && memcmp(raw.bytes, "last", 4) == 0 && raw.is_last);
  g_assert_cmpuint(raw.line, ==, 3);
  g_assert_cmpint(cr_source_next_line(source, 1000, &raw, &error), ==, CR_READ_END);
  g_assert_true(cr_source_seek(source, 6, 2, &error));
  g_assert_cmpint(cr_source_next_line(source, 1 << 20, &raw, &error), ==, CR_READ_RECORD);
  g_assert_cmpuint(raw.n_bytes, ==, 700000);
}

/* ---- manifests ---- */

static void
test_manifest_jsonl(void)
{
  g_autofree char *path = put("m.jsonl",
                              "{\"patient\":\"P7\",\"known\":{\"names\":[{\"given\":\"Ann\",\"family\":"
                              "\"Lee\",\"role\":\"patient\"}]}}\n"
                              "{\"patient\":\"P7\",\"known\":{\"phones\":[\"555-0100\"]}}\n"
                              "{\"id\":\"N1\",\"known\":{\"emails\":[\"a@b.org\"]}}\n",
                              -1);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrManifest) manifest = cr_manifest_load(path, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(cr_manifest_size(manifest), ==, 2);
  const CrKnown *patient = cr_manifest_lookup(manifest, "P7", "N9");
  g_assert_cmpuint(patient->names->len, ==, 1);
  g_assert_cmpstr(patient->phones->pdata[0], ==, "555-0100");
  const CrKnown *both = cr_manifest_lookup(manifest, "P7", "N1");
  g_assert_cmpuint(both->names->len, ==, 1);
  g_assert_cmpstr(both->emails->pdata[0], ==, "a@b.org");
  g_assert_true(both == cr_manifest_lookup(manifest, "P7", "N1"));
  g_assert_null(cr_manifest_lookup(manifest, "P8", NULL));
  g_assert_null(cr_manifest_lookup(manifest, NULL, NULL));
}

static void
test_manifest_csv(void)
{
  g_autofree char *path = put("m.csv",
                              "patient,given,family,role,dob,phone_home,Account\n"
                              "P7,Ann,Lee,,1950-02-03,555-0100,A-1\n"
                              "P7,Bo,Lee,Relative,,,\n"
                              "P8,,,,,,\n",
                              -1);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrManifest) manifest = cr_manifest_load(path, &error);
  g_assert_no_error(error);
  const CrKnown *known = cr_manifest_lookup(manifest, "P7", NULL);
  g_assert_cmpuint(known->names->len, ==, 2);
  g_assert_cmpstr(((CrKnownName *)known->names->pdata[0])->role, ==, "patient");
  g_assert_cmpstr(((CrKnownName *)known->names->pdata[1])->role, ==, "relative");
  g_assert_cmpstr(known->dates->pdata[0], ==, "1950-02-03");
  g_assert_cmpstr(known->phones->pdata[0], ==, "555-0100");
  g_assert_cmpstr(((CrKnownId *)known->ids->pdata[0])->kind, ==, "account");
  g_assert_true(cr_known_is_empty(cr_manifest_lookup(manifest, "P8", NULL)));
}

static void
test_manifest_bad(void)
{
  static const struct {
    const char *name, *bytes;
    int code;
  } cases[] = {
      {"x.jsonl", "{\"patient\":\"P\",\"known\":{}}\n{\"patient\":\n", CR_ERROR_BAD_JSON},
      {"x.jsonl", "{\"known\":{\"phones\":[\"1\"]}}\n", CR_ERROR_MISSING_FIELD},
      {"x.jsonl", "{\"patient\":\"P\"}\n", CR_ERROR_MISSING_FIELD},
      {"x.csv", "", CR_ERROR_MISSING_COLUMN},
      {"x.csv", "given,family\nAnn,Lee\n", CR_ERROR_MISSING_COLUMN},
      {"x.csv", "patient,given\nP7\n", CR_ERROR_BAD_CSV},
      {"x.csv", "patient,given\n,Ann\n", CR_ERROR_BAD_CSV},
      {"x.csv", "patient,given,role\nP7,Ann,queen\n", CR_ERROR_BAD_CSV},
      {"x.csv", "patient,given\nP7,\"Ann\n", CR_ERROR_BAD_CSV},
      {"x.csv", "patient,given\nP7,\xFF\n", CR_ERROR_INVALID_UTF8},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = put(cases[i].name, cases[i].bytes, -1);
    g_autoptr(GError) error = NULL;
    g_assert_null(cr_manifest_load(path, &error));
    g_assert_error(error, CR_ERROR, cases[i].code);
  }
}

/* ---- real notes ---- */

static void
test_aci_bench(void)
{
  static const char *const files[] = {"train.csv", "valid.csv"};
  g_autoptr(Kept) kept = kept_new();
  const char *shared = g_getenv("CR_SHARED");
  g_autofree char *dir =
      g_build_filename(shared != NULL ? shared : "/nonexistent", "corpora", "aci-bench", NULL);
  if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
    g_test_skip("no aci-bench in CR_SHARED");
    return;
  }
  for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = g_build_filename(dir, files[i], NULL);
    g_autoptr(GError) error = NULL;
    kept->last_done = kept->last_all = 0;
    g_assert_true(cr_intake_read(path, NULL, &sink, kept, &error));
    g_assert_no_error(error);
  }
  g_assert_cmpuint(kept->errors->len, ==, 0);
  g_assert_cmpuint(kept->records->len, ==, 87);
  g_assert_cmpstr(record(kept, 0)->id, ==, "D2N001");
  g_assert_cmpstr(record(kept, 86)->id, ==, "D2N087");
  g_assert_true(json_is_string(json_object_get(record(kept, 0)->meta, "dialogue")));
  g_autofree char *text = text_of(record(kept, 0));
  g_assert_true(g_str_has_prefix(text, "CHIEF COMPLAINT"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  folder = g_dir_make_tmp("chartroom-intake-XXXXXX", NULL);
  g_test_add_func("/intake/text", test_text);
  g_test_add_func("/intake/text-bom", test_text_bom);
  g_test_add_func("/intake/text-bad", test_text_bad);
  g_test_add_func("/intake/text-utf16", test_text_utf16);
  g_test_add_func("/intake/text-large", test_text_large);
  g_test_add_func("/intake/folder", test_folder);
  g_test_add_func("/intake/missing-path", test_missing_path);
  g_test_add_func("/intake/stop", test_stop);
  g_test_add_func("/intake/jsonl", test_jsonl);
  g_test_add_func("/intake/jsonl-bad", test_jsonl_bad);
  g_test_add_func("/intake/jsonl-map", test_jsonl_map);
  g_test_add_func("/intake/jsonl-map-of-another-file", test_jsonl_map_of_another_file);
  g_test_add_func("/intake/jsonl-long", test_jsonl_long);
  g_test_add_func("/intake/jsonl-mutated", test_jsonl_mutated);
  g_test_add_func("/intake/csv", test_csv);
  g_test_add_func("/intake/csv-columns", test_csv_columns);
  g_test_add_func("/intake/csv-bad", test_csv_bad);
  g_test_add_func("/intake/csv-delimiters", test_csv_delimiters);
  g_test_add_func("/intake/csv-random", test_csv_random);
  g_test_add_func("/intake/long-records", test_long_records);
  g_test_add_func("/intake/too-long", test_too_long);
  g_test_add_func("/intake/manifest-jsonl", test_manifest_jsonl);
  g_test_add_func("/intake/manifest-csv", test_manifest_csv);
  g_test_add_func("/intake/manifest-bad", test_manifest_bad);
  g_test_add_func("/intake/aci-bench", test_aci_bench);
  int status = g_test_run();
  g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
  if (system(command) != 0)
    g_printerr("# %s stays\n", folder);
  g_free(folder);
  return status;
}
