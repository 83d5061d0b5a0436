# SPDX-License-Identifier: GPL-2.0-only
"""What the guests do: small things, each bounded."""

import os
import re
import signal
import subprocess
import tempfile
import time

from vm.session import COMPLAINT

PORT = 50000
NETDEV = "eth0"
RDMA = "rxe0"
DEBUG = "/sys/kernel/debug/fastswap/fault"


class Failed(Exception):
    """The schedule has found something: one line that says what."""


def nothing():
    """What there is to do meanwhile."""


def wait_for(seconds, what, condition, meanwhile=nothing):
    """Wait until the condition holds; it is a failure if that takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            show_hang()
            raise Failed(f"not within {seconds} s: {what}")
        meanwhile()
        time.sleep(0.1)


def run(*command, seconds=60, meanwhile=nothing):
    """Run a program; return its status and what it said. It is a failure if it hangs."""
    # Into a file: what hangs in the kernel does not go away when it is killed, and keeps a pipe.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        end = time.monotonic() + seconds
        while True:
            try:
                process.wait(0.2)
                break
            except subprocess.TimeoutExpired:
                meanwhile()
            if time.monotonic() > end:
                show_hang()
                raise Failed(f"not within {seconds} s: {' '.join(command)}")
        output.seek(0)
        return process.returncode, output.read().strip()


def show_hang():
    """Have the kernel say who waits for what."""
    write("/proc/sysrq-trigger", "w")
    time.sleep(1)


def write(path, text):
    """Write to a file of the kernel."""
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{text}")


def read(path):
    """Read a file of the kernel."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().strip()


class KernelLog:
    """The lines of the kernel's log, as they come."""

    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        self.lines = []

    def read(self):
        """Return all lines since mark()."""
        while True:
            try:
                record = os.read(self.fd, 8192).decode(errors="replace")
            except BlockingIOError:
                return self.lines
            except BrokenPipeError:
                # Older ones were overwritten.
                continue
            head, _, text = record.partition(";")
            stamp = int(head.split(",")[2]) / 1e6
            self.lines.append(f"[{stamp:.3f}] " + text.partition("\n")[0])

    def mark(self):
        """Begin anew."""
        self.read()
        self.lines = []

    def check(self):
        """Fail if the kernel complains."""
        for line in self.read():
            if COMPLAINT.search(line):
                raise Failed(f"the kernel complains: {line}")


def rdma_up():
    """Soft-RoCE on the node's interface."""
    status, output = run("bash", "-c", '. "$GUEST_LIB" && rdma_up', seconds=120)
    if status:
        raise Failed(f"no soft-RoCE: {output}")


def rdma_objects():
    """What there is of the RDMA stack's objects, in words."""
    if not os.path.exists(f"/sys/class/infiniband/{RDMA}"):
        return ""
    return run("rdma", "resource", "show")[1]


class Machine:
    """A node: its network, and its server if it has one."""

    def __init__(self):
        self.log = KernelLog()
        self.server = None
        self.server_output = None
        self.options = None
        self.generation = 0
        self.objects = None

    def begin(self):
        """A new schedule."""
        self.log.mark()
        if self.objects is None:
            rdma_up()
            self.objects = rdma_objects()

    def net(self, kind, amount):
        """Spoil what this node sends, or stop that."""
        how = {
            "loss": ["loss", f"{amount}%"],
            "cut": ["loss", "100%"],
            "delay": ["delay", f"{amount}ms"],
            "reorder": ["delay", "5ms", "reorder", f"{amount}%"],
        }
        if kind == "clear":
            run("tc", "qdisc", "delete", "dev", NETDEV, "root")
            return
        command = ["tc", "qdisc", "replace", "dev", NETDEV, "root", "netem", "limit", "10000"]
        status, output = run(*command, *how[kind])
        if status:
            raise Failed(f"tc: {output}")

    # -- the server -----------------------------------------------------------

    def start(self, options=None):
        """Start the server, with these options or those of the last time."""
        if self.server and self.server.poll() is None:
            return
        self.options = o = options or self.options
        self.generation += 1
        self.server_output = f"/tmp/server.{self.generation}"
        env = {**os.environ, "FASTSWAP_FAULTS": o["faults"]}
        with open(self.server_output, "w", encoding="utf-8") as output:
            self.server = subprocess.Popen(
                [
                    "fastswap-server",
                    *("--port", str(PORT), "--size", f"{o['size']}M"),
                    *("--chunk-size", f"{o['chunk']}M", "--keepalive", str(o["keepalive"])),
                    *("--threads", str(o["threads"]), "--lease", str(o["lease"])),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
            )
        wait_for(60, "the server listens", self._has_started)

    def _has_started(self):
        if self.server.poll() is not None:
            raise Failed(f"the server did not start: {self.server_says()[-200:]}")
        return "listening on " in self.server_says()

    def server_says(self):
        """All of its log."""
        return read(self.server_output) if self.server_output else ""

    def stop(self):
        """Let it stand still."""
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGSTOP)

    def go_on(self):
        """And go on."""
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGCONT)

    def end(self, signal_name):
        """Stop the server for good, and judge how it ended."""
        if not self.server:
            return
        status = self.server.poll()
        if status is not None:
            raise Failed(f"the server has ended, with status {status}: "
                         f"{self.server_says()[-300:]}")
        self.go_on()
        self.server.send_signal(getattr(signal, f"SIG{signal_name}"))
        wait_for(30, "the server ends", lambda: self.server.poll() is not None)
        status, self.server = self.server.returncode, None
        if signal_name == "TERM":
            left = re.search(r".*left over.*", self.server_says())
            if status or left:
                raise Failed(f"the server ended with status {status}: "
                             f"{left[0] if left else self.server_says()[-300:]}")

    def finish(self):
        """The end of a schedule, when no client is attached any more."""
        self.end("TERM")
        self.log.check()
        if self.objects:
            def is_as_before():
                return rdma_objects() == self.objects

            try:
                wait_for(10, "the RDMA stack's objects are gone", is_as_before)
            except Failed as error:
                raise Failed(f"{error}: {rdma_objects()}, not {self.objects}") from None

    def evidence(self):
        """What one wants to read after a failure."""
        return {"kernel": self.log.read()[-200:], "server": self.server_says()[-6000:]}
