#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
echo "going to hang"
sleep 1000
