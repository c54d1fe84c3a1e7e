#!/usr/bin/env python3
"""The store in Redis against a real server: all of the contract, and all that can befall a server.

The contract is that of tests/unit/test_store, which is run here with servers to try. What befalls
a server is done to one while tests/support/store_driver uses it, one operation at a time.
"""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import paths, tap  # noqa: E402
from harness.processes import Child, TemporaryDirectory, wait_until  # noqa: E402
from harness.redis import Server  # noqa: E402

# store/store.h
TIMEOUT = 0.2
PAUSE = 1.0
# What costs nothing costs less than this, on a machine that does other things besides.
NOTHING = 0.05
TRIES = 3
SLACK = 5 if support.SANITIZED else 2

PREFIX = "forgefold:1:"
SECRET = "s3cret/:@%?"
USER = "some:one"
CODED_SECRET, CODED_USER = (urllib.parse.quote(word, safe="") for word in (SECRET, USER))
# What store/redis_refusal.c says a user needs.
RIGHTS = ("+get +set +del +getrange +strlen +hget +hset +hincrby +setrange +pexpire +eval +scan "
          "+select ~forgefold:*")
ABSENT = "built without hiredis"


def built(name):
    """A program of the build."""
    path = paths.program().parent / name
    tap.true(os.access(path, os.X_OK), f"{path} is built")
    return str(path)


