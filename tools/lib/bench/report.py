# SPDX-License-Identifier: GPL-2.0-only
"""The report: a page of Markdown tables."""

from bench import plan, targets
from bench.results import ratio

# A host that does something else disturbs what waits for the other CPU most.
MAX_LOAD = 0.5
METHOD = """\
- All devices are in one virtual machine, and only one of them is swapped to at a time. Each
  repetition goes through all devices and begins with another one. A device is warmed up by a
  short load (32 MiB in 24 MiB) when it is switched on. Tables show medians over repetitions, and
  the smallest and the largest value in parentheses.
- Reclaim is the classic one on every kernel (`lru_gen` off, where there is such a thing),
  `vm.swappiness` is 100.
- `vm.page-cluster` is 3 (the default: readahead of up to 8 pages), for all devices, and 0 in
  random order, where readahead is of no use. The kernel does no readahead from synchronous
  devices (brd, zram).
- Each device is four times as large as the working set or larger: pages then keep their copy on
  the device while they are in memory unchanged, except on synchronous devices.
- Pages compress by about 2:1: one half is pseudo-random, the other repeats one word.
- Latencies are those of the accesses that faulted. Every access is timed; of *N* faults in the
  kernel's count, major and minor, the *N* slowest accesses are taken for them.
- Every access verifies 16 words all over its page.
- `sequential`: fill, then read everything in order. `random`: fill, then read in random order;
  half of the pages are still to be written meanwhile. `clean`: a child shares the pages, so that
  they keep their copies on any device, and everything was read once: no write-back (see
  swap-outs). `orders`: backward, strided (every 16th page), Zipf (exponent 1). `read-write`:
  every page read is written. `threads-N`: random by one thread and by N, both without write-back
  where the device allows it. `memory-R`: a working set of R times the memory. `thp`: with
  transparent huge pages; the others are without.
- Client CPU is the time of the load's threads; machine CPU that of everything on all CPUs,
  client, server and kernel threads: they are in one machine. Server CPU is that of the server's
  process, where there is one. `nvmet-rdma` works in the kernel. In the target for it the time
  that an idle server takes is taken off, and less than 1 ms per second counts as none: it is
  measured in clock ticks of 10 ms.
- Direct reclaim is what was scanned on behalf of the load's memory group.
"""

ICOUNT_METHOD = """\
The guest's clock counts instructions (`-icount`), on one CPU. What the same load costs without
swap is taken off; everything that the kernel does for a page is in. In and out are measured
apart, with a clean working set for in, where all three devices go through the swap cache.
"Read-back" is all that a plain read-back after the fill takes, per page that came in: devices
differ in how many pages they make the kernel write again meanwhile.
"""


