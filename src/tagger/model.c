/* Reads a model file (layout: model-write.c). Every length and index is checked before use, so that a file
 * whose checksum is right and whose content is not is refused as well. */
#include "tagger-private.h"
#include "model-file.h"
#include <sodium.h>
#include <errno.h>
#include <string.h>

typedef struct {
  const guint8 *at, *end;
  const guint8 *start;
} Reader;

static gboolean
bad(GError **error, const char *name, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_MODEL, "%s: %s", name, what);
  return FALSE;
}

static gboolean
take(Reader *r, gsize n_bytes, const void **out)
{
  if ((gsize)(r->end - r->at) < n_bytes)
    return FALSE;
  *out = r->at;
  r->at += n_bytes;
  return TRUE;
}

static guint32
u32_at(const void *at)
{
  guint32 v;
  memcpy(&v, at, sizeof v);
  return GUINT32_FROM_LE(v);
}

static gboolean
skip_padding(Reader *r)
{
  const void *ignored;
  return take(r, (8 - (gsize)(r->at - r->start) % 8) % 8, &ignored);
}

static gboolean
take_text(Reader *r, const char **text, gsize *n_bytes)
{
  const void *length, *bytes;
  if (!take(r, 4, &length))
    return FALSE;
  *n_bytes = u32_at(length);
  if (!take(r, *n_bytes + 1, &bytes))
    return FALSE;
  *text = bytes;
  return (*text)[*n_bytes] == '\0' && memchr(*text, '\0', *n_bytes) == NULL &&
         g_utf8_validate(*text, (gssize)*n_bytes, NULL) && skip_padding(r);
}

static gboolean
read_head(const guint8 *data, gsize n_bytes, CrTagger *t, const char *name, GError **error)
{
  if (n_bytes < CR_MODEL_HEAD || memcmp(data, CR_MODEL_MAGIC, 8) != 0)
    return bad(error, name, "not a model");
  if (u32_at(data + 8) != CR_MODEL_VERSION) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_MODEL,
                "%s: a model of version %u; this program reads version %u", name, u32_at(data + 8),
                CR_MODEL_VERSION);
    return FALSE;
  }
  guint64 said;
  memcpy(&said, data + CR_MODEL_AT_BYTES, sizeof said);
  if (GUINT64_FROM_LE(said) != n_bytes)
    return bad(error, name, "the model is cut short or has grown");
  guint8 sum[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(sum, data + CR_MODEL_HEAD, n_bytes - CR_MODEL_HEAD);
  if (memcmp(sum, data + CR_MODEL_AT_SUM, sizeof sum) != 0)
    return bad(error, name, "the model's checksum does not fit");
  t->k = u32_at(data + 12);
  t->n_passes = u32_at(data + 16);
  if (t->k == 0 || t->k > CR_MAX_LABELS || t->n_passes == 0 || t->n_passes > 2 || u32_at(data + 20) != 0)
    return bad(error, name, "the model's head is damaged");
  t->version =
      g_strdup_printf("tagger %u %02x%02x%02x%02x", CR_MODEL_VERSION, sum[0], sum[1], sum[2], sum[3]);
  return TRUE;
}

static gboolean
read_labels(Reader *r, CrTagger *t)
{
  const char *text;
  gsize n;
  if (!take_text(r, &text, &n))
    return FALSE;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && lines[i + 1] != NULL; i++) {
    if (*lines[i] == '\0')
      return FALSE;
    g_ptr_array_add(t->labels, g_strdup(lines[i]));
  }
  return t->labels->len == t->k;
}

static gboolean
weights_fit(const CrPass *pass, guint k)
{
  for (guint i = 1; i < pass->n_weights; i++)
    if (GUINT16_FROM_LE(pass->weights[i].state) >= cr_states_n(k))
      return FALSE;
  guint n_empty = 0;
  for (guint i = 0; i < pass->n_slots; i++) {
    const guint32 where = GUINT32_FROM_LE(pass->slots[i].where);
    n_empty += where == 0;
    if ((guint64)(where >> 8) + (where & 255) > pass->n_weights || (where & 255) > cr_states_n(k))
      return FALSE;
  }
  return n_empty > 0; /* a search must end */
}

static gboolean
read_transitions(Reader *r, CrPass *pass, guint k)
{
  const void *bytes;
  const gsize n = cr_transitions_n(k);
  if (!take(r, 4 * n, &bytes))
    return FALSE;
  pass->transitions = g_new(float, n);
  for (gsize i = 0; i < n; i++) {
    const guint32 bits = u32_at((const guint8 *)bytes + 4 * i);
    memcpy(&pass->transitions[i], &bits, sizeof bits);
    if (!(pass->transitions[i] > -1e4F && pass->transitions[i] < 1e4F))
      return FALSE;
  }
  return skip_padding(r);
}

