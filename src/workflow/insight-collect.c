/* insight-collect.c: every difference of two readings as a dispute of a kind about some words, and disputes
 * of one kind about the same words as one cluster.
 *
 * Words are compared in small letters, with single blanks and digits as 0: "10 mg" and "20 MG" are one
 * pattern. Where one finding of a reader lies over several of the other (all of one label), the bounds and
 * the missing findings are one dispute of the kind "split". */
#include "workflow/insight-private.h"

#include <string.h>

#define MAX_WORDS 80 /* of a snippet, in characters */
#define MAX_EXAMPLES 3

typedef struct {
  CrInsight *in;
  const CrReading *r;
  guint document;
  guint offsets[2]; /* of its first span on each side among all spans of the side */
  gboolean *done;   /* differences that another has taken in */
} Note;

/* ---- words ---- */

static char *
shorten(const char *text)
{
  if (g_utf8_strlen(text, -1) <= MAX_WORDS)
    return g_strdup(text);
  g_autofree char *start = g_utf8_substring(text, 0, MAX_WORDS - 1);
  return g_strconcat(start, "…", NULL);
}

static char *
make_pattern(const char *words)
{
  g_autofree char *normal = g_utf8_normalize(words, -1, G_NORMALIZE_NFKC),
                  *small = g_utf8_casefold(normal ? normal : words, -1);
  GString *out = g_string_new(NULL);
  for (const char *at = small; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (g_unichar_isspace(c)) {
      if (out->len > 0 && out->str[out->len - 1] != ' ')
        g_string_append_c(out, ' ');
    } else
      g_string_append_unichar(out, g_unichar_isdigit(c) ? '0' : c);
  }
  return g_strchomp(g_string_free(out, FALSE));
}

static const char *
label_of(const json_t *finding)
{
  return cr_reading_string(finding, "label");
}

static const char *
text_of(const json_t *finding)
{
  const char *text = cr_reading_string(finding, "text");
  return text ? text : "";
}

static gint64
number_of(const json_t *finding, const char *key)
{
  return json_integer_value(json_object_get(finding, key));
}

/* "A or B", in the order of the alphabet, so that it does not hang on who is first. */
static char *
either(const char *a, const char *b)
{
  return strcmp(a, b) <= 0 ? g_strconcat(a, " or ", b, NULL) : g_strconcat(b, " or ", a, NULL);
}

static char *
slice(const CrReading *r, gint64 start, gint64 end)
{
  CrSpan bytes;
  if (start >= end || !cr_span_from_unit(r->text, CR_UNIT_CODE_POINT, (gsize)start, (gsize)end, &bytes, NULL))
    return g_strdup("");
  return g_strstrip(cr_span_dup_text(r->text, bytes));
}

/* What one of the two has and the other has not: "“ 10mg” behind it". */
static char *
extra_words(const CrReading *r, const json_t *a, const json_t *b)
{
  gint64 starts[] = {number_of(a, "start"), number_of(b, "start")},
         ends[] = {number_of(a, "end"), number_of(b, "end")};
  g_autofree char *before = slice(r, MIN(starts[0], starts[1]), MAX(starts[0], starts[1])),
                  *behind = slice(r, MIN(ends[0], ends[1]), MAX(ends[0], ends[1]));
  g_autofree char *left = *before ? g_strdup_printf("“%s” before it", before) : g_strdup(""),
                  *right = *behind ? g_strdup_printf("“%s” behind it", behind) : g_strdup("");
  if (!*left && !*right)
    return g_strdup("the blank at its edge, or a gap in it");
  return g_strconcat(left, *left && *right ? " or " : "", right, NULL);
}

/* An attribute's value, a question's answer, in words. */
static char *
value_words(const json_t *value)
{
  if (json_is_object(value))
    value = json_object_get(value, "value");
  if (!value || json_is_null(value))
    return g_strdup("nothing");
  return json_is_string(value) ? g_strdup(json_string_value(value)) : cr_reading_canonical(value);
}

/* ---- clusters ---- */

static void
cluster_free(gpointer data)
{
  CrCluster *c = data;
  g_free(c->key);
  g_free(c->what);
  g_free(c->pattern);
  g_free(c->words);
  g_free(c->first_note);
  json_decref(c->examples);
  g_free(c);
}

static guint
find_group(CrInsight *in, const char *kind, const char *what)
{
  g_autofree char *key = g_strconcat(kind, "\t", what, NULL);
  gpointer number = NULL;
  if (g_hash_table_lookup_extended(in->group_by_key, key, NULL, &number))
    return GPOINTER_TO_UINT(number);
  guint group = in->groups->len;
  g_ptr_array_add(in->groups, g_strdup(key));
  g_hash_table_insert(in->group_by_key, g_steal_pointer(&key), GUINT_TO_POINTER(group));
  return group;
}

