/* An offset map from any bytes (the checksum is put right, so that the body is reached), and one made of
 * edits that the bytes describe. */
#include "base/base.h"
#include "support/support.h"
#include <chartroom/text.h>

#include <string.h>

#define N_CHECK 8

static CrSpan
some_span(gsize length, uint8_t a, uint8_t b)
{
  gsize start = length * a / 256, end = start + (length - start) * b / 255;
  return (CrSpan){start, end};
}

static void
check_map(const CrOffsetMap *map, gsize old_length, gsize new_length, uint8_t a, uint8_t b)
{
  gboolean exact = FALSE;
  CrSpan new_span = some_span(new_length, a, b), old = cr_offset_map_to_old(map, new_span, &exact);
  fuzz_check(old.start <= old.end && old.end <= old_length, "a span of the old text lies in it");
  if (exact && old.end > old.start) { /* only what was inserted at its very edges is lost on the way back */
    CrSpan back = cr_offset_map_to_new(map, old, &exact), again = cr_offset_map_to_old(map, back, NULL);
    fuzz_check(exact && cr_span_contains(new_span, back), "a span of whole pieces leads back into itself");
    fuzz_check(cr_span_contains(old, again), "and from there to the same place");
  }
  g_autoptr(GBytes) bytes = cr_offset_map_serialise(map);
  g_autoptr(CrOffsetMap) again = cr_offset_map_parse(bytes, NULL);
  g_autoptr(GBytes) twice = again ? cr_offset_map_serialise(again) : NULL;
  fuzz_check(twice && g_bytes_equal(bytes, twice), "a map reads back as it was written");
}

static void
run_bytes(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  GByteArray *file = g_byte_array_new();
  uint8_t hash[CR_HASH_BYTES];
  g_byte_array_append(file, (const guint8 *)"CRM\1", 4);
  g_byte_array_append(file, data, (guint)size);
  cr_sha256(file->data, file->len, hash);
  g_byte_array_append(file, hash, N_CHECK);
  g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(file);
  g_autoptr(CrOffsetMap) map = cr_offset_map_parse(bytes, &error);
  if (!map) {
    fuzz_refused(&error);
    return;
  }
  for (gsize i = 0; i < cr_offset_map_n_edits(map); i++) {
    CrEdit e = cr_offset_map_edit(map, i);
    fuzz_check(e.old_start <= e.old_end && e.new_start <= e.new_end, "an edit has an order");
  }
}

/* Three bytes an edit: what stays before it, what goes, what comes. */
static void
run_edits(const uint8_t *data, size_t size)
{
  g_autoptr(GArray) edits = g_array_new(FALSE, FALSE, sizeof(CrEdit));
  CrEdit e = {0, 0, 0, 0};
  for (size_t i = 3; i + 2 < size; i += 3) {
    gsize gap = data[i] & 15, gone = data[i + 1] & 15, come = data[i + 2] & 15;
    e = (CrEdit){e.old_end + gap, e.old_end + gap + gone, e.new_end + gap, e.new_end + gap + come};
    g_array_append_val(edits, e);
  }
  gsize rest = data[2] & 15;
  g_autoptr(GError) error = NULL;
  g_autoptr(CrOffsetMap) map = cr_offset_map_new((const CrEdit *)(void *)edits->data, edits->len,
                                                 e.old_end + rest, e.new_end + rest, &error);
  fuzz_check(map != NULL, "edits in order make a map");
  check_map(map, e.old_end + rest, e.new_end + rest, data[0], data[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) as_is = g_bytes_new_static(data, size);
  g_autoptr(CrOffsetMap) map = cr_offset_map_parse(as_is, &error);
  if (!map)
    fuzz_refused(&error);
  run_bytes(data, size);
  if (size >= 3)
    run_edits(data, size);
  return 0;
}
