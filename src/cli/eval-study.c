/* Reading and matching for eval; see eval-study.h. */
#include "cli/eval-study.h"
#include <chartroom/phi.h>
#include <string.h>

void
cr_study_clear(CrStudy *study)
{
  for (guint s = 0; s < CR_STUDY_MAX_SYSTEMS; s++) {
    CrStudySystem *system = &study->systems[s];
    g_clear_pointer(&system->path, g_free);
    g_clear_pointer(&system->corpus, g_ptr_array_unref);
    g_clear_pointer(&system->extra, g_ptr_array_unref);
    g_clear_pointer(&system->spans, g_array_unref);
    g_clear_pointer(&system->documents, g_free);
  }
  g_clear_pointer(&study->gold, g_ptr_array_unref);
  g_clear_pointer(&study->missing, g_ptr_array_unref);
  g_clear_pointer(&study->labels, g_ptr_array_unref);
  g_clear_pointer(&study->groups, g_ptr_array_unref);
  g_clear_pointer(&study->is_reported, g_free);
  g_clear_pointer(&study->is_small, g_free);
  g_clear_pointer(&study->gold_spans, g_array_unref);
  g_clear_pointer(&study->gold_groups, g_array_unref);
}

/* ---- reading ---- */

static gboolean
any_has(const GPtrArray *corpus, const char *key)
{
  for (guint i = 0; i < corpus->len; i++)
    if (json_array_size(json_object_get(((const CrCorpusDocument *)corpus->pdata[i])->document, key)) > 0)
      return TRUE;
  return FALSE;
}

static gboolean
all_have(const GPtrArray *corpus, const char *key)
{
  for (guint i = 0; i < corpus->len; i++)
    if (!json_is_array(json_object_get(((const CrCorpusDocument *)corpus->pdata[i])->document, key)))
      return FALSE;
  return corpus->len > 0;
}

/* Gold stands under "entities" unless only "phi" is there. A system's output has "phi" where `deid` wrote it,
 * and may still carry the entities of its input. */
static GPtrArray *
read_side(const char *path, const CrStudyOptions *options, const char *key, gboolean is_gold,
          gboolean by_sentence, gboolean *is_phi, GError **error)
{
  const CrCorpusOptions plain = {.format = options->format, .key = key, .by_sentence = by_sentence};
  CrCorpusOptions phi = plain;
  phi.key = "phi";
  g_autoptr(GPtrArray) corpus = cr_corpus_read(path, &plain, error);
  if (corpus == NULL)
    return NULL;
  *is_phi = key != NULL && strcmp(key, "phi") == 0;
  if (key != NULL ||
      !(is_gold ? !any_has(corpus, "entities") && any_has(corpus, "phi") : all_have(corpus, "phi")))
    return g_steal_pointer(&corpus);
  *is_phi = TRUE;
  return cr_corpus_read(path, &phi, error);
}

static gboolean
has_sentences(const GPtrArray *corpus)
{
  const CrCorpusDocument *only = corpus->len == 1 ? corpus->pdata[0] : NULL;
  return only != NULL && only->columns != NULL;
}

static gboolean
read_all(CrStudy *study, const CrStudyOptions *options, GError **error)
{
  gboolean gold_is_phi = FALSE;
  study->gold = read_side(options->gold, options, options->gold_key, TRUE, FALSE, &gold_is_phi, error);
  /* One document of many sentences: then these are what is resampled. */
  study->by_sentence = study->gold != NULL && has_sentences(study->gold);
  if (study->by_sentence) {
    g_ptr_array_unref(study->gold);
    study->gold = read_side(options->gold, options, options->gold_key, TRUE, TRUE, &gold_is_phi, error);
  }
  study->is_phi = gold_is_phi;
  for (guint s = 0; study->gold != NULL && s < study->n_systems; s++) {
    CrStudySystem *system = &study->systems[s];
    gboolean is_phi = FALSE;
    system->path = g_strdup(options->systems[s]);
    system->extra = g_ptr_array_new();
    system->corpus =
        read_side(system->path, options, options->system_key, FALSE, study->by_sentence, &is_phi, error);
    study->is_phi = study->is_phi || is_phi;
    if (system->corpus == NULL)
      return FALSE;
  }
  return study->gold != NULL;
}

/* ---- matching ---- */

/* What a document is known by: its id, in columns its place, or the id without folder and extension. */
static char *
name_of(const CrCorpusDocument *document, guint place, gboolean is_stem)
{
  if (document->columns != NULL)
    return g_strdup_printf("%u", place);
  if (!is_stem)
    return g_strdup(document->id);
  char *name = g_path_get_basename(document->id), *dot = strrchr(name, '.');
  if (dot != NULL && dot > name)
    *dot = '\0';
  return name;
}

