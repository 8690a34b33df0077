/* Spanish names that a cue announces: "Nombre:", "Dr.", "Dña.", "su hija". A name is given names and two
 * surnames with their particles; it ends at a word of the stop list, at a key ("Sexo:") and at the line. */
#include "confirm-es-private.h"
#include <string.h>

enum { MAX_NAME_WORDS = 9 };

static gboolean
option(const PhiRule *rule, const char *word)
{
  const char *at = strstr(rule->context, word);
  gsize n = strlen(word);
  return at && (at == rule->context || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' ');
}

/* A particle between two words of a name. "y" joins two surnames, and no more than that: a given name behind
 * it is another person's. */
gboolean
phi_es_joins_name(const PhiPage *page, guint i)
{
  static const char *const and[] = {"y", "e", NULL};
  if (!phi_es_is_link(page, i) || phi_es_gap(page, i) > PHI_GAP_SPACE)
    return FALSE;
  guint32 next = phi_es_lex(page, i + 1);
  if (phi_token_is(page, i, "i")) /* Puig i Vall */
    return PHI_FIRST(next) <= PHI_LAST(next) && phi_token_is_capital(page, i + 1);
  return !phi_es_word_in(page, i, and) || (PHI_LAST(next) >= 4 && PHI_FIRST(next) < PHI_LAST(next));
}

static gboolean
is_key(const PhiPage *page, guint i)
{
  return phi_es_is_char(page, i + 1, ':') && phi_es_gap(page, i + 1) <= PHI_GAP_SPACE;
}

/* An initial, "Ma", "Fdez": a part of a name that a full stop cuts short. */
gboolean
phi_es_is_short_name(const PhiPage *page, guint i)
{
  static const char *const short_names[] = {
      "ma",    "fco",    "fca",   "jse", "ant",  "fdez",  "fdz",   "hdez", "hdz", "glez", "gzlez",
      "rguez", "rdguez", "mtnez", "mtz", "gtez", "dguez", "jmnez", "alvz", "sto", "sta",  NULL};
  if (phi_es_shape(page, i) == PHI_SHAPE_INITIAL)
    return TRUE;
  return phi_es_word_in(page, i, short_names) ||
         (phi_es_length(page, i) <= 3 &&
          memchr(page->s + PHI_TOKEN(page, i)->start, 0xaa, phi_es_length(page, i)));
}

/* Whether a small word may be part of a name: it must be no word of the language. */
static gboolean
is_small_name(const PhiPage *page, guint i, gboolean first)
{
  guint32 lex = phi_es_lex(page, i);
  if (phi_es_length(page, i) < 3)
    return FALSE;
  if (lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_SAYS | PHI_LEX_GENERIC))
    return !first && (PHI_FIRST(lex) >= 6 || PHI_LAST(lex) >= 7);
  return TRUE;
}

/* What stands behind a name in a signature: "C/ Feria 8", "Plaza Nueva 3", "ana.ruiz@hospital.es". */
static gboolean
opens_address(const PhiPage *page, guint i)
{
  static const char *const streets[] = {"calle",  "plaza", "avenida",   "paseo",
                                        "camino", "ronda", "carretera", NULL};
  if (phi_es_word_in(page, i, streets) ||
      (phi_es_shape(page, i) == PHI_SHAPE_INITIAL && phi_es_is_char(page, i + 1, '/')))
    return TRUE;
  guint32 at = PHI_TOKEN(page, i)->end;
  while (at < page->n_bytes && !g_ascii_isspace(page->s[at]) && page->s[at] != '@')
    at++;
  return at < page->n_bytes && page->s[at] == '@';
}

/* "Segundo Toaquiza", "Primo Levi": a given name of the stop list with a surname behind it. */
static gboolean
opens_full_name(const PhiPage *page, guint i, guint start)
{
  guint32 next = phi_es_lex(page, i + 1);
  return i == start && PHI_FIRST(phi_es_lex(page, i)) >= 5 && phi_es_gap(page, i + 1) == PHI_GAP_SPACE &&
         phi_token_is_capital(page, i + 1) && !(next & (PHI_LEX_STOP | PHI_LEX_GENERIC | PHI_LEX_THING)) &&
         (PHI_LAST(next) || !(next & PHI_LEX_LISTED));
}

