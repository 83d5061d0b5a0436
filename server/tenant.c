// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "tenant.h"

struct tenant *tenant_get(struct tenant_list *list, const struct quota_who *who,
			  uint64_t max_chunks)
{
	struct tenant *tenant;

	TAILQ_FOREACH(tenant, list, link)
		if (quota_who_is(&tenant->who, who))
			break;
	if (!tenant) {
		tenant = calloc(1, sizeof(*tenant));
		if (!tenant)
			return NULL;
		tenant->who = *who;
		tenant->list = list;
		TAILQ_INSERT_HEAD(list, tenant, link);
	}
	atomic_store(&tenant->max_chunks, max_chunks);
	tenant->nr_sessions++;
	return tenant;
}

void tenant_put(struct tenant *tenant)
{
	if (!tenant || --tenant->nr_sessions)
		return;
	TAILQ_REMOVE(tenant->list, tenant, link);
	free(tenant);
}

bool tenant_take(struct tenant *tenant, uint32_t nr)
{
	uint_least64_t had;

	if (!tenant)
		return true;
	had = atomic_load(&tenant->nr_chunks);
	do {
		if (had + nr > atomic_load(&tenant->max_chunks))
			return false;
	} while (!atomic_compare_exchange_weak(&tenant->nr_chunks, &had, had + nr));
	return true;
}

void tenant_give(struct tenant *tenant, uint32_t nr)
{
	if (tenant)
		atomic_fetch_sub(&tenant->nr_chunks, nr);
}

uint64_t tenant_left(const struct tenant *tenant)
{
	uint64_t max = atomic_load(&tenant->max_chunks), nr = atomic_load(&tenant->nr_chunks);

	return nr < max ? max - nr : 0;
}
