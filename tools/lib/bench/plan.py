# SPDX-License-Identifier: GPL-2.0-only
"""Which loads run on which devices, and in which order: the plan for guest.sh."""

import dataclasses

from bench import BenchError

# By the name on the command line: the name in reports.
DEVICES = {
    "rdma": "fastswap_rdma",
    "dram": "fastswap_dram",
    "nvme": "nvme-rdma",
    "nbd": "nbd",
    "zram": "zram",
    "brd": "brd",
}
RAW = "raw"
# Local memory. A phase on these is short, so that they get more accesses where the state of the
# working set does not change meanwhile.
LOCAL = ("dram", "brd", "zram")
LOCAL_FACTOR = 4
ICOUNT_DEVICES = LOCAL
WORKLOADS = (
    "sequential",
    "random",
    "clean",
    "orders",
    "read-write",
    "threads",
    "memory",
    "thp",
)
QUICK_WORKLOADS = ("sequential", "random", "clean", "threads")
RATIOS = (1.1, 4)
# Readahead of up to 8 pages, the kernel's default, for orders that it can foresee.
READAHEAD = 3
# A page keeps its copy on the device only while half of the device is free: see the report.
DEVICE_FACTOR = 4
MIN_REPETITIONS = 5
QUICK_REPETITIONS = 3
MIB_PAGES = 256
# What is done without, one policy at a time: the parameter and what it takes away.
STEPS = {
    "": "as by default",
    "poll_us=0": "tasks sleep, interrupts wake them",
    "poll_window=N": "tasks spin for the page that they wait for, not for its readahead window",
    "adaptive_poll=N": "tasks spin for poll_us whatever the queue usually takes",
    "ahead_pages=0": "nothing is read ahead of the kernel's readahead window",
    "plug_write_pages=1": "each write-back is posted by itself",
    "writeback_pages=32": "reclaim waits for each batch of write-backs",
}
STEPS_DEVICE = "rdma"


@dataclasses.dataclass
class Size:
    """How much a load does."""

    working_set: int  # MiB
    limit: int  # MiB
    accesses: int  # of a phase in an order other than sequential


FULL = (Size(128, 64, 8192), Size(64, 32, 4096))
QUICK = (Size(64, 32, 4096), Size(64, 32, 4096))
ICOUNT = Size(48, 24, 6144)


def phase(operation, order="seq", label=None, **keys):
    """One --phase option of swapload."""
    if operation == "hold":
        return ["--phase", "hold"]
    keys.setdefault("cluster", READAHEAD if order != "random" else 0)
    if order != "seq":
        keys["order"] = order
    keys["label"] = label or order
    return ["--phase", ",".join([operation, *(f"{key}={value}" for key, value in keys.items())])]


def load(name, size, threads=1, device=None):
    """Return swapload's options for a load of that name."""
    some = {"count": size.accesses}
    steady = {"count": size.accesses * (LOCAL_FACTOR if device in LOCAL else 1)}
    words = ["--size", str(size.working_set), *phase("fill", label="fill")]
    settle = phase("read", label="settle", quiet=1)
    if name == "sequential":
        words += phase("read")
    elif name == "random":
        words += phase("read", "random", **some)
    elif name == "clean":
        words += phase("hold") + settle + phase("read", "random", **steady)
    elif name == "orders":
        # The end is still in memory, and so would be all that backward begins with.
        words += phase("read", label="settle", quiet=1, count=size.limit * MIB_PAGES)
        for order in ("backward", "strided", "zipf"):
            words += phase("read", order, **some)
    elif name == "read-write":
        words += phase("write", **some) + phase("write", "random", **some)
    elif name == "threads":
        words += settle + phase("read", "random", label="random-1", **steady)
        words += phase("read", "random", label=f"random-{threads}", threads=threads, **steady)
    elif name == "memory":
        words += phase("read", **some) + phase("read", "random", **some)
    elif name == "thp":
        words = ["--thp", *words, *phase("read", **some), *phase("read", "random", **some)]
    else:
        raise BenchError(f"no workload is called '{name}'")
    return words


