/* Version 1 of the tables of review.h. */
#pragma once

static const char *const schema_review_work[] = {
    "CREATE TABLE review(note TEXT NOT NULL, reviewer TEXT NOT NULL, complete INTEGER NOT NULL, hash TEXT "
    "NOT NULL,"
    " PRIMARY KEY(note, reviewer)) WITHOUT ROWID",
    "CREATE TABLE review_signature(batch TEXT NOT NULL, reviewer TEXT NOT NULL, hash TEXT NOT NULL,"
    " signature TEXT NOT NULL, PRIMARY KEY(batch, reviewer)) WITHOUT ROWID",
    "CREATE TABLE scan_finding(key TEXT PRIMARY KEY, note TEXT NOT NULL, kind TEXT NOT NULL, start INTEGER "
    "NOT NULL,"
    " \"end\" INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT) WITHOUT ROWID",
    "CREATE INDEX scan_finding_note ON scan_finding(note)",
    "CREATE TABLE gate_override(id INTEGER PRIMARY KEY, gate TEXT NOT NULL, scope TEXT, reason TEXT NOT NULL,"
    " lead TEXT NOT NULL, second TEXT NOT NULL, time_us INTEGER NOT NULL)",
    "CREATE INDEX scan_finding_status ON scan_finding(status)",
    NULL};

static const char *const schema_review_vault[] = {NULL};
