"""The simulated forges: starts tests/upstream/simulator.py and speaks to its control API."""

import pathlib
import sys
import urllib.parse

from . import http_client, paths
from .processes import Child, TemporaryDirectory, wait_until

# The simulator keeps quotas as the forges do, 60 calls an hour for anonymous callers. A test that
# is not about quotas must not meet them.
PLENTY = 1000000


class Simulator:
    """One simulator for as long as a test program needs it."""

    def __init__(self, *arguments, latency_ms=0):
        self._directory = TemporaryDirectory()
        directory = pathlib.Path(self._directory.path)
        self._port_file = directory / "upstream.port"
        self.child = Child(
            [sys.executable, "-B", str(paths.SOURCE / "tests/upstream/simulator.py"), "--port", "0",
             "--port-file", str(self._port_file), "--latency-ms", str(latency_ms),
             "--quota", str(PLENTY), "--die-with-parent", *arguments],
            directory / "upstream.log")
        self.port = wait_until(self._read_port, "the simulator writes its port", child=self.child)

    def _read_port(self):
        text = self._port_file.read_text() if self._port_file.exists() else ""
        return int(text) if text.strip() else None

    @property
    def github(self):
        return f"http://127.0.0.1:{self.port}/github/"

    @property
    def bitbucket(self):
        return f"http://127.0.0.1:{self.port}/bitbucket/2.0/"

    def settings(self):
        """The program's settings that make it ask this simulator, at every request: a test that is
        about what is kept gives a CACHE_URL of its own."""
        return {"GITHUB_BASE_URL": self.github, "BITBUCKET_BASE_URL": self.bitbucket,
                "CACHE_URL": "none:"}

    def control(self, method, what, document=None):
        """One call of the control API; its JSON document, if it has one."""
        reply = http_client.request(self.port, method, f"/_control/{what}", json=document)
        if reply.status >= 300:
            raise AssertionError(f"{method} /_control/{what}: {reply}")
        return reply.json() if reply.body else None

    def change(self, **settings):
        """Changes the simulator's own settings, such as its latency."""
        self.control("PUT", "settings", settings)

    def put_account(self, name, document):
        self.control("PUT", f"accounts/{urllib.parse.quote(name, safe='')}", document)

    def counts(self):
        return self.control("GET", "counts")

    def requests(self):
        """How many requests the forges have seen."""
        return self.counts()["requests"]

    def forget_counts(self):
        self.control("DELETE", "counts")

    def expected(self, github=None, bitbucket=None, **how):
        """What the program must answer for these accounts: names, or lists of names. how they are
        asked (token, detail, fits) the simulator's README says."""
        return self._expected("expected", {"github": github, "bitbucket": bitbucket} | how)

    def repositories(self, github=None, bitbucket=None, **how):
        """The same for each of their repositories, in the order of a reply."""
        return self._expected("repositories", {"github": github, "bitbucket": bitbucket} | how)

    def _expected(self, what, asked):
        given = {name: value for name, value in asked.items() if value is not None}
        return self.control("GET", f"{what}?{urllib.parse.urlencode(given, doseq=True)}")

    def close(self):
        self.child.stop()
        self._directory.close()
