/* The formats there are. */
#include "formats/formats-private.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the order they are asked whether a file is theirs: our own JSON lines take what no other claims. */
static const CrFormat *const formats[] = {&cr_format_csv,          &cr_format_brat,    &cr_format_i2b2_2010,
                                          &cr_format_i2b2_2014,    &cr_format_mae,     &cr_format_conll,
                                          &cr_format_huggingface,  &cr_format_prodigy, &cr_format_doccano,
                                          &cr_format_label_studio, &cr_format_jsonl,   NULL};

const CrFormat *const *
cr_formats(void)
{
  return formats;
}

const CrFormat *
cr_format_find(const char *name)
{
  for (gsize i = 0; formats[i] != NULL; i++)
    if (strcmp(formats[i]->name, name) == 0)
      return formats[i];
  return NULL;
}

/* Nothing for folders, and for files that are not regular: reading a pipe would take its bytes. */
static gsize
read_head(const char *path, char *head, gsize n_head)
{
  struct stat st;
  if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
    return 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, head, n_head) : 0;
  if (fd >= 0)
    close(fd);
  return n > 0 ? (gsize)n : 0;
}

const CrFormat *
cr_format_sniff(const char *path)
{
  char head[4096];
  gsize n_head = read_head(path, head, sizeof head);
  for (gsize i = 0; formats[i] != NULL; i++)
    if (formats[i]->sniff(path, head, n_head))
      return formats[i];
  return NULL;
}

char *
cr_format_ending(const CrFormat *format)
{
  if (format->extension == NULL)
    return NULL;
  return strcmp(format->extension + 1, format->name) == 0
             ? g_strdup(format->extension)
             : g_strconcat(".", format->name, format->extension, NULL);
}
