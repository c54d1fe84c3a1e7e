#!/usr/bin/env python3
"""Settings: where they come from, which one wins, what is said of a wrong one, and that a secret
is never said at all.

forgefold --check shows every setting with its value and origin, so most of it is seen there.
"""

import os
import pathlib
import re
import shutil
import stat
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import AGGREGATE, Program, contract, fcgi, paths, servers, tap  # noqa: E402
from harness.processes import PrivateDirectory  # noqa: E402

OK, FAILED, USAGE = 0, 1, 2  # man/forgefold.1
TOKEN = "made-up-secret-token"
USER = "someone@example.org"
NAME = "g2-b2-settings"

simulator = support.lazy_simulator()


class Folder:
    """A folder of a test's own, and settings files in it."""

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="ff-")
        self.path = pathlib.Path(self._directory.name)
        return self

    def __exit__(self, *_):
        self._directory.cleanup()

    def write(self, text, name="forgefold.conf", mode=0o600):
        path = self.path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path


def run(file, *arguments, **environment):
    """The program with that settings file, and with the forges in the environment."""
    return support.run(arguments or ["--check"], simulator.get().settings()
                       | {"FORGEFOLD_CONFIG": file or support.NO_SETTINGS.name} | environment)


def said(done):
    return done.stdout.decode() + done.stderr.decode()


def shown(done):
    """What --check shows: {name: (value, origin)}."""
    tap.true(done.returncode in (OK, FAILED), f"settings that are taken, not\n{said(done)}")
    block = done.stdout.decode().split("\n\n")[0].split("\n")[1:]
    rows = [re.fullmatch(r"  (\S+) +(.*\S) +(\S+)", line).groups() for line in block]
    return {name: (value, origin) for name, value, origin in rows}


def check_refused(done, *words, status=USAGE):
    """Nothing starts, one sentence says why, and no secret is in it."""
    tap.equal((done.returncode, done.stdout), (status, b""), f"status and output\n{said(done)}\n")
    for word in words:
        tap.true(word in said(done), f"{word!r} in {said(done)!r}")
    check_silent(done)


def check_silent(done):
    for secret in (TOKEN, "c29tZW9uZ"):  # the latter: "someone" as Basic sends it
        tap.true(secret not in said(done), f"no secret in {said(done)!r}")


# Where they come from --------------------------------------------------------------------------

@tap.test("the manual page, the example and the program know the same settings and defaults")
def check_documented():
    settings = shown(support.run(["--check"], {
        "UPSTREAM_TIMEOUT_SECONDS": 1, **simulator.get().settings()}))
    page = (paths.SOURCE / "man/forgefold.conf.5").read_text().split(".Sh FILES")[0]
    tap.equal(sorted(re.findall(r"^\.It Ev ([A-Z_]+)", page, re.MULTILINE)), sorted(settings),
              "settings in the manual page")
    example = (paths.SOURCE / "forgefold.conf.example").read_text()
    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, re.MULTILINE))
    tap.equal(sorted(set(named) - set(settings)), [], "settings of the example that there are not")
    # Numbers as the page tells them. Other defaults are sentences.
    told = re.findall(r"^\.It Ev ([A-Z_]+)\n(?:(?!\.It).*\n)*?.*default (\d+(?: [KMG]iB)?)", page,
                      re.MULTILINE)
    tap.true(len(told) > 8, f"defaults in the manual page, not {told}")
    for name, value in told:
        if settings[name][1] == "default":
            tap.equal(in_bytes(settings[name][0]), in_bytes(value), f"default of {name}")


def in_bytes(text):
    number, _, unit = text.partition(" ")
    return int(number) * {"": 1, "KiB": 1024, "MiB": 1024 ** 2, "GiB": 1024 ** 3}[unit]


@tap.test("without a file and an environment there are defaults")
def check_defaults():
    for name, (value, origin) in shown(run(None)).items():
        wanted = "environment" if name in simulator.get().settings() else "default"
        tap.equal(origin, wanted, f"origin of {name}, {value}")


