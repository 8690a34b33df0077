/* Formats of JSON values of another shape than ours, a document each: one a line, or all in one list. A shape
 * says how a value becomes a document of cli.md and back; the rest is shared. */
#pragma once
#include "formats/formats-private.h"

typedef struct {
  gboolean is_list; /* written as one JSON list, else as lines; both are read */
  /* What a value holds, handed to take one document after the other: most hold one. where: "file:line". */
  gboolean (*read)(const json_t *value, const char *where,
                   gboolean (*take)(json_t *document, gpointer data, GError **error), gpointer data,
                   GError **error);
  /* A new reference. text: of the document, checked. */
  json_t *(*write)(const json_t *document, const CrText *text, GPtrArray *not_carried, GError **error);
} CrShape;

/* CrFormat's functions for a shape: document ids that are missing are made, each document is checked. */
gboolean cr_shape_read(const CrShape *shape, const char *path, CrDocumentFunc func,
                       void (*bad)(const GError *error, gpointer user_data), gpointer user_data,
                       GError **error);
struct CrWriter;
CrWriter *cr_shape_writer_new(const CrShape *shape, const char *path, GError **error);
gboolean cr_shape_writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried,
                             GError **error);
gboolean cr_shape_writer_finish(CrWriter *writer, GError **error);
void cr_shape_writer_discard(CrWriter *writer);

/* The CrFormat NAME of SHAPE. */
#define CR_SHAPE_FUNCTIONS(shape)                                                                            \
  static gboolean read_path(const char *path, CrDocumentFunc func,                                           \
                            void (*bad)(const GError *error, gpointer user_data), gpointer user_data,        \
                            GError **error)                                                                  \
  {                                                                                                          \
    return cr_shape_read(&(shape), path, func, bad, user_data, error);                                       \
  }                                                                                                          \
  static CrWriter *writer_new(const char *path, const json_t *schema, GError **error)                        \
  {                                                                                                          \
    return cr_shape_writer_new(&(shape), path, error);                                                       \
  }

/* ---- what shapes share ---- */

/* Moves the members of value that are not named into a member `keep` of document: what the format has beyond
 * ours, so that it can be written again. Nothing where there are none. */
void cr_shape_keep(json_t *document, const char *keep, const json_t *value, const char *const *named);
/* Puts the kept members back where value has none of the name. */
void cr_shape_restore(json_t *value, const json_t *document, const char *keep);
/* A string or a whole number as a string; NULL for anything else. transfer full */
char *cr_shape_id(const json_t *value);
/* A member that has to be there. NULL with MISSING_FIELD. Borrowed. */
const json_t *cr_shape_member(const json_t *object, const char *name, const char *where, GError **error);
/* Adds an entity of one piece; attributes may be NULL. Returns it, borrowed from entities. */
json_t *cr_shape_add_entity(json_t *entities, const char *id, const json_t *start, const json_t *end,
                            const char *label);
/* Lists members of the document, of its entities and relations that the format has no place for. */
void cr_shape_not_carried(GPtrArray *not_carried, const json_t *document, const char *const *members,
                          const char *const *of_entities, const char *const *of_relations);
