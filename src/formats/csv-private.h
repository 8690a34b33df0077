/* The tables of the CSV format: what csv.c writes and csv-read.c reads. */
#pragma once
#include "formats/formats-private.h"

typedef enum { CR_CELL_STRING = 0, CR_CELL_NUMBER, CR_CELL_JSON } CrCell;
typedef struct {
  const char *name;
  CrCell cell;
} CrCsvColumn;
extern const CrCsvColumn cr_csv_document_columns[], cr_csv_finding_columns[], cr_csv_relation_columns[];

gboolean cr_csv_read(const char *path, CrDocumentFunc func,
                     void (*bad)(const GError *error, gpointer user_data), gpointer user_data,
                     GError **error);
