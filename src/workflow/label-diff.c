/* label-diff.c: which operations lead from the findings as they stand to those of a label file.
 *
 * Pairs are made in four passes, each over what the one before left: same place and label; same place
 * (relabelled); same label and the greatest overlap (moved). What is left was removed or added. Findings that
 * differ in more than place, label and attributes (codes, score, by) are removed and added. */
#include "workflow/reading-private.h"

#include <string.h>

typedef struct {
  CrEnv *env;
  GPtrArray *from, *to; /* findings, borrowed */
  gboolean *from_taken;
  const char **ids; /* of each finding of `to`: the journal's, NULL: not paired yet; owned by `held` */
  GPtrArray *held;
  json_t *ops, *counts;
} Diff;

static void
count(Diff *diff, const char *what)
{
  json_int_t n = json_integer_value(json_object_get(diff->counts, what));
  json_object_set_new(diff->counts, what, json_integer(n + 1));
}

static GPtrArray *
list_of(const json_t *set)
{
  GPtrArray *list = g_ptr_array_new();
  json_t *item;
  gsize i;
  json_array_foreach(json_object_get(set, "entities"), i, item) g_ptr_array_add(list, item);
  return list;
}

static gboolean
same_carried(const json_t *a, const json_t *b)
{
  static const char *const keys[] = {"codes", "score", "by"};
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    json_t *x = json_object_get(a, keys[i]), *y = json_object_get(b, keys[i]);
    if ((x || y) && !(x && y && json_equal(x, y)))
      return FALSE;
  }
  return TRUE;
}

static void
set_attribute_op(Diff *diff, const char *id, const char *name, json_t *value)
{
  json_array_append_new(diff->ops, json_pack("{s:s, s:s, s:s, s:o}", "op", "set-attribute", "id", id, "name",
                                             name, "value", value ? json_incref(value) : json_null()));
}

static void
diff_attributes(Diff *diff, const char *id, const json_t *from, const json_t *to)
{
  json_t *old = json_object_get(from, "attributes"), *new = json_object_get(to, "attributes"), *value;
  const char *name;
  gsize before = json_array_size(diff->ops);
  json_object_foreach(old, name, value) if (!json_object_get(new, name))
      set_attribute_op(diff, id, name, NULL);
  json_object_foreach(new, name, value)
  {
    json_t *was = json_object_get(old, name);
    if (!was || !json_equal(was, value))
      set_attribute_op(diff, id, name, value);
  }
  if (json_array_size(diff->ops) > before)
    count(diff, "changed");
}

static void
pair(Diff *diff, guint from, guint to)
{
  const json_t *old = diff->from->pdata[from], *new = diff->to->pdata[to];
  const char *id = cr_reading_string(old, "id");
  diff->from_taken[from] = TRUE;
  diff->ids[to] = id;
  g_autofree char *old_place = cr_finding_place(old), *new_place = cr_finding_place(new);
  if (!g_str_equal(old_place, new_place)) {
    json_t *op = json_pack("{s:s, s:s, s:O, s:O}", "op", "move", "id", id, "start",
                           json_object_get(new, "start"), "end", json_object_get(new, "end"));
    if (json_object_get(new, "fragments"))
      json_object_set(op, "fragments", json_object_get(new, "fragments"));
    json_array_append_new(diff->ops, op);
    count(diff, "moved");
  }
  if (g_strcmp0(cr_reading_string(old, "label"), cr_reading_string(new, "label")) != 0) {
    json_array_append_new(diff->ops, json_pack("{s:s, s:s, s:O}", "op", "relabel", "id", id, "label",
                                               json_object_get(new, "label")));
    count(diff, "relabelled");
  }
  diff_attributes(diff, id, old, new);
}

/* Pairs findings whose key is equal; key_of gives a string. */
static void
pair_equal(Diff *diff, gboolean with_label)
{
  g_autoptr(GHashTable) waiting =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_queue_free);
  for (guint i = 0; i < diff->from->len; i++) {
    if (diff->from_taken[i])
      continue;
    g_autofree char *place = cr_finding_place(diff->from->pdata[i]);
    char *key =
        g_strconcat(place, " ", with_label ? cr_reading_string(diff->from->pdata[i], "label") : "", NULL);
    GQueue *queue = g_hash_table_lookup(waiting, key);
    if (!queue)
      g_hash_table_insert(waiting, g_strdup(key), queue = g_queue_new());
    g_queue_push_tail(queue, GUINT_TO_POINTER(i));
    g_free(key);
  }
  for (guint k = 0; k < diff->to->len; k++) {
    if (diff->ids[k])
      continue;
    g_autofree char *place = cr_finding_place(diff->to->pdata[k]);
    g_autofree char *key =
        g_strconcat(place, " ", with_label ? cr_reading_string(diff->to->pdata[k], "label") : "", NULL);
    GQueue *queue = g_hash_table_lookup(waiting, key);
    guint i = queue ? GPOINTER_TO_UINT(g_queue_peek_head(queue)) : 0;
    if (queue && !g_queue_is_empty(queue) && same_carried(diff->from->pdata[i], diff->to->pdata[k])) {
      g_queue_pop_head(queue);
      pair(diff, i, k);
    }
  }
}

static gint64
overlap(const json_t *a, const json_t *b)
{
  gint64 start =
      MAX(json_integer_value(json_object_get(a, "start")), json_integer_value(json_object_get(b, "start")));
  gint64 end =
      MIN(json_integer_value(json_object_get(a, "end")), json_integer_value(json_object_get(b, "end")));
  return end - start;
}

