#!/usr/bin/env python3
"""Forges that lie: whatever an upstream sends, the reply is valid and says what is missing and why.

One account for each lie, place and forge. It is honest on the other forge, whose data must come
through whole; what the lying one said must not be added up. All visits are made once, many at a
time, when the first test asks for them; each test then looks at what came of its lie.

One process hears all lies, with honest accounts between them. Only those that say something of the
forge instead of the account are told to a process of their own: that the limit is used up, after
which an honest account must not be asked for, or that the credential is refused, after which it
must be asked for without.

GitHub is asked without a token here: with one it is asked in another way, which has lies of its
own.
"""

import dataclasses
import sys
import time

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import STATISTICS, Program, contract, finish, tap  # noqa: E402

SIZE = 120          # two pages
OTHER_SIZE = 3      # on the other forge
STARS_GIVEN = 7     # more than one page of one, so that the count depends on the answer
MAX_REPOSITORIES = 1000  # so that an endless listing ends soon
TIMEOUT_SECONDS = 10 if support.SANITIZED else 4
WORKERS = 16

# What a visit of a fresh account needs more than one of the same size before: what libcurl, json-c
# and the allocator keep for reuse. The answers that are remembered (8 MiB) fill their room before:
# 15 KB of each page of GitHub, of these many accounts. A single answer that was kept besides would
# be 560 KB (a page), one up to the limit 2 MiB; there are several hundred.
RESIDENT_GROWTH_KIB = 8 * 1024
FILLING_ACCOUNTS = 4 * WORKERS

SECRETS = {"GITHUB_AUTH_TOKEN": "made-up-github-token", "GITHUB_AUTH_ENABLED": "false",
           "BITBUCKET_AUTH_USER": "someone", "BITBUCKET_AUTH_TOKEN": "made-up-bitbucket-token"}
CREDENTIALED = "bitbucket"
ELSEWHERE = "graphql_"  # lies that only GraphQL can tell

# After a limit that says so itself, and after one that does not.
RESET_SECONDS, WAIT_SECONDS = (1700, 1800), (30, 60)