static gboolean
read_pass(Reader *r, CrTagger *t, CrPass *pass)
{
  const void *head, *slots, *weights;
  if (!take(r, 16, &head))
    return FALSE;
  pass->n_slots = u32_at(head);
  pass->n_weights = u32_at((const guint8 *)head + 4);
  const guint32 unit = u32_at((const guint8 *)head + 8);
  memcpy(&pass->unit, &unit, sizeof unit);
  if (pass->n_slots == 0 || (pass->n_slots & (pass->n_slots - 1)) != 0 || pass->n_weights == 0)
    return FALSE;
  if (!(pass->unit > 0 && pass->unit < 1e3F) || !read_transitions(r, pass, t->k))
    return FALSE;
  if (!take(r, (gsize)pass->n_slots * sizeof(CrSlot), &slots))
    return FALSE;
  if (!take(r, (gsize)pass->n_weights * sizeof(CrWeight), &weights))
    return FALSE;
  pass->slots = slots;
  pass->weights = weights;
  if (!skip_padding(r) || !weights_fit(pass, t->k))
    return FALSE;
  pass->plan = cr_plan_new(pass, t->k);
  return TRUE;
}

static gboolean
read_templates(CrTagger *t, const char *text, gsize n, const char *name, GError **error)
{
  for (guint p = 0; p < t->n_passes; p++) {
    t->pass[p].templates = cr_templates_parse(text, n, p + 1, name, error);
    if (t->pass[p].templates == NULL)
      return FALSE;
    t->pass[p].skipped = cr_templates_skipped(t->pass[p].templates, t->classes);
  }
  return TRUE;
}

static gboolean
read_body(Reader *r, CrTagger *t, const char *name, GError **error)
{
  const char *about, *classes, *templates;
  gsize n_about, n_classes, n_templates;
  if (!read_labels(r, t) || !take_text(r, &about, &n_about) || !take_text(r, &classes, &n_classes) ||
      !take_text(r, &templates, &n_templates))
    return bad(error, name, "the model's texts are damaged");
  t->about = g_strndup(about, n_about);
  t->classes_text = classes;
  t->templates_text = templates;
  t->classes = cr_classes_parse(classes, n_classes, name, error);
  if (t->classes == NULL || !read_templates(t, templates, n_templates, name, error)) {
    g_clear_error(error);
    return bad(error, name, "the model's tables are damaged");
  }
  for (guint p = 0; p < t->n_passes; p++)
    if (!read_pass(r, t, &t->pass[p]))
      return bad(error, name, "the model's weights are damaged");
  return r->at == r->end ? TRUE : bad(error, name, "the model has bytes behind its end");
}

CrTagger *
cr_tagger_new(GBytes *bytes, const char *name, GError **error)
{
  gsize n_bytes;
  const guint8 *data = g_bytes_get_data(bytes, &n_bytes);
  g_autoptr(CrTagger) t = g_new0(CrTagger, 1);
  t->bytes = g_bytes_ref(bytes);
  t->labels = g_ptr_array_new_with_free_func(g_free);
  if (!read_head(data, n_bytes, t, name, error))
    return NULL;
  Reader reader = {data + CR_MODEL_HEAD, data + n_bytes, data};
  if (!read_body(&reader, t, name, error))
    return NULL;
  return g_steal_pointer(&t);
}

CrTagger *
cr_tagger_open(const char *path, GError **error)
{
  g_autoptr(GError) cause = NULL;
  GMappedFile *file = g_mapped_file_new(path, FALSE, &cause);
  if (file == NULL) {
    const gboolean missing = g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_set_error(error, CR_ERROR, missing ? CR_ERROR_NOT_FOUND : CR_ERROR_IO, "%s: cannot be read", path);
    return NULL;
  }
  g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(file);
  g_mapped_file_unref(file);
  return cr_tagger_new(bytes, path, error);
}

void
cr_tagger_free(CrTagger *t)
{
  if (t == NULL)
    return;
  for (guint p = 0; p < 2; p++) {
    cr_templates_free(t->pass[p].templates);
    g_free(t->pass[p].transitions);
    cr_plan_free(t->pass[p].plan);
  }
  cr_classes_free(t->classes);
  g_ptr_array_unref(t->labels);
  g_free(t->about);
  g_free(t->version);
  g_bytes_unref(t->bytes);
  g_free(t);
}

GBytes *
cr_tagger_bytes(const CrTagger *t)
{
  return t->bytes;
}
guint
cr_tagger_n_labels(const CrTagger *t)
{
  return t->k;
}
const char *
cr_tagger_label(const CrTagger *t, guint i)
{
  return g_ptr_array_index(t->labels, i);
}
const char *
cr_tagger_about(const CrTagger *t)
{
  return t->about;
}
const char *
cr_tagger_version(const CrTagger *t)
{
  return t->version;
}
