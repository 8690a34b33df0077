/* phi: finding protected health information and taking it out. Detection by known identifiers, rules and
 * propagation; policy tables; redaction with its map and log; the independent over-sensitive scan of what
 * leaves. */
#pragma once
#include <chartroom/text.h>
#include <chartroom/known.h>
#include <chartroom/tagger.h>

G_BEGIN_DECLS

/* One table of kinds (data/rules/kinds.tsv mirrors it): NAME, Safe Harbor letter, tag on screen, whether a
 * miss is a leak. */
typedef enum {
  CR_PHI_PATIENT,
  CR_PHI_STAFF,
  CR_PHI_RELATIVE,
  CR_PHI_FACILITY,
  CR_PHI_ORGANIZATION,
  CR_PHI_STREET,
  CR_PHI_CITY,
  CR_PHI_COUNTY,
  CR_PHI_ZIP,
  CR_PHI_LANDMARK,
  CR_PHI_STATE,
  CR_PHI_COUNTRY,
  CR_PHI_DATE,
  CR_PHI_YEAR,
  CR_PHI_AGE,
  CR_PHI_AGE90,
  CR_PHI_PHONE,
  CR_PHI_FAX,
  CR_PHI_EMAIL,
  CR_PHI_SSN,
  CR_PHI_MRN,
  CR_PHI_HEALTHPLAN,
  CR_PHI_ACCOUNT,
  CR_PHI_LICENSE,
  CR_PHI_VEHICLE,
  CR_PHI_DEVICE,
  CR_PHI_URL,
  CR_PHI_IP,
  CR_PHI_BIOMETRIC,
  CR_PHI_PHOTO,
  CR_PHI_OTHERID,
  CR_PHI_PROFESSION,
  CR_PHI_USERNAME,
  CR_PHI_N_KINDS
} CrPhiKind;
CR_EXPORT const char *cr_phi_kind_name(CrPhiKind kind); /* "PATIENT" */
CR_EXPORT gboolean cr_phi_kind_parse(const char *name, CrPhiKind *kind);
CR_EXPORT const char *cr_phi_kind_identifier(CrPhiKind kind);    /* Safe Harbor letter, "A".."R" */
CR_EXPORT gboolean cr_phi_kind_is_reported_only(CrPhiKind kind); /* STATE COUNTRY AGE YEAR PROFESSION */
/* What the labels of another annotation scheme ("meddocan", "asq-phi") are: label -> name of a kind, or "-"
 * for what is no identifier. From the table schemes.tsv; NOT_FOUND where it lacks the scheme. transfer full
 */
CR_EXPORT GHashTable *cr_phi_scheme_load(const char *rules_dir, const char *scheme,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
  CrSpan span; /* bytes */
  CrPhiKind kind;
  double score; /* 0..1 */
  GStrv by;     /* "known:name", "rule:date.numeric", "propagated" …; owned */
} CrPhiSpan;
CR_EXPORT void cr_phi_span_clear(CrPhiSpan *span);

/* The detector: the rule tables compiled once; immutable afterwards, shared by threads. rules_dir NULL: the
 * installed tables, or data/rules of the source tree in a build. */
