/* Spanish addresses: the table's pattern finds the kind of street ("Calle"), a house number or a postcode;
 * here the words around it are read, and the postcode and town behind an address. */
#include "confirm-es-private.h"
#include <string.h>

enum { MAX_STREET_TOKENS = 30 };

static gboolean
is_street_type(const PhiPage *page, guint i)
{
  static const char *const types[] = {"calle",     "av",
                                      "avda",      "avd",
                                      "avenida",   "paseo",
                                      "plaza",     "pza",
                                      "plza",      "camino",
                                      "carretera", "ctra",
                                      "ronda",     "urbanizacion",
                                      "urb",       "poligono",
                                      "pol",       "colonia",
                                      "col",       "barrio",
                                      "bo",        "sector",
                                      "edificio",  "edif",
                                      "conjunto",  "fraccionamiento",
                                      "fracc",     "pasaje",
                                      "pje",       "torre",
                                      NULL};
  return phi_es_word_in(page, i, types);
}

static gboolean
is_unit(const PhiPage *page, guint i)
{
  static const char *const units[] = {
      "n\302\272", "no",        "num",       "numero",      "nro",          "bis",
      "piso",      "pta",       "puerta",    "esc",         "escalera",     "portal",
      "bloque",    "bl",        "izq",       "izqda",       "izquierda",    "izda",
      "dcha",      "derecha",   "dcho",      "der",         "dch",          "bajo",
      "bajos",     "atico",     "entlo",     "entresuelo",  "pral",         "local",
      "km",        "kilometro", "s",         "n",           "planta",       "oficina",
      "of",        "dpto",      "depto",     "dto",         "departamento", "int",
      "interior",  "ext",       "exterior",  "mz",          "manzana",      "lote",
      "lt",        "casa",      "apto",      "apartamento", "apt",          "parcela",
      "iz",        "mo",        "er",        "ro",          "edf",          "esq",
      "esquina",   "entre",     "duplicado", "sn",          "\302\272",     "\302\252",
      "centro",    NULL};
  if (phi_es_shape(page, i) == PHI_SHAPE_INITIAL)
    return TRUE;
  if (phi_token_is_word(page, i) && page->s[PHI_TOKEN(page, i)->start] == '\xc2')
    return TRUE; /* 3ºA */
  return phi_es_word_in(page, i, units);
}

static gboolean
is_house_number(const PhiPage *page, guint i)
{
  return phi_es_shape(page, i) == PHI_SHAPE_NUMBER && phi_es_length(page, i) <= 4;
}

/* "paseo diario 30 minutos" */
static gboolean
is_measured(const PhiPage *page, guint i)
{
  static const char *const measures[] = {"min",  "minutos", "hora",  "horas", "metros", "m",  "anos",
                                         "dias", "meses",   "veces", "mg",    "cm",     "mm", NULL};
  return phi_es_gap(page, i) == PHI_GAP_SPACE && phi_es_word_in(page, i, measures);
}

/* A number within a few words: "calle mayor 5". */
static gboolean
number_ahead(const PhiPage *page, guint i)
{
  for (guint at = i; at < i + 7 && (at == i || phi_es_gap(page, at) <= PHI_GAP_SPACE); at++) {
    if (is_house_number(page, at))
      return !phi_es_is_link(page, at - 1) && !is_measured(page, at + 1);
    if (phi_token_is(page, at, "s") && phi_es_is_char(page, at + 1, '/'))
      return TRUE;
    if (phi_es_shape(page, at) == PHI_SHAPE_PUNCT && !phi_es_is_char(page, at, ','))
      return FALSE;
  }
  return FALSE;
}

typedef struct {
  guint after;   /* token after what was accepted */
  guint n_words; /* that name the street */
  gboolean numbered;
  gboolean small; /* words in small letters are taken */
} Street;

/* Whether the mark at i goes on with the address. */
static gboolean
mark_goes_on(const PhiPage *page, guint i)
{
  char c = page->s[PHI_TOKEN(page, i)->start];
  if (phi_es_gap(page, i + 1) > PHI_GAP_SPACE)
    return FALSE;
  gboolean unit = is_house_number(page, i + 1) || is_unit(page, i + 1);
  if (c == ',')
    return unit || is_street_type(page, i + 1);
  if (c == '.')
    return unit || is_street_type(page, i + 1) ||
           (i > 0 && phi_es_gap(page, i) == PHI_GAP_NONE &&
            (phi_es_length(page, i - 1) <= 4 || is_street_type(page, i - 1) || is_unit(page, i - 1)) &&
            phi_es_shape(page, i - 1) != PHI_SHAPE_NUMBER && phi_token_is_word(page, i + 1));
  if (c == '(' || c == ')' || c == ':' || c == ';' || c == '@')
    return FALSE;
  return unit || (phi_es_gap(page, i + 1) == PHI_GAP_NONE && phi_es_gap(page, i) == PHI_GAP_NONE);
}

