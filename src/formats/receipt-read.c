/* Reading written files once more, from their bytes alone: nothing here is called by a format's reader or
 * writer, nor calls them, so that one mistake cannot hide itself on both sides. */
#include "formats/receipt.h"
#include "base/base.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the slice ---- */

static gsize
sequence_length(guchar lead)
{
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

enum { MARK_EVERY = 1024 };

CrProofText
cr_proof_text(const char *bytes, gsize n_bytes)
{
  CrProofText text = {bytes, n_bytes, g_array_new(FALSE, FALSE, sizeof(gsize))};
  gsize code_point = 0;
  for (gsize byte = 0; byte < n_bytes; byte += sequence_length((guchar)bytes[byte]), code_point++)
    if (code_point % MARK_EVERY == 0)
      g_array_append_val(text.marks, byte);
  return text;
}

void
cr_proof_text_clear(CrProofText *text)
{
  g_clear_pointer(&text->marks, g_array_unref);
}

/* The byte where a code point starts; G_MAXSIZE beyond the text. */
static gsize
byte_of(const CrProofText *text, gsize code_point)
{
  gsize mark = code_point / MARK_EVERY, left = code_point % MARK_EVERY, byte = 0;
  if (mark > 0 && mark >= text->marks->len) {
    if (mark > text->marks->len || left > 0)
      return G_MAXSIZE;
    mark--; /* the end of a text of whole marks */
    left = MARK_EVERY;
  }
  if (mark < text->marks->len)
    byte = g_array_index(text->marks, gsize, mark);
  for (; left > 0 && byte < text->n_bytes; left--)
    byte += sequence_length((guchar)text->bytes[byte]);
  return left == 0 && byte <= text->n_bytes ? byte : G_MAXSIZE;
}

gboolean
cr_proof_failed(const char *where, const char *what, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_OFFSET_NOT_PROVED, "%s: %s", where, what);
  return FALSE;
}

/* Whether said starts with the slice; lenient: control characters and separators of lines may stand as a
 * space. */
static const char *
match_slice(const char *said, const char *slice, gsize n_slice, gboolean lenient)
{
  gsize i = 0;
  while (i < n_slice) {
    gsize n = sequence_length((guchar)slice[i]);
    gboolean is_break =
        (guchar)slice[i] < 0x20 || memcmp(slice + i, "\xC2\x85", MIN(n, 2)) == 0 ||
        (n == 3 && memcmp(slice + i, "\xE2\x80\xA8", 2) == 0 && ((guchar)slice[i + 2] & ~1u) == 0xA8);
    if (strncmp(said, slice + i, n) == 0)
      said += n;
    else if (lenient && is_break && *said == ' ')
      said++;
    else
      return NULL;
    i += n;
  }
  return said;
}

static gboolean
all_slices(const CrProofText *text, const GArray *offsets, const char *said, const char *joiner,
           gboolean lenient)
{
  for (guint i = 0; i + 1 < offsets->len; i += 2) {
    gsize start = byte_of(text, g_array_index(offsets, gsize, i));
    gsize end = byte_of(text, g_array_index(offsets, gsize, i + 1));
    if (start == G_MAXSIZE || end == G_MAXSIZE || start > end)
      return FALSE;
    if (i > 0 && !g_str_has_prefix(said, joiner))
      return FALSE;
    said = match_slice(said + (i > 0 ? strlen(joiner) : 0), text->bytes + start, end - start, lenient);
    if (said == NULL)
      return FALSE;
  }
  return *said == '\0' || (lenient && *said == '\t');
}

/* One finding against its text. offsets: start and end of each piece, code points; said: the text written for
 * it. */
gboolean
cr_proof_finding(CrProof *proof, const CrProofText *text, const GArray *offsets, const char *said,
                 gboolean lenient, const char *where, GError **error)
{
  proof->entities++;
  if (said == NULL)
    return cr_proof_failed(where, "no text was written for it", error);
  if (!all_slices(text, offsets, said, " ", lenient) &&
      !(lenient && all_slices(text, offsets, said, "", lenient)))
    return cr_proof_failed(where, "the slice at its offsets is not its text", error);
  proof->proved++;
  return TRUE;
}

