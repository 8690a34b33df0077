/* offset map: where a piece of the changed text lay in the text it came from.
 *
 * Always holds: edits ascend on both sides, and the unchanged stretches before, between and after them are
 * equally long on both sides. An edit may be empty on one side (an insertion, a deletion). A unit of text
 * belongs to the one edit that holds it, or is unchanged and has exactly one counterpart; everything below
 * follows from the owners of the first and the last unit of a span. */
#include "text/offset-map-private.h"
#include <string.h>

static gboolean
edits_consistent(const CrEdit *edits, gsize n_edits, gsize old_length, gsize new_length)
{
  gsize old_pos = 0, new_pos = 0;
  for (gsize i = 0; i < n_edits; i++) {
    const CrEdit *e = &edits[i];
    if (e->old_start < old_pos || e->old_end < e->old_start || e->new_start < new_pos ||
        e->new_end < e->new_start || e->old_start - old_pos != e->new_start - new_pos)
      return FALSE;
    old_pos = e->old_end;
    new_pos = e->new_end;
  }
  return old_pos <= old_length && new_pos <= new_length && old_length - old_pos == new_length - new_pos;
}

CrOffsetMap *
cr_offset_map_new(const CrEdit *edits, gsize n_edits, gsize old_length, gsize new_length, GError **error)
{
  if (!edits_consistent(edits, n_edits, old_length, new_length)) {
    g_set_error(error, CR_ERROR, CR_ERROR_INTERNAL,
                "offset map of %" G_GSIZE_FORMAT " edits: out of order or of unequal lengths between edits",
                n_edits);
    return NULL;
  }
  CrOffsetMap *map = g_new0(CrOffsetMap, 1);
  *map = (CrOffsetMap){old_length, new_length, n_edits, g_new(CrEdit, n_edits)};
  if (n_edits > 0)
    memcpy(map->edits, edits, n_edits * sizeof *edits);
  return map;
}

void
cr_offset_map_free(CrOffsetMap *map)
{
  if (!map)
    return;
  g_free(map->edits);
  g_free(map);
}

gsize
cr_offset_map_n_edits(const CrOffsetMap *map)
{
  return map->n_edits;
}

CrEdit
cr_offset_map_edit(const CrOffsetMap *map, gsize i)
{
  g_assert(i < map->n_edits);
  return map->edits[i];
}

/* The two directions are one algorithm on swapped sides: `from` is the side that is asked, `to` the answer.
 */
typedef struct {
  CrSpan from, to;
} Sides;

static Sides
sides_of(const CrOffsetMap *map, gsize i, gboolean from_new)
{
  CrEdit e = map->edits[i];
  CrSpan old_span = {e.old_start, e.old_end}, new_span = {e.new_start, e.new_end};
  return from_new ? (Sides){new_span, old_span} : (Sides){old_span, new_span};
}

