/* A receipt from any bytes, over a folder that holds one file; and the dataset card of any facts. */
#include "support/support.h"
#include <chartroom/formats.h>

#include <glib/gstdio.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = g_build_filename(fuzz_folder(), "release", NULL);
  (void)g_mkdir(folder, 0700);
  g_autofree char *one = fuzz_file_string("release/a.jsonl", "{\"id\":\"n1\",\"text\":\"Cough.\"}\n"),
                  *receipt = fuzz_file("release/receipt.json", data, size);
  if (!cr_receipt_check(folder, &error))
    fuzz_refused(&error);
  g_autoptr(json_t) facts = cr_json_parse((const char *)data, size, NULL);
  if (facts) {
    g_autofree char *card = cr_card_markdown(facts);
    fuzz_check(card && g_utf8_validate(card, -1, NULL), "any facts make a card");
  }
  return 0;
}
