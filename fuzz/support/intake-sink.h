/* What every intake target checks of what comes out: records are whole, places lie in the file. */
#pragma once
#include <chartroom/intake.h>
#include <stdint.h>

/* Reads the bytes as a file of that format ("jsonl", "csv") and checks what comes; 0. */
int fuzz_intake(const char *format, const char *name, const uint8_t *data, size_t size);