/* The last edit that starts at or before the unit, or n_edits. */
static gsize
find_edit(const CrOffsetMap *map, gsize unit, gboolean from_new)
{
  gsize low = 0, high = map->n_edits;
  while (low < high) {
    gsize middle = low + (high - low) / 2;
    if (sides_of(map, middle, from_new).from.start <= unit)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 ? low - 1 : map->n_edits;
}

/* What holds the unit: the edit's two sides, or the unit itself and its counterpart. */
static Sides
owner(const CrOffsetMap *map, gsize unit, gboolean from_new)
{
  gsize i = find_edit(map, unit, from_new);
  Sides e = i < map->n_edits ? sides_of(map, i, from_new) : (Sides){{0, 0}, {0, 0}};
  if (unit < e.from.end)
    return e;
  gsize counterpart = e.to.end + (unit - e.from.end);
  return (Sides){{unit, unit + 1}, {counterpart, counterpart + 1}};
}

/* A place between units: stays behind the unit before it, unless it lies inside an edit. */
static CrSpan
map_place(const CrOffsetMap *map, gsize place, gboolean from_new, gboolean *exact)
{
  *exact = TRUE;
  if (place == 0)
    return (CrSpan){0, 0};
  Sides before = owner(map, place - 1, from_new);
  if (before.from.end > place) {
    *exact = FALSE;
    return before.to;
  }
  return (CrSpan){before.to.end, before.to.end};
}

static CrSpan
map_span(const CrOffsetMap *map, CrSpan span, gboolean from_new, gboolean *exact)
{
  g_assert(span.start <= span.end && span.end <= (from_new ? map->new_length : map->old_length));
  gboolean ignored = FALSE;
  gboolean *is_exact = exact ? exact : &ignored;
  if (span.start == span.end)
    return map_place(map, span.start, from_new, is_exact);
  Sides first = owner(map, span.start, from_new), last = owner(map, span.end - 1, from_new);
  *is_exact = first.from.start == span.start && last.from.end == span.end;
  return (CrSpan){first.to.start, last.to.end};
}

CrSpan
cr_offset_map_to_old(const CrOffsetMap *map, CrSpan new_span, gboolean *exact)
{
  return map_span(map, new_span, TRUE, exact);
}

CrSpan
cr_offset_map_to_new(const CrOffsetMap *map, CrSpan old_span, gboolean *exact)
{
  return map_span(map, old_span, FALSE, exact);
}

/* ---- composition ---- */

/* A walk over both maps along the middle text, which is the new side of `earlier` and the old side of
 * `later`. */
typedef struct {
  const CrOffsetMap *earlier, *later;
  gsize i, j;             /* next edit of each */
  gsize old_pos, old_mid; /* behind the last edit taken from earlier: on its old side, in the middle text */
  gsize new_pos, new_mid; /* behind the last edit taken from later: on its new side, in the middle text */
} Walk;

/* The next edit of either map in the middle text; FALSE at the end. */
static gboolean
peek(const Walk *walk, CrSpan *middle, gboolean *is_earlier)
{
  gboolean has_earlier = walk->i < walk->earlier->n_edits, has_later = walk->j < walk->later->n_edits;
  if (!has_earlier && !has_later)
    return FALSE;
  CrSpan a = {0, 0}, b = {0, 0};
  if (has_earlier)
    a = sides_of(walk->earlier, walk->i, TRUE).from;
  if (has_later)
    b = sides_of(walk->later, walk->j, FALSE).from;
  *is_earlier = !has_later || (has_earlier && cr_span_compare(&a, &b) <= 0);
  *middle = *is_earlier ? a : b;
  return TRUE;
}

static void
take(Walk *walk, gboolean is_earlier)
{
  if (is_earlier) {
    CrEdit e = walk->earlier->edits[walk->i++];
    walk->old_pos = e.old_end;
    walk->old_mid = e.new_end;
  } else {
    CrEdit e = walk->later->edits[walk->j++];
    walk->new_pos = e.new_end;
    walk->new_mid = e.old_end;
  }
}

/* One edit of the result: all edits of both maps whose pieces of the middle text overlap, or are empty at the
 * same place. */
static CrEdit
take_group(Walk *walk)
{
  CrSpan group = {0, 0}, next = {0, 0};
  gboolean is_earlier = FALSE;
  gboolean more = peek(walk, &group, &is_earlier);
  g_assert(more);
  CrEdit edit = {.old_start = walk->old_pos + (group.start - walk->old_mid),
                 .new_start = walk->new_pos + (group.start - walk->new_mid)};
  take(walk, is_earlier);
  while (peek(walk, &next, &is_earlier) &&
         (next.start < group.end || (next.start == group.start && next.end == group.end))) {
    group.end = MAX(group.end, next.end);
    take(walk, is_earlier);
  }
  edit.old_end = walk->old_pos + (group.end - walk->old_mid);
  edit.new_end = walk->new_pos + (group.end - walk->new_mid);
  return edit;
}

CrOffsetMap *
cr_offset_map_compose(const CrOffsetMap *earlier, const CrOffsetMap *later, GError **error)
{
  if (earlier->new_length != later->old_length) {
    g_set_error(error, CR_ERROR, CR_ERROR_INTERNAL,
                "offset maps do not meet: a text of %" G_GSIZE_FORMAT " bytes and one of %" G_GSIZE_FORMAT,
                earlier->new_length, later->old_length);
    return NULL;
  }
  g_autoptr(GArray) edits = g_array_new(FALSE, FALSE, sizeof(CrEdit));
  Walk walk = {.earlier = earlier, .later = later};
  while (walk.i < earlier->n_edits || walk.j < later->n_edits) {
    CrEdit edit = take_group(&walk);
    g_array_append_val(edits, edit);
  }
  return cr_offset_map_new((const CrEdit *)edits->data, edits->len, earlier->old_length, later->new_length,
                           error);
}
