/* People: drawn from the name tables, and all the forms in which a note may write them. */
#include "generator.h"
#include <stdlib.h>
#include <string.h>

guint64
random_next(Random *r)
{
  guint64 z = (r->state += G_GUINT64_CONSTANT(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94D049BB133111EB);
  return z ^ (z >> 31);
}
guint
random_below(Random *r, guint n)
{
  return (guint)(random_next(r) % n);
}
gboolean
random_chance(Random *r, double p)
{
  return (double)(random_next(r) >> 11) * 0x1p-53 < p;
}

static gboolean
load_table(const char *dir, const char *file, gboolean family, const char *use, GPtrArray *out,
           GError **error)
{
  g_autofree char *path = g_build_filename(dir, file, NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents(path, &text, NULL, error))
    return FALSE;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (*lines[i] == '#' || *lines[i] == '\0')
      continue;
    g_auto(GStrv) f = g_strsplit(lines[i], "\t", -1);
    const guint at = family ? 1 : 2;
    if (g_strv_length(f) != at + 3) {
      g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s:%u: %u columns are needed", path, i + 1,
                  at + 3);
      return FALSE;
    }
    if (use != NULL && !g_str_equal(f[at + 2], use))
      continue;
    Name *name = g_new0(Name, 1);
    *name = (Name){g_strdup(f[0]), g_strdup(f[at]), family ? 'u' : f[1][0], (guint)atoi(f[at + 1])};
    g_ptr_array_add(out, name);
  }
  return TRUE;
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Pools: "l", "m" or "f" and the origin (none: of all) -> names, each as often as it weighs. Weights count by
 * their root: rare names are to be seen too. */
static void
add_to_pool(Names *names, char who, const char *origin, const Name *name)
{
  g_autofree char *key = g_strdup_printf("%c%s", who, origin);
  GPtrArray *pool = g_hash_table_lookup(names->pools, key);
  if (pool == NULL) {
    pool = g_ptr_array_new();
    g_hash_table_insert(names->pools, g_steal_pointer(&key), pool);
  }
  const guint weight = name->weight > 400 ? 4 : name->weight > 50 ? 2 : 1;
  for (guint i = 0; i < weight; i++)
    g_ptr_array_add(pool, name->name);
}

static void
fill_pools(Names *names)
{
  names->pools = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < names->family->len; i++) {
    const Name *n = g_ptr_array_index(names->family, i);
    add_to_pool(names, 'l', n->origin, n), add_to_pool(names, 'l', "", n);
  }
  for (guint i = 0; i < names->given->len; i++) {
    const Name *n = g_ptr_array_index(names->given, i);
    if (n->gender != 'f')
      add_to_pool(names, 'm', n->origin, n), add_to_pool(names, 'm', "", n);
    if (n->gender != 'm')
      add_to_pool(names, 'f', n->origin, n), add_to_pool(names, 'f', "", n);
  }
}

gboolean
names_load(Names *names, const char *dir, const char *use, GError **error)
{
  *names = (Names){g_ptr_array_new(), g_ptr_array_new(), g_ptr_array_new(), NULL};
  if (!load_table(dir, "given.tsv", FALSE, use, names->given, error) ||
      !load_table(dir, "family.tsv", TRUE, use, names->family, error))
    return FALSE;
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < names->family->len; i++) {
    Name *name = g_ptr_array_index(names->family, i);
    if (g_hash_table_add(seen, name->origin))
      g_ptr_array_add(names->origins, name->origin);
  }
  g_ptr_array_sort(names->origins, compare_strings);
  fill_pools(names);
  if (g_hash_table_contains(names->pools, "l") && g_hash_table_contains(names->pools, "m") &&
      g_hash_table_contains(names->pools, "f"))
    return TRUE;
  g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: no names of this use", dir);
  return FALSE;
}

/* A name of the origin; of any where it has none. */
const char *
names_draw(const Names *names, Random *random, gboolean family, char gender, const char *origin)
{
  const char who = family ? 'l' : gender;
  g_autofree char *key = g_strdup_printf("%c%s", who, origin);
  const GPtrArray *pool = g_hash_table_lookup(names->pools, key);
  if (pool == NULL)
    pool = g_hash_table_lookup(names->pools, (const char[]){who, '\0'});
  return g_ptr_array_index(pool, random_below(random, pool->len));
}

void
person_draw(const Names *names, Random *random, Person *p)
{
  const char *origin = g_ptr_array_index(names->origins, random_below(random, names->origins->len));
  if (random_chance(random, .25))
    origin = "anglo";
  p->gender = random_chance(random, .5) ? 'm' : 'f';
  p->origin = g_strdup(origin);
  const char *given_origin = random_chance(random, .2) ? "anglo" : origin;
  p->given = g_strdup(names_draw(names, random, FALSE, p->gender, given_origin));
  p->middle = g_strdup(names_draw(names, random, FALSE, p->gender, given_origin));
  const char *family = names_draw(names, random, TRUE, 'u', origin);
  const gboolean two = g_str_equal(origin, "hispanic") || g_str_equal(origin, "portuguese");
  const double chance = two ? .35 : .05;
  if (random_chance(random, chance))
    p->family = g_strdup_printf("%s%c%s", family, two && random_chance(random, .7) ? ' ' : '-',
                                names_draw(names, random, TRUE, 'u', origin));
  else
    p->family = g_strdup(family);
}

