#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the campaign computes without machines: schedules, verdicts, the summary."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from campaign import judge, report, schedule  # noqa: E402

SEEDS = range(1, 1001)


class Schedules(unittest.TestCase):
    """A seed is a schedule, and all of them together are everything that may happen."""

    @classmethod
    def setUpClass(cls):
        cls.all = [schedule.make(seed) for seed in SEEDS]

    def test_same_seed_same_schedule(self):
        for one in self.all:
            self.assertEqual(schedule.make(one["seed"]), one)
            self.assertEqual(json.loads(json.dumps(one)), one)

    def test_one_seed_stands_for_ever(self):
        # Whoever changes what a seed means makes the failures of the past unrepeatable.
        steps = [(step["at"], step["do"]) for step in schedule.make(3)["steps"]]
        self.assertEqual(
            steps,
            [(1.2, "fault"), (4.8, "kill_load"), (4.9, "net"), (5.0, "fault"), (5.4, "fault"),
             (7.3, "net")],
        )

    def test_what_came_later_leaves_the_first_seeds_alone(self):
        for one in self.all:
            later = [step for step in one["steps"] if step.get("point") == "short"]
            later += [step for step in one["steps"]
                      if step.get("kind") == "delay" and step["amount"] > 100]
            if one["seed"] < schedule.MORE_FROM:
                self.assertEqual(later, [])

    def test_different_seeds_differ(self):
        texts = {json.dumps({**one, "seed": 0}) for one in self.all}
        self.assertEqual(len(texts), len(self.all))

    def test_everything_happens(self):
        points = {"rdma": set(), "dram": set()}
        server_points, deeds, kinds, topologies = set(), set(), set(), set()
        for one in self.all:
            topologies.add(one["topology"])
            if one["server"] and one["server"]["faults"]:
                server_points |= {part.partition("=")[0]
                                  for part in one["server"]["faults"].split(",")}
            for step in one["steps"]:
                deeds.add(step["do"])
                if step["do"] == "fault":
                    points[one["backend"]].add(step["point"])
                if step["do"] == "net":
                    kinds.add(step["kind"])
        self.assertEqual(topologies, set(schedule.TOPOLOGIES))
        for backend, known in schedule.CLIENT_FAULTS.items():
            self.assertEqual(points[backend], set(known) | set(schedule.MORE_FAULTS[backend]))
        self.assertEqual(server_points, set(schedule.SERVER_FAULTS))
        self.assertEqual(kinds, {"loss", "delay", "reorder", "cut", "clear"})
        self.assertEqual(
            deeds,
            {"fault", "net", "stop", "continue", "end", "start", "hold", "swapoff", "reattach",
             "reclaim", "kill_load"},
        )

    def test_what_begins_ends(self):
        ends = {"stop": "continue", "end": "start"}
        for one in self.all:
            last = {}
            for step in one["steps"]:
                last[step["node"], step.get("which"), step["do"]] = step
            for begin, end in ends.items():
                for (node, which, do), step in last.items():
                    if do == begin:
                        self.assertGreaterEqual(last[node, which, end]["at"], step["at"])
            for (_, _, do), step in last.items():
                if do == "net":
                    self.assertEqual(step["kind"], "clear")
                if do == "hold" and step["seconds"] < schedule.PATIENT_HOLD:
                    self.assertEqual(step["seconds"], 90)

    def test_steps_are_in_order_and_for_nodes_that_are_there(self):
        for one in self.all:
            times = [step["at"] for step in one["steps"]]
            self.assertEqual(times, sorted(times))
            nodes = {name for name, _ in schedule.TOPOLOGIES[one["topology"]]} | {"server"}
            self.assertLessEqual({step["node"] for step in one["steps"]}, nodes)
            if one["topology"] == "one":
                # What a node says to itself does not come by the network.
                self.assertNotIn("net", {step["do"] for step in one["steps"]})
            if one["backend"] == "dram":
                self.assertEqual({step["node"] for step in one["steps"]}, {"a"})

    def test_what_may_lose_pages(self):
        for one in self.all:
            loses = one["server"] is not None and one["server"]["lease"] < schedule.PATIENT_LEASE
            for step in one["steps"]:
                loses |= step["do"] == "end" and not one["mirror"]
                loses |= step["do"] == "hold" and step["seconds"] < 10
                loses |= one["backend"] == "dram" and step.get("point") == "status"
            self.assertEqual(one["may_lose"], loses)

    def test_of_two_servers_one_keeps_everything(self):
        mirrored = [one for one in self.all if one["mirror"]]
        self.assertGreater(len(mirrored), 200)
        ended = set()
        for one in mirrored:
            self.assertFalse(one["may_lose"])
            self.assertIn(one["topology"], ("one", "two"))
            ended |= {step["which"] for step in one["steps"] if step["do"] == "end"}
        self.assertEqual(ended, {1})

    def test_described_in_words(self):
        for one in self.all:
            lines = schedule.describe(one)
            self.assertIn(f"seed {one['seed']}:", lines[0])
            self.assertGreaterEqual(len(lines), 1 + len(one["steps"]))