# What must come --------------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a lie makes of the account it is told of.

    status: the account's. missing: statistics that it then cannot tell, beside those that an
    honest answer leaves unknown, and their reason. differs: statistics that are told but are not
    those of the honest account, because nobody could know; their values are not looked at, except
    where `told` gives them.
    """

    status: str
    missing: tuple = ()
    reason: str = None
    differs: tuple = ()
    told: tuple = ()


OK = Outcome("ok")
BROKEN = Outcome("upstream_error")
LARGE = Outcome("too_large")
LATE = Outcome("timeout")
LIMITED = Outcome("rate_limited")
REFUSED = Outcome("unauthorized")
ABSENT = Outcome("not_found")
INACTIVE = Outcome("inactive")


def untold(*statistics, differs=()):
    """Members that the forge no longer sends are unknown, and only they."""
    return Outcome("ok", statistics, "removed_upstream", differs)


def unstarred(outcome):
    """A failure of the list of stars costs the stars given and nothing else."""
    return Outcome("ok", ("stars.given",), outcome.status)


LISTED = ("repositories.archived", "forks", "stars.received", "open_issues_and_pull_requests",
          "size_bytes", "topics")
ALL = STATISTICS  # of a listing that is longer than the account's


@dataclasses.dataclass(frozen=True)
class Lie:
    """What comes of a lie by forge and place: an Outcome, or None where the lie is not tried."""

    github: dict
    bitbucket: dict


def lie(account, page_1, page_2=None, starred=None, *, bitbucket=None, pages=None):
    """A lie that is the same on both forges, unless bitbucket says (account, page 1, page 2)."""
    page_2 = page_2 or page_1
    if starred is None:
        starred = page_1 if page_1 is OK else unstarred(page_1)
    github = {"account": account, "page:1": page_1, "page:2": page_2, "starred": starred}
    own = bitbucket or (account, page_1, page_2)
    other = dict(zip(("account", "page:1", "page:2"), own))
    if pages is not None:
        github["pages"], other["pages"] = pages if isinstance(pages, tuple) else (pages, pages)
    return Lie(github, other)


def everywhere(outcome):
    return lie(outcome, outcome)


# A bad number: Bitbucket's workspaces have none, and of starred repositories none is read.
BAD_NUMBER = lie(BROKEN, BROKEN, starred=OK, bitbucket=(OK, BROKEN, BROKEN))

LIES = {
    "truncated_body": everywhere(BROKEN),
    "truncated_json": everywhere(BROKEN),
    "trailing_garbage": everywhere(BROKEN),
    "string_for_number": BAD_NUMBER,
    "array_for_object": everywhere(BROKEN),
    "object_for_array": everywhere(BROKEN),
    "null_body": everywhere(BROKEN),
    # An account's document has no elements.
    "null_element": lie(OK, BROKEN),
    # Until 2024 an original had no `parent` on Bitbucket: without one nothing is a fork.
    "missing_optional": lie(
        OK, untold(*LISTED, "languages"), starred=OK,
        bitbucket=(OK, *[untold("size_bytes", "languages", differs=(
            "repositories.original", "repositories.forked"))] * 2)),
    "missing_required": lie(BROKEN, BROKEN, starred=OK),
    # null is an answer for a language: none that GitHub recognises, none that was chosen.
    "null_optional": lie(
        OK, untold(*LISTED, differs=("languages",)), starred=OK,
        bitbucket=(OK, *[untold("size_bytes", differs=(
            "languages", "repositories.original", "repositories.forked"))] * 2)),
    "null_required": lie(BROKEN, BROKEN, starred=OK),
    "huge_array": everywhere(LARGE),
    "huge_white_space": everywhere(LARGE),
    "huge_string": everywhere(LARGE),
    "deep_nesting": everywhere(LARGE),
    "deep_nesting_member": everywhere(LARGE),
    "gzip_bomb": everywhere(LARGE),
    "gzip_corrupt": everywhere(BROKEN),
    "invalid_utf8": lie(BROKEN, BROKEN, starred=OK),
    # JSON's grammar allows half a pair (RFC 8259, section 8.2); it becomes U+FFFD.
    "lone_surrogate": lie(OK, Outcome("ok", differs=("languages",)), starred=OK),
    "nul_in_text": lie(BROKEN, BROKEN, starred=OK),
    "number_1e400": BAD_NUMBER,
    "number_negative": BAD_NUMBER,
    "number_huge": BAD_NUMBER,
    "number_fraction": BAD_NUMBER,
    # At the end of the honest pages there is one more, filled: nobody can tell.
    "endless_next": lie(OK, OK, Outcome("ok", differs=ALL), OK, pages=LARGE),
    "last_huge": lie(OK, LARGE, LARGE, Outcome("ok", differs=("stars.given",),
                                               told=(("stars.given", 1000000),)),
                     bitbucket=(OK, LARGE, Outcome("ok", differs=ALL)), pages=LARGE),
    # Links are read for numbers of pages only, and Bitbucket's `next` only on a walk.
    "next_elsewhere": lie(OK, OK, pages=(LARGE, OK)),
    "next_same": lie(OK, OK, pages=(LARGE, OK)),
    "next_is": lie(OK, OK, pages=(LARGE, OK)),
    "redirect_loop": everywhere(BROKEN),
    "redirect_elsewhere": everywhere(BROKEN),
    "redirect_right": everywhere(OK),
    "redirect_to": everywhere(BROKEN),
    "redirect_nowhere": everywhere(BROKEN),
    "reset_mid_body": everywhere(BROKEN),
    "close_without_answer": everywhere(BROKEN),
    "never_answer": everywhere(LATE),
    "stall_mid_body": everywhere(LATE),
    "one_byte_a_second": everywhere(LATE),
    "slow_head": everywhere(LATE),
    "bad_status_line": everywhere(BROKEN),
    "chunked": everywhere(OK),
    "status_500": everywhere(BROKEN),
    "status_502": everywhere(BROKEN),
    "status_503": everywhere(BROKEN),
    "status_504": everywhere(BROKEN),
    "empty_200": everywhere(BROKEN),
    "not_json": everywhere(BROKEN),
    "primary_403": everywhere(LIMITED),
    "primary_429": everywhere(LIMITED),
    "secondary_retry_after": everywhere(LIMITED),
    "secondary_429": everywhere(LIMITED),
    "secondary_body_only": everywhere(LIMITED),
    "rate_limited_text": everywhere(LIMITED),
    "unauthorized_401": everywhere(REFUSED),
    "forbidden_403": everywhere(REFUSED),
    # Only Bitbucket deactivates: there any call may say so, and it is then knowledge.
    "deactivated_403": lie(REFUSED, REFUSED, bitbucket=(INACTIVE,) * 3),
    # Only the account itself can say that it is not there.
    "not_found_404": lie(ABSENT, BROKEN),
    "conflict_409": everywhere(BROKEN),
    "gone_410": everywhere(BROKEN),
    "duplicates": lie(OK, OK, pages=OK),
    # GitHub's number is not used; Bitbucket's makes us walk along `next`.
    "size_mismatch": lie(OK, OK, pages=OK),
    "private_among_public": lie(OK, OK, starred=unstarred(BROKEN), pages=OK),
    # Of a repeated member the last counts, as everywhere; a repeated array is refused.
    "values_twice": lie(OK, OK, bitbucket=(OK, BROKEN, BROKEN)),
    "long_header": everywhere(LARGE),
    "many_headers": everywhere(LARGE),
    "not_modified_304": everywhere(BROKEN),
    "long_link": everywhere(LARGE),
}

# Lies that need options, or each other: (title, forge, lies, outcome).
BITBUCKET_WALK = {"lie": "size_mismatch", "where": "page:2"}
MORE = [
    (f"on a walk, {title}", "bitbucket",
     [BITBUCKET_WALK, {"lie": name, "where": "page:1", "options": options}], outcome)
    for title, name, options, outcome in (
        ("the next page on another origin", "next_elsewhere", {}, BROKEN),
        ("the next page is this page", "next_same", {}, LARGE),
        ("the next page is a file", "next_is", {}, BROKEN),
        ("the next page has another scheme", "next_is", {"to": "//192.0.2.1/2.0/x"}, BROKEN),
        ("the next page has a user", "next_is",
         {"to": "http://someone@127.0.0.1/bitbucket/2.0/repositories/x"}, BROKEN),
        ("the next page is no URL", "next_is", {"to": "http://["}, BROKEN),
        ("the next page is empty text", "next_is", {"to": ""}, BROKEN),
    )
] + [
    (f"a redirect of status {status} {where}", forge,
     [{"lie": name, "where": "account", "options": {"status": status}}], outcome)
    for forge in support.FORGES for status in (301, 302, 307, 308)
    for name, where, outcome in (("redirect_right", "on the same origin", OK),
                                 ("redirect_elsewhere", "to another origin", BROKEN))
] + [
    (f"a relative redirect, {forge}", forge,
     [{"lie": "redirect_right", "where": "account", "options": {"relative": True}}], OK)
    for forge in support.FORGES
] + [
    (f"a redirect to {target!r}, {forge}", forge,
     [{"lie": "redirect_to", "where": "page:1", "options": {"to": target}}], BROKEN)
    for forge in support.FORGES
    for target in ("//192.0.2.1/x", "javascript:alert(1)", "ftp://127.0.0.1/x", "http://", "?",
                   "https://127.0.0.1/x", "http://x:y@127.0.0.1/x")
] + [
    (f"one refusal on every call, {forge}", forge, [{"lie": name}], outcome)
    for forge in support.FORGES
    for name, outcome in (("not_found_404", ABSENT), ("status_503", BROKEN),
                          ("primary_403", LIMITED), ("close_without_answer", BROKEN))
]


# The visits ------------------------------------------------------------------------------------

def limits(outcome):
    """Whether a limit was met, at whatever cost to the account."""
    return "rate_limited" in (outcome.status, outcome.reason)


class Case:
    """One account that is lied about, and the replies about it."""

    def __init__(self, number, forge, lies, outcome, title):
        self.forge, self.lies, self.outcome, self.title = forge, lies, outcome, title
        self.other = support.other_than(forge)
        self.name = f"lied-{number}"
        self.honest = f"g2-b2-honest-{number}"
        self.limits = limits(outcome)
        self.own_process = self.limits or any(lie["lie"] == "unauthorized_401" for lie in lies)
        # A limit met beside the listing leaves it whole; a second round would come too late.
        self.size = 100 if self.limits and outcome.status == "ok" else SIZE
        self.both = self.alone = self.after = self.failure = None

    def declare(self, simulator):
        simulator.put_account(self.name, {
            self.forge: {"size": self.size, "lies": self.lies} | (
                {"stars_given": STARS_GIVEN} if self.forge == "github" else {}),
            self.other: {"size": OTHER_SIZE}})

    def visit(self, program):
        """Asks for both forges and for the lying one alone, which share a visit; then for an
        honest account."""
        try:
            both = program.begin({"username": self.name})
            alone = program.begin({self.forge: self.name})
            self.both, self.alone = finish(both), finish(alone)
            if self.limits:
                support.check_limited(simulator.get(), program, self.forge, self.honest,
                                      self.wait())
            else:
                self.after = program.ask({"username": self.honest})
        except Exception as failure:  # told by the test of this lie
            self.failure = failure

    def wait(self):
        """Bitbucket says nothing of the end to callers with a credential."""
        told = self.lies[0]["lie"].startswith("primary") and self.forge != CREDENTIALED
        return RESET_SECONDS if told else WAIT_SECONDS


def all_cases():
    cases = []
    for name, row in LIES.items():
        for forge in ("github", "bitbucket"):
            for place, outcome in getattr(row, forge).items():
                cases.append(Case(len(cases), forge, [{"lie": name, "where": place}], outcome,
                                  f"{name}, {forge}, {place}"))
    for title, forge, lies, outcome in MORE:
        cases.append(Case(len(cases), forge, lies, outcome, title))
    return cases


CASES = all_cases()


class Visits:
    """The program that heard most lies, after all visits were made."""

    def __init__(self):
        begun = time.monotonic()
        for case in CASES:
            case.declare(simulator.get())
        declared = time.monotonic()
        self.logs = []
        self.program = start()
        try:
            self._tell([case for case in CASES if not case.own_process])
        except BaseException:
            self.program.close()
            raise
        together = time.monotonic()
        self._tell_apart([case for case in CASES if case.own_process])
        tap.diagnose(f"{len(CASES)} accounts declared in {declared - begun:.1f} s, visited in "
                     f"{together - declared:.1f} s by one process and in "
                     f"{time.monotonic() - together:.1f} s by processes of their own")

    def _tell(self, cases):
        """Those that come after each other in the table take equally long, or fail alike: they
        are spread."""
        self._warm()
        self.resident_before = self.program.resident_kib()
        spread = [case for first in range(WORKERS) for case in cases[first::WORKERS]]
        support.at_once(lambda case: case.visit(self.program), spread, WORKERS)
        self.resident_after = self.program.resident_kib()
        self.counts = simulator.get().counts()
        self.logs.append(self.program.log())

    def _warm(self):
        """As many honest visits at a time as there will be others, and so much that no more answers
        are remembered than before."""
        size = MAX_REPOSITORIES
        for name in (f"g{size}-b{OTHER_SIZE}-filling", f"g{SIZE}-b{SIZE}-warm"):
            support.at_once(lambda n, name=name: self.program.ask({"username": f"{name}-{n}"}),
                            range(FILLING_ACCOUNTS), WORKERS)

    def _tell_apart(self, cases):
        for first in range(0, len(cases), WORKERS):
            pairs = [(case, start()) for case in cases[first:first + WORKERS]]
            try:
                support.at_once(lambda pair: pair[0].visit(pair[1]), pairs, WORKERS)
            finally:
                for case, program in pairs:
                    self._end(case, program)

    def _end(self, case, program):
        self.logs.append(program.log())
        try:
            program.close()
        except AssertionError as failure:
            case.failure = case.failure or failure

    def close(self):
        self.program.close()


def start():
    return Program(
        simulator.get(), UPSTREAM_TIMEOUT_SECONDS=TIMEOUT_SECONDS, REPLY_DEADLINE_SECONDS=60,
        VISIT_DEADLINE_SECONDS=60, MAX_RESPONSE_BYTES="2 MiB", UPSTREAM_CONCURRENCY=100,
        MAX_REPOSITORIES=MAX_REPOSITORIES, **SECRETS)


simulator = support.lazy_simulator()
visits = tap.Lazy(Visits, Visits.close)


# The tests -------------------------------------------------------------------------------------

def value_of(totals, statistic):
    """The value of a statistic by its dotted name, in comparable form."""
    if statistic == "languages":
        return totals["languages"] and [(row["name"], row["repositories"])
                                        for row in totals["languages"]]
    if statistic == "languages.bytes":
        return totals["languages"] and [row["bytes"] for row in totals["languages"]]
    for member in statistic.split("."):
        totals = totals[member]
    return totals


def check_failed_totals(case, document):
    """Only the other forge is in the totals; all of the failed account is missing."""
    expected = simulator.get().expected(**{case.other: case.name})
    missing = expected["missing"]
    if case.outcome.status not in support.SETTLED:
        key = f"{case.forge}:{case.name}"
        missing = {statistic: missing.get(statistic, {}) | {key: case.outcome.status}
                   for statistic in STATISTICS}
    contract.same(document["totals"], expected["totals"], "totals")
    contract.same(document["missing"], missing, "missing")


def check_told_totals(case, document):
    """Every statistic is that of the honest account, or missing, as the outcome says."""
    expected = simulator.get().expected(case.name, case.name)
    key, outcome = f"{case.forge}:{case.name}", case.outcome
    # The bytes of languages belong to the languages, whatever else was said of them.
    lost = outcome.missing + (("languages.bytes",) if "languages" in outcome.missing else ())
    for statistic in STATISTICS:
        missing = dict(expected["missing"].get(statistic, {}))
        if statistic in outcome.missing:
            missing[key] = outcome.reason
        found = document["missing"].get(statistic, {})
        if statistic in lost and statistic not in outcome.missing:
            tap.true(key in found, f"{statistic} of {key} missing")
        else:
            tap.equal(found, missing, f"who cannot tell {statistic}")
        if statistic not in outcome.differs and statistic not in lost \
                and not ("languages" in outcome.differs and statistic == "languages.bytes"):
            tap.equal(value_of(document["totals"], statistic),
                      value_of(expected["totals"], statistic), statistic)
    own = next(row for row in document["accounts"] if row["forge"] == case.forge)
    for statistic in outcome.missing:
        tap.equal(value_of(own["totals"], statistic), None, f"{statistic} of {key}")
    for statistic, value in outcome.told:
        tap.equal(value_of(own["totals"], statistic), value, f"{statistic} of {key}")


def check_problem(case, row):
    """A failed account says why, for people, and nothing that was the upstream's to keep."""
    problem = row["problem"]
    tap.equal(problem["type"], "/docs/problems#" + case.outcome.status.replace("_", "-"), "type")
    for member in ("title", "detail"):
        text = problem[member]
        tap.true(text and text.isprintable(), f"a printable {member}, not {text!r}")
        for unwanted in ("<html", "<!DOCTYPE", "made-up", "Basic ", "Bearer "):
            tap.true(unwanted not in text, f"no {unwanted!r} in {text!r}")
    tap.equal("retry_at" in problem, case.outcome.status == "rate_limited", "retry_at told")


