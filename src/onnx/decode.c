/* From the model's numbers to spans: which window decides which token, soft-max, the mean over a word's
 * tokens, and the words of one entity in a row put together. */
#include "onnx-private.h"
#include <math.h>
#include <string.h>

/* ---- windows ---- */

GArray *
onnx_windows(guint n_tokens, guint capacity)
{
  GArray *windows = g_array_new(FALSE, FALSE, sizeof(OnnxWindow));
  guint step = MAX(capacity - capacity / 4, 1), from = 0;
  for (guint first = 0; from < n_tokens; first += step) {
    guint last = n_tokens > capacity ? n_tokens - capacity : 0; /* moved back until it is full */
    first = MIN(first, last);
    guint next = MIN(first + step, last);
    guint to = first == last ? n_tokens : next + (first + capacity - next) / 2;
    OnnxWindow window = {first, MIN(capacity, n_tokens), from, to};
    g_array_append_val(windows, window);
    from = to;
  }
  return windows;
}

/* ---- words ---- */

void
onnx_decoder_init(OnnxDecoder *d, const OnnxConfig *config, const OnnxTokens *tokens, double floor,
                  GArray *found)
{
  guint n = config->entities->len;
  *d = (OnnxDecoder){.config = config, .tokens = tokens, .floor = floor, .found = found};
  d->inside = g_new0(double, n);
  d->begins = g_new0(double, n);
  d->ends = g_new0(double, n);
  d->row = g_new0(double, config->labels->len);
}

void
onnx_decoder_clear(OnnxDecoder *d)
{
  g_clear_pointer(&d->inside, g_free);
  g_clear_pointer(&d->begins, g_free);
  g_clear_pointer(&d->ends, g_free);
  g_clear_pointer(&d->row, g_free);
}

static void
close_span(OnnxDecoder *d)
{
  if (d->open) {
    d->span.score = MIN(d->span.score / d->n_words, 1.0);
    g_array_append_val(d->found, d->span);
  }
  d->open = FALSE;
}

static guint
best_entity(const OnnxDecoder *d, double *sum)
{
  guint best = 0;
  *sum = 0;
  for (guint e = 0; e < d->config->entities->len; e++) {
    *sum += d->inside[e];
    if (d->inside[e] > d->inside[best])
      best = e;
  }
  *sum /= d->n_rows;
  return best;
}

static void
take_word(OnnxDecoder *d)
{
  const OnnxWord *word = &g_array_index(d->tokens->words, OnnxWord, d->word);
  double inside;
  guint entity = best_entity(d, &inside);
  if (word->start == word->end)
    return;
  if (inside < d->floor || d->inside[entity] <= 0) {
    close_span(d);
    return;
  }
  gboolean begins = d->begins[entity] > d->inside[entity] / 2;
  if (!d->open || begins || d->closed || d->span.entity != entity) {
    close_span(d);
    d->span = (CrOnnxSpan){word->start, word->end, entity, 0};
    d->open = TRUE;
    d->n_words = 0;
  }
  d->span.end = word->end;
  d->span.score += inside;
  d->n_words++;
  d->closed = d->ends[entity] > d->inside[entity] / 2;
}

static void
end_word(OnnxDecoder *d)
{
  gsize n_bytes = d->config->entities->len * sizeof(double);
  if (d->n_rows)
    take_word(d);
  d->n_rows = 0;
  memset(d->inside, 0, n_bytes);
  memset(d->begins, 0, n_bytes);
  memset(d->ends, 0, n_bytes);
}

/* ---- rows ---- */

/* exp(x_i - max) / sum: no number overflows. */
static void
soft_max(const float *logits, guint n, double *out)
{
  double most = -INFINITY, sum = 0;
  for (guint i = 0; i < n; i++)
    most = MAX(most, (double)logits[i]);
  for (guint i = 0; i < n; i++)
    sum += out[i] = exp((double)logits[i] - most);
  for (guint i = 0; i < n; i++)
    out[i] /= sum;
}

void
onnx_decoder_add(OnnxDecoder *d, guint token, const float *logits)
{
  guint word = g_array_index(d->tokens->tokens, OnnxToken, token).word;
  if (word != d->word)
    end_word(d);
  d->word = word;
  soft_max(logits, d->config->labels->len, d->row);
  d->n_rows++;
  for (guint i = 0; i < d->config->labels->len; i++) {
    const OnnxLabel *label = &g_array_index(d->config->labels, OnnxLabel, i);
    if (label->entity == ONNX_OUTSIDE)
      continue;
    d->inside[label->entity] += d->row[i];
    if (label->begins)
      d->begins[label->entity] += d->row[i];
    if (label->ends)
      d->ends[label->entity] += d->row[i];
  }
}

void
onnx_decoder_end(OnnxDecoder *d)
{
  end_word(d);
  close_span(d);
}
