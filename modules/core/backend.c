// SPDX-License-Identifier: GPL-2.0-only
/* The registry of backends: a name, and the operations behind it. */
#include <linux/kmod.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core.h"

struct registered {
	struct list_head node;
	const struct fastswap_backend_ops *ops;
};

static LIST_HEAD(registry);
static DEFINE_MUTEX(registry_lock);	/* guards registry */

static struct registered *find_by_name(const char *name)
{
	struct registered *r;

	lockdep_assert_held(&registry_lock);
	list_for_each_entry(r, &registry, node)
		if (!strcmp(r->ops->name, name))
			return r;
	return NULL;
}

int fastswap_register_backend(const struct fastswap_backend_ops *ops)
{
	struct registered *r = kmalloc(sizeof(*r), GFP_KERNEL);
	int err = 0;

	if (!r)
		return -ENOMEM;
	r->ops = ops;

	mutex_lock(&registry_lock);
	if (find_by_name(ops->name))
		err = -EEXIST;
	else
		list_add_tail(&r->node, &registry);
	mutex_unlock(&registry_lock);

	if (err)
		kfree(r);
	return err;
}
EXPORT_SYMBOL_GPL(fastswap_register_backend);

void fastswap_unregister_backend(const struct fastswap_backend_ops *ops)
{
	struct registered *r;

	mutex_lock(&registry_lock);
	r = find_by_name(ops->name);
	if (r && r->ops == ops)
		list_del(&r->node);
	else
		r = NULL;
	mutex_unlock(&registry_lock);
	kfree(r);

	fastswap_detach_backend(ops);
}
EXPORT_SYMBOL_GPL(fastswap_unregister_backend);

/*
 * A module whose init still runs may yet fail, and is then freed without regard
 * to who uses it: nobody gets at it before.
 */
static bool is_through_init(const struct module *owner)
{
	return READ_ONCE(owner->state) == MODULE_STATE_LIVE;
}

static const struct fastswap_backend_ops *try_get(const char *name)
{
	const struct fastswap_backend_ops *ops = NULL;
	struct registered *r;

	mutex_lock(&registry_lock);
	r = find_by_name(name);
	if (r && is_through_init(r->ops->owner) && try_module_get(r->ops->owner))
		ops = r->ops;
	mutex_unlock(&registry_lock);
	return ops;
}

const struct fastswap_backend_ops *fastswap_get_backend(const char *name)
{
	const struct fastswap_backend_ops *ops = try_get(name);

	if (ops)
		return ops;
	request_module("fastswap_%s", name);
	return try_get(name);
}
EXPORT_SYMBOL_GPL(fastswap_get_backend);

void fastswap_put_backend(const struct fastswap_backend_ops *ops)
{
	module_put(ops->owner);
}
EXPORT_SYMBOL_GPL(fastswap_put_backend);