def check_both(case):
    tap.equal((case.both.status, case.both.media_type), (200, support.JSON),
              f"status and type of\n{case.both}\n")
    document = case.both.json()
    settled = case.outcome.status in support.SETTLED
    tap.equal(document["complete"], settled, "complete")
    tap.equal([(row["forge"], row["status"]) for row in document["accounts"]],
              sorted([(case.forge, case.outcome.status), (case.other, "ok")]), "accounts")
    lied, other = sorted(document["accounts"], key=lambda row: row["forge"] != case.forge)
    expected = simulator.get().expected(**{case.other: case.name})["accounts"]
    support.check_accounts([other], expected)
    if case.outcome.status == "ok":
        check_told_totals(case, document)
    else:
        tap.equal(lied["totals"], None, "totals of the account lied about")
        check_failed_totals(case, document)
    if not settled:
        check_problem(case, lied)
    else:
        tap.equal("problem" in lied, False, "a problem told")


def check_alone(case):
    status = support.STATUS_ALONE[case.outcome.status]
    tap.equal(case.alone.status, status, f"status of\n{case.alone}\n")
    if status == 200:
        return
    problem = contract.problem(case.alone, status)
    tap.equal([row["status"] for row in problem["accounts"]], [case.outcome.status], "accounts")
    retry_after = case.alone.header("Retry-After")
    if status == 503:
        tap.true(retry_after.isdigit() and int(retry_after) > 0, "Retry-After in seconds")
    else:
        tap.equal(retry_after, None, "Retry-After")


