#!/usr/bin/env python3
"""The FastCGI door itself, by raw connections: what no well-behaved web server would send.

The program runs as our own child on a Unix socket, without a web server in between. A failure
here names the rule that was broken; the tests of the web servers only show that something was.
"""

import fcntl
import json
import os
import pathlib
import select
import signal
import struct
import sys
import termios
import time

sys.dont_write_bytecode = True  # the source tree may be read-only
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import contract, fastcgi_client as fcgi, servers, tap  # noqa: E402
from harness.fastcgi_client import Connection  # noqa: E402
from harness.processes import wait_until  # noqa: E402
from harness.upstream import Simulator  # noqa: E402

AGGREGATE = "/api/v1/aggregate"
JSON = "application/json"
NAME = "g3-b2-a"
DOORS = 8             # the default of the setting
AT_ONCE_SECONDS = 2   # "at once" on a machine that runs other tests at the same time
STOP_SECONDS = 6      # the program's promise: it has left this long after TERM
# A whole request that does not ask any forge.
MALFORMED = b'{"username":'


def settings():
    # So many transfers at a time that no visit waits for another.
    return contract.settings(simulator.get(), UPSTREAM_CONCURRENCY=512)


simulator = tap.Lazy(Simulator, Simulator.close)
shared = tap.Lazy(lambda: servers.Responder(settings()), servers.Responder.close)


class Latency:
    """The simulator answers this late while the block runs."""

    def __init__(self, milliseconds):
        self._milliseconds = milliseconds

    def __enter__(self):
        simulator.get().change(latency_ms=self._milliseconds)

    def __exit__(self, *_):
        simulator.get().change(latency_ms=0)


_serial = 0


def cold(forges="g1-b1"):
    """A name that no test has asked for."""
    global _serial
    _serial += 1
    return f"{forges}-c{_serial}"


def body_for(name):
    return json.dumps({"username": name}).encode()


def post_bytes(body, keep=False, **more):
    return fcgi.request_bytes(
        fcgi.params_for("POST", AGGREGATE, body, JSON, **more), body, keep=keep)


def expected(name):
    return simulator.get().expected(github=name, bitbucket=name)


def check_answers(path, name=NAME):
    contract.profile(fcgi.ask_json(path, body_for(name)), expected(name))


def check_at_once(path, count=1, seconds=AT_ONCE_SECONDS):
    """The program answers what needs no forge, and does it now, or within so many seconds."""
    for _ in range(count):
        begun = time.monotonic()
        contract.problem(fcgi.ask_json(path, MALFORMED), 400)
        took = time.monotonic() - begun
        tap.true(took < seconds, f"an answer within {seconds} s, not {took:.2f}")


def check_not_served(connection, seconds=AT_ONCE_SECONDS * 2):
    """The program gives up on what was sent: an error or nothing, and the connection closes."""
    tap.true(connection.closed_within(seconds), f"connection closed within {seconds} s")
    tap.true(b"Status: 2" not in connection.received(), "no success for a request never sent")


# Whole requests --------------------------------------------------------------------------------

@tap.test("a request over a raw connection is answered")
def check_whole():
    check_answers(shared.get().path)


@tap.test("cgi-fcgi, the FastCGI project's own client, gets the same")
def check_cgi_fcgi():
    body = body_for(NAME)
    params = fcgi.params_for("POST", AGGREGATE, body, JSON)
    reply = fcgi.cgi_reply(servers.cgi_fcgi(shared.get().path, params, body))
    contract.profile(reply, expected(NAME))


@tap.test("the reply has a Status line, and nothing is written to the error stream")
def check_status_line():
    with Connection(shared.get().path) as connection:
        connection.send(post_bytes(body_for(NAME)))
        answer = connection.answer()
    tap.true(b"Status: 200 OK\r\n" in answer.stdout, "Status: 200 OK")
    tap.equal(answer.stderr, b"", "STDERR")
    tap.equal((answer.application_status, answer.protocol_status), (0, 0), "end of request")


@tap.test("the length of the reply is told, and true")
def check_length():
    reply = fcgi.ask_json(shared.get().path, body_for(NAME))
    tap.equal(reply.header("Content-Length"), str(len(reply.body)), "Content-Length")


