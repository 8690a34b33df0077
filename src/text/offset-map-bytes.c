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

/* The edits, to the last byte; what is wrong with them, or NULL. */
static const char *
read_edits(Reader *reader, const CrOffsetMap *map)
{
  CrEdit edit = {0, 0, 0, 0};
  for (gsize i = 0; i < map->n_edits; i++) {
    gsize gap = get_number(reader), n_old = get_number(reader), n_new = get_number(reader);
    edit.old_start = edit.old_end + gap;
    edit.new_start = edit.new_end + gap;
    edit.old_end = edit.old_start + n_old;
    edit.new_end = edit.new_start + n_new;
    if (reader->bad || edit.old_end > map->old_length || edit.new_end > map->new_length)
      return "an edit lies outside the text";
    map->edits[i] = edit;
  }
  if (reader->p != reader->end)
    return "bytes behind the last edit";
  if (map->old_length - edit.old_end != map->new_length - edit.new_end)
    return "the lengths do not fit together";
  return NULL;
}

static CrOffsetMap *
parse_body(Reader *reader, GError **error)
{
  g_autoptr(CrOffsetMap) map = g_new0(CrOffsetMap, 1);
  map->old_length = get_number(reader);
  map->new_length = get_number(reader);
  map->n_edits = get_number(reader);
  if (reader->bad || map->n_edits > (gsize)(reader->end - reader->p) / 3)
    return set_damaged(error, "it ends early");
  map->edits = g_try_malloc_n(map->n_edits + 1, sizeof *map->edits);
  if (!map->edits)
    return set_damaged(error, "it does not fit into the memory");
  const char *wrong = read_edits(reader, map);
  return wrong ? set_damaged(error, wrong) : g_steal_pointer(&map);
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
