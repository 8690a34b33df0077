/* offset map as bytes: "CRM", version 1, then LEB128 numbers: old length, new length, number of edits, and
 * for each edit the unchanged stretch before it, its old and its new length; then the first 8 bytes of the
 * SHA-256 of all that. About 4 bytes an edit. */
#include "base/base.h"
#include "text/offset-map-private.h"
#include <string.h>

#define HEADER "CRM\1"
#define HEADER_BYTES 4
#define CHECK_BYTES 8

static void
put_number(GByteArray *bytes, guint64 n)
{
  for (; n >= 0x80; n >>= 7)
    g_byte_array_append(bytes, &(guint8){(guint8)(n | 0x80)}, 1);
  g_byte_array_append(bytes, &(guint8){(guint8)n}, 1);
}

GBytes *
cr_offset_map_serialise(const CrOffsetMap *map)
{
  GByteArray *bytes = g_byte_array_new();
  g_byte_array_append(bytes, (const guint8 *)HEADER, HEADER_BYTES);
  put_number(bytes, map->old_length);
  put_number(bytes, map->new_length);
  put_number(bytes, map->n_edits);
  gsize old_pos = 0;
  for (gsize i = 0; i < map->n_edits; i++) {
    CrEdit e = map->edits[i];
    put_number(bytes, e.old_start - old_pos);
    put_number(bytes, e.old_end - e.old_start);
    put_number(bytes, e.new_end - e.new_start);
    old_pos = e.old_end;
  }
  uint8_t hash[CR_HASH_BYTES];
  cr_sha256(bytes->data, bytes->len, hash);
  g_byte_array_append(bytes, hash, CHECK_BYTES);
  return g_byte_array_free_to_bytes(bytes);
}

typedef struct {
  const guint8 *p, *end;
  gboolean bad;
} Reader;

/* 0 once anything was wrong. Numbers stay below 2^56, so that sums of a few cannot overflow. */
static gsize
get_number(Reader *reader)
{
  guint64 n = 0;
  for (guint shift = 0; shift < 56 && reader->p < reader->end; shift += 7) {
    guint8 byte = *reader->p++;
    n |= (guint64)(byte & 0x7F) << shift;
    if (byte < 0x80)
      return (gsize)n;
  }
  reader->bad = TRUE;
  return 0;
}

static CrOffsetMap *
set_damaged(GError **error, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "offset map: %s", what);
  return NULL;
}

static CrOffsetMap *
parse_body(Reader *reader, GError **error)
{
  gsize old_length = get_number(reader), new_length = get_number(reader), n_edits = get_number(reader);
  if (reader->bad || n_edits > (gsize)(reader->end - reader->p) / 3)
    return set_damaged(error, "it ends early");
  g_autofree CrEdit *edits = g_try_malloc_n(n_edits + 1, sizeof *edits);
  if (!edits)
    return set_damaged(error, "it does not fit into the memory");
  CrEdit before = {0, 0, 0, 0};
  for (gsize i = 0; i < n_edits; i++) {
    gsize gap = get_number(reader), n_old = get_number(reader), n_new = get_number(reader);
    before.old_start = before.old_end + gap;
    before.new_start = before.new_end + gap;
    before.old_end = before.old_start + n_old;
    before.new_end = before.new_start + n_new;
    if (reader->bad || before.old_end > old_length || before.new_end > new_length)
      return set_damaged(error, "an edit lies outside the text");
    edits[i] = before;
  }
  if (reader->p != reader->end)
    return set_damaged(error, "bytes behind the last edit");
  CrOffsetMap *map = cr_offset_map_new(edits, n_edits, old_length, new_length, NULL);
  return map ? map : set_damaged(error, "the lengths do not fit together");
}

CrOffsetMap *
cr_offset_map_parse(GBytes *bytes, GError **error)
{
  gsize n = 0;
  const guint8 *data = g_bytes_get_data(bytes, &n);
  if (n < HEADER_BYTES + CHECK_BYTES || memcmp(data, HEADER, HEADER_BYTES) != 0)
    return set_damaged(error, "not one, or of another version");
  uint8_t hash[CR_HASH_BYTES];
  cr_sha256(data, n - CHECK_BYTES, hash);
  if (memcmp(hash, data + n - CHECK_BYTES, CHECK_BYTES) != 0)
    return set_damaged(error, "the checksum does not match");
  Reader reader = {data + HEADER_BYTES, data + n - CHECK_BYTES, FALSE};
  return parse_body(&reader, error);
}
