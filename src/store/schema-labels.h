/* Tables of the second half of the workflow, from published guidelines to release (work.db). Included by the
 * migration runner alone; statements run in order, and a later version only appends.
 *
 * What a reader found stands in the journal as boxes sealed with that reader's findings key: who holds the
 * work key alone sees how many operations there are, never what they say. */
#pragma once
#include <stddef.h>

static const char *const schema_labels_work[] = {
    "CREATE TABLE guidelines(version INTEGER PRIMARY KEY, json TEXT NOT NULL, markdown TEXT NOT NULL,"
    " sha256 TEXT NOT NULL, member TEXT NOT NULL, time_us INTEGER NOT NULL) STRICT",

    /* A reading batch. round counts from 1; guidelines is the version published when the round began. */
    "CREATE TABLE reading_batch(name TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, pilot INTEGER NOT NULL,"
    " seed INTEGER NOT NULL, overlap REAL NOT NULL, round INTEGER NOT NULL, guidelines INTEGER NOT NULL,"
    " time_us INTEGER NOT NULL, sample_share REAL NOT NULL DEFAULT 0, sha256 TEXT, signature TEXT) STRICT",
    /* Which notes a batch holds: a note is in one batch at a time. sha256: of the set that was approved. */
    "CREATE TABLE reading_note(note TEXT PRIMARY KEY, batch TEXT NOT NULL REFERENCES reading_batch(name),"
    " seq INTEGER NOT NULL, sha256 TEXT) STRICT, WITHOUT ROWID",
    "CREATE INDEX reading_note_batch ON reading_note(batch, seq)",
    /* state: open, done; void and closed tasks are history (leak reported, an earlier round). */
    "CREATE TABLE task(batch TEXT NOT NULL, round INTEGER NOT NULL, note TEXT NOT NULL, reader TEXT NOT NULL,"
    " state TEXT NOT NULL, guidelines INTEGER NOT NULL, time_us INTEGER NOT NULL,"
    " PRIMARY KEY(batch, round, note, reader)) STRICT, WITHOUT ROWID",
    /* Whoever reports a leak: the note is out of every queue at once. */
    "CREATE TRIGGER document_leak AFTER UPDATE OF state ON document WHEN new.state='leak' BEGIN"
    " DELETE FROM reading_note WHERE note=new.id;"
    " UPDATE task SET state='void' WHERE note=new.id AND state IN ('open','done'); END",
    "CREATE INDEX task_note ON task(note, reader)",
    "CREATE INDEX task_reader ON task(reader, state)",

    /* Append-only. text: SHA-256 of the cleared text the operation speaks of; another text, another fold. */
    "CREATE TABLE finding_op(id TEXT PRIMARY KEY, note TEXT NOT NULL, reader TEXT NOT NULL, seq INTEGER NOT "
    "NULL,"
    " text TEXT NOT NULL, guidelines INTEGER NOT NULL, time_us INTEGER NOT NULL, origin TEXT NOT NULL,"
    " box BLOB NOT NULL, UNIQUE(note, reader, seq)) STRICT",

    "CREATE TABLE agreement(id INTEGER PRIMARY KEY, batch TEXT NOT NULL, round INTEGER NOT NULL,"
    " guidelines INTEGER NOT NULL, member TEXT NOT NULL, time_us INTEGER NOT NULL, seed INTEGER NOT NULL,"
    " inputs TEXT NOT NULL, n_notes INTEGER NOT NULL, json TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT",
    "CREATE INDEX agreement_batch ON agreement(batch, id)",

    /* state: part (some differences are open), second (waits for a second senior reviewer), final. */
    "CREATE TABLE resolution(id INTEGER PRIMARY KEY, note TEXT NOT NULL, resolver TEXT NOT NULL,"
    " time_us INTEGER NOT NULL, guidelines INTEGER NOT NULL, inputs TEXT NOT NULL, state TEXT NOT NULL,"
    " flags TEXT NOT NULL, sha256 TEXT NOT NULL, signature TEXT, box BLOB NOT NULL) STRICT",
    "CREATE INDEX resolution_note ON resolution(note, id)",

    /* The sample that a senior reviewer looks at. state: open, ok, flag. */
    "CREATE TABLE quality(batch TEXT NOT NULL, round INTEGER NOT NULL, note TEXT NOT NULL, state TEXT NOT "
    "NULL,"
    " member TEXT, time_us INTEGER NOT NULL, box BLOB, PRIMARY KEY(batch, round, note)) STRICT, WITHOUT "
    "ROWID",

    "CREATE TABLE leak_report(id INTEGER PRIMARY KEY, note TEXT NOT NULL, member TEXT NOT NULL,"
    " time_us INTEGER NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL) STRICT",
    "CREATE INDEX leak_report_note ON leak_report(note, id)",
    "CREATE TABLE guidelines_question(id TEXT PRIMARY KEY, note TEXT NOT NULL, reader TEXT NOT NULL,"
    " time_us INTEGER NOT NULL, guidelines INTEGER NOT NULL, box BLOB NOT NULL) STRICT",

    "CREATE TABLE data_release(id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, member TEXT NOT NULL,"
    " time_us INTEGER NOT NULL, json TEXT NOT NULL, receipt_sha256 TEXT NOT NULL) STRICT",
    NULL,
};

static const char *const schema_labels_vault[] = {NULL};
