/* tag: labels documents with a trained model. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/samples.h"
#include <stdio.h>

static const char help[] =
    "Labels the documents of IN with the model's findings and writes them to OUT in the same format; labels "
    "that "
    "IN has are\nreplaced. --threshold R labels all that is a finding with probability R or more; without it "
    "the "
    "most probable reading.\n\nExample: chartroom tag --model es.crf --format brat notes/ tagged/\n";

static gboolean
run(const char *model, const char *format, const char *key, double threshold, char **paths, GError **error)
{
  g_autoptr(CrTagger) tagger = cr_tagger_open(model, error);
  if (tagger == NULL)
    return FALSE;
  const CrCorpusOptions options = {.format = format, .key = key};
  if (format == NULL && (format = cr_corpus_format_of(paths[0], error)) == NULL)
    return FALSE;
  g_autoptr(GPtrArray) documents = cr_corpus_read(paths[0], &options, error);
  if (documents == NULL)
    return FALSE;
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(tagger);
  for (guint i = 0; i < documents->len; i++)
    cr_samples_tag(tagger, scratch, g_ptr_array_index(documents, i), threshold);
  return cr_corpus_write(paths[1], format, documents, error);
}

int
cr_cmd_tag(int argc, char **argv)
{
  g_autofree char *model = NULL, *format = NULL, *key = NULL;
  double threshold = 0;
  const GOptionEntry entries[] = {
      {"model", 0, 0, G_OPTION_ARG_FILENAME, &model, "a model made by `chartroom train`", "MODEL"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &format, "brat, iob or jsonl (by its looks)", "F"},
      {"key", 0, 0, G_OPTION_ARG_STRING, &key, "JSON lines: where the spans are, entities or phi", "KEY"},
      {"threshold", 0, 0, G_OPTION_ARG_DOUBLE, &threshold, "least probability of a finding", "R"},
      G_OPTION_ENTRY_NULL};
  g_auto(CrCli) cli = {0};
  g_autoptr(GError) error = NULL;
  int status = 0;
  if (!cr_cli_parse(&cli, argc, argv, CR_CLI_STREAM, "--model MODEL IN OUT", help, entries, 2, 2, &status))
    return status;
  if (model == NULL)
    return cr_cli_usage(&cli, "--model must be given");
  if (threshold < 0 || threshold > 1)
    return cr_cli_usage(&cli, "--threshold is between 0 and 1");
  return run(model, format, key, threshold, cli.rest, &error) ? CR_EXIT_DONE
                                                              : cr_cli_fail(&cli, g_steal_pointer(&error));
}
