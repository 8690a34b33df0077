/* A project with cleared notes and a member for each role, made without intake and detection: the notes are
 * put where redaction puts them. Members are named by role; acting as another closes and opens again. */
#pragma once
#include "workflow/release-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define NOTE_TEXT "Patient was started on lisinopril 10mg daily for hypertension."

typedef struct {
  char *dir, *path;
  CrEnv *env;
  CrProject *p;
  GHashTable *codes; /* name -> member code */
  GPtrArray *notes;  /* ids in order of import */
} Fixture;

/* ---- small helpers ---- */

static json_t *
json_of(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_autoptr(GError) error = NULL;
  json_t *value = cr_json_parse(text, strlen(text), &error);
  g_assert_no_error(error);
  return value;
}

static inline gboolean
expect(GError **error, int code)
{
  g_assert_error(*error, CR_ERROR, code);
  g_clear_error(error);
  return TRUE;
}

static inline guint64
events(Fixture *f)
{
  return cr_chain_n_events(f->p->chain);
}

static inline const char *
code(Fixture *f, const char *name)
{
  return g_hash_table_lookup(f->codes, name);
}

static inline const char *
note(Fixture *f, guint i)
{
  return f->notes->pdata[i];
}

static inline char *
state_of(Fixture *f, guint i)
{
  g_autoptr(GError) error = NULL;
  char *state = cr_documents_get_state(f->p->work, note(f, i), &error);
  g_assert_no_error(error);
  return state;
}

#define assert_state(f, i, expected)                                                                         \
  do {                                                                                                       \
    g_autofree char *state_ = state_of(f, i);                                                                \
    g_assert_cmpstr(state_, ==, expected);                                                                   \
  } while (0)

/* ---- acting ---- */

static inline void
act_as(Fixture *f, const char *name)
{
  g_autoptr(GError) error = NULL;
  if (f->p && g_str_equal(cr_project_member(f->p), code(f, name)))
    return;
  if (f->p)
    g_assert_true(cr_project_close(g_steal_pointer(&f->p), &error));
  g_assert_no_error(error);
  f->p = cr_project_open(f->path, code(f, name), name, &error);
  g_assert_no_error(error);
}

static inline void
add_member(Fixture *f, const char *name, const char *roles)
{
  g_autoptr(GError) error = NULL;
  char *member = cr_project_member_add(f->p, name, name, roles, &error);
  g_assert_no_error(error);
  g_hash_table_insert(f->codes, g_strdup(name), member);
}

static inline void
add_note(Fixture *f, const char *text, const char *patient, const char *type)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *id = g_strdup_printf("N-%03u", f->notes->len + 1),
                  *object = g_strconcat("note:", id, NULL);
  g_autoptr(CrText) cleared = cr_text_new(text, -1, &error);
  g_autofree char *sha = cr_sha256_hex(text, strlen(text));
  CrDocumentRow row = {.id = id,
                       .batch = "import-1",
                       .patient = patient,
                       .state = "imported",
                       .type = type,
                       .specialty = "Cardiology",
                       .language = "en",
                       .year = 2019};
  gboolean ok = cr_tx_begin(f->p, &error) && cr_documents_insert(f->p->work, &row, &error) &&
                cr_documents_set_cleared(f->p->work, id, cleared, sha, &error) &&
                cr_documents_set_state(f->p->work, id, "cleared", &error);
  g_assert_no_error(error);
  g_assert_true(ok);
  cr_tx_event(f->p, CR_ROLE_PRIVACY, "note.cleared", object, "review", "{\"DATE\":2}", "safe-harbor 1");
  g_assert_true(cr_tx_commit(f->p, &error));
  g_ptr_array_add(f->notes, g_steal_pointer(&id));
}

static inline void
set_meta(Fixture *f, const char *key, const char *value)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(cr_tx_begin(f->p, &error));
  cr_tx_event(f->p, CR_ROLE_LEAD, "setting.changed", "project", NULL, value, NULL);
  g_assert_true(cr_db_set_meta(f->p->work, key, value, &error) && cr_tx_commit(f->p, &error));
}

