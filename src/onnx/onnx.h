/* onnx: a user's own token classifier, read from its folder (config.json, tokenizer.json or vocab.txt,
 * model.onnx) and run by an ONNX Runtime that lies on the machine. Knows the model's words and labels,
 * nothing of identifiers. The runtime is neither linked nor shipped: it is opened by name when a model is
 * loaded. */
#pragma once
#include <chartroom/text.h>

typedef struct CrOnnx CrOnnx;

/* path: the folder, or its model.onnx. runtime: the library; NULL: CHARTROOM_ONNXRUNTIME, else the loader's
 * own path. Runs the model once. ONNX_RUNTIME where there is no library that fits, ONNX_MODEL where the
 * folder is not what it must be. Immutable once used, shared by threads. */
CrOnnx *cr_onnx_load(const char *path, const char *runtime, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_onnx_free(CrOnnx *onnx);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrOnnx, cr_onnx_free)

/* What the model tells apart, without the marks of begin and inside: "PATIENT" for B-PATIENT and I-PATIENT.
 */
guint cr_onnx_n_entities(const CrOnnx *onnx);
const char *cr_onnx_entity(const CrOnnx *onnx, guint entity); /* borrowed */
/* Before the first cr_onnx_find: what is labelled so counts as outside. */
void cr_onnx_ignore(CrOnnx *onnx, guint entity);
/* SHA-256 over the files that were read. Borrowed. */
const char *cr_onnx_hash(const CrOnnx *onnx);

typedef struct {
  guint32 start, end; /* bytes, on character boundaries, no white space at the edges */
  guint entity;
  double score; /* the mean over its words of the probability that they are inside */
} CrOnnxSpan;

/* Appends to found (of CrOnnxSpan) what the model sees in the text, ascending, not overlapping. A word is in
 * where the probability that it is outside is at most 1 - floor. n_bytes is at most 2^30. */
gboolean cr_onnx_find(const CrOnnx *onnx, const char *utf8, guint32 n_bytes, double floor, GArray *found,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
