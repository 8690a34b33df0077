/* release: gate G4, line by line; what leaves, proved; nothing ever visible in part. */
#include "reading-fixture.h"
#include <chartroom/phi.h>
#include <chartroom/privacy.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const char *const anna_ben[] = {"anna", "ben", NULL};
static const char *const all_formats[] = {"jsonl", "csv", "brat", NULL};

/* ---- helpers ---- */

/* Whatever the scan asks about identifies nobody here. */
static void
answer_scan(Fixture *f)
{
  g_autoptr(GError) error = NULL;
  act_as(f, "lead");
  g_autoptr(json_t) open = cr_review_scan_findings(f->p, TRUE, &error), lines = json_array();
  g_assert_no_error(error);
  json_t *row;
  gsize i;
  json_array_foreach(open, i, row)
      json_array_append_new(lines, json_pack("{s:O, s:s, s:s}", "scan", json_object_get(row, "scan"),
                                             "decision", "keep", "reason", "a word of the trade"));
  if (json_array_size(lines) == 0)
    return;
  g_autoptr(json_t) answered = cr_review_decide(f->p, lines, "test", &error);
  g_assert_no_error(error);
}

static char *
out_path(Fixture *f, const char *name)
{
  return g_build_filename(f->dir, name, NULL);
}

static json_t *
export_to(Fixture *f, const char *name, CrReleaseOptions options, GError **error)
{
  g_autofree char *out = out_path(f, name);
  options.out = out;
  return cr_release_export(f->p, &options, NULL, NULL, error);
}

/* The project is the one thing in the folder, with the exports that are named; nothing half-made. */
static void
assert_nothing_but(Fixture *f, const char *const *names)
{
  g_autoptr(GDir) dir = g_dir_open(f->dir, 0, NULL);
  for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir))
    if (!g_str_equal(name, "p.chartroom"))
      g_assert_true(g_strv_contains(names, name));
}

static void
refuse_export(Fixture *f, CrReleaseOptions options, const char *why)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(export_to(f, "out", options, &error));
  if (!strstr(error->message, why))
    g_test_message("%s", error->message);
  g_assert_nonnull(strstr(error->message, why));
  expect(&error, CR_ERROR_GATE_EXPORT);
  assert_nothing_but(f, (const char *const[]){NULL});
}

/* Every gate passed but the scan's. */
static void
make_approved(Fixture *f, guint n_notes)
{
  fixture_init(f, n_notes);
  fixture_members(f);
  publish(f, "One");
  assign(f, "pilot", anna_ben, 1, 0);
  label_queue(f, "anna", 0);
  label_queue(f, "ben", 0);
  agree(f, "eng");
  approve(f, "pilot");
  act_as(f, "eng");
}

static void
make_ready(Fixture *f, guint n_notes)
{
  g_autoptr(GError) error = NULL;
  make_approved(f, n_notes);
  CrReleaseOptions options = {.seed = -1};
  g_autoptr(json_t) checked = cr_release_check(f->p, &options, NULL, NULL, &error);
  g_assert_no_error(error);
  answer_scan(f);
  act_as(f, "eng");
}

static char *
read_text(const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename(dir, name, NULL);
  char *text = NULL;
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  return text;
}

/* ---- the whole way ---- */

/* Slices the written text by code points with GLib, not with this program's text room. */
static guint
prove_line(const char *line)
{
  g_autoptr(json_t) document = json_of("%s", line);
  const char *text = json_string_value(json_object_get(document, "text"));
  json_t *entity;
  gsize i;
  json_array_foreach(json_object_get(document, "entities"), i, entity)
  {
    g_autofree char *slice =
        g_utf8_substring(text, (glong)json_integer_value(json_object_get(entity, "start")),
                         (glong)json_integer_value(json_object_get(entity, "end")));
    g_assert_cmpstr(slice, ==, json_string_value(json_object_get(entity, "text")));
  }
  json_t *meta = json_object_get(document, "meta");
  g_assert_cmpint(json_integer_value(json_object_get(meta, "readers")), ==, 2);
  g_assert_cmpint(json_integer_value(json_object_get(meta, "guidelines")), ==, 1);
  g_assert_cmpint(json_integer_value(json_object_get(meta, "year")), ==, 2019);
  g_assert_null(json_object_get(meta, "patient"));
  return (guint)json_array_size(json_object_get(document, "entities"));
}

