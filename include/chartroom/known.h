/* known: what a hospital's export says of a patient beside the note. Lives on the text floor: intake makes
 * it, phi uses it. */
#pragma once
#include <chartroom/json.h>

G_BEGIN_DECLS

/* What the export itself says of the patient: goes to the detector, never further. cr_known_new makes every
 * list, empty; the lists own what is added to them. A list may also be NULL: the same as empty. */
typedef struct {
  char *given, *middle, *family, *role;
} CrKnownName; /* role: "patient", "relative", "staff"; parts may be NULL */
typedef struct {
  char *kind, *value;
} CrKnownId; /* kind: "mrn", "ssn", "account", … free */
typedef struct {
  GPtrArray *names;                       /* CrKnownName */
  GPtrArray *dates;                       /* char*, as given */
  GPtrArray *phones, *addresses, *emails; /* char* */
  GPtrArray *ids;                         /* CrKnownId */
} CrKnown;
CR_EXPORT CrKnown *cr_known_new(void);
CR_EXPORT void cr_known_free(CrKnown *known);
/* Add a copy where it is not there yet. role NULL: "patient". A name without any part is not added. */
CR_EXPORT void cr_known_add_name(CrKnown *known, const char *given, const char *middle, const char *family,
                                 const char *role);
CR_EXPORT void cr_known_add_id(CrKnown *known, const char *kind, const char *value);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrKnown, cr_known_free)
/* The JSON of cli.md:
 * {"names":[{"given","middle","family","role"}],"dates":[],"phones":[],"addresses":[],
 *  "ids":[{"kind","value"}],"emails":[]}
 * Members that are absent, null or empty say nothing, unknown ones are passed over; a wrong type is
 * CR_ERROR_BAD_JSON, which names the member and never a value. */
CR_EXPORT CrKnown *cr_known_from_json(const json_t *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT json_t *cr_known_to_json(const CrKnown *known);          /* new reference */
CR_EXPORT void cr_known_merge(CrKnown *into, const CrKnown *from); /* union without repeats */
CR_EXPORT gboolean cr_known_is_empty(const CrKnown *known);

G_END_DECLS
