/* The annotation files of one document, below folder/stem. facts: cr_brat_lines_of. */
#pragma once
#include "formats/formats-private.h"

gboolean cr_brat_write_annotations(const char *folder, const char *stem, const json_t *document,
                                   const CrText *text, GPtrArray *facts, GError **error);
