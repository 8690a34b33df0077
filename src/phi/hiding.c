/* hiding.c: an attacker who looks for originals among surrogates, with this program in hand. What the
 * detector finds it would have replaced; what is in no list was not drawn from one; what stands in many notes
 * was not drawn for one patient; a date that was not moved is out of step with those that were. */
#include "phi-private.h"
#include <chartroom/attack.h>
#include <string.h>

enum { RULE_OVERLOOKED = 1, RULE_UNLISTED = 2, RULE_REPEATED = 4, RULE_OUT_OF_STEP = 8 };
enum { MANY_PERSONS = 3, MANY_DAYS = 60, ENOUGH_DATES = 3 };

static const CrHidingRule rules[] = {
    {"overlooked",
     "the scan asks about it, the detector passes over it: had it seen it, it would have replaced it"},
    {"unlisted", "a name that stands in no list, so it was not drawn from one"},
    {"repeated",
     "the same words stand in the notes of three patients or more, as what is drawn for one does not"},
    {"out-of-step",
     "a date more than 60 days from the middle of the note's dates, which were moved together"}};

const CrHidingRule *
cr_hiding_rule(guint i)
{
  return i < G_N_ELEMENTS(rules) ? &rules[i] : NULL;
}

const char *
cr_hiding_group_name(CrHidingGroup group)
{
  static const char *const names[] = {"names", "dates", "others"};
  return names[group];
}

/* The first patients in whose notes some words stand. */
typedef struct {
  guint n, persons[MANY_PERSONS];
} Seen;

struct CrHiding {
  CrPhiDetector *detector;
  CrPhiScratch *scratch;
  CrPhiScan *scan;
  PhiLexicon *lexicon;
  GArray *guesses;     /* CrHidingGuess */
  GHashTable *seen;    /* folded words -> Seen */
  GHashTable *persons; /* name -> number */
  guint n_documents, n_persons;
};

static void
clear_guess(gpointer guess)
{
  g_clear_pointer(&((CrHidingGuess *)guess)->words, g_free);
}

CrHiding *
cr_hiding_new(const char *rules_dir, const char *language, GError **error)
{
  g_autoptr(CrHiding) h = g_new0(CrHiding, 1);
  h->guesses = g_array_new(FALSE, TRUE, sizeof(CrHidingGuess));
  g_array_set_clear_func(h->guesses, clear_guess);
  h->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  h->persons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  h->detector = cr_phi_detector_new(rules_dir, language, error);
  h->scan = h->detector ? cr_phi_scan_new(rules_dir, error) : NULL;
  const PhiLanguage *tables = h->scan ? phi_language_find(language, error) : NULL;
  h->lexicon = tables ? phi_lexicon_load(rules_dir, tables, error) : NULL;
  if (!h->lexicon)
    return NULL;
  h->scratch = cr_phi_scratch_new(h->detector);
  return g_steal_pointer(&h);
}

void
cr_hiding_free(CrHiding *h)
{
  if (!h)
    return;
  g_clear_pointer(&h->scratch, cr_phi_scratch_free);
  g_clear_pointer(&h->detector, cr_phi_detector_free);
  g_clear_pointer(&h->scan, cr_phi_scan_free);
  g_clear_pointer(&h->lexicon, phi_lexicon_free);
  g_array_unref(h->guesses);
  g_hash_table_unref(h->seen);
  g_hash_table_unref(h->persons);
  g_free(h);
}

/* ---- one place ---- */

static CrHidingGroup
group_of(CrPhiKind kind)
{
  switch (kind) {
  case CR_PHI_PATIENT:
  case CR_PHI_STAFF:
  case CR_PHI_RELATIVE:
  case CR_PHI_FACILITY:
  case CR_PHI_ORGANIZATION:
  case CR_PHI_CITY:
  case CR_PHI_LANDMARK:
    return CR_HIDING_NAME;
  case CR_PHI_DATE:
    return CR_HIDING_DATE;
  default:
    return CR_HIDING_OTHER;
  }
}

/* The first of the spans that overlaps; -1: none. */
static gint
overlapping(const GArray *spans, CrSpan span)
{
  for (guint i = 0; spans && i < spans->len; i++)
    if (cr_span_overlaps(g_array_index(spans, CrSpan, i), span))
      return (gint)i;
  return -1;
}

static gboolean
has_unlisted_word(const CrHiding *h, const char *words)
{
  for (const char *at = words; *at;) {
    gsize n = 0;
    while (at[n] && ((guchar)at[n] >= 0x80 || g_ascii_isalpha(at[n])))
      n++;
    if (n >= 3 && !phi_lexicon_find(h->lexicon, at, n))
      return TRUE;
    at += n ? n : 1;
  }
  return FALSE;
}

/* The patient's number; a note of nobody known is a patient of its own. */
static guint
person_of(CrHiding *h, const char *person)
{
  guint number = person ? GPOINTER_TO_UINT(g_hash_table_lookup(h->persons, person)) : 0;
  if (number)
    return number;
  if (person)
    g_hash_table_insert(h->persons, g_strdup(person), GUINT_TO_POINTER(h->n_persons + 1));
  return ++h->n_persons;
}

