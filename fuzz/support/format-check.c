/* format-check: see format-check.h. */
#include "format-check.h"
#include "base/base.h"
#include "formats/formats-private.h"
#include "support.h"

#include <string.h>

static gboolean
collect_cb(json_t *document, gpointer user_data, GError **error)
{
  json_array_append(user_data, document);
  return TRUE;
}

static void
bad_cb(const GError *error, gpointer user_data)
{
  g_autoptr(GError) copy = g_error_copy(error);
  fuzz_refused(&copy);
}

static void
not_carried_free(gpointer data)
{
  CrNotCarried *n = data;
  g_free(n->document);
  g_free(n->what);
  g_free(n);
}

static gboolean
write_all(const CrFormat *format, const char *path, const json_t *documents, GError **error)
{
  size_t i;
  json_t *document;
  g_autoptr(GPtrArray) not_carried = g_ptr_array_new_with_free_func(not_carried_free);
  CrWriter *writer = format->writer_new(path, NULL, error);
  if (!writer)
    return FALSE;
  json_array_foreach(documents, i, document)
  {
    if (format->writer_add(writer, document, not_carried, error))
      continue;
    format->writer_discard(writer);
    return FALSE;
  }
  return format->writer_finish(writer, error);
}

static void
check_texts(const json_t *documents, const json_t *again)
{
  size_t i;
  json_t *document;
  fuzz_check(json_array_size(documents) == json_array_size(again),
             "as many documents come back as were written");
  json_array_foreach(documents, i, document)
  {
    const json_t *other = json_array_get(again, i);
    fuzz_check(g_strcmp0(cr_json_string(document, "text"), cr_json_string(other, "text")) == 0,
               "a text comes back as it was");
    fuzz_check(json_array_size(cr_document_array(document, "entities")) ==
                   json_array_size(cr_document_array(other, "entities")),
               "as many entities come back as were written");
  }
}

int
fuzz_format(const char *format_name, const char *path)
{
  const CrFormat *format = cr_format_find(format_name), *plain = cr_format_find("jsonl");
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) documents = json_array(), again = json_array();
  if (!format->read(path, collect_cb, bad_cb, documents, &error))
    return fuzz_refused(&error);
  size_t i;
  json_t *document;
  json_array_foreach(documents, i, document)
  {
    g_autoptr(CrText) text = cr_document_check(document, "fuzz", &error);
    fuzz_check(text != NULL, error ? error->message : "what a reader hands out is a sound document");
  }
  g_autofree char *out = g_build_filename(fuzz_folder(), "again.jsonl", NULL);
  if (!write_all(plain, out, documents, &error))
    return fuzz_refused(&error);
  fuzz_check(plain->read(out, collect_cb, bad_cb, again, &error), "what was written can be read");
  check_texts(documents, again);
  g_autofree char *own = g_build_filename(fuzz_folder(), "again", NULL);
  (void)cr_dir_remove(own, NULL);
  (void)remove(own);
  if (!write_all(format, own, documents, &error))
    return fuzz_refused(&error);
  g_autoptr(json_t) receipt = cr_receipt_make(format, own, &error);
  fuzz_check(receipt != NULL, error ? error->message : "what was written is proved");
  return 0;
}
