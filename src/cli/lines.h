/* lines: the JSON lines files that people write for a command (docs/files.md). */
#pragma once
#include <chartroom/json.h>

/* The lines of a file ("-": standard input) as an array of objects, empty lines left out. BAD_JSON names file
 * and line. */
json_t *cr_cli_read_lines(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "20%", "20 %", "0.2" as 0.2. USAGE beyond 0 and 100 %. */
gboolean cr_cli_parse_share(const char *given, double *share, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A whole number from 0; USAGE. option: its name, for the message. */
gboolean cr_cli_parse_number(const char *option, const char *given, gint64 *number,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Members of an object for printing: "" and 0 where absent. */
const char *cr_cli_text(const json_t *object, const char *key);
gint64 cr_cli_int(const json_t *object, const char *key);
/* Each item of the array on a line. */
void cr_cli_print_json_lines(const json_t *list);