static void
test_export(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  make_ready(&f, 10);
  g_autoptr(json_t) report = export_to(
      &f, "out", (CrReleaseOptions){.formats = all_formats, .split = "60/20/20", .seed = 3}, &error);
  g_assert_no_error(error);
  g_assert_cmpint(json_integer_value(json_object_get(report, "notes")), ==, 10);
  g_assert_cmpint(json_integer_value(json_object_get(report, "entities")), ==, 40);
  g_autofree char *out = out_path(&f, "out");
  static const char *const parts[] = {"train", "dev", "test"};
  guint n_lines = 0, n_entities = 0;
  for (guint i = 0; i < 3; i++) {
    g_autofree char *name = g_strconcat(parts[i], ".jsonl", NULL), *text = read_text(out, name);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint k = 0; lines[k] && *lines[k]; k++, n_lines++)
      n_entities += prove_line(lines[k]);
  }
  g_assert_cmpuint(n_lines, ==, 10);
  g_assert_cmpuint(n_entities, ==, 40);
  g_assert_true(cr_receipt_check(out, &error));
  g_assert_no_error(error);
  for (guint i = 0; i < 10; i++)
    assert_state(&f, i, "exported");
  g_autofree char *card = read_text(out, "dataset-card.md");
  g_assert_nonnull(strstr(card, "one privacy reviewer"));
  g_autoptr(json_t) trail = cr_project_audit_verify(f.path, NULL, &error);
  g_assert_true(json_is_true(json_object_get(trail, "ok")));
  assert_nothing_but(&f, (const char *const[]){"out", NULL});
  /* A changed byte shows. */
  g_autofree char *changed = g_build_filename(out, "dev.jsonl", NULL), *text = read_text(out, "dev.jsonl");
  text[strlen(text) / 2] ^= 1;
  g_assert_true(g_file_set_contents(changed, text, -1, NULL));
  g_assert_false(cr_receipt_check(out, &error));
}

/* Who changes a file and mends its hash in the receipt has no key to sign the manifest with. */
static void
test_signed_manifest(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  make_ready(&f, 9);
  g_autoptr(json_t) report = export_to(&f, "out", (CrReleaseOptions){.split = "70/30", .seed = 11}, &error);
  g_assert_no_error(error);
  g_autofree char *out = out_path(&f, "out"), *text = read_text(out, "receipt.json"),
                  *path = g_build_filename(out, "receipt.json", NULL),
                  *splits = read_text(out, "splits.json"),
                  *splits_path = g_build_filename(out, "splits.json", NULL);
  g_autoptr(json_t) receipt = cr_json_parse(text, strlen(text), NULL);
  g_assert_true(cr_receipt_check(out, &error));
  g_autofree char *longer = g_strconcat(splits, "\n", NULL), *hash = cr_sha256_hex(longer, strlen(longer));
  g_assert_true(g_file_set_contents(splits_path, longer, -1, NULL));
  size_t i;
  json_t *file;
  json_array_foreach(json_object_get(receipt, "files"), i,
                     file) if (g_strcmp0(json_string_value(json_object_get(file, "path")), "splits.json") ==
                               0) json_object_set_new(file, "sha256", json_string(hash));
  g_autofree char *mended = cr_json_dump(receipt);
  g_assert_true(g_file_set_contents(path, mended, -1, NULL));
  g_assert_false(cr_receipt_check(out, &error));
  g_assert_nonnull(strstr(error->message, "not those that were signed"));
  g_clear_error(&error);
  g_autofree char *manifest = cr_receipt_manifest(receipt),
                  *forged = cr_sha256_hex(manifest, strlen(manifest));
  json_object_set_new(json_object_get(receipt, "signed"), "hash", json_string(forged));
  g_autofree char *again = cr_json_dump(receipt);
  g_assert_true(g_file_set_contents(path, again, -1, NULL));
  g_assert_false(cr_receipt_check(out, &error));
  g_assert_nonnull(strstr(error->message, "does not hold"));
}

