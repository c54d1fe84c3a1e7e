#!/usr/bin/env python3
"""The program without a web server that stays: the command line, for people and for programs, and
CGI, which starts it anew for each request.
"""

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import AGGREGATE, FORM, JSON, STATISTICS, contract, fcgi, paths, tap  # noqa: E402
from harness.processes import PrivateDirectory, free_port  # noqa: E402

COMPLETE, FAILED, USAGE, INCOMPLETE = 0, 1, 2, 3  # man/forgefold.1
TOKEN = "made-up-secret-token"
NAME = "g120-b9-org-command"
OTHER = "g4-b2-command"
LIED = "half-lied"       # GitHub fails, Bitbucket does not
BROKEN = "wholly-lied"   # both fail
HOSTILE = "hostile"      # named by what steers a terminal
FORGED = "forged"        # spelled by it, which makes the simulator's pages no JSON
TOP = 10                 # languages and topics in the table for people

LABELS = {
    "Repositories": "repositories.total", "  original": "repositories.original",
    "  forks of others": "repositories.forked", "  archived": "repositories.archived",
    "Forked by others": "forks", "Stars received": "stars.received", "Stars given": "stars.given",
    "Watchers": "watchers", "Followers": "followers", "Following": "following",
    "Open issues": "open_issues", "Open pull requests": "open_pull_requests",
    "  both together": "open_issues_and_pull_requests", "Commits": "commits",
    "Size in bytes": "size_bytes",
}


def start_simulator():
    started = support.Simulator()
    started.put_account(LIED, {"github": {"size": 3, "lie": "status_503"},
                               "bitbucket": {"size": 2}})
    started.put_account(BROKEN, {"github": {"size": 3, "lie": "status_503"},
                                 "bitbucket": {"size": 2, "lie": "not_json"}})
    steering = "h\x1b[31m\x07\x7ftile"
    started.put_account(HOSTILE, {"github": {"size": 1, "display_name": steering + "\x9b31m\x85"}})
    started.put_account(FORGED, {"github": {"size": 1, "spelling": steering}})
    return started


def stop_simulator(running):
    try:
        tap.equal(running.counts()["failures"], 0, "failures of the simulator")
    finally:
        running.close()


simulator = tap.Lazy(start_simulator, stop_simulator)


def run(*arguments, **environment):
    return support.run(arguments, simulator.get().settings() | environment)


def text_of(done):
    """Both outputs, for messages."""
    return f"{done.args}\n{done.stdout.decode()}\n{done.stderr.decode()}"


def check_status(done, status):
    tap.equal(done.returncode, status, f"exit status of {text_of(done)}\n")


def expected(github=None, bitbucket=None):
    return simulator.get().expected(github, bitbucket)


def value_of(totals, statistic):
    for member in statistic.split("."):
        totals = totals[member]
    return totals


# A table for people ----------------------------------------------------------------------------

def cell(value):
    return "-" if value is None else f"{value:,}"


def check_figures(lines, columns):
    """The figures of a table: columns is a list of (title, totals)."""
    tap.equal(lines[0].split(), [title for title, _ in columns], "titles")
    tap.equal([line[:18].rstrip() for line in lines[1:]], list(LABELS), "labels")
    for line, statistic in zip(lines[1:], LABELS.values()):
        tap.equal(line[18:].split(), [cell(value_of(totals, statistic)) for _, totals in columns],
                  statistic)
    for line in lines:
        tap.equal(len(line), len(lines[0]), f"width of {line!r}")


def blocks_of(text):
    return [block.split("\n") for block in text.rstrip("\n").split("\n\n")]


def check_top(block, title, counts):
    tap.equal(block[0], f"{title} by repositories", "title")
    found = [line.rsplit(None, 1) for line in block[1:TOP + 1]]
    found = [(name.strip(), int(number.replace(",", ""))) for name, number in found]
    wanted = sorted(((row["name"], row["repositories"]) for row in counts),
                    key=lambda row: (-row[1], row[0].lower()))[:TOP]
    tap.equal(found, wanted, title)
    rest = [f"  and {len(counts) - TOP} more"] if len(counts) > TOP else []
    tap.equal(block[TOP + 1:], rest, f"what is left of the {title.lower()}")


