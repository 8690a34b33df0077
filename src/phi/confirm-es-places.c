/* Spanish towns and institutions: the table's pattern finds the word that opens them ("Hospital", "natural
 * de"); here the words behind it are read. */
#include "confirm-es-private.h"
#include <string.h>

enum { MAX_PLACE_TOKENS = 16, MAX_TOWN_WORDS = 5 };

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

/* A word that is joined with a hyphen and stands in no list as a whole (El-Amin) is none of the stop list. */
guint32
phi_es_lex(const PhiPage *page, guint i)
{
  if (i >= page->tokens->len)
    return 0;
  const PhiToken *token = PHI_TOKEN(page, i);
  gsize n_bytes = token->end - token->start;
  if ((token->lex & PHI_LEX_STOP) && n_bytes > 4 && memchr(page->s + token->start, '-', n_bytes) &&
      phi_lexicon_find(page->lexicon, page->s + token->start, n_bytes) == 0)
    return token->lex & ~(guint32)(PHI_LEX_STOP | PHI_LEX_WORD | PHI_LEX_COMMON);
  return token->lex;
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
        PHI_TOKEN(page, at - 1)->shape == PHI_SHAPE_INITIAL) {
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

guint
phi_es_town_end(const PhiPage *page, guint i)
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
phi_es_add_town(PhiPage *page, guint i, CrPhiKind kind, const char *by, double score)
{
  const PhiPhrase *phrase = NULL;
  guint after = phi_es_place_end(page, i, &phrase);
  if (after > i)
    kind = phrase->kind;
  else
    after = phi_es_town_end(page, i);
  if (after > i)
    phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, after - 1)->end, kind, score, by);
  return after;
}

/* In small letters: vive en albacete. */
static gboolean
is_known_place(const PhiPage *page, guint i)
{
  const PhiPhrase *phrase = NULL;
  return phi_es_length(page, i) > 3 && phi_es_place_end(page, i, &phrase) > i && phrase->score >= 0.8;
}

/* "vive en Humboldt 3870": capital words and a house number. Returns the token after them, i where it is
 * none. */
static guint
add_street(PhiPage *page, guint i, const PhiRule *rule)
{
  guint after = phi_es_town_end(page, i);
  guint number = phi_es_is_char(page, after, ',') ? after + 1 : after;
  if (after == i || phi_es_shape(page, number) != PHI_SHAPE_NUMBER || phi_es_length(page, number) > 4 ||
      phi_es_gap(page, number) != PHI_GAP_SPACE)
    return i;
  phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, number)->end, CR_PHI_STREET, rule->score,
               rule->by);
  return number + 1;
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
    if (!header && !phi_token_is_capital(page, i) && !is_known_place(page, i))
      break;
    if (phi_es_shape(page, i) == PHI_SHAPE_NUMBER && phi_es_length(page, i) == 5)
      phi_page_add(page, PHI_TOKEN(page, i)->start, PHI_TOKEN(page, i)->end, CR_PHI_CITY, 0.9, rule->by);
    guint after = !header && rule->kind == CR_PHI_CITY ? add_street(page, i, rule) : i;
    if (after > i)
      return FALSE;
    after = phi_es_add_town(page, i, rule->kind, rule->by, rule->score);
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

gboolean
phi_es_opens_name(const PhiPage *page, guint i)
{
  static const char *const holy[] = {"nuestra", "ntra",    "sra",      "senora",  "san",     "santa", "santo",
                                     "sant",    "sta",     "sto",      "virgen",  "reina",   "rey",   "dr",
                                     "doctor",  "general", "gral",     "clinico", "univ",    "son",   "nino",
                                     "madre",   "padre",   "hermanos", "sagrado", "sagrada", NULL};
  return phi_es_word_in(page, i, holy);
}

static gboolean
is_institution(const PhiPage *page, guint i)
{
  static const char *const words[] = {"hospital",  "clinica",   "centro",      "complejo",
                                      "instituto", "sanatorio", "policlinica", NULL};
  return phi_es_word_in(page, i, words) && phi_token_is_capital(page, i);
}

static gboolean
is_division(const PhiPage *page, guint i)
{
  static const char *const words[] = {"servicio", "unidad", "departamento", "seccion",
                                      "area",     "servei", "unitat",       NULL};
  return phi_es_word_in(page, i, words);
}

typedef enum { PIECE_NONE, PIECE_LINK, PIECE_GENERIC, PIECE_NAME } Piece;

static Piece
piece_of(const PhiPage *page, guint i)
{
  guint32 lex = phi_es_lex(page, i);
  if (phi_es_gap(page, i) > PHI_GAP_SPACE)
    return PIECE_NONE;
  if (is_named_day(page, i))
    return phi_token_is(page, i - 1, "el") ? PIECE_NONE : PIECE_NAME;
  if (phi_es_is_char(page, i, '.') && phi_es_gap(page, i) == PHI_GAP_NONE && i > 0 &&
      (phi_es_shape(page, i - 1) == PHI_SHAPE_INITIAL || phi_es_opens_name(page, i - 1)))
    return PIECE_LINK;
  if (is_joined_mark(page, i) || phi_es_is_char(page, i, '"'))
    return PIECE_LINK;
  if (!phi_token_is_word(page, i) || phi_es_is_char(page, i + 1, ':'))
    return PIECE_NONE;
  if (phi_es_is_link(page, i) || is_article(page, i))
    return PIECE_LINK;
  if (phi_es_opens_name(page, i))
    return lex & PHI_LEX_GENERIC ? PIECE_GENERIC : PIECE_NAME;
  if (lex & PHI_LEX_GENERIC)
    return PIECE_GENERIC;
  if ((lex & PHI_LEX_STOP) && i > 0 && is_institution(page, i))
    return phi_es_is_char(page, i - 1, '-') || is_institution(page, i - 1) ? PIECE_GENERIC : PIECE_NONE;
  if (lex & PHI_LEX_STOP)
    return i > 0 && phi_es_is_link(page, i - 1) && phi_token_is_capital(page, i) && !is_division(page, i)
               ? PIECE_NAME
               : PIECE_NONE;
  if (phi_es_shape(page, i) == PHI_SHAPE_LOWER)
    return (PHI_FIRST(lex) >= 6 || PHI_LAST(lex) >= 6) && !(lex & PHI_LEX_WORD) ? PIECE_NAME : PIECE_NONE;
  return PIECE_NAME;
}

/* "Hospital La Paz Madrid": a town behind a name, with no particle between. */
static gboolean
opens_town(const PhiPage *page, guint i)
{
  const PhiPhrase *phrase = NULL;
  return i > 0 && !phi_es_is_link(page, i - 1) && phi_token_is_word(page, i - 1) &&
         phi_es_place_end(page, i, &phrase) > i && phrase->kind == CR_PHI_CITY;
}

/* The match is the word that opens an institution's name; the name follows. Generic words alone (hospital
 * general) name nothing; with capitals (Hospital General) they may. context: direct (no particle between),
 * titled (a particle may stand before the generic words: Facultad de Medicina). */
PHI_CONFIRMER(phi_confirm_es_facility)
{
  while (candidate->end > candidate->start && g_ascii_isspace(page->s[candidate->end - 1]))
    candidate->end--;
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
    if (piece == PIECE_NONE || (piece == PIECE_NAME && named && opens_town(page, i)))
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
    guint first = phi_token_at(page, candidate->start);
    if (first > 0 && phi_es_gap(page, first) == PHI_GAP_SPACE && phi_token_is_capital(page, first - 1) &&
        !loose)
      return FALSE; /* Nutricion Clinica y Dietetica */
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
