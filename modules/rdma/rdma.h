/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The structures of the RDMA backend, and what its files offer each other.
 *
 * One device is one session with one server. What connects the two is a link: a
 * control connection, and per queue set three data connections. A link may break
 * and be replaced, the session goes on. cm.c makes connections, closing.c ends them,
 * queue.c gives a data connection its ring and its completion queue, io.c posts
 * and reap.c completes, control.c talks to the server and question.c asks it for
 * chunks, elastic.c decides how many, move.c makes some empty, auth.c finds out whether the server
 * is ours, link.c puts these together, recover.c replaces a link, reserve.c keeps memory for
 * that, hold.c ends the wait for it, session.c is the whole.
 */
#ifndef _FSR_RDMA_H
#define _FSR_RDMA_H

#include <linux/bio.h>
#include <linux/completion.h>
#include <linux/irq_poll.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

#include <fastswap/backend.h>
#include <fastswap/proto.h>

#include "chunkmap.h"
#include "move.h"
#include "params.h"
#include "session_sm.h"
#include "suspect.h"
#include "watch.h"

#define FSR_RESOLVE_MS		2000	/* address, and route */
#define FSR_CONNECT_MS		5000	/* one connection, request to established */
#define FSR_CONNECT_EACH_MS	50	/* and for each that is made at the same time */
#define FSR_GRANT_MS		10000	/* without a single new grant */
#define FSR_ANSWER_MS		30000	/* to a question while I/O goes on, or a part of it */
#define FSR_GRANT_GIB_MS	4000	/* all grants, on top of that, for each GiB */
#define FSR_RELEASE_MS		2000	/* all chunks, at a detach */
#define FSR_SPARE_CHUNKS	2
#define FSR_RETURN_S		30
#define FSR_RETURN_S_MAX	86400
#define FSR_GOODBYE_MS		500	/* until the goodbye is on the wire */

/* Work requests of one data queue; 32 SGEs each make 16 MiB of pages in flight. */
#define FSR_DEPTH		128
#define FSR_DEPTH_MIN		4
#define FSR_DEPTH_MAX		4096
#define FSR_MAX_SGE		32
/* Largest bio: lets a huge page through in one piece. */
#define FSR_MAX_BYTES		SZ_2M
/*
 * READs on their way, per queue pair: the server's adapter may allow fewer.
 * 16 is what all of today's adapters can do; prefetch wants more.
 */
#define FSR_MAX_READS		128

/*
 * Retransmission after 4.096 us << 17, that is 0.5 s, six times: a server that
 * does not acknowledge for about 4 s is lost. Not seven times, the maximum:
 * soft-RoCE takes that for ever.
 */
#define FSR_ACK_TIMEOUT		17
#define FSR_RETRIES		6

struct fsr_cm;
struct fsr_session;

/**
 * struct fsr_conn - one RC connection, data or control
 * @cm: the CM's end with its surroundings, see closing.h; NULL if there is none
 * @id: the end itself
 * @session: whose it is
 * @role: what it is for
 * @set: index of its queue set
 * @established: the connection is made, or was; the handler's own
 * @step: the step that was started last has ended
 * @status: how, 0 or a negative errno
 * @error: and why, in words
 * @refusal: enum fsw_reason, if that is the server's
 * @hello: what was said to the server
 * @welcome: what the server answered to the hello
 *
 * @status, @error, @refusal and @welcome belong to the CM's handler from the start of a
 * step until @step completes.
 */
struct fsr_conn {
	struct fsr_cm *cm;
	struct rdma_cm_id *id;
	struct fsr_session *session;
	enum fsw_role role;
	u16 set;
	bool established;
	struct completion step;
	int status;
	char error[FASTSWAP_ERROR_MAX];
	u16 refusal;
	struct fsw_hello hello;
	struct fsw_welcome welcome;
};

