/* release-write.c: the data files of a release, one per part and format, each proved by reading it back. */
#include "workflow/release-private.h"

#include <glib/gstdio.h>
#include <string.h>

/* One file or folder that is being written. */
typedef struct {
  const CrFormat *format;
  guint split;
  char *path, *base; /* base: of a folder, seen from the release's folder; "" for a file */
  CrWriter *writer;
} Target;

static void
target_free(gpointer data)
{
  Target *target = data;
  if (target->writer) { /* something failed before: what is written goes with the folder */
    g_autoptr(GError) ignored = NULL;
    (void)!target->format->writer_finish(target->writer, &ignored);
  }
  g_free(target->path);
  g_free(target->base);
  g_free(target);
}

gboolean
cr_release_put(CrRelease *release, const char *name, const char *data, gsize n_bytes, GError **error)
{
  g_autofree char *path = g_build_filename(release->folder, name, NULL);
  return cr_file_replace(release->p->env->io, path, data, n_bytes, 0644, error);
}

char *
cr_release_dump(const json_t *value)
{
  char *dumped = json_dumps(value, JSON_INDENT(1) | JSON_REAL_PRECISION(15)), *copy = g_strdup(dumped);
  free(dumped);
  return copy;
}

gboolean
cr_release_put_json(CrRelease *release, const char *name, const json_t *value, GError **error)
{
  g_autofree char *dumped = cr_release_dump(value);
  return cr_release_put(release, name, dumped, strlen(dumped), error);
}

/* ---- where ---- */

static gboolean
open_target(CrRelease *release, Target *target, const json_t *schema, GError **error)
{
  const char *split = g_array_index(release->splits, CrReleaseSplit, target->split).name;
  if (target->format->is_folder) {
    g_autofree char *parent = g_build_filename(release->folder, target->format->name, NULL);
    if (g_mkdir_with_parents(parent, 0777) != 0) {
      cr_error_set_errno(error, errno, parent, "making the folder");
      return FALSE;
    }
    target->base = g_build_filename(target->format->name, split, NULL);
    target->path = g_build_filename(release->folder, target->base, NULL);
  } else {
    g_autofree char *ending = cr_format_ending(target->format), *name = g_strconcat(split, ending, NULL);
    target->base = g_strdup("");
    target->path = g_build_filename(release->folder, name, NULL);
  }
  target->writer = target->format->writer_new(target->path, schema, error);
  return target->writer != NULL;
}

static GPtrArray *
open_targets(CrRelease *release, GError **error)
{
  g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(target_free);
  g_autoptr(json_t) schema = release->guidelines ? cr_guidelines_to_json(release->guidelines) : NULL;
  for (guint f = 0; f < release->formats->len; f++)
    for (guint split = 0; split < release->splits->len; split++) {
      Target *target = g_new0(Target, 1);
      g_ptr_array_add(targets, target);
      target->format = release->formats->pdata[f];
      target->split = split;
      if (!open_target(release, target, schema, error))
        return NULL;
    }
  return g_steal_pointer(&targets);
}

/* ---- one note ---- */

static void
set_text(json_t *object, const char *key, const char *value)
{
  if (value && *value)
    json_object_set_new(object, key, json_string(value));
}

static json_t *
make_meta(const CrRelease *release, const CrReleaseNote *note, const CrFinal *final)
{
  json_t *meta = json_object();
  set_text(meta, "type", note->type);
  set_text(meta, "specialty", note->specialty);
  set_text(meta, "language", note->language);
  if (note->year > 0)
    json_object_set_new(meta, "year", json_integer(note->year));
  set_text(meta, "split", g_array_index(release->splits, CrReleaseSplit, note->split).name);
  if (!release->options->unlabelled) {
    json_object_set_new(meta, "guidelines", json_integer(final->guidelines));
    json_object_set_new(meta, "readers", json_integer(final->n_readers));
  }
  return meta;
}

static void
count_names(GHashTable *counts, const json_t *list, const char *key)
{
  json_t *item;
  gsize i;
  json_array_foreach((json_t *)list, i, item)
  {
    const char *name = cr_reading_string(item, key);
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, name));
    g_hash_table_insert(counts, g_strdup(name), GUINT_TO_POINTER(n + 1));
  }
}

static void
count_note(CrRelease *release, CrReleaseNote *note, const CrFinal *final)
{
  CrReleaseSplit *split = &g_array_index(release->splits, CrReleaseSplit, note->split);
  json_t *entities = json_object_get(final->set, "entities"),
         *relations = json_object_get(final->set, "relations");
  note->n_entities = json_array_size(entities);
  note->n_relations = json_array_size(relations);
  split->n_entities += note->n_entities;
  split->n_relations += note->n_relations;
  count_names(release->label_counts, entities, "label");
  count_names(release->relation_counts, relations, "type");
  release->n_twice += final->n_readers > 1;
  release->n_resolved += final->is_resolved;
  release->n_differences += final->n_differences;
  release->n_critical += final->is_critical;
  release->n_one_senior += strstr(final->flags, "one-senior") != NULL;
  release->n_own_reading += strstr(final->flags, "own-reading") != NULL;
}

/* What leaves is what was approved: the hash that the approval signed. */
static gboolean
load_approved(CrRelease *release, GHashTable *cache, const CrReleaseNote *note, CrFinal *final,
              GError **error)
{
  if (release->options->unlabelled)
    return TRUE;
  g_autofree char *approved = cr_labels_note_sha(release->p->work, note->id, error);
  if (!approved || !cr_final_load(release->p, cache, note->id, final, error))
    return FALSE;
  if (g_str_equal(approved, final->sha256))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_GATE_EXPORT, "note %s is not what was approved", note->id);
  return FALSE;
}

