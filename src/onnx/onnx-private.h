/* Inside the onnx room: the model's settings, its tokeniser, the runtime's session, and the way from numbers
 * to spans. */
#pragma once
#include "onnx/onnx.h"
#include <chartroom/json.h>

/* ---- files of a model's folder ---- */
enum { ONNX_MAX_FILE = 64 << 20 };

/* ONNX_MODEL: "PATH: what". FALSE. */
gboolean onnx_refuse(GError **error, const char *path, const char *format, ...) G_GNUC_PRINTF(3, 4);
char *onnx_path(const char *folder, const char *name); /* transfer full */
gboolean onnx_has(const char *folder, const char *name);
/* The JSON object of a file. hash (may be NULL) is fed its bytes. New reference. */
json_t *onnx_read_object(const char *folder, const char *name, GChecksum *hash, GError **error);
/* A whole number of an object, fallback where the key is absent or null; FALSE outside least..most. */
gboolean onnx_json_number(const json_t *object, const char *key, gint64 fallback, gint64 least, gint64 most,
                          gint64 *out);

/* ---- config.json ---- */
#define ONNX_OUTSIDE G_MAXUINT /* no entity */
#define ONNX_NO_TOKEN G_MAXUINT32
enum { ONNX_MAX_LABELS = 4096, ONNX_MAX_LENGTH = 8192 };

typedef struct {
  guint entity; /* into entities; ONNX_OUTSIDE */
  gboolean begins, ends;
} OnnxLabel;

typedef struct {
  GArray *labels;      /* OnnxLabel: one a number of the model's output */
  GPtrArray *entities; /* their names, each once */
  guint max_length;    /* tokens of one window, the two special ones included */
  gint64 n_vocab;      /* 0: not said */
  gint64 pad;          /* -1: not said */
} OnnxConfig;
OnnxConfig *onnx_config_read(const char *folder, GChecksum *hash, GError **error);
void onnx_config_free(OnnxConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OnnxConfig, onnx_config_free)

/* ---- tokenisers ---- */
typedef struct {
  guint32 id;
  guint32 start, end; /* bytes of the text; a byte-level token may end inside a character */
  guint32 word;
} OnnxToken;
typedef struct {
  guint32 start, end; /* without white space at the edges; empty where it is nothing else */
} OnnxWord;
typedef struct {
  GArray *tokens; /* OnnxToken, by word and start */
  GArray *words;  /* OnnxWord, ascending */
} OnnxTokens;
void onnx_tokens_init(OnnxTokens *tokens);
void onnx_tokens_clear(OnnxTokens *tokens);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OnnxTokens, onnx_tokens_clear)
void onnx_tokens_add_word(OnnxTokens *tokens, guint32 start, guint32 end);
/* Belongs to the last word. */
void onnx_tokens_add(OnnxTokens *tokens, guint32 id, guint32 start, guint32 end);

typedef struct {
  guint64 pair; /* left id << 32 | right id */
  guint32 rank, id;
} OnnxMerge;

/* A word that is a token as it stands, before the text is cut into pieces. */
typedef struct {
  char *s;
  guint32 n_bytes, id;
} OnnxAdded;