static void
test_same_bytes_again(void)
{
  static const char *const files[] = {"train.jsonl", "test.jsonl", "splits.json", "guidelines.json",
                                      "agreement.json"};
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  make_ready(&f, 9);
  for (guint i = 0; i < 2; i++) {
    g_autoptr(json_t) report =
        export_to(&f, i ? "b" : "a", (CrReleaseOptions){.split = "70/30", .seed = 11}, &error);
    g_assert_no_error(error);
  }
  g_autofree char *a = out_path(&f, "a"), *b = out_path(&f, "b");
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *x = read_text(a, files[i]), *y = read_text(b, files[i]);
    g_assert_cmpstr(x, ==, y);
  }
  /* An earlier export is replaced in one step; nothing of it stays. */
  g_autoptr(json_t) replaced = export_to(&f, "a", (CrReleaseOptions){.seed = -1}, &error);
  g_assert_no_error(error);
  g_autofree char *old = g_build_filename(a, "train.jsonl", NULL),
                  *new = g_build_filename(a, "all.jsonl", NULL);
  g_assert_false(g_file_test(old, G_FILE_TEST_EXISTS));
  g_assert_true(g_file_test(new, G_FILE_TEST_EXISTS));
  assert_nothing_but(&f, (const char *const[]){"a", "b", NULL});
}

/* ---- the gate, line by line ---- */

static void
test_not_approved(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  make_approved(&f, 3);
  act_as(&f, "lead");
  add_note(&f, NOTE_TEXT, "P-9", NULL);
  act_as(&f, "eng");
  refuse_export(&f, (CrReleaseOptions){.seed = -1}, "1 of 4 notes are not approved");
  answer_scan(&f);
  act_as(&f, "eng");
  g_autoptr(json_t) batch_only =
      export_to(&f, "out", (CrReleaseOptions){.seed = -1, .batch = "pilot"}, &error);
  g_assert_no_error(error);
  g_assert_cmpint(json_integer_value(json_object_get(batch_only, "notes")), ==, 3);
}

static void
test_leak_holds(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  make_ready(&f, 3);
  g_assert_true(cr_reading_report_leak(f.p, note(&f, 0), "a name", &error));
  refuse_export(&f, (CrReleaseOptions){.seed = -1}, "1 reported leaks are open");
  refuse_export(&f, (CrReleaseOptions){.seed = -1, .batch = "pilot"}, "1 reported leaks are open");
}

static void
test_agreement_holds(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  fixture_init(&f, 2);
  fixture_members(&f);
  publish(&f, "One");
  assign(&f, "pilot", anna_ben, 1, 0);
  label_queue(&f, "anna", 0);
  label_queue(&f, "ben", 4);
  act_as(&f, "sen");
  g_autoptr(json_t) lines =
      json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}]", "note", note(&f, 0), "take", "anna", "reason", "hers",
                "note", note(&f, 1), "take", "anna", "reason", "hers");
  g_autoptr(json_t) decided = cr_reading_resolve_decide(f.p, lines, &error);
  g_assert_no_error(error);
  approve(&f, "pilot");
  act_as(&f, "eng");
  refuse_export(&f, (CrReleaseOptions){.seed = -1}, "has not been measured");
  agree(&f, "eng");
  refuse_export(&f, (CrReleaseOptions){.seed = -1}, "below the floor");
  answer_scan(&f);
  act_as(&f, "lead");
  g_assert_true(
      cr_project_override(f.p, "G4", NULL, "a pilot that goes to nobody else", "sen", "sen", &error));
  act_as(&f, "eng");
  g_autoptr(json_t) report = export_to(&f, "out", (CrReleaseOptions){.seed = -1}, &error);
  g_assert_no_error(error);
  g_autofree char *out = out_path(&f, "out"), *card = read_text(out, "dataset-card.md");
  g_assert_nonnull(strstr(card, "OVERRIDDEN"));
  g_assert_nonnull(strstr(card, "a pilot that goes to nobody else"));
}

