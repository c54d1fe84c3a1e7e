"""Cold visits of simulated accounts, by the program and by the bare fetcher.

The fetcher is told to do what the program was seen to ask of the simulator: the same URLs, headers
and bodies in the same rounds. So it meets the same pages, the same simulator and its limits.
"""

import contextlib
import dataclasses
import itertools
import json
import math
import pathlib
import socket
import subprocess
import tempfile
import time

from harness import fastcgi_client, http_client, processes, servers

import world as world_module

AGGREGATE = "/api/v1/aggregate"
JSON = "application/json"
PATIENCE_SECONDS = 120
# What an upstream takes is to decide nothing but the time that a visit takes.
PATIENT = {"REPLY_DEADLINE_SECONDS": PATIENCE_SECONDS, "VISIT_DEADLINE_SECONDS": PATIENCE_SECONDS,
           "UPSTREAM_TIMEOUT_SECONDS": 60, "CACHE_URL": "none:", "CLIENT_COLD_LIMIT": 0}
TOKEN = {"GITHUB_AUTH_TOKEN": "made-up-token"}
CONCURRENCY = 32  # the default of UPSTREAM_CONCURRENCY
# An account with more pages than that has all connections opened.
OPENING = 3300

# As src/forge has them: the pages of a listing, and how many repositories a batch asks for.
PAGE = 100
GRAPHQL_PAGE = 50
BATCH = 100
COMMITS_BATCH = 25
COMMITS_ORIGINALS = 500

# Rounds of a visit, by the simulator's names of calls; what is not named here is of the second.
PROFILE = "graphql:profile"
FIRST_ROUND = ("account", "starred", PROFILE)
LAST_ROUND = ("graphql:nodes",)
# What libcurl writes by itself, for the program and for the fetcher.
OWN_HEADERS = ("host", "accept-encoding", "content-length")


# Processor time and memory ----------------------------------------------------------------------

def processor_seconds(pid):
    """What a running process has used so far. Unlike /proc/PID/stat it does not count in ticks of
    10 ms: the kernel has a clock for each process, whose id is made as clock_getcpuclockid(3) makes
    it (glibc, sysdeps/unix/sysv/linux/clock_getcpuclockid.c)."""
    return time.clock_gettime(~pid << 3 | 2)


def delays_seconds(pid):
    """By thread: how long it was ready to run, but had no processor to run on, because others had
    it (Documentation/scheduler/sched-stats.rst in the kernel's source,
    /proc/PID/task/TID/schedstat). Nothing where the kernel does not tell."""
    return {task.name: int((task / "schedstat").read_text().split()[1]) / 1e9
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
            if (task / "schedstat").exists()}


def forget_peak(pid):
    """Has world.peak_memory_bytes count anew from now on (proc(5), /proc/PID/clear_refs)."""
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


# The program ------------------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Visit:
    """What a visit took: seconds until the answer was there, of these how long the process ran and
    how long it was kept from running by others; and of the processor in all, with what is tidied up
    behind the answer."""

    wall: float
    ran: float
    delayed: float
    processor: float

    @property
    def waiting(self):
        """How long there was nothing to do: the upstream's time. It is shorter than its round trips
        by what was done of one answer while others were awaited."""
        return self.wall - self.ran - self.delayed


class Clock:
    """What a process uses from now on."""

    def __init__(self, pid):
        self._pid = pid
        self._processor, self._delays = processor_seconds(pid), delays_seconds(pid)
        self._begun = time.monotonic()

    def wall(self):
        return time.monotonic() - self._begun

    def processor(self):
        return processor_seconds(self._pid) - self._processor

    def delayed(self):
        """Of the thread that was longest: what delays others meanwhile is the same time."""
        return max((delay - self._delays.get(thread, 0)
                    for thread, delay in delays_seconds(self._pid).items()), default=0)


