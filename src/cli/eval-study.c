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

/* ---- the study ---- */

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

gboolean
cr_study_read(CrStudy *study, const CrStudyOptions *options, GError **error)
{
  study->missing = g_ptr_array_new();
  study->n_systems = g_strv_length(options->systems);
  if (!read_all(study, options, error) || !apply_maps(study, options, error))
    return FALSE;
  g_autofree CrCorpusDocument **first = g_new0(CrCorpusDocument *, study->gold->len + 1),
                              **second = g_new0(CrCorpusDocument *, study->gold->len + 1);
  CrCorpusDocument **const partners[CR_STUDY_MAX_SYSTEMS] = {first, second};
  for (guint s = 0; s < study->n_systems; s++)
    if (!cr_study_match(study, &study->systems[s], options->gold, partners[s], error))
      return FALSE;
  if (!cr_study_build(study, options, partners, error))
    return FALSE;
  if (study->n_documents > 0)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_COMPARABLE, "%s: none of its documents is in %s",
              options->systems[0], options->gold);
  return FALSE;
}
