#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""check_page.py PROGRAM PAGE [PICTURE]: what a person sees of the status page, in a real browser.

PROGRAM is the unit test server_admin, which leaves its answers in the folder that it is given.
PICTURE is where the screenshot goes, to be looked at.
"""

import html
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

BROWSER = shutil.which("chromium")
if not BROWSER:
    print("SKIP: no chromium; on Debian: apt-get install chromium")
    sys.exit(77)
try:
    from PIL import Image
except ImportError:
    print("SKIP: no PIL; on Debian: apt-get install python3-pil")
    sys.exit(77)

WIDTH, HEIGHT = 1000, 1400
# As in the page.
COLOURS = {"free": (0xA6, 0xDB, 0xA0), "lent": (0x21, 0x66, 0xAC)}


class Server(http.server.ThreadingHTTPServer):
    """Answers as the server would: the page, and its figures or an error."""

    def __init__(self, page, status):
        super().__init__(("127.0.0.1", 0), Handler)
        self.page = page
        self.status = status


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        body, kind = {
            "/": (self.server.page, "text/html; charset=utf-8"),
            "/status": (self.server.status, "application/json"),
        }.get(self.path, (None, None))
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


def browse(folder, port, *options):
    """Open the page; return what the browser writes to its standard output."""
    command = [
        BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
        f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}",
        "--virtual-time-budget=4000", *options, f"http://127.0.0.1:{port}/",
    ]  # fmt: skip
    result = subprocess.run(
        command, check=True, capture_output=True, timeout=100, env={**os.environ, "HOME": folder}
    )
    return result.stdout.decode()


def text_of(dom):
    """The words of a document, without its scripts."""
    dom = re.sub(r"<(script|style).*?</\1>", "", dom, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", dom)))


def check_text(dom, status):
    words = text_of(dom)
    for state, size in status["pool"].items():
        assert f"{state} {size >> 20} MiB" in words or not size, f"no {state}: {words}"
    assert status["clients"], "the test has no client"
    for client in status["clients"]:
        for name in ("address", "client_id", "state"):
            assert client[name] in words, f"no {client[name]}: {words}"
    assert "The last ten minutes" in words and dom.count("<polyline") == 4, "plots are missing"
    assert "loading" not in words, words


def check_picture(path, status):
    """The pool's bar has the colours of its parts, as wide as they are large."""
    with Image.open(path) as picture:
        picture = picture.convert("RGB")
    assert picture.width == WIDTH, picture.size
    best = {}
    for y in range(picture.height):
        row = [picture.getpixel((x, y)) for x in range(picture.width)]
        widths = {state: row.count(colour) for state, colour in COLOURS.items()}
        if sum(widths.values()) > sum(best.values()):
            best = widths
    total = sum(status["pool"].values())
    assert sum(best.values()) > WIDTH / 2, f"no bar: {best}"
    for state, width in best.items():
        wanted = status["pool"][state] / total
        found = width / sum(best.values())
        assert abs(wanted - found) < 0.02, f"{state} is {found:.2f} of the bar, not {wanted:.2f}"
    print(f"bar: {best}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "status-lent"), "rb") as file:
            status = file.read()
        with open(sys.argv[2], "rb") as file:
            page = file.read()
        server = Server(page, status)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        picture = os.path.join(folder, "page.png")
        check_text(browse(folder, server.server_port, "--dump-dom"), json.loads(status))
        browse(folder, server.server_port, f"--screenshot={picture}")
        check_picture(picture, json.loads(status))
        if len(sys.argv) > 3:
            shutil.copy(picture, sys.argv[3])

        # A server that is gone is told, and not the last figures as if nothing were.
        server.status = b"nonsense"
        words = text_of(browse(folder, server.server_port, "--dump-dom"))
        assert "The server does not answer" in words and "lent" not in words, words
        server.shutdown()


main()
