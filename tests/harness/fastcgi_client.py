"""FastCGI as a web server speaks it, and as one never should, over a Unix socket.

Wire format: FastCGI Specification 1.0, sections 3.3 (records), 3.4 (name-value pairs) and 5
(record types). A Connection sends exactly the bytes it is told to, so a test can leave a stream
half-sent, lie about a length, or say nothing at all.
"""

import email.parser
import select
import socket
import struct
import time

from . import described
from .http_client import Reply

VERSION = 1
BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST = 1, 2, 3
PARAMS, STDIN, STDOUT, STDERR = 4, 5, 6, 7
RESPONDER = 1
KEEP_CONN = 1
MAX_CONTENT = 65535

HEADER = struct.Struct("!BBHHBx")


def record(kind, content=b"", request_id=1, version=VERSION):
    """One record, padded to a multiple of eight bytes as the specification recommends."""
    padding = -len(content) % 8
    return HEADER.pack(version, kind, request_id, len(content), padding) + content + b"\0" * padding


def stream(kind, content, request_id=1):
    """Content as one stream: as many records as it needs, without the empty one that ends it."""
    return b"".join(record(kind, content[at:at + MAX_CONTENT], request_id)
                    for at in range(0, len(content), MAX_CONTENT))


def begin(keep=False, role=RESPONDER, request_id=1):
    return record(BEGIN_REQUEST, struct.pack("!HB5x", role, KEEP_CONN if keep else 0), request_id)


def _length(count):
    return bytes([count]) if count < 128 else struct.pack("!I", count | 0x80000000)


def pairs(params):
    """Name-value pairs, the content of the PARAMS stream."""
    out = []
    for name, value in params.items():
        name, value = _bytes(name), _bytes(value)
        out.append(_length(len(name)) + _length(len(value)) + name + value)
    return b"".join(out)


def _bytes(text):
    return text if isinstance(text, bytes) else str(text).encode()


def params_for(method, target, body=None, content_type=None, **more):
    """The parameters a web server sends for a request. more overrides; a value of None removes."""
    path, _, query = target.partition("?")
    params = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "raw", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "40000", "HTTP_HOST": "localhost",
        "REQUEST_METHOD": method, "REQUEST_URI": target, "SCRIPT_NAME": path,
        "DOCUMENT_URI": path, "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": None if body is None else len(body),
    }
    params.update(more)
    return {name: value for name, value in params.items() if value is not None}


def request_bytes(params, body=b"", *, keep=False, request_id=1):
    """A whole and correct request."""
    return b"".join((begin(keep, request_id=request_id),
                     stream(PARAMS, pairs(params), request_id), record(PARAMS, b"", request_id),
                     stream(STDIN, body, request_id), record(STDIN, b"", request_id)))


class Closed(Exception):
    """The program closed the connection before a request was ended."""


class Answer:
    """What came back for one request: the STDOUT and STDERR streams and the END_REQUEST."""

    def __init__(self, stdout, stderr, application_status, protocol_status):
        self.stdout, self.stderr = stdout, stderr
        self.application_status, self.protocol_status = application_status, protocol_status

    def reply(self):
        return cgi_reply(self.stdout)


def cgi_reply(output):
    """A CGI response (RFC 3875, section 6) as an http_client.Reply."""
    head, separator, body = output.partition(b"\r\n\r\n")
    if not separator:
        head, separator, body = output.partition(b"\n\n")
    if not separator:
        raise AssertionError(f"a CGI response without an end of its header: {output[:200]!r}")
    headers = email.parser.BytesParser().parsebytes(head + b"\n\n")
    status, _, reason = headers.get("Status", "200 OK").partition(" ")
    return Reply(int(status), reason, headers, body)


class Connection:
    """One connection to the program. asked, if somebody says so, is the method and the target of
    the request that it carries."""

    def __init__(self, path, seconds=30):
        self.asked = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)
        self._socket.connect(path)
        self._seconds = seconds
        self._pending = b""

    def send(self, data):
        self._socket.sendall(data)

    def fileno(self):
        return self._socket.fileno()

    def half_close(self):
        """No more will be sent; what comes back is still read."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self):
        self._socket.close()

    def dribble(self, data, seconds):
        """Sends data evenly over that time, a byte now and then. Stops early, and says so by
        returning False, when the program closes the connection."""
        pause = seconds / max(len(data), 1)
        for byte in data:
            try:
                self._socket.sendall(bytes([byte]))
            except OSError:
                return False
            if self.closed_within(pause):
                return False
        return True

    def closed_within(self, seconds):
        """Whether the program closes the connection, reading on, within that time."""
        deadline = time.monotonic() + seconds
        while True:
            left = max(0, deadline - time.monotonic())
            if not select.select([self._socket], [], [], left)[0]:
                return False
            try:
                data = self._socket.recv(65536)
            except ConnectionResetError:
                return True
            if not data:
                return True
            self._pending += data

    def received(self):
        """What was received and not yet taken by answer()."""
        return self._pending

    def send_unless_closed(self, data):
        """Sends data to a program that may have heard enough before the end."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def readable(self, seconds=0):
        return bool(self._pending) or bool(select.select([self._socket], [], [], seconds)[0])

    def _read(self, count, deadline):
        while len(self._pending) < count:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self._socket.recv(65536)
            except ConnectionResetError:
                raise Closed("reset") from None
            if not data:
                raise Closed(f"end of stream with {len(self._pending)} bytes of a record")
            self._pending += data
        content, self._pending = self._pending[:count], self._pending[count:]
        return content

    def answer(self, request_id=1, seconds=None):
        """Reads records until the request is ended. Raises Closed if the program closes first."""
        deadline = time.monotonic() + (seconds or self._seconds)
        streams = {STDOUT: [], STDERR: []}
        while True:
            version, kind, which, length, padding = HEADER.unpack(self._read(8, deadline))
            content = self._read(length + padding, deadline)[:length]
            if version != VERSION or which != request_id:
                raise AssertionError(f"a record of version {version}, type {kind}, request {which}")
            if kind == END_REQUEST:
                application, protocol = struct.unpack("!IB3x", content)
                return Answer(b"".join(streams[STDOUT]), b"".join(streams[STDERR]),
                              application, protocol)
            streams[kind].append(content)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def ask(path, method, target, body=b"", content_type=None, *, seconds=30, **more):
    """One request on a connection of its own; its reply."""
    params = params_for(method, target, body or None, content_type, **more)
    with Connection(path, seconds) as connection:
        connection.send(request_bytes(params, body))
        reply = connection.answer().reply()
    described.check(str(params.get("REQUEST_METHOD")), str(params.get("REQUEST_URI", "")), reply,
                    body, content_type)
    return reply


def ask_json(path, document, *, seconds=30, target="/api/v1/aggregate", **more):
    """POSTs bytes said to be JSON."""
    return ask(path, "POST", target, document, "application/json", seconds=seconds, **more)
