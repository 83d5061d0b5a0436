// SPDX-License-Identifier: GPL-2.0-only
#include "offload.h"

const struct offload_options offload_defaults = {
	.policy = POLICY_FIXED,
	.headroom_min = { .is_part = false, .value = 256 << 10 },
	.headroom_max = { .is_part = true, .value = SHARE_WHOLE / 8 },
	.floor = { .is_part = true, .value = SHARE_WHOLE / 4 },
	.stall_low_ppm = 1000,
	.stall_high_ppm = 10000,
	.min_period_us = 200,
	.max_period_us = 10000000,
};
