/* agree over label files: one file a reader.
 *
 * Read line by line; of each note its tokens and findings stay in memory, its text does not. Notes are put in
 * the order of their ids, so that the order of lines and of files changes no figure. */
#include "base/base.h"
#include "base/records.h"
#include "cli/agree.h"
#include <chartroom/agreement.h>
#include <chartroom/text.h>
#include <string.h>

enum { MAX_LINE_BYTES = 256 * 1024 * 1024 };

typedef struct {
  char *id;
  guint64 *lines; /* [n_readers] where it stands in each file, 0 = nowhere yet */
  char *hash;     /* of the text; NULL while no file gave it */
  guint hash_reader;
  gsize n_chars;
  GArray *tokens; /* CrSpan in code points */
} Note;

typedef struct {
  char **paths;
  guint n_readers;
  GHashTable *by_id; /* id -> Note, owned by notes */
  GPtrArray *notes;
  GHashTable *label_places; /* name -> place + 1, owned by labels */
  GPtrArray *labels;
  GArray **spans; /* [n_readers] of CrLabelSpan; document and label are places in the lists above */
} Study;

static void
note_free(gpointer data)
{
  Note *note = data;
  g_free(note->id);
  g_free(note->lines);
  g_free(note->hash);
  g_array_unref(note->tokens);
  g_free(note);
}

static void
span_clear(gpointer data)
{
  g_clear_pointer(&((CrLabelSpan *)data)->fragments, g_array_unref);
}

static void
study_init(Study *s, char **paths, guint n_readers)
{
  s->paths = paths;
  s->n_readers = n_readers;
  s->by_id = g_hash_table_new(g_str_hash, g_str_equal);
  s->notes = g_ptr_array_new_with_free_func(note_free);
  s->label_places = g_hash_table_new(g_str_hash, g_str_equal);
  s->labels = g_ptr_array_new_with_free_func(g_free);
  s->spans = g_new(GArray *, n_readers);
  for (guint r = 0; r < n_readers; r++) {
    s->spans[r] = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
    g_array_set_clear_func(s->spans[r], span_clear);
  }
}

static void
study_clear(Study *s)
{
  if (!s->notes)
    return;
  for (guint r = 0; r < s->n_readers; r++)
    g_array_unref(s->spans[r]);
  g_free(s->spans);
  g_hash_table_unref(s->by_id);
  g_hash_table_unref(s->label_places);
  g_ptr_array_unref(s->notes);
  g_ptr_array_unref(s->labels);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Study, study_clear)

static guint
label_place(Study *s, const char *name)
{
  guint place = GPOINTER_TO_UINT(g_hash_table_lookup(s->label_places, name));
  if (place)
    return place - 1;
  char *owned = g_strdup(name);
  g_ptr_array_add(s->labels, owned);
  g_hash_table_insert(s->label_places, owned, GUINT_TO_POINTER(s->labels->len));
  return s->labels->len - 1;
}

static Note *
note_find(Study *s, const char *id, guint *place)
{
  gpointer found = g_hash_table_lookup(s->by_id, id);
  if (found) {
    *place = GPOINTER_TO_UINT(found) - 1;
    return s->notes->pdata[*place];
  }
  Note *note = g_new0(Note, 1);
  note->id = g_strdup(id);
  note->lines = g_new0(guint64, s->n_readers);
  note->tokens = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  *place = s->notes->len;
  g_ptr_array_add(s->notes, note);
  g_hash_table_insert(s->by_id, note->id, GUINT_TO_POINTER(s->notes->len));
  return note;
}

/* ---- one note of one reader ---- */

/* Tokens stand in order: one walk over the bytes counts for all of them. */
static GArray *
tokens_in_characters(const CrText *text)
{
  GArray *tokens = cr_text_tokens(text);
  const char *bytes = cr_text_bytes(text);
  gsize byte_off = 0, cp_off = 0;
  for (guint t = 0; t < tokens->len; t++) {
    CrSpan *token = &g_array_index(tokens, CrSpan, t);
    gsize *const ends[] = {&token->start, &token->end};
    for (guint e = 0; e < 2; e++) {
      for (; byte_off < *ends[e]; byte_off++)
        cp_off += (bytes[byte_off] & 0xC0) != 0x80; /* not inside a character */
      *ends[e] = cp_off;
    }
  }
  return tokens;
}

