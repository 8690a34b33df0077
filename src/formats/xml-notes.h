/* Formats of one XML file a note: <ROOT><TEXT><![CDATA[…]]></TEXT><TAGS>elements</TAGS></ROOT> (i2b2 2014,
 * MAE and MedTator). Offsets are code points of the text after the XML reader made every line end one LF. */
#pragma once
#include "formats/formats-private.h"

typedef gboolean (*CrXmlTagFunc)(const char *element, const char **names, const char **values, gpointer data,
                                 GError **error);
/* Reads a file: its text, and func for each element within TAGS. root (may be NULL) gets the name of the
 * outermost element; transfer full. */
gboolean cr_xml_read(const char *path, GString *text, char **root, CrXmlTagFunc func, gpointer data,
                     GError **error);

typedef json_t *(*CrXmlNoteFunc)(const char *path, const char *id, GError **error);
/* A folder of .xml files, or one file. */
gboolean cr_xml_read_files(const char *path, CrXmlNoteFunc read, CrDocumentFunc func,
                           void (*bad)(const GError *error, gpointer user_data), gpointer user_data,
                           GError **error);

/* An attribute's value: what XML would read otherwise, as references. */
void cr_xml_put_attribute(GString *out, const char *name, const char *value, gsize n_bytes);
/* TEXT; "]]>" ends a CDATA section, so the text goes on in the next. */
void cr_xml_put_text(GString *out, const char *text);
/* Whether an XML element can have the name. */
gboolean cr_xml_is_name(const char *name);

/* CrFormat's writer of a folder of such files. */
CrWriter *cr_xml_writer_new(const char *path, const json_t *schema, GError **error);
/* write: the file of a document whose line ends are LF and that has no control characters; transfer full. */
gboolean cr_xml_writer_add(CrWriter *writer, const json_t *document,
                           char *(*write)(const json_t *document, const CrText *text, GPtrArray *not_carried),
                           GPtrArray *not_carried, GError **error);
gboolean cr_xml_writer_finish(CrWriter *writer, GError **error);
void cr_xml_writer_discard(CrWriter *writer);
/* Whether the file, or the first .xml file of the folder, has the words near its start. */
gboolean cr_xml_sniff(const char *path, const char *head, gsize n_head, const char *words);
