# SPDX-License-Identifier: GPL-2.0-only
"""From the lines that guest.sh wrote to figures: medians over repetitions, and their spread."""

import json
import statistics

from bench import BenchError

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
ROLES = ("demand", "prefetch", "writeback")
PAGE = 4096


def read_lines(path):
    """Parse a results file; what is no JSON was cut off when the machine died."""
    lines, broken = [], 0
    with open(path, encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                lines.append(json.loads(text))
            except ValueError:
                broken += 1
    if not lines:
        raise BenchError(f"{path}: nothing was measured")
    return lines, broken


def slowest(histogram, count):
    """Of a histogram of accesses, the part that holds the slowest ones."""
    kept = []
    for below, number in reversed(histogram):
        number = min(number, count)
        if number <= 0:
            break
        kept.append([below, number])
        count -= number
    return kept[::-1]


def quantile(histogram, share):
    """Where that share of a histogram's entries ends, in ns: the middle of the bucket."""
    total = sum(number for _, number in histogram)
    if not total:
        return None
    seen = 0
    for below, number in histogram:
        seen += number
        if seen >= share * total:
            break
    # swapload cuts a power of two in 16 buckets.
    return below - (1 << max((below - 1).bit_length() - 5, 0)) / 2


def merge(histograms):
    """Add histograms up."""
    total = {}
    for histogram in histograms:
        for below, number in histogram:
            total[below] = total.get(below, 0) + number
    return [[below, total[below]] for below in sorted(total)]


def ratio(part, whole):
    """A quotient, or nothing if there is nothing to divide by."""
    if part is None or not whole:
        return None
    return part / whole


def _sum(counters, names):
    return sum(counters.get(name, 0) for name in names)


def _own_figures(counters):
    """What our devices count, per page read (_in) and per page written (_out)."""
    core, backend = counters.get("core"), counters.get("backend", {})
    if core is None:
        return {}
    figures = {}
    for suffix, roles in (("in", ROLES[:2]), ("out", ROLES[2:])):
        pages = _sum(core, [f"{role}_pages" for role in roles])
        batches = _sum(core, [f"{role}_batches" for role in roles])
        if suffix == "in":
            batches += core.get("ahead_batches", 0)
        figures[f"batches_{suffix}"] = ratio(batches, pages)
        if not backend:
            continue
        for name in ("works", "doorbells", "completions", "interrupts"):
            number = _sum(backend, [f"{role}_{name}" for role in roles])
            figures[f"{name}_{suffix}"] = ratio(number, pages)
        if suffix == "out":
            doorbells = _sum(backend, [f"{role}_doorbells" for role in roles])
            figures["pages_per_doorbell_out"] = ratio(pages, doorbells)
    pages_in = _sum(core, ["demand_pages", "prefetch_pages"])
    figures["polls_in"] = ratio(core.get("polls"), pages_in)
    figures["poll_timeouts_in"] = ratio(core.get("poll_timeouts"), pages_in)
    ahead = _sum(core, ["ahead_hits", "ahead_waits"])
    figures["ahead_in"] = ratio(ahead, pages_in)
    figures["ahead_dropped_in"] = ratio(core.get("ahead_dropped"), pages_in)
    figures["errors"] = _sum(core, [name for name in core if name.endswith("_errors")])
    return figures


def figures_of(phase):
    """All figures of one phase of one run."""
    vmstat = phase["counters"]["vmstat"]
    memory = phase["counters"].get("memory", {})
    accesses = phase["accesses"]
    faults = min(phase["major_faults"] + phase["minor_faults"], accesses)
    slow = slowest(phase["histogram"], faults)
    figures = {
        "seconds": phase["seconds"],
        "accesses": accesses,
        "pages_per_second": ratio(accesses, phase["seconds"]),
        "ns_per_access": ratio(phase["seconds"] * 1e9, accesses),
        "faults": faults,
        "major_faults": phase["major_faults"],
        "voluntary_switches": phase["voluntary_switches"],
        "switches_per_1000_faults": ratio(1000 * phase["voluntary_switches"], faults),
        "swap_ins": vmstat.get("pswpin"),
        "swap_outs": vmstat.get("pswpout"),
        "readahead": vmstat.get("swap_ra"),
        "readahead_hits": vmstat.get("swap_ra_hit"),
        "direct_scans": memory.get("pgscan_direct"),
        "direct_steals": memory.get("pgsteal_direct"),
        "huge_swap_outs": vmstat.get("thp_swpout"),
        "client_cpu": (phase["user_us"] + phase["system_us"]) / 1e6,
        "machine_cpu": phase["machine_busy"],
        # A server may have several processes.
        "server_cpu": sum(phase["cpu"].values()) if phase["cpu"] else None,
    }
    for name, share in QUANTILES.items():
        value = quantile(slow, share)
        figures[name] = None if value is None else value / 1000
    figures |= _own_figures(phase["counters"])
    if figures.get("interrupts_in") is not None:
        figures["interrupts_per_1000_swap_ins"] = 1000 * figures["interrupts_in"]
    return figures


def spread(values):
    """Median, minimum and maximum of what was measured."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "n": len(values),
    }


class Results:
    """All that one virtual machine measured, by device, workload and phase."""

    def __init__(self, lines):
        self.settings = {}  # of the machine
        self.devices = {}  # by device: its settings
        self.skipped = []  # (what, reason)
        self.raw = {}  # by name: spread
        self.idle = {}  # by device: CPU time of its idle server per second, the mean
        self.runs = {}  # (device, workload, phase): figures of each repetition
        self.histograms = {}  # likewise: of faults
        self.orders = {}  # likewise: (operation, order, threads)
        self.complete = False
        raw, idle = {}, {}
        for line in lines:
            if "idle" in line:
                idle.setdefault(line["device"], []).append(float(line["idle"]))
            else:
                self._take(line, raw)
        # Each holds a few ticks of the clock: only their mean says something.
        self.idle = {device: statistics.mean(values) for device, values in idle.items()}
        self.raw = {name: spread(values) for name, values in raw.items()}

    def _take(self, line, raw):
        if "setting" in line:
            self.settings[line["setting"]] = line["value"]
        elif "end" in line:
            self.complete = True
        elif "settings" in line:
            self.devices[line["device"]] = line["settings"]
        elif "skipped" in line:
            self.skipped.append((line["device"], line["skipped"]))
        elif "failed" in line:
            where = f"{line['device']}, {line['workload']}, repetition {line['repetition']}"
            self.skipped.append((where, line["failed"]))
        elif "raw" in line:
            for name, value in line["raw"].items():
                raw.setdefault(name, []).append(value)
        else:
            self._take_run(line)

    def _take_run(self, line):
        for phase in line["result"]["phases"]:
            key = (line["device"], line["workload"], phase["label"])
            figures = figures_of(phase)
            self.runs.setdefault(key, []).append(figures)
            slow = slowest(phase["histogram"], figures["faults"])
            self.histograms[key] = merge([self.histograms.get(key, []), slow])
            self.orders[key] = (phase["operation"], phase["order"], phase["threads"])

    def all(self, device, workload, label, name):
        """A figure of each repetition."""
        return [run.get(name) for run in self.runs.get((device, workload, label), [])]

    def spread(self, device, workload, label, name):
        """Median and spread of a figure, or None."""
        return spread(self.all(device, workload, label, name))

    def median(self, device, workload, label, name):
        """Median of a figure, or None."""
        found = self.spread(device, workload, label, name)
        return None if found is None else found["median"]

    def phases(self):
        """(workload, label) of all phases, in the order in which they came."""
        return list(dict.fromkeys((workload, label) for _, workload, label in self.runs))

    def measured_devices(self):
        """Devices of which there is at least one figure, in the order in which they came."""
        return list(dict.fromkeys(device for device, _, _ in self.runs))

    def as_json(self):
        """Everything, for programs."""
        return {
            "settings": self.settings,
            "devices": self.devices,
            "skipped": [{"what": what, "reason": reason} for what, reason in self.skipped],
            "complete": self.complete,
            "raw": self.raw,
            "idle_server_cpu": self.idle,
            "phases": [
                {
                    "device": key[0],
                    "workload": key[1],
                    "phase": key[2],
                    "operation": self.orders[key][0],
                    "order": self.orders[key][1],
                    "threads": self.orders[key][2],
                    "figures": {
                        name: spread([run.get(name) for run in runs])
                        for name in dict.fromkeys(name for run in runs for name in run)
                    },
                    "repetitions": runs,
                    "fault_histogram_ns": self.histograms[key],
                }
                for key, runs in self.runs.items()
            ],
        }