@tap.test("a name is shown as a table for people, with every figure")
def check_table():
    done = run(NAME)
    check_status(done, COMPLETE)
    tap.equal(done.stderr, b"", "error output")
    wanted = expected(NAME, NAME)
    figures, languages, topics, unknown = blocks_of(done.stdout.decode())
    check_figures(figures, [
        *((f"{row['forge']}:{row['name']}", row["totals"]) for row in wanted["accounts"]),
        ("total", wanted["totals"])])
    check_top(languages, "Languages", wanted["totals"]["languages"])
    check_top(topics, "Topics", wanted["totals"]["topics"])
    tap.equal(unknown[0], "Unknown", "title")
    told = " ".join(line for line in unknown[1:] if line.startswith("    "))
    told = told.replace(",", " ").split()
    tap.equal(sorted(told), sorted(statistic for statistic, keys in wanted["missing"].items()
                                   for _ in keys), "what is unknown")


@tap.test("one account has one column, and no total")
def check_one_column():
    done = run(f"--github={OTHER}")
    check_status(done, COMPLETE)
    row = expected(OTHER)["accounts"][0]
    check_figures(blocks_of(done.stdout.decode())[0], [(f"github:{OTHER}", row["totals"])])


@tap.test("an account that could not be read is told below the table, and the status is 3")
def check_incomplete():
    done = run(LIED)
    check_status(done, INCOMPLETE)
    blocks = blocks_of(done.stdout.decode())
    tap.equal(blocks[-1][0], "Accounts", "title")
    tap.true(f"github:{LIED}: failed" in blocks[-1][1] and "503" in blocks[-1][1],
             f"why, not {blocks[-1]}")
    titles = blocks[0][0].split()
    tap.equal(titles, [f"bitbucket:{LIED}", f"github:{LIED}", "total"], "titles")
    total = expected(bitbucket=LIED)["totals"]["repositories"]["total"]
    tap.equal(blocks[0][1].split(), ["Repositories", cell(total), "-", cell(total)], "repositories")


@tap.test("what a forge says cannot steer the terminal")
def check_hostile():
    for name, status in ((HOSTILE, COMPLETE), (FORGED, FAILED)):
        for arguments in ((f"--github={name}",), ("--json", f"--github={name}")):
            done = run(*arguments)
            check_status(done, status)
            for output in (done.stdout, done.stderr):
                tap.true(not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", output),
                         f"no control characters in {output!r}")
    document = json.loads(run("--json", f"--github={HOSTILE}").stdout)
    tap.equal(document["accounts"][0]["display_name"], "h\x1b[31m\x07\x7ftile\x9b31m\x85",
              "what is read from the JSON")


@tap.test("nothing was found: said on the error output, with the reason for each")
def check_nothing():
    for name, phrase in (("nobody-at-all", "no such account"), (BROKEN, "failed")):
        done = run(name)
        check_status(done, FAILED)
        tap.equal(done.stdout, b"", "output")
        for forge in support.FORGES:
            tap.true(f"{forge}:{name}: {phrase}" in done.stderr.decode(), text_of(done))


# JSON ------------------------------------------------------------------------------------------

def check_json(arguments, username, github=None, bitbucket=None):
    """--json is what the HTTP API answers, indented."""
    done = run("--json", *arguments)
    check_status(done, COMPLETE)
    tap.equal(done.stderr, b"", "error output")
    document = json.loads(done.stdout)
    support.check_whole(document, expected(github, bitbucket), username)
    tap.true(done.stdout.startswith(b'{\n  "username": ') and done.stdout.endswith(b"}\n"),
             "indented by two spaces, with a line end")


for title, arguments, username, github, bitbucket in (
        ("a name", [NAME], NAME, NAME, NAME),
        ("a name in capitals", [OTHER.upper()], OTHER, OTHER, OTHER),
        ("a name on each forge", [f"--github={NAME}", f"--bitbucket={OTHER}"], None, NAME, OTHER),
        ("an option with its argument apart", ["--github", OTHER], None, OTHER, None),
        ("a name, and another on one forge", [NAME, f"--github={OTHER}"], NAME, OTHER, NAME),
        ("one forge left out", [NAME, "--bitbucket="], NAME, NAME, None),
        ("two accounts on one forge", [f"--github={NAME}", f"--github={OTHER}"], None,
         [NAME, OTHER], None),
        ("several names", [NAME, OTHER], None, [NAME, OTHER], [NAME, OTHER]),
        ("a name behind two dashes", ["--", NAME], NAME, NAME, NAME),
        ("a name before the options", [NAME, "--bitbucket="], NAME, NAME, None),
        ("an account that shows nothing", ["pypy"], "pypy", "pypy", "pypy")):
    tap.add(f"--json: {title}", check_json, arguments, username, github, bitbucket)