@tap.test("a request sent a byte at a time is answered")
def check_bytes():
    with Connection(shared.get().path) as connection:
        for byte in post_bytes(body_for(NAME)):
            connection.send(bytes([byte]))
        contract.profile(connection.answer().reply(), expected(NAME))


@tap.test("parameters and body in records of one byte are answered")
def check_small_records():
    body = body_for(NAME)
    params = fcgi.pairs(fcgi.params_for("POST", AGGREGATE, body, JSON))
    small = [fcgi.record(kind, bytes([byte]))
             for kind, content in ((fcgi.PARAMS, params), (fcgi.STDIN, body)) for byte in content]
    small.insert(len(params), fcgi.record(fcgi.PARAMS))
    with Connection(shared.get().path) as connection:
        connection.send(fcgi.begin() + b"".join(small) + fcgi.record(fcgi.STDIN))
        contract.profile(connection.answer().reply(), expected(NAME))


@tap.test("60 KB of header fields are taken")
def check_large_params():
    cookies = {f"HTTP_X_FIELD_{number}": "v" * 1000 for number in range(60)}
    reply = fcgi.ask_json(shared.get().path, body_for(NAME), **cookies)
    contract.profile(reply, expected(NAME))


@tap.test("parameters that need several records are taken")
def check_several_records():
    cookies = {f"HTTP_X_FIELD_{number}": "v" * 1000 for number in range(150)}
    reply = fcgi.ask_json(shared.get().path, body_for(NAME), **cookies)
    contract.profile(reply, expected(NAME))


@tap.test("a query string of 300 KB is refused and not a crash")
def check_large_query():
    responder = shared.get()
    reply = fcgi.ask(responder.path, "GET", f"{AGGREGATE}?username={'a' * 300 * 1024}")
    tap.true(400 <= reply.status < 500, f"a 4xx status, not {reply.status}")
    contract.problem(reply, reply.status)
    tap.true(responder.child.alive(), "the program still runs")


# What is cut short -----------------------------------------------------------------------------

def truncated(cut):
    """The beginning of a request whose PARAMS stream the given function cuts."""
    name = cold()
    params = fcgi.params_for("GET", f"{AGGREGATE}?username={name}")
    # The parameters that matter first: if they were taken for the whole, they would be a request.
    first = {key: params.pop(key) for key in ("REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING")}
    return fcgi.begin() + cut(fcgi.pairs(first), fcgi.pairs(params))


def check_truncated(cut):
    responder = shared.get()
    before = simulator.get().requests()
    with Connection(responder.path) as connection:
        connection.send(truncated(cut))
        connection.half_close()
        check_not_served(connection)
    check_at_once(responder.path)
    tap.equal(simulator.get().requests(), before, "requests the forges have seen")


tap.add("parameters that end after a pair are not taken for a request", check_truncated,
        lambda first, rest: fcgi.record(fcgi.PARAMS, first))
tap.add("parameters that end within a pair are not taken for a request", check_truncated,
        lambda first, rest: fcgi.record(fcgi.PARAMS, first + rest[:5]))
tap.add("parameters that end within a record are not taken for a request", check_truncated,
        lambda first, rest: fcgi.record(fcgi.PARAMS, first + rest)[:-20])
tap.add("parameters that end with a pair longer than what follows are not taken for a request",
        check_truncated,
        lambda first, rest: fcgi.record(fcgi.PARAMS, first + b"\x04\x7fNAMEvalue")
        + fcgi.record(fcgi.PARAMS))


@tap.test("a whole request whose parameters lie about a length is not taken for a request")
def check_lying_params():
    responder = shared.get()
    before = simulator.get().requests()
    params = fcgi.pairs(fcgi.params_for("GET", f"{AGGREGATE}?username={cold()}"))
    for lie in (b"\x04\x7fNAMEvalue", b"\xff\xff\xff\xff\x01N", b"\x84\0\0"):
        with Connection(responder.path) as connection:
            connection.send(fcgi.begin() + fcgi.record(fcgi.PARAMS, params + lie)
                            + fcgi.record(fcgi.PARAMS) + fcgi.record(fcgi.STDIN))
            check_not_served(connection)
        tap.true(responder.child.alive(), "the program still runs")
    tap.equal(simulator.get().requests(), before, "requests the forges have seen")


