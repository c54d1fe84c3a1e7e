#!/usr/bin/env python3
"""Many requests at once, slow forges, and what a visit costs: counted, not timed.

Upstream latency makes the order of things certain: what must wait waits for the simulator, so
everything else can be seen to have happened before.
"""

import pathlib
import select
import sys
import time

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from support import Program, contract, fcgi, finish, tap  # noqa: E402
from harness.processes import wait_until  # noqa: E402

CROWD = 200
LATENCY_MS = 200
LONG_MS = 2000       # long enough to do something else meanwhile, many times over
MALFORMED = b'{"username":'
LARGE = "g3000-large"
LARGE_PAGES = 30
# Two round trips of 200 ms and the processor time of 30 pages on a machine that does other things.
LARGE_SECONDS = 120 if support.SANITIZED else 10

simulator = support.lazy_simulator()
program = support.lazy_program(simulator, REPLY_DEADLINE_SECONDS=120, UPSTREAM_TIMEOUT_SECONDS=60,
                               VISIT_DEADLINE_SECONDS=180)


class Latency:
    """The simulator answers this late while the block runs."""

    def __init__(self, milliseconds):
        self._milliseconds = milliseconds

    def __enter__(self):
        simulator.get().change(latency_ms=self._milliseconds)

    def __exit__(self, *_):
        simulator.get().change(latency_ms=0)


def counts_of(name, forge="github"):
    """The simulator's counts of one account."""
    return simulator.get().counts()[forge]["accounts"].get(name, {"requests": 0})


def begin_all(names):
    return [program.get().begin({"username": name}) for name in names]


def check_answer(reply, name):
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    support.check_whole(reply.json(), simulator.get().expected(name, name), name)


# Round trips -----------------------------------------------------------------------------------

@tap.test("3000 repositories on GitHub take two round trips", seconds=180)
def check_round_trips():
    program.get().ask({"username": "g101-b1-before"})  # opens connections, and is rendered anew
    simulator.get().put_account(LARGE, {})
    simulator.get().control("DELETE", "log")
    with Latency(LATENCY_MS):
        begun = time.monotonic()
        reply = program.get().ask({"github": LARGE, "bitbucket": None})
        took = time.monotonic() - begun
    support.check_whole(reply.json(), simulator.get().expected(github=LARGE))
    tap.diagnose(f"{LARGE_PAGES} pages in {took * 1000:.0f} ms, of which two round trips are "
                 f"{2 * LATENCY_MS} ms")
    calls = [row["call"] for row in simulator.get().control("GET", f"log?account={LARGE}")]
    tap.equal(set(calls[:3]), {"account", "page:1", "starred"}, "the first round")
    tap.equal(sorted(calls[3:]), sorted(f"page:{n}" for n in range(2, LARGE_PAGES + 1)),
              "the second round")
    # All pages of the second round were under way together, so there was no third. Of the first
    # round some may have been, too.
    tap.true(counts_of(LARGE)["largest_in_flight"] >= LARGE_PAGES - 1, "all pages at a time")
    tap.true(took >= 2 * LATENCY_MS / 1000, "no answer before two round trips")
    tap.true(took < LARGE_SECONDS, f"an answer within {LARGE_SECONDS} s, not {took:.1f}")


@tap.test("1000 repositories on Bitbucket take two round trips")
def check_bitbucket_round_trips():
    name = "b1000-large"
    with Latency(LATENCY_MS):
        reply = program.get().ask({"bitbucket": name})
    support.check_whole(reply.json(), simulator.get().expected(bitbucket=name))
    counts = counts_of(name, "bitbucket")
    tap.equal(counts["requests"], 11, "calls")
    tap.true(counts["largest_in_flight"] >= 9, "all other pages at a time")


# Crowds ----------------------------------------------------------------------------------------

@tap.test("200 requests at once for 200 accounts are all answered right", seconds=180)
def check_crowd_of_accounts():
    names = [f"g2-b2-crowd-{n}" for n in range(CROWD)]
    with Latency(LATENCY_MS):
        connections = begin_all(names)
        replies = [finish(connection) for connection in connections]
    for name, reply in zip(names, replies):
        check_answer(reply, name)
    for name in names:
        tap.equal((counts_of(name)["requests"], counts_of(name, "bitbucket")["requests"]), (3, 2),
                  f"calls for {name}")


@tap.test("200 requests at once for one account cost one visit, and what needs no forge is "
          "answered before them", seconds=180)
