// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <infiniband/verbs.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "log.h"
#include "region.h"
#include "vobj.h"

void region_event(struct region *region, enum region_event event)
{
	enum region_state next;

	if (!region_sm_step(region->state, event, &next)) {
		log_err("chunk %u: %s in state %s, a bug of the server", region->index,
			region_event_name(event), region_state_name(region->state));
		abort();
	}
	region->state = next;
}

int region_register(struct region *region, struct ibv_pd *pd)
{
	int err;

	if (fault(FAULT_ALLOC))
		errno = ENOMEM;
	else
		region->mr = ibv_reg_mr(pd, region->addr, region->size,
					IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ |
						IBV_ACCESS_REMOTE_WRITE);
	if (!region->mr) {
		err = errno ? errno : EIO;
		region_event(region, REGION_EV_REGISTER_FAILED);
		return err;
	}
	vobj_made(VOBJ_MR);
	region_event(region, REGION_EV_REGISTERED);
	return 0;
}

int region_deregister(struct region *region)
{
	struct ibv_context *context = region->mr->context;
	int err, lost;

	region_event(region, REGION_EV_RECALL);
	err = ibv_dereg_mr(region->mr);
	lost = vobj_destroyed(VOBJ_MR, context, err);
	if (lost) {
		region_event(region, REGION_EV_DEREGISTER_FAILED);
		return lost;
	}
	region->mr = NULL;
	region_event(region, err ? REGION_EV_DEVICE_GONE : REGION_EV_DEREGISTERED);
	return 0;
}

bool region_zero(struct region *region, size_t slice)
{
	size_t rest;

	if (region->state == REGION_DIRTY) {
		region_event(region, REGION_EV_ZERO_BEGIN);
		region->zeroed = 0;
	}
	rest = region->size - region->zeroed;
	if (slice > rest)
		slice = rest;
	memset(region->addr + region->zeroed, 0, slice);
	region->zeroed += slice;
	if (region->zeroed < region->size)
		return false;
	region_event(region, REGION_EV_ZERO_DONE);
	return true;
}

void backlog_add(struct backlog *backlog, struct region *region)
{
	STAILQ_INSERT_TAIL(&backlog->regions, region, link);
	backlog->nr_added++;
}

struct region *backlog_take(struct backlog *backlog)
{
	struct region *region = STAILQ_FIRST(&backlog->regions);

	STAILQ_REMOVE_HEAD(&backlog->regions, link);
	backlog->nr_cleared++;
	return region;
}
