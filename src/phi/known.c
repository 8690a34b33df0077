/* Known identifiers, compiled: the patient's own names, dates, numbers and addresses taken apart into what is
 * looked for. */
#include "known-private.h"
#include <string.h>

static void
clear_part(gpointer part)
{
  g_free(((KnownPart *)part)->word);
}

static void
clear_code(gpointer code)
{
  g_free(((KnownCode *)code)->squeezed);
}

static void
clear_place(gpointer place)
{
  g_ptr_array_unref(((KnownPlace *)place)->words);
}

static GArray *
array_of(gsize size, GDestroyNotify clear)
{
  GArray *array = g_array_new(FALSE, FALSE, (guint)size);
  if (clear)
    g_array_set_clear_func(array, clear);
  return array;
}

/* ---- compiling ---- */

static CrPhiKind
kind_of_role(const char *role)
{
  if (role && g_ascii_strcasecmp(role, "staff") == 0)
    return CR_PHI_STAFF;
  return role && g_ascii_strcasecmp(role, "relative") == 0 ? CR_PHI_RELATIVE : CR_PHI_PATIENT;
}

static void
add_part(PhiKnownSet *set, const char *word, gsize n_bytes, CrPhiKind kind, gboolean given)
{
  char folded[64];
  if (!phi_fold(word, n_bytes, folded, sizeof folded) || g_utf8_strlen(folded, -1) < 2)
    return;
  KnownPart part = {g_strdup(folded), kind, phi_lexicon_find(set->lexicon, folded, strlen(folded)), given};
  if (g_ascii_islower(folded[0]))
    set->first_letters |= 1u << (folded[0] - 'a');
  g_array_append_val(set->parts, part);
}

/* Each word of a name's part, and hyphenated words also in pieces. */
static void
add_name_words(PhiKnownSet *set, const char *text, CrPhiKind kind, gboolean given)
{
  if (!text)
    return;
  g_auto(GStrv) words = g_strsplit_set(text, " \t,.()\"", -1);
  for (guint i = 0; words[i]; i++) {
    add_part(set, words[i], strlen(words[i]), kind, given);
    if (!strchr(words[i], '-'))
      continue;
    g_auto(GStrv) pieces = g_strsplit(words[i], "-", -1);
    for (guint p = 0; pieces[p]; p++)
      if (strlen(pieces[p]) > 2)
        add_part(set, pieces[p], strlen(pieces[p]), kind, given);
    g_autofree char *joined = g_strjoinv("", pieces);
    add_part(set, joined, strlen(joined), kind, given);
  }
}

static char
initial_of(const char *name)
{
  char folded[16];
  if (!name || !*name || !phi_fold(name, (gsize)(g_utf8_next_char(name) - name), folded, sizeof folded))
    return '\0';
  return g_ascii_isalpha(folded[0]) ? g_ascii_toupper(folded[0]) : '\0';
}

static void
add_initials(PhiKnownSet *set, const CrKnownName *name, CrPhiKind kind)
{
  char given = initial_of(name->given), middle = initial_of(name->middle), family = initial_of(name->family);
  if (!given || !family)
    return;
  KnownInitials two = {{given, family, 0, 0}, kind};
  g_array_append_val(set->initials, two);
  if (middle) {
    KnownInitials three = {{given, middle, family, 0}, kind};
    g_array_append_val(set->initials, three);
  }
}

static char *
squeeze(const char *text)
{
  GString *out = g_string_new(NULL);
  for (const char *c = text; *c; c++)
    if (g_ascii_isalnum(*c))
      g_string_append_c(out, g_ascii_tolower(*c));
  return g_string_free(out, FALSE);
}

static void
add_code(PhiKnownSet *set, const char *text, CrPhiKind kind, const char *by, gboolean last_four)
{
  g_autofree char *squeezed = squeeze(text);
  if (strlen(squeezed) < 3)
    return;
  set->code_starts[(guchar)squeezed[0] / 64] |= 1ull << ((guchar)squeezed[0] % 64);
  KnownCode code = {g_steal_pointer(&squeezed), kind, by, last_four};
  g_array_append_val(set->codes, code);
}

