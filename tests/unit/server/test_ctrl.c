// SPDX-License-Identifier: GPL-2.0-only
/* A control connection: opening with any step failing, messages in and out, slots. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctrl.h"
#include "fault.h"
#include "helpers.h"

struct fixture {
	struct ibv_pd *pd;
	struct rdma_cm_id *id;
	struct ctrl ctrl;
	unsigned int received;
	size_t last_len;
	uint32_t last_seq;
	int answer;
};

static struct fixture f;

static int setup(void **state)
{
	fake_reset();
	memset(&f, 0, sizeof(f));
	f.pd = ibv_alloc_pd(fake_device(0));
	f.id = fake_id(0);
	assert_int_equal(ctrl_open(&f.ctrl, f.pd, f.id), 0);
	return 0;
}

static int teardown(void **state)
{
	ctrl_close(&f.ctrl);
	ctrl_close(&f.ctrl);
	assert_int_equal(rdma_destroy_id(f.id), 0);
	assert_int_equal(ibv_dealloc_pd(f.pd), 0);
	assert_nothing_left();
	return 0;
}

static int receive(void *arg, const struct fsw_msg *msg, size_t len)
{
	assert_ptr_equal(arg, &f);
	f.received++;
	f.last_len = len;
	f.last_seq = fsw_letoh32(msg->seq);
	return f.answer;
}

static void any_step_of_opening_fails(void **state)
{
	unsigned int n, steps;

	ctrl_close(&f.ctrl);
	fake_fail(0);
	assert_int_equal(ctrl_open(&f.ctrl, f.pd, f.id), 0);
	steps = fake_calls();
	assert_true(steps >= 5 + FSW_CTRL_DEPTH);
	ctrl_close(&f.ctrl);
	for (n = 1; n <= steps; n++) {
		fake_fail(n);
		assert_int_equal(ctrl_open(&f.ctrl, f.pd, f.id), ENOMEM);
		/* The domain and the id, which are ours. */
		assert_int_equal(fake_objects(), 2);
		assert_int_equal(vobj_report(), 0);
	}
	fake_fail(0);
	assert_int_equal(ctrl_open(&f.ctrl, f.pd, f.id), 0);
}

static void receives_are_posted_again(void **state)
{
	unsigned int i, nr, total = 0;
	struct fsw_msg msg;

	assert_int_equal(fake_receives(f.id), FSW_CTRL_DEPTH);
	for (i = 0; i < FSW_CTRL_DEPTH; i++) {
		fsw_msg_init(&msg, FSW_MSG_PING, i, 0);
		assert_true(fake_message(f.id, &msg, sizeof(msg)));
	}
	assert_false(fake_message(f.id, &msg, sizeof(msg)));
	do {
		assert_int_equal(ctrl_poll(&f.ctrl, receive, &f, &nr), 0);
		total += nr;
	} while (nr);
	assert_int_equal(total, FSW_CTRL_DEPTH);
	assert_int_equal(f.received, FSW_CTRL_DEPTH);
	assert_int_equal(f.last_seq, FSW_CTRL_DEPTH - 1);
	assert_int_equal(f.last_len, sizeof(msg));
	assert_int_equal(fake_receives(f.id), FSW_CTRL_DEPTH);
}

static void poll_stops_when_told(void **state)
{
	struct fsw_msg msg;
	unsigned int nr;

	fsw_msg_init(&msg, FSW_MSG_PING, 1, 0);
	assert_true(fake_message(f.id, &msg, sizeof(msg)));
	assert_true(fake_message(f.id, &msg, sizeof(msg)));
	f.answer = 77;
	assert_int_equal(ctrl_poll(&f.ctrl, receive, &f, &nr), 77);
	assert_int_equal(f.received, 1);
}

static void errors_of_polling(void **state)
{
	struct fsw_msg msg;
	unsigned int nr;

	fake_fail_poll();
	assert_int_equal(ctrl_poll(&f.ctrl, receive, &f, &nr), EIO);
	assert_int_equal(nr, 0);
	fake_break(f.id);
	assert_int_equal(ctrl_poll(&f.ctrl, receive, &f, &nr), EIO);
	/* A receive that cannot be posted again. */
	fsw_msg_init(&msg, FSW_MSG_PING, 1, 0);
	assert_true(fake_message(f.id, &msg, sizeof(msg)));
	fake_fail(1);
	assert_int_equal(ctrl_poll(&f.ctrl, receive, &f, &nr), EIO);
	assert_int_equal(f.received, 1);
}

