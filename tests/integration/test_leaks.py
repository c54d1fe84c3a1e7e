#!/usr/bin/env python3
"""Memory, as valgrind sees it: a thousand requests of every kind, then an orderly end."""

import json
import shutil
import signal
import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import AGGREGATE, Program, contract, fcgi, paths, tap  # noqa: E402

REQUESTS = 1000
WORKERS = 8
# The program is twenty to fifty times slower, on a machine that may do other things besides.
SECONDS = 600
ERROR_STATUS = 9
STOP_SECONDS = 60

VALGRIND = ("valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,possible",
            "--errors-for-leak-kinds=definite,possible", "--num-callers=30", "--fair-sched=yes",
            f"--error-exitcode={ERROR_STATUS}")
SANITIZER_MARKS = (b"__asan_init", b"__tsan_init", b"__ubsan_handle")

# Fewer accounts than requests, so that the time goes into the program and not into the simulator.
NAMES = 20
LIED = ("status_503", "truncated_body", "not_json", "null_element", "redirect_loop",
        "deep_nesting_member", "huge_array", "values_twice", "gzip_corrupt", "long_header",
        "number_1e400")
BELIEVED = ("values_twice",)  # in GitHub's REST API the last of a repeated member counts
# What changes how a forge is dealt with from then on, so it comes last.
UNTIL_THE_END = ("unauthorized_401", "primary_403")
FAILURES_IN_A_ROW = 25  # more than open the breaker

simulator = support.lazy_simulator()


class Checked(Program):
    """The program under valgrind."""

    def __init__(self):
        if shutil.which("valgrind") is None:
            tap.skip("valgrind is not installed")
        code = paths.program().read_bytes()
        if support.SANITIZED or any(mark in code for mark in SANITIZER_MARKS):
            tap.skip("the program is built with a sanitizer")
        super().__init__(
            simulator.get(), VALGRIND, REPLY_DEADLINE_SECONDS=120, UPSTREAM_TIMEOUT_SECONDS=60,
            MAX_RESPONSE_BYTES="1 MiB", MAX_REPOSITORIES=500, LOG_LEVEL="info",
            GITHUB_AUTH_TOKEN="made-up-token", BITBUCKET_AUTH_USER="someone",
            BITBUCKET_AUTH_TOKEN="made-up-token")


# Kinds of requests: given a number, each asks and says what it wanted of the reply. -----------

def ask(program, document, **more):
    return fcgi.ask_json(program.path, json.dumps(document).encode(), seconds=SECONDS,
                         **more)


def check_good(program, number):
    name = f"g{number % 4}-b{number % 3}-leak-{number % NAMES}"
    tap.equal(ask(program, {"username": name}).status, 200, f"status of {name}")


def check_pages(program, number):
    name = f"g{101 + number % 2 * 100}-b{101 + number % 2}-leak"
    tap.equal(ask(program, {"username": name}).status, 200, f"status of {name}")


def check_several(program, number):
    document = {"github": [f"g1-leak-{n}" for n in range(number % 8 + 1)], "bitbucket": "b2-leak"}
    tap.equal(ask(program, document).status, 200, f"status of {document}")


def check_get(program, number):
    reply = fcgi.ask(program.path, ("GET", "HEAD")[number % 2],
                     f"{AGGREGATE}?username=g2-b2-leak-{number % NAMES}", seconds=SECONDS)
    tap.equal(reply.status, 200, "status of GET or HEAD")


def check_missing(program, number):
    contract.problem(ask(program, {"username": f"nobody-{number % NAMES}"}), 404)


def check_inactive(program, _):
    tap.equal(ask(program, {"username": "pypy"}).status, 200, "status of an inactive account")


def check_lied(program, number):
    lie = LIED[number % len(LIED)]
    reply = ask(program, {"username": f"lied-{number % len(LIED)}"})
    tap.equal(reply.status, 200, f"status after {lie}")
    document = reply.json()
    believed = lie in BELIEVED and support.row_of(document, "github")["api"] == "rest"
    tap.equal(document["complete"], believed, f"complete after {lie}")


