/* The dataset card: what a compliance officer asks before a set leaves the house, and an engineer before a
 * model learns from it. Everything on it comes from the facts; what they do not say is "not recorded", never
 * made up. */
#include "formats/formats-private.h"
#include <math.h>
#include <string.h>

static const char not_recorded[] = "not recorded";

/* ---- words and numbers ---- */

/* Text as Markdown shows it: nothing in it starts a table cell, a tag or a line of its own. */
static void
put_text(GString *out, const char *text)
{
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '|')
      g_string_append(out, "\\|");
    else if (*p == '<')
      g_string_append(out, "&lt;");
    else if (strchr("\\`*_[]", *p) != NULL)
      g_string_append_printf(out, "\\%c", *p);
    else
      g_string_append_c(out, *p == '\n' || *p == '\r' || *p == '\t' ? ' ' : *p);
  }
}

/* 12345 as "12,345". */
static void
put_integer(GString *out, json_int_t value)
{
  g_autofree char *digits = g_strdup_printf("%" JSON_INTEGER_FORMAT, value < 0 ? -value : value);
  gsize n = strlen(digits);
  if (value < 0)
    g_string_append_c(out, '-');
  for (gsize i = 0; i < n; i++) {
    if (i > 0 && (n - i) % 3 == 0)
      g_string_append_c(out, ',');
    g_string_append_c(out, digits[i]);
  }
}

static void
put_real(GString *out, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append(out, g_ascii_formatd(number, sizeof number, "%.3f", value));
}

static void put_value(GString *out, const json_t *value);

static void
put_list(GString *out, const json_t *list)
{
  size_t i;
  json_t *item;
  json_array_foreach((json_t *)list, i, item)
  {
    if (i > 0)
      g_string_append(out, ", ");
    put_value(out, item);
  }
}

static void
put_value(GString *out, const json_t *value)
{
  if (json_is_string(value) && json_string_length(value) > 0)
    put_text(out, json_string_value(value));
  else if (json_is_integer(value))
    put_integer(out, json_integer_value(value));
  else if (json_is_real(value))
    put_real(out, json_real_value(value));
  else if (json_is_boolean(value))
    g_string_append(out, json_is_true(value) ? "yes" : "no");
  else if (json_is_array(value) && json_array_size(value) == 0)
    g_string_append(out, "none");
  else if (json_is_array(value))
    put_list(out, value);
  else
    g_string_append(out, not_recorded);
}

static const json_t *
at(const json_t *object, const char *member)
{
  return json_object_get(object, member);
}

static gboolean
is_there(const json_t *value)
{
  if (value == NULL || json_is_null(value))
    return FALSE;
  if (json_is_string(value))
    return json_string_length(value) > 0;
  if (json_is_array(value))
    return json_array_size(value) > 0;
  return !json_is_object(value) || json_object_size(value) > 0;
}

/* ---- building blocks ---- */

typedef struct {
  const char *key, *title;
} Row;

static void
put_heading(GString *out, const char *title)
{
  g_string_append_printf(out, "\n## %s\n\n", title);
}

/* A table of two columns, one row a fact, each there whether it is known or not. */
static void
put_facts(GString *out, const json_t *object, const Row *rows)
{
  g_string_append(out, "| | |\n| --- | --- |\n");
  for (; rows->key != NULL; rows++) {
    g_string_append_printf(out, "| %s | ", rows->title);
    put_value(out, at(object, rows->key));
    g_string_append(out, " |\n");
  }
}

/* A table of the rows of a list; columns that no row knows are left out. */
static void
put_table(GString *out, const json_t *list, const Row *columns)
{
  gboolean known[16] = {FALSE};
  guint n = 0;
  for (; columns[n].key != NULL && n < G_N_ELEMENTS(known); n++)
    for (size_t i = 0; i < json_array_size(list); i++)
      known[n] = known[n] || is_there(at(json_array_get(list, i), columns[n].key));
  for (guint line = 0; line < 2; line++) {
    for (guint c = 0; c < n; c++)
      if (known[c])
        g_string_append_printf(out, "| %s ", line == 0 ? columns[c].title : "---");
    g_string_append(out, "|\n");
  }
  for (size_t i = 0; i < json_array_size(list); i++) {
    for (guint c = 0; c < n; c++) {
      if (!known[c])
        continue;
      g_string_append(out, "| ");
      put_value(out, at(json_array_get(list, i), columns[c].key));
      g_string_append_c(out, ' ');
    }
    g_string_append(out, "|\n");
  }
}

/* {"NAME": 12, …} as a table with the greatest first. */
typedef struct {
  const char *name;
  json_int_t count;
} Count;

static int
by_count(const void *a, const void *b)
{
  const Count *left = a, *right = b;
  if (left->count != right->count)
    return left->count > right->count ? -1 : 1;
  return strcmp(left->name, right->name);
}

