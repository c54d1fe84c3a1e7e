"""Processor time of cold visits, against fetching and parsing the same pages. What is promised is
promised of listings by REST.

Both are processes that go on running, connections open, and all that each of them uses counts: of
the program also what answering by FastCGI takes, of the limit nothing but the pages. The rows of
commands are whole processes, from their start to their end.
"""

import tempfile

import visits
import world as world_module

SIZES = (1000, 10000)
# With a token: all by GraphQL, and what GraphQL tells of a listing by REST. No promise.
TOKEN_SIZES = (100, 1000)
PROMISE = 0.5
PAIRS = 21


def rows(world):
    for encoding, arguments in (("plain", ()), ("gzip", ("--gzip",))):
        with world.simulator(*arguments) as simulator:
            for size in world.choose(SIZES, SIZES[:1]):
                scene = visits.Scene(simulator, size, {})
                yield _running(world, scene, f"a visit of {size} repositories, {encoding}")
                if size == SIZES[0]:
                    yield _whole(world, scene, f"a command that visits {size}, {encoding}")
    with world.simulator() as simulator:
        for size in () if world.promised else TOKEN_SIZES:
            scene = visits.Scene(simulator, size, visits.TOKEN)
            yield _running(world, scene, f"a visit of {size} repositories with a token", None)


def _running(world, scene, what, promise=PROMISE):
    with visits.fetcher(world, scene) as fetcher:
        return _row(world, what, lambda: scene.visit()[0].processor,
                    lambda: fetcher.fetch().processor, promise)


def _whole(world, scene, what):
    with visits.fetcher(world, scene) as fetcher, tempfile.NamedTemporaryFile() as empty:
        # What this machine has installed is not to be read.
        settings = scene.settings | visits.PATIENT | {"FORGEFOLD_CONFIG": empty.name}
        environment = {name: str(value) for name, value in settings.items()}
        command = [world.forgefold, "--json", f"--github={scene.name}"]
        limit = [world.program("bench/limits/bare_fetcher"), fetcher.path, "once"]
        return _row(world, what,
                    lambda: world_module.run(command, environment=environment).processor_seconds,
                    lambda: world_module.run(limit).processor_seconds)


def _row(world, what, measure, limit, promise=PROMISE):
    ours, limits = world_module.interleaved(world.choose(PAIRS, 3), measure, limit)
    return world_module.compare("cpu", f"{what}: processor time", "s", ours, limits,
                                bound=promise)
