#!/usr/bin/env python3
"""What a forge allows, and what is done when it fails: limits are kept to and never met twice,
calls are made again where that helps, and whoever keeps failing is left alone.

Counted by the simulator, not timed: a visit that must make no call makes none. Budgets, pauses and
the breaker live in the process, so every test has one of its own.
"""

import contextlib
import itertools
import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import Program, check_limited, contract, finish, tap  # noqa: E402
from harness.processes import wait_until  # noqa: E402
from harness.upstream import PLENTY  # noqa: E402

HOUR = 3600
CALLS = {"github": 3, "bitbucket": 2}  # of a visit of up to 100 repositories, without a token
LETTERS = {"github": "g", "bitbucket": "b"}
UNKNOWN_WAIT = (30, 60)    # a limit that says nothing of its end
LONGEST_WAIT = 86400
BREAKER_FAILURES = 20
BREAKER_WAIT = (1, 30)
MOST_VISITS = 4096
MOST_ACCOUNTS = 16         # of one request

simulator = support.lazy_simulator()
numbers = itertools.count(1)  # for names: GitHub's have at most 39 letters


@contextlib.contextmanager
def program(**more):
    own = Program(simulator.get(), **more)
    try:
        yield own
    finally:
        own.close()


@contextlib.contextmanager
def quota(**rules):
    """The simulated forges allow this much while the block runs, and plenty after."""
    simulator.get().change(quota=rules)
    try:
        yield
    finally:
        simulator.get().change(quota={
            name: {"limit": PLENTY, "remaining": PLENTY, "reset_in": HOUR} for name in rules})


@contextlib.contextmanager
def latency(milliseconds):
    simulator.get().change(latency_ms=milliseconds)
    try:
        yield
    finally:
        simulator.get().change(latency_ms=0)


def left(remaining, limit=60, reset_in=900):
    return {"limit": limit, "remaining": remaining, "reset_in": reset_in}


def within(seconds):
    """A wait that was told as so many seconds a moment ago."""
    return (seconds - 30, seconds)


def counts_of(forge, name):
    return simulator.get().counts()[forge]["accounts"].get(
        name, {"requests": 0, "calls": {}, "statuses": {}})


def calls_of(forge, name):
    return counts_of(forge, name)["calls"]


def asked_for(names):
    """Those of which GitHub was asked at all."""
    known = simulator.get().counts()["github"]["accounts"]
    return [name for name in names if name in known]


def put_lie(forge, name, lie, where, times=None, size=2, **options):
    """An account that is lied about on one forge, and honest on the other."""
    simulator.get().put_account(name, {
        forge: {"size": size, "lies": [{"lie": lie, "where": where, "times": times,
                                        "options": options}]},
        support.other_than(forge): {"size": 2}})


def ask_whole(own, name):
    return support.ask_whole(own, simulator.get(), {"username": name}, name, name)


def check_row(own, forge, name, status):
    """Asks for both forges; what the one says is the status, and the other is right. The row."""
    other = support.other_than(forge)
    document = own.ask({"username": name}).json()
    support.check_accounts([support.row_of(document, other)],
                           simulator.get().expected(**{other: name})["accounts"])
    row = support.row_of(document, forge)
    tap.equal((row["status"], row["totals"]), (status, None), f"status, totals of {row}")
    return row


# Limits that are met ---------------------------------------------------------------------------

def add_for_forges(title, function, *arguments, **options):
    for forge in support.FORGES:
        tap.add(f"{forge}: {title}", function, forge, *arguments, **options)


def check_used_up(forge):
    name = f"g2-b2-used-{forge}"
    with quota(**{forge: left(0)}), program() as own:
        row = check_row(own, forge, name, "rate_limited")
        support.check_wait(support.seconds_until(row["problem"]["retry_at"]), within(900),
                           "retry_at")
        tap.true(counts_of(forge, name)["requests"] > 0, "a call that met the limit")
        for number in range(3):
            check_limited(simulator.get(), own, forge, f"g2-b2-used-{forge}-{number}",
                          within(900))


