// SPDX-License-Identifier: GPL-2.0-only
/* What a proof is made over, byte for byte, and that all of it counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fastswap/auth.h>

static struct fsw_hello hello;
static struct fsw_welcome welcome;
static struct fsw_auth auth;
static struct fsw_limits limits;

static void count_up(void *bytes, size_t len, unsigned char from)
{
	unsigned char *b = bytes;

	while (len--)
		*b++ = from++;
}

static int setup(void **state)
{
	count_up(&hello, sizeof(hello), 0);
	count_up(&welcome, sizeof(welcome), 0x80);
	memset(&auth, 0, sizeof(auth));
	strcpy(auth.identity, "node7.example");
	count_up(auth.nonce, sizeof(auth.nonce), 0xc0);
	memset(auth.proof, 0x55, sizeof(auth.proof));
	count_up(&limits, sizeof(limits), 0x30);
	return 0;
}

static void every_byte(void **state)
{
	static const char *const labels[] = {
		[FSW_SIDE_CLIENT] = "fastswap client",
		[FSW_SIDE_SERVER] = "fastswap server",
	};
	unsigned char expected[280];
	struct fsw_transcript t;
	unsigned int side;

	assert_int_equal(sizeof(t), sizeof(expected));
	for (side = 0; side < 2; side++) {
		memset(expected, 0, sizeof(expected));
		memcpy(expected, labels[side], 16);
		count_up(expected + 16, 56, 0);
		count_up(expected + 72, 96, 0x80);
		memcpy(expected + 168, "node7.example", 13);
		count_up(expected + 232, 32, 0xc0);
		if (side == FSW_SIDE_SERVER)
			count_up(expected + 264, 16, 0x30);
		/* Whatever was there before, no byte of it is left. */
		memset(&t, 0xff, sizeof(t));
		fsw_transcript_init(&t, side, &hello, &welcome, &auth,
				    side == FSW_SIDE_SERVER ? &limits : NULL);
		assert_memory_equal(&t, expected, sizeof(t));
	}
}

/* Change any byte that was said: what the proof is made over is another text. */
static void each_byte_counts(void **state)
{
	struct {
		void *bytes;
		size_t len;
	} parts[] = {
		{ &hello, sizeof(hello) },
		{ &welcome, sizeof(welcome) },
		{ auth.identity, sizeof(auth.identity) },
		{ auth.nonce, sizeof(auth.nonce) },
		{ &limits, sizeof(limits) },
	};
	struct fsw_transcript before, after;
	size_t i, k;

	fsw_transcript_init(&before, FSW_SIDE_SERVER, &hello, &welcome, &auth, &limits);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (k = 0; k < parts[i].len; k++) {
			((unsigned char *)parts[i].bytes)[k] ^= 0x10;
			fsw_transcript_init(&after, FSW_SIDE_SERVER, &hello, &welcome, &auth,
					    &limits);
			assert_memory_not_equal(&before, &after, sizeof(before));
			((unsigned char *)parts[i].bytes)[k] ^= 0x10;
		}
	}
	/* The proof itself is not in it, or it could not be made. */
	auth.proof[0] ^= 1;
	fsw_transcript_init(&after, FSW_SIDE_SERVER, &hello, &welcome, &auth, &limits);
	assert_memory_equal(&before, &after, sizeof(before));
	/* Nobody can send back what he got, whatever the limits. */
	fsw_transcript_init(&before, FSW_SIDE_SERVER, &hello, &welcome, &auth, NULL);
	fsw_transcript_init(&after, FSW_SIDE_CLIENT, &hello, &welcome, &auth, NULL);
	assert_memory_not_equal(&before, &after, sizeof(before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_byte, setup),
		cmocka_unit_test_setup(each_byte_counts, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
