/* Labels over a text, both from any bytes ("====" between them): checked, then repaired; what repair leaves
 * alone is still wrong, what it moved is right. */
#include "support/support.h"
#include <chartroom/formats.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzPart parts[2];
  g_autoptr(GError) error = NULL;
  fuzz_parts(data, size, parts, 2);
  g_autoptr(CrText) text = cr_text_new((const char *)parts[0].data, (gssize)parts[0].size, &error);
  if (!text)
    return fuzz_refused(&error);
  g_autoptr(json_t) entities = cr_json_parse((const char *)parts[1].data, parts[1].size, &error);
  if (!entities)
    return fuzz_refused(&error);
  g_autoptr(GPtrArray) before = cr_labels_check(text, entities);
  GPtrArray *moved_list = NULL;
  g_autoptr(GPtrArray) left = cr_labels_repair(text, entities, &moved_list);
  g_autoptr(GPtrArray) moved = moved_list;
  fuzz_check(left->len + (moved ? moved->len : 0) == before->len, "every problem is repaired or left");
  g_autoptr(GPtrArray) after = cr_labels_check(text, entities);
  fuzz_check(after->len == left->len, "what was moved is right now");
  return 0;
}
