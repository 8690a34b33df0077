/* resolve.c: a senior reviewer decides where two readings differ, each time with a reason, and signs.
 *
 * A difference that touches a critical label needs two senior reviewers who come to the same set, each by own
 * decisions or by confirming the other's. Where the project has no second senior reviewer the note passes
 * with the flag "one-senior"; where the reviewer was one of its readers, with "own-reading". Flags stand on
 * the dataset card. */
#include "workflow/reading-private.h"
#include <chartroom/formats.h>

#include <string.h>

static const char *const resolvable[] = {"labelled", "resolved", "reviewed", NULL};

typedef struct {
  CrProject *p;
  GHashTable *cache;
  CrReading *r;
  char *inputs;
  json_t *content; /* {"decisions":{…},"set":…,"reason":…,"differences":n,"critical":b} */
  gboolean critical;
} Resolving;

static void
resolving_clear(Resolving *v)
{
  g_clear_pointer(&v->r, cr_reading_free);
  g_clear_pointer(&v->inputs, g_free);
  g_clear_pointer(&v->content, json_decref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Resolving, resolving_clear)

/* ---- one line ---- */

static gboolean
bad(GError **error, const Resolving *v, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "note %s: %s", v->r->note, what);
  return FALSE;
}

/* "both", "none", or the code of a reader of the note; transfer full. */
static char *
read_take(Resolving *v, const json_t *line, GError **error)
{
  const char *take = cr_reading_need(line, "take", error);
  if (!take || g_str_equal(take, "both") || g_str_equal(take, "none"))
    return g_strdup(take);
  g_autofree char *code = cr_project_resolve_member(v->p, take, error);
  if (!code)
    return NULL;
  if (cr_reading_side(v->r, code) >= 0)
    return g_steal_pointer(&code);
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "note %s: %s did not read it", v->r->note, code);
  return NULL;
}

/* Every decision says why; confirming another's carries theirs. */
static const char *
read_reason(const Resolving *v, const json_t *line, GError **error)
{
  g_autofree char *reason = g_strdup(cr_reading_string(line, "reason"));
  if (reason && *g_strstrip(reason))
    return cr_reading_string(line, "reason");
  (void)bad(error, v, "a decision needs a \"reason\"");
  return NULL;
}

static void
forget_set(Resolving *v)
{
  json_object_del(v->content, "set");
  json_object_del(v->content, "reason");
  json_object_del(v->content, "confirms");
}

static gboolean
decide_difference(Resolving *v, const json_t *line, GError **error)
{
  json_int_t number = json_integer_value(json_object_get(line, "difference"));
  if (number < 1 || number > (json_int_t)v->r->differences->len) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION,
                "note %s: there is no difference %" JSON_INTEGER_FORMAT "; it has %u", v->r->note, number,
                v->r->differences->len);
    return FALSE;
  }
  g_autofree char *take = read_take(v, line, error), *key = g_strdup_printf("%" JSON_INTEGER_FORMAT, number);
  const char *reason = take ? read_reason(v, line, error) : NULL;
  if (!reason)
    return FALSE;
  forget_set(v);
  json_object_set_new(json_object_get(v->content, "decisions"), key,
                      json_pack("{s:s, s:s}", "take", take, "reason", reason));
  return TRUE;
}

static void
set_whole(Resolving *v, json_t *set, const json_t *line)
{
  json_object_clear(json_object_get(v->content, "decisions"));
  forget_set(v);
  json_object_set(v->content, "set", set);
  if (cr_reading_string(line, "reason"))
    json_object_set(v->content, "reason", json_object_get(line, "reason"));
}

static gboolean
take_whole(Resolving *v, const json_t *line, GError **error)
{
  g_autofree char *take = read_take(v, line, error);
  if (!take || !read_reason(v, line, error))
    return FALSE;
  int side = cr_reading_side(v->r, take);
  if (side < 0)
    return bad(error, v, "a whole note is taken from one reader");
  set_whole(v, v->r->sets[side], line);
  return TRUE;
}