class Program:
    """The program by FastCGI, without a web server, as a process that goes on running."""

    def __init__(self, settings):
        self._responder = servers.Responder(PATIENT | settings)
        self.pid, self.child, self.path = (self._responder.child.pid, self._responder.child,
                                           self._responder.path)

    def begin(self, document):
        """Asks, and does not wait: the connection on which the answer will come."""
        connection = fastcgi_client.Connection(self.path, PATIENCE_SECONDS)
        body = json.dumps(document).encode()
        connection.send(fastcgi_client.request_bytes(
            fastcgi_client.params_for("POST", AGGREGATE, body, JSON), body))
        return connection

    def ask(self, document):
        """Asks, and waits for a complete answer: the document."""
        with self.begin(document) as connection:
            return finish(connection.answer())

    def visit(self, name):
        """Asks for a GitHub account and measures it."""
        self._rest()
        clock = Clock(self.pid)
        with self.begin({"github": name, "bitbucket": None}) as connection:
            answer = connection.answer()
            # The wall time last: what is used behind the answer is not to be subtracted from it.
            ran, delayed, wall = clock.processor(), clock.delayed(), clock.wall()
        self._rest()
        visit = Visit(wall, ran, delayed, clock.processor())
        finish(answer)
        return visit

    def _rest(self):
        """Waits until all is tidied up, which takes processor time, too."""
        processes.wait_until(lambda: _sleeps(self.pid), "the program rests", child=self.child)

    def close(self):
        self._responder.close()