def driver_program():
    """The driver of a store. Skips the test where it has none in Redis."""
    path = built("tests/support/store_driver")
    done = subprocess.run([path, "redis://127.0.0.1"], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    if ABSENT in done.stderr.decode():
        tap.skip("the program is built without hiredis")
    tap.equal((done.returncode, done.stderr), (0, b""), "status and errors of a driver")
    return path


class Driver:
    """A process with a store."""

    def __init__(self, url):
        path = driver_program()
        self._folder = TemporaryDirectory()
        self._child = Child([path, url], f"{self._folder.path}/log", stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
        self.said = ""

    def ask(self, *words):
        """What an operation came to, and the seconds that it took."""
        self._child.stdin.write((" ".join(map(str, words)) + "\n").encode())
        try:
            self._child.stdin.flush()
            answer = self._child.stdout.readline().decode()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise AssertionError(f"the driver ended: {self.log()}")
        self.said += answer
        result, microseconds = answer.rstrip("\n").split("\t")
        return result, int(microseconds) / 1e6

    def result(self, *words):
        return self.ask(*words)[0]

    def log(self):
        with open(self._child.log, encoding="utf-8") as log:
            return log.read()

    def lines(self):
        """Warnings of the store."""
        return [line for line in self.log().splitlines() if "cache:" in line]

    def close(self):
        status = self._child.status()
        if status is None:
            self._child.stdin.close()
            status = self._child.wait(30)
        self._child.stop()
        log = self.log()
        self._folder.close()
        tap.equal(status, 0, f"status of the driver\n{log}\n")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
        else:
            self._child.stop()
            self._folder.close()


def with_acl(*rights):
    """A server that lets in who has the password, and USER with those rights."""
    return Server(f'requirepass "{SECRET}"', f'user "{USER}" on ">{SECRET}" {" ".join(rights)}')


def network_url(server, user=CODED_USER, password=CODED_SECRET, database=0):
    return f"redis://{user}:{password}@127.0.0.1:{server.port}/{database}"


def equal(driver, wanted, *words):
    tap.equal(driver.result(*words), wanted, " ".join(map(str, words)))


def quick(driver, wanted, *words, seconds=NOTHING):
    """An operation and how long it may take. It may be the one that tries after a pause: so the
    one after it counts too."""
    for _ in range(TRIES):
        result, taken = driver.ask(*words)
        tap.equal(result, wanted, " ".join(map(str, words)))
        if taken < seconds * SLACK:
            return
    raise AssertionError(f"{words[0]} takes {taken:.3f} s again and again, not {seconds}")


def check_misses(driver):
    """Each operation, when the server is left alone: nothing comes of it, and it costs nothing."""
    for words in (("get", "key"), ("stamp", "key"), ("lease", "key", 1000), ("add", "key", 1),
                  ("statistics",)):
        quick(driver, "none", *words)
    for wanted, *words in (("put", "put", "key", "other"), ("touched", "touch", "key", 5),
                           ("-1", "remove", "key"), ("lost", "renew", 1000)):
        quick(driver, wanted, *words)


# The contract ----------------------------------------------------------------------------------

def check_contract(server, url):
    """Runs the unit test of all stores; it is not built where there is no cmocka."""
    suite = paths.program().parent / "tests/unit/test_store"
    if not suite.exists():
        tap.skip(f"{suite} is not built")
    done = subprocess.run([str(suite)], capture_output=True, check=False,
                          env=os.environ | {"FORGEFOLD_TEST_REDIS_URL": url}, timeout=300)
    output = done.stdout.decode() + done.stderr.decode()
    if done.returncode != 0:
        tap.diagnose(output)
    tap.equal(done.returncode, 0, "status")
    with server.client() as client:
        client.ask("AUTH", SECRET)
        calls = client.ask("INFO", "commandstats").decode()
    tap.true("cmdstat_set:" in calls and "cmdstat_eval:" in calls, f"the server was used: {calls}")
    tap.true(SECRET not in output and CODED_SECRET not in output, "no password is said")


def check_contract_on(database, local):
    driver_program()
    with with_acl("+@all", "~*") as server:
        url = network_url(server, database=database)
        if local:
            url = (f"redis+unix://{CODED_USER}:{CODED_SECRET}@{server.socket}?db={database}")
        check_contract(server, url)


for sentence, *row in (("a Unix socket", 0, True), ("the network", 0, False),
                       ("database 3", 3, True), ("database 15 over the network", 15, False)):
    tap.add(f"the contract of a store holds on {sentence}", check_contract_on, *row, seconds=300)


@tap.test("the rights that are asked for are enough, and others' keys stay")
def check_rights():
    with with_acl(RIGHTS) as server, Driver(network_url(server, database=2)) as driver:
        with server.client() as client:
            client.ask("AUTH", SECRET)
            client.ask("SELECT", 2)
            client.ask("SET", "another", "program")
            equal(driver, "well", "check")
            equal(driver, "put", "put", "key", "text")
            equal(driver, "found text", "get", "key")
            equal(driver, "touched", "touch", "key", 60)
            equal(driver, "for 60", "stamp", "key")
            equal(driver, "held", "lease", "key", 5000)
            equal(driver, "renewed", "renew", 5000)
            equal(driver, "7", "add", "key", 7)
            equal(driver, "released", "release")
            # What is there besides is not counted, and the bound may not be asked for.
            values, size, bound, expired = driver.result("statistics").split()
            tap.equal((values, bound, expired), ("1", "-1", "0"), "values, bound, expired")
            tap.true(int(size) > len("text"), f"bytes: {size}")
            equal(driver, "1", "remove", "key")
            tap.equal(sorted(client.ask("KEYS", "*")),
                      [b"another", f"{PREFIX}counter:key".encode()], "keys that are left")
        tap.equal(driver.lines(), [], "warnings")


@tap.test("everything ends by itself: values, counters, leases")
def check_ends():
    with Server("maxmemory 64mb") as server, Driver(server.url) as driver:
        driver.ask("put", "key", "text")
        driver.ask("add", "key", 1)
        equal(driver, "held", "lease", "key", 300)
        with server.client() as client:
            for kind, wanted in (("value", 3600), ("counter", 3600), ("lease", 0.3)):
                left = client.ask("PTTL", f"{PREFIX}{kind}:key") / 1000
                tap.true(wanted - 60 < left <= wanted and left > 0, f"{kind} ends in {left} s")
            wait_until(lambda: not client.ask("EXISTS", f"{PREFIX}lease:key"), "the lease ends")
            with Driver(server.url) as other:
                equal(other, "held", "lease", "key", 60000)
                # The lease is another's now: it can be neither renewed nor ended.
                equal(driver, "lost", "renew", 60000)
                equal(driver, "released", "release")
                equal(driver, "busy", "lease", "key", 60000)
                driver.ask("touch", "key", 30)
                tap.true(client.ask("PTTL", f"{PREFIX}value:key") <= 30000, "touched")
                tap.equal(driver.result("statistics").split()[2], str(64 << 20), "the bound")
            # The other has ended, and with it what it held.
            equal(driver, "held", "lease", "key", 60000)


# Servers that go and come ----------------------------------------------------------------------

@tap.test("a server that is stopped costs a miss and a line; when it is started again, all is well")
def check_stopped():
    with Server() as server, Driver(server.url) as driver:
        driver.ask("put", "key", "text")
        equal(driver, "found text", "get", "key")
        server.stop()
        quick(driver, "none", "get", "key")
        check_misses(driver)
        tap.equal(len(driver.lines()), 1, f"warnings: {driver.lines()}")
        tap.true("closed the connection" in driver.lines()[0] or "cannot be reached: No such file"
                 in driver.lines()[0] or "Connection refused" in driver.lines()[0],
                 f"why: {driver.lines()}")
        server.start()
        wait_until(lambda: driver.ask("put", "key", "again")
                   and driver.result("get", "key") == "found again", "the store works again")
        tap.true("answers again" in driver.log(), f"that it does is logged:\n{driver.log()}")


@tap.test("a server that was never there: every operation is a miss, a check says what is wrong")
def check_never():
    with Server() as server:
        port, url = server.port, server.url
    for url, why in ((url, "No such file"), (f"redis://127.0.0.1:{port}", "refused"),
                     ("redis://no-such-host.invalid", "cannot be reached")):
        with Driver(url) as driver:
            tap.equal(driver.result("get", "key"), "none", "get")
            check_misses(driver)
            said = driver.result("check")
            tap.diagnose(said)
            tap.true(why in said, f"{why!r} in {said!r}")


@tap.test("a server that does not answer costs the timeout once, and then nothing for a while")
def check_held():
    with Server() as server, Driver(server.url) as driver:
        driver.ask("put", "key", "text")
        equal(driver, "found text", "get", "key")
        server.hold()
        result, taken = driver.ask("get", "key")
        tap.equal(result, "none", "get")
        tap.true(TIMEOUT * 0.9 < taken < TIMEOUT * 1.5 * SLACK, f"the timeout, not {taken:.3f} s")
        check_misses(driver)
        # After the pause one operation tries, and the next ones do not.
        deadline = time.monotonic() + PAUSE * 5 * SLACK
        while (taken := driver.ask("get", "key")[1]) < TIMEOUT * 0.9:
            tap.true(time.monotonic() < deadline, "another try after the pause")
            time.sleep(0.01)
        check_misses(driver)
        said = driver.result("check")
        tap.true("does not answer within 200 ms" in said, f"what is wrong: {said!r}")
        server.go_on()
        wait_until(lambda: driver.result("get", "key") == "found text", "the store works again")


@tap.test("connections that the server closes are replaced without a miss")
def check_closed():
    with Server() as server, Driver(server.url) as driver, server.client() as client:
        driver.ask("put", "key", "text")
        for wanted, *words in (("found text", "get", "key"), ("held", "lease", "key", 60000),
                               ("3", "add", "key", 3), ("for 3600", "stamp", "key"),
                               ("renewed", "renew", 60000), ("1", "remove", "key")):
            client.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            equal(driver, wanted, *words)
        tap.equal(driver.lines(), [], "warnings")


# Servers that refuse ---------------------------------------------------------------------------

def check_refused(lines, words, url_of):
    """Nothing comes of anything, a check says why, and the password is nowhere."""
    with Server(*lines) as server, Driver(url_of(server)) as driver:
        quick(driver, "none", "get", "key", seconds=TIMEOUT)
        equal(driver, "put", "put", "key", "text")
        equal(driver, "none", "get", "key")
        said = driver.result("check")
        tap.diagnose(said)
        tap.true(words in said, f"{words!r} in {said!r}")
        tap.equal(len(driver.lines()), 1, f"warnings: {driver.lines()}")
        for text in (driver.log(), driver.said):
            tap.true("wrong-secret" not in text and SECRET not in text, f"no password in {text!r}")


ACL = (f'requirepass "{SECRET}"', f'user "{USER}" on ">{SECRET}" {RIGHTS}')
for sentence, *row in (
        ("a wrong password", (f'requirepass "{SECRET}"',), "password of CACHE_URL is wrong",
         lambda server: network_url(server, user="", password="wrong-secret")),
        ("a wrong password of a user", ACL, "password of CACHE_URL is wrong",
         lambda server: network_url(server, password="wrong-secret")),
        ("no password where one is needed", (f'requirepass "{SECRET}"',), "needs a password",
         lambda server: server.url),
        ("a password where there is none", (), "the server has none",
         lambda server: network_url(server, user="", password="wrong-secret")),
        ("a database that does not exist", ("databases 4",), "no database",
         lambda server: f"{server.url}?db=4"),
        ("a user without rights", (f'user "{USER}" on ">{SECRET}" -@all ~forgefold:*',),
         "needs the commands", network_url),
        ("a replica", ("replicaof 127.0.0.1 1",), "is a replica", lambda server: server.url)):
    tap.add(f"refused, and told as such: {sentence}", check_refused, *row)


@tap.test("a full server takes nothing more, gives what it has, and says what to do")
def check_full():
    with Server("maxmemory-policy noeviction") as server, Driver(server.url) as driver:
        driver.ask("put", "key", "text")
        driver.ask("fill", "other", 1 << 20)
        with server.client() as client:
            client.ask("CONFIG", "SET", "maxmemory", 1 << 20)
            equal(driver, "put", "put", "new", "text")
            equal(driver, "none", "get", "new")
            equal(driver, "found text", "get", "key")
            equal(driver, "for 3600", "stamp", "key")
            tap.equal(len(driver.lines()), 1, f"warnings: {driver.lines()}")
            tap.true("maxmemory-policy" in driver.lines()[0], f"what to do: {driver.lines()}")
            equal(driver, "none", "add", "key", 1)
            equal(driver, "none", "lease", "key", 1000)
            tap.true("maxmemory-policy" in driver.result("check"), "what to do, by a check")
            equal(driver, "1", "remove", "other")
            # Removing made room.
            client.ask("CONFIG", "SET", "maxmemory", 0)
            equal(driver, "put", "put", "new", "text")
            equal(driver, "found text", "get", "new")
            equal(driver, "well", "check")


# What is not ours ------------------------------------------------------------------------------

@tap.test("what others have put under our keys is a miss and a line, and is removed or replaced")
def check_foreign():
    with Server() as server, server.client() as client:
        with Driver(server.url) as driver:
            driver.ask("put", "other", "text")
        whole = client.ask("GET", f"{PREFIX}value:other")
        tap.equal(whole[-4:], b"text", "the end of a record")
        name = f"{PREFIX}value:key"
        for what, text in (
                ("garbage", b"\0\xff" * 300), ("one byte", b"x"),
                ("the record of another key", whole), ("half a record", whole[:40])):
            for looking in (("get", "key"), ("stamp", "key"), ("touch", "key", 5)):
                client.ask("SET", name, text)
                with Driver(server.url) as driver:
                    equal(driver, "touched" if looking[0] == "touch" else "none", *looking)
                    tap.equal(len(driver.lines()), 1, f"warnings about {what}")
                    tap.equal(client.ask("EXISTS", name), 0, f"{what} is still there")
                    equal(driver, "put", "put", "key", "ours")
                    equal(driver, "found ours", "get", "key")
        client.ask("DEL", name)
        client.ask("RPUSH", name, b"x")
        before = client.ask("DUMP", name)
        with Driver(server.url) as driver:
            equal(driver, "none", "get", "key")
            tap.equal(len(driver.lines()), 1, "warnings about a list")
            equal(driver, "none", "stamp", "key")
            equal(driver, "touched", "touch", "key", 5)
            tap.equal(client.ask("DUMP", name), before, "a list, untouched")
            equal(driver, "put", "put", "key", "ours")
            equal(driver, "found ours", "get", "key")
        client.ask("SET", f"{PREFIX}value:key", whole[:-1] + b"T")
        client.ask("SET", f"{PREFIX}counter:key", "x")
        client.ask("RPUSH", f"{PREFIX}lease:key", "x")
        with Driver(server.url) as driver:
            equal(driver, "none", "get", "key")
            equal(driver, "none", "add", "key", 1)
            equal(driver, "busy", "lease", "key", 1000)


class Impostor:
    """Something that listens, and answers whatever it is sent with the same bytes."""

    def __init__(self, answer):
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                while (received := connection.recv(65536)) and (answer := self._answer(received)):
                    connection.sendall(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def echo(received):
    """As servers do that do not know a command."""
    return b"-ERR unknown command, with args beginning with: " + received.replace(
        b"\r\n", b" ") + b"\r\n"


def check_impostor(answer, words):
    with Impostor(answer) as impostor:
        with Driver(f"redis://{CODED_USER}:{CODED_SECRET}@127.0.0.1:{impostor.port}") as driver:
            quick(driver, "none", "get", "key", seconds=TIMEOUT)
            check_misses(driver)
            said = driver.result("check")
            tap.diagnose(said)
            tap.true(words in said, f"{words!r} in {said!r}")
            for text in (driver.log(), driver.said):
                tap.true(SECRET not in text and CODED_SECRET not in text,
                         f"no password in {text!r}")


for sentence, *row in (
        ("speaks HTTP", lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", "is not Redis"),
        ("repeats what it is told", echo, "refuses AUTH"),
        ("says nothing and closes", lambda _: b"", "closed the connection"),
        ("answers with another kind of thing", lambda _: b"*1\r\n:1\r\n", "as no Redis does")):
    tap.add(f"a server that {sentence}: misses, and no password is told", check_impostor, *row)


def half(received):
    """Of what is asked of two values only the first is answered."""
    if b"SCAN" in received:
        return b"*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"
    return b":5\r\n$3\r\nabc\r\n"


@tap.test("a server that breaks off in the middle of its answers costs a miss, and no more")
def check_half():
    with Impostor(half) as impostor, Driver(f"redis://127.0.0.1:{impostor.port}") as driver:
        equal(driver, "none", "statistics")
        check_misses(driver)


# Many at once ----------------------------------------------------------------------------------

@tap.test("16 threads use it at once, and none gets another's", seconds=120)
def check_crowd():
    threads, rounds = 16, 100
    with Server() as server, Driver(server.url) as driver:
        equal(driver, "0", "crowd", threads, rounds)
        equal(driver, str(threads * rounds), "add", "crowd", 0)
        with server.client() as client:
            clients = client.ask("CLIENT", "LIST").decode().splitlines()
        tap.true(len(clients) <= threads + 1, f"a connection for each at most, not {len(clients)}")
        tap.equal(driver.lines(), [], "warnings")


@tap.test("a forked child and its parent use it, and neither gets what is the other's")
def check_fork():
    with Server() as server, Driver(server.url) as driver:
        driver.ask("put", "key", "text")
        equal(driver, "0", "fork", "key")
        tap.equal(driver.lines(), [], "warnings")


@tap.test("large values come whole")
def check_large():
    size = 20_000_000
    with Server() as server, Driver(server.url) as driver:
        equal(driver, "put", "fill", "key", size)
        result, taken = driver.ask("get", "key")
        tap.equal(result, f"found {size} bytes", "get")
        tap.diagnose(f"{size} bytes in {taken:.3f} s")


@tap.test("what goes wrong again and again is logged once")
def check_quiet():
    with Server("maxmemory-policy noeviction", "maxmemory 1") as server:
        with Driver(server.url) as driver:
            for _ in range(200):
                driver.ask("put", "key", "text")
            tap.equal(len(driver.lines()), 1, f"warnings: {driver.lines()}")


if __name__ == "__main__":
    sys.exit(tap.main())
