# SPDX-License-Identifier: GPL-2.0-only
"""The campaign: random schedules of load and faults, and what must hold whatever happens."""
