/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MODULE_H
#define SHIM_LINUX_MODULE_H

#include <linux/export.h>
#include <linux/kernel.h>

#define MODULE_LICENSE(text)	 extern int shim_module_tag_
#define MODULE_DESCRIPTION(text) extern int shim_module_tag_
#define MODULE_AUTHOR(text)	 extern int shim_module_tag_

#endif /* SHIM_LINUX_MODULE_H */
