/* A loaded policy, seen by the loader and by the redactor. */
#pragma once
#include "phi-private.h"

typedef enum { PHI_HOW_TAG, PHI_HOW_YEAR, PHI_HOW_ZIP3, PHI_HOW_AGE90 } PhiHow;

typedef struct {
  CrPhiAction action;
  PhiHow how;
  gboolean given;
} PolicyRow;

struct CrPolicy {
  char *name, *table_version, *zip_table, *version;
  PolicyRow rows[CR_PHI_N_KINDS];
  GHashTable *zips;    /* three digits that may stay */
  gboolean surrogates; /* what a project does with rows that say surrogate or shift, unless told otherwise */
  gboolean says_replace;  /* the table said so itself */
  int last_birth_year_90; /* who was born then or before is over 89; 0: not looked at */
};