static gboolean
is_name_word(const PhiPage *page, guint i, guint start, gboolean lower, gboolean sure)
{
  guint32 lex = phi_es_lex(page, i);
  if (!phi_token_is_word(page, i) || (i > start && (is_key(page, i) || opens_address(page, i))))
    return FALSE;
  PhiShape shape = phi_es_shape(page, i);
  if (shape == PHI_SHAPE_INITIAL)
    return TRUE;
  gboolean surely = phi_token_is_capital(page, i) && ((sure && (PHI_FIRST(lex) >= 5 || PHI_LAST(lex) >= 5)) ||
                                                      opens_full_name(page, i, start));
  if ((lex & (PHI_LEX_STOP | PHI_LEX_TITLE | PHI_LEX_CREDENTIAL | PHI_LEX_THING)) && !surely)
    return FALSE;
  if (shape == PHI_SHAPE_LOWER)
    return lower && is_small_name(page, i, i == start);
  return phi_token_is_capital(page, i);
}

/* Over what joins two words of a name: particles, a full stop behind an abbreviation, a hyphen, a comma
 * between surnames and given name. Returns where the next word would be; i where nothing may follow. */
static guint
skip_join(const PhiPage *page, guint i, const PhiRule *rule)
{
  guint at = i;
  if (phi_es_is_char(page, at, '.') && phi_es_gap(page, at) == PHI_GAP_NONE && at > 0 &&
      phi_es_is_short_name(page, at - 1))
    at++;
  else if (phi_es_is_char(page, at, '-') && phi_es_gap(page, at + 1) <= PHI_GAP_SPACE &&
           PHI_LAST(phi_es_lex(page, at + 1)) >= 3)
    at++;
  else if (option(rule, "comma") && phi_es_is_char(page, at, ',') &&
           phi_es_gap(page, at + 1) <= PHI_GAP_SPACE)
    at++;
  for (guint n = 0; n < 3 && phi_es_joins_name(page, at); n++)
    at++;
  return at;
}

static guint
read_name(const PhiPage *page, guint i, const PhiRule *rule)
{
  gboolean lower = option(rule, "lower"), sure = option(rule, "sure");
  guint at = skip_join(page, i, rule), start = at, after = i;
  for (guint n = 0; n < MAX_NAME_WORDS && is_name_word(page, at, start, lower, sure); n++) {
    after = at + 1;
    if (phi_es_is_char(page, after, '.') && phi_es_gap(page, after) == PHI_GAP_NONE &&
        phi_es_shape(page, at) == PHI_SHAPE_INITIAL)
      after +=
          phi_token_is(page, after + 1, "a") && phi_es_gap(page, after + 1) == PHI_GAP_NONE ? 2 : 1; /* M.a */
    at = skip_join(page, after, rule);
    PhiGap gap = phi_es_gap(page, at);
    if (gap > PHI_GAP_WIDE || (gap == PHI_GAP_WIDE && !(sure && PHI_LAST(phi_es_lex(page, at)) >= 5)))
      break;
  }
  return after;
}

/* How much the words speak for a name. */
static int
evidence(const PhiPage *page, guint first, guint after)
{
  int points = 0;
  for (guint i = first; i < after; i++) {
    guint32 lex = phi_es_lex(page, i);
    if (!phi_token_is_word(page, i) || phi_es_is_link(page, i) || phi_es_shape(page, i) == PHI_SHAPE_INITIAL)
      continue;
    gboolean named = PHI_FIRST(lex) || PHI_LAST(lex);
    gboolean word = lex & (PHI_LEX_WORD | PHI_LEX_CLINICAL | PHI_LEX_DRUG);
    points += named && !word ? 3 : PHI_FIRST(lex) >= 5 ? 2 : named ? 1 : word ? -2 : 1;
  }
  return points;
}

/* Titles and punctuation between a cue and the name. */
static guint
skip_to_name(const PhiPage *page, guint i, const PhiRule *rule)
{
  const char *points = option(rule, "tight") ? "." : ".:-,(\"*/";
  for (guint n = 0; n < 8 && i < page->tokens->len; n++, i++) {
    PhiGap gap = phi_es_gap(page, i);
    if (gap == PHI_GAP_BLANK || (gap == PHI_GAP_LINE && !option(rule, "line")))
      return page->tokens->len;
    gboolean point =
        phi_es_shape(page, i) == PHI_SHAPE_PUNCT && strchr(points, page->s[PHI_TOKEN(page, i)->start]);
    if (!point && !(phi_es_lex(page, i) & PHI_LEX_TITLE))
      break;
  }
  return i;
}

/* Whether a name in small letters may stand at i: behind a full stop ("dr. perez") any word that is none of
 * the language, else a listed name. */
static gboolean
small_name_fits(const PhiPage *page, guint i)
{
  guint32 lex = phi_es_lex(page, i);
  if (phi_es_shape(page, i) != PHI_SHAPE_LOWER)
    return TRUE;
  gboolean marked = i > 0 && (phi_es_is_char(page, i - 1, '.') || phi_es_is_char(page, i - 1, ':'));
  return marked || PHI_FIRST(lex) >= 5 || PHI_LAST(lex) >= 5;
}

