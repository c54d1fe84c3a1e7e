"""A thousand requests at once, for one account that nobody knows yet, and for a thousand."""

import contextlib
import dataclasses
import itertools
import resource
import time

import rows as table
import visits
import world as world_module

CROWD = 1000
LATENCY_MS = 500       # all have asked before the first answer
SPREAD_LATENCY_MS = 50
MIB = 1024 * 1024
# More than the requests that wait, and the transfers.
DESCRIPTORS = 4096


def rows(world):
    _allow_descriptors()
    crowd = world.choose(CROWD, 200)
    with world.simulator() as simulator:
        for processes in (1, 2):
            yield _one_account(world, simulator, crowd, processes)
        if not world.promised:
            yield _many_accounts(world, simulator, crowd)


def _allow_descriptors():
    """For us and for the programs that we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@dataclasses.dataclass(frozen=True)
class Storm:
    """All were answered in so many seconds."""

    seconds: float
    processor: float
    peaks: list

    def __str__(self):
        peaks = " and ".join(f"{peak / MIB:.1f}" for peak in self.peaks)
        return (f"all answered in {self.seconds:.2f} s, {self.processor:.2f} s of processor time, "
                f"peak {peaks} MiB")


def _one_account(world, simulator, crowd, processes):
    name = f"g30-b30-storm-{processes}"
    storm = _storm(world, simulator, LATENCY_MS, [{"username": name}] * crowd, processes)
    calls = simulator.counts()["github"]["accounts"][name]["calls"]
    return table.Row("storm", f"{crowd} requests at once for one account, {processes} "
                     f"process{'es' * (processes > 1)}: visits", "", calls["account"], bound=1,
                     note=f"{storm}, latency {LATENCY_MS} ms")


def _many_accounts(world, simulator, crowd):
    """Held against the calls of the forge that is asked most, so many at a time as may be."""
    documents = [{"username": f"g2-b2-storm-{number}"} for number in range(crowd)]
    storm = _storm(world, simulator, SPREAD_LATENCY_MS, documents, 1)
    calls = max(simulator.counts()[forge]["requests"] for forge in ("github", "bitbucket"))
    least = calls / visits.CONCURRENCY * SPREAD_LATENCY_MS / 1000
    return table.Row("storm", f"{crowd} requests at once for as many accounts: time", "s",
                     storm.seconds, least, storm.seconds / least,
                     note=f"{storm}, latency {SPREAD_LATENCY_MS} ms")


def _storm(world, simulator, latency_ms, documents, processes):
    """The documents are asked for at once, of so many processes with one cache, in turn."""
    simulator.change(latency_ms=latency_ms)
    simulator.forget_counts()
    with contextlib.ExitStack() as kept:
        settings = simulator.settings() | {"CACHE_URL": kept.enter_context(world.cache()).url}
        programs = [kept.enter_context(visits.program(settings)) for _ in range(processes)]
        begun = time.monotonic()
        connections = [kept.enter_context(running.begin(document)) for running, document
                       in zip(itertools.cycle(programs), documents)]
        answers = [connection.answer() for connection in connections]
        seconds = time.monotonic() - begun
        for answer in answers:
            visits.finish(answer)
        return Storm(seconds, sum(visits.processor_seconds(running.pid) for running in programs),
                     [world_module.peak_memory_bytes(running.pid) for running in programs])
