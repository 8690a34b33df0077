/* Inside guidelines/: a source is the JSON tree of a file with the line of each value; it is read into a
 * CrGuidelines once, checked in full, and never changes afterwards. */
#pragma once
#include <chartroom/guidelines.h>

struct CrGuidelines {
  char *title;
  char *markdown;        /* "" where there is none */
  GPtrArray *labels;     /* CrGuidelinesLabel */
  GPtrArray *attributes; /* CrGuidelinesAttribute */
  GPtrArray *relations;  /* CrGuidelinesRelation */
  GPtrArray *questions;  /* CrGuidelinesQuestion */
};

CrGuidelines *cr_guidelines_new_empty(void);

#define CR_GUIDELINES_MAX_BYTES ((gsize)4 * 1024 * 1024)
#define CR_GUIDELINES_MAX_DEPTH 32
#define CR_GUIDELINES_MAX_NODES 200000u
#define CR_GUIDELINES_MAX_ITEMS 1000u /* of labels, attributes, relations, questions, names in a list */

typedef struct {
  const char *path;  /* NULL: from memory */
  json_t *root;      /* owned */
  GHashTable *lines; /* json_t * -> line from 1; a value that shares its node with others (true, null) has
                        none */
} CrGuidelinesSource;

/* path decides between YAML and JSON. YAML scalars become strings (null for an empty one): what a "yes" means
 * depends on where it stands. Anchors, aliases, tags and repeated keys are refused. */
gboolean cr_guidelines_source_load(CrGuidelinesSource *source, const char *path,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_guidelines_source_yaml(CrGuidelinesSource *source, const char *bytes, gsize n_bytes,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cr_guidelines_source_json(CrGuidelinesSource *source, const char *bytes, gsize n_bytes,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_guidelines_source_clear(CrGuidelinesSource *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrGuidelinesSource, cr_guidelines_source_clear)
/* BAD_GUIDELINES "path:line: message"; where may be NULL, line 0 is left out. */
void cr_guidelines_bad(GError **error, const CrGuidelinesSource *source, const json_t *where,
                       const char *format, ...) G_GNUC_PRINTF(4, 5);
void cr_guidelines_bad_line(GError **error, const char *path, guint line, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* The checked object. With source->path, a "text" that ends in .md names a file beside it. */
CrGuidelines *cr_guidelines_read(const CrGuidelinesSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The name of a list nearest to given by edit distance, letter case apart; NULL where none is near (more than
 * half of it would change). Borrowed from names. */
const char *cr_guidelines_nearest(const char *given, const char *const *names);
/* Names of labels or attributes, in order; the strings are borrowed, free the array with g_free. */
const char **cr_guidelines_names(const GPtrArray *items);