@tap.test("--json writes a profile even when accounts are missing from it, or all")
def check_json_failures():
    for name, status in ((LIED, INCOMPLETE), (BROKEN, FAILED), ("nobody-at-all", FAILED)):
        done = run("--json", name)
        check_status(done, status)
        document = json.loads(done.stdout)
        tap.equal(document["complete"], name == "nobody-at-all", f"complete, of {name}")
    tap.equal(document["totals"]["repositories"]["total"], None, "repositories of nobody")


# Other commands, and mistakes ------------------------------------------------------------------

@tap.test("--version and --help say what they are for, and need no settings")
def check_alone():
    for option in ("--version", "--help", "-h"):
        done = support.run([option], {"FORGEFOLD_CONFIG": "/nonexistent"})
        check_status(done, COMPLETE)
        tap.equal(done.stderr, b"", "error output")
        text = done.stdout.decode()
        if option == "--version":
            tap.true(re.fullmatch(r"forgefold \d+\.\d+\.\d+\S*\n", text), f"a version, not {text}")
        else:
            for word in ("Usage:", "--json", "--check", "--config", "--version", "--help",
                         "--warm", "--purge", "--cache-stats",
                         *(f"--{forge}=" for forge in support.FORGES)):
                tap.true(word in text, f"{word} in the help")


@tap.test("the manual page and the help know the same options")
def check_manual():
    page = (paths.SOURCE / "man/forgefold.1").read_text()
    in_page = set(re.findall(r"^\.It Fl (?:h , )?-([a-z-]+)", page, re.MULTILINE))
    in_help = set(re.findall(r"--([a-z-]+)", support.run(["--help"]).stdout.decode()))
    tap.equal(in_page, in_help, "options")


MISTAKES = (
    ("nothing at all", [], "no account"),
    ("an unknown option", ["--nothing"], "--nothing"),
    ("an unknown option and a name", ["--nothing=1", NAME], "--nothing"),
    ("an unknown short option", ["-x", NAME], "-x"),
    ("an argument for an option that takes none", ["--json=1", NAME], "--json"),
    ("no argument for one that needs it", [NAME, "--config"], "--config"),
    ("no argument for a forge", ["--github"], "--github"),
    ("only --json", ["--json"], "no account"),
    ("--check with a name", ["--check", NAME], "--check"),
    ("--check with --json", ["--check", "--json"], "--check"),
    ("--warm with a name", ["--warm=-", NAME], "--warm"),
    ("--warm without a file", ["--warm"], "--warm"),
    ("--warm with --json", ["--warm=-", "--json"], "--json"),
    ("--warm with --purge", ["--warm=-", "--purge", NAME], "together"),
    ("--purge of nobody", ["--purge"], "no account"),
    ("--purge with --full", ["--purge", "--full", NAME], "--full"),
    ("--purge of a name that cannot be", ["--purge", "a/b"], "a/b"),
    ("--cache-stats with a name", ["--cache-stats", NAME], "--cache-stats"),
    ("--cache-stats with an argument", ["--cache-stats=1"], "--cache-stats"),
    ("--check twice", ["--check", "--check"], "twice"),
    ("an empty name", [""], "username"),
    ("a name that cannot be", ["a/b"], "a/b"),
    ("two names of which one cannot be", [NAME, "a/b"], "a/b"),
    ("a name with a control character", ["a\x1b[31mb"], "a"),
    ("a name that cannot be on one forge", ["--github=a.b"], "a.b"),
    ("an empty value beside another", ["--github=a", "--github="], "github"),
    ("every forge left out", [NAME, "--github=", "--bitbucket="], "account"),
    ("too many names", [f"name-{n}" for n in range(9)], "16"),
    ("a very long name", ["n" * 10000], "10000"),
    ("a settings file that is not there", ["--config=/nonexistent/x.conf", NAME],
     "/nonexistent/x.conf"),
)


def check_mistake(arguments, word):
    """Wrong usage is status 2, one sentence on the error output, and no call."""
    before = simulator.get().requests()
    done = run(*arguments)
    check_status(done, USAGE)
    tap.equal(done.stdout, b"", "output")
    said = done.stderr.decode()
    tap.true(said.startswith("forgefold: ") and word in said, f"{word!r} in {said!r}")
    tap.true(all(line.isprintable() for line in said.splitlines()), f"printable, not {said!r}")
    tap.equal(simulator.get().requests(), before, "requests the forges have seen")


