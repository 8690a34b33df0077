/* What happens to notes on their way: capitals, scanners, hurried typing, fixed width. Each layer rewrites
 * the text and takes the marks along byte by byte. */
#include "generator.h"
#include <string.h>

typedef struct {
  const char *in;
  gsize n_in, at;
  GString *out;
  guint32 *moved; /* of each byte of in, and its end, where it begins in out */
  Random *random;
  gsize width;  /* of lines, for the layer that breaks them */
  double level; /* 0 .. 1: how bad this note is, or which habits its writer has */
} Layer;

typedef void (*LayerFunc)(Layer *layer, const char *c, gsize n_bytes);

static void
run(Note *note, Random *random, LayerFunc func)
{
  Layer l = {note->text->str,
             note->text->len,
             0,
             g_string_sized_new(note->text->len + 64),
             NULL,
             random,
             46 + random_below(random, 34),
             random_below(random, 1000) / 1000.0};
  l.moved = g_new(guint32, l.n_in + 1);
  while (l.at < l.n_in) {
    const char *c = l.in + l.at;
    const gsize n = (gsize)(g_utf8_next_char(c) - c);
    for (gsize i = 0; i < n; i++)
      l.moved[l.at + i] = (guint32)l.out->len;
    l.at += n;
    func(&l, c, n);
  }
  l.moved[l.n_in] = (guint32)l.out->len;
  for (guint i = 0; i < note->marks->len; i++) {
    Mark *m = &g_array_index(note->marks, Mark, i);
    m->start = l.moved[m->start];
    m->end = l.moved[m->end];
  }
  g_string_free(note->text, TRUE);
  note->text = l.out;
  g_free(l.moved);
}

static void
put(Layer *l, const char *c, gsize n)
{
  g_string_append_len(l->out, c, (gssize)n);
}

static void
lower(Layer *l, const char *c, gsize n)
{
  g_autofree char *s = g_utf8_strdown(c, (gssize)n);
  g_string_append(l->out, s);
}
static void
upper(Layer *l, const char *c, gsize n)
{
  g_autofree char *s = g_utf8_strup(c, (gssize)n);
  g_string_append(l->out, s);
}

/* Some scans are nearly clean, some hardly to be read: the chance grows with the square of the level. */
static void
ocr(Layer *l, const char *c, gsize n)
{
  static const char *const pairs[][2] = {
      {"0", "O"},  {"1", "l"}, {"5", "S"},  {"8", "B"},  {"O", "0"}, {"l", "1"}, {"S", "5"}, {"I", "l"},
      {"m", "rn"}, {"e", "c"}, {"h", "b"},  {"u", "n"},  {"i", "í"}, {"B", "8"}, {".", ","}, {"o", "0"},
      {"i", "l"},  {"t", "f"}, {"d", "cl"}, {"w", "vv"}, {"G", "6"}, {"g", "9"}, {"Z", "2"}, {"2", "Z"},
      {"l", "I"},  {"1", "I"}, {"n", "ri"}, {"a", "o"},  {"s", "5"}, {"6", "G"}, {"E", "F"}, {"c", "e"},
      {",", "."},  {"r", "i"}, {"D", "O"},  {"/", "l"},  {"-", "~"}, {":", ";"}, {"'", ""},  {"f", "t"}};
  const double bad = .015 + .11 * l->level * l->level;
  const guint from = random_below(l->random, G_N_ELEMENTS(pairs));
  if (random_chance(l->random, bad))
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
      const char *const *pair = pairs[(from + i) % G_N_ELEMENTS(pairs)];
      if (n == 1 && pair[0][0] == *c)
        return put(l, pair[1], strlen(pair[1]));
    }
  put(l, c, n);
  if (n == 1 && g_ascii_isalpha(*c) && l->at < l->n_in && g_ascii_isalpha(l->in[l->at]) &&
      random_chance(l->random, bad / 6))
    put(l, " ", 1);
}

static void
typos(Layer *l, const char *c, gsize n)
{
  const gboolean letter = n == 1 && g_ascii_islower(*c);
  if (letter && random_chance(l->random, .006))
    return; /* left out */
  put(l, c, n);
  if (letter && random_chance(l->random, .005))
    put(l, c, n); /* twice */
  if (letter && random_chance(l->random, .003))
    g_string_append_c(l->out, (char)('a' + random_below(l->random, 26)));
}

static void
wrapped(Layer *l, const char *c, gsize n)
{
  const char *line = strrchr(l->out->str, '\n');
  const gsize width = l->out->len - (line != NULL ? (gsize)(line + 1 - l->out->str) : 0);
  if (*c == ' ' && width > l->width && width < 200 && l->at < l->n_in && l->in[l->at] != ' ')
    put(l, "\n", 1);
  else
    put(l, c, n);
}

static void
glued(Layer *l, const char *c, gsize n)
{
  const gboolean space = *c == ' ' && l->out->len > 0;
  if (space && random_chance(l->random, .03))
    return;
  if (*c == '\n' && random_chance(l->random, .05))
    return put(l, " ", 1);
  put(l, c, n);
}

static void
spaced(Layer *l, const char *c, gsize n)
{
  put(l, c, n);
  if (*c == ' ' && random_chance(l->random, .06))
    put(l, "  ", 1 + random_below(l->random, 2));
  if (*c == ':' && random_chance(l->random, .3))
    put(l, "\t", 1);
}

