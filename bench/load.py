"""wrk, the load generator, by bench/load.lua.

Its percentiles are of the time that a request would have taken at any moment: for a pause it adds
the requests that would have been made meanwhile.
"""

import contextlib
import dataclasses
import json
import pathlib

from harness import servers

import world

SCRIPT = pathlib.Path(__file__).with_name("load.lua")
AGGREGATE = "/api/v1/aggregate"
SEED = 20261123


@dataclasses.dataclass(frozen=True)
class Kind:
    """What is asked for: see load.lua. count accounts, whose names the pattern makes."""

    method: str
    pattern: str = "none"
    count: int = 1
    target: str = AGGREGATE


@dataclasses.dataclass(frozen=True)
class Load:
    """What came of it. processor is seconds of the program's processes for each request."""

    requests_per_second: float
    p50: float
    p99: float
    processor: float


class Meter:
    """Processor time of the processes of a site's program."""

    def __init__(self, site):
        self._site = site
        self._before = self._now()

    def _now(self):
        used = {}
        for pid in self._site.programs():
            # A program that was started for one request may be gone by now.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                used[pid] = world.processor_seconds([pid])
        return used

    def seconds(self):
        """Since it was made. Of a process that has ended meanwhile nothing is known."""
        return sum(now - self._before.get(pid, 0) for pid, now in self._now().items())


def make(server, kind, connections, seconds, pause_ms=0):
    """Asks the server for so many seconds, with so many connections, each of which asks again as
    soon as it has its answer, or that long after it on average. Raises NotMeasured if any request
    fails."""
    command = [servers.needed_binary("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "-s",
               SCRIPT, f"http://127.0.0.1:{server.port}", "--", kind.method,
               server.prefix + kind.target, f"{kind.pattern}:{kind.count}", SEED, pause_ms]
    meter = Meter(server.site)
    output = world.run(command).output
    told = json.loads(output.splitlines()[-1])
    processor = meter.seconds()
    if told["refused"] or told["broken"] or not told["requests"]:
        raise world.NotMeasured(f"of {told['requests']} requests {told['refused']} were refused "
                                f"and {told['broken']} broken\n{server.site.logs()}")
    return Load(told["requests"] / told["seconds"], told["p50_us"] / 1e6, told["p99_us"] / 1e6,
                processor / told["requests"])
