# SPDX-License-Identifier: GPL-2.0-only
"""The summary: a table of Markdown. Pure, but for reading results."""

import json
import os

COUNTS = {
    "loads": "loads",
    "strikes": "faults struck",
    "recoveries": "reconnections",
    "lost": "loads that lost pages",
    "starved": "loads killed for want of memory",
    "pages_out": "pages out",
    "pages_in": "pages in",
}


def read_lines(path):
    """The results in a file, the last for each seed and kernel; none if there is no file."""
    if not os.path.exists(path):
        return []
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                result = json.loads(line)
                found[result["seed"], result.get("kernel")] = result
    return list(found.values())


def ranges(numbers):
    """Numbers as in 1-3,7."""
    parts = []
    for number in sorted(numbers):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in parts)


def table(results):
    """One line for each kernel and topology, and for all of a kernel; mirrored ones once more."""
    groups = {}
    for result in results:
        kinds = [result["topology"], "all"] + (["mirrored"] if result.get("mirror") else [])
        for topology in kinds:
            groups.setdefault((result["kernel"], topology), []).append(result)
    header = ["kernel", "machines", "seeds", "failed", *COUNTS.values(), "minutes"]
    lines = ["| " + " | ".join(header) + " |",
             "| --- | --- |" + " ---: |" * (len(header) - 2)]
    for kernel in sorted({kernel for kernel, _ in groups}, key=lambda name: name.split(".")):
        for topology in ("one", "two", "three", "mirrored", "all"):
            group = groups.get((kernel, topology))
            if not group:
                continue
            failed = [result["seed"] for result in group if not result["ok"]]
            row = [kernel, topology, str(len(group)),
                   f"{len(failed)}: {ranges(failed)}" if failed else "0"]
            row += [str(sum(r["counts"].get(name, 0) for r in group)) for name in COUNTS]
            row.append(f"{sum(r['seconds'] for r in group) / 60:.0f}")
            lines.append("| " + " | ".join(row) + " |")
    text = "\n".join(lines) + "\n"
    for kernel in sorted({result["kernel"] for result in results}):
        run = [result["seed"] for result in results if result["kernel"] == kernel]
        text += f"\nSeeds on {kernel}: {ranges(run)}.\n"
    return text
