#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What tools/bench makes of measurements: figures, medians, verdicts, the page."""

import os
import sys
import tempfile
import unittest

SOURCE = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))
sys.path.insert(0, os.path.join(SOURCE, "tools/lib"))
sys.dont_write_bytecode = True

from bench import BenchError, plan, plots, report, results, targets  # noqa: E402

US = 1000


def phase(label="random", seconds=1.0, **changes):
    """A phase as swapload prints it: 1000 accesses, of which 100 were faults."""
    values = {
        "label": label,
        "operation": "read",
        "order": "random",
        "threads": 1,
        "accesses": 1000,
        "major_faults": 90,
        "minor_faults": 10,
        "voluntary_switches": 3,
        "involuntary_switches": 7,
        "user_us": 250000,
        "system_us": 500000,
        "seconds": seconds,
        "machine_busy": 1.5,
        "cpu": {},
        "counters": {"vmstat": {"pswpin": 90, "pswpout": 0}, "memory": {"pgscan_direct": 11}},
        # Hits, then faults: 98 at about 100 us, two at about 1 ms.
        "histogram": [[512, 900], [100 * US, 98], [1000 * US, 2]],
    }
    return values | changes


def run(device, workload, *phases, repetition=1):
    """A line of the results file."""
    return {
        "repetition": str(repetition),
        "device": device,
        "workload": workload,
        "limit_mib": 64,
        "result": {"pages": 1000, "thp": False, "phases": list(phases), "wrong": 0},
    }


class Statistics(unittest.TestCase):
    """Histograms and spreads."""

    def test_slowest(self):
        histogram = [[10, 5], [20, 3], [30, 1]]
        self.assertEqual(results.slowest(histogram, 2), [[20, 1], [30, 1]])
        self.assertEqual(results.slowest(histogram, 100), histogram)
        self.assertEqual(results.slowest(histogram, 0), [])

    def test_quantile(self):
        # Buckets that end at 17 and 32 are 1 ns wide, the one that ends at 68 is 4 ns wide.
        histogram = [[17, 50], [32, 49], [68, 1]]
        self.assertEqual(results.quantile(histogram, 0.5), 16.5)
        self.assertEqual(results.quantile(histogram, 0.51), 31.5)
        self.assertEqual(results.quantile(histogram, 1), 66)
        self.assertIsNone(results.quantile([], 0.5))

    def test_merge(self):
        self.assertEqual(results.merge([[[8, 1]], [], [[4, 2], [8, 3]]]), [[4, 2], [8, 4]])

    def test_spread(self):
        found = results.spread([3, None, 1, 2])
        self.assertEqual(found, {"median": 2, "min": 1, "max": 3, "n": 3})
        self.assertIsNone(results.spread([None]))
        self.assertIsNone(results.spread([]))

    def test_ratio(self):
        self.assertEqual(results.ratio(1, 4), 0.25)
        self.assertEqual(results.ratio(0, 4), 0)
        self.assertIsNone(results.ratio(1, 0))
        self.assertIsNone(results.ratio(None, 4))
        self.assertIsNone(results.ratio(4, None))


class Figures(unittest.TestCase):
    """One phase."""

    def test_faults_only(self):
        found = results.figures_of(phase())
        self.assertEqual(found["faults"], 100)
        # The hits do not count: half of the faults are well above them.
        self.assertAlmostEqual(found["p50"], 98, delta=3)
        self.assertAlmostEqual(found["p99"], 984, delta=20)
        self.assertEqual(found["switches_per_1000_faults"], 30)
        self.assertEqual(found["pages_per_second"], 1000)
        self.assertEqual(found["client_cpu"], 0.75)
        self.assertIsNone(found["server_cpu"])
        self.assertNotIn("works_out", found)

    def test_no_fault(self):
        found = results.figures_of(phase(major_faults=0, minor_faults=0))
        self.assertIsNone(found["p50"])
        self.assertIsNone(found["switches_per_1000_faults"])

    def test_own_counters(self):
        counters = {
            "vmstat": {},
            "core": {
                "demand_pages": 60,
                "prefetch_pages": 40,
                "writeback_pages": 200,
                "demand_batches": 60,
                "prefetch_batches": 10,
                "writeback_batches": 8,
                "polls": 50,
                "poll_timeouts": 1,
                "ahead_batches": 5,
                "ahead_hits": 29,
                "ahead_waits": 1,
                "demand_errors": 0,
                "writeback_errors": 2,
            },
            "backend": {
                "demand_works": 60,
                "prefetch_works": 20,
                "writeback_works": 10,
                "writeback_doorbells": 5,
                "writeback_completions": 4,
                "demand_interrupts": 1,
            },
        }
        found = results.figures_of(phase(counters=counters))
        self.assertEqual(found["batches_in"], 0.75)
        self.assertEqual(found["works_in"], 0.8)
        self.assertEqual(found["works_out"], 0.05)
        self.assertEqual(found["pages_per_doorbell_out"], 40)
        self.assertEqual(found["completions_out"], 0.02)
        self.assertEqual(found["interrupts_per_1000_swap_ins"], 10)
        self.assertEqual(found["polls_in"], 0.5)
        self.assertEqual(found["ahead_in"], 0.3)
        self.assertEqual(found["errors"], 2)


