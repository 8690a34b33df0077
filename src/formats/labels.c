/* Labels against the text they are about. A label's own text says what it means; offsets that were counted
 * otherwise (in bytes, in another copy of the note, by hand) are found out by it, and moved where one place
 * alone fits. */
#include "formats/formats-private.h"
#include <string.h>

/* Of several places the nearest is taken only where the next one is a good deal farther from where the label
 * stood: four times as far, and by 16 code points or more. */
enum { CLEAR_FACTOR = 4, CLEAR_MARGIN = 16 };

static void
problem_free(gpointer data)
{
  CrLabelProblem *problem = data;
  g_free(problem->entity);
  g_free(problem->label);
  g_free(problem->said);
  g_free(problem->found);
  g_clear_error(&problem->error);
  g_free(problem);
}

/* ---- where the label's text stands ---- */

typedef struct {
  GPtrArray *parts; /* char*: the text of each piece */
  GArray *pieces;   /* as given, code points */
} Needle;

static void
needle_clear(Needle *needle)
{
  g_clear_pointer(&needle->parts, g_ptr_array_unref);
  g_clear_pointer(&needle->pieces, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Needle, needle_clear)

/* Cuts what the label says into its pieces by their lengths. FALSE where the lengths do not fit. */
static gboolean
cut_parts(Needle *needle, const char *said)
{
  glong n = g_utf8_strlen(said, -1), at = 0;
  if (needle->pieces->len == 1) {
    g_ptr_array_add(needle->parts, g_strdup(said));
    return n > 0;
  }
  for (guint i = 0; i < needle->pieces->len; i++) {
    CrSpan piece = g_array_index(needle->pieces, CrSpan, i);
    if (piece.start >= piece.end || piece.end - piece.start > (gsize)(n - at))
      return FALSE;
    glong end = at + (glong)(piece.end - piece.start);
    g_ptr_array_add(needle->parts, g_utf8_substring(said, at, end));
    at = MIN(end + 1, n);
  }
  g_autoptr(GString) again = g_string_new(NULL);
  for (guint i = 0; i < needle->parts->len; i++)
    g_string_append_printf(again, "%s%s", i > 0 ? " " : "", (char *)needle->parts->pdata[i]);
  return strcmp(again->str, said) == 0;
}

static gboolean
stands_at(const CrText *text, const char *part, gsize code_point)
{
  gsize byte = 0, n = strlen(part);
  return cr_text_convert(text, CR_UNIT_CODE_POINT, code_point, CR_UNIT_BYTE, &byte) &&
         cr_text_length(text, CR_UNIT_BYTE) - byte >= n && memcmp(cr_text_bytes(text) + byte, part, n) == 0;
}

/* The other pieces, moved along with the first. */
static gboolean
others_fit(const CrText *text, const Needle *needle, gsize start)
{
  gsize first = g_array_index(needle->pieces, CrSpan, 0).start;
  for (guint i = 1; i < needle->pieces->len; i++) {
    gsize other = g_array_index(needle->pieces, CrSpan, i).start;
    if (other + start < first || !stands_at(text, needle->parts->pdata[i], other + start - first))
      return FALSE;
  }
  return TRUE;
}

typedef struct {
  gsize nearest, distance, next_distance; /* of the first piece, code points */
  guint n_found;
} Places;

static void
take_place(Places *places, gsize at, gsize wanted)
{
  gsize distance = at > wanted ? at - wanted : wanted - at;
  places->n_found++;
  if (distance < places->distance) {
    places->next_distance = places->distance;
    places->distance = distance;
    places->nearest = at;
  } else {
    places->next_distance = MIN(places->next_distance, distance);
  }
}

static Places
find_places(const CrText *text, const Needle *needle)
{
  Places places = {.distance = G_MAXSIZE, .next_distance = G_MAXSIZE};
  const char *bytes = cr_text_bytes(text), *part = needle->parts->pdata[0];
  gsize n = cr_text_length(text, CR_UNIT_BYTE), n_part = strlen(part), code_point = 0;
  gsize wanted = g_array_index(needle->pieces, CrSpan, 0).start;
  for (const char *p = memmem(bytes, n, part, n_part); p != NULL;
       p = memmem(p + 1, n - (gsize)(p + 1 - bytes), part, n_part)) {
    gboolean on_boundary =
        cr_text_convert(text, CR_UNIT_BYTE, (gsize)(p - bytes), CR_UNIT_CODE_POINT, &code_point);
    if (on_boundary && others_fit(text, needle, code_point))
      take_place(&places, code_point, wanted);
  }
  return places;
}

static gboolean
is_clear(const Places *places)
{
  return places->n_found == 1 ||
         (places->n_found > 1 && places->next_distance / CLEAR_FACTOR >= places->distance &&
          places->next_distance - places->distance >= CLEAR_MARGIN);
}

/* ---- one label ---- */

typedef struct {
  CrLabelProblem *problem; /* NULL: fine */
  gboolean can_move;
  GArray *moved; /* pieces, code points; NULL where there is no place */
} Verdict;

static void
verdict_clear(Verdict *verdict)
{
  g_clear_pointer(&verdict->problem, problem_free);
  g_clear_pointer(&verdict->moved, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Verdict, verdict_clear)

static gsize
offset_as_given(const json_t *entity, const char *member)
{
  const json_t *value = json_object_get(entity, member);
  return json_is_integer(value) && json_integer_value(value) > 0 ? (gsize)json_integer_value(value) : 0;
}

static CrLabelProblem *
problem_new(const json_t *entity, size_t i)
{
  CrLabelProblem *problem = g_new0(CrLabelProblem, 1);
  const char *id = cr_json_string(entity, "id"), *label = cr_json_string(entity, "label");
  problem->entity = id != NULL ? g_strdup(id) : g_strdup_printf("%" G_GSIZE_FORMAT, i + 1);
  problem->label = g_strdup(label != NULL ? label : "");
  problem->start = offset_as_given(entity, "start");
  problem->end = offset_as_given(entity, "end");
  problem->said = g_strdup(cr_json_string(entity, "text"));
  return problem;
}

static void
look_for_text(const CrText *text, Verdict *verdict, GArray *pieces)
{
  CrLabelProblem *problem = verdict->problem;
  g_auto(Needle) needle = {g_ptr_array_new_with_free_func(g_free), g_array_ref(pieces)};
  if (problem->said == NULL || !cut_parts(&needle, problem->said))
    return;
  Places places = find_places(text, &needle);
  problem->n_found = places.n_found;
  if (places.n_found == 0)
    return;
  verdict->can_move = is_clear(&places);
  verdict->moved = cr_fragments_new();
  gsize first = g_array_index(pieces, CrSpan, 0).start;
  for (guint i = 0; i < pieces->len; i++) {
    gsize start = g_array_index(pieces, CrSpan, i).start + places.nearest - first;
    CrSpan piece = {start, start + (gsize)g_utf8_strlen(needle.parts->pdata[i], -1)};
    g_array_append_val(verdict->moved, piece);
  }
  CrSpan bounds = cr_pieces_bounds(verdict->moved);
  problem->has_nearest = TRUE;
  problem->nearest_start = bounds.start;
  problem->nearest_end = bounds.end;
}

static void
set_text_error(CrLabelProblem *problem)
{
  g_autofree char *nearest =
      problem->has_nearest
          ? g_strdup_printf("; it stands %u time%s, the nearest at %" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT,
                            problem->n_found, problem->n_found == 1 ? "" : "s", problem->nearest_start,
                            problem->nearest_end)
          : g_strdup("; it stands nowhere in the note");
  if (problem->error == NULL)
    problem->error = g_error_new(CR_ERROR, CR_ERROR_LABEL_TEXT,
                                 "%s: %" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT
                                 ": the label's text is not what stands there%s",
                                 problem->entity, problem->start, problem->end, nearest);
}

static gboolean
has_empty_piece(const GArray *pieces)
{
  for (guint i = 0; i < pieces->len; i++)
    if (g_array_index(pieces, CrSpan, i).start == g_array_index(pieces, CrSpan, i).end)
      return TRUE;
  return FALSE;
}

static void
prefix_error(CrLabelProblem *problem, GError *failure)
{
  problem->error = g_error_new(CR_ERROR, failure->code, "%s: %s", problem->entity, failure->message);
  g_error_free(failure);
}

/* The offsets themselves: numbers, in order, inside the text. found gets what stands there. */
static gboolean
check_offsets(const CrText *text, const GArray *pieces, char **found, GError **error)
{
  g_autoptr(GArray) bytes = cr_pieces_to_bytes(text, pieces, error);
  if (bytes == NULL)
    return FALSE;
  if (has_empty_piece(pieces)) {
    CrSpan bounds = cr_pieces_bounds(pieces);
    g_set_error(error, CR_ERROR, CR_ERROR_SPAN_ORDER,
                "%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT ": a label of nothing", bounds.start, bounds.end);
    return FALSE;
  }
  *found = cr_pieces_dup_text(text, bytes);
  return TRUE;
}

/* A single piece where the offsets as given cannot be read as pieces: enough to look from. */
static GArray *
rough_pieces(const CrLabelProblem *problem)
{
  GArray *pieces = cr_fragments_new();
  CrSpan piece = {problem->start, MAX(problem->start, problem->end)};
  g_array_append_val(pieces, piece);
  return pieces;
}

static Verdict
judge(const CrText *text, const json_t *entity, size_t i)
{
  Verdict verdict = {.problem = problem_new(entity, i)};
  CrLabelProblem *problem = verdict.problem;
  const json_t *said = json_object_get(entity, "text");
  GError *failure = NULL;
  g_autoptr(GArray) pieces = cr_pieces_of(entity, &failure);
  if (pieces != NULL && check_offsets(text, pieces, &problem->found, &failure) &&
      (said == NULL || (problem->said != NULL && strcmp(problem->said, problem->found) == 0))) {
    g_clear_pointer(&verdict.problem, problem_free);
    return verdict;
  }
  if (failure != NULL)
    prefix_error(problem, failure);
  if (pieces == NULL)
    pieces = rough_pieces(problem);
  look_for_text(text, &verdict, pieces);
  set_text_error(problem);
  return verdict;
}

/* ---- the door ---- */

GPtrArray *
cr_labels_check(const CrText *text, const json_t *entities)
{
  GPtrArray *problems = g_ptr_array_new_with_free_func(problem_free);
  size_t i;
  json_t *entity;
  json_array_foreach(entities, i, entity)
  {
    g_auto(Verdict) verdict = judge(text, entity, i);
    if (verdict.problem != NULL)
      g_ptr_array_add(problems, g_steal_pointer(&verdict.problem));
  }
  return problems;
}

static gboolean
same_place(const json_t *entity, const char *label, const GArray *pieces)
{
  g_autoptr(GArray) own = cr_pieces_of(entity, NULL);
  return own != NULL && g_strcmp0(cr_json_string(entity, "label"), label) == 0 && own->len == pieces->len &&
         memcmp(own->data, pieces->data, own->len * sizeof(CrSpan)) == 0;
}

/* Two labels of one kind are never moved onto each other: which of them means the place is not ours to say.
 */
static gboolean
is_taken(const json_t *entities, size_t self, const char *label, const GArray *pieces)
{
  size_t i;
  json_t *entity;
  json_array_foreach(entities, i, entity)
  {
    if (i != self && same_place(entity, label, pieces))
      return TRUE;
  }
  return FALSE;
}

/* The verdicts on all labels as they came, so that no move depends on the order of the labels. */
static gboolean
is_wanted_twice(const Verdict *verdicts, size_t n, size_t self)
{
  const Verdict *own = &verdicts[self];
  for (size_t i = 0; i < n; i++)
    if (i != self && verdicts[i].problem != NULL && verdicts[i].can_move &&
        strcmp(verdicts[i].problem->label, own->problem->label) == 0 &&
        verdicts[i].moved->len == own->moved->len &&
        memcmp(verdicts[i].moved->data, own->moved->data, own->moved->len * sizeof(CrSpan)) == 0)
      return TRUE;
  return FALSE;
}

GPtrArray *
cr_labels_repair(const CrText *text, json_t *entities, GPtrArray **moved)
{
  GPtrArray *left = g_ptr_array_new_with_free_func(problem_free);
  GPtrArray *repaired = g_ptr_array_new_with_free_func(problem_free);
  size_t n = json_array_size(entities);
  g_autofree Verdict *verdicts = g_new0(Verdict, n + 1);
  g_autofree gboolean *moves = g_new0(gboolean, n + 1);
  for (size_t i = 0; i < n; i++)
    verdicts[i] = judge(text, json_array_get(entities, i), i);
  for (size_t i = 0; i < n; i++)
    moves[i] = verdicts[i].problem != NULL && verdicts[i].can_move &&
               !is_taken(entities, i, verdicts[i].problem->label, verdicts[i].moved) &&
               !is_wanted_twice(verdicts, n, i);
  for (size_t i = 0; i < n; i++) {
    if (moves[i])
      cr_pieces_set(json_array_get(entities, i), verdicts[i].moved);
    if (verdicts[i].problem != NULL)
      g_ptr_array_add(moves[i] ? repaired : left, g_steal_pointer(&verdicts[i].problem));
    verdict_clear(&verdicts[i]);
  }
  if (moved != NULL)
    *moved = repaired;
  else
    g_ptr_array_unref(repaired);
  return left;
}
