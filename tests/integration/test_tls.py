#!/usr/bin/env python3
"""The forges over TLS: nginx with certificates of our own in front of the simulated ones.

What nginx logs says which connection carried a request, with which protocol, and whether the TLS
session was an old one. Nothing here is timed: connections and requests are counted.
"""

import collections
import json
import pathlib
import re
import socket
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import AGGREGATE, Program, contract, fcgi, finish, tap  # noqa: E402
from harness import servers  # noqa: E402
from harness.processes import free_port, wait_until  # noqa: E402
from harness.tls import OTHER_NAME, Authority, Front, Host  # noqa: E402

LATENCY_MS = 200
LONG_MS = 1000  # in which 30 requests certainly arrive
LARGE = "g3000-tls"
LARGE_PAGES = 30
LARGE_CALLS = LARGE_PAGES + 2  # and the account, and the stars
CONCURRENCY = 32
RELOADS = 5
CROWD = 16
TOKEN = "made-up-secret-token"
FIRST_CALLS = 2  # to GitHub with a token, at once
SMALL_GITHUB, SMALL_BITBUCKET = 3, 2  # calls for an account of a few repositories
ESTABLISHED = "01"  # net/tcp_states.h, as /proc/net/tcp has it
TLS = ("github", "bitbucket")
PLAIN_TLS = ("github over HTTP/1.1", "bitbucket over HTTP/1.1")
FEW_REQUESTS = 5
BUNDLE_BYTES = 64 * 1024  # more than any one certificate has

simulator = support.lazy_simulator()


# What the tests share --------------------------------------------------------------------------

class Stage:
    """The authorities and nginx with a host for each thing that is tried."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="ff-")
        try:
            self.folder = pathlib.Path(self._directory.name)
            self.folder.chmod(0o755)
            self.authority = Authority(self.folder)
            self.front = Front(self._hosts(), simulator.get().port)
        except BaseException:
            self._directory.cleanup()
            raise

    def _hosts(self):
        authority = self.authority
        good = authority.certify("good")
        few = f"keepalive_requests {FEW_REQUESTS};"
        return {
            "github": Host(good),
            "bitbucket": Host(good),
            "github over HTTP/1.1": Host(good, " ssl"),
            "bitbucket over HTTP/1.1": Host(good, " ssl"),
            "closes what is idle": Host(good, more="keepalive_timeout 1s;"),
            "closes what is idle, HTTP/1.1": Host(good, " ssl", "keepalive_timeout 1s;"),
            "takes few requests": Host(good, more=few),
            "takes few requests, HTTP/1.1": Host(good, " ssl", few),
            "keeps nothing": Host(good, " ssl", "keepalive_timeout 0;"),
            "changes": Host(good, " ssl"),
            "another name": Host(authority.certify("other", OTHER_NAME)),
            "expired": Host(authority.certify("expired", days=-1)),
            "self-signed": Host(authority.certify_itself("selfsigned")),
            "another authority": Host(Authority(self.folder, "stranger").certify("strange")),
            "no TLS": Host(None, ""),
        }

    def close(self):
        try:
            self.front.close()
        finally:
            self._directory.cleanup()


stage = tap.Lazy(Stage, Stage.close)


def front():
    return stage.get().front


def settings(github="github", bitbucket="bitbucket", **more):
    """The program's settings for the hosts of these names."""
    hosts = front().hosts
    return {"GITHUB_BASE_URL": f"{hosts[github].url}/github/",
            "BITBUCKET_BASE_URL": f"{hosts[bitbucket].url}/bitbucket/2.0/",
            "UPSTREAM_CA_FILE": stage.get().authority.certificate,
            "UPSTREAM_TIMEOUT_SECONDS": 60, "REPLY_DEADLINE_SECONDS": 120} | more


class Asking:
    """A program with these settings, while the block runs, and the counts of the calls begun
    anew."""

    def __init__(self, *names, **more):
        self._settings = settings(*names, **more)

    def __enter__(self):
        simulator.get().forget_counts()
        front().forget()
        self.program = Program(simulator.get(), **self._settings)
        return self.program

    def __exit__(self, *_):
        self.program.close()