/**
 * struct fsr_lane - bios of one class on their way through a queue
 * @queue: the queue
 * @class: the class
 * @own: nobody else's bios, but that of move.c
 * @waiting: bios that found no room in the ring; under queue->lock
 * @accepted: bios that have come so far; under queue->lock
 * @wanted: @ended at which nobody waits for an interrupt any more; under queue->lock
 * @ended: bios that have ended so far; written by who holds FSR_REAPING
 * @rtt_ns: what they usually take from post to end, ns; likewise
 *
 * Bios end in the order in which they came, so "@ended has reached the value
 * that @accepted had then" says that a bio has ended.
 */
struct fsr_lane {
	struct fsr_queue *queue;
	enum fastswap_class class;
	bool own;
	struct bio_list waiting;
	u32 accepted;
	u32 wanted;
	u32 ended ____cacheline_aligned_in_smp;
	u32 rtt_ns;
};

/**
 * struct fsr_work - one work request of the ring
 * @wr: as posted; wr_id is its sequence number
 * @sge: its SGEs; what they hold is mapped for DMA
 * @bios: whose pages these are
 * @lane: which the bios came through
 * @nr_bios: how many
 * @start_ns: when it was posted
 * @mark: stands where the data of a READ will be; see mark.h
 */
struct fsr_work {
	struct ib_rdma_wr wr;
	struct ib_sge *sge;
	struct bio_list bios;
	struct fsr_lane *lane;
	unsigned int nr_bios;
	u64 start_ns;
	u64 mark;
};

enum fsr_queue_flag {
	/*
	 * A lock: its holder polls the completion queue and moves @tail. It is held
	 * as long as the queue is not @started.
	 */
	FSR_REAPING,
	FSR_REAP_AGAIN,	/* whoever holds FSR_REAPING shall go round once more */
	FSR_ARMED,	/* the next completion makes an interrupt, or one is on its way */
};

#define FSR_LANES	4	/* of one queue */
#define FSR_LANE_OWN	3	/* see move.c */

/* Counters of a queue that are written by the holder of queue->lock. */
struct fsr_post_stats {
	u64 batches, bios, pages, works, doorbells, no_room;
};

/* Counters that are written by the holder of FSR_REAPING. */
struct fsr_reap_stats {
	u64 completions, reaps;
};

/**
 * struct fsr_queue - a data queue pair with its ring
 * @conn: its connection
 * @qp: the queue pair, NULL if there is none
 * @cq: its own completion queue, NULL if there is none
 * @max_sge: SGEs of one work request
 * @opcode: RDMA READ or RDMA WRITE
 * @dir: of the data
 * @depth: work requests of the ring, a power of two
 * @ring: the ring
 * @sges: the SGEs of the whole ring
 * @lock: guards what is posted; taken with interrupts off
 * @ending: whoever ends what waits here, or starts or stops the queue, holds this, and
 *	neither allocates nor calls the RDMA device meanwhile: see hold.c
 * @started: there is a completion queue to reap; under @ending
 * @live: more may be posted; under @lock
 * @hold: while it may not, bios wait; else they end with an error; under @lock
 * @turn: lane whose bios are posted next; under @lock
 * @map_failures: attempts in a row that could not map a bio; under @lock
 * @head: sequence number of the next work request; under @lock
 * @mark: of the next work request, from a random number on; under @lock
 * @starved: bios wait for room; see fsr_queue_post()
 * @posted: counters; under @lock
 * @tail: oldest work request that has not completed; written under FSR_REAPING
 * @broken: a work request has failed: those in the ring are not known to be done;
 *	under FSR_REAPING
 * @suspect: the request that failed last; under FSR_REAPING
 * @reaped: counters; under FSR_REAPING
 * @wc: for ib_poll_cq(); under FSR_REAPING
 * @late_until: of the fault that delays completions, ns; under FSR_REAPING
 * @flags: enum fsr_queue_flag
 * @interrupts: completion events
 * @arms: requests for one
 * @gave_up: polls that ended with a request for one
 * @lanes: by class
 * @watch: does it get on? Of the keep-alive's tick
 * @iop: reaps after an interrupt; without a completion queue it is held back
 * @retry: posts again after a failure to map
 */
