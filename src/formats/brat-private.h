/* brat standoff: the lines of .ann files and what a document makes of them. */
#pragma once
#include "formats/formats-private.h"

typedef enum {
  CR_BRAT_ENTITY,    /* T1<TAB>Type 0 3;4 7<TAB>text */
  CR_BRAT_RELATION,  /* R1<TAB>Type Role:T1 Role:T2 */
  CR_BRAT_EVENT,     /* E1<TAB>Type:T3 Role:T1 … */
  CR_BRAT_ATTRIBUTE, /* A1<TAB>Name T1 [value]; M1 in old files */
  CR_BRAT_CODE,      /* N1<TAB>Reference T1 SYSTEM:CODE<TAB>display */
  CR_BRAT_NOTE,      /* #1<TAB>AnnotatorNotes T1<TAB>free text */
  CR_BRAT_EQUIV,     /* *<TAB>Equiv T1 T2 … */
  CR_BRAT_COMMENT    /* any other line that starts with #, or an empty one: kept as it stands */
} CrBratKind;

typedef struct {
  char *role, *target;
} CrBratArgument;

/* One line taken apart. Strings owned, NULL where the kind has none. */
typedef struct {
  CrBratKind kind;
  char *id, *type;
  GArray *pieces;       /* T: of CrSpan, code points */
  GPtrArray *arguments; /* R, E (the first is the trigger, role NULL), *, A, N, #: of CrBratArgument */
  char *value;          /* A: the value, NULL for none; N: the system; #: the text; T: the text */
  char *code, *display; /* N */
} CrBratLine;

CrBratLine *cr_brat_line_new(CrBratKind kind, const char *id, const char *type);
/* NULL with a message that says what is wrong with the line (BAD_BRAT). */
CrBratLine *cr_brat_line_parse(const char *bytes, gsize n_bytes, GError **error);
void cr_brat_line_free(CrBratLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrBratLine, cr_brat_line_free)
void cr_brat_line_add(CrBratLine *line, const char *role, const char *target);
const char *cr_brat_line_target(const CrBratLine *line, guint i); /* borrowed */
/* The line as brat itself writes it, without its end. */
void cr_brat_line_format(const CrBratLine *line, GString *out);
/* What the line says, as a string: equal for two lines that say the same. Ids of A, M, N and * lines mean
 * nothing and are left out. transfer full */
char *cr_brat_line_key(const CrBratLine *line);

/* Whether the T line's text is what stands at its pieces: joined by one space, or by none (brat before 1.3),
 * a line break or tab in the note standing as a space in the line. text in code points is sliced by bytes. */
gboolean cr_brat_text_fits(const CrText *text, const GArray *byte_pieces, const char *said);

/* brat cannot hold a line break or a tab inside a piece. split: pieces cut there, without the break; join:
 * pieces with nothing but breaks between them made one again. Both give new arrays, code points. */
gboolean cr_brat_is_break(gunichar c);
/* Not empty, without white space, control characters and those of forbidden (ASCII): what a type, role or id
 * is. */
gboolean cr_brat_is_word(const char *s, const char *forbidden);
/* Without breaks; a tab is let pass where it ends no column. */
gboolean cr_brat_is_line(const char *s, gboolean with_tabs);
GArray *cr_brat_split(const CrText *text, const GArray *pieces);
GArray *cr_brat_join(const CrText *text, const GArray *pieces);

/* The extensions of annotation files: "ann", or the shared tasks' "a1", "a2", "rel", "co". NULL-terminated.
 */
extern const char *const cr_brat_extensions[];

/* brat-facts.c: all that a document says, as lines in the order brat writes them; what no line can say goes
 * to not_carried. GPtrArray of CrBratLine. */
GPtrArray *cr_brat_lines_of(const json_t *document, const CrText *text, GPtrArray *not_carried,
                            GError **error);

/* brat-conf.c: annotation.conf and visual.conf for what was written. */
typedef struct CrBratTypes CrBratTypes;
CrBratTypes *cr_brat_types_new(const json_t *schema);
void cr_brat_types_free(CrBratTypes *types);
void cr_brat_types_add(CrBratTypes *types, const GPtrArray *lines);
gboolean cr_brat_types_write(const CrBratTypes *types, const char *folder, GError **error);