void
person_clear(Person *p)
{
  g_free(p->given), g_free(p->middle), g_free(p->family), g_free(p->origin);
  *p = (Person){0};
}

/* ---- forms ---- */
static char *
initial(const char *name)
{
  char buffer[8] = {0};
  g_unichar_to_utf8(g_unichar_toupper(g_utf8_get_char(name)), buffer);
  return g_strdup(buffer);
}

static const char *const forms[] = {
    "full",     "first",          "last",        "lastfirst",     "lastfirstmi",
    "initials", "nick",           "mrlast",      "dotted",        "caps",
    "lower",    "possessive",     "sig",         "firstlast",     "firstmi",
    "user",     "spacedinitials", "lastcaps",    "lowerlast",     "lowerfirst",
    "capslast", "full3",          "nicked",      "lastinitial",   "lastspacefirst",
    "misspelt", "junior",         "initialfull", "slashinitials", "lowerinitials",
    NULL};

gboolean
person_has_form(const char *form)
{
  return g_strv_contains(forms, form);
}

static const char *const nicknames[][2] = {
    {"William", "Bill"},   {"Robert", "Bob"},     {"Richard", "Rick"},  {"Elizabeth", "Liz"},
    {"Margaret", "Peggy"}, {"James", "Jim"},      {"John", "Jack"},     {"Michael", "Mike"},
    {"Katherine", "Kate"}, {"Patricia", "Patty"}, {"Susan", "Sue"},     {"Jennifer", "Jen"},
    {"Joseph", "Joe"},     {"Thomas", "Tom"},     {"Charles", "Chuck"}, {"Edward", "Ed"},
    {"Deborah", "Deb"},    {"Barbara", "Barb"},   {"Anthony", "Tony"},  {"Francisco", "Paco"},
    {"José", "Pepe"},      {"Guadalupe", "Lupe"}, {"Dolores", "Lola"},  {"Aleksandr", "Sasha"},
    {"Theodore", "Ted"},   {"Rebecca", "Becky"},  {"Samuel", "Sam"},    {"Daniel", "Dan"},
    {"Matthew", "Matt"},   {"Christine", "Chris"}};

static const char *
nickname(const char *given)
{
  for (guint i = 0; i < G_N_ELEMENTS(nicknames); i++)
    if (g_str_equal(nicknames[i][0], given))
      return nicknames[i][1];
  return given;
}

static char *
plain_ascii(const char *name)
{
  g_autofree char *ascii = g_str_to_ascii(name, "C");
  GString *out = g_string_new(NULL);
  for (const char *c = ascii; *c != '\0'; c++)
    if (g_ascii_isalpha(*c))
      g_string_append_c(out, g_ascii_tolower(*c));
  return g_string_free(out, FALSE);
}

static char *
user_name(const Person *p, Random *random)
{
  g_autofree char *given = plain_ascii(p->given), *family = plain_ascii(p->family);
  switch (random_below(random, 5)) {
  case 0:
    return g_strdup_printf("%c%s", *given, family);
  case 1:
    return g_strdup_printf("%s.%s", given, family);
  case 2:
    return g_strdup_printf("%c%s%u", *given, family, 1 + random_below(random, 99));
  case 3:
    return g_strdup_printf("%s%c", family, *given);
  default:
    return g_strdup_printf("%s_%s", given, family);
  }
}

static char *
full(const Person *p, Random *random)
{
  g_autofree char *m = initial(p->middle);
  switch (random_below(random, 8)) {
  case 0:
    return g_strdup_printf("%s %s. %s", p->given, m, p->family);
  case 1:
    return g_strdup_printf("%s %s %s", p->given, m, p->family);
  case 2:
    return g_strdup_printf("%s %s %s", p->given, p->middle, p->family);
  default:
    return g_strdup_printf("%s %s", p->given, p->family);
  }
}

static char *
signature(const Person *p, Random *random)
{
  g_autofree char *g = initial(p->given);
  switch (random_below(random, 5)) {
  case 0:
    return g_strdup_printf("%s. %s", g, p->family);
  case 1:
    return g_strdup_printf("%s%s", g, p->family);
  case 2:
    return g_strdup_printf("%s %s", g, p->family);
  case 3:
    return g_strdup_printf("%s, %s.", p->family, g);
  default:
    return full(p, random);
  }
}

/* One letter left out, doubled or swapped with its neighbour, never the first: the same person, typed in
 * haste. */
