#!/usr/bin/env python3
"""A Redis server that is stopped, started again, held up or full, below a program that serves:
every request is answered right, and none waits for it for much longer than the store's timeout.
"""

import sys
import time

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from support import finish  # noqa: E402
from store_support import tap  # noqa: E402
from harness.processes import wait_until  # noqa: E402

# store/store.h
TIMEOUT = 0.2
# What a request may take beside the timeout: a visit, on a machine that does other things.
SLACK = 20 if support.SANITIZED else 1
KNOWN = "g2-b2-known"
CROWD = 40

simulator = support.lazy_simulator()
cold = (f"g1-b1-server-{number}" for number in range(1000))


def check_served(own, name, seconds=TIMEOUT + SLACK):
    begun = time.monotonic()
    reply = own.get(f"username={name}")
    took = time.monotonic() - begun
    store.check_right(simulator.get(), reply, name)
    tap.true(took < seconds, f"an answer within {seconds:.1f} s, not {took:.2f}")
    return reply


def check_all_served(own):
    """What is known, what is not, and many at once."""
    for name in (KNOWN, next(cold), KNOWN, next(cold)):
        check_served(own, name)
    begun = time.monotonic()
    name = next(cold)
    names = [name, KNOWN] * (CROWD // 2)
    connections = [own.begin_get(each) for each in names]
    replies = [finish(connection) for connection in connections]
    took = time.monotonic() - begun
    for each, reply in zip(names[:2], replies):
        store.check_right(simulator.get(), reply, each)
    tap.equal({reply.status for reply in replies}, {200}, "statuses")
    tap.true(took < TIMEOUT + SLACK, f"{CROWD} answers within {TIMEOUT + SLACK} s, not {took:.2f}")


def cache_lines(own):
    return [line for line in own.log().splitlines() if "cache:" in line]


def until_kept(server, own):
    """Until what is asked for is kept by the server again, for all processes."""
    def kept():
        name = next(cold)
        own.get(f"username={name}")
        with server.client() as client:
            return any(name.encode() in key for key in client.ask("KEYS", "*"))

    wait_until(kept, "the store works again", child=own.child)


# Replies in memory are compared with the store once a second: so long that it is done twice.
COMPARED_SECONDS = 2.5


def ask_for_a_while(own, names):
    end = time.monotonic() + COMPARED_SECONDS
    while time.monotonic() < end:
        for name in names:
            check_served(own, name)


@tap.test("a server that is stopped: what is in memory and fresh is told without a call, and what "
          "is visited meanwhile is visited once", seconds=90)
def check_quota():
    with store.Redis() as server, store.keeping(simulator.get(), server.url) as own:
        new = next(cold)
        check_served(own, KNOWN)
        check_served(own, KNOWN)  # in memory are answers that the store has
        server.stop()
        store.no_calls(simulator.get(), lambda: ask_for_a_while(own, [KNOWN]))
        with store.Calls(simulator.get()) as calls:
            ask_for_a_while(own, [KNOWN, new])
        tap.equal(calls.total, sum(store.CALLS.values()), "calls of one visit")
        server.start()
        until_kept(server, own)
        with store.Calls(simulator.get()) as calls:  # the server has forgotten everything
            ask_for_a_while(own, [KNOWN, new])
        tap.equal(calls.total, 2 * sum(store.CALLS.values()), "calls of two visits")
        with store.keeping(simulator.get(), server.url) as other:
            store.no_calls(simulator.get(), lambda: check_served(other, new))


@tap.test("a server that is stopped, and started again", seconds=90)
def check_stopped():
    with store.Redis() as server, store.keeping(simulator.get(), server.url) as own:
        check_served(own, KNOWN)
        store.no_calls(simulator.get(), lambda: check_served(own, KNOWN))
        server.stop()
        check_all_served(own)
        tap.equal(len(cache_lines(own)), 1, f"lines about it, in {cache_lines(own)}")
        server.start()
        until_kept(server, own)
        check_all_served(own)


@tap.test("a server that holds still, and goes on", seconds=90)
def check_held():
    with store.Redis() as server, store.keeping(simulator.get(), server.url) as own:
        check_served(own, KNOWN)
        server.hold()
        # As long as it would take a program that tries again and again to be held up often.
        for _ in range(3):
            check_all_served(own)
        tap.true(cache_lines(own), "a line about it")
        server.go_on()
        until_kept(server, own)


@tap.test("a server that holds still while a visit is under way: it is answered, and TERM ends the "
          "program", seconds=90)
def check_held_in_visit():
    with store.Redis() as server:
        own = store.Keeping(simulator.get(), server.url)
        simulator.get().change(latency_ms=500)
        try:
            name = next(cold)
            connections = [own.begin_get(name) for _ in range(CROWD)]
            wait_until(lambda: simulator.get().counts()["github"]["accounts"].get(name),
                       "the visit has begun", child=own.child)
            server.hold()
            for connection in connections:
                store.check_right(simulator.get(), finish(connection), name)
            begun = time.monotonic()
        finally:
            simulator.get().change(latency_ms=0)
            own.close()
        took = time.monotonic() - begun
        tap.true(took < 2 * TIMEOUT + SLACK, f"an end by TERM within a moment, not {took:.2f} s")
        server.go_on()


@tap.test("a server that is full: what it has is told, everything else is visited")
def check_full():
    with store.Redis("maxmemory-policy noeviction") as server, \
            store.keeping(simulator.get(), server.url) as own, server.client() as client:
        check_served(own, KNOWN)
        client.ask("SET", "filling", b"x" * (1 << 20))
        client.ask("CONFIG", "SET", "maxmemory", 1 << 20)
        store.no_calls(simulator.get(), lambda: check_served(own, KNOWN))
        check_all_served(own)
        tap.equal(len(cache_lines(own)), 1, f"lines about it, in {cache_lines(own)}")
        tap.true("maxmemory" in cache_lines(own)[0], f"what to do, in {cache_lines(own)}")
        client.ask("CONFIG", "SET", "maxmemory", 0)
        until_kept(server, own)


@tap.test("a server that forgets everything, and one that answers nonsense under our keys")
def check_forgets():
    with store.Redis() as server, store.keeping(simulator.get(), server.url) as own, \
            server.client() as client:
        check_served(own, KNOWN)
        client.ask("FLUSHALL")
        with store.keeping(simulator.get(), server.url) as other:
            check_served(other, KNOWN)
        values = client.ask("KEYS", "*")
        tap.true(values, "there are values again")
        whole = {key: client.ask("GET", key) for key in values
                 if client.ask("TYPE", key) == b"string"}
        for spoil in (lambda text: text[:len(text) // 2], lambda _: b"", lambda _: b"\0" * 4096,
                      lambda text: text[:-1] + bytes([text[-1] ^ 1])):
            for key, text in whole.items():
                client.ask("SET", key, spoil(text))
            with store.keeping(simulator.get(), server.url) as other:
                check_served(other, KNOWN)
        keys = sorted(whole)
        for key, other_key in zip(keys, keys[1:] + keys[:1]):
            client.ask("SET", key, whole[other_key])
        with store.keeping(simulator.get(), server.url) as other:
            check_served(other, KNOWN)
        for key in keys:
            client.ask("DEL", key)
            client.ask("LPUSH", key, "a list")
        with store.keeping(simulator.get(), server.url) as other:
            check_served(other, KNOWN)


if __name__ == "__main__":
    sys.exit(tap.main())
