"""What was served: numbers for tests that promise something about the number of calls."""

import collections

LOG_LENGTH = 5000


class Tally:
    """Requests of one forge or one account."""

    def __init__(self):
        self.requests = 0
        self.now = 0
        self.largest = 0
        self.bytes = 0
        self.authorized = 0
        self.statuses = collections.Counter()
        self.calls = collections.Counter()

    def began(self, authorized):
        self.requests += 1
        self.now += 1
        self.largest = max(self.largest, self.now)
        self.authorized += authorized

    def ended(self, written):
        self.now -= 1
        self.bytes += written

    def describe(self):
        return {
            "requests": self.requests, "in_flight": self.now, "largest_in_flight": self.largest,
            "bytes": self.bytes, "authorized": self.authorized,
            "anonymous": self.requests - self.authorized,
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "calls": dict(sorted(self.calls.items())),
        }


class Counters:
    """Everything since the last reset. Control requests are not counted."""

    def __init__(self):
        self.open_connections = 0
        self.log = collections.deque(maxlen=LOG_LENGTH)
        self.served = 0
        self.reset()

    def reset(self):
        """Forget the past. Requests in flight end in the tallies that they began in."""
        self.connections = collections.Counter()
        self.largest_open = self.open_connections
        self.failures = 0
        self.everything = Tally()
        self.forges = collections.defaultdict(Tally)
        self.accounts = collections.defaultdict(Tally)

    def connection(self, origin):
        self.connections[origin] += 1
        self.open_connections += 1
        self.largest_open = max(self.largest_open, self.open_connections)

    def disconnection(self):
        self.open_connections -= 1

    def began(self, call, request):
        """Returns the tallies that the request belongs to, for `ended`."""
        tallies = [self.everything, self.forges[call.forge_name]]
        if call.name is not None:
            tallies.append(self.accounts[(call.forge_name, call.name)])
        authorized = "authorization" in request.headers
        for tally in tallies:
            tally.began(authorized)
            tally.calls[call.kind] += 1
        return tallies

    def answered(self, tallies, call, request, response, lie):
        self.served += 1
        for tally in tallies:
            tally.statuses[response.status] += 1
        self.log.append({
            "number": self.served, "origin": request.origin, "forge": call.forge_name,
            "account": call.name, "call": call.kind, "method": request.method,
            "target": request.target, "headers": request.header_lines,
            "status": response.status, "lie": lie,
            "body": request.body.decode("utf-8", "replace") if request.body else None,
        })

    def describe(self):
        forges = {}
        for name in sorted({"github", "bitbucket", "stranger"} | set(self.forges)):
            forges[name] = self.forges[name].describe()
            forges[name]["accounts"] = {
                account: tally.describe()
                for (forge, account), tally in sorted(self.accounts.items()) if forge == name
            }
        return {
            "connections": {"accepted": self.connections["main"],
                            "stranger": self.connections["stranger"],
                            "open": self.open_connections, "largest_open": self.largest_open},
            "failures": self.failures,
            "requests": self.everything.requests,
            "in_flight": self.everything.now,
            "largest_in_flight": self.everything.largest,
            "bytes": self.everything.bytes,
            **forges,
        }