/* Offsets of a JSON entity, or of fragments; NULL where they are not pairs of numbers. transfer full */
GArray *
cr_proof_offsets(const json_t *start, const json_t *end, const json_t *fragments)
{
  g_autoptr(GArray) offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
  gsize n_pairs = json_is_array(fragments) ? json_array_size(fragments) : 1;
  for (gsize i = 0; i < n_pairs; i++) {
    const json_t *pair = json_is_array(fragments) ? json_array_get(fragments, i) : NULL;
    const json_t *ends[] = {pair != NULL ? json_array_get(pair, 0) : start,
                            pair != NULL ? json_array_get(pair, 1) : end};
    for (gsize k = 0; k < 2; k++) {
      if (!json_is_integer(ends[k]) || json_integer_value(ends[k]) < 0)
        return NULL;
      gsize offset = (gsize)json_integer_value(ends[k]);
      g_array_append_val(offsets, offset);
    }
  }
  return g_steal_pointer(&offsets);
}

static GMappedFile *
map_file(const char *path, GError **error)
{
  g_autoptr(GError) failure = NULL;
  GMappedFile *map = g_mapped_file_new(path, FALSE, &failure);
  if (map == NULL)
    g_set_error(error, CR_ERROR, CR_ERROR_IO, "%s: opening: %s", path, failure->message);
  return map;
}

/* ---- JSON lines ---- */

