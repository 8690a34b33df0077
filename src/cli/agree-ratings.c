/* agree over a table of ratings: CSV, a header of rater names, a row a unit, an empty cell = missing. Cells
 * are numbers throughout, or words. */
#include "base/records.h"
#include "cli/agree.h"
#include <chartroom/agreement.h>
#include <math.h>
#include <string.h>

enum { MAX_RATING_BYTES = 1024 * 1024 };

static gint
compare_strings(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

typedef struct {
  GArray *fields;
  GByteArray *scratch;
  GPtrArray *raters; /* the header */
  GPtrArray *cells;  /* strings, row by row; "" = missing */
} RatingTable;

static void
rating_table_clear(RatingTable *t)
{
  g_clear_pointer(&t->fields, g_array_unref);
  g_clear_pointer(&t->scratch, g_byte_array_unref);
  g_clear_pointer(&t->raters, g_ptr_array_unref);
  g_clear_pointer(&t->cells, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RatingTable, rating_table_clear)

static gboolean
take_row(RatingTable *t, const CrRawRecord *record, char delimiter, CrPlace place, GError **error)
{
  if (!cr_csv_split(record, delimiter, t->fields, t->scratch))
    return cr_place_refuse(error, place, CR_ERROR_BAD_CSV, "something follows a closing quote");
  gboolean is_header = t->raters->len == 0;
  if (!is_header && t->fields->len != t->raters->len)
    return cr_place_refuse(error, place, CR_ERROR_BAD_CSV, "%u cells, and the header has %u", t->fields->len,
                           t->raters->len);
  for (guint i = 0; i < t->fields->len; i++) {
    const CrField *field = &g_array_index(t->fields, CrField, i);
    if (field->n_bytes && !g_utf8_validate_len(field->bytes, field->n_bytes, NULL))
      return cr_place_refuse(error, place, CR_ERROR_INVALID_UTF8, "cell %u", i + 1);
    char *cell = g_strstrip(g_strndup(field->n_bytes ? field->bytes : "", field->n_bytes));
    g_ptr_array_add(is_header ? t->raters : t->cells, cell);
  }
  return TRUE;
}

static gboolean
read_rating_table(RatingTable *t, const char *path, GError **error)
{
  g_autoptr(CrSource) source = cr_source_open(path, error);
  if (!source)
    return FALSE;
  gsize n_head = 0;
  const char *head = cr_source_peek(source, &n_head), *line_end = n_head ? memchr(head, '\n', n_head) : NULL;
  char delimiter = cr_csv_delimiter(head, line_end ? (gsize)(line_end - head) : n_head);
  for (;;) {
    CrRawRecord record = {0};
    CrRead read = cr_source_next_csv(source, delimiter, MAX_RATING_BYTES, &record, error);
    CrPlace place = {path, record.line};
    if (read == CR_READ_END)
      break;
    if (read == CR_READ_FAILED)
      return FALSE;
    if (read != CR_READ_RECORD)
      return cr_place_refuse(error, place, read == CR_READ_TOO_LONG ? CR_ERROR_LIMIT : CR_ERROR_BAD_CSV, "%s",
                             read == CR_READ_TOO_LONG ? "the record is too long" : "a quote is never closed");
    if (record.n_bytes > 0 && !take_row(t, &record, delimiter, place, error))
      return FALSE;
  }
  if (t->raters->len >= 2 && t->cells->len > 0)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_CSV, "%s: needs a header of two or more raters, and rows", path);
  return FALSE;
}

static gboolean
parse_number(const char *cell, double *out)
{
  char *end = NULL;
  *out = g_ascii_strtod(cell, &end);
  return end != cell && !*end && isfinite(*out);
}

/* Numbers where every cell is one; else each distinct word, in the order of the alphabet, stands for its
 * place. */
static double *
rating_values(const RatingTable *t, gboolean *are_words)
{
  double *values = g_new(double, t->cells->len);
  *are_words = FALSE;
  for (guint i = 0; i < t->cells->len && !*are_words; i++) {
    const char *cell = t->cells->pdata[i];
    values[i] = NAN;
    *are_words = *cell && !parse_number(cell, &values[i]);
  }
  if (!*are_words)
    return values;
  g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GPtrArray) sorted = g_ptr_array_new();
  for (guint i = 0; i < t->cells->len; i++)
    if (*(char *)t->cells->pdata[i] && g_hash_table_add(places, t->cells->pdata[i]))
      g_ptr_array_add(sorted, t->cells->pdata[i]);
  g_ptr_array_sort(sorted, compare_strings);
  for (guint i = 0; i < sorted->len; i++)
    g_hash_table_insert(places, sorted->pdata[i], GUINT_TO_POINTER(i));
  for (guint i = 0; i < t->cells->len; i++)
    values[i] = *(char *)t->cells->pdata[i]
                    ? (double)GPOINTER_TO_UINT(g_hash_table_lookup(places, t->cells->pdata[i]))
                    : NAN;
  return values;
}

json_t *
cr_agree_ratings(const char *path, const char *level, GError **error)
{
  g_auto(RatingTable) t = {g_array_new(FALSE, FALSE, sizeof(CrField)), g_byte_array_new(),
                           g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free)};
  if (!read_rating_table(&t, path, error))
    return NULL;
  gboolean are_words = FALSE;
  g_autofree double *values = rating_values(&t, &are_words);
  if (are_words && !g_str_equal(level, "nominal")) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_CSV, "%s: level %s needs numbers in every cell", path, level);
    return NULL;
  }
  CrRatings ratings = {values, t.cells->len / t.raters->len, t.raters->len, are_words};
  return cr_agreement_ratings(&ratings, level);
}
