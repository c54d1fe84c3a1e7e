"""Cold visits: how long they take in round trips to the upstream, and what they ask of it.

Round trips are what is left of the time when what the process itself took is subtracted: how long
it ran, and how long others on the machine kept it from running.
"""

import contextlib
import statistics
import tempfile

import rows as table
import visits
import world as world_module

SIZES = (10, 100, 1000, 10000)
LATENCIES_MS = (0, 50, 200)
# What is promised besides the round trips and the processor time, in round trips.
ALLOWANCE = 0.25
MIB = 1024 * 1024


def rows(world):
    """The simulator's answers are recorded and given again by a program that takes no time."""
    with tempfile.NamedTemporaryFile() as recordings:
        with world.simulator() as simulator:
            scenes = [visits.Scene(simulator, size, settings)
                      for settings in ({}, visits.TOKEN)
                      for size in world.choose(SIZES, SIZES[:3])]
            for scene in scenes:
                visits.record(simulator, scene.calls, recordings)
        with contextlib.closing(visits.Replayer(world, simulator.port, recordings)) as replayer:
            for scene in scenes:
                scene.upstream = replayer
                yield from _of_scene(world, scene)


def _of_scene(world, scene):
    what = f"{scene.size} repositories, {'with' if scene.token else 'no'} token"
    with visits.fetcher(world, scene) as fetcher:
        for latency_ms in LATENCIES_MS[world.promised:]:  # of no latency nothing is promised
            yield _row(f"{what}, {latency_ms} ms", latency_ms / 1000, scene,
                       *_measure(world, scene, fetcher, latency_ms))


def _measure(world, scene, fetcher, latency_ms):
    def fetch():
        scene.upstream.change(latency_ms=latency_ms)
        return fetcher.fetch()

    return world_module.interleaved(world.choose(5, 2), lambda: scene.visit(latency_ms), fetch)


def _row(what, latency, scene, ours, limits):
    visited, peaks = zip(*ours)
    counts, trips = scene.counts, scene.round_trips()
    processor = statistics.median(visit.processor for visit in visited)
    delayed = statistics.median(visit.delayed for visit in visited)
    note = (f"{counts['requests']} calls, {counts['bytes'] / MIB:.1f} MiB, {processor * 1000:.1f} "
            f"ms of processor time, {delayed * 1000:.1f} ms without a processor, "
            f"peak {max(peaks) / MIB:.1f} MiB")
    if latency == 0:
        return world_module.compare(
            "cold", f"{what}: wall time, against fetching alone", "s",
            [visit.wall for visit in visited], [visit.wall for visit in limits], note=note)
    taken = [visit.waiting / latency for visit in visited]
    bare = statistics.median(visit.waiting / latency for visit in limits)
    return table.Row("cold", f"{what}: waiting, in round trips", "", statistics.median(taken),
                     trips, None, min(taken), max(taken), bound=trips + ALLOWANCE,
                     note=f"fetching alone waits {bare:.2f}; {note}")
