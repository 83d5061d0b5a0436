# SPDX-License-Identifier: GPL-2.0-only
"""SVG plots, by gnuplot."""

import os
import shutil
import subprocess

from bench import BenchError, plan

COLORS = {
    "rdma": "#d62728",
    "dram": "#ff9896",
    "nvme": "#1f77b4",
    "nbd": "#2ca02c",
    "zram": "#9467bd",
    "brd": "#7f7f7f",
}
HEAD = """\
set terminal svg size 860,520 dynamic enhanced font "sans,13" background "#ffffff"
set grid lc rgb "#dddddd"
set border 3
set tics nomirror
"""


def available():
    """Whether there is a gnuplot."""
    return shutil.which("gnuplot") is not None


def gnuplot(path, script):
    """Have gnuplot write one file, by a script that says nothing of terminal and output."""
    result = subprocess.run(
        ["gnuplot"],
        input=f'{HEAD}set output "{os.path.basename(path)}"\n{script}',
        cwd=os.path.dirname(path),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise BenchError(f"gnuplot: {(result.stderr.strip().splitlines() or ['no reason'])[-1]}")
    _tidy(path)


def _tidy(path):
    """Make it a file that can be kept with the sources."""
    with open(path, encoding="utf-8") as file:
        lines = [line.expandtabs().rstrip() + "\n" for line in file]
    # Nothing may come before the declaration in the first line.
    lines.insert(1, "<!-- SPDX-License-Identifier: GPL-2.0-only -->\n")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)


def escaped(text):
    """Text as it is: the enhanced mode takes an underscore for a subscript."""
    return text.replace("_", "\\\\_")


def _title(device):
    return escaped(plan.DEVICES.get(device, device))


def blocks(data):
    """Inline data of gnuplot, one block for each series."""
    text = ""
    for index, rows in enumerate(data):
        text += f"$data{index} << EOD\n"
        text += "".join(" ".join(str(value) for value in row) + "\n" for row in rows)
        text += "EOD\n"
    return text


def _series(results, workload, label):
    return [
        (device, results.histograms[(device, workload, label)])
        for device in results.measured_devices()
        if results.histograms.get((device, workload, label))
    ]


def _lines(series, column):
    return ", ".join(
        f'$data{index} using 1:{column} with {"steps" if column == 2 else "lines"} lw 2 '
        f'lc rgb "{COLORS.get(device, "black")}" title "{_title(device)}"'
        for index, (device, _) in enumerate(series)
    )


def latency(path, results, workload, label):
    """Histogram and distribution of a phase's faults, of all devices."""
    series = _series(results, workload, label)
    if not series:
        return False
    data = []
    for _, histogram in series:
        total = sum(number for _, number in histogram)
        rows, seen = [], 0
        for below, number in histogram:
            seen += number
            rows.append((below / 1000, 100 * number / total, 100 * seen / total))
        data.append(rows)
    gnuplot(
        path,
        blocks(data)
        + "set multiplot layout 2,1\nset logscale x\n"
        + f'set title "Latency of a fault: {workload}, {label}"\n'
        + 'set format x "%g"\nset ylabel "% of faults"\nset key top right\n'
        + f"plot {_lines(series, 2)}\n"
        + 'unset title\nset xlabel "µs"\nset ylabel "% not above"\nset key bottom right\n'
        + f"plot {_lines(series, 3)}\nunset multiplot\n",
    )
    return True


def bars(path, title, places, series, scale):
    """Bars side by side with their spread.

    places: names along the axis; series: (name, color, {number of the place: spread}); scale:
    what gnuplot is to set for the other axis.
    """
    data = []
    for index, (_, _, found) in enumerate(series):
        rows = [
            (place + (index + 0.5) / (len(series) + 1) - 0.5, s["median"], s["min"], s["max"])
            for place, s in found.items()
        ]
        data.append(rows or [("NaN",) * 4])
    tics = ", ".join(f'"{escaped(name)}" {place}' for place, name in enumerate(places))
    width = 0.9 / (len(series) + 1)
    drawn = []
    for index, (name, color, _) in enumerate(series):
        drawn.append(
            f"$data{index} using 1:2:({width}) with boxes fs solid 0.8 noborder "
            f'lc rgb "{color}" title "{escaped(name)}"'
        )
        drawn.append(f'$data{index} using 1:2:3:4 with yerrorbars pt 0 lc rgb "black" notitle')
    gnuplot(
        path,
        blocks(data)
        + f'set title "{escaped(title)}"\n'
        + f"{scale}\n"
        + "set key outside right top\nset pointintervalbox 0\n"
        + f"set xtics rotate by -35 ({tics})\nset xrange [-0.6:{len(places) - 0.4}]\n"
        + f"plot {', '.join(drawn)}\n",
    )


def speed(path, results, phases):
    """Bars of pages per second with their spread, by phase and device."""
    # One fill is like the other, unless it has huge pages.
    phases = [key for key in phases if key[1] != "fill" or key[0] in ("sequential", "thp")]
    if not phases:
        return False
    series = []
    for device in results.measured_devices():
        found = {
            place: results.spread(device, *phase, "pages_per_second")
            for place, phase in enumerate(phases)
        }
        name = plan.DEVICES.get(device, device)
        found = {place: s for place, s in found.items() if s}
        series.append((name, COLORS.get(device, "black"), found))
    bars(
        path,
        "Pages per second: median, smallest, largest",
        [f"{workload}: {label}" for workload, label in phases],
        series,
        "set logscale y",
    )
    return True


def draw(folder, results):
    """Draw everything that there are figures for; return (file, what it shows)."""
    drawn = []
    phases = results.phases()
    for workload, label in phases:
        if label == "fill" or label == "settle":
            continue
        name = f"latency-{workload}-{label}.svg"
        if latency(os.path.join(folder, name), results, workload, label):
            drawn.append((name, f"fault latency, {workload}: {label}"))
    if speed(os.path.join(folder, "speed.svg"), results, phases):
        drawn.insert(0, ("speed.svg", "pages per second"))
    return drawn
