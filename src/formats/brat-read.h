/* One brat document: stem.txt with its annotation files. BAD_BRAT names file and line. New reference. */
#pragma once
#include "formats/formats-private.h"

json_t *cr_brat_read_document(const char *stem, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
