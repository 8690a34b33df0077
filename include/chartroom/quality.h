/* quality: the project judging itself: what may be left in the cleared notes, what a second look found.
 * Definitions and sources: docs/privacy-measures.md. Results are new references. */
#pragma once
#include <chartroom/project.h>

G_BEGIN_DECLS

/* What is estimated to be left, from the trail (no key of the originals is needed): privacy, senior, lead,
 * engineer.
 * {"notes","read_twice","all":{"found","both","first_only","second_only","beyond_detector","later","missed":{…},
 * "missed_pooled","missed_shown","missed_hidden","missed_at_least","left"},"kinds":[{"kind",…}],
 * "clinical":{"all","masked","share":{…}}|null,"reread":{"drawn","read","with_identifier","exact":{…},"wilson":{…},"below"},"leaks_reported",
 * "statement"}. */
CR_EXPORT json_t *cr_quality_risk(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What masking took of the clinical content of the cleared notes; reads the originals (privacy), and the
 * trail says so.
 * {"notes","classes":{"drug":{"all","masked"},…},"words_masked","clinical_masked","share":{…} (of the
 * clinical words, those masked),"precision":{…} (of the words masked, those on no clinical
 * list),"words":[{"word","class","masked","all"}]} */
CR_EXPORT json_t *cr_quality_utility(CrProject *p, guint top, CrProgressFunc progress, gpointer user_data,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Draws a seeded sample of the cleared notes to be read once more (share above 0; seed negative: drawn, and
 * recorded), or lists the one drawn last (share 0; WRONG_STATE where there is none): privacy, senior.
 * {"seed","share","of","notes":[{"note","result":"open"|"clean"|"leak"}]} */
CR_EXPORT json_t *cr_quality_reread(CrProject *p, double share, gint64 seed,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The cleared text of a note of the sample; the viewing is recorded. {"note","text"} */
CR_EXPORT json_t *cr_quality_reread_show(CrProject *p, const char *note,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lines {"note","decision":"clean"} or {"note","decision":"leak","reason"}, all or none; a leak sends the
 * note back to privacy review. [{"note","result"}] */
CR_EXPORT json_t *cr_quality_reread_decide(CrProject *p, const json_t *lines,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What an over-sensitive scan found in notes drawn from an export goes to the review. drawn:
 * [{"note","sha256" (of the exported text),"findings":[{"start","end","kind"}]}], offsets in code points;
 * draw: what is told of the draw
 * ({"seed","share","of"}). Findings that a reviewer has answered before stay answered; new ones wait for an
 * answer
 * (`review list --scan`) and hold gate G4; send_back: their notes go back to privacy review at once. Privacy,
 * lead, senior, engineer.
 * {"drawn","findings","answered","open","notes":[codes with open findings],"returned","unknown":[codes that
 * the project does not have],"changed":[codes whose exported text is not what was cleared]} */
CR_EXPORT json_t *cr_quality_monitor(CrProject *p, const json_t *drawn, const json_t *draw,
                                     gboolean send_back, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How good the labels are (lead, senior, engineer): densities and times far from others of their kind, each
 * reader over time and against what was settled, review and acceptance by how critical labels are, groups of
 * documents by a key compared, what suggestions did. Codes and figures, no word of a note. key: "type"
 * (NULL), "specialty", "author_role", "language", or a key of the sources' "meta", which takes the key of the
 * originals; groups of fewer than 10 documents are not told. seed negative: 1. docs/quality.md has the
 * definitions. {"report","time","seed","version","counts":{…},"outliers":{"kinds","far"},"readers":[…],
 * "review":{"classes","labels"},"balance":{"key","groups","suppressed"},"influence":{…}} */
CR_EXPORT json_t *cr_quality_report(CrProject *p, const char *key, gint64 seed,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* That object as "json", "markdown" or "pdf" (PDF_LIBRARY where the machine has no cairo and pango). */
CR_EXPORT GBytes *cr_quality_report_render(const json_t *report, const char *format,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
