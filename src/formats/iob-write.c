/* Writing CoNLL columns; see iob.h. */
#include "formats/iob.h"
#include "formats/formats-private.h"
#include <string.h>

static const char byte_order_mark[] = "\xEF\xBB\xBF";

CrIobDocument *
cr_iob_document_new(const char *id, const CrText *text)
{
  CrIobDocument *document = g_new0(CrIobDocument, 1);
  document->id = g_strdup(id);
  document->text = g_string_new_len(cr_text_bytes(text), (gssize)cr_text_length(text, CR_UNIT_BYTE));
  document->tokens = cr_text_tokens(text);
  document->spans = g_array_new(FALSE, FALSE, sizeof(CrIobSpan));
  document->columns = g_ptr_array_new();
  document->words = g_string_chunk_new(4096);
  for (guint t = 0; t < document->tokens->len; t++) {
    CrSpan token = g_array_index(document->tokens, CrSpan, t);
    g_autofree char *column = cr_span_dup_text(text, token);
    g_ptr_array_add(document->columns, g_string_chunk_insert(document->words, column));
  }
  return document;
}

static int
compare_spans(gconstpointer a, gconstpointer b)
{
  const CrIobSpan *p = a, *q = b;
  if (p->span.start != q->span.start)
    return p->span.start < q->span.start ? -1 : 1;
  return (p->span.end < q->span.end) - (p->span.end > q->span.end);
}

void
cr_iob_document_set_spans(CrIobDocument *document, const CrIobSpan *spans, gsize n_spans)
{
  g_array_set_size(document->spans, 0);
  for (gsize i = 0; i < n_spans; i++) {
    CrIobSpan span = {spans[i].span, g_string_chunk_insert_const(document->words, spans[i].label)};
    g_array_append_val(document->spans, span);
  }
  g_array_sort(document->spans, compare_spans);
}

/* ---- tags ---- */

/* Whether a line ends between two tokens: a span never runs on there. */
static gboolean
ends_line(const CrIobDocument *document, guint token)
{
  CrSpan before = g_array_index(document->tokens, CrSpan, token);
  gsize until = token + 1 < document->tokens->len ? g_array_index(document->tokens, CrSpan, token + 1).start
                                                  : document->text->len;
  return memchr(document->text->str + before.end, '\n', until - before.end) != NULL;
}

/* Which span each token belongs to, as its place + 1; 0 for none. */
static guint *
owners_of(const CrIobDocument *document)
{
  const GArray *tokens = document->tokens;
  guint *owners = g_new0(guint, tokens->len + 1), first = 0;
  for (guint s = 0; s < document->spans->len; s++) {
    CrSpan span = g_array_index(document->spans, CrIobSpan, s).span;
    while (first < tokens->len && g_array_index(tokens, CrSpan, first).end <= span.start)
      first++;
    for (guint t = first; t < tokens->len && g_array_index(tokens, CrSpan, t).start < span.end; t++)
      if (owners[t] == 0)
        owners[t] = s + 1;
  }
  return owners;
}

static char
letter_of(CrIobScheme scheme, gboolean begins, gboolean ends)
{
  if (begins && ends && scheme.single)
    return scheme.single;
  if (!begins && ends && scheme.end)
    return scheme.end;
  return begins ? 'B' : 'I';
}

/* In a label a separator would part the column. */
static void
append_label(GString *out, const char *label)
{
  for (const char *c = label; *c != '\0'; c++)
    g_string_append_c(out, g_ascii_isspace(*c) ? '_' : *c);
}

static void
append_row(GString *out, const CrIobDocument *document, const guint *owners, guint t)
{
  const char *columns = document->columns->pdata[t];
  gboolean begins = t == 0 || owners[t - 1] != owners[t] || ends_line(document, t - 1);
  gboolean ends = owners[t + 1] != owners[t] || ends_line(document, t);
  gsize n = strlen(columns);
  g_string_append(out, columns);
  if (columns[n - 1] != '\t' && columns[n - 1] != ' ')
    g_string_append_c(out, '\t');
  if (owners[t] == 0) {
    g_string_append_c(out, 'O');
  } else {
    g_string_append_c(out, letter_of(document->scheme, begins, ends));
    g_string_append_c(out, '-');
    append_label(out, g_array_index(document->spans, CrIobSpan, owners[t] - 1).label);
  }
  g_string_append_c(out, '\n');
  if (ends_line(document, t))
    g_string_append_c(out, '\n');
}

gboolean
cr_iob_write(const char *path, const GPtrArray *documents, GError **error)
{
  g_autoptr(CrOut) out = cr_out_open(path, error);
  for (guint i = 0; out != NULL && i < documents->len; i++) {
    const CrIobDocument *document = documents->pdata[i];
    g_autofree guint *owners = owners_of(document);
    g_autoptr(GString) rows = g_string_new(NULL);
    if (document->opening != NULL)
      g_string_append_printf(rows, "%s\n\n", document->opening);
    for (guint t = 0; t < document->tokens->len; t++)
      append_row(rows, document, owners, t);
    /* A first token that starts with a byte order mark would lose it: the file's own stands before it. */
    if (i == 0 && g_str_has_prefix(rows->str, byte_order_mark))
      g_string_prepend(rows, byte_order_mark);
    if (!cr_out_write(out, rows->str, rows->len, error))
      return FALSE;
  }
  return out != NULL && cr_out_commit(g_steal_pointer(&out), error);
}
