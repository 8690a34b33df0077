/* The documents of an exported set: a file of JSON lines, or the folder that `export` wrote. */
#pragma once
#include <chartroom/formats.h>

/* Calls func for each, in the order of the files' names. In a folder: its JSON lines files, else what the
 * first other format there holds. A line that is no document ends it (BAD_JSON, MISSING_FIELD …): what is
 * judged is all or nothing. NOT_FOUND where there is none. */
gboolean cr_export_walk(const char *path, CrDocumentFunc func, gpointer user_data,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
