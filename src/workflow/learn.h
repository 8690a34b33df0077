/* learn: the project's own model, learnt from what its reviewers decided. */
#pragma once
#include "workflow/workflow-private.h"
#include <chartroom/phi.h>

/* The program's detector of a language with the project's model in use, where there is one. */
CrPhiDetector *cr_project_detector(CrProject *p, const char *language,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In the running transaction: the keys of all models go, for what was destroyed cannot be taken out of them.
 */
gboolean cr_learnt_destroy(CrProject *p, const char *reason, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- learn-data.c ---- */
typedef struct {
  CrText *text;
  CrKnown *known; /* or NULL */
  GArray *spans;  /* CrPhiSpan */
} CrLearnNote;
void cr_learn_note_free(gpointer note);
/* The invented notes of a file of data/tagger ("replay", "regression"). GPtrArray of CrLearnNote. */
GPtrArray *cr_learn_invented(const char *name, const char *language,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The project's settled notes of the language; those of the frozen tenth go to held. */
gboolean cr_learn_settled(CrProject *p, const char *language, GPtrArray *notes, GPtrArray *held,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
  double cover, precision; /* shares of characters */
} CrLearnFigures;
CrLearnFigures cr_learn_measure(const CrPhiDetector *detector, const GPtrArray *notes);
