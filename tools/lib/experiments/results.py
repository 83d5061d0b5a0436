# SPDX-License-Identifier: GPL-2.0-only
"""From the lines that guest.sh wrote to slowdowns: medians over repetitions, and their spread."""

from bench.results import ratio, spread
from experiments.plan import LOCAL, Point, named

# Of what fastswap-run reports, what is told; the others are in the guest's own file.
USAGE = (
    "wall_s",
    "user_s",
    "system_s",
    "stall_some_s",
    "peak_local",
    "peak_far",
    "major_faults",
    "pages_in",
    "system_pages_in",
    "system_pages_out",
    "max_events",
    "reclaim_bytes",
    "reclaim_cpu_s",
)


def value_of(text):
    """A figure; nothing, if it is not known."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def point_of(line):
    """Where the run of a line was."""
    if "device" not in line:
        return LOCAL
    return Point(
        int(line["ratio"]), line["device"], line["offload"] == "yes", int(line["window"])
    )


def where(program, point, repetition):
    """A run in words."""
    if point == LOCAL:
        return f"{program}, all local, repetition {repetition}"
    return f"{program}, {point.ratio} % local, {named(point)}, repetition {repetition}"


class Results:
    """All that one virtual machine measured, by program, point and repetition."""

    def __init__(self, lines):
        self.settings = {}  # of the machine
        self.devices = {}  # by device: its settings
        self.skipped = []  # (what, reason)
        self.wrong = []  # likewise: runs whose result is not right
        self.ideal = {}  # by program: bytes that it takes when it may have them
        self.sizes = {}  # by program: MiB of its data
        self.runs = {}  # (program, point): by repetition, figures
        self.complete = False
        self._checksums = {}  # by program: the right one
        for line in lines:
            self._take(line)
        self._set_slowdowns()

    def _take(self, line):
        if "setting" in line:
            self.settings[line["setting"]] = line["value"]
        elif "end" in line:
            self.complete = True
        elif "settings" in line:
            self.devices[line["device"]] = line["settings"]
        elif "program" not in line:
            self.skipped.append((line["device"], line["skipped"]))
        elif "repetition" in line:
            self._take_run(line)
        elif "skipped" in line:
            self.skipped.append((line["program"], line["skipped"]))
        elif "wrong" in line:
            self.wrong.append((line["program"], line["wrong"]))
        else:
            self.ideal[line["program"]] = int(line["usage"]["peak_local"])
            self.sizes[line["program"]] = int(line["size_mib"])
            self._checksums[line["program"]] = line["result"]["checksum"]

    def _take_run(self, line):
        program, point, repetition = line["program"], point_of(line), int(line["repetition"])
        what = where(program, point, repetition)
        if "failed" in line:
            self.skipped.append((what, line["failed"]))
            return
        if "wrong" in line:
            self.wrong.append((what, line["wrong"]))
            return
        checksum = line["result"]["checksum"]
        right = self._checksums.setdefault(program, checksum)
        if checksum != right:
            self.wrong.append((what, f"the checksum is {checksum}, and not {right}"))
            return
        figures = {
            name: value_of(text) for name, text in line["result"].items() if name != "checksum"
        }
        figures |= {name: value_of(line["usage"].get(name)) for name in USAGE}
        self.runs.setdefault((program, point), {})[repetition] = figures

    def _set_slowdowns(self):
        """Against the run of the same repetition: what the host does meanwhile is in both."""
        for (program, _), by_repetition in self.runs.items():
            reference = self.runs.get((program, LOCAL), {})
            for repetition, figures in by_repetition.items():
                local = reference.get(repetition, {}).get("seconds")
                figures["slowdown"] = ratio(figures["seconds"], local)

    def spread(self, program, point, name="slowdown"):
        """Median and spread of a figure, or None."""
        runs = self.runs.get((program, point), {})
        return spread([figures.get(name) for figures in runs.values()])

    def median(self, program, point, name="slowdown"):
        """Median of a figure, or None."""
        found = self.spread(program, point, name)
        return None if found is None else found["median"]

    def programs(self):
        """Programs of which there is a run, in the order in which they came."""
        return list(dict.fromkeys(program for program, _ in self.runs))

    def points(self):
        """Points of which there is a run, but for that with all local: as people sort them."""
        found = {point for _, point in self.runs if point != LOCAL}
        order = {name: index for index, name in enumerate(self.devices)}
        return sorted(
            found,
            key=lambda p: (order.get(p.device, len(order)), not p.offload, p.window, -p.ratio),
        )

    def as_json(self):
        """Everything, for programs."""
        return {
            "settings": self.settings,
            "devices": self.devices,
            "skipped": [{"what": what, "reason": reason} for what, reason in self.skipped],
            "wrong": [{"what": what, "reason": reason} for what, reason in self.wrong],
            "complete": self.complete,
            "ideal_bytes": self.ideal,
            "size_mib": self.sizes,
            "runs": [
                {
                    "program": program,
                    "ratio": point.ratio,
                    "device": point.device or None,
                    "offload": point.offload,
                    "window": point.window or None,
                    "figures": {
                        name: spread([figures.get(name) for figures in runs.values()])
                        for name in dict.fromkeys(name for run in runs.values() for name in run)
                    },
                    "repetitions": list(runs.values()),
                }
                for (program, point), runs in self.runs.items()
            ],
        }
