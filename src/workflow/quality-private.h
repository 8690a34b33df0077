/* Inside workflow/: every reading of a project as figures (quality-gather.c), and what is told of them
 * (quality-report.c and the files beside it). */
#pragma once
#include "workflow/reading-private.h"
#include <chartroom/quality.h>
#include <chartroom/statistics.h>

/* Where a finding came from, by its journal's origins. */
typedef enum { CR_ORIGIN_HAND, CR_ORIGIN_SUGGESTION, CR_ORIGIN_EDITED, CR_ORIGIN_FILE, CR_ORIGIN_N } CrOrigin;
extern const char *const cr_origin_names[CR_ORIGIN_N];

/* Findings of a set by what is compared: place and label -> how often. */
typedef struct {
  guint note; /* place in the notes */
  char *reader;
  gboolean is_done, by_hand;   /* by_hand: no finding came from a file, so the times are the reader's */
  gint64 end_us;               /* of the last operation */
  double minutes;              /* at work on the note, NaN where not known */
  double density;              /* findings in 1,000 characters */
  double z_density, z_minutes; /* far from others of the kind of note; NaN where too few */
  guint n_findings;
  GHashTable *keys, *labels; /* "23-33 DRUG" -> count; label -> count */
  guint n_common, n_truth;   /* with the note's settled findings; n_truth of those */
  gboolean has_truth;
  guint n_origins[CR_ORIGIN_N], n_unread;
  guint sitting, position;
} CrQualityReading;

typedef struct {
  char *id, *batch, *type, *group; /* group: the value of the key asked for, NULL: not known */
  gsize length;                    /* code points */
  gboolean has_truth, is_resolved; /* settled; by a senior reviewer */
  GHashTable *keys, *labels;       /* of the settled findings */
  guint n_truth;
  CrQualityReading *pair[2]; /* both readings where two have finished it; borrowed */
  guint n_readings;
} CrQualityNote;

typedef struct {
  CrProject *p;
  const char *key;
  gint64 seed;
  GPtrArray *notes, *readings;  /* CrQualityNote, CrQualityReading */
  GHashTable *note_places;      /* id -> place + 1 */
  GHashTable *views;            /* "member note" -> GArray of gint64: when it was opened */
  GHashTable *flags;            /* note -> GArray of gint64: when it was flagged */
  GArray *seconds[CR_ORIGIN_N]; /* double: a decision's time, all readers */
  GHashTable *reader_seconds;   /* "reader origin" -> GArray of double */
} CrQualityData;

/* Gaps longer than this are no work, a longer one begins another sitting, and what was accepted faster was
 * not read. */
#define CR_QUALITY_IDLE_US ((gint64)5 * 60 * 1000000)
#define CR_QUALITY_SITTING_US ((gint64)30 * 60 * 1000000)
#define CR_QUALITY_UNREAD_US ((gint64)1000000)

void cr_quality_data_init(CrQualityData *data, CrProject *p, const char *key, gint64 seed);
void cr_quality_data_clear(CrQualityData *data);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrQualityData, cr_quality_data_clear)
gboolean cr_quality_gather(CrQualityData *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Strict F1 of two tables of keys as part and whole: twice what is common, and both together. */
guint cr_quality_common(GHashTable *a, GHashTable *b);

/* quality-readers.c */
json_t *cr_quality_outliers(CrQualityData *data);
json_t *cr_quality_readers(CrQualityData *data);
/* quality-balance.c */
json_t *cr_quality_balance(const CrQualityData *data, guint least);
json_t *cr_quality_influence(const CrQualityData *data);
/* quality-critical.c */
/* How many flagged notes a lot may hold, by whether its labels are critical. */
const CrSamplingPlan *cr_quality_plan(gboolean is_critical);
/* Notes beyond the first n_drawn of the order (settled notes of a batch) that must be looked at for their
 * critical findings; borrowed from the order. */
GPtrArray *cr_quality_more_critical(CrProject *p, GHashTable *cache, const GPtrArray *order, gsize n_drawn,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* quality-review.c */
json_t *cr_quality_review(const CrQualityData *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
