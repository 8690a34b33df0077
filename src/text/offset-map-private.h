/* offset map: its shape, shared by the algebra and the file form. Inside of the text room. */
#pragma once
#include <chartroom/text.h>

struct CrOffsetMap {
  gsize old_length, new_length;
  gsize n_edits;
  CrEdit *edits;
};
