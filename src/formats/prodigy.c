/* Prodigy and spaCy JSON lines: text, tokens, spans, relations. Offsets are code points, half open; token_end
 * is the last token of a span, not the one behind it. Members that Prodigy does not know stay where they are:
 * it passes them through. */
#include "formats/shape.h"
#include <string.h>

/* ---- reading ---- */

static const char *const of_value[] = {"id",    "text",      "meta",      "tokens",
                                       "spans", "relations", "chartroom", NULL};
static const char *const of_span[] = {"id",   "start",       "end",       "label",
                                      "text", "token_start", "token_end", NULL};

/* Spans of one id are the pieces of one entity. */
static void
add_piece(json_t *entity, const json_t *span)
{
  json_t *pieces = json_object_get(entity, "fragments");
  if (pieces == NULL) {
    json_object_set_new(
        entity, "fragments",
        json_pack("[[O,O]]", json_object_get(entity, "start"), json_object_get(entity, "end")));
    pieces = json_object_get(entity, "fragments");
  }
  json_array_append_new(pieces,
                        json_pack("[O,O]", json_object_get(span, "start"), json_object_get(span, "end")));
  const json_t *bounds[] = {json_object_get(span, "start"), json_object_get(span, "end")};
  if (json_integer_value(bounds[0]) < json_integer_value(json_object_get(entity, "start")))
    json_object_set(entity, "start", (json_t *)bounds[0]);
  if (json_integer_value(bounds[1]) > json_integer_value(json_object_get(entity, "end")))
    json_object_set(entity, "end", (json_t *)bounds[1]);
}

static gboolean
read_span(json_t *entities, GHashTable *by_id, const json_t *span, const char *where, GError **error)
{
  const json_t *start = cr_shape_member(span, "start", where, error);
  const json_t *end = start != NULL ? cr_shape_member(span, "end", where, error) : NULL;
  const json_t *label = end != NULL ? cr_shape_member(span, "label", where, error) : NULL;
  if (label == NULL)
    return FALSE;
  g_autofree char *id = cr_shape_id(json_object_get(span, "id"));
  json_t *entity = id != NULL ? g_hash_table_lookup(by_id, id) : NULL;
  if (entity != NULL && json_is_integer(start) && json_is_integer(end)) {
    add_piece(entity, span);
    json_object_del(entity, "text"); /* of one piece */
    return TRUE;
  }
  entity = cr_shape_add_entity(entities, id, start, end, json_string_value(label));
  if (json_is_string(json_object_get(span, "text")))
    json_object_set(entity, "text", json_object_get(span, "text"));
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)span, key, value)
  {
    if (!g_strv_contains(of_span, key))
      json_object_set(entity, key, value);
  }
  if (id != NULL)
    g_hash_table_insert(by_id, g_steal_pointer(&id), entity);
  return TRUE;
}

/* The entity whose bounds and label a relation's end gives. */
static const char *
find_end(const json_t *entities, const json_t *span)
{
  size_t i;
  json_t *entity;
  static const char *const same[] = {"start", "end", "label"};
  json_array_foreach((json_t *)entities, i, entity)
  {
    gsize n = 0;
    for (gsize k = 0; k < G_N_ELEMENTS(same); k++)
      n += json_equal(json_object_get(entity, same[k]), json_object_get(span, same[k]));
    if (n == G_N_ELEMENTS(same))
      return cr_json_string(entity, "id");
  }
  return NULL;
}

static gboolean
read_relation(json_t *relations, const json_t *entities, const json_t *given, const char *where,
              GError **error)
{
  static const char *const of_relation[] = {"head",  "child", "head_span", "child_span",
                                            "label", "color", NULL};
  const char *from = cr_json_string(given, "from"), *to = cr_json_string(given, "to");
  json_t *relation = json_object();
  if (from == NULL)
    from = find_end(entities, json_object_get(given, "head_span"));
  if (to == NULL)
    to = find_end(entities, json_object_get(given, "child_span"));
  json_array_append_new(relations, relation);
  if (from == NULL || to == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "%s: an end of a relation is no span of the text",
                where);
    return FALSE;
  }
  if (json_is_string(json_object_get(given, "label")))
    json_object_set(relation, "type", json_object_get(given, "label"));
  json_object_set_new(relation, "from", json_string(from));
  json_object_set_new(relation, "to", json_string(to));
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)given, key, value)
  {
    if (!g_strv_contains(of_relation, key))
      json_object_set(relation, key, value);
  }
  return TRUE;
}

