/* review-scan.c: what the export scan found, and the privacy reviewers' answers: one by one, or all findings
 * of the same words at once. */
#include <chartroom/privacy.h>

#include "store/documents.h"
#include "store/review.h"
#include "workflow/review-load.h"

/* ---- findings with their words ---- */

#define CONTEXT 30 /* code points shown on either side */

static gboolean
scan_cb(const CrScanFinding *f, gpointer user_data, GError **error)
{
  json_array_append_new(user_data, json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s?}", "scan", f->key, "note",
                                             f->note, "kind", f->kind, "start", (json_int_t)f->start, "end",
                                             (json_int_t)f->end, "status", f->status, "reason", f->reason));
  return TRUE;
}

static char *
slice(const CrText *text, gint64 start, gint64 end)
{
  gint64 n = (gint64)cr_text_length(text, CR_UNIT_CODE_POINT);
  CrSpan bytes;
  start = CLAMP(start, 0, n);
  end = CLAMP(end, start, n);
  if (start == end || !cr_span_from_unit(text, CR_UNIT_CODE_POINT, (gsize)start, (gsize)end, &bytes, NULL))
    return g_strdup("");
  return cr_span_dup_text(text, bytes);
}

/* A finding in what is known of the note beside its text: the field's value stands for the words. */
static gboolean
add_field(CrProject *p, json_t *row)
{
  static const char *const fields[] = {"type", "specialty", "author_role", "language"};
  const char *note = json_string_value(json_object_get(row, "note")),
             *kind = json_string_value(json_object_get(row, "kind"));
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
    g_autofree char *suffix = g_strdup_printf(" in the note's %s", fields[i]);
    if (!g_str_has_suffix(kind, suffix))
      continue;
    g_autofree char *value = cr_documents_dup_metadata(p->work, note, fields[i], NULL);
    json_object_set_new(row, "text", json_string(value ? value : ""));
    json_object_set_new(row, "field", json_string(fields[i]));
    return TRUE;
  }
  return FALSE;
}

/* The cleared text of the note looked at last: findings come note by note. */
typedef struct {
  char *note;
  CrText *text;
} LastNote;

static void
last_note_clear(LastNote *last)
{
  g_clear_pointer(&last->note, g_free);
  g_clear_pointer(&last->text, cr_text_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LastNote, last_note_clear)

static const CrText *
text_of(CrProject *p, LastNote *last, const char *note)
{
  if (g_strcmp0(last->note, note) != 0) {
    last_note_clear(last);
    last->note = g_strdup(note);
    last->text = cr_documents_load_cleared(p->work, note, NULL);
  }
  return last->text;
}

static void
add_context(CrProject *p, LastNote *last, json_t *row)
{
  if (add_field(p, row))
    return;
  const CrText *text = text_of(p, last, json_string_value(json_object_get(row, "note")));
  gint64 start = json_integer_value(json_object_get(row, "start")),
         end = json_integer_value(json_object_get(row, "end"));
  if (!text)
    return;
  g_autofree char *words = slice(text, start, end), *before = slice(text, start - CONTEXT, start),
                  *after = slice(text, end, end + CONTEXT);
  json_object_set_new(row, "text", json_string(words));
  json_object_set_new(row, "before", json_string(before));
  json_object_set_new(row, "after", json_string(after));
}

json_t *
cr_review_scan_findings(CrProject *p, gboolean open_only, GError **error)
{
  g_autoptr(json_t) rows = json_array();
  g_auto(LastNote) last = {0};
  size_t i;
  json_t *row;
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "answering the export scan", error) ||
      !cr_review_scan_list(p->work, open_only ? "open" : NULL, scan_cb, rows, error))
    return NULL;
  json_array_foreach(rows, i, row) add_context(p, &last, row);
  return g_steal_pointer(&rows);
}

static gint
by_count(gconstpointer a, gconstpointer b)
{
  json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "count")),
             y = json_integer_value(json_object_get(*(json_t *const *)b, "count"));
  return (x < y) - (x > y);
}