static CrPhiKind
kind_of_id(const char *kind)
{
  static const struct {
    const char *word;
    CrPhiKind kind;
  } kinds[] = {{"ssn", CR_PHI_SSN},
               {"social", CR_PHI_SSN},
               {"mrn", CR_PHI_MRN},
               {"medical", CR_PHI_MRN},
               {"account", CR_PHI_ACCOUNT},
               {"member", CR_PHI_HEALTHPLAN},
               {"plan", CR_PHI_HEALTHPLAN},
               {"policy", CR_PHI_HEALTHPLAN},
               {"insurance", CR_PHI_HEALTHPLAN},
               {"medicaid", CR_PHI_HEALTHPLAN},
               {"medicare", CR_PHI_HEALTHPLAN},
               {"licen", CR_PHI_LICENSE},
               {"npi", CR_PHI_LICENSE},
               {"dea", CR_PHI_LICENSE},
               {"vin", CR_PHI_VEHICLE},
               {"plate", CR_PHI_VEHICLE},
               {"serial", CR_PHI_DEVICE},
               {"device", CR_PHI_DEVICE},
               {"user", CR_PHI_USERNAME},
               {"url", CR_PHI_URL},
               {"ip", CR_PHI_IP},
               {"phone", CR_PHI_PHONE},
               {"fax", CR_PHI_FAX},
               {"zip", CR_PHI_ZIP}};
  g_autofree char *folded = g_ascii_strdown(kind ? kind : "", -1);
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (strstr(folded, kinds[i].word))
      return kinds[i].kind;
  return CR_PHI_OTHERID;
}

static void
add_phone(PhiKnownSet *set, const char *phone)
{
  g_autofree char *digits = squeeze(phone);
  const char *local = digits;
  gsize n = strlen(local);
  if (n == 11 && *local == '1')
    local++;
  add_code(set, local, CR_PHI_PHONE, "known:phone", TRUE);
  if (strlen(local) == 10)
    add_code(set, local + 3, CR_PHI_PHONE, "known:phone", FALSE);
}

/* Street -> st, Avenue -> ave, North -> n: one spelling for all. */
const char *
phi_known_canonical(const char *word)
{
  static const char *const pairs[][2] = {
      {"street", "st"},    {"avenue", "ave"},   {"av", "ave"},       {"road", "rd"},
      {"drive", "dr"},     {"lane", "ln"},      {"court", "ct"},     {"boulevard", "blvd"},
      {"place", "pl"},     {"terrace", "ter"},  {"circle", "cir"},   {"highway", "hwy"},
      {"parkway", "pkwy"}, {"square", "sq"},    {"trail", "trl"},    {"north", "n"},
      {"south", "s"},      {"east", "e"},       {"west", "w"},       {"northwest", "nw"},
      {"northeast", "ne"}, {"southwest", "sw"}, {"southeast", "se"}, {"apartment", "apt"},
      {"suite", "ste"},    {"saint", "st"},     {"mount", "mt"},     {"fort", "ft"}};
  for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
    if (strcmp(pairs[i][0], word) == 0)
      return pairs[i][1];
  return word;
}

static gboolean
is_street_suffix(const char *word)
{
  static const char *const suffixes[] = {"st",  "ave", "rd",  "dr",   "ln", "ct",  "blvd", "pl",
                                         "ter", "cir", "hwy", "pkwy", "sq", "trl", "way",  NULL};
  return g_strv_contains(suffixes, word);
}

static GPtrArray *
split_words(const char *text)
{
  GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
  g_auto(GStrv) pieces = g_strsplit_set(text, " \t.,#\n", -1);
  for (guint i = 0; pieces[i]; i++) {
    char folded[64];
    if (*pieces[i] && phi_fold(pieces[i], strlen(pieces[i]), folded, sizeof folded))
      g_ptr_array_add(words, g_strdup(phi_known_canonical(folded)));
  }
  return words;
}

static void
add_place(PhiKnownSet *set, GPtrArray *words, guint from, CrPhiKind kind)
{
  KnownPlace place = {g_ptr_array_new_with_free_func(g_free), kind};
  for (guint i = from; i < words->len; i++)
    g_ptr_array_add(place.words, g_strdup(g_ptr_array_index(words, i)));
  if (place.words->len)
    g_array_append_val(set->places, place);
  else
    g_ptr_array_unref(place.words);
}

static gboolean
is_state(const PhiKnownSet *set, GPtrArray *words)
{
  if (words->len == 1 && strlen(g_ptr_array_index(words, 0)) == 2)
    return TRUE;
  g_autofree char *phrase =
      words->len == 2   ? g_strjoin(" ", g_ptr_array_index(words, 0), g_ptr_array_index(words, 1), NULL)
      : words->len == 1 ? g_strdup(g_ptr_array_index(words, 0))
                        : NULL;
  const PhiPhrase *found = phrase ? phi_lexicon_phrase(set->lexicon, phrase) : NULL;
  return found && (found->kind == CR_PHI_STATE || found->kind == CR_PHI_COUNTRY);
}

