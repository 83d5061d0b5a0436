# SPDX-License-Identifier: GPL-2.0-only
"""One run: nodes that are up together, what they say, and the verdict."""

import os
import re
import selectors
import signal
import socket
import sys
import tempfile
import time

from vm import VmError, qemu

EXIT_SILENT = 123
EXIT_TIMEOUT = 124
EXIT_COMPLAINT = 125

# What the kernel says when something is wrong with it. Only the kernel writes to
# the console, and what is written to /dev/kmsg on purpose.
COMPLAINT = re.compile(
    r"Kernel panic|\bOops\b|\bBUG:|WARNING:|kernel BUG at|general protection fault|"
    r"unable to handle|soft lockup|hard LOCKUP|blocked for more than \d+ seconds|"
    r"detected .*stalls|self-detected stall|rcu.* kthread starved|"
    r"(circular|recursive) locking|inconsistent lock state|suspicious RCU usage|"
    r"KASAN:|UBSAN:|KFENCE:|KCSAN:|new suspected memory leaks|list_(add|del) corruption|"
    r"refcount_t: |stack-protector:|stage1: "
)
# Of these, what soft-RoCE says about itself when it reports a READ as done that is not. The
# driver has to see through it, and does: modules/rdma/mark.h.
EXPECTED = re.compile(r"WARNING: .* at drivers/infiniband/sw/rxe/rxe_comp\.c:\d+ rxe_completer\+")
CONTEXT_LINES = 20
TAIL_LINES = 40

# The guest's end of the script's output: see tests/vm/init.
END_OF_OUTPUT = b"\x1e"
# How long the host waits for what is still on its way after the verdict.
DRAIN_SECONDS = 10
# How long a guest has to report its stacks before it is killed for a timeout.
STACKS_SECONDS = 10


def is_complaint(line):
    """Return whether a line of the kernel's log says that something is wrong with it."""
    return COMPLAINT.search(line) is not None and not EXPECTED.search(line)


def say(message):
    """Tell the user, beside the output of the scripts."""
    print(f"vm: {message}", file=sys.stderr, flush=True)


class Node:
    """One guest."""

    def __init__(self, name, mem, cpus, number, init="script", numa=1):
        self.name = name
        self.init = init
        self.numa = numa
        self.mem = mem
        self.cpus = cpus
        self.script = None
        self.mac = f"52:54:00:77:00:{number:02x}"
        self.ip4 = f"10.77.0.{number}"
        self.ip6 = f"fd77::{number:x}"
        self.fds = {}
        self.sockets = {}
        self.process = None
        self.console = []
        self.partial = {}
        self.verdict = None
        self.drained = False
        self.complaints = []
        # Lines of the console when stacks were asked for; nobody has.
        self.asked = sys.maxsize

    @property
    def variable(self):
        """The node's name as a part of a shell variable's name."""
        return self.name.upper().replace("-", "_")


