/* eval-study: gold and systems read, their documents matched, their labels and groups put in lists: what the
 * evaluation counts on. */
#pragma once
#include "cli/corpus.h"
#include <chartroom/evaluation.h>

enum { CR_STUDY_MAX_SYSTEMS = 2 };

typedef struct {
  const char *gold;                  /* path */
  char **systems;                    /* paths, one or two, NULL-terminated */
  const char *format;                /* of all; NULL: each by its looks */
  const char *gold_key, *system_key; /* "entities", "phi"; NULL: by what there is */
  const char *scheme;                /* of gold's labels, NULL */
  const char *label_map, *group;
  guint least; /* gold spans of a group that takes part in the spread */ /* NULL */
  gboolean all_kinds;                                                    /* no kind is only reported */
} CrStudyOptions;

typedef struct {
  char *path;
  GPtrArray *corpus;               /* of CrCorpusDocument */
  GPtrArray *extra;                /* const char *: documents that gold has not */
  GArray *spans;                   /* of CrLabelSpan, of all matched documents */
  CrEvaluationDocument *documents; /* [n_documents] */
} CrStudySystem;

typedef struct {
  GPtrArray *gold; /* of CrCorpusDocument */
  gboolean is_phi; /* the labels are the program's kinds: STATE, COUNTRY … are only reported */
  gboolean by_sentence;
  guint n_systems, n_documents;
  CrStudySystem systems[CR_STUDY_MAX_SYSTEMS];
  GPtrArray *missing;         /* const char *: gold documents that a system lacks */
  GPtrArray *labels, *groups; /* char *, sorted */
  gboolean *is_reported;      /* [labels] */
  gboolean *is_small;         /* [groups] */
  GArray *gold_spans;         /* of CrLabelSpan */
  GArray *gold_groups;        /* of gint, beside them */
  CrEvaluationScheme scheme;  /* points into the lists above */
} CrStudy;

/* NOT_COMPARABLE where a text differs, an id stands twice, or no document matches. */
gboolean cr_study_read(CrStudy *study, const CrStudyOptions *options,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_study_clear(CrStudy *study);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrStudy, cr_study_clear)

/* ---- eval-match.c ---- */

/* partners[i]: the system's document for gold's i, NULL where it has none. Its other documents become
 * `extra`. NOT_COMPARABLE where a text differs or an id stands twice. */
gboolean cr_study_match(const CrStudy *study, CrStudySystem *system, const char *gold_path,
                        CrCorpusDocument **partners, GError **error);

/* ---- eval-build.c ---- */

/* Lists labels and groups, and puts the documents that every system has in order. partners: a list a system.
 */
gboolean cr_study_build(CrStudy *study, const CrStudyOptions *options, CrCorpusDocument **const *partners,
                        GError **error);

/* ---- eval-labels.c ---- */

/* A table of labels: "FROM<TAB>TO". name -> name. BAD_COLUMNS with file:line. The label "-" is neither miss
 * nor false alarm, whatever the others are. */
GHashTable *cr_label_map_read(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Renames the spans of a corpus in place. map NULL: nothing. */
void cr_label_map_apply(GHashTable *map, GPtrArray *corpus);

/* ---- eval-print.c ---- */
void cr_study_print(const CrStudy *study, const json_t *report);
void cr_study_print_comparison(const json_t *comparison);
/* Misses and false alarms with the words around them, at most n of each kind (0: all). New reference. */
json_t *cr_study_errors(const CrStudy *study, guint n);
void cr_study_print_errors(const json_t *errors);
