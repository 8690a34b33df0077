/* Marked notes written by hand, drawn again: the words stay, most of the identifiers become others of their
 * kind, the same one by the same other throughout a note. */
#include "generator.h"
#include <jansson.h>
#include <string.h>

#define STAYS .15 /* share of the identifiers that stay as they were written */

/* Which symbols and slots may stand for a kind. Those not named stay. */
static const struct {
  const char *label, *slots[8];
} others[] = {
    {"FACILITY",
     {"FACILITY.any", "FACILITY.hospital", "FACILITY.clinic", "FACILITY.nursing", "FACILITY.bare"}},
    {"ORGANIZATION",
     {"ORGANIZATION.any", "ORGANIZATION.employer", "ORGANIZATION.school", "ORGANIZATION.church"}},
    {"STREET", {"STREET.full", "STREET.bare", "STREET.full"}},
    {"CITY", {"CITY", "CITY", "realcity"}},
    {"COUNTY", {"COUNTY"}},
    {"LANDMARK", {"LANDMARK"}},
    {"ZIP", {"ZIP", "ZIP9"}},
    {"PHONE", {"PHONE.any", "PHONE.dash", "PHONE.paren"}},
    {"FAX", {"FAX"}},
    {"EMAIL", {"EMAIL"}},
    {"MRN", {"MRN"}},
    {"ACCOUNT", {"ACCOUNT"}},
    {"HEALTHPLAN", {"HEALTHPLAN"}},
    {"OTHERID", {"OTHERID.accession", "OTHERID.case", "OTHERID.order", "OTHERID.specimen"}},
    {"DEVICE", {"DEVICE.serial", "DEVICE.lot"}},
    {"LICENSE", {"LICENSE.state", "LICENSE.npi", "LICENSE.driver"}},
};

static Person *
person_for(Writer *w, GHashTable *people, const char *word)
{
  Person *p = g_hash_table_lookup(people, word);
  if (p == NULL) {
    p = g_new0(Person, 1);
    person_draw(w->names, &w->random, p);
    g_hash_table_insert(people, g_strdup(word), p);
  }
  return p;
}

static gboolean
is_case(const char *text, gboolean upper)
{
  g_autofree char *same = upper ? g_utf8_strup(text, -1) : g_utf8_strdown(text, -1);
  g_autofree char *other = upper ? g_utf8_strdown(text, -1) : g_utf8_strup(text, -1);
  return g_str_equal(same, text) && !g_str_equal(other, text);
}

/* The form in which a mention names somebody, by its looks; NULL where it is none of the common ones. */
static const char *
form_of(const char *name)
{
  g_auto(GStrv) words = g_strsplit(name, " ", -1);
  const guint n = g_strv_length(words);
  const glong n_chars = g_utf8_strlen(name, -1);
  if (strpbrk(name, "0123456789@/_|") != NULL || n_chars <= 4)
    return NULL;
  if (strchr(name, ',') != NULL)
    return n == 2 ? "lastfirst" : n == 3 ? "lastfirstmi" : NULL;
  if (n == 1)
    return "last";
  if (n == 2)
    return words[0][1] == '.' || strlen(words[0]) == 1 ? "dotted" : "firstlast";
  return n == 3 ? "full3" : NULL;
}

static char *
cased(char *text, const char *like)
{
  char *out = is_case(like, TRUE)    ? g_utf8_strup(text, -1)
              : is_case(like, FALSE) ? g_utf8_strdown(text, -1)
                                     : g_strdup(text);
  g_free(text);
  return out;
}

/* Another name in the same form; the last word of a name stands for the person, so that "Lee" and "Ann Lee"
 * agree. */
static char *
other_name(Writer *w, GHashTable *people, const char *was)
{
  const char *form = form_of(was);
  if (form == NULL)
    return NULL;
  g_auto(GStrv) words = g_strsplit_set(was, " ,", -1);
  const char *key = strchr(was, ',') != NULL ? words[0] : words[g_strv_length(words) - 1];
  const Person *p = person_for(w, people, key);
  if (g_str_equal(form, "last") && random_chance(&w->random, .4))
    form = "first";
  return cased(person_form(p, form, &w->random), was);
}