add_for_forges("a limit that is used up is met once; then no call is made, and the reply says when "
               "to come back", check_used_up)


def check_last_call(forge):
    """What is left is known from honest answers, so the limit is never met at all."""
    first, second = f"g2-b2-last-{forge}", f"g2-b2-after-{forge}"
    with quota(**{forge: left(2 * CALLS[forge] - 1)}), program() as own:
        ask_whole(own, first)
        check_limited(simulator.get(), own, forge, second, within(900))


add_for_forges("a visit that needs more calls than are left is not begun", check_last_call)


@tap.test("when both forges are limited the reply is 503, with the earlier of both times")
def check_both():
    with quota(github=left(0, reset_in=900), bitbucket=left(0, reset_in=600)), program() as own:
        reply = own.ask({"username": "g2-b2-both"})
        for number in range(2):
            problem = contract.problem(reply, 503)
            support.check_wait(int(reply.header("Retry-After")), within(600), "Retry-After")
            tap.equal([row["status"] for row in problem["accounts"]], ["rate_limited"] * 2,
                      "statuses")
            name = f"g2-b2-both-{number}"
            reply = own.ask({"username": name})
        for forge in support.FORGES:
            tap.equal(calls_of(forge, name), {}, f"calls to {forge}")


def check_recovers(forge):
    """Asked again and again: no call before the reset, and the right answer after it."""
    name = f"g2-b2-again-{forge}"
    with quota(**{forge: left(0, reset_in=3)}), program() as own:
        check_row(own, forge, name, "rate_limited")
        met = counts_of(forge, name)["requests"]
        replies = []

        def ask():
            replies.append(own.ask({forge: name}))
            return replies[-1].status == 200

        wait_until(ask, "the limit is over", child=own.child)
        for reply in replies[:-1]:
            tap.true(1 <= int(reply.header("Retry-After")) <= 4, "Retry-After of a few seconds")
        support.check_whole(replies[-1].json(), simulator.get().expected(**{forge: name}))
        tap.equal(counts_of(forge, name)["requests"] - met, CALLS[forge], "calls after the first")


add_for_forges("after the reset the account is visited", check_recovers)

# (title, forge, lie, options, when to come back)
TOLD_LIMITS = [
    ("a primary limit tells its reset", "github", "primary_403", {"reset_in": 1234}, within(1234)),
    ("a primary limit with 429 tells it too", "github", "primary_429", {"reset_in": 1234},
     within(1234)),
    ("seconds left are not a time", "bitbucket", "primary_403", {"reset_in": 1234}, within(1234)),
    ("a secondary limit tells Retry-After", "github", "secondary_retry_after",
     {"retry_after": 321}, within(321)),
    ("a secondary limit with 429 tells it too", "github", "secondary_429", {"retry_after": 321},
     within(321)),
    ("a secondary limit that only its body tells", "github", "secondary_body_only", {},
     UNKNOWN_WAIT),
    ("a limit in plain text, without any time", "github", "rate_limited_text", {}, UNKNOWN_WAIT),
    ("a wait of years is not believed", "github", "secondary_retry_after",
     {"retry_after": 10 ** 9}, within(LONGEST_WAIT)),
    ("a reset in thousands of years is not believed", "github", "primary_403",
     {"reset_in": 10 ** 12}, UNKNOWN_WAIT),
    ("nor as seconds left", "bitbucket", "primary_403", {"reset_in": 10 ** 6}, UNKNOWN_WAIT),
]


def check_told(forge, lie, options, wait):
    """One account meets the limit: then all must wait."""
    name = f"met-{next(numbers)}"
    put_lie(forge, name, lie, "page:1", **options)
    with program() as own:
        ask_whole(own, f"g2-b2-before-{name}")
        row = check_row(own, forge, name, "rate_limited")
        support.check_wait(support.seconds_until(row["problem"]["retry_at"]), wait, "retry_at")
        tap.equal(calls_of(forge, name)["page:1"], 1, "calls that met the limit")
        check_limited(simulator.get(), own, forge, f"g2-b2-after-{name}", wait)