static char *
misspelt(const char *name, Random *random)
{
  const glong n = g_utf8_strlen(name, -1);
  if (n < 4)
    return g_strdup(name);
  const char *at = g_utf8_offset_to_pointer(name, 1 + (glong)random_below(random, (guint)n - 2));
  const char *next = g_utf8_next_char(at), *end = g_utf8_next_char(next);
  g_autofree char *head = g_strndup(name, (gsize)(at - name)), *letter = g_strndup(at, (gsize)(next - at));
  g_autofree char *other = g_strndup(next, (gsize)(end - next));
  if (*letter == ' ' || *other == ' ')
    return g_strdup(name);
  switch (random_below(random, 3)) {
  case 0:
    return g_strconcat(head, next, NULL);
  case 1:
    return g_strconcat(head, letter, at, NULL);
  default:
    return g_strconcat(head, other, letter, end, NULL);
  }
}

/* Forms that are met now and then; NULL where it is none of them. */
static char *
rare_form(const Person *p, const char *form, Random *random)
{
  static const char *const juniors[] = {"Jr.", "Jr", "Sr.", "II", "III"};
  g_autofree char *g = initial(p->given), *m = initial(p->middle);
  if (g_str_equal(form, "nicked"))
    return g_strdup_printf(random_chance(random, .6) ? "%s \"%s\" %s" : "%s (%s) %s", p->given,
                           nickname(p->given), p->family);
  if (g_str_equal(form, "lastinitial"))
    return g_strdup_printf(random_chance(random, .5) ? "%s %s" : "%s, %s.", p->family, g);
  if (g_str_equal(form, "junior"))
    return g_strdup_printf("%s %s%s %s", p->given, p->family, random_chance(random, .4) ? "," : "",
                           juniors[random_below(random, G_N_ELEMENTS(juniors))]);
  if (g_str_equal(form, "initialfull"))
    return g_strdup_printf(random_chance(random, .5) ? "%s.%s. %s" : "%s%s %s", g, m, p->family);
  if (g_str_equal(form, "misspelt"))
    return misspelt(p->family, random);
  if (!g_str_equal(form, "lastspacefirst"))
    return NULL;
  g_autofree char *name = g_strdup_printf("%s %s %s", p->family, p->given, m);
  return random_chance(random, .7) ? g_utf8_strup(name, -1) : g_steal_pointer(&name);
}

char *
person_form(const Person *p, const char *form, Random *random)
{
  g_autofree char *g = initial(p->given), *m = initial(p->middle), *f = initial(p->family);
#define IS(name) g_str_equal(form, name)
  if (IS("full"))
    return full(p, random);
  if (IS("full3"))
    return g_strdup_printf("%s %s %s", p->given, p->middle, p->family);
  if (IS("firstlast"))
    return g_strdup_printf("%s %s", p->given, p->family);
  if (IS("firstmi"))
    return g_strdup_printf("%s %s.", p->given, f);
  if (IS("first"))
    return g_strdup(p->given);
  if (IS("last") || IS("mrlast"))
    return g_strdup(p->family);
  if (IS("possessive"))
    return random_chance(random, .5) ? g_strdup(p->family) : g_strdup(p->given);
  if (IS("lastfirst"))
    return g_strdup_printf("%s, %s", p->family, p->given);
  if (IS("lastfirstmi"))
    return g_strdup_printf("%s, %s %s", p->family, p->given, m);
  if (IS("lastcaps")) {
    g_autofree char *up = g_utf8_strup(p->family, -1);
    return g_strdup_printf("%s, %s", up, p->given);
  }
  if (IS("initials"))
    return random_chance(random, .6) ? g_strdup_printf("%s%s", g, f) : g_strdup_printf("%s.%s.", g, f);
  if (IS("slashinitials"))
    return g_strdup_printf("%s%s%s", g, m, f);
  if (IS("lowerinitials")) {
    g_autofree char *both = g_strconcat(g, f, NULL);
    return g_utf8_strdown(both, -1);
  }
  if (IS("spacedinitials"))
    return g_strdup_printf("%s. %s.", g, f);
  if (IS("nick"))
    return g_strdup(nickname(p->given));
  if (IS("dotted"))
    return g_strdup_printf("%s. %s", g, p->family);
  if (IS("sig"))
    return signature(p, random);
  if (IS("user"))
    return user_name(p, random);
  if (IS("lowerlast"))
    return g_utf8_strdown(p->family, -1);
  if (IS("lowerfirst"))
    return g_utf8_strdown(p->given, -1);
  if (IS("capslast"))
    return g_utf8_strup(p->family, -1);
  char *rare = rare_form(p, form, random);
  if (rare != NULL)
    return rare;
  g_autofree char *name = full(p, random);
  if (IS("caps"))
    return g_utf8_strup(name, -1);
  if (IS("lower"))
    return g_utf8_strdown(name, -1);
#undef IS
  return NULL;
}
