# SPDX-License-Identifier: GPL-2.0-only
"""What the figures ought to be, and whether they are."""

import dataclasses
from typing import Callable

from bench.results import ratio

REACHED, MISSED, UNKNOWN = "reached", "missed", "not measured"
SEQUENTIAL = ("sequential", "seq")
RANDOM = ("random", "random")
CLEAN = ("clean", "random")
FILL = ("sequential", "fill")
# Of the server's CPU time in a second: a tenth of a per cent of a CPU.
SERVER_RESOLUTION_MS = 1


@dataclasses.dataclass
class Target:
    """One demand: at most or at least a limit, which may differ between kernels."""

    text: str
    at_least: bool
    limits: tuple  # on 6.12, on 6.1
    measure: Callable  # (results of the comparison, results of icount): a number or None
    unit: str = ""

    def limit(self, kernel):
        """What holds on that kernel; on others, what holds on the newer."""
        return self.limits[1 if kernel == "6.1" else 0]


def _more_than_brd(results, _icount):
    """How much longer a fault over RDMA takes than one from a RAM disk, in READs of a page."""
    rdma = results.median("rdma", *CLEAN, "p50")
    brd = results.median("brd", *CLEAN, "p50")
    raw = results.raw.get("read_p50_us")
    if rdma is None or brd is None or raw is None:
        return None
    return (rdma - brd) / raw["median"]


def _faster_than_nvme(phase):
    def measure(results, _icount):
        return ratio(
            results.median("rdma", *phase, "pages_per_second"),
            results.median("nvme", *phase, "pages_per_second"),
        )

    return measure


def _tail(results, _icount):
    return ratio(results.median("rdma", *RANDOM, "p99"), results.median("nvme", *RANDOM, "p99"))


def _of_rdma(phase, name):
    def measure(results, _icount):
        return results.median("rdma", *phase, name)

    return measure


def _two_threads(results, _icount):
    one, two = (
        results.all("dram", "threads-2", label, "pages_per_second")
        for label in ("random-1", "random-2")
    )
    # Both are of the same run each time: the median of ratios.
    found = sorted(ratio(b, a) for a, b in zip(one, two))
    return found[len(found) // 2] if found else None


def _server_cpu(results, _icount):
    """Milliseconds per second of swapping, beyond what the idle server takes.

    Clock ticks are counted, and few of them: less than one in a second is none.
    """
    cpu = seconds = 0
    for phase in (FILL, SEQUENTIAL, RANDOM):
        times = results.all("rdma", *phase, "server_cpu")
        if not times or None in times:
            return None
        cpu += sum(times)
        seconds += sum(results.all("rdma", *phase, "seconds"))
    excess = 1000 * (cpu / seconds - results.idle.get("rdma", 0))
    return excess if excess >= SERVER_RESOLUTION_MS else 0


def instructions(icount, device, order, direction):
    """Instructions per page swapped in or out, without those of the load itself."""
    if icount is None:
        return None
    label, counter = {"in": (order, "swap_ins"), "out": ("fill", "swap_outs")}[direction]
    own = icount.median(device, f"own-{order}", label, "ns_per_access")
    each = icount.median(device, f"swap-{order}", label, "ns_per_access")
    accesses = icount.median(device, f"swap-{order}", label, "accesses")
    pages = icount.median(device, f"swap-{order}", label, counter)
    if None in (own, each, accesses, pages):
        return None
    # The guest's clock counts instructions, one in each nanosecond.
    return ratio((each - own) * accesses, pages)


def instructions_back(icount, device, order):
    """Instructions per page that a read-back brings in, with the write-back that it needs."""
    if icount is None:
        return None
    own = icount.median(device, f"own-{order}", order, "ns_per_access")
    each = icount.median(device, f"swap-{order}", "readback", "ns_per_access")
    accesses = icount.median(device, f"swap-{order}", "readback", "accesses")
    pages = icount.median(device, f"swap-{order}", "readback", "swap_ins")
    if None in (own, each, accesses, pages):
        return None
    return ratio((each - own) * accesses, pages)


def _instructions_back(order):
    def measure(_results, icount):
        return ratio(
            instructions_back(icount, "dram", order), instructions_back(icount, "brd", order)
        )

    return measure


def _instructions(order, direction):
    def measure(_results, icount):
        return ratio(
            instructions(icount, "dram", order, direction),
            instructions(icount, "brd", order, direction),
        )

    return measure


_ICOUNT = "instructions per page {}, dram against brd"

TARGETS = (
    Target(
        "random fault on a clean working set: what rdma adds to brd, in 4 KiB READs",
        False,
        (1.25, 1.5),
        _more_than_brd,
    ),
    Target(
        "random read-back, 1 thread, against nvme-rdma",
        True,
        (3.5, 2.5),
        _faster_than_nvme(RANDOM),
        "x",
    ),
    Target(
        "sequential read-back against nvme-rdma",
        True,
        (2.5, 1.7),
        _faster_than_nvme(SEQUENTIAL),
        "x",
    ),
    Target("fill against nvme-rdma", True, (1.7, 1.3), _faster_than_nvme(FILL), "x"),
    Target("p99 of a random fault against nvme-rdma", False, (0.4, 0.5), _tail, "x"),
    Target(
        "voluntary context switches per 1000 faults, sequential",
        False,
        (5, 5),
        _of_rdma(SEQUENTIAL, "switches_per_1000_faults"),
    ),
    Target(
        "voluntary context switches per 1000 faults, random",
        False,
        (40, 40),
        _of_rdma(RANDOM, "switches_per_1000_faults"),
    ),
    Target(
        "write-back in a sequential fill: pages per doorbell",
        True,
        (24, 24),
        _of_rdma(FILL, "pages_per_doorbell_out"),
    ),
    Target(
        "write-back in a sequential fill: work requests per page",
        False,
        (0.10, 0.10),
        _of_rdma(FILL, "works_out"),
    ),
    Target(
        "write-back in a sequential fill: completions per page",
        False,
        (0.05, 0.05),
        _of_rdma(FILL, "completions_out"),
    ),
    Target(
        "interrupts per 1000 swap-ins while tasks poll, random",
        False,
        (20, 20),
        _of_rdma(RANDOM, "interrupts_per_1000_swap_ins"),
    ),
    *(
        Target(
            _ICOUNT.format(f"{direction}, {name}"),
            False,
            (0.65, 0.75),
            _instructions(order, direction),
            "x",
        )
        for direction in ("in", "out")
        for order, name in (("seq", "sequential"), ("random", "random"))
    ),
    *(
        Target(
            f"instructions per page of a whole read-back, {name}, dram against brd",
            False,
            (0.65, 0.75),
            _instructions_back(order),
            "x",
        )
        for order, name in (("seq", "sequential"), ("random", "random"))
    ),
    Target("two threads against one, dram, random", True, (1.7, 1.7), _two_threads, "x"),
    Target(
        "server CPU time on the data path, ms per s, idle time's taken off",
        False,
        (0, 0),
        _server_cpu,
    ),
)


def judge(kernel, results, icount):
    """All targets with what was measured and the verdict, as dictionaries."""
    found = []
    for target in TARGETS:
        value = target.measure(results, icount)
        limit = target.limit(kernel)
        if value is None:
            verdict = UNKNOWN
        elif value >= limit if target.at_least else value <= limit:
            verdict = REACHED
        else:
            verdict = MISSED
        found.append(
            {
                "target": target.text,
                "relation": "at least" if target.at_least else "at most",
                "limit": limit,
                "unit": target.unit,
                "value": value,
                "verdict": verdict,
            }
        )
    return found