static gboolean
is_town_ahead(const PhiPage *page, guint i)
{
  const PhiPhrase *phrase = NULL;
  return phi_token_is_capital(page, i) && phi_es_place_end(page, i, &phrase) > i && !number_ahead(page, i);
}

/* "E-28046", "C.P. 02006": what follows is a postcode. */
static gboolean
opens_postcode(const PhiPage *page, guint i)
{
  if (phi_token_is(page, i, "cp"))
    return TRUE;
  if (phi_es_shape(page, i) != PHI_SHAPE_INITIAL)
    return FALSE;
  if (phi_es_is_char(page, i + 1, '-') && phi_es_length(page, i + 2) == 5)
    return TRUE;
  guint p = phi_es_is_char(page, i + 1, '.') ? i + 2 : i + 1;
  return phi_token_is(page, i, "c") && phi_token_is(page, p, "p") && p > i + 1;
}

static gboolean
word_goes_on(const PhiPage *page, guint i, Street *street)
{
  guint32 lex = phi_es_lex(page, i);
  if (phi_es_is_char(page, i + 1, ':') || phi_es_is_char(page, i + 1, '@'))
    return FALSE;
  if (is_street_type(page, i)) {
    street->numbered = FALSE;
    return TRUE;
  }
  if (opens_postcode(page, i))
    return FALSE;
  gboolean glued =
      i > 0 && phi_es_shape(page, i - 1) == PHI_SHAPE_NUMBER && phi_es_gap(page, i) == PHI_GAP_NONE;
  if ((glued && phi_es_length(page, i) <= 3) ||
      (is_unit(page, i) && (street->numbered || phi_es_shape(page, i) != PHI_SHAPE_INITIAL ||
                            phi_es_is_char(page, i + 1, '.') || phi_es_is_char(page, i + 1, '/')))) {
    street->after = i + 1;
    street->numbered = street->numbered || (phi_token_is(page, i, "s") && phi_es_is_char(page, i + 1, '/'));
    return TRUE;
  }
  if (street->numbered)
    return phi_es_is_link(page, i) && (is_unit(page, i + 1) || is_house_number(page, i + 1));
  if (phi_es_is_link(page, i))
    return !(street->n_words && is_town_ahead(page, i + 1)); /* Plaza Mayor de Salamanca */
  if ((lex & PHI_LEX_STOP) && !phi_es_opens_name(page, i) &&
      !(phi_token_is_capital(page, i) && (number_ahead(page, i) || is_street_type(page, i - 1))))
    return FALSE;
  if (!phi_token_is_capital(page, i) && !(street->small && number_ahead(page, i)) &&
      !phi_es_opens_name(page, i))
    return FALSE;
  street->n_words++;
  street->after = i + 1;
  return TRUE;
}

static void
read_street(const PhiPage *page, guint i, Street *street)
{
  for (guint n = 0; n < MAX_STREET_TOKENS && i < page->tokens->len; n++, i++) {
    PhiGap gap = phi_es_gap(page, i);
    if (gap >= PHI_GAP_LINE || (gap == PHI_GAP_WIDE && street->after > 0))
      return;
    PhiShape shape = phi_es_shape(page, i);
    if (shape == PHI_SHAPE_NUMBER) {
      if (!is_house_number(page, i))
        return;
      street->numbered = TRUE;
      street->after = i + 1;
    } else if (shape == PHI_SHAPE_PUNCT ? !mark_goes_on(page, i) : !word_goes_on(page, i, street)) {
      return;
    }
  }
}

