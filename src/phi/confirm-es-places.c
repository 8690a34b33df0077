/* Spanish addresses, towns and institutions: the table's pattern finds the word that opens them ("Calle",
 * "Hospital", "natural de"); here the words behind it are read. */
#include "confirm-es-private.h"
#include <string.h>

enum { MAX_PLACE_TOKENS = 16, MAX_STREET_TOKENS = 30, MAX_TOWN_WORDS = 5 };

gboolean
phi_es_is_char(const PhiPage *page, guint i, char c)
{
  return i < page->tokens->len && PHI_TOKEN(page, i)->shape == PHI_SHAPE_PUNCT &&
         page->s[PHI_TOKEN(page, i)->start] == c;
}

PhiGap
phi_es_gap(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? (PhiGap)PHI_TOKEN(page, i)->gap : PHI_GAP_BLANK;
}

PhiShape
phi_es_shape(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? (PhiShape)PHI_TOKEN(page, i)->shape : PHI_SHAPE_PUNCT;
}

guint32
phi_es_lex(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? PHI_TOKEN(page, i)->lex : 0;
}

gsize
phi_es_length(const PhiPage *page, guint i)
{
  return i < page->tokens->len ? PHI_TOKEN(page, i)->end - PHI_TOKEN(page, i)->start : 0;
}

gboolean
phi_es_word_in(const PhiPage *page, guint i, const char *const *words)
{
  char word[24];
  if (!phi_token_is_word(page, i))
    return FALSE;
  const PhiToken *token = PHI_TOKEN(page, i);
  return phi_fold(page->s + token->start, token->end - token->start, word, sizeof word) &&
         phi_word_in(word, words);
}

gboolean
phi_es_is_link(const PhiPage *page, guint i)
{
  static const char *const links[] = {"de", "del", "la",  "las", "los", "el",  "y",   "e",   "i",  "d", "da",
                                      "do", "dos", "des", "les", "els", "der", "von", "van", "di", NULL};
  return phi_es_word_in(page, i, links);
}

gboolean
phi_es_cue_stands(const PhiPage *page, const PhiCandidate *candidate)
{
  guint32 end = candidate->end;
  if (end == 0 || end >= page->n_bytes || !g_ascii_isalnum(page->s[end - 1]))
    return TRUE;
  return !g_ascii_isalnum(page->s[end]) && (guchar)page->s[end] < 0xc3;
}

guint
phi_es_place_end(const PhiPage *page, guint i, const PhiPhrase **phrase)
{
  char words[128];
  gsize n = 0;
  guint after = i;
  for (guint at = i; at < page->tokens->len && at < i + 9; at++) {
    const PhiToken *token = PHI_TOKEN(page, at);
    if (at > i && phi_es_is_char(page, at, '.') && token->gap == PHI_GAP_NONE &&
        PHI_TOKEN(page, at - 1)->end - PHI_TOKEN(page, at - 1)->start <= 3) {
      after = after == at ? at + 1 : after; /* D.F. */
      continue;
    }
    if (token->shape == PHI_SHAPE_PUNCT || (at > i && token->gap > PHI_GAP_SPACE) ||
        n + (token->end - token->start) + 2 > sizeof words)
      break;
    if (n)
      words[n++] = ' ';
    if (!phi_fold(page->s + token->start, token->end - token->start, words + n, sizeof words - n))
      break;
    n += strlen(words + n);
    const PhiPhrase *hit = phi_lexicon_phrase(page->lexicon, words);
    if (hit) {
      *phrase = hit;
      after = at + 1;
    }
  }
  return after;
}

/* ---- towns ---- */

/* An article that opens a name: La Linea, El Temple, A Coruna, O Barco. */
static gboolean
is_article(const PhiPage *page, guint i)
{
  static const char *const articles[] = {"a", "o", "as", "os", "la", "el", "los", "las", "les", "sa", NULL};
  return phi_es_word_in(page, i, articles) && phi_token_is_capital(page, i) &&
         phi_token_is_capital(page, i + 1) && phi_es_gap(page, i + 1) == PHI_GAP_SPACE;
}

static guint
town_end(const PhiPage *page, guint i)
{
  guint after = i;
  for (guint at = i, n = 0; n < MAX_TOWN_WORDS && phi_token_is_word(page, at); n++, at++) {
    if (at > i && phi_es_gap(page, at) > PHI_GAP_SPACE)
      break;
    if (phi_es_is_link(page, at) && phi_es_shape(page, at) == PHI_SHAPE_LOWER && at > i)
      continue;
    guint32 lex = phi_es_lex(page, at);
    if (is_article(page, at))
      continue;
    if (!phi_token_is_capital(page, at) || (lex & (PHI_LEX_STOP | PHI_LEX_TITLE)) ||
        (phi_es_shape(page, at) == PHI_SHAPE_INITIAL && !phi_es_is_link(page, at)) ||
        phi_es_is_char(page, at + 1, ':') || phi_es_is_char(page, at + 1, '@'))
      break;
    after = at + 1;
  }
  return after;
}