static gboolean
own_reading(Resolving *v, const json_t *line, GError **error)
{
  json_t *entities = json_object_get(line, "entities");
  if (!read_reason(v, line, error))
    return FALSE;
  g_autoptr(GPtrArray) problems = json_is_array(entities) ? cr_labels_check(v->r->text, entities) : NULL;
  if (!problems)
    return bad(error, v, "\"entities\" is not a list");
  if (problems->len > 0) {
    const CrLabelProblem *first = problems->pdata[0];
    g_set_error(error, CR_ERROR, first->error->code,
                "note %s: %u of %zu findings do not fit the text, first %s", v->r->note, problems->len,
                json_array_size(entities), first->entity ? first->entity : "?");
    return FALSE;
  }
  const CrGuidelines *g = cr_guidelines_cached(v->p, v->cache, v->r->version, error);
  g_autoptr(json_t) set = g ? cr_set_final(v->r->text, line, error) : NULL;
  if (!set)
    return FALSE;
  cr_set_presets(g, set);
  set_whole(v, set, line);
  return TRUE;
}

/* The other senior reviewer's set, seen and shared. */
static gboolean
confirm(Resolving *v, const json_t *line, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrResolutionRow) row =
      cr_labels_load_resolution(v->p->work, v->r->note, v->inputs, "second", NULL, &local);
  g_autoptr(json_t) content = row ? cr_resolution_open(v->p, row, &local) : NULL;
  if (content)
    (void)!cr_resolution_check(v->p, row, content, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (!content || g_str_equal(row->resolver, cr_project_member(v->p)))
    return bad(error, v, "there is no other reviewer's resolution to confirm");
  json_t *set = json_incref(json_object_get(content, "set"));
  set_whole(v, set, line);
  json_decref(set);
  json_object_set_new(v->content, "confirms",
                      json_pack("{s:s, s:s}", "resolver", row->resolver, "sha256", row->sha256));
  return TRUE;
}

static gboolean
decide_line(Resolving *v, const json_t *line, GError **error)
{
  if (json_object_get(line, "difference"))
    return decide_difference(v, line, error);
  if (json_object_get(line, "entities"))
    return own_reading(v, line, error);
  if (json_is_true(json_object_get(line, "confirm")))
    return confirm(v, line, error);
  return take_whole(v, line, error);
}

/* ---- what it comes to ---- */

static gboolean
complete_set(Resolving *v, GError **error)
{
  json_t *decisions = json_object_get(v->content, "decisions");
  if (json_object_get(v->content, "set") || json_object_size(decisions) < v->r->differences->len ||
      v->r->differences->len == 0)
    return TRUE;
  json_t *set = cr_resolution_build(v->r, decisions, error);
  if (!set)
    return FALSE;
  json_object_set_new(v->content, "set", set);
  return TRUE;
}

/* The critical findings of a set, in one form. */
static json_t *
critical_findings(const json_t *set, const CrGuidelines *g)
{
  json_t *list = json_array(), *finding;
  gsize i;
  json_array_foreach(json_object_get(set, "entities"), i, finding)
  {
    const CrGuidelinesLabel *label = cr_guidelines_find_label(g, cr_reading_string(finding, "label"));
    if (label && label->critical) {
      json_t *copy = json_copy(finding);
      json_object_del(copy, "id");
      json_array_append_new(list, copy);
    }
  }
  return list;
}

/* Critical: a difference that touches a critical label, or a reading of one's own whose critical findings are
 * not those of both readers, be it that one came in or that one is gone. */
static gboolean
touches_critical(const Resolving *v, const CrGuidelines *g)
{
  for (guint i = 0; i < v->r->differences->len; i++)
    if (((CrReadingDifference *)v->r->differences->pdata[i])->critical)
      return TRUE;
  g_autoptr(json_t) mine = critical_findings(json_object_get(v->content, "set"), g);
  for (guint side = 0; side < v->r->n_readers; side++) {
    g_autoptr(json_t) theirs = critical_findings(v->r->sets[side], g);
    if (!json_equal(mine, theirs))
      return TRUE;
  }
  return FALSE;
}

/* The newest complete set of another senior reviewer on the same readings; NULL without error: none. */
static CrResolutionRow *
other_opinion(const Resolving *v, GError **error)
{
  g_auto(GStrv) codes = cr_keyring_members(v->p->keyring);
  CrResolutionRow *newest = NULL;
  for (guint i = 0; codes[i]; i++) {
    g_autoptr(GError) local = NULL;
    if (g_str_equal(codes[i], cr_project_member(v->p)))
      continue;
    CrResolutionRow *row =
        cr_labels_load_resolution(v->p->work, v->r->note, v->inputs, NULL, codes[i], &local);
    g_autoptr(json_t) content = row ? cr_resolution_open(v->p, row, &local) : NULL;
    if (content)
      (void)!cr_resolution_check(v->p, row, content, &local);
    if (local) {
      g_clear_pointer(&row, cr_resolution_row_free);
      g_propagate_error(error, g_steal_pointer(&local));
      g_clear_pointer(&newest, cr_resolution_row_free);
      return NULL;
    }
    if (row && !g_str_equal(row->state, "part") && (!newest || row->id > newest->id)) {
      g_clear_pointer(&newest, cr_resolution_row_free);
      newest = g_steal_pointer(&row);
    }
    g_clear_pointer(&row, cr_resolution_row_free);
  }
  return newest;
}

