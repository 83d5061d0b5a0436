// SPDX-License-Identifier: GPL-2.0-only
/* Proofs against vectors that another implementation of HMAC-SHA-256 has made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mac.h"
#include "util.h"

static void count_up(void *bytes, size_t len, unsigned char from)
{
	unsigned char *b = bytes;

	while (len--)
		*b++ = from++;
}

static void make_transcript(struct fsw_transcript *t, enum fsw_side side)
{
	struct fsw_welcome welcome;
	struct fsw_limits limits;
	struct fsw_hello hello;
	struct fsw_auth auth;

	count_up(&hello, sizeof(hello), 0);
	count_up(&welcome, sizeof(welcome), 0x80);
	memset(&auth, 0, sizeof(auth));
	strcpy(auth.identity, "node7.example");
	count_up(auth.nonce, sizeof(auth.nonce), 0xc0);
	count_up(&limits, sizeof(limits), 0x30);
	fsw_transcript_init(t, side, &hello, &welcome, &auth,
			    side == FSW_SIDE_SERVER ? &limits : NULL);
}

static void vectors(void **state)
{
	static const struct {
		enum fsw_side side;
		size_t len;
		const char *proof;
	} cases[] = {
		{ FSW_SIDE_CLIENT, 16,
		  "3a8552a09dbd53af0585747d901062b5c452f42de0c173da4fd0fd85a31de8e0" },
		{ FSW_SIDE_CLIENT, 64,
		  "aeac3b3707d0b6857cc54198ed9ad88ed681a17e2f00d8079e3543282843eceb" },
		{ FSW_SIDE_SERVER, 16,
		  "804ddc292fcdce8c97e6c5a6c031cecdb9256221d80d5f3063fbe8b28f1bc3a9" },
		{ FSW_SIDE_SERVER, 64,
		  "db1407b9c15887a1be4f6129a90b8b19f7c6947fd36d8816bb1382e65b3afb8b" },
	};
	uint8_t key[FSW_KEY_MAX], proof[FSW_PROOF_SIZE];
	struct fsw_transcript t;
	unsigned int i, k;
	char text[65];

	count_up(key, sizeof(key), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		make_transcript(&t, cases[i].side);
		assert_true(mac_proof(proof, key, cases[i].len, &t));
		for (k = 0; k < sizeof(proof); k++)
			snprintf(text + 2 * k, 3, "%02x", proof[k]);
		assert_string_equal(text, cases[i].proof);
	}
}

/* Another key, and any other byte of what was said, is another proof. */
static void everything_counts(void **state)
{
	uint8_t key[32], proof[FSW_PROOF_SIZE], other[FSW_PROOF_SIZE];
	struct fsw_transcript t;
	size_t i;

	count_up(key, sizeof(key), 0);
	make_transcript(&t, FSW_SIDE_CLIENT);
	assert_true(mac_proof(proof, key, sizeof(key), &t));
	for (i = 0; i < sizeof(t); i++) {
		((uint8_t *)&t)[i] ^= 1;
		assert_true(mac_proof(other, key, sizeof(key), &t));
		assert_false(mac_equal(proof, other));
		((uint8_t *)&t)[i] ^= 1;
	}
	for (i = 0; i < sizeof(key); i++) {
		key[i] ^= 0x80;
		assert_true(mac_proof(other, key, sizeof(key), &t));
		assert_false(mac_equal(proof, other));
		key[i] ^= 0x80;
	}
	assert_true(mac_proof(other, key, sizeof(key), &t));
	assert_true(mac_equal(proof, other));
	for (i = 0; i < sizeof(other); i++) {
		other[i] ^= 4;
		assert_false(mac_equal(proof, other));
		other[i] ^= 4;
	}
	mac_forget(other, sizeof(other));
	assert_true(fsw_is_zero(other, sizeof(other)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(everything_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