class Latency:
    """The simulator answers late while the block runs."""

    def __init__(self, milliseconds=LATENCY_MS):
        self._milliseconds = milliseconds

    def __enter__(self):
        simulator.get().change(latency_ms=self._milliseconds)

    def __exit__(self, *_):
        simulator.get().change(latency_ms=0)


def ask_both(program, name):
    return support.ask_whole(program, simulator.get(), {"username": name}, name, name)


def ask_large(program, name, milliseconds=LATENCY_MS):
    with Latency(milliseconds):
        return support.ask_whole(program, simulator.get(), {"github": name}, github=name)


def lines_of(count, *names):
    """What nginx logged of these hosts, which must be that many requests, all answered with 200."""
    lines = front().wait_for_lines(count, *names)
    tap.equal((len(lines), {line.status for line in lines}), (count, {"200"}),
              "requests that nginx logged, and their status")
    return lines


def by_connection(lines):
    """The lines of each connection."""
    groups = collections.defaultdict(list)
    for line in lines:
        groups[line.connection].append(line)
    return groups


def check_protocols(lines, wanted):
    tap.equal({line.protocol for line in lines}, {wanted}, "protocol")
    tap.true({line.tls for line in lines} <= {"TLSv1.2", "TLSv1.3"}, "a TLS of today")


# HTTP/2 ----------------------------------------------------------------------------------------

@tap.test("a profile over HTTP/2 is right, and each forge is connected to once for its first calls")
def check_first_round():
    with Asking() as program, Latency():
        ask_both(program, "g3-b3-tls")
    for name, calls in zip(TLS, (SMALL_GITHUB, SMALL_BITBUCKET)):
        lines = lines_of(calls, name)
        check_protocols(lines, "HTTP/2.0")
        tap.equal(len(by_connection(lines)), 1, f"connections to {name}")


@tap.test("30 pages come on one connection, all of the second round at once", seconds=180)
def check_multiplexing():
    simulator.get().put_account(LARGE, {})  # so that its pages are rendered
    with Asking() as program:
        ask_large(program, LARGE, LONG_MS)
        lines = lines_of(LARGE_CALLS, "github")
        tap.equal(len(by_connection(lines)), 1, "connections")
        tap.equal(sorted(int(line.number) for line in lines), list(range(1, LARGE_CALLS + 1)),
                  "numbers of the requests in their connection")
        counts = simulator.get().counts()["github"]["accounts"][LARGE]
        # The list of stars may still be on its way.
        tap.true(counts["largest_in_flight"] >= LARGE_PAGES - 1,
                 f"the pages all at a time, not {counts['largest_in_flight']}")


@tap.test("connections are kept from visit to visit")
def check_kept():
    visits = 20
    with Asking() as program:
        for number in range(visits):
            ask_both(program, f"g2-b2-kept-{number}")
        for name, calls in zip(TLS, (SMALL_GITHUB, SMALL_BITBUCKET)):
            tap.equal(len(by_connection(lines_of(visits * calls, name))), 1,
                      f"connections to {name}")


@tap.test("32 visits at once share a connection to each forge")
def check_crowd():
    names = [f"g2-b2-crowd-{number}" for number in range(CROWD * 2)]
    with Asking() as program:
        ask_both(program, "g2-b2-before")
        front().forget()
        with Latency():
            replies = [finish(c) for c in [program.begin({"username": n}) for n in names]]
        for name, reply in zip(names, replies):
            support.check_whole(reply.json(), simulator.get().expected(name, name), name)
        for name, calls in zip(TLS, (SMALL_GITHUB, SMALL_BITBUCKET)):
            tap.equal(len(by_connection(lines_of(len(names) * calls, name))), 1,
                      f"connections to {name}")


# HTTP/1.1 --------------------------------------------------------------------------------------