def check_after(case):
    tap.equal(case.after.status, 200, f"status of an honest account\n{case.after}\n")
    support.check_whole(case.after.json(),
                        simulator.get().expected(case.honest, case.honest), case.honest)


def check_case(case):
    if case.failure is not None:
        raise case.failure
    check_both(case)
    check_alone(case)
    if not case.limits:  # else what comes after was looked at when it came
        check_after(case)


def check_cases(cases):
    visits.get()
    failed = []
    for case in cases:
        try:
            check_case(case)
        except Exception as failure:
            failed.append(f"{case.title}: {type(failure).__name__}: {failure}")
    if failed:
        raise AssertionError("\n".join(failed))


@tap.test("every lie that the simulator knows is in the table, and none else", seconds=30)
def check_table():
    known = simulator.get().control("GET", "lies")
    tap.equal(sorted(LIES), sorted(name for name in known if not name.startswith(ELSEWHERE)),
              "lies")


@tap.test("all visits are answered, and the program lives", seconds=300)
def check_alive():
    made = visits.get()
    tap.true(made.program.child.alive(), "the program still runs")


def add_tests():
    for name in LIES:
        tap.add(f"{name}: told as it is, wherever it is told", check_cases,
                [case for case in CASES if case.title.startswith(name + ", ")])
    for case in CASES[-len(MORE):]:
        tap.add(case.title, check_cases, [case])


