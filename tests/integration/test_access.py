#!/usr/bin/env python3
"""Who may ask, and how much: keys, names, limits and proxies, by FastCGI and by CGI; and what is
told of each request: its id, and its line in the access log."""

import contextlib
import itertools
import json
import os
import re
import sys
import urllib.parse

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import Program, contract, fcgi, tap  # noqa: E402
from harness.processes import PrivateDirectory, TemporaryDirectory, wait_until  # noqa: E402

HOUR = 3600
CHALLENGE = 'Bearer realm="forgefold"'
ADDRESS = "203.0.113.7"
ELSEWHERE = "198.51.100.9"
PROXY = "10.1.2.3"
# Nothing in a log may look like this.
SECRET_NAME = "g1-not-to-be-logged"

simulator = support.lazy_simulator()


def make_key(name):
    """A key and its line, as the command line makes them."""
    done = support.run([f"--make-key={name}"])
    if b"without nettle" in done.stderr:
        tap.skip("the program is built without nettle")
    tap.equal((done.returncode, done.stderr), (0, b""), "status and errors of --make-key")
    key, line = (found.strip() for found in done.stdout.decode().split("\n\n")[1::2])
    return key, f"{line}\n"


class Keys:
    """A file of keys, and the keys."""

    def __init__(self, *names):
        self._directory = TemporaryDirectory()
        self.path = f"{self._directory.path}/keys"
        made = {name: make_key(name) for name in names}
        self.of = {name: key for name, (key, _) in made.items()}
        self.lines = {name: line for name, (_, line) in made.items()}
        self.write("".join(self.lines.values()))

    def write(self, text, mode=0o600):
        """In place of what is there, at once."""
        with open(f"{self.path}.new", "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
        os.rename(f"{self.path}.new", self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._directory.close()


def bearer(key):
    return {"HTTP_AUTHORIZATION": f"Bearer {key}"}


@contextlib.contextmanager
def program(**settings):
    running = Program(simulator.get(), **settings)
    try:
        yield running
    finally:
        running.close()


def get(running, query, address=ADDRESS, **more):
    """Asks a program by FastCGI."""
    return fcgi.ask(running.path, "GET", f"{support.AGGREGATE}?{query}",
                    seconds=support.PATIENCE_SECONDS, REMOTE_ADDR=address, **more)


def get_by_cgi(settings, query, address=ADDRESS, **more):
    """Asks a process of its own. The reply, and what it wrote to standard error."""
    params = fcgi.params_for("GET", f"{support.AGGREGATE}?{query}", REMOTE_ADDR=address, **more)
    done = support.run([], support.settings(simulator.get(), **settings) | params)
    tap.equal(done.returncode, 0, f"status, with {done.stderr.decode()}")
    return fcgi.cgi_reply(done.stdout), done.stderr.decode()


def check_refused(reply, status, kind):
    document = contract.problem(reply, status)
    tap.equal(document["type"], f"/docs/problems#{kind}", "type")
    tap.equal(reply.header("Cache-Control"), "no-store", "Cache-Control")
    return document


def check_limited(reply):
    document = check_refused(reply, 429, "client-rate-limited")
    wait = int(reply.header("Retry-After"))
    tap.true(0 < wait <= HOUR, f"Retry-After within an hour, not {wait}")
    tap.true(f"ask again in {wait} seconds" in document["detail"], f"the same in {document}")


def check_key_needed(reply, challenge=CHALLENGE):
    check_refused(reply, 401, "key-needed")
    tap.equal(reply.header("WWW-Authenticate"), challenge, "WWW-Authenticate")


def statuses(running, queries, **more):
    return [get(running, query, **more).status for query in queries]


def requests():
    return simulator.get().requests()


# Keys ------------------------------------------------------------------------------------------

@tap.test("without a key nothing is told, and nobody is asked; with one it is, to its holder")
def check_keys():
    with Keys("alice") as keys, PrivateDirectory() as place, \
            program(API_KEYS_FILE=keys.path, CACHE_URL=place.url, ACCESS_LOG="text") as running:
        before = requests()
        check_key_needed(get(running, "github=g2-keys"))
        check_key_needed(get(running, "github=g2-keys", **bearer("x" * 43)),
                           CHALLENGE + ', error="invalid_token"')
        tap.equal(requests(), before, "requests upstream")

        def hits():
            """Asks once more. Which kinds of answers there were so far."""
            reply = get(running, "github=g2-keys", **bearer(keys.of["alice"]))
            tap.equal(reply.status, 200, f"status of\n{reply}\n")
            tap.equal(reply.header("Cache-Control").split(",")[0], "private", "Cache-Control")
            tap.equal(reply.headers.get_all("Vary"), ["Authorization"], "Vary")
            return set(re.findall(r"hit=(\w+) ", running.log())), reply

        wait_until(lambda: {"miss", "fresh", "hot"} <= hits()[0], "each kind of answer")
        reply = hits()[1]
        # What is ready in memory is no less guarded, nor is a 304.
        check_key_needed(get(running, "github=g2-keys"))
        check_key_needed(get(running, "github=g2-keys", HTTP_IF_NONE_MATCH=reply.header("ETag")))
        tap.equal(get(running, "github=g2-keys", HTTP_IF_NONE_MATCH=reply.header("ETag"),
                      **bearer(keys.of["alice"])).status, 304, "status with the tag")
        tap.equal(get(running, "x=y", **bearer(keys.of["alice"])).status, 422, "status of nonsense")
        tap.equal(get(running, "x=y").status, 401, "status of nonsense without a key")
        tap.equal(fcgi.ask(running.path, "OPTIONS", support.AGGREGATE).status, 204, "of OPTIONS")
        existence = "/api/v1/accounts?github=g2-keys"
        check_key_needed(fcgi.ask(running.path, "GET", existence))
        tap.equal(fcgi.ask(running.path, "GET", existence, **bearer(keys.of["alice"])).status, 200,
                  "status of whether it exists")
        tap.equal(keys.of["alice"] in running.log(), False, "the key in the log")


@tap.test("the same by CGI, and by POST")
def check_keys_by_cgi():
    with Keys("alice") as keys:
        settings = {"API_KEYS_FILE": keys.path}
        check_key_needed(get_by_cgi(settings, "github=g2-cgi-keys")[0])
        reply, _ = get_by_cgi(settings, "github=g2-cgi-keys", **bearer(keys.of["alice"]))
        tap.equal(reply.status, 200, f"status of\n{reply}\n")
        with program(**settings) as running:
            body = b'{"github": "g2-cgi-keys"}'
            check_key_needed(fcgi.ask_json(running.path, body))
            reply = fcgi.ask_json(running.path, body, **bearer(keys.of["alice"]))
            tap.equal((reply.status, reply.header("Cache-Control")), (200, "no-store"), "POST")


@tap.test("keys that are not needed lift the limits of those who have one")
def check_optional_keys():
    with Keys("alice") as keys, program(API_KEYS_FILE=keys.path, API_KEYS_REQUIRED="false",
                                        CLIENT_RATE_LIMIT=1) as running:
        tap.equal(statuses(running, ["github=g1-optional"] * 2), [200, 429], "without")
        tap.equal(statuses(running, ["github=g1-optional"] * 3, **bearer(keys.of["alice"])),
                  [200] * 3, "with a key")
        check_key_needed(get(running, "github=g1-optional", **bearer("y" * 43)),
                           CHALLENGE + ', error="invalid_token"')


@tap.test("keys are read again when their file changes, and kept when it is spoilt")
def check_reload():
    with Keys("alice", "bob") as keys, program(API_KEYS_FILE=keys.path) as running:
        def status(name):
            return get(running, "github=g1-reload", **bearer(keys.of[name])).status

        def wait_for(alice, bob):
            wait_until(lambda: (status("alice"), status("bob")) == (alice, bob),
                       f"{alice} for alice, {bob} for bob", child=running.child)

        wait_for(200, 200)
        keys.write(keys.lines["bob"])
        wait_for(401, 200)
        keys.write("# nothing\nalice\n")
        wait_until(lambda: f"{keys.path}:2: " in running.log() or not status("bob"),
                   "the mistake is told with its place", child=running.child)
        wait_for(401, 200)
        keys.write(keys.lines["alice"], mode=0o644)
        wait_until(lambda: "chmod o-rwx" in running.log() or not status("bob"),
                   "that others can read it is told", child=running.child)
        wait_for(401, 200)
        keys.write(keys.lines["alice"])
        wait_for(200, 401)
        os.unlink(keys.path)
        wait_until(lambda: f"{keys.path} cannot be opened" in running.log() or not status("alice"),
                   "that it is gone is told", child=running.child)
        wait_for(200, 401)


def check_start(settings, *words):
    """It does not start, and says why; --check says the same."""
    for arguments, more in (([], fcgi.params_for("GET", support.AGGREGATE)), (["--check"], {})):
        done = support.run(arguments, support.settings(simulator.get(), **settings) | more)
        tap.true(done.returncode in (1, 2), f"a failure, not {done.returncode}")
        for word in words:
            tap.true(word in done.stderr.decode(), f"{word} in {done.stderr.decode()}")


@tap.test("what cannot be used is told at the start, with its place")
def check_mistakes():
    with Keys("alice") as keys:
        keys.write("# keys\n\nbob:secret-of-bob\n")
        check_start({"API_KEYS_FILE": keys.path}, f"{keys.path}:3: ")
        keys.write(keys.lines["alice"], mode=0o604)
        check_start({"API_KEYS_FILE": keys.path}, "chmod o-rwx")
        check_start({"API_KEYS_FILE": "keys"}, "API_KEYS_FILE", "absolute")
    check_start({"API_KEYS_FILE": "/nonexistent/keys"}, "/nonexistent/keys")
    check_start({"METRICS_ALLOW": "key"}, "METRICS_ALLOW", "API_KEYS_FILE")
    check_start({"HEALTH_ALLOW": "10.0.0.1/8"}, "HEALTH_ALLOW", "10.0.0.1/8")
    check_start({"TRUSTED_PROXIES": "proxy.example"}, "TRUSTED_PROXIES", "proxy.example")
    check_start({"ALLOWED_NAMES": "gitlab:pypy"}, "ALLOWED_NAMES", "gitlab")
    check_start({"ALLOWED_NAMES": "  "}, "ALLOWED_NAMES", "names nothing")


@tap.test("a person at a command line needs no key, nor the file")
def check_command_line():
    environment = support.settings(simulator.get(), API_KEYS_FILE="/nonexistent/keys",
                                   ALLOWED_NAMES="nobody")
    done = support.run(["--json", "--github=g1-command"], environment)
    tap.equal(done.returncode, 0, f"status, with {done.stderr.decode()}")


@tap.test("who has a key may ask for what is new, nobody else")
def check_no_cache():
    with Keys("alice") as keys, PrivateDirectory() as place, \
            program(API_KEYS_FILE=keys.path, API_KEYS_REQUIRED="false", CACHE_URL=place.url,
                    ACCESS_LOG="text") as running:
        def stars(**more):
            reply = get(running, "github=anew", HTTP_CACHE_CONTROL="no-cache", **more)
            tap.equal(reply.status, 200, f"status of\n{reply}\n")
            return reply.json()["totals"]["repositories"]["total"]

        simulator.get().put_account("anew", {"github": {"size": 3}})
        tap.equal(stars(), 3, "repositories at first")
        simulator.get().put_account("anew", {"github": {"size": 4}})
        tap.equal([stars(), stars()], [3, 3], "remembered")
        tap.equal(stars(**bearer(keys.of["alice"])), 4, "asked anew")
        wait_until(lambda: stars() == 4, "that it is remembered after that")


# Names -----------------------------------------------------------------------------------------

@tap.test("accounts that may not be asked for are not, whoever asks")
def check_names():
    settings = {"ALLOWED_NAMES": "github:g1-* nobody?"}
    with program(**settings) as running:
        before = requests()
        for query, pointer in (("github=g2-a", "/github"), ("bitbucket=g1-a", "/bitbucket"),
                               ("username=g1-a", "/username"), ("github=g1-a&github=x", "/github")):
            document = check_refused(get(running, query), 403, "name-not-allowed")
            tap.equal([error["pointer"] for error in document["errors"]], [pointer], query)
        tap.equal(requests(), before, "requests upstream")
        tap.equal(statuses(running, ["github=G1-A", "username=g1-a&bitbucket=", "username=nobody1"]),
                  [200, 200, 404], "statuses of others")
    check_refused(get_by_cgi(settings, "github=g2-a")[0], 403, "name-not-allowed")


# Limits ----------------------------------------------------------------------------------------

@tap.test("a client's requests are counted by all processes together")
def check_shared_limit():
    with PrivateDirectory() as place:
        settings = {"CACHE_URL": place.url, "CLIENT_RATE_LIMIT": 5}
        with program(**settings) as one, program(**settings) as other:
            tap.equal([get(running, "github=g1-shared").status
                       for running in (one, other, one, other)], [200] * 4, "statuses")
            reply, _ = get_by_cgi(settings, "github=g1-shared")
            tap.equal(reply.status, 200, "status by CGI")
            for running in (one, other):
                check_limited(get(running, "github=g1-shared"))
            check_limited(get_by_cgi(settings, "github=g1-shared")[0])
            tap.equal(get(one, "github=g1-shared", ELSEWHERE).status, 200, "another client")
            tap.equal(get(one, "github=g1-shared", ELSEWHERE).header("Cache-Control").split(",")[0],
                      "private", "Cache-Control")


@tap.test("what is asked of forges is limited, what is remembered is not")
def check_cold_limit():
    with PrivateDirectory() as place:
        settings = {"CACHE_URL": place.url, "CLIENT_COLD_LIMIT": 3}
        with program(**settings) as running:
            tap.equal(statuses(running, ["username=g1-cold", "github=g2-cold"]), [200, 200], "cold")
            before = requests()
            check_limited(get(running, "github=g3-cold"))
            tap.equal(requests(), before, "requests upstream")
            tap.equal(statuses(running, ["username=g1-cold", "github=g2-cold"] * 3), [200] * 6,
                      "what is remembered")
            tap.equal(get(running, "github=g3-cold", ELSEWHERE).status, 200, "another client")
            # What a visit came to is kept just after it was told.
            wait_until(lambda: get(running, "github=g3-cold").status == 200, "what he has caused")
            tap.equal(get(running, "username=g1-cold").header("Cache-Control").split("=")[0],
                      "max-age", "Cache-Control")
        check_limited(get_by_cgi(settings, "github=g4-cold")[0])
        check_limited(get_by_cgi(settings, "github=g1-x&github=g1-y&github=g1-z&github=g1-w",
                                 "192.0.2.1")[0])
        tap.equal(get_by_cgi(settings, "github=g1-x&github=g1-y&github=g1-z", "192.0.2.1")[0].status,
                  200, "as many as the limit")


@tap.test("without a cache a process counts for itself, 60 accounts by default")
def check_without_cache():
    with program(CLIENT_COLD_LIMIT="") as running:
        names = "&".join(f"github=nobody-{i}" for i in range(15))
        tap.equal(statuses(running, [names] * 4), [404] * 4, "60 accounts")
        check_limited(get(running, "github=nobody-16"))
        tap.equal(get(running, "github=nobody-16", ELSEWHERE).status, 404, "another client")


# Proxies ---------------------------------------------------------------------------------------

@tap.test("X-Forwarded-For is believed of proxies that are named, and of nobody else")
def check_proxies():
    with program(TRUSTED_PROXIES="10.0.0.0/8 2001:db8::1", ACCESS_LOG="json") as running:
        rows = (
            (ADDRESS, None, ADDRESS),
            (ADDRESS, ELSEWHERE, ADDRESS),
            (PROXY, ELSEWHERE, ELSEWHERE),
            (PROXY, f"127.0.0.1, {ELSEWHERE}", ELSEWHERE),
            (PROXY, f"{ELSEWHERE}, 10.9.9.9", ELSEWHERE),
            ("2001:db8::1", "2001:db8::2", "2001:db8::2"),
            (PROXY, None, PROXY),
            ("unix:", ELSEWHERE, "unknown"),
        )
        for number, (address, forwarded, _) in enumerate(rows):
            get(running, "x=y", address, HTTP_X_FORWARDED_FOR=forwarded,
                HTTP_X_REQUEST_ID=f"row-{number}")
        for number, (address, forwarded, client) in enumerate(rows):
            line = wait_until(lambda n=number: line_of(running.log(), f"row-{n}"), "its line")
            tap.equal(json.loads(line)["client"], client, f"client of {address}, {forwarded}")


@tap.test("limits are those of the client behind a proxy, not of the proxy")
def check_limits_behind_proxies():
    with program(TRUSTED_PROXIES=PROXY, CLIENT_RATE_LIMIT=1) as running:
        def status(address, forwarded):
            return get(running, "github=g1-proxy", address, HTTP_X_FORWARDED_FOR=forwarded).status

        tap.equal([status(PROXY, "192.0.2.1"), status(PROXY, "192.0.2.2")], [200, 200], "two")
        tap.equal(status(PROXY, "192.0.2.9, 192.0.2.1"), 429, "one of them in disguise")
        tap.equal([status(ADDRESS, "192.0.2.3"), status(ADDRESS, "192.0.2.4")], [200, 429],
                  "one who pretends to be a proxy")


@tap.test("who comes through a proxy that does not say for whom is from no address")
def check_silent_proxies():
    """The proxy runs beside the program, so that its own address may read the metrics."""
    with program(TRUSTED_PROXIES=PROXY) as running:
        for fields, status in (
                ({}, 200),
                ({"HTTP_VIA": "1.1 proxy"}, 403),
                ({"HTTP_FORWARDED": "for=192.0.2.1"}, 403),
                ({"HTTP_X_FORWARDED_FOR": "192.0.2.1"}, 403),
                ({"HTTP_VIA": "1.1 proxy", "HTTP_X_FORWARDED_FOR": "127.0.0.1",
                  "REMOTE_ADDR": PROXY}, 200)):
            reply = fcgi.ask(running.path, "GET", "/api/v1/metrics",
                             **{"REMOTE_ADDR": "127.0.0.1"} | fields)
            tap.equal(reply.status, status, f"status with {fields}")


# Pages of other origins ------------------------------------------------------------------------

@tap.test("no page of another origin may read what is open to addresses")
def check_pages():
    def allowed(running, method, target):
        reply = fcgi.ask(running.path, method, target, HTTP_ORIGIN="https://example.org",
                         REMOTE_ADDR="127.0.0.1")
        return (reply.header("Access-Control-Allow-Origin"),
                reply.header("Access-Control-Allow-Methods") is not None)

    with program() as running:
        for method in ("GET", "OPTIONS", "DELETE"):
            tap.equal(allowed(running, method, "/api/v1/metrics"), (None, False), method)
        tap.equal(allowed(running, "GET", "/api/v1/health/live"), ("*", False), "health")
        tap.equal(allowed(running, "OPTIONS", support.AGGREGATE), ("*", True), "a profile")
    with program(METRICS_ALLOW="all", HEALTH_ALLOW="127.0.0.1") as running:
        tap.equal(allowed(running, "GET", "/api/v1/metrics"), ("*", False), "metrics for all")
        tap.equal(allowed(running, "GET", "/api/v1/health/live"), (None, False), "health for some")


# Ids and lines ---------------------------------------------------------------------------------

def line_of(log, request_id):
    """The line of the access log with that id, or None."""
    return next((line for line in log.splitlines() if request_id in line and "ms" in line), None)


@tap.test("every reply has an id: the client's where that will do, else one of its own")
def check_ids():
    with program() as running:
        for offered in ("a", "A-z_0.9", "f" * 64):
            reply = get(running, "x=y", HTTP_X_REQUEST_ID=offered)
            tap.equal(reply.header("X-Request-Id"), offered, "X-Request-Id")
        ids = []
        for offered in (None, "", "f" * 65, "a b", "a\tb", "ä", "a,b"):
            reply = get(running, "github=g1-ids", HTTP_X_REQUEST_ID=offered)
            tap.equal(reply.status, 200, "status")
            ids.append(reply.header("X-Request-Id"))
            tap.true(re.fullmatch("[0-9a-f]{16}", ids[-1]), f"16 digits, not {ids[-1]}")
        tap.equal(len(set(ids)), len(ids), "different ids")
        for method, target in (("GET", "/nothing"), ("PUT", support.AGGREGATE),
                               ("OPTIONS", support.AGGREGATE)):
            reply = fcgi.ask(running.path, method, target, HTTP_X_REQUEST_ID="x-1")
            tap.equal(reply.header("X-Request-Id"), "x-1", f"X-Request-Id of {reply.status}")
    tap.equal(get_by_cgi({}, "x=y", HTTP_X_REQUEST_ID="by-cgi")[0].header("X-Request-Id"), "by-cgi",
              "X-Request-Id by CGI")


def parse_text(line):
    return dict(pair.split("=", 1) for pair in line.split(" "))


def parse_json(line):
    return {name: value if isinstance(value, str) else str(value)
            for name, value in json.loads(line).items()}


def check_line(line, parse, **wanted):
    row = parse(line)
    tap.equal(list(row), ["time", "method", "path", "status", "ms", "hit", "calls", "id", "client"],
              "members")
    tap.true(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["time"]), f"a time: {row}")
    tap.true(0 <= int(row["ms"]) < 60000, f"milliseconds: {row}")
    tap.equal({name: row[name] for name in wanted}, wanted, "values")


def check_no_secret(log, key):
    lines = [line for line in log.splitlines() if "x-" in line and "ms" in line]
    for secret in (key, SECRET_NAME, urllib.parse.quote(SECRET_NAME), "earer"):
        tap.equal([line for line in lines if secret in line], [], f"lines with {secret}")


def ask_until(hit, ask, parse):
    """The first line with that hit, asking again and again: what a visit came to is kept, but just
    after it was told."""
    numbers = itertools.count()
    return wait_until(lambda: next((line for line in [ask(next(numbers))]
                                    if parse(line)["hit"] == hit), None), f"an answer that is {hit}")


def check_log(form, parse):
    """Each kind of answer has its line, of that form and without secrets."""
    with Keys("alice") as keys, PrivateDirectory() as place:
        settings = {"ACCESS_LOG": form, "CACHE_URL": place.url, "API_KEYS_FILE": keys.path}
        good = bearer(keys.of["alice"])
        with program(**settings) as running:
            def ask(request_id, **more):
                get(running, f"github={SECRET_NAME}", HTTP_X_REQUEST_ID=request_id, **more)
                return wait_until(lambda: line_of(running.log(), request_id), "its line",
                                  child=running.child)

            common = {"method": "GET", "path": support.AGGREGATE}
            before = requests()
            line = ask("x-1", **good)
            check_line(line, parse, status="200", hit="miss", id="x-1", client="key:alice",
                       calls=str(requests() - before), **common)
            line = ask_until("fresh", lambda n: ask(f"x-2-{n}", **good), parse)
            check_line(line, parse, status="200", calls="0", **common)
            check_line(ask("x-3", **good), parse, status="200", hit="hot", calls="0", **common)
            check_line(ask("x-4"), parse, status="401", hit="none", calls="0", client=ADDRESS,
                       **common)
            fcgi.ask(running.path, 'G"E T', '/a b"\\\x7f%22/' + "é" * 2000,
                     HTTP_X_REQUEST_ID="x-5")
            line = wait_until(lambda: line_of(running.log(), "x-5"), "its line")
            check_line(line, parse, status="404", hit="none", method="G%22E%20T")
            tap.true(parse(line)["path"].startswith("/a%20b%22%5C%7F%22/%C3%A9"), f"path of {line}")
            check_no_secret(running.log(), keys.of["alice"])
        _, log = get_by_cgi(settings, f"github={SECRET_NAME}", HTTP_X_REQUEST_ID="x-6", **good)
        check_line(line_of(log, "x-6"), parse, status="200", hit="fresh", client="key:alice",
                   **common)
        check_no_secret(log, keys.of["alice"])
        _, log = get_by_cgi(settings | {"ACCESS_LOG": "none"}, "x=y", HTTP_X_REQUEST_ID="x-7")
        tap.equal(line_of(log, "x-7"), None, "a line of no log")


tap.add("the access log as text", check_log, "text", parse_text)
tap.add("the access log as JSON", check_log, "json", parse_json)


if __name__ == "__main__":
    sys.exit(tap.main())
