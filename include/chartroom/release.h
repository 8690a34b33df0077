/* release: gate G4 and the export. Files are written aside, proved by reading them back, told to the trail,
 * and appear in one rename: a partial export is never visible. */
#pragma once
#include <chartroom/project.h>

G_BEGIN_DECLS

typedef struct {
  const char *const *formats; /* names of formats.h, NULL-terminated; NULL: jsonl */
  const char *out;            /* folder; an earlier export there is replaced in one step */
  const char *split;          /* "80/10/10", shares of the patients' notes; NULL: no split */
  gint64 seed;                /* of the split; negative: 1 */
  gboolean unlabelled;        /* cleared notes without labels */
  const char *batch;          /* only this reading batch (unlabelled: or import batch); NULL: the project */
} CrReleaseOptions;

/* The check list of gate G4: {"ready","notes","gates":[{"gate","what","ready","why","overridden"}]}. Runs the
 * scan and files what it finds for the privacy reviewers. */
CR_EXPORT json_t *cr_release_check(CrProject *p, const CrReleaseOptions *options, CrProgressFunc progress,
                                   gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* {"out","notes","entities","splits":{…},"files":[…],"receipt","release","leakage":{"likeness_from",
 * "shingle_words","near_duplicates","in_two_parts","pairs":[{"notes","parts","likeness"}]}}: patients whose
 * notes are nearly the same go to one part unless they are too many; what is in two parts all the same is
 * listed. GATE_EXPORT says everything that
 * is missing. */
CR_EXPORT json_t *cr_release_export(CrProject *p, const CrReleaseOptions *options, CrProgressFunc progress,
                                    gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
