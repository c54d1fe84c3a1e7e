"""Mixed: warm requests while many cold accounts are being visited at a forge a second away.

A warm request must not wait for anybody's visit. What the visits take of the same processors is
part of what is measured; what simulated forges take is not meant to be, so their answers are
recorded and given again by a program that takes hardly any. It answers exactly that second later,
so that calls made at once are answered at once: visits end in bursts, a second from each other.
A window is of whole seconds, so that each has as many bursts as any other. It is short, and of a
round's windows the median counts: a pause of more than a tenth of a second, because the machine's
host has given its processors to others, would decide the 99th percentile of ten seconds alone.
The load generator counts what would have been asked during a pause, too, so no pause is lost.
"""

import contextlib
import itertools
import select
import socket
import statistics
import tempfile
import time

from harness import processes, servers

import load
import visits
import warm_sites
import world as world_module

SUITE = "mixed"
BOUND = 2
LATENCY_MS = 1000
COLD_ACCOUNTS = 200
COLD = "g3-b2-cold-{}-{:03}"
# Below the program's default of 25 seconds for a reply, with what it takes to send it.
PATIENCE_SECONDS = 40
# Connections and the pause of each between two requests. What is promised is promised to visitors
# of pages, who leave the processors room; asked as fast as they can, all that is done for the
# visits is missing for them.
PROMISED = (16, 8)
FAST = (16, 0)
LOADS = (PROMISED, FAST)
WINDOW_SECONDS = 2
# How many a round has. Together they are shorter than the visits take: each account is asked of
# GitHub by 3 calls, of which each of the site's processes makes 32 at a time.
WINDOWS = {PROMISED: 5, FAST: 1}
QUICK_WINDOWS = {PROMISED: 3, FAST: 1}
# One process has its full UPSTREAM_CONCURRENCY of calls to both forges under way.
IN_FLIGHT = 64


def rows(world):
    rounds = world.choose(9, 3)
    with tempfile.NamedTemporaryFile() as recordings, contextlib.ExitStack() as stack:
        with world.simulator() as simulator:
            record(simulator, rounds, recordings)
        forges = stack.enter_context(contextlib.closing(
            visits.Replayer(world, simulator.port, recordings)))
        account = servers.ordinary_account()
        directory = stack.enter_context(world.cache(account))
        settings = simulator.settings() | world_module.UNLIMITED | {"CACHE_URL": directory.url}
        server = stack.enter_context(world.site(servers.start_lighttpd_fastcgi, settings))
        # The hot account, before the forges are far away.
        load.make(server, warm_sites.HOT_POST, 1, 1)
        forges.change(latency_ms=LATENCY_MS)
        quiet, busy = world_module.interleaved(
            rounds, lambda: measure(world, server), Busy(world, server, forges))
    for each in loads_of(world):
        yield row_of(each, [loads[each] for loads in quiet], [loads[each] for loads in busy])


def record(simulator, rounds, file):
    """The answers that visits of the hot account and of all cold ones ask for."""
    first = COLD.format(0, 0)
    names = [COLD.format(number, place) for number in range(rounds)
             for place in range(COLD_ACCOUNTS)]
    with visits.program(simulator.settings()) as program:
        for name in (warm_sites.HOT, first):
            program.ask({"username": name})
    visits.record(simulator, calls_of(simulator, warm_sites.HOT), file)
    model = calls_of(simulator, first)
    for name in names:
        visits.record(simulator, [call | {"url": call["url"].replace(first, name)}
                                  for call in model], file)


def calls_of(simulator, name):
    return [visits.call(simulator, row) for row in simulator.control("GET", f"log?account={name}")]


def row_of(which, quiet, busy):
    """quiet and busy have a list of Loads for each round."""
    def rate(rounds):
        return statistics.median(one.requests_per_second for loads in rounds for one in loads)

    def p99_ms(rounds):
        return [statistics.median(one.p99 for one in loads) * 1e3 for loads in rounds]
    connections, pause_ms = which
    pace = f"a request each {pause_ms} ms" if pause_ms else "as fast as they can"
    return world_module.compare(
        SUITE, f"warm POST, {connections} conn., {pace}, {COLD_ACCOUNTS} cold visits: 99th percentile",
        "ms", p99_ms(busy), p99_ms(quiet),
        bound=BOUND if which == PROMISED else None,
        note=f"{rate(busy):,.0f} requests/s, quiet {rate(quiet):,.0f}")


def measure(world, server):
    """The Loads of its windows for each of them."""
    windows = world.choose(WINDOWS, QUICK_WINDOWS)
    return {each: [load.make(server, warm_sites.HOT_POST, each[0], WINDOW_SECONDS, each[1])
                   for _ in range(windows[each])]
            for each in loads_of(world)}


def loads_of(world):
    return LOADS[:1] if world.promised else LOADS


class Busy:
    """The same while cold accounts are being visited, other ones each time."""

    def __init__(self, world, server, forges):
        self._world, self._server, self._forges = world, server, forges
        self._rounds = itertools.count()

    def __call__(self):
        number = next(self._rounds)
        with ColdRequests(self._server, [COLD.format(number, place)
                                         for place in range(COLD_ACCOUNTS)]) as cold:
            # What their arrival all at once costs is over then.
            processes.wait_until(lambda: self._forges.waiting() >= IN_FLIGHT,
                                 "the visits are under way")
            loads = measure(self._world, self._server)
            left = cold.unanswered()
            cold.finish()
        if not left:
            raise world_module.NotMeasured("all cold visits had ended before the measurement")
        return loads


class ColdRequests:
    """Requests under way, each on a connection of its own, that cost nothing while they wait."""

    def __init__(self, server, names):
        self._waiting = {}
        for name in names:
            self._send(server, b'{"username":"%s"}' % name.encode())

    def _send(self, server, body):
        connection = socket.create_connection(("127.0.0.1", server.port))
        self._waiting[connection] = b""
        connection.sendall(
            b"POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % ((server.prefix + load.AGGREGATE).encode(), len(body), body))

    def _take(self, seconds):
        for connection in select.select(list(self._waiting), [], [], seconds)[0]:
            data = connection.recv(65536)
            self._waiting[connection] += data
            if not data:
                self._end(connection)

    def _end(self, connection):
        reply = self._waiting.pop(connection)
        connection.close()
        if not reply.startswith(b"HTTP/1.1 200 "):
            raise world_module.NotMeasured(f"a cold visit was answered {reply[:300]!r}")

    def unanswered(self):
        """How many have no answer yet."""
        before = None
        while before != len(self._waiting):
            before = len(self._waiting)
            self._take(0)
        return before

    def finish(self):
        """Waits for all answers; each must be whole and well."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._waiting:
            if time.monotonic() > deadline:
                raise world_module.NotMeasured(f"{len(self._waiting)} cold visits are not answered")
            self._take(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self._waiting:
            connection.close()
