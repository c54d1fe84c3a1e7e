"""Mixed: warm requests while many cold accounts are being visited at a forge a second away.

A warm request must not wait for anybody's visit. What the visits take of the same processors is
part of what is measured; what the simulated forges take is not meant to be, so they give way.
The load generator counts what would have been asked during a pause, too, so no pause is lost.
"""

import contextlib
import os
import select
import socket
import statistics
import time

from harness import processes, servers

import load
import warm_sites
import world as world_module

SUITE = "mixed"
BOUND = 2
LATENCY_MS = 1000
COLD_ACCOUNTS = 200
# Below the program's default of 25 seconds for a reply, with what it takes to send it.
PATIENCE_SECONDS = 40
# Connections and the pause of each between two requests. What is promised is promised to visitors
# of pages, who leave the processors room; asked as fast as they can, all that is done for the
# visits is missing for them.
PROMISED = (16, 8)
LOADS = (PROMISED, (16, 0))
# One process has its full UPSTREAM_CONCURRENCY of calls to both forges under way.
IN_FLIGHT = 64


def rows(world):
    with contextlib.ExitStack() as stack:
        account = servers.ordinary_account()
        simulator = stack.enter_context(world.simulator(latency_ms=0))
        directory = stack.enter_context(world.cache(account))
        settings = simulator.settings() | world_module.UNLIMITED | {"CACHE_URL": directory.url}
        server = stack.enter_context(world.site(servers.start_lighttpd_fastcgi, settings))
        # The hot account, before the forges are far away.
        load.make(server, warm_sites.HOT_POST, 1, 1)
        simulator.change(latency_ms=LATENCY_MS)
        os.setpriority(os.PRIO_PROCESS, simulator.child.pid, 19)
        quiet, busy = world_module.interleaved(
            world.choose(5, 2), lambda: measure(world, server), Busy(world, server, simulator))
    for each in LOADS:
        yield row_of(each, [loads[each] for loads in quiet], [loads[each] for loads in busy])


def row_of(which, quiet, busy):
    def rate(loads):
        return statistics.median(one.requests_per_second for one in loads)
    connections, pause_ms = which
    pace = f"a request each {pause_ms} ms" if pause_ms else "as fast as they can"
    return world_module.compare(
        SUITE, f"warm POST, {connections} conn., {pace}, {COLD_ACCOUNTS} cold visits: 99th percentile",
        "ms", [one.p99 * 1e3 for one in busy], [one.p99 * 1e3 for one in quiet],
        bound=BOUND if which == PROMISED else None,
        note=f"{rate(busy):,.0f} requests/s, quiet {rate(quiet):,.0f}")


def measure(world, server):
    """A Load for each of LOADS."""
    return {each: load.make(server, warm_sites.HOT_POST, each[0], world.choose(3, 1), each[1])
            for each in LOADS}


class Busy:
    """The same while cold accounts are being visited, other ones each time."""

    def __init__(self, world, server, simulator):
        self._world, self._server, self._simulator = world, server, simulator
        self._round = 0

    def __call__(self):
        self._round += 1
        with ColdRequests(self._server, [f"g3-b2-cold-{self._round}-{number}"
                                         for number in range(COLD_ACCOUNTS)]) as cold:
            # What their arrival all at once costs is over then.
            processes.wait_until(lambda: self._simulator.counts()["in_flight"] >= IN_FLIGHT,
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
