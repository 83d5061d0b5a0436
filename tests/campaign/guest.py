#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The part of tests/campaign/run that runs in every guest.

The first node leads: it goes through the schedules in $SHARED/plan.json, and writes a line for
each to $SHARED/results. The others do what it asks for, in files of $SHARED, which no fault of the
network can reach.
"""

import json
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "../../tools/lib"))
sys.dont_write_bytecode = True

from campaign.client import Client  # noqa: E402
from campaign.machine import Failed, Machine, nothing, wait_for  # noqa: E402

NODE = os.environ["NODE"]
SHARED = os.environ["SHARED"]
os.environ["PATH"] = f"{os.environ['FASTSWAP_BUILD']}/tests/bin:{os.environ['PATH']}"

SERVER_STEPS = {
    "net": lambda machine, step: machine.net(step["kind"], step["amount"]),
    "stop": lambda machine, step: machine.servers[step["which"]].signal("STOP"),
    "continue": lambda machine, step: machine.servers[step["which"]].signal("CONT"),
    "end": lambda machine, step: machine.servers[step["which"]].end(step["signal"]),
    "start": lambda machine, step: machine.servers[step["which"]].start(),
}


def put(name, value):
    """Leave something in $SHARED, whole."""
    path = os.path.join(SHARED, name)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.rename(f"{path}.new", path)


def take(name):
    """Take it."""
    path = os.path.join(SHARED, name)
    with open(path, encoding="utf-8") as file:
        value = json.load(file)
    os.remove(path)
    return value


def is_there(name):
    """Is it there?"""
    return os.path.exists(os.path.join(SHARED, name))


class Remote:
    """Another node."""

    def __init__(self, node):
        self.node = node

    def ask(self, what, *arguments):
        """Ask for something, and do not wait."""
        put(f"ask-{self.node}", [what, arguments])

    def answer(self, seconds):
        """What became of it."""
        wait_for(seconds, f"{self.node} answers", lambda: is_there(f"answer-{self.node}"))
        value, error = take(f"answer-{self.node}")
        if error:
            raise Failed(f"{self.node}: {error}")
        return value

    def __call__(self, what, *arguments):
        self.ask(what, *arguments)
        return self.answer(90)


class Local:
    """The server in the node that leads."""

    def __init__(self, handler):
        self.handler = handler

    def __call__(self, what, *arguments):
        return self.handler(what, *arguments)


class Node:
    """What a node does when asked."""

    def __init__(self):
        self.machine = Machine()
        self.client = None

    def handle(self, what, *arguments):
        """Do it."""
        if what == "begin":
            return self.machine.begin()
        if what == "serve":
            return self.machine.serve(*arguments)
        if what == "step":
            step, = arguments
            return SERVER_STEPS[step["do"]](self.machine, step)
        if what == "heal":
            return self.machine.heal()
        if what == "finish":
            return self.machine.finish()
        if what == "evidence":
            return self.machine.evidence()
        if what == "client":
            return self.run_client(*arguments)
        raise Failed(f"nobody knows how to '{what}'")

    def run_client(self, schedule):
        """All of a client that does not lead."""
        client = Client(schedule, NODE, self.machine, os.environ["IP_SERVER"])
        client.set_up()
        play(schedule, client, None)
        client.heal()
        self.machine.net("clear", 0)
        client.recover()
        client.leave()
        client.unload()
        return client.counts

    def serve(self):
        """Do what is asked for until the guest is stopped."""
        while True:
            if not is_there(f"ask-{NODE}"):
                time.sleep(0.05)
                continue
            what, arguments = take(f"ask-{NODE}")
            value, error = None, None
            try:
                value = self.handle(what, *arguments)
            except Failed as failure:
                error = str(failure)
            except Exception:  # pylint: disable=broad-except
                error = traceback.format_exc()
            put(f"answer-{NODE}", [value, error])


def play(schedule, client, server):
    """The steps at their time, with a load all the while; server is None: not those of others."""
    began = time.monotonic()
    seconds = schedule["seconds"]
    steps = [step for step in schedule["steps"]
             if step["node"] == client.node or (server and step["node"] == "server")]

    def others_turn():
        now = time.monotonic() - began
        for step in [s for s in steps if s["at"] <= now and is_others(s)]:
            steps.remove(step)
            do(step)

    def is_others(step):
        return step["node"] == "server" or step["do"] == "net"

    def do(step):
        client.remark(" ".join(str(value) for value in step.values()))
        if step["do"] == "end" and not client.may_lose_a_server():
            client.remark("not now: the other server misses something")
        elif step["node"] == "server":
            server("step", step)
        elif step["do"] == "net":
            NODE_STATE.machine.net(step["kind"], step["amount"])
        else:
            client.step(step)

    client.start_load(seconds)
    client.meanwhile = others_turn
    while steps or time.monotonic() < began + seconds:
        now = time.monotonic() - began
        if steps and steps[0]["at"] <= now:
            do(steps.pop(0))
        else:
            time.sleep(0.1)
        if not client.look_at_load():
            client.start_load(max(1, seconds - now))
    client.meanwhile = nothing


def run_schedule(schedule, node, others):
    """One schedule, from a fresh server to its end; return counts."""
    machine = node.machine
    server = None
    machine.begin()
    if schedule["backend"] == "rdma":
        server = others.get("server") or Local(node.handle)
        for other in others.values():
            other("begin")
        server("serve", schedule["server"], 2 if schedule["mirror"] else 1)
    ip = os.environ.get("IP_SERVER", os.environ["VM_IP"])
    client = node.client = Client(schedule, NODE, machine, ip)
    client.set_up()
    second = others.get("b")
    if second:
        second.ask("client", schedule)
    play(schedule, client, server)
    client.remark("no more faults")
    machine.net("clear", 0)
    if server:
        server("heal")
    client.heal()
    client.recover()
    client.remark("all is well again")
    client.leave()
    client.remark("detached")
    counts = dict(client.counts)
    if second:
        for name, value in second.answer(400).items():
            counts[name] = counts.get(name, 0) + value
    if server:
        client.check_pool()
        client.remark("the pool is free")
    client.unload()
    for other in others.values():
        other("finish")
    machine.finish()
    return counts


def lead(node):
    """Go through the plan."""
    with open(os.path.join(SHARED, "plan.json"), encoding="utf-8") as file:
        plan = json.load(file)
    others = {name: Remote(name) for name in plan["nodes"] if name != NODE}
    end = time.monotonic() + (plan["seconds"] or float("inf"))
    for schedule in plan["schedules"]:
        began = time.monotonic()
        if began > end:
            break
        result = {"seed": schedule["seed"], "ok": False, "why": "", "counts": {}, "seconds": 0}
        print(f"== seed {schedule['seed']}", flush=True)
        try:
            result["counts"] = run_schedule(schedule, node, others)
            result["ok"] = True
        except Failed as failure:
            result["why"] = str(failure)
        except Exception:  # pylint: disable=broad-except
            result["why"] = "the campaign's own fault: " + traceback.format_exc()
        result["seconds"] = round(time.monotonic() - began, 1)
        print(f"seed {schedule['seed']}: {'ok' if result['ok'] else result['why']} "
              f"({result['seconds']} s)", flush=True)
        if not result["ok"]:
            say_evidence(schedule["seed"], node, others)
        with open(os.path.join(SHARED, "results"), "a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        if not result["ok"]:
            # Nobody knows in what state this machine is.
            return 1
    return 0


def say_evidence(seed, node, others):
    """Keep what one wants to read."""
    evidence = {NODE: node.machine.evidence()}
    for name, other in others.items():
        try:
            evidence[name] = other("evidence")
        except Failed as failure:
            evidence[name] = {"kernel": [], "server": str(failure)}
    with open(os.path.join(SHARED, f"evidence-{seed}"), "w", encoding="utf-8") as file:
        for name, parts in evidence.items():
            file.write(f"==== {name}: kernel\n" + "\n".join(parts["kernel"]) + "\n")
            file.write(f"==== {name}: server\n{parts['server']}\n")
        if node.client:
            file.write(f"==== {NODE}: devices\n{node.client.evidence()}\n")
        if os.path.exists("/tmp/load"):
            with open("/tmp/load", encoding="utf-8", errors="replace") as load:
                file.write(f"==== load\n{load.read()}\n")


NODE_STATE = Node()

if __name__ == "__main__":
    if os.environ.get("CAMPAIGN_SERVES"):
        NODE_STATE.serve()
    else:
        sys.exit(lead(NODE_STATE))