static CrCluster *
find_cluster(Note *n, const char *kind, CrMeasure measure, const char *what, const char *words)
{
  CrInsight *in = n->in;
  g_autofree char *pattern = make_pattern(words), *key = g_strjoin("\t", kind, what, pattern, NULL);
  CrCluster *c = g_hash_table_lookup(in->by_key, key);
  if (c)
    return c;
  c = g_new0(CrCluster, 1);
  c->kind = kind;
  c->measure = measure;
  c->what = g_strdup(what);
  c->pattern = g_steal_pointer(&pattern);
  c->words = shorten(words);
  c->first_note = g_strdup(n->r->note);
  c->examples = json_array();
  c->number = in->clusters->len;
  c->group = find_group(in, kind, what);
  c->key = g_steal_pointer(&key);
  g_hash_table_insert(in->by_key, c->key, c);
  g_ptr_array_add(in->clusters, c);
  return c;
}

/* What a reader has there, as the lead sees it: cleared text, and named so. */
static json_t *
describe_side(const json_t *side)
{
  if (!side)
    return json_null();
  if (!label_of(side))
    return json_deep_copy(side);
  g_autofree char *words = shorten(text_of(side));
  json_t *row =
      json_pack("{s:O, s:O, s:O, s:s}", "label", json_object_get(side, "label"), "start",
                json_object_get(side, "start"), "end", json_object_get(side, "end"), "cleared_text", words);
  json_t *attributes = json_object_get(side, "attributes");
  if (attributes)
    json_object_set(row, "attributes", attributes);
  return row;
}

static void
count_in(Note *n, CrCluster *c, const CrReadingDifference *d)
{
  c->n++;
  c->n_notes += c->last != n->r;
  c->last = n->r;
  c->critical = c->critical || d->critical;
  c->n_sides[0] += d->a && !d->b;
  c->n_sides[1] += d->b && !d->a;
  if (json_array_size(c->examples) >= MAX_EXAMPLES)
    return;
  json_t *example = json_pack("{s:s}", "note", n->r->note);
  json_object_set_new(example, n->r->readers[0], describe_side(d->a));
  json_object_set_new(example, n->r->readers[1], describe_side(d->b));
  json_array_append_new(c->examples, example);
}

/* ---- disputes over spans ---- */

static GArray *
new_places(CrInsight *in)
{
  GArray *places = g_array_new(FALSE, FALSE, sizeof(guint));
  g_ptr_array_add(in->places, places);
  return places;
}

static void
add_places(const Note *n, GArray *places, int side, guint group)
{
  const GArray *groups = n->r->groups[side];
  for (guint i = 0; i < groups->len; i++)
    if (g_array_index(groups, guint, i) == group) {
      guint place = n->offsets[side] + i;
      g_array_append_val(places, place);
    }
}

/* taken: the differences that make up the dispute (CrReadingDifference). */
static void
add_dispute(Note *n, const CrCluster *c, const GPtrArray *taken)
{
  CrDispute dispute = {.cluster = c->number, .document = n->document};
  for (int side = 0; side < 2; side++) {
    GArray *places = new_places(n->in);
    for (guint i = 0; i < taken->len; i++)
      add_places(n, places, side, ((const CrReadingDifference *)taken->pdata[i])->group);
    dispute.spans[side] = (const guint *)(gpointer)places->data;
    dispute.n_spans[side] = places->len;
  }
  g_array_append_val(n->in->disputes, dispute);
}

static gboolean
overlap(const json_t *a, const json_t *b)
{
  return number_of(a, "start") < number_of(b, "end") && number_of(b, "start") < number_of(a, "end");
}

/* Whether `other`, a finding that one reader alone has, is a part of the place where the bounds differ. */
static gboolean
is_part(const CrReadingDifference *bounds, const CrReadingDifference *other)
{
  if (!g_str_equal(other->kind, "missing"))
    return FALSE;
  const json_t *part = other->a ? other->a : other->b, *whole = other->a ? bounds->b : bounds->a;
  return g_strcmp0(label_of(part), label_of(whole)) == 0 && overlap(part, whole);
}

/* The bounds and what else of one label lies under them. */
static GPtrArray *
take_parts(Note *n, guint at)
{
  const GPtrArray *all = n->r->differences;
  GPtrArray *taken = g_ptr_array_new();
  g_ptr_array_add(taken, all->pdata[at]);
  for (guint i = 0; i < all->len; i++)
    if (!n->done[i] && i != at && is_part(all->pdata[at], all->pdata[i])) {
      n->done[i] = TRUE;
      g_ptr_array_add(taken, all->pdata[i]);
    }
  return taken;
}

