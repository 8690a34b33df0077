/* Inside base: syncing a folder by an injected table. */
#pragma once
#include "base/base.h"

gboolean cr_dir_sync_by(const CrIo *io, const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
