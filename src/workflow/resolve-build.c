/* resolve-build.c: the set that comes out of two readings and a senior reviewer's decisions on each
 * difference. Where both readings are equal there is nothing to decide; nothing is decided by counting. */
#include "workflow/reading-private.h"

#include <string.h>

typedef struct {
  const CrReading *r;
  const json_t *decisions;
  gboolean *included[2]; /* a finding of a side goes into the result */
  json_t *links, *answers;
} Build;

static json_t *
entities_of(const CrReading *r, int side)
{
  return json_object_get(r->sets[side], "entities");
}

static const char *
taken(const Build *b, guint number)
{
  g_autofree char *key = g_strdup_printf("%u", number);
  return cr_reading_string(json_object_get(b->decisions, key), "take");
}

/* Whether the decision takes what this side says. */
static gboolean
takes_side(const Build *b, const char *take, int side)
{
  return g_str_equal(take, "both") || g_strcmp0(b->r->readers[side], take) == 0;
}

static gboolean
refuse_both(guint number, const char *kind, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "difference %u (%s): both can't stand at once", number,
              kind);
  return FALSE;
}

static void
include_group(Build *b, int side, guint group, gboolean value)
{
  const GArray *groups = b->r->groups[side];
  for (guint i = 0; i < groups->len; i++)
    if (g_array_index(groups, guint, i) == group)
      b->included[side][i] = value;
}

static gboolean
decide_findings(Build *b, const CrReadingDifference *d, guint number, GError **error)
{
  const char *take = taken(b, number);
  gboolean attributes = g_str_equal(d->kind, "attributes");
  if (attributes && g_str_equal(take, "both"))
    return refuse_both(number, d->kind, error);
  for (int side = 0; side < 2; side++)
    include_group(b, side, d->group, takes_side(b, take, side));
  if (attributes && g_str_equal(take, "none"))
    include_group(b, 0, d->group, TRUE);
  return TRUE;
}

/* Merged choices of a question that takes many. */
static json_t *
both_answers(const json_t *a, const json_t *b)
{
  json_t *x = a ? json_object_get(a, "value") : NULL, *y = b ? json_object_get(b, "value") : NULL, *choice;
  gsize i;
  if (!x || !y)
    return json_incref(x ? x : y);
  if (!json_is_array(x) || !json_is_array(y))
    return NULL;
  json_t *merged = json_copy(x);
  json_array_foreach(y, i, choice)
  {
    gboolean there = FALSE;
    for (gsize k = 0; k < json_array_size(x) && !there; k++)
      there = json_equal(json_array_get(x, k), choice);
    if (!there)
      json_array_append(merged, choice);
  }
  return merged;
}

static gboolean
decide_answer(Build *b, const CrReadingDifference *d, guint number, GError **error)
{
  const char *take = taken(b, number), *question = cr_reading_string(d->a ? d->a : d->b, "question");
  json_t *side = takes_side(b, take, 0) ? d->a : takes_side(b, take, 1) ? d->b : NULL;
  json_t *value = side ? json_incref(json_object_get(side, "value")) : NULL;
  if (g_str_equal(take, "both")) {
    g_clear_pointer(&value, json_decref);
    if (!(value = both_answers(d->a, d->b)))
      return refuse_both(number, d->kind, error);
  }
  if (value)
    json_object_set_new(b->answers, question, value);
  else
    json_object_del(b->answers, question);
  return TRUE;
}

/* ---- links: their ends are whatever stands in the result for the finding they were drawn to ---- */

static char *
result_id(int side, const char *id)
{
  return g_strdup_printf("%d%s", side, id);
}

static char *
map_end(const Build *b, int side, const char *id)
{
  const GArray *mine = b->r->groups[side], *theirs = b->r->groups[1 - side];
  json_t *finding;
  gsize i, at = G_MAXSIZE;
  json_array_foreach(entities_of(b->r, side), i,
                     finding) if (g_strcmp0(cr_reading_string(finding, "id"), id) == 0) at = i;
  if (at == G_MAXSIZE)
    return NULL;
  if (b->included[side][at])
    return result_id(side, id);
  for (guint k = 0; k < theirs->len; k++)
    if (g_array_index(theirs, guint, k) == g_array_index(mine, guint, at) && b->included[1 - side][k])
      return result_id(1 - side, cr_reading_string(json_array_get(entities_of(b->r, 1 - side), k), "id"));
  return NULL;
}