add_tests()


@tap.test("no other origin was ever asked")
def check_stranger():
    visits.get()
    counts = simulator.get().counts()
    tap.equal(counts["stranger"]["requests"], 0, "requests at another origin")
    tap.equal(counts["connections"]["stranger"], 0, "connections to another origin")


@tap.test("a credential went to its own forge alone, and with every call")
def check_credentials():
    counts = visits.get().counts
    tap.equal(counts[CREDENTIALED]["anonymous"], 0, f"calls without it to {CREDENTIALED}")
    other = support.other_than(CREDENTIALED)
    tap.equal(counts[other]["authorized"], 0, f"calls with a credential to {other}")


@tap.test("with honest accounts between the lies no forge was ever left alone")
def check_breaker():
    tap.true("left alone" not in visits.get().logs[0], "no word of that in the log")


@tap.test("no secret and no body of an upstream is in the log")
def check_log():
    log = "".join(visits.get().logs)
    for secret in ("made-up", "c29tZW9uZ", "<html", "Basic ", "Bearer "):
        tap.true(secret not in log, f"no {secret!r} in the log")


@tap.test("nothing is kept of what was refused: resident memory stays near what it was")
def check_memory():
    made = visits.get()
    tap.diagnose(f"resident: {made.resident_before} KiB before, {made.resident_after} KiB after")
    if support.SANITIZED:
        tap.skip("built with a sanitizer, which keeps what was freed")
    growth = made.resident_after - made.resident_before
    tap.true(growth < RESIDENT_GROWTH_KIB, f"less than {RESIDENT_GROWTH_KIB} KiB more, "
             f"not {growth}")


@tap.test("after all lies the same process answers, and the simulator never failed")
def check_end():
    made = visits.get()
    tap.true(made.program.child.alive(), "the program still runs")
    support.ask_whole(made.program, simulator.get(), {"username": "g9-b9-end"},
                      "g9-b9-end", "g9-b9-end")
    tap.equal(simulator.get().counts()["failures"], 0, "failures of the simulator")


if __name__ == "__main__":
    sys.exit(tap.main())
