/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault points: places of a module where a test may have something go wrong.
 *
 * Each is a file of debugfs, fastswap/fault/MODULE/POINT, that takes a rule in the
 * words of <fastswap/fault_rule.h>. Until it has one the point costs a jump that
 * is never taken. The kernel's own fault injection is not in stock kernels.
 */
#ifndef _FASTSWAP_FAULT_H
#define _FASTSWAP_FAULT_H

#include <linux/atomic.h>
#include <linux/jump_label.h>
#include <linux/types.h>

#include <fastswap/fault_rule.h>

/**
 * struct fastswap_fault - a fault point
 * @name: of its file; NULL ends a list of points
 * @armed: it has a rule
 * @rule: the rule; written while not @armed
 * @visits: since then
 * @strikes: since then, at most rule.times
 */
struct fastswap_fault {
	const char *name;
	struct static_key_false armed;
	struct fsw_fault_rule rule;
	atomic_t visits;
	atomic_t strikes;
};

#define FASTSWAP_FAULT(text) \
	{ .name = text, .armed = STATIC_KEY_FALSE_INIT }

/* Does the point, the address of a static object, strike this time? Any context. */
#define fastswap_fault(fault) \
	(static_branch_unlikely(&(fault)->armed) && fastswap_fault_visit(fault))

bool fastswap_fault_visit(struct fastswap_fault *fault);

/**
 * fastswap_faults_add - offer the fault points of a module
 * @owner: the folder's name
 * @faults: the points, up to one without a name
 *
 * Return: the folder, for fastswap_faults_remove(). Without debugfs there is none,
 * and no point ever strikes.
 */
struct dentry *fastswap_faults_add(const char *owner, struct fastswap_fault *faults);
void fastswap_faults_remove(struct dentry *folder);

#endif /* _FASTSWAP_FAULT_H */
