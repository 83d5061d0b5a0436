// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <infiniband/verbs.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "log.h"
#include "vobj.h"

static atomic_long counts[VOBJ_NR_KINDS];

void vobj_made(enum vobj_kind kind)
{
	atomic_fetch_add_explicit(&counts[kind], 1, memory_order_relaxed);
}

void vobj_gone(enum vobj_kind kind)
{
	atomic_fetch_sub_explicit(&counts[kind], 1, memory_order_relaxed);
}

static bool is_removed(struct ibv_context *context)
{
	struct ibv_device_attr attr;

	return ibv_query_device(context, &attr) == EIO;
}

int vobj_destroyed(enum vobj_kind kind, struct ibv_context *context, int err)
{
	if (err && (err != EIO || !is_removed(context)))
		return err;
	if (err)
		log_dbg("a removed device took one of its objects with it");
	vobj_gone(kind);
	return 0;
}

long vobj_count(enum vobj_kind kind)
{
	return atomic_load_explicit(&counts[kind], memory_order_relaxed);
}

long vobj_report(void)
{
#define TEXT(name, text)	[VOBJ_##name] = text,
	static const char *const texts[] = { VOBJ_KINDS(TEXT) };
	long total = 0;
	int kind;

	for (kind = 0; kind < VOBJ_NR_KINDS; kind++) {
		long n = vobj_count(kind);

		if (n)
			log_warn("%ld %s are left over", n, texts[kind]);
		total += n;
	}
	if (!total)
		log_dbg("no RDMA object is left over");
	return total;
}
