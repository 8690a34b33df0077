/* Version 1 of the tables that the engine itself keeps: settings, and the outbox of audit lines. */
#pragma once

#include <stddef.h>

static const char *const schema_core_both[] = {
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID", NULL};

static const char *const schema_core_work[] = {
    "CREATE TABLE outbox(log_start INTEGER PRIMARY KEY, log_end INTEGER NOT NULL, lines BLOB NOT NULL)",
    "CREATE TABLE trail(one INTEGER PRIMARY KEY CHECK(one=1), log_end INTEGER NOT NULL, state BLOB NOT NULL)",
    NULL};