def check_crowd_of_one():
    name = "g2-b2-one"
    with Latency(LONG_MS):
        connections = begin_all([name] * CROWD)
        wait_until(lambda: counts_of(name, "bitbucket")["requests"] == 2, "the visit has begun",
                   child=program.get().child)
        refused = (
            (400, lambda: fcgi.ask_json(program.get().path, MALFORMED)),
            (422, lambda: program.get().get("username=a/b")),
            (404, lambda: fcgi.ask(program.get().path, "GET", "/nothing")),
        )
        for status, ask in refused:
            contract.problem(ask(), status)
        tap.equal([c for c in connections if c.readable()], [], "visits that ended before")
        replies = [finish(connection) for connection in connections]
    check_answer(replies[0], name)
    tap.equal({reply.body for reply in replies}, {replies[0].body}, "one and the same answer")
    for forge, calls in (("github", 3), ("bitbucket", 2)):
        tap.equal(counts_of(name, forge)["requests"], calls, f"calls to {forge}")


@tap.test("the same account in other words joins the same visit")
def check_other_words():
    name = "g2-b2-words"
    with Latency(LONG_MS):
        connections = [program.get().begin(document) for document in (
            {"username": name}, {"github": name.upper()}, {"bitbucket": name, "github": None},
            {"github": [name, "g1-words"]})]
        replies = [finish(connection) for connection in connections]
    tap.equal([reply.status for reply in replies], [200] * 4, "statuses")
    for forge, calls in (("github", 3), ("bitbucket", 2)):
        tap.equal(counts_of(name, forge)["requests"], calls, f"calls to {forge}")


@tap.test("a client that goes away costs nobody else anything")
def check_gone():
    name = "g2-b2-gone"
    with Latency(LATENCY_MS * 2):
        connections = begin_all([name] * 20)
        for connection in connections[::2]:
            connection.close()
        for connection in connections[1::2]:
            check_answer(finish(connection), name)
    check_answer(program.get().ask({"username": "g1-b1-after"}), "g1-b1-after")


# Limits ----------------------------------------------------------------------------------------

def with_program(function, **more):
    own = Program(simulator.get(), **more)
    try:
        function(own)
    finally:
        own.close()


def ask_until_complete(own, name):
    """Keeps asking, so that somebody always waits for the visit, until it has ended. The reply."""
    waiting = []
    for _ in range(200):
        waiting.append(own.begin({"username": name}))
        ready = select.select(waiting, [], [], 0.3)[0]
        waiting = [connection for connection in waiting if connection not in ready]
        complete = [reply for reply in map(finish, ready) if reply.json()["complete"]]
        if complete:
            for connection in waiting:
                tap.equal(finish(connection).status, 200, "status of who waited for the same")
            return complete[0]
    raise AssertionError("the visit never ends")


def answer_late(own):
    """The deadline answers with what is complete; the visit goes on; later requests join it."""
    name = "g101-b3-late"
    # Two rounds of 2.5 s, while each request waits a second.
    simulator.get().put_account(name, {"github": {"latency_ms": 2500}})
    first = own.ask({"username": name})
    tap.equal(first.status, 200, "status")
    document = first.json()
    tap.equal(document["complete"], False, "complete")
    tap.equal([(row["forge"], row["status"]) for row in document["accounts"]],
              [("bitbucket", "ok"), ("github", "timeout")], "accounts")
    contract.same(document["totals"], simulator.get().expected(bitbucket=name)["totals"], "totals")
    tap.equal({reasons[f"github:{name}"] for reasons in document["missing"].values()}, {"timeout"},
              "reasons")
    tap.equal(sorted(document["missing"]), sorted(support.STATISTICS), "what is missing")
    tap.true(counts_of(name)["in_flight"] > 0, "a visit that goes on")
    contract.problem(own.ask({"github": name}), 504)
    check_answer(ask_until_complete(own, name), name)
    # The last that asked may have come a moment after the end, and begun another visit.
    calls = counts_of(name)["calls"]
    tap.equal(calls["page:2"], 1, f"visits that came to their second round, of {calls}")
    tap.true(calls["account"] <= 2, f"at most one visit after the first, not {calls}")


@tap.test("the reply deadline answers with what is complete, and the visit goes on", seconds=120)
def check_late():
    with_program(answer_late, REPLY_DEADLINE_SECONDS=1, UPSTREAM_TIMEOUT_SECONDS=60)


MANY_DOORS = 64
ONE_BY_ONE = 100
# The engine's, one that listens, some that answer, keep and tidy up for the same visit.
FEW_THREADS = 12


