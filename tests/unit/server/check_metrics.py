#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""check_metrics.py PROGRAM: what the admin endpoint says, read by parsers that others wrote.

PROGRAM is the unit test server_admin, which leaves its answers in the folder that it is given.
"""

import json
import os
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


def check_status(text):
    status = json.loads(text)
    for name in ("version", "listening", "draining", "pool", "counts", "clients", "history"):
        assert name in status, f"no {name}"


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "metrics"), encoding="utf-8") as file:
            check_metrics(file.read())
        with open(os.path.join(folder, "status"), encoding="utf-8") as file:
            check_status(file.read())


main()