/* What is left out by an override is on the card with what is open in it, and all four gates are. */
static void
test_card_owns_up(void)
{
  static const char *const gates[] = {"G1", "G2", "G3", "G4"};
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  make_approved(&f, 3);
  act_as(&f, "lead");
  for (guint i = 0; i < 2; i++)
    add_note(&f, NOTE_TEXT, "P-9", NULL);
  assign(&f, "second", anna_ben, 1, 0);
  for (guint reader = 0; reader < 2; reader++) {
    act_as(&f, anna_ben[reader]);
    for (guint i = 3; i < 5; i++)
      json_decref(label_lines(&f, json_pack("[o]", label_line(note(&f, i), reader))));
  }
  agree(&f, "eng");
  act_as(&f, "lead");
  g_assert_true(cr_project_override(f.p, "G4", NULL, "the first part goes ahead", "sen", "sen", &error));
  CrReleaseOptions options = {.seed = -1};
  g_autoptr(json_t) checked = cr_release_check(f.p, &options, NULL, NULL, &error);
  answer_scan(&f);
  act_as(&f, "eng");
  g_autoptr(json_t) report = export_to(&f, "out", options, &error);
  g_assert_no_error(error);
  g_autofree char *out = out_path(&f, "out"), *text = read_text(out, "dataset-card.json");
  g_autoptr(json_t) facts = json_of("%s", text);
  json_t *resolution = json_object_get(facts, "resolution"), *rows = json_object_get(facts, "gates");
  g_assert_cmpint(json_integer_value(json_object_get(facts, "documents")), ==, 3);
  g_assert_cmpint(json_integer_value(json_object_get(resolution, "open")), ==, 2);
  g_assert_cmpint(json_integer_value(json_object_get(resolution, "differences")), ==, 0);
  for (guint g = 0, i = 0; g < G_N_ELEMENTS(gates); g++) { /* each is there, in order */
    while (i < json_array_size(rows) &&
           !g_str_equal(cr_reading_string(json_array_get(rows, i), "gate"), gates[g]))
      i++;
    g_assert_cmpuint(i, <, json_array_size(rows));
    g_assert_true(g == 3 || g_str_equal(cr_reading_string(json_array_get(rows, i), "state"), "met"));
  }
  g_assert_nonnull(strstr(text, "OVERRIDDEN"));
  json_t *preparation = json_object_get(facts, "preparation");
  g_assert_nonnull(strstr(cr_reading_string(preparation, "residual_risk"), "No note was read by two"));
  g_assert_nonnull(strstr(cr_reading_string(preparation, "residual_risk"), "No sample"));
}

static void
test_scan_holds(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  fixture_init(&f, 0);
  add_note(&f, "Seen with John Fitzgerald, telephone 617-555-0143, on the ward.", "P-1", NULL);
  refuse_export(&f, (CrReleaseOptions){.seed = -1, .unlabelled = TRUE}, "have no answer");
  g_autoptr(json_t) open = cr_review_scan_findings(f.p, TRUE, &error);
  g_assert_cmpuint(json_array_size(open), >, 0);
  /* The scan asks about the same thing by the same key. */
  refuse_export(&f, (CrReleaseOptions){.seed = -1, .unlabelled = TRUE}, "have no answer");
  g_autoptr(json_t) again = cr_review_scan_findings(f.p, TRUE, &error);
  g_assert_true(json_equal(open, again));
  /* An override does not let an identifier out that nobody has looked at. */
  add_member(&f, "sen", "senior");
  g_assert_true(cr_project_override(f.p, "G4", NULL, "we are in a hurry today", "sen", "sen", &error));
  refuse_export(&f, (CrReleaseOptions){.seed = -1, .unlabelled = TRUE}, "have no answer");
  answer_scan(&f);
  g_autoptr(json_t) report = export_to(&f, "out", (CrReleaseOptions){.seed = -1, .unlabelled = TRUE}, &error);
  g_assert_no_error(error);
}

static void
test_unlabelled(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  fixture_init(&f, 3);
  CrReleaseOptions options = {.seed = -1, .unlabelled = TRUE};
  g_autoptr(json_t) checked = cr_release_check(f.p, &options, NULL, NULL, &error);
  answer_scan(&f);
  g_autoptr(json_t) report = export_to(&f, "out", options, &error);
  g_assert_no_error(error);
  assert_state(&f, 0, "cleared"); /* it can still be read */
  g_autofree char *out = out_path(&f, "out"), *text = read_text(out, "all.jsonl");
  g_assert_null(strstr(text, "\"label\""));
  g_assert_true(cr_receipt_check(out, &error));
  g_autoptr(json_t) one_batch =
      export_to(&f, "one", (CrReleaseOptions){.seed = -1, .unlabelled = TRUE, .batch = "import-1"}, &error);
  g_assert_no_error(error);
  g_assert_true(cr_dir_remove(out, &error));
  g_autofree char *one = out_path(&f, "one");
  g_assert_true(cr_dir_remove(one, &error));
  gboolean ok = cr_tx_begin(f.p, &error) && cr_documents_set_state(f.p->work, note(&f, 1), "review", &error);
  cr_tx_event(f.p, CR_ROLE_PRIVACY, "note.test", "note:x", NULL, NULL, NULL);
  g_assert_true(ok && cr_tx_commit(f.p, &error));
  refuse_export(&f, options, "1 of 3 notes are not cleared");
}

