/* The receipt's readers of the two i2b2 formats and of MAE, with code of their own. */
#include "formats/receipt.h"
#include "base/base.h"
#include <stdio.h>
#include <string.h>

typedef gboolean (*FileFunc)(CrProof *proof, const char *path, const char *bytes, gsize n_bytes,
                             GError **error);

static gboolean
prove_file(CrProof *proof, const char *path, FileFunc func, GError **error)
{
  g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, NULL);
  const char *bytes = map != NULL ? g_mapped_file_get_contents(map) : NULL;
  if (map == NULL)
    return cr_proof_failed(path, "it can't be opened", error);
  return func(proof, path, bytes != NULL ? bytes : "", g_mapped_file_get_length(map), error);
}

static gboolean
prove_folder(CrProof *proof, const char *folder, const char *ending, FileFunc func, GError **error)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  if (dir == NULL)
    return cr_proof_failed(folder, "it can't be opened", error);
  for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    const gboolean is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    if (is_folder && !prove_folder(proof, path, ending, func, error))
      return FALSE;
    if (!is_folder && g_str_has_suffix(name, ending) && !prove_file(proof, path, func, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- 2010 ---- */

/* The bytes of tokens first..last of a line; NULL where they are not there. */
static const char *
tokens_of_line(const char *text, gsize n_bytes, guint line, guint first, guint last, gsize *n_out)
{
  const char *at = text, *end = text + n_bytes, *from = NULL;
  for (guint l = 1; l < line; l++) {
    at = memchr(at, '\n', (gsize)(end - at));
    if (at == NULL)
      return NULL;
    at++;
  }
  for (guint token = 0; at < end && *at != '\n'; token++) {
    while (at < end && *at != '\n' && g_ascii_isspace(*at))
      at++;
    if (at == end || *at == '\n')
      return NULL;
    if (token == first)
      from = at;
    while (at < end && !g_ascii_isspace(*at))
      at++;
    if (token == last && from != NULL) {
      *n_out = (gsize)(at - from);
      return from;
    }
  }
  return NULL;
}

static char *
plain(const char *bytes, gsize n_bytes)
{
  g_autofree char *lower = g_utf8_strdown(bytes, (gssize)n_bytes);
  g_auto(GStrv) words = g_strsplit_set(lower, " \t\r\n\v\f", -1);
  GString *out = g_string_new(NULL);
  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] != '\0')
      g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", words[i]);
  return g_string_free(out, FALSE);
}

/* c="TEXT" L:T L:T||t="…": the place is the last in the line before "||t=". */
static gboolean
prove_concept(CrProof *proof, const char *line, const char *text, gsize n_text, const char *where,
              GError **error)
{
  const char *type = g_strrstr(line, "||t=\""), *quote = NULL;
  guint l, first, l2, last;
  gsize n = 0;
  for (const char *c = line + 3; type != NULL && c < type; c++)
    if (*c == '"')
      quote = c;
  proof->entities++;
  if (!g_str_has_prefix(line, "c=\"") || quote == NULL ||
      sscanf(quote, "\" %u:%u %u:%u", &l, &first, &l2, &last) != 4 || l != l2)
    return cr_proof_failed(where, "not a concept", error);
  const char *stands = tokens_of_line(text, n_text, l, first, last, &n);
  if (stands == NULL)
    return cr_proof_failed(where, "its tokens are not there", error);
  g_autofree char *one = plain(stands, n), *other = plain(line + 3, (gsize)(quote - line) - 3);
  if (strcmp(one, other) != 0)
    return cr_proof_failed(where, "the slice at its tokens is not its text", error);
  proof->proved++;
  return TRUE;
}

