/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints of the RDMA backend: /sys/kernel/tracing/events/fastswap_rdma. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM fastswap_rdma

#if !defined(_FSR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _FSR_TRACE_H

#include <linux/blkdev.h>
#include <linux/tracepoint.h>

#include "rdma.h"

TRACE_DEFINE_ENUM(FSW_ROLE_DEMAND);
TRACE_DEFINE_ENUM(FSW_ROLE_PREFETCH);
TRACE_DEFINE_ENUM(FSW_ROLE_WRITEBACK);
TRACE_DEFINE_ENUM(FSR_CONNECTING);
TRACE_DEFINE_ENUM(FSR_LIVE);
TRACE_DEFINE_ENUM(FSR_BROKEN);
TRACE_DEFINE_ENUM(FSR_RECONNECTING);
TRACE_DEFINE_ENUM(FSR_FAILED);
TRACE_DEFINE_ENUM(FSR_CLOSING);
TRACE_DEFINE_ENUM(FSR_CLOSED);

#define fsr_show_role(role)					\
	__print_symbolic(role,					\
			 { FSW_ROLE_DEMAND, "demand" },		\
			 { FSW_ROLE_PREFETCH, "prefetch" },	\
			 { FSW_ROLE_WRITEBACK, "writeback" })

#define fsr_show_state(state)					\
	__print_symbolic(state,					\
			 { FSR_CONNECTING, "connecting" },	\
			 { FSR_LIVE, "live" },			\
			 { FSR_BROKEN, "broken" },		\
			 { FSR_RECONNECTING, "reconnecting" },	\
			 { FSR_FAILED, "failed" },		\
			 { FSR_CLOSING, "closing" },		\
			 { FSR_CLOSED, "closed" })

#define fsr_trace_queue_fields					\
	__array(char, device, DISK_NAME_LEN)			\
	__field(u16, set)					\
	__field(u8, role)

#define fsr_trace_queue_assign(q)				\
	do {							\
		strscpy(__entry->device, fastswap_name((q)->conn.session->up),	\
			DISK_NAME_LEN);				\
		__entry->set = (q)->conn.set;			\
		__entry->role = (q)->conn.role;			\
	} while (0)

/* A chain of work requests is about to be posted, with one doorbell. */
TRACE_EVENT(fastswap_rdma_post,
	TP_PROTO(const struct fsr_queue *q, u32 seq, u32 works),
	TP_ARGS(q, seq, works),
	TP_STRUCT__entry(
		fsr_trace_queue_fields
		__field(u32, seq)
		__field(u32, works)
	),
	TP_fast_assign(
		fsr_trace_queue_assign(q);
		__entry->seq = seq;
		__entry->works = works;
	),
	TP_printk("%s set=%u %s seq=%u works=%u", __entry->device, __entry->set,
		  fsr_show_role(__entry->role), __entry->seq, __entry->works)
);

/* A completion: for everything up to the sequence number, if it is a good one. */
TRACE_EVENT(fastswap_rdma_complete,
	TP_PROTO(const struct fsr_queue *q, u32 seq, int status),
	TP_ARGS(q, seq, status),
	TP_STRUCT__entry(
		fsr_trace_queue_fields
		__field(u32, seq)
		__field(int, status)
	),
	TP_fast_assign(
		fsr_trace_queue_assign(q);
		__entry->seq = seq;
		__entry->status = status;
	),
	TP_printk("%s set=%u %s seq=%u status=%d", __entry->device, __entry->set,
		  fsr_show_role(__entry->role), __entry->seq, __entry->status)
);

/* Memory could not be mapped for the device; tried again in a while. */
TRACE_EVENT(fastswap_rdma_retry,
	TP_PROTO(const struct fsr_queue *q, unsigned int tries),
	TP_ARGS(q, tries),
	TP_STRUCT__entry(
		fsr_trace_queue_fields
		__field(unsigned int, tries)
	),
	TP_fast_assign(
		fsr_trace_queue_assign(q);
		__entry->tries = tries;
	),
	TP_printk("%s set=%u %s tries=%u", __entry->device, __entry->set,
		  fsr_show_role(__entry->role), __entry->tries)
);

/* A session goes from one state to another. */
TRACE_EVENT(fastswap_rdma_state,
	TP_PROTO(const struct fsr_session *s, int from, int to),
	TP_ARGS(s, from, to),
	TP_STRUCT__entry(
		__array(char, device, DISK_NAME_LEN)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		strscpy(__entry->device, fastswap_name(s->up), DISK_NAME_LEN);
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("%s %s -> %s", __entry->device, fsr_show_state(__entry->from),
		  fsr_show_state(__entry->to))
);

#endif /* _FSR_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
