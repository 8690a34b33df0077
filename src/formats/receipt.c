/* The receipt: what was written, hashed, and every offset proved. An auditor checks it with nothing but the
 * folder. */
#include "formats/formats-private.h"
#include "formats/receipt.h"
#include "base/base.h"
#include "base/keyring.h"
#include <string.h>

static const struct {
  const char *format;
  gboolean (*prove)(const char *path, CrProof *proof, GError **error);
} provers[] = {{"jsonl", cr_proof_jsonl},
               {"csv", cr_proof_csv},
               {"brat", cr_proof_brat},
               {"prodigy", cr_proof_prodigy},
               {"doccano", cr_proof_doccano},
               {"label-studio", cr_proof_label_studio},
               {"conll", cr_proof_conll},
               {"huggingface", cr_proof_huggingface},
               {"i2b2-2010", cr_proof_i2b2_2010},
               {"i2b2-2014", cr_proof_i2b2_2014},
               {"mae", cr_proof_mae}};

static const char *
unit_name(CrUnit unit)
{
  static const char *const names[] = {"byte", "code point", "UTF-16 code unit"};
  return names[unit];
}

static gboolean
add_file(json_t *files, const char *path, const char *relative, GError **error)
{
  guint64 n_bytes = 0;
  g_autofree char *hash = cr_file_sha256_hex(path, &n_bytes, error);
  if (hash == NULL)
    return FALSE;
  json_array_append_new(
      files, json_pack("{s:s, s:I, s:s}", "path", relative, "bytes", (json_int_t)n_bytes, "sha256", hash));
  return TRUE;
}

static json_t *
list_written(const char *path, GError **error)
{
  g_autoptr(json_t) files = json_array();
  if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
    g_autofree char *name = g_path_get_basename(path);
    return add_file(files, path, name, error) ? g_steal_pointer(&files) : NULL;
  }
  g_autoptr(GPtrArray) names = cr_list_files(path, error);
  if (names == NULL)
    return NULL;
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *full = g_build_filename(path, names->pdata[i], NULL);
    if (!add_file(files, full, names->pdata[i], error))
      return NULL;
  }
  return g_steal_pointer(&files);
}

static gboolean
prove(const CrFormat *format, const char *path, CrProof *proof, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS(provers); i++)
    if (strcmp(provers[i].format, format->name) == 0)
      return provers[i].prove(path, proof, error);
  g_set_error(error, CR_ERROR, CR_ERROR_OFFSET_NOT_PROVED, "%s: no proof for the format %s", path,
              format->name);
  return FALSE;
}

json_t *
cr_receipt_make(const CrFormat *format, const char *path, GError **error)
{
  CrProof proof = {0};
  if (!prove(format, path, &proof, error))
    return NULL;
  g_autoptr(json_t) files = list_written(path, error);
  if (files == NULL)
    return NULL;
  return json_pack("{s:s, s:s, s:O, s:I, s:I, s:I}", "format", format->name, "unit", unit_name(format->unit),
                   "files", files, "documents", (json_int_t)proof.documents, "entities",
                   (json_int_t)proof.entities, "proved", (json_int_t)proof.proved);
}

/* ---- checking ---- */

/* A path of a receipt stays below the folder. */
static gboolean
is_below(const char *path)
{
  g_auto(GStrv) parts = g_strsplit(path, "/", -1);
  return path[0] != '/' && !g_strv_contains((const char *const *)parts, "..");
}

static gboolean
changed(const char *path, const char *what, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "%s: %s", path, what);
  return FALSE;
}

