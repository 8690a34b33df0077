/* labels: from guidelines to release (work.db). Guidelines versions, reading batches and tasks, the findings
 * journal, agreement records, resolutions, the quality sample, leak reports, releases.
 *
 * Law: rows given to a callback are borrowed and valid during the call; a callback never changes the table it
 * walks. Boxes are sealed and opened by workflow/ alone: this room holds no key. */
#pragma once
#include "store/store.h"

/* ---- guidelines: published versions, from 1; a version never changes ---- */
typedef struct {
  gint64 version;
  const char *json, *markdown; /* canonical */
  const char *sha256;          /* of json */
  const char *member;
  gint64 time_us;
} CrGuidelinesRow;
typedef gboolean (*CrGuidelinesRowFunc)(const CrGuidelinesRow *row, gpointer user_data, GError **error);
gboolean cr_labels_put_guidelines(CrDb *work, const CrGuidelinesRow *row,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT; /* EXISTS */
gint64 cr_labels_guidelines_version(CrDb *work, GError **error);            /* newest; 0: none is published */
char *cr_labels_dup_guidelines(CrDb *work, gint64 version, GError **error); /* json; NOT_FOUND */
gboolean cr_labels_list_guidelines(CrDb *work, CrGuidelinesRowFunc func, gpointer user_data,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT; /* oldest first */

/* ---- reading batches ---- */
typedef struct {
  const char *name;
  gint64 seq; /* from 1; the first is the pilot */
  gboolean pilot;
  gint64 seed;
  double overlap;
  gint64 round, guidelines, time_us;
  double sample_share;            /* 0: the quality sample is not drawn yet */
  const char *sha256, *signature; /* NULL until approved */
} CrBatchRow;
typedef gboolean (*CrBatchRowFunc)(const CrBatchRow *row, gpointer user_data, GError **error);
gboolean cr_labels_put_batch(CrDb *work, const CrBatchRow *row,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT; /* new or replaced */
gboolean cr_labels_list_batches(CrDb *work, CrBatchRowFunc func, gpointer user_data,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT; /* oldest first */
/* A copy, NULL with NOT_FOUND. */
CrBatchRow *cr_labels_load_batch(CrDb *work, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_batch_row_free(CrBatchRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrBatchRow, cr_batch_row_free)
GPtrArray *cr_labels_batch_names(CrDb *work, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* oldest first */

gboolean cr_labels_put_note(CrDb *work, const char *note, const char *batch, gint64 seq,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_labels_set_note_sha(CrDb *work, const char *note, const char *sha256,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *cr_labels_note_sha(CrDb *work, const char *note, GError **error);   /* NULL: not approved */
char *cr_labels_note_batch(CrDb *work, const char *note, GError **error); /* NULL: in none */
/* Notes of the batch in the order they were drawn; state NULL: all. transfer full */
GPtrArray *cr_labels_batch_notes(CrDb *work, const char *batch, const char *state,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many notes of the batch are in the state; NULL: all. */
gint64 cr_labels_batch_count(CrDb *work, const char *batch, const char *state, GError **error);

/* ---- tasks ---- */
typedef struct {
  const char *batch, *note, *reader, *state, *note_state;
  gint64 round, guidelines;
} CrTaskRow;
typedef gboolean (*CrTaskRowFunc)(const CrTaskRow *row, gpointer user_data, GError **error);
gboolean cr_labels_put_task(CrDb *work, const CrTaskRow *row, gint64 time_us,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT; /* note_state is not read */
/* Running tasks (open or done) in batch order; reader, batch and note may be NULL. */
gboolean cr_labels_list_tasks(CrDb *work, const char *reader, const char *batch, const char *note,
                              CrTaskRowFunc func, gpointer user_data,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *cr_labels_task_state(CrDb *work, const char *note, const char *reader,
                           GError **error); /* "open", "done"; NULL without error: no task */
gboolean cr_labels_set_task(CrDb *work, const char *note, const char *reader, const char *state,
                            gint64 time_us, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A running task is open again, under this version of the guidelines. */
gboolean cr_labels_requeue_task(CrDb *work, const char *note, const char *reader, gint64 guidelines,
                                gint64 time_us, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends the running tasks of a note (or of a whole batch, note NULL) as "void" or "closed". */
gboolean cr_labels_end_tasks(CrDb *work, const char *batch, const char *note, const char *state,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gint64 cr_labels_count_tasks(CrDb *work, const char *note, const char *state,
                             GError **error); /* running; state NULL: all */
/* Readers with a running task on the note, by code; transfer full. */
GStrv cr_labels_note_readers(CrDb *work, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Notes of a batch (NULL: of all) with two readers who are both done, in batch order; transfer full. */
GPtrArray *cr_labels_doubly_read(CrDb *work, const char *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gint64 cr_labels_count_doubly(CrDb *work, const char *batch, GError **error); /* assigned to two */

/* ---- the findings journal ---- */
typedef struct {
  const char *id, *note, *reader;
  gint64 seq; /* of this reader in this note, from 1 */
  const char *text;
  gint64 guidelines, time_us;
  const char *origin; /* "hand", "suggestion", "edited", "file", "repair" */
  GBytes *box;
} CrFindingOpRow;
typedef gboolean (*CrFindingOpFunc)(const CrFindingOpRow *row, gpointer user_data, GError **error);
gboolean cr_labels_put_op(CrDb *work, const CrFindingOpRow *row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In order. Operations on another cleared text than `text` are left out. */
gboolean cr_labels_list_ops(CrDb *work, const char *note, const char *reader, const char *text,
                            CrFindingOpFunc func, gpointer user_data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gint64 cr_labels_last_seq(CrDb *work, const char *note, const char *reader, GError **error); /* 0: none */
/* SHA-256 over what the running readers of the note have written: changes with any operation. hex */
char *cr_labels_inputs_hash(CrDb *work, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *cr_labels_cleared_sha(CrDb *work, const char *note, GError **error); /* WRONG_STATE before clearing */

/* ---- agreement records ---- */
typedef struct {
  gint64 id;
  const char *batch;
  gint64 round, guidelines;
  const char *member;
  gint64 time_us, seed, n_notes;
  const char *inputs; /* hash over the readings it was computed from */
  const char *json, *sha256;
} CrAgreementRow;
gboolean cr_labels_put_agreement(CrDb *work, const CrAgreementRow *row,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Newest of the batch's round; NULL without error: none. */
CrAgreementRow *cr_labels_load_agreement(CrDb *work, const char *batch, gint64 round, GError **error);
void cr_agreement_row_free(CrAgreementRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrAgreementRow, cr_agreement_row_free)

/* ---- resolutions: append-only, the newest counts ---- */
typedef struct {
  gint64 id;
  const char *note, *resolver;
  gint64 time_us, guidelines;
  const char *inputs;    /* cr_labels_inputs_hash it was made on */
  const char *state;     /* "part", "second", "final" */
  const char *flags;     /* "one-senior", "own-reading", joined by commas, or "" */
  const char *sha256;    /* of the resolved set */
  const char *signature; /* JSON, NULL for "part" */
  GBytes *box;
} CrResolutionRow;
gboolean cr_labels_put_resolution(CrDb *work, const CrResolutionRow *row,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The newest of the note made on these inputs, with state (NULL: any) and by resolver (NULL: anybody); NULL
 * without error: none. */
CrResolutionRow *cr_labels_load_resolution(CrDb *work, const char *note, const char *inputs,
                                           const char *state, const char *resolver, GError **error);
typedef gboolean (*CrResolutionRowFunc)(const CrResolutionRow *row, gpointer user_data, GError **error);
gboolean cr_labels_list_resolutions(CrDb *work, const char *note, CrResolutionRowFunc func,
                                    gpointer user_data,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT; /* oldest first */
void cr_resolution_row_free(CrResolutionRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrResolutionRow, cr_resolution_row_free)

/* ---- the quality sample ---- */
typedef struct {
  const char *batch, *note, *state, *member; /* member NULL: undecided */
  gint64 round, time_us;
  GBytes *box; /* the reason, sealed with the member's findings key; NULL: none */
} CrQualityRow;
typedef gboolean (*CrQualityRowFunc)(const CrQualityRow *row, gpointer user_data, GError **error);
gboolean cr_labels_put_quality(CrDb *work, const CrQualityRow *row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_labels_list_quality(CrDb *work, const char *batch, gint64 round, CrQualityRowFunc func,
                                gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *cr_labels_quality_state(CrDb *work, const char *batch, gint64 round, const char *note,
                              GError **error); /* NULL without error: not in the sample */
gint64 cr_labels_count_quality(CrDb *work, const char *batch, gint64 round, const char *state,
                               GError **error);

/* ---- leak reports and questions to the lead ---- */
gboolean cr_labels_put_leak(CrDb *work, const char *note, const char *member, gint64 time_us,
                            const char *reason, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The newest report's reason; NULL without error: none. For the privacy reviewer's screen. */
char *cr_labels_leak_reason(CrDb *work, const char *note, GError **error);
typedef struct {
  const char *id, *note, *reader;
  gint64 time_us, guidelines;
  GBytes *box;
} CrQuestionRow;
typedef gboolean (*CrQuestionRowFunc)(const CrQuestionRow *row, gpointer user_data, GError **error);
gboolean cr_labels_put_question(CrDb *work, const CrQuestionRow *row,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_labels_list_questions(CrDb *work, CrQuestionRowFunc func, gpointer user_data,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- releases ---- */
gboolean cr_labels_put_release(CrDb *work, const char *id, const char *member, gint64 time_us,
                               const char *json, const char *receipt_sha256,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
