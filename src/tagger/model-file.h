/* The layout of a model file; see model-write.c. */
#pragma once
#define CR_MODEL_MAGIC "CRTAGGER"
#define CR_MODEL_VERSION 1
#define CR_MODEL_AT_BYTES 24
#define CR_MODEL_AT_SUM 32
#define CR_MODEL_HEAD 64