guint
phi_es_add_town(PhiPage *page, guint i, const char *by, double score)
{
  const PhiPhrase *phrase = NULL;
  CrPhiKind kind = CR_PHI_CITY;
  guint after = phi_es_place_end(page, i, &phrase);
  if (after > i)
    kind = phrase->kind;
  else
    after = town_end(page, i);
  if (after > i)
    phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, after - 1)->end, kind, score, by);
  return after;
}

/* "Localidad/ Provincia: Alcalá de Henares, Madrid (España)", "natural de Vic". context "header": all places
 * of the line. */
PHI_CONFIRMER(phi_confirm_es_town)
{
  gboolean header = strcmp(rule->context, "header") == 0;
  if (!phi_es_cue_stands(page, candidate))
    return FALSE;
  guint i = phi_token_at(page, candidate->end);
  while (phi_es_is_char(page, i, ':') || phi_es_is_char(page, i, '.'))
    i++;
  for (guint n = 0; n < 4 && phi_es_gap(page, i) <= PHI_GAP_WIDE; n++) {
    if (!header && !phi_token_is_capital(page, i))
      break;
    if (phi_es_shape(page, i) == PHI_SHAPE_NUMBER && phi_es_length(page, i) == 5)
      phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, i)->end, CR_PHI_ZIP, 0.9, rule->by);
    guint after = phi_es_add_town(page, i, rule->by, rule->score);
    if (after == i)
      break;
    i = after;
    if (!header || phi_es_gap(page, i) > PHI_GAP_SPACE)
      break;
    while (phi_es_shape(page, i) == PHI_SHAPE_PUNCT && i < page->tokens->len &&
           strchr(",/-(", page->s[PHI_TOKEN(page, i)->start]))
      i++;
  }
  return FALSE; /* what there was is added */
}

/* ---- institutions ---- */

static gboolean
is_joined_mark(const PhiPage *page, guint i)
{
  return phi_es_shape(page, i) == PHI_SHAPE_PUNCT && phi_es_gap(page, i) == PHI_GAP_NONE &&
         phi_es_gap(page, i + 1) == PHI_GAP_NONE && phi_token_is_word(page, i + 1) &&
         !strchr(".,;:()/@", page->s[PHI_TOKEN(page, i)->start]);
}

/* The date that names a hospital: 12 de Octubre, 19 de Julio. */
static gboolean
is_named_day(const PhiPage *page, guint i)
{
  static const char *const months[] = {"enero",     "febrero",   "marzo",  "abril",      "mayo",
                                       "junio",     "julio",     "agosto", "septiembre", "octubre",
                                       "noviembre", "diciembre", NULL};
  return phi_es_shape(page, i) == PHI_SHAPE_NUMBER && phi_es_length(page, i) <= 2 &&
         phi_token_is(page, i + 1, "de") && phi_es_word_in(page, i + 2, months);
}

static gboolean
opens_name(const PhiPage *page, guint i)
{
  static const char *const holy[] = {"nuestra", "ntra",    "sra",  "senora",  "san",   "santa", "santo",
                                     "sant",    "sta",     "sto",  "virgen",  "reina", "rey",   "dr",
                                     "doctor",  "general", "gral", "clinico", "univ",  "son",   NULL};
  return phi_es_word_in(page, i, holy);
}

static gboolean
is_institution(const PhiPage *page, guint i)
{
  static const char *const words[] = {"hospital",  "clinica",   "centro",      "complejo",
                                      "instituto", "sanatorio", "policlinica", NULL};
  return phi_es_word_in(page, i, words) && phi_token_is_capital(page, i);
}

typedef enum { PIECE_NONE, PIECE_LINK, PIECE_GENERIC, PIECE_NAME } Piece;

static Piece
piece_of(const PhiPage *page, guint i)
{
  guint32 lex = phi_es_lex(page, i);
  if (phi_es_gap(page, i) > PHI_GAP_SPACE)
    return PIECE_NONE;
  if (is_named_day(page, i))
    return PIECE_NAME;
  if (phi_es_is_char(page, i, '.') && phi_es_gap(page, i) == PHI_GAP_NONE && i > 0 &&
      (phi_es_shape(page, i - 1) == PHI_SHAPE_INITIAL || opens_name(page, i - 1)))
    return PIECE_LINK;
  if (is_joined_mark(page, i) || phi_es_is_char(page, i, '"'))
    return PIECE_LINK;
  if (!phi_token_is_word(page, i) || phi_es_is_char(page, i + 1, ':'))
    return PIECE_NONE;
  if (phi_es_is_link(page, i) || is_article(page, i))
    return PIECE_LINK;
  if (opens_name(page, i))
    return lex & PHI_LEX_GENERIC ? PIECE_GENERIC : PIECE_NAME;
  if (lex & PHI_LEX_GENERIC)
    return PIECE_GENERIC;
  if ((lex & PHI_LEX_STOP) && i > 0 && is_institution(page, i))
    return phi_es_is_char(page, i - 1, '-') || is_institution(page, i - 1) ? PIECE_GENERIC : PIECE_NONE;
  if (lex & PHI_LEX_STOP)
    return i > 0 && phi_es_is_link(page, i - 1) && phi_token_is_capital(page, i) ? PIECE_NAME : PIECE_NONE;
  if (phi_es_shape(page, i) == PHI_SHAPE_LOWER)
    return (PHI_FIRST(lex) >= 6 || PHI_LAST(lex) >= 6) && !(lex & PHI_LEX_WORD) ? PIECE_NAME : PIECE_NONE;
  return PIECE_NAME;
}

