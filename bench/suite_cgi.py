"""CGI: what a process for each request costs, against the bare CGI program.

Directly, by starting the programs in turn, and through web servers. The cache is in files; other
stores are behind a connection that a short-lived process cannot keep.
"""

import contextlib
import os
import pathlib
import statistics

from harness import processes, servers

import load
import warm_sites
import world as world_module

SUITE = "cgi"
BOUND = 2
GROUPS = 12  # of runs in turn; each group's medians are one pair
COLD = "g3-b2-cold-%d"

SERVERS = {
    "lighttpd mod_cgi": servers.start_lighttpd_cgi,
    "Apache mod_cgid": servers.start_apache_cgi,
}


def rows(world):
    with contextlib.ExitStack() as stack:
        settings = stack.enter_context(one_account(world))
        yield from directly(world, settings)
    with contextlib.ExitStack() as stack:
        settings = stack.enter_context(one_account(world, servers.ordinary_account()))
        for name, start in SERVERS.items():
            try:
                yield from through(world, name, start, settings)
            except (world_module.NotMeasured, world_module.tap.Skipped) as failure:
                yield world_module.missing(SUITE, f"through {name}", failure)
    if not world.promised:
        yield from cold(world)


@contextlib.contextmanager
def one_account(world, account=None):
    """Settings of a cache in files with the hot account."""
    with world.cache(account) as directory:
        os.chown(directory.path, os.geteuid(), os.getegid())
        settings = warm_sites.filled(world, directory.url, [warm_sites.HOT])
        world_module.give(directory.path, account)
        yield settings


# Directly ----------------------------------------------------------------------------------------

def directly(world, settings):
    post = warm_sites.cgi_environment("POST", load.AGGREGATE, warm_sites.HOT_BODY,
                                      "application/json")
    with processes.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory.path)
        settings_file = folder / "settings"
        settings_file.write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        (folder / "body").write_bytes(warm_sites.HOT_BODY)
        environment = post | {"FORGEFOLD_CONFIG": str(settings_file),
                              "BARE_REPLY": str(folder / "reply")}
        reply = world_module.run([world.forgefold], environment=environment,
                                 body=warm_sites.HOT_BODY).output
        (folder / "reply").write_bytes(reply)
        groups = [run_in_turn(world, environment, folder / "body") for _ in range(GROUPS)]
    for column, what, unit in ((0, "wall time", "ms"), (1, "processor time", "ms")):
        ours, limits = ([statistics.median(run[column] for run in group[side]) / 1000
                         for group in groups] for side in (0, 1))
        yield world_module.compare(SUITE, f"one warm hit, started directly: {what}", unit, ours,
                                   limits, bound=BOUND)


def run_in_turn(world, environment, body):
    """Runs of ours and of the limit, a list for each: (us of the clock, us of the processor)."""
    rounds = world.choose(40, 10)
    output = world_module.run(
        [world.program("bench/start_cost"), rounds, body, world.forgefold,
         world.program("bench/limits/bare_cgi")], environment=environment).output
    runs = ([], [])
    lengths = set()
    for line in output.decode().splitlines():
        number, wall, processor, _, length = line.split()
        runs[int(number)].append((float(wall), float(processor)))
        lengths.add(length)
    if len(lengths) != 1:
        raise world_module.NotMeasured(f"they write different numbers of bytes: {lengths}")
    return runs


# Through a web server ----------------------------------------------------------------------------

def through(world, name, start, settings):
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(world.site(start, settings))
        told = stack.enter_context(warm_sites.limit_settings(warm_sites.capture(ours)))
        bare = stack.enter_context(world.site(start, told,
                                              world.program("bench/limits/bare_cgi")))
        for connections in (1, 4):
            def make(server, connections=connections):
                return load.make(server, warm_sites.HOT_POST, connections, world.choose(2, 1))
            mine, theirs = world_module.interleaved(
                world.choose(5, 2), lambda: make(ours), lambda: make(bare))
            yield world_module.compare(
                SUITE, f"one warm hit, {name}, {connections} connections: median", "ms",
                [one.p50 * 1000 for one in mine], [one.p50 * 1000 for one in theirs], bound=BOUND,
                note=f"{statistics.median(one.requests_per_second for one in mine):,.0f} requests/s")


# Cold --------------------------------------------------------------------------------------------

def cold(world):
    """For information: a visit of both forges that answer at once, by a process of its own."""
    with world.simulator() as simulator, world.cache() as directory:
        settings = simulator.settings() | world_module.UNLIMITED | {"CACHE_URL": directory.url}
        environment = {name: str(value) for name, value in settings.items()}
        runs = []
        for number in range(world.choose(40, 10)):
            body = b'{"username":"%s"}' % (COLD % number).encode()
            runs.append(world_module.run(
                [world.forgefold], body=body, environment=environment | warm_sites.cgi_environment(
                    "POST", load.AGGREGATE, body, "application/json")))
    for what, values in (("wall", [run.wall_seconds for run in runs]),
                         ("processor", [run.processor_seconds for run in runs])):
        yield world_module.rows.Row(SUITE, f"one cold account, upstream at once: {what} time", "ms",
                                    statistics.median(values) * 1000)
