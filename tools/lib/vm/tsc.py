# SPDX-License-Identifier: GPL-2.0-only
"""How fast the time stamp counter of the host counts; an emulated CPU has the same one.

A kernel that boots finds that out by other clocks, which are emulated, while its CPU has to wait
for a real one now and then. Linux 6.1 came to a tenth of the truth so, and its clock ran ten times
too fast: whatever it waited for was late.
"""

import ctypes
import mmap
import platform
import time

# rdtsc; shl $32, %rdx; or %rdx, %rax; ret
_READ_COUNTER = bytes.fromhex("0f31 48c1e220 4809d0 c3")
_SECONDS = 0.05
_LOOKS = 20


def _reader():
    """A function that reads the counter."""
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(_READ_COUNTER)
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    function = ctypes.CFUNCTYPE(ctypes.c_uint64)(address)
    # Who has the function has its code.
    function.code = code
    return function


def _look(read):
    """Both clocks at one moment, as exactly as it gets: nanoseconds, and ticks."""
    looks = []
    for _ in range(_LOOKS):
        before = time.monotonic_ns()
        ticks = read()
        after = time.monotonic_ns()
        looks.append((after - before, (before + after) // 2, ticks))
    return min(looks)[1:]


def khz():
    """Ticks in a millisecond; None if this machine does not say."""
    if platform.machine() != "x86_64":
        return None
    try:
        read = _reader()
    except OSError:
        return None
    began_ns, began = _look(read)
    time.sleep(_SECONDS)
    ended_ns, ended = _look(read)
    return round((ended - began) * 1000000 / (ended_ns - began_ns))
