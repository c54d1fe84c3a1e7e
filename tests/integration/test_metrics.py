#!/usr/bin/env python3
"""Health and metrics: counts are exact over all processes whatever becomes of them, what forges have
told is told, and health says what is wrong and nothing of the operator's quota.
"""

import contextlib
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from support import AGGREGATE, fcgi, finish  # noqa: E402
from store_support import tap  # noqa: E402
from harness import contract  # noqa: E402
from harness.processes import PrivateDirectory, wait_until  # noqa: E402

METRICS, LIVE, READY = (f"/api/v1/{path}" for path in ("metrics", "health/live", "health/ready"))
HEALTH = "application/health+json"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
PLACES = (("files", store.Files), ("Redis", store.Redis))
# What a process may lose when it is killed, of what it has counted: LEDGER_PAUSE_MS, and time.
PAUSE_SECONDS = 2
HOUR = 3600
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
KINDS = {"2xx": range(200, 300), "304": [304], "3xx": [301, 302, 307, 308],
         "4xx": [*range(400, 429), *range(430, 500)], "limited": [429], "5xx": range(500, 600)}

simulator = support.lazy_simulator()


# Reading ---------------------------------------------------------------------------------------

class Metrics:
    """Samples by name and labels; what is not there is None."""

    def __init__(self, reply):
        tap.equal(reply.status, 200, f"status of\n{reply}\n")
        tap.equal(reply.header("Content-Type"), TEXT, "type")
        tap.equal(reply.header("Cache-Control"), "no-store", "Cache-Control")
        self.text = reply.body.decode()
        self.samples = {}
        for line in self.text.splitlines():
            if not line.startswith("#"):
                self._read(line)

    def _read(self, line):
        found = SAMPLE.fullmatch(line)
        tap.true(found, f"a sample: {line}")
        key = (found[1], frozenset(LABEL.findall(found[2] or "")))
        tap.equal(key in self.samples, False, f"{line} twice")
        self.samples[key] = float(found[3])

    def get(self, name, **labels):
        return self.samples.get((f"forgefold_{name}", frozenset(labels.items())))

    def of(self, name, label):
        """The samples of a family that are not 0, by the value of that label."""
        return {dict(labels)[label]: value for (found, labels), value in self.samples.items()
                if found == f"forgefold_{name}" and value}

    def calls(self, forge):
        return {dict(labels)["result"]: value for (name, labels), value in self.samples.items()
                if name == "forgefold_upstream_calls_total" and ("forge", forge) in labels
                and value}


def metrics_of(program):
    return Metrics(ask(program, METRICS))


def until(program, name, value, **labels):
    """The metrics once they have that: who gets an answer may be faster than who counts it."""
    def found():
        reply = ask(program, METRICS)
        metrics = Metrics(reply) if reply.status == 200 else None
        return metrics if metrics and metrics.get(name, **labels) == value else None
    return wait_until(found, f"{name} with {labels} is {value}", child=program.child)


def metrics_by_cgi(url):
    return Metrics(store.cgi(simulator.get(), url, "GET", METRICS))


def ask(program, target, method="GET"):
    return fcgi.ask(program.path, method, target, seconds=support.PATIENCE_SECONDS)


def alone(**more):
    """The program without a store."""
    return store.keeping(simulator.get(), "none:", **more)


def keeping(place, **more):
    return store.keeping(simulator.get(), place.url, **more)


def add_for_places(sentence, function, **options):
    for title, place in PLACES:
        tap.add(f"{title}: {sentence}", function, place, **options)


def kinds_of(statuses):
    """What the simulator has answered, by the kinds of the metrics."""
    found = {kind: sum(count for status, count in statuses.items() if int(status) in range_of)
             for kind, range_of in KINDS.items()}
    return {kind: count for kind, count in found.items() if count}


def check_calls(metrics):
    """What was answered has its kind, unless its visit was over before."""
    for forge in support.FORGES:
        answered = kinds_of(simulator.get().counts()[forge]["statuses"])
        found = metrics.calls(forge)
        cancelled = found.pop("cancelled", 0)
        missing = {kind: count - found.get(kind, 0) for kind, count in answered.items()}
        tap.equal(sorted(found), sorted(kind for kind in found if kind in answered),
                  f"kinds of calls to {forge}")
        tap.true(min(missing.values()) >= 0 and sum(missing.values()) <= cancelled,
                 f"calls to {forge}: {answered}, not {found} and {cancelled} cancelled")