struct fsr_queue {
	struct fsr_conn conn;
	struct ib_qp *qp;
	struct ib_cq *cq;
	u32 max_sge;
	enum ib_wr_opcode opcode;
	enum dma_data_direction dir;
	u32 depth;
	struct fsr_work *ring;
	struct ib_sge *sges;
	struct mutex ending;
	bool started;

	spinlock_t lock ____cacheline_aligned_in_smp;
	bool live;
	bool hold;
	u8 turn;
	u16 map_failures;
	u32 head;
	u64 mark;
	bool starved;
	struct fsr_post_stats posted;

	u32 tail ____cacheline_aligned_in_smp;
	bool broken;
	struct fsr_suspect suspect;
	struct fsr_reap_stats reaped;
	struct ib_wc wc[16];
	u64 late_until;

	unsigned long flags ____cacheline_aligned_in_smp;
	atomic_long_t interrupts;
	atomic_long_t arms;
	atomic_long_t gave_up;
	struct fsr_lane lanes[FSR_LANES];
	struct fsr_watch watch;
	struct irq_poll iop;
	struct delayed_work retry;
};

#define FSR_QUEUES_PER_SET	(FSW_NR_ROLES - 1)

/**
 * struct fsr_session - one attachment to one server
 * @dev: the device
 * @params: what the user asked for
 * @mutex: held while the link comes into being or goes
 * @state_lock: guards @state and @why
 * @state: see session_sm.h
 * @why: reason of the last failure in words; stable in FSR_FAILED and FSR_BROKEN
 * @wait: woken at a change of @state and for every message of the server
 * @ibdev: the RDMA device
 * @pd: its protection domain
 * @depth: work requests of a data queue, if the RDMA device can do so many
 * @work_sge: SGEs of one work request, likewise
 * @max_sge: SGEs of one bio
 * @max_bytes: bytes of one bio
 * @session_id: names this session to the server; a secret
 * @client_id: names this machine to the server
 * @welcome: what the server answered
 * @generation: of the server that has our chunks; 0: none has. As on the wire
 * @map_lock: guards @map as chunkmap.h says, and all from there to @waits; taken with
 *	interrupts off
 * @map: where the chunks are
 * @elastic: the server knows of promises: chunks come and go with what is stored
 * @may_park: writes may wait for a chunk
 * @parked: writes that do, by class
 * @nr_parked: how many
 * @parked_since: since when, in jiffies
 * @draining: some extents are about to lose their frames, and @marks are set
 * @move: an extent that is being moved
 * @recalling: the server has asked for chunks back a moment ago, so that none are kept spare
 * @recalled: how many it has not been given yet
 * @recalled_at: when it asked, in jiffies
 * @recalls: times that it did, ever
 * @waits: writes that had to wait for a chunk
 * @refusals: writes that got none
 * @denied: the server has just said no, to a single chunk; of the control connection's lock, as are
 *	those up to @ask_max; but anybody looks
 * @denied_at: when
 * @deny_reason: enum fsw_reason
 * @told_denied: there was a line in the log about it
 * @told_refusals: @refusals then
 * @ask_max: chunks that may be asked for at a time
 * @marks: of the tending: what has been accepted, by queue and lane
 * @marks_losses: @losses at that time
 * @looked_at: when extents were looked at last, in jiffies
 * @tending: asks for chunks, and gives them back
 * @conn: the control connection
 * @control: what runs over it
 * @auth: the key that we share with the server, if there is one
 * @nr_sets: queue sets that are asked for, then those that the server lets us have
 * @queues: FSR_QUEUES_PER_SET per set
 * @description: of the peer, for sysfs
 * @removed: the RDMA device of the link is being removed
 * @losses: times that everything was lost; see fsr_submit()
 * @hold_s: seconds that I/O waits; written by sysfs at any time
 * @broken_at: since when I/O waits, in jiffies: when the link was lost, or the first one of several
 *	that did nothing of it; stable in FSR_BROKEN and FSR_RECONNECTING
 * @useful: the link that there is, or was last, has done something
 * @vain: I/O waited when the last link broke, and has been waiting since; under @state_lock
 * @live_at: when the last link was made, in jiffies; likewise
 * @short_links: links that broke at once, one after the other; likewise
 * @attempts: to reconnect, since then; of recover.c
 * @told: why the last attempt failed that was worth a line in the log; likewise
 * @reserve: pages that are kept for a recovery, see reserve.c; under @mutex
 * @reserved: how many; likewise
 * @recovery: takes a broken link apart, and gets another
 * @hold_lock: guards @expired, and the end of all that waits; under it nobody allocates or calls
 *	the RDMA device
 * @expired: I/O has waited long enough and ends with an error
 * @hold_end: sees to that
 */