/* The match is the word that opens an institution's name; the name follows. Generic words alone (hospital
 * general) name nothing; with capitals (Hospital General) they may. context: direct (no particle between),
 * titled (a particle may stand before the generic words: Facultad de Medicina). */
PHI_CONFIRMER(phi_confirm_es_facility)
{
  guint i = phi_token_at(page, candidate->end), after = i;
  gboolean named = FALSE, capital = g_ascii_isupper(page->s[candidate->start]);
  gboolean loose = strcmp(rule->context, "titled") == 0, linked = FALSE;
  guint titled = i; /* token after the generic words with capitals */
  if (!phi_es_cue_stands(page, candidate) || !phi_stands_alone(page, candidate->start, candidate->end))
    return FALSE;
  if (strcmp(rule->context, "direct") == 0 && (!phi_token_is_capital(page, i) || phi_es_is_link(page, i)))
    return FALSE;
  for (guint n = 0; n < MAX_PLACE_TOKENS; n++) {
    Piece piece = piece_of(page, i);
    if (piece == PIECE_NONE)
      break;
    gboolean day = is_named_day(page, i);
    named = named || piece == PIECE_NAME;
    candidate->score = day ? 0.98f : candidate->score; /* surer than the date */
    i += day ? 3 : 1;
    if (piece == PIECE_NAME || (piece == PIECE_GENERIC && named))
      after = i;
    linked = linked || (piece == PIECE_LINK && !loose);
    if (piece == PIECE_GENERIC && capital && !named && !linked && phi_token_is_capital(page, i - 1))
      titled = i;
  }
  if (!named) {
    after = titled;
    candidate->score = 0.6f;
  }
  if (after == phi_token_at(page, candidate->end))
    return FALSE;
  candidate->end = PHI_TOKEN(page, after - 1)->end;
  return TRUE;
}

/* "Centro de Transfusion Sanguinea de Navarra": the match is only the beginning of such a name. */
PHI_CONFIRMER(phi_confirm_es_centre)
{
  guint i = phi_token_at(page, candidate->start) + 1, after = i;
  for (guint n = 0; n < MAX_PLACE_TOKENS; n++, i++) {
    if (phi_es_gap(page, i) > PHI_GAP_SPACE || (!phi_es_is_link(page, i) && !phi_token_is_capital(page, i)))
      break;
    if (n > 1 && (phi_es_lex(page, i) & PHI_LEX_STOP) && !phi_es_is_link(page, i) &&
        !phi_es_is_link(page, i - 1))
      break;
    after = phi_token_is_capital(page, i) ? i + 1 : after;
  }
  candidate->end = MAX(candidate->end, PHI_TOKEN(page, after - 1)->end);
  return after > phi_token_at(page, candidate->start) + 1;
}

/* ---- addresses ---- */

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
      "o",         "a",         "centro",    NULL};
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

/* "E-28046", "C.P. 02006": what follows is a postcode. */
static gboolean
opens_postcode(const PhiPage *page, guint i)
{
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
    return TRUE;
  }
  if (street->numbered)
    return phi_es_is_link(page, i) && (is_unit(page, i + 1) || is_house_number(page, i + 1));
  if (phi_es_is_link(page, i))
    return TRUE;
  if ((lex & PHI_LEX_STOP) && !opens_name(page, i) &&
      !(phi_token_is_capital(page, i) && (number_ahead(page, i) || is_street_type(page, i - 1))))
    return FALSE;
  if (!phi_token_is_capital(page, i) && !(street->small && number_ahead(page, i)) && !opens_name(page, i))
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
  phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, i)->end, CR_PHI_ZIP, 0.95,
               "rule:zip.address");
  i++;
  while (phi_es_is_char(page, i, ',') || phi_es_is_char(page, i, '.') || phi_es_is_char(page, i, '-') ||
         phi_es_is_char(page, i, '(') || phi_es_is_char(page, i, ')'))
    i++;
  if (phi_es_gap(page, i) <= PHI_GAP_WIDE && phi_token_is_capital(page, i))
    phi_es_add_town(page, i, "rule:city.address", 0.9);
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
        phi_es_is_char(page, after + 1, ':'))
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
  if (capital && !phi_token_is_capital(page, named))
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