@tap.test("a file gives settings, and the environment wins")
def check_precedence():
    with Folder() as folder:
        file = folder.write("# a comment\n\nDOORS=3\n  MAX_PARKED = 17  \nLOG_LEVEL='error'\r\n"
                            "MAX_REQUEST_BYTES=\"1 KiB\"\nUPSTREAM_CONCURRENCY=\n")
        settings = shown(run(file, DOORS="5"))
        tap.equal(settings["DOORS"], ("5", "environment"), "in both")
        tap.equal(settings["MAX_PARKED"], ("17", f"{file}:4"), "with white space around")
        tap.equal(settings["LOG_LEVEL"], ("error", f"{file}:5"), "in quotes, with CR LF")
        tap.equal(settings["MAX_REQUEST_BYTES"], ("1 KiB", f"{file}:6"), "with a unit")
        tap.equal(settings["UPSTREAM_CONCURRENCY"], ("32", "default"), "empty")
        settings = shown(run(file, DOORS=""))
        tap.equal(settings["DOORS"], ("3", f"{file}:3"), "empty in the environment")


@tap.test("--config wins over FORGEFOLD_CONFIG, and both over the file beside the program")
def check_files():
    with Folder() as folder:
        program = folder.path / "forgefold"
        shutil.copy(paths.program(), program)
        beside = folder.write("DOORS=11\n", ".htforgefold.conf")
        named = folder.write("DOORS=12\n", "named.conf")
        told = folder.write("DOORS=13\n", "told.conf")
        for file, arguments, wanted in (
                (None, [], ("11", f"{beside}:1")), (named, [], ("12", f"{named}:1")),
                (named, [f"--config={told}"], ("13", f"{told}:1"))):
            done = support.run(["--check", *arguments], simulator.get().settings() | {
                "FORGEFOLD_CONFIG": file}, program=program)
            if file is None and shown(done)["DOORS"] != wanted:
                tap.skip("this account has settings of its own in its home directory")
            tap.equal(shown(done)["DOORS"], wanted, "DOORS")


@tap.test("a byte order mark and a missing last line end are tolerated")
def check_tolerated():
    with Folder() as folder:
        file = folder.write(b"\xef\xbb\xbfDOORS=3\nMAX_PARKED=17")
        settings = shown(run(file))
        tap.equal((settings["DOORS"][0], settings["MAX_PARKED"][0]), ("3", "17"), "values")


# What is wrong ---------------------------------------------------------------------------------

LINES = (
    ("an unknown setting", "GITHUB_TOKEN=x", "there is no setting GITHUB_TOKEN", "GITHUB"),
    ("a setting in small letters", "doors=3", "there is no setting doors", "DOORS"),
    ("a line that is none", "just words", "KEY=VALUE"),
    ("a line without a name", "=3", "KEY=VALUE"),
    ("a name with a space", "MAX PARKED=3", "KEY=VALUE"),
    ("export, as a shell has it", "export DOORS=3", "KEY=VALUE"),
    ("a quote that is not closed", "LOG_LEVEL=\"info", "quotation mark"),
    ("a setting twice", "MAX_PARKED=3", "MAX_PARKED", "line 2"),
    ("words for a number", "DOORS=many", "DOORS", "1", "256", "many"),
    ("a number too small", "DOORS=0", "DOORS", "1"),
    ("a number too large", "DOORS=257", "DOORS", "256"),
    ("a negative number", "DOORS=-1", "DOORS"),
    ("a fraction", "UPSTREAM_TIMEOUT_SECONDS=1.5", "UPSTREAM_TIMEOUT_SECONDS", "seconds"),
    ("a unit that there is not", "MAX_RESPONSE_BYTES=1 MB", "MAX_RESPONSE_BYTES", "MiB"),
    ("too few bytes", "MAX_RESPONSE_BYTES=100", "MAX_RESPONSE_BYTES"),
    ("neither true nor false", "GITHUB_AUTH_ENABLED=maybe", "GITHUB_AUTH_ENABLED", "true"),
    ("an unknown level", "LOG_LEVEL=loud", "LOG_LEVEL", "debug"),
    ("a URL of another kind", "GITHUB_BASE_URL=ftp://example.org/", "GITHUB_BASE_URL", "http"),
    ("a URL that is too long", f"GITHUB_BASE_URL=https://example.org/{2000 * 'x'}",
     "GITHUB_BASE_URL", "2000 bytes"),
    ("a URL with a query", "GITHUB_BASE_URL=https://example.org/?x=1", "GITHUB_BASE_URL"),
    ("a path that is none", "BASE_PATH=tools", "BASE_PATH", "/"),
    ("an origin with a path", "CORS_ALLOW_ORIGIN=https://example.org/x", "CORS_ALLOW_ORIGIN"),
    ("a store that there is not", "CACHE_URL=memory:", "CACHE_URL", "none:"),
    ("a store without a path", "CACHE_URL=file:cache", "CACHE_URL", "absolute"),
    ("a store over TLS", "CACHE_URL=rediss://localhost", "CACHE_URL"),
    ("a store that is too small", "CACHE_MAX_BYTES=1000", "CACHE_MAX_BYTES"),
    ("no time at all", "CACHE_FRESH_SECONDS=0", "CACHE_FRESH_SECONDS", "1"),
    ("more memory than there may be", "HOT_MAX_BYTES=2 GiB", "HOT_MAX_BYTES"),
    ("a control character", "BASE_PATH=/a\x1b[31m", "BASE_PATH", "control"),
)


