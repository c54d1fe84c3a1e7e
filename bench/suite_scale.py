"""How costs grow: of a look into the store with what it holds, of a visit with the account."""

import json
import statistics

import rows as table
import visits
import world as world_module

FEW, MANY = 10, 100000
ROUNDS = 5
KINDS = (("hot", "the same account"), ("spread", "any account"))

# Without a token by REST, with one by GraphQL and REST; the first is what others are held against.
VISITS = (("no token", {}, (1000, 10, 100, 10000, 20000)),
          ("with token", visits.TOKEN, (1000, 10, 100, 10000)))


def rows(world):
    """Of these nothing is promised."""
    if world.promised:
        return
    yield from _store(world)
    yield from _visits(world)


def _store(world):
    many = world.choose(MANY, 10000)
    with world.cache() as small, world.cache() as large:
        _look(world, small, FEW)
        put = _look(world, large, many)["put"]
        few, among_many = world_module.interleaved(
            world.choose(ROUNDS, 3), lambda: _look(world, small, FEW),
            lambda: _look(world, large, many))
    for kind, what in KINDS:
        yield world_module.compare(
            "scale", f"a look into files among {many}, against {FEW}: {what}", "us",
            [told[kind]["median"] for told in among_many], [told[kind]["median"] for told in few],
            note=f"99th percentiles {_p99(among_many, kind):.1f} and {_p99(few, kind):.1f}")
    yield table.Row("scale", f"a put into files, of {many}", "us", put)


def _look(world, cache, count):
    return json.loads(world_module.run(
        [world.program("bench/store_scale"), cache.url, count]).output)


def _p99(told, kind):
    return statistics.median(look[kind]["p99"] for look in told)


def _visits(world):
    with world.simulator() as simulator:
        for how, settings, sizes in VISITS:
            first, *others = sizes[:world.choose(len(sizes), 3)]
            base = visits.Scene(simulator, first, settings)
            for size in others:
                scene = visits.Scene(simulator, size, settings)
                ours, limits = world_module.interleaved(
                    world.choose(3, 2), lambda s=scene, n=size: _each(s, n),
                    lambda: _each(base, first))
                yield world_module.compare(
                    "scale", f"processor time for each of {size} repositories, {how}, against "
                    f"{first}", "us", ours, limits)


def _each(scene, size):
    """Microseconds of the processor for each repository of a cold visit."""
    return scene.visit()[0].processor / size * 1e6