/* name -> document; of names that stand twice stems are left out, ids are refused. */
static GHashTable *
index_of(const GPtrArray *corpus, const char *path, gboolean is_stem, GError **error)
{
  g_autoptr(GHashTable) index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                        twice = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < corpus->len; i++) {
    char *name = name_of(corpus->pdata[i], i, is_stem);
    if (g_hash_table_contains(index, name)) {
      g_hash_table_add(twice, g_strdup(name));
      if (!is_stem) {
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_COMPARABLE, "%s: the id \"%s\" stands twice", path, name);
        g_free(name);
        return NULL;
      }
    }
    g_hash_table_replace(index, name, corpus->pdata[i]);
  }
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init(&iter, twice);
  while (g_hash_table_iter_next(&iter, &name, NULL))
    g_hash_table_remove(index, name);
  return g_steal_pointer(&index);
}

static gboolean
same_text(const CrText *a, const CrText *b)
{
  gsize n = cr_text_length(a, CR_UNIT_BYTE);
  return n == cr_text_length(b, CR_UNIT_BYTE) && memcmp(cr_text_bytes(a), cr_text_bytes(b), n) == 0;
}

/* partners[i]: the system's document for gold's i, or NULL. */
static gboolean
match_system(const CrStudy *study, CrStudySystem *system, const char *gold_path, CrCorpusDocument **partners,
             GError **error)
{
  g_autoptr(GHashTable) golds = index_of(study->gold, gold_path, FALSE, error),
                        used = g_hash_table_new(NULL, NULL);
  g_autoptr(GHashTable) ids = golds != NULL ? index_of(system->corpus, system->path, FALSE, error) : NULL;
  g_autoptr(GHashTable) stems = ids != NULL ? index_of(system->corpus, system->path, TRUE, error) : NULL;
  if (stems == NULL)
    return FALSE;
  for (guint i = 0; i < study->gold->len; i++) {
    CrCorpusDocument *gold = study->gold->pdata[i];
    g_autofree char *id = name_of(gold, i, FALSE), *stem = name_of(gold, i, TRUE);
    CrCorpusDocument *partner = g_hash_table_lookup(ids, id);
    partner = partner != NULL ? partner : g_hash_table_lookup(stems, stem);
    if (partner == NULL || !g_hash_table_add(used, partner))
      continue;
    if (!same_text(gold->text, partner->text)) {
      g_set_error(error, CR_ERROR, CR_ERROR_NOT_COMPARABLE, "%s: %s has another text than in %s",
                  system->path, partner->id, gold_path);
      return FALSE;
    }
    partners[i] = partner;
  }
  for (guint i = 0; i < system->corpus->len; i++)
    if (!g_hash_table_contains(used, system->corpus->pdata[i]))
      g_ptr_array_add(system->extra, ((CrCorpusDocument *)system->corpus->pdata[i])->id);
  return TRUE;
}

/* ---- lists of names ---- */

static int
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A sorted list of the set's names, and in the set each name's place + 1. */
static GPtrArray *
list_names(GHashTable *set)
{
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init(&iter, set);
  while (g_hash_table_iter_next(&iter, &name, NULL))
    g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, compare_names);
  for (guint i = 0; i < names->len; i++)
    g_hash_table_insert(set, g_strdup(names->pdata[i]), GUINT_TO_POINTER(i + 1));
  return names;
}

static gint
place_in(GHashTable *set, const char *name)
{
  return name != NULL ? (gint)GPOINTER_TO_UINT(g_hash_table_lookup(set, name)) - 1 : -1;
}

static void
add_labels(GHashTable *set, const GPtrArray *corpus)
{
  for (guint d = 0; d < corpus->len; d++) {
    const GArray *spans = ((const CrCorpusDocument *)corpus->pdata[d])->spans;
    for (guint i = 0; i < spans->len; i++)
      g_hash_table_add(set, g_strdup(g_array_index(spans, CrCorpusSpan, i).label));
  }
}

/* ---- groups ---- */

/* A word for a member's value. transfer full, NULL where there is none. */
static char *
value_of(const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  if (json_is_string(value))
    return g_strdup(json_string_value(value));
  if (json_is_integer(value))
    return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
  return json_is_boolean(value) ? g_strdup(json_is_true(value) ? "true" : "false") : NULL;
}

