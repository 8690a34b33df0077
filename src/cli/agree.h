/* agree: what its files share. Each reads its input whole and returns the JSON object of cli.md. */
#pragma once
#include "cli/cli.h"

/* One label file a reader, JSON lines. Errors name file:line. New reference. */
json_t *cr_agree_files(char **paths, guint n_readers, guint64 seed, guint n_resamples, GError **error);
/* A CSV table of ratings. New reference. */
json_t *cr_agree_ratings(const char *path, const char *level, GError **error);

/* Where a record stands, before what is wrong with it: "path:line: …". Both return FALSE. */
typedef struct {
  const char *path;
  guint64 line;
} CrPlace;
gboolean cr_place_refuse(GError **error, CrPlace place, int code, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
gboolean cr_place_refuse_because(GError **error, CrPlace place, GError *why); /* takes why */

/* agree-insight.c: `agree PROJECT --insight`; the exit status. */
int cr_agree_insight(CrCli *cli, CrProject *p, const char *batch, guint n_questions, gboolean table);