def number(value, digits=3):
    """A figure with about so many digits."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if abs(value) < 1:
        return f"{value:.{digits}g}"
    return f"{value:.{max(digits - len(str(int(abs(value)))), 0)}f}"


def ranged(spread, digits=3):
    """A median with its spread."""
    if spread is None:
        return "–"
    median = number(spread["median"], digits)
    if spread["n"] == 1:
        return median
    return f"{median} ({number(spread['min'], digits)}–{number(spread['max'], digits)})"


def table(header, rows):
    """A table, numbers to the right."""
    lines = ["| " + " | ".join(header) + " |"]
    lines.append("| --- |" + " ---: |" * (len(header) - 1))
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _targets(judged, kernel):
    rows = []
    for item in judged:
        sign = "≥" if item["relation"] == "at least" else "≤"
        value = item["value"]
        shown = "–" if value is None else f"{number(value)}{item['unit']}"
        verdict = item["verdict"]
        rows.append(
            [
                item["target"],
                f"{sign} {item['limit']:g}{item['unit']}",
                shown,
                f"**{verdict}**" if verdict == targets.MISSED else verdict,
            ]
        )
    return f"## Targets, on {kernel}\n\n" + table(
        ["target", "limit", "measured", "verdict"], rows
    )


def heading(title, about):
    """The first lines: what was measured, when, and on what."""
    return (
        "<!-- SPDX-License-Identifier: GPL-2.0-only -->\n"
        f"# {title}\n\n"
        f"    {about['command']}\n\n"
        f"{about['date']}, fastswap {about['revision']}, kernel {about['release']}, "
        f"{about['machine']}; {about['reps']} "
        + ("repetition" if about["reps"] == 1 else "repetitions")
        + ("" if about["reps"] >= plan.MIN_REPETITIONS else
           f" (fewer than {plan.MIN_REPETITIONS}: medians mean little)")
        + ". "
        + f"The load average of the host was {about['host_load']:.1f} on "
        f"{about['host_cpus']} CPUs before it began"
        + (": too busy for times that mean anything" if about["host_load"] > MAX_LOAD else "")
        + ".\n"
    )


def device_table(devices):
    """How devices were set up: by name, their settings."""
    text = "## Devices\n\n| device | settings |\n| --- | --- |\n"
    return text + "".join(
        f"| {plan.DEVICES.get(name, name)} | {settings} |\n" for name, settings in devices.items()
    )


def _devices(results):
    text = device_table(results.devices)
    if results.raw:
        text += "\nThe RDMA device without swap, 4 KiB at a time: "
        text += (
            f"READ latency p50 {ranged(results.raw.get('read_p50_us'))} µs, "
            f"p99 {ranged(results.raw.get('read_p99_us'))} µs; "
            f"READ {ranged(results.raw.get('read_mib_s'))} MiB/s, "
            f"WRITE {ranged(results.raw.get('write_mib_s'))} MiB/s.\n"
        )
    return text


def skipped_list(skipped, left_out):
    """What the report does not have, and why."""
    text = "".join(f"- {what}: {reason}\n" for what, reason in skipped) or "Nothing failed.\n"
    if left_out:
        text += f"\nLeft out by the command line: {', '.join(left_out)}.\n"
    return f"## Skipped\n\n{text}"


def _phase(results, workload, label):
    rows, more = [], []
    reference = results.median("rdma", workload, label, "pages_per_second")
    for device in results.measured_devices():
        if (device, workload, label) not in results.runs:
            continue

        def value(name, device=device):
            return results.spread(device, workload, label, name)

        def median(name, device=device):
            return number(results.median(device, workload, label, name))

        speed = value("pages_per_second")
        against = ratio(speed["median"], reference) if speed else None
        name = plan.DEVICES.get(device, device)
        rows.append(
            [name, ranged(speed), number(against), ranged(value("p50"))]
            + [median(quantile) for quantile in ("p90", "p99", "p999")]
            + [median("switches_per_1000_faults")]
        )
        more.append(
            [name]
            + [
                median(figure)
                for figure in (
                    "swap_ins",
                    "swap_outs",
                    "readahead",
                    "readahead_hits",
                    "direct_scans",
                    "client_cpu",
                    "server_cpu",
                    "machine_cpu",
                )
            ]
        )
    operation, order, threads = next(
        results.orders[key] for key in results.orders if key[1:] == (workload, label)
    )
    what = f"{operation}, {order}, {threads} thread{'s' if threads > 1 else ''}"
    text = f"### {workload}: {label} ({what})\n\n"
    text += table(
        ["device", "pages/s", "× rdma", "fault p50 µs", "p90", "p99", "p99.9",
         "switches per 1000 faults"], rows
    )
    text += "\n" + table(
        ["device", "swap-ins", "swap-outs", "readahead", "hits", "direct reclaim scans",
         "client CPU s", "server CPU s", "machine CPU s"], more
    )
    return text


OWN_COLUMNS = {
    "batches": "batches",
    "works": "work requests",
    "doorbells": "doorbells",
    "completions": "completions",
    "interrupts": "interrupts",
    "polls": "polls",
    "poll_timeouts": "polls that gave up",
    "ahead": "read ahead",
    "ahead_dropped": "in vain",
}


def _own(results):
    rows = []
    for workload, label in results.phases():
        for device in ("rdma", "dram"):
            for suffix in ("in", "out"):
                found = [
                    results.median(device, workload, label, f"{name}_{suffix}")
                    for name in OWN_COLUMNS
                ]
                if any(value is not None for value in found):
                    rows.append(
                        [f"{plan.DEVICES[device]}, {workload}: {label}, {suffix}"]
                        + [number(value) for value in found]
                    )
    if not rows:
        return ""
    return "## fastswap's own counts, per page\n\n" + table(
        ["device, load, direction", *OWN_COLUMNS.values()], rows
    )


def _steps(steps):
    if steps is None:
        return ""
    rows = []
    for change, what in plan.STEPS.items():
        device = f"{plan.STEPS_DEVICE} {change}".rstrip()

        def value(label, name, device=device):
            return steps.spread(device, "steps", label, name)

        rows.append(
            [f"`{change}`: {what}" if change else what]
            + [ranged(value(label, "seconds")) for label in ("fill", "seq", "random")]
            + [number(steps.median(device, "steps", "random", name)) for name in ("p50", "p99")]
            + [
                number(steps.median(device, "steps", label, "switches_per_1000_faults"))
                for label in ("seq", "random")
            ]
            + [number(steps.median(device, "steps", "fill", "pages_per_doorbell_out"))]
        )
    text = "## What each policy buys\n\n" + table(
        ["policy", "fill s", "sequential s", "random s", "random fault p50 µs", "p99",
         "switches per 1000 faults, sequential", "random", "pages per doorbell, fill"], rows
    )
    return text + (
        "\nOne device, in a machine of its own; each line is without one policy, the first with "
        "all.\n"
    )


def _icount(icount):
    if icount is None:
        return "## Instructions per page\n\nNot measured: use `--icount`.\n"
    rows = []
    for order in ("seq", "random"):
        for device in icount.measured_devices():
            found = [
                targets.instructions(icount, device, order, direction)
                for direction in ("in", "out")
            ]
            found.append(targets.instructions_back(icount, device, order))
            waits = icount.median(device, f"swap-{order}", order, "voluntary_switches")
            rows.append(
                [f"{plan.DEVICES.get(device, device)}, {order}"]
                + [number(value, 5) for value in found]
                + [number(waits)]
            )
    text = "## Instructions per page\n\n" + table(
        ["device, order", "in", "out", "read-back", "waits"], rows
    )
    return text + "\n" + ICOUNT_METHOD


def render(about, judged, results, icount, steps, plots):
    """The whole page."""
    skipped = list(about["skipped"]) + results.skipped
    for name, part in (("icount", icount), ("steps", steps)):
        if part is not None:
            skipped += [(f"{name}: {what}", reason) for what, reason in part.skipped]
    parts = [
        heading("fastswap and its peers", about),
        _targets(judged, about["kernel"]),
    ]
    if results.runs or results.devices:
        parts.append(_devices(results))
    parts.append(skipped_list(skipped, about.get("left_out", ())))
    if plots:
        parts.append("## Plots\n\n" + "\n".join(f"![{text}]({file})" for file, text in plots)
                     + "\n")
    if results.runs:
        parts.append("## Loads\n")
        parts += [_phase(results, workload, label) for workload, label in results.phases()]
        parts.append(_own(results))
    parts.append(_steps(steps))
    parts.append(_icount(icount))
    parts.append("## How it was measured\n\n" + METHOD)
    return "\n".join(part for part in parts if part)
