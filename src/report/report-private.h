/* Inside report/. */
#pragma once
#include "report/report.h"

typedef enum { CR_BLOCK_HEADING, CR_BLOCK_PARAGRAPH, CR_BLOCK_TABLE } CrBlockKind;

typedef struct {
  CrBlockKind kind;
  char *text;    /* heading, paragraph */
  GStrv headers; /* table */
  char *alignment;
  GPtrArray *rows; /* GStrv */
} CrBlock;

struct CrPaper {
  char *title;
  GPtrArray *blocks; /* CrBlock */
};
