#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
echo o >/proc/sysrq-trigger
sleep 1000
