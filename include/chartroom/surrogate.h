/* surrogate: invented persons, places, numbers and dates that stand where identifiers stood.
 *
 * A map belongs to one patient: the same original, in whatever form, has the same surrogate in the same form.
 * What is drawn is random and never computed from an original (45 CFR 164.514(c)); only the map leads back.
 * A map is used by one thread at a time; the tables are immutable and shared. */
#pragma once
#include <chartroom/json.h>
#include <chartroom/phi.h>

G_BEGIN_DECLS

/* What surrogates are drawn from: data/names, data/rules/surrogates.tsv. rules_dir as for a detector. */
typedef struct CrSurrogateTables CrSurrogateTables;
CR_EXPORT CrSurrogateTables *cr_surrogate_tables_load(const char *rules_dir,
                                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_surrogate_tables_free(CrSurrogateTables *tables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrSurrogateTables, cr_surrogate_tables_free)

/* Real values of a project: no map that knows the set hands one of them out. Grows, never shrinks. */
typedef struct CrRealValues CrRealValues;
CR_EXPORT CrRealValues *cr_real_values_new(void);
CR_EXPORT void cr_real_values_free(CrRealValues *values);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrRealValues, cr_real_values_free)
/* The whole value and each of its words of two letters or more. */
CR_EXPORT void cr_real_values_add(CrRealValues *values, const char *value, gsize n_bytes);
CR_EXPORT void cr_real_values_add_known(CrRealValues *values, const CrKnown *known);

typedef struct CrSurrogates CrSurrogates;
/* 64 random bits. */
typedef guint64 (*CrDrawFunc)(gpointer user_data);
/* Borrows tables and real (may be NULL). draw NULL: the machine's own randomness. */
CR_EXPORT CrSurrogates *cr_surrogates_new(const CrSurrogateTables *tables, const CrRealValues *real,
                                          CrDrawFunc draw, gpointer user_data);
/* The same draws for the same seed, on every machine. */
CR_EXPORT CrSurrogates *cr_surrogates_new_seeded(const CrSurrogateTables *tables, const CrRealValues *real,
                                                 guint64 seed);
/* Nothing that is known of somebody becomes a surrogate. */
CR_EXPORT void cr_surrogates_exclude(CrSurrogates *surrogates, const CrKnown *known);
CR_EXPORT void cr_surrogates_free(CrSurrogates *surrogates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrSurrogates, cr_surrogates_free)
CR_EXPORT guint cr_surrogates_size(const CrSurrogates *surrogates); /* originals that it holds */
/* Days by which this patient's dates move: a multiple of seven, never 0, at most 52 weeks either way. */
CR_EXPORT int cr_surrogates_offset(const CrSurrogates *surrogates);
/* What was asked for since the last forget_use, as JSON: {"offset", "people", "map"}: holds originals. */
CR_EXPORT json_t *cr_surrogates_dup_used(const CrSurrogates *surrogates);
CR_EXPORT void cr_surrogates_forget_use(CrSurrogates *surrogates);
/* Adds what dup_used gave; what the map has already stays. BAD_JSON. */
CR_EXPORT gboolean cr_surrogates_restore(CrSurrogates *surrogates, const json_t *used,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* cr_phi_redact with surrogates where the policy says surrogate or shift; NULL: tags and years instead. An
 * identifier that no surrogate of its form can be made for becomes a tag (rule "surrogate.none"). */
CR_EXPORT CrRedaction *cr_phi_redact_with(const CrPolicy *policy, CrSurrogates *surrogates,
                                          const CrText *text, const GArray *phi_spans,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
