"""What the tests of the store share: places to keep things in, programs that use them, and what is
asked of them, with the calls that it costs.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import struct

import support  # noqa: E402  (makes the harness importable)
from support import AGGREGATE, FORM, JSON, Program, fcgi, tap  # noqa: E402
from harness import redis, servers  # noqa: E402
from harness.processes import PrivateDirectory, wait_until  # noqa: E402

FRESH_WITHOUT_TOKEN, FRESH_WITH_TOKEN = 21600, 900
STALE, STALE_IF_ERROR = 86400, 604800
# Lifetimes are shortened by up to a tenth.
JITTER = 0.9
CALLS = {"github": 3, "bitbucket": 2}  # of a visit of up to 100 repositories, without a token


class Files(PrivateDirectory):
    """A store in files; the directory may be gone when it is closed."""

    def values(self):
        """The files of values, in all shards."""
        return [path for path in self._all() if "." not in path.name and path.name != "leases"]

    def leases(self):
        """The files of leases of which any is held."""
        return [path for path in self._all() if path.name == "leases" and _is_locked(path)]

    def temporaries(self):
        return [path for path in self._all() if path.name.endswith(".temporary")]

    def _all(self):
        return sorted(pathlib.Path(self.path).glob("??/*"))

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


def _is_locked(path):
    """Whether any byte of the file is locked: the kernel is asked what would be in the way of a
    lock of all of it (struct flock of fcntl(2))."""
    with open(path, "r+b") as file:
        asked = struct.pack("@hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(file, fcntl.F_OFD_GETLK, asked)
    return struct.unpack_from("@h", answer) != (fcntl.F_UNLCK,)


class Redis(redis.Server):
    """A store in Redis. Skips the test where the program cannot use it."""

    def __init__(self, *lines):
        done = support.run(["--check"], {"CACHE_URL": "redis://127.0.0.1:1"})
        if "hiredis" in (done.stdout + done.stderr).decode():
            tap.skip("the program is built without hiredis")
        super().__init__(*lines)


class Keeping(Program):
    """The program with a store, and at a pretended time if a clock is given. What runs the program
    in another way is a wrapper."""

    def __init__(self, simulator, url, clock=None, wrapper=(), **more):
        # pylint: disable=super-init-not-called
        servers.Responder.__init__(
            self, support.settings(simulator, CACHE_URL=url) | more, wrapper,
            **support.sanitizer_environment(), **(clock.environment if clock else {}))

    def get(self, query, method="GET", **more):
        return fcgi.ask(self.path, method, f"{AGGREGATE}?{query}",
                        seconds=support.PATIENCE_SECONDS, **more)

    def form(self, body):
        return fcgi.ask(self.path, "POST", AGGREGATE, body, FORM,
                        seconds=support.PATIENCE_SECONDS)

    def begin_get(self, name):
        """GETs a name, not waiting: the connection on which the answer will come."""
        connection = fcgi.Connection(self.path, support.PATIENCE_SECONDS)
        connection.send(fcgi.request_bytes(
            fcgi.params_for("GET", f"{AGGREGATE}?username={name}")))
        return connection

    def kill(self):
        """Ends it as nothing that it could do anything about, and what is left of it."""
        self.child.stop(signal_number=9)
        servers.Responder.close(self)


@contextlib.contextmanager
def keeping(simulator, url, clock=None, **more):
    program = Keeping(simulator, url, clock, **more)
    try:
        yield program
    finally:
        program.close()


def cgi(simulator, url, method, target, body=b"", content_type=None, clock=None, **more):
    """One request by CGI."""
    environment = support.settings(simulator, CACHE_URL=url) | (clock.environment if clock else {})
    params = fcgi.params_for(method, target, body or None, content_type, **more)
    done = support.run([], environment | params, stdin=body)
    tap.equal(done.returncode, 0, f"exit status of {done}\n")
    return fcgi.cgi_reply(done.stdout)


def command(simulator, url, *arguments, clock=None):
    """What the command line tells, as JSON."""
    done = support.run(["--json", *arguments], support.settings(simulator, CACHE_URL=url)
                       | (clock.environment if clock else {}))
    tap.equal(done.returncode, 0, f"exit status of {done}\n")
    return json.loads(done.stdout)


class Calls:
    """The calls that the simulated forges see while the block runs."""

    def __init__(self, simulator):
        self._simulator = simulator
        self.total = None

    def __enter__(self):
        self._simulator.forget_counts()
        return self

    def so_far(self):
        return self._simulator.requests()

    def of(self, forge, name):
        """The calls for one account by what they ask for, until now."""
        account = self._simulator.counts()[forge]["accounts"].get(name, {"calls": {}})
        return account["calls"]

    def __exit__(self, kind, *_):
        if kind is None:
            self.total = self.so_far()


def no_calls(simulator, function):
    """function(), which must not make any call. What it returns."""
    with Calls(simulator) as calls:
        value = function()
    tap.equal(calls.total, 0, "calls")
    return value


def check_right(simulator, reply, name, stale=False):
    """
    Fails unless a reply tells, completely, what both forges know of that name, each answer `stale`
    or not (None: as it happens, for each is fresh for a while of its own). The document.
    """
    tap.equal((reply.status, reply.media_type), (200, JSON), f"status and type of\n{reply}\n")
    document = reply.json()
    expected = simulator.expected(name, name)
    tap.equal(document["complete"], True, f"complete, of {document['accounts']}")
    support.contract.same(document["totals"], expected["totals"], "totals")
    if stale is not None:
        tap.equal([row["stale"] for row in document["accounts"]],
                  [stale] * len(document["accounts"]), "stale")
    return document


def is_stale(reply):
    return any(row["stale"] for row in reply.json()["accounts"])


def until_fresh(program, name):
    """Asks for a name until the answer is fresh again."""
    return until_fresh_of(program, f"username={name}")


def until_fresh_of(program, query):
    def fresh():
        reply = program.get(query)
        return None if is_stale(reply) else reply

    return wait_until(fresh, f"{query} is fresh", child=program.child)


def directives(reply):
    """Cache-Control, as a dictionary: numbers where there are, else True."""
    found = {}
    for part in reply.header("Cache-Control", "").split(","):
        name, _, value = part.strip().partition("=")
        tap.equal(name in found, False, f"{name} twice")
        found[name] = int(value) if value else True
    return found


def age(reply):
    tap.true(re.fullmatch(r"\d+", reply.header("Age", "")), f"Age in seconds, in\n{reply}\n")
    return int(reply.header("Age"))


def check_between(found, lowest, highest, what):
    tap.true(lowest <= found <= highest, f"{what} from {lowest} to {highest}, not {found}")


