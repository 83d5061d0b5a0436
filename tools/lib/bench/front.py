# SPDX-License-Identifier: GPL-2.0-only
"""What commands share that measure in a virtual machine: options, the machine, the results."""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time

from bench import BenchError, results
from vm.kernel import KNOWN

SOURCE = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))
ABOUT = "about.json"


def listed(known, what):
    """A parser of names with commas in between."""

    def parse(text):
        names = list(dict.fromkeys(name for name in text.split(",") if name))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"there is no {what} '{name}': choose from {', '.join(known)}"
                )
        if not names:
            raise argparse.ArgumentTypeError(f"no {what} is named")
        return names

    return parse


def numbers(low, high):
    """A parser of numbers with commas in between."""

    def parse(text):
        for word in text.split(","):
            if not word.isascii() or not word.isdigit() or not low <= int(word) <= high:
                raise argparse.ArgumentTypeError(f"'{word}' is no number from {low} to {high}")
        return [int(word) for word in text.split(",")]

    return parse


def add_common(top, folder, timeout):
    """Add the options that all of these commands have.

    folder: of results, in the build folder; timeout: in seconds, by default.
    """
    top.add_argument("--kernel", choices=KNOWN, default=KNOWN[0], help="default: %(default)s")
    top.add_argument(
        "--out",
        metavar="DIR",
        help=f"the results folder (default: {folder}/KERNEL in the build folder)",
    )
    top.add_argument(
        "--build", default=os.path.join(SOURCE, "build"), metavar="DIR", help="the build folder"
    )
    top.add_argument(
        "--timeout",
        type=int,
        default=timeout,
        metavar="S",
        help="of each virtual machine (default: %(default)s)",
    )
    top.add_argument(
        "--again",
        action="store_true",
        help="run nothing: write the report from what is in the results folder",
    )


def check_common(options, folder, program):
    """Complete these options, or say what is missing. program: one that is built for it."""
    if options.reps < 1:
        raise BenchError("--reps: at least one repetition")
    if options.timeout < 1:
        raise BenchError("--timeout: at least a second")
    options.build = os.path.abspath(options.build)
    if options.out is None:
        options.out = os.path.join(options.build, folder, options.kernel)
    options.out = os.path.abspath(options.out)
    if options.again:
        return
    if not os.access(os.path.join(options.build, program), os.X_OK):
        raise BenchError(f"no {program} in {options.build}: build first")
    modules = os.path.join(options.build, "kernels", options.kernel, "lib/modules")
    if not os.path.isdir(modules):
        raise BenchError(f"no kernel {options.kernel} in {options.build}: build first")


def run_guest(options, name, node, script, lines):
    """Boot a machine that does what the plan says; return the reason if it did not.

    node: as tools/vm takes it, and its options for it; script: relative to the sources.
    """
    folder = os.path.join(options.out, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "plan"), "w", encoding="ascii") as file:
        file.write("".join(f"{line}\n" for line in lines))
    path = os.path.join(folder, "results")
    if os.path.exists(path):
        os.remove(path)
    command = [
        os.path.join(SOURCE, "tools/vm"),
        "run",
        *("--kernel", options.kernel, "--build", options.build),
        *("--node", *node),
        *("--script", f"{node[0].partition(',')[0]}={os.path.join(SOURCE, script)}"),
        *("--timeout", str(options.timeout), "--out", folder, "--logs", folder),
    ]
    # Whatever ends this program ends the machine as well.
    with subprocess.Popen(command) as process:
        try:
            status = process.wait()
        finally:
            process.terminate()
    return f"the virtual machine ended with status {status}" if status else None


def gather(options, name, skipped, kind):
    """Results of one machine, as a kind; nothing, if it left none."""
    path = os.path.join(options.out, name, "results")
    if not os.path.exists(path):
        return None
    lines, broken = results.read_lines(path)
    found = kind(lines)
    if broken:
        skipped.append((name, f"{broken} results were cut off"))
    if not found.complete:
        skipped.append((name, "it did not come to its end"))
    return found


def revision():
    """What was measured."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=SOURCE,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "of unknown revision"
    return found.stdout.strip()


def new_about(options, program, axes):
    """What a report has to say of a run that begins. axes: (what, known names, chosen names)."""
    return {
        "command": shlex.join([program, *sys.argv[1:]]),
        "date": time.strftime("%Y-%m-%d"),
        "revision": revision(),
        "kernel": options.kernel,
        "reps": options.reps,
        "host_cpus": os.cpu_count(),
        "host_load": os.getloadavg()[0],
        "machines": [],
        "skipped": [],
        "left_out": [
            f"{what} {name}"
            for what, known, chosen in axes
            for name in known
            if name not in chosen
        ],
    }


def complete_about(about, settings):
    """Add what the machine said of itself."""
    about["release"] = settings.get("kernel", about["kernel"])
    cpus, memory = settings.get("cpus", "?"), settings.get("memory", "?")
    about["machine"] = f"one virtual machine, {cpus} CPUs, {memory}"


def save_about(options, about):
    """Keep it for a report that is made again."""
    with open(os.path.join(options.out, ABOUT), "w", encoding="utf-8") as file:
        json.dump(about, file, indent=1)


def load_about(options):
    """What was kept."""
    try:
        with open(os.path.join(options.out, ABOUT), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise BenchError(f"{options.out} has no results: {error}") from None


def save_report(options, page, everything, line_begin):
    """Write both forms of the report. line_begin: where results.json has a new line."""
    with open(os.path.join(options.out, "results.json"), "w", encoding="utf-8") as file:
        # Neither one endless line nor one for every number.
        text = json.dumps(everything, separators=(",", ":"))
        file.write(text.replace(line_begin, f"\n{line_begin}") + "\n")
    with open(os.path.join(options.out, "report.md"), "w", encoding="utf-8") as file:
        file.write(page)


def show_skipped(skipped):
    """Tell what is not in the report."""
    for what, reason in skipped:
        print(f"     skipped: {what}: {reason}")


def _interrupted(number, _frame):
    raise SystemExit(128 + number)


def end_on_signals():
    """Let signals end the machine as well."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)


def call(name, main):
    """Exit with what main returns."""
    try:
        sys.exit(main())
    except (BenchError, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(2)