/* ---- making ---- */

static inline json_t *
guidelines_json(void)
{
  return json_of(
      "{\"title\":\"Test\",\"text\":\"# Test\",\"labels\":["
      "{\"name\":\"DRUG\",\"title\":\"Drug\",\"attributes\":[\"status\"]},"
      "{\"name\":\"DOSE\",\"title\":\"Dose\"},{\"name\":\"FREQUENCY\",\"title\":\"Frequency\"},"
      "{\"name\":\"CONDITION\",\"title\":\"Problem\"},"
      "{\"name\":\"ALLERGY\",\"title\":\"Allergy\",\"critical\":true}],"
      "\"attributes\":[{\"name\":\"status\",\"title\":\"Status\",\"values\":[\"current\",\"stopped\"],"
      "\"preset\":\"current\"}],"
      "\"relations\":[{\"name\":\"detail_of\",\"title\":\"of\",\"from\":[\"DOSE\",\"FREQUENCY\"],"
      "\"to\":[\"DRUG\"]}],"
      "\"questions\":[{\"name\":\"group\",\"title\":\"Group\",\"choices\":[\"heart\",\"lung\"]},"
      "{\"name\":\"organs\",\"title\":\"Organs\",\"choices\":[\"heart\",\"lung\",\"liver\"],\"many\":true}]"
      "}");
}

static inline gint64
publish(Fixture *f, const char *title)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) json = guidelines_json();
  json_object_set_new(json, "title", json_string(title));
  g_autoptr(CrGuidelines) g = cr_guidelines_from_json(json, &error);
  g_assert_no_error(error);
  gint64 version = cr_reading_publish(f->p, g, &error);
  g_assert_no_error(error);
  return version;
}

/* Anchors are kept in the user's data folder, which GLib looks up once in a process: one for all fixtures. */
static char *data_home;

static inline void
keep_anchors_apart(void)
{
  if (!data_home)
    data_home = g_dir_make_tmp("reading-home-XXXXXX", NULL);
  g_setenv("XDG_DATA_HOME", data_home, TRUE);
}

static inline void
fixture_init(Fixture *f, guint n_notes)
{
  g_autoptr(GError) error = NULL;
  g_setenv("CHARTROOM_TEST_CHEAP_KDF", "1", TRUE);
  f->dir = g_dir_make_tmp("reading-XXXXXX", NULL);
  f->path = g_build_filename(f->dir, "p.chartroom", NULL);
  keep_anchors_apart();
  f->env = cr_env_test_new(1600000000000000, 1000, 7, NULL);
  cr_workflow_set_env(f->env);
  f->codes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  f->notes = g_ptr_array_new_with_free_func(g_free);
  CrInitOptions options = {.reviewers = 1, .member_name = "lead", .template_name = "medications-problems"};
  char *lead = NULL;
  g_assert_true(cr_project_init(f->path, "lead", &options, &lead, &error));
  g_assert_no_error(error);
  g_hash_table_insert(f->codes, g_strdup("lead"), lead);
  act_as(f, "lead");
  for (guint i = 0; i < n_notes; i++) {
    g_autofree char *patient = g_strdup_printf("P-%u", i / 2);
    add_note(f, NOTE_TEXT, patient, i % 3 ? "Progress note" : "Discharge summary");
  }
}

static inline void
fixture_members(Fixture *f)
{
  add_member(f, "anna", "clinician");
  add_member(f, "ben", "clinician");
  add_member(f, "sen", "senior");
  add_member(f, "eng", "engineer");
}