/* The same text as the other readers' files have; the first to bring it also brings the tokens. */
static gboolean
take_text(Study *s, Note *note, guint reader, const CrText *text, CrPlace place, GError **error)
{
  g_autofree char *hash = cr_sha256_hex(cr_text_bytes(text), cr_text_length(text, CR_UNIT_BYTE));
  if (note->hash && !g_str_equal(note->hash, hash))
    return cr_place_refuse(error, place, CR_ERROR_NOT_COMPARABLE,
                           "note '%s' has another text than in %s:%" G_GUINT64_FORMAT, note->id,
                           s->paths[note->hash_reader], note->lines[note->hash_reader]);
  if (note->hash)
    return TRUE;
  note->hash = g_steal_pointer(&hash);
  note->hash_reader = reader;
  note->n_chars = cr_text_length(text, CR_UNIT_CODE_POINT);
  g_array_unref(note->tokens);
  note->tokens = tokens_in_characters(text);
  return TRUE;
}

static gboolean
read_offsets(const json_t *start, const json_t *end, CrSpan *out)
{
  json_int_t from = json_integer_value(start), to = json_integer_value(end);
  if (!json_is_integer(start) || !json_is_integer(end) || from < 0 || to < 0)
    return FALSE;
  *out = (CrSpan){(gsize)from, (gsize)to};
  return TRUE;
}

/* The pieces as they are in the file, code points: "fragments", or the one piece start..end. NULL where they
 * are not offsets. */
static GArray *
read_pieces(const json_t *entity)
{
  g_autoptr(GArray) pieces = cr_fragments_new();
  const json_t *list = json_object_get(entity, "fragments");
  CrSpan span;
  if (!read_offsets(json_object_get(entity, "start"), json_object_get(entity, "end"), &span))
    return NULL;
  if (!list || json_is_null(list))
    g_array_append_val(pieces, span);
  for (gsize i = 0; i < json_array_size(list); i++) {
    const json_t *pair = json_array_get(list, i);
    if (!read_offsets(json_array_get(pair, 0), json_array_get(pair, 1), &span))
      return NULL;
    g_array_append_val(pieces, span);
  }
  return pieces->len ? g_steal_pointer(&pieces) : NULL;
}

/* Offsets inside the text and on characters; "text", where the entity has it, what stands there. */
static gboolean
check_pieces(const json_t *entity, const CrText *text, const GArray *pieces, GError **error)
{
  g_autoptr(GArray) bytes = cr_fragments_new();
  for (guint i = 0; i < pieces->len; i++) {
    CrSpan piece = g_array_index(pieces, CrSpan, i), span;
    if (!cr_span_from_unit(text, CR_UNIT_CODE_POINT, piece.start, piece.end, &span, error))
      return FALSE;
    g_array_append_val(bytes, span);
  }
  const char *said = json_string_value(json_object_get(entity, "text"));
  g_autofree char *found = said ? cr_fragments_dup_text(text, bytes) : NULL;
  if (!said || g_str_equal(said, found))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_LABEL_TEXT, "the entity's text is not what stands at its offsets");
  return FALSE;
}

static gboolean
take_entity(Study *s, guint reader, guint note, const json_t *entity, const CrText *text, GError **error)
{
  const char *label = json_string_value(json_object_get(entity, "label"));
  if (!label || !*label) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "'label' is missing");
    return FALSE;
  }
  g_autoptr(GArray) pieces = read_pieces(entity);
  if (!pieces) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "'start' and 'end' must be whole numbers from 0");
    return FALSE;
  }
  if (text && !check_pieces(entity, text, pieces, error))
    return FALSE;
  for (guint i = 0; i < pieces->len; i++)
    if (g_array_index(pieces, CrSpan, i).start > g_array_index(pieces, CrSpan, i).end) {
      g_set_error(error, CR_ERROR, CR_ERROR_SPAN_ORDER, "'start' lies behind 'end'");
      return FALSE;
    }
  CrSpan bounds = cr_fragments_bounds(pieces);
  CrLabelSpan span = {note, bounds.start, bounds.end, label_place(s, label), NULL};
  if (pieces->len > 1)
    span.fragments = cr_fragments_normalise(pieces);
  g_array_append_val(s->spans[reader], span);
  return TRUE;
}

