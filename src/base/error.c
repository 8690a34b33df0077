/* error.c: the table of error.h as rows that can be looked up. */
#include "base/base.h"

GQuark
cr_error_quark(void)
{
  return g_quark_from_static_string("chartroom-error-quark");
}

typedef struct {
  const char *name;
  CrExit exit_status;
  const char *advice;
} ErrorRow;

#define ERROR_ROW(code, name, exit_status, advice) [CR_ERROR_##code] = {name, exit_status, advice},
static const ErrorRow rows[] = {CR_ERROR_TABLE(ERROR_ROW)};

/* Errors of other domains (GLib's own) are faults of the program: it should have said what they mean. */
static const ErrorRow *
row_of(const GError *error)
{
  if (!error || error->domain != CR_ERROR || error->code < 0 || error->code >= CR_ERROR_N_CODES)
    return &rows[CR_ERROR_INTERNAL];
  return &rows[error->code];
}

const char *
cr_error_name(const GError *error)
{
  return row_of(error)->name;
}

CrExit
cr_error_exit(const GError *error)
{
  return row_of(error)->exit_status;
}

const char *
cr_error_advice(const GError *error)
{
  return row_of(error)->advice;
}

int
cr_error_code_from_name(const char *name)
{
  for (int i = 0; i < CR_ERROR_N_CODES; i++)
    if (g_strcmp0(rows[i].name, name) == 0)
      return i;
  return -1;
}

char *
cr_error_excerpt(const char *given, gsize max_chars)
{
  g_autofree char *valid = g_utf8_make_valid(given, -1);
  GString *out = g_string_new(NULL);
  const char *p = valid;
  for (gsize n = 0; *p && n < max_chars; n++, p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    g_string_append_unichar(out, g_unichar_isprint(c) ? c : '?');
  }
  return g_string_free(g_string_append(out, *p ? "…" : ""), FALSE);
}