@tap.test("a connection that ends within the body is not taken for a request")
def check_truncated_body():
    responder = shared.get()
    before = simulator.get().requests()
    body = body_for(cold())
    params = fcgi.pairs(fcgi.params_for("POST", AGGREGATE, body, JSON))
    with Connection(responder.path) as connection:
        connection.send(fcgi.begin() + fcgi.record(fcgi.PARAMS, params)
                        + fcgi.record(fcgi.PARAMS) + fcgi.record(fcgi.STDIN, body)[:-12])
        connection.half_close()
        check_not_served(connection)
    tap.equal(simulator.get().requests(), before, "requests the forges have seen")


# CONTENT_LENGTH --------------------------------------------------------------------------------

@tap.test("without CONTENT_LENGTH the body ends where its stream ends")
def check_no_length():
    reply = fcgi.ask_json(shared.get().path, body_for(NAME), CONTENT_LENGTH=None)
    contract.profile(reply, expected(NAME))


def check_wrong_length(length):
    reply = fcgi.ask_json(shared.get().path, body_for(NAME), CONTENT_LENGTH=length)
    contract.problem(reply, 400)


tap.add("fewer bytes than CONTENT_LENGTH tells are 400", check_wrong_length,
        len(body_for(NAME)) + 10)
tap.add("more bytes than CONTENT_LENGTH tells are 400", check_wrong_length,
        len(body_for(NAME)) - 1)
tap.add("a CONTENT_LENGTH that is no number is 400", check_wrong_length, "many")
tap.add("a negative CONTENT_LENGTH is 400", check_wrong_length, "-1")


@tap.test("a body far over the limit is 413 whether or not its length was told")
def check_over_limit():
    body = b" " * 1024 * 1024
    for length in (len(body), None):
        reply = fcgi.ask_json(shared.get().path, body, CONTENT_LENGTH=length)
        contract.problem(reply, 413)


# One connection, several requests --------------------------------------------------------------

@tap.test("a kept connection serves a second and a third request")
def check_keep():
    names = (NAME, cold(), NAME)
    with Connection(shared.get().path) as connection:
        for name in names:
            connection.send(post_bytes(body_for(name), keep=True))
            contract.profile(connection.answer().reply(), expected(name))


@tap.test("a kept connection is closed after a request that does not ask to keep it")
def check_keep_no_more():
    with Connection(shared.get().path) as connection:
        connection.send(post_bytes(body_for(NAME), keep=True))
        connection.answer()
        connection.send(post_bytes(body_for(NAME)))
        connection.answer()
        tap.true(connection.closed_within(AT_ONCE_SECONDS), "closed after the second")


@tap.test("more idle kept connections than doors delay nobody")
def check_idle_kept():
    path = shared.get().path
    kept = [Connection(path) for _ in range(2 * DOORS)]
    for connection in kept:
        connection.send(post_bytes(MALFORMED, keep=True))
        contract.problem(connection.answer().reply(), 400)
    check_at_once(path, 5)
    for connection in kept:
        connection.close()


READ_BYTES = 8192  # libfcgi reads this much at a time


def smuggling_body(prefix_length, smuggled, size=60000):
    """A body with the smuggled bytes wherever a reader that stopped early would go on."""
    body = bytearray(b" " * size)
    at = READ_BYTES - prefix_length
    while at + len(smuggled) <= size:
        body[at:at + len(smuggled)] = smuggled
        at += READ_BYTES
    return bytes(body)