for title, forge, lie, options, wait in TOLD_LIMITS:
    tap.add(f"{forge}: {title}, and nothing is asked before", check_told, forge, lie, options,
            wait)


@tap.test("a limit that is met beside the listing costs its statistic, and what comes after waits")
def check_beside():
    put_lie("github", "met-beside", "secondary_retry_after", "starred", retry_after=321)
    with program() as own:
        document = own.ask({"username": "met-beside"}).json()
        tap.equal(document["complete"], True, f"complete, of {document['accounts']}")
        tap.equal(document["missing"]["stars.given"]["github:met-beside"], "rate_limited",
                  "why the stars given are unknown")
        check_limited(simulator.get(), own, "github", "g2-b2-beside", within(321))


def check_full(forge, where, lie):
    """Of hundreds of calls at once those under way when the limit is met are lost, and no more."""
    name, width = f"met-{next(numbers)}", 4
    put_lie(forge, name, lie, where, size=100)
    with program(UPSTREAM_CONCURRENCY=width) as own, latency(20):
        document = own.ask({forge: name, "detail": "full"}).json()
        tap.equal(document["complete"], True, f"complete, of {document['accounts']}")
        tap.true("rate_limited" in [row.get(f"{forge}:{name}")
                                    for row in document["missing"].values()], "what is missing")
        refused = sum(count for status, count in counts_of(forge, name)["statuses"].items()
                      if status in ("403", "429"))
        tap.true(1 <= refused <= 2 * width, f"at most {2 * width} calls refused, not {refused}")
        check_limited(simulator.get(), own, forge, f"g2-b2-after-{name}", (1, HOUR))


tap.add("bitbucket: a limit that is met by a call for one repository ends the calls for all",
        check_full, "bitbucket", "watchers", "primary_403")
tap.add("github: a limit that is met by a call for one repository ends the calls for all",
        check_full, "github", "languages", "secondary_retry_after")


@tap.test("visits that stand in line when a limit is met make no call")
def check_line():
    width, names = 2, [f"g2-line-{n}" for n in range(40)]
    with quota(github=left(0)), program(UPSTREAM_CONCURRENCY=width) as own, latency(50):
        connections = [own.begin({"github": name}) for name in names]
        for connection in connections:
            contract.problem(finish(connection), 503)
    asked = asked_for(names)
    tap.true(1 <= len(asked) <= 2 * width, f"at most {2 * width} names asked for, not {len(asked)}")


@tap.test("a limit with a credential is met once, and the calls without it are not tried instead")
def check_credential():
    limited = {"anonymous": left(PLENTY, PLENTY), "token": left(0)}
    with quota(github=limited, graphql=limited), \
            program(GITHUB_AUTH_TOKEN="made-up-token") as own:
        check_row(own, "github", "g2-b2-token", "rate_limited")
        before = simulator.get().counts()["github"]
        check_limited(simulator.get(), own, "github", "g2-b2-token-2", within(900))
        after = simulator.get().counts()["github"]
        tap.equal(after["requests"] - before["requests"], 0, "calls by GraphQL or REST")
    tap.equal(counts_of("github", "g2-b2-token").get("anonymous", 0), 0, "calls without it")


# Shares of what is left ------------------------------------------------------------------------

def check_reserve(forge):
    """A tenth of the limit is for small accounts alone."""
    large, middle, small = (f"{LETTERS[forge]}{size}-reserve" for size in (3000, 700, 2))
    with quota(**{forge: left(60 + CALLS[forge], limit=600)}), program() as own:
        reply = own.ask({forge: large})
        contract.problem(reply, 503)
        support.check_wait(int(reply.header("Retry-After")), within(900), "Retry-After")
        tap.equal(counts_of(forge, large)["requests"], CALLS[forge], f"calls for {large}")
        for name, calls in ((small, CALLS[forge]), (middle, CALLS[forge] + 6)):
            support.check_whole(own.ask({forge: name}).json(),
                                simulator.get().expected(**{forge: name}))
            tap.equal(counts_of(forge, name)["requests"], calls, f"calls for {name}")
        contract.problem(own.ask({forge: large.replace("reserve", "reserved")}), 503)


