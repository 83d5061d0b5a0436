// SPDX-License-Identifier: GPL-2.0-only
/* The life of a chunk: the whole table, written down a second time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chunk_sm.h"

#define NO	(-1)
#define S(state) FSR_CHUNK_##state

static void every_pair(void **state)
{
	/*                      ASK       GRANT       DENY       RELEASE      TAKEN BREAK LOSE */
	static const int to[FSR_NR_CHUNK_STATES][FSR_NR_CHUNK_EVENTS] = {
		[S(ABSENT)] = { S(ASKED), NO, NO, NO, NO, S(ABSENT), S(ABSENT) },
		[S(ASKED)] = { NO, S(GRANTED), S(ABSENT), NO, NO, S(UNSURE), S(ABSENT) },
		[S(GRANTED)] = { NO, NO, NO, S(RELEASED), NO, S(GRANTED), S(ABSENT) },
		[S(RELEASED)] = { NO, NO, NO, NO, S(ABSENT), S(UNSURE), S(ABSENT) },
		[S(UNSURE)] = { NO, NO, NO, S(RELEASED), NO, S(UNSURE), S(ABSENT) },
	};
	enum fsr_chunk_state next;
	int from, event;

	for (from = 0; from < FSR_NR_CHUNK_STATES; from++) {
		for (event = 0; event < FSR_NR_CHUNK_EVENTS; event++) {
			bool may = fsr_chunk_step(from, event, &next);

			assert_int_equal(may, to[from][event] != NO);
			assert_int_equal(next, may ? to[from][event] : from);
		}
	}
}

/* What the rest of the module relies on. */
static void only_a_grant_grants(void **state)
{
	enum fsr_chunk_state next;
	int from, event;

	for (from = 0; from < FSR_NR_CHUNK_STATES; from++)
		for (event = 0; event < FSR_NR_CHUNK_EVENTS; event++)
			if (fsr_chunk_step(from, event, &next) && next == S(GRANTED))
				assert_true(from == S(GRANTED) || event == FSR_CHUNK_EV_GRANT);
	/* What the server may think we have is not asked for before that is settled. */
	assert_false(fsr_chunk_step(S(UNSURE), FSR_CHUNK_EV_ASK, &next));
	assert_false(fsr_chunk_step(S(RELEASED), FSR_CHUNK_EV_ASK, &next));
}

static void what_does_not_exist(void **state)
{
	enum fsr_chunk_state next;

	assert_false(fsr_chunk_step(FSR_NR_CHUNK_STATES, FSR_CHUNK_EV_LOSE, &next));
	assert_false(fsr_chunk_step(S(ABSENT), FSR_NR_CHUNK_EVENTS, &next));
	assert_int_equal(next, S(ABSENT));
	assert_false(fsr_chunk_step(-1, FSR_CHUNK_EV_LOSE, &next));
	assert_false(fsr_chunk_step(S(ABSENT), -1, &next));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(only_a_grant_grants),
		cmocka_unit_test(what_does_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