struct fsr_session {
	struct fastswap_upper *up;
	struct fsr_params params;
	struct mutex mutex;

	spinlock_t state_lock;
	enum fsr_state state;
	char why[FASTSWAP_ERROR_MAX];
	wait_queue_head_t wait;

	struct ib_device *ibdev;
	struct ib_pd *pd;
	u32 depth;
	u32 work_sge;
	u32 max_sge;
	u32 max_bytes;
	u8 session_id[16];
	u8 client_id[16];
	struct fsw_welcome welcome;
	__le64 generation;
	spinlock_t map_lock;
	struct fsr_chunkmap map;
	bool elastic;
	bool may_park;
	struct bio_list parked[FASTSWAP_NR_CLASSES];
	u32 nr_parked;
	unsigned long parked_since;
	bool draining;
	struct fsr_move move;
	bool recalling;
	u32 recalled;
	unsigned long recalled_at;
	u64 recalls;
	u64 refusals;
	u64 waits;
	bool denied;
	unsigned long denied_at;
	u16 deny_reason;
	bool told_denied;
	u64 told_refusals;
	u32 ask_max;
	u32 *marks;
	u32 marks_losses;
	unsigned long looked_at;
	struct delayed_work tending;
	struct fsr_conn conn;
	struct fsr_control *control;
	struct fsr_auth *auth;
	unsigned int nr_sets;
	struct fsr_queue *queues;
	char description[128];

	bool removed;
	u32 losses;
	u32 hold_s;
	unsigned long broken_at;
	bool useful;
	bool vain;
	unsigned long live_at;
	u32 short_links;
	u32 attempts;
	char told[FASTSWAP_ERROR_MAX];
	struct list_head reserve;
	unsigned int reserved;
	struct delayed_work recovery;
	struct mutex hold_lock;
	bool expired;
	struct delayed_work hold_end;
};

/*
 * Reclaim waits for what these do: they never wait for queues without a rescuer.
 * What runs on the first neither sleeps nor waits for memory, so that its one rescuer
 * serves all sessions. A recovery does both, that of another session among them; and
 * the end of I/O that has waited long enough waits for nobody else's work.
 */
extern struct workqueue_struct *fsr_wq;
extern struct workqueue_struct *fsr_recovery_wq;
extern struct workqueue_struct *fsr_hold_wq;

/* Module parameters, for sessions to come. */
extern unsigned int fsr_depth;
extern unsigned int fsr_max_sge;
/* And for those that are there. */
extern unsigned int fsr_spare_chunks;
extern unsigned int fsr_return_s;

#define fsr_err(s, fmt, ...) pr_err("%s: " fmt, fastswap_name((s)->up), ##__VA_ARGS__)
#define fsr_info(s, fmt, ...) pr_info("%s: " fmt, fastswap_name((s)->up), ##__VA_ARGS__)

/* The clock of the chunks. */
static inline u32 fsr_seconds(void)
{
	return (u32)ktime_get_seconds();
}

/* 0 as long as there is no memory for them */
static inline unsigned int fsr_nr_queues(const struct fsr_session *s)
{
	return s->queues ? s->nr_sets * FSR_QUEUES_PER_SET : 0;
}

