#!/usr/bin/env python3
"""A store in files on a disk that takes seconds for each of them: what visits come to is kept as
fast as it goes, and no reply waits for it any longer than its deadline.
"""

import sys
import time

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from support import contract, finish, tap  # noqa: E402
from harness.processes import wait_until  # noqa: E402

KEEPING_SECONDS = 4  # of one file: renamed to its place by one call
DEADLINE_SECONDS = 2
# For a visit, on a machine that does other things; less than one more file would take.
SLACK_SECONDS = 2
KNOWN = "g1-b1-known"
# One of the doors is for what is to be kept, so the others' replies would wait behind it in line.
DOORS = 4

simulator = support.lazy_simulator()


def slow():
    calls = "renameat,renameat2,linkat"
    return support.tracer("-o", "/dev/null", "-e", f"trace={calls}",
                          "-e", f"inject={calls}:delay_enter={KEEPING_SECONDS}s")


def check_in_time(connection, begun):
    """An answer, or the word that there is none yet."""
    reply = finish(connection)
    took = time.monotonic() - begun
    tap.true(took < DEADLINE_SECONDS + SLACK_SECONDS, f"an answer in time, not after {took:.1f} s")
    if reply.status != 200:
        contract.problem(reply, 504)


@tap.test("many visits, each kept slowly: all are answered by their deadline, hits at once",
          seconds=180)
def check_deadlines():
    with store.Files() as files:
        with store.keeping(simulator.get(), files.url) as quick:
            store.check_right(simulator.get(), quick.get(f"username={KNOWN}"), KNOWN)
        kept = len(files.values())
        own = store.Keeping(simulator.get(), files.url, wrapper=slow(), DOORS=DOORS,
                            REPLY_DEADLINE_SECONDS=DEADLINE_SECONDS)
        begun = time.monotonic()
        connections = [own.begin_get(f"g1-b1-slow-{number}") for number in range(2 * DOORS)]
        hit = own.get(f"username={KNOWN}")
        took = time.monotonic() - begun
        store.check_right(simulator.get(), hit, KNOWN)
        tap.true(took < SLACK_SECONDS, f"a hit at once, not after {took:.1f} s")
        for connection in connections:
            check_in_time(connection, begun)
        wait_until(lambda: len(files.values()) > kept, "more is kept", child=own.child)
        own.kill()


if __name__ == "__main__":
    sys.exit(tap.main())
