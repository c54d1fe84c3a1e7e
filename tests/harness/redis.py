"""A Redis server of a test's own, and the little of its protocol that tests speak themselves.

It keeps nothing on disk, and listens on a Unix socket in a temporary directory and on a free port
of 127.0.0.1.
"""

import pathlib
import signal
import socket

from . import servers
from .processes import Child, TemporaryDirectory, free_port, wait_until

ATTEMPTS = 5  # to find a free port
REPLY_SECONDS = 10


class Refused(Exception):
    """An error reply."""


class Client:
    """A connection of a test's own (https://redis.io/docs/latest/develop/reference/protocol-spec/)."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(REPLY_SECONDS)
        self._socket.connect(path)
        self._stream = self._socket.makefile("rb")

    def close(self):
        self._stream.close()
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, *words):
        """The reply to a command: bytes, int, None or a list. Raises Refused."""
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        return self._read()

    def _read(self):
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise Refused(rest.decode("utf-8", "replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self._read() for _ in range(int(rest))]
        return rest


class Server:
    """redis-server, with lines of configuration behind its own."""

    def __init__(self, *lines):
        self._binary = servers.needed_binary("redis-server")
        self._lines = lines
        self._directory = TemporaryDirectory()
        self.socket = str(pathlib.Path(self._directory.path) / "s")
        self._child = None
        try:
            self._start_on_free_port()
        except BaseException:
            self.close()
            raise

    def _start_on_free_port(self):
        for attempt in range(1, ATTEMPTS + 1):
            self.port = free_port()
            try:
                return self.start()
            except AssertionError:
                if attempt == ATTEMPTS:
                    raise
        return None

    def start(self):
        """Starts it (again, with the same port and socket) and waits until it answers."""
        folder = pathlib.Path(self._directory.path)
        (folder / "conf").write_text("\n".join((
            "bind 127.0.0.1", f"port {self.port}", f"unixsocket {self.socket}", 'save ""',
            f"dir {folder}", *self._lines)) + "\n")
        self._child = Child([self._binary, str(folder / "conf")], str(folder / "log"))
        wait_until(self._answers, "Redis answers", child=self._child)

    def _answers(self):
        try:
            with Client(self.socket) as client:
                client.ask("PING")
        except Refused:
            return True  # it wants a password
        except OSError:
            return False
        return True

    def client(self):
        return Client(self.socket)

    def stop(self):
        self._child.stop()

    def hold(self):
        """It goes on listening, and answers nobody."""
        self._child.send(signal.SIGSTOP)

    def go_on(self):
        self._child.send(signal.SIGCONT)

    def close(self):
        if self._child is not None:
            self.go_on()
            self._child.stop()
        self._directory.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def url(self):
        return f"redis+unix://{self.socket}"
