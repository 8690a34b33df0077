/* The receipt's own readers: they share nothing with the formats they check but the file's bytes. */
#pragma once
#include <chartroom/formats.h>

typedef struct {
  guint64 documents, entities, proved;
} CrProof;

gboolean cr_proof_jsonl(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_csv(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_brat(const char *path, CrProof *proof, GError **error);
