#!/usr/bin/env python3
"""Measures what is promised and prints one table: the measured, its limit, whether it is kept.

A promise that is not kept is no failure: the exit status is 0 unless something could not be
measured at all.
"""

import argparse
import datetime
import importlib
import json
import os
import pathlib
import platform
import sys
import traceback

import world as world_module

SUITES = ("warm", "mixed", "cold", "cpu", "memory", "storm", "cgi", "scale")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__.splitlines()[0])
    parser.add_argument("suites", nargs="*", metavar="SUITE",
                        help=f"of {', '.join(SUITES)}; all of them by default")
    parser.add_argument("--json", metavar="FILE", help="write the rows there, too")
    parser.add_argument("--quick", action="store_true",
                        help="fewer and shorter runs: tells whether it works, not how well")
    parser.add_argument("--promised", action="store_true",
                        help="only what is promised, without what is told for information")
    parser.add_argument("--build", default=world_module.SOURCE / "build-bench",
                        help="where bench-programs were built (build-bench)")
    arguments = parser.parse_args()
    unknown = set(arguments.suites) - set(SUITES)
    if unknown:
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    return arguments


def measure(world, name):
    """Yields the rows of a suite, and a NotMeasured for what could not be measured."""
    try:
        yield from importlib.import_module(f"suite_{name}").rows(world)
    except (Exception, world_module.tap.TimedOut) as failure:
        if not isinstance(failure, (world_module.NotMeasured, world_module.tap.Skipped)):
            traceback.print_exc()
        yield world_module.missing(name, "the rest of the suite", failure)


# Numbers and the table --------------------------------------------------------------------------

COLUMNS = "{:5} {:<62} {:>10} {:>10} {:<4} {:>6} {:<15} {:<8} {}"


def number(value):
    """Three digits that count, or all of a whole number."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(row):
    return "" if row.low is None else f"({number(row.low)} to {number(row.high)})"


def verdict(row):
    if row.bound is None:
        return "-"
    sign = "<=" if row.at_most else ">="
    return f"{sign}{row.bound:g} {'kept' if row.kept else 'NOT KEPT'}"


def line(entry):
    """One line of the table."""
    if isinstance(entry, world_module.NotMeasured):
        return f"{entry.suite:5} {entry.what:<62} not measured: {entry}"
    return COLUMNS.format(entry.suite, entry.what, number(entry.measured), number(entry.limit),
                          entry.unit, number(entry.ratio), spread(entry), verdict(entry),
                          entry.note).rstrip()


def as_dictionary(entry):
    if isinstance(entry, world_module.NotMeasured):
        return {"suite": entry.suite, "what": entry.what, "not_measured": str(entry)}
    return entry.as_dictionary()


def write_json(path, entries, quick):
    document = {
        "measured_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": {"system": platform.platform(), "processors": os.cpu_count()},
        "quick": quick,
        "rows": [as_dictionary(entry) for entry in entries],
    }
    pathlib.Path(path).write_text(json.dumps(document, indent=1) + "\n")


def main():
    arguments = parse_arguments()
    world = world_module.World(arguments.build, arguments.quick, arguments.promised)
    entries = []
    print(COLUMNS.format("suite", "what", "measured", "limit", "unit", "ratio", "(spread)",
                         "promise", "").rstrip(), flush=True)
    try:
        for name in arguments.suites or SUITES:
            for entry in measure(world, name):
                entries.append(entry)
                print(line(entry), flush=True)
    finally:
        world.close()
        if arguments.json:
            write_json(arguments.json, entries, arguments.quick)
    return 1 if any(isinstance(entry, world_module.NotMeasured) for entry in entries) else 0


if __name__ == "__main__":
    sys.exit(main())
