/* reading: from published guidelines to approved notes. Versions of the guidelines (gate G2), reading batches
 * and their pilot (gate G3), labels, agreement, resolution, the quality sample.
 *
 * What a reader finds is an append-only journal sealed with that reader's key; the current findings are a
 * fold over it. Sets of findings are JSON as in cli.md: {"entities":[…],"relations":[…],"answers":{…}},
 * offsets in code points of the cleared text. Results are new references. Who may do what: product.md;
 * NOT_PERMITTED says which role is asked for. */
#pragma once
#include <chartroom/guidelines.h>
#include <chartroom/project.h>

G_BEGIN_DECLS

/* ---- guidelines ---- */

/* Publishes the next version (lead); g NULL: the template of init. Returns the version, -1 on failure. */
CR_EXPORT gint64 cr_reading_publish(CrProject *p, const CrGuidelines *g,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, telling which notes the version affects: those with findings of a label that changed or is gone,
 * with an answer to such a question, and, where a label or question is new, all that were read. They are
 * queued again for their readers, and what was approved of them must be approved anew; with CR_PUBLISH_KEEP
 * they are only told. Other notes keep their state. {"version","affected":[{"what":"label"|"question","name",
 * "why":"changed"|"removed"|"renamed"|"added","findings","notes"}],"notes":[{"note","batch","was","because":[
 * names]}],"queued","kept"} */
enum { CR_PUBLISH_KEEP = 1 };
CR_EXPORT json_t *cr_reading_publish_report(CrProject *p, const CrGuidelines *g, guint flags,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* version -1: the newest published (GATE_GUIDELINES where there is none); 0: the template of init. */
CR_EXPORT CrGuidelines *cr_reading_guidelines(CrProject *p, gint64 version,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* [{"version","title","time","member","sha256","labels"}], oldest first. */
CR_EXPORT json_t *cr_reading_guidelines_list(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- reading batches ---- */

typedef struct {
  const char *batch;          /* the name of the reading batch */
  const char *const *readers; /* codes or names, NULL-terminated; NULL with again: as before */
  double overlap; /* share of the notes that get a second reader, 0..1; negative: 0.2, or 0 with one reader */
  gint64 n_notes; /* 0: the pilot's size, or all that are waiting */
  gint64 seed;    /* negative: drawn, and recorded */
  gboolean again; /* a new round of this batch under the newest guidelines */
} CrAssignOptions;
/* {"batch","pilot","round","guidelines","notes","twice","seed","overlap","readers":[{"member","notes"}]} */
CR_EXPORT json_t *cr_reading_assign(CrProject *p, const CrAssignOptions *options,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Running tasks [{"note","batch","reader","round","guidelines","task","state"}]: the member's own, or with
 * all (lead, senior, engineer) everybody's. */
CR_EXPORT json_t *cr_reading_tasks(CrProject *p, gboolean all, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- findings ---- */

/* The cleared note with the member's own findings, as a document line of cli.md; the view is audited. */
CR_EXPORT json_t *cr_reading_open_note(CrProject *p, const char *note,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The findings of a reader (NULL: the acting member) in a note, with text. NOT_PERMITTED without the key. */
CR_EXPORT json_t *cr_reading_findings(CrProject *p, const char *note, const char *reader,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The set that goes on: the resolution, or what was read once, or what both readers agree on. WRONG_STATE
 * where differences are open. Lead, senior, engineer. */
CR_EXPORT json_t *cr_reading_final(CrProject *p, const char *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
  CR_LABEL_REPAIR = 1 << 0,    /* move what fits one place only, and record it */
  CR_LABEL_CHECK_ONLY = 1 << 1 /* change nothing */
} CrLabelFlags;
/* Label lines (docs/files.md: array of {"id","entities","relations","answers","guidelines","done"}) of the
 * acting member, all in one transaction or none. Returns
 * [{"note","added","moved","relabelled","changed","removed","links","answers","repaired":[…],"state"}].
 * problems (may be NULL) gets, where a label does not fit its text,
 * [{"note","entity","label","start","end","said","found","nearest":[s,e]|null,"occurrences","code"}]: for the
 * screen of the file's owner, never a log. Errors: LABEL_TEXT, SPAN_…, LABEL_UNKNOWN, LABEL_OLD_GUIDELINES,
 * NO_TASK, WRONG_STATE, DUPLICATE_ID, MISSING_FIELD. */
CR_EXPORT json_t *cr_reading_label(CrProject *p, const json_t *lines, guint flags, json_t **problems,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One operation by hand: {"op":"add","start","end","label",…} "move" "relabel" "set-attribute" "remove"
 * "link" "unlink" "answer", with "id" of the finding it is about. origin: "hand", "suggestion", "edited".
 * Durable when it returns TRUE. *op_id and *finding (may be NULL): the operation's and the finding's id. */
CR_EXPORT gboolean cr_reading_add_op(CrProject *p, const char *note, const json_t *op, const char *origin,
                                     char **op_id, char **finding, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes back an operation (NULL: the newest that stands) by another; undoing that one is redo. */
CR_EXPORT gboolean cr_reading_undo(CrProject *p, const char *note, const char *op_id, char **undo_id,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The reader has finished the note, or takes it up again. */
CR_EXPORT gboolean cr_reading_done(CrProject *p, const char *note, gboolean done,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The reader sees an identifier: the note leaves every queue and goes back to privacy review. */
CR_EXPORT gboolean cr_reading_report_leak(CrProject *p, const char *note, const char *reason,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "The guidelines do not say": a question to the lead. */
CR_EXPORT gboolean cr_reading_ask(CrProject *p, const char *note, const char *question,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* [{"question","from","note","reader","time","guidelines","text"}]: text only where the member may open it;
 * from: "reader", or "insight" (cr_reading_insight). */
CR_EXPORT json_t *cr_reading_questions(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- agreement ---- */

/* Agreement over the doubly read notes of one batch, or (NULL) of each:
 * [{"batch","round","guidelines","seed",
 * "notes","metric","value","low","high","floor","reached","overall":{…},"pairs":[{"readers":[a,b],"notes",…}],
 * "attributes":{…}}]. Recorded as the batch's agreement (lead, senior, engineer). seed negative: the
 * batch's. */
CR_EXPORT json_t *cr_reading_agree(CrProject *p, const char *batch, gint64 seed,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the readers of one batch, or (NULL) of each, disagree about (lead, senior, engineer): differences by
 * kind and words, the clusters that would give back most agreement first, each as a question to the
 * guidelines. The first n_questions that give anything back are stored beside the readers' own
 * (cr_reading_questions).
 * [{"batch","round","guidelines","notes","differences","metric","now":{…},"by_kind":[…],"clusters":[{"kind",
 * "what","cleared_text","pattern","differences","notes","critical","question","measure","settled","gain",…,
 * "examples":[…]}],"asked"}]. "cleared_text" and the examples quote the cleared notes. docs/quality.md */
CR_EXPORT json_t *cr_reading_insight(CrProject *p, const char *batch, guint n_questions,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- resolution (senior) ---- */

/* {"open":[{"note","batch","differences","decided","waits"}],"agreed":n,"resolved":n} */
CR_EXPORT json_t *cr_reading_resolve_list(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* {"note","text","readers":{"M-…":{"entities",…}},"differences":[{"difference","kind","critical","M-…":…}]}
 */
CR_EXPORT json_t *cr_reading_resolve_show(CrProject *p, const char *note,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lines of docs/files.md, all or none, each with a reason; signed. [{"note","state","open"}] */
CR_EXPORT json_t *cr_reading_resolve_decide(CrProject *p, const json_t *lines,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Who decided what of a note, when and why, oldest first (lead, senior, engineer):
 * [{"resolver","time","state",
 * "flags","decisions":{"1":{"take","reason"}},"reason"?,"confirms"?:{"resolver","sha256"},"critical",
 * "signature_holds"}]. */
CR_EXPORT json_t *cr_reading_resolve_history(CrProject *p, const char *note,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- quality (senior) ---- */

/* Draws the sample of each batch that is wholly resolved (share 0: as drawn before, or 0.1; with notes that
 * have a critical finding as their sampling plan asks) and lists it:
 * [{"batch","notes","resolved","share","sample":[{"note","state","findings","density"}],"flags"}]. */
CR_EXPORT json_t *cr_reading_quality_list(CrProject *p, double share,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lines of docs/files.md, all or none. [{"note","state"}] */
CR_EXPORT json_t *cr_reading_quality_decide(CrProject *p, const json_t *lines,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Signs a batch whose sampled notes are all ok. {"batch","notes","sampled","sha256","signature"} */
CR_EXPORT json_t *cr_reading_approve(CrProject *p, const char *batch, double share,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- gates ---- */

/* G2 and G3 as they stand: [{"gate","holds","why"}]; for status and the desktop's check list. */
CR_EXPORT json_t *cr_reading_gates(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
