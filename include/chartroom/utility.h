/* utility: what masking took away that was no identifier: drugs, problems, eponyms, laboratory values. */
#pragma once
#include <chartroom/json.h>
#include <chartroom/phi.h>

G_BEGIN_DECLS

typedef enum {
  CR_UTILITY_DRUG,
  CR_UTILITY_PROBLEM,
  CR_UTILITY_EPONYM,
  CR_UTILITY_LAB,
  CR_UTILITY_N_CLASSES
} CrUtilityClass;
CR_EXPORT const char *cr_utility_class_name(CrUtilityClass class);
typedef struct {
  guint64 all[CR_UTILITY_N_CLASSES], masked[CR_UTILITY_N_CLASSES];
  guint64 words_masked; /* words of any kind inside what was masked */
} CrUtilityCounts;

/* The lists: data/rules/utility.tsv and the lexicon of the language (NULL: English). A word that is also a
 * name, or an everyday word, is none of them; an eponym is one only before what it names (Bell's palsy, Foley
 * catheter). */
typedef struct CrUtility CrUtility;
CR_EXPORT CrUtility *cr_utility_new(const char *rules_dir, const char *language,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_utility_free(CrUtility *utility);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrUtility, cr_utility_free)
/* Counts one note into sum. masked: CrSpan, bytes, ascending, not overlapping. */
CR_EXPORT void cr_utility_add(CrUtility *utility, const CrText *original, const GArray *masked,
                              CrUtilityCounts *sum);
/* Of the words that were masked anywhere, those masked most often: [{"word","class","masked","all"}]. The
 * words are the lists', not the notes'. New reference. */
CR_EXPORT json_t *cr_utility_words(const CrUtility *utility, guint top);

G_END_DECLS