class Session:
    """Boots the nodes, relays what they say, and decides how it went."""

    def __init__(self, options, kernel, initrd, accel, shared):
        self.options = options
        self.nodes = options.nodes
        self.kernel = kernel
        self.initrd = initrd
        self.accel = accel
        self.shared = shared
        self.processes = []
        self.selector = selectors.DefaultSelector()
        self.logs = {}
        self.started = time.monotonic()

    # -- starting and stopping ------------------------------------------------

    def _socket(self, node, channel, handler):
        """A channel to a node: our end is watched, the other end is for QEMU."""
        ours, theirs = socket.socketpair()
        node.sockets[channel] = ours
        node.fds[channel] = theirs.fileno()
        self.selector.register(ours, selectors.EVENT_READ, (handler, node))
        return theirs

    def _watch(self, arguments, fds, handler, node):
        """Start QEMU, and have the handler called with its messages when it ends."""
        messages = tempfile.TemporaryFile()
        process = qemu.spawn(arguments, fds, messages)
        self.processes.append(process)
        pidfd = os.pidfd_open(process.pid)

        def ended(_node, _data):
            self.selector.unregister(pidfd)
            os.close(pidfd)
            messages.seek(0)
            handler(node, messages.read().decode(errors="replace").strip())

        self.selector.register(pidfd, selectors.EVENT_READ, (ended, node))
        return process

    def _join_nodes(self):
        """Give every node a network, and return the sockets that are QEMU's then."""
        if len(self.nodes) == 1:
            # A cable that leads nowhere: the link is up, and every frame is dropped at once.
            end, nobody = socket.socketpair(type=socket.SOCK_DGRAM)
            nobody.close()
            self.nodes[0].fds["sink"] = end.fileno()
            return [end]
        if len(self.nodes) == 2:
            pair = socket.socketpair()
            for node, end in zip(self.nodes, pair):
                node.fds["net"] = end.fileno()
            return list(pair)
        pairs = [socket.socketpair() for _ in self.nodes]
        for node, (ours, _) in zip(self.nodes, pairs):
            node.fds["net"] = ours.fileno()
        fds = [theirs.fileno() for _, theirs in pairs]
        self._watch(qemu.hub_arguments(fds), fds, self._on_hub_exit, None)
        return [end for pair in pairs for end in pair]

    def start(self):
        """Start all nodes at once."""
        # QEMU's ends of the sockets, to be closed here when it has them.
        passed = self._join_nodes()
        icount = self.options.icount
        clock = qemu.clock_arguments(self.accel, icount)
        common = [
            *qemu.MACHINE,
            *qemu.accelerator(self.accel, icount),
            *("-kernel", self.kernel.image),
            *("-append", qemu.kernel_arguments(self.kernel.slowness, clock)),
        ]
        for node in self.nodes:
            if self.options.logs:
                path = os.path.join(self.options.logs, f"{node.name}.log")
                self.logs[node.name] = open(path, "wb", buffering=0)
            passed.append(self._socket(node, "console", self._on_console))
            passed.append(self._socket(node, "control", self._on_control))
            passed.append(self._socket(node, "output", self._on_output))
            arguments = common + qemu.node_arguments(node, self.initrd, self.shared)
            fds = list(node.fds.values())
            node.process = self._watch(arguments, fds, self._on_exit, node)
        if self.options.shell:
            self.selector.register(sys.stdin, selectors.EVENT_READ, (self._on_key, self.nodes[0]))
        for end in passed:
            end.close()

    def stop(self):
        """Leave nothing running, whatever happened."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
        for log in self.logs.values():
            log.close()

    # -- what the nodes say ---------------------------------------------------

    def _lines(self, node, channel, data, flush=False):
        """Split a channel's bytes into lines; the last, unfinished one is kept."""
        data = node.partial.get(channel, b"") + data
        *lines, rest = data.split(b"\n")
        if flush and rest:
            lines.append(rest)
            rest = b""
        node.partial[channel] = rest
        return lines

    def _on_console(self, node, data):
        if self.options.shell:
            os.write(sys.stdout.fileno(), data)
            return
        if node.name in self.logs:
            self.logs[node.name].write(data)
        for raw in self._lines(node, "console", data):
            line = raw.decode(errors="replace").rstrip("\r")
            if is_complaint(line):
                node.complaints.append(len(node.console))
            node.console.append(line)

    def _on_key(self, node, _data):
        node.sockets["console"].sendall(os.read(sys.stdin.fileno(), 4096))

    def _on_output(self, node, data):
        if END_OF_OUTPUT in data:
            node.drained = True
            data = data.replace(END_OF_OUTPUT, b"")
        if len(self.nodes) == 1:
            self._print(data)
            return
        for line in self._lines(node, "output", data, flush=node.drained):
            self._print(f"[{node.name}] ".encode() + line + b"\n")

    @staticmethod
    def _print(data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def _on_control(self, node, data):
        for line in self._lines(node, "control", data):
            word, _, rest = line.decode(errors="replace").partition(" ")
            if word == "hello":
                node.sockets["control"].sendall(self._environment(node).encode())
            elif word == "up":
                seconds = time.monotonic() - self.started
                about = f"{self.kernel.release}, {self.accel}"
                say(f"{node.name} is up after {seconds:.1f} s ({about})")
            elif word == "verdict" and rest.isdigit():
                node.verdict = int(rest)
                if node is not self.nodes[0]:
                    say(f"the script of {node.name} ended with status {rest}")
            else:
                say(f"{node.name} sent what nobody understands: {line!r}")

    def _environment(self, node):
        options = self.options
        values = {
            "NODE": node.name,
            "KERNEL": self.kernel.name,
            "SLOWNESS": self.kernel.slowness,
            "SHARED": "/run/shared",
            "FASTSWAP_BUILD": options.build,
            "GUEST_LIB": os.path.join(options.source, "tests/vm/guest-lib.sh"),
            "PATH": f"{options.build}/bin:/usr/local/sbin:/usr/local/bin:"
            "/usr/sbin:/usr/bin:/sbin:/bin",
            "VM_SCRIPT": node.script or "",
            "VM_INIT": node.init,
            "VM_MODULES": self.kernel.modules or "",
            "VM_IP": node.ip4,
            "VM_IP6": node.ip6,
            "VM_MTU": qemu.MTU,
            "VM_NODES": " ".join(f"{ip}={n.name}" for n in self.nodes for ip in (n.ip4, n.ip6)),
        }
        for other in self.nodes:
            values[f"IP_{other.variable}"] = other.ip4
            values[f"IP6_{other.variable}"] = other.ip6
        if options.shell:
            size = os.get_terminal_size(sys.stdin.fileno())
            values |= {"VM_SHELL": 1, "VM_ROWS": size.lines, "VM_COLUMNS": size.columns}
            values["TERM"] = os.environ.get("TERM", "linux")
        return "".join(f"{name}={value}\n" for name, value in values.items()) + "\n"

    def _on_exit(self, node, messages):
        # What it said before it went is still in the sockets.
        self._dispatch_until(lambda: False, time.monotonic() + 0.2)
        if messages:
            say(f"QEMU of {node.name}: {messages}")
        if node is not self.nodes[0] and not node.complaints:
            say(f"{node.name} has gone")

    @staticmethod
    def _on_hub_exit(_node, messages):
        raise VmError(f"the network between the nodes has gone: {messages}")

    # -- the course of a run --------------------------------------------------

    def _dispatch(self, timeout):
        for key, _ in self.selector.select(timeout):
            handler, node = key.data
            if not isinstance(key.fileobj, socket.socket):
                handler(node, b"")
                continue
            try:
                data = key.fileobj.recv(65536)
            except ConnectionResetError:
                data = b""
            if data:
                handler(node, data)
            else:
                self.selector.unregister(key.fileobj)

    def _dispatch_until(self, condition, deadline):
        """Handle events until the condition holds; return whether it does."""
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._dispatch(min(left, 3600))
        return True

    def _over(self):
        first = self.nodes[0]
        if first.verdict is not None or first.process.poll() is not None:
            return True
        return any(n.complaints and n.process.poll() is not None for n in self.nodes)

    def run(self):
        """Run the scripts and return the exit status of the whole."""
        first = self.nodes[0]
        ended = self._dispatch_until(self._over, self.started + self.options.timeout)
        if first.verdict is not None and not self.options.shell:
            self._dispatch_until(lambda: first.drained, time.monotonic() + DRAIN_SECONDS)
        if not ended:
            self._ask_for_stacks()
        for node in self.nodes:
            self._on_output_end(node)
        return self._judge(ended)

    def _on_output_end(self, node):
        if node.partial.get("output"):
            self._on_output(node, b"\n")

    def _ask_for_stacks(self):
        """Have the kernels print which tasks are blocked and what the CPUs do."""
        for node in self.nodes:
            node.asked = len(node.console)
            try:
                node.sockets["control"].send(b"wl", socket.MSG_DONTWAIT)
            except OSError:
                pass
        self._dispatch_until(lambda: False, time.monotonic() + STACKS_SECONDS)

    def _judge(self, ended):
        first = self.nodes[0]
        if self.options.shell:
            return first.verdict or 0
        if not ended:
            say(f"timeout after {self.options.timeout} s")
        for node in self.nodes:
            if node.complaints:
                self._show_complaints(node)
        if not ended:
            # Also after complaints: these may name who waits, not who is waited for.
            for node in self.nodes:
                self._show_tail(node)
        if any(node.complaints for node in self.nodes):
            return EXIT_COMPLAINT
        if not ended:
            return EXIT_TIMEOUT
        if first.verdict is None:
            say(f"{first.name} has gone without a verdict")
            self._show_tail(first)
            return EXIT_SILENT
        if first.verdict:
            say(f"the script of {first.name} ended with status {first.verdict}")
        return first.verdict

    def _show_complaints(self, node):
        say(f"the kernel of {node.name} complains:")
        shown = 0
        for start in node.complaints[:5]:
            for index in range(max(start, shown), min(start + CONTEXT_LINES, len(node.console))):
                print(f"  {node.console[index]}", file=sys.stderr)
                shown = index + 1
        more = len(node.complaints) - 5
        if more > 0:
            say(f"and {more} more such lines")

    @staticmethod
    def _show_tail(node):
        """The last lines, and all that came since stacks were asked for."""
        first = max(0, min(node.asked, len(node.console)) - TAIL_LINES)
        say(f"the end of the console of {node.name}:")
        for line in node.console[first:]:
            print(f"  {line}", file=sys.stderr)


def _interrupted(number, _frame):
    raise SystemExit(128 + number)


def run(options, kernel, initrd, accel, shared):
    """Run a session from start to end; nothing of it is left when this returns."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    session = Session(options, kernel, initrd, accel, shared)
    try:
        session.start()
        return session.run()
    except BrokenPipeError:
        raise VmError("nobody reads the output any more") from None
    finally:
        session.stop()
