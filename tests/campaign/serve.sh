#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Any other node of a campaign.

CAMPAIGN_SERVES=1 exec python3 -u "${GUEST_LIB%/vm/*}/campaign/guest.py"
