# SPDX-License-Identifier: GPL-2.0-only
"""The report: a page of Markdown tables."""

from bench.report import device_table, heading, number, ranged, skipped_list, table
from experiments.plan import (
    ALL,
    DEVICES,
    LOCAL,
    PROGRAMS,
    base_point,
    named,
    one_axis,
)

EMULATED = """\
**The machine is emulated.** Times say nothing about any other machine. Slowdowns are of two
runs in the same machine, and can be compared with each other, within this report. They are not
those of hardware either: the emulator makes a page fault and the RDMA software more expensive,
compared to what a program computes, than they are there.
"""
METHOD = """\
- *Slowdown*: the program's own time, divided by that of the run of the same repetition that had
  all of its memory local, in the same virtual machine. Tables show medians over repetitions, and
  the smallest and the largest value in parentheses.
- *Local memory*: the limit of the program's cgroup (`fastswap-run --local`), in per cent of the
  most memory that the group had in a run without a limit. This is done first, after a small run
  that brings the program's files into memory. Everything that the group is charged for counts:
  page tables, stacks, the C library's own memory.
- *Offload*: `fastswap-run` reclaims beside the program and keeps some headroom below the limit, so
  that the program has that much less. Without: `--no-offload`.
- *Window*: the largest readahead window in pages, `vm.page-cluster` 0, 3 and 5. The kernel does
  no readahead from synchronous devices (zram, brd).
- What is timed is the computation. Making the data before, and verifying it and the result
  afterwards, is not, though it swaps as well: faults and pages are those of the whole run.
- `redis`: the time that so many GETs take, of random keys, by 16 clients that are outside of the
  group. `sqlite`: the time of the queries. `zstd`: the text, and what becomes of it, are files in
  tmpfs.
- Keys (`quicksort`), arrays (`stream`) and values (`redis`) are pseudo-random: zram cannot compress
  them.
- Results are verified: by the programs themselves, and by a checksum that has to be the same in
  every run. A run with a wrong result has no figures.
- All devices are in one virtual machine, and only one of them is swapped to at a time. It is warmed
  up by a short load when it is switched on. Reclaim is the classic one on every kernel (`lru_gen`
  off, where there is such a thing), `vm.swappiness` is 100. Only programs that ask for huge pages
  get any. The groups' `memory.stat` is read ten times per second: without that, Linux 6.12 may
  find nothing to reclaim in a small group, and kill the program.
- Each repetition runs the programs one after the other, another one first in each, and each with
  all of its settings, another one first in each.
"""
SIZES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def size(value):
    """Bytes for people."""
    if value is None:
        return "–"
    for unit, name in SIZES:
        if value >= unit:
            return f"{number(value / unit)} {name}"
    return number(value)


def axes(results):
    """The base point, and the points to compare it with by axis, of what was measured."""
    found = results.points()
    if not found:
        return None, {}
    devices = list(dict.fromkeys(point.device for point in found))
    ratios = sorted({point.ratio for point in found}, reverse=True)
    base = base_point(devices, ratios)
    here = [point for point in one_axis(base, devices, ratios) if point in found]

    def along(keep):
        return [point for point in here if keep(point) or point == base]

    return base, {
        "ratio": sorted(along(lambda p: p.ratio != base.ratio), key=lambda p: -p.ratio),
        "device": sorted(
            along(lambda p: p.device != base.device), key=lambda p: devices.index(p.device)
        ),
        "offload": sorted(along(lambda p: p.offload != base.offload), key=lambda p: not p.offload),
        "window": sorted(along(lambda p: p.window != base.window), key=lambda p: p.window),
    }


def _programs(results):
    rows = []
    for name in results.programs():
        rows.append(
            [
                name,
                PROGRAMS[name].text if name in PROGRAMS else "",
                f"{results.sizes.get(name, '–')} MiB",
                size(results.ideal.get(name)),
                ranged(results.spread(name, LOCAL, "seconds")),
            ]
        )
    return "## Programs\n\n" + table(
        ["program", "what", "data", "memory that it takes", "time with all local, s"], rows
    )


def _slowdowns(results, title, text, columns):
    """A table of programs by points. columns: (heading, point)."""
    rows = [
        [name, *(ranged(results.spread(name, point)) for _, point in columns)]
        for name in results.programs()
    ]
    return f"## {title}\n\n{text}\n\n" + table(["program", *(head for head, _ in columns)], rows)


def _local(results, base, points):
    columns = [(f"{ALL} %", LOCAL), *((f"{point.ratio} %", point) for point in points)]
    return _slowdowns(
        results,
        "Slowdown with less memory",
        f"By local memory; {named(base)}.",
        columns,
    )


def _devices(results, base, points):
    columns = [(DEVICES.get(point.device, point.device), point) for point in points]
    return _slowdowns(
        results,
        "Slowdown by device",
        f"{base.ratio} % local, {named(base, device=False)}.",
        columns,
    )