static void
put_counts(GString *out, const json_t *counts, const char *title, const char *unit)
{
  const char *name;
  json_t *value;
  json_int_t all = 0;
  g_autoptr(GArray) sorted = g_array_new(FALSE, FALSE, sizeof(Count));
  if (!json_is_object(counts) || json_object_size(counts) == 0) {
    g_string_append_printf(out, "%s: %s.\n", title, not_recorded);
    return;
  }
  json_object_foreach((json_t *)counts, name, value)
  {
    Count count = {name, json_integer_value(value)};
    g_array_append_val(sorted, count);
    all += count.count;
  }
  g_array_sort(sorted, by_count);
  g_string_append_printf(out, "| %s | %s | share |\n| --- | ---: | ---: |\n", title, unit);
  for (guint i = 0; i < sorted->len; i++) {
    Count count = g_array_index(sorted, Count, i);
    g_string_append(out, "| ");
    put_text(out, count.name[0] != '\0' ? count.name : "(none)");
    g_string_append(out, " | ");
    put_integer(out, count.count);
    g_string_append_printf(out, " | %.0f %% |\n", all > 0 ? 100.0 * (double)count.count / (double)all : 0.0);
  }
}

/* A fact as a sentence: a capital at its start, a full stop at its end. */
static void
put_sentence(GString *out, const json_t *value)
{
  gsize start = out->len;
  put_value(out, value);
  out->str[start] = g_ascii_toupper(out->str[start]);
  if (strchr(".!?", out->str[out->len - 1]) == NULL)
    g_string_append_c(out, '.');
  g_string_append_c(out, '\n');
}

static void
put_bullets(GString *out, const json_t *list, const char *none)
{
  if (!json_is_array(list)) {
    g_string_append(out, "Not recorded.\n");
    return;
  }
  for (size_t i = 0; i < json_array_size(list); i++) {
    g_string_append(out, "- ");
    put_sentence(out, json_array_get(list, i));
  }
  if (json_array_size(list) == 0)
    g_string_append_printf(out, "%s\n", none);
}

static void
put_statement(GString *out, const char *title, const json_t *value)
{
  g_string_append_printf(out, "\n**%s.** ", title);
  put_sentence(out, value);
}

/* "12 notes", "1 note"; nothing where it is not known. */
static gboolean
put_number(GString *out, const char *before, const json_t *count, const char *one, const char *many)
{
  if (!json_is_integer(count))
    return FALSE;
  g_string_append(out, before);
  put_integer(out, json_integer_value(count));
  g_string_append_printf(out, " %s", json_integer_value(count) == 1 ? one : many);
  return TRUE;
}

/* ---- sections ---- */

/* What the set is, in a sentence or two, as far as it is known. */
static void
put_summary(GString *out, const json_t *facts)
{
  const json_t *splits = at(facts, "splits"), *preparation = at(facts, "preparation");
  g_autoptr(json_t) n_parts = json_integer((json_int_t)json_array_size(splits));
  g_string_append(out, "\n**In short.** ");
  if (!put_number(out, "", at(facts, "documents"), "note", "notes")) {
    g_string_append(out, "The number of notes is not recorded.\n");
    return;
  }
  gboolean has_findings = put_number(out, " with ", at(facts, "entities"), "finding", "findings");
  put_number(out, has_findings ? " and " : " with ", at(facts, "relations"), "relation", "relations");
  if (json_array_size(splits) > 1)
    put_number(out, ", in ", n_parts, "part", "parts");
  g_string_append_c(out, '.');
  if (put_number(out, " ", at(preparation, "removed"), "identifier was", "identifiers were"))
    g_string_append(out, " removed from them.");
  if (put_number(out, " The labels are the work of ", at(at(facts, "readers"), "count"), "reader", "readers"))
    g_string_append_c(out, '.');
  g_string_append_c(out, '\n');
}

static void
put_opening(GString *out, const json_t *facts)
{
  static const Row rows[] = {{"created", "Made"},        {"program", "Made with"}, {"format", "Format"},
                             {"documents", "Notes"},     {"entities", "Findings"}, {"relations", "Relations"},
                             {"languages", "Languages"}, {"licence", "Licence"},   {NULL, NULL}};
  g_string_append(out, "# ");
  put_value(out, is_there(at(facts, "project")) ? at(facts, "project") : at(facts, "name"));
  g_string_append(out, "\n\n**What it is for.** ");
  put_sentence(out, at(facts, "purpose"));
  put_summary(out, facts);
  g_string_append_c(out, '\n');
  put_facts(out, facts, rows);
  g_string_append(
      out, "\nOffsets count Unicode code points from 0, the end left out. Each was proved by slicing the "
           "written text: see receipt.json.\n");
}

