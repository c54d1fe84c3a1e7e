#!/usr/bin/env python3
"""The care of the cache by the command line: having accounts in it before anybody asks (--warm),
removing them (--purge), and telling what is there (--cache-stats, --check).

Calls are counted by the simulator: what is fresh must cost none.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from support import paths, tap  # noqa: E402
from harness.processes import free_port, wait_until  # noqa: E402
from harness.upstream import PLENTY  # noqa: E402

COMPLETE, FAILED, USAGE, INCOMPLETE = 0, 1, 2, 3  # man/forgefold.1
AT_ONCE = 16               # accounts that are visited at a time
SECRET = "made-up-secret"
LIED = "half-lied"         # GitHub fails, Bitbucket does not
WORDS = ("visited", "fresh already", "not found", "failed", "left for later")


def start_simulator():
    started = support.Simulator()
    started.put_account(LIED, {"github": {"size": 3, "lie": "status_503"},
                               "bitbucket": {"size": 2}})
    return started


def stop_simulator(running):
    try:
        tap.equal(running.counts()["failures"], 0, "failures of the simulator")
    finally:
        running.close()


simulator = tap.Lazy(start_simulator, stop_simulator)


def run(url, *arguments, stdin=b"", **environment):
    return support.run(arguments, support.settings(simulator.get(), CACHE_URL=url,
                                                   LOG_LEVEL="warning") | environment, stdin=stdin)


def said(done):
    return f"{done.args}\n{done.stdout.decode()}\n{done.stderr.decode()}"


def check_status(done, status):
    tap.equal(done.returncode, status, f"exit status of {said(done)}\n")


def github(*names):
    """A list of accounts on GitHub alone."""
    return "".join(json.dumps({"github": name}) + "\n" for name in names).encode()


def counts(done):
    """What the line of --warm counts: {"visited": 3, ...}, with "accounts" and "wrong"."""
    line = re.fullmatch(r"(\d+) accounts?:" + ",".join(rf" (\d+) {word}" for word in WORDS)
                        + r"(?: \(from [0-9T:Z-]+\))?(?:; (\d+) wrong lines?)?\n",
                        done.stdout.decode())
    tap.true(line, f"the line of --warm in {said(done)}")
    numbers = [int(number or 0) for number in line.groups()]
    told = dict(zip(("accounts", *WORDS, "wrong"), numbers))
    tap.equal(sum(told[word] for word in WORDS), told["accounts"], "accounts that are counted")
    return {word: number for word, number in told.items() if number}


def warm(url, text, status, *arguments, **environment):
    done = run(url, "--warm=-", *arguments, stdin=text, **environment)
    check_status(done, status)
    return counts(done)


# Warming ---------------------------------------------------------------------------------------

@tap.test("--warm visits what is named, then nothing, and who asks is answered without a call")
def check_warm():
    text = b"# the home page\n\ng3-b2-warm\r\n  {\"github\": [\"g2-warm\", \"g1-warm\"]}\n"
    with store.Files() as files:
        with store.Calls(simulator.get()) as calls:
            tap.equal(warm(files.url, text, COMPLETE), {"accounts": 4, "visited": 4}, "at first")
        # A visit without a token: three calls to GitHub, two to Bitbucket.
        tap.equal(calls.total, 3 * 3 + 2, "calls")
        with store.Calls(simulator.get()) as calls:
            tap.equal(warm(files.url, text, COMPLETE), {"accounts": 4, "fresh already": 4}, "again")
            done = run(files.url, "--json", "G3-B2-warm")
            check_status(done, COMPLETE)
            with store.keeping(simulator.get(), files.url) as server:
                reply = server.ask({"username": "g3-b2-warm"})
        tap.equal(calls.total, 0, "calls for what is there")
        wanted = simulator.get().expected("g3-b2-warm", "g3-b2-warm")
        for document in (json.loads(done.stdout), reply.json()):
            support.check_whole(document, wanted, "g3-b2-warm")


@tap.test("--warm reads a file, and names it where a line is wrong; the others are visited")
def check_wrong_lines():
    with store.Files() as files, tempfile.TemporaryDirectory(prefix="ff-") as folder:
        path = pathlib.Path(folder) / "list"
        path.write_bytes(b"a/b\n{\"github\":\"g1-right\"}\n{\"gitbuh\":\"x\"}\n{\"github\":\n"
                         b"\xff\xfe\n[\"x\"]\nx\x1b[31m")
        done = run(files.url, f"--warm={path}")
        check_status(done, INCOMPLETE)
        tap.equal(counts(done), {"accounts": 1, "visited": 1, "wrong": 6}, "what became of them")
        lines = done.stderr.decode().splitlines()
        tap.equal([line.split(": ")[1] for line in lines],
                  [f"{path}:{number}" for number in (1, 3, 4, 5, 6, 7)], "where they are wrong")
        tap.true(all(line.isprintable() for line in lines), f"printable, not {lines}")
        path.write_text("a/b\n" * 5000)
        done = run(files.url, f"--warm={path}")
        check_status(done, INCOMPLETE)
        tap.true(len(done.stderr.splitlines()) < 30, f"not a line for each, but {said(done)}")


@tap.test("--warm in full asks for names in full, and objects say so themselves")
def check_full():
    text = b"g2-b2-full\n{\"bitbucket\":\"g1-b1-full\"}\n{\"bitbucket\":\"b1-f\",\"detail\":\"full\"}\n"
    with store.Files() as files:
        tap.equal(warm(files.url, text, COMPLETE, "--full"), {"accounts": 4, "visited": 4}, "at first")
        with store.Calls(simulator.get()) as calls:
            for arguments in (("--full", "g2-b2-full"), ("--bitbucket=g1-b1-full",),
                              ("--full", "--bitbucket=b1-f")):
                check_status(run(files.url, *arguments), COMPLETE)
        tap.equal(calls.total, 0, "calls")
        with store.Calls(simulator.get()) as calls:
            check_status(run(files.url, "g2-b2-full"), COMPLETE)
        tap.true(calls.total > 0, "basic detail is kept apart")


@tap.test("--warm counts who is not there and who failed, tells why, and is status 3")
def check_failures():
    with store.Files() as files:
        done = run(files.url, "--warm=-", stdin=f"nobody-at-all\n{LIED}\n".encode())
        check_status(done, INCOMPLETE)
        tap.equal(counts(done), {"accounts": 4, "visited": 1, "not found": 2, "failed": 1},
                  "what became of them")
        told = done.stderr.decode()
        tap.true(re.fullmatch(rf"forgefold: github:{LIED}: failed \(.*503.*\)\n", told),
                 f"one line of why, not {told!r}")
        tap.equal(warm(files.url, b"nobody-at-all\n", COMPLETE), {"accounts": 2, "not found": 2},
                  "who is not there alone")


@contextlib.contextmanager
def quota(remaining):
    """GitHub allows this much while the block runs, and plenty after."""
    simulator.get().change(quota={"github": {
        "limit": 60, "remaining": remaining, "reset_in": 900}})
    try:
        yield
    finally:
        simulator.get().change(quota={"github": {
            "limit": PLENTY, "remaining": PLENTY, "reset_in": 3600}})


@tap.test("--warm keeps to the quota: what does not fit is left, without a call, for a later run")
def check_quota():
    names = [f"g1-quota-{number}" for number in range(60)]
    with store.Files() as files:
        with quota(31), store.Calls(simulator.get()) as calls:
            done = run(files.url, "--warm=-", stdin=github(*names) + b"{\"bitbucket\":\"b1-q\"}\n")
            check_status(done, INCOMPLETE)
            told = counts(done)
            tap.true(re.search(r"left for later \(from \d{4}-", done.stdout.decode()),
                     f"from when on, in {said(done)}")
            tap.equal(told, {"accounts": 61, "visited": 11, "left for later": 50},
                      "what became of them: ten on GitHub, at three calls each")
            tap.equal(calls.so_far(), 10 * 3 + 2, "calls")
            # The next run knows by the cache that nothing is allowed: it makes no call at all.
            before = calls.so_far()
            again = warm(files.url, github(*names), INCOMPLETE)
            tap.equal(again, {"accounts": 60, "fresh already": 10, "left for later": 50},
                      "the next run")
            tap.equal(calls.so_far(), before, "calls of the next run")
            tap.equal([name for name in names if calls.of("github", name)], names[:10],
                      "who was visited: the first of the list")


@tap.test("two that warm the same at the same time visit it once")
def check_together():
    text = github(*(f"g1-both-{number}" for number in range(40)))
    simulator.get().change(latency_ms=100)
    try:
        with store.Files() as files, store.Calls(simulator.get()) as calls:
            done = support.at_once(lambda _: run(files.url, "--warm=-", stdin=text), range(2))
    finally:
        simulator.get().change(latency_ms=0)
    for each in done:
        check_status(each, COMPLETE)
    tap.equal(calls.total, 40 * 3, "calls")


@tap.test("no more than sixteen accounts are visited at a time")
def check_at_once():
    text = github(*(f"g1-wide-{number}" for number in range(60)))
    simulator.get().change(latency_ms=50)
    try:
        with store.Files() as files, store.Calls(simulator.get()):
            tap.equal(warm(files.url, text, COMPLETE, UPSTREAM_CONCURRENCY=100),
                      {"accounts": 60, "visited": 60}, "what became of them")
            most = simulator.get().counts()["largest_in_flight"]
    finally:
        simulator.get().change(latency_ms=0)
    tap.true(most <= 3 * AT_ONCE, f"at most three calls for each of them, not {most}")


@tap.test("one that was killed has lost nothing of what it had visited")
def check_killed():
    names = [f"g1-killed-{number}" for number in range(80)]
    with store.Files() as files, tempfile.TemporaryFile() as listing:
        listing.write(github(*names))
        listing.seek(0)
        simulator.get().change(latency_ms=50)
        try:
            environment = {"PATH": "/usr/bin", "FORGEFOLD_CONFIG": support.NO_SETTINGS.name,
                           **support.sanitizer_environment(),
                           **support.settings(simulator.get(), CACHE_URL=files.url)}
            child = subprocess.Popen([str(paths.program()), "--warm=-"], stdin=listing,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     env=environment)
            try:
                wait_until(lambda: len(files.values()) > 40, "something is in the cache")
            finally:
                child.kill()
                child.wait()
        finally:
            simulator.get().change(latency_ms=0)
        told = warm(files.url, github(*names), COMPLETE)
        tap.true(told["fresh already"] >= 5 and told["visited"] > 0, f"the rest: {told}")


@tap.test("without a cache that works --warm is status 1 and makes no call, and so without a list")
def check_useless():
    before = simulator.get().requests()
    with tempfile.TemporaryDirectory(prefix="ff-") as folder, store.Files() as files:
        for url, arguments, word in (
                ("none:", ("--warm=-",), "no cache"),
                (f"file:{folder}/cache", ("--warm=-",), "every user may write"),
                ("file:/proc/cache", ("--warm=-",), "/proc/cache"),
                (files.url, ("--warm", f"{folder}/missing"), f"{folder}/missing"),
                (files.url, ("--warm", folder), folder)):
            done = run(url, *arguments, stdin=b"g1-useless\n")
            check_status(done, FAILED)
            tap.equal(done.stdout, b"", "output")
            tap.true(done.stderr.startswith(b"forgefold: ") and word in done.stderr.decode(),
                     f"{word!r} in {said(done)}")
    tap.equal(simulator.get().requests(), before, "calls")


@tap.test("a list of nobody is no mistake")
def check_empty():
    with store.Files() as files:
        for text in (b"", b"\n", b"# nobody\n", b"\xef\xbb\xbf"):
            tap.equal(warm(files.url, text, COMPLETE), {}, f"what became of {text}")


@tap.test("--warm warms a Redis, too")
def check_redis():
    with store.Redis() as server:
        tap.equal(warm(server.url, b"g1-b1-redis\n", COMPLETE), {"accounts": 2, "visited": 2},
                  "at first")
        tap.equal(warm(server.url, b"g1-b1-redis\n", COMPLETE),
                  {"accounts": 2, "fresh already": 2}, "again")


# Purging ---------------------------------------------------------------------------------------

def purged(done):
    check_status(done, COMPLETE)
    line = re.fullmatch(r"(\d+) values? removed\n", done.stdout.decode())
    tap.true(line, f"the line of --purge in {said(done)}")
    return int(line[1])


@tap.test("--purge removes both details of the accounts named and nothing else")
def check_purge():
    with store.Files() as files:
        for name in ("g1-b1-gone", "g1-b1-stays"):
            for arguments in ((name,), ("--full", name)):
                check_status(run(files.url, *arguments), COMPLETE)
        before = len(files.values())
        removed = purged(run(files.url, "--purge", "G1-b1-gone"))
        tap.true(removed >= 4, f"two details on two forges, not {removed}")
        tap.equal(len(files.values()), before - removed, "files of values")
        tap.equal(purged(run(files.url, "--purge", "g1-b1-gone")), 0, "values of the next time")
        for name, cost in (("g1-b1-stays", 0), ("g1-b1-gone", 3 + 2)):
            with store.Calls(simulator.get()) as calls:
                check_status(run(files.url, name), COMPLETE)
            tap.equal(calls.total, cost, f"calls for {name}")
        purged(run(files.url, "--purge", "--github=g1-b1-stays"))
        with store.Calls(simulator.get()) as calls:
            check_status(run(files.url, "g1-b1-stays"), COMPLETE)
        tap.equal(calls.total, 3, "calls to the one forge")


@tap.test("--purge also removes what was learned with a token, which it needs not have")
def check_purge_token():
    with store.Files() as files:
        check_status(run(files.url, "--github=g1-token", GITHUB_AUTH_TOKEN="made-up"), COMPLETE)
        tap.true(purged(run(files.url, "--purge", "--github=g1-token")) > 0, "values of it")
        with store.Calls(simulator.get()) as calls:
            check_status(run(files.url, "--github=g1-token", GITHUB_AUTH_TOKEN="made-up"), COMPLETE)
        tap.true(calls.total > 0, "a visit")


@tap.test("a server that runs tells what was purged no longer than a second")
def check_purge_server():
    with store.Files() as files, store.keeping(simulator.get(), files.url) as server:
        with store.Calls(simulator.get()) as calls:
            server.ask({"github": "g1-running"})
            server.ask({"github": "g1-running"})
        tap.equal(calls.total, 3, "calls before")
        # The account, what is allowed: the answer may come before they are kept.
        wait_until(lambda: len(files.values()) == 2, "all is kept", child=server.child)
        purged(run(files.url, "--purge", "--github=g1-running"))
        with store.Calls(simulator.get()) as calls:
            wait_until(lambda: server.ask({"github": "g1-running"}) and calls.so_far() >= 3,
                       "it is visited again", child=server.child, seconds=10)


@tap.test("--purge where nothing is kept, or the store is gone")
def check_purge_nothing():
    done = run("none:", "--purge", "pypy")
    check_status(done, COMPLETE)
    tap.true(b"nothing is kept" in done.stdout, f"why, not {said(done)}")
    with tempfile.TemporaryDirectory(prefix="ff-") as folder:
        os.mkdir(f"{folder}/cache", 0o700)
        for url in (f"file:{folder}/cache", f"redis://:{SECRET}@127.0.0.1:{free_port()}"):
            for arguments in (("--purge", "pypy"), ("--cache-stats",), ("--cache-stats", "--json")):
                done = run(url, *arguments)
                if done.returncode == USAGE and b"hiredis" in done.stderr:
                    continue
                check_status(done, FAILED)
                tap.equal(done.stdout, b"", "output")
                tap.true(b"\nforgefold: " in b"\n" + done.stderr, f"why, in {said(done)}")
                tap.true(SECRET not in said(done), "no secret")


# Statistics ------------------------------------------------------------------------------------

def statistics(url, **environment):
    done = run(url, "--cache-stats", "--json", **environment)
    check_status(done, COMPLETE)
    return json.loads(done.stdout)


@tap.test("--cache-stats counts what is there, for people and for programs")
def check_statistics():
    bound = 5 * 1024 * 1024
    with store.Files() as files:
        empty = {"cache": files.url, "values": 0, "bytes": 0, "maximum_bytes": 268435456,
                 "expired": 0}
        tap.equal(statistics(files.url), empty, "of nothing")
        check_status(run(files.url, "g3-b2-counted"), COMPLETE)
        found = statistics(files.url, CACHE_MAX_BYTES=bound)
        sizes = [path.stat().st_size for path in files.values()]
        blocks = sum(-(-size // 4096) * 4096 for size in sizes)
        tap.equal(found, empty | {"values": len(sizes), "bytes": blocks, "maximum_bytes": bound},
                  "of something")
        done = run(files.url, "--cache-stats")
        check_status(done, COMPLETE)
        rows = dict(line.split(None, 1) for line in done.stdout.decode().splitlines()
                    if not line.startswith("At most"))
        tap.equal(rows, {"Cache": files.url, "Values": str(len(sizes)), "Bytes": str(blocks),
                         "Expired": "0"}, "for people")


@tap.test("--cache-stats of a cache that is none, that is not there, and of a Redis")
def check_statistics_elsewhere():
    tap.equal(statistics("none:"), {"cache": "none:", "values": 0, "bytes": 0,
                                    "maximum_bytes": None, "expired": 0}, "of none")
    with store.Files() as files:
        url = f"{files.url}/not%20there"
        tap.equal(statistics(url)["values"], 0, "values of a directory that is not there")
        tap.equal(os.listdir(files.path), [], "what asking has made")
    with store.Redis(f"requirepass {SECRET}") as server:
        path = server.url.removeprefix("redis+unix://")
        url = f"redis+unix://:{SECRET}@{path}"
        check_status(run(url, "g1-b1-redis"), COMPLETE)
        found = statistics(url)
        tap.equal(found["cache"], f"redis+unix://{path}", "where it is")
        tap.true(found["values"] >= 2 and found["bytes"] > 0, f"values in {found}")


# Checking --------------------------------------------------------------------------------------

def store_line(done):
    found = re.search(r"^Store\n  (.*)$", done.stdout.decode(), re.MULTILINE)
    tap.true(found, f"the store in {said(done)}")
    return found[1]


@tap.test("--check tries the cache, tells where it is, and leaves nothing in it")
def check_check():
    with store.Files() as files:
        done = run(f"{files.url}/new", "--check")
        check_status(done, COMPLETE)
        tap.equal(store_line(done), f"{files.url}/new: works", "what it says")
        tap.equal(os.stat(f"{files.path}/new").st_mode & 0o777, 0o700, "mode of the directory")
        tap.equal(statistics(f"{files.url}/new")["values"], 0, "what is left")
    done = run("none:", "--check")
    check_status(done, COMPLETE)
    tap.true(store_line(done).startswith("none: nothing is kept"), said(done))


@tap.test("--check tells what is wrong with the cache and what to do, without passwords")
def check_check_failures():
    with store.Files() as files, tempfile.TemporaryDirectory(prefix="ff-") as shared:
        os.mkdir(f"{files.path}/open", 0o755)
        os.symlink(files.path, f"{files.path}/link")
        pathlib.Path(f"{files.path}/file").write_text("")
        rows = [(f"file:{shared}/cache", "every user may write"),
                (f"{files.url}/open", "chmod 700"),
                (f"{files.url}/link", "symbolic link"),
                (f"{files.url}/file", "not a directory"),
                ("file:/proc/cache", "/proc/cache"),
                (f"redis://me:{SECRET}@127.0.0.1:{free_port()}/2", "redis://127.0.0.1:")]
        for url, word in rows:
            done = run(url, "--check")
            if done.returncode == USAGE and b"hiredis" in done.stderr:
                continue
            check_status(done, FAILED)
            tap.true(word in store_line(done), f"{word!r} in {store_line(done)!r}")
            tap.true("github: reached" in said(done), "the forges all the same")
            tap.true(SECRET not in said(done), "no secret")


if __name__ == "__main__":
    sys.exit(tap.main())
