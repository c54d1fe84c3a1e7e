#!/usr/bin/env python3
"""Several processes with one store: one visit among them, and no harm when one of them is killed at
whatever instant.
"""

import contextlib
import json
import random
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from support import fcgi, finish  # noqa: E402
from store_support import CALLS, tap  # noqa: E402
from harness.processes import wait_until  # noqa: E402

CROWD = 500
LATENCY_MS = 1000
VISIT = sum(CALLS.values())
ROUNDS = {"files": 40, "Redis": 20} if not support.SANITIZED else {"files": 12, "Redis": 8}
# From the start of a process to where its answers have been written and kept.
LONGEST_LIFE = 1.5 if support.SANITIZED else 0.15
PLACES = (("files", store.Files), ("Redis", store.Redis))

simulator = support.lazy_simulator()


@contextlib.contextmanager
def latency(milliseconds):
    simulator.get().change(latency_ms=milliseconds)
    try:
        yield
    finally:
        simulator.get().change(latency_ms=0)


def add_for_places(sentence, function, **options):
    for title, place in PLACES:
        tap.add(f"{title}: {sentence}", function, title, place, **options)


def keeping(place, **more):
    return store.keeping(simulator.get(), place.url, **more)


def requests_for(name):
    counts = simulator.get().counts()
    return sum(counts[forge]["accounts"].get(name, {"requests": 0})["requests"]
               for forge in support.FORGES)


def check_same(replies, name):
    """All of them tell the same, and that is right."""
    store.check_right(simulator.get(), replies[0], name)
    tap.equal({(reply.status, reply.body) for reply in replies},
              {(200, replies[0].body)}, f"what {len(replies)} replies tell")


# One visit -------------------------------------------------------------------------------------

def check_crowd(title, make):
    """Half of them ask each process, all before any forge has answered."""
    name = f"g2-b2-crowd-{title.lower()}"
    with make() as place, keeping(place) as one, keeping(place) as other, latency(LATENCY_MS):
        with store.Calls(simulator.get()) as calls:
            connections = [(one, other)[n % 2].begin_get(name) for n in range(CROWD)]
            replies = [finish(connection) for connection in connections]
    check_same(replies, name)
    tap.equal(calls.total, VISIT, f"calls for {CROWD} requests")


add_for_places(f"{CROWD} requests at once to two processes for one cold account are one visit",
               check_crowd, seconds=90)


