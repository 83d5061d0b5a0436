// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include "ledger.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t limit(const struct ledger *ledger)
{
	return ledger->total * ledger->percent / LEDGER_PERCENT;
}

/* What the two rules are about. */
static uint64_t owed(const struct ledger *ledger)
{
	return ledger->committed + ledger->reserved - ledger->backed;
}

static uint64_t spoken_for(const struct ledger *ledger)
{
	return ledger->held + ledger_kept(ledger);
}

static void set(struct ledger *ledger, struct account *account, struct share *share,
		uint64_t promised, uint64_t held)
{
	uint64_t before = ledger_commits(share->promised, share->held);
	uint64_t after = ledger_commits(promised, held);

	ledger->held += held - share->held;
	ledger->committed += after - before;
	if (account) {
		ledger->filled -= least(account->reserved, account->held);
		ledger->backed -= least(account->reserved, account->committed);
		account->held += held - share->held;
		account->committed += after - before;
		ledger->filled += least(account->reserved, account->held);
		ledger->backed += least(account->reserved, account->committed);
	}
	share->promised = promised;
	share->held = held;
}

/* What makes neither sum larger is right even where a rule is broken, as after a reload. */
static bool try(struct ledger *ledger, struct account *account, struct share *share,
		uint64_t promised, uint64_t held)
{
	const uint64_t owed_before = owed(ledger), spoken_before = spoken_for(ledger);
	const struct share old = *share;

	set(ledger, account, share, promised, held);
	if ((owed(ledger) <= limit(ledger) || owed(ledger) <= owed_before) &&
	    (spoken_for(ledger) <= ledger->total || spoken_for(ledger) <= spoken_before))
		return true;
	set(ledger, account, share, old.promised, old.held);
	return false;
}

bool ledger_is_within(const struct account *account, const struct share *share, uint64_t chunks,
		      uint64_t limit)
{
	const uint64_t others = account->committed - ledger_commits(share->promised, share->held);

	return chunks <= share->promised || others + ledger_commits(chunks, share->held) <= limit;
}

bool ledger_promise(struct ledger *ledger, struct account *account, struct share *share,
		    uint64_t chunks)
{
	return try(ledger, account, share, chunks, share->held);
}

bool ledger_take(struct ledger *ledger, struct account *account, struct share *share,
		 uint64_t chunks)
{
	return try(ledger, account, share, share->promised, share->held + chunks);
}

void ledger_give(struct ledger *ledger, struct account *account, struct share *share,
		 uint64_t chunks)
{
	set(ledger, account, share, share->promised, share->held - chunks);
}

void ledger_reserve(struct ledger *ledger, struct account *account, uint64_t chunks)
{
	ledger->filled -= least(account->reserved, account->held);
	ledger->backed -= least(account->reserved, account->committed);
	account->reserved = chunks;
	ledger->filled += least(account->reserved, account->held);
	ledger->backed += least(account->reserved, account->committed);
}

uint64_t ledger_offer(const struct ledger *ledger, const struct account *account)
{
	uint64_t others = owed(ledger);

	/* What is reserved for it and not committed yet is in that sum. */
	if (account && account->reserved > account->committed)
		others -= account->reserved - account->committed;
	return others < limit(ledger) ? limit(ledger) - others : 0;
}
