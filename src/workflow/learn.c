/* learn.c: the project's own model. Each version is learnt from the program's model and all settled notes, so
 * that none carries what a later decision took back; it is kept only where the frozen notes lose nothing.
 * What is kept is sealed under a key of its own, which goes when an original is destroyed. */
#include "workflow/learn.h"

#include "store/documents.h"
#include <chartroom/privacy.h>

#include <string.h>

#define PRECISION_SLACK .005
#define EPSILON 1e-9

static const char *const languages[] = {"en", "es"};

/* ---- the list of versions: work.db's meta, counts and figures alone ---- */

static json_t *
load_list(CrProject *p, const char *language, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *key = g_strconcat("models.", language, NULL), *text = cr_db_dup_meta(p->work, key, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  if (text && *text)
    return cr_json_parse(text, strlen(text), error);
  return json_pack("{s:s, s:i, s:i, s:[]}", "language", language, "current", 0, "last", 0, "versions");
}

static gboolean
save_list(CrProject *p, const char *language, const json_t *list, GError **error)
{
  g_autofree char *key = g_strconcat("models.", language, NULL), *text = cr_json_dump(list);
  return cr_db_set_meta(p->work, key, text, error);
}

static gint64
number_of(const json_t *object, const char *key)
{
  return (gint64)json_integer_value(json_object_get(object, key));
}

static char *
model_name(const char *language, gint64 version)
{
  return g_strdup_printf("model:%s:%" G_GINT64_FORMAT, language, version);
}

/* ---- the sealed model ---- */

static gboolean
store_model(CrProject *p, const char *name, const CrTagger *model, GError **error)
{
  g_autoptr(CrKey) key = cr_key_new_random(p->env);
  g_autofree char *aad = g_strconcat("key:", name, NULL);
  g_autoptr(GBytes) wrapped = cr_seal(p->env, p->vault_key, aad, cr_key_bytes(key), CR_KEY_BYTES);
  GBytes *bytes = cr_tagger_bytes(model);
  g_autoptr(GBytes) box =
      cr_original_seal(p, key, name, "model", g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
  const guint64 tx = cr_chain_n_events(p->chain_before);
  return cr_vault_put_key(p->vault, name, wrapped, tx, error) &&
         cr_vault_put_piece(p->vault, name, "model", NULL, box, tx, error);
}

static CrTagger *
load_model(CrProject *p, const char *name, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrKey) key = cr_original_key(p, name, error);
  g_autoptr(GBytes) box = key ? cr_vault_load_piece(p->vault, name, "model", NULL, &local) : NULL;
  if (key && !box && !local)
    g_set_error(&local, CR_ERROR, CR_ERROR_DAMAGED, "%s: the vault lacks it", name);
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  g_autoptr(GBytes) bytes = box ? cr_original_open(key, name, "model", box, error) : NULL;
  return bytes ? cr_tagger_new(bytes, name, error) : NULL;
}

CrPhiDetector *
cr_project_detector(CrProject *p, const char *language, GError **error)
{
  g_autoptr(json_t) list = load_list(p, language, error);
  g_autoptr(CrPhiDetector) detector = list ? cr_phi_detector_new(NULL, language, error) : NULL;
  if (!detector || number_of(list, "current") == 0)
    return g_steal_pointer(&detector);
  g_autofree char *name = model_name(language, number_of(list, "current"));
  CrTagger *model = load_model(p, name, error);
  return model && cr_phi_detector_take_tagger(detector, model, error) ? g_steal_pointer(&detector) : NULL;
}

/* ---- learning ---- */

static int
label_of(const char *const *labels, CrPhiKind kind)
{
  for (guint i = 0; labels[i]; i++)
    if (g_str_equal(labels[i], cr_phi_kind_name(kind)))
      return (int)i;
  return -1;
}

static void
add_sample(GArray *samples, const char *const *labels, const CrLearnNote *note)
{
  g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(CrTagSpan));
  for (guint i = 0; i < note->spans->len; i++) {
    const CrPhiSpan *s = &g_array_index(note->spans, CrPhiSpan, i);
    const int label = label_of(labels, s->kind);
    if (label >= 0)
      g_array_append_val(spans, ((CrTagSpan){s->span, (guint)label, 1}));
  }
  const gsize n = spans->len;
  CrTagSample sample = {cr_text_bytes(note->text), cr_text_length(note->text, CR_UNIT_BYTE),
                        (CrTagSpan *)g_array_free(g_steal_pointer(&spans), FALSE), n};
  g_array_append_val(samples, sample);
}

static void
clear_sample(gpointer sample)
{
  g_free((gpointer)((CrTagSample *)sample)->spans);
}

static GArray *
samples_of(const GPtrArray *notes, const char *const *labels)
{
  GArray *samples = g_array_new(FALSE, FALSE, sizeof(CrTagSample));
  g_array_set_clear_func(samples, clear_sample);
  for (guint i = 0; i < notes->len; i++)
    add_sample(samples, labels, notes->pdata[i]);
  return samples;
}