/* The whole of what both kinds need; a WordPiece tokeniser has no merges, a byte-level one no BERT flags. */
typedef struct {
  gboolean is_bpe;
  GHashTable *vocab; /* string -> id + 1 as pointer */
  guint32 max_id, unk;
  guint32 pad;      /* ONNX_NO_TOKEN: not said */
  guint32 cls, sep; /* around each window; ONNX_NO_TOKEN: nothing stands there */
  guint max_length; /* of tokenizer_config.json; 0: not said */
  /* WordPiece */
  gboolean clean, cjk, strip_accents, lower;
  char *continuing; /* "##" */
  guint max_chars;  /* longer words are unknown */
  gsize max_piece;  /* bytes of the longest entry */
  /* byte-level BPE */
  gboolean add_prefix_space, nfc, ignore_merges;
  guint32 byte_id[256];
  GArray *added;           /* OnnxAdded, the longest first */
  gboolean may_begin[256]; /* one of them begins with the byte */
  GArray *merges;          /* OnnxMerge by pair */
} OnnxTokenizer;
OnnxTokenizer *onnx_tokenizer_read(const char *folder, GChecksum *hash, GError **error);
void onnx_tokenizer_free(OnnxTokenizer *tokenizer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OnnxTokenizer, onnx_tokenizer_free)
gboolean onnx_vocab_find(const OnnxTokenizer *tokenizer, const char *piece, guint32 *id);
void onnx_tokenize(const OnnxTokenizer *tokenizer, const char *utf8, guint32 n_bytes, OnnxTokens *out);
void onnx_wordpiece(const OnnxTokenizer *tokenizer, const char *utf8, guint32 n_bytes, OnnxTokens *out);
void onnx_bpe(const OnnxTokenizer *tokenizer, const char *utf8, guint32 n_bytes, OnnxTokens *out);
/* merges: an array of "a b" or of ["a", "b"]; vocab and byte ids. */
gboolean onnx_bpe_prepare(OnnxTokenizer *tokenizer, const json_t *merges, const char *path, GError **error);
/* Unicode White_Space. */
gboolean onnx_is_space(gunichar c);

/* Text as a byte-level tokeniser reads it, and where each of its bytes stands in the text. */
typedef struct {
  char *s;
  guint32 n_bytes;
  guint32 shift;        /* bytes put before the text */
  guint32 *start, *end; /* NULL: the byte itself */
} OnnxNormal;
void onnx_normal_init(OnnxNormal *normal, const char *utf8, guint32 n_bytes, gboolean nfc, gboolean prefix);
void onnx_normal_clear(OnnxNormal *normal);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OnnxNormal, onnx_normal_clear)
guint32 onnx_normal_start(const OnnxNormal *normal, guint32 i);
guint32 onnx_normal_end(const OnnxNormal *normal, guint32 i); /* behind byte i */
/* Where the piece that begins at byte i ends, by the expression of GPT-2. */
guint32 onnx_pretoken_end(const char *utf8, guint32 n_bytes, guint32 i);

/* ---- the runtime ---- */
typedef struct OnnxSession OnnxSession;
OnnxSession *onnx_session_open(const char *model, const char *runtime, GError **error);
void onnx_session_close(OnnxSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OnnxSession, onnx_session_close)
/* The window length that the model's graph asks for, 0 where any will do. */
guint onnx_session_length(const OnnxSession *session);
/* ids: n of them, filled up with pad to the graph's length. logits: n * n_labels floats. Any thread. */
gboolean onnx_session_run(const OnnxSession *session, const guint32 *ids, guint n, guint32 pad,
                          guint n_labels, float *logits, GError **error);

/* ---- from numbers to spans ---- */
typedef struct {
  guint first, n; /* tokens of the window */
  guint from, to; /* those of them that it decides: each token is decided once */
} OnnxWindow;
/* Windows of at most capacity tokens that overlap by a quarter; a token belongs to the one in which it is
 * farthest from an edge. GArray of OnnxWindow, ascending; transfer full. */
GArray *onnx_windows(guint n_tokens, guint capacity);

/* Takes one row of logits a token, in order, and makes words and spans of them. */
typedef struct {
  const OnnxConfig *config;
  const OnnxTokens *tokens;
  double floor;
  GArray *found;                  /* CrOnnxSpan */
  double *inside, *begins, *ends; /* one an entity, summed over the word's tokens */
  double *row;                    /* one a label */
  guint word, n_rows;
  gboolean open, closed; /* a span is open; its last word closed it */
  CrOnnxSpan span;
  guint n_words;
} OnnxDecoder;
void onnx_decoder_init(OnnxDecoder *decoder, const OnnxConfig *config, const OnnxTokens *tokens, double floor,
                       GArray *found);
void onnx_decoder_clear(OnnxDecoder *decoder);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OnnxDecoder, onnx_decoder_clear)
/* logits: finite ones, one a label. */
void onnx_decoder_add(OnnxDecoder *decoder, guint token, const float *logits);
void onnx_decoder_end(OnnxDecoder *decoder);
