/* What the Spanish confirmers share: looks at tokens, and the shapes of a Spanish proper name. */
#pragma once
#include "confirm-private.h"

gboolean phi_es_is_char(const PhiPage *page, guint i, char c);
PhiGap phi_es_gap(const PhiPage *page, guint i);
PhiShape phi_es_shape(const PhiPage *page, guint i);
guint32 phi_es_lex(const PhiPage *page, guint i);
gsize phi_es_length(const PhiPage *page, guint i);                               /* bytes */
gboolean phi_es_word_in(const PhiPage *page, guint i, const char *const *words); /* accents ignored */
/* de, del, la, las, los, el, y, e, i, d': inside the name of a place or person. */
gboolean phi_es_is_link(const PhiPage *page, guint i);
gboolean phi_es_is_short_name(const PhiPage *page, guint i);
gboolean phi_es_joins_name(const PhiPage *page, guint i);
/* Whether the words from i on are a place of the gazetteer: the token after the longest, else i. */
guint phi_es_place_end(const PhiPage *page, guint i, const PhiPhrase **phrase);
/* Capital words that may be a town's name: the token after them, i where there are none. */
guint phi_es_town_end(const PhiPage *page, guint i);
/* San, Virgen, Doctor: opens the name of an institution or a street, whatever list it stands in. */
gboolean phi_es_opens_name(const PhiPage *page, guint i);
/* A town (or what kind says) at token i: a place of the gazetteer, else capital words. Adds it; returns the
 * token after it. */
guint phi_es_add_town(PhiPage *page, guint i, CrPhiKind kind, const char *by, double score);
/* A cue's end inside a longer word is none. */
gboolean phi_es_cue_stands(const PhiPage *page, const PhiCandidate *candidate);
