/* SPDX-License-Identifier: GPL-2.0-only */
/* The bytes of one input, taken one after the other; zeros when there are no more. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
	const uint8_t *at, *end;
};

static inline uint8_t take8(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static inline uint32_t take32(struct input *in)
{
	uint32_t value = 0;
	size_t left = in->end - in->at;

	if (left > sizeof(value))
		left = sizeof(value);
	if (left)
		memcpy(&value, in->at, left);
	in->at += left;
	return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* FUZZ_INPUT_H */