def _pairs(results, points, heads, figures):
    """Rows of programs: of each figure the median at each point. figures: (name, heading)."""
    header = ["program"]
    for _, text in figures:
        header += [f"{text}, {head}" for head in heads]
    rows = []
    for name in results.programs():
        row = [name]
        for figure, _ in figures:
            row += [number(results.median(name, point, figure)) for point in points]
        rows.append(row)
    return table(header, rows)


def _offload(results, base, points):
    heads = ["offload" if point.offload else "none" for point in points]
    title = DEVICES.get(base.device, base.device)
    return (
        _slowdowns(
            results,
            "Slowdown with and without offload",
            f"{base.ratio} % local, {title}, window {base.window}.",
            list(zip(heads, points)),
        )
        + "\n"
        + _pairs(
            results,
            points,
            heads,
            (("max_events", "times at the limit"), ("stall_some_s", "stalled s")),
        )
    )


def _windows(results, base, points):
    heads = [str(point.window) for point in points]
    offload = "offload" if base.offload else "no offload"
    return (
        _slowdowns(
            results,
            "Slowdown by prefetch window",
            f"{base.ratio} % local, {DEVICES.get(base.device, base.device)}, {offload}; "
            "windows are in pages.",
            list(zip(heads, points)),
        )
        + "\n"
        + _pairs(
            results,
            points,
            heads,
            (("major_faults", "major faults"), ("system_pages_in", "pages in")),
        )
    )


def _redis(results, points):
    """What a load generator reports."""
    rows = []
    for point in (LOCAL, *points):
        if results.spread("redis", point, "rps") is None:
            continue
        what = "all local" if point == LOCAL else f"{point.ratio} %, {named(point)}"
        figures = (results.spread("redis", point, name) for name in ("rps", "p50_ms", "p99_ms"))
        rows.append([what, *(ranged(figure) for figure in figures)])
    if not rows:
        return ""
    return "## Redis under load\n\n" + table(
        ["local memory", "GETs per second", "p50 ms", "p99 ms"], rows
    )


COLUMNS = {
    "seconds": "time s",
    "major_faults": "major faults",
    "system_pages_in": "pages in",
    "system_pages_out": "pages out",
    "max_events": "times at the limit",
    "stall_some_s": "stalled s",
    "reclaim_cpu_s": "reclaim CPU s",
}


def _all(results, name):
    """Every point of one program."""
    rows = []
    for point in (LOCAL, *results.points()):
        if (name, point) not in results.runs:
            continue
        what = "all local" if point == LOCAL else f"{named(point)}, {point.ratio} %"
        rows.append(
            [what, ranged(results.spread(name, point))]
            + [number(results.median(name, point, figure)) for figure in COLUMNS]
            + [size(results.median(name, point, "peak_far"))]
        )
    return f"### {name}\n\n" + table(
        ["device, reclaim, window, local memory", "slowdown", *COLUMNS.values(), "far at most"],
        rows,
    )


def _wrong(wrong):
    if not wrong:
        return ""
    return "## Wrong results\n\n" + "".join(f"- **{what}**: {why}\n" for what, why in wrong)


def render(about, results, plots):
    """The whole page."""
    base, along = axes(results)
    parts = [heading("Programs with far memory", about)]
    if results.settings.get("emulated") == "yes":
        parts.append(EMULATED)
    parts += [_wrong(results.wrong), _programs(results)]
    # With one point only there is nothing to compare.
    for axis, section in (
        ("ratio", _local),
        ("device", _devices),
        ("offload", _offload),
        ("window", _windows),
    ):
        if len(along.get(axis, ())) > (0 if axis == "ratio" else 1):
            parts.append(section(results, base, along[axis]))
    if along:
        parts.append(_redis(results, along["ratio"]))
    if plots:
        parts.append(
            "## Plots\n\n" + "\n".join(f"![{text}]({file})" for file, text in plots) + "\n"
        )
    parts.append(skipped_list(list(about["skipped"]) + results.skipped, about.get("left_out", ())))
    parts.append(device_table(results.devices))
    placement = results.settings.get("placement")
    parts.append(f"Placement: {placement}.\n" if placement else "")
    parts.append("## All runs\n")
    parts += [_all(results, name) for name in results.programs()]
    parts.append("## How it was measured\n\n" + METHOD)
    return "\n".join(part for part in parts if part)


def summary(results):
    """The figures in a few lines, for the terminal."""
    base, along = axes(results)
    if base is None:
        return ["experiments: nothing was far"]
    found = [f"experiments: {named(base)}"]
    for name in results.programs():
        shown = [
            f"{point.ratio} %: {number(results.median(name, point))}"
            for point in along["ratio"]
        ]
        found.append(f"{name:>12}: slowdown {', '.join(shown)}")
    return found
