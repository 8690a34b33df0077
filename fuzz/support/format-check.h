/* What every format target checks: what is read is sound, and what can be written again reads as the same. */
#pragma once
#include <chartroom/formats.h>

int fuzz_format(const char *format, const char *path);
