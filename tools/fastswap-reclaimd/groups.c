// SPDX-License-Identifier: GPL-2.0-only
#include "groups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "keeper.h"
#include "pattern.h"
#include "render.h"

/*
 * So often groups that wait are tried again, and those that are gone are noticed at last: inotify
 * has told of them long before.
 */
#define WAIT_SECONDS	1
#define SWEEP_SECONDS	60

struct managed {
	const struct rule *rule;
	struct offloaded *offloaded;	/* NULL: it waits */
	char waits[128];
	LIST_ENTRY(managed) entry;
	char path[];
};

static const struct rule *find_rule(const struct groups *g, const char *path)
{
	unsigned int i;

	for (i = 0; i < g->cfg->nr_rules; i++)
		if (pattern_matches(g->cfg->rules[i].pattern, path))
			return &g->cfg->rules[i];
	return NULL;
}

static void wants(void *arg, const char *path, bool *itself, bool *inside)
{
	const struct groups *g = arg;
	unsigned int i;

	*itself = find_rule(g, path) != NULL;
	*inside = false;
	for (i = 0; i < g->cfg->nr_rules && !*inside; i++)
		*inside = pattern_leads_to(g->cfg->rules[i].pattern, path);
}

static struct managed *find_managed(const struct groups *g, const char *path)
{
	struct managed *m;

	LIST_FOREACH(m, &g->list, entry)
		if (!strcmp(m->path, path))
			return m;
	return NULL;
}

static void drop(struct groups *g, struct managed *m)
{
	if (m->offloaded)
		offload_remove(m->offloaded);
	LIST_REMOVE(m, entry);
	free(m);
	g->nr--;
}

/* Try to get hold of a group that waits. Return: false if it is gone. */
static bool attach(struct groups *g, struct managed *m)
{
	static const struct timeval soon = { .tv_sec = WAIT_SECONDS };
	char path[PATH_MAX * 2], why[sizeof(m->waits)];
	struct group group;
	int err;

	snprintf(path, sizeof(path), "%s%s", g->root, m->path);
	event_add(g->sweep, &soon);
	err = group_open(&group, AT_FDCWD, path, why, sizeof(why));
	if (err == -ENOENT)
		return false;
	if (!err) {
		if (m->rule->options.policy == POLICY_ADAPTIVE && group.pressure < 0)
			log_warn("%s: no PSI (boot with psi=1): the policy is fixed", m->path);
		m->offloaded = offload_add(g->offload, &group, &m->rule->options);
		if (m->offloaded) {
			g->is_able = true;
			log_info("%s: attached", m->path);
			return true;
		}
		snprintf(why, sizeof(why), "no memory");
	}
	/* Said once, and not with each attempt. */
	if (strcmp(why, m->waits))
		log_warn("%s: %s", m->path, why);
	memcpy(m->waits, why, sizeof(why));
	if (err == -ENOSYS && !g->is_able) {
		g->fatal = true;
		event_base_loopbreak(g->base);
	}
	return true;
}

static void appeared(void *arg, const char *path)
{
	size_t len = strlen(path) + 1;
	struct groups *g = arg;
	struct managed *m = find_managed(g, path);

	if (m)
		return;
	m = calloc(1, sizeof(*m) + len);
	if (!m) {
		log_err("%s: no memory", path);
		return;
	}
	memcpy(m->path, path, len);
	m->rule = find_rule(g, path);
	LIST_INSERT_HEAD(&g->list, m, entry);
	g->nr++;
	if (!attach(g, m))
		drop(g, m);
}

static void vanished(void *arg, const char *path)
{
	struct groups *g = arg;
	struct managed *m = find_managed(g, path);

	if (!m)
		return;
	log_info("%s: gone", path);
	drop(g, m);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval later = { .tv_sec = SWEEP_SECONDS };
	struct groups *g = arg;
	struct offload_figures figures;
	struct managed *m, *next;

	/* Sooner if one of those that it tries has to wait still. */
	event_add(g->sweep, &later);
	for (m = LIST_FIRST(&g->list); m; m = next) {
		next = LIST_NEXT(m, entry);
		if (m->offloaded) {
			offload_look(m->offloaded, &figures);
			if (!figures.gone)
				continue;
			/* Removed, and perhaps made anew since. */
			offload_remove(m->offloaded);
			m->offloaded = NULL;
		}
		if (!attach(g, m)) {
			log_info("%s: gone", m->path);
			drop(g, m);
		}
	}
}

/**
 * groups_start - find the groups that are there, and look after them and those to come
 * @g: filled in
 * @cfg: kept
 * @base: for everything but the threads
 * @why: on an error what is wrong, in words
 * @why_size: bytes of @why
 */
bool groups_start(struct groups *g, const struct reclaimd_config *cfg, struct event_base *base,
		  char *why, size_t why_size)
{
	int err;

	*g = (struct groups) { .cfg = cfg, .base = base, .watch.fd = -1 };
	LIST_INIT(&g->list);
	LIST_INIT(&g->watch.watched);
	g->start_ns = keeper_now();
	if (!group_mount(g->root, sizeof(g->root), why, why_size)) {
		g->fatal = true;
		return false;
	}
	g->offload = offload_start(&cfg->cpus, cfg->nice, why, why_size);
	if (!g->offload)
		return false;
	g->sweep = evtimer_new(base, on_sweep, g);
	if (!g->sweep) {
		snprintf(why, why_size, "no memory");
		groups_stop(g);
		return false;
	}
	on_sweep(-1, 0, g);
	g->ops = (struct watch_ops) { wants, appeared, vanished, g };
	err = watch_start(&g->watch, base, g->root, &g->ops);
	if (err) {
		snprintf(why, why_size, "cannot watch %s: %s", g->root, strerror(-err));
		groups_stop(g);
		return false;
	}
	return true;
}

/** groups_stop - leave all groups as they are */
void groups_stop(struct groups *g)
{
	watch_stop(&g->watch);
	while (!LIST_EMPTY(&g->list))
		drop(g, LIST_FIRST(&g->list));
	if (g->sweep)
		event_free(g->sweep);
	if (g->offload)
		offload_stop(g->offload);
	g->offload = NULL;
	g->sweep = NULL;
}

bool groups_tell(struct groups *g, FILE *to, bool metrics)
{
	struct group_report *reports = calloc(g->nr + 1, sizeof(*reports)), *p = reports;
	struct report report = { .groups = reports };
	struct managed *m;

	if (!reports)
		return false;
	LIST_FOREACH(m, &g->list, entry) {
		p->path = m->path;
		p->policy = m->rule->options.policy;
		if (m->offloaded)
			offload_look(m->offloaded, &p->figures);
		else
			p->waits = m->waits;
		p++;
	}
	report.nr = p - reports;
	report.cpu_ns = offload_cpu_ns(g->offload);
	report.uptime_s = (keeper_now() - g->start_ns) / NSEC_PER_SEC;
	if (metrics)
		render_metrics(to, &report);
	else
		render_status(to, &report);
	free(reports);
	return true;
}
