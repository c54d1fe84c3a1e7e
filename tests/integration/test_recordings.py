#!/usr/bin/env python3
"""Recorded answers of the real forges, replayed: the totals are those of the recordings.

What must come is added up from the recorded files by a program of its own. The folder of
recordings is RECORDINGS in the environment, else ../shared/upstream-recordings beside the source
tree; it is not shipped.
"""

import os
import pathlib
import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

import support  # noqa: E402
from support import Program, contract, paths, tap  # noqa: E402

sys.path.insert(0, str(paths.SOURCE / "tests/upstream"))
from recorded_totals import recorded_totals  # noqa: E402

FOLDER = pathlib.Path(os.environ.get("RECORDINGS")
                      or paths.SOURCE.parent / "shared/upstream-recordings")
# Where they are, and something of each that is known from elsewhere.
ACCOUNTS = (
    ("jenkinsci", ("github",), {"total": 2204}, 23),
    ("mailchimp", ("bitbucket", "github"), {"total": 39, "original": 35, "forked": 4}, 1),
    ("jacquev6", ("github",), {}, 1),
)


def start_simulator():
    if not (FOLDER / "index.json").is_file():
        tap.skip(f"there are no recordings in {FOLDER}")
    return support.Simulator("--recordings", str(FOLDER))


def start_program():
    replayed = f"http://127.0.0.1:{simulator.get().port}/recorded"
    return Program(simulator.get(), GITHUB_BASE_URL=f"{replayed}/github/",
                   BITBUCKET_BASE_URL=f"{replayed}/bitbucket/2.0/")


def stop_simulator(running):
    try:
        tap.equal(running.counts()["failures"], 0, "failures of the simulator")
    finally:
        running.close()


simulator = tap.Lazy(start_simulator, stop_simulator)
program = tap.Lazy(start_program, Program.close)


def check_recorded(name, forges, repositories, pages):
    reply = program.get().ask({"username": name})
    tap.equal(reply.status, 200, f"status of\n{reply}\n")
    document, expected = reply.json(), recorded_totals(FOLDER, name)
    tap.equal(document["complete"], True, f"complete, of {document['accounts']}")
    contract.same(document["totals"], expected["totals"], "totals")
    contract.same(document["missing"], expected["missing"], "missing")
    tap.equal({row["forge"] for row in document["accounts"] if row["status"] == "ok"}, set(forges),
              "where it is")
    for found, wanted in zip(document["accounts"], expected["accounts"]):
        contract.same(found["totals"], wanted.get("totals"), f"totals on {wanted['forge']}")
    for member, number in repositories.items():
        tap.equal(document["totals"]["repositories"][member], number, f"repositories.{member}")
    calls = simulator.get().counts()["recorded-github"]["accounts"][name]["calls"]
    tap.equal(sum(call.startswith("page:") for call in calls), pages, "pages on GitHub")


for row in ACCOUNTS:
    tap.add(f"{row[0]} as it was recorded", check_recorded, *row)


if __name__ == "__main__":
    sys.exit(tap.main())
