/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_LOCKDEP_H
#define SHIM_LINUX_LOCKDEP_H

#define lockdep_assert_held(lock)      ((void)(lock))
#define lockdep_assert_held_once(lock) ((void)(lock))

#endif /* SHIM_LINUX_LOCKDEP_H */