def check_different(title, make):
    """Accounts that overlap: each is visited once, whoever asks for it."""
    names = [f"g1-overlap-{title.lower()}-{n}" for n in range(6)]
    pairs = [(names[n % 6], names[(n + 1 + n // 6 % 5) % 6]) for n in range(60)]
    with make() as place, keeping(place) as one, keeping(place) as other, latency(300):
        connections = [(one, other)[n % 2].begin({"github": list(pair)})
                       for n, pair in enumerate(pairs)]
        replies = [finish(connection) for connection in connections]
    for pair, reply in zip(pairs, replies):
        support.check_whole(reply.json(), simulator.get().expected(github=sorted(pair)))
    for name in names:
        tap.equal(requests_for(name), CALLS["github"], f"calls for {name}")


add_for_places("requests for several accounts, of which some are others', too: each is visited "
               "once", check_different, seconds=90)


def ask_by_cgi(url, name):
    begun = time.monotonic()
    reply = store.cgi(simulator.get(), url, "GET", f"{support.AGGREGATE}?username={name}")
    return reply, time.monotonic() - begun


def check_cgi(title, make):
    """Those that do not visit wait for the one that does, and for nothing else."""
    name = f"g2-b2-cgi-{title.lower()}"
    with make() as place, latency(LATENCY_MS // 2), store.Calls(simulator.get()) as calls:
        done = support.at_once(lambda _: ask_by_cgi(place.url, name), range(8))
    check_same([reply for reply, _ in done], name)
    tap.equal(calls.total, VISIT, "calls")
    longest = max(took for _, took in done)
    tap.true(longest < support.PATIENCE_SECONDS / 6, f"an answer in a moment, not {longest:.1f} s")


add_for_places("CGI, one process for each request: eight at once for one cold account are one "
               "visit", check_cgi, seconds=90)


# The holder dies -------------------------------------------------------------------------------

def check_holder(title, make):
    name = f"g2-b2-holder-{title.lower()}"
    with make() as place, keeping(place) as other:
        holder = store.Keeping(simulator.get(), place.url)
        try:
            with latency(LATENCY_MS):
                lost = holder.begin_get(name)
                wait_until(lambda: requests_for(name) >= VISIT - 1, "the visit has begun",
                           child=holder.child)
                connections = [other.begin_get(name) for _ in range(100)]
                wait_until(lambda: other.get("username=a/b").status == 422,
                           "the other process has taken them", child=other.child)
                tap.equal([c for c in connections if c.readable()], [], "answers by then")
                holder.child.send(signal.SIGKILL)
                holder.child.wait(10)
                replies = [finish(connection) for connection in connections]
            lost.close()
        finally:
            holder.kill()
    check_same(replies, name)
    store.check_between(requests_for(name), VISIT, 2 * VISIT, "calls of at most two visits")


add_for_places("the process that visits is killed in the middle: all others are answered, by at "
               "most one visit more", check_holder, seconds=90)


# Killed at any instant -------------------------------------------------------------------------

class Victim:
    """A process that is asked by several threads for as long as it lives."""

    def __init__(self, place, names, number):
        self._names, self._number = names, number
        self.program = store.Keeping(simulator.get(), place.url, CACHE_FRESH_SECONDS=1)
        self._answers = []  # (name, status, body)

    def _ask(self, offset):
        turn = offset
        while True:
            name = self._names[turn % len(self._names)]
            try:
                reply = fcgi.ask(self.program.path, "GET",
                                 f"{support.AGGREGATE}?github={name}")
            except (fcgi.Closed, OSError):
                return
            self._answers.append((name, reply.status, reply.body))
            turn += 1

    def live(self, seconds):
        """Serves for so long, and is killed. Its answers by then, all of them whole."""
        askers = [threading.Thread(target=self._ask, args=(self._number + n,)) for n in range(4)]
        for asker in askers:
            asker.start()
        time.sleep(seconds)  # not to wait for anything: the instant is what is tried
        self.program.child.send(signal.SIGKILL)
        for asker in askers:
            asker.join()
        self.program.kill()
        return self._answers


SEEDS = ("one", "two")


def declare(names, seed):
    for name, size in names.items():
        simulator.get().put_account(name, {"github": {"size": size, "seed": seed}})


def what_may_be_told(names):
    """The totals of each name by either seed: who is killed leaves the old or the new."""
    told = {name: [] for name in names}
    for seed in SEEDS:
        declare(names, seed)
        for name in names:
            told[name].append(simulator.get().expected(github=name)["totals"])
    return told


def check_answers(answers, told):
    """answers are (name, status, body)."""
    for name, status, body in answers:
        tap.equal(status, 200, f"status of {name}, {body}")
        document = json.loads(body)
        tap.equal(document["complete"], True, f"complete, of {document['accounts']}")
        tap.true(document["totals"] in told[name], f"all old or all new: {document['totals']}")


def check_rounds(title, make):
    """Four processes, one after the other, write, touch and read the same entries. What the forges
    tell changes between them, so that entries are written anew."""
    seed = random.randrange(1 << 32)
    instants = random.Random(seed)
    tap.diagnose(f"instants of seed {seed}")
    names = [{f"rounds-{title.lower()}-{number // 4}-{size}": size for size in (1, 30, 101)}
             for number in range(ROUNDS[title])]
    told, answered = {}, 0
    with make() as place:
        for number, asked in enumerate(names):
            if number % 4 == 0:
                told |= what_may_be_told(asked)
            declare(asked, SEEDS[number % 2])
            answers = Victim(place, list(asked), number).live(instants.uniform(0.02, LONGEST_LIFE))
            check_answers(set(answers), told)
            answered += len(answers)
        with keeping(place) as own:
            replies = [(name, own.get(f"github={name}")) for name in told]
            check_answers([(name, reply.status, reply.body) for name, reply in replies], told)
            tap.equal([line for line in own.log().splitlines() if "cache:" in line], [],
                      "what the log says of the cache")
        tap.diagnose(f"{answered} answers in {ROUNDS[title]} rounds")
        tap.true(answered >= ROUNDS[title], "processes came to answer before they were killed")
        if title == "files":
            left = len(place.temporaries())
            tap.diagnose(f"{left} temporary files are left")
            # At most one for each entry: three of an account, and the forge's own.
            tap.true(left <= 3 * len(told) + 1, "temporary files do not pile up")


add_for_places("many processes, each killed at a random instant: no wrong answer ever, and "
               "the next request is fine", check_rounds, seconds=300)


# Orderly ends ----------------------------------------------------------------------------------

def check_term(title, make):
    names = [f"g2-b2-term-{title.lower()}-{n}" for n in range(8)]
    with make() as place:
        own = store.Keeping(simulator.get(), place.url)
        with latency(LATENCY_MS // 2):
            connections = [own.begin_get(name) for name in names]
            wait_until(lambda: all(requests_for(name) for name in names), "visits have begun",
                       child=own.child)
            own.child.send(signal.SIGTERM)
            replies = [finish(connection) for connection in connections]
            tap.equal(own.child.wait(support.PATIENCE_SECONDS), 0, "exit status")
        own.close()
        with keeping(place) as other:
            again = store.no_calls(simulator.get(), lambda: [
                other.get(f"username={name}") for name in names])
    for name, before, after in zip(names, replies, again):
        store.check_right(simulator.get(), before, name)
        tap.equal(after.body, before.body, f"body of {name}, from the store")


add_for_places("TERM while visits are under way: all are answered, status 0, and the store has "
               "what was learned", check_term)


if __name__ == "__main__":
    sys.exit(tap.main())