static void slots(void **state)
{
	struct fsw_msg *msg, *seen[CTRL_NR_SLOTS], *bye;
	union message got;
	unsigned int i, k, nr;
	size_t len;

	for (i = 0; i < CTRL_SEND_SLOTS; i++) {
		seen[i] = ctrl_slot(&f.ctrl);
		assert_non_null(seen[i]);
		for (k = 0; k < i; k++)
			assert_ptr_not_equal(seen[i], seen[k]);
	}
	assert_null(ctrl_slot(&f.ctrl));
	bye = ctrl_goodbye_slot(&f.ctrl);
	assert_non_null(bye);
	assert_null(ctrl_goodbye_slot(&f.ctrl));
	assert_null(ctrl_slot(&f.ctrl));
	assert_false(ctrl_all_sent(&f.ctrl));

	for (i = 0; i < CTRL_SEND_SLOTS; i++) {
		memset(seen[i] + 1, 0x77, 8);
		assert_int_equal(ctrl_send(&f.ctrl, seen[i], FSW_MSG_RELEASED, i, 8), 0);
	}
	assert_int_equal(ctrl_send(&f.ctrl, bye, FSW_MSG_PONG, 99, 0), 0);
	assert_null(ctrl_slot(&f.ctrl));
	for (i = 0; i < CTRL_SEND_SLOTS; i++) {
		assert_true(fake_sent(f.id, &got.msg, &len));
		assert_int_equal(len, sizeof(got.msg) + 8);
		assert_int_equal(fsw_letoh32(got.msg.seq), i);
		assert_int_equal(fsw_letoh32(got.msg.length), len);
	}
	assert_true(fake_sent(f.id, &got.msg, &len));
	assert_int_equal(fsw_msg_check(&got.msg, len), FSW_REASON_NONE);

	fake_complete_sends(f.id);
	while (!ctrl_poll(&f.ctrl, receive, &f, &nr) && nr)
		;
	assert_true(ctrl_all_sent(&f.ctrl));
	msg = ctrl_slot(&f.ctrl);
	assert_non_null(msg);
	/* Nothing of the last message is left in it. */
	for (i = 0; i < FSW_MSG_MAX; i++)
		assert_int_equal(((unsigned char *)msg)[i], 0);
	assert_non_null(ctrl_goodbye_slot(&f.ctrl));
	assert_int_equal(f.received, 0);
	fake_fail(1);
	assert_int_equal(ctrl_send(&f.ctrl, msg, FSW_MSG_PING, 1, 0), ENOMEM);
}

static void arming(void **state)
{
	struct pollfd fd = { .fd = ctrl_fd(&f.ctrl), .events = POLLIN };
	struct fsw_msg msg;
	unsigned int nr;

	fsw_msg_init(&msg, FSW_MSG_PING, 1, 0);
	assert_true(fake_message(f.id, &msg, sizeof(msg)));
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_int_equal(ctrl_arm(&f.ctrl), 0);
	assert_true(fake_message(f.id, &msg, sizeof(msg)));
	assert_int_equal(poll(&fd, 1, 0), 1);
	/* A wake-up that is not taken must not keep the queue alive either. */
	ctrl_disarm(&f.ctrl);
	assert_int_equal(poll(&fd, 1, 0), 0);
	ctrl_disarm(&f.ctrl);
	assert_int_equal(ctrl_poll(&f.ctrl, receive, &f, &nr), 0);
	assert_int_equal(nr, 2);
	fake_fail(1);
	assert_int_equal(ctrl_arm(&f.ctrl), ENOMEM);
	assert_int_equal(ctrl_arm(&f.ctrl), 0);
	assert_true(fake_message(f.id, &msg, sizeof(msg)));
	/* The teardown closes with this one pending. */
}

static void arm(const char *rules)
{
	char why[128];

	assert_int_equal(faults_arm(rules, why, sizeof(why)), 0);
}

static void faults(void **state)
{
	struct fsw_msg msg, *slot;
	union message got;
	unsigned int nr;
	size_t len;

	/* Not sent, but as good as sent for the sender. */
	arm("mute=1/1x1");
	slot = ctrl_slot(&f.ctrl);
	assert_int_equal(ctrl_send(&f.ctrl, slot, FSW_MSG_PING, 1, 0), 0);
	assert_true(ctrl_all_sent(&f.ctrl));
	assert_false(fake_sent(f.id, &got.msg, &len));

	/* Not looked at, but the receive is posted again. */
	arm("drop=1/1x1");
	fsw_msg_init(&msg, FSW_MSG_PING, 1, 0);
	assert_true(fake_message(f.id, &msg, sizeof(msg)));
	assert_int_equal(ctrl_poll(&f.ctrl, receive, &f, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(f.received, 0);
	assert_int_equal(fake_receives(f.id), FSW_CTRL_DEPTH);

	arm("status=1/1x1");
	assert_true(fake_message(f.id, &msg, sizeof(msg)));
	assert_int_equal(ctrl_poll(&f.ctrl, receive, &f, &nr), EIO);
	assert_int_equal(f.received, 0);

	arm("alloc=1/1x1");
	ctrl_close(&f.ctrl);
	assert_int_equal(ctrl_open(&f.ctrl, f.pd, f.id), ENOMEM);
	assert_int_equal(ctrl_open(&f.ctrl, f.pd, f.id), 0);
	arm(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_step_of_opening_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(receives_are_posted_again, setup, teardown),
		cmocka_unit_test_setup_teardown(poll_stops_when_told, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_of_polling, setup, teardown),
		cmocka_unit_test_setup_teardown(slots, setup, teardown),
		cmocka_unit_test_setup_teardown(arming, setup, teardown),
		cmocka_unit_test_setup_teardown(faults, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
