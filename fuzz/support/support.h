/* What the fuzz targets share. A target is one file of targets/: a function that takes any bytes and ends
 * the process where a promise of the code under it does not hold. Built with -Dfuzz=true it is a libFuzzer
 * program; else replay.c runs it over its corpus as a test. */
#pragma once
#include <chartroom/json.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where a promise does not hold. */
void fuzz_check(gboolean held, const char *what);

/* A refusal carries an error of the one domain, with a message that can be printed. Clears it; always 0. */
int fuzz_refused(GError **error);

/* An input of several files: cut at lines "====". What is not there is empty. */
typedef struct {
  const uint8_t *data;
  size_t size;
} FuzzPart;
void fuzz_parts(const uint8_t *data, size_t size, FuzzPart *parts, guint n_parts);

/* A folder of this process, in memory where the machine has such a place; removed at exit. Borrowed. */
const char *fuzz_folder(void);
/* Writes a file there. transfer full: its path */
char *fuzz_file(const char *name, const uint8_t *data, size_t size);
char *fuzz_file_string(const char *name, const char *content);

/* Equal when written with sorted keys. */
gboolean fuzz_json_equal(const json_t *a, const json_t *b);
