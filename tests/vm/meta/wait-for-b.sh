#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
set -euo pipefail
. "$GUEST_LIB"
wait_for 90 test -e "$SHARED/warned"
