"""A real browser without a window: Chromium, by the WebDriver protocol (W3C) of its driver."""

import json
import urllib.error
import urllib.request

from . import servers
from .processes import Child, TemporaryDirectory, accepts, free_port, wait_until

SECONDS = 60


class Browser:
    """One browser with one page."""

    def __init__(self):
        driver, browser = servers.needed_binary("chromedriver"), servers.needed_binary("chromium")
        self._directory = TemporaryDirectory()
        self._port = free_port()
        self._session = None
        # What it writes goes into its own home; an orphan of it ends with the driver.
        self.child = Child([driver, f"--port={self._port}"], f"{self._directory.path}/driver.log",
                           environment={"PATH": servers.SYSTEM_PATH, "LANG": "C.UTF-8",
                                        "HOME": self._directory.path})
        try:
            wait_until(lambda: accepts(self._port), "the driver listens", child=self.child)
            self._session = self._begin(browser)
        except BaseException:
            self.close()
            raise

    def _begin(self, browser):
        # Without its sandbox, which needs what a container seldom has; pages are our own.
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,1600",
                     "--disable-dev-shm-usage", "--disable-background-networking",
                     f"--user-data-dir={self._directory.path}/profile"]
        wanted = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                  "goog:chromeOptions": {"binary": browser, "args": arguments}}
        return self._call("POST", "/session",
                          {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def _call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        # No proxy of the environment is asked.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=SECONDS) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read()[:2000]!r}") from None

    def _ask(self, path, body):
        return self._call("POST", f"/session/{self._session}{path}", body)

    def open(self, url):
        self._ask("/url", {"url": url})

    def run(self, script, *arguments):
        """The value of a function's body in the page."""
        return self._ask("/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, what):
        """The first true value of a function's body in the page."""
        return wait_until(lambda: self.run(script), what, child=self.child)

    def messages(self):
        """What the page has had to say since this was asked before: warnings and errors."""
        return [f"{row['level']}: {row['message']}" for row in self._ask("/se/log",
                                                                        {"type": "browser"})]

    def close(self):
        try:
            if self._session is not None:
                self._call("DELETE", f"/session/{self._session}")
        finally:
            self.child.stop()
            self._directory.close()
