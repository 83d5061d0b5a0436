#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The first node of a campaign.

exec python3 -u "${GUEST_LIB%/vm/*}/campaign/guest.py"
