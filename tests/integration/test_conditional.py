#!/usr/bin/env python3
"""Conditional requests: what did not change upstream is not sent again.

A second visit asks with If-None-Match wherever the first answer had an entity tag. GitHub answers
304, which with a token costs nothing of the quota; Bitbucket, as the simulator plays it, sends the
whole answer again. What only the field Link tells is asked for as ever: no tag vouches for it.
"""

import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import Program, tap  # noqa: E402

TOKEN = "made-up-token"
OTHER_TOKEN = "another-made-up-token"
# A 304 has no body, but headers of more than a kilobyte: of 250 repositories next to nothing is
# left, of few of them less than half.
LARGE = 100

simulator = support.lazy_simulator()


class Visited:
    """What one visit told, and how the simulator saw it."""

    def __init__(self, program, document):
        upstream = simulator.get()
        upstream.control("DELETE", "log")
        upstream.forget_counts()
        before = remaining("github")
        reply = program.ask(document)
        tap.equal(reply.status, 200, f"status of\n{reply}\n")
        self.document = reply.json()
        self.log = [row for row in upstream.control("GET", "log") if row["method"] == "GET"]
        self.bytes = upstream.counts()["bytes"]
        self.spent = before - remaining("github") if before is not None else None

    def told(self):
        """The reply without what every visit tells anew."""
        return dict(self.document, accounts=[
            {member: value for member, value in row.items() if member != "fetched_at"}
            for row in self.document["accounts"]])

    def tagged(self):
        """The calls whose answers are told by what their entity tags stand for."""
        return [row for row in self.log if row["call"] != "starred"]

    def conditional(self):
        return [row for row in self.log if condition(row) is not None]

    def statuses(self):
        return {row["status"] for row in self.tagged()}


def condition(row):
    return next((value for name, value in row["headers"] if name.lower() == "if-none-match"), None)


def remaining(forge):
    """What is left of the quota of whoever asked so far, all together; None before anybody did."""
    buckets = simulator.get().control("GET", "settings")["quota"][forge]["buckets"]
    return sum(bucket["remaining"] for bucket in buckets) if buckets else None


def with_program(function, **settings):
    program = Program(simulator.get(), **settings)
    try:
        return function(program)
    finally:
        program.close()


def declare(name, **members):
    simulator.get().put_account(name, {"github": members})


def check_unchanged(name, tokens):
    """The second visit sees 304 only, and tells the same."""
    document = {"github": name}

    def visit_twice(program):
        return Visited(program, document), Visited(program, document), Visited(program, document)

    first, *others = with_program(visit_twice, **tokens)
    tap.equal(first.conditional(), [], "conditions of the first visit")
    tap.equal(first.statuses(), {200}, "statuses of the first visit")
    for again in others:
        tap.equal(again.told(), first.told(), "what is told")
        tap.equal(len(again.log), len(first.log), "calls")
        tap.equal(again.conditional(), again.tagged(), "calls with a condition")
        tap.equal(again.statuses(), {304}, "statuses")
        if tokens:
            tap.equal(again.spent, 0, "REST quota spent")
        else:
            tap.equal(again.spent, len(again.log), "calls that GitHub counts without a token")
            share = 0.1 if first.document["totals"]["repositories"]["total"] > LARGE else 1
            tap.true(again.bytes < first.bytes * share,
                     f"fewer bytes than {share} times {first.bytes}, not {again.bytes}")


for title, tokens in (("without a token", {}), ("with a token", {"GITHUB_AUTH_TOKEN": TOKEN})):
    for name in ("g7-cond", "g250-org-cond", "g0-cond"):
        tap.add(f"{name} {title}: a second visit of what did not change", check_unchanged, name,
                tokens)


def check_changed(name, before, after):
    """What changed meanwhile is read again, and told as it is now."""
    def visit_changing(program):
        declare(name, **before)
        support.ask_whole(program, simulator.get(), {"github": name}, name)
        declare(name, **after)
        support.ask_whole(program, simulator.get(), {"github": name}, name)
        again = Visited(program, {"github": name})
        tap.equal(again.statuses(), {304}, "statuses of a third visit")

    with_program(visit_changing)


for title, before, after in (
        ("a repository more", {"size": 120}, {"size": 121}),
        ("a page less", {"size": 201}, {"size": 200}),
        ("a page more", {"size": 100}, {"size": 101}),
        ("everything else", {"size": 150, "seed": "one"}, {"size": 150, "seed": "two"}),
        ("followers", {"size": 3, "followers": 5}, {"size": 3, "followers": 6}),
        ("one more page", {"size": 100, "in_order": True}, {"size": 101, "in_order": True}),
        ("one more of three", {"size": 300, "in_order": True}, {"size": 301, "in_order": True}),
        ("two more pages", {"size": 200, "in_order": True}, {"size": 305, "in_order": True}),
        ("stars given", {"size": 3, "stars_given": 5}, {"size": 3, "stars_given": 600}),
        ("stars taken back", {"size": 3, "stars_given": 50}, {"size": 3, "stars_given": 49}),
        ("all stars", {"size": 3, "stars_given": 2}, {"size": 3, "stars_given": 0}),
        ("nothing left", {"size": 30}, {"size": 0})):
    tap.add(f"what changed is read again: {title}", check_changed,
            "changing-" + title.replace(" ", "-"), before, after)


