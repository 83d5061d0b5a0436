// SPDX-License-Identifier: GPL-2.0-only
/* fastswap status: the table. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "units.h"

enum column {
	COL_DEVICE,
	COL_BACKEND,
	COL_STATE,
	COL_SIZE,
	COL_USED,
	COL_LOST,
	COL_SWAP,
	COL_DEMAND,
	COL_PREFETCH,
	COL_OUT,
	COL_ERRORS,
	COL_P50,
	COL_P99,
	COL_HOOKS,
	COL_PEER,
	NR_COLUMNS,
};

#define CELL_MAX	256

/* Words stand left, numbers right. */
static const struct {
	const char *title;
	bool right;
} columns[NR_COLUMNS] = {
	[COL_DEVICE] = { "DEVICE" },
	[COL_BACKEND] = { "BACKEND" },
	[COL_STATE] = { "STATE" },
	[COL_SIZE] = { "SIZE", true },
	[COL_USED] = { "USED", true },
	[COL_LOST] = { "LOST", true },
	[COL_SWAP] = { "SWAP" },
	[COL_DEMAND] = { "DEMAND", true },
	[COL_PREFETCH] = { "PREFETCH", true },
	[COL_OUT] = { "OUT", true },
	[COL_ERRORS] = { "ERRORS", true },
	[COL_P50] = { "P50", true },
	[COL_P99] = { "P99", true },
	[COL_HOOKS] = { "HOOKS" },
	[COL_PEER] = { "PEER" },
};

struct row {
	char cell[NR_COLUMNS][CELL_MAX];
};

static void fill_percentile(const struct hist *hist, unsigned int percent, char *cell)
{
	uint64_t ns;

	if (hist_percentile(hist, percent, &ns))
		format_ns(ns, cell, CELL_MAX);
	else
		strcpy(cell, "-");
}

static void fill_counter(const struct info *info, const char *name, char *cell)
{
	snprintf(cell, CELL_MAX, "%" PRIu64, counter_get(info->stats, name));
}

static void fill_row(const struct info *info, char cell[][CELL_MAX])
{
	snprintf(cell[COL_DEVICE], CELL_MAX, "%s", info->dev.name);
	snprintf(cell[COL_BACKEND], CELL_MAX, "%s", info->backend);
	snprintf(cell[COL_STATE], CELL_MAX, "%s", info->state);
	format_size(info->size, cell[COL_SIZE], CELL_MAX);
	format_size(info->used, cell[COL_USED], CELL_MAX);
	format_size(info->lost, cell[COL_LOST], CELL_MAX);
	if (info->is_swap)
		snprintf(cell[COL_SWAP], CELL_MAX, "on (%d)", info->swap.priority);
	else
		strcpy(cell[COL_SWAP], "off");
	fill_counter(info, "demand_pages", cell[COL_DEMAND]);
	fill_counter(info, "prefetch_pages", cell[COL_PREFETCH]);
	fill_counter(info, "writeback_pages", cell[COL_OUT]);
	snprintf(cell[COL_ERRORS], CELL_MAX, "%" PRIu64, info_errors(info));
	fill_percentile(&info->latency[INFO_DEMAND], 50, cell[COL_P50]);
	fill_percentile(&info->latency[INFO_DEMAND], 99, cell[COL_P99]);
	snprintf(cell[COL_HOOKS], CELL_MAX, "%s", info->kernel_hooks);
	snprintf(cell[COL_PEER], CELL_MAX, "%s", info->peer);
}

static void print_row(const struct row *row, const int *width)
{
	int i;

	for (i = 0; i < NR_COLUMNS; i++) {
		/* No blanks at the end of a line. */
		if (i == NR_COLUMNS - 1)
			printf("%s\n", row->cell[i]);
		else
			printf("%*s  ", columns[i].right ? width[i] : -width[i], row->cell[i]);
	}
}

/** print_text - a line for each device */
bool print_text(const struct info *infos, int nr)
{
	struct row *rows = calloc(nr + 1, sizeof(*rows));
	int width[NR_COLUMNS] = { 0 };
	int i, j;

	if (!rows)
		return false;
	for (j = 0; j < NR_COLUMNS; j++)
		strcpy(rows[0].cell[j], columns[j].title);
	for (i = 0; i < nr; i++)
		fill_row(&infos[i], rows[i + 1].cell);

	for (i = 0; i <= nr; i++) {
		for (j = 0; j < NR_COLUMNS; j++) {
			int len = strlen(rows[i].cell[j]);

			if (len > width[j])
				width[j] = len;
		}
	}
	if (!nr)
		puts("no devices");
	for (i = 0; nr && i <= nr; i++)
		print_row(&rows[i], width);
	free(rows);
	return true;
}
