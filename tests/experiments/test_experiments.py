#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What tools/experiments runs, and what it makes of the results: slowdowns, verdicts, the page."""

import os
import sys
import tempfile
import unittest

SOURCE = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))
sys.path.insert(0, os.path.join(SOURCE, "tools/lib"))
sys.dont_write_bytecode = True

from bench.plots import available  # noqa: E402
from experiments import plan, plots, report, results  # noqa: E402
from experiments.plan import LOCAL, Point  # noqa: E402

BASE = Point(50, "rdma", True, 8)


class Options:
    """What the command line gives."""

    def __init__(self, **changes):
        self.full = self.quick = False
        self.programs = ["quicksort", "redis"]
        self.devices = list(plan.DEFAULT_DEVICES)
        self.ratios = list(plan.RATIOS)
        self.reps = 2
        self.__dict__.update(changes)


def usage(**changes):
    """What fastswap-run reports, as the guest passes it on."""
    values = {"wall_s": "2.5", "peak_local": str(64 << 20), "major_faults": "100", "pages_in": ""}
    return values | {name: str(value) for name, value in changes.items()}


def ideal(program, checksum="c0ffee"):
    """The line of a program's first run."""
    return {
        "program": program,
        "size_mib": "48",
        "result": {"seconds": "1", "checksum": checksum},
        "usage": usage(),
    }


def run(program, point, seconds, repetition=1, checksum="c0ffee", **changes):
    """The line of any other run."""
    line = {"repetition": str(repetition), "program": program}
    if point != LOCAL:
        line |= {
            "ratio": str(point.ratio),
            "device": point.device,
            "offload": "yes" if point.offload else "no",
            "window": str(point.window),
        }
    more = {name: changes.pop(name) for name in ("rps", "p50_ms", "p99_ms") if name in changes}
    result = {"seconds": str(seconds), "checksum": checksum, **more}
    return line | {"result": result, "usage": usage(**changes)}


def everything():
    """A little of all that there is."""
    lines = [
        {"setting": "cpus", "value": "2"},
        {"setting": "emulated", "value": "yes"},
        {"setting": "placement", "value": "all on CPU 0"},
        {"device": "rdma", "disk": "/dev/fastswap0", "settings": "soft-RoCE"},
        {"device": "zram", "disk": "/dev/zram0", "settings": "lz4"},
        {"device": "nvme", "skipped": "no nvmet"},
        {"program": "zstd", "skipped": "there is no program 'zstd'"},
        ideal("quicksort"),
        ideal("redis", "2-values"),
    ]
    for program, checksum, factor in (("quicksort", "c0ffee", 1), ("redis", "2-values", 2)):
        common = {"checksum": checksum, "rps": "1000", "p50_ms": "0.5", "p99_ms": "7"}
        lines += [
            run(program, LOCAL, 1, **common),
            run(program, BASE, 2 * factor, max_events=3, **common),
            run(program, Point(30, "rdma", True, 8), 4 * factor, **common),
            run(program, Point(50, "rdma", False, 8), 3 * factor, max_events=77, **common),
            run(program, Point(50, "rdma", True, 1), 5 * factor, **common),
            run(program, Point(50, "zram", True, 8), 1.5 * factor, **common),
        ]
    return [*lines, {"end": "complete"}]