def _sleeps(pid):
    """Whether every thread of a process waits for something (proc(5), /proc/PID/stat)."""
    states = [(task / "stat").read_text().rpartition(")")[2].split()[0]
              for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return set(states) == {"S"}


def finish(answer):
    """The document of a complete answer. Raises NotMeasured if it is none."""
    reply = answer.reply()
    if reply.status != 200 or not reply.json()["complete"]:
        raise world_module.NotMeasured(f"no complete answer: {reply}")
    return reply.json()


@contextlib.contextmanager
def program(settings):
    started = Program(settings)
    try:
        yield started
    finally:
        started.close()


# The bare fetcher -------------------------------------------------------------------------------

def plan(simulator, name):
    """The calls of the latest visit of a GitHub account, in rounds, as the fetcher reads them.
    The simulator's log has that visit and nothing else of the account."""
    rounds = [], [], []
    log = simulator.control("GET", f"log?account={name}")
    kinds = {row["call"] for row in log}
    for row in log:
        rounds[_round(row["call"], kinds)].append(call(simulator, row))
    return [calls for calls in rounds if calls]


def _round(call, kinds):
    if call == "page:1":
        # Beside the account by REST alone; with the other pages after GraphQL.
        return 1 if PROFILE in kinds else 0
    return 0 if call in FIRST_ROUND else 2 if call in LAST_ROUND else 1


def call(simulator, row):
    """A call that the simulator has logged, as the fetcher and record() read it."""
    made = {"url": f"http://127.0.0.1:{simulator.port}{row['target']}",
            "headers": [f"{name}: {value}" for name, value in row["headers"]
                        if name.lower() not in OWN_HEADERS]}
    return made | ({"body": row["body"]} if row["body"] else {})


class Fetcher:
    """The bare fetcher, as a process that goes on running. Measured as the program is."""

    def __init__(self, world, rounds):
        self._directory = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._directory.name)
        self.path = folder / "plan.json"
        self.path.write_text(json.dumps(rounds))
        self._child = processes.Child(
            [str(world.program("bench/limits/bare_fetcher")), str(self.path)], folder / "log",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, environment={})
        self.pid = self._child.pid
        self.bytes = self.calls = None

    def fetch(self):
        """Carries out the plan once."""
        clock = Clock(self.pid)
        self._child.stdin.write(b"again\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        if not line:
            raise world_module.NotMeasured(f"the fetcher ended: {self._child.tail()}")
        told = json.loads(line)
        self.bytes, self.calls = told["bytes"], told["calls"]
        processor = clock.processor()
        return Visit(told["seconds"], processor, clock.delayed(), processor)

    def close(self):
        self._child.stop()
        self._directory.cleanup()


# Both, for one account --------------------------------------------------------------------------

_serial = itertools.count(1)


def new_name(size):
    """A GitHub account of that many repositories that nobody has asked for yet."""
    return f"g{size}-bench-{next(_serial)}"


class Scene:
    """A GitHub account whose pages the simulator has ready, and another one to begin with.

    upstream is who answers: the simulator, until somebody else takes its place.
    """

    def __init__(self, simulator, size, settings):
        self.upstream, self.settings = simulator, simulator.settings() | settings
        self.size, self.token = size, bool(settings)
        self.name, self._before = new_name(size), new_name(min(size, OPENING))
        simulator.change(latency_ms=0)
        with program(self.settings) as running:
            # The simulator learns from the one what it is to have ready of the other.
            running.visit(self._before)
            simulator.put_account(self.name, {})
            self._opening = plan(simulator, self._before)
            simulator.control("DELETE", "log")
            simulator.forget_counts()
            running.visit(self.name)
        self.counts = simulator.counts()["github"]["accounts"][self.name]
        self.plan = plan(simulator, self.name)
        expected = simulator.expected(github=self.name, token=1)
        self.originals = expected["totals"]["repositories"]["original"]

    @property
    def calls(self):
        """All that a visit here asks."""
        return [call for calls in self._opening + self.plan for call in calls]

    def visit(self, latency_ms=0):
        """A cold visit by a new program, for one that has visited an account before asks whether
        it has changed; connections are open. The visit, and the most memory it had in bytes."""
        self.upstream.change(latency_ms=0)
        with program(self.settings) as running:
            running.visit(self._before)
            self.upstream.change(latency_ms=latency_ms)
            forget_peak(running.pid)
            return running.visit(self.name), world_module.peak_memory_bytes(running.pid)

    def round_trips(self):
        """The least there can be: what is asked together depends on nothing but the answers before."""
        pages = math.ceil(self.size / PAGE)
        if not self.token:
            return 1 + _rounds(pages - 1)
        if self.size <= GRAPHQL_PAGE:
            return 1
        if self.size <= PAGE:
            return 2
        batches = math.ceil(self.originals / BATCH)
        if self.originals <= COMMITS_ORIGINALS:
            batches += math.ceil(self.originals / COMMITS_BATCH)
        return 1 + _rounds(pages) + _rounds(batches)


def _rounds(calls):
    return max(0, math.ceil(calls / CONCURRENCY))


@contextlib.contextmanager
def fetcher(world, scene):
    """The fetcher with the plan of a scene, connections open."""
    started = Fetcher(world, scene.plan)
    try:
        scene.upstream.change(latency_ms=0)
        started.fetch()
        yield started
    finally:
        started.close()


# Recorded answers -------------------------------------------------------------------------------

class Replayer:
    """Takes the place of a simulator that has ended, on its port, and gives its answers: so fast
    that what takes time is the latency and who asks."""

    def __init__(self, world, port, file):
        self._port, self._log = port, tempfile.NamedTemporaryFile()
        self._child = processes.Child(
            [str(world.program("bench/replayer")), str(port), file.name], self._log.name,
            stdout=subprocess.PIPE, environment={})
        if self._child.stdout.readline() != b"ready\n":
            raise world_module.NotMeasured(f"no replayer: {self._child.tail()}")

    def change(self, latency_ms):
        http_client.request(self._port, "GET", f"/latency/{latency_ms}")

    def waiting(self):
        """How many requests have not been answered yet."""
        return int(http_client.request(self._port, "GET", "/waiting").body)

    def close(self):
        self._child.stop()
        self._log.close()


def record(simulator, calls, file):
    """Appends the calls and their answers, as bench/replayer.c reads them."""
    with socket.create_connection(("127.0.0.1", simulator.port)) as asking:
        for call in calls:
            answer = _answer(asking, call)
            target = call["url"].partition(f":{simulator.port}")[2]
            body = call.get("body", "")
            request = f"{'POST' if body else 'GET'} {target}\n{body}".encode()
            file.write(b"%d %d\n" % (len(request), len(answer)) + request + answer)
    file.flush()


def _answer(asking, call):
    """The bytes of the answer, its header and its body."""
    body = call.get("body", "").encode()
    lines = [f"{'POST' if body else 'GET'} {call['url']} HTTP/1.1", "Host: localhost",
             *call["headers"], f"Content-Length: {len(body)}", "", ""]
    lines[0] = lines[0].replace("http://127.0.0.1:%d" % asking.getpeername()[1], "")
    asking.sendall("\r\n".join(lines).encode() + body)
    with asking.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n")) + b"\r\n"
        length = int(head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
        return head + stream.read(length)