gboolean
cr_release_load_labels(CrRelease *release, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  for (guint i = 0; !release->options->unlabelled && i < release->notes->len; i++) {
    CrReleaseNote *note = release->notes->pdata[i];
    g_auto(CrFinal) final = {0};
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GStrvBuilder) labels = g_strv_builder_new();
    json_t *entity;
    gsize k;
    if (!load_approved(release, cache, note, &final, error))
      return FALSE;
    json_array_foreach(json_object_get(final.set, "entities"), k, entity)
    {
      const char *label = cr_reading_string(entity, "label");
      if (label && g_hash_table_add(seen, (gpointer)label))
        g_strv_builder_add(labels, label);
    }
    g_strfreev(note->labels);
    note->labels = g_strv_builder_end(labels);
  }
  return TRUE;
}

static json_t *
make_document(CrRelease *release, GHashTable *cache, CrReleaseNote *note, GError **error)
{
  g_auto(CrFinal) final = {0};
  g_autoptr(CrText) text = cr_documents_load_cleared(release->p->work, note->id, error);
  if (!text || !load_approved(release, cache, note, &final, error))
    return NULL;
  json_t *document = json_object();
  json_object_set_new(document, "id", json_string(note->id));
  json_object_set_new(document, "text",
                      json_stringn(cr_text_bytes(text), cr_text_length(text, CR_UNIT_BYTE)));
  json_object_set_new(document, "meta", make_meta(release, note, &final));
  if (!final.set)
    return document;
  json_t *answers = json_object_get(final.set, "answers");
  json_object_set(document, "entities", json_object_get(final.set, "entities"));
  json_object_set(document, "relations", json_object_get(final.set, "relations"));
  if (json_object_size(answers) > 0)
    json_object_set(document, "answers", answers);
  count_note(release, note, &final);
  return document;
}

static void
not_carried_free(gpointer data)
{
  CrNotCarried *row = data;
  g_free(row->document);
  g_free(row->what);
  g_free(row);
}

/* "attribute status of T3" and "attribute status of T9" are one kind of loss. */
static char *
kind_of_loss(const char *what)
{
  const char *of = strstr(what, " of ");
  return of && (of[4] == 'T' || of[4] == 'R') && g_ascii_isdigit(of[5]) ? g_strndup(what, (gsize)(of - what))
                                                                        : g_strdup(what);
}

/* {"brat": {"answers": 30, …}}: notes by what the format could not take of them. */
static void
count_not_carried(CrRelease *release, const CrFormat *format, const GPtrArray *rows)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < rows->len; i++) {
    char *kind = kind_of_loss(((const CrNotCarried *)rows->pdata[i])->what);
    if (!g_hash_table_add(seen, kind)) /* owns it either way */
      continue;
    json_t *kinds = json_object_get(release->not_carried, format->name);
    if (!kinds)
      json_object_set_new(release->not_carried, format->name, kinds = json_object());
    json_object_set_new(kinds, kind, json_integer(json_integer_value(json_object_get(kinds, kind)) + 1));
  }
}

static gboolean
add_note(CrRelease *release, GHashTable *cache, const GPtrArray *targets, CrReleaseNote *note, GError **error)
{
  g_autoptr(json_t) document = make_document(release, cache, note, error);
  if (!document)
    return FALSE;
  for (guint i = 0; i < targets->len; i++) {
    Target *target = targets->pdata[i];
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(not_carried_free);
    if (target->split != note->split)
      continue;
    if (!target->format->writer_add(target->writer, document, lost, error))
      return FALSE;
    count_not_carried(release, target->format, lost);
  }
  return TRUE;
}

/* ---- proof ---- */

static gboolean
finish_target(CrRelease *release, Target *target, GError **error)
{
  CrWriter *writer = g_steal_pointer(&target->writer);
  if (!target->format->writer_finish(writer, error))
    return FALSE;
  json_t *receipt = cr_receipt_make(target->format, target->path, error);
  if (!receipt)
    return FALSE;
  json_array_append_new(release->receipts, receipt);
  if (*target->base)
    json_object_set_new(receipt, "base", json_string(target->base));
  json_object_set_new(receipt, "part",
                      json_string(g_array_index(release->splits, CrReleaseSplit, target->split).name));
  const CrReleaseSplit *split = &g_array_index(release->splits, CrReleaseSplit, target->split);
  json_int_t written = json_integer_value(json_object_get(receipt, "documents"));
  if (written == (json_int_t)split->n_notes)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_OFFSET_NOT_PROVED,
              "%s: %zu notes went in, %" JSON_INTEGER_FORMAT " came back", target->path, split->n_notes,
              written);
  return FALSE;
}

gboolean
cr_release_write(CrRelease *release, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  release->receipts = json_array();
  release->not_carried = json_object();
  release->label_counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  release->relation_counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) targets = open_targets(release, error);
  if (!targets)
    return FALSE;
  for (guint i = 0; i < release->notes->len; i++) {
    if (!add_note(release, cache, targets, release->notes->pdata[i], error))
      return FALSE;
    cr_release_progress(release, "notes written", i + 1);
  }
  for (guint i = 0; i < targets->len; i++)
    if (!finish_target(release, targets->pdata[i], error))
      return FALSE;
  return TRUE;
}
