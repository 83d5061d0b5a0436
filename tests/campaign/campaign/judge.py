# SPDX-License-Identifier: GPL-2.0-only
"""What a schedule allows. Pure."""

import re

# How a load may end.
GOOD, WRONG, LOST, STARVED, TROUBLE = "good", "wrong", "lost", "starved", "trouble"

# What the kernel's log says when pages cannot be had, by the contract.
LOSS = re.compile(r"I/O ends with an error until there is one|MiB are lost")


def load_end(status, output):
    """Return how a load ended that nobody has killed: by its exit status and its words."""
    if status == 0:
        return GOOD
    if status == 1 or "WRONG DATA" in output:
        return WRONG
    if "SIGBUS: a page is lost" in output:
        return LOST
    # The kernel kills what cannot get memory: the load, or a child of it.
    if status == -9 or re.search(r"ended with status 0x9\b", output):
        return STARVED
    return TROUBLE


def is_allowed(end, schedule, kernel_log, read_errors):
    """Return whether a load may end so.

    kernel_log: of the client since the schedule began; read_errors: I/O that the device has failed
    because a fault point told it to.
    """
    if end == GOOD:
        return True
    if end not in (LOST, STARVED) or not schedule["may_lose"]:
        return False
    # Pages that cannot be written stay, so that memory may run out as well.
    return read_errors > 0 or any(LOSS.search(line) for line in kernel_log)
