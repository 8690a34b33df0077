/* Inside workflow/: what the files of the export share. */
#pragma once
#include "workflow/reading-private.h"
#include "store/review.h"
#include <chartroom/duplicates.h>
#include <chartroom/formats.h>
#include <chartroom/release.h>

typedef struct {
  char *id, *patient, *type, *specialty, *language, *state;
  char *import_batch, *batch; /* batch: reading batch, NULL where in none */
  gint64 year;                /* 0: unknown */
  char **labels; /* finding types in it, each once; NULL: not known or none */
  guint split;
  gsize n_entities, n_relations;
} CrReleaseNote;

typedef struct {
  char *name; /* "train" */
  double share;
  gsize n_notes, n_patients, n_entities, n_relations;
} CrReleaseSplit;

typedef struct {
  GPtrArray *notes; /* CrReleaseNote; borrowed */
  guint n_patients, rank;
} CrReleaseGroup;

typedef struct {
  CrProject *p;
  const CrReleaseOptions *options;
  CrProgressFunc progress; /* may be NULL */
  gpointer user_data;
  GPtrArray *formats; /* const CrFormat */
  GPtrArray *all;     /* CrReleaseNote: every note that the release is about */
  GPtrArray *notes;   /* those that leave; borrowed from all */
  GPtrArray *batches; /* reading batches among them; char* */
  GArray *splits;     /* CrReleaseSplit */
  json_t *gates;      /* rows of the check list */
  gboolean ready;
  CrGuidelines *guidelines; /* newest published, NULL where unlabelled */
  gint64 version;
  char *folder; /* being written */
  CrDuplicates *duplicates; /* of notes, in their order; NULL: not looked for */
  json_t *leakage;          /* near duplicates, and those in two parts */
  json_t *receipts, *not_carried, *facts, *anchor;
  GHashTable *label_counts, *relation_counts; /* name -> count */
  guint64 n_resolved, n_differences, n_critical, n_one_senior, n_own_reading, n_twice;
} CrRelease;
void cr_release_clear(CrRelease *release);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrRelease, cr_release_clear)

/* release.c */
/* Checks the options and gathers the notes. */
gboolean cr_release_gather(CrRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_release_progress(const CrRelease *release, const char *what, guint64 done);

/* release-groups.c */
/* What must stay in one part: patients, and patients with near duplicates. transfer full */
GPtrArray *cr_release_groups(const CrRelease *release);
/* Fills leakage. */
gboolean cr_release_check_leakage(CrRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* release-draw.c: drawn by the seed; kinds of note, specialties and finding types spread over the parts. */
void cr_release_draw_split(CrRelease *release);
/* release-split.c */
gboolean cr_release_parse_split(CrRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Looks again, by other code than drew it: NULL, or what is wrong; transfer full. */
char *cr_release_split_problem(const CrRelease *release);

/* gate-export.c: fills gates and ready, and files what the scan finds. FALSE only on failure. */
gboolean cr_gate_export(CrRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* release-scan.c */
typedef struct {
  guint64 n_notes, n_findings, n_open;
  char *version;
} CrReleaseScan;
/* The key of a finding: the same from scan to scan. what: the note's code, or "FIELD=VALUE". transfer full */
char *cr_scan_finding_key(const CrKey *work, const char *what, gint64 start, gint64 end, const char *kind);
gboolean cr_release_scan(CrRelease *release, CrReleaseScan *scan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Which finding types each note has; nothing for a release without labels. */
gboolean cr_release_load_labels(CrRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* release-write.c: the data files, each proved by its receipt. */
gboolean cr_release_write(CrRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* As it stands in the release's files; transfer full. */
char *cr_release_dump(const json_t *value);
/* A file of the release's folder. */
gboolean cr_release_put(CrRelease *release, const char *name, const char *data, gsize n_bytes,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_release_put_json(CrRelease *release, const char *name, const json_t *value,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* release-card.c: card, guidelines, agreement, splits. */
gboolean cr_release_describe(CrRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* release-judged.c: what the project knows of its own faults. */
/* preparation.residual_risk and preparation.risk. */
gboolean cr_release_state_risk(CrRelease *release, json_t *preparation,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The check list with G2 and G3 in their places. New reference. */
json_t *cr_release_gate_rows(CrRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Differences between readers that nobody has settled, in notes that were left out. */
gboolean cr_release_count_open(CrRelease *release, guint64 *n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* release-facts.c: the facts of the dataset card; counts come from the trail. New reference. */
json_t *cr_release_facts(CrRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;
