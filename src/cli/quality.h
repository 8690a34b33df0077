/* quality: what the project says of its own faults (print-risk.c). */
#pragma once
#include "cli/cli.h"

/* `quality PROJECT`: prints the estimate of what is left; the exit status. */
int cr_cli_judge_review(CrCli *cli, CrProject *p);
