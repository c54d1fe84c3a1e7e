#!/usr/bin/env python3
"""The whole API behind the four servers that the project ships FastCGI configurations for.

Its parts are tested by themselves elsewhere; here it is what a server stands between: fields that
it must let through (Authorization, Prefer, Origin, X-Forwarded-For, X-Request-Id), statuses that it
must leave alone, and processes that must count and limit together. One site for each server has
everything switched on, and every check comes as a client of its own. test_servers.py has what is
asked of every set-up, the documents too, and test_warm.py what is remembered.
"""

import concurrent.futures
import functools
import itertools
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

sys.dont_write_bytecode = True  # the source tree may be read-only
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import contract, paths, servers, tap  # noqa: E402
from harness.http_client import request  # noqa: E402
from harness.processes import PrivateDirectory, wait_until  # noqa: E402
from harness.upstream import Simulator  # noqa: E402

AGGREGATE, ACCOUNTS, METRICS, LIVE, READY = (
    f"/api/v1/{path}" for path in ("aggregate", "accounts", "metrics", "health/live",
                                   "health/ready"))
PROBLEMS = "/docs/problems"
SETUPS = (
    ("lighttpd", servers.start_lighttpd_fastcgi),
    ("Apache, mod_fcgid", servers.start_apache_fcgid),
    ("Apache, mod_proxy_fcgi", servers.start_apache_proxy_fcgi),
    ("nginx", servers.start_nginx),
)
# Those that start the program for each request, and those of a customer of shared hosting: slower,
# and the same program. What is theirs is which fields they pass on.
OTHERS = (
    ("Apache, mod_cgid", servers.start_apache_cgi),
    ("Apache, mod_cgi", functools.partial(servers.start_apache_cgi, module="cgi")),
    ("Apache, mod_fcgid by .htaccess", servers.start_shared_hosting),
    ("Apache, mod_cgid by .htaccess",
     functools.partial(servers.start_shared_hosting, modules=("cgid",))),
    ("lighttpd, mod_cgi", servers.start_lighttpd_cgi),
    ("lighttpd on a socket", servers.start_lighttpd_socket),
)
HOUR = 3600
RATE_LIMIT, COLD_LIMIT = 25, 6
ORIGIN = "https://www.example.org"
CHALLENGE = 'Bearer realm="forgefold"'
HOLDER = "alice"
# What is visited once, and then known.
KNOWN = "g3-b2-known"
# Long enough to be seen on its way.
LATENCY_MS = 1000

simulator = tap.Lazy(Simulator, Simulator.close)


def make_key():
    """A key and its line, as the command line makes them."""
    done = subprocess.run([str(paths.program()), f"--make-key={HOLDER}"], capture_output=True,
                          timeout=60, check=False)
    if b"without nettle" in done.stderr:
        tap.skip("the program is built without nettle")
    tap.equal((done.returncode, done.stderr), (0, b""), "status and errors of --make-key")
    key, line = (found.strip() for found in done.stdout.decode().split("\n\n")[1::2])
    return key, f"{line}\n"


class Place:
    """A cache, a key, and a file that says who somebody is: what one site has of its own."""

    def __init__(self):
        self.account = servers.ordinary_account()
        self.cache = PrivateDirectory(self.account)
        self.files = PrivateDirectory(self.account)
        self.key, line = make_key()
        self.keys = self._write("keys", line)
        self.identities = self._write("identities", "The-Team = github:g2-team bitbucket:b1-crew\n")

    def _write(self, name, text):
        path = pathlib.Path(self.files.path) / name
        path.write_text(text)
        path.chmod(0o600)
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        return path

    def settings(self):
        return contract.settings(
            simulator.get(), CACHE_URL=self.cache.url, API_KEYS_FILE=self.keys,
            API_KEYS_REQUIRED="false", IDENTITIES_FILE=self.identities, ALLOWED_NAMES="g* b* no*",
            CLIENT_RATE_LIMIT=RATE_LIMIT, CLIENT_COLD_LIMIT=COLD_LIMIT, HEALTH_ALLOW="key",
            TRUSTED_PROXIES="127.0.0.1", CORS_ALLOW_ORIGIN=ORIGIN, ACCESS_LOG="text")

    def close(self):
        self.files.close()
        self.cache.close()


