/* decisions.c: see decisions.h. Offsets in decision lines are code points; here they are bytes. */
#include "workflow/decisions.h"

#include <string.h>

/* ---- candidates and decisions as JSON ---- */

json_t *
cr_candidates_to_json(const GArray *spans, const char *detector)
{
  json_t *list = json_array();
  for (guint i = 0; i < spans->len; i++) {
    const CrPhiSpan *s = &g_array_index(spans, CrPhiSpan, i);
    json_t *by = json_array();
    for (guint j = 0; s->by && s->by[j]; j++)
      json_array_append_new(by, json_string(s->by[j]));
    json_array_append_new(list, json_pack("{s:I, s:I, s:s, s:f, s:o}", "start", (json_int_t)s->span.start,
                                          "end", (json_int_t)s->span.end, "kind", cr_phi_kind_name(s->kind),
                                          "score", s->score, "by", by));
  }
  return json_pack("{s:s, s:o}", "detector", detector, "candidates", list);
}

static GStrv
strings_of(const json_t *array)
{
  g_autoptr(GStrvBuilder) b = g_strv_builder_new();
  size_t i;
  json_t *item;
  json_array_foreach(array, i, item) g_strv_builder_add(b, json_string_value(item));
  return g_strv_builder_end(b);
}

GArray *
cr_candidates_from_json(const json_t *object)
{
  GArray *spans = g_array_new(FALSE, TRUE, sizeof(CrPhiSpan));
  g_array_set_clear_func(spans, (GDestroyNotify)cr_phi_span_clear);
  size_t i;
  json_t *item;
  json_array_foreach(json_object_get(object, "candidates"), i, item)
  {
    CrPhiSpan s = {.span = {(gsize)json_integer_value(json_object_get(item, "start")),
                            (gsize)json_integer_value(json_object_get(item, "end"))},
                   .score = json_number_value(json_object_get(item, "score")),
                   .by = strings_of(json_object_get(item, "by"))};
    (void)cr_phi_kind_parse(json_string_value(json_object_get(item, "kind")), &s.kind);
    g_array_append_val(spans, s);
  }
  return spans;
}

CrDecisions *
cr_decisions_new(GArray *candidates)
{
  CrDecisions *d = g_new0(CrDecisions, 1);
  d->candidates = candidates;
  d->decisions = g_array_new(FALSE, TRUE, sizeof(CrDecision));
  g_array_set_size(d->decisions, candidates->len);
  d->added = g_array_new(FALSE, TRUE, sizeof(CrKindSpan));
  return d;
}

void
cr_decisions_free(CrDecisions *d)
{
  if (!d)
    return;
  g_array_unref(d->candidates);
  g_array_unref(d->decisions);
  g_array_unref(d->added);
  json_decref(d->blind);
  g_free(d);
}

static json_t *
kind_span_json(const CrKindSpan *k)
{
  return json_pack("{s:I, s:I, s:s}", "start", (json_int_t)k->span.start, "end", (json_int_t)k->span.end,
                   "kind", cr_phi_kind_name(k->kind));
}

static json_t *
readings_json(const CrDecisions *d)
{
  json_t *decided = json_array(), *added = json_array();
  for (guint i = 0; i < d->decisions->len; i++) {
    const CrDecision *x = &g_array_index(d->decisions, CrDecision, i);
    json_t *row = json_pack("{s:i}", "verdict", (int)x->verdict);
    if (x->verdict == CR_REMOVE && x->by_added)
      json_object_set_new(row, "by_added", json_true());
    else if (x->verdict == CR_REMOVE)
      json_object_set_new(row, "as", kind_span_json(&x->as));
    json_array_append_new(decided, row);
  }
  for (guint i = 0; i < d->added->len; i++)
    json_array_append_new(added, kind_span_json(&g_array_index(d->added, CrKindSpan, i)));
  return json_pack("{s:o, s:o}", "decided", decided, "added", added);
}

json_t *
cr_decisions_to_json(const CrDecisions *d)
{
  json_t *json = readings_json(d);
  if (d->blind)
    json_object_set(json, "blind", d->blind);
  return json;
}

void
cr_decisions_keep_blind(CrDecisions *d)
{
  if (!d->blind)
    d->blind = readings_json(d);
}

static gboolean
parse_kind_span(const json_t *json, CrKindSpan *out)
{
  const char *kind = json_string_value(json_object_get(json, "kind"));
  out->span.start = (gsize)json_integer_value(json_object_get(json, "start"));
  out->span.end = (gsize)json_integer_value(json_object_get(json, "end"));
  return kind && cr_phi_kind_parse(kind, &out->kind);
}

