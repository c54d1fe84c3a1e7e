"""The most memory that is resident while a large account is visited."""

import statistics

import rows as table
import visits
import world as world_module

SIZE = 10000
PROMISE_MB = 32
MB = 1000 * 1000
RUNS = 3

WAYS = (
    ("GitHub, no token", {"github": f"g{SIZE}-memory", "bitbucket": None}, {}),
    ("GitHub, with token", {"github": f"g{SIZE}-memory", "bitbucket": None}, visits.TOKEN),
    ("Bitbucket", {"github": None, "bitbucket": f"b{SIZE}-memory"}, {}),
)


def rows(world):
    """Of a new process each time, with a cache in files, in which it keeps the account."""
    with world.simulator() as simulator:
        for what, document, settings in WAYS:
            peaks = [_peak(world, simulator, document, settings)
                     for _ in range(world.choose(RUNS, 1))]
            yield table.Row("memory", f"{SIZE} repositories, {what}: most resident", "MB",
                            statistics.median(peaks), low=min(peaks), high=max(peaks),
                            bound=PROMISE_MB)


def _peak(world, simulator, document, settings):
    with world.cache() as cache:
        cached = {"CACHE_URL": cache.url}
        with visits.program(simulator.settings() | settings | cached) as running:
            running.ask(document)
            return world_module.peak_memory_bytes(running.pid) / MB
