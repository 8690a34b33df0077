/* attack: what the two halves of `chartroom attack` share with its options. */
#pragma once
#include "cli/cli.h"
#include <chartroom/attack.h>

typedef struct {
  char *leaks, *originals, *keys, *language;
  double simulate; /* share left as it was; 0: no simulation */
  gint64 seed, k, population;
  gboolean show;
} CrAttackOptions;

/* ---- attack-hiding.c: originals among surrogates ---- */
typedef struct CrHidingRun CrHidingRun;
CrHidingRun *cr_hiding_run_new(const CrAttackOptions *o, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_hiding_run_free(CrHidingRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrHidingRun, cr_hiding_run_free)
gboolean cr_hiding_run_add(CrHidingRun *run, const json_t *document,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
json_t *cr_hiding_run_report(CrHidingRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_hiding_print(const json_t *report);

/* ---- attack-linkage.c: people by what is known of everybody ---- */
typedef struct CrLinkageRun CrLinkageRun;
CrLinkageRun *cr_linkage_run_new(const CrAttackOptions *o, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_linkage_run_free(CrLinkageRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrLinkageRun, cr_linkage_run_free)
gboolean cr_linkage_run_add(CrLinkageRun *run, const json_t *document,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
json_t *cr_linkage_run_report(CrLinkageRun *run);
void cr_linkage_print(const json_t *report);

/* Whose note it is: "patient", or that of the meta data; NULL where neither says. Borrowed. */
const char *cr_attack_person(const json_t *document);
/* The text of a document. MISSING_FIELD. */
CrText *cr_attack_text(const json_t *document, GError **error) G_GNUC_WARN_UNUSED_RESULT;
