/* What both guidelines targets check. */
#pragma once
#include <glib.h>
#include <stdint.h>

int fuzz_guidelines(gboolean yaml, const uint8_t *data, size_t size);