# Counts ----------------------------------------------------------------------------------------

def check_exact(make):
    """Two processes and some by CGI: what each has answered is in the sums of the next."""
    simulator.get().forget_counts()
    with make() as place:
        known = f"{AGGREGATE}?username=g2-b2-exact"
        # By CGI what a visit came to is kept before it is answered.
        tap.equal(store.cgi(simulator.get(), place.url, "GET", known).status, 200, "status")
        with keeping(place) as one, keeping(place) as other:
            for program in (one, one, one, other, other):  # found, then from memory
                tap.equal(ask(program, known).status, 200, "status")
            tap.equal(other.get("username=a/b").status, 422, "status")
            tap.equal(one.get("username=none-exact").status, 404, "status")
            tap.equal(ask(one, "/api/v1/nothing").status, 404, "status")
            tap.equal(ask(other, AGGREGATE, "DELETE").status, 405, "status")
        for _ in range(5):  # found, each by a process of its own
            tap.equal(store.cgi(simulator.get(), place.url, "GET", known).status, 200, "status")
        metrics = metrics_by_cgi(place.url)
        again = metrics_by_cgi(place.url)
    tap.equal(metrics.of("requests_total", "status"),
              {"200": 11, "404": 2, "405": 1, "422": 1}, "requests")
    tap.equal(again.get("requests_total", status="200"), 12, "requests with that for the metrics")
    tap.equal(metrics.get("request_duration_seconds_count"), 15, "times of requests")
    tap.equal(metrics.get("request_duration_seconds_bucket", le="+Inf"), 15, "all buckets")
    tap.true(0 < metrics.get("request_duration_seconds_sum") < 60, "seconds")
    tap.equal(metrics.of("profile_requests_total", "hit"), {"hot": 3, "fresh": 7, "miss": 2},
              "hits")
    tap.equal(metrics.get("requests_parked_total"), 1, "requests that waited")
    for forge in support.FORGES:
        for outcome in ("ok", "not_found"):
            tap.equal(metrics.get("visits_total", forge=forge, outcome=outcome), 1,
                      f"visits of {forge}: {outcome}")
        tap.equal(metrics.get("visit_duration_seconds_count", forge=forge), 2, "times of visits")
    tap.equal(metrics.get("store_errors_total"), 0, "errors of the cache")
    check_calls(metrics)


add_for_places("what two processes and some by CGI have done is counted exactly, at their end",
               check_exact)


def check_crowd(make):
    """Many processes that end at the same time: none takes its counts with it."""
    with make() as place:
        def request(_):
            return store.cgi(simulator.get(), place.url, "GET", f"{AGGREGATE}?username=").status
        statuses = support.at_once(request, range(60), workers=12)
        metrics = metrics_by_cgi(place.url)
    tap.equal(set(statuses), {422}, "statuses")
    tap.equal(metrics.of("requests_total", "status"), {"422": 60}, "requests")


add_for_places("60 processes by CGI at once are counted exactly", check_crowd)


def check_killed(make):
    """What it has counted a while ago is not lost with it, although it does nothing more."""
    with make() as place:
        program = store.Keeping(simulator.get(), place.url)
        try:
            for _ in range(20):
                program.get("username=")
            begun = time.monotonic()
            wait_until(lambda: metrics_by_cgi(place.url).get("requests_total", status="422") == 20,
                       "the counts of a process that is idle are told", child=program.child)
            if not support.SANITIZED:
                tap.true(time.monotonic() - begun < 2 * PAUSE_SECONDS + 1, "in time")
            for _ in range(7):
                program.get("username=")
        finally:
            program.kill()
        left = metrics_by_cgi(place.url).get("requests_total", status="422")
    store.check_between(left, 20, 27, "requests")


add_for_places("a process that is killed loses what it counted in the last seconds, and no more",
               check_killed)


@tap.test("a cache that was emptied lets the counts begin anew")
def emptied():
    with store.Files() as place:
        with keeping(place) as program:
            program.get("username=")
            until(program, "requests_total", 1, status="422")
            for path in pathlib.Path(place.path).rglob("*"):
                if path.is_file():
                    path.unlink()
            program.get("username=")
            until(program, "requests_total", 1, status="422")