static gboolean
prove_line(CrProof *proof, const char *bytes, gsize n_bytes, const char *where, GError **error)
{
  json_error_t failure;
  g_autoptr(json_t) line = json_loadb(bytes, n_bytes, JSON_REJECT_DUPLICATES, &failure);
  const json_t *text = json_object_get(line, "text"), *entity;
  if (!json_is_string(text))
    return cr_proof_failed(where, "not a document line", error);
  proof->documents++;
  g_auto(CrProofText) marked = cr_proof_text(json_string_value(text), json_string_length(text));
  const json_t *entities = json_object_get(line, "entities");
  for (size_t i = 0; i < json_array_size(entities); i++) {
    entity = json_array_get(entities, i);
    const char *id = json_string_value(json_object_get(entity, "id"));
    g_autofree char *place = g_strdup_printf("%s: %s", where, id != NULL ? id : "an entity without an id");
    g_autoptr(GArray) offsets =
        cr_proof_offsets(json_object_get(entity, "start"), json_object_get(entity, "end"),
                         json_object_get(entity, "fragments"));
    if (offsets == NULL)
      return cr_proof_failed(place, "no offsets", error);
    if (!cr_proof_finding(proof, &marked, offsets, json_string_value(json_object_get(entity, "text")), FALSE,
                          place, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
prove_lines(FILE *file, char **line, const char *path, CrProof *proof, CrProofLineFunc func, GError **error)
{
  size_t capacity = 0;
  ssize_t n;
  for (guint number = 1; (n = getline(line, &capacity, file)) > 0; number++) {
    g_autofree char *where = g_strdup_printf("%s:%u", path, number);
    if (!func(proof, *line, (gsize)n - ((*line)[n - 1] == '\n'), where, error))
      return FALSE;
  }
  if (ferror(file))
    cr_error_set_errno(error, errno, path, "reading");
  return !ferror(file);
}

/* Line by line: the file may be larger than the memory. */
gboolean
cr_proof_lines(const char *path, CrProof *proof, CrProofLineFunc func, GError **error)
{
  FILE *file = fopen(path, "re");
  char *line = NULL;
  if (file == NULL) {
    cr_error_set_errno(error, errno, path, "opening");
    return FALSE;
  }
  gboolean proved = prove_lines(file, &line, path, proof, func, error);
  free(line);
  (void)fclose(file);
  return proved;
}

gboolean
cr_proof_jsonl(const char *path, CrProof *proof, GError **error)
{
  return cr_proof_lines(path, proof, prove_line, error);
}

/* ---- CSV ---- */

typedef struct {
  GMappedFile *map;
  const char *at, *end;
  GPtrArray *header, *row; /* GString */
} Sheet;

static void
free_string(gpointer string)
{
  g_string_free(string, TRUE);
}

static void
sheet_clear(Sheet *sheet)
{
  g_clear_pointer(&sheet->map, g_mapped_file_unref);
  g_clear_pointer(&sheet->header, g_ptr_array_unref);
  g_clear_pointer(&sheet->row, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sheet, sheet_clear)

/* The next row, character by character. FALSE at the end. */
static gboolean
sheet_next(Sheet *sheet)
{
  gboolean quoted = FALSE;
  g_ptr_array_set_size(sheet->row, 0);
  if (sheet->at == NULL || sheet->at >= sheet->end)
    return FALSE;
  GString *cell = g_string_new(NULL);
  g_ptr_array_add(sheet->row, cell);
  while (sheet->at < sheet->end) {
    char c = *sheet->at++;
    if (c == '"' && quoted && sheet->at < sheet->end && *sheet->at == '"')
      g_string_append_c(cell, *sheet->at++);
    else if (c == '"')
      quoted = !quoted;
    else if (c == '\n' && !quoted)
      break;
    else if (c == ',' && !quoted)
      g_ptr_array_add(sheet->row, cell = g_string_new(NULL));
    else
      g_string_append_c(cell, c);
  }
  return TRUE;
}

static gboolean
sheet_open(Sheet *sheet, const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename(folder, name, NULL);
  sheet->map = map_file(path, error);
  if (sheet->map == NULL)
    return FALSE;
  sheet->at = g_mapped_file_get_contents(sheet->map);
  sheet->end = sheet->at + g_mapped_file_get_length(sheet->map);
  sheet->row = g_ptr_array_new_with_free_func(free_string);
  if (!sheet_next(sheet))
    return cr_proof_failed(path, "no header", error);
  sheet->header = g_steal_pointer(&sheet->row);
  sheet->row = g_ptr_array_new_with_free_func(free_string);
  return TRUE;
}

/* Borrowed; NULL where there is no such column. */
static const GString *
cell_of(const Sheet *sheet, const char *column)
{
  for (guint i = 0; i < sheet->header->len && i < sheet->row->len; i++)
    if (strcmp(((GString *)sheet->header->pdata[i])->str, column) == 0)
      return sheet->row->pdata[i];
  return NULL;
}

static gboolean
prove_row(CrProof *proof, const Sheet *findings, const CrProofText *text, const char *where, GError **error)
{
  const GString *start = cell_of(findings, "start"), *end = cell_of(findings, "end"),
                *said = cell_of(findings, "text");
  const GString *fragments = cell_of(findings, "fragments"), *id = cell_of(findings, "id");
  g_autofree char *place = g_strdup_printf("%s: %s", where, id != NULL ? id->str : "");
  if (start == NULL || end == NULL || said == NULL)
    return cr_proof_failed(place, "a column is missing", error);
  g_autoptr(json_t) from = json_integer((json_int_t)g_ascii_strtoull(start->str, NULL, 10));
  g_autoptr(json_t) to = json_integer((json_int_t)g_ascii_strtoull(end->str, NULL, 10));
  g_autoptr(json_t) pieces =
      fragments != NULL && fragments->len > 0 ? json_loads(fragments->str, 0, NULL) : NULL;
  g_autoptr(GArray) offsets = cr_proof_offsets(from, to, pieces);
  if (offsets == NULL)
    return cr_proof_failed(place, "no offsets", error);
  return cr_proof_finding(proof, text, offsets, said->str, FALSE, place, error);
}

/* Findings stand in the order of their documents. */
static gboolean
prove_document(CrProof *proof, const Sheet *documents, Sheet *findings, gboolean *has_row, const char *path,
               GError **error)
{
  const GString *id = cell_of(documents, "id"), *text = cell_of(documents, "text");
  if (id == NULL || text == NULL)
    return cr_proof_failed(path, "documents.csv has no id or text", error);
  g_autofree char *where = g_strdup_printf("%s: %s", path, id->str);
  g_auto(CrProofText) marked = cr_proof_text(text->str, text->len);
  proof->documents++;
  while (*has_row) {
    const GString *document = cell_of(findings, "document");
    if (document == NULL || !g_string_equal(document, id))
      return TRUE;
    if (!prove_row(proof, findings, &marked, where, error))
      return FALSE;
    *has_row = sheet_next(findings);
  }
  return TRUE;
}

gboolean
cr_proof_csv(const char *path, CrProof *proof, GError **error)
{
  g_auto(Sheet) documents = {0};
  g_auto(Sheet) findings = {0};
  if (!sheet_open(&documents, path, "documents.csv", error) ||
      !sheet_open(&findings, path, "findings.csv", error))
    return FALSE;
  gboolean has_row = sheet_next(&findings);
  while (sheet_next(&documents))
    if (!prove_document(proof, &documents, &findings, &has_row, path, error))
      return FALSE;
  return !has_row || cr_proof_failed(path, "findings.csv has rows without their document", error);
}

/* ---- brat ---- */

/* "Type 0 3;4 7": every run of digits behind the type. */
static GArray *
brat_offsets(const char *data, gsize n_data)
{
  GArray *offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
  const char *at = memchr(data, ' ', n_data), *end = data + n_data;
  while (at != NULL && at < end) {
    char *after = NULL;
    gsize offset = (gsize)g_ascii_strtoull(at + 1, &after, 10);
    g_array_append_val(offsets, offset);
    at = after < end ? after : NULL;
  }
  return offsets;
}

static gboolean
prove_t_line(CrProof *proof, const char *line, gsize n_line, const CrProofText *text, const char *path,
             GError **error)
{
  const char *data = memchr(line, '\t', n_line);
  const char *said = data != NULL ? memchr(data + 1, '\t', n_line - (gsize)(data + 1 - line)) : NULL;
  g_autofree char *where = g_strdup_printf("%s: %.*s", path, (int)(data != NULL ? data - line : 0), line);
  if (said == NULL)
    return cr_proof_failed(where, "not a T line", error);
  g_autoptr(GArray) offsets = brat_offsets(data + 1, (gsize)(said - data - 1));
  gsize n_said = n_line - (gsize)(said + 1 - line);
  if (n_said > 0 && said[n_said] == '\r')
    n_said--;
  g_autofree char *copy = g_strndup(said + 1, n_said);
  if (offsets->len == 0 || offsets->len % 2 != 0)
    return cr_proof_failed(where, "no offsets", error);
  return cr_proof_finding(proof, text, offsets, copy, TRUE, where, error);
}

static gboolean
prove_annotations(CrProof *proof, const char *path, const CrProofText *text, GError **error)
{
  g_autoptr(GMappedFile) map = map_file(path, error);
  if (map == NULL)
    return FALSE;
  const char *at = g_mapped_file_get_contents(map), *end = at + g_mapped_file_get_length(map);
  while (at != NULL && at < end) {
    const char *line_end = memchr(at, '\n', (gsize)(end - at));
    if (line_end == NULL)
      line_end = end;
    if (*at == 'T' && !prove_t_line(proof, at, (gsize)(line_end - at), text, path, error))
      return FALSE;
    at = line_end + 1;
  }
  return TRUE;
}

static gboolean
prove_note(CrProof *proof, const char *path, GError **error)
{
  static const char *const endings[] = {".ann", ".a1", ".a2", ".rel", ".co"};
  g_autoptr(GMappedFile) map = map_file(path, error);
  if (map == NULL)
    return FALSE;
  const char *text = g_mapped_file_get_contents(map);
  g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".txt"));
  g_auto(CrProofText) marked = cr_proof_text(text != NULL ? text : "", g_mapped_file_get_length(map));
  proof->documents++;
  for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
    g_autofree char *annotations = g_strconcat(stem, endings[i], NULL);
    if (g_file_test(annotations, G_FILE_TEST_EXISTS) &&
        !prove_annotations(proof, annotations, &marked, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
cr_proof_brat(const char *path, CrProof *proof, GError **error)
{
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  if (dir == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_IO, "%s: opening the folder", path);
    return FALSE;
  }
  for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
    g_autofree char *below = g_build_filename(path, name, NULL);
    if (name[0] == '.')
      continue;
    gboolean is_folder = g_file_test(below, G_FILE_TEST_IS_DIR);
    if (is_folder && !cr_proof_brat(below, proof, error))
      return FALSE;
    if (!is_folder && g_str_has_suffix(name, ".txt") && !prove_note(proof, below, error))
      return FALSE;
  }
  return TRUE;
}