def check_line(line, *words):
    """A wrong line is told by file, line and setting, and nothing starts."""
    with Folder() as folder:
        file = folder.write(f"# first\nMAX_PARKED=5\n{line}\n")
        done = run(file)
        check_refused(done, f"{file}:3: ", *words)
        tap.true("\x1b" not in said(done), "no control characters")


for title, line, *words in LINES:
    tap.add(f"told with file and line: {title}", check_line, line, *words)


@tap.test("the environment is told, too")
def check_environment():
    check_refused(run(None, DOORS="many"), "environment: DOORS", "many")
    check_refused(run(None, LOG_LEVEL="loud"), "environment: LOG_LEVEL")


@tap.test("a file that cannot be read is told")
def check_unreadable():
    with Folder() as folder:
        check_refused(run(folder.path / "missing.conf"), "missing.conf", "FORGEFOLD_CONFIG")
        check_refused(run(folder.path), str(folder.path), "regular file")
        fifo = folder.path / "fifo"
        os.mkfifo(fifo)
        check_refused(run(fifo), str(fifo), "regular file")
        large = folder.write("#" * 70000)
        check_refused(run(large), str(large), "larger")
        check_refused(run(None, "--check", "--config=/nonexistent/x"), "/nonexistent/x")


@tap.test("FastCGI and CGI do not start with wrong settings either, and say so in the log")
def check_gateways():
    with Folder() as folder:
        file = folder.write("MAX_PARKED=5\nNOTHING=1\n")
        params = fcgi.params_for("GET", f"{AGGREGATE}?username={NAME}")
        check_refused(support.run([], {"FORGEFOLD_CONFIG": file} | params), f"{file}:2: ",
                      "NOTHING", status=FAILED)
    responder = servers.Responder(support.settings(simulator.get(), NOTHING="1"),
                                  **support.sanitizer_environment())
    try:
        tap.equal(responder.child.wait(support.PATIENCE_SECONDS), FAILED, "exit status")
        tap.true("NOTHING" in responder.child.tail(), "the setting in the log")
    finally:
        responder.close()


# Secrets ---------------------------------------------------------------------------------------

def token_file(folder, text=TOKEN + "\n", mode=0o600):
    return folder.write(text, "token", mode)


@tap.test("a token file that others can read is refused, with the command that helps")
def check_token_mode():
    with Folder() as folder:
        path = token_file(folder, mode=0o644)
        done = run(None, GITHUB_AUTH_TOKEN_FILE=path)
        check_refused(done, str(path), "others may read")
        command = re.search(r"run: (chmod \S+) '([^']+)'", said(done))
        tap.equal(command[2], str(path), "the file in the command")
        tap.equal(os.system(command[0].removeprefix("run: ")), 0, "status of the command")
        tap.equal(stat.S_IMODE(path.stat().st_mode) & 0o007, 0, "what others may do")
        done = run(None, GITHUB_AUTH_TOKEN_FILE=path)
        tap.equal(done.returncode, OK, f"status of\n{said(done)}\n")
        tap.true("github: reached" in said(done) and ", with a credential" in said(done),
                 said(done))
        check_silent(done)
        check_refused(run(None, GITHUB_AUTH_TOKEN_FILE=token_file(folder, mode=0o602)),
                      str(path), "others may change")