for title, arguments, word in MISTAKES:
    tap.add(f"a mistake is status {USAGE}: {title}", check_mistake, arguments, word)


@tap.test("--check reaches both forges, and says so")
def check_check():
    done = run("--check", GITHUB_AUTH_TOKEN=TOKEN)
    check_status(done, COMPLETE)
    text = done.stdout.decode()
    tap.true(re.search(r"^  GITHUB_AUTH_TOKEN +set +environment$", text, re.MULTILINE), text)
    tap.true(re.search(r"^  github: reached .* calls left, with a credential$", text,
                       re.MULTILINE), text)
    tap.true(re.search(r"^  bitbucket: reached .* calls left, without a credential$", text,
                       re.MULTILINE), text)


@tap.test("--check tells what is amiss, and is status 1")
def check_check_failures():
    closed = f"http://127.0.0.1:{free_port()}/"
    for environment, words in (
            ({"GITHUB_BASE_URL": closed}, ("github: not reached", "bitbucket: reached")),
            ({"BITBUCKET_BASE_URL": simulator.get().bitbucket + "nothing/"},
             ("bitbucket: answered 404", "github: reached")),
            ({"GITHUB_AUTH_TOKEN": "bad-" + TOKEN}, ("github: answered 401", "credential"))):
        done = run("--check", **environment)
        check_status(done, FAILED)
        for word in words:
            tap.true(word in done.stdout.decode(), f"{word!r} in {text_of(done)}")
        tap.true(TOKEN.encode() not in done.stdout + done.stderr, "no secret")


@tap.test("a full disk is told, and is status 1")
def check_full():
    for arguments in ((NAME,), ("--json", NAME)):
        with open("/dev/full", "wb") as full:
            done = support.run(arguments, simulator.get().settings(), stdout=full)
        tap.equal(done.returncode, FAILED, "exit status")
        tap.true(b"written" in done.stderr, f"why, not {done.stderr}")


@tap.test("a secret never comes out, whatever is asked and however it goes")
def check_secrets():
    bad = {"GITHUB_AUTH_TOKEN": "bad-" + TOKEN, "BITBUCKET_AUTH_TOKEN": "bad-" + TOKEN,
           "BITBUCKET_AUTH_USER": "someone"}
    good = {"GITHUB_AUTH_TOKEN": TOKEN, "BITBUCKET_AUTH_TOKEN": TOKEN,
            "UPSTREAM_PROXY": None}
    coded = b"c29tZW9uZ"  # "someone" in Base64, as Basic sends it
    for secrets in (bad, good):
        for arguments in ((NAME,), ("--json", NAME), (LIED,), (BROKEN,), ("--check",),
                          ("nobody-at-all",)):
            done = run(*arguments, LOG_LEVEL="debug", **secrets)
            for output in (done.stdout, done.stderr):
                tap.true(TOKEN.encode() not in output and coded not in output,
                         f"no secret in {text_of(done)}")


# Progress --------------------------------------------------------------------------------------

def read_all(descriptor):
    """Everything that is written to a terminal, until nobody has it open any more."""
    output = b""
    with contextlib.suppress(OSError):  # EIO is how the end is told
        while data := os.read(descriptor, 65536):
            output += data
    return output


def run_on_terminal(arguments, **more):
    """Runs with the error output on a terminal: (the process, output, error output)."""
    ours, theirs = pty.openpty()
    try:
        with tempfile.TemporaryFile() as out:
            environment = {"PATH": "/usr/bin", "FORGEFOLD_CONFIG": support.NO_SETTINGS.name,
                           **support.sanitizer_environment(), **simulator.get().settings(),
                           **more}
            child = subprocess.Popen([str(paths.program()), *arguments], stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=theirs, env=environment)
            os.close(theirs)
            shown = read_all(ours)
            child.wait(support.PATIENCE_SECONDS)
            out.seek(0)
            return child, out.read(), shown
    finally:
        os.close(ours)