/* session.c */
int fsr_attach(struct fastswap_upper *up, char *options, u64 size,
	       struct fastswap_limits *limits, void **priv, char *error);
void fsr_detach(void *priv);
bool fsr_session_change(struct fsr_session *s, enum fsr_state to);
void fsr_session_recovered(struct fsr_session *s);
__printf(2, 3) void fsr_session_fail(struct fsr_session *s, const char *fmt, ...);

static inline enum fsr_state fsr_session_state(const struct fsr_session *s)
{
	return READ_ONCE(s->state);
}

/* Is a link being made, for the first time or once more? */
static inline bool fsr_session_is_connecting(const struct fsr_session *s)
{
	enum fsr_state state = fsr_session_state(s);

	return state == FSR_CONNECTING || state == FSR_RECONNECTING;
}

int fsr_set_hold(void *priv, unsigned int seconds);
unsigned int fsr_get_hold(void *priv);

/* link.c */
int fsr_link_up(struct fsr_session *s, u64 size, char *error);
bool fsr_link_down(struct fsr_session *s, bool final);

/* recover.c */
void fsr_recover(struct work_struct *work);

/* reserve.c */
void fsr_reserve_keep_link(struct fsr_session *s);
void fsr_reserve_keep_others(struct fsr_session *s);
void fsr_reserve_give(struct fsr_session *s);

/* hold.c */
void fsr_hold_begin(struct fsr_session *s);
void fsr_hold_check(struct fsr_session *s);
void fsr_hold_cease(struct fsr_session *s);
void fsr_hold_end(struct work_struct *work);

/* cm.c */
void fsr_conn_init(struct fsr_conn *conn, struct fsr_session *s, enum fsw_role role, u16 set);
int fsr_conn_open(struct fsr_conn *conn);
int fsr_conn_route(struct fsr_conn *conn);
int fsr_conn_connect(struct fsr_conn *conn);
int fsr_conn_wait(struct fsr_conn *conn, unsigned int ms);
void fsr_conn_disconnect(struct fsr_conn *conn);
void fsr_conn_close(struct fsr_conn *conn);

/* control.c */
int fsr_control_alloc(struct fsr_session *s);
int fsr_control_start(struct fsr_session *s);
int fsr_control_send(struct fsr_session *s, enum fsw_msg_type type, u32 seq, const void *payload,
		     size_t len);
void fsr_control_keep_alive(struct fsr_session *s);
void fsr_control_leave(struct fsr_session *s);
void fsr_control_say_goodbye(struct fsr_session *s);
void fsr_control_stop(struct fsr_session *s);
void fsr_control_destroy(struct fsr_session *s);
void fsr_control_free(struct fsr_session *s);

/* question.c */
int fsr_question_promise(struct fsr_session *s, char *error);
int fsr_question_get(struct fsr_session *s, u32 count, char *error);
int fsr_question_chunks(struct fsr_session *s, u32 max);
int fsr_question_settle(struct fsr_session *s);
void fsr_question_check(struct fsr_session *s);
int fsr_question_return(struct fsr_session *s, u32 age, u64 keep, u32 max);

/* elastic.c */
void fsr_elastic_init(struct fsr_session *s);
int fsr_elastic_alloc(struct fsr_session *s, u32 nr);
void fsr_elastic_free(struct fsr_session *s);
void fsr_elastic_kick(struct fsr_session *s);
bool fsr_elastic_place(struct fsr_session *s, struct fastswap_batch *batch,
		       struct bio_list *refused);
void fsr_elastic_start(struct fsr_session *s);
void fsr_elastic_stop_waiting(struct fsr_session *s);
void fsr_elastic_spoil_marks(struct fsr_session *s);
void fsr_elastic_granted(struct fsr_session *s);
void fsr_elastic_denied(struct fsr_session *s, const struct fsw_deny *deny, u32 asked);
void fsr_elastic_recall(struct fsr_session *s, u32 chunks);
void fsr_elastic_take(struct bio_list waiting[FASTSWAP_NR_CLASSES],
		      struct bio_list lists[FASTSWAP_NR_CLASSES]);
