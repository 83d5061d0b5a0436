// SPDX-License-Identifier: GPL-2.0-only
#include "swap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "run.h"
#include "units.h"

#define MKSWAP_TIMEOUT_S	120
#define TICK_MS			100	/* how often progress is looked at */
#define REPORT_MS		5000	/* how often it is told where nobody watches */
#define STALL_MS		120000	/* no page came back for that long: give up */
#define STOP_MS			10000	/* for swapoff(2) to notice that it shall stop */

/**
 * swap_on - make a device a swap area and swap to it; complains if that fails
 * @dev: the device
 * @priority: of the area, or SWAP_PRIORITY_AUTO
 */
bool swap_on(const struct device *dev, int priority)
{
	char message[RUN_MESSAGE_MAX];
	char *const argv[] = { (char *)"mkswap", (char *)dev->path, NULL };
	int status, flags = 0;

	status = run_tool(argv, MKSWAP_TIMEOUT_S, message);
	if (interrupted()) {
		complain("interrupted");
		return false;
	}
	if (status) {
		complain("cannot prepare %s for swap: %s%s", dev->path,
			 strncmp(message, "mkswap", 6) ? "mkswap: " : "", message);
		return false;
	}

	if (priority != SWAP_PRIORITY_AUTO)
		flags = SWAP_FLAG_PREFER | (priority & SWAP_FLAG_PRIO_MASK);
	if (swapon(dev->path, flags) < 0) {
		complain("cannot swap to %s: %s", dev->path,
			 errno == EPERM ? "not permitted, or too many swap devices" :
					  strerror(errno));
		return false;
	}
	return true;
}

/**
 * struct progress - how far a swapoff is
 * @dev: the device
 * @tty: somebody watches
 * @total: bytes there were at the start
 * @left: bytes there are still
 * @moved_at: when @left last changed
 * @told_at: when it was last told
 */
struct progress {
	const struct device *dev;
	bool tty;
	uint64_t total;
	uint64_t left;
	unsigned long long moved_at;
	unsigned long long told_at;
};

static void progress_init(struct progress *p, const struct device *dev,
			  const struct swap_entry *entry)
{
	p->dev = dev;
	p->tty = isatty(STDERR_FILENO);
	p->total = entry->used;
	p->left = entry->used;
	p->moved_at = now_ms();
	p->told_at = p->moved_at;
}

static void progress_look(struct progress *p)
{
	struct swap_entry entry;
	uint64_t left = device_swap(p->dev, &entry) ? entry.used : 0;

	if (left != p->left)
		p->moved_at = now_ms();
	p->left = left;
	/* Programs may still have been swapping out while it began. */
	if (left > p->total)
		p->total = left;
}

static void progress_tell(struct progress *p)
{
	char left[16], total[16];
	unsigned int percent = p->total ? (p->total - p->left) * 100.0 / p->total : 100;

	if (now_ms() - p->told_at < (p->tty ? TICK_MS : REPORT_MS))
		return;
	p->told_at = now_ms();
	format_size(p->left, left, sizeof(left));
	format_size(p->total, total, sizeof(total));
	if (p->tty)
		fprintf(stderr, "\r%s: %s of %s still to bring back (%u %% done)\033[K",
			p->dev->name, left, total, percent);
	else
		tell("%s: %s of %s still to bring back (%u %% done)", p->dev->name, left, total,
		     percent);
}

static void progress_end(const struct progress *p)
{
	if (p->tty)
		fputs("\r\033[K", stderr);
}

/*
 * The child of swap_off(). A process of its own because the kernel picks the
 * caller of swapoff(2) first when memory runs out, and because a signal ends
 * the call cleanly: what is not yet brought back stays where it is. A key
 * that the user presses is the parent's business.
 */
static void swapoff_child(const char *path, pid_t parent)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EINTR);
	_exit(swapoff(path) < 0 ? errno : 0);
}

static void complain_no_memory(struct progress *p)
{
	char left[16];

	progress_look(p);
	format_size(p->left, left, sizeof(left));
	complain("not enough free memory to bring back the %s on %s, which stays in use; "
		 "end programs or add other swap first",
		 left, p->dev->path);
}

static bool judge(struct progress *p, int status)
{
	struct swap_entry entry;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	/* While another swapoff(2) is at it the area is still listed. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == EINVAL) {
		if (!device_swap(p->dev, &entry))
			return true;
		complain("somebody else is already bringing back what is on %s", p->dev->path);
		return false;
	}
	/* Nobody but the kernel's OOM killer has a reason to kill it. */
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		complain("interrupted; %s stays in use", p->dev->path);
	else if (WIFSIGNALED(status) || WEXITSTATUS(status) == ENOMEM)
		complain_no_memory(p);
	else if (WEXITSTATUS(status) == EPERM)
		complain("not permitted to stop swapping to %s", p->dev->path);
	else
		complain("cannot stop swapping to %s: %s", p->dev->path,
			 strerror(WEXITSTATUS(status)));
	return false;
}

/* End swapoff(2) early. Return: true if it was done after all. */
static bool stop(struct progress *p, pid_t pid, const char *why)
{
	unsigned long long deadline = now_ms() + STOP_MS;
	char left[16];
	pid_t ended;
	int status;

	progress_end(p);
	kill(pid, SIGTERM);
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && now_ms() < deadline)
		sleep_ms(10);
	if (ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;

	/* Until it stopped it went on. */
	progress_look(p);
	format_size(p->left, left, sizeof(left));
	if (ended == pid)
		complain("%s; %s are still on %s, which stays in use", why, left, p->dev->path);
	else
		complain("%s, and the kernel is stuck reading from %s; %s are still there", why,
			 p->dev->path, left);
	return false;
}

static bool wait_for(struct progress *p, pid_t pid, unsigned int timeout_ms)
{
	unsigned long long start = now_ms();
	unsigned int tick = 1;
	pid_t ended;
	int status;

	while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
		if (interrupted())
			return stop(p, pid, "interrupted");
		if (timeout_ms && now_ms() - start >= timeout_ms)
			return stop(p, pid, "out of time");
		if (now_ms() - p->moved_at >= STALL_MS)
			return stop(p, pid, "no page came back for two minutes");
		/* Short at first: an idle device is done at once. */
		sleep_ms(tick);
		tick = tick * 2 > TICK_MS ? TICK_MS : tick * 2;
		progress_look(p);
		progress_tell(p);
	}
	progress_end(p);
	if (ended < 0) {
		complain("lost track of swapoff: %s", strerror(errno));
		return false;
	}
	return judge(p, status);
}

/**
 * swap_off - bring everything back from a device; complains if that fails
 * @dev: the device; nothing is done if swap is not on
 * @timeout_ms: give up after that, 0: as long as pages keep coming
 *
 * Return: true if swap is off. If not, it is on as before, and nothing is lost.
 */
bool swap_off(const struct device *dev, unsigned int timeout_ms)
{
	struct swap_entry *entry = malloc(sizeof(*entry));
	pid_t parent = getpid(), pid;
	struct progress progress;
	bool done = false;

	if (!entry) {
		complain("out of memory");
		return false;
	}
	if (!device_swap(dev, entry)) {
		done = true;
		goto out;
	}

	progress_init(&progress, dev, entry);
	pid = fork();
	if (pid == 0)
		swapoff_child(entry->path, parent);
	if (pid < 0)
		complain("cannot start a process: %s", strerror(errno));
	else
		done = wait_for(&progress, pid, timeout_ms);
out:
	free(entry);
	return done;
}
