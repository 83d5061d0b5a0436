/* SPDX-License-Identifier: GPL-2.0-only */
/* Amounts and CPUs as people write them. Pure. */
#ifndef FASTSWAP_AMOUNTS_H
#define FASTSWAP_AMOUNTS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct share - an amount, or a part of one that is known later
 * @is_part: @value is in units of 1/10000 of the whole
 * @value: bytes otherwise
 */
struct share {
	bool is_part;
	uint64_t value;
};

#define SHARE_WHOLE	10000u	/* 100 % */

const char *share_parse(const char *text, struct share *share);
uint64_t share_of(struct share share, uint64_t whole);
const char *share_text(struct share share, char *buf, size_t len);

const char *cpus_parse(const char *text, cpu_set_t *cpus);
const char *cpus_text(const cpu_set_t *cpus, char *buf, size_t len);

#endif /* FASTSWAP_AMOUNTS_H */
