/* report: a paper of headings, paragraphs and tables, written as Markdown or as PDF. Words in, bytes out: it
 * knows nothing of what they mean. */
#pragma once
#include <chartroom/error.h>

typedef struct CrPaper CrPaper;

/* title: the first heading and the document's title. */
CrPaper *cr_paper_new(const char *title);
void cr_paper_free(CrPaper *paper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrPaper, cr_paper_free)
void cr_paper_add_heading(CrPaper *paper, const char *text);
void cr_paper_add_paragraph(CrPaper *paper, const char *text);
/* Begins a table. headers: NULL-terminated; alignment: 'l' or 'r' for each. */
void cr_paper_add_table(CrPaper *paper, const char *const *headers, const char *alignment);
/* A row of the table begun last; as many cells as it has headers. */
void cr_paper_add_row(CrPaper *paper, const char *const *cells);

char *cr_paper_to_markdown(const CrPaper *paper); /* transfer full */
/* A4, page numbers, headers repeated on each page. time: ISO 8601, of the document; the same paper and time
 * give the same bytes on one machine. PDF_LIBRARY where cairo or pango are not on the machine. */
GBytes *cr_paper_to_pdf(const CrPaper *paper, const char *time, GError **error) G_GNUC_WARN_UNUSED_RESULT;