void fsr_elastic_fail(struct fsr_session *s, struct bio_list lists[FASTSWAP_NR_CLASSES],
		      blk_status_t status);
void fsr_elastic_resubmit(struct fsr_session *s, struct bio_list lists[FASTSWAP_NR_CLASSES]);
void fsr_elastic_set_marks(struct fsr_session *s);
bool fsr_elastic_are_marks_passed(struct fsr_session *s);
void fsr_elastic_lose(struct fsr_session *s);
void fsr_elastic_tend(struct work_struct *work);

/* move.c */
void fsr_move_alloc(struct fsr_session *s);
void fsr_move_free(struct fsr_session *s);
bool fsr_move_hold(struct fsr_session *s, struct bio *bio, enum fastswap_class class);
void fsr_move_stop_waiting(struct fsr_session *s);
void fsr_move_end(struct fsr_session *s, blk_status_t status);
void fsr_move_finish(struct fsr_session *s);
void fsr_move_tend(struct fsr_session *s, bool wanted);

static inline bool fsr_move_is_active(const struct fsr_session *s)
{
	return s->move.state != FSR_MOVE_NONE;
}

/* auth.c */
int fsr_auth_alloc(struct fsr_session *s, char *error);
int fsr_auth_begin(struct fsr_session *s, char *error);
int fsr_auth_answer(struct fsr_session *s, u32 seq, const struct fsw_auth_ok *ok);
void fsr_auth_free(struct fsr_session *s);

/* queue.c */
void fsr_queue_init(struct fsr_queue *q, struct fsr_session *s, enum fsw_role role, u16 set);
int fsr_queue_alloc(struct fsr_queue *q);
int fsr_queue_start(struct fsr_queue *q);
void fsr_queue_go_live(struct fsr_queue *q);
void fsr_queue_give_up(struct fsr_queue *q);
void fsr_queue_watch(struct fsr_queue *q, u32 tick_ms);
void fsr_queue_halt(struct fsr_queue *q);
void fsr_queue_destroy(struct fsr_queue *q);
void fsr_queue_free(struct fsr_queue *q);

/* io.c */
void fsr_submit(void *priv, struct fastswap_batch *batch, struct fastswap_ticket *ticket);
void fsr_queue_post(struct fsr_queue *q);
void fsr_queue_unmap(struct fsr_queue *q, const struct ib_sge *sge, unsigned int nr);
void fsr_queue_retry(struct work_struct *work);

/* reap.c */
bool fsr_poll(void *priv, const struct fastswap_ticket *ticket, bool last);
void fsr_lane_want_irq(struct fsr_lane *lane, u32 seq);
void fsr_queue_arm(struct fsr_queue *q);
void fsr_queue_event(struct ib_cq *cq, void *context);
int fsr_queue_irq_poll(struct irq_poll *iop, int budget);
void fsr_queue_reap(struct fsr_queue *q);
void fsr_queue_stop_reaping(struct fsr_queue *q);
void fsr_queue_take_back(struct fsr_queue *q);
void fsr_queue_fail_waiting(struct fsr_queue *q);

/* Is nothing in flight? Stable once the queue is not live. */
static inline bool fsr_queue_is_idle(const struct fsr_queue *q)
{
	return READ_ONCE(q->head) == READ_ONCE(q->tail);
}

/* Has everything up to @seq of the lane ended? */
static inline bool fsr_lane_has_ended(const struct fsr_lane *lane, u32 seq)
{
	/* Pairs with the release in end_done(): the bios have ended before. */
	return (s32)(smp_load_acquire(&lane->ended) - seq) >= 0;
}

/* stats.c */
int fsr_describe(void *priv, char *buf, size_t len);
ssize_t fsr_show_stats(void *priv, char *buf, size_t len);

#endif /* _FSR_RDMA_H */