def check_failed(program, number):
    contract.problem(ask(program, {"github": f"lied-{number % 3}"}), 502)


def check_malformed(program, number):
    body = (b"", b"{", b'{"username":}', b'{"a":1,"a":2}', b"\xff", b"[" * 500)[number % 6]
    contract.problem(fcgi.ask_json(program.path, body, seconds=SECONDS),
                     422 if number % 6 == 5 else 400)


def check_invalid(program, number):
    document = ({}, {"username": "a/b"}, {"username": "a\0"}, {"gitlab": "a"}, {"github": [1]},
                {"github": ["a", "b", "c/d"]}, {"username": "n" * 5000})[number % 7]
    contract.problem(ask(program, document), 422)


def check_elsewhere(program, number):
    method, target, status = (("GET", "/nothing", 404), ("PUT", AGGREGATE, 405),
                              ("GET", "/api/v1/%zz", 400), ("GET", f"{AGGREGATE}?a=%zz", 400),
                              ("GET", AGGREGATE, 422))[number % 5]
    contract.problem(fcgi.ask(program.path, method, target, seconds=SECONDS), status)


def check_large(program, _):
    contract.problem(fcgi.ask_json(program.path, b" " * 100000, seconds=SECONDS), 413)


def check_gone(program, number):
    """A client that does not wait for its answer, or does not even ask whole."""
    body = b'{"username":"g1-b1-gone"}'
    request = fcgi.request_bytes(fcgi.params_for("POST", AGGREGATE, body, support.JSON), body)
    with fcgi.Connection(program.path, SECONDS) as connection:
        connection.send(request[:len(request) // (number % 3 + 1)])


KINDS = (check_good, check_pages, check_several, check_get, check_missing, check_inactive,
         check_lied, check_failed, check_malformed, check_invalid, check_elsewhere, check_large,
         check_gone)


def refuse(program):
    """Refused credentials, limits and a forge that keeps failing, each with visits after it."""
    for number, lie in enumerate(UNTIL_THE_END):
        simulator.get().put_account(f"refused-{number}", {
            "github": {"size": 101, "lie": lie}, "bitbucket": {"size": 2}})
        reply = ask(program, {"username": f"refused-{number}"})
        tap.equal((reply.status, reply.json()["complete"]), (200, False), f"status after {lie}")
        for after in range(5):
            tap.equal(ask(program, {"username": f"g101-b101-refused-{after}"}).status, 200,
                      f"status after {lie}")
    for number in range(FAILURES_IN_A_ROW):
        simulator.get().put_account(f"failing-{number}", {
            "bitbucket": {"size": 2, "lie": "status_500"}, "github": None})
        contract.problem(ask(program, {"bitbucket": f"failing-{number}"}), 502)
    contract.problem(ask(program, {"bitbucket": "b2-left-alone"}), 502)


@tap.test(f"{REQUESTS} requests of every kind, and an end by TERM: no error, no leak",
          seconds=SECONDS)
def check_leaks():
    for number, lie in enumerate(LIED):
        simulator.get().put_account(f"lied-{number}", {
            "github": {"size": 3, "lie": lie, "where": ["account", "pages", "graphql"]},
            "bitbucket": {"size": 2}})
    program = Checked()
    try:
        support.at_once(lambda n: KINDS[n % len(KINDS)](program, n // len(KINDS)),
                        range(REQUESTS), WORKERS)
        refuse(program)
        tap.true(program.child.alive(), "the program still runs")
        program.child.send(signal.SIGTERM)
        status = program.child.wait(STOP_SECONDS)
        log = program.log()
    finally:
        program.child.stop(STOP_SECONDS)
        program.site.close()
    reports = [line for line in log.splitlines() if line.startswith("==")]
    tap.equal(status, 0, "exit status; valgrind reports\n" + "\n".join(reports[:200]) + "\n")
    tap.equal(reports, [], "what valgrind reports")


if __name__ == "__main__":
    sys.exit(tap.main())