static gboolean
check_file(const char *dir, const json_t *entry, GError **error)
{
  const char *relative = cr_json_string(entry, "path"), *hash = cr_json_string(entry, "sha256");
  if (relative == NULL || hash == NULL || !is_below(relative))
    return changed(dir, "receipt.json does not name its files", error);
  g_autofree char *path = g_build_filename(dir, relative, NULL);
  g_autoptr(json_t) now = json_array();
  if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
    return changed(path, "the receipt names this file, and it is not there", error);
  if (!add_file(now, path, relative, error))
    return FALSE;
  if (g_strcmp0(cr_json_string(json_array_get(now, 0), "sha256"), hash) != 0)
    return changed(path, "not the file that the receipt was made of", error);
  return TRUE;
}

/* The path that a receipt was made of, seen from the folder it lies in: one file, or the folder of them. */
static char *
receipt_root(const char *dir, const CrFormat *format, const json_t *receipt)
{
  const json_t *first = json_array_get(json_object_get(receipt, "files"), 0);
  const char *base = cr_json_string(receipt, "base"), *name = cr_json_string(first, "path");
  g_autofree char *root = g_build_filename(dir, base != NULL && is_below(base) ? base : "", NULL);
  if (format->is_folder || name == NULL)
    return g_steal_pointer(&root);
  return g_build_filename(root, name, NULL);
}

static gboolean
check_proof(const char *dir, const json_t *receipt, GError **error)
{
  static const char *const counts[] = {"documents", "entities", "proved"};
  const char *name = cr_json_string(receipt, "format");
  const CrFormat *format = name != NULL ? cr_format_find(name) : NULL;
  if (format == NULL)
    return changed(dir, "receipt.json names no format that this version knows", error);
  CrProof proof = {0};
  g_autofree char *root = receipt_root(dir, format, receipt);
  if (!prove(format, root, &proof, error))
    return FALSE;
  const guint64 now[] = {proof.documents, proof.entities, proof.proved};
  for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
    if ((guint64)json_integer_value(json_object_get(receipt, counts[i])) != now[i])
      return changed(dir, "the counts of receipt.json are not those of its files", error);
  return TRUE;
}

