/* What the confirmers share: the text around a match. */
#pragma once
#include "phi-private.h"

#define PHI_CONFIRMER(function) gboolean function(PhiPage *page, const PhiRule *rule, PhiCandidate *candidate)

/* confirm-dates.c */
PHI_CONFIRMER(phi_confirm_date);
PHI_CONFIRMER(phi_confirm_month_day);
PHI_CONFIRMER(phi_confirm_month_alone);
PHI_CONFIRMER(phi_confirm_weekday);
PHI_CONFIRMER(phi_confirm_weekday_short);
PHI_CONFIRMER(phi_confirm_date_ocr);
PHI_CONFIRMER(phi_confirm_day_alone);
PHI_CONFIRMER(phi_confirm_year);
PHI_CONFIRMER(phi_confirm_age);
PHI_CONFIRMER(phi_confirm_bounded);
/* confirm-numbers.c */
PHI_CONFIRMER(phi_confirm_id_after);
PHI_CONFIRMER(phi_confirm_number_after);
PHI_CONFIRMER(phi_confirm_phone);
PHI_CONFIRMER(phi_confirm_phone_after);
PHI_CONFIRMER(phi_confirm_mostly_digits);
PHI_CONFIRMER(phi_confirm_ssn);
PHI_CONFIRMER(phi_confirm_ipv4);
PHI_CONFIRMER(phi_confirm_ipv6);
PHI_CONFIRMER(phi_confirm_npi);
PHI_CONFIRMER(phi_confirm_dea);
PHI_CONFIRMER(phi_confirm_vin);
PHI_CONFIRMER(phi_confirm_luhn);
PHI_CONFIRMER(phi_confirm_url);
PHI_CONFIRMER(phi_confirm_file_name);
PHI_CONFIRMER(phi_confirm_domain);
PHI_CONFIRMER(phi_confirm_code);
PHI_CONFIRMER(phi_confirm_user_after);
/* confirm-places.c */
PHI_CONFIRMER(phi_confirm_street);
PHI_CONFIRMER(phi_confirm_state);
PHI_CONFIRMER(phi_confirm_facility);
PHI_CONFIRMER(phi_confirm_place_after);
PHI_CONFIRMER(phi_confirm_address_after);
/* confirm-names.c */
PHI_CONFIRMER(phi_confirm_name_after);
PHI_CONFIRMER(phi_confirm_name_before);
/* confirm-es-names.c */
PHI_CONFIRMER(phi_confirm_es_name);
PHI_CONFIRMER(phi_confirm_es_word);
PHI_CONFIRMER(phi_confirm_es_profession);
/* confirm-es-places.c */
PHI_CONFIRMER(phi_confirm_es_town);
PHI_CONFIRMER(phi_confirm_es_facility);
PHI_CONFIRMER(phi_confirm_es_centre);
/* confirm-es-streets.c */
PHI_CONFIRMER(phi_confirm_es_street);
PHI_CONFIRMER(phi_confirm_es_zip);
PHI_CONFIRMER(phi_confirm_es_address);
PHI_CONFIRMER(phi_confirm_es_untyped);
/* confirm-es-numbers.c */
PHI_CONFIRMER(phi_confirm_es_nif);
PHI_CONFIRMER(phi_confirm_es_nass);
PHI_CONFIRMER(phi_confirm_es_cif);
PHI_CONFIRMER(phi_confirm_es_rut);
PHI_CONFIRMER(phi_confirm_es_cuit);
PHI_CONFIRMER(phi_confirm_es_curp);
PHI_CONFIRMER(phi_confirm_es_id);
PHI_CONFIRMER(phi_confirm_es_from_digit);
PHI_CONFIRMER(phi_confirm_es_phone);
PHI_CONFIRMER(phi_confirm_es_phone_after);
PHI_CONFIRMER(phi_confirm_es_room);
/* confirm-es-dates.c */
PHI_CONFIRMER(phi_confirm_es_last_word);
PHI_CONFIRMER(phi_confirm_es_day);
PHI_CONFIRMER(phi_confirm_es_day_month);
PHI_CONFIRMER(phi_confirm_es_date_after);

/* The word (letters only) that ends before off, white space and the given punctuation skipped; folded into
 * buf. FALSE where there is none on this line. */
gboolean phi_word_before(const PhiPage *page, guint32 off, const char *skip, char *buf, gsize n_buf);
gboolean phi_word_after(const PhiPage *page, guint32 off, const char *skip, char *buf, gsize n_buf);
/* Whether one of the words (NULL-ended) stands whole within n_back bytes before off, on the same line. */
gboolean phi_context_has(const PhiPage *page, guint32 off, guint32 n_back, const char *const *words);
gboolean phi_word_in(const char *word, const char *const *words);
/* Neither neighbour continues a number or a word. */
gboolean phi_stands_alone(const PhiPage *page, guint32 start, guint32 end);
