/* attack: what somebody without the originals could make of notes that left. Two attackers: one who looks for
 * originals that were left between surrogates, one who looks for people by what is known of everybody.
 * Offsets are bytes of the text given. */
#pragma once
#include <chartroom/json.h>
#include <chartroom/phi.h>

G_BEGIN_DECLS

/* ---- originals among surrogates ---- */
typedef enum { CR_HIDING_LEAK, CR_HIDING_SURROGATE, CR_HIDING_HARMLESS } CrHidingTruth;
typedef enum { CR_HIDING_NAME, CR_HIDING_DATE, CR_HIDING_OTHER, CR_HIDING_N_GROUPS } CrHidingGroup;
typedef struct {
  guint document; /* as added, from 0 */
  CrSpan span;
  char *words; /* owned */
  CrHidingGroup group;
  CrHidingTruth truth;
  guint leak;  /* of CR_HIDING_LEAK: which of the document's */
  guint rules; /* of the attacker's rules, those that say "original" */
} CrHidingGuess;
/* One rule of the attacker: a bit, a name, what it goes by. NULL beyond the last. */
typedef struct {
  const char *name, *why;
} CrHidingRule;
CR_EXPORT const CrHidingRule *cr_hiding_rule(guint i);
CR_EXPORT const char *cr_hiding_group_name(CrHidingGroup group);

/* The attacker has this program: its detector, its scan, its lists. */
typedef struct CrHiding CrHiding;
CR_EXPORT CrHiding *cr_hiding_new(const char *rules_dir, const char *language,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_hiding_free(CrHiding *hiding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrHiding, cr_hiding_free)
/* person NULL: a patient of its own. surrogates and leaks (CrSpan) tell what is true; the attacker does not
 * see them. */
CR_EXPORT void cr_hiding_add(CrHiding *hiding, const CrText *text, const char *person,
                             const GArray *surrogates, const GArray *leaks);
/* When all are in: every place the attacker looks at (CrHidingGuess), in the order of the documents.
 * Borrowed. */
CR_EXPORT const GArray *cr_hiding_finish(CrHiding *hiding);

/* ---- what is known of everybody (data/rules/quasi.tsv) ---- */
typedef struct CrQuasi CrQuasi;
CR_EXPORT CrQuasi *cr_quasi_new(const char *rules_dir, const char *language,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_quasi_free(CrQuasi *quasi);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrQuasi, cr_quasi_free)
CR_EXPORT const char *const *cr_quasi_keys(const CrQuasi *quasi); /* NULL-terminated, in the table's order */
CR_EXPORT gboolean cr_quasi_is_words(const CrQuasi *quasi, guint key);
/* The value of each key (NULL: the note does not say) as strings, as many as there are keys; of a key made of
 * words all of them, joined by '\n', sorted. GPtrArray of char*. meta may be NULL. */
CR_EXPORT GPtrArray *cr_quasi_read(CrQuasi *quasi, const CrText *text, const json_t *meta);

G_END_DECLS
