# SPDX-License-Identifier: GPL-2.0-only
"""From a seed to a schedule. Pure: the same seed is the same schedule everywhere, for ever."""

import random

# Nodes of each topology: name, MiB of memory. The first is the client that leads; "server" has the
# server, where there is no such node the first has it as well.
TOPOLOGIES = {
    "one": (("a", 512),),
    "two": (("a", 448), ("server", 320)),
    "three": (("a", 448), ("b", 448), ("server", 320)),
}

POOL_MIB = 96
# Of each server, where there are two for a mirrored device.
MIRROR_POOL_MIB = 64
DEVICE_MIB = 40
# Every so many seeds the device is mirrored.
MIRROR_EVERY = 4
# Nothing is lost by an outage while these are this long: the longest outage is a small part.
PATIENT_HOLD = 120
PATIENT_LEASE = 60
LONGEST_OUTAGE = 6.0

# Fault points of the modules: rules without their seed.
CLIENT_FAULTS = {
    "rdma": {
        "alloc": ("1/2x3", "1/3x5"),
        "delay": ("1/200x20:20000", "1/50x10:50000", "1/1000x200:2000"),
        "drop": ("1/300x1", "1/50x1"),
        "kill": ("1/4x1", "1/3x2"),
        "map": ("1/20x50", "1/3x20"),
        "mute": ("1/2x2", "1/4x3"),
        "post": ("1/100x2", "1/20x1"),
        "status": ("1/300x2", "1/50x1"),
    },
    "dram": {
        "delay": ("1/5:20000", "1/50x20:200000"),
        "reorder": ("1/5:20000", "1/2x100:5000"),
        "status": ("1/200x10", "1/20x3"),
    },
}
# Seeds from this one on have what came later; those below go on to mean what they meant.
MORE_FROM = 101
MORE_FAULTS = {"rdma": {"short": ("1/500x3", "1/100x2", "1/20x1")}, "dram": {}}
# And of the server; one that refuses or cuts strikes a few times at most, and then it works.
SERVER_FAULTS = {
    "alloc": ("1/4x1",),
    "delay": ("1/4x5:300", "1/2x3:1000"),
    "drop": ("1/4x2",),
    "grant": ("1/1x1", "1/2x1"),
    "kill": ("1/8x1", "1/16x2"),
    "mute": ("1/4x2", "1/8x3"),
    "status": ("1/10x1",),
}