static GStrv
labels_of(const CrTagger *base)
{
  g_autoptr(GStrvBuilder) labels = g_strv_builder_new();
  for (guint i = 0; base && i < cr_tagger_n_labels(base); i++)
    g_strv_builder_add(labels, cr_tagger_label(base, i));
  for (guint k = 0; !base && k < CR_PHI_N_KINDS; k++)
    g_strv_builder_add(labels, cr_phi_kind_name((CrPhiKind)k));
  return g_strv_builder_end(labels);
}

/* Where the program has no model: one of the recipe's, of one pass. */
static CrTagger *
train_anew(const char *language, const GArray *all, const char *const *labels, GError **error)
{
  g_auto(CrTaggerRecipe) recipe = {0};
  if (!cr_tagger_recipe_load(NULL, "phi", language, &recipe, error))
    return NULL;
  recipe.training.folds = 0;
  recipe.training.full_count = 0;
  return cr_tagger_train((const CrTagSample *)all->data, all->len, labels, &recipe.training, error);
}

static CrTagger *
learn(const CrTagger *base, const char *language, const GPtrArray *notes, const GPtrArray *replay,
      GError **error)
{
  g_auto(GStrv) labels = labels_of(base);
  const char *const *names = (const char *const *)labels;
  g_autoptr(GArray) samples = samples_of(notes, names), old = samples_of(replay, names);
  if (base) {
    CrTaggerUpdate update;
    cr_tagger_update_init(&update);
    return cr_tagger_update(base, (const CrTagSample *)samples->data, samples->len,
                            (const CrTagSample *)old->data, old->len, &update, error);
  }
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(CrTagSample));
  g_array_append_vals(all, samples->data, samples->len);
  g_array_append_vals(all, old->data, old->len);
  return train_anew(language, all, names, error);
}

/* ---- the gate ---- */

typedef struct {
  CrLearnFigures regression, held;
} Measured;

static json_t *
figures_json(CrLearnFigures f)
{
  return json_pack("{s:f, s:f}", "cover", f.cover, "precision", f.precision);
}

static json_t *
measured_json(const Measured *m)
{
  return json_pack("{s:o, s:o}", "regression", figures_json(m->regression), "held", figures_json(m->held));
}

static const char *
why_refused(const Measured *before, const Measured *after)
{
  if (after->regression.cover < before->regression.cover - EPSILON)
    return "it finds less in the regression notes";
  if (after->held.cover < before->held.cover - EPSILON)
    return "it finds less in the project's notes held back";
  if (after->regression.precision < before->regression.precision - PRECISION_SLACK)
    return "it takes more that is no identifier in the regression notes";
  if (after->held.precision < before->held.precision - PRECISION_SLACK)
    return "it takes more that is no identifier in the project's notes held back";
  return NULL;
}

typedef struct {
  CrProject *p;
  const char *language;
  GPtrArray *notes, *held, *replay, *regression;
} Course;

static void
course_clear(Course *c)
{
  g_clear_pointer(&c->notes, g_ptr_array_unref);
  g_clear_pointer(&c->held, g_ptr_array_unref);
  g_clear_pointer(&c->replay, g_ptr_array_unref);
  g_clear_pointer(&c->regression, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Course, course_clear)

static gboolean
gather(Course *c, GError **error)
{
  c->notes = g_ptr_array_new_with_free_func(cr_learn_note_free);
  c->held = g_ptr_array_new_with_free_func(cr_learn_note_free);
  c->replay = cr_learn_invented("replay", c->language, error);
  c->regression = c->replay ? cr_learn_invented("regression", c->language, error) : NULL;
  if (!c->regression || !cr_learn_settled(c->p, c->language, c->notes, c->held, error))
    return FALSE;
  if (c->notes->len > 0)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE,
              "no notes in this language whose privacy review is settled and signed");
  return FALSE;
}

static Measured
measure(const Course *c, const CrPhiDetector *detector)
{
  return (Measured){cr_learn_measure(detector, c->regression), cr_learn_measure(detector, c->held)};
}

static gboolean
keep(Course *c, const CrTagger *model, json_t *list, json_t *report, GError **error)
{
  CrProject *p = c->p;
  const gint64 version = number_of(list, "last") + 1;
  g_autofree char *name = model_name(c->language, version);
  json_object_set_new(report, "version", json_integer(version));
  g_autoptr(json_t) row = json_deep_copy(report);
  json_object_set(row, "before_it", json_object_get(list, "current"));
  json_array_append(json_object_get(list, "versions"), row);
  json_object_set_new(list, "current", json_integer(version));
  json_object_set_new(list, "last", json_integer(version));
  return store_model(p, name, model, error) && save_list(p, c->language, list, error);
}

