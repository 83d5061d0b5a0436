/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the server's parts share; include it after cmocka.h. */
#ifndef SERVER_TEST_HELPERS_H
#define SERVER_TEST_HELPERS_H

#include <string.h>

#include <fastswap/proto.h>

#include "config.h"
#include "fake_rdma.h"
#include "pool.h"
#include "util.h"
#include "vobj.h"

#define TEST_CHUNK_SHIFT	20
#define TEST_CHUNK		(1u << TEST_CHUNK_SHIFT)

static const struct config test_config = {
	.port = 50000,
	.size = 8 * TEST_CHUNK,
	.asked_size = 8 * TEST_CHUNK,
	.chunk_shift = TEST_CHUNK_SHIFT,
	.threads = 2,
	.max_sessions = 3,
	.max_sets = 2,
	.keepalive_ms = 1000,
	.overcommit = LEDGER_PERCENT,
};

static inline void make_pool(struct pool *pool, uint32_t chunks)
{
	struct config cfg = test_config;
	char why[128];

	cfg.size = (uint64_t)chunks << TEST_CHUNK_SHIFT;
	assert_int_equal(pool_init(pool, &cfg, why, sizeof(why)), 0);
}

/* Clears what is dirty, as a worker does. */
static inline void clear_all(struct pool *pool, struct backlog *dirty)
{
	struct region *region;

	while ((region = STAILQ_FIRST(&dirty->regions))) {
		if (!region_zero(region, 1 << 18))
			continue;
		backlog_take(dirty);
		pool_put_zeroed(pool, region);
	}
}

/* Every chunk is back, zeroed, and nothing of the RDMA stack is left. */
static inline void assert_all_back(struct pool *pool)
{
	struct piece *piece;
	uint32_t i;
	size_t at;

	assert_int_equal(pool->nr_free, pool->nr_regions);
	assert_int_equal(pool->nr_dirty, 0);
	assert_int_equal(pool->nr_ending, 0);
	STAILQ_FOREACH(piece, &pool->pieces, link) {
		for (i = 0; i < piece->nr_regions; i++) {
			const struct region *region = &piece->regions[i];

			assert_null(region->mr);
			if (region->state == REGION_RETIRED)
				continue;
			assert_int_equal(region->state, REGION_FREE);
			assert_true(region->listed);
			for (at = 0; at < region->size; at += 4096)
				assert_int_equal(region->addr[at], 0);
		}
	}
}

static inline void assert_nothing_left(void)
{
	assert_int_equal(fake_objects(), 0);
	assert_int_equal(vobj_report(), 0);
}

static inline void make_hello(struct fsw_hello *hello, enum fsw_role role, unsigned int set,
			      unsigned int nr_sets, unsigned char id)
{
	memset(hello, 0, sizeof(*hello));
	hello->magic = fsw_htole32(FSW_MAGIC);
	hello->version = fsw_htole16(FSW_VERSION);
	hello->version_min = fsw_htole16(FSW_VERSION_MIN);
	hello->role = role;
	hello->set = fsw_htole16(set);
	hello->nr_sets = fsw_htole16(nr_sets);
	memset(hello->session_id, id, sizeof(hello->session_id));
}

/* Room for one message, aligned as a structure. */
union message {
	struct fsw_msg msg;
	struct {
		struct fsw_msg head;
		union {
			struct fsw_range range;
			struct fsw_grant grant[FSW_GRANTS_PER_MSG];
			struct fsw_deny deny;
			struct fsw_goodbye bye;
			struct fsw_auth auth;
			struct fsw_promise promise;
			struct fsw_recall recall;
			struct fsw_auth_ok auth_ok;
		};
	};
	unsigned char bytes[FSW_MSG_MAX];
};

static inline size_t make_promise(union message *m, uint32_t seq, uint32_t chunks)
{
	memset(m, 0, sizeof(*m));
	fsw_msg_init(&m->msg, FSW_MSG_PROMISE, seq, sizeof(m->promise));
	m->promise.chunks = fsw_htole32(chunks);
	return sizeof(m->msg) + sizeof(m->promise);
}

static inline size_t make_range(union message *m, enum fsw_msg_type type, uint32_t seq,
				uint32_t first, uint32_t count)
{
	memset(m, 0, sizeof(*m));
	fsw_msg_init(&m->msg, type, seq, sizeof(m->range));
	m->range.first = fsw_htole32(first);
	m->range.count = fsw_htole32(count);
	return sizeof(m->msg) + sizeof(m->range);
}

#endif /* SERVER_TEST_HELPERS_H */