add_for_forges("with 60 calls left of 600 a second round of 29 is not begun, while small accounts "
               "are visited", check_reserve, seconds=120)


# Points ------------------------------------------------------------------------------------------

FIRST_POINTS = 3  # of the first page by GraphQL


def hundreds(connections):
    """Points by GitHub's formula."""
    return max(1, int(connections / 100 + 0.5))


def points_behind(name, size):
    """What a visit by GraphQL takes after its first page of 50: another page of all that is told,
    or batches of what lists leave out, four connections for each original, and of commits."""
    if size <= 50:
        return 0
    if size <= 100:
        return FIRST_POINTS
    originals = simulator.get().expected(github=name)["totals"]["repositories"]["original"]
    points = 0
    for first in range(0, originals, 100):
        points += hundreds(1 + 4 * min(100, originals - first))
    return points + (-(-originals // 25) if originals <= 500 else 0)


def points_left():
    """Of the token; other credentials of the simulator's own have more."""
    buckets = simulator.get().control("GET", "settings")["quota"]["graphql"]["buckets"]
    return min(bucket["remaining"] for bucket in buckets if bucket["credential"])


def check_too_few_points(name, allowed):
    with quota(graphql=allowed), program(GITHUB_AUTH_TOKEN="made-up-token") as own:
        reply = own.ask({"github": name})
        problem = contract.problem(reply, 503)
        tap.equal(problem["type"], "/docs/problems#upstream-rate-limited", "type")
        support.check_wait(int(reply.header("Retry-After")), within(900), "Retry-After")
        tap.equal(counts_of("github", name)["statuses"], {"200": 2}, f"calls for {name}")
        tap.equal(sum(count for call, count in calls_of("github", name).items()
                      if call.startswith("page")), 0, "pages by REST")
        # The first calls have told what is left, and that is enough for an account of one page.
        if allowed["remaining"] >= 2 * FIRST_POINTS:
            ask_github(own, f"g2-beside-{name}")


def ask_github(own, name):
    support.check_whole(own.ask({"github": name}).json(),
                        simulator.get().expected(github=name, token="github"))


def check_just_enough(size):
    """To the point: one fewer, and it is not gone on with; all of them, and none is left."""
    name = f"g{size}-points"
    behind = points_behind(name, size)
    tap.diagnose(f"{FIRST_POINTS} and {behind} points")
    check_too_few_points(f"{name}-few", left(
        FIRST_POINTS + points_behind(f"{name}-few", size) - 1, limit=9))
    with quota(graphql=left(FIRST_POINTS + behind, limit=9)), \
            program(GITHUB_AUTH_TOKEN="made-up-token") as own:
        ask_github(own, name)
        tap.equal(points_left(), 0, "points left")


@tap.test("700 repositories with 20 points left: two calls, and then no more", seconds=120)
def check_twenty_points():
    check_too_few_points("g700-b2-twenty", left(20, limit=5000))
    with quota(graphql=left(20, limit=5000)), program(GITHUB_AUTH_TOKEN="made-up-token") as own:
        check_row(own, "github", "g700-b2-beside", "rate_limited")


for size in (51, 101, 130, 500, 700):
    tap.add(f"{size} repositories with just enough points, and one fewer", check_just_enough, size,
            seconds=120)


@tap.test("visits at a time share the points: those that do not fit end after two calls, and none "
          "fails half way", seconds=120)
def check_share_points():
    names = [f"g130-share-{n}" for n in range(6)]
    each = [points_behind(name, 130) for name in names]
    allowed = len(names) * FIRST_POINTS + max(each) + 2
    with quota(graphql=left(allowed, limit=9)), \
            program(GITHUB_AUTH_TOKEN="made-up-token") as own, latency(200):
        replies = [finish(c) for c in [own.begin({"github": name}) for name in names]]
    statuses = [reply.status for reply in replies]
    tap.true(200 in statuses and set(statuses) == {200, 503}, f"some of each in {statuses}")
    for name, status in zip(names, statuses):
        tap.equal(set(counts_of("github", name)["statuses"]), {"200"}, f"statuses of {name}")
        if status == 503:
            tap.equal(counts_of("github", name)["requests"], 2, f"calls for {name}")


@tap.test("visits at a time share what is left: those that do not fit are not begun, and none "
          "meets the limit")
def check_share():
    names = [f"g2-share-{n}" for n in range(20)]
    with quota(github=left(30)), program() as own:
        own.ask({"github": "g2-share"})
        with latency(300):
            replies = [finish(c) for c in [own.begin({"github": name}) for name in names]]
        tap.equal(sorted(reply.status for reply in replies), [200] * 9 + [503] * 11, "statuses")
        for name, reply in zip(names, replies):
            made = CALLS["github"] if reply.status == 200 else 0
            tap.equal(counts_of("github", name)["requests"], made, f"calls for {name}")
            tap.equal(set(counts_of("github", name)["statuses"]), {"200"} if made else set(),
                      f"statuses of {name}")


SECRET_LIMIT, SECRET_REMAINING = 7654321, 6543210


@tap.test("what is left is in the log at debug, and never in a reply")
def check_told_nobody():
    allowed = left(SECRET_REMAINING, SECRET_LIMIT, 2345)
    replies = []
    with quota(github=allowed, bitbucket=allowed), program() as own:
        replies += [own.ask({"username": "g2-b2-budget"}), own.get("username=g101-b101-budget")]
        used = left(0, SECRET_LIMIT, 2345)
        with quota(github=used, bitbucket=used):
            replies += [own.ask({"username": f"g2-b2-budget-{n}"}) for n in range(2)]
        log = own.log()
    tap.equal([reply.status for reply in replies], [200, 200, 503, 503], "statuses")
    for reply in replies:
        text = (str(reply.headers) + reply.body.decode()).lower()
        for unwanted in (str(SECRET_LIMIT), str(SECRET_REMAINING)[:4], "ratelimit"):
            tap.true(unwanted not in text, f"no {unwanted!r} in\n{reply}")
    for title in ("GitHub", "Bitbucket"):
        tap.true(any(title in line and str(SECRET_REMAINING)[:4] in line
                     for line in log.splitlines()), f"the calls left of {title} in\n{log}")


# Calls that are made again ---------------------------------------------------------------------

# (lie, where, times, options, status of the account, calls there)
RETRIES = [
    ("status_502", "page:1", 2, {}, "ok", 3),
    ("status_503", "account", 2, {}, "ok", 3),
    ("status_504", "page:2", 1, {}, "ok", 2),
    ("status_502", "page:1", None, {}, "upstream_error", 3),
    ("status_503", "page:2", None, {}, "upstream_error", 3),
    ("reset_mid_body", "page:1", 1, {}, "ok", 2),
    ("reset_mid_body", "page:2", None, {}, "upstream_error", 3),
    ("truncated_body", "page:1", 2, {}, "ok", 3),
    # What says that it passes soon.
    ("secondary_retry_after", "page:1", 1, {"retry_after": 1}, "ok", 2),
    ("secondary_retry_after", "page:1", None, {"retry_after": 1}, "rate_limited", 3),
    # What would be the same again.
    ("status_500", "page:1", 1, {}, "upstream_error", 1),
    ("not_json", "page:1", 1, {}, "upstream_error", 1),
    ("truncated_json", "page:1", 1, {}, "upstream_error", 1),
    ("forbidden_403", "page:1", 1, {}, "unauthorized", 1),
    ("not_found_404", "account", 1, {}, "not_found", 1),
    ("huge_string", "page:1", 1, {}, "too_large", 1),
    ("stall_mid_body", "page:1", 1, {}, "timeout", 1),
]


def check_retry(forge, lie, where, times, options, status, calls):
    name = f"retried-{next(numbers)}"
    put_lie(forge, name, lie, where, times, size=120, **options)
    with program(UPSTREAM_TIMEOUT_SECONDS=support.PATIENCE_SECONDS if support.SANITIZED else 3,
                 MAX_RESPONSE_BYTES="2 MiB") as own:
        if status == "ok":
            ask_whole(own, name)
        else:
            check_row(own, forge, name, status)
    tap.equal(calls_of(forge, name)[where], calls, "calls there")


for row in RETRIES:
    if (row[0], row[3]) != ("secondary_retry_after", {"retry_after": 1}):
        add_for_forges(f"{row[0]} at {row[1]}, {'always' if row[2] is None else row[2]}: "
                       f"{row[4]} after {row[5]} calls", check_retry, *row, seconds=120)
    else:  # Bitbucket's limits have no such field
        tap.add(f"github: {row[0]} of a second at {row[1]}, "
                f"{'always' if row[2] is None else row[2]}: {row[4]} after {row[5]} calls",
                check_retry, "github", *row)


@tap.test("many repositories: each page that fails once is asked for once more, and nothing counts "
          "twice", seconds=120)
def check_many_retries():
    simulator.get().put_account("retried-pages", {
        "github": {"size": 1000, "lies": [
            {"lie": ("status_502", "reset_mid_body")[n % 2], "where": f"page:{n}", "times": 1}
            for n in range(1, 11)]},
        "bitbucket": {"size": 2}})
    with program() as own:
        ask_whole(own, "retried-pages")
    calls = calls_of("github", "retried-pages")
    tap.equal({call: count for call, count in calls.items() if call.startswith("page:")},
              {f"page:{n}": 2 for n in range(1, 11)}, "calls")


# A forge that keeps failing --------------------------------------------------------------------

def fail_often(own, forge, count, series):
    """So many visits fail, with one failing call each that counts: a list of stars that failed
    first would be another one, so there is never any."""
    for number in range(count):
        name = f"failing-{forge}-{series}-{number}"
        simulator.get().put_account(name, {
            forge: {"size": 2, "lies": [
                {"lie": "never_answer", "where": "starred"}, {"lie": "status_500", "where": "all"}]},
            support.other_than(forge): {"size": 2}})
        tap.equal(own.ask({forge: name}).status, 502, "status")
        tap.true(counts_of(forge, name)["requests"] > 0, f"a call for {name}")


def check_breaker(forge):
    """One answer between them, and they are no longer in a row."""
    with program() as own:
        for series in range(2):
            fail_often(own, forge, BREAKER_FAILURES - 1, series)
            ask_whole(own, f"g2-b2-between-{forge}-{series}")
        fail_often(own, forge, BREAKER_FAILURES, "last")
        for number in range(3):
            name = f"g2-b2-open-{forge}-{number}"
            row = check_row(own, forge, name, "upstream_error")
            support.check_wait(support.seconds_until(row["problem"]["retry_at"]), BREAKER_WAIT,
                               "retry_at")
            contract.problem(own.ask({forge: name}), 502)
            tap.equal(calls_of(forge, name), {}, f"calls to {forge}")


add_for_forges(f"after {BREAKER_FAILURES} calls that failed in a row no more are made, and the "
               "other forge is visited", check_breaker, seconds=120)


def check_work(forge):
    """What a forge says of an account or a caller is no failure of the forge."""
    with program() as own:
        for number in range(BREAKER_FAILURES + 5):
            name = f"refused-{forge}-{number}"
            put_lie(forge, name, ("not_found_404", "forbidden_403", "gone_410")[number % 3], "all")
            own.ask({forge: name})
        ask_whole(own, f"g2-b2-worked-{forge}")


add_for_forges("refusals in a row are no failures: it is visited as before", check_work)


# Turns -----------------------------------------------------------------------------------------

@tap.test("while 20,000 repositories are being visited small accounts are answered", seconds=180)
def check_fair():
    large, pages = "g20000-fair", 200
    small = [f"g2-fair-{n}" for n in range(6)]
    with program(UPSTREAM_CONCURRENCY=4, REPLY_DEADLINE_SECONDS=170, VISIT_DEADLINE_SECONDS=170,
                 UPSTREAM_TIMEOUT_SECONDS=60) as own:
        simulator.get().put_account(large, {})  # its pages are rendered beforehand
        with latency(20):
            waiting = own.begin({"github": large})
            wait_until(lambda: counts_of("github", large)["requests"] > 10, "the visit has begun",
                       child=own.child)
            for name in small:
                support.check_whole(own.ask({"github": name}).json(),
                                    simulator.get().expected(github=name))
            done = counts_of("github", large)["requests"]
            tap.diagnose(f"{done} calls for {large} when {len(small)} others were answered")
            tap.equal(waiting.readable(), False, "the large one answered")
            tap.true(done < pages // 2, f"less than half of its {pages} pages, not {done}")
        support.check_whole(finish(waiting).json(), simulator.get().expected(github=large))


@tap.test("names that nobody answers, whose clients have left, do not hold up who comes later",
          seconds=120)
def check_abandoned():
    width, requests = 4, 20
    names = [[f"never-{n}-{k}" for k in range(MOST_ACCOUNTS)] for n in range(requests)]
    for name in sum(names, []):
        put_lie("github", name, "never_answer", "all")
    with program(UPSTREAM_CONCURRENCY=width, REPLY_DEADLINE_SECONDS=1,
                 UPSTREAM_TIMEOUT_SECONDS=3) as own:
        connections = [own.begin({"github": row}) for row in names]
        wait_until(lambda: len(asked_for(sum(names, []))) == width, "all places are taken",
                   child=own.child)
        for connection in connections:
            connection.close()
        wait_until(lambda: own.ask({"github": "g2-polite"}).status == 200,
                   "who comes later is answered", child=own.child)
    asked = asked_for(sum(names, []))
    tap.diagnose(f"{len(asked)} of {requests * MOST_ACCOUNTS} abandoned names were asked for")
    # Those that held the places when their clients left.
    tap.true(len(asked) <= width, f"at most {width} names asked for, not {asked}")


@tap.test(f"beside {MOST_VISITS} visits no other is begun, and those are joined", seconds=120)
def check_most():
    batches = [[f"g1-most-{n}-{k}" for k in range(MOST_ACCOUNTS)]
               for n in range(MOST_VISITS // MOST_ACCOUNTS + 1)]
    with program(UPSTREAM_CONCURRENCY=1, REPLY_DEADLINE_SECONDS=20 if support.SANITIZED else 5) \
            as own, latency(support.PATIENCE_SECONDS * 1000):
        waiting = [own.begin({"github": batch}) for batch in batches]
        refused = wait_until(lambda: [c for c in waiting if c.readable()], "one is refused",
                             child=own.child)
        tap.equal(len(refused), 1, "requests that are refused")
        for reply in (finish(refused[0]), own.ask({"github": "g1-another"})):
            problem = contract.problem(reply, 503)
            tap.equal({row["status"] for row in problem["accounts"]}, {"rate_limited"}, "statuses")
        waiting.remove(refused[0])
        waiting += [own.begin({"github": batch[0]}) for batch in batches[:20]]
        # Of the accounts of the one that was refused nobody knows which they are.
        statuses = [finish(connection).status for connection in waiting]
        tap.equal(set(statuses[:len(batches) - 1]), {504}, "statuses after the deadline")
        tap.true(statuses[len(batches) - 1:].count(504) >= 19, "those that joined waited, too")
    tap.equal(calls_of("github", "g1-another"), {}, "calls for one that was refused")


if __name__ == "__main__":
    sys.exit(tap.main())
