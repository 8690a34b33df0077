/* intake: the hospital's exports become records. One CrReader table a source; malformed records are
 * quarantined with file, record, byte and reason, and the rest goes on: input = accepted + quarantined,
 * always. */
#pragma once
#include <chartroom/text.h>
#include <chartroom/known.h>
#include <jansson.h>

G_BEGIN_DECLS

/* One note on its way in. Owned strings, NULL where unknown. */
typedef struct {
  char *id; /* the source's own id, or FILE:RECORD where it gives none; never NULL; stays in the vault */
  CrText *text;
  char *patient; /* the source's patient id; stays in the vault */
  char *encounter;
  char *type, *specialty, *author_role, *date, *language; /* type: LOINC code or words; date ISO 8601 */
  json_t *meta;                                           /* everything else the source said, or NULL */
  CrKnown *known;                                         /* or NULL */
  char *source_file;                                      /* path as given */
  guint64 record;                                         /* from 1 */
  guint64 byte_off;                                       /* where the record starts in the file */
  char source_sha256[65];                                 /* of the record's bytes */
} CrRecord;
CR_EXPORT void cr_record_free(CrRecord *record);

/* A record that could not be taken. error is a CR_ERROR; where = file, record, byte. */
typedef struct {
  char *file;
  guint64 record, byte_off;
  GError *error;
} CrQuarantined;

typedef struct {
  gboolean (*accept)(CrRecord *record /* transfer full */, gpointer user_data,
                     GError **error); /* FALSE stops the import */
  void (*quarantine)(const CrQuarantined *q, gpointer user_data);
  void (*progress)(guint64 bytes_done, guint64 bytes_all, gpointer user_data); /* may be NULL */
} CrIntakeSink;

/* map: column (or key) -> field: "id", "text", "patient", "encounter", "type", "specialty", "author_role",
 * "date", "language", "meta.NAME", "known.NAME" (a known identifier, named as in a manifest). NULL: by the
 * usual names. */
typedef struct {
  GHashTable *map;
  const char *format; /* "text", "jsonl", "csv", or NULL: by name and content */
  const char *default_language;
} CrIntakeOptions;

/* Reads a file (or a folder of them, sorted by name) to the sink. Flat memory: one record at a time; a note
 * of more than CR_INTAKE_MAX_NOTE bytes is quarantined (LIMIT). FALSE only where the file cannot be read at
 * all or accept said stop. */
#define CR_INTAKE_MAX_NOTE (64u << 20)
CR_EXPORT gboolean cr_intake_read(const char *path, const CrIntakeOptions *options, const CrIntakeSink *sink,
                                  gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A manifest of known identifiers: JSONL ({"patient" or "id", "known":{…}}) or CSV (columns patient|id,
 * given, middle, family, role, dob, date…, phone…, email…, address…, mrn, ssn, account…; several rows a
 * patient are merged). */
typedef struct CrManifest CrManifest;
CR_EXPORT CrManifest *cr_manifest_load(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT const CrKnown *cr_manifest_lookup(const CrManifest *manifest, const char *patient,
                                            const char *id); /* borrowed or NULL */
CR_EXPORT guint cr_manifest_size(const CrManifest *manifest);
CR_EXPORT void cr_manifest_free(CrManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrManifest, cr_manifest_free)

G_END_DECLS
