/* risk: how much may be left, and whom it could name. Counts in, figures out: nothing here reads files, notes
 * or projects. A figure that is not defined says why and is never silently 0. Intervals are 95 %. Definitions
 * and sources: docs/privacy-measures.md. */
#pragma once
#include <glib.h>
#include <chartroom/json.h>
#include <chartroom/error.h>

G_BEGIN_DECLS

typedef struct {
  double value, low, high;
  const char *why; /* static: why it is not defined; NULL where it is */
} CrRiskFigure;
/* {"value","low","high"}, or {"value":null,…,"why"}. New reference. */
CR_EXPORT json_t *cr_risk_figure_json(const CrRiskFigure *figure);
/* That object in words: "1.9 (0.4 to 8.1)", without an interval "1.9", "not defined"; times: 100 for per
 * cent. transfer full */
CR_EXPORT char *cr_risk_figure_text(const json_t *figure, double times);

/* ---- a share of a sample ---- */
CR_EXPORT CrRiskFigure cr_risk_wilson(guint64 hits, guint64 n); /* Wilson (1927) */
CR_EXPORT CrRiskFigure cr_risk_exact(guint64 hits, guint64 n);  /* Clopper & Pearson (1934) */
/* Seen in none of n: with 95 % confidence the share is below this, about 3/n (Hanley & Lippman-Hand 1983);
 * NaN for n = 0. */
CR_EXPORT double cr_risk_none_seen(guint64 n);

/* ---- what two blind reviewers and the detector together may have missed ---- */
enum { CR_FOUND_DETECTOR = 1, CR_FOUND_FIRST = 2, CR_FOUND_SECOND = 4 };
typedef struct {
  guint64
      cells[8]; /* identifiers by who found them, an OR of CR_FOUND_*; [0]: nobody before, came up later */
} CrCapture;
CR_EXPORT void cr_capture_add(CrCapture *sum, const CrCapture *more);

/* Two samples of n1 and n2 with m in common: how many there are in all. Chapman (1951), variance after Seber
 * (1970), log-normal interval from the number seen upwards after Chao (1987). Not defined below an overlap of
 * 7 (Robson & Regier 1964). se may be NULL. */
CR_EXPORT CrRiskFigure cr_capture_chapman(guint64 n1, guint64 n2, guint64 m, double *se);
typedef struct {
  guint64 found;                         /* by at least one of the three */
  guint64 both, first_only, second_only; /* the reviewers */
  guint64 beyond_detector;               /* found by a reviewer where the detector found nothing */
  guint64 later;                         /* came up after both had signed */
  CrRiskFigure
      missed_pooled; /* Chapman over all identifiers, as if the detector had told the reviewers nothing */
  CrRiskFigure
      missed; /* Chapman apart for what the detector showed and what it did not, summed: the
                 log-linear model [DA][DB], in which the reviewers are independent given the detector */
  CrRiskFigure missed_shown, missed_hidden; /* its two parts */
  CrRiskFigure missed_at_least; /* Chao (1987), a lower bound where some are harder to see than others */
} CrCaptureReport;
/* Limits of what was missed are whole numbers, outwards. */
CR_EXPORT CrCaptureReport cr_capture_report(const CrCapture *capture);

/* ---- who could be singled out by what is known of everybody ---- */
enum { CR_RISK_MAX_KEYS = 16 };
typedef struct CrKeyTable CrKeyTable; /* a row a document: its person and a value for each key */
CR_EXPORT CrKeyTable *cr_key_table_new(const char *const *keys, guint n_keys);
CR_EXPORT void cr_key_table_free(CrKeyTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrKeyTable, cr_key_table_free)
/* values: one a key, NULL: not known. person NULL: a person of its own. */
CR_EXPORT void cr_key_table_add(CrKeyTable *table, const char *person, const char *const *values);
CR_EXPORT guint cr_key_table_n_rows(const CrKeyTable *table);
CR_EXPORT const char *cr_key_table_value(const CrKeyTable *table, guint row, guint key); /* NULL: not known */
/* For each row, how many persons share its values of the keys in mask, "not known" being one (guint; n_rows
 * of them). */
CR_EXPORT GArray *cr_key_table_sizes(const CrKeyTable *table, guint mask);
/* The same by those of the keys that the row itself tells: what is not known of a row makes it no rarer, and
 * a row that does not tell a key of another's is not taken for alike. */
CR_EXPORT GArray *cr_key_table_alike(const CrKeyTable *table, guint mask);
/* Of the equivalence classes of the keys in mask: [i] how many hold i + 1 persons (guint64). */
CR_EXPORT GArray *cr_key_table_histogram(const CrKeyTable *table, guint mask);
/* The smallest sets of keys that single a person out: mask -> rows that are unique in it and in no set inside
 * it (minimal sample uniques, Elliot et al. 2002), up to max_keys keys. GArray of CrKeySet, most rows first.
 */
typedef struct {
  guint mask;
  guint64 n_rows;
} CrKeySet;
CR_EXPORT GArray *cr_key_table_singling(const CrKeyTable *table, guint mask, guint max_keys);

/* How many of the population are alone in their class, estimated from a sample's histogram: Pitman's sampling
 * formula with its maximum likelihood (Hoshino 2001) up to a tenth of the population, Zayatz (1991) beyond:
 * the rule of Dankar et al. (2012) with Zayatz in the place of the smaller of two. value: the share of the
 * sample that is unique in the population. method (may be NULL): "Pitman" or "Zayatz". No interval: low and
 * high are NaN. */
CR_EXPORT CrRiskFigure cr_risk_population_unique(const GArray *histogram, guint64 population,
                                                 const char **method);

/* ---- telling one from the other ---- */
/* The chance that a leak ranks above what is not one (ties half); 0.5: they can't be told apart. Interval
 * after Hanley & McNeil (1982). */
CR_EXPORT CrRiskFigure cr_risk_auc(const double *leaks, gsize n_leaks, const double *others, gsize n_others);

G_END_DECLS
