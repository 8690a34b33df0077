/* Writes a model file. All numbers little endian:
 *
 *   0  "CRTAGGER"  8  u32 version  12  u32 labels  16  u32 passes  20  u32 0
 *   24 u64 bytes of the file  32  SHA-256 of what follows
 *   64 labels, about, classes, templates: each u32 length, bytes, NUL, padding to 8
 *      then each pass: u32 slots, u32 weights, f32 unit, u32 0, transitions f32…, padding to 8, slots,
 * weights, padding to 8 */
#include "tagger-private.h"
#include "model-file.h"
#include <sodium.h>
#include <math.h>
#include <string.h>

static void
put_u32(GByteArray *out, guint32 v)
{
  v = GUINT32_TO_LE(v);
  g_byte_array_append(out, (const guint8 *)&v, sizeof v);
}
static void
put_f32(GByteArray *out, double v)
{
  const float f = (float)v;
  guint32 bits;
  memcpy(&bits, &f, sizeof bits);
  put_u32(out, bits);
}
static void
pad(GByteArray *out)
{
  static const guint8 zero[8];
  g_byte_array_append(out, zero, (8 - out->len % 8) % 8);
}
static void
put_text(GByteArray *out, const char *text, gsize n_bytes)
{
  put_u32(out, (guint32)n_bytes);
  g_byte_array_append(out, (const guint8 *)text, (guint)n_bytes);
  g_byte_array_append(out, (const guint8 *)"", 1);
  pad(out);
}

static double
largest(const CrLearnt *l)
{
  double best = 1e-6;
  for (guint i = 0; i < l->n_pairs; i++)
    best = MAX(best, fabs(l->weight[i]));
  return best;
}

/* The weights that are kept, feature by feature; kept[f] is offset << 8 | count, 0 where none is left. */
static GArray *
keep(const CrLearnt *l, double unit, double prune, guint32 *kept, guint *n_features)
{
  GArray *weights = g_array_new(FALSE, FALSE, sizeof(CrWeight));
  g_array_append_val(weights, ((CrWeight){0, 0}));
  for (guint f = 0; f < l->n_features; f++) {
    const guint offset = weights->len;
    for (guint p = l->first[f]; p < l->first[f + 1]; p++) {
      const gint16 weight = (gint16)lround(l->weight[p] / unit);
      if (fabs(l->weight[p]) < prune || weight == 0)
        continue;
      g_array_append_val(weights, ((CrWeight){GUINT16_TO_LE(l->state[p]), GINT16_TO_LE(weight)}));
    }
    kept[f] = weights->len > offset ? offset << 8 | (weights->len - offset) : 0;
    *n_features += kept[f] != 0;
  }
  return weights;
}

static void
put_slots(GByteArray *out, const CrLearnt *l, const guint32 *kept, guint32 n_slots)
{
  g_autofree CrSlot *slots = g_new0(CrSlot, n_slots);
  for (guint f = 0; f < l->n_features; f++) {
    if (kept[f] == 0)
      continue;
    guint32 at = (guint32)l->feature[f] & (n_slots - 1);
    while (slots[at].where != 0)
      at = (at + 1) & (n_slots - 1);
    slots[at] = (CrSlot){GUINT32_TO_LE((guint32)(l->feature[f] >> 32)), GUINT32_TO_LE(kept[f])};
  }
  g_byte_array_append(out, (const guint8 *)slots, n_slots * (guint)sizeof(CrSlot));
}

static void
put_pass_head(GByteArray *out, guint32 n_slots, guint32 n_weights, double unit)
{
  put_u32(out, n_slots);
  put_u32(out, n_weights);
  put_f32(out, unit);
  put_u32(out, 0);
}

static void
put_pass(GByteArray *out, guint k, const CrLearnt *l, double prune)
{
  const double unit = largest(l) / G_MAXINT16;
  g_autofree guint32 *kept = g_new(guint32, l->n_features + 1);
  guint n_features = 0;
  g_autoptr(GArray) weights = keep(l, unit, prune, kept, &n_features);
  guint32 n_slots = 16;
  while (n_slots * 3 < n_features * 4)
    n_slots *= 2;
  put_pass_head(out, n_slots, weights->len, unit);
  for (gsize i = 0; i < cr_transitions_n(k); i++)
    put_f32(out, l->transition[i]);
  pad(out);
  put_slots(out, l, kept, n_slots);
  g_byte_array_append(out, (const guint8 *)weights->data, weights->len * (guint)sizeof(CrWeight));
  pad(out);
}

static void
put_labels(GByteArray *out, const char *const *labels, guint k)
{
  g_autoptr(GString) all = g_string_new(NULL);
  for (guint i = 0; i < k; i++)
    g_string_append_printf(all, "%s\n", labels[i]);
  put_text(out, all->str, all->len);
}

static void
put_head(GByteArray *out, guint k, guint n_passes)
{
  g_byte_array_append(out, (const guint8 *)CR_MODEL_MAGIC, 8);
  put_u32(out, CR_MODEL_VERSION);
  put_u32(out, k);
  put_u32(out, n_passes);
  put_u32(out, 0);
  g_byte_array_set_size(out, CR_MODEL_HEAD);
}

static GBytes *
finish(GByteArray *out)
{
  const guint64 n_bytes = GUINT64_TO_LE((guint64)out->len);
  memcpy(out->data + CR_MODEL_AT_BYTES, &n_bytes, sizeof n_bytes);
  crypto_hash_sha256(out->data + CR_MODEL_AT_SUM, out->data + CR_MODEL_HEAD, out->len - CR_MODEL_HEAD);
  return g_byte_array_free_to_bytes(out);
}

GBytes *
cr_model_write(const char *const *labels, guint k, const char *about, const char *classes,
               const char *templates, const CrLearnt *learnt, guint n_passes, double prune)
{
  GByteArray *out = g_byte_array_new();
  put_head(out, k, n_passes);
  put_labels(out, labels, k);
  put_text(out, about, strlen(about));
  put_text(out, classes, strlen(classes));
  put_text(out, templates, strlen(templates));
  for (guint p = 0; p < n_passes; p++)
    put_pass(out, k, &learnt[p], prune);
  return finish(out);
}

static void
put_pass_as_it_is(GByteArray *out, guint k, const CrPass *pass)
{
  put_pass_head(out, pass->n_slots, pass->n_weights, (double)pass->unit);
  for (gsize i = 0; i < cr_transitions_n(k); i++)
    put_f32(out, (double)pass->transitions[i]);
  pad(out);
  g_byte_array_append(out, (const guint8 *)pass->slots, pass->n_slots * (guint)sizeof(CrSlot));
  g_byte_array_append(out, (const guint8 *)pass->weights, pass->n_weights * (guint)sizeof(CrWeight));
  pad(out);
}

GBytes *
cr_model_rewrite(const CrTagger *base, const char *about, guint pass, const CrPass *content)
{
  GByteArray *out = g_byte_array_new();
  put_head(out, base->k, base->n_passes);
  put_labels(out, (const char *const *)base->labels->pdata, base->k);
  put_text(out, about, strlen(about));
  put_text(out, base->classes_text, strlen(base->classes_text));
  put_text(out, base->templates_text, strlen(base->templates_text));
  for (guint p = 0; p < base->n_passes; p++)
    put_pass_as_it_is(out, base->k, p == pass ? content : &base->pass[p]);
  return finish(out);
}
