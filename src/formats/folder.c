/* What formats of one file a note share: names of files, and line ends that every reader counts alike. */
#include "formats/formats-private.h"
#include "base/base.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

gboolean
cr_folder_write(const char *folder, const char *relative, const char *bytes, gsize n_bytes, GError **error)
{
  g_autofree char *path = g_build_filename(folder, relative, NULL), *parent = g_path_get_dirname(path);
  if (g_mkdir_with_parents(parent, 0700) != 0) {
    cr_error_set_errno(error, errno, parent, "creating the folder");
    return FALSE;
  }
  /* The folder that it lies in is synced and renamed as a whole. */
  return cr_out_write_plain(path, bytes, n_bytes, error);
}

/* An id as a path below the folder: never upwards, never hidden. transfer full */
static char *
stem_of(const char *id)
{
  g_autoptr(GString) stem = g_string_new(NULL);
  g_auto(GStrv) parts = g_strsplit(id, "/", -1);
  for (gsize i = 0; parts[i] != NULL; i++) {
    g_autofree char *part = g_strndup(parts[i], 200);
    for (char *p = part; *p != '\0'; p++)
      if (g_ascii_iscntrl(*p) || *p == '\\' || (p == part && *p == '.'))
        *p = '_';
    g_string_append_printf(stem, "%s%s", i > 0 ? "/" : "", part[0] != '\0' ? part : "_");
  }
  g_autofree char *valid = g_utf8_make_valid(stem->str, (gssize)stem->len);
  return g_steal_pointer(&valid);
}

char *
cr_folder_stem(GHashTable *stems, const char *id, const char *ending, GPtrArray *not_carried, GError **error)
{
  g_autofree char *stem = stem_of(id);
  if (strcmp(stem, id) != 0)
    cr_not_carried_add(not_carried, id, "id as it is (the file is %s%s)", stem, ending);
  if (!g_hash_table_add(stems, g_strdup(stem))) {
    g_set_error(error, CR_ERROR, CR_ERROR_DUPLICATE_ID, "%s: two documents for the file %s%s", id, stem,
                ending);
    return NULL;
  }
  return g_steal_pointer(&stem);
}

/* ---- line ends: programs count CR LF differently (XML readers make it one LF), so notes go out with LF ----
 */

static gsize
count_below(const GArray *cuts, gsize offset)
{
  guint low = 0, high = cuts->len;
  while (low < high) {
    guint middle = (low + high) / 2;
    if (g_array_index(cuts, gsize, middle) < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* A piece that was the CR alone goes with it, as long as another is left. */
static GArray *
move_pieces(const GArray *pieces, const GArray *cuts)
{
  GArray *moved = cr_fragments_new();
  for (guint i = 0; i < pieces->len; i++) {
    CrSpan old = g_array_index(pieces, CrSpan, i);
    CrSpan piece = {old.start - count_below(cuts, old.start), old.end - count_below(cuts, old.end)};
    gboolean vanished = piece.start == piece.end && old.start < old.end;
    if (!vanished || (moved->len == 0 && i + 1 == pieces->len))
      g_array_append_val(moved, piece);
  }
  return moved;
}

static void
move_entity(json_t *entity, const GArray *cuts)
{
  g_autoptr(GArray) pieces = cr_pieces_of(entity, NULL);
  g_autoptr(GArray) moved = pieces != NULL ? move_pieces(pieces, cuts) : NULL;
  if (moved != NULL)
    cr_pieces_set(entity, moved);
  json_object_del(entity, "text");
}

/* The text without the CR of each CR LF; cuts gets their offsets in code points. transfer full */
static char *
plain_text(const json_t *document, GArray *cuts)
{
  const char *text = json_string_value(json_object_get(document, "text"));
  GString *plain = g_string_new(NULL);
  gsize offset = 0;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p), offset++) {
    if (p[0] == '\r' && p[1] == '\n')
      g_array_append_val(cuts, offset);
    else
      g_string_append_len(plain, p, g_utf8_next_char(p) - p);
  }
  return g_string_free(plain, FALSE);
}

/* New reference: the document itself, or one with LF line ends and its offsets moved. */
json_t *
cr_document_plain_lines(const json_t *document, GPtrArray *not_carried)
{
  const char *text = json_string_value(json_object_get(document, "text"));
  if (strstr(text, "\r\n") == NULL)
    return json_incref((json_t *)document);
  g_autoptr(GArray) cuts = g_array_new(FALSE, FALSE, sizeof(gsize));
  json_t *copy = json_deep_copy(document), *entity;
  size_t i;
  g_autofree char *plain = plain_text(document, cuts);
  json_object_set_new(copy, "text", json_string(plain));
  json_array_foreach(cr_document_array(copy, "entities"), i, entity) move_entity(entity, cuts);
  cr_not_carried_add(not_carried, cr_document_id(document), "CR LF line ends of the text (written as LF)");
  return copy;
}
