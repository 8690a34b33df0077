/* audit, inside: the line of an event, the tree, the checkpoint, the scan that verify, load and walk share.
 */
#pragma once
#include "audit/audit.h"
#include "base/keyring.h"
#include <string.h>

#define CR_HEX_HASH 64 /* digits */
#define CR_MAX_LINE (64u << 20)

void cr_hex_into(const guint8 *bytes, gsize n_bytes, char *out); /* 2 n digits, no NUL */

/* ---- event-line.c ---- */

typedef enum {
  CR_FIELD_TIME,
  CR_FIELD_BOOT,
  CR_FIELD_ACTOR,
  CR_FIELD_ROLE,
  CR_FIELD_SESSION,
  CR_FIELD_OBJECT,
  CR_FIELD_ACTION,
  CR_FIELD_OLD,
  CR_FIELD_NEW,
  CR_FIELD_REASON,
  CR_FIELD_VERSION,
  CR_N_FIELDS
} CrField;

/* Borrowed bytes of the line, still escaped; bytes NULL = absent. */
typedef struct {
  const char *bytes;
  gsize n_bytes;
} CrSlice;

typedef struct {
  guint64 seq;
  gint64 mono_us;
  gboolean sealed;
  CrSlice fields[CR_N_FIELDS];
  const char *prev, *hash; /* 64 digits each */
  gsize n_hashed;          /* the hash is over so many bytes from the start of the line */
} CrEventLine;

/* The line without its newline. FALSE where it is not one that cr_event_line_write makes. */
gboolean cr_event_line_parse(const char *bytes, gsize n_bytes, CrEventLine *out);
/* What varies of an event beside what it says. */
typedef struct {
  guint64 seq;
  const char *time, *boot;
  gint64 mono_us;
  const char *prev_hex;
} CrEventPlace;
/* Appends the line with its newline and gives its hash. */
void cr_event_line_write(GString *out, const CrEventPlace *place, const CrEvent *event,
                         guint8 hash[CR_HASH_BYTES]);
void cr_json_string_write(GString *out, const char *utf8);
char *cr_slice_dup(CrSlice slice); /* unescaped, NULL where absent; transfer full */
gboolean cr_slice_is(CrSlice slice, const char *plain);
/* The prev of the first event: SHA-256 of "chartroom audit v1", newline, the project id. */
void cr_genesis_hex(const char *project_id, char out[CR_HEX_HASH + 1]);

/* ---- merkle.c: the tree of RFC 9162, its growing edge ---- */

/* nodes[i] is the root of the 2^i entries that bit i of size stands for; the largest come first in the log.
 */
typedef struct {
  guint64 size;
  guint8 nodes[64][CR_HASH_BYTES];
} CrFrontier;
void cr_merkle_leaf(const void *entry, gsize n_bytes, guint8 out[CR_HASH_BYTES]);
void cr_frontier_append(CrFrontier *frontier, const guint8 leaf[CR_HASH_BYTES]);
void cr_frontier_root(const CrFrontier *frontier, guint8 out[CR_HASH_BYTES]);

/* ---- checkpoint.c ---- */

typedef struct {
  char *project, *time, *member, *key_hex;
  guint64 size;
  char root_hex[CR_HEX_HASH + 1], head_hex[CR_HEX_HASH + 1];
  guint8 signature[64];
} CrCheckpoint;
char *cr_checkpoint_message(const CrCheckpoint *checkpoint); /* what is signed; transfer full */
char *cr_checkpoint_format(const CrCheckpoint *checkpoint);  /* the line with its newline; transfer full */
/* NULL where the bytes (with the newline) are not exactly what cr_checkpoint_format makes. */
CrCheckpoint *cr_checkpoint_parse(const char *bytes, gsize n_bytes);
gboolean cr_checkpoint_signature_valid(const CrCheckpoint *checkpoint);
void cr_checkpoint_free(CrCheckpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrCheckpoint, cr_checkpoint_free)

/* ---- scan.c: the lines of a log in order ---- */

typedef struct {
  guint64 byte_off;
  gboolean well_formed;
  CrEventLine line;           /* where well formed */
  guint8 hash[CR_HASH_BYTES]; /* computed, where asked for */
  guint8 leaf[CR_HASH_BYTES]; /* of the tree, where asked for */
  gboolean hash_fits;
} CrScanned;
typedef gboolean (*CrScanFunc)(const CrScanned *scanned, gpointer data); /* FALSE stops */
/* Calls func for each complete line from byte_off on; hashes in several threads where with_hashes and the log
 * is long. *torn_bytes (may be NULL): what follows the last newline. FALSE only where the file cannot be
 * read. */
gboolean cr_audit_scan(const char *path, guint64 byte_off, gboolean with_hashes, CrScanFunc func,
                       gpointer data, gsize *torn_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- sequence.c: the chain read event by event ---- */

typedef enum {
  CR_FAULT_NONE,
  CR_FAULT_CHANGED, /* not a line of ours, or its hash does not fit */
  CR_FAULT_NUMBER,  /* another event stands here */
  CR_FAULT_PREV,    /* made after another event than the one before it */
  CR_FAULT_TORN     /* the last line has no end */
} CrFault;
typedef struct {
  char head_hex[CR_HEX_HASH + 1]; /* what the next event's prev must be */
  CrFrontier tree;                /* size is the number of good events */
  CrFault fault;
  guint64 fault_off, fault_seq; /* of the bad line */
} CrSequence;
void cr_sequence_init(CrSequence *sequence, const char *project_id);
/* FALSE, with fault set, where the line cannot be the next event. */
gboolean cr_sequence_take(CrSequence *sequence, const CrScanned *scanned);
/* What the fault is, looking at the lines around it. *broken_at: the event. transfer full */
char *cr_sequence_explain(const CrSequence *sequence, const char *log_path, gint64 *broken_at);

/* ---- report.c ---- */

CrAuditReport *cr_report_new(void); /* ok, until something is found */
void cr_report_note(CrAuditReport *report, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Takes what. The first finding is what the report says; more become notes. */
void cr_report_finding(CrAuditReport *report, gint64 broken_at, char *what);
/* The same, but said first. */
void cr_report_chain_finding(CrAuditReport *report, gint64 broken_at, char *what);