/* "su hijo Oluwaseun": behind a relation a capital word that no list has is a name. */
static gboolean
is_unlisted(const PhiPage *page, guint i, const PhiRule *rule)
{
  return option(rule, "kin") && phi_es_shape(page, i) == PHI_SHAPE_CAPITAL &&
         !(phi_es_lex(page, i) & PHI_LEX_LISTED);
}

static void
add_name(PhiPage *page, const PhiRule *rule, guint first, guint after)
{
  PhiCandidate candidate = {PHI_TOKEN(page, first)->start, PHI_TOKEN(page, after - 1)->end, rule->kind,
                            (float)rule->score, rule->by};
  g_array_append_val(page->found, candidate);
}

/* "Dres. Pérez Gil, Ana Ruiz y Tomás Mora". */
static void
read_list(PhiPage *page, const PhiRule *rule, guint i)
{
  static const char *const and[] = {"y", "e", "i", NULL};
  for (guint n = 0; n < 12; n++) {
    guint at = i;
    while (at < i + 4 && phi_es_gap(page, at) <= PHI_GAP_SPACE &&
           (phi_es_is_char(page, at, ',') || phi_es_is_char(page, at, ';') || phi_es_is_char(page, at, '.') ||
            phi_es_is_char(page, at, '/') || phi_es_word_in(page, at, and) ||
            (phi_es_lex(page, at) & PHI_LEX_TITLE)))
      at++;
    if (at == i)
      return;
    guint after = read_name(page, at, rule);
    if (after == at || evidence(page, at, after) < 2)
      return;
    add_name(page, rule, at, after);
    i = after;
  }
}

/* context, words: line (the name may stand on the next line), lower (small letters too), comma (surnames,
 * given name), tight (only a full stop between), proof (the lexicon must speak for it), sure (any capitalised
 * word is one), kin ("de" before it belongs to the cue), direct (no particle opens it), single (a comma must
 * close it), titled (behind a title a word with a capital is a name), given (it opens with a given name),
 * list. */
PHI_CONFIRMER(phi_confirm_es_name)
{
  if (!phi_es_cue_stands(page, candidate))
    return FALSE;
  guint first = skip_to_name(page, phi_token_at(page, candidate->end), rule);
  if (first >= page->tokens->len)
    return FALSE;
  if (option(rule, "kin") && phi_token_is(page, first, "de"))
    first++; /* hija de */
  if (option(rule, "direct") && phi_es_is_link(page, first))
    return FALSE; /* residente de Getafe */
  guint after = read_name(page, first, rule);
  if (after == first || phi_name_is_eponym(page, first, after) || !small_name_fits(page, first))
    return FALSE;
  guint32 lex = phi_es_lex(page, first);
  gboolean titled = option(rule, "titled") && phi_token_is_capital(page, first) &&
                    !(lex & (PHI_LEX_CLINICAL | PHI_LEX_DRUG | PHI_LEX_GENERIC));
  int least = option(rule, "sure") || titled                             ? -6
              : option(rule, "proof") && !is_unlisted(page, first, rule) ? 2
                                                                         : 1;
  if (evidence(page, first, after) < least)
    return FALSE;
  if (option(rule, "single") && !(phi_es_is_char(page, after, ',') && phi_token_is_capital(page, first) &&
                                  evidence(page, first, after) > (int)(after - first) - 1))
    return FALSE;
  if (option(rule, "given") && !PHI_FIRST(phi_es_lex(page, first)) && after - first < 2)
    return FALSE;
  candidate->start = PHI_TOKEN(page, first)->start;
  candidate->end = PHI_TOKEN(page, after - 1)->end;
  if (option(rule, "list"))
    read_list(page, rule, after);
  return TRUE;
}

/* One word behind a cue: "profesion: minero". */
PHI_CONFIRMER(phi_confirm_es_word)
{
  guint i = phi_token_at(page, candidate->end);
  if (!phi_es_cue_stands(page, candidate) || !phi_token_is_word(page, i) ||
      phi_es_gap(page, i) > PHI_GAP_WIDE || phi_es_length(page, i) < 4 ||
      (phi_es_lex(page, i) & PHI_LEX_STOP))
    return FALSE;
  candidate->start = PHI_TOKEN(page, i)->start;
  candidate->end = PHI_TOKEN(page, i)->end;
  return TRUE;
}

/* A profession's word speaks of a person: small letters, or the line's first word. */
PHI_CONFIRMER(phi_confirm_es_profession)
{
  guint i = phi_token_at(page, candidate->start);
  return phi_stands_alone(page, candidate->start, candidate->end) && phi_es_shape(page, i) == PHI_SHAPE_LOWER;
}
