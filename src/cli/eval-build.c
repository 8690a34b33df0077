/* Labels, groups and documents as the evaluation takes them; see eval-study.h. */
#include "cli/eval-study.h"
#include <chartroom/phi.h>
#include <string.h>

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
build(CrStudy *study, CrCorpusDocument **const *partners, const Names *names)
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
cr_study_build(CrStudy *study, const CrStudyOptions *options, CrCorpusDocument **const *partners,
               GError **error)
{
  g_autoptr(GHashTable) labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                        groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Names names = {labels, groups, options->group};
  if (!list_labels_and_groups(study, &names, error))
    return FALSE;
  build(study, partners, &names);
  build_scheme(study, options);
  return TRUE;
}
