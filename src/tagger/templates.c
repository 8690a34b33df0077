/* Feature templates: "skip CLASS…" names the classes of words that identify nobody among their like (a word
 * of no other class, with such words on both sides, is outside without a look); "context document" lets
 * offsets reach beyond the line; what stands behind a line "pass 2" belongs to the second pass alone. Else
 * one template a line, "column[offset] column[offset]"; "column[a..b]" stands for one template an offset;
 * "class[a..b]" makes one feature of each class of the token there. "#" starts a comment. A feature exists
 * where all its parts do. */
#include "tagger-private.h"
#include <stdlib.h>
#include <string.h>

#define MAX_OFFSET CR_MAX_OFFSET

static const char *const column_names[] = {
#define CR_COLUMN_NAME_(code, name) name,
    CR_COLUMN_TABLE(CR_COLUMN_NAME_)};

static int
column_find(const char *name)
{
  for (guint i = 0; i < CR_N_COLUMNS; i++)
    if (g_str_equal(column_names[i], name))
      return (int)i;
  return -1;
}

typedef struct {
  gboolean each_class;
  guint8 column;
  int low, high;
} Part;

/* "word[-1]", "word[-4..4]", "class[0]" */
static gboolean
parse_part(char *text, Part *part)
{
  char *open = strchr(text, '['), *end = NULL;
  if (open == NULL)
    return FALSE;
  *open++ = '\0';
  part->each_class = g_str_equal(text, "class");
  const int column = part->each_class ? CR_COL_CLASSES : column_find(text);
  if (column < 0)
    return FALSE;
  part->column = (guint8)column;
  part->low = part->high = (int)strtol(open, &end, 10);
  if (end == open)
    return FALSE;
  if (g_str_has_prefix(end, "..")) {
    open = end + 2;
    part->high = (int)strtol(open, &end, 10);
    if (end == open)
      return FALSE;
  }
  return g_str_equal(end, "]") && part->low >= -MAX_OFFSET && part->high <= MAX_OFFSET &&
         part->low <= part->high;
}

/* Every combination of the offsets of the parts. */
static void
expand(CrTemplates *templates, const Part *parts, guint n_parts, CrTemplate *item)
{
  if (item->n_parts == n_parts) {
    guint64 seed = n_parts;
    for (guint i = 0; i < n_parts; i++)
      seed = cr_hash_step(seed, ((guint64)item->parts[i].column << 8) | (guint8)item->parts[i].offset);
    item->seed = cr_hash_step(seed, item->each_class);
    g_array_append_val(templates->items, *item);
    return;
  }
  const Part *part = &parts[item->n_parts];
  for (int offset = part->low; offset <= part->high; offset++) {
    CrTemplate longer = *item;
    longer.each_class |= part->each_class;
    longer.parts[longer.n_parts++] = (CrPart){part->column, (gint8)offset};
    expand(templates, parts, n_parts, &longer);
  }
}

static void
parse_skip(CrTemplates *templates, const char *names)
{
  g_auto(GStrv) words = g_strsplit(names, " ", -1);
  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_ptr_array_add(templates->skipped, g_strdup(words[i]));
}

static gboolean
parse_line(CrTemplates *templates, char *line)
{
  g_strstrip(line);
  if (g_str_equal(line, "context document"))
    return templates->across_lines = TRUE;
  if (g_str_has_prefix(line, "skip "))
    return parse_skip(templates, line + 5), TRUE;
  g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
  Part parts[CR_MAX_PARTS];
  guint n = 0, n_class = 0;
  for (guint i = 0; words[i] != NULL; i++) {
    if (*words[i] == '\0')
      continue;
    if (n == CR_MAX_PARTS || !parse_part(words[i], &parts[n]))
      return FALSE;
    n_class += parts[n++].each_class ? 1 : 0;
  }
  if (n_class > 1 || (n_class == 1 && !parts[0].each_class))
    return FALSE;
  if (n > 0)
    expand(templates, parts, n, &(CrTemplate){0});
  return TRUE;
}

gboolean
cr_templates_have_second_pass(const char *text)
{
  return g_str_has_prefix(text, "pass 2\n") || strstr(text, "\npass 2\n") != NULL;
}

