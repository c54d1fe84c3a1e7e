"""Between the server and the forges: routing by prefix, lies, latency, counting."""

import sys

import bodies
import control
import forge
import lies
import server
import warming


class Application:
    """What server.Connection talks to. `forges` is a list; the first whose prefix fits a path
    answers it."""

    def __init__(self, world, forges):
        self.world = world
        self.forges = forges
        self.connections = set()
        self._control = control.Control(world, self)
        self._warming = warming.Warming(forges)
        self._flying = {}       # id of a request: (forge, call, call as counted, tallies)

    @property
    def gzip(self):
        return self.world.gzip

    # Connections.

    def opened(self, connection):
        self.connections.add(connection)

    def closed(self, connection):
        self.connections.discard(connection)
        if connection.known:
            self.world.counters.disconnection()

    # Requests.

    def began(self, connection, request):
        """A request has arrived whole. Its latency counts from here, and so do the numbers of
        requests in flight."""
        if _is_control(request):
            return
        if not connection.known:
            connection.known = True
            self.world.counters.connection(request.origin)
        played = self._forge(request)
        if played is None:
            call = forge.Call("elsewhere", "other", None)
        else:
            call = played.resolve(request)
        if request.origin == "stranger":
            counted = forge.Call("stranger", call.kind, None, call.name)
        else:
            counted = call
        tallies = self.world.counters.began(counted, request)
        self._flying[id(request)] = (played, call, counted, tallies)

    def answer(self, request):
        """The response, rendered now and sent when its latency is over."""
        if _is_control(request):
            return self._control.answer(request)
        played, call, counted, tallies = self._flying[id(request)]
        lie = lies.pick(call, request) if request.origin == "main" else None
        if played is None:
            response = server.Response(404, [("Content-Type", "text/plain")],
                                       bodies.Body(b"No forge is played here.\n"))
        elif lie is not None:
            scene = lies.Scene(self.world, played, call, request, lie.options)
            response = lies.LIES[lie.name](scene)
        else:
            response = played.answer(call, request)
            if response.status == 200:
                self._warming.learn(call, request)
        response.latency = self._latency(call)
        self.world.counters.answered(tallies, counted, request, response,
                                     lie.name if lie else None)
        return response

    def failed(self, request, text):
        """The answer when the simulator itself fails, which tests look for in the counts."""
        sys.stderr.write(text)
        self.world.counters.failures += 1
        response = server.Response(599, [("Content-Type", "text/plain")],
                                   bodies.Body(text.encode("utf-8")))
        response.reason = "Simulator Failure"
        response.close = True
        return response

    def ended(self, request, written):
        """The last byte is out, or the connection is gone."""
        flying = self._flying.pop(id(request), None)
        if flying is not None:
            for tally in flying[3]:
                tally.ended(written)

    def _forge(self, request):
        for played in self.forges:
            if request.path == played.prefix or request.path.startswith(played.prefix + "/"):
                return played
        return None

    def _latency(self, call):
        if call.account is not None and call.account.latency is not None:
            return call.account.latency
        return self.world.latency

    def warm(self, account):
        """Render, and compress when that is set, what a visit of a declared account will ask."""
        if account is None:
            return
        for body in self._warming.bodies(account):
            # Both are made on first use, which shall be now.
            body.digest
            if self.gzip:
                body.gzip
        self._warming.ask_queries(account)


def _is_control(request):
    return request.origin == "main" and request.segments[0] == "_control"