def check_full_page(links):
    """A full page that did not change is asked about: what would be behind it?"""
    def visit_twice(program):
        name = f"full-page-{links}"
        declare(name, size=200, in_order=True)
        first = Visited(program, {"github": name})
        again = Visited(program, {"github": name})
        tap.equal(again.told(), first.told(), "what is told")
        tap.equal(calls(again), sorted([*calls(first), "page:3"]), "calls")
        # The empty page is remembered as well.
        tap.equal(Visited(program, {"github": name}).statuses(), {304}, "statuses")

    def calls(visited):
        return sorted(row["call"] for row in visited.log)

    simulator.get().change(not_modified_links=links)
    try:
        with_program(visit_twice)
    finally:
        simulator.get().change(not_modified_links=False)


for links in (False, True):
    tap.add(f"a full last page that did not change, {'with' if links else 'without'} its Link: one "
            "call more", check_full_page, links)


@tap.test("one page of several that changed is sent again, the others are not")
def check_one_page():
    def visit(program):
        declare("one-page", size=290, followers=1)
        Visited(program, {"github": "one-page"})
        declare("one-page", size=290, followers=2)
        again = Visited(program, {"github": "one-page"})
        tap.equal([row["call"] for row in again.tagged() if row["status"] == 200], ["account"],
                  "what is sent again")
        tap.equal(again.document["totals"]["followers"], 2, "followers")

    with_program(visit)


@tap.test("Bitbucket, which answers conditions with 200, tells the same as ever")
def check_bitbucket():
    def visit_twice(program):
        first = Visited(program, {"bitbucket": "b130-cond"})
        again = Visited(program, {"bitbucket": "b130-cond"})
        tap.equal(again.told(), first.told(), "what is told")
        tap.equal(len(again.conditional()), len(again.log), "calls with a condition")
        tap.equal(again.statuses(), {200}, "statuses")

    with_program(visit_twice)


@tap.test("a call that is repeated keeps its condition")
def check_repeated():
    def visit(program):
        declare("flaky", size=150)
        first = Visited(program, {"github": "flaky"})
        declare("flaky", size=150, lie="status_503", where="page:2", times=1)
        again = Visited(program, {"github": "flaky"})
        tap.equal(again.told(), first.told(), "what is told")
        tap.equal(len(again.log), len(first.log) + 1, "calls")
        tap.equal(again.conditional(), again.tagged(), "calls with a condition")

    with_program(visit)


@tap.test("an answer that was refused is not remembered")
def check_refused():
    def visit(program):
        declare("torn", size=5, lie="truncated_json", where="page:1", times=3)
        program.ask({"github": "torn"})
        declare("torn", size=5)
        again = Visited(program, {"github": "torn"})
        page = [row for row in again.log if row["call"] == "page:1"]
        tap.equal([condition(row) for row in page], [None], "conditions of the page")
        support.check_whole(again.document, simulator.get().expected("torn"))

    with_program(visit)


@tap.test("a 304 that nobody asked for is a failure")
def check_unasked():
    def visit(program):
        declare("unasked", size=5, lie="not_modified_304", where="page:1")
        problem = support.contract.problem(program.ask({"github": "unasked"}), 502)
        tap.equal(problem["accounts"][0]["status"], "upstream_error", "status")

    with_program(visit)


@tap.test("another token asks without a condition: what it may see is its own")
def check_tokens():
    for token in (TOKEN, OTHER_TOKEN):
        first = with_program(lambda program: Visited(program, {"github": "g3-tokens"}),
                             GITHUB_AUTH_TOKEN=token)
        tap.equal(first.conditional(), [], f"conditions of {token}")


@tap.test("a token that is set aside leaves nothing behind that is asked about without it")
def check_set_aside():
    def visit(program):
        first = Visited(program, {"github": "g3-aside"})
        again = Visited(program, {"github": "g3-aside"})
        sent = [row for row in first.log if row["status"] == 200]
        tap.equal([condition(row) for row in first.log], [None] * len(first.log),
                  "conditions of the first visit")
        tap.equal(len(again.log), len(sent), "calls of the second visit")
        tap.equal(again.statuses(), {304}, "statuses of the second visit")
        tap.equal(again.told(), first.told(), "what is told")

    with_program(visit, GITHUB_AUTH_TOKEN="bad-token")


if __name__ == "__main__":
    sys.exit(tap.main())