CrTemplates *
cr_templates_parse(const char *text, gsize n_bytes, guint pass, const char *name, GError **error)
{
  g_autoptr(CrTemplates) templates = g_new0(CrTemplates, 1);
  templates->items = g_array_new(FALSE, FALSE, sizeof(CrTemplate));
  templates->skipped = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *copy = g_strndup(text, n_bytes);
  guint number = 0;
  for (char *line = copy, *next; line != NULL; line = next) {
    number++;
    next = strchr(line, '\n');
    if (next != NULL)
      *next++ = '\0';
    char *comment = strchr(line, '#');
    if (comment != NULL)
      *comment = '\0';
    if (g_str_equal(line, "pass 2")) {
      if (pass == 1)
        break;
      continue;
    }
    if (parse_line(templates, line))
      continue;
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_TEMPLATE, "%s:%u: not a feature template", name, number);
    return NULL;
  }
  if (templates->items->len > 0 && templates->items->len < CR_MAX_FEATURES / 2)
    return g_steal_pointer(&templates);
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_TEMPLATE, "%s: %u templates; 1 to %d are possible", name,
              templates->items->len, CR_MAX_FEATURES / 2 - 1);
  return NULL;
}

void
cr_templates_free(CrTemplates *templates)
{
  if (templates == NULL)
    return;
  g_array_unref(templates->items);
  g_ptr_array_unref(templates->skipped);
  g_free(templates);
}

/* The column's value at an offset; past the line's ends a value of its own, by distance. */
static inline guint32
part_value(const CrTokens *tokens, const CrSequence *line, gboolean inside, guint token, CrPart part)
{
  const gint64 at = (gint64)token + part.offset;
  return inside || cr_line_has(line, at) ? tokens->columns[part.column][at] : cr_line_value(line, at);
}

static guint
class_features(const CrTemplate *item, const CrTokens *tokens, const CrSequence *line, guint token,
               guint64 seed, guint64 *out, guint room)
{
  const gint64 at = (gint64)token + item->parts[0].offset;
  if (!cr_line_has(line, at))
    return 0;
  guint n = 0;
  for (guint64 bits = tokens->classes[at]; bits != 0 && n < room; bits &= bits - 1)
    out[n++] = cr_class_feature(seed, bits);
  return n;
}

guint
cr_templates_of(const CrTemplate *items, guint n_items, const CrTokens *tokens, const CrSequence *line,
                guint token, guint64 *out)
{
  const gboolean inside = token >= line->first + MAX_OFFSET && token + MAX_OFFSET < line->first + line->n;
  guint n = 0;
  for (const CrTemplate *item = items; item < items + n_items; item++) {
    guint64 h = item->seed;
    gboolean whole = TRUE;
    for (guint p = item->each_class ? 1 : 0; p < item->n_parts && whole; p++) {
      const guint32 value = part_value(tokens, line, inside, token, item->parts[p]);
      whole = value != 0;
      h = cr_hash_step(h, value);
    }
    if (!whole)
      continue;
    if (item->each_class)
      n += class_features(item, tokens, line, token, h, out + n, CR_MAX_FEATURES - n);
    else if (n < CR_MAX_FEATURES)
      out[n++] = h;
  }
  return n;
}

guint
cr_templates_features(const CrTemplates *templates, const CrTokens *tokens, const CrSequence *line,
                      guint token, guint64 *out)
{
  const CrSequence whole_text = {0, tokens->n_tokens};
  return cr_templates_of((const CrTemplate *)(void *)templates->items->data, templates->items->len, tokens,
                         templates->across_lines ? &whole_text : line, token, out);
}

guint64
cr_templates_skipped(const CrTemplates *templates, const CrClasses *classes)
{
  guint64 mask = 0;
  for (guint i = 0; i < templates->skipped->len; i++) {
    const int bit = cr_classes_bit(classes, g_ptr_array_index(templates->skipped, i));
    if (bit >= 0)
      mask |= G_GUINT64_CONSTANT(1) << bit;
  }
  return mask;
}