gboolean
cr_decisions_restore(CrDecisions *d, const json_t *json, GError **error)
{
  const json_t *decided = json_object_get(json, "decided");
  size_t i;
  json_t *row;
  if (!json)
    return TRUE;
  if (json_array_size(decided) != d->decisions->len) {
    g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "stored decisions do not fit the candidates of the note");
    return FALSE;
  }
  json_array_foreach(decided, i, row)
  {
    CrDecision *x = &g_array_index(d->decisions, CrDecision, i);
    x->verdict = (CrVerdict)json_integer_value(json_object_get(row, "verdict"));
    x->by_added = json_is_true(json_object_get(row, "by_added"));
    if (json_object_get(row, "as"))
      (void)parse_kind_span(json_object_get(row, "as"), &x->as);
  }
  if (json_object_get(json, "blind"))
    d->blind = json_incref(json_object_get(json, "blind"));
  json_array_foreach(json_object_get(json, "added"), i, row)
  {
    CrKindSpan k;
    if (parse_kind_span(row, &k))
      g_array_append_val(d->added, k);
  }
  return TRUE;
}

/* ---- one line ---- */

static gboolean
bad(GError **error, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "%s", what);
  return FALSE;
}

/* start and end, where the line has them; *has tells. "text", where given, must stand there. */
static gboolean
line_span(const json_t *line, const CrText *text, CrSpan *span, gboolean *has, GError **error)
{
  const json_t *start = json_object_get(line, "start"), *end = json_object_get(line, "end");
  const char *said = json_string_value(json_object_get(line, "text"));
  *has = start && end;
  if (!*has)
    return !start && !end ? TRUE : bad(error, "start and end belong together");
  if (!json_is_integer(start) || !json_is_integer(end) || json_integer_value(start) < 0 ||
      json_integer_value(end) < 0)
    return bad(error, "start and end must be whole numbers from 0");
  if (!cr_span_from_unit(text, CR_UNIT_CODE_POINT, (gsize)json_integer_value(start),
                         (gsize)json_integer_value(end), span, error))
    return FALSE;
  g_autofree char *found = cr_span_dup_text(text, *span);
  return !said || g_str_equal(said, found) ||
         bad(error, "the text in the line is not what stands at its offsets");
}

static gboolean
line_kind(const json_t *line, CrPhiKind *kind, gboolean *has, GError **error)
{
  const char *name = json_string_value(json_object_get(line, "kind"));
  *has = name != NULL;
  return !name || cr_phi_kind_parse(name, kind) || bad(error, "there is no such kind of identifier");
}

/* The candidate that the line names, or the one at exactly its offsets; -1 where there is none. */
static gint
line_candidate(const CrDecisions *d, const json_t *line, const CrSpan *span)
{
  const char *name = json_string_value(json_object_get(line, "candidate"));
  if (name) {
    guint64 n;
    gboolean fits =
        name[0] == 'C' && g_ascii_string_to_unsigned(name + 1, 10, 1, d->candidates->len, &n, NULL);
    return fits ? (gint)n - 1 : -1;
  }
  for (guint i = 0; span && i < d->candidates->len; i++) {
    CrSpan c = g_array_index(d->candidates, CrPhiSpan, i).span;
    if (c.start == span->start && c.end == span->end)
      return (gint)i;
  }
  return -1;
}

static gint
compare_kind_spans(gconstpointer a, gconstpointer b)
{
  return cr_span_compare(&((const CrKindSpan *)a)->span, &((const CrKindSpan *)b)->span);
}

/* A candidate that an addition stood for is open again when no addition overlaps it any more. */
static void
reopen_uncovered(CrDecisions *d)
{
  for (guint i = 0; i < d->decisions->len; i++) {
    CrDecision *x = &g_array_index(d->decisions, CrDecision, i);
    gboolean covered = FALSE;
    for (guint j = 0; x->by_added && !covered && j < d->added->len; j++)
      covered = cr_span_overlaps(g_array_index(d->added, CrKindSpan, j).span,
                                 g_array_index(d->candidates, CrPhiSpan, i).span);
    if (x->by_added && !covered)
      *x = (CrDecision){.verdict = CR_UNDECIDED};
  }
}

/* An addition takes the place of an earlier one that it overlaps, and decides the candidates that it
 * overlaps. */
static void
add_span(CrDecisions *d, CrKindSpan k)
{
  for (guint i = d->added->len; i-- > 0;)
    if (cr_span_overlaps(g_array_index(d->added, CrKindSpan, i).span, k.span))
      g_array_remove_index(d->added, i);
  g_array_append_val(d->added, k);
  g_array_sort(d->added, compare_kind_spans);
  for (guint i = 0; i < d->candidates->len; i++)
    if (cr_span_overlaps(g_array_index(d->candidates, CrPhiSpan, i).span, k.span))
      g_array_index(d->decisions, CrDecision, i) = (CrDecision){.verdict = CR_REMOVE, .by_added = TRUE};
  reopen_uncovered(d);
}