def loads(options, device):
    """All loads of a device: (name in results, MiB of memory, swapload's options)."""
    base, second = QUICK if options.quick else FULL
    found = []
    for name in options.workloads:
        size = base if name in ("sequential", "random", "clean") else second
        if name == "threads":
            for threads in options.threads:
                words = load(name, size, threads, device)
                found.append((f"threads-{threads}", size.limit, words))
        elif name == "memory":
            for ratio in RATIOS:
                limit = round(size.working_set / ratio)
                found.append((f"memory-{ratio}", limit, load(name, size, device=device)))
        else:
            found.append((name, size.limit, load(name, size, device=device)))
    return found


def device_size(options):
    """MiB of every device."""
    return DEVICE_FACTOR * (QUICK if options.quick else FULL)[0].working_set


def in_turns(items, repetition):
    """The items for a repetition: another one first in each, so that none has the best place."""
    first = (repetition - 1) % len(items) if items else 0
    return items[first:] + items[:first]


def run_line(repetition, device, workload, limit, words):
    """The line of the plan for one run of swapload."""
    return " ".join(["run", str(repetition), device, workload, str(limit), *words])


def comparison(options):
    """The plan of the comparison: devices in turn, another one first in each repetition."""
    devices = [name for name in options.devices if name != RAW]
    lines = [f"device {name} {device_size(options)}" for name in devices]
    for repetition in range(1, options.reps + 1):
        if "rdma" in devices:
            lines.append("idle rdma 40")
        if RAW in options.devices:
            lines.append(f"raw {repetition} {500 if options.quick else 1000}")
        seed = ["--seed", str(repetition)]
        for name in in_turns(devices, repetition):
            for workload, limit, words in loads(options, name):
                lines.append(run_line(repetition, name, workload, limit, seed + words))
    return lines


def steps(options):
    """The plan of what each policy buys: one device, one policy less at a time."""
    size = (QUICK if options.quick else FULL)[0]
    words = ["--size", str(size.working_set), *phase("fill", label="fill"), *phase("read"),
             *phase("fill", label="again", quiet=1),
             *phase("read", "random", count=size.accesses)]
    lines = [f"device {STEPS_DEVICE} {device_size(options)}"]
    for repetition in range(1, options.reps + 1):
        seed = ["--seed", str(repetition)]
        for change in in_turns(list(STEPS), repetition):
            lines.append(f"with {STEPS_DEVICE} {change}".rstrip())
            lines.append(run_line(repetition, STEPS_DEVICE, "steps", size.limit, seed + words))
    return lines


def icount(options):
    """The plan of counting instructions: few accesses, as the counts hardly differ."""
    devices = [name for name in ICOUNT_DEVICES if name in options.devices]
    # A guest that waits for the host finds that hours have passed.
    lines = ["patience 1000000"]
    lines += [f"device {name} {DEVICE_FACTOR * ICOUNT.working_set}" for name in devices]
    fits = Size(ICOUNT.limit // 2, 2 * ICOUNT.limit, ICOUNT.limit // 2 * MIB_PAGES)
    own, swapped = {}, {}
    for order in ("seq", "random"):
        # What the load costs by itself: everything fits.
        own[order] = ["--size", str(fits.working_set), *phase("fill", order, label="fill"),
                      *phase("read", order)]
        swapped[order] = ["--size", str(ICOUNT.working_set), *phase("fill", order, label="fill"),
                          *phase("read", order, label="readback"), *phase("hold"),
                          *phase("read", label="settle", quiet=1),
                          *phase("read", order, count=ICOUNT.accesses)]
    for repetition in (1, 2):
        for name in devices:
            for order in ("seq", "random"):
                for kind, limit, words in (("own", fits.limit, own[order]),
                                           ("swap", ICOUNT.limit, swapped[order])):
                    lines.append(run_line(repetition, name, f"{kind}-{order}", limit, words))
    return lines
