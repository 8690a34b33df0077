/* The confirmers by name, and the small looks around a match that they share. */
#include "confirm-private.h"
#include <string.h>

static const PhiConfirmer confirmers[] = {
    {"date", phi_confirm_date},
    {"month-day", phi_confirm_month_day},
    {"month-alone", phi_confirm_month_alone},
    {"weekday", phi_confirm_weekday},
    {"weekday-short", phi_confirm_weekday_short},
    {"date-ocr", phi_confirm_date_ocr},
    {"mostly-digits", phi_confirm_mostly_digits},
    {"day-alone", phi_confirm_day_alone},
    {"year", phi_confirm_year},
    {"age", phi_confirm_age},
    {"bounded", phi_confirm_bounded},
    {"id-after", phi_confirm_id_after},
    {"number-after", phi_confirm_number_after},
    {"phone", phi_confirm_phone},
    {"phone-after", phi_confirm_phone_after},
    {"ssn", phi_confirm_ssn},
    {"ipv4", phi_confirm_ipv4},
    {"ipv6", phi_confirm_ipv6},
    {"npi", phi_confirm_npi},
    {"dea", phi_confirm_dea},
    {"vin", phi_confirm_vin},
    {"luhn", phi_confirm_luhn},
    {"url", phi_confirm_url},
    {"file-name", phi_confirm_file_name},
    {"domain", phi_confirm_domain},
    {"code", phi_confirm_code},
    {"user-after", phi_confirm_user_after},
    {"street", phi_confirm_street},
    {"state", phi_confirm_state},
    {"facility", phi_confirm_facility},
    {"place-after", phi_confirm_place_after},
    {"address-after", phi_confirm_address_after},
    {"name-after", phi_confirm_name_after},
    {"name-before", phi_confirm_name_before},
    {"es-name", phi_confirm_es_name},
    {"es-word", phi_confirm_es_word},
    {"es-profession", phi_confirm_es_profession},
    {"es-town", phi_confirm_es_town},
    {"es-facility", phi_confirm_es_facility},
    {"es-street", phi_confirm_es_street},
    {"es-zip", phi_confirm_es_zip},
    {"es-centre", phi_confirm_es_centre},
    {"es-nif", phi_confirm_es_nif},
    {"es-nass", phi_confirm_es_nass},
    {"es-cif", phi_confirm_es_cif},
    {"es-rut", phi_confirm_es_rut},
    {"es-cuit", phi_confirm_es_cuit},
    {"es-curp", phi_confirm_es_curp},
    {"es-id", phi_confirm_es_id},
    {"es-from-digit", phi_confirm_es_from_digit},
    {"es-phone", phi_confirm_es_phone},
    {"es-phone-after", phi_confirm_es_phone_after},
    {"es-room", phi_confirm_es_room},
    {"es-last-word", phi_confirm_es_last_word},
    {"es-day", phi_confirm_es_day},
    {"es-day-month", phi_confirm_es_day_month},
    {"es-date-after", phi_confirm_es_date_after},
    {"es-address", phi_confirm_es_address},
    {"es-untyped", phi_confirm_es_untyped},
};

const PhiConfirmer *
phi_confirmer_find(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(confirmers); i++)
    if (strcmp(confirmers[i].name, name) == 0)
      return &confirmers[i];
  return NULL;
}

gboolean
phi_word_before(const PhiPage *page, guint32 off, const char *skip, char *buf, gsize n_buf)
{
  while (off > 0 && (page->s[off - 1] == ' ' || page->s[off - 1] == '\t' || strchr(skip, page->s[off - 1])))
    off--;
  guint32 end = off;
  while (off > 0 && (g_ascii_isalpha(page->s[off - 1]) || page->s[off - 1] == '\''))
    off--;
  return end > off && phi_fold(page->s + off, end - off, buf, n_buf);
}

gboolean
phi_word_after(const PhiPage *page, guint32 off, const char *skip, char *buf, gsize n_buf)
{
  while (off < page->n_bytes &&
         (page->s[off] == ' ' || page->s[off] == '\t' || (page->s[off] && strchr(skip, page->s[off]))))
    off++;
  guint32 start = off;
  while (off < page->n_bytes && (g_ascii_isalpha(page->s[off]) || (guchar)page->s[off] >= 0xc2))
    off++;
  return off > start && phi_fold(page->s + start, off - start, buf, n_buf);
}

gboolean
phi_word_in(const char *word, const char *const *words)
{
  for (guint i = 0; words[i]; i++)
    if (strcmp(word, words[i]) == 0)
      return TRUE;
  return FALSE;
}

gboolean
phi_context_has(const PhiPage *page, guint32 off, guint32 n_back, const char *const *words)
{
  guint32 low = off > n_back ? off - n_back : 0;
  for (guint32 i = off; i > low && page->s[i - 1] != '\n';) {
    guint32 end = i;
    while (i > 0 && g_ascii_isalpha(page->s[i - 1]))
      i--;
    char word[32];
    if (end > i && phi_fold(page->s + i, end - i, word, sizeof word) && phi_word_in(word, words))
      return TRUE;
    if (i == end)
      i--;
  }
  return FALSE;
}

gboolean
phi_stands_alone(const PhiPage *page, guint32 start, guint32 end)
{
  if (start > 0 && (g_ascii_isalnum(page->s[start - 1]) || page->s[start - 1] == '_'))
    return FALSE;
  return end >= page->n_bytes || !(g_ascii_isalnum(page->s[end]) || page->s[end] == '_');
}
