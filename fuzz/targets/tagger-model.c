/* A model file from any bytes: as they are, and with the size and checksum that fit them. What is read must tag. */
#include <chartroom/tagger.h>
#include <sodium.h>
#include <string.h>
#include "support/support.h"

static void
load(const uint8_t *data, size_t size)
{
  static const char text[] = "Seen by Dr. Zoë O'Neil on 3/14/2018, mother Ann.\nMRN: 0041-883 (cell 555-0134)\n";
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = g_bytes_new(data, size);
  g_autoptr(CrTagger) tagger = cr_tagger_new(bytes, "model", &error);
  if (!tagger) {
    fuzz_refused(&error);
    return;
  }
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(tagger);
  for (int i = 0; i < 2; i++) {
    g_autoptr(GArray) found = cr_tagger_tag(tagger, scratch, text, sizeof text - 1, i * .2);
    for (guint s = 0; s < found->len; s++) {
      const CrTagSpan *span = &g_array_index(found, CrTagSpan, s);
      fuzz_check(span->span.start < span->span.end && span->span.end < sizeof text, "a span lies in the text");
      fuzz_check(span->label < cr_tagger_n_labels(tagger), "a label is the model's");
    }
  }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  load(data, size);
  if (size < 64)
    return 0;
  g_autofree uint8_t *fitting = g_memdup2(data, size);
  const guint64 n_bytes = GUINT64_TO_LE((guint64)size);
  memcpy(fitting + 24, &n_bytes, sizeof n_bytes);
  crypto_hash_sha256(fitting + 32, fitting + 64, size - 64);
  load(fitting, size);
  return 0;
}
