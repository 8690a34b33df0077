/* The receipt's own readers: they share nothing with the formats they check but the file's bytes. */
#pragma once
#include <chartroom/formats.h>

typedef struct {
  guint64 documents, entities, proved;
} CrProof;

/* One finding against its text: pieces in code points, said = the text written for it. */
gboolean cr_proof_entity(CrProof *proof, const char *text, gsize n_text, const gsize *offsets,
                         gsize n_offsets, const char *said, gboolean lenient, const char *where,
                         GError **error);
gboolean cr_proof_jsonl(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_csv(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_brat(const char *path, CrProof *proof, GError **error);
