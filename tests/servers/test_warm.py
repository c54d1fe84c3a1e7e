#!/usr/bin/env python3
"""What is remembered, behind real web servers: the same bytes from every process of every server,
conditions that hold, and a CGI program that nobody waits for while it asks the forges again.
"""

import functools
import gzip
import http.client
import json
import os
import pathlib
import socket
import sys
import time

sys.dont_write_bytecode = True  # the source tree may be read-only
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import contract, servers, tap  # noqa: E402
from harness.http_client import request  # noqa: E402
from harness.processes import PrivateDirectory, wait_until  # noqa: E402
from harness.upstream import Simulator  # noqa: E402

AGGREGATE = "/api/v1/aggregate"
NAME = "g3-b2-warm"
QUERY = f"{AGGREGATE}?username={NAME}"
VISIT = 3 + 2  # calls to both forges
CROWD = 500
PROCESSES = 4
SANITIZED = os.environ.get("SANITIZED", "0") not in ("", "0")
# Longer than anything takes that must not wait for it.
LATENCY_MS = 6000 if SANITIZED else 2000

four_processes = functools.partial(servers.start_lighttpd_fastcgi, processes=PROCESSES)

# The title, how it is started, whether mod_deflate is there.
SETUPS = (
    ("lighttpd with four processes", four_processes, False),
    ("Apache, mod_fcgid", servers.start_apache_fcgid, True),
    ("Apache, mod_proxy_fcgi", servers.start_apache_proxy_fcgi, True),
    ("Apache, mod_cgid", servers.start_apache_cgi, True),
    ("nginx", servers.start_nginx, False),
    ("lighttpd, mod_cgi", servers.start_lighttpd_cgi, False),
)
CGI_SETUPS = (
    ("Apache, mod_cgid", servers.start_apache_cgi),
    ("Apache, mod_cgi", functools.partial(servers.start_apache_cgi, module="cgi")),
    ("lighttpd, mod_cgi", servers.start_lighttpd_cgi),
)

simulator = tap.Lazy(Simulator, Simulator.close)
# One cache for all set-ups: what the first learns the others tell.
cache = tap.Lazy(lambda: PrivateDirectory(servers.ordinary_account()), PrivateDirectory.close)
first_replies = []


def settings(url, **more):
    return contract.settings(simulator.get(), CACHE_URL=url) | more


class Setup:
    """A set-up with the cache that all share: started by its first test, stopped by its last."""

    def __init__(self, title, start, deflates):
        self.title = title
        options = {"deflate": True} if deflates else {}
        self._server = tap.Lazy(lambda: start(settings(cache.get().url), **options),
                                servers.Server.close)

    def add(self, sentence, check, **options):
        tap.add(f"{self.title}: {sentence}", self._tell_on_failure, check, **options)

    def _tell_on_failure(self, check):
        try:
            check(self)
        except AssertionError:
            if self._server.made:
                tap.diagnose(self._server.get().site.logs())
            raise

    def get(self, method="GET", **headers):
        server = self._server.get()
        return request(server.port, method, server.prefix + QUERY, headers={
            name.replace("_", "-"): value for name, value in headers.items()})

    def close(self):
        self._server.close()


def no_calls(function):
    simulator.get().forget_counts()
    value = function()
    tap.equal(simulator.get().requests(), 0, "calls")
    return value


def first_reply(setup):
    """What the first of all set-ups has answered, when it had made the only visit."""
    if not first_replies:
        reply = setup.get()
        contract.profile(reply, simulator.get().expected(github=NAME, bitbucket=NAME))
        first_replies.append(reply)
    return first_replies[0]


def check_warm(setup):
    first = first_reply(setup)
    # So many that each process is asked, and answers from the store and from memory.
    for reply in no_calls(lambda: [setup.get() for _ in range(4 * PROCESSES)]):
        tap.equal((reply.status, reply.body), (200, first.body), "status and body")
        tap.equal(reply.header("ETag"), first.header("ETag"), "ETag")
        tap.equal(reply.header("Last-Modified"), first.header("Last-Modified"), "Last-Modified")
        tap.true("stale-if-error" in reply.header("Cache-Control"), "Cache-Control")
        tap.true(reply.header("Age").isdigit(), "Age")


def check_conditions(setup):
    tag = first_reply(setup).header("ETag")
    for method in ("GET", "HEAD"):
        for text in (tag, f"W/{tag}", f'"other", {tag}', f'{tag[:-1]}-gzip"', f'{tag[:-1]};gzip"',
                     "*"):
            reply = no_calls(lambda m=method, t=text: setup.get(m, If_None_Match=t))
            tap.equal((reply.status, reply.body), (304, b""), f"status of {method} with {text}")
            tap.equal(reply.header("ETag"), tag, f"ETag of {method}")
    reply = setup.get(If_None_Match='"of another answer"')
    tap.equal((reply.status, reply.body), (200, first_reply(setup).body), "status of another tag")