typedef struct CrPhiDetector CrPhiDetector;
CR_EXPORT CrPhiDetector *cr_phi_detector_new(const char *rules_dir, const char *language,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The language whose tables serve a note that says it is in tag ("es-MX": "es"); "en" where it says nothing
 * or there are none. Static. */
CR_EXPORT const char *cr_phi_language_of(const char *tag);
CR_EXPORT void cr_phi_detector_free(CrPhiDetector *detector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrPhiDetector, cr_phi_detector_free)
CR_EXPORT const char *
cr_phi_detector_version(const CrPhiDetector *detector); /* "rules 1 abcdef01": table versions and hash */
/* Puts a trained tagger (chartroom/tagger.h) in place of the one that _new took from the program's data; path
 * NULL: none. Before the detector's first scratch. BAD_MODEL. */
CR_EXPORT gboolean cr_phi_detector_use_tagger(CrPhiDetector *detector, const char *path,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same with a model in memory, which the detector then owns, also where this fails. NULL: none. */
CR_EXPORT gboolean cr_phi_detector_take_tagger(CrPhiDetector *detector, CrTagger *model,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT const CrTagger *cr_phi_detector_tagger(const CrPhiDetector *detector); /* borrowed, or NULL */
/* Lets a user's own token classifier find along (docs/onnx.md): model is its folder or its model.onnx, labels
 * a table of what its labels mean (may be NULL), runtime the ONNX Runtime library (NULL: found by itself).
 * Before the detector's first scratch, once. ONNX_MODEL, ONNX_RUNTIME. */
CR_EXPORT gboolean cr_phi_detector_add_onnx(CrPhiDetector *detector, const char *model, const char *labels,
                                            const char *runtime, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Scratch of one thread. */
typedef struct CrPhiScratch CrPhiScratch;
CR_EXPORT CrPhiScratch *cr_phi_scratch_new(const CrPhiDetector *detector);
CR_EXPORT void cr_phi_scratch_free(CrPhiScratch *scratch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrPhiScratch, cr_phi_scratch_free)

/* All candidates, sorted by start, not overlapping (typed merging done). GArray of CrPhiSpan with clear func.
 * known may be NULL. */
CR_EXPORT GArray *cr_phi_detect(const CrPhiDetector *detector, CrPhiScratch *scratch, const CrText *text,
                                const CrKnown *known, double threshold);
/* The same for a detector with an ONNX model, which can fail on a text (ONNX_MODEL): NULL, and nothing that
 * the others found counts. cr_phi_detect takes only detectors without one. */
CR_EXPORT GArray *cr_phi_detect_checked(const CrPhiDetector *detector, CrPhiScratch *scratch,
                                        const CrText *text, const CrKnown *known, double threshold,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Policies: kind -> what to do with it. Tables in data/rules/policy-*.tsv. */
typedef enum { CR_PHI_KEEP, CR_PHI_TAG, CR_PHI_GENERALISE, CR_PHI_SURROGATE, CR_PHI_SHIFT } CrPhiAction;
typedef struct CrPolicy CrPolicy;
CR_EXPORT CrPolicy *cr_policy_load(const char *rules_dir, const char *name_or_file,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT; /* "safe-harbor" */
CR_EXPORT void cr_policy_free(CrPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrPolicy, cr_policy_free)
CR_EXPORT const char *cr_policy_name(const CrPolicy *policy);
CR_EXPORT const char *cr_policy_version(const CrPolicy *policy);
CR_EXPORT CrPhiAction cr_policy_action(const CrPolicy *policy, CrPhiKind kind);
/* Whether a project under this policy replaces by surrogates unless told otherwise (its row "replace"). */
CR_EXPORT gboolean cr_policy_replaces(const CrPolicy *policy);

/* What one span became. */
typedef struct {
  CrEdit edit; /* bytes in the original, bytes in the cleared text */
  CrPhiKind kind;
  CrPhiAction action;
  char *rule; /* "zip3.allowed", "date.year", "tag" … why it became what it became; owned */
} CrRedactionItem;
typedef struct {
  CrText *text;     /* the cleared text */
  CrOffsetMap *map; /* cleared -> original */
  GArray *log;      /* CrRedactionItem, ascending */
} CrRedaction;
/* Safe Harbor: dates become their year ("[DATE 2018]"; unknown year "[DATE]"), ZIPs their first three digits
 * where the allow-list has the area else "000", ages over 89 "90+", everything else "[KIND]". spans may
 * overlap: they are merged first. Spans the policy keeps stay as text and do not enter the log. Rows that say
 * surrogate or shift leave tags and years here: see chartroom/surrogate.h. */
CR_EXPORT CrRedaction *cr_phi_redact(const CrPolicy *policy, const CrText *text, const GArray *phi_spans,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_redaction_free(CrRedaction *redaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrRedaction, cr_redaction_free)

/* The independent, deliberately over-sensitive scan for gate G4: other tables and other code than the
 * detector; it would rather ask about a drug than miss a name. Redaction tags and generalised values never
 * count. GArray of CrPhiSpan. */
typedef struct CrPhiScan CrPhiScan;
CR_EXPORT CrPhiScan *cr_phi_scan_new(const char *rules_dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* That of a language, as cr_phi_language_of names it; the other is English. */
CR_EXPORT CrPhiScan *cr_phi_scan_new_for(const char *rules_dir, const char *language,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_phi_scan_free(CrPhiScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrPhiScan, cr_phi_scan_free)
CR_EXPORT GArray *cr_phi_scan_run(const CrPhiScan *scan, const CrText *text);
CR_EXPORT const char *cr_phi_scan_version(const CrPhiScan *scan);

G_END_DECLS