/* A file whose tokens are not where it says counts in other units. */
static gboolean
check_tokens(const json_t *value, const char *where, GError **error)
{
  const json_t *text = json_object_get(value, "text"), *tokens = json_object_get(value, "tokens");
  g_autoptr(CrText) whole = cr_text_new(json_string_value(text), (gssize)json_string_length(text), error);
  for (size_t i = 0; whole != NULL && i < json_array_size(tokens); i++) {
    const json_t *token = json_array_get(tokens, i);
    const char *said = cr_json_string(token, "text");
    CrSpan span;
    const json_int_t start = json_integer_value(json_object_get(token, "start")),
                     end = json_integer_value(json_object_get(token, "end"));
    if (said == NULL)
      continue;
    if (start < 0 || end < start ||
        !cr_span_from_unit(whole, CR_UNIT_CODE_POINT, (gsize)start, (gsize)end, &span, NULL) ||
        span.end - span.start != strlen(said) ||
        memcmp(cr_text_bytes(whole) + span.start, said, strlen(said)) != 0) {
      g_set_error(error, CR_ERROR, CR_ERROR_LABEL_TEXT,
                  "%s: token %zu: its text is not what stands at its offsets (are they code points?)", where,
                  i);
      return FALSE;
    }
  }
  return whole != NULL;
}

/* "accept" is what every example of ours says. */
static void
forget_accepted(json_t *document)
{
  json_t *kept = json_object_get(document, "prodigy");
  if (g_strcmp0(cr_json_string(kept, "answer"), "accept") == 0)
    json_object_del(kept, "answer");
  if (kept != NULL && json_object_size(kept) == 0)
    json_object_del(document, "prodigy");
}

static gboolean
read_value(const json_t *value, const char *where,
           gboolean (*take)(json_t *document, gpointer data, GError **error), gpointer data, GError **error)
{
  g_autoptr(json_t) document = json_object(), entities = json_array(), relations = json_array();
  g_autoptr(GHashTable) by_id = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *id = cr_shape_id(json_object_get(value, "id"));
  const json_t *text = cr_shape_member(value, "text", where, error), *meta = json_object_get(value, "meta");
  size_t i;
  json_t *item;
  if (text == NULL || (json_is_string(text) && !check_tokens(value, where, error)))
    return FALSE;
  if (id != NULL)
    json_object_set_new(document, "id", json_string(id));
  json_object_set(document, "text", (json_t *)text);
  if (meta != NULL)
    json_object_set(document, "meta", (json_t *)meta);
  json_array_foreach(cr_document_array(value, "spans"), i,
                     item) if (!read_span(entities, by_id, item, where, error)) return FALSE;
  json_object_set(document, "entities", entities);
  cr_document_name_all(document);
  json_array_foreach(cr_document_array(value, "relations"), i,
                     item) if (!read_relation(relations, entities, item, where, error)) return FALSE;
  json_object_set(document, "relations", relations);
  json_object_update_missing(document, json_object_get(value, "chartroom"));
  cr_shape_keep(document, "prodigy", value, of_value);
  forget_accepted(document);
  return take(document, data, error);
}

/* ---- writing ---- */

/* The words of the text, cut where a piece begins or ends inside one: every span then has whole tokens. */
static GArray *
cut_tokens(const CrText *text, const GArray *cuts)
{
  g_autoptr(GArray) words = cr_text_tokens(text);
  GArray *tokens = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  guint k = 0;
  for (guint i = 0; i < words->len; i++) {
    CrSpan word = g_array_index(words, CrSpan, i);
    while (k < cuts->len && g_array_index(cuts, gsize, k) <= word.start)
      k++;
    for (; k < cuts->len && g_array_index(cuts, gsize, k) < word.end; k++) {
      CrSpan part = {word.start, g_array_index(cuts, gsize, k)};
      word.start = part.end;
      if (part.end > part.start)
        g_array_append_val(tokens, part);
    }
    g_array_append_val(tokens, word);
  }
  return tokens;
}

