#!/usr/bin/env python3
"""A cache directory that is full, read-only, removed or not ours: every request is answered right,
and the log says once in a while what is wrong.
"""

import contextlib
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from store_support import tap  # noqa: E402
from harness.processes import take_away, wait_until  # noqa: E402

NAMES = ("g2-b2-place", "g120-b3-place")
# A private mount namespace (unshare(1)), so that nothing is left mounted however a test ends.
SMALL = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
         'mount -t tmpfs -o "size=$1,mode=0700" none "$2" && shift 2 && exec "$@"', "sh")
SMALL_SIZE = "1m"
MEBIBYTE = 1 << 20
LOG_SECONDS = 10  # store/store.h: a line at most this often

simulator = support.lazy_simulator()

def check_served(own, names=NAMES):
    for name in names:
        store.check_right(simulator.get(), own.get(f"username={name}"), name)


def cache_lines(own):
    return [line for line in own.log().splitlines()
            if "cache:" in line and " debug: " not in line]


def check_told(own, words):
    """There are lines about the cache, about that, and not one for each request."""
    lines = cache_lines(own)
    tap.true(lines, f"a line about the cache in\n{own.log()[-3000:]}")
    tap.true(any(word in line for line in lines for word in words), f"one of {words} in {lines}")
    tap.true(len(lines) <= 2 + support.PATIENCE_SECONDS // LOG_SECONDS, f"few lines, not {lines}")


def keeping(files, **more):
    return store.keeping(simulator.get(), files.url, **more)


def until_kept(own, files):
    """Until what is asked for is kept, and found by another process."""
    numbers = iter(range(1000))

    def kept():
        name = f"g1-b1-kept-{next(numbers)}-{pathlib.Path(files.path).name}"
        own.get(f"username={name}")
        with store.Calls(simulator.get()) as calls:
            own.get(f"username={name}")
        return calls.total == 0

    wait_until(kept, "the store works again", child=own.child)


# The directory ---------------------------------------------------------------------------------

@tap.test("the directory is removed while it is in use: it is made again, and used")
def check_removed():
    with store.Files() as files, keeping(files) as own:
        check_served(own)
        for _ in range(3):
            take_away(pathlib.Path(files.path))
            check_served(own)
            until_kept(own, files)
        # In the middle of a visit, too.
        simulator.get().change(latency_ms=300)
        try:
            waiting = own.begin_get("g1-b1-removed")
            wait_until(lambda: simulator.get().counts()["github"]["accounts"].get("g1-b1-removed"),
                       "the visit has begun", child=own.child)
            take_away(pathlib.Path(files.path))
            tap.equal(support.finish(waiting).status, 200, "status")
        finally:
            simulator.get().change(latency_ms=0)
        until_kept(own, files)


def check_wrong_directory(spoil, mend, words):
    """Wrong when the program starts, and while it runs; and right again."""
    with store.Files() as files:
        path = pathlib.Path(files.path)
        spoil(path)
        with keeping(files) as own:
            check_served(own)
            check_served(own)
            check_told(own, words)
            mend(path)
            until_kept(own, files)
            spoil(path)
            for _ in range(2):
                check_served(own)
            mend(path)


def replace(path, make):
    take_away(path)
    make(path)


SPOILED = (
    ("others may read it", lambda path: path.chmod(0o755), lambda path: path.chmod(0o700),
     ("chmod",)),
    ("everybody may write in it", lambda path: path.chmod(0o777), lambda path: path.chmod(0o700),
     ("every user may write",)),
    ("it is a file", lambda path: replace(path, lambda p: p.write_text("")),
     lambda path: replace(path, lambda p: p.mkdir(0o700)), ("not a directory",)),
    ("it is a symbolic link", lambda path: replace(path, lambda p: p.symlink_to("/")),
     lambda path: replace(path, lambda p: p.mkdir(0o700)), ("symbolic link",)),
)
for title, *row in SPOILED:
    tap.add(f"the directory cannot be used: {title}", check_wrong_directory, *row)


@tap.test("the directory belongs to somebody else")
def check_owner():
    if os.geteuid() != 0:
        tap.skip("only root can give a directory away")
    check_wrong_directory(lambda path: os.chown(path, 1, 1), lambda path: os.chown(path, 0, 0),
                          ("belongs to user",))


@tap.test("a shard is a file, a FIFO, somebody else's folder")
def check_shards():
    with store.Files() as files:
        for make in (lambda p: p.write_text(""), os.mkfifo, lambda p: p.symlink_to("/etc")):
            replace(pathlib.Path(files.path), lambda p: p.mkdir(0o700))
            for number in range(256):
                make(pathlib.Path(files.path) / f"{number:02x}")
            with keeping(files) as own:
                check_served(own)
                check_served(own)


# The file system -------------------------------------------------------------------------------

@contextlib.contextmanager
def small_disk():
    """The program with a file system of 1 MiB of its own for its cache; and where that is seen."""
    with store.Files() as files:
        probe = subprocess.run([*SMALL, SMALL_SIZE, files.path, "true"], capture_output=True,
                               check=False)
        if probe.returncode != 0:
            tap.skip(f"file systems cannot be mounted here: {probe.stderr.decode().strip()}")
        own = store.Keeping(simulator.get(), files.url, wrapper=(*SMALL, SMALL_SIZE, files.path))
        try:
            wait_until(lambda: own.get("username=a/b").status == 422, "the program serves",
                       child=own.child)
            yield own, pathlib.Path(f"/proc/{own.pid}/root{files.path}")
        finally:
            own.close()


@tap.test("the disk is full: what is known is told, the rest is visited, and when there is room "
          "again it is used", seconds=90)
def check_full_disk():
    with small_disk() as (own, place):
        check_served(own)
        store.no_calls(simulator.get(), lambda: check_served(own))
        filling = place / "filling"
        with open(filling, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        store.no_calls(simulator.get(), lambda: check_served(own))
        for number in range(3):
            for _ in range(2):
                check_served(own, [f"g2-b2-full-{number}"])
        check_told(own, ("No space left",))
        tap.equal([path for path in place.glob("??/*.temporary")], [], "temporary files")
        filling.unlink()
        name = "g2-b2-room"
        check_served(own, [name])
        store.no_calls(simulator.get(), lambda: check_served(own, [name]))


@tap.test("the disk is filled by the cache itself: it goes on", seconds=90)
def check_outgrown():
    with small_disk() as (own, place):
        names = [f"g101-b1-outgrown-{number}" for number in range(40)]
        for name in names:
            check_served(own, [name])
        taken = sum(path.stat().st_blocks * 512 for path in place.glob("??/*"))
        tap.diagnose(f"{taken} bytes for {len(names)} accounts")
        check_served(own, names[:3] + names[-3:])


@tap.test("the disk becomes read-only: what is known is told, the rest is visited")
def check_read_only():
    with small_disk() as (own, place):
        check_served(own)
        inside = str(place).removeprefix(f"/proc/{own.pid}/root")

        def remount(how):
            return subprocess.run(
                ["nsenter", f"--mount=/proc/{own.pid}/ns/mnt", "mount", "-o", f"remount,{how}",
                 inside], capture_output=True, check=False).returncode == 0

        # Refused while a file is being written.
        wait_until(lambda: remount("ro"), "the file system is read-only", child=own.child)
        store.no_calls(simulator.get(), lambda: check_served(own))
        for _ in range(2):
            check_served(own, ["g2-b2-read-only"])
        check_told(own, ("Read-only file system",))
        tap.true(remount("rw"), "the file system can be written again")
        check_served(own, ["g2-b2-read-write"])
        store.no_calls(simulator.get(), lambda: check_served(own, ["g2-b2-read-write"]))


if __name__ == "__main__":
    sys.exit(tap.main())