static void
put_source(GString *out, const json_t *facts)
{
  static const Row rows[] = {{"files", "Files read"},
                             {"imported", "Notes imported"},
                             {"quarantined", "Records refused (quarantined)"},
                             {"duplicates", "Duplicates left out"},
                             {"released", "Notes in this release"},
                             {NULL, NULL}};
  const json_t *source = at(facts, "source");
  put_heading(out, "Where the notes come from");
  put_sentence(out, at(source, "description"));
  g_string_append_c(out, '\n');
  put_facts(out, source, rows);
  put_statement(out, "How they were selected", at(source, "selection"));
}

static void
put_preparation(GString *out, const json_t *facts)
{
  static const Row rows[] = {
      {"detector", "Detector"},
      {"policy", "Policy"},
      {"reviewers", "Privacy reviewers of each note"},
      {"candidates", "Candidates the detector found"},
      {"removed", "Identifiers removed"},
      {"kept", "Candidates kept as not identifying"},
      {"added", "Identifiers that only people found"},
      {"disputes", "Disputes between reviewers, all settled"},
      {"clinical_masked", "Clinical words masked with them (drugs, problems, eponyms, laboratory values)"},
      {NULL, NULL}};
  static const Row risk[] = {{"kind", "Kind of identifier"},
                             {"found", "Found"},
                             {"both", "by both reviewers"},
                             {"one", "by one alone"},
                             {"beyond_detector", "beyond the detector"},
                             {"estimate", "Missed by all, estimate (95 % interval)"},
                             {NULL, NULL}};
  const json_t *preparation = at(facts, "preparation");
  put_heading(out, "How identifiers were removed");
  if (is_there(preparation))
    g_string_append(out, "What could name a patient, a relative or the staff was looked for by the detector "
                         "and by people, and "
                         "replaced before any reader of labels saw a note.\n\n");
  put_facts(out, preparation, rows);
  g_string_append_c(out, '\n');
  put_counts(out, at(preparation, "redactions"), "Kind of identifier", "removed");
  put_statement(out, "Residual risk", at(preparation, "residual_risk"));
  if (is_there(at(preparation, "risk"))) {
    g_string_append_c(out, '\n');
    put_table(out, at(preparation, "risk"), risk);
  }
}

static void
put_guidelines(GString *out, const json_t *facts)
{
  static const Row rows[] = {{"title", "Guidelines"},
                             {"version", "Version in force"},
                             {"versions", "Versions published"},
                             {"sha256", "SHA-256 of the guidelines"},
                             {NULL, NULL}};
  static const Row labels[] = {
      {"name", "Label"},     {"title", "Name"}, {"definition", "What it is"}, {"attributes", "Attributes"},
      {"count", "Findings"}, {NULL, NULL}};
  static const Row attributes[] = {
      {"name", "Attribute"}, {"title", "Name"}, {"values", "Values"}, {NULL, NULL}};
  static const Row relations[] = {{"name", "Relation"}, {"title", "Name"},      {"from", "From"},
                                  {"to", "To"},         {"count", "Relations"}, {NULL, NULL}};
  const json_t *guidelines = at(facts, "guidelines");
  put_heading(out, "What was labelled");
  put_facts(out, guidelines, rows);
  g_string_append_c(out, '\n');
  if (is_there(at(guidelines, "labels")))
    put_table(out, at(guidelines, "labels"), labels);
  else
    g_string_append_printf(out, "Labels: %s.\n", not_recorded);
  if (is_there(at(guidelines, "attributes"))) {
    g_string_append_c(out, '\n');
    put_table(out, at(guidelines, "attributes"), attributes);
  }
  if (is_there(at(guidelines, "relations"))) {
    g_string_append_c(out, '\n');
    put_table(out, at(guidelines, "relations"), relations);
  }
}

static void
put_readers(GString *out, const json_t *facts)
{
  static const Row rows[] = {{"count", "Readers"},
                             {"codes", "Codes"},
                             {"readings", "Readings"},
                             {"overlap", "Notes read by more than one"},
                             {NULL, NULL}};
  static const Row agreement[] = {{"measure", "Measure"}, {"label", "Label"}, {"value", "Value"},
                                  {"low", "95 % from"},   {"high", "to"},     {"documents", "Notes"},
                                  {"note", "Remark"},     {NULL, NULL}};
  put_heading(out, "Who read the notes, and how far they agreed");
  g_string_append(
      out,
      "Readers are known here by their codes alone. Agreement is measured on notes that several read without "
      "seeing each other's labels: kappa is what is left of it beyond chance, strict F1 asks for the same "
      "bounds "
      "and label, partial F1 for overlap; 1 is full agreement.\n\n");
  put_facts(out, at(facts, "readers"), rows);
  g_string_append_c(out, '\n');
  if (is_there(at(facts, "agreement")))
    put_table(out, at(facts, "agreement"), agreement);
  else
    g_string_append_printf(out, "Agreement: %s.\n", not_recorded);
}