static const char *
choose_state(const Resolving *v, const char *sha, gboolean *one_senior, GError **error)
{
  g_autoptr(GError) local = NULL;
  *one_senior = FALSE;
  if (!json_object_get(v->content, "set"))
    return "part";
  if (!v->critical)
    return "final";
  g_autoptr(CrResolutionRow) other = other_opinion(v, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  if (other && g_str_equal(other->sha256, sha))
    return "final";
  *one_senior = !other && cr_reading_count_members(v->p, CR_ROLE_SENIOR) < 2;
  return *one_senior ? "final" : "second";
}

static char *
join_flags(const Resolving *v, gboolean one_senior)
{
  gboolean own = cr_reading_side(v->r, cr_project_member(v->p)) >= 0;
  return g_strconcat(one_senior ? "one-senior" : "", one_senior && own ? "," : "", own ? "own-reading" : "",
                     NULL);
}

/* A flagged note that was resolved anew is looked at again. */
static gboolean
reopen_sample(Resolving *v, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *batch = cr_labels_note_batch(v->p->work, v->r->note, &local);
  g_autoptr(CrBatchRow) row = batch ? cr_labels_load_batch(v->p->work, batch, &local) : NULL;
  g_autofree char *state =
      row ? cr_labels_quality_state(v->p->work, batch, row->round, v->r->note, &local) : NULL;
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (!state)
    return TRUE;
  CrQualityRow open = {.batch = batch,
                       .note = v->r->note,
                       .state = "open",
                       .round = row->round,
                       .time_us = v->p->env->now_us(v->p->env)};
  return cr_labels_put_quality(v->p->work, &open, error);
}

static gboolean
put_row(Resolving *v, CrResolutionRow *row, GError **error)
{
  g_autoptr(GBytes) box = cr_resolution_seal(v->p, row, v->content, error);
  if (!box)
    return FALSE;
  g_autofree char *hash = cr_resolution_hash(row, v->content),
                  *signature = cr_project_sign(v->p,
                                               g_str_equal(row->state, "part")
                                                   ? "these differences of this note are decided as signed"
                                                   : "the findings of this note are resolved as signed",
                                               hash);
  row->signature = signature;
  row->box = box;
  if (!cr_labels_put_resolution(v->p->work, row, error))
    return FALSE;
  g_autofree char *object = cr_reading_object(row->note);
  g_autofree char *value = g_strdup_printf(
      "{\"state\":\"%s\",\"flags\":\"%s\",\"sha256\":\"%s\",\"decided\":%zu,\"differences\":%u}", row->state,
      row->flags, row->sha256, json_object_size(json_object_get(v->content, "decisions")),
      v->r->differences->len);
  cr_tx_event(v->p, CR_ROLE_SENIOR, "note.adjudicated", object, NULL, value, NULL);
  return TRUE;
}

/* A note that was passed on goes back until the second reviewer has spoken. */
static gboolean
move_note(Resolving *v, const char *state, GError **error)
{
  g_autofree char *now = cr_documents_get_state(v->p->work, v->r->note, error);
  if (!now)
    return FALSE;
  const char *next = g_str_equal(state, "final") ? "resolved" : "labelled";
  if (!g_str_equal(now, next) && !cr_reading_move(v->p, CR_ROLE_SENIOR, v->r->note, next, NULL, error))
    return FALSE;
  return reopen_sample(v, error);
}

static gboolean
write_resolution(Resolving *v, json_t *report, GError **error)
{
  const CrGuidelines *g = cr_guidelines_cached(v->p, v->cache, v->r->version, error);
  json_t *set = json_object_get(v->content, "set");
  if (!g || (set && !cr_set_check(g, set, error)))
    return FALSE;
  g_autofree char *text_sha = cr_labels_cleared_sha(v->p->work, v->r->note, error),
                  *sha = set && text_sha ? cr_set_sha256(set, text_sha) : g_strdup("");
  v->critical = set && touches_critical(v, g);
  gboolean one_senior;
  const char *state = text_sha ? choose_state(v, sha, &one_senior, error) : NULL;
  if (!state)
    return FALSE;
  g_autofree char *flags = join_flags(v, one_senior);
  json_object_set_new(v->content, "differences", json_integer(v->r->differences->len));
  json_object_set_new(v->content, "critical", json_boolean(v->critical));
  CrResolutionRow row = {.note = v->r->note,
                         .resolver = cr_project_member(v->p),
                         .time_us = v->p->env->now_us(v->p->env),
                         .guidelines = v->r->version,
                         .inputs = v->inputs,
                         .state = state,
                         .flags = flags,
                         .sha256 = sha};
  if (!put_row(v, &row, error) || !move_note(v, state, error))
    return FALSE;
  gsize open = set ? 0 : v->r->differences->len - json_object_size(json_object_get(v->content, "decisions"));
  json_array_append_new(report, json_pack("{s:s, s:s, s:I, s:s}", "note", v->r->note, "state", state, "open",
                                          (json_int_t)open, "flags", flags));
  return TRUE;
}

/* ---- a file of decisions ---- */

static gboolean
begin_note(Resolving *v, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  if (!cr_reading_in_state(v->p, note, resolvable, "there is nothing to resolve", error))
    return FALSE;
  v->r = cr_reading_load(v->p, v->cache, note, error);
  v->inputs = v->r ? cr_labels_inputs_hash(v->p->work, note, error) : NULL;
  if (!v->inputs)
    return FALSE;
  g_autoptr(CrResolutionRow) mine =
      cr_labels_load_resolution(v->p->work, note, v->inputs, NULL, cr_project_member(v->p), &local);
  v->content = mine ? cr_resolution_open(v->p, mine, &local) : json_pack("{s:{}}", "decisions");
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return v->content != NULL;
}

static gboolean
decide_note(CrProject *p, GHashTable *cache, const char *note, const GPtrArray *lines, json_t *report,
            GError **error)
{
  g_auto(Resolving) v = {.p = p, .cache = cache};
  if (!begin_note(&v, note, error))
    return FALSE;
  for (guint i = 0; i < lines->len; i++)
    if (!decide_line(&v, lines->pdata[i], error))
      return FALSE;
  return complete_set(&v, error) && write_resolution(&v, report, error);
}

/* Lines by note, notes in the order in which they are first named. */
static GPtrArray *
group_lines(CrProject *p, const json_t *lines, GHashTable *by_note, GError **error)
{
  g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);
  json_t *line;
  gsize i;
  json_array_foreach((json_t *)lines, i, line)
  {
    const char *given = cr_reading_string(line, "note");
    if (!given)
      given = cr_reading_need(line, "id", error);
    g_autofree char *note = given ? cr_project_resolve_note(p, given, error) : NULL;
    if (!note)
      return NULL;
    GPtrArray *list = g_hash_table_lookup(by_note, note);
    if (!list) {
      list = g_ptr_array_new();
      g_hash_table_insert(by_note, g_strdup(note), list);
      g_ptr_array_add(order, g_steal_pointer(&note));
    }
    g_ptr_array_add(list, line);
  }
  return g_steal_pointer(&order);
}

static gboolean
decide_all(CrProject *p, const GPtrArray *order, GHashTable *by_note, json_t *report, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  for (guint i = 0; i < order->len; i++)
    if (!decide_note(p, cache, order->pdata[i], g_hash_table_lookup(by_note, order->pdata[i]), report, error))
      return FALSE;
  return cr_reading_settle(p, cache, CR_ROLE_SENIOR, NULL, NULL, error);
}

json_t *
cr_reading_resolve_decide(CrProject *p, const json_t *lines, GError **error)
{
  g_autoptr(json_t) report = json_array();
  g_autoptr(GHashTable) by_note =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  if (!cr_project_require(p, CR_ROLE_SENIOR, "resolving", error))
    return NULL;
  g_autoptr(GPtrArray) order = group_lines(p, lines, by_note, error);
  if (!order)
    return NULL;
  if (order->len == 0)
    return g_steal_pointer(&report);
  if (!cr_tx_begin(p, error) || !cr_reading_end(p, decide_all(p, order, by_note, report, error), error))
    return NULL;
  return g_steal_pointer(&report);
}