static void
quoted(Layer *l, const char *c, gsize n)
{
  if (l->out->len == 0)
    put(l, "> ", 2);
  put(l, c, n);
  if (*c == '\n')
    put(l, "> ", 2);
}

static void
unpunctuated(Layer *l, const char *c, gsize n)
{
  const gboolean end = *c == '.' && l->at < l->n_in && g_ascii_isspace(l->in[l->at]);
  if (end && random_chance(l->random, .7))
    return;
  if (*c == ',' && random_chance(l->random, .6))
    return;
  put(l, c, n);
}

/* What a dictation leaves where a mark of punctuation or a digit stood. */
static const char *
spoken(char c)
{
  static const struct {
    char mark;
    const char *word;
  } table[] = {{'.', "period"}, {',', "comma"}, {':', "colon"},      {';', "semicolon"},
               {'/', "slash"},  {'-', "dash"},  {'(', "open paren"}, {')', "close paren"},
               {'#', "number"}, {'&', "and"},   {'%', "percent"},    {'+', "plus"},
               {'@', "at"},     {'0', "zero"},  {'1', "one"},        {'2', "two"},
               {'3', "three"},  {'4', "four"},  {'5', "five"},       {'6', "six"},
               {'7', "seven"},  {'8', "eight"}, {'9', "nine"},       {'\n', "new line"}};
  for (guint i = 0; i < G_N_ELEMENTS(table); i++)
    if (table[i].mark == c)
      return table[i].word;
  return NULL;
}

static void
put_apart(Layer *l, const char *word)
{
  if (l->out->len > 0 && l->out->str[l->out->len - 1] != ' ')
    put(l, " ", 1);
  put(l, word, strlen(word));
  if (l->at < l->n_in && l->in[l->at] != ' ')
    put(l, " ", 1);
}

/* Small letters; punctuation spoken by one half of the speakers and left out by the other; a third of them
 * have their digits written as words. */
static void
dictated(Layer *l, const char *c, gsize n)
{
  const gboolean says_marks = l->level < .5, says_digits = (guint)(l->level * 1000) % 100 < 35;
  const char *word = n == 1 ? spoken(*c) : NULL;
  const gboolean digit = n == 1 && g_ascii_isdigit(*c);
  if (word == NULL || (digit && !says_digits))
    return lower(l, c, n);
  const gboolean inside = l->out->len > 0 && g_ascii_isdigit(l->out->str[l->out->len - 1]) &&
                          l->at < l->n_in && g_ascii_isdigit(l->in[l->at]);
  if (digit || (says_marks && !(inside && *c == '.')))
    put_apart(l, digit || random_chance(l->random, .9) ? word : "");
  else if (inside && *c != '\n' && random_chance(l->random, .5))
    put(l, c, n);
  else if (l->out->len > 0 && l->out->str[l->out->len - 1] != ' ' && strchr(".,:;()\n/-", *c))
    put(l, " ", 1);
}

/* A scan whose letters stand apart. */
static void
scattered(Layer *l, const char *c, gsize n)
{
  put(l, c, n);
  const gboolean between = l->at < l->n_in && g_ascii_isalnum(*c) && g_ascii_isalnum(l->in[l->at]);
  if (between && random_chance(l->random, .14))
    put(l, " ", 1);
  if (*c == ' ' && random_chance(l->random, .6))
    put(l, " ", 1);
}

const char *const noise_names[] = {"lower",  "upper",  "ocr",          "typos",     "wrapped",  "glued",
                                   "spaced", "quoted", "unpunctuated", "scattered", "dictated", NULL};
static const LayerFunc layers[] = {lower,  upper,  ocr,          typos,     wrapped, glued,
                                   spaced, quoted, unpunctuated, scattered, dictated};

void
noise_apply(Note *note, const char *name, Random *random)
{
  for (guint i = 0; noise_names[i] != NULL; i++)
    if (g_str_equal(noise_names[i], name))
      run(note, random, layers[i]);
}

static gboolean
blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n';
}

static void
add_piece(GArray *out, const GString *text, gsize start, gsize end, const Mark *of)
{
  while (start < end && (blank(text->str[start]) || text->str[start] == '>')) /* of a quoted mail */
    start++;
  while (end > start && blank(text->str[end - 1]))
    end--;
  if (start == end)
    return;
  const Mark piece = {start, end, g_strdup(of->label), g_strdup(of->origin), of->form};
  g_array_append_val(out, piece);
}

void
note_tidy(Note *note)
{
  GArray *out = g_array_new(FALSE, FALSE, sizeof(Mark));
  for (guint i = 0; i < note->marks->len; i++) {
    Mark *m = &g_array_index(note->marks, Mark, i);
    gsize start = m->start;
    for (gsize at = m->start; at < m->end; at++)
      if (note->text->str[at] == '\n') {
        const gboolean comma = at > start && note->text->str[at - 1] == ',';
        add_piece(out, note->text, start, comma ? at - 1 : at, m);
        start = at + 1;
      }
    add_piece(out, note->text, start, m->end, m);
    g_free(m->label), g_free(m->origin);
  }
  g_array_unref(note->marks);
  note->marks = out;
}