@tap.test("without a cache a process tells its own counts")
def apart():
    with alone() as one, alone() as other:
        one.get("username=")
        until(one, "requests_total", 1, status="422")
        tap.equal(metrics_of(other).get("requests_total", status="422"), 0, "of the other")


@tap.test("counts that cannot be read are refused, not told as if nothing had happened")
def broken():
    with PrivateDirectory() as place:
        directory = pathlib.Path(place.path) / "cache"
        with store.keeping(simulator.get(), f"file:{directory}") as program:
            program.get("username=")
            until(program, "requests_total", 1, status="422")
            shutil.rmtree(directory)
            directory.write_text("")
            problem = contract.problem(wait_refused(program), 503)
            tap.equal(problem["type"], "/docs/problems#counts-unavailable", "type")
            directory.unlink()
            program.get("username=")
            metrics = until(program, "requests_total", 1, status="422")
            tap.true(metrics.get("store_errors_total") > 0, "errors of the cache that were counted")


def wait_refused(program):
    """A directory that is open is looked at again after a moment."""
    def refused():
        reply = ask(program, METRICS)
        return reply if reply.status != 200 else None
    return wait_until(refused, "the directory is found to be none", child=program.child)


@tap.test("an answer that is remembered of a failure, and one that is stale, are told apart")
def hits():
    with store.Files() as place:
        with keeping(place, CACHE_FRESH_SECONDS=1, CACHE_STALE_SECONDS=HOUR) as program:
            program.get("username=g1-hits")
            wait_until(lambda: store.is_stale(program.get("username=g1-hits")),
                       "what is remembered is stale", child=program.child)
            found = metrics_of(program).of("profile_requests_total", "hit")
        tap.true(found.get("stale", 0) >= 1, f"a stale hit in {found}")
        with keeping(place, GITHUB_BASE_URL="http://127.0.0.1:1/") as program:
            wait_until(lambda: hits_of(program, {"github": "g1-failed"}) == "failure",
                       "the failure is remembered", child=program.child)


def hits_of(program, document):
    """What a request adds to."""
    before = metrics_of(program)
    program.ask(document)
    requests = before.get("requests_total", status="502") + 1
    after = until(program, "requests_total", requests, status="502")
    old, new = (metrics.of("profile_requests_total", "hit") for metrics in (before, after))
    changed = [kind for kind, count in new.items() if count != old.get(kind, 0)]
    tap.equal(len(changed), 1, f"kinds of hits that have changed, from {old} to {new}")
    return changed[0]


@tap.test("who waits for a visit is told as parked, until it has been answered")
def parked():
    simulator.get().change(latency_ms=60000)
    try:
        with alone(REPLY_DEADLINE_SECONDS=2) as program:
            connections = [program.begin({"github": "g1-parked"}) for _ in range(3)]
            wait_until(lambda: metrics_of(program).get("process_parked_requests") == 3,
                       "three requests are parked", child=program.child)
            for connection in connections:
                finish(connection)
            metrics = until(program, "requests_total", 3, status="504")
            simulator.get().change(latency_ms=0)  # so that it can end
    finally:
        simulator.get().change(latency_ms=0)
    tap.equal(metrics.get("process_parked_requests"), 0, "requests that wait")
    tap.equal(metrics.get("requests_parked_total"), 3, "requests that waited")
    longer = (metrics.get("request_duration_seconds_count")
              - metrics.get("request_duration_seconds_bucket", le="1"))
    if not support.SANITIZED:
        tap.equal(longer, 3, "requests that took more than a second")


# The form --------------------------------------------------------------------------------------

@tap.test("promtool finds nothing wrong")
def promtool():
    tool = support.servers.needed_binary("promtool")
    with store.Files() as place:
        with quota(github={"limit": 60, "remaining": 7, "reset_in": 900}), keeping(place) as program:
            program.get("username=g2-b2-promtool")
            metrics = metrics_of(program)
    done = subprocess.run([tool, "check", "metrics"], input=metrics.text.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=30)
    tap.equal((done.returncode, done.stdout.decode()), (0, ""), "what promtool says")