/* A killed export leaves a folder that nobody takes for one; the next one clears it away. */
static void
test_after_a_kill(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  make_ready(&f, 2);
  g_autofree char *out = out_path(&f, "out"), *left = g_strconcat(out, ".partial-", f.p->id, NULL),
                  *file = g_build_filename(left, "all.jsonl", NULL);
  g_assert_cmpint(g_mkdir(left, 0700), ==, 0);
  g_assert_true(g_file_set_contents(file, "half a li", -1, NULL));
  g_autoptr(json_t) report = export_to(&f, "out", (CrReleaseOptions){.seed = -1}, &error);
  g_assert_no_error(error);
  assert_nothing_but(&f, (const char *const[]){"out", NULL});
}

/* ---- what is asked for ---- */

static void
refuse_options(Fixture *f, CrReleaseOptions options, int code)
{
  g_autoptr(GError) error = NULL;
  guint64 before = events(f);
  g_assert_null(cr_release_export(f->p, &options, NULL, NULL, &error));
  expect(&error, code);
  g_assert_cmpuint(events(f), ==, before);
}

static void
test_options(void)
{
  static const char *const splits[] = {"",        "80",     "80/30", "a/b", "0/100", "50/25/15/10",
                                       "-20/120", "80/20x", "nan/20"};
  g_auto(Fixture) f = {0};
  make_ready(&f, 2);
  g_autofree char *out = out_path(&f, "out"), *inside = g_build_filename(f.path, "out", NULL),
                  *foreign = out_path(&f, "foreign"), *file = g_build_filename(foreign, "thesis.txt", NULL);
  for (guint i = 0; i < G_N_ELEMENTS(splits); i++)
    refuse_options(&f, (CrReleaseOptions){.out = out, .split = splits[i]}, CR_ERROR_USAGE);
  refuse_options(&f, (CrReleaseOptions){.out = out, .formats = (const char *const[]){"pdf", NULL}},
                 CR_ERROR_UNKNOWN_FORMAT);
  refuse_options(&f, (CrReleaseOptions){.out = inside}, CR_ERROR_USAGE);
  refuse_options(&f, (CrReleaseOptions){.out = f.path}, CR_ERROR_USAGE);
  refuse_options(&f, (CrReleaseOptions){.out = out, .batch = "none"}, CR_ERROR_NOT_FOUND);
  g_assert_cmpint(g_mkdir(foreign, 0700), ==, 0);
  g_assert_true(g_file_set_contents(file, "mine", -1, NULL));
  refuse_options(&f, (CrReleaseOptions){.out = foreign}, CR_ERROR_EXISTS);
  refuse_options(&f, (CrReleaseOptions){.out = file}, CR_ERROR_EXISTS);
  act_as(&f, "anna");
  refuse_options(&f, (CrReleaseOptions){.out = out}, CR_ERROR_NOT_PERMITTED);
}

/* Too few patients for the parts. */
static void
test_too_few_patients(void)
{
  g_auto(Fixture) f = {0};
  make_ready(&f, 2); /* of one patient */
  refuse_export(&f, (CrReleaseOptions){.split = "50/50", .seed = 1}, "1 patients can't fill");
}

/* What was approved is what leaves. */
static void
test_not_what_was_approved(void)
{
  g_auto(Fixture) f = {0};
  g_autoptr(GError) error = NULL;
  make_ready(&f, 2);
  gboolean ok = cr_tx_begin(f.p, &error) && cr_labels_set_note_sha(f.p->work, note(&f, 1), "00", &error);
  cr_tx_event(f.p, CR_ROLE_SENIOR, "note.test", "note:x", NULL, NULL, NULL);
  g_assert_true(ok && cr_tx_commit(f.p, &error));
  refuse_export(&f, (CrReleaseOptions){.seed = -1}, "is not what was approved");
  assert_state(&f, 0, "approved");
}

/* ---- splits at random ---- */

