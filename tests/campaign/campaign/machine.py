# SPDX-License-Identifier: GPL-2.0-only
"""What the guests do: small things, each bounded."""

import os
import re
import signal
import subprocess
import tempfile
import time

from vm.session import is_complaint

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
            if is_complaint(line):
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


class Server:
    """A server on some node."""

    def __init__(self, port):
        self.port = port
        self.process = None
        self.output = None
        self.options = None
        self.starts = 0

    def start(self):
        """Start it, unless it runs."""
        if self.process and self.process.poll() is None:
            return
        o = self.options
        self.starts += 1
        self.output = f"/tmp/server.{self.port}.{self.starts}"
        with open(self.output, "w", encoding="utf-8") as output:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(
                [
                    "fastswap-server",
                    *("--port", str(self.port), "--size", f"{o['size']}M"),
                    *("--chunk-size", f"{o['chunk']}M", "--keepalive", str(o["keepalive"])),
                    *("--threads", str(o["threads"]), "--lease", str(o["lease"])),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "FASTSWAP_FAULTS": o["faults"]},
            )
        wait_for(60, "the server listens", self._has_started)

    def _has_started(self):
        if self.process.poll() is not None:
            raise Failed(f"the server did not start: {self.says()[-200:]}")
        return "listening on " in self.says()

    def says(self):
        """All of its log since it was started last."""
        return read(self.output) if self.output else ""

    def signal(self, name):
        """Send it a signal, if it runs."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(getattr(signal, f"SIG{name}"))

    def end(self, name):
        """Stop it for good, and judge how it ended."""
        if not self.process:
            return
        status = self.process.poll()
        if status is not None:
            raise Failed(f"the server has ended, with status {status}: {self.says()[-300:]}")
        self.signal("CONT")
        self.signal(name)
        wait_for(30, "the server ends", lambda: self.process.poll() is not None)
        status, self.process = self.process.returncode, None
        if name == "TERM":
            left = re.search(r".*left over.*", self.says())
            if status or left:
                raise Failed(f"the server ended with status {status}: "
                             f"{left[0] if left else self.says()[-300:]}")


class Machine:
    """A node: its network, and its servers if it has some."""

    def __init__(self):
        self.log = KernelLog()
        self.servers = []
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

    def serve(self, options, number):
        """Start so many servers."""
        self.servers = [Server(PORT + i) for i in range(number)]
        for server in self.servers:
            server.options = options
            server.start()

    def heal(self):
        """No more faults from here, but those that the servers have of their own."""
        self.net("clear", 0)
        for server in self.servers:
            server.signal("CONT")
            server.start()

    def finish(self):
        """The end of a schedule, when no client is attached any more."""
        for server in self.servers:
            server.end("TERM")
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
        return {"kernel": self.log.read()[-1000:],
                "server": "\n--\n".join(server.says()[-6000:] for server in self.servers)}
