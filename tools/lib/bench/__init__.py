# SPDX-License-Identifier: GPL-2.0-only
"""The machinery behind tools/bench: what to run, what it means, how it is shown."""


class BenchError(Exception):
    """Something that the user has to know, in one line."""