@tap.test("progress is shown on a terminal, on a line that is erased in the end")
def check_progress():
    simulator.get().change(latency_ms=500)
    try:
        child, output, shown = run_on_terminal(["--json", "g230-b2-progress"])
        piped = run("--json", "g230-b2-progress")
    finally:
        simulator.get().change(latency_ms=0)
    tap.equal(child.returncode, COMPLETE, "exit status")
    tap.equal(json.loads(output)["complete"], True, "complete")
    steps = re.findall(rb"(\d+) of (\d+) calls, (\d+) repositories", shown)
    tap.true(len(steps) > 2, f"progress, not {shown!r}")
    tap.equal(steps[0], (b"0", b"5", b"0"), "the first step")
    tap.true((b"5", b"7", b"102") in steps, f"the step between two rounds in {steps}")
    tap.true(shown.endswith(b"\r\x1b[K"), f"an erased line at the end of {shown!r}")
    tap.equal(b"\n" in shown, False, "more than one line")
    tap.equal(piped.stderr, b"", "error output without a terminal")


@tap.test("--warm shows on a terminal how many accounts are done")
def check_warm_progress():
    with PrivateDirectory() as cache, tempfile.NamedTemporaryFile(prefix="ff-") as listing:
        listing.write(b"g1-b1-shown\ng101-b2-shown\n" + LIED.encode())
        listing.flush()
        simulator.get().change(latency_ms=300)
        try:
            child, output, shown = run_on_terminal([f"--warm={listing.name}"], CACHE_URL=cache.url)
        finally:
            simulator.get().change(latency_ms=0)
    tap.equal(child.returncode, INCOMPLETE, "exit status")
    tap.true(output.startswith(b"6 accounts: 5 visited,"), f"what became of them: {output!r}")
    steps = re.findall(rb"(\d+) of 6 accounts, \d+ of \d+ calls, \d+ repositories", shown)
    tap.true(len(steps) > 2 and steps[0] == b"0", f"progress, not {shown!r}")
    tap.true(b"\r\x1b[Kforgefold: github:half-lied: failed" in shown,
             f"a failure on a line of its own in {shown!r}")
    tap.true(shown.endswith((b"\r\x1b[K", b"\n")), f"no progress left at the end of {shown!r}")


# CGI -------------------------------------------------------------------------------------------

def cgi(method, target, body=b"", content_type=None, arguments=(), stdin=None, **more):
    """One request by CGI: the reply, and the process."""
    params = fcgi.params_for(method, target, body or None, content_type, **more)
    done = support.run(arguments, simulator.get().settings() | params,
                       stdin=body if stdin is None else stdin)
    tap.equal(done.returncode, 0, f"exit status of {text_of(done)}\n")
    return fcgi.cgi_reply(done.stdout), done


def check_profile(reply, name=OTHER):
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    tap.equal(reply.header("Content-Length"), str(len(reply.body)), "Content-Length")
    support.check_whole(reply.json(), expected(name, name), name)


QUESTION = json.dumps({"username": OTHER}).encode()


@tap.test("CGI: GET, POST and a form tell a profile")
def check_cgi():
    for reply, done in (cgi("GET", f"{AGGREGATE}?username={OTHER}"),
                        cgi("POST", AGGREGATE, QUESTION, JSON),
                        cgi("POST", AGGREGATE, f"username={OTHER}".encode(), FORM)):
        check_profile(reply)
        tap.equal(done.stderr, b"", "error output")
        tap.true(done.stdout.startswith(b"Status: 200 OK\r\n"), "Status first")


@tap.test("CGI: a script's path and what is behind it are one path")
def check_cgi_path_info():
    reply, _ = cgi("GET", "", REQUEST_URI=None, SCRIPT_NAME="/cgi-bin/forgefold",
                   PATH_INFO=AGGREGATE, QUERY_STRING=f"username={OTHER}")
    check_profile(reply)
    reply, _ = cgi("GET", f"/cgi-bin/forgefold{AGGREGATE}?username={OTHER}")
    check_profile(reply)


@tap.test("CGI: HEAD has no body")
def check_cgi_head():
    reply, _ = cgi("HEAD", f"{AGGREGATE}?username={OTHER}")
    tap.equal((reply.status, reply.body), (200, b""), "status and body")


