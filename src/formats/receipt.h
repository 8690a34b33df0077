/* The receipt's own readers: they share nothing with the formats they check but the file's bytes. */
#pragma once
#include <chartroom/formats.h>

typedef struct {
  guint64 documents, entities, proved;
} CrProof;

/* One for each format. */
gboolean cr_proof_jsonl(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_csv(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_brat(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_prodigy(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_doccano(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_label_studio(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_conll(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_huggingface(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_i2b2_2010(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_i2b2_2014(const char *path, CrProof *proof, GError **error);
gboolean cr_proof_mae(const char *path, CrProof *proof, GError **error);

/* ---- what they share ---- */

/* A written text, with the byte of every 1024th code point: long notes have many findings. */
typedef struct {
  const char *bytes;
  gsize n_bytes;
  GArray *marks; /* of gsize */
} CrProofText;
CrProofText cr_proof_text(const char *bytes, gsize n_bytes);
void cr_proof_text_clear(CrProofText *text);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrProofText, cr_proof_text_clear)

/* OFFSET_NOT_PROVED; FALSE. */
gboolean cr_proof_failed(const char *where, const char *what, GError **error);
/* Offsets of a JSON entity, or of fragments; NULL where they are not pairs of numbers. transfer full */
GArray *cr_proof_offsets(const json_t *start, const json_t *end, const json_t *fragments);
/* One finding against its text. offsets: start and end of each piece, code points; said: the text written for
 * it. lenient: as brat writes line breaks. */
gboolean cr_proof_finding(CrProof *proof, const CrProofText *text, const GArray *offsets, const char *said,
                          gboolean lenient, const char *where, GError **error);
/* Line by line: the file may be larger than the memory. */
typedef gboolean (*CrProofLineFunc)(CrProof *proof, const char *bytes, gsize n_bytes, const char *where,
                                    GError **error);
gboolean cr_proof_lines(const char *path, CrProof *proof, CrProofLineFunc func, GError **error);