static gboolean
take_entities(Study *s, guint reader, guint note, const json_t *object, const CrText *text, CrPlace place,
              GError **error)
{
  const json_t *entities = json_object_get(object, "entities");
  if (entities && !json_is_null(entities) && !json_is_array(entities))
    return cr_place_refuse(error, place, CR_ERROR_BAD_JSON, "'entities' must be a list");
  for (gsize i = 0; i < json_array_size(entities); i++) {
    const json_t *entity = json_array_get(entities, i);
    const char *id = json_string_value(json_object_get(entity, "id"));
    g_autofree char *name = id ? g_strndup(id, 40) : g_strdup_printf("number %zu", i + 1);
    GError *why = NULL;
    if (take_entity(s, reader, note, entity, text, &why))
      continue;
    g_prefix_error(&why, "entity %s: ", name);
    return cr_place_refuse_because(error, place, why);
  }
  return TRUE;
}

static gboolean
take_note(Study *s, guint reader, const json_t *object, CrPlace place, GError **error)
{
  const char *id = json_string_value(json_object_get(object, "id"));
  const json_t *text_value = json_object_get(object, "text");
  if (!id)
    return cr_place_refuse(error, place, CR_ERROR_MISSING_FIELD, "'id' is missing");
  guint index = 0;
  Note *note = note_find(s, id, &index);
  if (note->lines[reader])
    return cr_place_refuse(error, place, CR_ERROR_DUPLICATE_ID,
                           "note '%s' stands already in line %" G_GUINT64_FORMAT, id, note->lines[reader]);
  note->lines[reader] = place.line;
  g_autoptr(CrText) text = NULL;
  if (json_is_string(text_value)) {
    GError *why = NULL;
    text = cr_text_new(json_string_value(text_value), (gssize)json_string_length(text_value), &why);
    if (!text)
      return cr_place_refuse_because(error, place, why);
    if (!take_text(s, note, reader, text, place, error))
      return FALSE;
  }
  return take_entities(s, reader, index, object, text, place, error);
}

static gboolean
is_blank(const CrRawRecord *record)
{
  for (gsize i = 0; i < record->n_bytes; i++)
    if (!g_ascii_isspace(record->bytes[i]))
      return FALSE;
  return TRUE;
}

static gboolean
take_line(Study *s, guint reader, const CrRawRecord *record, GError **error)
{
  CrPlace place = {s->paths[reader], record->line};
  if (is_blank(record))
    return TRUE;
  GError *why = NULL;
  g_autoptr(json_t) object = cr_json_parse(record->bytes, record->n_bytes, &why);
  if (!object)
    return cr_place_refuse_because(error, place, why);
  if (!json_is_object(object))
    return cr_place_refuse(error, place, CR_ERROR_BAD_JSON, "a line must be one JSON object");
  return take_note(s, reader, object, place, error);
}

static gboolean
read_label_file(Study *s, guint reader, GError **error)
{
  g_autoptr(CrSource) source = cr_source_open(s->paths[reader], error);
  if (!source)
    return FALSE;
  for (;;) {
    CrRawRecord record = {0};
    CrRead read = cr_source_next_line(source, MAX_LINE_BYTES, &record, error);
    if (read == CR_READ_END)
      return TRUE;
    if (read == CR_READ_FAILED)
      return FALSE;
    if (read != CR_READ_RECORD)
      return cr_place_refuse(error, (CrPlace){s->paths[reader], record.line}, CR_ERROR_LIMIT,
                             "the line is too long");
    if (!take_line(s, reader, &record, error))
      return FALSE;
  }
}

/* ---- all readers together ---- */

static gboolean
check_same_notes(const Study *s, GError **error)
{
  for (guint n = 0; n < s->notes->len; n++) {
    const Note *note = s->notes->pdata[n];
    guint there = 0;
    while (!note->lines[there])
      there++;
    for (guint r = 0; r < s->n_readers; r++)
      if (!note->lines[r])
        return cr_place_refuse(error, (CrPlace){s->paths[there], note->lines[there]}, CR_ERROR_NOT_COMPARABLE,
                               "note '%s' is not in %s", note->id, s->paths[r]);
  }
  return TRUE;
}

/* A file without text was read before another file brought it. */
static gboolean
check_inside(const Study *s, GError **error)
{
  for (guint r = 0; r < s->n_readers; r++)
    for (guint i = 0; i < s->spans[r]->len; i++) {
      const CrLabelSpan *span = &g_array_index(s->spans[r], CrLabelSpan, i);
      const Note *note = s->notes->pdata[span->document];
      if (note->hash && span->end > note->n_chars)
        return cr_place_refuse(error, (CrPlace){s->paths[r], note->lines[r]}, CR_ERROR_SPAN_OUTSIDE,
                               "%zu-%zu lies outside the note of %zu characters", span->start, span->end,
                               note->n_chars);
    }
  return TRUE;
}