@tap.test("a server that speaks only HTTP/1.1 serves as well, on as many connections as calls may "
          "be made at once", seconds=180)
def check_plain():
    with Asking(*PLAIN_TLS) as program:
        ask_both(program, "g3-b3-plain")
        ask_large(program, "g3000-plain")
        lines = lines_of(SMALL_GITHUB + LARGE_CALLS, PLAIN_TLS[0])
        check_protocols(lines, "HTTP/1.1")
        tap.true(LARGE_PAGES - 1 <= len(by_connection(lines)) <= CONCURRENCY,
                 f"a connection for each call at a time, not {len(by_connection(lines))}")
        # The first may have had too few calls at a time to need every connection that there may be.
        for name in ("g3000-plain-again", "g3000-plain-once-more"):
            front().forget()
            ask_large(program, name)
            numbers = [int(line.number) for line in lines_of(LARGE_CALLS, PLAIN_TLS[0])]
            if min(numbers) > 1:
                break
        tap.true(min(numbers) > 1, f"no new connections for the next visits: {numbers}")


@tap.test("a forge that spoke HTTP/1.1 once gets one connection again when it speaks HTTP/2")
def check_change():
    host = front().hosts["changes"]
    with Asking("changes") as program:
        ask_both(program, "g3-b3-before")
        host.manner = " ssl http2"
        front().configure()
        front().reload()
        ask_both(program, "g3-b3-between")
        # The servers' end of the connections: only then is another one needed.
        front().reload()
        front().forget()
        ask_both(program, "g3-b3-after")
        lines = lines_of(SMALL_GITHUB, "changes")
        check_protocols(lines, "HTTP/2.0")
        tap.equal(len(by_connection(lines)), 1, "connections")


# Connections that end --------------------------------------------------------------------------

@tap.test("when connections end, the next ones resume their TLS sessions")
def check_resumed():
    host, visits = "keeps nothing", 6
    resumed = []
    with Asking(host) as program:
        for number in range(visits):
            front().forget()
            ask_both(program, f"g3-b3-resumed-{number}")
            resumed.append(sum(line.resumed == "r" for line in lines_of(SMALL_GITHUB, host)))
    tap.diagnose(f"resumed by visit, of {SMALL_GITHUB} connections each: {resumed}")
    # Not all: a session of TLS 1.3 is for one connection (RFC 8446, appendix C.4), and those that
    # begin before the next session has come need a whole handshake.
    tap.true(all(resumed[1:]), f"a resumed session in each visit but the first: {resumed}")


@tap.test("HTTP/2: after a reload there is one new connection to each forge", seconds=180)
def check_reconnected():
    with Asking() as program:
        ask_both(program, "g3-b3-first")
        front().reload()
        front().forget()
        ask_both(program, "g3-b3-second")
        ask_large(program, "g3000-second")
        groups = by_connection(lines_of(SMALL_GITHUB + SMALL_BITBUCKET + LARGE_CALLS, *TLS))
    # libcurl 7.88 drops a connection that has ended without closing TLS on its side, after which
    # OpenSSL does not resume its session: so that is not asked for.
    tap.diagnose(f"resumed: {sum(lines[0].resumed == 'r' for lines in groups.values())}")
    tap.equal(len(groups), len(TLS), "new connections")


def open_connections(port):
    """Connections to the port that neither side has closed (proc(5), /proc/net/tcp)."""
    wanted = f"{socket.inet_aton('127.0.0.1')[::-1].hex().upper()}:{port:04X}"
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row for row in rows if row[2] == wanted and row[3] == ESTABLISHED]


def check_idle(name):
    port = front().hosts[name].port
    with Asking(name) as program:
        for visit in range(1, 4):
            ask_both(program, f"g3-b3-idle-{visit}")
            wait_until(lambda: not open_connections(port), "the server has closed what is idle")
        lines = lines_of(3 * SMALL_GITHUB, name)
        tap.true(len(by_connection(lines)) >= 3, "a new connection for each visit")


