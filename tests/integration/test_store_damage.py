#!/usr/bin/env python3
"""Entries of a cache directory that are damaged in any way: every request is answered right."""

import os
import random
import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import store_support as store  # noqa: E402
import support  # noqa: E402
from store_support import tap  # noqa: E402
from harness.processes import take_away  # noqa: E402

NAMES = ("g2-b2-damage", "g120-b3-damage", "g1-b1-damage")

simulator = support.lazy_simulator()


def check_served(own, names=NAMES):
    for name in names:
        store.check_right(simulator.get(), own.get(f"username={name}"), name)


def keeping(files, **more):
    return store.keeping(simulator.get(), files.url, **more)


# Entries ---------------------------------------------------------------------------------------

def truncate(path, chance):
    os.truncate(path, chance.randrange(path.stat().st_size))


def flip(path, chance):
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 8))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def empty(path, _):
    os.truncate(path, 0)


def lengthen(path, chance):
    with open(path, "ab") as file:
        file.write(chance.randbytes(chance.choice((1, 4096))))


def fill(path, chance):
    path.write_bytes(chance.randbytes(path.stat().st_size))


def fifo(path, _):
    take_away(path)
    os.mkfifo(path, 0o600)


def folder(path, _):
    take_away(path)
    path.mkdir()


def full_folder(path, _):
    folder(path, _)
    (path / "something").write_text("of somebody's")


def link(path, _):
    take_away(path)
    path.symlink_to("/etc/passwd")


def endless_link(path, _):
    take_away(path)
    path.symlink_to(path.name)


def check_damage(damage):
    """With the process that has replies in memory, and with a new one each time."""
    chance = random.Random(damage.__name__)
    with store.Files() as files, keeping(files) as own:
        check_served(own)
        for _ in range(2):
            values = files.values()
            # Of each account one, and of the large one its pages.
            tap.true(len(values) >= 2 * len(NAMES) + 1, f"values: {values}")
            for path in values:
                damage(path, chance)
            check_served(own)
            with keeping(files) as other:
                check_served(other)
        if damage is not full_folder:  # which is not ours to remove
            with keeping(files) as other:
                store.no_calls(simulator.get(), lambda: check_served(other))


# What was damaged is written anew by the visit that it causes.
for each in (truncate, flip, empty, lengthen, fill, fifo, folder, full_folder, link, endless_link):
    tap.add(f"every entry: {each.__name__.replace('_', ' ')}; right answers",
            check_damage, each)


@tap.test("one bit in any place of an entry: never a wrong answer", seconds=120)
def check_bits():
    chance = random.Random("bits")
    name = NAMES[0]
    with store.Files() as files:
        with keeping(files) as own:
            check_served(own, [name])
        whole = {path: path.read_bytes() for path in files.values()}
        # Without replies in memory, one process sees what is in the files at each request.
        with keeping(files, HOT_MAX_BYTES=0) as own:
            for _ in range(15 if support.SANITIZED else 120):
                for path, content in whole.items():
                    place = chance.randrange(min(len(content), chance.choice((64, 512, 1 << 20))))
                    bit = 1 << chance.randrange(8)
                    path.write_bytes(content[:place] + bytes([content[place] ^ bit])
                                     + content[place + 1:])
                check_served(own, [name])


@tap.test("entries that are swapped with one another: none is taken for the other")
def check_swapped():
    with store.Files() as files:
        with keeping(files) as own:
            check_served(own)
        paths = files.values()
        contents = [path.read_bytes() for path in paths]
        for shift in range(1, len(paths)):
            for path, content in zip(paths, contents[shift:] + contents[:shift]):
                path.write_bytes(content)
            with keeping(files) as own:
                check_served(own)
            for path, content in zip(paths, contents):
                path.write_bytes(content)

if __name__ == "__main__":
    sys.exit(tap.main())
