/* offset maps: against copies made unit by unit, on seeded random maps. */
#include "base/base.h"
#include <chartroom/text.h>
#include <string.h>

static CrOffsetMap *
random_map(GRand *rand, gsize old_length)
{
  g_autoptr(GArray) edits = g_array_new(FALSE, FALSE, sizeof(CrEdit));
  gsize old_pos = 0, new_pos = 0;
  while (g_rand_int_range(rand, 0, 6) > 0) {
    gsize gap = (gsize)g_rand_int_range(rand, 0, 5), n_old = (gsize)g_rand_int_range(rand, 0, 4);
    if (old_pos + gap + n_old > old_length)
      break;
    gsize n_new = (gsize)g_rand_int_range(rand, 0, 4);
    CrEdit edit = {old_pos + gap, old_pos + gap + n_old, new_pos + gap, new_pos + gap + n_new};
    g_array_append_val(edits, edit);
    old_pos = edit.old_end;
    new_pos = edit.new_end;
  }
  g_autoptr(GError) error = NULL;
  CrOffsetMap *map = cr_offset_map_new((const CrEdit *)edits->data, edits->len, old_length,
                                       new_pos + (old_length - old_pos), &error);
  g_assert_no_error(error);
  return map;
}

static gsize
new_length_of(const CrOffsetMap *map, gsize old_length)
{
  gsize length = old_length;
  for (gsize i = 0; i < cr_offset_map_n_edits(map); i++) {
    CrEdit e = cr_offset_map_edit(map, i);
    length = length - (e.old_end - e.old_start) + (e.new_end - e.new_start);
  }
  return length;
}

/* For each unit of one side: what holds it there, and what that is on the other side. */
typedef struct {
  CrSpan here, there;
  gboolean edited;
} Holder;

/* By copying units one by one. from_new: units of the new side. */
static GArray *
holders(const CrOffsetMap *map, gsize length, gboolean from_new)
{
  GArray *out = g_array_new(FALSE, FALSE, sizeof(Holder));
  gsize here = 0, there = 0;
  for (gsize i = 0; i <= cr_offset_map_n_edits(map); i++) {
    gboolean last = i == cr_offset_map_n_edits(map);
    CrEdit e = last ? (CrEdit){0, 0, 0, 0} : cr_offset_map_edit(map, i);
    CrSpan a = from_new ? (CrSpan){e.new_start, e.new_end} : (CrSpan){e.old_start, e.old_end};
    CrSpan b = from_new ? (CrSpan){e.old_start, e.old_end} : (CrSpan){e.new_start, e.new_end};
    for (gsize stop = last ? length : a.start; here < stop; here++, there++) {
      Holder unchanged = {{here, here + 1}, {there, there + 1}, FALSE};
      g_array_append_val(out, unchanged);
    }
    for (; !last && here < a.end; here++) {
      Holder edited = {a, b, TRUE};
      g_array_append_val(out, edited);
    }
    there = last ? there : b.end;
  }
  return out;
}

static void
check_map_side(const CrOffsetMap *map, gsize length, gboolean from_new)
{
  g_autoptr(GArray) units = holders(map, length, from_new);
  g_assert_cmpuint(units->len, ==, length);
  for (gsize start = 0; start <= length; start++)
    for (gsize end = start; end <= length; end++) {
      gboolean exact = FALSE;
      CrSpan asked = {start, end};
      CrSpan got =
          from_new ? cr_offset_map_to_old(map, asked, &exact) : cr_offset_map_to_new(map, asked, &exact);
      CrSpan expected = {G_MAXSIZE, 0}, grown = {G_MAXSIZE, 0};
      for (gsize u = start; u < end; u++) { /* the hull of what the units' holders are on the other side */
        const Holder *holder = &g_array_index(units, Holder, u);
        expected = (CrSpan){MIN(expected.start, holder->there.start), MAX(expected.end, holder->there.end)};
        grown = (CrSpan){MIN(grown.start, holder->here.start), MAX(grown.end, holder->here.end)};
      }
      if (start == end) {
        const Holder *before = start > 0 ? &g_array_index(units, Holder, start - 1) : NULL;
        gsize behind = before ? before->there.end : 0;
        gboolean inside = before && before->here.end > start;
        expected = inside ? before->there : (CrSpan){behind, behind};
        grown = inside ? before->here : asked;
      }
      g_assert_cmpint(cr_span_compare(&got, &expected), ==, 0);
      g_assert_cmpint(exact, ==, cr_span_compare(&grown, &asked) == 0);
    }
}

static void
test_map_random(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(5);
  for (guint round = 0; round < 2000; round++) {
    gsize old_length = (gsize)g_rand_int_range(rand, 0, 30);
    g_autoptr(CrOffsetMap) map = random_map(rand, old_length);
    check_map_side(map, new_length_of(map, old_length), TRUE);
    check_map_side(map, old_length, FALSE);
  }
}

static void
test_map_refuses(void)
{
  static const CrEdit bad[][2] = {
      {{0, 2, 0, 3}, {1, 4, 4, 5}},     /* overlap in the old text */
      {{0, 2, 0, 3}, {4, 5, 4, 5}},     /* stretches of unequal length */
      {{4, 5, 4, 5}, {0, 2, 0, 3}},     /* out of order */
      {{2, 1, 2, 3}, {5, 6, 7, 8}},     /* turned round */
      {{0, 2, 0, 3}, {18, 21, 19, 22}}, /* beyond the end */
  };
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(cr_offset_map_new(bad[i], 2, 20, 21, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_INTERNAL);
  }
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_offset_map_new(NULL, 0, 20, 21, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_INTERNAL);
}