def check_smuggling(method, target, content_type, status, size=60000):
    """What is left of an unread body must never be read as the next request."""
    responder = shared.get()
    name = cold()
    smuggled = fcgi.request_bytes(fcgi.params_for(
        "GET", f"{AGGREGATE}?username={name}", REMOTE_ADDR="192.0.2.1"), keep=True)
    params = fcgi.params_for(method, target, b" " * size, content_type)
    head = b"".join((fcgi.begin(keep=True), fcgi.stream(fcgi.PARAMS, fcgi.pairs(params)),
                     fcgi.record(fcgi.PARAMS)))
    body = smuggling_body(len(head) + fcgi.HEADER.size, smuggled, size)
    before = simulator.get().requests()
    with Connection(responder.path) as connection:
        connection.send_unless_closed(head + fcgi.stream(fcgi.STDIN, body)
                                      + fcgi.record(fcgi.STDIN))
        contract.problem(connection.answer().reply(), status)
        tap.true(not connection.readable(0.3), "one answer for one request")
        if not connection.closed_within(0):
            connection.send(post_bytes(MALFORMED))
            contract.problem(connection.answer().reply(), 400)
    check_at_once(responder.path)
    tap.equal(simulator.get().requests(), before, "requests the forges have seen")


tap.add("an unread body of an unknown path is no second request", check_smuggling,
        "POST", "/api/v1/nothing-here", JSON, 404)
tap.add("an unread body of a wrong method is no second request", check_smuggling,
        "DELETE", AGGREGATE, JSON, 405)
tap.add("an unread body of a wrong type is no second request", check_smuggling,
        "POST", AGGREGATE, "application/xml", 415)
tap.add("an unread body over the limit is no second request", check_smuggling,
        "POST", AGGREGATE, JSON, 413, 200000)


# Peers that say nothing ------------------------------------------------------------------------

@tap.test("a connection that says nothing blocks nobody")
def check_silent():
    path = shared.get().path
    with Connection(path):
        check_at_once(path, 3)


@tap.test("four times as many silent connections as doors block nobody")
def check_many_silent():
    path = shared.get().path
    silent = [Connection(path) for _ in range(4 * DOORS)]
    check_at_once(path, 3)
    for connection in silent:
        connection.close()


@tap.test("half-sent parameters block nobody")
def check_half_sent():
    path = shared.get().path
    with Connection(path) as connection:
        connection.send(truncated(lambda first, rest: fcgi.record(fcgi.PARAMS, first)))
        check_at_once(path, 3)


@tap.test("parameters that dribble in block nobody and are answered")
def check_dribble():
    path = shared.get().path
    whole = post_bytes(body_for(NAME))
    with Connection(path) as connection:
        connection.send(whole[:-20])
        for byte in whole[-20:]:
            check_at_once(path)
            connection.send(bytes([byte]))
        contract.profile(connection.answer().reply(), expected(NAME))


@tap.test("a peer that does not read its answer blocks nobody")
def check_not_reading():
    path = shared.get().path
    with Connection(path) as connection:
        connection.send(post_bytes(body_for(NAME), keep=True))
        check_at_once(path, 3)


POLICIES = {os.SCHED_OTHER: "other", os.SCHED_IDLE: "idle"}
SEND_SECONDS = 10  # what the program gives a web server to take a reply (src/gateway/fastcgi.c)


def unread(connection):
    """How many bytes have come on it (ioctl_tty(2), FIONREAD)."""
    return struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.FIONREAD, bytes(4)))[0]


def fill_with_replies(connection):
    """Asks on a kept connection, one after the other, and reads nothing, until an answer does not
    come: then its door writes in vain."""
    request = post_bytes(MALFORMED, keep=True)
    before, deadline = -1, time.monotonic()
    while time.monotonic() < deadline or unread(connection) > before:
        if unread(connection) > before:
            before, deadline = unread(connection), time.monotonic() + AT_ONCE_SECONDS
            connection.send(request)
        time.sleep(0.001)


@tap.test("many answers that are not read hold a door for a while, and no longer", seconds=90)
def check_not_reading_for_long():
    own = servers.Responder(settings() | {"DOORS": 1})
    try:
        with Connection(own.path) as connection:
            fill_with_replies(connection)
            check_at_once(own.path, 1, SEND_SECONDS + AT_ONCE_SECONDS)
    finally:
        own.close()


SANITIZERS_THREADS = 0 if os.environ.get("SANITIZED", "0") in ("", "0") else 1