class Plan(unittest.TestCase):
    """What runs when."""

    def test_one_axis(self):
        points = plan.points(Options())
        self.assertEqual(len(points), len(set(points)))
        # Four ratios, no offload, two more windows, three more devices.
        self.assertEqual(len(points), 10)
        for point in points:
            differs = [
                name
                for name in ("ratio", "device", "offload", "window")
                if getattr(point, name) != getattr(BASE, name)
            ]
            self.assertLessEqual(len(differs), 1)
        self.assertIn(BASE, points)

    def test_full(self):
        points = plan.points(Options(full=True))
        self.assertEqual(len(set(points)), 4 * 4 * 2 * 3)
        self.assertEqual(len(points), len(set(points)))

    def test_base_point(self):
        self.assertEqual(plan.base_point(["zram", "rdma"], [90, 50]), BASE)
        self.assertEqual(plan.base_point(["zram"], [90, 45, 30]), Point(45, "zram", True, 8))
        self.assertEqual(plan.base_point(["rdma"], [60, 40]).ratio, 40)

    def test_lines(self):
        lines = [line.split() for line in plan.lines(Options())]
        self.assertEqual([line[1] for line in lines if line[0] == "device"], Options().devices)
        self.assertEqual([line[1] for line in lines if line[0] == "program"], Options().programs)
        local = [line[1:] for line in lines if line[0] == "local"]
        # Another one first in each repetition.
        self.assertEqual(
            local, [["1", "quicksort"], ["1", "redis"], ["2", "redis"], ["2", "quicksort"]]
        )
        runs = [line[1:] for line in lines if line[0] == "run"]
        self.assertEqual(len(runs), 2 * 2 * 10)
        self.assertIn(["2", "redis", "50", "rdma", "no", "8", "3"], runs)
        self.assertIn(["1", "quicksort", "50", "rdma", "yes", "32", "5"], runs)
        firsts = [run for run in runs if run[1] == "redis"]
        self.assertNotEqual(firsts[0][2:], firsts[10][2:])

    def test_sizes(self):
        self.assertEqual(plan.device_size(Options(programs=["sqlite"])), 4 * 24)
        self.assertEqual(plan.device_size(Options(programs=["sqlite"], quick=True)), 4 * 10)

    def test_programs_fit(self):
        for program in plan.PROGRAMS.values():
            self.assertLess(program.quick, program.size)


class Slowdowns(unittest.TestCase):
    """From lines to figures."""

    def test_same_repetition(self):
        found = results.Results(
            [
                ideal("quicksort"),
                run("quicksort", LOCAL, 1, 1),
                run("quicksort", LOCAL, 2, 2),
                run("quicksort", BASE, 3, 1),
                run("quicksort", BASE, 4, 2),
                run("quicksort", BASE, 100, 3),
            ]
        )
        # The third has nothing to be compared with.
        self.assertEqual(
            found.spread("quicksort", BASE), {"median": 2.5, "min": 2, "max": 3, "n": 2}
        )
        self.assertEqual(found.median("quicksort", LOCAL), 1)
        self.assertEqual(found.median("quicksort", BASE, "seconds"), 4)
        self.assertIsNone(found.median("redis", BASE))
        self.assertFalse(found.complete)

    def test_kinds(self):
        found = results.Results(
            everything()[:-1]
            + [
                {"repetition": "1", "program": "redis", "failed": "killed"},
                run("redis", BASE, 1, 2) | {"result": None, "failed": "no end"},
                {"end": "complete"},
            ]
        )
        self.assertTrue(found.complete)
        self.assertEqual(
            found.skipped,
            [
                ("nvme", "no nvmet"),
                ("zstd", "there is no program 'zstd'"),
                ("redis, all local, repetition 1", "killed"),
                (
                    "redis, 50 % local, fastswap_rdma, offload, window 8, repetition 2",
                    "no end",
                ),
            ],
        )
        self.assertEqual(found.wrong, [])
        self.assertEqual(found.ideal, {"quicksort": 64 << 20, "redis": 64 << 20})
        self.assertEqual(found.programs(), ["quicksort", "redis"])
        self.assertIsNone(found.median("redis", BASE, "pages_in"))
        self.assertEqual(found.median("redis", BASE, "rps"), 1000)
        self.assertEqual(found.points()[0], Point(50, "rdma", True, 1))
        self.assertEqual(found.points()[-1], Point(50, "zram", True, 8))

    def test_wrong(self):
        found = results.Results(
            [
                ideal("quicksort"),
                run("quicksort", LOCAL, 1),
                run("quicksort", BASE, 2, checksum="bad"),
                {"repetition": "2", "program": "quicksort", "wrong": "key 7"},
                {"program": "redis", "size_mib": "48", "wrong": "key 8"},
            ]
        )
        self.assertEqual(
            found.wrong,
            [
                (
                    "quicksort, 50 % local, fastswap_rdma, offload, window 8, repetition 1",
                    "the checksum is bad, and not c0ffee",
                ),
                ("quicksort, all local, repetition 2", "key 7"),
                ("redis", "key 8"),
            ],
        )
        # It has no figures.
        self.assertIsNone(found.spread("quicksort", BASE))

    def test_json(self):
        runs = results.Results(everything()).as_json()["runs"]
        self.assertEqual(len(runs), 12)
        self.assertEqual(runs[0]["ratio"], 100)
        self.assertIsNone(runs[0]["device"])
        self.assertEqual(runs[1]["figures"]["slowdown"]["median"], 2)
        self.assertEqual(runs[1]["repetitions"][0]["max_events"], 3)


