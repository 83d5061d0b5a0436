// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mailbox.h"

int mailbox_init(struct mailbox *box)
{
	atomic_init(&box->newest, NULL);
	box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return box->fd < 0 ? errno : 0;
}

void mailbox_destroy(struct mailbox *box)
{
	if (box->fd >= 0)
		close(box->fd);
	box->fd = -1;
}

void mailbox_post(struct mailbox *box, struct letter *letter)
{
	struct letter *old = atomic_load_explicit(&box->newest, memory_order_relaxed);
	uint64_t one = 1;

	do {
		letter->next = old;
	} while (!atomic_compare_exchange_weak_explicit(&box->newest, &old, letter,
							memory_order_release,
							memory_order_relaxed));
	/*
	 * Only who finds the box empty rings: until the owner empties it, the bell of
	 * the first poster stands for all. The letter may be gone by now.
	 */
	if (!old)
		while (write(box->fd, &one, sizeof(one)) < 0 && errno == EINTR)
			;
}

struct letter *mailbox_take(struct mailbox *box)
{
	struct letter *letter, *oldest = NULL;
	uint64_t rung;

	/* Silence the bell first: a letter that comes after the exchange rings again. */
	while (read(box->fd, &rung, sizeof(rung)) < 0 && errno == EINTR)
		;
	letter = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire);
	while (letter) {
		struct letter *older = letter->next;

		letter->next = oldest;
		oldest = letter;
		letter = older;
	}
	return oldest;
}
