#!/usr/bin/env python3
"""The systemd units: no service manager runs here, but systemd's own checker can read them.

What no checker sees is tried in other ways: that the units, the scripts and the web servers'
files speak of the same socket, and that the program starts on a socket as its descriptor 0
(test_fastcgi.py).
"""

import configparser
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # the source tree may be read-only
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import paths, servers, tap  # noqa: E402
from harness.processes import TemporaryDirectory  # noqa: E402

UNITS = paths.SOURCE / "systemd"
# systemd-analyze security: 0 is closed, 10 is open; "exposed" begins at 5.
EXPOSURE_LIMIT = 2.0
STOP_SECONDS = 6  # the program's promise: it has left this long after TERM


def unit(name):
    """A unit's sections. Of a key that may be given several times, the last value."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string((UNITS / name).read_text())
    return parser


def analyze(*arguments):
    """Runs systemd-analyze on the units, with a program that exists wherever this runs."""
    binary = servers.needed_binary("systemd-analyze")
    with TemporaryDirectory() as directory:
        folder = pathlib.Path(directory.path)
        for name in ("forgefold.service", "forgefold.socket"):
            text = (UNITS / name).read_text()
            (folder / name).write_text(re.sub("^ExecStart=.*", "ExecStart=/bin/true", text,
                                              flags=re.MULTILINE))
        return subprocess.run([binary, *arguments], cwd=folder, capture_output=True, text=True)


@tap.test("systemd finds nothing wrong with the units")
def check_verify():
    done = analyze("verify", "--man=no", "./forgefold.service", "./forgefold.socket")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "what it says")


@tap.test("the service is closed to what the program does not need")
def check_security():
    done = analyze("security", "--offline=yes", "--no-pager", "./forgefold.service")
    level = re.search(r"Overall exposure level for forgefold\.service: ([0-9.]+)", done.stdout)
    tap.true(level, f"an exposure level in {done.stdout[-200:]}{done.stderr}")
    tap.true(float(level[1]) <= EXPOSURE_LIMIT, f"at most {EXPOSURE_LIMIT}, not {level[1]}")


@tap.test("one process takes all connections, on a socket that only the web server may use")
def check_socket():
    socket, service = unit("forgefold.socket")["Socket"], unit("forgefold.service")["Service"]
    tap.equal(socket["Accept"], "no", "Accept")
    tap.equal(socket["SocketMode"], "0660", "SocketMode")
    tap.true(socket["ListenStream"].startswith("/"), "a Unix socket")
    tap.equal(service["StandardInput"], "socket", "StandardInput")
    tap.true("socket" not in (service["StandardOutput"], service["StandardError"]),
             "output that does not go to the socket")


@tap.test("the program has the time it needs to stop")
def check_stop_time():
    service = unit("forgefold.service")["Service"]
    tap.equal(service["KillSignal"], "SIGTERM", "KillSignal")
    tap.true(int(service["TimeoutStopSec"]) > STOP_SECONDS, f"more than {STOP_SECONDS} s")


@tap.test("the policy of threads, which the filter of calls refuses, is chosen by the unit")
def check_policy():
    service = unit("forgefold.service")["Service"]
    tap.equal(service["CPUSchedulingPolicy"], "batch", "CPUSchedulingPolicy")


@tap.test("units, scripts and web servers agree on the socket")
def check_same_socket():
    path = unit("forgefold.socket")["Socket"]["ListenStream"]
    for name in ("apache/forgefold-proxy-fcgi.conf", "lighttpd/forgefold-socket.conf",
                 "lighttpd/forgefold-spawn", "nginx/forgefold.conf"):
        tap.true(path in (paths.SOURCE / name).read_text(), f"{name} names {path}")


@tap.test("the started program is the one that is installed")
def check_program():
    program = unit("forgefold.service")["Service"]["ExecStart"]
    for name in ("apache/forgefold-fcgid.conf", "lighttpd/forgefold.conf",
                 "lighttpd/forgefold-spawn"):
        tap.true(program in (paths.SOURCE / name).read_text(), f"{name} names {program}")


if __name__ == "__main__":
    sys.exit(tap.main())