@tap.test("CGI: bad input is refused as everywhere, and asks no forge")
def check_cgi_refusals():
    before = simulator.get().requests()
    for status, method, target, body, content_type, more in (
            (400, "POST", AGGREGATE, b"{", JSON, {}),
            (400, "POST", AGGREGATE, b"", JSON, {}),
            (400, "POST", AGGREGATE, QUESTION, JSON, {"CONTENT_LENGTH": 500}),
            (400, "POST", AGGREGATE, QUESTION, JSON, {"CONTENT_LENGTH": "-1"}),
            (400, "POST", AGGREGATE, QUESTION, JSON, {"CONTENT_LENGTH": None}),
            (404, "GET", "/api/v1/nothing", b"", None, {}),
            (405, "DELETE", AGGREGATE, b"", None, {}),
            (413, "POST", AGGREGATE, b" " * 70000, JSON, {}),
            (413, "POST", AGGREGATE, QUESTION, JSON, {"CONTENT_LENGTH": 10 ** 12}),
            (415, "POST", AGGREGATE, QUESTION, "text/plain", {}),
            (422, "POST", AGGREGATE, b'{"username":"a/b"}', JSON, {}),
            (422, "GET", f"{AGGREGATE}?nothing=1", b"", None, {})):
        reply, _ = cgi(method, target, body, content_type, **more)
        contract.problem(reply, status)
    tap.equal(simulator.get().requests(), before, "requests the forges have seen")


@tap.test("CGI: no more is read than Content-Length says")
def check_cgi_more():
    reply, _ = cgi("POST", AGGREGATE, QUESTION, JSON, stdin=QUESTION + b"GET / HTTP/1.1\r\n")
    check_profile(reply)


@tap.test("CGI: without a body the standard input is not waited for")
def check_cgi_no_body():
    reading, writing = os.pipe()
    try:
        params = fcgi.params_for("GET", f"{AGGREGATE}?username={OTHER}")
        environment = {"PATH": "/usr/bin", "FORGEFOLD_CONFIG": support.NO_SETTINGS.name,
                       **support.sanitizer_environment(), **simulator.get().settings(), **params}
        done = subprocess.run([str(paths.program())], stdin=reading, env=environment, check=True,
                              capture_output=True, timeout=support.PATIENCE_SECONDS)
    finally:
        os.close(reading)
        os.close(writing)
    check_profile(fcgi.cgi_reply(done.stdout))


@tap.test("CGI: a query string that becomes arguments is never read as options")
def check_cgi_arguments():
    before = simulator.get().requests()
    for option in ("--check", "--version", "--help", "-h", "--json", "--config=/etc/passwd",
                   "--config", NAME):
        reply, done = cgi("GET", f"{AGGREGATE}?{option}", arguments=[option])
        problem = contract.problem(reply, 422)
        tap.equal(problem["type"], "/docs/problems#query-invalid", "type")
        tap.true(b"GITHUB_BASE_URL" not in done.stdout and b"Usage" not in done.stdout,
                 text_of(done))
    reply, _ = cgi("GET", f"{AGGREGATE}?username={OTHER}", arguments=["--check", "--version"])
    check_profile(reply)
    tap.equal(simulator.get().requests(), before + 5, "requests the forges have seen")


@tap.test("CGI: a Proxy header does not become a proxy")
def check_cgi_proxy():
    nowhere = f"http://127.0.0.1:{free_port()}/"
    reply, _ = cgi("GET", f"{AGGREGATE}?username={OTHER}", HTTP_PROXY=nowhere, http_proxy=nowhere,
                   ALL_PROXY=nowhere, HTTPS_PROXY=nowhere)
    check_profile(reply)


@tap.test("CGI: failing forges are told with the status that they deserve")
def check_cgi_failures():
    reply, _ = cgi("GET", f"{AGGREGATE}?username={LIED}")
    tap.equal((reply.status, reply.json()["complete"]), (200, False), "status and complete")
    for name, status in ((BROKEN, 502), ("nobody-at-all", 404)):
        contract.problem(cgi("GET", f"{AGGREGATE}?username={name}")[0], status)


@tap.test("CGI: wrong settings are told to the log, not to the client")
def check_cgi_settings():
    params = fcgi.params_for("GET", f"{AGGREGATE}?username={OTHER}")
    done = support.run([], simulator.get().settings() | params | {"DOORS": "many"})
    tap.equal((done.returncode, done.stdout), (1, b""), "exit status and output")
    tap.true(b"DOORS" in done.stderr, f"the setting in {done.stderr}")


@tap.test("every statistic has a line in the table or a list below it")
def check_labels():
    tap.equal(set(LABELS.values()) | {"languages", "languages.bytes", "topics"}, set(STATISTICS),
              "statistics")


if __name__ == "__main__":
    sys.exit(tap.main())