static char *
group_of_span(const CrCorpusSpan *span, const char *key)
{
  char *value = span->item != NULL ? value_of(json_object_get(span->item, "attributes"), key) : NULL;
  return value != NULL || span->item == NULL ? value : value_of(span->item, key);
}

static char *
group_of_document(const CrCorpusDocument *document, const char *key)
{
  char *value = value_of(json_object_get(document->document, "meta"), key);
  return value != NULL ? value : value_of(document->document, key);
}

static void
add_groups(GHashTable *set, const CrCorpusDocument *document, const char *key)
{
  char *value = group_of_document(document, key);
  if (value != NULL)
    g_hash_table_add(set, value);
  for (guint i = 0; i < document->spans->len; i++)
    if ((value = group_of_span(&g_array_index(document->spans, CrCorpusSpan, i), key)) != NULL)
      g_hash_table_add(set, value);
}

/* ---- the documents that the evaluation sees ---- */

typedef struct {
  GHashTable *labels, *groups; /* name -> place + 1 */
  const char *group;           /* key, or NULL */
} Names;

static void
add_spans(GArray *out, const CrCorpusDocument *document, guint place, const Names *names)
{
  for (guint i = 0; i < document->spans->len; i++) {
    const CrCorpusSpan *span = &g_array_index(document->spans, CrCorpusSpan, i);
    CrLabelSpan plain = {.document = place,
                         .start = span->span.start,
                         .end = span->span.end,
                         .label = (guint)place_in(names->labels, span->label),
                         .fragments = span->fragments};
    g_array_append_val(out, plain);
  }
}

static void
add_gold_groups(CrStudy *study, const CrCorpusDocument *document, const Names *names)
{
  for (guint i = 0; i < document->spans->len; i++) {
    g_autofree char *value =
        names->group != NULL ? group_of_span(&g_array_index(document->spans, CrCorpusSpan, i), names->group)
                             : NULL;
    gint place = place_in(names->groups, value);
    g_array_append_val(study->gold_groups, place);
  }
}

/* Arrays move while they grow, so documents point into them only when all spans are there. */
static void
point_documents(CrStudy *study, const CrCorpusDocument *const *golds, CrStudySystem *system,
                const Names *names)
{
  const CrLabelSpan *gold = (const CrLabelSpan *)(gpointer)study->gold_spans->data;
  const CrLabelSpan *found = (const CrLabelSpan *)(gpointer)system->spans->data;
  const gint *groups = (const gint *)(gpointer)study->gold_groups->data;
  for (guint d = 0, g = 0, f = 0; d < study->n_documents; d++) {
    CrEvaluationDocument *document = &system->documents[d];
    g_autofree char *group = names->group != NULL ? group_of_document(golds[d], names->group) : NULL;
    *document = (CrEvaluationDocument){.id = golds[d]->id,
                                       .text = golds[d]->text,
                                       .gold = gold + g,
                                       .system = found + f,
                                       .gold_groups = groups + g,
                                       .group = place_in(names->groups, group)};
    for (; g < study->gold_spans->len && gold[g].document == d; g++)
      document->n_gold++;
    for (; f < system->spans->len && found[f].document == d; f++)
      document->n_system++;
  }
}

/* Documents that every system has. */
static void
build(CrStudy *study, CrCorpusDocument ***partners, const Names *names)
{
  g_autofree const CrCorpusDocument **golds = g_new0(const CrCorpusDocument *, study->gold->len + 1);
  study->gold_spans = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  study->gold_groups = g_array_new(FALSE, FALSE, sizeof(gint));
  for (guint s = 0; s < study->n_systems; s++)
    study->systems[s].spans = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  for (guint i = 0; i < study->gold->len; i++) {
    CrCorpusDocument *gold = study->gold->pdata[i];
    if (partners[0][i] == NULL || partners[study->n_systems - 1][i] == NULL) {
      g_ptr_array_add(study->missing, gold->id);
      continue;
    }
    golds[study->n_documents] = gold;
    add_spans(study->gold_spans, gold, study->n_documents, names);
    add_gold_groups(study, gold, names);
    for (guint s = 0; s < study->n_systems; s++)
      add_spans(study->systems[s].spans, partners[s][i], study->n_documents, names);
    study->n_documents++;
  }
  for (guint s = 0; s < study->n_systems; s++) {
    study->systems[s].documents = g_new0(CrEvaluationDocument, MAX(study->n_documents, 1));
    point_documents(study, golds, &study->systems[s], names);
  }
}

/* "-": what the label map sets aside. */
static gboolean
is_free(const CrStudy *study, guint label)
{
  return strcmp(study->labels->pdata[label], "-") == 0;
}