static void
add_link(Build *b, int side, const json_t *link)
{
  g_autofree char *from = map_end(b, side, cr_reading_string(link, "from")),
                  *to = map_end(b, side, cr_reading_string(link, "to"));
  if (from && to) /* a link whose finding was not taken goes with it */
    json_array_append_new(b->links, json_pack("{s:O, s:s, s:s}", "type", json_object_get(link, "type"),
                                              "from", from, "to", to));
}

/* Links of one side that no difference names stand on both. */
static void
add_common_links(Build *b)
{
  json_t *link;
  gsize i;
  json_array_foreach(json_object_get(b->r->sets[0], "relations"), i, link)
  {
    gboolean differs = FALSE;
    for (guint k = 0; k < b->r->differences->len && !differs; k++) {
      const CrReadingDifference *d = b->r->differences->pdata[k];
      differs = g_str_equal(d->kind, "link") && d->a == link;
    }
    if (!differs)
      add_link(b, 0, link);
  }
}

static void
decide_links(Build *b)
{
  for (guint k = 0; k < b->r->differences->len; k++) {
    const CrReadingDifference *d = b->r->differences->pdata[k];
    if (!g_str_equal(d->kind, "link"))
      continue;
    const char *take = taken(b, k + 1);
    if (d->a && takes_side(b, take, 0))
      add_link(b, 0, d->a);
    if (d->b && takes_side(b, take, 1))
      add_link(b, 1, d->b);
  }
}

/* ---- the result ---- */

/* Attributes on which "none" of the readers is right are left out. */
static void
drop_differing(json_t *finding, const CrReadingDifference *d)
{
  json_t *a = json_object_get(d->a, "attributes"), *other = json_object_get(d->b, "attributes"), *value;
  json_t *kept = json_object();
  const char *name;
  json_object_foreach(a, name, value)
  {
    json_t *theirs = json_object_get(other, name);
    if (theirs && json_equal(theirs, value))
      json_object_set(kept, name, value);
  }
  json_object_set_new(finding, "attributes", kept);
}

static void
mend_attributes(const Build *b, guint group, json_t *finding)
{
  for (guint k = 0; k < b->r->differences->len; k++) {
    const CrReadingDifference *d = b->r->differences->pdata[k];
    if (d->group == group && g_str_equal(d->kind, "attributes") && g_str_equal(taken(b, k + 1), "none"))
      drop_differing(finding, d);
  }
}

static json_t *
collect_findings(const Build *b)
{
  json_t *list = json_array(), *finding;
  gsize i;
  for (int side = 0; side < 2; side++)
    json_array_foreach(entities_of(b->r, side), i, finding)
    {
      if (!b->included[side][i])
        continue;
      json_t *copy = json_copy(finding);
      g_autofree char *id = result_id(side, cr_reading_string(finding, "id"));
      json_object_set_new(copy, "id", json_string(id));
      mend_attributes(b, g_array_index(b->r->groups[side], guint, i), copy);
      json_array_append_new(list, copy);
    }
  return list;
}

static gboolean
decide_all(Build *b, GError **error)
{
  for (guint i = 0; i < b->r->groups[0]->len; i++)
    b->included[0][i] = TRUE; /* what is equal is taken once, from the first side */
  for (guint k = 0; k < b->r->differences->len; k++) {
    const CrReadingDifference *d = b->r->differences->pdata[k];
    gboolean ok = TRUE;
    if (g_str_equal(d->kind, "answer"))
      ok = decide_answer(b, d, k + 1, error);
    else if (!g_str_equal(d->kind, "link"))
      ok = decide_findings(b, d, k + 1, error);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

json_t *
cr_resolution_build(const CrReading *r, const json_t *decisions, GError **error)
{
  g_autofree gboolean *a = g_new0(gboolean, r->groups[0]->len + 1),
                      *b = g_new0(gboolean, r->groups[1]->len + 1);
  json_t *answers = json_object_get(r->sets[0], "answers");
  Build build = {r, decisions, {a, b}, NULL, NULL};
  g_autoptr(json_t) links = json_array(), kept = answers ? json_copy(answers) : json_object();
  build.links = links;
  build.answers = kept;
  if (!decide_all(&build, error))
    return NULL;
  add_common_links(&build);
  decide_links(&build);
  g_autoptr(json_t) findings = collect_findings(&build);
  g_autoptr(json_t) set =
      json_pack("{s:O, s:O, s:O}", "entities", findings, "relations", links, "answers", kept);
  return cr_set_final(r->text, set, error);
}