/* ", 28036 Madrid", "CP: 08035 Barcelona" behind an address. */
static void
read_postcode(PhiPage *page, guint i)
{
  static const char *const codes[] = {"cp", "c", "p", "codigo", "postal", "d", "e", NULL};
  for (guint n = 0; n < 8 && phi_es_gap(page, i) <= PHI_GAP_LINE; n++, i++) {
    gboolean mark = phi_es_shape(page, i) == PHI_SHAPE_PUNCT && i < page->tokens->len &&
                    strchr(",.-:/()", page->s[PHI_TOKEN(page, i)->start]);
    if (!mark && !phi_es_word_in(page, i, codes))
      break;
  }
  if (phi_es_shape(page, i) != PHI_SHAPE_NUMBER || phi_es_length(page, i) != 5 ||
      phi_es_gap(page, i) > PHI_GAP_LINE)
    return;
  gboolean prefixed = i > 1 && phi_es_is_char(page, i - 1, '-') && phi_es_gap(page, i) == PHI_GAP_NONE &&
                      phi_es_shape(page, i - 2) == PHI_SHAPE_INITIAL; /* E-28046 */
  phi_page_add(page, PHI_TOKEN(page, prefixed ? i - 2 : i)->start, PHI_TOKEN(page, i)->end, CR_PHI_CITY, 0.95,
               "rule:postcode.address");
  i++;
  while (phi_es_is_char(page, i, ',') || phi_es_is_char(page, i, '.') || phi_es_is_char(page, i, '-') ||
         phi_es_is_char(page, i, '(') || phi_es_is_char(page, i, ')'))
    i++;
  if (phi_es_gap(page, i) <= PHI_GAP_WIDE && phi_token_is_capital(page, i))
    phi_es_add_town(page, i, CR_PHI_CITY, "rule:city.address", 0.9);
}

/* A full stop behind which a sentence begins, no abbreviation and no further part of the address. */
static gboolean
ends_address(const PhiPage *page, guint i)
{
  return phi_es_is_char(page, i, '.') && phi_es_gap(page, i + 1) == PHI_GAP_SPACE &&
         phi_token_is_capital(page, i + 1) && phi_es_length(page, i + 1) > 2 &&
         phi_es_length(page, i - 1) > 3 && phi_token_is_word(page, i - 1) && !is_street_type(page, i + 1) &&
         !is_unit(page, i + 1) && !is_street_type(page, i - 1);
}

/* "Domicilio: ...": the rest of the line, up to a wide gap, a bar, or the key of the next value. */
PHI_CONFIRMER(phi_confirm_es_address)
{
  guint first = phi_token_at(page, candidate->end);
  while (phi_es_is_char(page, first, ':') || phi_es_is_char(page, first, '.'))
    first++;
  guint after = first;
  while (after < page->tokens->len && after < first + MAX_STREET_TOKENS) {
    PhiGap gap = phi_es_gap(page, after);
    if ((gap >= PHI_GAP_LINE && after > first) ||
        (gap == PHI_GAP_WIDE && after > first && !is_house_number(page, after)) ||
        phi_es_is_char(page, after, '|') || phi_es_is_char(page, after, ';') ||
        phi_es_is_char(page, after + 1, ':') ||
        (after > first && (opens_postcode(page, after) || ends_address(page, after))))
      break;
    after++;
  }
  while (after > first && phi_es_shape(page, after - 1) == PHI_SHAPE_PUNCT)
    after--;
  if (after == first || phi_es_gap(page, first) >= PHI_GAP_LINE)
    return FALSE;
  candidate->start = PHI_TOKEN(page, first)->start;
  candidate->end = PHI_TOKEN(page, after - 1)->end;
  return TRUE;
}

/* ", Recoleta, Chile": capital words between two commas behind a numbered address are a town or a district.
 */
static void
read_district(PhiPage *page, guint i)
{
  if (!(phi_es_is_char(page, i, ',') || phi_es_is_char(page, i, ';')) ||
      phi_es_gap(page, i + 1) > PHI_GAP_SPACE || (phi_es_lex(page, i + 1) & PHI_LEX_GENERIC))
    return;
  guint after = phi_es_town_end(page, i + 1);
  if (after == i + 1 || !(phi_es_is_char(page, after, ',') || phi_es_is_char(page, after, '.') ||
                          phi_es_is_char(page, after, '(') || phi_es_is_char(page, after, ')') ||
                          phi_es_is_char(page, after, '-')))
    return;
  phi_page_add(page, PHI_TOKEN(page, i + 1)->start, PHI_TOKEN(page, after - 1)->end, CR_PHI_CITY, 0.75,
               "rule:city.address");
}

/* Words of the stop list that streets are named after. */
static gboolean
names_streets(const PhiPage *page, guint i)
{
  static const char *const words[] = {"hermanos", "profesor", "prof",   "doctor",  "dr",    "dra",
                                      "san",      "santa",    "campus", "general", "padre", "madre",
                                      "don",      "camino",   "puerta", NULL};
  return phi_es_word_in(page, i, words) && phi_token_is_capital(page, i);
}