/* Of spans that count; after the labels are known. */
static void
mark_small_groups(CrStudy *study, guint least)
{
  g_autofree guint *n_gold = g_new0(guint, MAX(study->groups->len, 1));
  study->is_small = g_new0(gboolean, MAX(study->groups->len, 1));
  for (guint d = 0; d < study->n_documents; d++) {
    const CrEvaluationDocument *document = &study->systems[0].documents[d];
    for (gsize i = 0; i < document->n_gold; i++) {
      gint group = document->gold_groups[i] >= 0 ? document->gold_groups[i] : document->group;
      if (group >= 0 && !study->is_reported[document->gold[i].label])
        n_gold[group]++;
    }
  }
  for (guint g = 0; g < study->groups->len; g++)
    study->is_small[g] = n_gold[g] < least;
}

static void
build_scheme(CrStudy *study, const CrStudyOptions *options)
{
  gboolean are_kinds = study->labels->len > 0;
  CrPhiKind kind;
  for (guint l = 0; l < study->labels->len; l++)
    are_kinds = are_kinds && (is_free(study, l) || cr_phi_kind_parse(study->labels->pdata[l], &kind));
  study->is_phi = !options->all_kinds && (study->is_phi || are_kinds);
  study->is_reported = g_new0(gboolean, MAX(study->labels->len, 1));
  for (guint l = 0; l < study->labels->len; l++)
    study->is_reported[l] =
        is_free(study, l) || (study->is_phi && cr_phi_kind_parse(study->labels->pdata[l], &kind) &&
                              cr_phi_kind_is_reported_only(kind));
  mark_small_groups(study, options->least);
  study->scheme = (CrEvaluationScheme){.labels = (const char *const *)study->labels->pdata,
                                       .n_labels = study->labels->len,
                                       .is_reported = study->is_reported,
                                       .titles_are_free = study->is_phi,
                                       .groups = (const char *const *)study->groups->pdata,
                                       .n_groups = study->groups->len,
                                       .is_small = study->is_small};
}

static gboolean
apply_maps(CrStudy *study, const CrStudyOptions *options, GError **error)
{
  g_autoptr(GHashTable) map = options->label_map ? cr_label_map_read(options->label_map, error) : NULL;
  if (options->label_map != NULL && map == NULL)
    return FALSE;
  g_autoptr(GHashTable) kinds = options->scheme ? cr_phi_scheme_load(NULL, options->scheme, error) : NULL;
  if (options->scheme != NULL && kinds == NULL)
    return FALSE;
  cr_label_map_apply(kinds, study->gold);
  cr_label_map_apply(map, study->gold);
  for (guint s = 0; s < study->n_systems; s++)
    cr_label_map_apply(map, study->systems[s].corpus);
  return TRUE;
}

static gboolean
list_labels_and_groups(CrStudy *study, Names *names, GError **error)
{
  add_labels(names->labels, study->gold);
  for (guint s = 0; s < study->n_systems; s++)
    add_labels(names->labels, study->systems[s].corpus);
  for (guint i = 0; names->group != NULL && i < study->gold->len; i++)
    add_groups(names->groups, study->gold->pdata[i], names->group);
  study->labels = list_names(names->labels);
  study->groups = list_names(names->groups);
  if (names->group == NULL || study->groups->len > 0)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE,
              "--group %s: neither a gold document's meta nor an entity has it", names->group);
  return FALSE;
}

gboolean
cr_study_read(CrStudy *study, const CrStudyOptions *options, GError **error)
{
  g_autoptr(GHashTable) labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                        groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Names names = {labels, groups, options->group};
  study->missing = g_ptr_array_new();
  study->n_systems = g_strv_length(options->systems);
  if (!read_all(study, options, error) || !apply_maps(study, options, error) ||
      !list_labels_and_groups(study, &names, error))
    return FALSE;
  g_autofree CrCorpusDocument **first = g_new0(CrCorpusDocument *, study->gold->len + 1),
                              **second = g_new0(CrCorpusDocument *, study->gold->len + 1);
  CrCorpusDocument **partners[CR_STUDY_MAX_SYSTEMS] = {first, second};
  for (guint s = 0; s < study->n_systems; s++)
    if (!match_system(study, &study->systems[s], options->gold, partners[s], error))
      return FALSE;
  build(study, partners, &names);
  build_scheme(study, options);
  if (study->n_documents > 0)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_COMPARABLE, "%s: none of its documents is in %s",
              options->systems[0], options->gold);
  return FALSE;
}