static void
put_resolution(GString *out, const json_t *facts)
{
  static const Row resolution[] = {{"differences", "Differences between readers"},
                                   {"resolved", "Notes settled by a senior reviewer"},
                                   {"open", "Still open, in notes that were left out"},
                                   {"critical", "Notes that needed a second senior reviewer"},
                                   {NULL, NULL}};
  static const Row quality[] = {{"sampled", "Notes drawn for the check"},
                                {"passed", "Passed"},
                                {"flagged", "Sent back"},
                                {"approved", "Notes approved"},
                                {NULL, NULL}};
  put_heading(out, "How differences were settled, and what was checked");
  put_facts(out, at(facts, "resolution"), resolution);
  g_string_append_c(out, '\n');
  put_facts(out, at(facts, "quality"), quality);
}

static void
put_composition(GString *out, const json_t *facts)
{
  static const Row splits[] = {{"name", "Part"},         {"documents", "Notes"},     {"patients", "Patients"},
                               {"entities", "Findings"}, {"relations", "Relations"}, {NULL, NULL}};
  const json_t *composition = at(facts, "composition"), *years = at(composition, "years");
  put_heading(out, "What is in it");
  if (is_there(at(facts, "splits")))
    put_table(out, at(facts, "splits"), splits);
  else
    g_string_append_printf(out, "Splits: %s.\n", not_recorded);
  put_statement(out, "How it was split", at(facts, "split_method"));
  if (json_array_size(at(facts, "splits")) > 1)
    put_statement(out, "Near duplicates", at(facts, "leakage"));
  g_string_append_c(out, '\n');
  put_counts(out, at(composition, "type"), "Kind of note", "notes");
  g_string_append_c(out, '\n');
  put_counts(out, at(composition, "specialty"), "Specialty", "notes");
  g_string_append(out, "\nYears: ");
  if (json_is_integer(at(years, "from")) && json_is_integer(at(years, "to")))
    g_string_append_printf(out, "%" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT ".\n",
                           json_integer_value(at(years, "from")), json_integer_value(at(years, "to")));
  else
    g_string_append_printf(out, "%s.\n", not_recorded);
}

static void
put_use(GString *out, const json_t *facts)
{
  put_heading(out, "Gaps and limits");
  put_bullets(out, at(facts, "gaps"), "None are known.");
  put_heading(out, "Who may use it, and for what");
  g_string_append(out, "**Licence.** ");
  put_sentence(out, at(facts, "licence"));
  put_statement(out, "Restrictions", at(facts, "restrictions"));
  g_string_append(out, "\nWhoever uses it must not try to find out who the patients are.\n");
}

static void
put_trail(GString *out, const json_t *facts)
{
  static const Row gates[] = {{"gate", "Gate"}, {"title", "What it asks"}, {"state", "State"}, {NULL, NULL}};
  static const Row overrides[] = {{"gate", "Gate"},     {"scope", "For"}, {"reason", "Reason"},
                                  {"member", "Member"}, {"time", "When"}, {NULL, NULL}};
  static const Row audit[] = {
      {"events", "Events in the audit trail"}, {"head", "Head of the trail"}, {NULL, NULL}};
  put_heading(out, "Gates and overrides");
  if (is_there(at(facts, "gates")))
    put_table(out, at(facts, "gates"), gates);
  else
    g_string_append_printf(out, "Gates: %s.\n", not_recorded);
  g_string_append_c(out, '\n');
  if (is_there(at(facts, "overrides")))
    put_table(out, at(facts, "overrides"), overrides);
  else
    g_string_append(out, json_is_array(at(facts, "overrides")) ? "No gate was overridden.\n"
                                                               : "Overrides: not recorded.\n");
  put_heading(out, "The trail");
  put_facts(out, at(facts, "audit"), audit);
  g_string_append(
      out,
      "\n`chartroom audit verify PROJECT` proves that nothing in the trail before this head was changed.\n");
}

char *
cr_card_markdown(const json_t *facts)
{
  g_autoptr(GString) out = g_string_new(NULL);
  put_opening(out, facts);
  put_source(out, facts);
  put_preparation(out, facts);
  if (json_is_false(at(facts, "labelled"))) {
    put_heading(out, "What was labelled");
    g_string_append(out, "Nothing: the notes are released without labels.\n");
  } else {
    put_guidelines(out, facts);
    put_readers(out, facts);
    put_resolution(out, facts);
  }
  put_composition(out, facts);
  put_use(out, facts);
  put_trail(out, facts);
  return g_string_free(g_steal_pointer(&out), FALSE);
}
