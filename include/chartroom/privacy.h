/* privacy: the first stages of a project: import, detection, review by one or two people, clearing. All of it
 * needs the key of the originals, which privacy reviewers hold. Offsets in results are code points of the
 * original text. */
#pragma once
#include <chartroom/project.h>

G_BEGIN_DECLS

typedef struct {
  const char *batch;    /* name of the import batch; NULL: "import-N" */
  GHashTable *map;      /* column -> field, see intake.h; may be NULL */
  const char *format;   /* or NULL: sniffed */
  const char *known;    /* manifest of known identifiers, or NULL */
  const char *language; /* of notes that do not say; NULL: "en" */
  gboolean
      keep_ids; /* the source's note ids become the note codes: the member states that they identify nobody */
} CrImportOptions;

/* {"batch","input","accepted","quarantined","duplicates","rejected":[{"file","record","byte","code","message"}]}
 * (the first 1,000 rejected; all are kept in the vault). input = accepted + quarantined; duplicates are those
 * of the quarantined that the project already has. What was accepted before a failure stays. */
CR_EXPORT json_t *cr_project_import(CrProject *p, const char *const *files, const CrImportOptions *options,
                                    CrProgressFunc progress, gpointer user_data,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Runs the detectors over the notes that wait for it; again: also over those whose review has begun (its
 * decisions are void). Names found in one note of a patient are looked for in the others.
 * {"notes","candidates","by_kind":{},"detector"} */
CR_EXPORT json_t *cr_project_detect(CrProject *p, const char *batch, gboolean again, CrProgressFunc progress,
                                    gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Learns from the notes whose review is settled and signed: a new version of the project's own tagger of the
 * language, on top of the program's, kept where it finds no less than before of frozen notes (invented ones,
 * and a tenth of the project's) and is no less precise by more than half a point. Sealed in the vault, never
 * exported, gone with the originals. {"accepted","language","version","notes","held",
 * "before":{"regression":{"cover","precision"},"held":…},"after":…,"why"?} */
CR_EXPORT json_t *cr_project_learn(CrProject *p, const char *language,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Back to the version before the one in use (0: the program's own). {"language","version"} */
CR_EXPORT json_t *cr_project_learn_rollback(CrProject *p, const char *language,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* {"language","current","last","versions":[{"version","before_it","time","member","notes","held",…}]} */
CR_EXPORT json_t *cr_project_learn_versions(CrProject *p, const char *language,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* [{"note","source","batch","state","type","candidates","decided","complete","disputes"}], the member's own
 * progress; batch may be NULL. */
CR_EXPORT json_t *cr_review_list(CrProject *p, const char *batch, gboolean disputed_only,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* {"note","source","batch","state","text","blind":true,"candidates":[{"candidate","start","end","kind","text","score","by","needs_decision",
 * "decision","others":{…}}],"added":[{"start","end","kind","text","by"}],"leak"?}. leak is
 * what a reader reported of a note that came back. Another reviewer's decisions only
 * when all who must have signed have. The viewing is recorded. */
CR_EXPORT json_t *cr_review_show(CrProject *p, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Decision lines (docs/files.md), an array, all or none. where names the source for errors ("FILE"), lines
 * count from 1. {"notes","decisions", "complete","answers"} */
CR_EXPORT json_t *cr_review_decide(CrProject *p, const json_t *lines, const char *where,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The "no actual knowledge" statement for a batch. GATE_CLEAR where notes are undecided.
 * {"batch","member","statement","hash","signers":[],"needed":2, "disputes":0} */
CR_EXPORT json_t *cr_review_sign(CrProject *p, const char *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT const char *cr_review_statement(void);

/* "tag" or "surrogate", before the first clearing (afterwards BAD_POLICY where it is another one); where
 * nobody chooses, what the policy says. */
CR_EXPORT gboolean cr_project_choose_replacement(CrProject *p, const char *replace,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Clears every note that gate G1 lets through.
 * {"cleared","held":[{"batch","notes","why"}],"replace","policy","by_kind":{}} */
CR_EXPORT json_t *cr_project_redact(CrProject *p, const char *policy, const char *batch,
                                    CrProgressFunc progress, gpointer user_data,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Findings of the export scan that wait for an answer:
 * [{"scan","note","start","end","kind","text","before","after","status"}], offsets in the cleared text. */
CR_EXPORT json_t *cr_review_scan_findings(CrProject *p, gboolean open_only,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The open ones by their words, most frequent first, each with one example:
 * [{"text","kind","count","note","before","after"}]. */
CR_EXPORT json_t *cr_review_scan_words(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The cleared text of a note as it is, or as it would be by today's decisions (preview):
 * {"note","text","state"}. */
CR_EXPORT json_t *cr_review_preview(CrProject *p, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
