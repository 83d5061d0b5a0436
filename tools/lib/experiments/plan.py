# SPDX-License-Identifier: GPL-2.0-only
"""Which programs run with how much memory on what, and in which order: the plan for guest.sh."""

import dataclasses

from bench import BenchError
from bench.plan import DEVICES, DEVICE_FACTOR, in_turns


@dataclasses.dataclass(frozen=True)
class Program:
    """What runs."""

    text: str
    size: int  # MiB of its data, about
    quick: int


PROGRAMS = {
    "quicksort": Program("sorts pseudo-random 64-bit keys", 32, 16),
    "kmeans": Program("k-means, 8 clusters in 8 dimensions, 3 rounds", 32, 16),
    "stream": Program("copy, scale, add, triad on three arrays, 2 rounds", 24, 12),
    "redis": Program("redis-server, random GETs of 4000 bytes by redis-benchmark", 32, 12),
    "sqlite": Program("sqlite3, two analytic queries on a database in memory", 24, 10),
    "zstd": Program("zstd -3 of a text file in tmpfs", 48, 16),
}
DEFAULT_DEVICES = ("rdma", "dram", "nvme", "zram")
ALL = 100
RATIOS = (90, 70, 50, 30)
QUICK_RATIOS = (50, 30)
# By the largest readahead window in pages: vm.page-cluster.
WINDOWS = {1: 0, 8: 3, 32: 5}
BASE_DEVICE, BASE_WINDOW, BASE_RATIO = "rdma", 8, 50
REPETITIONS = 3
QUICK_REPETITIONS = 1


@dataclasses.dataclass(frozen=True)
class Point:
    """How a program runs. With all of its memory local the rest makes no difference."""

    ratio: int  # % of the memory that it would like to have
    device: str = ""
    offload: bool = False
    window: int = 0


LOCAL = Point(ALL)


def base_point(devices, ratios):
    """What one axis at a time departs from."""
    device = BASE_DEVICE if BASE_DEVICE in devices else devices[0]
    ratio = min(ratios, key=lambda ratio: (abs(ratio - BASE_RATIO), ratio))
    return Point(ratio, device, True, BASE_WINDOW)


def one_axis(base, devices, ratios):
    """The base point, and all that differ from it in one way."""
    replace = dataclasses.replace
    return list(
        dict.fromkeys(
            [replace(base, ratio=ratio) for ratio in ratios]
            + [replace(base, offload=False)]
            + [replace(base, window=window) for window in WINDOWS]
            + [replace(base, device=device) for device in devices]
        )
    )


def points(options):
    """All that every program is to run at, apart from the one with all memory local."""
    if options.full:
        return [
            Point(ratio, device, offload, window)
            for device in options.devices
            for offload in (True, False)
            for window in WINDOWS
            for ratio in options.ratios
        ]
    return one_axis(
        base_point(options.devices, options.ratios), options.devices, options.ratios
    )


def size_of(options, name):
    """MiB of a program's data."""
    program = PROGRAMS[name]
    return program.quick if options.quick else program.size


def device_size(options):
    """MiB of every device."""
    return DEVICE_FACTOR * max(size_of(options, name) for name in options.programs)


def local_line(repetition, name):
    """The line of the plan for a run with all memory local."""
    return f"local {repetition} {name}"


def run_line(repetition, name, point):
    """The line of the plan for any other run."""
    offload = "yes" if point.offload else "no"
    window = f"{point.window} {WINDOWS[point.window]}"
    return f"run {repetition} {name} {point.ratio} {point.device} {offload} {window}"


def lines(options):
    """The whole plan. What is compared with each other runs one after the other."""
    wanted = points(options)
    if not wanted:
        raise BenchError("nothing to do")
    plan = [f"device {name} {device_size(options)}" for name in options.devices]
    plan += [f"program {name} {size_of(options, name)}" for name in options.programs]
    for repetition in range(1, options.reps + 1):
        for name in in_turns(options.programs, repetition):
            plan.append(local_line(repetition, name))
            plan += [run_line(repetition, name, point) for point in in_turns(wanted, repetition)]
    return plan


def named(point, device=True):
    """A point in words, without its ratio."""
    words = [DEVICES.get(point.device, point.device)] if device else []
    words.append("offload" if point.offload else "no offload")
    words.append(f"window {point.window}")
    return ", ".join(words)
