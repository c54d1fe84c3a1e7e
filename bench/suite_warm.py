"""Warm: accounts that are in the cache, through every web server with its shipped configuration.

One round asks every site of a web server in turn, the limit (the bare responder) first; a ratio is
of a round. Of one account replies are hot (rendered, in memory); of 10,000, in a Zipf distribution,
most are, and the others come from the store. Without a store nothing can be warm.
"""

import contextlib
import statistics

from harness import servers

import load
import warm_sites
import world as world_module

SUITE = "warm"
BOUND = 0.95
PROMISED = "lighttpd"
CONNECTIONS = (1, 16)

SERVERS = {
    PROMISED: servers.start_lighttpd_fastcgi,
    "Apache mod_proxy_fcgi": servers.start_apache_proxy_fcgi,
    "Apache mod_fcgid": servers.start_apache_fcgid,
    "nginx": servers.start_nginx,
}


def rows(world):
    with contextlib.ExitStack() as stack:
        stores = {"files": stack.enter_context(warm_sites.filled_files(world))}
        if world.promised:
            yield from of_server(world, PROMISED, SERVERS[PROMISED], stores)
            return
        try:
            stores["redis"] = stack.enter_context(warm_sites.filled_redis(world))
        except (world_module.NotMeasured, world_module.tap.Skipped) as failure:
            yield world_module.missing(SUITE, "with Redis", failure)
        for name, start in SERVERS.items():
            try:
                yield from of_server(world, name, start, stores)
            except (world_module.NotMeasured, world_module.tap.Skipped) as failure:
                yield world_module.missing(SUITE, f"{name}, what is left", failure)


class Sites:
    """One web server, several times: with the program and each store, and with the limit."""

    def __init__(self, world, stack, start, stores):
        self._world = world
        self.ours = {store: stack.enter_context(world.site(start, settings))
                     for store, settings in stores.items()}
        replies = warm_sites.capture(self.ours["files"])
        told = stack.enter_context(warm_sites.limit_settings(replies))
        self.bare = stack.enter_context(
            world.site(start, told, world.program("bench/limits/bare_responder")))
        self.bare.site.write(f"www{warm_sites.STATIC}", replies.body.decode())

    def rouse(self):
        """Has processes and threads started that are started when they are needed."""
        for server in (*self.ours.values(), self.bare):
            load.make(server, warm_sites.HOT_POST, max(CONNECTIONS), 1)

    def cells(self):
        """(what, server, kind, against): the limit's own come first."""
        many = f"{warm_sites.count(self._world):,} accounts"
        yield "limit POST", self.bare, warm_sites.HOT_POST, None
        yield "limit GET", self.bare, warm_sites.HOT_GET, None
        for method, hot in (("POST", warm_sites.HOT_POST), ("GET", warm_sites.HOT_GET)):
            spread = warm_sites.spread(self._world, method)
            yield f"{method} one account, files", self.ours["files"], hot, f"limit {method}"
            for store, server in self.ours.items():
                if method == "POST" or store == "files":
                    yield f"{method} {many}, {store}", server, spread, f"limit {method}"
        yield "static file", self.bare, warm_sites.STATIC_FILE, "limit GET"


def of_server(world, name, start, stores):
    with contextlib.ExitStack() as stack:
        sites = Sites(world, stack, start, stores)
        sites.rouse()
        rounds = world.choose(3 if name == PROMISED else 2, 1)
        for connections in () if world.promised else CONNECTIONS:
            yield from matrix(f"{name}, {connections} conn.", sites, connections, rounds)
        if name == PROMISED:
            yield from promise(world, f"{name}, 16 conn.", sites)


def matrix(where, sites, connections, rounds):
    cells = list(sites.cells())
    measured = world_module.interleaved(rounds, *(
        lambda server=server, kind=kind: load.make(server, kind, connections, 1)
        for _, server, kind, _ in cells))
    by_what = {what: loads for (what, *_), loads in zip(cells, measured)}
    for what, _, _, against in cells:
        if against is not None:
            yield row_of(f"{where}: {what}", by_what[what], by_what[against])


def promise(world, where, sites):
    """Many pairs for what is promised: one alone is off by a tenth and more."""
    ours, limits = world_module.interleaved(world.choose(25, 5), *(
        lambda server=server: load.make(server, warm_sites.HOT_POST, 16, 1)
        for server in (sites.ours["files"], sites.bare)))
    yield row_of(f"{where}: warm POST", ours, limits, bound=BOUND, at_most=False)
    for what, unit, value in (
            ("median", "ms", lambda one: one.p50 * 1e3),
            ("99th percentile", "ms", lambda one: one.p99 * 1e3),
            ("processor time a request", "us", lambda one: one.processor * 1e6)):
        yield world_module.compare(SUITE, f"{where}: warm POST, {what}", unit,
                                   [value(one) for one in ours], [value(one) for one in limits])


def row_of(what, ours, limits, **more):
    """Requests per second; the rest is told beside it, the limit's in brackets."""
    def told(value, form):
        return "{} ({})".format(*(form % statistics.median(map(value, loads))
                                  for loads in (ours, limits)))
    processor = told(lambda one: one.processor * 1e6, "%.0f")
    return world_module.compare(
        SUITE, what, "r/s", [one.requests_per_second for one in ours],
        [one.requests_per_second for one in limits], **more,
        note=f"p50 {told(lambda one: one.p50 * 1e3, '%.2f')} "
             f"p99 {told(lambda one: one.p99 * 1e3, '%.2f')} ms, processor {processor} us")