class Setup:
    """One server with its site: started by its first check, stopped by its last."""

    def __init__(self, title, start):
        self.title = title
        self._place = tap.Lazy(Place, Place.close)
        self._server = tap.Lazy(lambda: start(self._place.get().settings()), servers.Server.close)
        self._clients = (f"198.51.100.{number}" for number in itertools.count(1))

    @property
    def key(self):
        return {"Authorization": f"Bearer {self._place.get().key}"}

    @property
    def secret(self):
        return self._place.get().key

    @property
    def prefix(self):
        return self._server.get().prefix

    def add(self, sentence, check):
        tap.add(f"{self.title}: {sentence}", self._tell_on_failure, check)

    def _tell_on_failure(self, check):
        try:
            check(self)
        except AssertionError:
            if self._server.made:
                tap.diagnose(self._server.get().site.logs())
            raise

    def client(self):
        """The fields of a client that nobody was before."""
        return {"X-Forwarded-For": next(self._clients)}

    def ask(self, target, method="GET", headers=None, **options):
        return request(self._server.get().port, method, self.prefix + target, headers=headers,
                       **options)

    def get(self, query, headers=None, path=AGGREGATE):
        return self.ask(f"{path}?{query}", headers=self.client() if headers is None else headers)

    def at_once(self, function, count):
        """What came of as many calls, many at the same time, of more than one process."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self._have_several_processes(pool)
            return list(pool.map(function, range(count)))

    def _have_several_processes(self, pool):
        """mod_fcgid starts one more only when all are busy: visits keep them so."""
        programs = self._server.get().site.programs
        simulator.get().change(latency_ms=LATENCY_MS)
        for attempt in range(5):
            if len(programs()) > 1:
                break
            list(pool.map(lambda one: self.get(f"github=g0-busy-{one}", self.key),
                          range(4 * attempt, 4 * attempt + 4)))
        simulator.get().change(latency_ms=0)
        tap.true(len(programs()) > 1, "more than one process")

    def log(self):
        """All that the program has written to standard error, wherever the server puts that."""
        logs = sorted((self._server.get().site.path / "log").iterdir())
        return "".join(log.read_text(errors="replace") for log in logs)

    def close(self):
        self._server.close()
        self._place.close()


def check_problem(reply, status, kind):
    document = contract.problem(reply, status)
    tap.equal(document["type"], f"{PROBLEMS}#{kind}", "type")
    tap.equal(reply.header("Cache-Control"), "no-store", "Cache-Control")
    return document


def check_limited(reply):
    check_problem(reply, 429, "client-rate-limited")
    wait = int(reply.header("Retry-After"))
    tap.true(0 < wait <= HOUR, f"Retry-After within an hour, not {wait}")


def know(setup):
    """Waits until the known one is, which costs no client his limit."""
    wait_until(lambda: setup.get(f"username={KNOWN}&wait=0", setup.key).status == 200, KNOWN)


# What is asked ---------------------------------------------------------------------------------

def check_accounts(setup):
    reply = setup.get("github=g2-here&bitbucket=none-here", path=ACCOUNTS)
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    found = {one["forge"]: one["exists"] for one in reply.json()["accounts"]}
    tap.equal(found, {"github": True, "bitbucket": False}, "which exist")
    document = check_problem(setup.get("username=none-at-all", path=ACCOUNTS), 404,
                             "account-not-found")
    tap.equal([one["status"] for one in document["accounts"]], ["not_found"] * 2, "which exist")


def poll(setup, location):
    """Asks until it is there. The last reply, and the states that were told before."""
    states = set()

    def is_there():
        nonlocal reply
        reply = setup.ask(location, headers=setup.key)
        if reply.status == 202:
            states.update(account["state"] for account in reply.json()["accounts"])
        return reply.status != 202

    reply = None
    wait_until(is_there, f"what is at {location}")
    return reply, states


def check_accepted(setup, reply, name):
    tap.equal(reply.status, 202, f"status of\n{reply}\n")
    tap.equal(reply.header("Cache-Control"), "no-store", "Cache-Control")
    tap.equal(reply.header("Retry-After"), "1", "Retry-After")
    tap.equal(reply.header("Location"), f"{AGGREGATE}?username={name}&wait=0", "Location")
    tap.equal(reply.json()["state"], "visiting", "state")
    last, states = poll(setup, reply.header("Location"))
    contract.profile(last, simulator.get().expected(github=name, bitbucket=name))
    return states


def check_async(setup):
    simulator.get().change(latency_ms=LATENCY_MS)
    try:
        reply = setup.get("username=g3-b2-async", setup.client() | {"Prefer": "respond-async"})
        tap.equal(reply.header("Preference-Applied"), "respond-async", "Preference-Applied")
        states = check_accepted(setup, reply, "g3-b2-async")
        tap.true("visiting" in states, f"the Location told that it is visited: {states}")
        reply = setup.ask(AGGREGATE, "POST", setup.client(),
                          json={"username": "g2-b1-posted", "wait": 0})
        check_accepted(setup, reply, "g2-b1-posted")
    finally:
        simulator.get().change(latency_ms=0)


def check_fields(setup):
    reply = setup.get(f"username={KNOWN}&fields=complete,totals.stars.received")
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    stars = simulator.get().expected(github=KNOWN, bitbucket=KNOWN)["totals"]["stars"]["received"]
    tap.equal(reply.json(), {"complete": True, "totals": {"stars": {"received": stars}}}, "reply")


def check_identity(setup):
    reply = setup.get("username=the-team")
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    found = [(account["forge"], account["name"]) for account in reply.json()["accounts"]]
    tap.equal(found, [("bitbucket", "b1-crew"), ("github", "g2-team")], "accounts")


def check_conditional(setup):
    know(setup)
    tag = setup.get(f"username={KNOWN}").header("ETag")
    for text in (tag, f'{tag[:-1]}-gzip"'):
        reply = setup.get(f"username={KNOWN}", setup.client() | {"If-None-Match": text})
        tap.equal((reply.status, reply.body), (304, b""), f"status and body with {text}")


# Who may ask -----------------------------------------------------------------------------------

def check_keys(setup):
    for path in (LIVE, READY):
        reply = setup.ask(path, headers=setup.client())
        check_problem(reply, 401, "key-needed")
        tap.equal(reply.header("WWW-Authenticate"), CHALLENGE, "WWW-Authenticate")
        reply = setup.ask(path, headers=setup.key)
        tap.equal((reply.status, reply.media_type), (200, "application/health+json"), path)
        tap.equal(reply.json()["status"], "pass", f"how {path} is")
    reply = setup.get(f"username={KNOWN}", {"Authorization": f"Bearer {'x' * 43}"})
    check_problem(reply, 401, "key-needed")
    tap.true("invalid_token" in reply.header("WWW-Authenticate"), "WWW-Authenticate")
    reply = setup.get(f"username={KNOWN}", setup.key)
    tap.equal(reply.header("Cache-Control").split(",")[0], "private", "Cache-Control")
    tap.true("Authorization" in ", ".join(reply.headers.get_all("Vary")), "Vary")


def check_anew(setup):
    """Only who has a key is given what is new."""
    def size(headers):
        reply = setup.get("github=g-anew", headers | {"Cache-Control": "no-cache"})
        tap.equal(reply.status, 200, f"status of\n{reply}\n")
        return reply.json()["totals"]["repositories"]["total"]

    client = setup.client()
    simulator.get().put_account("g-anew", {"github": {"size": 3}})
    tap.equal(size(setup.key), 3, "repositories at first")
    wait_until(lambda: setup.get("github=g-anew&wait=0", setup.key).status == 200, "it is kept")
    simulator.get().put_account("g-anew", {"github": {"size": 4}})
    tap.equal(size(client), 3, "repositories without a key")
    tap.equal(size(setup.key), 4, "repositories with one")


def check_names(setup):
    simulator.get().forget_counts()
    document = check_problem(setup.get("github=secret"), 403, "name-not-allowed")
    tap.equal([error["pointer"] for error in document["errors"]], ["/github"], "pointers")
    tap.equal(simulator.get().requests(), 0, "calls")


def check_rate_limit(setup):
    """The processes of a server count together: not one request more is answered."""
    know(setup)
    client, query = setup.client(), f"username={KNOWN}"
    statuses = setup.at_once(lambda _: setup.get(query, client).status, 2 * RATE_LIMIT)
    tap.equal(sorted(statuses), [200] * RATE_LIMIT + [429] * RATE_LIMIT, "statuses")
    check_limited(setup.get(query, client))
    tap.equal(setup.get(query).status, 200, "status of another client")
    tap.equal(setup.get(query, client | setup.key).status, 200, "status with a key")


def check_cold_limit(setup):
    know(setup)
    client = setup.client()
    for number in range(COLD_LIMIT // 2):
        tap.equal(setup.get(f"username=g1-b1-cold{number}", client).status, 200, "status")
    check_limited(setup.get("username=g1-b1-more", client))
    tap.equal(setup.get(f"username={KNOWN}", client).status, 200, "status of what is known")
    tap.equal(setup.get("username=g1-b1-more").status, 200, "status of another client")


def check_origins(setup):
    asked = {"Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization, content-type, prefer"}
    reply = setup.ask(AGGREGATE, "OPTIONS", setup.client() | asked | {"Origin": ORIGIN})
    tap.equal((reply.status, reply.body), (204, b""), f"status of\n{reply}\n")
    tap.equal(reply.header("Access-Control-Allow-Origin"), ORIGIN, "allowed origin")
    tap.true("POST" in reply.header("Access-Control-Allow-Methods"), "allowed methods")
    fields = reply.header("Access-Control-Allow-Headers").lower()
    for field in ("authorization", "content-type", "prefer"):
        tap.true(field in fields, f"{field} in {fields}")
    know(setup)
    reply = setup.get(f"username={KNOWN}", setup.client() | {"Origin": ORIGIN})
    tap.equal(reply.header("Access-Control-Allow-Origin"), ORIGIN, "allowed origin of GET")
    tap.true("X-Request-Id" in reply.header("Access-Control-Expose-Headers"), "exposed fields")
    other = {"Origin": "https://other.example"}
    for reply in (setup.get(f"username={KNOWN}", setup.client() | other),
                  setup.ask(AGGREGATE, "OPTIONS", setup.client() | asked | other)):
        tap.equal(reply.header("Access-Control-Allow-Origin"), None, "allowed origin of another")


# What is told of it ----------------------------------------------------------------------------

def line_of(setup, name):
    """The line of the access log about the request of that id, by its members."""
    def found():
        return re.search(rf"time=\S+ .* id={re.escape(name)} client=\S+", setup.log())
    return dict(pair.split("=", 1) for pair in wait_until(found, f"a line of {name}")[0].split())


def check_log(setup):
    know(setup)
    client = setup.client()
    reply = setup.get(f"username={KNOWN}", client | {"X-Request-Id": "from-the.Client_1"})
    tap.equal(reply.header("X-Request-Id"), "from-the.Client_1", "X-Request-Id")
    line = line_of(setup, "from-the.Client_1")
    tap.equal({name: line[name] for name in ("method", "path", "status", "calls", "client")},
              {"method": "GET", "path": setup.prefix + AGGREGATE, "status": "200", "calls": "0",
               "client": client["X-Forwarded-For"]}, "the line")
    tap.true(line["hit"] in ("hot", "fresh"), f"where it came from: {line['hit']}")
    reply = setup.get(f"username={KNOWN}", setup.key | {"X-Request-Id": "not good"})
    told = reply.header("X-Request-Id")
    tap.true(re.fullmatch("[0-9a-f]{16}", told), f"an id of our own, not {told}")
    tap.equal(line_of(setup, told)["client"], f"key:{HOLDER}", "the client with a key")
    tap.true(setup.secret not in setup.log(), "no key in a log")


def count_of(setup, status):
    """How many requests have had that status, of all processes; None while that is not known."""
    reply = setup.ask(METRICS)
    tap.equal(reply.media_type, "text/plain", f"type of\n{reply}\n")
    found = re.search(rf'^forgefold_requests_total{{status="{status}"}} (\d+)$',
                      reply.body.decode(), re.MULTILINE)
    return int(found[1]) if found else 0


def check_metrics(setup):
    before = count_of(setup, 422)
    statuses = setup.at_once(lambda _: setup.get("username=", setup.key).status, 40)
    tap.equal(set(statuses), {422}, "statuses")
    wait_until(lambda: count_of(setup, 422) == before + 40, "40 more requests are counted")
    check_problem(setup.ask(METRICS, headers=setup.client()), 403, "forbidden")


def check_types(setup):
    """The type of a problem leads to what the page of this very server says of it."""
    page = setup.ask(PROBLEMS)
    tap.equal((page.status, page.media_type), (200, "text/html"), "status and type of the page")
    for reply in (setup.get(""), setup.get("username=none-at-all"), setup.get("github=secret"),
                  setup.ask(LIVE), setup.ask("/api/v1/elsewhere"), setup.ask(AGGREGATE, "PUT")):
        path, _, anchor = urllib.parse.urljoin("/", reply.json()["type"]).partition("#")
        tap.equal(path, PROBLEMS, "the page")
        tap.true(f'id="{anchor}"'.encode() in page.body, f"{anchor} on the page")


# Of these OTHERS are asked too.
PASSED_ON = (
    ("a key arrives in Authorization, and is refused or taken", check_keys),
    ("a request's id comes back, and its line is in the log", check_log),
)
CHECKS = (
    ("accounts are said to exist or not", check_accounts),
    ("who will not wait is answered with 202, and polls until it is there", check_async),
    ("a known profile is answered with 304", check_conditional),
    ("only the fields that are asked for are told", check_fields),
    ("a name stands for the accounts of somebody", check_identity),
    *PASSED_ON,
    ("who has a key may ask for what is new", check_anew),
    ("a name that is not allowed is refused", check_names),
    ("the requests of a client are limited, by all processes together", check_rate_limit),
    ("the visits that a client causes are limited, what is known is free", check_cold_limit),
    ("preflights are answered, and one origin may read", check_origins),
    ("metrics are of all processes together, and closed to other clients", check_metrics),
    ("the types of problems lead to the page about them", check_types),
)


def main():
    for title, start in SETUPS + OTHERS:
        setup = Setup(title, start)
        for sentence, check in CHECKS if (title, start) in SETUPS else PASSED_ON:
            setup.add(sentence, check)
        tap.add(f"{title}: stopping leaves nothing behind", setup.close)
    return tap.main()


if __name__ == "__main__":
    sys.exit(main())
