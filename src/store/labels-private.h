/* Inside store/: what the files of labels.h share. */
#pragma once
#include "store/store.h"

/* TRUE where local is NULL; else hands it over and FALSE. */
gboolean cr_labels_finish(GError *local, GError **error);
/* The first column of the first row, NULL without error where there is none. stmt may be NULL (error is
 * already set); it is reset. */
char *cr_labels_one_text(CrStmt *stmt, GError **error);
/* The first column of every row; stmt as above. */
GPtrArray *cr_labels_text_list(CrStmt *stmt, GError **error);
