/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers as people write and read them. Pure. */
#ifndef FASTSWAP_UNITS_H
#define FASTSWAP_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOT_SIZE	4096u	/* the unit that a device is made of */

bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);
const char *parse_size(const char *text, uint64_t *bytes);
bool parse_seconds(const char *text, unsigned int max_s, unsigned int *ms);

const char *format_size(uint64_t bytes, char *buf, size_t len);
const char *format_ns(uint64_t ns, char *buf, size_t len);

#endif /* FASTSWAP_UNITS_H */
