/* known: what a hospital's export says of a patient beside the note. Lives on the text floor: intake makes it, phi uses it. */
#pragma once
#include <chartroom/json.h>

G_BEGIN_DECLS

/* What the export itself says of the patient: goes to the detector, never further. Lists of char* (owned),
 * NULL where none. */
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
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrKnown, cr_known_free)
/* The JSON of cli.md:
 * {"names":[{"given","middle","family","role"}],"dates":[],"phones":[],"addresses":[],"ids":[{"kind","value"}],"emails":[]}
 */
CR_EXPORT CrKnown *cr_known_from_json(const json_t *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT json_t *cr_known_to_json(const CrKnown *known);          /* new reference */
CR_EXPORT void cr_known_merge(CrKnown *into, const CrKnown *from); /* union without repeats */
CR_EXPORT gboolean cr_known_is_empty(const CrKnown *known);

G_END_DECLS
