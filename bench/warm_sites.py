"""Filled caches, and web servers with the program or its limit behind them.

The accounts are simulated ones, visited by `forgefold --warm`, so that the caches are as the
program leaves them.
"""

import contextlib
import dataclasses
import os
import pathlib

from harness import fastcgi_client, processes, redis, servers

import load
import world as world_module

ACCOUNTS = 10000
PATTERN = "g3-b2-%d"
HOT = PATTERN % 1
HOT_BODY = b'{"username":"%s"}' % HOT.encode()
DOORS = 8  # the default of the setting, and so the threads of the limit
STATIC = "/static.json"

HOT_POST = load.Kind("POST", PATTERN)
HOT_GET = load.Kind("GET", PATTERN)
STATIC_FILE = load.Kind("FILE", target=STATIC)


def fill(world, settings, names):
    """Has the accounts in the cache that the settings say."""
    environment = {name: str(value) for name, value in settings.items()}
    world_module.run([world.forgefold, "--warm=-"], environment=environment,
                     body="".join(f"{name}\n" for name in names).encode())


def count(world):
    """How many accounts are in the caches."""
    return world.choose(ACCOUNTS, 1000)


def all_names(world):
    return [PATTERN % rank for rank in range(1, count(world) + 1)]


def spread(world, method):
    """Requests for all of them, in a Zipf distribution."""
    return load.Kind(method, PATTERN, count(world))


@contextlib.contextmanager
def filled_files(world):
    """Settings of a cache in files with all accounts, for the web servers' account. The forges
    are gone by then: what is not found there is an error."""
    account = servers.ordinary_account()
    with world.cache(account) as directory:
        os.chown(directory.path, os.geteuid(), os.getegid())
        settings = filled(world, directory.url, all_names(world))
        world_module.give(directory.path, account)
        yield settings


@contextlib.contextmanager
def filled_redis(world):
    """The same in a Redis server of our own."""
    with redis.Server("unixsocketperm 777") as server:
        pathlib.Path(server.socket).parent.chmod(0o755)
        yield filled(world, server.url, all_names(world))


def filled(world, url, names):
    """Settings of a cache, once these accounts are in it."""
    with world.simulator() as simulator:
        settings = simulator.settings() | world_module.UNLIMITED | {"CACHE_URL": url}
        fill(world, settings, names)
    return settings


@dataclasses.dataclass(frozen=True)
class Replies:
    """What the program writes to a web server for the hot account."""

    post: bytes
    get: bytes

    @property
    def body(self):
        return self.get.partition(b"\r\n\r\n")[2]


def cgi_environment(method, target, body=b"", content_type=None):
    """What a web server sets for a request."""
    params = fastcgi_client.params_for(method, target, body or None, content_type)
    return {name: str(value) for name, value in params.items()}


def capture(server):
    """Asks the program of a site as CGI, with the site's settings and account."""
    def ask(method, target, body, content_type):
        environment = cgi_environment(method, target, body, content_type) | {
            "FORGEFOLD_CONFIG": str(server.site.settings_file)}
        output = world_module.run([server.site.program], environment=environment, body=body,
                                  account=server.site.account).output
        if fastcgi_client.cgi_reply(output).status != 200:
            raise world_module.NotMeasured(f"the cache has no account to ask for: {output!r}")
        return output
    return Replies(ask("POST", load.AGGREGATE, HOT_BODY, "application/json"),
                   ask("GET", f"{load.AGGREGATE}?username={HOT}", b"", None))


@contextlib.contextmanager
def limit_settings(replies):
    """What the limits are told instead of settings: where the bytes are that they write."""
    with processes.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory.path)
        folder.chmod(0o755)
        files = {"post": replies.post, "get": replies.get}
        for name, content in files.items():
            (folder / name).write_bytes(content)
        yield {"BARE_THREADS": DOORS, "BARE_REPLY": folder / "post",
               "BARE_POST_REPLY": folder / "post", "BARE_GET_REPLY": folder / "get"}
