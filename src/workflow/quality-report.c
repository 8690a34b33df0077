/* quality-report.c: how good the labels are, as one object. It holds codes and figures, no word of a note. */
#include "workflow/quality-private.h"

#include <math.h>
#include <string.h>

#define REPORTERS (CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER)
#define LEAST_GROUP 10
#define KEY_BYTES 64

/* Keys beyond the open fields stand in the sealed source. */
static gboolean
check_key(CrProject *p, const char *key, GError **error)
{
  static const char *const open_fields[] = {"type", "specialty", "author_role", "language", NULL};
  if (g_strv_contains(open_fields, key))
    return TRUE;
  if (!*key || strlen(key) > KEY_BYTES) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "a key is the name of a field of the notes' \"meta\"");
    return FALSE;
  }
  return cr_project_require_vault(p, "comparing groups by a key of the originals' \"meta\"", error);
}

static gboolean
record(CrProject *p, const char *key, gint64 seed, GError **error)
{
  g_autoptr(json_t) value = json_pack("{s:s, s:I}", "key", key, "seed", (json_int_t)seed);
  g_autofree char *said = cr_json_dump(value);
  if (!cr_tx_begin(p, error))
    return FALSE;
  cr_tx_event(p, cr_reading_role(p, REPORTERS), "quality.reported", "project", NULL, said, NULL);
  return cr_tx_commit(p, error);
}

static json_t *
count_all(const CrQualityData *d)
{
  gint64 twice = 0, settled = 0, resolved = 0, by_hand = 0;
  for (guint i = 0; i < d->notes->len; i++) {
    const CrQualityNote *n = d->notes->pdata[i];
    twice += n->n_readings == 2;
    settled += n->has_truth;
    resolved += n->is_resolved;
  }
  for (guint i = 0; i < d->readings->len; i++)
    by_hand += ((CrQualityReading *)d->readings->pdata[i])->by_hand;
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "notes", (json_int_t)d->notes->len, "readings",
                   (json_int_t)d->readings->len, "by_hand", (json_int_t)by_hand, "read_twice",
                   (json_int_t)twice, "settled", (json_int_t)settled, "resolved", (json_int_t)resolved);
}

json_t *
cr_quality_report(CrProject *p, const char *key, gint64 seed, GError **error)
{
  g_auto(CrQualityData) d;
  const char *by = key ? key : "type";
  gint64 used = seed >= 0 ? seed : 1;
  cr_quality_data_init(&d, p, by, used);
  if (!cr_project_require(p, REPORTERS, "reporting on the readings", error) || !check_key(p, by, error) ||
      !cr_quality_gather(&d, error))
    return NULL;
  /* The order counts: the distances of the first part are followed in the second. */
  g_autoptr(json_t) outliers = cr_quality_outliers(&d), readers = cr_quality_readers(&d),
                    balance = cr_quality_balance(&d, LEAST_GROUP), influence = cr_quality_influence(&d),
                    review = cr_quality_review(&d, error);
  if (!review || !record(p, by, used, error))
    return NULL;
  g_autofree char *time = cr_time_format(p->env->now_us(p->env));
  json_t *report = json_pack("{s:s, s:s, s:I, s:s}", "report", "quality", "time", time, "seed",
                             (json_int_t)used, "version", CR_VERSION);
  json_object_set_new(report, "counts", count_all(&d));
  json_object_set(report, "outliers", outliers);
  json_object_set(report, "readers", readers);
  json_object_set(report, "review", review);
  json_object_set(report, "balance", balance);
  json_object_set(report, "influence", influence);
  return report;
}