@tap.test("threads are added when all are busy, and not because something is to be done",
          seconds=120)
def check_threads():
    with store.Files() as files, \
            store.keeping(simulator.get(), files.url, DOORS=MANY_DOORS) as own:
        for number in range(ONE_BY_ONE):
            name = f"g1-b1-alone-{number}"
            store.check_right(simulator.get(), own.get(f"username={name}"), name)
        threads = len(list(pathlib.Path(f"/proc/{own.child.pid}/task").iterdir()))
        tap.true(threads <= FEW_THREADS, f"{threads} threads for one visit at a time")


CONCURRENCY = 4


@tap.test("UPSTREAM_CONCURRENCY is reached on each forge and never exceeded", seconds=120)
def check_concurrency():
    names = [f"g201-b201-narrow-{n}" for n in range(12)]
    simulator.get().forget_counts()

    def ask_all(own):
        with Latency(20):
            connections = [own.begin({"username": name}) for name in names]
            for name, connection in zip(names, connections):
                check_answer(finish(connection), name)

    with_program(ask_all, UPSTREAM_CONCURRENCY=CONCURRENCY, REPLY_DEADLINE_SECONDS=120,
                 UPSTREAM_TIMEOUT_SECONDS=60)
    for forge in support.FORGES:
        tap.equal(simulator.get().counts()[forge]["largest_in_flight"], CONCURRENCY,
                  f"calls to {forge} at a time")


@tap.test("an account that waits at the gate does not time out there", seconds=120)
def check_gate():
    names = [f"g1-gate-{n}" for n in range(10)]

    def ask_all(own):
        # Thirty calls, one at a time, take longer than one call may.
        with Latency(150):
            connections = [own.begin({"github": name}) for name in names]
            for connection in connections:
                tap.equal(finish(connection).status, 200, "status")

    with_program(ask_all, UPSTREAM_CONCURRENCY=1, REPLY_DEADLINE_SECONDS=120,
                 UPSTREAM_TIMEOUT_SECONDS=4)


MAX_PARKED = 3


@tap.test("more waiting requests than MAX_PARKED are 503 with Retry-After, at once")
def check_parked():
    name = "g1-b1-parked"

    def ask_all(own):
        with Latency(LONG_MS):
            parked = [own.begin({"username": name}) for _ in range(MAX_PARKED)]
            wait_until(lambda: counts_of(name, "bitbucket")["requests"] == 2, "the visit has begun",
                       child=own.child)
            reply = own.ask({"username": name})
            tap.equal([c for c in parked if c.readable()], [], "visits that ended before")
            problem = contract.problem(reply, 503)
            tap.equal(problem["type"], "/docs/problems#overloaded", "type")
            tap.true(reply.header("Retry-After").isdigit(), "Retry-After in seconds")
            contract.problem(fcgi.ask_json(own.path, MALFORMED), 400)
            for connection in parked:
                check_answer(finish(connection), name)
        check_answer(own.ask({"username": name}), name)

    with_program(ask_all, MAX_PARKED=MAX_PARKED)


@tap.test("with MAX_PARKED=1 one of four at once is answered, and three are sent away")
def check_one_parked():
    name = "g1-b1-alone"

    def ask_all(own):
        with Latency(LONG_MS):
            connections = [own.begin({"username": name}) for _ in range(4)]
            wait_until(lambda: len([c for c in connections if c.readable()]) == 3,
                       "three answers before any forge's", child=own.child)
            replies = [finish(connection) for connection in connections]
        tap.equal(sorted(reply.status for reply in replies), [200, 503, 503, 503], "statuses")
        for reply in replies:
            if reply.status == 200:
                check_answer(reply, name)
            else:
                contract.problem(reply, 503)
                tap.true(reply.header("Retry-After").isdigit(), "Retry-After in seconds")
        check_answer(own.ask({"username": name}), name)

    with_program(ask_all, MAX_PARKED=1)


@tap.test("GET, POST and refusals from many clients for a while: no answer is another's",
          seconds=180)
def check_mixed():
    def client(number):
        for round_number in range(8):
            name = f"g{1 + number % 3}-b{1 + round_number % 3}-mixed-{number % 5}"
            check_answer(program.get().get(f"username={name}"), name)
            contract.problem(fcgi.ask_json(program.get().path, MALFORMED), 400)
            check_answer(program.get().ask({"username": name}), name)

    support.at_once(client, range(16))
    tap.true(program.get().child.alive(), "the program still runs")


if __name__ == "__main__":
    sys.exit(tap.main())
