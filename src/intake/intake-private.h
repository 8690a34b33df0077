/* Inside intake/: one run over files, and what every reader does with a record. */
#pragma once
#include <chartroom/intake.h>
#include <chartroom/json.h>
#include "base/records.h"

typedef struct {
  const CrIntakeOptions *options;
  const CrIntakeSink *sink;
  gpointer user_data;
  guint64 bytes_done; /* of the files before this one */
  guint64 bytes_all;
  gboolean stopped; /* accept said so: the run ends */
} CrIntakeRun;

/* One row a source. A reader hands every record of the file to cr_intake_accept or cr_intake_quarantine;
 * FALSE only where the file cannot be read at all, or where cr_intake_accept returned FALSE. */
typedef struct {
  const char *name;
  const char *const *extensions; /* lower case, with the dot */
  gboolean (*read)(CrIntakeRun *run, CrSource *source, const char *base_id, GError **error);
} CrReader;
extern const CrReader cr_reader_text, cr_reader_jsonl, cr_reader_csv;

/* A JSON line or CSV record may be longer than its note: it is escaped, and has other fields. */
#define CR_INTAKE_MAX_RECORD ((gsize)4 * CR_INTAKE_MAX_NOTE)

gboolean cr_intake_accept(CrIntakeRun *run, CrRecord *record /* full */, GError **error);
void cr_intake_quarantine(CrIntakeRun *run, const char *path, guint64 record, guint64 byte_off,
                          GError *error /* full */);
void cr_intake_progress(CrIntakeRun *run, const CrSource *source);

CrRecord *cr_record_new(const CrSource *source, guint64 number, const CrRawRecord *raw);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrRecord, cr_record_free)

/* The note's text after the checks that hold for every source: LIMIT, NUL_BYTE, INVALID_UTF8, EMPTY_TEXT.
 * where: "file:record"; byte_off is added to the offsets in messages. */
CrText *cr_intake_text(const char *bytes, gsize n_bytes, const char *where, guint64 byte_off, GError **error);
/* Fills in what the source did not say: an id made of base_id and the record's number, the run's language. */
void cr_record_complete(CrRecord *record, const CrIntakeRun *run, const char *base_id);

/* ---- fields.c: what a column or key is called, and where it goes ---- */

typedef enum { CR_TARGET_FIELD, CR_TARGET_TEXT, CR_TARGET_META, CR_TARGET_KNOWN } CrTargetKind;
typedef struct {
  CrTargetKind kind;
  gsize member; /* CR_TARGET_FIELD: offset of the char * in CrRecord */
  char *name;   /* CR_TARGET_META, CR_TARGET_KNOWN: the key */
} CrTarget;

/* One target a column of the header. USAGE for a field that does not exist, MISSING_COLUMN for a column of
 * the map that is not there or a header without the text; both list the columns there are. GArray of
 * CrTarget. */
GArray *cr_targets_new(const char *path, const GPtrArray *columns /* char* */, GHashTable *map,
                       GError **error);
/* The member of CrRecord that a field name stands for ("patient"), as a place to write; NULL where there is
 * none. */
char **cr_record_member(CrRecord *record, const char *field);
extern const char *const cr_record_fields[]; /* names, NULL-terminated */
/* The keys that mean the note's text, best first; NULL-terminated. */
extern const char *const cr_text_names[];
/* Lower case, spaces and hyphens as underscores. transfer full */
char *cr_column_key(const char *column);
/* "a, b, c", cut to what fits a message. transfer full */
char *cr_columns_list(const GPtrArray *columns);
/* Sets record->date where value is year-first (ISO 8601, or its compact form); else FALSE. */
gboolean cr_record_set_date(CrRecord *record, const char *value);

/* ---- json-cut.c ---- */
/* The long string that is the value of one of keys in the outermost object, unescaped and valid UTF-8; *key
 * names it, rest gets the line with an empty string in its place. NULL where there is none, or anything about
 * it is not plain: then the line must be parsed whole. */
GByteArray *cr_json_cut(const char *bytes, gsize n_bytes, const char *const *keys, GString *rest, char **key);

/* ---- known-row.c: known identifiers of one CSV row ---- */
typedef struct {
  json_t *known; /* as cli.md's "known", without the name */
  json_t *name;
} CrKnownRow;
void cr_known_row_clear(CrKnownRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrKnownRow, cr_known_row_clear)
/* column: a cr_column_key: given, middle, family, role, dob, date…, phone…, email…, address…, or a kind of
 * id. */
void cr_known_row_set(CrKnownRow *row, const char *column, const char *value);
/* NULL without an error where the row says nothing. BAD_CSV for a role that does not exist. */
CrKnown *cr_known_row_finish(CrKnownRow *row, const char *where, GError **error);