for title in ("closes what is idle", "closes what is idle, HTTP/1.1"):
    tap.add(f"a server that {title}: the next visit goes on", check_idle, title)


def check_few(name):
    """Each call is made once: what a closing server had not taken went over by itself."""
    with Asking(name) as program:
        for visit in range(3):
            ask_large(program, f"g3000-few-{visit}")
        lines = lines_of(3 * LARGE_CALLS, name)
        tap.diagnose(f"{len(by_connection(lines))} connections for {len(lines)} requests")


for title in ("takes few requests", "takes few requests, HTTP/1.1", "keeps nothing"):
    tap.add(f"a server that {title}{' on a connection' if 'few' in title else ''}: visits are "
            "whole", check_few, title, seconds=180)


def begin_and_reload(program, names):
    """Begins visits, and reloads the server in the middle of them."""
    before = simulator.get().requests()
    begun = [program.begin({"username": name}) for name in names]
    wait_until(lambda: simulator.get().requests() > before, "calls are under way")
    front().begin_reload()
    return begun


def check_reloads(names):
    """Visits under way while nginx is reloaded again and again."""
    accounts = [f"g250-b120-reload-{number}" for number in range(CROWD * RELOADS)]
    with Asking(*names) as program, Latency():
        begun = [connection for start in range(0, len(accounts), CROWD)
                 for connection in begin_and_reload(program, accounts[start:start + CROWD])]
        replies = [finish(connection) for connection in begun]
    for name, reply in zip(accounts, replies):
        support.check_whole(reply.json(), simulator.get().expected(name, name), name)
    counts = simulator.get().counts()
    # None had to be made again: 3 pages, the account and the stars; 2 pages and the workspace.
    tap.equal({forge: counts[forge]["requests"] for forge in support.FORGES},
              {"github": 5 * len(accounts), "bitbucket": 3 * len(accounts)}, "calls")


for manner, names in (("HTTP/2", TLS), ("HTTP/1.1", PLAIN_TLS)):
    tap.add(f"{manner}: {CROWD * RELOADS} visits go on while the server is reloaded {RELOADS} "
            "times", check_reloads, names, seconds=180)


# Refusals --------------------------------------------------------------------------------------

def check_refused(host, trust, words):
    """The account fails with the reason, the other forge does not suffer, nothing is sent."""
    name = "g3-b3-refused"
    trusted = {"own": stage.get().authority.certificate, "system": None}[trust]
    before = front().broken_handshakes(host)
    with Asking(host, UPSTREAM_CA_FILE=trusted or "", GITHUB_AUTH_TOKEN=TOKEN,
                BITBUCKET_BASE_URL=simulator.get().bitbucket) as program:
        reply = program.ask({"username": name})
        log = program.log()
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    rows = {row["forge"]: row for row in reply.json()["accounts"]}
    tap.equal({forge: row["status"] for forge, row in rows.items()},
              {"github": "upstream_error", "bitbucket": "ok"}, "statuses")
    detail = rows["github"]["problem"]["detail"]
    tap.diagnose(detail)
    tap.true(any(word in detail for word in words), f"one of {words} in {detail!r}")
    for text in (reply.body.decode(), log):
        tap.true(TOKEN not in text, f"no secret in {text!r}")
    tap.equal(simulator.get().counts()["github"]["requests"], 0, "requests that arrived")
    tap.equal([line for line in front().lines(host) if "github" in line.target], [],
              "requests that nginx read")
    # The name is looked at when the handshake is over.
    if host not in ("no TLS", "another name"):
        check_handshakes(host, before)


def check_handshakes(host, before):
    """Whom we do not trust we ask only once: no call is made again."""
    wait_until(lambda: front().broken_handshakes(host) > before, "nginx has logged the handshake")
    broken = front().broken_handshakes(host) - before
    tap.true(broken <= FIRST_CALLS, f"at most {FIRST_CALLS} handshakes, not {broken}")