static char *
other_value(Writer *w, const char *label, const char *was, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
    if (!g_str_equal(others[i].label, label))
      continue;
    guint n = 0;
    while (n < G_N_ELEMENTS(others[i].slots) && others[i].slots[n] != NULL)
      n++;
    const gsize start = w->note.text->len;
    const guint n_marks = w->note.marks->len;
    if (!writer_symbol(w, others[i].slots[random_below(&w->random, n)], "a marked note", error))
      return NULL;
    char *value = g_strdup(w->note.text->str + start);
    g_string_truncate(w->note.text, start);
    note_drop_marks(&w->note, n_marks);
    return cased(value, was);
  }
  return NULL;
}

/* A date in the same shape: every digit group drawn again is no date, so another date is written, by words or
 * numbers. */
static char *
other_date(Writer *w, const char *was)
{
  static const char *const with_digits[] = {"num",         "num",     "numshort",  "words",     "iso",
                                            "wordsnoyear", "ordinal", "monthyear", "apostrophe"};
  static const char *const in_words[] = {"weekday", "month", "holiday", "season", "weekday"};
  const char *form = strpbrk(was, "0123456789") != NULL
                         ? with_digits[random_below(&w->random, G_N_ELEMENTS(with_digits))]
                         : in_words[random_below(&w->random, G_N_ELEMENTS(in_words))];
  return cased(date_form(form, w->admit_day - (int)random_below(&w->random, 4000), &w->random), was);
}

static char *
draw_other(Writer *w, GHashTable *people, const char *label, const char *was, GError **error)
{
  if (random_chance(&w->random, STAYS) || strchr(was, '\n') != NULL)
    return NULL;
  if (g_str_equal(label, "PATIENT") || g_str_equal(label, "STAFF") || g_str_equal(label, "RELATIVE"))
    return other_name(w, people, was);
  if (g_str_equal(label, "DATE"))
    return random_chance(&w->random, .5) ? other_date(w, was) : NULL;
  return other_value(w, label, was, error);
}

typedef struct {
  GHashTable *people, *chosen; /* by their last word; by label and text */
} Cast;

static const char *
replacement(Writer *w, Cast *cast, const char *label, const char *was, GError **error)
{
  g_autofree char *key = g_strconcat(label, " ", was, NULL);
  gpointer found;
  if (g_hash_table_lookup_extended(cast->chosen, key, NULL, &found))
    return found;
  char *now = draw_other(w, cast->people, label, was, error);
  g_hash_table_insert(cast->chosen, g_steal_pointer(&key), now);
  return now;
}

static void
free_person(gpointer data)
{
  person_clear(data);
  g_free(data);
}

static void
put_mark(Writer *w, const char *label, const char *text)
{
  const gsize start = w->note.text->len;
  g_string_append(w->note.text, text);
  const Mark mark = {start, w->note.text->len, g_strdup(label), NULL};
  g_array_append_val(w->note.marks, mark);
}

gboolean
marked_write(Writer *w, const char *line, gboolean again, GError **error)
{
  json_auto_t *row = json_loads(line, 0, NULL);
  const char *text = json_string_value(json_object_get(row, "text"));
  const json_t *entities = json_object_get(row, "entities");
  if (text == NULL || !json_is_array(entities)) {
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "a marked note needs text and entities");
    return FALSE;
  }
  Cast cast = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_person),
               g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
  const char *at = text;
  size_t i;
  json_t *e;
  json_array_foreach(entities, i, e)
  {
    const char *start = g_utf8_offset_to_pointer(text, json_integer_value(json_object_get(e, "start")));
    const char *end = g_utf8_offset_to_pointer(text, json_integer_value(json_object_get(e, "end")));
    const char *label = json_string_value(json_object_get(e, "label"));
    if (start < at || label == NULL)
      continue;
    g_autofree char *was = g_strndup(start, (gsize)(end - start));
    g_string_append_len(w->note.text, at, start - at);
    const char *now = again ? replacement(w, &cast, label, was, error) : NULL;
    put_mark(w, label, now != NULL ? now : was);
    at = end;
  }
  g_string_append(w->note.text, at);
  g_hash_table_unref(cast.people);
  g_hash_table_unref(cast.chosen);
  return error == NULL || *error == NULL;
}