static void
check_split(GRand *rand, const char *shares, guint n_patients)
{
  g_auto(CrRelease) release = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
  CrReleaseOptions options = {.split = shares, .seed = g_rand_int_range(rand, 0, 1000)};
  release.options = &options;
  release.notes = g_ptr_array_new();
  g_assert_true(cr_release_parse_split(&release, &error));
  for (guint i = 0; i < n_patients; i++) {
    char *patient = g_strdup_printf("P-%u", i);
    g_ptr_array_add(owned, patient);
    for (gint k = g_rand_int_range(rand, 1, 4); k > 0; k--) {
      CrReleaseNote *row = g_new0(CrReleaseNote, 1);
      g_ptr_array_add(owned, row);
      row->id = row->patient = patient;
      row->type = (char *)(g_rand_boolean(rand) ? "a" : "b");
      g_ptr_array_add(release.notes, row);
    }
  }
  cr_release_draw_split(&release);
  g_autofree char *problem = cr_release_split_problem(&release);
  g_assert_true((problem == NULL) == (n_patients >= release.splits->len));
  gsize all = 0;
  for (guint i = 0; i < release.splits->len; i++) {
    const CrReleaseSplit *split = &g_array_index(release.splits, CrReleaseSplit, i);
    all += split->n_notes;
    if (n_patients > 60) /* near its share, a patient or two beside it */
      g_assert_cmpfloat(ABS((double)split->n_notes - split->share * release.notes->len), <=, 6);
  }
  g_assert_cmpuint(all, ==, release.notes->len);
}

static void
test_splits_at_random(void)
{
  static const char *const shares[] = {"100", "50/50", "80/20", "80/10/10", "34/33/33", "98/1/1"};
  GRand *rand = g_rand_new_with_seed(4);
  for (guint round = 0; round < 60; round++)
    for (guint i = 0; i < G_N_ELEMENTS(shares); i++)
      check_split(rand, shares[i], 1 + round * 2);
  g_rand_free(rand);
}

/* Finding types spread as well as notes do: of 120 patients every tenth has the rare one. */
static void
test_split_strata(void)
{
  g_auto(CrRelease) release = {0};
  g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
  static char *rare[] = {(char *)"DRUG", (char *)"ALLERGY", NULL}, *common[] = {(char *)"DRUG", NULL};
  CrReleaseOptions options = {.split = "60/20/20", .seed = 9};
  guint n[3] = {0}, n_rare[3] = {0};
  release.options = &options;
  release.notes = g_ptr_array_new();
  g_assert_true(cr_release_parse_split(&release, NULL));
  for (guint i = 0; i < 120; i++) {
    CrReleaseNote *row = g_new0(CrReleaseNote, 1);
    g_ptr_array_add(owned, row);
    row->id = row->patient = g_strdup_printf("P-%u", i);
    g_ptr_array_add(owned, row->id);
    row->type = (char *)(i % 3 ? "progress" : "discharge");
    row->labels = i % 12 == 5 ? rare : common;
    g_ptr_array_add(release.notes, row);
  }
  cr_release_draw_split(&release);
  for (guint i = 0; i < 120; i++) {
    const CrReleaseNote *row = release.notes->pdata[i];
    n[row->split]++;
    n_rare[row->split] += row->labels == rare;
  }
  g_assert_true(n[0] == 72 && n[1] == 24 && n[2] == 24);
  g_assert_true(n_rare[0] == 6 && n_rare[1] == 2 && n_rare[2] == 2);
}

/* Two patients with the same note go together; a template that everybody follows does not. */
static void
test_split_near_duplicates(void)
{
  static const char base[] = "seen today for a cough of three weeks without fever or weight loss lungs clear";
  for (guint n_same = 2; n_same <= 40; n_same += 38) {
    g_auto(CrRelease) release = {0};
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
    CrReleaseOptions options = {.split = "50/50", .seed = 3};
    guint n_in[2] = {0};
    release.options = &options;
    release.notes = g_ptr_array_new();
    release.duplicates = cr_duplicates_new();
    g_assert_true(cr_release_parse_split(&release, NULL));
    for (guint i = 0; i < 40; i++) {
      CrReleaseNote *row = g_new0(CrReleaseNote, 1);
      g_autofree char *text =
          i < n_same ? g_strdup(base) : g_strdup_printf("a%u b%u c%u d%u e%u", i, i, i, i, i);
      g_ptr_array_add(owned, row);
      row->id = row->patient = g_strdup_printf("P-%u", i);
      g_ptr_array_add(owned, row->id);
      g_ptr_array_add(release.notes, row);
      (void)cr_duplicates_add(release.duplicates, text, strlen(text));
    }
    cr_release_draw_split(&release);
    for (guint i = 0; i < n_same; i++)
      n_in[((CrReleaseNote *)release.notes->pdata[i])->split]++;
    g_assert_true(n_same == 2 ? n_in[0] % 2 == 0 : n_in[0] == 20);
  }
}

