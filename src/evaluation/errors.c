/* What went wrong where, for those who read errors one by one. */
#include "evaluation/evaluation-private.h"

const char *
cr_evaluation_error_name(CrEvaluationErrorKind kind)
{
  static const char *const names[CR_EVALUATION_N_ERRORS] = {"miss", "part", "false", "over", "label"};
  return names[kind];
}

static void
add(GArray *errors, CrEvaluationErrorKind kind, const CrLabelSpan *span, gint gold, gint system)
{
  CrEvaluationError error = {kind, {span->start, span->end}, gold, system};
  g_array_append_val(errors, error);
}

static void
look_at_gold(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document, const CrMask *mask,
             const CrLabelSpan *gold, gint system, GArray *errors)
{
  CrCover cover = cr_mask_cover_needed(mask, scheme, document->text, gold);
  if (cover.with < cover.all)
    add(errors, cover.with > 0 ? CR_EVALUATION_PART : CR_EVALUATION_MISS, gold, (gint)gold->label, system);
}

static void
look_at_system(const CrEvaluationDocument *document, const CrMask *mask, const CrLabelSpan *system, gint gold,
               GArray *errors)
{
  CrCover cover = cr_mask_cover(mask, document->text, system, MASK_GOLD | MASK_FREE);
  if (cover.with < cover.all)
    add(errors, cover.with > 0 ? CR_EVALUATION_OVER : CR_EVALUATION_FALSE, system, gold, (gint)system->label);
}

static int
compare_errors(gconstpointer a, gconstpointer b)
{
  const CrEvaluationError *p = a, *q = b;
  int order = cr_span_compare(&p->span, &q->span);
  return order != 0 ? order : (int)p->kind - (int)q->kind;
}

GArray *
cr_evaluation_errors(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document)
{
  GArray *errors = g_array_new(FALSE, FALSE, sizeof(CrEvaluationError));
  g_auto(CrMask) mask = {0};
  cr_mask_init(&mask, scheme, document);
  g_autoptr(GArray) pairs = cr_pairs_that_count(scheme, document, &mask);
  for (guint i = 0; i < pairs->len; i++) {
    const CrMatched *pair = &g_array_index(pairs, CrMatched, i);
    const CrLabelSpan *gold = pair->a >= 0 ? &document->gold[pair->a] : NULL;
    const CrLabelSpan *system = pair->b >= 0 ? &document->system[pair->b] : NULL;
    if (gold != NULL)
      look_at_gold(scheme, document, &mask, gold, system != NULL ? (gint)system->label : -1, errors);
    if (system != NULL && !cr_label_is_reported(scheme, system->label))
      look_at_system(document, &mask, system, gold != NULL ? (gint)gold->label : -1, errors);
    if (gold != NULL && system != NULL && gold->label != system->label)
      add(errors, CR_EVALUATION_LABEL, gold, (gint)gold->label, (gint)system->label);
  }
  g_array_sort(errors, compare_errors);
  return errors;
}