class _Maker:
    """The choices of one seed."""

    def __init__(self, seed):
        self.seed = seed
        self.random = random.Random(f"fastswap campaign {seed}")
        self.steps = []
        self.may_lose = False
        self.mirror = False

    def between(self, low, high):
        """A moment or a duration, in steps that one can read."""
        return round(self.random.uniform(low, high), 1)

    def add(self, at, node, what, **arguments):
        self.steps.append({"at": round(at, 1), "node": node, "do": what, **arguments})

    # -- what may happen ------------------------------------------------------

    def fault(self, at, node, backend):
        point = self.random.choice(sorted(CLIENT_FAULTS[backend]))
        rule = self.random.choice(CLIENT_FAULTS[backend][point])
        if backend == "dram" and point == "status":
            self.may_lose = True
        self.arm(at, node, point, rule)

    def arm(self, at, node, point, rule):
        self.add(at, node, "fault", point=point, rule=f"{rule}@{self.seed}")

    def net(self, at, node, topology):
        end = self.random.choice([node, "server"])
        kind = self.random.choice(["loss", "delay", "reorder", "cut"])
        amount = {
            "loss": self.random.choice([1, 3, 10]),
            # Below the time after which a queue pair asks again: more() has longer ones.
            "delay": self.random.choice([2, 20, 50, 100]),
            "reorder": self.random.choice([2, 10]),
            "cut": 100,
        }[kind]
        length = self.between(0.5, LONGEST_OUTAGE)
        self.add(at, end, "net", kind=kind, amount=amount)
        self.add(at + length, end, "net", kind="clear", amount=0)

    def stall(self, at, node, topology):
        which = self.random.choice([0, 1]) if self.mirror else 0
        self.add(at, "server", "stop", which=which)
        self.add(at + self.between(0.3, LONGEST_OUTAGE), "server", "continue", which=which)

    def restart(self, at, node, topology):
        # Of two, it is always the same: what the other has, nobody may lose.
        which = 1 if self.mirror else 0
        if not self.mirror:
            self.may_lose = True
        signal = self.random.choice(["KILL", "KILL", "TERM"])
        self.add(at, "server", "end", which=which, signal=signal)
        self.add(at + self.between(0.1, 3), "server", "start", which=which)

    def short_hold(self, at, node, topology):
        self.may_lose = True
        self.add(at, node, "hold", seconds=self.random.choice([0, 1, 2]))
        self.stall(at + 0.1, node, topology)
        self.add(at + self.between(2, 6), node, "hold", seconds=PATIENT_HOLD)

    def long_hold(self, at, node, topology):
        self.add(at, node, "hold", seconds=self.random.choice([90, 600, 86400]))

    def cycle(self, at, node):
        self.add(at, node, self.random.choice(["swapoff", "swapoff", "reattach"]))

    def reclaim(self, at, node):
        self.add(at, node, "reclaim", mib=self.random.choice([2, 8]))

    def kill_load(self, at, node):
        self.add(at, node, "kill_load")

    # -- the whole ------------------------------------------------------------

    def load(self):
        choose = self.random.choice
        walks = self.random.sample(["seq", "random", "backward", "stride"], choose([1, 1, 2]))
        load = {
            "size": 0,
            "limit": 4,
            "walk": walks,
            "threads": choose([1, 1, 2, 4]),
            "write": choose([True, True, False]),
            "fork": choose([0, 0, 0, 2]),
            "thp": choose([False, False, False, True]),
            "shm": choose([False, False, False, True]),
        }
        # Memory that is locked, or in one piece, is not to be had by reclaim.
        if load["threads"] > 1 or load["fork"] or load["shm"]:
            load["limit"] = 6
        if load["thp"]:
            load["limit"] = 8
        load["size"] = load["limit"] + choose([1, 2, 4])
        # Of shared memory a child would see what its parent writes.
        if load["fork"] and load["shm"]:
            load["write"] = False
        # Each child comes to a working set of its own.
        if load["fork"]:
            load["size"] = load["limit"] + 1
        return load

    def settings(self):
        """Parameters of the modules, in /sys/module/MODULE/parameters."""
        choose = self.random.choice
        return {
            "fastswap": {
                "poll_us": choose([0, 100, 1000, 1000]),
                "adaptive_poll": choose("YYYN"),
                "poll_window": choose("YYYN"),
                "ahead_pages": choose([0, 32, 32, 128]),
                "plug_write_pages": choose([1, 16, 64, 64]),
                "writeback_pages": choose([16, 256, 256]),
            },
            "fastswap_rdma": {
                "depth": choose([4, 16, 128, 128]),
                "max_sge": choose([2, 8, 32, 32]),
            },
        }

    def server(self):
        points = self.random.sample(sorted(SERVER_FAULTS), self.random.choice([0, 0, 1, 2]))
        rules = [f"{p}={self.random.choice(SERVER_FAULTS[p])}@{self.seed}" for p in points]
        lease = self.random.choice([PATIENT_LEASE] * 4 + [0])
        if self.mirror:
            lease = PATIENT_LEASE
        if lease < PATIENT_LEASE:
            self.may_lose = True
        return {
            "size": MIRROR_POOL_MIB if self.mirror else POOL_MIB,
            "chunk": self.random.choice([1, 4, 4, 16]),
            "keepalive": self.random.choice([1, 1, 2]),
            "threads": self.random.choice([1, 2]),
            "lease": lease,
            "faults": ",".join(rules),
        }

    def happenings(self, backend, topology, seconds, clients):
        # What hits all clients, or the server, is in one list; each has its share of its own.
        for node in clients:
            for _ in range(self.random.choice([1, 2, 2, 3])):
                self.fault(self.between(0.5, seconds), node, backend)
            for _ in range(self.random.choice([0, 1, 1, 2])):
                kind = self.random.choice([self.cycle, self.reclaim, self.reclaim, self.kill_load])
                kind(self.between(0.5, seconds), node)
        if backend == "dram":
            return
        kinds = [self.stall, self.stall, self.restart, self.short_hold, self.long_hold]
        if self.mirror:
            kinds = [self.stall, self.restart, self.restart, self.restart, self.long_hold]
        if topology != "one":
            kinds += [self.net] * 5
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            kind = self.random.choice(kinds)
            kind(self.between(0.5, seconds), self.random.choice(clients), topology)

    def more(self, backend, topology, seconds, clients):
        self.random = random.Random(f"fastswap campaign {self.seed}, what came later")
        for node in clients:
            for point, rules in MORE_FAULTS[backend].items():
                if self.random.choice([False, True]):
                    self.arm(self.between(0.5, seconds), node, point, self.random.choice(rules))
        if topology != "one" and self.random.random() < 0.3:
            # About as long as a queue pair waits before it asks again.
            at, end = self.between(0.5, seconds), self.random.choice([*clients, "server"])
            amount = self.random.choice([200, 300, 400])
            self.add(at, end, "net", kind="delay", amount=amount)
            self.add(at + self.between(2, LONGEST_OUTAGE), end, "net", kind="clear", amount=0)


