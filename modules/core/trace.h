/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints of the core: /sys/kernel/tracing/events/fastswap. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM fastswap

#if !defined(_FASTSWAP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _FASTSWAP_TRACE_H

#include <linux/tracepoint.h>

#include <fastswap/backend.h>

TRACE_DEFINE_ENUM(FASTSWAP_DEMAND);
TRACE_DEFINE_ENUM(FASTSWAP_PREFETCH);
TRACE_DEFINE_ENUM(FASTSWAP_AHEAD);
TRACE_DEFINE_ENUM(FASTSWAP_WRITEBACK);
TRACE_DEFINE_ENUM(FASTSWAP_OTHER_READ);
TRACE_DEFINE_ENUM(FASTSWAP_OTHER_WRITE);

#define fastswap_show_class(class)				\
	__print_symbolic(class,					\
			 { FASTSWAP_DEMAND, "demand" },		\
			 { FASTSWAP_PREFETCH, "prefetch" },	\
			 { FASTSWAP_AHEAD, "ahead" },		\
			 { FASTSWAP_WRITEBACK, "writeback" },	\
			 { FASTSWAP_OTHER_READ, "other_read" },	\
			 { FASTSWAP_OTHER_WRITE, "other_write" })

/* A batch goes to the backend. */
TRACE_EVENT(fastswap_submit,
	TP_PROTO(int index, unsigned int class, unsigned int bios),
	TP_ARGS(index, class, bios),
	TP_STRUCT__entry(
		__field(int, index)
		__field(unsigned int, class)
		__field(unsigned int, bios)
	),
	TP_fast_assign(
		__entry->index = index;
		__entry->class = class;
		__entry->bios = bios;
	),
	TP_printk("fastswap%d %s bios=%u", __entry->index, fastswap_show_class(__entry->class),
		  __entry->bios)
);

/* Bios have ended, all in the same way. */
TRACE_EVENT(fastswap_complete,
	TP_PROTO(int index, unsigned int class, unsigned int bios, unsigned int pages, int error,
		 u64 ns),
	TP_ARGS(index, class, bios, pages, error, ns),
	TP_STRUCT__entry(
		__field(int, index)
		__field(unsigned int, class)
		__field(unsigned int, bios)
		__field(unsigned int, pages)
		__field(int, error)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->index = index;
		__entry->class = class;
		__entry->bios = bios;
		__entry->pages = pages;
		__entry->error = error;
		__entry->ns = ns;
	),
	TP_printk("fastswap%d %s bios=%u pages=%u error=%d ns=%llu", __entry->index,
		  fastswap_show_class(__entry->class), __entry->bios, __entry->pages,
		  __entry->error, __entry->ns)
);

/* A fault has spun for one of its tickets. */
TRACE_EVENT(fastswap_poll,
	TP_PROTO(int index, u32 expected_ns, u64 bound_ns, bool served),
	TP_ARGS(index, expected_ns, bound_ns, served),
	TP_STRUCT__entry(
		__field(int, index)
		__field(u32, expected_ns)
		__field(u64, bound_ns)
		__field(bool, served)
	),
	TP_fast_assign(
		__entry->index = index;
		__entry->expected_ns = expected_ns;
		__entry->bound_ns = bound_ns;
		__entry->served = served;
	),
	TP_printk("fastswap%d expected_ns=%u bound_ns=%llu %s", __entry->index,
		  __entry->expected_ns, __entry->bound_ns,
		  __entry->served ? "served" : "gave up")
);

/* The backend's health has changed. */
TRACE_EVENT(fastswap_health,
	TP_PROTO(int index, int health),
	TP_ARGS(index, health),
	TP_STRUCT__entry(
		__field(int, index)
		__field(int, health)
	),
	TP_fast_assign(
		__entry->index = index;
		__entry->health = health;
	),
	TP_printk("fastswap%d %s", __entry->index,
		  __print_symbolic(__entry->health,
				   { FASTSWAP_LIVE, "live" },
				   { FASTSWAP_DEGRADED, "degraded" },
				   { FASTSWAP_RECOVERING, "recovering" },
				   { FASTSWAP_FAILED, "failed" }))
);

#endif /* _FASTSWAP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