/* A decision about a candidate itself voids the additions that stood for it. */
static void
drop_added_over(CrDecisions *d, CrSpan span)
{
  guint before = d->added->len;
  for (guint i = d->added->len; i-- > 0;)
    if (cr_span_overlaps(g_array_index(d->added, CrKindSpan, i).span, span))
      g_array_remove_index(d->added, i);
  if (d->added->len < before)
    reopen_uncovered(d);
}

static void
decide(CrDecisions *d, guint i, CrVerdict verdict, const CrSpan *span, const CrPhiKind *kind)
{
  const CrPhiSpan *c = &g_array_index(d->candidates, CrPhiSpan, i);
  CrDecision x = {.verdict = verdict, .as = {.span = span ? *span : c->span, .kind = kind ? *kind : c->kind}};
  g_array_index(d->decisions, CrDecision, i) = x;
  drop_added_over(d, c->span);
}

static const struct {
  const char *word;
  enum { DO_REMOVE, DO_KEEP, DO_ADD, DO_MOVE, DO_REMOVE_REST, DO_KEEP_REST } what;
} words[] = {{"remove", DO_REMOVE},
             {"accept", DO_REMOVE},
             {"keep", DO_KEEP},
             {"reject", DO_KEEP},
             {"add", DO_ADD},
             {"move", DO_MOVE},
             {"change", DO_MOVE},
             {"remove-rest", DO_REMOVE_REST},
             {"accept-rest", DO_REMOVE_REST},
             {"keep-rest", DO_KEEP_REST},
             {"reject-rest", DO_KEEP_REST}};

static int
word_of(const json_t *line)
{
  const char *word = json_string_value(json_object_get(line, "decision"));
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_strcmp0(words[i].word, word) == 0)
      return (int)words[i].what;
  return -1;
}

/* Undoing an addition: "keep" at exactly its place. */
static gboolean
keep_addition(CrDecisions *d, const CrSpan *span, GError **error)
{
  for (guint i = 0; span && i < d->added->len; i++) {
    CrSpan a = g_array_index(d->added, CrKindSpan, i).span;
    if (a.start == span->start && a.end == span->end) {
      g_array_remove_index(d->added, i);
      reopen_uncovered(d);
      return TRUE;
    }
  }
  return bad(error, "there is no candidate there");
}

gboolean
cr_decisions_apply(CrDecisions *d, const CrText *text, const json_t *line, CrVerdict *rest, GError **error)
{
  CrSpan span;
  CrPhiKind kind = CR_PHI_OTHERID;
  gboolean has_span, has_kind;
  int word = word_of(line);
  if (word < 0)
    return bad(error, "\"decision\" must be remove, keep, add, move, remove-rest or keep-rest");
  if (word == DO_REMOVE_REST || word == DO_KEEP_REST) {
    *rest = word == DO_REMOVE_REST ? CR_REMOVE : CR_KEEP;
    return TRUE;
  }
  if (!line_span(line, text, &span, &has_span, error) || !line_kind(line, &kind, &has_kind, error))
    return FALSE;
  if (word == DO_ADD) {
    if (!has_span || !has_kind)
      return bad(error, "an addition needs start, end and kind");
    add_span(d, (CrKindSpan){span, kind});
    return TRUE;
  }
  gint i = line_candidate(d, line, has_span ? &span : NULL);
  if (i < 0)
    return word == DO_KEEP ? keep_addition(d, has_span ? &span : NULL, error)
                           : bad(error, "there is no candidate there");
  if (word == DO_MOVE && (!has_span || !json_object_get(line, "candidate")))
    return bad(error, "a move needs candidate, start and end");
  decide(d, (guint)i, word == DO_KEEP ? CR_KEEP : CR_REMOVE, word == DO_MOVE ? &span : NULL,
         has_kind ? &kind : NULL);
  return TRUE;
}

/* No addition overlaps a candidate that is undecided (it would have decided it), so none is voided here. */
void
cr_decisions_finish(CrDecisions *d, CrVerdict rest)
{
  for (guint i = 0; rest != CR_UNDECIDED && i < d->decisions->len; i++) {
    CrDecision *x = &g_array_index(d->decisions, CrDecision, i);
    const CrPhiSpan *c = &g_array_index(d->candidates, CrPhiSpan, i);
    if (x->verdict == CR_UNDECIDED)
      *x = (CrDecision){.verdict = rest, .as = {.span = c->span, .kind = c->kind}};
  }
}

guint
cr_decisions_n_undecided(const CrDecisions *d, const CrPolicy *policy)
{
  guint n = 0;
  for (guint i = 0; i < d->decisions->len; i++)
    n += g_array_index(d->decisions, CrDecision, i).verdict == CR_UNDECIDED &&
         cr_policy_action(policy, g_array_index(d->candidates, CrPhiSpan, i).kind) != CR_PHI_KEEP;
  return n;
}

