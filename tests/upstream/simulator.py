#!/usr/bin/env python3
"""A simulated upstream: GitHub REST and GraphQL, and Bitbucket Cloud, on one loopback port.

It stands in for the real services in integration tests, the demo and benchmarks. README.md in
this folder says how to steer it.
"""

import argparse
import asyncio
import gc
import json
import os
import pathlib
import resource
import signal
import sys
import tempfile

import application
import bitbucket
import github
import recordings
import server
import world

PARENT_POLL_SECONDS = 0.2


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0 lets the kernel choose")
    parser.add_argument("--port-file", help="written when ready, with the port in decimal")
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--gzip", action="store_true", help="compress for those who accept it")
    parser.add_argument("--recordings", help="folder with recorded answers to replay")
    parser.add_argument("--accounts", help="JSON file: account declarations by name")
    parser.add_argument("--quota", type=int, help="requests an hour for every credential, instead "
                        "of the true limits of 60 without a token and 5000 or 1000 with one")
    parser.add_argument("--die-with-parent", action="store_true")
    return parser.parse_args()


def prepare(arguments):
    """The world and the forges as the command line wants them."""
    made = world.World()
    made.set({"latency_ms": arguments.latency_ms, "gzip": arguments.gzip})
    if arguments.quota is not None:
        made.set({"quota": {name: {"limit": arguments.quota} for name in world.QUOTAS}})
    forges = [github.GitHub(made), bitbucket.Bitbucket(made)]
    if arguments.recordings:
        forges += recordings.forges(made, pathlib.Path(arguments.recordings))
    return made, forges


def declare_accounts(app, path):
    with open(path, encoding="utf-8") as file:
        declarations = json.load(file)
    for name, declaration in declarations.items():
        for account in app.world.declare(name, declaration).values():
            app.warm(account)


def raise_descriptor_limit():
    """A thousand requests in flight are a thousand sockets here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def write_port_file(path, port):
    """In one step, so that a reader sees nothing or all of it."""
    folder = os.path.dirname(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "w") as file:
        file.write("%d\n" % port)
    os.rename(temporary, path)


def watch_parent(loop, parent, stop):
    """Polled, since the kernel's death signal comes when the starting thread ends, not the
    process."""
    if os.getppid() != parent:
        stop.set()
    else:
        loop.call_later(PARENT_POLL_SECONDS, watch_parent, loop, parent, stop)


async def serve(arguments, parent):
    made, forges = prepare(arguments)
    app = application.Application(made, forges)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    main = await server.listen(app, "main", arguments.port)
    stranger = await server.listen(app, "stranger", 0)
    port = main.sockets[0].getsockname()[1]
    made.base = "http://127.0.0.1:%d" % port
    made.stranger = "http://127.0.0.1:%d" % stranger.sockets[0].getsockname()[1]
    if arguments.accounts:
        declare_accounts(app, arguments.accounts)
    if arguments.port_file:
        write_port_file(arguments.port_file, port)
    print(made.base + "/", flush=True)
    if arguments.die_with_parent:
        watch_parent(loop, parent, stop)
    await stop.wait()
    for listener in (main, stranger):
        listener.close()
    for connection in list(app.connections):
        connection.abort()


def main():
    # Taken before anything slow: a parent that dies during the start must be noticed, too.
    parent = os.getppid()
    arguments = parse_arguments()
    raise_descriptor_limit()
    # Rendered pages are long-lived; looking through them for cycles again and again costs time.
    gc.set_threshold(100000, 50, 100)
    asyncio.run(serve(arguments, parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
