/* guidelines.c: versions of the guidelines, and gate G2: no label without a published version. */
#include "workflow/reading-private.h"

#include <string.h>

static char *
template_json(CrProject *p, GError **error)
{
  g_autoptr(GError) local = NULL;
  char *json = cr_db_dup_meta(p->work, "guidelines.template", &local);
  if (!json && !local)
    g_set_error(&local, CR_ERROR, CR_ERROR_NOT_FOUND, "%s was made without a template: there is no version 0",
                p->path);
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return json;
}

CrGuidelines *
cr_reading_guidelines(CrProject *p, gint64 version, GError **error)
{
  if (version < 0 && !cr_gate_guidelines(p, &version, error))
    return NULL;
  g_autofree char *json =
      version == 0 ? template_json(p, error) : cr_labels_dup_guidelines(p->work, version, error);
  if (!json)
    return NULL;
  g_autoptr(json_t) object = cr_json_parse(json, strlen(json), error);
  return object ? cr_guidelines_from_json(object, error) : NULL;
}

gboolean
cr_gate_guidelines(CrProject *p, gint64 *version, GError **error)
{
  g_autoptr(GError) local = NULL;
  gint64 newest = cr_labels_guidelines_version(p->work, &local);
  if (!local && newest < 1)
    g_set_error(&local, CR_ERROR, CR_ERROR_GATE_GUIDELINES, "no version of the guidelines is published");
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (version)
    *version = newest;
  return TRUE;
}

static gboolean
store_version(CrProject *p, gint64 version, const CrGuidelines *g, GError **error)
{
  g_autoptr(json_t) json = cr_guidelines_to_json(g);
  g_autofree char *text = cr_json_dump(json), *sha = cr_sha256_hex(text, strlen(text)),
                  *object = g_strdup_printf("guidelines:%" G_GINT64_FORMAT, version);
  CrGuidelinesRow row = {.version = version,
                         .json = text,
                         .markdown = cr_guidelines_markdown(g),
                         .sha256 = sha,
                         .member = cr_project_member(p),
                         .time_us = p->env->now_us(p->env)};
  if (!cr_labels_put_guidelines(p->work, &row, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_LEAD, "guidelines.published", object, NULL, sha, NULL);
  return TRUE;
}

/* Version 1 follows nothing: there is nothing that it could affect. */
static gboolean
publish(CrProject *p, gint64 version, const CrGuidelines *g, guint flags, json_t *result, GError **error)
{
  g_autoptr(CrGuidelines) before = version > 1 ? cr_reading_guidelines(p, version - 1, error) : NULL;
  if (version > 1 && !before)
    return FALSE;
  g_autoptr(json_t) diff = before ? cr_guidelines_diff(before, g) : json_object();
  json_object_set_new(result, "version", json_integer(version));
  return store_version(p, version, g, error) &&
         cr_guidelines_requeue(p, version, diff, (flags & CR_PUBLISH_KEEP) != 0, result, error);
}

json_t *
cr_reading_publish_report(CrProject *p, const CrGuidelines *g, guint flags, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrGuidelines) template = NULL;
  g_autoptr(json_t) result = json_object();
  if (!cr_project_require(p, CR_ROLE_LEAD, "publishing guidelines", error))
    return NULL;
  if (!g && !(g = template = cr_reading_guidelines(p, 0, error)))
    return NULL;
  gint64 version = cr_labels_guidelines_version(p->work, &local) + 1;
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  if (!cr_tx_begin(p, error) || !cr_reading_end(p, publish(p, version, g, flags, result, error), error))
    return NULL;
  return g_steal_pointer(&result);
}

gint64
cr_reading_publish(CrProject *p, const CrGuidelines *g, GError **error)
{
  g_autoptr(json_t) result = cr_reading_publish_report(p, g, 0, error);
  return result ? json_integer_value(json_object_get(result, "version")) : -1;
}

static gboolean
list_cb(const CrGuidelinesRow *row, gpointer list, GError **error)
{
  g_autofree char *time = cr_time_format(row->time_us);
  g_autoptr(json_t) object = cr_json_parse(row->json, strlen(row->json), error);
  if (!object)
    return FALSE;
  json_array_append_new(list, json_pack("{s:I, s:O, s:s, s:s, s:s, s:I}", "version", (json_int_t)row->version,
                                        "title", json_object_get(object, "title"), "time", time, "member",
                                        row->member, "sha256", row->sha256, "labels",
                                        (json_int_t)json_array_size(json_object_get(object, "labels"))));
  return TRUE;
}

json_t *
cr_reading_guidelines_list(CrProject *p, GError **error)
{
  g_autoptr(json_t) list = json_array();
  return cr_labels_list_guidelines(p->work, list_cb, list, error) ? g_steal_pointer(&list) : NULL;
}
