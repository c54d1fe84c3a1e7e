"""What the tests of this folder share: the program, what is asked of it, and what must come back.

Import it first: it makes the harness importable and finds the program where nobody names it.
"""

import concurrent.futures
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source tree may be read-only
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import contract, described, fastcgi_client as fcgi, paths, servers, tap  # noqa: E402
from harness.upstream import Simulator  # noqa: E402

os.environ.setdefault("FORGEFOLD", str(paths.SOURCE / "build/forgefold"))

AGGREGATE = "/api/v1/aggregate"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
FORGES = ("bitbucket", "github")  # in the order of a reply

# The program was built with a sanitizer: it takes longer and more memory, which says nothing.
SANITIZED = os.environ.get("SANITIZED", "0") not in ("", "0")
PATIENCE_SECONDS = 120 if SANITIZED else 30
SANITIZER_OPTIONS = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")

# Names of the members of `missing`.
STATISTICS = (
    "repositories.total", "repositories.original", "repositories.forked",
    "repositories.archived", "forks", "stars.received", "stars.given", "watchers", "followers",
    "following", "open_issues", "open_pull_requests", "open_issues_and_pull_requests",
    "commits", "size_bytes", "languages", "languages.bytes", "topics",
)

# How an account without any success is told, by the account's status (openapi.json).
STATUS_ALONE = {"not_found": 404, "rate_limited": 503, "timeout": 504, "unauthorized": 502,
                "upstream_error": 502, "too_large": 502, "ok": 200, "inactive": 200}
SETTLED = ("ok", "not_found", "inactive")


def sanitizer_environment():
    """What tells the sanitizers what to do, for a child that gets an environment of its own."""
    return {name: os.environ[name] for name in SANITIZER_OPTIONS if name in os.environ}


def tracer(*options):
    """A wrapper: strace with these options, as a grandchild, so that signals are for the program.
    Skips the test where it may not trace."""
    if SANITIZED:
        tap.skip("a sanitizer cannot be traced")
    wrapper = (servers.needed_binary("strace"), "-D", "-f", *options)
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode != 0:
        tap.skip("strace may not trace here")
    return wrapper


def settings(simulator, **more):
    """The simulator as the forges, and no store, so that every request is a visit."""
    return contract.settings(simulator) | more


class Program(servers.Responder):
    """The program by FastCGI. Closing it fails unless it ends with status 0."""

    def __init__(self, simulator, wrapper=(), **more):
        super().__init__(settings(simulator, **more), wrapper, **sanitizer_environment())

    @property
    def pid(self):
        return self.child.pid

    def ask(self, document, **more):
        """POSTs a document."""
        return fcgi.ask_json(self.path, json.dumps(document).encode(),
                             seconds=PATIENCE_SECONDS, **more)

    def begin(self, document):
        """The same, not waiting: the connection on which the answer will come."""
        connection = fcgi.Connection(self.path, PATIENCE_SECONDS)
        connection.asked = "POST", AGGREGATE
        body = json.dumps(document).encode()
        connection.send(fcgi.request_bytes(
            fcgi.params_for("POST", AGGREGATE, body, JSON), body))
        return connection

    def get(self, query, method="GET"):
        return fcgi.ask(self.path, method, f"{AGGREGATE}?{query}", seconds=PATIENCE_SECONDS)

    def resident_kib(self):
        """VmRSS (proc(5))."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line for line in status.splitlines()
                        if line.startswith("VmRSS")).split()[1])

    def log(self):
        return (self.site.path / "log/responder.log").read_text(errors="replace")

    def close(self):
        log = self.site.path / "log/responder.log"
        try:
            status = self.child.stop()
            if status != 0:
                raise AssertionError(f"the program ended with status {status}\n"
                                     f"{log.read_text(errors='replace')[-6000:]}")
        finally:
            super().close()


def finish(connection):
    """The answer to Program.begin, as a reply."""
    with connection:
        reply = connection.answer().reply()
    if connection.asked is not None:
        described.check(*connection.asked, reply)
    return reply


# An empty file, removed at the end: what the machine has installed is nobody's business here.
NO_SETTINGS = tempfile.NamedTemporaryFile(prefix="ff-", suffix=".conf")


def run(arguments, environment=None, stdin=b"", **options):
    """Runs the program as a command, with nothing of the caller's settings in its environment."""
    told = {"PATH": servers.SYSTEM_PATH, "LANG": "C", "HOME": "/nonexistent",
            "FORGEFOLD_CONFIG": NO_SETTINGS.name} | sanitizer_environment() | (environment or {})
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run(
        [str(options.pop("program", None) or paths.program()), *arguments], input=stdin,
        env={name: str(value) for name, value in told.items() if value is not None},
        timeout=PATIENCE_SECONDS, check=False, **options)


