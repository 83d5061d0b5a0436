// SPDX-License-Identifier: GPL-2.0-only
/* The mailbox alone, and under several senders at once. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mailbox.h"
#include "util.h"

#define SENDERS	4
#define LETTERS	20000

static int readable(struct mailbox *box, int timeout_ms)
{
	struct pollfd fd = { .fd = box->fd, .events = POLLIN };

	return poll(&fd, 1, timeout_ms);
}

static void order_and_bell(void **state)
{
	struct letter a = { .kind = 1 }, b = { .kind = 2 }, c = { .kind = 3 }, *got;
	struct mailbox box;

	assert_int_equal(mailbox_init(&box), 0);
	assert_null(mailbox_take(&box));
	assert_int_equal(readable(&box, 0), 0);

	mailbox_post(&box, &a);
	mailbox_post(&box, &b);
	mailbox_post(&box, &c);
	assert_int_equal(readable(&box, 0), 1);
	got = mailbox_take(&box);
	assert_ptr_equal(got, &a);
	assert_ptr_equal(got->next, &b);
	assert_ptr_equal(got->next->next, &c);
	assert_null(c.next);
	assert_int_equal(readable(&box, 0), 0);
	assert_null(mailbox_take(&box));

	/* The same letter again, and the bell works again. */
	mailbox_post(&box, &b);
	assert_int_equal(readable(&box, 0), 1);
	assert_ptr_equal(mailbox_take(&box), &b);
	mailbox_destroy(&box);
	mailbox_destroy(&box);
}

struct numbered {
	struct letter letter;
	unsigned int number;
};

struct sender {
	pthread_t thread;
	struct mailbox *box;
	struct numbered *letters;
};

static void *send_all(void *arg)
{
	struct sender *s = arg;
	unsigned int i;

	for (i = 0; i < LETTERS; i++)
		mailbox_post(s->box, &s->letters[i].letter);
	return NULL;
}

static void many_senders(void **state)
{
	struct sender senders[SENDERS];
	unsigned int next[SENDERS] = { 0 }, total = 0, i;
	struct letter *letter;
	struct mailbox box;

	assert_int_equal(mailbox_init(&box), 0);
	for (i = 0; i < SENDERS; i++) {
		unsigned int n;

		senders[i].box = &box;
		senders[i].letters = calloc(LETTERS, sizeof(struct numbered));
		assert_non_null(senders[i].letters);
		for (n = 0; n < LETTERS; n++) {
			senders[i].letters[n].letter.kind = i;
			senders[i].letters[n].number = n;
		}
		assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]),
				 0);
	}
	while (total < SENDERS * LETTERS) {
		/* Not one bell may be missed: a receiver that only sleeps gets everything. */
		assert_int_equal(readable(&box, 10000), 1);
		letter = mailbox_take(&box);
		while (letter) {
			struct numbered *n = container_of(letter, struct numbered, letter);
			struct letter *newer = letter->next;

			assert_int_equal(n->number, next[letter->kind]++);
			total++;
			letter = newer;
		}
	}
	for (i = 0; i < SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		free(senders[i].letters);
	}
	assert_null(mailbox_take(&box));
	mailbox_destroy(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_bell),
		cmocka_unit_test(many_senders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
