/* sqlite3mc.c: SQLite3 Multiple Ciphers as this program builds it: the pinned amalgamation, and in front of
 * its reading from files a stricter function.
 *
 * The amalgamation's own function goes on where the disk failed to read: a write-ahead log that can't be read
 * then looks like one that ends early, and what was committed is dropped. And eight bytes of page 1 lie
 * outside the cipher (page size, reserved bytes and others that never change): changed ones would be
 * believed. */
#include "sqlite3.c" /* NOLINT(bugprone-suspicious-include) */

static int
decrypt_read(sqlite3_file *file, void *buffer, int n_bytes, sqlite3_int64 offset)
{
  int flags = ((sqlite3mc_file *)file)->openFlags;
  if (flags & SQLITE_OPEN_MAIN_DB)
    return mcReadMainDb(file, buffer, n_bytes, offset);
  if (flags & SQLITE_OPEN_MAIN_JOURNAL)
    return mcReadMainJournal(file, buffer, n_bytes, offset);
  if (flags & SQLITE_OPEN_SUBJOURNAL)
    return mcReadSubJournal(file, buffer, n_bytes, offset);
  if (flags & SQLITE_OPEN_WAL)
    return mcReadWal(file, buffer, n_bytes, offset);
  return SQLITE_OK;
}

static Codec *
codec_of(sqlite3_file *file)
{
  sqlite3mc_file *mine = (sqlite3mc_file *)file;
  sqlite3mc_file *main_db = mine->openFlags & SQLITE_OPEN_MAIN_DB ? mine : mine->pMainDb;
  return main_db && main_db->codec && sqlite3mcIsEncrypted(main_db->codec) ? main_db->codec : NULL;
}

/* Only a decrypted page 1 begins with the name of the format. */
static int
is_first_page(Codec *codec, const unsigned char *page, int n_bytes)
{
  return n_bytes >= 24 && n_bytes == sqlite3mcGetPageSize(codec) && memcmp(page, SQLITE_FILE_HEADER, 16) == 0;
}

static int
clear_bytes_are_right(Codec *codec, const unsigned char *page, int n_bytes)
{
  const unsigned char log = page[18] == 1 ? 1 : 2; /* 1 only until the log is switched on */
  const unsigned char expected[] = {(unsigned char)(n_bytes >> 8),
                                    (unsigned char)(n_bytes >> 16),
                                    log,
                                    log,
                                    (unsigned char)sqlite3mcGetReservedReadCipher(codec),
                                    64,
                                    32,
                                    32};
  return memcmp(page + 16, expected, sizeof expected) == 0;
}

/* The engine takes what is missing of a page for zeros; a page that was written is there whole. */
static int
is_cut_page(Codec *codec, sqlite3_file *file, int rc, int n_bytes)
{
  return rc == SQLITE_IOERR_SHORT_READ && ((sqlite3mc_file *)file)->openFlags & SQLITE_OPEN_MAIN_DB &&
         codec && n_bytes == sqlite3mcGetPageSize(codec);
}

static int
checked_read(sqlite3_file *file, void *buffer, int n_bytes, sqlite3_int64 offset)
{
  Codec *codec = codec_of(file);
  int rc = REALFILE(file)->pMethods->xRead(REALFILE(file), buffer, n_bytes, offset);
  if (is_cut_page(codec, file, rc, n_bytes))
    return SQLITE_CORRUPT;
  if (rc == SQLITE_OK)
    rc = decrypt_read(file, buffer, n_bytes, offset);
  if (rc == SQLITE_OK && codec && is_first_page(codec, buffer, n_bytes) &&
      !clear_bytes_are_right(codec, buffer, n_bytes))
    return SQLITE_NOTADB;
  return rc;
}

__attribute__((constructor)) static void
install_checked_read(void)
{
  mcIoMethodsGlobal1.xRead = mcIoMethodsGlobal2.xRead = mcIoMethodsGlobal3.xRead = checked_read;
}
