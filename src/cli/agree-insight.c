/* agree --insight: what readers disagree about, for people. */
#include "cli/agree.h"
#include "cli/lines.h"
#include <chartroom/reading.h>

#include <stdio.h>
#include <string.h>

#define SHOWN 20 /* clusters, for people; --json and --table have all */

static const char *
figure_text(const json_t *value, char text[32])
{
  if (json_is_number(value))
    g_snprintf(text, 32, "%.4f", json_number_value(value));
  else
    g_strlcpy(text, "-", 32);
  return text;
}

static void
print_now(const json_t *batch)
{
  const char *name;
  json_t *value;
  char text[32];
  printf("Batch %s, round %" G_GINT64_FORMAT ": %" G_GINT64_FORMAT " notes read by two, %" G_GINT64_FORMAT
         " differences, %zu clusters; now",
         cr_cli_text(batch, "batch"), cr_cli_int(batch, "round"), cr_cli_int(batch, "notes"),
         cr_cli_int(batch, "differences"), json_array_size(json_object_get(batch, "clusters")));
  json_object_foreach(json_object_get(batch, "now"), name, value) if (json_is_number(value))
      printf(" %s %s", name, figure_text(value, text));
  putchar('\n');
}

static void
print_cluster(gsize i, const json_t *c)
{
  char text[32];
  g_autofree char *question = cr_cli_plain(cr_cli_text(c, "question"), FALSE);
  printf("%3zu. +%s %s  %s, %" G_GINT64_FORMAT " differences in %" G_GINT64_FORMAT " notes%s\n     %s\n",
         i + 1, figure_text(json_object_get(c, "gain"), text), cr_cli_text(c, "measure"),
         cr_cli_text(c, "kind"), cr_cli_int(c, "differences"), cr_cli_int(c, "notes"),
         json_is_true(json_object_get(c, "critical")) ? " (critical)" : "", question);
}

static void
print_batch(const json_t *batch)
{
  json_t *row;
  gsize i;
  char text[32];
  print_now(batch);
  json_array_foreach(json_object_get(batch, "by_kind"), i, row)
      printf("  %-10s %-28s %5" G_GINT64_FORMAT "  +%s %s\n", cr_cli_text(row, "kind"),
             cr_cli_text(row, "what"), cr_cli_int(row, "differences"),
             figure_text(json_object_get(row, "gain"), text), cr_cli_text(row, "measure"));
  json_array_foreach(json_object_get(batch, "clusters"), i, row) if (i < SHOWN) print_cluster(i, row);
  printf("%" G_GINT64_FORMAT
         " questions to the guidelines were kept (chartroom guidelines PROJECT questions).\n",
         cr_cli_int(batch, "asked"));
}

/* Words of the notes stand in the last column. */
static void
print_table(const json_t *batch)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  json_t *row;
  gsize i;
  char gain[32], f1[32], kappa[32];
  g_ptr_array_add(lines, g_strdup("gain\tmeasure\tF1\tkappa\tkind\twhat\tdifferences\tnotes\tcleared text"));
  json_array_foreach(json_object_get(batch, "clusters"), i, row)
  {
    g_autofree char *words = cr_cli_plain(cr_cli_text(row, "cleared_text"), FALSE);
    g_ptr_array_add(
        lines,
        g_strdup_printf("%s\t%s\t%s\t%s\t%s\t%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s",
                        figure_text(json_object_get(row, "gain"), gain), cr_cli_text(row, "measure"),
                        figure_text(json_object_get(row, "gain_span_f1_strict"), f1),
                        figure_text(json_object_get(row, "gain_token_kappa"), kappa),
                        cr_cli_text(row, "kind"), cr_cli_text(row, "what"), cr_cli_int(row, "differences"),
                        cr_cli_int(row, "notes"), g_strdelimit(words, "\t", ' ')));
  }
  g_ptr_array_add(lines, NULL);
  print_now(batch);
  cr_cli_print_table((const char *const *)lines->pdata);
}

int
cr_agree_insight(CrCli *cli, CrProject *p, const char *batch, guint n_questions, gboolean table)
{
  GError *error = NULL;
  json_t *row;
  gsize i;
  g_autoptr(json_t) result = cr_reading_insight(p, batch, n_questions, &error);
  if (!result)
    return cr_cli_fail(cli, error);
  if (cli->json)
    cr_cli_print_json_lines(result);
  else
    json_array_foreach(result, i, row)(table ? print_table : print_batch)(row);
  return CR_EXIT_DONE;
}