class Lines(unittest.TestCase):
    """The file that the guest writes."""

    def test_cut_off(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write('{"setting": "cpus", "value": "2"}\n{"repetition": "1", "dev')
            file.flush()
            lines, broken = results.read_lines(file.name)
        self.assertEqual((len(lines), broken), (1, 1))
        self.assertFalse(results.Results(lines).complete)

    def test_nothing(self):
        with tempfile.NamedTemporaryFile("w") as file, self.assertRaises(BenchError):
            results.read_lines(file.name)

    def test_all_kinds(self):
        found = results.Results(
            [
                {"setting": "cpus", "value": "2"},
                {"device": "brd", "disk": "/dev/ram0", "settings": "RAM disk"},
                {"device": "nbd", "skipped": "no nbd"},
                {"repetition": "1", "device": "brd", "workload": "random", "failed": "killed"},
                {"repetition": "1", "raw": {"read_p50_us": 50}},
                {"repetition": "2", "raw": {"read_p50_us": 70}},
                {"device": "rdma", "idle": 0.002},
                run("brd", "random", phase(seconds=1)),
                run("brd", "random", phase(seconds=4), repetition=2),
                run("brd", "random", phase(seconds=2), repetition=3),
                {"end": "complete"},
            ]
        )
        self.assertTrue(found.complete)
        self.assertEqual(found.raw["read_p50_us"]["median"], 60)
        self.assertEqual(found.idle, {"rdma": 0.002})
        self.assertEqual(found.median("brd", "random", "random", "seconds"), 2)
        self.assertEqual(found.spread("brd", "random", "random", "seconds")["n"], 3)
        self.assertIsNone(found.median("rdma", "random", "random", "seconds"))
        self.assertEqual(
            found.skipped, [("nbd", "no nbd"), ("brd, random, repetition 1", "killed")]
        )
        self.assertEqual(sum(n for _, n in found.histograms["brd", "random", "random"]), 300)


def comparison(rdma=1.0, nvme=4.0, nvcsw=3):
    """A comparison in which rdma needs rdma seconds for everything, and so on."""
    lines = [{"repetition": "1", "raw": {"read_p50_us": 80}}]
    for device, seconds in (("rdma", rdma), ("nvme", nvme)):
        lines += [
            run(device, "random", phase(seconds=seconds, voluntary_switches=nvcsw)),
            run(
                device,
                "sequential",
                phase("fill", seconds, operation="fill", order="seq", cpu={"server": 0}),
                phase("seq", seconds, order="seq"),
            ),
        ]
    for device, micros in (("rdma", 200), ("brd", 100)):
        lines.append(run(device, "clean", phase(histogram=[[micros * US, 1000]])))
    return results.Results(lines)


class Verdicts(unittest.TestCase):
    """Targets."""

    def judge(self, found, kernel="6.12", icount=None):
        return {item["target"]: item for item in targets.judge(kernel, found, icount)}

    def verdict(self, judged, text):
        return [item["verdict"] for name, item in judged.items() if name.startswith(text)]

    def test_reached(self):
        judged = self.judge(comparison())
        self.assertEqual(self.verdict(judged, "random read-back"), [targets.REACHED])
        self.assertEqual(self.verdict(judged, "sequential read-back"), [targets.REACHED])
        # About 100 us more, in units of 80 us.
        self.assertEqual(self.verdict(judged, "random fault on a clean"), [targets.REACHED])
        self.assertEqual(self.verdict(judged, "p99 of a random fault"), [targets.MISSED])

    def test_by_kernel(self):
        found = comparison(nvme=3.0)
        text = "random read-back"
        self.assertEqual(self.verdict(self.judge(found), text), [targets.MISSED])
        self.assertEqual(self.verdict(self.judge(found, "6.1"), text), [targets.REACHED])

    def test_missed(self):
        judged = self.judge(comparison(nvcsw=5))
        text = "voluntary context switches per 1000 faults, random"
        self.assertEqual(self.verdict(judged, text), [targets.MISSED])
        self.assertEqual(judged[text]["value"], 50)

    def test_nothing_measured(self):
        judged = self.judge(results.Results([]))
        self.assertEqual({item["verdict"] for item in judged.values()}, {targets.UNKNOWN})

    def test_server(self):
        lines = []
        for workload, label in (targets.FILL, targets.SEQUENTIAL, targets.RANDOM):
            lines.append(run("rdma", workload, phase(label, 2.0, cpu={"server": 0.02})))
        text = "server CPU time"
        self.assertEqual(self.verdict(self.judge(results.Results(lines)), text), [targets.MISSED])
        lines.append({"device": "rdma", "idle": 0.01})
        self.assertEqual(self.verdict(self.judge(results.Results(lines)), text), [targets.REACHED])

    def test_instructions(self):
        lines = []
        for device, cost in (("dram", 6e-6), ("brd", 10e-6)):
            for order in ("seq", "random"):
                lines.append(
                    run(
                        device,
                        f"own-{order}",
                        phase("fill", 1000 * 1e-6),
                        phase(order, 1000 * 1e-6),
                    )
                )
                vmstat = {"vmstat": {"pswpin": 500, "pswpout": 500}}
                lines.append(
                    run(
                        device,
                        f"swap-{order}",
                        phase("fill", 1000 * (1e-6 + cost), counters=vmstat),
                        phase("readback", 1000 * (1e-6 + cost), counters=vmstat),
                        phase(order, 1000 * (1e-6 + cost), counters=vmstat),
                    )
                )
        icount = results.Results(lines)
        found = targets.instructions(icount, "brd", "seq", "in")
        self.assertAlmostEqual(found, 20000, places=3)
        found = targets.instructions(icount, "dram", "random", "out")
        self.assertAlmostEqual(found, 12000, places=3)
        judged = self.judge(results.Results([]), icount=icount)
        found = self.verdict(judged, "instructions per page")
        self.assertEqual(found, [targets.REACHED] * 6)


class Options:
    """What the command line gives."""

    quick = True
    devices = ["rdma", "brd", "raw"]
    workloads = list(plan.WORKLOADS)
    threads = [2, 4]
    reps = 3


class Plan(unittest.TestCase):
    """What runs when."""

    def test_interleaved(self):
        lines = [line.split() for line in plan.comparison(Options)]
        self.assertEqual([words[1] for words in lines if words[0] == "device"], ["rdma", "brd"])
        firsts = {}
        for words in lines:
            if words[0] == "run":
                firsts.setdefault(words[1], words[2])
        self.assertEqual(firsts, {"1": "rdma", "2": "brd", "3": "rdma"})
        self.assertEqual(sum(words[0] == "raw" for words in lines), 3)
        names = {words[3] for words in lines if words[0] == "run"}
        self.assertLessEqual({"threads-2", "threads-4", "memory-1.1", "memory-4"}, names)

    def test_icount(self):
        lines = plan.icount(Options)
        self.assertEqual({line.split()[2] for line in lines if line.startswith("run")}, {"brd"})

    def test_steps(self):
        lines = [line.split() for line in plan.steps(Options)]
        changes = [" ".join(words[2:]) for words in lines if words[0] == "with"]
        self.assertEqual(sorted(changes), sorted(list(plan.STEPS) * Options.reps))
        self.assertEqual(len(changes), sum(words[0] == "run" for words in lines))
        self.assertEqual(changes[: len(plan.STEPS)], list(plan.STEPS))
        self.assertNotEqual(changes[len(plan.STEPS)], "")

    def test_unknown(self):
        with self.assertRaises(BenchError):
            plan.load("nonsense", plan.ICOUNT)


class Report(unittest.TestCase):
    """The page and the plots."""

    ABOUT = {
        "command": "tools/bench",
        "date": "2026-01-01",
        "revision": "abc",
        "kernel": "6.12",
        "release": "6.12.0",
        "machine": "a machine",
        "reps": 1,
        "host_cpus": 2,
        "host_load": 3.0,
        "skipped": [("plots", "no gnuplot")],
        "left_out": ["device zram", "workload thp"],
    }

    def test_page(self):
        found = comparison()
        found.skipped.append(("nbd", "no nbd"))
        judged = targets.judge("6.12", found, None)
        page = report.render(self.ABOUT, judged, found, None, None, [("a.svg", "a plot")])
        for text in (
            "| random read-back, 1 thread, against nvme-rdma | ≥ 3.5x | 4.00x | reached |",
            "**missed**",
            "| not measured |",
            "- nbd: no nbd",
            "- plots: no gnuplot",
            "Left out by the command line: device zram, workload thp.",
            "![a plot](a.svg)",
            "fewer than 5",
            "too busy",
        ):
            self.assertIn(text, page)

    def test_steps(self):
        lines = [
            run("rdma", "steps", *(phase(label, 2.0) for label in ("fill", "seq", "random"))),
            run("rdma poll_us=0", "steps", phase("random", 3.0)),
        ]
        steps = results.Results(lines)
        page = report.render(self.ABOUT, [], results.Results([]), None, steps, [])
        self.assertIn("| as by default | 2.00 | 2.00 | 2.00 |", page)
        self.assertIn("| `poll_us=0`: tasks sleep, interrupts wake them | – | – | 3.00 |", page)

    def test_number(self):
        shown = [report.number(value) for value in (None, 0, 0.01234, 3.14159, 31.4159, 1234.5)]
        self.assertEqual(shown, ["–", "0", "0.0123", "3.14", "31.4", "1234"])

    @unittest.skipUnless(plots.available(), "there is no gnuplot")
    def test_plots(self):
        with tempfile.TemporaryDirectory() as folder:
            drawn = plots.draw(folder, comparison())
            self.assertEqual(drawn[0][0], "speed.svg")
            self.assertIn("latency-clean-random.svg", [name for name, _ in drawn])
            for name, _ in drawn:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    self.assertIn("</svg>", file.read())


if __name__ == "__main__":
    unittest.main()
