/* The slots that the program fills itself: people, dates, numbers by pattern, pronouns. Everything else is a
 * symbol of the grammar; a symbol whose name begins with a kind of identifier ("CITY", "PHONE.paren") is
 * marked as one. */
#include "generator.h"
#include <string.h>

static const char *const kinds[] = {
    "FACILITY",   "ORGANIZATION", "STREET",  "CITY",       "COUNTY",   "ZIP", "LANDMARK",
    "STATE",      "COUNTRY",      "PHONE",   "FAX",        "EMAIL",    "SSN", "MRN",
    "HEALTHPLAN", "ACCOUNT",      "LICENSE", "VEHICLE",    "DEVICE",   "URL", "IP",
    "BIOMETRIC",  "PHOTO",        "OTHERID", "PROFESSION", "USERNAME", NULL};

/* "STAFF2.last": whose name, its label and the form; NULL where it is no person's. */
static const Person *
person_of(const Writer *w, const char *slot, const char **label, const char **form)
{
  const char *dot = strchr(slot, '.');
  if (dot == NULL)
    return NULL;
  *form = dot + 1;
  if (g_str_has_prefix(slot, "PATIENT."))
    return *label = "PATIENT", &w->patient;
  if (g_str_has_prefix(slot, "OTHER") && (slot[5] == '1' || slot[5] == '2') && dot == slot + 6)
    return *label = "PATIENT",
           &w->staff[N_STAFF - (slot[5] - '0')]; /* patients of a list: another STAFF6, STAFF5 */
  if (g_str_has_prefix(slot, "STAFF") && slot[5] >= '1' && slot[5] <= '0' + N_STAFF && dot == slot + 6)
    return *label = "STAFF", &w->staff[slot[5] - '1'];
  if (g_str_has_prefix(slot, "REL") && slot[3] >= '1' && slot[3] <= '0' + N_RELATIVES && dot == slot + 4)
    return *label = "RELATIVE", &w->relative[slot[3] - '1'];
  return NULL;
}

static const char *const words[] = {"he", "He",  "him", "his", "His", "man",
                                    "Mr", "boy", "son", "sex", "Sex", NULL};
static const char *const drawn[] = {"YEAR",    "AGE",           "AGE90",      "TIME",
                                    "CARRIER", "CARRIER.plain", "=family",    "=given",
                                    "=user",   "=patientuser",  "=staffuser", NULL};

gboolean
slot_exists(const char *slot)
{
  static const Writer nobody;
  const char *label, *form;
  if (person_of(&nobody, slot, &label, &form) != NULL)
    return person_has_form(form);
  if (g_str_has_prefix(slot, "DATE."))
    return date_has_form(slot + 5);
  return g_strv_contains(words, slot) || g_strv_contains(drawn, slot);
}

static const char *
word_for(const char *slot, gboolean man)
{
  static const char *const table[][3] = {
      {"he", "he", "she"},        {"He", "He", "She"},       {"him", "him", "her"}, {"his", "his", "her"},
      {"His", "His", "Her"},      {"man", "man", "woman"},   {"Mr", "Mr.", "Ms."},  {"boy", "boy", "girl"},
      {"son", "son", "daughter"}, {"sex", "male", "female"}, {"Sex", "M", "F"}};
  for (guint i = 0; i < G_N_ELEMENTS(table); i++)
    if (g_str_equal(table[i][0], slot))
      return table[i][man ? 1 : 2];
  return NULL;
}

static char *
person_value(Writer *w, const Person *p, const char *label, const char *form, char **out_label, char **origin,
             char **before, char **after)
{
  *out_label = g_strdup(g_str_equal(form, "user") ? "USERNAME" : label);
  *origin = g_strdup(p->origin);
  if (g_str_equal(form, "mrlast"))
    *before = g_strdup(p->gender == 'm' ? "Mr. " : random_chance(&w->random, .5) ? "Mrs. " : "Ms. ");
  if (g_str_equal(form, "possessive"))
    *after = g_strdup(random_chance(&w->random, .9) ? "'s" : "’s");
  return person_form(p, form, &w->random);
}

static int
day_for(Writer *w, const char *form)
{
  if (g_str_equal(form, "admit"))
    return w->admit_day;
  if (g_str_equal(form, "today"))
    return w->admit_day + (int)random_below(&w->random, 12);
  if (g_str_equal(form, "dob"))
    return (w->birth_year - 1970) * 365 + (int)random_below(&w->random, 364);
  return random_chance(&w->random, .5) ? w->admit_day - 20 + (int)random_below(&w->random, 60)
                                       : w->admit_day - (int)random_below(&w->random, 3000);
}

static char *
user_of(Writer *w, const char *slot)
{
  if (g_str_equal(slot, "=patientuser"))
    return person_form(&w->patient, "user", &w->random);
  if (g_str_equal(slot, "=staffuser"))
    return person_form(&w->staff[0], "user", &w->random);
  g_autofree char *family = g_ascii_strdown(names_draw(w->names, &w->random, TRUE, 'u', "anglo"), -1);
  return g_strdup_printf("%s%u", family, random_below(&w->random, 99));
}

static char *
drawn_value(Writer *w, const char *slot, char **label)
{
  Random *r = &w->random;
  const int year = 1970 + w->admit_day / 365;
  if (g_str_equal(slot, "YEAR"))
    return *label = g_strdup("YEAR"), g_strdup_printf("%d", year - (int)random_below(r, 25));
  if (g_str_equal(slot, "AGE"))
    return *label = g_strdup("AGE"), g_strdup_printf("%d", CLAMP(year - w->birth_year, 1, 89));
  if (g_str_equal(slot, "AGE90"))
    return *label = g_strdup("AGE90"), g_strdup_printf("%u", 90 + random_below(r, 14));
  if (g_str_equal(slot, "TIME"))
    return random_chance(r, .5) ? g_strdup_printf("%02u%02u", random_below(r, 24), random_below(r, 60))
                                : g_strdup_printf("%u:%02u", random_below(r, 24), random_below(r, 60));
  if (g_str_equal(slot, "=family") || g_str_equal(slot, "=given")) {
    const char *origin = random_chance(r, .5)
                             ? "anglo"
                             : g_ptr_array_index(w->names->origins, random_below(r, w->names->origins->len));
    return g_strdup(names_draw(w->names, r, slot[1] == 'f', random_chance(r, .5) ? 'm' : 'f', origin));
  }
  return user_of(w, slot);
}

char *
slot_value(Writer *w, const char *slot, char **label, char **origin, char **before, char **after)
{
  const char *whose, *form;
  const Person *p = person_of(w, slot, &whose, &form);
  if (p != NULL)
    return person_value(w, p, whose, form, label, origin, before, after);
  if (g_str_has_prefix(slot, "DATE.")) {
    *label = g_strdup("DATE");
    return date_form(slot + 5, day_for(w, slot + 5), &w->random);
  }
  const char *word = word_for(slot, w->patient.gender == 'm');
  return word != NULL ? g_strdup(word) : drawn_value(w, slot, label);
}

/* The kind that a symbol of the grammar is marked as, or NULL. */
const char *
kind_of_symbol(const char *symbol)
{
  g_autofree char *head = g_strndup(symbol, strcspn(symbol, ".0123456789"));
  for (guint i = 0; kinds[i] != NULL; i++)
    if (g_str_equal(kinds[i], head))
      return kinds[i];
  return NULL;
}