def check_deflated(setup):
    """mod_deflate puts a suffix behind the tag, and the client brings that back."""
    first = first_reply(setup)
    reply = setup.get(Accept_Encoding="gzip")
    tap.equal(reply.header("Content-Encoding"), "gzip", "Content-Encoding")
    tap.equal(gzip.decompress(reply.body), first.body, "body")
    tag = reply.header("ETag")
    tap.true(tag != first.header("ETag"), f"a tag with a suffix: {tag}")
    for method in ("GET", "HEAD"):
        again = no_calls(lambda m=method: setup.get(m, Accept_Encoding="gzip", If_None_Match=tag))
        tap.equal((again.status, again.body), (304, b""), f"status and body of {method}")


for name, starting, has_deflate in SETUPS:
    new = Setup(name, starting, has_deflate)
    new.add("a warm answer is byte for byte what the others answer, without a call", check_warm)
    new.add("GET and HEAD are 304 for the tag that the client has", check_conditions)
    if has_deflate:
        new.add("with mod_deflate, 304 for the tag that it has made", check_deflated)
    tap.add(f"{name}: stops", new.close)


# Four processes --------------------------------------------------------------------------------

def begin(port, target):
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                       .encode())
    return connection


def finish(connection):
    with connection:
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.read()


@tap.test(f"{CROWD} requests at once for one cold account to four processes behind lighttpd are "
          "one visit", seconds=120)
def check_crowd():
    name = "g2-b2-crowd"
    server = four_processes(settings(cache.get().url))
    try:
        wait_until(lambda: len(server.site.programs()) == PROCESSES, "four processes run")
        simulator.get().change(latency_ms=LATENCY_MS)
        simulator.get().forget_counts()
        connections = [begin(server.port, f"{AGGREGATE}?username={name}") for _ in range(CROWD)]
        replies = {finish(connection) for connection in connections}
        tap.equal(simulator.get().requests(), VISIT, "calls")
        tap.equal({status for status, _ in replies}, {200}, "statuses")
        tap.equal(len(replies), 1, "answers that differ")
    finally:
        simulator.get().change(latency_ms=0)
        server.close()


# CGI, when what is known is stale --------------------------------------------------------------

def ask_kept(port, count):
    """So many requests on one connection, one after the other; the seconds each took and its
    document."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    answers = []
    for _ in range(count):
        begun = time.monotonic()
        connection.request("GET", QUERY)
        response = connection.getresponse()
        body = response.read()
        tap.equal(response.status, 200, f"status of {body}")
        answers.append((time.monotonic() - begun, json.loads(body)))
    connection.close()
    return answers


def is_left_alone(pid, server_pids):
    """Whether a process is no child of the server (any more), and has nothing open that the server
    waits for. One that has just ended is."""
    folder = pathlib.Path(f"/proc/{pid}")
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        open_files = {os.readlink(folder / "fd" / str(n)) for n in range(3)}
    except (FileNotFoundError, ProcessLookupError):
        return True
    parent, session = int(fields[1]), int(fields[3])  # proc(5)
    return parent not in server_pids and session == pid and open_files == {"/dev/null"}


def all_left_alone(site):
    """Whether there are processes of the program, and none that the server has to do with."""
    pids, server_pids = site.programs(), {child.pid for child in site.children}
    return pids and all(is_left_alone(pid, server_pids) for pid in pids)


def check_stale(start):
    with PrivateDirectory(servers.ordinary_account()) as place:
        server = start(settings(place.url, CACHE_FRESH_SECONDS=1))
        try:
            check_refresh(server)
        except AssertionError:
            tap.diagnose(server.site.logs())
            raise
        finally:
            simulator.get().change(latency_ms=0)
            server.close()


def check_refresh(server):
    ask_kept(server.port, 1)
    learned = time.time()
    server.site.wait_until_gone()
    wait_until(lambda: time.time() > learned + 2, "what was learned is stale")
    simulator.get().change(latency_ms=LATENCY_MS)
    simulator.get().forget_counts()
    begun = time.monotonic()
    for took, document in ask_kept(server.port, 3):
        tap.equal({row["stale"] for row in document["accounts"]}, {True}, "stale")
        tap.true(SANITIZED or took < LATENCY_MS / 2000, f"at once, not after {took:.2f} s")
    wait_until(lambda: all_left_alone(server.site), "only who asks the forges again still runs")
    tap.true(SANITIZED or time.monotonic() - begun < LATENCY_MS / 1000, "all that meanwhile")
    wait_until(lambda: simulator.get().requests() >= VISIT, "the visit is made")
    server.site.wait_until_gone()
    tap.equal(simulator.get().requests(), VISIT, "calls: one visit for all that were stale")
    refreshed = request(server.port, "GET", QUERY).json()
    tap.equal(refreshed["complete"], True, "complete")
    age = int(request(server.port, "HEAD", QUERY).header("Age"))
    tap.true(age < time.time() - learned, f"newer than what was learned before: {age} s old")


for name, starting in CGI_SETUPS:
    tap.add(f"{name}: a stale answer comes at once, the server is done with it, and the forges are "
            "asked again afterwards", check_stale, starting, seconds=120)


if __name__ == "__main__":
    sys.exit(tap.main())