@tap.test("each family has its sentence and type before its samples, in one piece")
def families():
    with alone() as program:
        lines = metrics_of(program).text.splitlines()
    seen, family = set(), None
    for index, line in enumerate(lines):
        if line.startswith("# HELP "):
            family = line.split()[2]
            tap.equal(family in seen, False, f"{family} twice")
            seen.add(family)
            tap.true(lines[index + 1].startswith(f"# TYPE {family} "), f"the type of {family}")
        elif not line.startswith("#"):
            name = re.match(r"\w+", line)[0]
            tap.true(re.fullmatch(f"{family}(_bucket|_sum|_count)?", name), f"{name} in {family}")


@tap.test("HEAD tells the length and nothing else; another method is refused")
def methods():
    with alone() as program:
        for target in (METRICS, LIVE, READY):
            reply = ask(program, target, "HEAD")
            tap.equal((reply.status, reply.body), (200, b""), f"HEAD {target}")
            tap.true(int(reply.header("Content-Length")) > 0, "a length")
            refused = ask(program, target, "POST")
            contract.problem(refused, 405)
            tap.equal(refused.header("Allow"), "GET, HEAD, OPTIONS", "Allow")


# Forges ----------------------------------------------------------------------------------------

@contextlib.contextmanager
def quota(**rules):
    simulator.get().change(quota=rules)
    try:
        yield
    finally:
        plenty = {"limit": 1000000, "remaining": 1000000, "reset_in": HOUR}
        simulator.get().change(quota={name: plenty for name in rules})


@tap.test("what a forge has told of its quota is told")
def quotas():
    with store.Files() as place, keeping(place) as program:
        labels = {"forge": "github", "allowance": "rest", "credential": "none"}
        tap.equal(metrics_of(program).get("quota_limit", **labels), None, "the limit before")
        with quota(github={"limit": 60, "remaining": 20, "reset_in": 900}):
            tap.equal(program.ask({"github": "g1-quota"}).status, 200, "status")
            # What a visit has learned is kept just after it is answered.
            metrics = wait_until(
                lambda: (m := metrics_of(program)).get("quota_limit", **labels) and m,
                "the quota is told", child=program.child)
        tap.equal(metrics.get("quota_limit", **labels), 60, "limit")
        tap.equal(metrics.get("quota_remaining", **labels), 20 - store.CALLS["github"], "remaining")
        store.check_between(metrics.get("quota_reset_timestamp_seconds", **labels) - time.time(),
                            850, 901, "seconds until the reset")


@tap.test("a limit that is met, an account that is not there and a forge that is not are counted as such")
def kinds():
    simulator.get().forget_counts()
    with alone() as program:
        with quota(bitbucket={"limit": 60, "remaining": 0, "reset_in": 900}):
            program.ask({"bitbucket": "g1-limited"})
        program.ask({"github": "none-kinds"})
        metrics = metrics_of(program)
    check_calls(metrics)
    tap.true(metrics.calls("bitbucket")["limited"] > 0, "calls that met a limit")
    tap.true(metrics.calls("github")["4xx"] > 0, "calls that found nothing")
    with alone(GITHUB_BASE_URL="http://127.0.0.1:1/") as program:
        program.ask({"github": "g1-refused"})
        metrics = metrics_of(program)
    tap.equal(set(metrics.calls("github")), {"failed"}, "calls to nobody")


# Who may ask -------------------------------------------------------------------------------------

@tap.test("metrics are for this machine alone, health is for everybody")
def defaults():
    with alone() as program:
        for target, status in ((METRICS, 403), (LIVE, 200), (READY, 200)):
            reply = fcgi.ask(program.path, "GET", target, REMOTE_ADDR="203.0.113.7")
            tap.equal(reply.status, status, target)


@tap.test("METRICS_ALLOW=none: nobody may ask, and the cache has no counts")
def closed():
    with store.Files() as place:
        with keeping(place, METRICS_ALLOW="none") as program:
            contract.problem(ask(program, METRICS), 403)
            program.get("username=")
        tap.equal(list(pathlib.Path(place.path).rglob("*.count")), [], "counts that are kept")
        with keeping(place) as program:
            program.get("username=")
        tap.equal(len(list(pathlib.Path(place.path).rglob("*.count"))), 1, "counts otherwise")


# Health ----------------------------------------------------------------------------------------

def ready(program):
    reply = ask(program, READY)
    tap.equal(reply.media_type, HEALTH, "type")
    tap.equal(reply.header("Cache-Control"), "no-cache", "Cache-Control")
    return reply.status, reply.json()