static int
compare_sizes(gconstpointer a, gconstpointer b)
{
  const gsize x = *(const gsize *)a, y = *(const gsize *)b;
  return (x > y) - (x < y);
}

/* Pieces of every entity, in bytes; free func set. */
static GPtrArray *
pieces_of_all(const json_t *document, const CrText *text, GArray *cuts)
{
  GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  size_t i;
  json_t *entity;
  json_array_foreach(cr_document_array(document, "entities"), i, entity)
  {
    g_autoptr(GArray) pieces = cr_pieces_of(entity, NULL);
    GArray *bytes = cr_pieces_to_bytes(text, pieces, NULL); /* checked before */
    for (guint k = 0; k < bytes->len; k++) {
      const CrSpan piece = g_array_index(bytes, CrSpan, k);
      g_array_append_val(cuts, piece.start);
      g_array_append_val(cuts, piece.end);
    }
    g_ptr_array_add(all, bytes);
  }
  g_array_sort(cuts, compare_sizes);
  return all;
}

static json_t *
tokens_json(const CrText *text, const GArray *tokens)
{
  json_t *list = json_array();
  for (guint i = 0; i < tokens->len; i++) {
    const CrSpan token = g_array_index(tokens, CrSpan, i),
                 at = cr_span_to_unit(text, CR_UNIT_CODE_POINT, token);
    const gsize n_bytes = cr_text_length(text, CR_UNIT_BYTE);
    json_array_append_new(
        list, json_pack("{s:o, s:I, s:I, s:I, s:b}", "text",
                        json_stringn(cr_text_bytes(text) + token.start, token.end - token.start), "start",
                        (json_int_t)at.start, "end", (json_int_t)at.end, "id", (json_int_t)i, "ws",
                        (int)(token.end < n_bytes && cr_text_bytes(text)[token.end] == ' ')));
  }
  return list;
}

