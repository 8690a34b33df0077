/* json: jansson with this project's limits. Lives in base. */
#pragma once
#include <chartroom/error.h>
#include <jansson.h>

G_BEGIN_DECLS

/* JSON checked as this project needs it: depth <= 64, no NUL, no lone surrogates (LONE_SURROGATE), one value
 * to the end of the bytes. Error messages give the byte. New reference. */
CR_EXPORT json_t *cr_json_parse(const char *bytes, gsize n_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Compact, key order kept, reals shortest that read back the same, non-ASCII as is. transfer full */
CR_EXPORT char *cr_json_dump(const json_t *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

G_END_DECLS