static void
collect_bounds(Note *n, guint at)
{
  const CrReadingDifference *d = n->r->differences->pdata[at];
  g_autoptr(GPtrArray) taken = take_parts(n, at);
  const json_t *longer =
      number_of(d->a, "end") - number_of(d->a, "start") >= number_of(d->b, "end") - number_of(d->b, "start")
          ? d->a
          : d->b;
  g_autofree char *extra = taken->len > 1 ? g_strdup(text_of(longer)) : extra_words(n->r, d->a, d->b);
  CrCluster *c =
      find_cluster(n, taken->len > 1 ? "split" : "bounds", CR_MEASURE_SPANS, label_of(d->a), extra);
  count_in(n, c, d);
  add_dispute(n, c, taken);
}

static void
collect_span(Note *n, guint at)
{
  const CrReadingDifference *d = n->r->differences->pdata[at];
  g_autoptr(GPtrArray) taken = g_ptr_array_new();
  const json_t *one = d->a ? d->a : d->b;
  g_autofree char *what = d->a && d->b ? either(label_of(d->a), label_of(d->b)) : g_strdup(label_of(one));
  CrCluster *c = find_cluster(n, d->kind, CR_MEASURE_SPANS, what, text_of(one));
  g_ptr_array_add(taken, (gpointer)d);
  count_in(n, c, d);
  add_dispute(n, c, taken);
}

/* ---- disputes over attributes, links, answers ---- */

/* Names of both findings' attributes, each once; borrowed from the findings. */
static GHashTable *
attribute_names(const json_t *a, const json_t *b)
{
  GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
  const char *name;
  json_t *unused;
  json_object_foreach(json_object_get(a, "attributes"), name, unused) g_hash_table_add(names, (gpointer)name);
  json_object_foreach(json_object_get(b, "attributes"), name, unused) g_hash_table_add(names, (gpointer)name);
  return names;
}

static void
collect_attribute(Note *n, const CrReadingDifference *d, const char *name)
{
  json_t *x = json_object_get(json_object_get(d->a, "attributes"), name),
         *y = json_object_get(json_object_get(d->b, "attributes"), name);
  if (x && y && json_equal(x, y))
    return;
  g_autofree char *first = value_words(x), *second = value_words(y), *values = either(first, second),
                  *what = g_strdup_printf("%s.%s: %s", label_of(d->a), name, values);
  count_in(n, find_cluster(n, "attributes", CR_MEASURE_ATTRIBUTES, what, text_of(d->a)), d);
  n->in->measured[CR_MEASURE_ATTRIBUTES].equal--;
}

static void
collect_attributes(Note *n, guint at)
{
  const CrReadingDifference *d = n->r->differences->pdata[at];
  g_autoptr(GHashTable) names = attribute_names(d->a, d->b);
  g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(names), (GCompareFunc)strcmp);
  for (GList *name = sorted; name; name = name->next)
    collect_attribute(n, d, name->data);
}

static void
collect_link(Note *n, guint at)
{
  const CrReadingDifference *d = n->r->differences->pdata[at];
  int side = d->a ? 0 : 1;
  const json_t *link = d->a ? d->a : d->b,
               *from = cr_set_find(n->r->sets[side], "entities", cr_reading_string(link, "from")),
               *to = cr_set_find(n->r->sets[side], "entities", cr_reading_string(link, "to"));
  g_autofree char *words = g_strdup_printf("%s → %s", text_of(from), text_of(to));
  count_in(n, find_cluster(n, "link", CR_MEASURE_LINKS, cr_reading_string(link, "type"), words), d);
}

static void
collect_answer(Note *n, guint at)
{
  const CrReadingDifference *d = n->r->differences->pdata[at];
  g_autofree char *first = value_words(d->a), *second = value_words(d->b), *values = either(first, second);
  const char *question = cr_reading_string(d->a ? d->a : d->b, "question");
  count_in(n, find_cluster(n, "answer", CR_MEASURE_ANSWERS, question, values), d);
  n->in->measured[CR_MEASURE_ANSWERS].equal--;
}

/* Bounds come first of all, as they take in what else lies under them. */
static const struct {
  const char *kind;
  void (*collect)(Note *n, guint at);
} collectors[] = {{"bounds", collect_bounds},         {"type", collect_span}, {"missing", collect_span},
                  {"attributes", collect_attributes}, {"link", collect_link}, {"answer", collect_answer}};

/* ---- what the disputes stand beside ---- */

static gsize
union_size(const json_t *a, const json_t *b)
{
  gsize n = json_object_size(a);
  const char *name;
  json_t *unused;
  json_object_foreach((json_t *)b, name, unused) n += json_object_get(a, name) == NULL;
  return n;
}