@tap.test("no thread takes the processor from the web server that wakes it; what was chosen stays")
def check_policy():
    for before, expected in ((os.SCHED_OTHER, os.SCHED_BATCH), (os.SCHED_IDLE, os.SCHED_IDLE)):
        own = servers.Responder(settings(), ("chrt", f"--{POLICIES[before]}", "0"))
        try:
            check_answers(own.path, cold())
            threads = list(pathlib.Path(f"/proc/{own.child.pid}/task").iterdir())
            policies = [os.sched_getscheduler(int(thread.name)) for thread in threads]
            # A door that listens, one that answers, and the engine. ThreadSanitizer's own thread is
            # older than all that the program does.
            others = [policy for policy in policies if policy != expected]
            tap.true(len(policies) - len(others) > 2, f"at least three of {expected} in {policies}")
            tap.true(len(others) <= SANITIZERS_THREADS, f"all are of {expected} in {policies}")
        finally:
            own.close()


@tap.test("what is no FastCGI at all ends its own connection and nothing else")
def check_garbage():
    responder = shared.get()
    for garbage in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\0" * 64,
                    fcgi.record(fcgi.STDIN, b"x"), fcgi.record(fcgi.BEGIN_REQUEST, b"short")):
        with Connection(responder.path) as connection:
            connection.send(garbage)
            connection.half_close()
            check_not_served(connection)
    check_at_once(responder.path)
    tap.true(responder.child.alive(), "the program still runs")


# Parked requests -------------------------------------------------------------------------------

PARKED = 200
SLOW_MS = 1500


def park(path, names):
    """A connection for each name, with a cold request sent on it."""
    parked = []
    for name in names:
        connection = Connection(path, seconds=40)
        connection.send(post_bytes(body_for(name)))
        parked.append(connection)
    return parked


def check_parked(names):
    """All wait for slow forges, nobody waits for them, and all are finished."""
    responder = shared.get()
    with Latency(SLOW_MS):
        begun = time.monotonic()
        parked = park(responder.path, names)
        check_at_once(responder.path, 10)
        if time.monotonic() - begun < SLOW_MS / 1000:
            tap.equal(select.select(parked, [], [], 0)[0], [], "answers before the forges answer")
        replies = [connection.answer().reply() for connection in parked]
        took = time.monotonic() - begun
    for connection in parked:
        connection.close()
    documents = {name: expected(name) for name in set(names)}
    for name, reply in zip(names, replies):
        contract.profile(reply, documents[name])
    tap.diagnose(f"{len(names)} parked requests took {took:.2f} s at {SLOW_MS} ms of latency")
    return took


@tap.test(f"{PARKED} requests parked for one account are finished together, by one visit")
def check_parked_together():
    name = cold("b1")
    simulator.get().forget_counts()
    took = check_parked([name] * PARKED)
    one_visit = simulator.get().requests()
    simulator.get().forget_counts()
    check_answers(shared.get().path, cold("b1"))
    tap.equal(one_visit, simulator.get().requests(), "requests the forges have seen")
    tap.true(took < 4 * SLOW_MS / 1000 + 2, "all at the pace of one visit")


@tap.test(f"{PARKED} requests parked for {PARKED} accounts are finished", seconds=90)
def check_parked_apart():
    check_parked([cold("b1") for _ in range(PARKED)])


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def visited(name):
    """Whether Bitbucket has answered both calls that this account takes."""
    account = simulator.get().counts()["bitbucket"]["accounts"].get(name)
    return account is not None and account["requests"] == 2 and account["in_flight"] == 0


@tap.test("clients that go away while parked cost nothing but the visit")
def check_gone():
    responder = shared.get()
    check_answers(responder.path)
    before = descriptors(responder.child.pid)
    names = [cold("b1") for _ in range(50)]
    with Latency(SLOW_MS):
        for connection in park(responder.path, names):
            connection.close()
        check_at_once(responder.path, 3)
        for name in names:
            wait_until(lambda n=name: visited(n), f"{name} is visited", child=responder.child)
    accounts = simulator.get().counts()["bitbucket"]["accounts"]
    for name in names:
        tap.equal(set(accounts[name]["calls"].values()), {1}, f"times each call is made for {name}")
    # Kept connections to the forges may have come: a few, and not one for each client.
    wait_until(lambda: descriptors(responder.child.pid) <= before + len(names) // 2,
               f"about {before} open descriptors again", child=responder.child)