class Verdicts(unittest.TestCase):
    """What may become of a load."""

    def test_how_it_ended(self):
        for status, output, end in (
            (0, "", judge.GOOD),
            (1, "", judge.WRONG),
            (3, "pagewalk: SIGBUS: a page is lost", judge.LOST),
            (3, "pagewalk: WRONG DATA: ...\npagewalk: SIGBUS: a page is lost", judge.WRONG),
            (3, "pagewalk: child 0 ended with status 0x9", judge.STARVED),
            (3, "pagewalk: child 0 ended with status 0x900", judge.TROUBLE),
            (3, "pagewalk: cannot lock 12 KiB", judge.TROUBLE),
            (-9, "", judge.STARVED),
            (-11, "", judge.TROUBLE),
            (2, "", judge.TROUBLE),
        ):
            self.assertEqual(judge.load_end(status, output), end, (status, output))

    def test_what_is_allowed(self):
        lost = ["fastswap0: the server has not kept what was stored: 7 MiB are lost"]
        expired = ["no connection for 1 s: I/O ends with an error until there is one"]
        may, must_not = {"may_lose": True}, {"may_lose": False}
        self.assertTrue(judge.is_allowed(judge.GOOD, must_not, [], 0))
        for end in (judge.LOST, judge.STARVED):
            self.assertTrue(judge.is_allowed(end, may, lost, 0))
            self.assertTrue(judge.is_allowed(end, may, expired, 0))
            self.assertTrue(judge.is_allowed(end, may, [], 1))
            self.assertFalse(judge.is_allowed(end, may, ["something else"], 0))
            self.assertFalse(judge.is_allowed(end, must_not, lost + expired, 1))
        for end in (judge.WRONG, judge.TROUBLE):
            self.assertFalse(judge.is_allowed(end, may, lost + expired, 1))


class Summaries(unittest.TestCase):
    """The table."""

    def test_ranges(self):
        self.assertEqual(report.ranges([]), "")
        self.assertEqual(report.ranges([3]), "3")
        self.assertEqual(report.ranges([9, 1, 2, 3, 7, 8]), "1-3,7-9")

    def test_table(self):
        def result(seed, kernel, topology, okay=True):
            return {"seed": seed, "kernel": kernel, "topology": topology, "ok": okay, "why": "",
                    "counts": {"loads": 2, "pages_out": 100}, "seconds": 30}

        text = report.table([result(1, "6.12", "one"), result(2, "6.12", "two", False),
                             result(1, "6.1", "one")])
        lines = text.splitlines()
        self.assertEqual([line.split(" | ")[:4] for line in lines[2:7]],
                         [["| 6.1", "one", "1", "0"], ["| 6.1", "all", "1", "0"],
                          ["| 6.12", "one", "1", "0"], ["| 6.12", "two", "1", "1: 2"],
                          ["| 6.12", "all", "2", "1: 2"]])
        self.assertIn("Seeds on 6.12: 1-2.", text)

    def test_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results")
            self.assertEqual(report.read_lines(path), [])
            with open(path, "w", encoding="utf-8") as file:
                file.write('{"seed": 1, "ok": false}\n{"seed": 1, "ok": true}\n{"seed": 2, "o')
            # The last for each seed; one that was cut off is none.
            self.assertEqual(report.read_lines(path), [{"seed": 1, "ok": True}])


class Commands(unittest.TestCase):
    """The command line, as far as it runs nothing."""

    def run_it(self, *arguments):
        return subprocess.run([os.path.join(HERE, "run"), *arguments], check=False,
                              capture_output=True, text=True)

    def test_show(self):
        shown = self.run_it("--show", "--seeds", "1-3,3,7")
        self.assertEqual(shown.returncode, 0)
        self.assertEqual(shown.stdout.count("seed "), 4)

    def test_bad_usage(self):
        for arguments in ((), ("--seeds", "x"), ("--seeds", "3-1"), ("--seeds", "")):
            self.assertEqual(self.run_it(*arguments).returncode, 2, arguments)


if __name__ == "__main__":
    unittest.main()