/* ---- both together ---- */

static guint
strictness(const CrPolicy *policy, CrPhiKind kind)
{
  static const guint order[] = {[CR_PHI_KEEP] = 0,
                                [CR_PHI_GENERALISE] = 1,
                                [CR_PHI_SHIFT] = 1,
                                [CR_PHI_SURROGATE] = 2,
                                [CR_PHI_TAG] = 2};
  return order[cr_policy_action(policy, kind)];
}

static gboolean
disputed(CrDecisions *const *all, guint n, guint i)
{
  gboolean removed = FALSE, kept = FALSE;
  for (guint r = 0; r < n; r++) {
    CrVerdict v = g_array_index(all[r]->decisions, CrDecision, i).verdict;
    removed |= v == CR_REMOVE;
    kept |= v == CR_KEEP;
  }
  return removed && kept;
}

static void
collect_removed(const CrDecisions *d, GArray *out)
{
  for (guint i = 0; i < d->decisions->len; i++) {
    const CrDecision *x = &g_array_index(d->decisions, CrDecision, i);
    if (x->verdict == CR_REMOVE && !x->by_added)
      g_array_append_val(out, x->as);
  }
  g_array_append_vals(out, d->added->data, d->added->len);
}

/* Candidates that nobody decided because the policy keeps their kind in the text: they stay on record with
 * that kind. */
static void
append_joined(GArray *out, const GArray *removed, const CrPolicy *policy)
{
  for (guint i = 0; i < removed->len; i++) {
    const CrKindSpan *k = &g_array_index(removed, CrKindSpan, i);
    CrPhiSpan *last = out->len ? &g_array_index(out, CrPhiSpan, out->len - 1) : NULL;
    if (last && last->span.end > k->span.start) {
      last->span.end = MAX(last->span.end, k->span.end);
      if (strictness(policy, k->kind) > strictness(policy, last->kind))
        last->kind = k->kind;
      continue;
    }
    CrPhiSpan s = {
        .span = k->span, .kind = k->kind, .score = 1, .by = g_strdupv((char *[]){(char *)"review", NULL})};
    g_array_append_val(out, s);
  }
}

GArray *
cr_decisions_join(CrDecisions *const *all, guint n, const CrPolicy *policy, GArray *disputes)
{
  g_autoptr(GArray) removed = g_array_new(FALSE, TRUE, sizeof(CrKindSpan));
  GArray *out = g_array_new(FALSE, TRUE, sizeof(CrPhiSpan));
  g_array_set_clear_func(out, (GDestroyNotify)cr_phi_span_clear);
  for (guint r = 0; r < n; r++)
    collect_removed(all[r], removed);
  g_array_sort(removed, compare_kind_spans);
  append_joined(out, removed, policy);
  for (guint i = 0; disputes && n > 0 && i < all[0]->decisions->len; i++)
    if (disputed(all, n, i))
      g_array_append_val(disputes, i);
  return out;
}

static gboolean
is_kept(CrDecisions *const *all, guint n, guint i)
{
  gboolean kept = FALSE, removed = FALSE;
  for (guint r = 0; r < n; r++) {
    CrVerdict v = g_array_index(all[r]->decisions, CrDecision, i).verdict;
    kept |= v == CR_KEEP;
    removed |= v == CR_REMOVE;
  }
  return kept && !removed;
}

static gboolean
overlaps_candidate(const CrDecisions *d, CrSpan span)
{
  for (guint i = 0; i < d->candidates->len; i++)
    if (cr_span_overlaps(g_array_index(d->candidates, CrPhiSpan, i).span, span))
      return TRUE;
  return FALSE;
}

/* Whether an earlier reviewer added something there too. */
static gboolean
added_before(CrDecisions *const *all, guint r, CrSpan span)
{
  for (guint q = 0; q < r; q++)
    for (guint i = 0; i < all[q]->added->len; i++)
      if (cr_span_overlaps(g_array_index(all[q]->added, CrKindSpan, i).span, span))
        return TRUE;
  return FALSE;
}

void
cr_decisions_count(CrDecisions *const *all, guint n, guint *n_kept, guint *n_only_people)
{
  *n_kept = *n_only_people = 0;
  for (guint i = 0; n > 0 && i < all[0]->candidates->len; i++)
    *n_kept += is_kept(all, n, i);
  for (guint r = 0; r < n; r++)
    for (guint i = 0; i < all[r]->added->len; i++) {
      CrSpan span = g_array_index(all[r]->added, CrKindSpan, i).span;
      *n_only_people += !overlaps_candidate(all[r], span) && !added_before(all, r, span);
    }
}
