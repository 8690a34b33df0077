/* An ONNX Runtime that is none: it says the version that RUNTIME_SHIM_VERSION names and has no functions.
 * Where that is "socket", it says instead what became of an attempt to open one: a library that the program
 * loads stands behind the same filter as the program. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef struct {
  const void *(*table_of)(uint32_t);
  const char *(*version)(void);
} Entry;

const Entry *OrtGetApiBase(void) __attribute__((visibility("default")));

static const void *
table_of(uint32_t version)
{
  return NULL;
}

static const char *
version(void)
{
  static char said[100];
  const char *wanted = getenv("RUNTIME_SHIM_VERSION");
  if (!wanted || strcmp(wanted, "socket") != 0)
    return wanted;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  snprintf(said, sizeof said, "0 %s", fd >= 0 ? "opened a socket" : strerror(errno));
  return said;
}

const Entry *
OrtGetApiBase(void)
{
  static const Entry entry = {table_of, version};
  return &entry;
}