class Report(unittest.TestCase):
    """The page and the plots."""

    ABOUT = {
        "command": "tools/experiments",
        "date": "2026-01-01",
        "revision": "abc",
        "kernel": "6.12",
        "release": "6.12.0",
        "machine": "a machine",
        "reps": 1,
        "host_cpus": 2,
        "host_load": 3.0,
        "skipped": [("plots", "no gnuplot")],
        "left_out": ["program kmeans"],
    }

    def test_axes(self):
        base, along = report.axes(results.Results(everything()))
        self.assertEqual(base, BASE)
        self.assertEqual([point.ratio for point in along["ratio"]], [50, 30])
        self.assertEqual([point.device for point in along["device"]], ["rdma", "zram"])
        self.assertEqual([point.offload for point in along["offload"]], [True, False])
        self.assertEqual([point.window for point in along["window"]], [1, 8])
        self.assertEqual(report.axes(results.Results([])), (None, {}))

    def test_page(self):
        found = results.Results(everything())
        page = report.render(self.ABOUT, found, [("a.svg", "a plot")])
        for text in (
            "# Programs with far memory\n",
            "**The machine is emulated.**",
            "too busy",
            "| program | 100 % | 50 % | 30 % |",
            "| quicksort | 1.00 | 2.00 | 4.00 |",
            "| program | fastswap_rdma | zram |",
            "| redis | 4.00 | 3.00 |",
            "| program | offload | none |",
            "| quicksort | 3.00 | 77.0 |",
            "| program | 1 | 8 |",
            "| 30 %, fastswap_rdma, offload, window 8 | 1000 | 0.5 | 7.00 |",
            "| fastswap_rdma, no offload, window 8, 50 % | 3.00 | 3.00 |",
            "Placement: all on CPU 0.",
            "- nvme: no nvmet",
            "- plots: no gnuplot",
            "Left out by the command line: program kmeans.",
            "![a plot](a.svg)",
            "64.0 MiB",
        ):
            self.assertIn(text, page)
        self.assertNotIn("Wrong results", page)

    def test_wrong(self):
        lines = [*everything(), run("quicksort", BASE, 2, repetition=2, checksum="bad")]
        page = report.render(self.ABOUT, results.Results(lines), [])
        self.assertIn("## Wrong results\n\n- **quicksort, 50 % local", page)

    def test_not_emulated(self):
        lines = [line for line in everything() if line.get("setting") != "emulated"]
        self.assertNotIn("emulated.**", report.render(self.ABOUT, results.Results(lines), []))

    def test_only_local(self):
        found = results.Results([ideal("quicksort"), run("quicksort", LOCAL, 1)])
        self.assertIn("| all local | 1.00 |", report.render(self.ABOUT, found, []))
        self.assertIn("nothing was far", report.summary(found)[0])
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(plots.draw(folder, found), [])

    def test_summary(self):
        lines = report.summary(results.Results(everything()))
        self.assertEqual(lines[0], "experiments: fastswap_rdma, offload, window 8")
        self.assertEqual(lines[1].strip(), "quicksort: slowdown 50 %: 2.00, 30 %: 4.00")

    def test_size(self):
        shown = [report.size(value) for value in (None, 0, 4096, 3 << 20, 3 << 29)]
        self.assertEqual(shown, ["–", "0", "4.00 KiB", "3.00 MiB", "1.50 GiB"])

    @unittest.skipUnless(available(), "there is no gnuplot")
    def test_plots(self):
        with tempfile.TemporaryDirectory() as folder:
            drawn = plots.draw(folder, results.Results(everything()))
            self.assertEqual(
                [name for name, _ in drawn],
                [
                    "slowdown.svg",
                    "devices.svg",
                    "offload.svg",
                    "windows.svg",
                    "slowdown-quicksort.svg",
                    "slowdown-redis.svg",
                ],
            )
            for name, _ in drawn:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    self.assertIn("</svg>", file.read())


if __name__ == "__main__":
    unittest.main()