static gboolean
is_same_place(const json_t *a, const json_t *b)
{
  g_autofree char *x = cr_finding_place(a), *y = cr_finding_place(b);
  return g_str_equal(x, y) && g_strcmp0(label_of(a), label_of(b)) == 0;
}

/* Attributes of findings that both made with one label, whole-note answers, links: how many there are. What
 * differs is taken off `equal` as it is met. */
static void
measure_rest(Note *n)
{
  const CrReading *r = n->r;
  json_t *entities[] = {json_object_get(r->sets[0], "entities"), json_object_get(r->sets[1], "entities")};
  g_autoptr(GHashTable) by_group = g_hash_table_new(NULL, NULL);
  for (guint k = 0; k < r->groups[1]->len; k++)
    g_hash_table_insert(by_group, GUINT_TO_POINTER(g_array_index(r->groups[1], guint, k)),
                        json_array_get(entities[1], k));
  CrMeasured *m = n->in->measured;
  for (guint i = 0; i < r->groups[0]->len; i++) {
    json_t *x = json_array_get(entities[0], i),
           *y = g_hash_table_lookup(by_group, GUINT_TO_POINTER(g_array_index(r->groups[0], guint, i)));
    if (!y || !is_same_place(x, y))
      continue;
    g_autoptr(GHashTable) names = attribute_names(x, y);
    m[CR_MEASURE_ATTRIBUTES].all += g_hash_table_size(names);
    m[CR_MEASURE_ATTRIBUTES].equal += g_hash_table_size(names);
  }
  gsize answers = union_size(json_object_get(r->sets[0], "answers"), json_object_get(r->sets[1], "answers"));
  m[CR_MEASURE_ANSWERS].all += answers;
  m[CR_MEASURE_ANSWERS].equal += answers;
  for (int side = 0; side < 2; side++)
    m[CR_MEASURE_LINKS].sides[side] += json_array_size(json_object_get(r->sets[side], "relations"));
}

/* Links that both have are those of the first that are not the first's alone. */
static void
measure_links(CrInsight *in)
{
  CrMeasured *m = &in->measured[CR_MEASURE_LINKS];
  guint64 alone = 0;
  for (guint i = 0; i < in->clusters->len; i++) {
    const CrCluster *c = in->clusters->pdata[i];
    alone += c->measure == CR_MEASURE_LINKS ? c->n_sides[0] : 0;
  }
  m->equal = m->sides[0] - MIN(alone, m->sides[0]);
  m->all = m->sides[0] + m->sides[1];
}

static void
collect_note(CrInsight *in, guint document, guint *offsets)
{
  const CrReading *r = in->gathered.readings->pdata[document];
  g_autofree gboolean *done = g_new0(gboolean, r->differences->len + 1);
  Note n = {in, r, document, {offsets[0], offsets[1]}, done};
  measure_rest(&n);
  for (guint k = 0; k < G_N_ELEMENTS(collectors); k++)
    for (guint i = 0; i < r->differences->len; i++) {
      const CrReadingDifference *d = r->differences->pdata[i];
      if (!done[i] && g_str_equal(d->kind, collectors[k].kind))
        collectors[k].collect(&n, i);
    }
  in->n_differences += r->differences->len;
  for (int side = 0; side < 2; side++)
    offsets[side] += r->groups[side]->len;
}

void
cr_insight_init(CrInsight *in, CrProject *p)
{
  *in = (CrInsight){.p = p,
                    .gathered = {.p = p},
                    .clusters = g_ptr_array_new_with_free_func(cluster_free),
                    .groups = g_ptr_array_new_with_free_func(g_free),
                    .by_key = g_hash_table_new(g_str_hash, g_str_equal),
                    .group_by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                    .disputes = g_array_new(FALSE, FALSE, sizeof(CrDispute)),
                    .places = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref)};
}

void
cr_insight_clear(CrInsight *in)
{
  cr_gathered_clear(&in->gathered);
  g_clear_pointer(&in->by_key, g_hash_table_unref);
  g_clear_pointer(&in->group_by_key, g_hash_table_unref);
  g_clear_pointer(&in->clusters, g_ptr_array_unref);
  g_clear_pointer(&in->groups, g_ptr_array_unref);
  g_clear_pointer(&in->disputes, g_array_unref);
  g_clear_pointer(&in->places, g_ptr_array_unref);
}

gboolean
cr_insight_collect(CrInsight *in, const GPtrArray *notes, GError **error)
{
  guint offsets[2] = {0, 0};
  if (!cr_gathered_load(&in->gathered, notes, error))
    return FALSE;
  for (guint d = 0; d < in->gathered.readings->len; d++)
    collect_note(in, d, offsets);
  measure_links(in);
  return TRUE;
}