for sentence, *row in (
        ("a certificate for another name", "another name", "own", ("name",)),
        ("a certificate that has expired", "expired", "own", ("expired",)),
        ("a certificate that vouches for itself", "self-signed", "own",
         ("self-signed", "self signed")),
        ("a certificate of another authority", "another authority", "own",
         ("issuer", "authority")),
        ("an authority that the system does not know", "github", "system",
         ("issuer", "authority", "self-signed", "self signed")),
        ("a server that speaks no TLS", "no TLS", "own", ("SSL", "TLS"))):
    tap.add(f"refused before anything is sent: {sentence}", check_refused, *row)


@tap.test("a file without certificates is told as such")
def check_no_certificates():
    with tempfile.NamedTemporaryFile(prefix="ff-", suffix=".pem") as file:
        file.write(b"no certificate\n")
        file.flush()
        with Asking(UPSTREAM_CA_FILE=file.name, GITHUB_AUTH_TOKEN=TOKEN) as program:
            problem = contract.problem(program.ask({"github": "g1"}), 502)
    detail = problem["accounts"][0]["problem"]["detail"]
    tap.diagnose(detail)
    tap.true("CA cert" in detail, f"a sentence about the certificates, not {detail!r}")
    tap.equal(simulator.get().counts()["github"]["requests"], 0, "requests that arrived")


# The environment -------------------------------------------------------------------------------

@tap.test("proxies of the environment are not used")
def check_proxies():
    name = "g2-b2-proxy"
    nowhere = f"http://127.0.0.1:{free_port()}/"
    proxies = {variable: nowhere for word in ("http_proxy", "https_proxy", "all_proxy")
               for variable in (word, word.upper())}
    query = fcgi.params_for("GET", f"{AGGREGATE}?username={name}")
    for arguments, environment in ((["--json", name], {}), ([], query)):
        done = support.run(arguments, settings(CACHE_URL="none:") | proxies | environment)
        tap.equal(done.returncode, 0, f"exit status\n{done.stderr.decode()}")
        document = (fcgi.cgi_reply(done.stdout).json() if environment
                    else json.loads(done.stdout))
        support.check_whole(document, simulator.get().expected(name, name), name)


# The certificates of the system ----------------------------------------------------------------

OPENED = re.compile(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]+)"[^=]*\) = \d+$', re.MULTILINE)
STORED = re.compile(r"(certs|ssl)/.*\.(pem|crt|\d)$")


class Traced:
    """A program whose opening of certificates is written down."""

    def __init__(self, folder, **more):
        self._file = pathlib.Path(folder) / "trace"
        wrapper = support.tracer("-e", "trace=open,openat", "-o", str(self._file))
        self.program = Program(simulator.get(), wrapper, **more)

    def close(self):
        """Ends it. The files that it opened below folders of certificates, and how often."""
        ending = re.compile(rf"^{self.program.pid} +\+\+\+ exited", re.MULTILINE)
        self.program.close()
        wait_until(lambda: ending.search(self._file.read_text()), "the end of the trace")
        return collections.Counter(
            path for path in OPENED.findall(self._file.read_text()) if STORED.search(path))


@tap.test("the system's certificates are not all read anew for each connection", seconds=120)
def check_store():
    visits = 8
    with tempfile.TemporaryDirectory(prefix="ff-") as folder:
        traced = Traced(folder, **settings(UPSTREAM_CA_FILE=""))
        try:
            for number in range(visits):
                reply = traced.program.ask({"github": f"g1-store-{number}", "bitbucket": None})
                tap.equal(reply.status, 502, "status")
        finally:
            opened = traced.close()
    for path, count in sorted(opened.items()):
        tap.diagnose(f"{count} times {path} ({pathlib.Path(path).stat().st_size} bytes)")
    again = {path: count for path, count in opened.items()
             if count > 1 and pathlib.Path(path).stat().st_size > BUNDLE_BYTES}
    tap.equal(again, {}, "bundles of certificates that were read more than once")


if __name__ == "__main__":
    sys.exit(tap.main())
