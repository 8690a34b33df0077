/* Inside workflow/: disagreements of a batch by kind and words (insight-collect.c), and what is told of them
 * (insight.c). */
#pragma once
#include "workflow/reading-private.h"

/* What is measured where a kind of dispute is settled. */
typedef enum {
  CR_MEASURE_SPANS,      /* span F1 and kappa on tokens */
  CR_MEASURE_ATTRIBUTES, /* attributes that are equal, of those of findings that both made */
  CR_MEASURE_LINKS,      /* F1 of links between findings that both made */
  CR_MEASURE_ANSWERS,    /* whole-note questions answered alike */
  CR_MEASURE_N
} CrMeasure;

typedef struct {
  char *key;        /* kind, what and pattern: equal keys are one cluster */
  const char *kind; /* "bounds", "type", "missing", "split", "attributes", "link", "answer" */
  char *what;       /* "DRUG", "DOSE or STRENGTH", "DRUG.status: current or stopped" … */
  char *pattern;    /* the words, in small letters, digits as 0 */
  char *words;      /* as they stand in the first note: cleared text */
  char *first_note;
  json_t *examples; /* up to three */
  CrMeasure measure;
  guint number, n, n_notes;
  guint n_sides[2]; /* links: made by the first reader alone, by the second */
  guint group;      /* number of the clusters of this kind and what */
  gboolean critical;
  const CrReading *last; /* the reading counted last in n_notes */
} CrCluster;

typedef struct {
  guint64 equal, all;
  guint64 sides[2]; /* links: how many each has */
} CrMeasured;

typedef struct {
  CrProject *p;
  CrGathered gathered;
  GPtrArray *clusters; /* CrCluster, in order of appearance */
  GPtrArray *groups;   /* char: kind and what */
  GHashTable *by_key;
  GHashTable *group_by_key;
  GArray *disputes;  /* CrDispute, cluster by number */
  GPtrArray *places; /* GArray of guint, owned: what the disputes point at */
  CrMeasured measured[CR_MEASURE_N];
  gsize n_differences;
} CrInsight;

void cr_insight_init(CrInsight *insight, CrProject *p);
void cr_insight_clear(CrInsight *insight);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrInsight, cr_insight_clear)
/* Reads the notes, and sorts what differs into clusters. */
gboolean cr_insight_collect(CrInsight *insight, const GPtrArray *notes,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