static gint
compare_note_ids(gconstpointer a, gconstpointer b)
{
  return strcmp((*(Note *const *)a)->id, (*(Note *const *)b)->id);
}

static gint
compare_strings(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static gint
compare_label_spans(gconstpointer a, gconstpointer b)
{
  const CrLabelSpan *x = a, *y = b;
  const gsize p[] = {x->document, x->start, x->end, x->label},
              q[] = {y->document, y->start, y->end, y->label};
  for (guint i = 0; i < G_N_ELEMENTS(p); i++)
    if (p[i] != q[i])
      return p[i] < q[i] ? -1 : 1;
  return 0;
}

/* The place of each item of the list after sorting; sorts the list. */
static guint *
sort_places(GPtrArray *list, GCompareFunc compare)
{
  g_autofree gpointer *before = g_memdup2(list->pdata, list->len * sizeof(gpointer));
  g_autoptr(GHashTable) where = g_hash_table_new(NULL, NULL);
  guint *places = g_new(guint, MAX(list->len, 1));
  g_ptr_array_sort(list, compare);
  for (guint i = 0; i < list->len; i++)
    g_hash_table_insert(where, list->pdata[i], GUINT_TO_POINTER(i));
  for (guint i = 0; i < list->len; i++)
    places[i] = GPOINTER_TO_UINT(g_hash_table_lookup(where, before[i]));
  return places;
}

static void
put_in_order(Study *s)
{
  g_autofree guint *notes = sort_places(s->notes, compare_note_ids);
  g_autofree guint *labels = sort_places(s->labels, compare_strings);
  for (guint r = 0; r < s->n_readers; r++) {
    for (guint i = 0; i < s->spans[r]->len; i++) {
      CrLabelSpan *span = &g_array_index(s->spans[r], CrLabelSpan, i);
      span->document = notes[span->document];
      span->label = labels[span->label];
    }
    g_array_sort(s->spans[r], compare_label_spans);
  }
}

static void
warn_without_text(const Study *s, json_t *out)
{
  guint n = 0;
  for (guint i = 0; i < s->notes->len; i++)
    n += ((const Note *)s->notes->pdata[i])->hash == NULL;
  if (n == 0)
    return;
  g_autofree char *message =
      g_strdup_printf("%u of %u notes came without their text: they have no token grid", n, s->notes->len);
  json_array_append_new(json_object_get(out, "warnings"),
                        json_pack("{s:s, s:s}", "code", "no-text", "message", message));
}

static json_t *
compare_study(Study *s, guint64 seed, guint n_resamples, GError **error)
{
  g_autofree CrLabelSet *sets = g_new0(CrLabelSet, s->n_readers);
  g_autoptr(GPtrArray) tokens = g_ptr_array_new();
  put_in_order(s);
  for (guint r = 0; r < s->n_readers; r++)
    sets[r] = (CrLabelSet){s->paths[r], (const CrLabelSpan *)(gpointer)s->spans[r]->data, s->spans[r]->len};
  for (guint n = 0; n < s->notes->len; n++)
    g_ptr_array_add(tokens, ((const Note *)s->notes->pdata[n])->tokens);
  g_autofree gsize *lengths = g_new0(gsize, MAX(s->notes->len, 1));
  for (guint n = 0; n < s->notes->len; n++)
    lengths[n] = ((const Note *)s->notes->pdata[n])->n_chars;
  CrComparison comparison = {s->notes->len,
                             (const GArray *const *)tokens->pdata,
                             (const char *const *)s->labels->pdata,
                             s->labels->len,
                             seed,
                             n_resamples,
                             lengths};
  json_t *out = cr_agreement_spans(&comparison, sets, s->n_readers, error);
  if (out)
    warn_without_text(s, out);
  return out;
}

json_t *
cr_agree_files(char **paths, guint n_readers, guint64 seed, guint n_resamples, GError **error)
{
  g_auto(Study) s = {0};
  study_init(&s, paths, n_readers);
  for (guint r = 0; r < n_readers; r++)
    if (!read_label_file(&s, r, error))
      return NULL;
  if (!check_same_notes(&s, error) || !check_inside(&s, error))
    return NULL;
  return compare_study(&s, seed, n_resamples, error);
}