/* A broken draw is seen by the second look. */
static void
test_split_second_look(void)
{
  g_auto(CrRelease) release = {0};
  g_autoptr(GError) error = NULL;
  CrReleaseOptions options = {.split = "50/50"};
  CrReleaseNote rows[3] = {{.id = (char *)"a", .patient = (char *)"P", .split = 0},
                           {.id = (char *)"b", .patient = (char *)"Q", .split = 1},
                           {.id = (char *)"c", .patient = (char *)"P", .split = 1}};
  release.options = &options;
  release.notes = g_ptr_array_new();
  g_assert_true(cr_release_parse_split(&release, &error));
  for (guint i = 0; i < 3; i++)
    g_ptr_array_add(release.notes, &rows[i]);
  g_autofree char *problem = cr_release_split_problem(&release);
  g_assert_nonnull(strstr(problem, "note c"));
}

/* ---- when the disk fails ---- */

static gint calls_left = -1; /* negative: nothing fails */

static gboolean
fails(void)
{
  if (calls_left < 0)
    return FALSE;
  return calls_left-- == 0;
}

static ssize_t
failing_write(int fd, const void *data, size_t n)
{
  if (fails()) {
    errno = ENOSPC;
    return -1;
  }
  return write(fd, data, n);
}

static int
failing_fsync(int fd)
{
  if (fails()) {
    errno = EIO;
    return -1;
  }
  return fsync(fd);
}

static int
failing_rename(const char *from, const char *to)
{
  if (fails()) {
    errno = EIO;
    return -1;
  }
  return rename(from, to);
}

/* Each call of the export fails once: the folder is whole or not there, and the project goes on. */
static void
test_failing_disk(void)
{
  g_auto(Fixture) f = {0};
  CrIo io = *cr_env_default()->io;
  gboolean done = FALSE;
  make_ready(&f, 3);
  io.write = failing_write;
  io.fsync = failing_fsync;
  io.rename = failing_rename;
  f.env->io = &io;
  g_autofree char *out = out_path(&f, "out");
  for (gint n = 0; !done; n++) {
    g_autoptr(GError) error = NULL;
    act_as(&f, "lead");
    act_as(&f, "eng");
    calls_left = n;
    g_autoptr(json_t) report = export_to(&f, "out", (CrReleaseOptions){.seed = -1}, &error);
    done = calls_left >= 0;
    calls_left = -1;
    gboolean is_there = g_file_test(out, G_FILE_TEST_IS_DIR);
    g_assert_true(is_there || !report);
    g_assert_true(report || error);
    g_assert_true(!done || report);
    g_clear_error(&error);
    assert_nothing_but(&f, (const char *const[]){"out", NULL});
    if (is_there) {
      g_assert_true(cr_receipt_check(out, &error));
      g_assert_true(cr_dir_remove(out, &error));
    }
    g_assert_cmpint(n, <, 500);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/release/export", test_export);
  g_test_add_func("/release/same-bytes-again", test_same_bytes_again);
  g_test_add_func("/release/not-approved", test_not_approved);
  g_test_add_func("/release/leak-holds", test_leak_holds);
  g_test_add_func("/release/agreement-holds", test_agreement_holds);
  g_test_add_func("/release/card-owns-up", test_card_owns_up);
  g_test_add_func("/release/scan-holds", test_scan_holds);
  g_test_add_func("/release/unlabelled", test_unlabelled);
  g_test_add_func("/release/after-a-kill", test_after_a_kill);
  g_test_add_func("/release/options", test_options);
  g_test_add_func("/release/too-few-patients", test_too_few_patients);
  g_test_add_func("/release/not-what-was-approved", test_not_what_was_approved);
  g_test_add_func("/release/splits-at-random", test_splits_at_random);
  g_test_add_func("/release/signed-manifest", test_signed_manifest);
  g_test_add_func("/release/split-strata", test_split_strata);
  g_test_add_func("/release/split-near-duplicates", test_split_near_duplicates);
  g_test_add_func("/release/split-second-look", test_split_second_look);
  g_test_add_func("/release/failing-disk", test_failing_disk);
  return g_test_run();
}