static gboolean
check_files(const char *dir, const json_t *files, GError **error)
{
  for (size_t i = 0; i < json_array_size(files); i++)
    if (!check_file(dir, json_array_get(files, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
check_one(const char *dir, const json_t *receipt, GError **error)
{
  const json_t *files = json_object_get(receipt, "files");
  const char *base = cr_json_string(receipt, "base");
  g_autofree char *root = g_build_filename(dir, base != NULL && is_below(base) ? base : "", NULL);
  if (!json_is_array(files))
    return changed(dir, "receipt.json lists no files", error);
  return check_files(root, files, error) && check_proof(dir, receipt, error);
}

/* ---- what lies in the folder and is named nowhere ---- */

static void
name_files(GHashTable *named, const char *base, const json_t *files)
{
  for (size_t i = 0; i < json_array_size(files); i++) {
    const char *path = cr_json_string(json_array_get(files, i), "path");
    if (path != NULL)
      g_hash_table_add(named,
                       base != NULL && base[0] != '\0' ? g_build_filename(base, path, NULL) : g_strdup(path));
  }
}

static gboolean
check_strangers(const char *dir, const json_t *receipt, GError **error)
{
  const json_t *receipts = json_object_get(receipt, "receipts");
  g_autoptr(GHashTable) named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) files = cr_list_files(dir, error);
  if (files == NULL)
    return FALSE;
  g_hash_table_add(named, g_strdup("receipt.json"));
  name_files(named, cr_json_string(receipt, "base"), json_object_get(receipt, "files"));
  for (size_t i = 0; i < json_array_size(receipts); i++) {
    const json_t *one = json_array_get(receipts, i);
    name_files(named, cr_json_string(one, "base"), json_object_get(one, "files"));
  }
  for (guint i = 0; i < files->len; i++)
    if (!g_hash_table_contains(named, files->pdata[i])) {
      g_autofree char *path = g_build_filename(dir, files->pdata[i], NULL);
      return changed(path, "receipt.json does not name this file", error);
    }
  return TRUE;
}

/* ---- the signature ---- */

static void
list_lines(GPtrArray *lines, const char *base, const json_t *files)
{
  for (size_t i = 0; i < json_array_size(files); i++) {
    const json_t *file = json_array_get(files, i);
    const char *path = cr_json_string(file, "path"), *hash = cr_json_string(file, "sha256");
    const gboolean below = base != NULL && *base != '\0';
    g_ptr_array_add(lines, g_strdup_printf("%s%s%s\n%s", below ? base : "", below ? "/" : "",
                                           path ? path : "", hash ? hash : ""));
  }
}

static gint
compare_lines(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
cr_receipt_manifest(const json_t *receipt)
{
  g_autoptr(GPtrArray) lines =
      g_ptr_array_new_with_free_func(g_free); /* "PATH\nHASH" until they are in order */
  const json_t *receipts = json_object_get(receipt, "receipts");
  GString *out = g_string_new(NULL);
  list_lines(lines, NULL, json_object_get(receipt, "files"));
  for (size_t i = 0; i < json_array_size(receipts); i++) {
    const json_t *one = json_array_get(receipts, i);
    list_lines(lines, cr_json_string(one, "base"), json_object_get(one, "files"));
  }
  g_ptr_array_sort(lines, compare_lines);
  for (guint i = 0; i < lines->len; i++) {
    const char *line = lines->pdata[i], *hash = strchr(line, '\n');
    g_string_append_printf(out, "%s  %.*s\n", hash + 1, (int)(hash - line), line);
  }
  return g_string_free(out, FALSE);
}

static gboolean
check_signature(const char *path, const json_t *receipt, GError **error)
{
  static const char *const needed[] = {"meaning", "hash", "time", "member", "signature", "public_key"};
  const json_t *is_signed = json_object_get(receipt, "signed");
  uint8_t signature[64];
  if (is_signed == NULL)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
    if (cr_json_string(is_signed, needed[i]) == NULL)
      return changed(path, "its signature is not whole", error);
  g_autofree char *manifest = cr_receipt_manifest(receipt), *hash = cr_sha256_hex(manifest, strlen(manifest));
  const char *project = cr_json_string(receipt, "project");
  g_autofree char *said =
      g_strdup_printf("chartroom signature\n%s\n%s\n%s\n%s\n%s", project != NULL ? project : "",
                      cr_json_string(is_signed, "meaning"), hash, cr_json_string(is_signed, "time"),
                      cr_json_string(is_signed, "member"));
  if (strcmp(hash, cr_json_string(is_signed, "hash")) != 0)
    return changed(path, "the files it names are not those that were signed", error);
  if (!cr_unhex(cr_json_string(is_signed, "signature"), signature, sizeof signature) ||
      !cr_signature_valid(cr_json_string(is_signed, "public_key"), said, strlen(said), signature))
    return changed(path, "its signature does not hold", error);
  return TRUE;
}

gboolean
cr_receipt_check(const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename(dir, "receipt.json", NULL);
  g_autoptr(GBytes) bytes = cr_file_read(path, 1 << 28, error);
  if (bytes == NULL)
    return FALSE;
  gsize n_bytes = 0;
  const char *data = g_bytes_get_data(bytes, &n_bytes);
  g_autoptr(json_t) receipt = cr_json_parse(data, n_bytes, NULL);
  if (!json_is_object(receipt))
    return changed(path, "not a JSON object", error);
  const json_t *receipts = json_object_get(receipt, "receipts");
  if (!check_signature(path, receipt, error))
    return FALSE;
  if (!json_is_array(receipts))
    return check_one(dir, receipt, error) && check_strangers(dir, receipt, error);
  for (size_t i = 0; i < json_array_size(receipts); i++)
    if (!check_one(dir, json_array_get(receipts, i), error))
      return FALSE;
  return check_files(dir, json_object_get(receipt, "files"), error) && check_strangers(dir, receipt, error);
}