static void
count_words(CrHiding *h, const char *words, guint person)
{
  g_autofree char *folded = g_utf8_strdown(words, -1);
  Seen *seen = g_hash_table_lookup(h->seen, folded);
  if (!seen) {
    seen = g_new0(Seen, 1);
    g_hash_table_insert(h->seen, g_steal_pointer(&folded), seen);
  }
  for (guint i = 0; i < seen->n; i++)
    if (seen->persons[i] == person)
      return;
  if (seen->n < MANY_PERSONS)
    seen->persons[seen->n++] = person;
}

static void
look_at(CrHiding *h, const CrText *text, guint person, const CrPhiSpan *place, gboolean overlooked,
        const GArray *surrogates, const GArray *leaks)
{
  gint leak = overlapping(leaks, place->span);
  CrHidingGuess g = {.document = h->n_documents,
                     .span = place->span,
                     .group = group_of(place->kind),
                     .words = cr_span_dup_text(text, place->span)};
  g.truth = leak >= 0                                   ? CR_HIDING_LEAK
            : overlapping(surrogates, place->span) >= 0 ? CR_HIDING_SURROGATE
                                                        : CR_HIDING_HARMLESS;
  g.leak = leak >= 0 ? (guint)leak : 0;
  g.rules = (overlooked ? RULE_OVERLOOKED : 0) |
            (g.group == CR_HIDING_NAME && has_unlisted_word(h, g.words) ? RULE_UNLISTED : 0);
  count_words(h, g.words, person);
  g_array_append_val(h->guesses, g);
}

/* ---- one note ---- */

static gboolean
is_found(const GArray *found, CrSpan span)
{
  for (guint i = 0; i < found->len; i++)
    if (cr_span_overlaps(g_array_index(found, CrPhiSpan, i).span, span))
      return TRUE;
  return FALSE;
}

static gint64
day_of(const char *words)
{
  PhiDate d;
  if (!phi_date_parse(words, strlen(words), &d) || !d.year || !d.month || !d.day ||
      !g_date_valid_dmy((GDateDay)d.day, (GDateMonth)d.month, (GDateYear)d.year))
    return 0;
  GDate date;
  g_date_clear(&date, 1);
  g_date_set_dmy(&date, (GDateDay)d.day, (GDateMonth)d.month, (GDateYear)d.year);
  return g_date_get_julian(&date);
}

static gint
compare_days(gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return x < y ? -1 : x > y;
}

/* Marks the dates of the note that stand apart from its middle. */
static void
mark_dates(CrHiding *h, guint first)
{
  g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(gint64));
  for (guint i = first; i < h->guesses->len; i++) {
    const CrHidingGuess *g = &g_array_index(h->guesses, CrHidingGuess, i);
    gint64 day = g->group == CR_HIDING_DATE ? day_of(g->words) : 0;
    if (day)
      g_array_append_val(days, day);
  }
  if (days->len < ENOUGH_DATES)
    return;
  g_array_sort(days, compare_days);
  gint64 middle = g_array_index(days, gint64, days->len / 2);
  for (guint i = first; i < h->guesses->len; i++) {
    CrHidingGuess *g = &g_array_index(h->guesses, CrHidingGuess, i);
    gint64 day = g->group == CR_HIDING_DATE ? day_of(g->words) : 0;
    if (day && ABS(day - middle) > MANY_DAYS)
      g->rules |= RULE_OUT_OF_STEP;
  }
}

void
cr_hiding_add(CrHiding *h, const CrText *text, const char *person, const GArray *surrogates,
              const GArray *leaks)
{
  g_autoptr(GArray) found = cr_phi_detect(h->detector, h->scratch, text, NULL, 0.5);
  g_autoptr(GArray) asked = cr_phi_scan_run(h->scan, text);
  guint first = h->guesses->len, number = person_of(h, person);
  for (guint i = 0; i < found->len; i++) {
    const CrPhiSpan *span = &g_array_index(found, CrPhiSpan, i);
    if (!cr_phi_kind_is_reported_only(span->kind))
      look_at(h, text, number, span, FALSE, surrogates, leaks);
  }
  for (guint i = 0; i < asked->len; i++) {
    const CrPhiSpan *span = &g_array_index(asked, CrPhiSpan, i);
    if (!is_found(found, span->span))
      look_at(h, text, number, span, TRUE, surrogates, leaks);
  }
  mark_dates(h, first);
  h->n_documents++;
}

const GArray *
cr_hiding_finish(CrHiding *h)
{
  for (guint i = 0; i < h->guesses->len; i++) {
    CrHidingGuess *g = &g_array_index(h->guesses, CrHidingGuess, i);
    g_autofree char *folded = g_utf8_strdown(g->words, -1);
    const Seen *seen = g_hash_table_lookup(h->seen, folded);
    if (g->group != CR_HIDING_DATE && strlen(folded) >= 4 && seen && seen->n == MANY_PERSONS)
      g->rules |= RULE_REPEATED;
  }
  return h->guesses;
}