@tap.test("a settings file with a token that others can read is refused, another one is not")
def check_settings_mode():
    with Folder() as folder:
        text = f"GITHUB_AUTH_TOKEN={TOKEN}\n"
        file = folder.write(text, mode=0o644)
        check_refused(run(file), str(file), "others may read", "chmod o-rwx")
        for mode in (0o600, 0o640):
            done = run(folder.write(text, mode=mode))
            tap.equal(done.returncode, OK, f"status of\n{said(done)}\n")
            tap.equal(shown(done)["GITHUB_AUTH_TOKEN"], ("set", f"{file}:1"), "what is shown")
            check_silent(done)
        for line in (f"CACHE_URL=redis://:{TOKEN}@127.0.0.1:1", f"CACHE_URL=redis://{TOKEN}@x",
                     f"UPSTREAM_PROXY=http://x:{TOKEN}@127.0.0.1:1"):
            check_refused(run(folder.write(f"{line}\n", mode=0o644), CACHE_URL=None))
        file = folder.write("CACHE_URL=none:\nUPSTREAM_PROXY=http://127.0.0.1:1\n", mode=0o644)
        settings = shown(run(file, CACHE_URL=None))
        for name, value in (("CACHE_URL", "none:"), ("UPSTREAM_PROXY", "http://127.0.0.1:1")):
            tap.equal(settings[name][0], value, "a URL without a password")
        open_file = folder.write("DOORS=3\n", mode=0o644)
        tap.equal(run(open_file).returncode, OK, "status without a secret in it")


@tap.test("a token file must hold one line of text")
def check_token_text():
    with Folder() as folder:
        for text in ("", "\n", f"{TOKEN}\n{TOKEN}\n", f"{TOKEN}\0", f"{TOKEN}\r\nX: 1", "\t \n",
                     TOKEN * 300):
            check_refused(run(None, GITHUB_AUTH_TOKEN_FILE=token_file(folder, text)),
                          str(folder.path / "token"))
        done = run(None, GITHUB_AUTH_TOKEN_FILE=token_file(folder, f"  {TOKEN}\r\n"))
        tap.equal(done.returncode, OK, f"with white space around: {said(done)}")


@tap.test("credentials that make no sense are told")
def check_credentials():
    with Folder() as folder:
        path = token_file(folder)
        for environment, words in (
                ({"GITHUB_AUTH_TOKEN": TOKEN, "GITHUB_AUTH_TOKEN_FILE": path},
                 ("GITHUB_AUTH_TOKEN", "GITHUB_AUTH_TOKEN_FILE", "both")),
                ({"GITHUB_AUTH_TOKEN_FILE": "token"}, ("GITHUB_AUTH_TOKEN_FILE", "absolute")),
                ({"GITHUB_AUTH_TOKEN_FILE": folder.path / "missing"}, ("missing",)),
                ({"GITHUB_AUTH_ENABLED": "true"}, ("GITHUB_AUTH_ENABLED", "GITHUB_AUTH_TOKEN")),
                ({"BITBUCKET_AUTH_USER": USER}, ("BITBUCKET_AUTH_USER", "BITBUCKET_AUTH_TOKEN")),
                ({"BITBUCKET_AUTH_USER": "a:b", "BITBUCKET_AUTH_TOKEN": TOKEN},
                 ("BITBUCKET_AUTH_USER", "colon")),
                ({"GITHUB_AUTH_TOKEN": f"{TOKEN}\r\nX-Made-Up: 1"}, ("GITHUB_AUTH_TOKEN",)),
                ({"GITHUB_AUTH_TOKEN": f"{TOKEN}\x01"}, ("GITHUB_AUTH_TOKEN",))):
            check_refused(run(None, **environment), *words)


@tap.test("a secret in a wrong place is not repeated")
def check_misplaced():
    with Folder() as folder:
        for line in (TOKEN, f"GITHUB_AUTH_TOKEN {TOKEN}", f"GITHUB_AUTH_TOKEN: {TOKEN}",
                     f"GITHUB_AUTH_TOKEN=\"{TOKEN}", f"GITHUB_AUTH_TOKEN={TOKEN}\x01",
                     f"GITHUB_BASE_URL=http://x:{TOKEN}@127.0.0.1/",
                     f"UPSTREAM_PROXY=x:{TOKEN}@127.0.0.1", f"GITHUB_AUTH_TOKENS={TOKEN}",
                     f"CACHE_URL=redis://:{TOKEN}%@127.0.0.1", f"CACHE_URL=rediss://:{TOKEN}@x",
                     f"CACHE_URL=redis://me:{TOKEN}/x@127.0.0.1", f"CACHE_URL={TOKEN}"):
            file = folder.write(f"{line}\n")
            check_refused(run(file, CACHE_URL=None), f"{file}:1: ")