def make(seed):
    """Return the schedule of a seed, made of what JSON knows."""
    maker = _Maker(seed)
    topology = maker.random.choices(("one", "two", "three"), (11, 8, 1))[0]
    maker.mirror = seed % MIRROR_EVERY == 0
    if maker.mirror and topology == "three":
        topology = "two"
    backend = "dram" if topology == "one" and maker.random.random() < 0.15 else "rdma"
    maker.mirror &= backend == "rdma"
    clients = [name for name, _ in TOPOLOGIES[topology] if name != "server"]
    seconds = maker.between(5, 9)
    schedule = {
        "seed": seed,
        "topology": topology,
        "backend": backend,
        "mirror": maker.mirror,
        "seconds": seconds,
        "server": maker.server() if backend == "rdma" else None,
        "settings": maker.settings(),
        "device": DEVICE_MIB,
        "queues": maker.random.choice([1, 1, 2]),
        "hold": PATIENT_HOLD,
        "loads": {name: maker.load() for name in clients},
    }
    maker.happenings(backend, topology, seconds, clients)
    if seed >= MORE_FROM:
        maker.more(backend, topology, seconds, clients)
    schedule["steps"] = sorted(maker.steps, key=lambda step: step["at"])
    schedule["may_lose"] = maker.may_lose
    return schedule


def describe(schedule):
    """The schedule for people, in lines."""
    words = [f"seed {schedule['seed']}: {schedule['backend']}, {schedule['topology']}, "
             + ("mirrored, " if schedule["mirror"] else "") + f"{schedule['seconds']} s"
             + (", may lose pages" if schedule["may_lose"] else "")]
    if schedule["server"]:
        words.append("  server: " + _pairs(schedule["server"]))
    for node, load in schedule["loads"].items():
        words.append(f"  load on {node}: " + _pairs(load))
    for module, settings in schedule["settings"].items():
        words.append(f"  {module}: " + _pairs(settings))
    for step in schedule["steps"]:
        rest = {key: value for key, value in step.items() if key not in ("at", "node", "do")}
        words.append(f"  {step['at']:5.1f} s  {step['node']}: {step['do']} {_pairs(rest)}".rstrip())
    return words


def _pairs(values):
    def text(value):
        return "+".join(value) if isinstance(value, list) else str(value)

    return " ".join(f"{key}={text(value)}" for key, value in values.items() if value != "")