static inline void
fixture_clear(Fixture *f)
{
  g_autoptr(GError) error = NULL;
  g_clear_pointer(&f->p, cr_project_free);
  cr_workflow_set_env(NULL);
  cr_env_test_free(f->env);
  g_hash_table_unref(f->codes);
  g_ptr_array_unref(f->notes);
  g_assert_true(cr_dir_remove(f->dir, &error) && cr_dir_remove(data_home, &error));
  g_free(f->path);
  g_free(f->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

/* ---- steps ---- */

static inline void
assign(Fixture *f, const char *batch, const char *const *readers, double overlap, gint64 n)
{
  g_autoptr(GError) error = NULL;
  CrAssignOptions options = {.batch = batch, .readers = readers, .overlap = overlap, .n_notes = n, .seed = 5};
  g_autoptr(json_t) result = cr_reading_assign(f->p, &options, &error);
  g_assert_no_error(error);
  g_assert_nonnull(result);
}

/* The four findings of NOTE_TEXT, right; drop leaves out from the end. */
static inline json_t *
label_line(const char *id, guint drop)
{
  json_t *line =
      json_of("{\"id\":\"%s\",\"entities\":["
              "{\"id\":\"T1\",\"start\":23,\"end\":33,\"label\":\"DRUG\",\"text\":\"lisinopril\"},"
              "{\"id\":\"T2\",\"start\":34,\"end\":38,\"label\":\"DOSE\",\"text\":\"10mg\"},"
              "{\"id\":\"T3\",\"start\":39,\"end\":44,\"label\":\"FREQUENCY\",\"text\":\"daily\"},"
              "{\"id\":\"T4\",\"start\":49,\"end\":61,\"label\":\"CONDITION\",\"text\":\"hypertension\"}],"
              "\"relations\":[{\"id\":\"R1\",\"type\":\"detail_of\",\"from\":\"T2\",\"to\":\"T1\"}]}",
              id);
  for (guint i = 0; i < drop; i++)
    json_array_remove(json_object_get(line, "entities"),
                      json_array_size(json_object_get(line, "entities")) - 1);
  if (drop > 2) /* the dose is gone, and the link with it */
    json_object_del(line, "relations");
  return line;
}

static inline json_t *
label_lines(Fixture *f, json_t *lines /* taken */)
{
  g_autoptr(GError) error = NULL;
  json_t *report = cr_reading_label(f->p, lines, 0, NULL, &error);
  json_decref(lines);
  g_assert_no_error(error);
  return report;
}

/* Labels everything in the member's queue; drop as above. */
static inline void
label_queue(Fixture *f, const char *member, guint drop)
{
  g_autoptr(GError) error = NULL;
  act_as(f, member);
  g_autoptr(json_t) tasks = cr_reading_tasks(f->p, FALSE, &error);
  json_t *lines = json_array(), *task;
  gsize i;
  json_array_foreach(tasks, i, task)
      json_array_append_new(lines, label_line(json_string_value(json_object_get(task, "note")), drop));
  json_decref(label_lines(f, lines));
}

static inline void
agree(Fixture *f, const char *member)
{
  g_autoptr(GError) error = NULL;
  act_as(f, member);
  g_autoptr(json_t) result = cr_reading_agree(f->p, NULL, -1, &error);
  g_assert_no_error(error);
  g_assert_nonnull(result);
}

/* Looks at the whole sample, finds it ok, signs. */
static inline void
approve(Fixture *f, const char *batch)
{
  g_autoptr(GError) error = NULL;
  act_as(f, "sen");
  g_autoptr(json_t) list = cr_reading_quality_list(f->p, 0, &error), lines = json_array();
  g_assert_no_error(error);
  json_t *row, *sampled;
  gsize i, k;
  json_array_foreach(list, i, row) if (g_str_equal(json_string_value(json_object_get(row, "batch")), batch))
      json_array_foreach(json_object_get(row, "sample"), k, sampled) json_array_append_new(
          lines, json_pack("{s:O, s:s}", "note", json_object_get(sampled, "note"), "decision", "ok"));
  g_autoptr(json_t) decided = cr_reading_quality_decide(f->p, lines, &error);
  g_assert_no_error(error);
  g_autoptr(json_t) signed_batch = cr_reading_approve(f->p, batch, 0, &error);
  g_assert_no_error(error);
}