static void
pair_moved(Diff *diff)
{
  for (guint k = 0; k < diff->to->len; k++) {
    gint64 best = 0;
    guint chosen = 0;
    for (guint i = 0; !diff->ids[k] && i < diff->from->len; i++) {
      const json_t *old = diff->from->pdata[i], *new = diff->to->pdata[k];
      if (diff->from_taken[i] || !same_carried(old, new) ||
          g_strcmp0(cr_reading_string(old, "label"), cr_reading_string(new, "label")) != 0)
        continue;
      gint64 common = overlap(old, new);
      if (common > best) {
        best = common;
        chosen = i;
      }
    }
    if (best > 0)
      pair(diff, chosen, k);
  }
}

static void
remove_rest(Diff *diff)
{
  for (guint i = 0; i < diff->from->len; i++) {
    if (diff->from_taken[i])
      continue;
    json_array_append_new(diff->ops, json_pack("{s:s, s:O}", "op", "remove", "id",
                                               json_object_get(diff->from->pdata[i], "id")));
    count(diff, "removed");
  }
}

static void
add_rest(Diff *diff)
{
  for (guint k = 0; k < diff->to->len; k++) {
    if (diff->ids[k])
      continue;
    char *id = cr_random_code(diff->env, "F-", 8);
    g_ptr_array_add(diff->held, id);
    diff->ids[k] = id;
    json_t *op = json_pack("{s:s}", "op", "add");
    json_object_update(op, diff->to->pdata[k]);
    json_object_set_new(op, "id", json_string(id));
    json_array_append_new(diff->ops, op);
    count(diff, "added");
  }
}

/* ---- links and answers ---- */

static char *
link_key(const char *type, const char *from, const char *to)
{
  return g_strdup_printf("%s %s %s", type ? type : "", from ? from : "", to ? to : "");
}

static const char *
journal_id(const Diff *diff, const char *file_id)
{
  for (guint k = 0; file_id && k < diff->to->len; k++)
    if (g_strcmp0(cr_reading_string(diff->to->pdata[k], "id"), file_id) == 0)
      return diff->ids[k];
  return NULL;
}

/* The links of the file by key, each with its operation. */
static GHashTable *
wanted_links(Diff *diff, const json_t *to)
{
  GHashTable *wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)json_decref);
  json_t *link;
  gsize i;
  json_array_foreach(json_object_get(to, "relations"), i, link)
  {
    const char *type = cr_reading_string(link, "type"),
               *a = journal_id(diff, cr_reading_string(link, "from")),
               *b = journal_id(diff, cr_reading_string(link, "to"));
    g_autofree char *id = cr_random_code(diff->env, "L-", 8);
    if (type && a && b)
      g_hash_table_replace(
          wanted, link_key(type, a, b),
          json_pack("{s:s, s:s, s:s, s:s, s:s}", "op", "link", "id", id, "type", type, "from", a, "to", b));
  }
  return wanted;
}

static void
diff_links(Diff *diff, const json_t *from, const json_t *to)
{
  g_autoptr(GHashTable) wanted = wanted_links(diff, to);
  json_t *link;
  gsize i;
  json_array_foreach(json_object_get(from, "relations"), i, link)
  {
    g_autofree char *key = link_key(cr_reading_string(link, "type"), cr_reading_string(link, "from"),
                                    cr_reading_string(link, "to"));
    if (g_hash_table_remove(wanted, key))
      continue;
    json_array_append_new(diff->ops,
                          json_pack("{s:s, s:O}", "op", "unlink", "id", json_object_get(link, "id")));
    count(diff, "links");
  }
  g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(wanted), (GCompareFunc)strcmp);
  for (GList *key = keys; key; key = key->next) {
    json_array_append(diff->ops, g_hash_table_lookup(wanted, key->data));
    count(diff, "links");
  }
}

static void
answer_op(Diff *diff, const char *question, json_t *value)
{
  json_array_append_new(diff->ops, json_pack("{s:s, s:s, s:o}", "op", "answer", "question", question, "value",
                                             value ? json_incref(value) : json_null()));
  count(diff, "answers");
}

static void
diff_answers(Diff *diff, const json_t *from, const json_t *to)
{
  json_t *old = json_object_get(from, "answers"), *new = json_object_get(to, "answers"), *value;
  const char *question;
  json_object_foreach(old, question, value) if (!json_object_get(new, question))
      answer_op(diff, question, NULL);
  json_object_foreach(new, question, value)
  {
    json_t *was = json_object_get(old, question);
    if (!was || !json_equal(was, value))
      answer_op(diff, question, value);
  }
}

json_t *
cr_set_diff(CrEnv *env, const json_t *from, const json_t *to, json_t *counts)
{
  g_autoptr(GPtrArray) old = list_of(from), new = list_of(to), held = g_ptr_array_new_with_free_func(g_free);
  g_autofree gboolean *taken = g_new0(gboolean, old->len + 1);
  g_autofree const char **ids = g_new0(const char *, new->len + 1);
  Diff diff = {env, old, new, taken, ids, held, json_array(), counts};
  pair_equal(&diff, TRUE);
  pair_equal(&diff, FALSE);
  pair_moved(&diff);
  remove_rest(&diff);
  add_rest(&diff);
  diff_links(&diff, from, to);
  diff_answers(&diff, from, to);
  return diff.ops;
}
