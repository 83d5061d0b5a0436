# SPDX-License-Identifier: GPL-2.0-only
"""The machinery behind tools/vm: guests with a stock kernel and the host's files."""


class VmError(Exception):
    """Something that the user has to know, in one line."""