@tap.test("a proxy's password is not shown, and not logged when the proxy fails")
def check_proxy():
    proxy = f"http://someone:{TOKEN}@127.0.0.1:1/"
    done = run(None, UPSTREAM_PROXY=proxy)
    tap.equal((done.returncode, shown(done)["UPSTREAM_PROXY"]), (FAILED, ("set", "environment")),
              "status, and what is shown")
    check_silent(done)
    asking = Program(simulator.get(), UPSTREAM_PROXY=proxy)
    try:
        reply = asking.ask({"username": NAME})
        contract.problem(reply, 502)
        for text in (reply.body.decode(), asking.log()):
            tap.true(TOKEN not in text and "someone" not in text, f"no secret in {text!r}")
    finally:
        asking.close()


@tap.test("a store's password is not shown, and not logged when the store does not answer")
def check_store_password():
    url = f"redis://someone:{TOKEN}@127.0.0.1:1"
    done = run(None, CACHE_URL=url)
    if done.returncode == USAGE and "hiredis" in said(done):
        tap.skip("the program is built without hiredis")
    tap.equal((done.returncode, shown(done)["CACHE_URL"]), (FAILED, ("set", "environment")),
              "status, and what is shown")
    check_silent(done)
    asking = Program(simulator.get(), CACHE_URL=url)
    try:
        tap.equal(asking.ask({"username": NAME}).status, 200, "status without the store")
        tap.true("127.0.0.1:1" in asking.log(), f"the store in the log {asking.log()}")
        tap.true(TOKEN not in asking.log() and "someone" not in asking.log(), "no secret in it")
    finally:
        asking.close()


@tap.test("secrets are not logged, whatever the level, while they are used and refused")
def check_log():
    for token in (TOKEN, "bad-" + TOKEN):
        asking = Program(simulator.get(), LOG_LEVEL="debug", GITHUB_AUTH_TOKEN=token,
                         BITBUCKET_AUTH_USER=USER, BITBUCKET_AUTH_TOKEN=token)
        try:
            for query in (f"username={NAME}", "username=nobody-at-all", "username=a/b"):
                reply = asking.get(query)
                tap.true(TOKEN not in str(reply), "a reply without secrets")
            log = asking.log()
        finally:
            asking.close()
        tap.true("visited github" in log, "a log of visits")
        for secret in (TOKEN, "c29tZW9uZ"):
            tap.true(secret not in log, f"no secret in {log}")


# Where the cache is ----------------------------------------------------------------------------

def place(**environment):
    """The store that --check tells, and its exit status."""
    done = run(None, **{"CACHE_URL": None, "CACHE_DIRECTORY": None, "XDG_CACHE_HOME": None}
               | environment)
    return re.search(r"^Store\n  (.*)$", said(done), re.MULTILINE)[1], done.returncode


@tap.test("the cache is where systemd says, also behind the link that it makes")
def check_cache_directory():
    with PrivateDirectory() as directory:
        private = f"{directory.path}/private/forgefold"
        os.makedirs(private, 0o700)
        os.symlink("private/forgefold", f"{directory.path}/forgefold")
        for told in (private, f"{directory.path}/forgefold",
                     f"{directory.path}/forgefold:{directory.path}/other"):
            tap.equal(place(CACHE_DIRECTORY=told, XDG_CACHE_HOME=f"{directory.path}/home"),
                      (f"file:{private}: works", OK), f"the store for {told}")
        tap.equal(place(CACHE_DIRECTORY=private, CACHE_URL="none:")[0].split()[0], "none:",
                  "the store where CACHE_URL says another")


