#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell whether Redis starts with a file: `check-redis-configuration {configuration|users} FILE`.

A Redis of its own is started with the file, in an empty folder, on a socket there and no port, and ended when it
answers. The exit status is 0 if it does; otherwise its last words are printed.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS = 10


def command(kind: str, path: str, directory: str) -> list[str]:
    """The server's command line: what it would share with the real one is its own."""
    own = ["--port", "0", "--unixsocket", f"{directory}/socket", "--dir", directory, "--logfile", ""]
    own += ["--pidfile", f"{directory}/pid", "--daemonize", "no", "--supervised", "no"]
    if kind == "configuration":
        return ["redis-server", path, *own, "--aclfile", ""]
    return ["redis-server", *own, "--aclfile", path]


def answers(path: Path) -> bool:
    """Whether a server at `path` says anything: it refuses strangers, but not before it has read its files."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(1) in {b"+", b"-"}
        except OSError:
            return False


def main(kind: str, path: str) -> int:
    """Start, wait for the answer, end."""
    with tempfile.TemporaryDirectory(prefix="redis-check-") as directory:
        output = Path(directory, "output")
        with output.open("wb") as log:
            server = subprocess.Popen(command(kind, path, directory), stdout=log, stderr=log)
        end = time.monotonic() + SECONDS
        while server.poll() is None and time.monotonic() < end:
            if answers(Path(directory, "socket")):
                server.terminate()
                server.wait()
                return 0
            time.sleep(0.05)
        server.kill()
        server.wait()
        sys.stderr.write(output.read_text(errors="replace")[-2000:])
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
