# SPDX-License-Identifier: GPL-2.0-only
"""The user's terminal while a guest has it."""

import contextlib
import sys
import termios
import tty


@contextlib.contextmanager
def raw(wanted):
    """Let every key through to the guest, and restore the terminal afterwards."""
    if not wanted:
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
