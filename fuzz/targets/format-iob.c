/* Columns from any bytes: what is read lies in its text, and reads back the same once written. */
#include "formats/iob.h"
#include "support/support.h"
#include <string.h>

static void
check_document(const CrIobDocument *document)
{
  fuzz_check(g_utf8_validate(document->text->str, (gssize)document->text->len, NULL), "the text is UTF-8");
  fuzz_check(document->columns->len == document->tokens->len, "a row a token");
  gsize end = 0;
  for (guint t = 0; t < document->tokens->len; t++) {
    CrSpan token = g_array_index(document->tokens, CrSpan, t);
    fuzz_check(token.start >= end && token.end > token.start && token.end <= document->text->len,
               "tokens stand in the text, in order");
    end = token.end;
  }
  end = 0;
  for (guint s = 0; s < document->spans->len; s++) {
    const CrIobSpan *span = &g_array_index(document->spans, CrIobSpan, s);
    fuzz_check(span->span.start >= end && span->span.end > span->span.start &&
                   span->span.end <= document->text->len && span->label[0] != '\0',
               "spans stand in the text, in order");
    end = span->span.end;
  }
}

static void
check_same(const CrIobDocument *a, const CrIobDocument *b)
{
  fuzz_check(g_string_equal(a->text, b->text), "the same text");
  fuzz_check(a->spans->len == b->spans->len, "as many spans");
  for (guint s = 0; s < a->spans->len; s++) {
    const CrIobSpan *p = &g_array_index(a->spans, CrIobSpan, s), *q = &g_array_index(b->spans, CrIobSpan, s);
    fuzz_check(p->span.start == q->span.start && p->span.end == q->span.end, "the same bounds");
  }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = fuzz_file("in.tsv", data, size),
                  *out = g_build_filename(fuzz_folder(), "out.tsv", NULL);
  (void)cr_iob_sniff(path);
  g_autoptr(GPtrArray) sentences = cr_iob_read(path, TRUE, NULL),
                       documents = cr_iob_read(path, FALSE, &error);
  if (documents == NULL)
    return fuzz_refused(&error);
  fuzz_check(sentences != NULL, "what can be read can be read by sentences");
  for (guint i = 0; i < documents->len; i++)
    check_document(documents->pdata[i]);
  fuzz_check(cr_iob_write(out, documents, NULL), "what was read is written");
  g_autoptr(GPtrArray) again = cr_iob_read(out, FALSE, &error);
  fuzz_check(again != NULL && again->len == documents->len, "what was written is read");
  for (guint i = 0; i < documents->len; i++)
    check_same(documents->pdata[i], again->pdata[i]);
  return 0;
}
