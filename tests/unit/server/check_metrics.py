#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""check_metrics.py PROGRAM DASHBOARD: what the admin endpoint says, read by others' parsers.

PROGRAM is the unit test server_admin, which leaves its answers in the folder that it is given.
DASHBOARD is for Grafana, and may ask for nothing but what is there.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    print("SKIP: no prometheus_client; on Debian: apt-get install python3-prometheus-client")
    sys.exit(77)


def check_metrics(text):
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), f"a family is there twice: {names}"
    for family in families:
        assert family.type in ("gauge", "counter"), f"{family.name} is of no type"
        assert family.documentation, f"{family.name} is not explained"
        assert family.samples, f"{family.name} has no sample"
        for sample in family.samples:
            assert sample.name.startswith("fastswap_server_"), sample.name
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name
            assert sample.value >= 0, sample
    pool = next(family for family in families if family.name == "fastswap_server_pool_bytes")
    states = {sample.labels["state"] for sample in pool.samples}
    assert states == {"free", "lent", "clearing", "lost"}, states
    print(f"{len(families)} families")
    return {sample.name for family in families for sample in family.samples}


def check_status(text):
    status = json.loads(text)
    for name in ("version", "listening", "draining", "authentication", "pool", "wanted",
                 "resizing", "counts", "clients", "history"):
        assert name in status, f"no {name}"


def check_dashboard(text, known):
    """Panels do not overlap; they show metrics that there are, and all of them."""
    dashboard = json.loads(text)
    taken, ids, asked = set(), set(), set()
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    for panel in dashboard["panels"]:
        assert panel["id"] not in ids, f"{panel['title']}: an id is there twice"
        ids.add(panel["id"])
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, f"{panel['title']} is too wide"
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{panel['title']} lies over another one"
        taken |= cells
        for target in panel["targets"]:
            expression = target["expr"]
            assert expression.count("(") == expression.count(")"), expression
            names = set(re.findall(r"\bfastswap_\w+", expression))
            assert names and names <= known, f"{panel['title']}: {names - known} is not there"
            asked |= names
            used = set(re.findall(r"\$(\w+)", expression)) - {"__rate_interval"}
            assert used <= variables, f"{panel['title']}: {used - variables} is no variable"
    missing = known - asked - {"fastswap_server_chunk_bytes"}
    assert not missing, f"on no panel: {missing}"
    print(f"{len(ids)} panels")


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "metrics"), encoding="utf-8") as file:
            known = check_metrics(file.read())
        with open(os.path.join(folder, "status"), encoding="utf-8") as file:
            check_status(file.read())
        with open(sys.argv[2], encoding="utf-8") as file:
            check_dashboard(file.read(), known)


main()
