/* surrogates: the maps of a project's patients while notes are cleared. What a note used of its patient's map
 * is a piece of the note (kind "surrogates"), sealed with the note's key: who destroys the original destroys
 * it. */
#pragma once
#include "workflow/workflow-private.h"
#include <chartroom/surrogate.h>

typedef struct CrProjectSurrogates CrProjectSurrogates;
/* Opens every original once: no surrogate may be somebody's real name or number. */
CrProjectSurrogates *cr_project_surrogates_new(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cr_project_surrogates_free(CrProjectSurrogates *surrogates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrProjectSurrogates, cr_project_surrogates_free)
/* The map of the note's patient, with nothing marked as used; borrowed, good until the next call. */
CrSurrogates *cr_project_surrogates_for(CrProjectSurrogates *surrogates, const char *note,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Keeps what the note used, in the running transaction, and files what the export scan asks about surrogates
 * as answered ("surrogate"): what touches one and is not asked of the same note with tags (tagged). So the
 * scan asks what it would ask had there been tags, and nothing less. */
gboolean cr_project_surrogates_keep(CrProjectSurrogates *surrogates, const char *note, CrSurrogates *map,
                                    const CrRedaction *redaction, const CrRedaction *tagged,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
