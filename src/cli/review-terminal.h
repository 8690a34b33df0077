/* review-terminal: privacy review at a terminal, one candidate after another. Each key press is saved before
 * the next is read. */
#pragma once
#include "cli/cli.h"

/* Goes through the notes of the batch (NULL: of every batch) that the member has not finished. Returns the
 * exit status. */
int cr_review_terminal(CrCli *cli, CrProject *project, const char *batch);