/* "Irunlarrea, 3 31008 Pamplona", "Altos de Nava, s/n": a street that does not say so. The match is its
 * number; the words before it are the street. */
PHI_CONFIRMER(phi_confirm_es_untyped)
{
  guint end = phi_token_at(page, candidate->start), first = end;
  if (phi_es_is_char(page, end, ','))
    end++;
  for (guint n = 0; n < 6 && first > 0; n++) {
    guint i = first - 1;
    guint32 lex = phi_es_lex(page, i);
    if (phi_es_gap(page, first) > PHI_GAP_SPACE || !phi_token_is_word(page, i))
      break;
    if (!phi_token_is_capital(page, i) && !phi_es_is_link(page, i))
      break;
    if ((lex & (PHI_LEX_STOP | PHI_LEX_GENERIC)) && !phi_es_is_link(page, i) && !names_streets(page, i))
      break;
    first = i;
  }
  while (first < end && !phi_token_is_capital(page, first))
    first++;
  Street street = {0, 1, TRUE, FALSE};
  read_street(page, end, &street);
  if (first >= end || !phi_token_is_capital(page, first) || street.after <= end)
    return FALSE;
  candidate->start = PHI_TOKEN(page, first)->start;
  candidate->end = PHI_TOKEN(page, street.after - 1)->end;
  read_postcode(page, street.after);
  return TRUE;
}

/* The match is the kind of street ("Calle", "c/", "Avda."). context, words: capital (a capital word must
 * follow it), numbered (and a number that). */
PHI_CONFIRMER(phi_confirm_es_street)
{
  gboolean capital = strstr(rule->context, "capital") != NULL;
  guint i = phi_token_at(page, candidate->end);
  if (!phi_es_cue_stands(page, candidate))
    return FALSE;
  guint first = i;
  gboolean upper = g_ascii_isupper(page->s[candidate->start]);
  Street street = {0, 0, FALSE, TRUE};
  guint named = first;
  while (phi_es_is_link(page, named) || phi_es_is_char(page, named, '.') || phi_es_is_char(page, named, ','))
    named++;
  if (capital && (!phi_token_is_capital(page, named) || (phi_es_shape(page, named) == PHI_SHAPE_INITIAL &&
                                                         strstr(rule->context, "numbered") != NULL)))
    return FALSE;
  if (phi_es_is_char(page, first, ','))
    first++;
  read_street(page, first, &street);
  if (street.after <= first || (!street.n_words && !street.numbered))
    return FALSE;
  if (!street.numbered &&
      (!upper || !phi_token_is_capital(page, named) || strstr(rule->context, "numbered") != NULL))
    return FALSE;
  if (!street.numbered)
    candidate->score = 0.75f;
  else
    read_district(page, street.after);
  candidate->end = PHI_TOKEN(page, street.after - 1)->end;
  read_postcode(page, street.after);
  return TRUE;
}

static gboolean
town_before(const PhiPage *page, guint i)
{
  const PhiPhrase *phrase = NULL;
  guint end = i;
  while (end > 0 && i - end < 2 &&
         (phi_es_is_char(page, end - 1, '.') || phi_es_is_char(page, end - 1, ',') ||
          phi_es_is_char(page, end - 1, '-') || phi_es_is_char(page, end - 1, '(')))
    end--;
  for (guint n = 1; n <= 6 && n <= end; n++)
    if (phi_token_is_capital(page, end - n)) {
      guint after = phi_es_place_end(page, end - n, &phrase);
      if (after == end || after == end + 1)
        return TRUE;
    }
  return FALSE;
}

/* Five digits before or behind a town that the gazetteer knows. */
PHI_CONFIRMER(phi_confirm_es_zip)
{
  guint i = phi_token_at(page, candidate->start);
  const PhiPhrase *phrase = NULL;
  if (!phi_stands_alone(page, candidate->start, candidate->end) ||
      memcmp(page->s + candidate->start, "00", 2) == 0)
    return FALSE;
  guint at = i + 1;
  while (phi_es_is_char(page, at, ',') || phi_es_is_char(page, at, '-') || phi_es_is_char(page, at, '('))
    at++;
  if (phi_token_is_capital(page, at) && phi_es_gap(page, at) <= PHI_GAP_SPACE &&
      phi_es_place_end(page, at, &phrase) > at)
    return TRUE;
  return town_before(page, i);
}
