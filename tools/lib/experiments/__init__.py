# SPDX-License-Identifier: GPL-2.0-only
"""The machinery behind tools/experiments: what to run, what it means, how it is shown."""
