/* guidelines: finding types, attributes, links, whole-note questions and the text that explains them; one
 * immutable version after another. Read from JSON or YAML with a Markdown text beside it; compared; checked
 * against labels. */
#pragma once
#include <chartroom/error.h>
#include <chartroom/json.h>

G_BEGIN_DECLS

typedef struct CrGuidelines CrGuidelines;

/* path: .yaml/.yml/.json; its "text" member names a Markdown file beside it (or holds the Markdown itself).
 * BAD_GUIDELINES with file:line (JSON that is none: BAD_JSON with the byte). */
CR_EXPORT CrGuidelines *cr_guidelines_load(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A shipped template: "medications", "problems", "medications-problems". template_dir NULL: the installed
 * data/guidelines. */
CR_EXPORT CrGuidelines *cr_guidelines_template(const char *template_dir, const char *name,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The canonical JSON (sorted where order means nothing), from which cr_guidelines_from_json makes an equal
 * object. */
CR_EXPORT json_t *cr_guidelines_to_json(const CrGuidelines *g); /* new reference */
CR_EXPORT CrGuidelines *cr_guidelines_from_json(const json_t *object,
                                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT void cr_guidelines_free(CrGuidelines *g);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrGuidelines, cr_guidelines_free)

typedef struct {
  char *name;   /* "DRUG": what files carry */
  char *title;  /* "Medication": what readers see */
  char *key;    /* one letter or digit, or NULL */
  char *chip;   /* <= 4 capitals, or NULL */
  guint colour; /* slot 1..8, 0 = by order */
  char *definition;
  GStrv examples, counter_examples; /* never NULL */
  GStrv attributes;                 /* names of attributes that apply */
  gboolean critical;                /* needs a second senior reviewer */
} CrGuidelinesLabel;
typedef struct {
  char *name, *title;
  GStrv values;
  char *preset;
} CrGuidelinesAttribute;
typedef struct {
  char *name, *title;
  GStrv from, to;
} CrGuidelinesRelation;
typedef struct {
  char *name, *title;
  GStrv choices;
  gboolean many;
} CrGuidelinesQuestion;

CR_EXPORT const char *cr_guidelines_title(const CrGuidelines *g);
CR_EXPORT const char *cr_guidelines_markdown(const CrGuidelines *g);
CR_EXPORT const GPtrArray *cr_guidelines_labels(const CrGuidelines *g); /* CrGuidelinesLabel, in order */
CR_EXPORT const GPtrArray *cr_guidelines_attributes(const CrGuidelines *g);
CR_EXPORT const GPtrArray *cr_guidelines_relations(const CrGuidelines *g);
CR_EXPORT const GPtrArray *cr_guidelines_questions(const CrGuidelines *g);
CR_EXPORT const CrGuidelinesLabel *cr_guidelines_find_label(const CrGuidelines *g,
                                                            const char *name); /* NULL where there is none */

/* LABEL_UNKNOWN (naming the label and the nearest known one), LABEL_VALUE (attributes and their values),
 * LABEL_RELATION (type, ends, dangling or repeated ids). entities and relations as in cli.md; either may be
 * NULL. An attribute's value is a word, or an object that holds it as "value". */
CR_EXPORT gboolean cr_guidelines_check(const CrGuidelines *g, const json_t *entities, const json_t *relations,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The answers to whole-note questions: {question: choice}, or {question: [choice, …]} without repeats where
 * the question takes many. LABEL_VALUE. NULL is fine. */
CR_EXPORT gboolean cr_guidelines_check_answers(const CrGuidelines *g, const json_t *answers,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What changed from a to b. JSON {"changes":[{"what","name","kind","old"?,"new"?}], "touches":[…],
 * "asks":[…], "touches_questions":[…], "asks_questions":[…]}:
 * what: "guidelines", "label", "attribute", "relation", "question"; kind: "added", "removed", "renamed" or
 * the member that changed ("definition", "values", "text" …). touches: labels of a whose meaning or shape
 * changed: what was labelled with them must be read again. Names, titles, keys, chips, colours, order and the
 * Markdown text alone touch no label. asks: labels of b that a did not have: notes read under a were never
 * read for them. touches_questions: questions of a that must be answered again. New reference. */
CR_EXPORT json_t *cr_guidelines_diff(const CrGuidelines *a, const CrGuidelines *b);
/* Lines that a reader understands ("Label DOSE: definition changed"), then what must be read again. transfer
 * full */
CR_EXPORT char *cr_guidelines_diff_text(const json_t *diff);

G_END_DECLS