/* Splits "IL 60601" and "Springfield IL 62704": the ZIP apart. */
static void
add_address_piece(PhiKnownSet *set, const char *piece, guint nth)
{
  g_autoptr(GPtrArray) words = split_words(piece);
  if (words->len == 0)
    return;
  char *last = g_ptr_array_index(words, words->len - 1);
  if (strlen(last) >= 5 && strspn(last, "0123456789-") == strlen(last) && (words->len > 1 || nth > 0)) {
    add_code(set, last, CR_PHI_ZIP, "known:address", FALSE);
    if (strlen(last) > 5) {
      g_autofree char *five = g_strndup(last, 5);
      add_code(set, five, CR_PHI_ZIP, "known:address", FALSE);
    }
    g_ptr_array_set_size(words, (gint)words->len - 1);
  }
  if (words->len > 1 && nth > 0 && strlen(g_ptr_array_index(words, words->len - 1)) == 2)
    g_ptr_array_set_size(words, (gint)words->len - 1);
  if (words->len == 0 || (nth > 0 && is_state(set, words)))
    return;
  const char *first = g_ptr_array_index(words, 0);
  gboolean street = nth == 0 || g_ascii_isdigit(*first) ||
                    is_street_suffix(g_ptr_array_index(words, words->len - 1)) || strcmp(first, "apt") == 0 ||
                    strcmp(first, "ste") == 0 || strcmp(first, "unit") == 0;
  add_place(set, words, 0, street ? CR_PHI_STREET : CR_PHI_CITY);
  if (street && g_ascii_isdigit(*first) && words->len > 2)
    add_place(set, words, 1, CR_PHI_STREET);
}

static void
add_address(PhiKnownSet *set, const char *address)
{
  g_auto(GStrv) pieces = g_strsplit_set(address, ",\n;", -1);
  guint nth = 0;
  for (guint i = 0; pieces[i]; i++)
    if (*g_strstrip(pieces[i]))
      add_address_piece(set, pieces[i], nth++);
}

static void
add_email(PhiKnownSet *set, const char *email)
{
  const char *at = strchr(email, '@');
  add_code(set, email, CR_PHI_EMAIL, "known:email", FALSE);
  if (at && at - email >= 5) {
    g_autofree char *local = g_strndup(email, (gsize)(at - email));
    add_code(set, local, CR_PHI_USERNAME, "known:email", FALSE);
  }
}

static PhiKnownSet *
new_set(const PhiLexicon *lexicon)
{
  PhiKnownSet *set = g_new0(PhiKnownSet, 1);
  set->lexicon = lexicon;
  set->parts = array_of(sizeof(KnownPart), clear_part);
  set->codes = array_of(sizeof(KnownCode), clear_code);
  set->places = array_of(sizeof(KnownPlace), clear_place);
  set->initials = array_of(sizeof(KnownInitials), NULL);
  set->dates = array_of(sizeof(PhiDate), NULL);
  return set;
}

static void
add_names(PhiKnownSet *set, const CrKnown *known)
{
  for (guint i = 0; known->names && i < known->names->len; i++) {
    const CrKnownName *name = g_ptr_array_index(known->names, i);
    CrPhiKind kind = kind_of_role(name->role);
    add_name_words(set, name->given, kind, TRUE);
    add_name_words(set, name->middle, kind, TRUE);
    add_name_words(set, name->family, kind, FALSE);
    if (kind == CR_PHI_PATIENT)
      add_initials(set, name, kind);
  }
}

PhiKnownSet *
phi_known_compile(const PhiLexicon *lexicon, const CrKnown *known)
{
  if (cr_known_is_empty(known))
    return NULL;
  g_autoptr(PhiKnownSet) set = new_set(lexicon);
  add_names(set, known);
  for (guint i = 0; known->dates && i < known->dates->len; i++) {
    const char *text = g_ptr_array_index(known->dates, i);
    PhiDate date;
    if (phi_date_parse(text, strlen(text), &date))
      g_array_append_val(set->dates, date);
  }
  for (guint i = 0; known->phones && i < known->phones->len; i++)
    add_phone(set, g_ptr_array_index(known->phones, i));
  for (guint i = 0; known->addresses && i < known->addresses->len; i++)
    add_address(set, g_ptr_array_index(known->addresses, i));
  for (guint i = 0; known->emails && i < known->emails->len; i++)
    add_email(set, g_ptr_array_index(known->emails, i));
  for (guint i = 0; known->ids && i < known->ids->len; i++) {
    const CrKnownId *id = g_ptr_array_index(known->ids, i);
    if (id->value)
      add_code(set, id->value, kind_of_id(id->kind), "known:id", TRUE);
  }
  return g_steal_pointer(&set);
}

void
phi_known_free(PhiKnownSet *set)
{
  if (!set)
    return;
  g_array_unref(set->parts);
  g_array_unref(set->codes);
  g_array_unref(set->places);
  g_array_unref(set->initials);
  g_array_unref(set->dates);
  g_free(set);
}
