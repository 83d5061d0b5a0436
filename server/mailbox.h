/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mailbox: any thread posts, one thread takes. The only way in which the
 * threads of the server talk to each other.
 *
 * A letter is part of the object that it is about, so that posting needs no
 * memory and cannot fail. A letter must not be posted again before it was
 * taken. Letters of one sender arrive in the order in which they were posted.
 */
#ifndef FASTSWAP_SERVER_MAILBOX_H
#define FASTSWAP_SERVER_MAILBOX_H

#include <stdatomic.h>

struct letter {
	struct letter *next;
	int kind;	/* for the receiver: what is this part of? */
};

struct mailbox {
	_Atomic(struct letter *) newest;
	int fd;		/* readable when there may be letters */
};

/**
 * mailbox_init - make an empty mailbox
 * @box: the mailbox
 *
 * Return: 0 or an errno value.
 */
int mailbox_init(struct mailbox *box);

/** mailbox_destroy - free it; nobody may post any more; safe on a zeroed one with fd -1 */
void mailbox_destroy(struct mailbox *box);

/**
 * mailbox_post - give a letter to the owner of a mailbox; any thread
 * @box: the mailbox
 * @letter: must stay valid until it was taken
 */
void mailbox_post(struct mailbox *box, struct letter *letter);

/**
 * mailbox_take - take every letter; owner only
 * @box: the mailbox
 *
 * Return: the oldest letter, linked to the newer ones; NULL if there is none.
 * The link of a letter must be read before the letter is handled, as handling
 * it may free it or post it again.
 */
struct letter *mailbox_take(struct mailbox *box);

#endif /* FASTSWAP_SERVER_MAILBOX_H */