/* The first token that ends behind byte. */
static guint
token_at(const GArray *tokens, gsize byte)
{
  guint low = 0, high = tokens->len;
  while (low < high) {
    const guint mid = low + (high - low) / 2;
    if (g_array_index(tokens, CrSpan, mid).end <= byte)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

/* {"start","end","token_start","token_end","label"}; no tokens where the piece has none. */
static json_t *
span_json(const CrText *text, const GArray *tokens, CrSpan piece, const char *label)
{
  const CrSpan at = cr_span_to_unit(text, CR_UNIT_CODE_POINT, piece);
  json_t *span = json_pack("{s:I, s:I}", "start", (json_int_t)at.start, "end", (json_int_t)at.end);
  const guint first = token_at(tokens, piece.start);
  guint last = first;
  while (last < tokens->len && g_array_index(tokens, CrSpan, last).start < piece.end)
    last++;
  if (last > first && piece.end > piece.start) {
    json_object_set_new(span, "token_start", json_integer(first));
    json_object_set_new(span, "token_end", json_integer(last - 1));
  }
  json_object_set_new(span, "label", json_string(label));
  return span;
}

/* spaCy drops a span that begins or ends beside the words: in white space. */
static gboolean
is_on_words(const GArray *tokens, CrSpan piece)
{
  const guint first = token_at(tokens, piece.start),
              last = piece.end > 0 ? token_at(tokens, piece.end - 1) : tokens->len;
  return piece.end > piece.start && last < tokens->len &&
         g_array_index(tokens, CrSpan, first).start == piece.start &&
         g_array_index(tokens, CrSpan, last).end == piece.end;
}

static void
write_entity(json_t *spans, const json_t *entity, const CrText *text, const GArray *tokens,
             const GArray *pieces, const char *document, GPtrArray *not_carried)
{
  static const char *const done[] = {"start", "end", "label", "text", "fragments", NULL};
  const char *key;
  json_t *value;
  for (guint k = 0; k < pieces->len; k++) {
    const CrSpan piece = g_array_index(pieces, CrSpan, k);
    json_t *span = span_json(text, tokens, piece, cr_json_string(entity, "label"));
    if (!is_on_words(tokens, piece))
      cr_not_carried_add(not_carried, document, "token bounds of %s", cr_json_string(entity, "id"));
    json_object_set_new(span, "text",
                        json_stringn(cr_text_bytes(text) + piece.start, piece.end - piece.start));
    json_object_foreach((json_t *)entity, key, value)
    {
      if (!g_strv_contains(done, key) && (k == 0 || strcmp(key, "id") == 0))
        json_object_set(span, key, value);
    }
    json_array_append_new(spans, span);
  }
}

static json_t *
end_json(const json_t *document, const CrText *text, const GArray *tokens, const GPtrArray *pieces,
         const char *id)
{
  size_t i;
  json_t *entity;
  json_array_foreach(cr_document_array(document, "entities"), i, entity)
  {
    if (g_strcmp0(cr_json_string(entity, "id"), id) == 0)
      return span_json(text, tokens, cr_pieces_bounds(pieces->pdata[i]), cr_json_string(entity, "label"));
  }
  return NULL;
}

static json_t *
write_relations(const json_t *document, const CrText *text, const GArray *tokens, const GPtrArray *pieces,
                GPtrArray *not_carried)
{
  json_t *list = json_array(), *relation;
  size_t i;
  json_array_foreach(cr_document_array(document, "relations"), i, relation)
  {
    g_autoptr(json_t) head = end_json(document, text, tokens, pieces, cr_json_string(relation, "from"));
    g_autoptr(json_t) child = end_json(document, text, tokens, pieces, cr_json_string(relation, "to"));
    if (head == NULL || child == NULL) { /* an event's */
      cr_not_carried_add(not_carried, cr_document_id(document), "relation %s",
                         cr_json_string(relation, "id"));
      continue;
    }
    json_t *out = json_pack("{s:O*, s:O*, s:O, s:O, s:O}", "head", json_object_get(head, "token_end"),
                            "child", json_object_get(child, "token_end"), "head_span", head, "child_span",
                            child, "label", json_object_get(relation, "type"));
    g_autoptr(json_t) rest = json_copy(relation);
    json_object_del(rest, "type");
    json_object_update_missing(out, rest);
    json_array_append_new(list, out);
  }
  return list;
}

static json_t *
write_value(const json_t *document, const CrText *text, GPtrArray *not_carried, GError **error)
{
  static const char *const done[] = {"id", "text", "meta", "entities", "relations", "prodigy", NULL};
  g_autoptr(GArray) cuts = g_array_new(FALSE, FALSE, sizeof(gsize));
  g_autoptr(GPtrArray) pieces = pieces_of_all(document, text, cuts);
  g_autoptr(GArray) tokens = cut_tokens(text, cuts);
  json_t *value = json_pack("{s:O, s:O, s:O*}", "id", json_object_get(document, "id"), "text",
                            json_object_get(document, "text"), "meta", json_object_get(document, "meta"));
  json_t *spans = json_array(), *entity;
  size_t i;
  json_object_set_new(value, "tokens", tokens_json(text, tokens));
  json_array_foreach(cr_document_array(document, "entities"), i, entity)
      write_entity(spans, entity, text, tokens, pieces->pdata[i], cr_document_id(document), not_carried);
  json_object_set_new(value, "spans", spans);
  json_object_set_new(value, "relations", write_relations(document, text, tokens, pieces, not_carried));
  cr_shape_keep(value, "chartroom", document, done);
  cr_shape_restore(value, document, "prodigy");
  if (json_object_get(value, "answer") == NULL)
    json_object_set_new(value, "answer", json_string("accept"));
  return value;
}

/* ---- the format ---- */

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  return n_head > 0 && head[0] == '{' && g_strstr_len(head, (gssize)n_head, "\"text\"") != NULL &&
         (g_strstr_len(head, (gssize)n_head, "\"spans\"") != NULL ||
          g_strstr_len(head, (gssize)n_head, "\"_input_hash\"") != NULL);
}

static const CrShape shape = {FALSE, read_value, write_value};
CR_SHAPE_FUNCTIONS(shape)
const CrFormat cr_format_prodigy = {.name = "prodigy",
                                    .title = "Prodigy / spaCy JSON lines",
                                    .unit = CR_UNIT_CODE_POINT,
                                    .extension = ".jsonl",
                                    .read = read_path,
                                    .writer_new = writer_new,
                                    .writer_add = cr_shape_writer_add,
                                    .writer_finish = cr_shape_writer_finish,
                                    .writer_discard = cr_shape_writer_discard,
                                    .sniff = sniff};
