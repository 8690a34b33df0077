/* tokens: the reference path, for the test that compares it with the fast one. */
#pragma once
#include <glib.h>

/* Appends the tokens of data between start and end, all by ICU. */
void cr_tokens_by_icu(const char *data, gsize start, gsize end, GArray *out);
