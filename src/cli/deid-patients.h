/* The surrogates of a stream: a map a patient (meta.patient), or a document where none is named. The patients
 * seen last are remembered, at most MAX_PATIENTS of them and MAX_ORIGINALS originals in all; a patient who
 * comes back after being forgotten is a new one. One thread. */
#pragma once
#include <chartroom/surrogate.h>

typedef struct CrDeidPatients CrDeidPatients;
/* seed -1: the machine's randomness. Borrows tables. */
CrDeidPatients *cr_deid_patients_new(const CrSurrogateTables *tables, gint64 seed);
void cr_deid_patients_free(CrDeidPatients *patients);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrDeidPatients, cr_deid_patients_free)
/* The map for a document line, good until the next call. Borrowed. */
CrSurrogates *cr_deid_patients_for(CrDeidPatients *patients, const json_t *doc);