def lazy_simulator(*arguments, **options):
    """A simulator for a whole test program, which must never fail itself."""
    def close(simulator):
        try:
            tap.equal(simulator.counts()["failures"], 0, "failures of the simulator")
        finally:
            simulator.close()
    return tap.Lazy(lambda: Simulator(*arguments, **options), close)


def lazy_program(simulator, **more):
    return tap.Lazy(lambda: Program(simulator.get(), **more), Program.close)


def at_once(function, values, workers=16):
    """function of each value, several at a time; the results in the order of the values."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, values))


def expected_account(row):
    """What the simulator expects of an account, as the API tells it."""
    kind = row.get("kind")
    if row["status"] != "ok":
        kind = None  # whoever shows nothing does not show that either
    elif row["forge"] == "bitbucket" and kind == "organization":
        kind = "workspace"
    return {"forge": row["forge"], "name": row["name"], "status": row["status"], "kind": kind,
            "totals": row.get("totals")}


def check_whole(document, expected, username=None):
    """Fails unless a reply is all that is expected, member by member."""
    tap.equal(document["username"], username, "username")
    tap.equal(document["complete"], True, f"complete, of {document['accounts']}")
    contract.same(document["totals"], expected["totals"], "totals")
    contract.same(document["missing"], expected["missing"], "missing")
    check_accounts(document["accounts"], expected["accounts"])


def check_accounts(found, expected):
    tap.equal([(row["forge"], row["name"]) for row in found],
              [(row["forge"], row["name"]) for row in expected], "accounts, in this order")
    for row, wanted in zip(found, expected):
        where = f"the account on {row['forge']}"
        wanted = expected_account(wanted)
        contract.same({member: row[member] for member in wanted}, wanted, where)
        tap.equal(row["stale"], False, f"{where}, stale")


def expected_of(simulator, document, github=None, bitbucket=None):
    """What the simulator expects of these accounts, by the protocol that a reply says was spoken:
    with a token GitHub can be asked in a way that tells more."""
    spoken = {row["api"] for row in document["accounts"] if row["forge"] == "github"}
    return simulator.expected(github, bitbucket, token="github" if "graphql" in spoken else None)


def ask_whole(program, simulator, document, github=None, bitbucket=None):
    """Asks, and checks against what the simulator expects of these accounts. The reply."""
    reply = program.ask(document)
    tap.equal((reply.status, reply.media_type), (200, JSON), f"status and type of\n{reply}\n")
    username = document.get("username")
    check_whole(reply.json(), expected_of(simulator, reply.json(), github, bitbucket),
                username.lower() if username else None)
    return reply


def row_of(document, forge):
    """The one account of a reply that is on that forge."""
    return next(row for row in document["accounts"] if row["forge"] == forge)


def other_than(forge):
    return next(other for other in FORGES if other != forge)


def seconds_until(instant):
    """From now until a time as replies tell it (RFC 3339, UTC)."""
    return datetime.datetime.fromisoformat(instant).timestamp() - time.time()


def check_limited(simulator, program, forge, name, wait):
    """Fails unless nothing is asked of the forge, which allows no calls now, and an account there
    is told as such: wait says after how many seconds (lowest and highest) asking again makes
    sense. The account's name must be asked for the first time. It is there on the other forge."""
    other = other_than(forge)
    expected = simulator.expected(**{other: name})
    reply = program.ask({"username": name})
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    document = reply.json()
    tap.equal(document["complete"], False, "complete")
    row = row_of(document, forge)
    tap.equal((row["status"], row["totals"]), ("rate_limited", None), f"status, totals of {row}")
    check_wait(seconds_until(row["problem"]["retry_at"]), wait, "retry_at")
    check_accounts([row_of(document, other)], expected["accounts"])
    contract.same(document["totals"], expected["totals"], "totals")
    for statistic in STATISTICS:
        tap.equal(document["missing"][statistic], expected["missing"].get(statistic, {})
                  | {f"{forge}:{name}": "rate_limited"}, f"who cannot tell {statistic}")
    alone = program.ask({forge: name})
    problem = contract.problem(alone, 503)
    tap.equal(problem["type"], "/docs/problems#upstream-rate-limited", "type")
    check_wait(int(alone.header("Retry-After")), wait, "Retry-After")
    tap.equal(name in simulator.counts()[forge]["accounts"], False, f"a call to {forge}")


def check_wait(found, wanted, what):
    lowest, highest = wanted
    tap.true(lowest <= found <= highest, f"{what} in {lowest} to {highest} s, not {found:.0f}")
