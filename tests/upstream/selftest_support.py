"""What the checks of the simulator share: a running one, and ways to look at what it says."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
READY_SECONDS = 10
AGENT = {"User-Agent": "selftest"}
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Answer:
    """A response with its body read."""

    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def link(self):
        """The targets of the Link header by relation."""
        found = re.findall(r'<([^>]*)>; rel="([a-z]+)"', self.headers.get("Link", ""))
        return {relation: target for target, relation in found}


class Simulator:
    """A running simulator."""

    def __init__(self, *arguments):
        self._folder = tempfile.TemporaryDirectory()
        self._port_file = os.path.join(self._folder.name, "port")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "simulator.py"), "--port-file", self._port_file,
             "--die-with-parent", *arguments],
            stdout=subprocess.DEVNULL, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        deadline = time.monotonic() + READY_SECONDS
        while not os.path.exists(self._port_file):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("Bail out! the simulator did not start")
            time.sleep(0.01)
        self.port = int(pathlib.Path(self._port_file).read_text())
        self.base = "http://127.0.0.1:%d" % self.port
        self._connection = None

    def stop(self, number=signal.SIGTERM):
        """Returns the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(timeout=10)
        self._folder.cleanup()
        return status

    def request(self, method, path, headers=None, body=None, timeout=5):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body, AGENT if headers is None else headers)
            response = connection.getresponse()
            return Answer(response, response.read())

    def get(self, path, headers=None, timeout=5):
        return self.request("GET", path.removeprefix(self.base), headers, timeout=timeout)

    def control(self, method, path, value=None):
        answer = self.request(method, "/_control/" + path, AGENT,
                              None if value is None else json.dumps(value))
        equal(answer.status, 200, answer.body)
        return answer.json()

    def declare(self, name, **forges):
        return self.control("PUT", "accounts/" + name, forges)


def equal(have, want, what=""):
    if have != want:
        raise AssertionError("%s: %r instead of %r" % (what, have, want))


def true(condition, what=""):
    if not condition:
        raise AssertionError(what or "not so")


def raises(function, *kinds):
    try:
        result = function()
    except kinds as error:
        return error
    raise AssertionError("no error but %r" % (result,))
