// SPDX-License-Identifier: GPL-2.0-only
#include "render.h"

#include <inttypes.h>
#include <stddef.h>

#include "units.h"

static const char *size_text(uint64_t bytes, char *buf, size_t len)
{
	if (bytes == UINT64_MAX)
		return "-";
	return format_size(bytes, buf, len);
}

/* Of a hundred, 99 were at most that long. */
static const char *reaction_text(const struct reactions *r, char *buf, size_t len)
{
	if (!reactions_count(r))
		return "-";
	return format_ns(reactions_quantile(r, 99), buf, len);
}

/** render_status - a table */
void render_status(FILE *to, const struct report *r)
{
	char a[16], b[16], c[16], d[16], e[16], g[16], h[16], k[16];
	unsigned int i;

	fprintf(to, "up %" PRIu64 " s, CPU time of the threads %" PRIu64 ".%03u s, groups %u\n",
		r->uptime_s, r->cpu_ns / 1000000000,
		(unsigned int)(r->cpu_ns / 1000000 % 1000), r->nr);
	if (r->nr)
		fprintf(to, "%8s %8s %8s %8s %8s %9s %9s %9s %9s  %s\n", "MEMORY", "LIMIT",
			"LEVEL", "HEADROOM", "GROWTH/s", "RECLAIMED", "LIMIT HIT", "REACTION",
			"FAR", "GROUP");
	for (i = 0; i < r->nr; i++) {
		const struct group_report *p = &r->groups[i];
		const struct offload_figures *f = &p->figures;

		if (p->waits) {
			fprintf(to, "%s: %s\n", p->path, p->waits);
			continue;
		}
		fprintf(to, "%8s %8s %8s %8s %8s %9s %9" PRIu64 " %9s %9s  %s%s\n",
			size_text(f->current, a, sizeof(a)), size_text(f->limit, b, sizeof(b)),
			size_text(f->level, c, sizeof(c)), size_text(f->headroom, d, sizeof(d)),
			size_text(f->rate, e, sizeof(e)), size_text(f->reclaimed, g, sizeof(g)),
			f->max_events, reaction_text(&f->reactions, k, sizeof(k)),
			size_text(f->swap, h, sizeof(h)), p->path,
			p->policy == POLICY_ADAPTIVE ? " (adaptive)" : "");
	}
}

