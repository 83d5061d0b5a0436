# SPDX-License-Identifier: GPL-2.0-only
"""A client in its guest: a device, a load that swaps to it, and what happens to them."""

import os
import subprocess
import time

from campaign import judge
from campaign.machine import DEBUG, PORT, Failed, nothing, read, run, wait_for, write

CGROUP = "/sys/fs/cgroup/campaign"
# After the last fault everything is well again within this.
RECOVERY_SECONDS = 60
# And the load through with its round.
LOAD_SECONDS = 180
ATTACH_TRIES = 8
# How long a server that is to be lost waits for the other one to have everything.
MIRROR_SECONDS = 20
# The swap area's header has a page of its own, which stays.
HEADER_BYTES = 8192


class Client:
    """One schedule on one client."""

    def __init__(self, schedule, node, machine, server_ip):
        self.schedule = schedule
        self.node = node
        self.log = machine.log
        self.backend = schedule["backend"]
        self.options = schedule["loads"][node]
        self.urls = [f"rdma://{server_ip}:{PORT}"]
        if schedule["mirror"]:
            self.urls.append(f"rdma://{server_ip}:{PORT + 1}")
        if self.backend == "dram":
            self.urls = ["dram://"]
        self.device = None
        self.load = None
        self.load_began = 0.0
        self.killed = False
        self.runs = 0
        self.began = time.monotonic()
        self.counts = {"loads": 0, "lost": 0, "starved": 0, "recoveries": 0, "strikes": 0,
                       "pages_in": 0, "pages_out": 0}
        self.struck = {}
        # What others do while this client waits for something.
        self.meanwhile = nothing

    def remark(self, text):
        """A line for who reads along."""
        print(f"{self.node}: {time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    def run(self, *command, seconds=60):
        """Run a program, while the world goes on."""
        return run(*command, seconds=seconds, meanwhile=self.meanwhile)

    def wait(self, seconds, what, condition):
        """Wait for something, while the world goes on."""
        wait_for(seconds, what, condition, self.meanwhile)

    # -- the device -----------------------------------------------------------

    def set_up(self):
        """Modules as the schedule wants them, and the device."""
        for module in ("fastswap", f"fastswap_{self.backend}"):
            status, output = run("modprobe", module)
            if status:
                raise Failed(f"modprobe {module}: {output}")
            for name, value in self.schedule["settings"].get(module, {}).items():
                write(f"/sys/module/{module}/parameters/{name}", value)
        self.attach()

    def attach(self, size=None, urls=None, swap=True, seconds=None):
        """Attach, which may take some attempts while there are faults: as many as fit into that
        many seconds, and a few at least.
        """
        command = ["fastswap", "attach", *" --mirror ".join(urls or self.urls).split()]
        command += ["--size", f"{size or self.schedule['device']}M"]
        if self.backend == "rdma":
            command += ["--queues", str(self.schedule["queues"])]
            command += ["--hold", str(self.schedule["hold"])]
        if swap:
            command.append("--swapon")
        output = ""
        if seconds is None:
            # Whose connection breaks while it attaches or detaches cannot say goodbye, and its
            # memory is kept for the lease; on each of two servers, perhaps.
            seconds = 2 * self.lease_seconds() if self.schedule["server"] else 0
        end = time.monotonic() + seconds
        tries = 0
        while tries < ATTACH_TRIES or time.monotonic() < end:
            tries += 1
            status, output = self.run(*command, seconds=90)
            if not status:
                self.device = output.splitlines()[-1]
                return
            self.remark(f"attach: {output}")
            # mkswap may have failed after the device was made.
            for name in self.devices():
                self.device = f"/dev/{name}"
                self.detach()
            self.meanwhile()
            time.sleep(0.5)
        raise Failed(f"cannot attach: {output}")

    def lease_seconds(self):
        """After that the memory of who did not come back is free."""
        return self.schedule["server"]["lease"] + 20

    @staticmethod
    def devices():
        """The devices that there are."""
        return [name for name in os.listdir("/sys/block") if name.startswith("fastswap")]

    def detach(self):
        """Swap off and detach: bounded."""
        status, output = self.run("fastswap", "detach", self.device, seconds=150)
        if status:
            raise Failed(f"detach: {output}")
        self.device = None

    def attribute(self, name):
        """A file of the device."""
        return read(f"/sys/block/{os.path.basename(self.device)}/fastswap/{name}")

    def stats(self):
        """Its counters."""
        return {name: int(value) for name, value in
                (line.split() for line in self.attribute("stats").splitlines())}

    def may_lose_a_server(self):
        """May one go? Of two that mirror a device not while the other misses what it has."""
        if not self.schedule["mirror"] or not self.device:
            return True
        end = time.monotonic() + MIRROR_SECONDS
        try:
            while self.attribute("state") != "live":
                if time.monotonic() > end:
                    return False
                time.sleep(0.1)
        except OSError:
            # It has just been detached.
            pass
        return True

    def is_swapping(self):
        """Is the device in use for swap?"""
        return self.device is not None and self.device in read("/proc/swaps")

    def count(self):
        """Take over the counters of a device that is about to go."""
        stats = self.stats()
        self.counts["pages_in"] += stats["demand_pages"] + stats["prefetch_pages"]
        self.counts["pages_out"] += stats["writeback_pages"]

    def evidence(self):
        """What its devices say about themselves."""
        names = ("state", "used", "lost", "stats", "backend_stats")
        found = []
        for device in self.devices():
            for name in names:
                path = f"/sys/block/{device}/fastswap/{name}"
                found.append(f"{path}: {read(path) if os.path.exists(path) else 'not there'}")
        return "\n".join(found)

    # -- the load -------------------------------------------------------------

    def limit(self, mib):
        """How much memory the load may have; None: as much as there is."""
        write(f"{CGROUP}/memory.max", "max" if mib is None else f"{mib}M")

    def start_load(self, seconds, last=False):
        """Start the load, for so long at least; the last one is a simple one."""
        if not os.path.isdir(CGROUP):
            os.mkdir(CGROUP)
        write(f"{CGROUP}/memory.swap.max", "max")
        self.limit(self.options["limit"])
        self.runs += 1
        self.counts["loads"] += 1
        o = self.options
        walks = ["random"] if last else o["walk"]
        command = ["pagewalk", "--size", str(o["size"]), "--walk", ",".join(walks),
                   "--threads", str(o["threads"]), "--seconds", str(max(1, round(seconds))),
                   "--seed", str(self.schedule["seed"] * 100 + self.runs)]
        command += [f"--{name}" for name in ("write", "thp", "shm") if o[name]]
        if o["fork"] and not last:
            command += ["--fork", str(o["fork"])]
        # In place of the shell, whose own pages would be swapped out and lost as well.
        join = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
        with open("/tmp/load", "w", encoding="utf-8") as output:
            self.load = subprocess.Popen(
                ["sh", "-c", join, CGROUP, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.killed = False
        self.load_began = time.monotonic()

    def look_at_load(self):
        """Has it ended? Return whether it runs; fail if it must not have ended so."""
        if self.load is None or self.load.poll() is None:
            return self.load is not None
        status, self.load = self.load.returncode, None
        output = read("/tmp/load")
        # Children may be left.
        write(f"{CGROUP}/cgroup.kill", 1)
        self.wait(RECOVERY_SECONDS, "all of the load ends", self.is_group_empty)
        if self.killed:
            return False
        end = judge.load_end(status, output)
        if end != judge.GOOD:
            self.remark(f"the load ended ({end}, status {status}): {output[-200:]}")
        if not judge.is_allowed(end, self.schedule, self.log.read(), self.read_errors()):
            raise Failed(f"the load must not end like that ({end}, status {status}): "
                         f"{output[-400:]}")
        if end in self.counts:
            self.counts[end] += 1
        return False

    @staticmethod
    def is_group_empty():
        """Is nobody in the load's group?"""
        return "populated 0" in read(f"{CGROUP}/cgroup.events")

    def read_errors(self):
        """I/O that failed because a fault point said so, on a device that never fails by itself."""
        return self.strikes("status") if self.backend == "dram" else 0

    def kill_load(self):
        """As the user may do at any time."""
        if self.load is not None and self.load.poll() is None:
            self.killed = True
            self.load.kill()
            self.wait(RECOVERY_SECONDS, "the load ends when killed",
                      lambda: self.load.poll() is not None)
        self.look_at_load()

    # -- what happens ---------------------------------------------------------

    def point(self, name):
        """The file of a fault point."""
        return f"{DEBUG}/{self.backend}/{name}"

    def strikes(self, name):
        """How often it has struck, under all its rules."""
        return self.struck.get(name, 0) + int(read(self.point(name)).split()[1])

    def arm(self, name, rule):
        """Give it another rule."""
        self.struck[name] = self.strikes(name)
        write(self.point(name), rule)

    def step(self, step):
        """One step of the schedule that is this client's."""
        what = step["do"]
        if what == "fault":
            self.arm(step["point"], step["rule"])
        elif what == "hold":
            if self.device:
                write(f"/sys/block/{os.path.basename(self.device)}/fastswap/hold", step["seconds"])
        elif what == "reclaim":
            self.reclaim(step["mib"])
        elif what == "kill_load":
            self.kill_load()
        else:
            self.cycle(what)

    def set_group(self, name, value):
        """As write(), by another process: it may wait for I/O, and that for what others do."""
        self.run("sh", "-c", 'echo "$1" >"$0"', f"{CGROUP}/{name}", value, seconds=200)

    def reclaim(self, mib):
        """Push some of the load out, if there is so much."""
        self.set_group("memory.reclaim", f"{mib}M")

    def cycle(self, what):
        """Take the device away from a load that runs, and give it one again."""
        self.limit(None)
        if what == "swapoff":
            status, output = self.run("swapoff", self.device, seconds=150)
            if status:
                raise Failed(f"swapoff: {output}")
            status, output = self.run("swapon", self.device)
            if status:
                # The header was lost with the server.
                self.remark(f"swapon: {output}")
                if not self.schedule["may_lose"]:
                    raise Failed(f"swapon: {output}")
                self.wait(RECOVERY_SECONDS, "a new swap area", self.make_swap)
        else:
            self.count()
            self.detach()
            self.attach()
        self.set_group("memory.max", f"{self.options['limit']}M")

    def make_swap(self):
        """Make a new swap area; mkswap reads what was there, which is lost, unless it is freed."""
        self.run("blkdiscard", "--force", self.device)
        return not self.run("mkswap", self.device)[0] and not self.run("swapon", self.device)[0]

    # -- the end --------------------------------------------------------------

    def heal(self):
        """No more faults on this node."""
        for name in os.listdir(f"{DEBUG}/{self.backend}"):
            self.arm(name, "off")
            self.counts["strikes"] += self.strikes(name)
        if self.backend == "rdma" and self.device:
            write(f"/sys/block/{os.path.basename(self.device)}/fastswap/hold",
                  self.schedule["hold"])

    def recover(self):
        """All is well again, in bounded time, and the load goes on."""
        wait_for(RECOVERY_SECONDS, "the device is live", lambda: self.attribute("state") == "live")
        self.remark("live")
        wait_for(LOAD_SECONDS, "the load ends", lambda: not self.look_at_load())
        if not self.is_swapping():
            raise Failed("nothing to swap to")
        # Whatever became of the loads before: this one must come through.
        self.start_load(1, last=True)
        wait_for(LOAD_SECONDS, "the last load ends", lambda: not self.look_at_load_strictly())

    def look_at_load_strictly(self):
        """As look_at_load(), but nothing may be lost any more."""
        if self.load is not None and self.load.poll():
            raise Failed(f"after all faults a load failed, status {self.load.returncode}: "
                         f"{read('/tmp/load')[-400:]}")
        return self.look_at_load()

    def leave(self):
        """Nothing is left on the device, and then the device is gone."""
        status, output = run("swapoff", self.device, seconds=120)
        if status:
            raise Failed(f"swapoff: {output}")
        used, lost = int(self.attribute("used")), int(self.attribute("lost"))
        if used + lost > HEADER_BYTES:
            raise Failed(f"slots have leaked: {used} bytes in use, {lost} lost after swapoff")
        self.count()
        self.detach()
        self.counts["recoveries"] = sum("connected again" in line for line in self.log.read())
        if self.devices():
            raise Failed(f"left behind: {self.devices()}")

    def check_pool(self):
        """All chunks are free again: one client can have them all. After a lease at the latest."""
        end = time.monotonic() + self.lease_seconds()
        for url in self.urls:
            try:
                self.attach(self.schedule["server"]["size"], [url], swap=False,
                            seconds=end - time.monotonic())
            except Failed as error:
                raise Failed(f"chunks have leaked: {error}") from None
            self.detach()

    def unload(self):
        """The modules can go, and come back fresh for the next schedule."""
        for module in ("fastswap_mirror", f"fastswap_{self.backend}", "fastswap"):
            if not os.path.isdir(f"/sys/module/{module}"):
                continue
            status, output = run("rmmod", module)
            if status:
                raise Failed(f"rmmod {module}: {output}")
