/* Errors: one GError domain, one table of codes that users and scripts can name.
 *
 * A function that can fail returns gboolean or a pointer, takes GError **error last and leaves its outputs
 * untouched on failure. The message says what and where (file:record:position), never note text; what to do
 * about it stands in the table beside the code, so that every error of one kind gives the same advice.
 */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

#define CR_EXPORT __attribute__((visibility("default")))

/* How a command ends that meets the error (the CLI contract). */
typedef enum {
  CR_EXIT_DONE = 0,     /* done */
  CR_EXIT_FINDINGS = 1, /* finished with findings: a gate held, verification failed, records quarantined */
  CR_EXIT_USAGE = 2,    /* wrong usage or input */
  CR_EXIT_INTERNAL = 3  /* a fault of the program or the machine */
} CrExit;

/* CODE, "name as users and scripts see it", exit status, "what to do" ("" where the message already says it).
 * Names are stable: tests assert them, messages may improve. Sorted by room. */
#define CR_ERROR_TABLE(X)                                                                                    \
  /* base: files, keys, the machine */                                                                       \
  X(INTERNAL, "internal", CR_EXIT_INTERNAL,                                                                  \
    "this is a fault in Chartroom: report it with the command you ran")                                      \
  X(IO, "io", CR_EXIT_INTERNAL, "check that the path exists and that you may read and write there")          \
  X(DISK_FULL, "disk-full", CR_EXIT_INTERNAL, "free some space and run the command again; nothing was lost") \
  X(NOT_FOUND, "not-found", CR_EXIT_USAGE, "check the name")                                                 \
  X(EXISTS, "exists", CR_EXIT_USAGE, "choose another name")                                                  \
  X(USAGE, "usage", CR_EXIT_USAGE, "see --help")                                                             \
  X(DAMAGED, "damaged", CR_EXIT_USAGE, "restore the file from a backup; nothing was read from it")           \
  X(SEAL_BROKEN, "seal-broken", CR_EXIT_USAGE,                                                               \
    "the data was changed or belongs to another key; restore it from a backup")                              \
  X(WRONG_PASSPHRASE, "wrong-passphrase", CR_EXIT_USAGE, "type it again; no one can recover it for you")     \
  X(NO_PASSPHRASE, "no-passphrase", CR_EXIT_USAGE,                                                           \
    "give --passphrase-file FILE or set CHARTROOM_PASSPHRASE")                                               \
  X(NO_SUCH_MEMBER, "no-such-member", CR_EXIT_USAGE, "see `chartroom member list PROJECT`")                  \
  X(MEMBER_LOCKED, "member-locked", CR_EXIT_USAGE, "a project lead can unlock the member")                   \
  X(NOT_PERMITTED, "not-permitted", CR_EXIT_USAGE, "ask a member who holds the role")                        \
  X(LIMIT, "limit", CR_EXIT_USAGE, "split the input")                                                        \
  /* text */                                                                                                 \
  X(INVALID_UTF8, "invalid-utf8", CR_EXIT_USAGE, "save the file as UTF-8 and try again")                     \
  X(NUL_BYTE, "nul-byte", CR_EXIT_USAGE, "remove the NUL byte: text never holds one")                        \
  X(EMPTY_TEXT, "empty-text", CR_EXIT_USAGE, "leave empty notes out")                                        \
  X(SPAN_OUTSIDE, "span-outside", CR_EXIT_USAGE,                                                             \
    "correct the offsets; they count Unicode code points, half-open")                                        \
  X(SPAN_ORDER, "span-order", CR_EXIT_USAGE, "correct the offsets: start must come before end")              \
  /* tagger */                                                                                               \
  X(BAD_MODEL, "bad-model", CR_EXIT_USAGE, "copy the model again, or train it anew with this program")       \
  X(BAD_TEMPLATE, "bad-template", CR_EXIT_USAGE, "correct the file; data/tagger has examples")               \
  /* store and project */                                                                                    \
  X(NOT_A_PROJECT, "not-a-project", CR_EXIT_USAGE, "name a folder made by `chartroom init`")                 \
  X(PROJECT_LOCKED, "project-locked", CR_EXIT_USAGE, "close the other program that has the project open")    \
  X(NETWORK_FILESYSTEM, "network-filesystem", CR_EXIT_USAGE, "move the project to a local disk")             \
  X(NEWER_VERSION, "newer-version", CR_EXIT_USAGE, "install the newer Chartroom that wrote it")              \
  X(FOREIGN_KEYRING, "foreign-keyring", CR_EXIT_USAGE, "put back the keyring that belongs to this project")  \
  X(STORE_BEHIND, "store-behind", CR_EXIT_USAGE,                                                             \
    "the store is older than its audit trail: restore both from one backup")                                 \
  X(DESTROYED, "destroyed", CR_EXIT_USAGE, "the key was destroyed on purpose; see the certificate")          \
  /* audit */                                                                                                \
  X(AUDIT_BROKEN, "audit-broken", CR_EXIT_FINDINGS,                                                          \
    "keep the files as they are and tell your compliance officer")                                           \
  /* intake, formats */                                                                                      \
  X(BAD_JSON, "bad-json", CR_EXIT_USAGE, "correct the line")                                                 \
  X(LONE_SURROGATE, "lone-surrogate", CR_EXIT_USAGE,                                                         \
    "write the character as UTF-8 or as a full surrogate pair")                                              \
  X(BAD_CSV, "bad-csv", CR_EXIT_USAGE,                                                                       \
    "correct the record; fields with commas, quotes or line breaks are quoted")                              \
  X(MISSING_COLUMN, "missing-column", CR_EXIT_USAGE, "name the column with --map COLUMN=FIELD")              \
  X(MISSING_FIELD, "missing-field", CR_EXIT_USAGE, "add the field")                                          \
  X(DUPLICATE_ID, "duplicate-id", CR_EXIT_FINDINGS, "give each note its own id")                             \
  X(DUPLICATE_CONTENT, "duplicate-content", CR_EXIT_FINDINGS, "the note is already in the project")          \
  X(UNKNOWN_FORMAT, "unknown-format", CR_EXIT_USAGE, "see `chartroom convert --help` for the formats")       \
  X(BAD_BRAT, "bad-brat", CR_EXIT_USAGE, "correct the line")                                                 \
  X(BAD_I2B2, "bad-i2b2", CR_EXIT_USAGE, "correct the line, or the file")                                    \
  X(BAD_XML, "bad-xml", CR_EXIT_USAGE, "correct the file")                                                   \
  X(BAD_COLUMNS, "bad-columns", CR_EXIT_USAGE, "correct the line: a token, then its tag in the last column") \
  X(BAD_GUIDELINES, "bad-guidelines", CR_EXIT_USAGE, "correct the file; data/guidelines has examples")       \
  X(NOT_CARRIED, "not-carried", CR_EXIT_FINDINGS, "choose a format that can carry it")                       \
  X(OFFSET_NOT_PROVED, "offset-not-proved", CR_EXIT_INTERNAL,                                                \
    "nothing was published; report this with the command you ran")                                           \
  /* phi */                                                                                                  \
  X(BAD_RULES, "bad-rules", CR_EXIT_INTERNAL, "reinstall Chartroom, or correct the rule table")              \
  X(BAD_POLICY, "bad-policy", CR_EXIT_USAGE, "correct the policy table; data/rules has examples")            \
  X(ONNX_MODEL, "onnx-model", CR_EXIT_USAGE,                                                                 \
    "correct the model's folder or its table of labels; docs/onnx.md says what they hold")                   \
  X(PDF_LIBRARY, "pdf-library", CR_EXIT_USAGE,                                                               \
    "install libcairo2 and libpangocairo-1.0-0, or ask for Markdown")                                        \
  X(ONNX_RUNTIME, "onnx-runtime", CR_EXIT_USAGE,                                                             \
    "install ONNX Runtime 1.x, and name its library with --onnx-runtime PATH or CHARTROOM_ONNXRUNTIME")      \
  X(BAD_DECISION, "bad-decision", CR_EXIT_USAGE,                                                             \
    "correct the decision; `chartroom review PROJECT show NOTE` lists what there is")                        \
  /* labels */                                                                                               \
  X(LABEL_TEXT, "label-text", CR_EXIT_USAGE,                                                                 \
    "correct the offsets, or let --repair move the labels that fit one place only")                          \
  X(LABEL_UNKNOWN, "label-unknown", CR_EXIT_USAGE,                                                           \
    "use the labels of the published guidelines; `chartroom guidelines PROJECT show`")                       \
  X(LABEL_VALUE, "label-value", CR_EXIT_USAGE,                                                               \
    "use the attributes, values and choices of the published guidelines")                                    \
  X(LABEL_RELATION, "label-relation", CR_EXIT_USAGE,                                                         \
    "link entities of the file, as the published guidelines allow")                                          \
  X(LABEL_OLD_GUIDELINES, "label-old-guidelines", CR_EXIT_USAGE,                                             \
    "read the notes again under the published guidelines")                                                   \
  X(NO_TASK, "no-task", CR_EXIT_USAGE, "the note must be assigned to the reader first; `chartroom assign`")  \
  X(NOT_COMPARABLE, "not-comparable", CR_EXIT_USAGE,                                                         \
    "give the same notes, with the same text, from each reader")                                             \
  /* gates */                                                                                                \
  X(GATE_CLEAR, "gate-clear", CR_EXIT_FINDINGS, "`chartroom status PROJECT` says what is missing")           \
  X(GATE_GUIDELINES, "gate-guidelines", CR_EXIT_FINDINGS, "publish a guidelines version first")              \
  X(GATE_PILOT, "gate-pilot", CR_EXIT_FINDINGS,                                                              \
    "finish the pilot; below the floor, publish clearer guidelines and read a new round")                    \
  X(GATE_EXPORT, "gate-export", CR_EXIT_FINDINGS, "`chartroom status PROJECT` says what is missing")         \
  X(WRONG_STATE, "wrong-state", CR_EXIT_FINDINGS, "`chartroom status PROJECT` shows where each note is")

#define CR_ERROR_ENUM_(code, name, exit_status, advice) CR_ERROR_##code,
typedef enum { CR_ERROR_TABLE(CR_ERROR_ENUM_) CR_ERROR_N_CODES } CrErrorCode;

#define CR_ERROR (cr_error_quark())
CR_EXPORT GQuark cr_error_quark(void);

/* The stable name ("invalid-utf8"), the exit status and the advice of an error of the domain; for errors of
 * other domains "internal", CR_EXIT_INTERNAL and that row's advice. Borrowed, static. */
CR_EXPORT const char *cr_error_name(const GError *error);
CR_EXPORT CrExit cr_error_exit(const GError *error);
CR_EXPORT const char *cr_error_advice(const GError *error);

/* The code that a name stands for, or -1. */
CR_EXPORT int cr_error_code_from_name(const char *name);

G_END_DECLS