@tap.test("an aborted request ends its connection or its request, and nothing else")
def check_abort():
    responder = shared.get()
    with Latency(SLOW_MS):
        with Connection(responder.path) as connection:
            body = body_for(cold("b1"))
            params = fcgi.pairs(fcgi.params_for("POST", AGGREGATE, body, JSON))
            connection.send(fcgi.begin() + fcgi.record(fcgi.PARAMS, params)
                            + fcgi.record(fcgi.PARAMS) + fcgi.record(fcgi.STDIN, body)
                            + fcgi.record(fcgi.ABORT_REQUEST))
            check_not_served(connection)
        with Connection(responder.path) as connection:
            connection.send(post_bytes(body_for(cold("b1"))) + fcgi.record(fcgi.ABORT_REQUEST))
            check_at_once(responder.path, 3)
            try:
                # It had ended when it was aborted, so it may be answered; but then wholly.
                connection.answer().reply().json()
            except fcgi.Closed:
                pass
    check_answers(responder.path)


# Stopping --------------------------------------------------------------------------------------

def check_stop(latency_ms, signal_number, statuses, count=20):
    """Parked requests are answered after the signal, in time, and the program exits with 0."""
    responder = servers.Responder(settings())
    try:
        check_at_once(responder.path)
        with Latency(latency_ms):
            names = [cold() for _ in range(count)]
            parked = park(responder.path, names)
            wait_until(lambda: all_asked(names), "every request is taken",
                       child=responder.child)
            begun = time.monotonic()
            responder.child.send(signal_number)
            replies = [connection.answer().reply() for connection in parked]
            status = responder.child.wait(STOP_SECONDS + AT_ONCE_SECONDS)
            took = time.monotonic() - begun
        for connection in parked:
            connection.close()
        for reply in replies:
            tap.true(reply.status in statuses, f"one of {statuses}, not {reply.status}")
            reply.json()
        tap.equal(status, 0, "exit status")
        tap.true(took < STOP_SECONDS + AT_ONCE_SECONDS, f"gone in time, not after {took:.2f} s")
        return took
    finally:
        responder.close()


def all_asked(names):
    """Whether the forges have been asked for all of these."""
    return set(names) <= set(simulator.get().counts()["bitbucket"]["accounts"])


for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
    tap.add(f"{number.name} while requests are parked: all are answered when their forges have, "
            "and the program exits with 0", check_stop, SLOW_MS, number, (200,))
tap.add("SIGTERM while forges are too slow: all are answered with what is complete within "
        f"{STOP_SECONDS} s, and the program exits with 0",
        check_stop, 20000, signal.SIGTERM, (200, 503, 504))


@tap.test("SIGTERM while idle: the program exits with 0 at once")
def check_stop_idle():
    responder = servers.Responder(settings())
    try:
        check_at_once(responder.path)
        responder.child.send(signal.SIGTERM)
        tap.equal(responder.child.wait(AT_ONCE_SECONDS), 0, "exit status")
    finally:
        responder.close()


@tap.test("SIGTERM while connections say nothing: the program still leaves in time")
def check_stop_silent():
    responder = servers.Responder(settings())
    try:
        check_at_once(responder.path)
        silent = [Connection(responder.path) for _ in range(2 * DOORS)]
        silent[0].send(truncated(lambda first, rest: fcgi.record(fcgi.PARAMS, first)))
        responder.child.send(signal.SIGTERM)
        tap.equal(responder.child.wait(STOP_SECONDS + AT_ONCE_SECONDS), 0, "exit status")
        for connection in silent:
            connection.close()
    finally:
        responder.close()


@tap.test("the program that all these tests have used still runs and answers")
def check_still_there():
    responder = shared.get()
    tap.true(responder.child.alive(), "the program still runs")
    check_answers(responder.path)


if __name__ == "__main__":
    sys.exit(tap.main())