/* Bytes of the character that begins there; 0: it is none. */
static unsigned int utf8_length(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned int len = 2, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	if (p[0] >= 0xe0)
		len = p[0] < 0xf0 ? 3 : 4;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, half of a pair of UTF-16, or beyond the last. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

/* As the text format wants it: in UTF-8, which the name of a group need not be. */
static void print_label(FILE *to, const char *text)
{
	unsigned int len;

	for (; *text; text += len) {
		len = utf8_length(text);
		if (*text == '\n') {
			fputs("\\n", to);
		} else if (*text == '"' || *text == '\\') {
			fprintf(to, "\\%c", *text);
		} else if (len) {
			fwrite(text, len, 1, to);
		} else {
			fprintf(to, "\\\\x%02x", (unsigned char)*text);
			len = 1;
		}
	}
}

static const struct metric {
	const char *name, *type, *help;
	size_t offset;
	double scale;
} metrics[] = {
#define METRIC(field, name, type, help, scale) \
	{ name, type, help, offsetof(struct offload_figures, field), scale }
	METRIC(current, "memory_bytes", "gauge", "Memory of the group.", 1),
	METRIC(limit, "limit_bytes", "gauge", "Its limit, memory.max or memory.high.", 1),
	METRIC(level, "level_bytes", "gauge", "What it is kept at or below.", 1),
	METRIC(headroom, "headroom_bytes", "gauge", "What is kept free below the limit.", 1),
	METRIC(rate, "growth_bytes_per_second", "gauge", "How fast it grows, lately.", 1),
	METRIC(swap, "swap_bytes", "gauge", "What is swapped out of it.", 1),
	METRIC(reach_ns, "delay_seconds", "gauge", "The longest delay of a look, lately.", 1e-9),
	METRIC(reactions.max_ns, "reaction_max_seconds", "gauge",
	       "The longest time from its getting above its level to the write, so far.", 1e-9),
	METRIC(stall_ppm, "stall_ratio", "gauge",
	       "Share of time in which its tasks stalled, lately, if it is adaptive.", 1e-6),
	METRIC(stalls, "stalls_total", "counter",
	       "Times that the kernel has told that its tasks stall, if it is adaptive.", 1),
	METRIC(max_events, "limit_hits_total", "counter",
	       "Times that its tasks found it at its limit.", 1),
	METRIC(looks, "looks_total", "counter", "Times that it was looked at.", 1),
	METRIC(writes, "writes_total", "counter", "Writes to memory.reclaim.", 1),
	METRIC(failures, "failures_total", "counter", "Writes that got less than asked for.", 1),
	METRIC(reclaimed, "reclaimed_bytes_total", "counter", "Bytes that were reclaimed.", 1),
	METRIC(refreshes, "refreshes_total", "counter",
	       "Times that the kernel was made to bring its counts up to date.", 1),
#undef METRIC
};

static void print_metric(FILE *to, const struct report *r, const struct metric *m)
{
	unsigned int i;

	fprintf(to, "# HELP fastswap_reclaimd_group_%s %s\n# TYPE fastswap_reclaimd_group_%s %s\n",
		m->name, m->help, m->name, m->type);
	for (i = 0; i < r->nr; i++) {
		const char *base = (const char *)&r->groups[i].figures;
		uint64_t value = *(const uint64_t *)(base + m->offset);

		if (r->groups[i].waits)
			continue;
		fprintf(to, "fastswap_reclaimd_group_%s{group=\"", m->name);
		print_label(to, r->groups[i].path);
		/* No limit is an infinite one. */
		if (value == UINT64_MAX)
			fputs("\"} +Inf\n", to);
		else if (m->scale == 1)
			fprintf(to, "\"} %" PRIu64 "\n", value);
		else
			fprintf(to, "\"} %.9f\n", value * m->scale);
	}
}

#define REACTION	"fastswap_reclaimd_group_reaction_seconds"

static void print_reactions(FILE *to, const char *path, const struct reactions *r)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < NR_REACTIONS; i++) {
		sum += r->counts[i];
		fputs(REACTION "_bucket{group=\"", to);
		print_label(to, path);
		if (i < NR_REACTIONS - 1)
			fprintf(to, "\",le=\"%g\"} %" PRIu64 "\n", reaction_bounds[i] * 1e-9, sum);
		else
			fprintf(to, "\",le=\"+Inf\"} %" PRIu64 "\n", sum);
	}
	fputs(REACTION "_sum{group=\"", to);
	print_label(to, path);
	fprintf(to, "\"} %.9f\n", r->total_ns * 1e-9);
	fputs(REACTION "_count{group=\"", to);
	print_label(to, path);
	fprintf(to, "\"} %" PRIu64 "\n", sum);
}

/** render_metrics - Prometheus' text format */
void render_metrics(FILE *to, const struct report *r)
{
	size_t i;

	fprintf(to,
		"# HELP fastswap_reclaimd_groups Groups that are looked after, or wait for it.\n"
		"# TYPE fastswap_reclaimd_groups gauge\n"
		"fastswap_reclaimd_groups %u\n"
		"# HELP fastswap_reclaimd_cpu_seconds_total CPU time of the threads.\n"
		"# TYPE fastswap_reclaimd_cpu_seconds_total counter\n"
		"fastswap_reclaimd_cpu_seconds_total %" PRIu64 ".%09" PRIu64 "\n",
		r->nr, r->cpu_ns / 1000000000, r->cpu_ns % 1000000000);
	for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		print_metric(to, r, &metrics[i]);
	fputs("# HELP " REACTION " From its getting above its level to the write.\n"
	      "# TYPE " REACTION " histogram\n",
	      to);
	for (i = 0; i < r->nr; i++)
		if (!r->groups[i].waits)
			print_reactions(to, r->groups[i].path, &r->groups[i].figures.reactions);
}
