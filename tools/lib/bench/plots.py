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


def _gnuplot(path, script):
    """Have gnuplot write one file."""
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


def _title(device):
    # The enhanced text mode takes an underscore for a subscript.
    return plan.DEVICES.get(device, device).replace("_", "\\\\_")


def _blocks(data):
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
    _gnuplot(
        path,
        _blocks(data)
        + "set multiplot layout 2,1\nset logscale x\n"
        + f'set title "Latency of a fault: {workload}, {label}"\n'
        + 'set format x "%g"\nset ylabel "% of faults"\nset key top right\n'
        + f"plot {_lines(series, 2)}\n"
        + 'unset title\nset xlabel "µs"\nset ylabel "% not above"\nset key bottom right\n'
        + f"plot {_lines(series, 3)}\nunset multiplot\n",
    )
    return True


def speed(path, results, phases):
    """Bars of pages per second with their spread, by phase and device."""
    # One fill is like the other, unless it has huge pages.
    phases = [key for key in phases if key[1] != "fill" or key[0] in ("sequential", "thp")]
    devices = results.measured_devices()
    if not phases:
        return False
    data = []
    for index, device in enumerate(devices):
        rows = []
        for place, (workload, label) in enumerate(phases):
            found = results.spread(device, workload, label, "pages_per_second")
            if found:
                x = place + (index + 0.5) / (len(devices) + 1) - 0.5
                rows.append((x, found["median"], found["min"], found["max"]))
        data.append(rows or [("NaN",) * 4])
    tics = ", ".join(
        f'"{workload}: {label}" {place}' for place, (workload, label) in enumerate(phases)
    )
    width = 0.9 / (len(devices) + 1)
    bars = []
    for index, device in enumerate(devices):
        color = COLORS.get(device, "black")
        bars.append(
            f"$data{index} using 1:2:({width}) with boxes fs solid 0.8 noborder "
            f'lc rgb "{color}" title "{_title(device)}"'
        )
        bars.append(f'$data{index} using 1:2:3:4 with yerrorbars pt 0 lc rgb "black" notitle')
    _gnuplot(
        path,
        _blocks(data)
        + 'set title "Pages per second: median, smallest, largest"\n'
        + "set logscale y\nset key outside right top\nset pointintervalbox 0\n"
        + f"set xtics rotate by -35 ({tics})\nset xrange [-0.6:{len(phases) - 0.4}]\n"
        + f"plot {', '.join(bars)}\n",
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