/* What composition must keep: units that neither step touched stay paired exactly; nothing else is paired;
 * and a span leads at least as far back as the two steps one after the other. */
static void
check_composed(const CrOffsetMap *earlier, const CrOffsetMap *later, gsize old_length, gsize mid_length,
               gsize new_length)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrOffsetMap) both = cr_offset_map_compose(earlier, later, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(new_length_of(both, old_length), ==, new_length);
  g_autoptr(GArray) of_later = holders(later, new_length, TRUE);
  g_autoptr(GArray) of_earlier = holders(earlier, mid_length, TRUE);
  g_autoptr(GArray) of_both = holders(both, new_length, TRUE);
  for (gsize u = 0; u < new_length; u++) {
    const Holder *second = &g_array_index(of_later, Holder, u);
    const Holder *first = second->edited ? NULL : &g_array_index(of_earlier, Holder, second->there.start);
    const Holder *composed = &g_array_index(of_both, Holder, u);
    g_assert_cmpint(composed->edited, ==, !first || first->edited);
    if (!composed->edited)
      g_assert_cmpuint(composed->there.start, ==, first->there.start);
  }
  for (gsize start = 0; start < new_length; start++)
    for (gsize end = start + 1; end <= new_length; end++) {
      CrSpan one_step = cr_offset_map_to_old(both, (CrSpan){start, end}, NULL);
      CrSpan middle = cr_offset_map_to_old(later, (CrSpan){start, end}, NULL);
      CrSpan two_steps = cr_offset_map_to_old(earlier, middle, NULL);
      if (middle.start < middle.end)
        g_assert_true(cr_span_contains(one_step, two_steps));
    }
}

static void
test_compose_random(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(6);
  for (guint round = 0; round < 4000; round++) {
    gsize old_length = (gsize)g_rand_int_range(rand, 0, 30);
    g_autoptr(CrOffsetMap) earlier = random_map(rand, old_length);
    gsize mid_length = new_length_of(earlier, old_length);
    g_autoptr(CrOffsetMap) later = random_map(rand, mid_length);
    check_composed(earlier, later, old_length, mid_length, new_length_of(later, mid_length));
  }
}

static void
test_compose_known(void)
{
  static const CrEdit remove_name = {10, 20, 10, 10}, put_tag = {10, 10, 10, 16};
  g_autoptr(CrOffsetMap) earlier = cr_offset_map_new(&remove_name, 1, 30, 20, NULL);
  g_autoptr(CrOffsetMap) later = cr_offset_map_new(&put_tag, 1, 20, 26, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrOffsetMap) both = cr_offset_map_compose(earlier, later, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(cr_offset_map_n_edits(both), ==, 1); /* the tag stands for the name */
  CrEdit edit = cr_offset_map_edit(both, 0);
  g_assert_cmpuint(edit.old_end, ==, 20);
  g_assert_cmpuint(edit.new_end, ==, 16);
  g_assert_null(cr_offset_map_compose(later, later, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_INTERNAL);
}

static void
check_refused(const guint8 *data, gsize n)
{
  g_autoptr(GBytes) bytes = g_bytes_new(data, n);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrOffsetMap) map = cr_offset_map_parse(bytes, &error);
  g_assert_null(map);
  g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
}

static void
test_map_bytes(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  for (guint round = 0; round < 60; round++) {
    gsize old_length = round == 0 ? 0 : (gsize)g_rand_int_range(rand, 0, 60) + (round % 3) * 1000000;
    g_autoptr(CrOffsetMap) map = random_map(rand, old_length);
    g_autoptr(GBytes) bytes = cr_offset_map_serialise(map);
    g_autoptr(GError) error = NULL;
    g_autoptr(CrOffsetMap) back = cr_offset_map_parse(bytes, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) again = cr_offset_map_serialise(back);
    g_assert_true(g_bytes_equal(bytes, again));
    g_assert_cmpuint(cr_offset_map_n_edits(back), ==, cr_offset_map_n_edits(map));
    gsize n = 0;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    for (gsize i = 0; i < n; i++) {
      check_refused(data, i);
      for (guint bit = 0; bit < 8; bit++) {
        g_autofree guint8 *flipped = g_memdup2(data, n);
        flipped[i] ^= (guint8)(1u << bit);
        check_refused(flipped, n);
      }
    }
  }
}

/* A good checksum over nonsense: still refused, by what it says. */
static void
test_map_bytes_nonsense(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(8);
  for (guint round = 0; round < 20000; round++) {
    guint8 data[64] = "CRM\1";
    gsize n = 4 + (gsize)g_rand_int_range(rand, 0, 40);
    for (gsize i = 4; i < n; i++)
      data[i] = (guint8)(g_rand_int_range(rand, 0, 3) ? g_rand_int_range(rand, 0, 8)
                                                      : g_rand_int_range(rand, 0, 256));
    uint8_t hash[CR_HASH_BYTES];
    cr_sha256(data, n, hash);
    memcpy(data + n, hash, 8);
    g_autoptr(GBytes) bytes = g_bytes_new(data, n + 8);
    g_autoptr(GError) error = NULL;
    g_autoptr(CrOffsetMap) map = cr_offset_map_parse(bytes, &error);
    if (!map)
      g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/offset-map/random", test_map_random);
  g_test_add_func("/offset-map/refuses", test_map_refuses);
  g_test_add_func("/offset-map/compose-random", test_compose_random);
  g_test_add_func("/offset-map/compose-known", test_compose_known);
  g_test_add_func("/offset-map/bytes", test_map_bytes);
  g_test_add_func("/offset-map/bytes-nonsense", test_map_bytes_nonsense);
  return g_test_run();
}