json_t *
cr_review_scan_words(CrProject *p, GError **error)
{
  g_autoptr(json_t) rows = cr_review_scan_findings(p, TRUE, error), words = json_object(),
                    list = json_array();
  g_autoptr(GPtrArray) sorted = g_ptr_array_new();
  size_t i;
  json_t *row;
  const char *key;
  if (!rows)
    return NULL;
  json_array_foreach(rows, i, row)
  {
    const char *text = json_string_value(json_object_get(row, "text"));
    json_t *same = json_object_get(words, text ? text : "");
    if (!same) {
      same = json_pack("{s:s, s:O, s:i, s:O?, s:O?, s:O}", "text", text ? text : "", "kind",
                       json_object_get(row, "kind"), "count", 0, "before", json_object_get(row, "before"),
                       "after", json_object_get(row, "after"), "note", json_object_get(row, "note"));
      json_object_set_new(words, text ? text : "", same);
    }
    json_object_set_new(same, "count", json_integer(json_integer_value(json_object_get(same, "count")) + 1));
  }
  json_object_foreach(words, key, row) g_ptr_array_add(sorted, row);
  g_ptr_array_sort(sorted, by_count);
  for (guint k = 0; k < sorted->len; k++)
    json_array_append(list, sorted->pdata[k]);
  return g_steal_pointer(&list);
}

/* ---- answers ---- */

static gboolean
answer_one(CrProject *p, const char *key, gboolean leak, const char *reason, GError **error)
{
  g_autofree char *note = cr_review_scan_note(p->work, key, error), *object = g_strconcat("scan:", key, NULL);
  if (!note)
    return FALSE;
  cr_tx_event(p, CR_ROLE_PRIVACY, "scan.answered", object, NULL, leak ? "leak" : "kept", reason);
  if (leak)
    return cr_note_return_to_review(p, CR_ROLE_PRIVACY, note, reason ? reason : "found by the export scan",
                                    error);
  return cr_review_scan_set(p->work, key, "kept", reason, error);
}

/* Words -> GPtrArray of keys of the open findings. */
static GHashTable *
index_words(CrProject *p, GError **error)
{
  g_autoptr(json_t) rows = cr_review_scan_findings(p, TRUE, error);
  if (!rows)
    return NULL;
  GHashTable *index =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  size_t i;
  json_t *row;
  json_array_foreach(rows, i, row)
  {
    const char *text = json_string_value(json_object_get(row, "text"));
    GPtrArray *keys = text ? g_hash_table_lookup(index, text) : NULL;
    if (text && !keys) {
      keys = g_ptr_array_new_with_free_func(g_free);
      g_hash_table_insert(index, g_strdup(text), keys);
    }
    if (keys)
      g_ptr_array_add(keys, g_strdup(json_string_value(json_object_get(row, "scan"))));
  }
  return index;
}

static gboolean
answer_words(CrProject *p, GHashTable **index, const char *text, const char *reason, guint *n_answers,
             GError **error)
{
  if (!*index && !(*index = index_words(p, error)))
    return FALSE;
  const GPtrArray *keys = g_hash_table_lookup(*index, text);
  for (guint i = 0; keys && i < keys->len; i++, (*n_answers)++)
    if (!answer_one(p, keys->pdata[i], FALSE, reason, error))
      return FALSE;
  g_hash_table_remove(*index, text);
  return TRUE;
}

gboolean
cr_review_answer_scan(CrProject *p, GHashTable **index, const json_t *line, guint *n_answers, GError **error)
{
  const char *key = json_string_value(json_object_get(line, "scan")),
             *word = json_string_value(json_object_get(line, "decision")),
             *reason = json_string_value(json_object_get(line, "reason")),
             *text = json_string_value(json_object_get(line, "text"));
  gboolean leak = g_strcmp0(word, "leak") == 0,
           keep = g_strcmp0(word, "keep") == 0 || g_strcmp0(word, "reject") == 0,
           all = g_strcmp0(key, "*") == 0;
  if (!leak && !keep)
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "a scan finding is answered with keep or leak");
  else if (all && (leak || !text || !reason))
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION,
                "\"scan\": \"*\" keeps one \"text\" everywhere, and needs a \"reason\"");
  else if (all)
    return answer_words(p, index, text, reason, n_answers, error);
  else {
    (*n_answers)++;
    return answer_one(p, key, leak, reason, error);
  }
  return FALSE;
}
