/* attack: what somebody without the originals could make of an exported set. Prints no note text unless
 * asked. */
#include "cli/attack.h"
#include "cli/commands.h"
#include "cli/export-docs.h"
#include "cli/lines.h"

#include <stdio.h>

static const char help[] =
    "EXPORT is the folder of an export, or JSON lines of redacted notes ({\"id\", \"text\", \"meta\"?, "
    "\"map\"?, "
    "\"patient\"?}).\n\n"
    "Linkage: the documents are sorted into classes by what a stranger may know of a patient (age, sex, ZIP, "
    "state, "
    "year,\nwork, a rare disease), from meta and from the text; how many share their class with fewer than K "
    "persons, "
    "and by what.\n\n"
    "Hiding in plain sight: with --leaks ({\"id\", \"start\", \"end\"}: places in the exported text known to "
    "be "
    "originals), or\nwith --simulate, which puts the originals of a random share of the replacements back "
    "(needs "
    "\"map\", and the notes as\nthey were in --originals): how well an attacker who has this program tells "
    "what is "
    "original from the surrogates.\n\n"
    "Example: chartroom deid --replace surrogate < notes.jsonl > cleared.jsonl\n"
    "         chartroom attack cleared.jsonl --simulate 2% --originals notes.jsonl --seed 1\n\n"
    "No note text is printed unless --show is given. Definitions and sources: docs/privacy-measures.md";

typedef struct {
  CrHidingRun *hiding; /* NULL: not asked for */
  CrLinkageRun *linkage;
  guint64 n_documents;
} Attack;

static void
attack_clear(Attack *a)
{
  g_clear_pointer(&a->hiding, cr_hiding_run_free);
  g_clear_pointer(&a->linkage, cr_linkage_run_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Attack, attack_clear)

const char *
cr_attack_person(const json_t *document)
{
  const char *person = json_string_value(json_object_get(document, "patient"));
  return person ? person : json_string_value(json_object_get(json_object_get(document, "meta"), "patient"));
}

CrText *
cr_attack_text(const json_t *document, GError **error)
{
  const json_t *text = json_object_get(document, "text");
  if (json_is_string(text))
    return cr_text_new(json_string_value(text), (gssize)json_string_length(text), error);
  g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "a document has no string \"text\"");
  return NULL;
}

static gboolean
document_cb(json_t *document, gpointer user_data, GError **error)
{
  Attack *a = user_data;
  cr_cli_progress("documents", ++a->n_documents, 0, NULL);
  return (!a->hiding || cr_hiding_run_add(a->hiding, document, error)) &&
         cr_linkage_run_add(a->linkage, document, error);
}

static int
report(CrCli *cli, Attack *a)
{
  GError *error = NULL;
  g_autoptr(json_t) hiding = a->hiding ? cr_hiding_run_report(a->hiding, &error) : NULL;
  if (error)
    return cr_cli_fail(cli, error);
  g_autoptr(json_t) linkage = cr_linkage_run_report(a->linkage);
  if (cli->json) {
    g_autoptr(json_t) json = json_pack("{s:O?, s:O}", "hiding", hiding, "linkage", linkage);
    cr_cli_print_json(json);
    return CR_EXIT_DONE;
  }
  if (hiding) {
    cr_hiding_print(hiding);
    putchar('\n');
  }
  cr_linkage_print(linkage);
  if (!hiding)
    puts("\nHow well leaks hide was not tried: give --leaks or --simulate.");
  return CR_EXIT_DONE;
}

static int
run(CrCli *cli, const CrAttackOptions *o)
{
  g_auto(Attack) a = {0};
  GError *error = NULL;
  if (o->leaks || o->simulate > 0)
    a.hiding = cr_hiding_run_new(o, &error);
  if (!error)
    a.linkage = cr_linkage_run_new(o, &error);
  if (error || !cr_export_walk(cli->rest[0], document_cb, &a, &error))
    return cr_cli_fail(cli, error);
  cr_cli_progress_end();
  return report(cli, &a);
}

static gboolean
check(const CrAttackOptions *o, GError **error)
{
  const char *what = NULL;
  if (o->simulate > 0 && o->leaks)
    what = "--simulate and --leaks are two ways to the same: give one";
  else if ((o->simulate > 0) != (o->originals != NULL))
    what = "--simulate and --originals belong together";
  else if (o->k < 2)
    what = "--k takes a number from 2";
  if (what)
    g_set_error_literal(error, CR_ERROR, CR_ERROR_USAGE, what);
  return what == NULL;
}

typedef struct {
  char *simulate, *seed, *k, *population;
} Numbers;

static gboolean
parse(const Numbers *n, CrAttackOptions *o, GError **error)
{
  return (!n->simulate || cr_cli_parse_share(n->simulate, &o->simulate, error)) &&
         (!n->seed || cr_cli_parse_number("--seed", n->seed, &o->seed, error)) &&
         (!n->k || cr_cli_parse_number("--k", n->k, &o->k, error)) &&
         (!n->population || cr_cli_parse_number("--population", n->population, &o->population, error)) &&
         check(o, error);
}

int
cr_cmd_attack(int argc, char **argv)
{
  g_auto(CrCli) cli = {0};
  CrAttackOptions o = {.seed = 1, .k = 5};
  Numbers n = {0};
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
      {"leaks", 0, 0, G_OPTION_ARG_FILENAME, &o.leaks, "Places known to be originals", "FILE"},
      {"simulate", 0, 0, G_OPTION_ARG_STRING, &n.simulate,
       "Put back the originals of this share of the replacements", "SHARE"},
      {"originals", 0, 0, G_OPTION_ARG_FILENAME, &o.originals, "The notes as they were, same ids", "FILE"},
      {"seed", 0, 0, G_OPTION_ARG_STRING, &n.seed, "Of the simulation (1)", "N"},
      {"k", 0, 0, G_OPTION_ARG_STRING, &n.k, "A class is small below K persons (5)", "K"},
      {"keys", 0, 0, G_OPTION_ARG_STRING, &o.keys, "Only these keys; meta.NAME adds one of the meta data",
       "age,sex,meta.ward"},
      {"population", 0, 0, G_OPTION_ARG_STRING, &n.population,
       "How many people the set was drawn from: estimates who is alone among them", "N"},
      {"language", 0, 0, G_OPTION_ARG_STRING, &o.language, "Language of the notes (default en)", "en"},
      {"show", 0, 0, G_OPTION_ARG_NONE, &o.show, "Also print words and values from the notes", NULL},
      {NULL}};
  if (cr_cli_parse(&cli, argc, argv, CR_CLI_JSON, "EXPORT", help, entries, 1, 1, &status))
    status = parse(&n, &o, &error) ? run(&cli, &o) : cr_cli_fail(&cli, error);
  g_free(o.leaks), g_free(o.originals), g_free(o.keys), g_free(o.language);
  g_free(n.simulate), g_free(n.seed), g_free(n.k), g_free(n.population);
  return status;
}