@tap.test("without that it is a user's own, in a directory of any name")
def check_cache_home():
    if os.path.exists("/var/cache/forgefold"):
        tap.skip("this machine has a cache of its own")
    with PrivateDirectory() as directory:
        home = f"{directory.path}/what? #1%20 \u00e9"
        tap.equal(place(XDG_CACHE_HOME=home),
                  (f"{directory.url}/what%3F%20%231%2520%20%C3%A9/forgefold: works", OK),
                  "the store")
        tap.equal(os.stat(f"{home}/forgefold").st_mode & 0o777, 0o700, "its mode")


# What they do ----------------------------------------------------------------------------------

def check_effect(settings, check):
    asking = Program(simulator.get(), **settings)
    try:
        check(asking)
    finally:
        asking.close()


def request_limit(asking):
    body = b'{"username":"' + NAME.encode() + b'"}'
    tap.equal(fcgi.ask_json(asking.path, body.ljust(300)).status, 200, "status of 300 bytes")
    contract.problem(fcgi.ask_json(asking.path, body.ljust(301)), 413)


def repository_limit(asking):
    tap.equal(asking.ask({"username": "g5-b5-limit"}).status, 200, "status of five")
    problem = contract.problem(asking.ask({"username": "g6-b6-limit"}), 502)
    tap.equal([row["status"] for row in problem["accounts"]], ["too_large"] * 2, "statuses")


def response_limit(asking):
    tap.equal(asking.ask({"github": "g5-small"}).status, 200, "status of a small page")
    problem = contract.problem(asking.ask({"github": "g100-large"}), 502)
    tap.equal(problem["accounts"][0]["status"], "too_large", "status of a large page")


def base_path(asking):
    for target, status in ((f"/tools/ff{AGGREGATE}", 200), (AGGREGATE, 404),
                           (f"/tools/other{AGGREGATE}", 404)):
        reply = fcgi.ask(asking.path, "GET", f"{target}?username={NAME}")
        tap.equal(reply.status, status, f"status of {target}")


def no_base_path(asking):
    for target, status in ((AGGREGATE, 200), (f"/tools/ff{AGGREGATE}", 404),
                           (f"/api{AGGREGATE}", 404), ("/api/api/v1/metrics", 404)):
        reply = fcgi.ask(asking.path, "GET", f"{target}?username={NAME}", REMOTE_ADDR="127.0.0.1")
        tap.equal(reply.status, status, f"status of {target}")


def one_origin(asking):
    for origin, allowed in (("https://example.org", "https://example.org"),
                            ("https://example.com", None), (None, None)):
        reply = fcgi.ask(asking.path, "GET", f"{AGGREGATE}?username={NAME}", HTTP_ORIGIN=origin)
        tap.equal(reply.header("Access-Control-Allow-Origin"), allowed, f"allowed for {origin}")
        tap.true("Origin" in reply.header("Vary", ""), "Vary: Origin")


def no_origin(asking):
    reply = fcgi.ask(asking.path, "GET", f"{AGGREGATE}?username={NAME}",
                     HTTP_ORIGIN="https://example.org")
    tap.equal((reply.status, reply.header("Access-Control-Allow-Origin")), (200, None),
              "status, and who may read")


def quiet(asking):
    asking.ask({"username": NAME})
    asking.ask({"username": "a/b"})
    tap.equal(asking.log(), "", "log")


for title, settings, check in (
        ("MAX_REQUEST_BYTES", {"MAX_REQUEST_BYTES": 300}, request_limit),
        ("MAX_REPOSITORIES", {"MAX_REPOSITORIES": 5}, repository_limit),
        ("MAX_RESPONSE_BYTES", {"MAX_RESPONSE_BYTES": 65536}, response_limit),
        ("BASE_PATH", {"BASE_PATH": "/tools/ff"}, base_path),
        ("BASE_PATH, nothing", {"BASE_PATH": "/"}, no_base_path),
        ("CORS_ALLOW_ORIGIN, a list", {"CORS_ALLOW_ORIGIN": "https://example.net "
                                       "https://example.org"}, one_origin),
        ("CORS_ALLOW_ORIGIN, none", {"CORS_ALLOW_ORIGIN": "none"}, no_origin),
        ("LOG_LEVEL", {"LOG_LEVEL": "error"}, quiet)):
    tap.add(f"a setting does what it says: {title}", check_effect, settings, check)


if __name__ == "__main__":
    sys.exit(tap.main())