def check_health(program, status, word, **parts):
    """Each part that is named has that status and says why; the others pass."""
    found, document = ready(program)
    tap.equal((found, document["status"]), (status, word), f"health, of {document}")
    tap.equal(sorted(document["checks"]), ["bitbucket", "github", "store"], "parts")
    for name, checks in document["checks"].items():
        tap.equal(len(checks), 1, f"checks of {name}")
        tap.equal(checks[0]["status"], parts.get(name, "pass"), f"{name}, of {document}")
        tap.equal("output" in checks[0], name in parts, f"a sentence about {name}")
    tap.equal(re.findall(r"\d", str(document)), [], "figures")
    return document


@tap.test("a process that runs is alive, and ready while nothing is wrong")
def healthy():
    with store.Files() as place, keeping(place) as program:
        reply = ask(program, LIVE)
        tap.equal((reply.status, reply.media_type, reply.body),
                  (200, HEALTH, b'{"status":"pass"}'), "live")
        tap.equal(reply.header("Cache-Control"), "no-cache", "Cache-Control")
        check_health(program, 200, "pass")
        tap.equal(program.get("username=g2-b2-healthy").status, 200, "status")
        check_health(program, 200, "pass")
        tap.equal(store.cgi(simulator.get(), place.url, "GET", READY).json()["status"], "pass",
                  "by CGI")


@tap.test("a forge that keeps failing is a warning, for every process")
def failing():
    with store.Files() as place, keeping(place, GITHUB_BASE_URL="http://127.0.0.1:1/") as program:
        def is_left_alone():
            program.ask({"github": [f"g1-down-{time.monotonic_ns()}-{n}" for n in range(8)]})
            return ready(program)[1]["status"] == "warn"
        wait_until(is_left_alone, "the forge is left alone", child=program.child)
        check_health(program, 200, "warn", github="warn")
        tap.equal(metrics_of(program).get("forge_left_alone", forge="github"), 1, "left alone")
        by_cgi = store.cgi(simulator.get(), place.url, "GET", READY)
        tap.equal(by_cgi.json()["status"], "pass", "of another base URL")


@tap.test("a limit that is met is a warning")
def limited():
    with store.Files() as place, keeping(place) as program:
        with quota(bitbucket={"limit": 60, "remaining": 0, "reset_in": 900}):
            program.ask({"bitbucket": "g1-health-limited"})
        wait_until(lambda: ready(program)[1]["status"] == "warn", "the limit is known",
                   child=program.child)
        check_health(program, 200, "warn", bitbucket="warn")


@tap.test("a cache that cannot be used is a warning, and its path is not told")
def unusable():
    with PrivateDirectory() as place:
        file = pathlib.Path(place.path) / "file"
        file.write_text("")
        with store.keeping(simulator.get(), f"file:{file}") as program:
            document = check_health(program, 200, "warn", store="warn")
            tap.equal(str(file) in str(document), False, "the path")
            tap.equal(program.get("username=g1-unusable").status, 200, "status of a request")


@tap.test("a cache server that is gone is a warning, until it is back")
def gone():
    with store.Redis() as place, keeping(place) as program:
        check_health(program, 200, "pass")
        place.stop()
        wait_until(lambda: ready(program)[1]["status"] == "warn", "it is noticed",
                   child=program.child)
        check_health(program, 200, "warn", store="warn")
        place.start()
        wait_until(lambda: ready(program)[1]["status"] == "pass", "it is noticed",
                   child=program.child)


@tap.test("a process that is stopping fails whoever had begun to ask")
def stopping():
    with store.Files() as place, keeping(place) as program:
        asking = fcgi.request_bytes(fcgi.params_for("GET", READY))
        with fcgi.Connection(program.path, support.PATIENCE_SECONDS) as connection:
            connection.send(asking[:20])
            # Another answer shows that the first has been taken in.
            tap.equal(ready(program)[0], 200, "status before")
            program.child.send(15)
            wait_until(lambda: "no more requests are accepted" in program.log(), "it stops")
            connection.send(asking[20:])
            reply = connection.answer().reply()
    tap.equal((reply.status, reply.media_type), (503, HEALTH), f"status and type of\n{reply}\n")
    tap.equal(reply.json()["status"], "fail", "health")


if __name__ == "__main__":
    sys.exit(tap.main())
