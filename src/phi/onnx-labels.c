/* A user's own token classifier as one more finder. Always: every label of the model has a kind, or is mapped
 * to "-" and then counts as outside; a label that no table names is refused, since nobody could say what it
 * finds. */
#include "phi-private.h"
#include "onnx/onnx.h"
#include <string.h>

enum { LEAST_PERCENT = 5 }; /* at a threshold of 0 every word would be found */

struct PhiOnnx {
  CrOnnx *model;
  CrPhiKind *kinds; /* one an entity */
  const char **by;  /* "onnx:LABEL", interned */
};

#define LEFT_OUT CR_PHI_N_KINDS

/* ---- labels ---- */

/* As the tables write a label: capitals, and _ for what is neither letter nor digit. */
static char *
label_key(const char *label)
{
  char *key = g_ascii_strup(label, -1);
  for (char *c = key; *c; c++)
    if (!g_ascii_isalnum(*c))
      *c = '_';
  return key;
}

static gboolean
label_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  CrPhiKind kind = LEFT_OUT;
  if (n_fields != 2 || (strcmp(fields[1], "-") != 0 && !cr_phi_kind_parse(fields[1], &kind))) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_RULES, "%u: a row has a label, a tab, and a kind or -", line);
    return FALSE;
  }
  g_hash_table_replace(data, label_key(fields[0]), GUINT_TO_POINTER((guint)kind + 1));
  return TRUE;
}

/* The program's table, the user's rows over it. */
static gboolean
read_tables(GHashTable *kinds, const char *rules_dir, const char *labels, GError **error)
{
  g_autofree char *path = phi_rules_path(rules_dir, "onnx-labels.tsv");
  g_autoptr(GError) cause = NULL;
  if (!phi_table_read(path, label_row, kinds, NULL, error))
    return FALSE;
  if (!labels || phi_table_read(labels, label_row, kinds, NULL, &cause))
    return TRUE;
  g_set_error_literal(error, CR_ERROR, CR_ERROR_ONNX_MODEL, cause->message);
  return FALSE;
}

static gboolean
map_labels(PhiOnnx *onnx, GHashTable *kinds, const char *path, GError **error)
{
  guint n = cr_onnx_n_entities(onnx->model), n_used = 0;
  onnx->kinds = g_new0(CrPhiKind, n);
  onnx->by = g_new0(const char *, n);
  for (guint i = 0; i < n; i++) {
    const char *label = cr_onnx_entity(onnx->model, i);
    g_autofree char *key = label_key(label), *by = g_strconcat("onnx:", label, NULL);
    gpointer kind = g_hash_table_lookup(kinds, key);
    if (!kind) {
      g_set_error(error, CR_ERROR, CR_ERROR_ONNX_MODEL,
                  "%s: no table says which kind the label \"%s\" is; name it in a table for --onnx-labels",
                  path, label);
      return FALSE;
    }
    onnx->kinds[i] = (CrPhiKind)(GPOINTER_TO_UINT(kind) - 1);
    onnx->by[i] = g_intern_string(by);
    if (onnx->kinds[i] == LEFT_OUT)
      cr_onnx_ignore(onnx->model, i);
    else
      n_used++;
  }
  if (n_used == 0)
    g_set_error(error, CR_ERROR, CR_ERROR_ONNX_MODEL, "%s: all labels are mapped to -", path);
  return n_used > 0;
}

PhiOnnx *
phi_onnx_load(const char *rules_dir, const char *model, const char *labels, const char *runtime,
              GError **error)
{
  PhiOnnx *onnx = g_new0(PhiOnnx, 1);
  g_autoptr(GHashTable) kinds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (read_tables(kinds, rules_dir, labels, error) && (onnx->model = cr_onnx_load(model, runtime, error)) &&
      map_labels(onnx, kinds, model, error))
    return onnx;
  phi_onnx_free(onnx);
  return NULL;
}

void
phi_onnx_free(PhiOnnx *onnx)
{
  if (!onnx)
    return;
  cr_onnx_free(onnx->model);
  g_free(onnx->kinds);
  g_free(onnx->by);
  g_free(onnx);
}

const char *
phi_onnx_hash(const PhiOnnx *onnx)
{
  return cr_onnx_hash(onnx->model);
}

/* ---- a page ---- */

/* Models know ages and dates; the law knows ages over 89 and years. */
static CrPhiKind
kind_of(const PhiPage *page, CrPhiKind kind, const CrOnnxSpan *span)
{
  guint n_digits = 0, number = 0;
  for (guint32 i = span->start; i < span->end && n_digits < 5; i++)
    if (g_ascii_isdigit(page->s[i])) {
      number = number * 10 + (guint)(page->s[i] - '0');
      n_digits++;
    } else if (n_digits) {
      break;
    }
  if (kind == CR_PHI_AGE)
    return number > 89 && number < 130 ? CR_PHI_AGE90 : CR_PHI_AGE;
  if (kind == CR_PHI_DATE && n_digits == 4 && span->end - span->start == 4 && number >= 1800 && number < 2200)
    return CR_PHI_YEAR;
  return kind;
}

GArray *
phi_onnx_find(const PhiOnnx *onnx, const PhiPage *page, double threshold, GError **error)
{
  g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(CrOnnxSpan));
  if (!cr_onnx_find(onnx->model, page->s, page->n_bytes, MAX(threshold, LEAST_PERCENT / 100.0), spans, error))
    return NULL;
  GArray *found = g_array_sized_new(FALSE, FALSE, sizeof(PhiCandidate), spans->len);
  for (guint i = 0; i < spans->len; i++) {
    const CrOnnxSpan *span = &g_array_index(spans, CrOnnxSpan, i);
    PhiCandidate candidate = {span->start, span->end, kind_of(page, onnx->kinds[span->entity], span),
                              (float)span->score, onnx->by[span->entity]};
    g_array_append_val(found, candidate);
  }
  return found;
}
