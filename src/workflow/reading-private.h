/* Inside workflow/: what the files from guidelines to release share. */
#pragma once
#include "workflow/workflow-private.h"
#include "store/documents.h"
#include "store/labels.h"
#include <chartroom/agreement.h>
#include <chartroom/reading.h>

/* The role of the set under which the member acts, the first it holds. */
CrRole cr_reading_role(CrProject *p, guint any_of);
char *cr_reading_object(const char *note); /* "note:N-…" */
/* Moves a note and tells the trail: action "note.STATE", old and new state. */
gboolean cr_reading_move(CrProject *p, CrRole role, const char *note, const char *state, const char *reason,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* WRONG_STATE naming the state, unless it is one of the NULL-terminated list. */
gboolean cr_reading_in_state(CrProject *p, const char *note, const char *const *states, const char *what,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Compact JSON with sorted keys: what is hashed and signed. transfer full */
char *cr_reading_canonical(const json_t *value);
/* Rolls back and gives FALSE unless ok; else commits. */
gboolean cr_reading_end(CrProject *p, gboolean ok, GError **error);
/* The keyring's key of a reader's findings; NOT_PERMITTED without a box for the member. */
CrKey *cr_reading_key(CrProject *p, const char *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Members who can act now and hold one of the roles. */
guint cr_reading_count_members(CrProject *p, guint any_of);
gboolean cr_reading_works_alone(CrProject *p); /* the project has one member who can act */
const char *cr_reading_string(const json_t *object, const char *key); /* NULL where absent */
/* The string under a key that must be there: MISSING_FIELD. */
const char *cr_reading_need(const json_t *object, const char *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- assign-draw.c: seeded draws (base/base.h) of who reads what ---- */
typedef struct {
  gsize note;
  guint reader;
} CrDrawnTask;
/* One reader for each of n_notes, a second for ceil(overlap * n_notes) of them, loads balanced. */
GArray *cr_draw_tasks(guint64 seed, gsize n_notes, guint n_readers, double overlap, gsize *n_twice);

/* ---- guidelines.c ---- */
/* GATE_GUIDELINES until a version is published. version (may be NULL) gets the newest. */
gboolean cr_gate_guidelines(CrProject *p, gint64 *version, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- requeue.c ---- */
/* Which notes the version affects, by the difference from the one before; queues them again unless keep. Adds
 * to the result "affected", "notes", "queued", "kept" (cr_reading_publish_report). Inside the transaction. */
gboolean cr_guidelines_requeue(CrProject *p, gint64 version, const json_t *diff, gboolean keep,
                               json_t *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- label-set.c: sets of findings ---- */
/* A finding in one form: no text, fragments only where there are several, keys in order. NULL with
 * MISSING_FIELD, SPAN_ORDER. New reference. */
json_t *cr_finding_canonical(const json_t *entity, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *cr_finding_place(const json_t *entity); /* "23-33" or "23-33,40-44": equal places, equal strings */
gboolean cr_finding_fragments(const CrText *text, const json_t *entity, GArray *bytes,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT; /* CrSpan, bytes */
/* The text at the finding's place; NULL with SPAN_OUTSIDE. */
char *cr_finding_text(const CrText *text, const json_t *entity, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gint cr_finding_compare(gconstpointer a, gconstpointer b); /* of json_t**: start, end, place, label, id */
/* A set with findings sorted and renumbered T1…, R1…, links without both ends left out, text filled in. */
json_t *cr_set_final(const CrText *text, const json_t *set, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *cr_set_sha256(const json_t *set, const char *text_sha256); /* of a final set and the text it is about */
json_t *cr_set_find(const json_t *set, const char *kind,
                    const char *id); /* "entities"/"relations"; borrowed */
/* Labels, attributes, links and answers against the guidelines. */
gboolean cr_set_check(const CrGuidelines *g, const json_t *set, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- label-journal.c ---- */
typedef struct {
  char *id;
  gint64 seq, guidelines, time_us;
  char *origin;
  json_t *op;
} CrJournalOp;
typedef struct {
  char *note, *reader, *text_sha;
  CrKey *key;
  GPtrArray *ops; /* CrJournalOp */
  gint64 last_seq;
} CrJournal;
CrJournal *cr_journal_load(CrProject *p, const char *note, const char *reader,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_journal_free(CrJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrJournal, cr_journal_free)
/* Adds an operation inside the running transaction. Borrowed id. hash (may be NULL) goes over its box. */
const char *cr_journal_put(CrProject *p, CrJournal *journal, const json_t *op, gint64 guidelines,
                           const char *origin, GChecksum *hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The set as it stands: findings with their journal ids and "guidelines", no text. New reference. */
json_t *cr_journal_fold(const CrJournal *journal);
const CrJournalOp *cr_journal_newest(const CrJournal *journal); /* that stands and can be undone; NULL */
gboolean cr_journal_stands(const CrJournal *journal, const char *op_id); /* FALSE: unknown or undone */
/* Operations that lead from one set to another (of a label file, canonical): array of operations. counts:
 * object. */
json_t *cr_set_diff(CrEnv *env, const json_t *from, const json_t *to, json_t *counts);

/* ---- label.c ---- */
/* The acting member's journal of a note that is theirs to read now: NO_TASK, WRONG_STATE, NOT_PERMITTED. */
CrJournal *cr_task_open(CrProject *p, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends or takes up the task; the note is labelled when no task of it is open. Inside the transaction. */
gboolean cr_task_finish(CrProject *p, const char *note, gboolean done,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A question to the lead under the acting member's key, inside the transaction. prefix of its id: "Q-" a
 * reader's own, "QI-" from readings compared. */
gboolean cr_question_put(CrProject *p, CrRole role, const char *prefix, const char *note,
                         const char *question, gint64 guidelines, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- compare.c: two readings of a note side by side ---- */
/* Guidelines by version, parsed once for a walk over many notes; they never change. */
GHashTable *cr_guidelines_cache_new(void);
const CrGuidelines *cr_guidelines_cached(CrProject *p, GHashTable *cache, gint64 version,
                                         GError **error); /* borrowed */
/* Sets every attribute that is unset to its preset. */
void cr_set_presets(const CrGuidelines *g, json_t *set);
/* A reader's final set: with text, attributes that are unset at their preset. version: the newest it was made
 * under. */
json_t *cr_reader_set(CrProject *p, GHashTable *cache, const char *note, const char *reader,
                      const CrText *text, gint64 *version, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The findings of a final set as spans in bytes, in their order; labels: name -> number, grown as needed.
 * Free each fragments. */
GArray *cr_set_spans(const CrText *text, const json_t *set, guint document, GHashTable *labels,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
typedef struct {
  const char *kind; /* "bounds", "type", "missing", "attributes", "link", "answer" */
  json_t *a, *b;    /* finding, link or {"question","value"}; NULL: absent */
  guint group;      /* of its findings */
  gboolean critical;
} CrReadingDifference;
typedef struct {
  char *note;
  CrText *text;
  gint64 version;  /* of the guidelines, the newer of both */
  guint n_readers; /* 1 or 2 */
  char *readers[2];
  json_t *sets[2];
  GPtrArray *differences; /* CrReadingDifference: findings by position, then links, then answers */
  GArray *groups[2];      /* guint a finding: the same number on both sides means the same finding */
} CrReading;
/* Both sides; needs the readers' keys. */
CrReading *cr_reading_load(CrProject *p, GHashTable *cache, const char *note,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_reading_free(CrReading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrReading, cr_reading_free)
int cr_reading_side(const CrReading *reading, const char *reader); /* 0, 1, or -1 */

/* ---- compare-agree.c ---- */
/* WRONG_STATE where no note of the batch (NULL: of any) has been read by two. */
gboolean cr_agreement_comparable(CrProject *p, const char *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- compare-gather.c: many notes, each read by two ---- */
typedef struct {
  CrProject *p;
  GHashTable *labels;  /* name -> number */
  GPtrArray *readings; /* CrReading, doubly read and finished */
  GPtrArray *tokens;   /* GArray of CrSpan, one a reading */
  GPtrArray *spans[2]; /* GArray of CrLabelSpan, one a reading */
} CrGathered;
void cr_gathered_clear(CrGathered *gathered);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrGathered, cr_gathered_clear)
/* g: zero but for p. Labels are numbered as the newest guidelines list them, others behind. */
gboolean cr_gathered_load(CrGathered *g, const GPtrArray *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char **cr_gathered_labels(GHashTable *labels); /* names by number; g_free, the names stay the table's */
/* Places of the readings of these two readers (NULL: all); guint. */
GArray *cr_gathered_choose(const CrGathered *g, const char *first, const char *second);
/* The spans of one side of the chosen readings, documents numbered anew, in the readings' order. */
GArray *cr_gathered_spans(const CrGathered *g, const GArray *chosen, int side);

/* ---- resolve-build.c ---- */
/* What a senior reviewer's decisions make of two readings. decisions: {"1":{"take":"M-…"|"both"|"none"}, …},
 * one for each difference. BAD_DECISION where "both" can't be. */
json_t *cr_resolution_build(const CrReading *reading, const json_t *decisions,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- resolve-final.c ---- */
json_t *cr_resolution_open(CrProject *p, const CrResolutionRow *row,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cr_resolution_seal(CrProject *p, const CrResolutionRow *row, const json_t *content,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* ---- resolve-sign.c ---- */
/* SHA-256 of the whole record, which is what is signed. transfer full */
char *cr_resolution_hash(const CrResolutionRow *row, const json_t *content);
/* SEAL_BROKEN where its signature does not hold. */
gboolean cr_resolution_check(CrProject *p, const CrResolutionRow *row, const json_t *content,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What goes on of a note. */
typedef struct {
  json_t *set;
  char *sha256;      /* of the set and its text */
  char *flags;       /* of the resolution, "" without one */
  gint64 guidelines; /* the newest version it was made under */
  guint n_readers, n_differences;
  gboolean is_resolved; /* by a senior reviewer */
  gboolean is_critical; /* and a critical label was in it */
} CrFinal;
void cr_final_clear(CrFinal *final);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrFinal, cr_final_clear)
/* Without a role check. WRONG_STATE where differences are open. */
gboolean cr_final_load(CrProject *p, GHashTable *cache, const char *note, CrFinal *out,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Passes on what needs no resolution: notes read once, notes on which both readings are equal. Inside the
 * running transaction. batch NULL: all; n_passed may be NULL. */
gboolean cr_reading_settle(CrProject *p, GHashTable *cache, CrRole role, const char *batch, gint64 *n_passed,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- gate-pilot.c ---- */
/* Passed (TRUE), or GATE_PILOT with what is missing. Passed also where there is no batch yet. */
gboolean cr_gate_pilot(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The agreement of a batch's running round against the floor: TRUE, or an error of this code saying why. */
gboolean cr_gate_agreement(CrProject *p, const char *batch, CrErrorCode code,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
double cr_agreement_floor(CrProject *p);
char *cr_agreement_metric(CrProject *p); /* "token_kappa", …; transfer full */
/* The metric's {value, low, high} in a result of cr_agreement_spans; borrowed, NULL where absent. */
json_t *cr_agreement_pick(const json_t *metrics, const char *metric);
/* Hash over all readings that the batch's agreement rests on. */
char *cr_agreement_inputs(CrProject *p, const char *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
