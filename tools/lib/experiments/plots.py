# SPDX-License-Identifier: GPL-2.0-only
"""SVG plots: curves of slowdown, and bars that compare one way to run with another."""

import os

from bench.plots import COLORS, bars, blocks, escaped, gnuplot
from experiments.plan import ALL, DEVICES, LOCAL, named
from experiments.report import axes

PALETTE = ("#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")


def curve(path, title, series):
    """Slowdown against local memory. series: (name, [(ratio, spread), ...])."""
    data = [
        [(ratio, s["median"], s["min"], s["max"]) for ratio, s in found] for _, found in series
    ]
    lowest = min(ratio for _, found in series for ratio, _ in found)
    drawn = []
    for index, (name, found) in enumerate(series):
        color = PALETTE[index % len(PALETTE)]
        drawn.append(
            f"$data{index} using 1:2 with linespoints pt 7 ps 0.6 lw 2 "
            f'lc rgb "{color}" title "{escaped(name)}"'
        )
        if any(s["n"] > 1 for _, s in found):
            drawn.append(
                f'$data{index} using 1:2:3:4 with yerrorbars pt 0 lc rgb "{color}" notitle'
            )
    gnuplot(
        path,
        blocks(data)
        + f'set title "{escaped(title)}"\n'
        + 'set xlabel "local memory, % of what the program takes"\n'
        + 'set ylabel "run time, relative to all local"\n'
        + f"set xrange [{ALL + 2}:{lowest - 2}]\nset logscale y 2\nset key top left\n"
        + f"plot {', '.join(drawn)}\n",
    )


def _along_ratios(results, program, like):
    """What a program's curve goes through: all local, and every ratio of points like this one."""
    found = [(ALL, results.spread(program, LOCAL))]
    found += [
        (point.ratio, results.spread(program, point))
        for point in results.points()
        if (point.device, point.offload, point.window) == (like.device, like.offload, like.window)
    ]
    return [(ratio, spread) for ratio, spread in found if spread]


def _programs(folder, results, base):
    series = [(name, _along_ratios(results, name, base)) for name in results.programs()]
    series = [(name, found) for name, found in series if len(found) > 1]
    if not series:
        return []
    curve(os.path.join(folder, "slowdown.svg"), f"Slowdown: {named(base)}", series)
    return [("slowdown.svg", "slowdown against local memory")]


def _program(folder, results, name, along):
    """One program in all ways that differ from the base point by one thing."""
    ways = dict.fromkeys(point for axis in ("device", "offload", "window") for point in along[axis])
    series = [(named(way), _along_ratios(results, name, way)) for way in ways]
    series = [(title, found) for title, found in series if len(found) > 1]
    if len(series) < 2:
        return []
    file = f"slowdown-{name}.svg"
    curve(os.path.join(folder, file), f"Slowdown: {name}", series)
    return [(file, f"slowdown of {name}")]


def _bars(folder, results, file, title, columns):
    """Programs side by side. columns: (name, color, point)."""
    programs = results.programs()
    series = []
    for name, color, point in columns:
        found = {
            place: results.spread(program, point) for place, program in enumerate(programs)
        }
        series.append((name, color, {place: s for place, s in found.items() if s}))
    if len(columns) < 2 or not any(found for _, _, found in series):
        return []
    scale = "set logscale y 2\nset yrange [0.5:*]"
    bars(os.path.join(folder, file), title, programs, series, scale)
    return [(file, title)]


def draw(folder, results):
    """Draw everything that there are figures for; return (file, what it shows)."""
    base, along = axes(results)
    if base is None:
        return []
    drawn = _programs(folder, results, base)
    local = f"{base.ratio} % local"
    drawn += _bars(
        folder,
        results,
        "devices.svg",
        f"Slowdown by device, {local}",
        [
            (DEVICES.get(p.device, p.device), COLORS.get(p.device, "black"), p)
            for p in along["device"]
        ],
    )
    drawn += _bars(
        folder,
        results,
        "offload.svg",
        f"Slowdown with and without offload, {local}",
        [
            ("offload" if p.offload else "none", PALETTE[index], p)
            for index, p in enumerate(along["offload"])
        ],
    )
    drawn += _bars(
        folder,
        results,
        "windows.svg",
        f"Slowdown by prefetch window, {local}",
        [
            (f"{p.window} page{'s' if p.window > 1 else ''}", PALETTE[index], p)
            for index, p in enumerate(along["window"])
        ],
    )
    for name in results.programs():
        drawn += _program(folder, results, name, along)
    return drawn
