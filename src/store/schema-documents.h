/* Version 1 of the tables of documents.h. */
#pragma once

static const char *const schema_documents_work[] = {
    "CREATE TABLE document(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, batch TEXT NOT NULL, patient "
    "TEXT NOT NULL,"
    " state TEXT NOT NULL, type TEXT, specialty TEXT, author_role TEXT, language TEXT, year INTEGER NOT NULL "
    "DEFAULT 0,"
    " n_candidates INTEGER NOT NULL DEFAULT 0, n_disputes INTEGER NOT NULL DEFAULT 0, cleared_sha256 TEXT)",
    /* Apart, so that lists and changes of state touch no text. */
    "CREATE TABLE cleared_text(seq INTEGER PRIMARY KEY REFERENCES document(seq), text TEXT NOT NULL)",
    "CREATE INDEX document_state ON document(state, batch)", "CREATE INDEX document_batch ON document(batch)",
    NULL};

static const char *const schema_documents_vault[] = {
    /* In order of import: notes lie one after the other, and only their short codes are sorted. */
    "CREATE TABLE original(seq INTEGER PRIMARY KEY, note TEXT NOT NULL UNIQUE, source_key TEXT NOT NULL,"
    " content_key TEXT NOT NULL, source BLOB, text BLOB, known BLOB, tx INTEGER NOT NULL)",
    "CREATE INDEX original_source ON original(source_key)",
    "CREATE INDEX original_content ON original(content_key)",
    "CREATE INDEX original_tx ON original(tx)",
    "CREATE TABLE document_key(seq INTEGER PRIMARY KEY, note TEXT NOT NULL UNIQUE, wrapped BLOB, tx INTEGER "
    "NOT NULL)",
    "CREATE INDEX document_key_tx ON document_key(tx)",
    "CREATE TABLE patient(key TEXT PRIMARY KEY, code TEXT NOT NULL UNIQUE) WITHOUT ROWID",
    "CREATE TABLE piece(id INTEGER PRIMARY KEY, note TEXT NOT NULL, kind TEXT NOT NULL, member TEXT NOT "
    "NULL, box BLOB,"
    " tx INTEGER NOT NULL)",
    "CREATE INDEX piece_note ON piece(note, kind, member)",
    "CREATE INDEX piece_tx ON piece(tx)",
    "CREATE TABLE quarantine(id INTEGER PRIMARY KEY, batch TEXT NOT NULL, box BLOB, tx INTEGER NOT NULL)",
    NULL};
