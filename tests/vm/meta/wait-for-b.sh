#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
set -euo pipefail
# shellcheck source=tests/vm/guest-lib.sh
. "$GUEST_LIB"
wait_for 90 test -e "$SHARED/warned"