static gboolean
conclude(Course *c, const CrTagger *model, json_t *report, gboolean accepted, GError **error)
{
  CrProject *p = c->p;
  g_autoptr(json_t) list = load_list(p, c->language, error);
  if (!list || !cr_tx_begin(p, error))
    return FALSE;
  g_autofree char *object = g_strconcat("model:", c->language, NULL);
  gboolean ok = !accepted || keep(c, model, list, report, error);
  g_autofree char *value = cr_json_dump(report);
  cr_tx_event(p, CR_ROLE_PRIVACY, accepted ? "model.learnt" : "model.refused", object, NULL, value, NULL);
  if (ok && cr_tx_commit(p, error))
    return TRUE;
  cr_tx_rollback(p);
  return FALSE;
}

static json_t *
report_of(const Course *c, const Measured *before, const Measured *after, const char *why, const char *base)
{
  g_autofree char *time = cr_time_format(c->p->env->now_us(c->p->env));
  json_t *report = json_pack("{s:b, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "accepted", why == NULL,
                             "language", c->language, "time", time, "member", cr_project_member(c->p), "base",
                             base, "notes", (json_int_t)c->notes->len, "held", (json_int_t)c->held->len,
                             "before", measured_json(before), "after", measured_json(after));
  if (why)
    json_object_set_new(report, "why", json_string(why));
  return report;
}

static json_t *
run(Course *c, GError **error)
{
  g_autoptr(CrPhiDetector) now = cr_project_detector(c->p, c->language, error);
  g_autoptr(CrPhiDetector) next = now ? cr_phi_detector_new(NULL, c->language, error) : NULL;
  if (!next)
    return NULL;
  const CrTagger *base = cr_phi_detector_tagger(next);
  g_autofree char *on = g_strdup(base ? cr_tagger_version(base) : "none");
  CrTagger *model = learn(base, c->language, c->notes, c->replay, error);
  if (!model || !cr_phi_detector_take_tagger(next, model, error))
    return NULL;
  const Measured before = measure(c, now), after = measure(c, next);
  const char *why = why_refused(&before, &after);
  g_autoptr(json_t) report = report_of(c, &before, &after, why, on);
  return conclude(c, model, report, !why, error) ? g_steal_pointer(&report) : NULL;
}

static gboolean
may(CrProject *p, GError **error)
{
  return cr_project_require(p, CR_ROLE_PRIVACY, "learning from originals", error) &&
         cr_project_require_vault(p, "learning from originals", error);
}

json_t *
cr_project_learn(CrProject *p, const char *language, GError **error)
{
  g_auto(Course) course = {.p = p, .language = cr_phi_language_of(language)};
  if (!may(p, error) || !gather(&course, error))
    return NULL;
  return run(&course, error);
}

/* ---- versions ---- */

static gint64
version_before(const json_t *list, gint64 version)
{
  const json_t *row;
  size_t i;
  json_array_foreach(json_object_get(list, "versions"), i,
                     row) if (number_of(row, "version") == version) return number_of(row, "before_it");
  return 0;
}

json_t *
cr_project_learn_rollback(CrProject *p, const char *language, GError **error)
{
  const char *tables = cr_phi_language_of(language);
  if (!may(p, error))
    return NULL;
  g_autoptr(json_t) list = load_list(p, tables, error);
  if (!list)
    return NULL;
  const gint64 current = number_of(list, "current"), before = version_before(list, current);
  if (current == 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE, "the program's own model is in use already");
    return NULL;
  }
  json_object_set_new(list, "current", json_integer(before));
  if (!cr_tx_begin(p, error))
    return NULL;
  g_autofree char *object = g_strconcat("model:", tables, NULL),
                  *old = g_strdup_printf("%" G_GINT64_FORMAT, current),
                  *new = g_strdup_printf("%" G_GINT64_FORMAT, before);
  cr_tx_event(p, CR_ROLE_PRIVACY, "model.rolled-back", object, old, new, NULL);
  if (save_list(p, tables, list, error) && cr_tx_commit(p, error))
    return json_pack("{s:s, s:I}", "language", tables, "version", (json_int_t)before);
  cr_tx_rollback(p);
  return NULL;
}

json_t *
cr_project_learn_versions(CrProject *p, const char *language, GError **error)
{
  return load_list(p, cr_phi_language_of(language), error);
}

static gboolean
destroy_language(CrProject *p, const char *language, const char *reason, GError **error)
{
  g_autoptr(json_t) list = load_list(p, language, error);
  if (!list)
    return FALSE;
  const gint64 last = number_of(list, "last");
  if (json_array_size(json_object_get(list, "versions")) == 0)
    return TRUE;
  for (gint64 v = 1; v <= last; v++) {
    g_autofree char *name = model_name(language, v);
    if (!cr_vault_destroy_key(p->vault, name, error))
      return FALSE;
  }
  json_object_set_new(list, "current", json_integer(0));
  json_object_set_new(list, "versions", json_array());
  g_autofree char *object = g_strconcat("model:", language, NULL);
  cr_tx_event(p, CR_ROLE_PRIVACY, "model.destroyed", object, NULL, NULL, reason);
  return save_list(p, language, list, error);
}

gboolean
cr_learnt_destroy(CrProject *p, const char *reason, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(languages); i++)
    if (!destroy_language(p, languages[i], reason, error))
      return FALSE;
  return TRUE;
}