static gboolean
prove_note(CrProof *proof, const char *path, const char *bytes, gsize n_bytes, GError **error)
{
  g_autofree char *stem = g_strndup(path, strlen(path) - 4), *concepts = g_strconcat(stem, ".con", NULL),
                  *list = NULL;
  proof->documents++;
  if (!g_file_get_contents(concepts, &list, NULL, NULL))
    return cr_proof_failed(concepts, "it can't be read", error);
  g_auto(GStrv) lines = g_strsplit(list, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_autofree char *where = g_strdup_printf("%s:%u", concepts, i + 1);
    if (lines[i][0] != '\0' && !prove_concept(proof, lines[i], bytes, n_bytes, where, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
cr_proof_i2b2_2010(const char *path, CrProof *proof, GError **error)
{
  return prove_folder(proof, path, ".txt", prove_note, error);
}

/* ---- 2014 ---- */

/* What CDATA sections between <TEXT> and </TEXT> hold; *behind: where they end. transfer full; NULL where
 * there are none */
static char *
section_text(const char *xml, const char **behind)
{
  static const char open[] = "<![CDATA[";
  const char *at = strstr(xml, "<TEXT>"), *end;
  GString *out = g_string_new(NULL);
  if (at == NULL)
    return g_string_free(out, TRUE);
  for (at += strlen("<TEXT>"); g_str_has_prefix(at, open); at = end + 3) {
    at += strlen(open);
    end = strstr(at, "]]>");
    if (end == NULL)
      break;
    g_string_append_len(out, at, end - at);
  }
  *behind = at;
  return g_string_free(out, FALSE);
}

/* The value of an attribute of a tag that ends at end, references undone. transfer full; NULL: none */
static char *
attribute(const char *tag, const char *end, const char *name)
{
  g_autofree char *head = g_strdup_printf(" %s=\"", name);
  const char *at = g_strstr_len(tag, end - tag, head),
             *stop = at != NULL ? strchr(at + strlen(head), '"') : NULL;
  GString *out = g_string_new(NULL);
  if (stop == NULL)
    return g_string_free(out, TRUE);
  for (at += strlen(head); at < stop; at++) {
    guint code;
    if (sscanf(at, "&#%u;", &code) == 1) {
      g_string_append_c(out, (char)code);
      at = strchr(at, ';');
    } else
      g_string_append_c(out, *at);
  }
  return g_string_free(out, FALSE);
}

static gboolean
prove_tag(CrProof *proof, const CrProofText *text, const char *tag, const char *end, const char *where,
          GError **error)
{
  g_autofree char *start = attribute(tag, end, "start"), *stop = attribute(tag, end, "end"),
                  *said = attribute(tag, end, "text");
  if (start == NULL || stop == NULL)
    return cr_proof_failed(where, "a tag without offsets", error);
  g_autoptr(json_t) from = json_integer((json_int_t)g_ascii_strtoull(start, NULL, 10)),
                    to = json_integer((json_int_t)g_ascii_strtoull(stop, NULL, 10));
  g_autoptr(GArray) offsets = cr_proof_offsets(from, to, NULL);
  return cr_proof_finding(proof, text, offsets, said, FALSE, where, error);
}

/* The pieces' text with one space between, as long as each is as its offsets say; NULL where it is not. */
static char *
with_spaces(const char *said, const GArray *offsets)
{
  static const char between[] = " ... ";
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; i + 1 < offsets->len; i += 2) {
    if (i > 0 && !g_str_has_prefix(said, between))
      return NULL;
    said += i > 0 ? strlen(between) : 0;
    const char *from = said;
    for (gsize n = g_array_index(offsets, gsize, i + 1) - g_array_index(offsets, gsize, i);
         n > 0 && *said != '\0'; n--)
      said = g_utf8_next_char(said);
    g_string_append(out, i > 0 ? " " : "");
    g_string_append_len(out, from, said - from);
  }
  return *said == '\0' ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

/* spans="a~b,c~d", its text's pieces joined by " ... "; elements without spans, or of the whole note, have
 * none. */
static gboolean
prove_mae_tag(CrProof *proof, const CrProofText *text, const char *tag, const char *end, const char *where,
              GError **error)
{
  g_autofree char *spans = attribute(tag, end, "spans"), *said = attribute(tag, end, "text");
  g_autoptr(GArray) offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
  if (spans == NULL || g_str_has_prefix(spans, "-1"))
    return TRUE;
  g_auto(GStrv) numbers = g_strsplit_set(spans, "~,", -1);
  for (guint i = 0; numbers[i] != NULL; i++) {
    const gsize offset = (gsize)g_ascii_strtoull(numbers[i], NULL, 10);
    g_array_append_val(offsets, offset);
  }
  if (offsets->len % 2 != 0 || said == NULL)
    return cr_proof_failed(where, "a tag without offsets or text", error);
  g_autofree char *joined = with_spaces(said, offsets);
  if (joined == NULL)
    return cr_proof_failed(where, "its text is not the pieces' joined", error);
  return cr_proof_finding(proof, text, offsets, joined, FALSE, where, error);
}

typedef gboolean (*TagFunc)(CrProof *proof, const CrProofText *text, const char *tag, const char *end,
                            const char *where, GError **error);

static gboolean
prove_tags(CrProof *proof, const char *path, const char *bytes, gsize n_bytes, TagFunc func, GError **error)
{
  g_autofree char *xml = g_strndup(bytes, n_bytes), *text = NULL;
  const char *behind = xml;
  text = section_text(xml, &behind);
  const char *at = text != NULL ? strstr(behind, "<TAGS>") : NULL;
  if (at == NULL)
    return cr_proof_failed(path, "no TEXT or no TAGS", error);
  g_auto(CrProofText) marked = cr_proof_text(text, strlen(text));
  proof->documents++;
  for (at = strchr(at, '\n'); at != NULL && g_str_has_prefix(at, "\n<") && !g_str_has_prefix(at, "\n</");
       at = strchr(at + 1, '\n')) {
    const char *end = strchr(at + 1, '\n');
    if (end == NULL || !func(proof, &marked, at, end, path, error))
      return end == NULL ? cr_proof_failed(path, "a tag that is cut", error) : FALSE;
  }
  return TRUE;
}

static gboolean
prove_xml(CrProof *proof, const char *path, const char *bytes, gsize n_bytes, GError **error)
{
  return prove_tags(proof, path, bytes, n_bytes, prove_tag, error);
}

static gboolean
prove_mae(CrProof *proof, const char *path, const char *bytes, gsize n_bytes, GError **error)
{
  return prove_tags(proof, path, bytes, n_bytes, prove_mae_tag, error);
}

gboolean
cr_proof_mae(const char *path, CrProof *proof, GError **error)
{
  return prove_folder(proof, path, ".xml", prove_mae, error);
}

gboolean
cr_proof_i2b2_2014(const char *path, CrProof *proof, GError **error)
{
  return prove_folder(proof, path, ".xml", prove_xml, error);
}
